/* SPDX-License-Identifier: MIT */
/* Faults of guests, and what does not answer, on the fake. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/drivers/smmuv3_guest_rig.h"

/* A CMD_SYNC behind an ATC invalidation fails. */
static void mute(struct fake *f, const struct smmu_cmd *cmd)
{
	struct bench *b = f->hook_arg;

	b->mute |= (cmd->dw[0] & 0xff) == ATC_INV;
	if ((cmd->dw[0] & 0xff) == SYNC && b->mute) {
		b->mute = false;
		f->fail_op = SYNC;
		f->fail_code = 3; /* CERROR_ATC_INV_SYNC */
		f->fail_times = 1;
	}
}

/*
 * [L10]: a device that does not answer is cut off, and the guest is told; a
 * queue that stands still takes everybody along.
 */
static void test_smmuv3_guest_invalidation_times_out(void **state)
{
	struct iommu_cache_invalidate_info atc = guest_by_pasid(ATC, 5, -1);
	struct iommu_cache_invalidate_info tlb = guest_info(TLB, 0);
	struct iommu_pasid_table_config cfg = guest_table(0, 8);
	struct smmuv3_stats stats;
	struct bench b;

	(void)state;
	guest_start(&b);
	guest_bind(&b, &cfg);
	b.f->hook_arg = &b;
	b.f->hook = mute;
	assert_int_equal(iommu_cache_invalidate(b.parent, b.dev, &tlb), 0);
	assert_int_equal(bits(fake_ste(b.f, SID)[1], 29, 28), 1);
	assert_int_equal(iommu_cache_invalidate(b.parent, b.dev, &atc),
			 -ETIMEDOUT);
	assert_int_equal(bits(fake_ste(b.f, SID)[1], 29, 28), 0);
	/* Nobody waits for it any more. */
	assert_int_equal(iommu_cache_invalidate(b.parent, b.dev, &atc), 0);
	b.f->hook = NULL;
	guest_unbind(&b);
	guest_stop(&b);

	guest_start(&b);
	guest_bind(&b, &cfg);
	b.f->no_consume = true;
	assert_int_equal(iommu_cache_invalidate(b.parent, b.dev, &tlb),
			 -ETIMEDOUT);
	smmuv3_stats(b.f->unit, &stats);
	assert_true(stats.failed_closed);
	b.f->no_consume = false;
	assert_int_equal(iommu_unbind_pasid_table(b.parent, b.dev), -ETIMEDOUT);
	assert_int_equal(iommu_domain_free(b.parent), 0);
	b.parent = NULL;
	guest_stop(&b);
}

static int keep_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		      void *data)
{
	struct bench *b = data;

	(void)dev;
	b->fault = *fault;
	b->faults++;
	return 0;
}

/* An event of the stream, of the bits of word 1 and two addresses. */
static void push(struct bench *b, unsigned int id, uint64_t dw1, uint64_t addr,
		 uint64_t word3)
{
	const uint64_t dw[4] = { id | 1u << 11 | 5u << 12 | SID_OP, dw1, addr,
				 word3 };

	assert_true(fake_push_event(b->f, dw));
	testplat_irq_run(&b->f->tp);
}

#define STALL     (UINT64_C(1) << 31)
#define RNW       (UINT64_C(1) << 35)
#define S2        (UINT64_C(1) << 39)
#define CLASS(n)  ((uint64_t)(n) << 40)
#define STAGE2    IOMMU_FAULT_UNRECOV_STAGE2
#define HAS_FETCH IOMMU_FAULT_UNRECOV_FETCH_ADDR_VALID

/*
 * [I6] [L1]: stage 1 with the guest's addresses; stage 2 as the host's own
 * problem, with the guest-physical one; and no physical address at all.
 */
