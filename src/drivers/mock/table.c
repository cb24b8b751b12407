/* SPDX-License-Identifier: MIT */
/* The table of the mock's paging domains. */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "drivers/mock/priv.h"

static le64_atomic *table_at(struct mock *mock, uint64_t root)
{
	return plat_phys_to_virt(mock->plat, root);
}

static unsigned int index_of(uint64_t va, unsigned int level)
{
	return va >> (12 + 9 * level) & 511;
}

int mock_table_alloc(struct mock *mock, uint64_t *ret_root)
{
	void *table = plat_pages_alloc(mock->plat, MOCK_TABLE_BYTES);

	if (!table)
		return -ENOMEM;
	memset(table, 0xff, MOCK_TABLE_BYTES);
	*ret_root = plat_virt_to_phys(mock->plat, table);
	return 0;
}

static void free_level(struct mock *mock, uint64_t root, unsigned int level)
{
	le64_atomic *table = table_at(mock, root);
	unsigned int i;

	for (i = 0; level && i < 512; i++) {
		uint64_t pte = le64_load_relaxed(&table[i]);

		if (!(pte & MOCK_INVALID))
			free_level(mock, pte & MOCK_ADDRESS, level - 1);
	}
	plat_pages_free(mock->plat, table_at(mock, root), MOCK_TABLE_BYTES);
}

void mock_table_free(struct mock *mock, uint64_t root)
{
	free_level(mock, root, MOCK_LEVELS - 1);
}

/* The leaf word of @va; tables are made if @make. NULL: none, no memory. */
static le64_atomic *leaf_of(struct mock *mock, uint64_t root, uint64_t va,
			    bool make)
{
	unsigned int level;

	for (level = MOCK_LEVELS - 1; level; level--) {
		le64_atomic *pte = &table_at(mock, root)[index_of(va, level)];
		/* Pairs with the release below: the table is filled. */
		uint64_t word = le64_load_acquire(pte);

		if (word & MOCK_INVALID) {
			if (!make || mock_table_alloc(mock, &word))
				return NULL;
			le64_store_release(pte, word);
		}
		root = word & MOCK_ADDRESS;
	}
	return &table_at(mock, root)[index_of(va, 0)];
}

uint64_t mock_denials(unsigned int perm)
{
	uint64_t word = 0;

	if (!(perm & IOMMU_PERM_READ))
		word |= MOCK_PTE_NO_READ;
	if (!(perm & IOMMU_PERM_WRITE))
		word |= MOCK_PTE_NO_WRITE;
	if (!(perm & IOMMU_PERM_EXEC))
		word |= MOCK_PTE_NO_EXEC;
	return word;
}

bool mock_table_walk(struct mock *mock, uint64_t root, uint64_t va,
		     unsigned int perm, uint64_t *ret_pa)
{
	uint64_t wanted =
		~mock_denials(perm) &
		(MOCK_PTE_NO_READ | MOCK_PTE_NO_WRITE | MOCK_PTE_NO_EXEC);
	le64_atomic *leaf;
	uint64_t word;

	if (va >> MOCK_VA_BITS)
		return false;
	leaf = leaf_of(mock, root, va, false);
	if (!leaf)
		return false;
	word = le64_load_acquire(leaf);
	do {
		if (word & MOCK_INVALID || word & wanted)
			return false;
		/* A write makes it dirty, in one piece with the look at it. */
	} while (perm & IOMMU_PERM_WRITE && word & MOCK_PTE_CLEAN &&
		 !le64_cmpxchg(leaf, &word, word & ~MOCK_PTE_CLEAN));
	*ret_pa = (word & MOCK_ADDRESS) | (va & 4095);
	return true;
}

/* Takes [iova, iova + size) out; how many bytes there were. */
static uint64_t clear_range(struct mock_domain *md, uint64_t iova,
			    uint64_t size)
{
	uint64_t done, cleared = 0;

	for (done = 0; done < size; done += 4096) {
		le64_atomic *leaf =
			leaf_of(md->mock, md->root, iova + done, false);

		if (!leaf || le64_load_relaxed(leaf) & MOCK_INVALID)
			continue;
		le64_store_release(leaf, UINT64_MAX);
		cleared += 4096;
	}
	return cleared;
}

static int map_range(struct mock_domain *md, uint64_t iova, uint64_t pa,
		     uint64_t size, unsigned int perm)
{
	uint64_t done;
	int err;

	for (done = 0; done < size; done += 4096) {
		le64_atomic *leaf =
			leaf_of(md->mock, md->root, iova + done, true);

		err = !leaf                                  ? -ENOMEM :
		      le64_load_relaxed(leaf) & MOCK_INVALID ? 0 :
							       -EEXIST;
		if (err) {
			clear_range(md, iova, done);
			mock_forget_range(md->mock, &md->domain, iova,
					  iova + done);
			return err;
		}
		le64_store_release(leaf, ((pa + done) & MOCK_ADDRESS) |
						 mock_denials(perm) |
						 (md->domain.dirty_tracking ?
							  MOCK_PTE_CLEAN :
							  0));
	}
	return 0;
}

