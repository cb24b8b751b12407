/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: every field of them, how ranges are cut, and the order within a
 * batch. VT-d 6.5.2.1 to 6.5.2.9, 6.5.2.12. [L7] [N4] [R3] [R9]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/drivers/vtd_fake.h"
#include "tests/support/random.h"

enum { DID = 0x1234, PASID = 0xabcde, SID = 0x0310, PFSID = 0x0308 };

static const struct vtd_ats ats = { .sid = SID, .pfsid = PFSID, .qdep = 7 };

static int setup(void **state)
{
	struct vtdfake *f = malloc(sizeof(*f));

	assert_non_null(f);
	vtdfake_init(f);
	assert_int_equal(vtdfake_probe(f), 0);
	vtdfake_ops_clear(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct vtdfake *f = *state;

	vtdfake_fini(f);
	free(f);
	return 0;
}

static void sync_ok(struct vtd_batch *b)
{
	assert_int_equal(vtd_batch_sync(b), 0);
}

static void assert_inv(const struct vtd_inv *inv, uint64_t w0, uint64_t w1)
{
	assert_int_equal(inv->dw[0], w0);
	assert_int_equal(inv->dw[1], w1);
	assert_int_equal(inv->dw[2], 0);
	assert_int_equal(inv->dw[3], 0);
}

/* Words as Linux builds them, written down here a second time. */
static void test_vtd_inval_context_and_pasid_cache(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	vtd_inv_context_device(&b, DID, SID);
	vtd_inv_context_global(&b);
	vtd_inv_pasid(&b, DID, PASID);
	vtd_inv_pasid_domain(&b, DID);
	vtd_inv_pasid_global(&b);
	sync_ok(&b);
	assert_inv(&f->ops[0],
		   0x1 | 3 << 4 | (uint64_t)DID << 16 | (uint64_t)SID << 32, 0);
	assert_inv(&f->ops[1], 0x1 | 1 << 4, 0);
	assert_inv(&f->ops[2],
		   0x7 | 1 << 4 | (uint64_t)DID << 16 | (uint64_t)PASID << 32,
		   0);
	assert_inv(&f->ops[3], 0x7 | 0 << 4 | (uint64_t)DID << 16, 0);
	assert_inv(&f->ops[4], 0x7 | 3 << 4, 0);
}

static void test_vtd_inval_iotlb(void **state)
{
	struct vtdfake *f = *state;
	uint64_t drain = 1 << 6 | 1 << 7;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	vtd_inv_iotlb_global(&b);
	vtd_inv_iotlb_domain(&b, DID);
	vtd_inv_iotlb(&b, DID, 0x200000, 0x3fffff, true);
	vtd_inv_iotlb(&b, DID, 0x5000, 0x5000, false);
	vtd_inv_piotlb_all(&b, DID, PASID);
	vtd_inv_piotlb(&b, DID, PASID, 0x7ffff0000000, 0x7ffff0003fff, true);
	sync_ok(&b);
	assert_inv(&f->ops[0], 0x2 | 1 << 4 | drain, 0);
	assert_inv(&f->ops[1], 0x2 | 2 << 4 | drain | (uint64_t)DID << 16, 0);
	assert_inv(&f->ops[2], 0x2 | 3 << 4 | drain | (uint64_t)DID << 16,
		   0x200000 | 1 << 6 | 9);
	assert_inv(&f->ops[3], 0x2 | 3 << 4 | drain | (uint64_t)DID << 16,
		   0x5000);
	assert_inv(&f->ops[4],
		   0x6 | 2 << 4 | (uint64_t)DID << 16 | (uint64_t)PASID << 32,
		   0);
	assert_inv(&f->ops[5],
		   0x6 | 3 << 4 | (uint64_t)DID << 16 | (uint64_t)PASID << 32,
		   0x7ffff0000000 | 1 << 6 | 2);
	/* Only what the unit can is asked for. */
	vtdfake_ops_clear(f);
	f->u->f.drain_read = false;
	f->u->f.drain_write = false;
	f->u->f.page_inv = false;
	vtd_inv_iotlb(&b, DID, 0x5000, 0x5fff, false);
	sync_ok(&b);
	assert_inv(&f->ops[0], 0x2 | 2 << 4 | (uint64_t)DID << 16, 0);
}

/* PCIe's size: with S, the lowest 0 of the address. [N4] */
static void test_vtd_inval_dev_tlb_sizes(void **state)
{
	static const struct {
		uint64_t start;
		uint64_t last;
		uint64_t addr;
		bool s;
	} rows[] = {
		{ 0x5000, 0x5fff, 0x5000, false },
		{ 0x5123, 0x5124, 0x5000, false },
		{ 0x4000, 0x5fff, 0x4000, true },
		{ 0x5000, 0x6fff, 0x4000 | 0x1000, true },
		{ 0x4000, 0x6fff, 0x4000 | 0x1000, true },
		{ 0x0fff, 0x1000, 0x0000, true },
		{ 0x200000, 0x3fffff, 0x200000 | 0xff000, true },
		{ 0x1ff000, 0x200fff, 0x000000 | 0x1ff000, true },
		{ UINT64_C(0x7fffffff0000), UINT64_C(0x7fffffffffff),
		  UINT64_C(0x7fffffff0000) | 0x7000, true },
		{ 0, UINT64_MAX >> 1, UINT64_C(0x3ffffffffffff000), true },
		{ 0, UINT64_MAX, UINT64_C(0x7ffffffffffff000), true },
		{ UINT64_MAX / 2, UINT64_MAX / 2 + 1,
		  UINT64_C(0x7ffffffffffff000), true },
	};
	struct vtdfake *f = *state;
	struct vtd_batch b;
	size_t i;

	vtd_batch_init(&b, f->u);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		vtdfake_ops_clear(f);
		vtd_inv_dev_tlb(&b, &ats, rows[i].start, rows[i].last);
		vtd_inv_pasid_dev_tlb(&b, &ats, PASID, rows[i].start,
				      rows[i].last);
		sync_ok(&b);
		assert_inv(&f->ops[0], 0x3 | 7 << 16 | (uint64_t)SID << 32,
			   rows[i].addr | rows[i].s);
		assert_inv(&f->ops[1],
			   0x8 | 7 << 4 | (uint64_t)SID << 16 |
				   (uint64_t)PASID << 32,
			   rows[i].addr | (uint64_t)rows[i].s << 11);
	}
}