static void test_smmuv3_guest_faults(void **state)
{
	static const struct {
		unsigned int id;
		uint64_t dw1;
		enum iommu_fault_reason reason;
		bool stage2, fetch;
	} rows[] = {
		{ 0x10, RNW | CLASS(2), IOMMU_FAULT_REASON_PTE_FETCH, false,
		  false },
		{ 0x13, RNW | CLASS(2), IOMMU_FAULT_REASON_PERMISSION, false,
		  false },
		{ 0x10, RNW | S2 | CLASS(2), IOMMU_FAULT_REASON_PTE_FETCH, true,
		  true },
		{ 0x13, S2 | CLASS(2), IOMMU_FAULT_REASON_PERMISSION, true,
		  true },
		{ 0x10, RNW | S2 | CLASS(1), IOMMU_FAULT_REASON_WALK_EABT, true,
		  true },
		{ 0x11, RNW | S2 | CLASS(0), IOMMU_FAULT_REASON_PASID_FETCH,
		  true, true },
		/* External aborts: what is in the record is a PA. */
		{ 0x09, RNW, IOMMU_FAULT_REASON_PASID_FETCH, false, false },
		{ 0x0b, RNW, IOMMU_FAULT_REASON_WALK_EABT, false, false },
		/* These have no S2, whatever is in its place. */
		{ 0x0a, S2, IOMMU_FAULT_REASON_BAD_PASID_ENTRY, false, false },
	};
	struct iommu_pasid_table_config cfg = guest_table(0, 8);
	struct bench b;
	unsigned int i;

	(void)state;
	guest_start(&b);
	assert_int_equal(
		iommu_register_device_fault_handler(b.dev, keep_fault, &b), 0);
	guest_bind(&b, &cfg);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		push(&b, rows[i].id, rows[i].dw1, 0x7fff12345678,
		     0xabcde000 | UINT64_C(7) << 60);
		assert_int_equal(b.faults, i + 1);
		assert_int_equal(b.fault.type, IOMMU_FAULT_UNRECOV);
		assert_int_equal(b.fault.event.reason, rows[i].reason);
		assert_int_equal(!!(b.fault.event.flags & STAGE2),
				 rows[i].stage2);
		assert_int_equal(!!(b.fault.event.flags & HAS_FETCH),
				 rows[i].fetch);
		if (rows[i].fetch)
			assert_int_equal(b.fault.event.fetch_addr, 0xabcde000);
		if (rows[i].id >= 0x10)
			assert_int_equal(b.fault.event.addr, 0x7fff12345678);
	}
	guest_unbind(&b);
	/* Back on the parent the host's own tables are its own business. */
	push(&b, 0x0b, RNW, 0x1000, 0xabcde000);
	assert_true(b.fault.event.flags & HAS_FETCH);
	assert_int_equal(iommu_unregister_device_fault_handler(b.dev), 0);
	guest_stop(&b);
}

/*
 * [L2]: stalled: stage 1 is a page request, and its answer a RESUME; what
 * stage 2 lacks is aborted at once, and reported.
 */
