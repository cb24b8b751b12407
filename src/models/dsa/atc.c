/* SPDX-License-Identifier: MIT */
/*
 * The translation cache of an engine, and its invalidation.
 *
 * The engine looks up under the lock, leaves it, and before it uses what it
 * found says so in busy and looks at seq again. An invalidation moves seq and
 * then looks at busy. Both are sequentially consistent: either the engine sees
 * the new seq and starts over, or the invalidation sees it busy and waits until
 * the access is over. PCIe 10.3.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"

/* An invalidation gives an engine this long to finish an access. */
#define DSA_HW_BUSY_NS UINT64_C(10000000000)

/* Beyond so many blocks of a size all entries are looked at instead. */
#define DSA_HW_PROBES 64u

static unsigned int dsa_hw_atc_set(const struct dsa_hw_atc *atc, uint64_t va,
				   unsigned int lg2)
{
	uint64_t block = va >> lg2;

	block ^= block >> atc->sets_lg2;
	return (unsigned int)(block & (BIT(atc->sets_lg2) - 1)) *
	       DSA_HW_ATC_WAYS;
}

static void dsa_hw_atc_kill(struct dsa_hw_atc *atc,
			    struct dsa_hw_atc_entry *entry)
{
	entry->valid = false;
	if (!--atc->count[entry->lg2])
		atc->sizes &= ~BIT(entry->lg2);
}

/* An eager cache forgets the set it was about to look at, now and then. */
static void dsa_hw_atc_forget(struct dsa_hw_atc *atc, unsigned int set)
{
	unsigned int i;

	atc->noise ^= atc->noise << 13;
	atc->noise ^= atc->noise >> 7;
	atc->noise ^= atc->noise << 17;
	if (atc->noise & 7)
		return;
	for (i = set; i < set + DSA_HW_ATC_WAYS; i++) {
		if (atc->entries[i].valid)
			dsa_hw_atc_kill(atc, &atc->entries[i]);
	}
}

static struct dsa_hw_atc_entry *dsa_hw_atc_find(struct dsa_hw_atc *atc,
						uint32_t who, uint64_t va,
						uint32_t perm)
{
	uint64_t sizes;

	for (sizes = atc->sizes; sizes; sizes &= sizes - 1) {
		unsigned int lg2 = (unsigned int)__builtin_ctzll(sizes);
		unsigned int i, set = dsa_hw_atc_set(atc, va, lg2);
		uint64_t start = align_down(va, BIT(lg2));

		for (i = set; i < set + DSA_HW_ATC_WAYS; i++) {
			struct dsa_hw_atc_entry *entry = &atc->entries[i];

			if (entry->va == start && entry->lg2 == lg2 &&
			    entry->valid && !(perm & ~entry->perm) &&
			    (entry->who == who ||
			     (entry->global &&
			      !((entry->who ^ who) & ~GENMASK64(19, 0)))))
				return entry;
		}
	}
	return NULL;
}

/*
 * As much of [va, va + limit) as is cached and contiguous. False: not even the
 * first byte.
 */
bool dsa_hw_atc_lookup(struct dsa_hw_engine *eng, uint32_t who, uint64_t va,
		       uint64_t limit, uint32_t perm,
		       struct dsa_hw_span *ret_span)
{
	const struct hw_env *env = &eng->dsa->env;
	struct dsa_hw_atc *atc = &eng->atc;
	bool eager = eng->dsa->cfg.personality == HW_EAGER;
	uint64_t at = va, pa = 0, len = 0, hits = 0;
	bool cut = false;

	env->lock(env->ctx, &atc->lock);
	while (len < limit) {
		struct dsa_hw_atc_entry *entry;
		uint64_t here;

		if (eager)
			dsa_hw_atc_forget(atc, dsa_hw_atc_set(atc, at, 12));
		entry = dsa_hw_atc_find(atc, who, at, perm);
		if (!entry)
			break;
		here = entry->pa + (at - entry->va);
		if (!hits)
			pa = here;
		else if (here != pa + len)
			cut = true;
		if (cut)
			break;
		hits++;
		len += BIT(entry->lg2) - (at - entry->va);
		at = va + len;
	}
	ret_span->seq = atomic_load_explicit(&atc->seq, memory_order_relaxed);
	env->unlock(env->ctx, &atc->lock);

