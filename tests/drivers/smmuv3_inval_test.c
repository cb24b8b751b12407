/* SPDX-License-Identifier: MIT */
/*
 * What is invalidated for a range of addresses, against pages counted one by
 * one and commands decoded here, from IHI 0070 4.4.1.1 and 4.5.1; and what
 * happens when it cannot be. [L6] [L7] [L9] [R9]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/inval.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"
#include "tests/support/random.h"

#define PAGES_MAX 4096u
#define ASID      0x1234u

static struct fake *make(bool ranges, bool ds)
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	fake_init(f);
	f->idr[3] |= (uint32_t)ranges << 10; /* RIL */
	f->idr[5] |= (uint32_t)ds << 7;
	assert_int_equal(fake_probe(f), 0);
	fake_ops_clear(f);
	return f;
}

static void unmake(struct fake *f)
{
	fake_fini(f);
	free(f);
}

/* A run of addresses; both ends included, as the last may be the very top. */
struct run {
	uint64_t first, last;
};

/* The legal ways to say it; NULL: this is none. */
static const char *decode_tlbi(const struct smmu_cmd *cmd, unsigned int g,
			       bool ranges, bool ds, struct run *ret_run)
{
	uint64_t d0 = cmd->dw[0], d1 = cmd->dw[1];
	uint64_t num = d0 >> 12 & 31, scale = d0 >> 20 & 63;
	uint64_t tg = d1 >> 10 & 3, ttl = d1 >> 8 & 3;
	uint64_t addr = d1 & ~UINT64_C(0xfff), size;

	if ((d0 & 0xff) != 0x12 || d0 >> 48 != ASID)
		return "not CMD_TLBI_NH_VA of this ASID";
	if (d0 & UINT64_C(0x0000fffffc0e0f00))
		return "VMID or reserved bits";
	if (d1 & 1)
		return "tables above may have gone too";
	if (d1 & 0xfe)
		return "TTL128 or reserved bits";
	if (tg == 0) {
		if (num || scale || ttl)
			return "a range without a granule";
		ret_run->first = addr >> g << g;
		ret_run->last = ret_run->first + (UINT64_C(1) << g) - 1;
		return NULL;
	}
	if (!ranges)
		return "a range without RIL";
	if (tg != (g - 10) / 2)
		return "another granule";
	if (scale > (ds ? 39u : 31u))
		return "a scale that is too large";
	if (!num && !scale && !ttl)
		return "the reserved combination";
	if (addr & ((UINT64_C(1) << g) - 1))
		return "not aligned to the granule";
	if (ttl)
		return "a level nobody knows";
	size = (num + 1) << scale;
	ret_run->first = addr;
	ret_run->last = addr + (size << g) - 1;
	return ret_run->last < addr ? "beyond the top" : NULL;
}

/* All of it: the commands of the fake cover [start, end) and nothing else. */
static const char *check_cover(struct fake *f, unsigned int g, bool ranges,
			       bool ds, uint64_t start, uint64_t end)
{
	static uint8_t hits[PAGES_MAX + 2];
	uint64_t page = UINT64_C(1) << g;
	uint64_t base = start >> g, pages = ((end - 1) >> g) - base + 1;
	uint64_t total = 0;
	size_t i, p;

	memset(hits, 0, sizeof(hits));
	for (i = 0; i < f->op_count; i++) {
		const struct smmu_cmd *cmd = fake_cmd(f, i);
		const char *bad;
		struct run run;

		if ((cmd->dw[0] & 0xff) == 0x46)
			continue;
		bad = decode_tlbi(cmd, g, ranges, ds, &run);
		if (bad)
			return bad;
		if (run.first >> g < base || (run.last >> g) - base >= pages)
			return "more than was asked for";
		total += (run.last - run.first) / page + 1;
		if (pages > PAGES_MAX) {
			/* In order, each where the one before ended. */
			if ((run.last >> g) - base + 1 != total)
				return "a gap";
			continue;
		}
		for (p = (run.first >> g) - base; p <= (run.last >> g) - base;
		     p++)
			hits[p]++;
	}
	for (p = 0; pages <= PAGES_MAX && p < pages; p++)
		if (hits[p] != 1)
			return "a page missed, or hit twice";
	return total == pages ? NULL : "a gap at the end";
}

