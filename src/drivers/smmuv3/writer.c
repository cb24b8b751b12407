/* SPDX-License-Identifier: MIT */
/* Live updates of table entries, one step at a time; see writer.h. */
#include "drivers/smmuv3/writer.h"

#include "base/errno.h"

#define WORDS ((unsigned int)SMMUV3_ENTRY_WORDS)

/* What there is to do between two entries. */
struct plan {
	struct smmuv3_entry used;     /* by the target */
	struct smmuv3_entry safe;     /* and by both, and safe */
	struct smmuv3_entry prepared; /* see below */
	unsigned int differ;
};

/*
 * How far the entry can come while no used bit of it changes: the words of
 * @to, but for what the SMMU looks at now. Safe bits are not in the way.
 */
static void make_plan(const struct smmuv3_entry_kind *kind,
		      const struct smmuv3_entry *from,
		      const struct smmuv3_entry *to, struct plan *p)
{
	struct smmuv3_entry used;
	unsigned int i;

	*p = (struct plan){ .differ = 0 };
	kind->used(from, &used);
	kind->used(to, &p->used);
	if (kind->safe)
		kind->safe(from, to, &p->safe);
	for (i = 0; i < WORDS; i++) {
		uint64_t keep;

		p->safe.dw[i] &= used.dw[i] & p->used.dw[i];
		keep = used.dw[i] & ~p->safe.dw[i];
		p->prepared.dw[i] = (from->dw[i] & keep) | (to->dw[i] & ~keep);
		if ((p->prepared.dw[i] ^ to->dw[i]) & p->used.dw[i])
			p->differ |= 1u << i;
	}
}

unsigned int smmuv3_entry_differ(const struct smmuv3_entry_kind *kind,
				 const struct smmuv3_entry *from,
				 const struct smmuv3_entry *to)
{
	struct plan p;

	make_plan(kind, from, to, &p);
	return p.differ;
}

/* But for safe bits, and but for one word. */
static bool is_prepared(const struct smmuv3_entry *e, const struct plan *p,
			unsigned int word)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (i != word &&
		    (e->dw[i] ^ p->prepared.dw[i]) & ~p->safe.dw[i])
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
	struct smmuv3_entry next;
	unsigned int word;
	struct plan p;

	make_plan(kind, now, target, &p);
	/* Nothing the SMMU looks at changes any more. */
	if (!p.differ)
		return *target;

	/* Going dead, or no other way: V first, and in the same word the rest. */
	if (!(target->dw[0] & kind->valid) || p.differ & (p.differ - 1)) {
		next = *now;
		next.dw[0] = target->dw[0] & kind->valid ? 0 : target->dw[0];
		return next;
	}

	/* All but the one word, then that word in one store. */
	word = (unsigned int)__builtin_ctz(p.differ);
	next = p.prepared;
	next.dw[word] = is_prepared(now, &p, word) ? target->dw[word] :
						     now->dw[word];
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
