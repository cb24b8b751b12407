/* SPDX-License-Identifier: MIT */
/*
 * Changing an STE or a CD that the SMMU may be reading: Arm IHI 0070, 3.21.3.
 *
 * The SMMU reads an entry in 64-bit pieces, in any order and at any time, and
 * may keep each piece until an invalidation of the entry has completed. So
 * between two syncs it may see any mixture of the words before and after. What
 * it makes of a mixture depends on the bits it looks at, which are a function
 * of the entry itself: the *used* bits. [K8] [R7]
 *
 * An update whose used bits differ in one word is *hitless*: the SMMU sees the
 * old configuration or the new one. Any other goes through V=0. Both take no
 * more than SMMUV3_WRITE_STEPS syncs.
 */
#ifndef DRIVERS_SMMUV3_WRITER_H
#define DRIVERS_SMMUV3_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/types.h>

#include "base/le64.h"

/* Of an STE, and of a CD. */
enum { SMMUV3_ENTRY_WORDS = 8 };

/* The most steps, each of them some stores and one sync, of an update. */
enum { SMMUV3_WRITE_STEPS = 3 };

struct smmuv3_entry {
	uint64_t dw[SMMUV3_ENTRY_WORDS];
};

/**
 * struct smmuv3_entry_kind - what the bits of an entry mean
 * @valid: V, in word 0.
 * @used:  bits the SMMU looks at in @e. With V=0 that is V alone.
 * @safe:  used bits that may change at any time between @a and @b, by a rule
 *         of their own. NULL: none.
 */
struct smmuv3_entry_kind {
	uint64_t valid;
	void (*used)(const struct smmuv3_entry *e,
		     struct smmuv3_entry *ret_used);
	void (*safe)(const struct smmuv3_entry *a, const struct smmuv3_entry *b,
		     struct smmuv3_entry *ret_safe);
};

extern const struct smmuv3_entry_kind smmuv3_ste_kind;
extern const struct smmuv3_entry_kind smmuv3_cd_kind;

/**
 * struct smmuv3_writer - one update, embedded where sync() finds its context
 * @slots: the entries, which all become the same. Nobody else writes them.
 * @sync:  have the SMMU forget them and see what has been stored.
 * @syncs: how many there were.
 */
struct smmuv3_writer {
	const struct smmuv3_entry_kind *kind;
	le64_atomic *const *slots;
	unsigned int slot_count;
	int (*sync)(struct smmuv3_writer *w);
	unsigned int syncs;
};

/**
 * smmuv3_write_entry() - make entries what @target is, seen or not
 *
 * Going live, V comes last; going dead, V goes first. Nothing is done for an
 * entry that is as it should be. On return the SMMU uses @target only.
 *
 * Context: as sync().
 * Return:  0; or what sync() returned, at once: the entries are somewhere on
 *          the way, and the caller makes them invalid, or tries again.
 * Test:    tests/drivers/smmuv3_writer_test.c
 */
SVA_MUST_CHECK int smmuv3_write_entry(struct smmuv3_writer *w,
				      const struct smmuv3_entry *target);

/* The words whose used bits differ, one bit each: hitless if one or none. */
unsigned int smmuv3_entry_differ(const struct smmuv3_entry_kind *kind,
				 const struct smmuv3_entry *from,
				 const struct smmuv3_entry *to);

#endif
