/* SPDX-License-Identifier: MIT */
/* The machine of smmuv3_iso.h, and what happens on it. */
#include "tests/drivers/smmuv3_iso.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/smmuv3.h"

/* Host pages of the blocks, and those that come and go one by one. */
enum {
	BLOCK = 512,
	BLOCKS = ISO_HOST_PAGES,
	POOL = BLOCKS + ISO_GUESTS * BLOCK,
	POOL_PAGES = 128,
};

#define PA(page) (ISO_RAM_BASE + ((uint64_t)(page) << 12))
#define RWX      ((uint32_t)IOMMU_PERM_RWX)

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	(void)ctx;
	(void)resp;
}

/* The driver's registers. */

static uint64_t dropped(enum iso_defect defect)
{
	static const uint8_t opcodes[ISO_DEFECTS] = {
		[ISO_NO_S2_IPA] = SMMU_OP_TLBI_S2_IPA,
		[ISO_NO_NH_ALL] = SMMU_OP_TLBI_NH_ALL,
		[ISO_NO_ATC_INV] = SMMU_OP_ATC_INV,
		[ISO_NO_S12] = SMMU_OP_TLBI_S12_VMALL,
		[ISO_NO_CFGI_STE] = SMMU_OP_CFGI_STE,
	};

	return opcodes[defect] ? opcodes[defect] : UINT64_MAX;
}

static void drop_commands(struct iso *iso, uint32_t prod)
{
	uint64_t base = iso->hw->ops->mmio_read(iso->hw, SMMU_CMDQ_BASE, 8);
	unsigned int lg2 = (unsigned int)base & 31;
	uint64_t opcode = dropped(iso->defect);

	for (; iso->prod_seen != prod;
	     iso->prod_seen = smmu_q_add(iso->prod_seen, 1, lg2)) {
		le64_atomic *e = le64_at(iso_page(
			iso,
			(base & 0xffffffffffffe0) +
				16ull * smmu_q_index(iso->prod_seen, lg2)));

		if ((le64_load_relaxed(e) & 0xff) != opcode)
			continue;
		le64_store_relaxed(&e[0], SMMU_OP_PREFETCH_CONFIG);
		le64_store_relaxed(&e[1], 0);
	}
}

static uint32_t mmio_r32(void *dev, uint64_t off)
{
	struct iso *iso = dev;

	return (uint32_t)iso->hw->ops->mmio_read(iso->hw, off, 4);
}

static uint64_t mmio_r64(void *dev, uint64_t off)
{
	struct iso *iso = dev;

	return iso->hw->ops->mmio_read(iso->hw, off, 8);
}

static void mmio_w32(void *dev, uint64_t off, uint32_t v)
{
	struct iso *iso = dev;

	if (off == SMMU_CMDQ_PROD) {
		drop_commands(iso, v);
		/* The devices do not wait for what the driver is about. */
		iso->amid = true;
		if (iso->in_step && !iso->depth && !iso_pick(iso, 4))
			iso_access(iso,
				   (unsigned int)iso_pick(iso, ISO_GUESTS));
		iso->amid = false;
	}
	iso->hw->ops->mmio_write(iso->hw, off, 4, v);
}

static void mmio_w64(void *dev, uint64_t off, uint64_t v)
{
	struct iso *iso = dev;

	iso->hw->ops->mmio_write(iso->hw, off, 8, v);
}

const struct plat_mmio_ops iso_mmio_ops = {
	mmio_r32, mmio_r64, mmio_w32, mmio_w64, NULL, NULL,
};

/* The host and its guests. */

/* [first, first + n) of GPAs are mapped no more. */
static void gone(struct iso *iso, unsigned int n, unsigned int first,
		 unsigned int pages)
{
	struct iso_guest *g = &iso->guest[n];
	unsigned int i;

	for (i = first; i < first + pages; i++) {
		if (g->hpage[i])
			iso->owner[g->hpage[i]] = ISO_NOBODY;
		g->hpage[i] = 0;
	}
	/* The device's own cache is memory that can be reached, too. */
	for (i = 0; i < ISO_ATC; i++)
		if (g->atc[i].valid)
			iso_reaches(iso, n, g->atc[i].pa, 1, g->atc[i].perm);
}

