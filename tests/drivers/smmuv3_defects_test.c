/* SPDX-License-Identifier: MIT */
/*
 * Defects that shipped elsewhere, section N of the requirements: the ones that
 * an SMMUv3 driver had. And what its records and answers have to be for them
 * not to come back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/fault.h>
#include <sva/sva.h>

#include "base/bits.h"
#include "tests/drivers/smmuv3_fixture.h"

/* Each is another if its bits are put where they are to be taken from. */
enum { SID_A = 0x1, SID_B = 0x20, SID_C = 0x300, DEVICES = 3 };

struct bench {
	struct fake f;
	struct iommu_device *dev[DEVICES];
	unsigned int count[DEVICES];
	struct iommu_fault last;
	struct fake_mm mm;
};

static const uint32_t sids[DEVICES] = { SID_A, SID_B, SID_C };

static int handler(const struct iommu_fault *fault, struct iommu_device *dev,
		   void *data)
{
	struct bench *b = data;
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		b->count[i] += b->dev[i] == dev;
	b->last = *fault;
	return 0;
}

static struct bench *make(void)
{
	struct bench *b = calloc(1, sizeof(*b));
	unsigned int i;

	assert_non_null(b);
	fake_init(&b->f);
	assert_int_equal(fake_probe(&b->f), 0);
	for (i = 0; i < DEVICES; i++)
		b->dev[i] = fake_pci_device(&b->f, sids[i]);
	fake_mm_init(&b->mm, &b->f);
	fake_ops_clear(&b->f);
	return b;
}

static void unmake(struct bench *b)
{
	unsigned int i;

	iommu_mm_put_users(&b->mm.mm);
	for (i = 0; i < DEVICES; i++)
		assert_int_equal(iommu_device_remove(b->dev[i]), 0);
	fake_fini(&b->f);
	free(b);
}

static void listen(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		assert_int_equal(iommu_register_device_fault_handler(
					 b->dev[i], handler, b),
				 0);
}

static void deafen(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		assert_int_equal(
			iommu_unregister_device_fault_handler(b->dev[i]), 0);
}

/* 8.1: StreamID 31:0, SubstreamID 51:32, R 60, W 61, Last 62, SSV 63 */
static void push_pri(struct bench *b, uint32_t sid, ioasid_t pasid,
		     uint64_t bits, uint64_t addr, unsigned int prgi)
{
	const uint64_t dw[2] = {
		bits | (uint64_t)pasid << 32 | sid,
		addr | prgi,
	};

	assert_true(fake_push_pri(&b->f, dw));
}

#define R    (1ull << 60)
#define LAST (1ull << 62)
#define SSV  (1ull << 63)

static int respond(struct bench *b, unsigned int i, unsigned int prgi,
		   enum iommu_page_response_code code)
{
	const struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID,
		.pasid = 5,
		.grpid = prgi,
		.code = code,
	};

	return iommu_page_response(b->dev[i], &msg);
}

/*
 * [N3] The StreamID of a record is taken out, not put in: each of several
 * devices gets its own events and page requests, and is answered itself. 7.3, 8.
 */
static void test_smmuv3_record_reaches_its_own_device(void **state)
{
	struct bench *b = make();
	unsigned int i;

	(void)state;
	listen(b);
	for (i = 0; i < DEVICES; i++) {
		const uint64_t event[4] = {
			(uint64_t)sids[i] << 32 | 0x10,
			0,
			0x7000,
			0,
		};

		push_pri(b, sids[i], 5, R | LAST | SSV, 0x7000, 3);
		testplat_irq_run(&b->f.tp);
		assert_int_equal(b->count[i], 1);
		assert_int_equal(b->last.type, IOMMU_FAULT_PAGE_REQ);
		fake_ops_clear(&b->f);
		assert_int_equal(respond(b, i, 3, IOMMU_PAGE_RESP_SUCCESS), 0);
		assert_int_equal(fake_cmd(&b->f, 0)->dw[0] >> 32, sids[i]);
		assert_true(fake_push_event(&b->f, event));
		testplat_irq_run(&b->f.tp);
		assert_int_equal(b->count[i], 2);
		assert_int_equal(b->last.type, IOMMU_FAULT_UNRECOV);
	}
	for (i = 0; i < DEVICES; i++)
		assert_int_equal(b->count[i], 2);
	deafen(b);
	unmake(b);
}

