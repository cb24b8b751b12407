/* SPDX-License-Identifier: MIT */
/* What an SMMU says of itself: Arm IHI 0070, 6.3.1 to 6.3.8. */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/smmuv3.h"

static int refuse(const struct smmuv3 *smmu, const char *why)
{
	plat_log(smmu->plat, PLAT_LOG_ERR, "%s: %s", smmu->name, why);
	return -ENODEV;
}

static void read_registers(struct smmuv3 *smmu)
{
	static const uint32_t idr[] = {
		SMMU_IDR0, SMMU_IDR1, SMMU_IDR2, SMMU_IDR3,
		SMMU_IDR4, SMMU_IDR5, SMMU_IDR6,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(idr); i++)
		smmu->f.idr[i] = mmio_read32(&smmu->mmio, idr[i]);
	smmu->f.iidr = mmio_read32(&smmu->mmio, SMMU_IIDR);
	smmu->f.aidr = mmio_read32(&smmu->mmio, SMMU_AIDR);
}

/* Without these nothing here works. */
static int check_required(const struct smmuv3 *smmu)
{
	const uint32_t *idr = smmu->f.idr;
	uint64_t ttf = REG_GET(SMMU_IDR0_TTF, idr[0]);
	uint64_t endian = REG_GET(SMMU_IDR0_TTENDIAN, idr[0]);

	if (idr[0] == UINT32_MAX && idr[1] == UINT32_MAX)
		return refuse(smmu, "no registers there");
	if (REG_GET(SMMU_AIDR_ARCHMAJORREV, smmu->f.aidr) != 0)
		return refuse(smmu, "not an SMMUv3");
	if (!REG_GET(SMMU_IDR0_S1P, idr[0]))
		return refuse(smmu, "no stage 1");
	if (!(ttf & SMMU_IDR0_TTF_AARCH64))
		return refuse(smmu, "no AArch64 tables");
	if (endian != SMMU_IDR0_TTENDIAN_MIXED &&
	    endian != SMMU_IDR0_TTENDIAN_LE)
		return refuse(smmu, "no little-endian tables");
	if (!REG_GET(SMMU_IDR1_CMDQS, idr[1]))
		return refuse(smmu, "a command queue of one entry");
	if (!REG_GET(SMMU_IDR5_GRAN4K, idr[5]) &&
	    !REG_GET(SMMU_IDR5_GRAN16K, idr[5]) &&
	    !REG_GET(SMMU_IDR5_GRAN64K, idr[5]))
		return refuse(smmu, "no granule");
	if (REG_GET(SMMU_IDR1_QUEUES_PRESET, idr[1]) ||
	    REG_GET(SMMU_IDR1_TABLES_PRESET, idr[1]))
		return refuse(smmu, "tables or queues have fixed places");
	return 0;
}

static unsigned int at_most(uint64_t value, unsigned int most)
{
	return value > most ? most : (unsigned int)value;
}

