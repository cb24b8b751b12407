/* SPDX-License-Identifier: MIT */
/* The device itself: configuration space, cache, what the bus brings it. */
#include "plat/sim/endpoint.h"

#include <string.h>

#include "base/bits.h"
#include "base/errno.h"
#include "plat/sim/breaks.h"
#include "plat/sim/world.h"

static const char *const names[WORLD_ENDPOINTS] = { "dev0", "dev1" };

/* Configuration space, with the protocol of ATS, PASID and PRI. [R12] */

static void check_ats_on(struct endpoint *ep)
{
	struct sim *s = ep->w->sim;

	if (!ep->w->vendor->lets_ats(ep->w, ep->index))
		sim_fail(s, "R12", "%s: ATS is on before the IOMMU lets it",
			 ep->name);
	if (!ep->flushed && ep->w->vendor->flush_first)
		sim_fail(s, "R12", "%s: ATS is on with an ATC nobody flushed",
			 ep->name);
	ep->ats_was_on = true;
}

static void check_config(struct endpoint *ep,
			 const struct pcie_hw_state *before,
			 const struct pcie_hw_state *now)
{
	struct sim *s = ep->w->sim;

	if (before->ats && before->pasid != now->pasid)
		sim_fail(s, "R12", "%s: PASID control changes under ATS",
			 ep->name);
	if (!before->ats && now->ats && !now->pasid)
		sim_fail(s, "R12", "%s: ATS is on before PASID", ep->name);
	if (!before->ats && now->ats)
		check_ats_on(ep);
	if (before->ats && !now->ats)
		ep->flushed = false;
	if (before->ats && !now->ats && now->pri)
		sim_fail(s, "R12", "%s: ATS goes off under PRI", ep->name);
	if (before->pri || !now->pri)
		return;
	if (!now->ats)
		sim_fail(s, "R12", "%s: PRI is on without ATS", ep->name);
	if (!ep->pri_was_reset)
		sim_fail(s, "R12", "%s: PRI is on without a reset", ep->name);
}

static uint32_t cfg_read(void *dev, unsigned int offset, unsigned int size)
{
	struct endpoint *ep = dev;

	sim_point(ep->w->sim, SIM_MMIO, "config read", offset);
	return pcie_hw_cfg_read(&ep->pcie, offset, size);
}

/* PASID control is held back beyond ATS. */
static bool hold_back(struct endpoint *ep, unsigned int offset, uint32_t value)
{
	struct sim *s = ep->w->sim;
	struct pcie_hw_state state;

	pcie_hw_state(&ep->pcie, &state);
	if (!sim_broken(s, BREAK_ATS_FIRST) || s->broken_count || state.ats ||
	    offset != ep->pcie.ats + PCIE_ATS_CTRL ||
	    !REG_GET(PCIE_ATS_CTRL_ENABLE, value) || !state.pasid)
		return false;
	sim_strike(s, offset);
	return true;
}

static void cfg_write(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	struct endpoint *ep = dev;
	struct pcie_hw_state before, now;

	sim_point(ep->w->sim, SIM_MMIO, "config write",
		  (uint64_t)offset << 32 | value);
	pcie_hw_state(&ep->pcie, &before);
	if (ep->pcie.pri && offset == ep->pcie.pri + PCIE_PRI_CTRL &&
	    REG_GET(PCIE_PRI_CTRL_RESET, value))
		ep->pri_was_reset = true;
	if (hold_back(ep, offset, value)) {
		pcie_hw_cfg_write(&ep->pcie, ep->pcie.pasid + PCIE_PASID_CTRL,
				  2, 0);
		pcie_hw_state(&ep->pcie, &before);
	}
	pcie_hw_cfg_write(&ep->pcie, offset, size, value);
	pcie_hw_state(&ep->pcie, &now);
	check_config(ep, &before, &now);
	if (before.pri && !now.pri)
		ep->pri_was_reset = false;
}

static const struct plat_pci_ops cfg_ops = {
	.read = cfg_read,
	.write = cfg_write,
};

static void on_flr(void *ctx)
{
	(void)ctx;
}

