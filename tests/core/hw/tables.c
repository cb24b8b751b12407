/* SPDX-License-Identifier: MIT */
/*
 * The tests' tables have one level and a format of their own, and only
 * mock_cfg.walk() knows it. The model reads tables of its vendor's, which are
 * made up as it reads them: four levels of 512 entries, of which the first
 * entry of each leads on, and a last one of pages.
 *
 * The first of them is where the test's table is. The others have addresses at
 * which there is no memory: MADE_UP, the number of the root, the level.
 */
#include "tests/core/hw/shim.h"

#define MADE_UP    (UINT64_C(1) << 47)
#define ROOT_SHIFT 16u
#define TABLE_LG2  12u
#define LAST_LEVEL 3u /* 0 is the root */
#define NO_ROOT    SHIM_ROOTS

static uint64_t made_up(unsigned int root, uint64_t level)
{
	return MADE_UP | (uint64_t)root << ROOT_SHIFT | level << TABLE_LG2;
}

/* Lock held. */
static unsigned int find_root(struct mock *m, uint64_t pa)
{
	unsigned int i;

	for (i = 0; i < SHIM_ROOTS; i++)
		if (m->roots[i].uses && m->roots[i].pa == pa)
			return i;
	return NO_ROOT;
}

static uint64_t page_of(struct mock *m, uint64_t root, uint64_t index)
{
	uint64_t va = index << TABLE_LG2, pa;

	if (!m->cfg.walk || !m->cfg.walk(root, va, IOMMU_PERM_READ, &pa))
		return 0;
	return shim_vendor.page(pa,
				m->cfg.walk(root, va, IOMMU_PERM_WRITE, &pa));
}

bool shim_table_load(struct mock *m, uint64_t pa, uint64_t *ret_value)
{
	uint64_t page = pa >> TABLE_LG2 << TABLE_LG2, root = 0, level = 0;
	uint64_t index = (pa - page) / 8;
	unsigned int i;

	pthread_mutex_lock(&m->lock);
	if (pa & MADE_UP) {
		i = pa >> ROOT_SHIFT & (SHIM_ROOTS - 1);
		level = pa >> TABLE_LG2 & LAST_LEVEL;
	} else {
		i = find_root(m, page);
	}
	if (i != NO_ROOT)
		root = m->roots[i].pa;
	pthread_mutex_unlock(&m->lock);
	if (i == NO_ROOT)
		return false;
	if (level == LAST_LEVEL)
		*ret_value = page_of(m, root, index);
	else
		*ret_value = index ? 0 :
				     shim_vendor.table(made_up(i, level + 1));
	return true;
}

static bool root_of(struct iommu_mm *mm, uint64_t *ret_pa)
{
	struct iommu_mm_table t;

	if (mm->ops->get_table(mm, shim_vendor.fmt, &t))
		return false;
	*ret_pa = t.root;
	return true;
}

void shim_root_get(struct mock *m, struct iommu_mm *mm)
{
	unsigned int i;
	uint64_t pa;

	if (!root_of(mm, &pa))
		return;
	pthread_mutex_lock(&m->lock);
	i = find_root(m, pa);
	if (i == NO_ROOT)
		for (i = 0; i < SHIM_ROOTS - 1 && m->roots[i].uses; i++)
			;
	m->roots[i].pa = pa;
	m->roots[i].uses++;
	pthread_mutex_unlock(&m->lock);
}

void shim_root_put(struct mock *m, struct iommu_mm *mm)
{
	unsigned int i;
	uint64_t pa;

	if (!root_of(mm, &pa))
		return;
	pthread_mutex_lock(&m->lock);
	i = find_root(m, pa);
	if (i != NO_ROOT)
		m->roots[i].uses--;
	pthread_mutex_unlock(&m->lock);
}
