/* SPDX-License-Identifier: MIT */
/* An engine of a device: translate, fault, ask, try again. */
#include <string.h>

#include "base/bits.h"
#include "base/errno.h"
#include "plat/sim/breaks.h"
#include "plat/sim/world.h"

enum attempt {
	ATTEMPT_DONE,
	ATTEMPT_ABORTED,
	ATTEMPT_FAULT, /* nothing there: ask for it */
	ATTEMPT_AGAIN,
	ATTEMPT_REFUSED,
};

void agent_init(struct agent *a, struct endpoint *ep, struct space *sp,
		ioasid_t pasid)
{
	memset(a, 0, sizeof(*a));
	a->ep = ep;
	a->sp = sp;
	a->pasid = pasid;
	a->tries = 6;
	if (ep->w->hw)
		ep->w->hw->ops->port_add(ep->w->hw, &a->port);
}

void agent_fini(struct agent *a)
{
	struct iommu_hw *hw = a->ep->w->hw;

	if (hw)
		hw->ops->port_remove(hw, &a->port);
}

/* The memory itself. The port, if there is one, is busy. */
static void touch(struct agent *a, unsigned int page, uint64_t pa,
		  unsigned int perm)
{
	struct world *w = a->ep->w;
	const struct sim_frame *frame = sim_frame_at(&w->sim->mem, pa);
	const struct space *sp = a->sp;
	uint32_t *word;

	if (a->any && frame && frame->kind == SIM_FRAME_USER)
		sp = frame->owner;
	world_check_dma(w, a->ep, a->pasid, sp, page, pa, perm);
	word = sim_virt(&w->sim->mem, pa, 4);
	if (perm & IOMMU_PERM_WRITE)
		++*word;
}

static struct atc_entry *atc_find(struct agent *a, uint64_t va,
				  unsigned int perm)
{
	struct endpoint *ep = a->ep;
	unsigned int i;

	for (i = 0; i < ATC_ENTRIES; i++) {
		struct atc_entry *e = &ep->atc[i];

		if (e->valid && e->pasid == a->pasid && e->va == va &&
		    !(perm & ~e->perm))
			return e;
	}
	return NULL;
}

static struct hw_txn make_txn(const struct agent *a, uint64_t addr,
			      unsigned int perm, unsigned int flags)
{
	/* A translated request has no PASID. */
	bool pv = !(flags & HW_TXN_TRANSLATED);

	return (struct hw_txn){
		.requester = a->ep->sid,
		.flags = flags | (pv ? HW_TXN_PASID_VALID : 0),
		.pasid = pv ? a->pasid : 0,
		.perm = perm,
		.addr = addr,
		.cookie = a->cookie,
	};
}

static enum attempt ask_ats(struct agent *a, uint64_t va, unsigned int perm,
			    struct atc_entry **ret_entry)
{
	unsigned int flags = perm & IOMMU_PERM_WRITE ? 0 : HW_TXN_NO_WRITE;
	struct hw_txn txn = make_txn(a, va, perm, flags);
	struct endpoint *ep = a->ep;
	uint64_t invs = ep->invs;
	struct hw_ats_reply reply = { 0 };
	struct atc_entry *e;

	world_txn(ep->w, ep->sid, a->pasid);
	ep->w->hw->ops->ats_translate(ep->w->hw, &a->port, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS)
		return ATTEMPT_ABORTED;
	if (perm & ~reply.xlat.perm)
		return ATTEMPT_FAULT;
	/* What was invalidated on its way is not kept. */
	if (invs != ep->invs)
		return ATTEMPT_AGAIN;
	e = &ep->atc[ep->atc_next++ % ATC_ENTRIES];
	e->valid = true;
	e->pasid = a->pasid;
	e->va = va;
	e->pa = align_down(reply.xlat.pa, SIM_PAGE);
	e->perm = reply.xlat.perm;
	*ret_entry = e;
	return ATTEMPT_DONE;
}

