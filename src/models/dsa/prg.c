/* SPDX-License-Identifier: MIT */
/* Absent pages: page requests, their answers, and when to give up. */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/errno.h"

/* What was tried for another page says nothing of this one. */
struct dsa_hw_fault *dsa_hw_fault_at(struct dsa_hw_engine *eng, uint64_t va)
{
	struct dsa_hw_fault *f = &eng->fault;
	uint64_t page = align_down(va, DSA_HW_PAGE);

	if (f->page != page) {
		f->page = page;
		f->denied = false;
		f->granted = 0;
		f->refused = 0;
	}
	return f;
}

/* Pages from @va on, within @limit bytes, that a request could be for. */
static unsigned int dsa_hw_absent_pages(struct dsa_hw_engine *eng, uint64_t va,
					uint64_t limit, uint32_t perm)
{
	uint64_t page = align_down(va, DSA_HW_PAGE);
	uint64_t n = ((va - page) + limit - 1) / DSA_HW_PAGE + 1;
	uint32_t who = dsa_hw_who(dsa_hw_job(eng));
	struct dsa_hw_span span;
	unsigned int i;

	if (eng->fault.solo)
		return 1;
	if (n > DSA_HW_PRG_PAGES)
		n = DSA_HW_PRG_PAGES;
	for (i = 1; i < n; i++) {
		if (dsa_hw_atc_lookup(eng, who, page + i * DSA_HW_PAGE, 1, perm,
				      &span))
			break;
	}
	return i;
}

static void dsa_hw_prg_send(struct dsa_hw_engine *eng, uint16_t prgi,
			    uint64_t page, unsigned int pages, uint32_t perm)
{
	const struct dsa_hw_job *job = dsa_hw_job(eng);
	struct iommu_hw *iommu = eng->dsa->iommu;
	struct hw_page_request req = {
		.requester = eng->dsa->cfg.rid,
		.pasid_valid = job->pasid_valid,
		.pasid = job->pasid_valid ? job->pasid : 0,
		.perm = perm | (job->priv ? (uint32_t)IOMMU_PERM_PRIV : 0),
		.prgi = prgi,
	};
	unsigned int i;

	dsa_hw_count(&eng->page_requests, pages);
	dsa_hw_count(&eng->page_groups, 1);
	for (i = 0; i < pages; i++) {
		req.addr = page + (uint64_t)i * DSA_HW_PAGE;
		req.last = i == pages - 1;
		iommu->ops->page_request(iommu, &req);
	}
}

static enum dsa_hw_go dsa_hw_prg_ask(struct dsa_hw_engine *eng, uint64_t page,
				     unsigned int pages, uint32_t perm)
{
	const struct dsa_hw_job *job = dsa_hw_job(eng);
	struct dsa_hw *dsa = eng->dsa;
	uint16_t prgi;
	int err;

	dsa_hw_lock(dsa);
	if (dsa_hw_gone_locked(eng)) {
		dsa_hw_unlock(dsa);
		return DSA_HW_GO_AGAIN;
	}
	err = pcie_hw_pri_begin(&dsa->pcie, pages, job->pasid_valid, job->pasid,
				(uint8_t)eng->index, &prgi, &pages);
	if (!err) {
		eng->wait = DSA_HW_WAIT_PRG;
		eng->prg_done = false;
		eng->prgi = prgi;
		eng->prg_pages = pages;
	} else if (err == -EAGAIN) {
		eng->wait = DSA_HW_WAIT_CREDIT;
	}
	dsa_hw_unlock(dsa);

	if (err == -EPERM) {
		eng->fault.code = DSA_COMP_PAGE_FAULT_IR;
		return DSA_HW_GO_FAULT;
	}
	eng->waiting = true;
	if (!err)
		dsa_hw_prg_send(eng, prgi, page, pages, perm);
	return DSA_HW_GO_BLOCKED;
}

/*
 * [va, va + limit) is not accessible at @va. Ask for pages if that may be done,
 * or end the operation.
 */
