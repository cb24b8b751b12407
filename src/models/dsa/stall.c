/* SPDX-License-Identifier: MIT */
/*
 * Transactions that the IOMMU stalls, Arm IHI 0070 3.12.2: it keeps them, and
 * the bus tells of their end. The engine waits, the others go on. What is
 * retried is offered again, as a new transaction.
 *
 * A stalled transaction cannot be taken back: a descriptor that is to be
 * dropped is dropped when that has ended. Only a reset does not wait.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"

/* For the next untranslated transaction, before it is sent. */
uint64_t dsa_hw_stall_cookie(struct dsa_hw_engine *eng)
{
	uint64_t cookie =
		atomic_load_explicit(&eng->cookie, memory_order_relaxed);

	cookie = (uint64_t)eng->dsa->cfg.rid << DSA_HW_COOKIE_SID_LG2 |
		 (uint32_t)(cookie + DSA_HW_COOKIE_NEXT);
	/* Whoever ends it has it from the IOMMU, which orders the two. */
	atomic_store_explicit(&eng->cookie, cookie, memory_order_relaxed);
	return cookie;
}

/* The transaction the engine waits for, if it does, has ended. */
bool dsa_hw_stall_over_locked(const struct dsa_hw_engine *eng)
{
	return eng->ended ==
	       atomic_load_explicit(&eng->cookie, memory_order_relaxed);
}

/* The last transaction, at @va, was stalled, and may have ended meanwhile. */
enum dsa_hw_go dsa_hw_stall_wait(struct dsa_hw_engine *eng, uint64_t va,
				 uint32_t perm)
{
	struct dsa_hw *dsa = eng->dsa;
	struct dsa_hw_fault *f = dsa_hw_fault_at(eng, va);

	f->addr = va;
	f->write = perm & IOMMU_PERM_WRITE;
	dsa_hw_count(&eng->stalls, 1);
	dsa_hw_lock(dsa);
	eng->wait = DSA_HW_WAIT_STALL;
	dsa_hw_unlock(dsa);
	eng->waiting = true;
	return dsa_hw_ready(eng) ? DSA_HW_GO_AGAIN : DSA_HW_GO_BLOCKED;
}

/* There was no room for it when there had been @rooms ends. */
enum dsa_hw_go dsa_hw_stall_room(struct dsa_hw_engine *eng, uint64_t rooms)
{
	struct dsa_hw *dsa = eng->dsa;
	bool wait;

	dsa_hw_lock(dsa);
	wait = atomic_load_explicit(&dsa->rooms, memory_order_relaxed) == rooms;
	if (wait)
		eng->wait = DSA_HW_WAIT_ROOM;
	dsa_hw_unlock(dsa);
	eng->waiting = wait;
	return wait ? DSA_HW_GO_BLOCKED : DSA_HW_GO_AGAIN;
}

/* Its owner does not wait for it any more after a reset: then nobody does. */
static void dsa_hw_stall_end_locked(struct dsa_hw_engine *eng, uint64_t cookie,
				    bool retry)
{
	struct dsa_hw *dsa = eng->dsa;

	if (atomic_load_explicit(&eng->cookie, memory_order_relaxed) != cookie)
		return;
	eng->ended = cookie;
	eng->retry = retry;
	if (dsa->host.wake)
		dsa->host.wake(dsa->host.ctx, eng->index);
}

void dsa_hw_resume(struct dsa_hw *dsa, uint64_t cookie, bool retry)
{
	uint64_t index = cookie & DSA_HW_COOKIE_ENGINE;
	bool mine = cookie >> DSA_HW_COOKIE_SID_LG2 == dsa->cfg.rid &&
		    index < dsa->cfg.engines;
	unsigned int i;

	dsa_hw_lock(dsa);
	if (mine) {
		dsa_hw_count(&dsa->resumes, 1);
		dsa_hw_stall_end_locked(dsa->engines[index], cookie, retry);
	}
	dsa_hw_count(&dsa->rooms, 1);
	for (i = 0; i < dsa->cfg.engines; i++) {
		struct dsa_hw_engine *eng = dsa->engines[i];

		if (eng->wait != DSA_HW_WAIT_ROOM)
			continue;
		eng->wait = DSA_HW_WAIT_NONE;
		if (dsa->host.wake)
			dsa->host.wake(dsa->host.ctx, i);
	}
	dsa_hw_unlock(dsa);
}