static struct atc_use *use_begin(struct agent *a, uint64_t va)
{
	struct endpoint *ep = a->ep;
	unsigned int i;

	for (i = 0; i < ATC_USES; i++) {
		struct atc_use *use = &ep->uses[i];

		if (use->active)
			continue;
		use->active = true;
		use->pasid = a->pasid;
		use->va = va;
		return use;
	}
	return NULL;
}

static void use_end(struct agent *a, struct atc_use *use)
{
	use->active = false;
	sim_wake(a->ep->w->sim, &a->ep->uses);
}

static enum attempt try_translated(struct agent *a, unsigned int page,
				   unsigned int perm)
{
	struct world *w = a->ep->w;
	uint64_t va = space_va(page);
	struct atc_entry *e = atc_find(a, va, perm);
	struct hw_xlat xlat;
	struct atc_use *use;
	struct hw_txn txn;
	enum attempt r;

	if (!e) {
		r = ask_ats(a, va, perm, &e);
		if (r != ATTEMPT_DONE)
			return r;
	}
	use = use_begin(a, va);
	if (!use)
		return ATTEMPT_AGAIN;
	txn = make_txn(a, e->pa, perm, HW_TXN_TRANSLATED);
	sim_point(w->sim, SIM_DMA, "translated", va);
	r = ATTEMPT_ABORTED;
	if (!w->hw->ops->translate(w->hw, &a->port, &txn, &xlat)) {
		sim_point(w->sim, SIM_DMA, "access", txn.addr);
		touch(a, page, txn.addr, perm);
		hw_port_done(&a->port);
		r = ATTEMPT_DONE;
	}
	use_end(a, use);
	return r;
}

/* A transaction that waits in the IOMMU. */
static enum attempt wait_resume(struct agent *a)
{
	while (!a->resumed)
		(void)sim_block(a->ep->w->sim, a,
				"a stalled transaction's answer", "R2",
				SIM_NEVER);
	return a->retry ? ATTEMPT_AGAIN : ATTEMPT_REFUSED;
}

static enum attempt try_untranslated(struct agent *a, unsigned int page,
				     unsigned int perm)
{
	struct world *w = a->ep->w;
	struct hw_txn txn;
	struct hw_xlat xlat;
	int err;

	a->resumed = false;
	a->cookie = (uintptr_t)a;
	a->stalled = NULL;
	if (a->ep->kind == ENDPOINT_STALL) {
		a->stalled = ledger_open(w, a->ep, a->sp, a->pasid, 0,
					 1u << page, perm);
		if (!a->stalled)
			return ATTEMPT_ABORTED;
		a->stalled->stall = true;
	}
	txn = make_txn(a, space_va(page), perm, 0);
	world_txn(w, a->ep->sid, a->pasid);
	err = w->hw->ops->translate(w->hw, &a->port, &txn, &xlat);
	if (err == -EINPROGRESS) {
		ledger_sent(w, a->stalled);
		return wait_resume(a);
	}
	if (a->stalled)
		ledger_cancel(w, a->stalled);
	if (err == -EAGAIN) {
		sim_relax(w->sim);
		return ATTEMPT_AGAIN;
	}
	if (err)
		return ATTEMPT_ABORTED;
	sim_point(w->sim, SIM_DMA, "access", xlat.pa);
	touch(a, page, xlat.pa, perm);
	hw_port_done(&a->port);
	return ATTEMPT_DONE;
}

/* The mock has no transactions in flight: the look and the access are one. */
static enum attempt try_mock(struct agent *a, unsigned int page,
			     unsigned int perm)
{
	struct world *w = a->ep->w;
	uint64_t pa;
	int err;

	sim_point(w->sim, SIM_DMA, "access", space_va(page));
	w->sim->atomic++;
	err = mock_access(w->mock, a->ep->dev, a->pasid, space_va(page), perm,
			  &pa);
	if (!err)
		touch(a, page, pa, perm);
	w->sim->atomic--;
	if (!err)
		return ATTEMPT_DONE;
	return err == -EFAULT ? ATTEMPT_FAULT : ATTEMPT_ABORTED;
}

