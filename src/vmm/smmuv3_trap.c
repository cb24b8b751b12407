/* SPDX-License-Identifier: MIT */
/*
 * What a guest says with an SMMUv3: commands, and the stream table entry of its
 * function.
 */
#include "base/bits.h"
#include "fmt/smmuv3.h"
#include "fmt/smmuv3_queue.h"
#include "fmt/smmuv3_regs.h"
#include "vmm/vmm.h"

#define IOTLB     IOMMU_CACHE_INV_TYPE_IOTLB
#define DEV_IOTLB IOMMU_CACHE_INV_TYPE_DEV_IOTLB
#define PASID     IOMMU_CACHE_INV_TYPE_PASID

/* Sizes from here on mean everything (4.5.1). */
#define ATC_SIZE_ALL 52u

static void tlbi_range(struct vmm_guest *g, const struct smmu_cmd *cmd,
		       bool asid)
{
	unsigned int tg = (unsigned int)FIELD_GET(SMMU_CMD_TLBI_TG, cmd);
	unsigned int lg2 = tg ? 10 + 2 * tg : 12;
	struct iommu_inv_addr_info range = {
		.addr = FIELD_GET(SMMU_CMD_TLBI_ADDRESS, cmd) << 12,
		.granule_size = BIT(lg2),
		.nb_granules = 1,
	};

	if (asid) {
		range.flags |= IOMMU_INV_ADDR_FLAGS_ARCHID;
		range.archid = (uint32_t)FIELD_GET(SMMU_CMD_TLBI_ASID, cmd);
	}
	if (FIELD_GET(SMMU_CMD_TLBI_LEAF, cmd))
		range.flags |= IOMMU_INV_ADDR_FLAGS_LEAF;
	/* 4.4.1.1: without a granule, an entry of whatever size. */
	if (tg)
		range.nb_granules = (FIELD_GET(SMMU_CMD_TLBI_NUM, cmd) + 1)
				    << FIELD_GET(SMMU_CMD_TLBI_SCALE, cmd);
	range.addr &= ~(range.granule_size - 1);
	vmm_forward_range(g, IOTLB, &range);
}

static void atc_inv(struct vmm_guest *g, const struct smmu_cmd *cmd)
{
	ioasid_t pasid = (ioasid_t)FIELD_GET(SMMU_CMD_ATC_INV_SSID, cmd);
	bool ssv = FIELD_GET(SMMU_CMD_ATC_INV_SSV, cmd) &&
		   !FIELD_GET(SMMU_CMD_ATC_INV_GLOBAL, cmd);
	uint64_t size = FIELD_GET(SMMU_CMD_ATC_INV_SIZE, cmd);
	struct iommu_inv_addr_info range = {
		.granule_size = VMM_WHOLE_GRANULE,
		.nb_granules = 2,
	};

	if (FIELD_GET(SMMU_CMD_ATC_INV_SID, cmd) != VMM_GUEST_RID)
		return;
	if (size >= ATC_SIZE_ALL && ssv) {
		vmm_forward_pasid(g, DEV_IOTLB, IOMMU_INV_PASID_FLAGS_PASID,
				  pasid, 0);
		return;
	}
	if (size < ATC_SIZE_ALL) {
		range.granule_size = VMM_PAGE << size;
		range.nb_granules = 1;
		range.addr = FIELD_GET(SMMU_CMD_ATC_INV_ADDRESS, cmd) << 12 &
			     ~(range.granule_size - 1);
	}
	if (ssv) {
		range.flags = IOMMU_INV_ADDR_FLAGS_PASID;
		range.pasid = pasid;
	}
	vmm_forward_range(g, DEV_IOTLB, &range);
}

/* 4.3.2: 2^(Range + 1) streams, aligned to as many. */
static bool in_ste_range(const struct smmu_cmd *cmd)
{
	uint64_t lg2 = FIELD_GET(SMMU_CMD_CFGI_RANGE, cmd) + 1;
	uint64_t sid = FIELD_GET(SMMU_CMD_CFGI_SID, cmd);

	return sid >> lg2 == (uint64_t)VMM_GUEST_RID >> lg2;
}

static void config_command(struct vmm_guest *g, const struct smmu_cmd *cmd)
{
	bool ours = FIELD_GET(SMMU_CMD_CFGI_SID, cmd) == VMM_GUEST_RID;

	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_CFGI_STE:
		if (ours)
			vmm_configure(g);
		break;
	case SMMU_OP_CFGI_STE_RANGE:
		if (in_ste_range(cmd))
			vmm_configure(g);
		break;
	case SMMU_OP_CFGI_CD:
		if (ours)
			vmm_forward_pasid(
				g, PASID, IOMMU_INV_PASID_FLAGS_PASID,
				(ioasid_t)FIELD_GET(SMMU_CMD_CFGI_SSID, cmd),
				0);
		break;
	case SMMU_OP_CFGI_CD_ALL:
		if (ours)
			vmm_forward_all(g, PASID);
		break;
	}
}

