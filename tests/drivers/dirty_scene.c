/* SPDX-License-Identifier: MIT */
#include "tests/drivers/dirty_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#define PAGE(n) ((uint64_t)(n) << 12)
#define LARGE   (UINT64_C(1) << 21)
#define R       ((unsigned int)IOMMU_PERM_READ)
#define RW      (R | (unsigned int)IOMMU_PERM_WRITE)

enum { A = 7, B = 8, PAGES = 16, WORDS = 8 };

/* Each line is something that goes wrong if hardware was not told of a step. */
#define EXPECT(cond)                                                           \
	do {                                                                   \
		if (!(cond) && !bad)                                           \
			bad = __LINE__;                                        \
	} while (0)

static uint64_t words[WORDS];

static int read_dirty(struct iommu_domain *d, uint64_t iova, uint64_t size,
		      unsigned int flags)
{
	struct iommu_dirty_bitmap bits = {
		.iova = iova,
		.page_lg2 = 12,
		.bit_count = size >> 12,
		.words = words,
	};

	memset(words, 0, sizeof(words));
	return iommu_read_and_clear_dirty(d, iova, size, flags, &bits);
}

/* Of the small pages, which are dirty: then they are clean. */
static uint64_t dirty(struct iommu_domain *d)
{
	assert_int_equal(read_dirty(d, 0, PAGE(PAGES), 0), 0);
	return words[0];
}

static unsigned int dirty_count(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < 64 * WORDS; i++)
		n += words[i / 64] >> i % 64 & 1;
	return n;
}

/* Without a translation of its own: 0, or where it goes. */
static uint64_t write_page(const struct dirty_bench *b, ioasid_t pasid,
			   uint64_t va)
{
	return atc_dma(b->atc, b->atc->port, pasid, va, RW);
}

static int small_pages(const struct dirty_bench *b, struct iommu_domain *d)
{
	int bad = 0;

	/* Cached as written before anybody counts. */
	EXPECT(write_page(b, A, PAGE(1)));
	assert_int_equal(iommu_set_dirty_tracking(d, true), 0);
	EXPECT(dirty(d) == 0);
	EXPECT(write_page(b, A, PAGE(1)));
	EXPECT(dirty(d) == 1 << 1);
	EXPECT(dirty(d) == 0);
	/* Cached as dirty when it was made clean. */
	EXPECT(write_page(b, A, PAGE(1)));
	EXPECT(write_page(b, A, PAGE(3)));
	assert_int_equal(read_dirty(d, 0, PAGE(PAGES), IOMMU_DIRTY_NO_CLEAR),
			 0);
	EXPECT(words[0] == (1 << 1 | 1 << 3));
	EXPECT(dirty(d) == (1 << 1 | 1 << 3));
	/* With a translation the device writes unseen: it asks again. */
	EXPECT(atc_ask(b->atc, A, PAGE(4), RW));
	EXPECT(dirty(d) == 1 << 4);
	EXPECT(!atc_has(b->atc, A, PAGE(4)));
	EXPECT(atc_ask(b->atc, A, PAGE(4), RW));
	EXPECT(dirty(d) == 1 << 4);
	/* What is not written is not noted. */
	EXPECT(!write_page(b, A, PAGE(2)));
	EXPECT(dirty(d) == 0);
	return bad;
}

/* A pair that comes later, pages that do, and a pause. */
static int later(const struct dirty_bench *b, struct iommu_domain *d)
{
	int bad = 0;

	assert_int_equal(iommu_attach_device_pasid(d, b->dev, B), 0);
	EXPECT(write_page(b, B, PAGE(5)));
	EXPECT(dirty(d) == 1 << 5);
	assert_int_equal(iommu_unmap(d, PAGE(5), PAGE(2), NULL), 0);
	assert_int_equal(iommu_map(d, PAGE(5), PAGE(0x505), PAGE(2), RW), 0);
	EXPECT(dirty(d) == 0);
	EXPECT(write_page(b, B, PAGE(6)) == PAGE(0x506));
	EXPECT(dirty(d) == 1 << 6);
	assert_int_equal(iommu_set_dirty_tracking(d, false), 0);
	assert_int_equal(read_dirty(d, 0, PAGE(PAGES), 0), -EINVAL);
	EXPECT(write_page(b, A, PAGE(6)));
	EXPECT(write_page(b, B, PAGE(7)));
	assert_int_equal(iommu_set_dirty_tracking(d, true), 0);
	EXPECT(dirty(d) == 0);
	EXPECT(write_page(b, A, PAGE(6)));
	EXPECT(write_page(b, B, PAGE(7)));
	EXPECT(dirty(d) == (1 << 6 | 1 << 7));
	iommu_detach_device_pasid(d, b->dev, B);
	return bad;
}

/* One write makes all of it dirty, until it is small. */
static int large_page(const struct dirty_bench *b, struct iommu_domain *d)
{
	int bad = 0;

	EXPECT(write_page(b, A, LARGE + PAGE(9)));
	assert_int_equal(read_dirty(d, LARGE + PAGE(8), PAGE(4), 0), -EINVAL);
	assert_int_equal(read_dirty(d, LARGE + PAGE(8), PAGE(4),
				    IOMMU_DIRTY_NO_CLEAR),
			 0);
	EXPECT(words[0] == 0xf);
	assert_int_equal(read_dirty(d, LARGE, LARGE, 0), 0);
	EXPECT(dirty_count() == 512);
	EXPECT(write_page(b, A, LARGE + PAGE(9)));
	assert_int_equal(read_dirty(d, LARGE, LARGE, IOMMU_DIRTY_SPLIT), 0);
	EXPECT(dirty_count() == 512);
	EXPECT(write_page(b, A, LARGE + PAGE(9)) == 8 * LARGE + PAGE(9));
	EXPECT(write_page(b, A, LARGE + PAGE(511)));
	assert_int_equal(read_dirty(d, LARGE, LARGE, 0), 0);
	EXPECT(dirty_count() == 2);
	EXPECT(words[0] == 1 << 9 && words[7] == UINT64_C(1) << 63);
	/* What was not written is large still. */
	EXPECT(write_page(b, A, 2 * LARGE));
	assert_int_equal(read_dirty(d, 2 * LARGE, LARGE, 0), 0);
	EXPECT(dirty_count() == 512);
	return bad;
}

int dirty_scene(const struct dirty_bench *b)
{
	struct iommu_domain *d;
	int bad, more;

	assert_int_equal(iommu_domain_alloc(b->unit, IOMMU_DOMAIN_PAGING, &d),
			 0);
	assert_int_equal(iommu_attach_device_pasid(d, b->dev, A), 0);
	assert_int_equal(iommu_map(d, 0, PAGE(0x100), PAGE(2), RW), 0);
	assert_int_equal(iommu_map(d, PAGE(2), PAGE(0x102), PAGE(1), R), 0);
	assert_int_equal(
		iommu_map(d, PAGE(3), PAGE(0x103), PAGE(PAGES - 3), RW), 0);
	assert_int_equal(iommu_map(d, LARGE, 8 * LARGE, 2 * LARGE, RW), 0);
	bad = small_pages(b, d);
	more = later(b, d);
	bad = bad ? bad : more;
	more = large_page(b, d);
	bad = bad ? bad : more;
	iommu_detach_device_pasid(d, b->dev, A);
	assert_int_equal(iommu_domain_free(d), 0);
	return bad;
}