static bool by_asid(struct fake *f)
{
	return f->op_count == 2 &&
	       fake_cmd(f, 0)->dw[0] == ((uint64_t)ASID << 48 | 0x11) &&
	       fake_cmd(f, 0)->dw[1] == 0;
}

static void invalidate(struct fake *f, unsigned int g, unsigned int va_bits,
		       uint64_t start, uint64_t end)
{
	struct smmuv3_domain d = {
		.smmu = to_smmuv3(f->unit),
		.asid = ASID,
		.table = { .granule_lg2 = g, .va_bits = va_bits },
	};
	struct smmuv3_batch batch;

	fake_ops_clear(f);
	smmuv3_batch_init(&batch, d.smmu);
	(void)smmuv3_add_tlbi_range(&batch, &d, start, end);
	assert_int_equal(smmuv3_batch_sync(&batch), 0);
}

static void one_range(struct fake *f, unsigned int g, unsigned int va_bits,
		      bool ranges, bool ds, uint64_t start, uint64_t end)
{
	uint64_t limit = UINT64_C(1) << va_bits, most = 1u << (g - 3);
	uint64_t pages;
	const char *bad;

	invalidate(f, g, va_bits, start, end);
	if (start >= limit) {
		assert_int_equal(f->op_count, 0);
		return;
	}
	if (end > limit)
		end = limit;
	pages = ((end - 1) >> g) - (start >> g) + 1;
	if (by_asid(f)) {
		/* Everything, or too many without ranges. */
		assert_true(pages == limit >> g || (!ranges && pages > most));
		return;
	}
	/* A handful, or one each. */
	if (ranges)
		assert_true(f->op_count <= 1 + (va_bits - g + 4) / 5 + 8);
	else
		assert_true(pages <= most);
	bad = check_cover(f, g, ranges, ds, start, end);
	if (bad)
		print_error("granule %u, [%#llx, %#llx): %s\n", g,
			    (unsigned long long)start, (unsigned long long)end,
			    bad);
	assert_null(bad);
}

/* Of any length, so that every bit of the count is used. */
static void random_range(uint64_t *rng, unsigned int va_bits, unsigned int g,
			 uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t limit = UINT64_C(1) << va_bits;
	uint64_t x = next_random(rng);
	uint64_t span = 1 + (next_random(rng) &
			     ((UINT64_C(1) << (1 + x % va_bits)) - 1));
	uint64_t start = next_random(rng) & (limit - 1);

	if (x & 0x100) /* on pages, as most are */
		start = start >> g << g;
	if (x & 0x200)
		span = (span >> g << g) + (UINT64_C(1) << g);
	*ret_start = start;
	*ret_end = start + span;
}

/* [L7]: exactly, with ranges and without, for every granule and width. */
static void test_smmuv3_inval_tlbi_covers_exactly(void **state)
{
	static const unsigned int granules[] = { 12, 14, 16 };
	static const unsigned int widths[] = { 25, 39, 48, 52 };
	uint64_t rng = 0x1234567, start, end;
	unsigned int kind, i, j, n;

	(void)state;
	for (kind = 0; kind < 3; kind++) {
		bool ranges = kind, ds = kind == 2;
		struct fake *f = make(ranges, ds);

		for (i = 0; i < 3; i++)
			for (j = 0; j < 4; j++)
				for (n = 0; n < 400; n++) {
					random_range(&rng, widths[j],
						     granules[i], &start, &end);
					one_range(f, granules[i], widths[j],
						  ranges, ds, start, end);
				}
		unmake(f);
	}
}

