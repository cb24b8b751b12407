/* SPDX-License-Identifier: MIT */
/*
 * PASID directory and tables. [M1]
 *
 * A directory entry covers 64 PASIDs, and a directory has at least 128 entries
 * (PDTS). It begins as one page, which is enough for 2^15 PASIDs; PASIDs are
 * given out from below, so few devices need more, and get it when they do.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/vtd.h"

#define PAGE_SIZE    ((size_t)4096)
#define PAGE_DIR_LG2 9u
#define LEAF_LG2     ((unsigned int)VTD_PASID_TABLE_LG2)
#define LEAF_ENTRIES (1u << LEAF_LG2)

_Static_assert(LEAF_ENTRIES * sizeof(struct vtd_pasid) == PAGE_SIZE,
	       "a table is a page");

static size_t dir_size(unsigned int lg2)
{
	return (size_t)8 << lg2;
}

int vtd_pasidtab_init(struct vtd_pasidtab *tab, const struct plat *plat,
		      unsigned int bits)
{
	*tab = (struct vtd_pasidtab){
		.plat = plat,
		.bits = bits,
		.dir_lg2 = PAGE_DIR_LG2,
	};
	tab->dir = plat_pages_alloc(plat, dir_size(tab->dir_lg2));
	return tab->dir ? 0 : -ENOMEM;
}

/* The table behind a directory entry, or NULL. */
static le64_atomic *leaf_of(const struct vtd_pasidtab *tab, size_t index)
{
	struct vtd_pasid_dir pde = { { le64_load_relaxed(&tab->dir[index]) } };

	if (!FIELD_GET(VTD_PASID_DIR_P, &pde))
		return NULL;
	return plat_phys_to_virt(tab->plat, vtd_pasid_dir_smptblptr(&pde));
}

void vtd_pasidtab_fini(struct vtd_pasidtab *tab)
{
	size_t i;

	if (!tab->dir)
		return;
	for (i = 0; i < (size_t)1 << tab->dir_lg2; i++) {
		le64_atomic *leaf = leaf_of(tab, i);

		if (leaf)
			plat_pages_free(tab->plat, leaf, PAGE_SIZE);
	}
	plat_pages_free(tab->plat, tab->dir, dir_size(tab->dir_lg2));
	tab->dir = NULL;
	if (tab->old_dir)
		plat_pages_free(tab->plat, tab->old_dir,
				dir_size(PAGE_DIR_LG2));
}

uint64_t vtd_pasidtab_pa(const struct vtd_pasidtab *tab)
{
	return plat_virt_to_phys(tab->plat, tab->dir);
}

le64_atomic *vtd_pasidtab_find(const struct vtd_pasidtab *tab, ioasid_t pasid)
{
	size_t index = pasid >> LEAF_LG2;
	le64_atomic *leaf;

	if ((uint64_t)pasid >> tab->bits || index >> tab->dir_lg2)
		return NULL;
	leaf = leaf_of(tab, index);
	if (!leaf)
		return NULL;
	return leaf + (size_t)VTD_PASID_WORDS * (pasid % LEAF_ENTRIES);
}

/*
 * The old directory goes when the unit has forgotten it. If it says so neither
 * of that nor of being stopped, the old one stays as long as the other tables
 * of the device do: until the unit has forgotten its context entry, or has been
 * disabled. A directory grows once.
 */
static int grow(struct vtd_device *vdev)
{
	struct vtd_pasidtab *tab = &vdev->ptab;
	unsigned int old_lg2 = tab->dir_lg2;
	unsigned int lg2 = tab->bits - LEAF_LG2;
	le64_atomic *old = tab->dir, *dir;
	size_t i;
	int err;

	dir = plat_pages_alloc(tab->plat, dir_size(lg2));
	if (!dir)
		return -ENOMEM;
	for (i = 0; i < (size_t)1 << old_lg2; i++)
		le64_store_release(&dir[i], le64_load_relaxed(&old[i]));
	err = vtd_context_set_dir(vdev, dir, lg2);
	if (err) {
		vtd_fail_closed(vdev->u, "a PASID directory stays in use");
		if (!vtd_is_stopped(vdev->u)) {
			tab->old_dir = old;
			return -ETIMEDOUT;
		}
	}
	plat_pages_free(tab->plat, old, dir_size(old_lg2));
	return err ? -ETIMEDOUT : 0;
}

/*
 * With CAP.CM the unit may have cached that there was none; vtd_pasid_install()
 * takes care of that, as it invalidates the PASID before it shows the entry.
 */
static int make_leaf(struct vtd_pasidtab *tab, size_t index)
{
	struct vtd_pasid_dir pde = { { 0 } };
	le64_atomic *leaf = plat_pages_alloc(tab->plat, PAGE_SIZE);

	if (!leaf)
		return -ENOMEM;
	FIELD_SET(VTD_PASID_DIR_P, &pde, 1);
	vtd_pasid_dir_set_smptblptr(&pde, plat_virt_to_phys(tab->plat, leaf));
	/* Pairs with the unit's fetch: the table is zeroed by then. [R8] */
	le64_store_release(&tab->dir[index], pde.dw[0]);
	tab->leaves++;
	return 0;
}

int vtd_pasidtab_get(struct vtd_device *vdev, ioasid_t pasid,
		     le64_atomic **ret_slot)
{
	struct vtd_pasidtab *tab = &vdev->ptab;
	size_t index = pasid >> LEAF_LG2;
	int err = 0;

	if ((uint64_t)pasid >> tab->bits)
		return -EINVAL;
	if (index >> tab->dir_lg2)
		err = grow(vdev);
	if (!err && !leaf_of(tab, index))
		err = make_leaf(tab, index);
	if (!err)
		*ret_slot = vtd_pasidtab_find(tab, pasid);
	return err;
}