/* PFSID is reserved without DIT; 32 in flight are 0, as is unlimited. */
static void test_vtd_inval_dev_tlb_throttle(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_ats deep = ats;
	struct vtd_batch b;

	f->u->f.ecap |= REG_CONST(VTD_ECAP_DIT, 1);
	deep.qdep = 32;
	vtd_batch_init(&b, f->u);
	vtd_inv_dev_tlb(&b, &ats, 0, 0);
	vtd_inv_pasid_dev_tlb(&b, &deep, PASID, 0, 0);
	sync_ok(&b);
	assert_inv(&f->ops[0],
		   0x3 | 7 << 16 | (uint64_t)SID << 32 | (PFSID & 0xf) << 12 |
			   (uint64_t)(PFSID >> 4) << 52,
		   0);
	assert_inv(&f->ops[1],
		   0x8 | (uint64_t)SID << 16 | (uint64_t)PASID << 32 |
			   (PFSID & 0xf) << 12 | (uint64_t)(PFSID >> 4) << 52,
		   0);
}

/* [R3]; private data and Last as revision 3 had them, reserved otherwise. */
static void test_vtd_inval_page_group_response(void **state)
{
	static const struct {
		enum iommu_page_response_code code;
		uint64_t rc;
	} rows[] = {
		{ IOMMU_PAGE_RESP_SUCCESS, 0x0 },
		{ IOMMU_PAGE_RESP_INVALID, 0x1 },
		{ IOMMU_PAGE_RESP_FAILURE, 0xf },
	};
	struct vtd_prg_response r = {
		.sid = SID,
		.index = 0x1a5,
		.pasid = PASID,
		.private_data = { 1, 2 },
		.last = true,
	};
	struct vtdfake *f = *state;
	struct vtd_batch b;
	size_t i;

	vtd_batch_init(&b, f->u);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		vtdfake_ops_clear(f);
		r.code = rows[i].code;
		r.pasid_valid = true;
		vtd_prg_response(&b, &r);
		r.pasid_valid = false;
		vtd_prg_response(&b, &r);
		sync_ok(&b);
		assert_inv(&f->ops[0],
			   0x9 | 1 << 4 | rows[i].rc << 12 |
				   (uint64_t)SID << 16 | (uint64_t)PASID << 32,
			   0x1a5 << 3);
		assert_inv(&f->ops[1],
			   0x9 | rows[i].rc << 12 | (uint64_t)SID << 16,
			   0x1a5 << 3);
	}
	vtdfake_ops_clear(f);
	r.private_valid = true;
	vtd_prg_response(&b, &r);
	sync_ok(&b);
	assert_int_equal(f->ops[0].dw[0] >> 5 & 1, 1);
	assert_int_equal(f->ops[0].dw[1], 1 << 2 | 0x1a5 << 3);
	assert_int_equal(f->ops[0].dw[2], 1);
	assert_int_equal(f->ops[0].dw[3], 2);
}

