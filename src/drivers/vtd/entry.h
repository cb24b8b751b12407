/* SPDX-License-Identifier: MIT */
/*
 * Changing an entry of several words that the unit may be reading: scalable
 * context entries (256 bits) and PASID table entries (512 bits).
 *
 * The unit fetches such an entry in pieces: Linux's pasid.c counts on 128 bits
 * at a time, here it is 64, in any order. It may have fetched a piece at any
 * time since the last sync, so between two syncs it may put together any
 * mixture of the words before and after. What makes a mixture harmless is P,
 * in word 0: with P=0 it looks at FPD and at nothing else. [R7]
 *
 * So a live entry has an owner. Software's until P is set: the other words are
 * stored, a sync makes the unit drop what it fetched of them before, and only
 * then word 0 comes, in one store. Without that sync a unit that fetched word
 * 2 early would walk a table at address 0. And software's again when P has
 * been taken out, in one store, and a sync has passed: then the other words may
 * go (6.5.3.3). An entry that is in use is never changed in place: with the
 * same domain id in both, what is cached of the old translation and what is
 * walked of the new could not be told apart. (But for SSADE, which is no part of
 * the translation: vtd_pasid_set_ssade().)
 */
#ifndef DRIVERS_VTD_ENTRY_H
#define DRIVERS_VTD_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <sva/types.h>

#include "base/le64.h"

enum { VTD_ENTRY_WORDS_MAX = 8 };

/**
 * struct vtd_entry - one update, embedded where sync() finds its context
 * @slot:  the entry. Nobody else writes it.
 * @words: 4 or 8.
 * @sync:  have the unit forget the entry and see what has been stored.
 */
struct vtd_entry {
	le64_atomic *slot;
	unsigned int words;
	int (*sync)(struct vtd_entry *e);
};

/**
 * vtd_entry_install() - make an entry that is not present what @dw is
 * @dw: with P. The last sync has seen the entry without it.
 *
 * One sync, before P. A unit with caching mode needs another one after it.
 *
 * Return: 0; or what sync() said, with P still 0.
 * Test:   tests/drivers/vtd/entry_test.c
 */
SVA_MUST_CHECK int vtd_entry_install(struct vtd_entry *e, const uint64_t *dw);

/**
 * vtd_entry_retire() - take P out, and then the rest
 * @dw0: word 0 from now on: 0, or FPD.
 *
 * One sync, after P. Works on an entry that is not present, too.
 *
 * Return: 0; or what sync() said: the unit may still use the other words, which
 *         are there.
 * Test:   tests/drivers/vtd/entry_test.c
 */
SVA_MUST_CHECK int vtd_entry_retire(struct vtd_entry *e, uint64_t dw0);

#endif