int mock_op_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		uint64_t size, unsigned int perm)
{
	struct mock_domain *md = to_mock_domain(domain);
	int err = mock_enter(md->mock, MOCK_OP_MAP, NULL, IOMMU_NO_PASID);

	if (err)
		return err;
	if ((iova + (size - 1)) >> MOCK_VA_BITS || (pa + (size - 1)) >> 52)
		return -EINVAL;
	return map_range(md, iova, pa, size, perm);
}

int mock_op_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		  struct iommu_iotlb_gather *gather, uint64_t *ret_unmapped)
{
	struct mock_domain *md = to_mock_domain(domain);
	int err = mock_enter(md->mock, MOCK_OP_UNMAP, NULL, IOMMU_NO_PASID);

	if (err)
		return err;
	if ((iova + (size - 1)) >> MOCK_VA_BITS)
		return -EINVAL;
	*ret_unmapped = clear_range(md, iova, size);
	if (*ret_unmapped)
		iommu_gather_add(gather, iova, iova + (size - 1));
	return 0;
}

static bool is_dirty(uint64_t word)
{
	return !(word & (MOCK_INVALID | MOCK_PTE_NO_WRITE | MOCK_PTE_CLEAN));
}

/* Pages of [iova, last] that are dirty: for read, unless NULL; clean if clear. */
struct dirty_walk {
	struct mock *mock;
	uint64_t iova, last;
	bool clear;
	struct iommu_dirty_read *read;
};

static void read_leaf(const struct dirty_walk *w, le64_atomic *leaf,
		      uint64_t va)
{
	uint64_t word = le64_load_relaxed(leaf);

	if (!is_dirty(word))
		return;
	if (w->read)
		iommu_dirty_add(w->read, va, 12);
	/* The hardware changes nothing of what is dirty. */
	if (w->clear)
		le64_store_release(leaf, word | MOCK_PTE_CLEAN);
}

static void read_level(const struct dirty_walk *w, uint64_t root,
		       unsigned int level, uint64_t base)
{
	uint64_t bytes = BIT(12 + 9 * level);
	unsigned int i;

	for (i = 0; i < 512; i++, base += bytes) {
		le64_atomic *pte = &table_at(w->mock, root)[i];
		uint64_t word = le64_load_relaxed(pte);

		if (base > w->last || base + (bytes - 1) < w->iova)
			continue;
		if (!level)
			read_leaf(w, pte, base);
		else if (!(word & MOCK_INVALID))
			read_level(w, word & MOCK_ADDRESS, level - 1, base);
	}
}

int mock_op_set_dirty_tracking(struct iommu_domain *domain, bool on)
{
	struct mock_domain *md = to_mock_domain(domain);
	int err = mock_enter(md->mock, MOCK_OP_DIRTY, NULL, IOMMU_NO_PASID);
	struct dirty_walk all = { .last = UINT64_MAX, .clear = true };

	if (err)
		return err;
	if (md->mock->cfg.no_dirty)
		return -EOPNOTSUPP;
	if (!on)
		return 0;
	all.mock = md->mock;
	read_level(&all, md->root, MOCK_LEVELS - 1, 0);
	mock_forget_range(md->mock, domain, 0, UINT64_MAX);
	return 0;
}

/* There are no larger pages to split. */
int mock_op_read_dirty(struct iommu_domain *domain, uint64_t iova,
		       uint64_t size, unsigned int flags,
		       struct iommu_dirty_read *read)
{
	struct mock_domain *md = to_mock_domain(domain);
	int err = mock_enter(md->mock, MOCK_OP_DIRTY, NULL, IOMMU_NO_PASID);
	struct dirty_walk w = {
		.mock = md->mock,
		.iova = iova,
		.last = iova + (size - 1),
		.clear = !(flags & IOMMU_DIRTY_NO_CLEAR),
		.read = read,
	};

	if (!err)
		read_level(&w, md->root, MOCK_LEVELS - 1, 0);
	return err;
}

/* Tables stay until the domain goes. */
int mock_op_iotlb_sync(struct iommu_domain *domain,
		       struct iommu_iotlb_gather *gather)
{
	struct mock_domain *md = to_mock_domain(domain);
	int err = mock_enter(md->mock, MOCK_OP_SYNC, NULL, IOMMU_NO_PASID);

	if (!err)
		mock_forget_range(md->mock, domain, gather->start,
				  gather->last + 1);
	return err;
}

int mock_op_iova_to_phys(struct iommu_domain *domain, uint64_t iova,
			 uint64_t *ret_pa)
{
	struct mock_domain *md = to_mock_domain(domain);

	return mock_table_walk(md->mock, md->root, iova, 0, ret_pa) ? 0 :
								      -ENOENT;
}