/* Pages of a range, and nothing else; or all of the PASID. False: all. */
static bool assert_exact(struct vtdfake *f, uint64_t first, uint64_t last,
			 unsigned int type, unsigned int am_max)
{
	uint64_t next = first;
	size_t i;

	for (i = 0; i < f->op_count - 1; i++) {
		const struct vtd_inv *inv = &f->ops[i];
		uint64_t page = inv->dw[1] >> 12, am = inv->dw[1] & 0x3f;

		assert_int_equal(vtd_inv_type(inv), type);
		if ((inv->dw[0] >> 4 & 3) != 3) {
			assert_int_equal(f->op_count, 2);
			return false;
		}
		assert_true(am <= am_max);
		assert_int_equal(page & ((UINT64_C(1) << am) - 1), 0);
		assert_int_equal(page, next);
		next = page + (UINT64_C(1) << am);
	}
	assert_int_equal(next, last + 1);
	assert_true(f->op_count - 1 <= 8);
	return true;
}

static void test_vtd_inval_ranges_are_exact(void **state)
{
	struct vtdfake *f = *state;
	unsigned int i, exact = 0, all = 0;
	uint64_t seed = 88172645463325252u;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	for (i = 0; i < 4000; i++) {
		unsigned int lg2 = (unsigned int)(next_random(&seed) % 36);
		uint64_t first = next_random(&seed) >> 28;
		uint64_t last = first + (next_random(&seed) & (BIT(lg2) - 1));
		uint64_t off = next_random(&seed) & 0xfff;
		bool second = i & 1;

		vtdfake_ops_clear(f);
		f->u->f.mamv = (unsigned int)(next_random(&seed) % 40);
		if (second)
			vtd_inv_iotlb(&b, DID, first << 12 | off,
				      last << 12 | 0xfff, false);
		else
			vtd_inv_piotlb(&b, DID, PASID, first << 12 | off,
				       last << 12 | 0xfff, false);
		sync_ok(&b);
		if (assert_exact(f, first, last,
				 second ? VTD_INV_IOTLB : VTD_INV_PIOTLB,
				 second ? f->u->f.mamv : 45))
			exact++;
		else
			all++;
	}
	assert_true(exact > 1000);
	assert_true(all > 100);
	vtdfake_ops_clear(f);
	vtd_inv_piotlb(&b, DID, PASID, 0, UINT64_MAX, false);
	sync_ok(&b);
	assert_int_equal(f->op_count, 2);
	assert_int_equal(f->ops[0].dw[0] >> 4 & 3, 2);
}

/*
 * [R9]: TLB before device TLB, by the order of the queue. What 6.5.2.12 does not
 * say is ordered, a device TLB invalidation without PASID behind PASID-based
 * ones, gets a fence.
 */
static void test_vtd_inval_fence_only_where_needed(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	vtd_inv_pasid(&b, DID, 0);
	vtd_inv_piotlb_all(&b, DID, 0);
	vtd_inv_dev_tlb(&b, &ats, 0, UINT64_MAX);
	vtd_inv_dev_tlb(&b, &ats, 0, UINT64_MAX);
	sync_ok(&b);
	assert_int_equal(f->op_count, 6);
	assert_inv(&f->ops[2], 0x5 | 1 << 6, 0);
	assert_int_equal(vtd_inv_type(&f->ops[3]), VTD_INV_DEVTLB);
	assert_int_equal(vtd_inv_type(&f->ops[4]), VTD_INV_DEVTLB);

	vtdfake_ops_clear(f);
	vtd_inv_iotlb_domain(&b, DID);
	vtd_inv_dev_tlb(&b, &ats, 0, UINT64_MAX);
	sync_ok(&b);
	vtd_inv_piotlb_all(&b, DID, PASID);
	vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
	sync_ok(&b);
	vtd_inv_piotlb_all(&b, DID, PASID);
	sync_ok(&b);
	vtd_inv_dev_tlb(&b, &ats, 0, UINT64_MAX);
	sync_ok(&b);
	assert_int_equal(vtdfake_count(f, VTD_INV_WAIT), 4);
}

/* 7.10: also behind what others have in the queue, so also if it is first. */
static void test_vtd_inval_fence_comes_first(void **state)
{
	struct vtdfake *f = *state;
	struct vtd_batch b;

	vtd_batch_init(&b, f->u);
	vtd_batch_fence(&b);
	vtd_inv_dev_tlb(&b, &ats, 0, 4095);
	assert_int_equal(vtd_batch_drain(&b), 0);
	assert_int_equal(f->op_count, 3);
	assert_inv(&f->ops[0], 0x5 | 1 << 6, 0);
	assert_int_equal(vtd_inv_type(&f->ops[1]), VTD_INV_DEVTLB);
	assert_int_equal(FIELD_GET(VTD_INV_WAIT_PD, &f->ops[2]), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
		T(test_vtd_inval_context_and_pasid_cache),
		T(test_vtd_inval_iotlb),
		T(test_vtd_inval_dev_tlb_sizes),
		T(test_vtd_inval_dev_tlb_throttle),
		T(test_vtd_inval_page_group_response),
		T(test_vtd_inval_ranges_are_exact),
		T(test_vtd_inval_fence_only_where_needed),
		T(test_vtd_inval_fence_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
