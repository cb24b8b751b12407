/* SPDX-License-Identifier: MIT */
/*
 * Root and context tables, scalable mode. [M1]
 *
 * A root entry has two halves, each of 64 bits and a context table of its own,
 * for functions 0 to 127 and 128 to 255 of a bus. Context tables are made when
 * the first device of a half is added, and stay.
 */
#include "base/errno.h"
#include "drivers/vtd/vtd.h"

#define TABLE_SIZE ((size_t)4096)

_Static_assert(VTD_ROOT_ENTRIES * sizeof(struct vtd_root) == TABLE_SIZE &&
		       VTD_SM_CONTEXT_ENTRIES * sizeof(struct vtd_sm_context) ==
			       TABLE_SIZE,
	       "every table is a page");
_Static_assert(VTD_SM_ROOT_UP_LO == VTD_SM_ROOT_LP_LO + 64 &&
		       VTD_SM_ROOT_UCTP_LO == VTD_SM_ROOT_LCTP_LO + 64,
	       "the halves are alike");

int vtd_tables_init(struct vtd_unit *u)
{
	struct vtd_tables *t = plat_zalloc(u->plat, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->root = plat_pages_alloc(u->plat, TABLE_SIZE);
	if (!t->root)
		goto free_tables;
	if (vtd_dids_init(u, t))
		goto free_root;
	u->tables = t;
	return 0;

free_root:
	plat_pages_free(u->plat, t->root, TABLE_SIZE);
free_tables:
	plat_free(u->plat, t);
	return -ENOMEM;
}

void vtd_tables_fini(struct vtd_unit *u)
{
	struct vtd_tables *t = u->tables;
	size_t i;

	if (!t)
		return;
	vtd_free_abandoned(u, t);
	for (i = 0; i < ARRAY_SIZE(t->contexts); i++)
		if (t->contexts[i])
			plat_pages_free(u->plat, t->contexts[i], TABLE_SIZE);
	vtd_dids_fini(u, t);
	plat_pages_free(u->plat, t->root, TABLE_SIZE);
	plat_free(u->plat, t->rids);
	plat_free(u->plat, t);
	u->tables = NULL;
}

uint64_t vtd_tables_root(const struct vtd_unit *u)
{
	return plat_virt_to_phys(u->plat, u->tables->root);
}

/* Unit lock held. */
static void publish_locked(struct vtd_unit *u, size_t half, le64_atomic *table)
{
	struct vtd_root root = { { 0 } };

	FIELD_SET(VTD_SM_ROOT_LP, &root, 1);
	vtd_sm_root_set_lctp(&root, plat_virt_to_phys(u->plat, table));
	u->tables->contexts[half] = table;
	/* Pairs with the unit's fetch: the table is zeroed by then. [R8] */
	le64_store_release(&u->tables->root[half], root.dw[0]);
}

int vtd_tables_context(struct vtd_unit *u, uint16_t sid, le64_atomic **ret_slot)
{
	struct vtd_tables *t = u->tables;
	unsigned int index = sid % VTD_SM_CONTEXT_ENTRIES;
	size_t half = sid / VTD_SM_CONTEXT_ENTRIES;
	le64_atomic *spare;

	/* Allocated first: whoever has the unit lock does not sleep. */
	spare = plat_pages_alloc(u->plat, TABLE_SIZE);
	if (!spare)
		return -ENOMEM;
	plat_lock(u->plat, &u->lock);
	if (!t->contexts[half]) {
		publish_locked(u, half, spare);
		spare = NULL;
	}
	*ret_slot = t->contexts[half] + (size_t)VTD_CONTEXT_WORDS * index;
	plat_unlock(u->plat, &u->lock);
	if (spare)
		plat_pages_free(u->plat, spare, TABLE_SIZE);
	return 0;
}
