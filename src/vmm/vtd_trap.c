/* SPDX-License-Identifier: MIT */
/*
 * What a guest says with a VT-d unit: invalidation descriptors, and the context
 * entry of its function.
 */
#include "base/bits.h"
#include "fmt/vtd.h"
#include "fmt/vtd_queue.h"
#include "fmt/vtd_regs.h"
#include "vmm/vmm.h"

#define IOTLB     IOMMU_CACHE_INV_TYPE_IOTLB
#define DEV_IOTLB IOMMU_CACHE_INV_TYPE_DEV_IOTLB
#define PASID     IOMMU_CACHE_INV_TYPE_PASID

/* Device TLB: S and ADDR say how much. */
static struct iommu_inv_addr_info dev_range(bool s, uint64_t addr)
{
	struct iommu_inv_addr_info range = {
		.granule_size = VMM_PAGE,
		.nb_granules = 1,
	};
	unsigned int lg2 = 12;

	/* 6.5.2.5: the lowest 0, from bit 12 on, tells the size. */
	if (s) {
		while (lg2 < 63 && addr & BIT(lg2))
			lg2++;
		lg2++;
	}
	if (lg2 >= 63) {
		range.granule_size = VMM_WHOLE_GRANULE;
		range.nb_granules = 2;
		addr = 0;
	} else {
		range.granule_size = BIT(lg2);
	}
	range.addr = addr & ~(range.granule_size - 1);
	return range;
}

static void devtlb(struct vmm_guest *g, const struct vtd_inv *inv)
{
	struct iommu_inv_addr_info range;

	if (FIELD_GET(VTD_INV_DEVTLB_SID, inv) != VMM_GUEST_RID)
		return;
	range = dev_range(FIELD_GET(VTD_INV_DEVTLB_S, inv),
			  vtd_inv_devtlb_addr(inv));
	vmm_forward_range(g, DEV_IOTLB, &range);
}

static void pdevtlb(struct vmm_guest *g, const struct vtd_inv *inv)
{
	struct iommu_inv_addr_info range;

	if (FIELD_GET(VTD_INV_PDEVTLB_SID, inv) != VMM_GUEST_RID)
		return;
	range = dev_range(FIELD_GET(VTD_INV_PDEVTLB_S, inv),
			  vtd_inv_pdevtlb_addr(inv));
	if (!FIELD_GET(VTD_INV_PDEVTLB_G, inv)) {
		range.flags = IOMMU_INV_ADDR_FLAGS_PASID;
		range.pasid = FIELD_GET(VTD_INV_PDEVTLB_PASID, inv);
	}
	vmm_forward_range(g, DEV_IOTLB, &range);
}

static void piotlb(struct vmm_guest *g, const struct vtd_inv *inv)
{
	ioasid_t pasid = (ioasid_t)FIELD_GET(VTD_INV_PIOTLB_PASID, inv);
	uint64_t am = FIELD_GET(VTD_INV_PIOTLB_AM, inv);
	struct iommu_inv_addr_info range = {
		.flags = IOMMU_INV_ADDR_FLAGS_PASID,
		.pasid = pasid,
		.nb_granules = 1,
	};

	if (FIELD_GET(VTD_INV_PIOTLB_G, inv) != VTD_INV_PIOTLB_G_PAGE ||
	    am > 50) {
		vmm_forward_pasid(g, IOTLB, IOMMU_INV_PASID_FLAGS_PASID, pasid,
				  0);
		return;
	}
	range.granule_size = VMM_PAGE << am;
	range.addr = vtd_inv_piotlb_addr(inv) & ~(range.granule_size - 1);
	if (FIELD_GET(VTD_INV_PIOTLB_IH, inv))
		range.flags |= IOMMU_INV_ADDR_FLAGS_LEAF;
	vmm_forward_range(g, IOTLB, &range);
}

static void pasid_cache(struct vmm_guest *g, const struct vtd_inv *inv)
{
	if (FIELD_GET(VTD_INV_PC_G, inv) == VTD_INV_PC_G_PASID)
		vmm_forward_pasid(g, PASID, IOMMU_INV_PASID_FLAGS_PASID,
				  (ioasid_t)FIELD_GET(VTD_INV_PC_PASID, inv),
				  0);
	else
		vmm_forward_all(g, PASID);
}

