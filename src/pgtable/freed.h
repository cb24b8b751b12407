/* SPDX-License-Identifier: MIT */
/*
 * Tables that were taken out of a tree, empty, and that hardware may still be
 * walking: until it has been told, nobody else may have them.
 *
 * They are chained through their first entries. A link is no valid entry of any
 * format here: bits 1:0 and 2 are clear, and what is not present is ignored
 * (DDI 0487 D8.3, VT-d 9.8, the x86 P bit). So the chain needs no memory of its
 * own and taking out cannot fail.
 */
#ifndef PGTABLE_FREED_H
#define PGTABLE_FREED_H

#include <sva/plat.h>

#include "base/bits.h"
#include "base/le64.h"

/* Tells a link to physical address 0 from the end. */
#define PT_FREED_LINK BIT(11)

/* Nothing refers to @table but what hardware may remember. */
static inline void pt_freed_add(const struct plat *plat, void **chain,
				le64_atomic *table)
{
	uint64_t link = 0;

	if (*chain)
		link = plat_virt_to_phys(plat, *chain) | PT_FREED_LINK;
	/* Relaxed: absent before, absent after. */
	le64_store_relaxed(&table[0], link);
	*chain = table;
}

/* All of @from goes to @to. */
static inline void pt_freed_splice(const struct plat *plat, void **to,
				   void **from)
{
	while (*from) {
		le64_atomic *table = *from;
		uint64_t link = le64_load_relaxed(&table[0]);

		*from = link ? plat_phys_to_virt(plat, link & ~PT_FREED_LINK) :
			       NULL;
		pt_freed_add(plat, to, table);
	}
}

/* Hardware has been told. The chain is empty then. */
static inline void pt_freed_free(const struct plat *plat, void **chain,
				 size_t table_size)
{
	while (*chain) {
		le64_atomic *table = *chain;
		uint64_t link = le64_load_relaxed(&table[0]);

		*chain = link ? plat_phys_to_virt(plat, link & ~PT_FREED_LINK) :
				NULL;
		plat_pages_free(plat, table, table_size);
	}
}

#endif