/*
 * [N5] The highest ASID of 8 bits is 255, for whoever takes the lowest that is
 * free: 256 would be another's in eight bits, or nobody's. IDR0.ASID16.
 */
static void test_smmuv3_asid_stays_below_its_width(void **state)
{
	struct iommu_domain *d[255], *more;
	struct bench *b = calloc(1, sizeof(*b));
	bool seen[256] = { false };
	unsigned int i;

	(void)state;
	assert_non_null(b);
	fake_init(&b->f);
	b->f.idr[0] &= ~(1u << 12);
	assert_int_equal(fake_probe(&b->f), 0);
	b->dev[0] = fake_pci_device(&b->f, SID_A);
	fake_mm_init(&b->mm, &b->f);
	for (i = 0; i < ARRAY_SIZE(d); i++) {
		uint64_t asid;

		assert_int_equal(
			iommu_domain_alloc_sva(b->f.unit, &b->mm.mm, &d[i]), 0);
		assert_int_equal(iommu_attach_device_pasid(d[i], b->dev[0], 1),
				 0);
		/* CD.ASID is 63:48 of the first word; 5.4. */
		asid = fake_cd(&b->f, SID_A, 1)[0] >> 48;
		assert_in_range(asid, 1, 255);
		assert_false(seen[asid]);
		seen[asid] = true;
		iommu_detach_device_pasid(d[i], b->dev[0], 1);
	}
	assert_int_equal(iommu_domain_alloc_sva(b->f.unit, &b->mm.mm, &more),
			 -ENOSPC);
	for (i = 0; i < ARRAY_SIZE(d); i++)
		assert_int_equal(iommu_domain_free(d[i]), 0);
	iommu_mm_put_users(&b->mm.mm);
	assert_int_equal(iommu_device_remove(b->dev[0]), 0);
	fake_fini(&b->f);
	free(b);
}

/* Answers of a code, at the queue. */
static unsigned int answers(struct bench *b, unsigned int resp)
{
	unsigned int n = 0;
	size_t at;

	for (at = fake_find(&b->f, 0x41, 0); at != SIZE_MAX;
	     at = fake_find(&b->f, 0x41, at + 1))
		n += (fake_cmd(&b->f, at)->dw[1] >> 12 & 3) == resp;
	return n;
}

/*
 * [N11] [U2] A detach drains: what the device had asked for before it is
 * answered when it returns, though no interrupt told of it, and with what the
 * address space says. [B3] [R1]
 */