/* The rest, and what no guest has, is the model's business alone. */
static void descriptor(struct vmm_guest *g, const struct vtd_inv *inv)
{
	switch (vtd_inv_type(inv)) {
	case VTD_INV_CC:
		vmm_configure(g);
		break;
	case VTD_INV_PC:
		pasid_cache(g, inv);
		break;
	case VTD_INV_IOTLB:
		vmm_forward_all(g, IOTLB);
		break;
	case VTD_INV_PIOTLB:
		piotlb(g, inv);
		break;
	case VTD_INV_DEVTLB:
		devtlb(g, inv);
		break;
	case VTD_INV_PDEVTLB:
		pdevtlb(g, inv);
		break;
	}
}

/*
 * Will the model consume what is in the queue, once a write is through? It does
 * when the tail moves, when the queue is turned on (6.5.2), and when what has
 * stopped it is cleared (11.4.7.1); what stands behind an error may be
 * something else by then, so that nothing is forwarded before.
 */
static bool consumes(struct vmm_guest *g, uint64_t offset, unsigned int size,
		     uint64_t value, uint64_t *ret_tail)
{
	const uint64_t stopped = FIELD_MASK(VTD_FSTS_IQE) |
				 FIELD_MASK(VTD_FSTS_ITE);
	uint64_t fsts = vmm_unit_register(g, VTD_FSTS, 4);
	bool on = REG_GET(VTD_GSTS_QIES, vmm_unit_register(g, VTD_GSTS, 4));
	uint32_t tail, gcmd, clear = 0;
	bool moves, command, acked;

	*ret_tail = vmm_unit_register(g, VTD_IQT, 8);
	moves = vmm_unit_writes(VTD_IQT, offset, size, value, &tail);
	if (moves)
		*ret_tail = tail;
	command = vmm_unit_writes(VTD_GCMD, offset, size, value, &gcmd);
	if (command)
		on = REG_GET(VTD_GCMD_QIE, gcmd);
	acked = vmm_unit_writes(VTD_FSTS, offset, size, value, &clear);
	return (moves || command || acked) && on && !(fsts & ~clear & stopped);
}

/*
 * Descriptors from where the model stands up to where it will. A root pointer
 * that is set needs none: with CAP.ESRTPS nothing that was cached is used (6.8).
 * The tables are looked at afterwards, once it counts.
 */
void vmm_vtd_before(struct vmm_guest *g, uint64_t offset, unsigned int size,
		    uint64_t value)
{
	uint64_t iqa, base, bytes, at, end, step, left;
	uint32_t gcmd;

	if (vmm_unit_writes(VTD_GCMD, offset, size, value, &gcmd) &&
	    REG_GET(VTD_GCMD_SRTP, gcmd))
		vmm_forward_all(g, IOTLB);
	if (!consumes(g, offset, size, value, &end))
		return;
	iqa = vmm_unit_register(g, VTD_IQA, 8);
	base = iqa & FIELD_MASK(VTD_IQA_IQA);
	bytes = VMM_PAGE << REG_GET(VTD_IQA_QS, iqa);
	step = REG_GET(VTD_IQA_DW, iqa) ? 32 : 16;
	at = vmm_unit_register(g, VTD_IQH, 8) & FIELD_MASK(VTD_IQH_QH);
	/* Where it goes on if the queue has become another meanwhile. */
	at &= (bytes - 1) & ~(step - 1);
	end &= FIELD_MASK(VTD_IQT_QT);
	/* The model refuses such a tail. */
	if (end >= bytes || end % step)
		return;
	for (left = bytes / step; left && at != end && !vmm_is_dead(g);
	     left--) {
		struct vtd_inv inv = { { 0 } };

		if (vmm_unit_words(g, base + at, inv.dw,
				   (unsigned int)(step / 8)))
			return;
		descriptor(g, &inv);
		at = (at + step) & (bytes - 1);
	}
}

bool vmm_vtd_configures(uint64_t offset)
{
	return offset == VTD_GCMD;
}