enum dsa_hw_go dsa_hw_absent(struct dsa_hw_engine *eng, uint64_t va,
			     uint64_t limit, uint32_t perm, bool always)
{
	struct dsa_hw_fault *f = dsa_hw_fault_at(eng, va);
	uint64_t page = f->page;

	f->addr = va;
	f->write = perm & IOMMU_PERM_WRITE;
	if (!always && !dsa_hw_job(eng)->bof)
		f->code = DSA_COMP_PAGE_FAULT_NOBOF;
	else if (f->failed)
		f->code = DSA_COMP_TRANSLATION_FAIL;
	else if (f->denied || f->granted > DSA_HW_MAX_GRANTS)
		f->code = DSA_COMP_PAGE_FAULT_IR;
	else
		return dsa_hw_prg_ask(eng, page,
				      dsa_hw_absent_pages(eng, va, limit, perm),
				      perm);
	return DSA_HW_GO_FAULT;
}

/* A refusal of several pages says nothing of the first: ask for it alone. */
static void dsa_hw_prg_answer(struct dsa_hw_engine *eng)
{
	struct dsa_hw_fault *f = &eng->fault;

	if (eng->prg_code == HW_PRG_SUCCESS)
		f->granted++;
	else if (eng->prg_code != HW_PRG_INVALID)
		f->failed = true;
	else if (eng->prg_pages > 1)
		f->solo = true;
	else
		f->denied = true;
}

/* As the answer to a page request of a single page would be. */
static void dsa_hw_stall_answer(struct dsa_hw_engine *eng)
{
	if (eng->retry)
		eng->fault.granted++;
	else
		eng->fault.denied = true;
	eng->ended = DSA_HW_COOKIE_NONE;
}

/* May a waiting engine go on? */
bool dsa_hw_ready(struct dsa_hw_engine *eng)
{
	struct dsa_hw *dsa = eng->dsa;
	bool ready = true;

	if (!eng->waiting)
		return true;
	dsa_hw_lock(dsa);
	if (eng->wait == DSA_HW_WAIT_PRG) {
		ready = eng->prg_done;
		if (ready)
			dsa_hw_prg_answer(eng);
	} else if (eng->wait == DSA_HW_WAIT_STALL) {
		ready = dsa_hw_stall_over_locked(eng);
		if (ready)
			dsa_hw_stall_answer(eng);
	} else if (eng->wait == DSA_HW_WAIT_ROOM) {
		ready = false;
	}
	if (ready)
		eng->wait = DSA_HW_WAIT_NONE;
	dsa_hw_unlock(dsa);
	eng->waiting = !ready;
	return ready;
}

/* The engine gives up what it waits for. */
void dsa_hw_prg_drop_locked(struct dsa_hw *dsa, struct dsa_hw_engine *eng)
{
	if (eng->wait == DSA_HW_WAIT_PRG && !eng->prg_done)
		pcie_hw_pri_abandon(&dsa->pcie, eng->prgi);
	eng->wait = DSA_HW_WAIT_NONE;
	eng->ended = DSA_HW_COOKIE_NONE;
}

/* Groups that are not outstanding any more will not be answered. */
void dsa_hw_prg_failed_locked(struct dsa_hw *dsa)
{
	unsigned int i;

	for (i = 0; i < dsa->cfg.engines; i++) {
		struct dsa_hw_engine *eng = dsa->engines[i];

		if (eng->wait == DSA_HW_WAIT_PRG && !eng->prg_done &&
		    !dsa->pcie.prgs[eng->prgi].pages) {
			eng->prg_done = true;
			eng->prg_code = HW_PRG_FAILURE;
		}
	}
	dsa_hw_wake_all_locked(dsa);
}

void dsa_hw_prg_response(struct dsa_hw *dsa, const struct hw_prg_response *resp)
{
	struct dsa_hw_engine *eng;
	uint8_t owner;
	int err;

	if (resp->requester != dsa->cfg.rid)
		return;
	atomic_fetch_add_explicit(&dsa->page_responses, 1,
				  memory_order_relaxed);

	dsa_hw_lock(dsa);
	err = pcie_hw_pri_response(&dsa->pcie, resp, &owner);
	if (!err && owner < dsa->cfg.engines) {
		eng = dsa->engines[owner];
		eng->prg_done = true;
		eng->prg_code = resp->code;
	}
	if (!err) {
		/* Also whoever waits for credit. */
		dsa_hw_prg_failed_locked(dsa);
		dsa_hw_cmd_poll_locked(dsa);
	}
	dsa_hw_unlock(dsa);
	if (err)
		dsa_hw_log(dsa, HW_LOG_GUEST_ERROR,
			   "dsa: unexpected response to page request group %u",
			   resp->prgi);
}