static void on_changed(void *ctx, const struct pcie_hw_state *before)
{
	struct endpoint *ep = ctx;
	struct pcie_hw_state now;

	pcie_hw_state(&ep->pcie, &now);
	/* PCIe 10.5.1: what is cached goes with ATS. */
	if (before->ats && !now.ats)
		memset(ep->atc, 0, sizeof(ep->atc));
}

static const struct pcie_hw_ops pcie_ops = {
	.flr = on_flr,
	.changed = on_changed,
};

/* The cache */

static bool inv_covers(const struct hw_ats_inv *inv, ioasid_t pasid,
		       uint64_t va)
{
	if (inv->pasid_valid && !inv->global && inv->pasid != pasid)
		return false;
	return !inv->size || (va >= inv->addr && va - inv->addr < inv->size);
}

static bool in_use(const struct endpoint *ep, const struct hw_ats_inv *inv)
{
	unsigned int i;

	for (i = 0; i < ATC_USES; i++)
		if (ep->uses[i].active &&
		    inv_covers(inv, ep->uses[i].pasid, ep->uses[i].va))
			return true;
	return false;
}

static void forget(struct endpoint *ep, const struct hw_ats_inv *inv)
{
	unsigned int i;

	for (i = 0; i < ATC_ENTRIES; i++)
		if (ep->atc[i].valid &&
		    inv_covers(inv, ep->atc[i].pasid, ep->atc[i].va))
			ep->atc[i].valid = false;
	ep->history[ep->invs % ATC_HISTORY].inv = *inv;
	ep->history[ep->invs % ATC_HISTORY].step = ep->w->sim->steps;
	ep->invs++;
	if (!inv->size && !inv->pasid_valid)
		ep->flushed = true;
}

/* Some time later: once nothing of it is used any more. */
static int complete_later(struct endpoint *ep, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	unsigned int i;

	for (i = 0; i < ATC_PENDING; i++) {
		struct atc_pending *p = &ep->pending[i];

		if (p->active)
			continue;
		p->active = true;
		p->inv = *inv;
		p->cookie = cookie;
		sim_wake(ep->w->sim, &ep->pending);
		return -EINPROGRESS;
	}
	return -ETIMEDOUT;
}

static struct endpoint *find_endpoint(struct world *w, uint32_t requester)
{
	unsigned int i;

	for (i = 0; i < w->cfg.endpoints; i++)
		if (w->eps[i].sid == requester)
			return &w->eps[i];
	return NULL;
}

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *asked,
			      uint64_t cookie)
{
	struct world *w = ctx;
	struct endpoint *ep = find_endpoint(w, asked->requester);
	struct hw_ats_inv inv = *asked;
	struct pcie_hw_state state;

	if (!ep || ep->kind != ENDPOINT_PCI)
		return -ENODEV;
	sim_note(w->sim, "ATC invalidate", inv.addr);
	pcie_hw_state(&ep->pcie, &state);
	if (!state.ats && ep->ats_was_on && !w->vendor->lets_ats(w, ep->index))
		sim_fail(w->sim, "R12", "%s: an ATC_INV after ATS went off",
			 ep->name);
	if (ep->mute)
		return -ETIMEDOUT;
	if (sim_broken(w->sim, BREAK_ATC_PASID) && inv.pasid_valid &&
	    w->sim->exploring) {
		sim_strike(w->sim, inv.pasid);
		inv.pasid ^= 1;
	}
	forget(ep, &inv);
	if (in_use(ep, &inv) || ep->posted || sim_random(w->sim, 4) == 0)
		return complete_later(ep, &inv, cookie);
	return 0;
}

/* The oldest arrives; it is on the bus until the IOMMU has taken it. */
static void arrive(struct endpoint *ep)
{
	struct hw_page_request req = ep->on_bus[0];

	sim_point(ep->w->sim, SIM_DMA, "page request arrives", req.addr);
	ep->w->hw->ops->page_request(ep->w->hw, &req);
	ep->posted--;
	memmove(&ep->on_bus[0], &ep->on_bus[1],
		ep->posted * sizeof(ep->on_bus[0]));
	sim_wake(ep->w->sim, &ep->posted);
}