static enum attempt attempt(struct agent *a, unsigned int page,
			    unsigned int perm)
{
	struct pcie_hw_state state;

	if (a->ep->w->mock)
		return try_mock(a, page, perm);
	if (a->ep->kind == ENDPOINT_PCI) {
		pcie_hw_state(&a->ep->pcie, &state);
		if (state.ats)
			return try_translated(a, page, perm);
	}
	return try_untranslated(a, page, perm);
}

/* Page requests */

static bool group_taken(struct endpoint *ep, uint32_t group)
{
	const struct ledger *l = &ep->w->ledger;
	unsigned int i;

	for (i = 0; i < l->count; i++)
		if (l->entries[i].ep == ep && l->entries[i].group == group &&
		    !l->entries[i].answers && !l->entries[i].marker)
			return true;
	return false;
}

static bool raise_mock(struct agent *a, unsigned int first, unsigned int count,
		       unsigned int perm, struct ledger_entry **ret_entry)
{
	struct iommu_fault f = { .type = IOMMU_FAULT_PAGE_REQ };
	struct endpoint *ep = a->ep;
	struct world *w = ep->w;
	uint32_t groups = w->cfg.groups ? w->cfg.groups : 512;
	uint32_t group = ep->next_group++ % groups;
	struct ledger_entry *e;
	unsigned int i;

	if (group_taken(ep, group))
		return false;
	e = ledger_open(w, ep, a->sp, a->pasid, group,
			((1u << count) - 1) << first, perm);
	if (!e)
		return false;
	*ret_entry = e;
	for (i = 0; i < count; i++) {
		f.prm.flags = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
			      IOMMU_FAULT_PAGE_REQUEST_RESPONSE_NEEDS_PASID;
		if (i + 1 == count)
			f.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
		f.prm.pasid = a->pasid;
		f.prm.grpid = group;
		f.prm.perm = perm;
		f.prm.addr = space_va(first + i);
		e->sent = w->sim->steps;
		if (mock_raise(w->mock, ep->dev, &f)) {
			ledger_cancel(w, e);
			return false;
		}
	}
	ledger_sent(w, e);
	return true;
}

static bool send_pri(struct agent *a, unsigned int first, unsigned int count,
		     unsigned int perm, struct ledger_entry **ret_entry)
{
	struct endpoint *ep = a->ep;
	struct world *w = ep->w;
	struct ledger_entry *e;
	unsigned int i, pages;
	uint16_t prgi;

	if (w->cfg.groups)
		ep->pcie.prg_next %= w->cfg.groups;
	if (w->ledger.count == LEDGER_ENTRIES ||
	    pcie_hw_pri_begin(&ep->pcie, count, true, a->pasid, 0, &prgi,
			      &pages))
		return false;
	e = ledger_open(w, ep, a->sp, a->pasid, prgi,
			((1u << pages) - 1) << first, perm);
	*ret_entry = e;
	for (i = 0; i < pages; i++) {
		const struct hw_page_request req = {
			.requester = ep->sid,
			.pasid_valid = true,
			.pasid = a->pasid,
			.addr = space_va(first + i),
			.perm = perm,
			.prgi = prgi,
			.last = i + 1 == pages,
		};

		e->sent = w->sim->steps;
		endpoint_post(ep, &req);
	}
	ledger_sent(w, e);
	return true;
}

static bool send_request(struct agent *a, unsigned int first,
			 unsigned int count, unsigned int perm,
			 struct ledger_entry **ret_entry)
{
	sim_point(a->ep->w->sim, SIM_DMA, "page request", space_va(first));
	if (a->ep->w->mock)
		return raise_mock(a, first, count, perm, ret_entry);
	if (a->ep->kind != ENDPOINT_PCI)
		return false;
	return send_pri(a, first, count, perm, ret_entry);
}

static unsigned int perm_of(bool write)
{
	return write ? IOMMU_PERM_READ | IOMMU_PERM_WRITE :
		       (unsigned int)IOMMU_PERM_READ;
}

