/* SPDX-License-Identifier: MIT */
/* Live updates of table entries; see entry.h. */
#include "drivers/vtd/entry.h"

int vtd_entry_install(struct vtd_entry *e, const uint64_t *dw)
{
	unsigned int i;
	int err;

	for (i = 1; i < e->words; i++)
		/* Pairs with the unit's fetch: what it leads to is there. */
		le64_store_release(&e->slot[i], dw[i]);
	err = e->sync(e);
	if (!err)
		le64_store_release(&e->slot[0], dw[0]);
	return err;
}

int vtd_entry_retire(struct vtd_entry *e, uint64_t dw0)
{
	unsigned int i;
	int err;

	le64_store_release(&e->slot[0], dw0);
	err = e->sync(e);
	if (err)
		return err;
	for (i = 1; i < e->words; i++)
		le64_store_release(&e->slot[i], 0);
	return 0;
}