/* The rest, and what no guest has, is the model's business alone. */
static void command(struct vmm_guest *g, const struct smmu_cmd *cmd)
{
	switch (FIELD_GET(SMMU_CMD_OPCODE, cmd)) {
	case SMMU_OP_CFGI_STE:
	case SMMU_OP_CFGI_STE_RANGE:
	case SMMU_OP_CFGI_CD:
	case SMMU_OP_CFGI_CD_ALL:
		config_command(g, cmd);
		break;
	case SMMU_OP_TLBI_NH_ALL:
	case SMMU_OP_TLBI_NSNH_ALL:
		vmm_forward_all(g, IOTLB);
		break;
	case SMMU_OP_TLBI_NH_ASID:
		vmm_forward_pasid(g, IOTLB, IOMMU_INV_PASID_FLAGS_ARCHID, 0,
				  (uint32_t)FIELD_GET(SMMU_CMD_TLBI_ASID, cmd));
		break;
	case SMMU_OP_TLBI_NH_VA:
		tlbi_range(g, cmd, true);
		break;
	case SMMU_OP_TLBI_NH_VAA:
		tlbi_range(g, cmd, false);
		break;
	case SMMU_OP_ATC_INV:
		atc_inv(g, cmd);
		break;
	}
}

/*
 * Will the model consume what is in the queue, once a write is through? It does
 * when PROD moves, when the queue is turned on (6.3.9.3), and when its error
 * has been acknowledged (7.1); what stands behind an error may be something
 * else by then, so that nothing is forwarded before.
 */
static bool consumes(struct vmm_guest *g, uint64_t offset, unsigned int size,
		     uint64_t value, uint32_t *ret_prod)
{
	uint32_t cr0 = (uint32_t)vmm_unit_register(g, SMMU_CR0, 4);
	uint32_t gerror = (uint32_t)vmm_unit_register(g, SMMU_GERROR, 4);
	uint32_t gerrorn = (uint32_t)vmm_unit_register(g, SMMU_GERRORN, 4);
	bool prod, on, acked;

	*ret_prod = (uint32_t)vmm_unit_register(g, SMMU_CMDQ_PROD, 4);
	prod = vmm_unit_writes(SMMU_CMDQ_PROD, offset, size, value, ret_prod);
	on = vmm_unit_writes(SMMU_CR0, offset, size, value, &cr0);
	acked = vmm_unit_writes(SMMU_GERRORN, offset, size, value, &gerrorn);
	return (prod || on || acked) && REG_GET(SMMU_CR0_CMDQEN, cr0) &&
	       !REG_GET(SMMU_GERROR_CMDQ_ERR, gerror ^ gerrorn);
}

/* Commands from where the model stands up to where it will. */
void vmm_smmuv3_before(struct vmm_guest *g, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	uint64_t base;
	unsigned int lg2;
	uint32_t at, end, left, prod;

	if (!consumes(g, offset, size, value, &prod))
		return;
	base = vmm_unit_register(g, SMMU_CMDQ_BASE, 8);
	lg2 = (unsigned int)REG_GET(SMMU_CMDQ_BASE_LOG2SIZE, base);
	if (lg2 > SMMU_IDR1_QS_MAX)
		lg2 = SMMU_IDR1_QS_MAX;
	base &= FIELD_MASK(SMMU_CMDQ_BASE_ADDR);
	at = (uint32_t)REG_GET(SMMU_CMDQ_CONS_RD,
			       vmm_unit_register(g, SMMU_CMDQ_CONS, 4)) &
	     smmu_q_mask(lg2);
	end = (uint32_t)REG_GET(SMMU_CMDQ_PROD_WR, prod) & smmu_q_mask(lg2);
	/* A queue is never more than full, whatever the guest writes. */
	for (left = smmu_q_count(end, at, lg2); left && !vmm_is_dead(g);
	     left--) {
		struct smmu_cmd cmd;

		if (vmm_unit_words(g, base + smmu_q_index(at, lg2) * 16, cmd.dw,
				   2))
			return;
		command(g, &cmd);
		at = smmu_q_add(at, 1, lg2);
	}
}

bool vmm_smmuv3_configures(uint64_t offset)
{
	return offset == SMMU_CR0 || offset == SMMU_GBPA;
}

