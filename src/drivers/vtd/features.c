/* SPDX-License-Identifier: MIT */
/* What a unit says of itself: VT-d, 11.4.1 to 11.4.3. */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/unit.h"

static int refuse(const struct vtd_unit *u, const char *why)
{
	plat_log(u->plat, PLAT_LOG_ERR, "%s: %s", u->name, why);
	return -ENODEV;
}

static unsigned int at_most(uint64_t value, unsigned int most)
{
	return value > most ? most : (unsigned int)value;
}

/* ECAP.PASID, and PSS is one less. Without scalable mode there are none. */
static unsigned int pasid_bits_of(uint64_t ecap)
{
	if (!REG_GET(VTD_ECAP_SMTS, ecap) || !REG_GET(VTD_ECAP_PASID, ecap))
		return 0;
	return at_most(REG_GET(VTD_ECAP_PSS, ecap) + 1, IOMMU_PASID_BITS_MAX);
}

int vtd_pasid_bits(const struct plat_mmio *mmio, unsigned int *ret_bits)
{
	uint64_t cap = mmio_read64(mmio, VTD_CAP);
	uint64_t ecap = mmio_read64(mmio, VTD_ECAP);

	if (cap == UINT64_MAX && ecap == UINT64_MAX)
		return -ENODEV;
	*ret_bits = pasid_bits_of(ecap);
	return 0;
}

/* Where the registers without a fixed place end. */
static uint64_t registers_end(const struct vtd_features *f)
{
	uint64_t faults =
		f->fault_offset + (uint64_t)f->fault_count * VTD_FRCD_SIZE;
	uint64_t fixed = VTD_PEUADDR + 4;

	return faults > fixed ? faults : fixed;
}

/* Without these nothing here works. */
static int check_required(const struct vtd_unit *u)
{
	const struct vtd_features *f = &u->f;

	if (f->cap == UINT64_MAX && f->ecap == UINT64_MAX)
		return refuse(u, "no registers there");
	if (!REG_GET(VTD_VER_MAX, f->ver))
		return refuse(u, "not a remapping unit");
	if (!REG_GET(VTD_ECAP_QI, f->ecap))
		return refuse(u, "no queued invalidation");
	if (!REG_GET(VTD_ECAP_SMTS, f->ecap))
		return refuse(u, "no scalable mode");
	if (!REG_GET(VTD_ECAP_C, f->ecap))
		return refuse(u, "its tables are not read coherently");
	/* 7 is reserved. */
	if (REG_GET(VTD_CAP_ND, f->cap) > 6)
		return refuse(u, "an unknown number of domains");
	if (registers_end(f) > u->mmio.size)
		return refuse(u, "registers beyond its window");
	if (!f->first_stage && !f->second_stage && !f->pass_through)
		return refuse(u, "no kind of translation");
	/* As Linux: SAGAW tells of the second stage only. */
	if (f->second_stage && !f->ss_levels)
		return refuse(u, "a second stage without a width");
	return 0;
}

static void decode_stages(struct vtd_features *f)
{
	uint64_t sagaw = REG_GET(VTD_CAP_SAGAW, f->cap);

	f->mgaw_bits = (unsigned int)REG_GET(VTD_CAP_MGAW, f->cap) + 1;
	f->ss_levels = (sagaw & VTD_CAP_SAGAW_39 ? BIT(3) : 0) |
		       (sagaw & VTD_CAP_SAGAW_48 ? BIT(4) : 0) |
		       (sagaw & VTD_CAP_SAGAW_57 ? BIT(5) : 0);
	f->first_stage = REG_GET(VTD_ECAP_FSTS, f->ecap);
	f->second_stage = REG_GET(VTD_ECAP_SSTS, f->ecap);
	f->nested = REG_GET(VTD_ECAP_NEST, f->ecap) && f->first_stage &&
		    f->second_stage;
	f->pass_through = REG_GET(VTD_ECAP_PT, f->ecap);
	f->coherent_walk = REG_GET(VTD_ECAP_SMPWCS, f->ecap);
	f->five_level = REG_GET(VTD_CAP_FS5LP, f->cap);
	f->gigapages = REG_GET(VTD_CAP_FS1GP, f->cap);
	f->accessed_ext = REG_GET(VTD_ECAP_EAFS, f->ecap);
	f->exec = REG_GET(VTD_ECAP_ERS, f->ecap);
	f->supervisor = REG_GET(VTD_ECAP_SRS, f->ecap);
	f->second_stage_ad = REG_GET(VTD_ECAP_SSADS, f->ecap) &&
			     f->coherent_walk;
	f->snoop = REG_GET(VTD_ECAP_SC, f->ecap);
}