static void test_smmuv3_detach_drains_the_page_requests(void **state)
{
	struct bench *b = make();
	struct iommu_sva *sva;
	ioasid_t pasid;
	unsigned int i;

	(void)state;
	assert_int_equal(
		iommu_dev_enable_feature(b->dev[0], IOMMU_DEV_FEAT_SVA), 0);
	assert_int_equal(iommu_sva_bind(b->dev[0], &b->mm.mm, NULL, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	fake_ops_clear(&b->f);
	for (i = 0; i < 5; i++)
		push_pri(b, SID_A, pasid, R | LAST | SSV, 0x7000, i);
	iommu_sva_unbind(sva);
	assert_int_equal(b->mm.faults, 5);
	assert_int_equal(answers(b, 2), 5);
	/* Later ones find nobody. */
	push_pri(b, SID_A, pasid, R | LAST | SSV, 0x7000, 9);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(
		iommu_dev_disable_feature(b->dev[0], IOMMU_DEV_FEAT_SVA), 0);
	assert_int_equal(b->mm.faults, 5);
	assert_int_equal(fake_count(&b->f, 0x41), 6);
	unmake(b);
}

/*
 * [I5] [U4] Success, Invalid, Failure at the hardware: 2, 1, 0 of CMD_PRI_RESP
 * (4.7.2), each answer one command.
 */
static void test_smmuv3_response_codes(void **state)
{
	static const struct {
		enum iommu_page_response_code code;
		unsigned int resp;
	} rows[] = {
		{ IOMMU_PAGE_RESP_SUCCESS, 2 },
		{ IOMMU_PAGE_RESP_INVALID, 1 },
		{ IOMMU_PAGE_RESP_FAILURE, 0 },
	};
	struct bench *b = make();
	unsigned int i;

	(void)state;
	listen(b);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		push_pri(b, SID_B, 5, R | LAST | SSV, 0x7000, 40 + i);
		testplat_irq_run(&b->f.tp);
		fake_ops_clear(&b->f);
		assert_int_equal(respond(b, 1, 40 + i, rows[i].code), 0);
		assert_int_equal(fake_count(&b->f, 0x41), 1);
		assert_int_equal(fake_cmd(&b->f, 0)->dw[1],
				 rows[i].resp << 12 | (40 + i));
	}
	/* And there are no others. */
	push_pri(b, SID_B, 5, R | LAST | SSV, 0x7000, 1);
	testplat_irq_run(&b->f.tp);
	fake_ops_clear(&b->f);
	assert_int_equal(respond(b, 1, 1, 3), -EINVAL);
	assert_int_equal(b->f.op_count, 0);
	assert_int_equal(respond(b, 1, 1, IOMMU_PAGE_RESP_INVALID), 0);
	deafen(b);
	unmake(b);
}

/*
 * [J7] [R4] A stop marker does not reach the handler, closes no group and
 * joins none: page, marker, last page of the same number are one group of two.
 */
static void test_smmuv3_stop_marker_stays_with_the_driver(void **state)
{
	struct bench *b = make();
	struct iommu_sva *sva;
	ioasid_t pasid;

	(void)state;
	listen(b);
	push_pri(b, SID_A, 5, LAST | SSV, 0, 3);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(b->count[0], 0);
	/* The control: the same with a wish does. */
	push_pri(b, SID_A, 5, R | SSV, 0x7000, 3);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(b->count[0], 1);
	deafen(b);

	assert_int_equal(
		iommu_dev_enable_feature(b->dev[0], IOMMU_DEV_FEAT_SVA), 0);
	assert_int_equal(iommu_sva_bind(b->dev[0], &b->mm.mm, NULL, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	fake_ops_clear(&b->f);
	push_pri(b, SID_A, pasid, R | SSV, 0x7000, 3);
	push_pri(b, SID_A, pasid, LAST | SSV, 0, 3);
	push_pri(b, SID_A, pasid, R | LAST | SSV, 0x20000, 3);
	iommu_sva_unbind(sva);
	assert_int_equal(b->mm.faults, 2);
	assert_int_equal(fake_count(&b->f, 0x41), 1);
	assert_int_equal(answers(b, 2), 1);
	assert_int_equal(
		iommu_dev_disable_feature(b->dev[0], IOMMU_DEV_FEAT_SVA), 0);
	unmake(b);
}

/* STALL 95, STAG 79:64 */
static void push_stall(struct bench *b, uint32_t sid, unsigned int stag,
		       uint64_t addr)
{
	const uint64_t dw[4] = {
		(uint64_t)sid << 32 | 5 << 12 | 1 << 11 | 0x10,
		1ull << 35 | 1ull << 31 | stag,
		addr,
		0,
	};

	assert_true(fake_push_event(&b->f, dw));
}

/*
 * [U5] A device with several StreamIDs stalls on each of them: the answer names
 * the stream and the STAG of its own record, also if two have the same STAG.
 * 3.12.2, 4.7.1
 */
static void test_smmuv3_stall_of_several_streams(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct iommu_device_desc desc = {
		.name = "fake0",
		.stream_ids = sids,
		.stream_id_count = DEVICES,
		.pasid_bits = 8,
		.can_stall = true,
	};
	struct iommu_sva *sva;
	unsigned int i;
	size_t at;

	(void)state;
	assert_non_null(b);
	fake_init(&b->f);
	b->f.idr[0] &= ~(3u << 24); /* STALL_MODEL: both */
	assert_int_equal(fake_probe(&b->f), 0);
	fake_mm_init(&b->mm, &b->f);
	desc.unit = b->f.unit;
	assert_int_equal(fake_add_device(&b->f, &desc, &b->dev[0]), 0);
	/* By hand, in another order than they came. */
	assert_int_equal(
		iommu_register_device_fault_handler(b->dev[0], handler, b), 0);
	for (i = 0; i < DEVICES; i++)
		push_stall(b, sids[i], 0xabcd, 0x7000);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(b->count[0], DEVICES);
	for (i = DEVICES; i--;) {
		fake_ops_clear(&b->f);
		assert_int_equal(respond(b, 0, i << 16 | 0xabcd,
					 IOMMU_PAGE_RESP_SUCCESS),
				 0);
		assert_int_equal(fake_cmd(&b->f, 0)->dw[0],
				 (uint64_t)sids[i] << 32 | 0x1044);
		assert_int_equal(fake_cmd(&b->f, 0)->dw[1], 0xabcd);
		assert_int_equal(respond(b, 0, i << 16 | 0xabcd,
					 IOMMU_PAGE_RESP_SUCCESS),
				 -EINVAL);
	}
	assert_int_equal(iommu_unregister_device_fault_handler(b->dev[0]), 0);
	/* Nobody listens: the same names. */
	fake_ops_clear(&b->f);
	push_stall(b, SID_C, 7, 0x7000);
	testplat_irq_run(&b->f.tp);
	assert_int_equal(fake_cmd(&b->f, 0)->dw[0],
			 (uint64_t)SID_C << 32 | 0x2044);
	assert_int_equal(fake_cmd(&b->f, 0)->dw[1], 7);

	/* And by an address space. */
	assert_int_equal(
		iommu_dev_enable_feature(b->dev[0], IOMMU_DEV_FEAT_SVA), 0);
	assert_int_equal(iommu_sva_bind(b->dev[0], &b->mm.mm, NULL, &sva), 0);
	assert_int_equal(iommu_sva_get_pasid(sva), 1);
	fake_ops_clear(&b->f);
	for (i = 0; i < DEVICES; i++) {
		const uint64_t dw[4] = {
			(uint64_t)sids[i] << 32 | 1 << 12 | 1 << 11 | 0x10,
			1ull << 35 | 1ull << 31 | 3,
			0x9000,
			0,
		};

		assert_true(fake_push_event(&b->f, dw));
	}
	iommu_sva_unbind(sva);
	assert_int_equal(b->mm.faults, DEVICES);
	assert_int_equal(fake_count(&b->f, 0x44), DEVICES);
	for (i = 0; i < DEVICES; i++) {
		for (at = fake_find(&b->f, 0x44, 0);
		     at != SIZE_MAX &&
		     fake_cmd(&b->f, at)->dw[0] >> 32 != sids[i];
		     at = fake_find(&b->f, 0x44, at + 1))
			;
		assert_int_not_equal(at, SIZE_MAX);
	}
	assert_int_equal(
		iommu_dev_disable_feature(b->dev[0], IOMMU_DEV_FEAT_SVA), 0);
	assert_int_equal(iommu_device_remove(b->dev[0]), 0);
	iommu_mm_put_users(&b->mm.mm);
	fake_fini(&b->f);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_record_reaches_its_own_device),
		cmocka_unit_test(test_smmuv3_asid_stays_below_its_width),
		cmocka_unit_test(test_smmuv3_detach_drains_the_page_requests),
		cmocka_unit_test(test_smmuv3_response_codes),
		cmocka_unit_test(test_smmuv3_stop_marker_stays_with_the_driver),
		cmocka_unit_test(test_smmuv3_stall_of_several_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