void endpoint_post(struct endpoint *ep, const struct hw_page_request *req)
{
	struct world *w = ep->w;

	if (!w->vendor->posted) {
		w->hw->ops->page_request(w->hw, req);
		return;
	}
	while (ep->posted == BUS_REQUESTS)
		(void)sim_block(w->sim, &ep->posted, "the bus", NULL,
				SIM_NEVER);
	ep->on_bus[ep->posted++] = *req;
	sim_wake(w->sim, &ep->pending);
}

void endpoint_settle(struct endpoint *ep)
{
	while (ep->posted)
		(void)sim_block(ep->w->sim, &ep->posted, "the bus", NULL,
				SIM_NEVER);
}

/* What goes to the IOMMU, in order: answers stay behind requests. */
static void completer_main(void *arg)
{
	struct endpoint *ep = arg;
	struct sim *s = ep->w->sim;
	unsigned int i;

	while (!ep->stop || ep->posted) {
		struct atc_pending *p = NULL;
		uint64_t cookie;

		if (ep->posted) {
			arrive(ep);
			continue;
		}
		for (i = 0; i < ATC_PENDING && !p; i++)
			if (ep->pending[i].active)
				p = &ep->pending[i];
		if (!p) {
			(void)sim_block(s, &ep->pending, "an invalidation",
					NULL, SIM_NEVER);
			continue;
		}
		while (in_use(ep, &p->inv))
			(void)sim_block(s, &ep->uses, "a use", NULL, SIM_NEVER);
		sim_point(s, SIM_DMA, "ATC invalidation done", p->inv.addr);
		cookie = p->cookie;
		p->active = false;
		ep->w->hw->ops->ats_inv_complete(ep->w->hw, cookie, true);
	}
}

/* Answers */

static enum iommu_page_response_code code_of(enum hw_prg_code code)
{
	switch (code) {
	case HW_PRG_SUCCESS:
		return IOMMU_PAGE_RESP_SUCCESS;
	case HW_PRG_INVALID:
		return IOMMU_PAGE_RESP_INVALID;
	case HW_PRG_FAILURE:
		break;
	}
	return IOMMU_PAGE_RESP_FAILURE;
}

static void deliver(struct endpoint *ep, const struct hw_prg_response *resp)
{
	uint8_t owner;

	/* Unexpected ones are for the ledger to judge. */
	(void)!pcie_hw_pri_response(&ep->pcie, resp, &owner);
	ledger_answer(ep->w, ep, resp->prgi, resp->pasid, resp->pasid_valid,
		      code_of(resp->code));
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *asked)
{
	struct world *w = ctx;
	struct endpoint *ep = find_endpoint(w, asked->requester);
	struct hw_prg_response resp = *asked;
	struct sim *s = w->sim;

	if (!ep || ep->kind != ENDPOINT_PCI)
		return;
	sim_note(s, "response", (uint64_t)resp.code << 32 | resp.prgi);
	if (s->exploring && sim_broken(s, BREAK_LOST_RESPONSE)) {
		sim_strike(s, resp.prgi);
		return;
	}
	if (s->exploring && sim_broken(s, BREAK_WRONG_CODE)) {
		sim_strike(s, resp.prgi);
		resp.code = resp.code == HW_PRG_SUCCESS ? HW_PRG_INVALID :
							  HW_PRG_SUCCESS;
	}
	if (s->exploring && sim_broken(s, BREAK_WRONG_GROUP)) {
		sim_strike(s, resp.prgi);
		resp.prgi ^= 0x80;
	}
	deliver(ep, &resp);
	if (s->exploring && sim_broken(s, BREAK_TWO_RESPONSES)) {
		sim_strike(s, resp.prgi);
		deliver(ep, &resp);
	}
}

/* What ends as if it had succeeded has ended; CD.A rules it out. */
static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct agent *a = (struct agent *)(uintptr_t)cookie;
	bool retry = how == HW_RESUME_RETRY;
	struct world *w = ctx;
	struct sim *s = w->sim;

	sim_note(s, "resume", retry);
	if (s->exploring && sim_broken(s, BREAK_LOST_RESPONSE)) {
		sim_strike(s, retry);
		return;
	}
	if (s->exploring && sim_broken(s, BREAK_WRONG_CODE)) {
		sim_strike(s, retry);
		retry = !retry;
	}
	a->resumed = true;
	a->retry = retry;
	ledger_resume(w, a->stalled, retry);
	if (s->exploring && sim_broken(s, BREAK_TWO_RESPONSES)) {
		sim_strike(s, retry);
		ledger_resume(w, a->stalled, retry);
	}
	sim_wake(s, a);
}