static void decode(struct vtd_features *f, unsigned int pasid_bits)
{
	decode_stages(f);
	f->pasid_bits = pasid_bits_of(f->ecap);
	if (pasid_bits && pasid_bits < f->pasid_bits)
		f->pasid_bits = pasid_bits;
	f->did_bits = 4 + 2 * (unsigned int)REG_GET(VTD_CAP_ND, f->cap);
	f->dev_tlb = REG_GET(VTD_ECAP_DT, f->ecap);
	f->pri = f->dev_tlb && REG_GET(VTD_ECAP_PRS, f->ecap);
	f->drain = f->pri && REG_GET(VTD_ECAP_PDS, f->ecap);
	f->cm = REG_GET(VTD_CAP_CM, f->cap);
	f->rwbf = REG_GET(VTD_CAP_RWBF, f->cap);
	f->drain_read = REG_GET(VTD_CAP_DRD, f->cap);
	f->drain_write = REG_GET(VTD_CAP_DWD, f->cap);
	f->page_inv = REG_GET(VTD_CAP_PSI, f->cap);
	f->mamv = (unsigned int)REG_GET(VTD_CAP_MAMV, f->cap);
	f->esrtps = REG_GET(VTD_CAP_ESRTPS, f->cap);
	f->fault_offset = vtd_frcd_offset(f->cap);
	f->fault_count = (unsigned int)REG_GET(VTD_CAP_NFR, f->cap) + 1;
	/* What a table needs besides is checked when it is known. */
	f->sva = f->first_stage && f->pasid_bits && f->coherent_walk;
}

bool vtd_lacks_sva(const struct vtd_unit *u, struct iommu_sva_why *why)
{
	if (u->f.sva)
		return false;
	if (!why)
		return true;
	why->has = 0;
	why->needs = 0;
	if (!u->f.pasid_bits)
		why->req = IOMMU_SVA_REQ_UNIT_PASID;
	else if (!u->f.coherent_walk)
		why->req = IOMMU_SVA_REQ_COHERENCE;
	else
		why->req = IOMMU_SVA_REQ_WALK;
	return true;
}

static void log_features(const struct vtd_unit *u)
{
	const struct vtd_features *f = &u->f;

	plat_log(
		u->plat, PLAT_LOG_INFO,
		"%s: VT-d %u.%u: PASID %u, domain %u, second-stage address %u bits, %u fault records",
		u->name, (unsigned int)REG_GET(VTD_VER_MAX, f->ver),
		(unsigned int)REG_GET(VTD_VER_MIN, f->ver), f->pasid_bits,
		f->did_bits, f->mgaw_bits, f->fault_count);
	plat_log(u->plat, PLAT_LOG_INFO, "%s:%s%s%s%s%s%s%s%s%s%s%s%s%s",
		 u->name, f->first_stage ? " first-stage" : "",
		 f->second_stage ? " second-stage" : "",
		 f->nested ? " nested" : "", f->pass_through ? " identity" : "",
		 f->coherent_walk ? " coherent-walks" : "",
		 f->five_level ? " 5-levels" : "",
		 f->gigapages ? " 1G-pages" : "", f->dev_tlb ? " ATS" : "",
		 f->pri ? " PRI" : "", f->drain ? " drain" : "",
		 f->cm ? " caching-mode" : "", f->esrtps ? " ESRTPS" : "",
		 f->sva ? " SVA" : "");
}

int vtd_features_read(struct vtd_unit *u, unsigned int pasid_bits)
{
	int err;

	u->f.ver = vtd_read32(u, VTD_VER);
	u->f.cap = vtd_read64(u, VTD_CAP);
	u->f.ecap = vtd_read64(u, VTD_ECAP);
	decode(&u->f, pasid_bits);
	err = check_required(u);
	if (!err)
		log_features(u);
	return err;
}

struct reg_row {
	const char *name;
	uint64_t value;
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

void vtd_describe(struct iommu_unit *unit,
		  void (*row)(void *arg, const struct iommu_unit_row *row),
		  void *arg)
{
	static const struct field_desc ver[] = FIELD_DESC_TABLE(VTD_VER_FIELDS);
	static const struct field_desc cap[] = FIELD_DESC_TABLE(VTD_CAP_FIELDS);
	static const struct field_desc ecap[] =
		FIELD_DESC_TABLE(VTD_ECAP_FIELDS);
	const struct vtd_features *f = &to_vtd(unit)->f;
	const struct reg_row regs[] = {
		{ "VTD_VER", f->ver, ver, ARRAY_SIZE(ver) },
		{ "VTD_CAP", f->cap, cap, ARRAY_SIZE(cap) },
		{ "VTD_ECAP", f->ecap, ecap, ARRAY_SIZE(ecap) },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(regs); i++)
		describe_reg(&regs[i], row, arg);
}