/* Of the tables, which are in front, less often. */
static unsigned int pick_gpa(struct iso *iso)
{
	switch (iso_pick(iso, 8)) {
	case 0:
		return (unsigned int)iso_pick(iso, 8);
	case 1:
	case 2:
		return BLOCK + (unsigned int)iso_pick(iso, BLOCK);
	default:
		return 8 + (unsigned int)iso_pick(iso, ISO_SMALL - 8);
	}
}

static void unmap(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	unsigned int first = pick_gpa(iso);
	unsigned int pages = 1 + (unsigned int)iso_pick(iso, 4);
	struct iommu_iotlb_gather gather;
	int err;

	if (first + pages > ISO_GPA_PAGES)
		pages = ISO_GPA_PAGES - first;
	iso->unmaps++;
	iso->tag = ISO_STAGE2 + n;
	if (iso_pick(iso, 2)) {
		err = iommu_unmap(g->parent, (uint64_t)first << 12,
				  (uint64_t)pages << 12, NULL);
	} else {
		iommu_iotlb_gather_init(&gather);
		err = iommu_unmap_gather(g->parent, (uint64_t)first << 12,
					 (uint64_t)pages << 12, &gather, NULL);
		iso_access(iso, n);
		if (!err)
			err = iommu_iotlb_sync(g->parent, &gather);
	}
	iso->tag = ISO_HOST;
	if (err)
		iso_find(iso, "an unmap failed");
	else
		gone(iso, n, first, pages);
}

static void map_block(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	unsigned int i, page = BLOCKS + n * BLOCK;
	const uint32_t perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;

	for (i = 0; i < BLOCK; i++)
		if (g->hpage[BLOCK + i])
			return;
	iso->tag = ISO_STAGE2 + n;
	if (iommu_map(g->parent, BLOCK << 12, PA(page), BLOCK << 12, perm))
		iso_find(iso, "a block cannot be mapped");
	iso->tag = ISO_HOST;
	for (i = 0; i < BLOCK; i++) {
		g->hpage[BLOCK + i] = (uint16_t)(page + i);
		iso->owner[page + i] = (uint8_t)(ISO_MAPPED + n);
		iso->perm[page + i] = (uint8_t)perm;
	}
}

static void map(struct iso *iso, unsigned int n, unsigned int gpa)
{
	static const uint8_t perms[] = {
		IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		IOMMU_PERM_RWX,
		IOMMU_PERM_READ,
	};
	struct iso_guest *g = &iso->guest[n];
	unsigned int page = POOL + (unsigned int)iso_pick(iso, POOL_PAGES);
	uint8_t perm = perms[iso_pick(iso, sizeof(perms))];

	if (g->hpage[gpa] || iso->owner[page] != ISO_NOBODY)
		return;
	g->hpage[gpa] = (uint16_t)page;
	iso->owner[page] = (uint8_t)(ISO_MAPPED + n);
	iso->perm[page] = perm;
	iso->tag = ISO_STAGE2 + n;
	if (iommu_map(g->parent, (uint64_t)gpa << 12, PA(page), 4096, perm))
		iso_find(iso, "a page cannot be mapped");
	iso->tag = ISO_HOST;
}

/* The host looks which pages are written; which may be is the same then. */
static void track(struct iso *iso, unsigned int n)
{
	struct iommu_domain *parent = iso->guest[n].parent;
	uint64_t words[ISO_GPA_PAGES / 64] = { 0 };
	struct iommu_dirty_bitmap dirty = {
		.page_lg2 = 12,
		.bit_count = ISO_GPA_PAGES,
		.words = words,
	};
	uint64_t r = iso->next(iso->next_arg);
	int err;

	iso->tag = ISO_STAGE2 + n;
	err = r & 3 ? iommu_read_and_clear_dirty(
			      parent, 0, (uint64_t)ISO_GPA_PAGES << 12,
			      r >> 8 & 1 ? IOMMU_DIRTY_SPLIT : 0u, &dirty) :
		      iommu_set_dirty_tracking(parent, r >> 2 & 3);
	iso->tag = ISO_HOST;
	if (err && err != -EINVAL && err != -EOPNOTSUPP)
		iso_find(iso, "dirty pages cannot be read");
}

