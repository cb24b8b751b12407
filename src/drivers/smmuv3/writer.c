/* SPDX-License-Identifier: MIT */
/* Live updates of table entries, one step at a time; see writer.h. */
#include "drivers/smmuv3/writer.h"

#include "base/errno.h"

#define WORDS ((unsigned int)SMMUV3_ENTRY_WORDS)

/*
 * How far the entry can come while no used bit of it changes: the words of
 * @to, but for what the SMMU looks at now. Safe bits are not in the way.
 */
static void make_prepared(const struct smmuv3_entry_kind *kind,
			  const struct smmuv3_entry *from,
			  const struct smmuv3_entry *to,
			  struct smmuv3_entry *ret_used_to,
			  struct smmuv3_entry *ret)
{
	struct smmuv3_entry used, safe = { { 0 } };
	unsigned int i;

	kind->used(from, &used);
	kind->used(to, ret_used_to);
	if (kind->safe)
		kind->safe(from, to, &safe);
	for (i = 0; i < WORDS; i++) {
		uint64_t keep = used.dw[i] & ~(safe.dw[i] & ret_used_to->dw[i]);

		ret->dw[i] = (from->dw[i] & keep) | (to->dw[i] & ~keep);
	}
}

unsigned int smmuv3_entry_differ(const struct smmuv3_entry_kind *kind,
				 const struct smmuv3_entry *from,
				 const struct smmuv3_entry *to)
{
	struct smmuv3_entry prepared, used;
	unsigned int i, differ = 0;

	make_prepared(kind, from, to, &used, &prepared);
	for (i = 0; i < WORDS; i++)
		if ((prepared.dw[i] ^ to->dw[i]) & used.dw[i])
			differ |= 1u << i;
	return differ;
}

static bool same(const struct smmuv3_entry *a, const struct smmuv3_entry *b)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (a->dw[i] != b->dw[i])
			return false;
	return true;
}

/*
 * What to store next on the way from what is there. Between two steps there is
 * a sync, so the SMMU mixes the words of two neighbours only.
 */
static struct smmuv3_entry next_step(const struct smmuv3_entry_kind *kind,
				     const struct smmuv3_entry *now,
				     const struct smmuv3_entry *target)
{
	unsigned int differ = smmuv3_entry_differ(kind, now, target);
	struct smmuv3_entry used, next;
	unsigned int word;

	/* Nothing the SMMU looks at changes any more. */
	if (!differ)
		return *target;

	/* Going dead, or no other way: V first, and in the same word the rest. */
	if (!(target->dw[0] & kind->valid) || differ & (differ - 1)) {
		next = *now;
		next.dw[0] = target->dw[0] & kind->valid ? 0 : target->dw[0];
		return next;
	}

	/* All but the one word, then that word in one store. */
	word = (unsigned int)__builtin_ctz(differ);
	make_prepared(kind, now, target, &used, &next);
	next.dw[word] = now->dw[word];
	if (same(&next, now))
		next.dw[word] = target->dw[word];
	return next;
}

/* True: something was stored. */
static bool step(const struct smmuv3_entry_kind *kind, le64_atomic *slot,
		 const struct smmuv3_entry *target)
{
	struct smmuv3_entry now, next;
	unsigned int i;
	bool any = false;

	for (i = 0; i < WORDS; i++)
		now.dw[i] = le64_load_relaxed(&slot[i]);
	next = next_step(kind, &now, target);
	for (i = 0; i < WORDS; i++) {
		if (next.dw[i] == now.dw[i])
			continue;
		/* Pairs with the SMMU's fetch: what it leads to is there. */
		le64_store_release(&slot[i], next.dw[i]);
		any = true;
	}
	return any;
}

int smmuv3_write_entry(struct smmuv3_writer *w,
		       const struct smmuv3_entry *target)
{
	unsigned int steps, i;
	int err;

	w->syncs = 0;
	for (steps = 0; steps <= SMMUV3_WRITE_STEPS; steps++) {
		bool any = false;

		for (i = 0; i < w->slot_count; i++)
			any |= step(w->kind, w->slots[i], target);
		if (!any)
			return 0;
		err = w->sync(w);
		w->syncs++;
		if (err)
			return err;
	}
	/* Somebody else writes the entries. */
	return -EIO;
}