/* The corners: where NUM, SCALE and the threshold change. */
static void test_smmuv3_inval_tlbi_corners(void **state)
{
	static const unsigned int granules[] = { 12, 14, 16 };
	unsigned int kind, i, bit;

	(void)state;
	for (kind = 0; kind < 3; kind++) {
		bool ranges = kind, ds = kind == 2;
		struct fake *f = make(ranges, ds);

		for (i = 0; i < 3; i++) {
			unsigned int g = granules[i];

			for (bit = g; bit < 52; bit++) {
				uint64_t n = UINT64_C(1) << bit;
				uint64_t page = UINT64_C(1) << g;

				one_range(f, g, 52, ranges, ds, 0, n);
				one_range(f, g, 52, ranges, ds, page, n + page);
				one_range(f, g, 52, ranges, ds, 0, n - 1);
				one_range(f, g, 52, ranges, ds, 0, n + 1);
				one_range(f, g, 52, ranges, ds, n - 1, n + 1);
				one_range(f, g, 52, ranges, ds, page,
					  n + (page << 5));
			}
			one_range(f, g, 48, ranges, ds, 0, UINT64_MAX);
			assert_true(by_asid(f));
			one_range(f, g, 48, ranges, ds, UINT64_C(1) << g,
				  UINT64_MAX);
			one_range(f, g, 48, ranges, ds, UINT64_C(1) << 48,
				  UINT64_MAX);
			one_range(f, g, 48, ranges, ds, (UINT64_C(1) << 48) - 1,
				  UINT64_MAX);
		}
		unmake(f);
	}
}

/* Without ranges: as many commands as a table has entries, and no more. */
static void test_smmuv3_inval_threshold_follows_the_granule(void **state)
{
	static const unsigned int granules[] = { 12, 14, 16 };
	struct fake *f = make(false, false);
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		unsigned int g = granules[i];
		uint64_t most = UINT64_C(1) << (g - 3);

		invalidate(f, g, 48, 0x10000, 0x10000 + (most << g));
		assert_int_equal(fake_count(f, 0x12), most);
		invalidate(f, g, 48, 0x10000, 0x10000 + (most << g) + 1);
		assert_true(by_asid(f));
	}
	unmake(f);
}

/* The oracle's own: what is wrong by one bit is seen. */
static void test_smmuv3_inval_oracle_sees_wrong_commands(void **state)
{
	struct fake *f = make(true, false);
	struct smmu_cmd *cmd;
	unsigned int bit, seen = 0, all = 0;

	(void)state;
	/* 2 and 32 pages, then 1024: three commands */
	invalidate(f, 12, 48, 0x5000, 0x5000 + ((2 + 32 + 1024) << 12));
	assert_null(check_cover(f, 12, true, false, 0x5000,
				0x5000 + ((2 + 32 + 1024) << 12)));
	cmd = &f->ops[1].cmd;
	for (bit = 0; bit < 128; bit++) {
		cmd->dw[bit / 64] ^= UINT64_C(1) << bit % 64;
		all++;
		seen += check_cover(f, 12, true, false, 0x5000,
				    0x5000 + ((2 + 32 + 1024) << 12)) != NULL;
		cmd->dw[bit / 64] ^= UINT64_C(1) << bit % 64;
	}
	assert_int_equal(seen, all);
	/* One too few, one too many. */
	f->op_count -= 2;
	assert_non_null(check_cover(f, 12, true, false, 0x5000,
				    0x5000 + ((2 + 32 + 1024) << 12)));
	f->op_count += 2;
	assert_non_null(check_cover(f, 12, true, false, 0x5000,
				    0x6000 + ((2 + 32 + 1024) << 12)));
	assert_non_null(check_cover(f, 12, true, false, 0x5000,
				    0x4000 + ((2 + 32 + 1024) << 12)));
	unmake(f);
}

/* [L6]: no smaller aligned power of two covers it. By trying them all. */
static void check_atc(uint64_t start, uint64_t end)
{
	struct smmu_cmd cmd = smmuv3_make_atc_inv(7, true, 9, start, end);
	unsigned int size;

	assert_int_equal(cmd.dw[0],
			 UINT64_C(7) << 32 | 9 << 12 | 1 << 11 | 0x40);
	for (size = 0; size < 52; size++)
		if (start >> (12 + size) == (end - 1) >> (12 + size))
			break;
	assert_int_equal(cmd.dw[1] & 0x3f, size);
	assert_int_equal(cmd.dw[1] & 0xfc0, 0);
	if (size < 52)
		assert_int_equal(cmd.dw[1] & ~UINT64_C(0xfff),
				 start >> (12 + size) << (12 + size));
	else
		assert_int_equal(cmd.dw[1], 52);
}