bool agent_request(struct agent *a, unsigned int first, unsigned int count,
		   bool write)
{
	struct ledger_entry *e;

	return send_request(a, first, count, perm_of(write), &e);
}

void agent_partial(struct agent *a, unsigned int page, uint16_t prgi)
{
	struct endpoint *ep = a->ep;
	const struct hw_page_request req = {
		.requester = ep->sid,
		.pasid_valid = true,
		.pasid = a->pasid,
		.addr = space_va(page),
		.perm = IOMMU_PERM_READ,
		.prgi = prgi,
	};
	const struct iommu_fault f = {
		.type = IOMMU_FAULT_PAGE_REQ,
		.prm = {
			.flags = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID,
			.pasid = a->pasid,
			.grpid = prgi,
			.perm = IOMMU_PERM_READ,
			.addr = req.addr,
		},
	};

	if (ep->w->mock)
		(void)!mock_raise(ep->w->mock, ep->dev, &f);
	else
		endpoint_post(ep, &req);
}

void agent_marker(struct agent *a)
{
	struct endpoint *ep = a->ep;
	struct world *w = ep->w;
	const struct hw_page_request req = {
		.requester = ep->sid,
		.pasid_valid = true,
		.pasid = a->pasid,
		.prgi = 511,
		.last = true,
	};
	struct ledger_entry *e;

	if (!w->hw || ep->kind != ENDPOINT_PCI)
		return;
	e = ledger_open(w, ep, NULL, a->pasid, req.prgi, 0, 0);
	if (!e)
		return;
	e->marker = true;
	w->ledger.markers++;
	endpoint_post(ep, &req);
	if (w->sim->exploring && sim_broken(w->sim, BREAK_MARKER_ANSWERED)) {
		const struct hw_prg_response resp = {
			.requester = ep->sid,
			.pasid_valid = true,
			.pasid = a->pasid,
			.prgi = req.prgi,
		};

		sim_strike(w->sim, a->pasid);
		endpoint_bus.prg_response(w, &resp);
	}
}

static void wait_answer(struct agent *a, struct ledger_entry *e)
{
	struct world *w = a->ep->w;

	while (!e->answers) {
		if (!w->mock) {
			(void)sim_block(w->sim, e, "a page response", "R2",
					SIM_NEVER);
			continue;
		}
		world_mock_collect(w);
		if (!e->answers &&
		    !mock_wait_responses(w->mock, w->mock_seen + 1))
			sim_fail(w->sim, "R2", "group %u: no answer",
				 (unsigned int)e->group);
	}
}

static enum attempt ask(struct agent *a, unsigned int page, unsigned int perm)
{
	struct ledger_entry *e;

	if (!send_request(a, page, 1, perm, &e)) {
		sim_relax(a->ep->w->sim);
		return a->ep->w->ledger.count == LEDGER_ENTRIES ?
			       ATTEMPT_REFUSED :
			       ATTEMPT_AGAIN;
	}
	wait_answer(a, e);
	return e->code == IOMMU_PAGE_RESP_SUCCESS ? ATTEMPT_AGAIN :
						    ATTEMPT_REFUSED;
}

enum agent_result agent_access(struct agent *a, unsigned int page, bool write)
{
	unsigned int perm = perm_of(write), i;

	for (i = 0; i < a->tries; i++) {
		enum attempt r = attempt(a, page, perm);

		if (r == ATTEMPT_FAULT && a->never_asks)
			return AGENT_GAVE_UP;
		if (r == ATTEMPT_FAULT)
			r = ask(a, page, perm);
		switch (r) {
		case ATTEMPT_DONE:
			return AGENT_OK;
		case ATTEMPT_ABORTED:
			return AGENT_ABORT;
		case ATTEMPT_REFUSED:
			return AGENT_REFUSED;
		case ATTEMPT_FAULT:
		case ATTEMPT_AGAIN:
			break;
		}
	}
	return AGENT_GAVE_UP;
}