static void test_smmuv3_guest_stalls(void **state)
{
	const uint32_t sid = 0x77;
	struct iommu_device_desc desc = {
		.name = "stalls",
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pasid_bits = 8,
		.can_stall = true,
	};
	struct iommu_pasid_table_config cfg = guest_table_v(0, 8, 0, 2);
	struct iommu_page_response answer = { .version = 1 };
	struct iommu_device *dev;
	struct bench b;
	uint64_t dw[4];

	(void)state;
	guest_start_idr(&b, 0, 3u << 24); /* both models */
	desc.unit = b.f->unit;
	assert_int_equal(fake_add_device(b.f, &desc, &dev), 0);
	assert_int_equal(iommu_domain_alloc_parent(b.f->unit, &b.parent), 0);
	assert_int_equal(iommu_attach_device(b.parent, dev), 0);
	assert_int_equal(
		iommu_register_device_fault_handler(dev, keep_fault, &b), 0);
	/* As the guest says. */
	cfg.vendor.smmuv3.s1stalld = 1;
	guest_bind(&b, &cfg);
	assert_int_equal(bits(fake_ste(b.f, sid)[1], 27, 27), 1);
	cfg.vendor.smmuv3.s1stalld = 0;
	guest_bind(&b, &cfg);
	assert_int_equal(bits(fake_ste(b.f, sid)[1], 27, 27), 0);

	fake_ops_clear(b.f);
	dw[0] = 0x10 | 1u << 11 | 5u << 12 | (uint64_t)sid << 32;
	dw[1] = 0x123 | STALL | RNW | CLASS(2);
	dw[2] = 0x5678;
	dw[3] = 0;
	assert_true(fake_push_event(b.f, dw));
	testplat_irq_run(&b.f->tp);
	assert_int_equal(b.faults, 1);
	assert_int_equal(b.fault.type, IOMMU_FAULT_PAGE_REQ);
	assert_int_equal(b.fault.prm.addr, 0x5000);
	assert_int_equal(b.fault.prm.pasid, 5);
	assert_int_equal(fake_count(b.f, RESUME), 0);
	answer.flags = IOMMU_PAGE_RESP_PASID_VALID |
		       IOMMU_PAGE_RESP_COOKIE_VALID;
	answer.pasid = 5;
	answer.grpid = b.fault.prm.grpid;
	answer.cookie = b.fault.prm.cookie;
	assert_int_equal(iommu_page_response(dev, &answer), 0);
	assert_int_equal(fake_count(b.f, RESUME), 1);
	/* Retry: Ac 12, Ab 13; STAG in word 1. */
	assert_int_equal(bits(fake_cmd(b.f, 0)->dw[0], 13, 12), 1);
	assert_int_equal(bits(fake_cmd(b.f, 0)->dw[1], 15, 0), 0x123);

	fake_ops_clear(b.f);
	dw[1] |= S2;
	dw[3] = 0x9000;
	assert_true(fake_push_event(b.f, dw));
	testplat_irq_run(&b.f->tp);
	assert_int_equal(b.faults, 2);
	assert_int_equal(b.fault.type, IOMMU_FAULT_UNRECOV);
	assert_true(b.fault.event.flags & STAGE2);
	assert_int_equal(b.fault.event.fetch_addr, 0x9000);
	assert_int_equal(fake_count(b.f, RESUME), 1);
	assert_int_equal(bits(fake_cmd(b.f, 0)->dw[0], 13, 12), 2);

	assert_int_equal(iommu_unbind_pasid_table(b.parent, dev), 0);
	assert_int_equal(iommu_unregister_device_fault_handler(dev), 0);
	assert_int_equal(iommu_detach_device(b.parent, dev), 0);
	assert_int_equal(iommu_domain_free(b.parent), 0);
	b.parent = NULL;
	assert_int_equal(iommu_device_remove(dev), 0);
	guest_stop(&b);
}

/* R 60, LAST 62, SSV 63 */
static void push_request(struct fake *f, unsigned int prgi)
{
	const uint64_t dw[2] = {
		UINT64_C(0xd) << 60 | UINT64_C(5) << 32 | SID,
		0x7000 | prgi,
	};

	assert_true(fake_push_pri(f, dw));
}

/* A device that asks while it is told that nobody answers. */
static void ask_again(struct fake *f, const struct smmu_cmd *cmd)
{
	struct bench *b = f->hook_arg;

	if ((cmd->dw[0] & 0xff) != PRI_RESP || b->mute)
		return;
	b->mute = true;
	push_request(f, 9);
}

/* [G2] [R2]: each request has its one answer, whenever it comes. */
static void test_smmuv3_guest_requests_end_with_the_table(void **state)
{
	struct iommu_pasid_table_config cfg = guest_table(0, 8);
	struct bench b;

	(void)state;
	guest_start(&b);
	assert_int_equal(
		iommu_register_device_fault_handler(b.dev, keep_fault, &b), 0);
	guest_bind(&b, &cfg);
	push_request(b.f, 8);
	testplat_irq_run(&b.f->tp);
	assert_int_equal(b.faults, 1);
	b.f->hook_arg = &b;
	b.f->hook = ask_again;
	guest_unbind(&b);
	b.f->hook = NULL;
	assert_true(b.mute);
	assert_int_equal(b.faults, 2);
	assert_int_equal(fake_count(b.f, PRI_RESP), 2);
	assert_int_equal(iommu_unregister_device_fault_handler(b.dev), 0);
	guest_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_guest_invalidation_times_out),
		cmocka_unit_test(test_smmuv3_guest_faults),
		cmocka_unit_test(test_smmuv3_guest_stalls),
		cmocka_unit_test(test_smmuv3_guest_requests_end_with_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