	if (!hits)
		return false;
	ret_span->hits = hits;
	ret_span->cut = cut;
	ret_span->va = va;
	ret_span->pa = pa;
	ret_span->len = len < limit ? len : limit;
	ret_span->perm = perm;
	ret_span->translated = true;
	return true;
}

static struct dsa_hw_atc_entry *dsa_hw_atc_place(struct dsa_hw_atc *atc,
						 uint32_t who, uint64_t va,
						 unsigned int lg2)
{
	unsigned int i, set = dsa_hw_atc_set(atc, va, lg2);
	struct dsa_hw_atc_entry *free = NULL;

	for (i = set; i < set + DSA_HW_ATC_WAYS; i++) {
		struct dsa_hw_atc_entry *entry = &atc->entries[i];

		if (!entry->valid)
			free = entry;
		else if (entry->va == va && entry->who == who &&
			 entry->lg2 == lg2)
			return entry;
	}
	if (free)
		return free;
	return &atc->entries[set + atc->victim++ % DSA_HW_ATC_WAYS];
}

/*
 * Keep a reply that was asked for when seq was @seq. It says what is known from
 * @va, a page, on: the largest aligned block of that is kept.
 */
void dsa_hw_atc_fill(struct dsa_hw_engine *eng, uint32_t who, uint64_t va,
		     const struct hw_ats_reply *reply, uint64_t seq)
{
	const struct hw_env *env = &eng->dsa->env;
	struct dsa_hw_atc *atc = &eng->atc;
	const struct hw_xlat *xlat = &reply->xlat;
	struct dsa_hw_atc_entry *entry;
	unsigned int lg2 = 12;

	if (xlat->len < DSA_HW_PAGE || !is_aligned(xlat->pa, DSA_HW_PAGE))
		return;
	while (lg2 < 47 && BIT(lg2 + 1) <= xlat->len &&
	       is_aligned(va | xlat->pa, BIT(lg2 + 1)))
		lg2++;

	env->lock(env->ctx, &atc->lock);
	/* seq is written under this lock only. */
	if (atomic_load_explicit(&atc->seq, memory_order_relaxed) == seq) {
		entry = dsa_hw_atc_place(atc, who, va, lg2);
		if (entry->valid)
			dsa_hw_atc_kill(atc, entry);
		*entry = (struct dsa_hw_atc_entry){
			.va = va,
			.pa = xlat->pa,
			.who = who,
			.lg2 = (uint8_t)lg2,
			.perm = (uint8_t)(xlat->perm & IOMMU_PERM_RWX),
			.valid = true,
			.global = reply->global,
		};
		atc->count[lg2]++;
		atc->sizes |= BIT(lg2);
	}
	env->unlock(env->ctx, &atc->lock);
}

/* Whom an invalidation is about. */
struct dsa_hw_atc_range {
	bool everybody;
	uint32_t pasid;
	uint64_t first;
	uint64_t last;
};

static void dsa_hw_atc_match(struct dsa_hw_atc *atc,
			     struct dsa_hw_atc_entry *entry,
			     const struct dsa_hw_atc_range *range)
{
	if (!entry->valid || entry->va > range->last ||
	    entry->va + (BIT(entry->lg2) - 1) < range->first)
		return;
	if (range->everybody || entry->global ||
	    ((entry->who & DSA_HW_WHO_PASID) &&
	     (entry->who & GENMASK64(19, 0)) == range->pasid))
		dsa_hw_atc_kill(atc, entry);
}

static void dsa_hw_atc_sweep(struct dsa_hw_atc *atc,
			     const struct dsa_hw_atc_range *range)
{
	size_t i, n = (size_t)DSA_HW_ATC_WAYS << atc->sets_lg2;
	uint64_t sizes;

	if (!atc->sizes)
		return;
	if (((range->last - range->first) >> __builtin_ctzll(atc->sizes)) >=
	    DSA_HW_PROBES) {
		for (i = 0; i < n; i++)
			dsa_hw_atc_match(atc, &atc->entries[i], range);
		return;
	}
	for (sizes = atc->sizes; sizes; sizes &= sizes - 1) {
		unsigned int lg2 = (unsigned int)__builtin_ctzll(sizes);
		uint64_t block = range->first >> lg2;

		for (; block <= range->last >> lg2; block++) {
			i = dsa_hw_atc_set(atc, block << lg2, lg2);
			for (n = i + DSA_HW_ATC_WAYS; i < n; i++)
				dsa_hw_atc_match(atc, &atc->entries[i], range);
		}
	}
}

