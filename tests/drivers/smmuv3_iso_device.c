/* SPDX-License-Identifier: MIT */
/* The guests' devices: what they access, keep, ask and report. */
#include <errno.h>

#include "base/bits.h"
#include "tests/drivers/smmuv3_iso.h"

#define PA(page) (ISO_RAM_BASE + ((uint64_t)(page) << 12))
#define RWX      ((uint32_t)IOMMU_PERM_RWX)

static struct iso_guest *guest_of(struct iso *iso, uint32_t sid)
{
	unsigned int i;

	for (i = 0; i < ISO_GUESTS; i++)
		if (iso->guest[i].sid == sid)
			return &iso->guest[i];
	return NULL;
}

int iso_invalidate(void *ctx, const struct hw_ats_inv *inv, uint64_t cookie)
{
	struct iso_guest *g = guest_of(ctx, inv->requester);
	unsigned int i;

	(void)cookie;
	if (!g)
		return -ENODEV;
	for (i = 0; i < ISO_ATC; i++) {
		struct iso_atc *e = &g->atc[i];

		if (inv->pasid_valid &&
		    (!e->pasid_valid || e->pasid != inv->pasid))
			continue;
		if (inv->size && (e->va + 4095 < inv->addr ||
				  e->va > inv->addr + (inv->size - 1)))
			continue;
		e->valid = false;
	}
	return 0;
}

int iso_on_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		 void *data)
{
	struct iso *iso = data;
	unsigned int i;

	iso->faults++;
	for (i = 0; i < ISO_GUESTS && iso->guest[i].dev != dev; i++)
		;
	if (i == ISO_GUESTS)
		return -ENODEV;
	if (fault->type == IOMMU_FAULT_UNRECOV) {
		uint32_t flags = fault->event.flags;

		if (iso->guest[i].bound &&
		    flags & IOMMU_FAULT_UNRECOV_FETCH_ADDR_VALID &&
		    !(flags & IOMMU_FAULT_UNRECOV_STAGE2))
			iso_find(iso, "a fault tells a physical address");
		return 0;
	}
	if (!(fault->prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE))
		return 0;
	if (iso->guest[i].req_count == ISO_REQUESTS)
		return -ENOSPC;
	iso->guest[i].req[iso->guest[i].req_count++] = fault->prm;
	return 0;
}

bool iso_reaches(struct iso *iso, unsigned int n, uint64_t pa, uint64_t len,
		 uint32_t need)
{
	uint64_t page, last;

	if (pa < ISO_RAM_BASE || pa + (len - 1) < pa ||
	    pa + (len - 1) >= PA(ISO_PAGES)) {
		iso_find(iso, "a device leaves all memory");
		return false;
	}
	last = (pa + (len - 1) - ISO_RAM_BASE) >> 12;
	for (page = (pa - ISO_RAM_BASE) >> 12; page <= last; page++) {
		if (iso->owner[page] != ISO_MAPPED + n)
			iso_find(iso, "a device reaches what is not mapped");
		else if (need & ~(uint32_t)iso->perm[page])
			iso_find(iso, "a device does what is not permitted");
	}
	if (!iso->guest[n].attached)
		iso_find(iso, "a device that is detached reaches memory");
	return true;
}

static void count(struct iso *iso, const struct iso_guest *g)
{
	iso->reached++;
	iso->nested += g->bound;
}

static void dma(struct iso *iso, unsigned int n, const struct hw_txn *txn)
{
	struct hw_xlat xlat;

	iso->accesses++;
	iso->current = (int)n;
	switch (iso->hw->ops->translate(iso->hw, &iso->port, txn, &xlat)) {
	case 0:
		iso_reaches(iso, n, xlat.pa, 1, txn->perm & RWX);
		count(iso, &iso->guest[n]);
		hw_port_done(&iso->port);
		break;
	case -EINPROGRESS:
		iso->stalled++;
		iso->stalls++;
		break;
	default:
		break;
	}
	iso->current = -1;
}