void iso_bind(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	uint64_t r = iso->next(iso->next_arg);
	struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_SMMUV3,
		.base = r & 7 ? 0 : iso_address(iso) & ~UINT64_C(0x3ff),
		.pasid_bits = r & 0x70 ? 4 : (uint8_t)(r >> 32 & 15),
		.config = r >> 40 & 7 ? IOMMU_PASID_CONFIG_TRANSLATE :
					(uint8_t)(r >> 44 & 3),
	};
	bool was = g->bound;
	int err;

	cfg.vendor_length = sizeof(cfg.vendor.smmuv3);
	cfg.vendor.smmuv3.version = IOMMU_PASID_VENDOR_VERSION_1;
	cfg.vendor.smmuv3.s1fmt = r >> 48 & 3 ? 0 : (uint8_t)(r >> 50 & 3);
	cfg.vendor.smmuv3.s1dss = r >> 56 & 3 ? SMMU_STE_S1DSS_SSID0 :
						(uint8_t)(r >> 52 & 3);
	g->bound = true;
	err = iommu_attach_pasid_table(g->parent, &cfg);
	if (err)
		g->bound = was;
	if (err && err != -EINVAL && err != -ENODEV)
		iso_find(iso, "a bind failed");
}

static void unbind(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];

	if (g->bound && iommu_unbind_pasid_table(g->parent, g->dev))
		iso_find(iso, "an unbind failed");
	g->bound = false;
	g->req_count = 0;
}

static void attach(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];

	if (g->attached)
		return;
	g->attached = true;
	if (iommu_attach_device(g->parent, g->dev))
		iso_find(iso, "an attach failed");
}

static void detach(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	unsigned int i;

	unbind(iso, n);
	if (!g->attached)
		return;
	if (iommu_detach_device(g->parent, g->dev))
		iso_find(iso, "a detach failed");
	g->attached = false;
	for (i = 0; i < ISO_ATC; i++)
		if (g->atc[i].valid)
			iso_find(iso, "a device keeps what it had");
}

static void be_born(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	unsigned int i;

	iso->tag = ISO_STAGE2 + n;
	if (iommu_domain_alloc_parent(iso->unit, &g->parent)) {
		iso_find(iso, "no parent");
		g->parent = NULL;
		return;
	}
	iso->tag = ISO_HOST;
	map_block(iso, n);
	for (i = 0; i < ISO_SMALL; i++)
		map(iso, n, i);
	attach(iso, n);
}

/* Its memory is anybody's from here on, its VMID another's. */
static void die(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	unsigned int i;

	if (!g->parent)
		return;
	detach(iso, n);
	if (iommu_domain_free(g->parent))
		iso_find(iso, "a parent cannot be freed");
	g->parent = NULL;
	for (i = 0; i < ISO_GPA_PAGES; i++) {
		if (g->hpage[i])
			iso->owner[g->hpage[i]] = ISO_NOBODY;
		g->hpage[i] = 0;
	}
}