static void test_smmuv3_inval_atc_is_the_smallest_cover(void **state)
{
	uint64_t rng = 77, start, end;
	unsigned int n, bit;

	(void)state;
	for (n = 0; n < 20000; n++) {
		random_range(&rng, 63, 12, &start, &end);
		check_atc(start, end);
	}
	for (bit = 12; bit < 64; bit++) {
		check_atc(0, UINT64_C(1) << bit);
		check_atc((UINT64_C(1) << bit) - 1, (UINT64_C(1) << bit) + 1);
		check_atc(UINT64_C(1) << bit, (UINT64_C(1) << bit) + 1);
	}
	check_atc(0, UINT64_MAX);
}

/* An address space on a device with ATS, and one that has none. */
struct bound {
	struct fake *f;
	struct iommu_device *dev;
	struct fake_mm mm;
	struct iommu_domain *d;
};

static void start(struct bound *b)
{
	memset(b, 0, sizeof(*b));
	b->f = make(true, false);
	b->dev = fake_pci_device(b->f, 0x42);
	fake_mm_init(&b->mm, b->f);
	assert_int_equal(iommu_domain_alloc_sva(b->f->unit, &b->mm.mm, &b->d),
			 0);
	assert_int_equal(iommu_attach_device_pasid(b->d, b->dev, 5), 0);
	fake_ops_clear(b->f);
}

static void stop(struct bound *b)
{
	iommu_detach_device_pasid(b->d, b->dev, 5);
	assert_int_equal(iommu_domain_free(b->d), 0);
	if (!b->mm.exited)
		iommu_mm_put_users(&b->mm.mm);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	unmake(b->f);
}

static bool open_for_traffic(const struct fake *f)
{
	return f->reg[SMMU_CR0ACK / 4] & 1;
}

static unsigned int eats(struct bound *b)
{
	return fake_ste(b->f, 0x42)[1] >> 28 & 3;
}

/* [R9]: a TLBI the SMMU refuses is made up for by ASID; the ATC comes after. */
static void test_smmuv3_inval_refused_range_goes_by_asid(void **state)
{
	size_t tlbi, atc;
	struct bound b;

	(void)state;
	start(&b);
	b.f->fail_op = 0x12;
	b.f->fail_code = 1;
	b.f->fail_times = 1;
	iommu_mm_invalidate_range(&b.mm.mm, 0x1000, 0x3000);
	assert_true(open_for_traffic(b.f));
	tlbi = fake_find(b.f, 0x11, 0);
	assert_true(tlbi != SIZE_MAX);
	assert_true(fake_find(b.f, 0x46, tlbi) != SIZE_MAX);
	atc = fake_find(b.f, 0x40, tlbi);
	assert_true(atc != SIZE_MAX && atc > fake_find(b.f, 0x46, tlbi));
	assert_int_equal(eats(&b), 1);
	stop(&b);
}

/* Neither way: nothing that was to go may be used any more. */
static void test_smmuv3_inval_refused_altogether_fails_closed(void **state)
{
	struct smmuv3_stats stats;
	struct bound b;

	(void)state;
	start(&b);
	b.f->fail_op = 0x11;
	b.f->fail_code = 1;
	b.f->fail_times = 1;
	iommu_mm_invalidate_range(&b.mm.mm, 0, UINT64_MAX);
	/* Once more, and it was done. */
	assert_true(open_for_traffic(b.f));
	assert_int_equal(fake_count(b.f, 0x11), 1);
	b.f->fail_times = 2;
	iommu_mm_invalidate_range(&b.mm.mm, 0, UINT64_MAX);
	assert_false(open_for_traffic(b.f));
	assert_int_equal(b.f->reg[SMMU_GBPA / 4] >> 20 & 1, 1);
	smmuv3_stats(b.f->unit, &stats);
	assert_int_equal(stats.failed_closed, 1);
	assert_int_equal(stats.command_errors, 3);
	stop(&b);
}

