/* SPDX-License-Identifier: MIT */
#include "base/bits.h"
#include "fmt/arm_pt.h"
#include "fmt/smmuv3.h"
#include "tests/vmm/hostile.h"

#define CMDQ_LG2 6u
#define CDMAX    3u /* 8 CDs in one array */

static void write_words(struct hostile *h, uint64_t gpa, const uint64_t *dw,
			unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		hostile_write(h, gpa + 8 * i, dw[i]);
}

/* Sometimes another format, table, size: what the host has to refuse. */
static void write_ste(struct hostile *h)
{
	struct smmu_ste ste = { { 0 } };

	FIELD_SET(SMMU_STE_V, &ste, 1);
	FIELD_SET(SMMU_STE_CONFIG, &ste, SMMU_STE_CONFIG_S1);
	FIELD_SET(SMMU_STE_S1FMT, &ste, SMMU_STE_S1FMT_LINEAR);
	FIELD_SET(SMMU_STE_S1CDMAX, &ste, CDMAX);
	smmu_ste_set_s1contextptr(&ste, hostile_gpa(HOSTILE_CONTEXT));
	FIELD_SET(SMMU_STE_EATS, &ste, 1);
	FIELD_SET(SMMU_STE_S1CSH, &ste, SMMU_SH_ISH);
	if (!hostile_below(h, 8))
		ste.dw[hostile_below(h, 2)] ^= BIT(hostile_below(h, 64));
	write_words(h,
		    hostile_gpa(HOSTILE_STREAMS) + VMM_GUEST_RID * sizeof(ste),
		    ste.dw, 8);
}

static void entry(struct hostile *h, ioasid_t pasid)
{
	struct smmu_cd cd = { { 0 } };

	FIELD_SET(SMMU_CD_V, &cd, 1);
	FIELD_SET(SMMU_CD_AA64, &cd, 1);
	FIELD_SET(SMMU_CD_T0SZ, &cd, 16);
	FIELD_SET(SMMU_CD_IPS, &cd, SMMU_PS_48);
	FIELD_SET(SMMU_CD_EPD1, &cd, 1);
	FIELD_SET(SMMU_CD_A, &cd, 1);
	FIELD_SET(SMMU_CD_R, &cd, 1);
	FIELD_SET(SMMU_CD_ASET, &cd, 1);
	FIELD_SET(SMMU_CD_AFFD, &cd, 1);
	FIELD_SET(SMMU_CD_ASID, &cd, pasid + 1);
	smmu_cd_set_ttb0(&cd, hostile_gpa(HOSTILE_TABLES));
	smmu_cd_set_mair(&cd, 0xff);
	write_words(h, hostile_gpa(HOSTILE_CONTEXT) + pasid * sizeof(cd), cd.dw,
		    8);
	write_ste(h);
}

static uint64_t make_link(uint64_t gpa)
{
	return gpa | 3;
}

/* Readable and writable, accessed, inner shareable. */
static uint64_t make_leaf(uint64_t gpa)
{
	return gpa | BIT(10) | UINT64_C(3) << 8 | BIT(6) | 3;
}

static void put(struct hostile *h, const struct smmu_cmd *cmd)
{
	const uint32_t reg = mmio_read32(&h->win, SMMU_CMDQ_PROD);
	const uint32_t prod = (uint32_t)REG_GET(SMMU_CMDQ_PROD_WR, reg);
	uint64_t at = hostile_gpa(HOSTILE_CMDQ) +
		      smmu_q_index(prod, CMDQ_LG2) * sizeof(*cmd);

	write_words(h, at, cmd->dw, 2);
	mmio_write32(&h->win, SMMU_CMDQ_PROD, smmu_q_add(prod, 1, CMDQ_LG2));
}

/* A queue that met an error goes on from its start. */
static void restart(struct hostile *h)
{
	uint32_t cr0 = mmio_read32(&h->win, SMMU_CR0);

	mmio_write32(&h->win, SMMU_CR0,
		     cr0 & ~(uint32_t)FIELD_MASK(SMMU_CR0_CMDQEN));
	mmio_write32(&h->win, SMMU_CMDQ_PROD, 0);
	mmio_write32(&h->win, SMMU_CMDQ_CONS, 0);
	mmio_write32(&h->win, SMMU_GERRORN, mmio_read32(&h->win, SMMU_GERROR));
	mmio_write32(&h->win, SMMU_CR0, cr0);
}