static void ats(struct iso *iso, unsigned int n, const struct hw_txn *txn)
{
	struct iso_guest *g = &iso->guest[n];
	struct hw_ats_reply reply;

	iso->accesses++;
	iso->current = (int)n;
	iso->hw->ops->ats_translate(iso->hw, &iso->port, txn, &reply);
	iso->current = -1;
	if (reply.status != HW_ATS_SUCCESS || !(reply.xlat.perm & RWX))
		return;
	iso_reaches(iso, n, reply.xlat.pa, reply.xlat.len,
		    reply.xlat.perm & RWX);
	count(iso, g);
	if (reply.untranslated_only)
		return;
	/* One page of it is kept. */
	g->atc[g->atc_next++ % ISO_ATC] = (struct iso_atc){
		.valid = true,
		.pasid_valid = txn->flags & HW_TXN_PASID_VALID,
		.pasid = txn->pasid,
		.va = align_down(txn->addr, 4096),
		.pa = align_down(reply.xlat.pa, 4096),
		.perm = reply.xlat.perm & RWX,
	};
}

void iso_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct iso *iso = ctx;

	(void)cookie;
	(void)how;
	if (!iso->stalled--)
		iso_find(iso, "a transaction ends twice");
}

/* What the device has learnt it uses, and the SMMU lets it. */
static void use_atc(struct iso *iso, unsigned int n)
{
	struct iso_atc *e = &iso->guest[n].atc[iso_pick(iso, ISO_ATC)];
	struct hw_txn txn = {
		.requester = iso->guest[n].sid,
		.flags = HW_TXN_TRANSLATED |
			 (e->pasid_valid ? HW_TXN_PASID_VALID : 0u),
		.pasid = e->pasid,
		.perm = e->perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE),
		.addr = e->pa + iso_pick(iso, 4096),
	};

	if (e->valid && txn.perm)
		dma(iso, n, &txn);
}

static void request_page(struct iso *iso, unsigned int n,
			 const struct hw_txn *txn)
{
	struct hw_page_request req = {
		.requester = txn->requester,
		.pasid_valid = txn->flags & HW_TXN_PASID_VALID,
		.pasid = txn->pasid,
		.addr = align_down(txn->addr, 4096),
		.perm = txn->perm & (IOMMU_PERM_READ | IOMMU_PERM_WRITE),
		.prgi = (uint16_t)iso_pick(iso, 512),
		.last = iso_pick(iso, 4),
	};

	/* A function that may not does not. */
	if (iso_pci_pri(&iso->guest[n]))
		iso->hw->ops->page_request(iso->hw, &req);
}

uint64_t iso_address(struct iso *iso)
{
	uint64_t r = iso->next(iso->next_arg);

	switch (r & 15) {
	case 0:
		return r;
	case 1:
		return PA(r >> 8 & (ISO_PAGES - 1)) + (r >> 32 & 0xfff);
	case 2:
	case 3:
	case 4:
		return (r >> 8 & (ISO_GPA_PAGES - 1)) << 12 | (r >> 32 & 0xfff);
	default:
		/* Where iso_scribble() likes to put something. */
		return (r >> 8 & 3) << 21 | (r >> 16 & 7) << 12 |
		       (r >> 32 & 0xfff);
	}
}

void iso_access(struct iso *iso, unsigned int n)
{
	static const uint32_t perms[] = {
		IOMMU_PERM_READ,
		IOMMU_PERM_READ,
		IOMMU_PERM_WRITE,
		IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		IOMMU_PERM_READ | IOMMU_PERM_EXEC,
		IOMMU_PERM_READ | IOMMU_PERM_PRIV,
	};
	uint64_t r = iso->next(iso->next_arg);
	/* Behind a parent alone there are no PASIDs. */
	bool tagged = iso->guest[n].bound == !!(r & 7);
	struct hw_txn txn = {
		.requester = iso->guest[n].sid,
		.flags = tagged ? HW_TXN_PASID_VALID : 0u,
		.pasid = (ioasid_t)(!tagged    ? 0 :
				    r & 0x3c00 ? 1 + (r >> 3) % 3 :
						 r >> 3 & 0xff),
		.perm = perms[(r >> 16) % (sizeof(perms) / sizeof(perms[0]))],
		.addr = iso_address(iso),
	};

	iso->depth++;
	/* Without ATS there is nothing to ask for, and nothing to keep. */
	switch (iso->shape & ISO_STALLS ? 15 : r >> 24 & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
		ats(iso, n, &txn);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		use_atc(iso, n);
		break;
	case 8:
		request_page(iso, n, &txn);
		break;
	default:
		dma(iso, n, &txn);
	}
	iso->depth--;
}