static void invalidate(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	uint64_t r = iso->next(iso->next_arg);
	struct iommu_cache_invalidate_info info = {
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)(1 + (r & 7) % 7),
		.granularity = (uint8_t)(r >> 3 & 3),
	};

	if (info.granularity == IOMMU_INV_GRANU_ADDR) {
		info.granu.addr.flags = r >> 8 & 7;
		info.granu.addr.pasid = r >> 16 & 15;
		info.granu.addr.archid = r >> 20 & 3;
		info.granu.addr.granule_size = UINT64_C(4096) << (r >> 24 & 15);
		info.granu.addr.nb_granules = r >> 32 & 15 ? 1 + (r >> 36 & 7) :
							     r >> 8;
		info.granu.addr.addr = align_down(iso_address(iso),
						  info.granu.addr.granule_size);
	} else {
		info.granu.pasid.flags = r >> 8 & 3;
		info.granu.pasid.pasid = r >> 16 & 15;
		info.granu.pasid.archid = r >> 20 & 3;
	}
	switch (iommu_cache_invalidate(g->parent, g->dev, &info)) {
	case 0:
	case -EINVAL:
	case -ENODEV:
		break;
	default:
		iso_find(iso, "an invalidation failed");
	}
}

/* To what was asked, or to something else. */
static void respond(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	uint64_t r = iso->next(iso->next_arg);
	struct iommu_page_response resp = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = (uint32_t)(r & 3),
		.pasid = (ioasid_t)(r >> 8 & 15),
		.grpid = (uint32_t)(r >> 16 & 511),
		.code = (enum iommu_page_response_code)(r >> 32 & 3),
		.cookie = r >> 40,
	};

	if (r & 0x70 && g->req_count) {
		const struct iommu_fault_page_request *q =
			&g->req[--g->req_count];

		resp.flags = 3;
		resp.pasid = q->pasid;
		resp.grpid = q->grpid;
		resp.cookie = q->cookie;
	}
	(void)!iommu_page_response(g->dev, &resp);
}

void iso_step(struct iso *iso)
{
	uint64_t r = iso->next(iso->next_arg);
	unsigned int n = (unsigned int)(r & 1), i;

	if (iso->finding)
		return;
	if (!iso->guest[n].parent) {
		be_born(iso, n);
		return;
	}
	iso->in_step = true;
	switch (r >> 1 & 127) {
	case 0:
		if (iso_pick(iso, 2))
			die(iso, n);
		else
			detach(iso, n);
		break;
	case 1:
		unbind(iso, n);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		attach(iso, n);
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		if (iso->guest[n].attached)
			iso_bind(iso, n);
		break;
	case 10:
		map_block(iso, n);
		break;
	case 11:
		track(iso, n);
		break;
	default:
		switch (r >> 8 & 15) {
		case 0:
			unmap(iso, n);
			break;
		case 1:
		case 2:
		case 3:
			for (i = 0; i < 4; i++)
				map(iso, n,
				    (unsigned int)iso_pick(
					    iso, i & 1 ? ISO_SMALL : 8));
			break;
		case 4:
			invalidate(iso, n);
			break;
		case 5:
			respond(iso, n);
			break;
		case 6:
		case 7:
			for (i = 0; i < 4; i++)
				iso_scribble(iso, n);
			break;
		default:
			for (i = 0; i < 16; i++)
				iso_access(iso, n);
		}
	}
	iso_run(iso);
	iso->in_step = false;
}

/* @idr5: 0: the usual. */
static bool make_hw(struct iso *iso, uint32_t idr5)
{
	struct hw_env env;
	struct hw_bus bus = {
		.ctx = iso,
		.ats_invalidate = iso_invalidate,
		.prg_response = bus_prg_response,
		.resume = iso_resume,
	};
	struct smmuv3_hw_cfg cfg;
	size_t size;

	iso_surround(iso, &env);
	smmuv3_hw_cfg_default(&cfg);
	cfg.personality = iso->shape & ISO_EAGER ? HW_EAGER : HW_STRICT;
	cfg.tlb_lg2 = 8;
	/* S2P, VMID16; 8 bits of streams and of substreams; no MSI */
	cfg.idr[0] |= 1u | 1u << 18;
	cfg.idr[0] &= ~(1u << 13);
	cfg.idr[1] = (cfg.idr[1] & ~0x7ffu) | 8 | 8 << 6;
	if (iso->shape & ISO_NO_RANGES) {
		cfg.idr[0] &= ~(1u << 18 | 3u << 6);
		cfg.idr[3] &= ~(1u << 10);
	}
	/* STALL_MODEL 0: both; STALL_MAX; no ATS, no PRI */
	if (iso->shape & ISO_STALLS) {
		cfg.idr[0] &= ~(3u << 24 | 1u << 10 | 1u << 16 | 1u << 23);
		cfg.idr[5] |= 8u << 16;
	}
	if (idr5)
		cfg.idr[5] = idr5;
	size = smmuv3_hw_size(&cfg);
	if (!size)
		return false;
	iso->hw_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	if (!iso->hw_mem)
		return false;
	memset(iso->hw_mem, 0, size);
	if (smmuv3_hw_create(&cfg, &env, &bus, iso->hw_mem, size, &iso->hw))
		return false;
	iso->hw->ops->port_add(iso->hw, &iso->port);
	return true;
}