static void check(struct hostile *h)
{
	if (mmio_read32(&h->win, SMMU_GERROR) !=
	    mmio_read32(&h->win, SMMU_GERRORN))
		restart(h);
}

static void command(struct hostile *h)
{
	static const uint8_t ops[] = {
		SMMU_OP_CFGI_STE,      SMMU_OP_CFGI_STE_RANGE,
		SMMU_OP_CFGI_CD,       SMMU_OP_CFGI_CD_ALL,
		SMMU_OP_TLBI_NH_ALL,   SMMU_OP_TLBI_NH_ASID,
		SMMU_OP_TLBI_NH_VA,    SMMU_OP_TLBI_NH_VAA,
		SMMU_OP_TLBI_NSNH_ALL, SMMU_OP_ATC_INV,
		SMMU_OP_PRI_RESP,      SMMU_OP_RESUME,
		SMMU_OP_SYNC,
	};
	struct smmu_cmd cmd = { { hostile_random(h), hostile_random(h) } };

	if (hostile_below(h, 8)) {
		FIELD_SET(SMMU_CMD_OPCODE, &cmd,
			  ops[hostile_below(h, sizeof(ops))]);
		FIELD_SET(SMMU_CMD_CFGI_SSEC, &cmd, 0);
	}
	/* Half of them say what the function has. */
	if (hostile_below(h, 2)) {
		cmd.dw[0] &= UINT64_C(0xff) | BIT(11);
		FIELD_SET(SMMU_CMD_CFGI_SID, &cmd, VMM_GUEST_RID);
		FIELD_SET(SMMU_CMD_CFGI_SSID, &cmd,
			  hostile_below(h, HOSTILE_PASID_COUNT));
		cmd.dw[1] &= UINT64_C(0x0000ffffffff000f);
	}
	put(h, &cmd);
	check(h);
}

static void answer(struct hostile *h,
		   const struct iommu_fault_page_request *prm)
{
	struct smmu_cmd cmd = { { 0 } };

	FIELD_SET(SMMU_CMD_OPCODE, &cmd, SMMU_OP_PRI_RESP);
	FIELD_SET(SMMU_CMD_PRI_RESP_SSV, &cmd,
		  prm->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID);
	FIELD_SET(SMMU_CMD_PRI_RESP_SSID, &cmd, prm->pasid);
	FIELD_SET(SMMU_CMD_PRI_RESP_SID, &cmd, VMM_GUEST_RID);
	FIELD_SET(SMMU_CMD_PRI_RESP_PRGINDEX, &cmd, prm->grpid);
	FIELD_SET(SMMU_CMD_PRI_RESP_RESP, &cmd, SMMU_PRI_RESP_SUCCESS);
	put(h, &cmd);
	check(h);
}

static void start(struct hostile *h)
{
	const struct plat_mmio *w = &h->win;

	mmio_write64(w, SMMU_STRTAB_BASE, hostile_gpa(HOSTILE_STREAMS));
	mmio_write32(w, SMMU_STRTAB_BASE_CFG,
		     (uint32_t)REG_CONST(SMMU_STRTAB_BASE_CFG_LOG2SIZE, 5));
	mmio_write64(w, SMMU_CMDQ_BASE, hostile_gpa(HOSTILE_CMDQ) | CMDQ_LG2);
	mmio_write64(w, SMMU_EVENTQ_BASE, hostile_gpa(HOSTILE_EVTQ) | 5);
	mmio_write64(w, SMMU_PRIQ_BASE, hostile_gpa(HOSTILE_PRIQ) | 5);
	mmio_write32(w, SMMU_CR0,
		     (uint32_t)(FIELD_MASK(SMMU_CR0_CMDQEN) |
				FIELD_MASK(SMMU_CR0_EVENTQEN) |
				FIELD_MASK(SMMU_CR0_PRIQEN) |
				FIELD_MASK(SMMU_CR0_SMMUEN)));
}

const struct hostile_vendor hostile_smmuv3 = {
	.start = start,
	.entry = entry,
	.link = make_link,
	.leaf = make_leaf,
	.command = command,
	.answer = answer,
};