/* The same for what is left of an address space that has gone: its CD. [R6] */
static void test_smmuv3_inval_refused_cd_fails_closed(void **state)
{
	struct bound b;

	(void)state;
	start(&b);
	b.f->fail_op = 0x05;
	b.f->fail_code = 1;
	b.f->fail_times = 1;
	iommu_mm_put_users(&b.mm.mm);
	assert_true(b.mm.exited);
	assert_false(open_for_traffic(b.f));
	stop(&b);
}

/*
 * [L10] [R9]: with a queue that stands still, traffic has ended by the time
 * the notifier returns, for a device without ATS as for any other.
 */
static void test_smmuv3_inval_dead_queue_fails_closed(void **state)
{
	struct bound b;

	(void)state;
	start(&b);
	b.f->no_consume = true;
	iommu_mm_invalidate_range(&b.mm.mm, 0x1000, 0x3000);
	assert_false(open_for_traffic(b.f));
	assert_int_equal(b.f->reg[SMMU_GBPA / 4] >> 20 & 1, 1);
	assert_true(smmuv3_is_stopped(to_smmuv3(b.f->unit)));
	/* No way back by itself; everything can be taken apart. */
	b.f->no_consume = false;
	iommu_mm_invalidate_range(&b.mm.mm, 0x1000, 0x3000);
	assert_false(open_for_traffic(b.f));
	stop(&b);
}

/* A CMD_SYNC behind an ATC invalidation of stream 0x42 fails. */
static void mute_0x42(struct fake *f, const struct smmu_cmd *cmd)
{
	bool *pending = f->hook_arg;

	if ((cmd->dw[0] & 0xff) == 0x40 && cmd->dw[0] >> 32 == 0x42)
		*pending = true;
	if ((cmd->dw[0] & 0xff) == 0x46 && *pending) {
		*pending = false;
		f->fail_op = 0x46;
		f->fail_code = 3;
		f->fail_times = 1;
	}
}

/* The device that does not answer is cut off, the others are not. [L10] */
static void test_smmuv3_inval_mute_device_is_cut_off_alone(void **state)
{
	struct iommu_device *other;
	bool pending = false;
	struct bound b;

	(void)state;
	start(&b);
	other = fake_pci_device(b.f, 0x43);
	assert_int_equal(iommu_attach_device_pasid(b.d, other, 5), 0);
	assert_int_equal(eats(&b), 1);
	b.f->hook_arg = &pending;
	b.f->hook = mute_0x42;
	iommu_mm_invalidate_range(&b.mm.mm, 0x1000, 0x3000);
	assert_int_equal(eats(&b), 0);
	assert_int_equal(fake_ste(b.f, 0x43)[1] >> 28 & 3, 1);
	assert_true(open_for_traffic(b.f));
	/* It is not waited for any more. */
	fake_ops_clear(b.f);
	iommu_mm_invalidate_range(&b.mm.mm, 0x1000, 0x3000);
	assert_int_equal(fake_count(b.f, 0x40), 1);
	assert_int_equal(fake_cmd(b.f, fake_find(b.f, 0x40, 0))->dw[0] >> 32,
			 0x43);
	b.f->hook = NULL;
	iommu_detach_device_pasid(b.d, other, 5);
	assert_int_equal(iommu_device_remove(other), 0);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_inval_tlbi_covers_exactly),
		cmocka_unit_test(test_smmuv3_inval_tlbi_corners),
		cmocka_unit_test(
			test_smmuv3_inval_threshold_follows_the_granule),
		cmocka_unit_test(test_smmuv3_inval_oracle_sees_wrong_commands),
		cmocka_unit_test(test_smmuv3_inval_atc_is_the_smallest_cover),
		cmocka_unit_test(test_smmuv3_inval_refused_range_goes_by_asid),
		cmocka_unit_test(
			test_smmuv3_inval_refused_altogether_fails_closed),
		cmocka_unit_test(test_smmuv3_inval_refused_cd_fails_closed),
		cmocka_unit_test(test_smmuv3_inval_dead_queue_fails_closed),
		cmocka_unit_test(
			test_smmuv3_inval_mute_device_is_cut_off_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