/* Drop what this engine knows of a page; not an invalidation. Its thread. */
void dsa_hw_atc_drop(struct dsa_hw_engine *eng, uint64_t va)
{
	const struct hw_env *env = &eng->dsa->env;
	struct dsa_hw_atc_range range = {
		.everybody = true,
		.first = align_down(va, DSA_HW_PAGE),
		.last = va | (DSA_HW_PAGE - 1),
	};

	env->lock(env->ctx, &eng->atc.lock);
	dsa_hw_atc_sweep(&eng->atc, &range);
	env->unlock(env->ctx, &eng->atc.lock);
	memset(eng->memo, 0, sizeof(eng->memo));
}

static void dsa_hw_atc_invalidate(struct dsa_hw_engine *eng,
				  const struct dsa_hw_atc_range *range)
{
	const struct hw_env *env = &eng->dsa->env;

	env->lock(env->ctx, &eng->atc.lock);
	/* Pairs with dsa_hw_enter(): see the top of this file. */
	atomic_fetch_add_explicit(&eng->atc.seq, 1, memory_order_seq_cst);
	dsa_hw_atc_sweep(&eng->atc, range);
	env->unlock(env->ctx, &eng->atc.lock);
}

void dsa_hw_atc_clear(struct dsa_hw_engine *eng)
{
	struct dsa_hw_atc *atc = &eng->atc;

	memset(atc->entries, 0,
	       sizeof(*atc->entries) * DSA_HW_ATC_WAYS << atc->sets_lg2);
	memset(atc->count, 0, sizeof(atc->count));
	atc->sizes = 0;
}

void dsa_hw_atc_flush(struct dsa_hw_engine *eng)
{
	const struct dsa_hw_atc_range all = {
		.everybody = true,
		.last = UINT64_MAX,
	};

	dsa_hw_atc_invalidate(eng, &all);
}

/* Wait for the access that may have begun before seq, or drop, moved. */
bool dsa_hw_quiet(struct dsa_hw_engine *eng)
{
	const struct hw_env *env = &eng->dsa->env;
	uint64_t busy, start = 0;
	unsigned int turns;

	/* Pairs with dsa_hw_enter() and the release of dsa_hw_leave(). */
	busy = atomic_load_explicit(&eng->busy, memory_order_seq_cst);
	if (!(busy & 1))
		return true;
	for (turns = 0;
	     atomic_load_explicit(&eng->busy, memory_order_acquire) == busy;
	     turns++) {
		if (!start)
			start = env->now_ns(env->ctx);
		else if (env->now_ns(env->ctx) - start > DSA_HW_BUSY_NS)
			return false;
		env->relax(env->ctx, turns);
	}
	return true;
}

int dsa_hw_ats_invalidate(struct dsa_hw *dsa, const struct hw_ats_inv *inv)
{
	struct dsa_hw_atc_range range = {
		.everybody = !inv->pasid_valid || inv->global,
		.pasid = inv->pasid,
		.first = inv->size ? inv->addr : 0,
		.last = inv->size ? inv->addr + (inv->size - 1) : UINT64_MAX,
	};
	unsigned int i;
	int err = 0;

	if (inv->requester != dsa->cfg.rid || !dsa->cfg.ats)
		return -ENODEV;
	if (range.last < range.first)
		range.last = UINT64_MAX;
	atomic_fetch_add_explicit(&dsa->atc_invalidations, 1,
				  memory_order_relaxed);
	for (i = 0; i < dsa->cfg.engines; i++)
		dsa_hw_atc_invalidate(dsa->engines[i], &range);
	for (i = 0; i < dsa->cfg.engines; i++) {
		if (!dsa_hw_quiet(dsa->engines[i]))
			err = -ETIMEDOUT;
	}
	if (err)
		dsa_hw_log(dsa, HW_LOG_GUEST_ERROR,
			   "dsa: an access in flight does not end");
	return err;
}