const struct hw_bus endpoint_bus = {
	.ats_invalidate = bus_ats_invalidate,
	.prg_response = bus_prg_response,
	.resume = bus_resume,
};

int endpoint_init(struct endpoint *ep, struct world *w, unsigned int index)
{
	struct pcie_hw_cfg cfg = {
		.rid = (uint16_t)(1 + index),
		.vendor = 0x8086,
		.device = 0x5a5a,
		.class_code = 0x088000,
		.bar_size = { 0x10000, 0, 0 },
		.msix_vectors = 1,
		.msix_pba = 0x1000,
		.pasid_bits = w->cfg.pasid_bits,
		.ats = true,
		.pri = true,
		.outstanding = 8,
	};
	int err;

	memset(ep, 0, sizeof(*ep));
	ep->w = w;
	ep->index = index;
	ep->name = names[index];
	ep->kind = w->cfg.kind;
	ep->sid = cfg.rid;
	if (ep->kind != ENDPOINT_PCI || !w->hw)
		return 0;
	err = pcie_hw_init(&ep->pcie, &cfg, &pcie_ops, ep, &ep->env);
	if (err)
		return err;
	ep->completer = sim_spawn(w->sim, "ATC", completer_main, ep);
	return 0;
}

void endpoint_fini(struct endpoint *ep)
{
	if (!ep->completer)
		return;
	ep->stop = true;
	sim_wake(ep->w->sim, &ep->pending);
	sim_join(ep->w->sim, ep->completer);
	ep->completer = NULL;
}

void endpoint_desc(struct endpoint *ep, struct plat_pci *pci,
		   struct iommu_device_desc *ret_desc)
{
	bool is_pci = ep->kind == ENDPOINT_PCI && ep->w->hw;

	*pci = (struct plat_pci){
		.ops = &cfg_ops,
		.dev = ep,
		.rid = (uint16_t)ep->sid,
	};
	*ret_desc = (struct iommu_device_desc){
		.name = ep->name,
		.unit = ep->w->unit,
		.stream_ids = &ep->sid,
		.stream_id_count = 1,
		.pci = is_pci ? pci : NULL,
		.pasid_bits = ep->w->cfg.pasid_bits,
		.can_stall = ep->kind == ENDPOINT_STALL,
	};
}

int endpoint_enable(struct endpoint *ep)
{
	int err = iommu_dev_enable_feature(ep->dev, IOMMU_DEV_FEAT_SVA);

	ep->sva_on = !err;
	return err;
}

int endpoint_disable(struct endpoint *ep)
{
	int err = iommu_dev_disable_feature(ep->dev, IOMMU_DEV_FEAT_SVA);

	if (!err)
		ep->sva_on = false;
	return err;
}

void endpoint_check_forgotten(const struct endpoint *ep, ioasid_t pasid,
			      uint64_t va, const char *rule)
{
	bool stranger = false, found = false;
	unsigned int i;

	/* It has what it has, and the IOMMU lets it through no more. */
	for (i = 0; i < ATC_ENTRIES && !ep->mute; i++)
		found |= ep->atc[i].valid && ep->atc[i].pasid == pasid &&
			 ep->atc[i].va == va;
	if (!found)
		return;
	for (i = 0; i < ATC_HISTORY && i < ep->invs; i++) {
		const struct hw_ats_inv *inv = &ep->history[i].inv;

		stranger |= inv->pasid_valid && inv->pasid != pasid &&
			    inv_covers(inv, inv->pasid, va);
	}
	sim_fail(ep->w->sim, stranger ? "R10" : rule,
		 "%s: the ATC keeps PASID %u address %#llx after the unmap",
		 ep->name, (unsigned int)pasid, (unsigned long long)va);
}