/* 3.3.1: the entry of our one stream. False: there is none. */
static bool read_ste(struct vmm_guest *g, struct smmu_ste *ret_ste)
{
	uint64_t cfg = vmm_unit_register(g, SMMU_STRTAB_BASE_CFG, 4);
	uint64_t base = vmm_unit_register(g, SMMU_STRTAB_BASE, 8) &
			FIELD_MASK(SMMU_STRTAB_BASE_ADDR);
	uint64_t sid = VMM_GUEST_RID, split, span;
	struct smmu_l1std l1;

	if (sid >> REG_GET(SMMU_STRTAB_BASE_CFG_LOG2SIZE, cfg))
		return false;
	if (REG_GET(SMMU_STRTAB_BASE_CFG_FMT, cfg) ==
	    SMMU_STRTAB_BASE_CFG_FMT_2LVL) {
		split = REG_GET(SMMU_STRTAB_BASE_CFG_SPLIT, cfg);
		if (vmm_unit_words(g, base + (sid >> split) * 8, l1.dw, 1))
			return false;
		span = FIELD_GET(SMMU_L1STD_SPAN, &l1);
		sid &= BIT(split) - 1;
		if (!span || span > SMMU_L1STD_SPAN_MAX || sid >> (span - 1))
			return false;
		base = smmu_l1std_l2ptr(&l1);
	}
	return !vmm_unit_words(g, base + sid * sizeof(*ret_ste), ret_ste->dw,
			       8) &&
	       FIELD_GET(SMMU_STE_V, ret_ste);
}

static void read_stage1(const struct smmu_ste *ste,
			struct iommu_pasid_table_config *ret_cfg)
{
	ret_cfg->config = IOMMU_PASID_CONFIG_TRANSLATE;
	ret_cfg->base = smmu_ste_s1contextptr(ste);
	ret_cfg->pasid_bits = (uint8_t)FIELD_GET(SMMU_STE_S1CDMAX, ste);
	/* One CD: its size says what no number of bits can. */
	if (!ret_cfg->pasid_bits)
		ret_cfg->size = sizeof(struct smmu_cd);
	ret_cfg->vendor_length = sizeof(ret_cfg->vendor.smmuv3);
	ret_cfg->vendor.smmuv3 = (struct iommu_pasid_smmuv3){
		.version = IOMMU_PASID_VENDOR_VERSION_1,
		.s1fmt = (uint8_t)FIELD_GET(SMMU_STE_S1FMT, ste),
		.s1dss = (uint8_t)FIELD_GET(SMMU_STE_S1DSS, ste),
		.s1stalld = (uint8_t)FIELD_GET(SMMU_STE_S1STALLD, ste),
	};
}

void vmm_smmuv3_read_table(struct vmm_guest *g,
			   struct iommu_pasid_table_config *ret_cfg)
{
	struct smmu_ste ste;
	bool aborts;

	ret_cfg->format = IOMMU_PASID_FORMAT_SMMUV3;
	ret_cfg->config = IOMMU_PASID_CONFIG_ABORT;
	if (!REG_GET(SMMU_CR0_SMMUEN, vmm_unit_register(g, SMMU_CR0, 4))) {
		aborts = REG_GET(SMMU_GBPA_ABORT,
				 vmm_unit_register(g, SMMU_GBPA, 4));
		if (!aborts)
			ret_cfg->config = IOMMU_PASID_CONFIG_BYPASS;
		return;
	}
	if (!read_ste(g, &ste))
		return;
	switch (FIELD_GET(SMMU_STE_CONFIG, &ste)) {
	case SMMU_STE_CONFIG_BYPASS:
		ret_cfg->config = IOMMU_PASID_CONFIG_BYPASS;
		break;
	case SMMU_STE_CONFIG_S1:
		read_stage1(&ste, ret_cfg);
		break;
	}
}

/* 3.3.2: the descriptor of a substream in whatever form the table has. */
bool vmm_smmuv3_has_pasid(struct vmm_guest *g, ioasid_t pasid,
			  uint32_t *ret_asid, ioasid_t *ret_next)
{
	const struct iommu_pasid_table_config *t = &g->unit.table;
	uint64_t base = t->base, index = pasid;
	struct smmu_l1cd l1;
	struct smmu_cd cd = { { 0 } };
	unsigned int lg2;

	*ret_next = VMM_PASIDS;
	if ((uint64_t)pasid >> t->pasid_bits)
		return false;
	if (t->pasid_bits && t->vendor.smmuv3.s1fmt != SMMU_STE_S1FMT_LINEAR) {
		lg2 = t->vendor.smmuv3.s1fmt == SMMU_STE_S1FMT_4K_L2 ?
			      SMMU_CDTAB_4K_L2_LG2 :
			      SMMU_CDTAB_64K_L2_LG2;
		/* A table that leaves memory does not come back. */
		if (vmm_unit_words(g, base + (index >> lg2) * 8, l1.dw, 1))
			return false;
		*ret_next = (ioasid_t)((index | (BIT(lg2) - 1)) + 1);
		if (!FIELD_GET(SMMU_L1CD_V, &l1))
			return false;
		base = smmu_l1cd_l2ptr(&l1);
		index &= BIT(lg2) - 1;
	}
	/* Both fields are in the first word. */
	if (vmm_unit_words(g, base + index * sizeof(cd), cd.dw, 1))
		return false;
	*ret_next = pasid + 1;
	*ret_asid = (uint32_t)FIELD_GET(SMMU_CD_ASID, &cd);
	return FIELD_GET(SMMU_CD_V, &cd);
}