static void decode(struct smmuv3_features *f)
{
	static const uint8_t oas[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	const uint32_t *idr = f->idr;
	uint64_t httu = REG_GET(SMMU_IDR0_HTTU, idr[0]);
	uint64_t stall = REG_GET(SMMU_IDR0_STALL_MODEL, idr[0]);

	f->coherent = REG_GET(SMMU_IDR0_COHACC, idr[0]);
	f->two_level_strtab = REG_GET(SMMU_IDR0_ST_LEVEL, idr[0]) ==
			      SMMU_IDR0_ST_LEVEL_2LVL;
	f->two_level_cd = REG_GET(SMMU_IDR0_CD2L, idr[0]);
	f->ats = REG_GET(SMMU_IDR0_ATS, idr[0]);
	f->pri = f->ats && REG_GET(SMMU_IDR0_PRI, idr[0]);
	f->msi = REG_GET(SMMU_IDR0_MSI, idr[0]);
	f->hyp = REG_GET(SMMU_IDR0_HYP, idr[0]);
	f->asid_bits = REG_GET(SMMU_IDR0_ASID16, idr[0]) ? 16 : 8;
	f->vmid_bits = REG_GET(SMMU_IDR0_VMID16, idr[0]) ? 16 : 8;
	f->stage2 = REG_GET(SMMU_IDR0_S2P, idr[0]) && f->coherent;
	f->httu_access = httu >= SMMU_IDR0_HTTU_AF;
	f->httu_dirty = httu >= SMMU_IDR0_HTTU_AF_DIRTY;
	f->stall = stall == SMMU_IDR0_STALL_MODEL_BOTH ||
		   stall == SMMU_IDR0_STALL_MODEL_FORCE;
	f->stall_forced = stall == SMMU_IDR0_STALL_MODEL_FORCE;

	f->sid_bits = at_most(REG_GET(SMMU_IDR1_SIDSIZE, idr[1]),
			      SMMU_IDR1_SIDSIZE_MAX);
	f->ssid_bits = at_most(REG_GET(SMMU_IDR1_SSIDSIZE, idr[1]),
			       SMMU_IDR1_SSIDSIZE_MAX);
	f->cmdq_lg2 =
		at_most(REG_GET(SMMU_IDR1_CMDQS, idr[1]), SMMU_IDR1_QS_MAX);
	f->evtq_lg2 =
		at_most(REG_GET(SMMU_IDR1_EVENTQS, idr[1]), SMMU_IDR1_QS_MAX);
	f->priq_lg2 =
		at_most(REG_GET(SMMU_IDR1_PRIQS, idr[1]), SMMU_IDR1_QS_MAX);

	f->ranges = REG_GET(SMMU_IDR3_RIL, idr[3]);
	f->oas_bits = oas[REG_GET(SMMU_IDR5_OAS, idr[5])];
	/* More takes 128-bit descriptors. */
	if (f->oas_bits > 52)
		f->oas_bits = 52;
	f->va_bits = REG_GET(SMMU_IDR5_VAX, idr[5]) ? 52 : 48;
	/* [K16]; what a table needs is checked when it is known. */
	f->sva = f->coherent && f->ssid_bits;
}

/* [K14] [K15] */
static void decode_cpu(struct smmuv3_features *f, const struct smmuv3_cpu *cpu)
{
	f->e2h = cpu->vhe && f->hyp;
	f->btm = REG_GET(SMMU_IDR0_BTM, f->idr[0]) && cpu->ops &&
		 (!cpu->vhe || f->e2h) && f->asid_bits >= cpu->asid_bits;
}

static void log_features(const struct smmuv3 *smmu)
{
	const struct smmuv3_features *f = &smmu->f;

	plat_log(
		smmu->plat, PLAT_LOG_INFO,
		"%s: SMMUv3.%u: StreamID %u, SubstreamID %u, ASID %u, OAS %u bits",
		smmu->name,
		(unsigned int)REG_GET(SMMU_AIDR_ARCHMINORREV, f->aidr),
		f->sid_bits, f->ssid_bits, f->asid_bits, f->oas_bits);
	plat_log(smmu->plat, PLAT_LOG_INFO,
		 "%s: at most 2^%u commands, 2^%u events, 2^%u page requests",
		 smmu->name, f->cmdq_lg2, f->evtq_lg2,
		 f->pri ? f->priq_lg2 : 0);
	plat_log(smmu->plat, PLAT_LOG_INFO, "%s:%s%s%s%s%s%s%s%s%s%s%s%s%s",
		 smmu->name, f->coherent ? " coherent" : " not-coherent",
		 f->two_level_strtab ? " 2-level-streams" : "",
		 f->two_level_cd ? " 2-level-CDs" : "", f->ats ? " ATS" : "",
		 f->pri ? " PRI" : "",
		 f->stall_forced ? " stall-forced" :
		 f->stall        ? " stall" :
				   "",
		 f->httu_dirty  ? " HTTU-dirty" :
		 f->httu_access ? " HTTU-access" :
				  "",
		 f->ranges ? " range-TLBI" : "", f->msi ? " MSI" : "",
		 f->btm ? " broadcast-TLBI" : "", f->e2h ? " E2H" : "",
		 f->sva ? " SVA" : "", f->stage2 ? " stage-2" : "");
}

int smmuv3_features_read(struct smmuv3 *smmu)
{
	int err;

	read_registers(smmu);
	err = check_required(smmu);
	if (err)
		return err;
	decode(&smmu->f);
	decode_cpu(&smmu->f, &smmu->cpu);
	log_features(smmu);
	return 0;
}

struct reg_row {
	const char *name;
	uint32_t value;
	const struct field_desc *fields;
	size_t field_count;
};

static void describe_reg(const struct reg_row *reg,
			 void (*row)(void *arg,
				     const struct iommu_unit_row *row),
			 void *arg)
{
	struct iommu_unit_row out = { reg->name, NULL, reg->value, NULL };
	size_t i;

	row(arg, &out);
	for (i = 0; i < reg->field_count; i++) {
		const struct field_desc *fd = &reg->fields[i];

		out.field = fd->name;
		out.gloss = fd->gloss;
		out.value = (reg->value >> fd->lo) &
			    GENMASK64(fd->hi - fd->lo, 0);
		row(arg, &out);
	}
}

void smmuv3_describe(struct iommu_unit *unit,
		     void (*row)(void *arg, const struct iommu_unit_row *row),
		     void *arg)
{
	static const struct field_desc idr0[] =
		FIELD_DESC_TABLE(SMMU_IDR0_FIELDS);
	static const struct field_desc idr1[] =
		FIELD_DESC_TABLE(SMMU_IDR1_FIELDS);
	static const struct field_desc idr2[] =
		FIELD_DESC_TABLE(SMMU_IDR2_FIELDS);
	static const struct field_desc idr3[] =
		FIELD_DESC_TABLE(SMMU_IDR3_FIELDS);
	static const struct field_desc idr5[] =
		FIELD_DESC_TABLE(SMMU_IDR5_FIELDS);
	static const struct field_desc idr6[] =
		FIELD_DESC_TABLE(SMMU_IDR6_FIELDS);
	static const struct field_desc iidr[] =
		FIELD_DESC_TABLE(SMMU_IIDR_FIELDS);
	static const struct field_desc aidr[] =
		FIELD_DESC_TABLE(SMMU_AIDR_FIELDS);
	const struct smmuv3_features *f = &to_smmuv3(unit)->f;
	const struct reg_row regs[] = {
		{ "SMMU_IDR0", f->idr[0], idr0, ARRAY_SIZE(idr0) },
		{ "SMMU_IDR1", f->idr[1], idr1, ARRAY_SIZE(idr1) },
		{ "SMMU_IDR2", f->idr[2], idr2, ARRAY_SIZE(idr2) },
		{ "SMMU_IDR3", f->idr[3], idr3, ARRAY_SIZE(idr3) },
		/* all of it is implementation defined */
		{ "SMMU_IDR4", f->idr[4], NULL, 0 },
		{ "SMMU_IDR5", f->idr[5], idr5, ARRAY_SIZE(idr5) },
		{ "SMMU_IDR6", f->idr[6], idr6, ARRAY_SIZE(idr6) },
		{ "SMMU_IIDR", f->iidr, iidr, ARRAY_SIZE(iidr) },
		{ "SMMU_AIDR", f->aidr, aidr, ARRAY_SIZE(aidr) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(regs); i++)
		describe_reg(&regs[i], row, arg);
}