/* 3.4.3, 9.3: the entry of our one function. False: there is none. */
static bool read_context(struct vmm_guest *g,
			 struct vtd_sm_context *ret_context)
{
	uint64_t rtaddr = vmm_unit_register(g, VTD_RTADDR, 8);
	unsigned int bus = VMM_GUEST_RID >> 8, devfn = VMM_GUEST_RID & 0xff;
	struct vtd_root root;
	uint64_t table;
	bool upper = devfn & VTD_SM_ROOT_UPPER;

	if (REG_GET(VTD_RTADDR_TTM, rtaddr) != VTD_RTADDR_TTM_SCALABLE ||
	    vmm_unit_words(g,
			   (rtaddr & FIELD_MASK(VTD_RTADDR_RTA)) +
				   bus * sizeof(root),
			   root.dw, 2) ||
	    !(upper ? FIELD_GET(VTD_SM_ROOT_UP, &root) :
		      FIELD_GET(VTD_SM_ROOT_LP, &root)))
		return false;
	table = upper ? vtd_sm_root_uctp(&root) : vtd_sm_root_lctp(&root);
	devfn %= VTD_SM_CONTEXT_ENTRIES;
	return !vmm_unit_words(g, table + devfn * sizeof(*ret_context),
			       ret_context->dw, 4) &&
	       FIELD_GET(VTD_SM_CONTEXT_P, ret_context);
}

void vmm_vtd_read_table(struct vmm_guest *g,
			struct iommu_pasid_table_config *ret_cfg)
{
	struct vtd_sm_context context;

	ret_cfg->format = IOMMU_PASID_FORMAT_VTD;
	ret_cfg->config = IOMMU_PASID_CONFIG_ABORT;
	if (!REG_GET(VTD_GSTS_TES, vmm_unit_register(g, VTD_GSTS, 4))) {
		ret_cfg->config = IOMMU_PASID_CONFIG_BYPASS;
		return;
	}
	if (!read_context(g, &context))
		return;
	ret_cfg->config = IOMMU_PASID_CONFIG_TRANSLATE;
	ret_cfg->base = vtd_sm_context_pasiddirptr(&context);
	/* 9.4: 2^(PDTS + 7) entries of the directory, each for 64 PASIDs. */
	ret_cfg->pasid_bits =
		(uint8_t)(FIELD_GET(VTD_SM_CONTEXT_PDTS, &context) +
			  VTD_PASID_DIR_LG2_MIN + VTD_PASID_TABLE_LG2);
	ret_cfg->vendor_length = sizeof(ret_cfg->vendor.vtd);
	ret_cfg->vendor.vtd = (struct iommu_pasid_vtd){
		.version = IOMMU_PASID_VENDOR_VERSION_1,
		.rid_pasid =
			(uint32_t)FIELD_GET(VTD_SM_CONTEXT_RID_PASID, &context),
	};
}

bool vmm_vtd_has_pasid(struct vmm_guest *g, ioasid_t pasid, uint32_t *ret_asid,
		       ioasid_t *ret_next)
{
	const struct iommu_pasid_table_config *t = &g->unit.table;
	const uint64_t mask = BIT(VTD_PASID_TABLE_LG2) - 1;
	struct vtd_pasid_dir dir;
	struct vtd_pasid entry = { { 0 } };
	uint64_t at;

	/* First-stage entries are tagged by PASID, and by no other number. */
	*ret_asid = 0;
	*ret_next = VMM_PASIDS;
	if ((uint64_t)pasid >> t->pasid_bits)
		return false;
	at = t->base + (uint64_t)(pasid >> VTD_PASID_TABLE_LG2) * sizeof(dir);
	/* A table that leaves memory does not come back. */
	if (vmm_unit_words(g, at, dir.dw, 1))
		return false;
	*ret_next = (ioasid_t)((pasid | mask) + 1);
	if (!FIELD_GET(VTD_PASID_DIR_P, &dir))
		return false;
	at = vtd_pasid_dir_smptblptr(&dir) + (pasid & mask) * sizeof(entry);
	/* P is in the first word. */
	if (vmm_unit_words(g, at, entry.dw, 1))
		return false;
	*ret_next = pasid + 1;
	return FIELD_GET(VTD_PASID_P, &entry);
}
