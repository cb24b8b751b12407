/* SPDX-License-Identifier: MIT */
/* x86_64 and vtdss behind one face, for the tests of what they share. */
#ifndef TESTS_PGTABLE_SUBJECT_H
#define TESTS_PGTABLE_SUBJECT_H

#include "pgtable/vtdss.h"
#include "pgtable/x86_64.h"
#include "tests/support/testplat.h"

/* base: where a test puts its mappings. present: bits of an entry. */
struct shape {
	const char *name;
	bool x86;
	unsigned int levels;
	unsigned int va_bits;
	uint64_t base;
	uint64_t present;
};

#define SHAPES 6
extern const struct shape shapes[SHAPES];

struct leaf {
	uint64_t va;
	uint64_t pa;
	unsigned int size_lg2;
	unsigned int perm;
	bool accessed;
	bool dirty;
};

struct subject {
	const struct shape *shape;
	struct testplat tp;
	struct plat plat; /* counts */
	struct plat_ops ops;
	unsigned long lookups; /* of tables by address */
	/* Called once, the next time the address of a table is asked for. */
	void (*meanwhile)(struct subject *s);
	bool hw_ad;
	uint64_t root;
	union {
		struct x86_64 x86;
		struct vtdss ss;
	};
};

void subject_start(struct subject *s, const struct shape *shape, bool hw_ad);
void subject_stop(struct subject *s);

/* As in x86_64.h; small: only pages of 4 KiB. */
int subject_map(struct subject *s, uint64_t va, uint64_t pa, uint64_t size,
		unsigned int perm, bool small);
int subject_unmap(struct subject *s, uint64_t va, uint64_t size,
		  uint64_t *ret_bytes);
int subject_split(struct subject *s, uint64_t va);
int subject_set(struct subject *s, uint64_t va, uint64_t pa, unsigned int perm);
void subject_clear(struct subject *s, uint64_t start, uint64_t end,
		   size_t *ret_cleared);
int subject_walk(struct subject *s, uint64_t va, struct leaf *ret_leaf);
int subject_next(struct subject *s, uint64_t va, struct leaf *ret_leaf);

/*
 * The entry of va, found with plain arithmetic and numbers; NULL: none.
 * *ret_lg2 is that of the bytes it maps.
 */
le64_atomic *subject_entry(const struct subject *s, uint64_t va,
			   unsigned int *ret_lg2);

#endif