static bool add_device(struct iso *iso, unsigned int n)
{
	struct iso_guest *g = &iso->guest[n];
	struct iommu_device_desc desc = {
		.name = n ? "one" : "zero",
		.unit = iso->unit,
		.stream_ids = &g->sid,
		.stream_id_count = 1,
		.pci = &g->pci,
	};

	g->sid = 0x10 + n;
	iso_pci_init(g);
	if (iso->shape & ISO_STALLS) {
		desc.pci = NULL;
		desc.pasid_bits = 8;
		desc.can_stall = true;
	}
	return !iommu_device_add(iso->sys, &desc, &g->dev) &&
	       !iommu_register_device_fault_handler(g->dev, iso_on_fault, iso);
}

static struct iso *make(unsigned int shape, uint32_t idr5)
{
	struct iso *iso = calloc(1, sizeof(*iso));
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.cmdq_lg2 = 5,
		.evtq_lg2 = 5,
		.priq_lg2 = 5,
		.no_msi = true,
	};
	unsigned int i;

	if (!iso)
		return NULL;
	iso->shape = shape;
	iso->current = -1;
	iso->tag = ISO_HOST;
	if (!iso_plat_init(iso) || !make_hw(iso, idr5))
		return NULL;
	desc.mmio =
		(struct plat_mmio){ &iso_mmio_ops, iso, iso->hw->mmio_size };
	if (iommu_system_create(&iso->plat, NULL, &iso->sys) ||
	    smmuv3_probe(iso->sys, &desc, &iso->unit))
		return NULL;
	for (i = 0; i < ISO_GUESTS; i++)
		if (!add_device(iso, i))
			return NULL;
	return iso;
}

struct iso *iso_make_bare(unsigned int shape, uint32_t idr5)
{
	return make(shape, idr5);
}

struct iso *iso_make(unsigned int shape, uint64_t (*next)(void *arg),
		     void *next_arg)
{
	struct iso *iso = make(shape, 0);
	unsigned int i;

	if (!iso)
		return NULL;
	iso->next = next;
	iso->next_arg = next_arg;
	for (i = 0; i < ISO_GUESTS; i++)
		be_born(iso, i);
	return iso;
}

const char *iso_free(struct iso *iso)
{
	const char *finding;
	unsigned int i;

	iso->in_step = false;
	iso->defect = ISO_NONE;
	for (i = 0; i < ISO_GUESTS; i++) {
		die(iso, i);
		if (iommu_unregister_device_fault_handler(iso->guest[i].dev) ||
		    iommu_device_remove(iso->guest[i].dev))
			iso_find(iso, "a device cannot go");
	}
	if (iso->stalled)
		iso_find(iso, "a transaction waits for ever");
	if (smmuv3_remove(iso->unit) || iommu_system_destroy(iso->sys))
		iso_find(iso, "the SMMU cannot go");
	iso->hw->ops->port_remove(iso->hw, &iso->port);
	smmuv3_hw_destroy(iso->hw);
	if (iso->live)
		iso_find(iso, "memory is left");
	finding = iso->finding;
	free(iso->hw_mem);
	iso_plat_fini(iso);
	free(iso);
	return finding;
}
