/* SPDX-License-Identifier: MIT */
/* The formats of src/pgtable behind one face, for fuzz/pgtable.c. */
#ifndef FUZZ_PGTABLE_TABLE_H
#define FUZZ_PGTABLE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "fuzz/fuzz.h"
#include "pgtable/arm_lpae.h"
#include "pgtable/vtdss.h"
#include "pgtable/x86_64.h"

enum kind { KIND_ARM, KIND_X86, KIND_SS };

/* Flags of a mapping: those of arm_lpae.h, translated for the others. */
enum { FLAG_ATTR = 7, FLAG_SMALL = 8, FLAG_CLEAN = 16 };

struct table {
	enum kind kind;
	unsigned int page_lg2;
	unsigned int va_bits;
	unsigned int pa_bits;
	unsigned int largest_lg2; /* below what the levels could do */
	bool hw_ad;
	bool exec; /* XD or X is there */
	union {
		struct arm_lpae arm;
		struct x86_64 x86;
		struct vtdss ss;
	};
};

struct table_leaf {
	uint64_t va, pa;
	unsigned int size_lg2;
	unsigned int perm;
	unsigned int attr;
	bool accessed, dirty;
};

/*
 * Takes a shape from the input. *ret_good: whether it is one. What init
 * returned is the result.
 */
int table_init(struct table *t, const struct plat *plat, struct in *in,
	       bool *ret_good);
void table_fini(struct table *t);

int table_map(struct table *t, uint64_t va, uint64_t pa, uint64_t size,
	      unsigned int perm, unsigned int flags);
int table_unmap(struct table *t, uint64_t va, uint64_t size,
		uint64_t *ret_bytes);
int table_set(struct table *t, uint64_t va, uint64_t pa, unsigned int perm);
void table_clear(struct table *t, uint64_t start, uint64_t end,
		 size_t *ret_cleared);
int table_walk(struct table *t, uint64_t va, struct table_leaf *ret_leaf);

/* Not for KIND_ARM. */
int table_split(struct table *t, uint64_t va);
int table_next(struct table *t, uint64_t va, struct table_leaf *ret_leaf);

/* Flags of arm_lpae.h. Not for KIND_X86. */
int table_read_dirty(struct table *t, uint64_t start, uint64_t last,
		     unsigned int flags,
		     void (*found)(void *arg, uint64_t va,
				   unsigned int size_lg2),
		     void *arg);

/* What is promised. */
bool table_range_good(const struct table *t, uint64_t va, uint64_t size);
bool table_perm_good(const struct table *t, unsigned int perm);
/* Of a leaf mapped with perm and flags, what a walk says. */
void table_expect(const struct table *t, unsigned int perm, unsigned int flags,
		  struct table_leaf *want);
/* First address that is not of the (lower half of the) table. */
uint64_t table_limit(const struct table *t);

#endif
