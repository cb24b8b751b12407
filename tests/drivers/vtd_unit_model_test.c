/* SPDX-License-Identifier: MIT */
/*
 * The driver's unit side on the model, which refuses every descriptor that is
 * not exactly as the specification has it: queue, errors, faults, and what
 * comes through when nothing may. VT-d 6.5.2, 6.6, 7.2.1.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/fault.h>

#include "base/bits.h"
#include "tests/drivers/vtd_hwbench.h"

enum { RID = 0x0310, OTHER = 0x0418, NOBODY = 0x0999, DID = 9, PASID = 33 };

static const struct vtd_ats ats = { .sid = RID, .pfsid = RID };
static const struct vtd_ats other = { .sid = OTHER, .pfsid = OTHER };

struct variant {
	const char *name;
	uint64_t cap_clear, cap_set;
	uint64_t ecap_clear, ecap_set;
	unsigned int command_batch;
	enum hw_personality personality;
};

/* clang-format off */
static const struct variant variants[] = {
	{ .name = "default" },
	{ .name = "eager", .personality = HW_EAGER },
	{ .name = "one descriptor an access", .command_batch = 1 },
	{ .name = "no ESRTPS", .cap_clear = UINT64_C(1) << 63 },
	{ .name = "throttled device TLBs", .ecap_set = UINT64_C(1) << 41 },
	{ .name = "abort-DMA mode", .ecap_set = UINT64_C(1) << 52 },
	{ .name = "no page-selective", .cap_clear = UINT64_C(1) << 39 |
						    UINT64_C(0x3f) << 48 },
};
/* clang-format on */

static struct vtdhw *make(const struct variant *v)
{
	struct vtdhw *h = malloc(sizeof(*h));
	struct vtd_desc desc = { .ats_timeout_ms = 60000 };

	assert_non_null(h);
	vtdhw_init(h);
	h->cfg.cap = (h->cfg.cap & ~v->cap_clear) | v->cap_set;
	h->cfg.ecap = (h->cfg.ecap & ~v->ecap_clear) | v->ecap_set;
	h->cfg.command_batch = v->command_batch;
	h->cfg.personality = v->personality;
	vtdhw_start(h, &desc);
	return h;
}

static void unmake(struct vtdhw *h)
{
	vtdhw_fini(h);
	free(h);
}

static struct vtd_stats stats_of(struct vtdhw *h)
{
	struct vtd_stats s;

	vtd_stats(h->unit, &s);
	return s;
}

static void add_every_kind(struct vtd_batch *b)
{
	vtd_inv_context_device(b, 0, RID);
	vtd_inv_context_global(b);
	vtd_inv_pasid(b, DID, PASID);
	vtd_inv_pasid_domain(b, DID);
	vtd_inv_pasid_global(b);
	vtd_inv_iotlb(b, DID, 0x201000, 0x7fffff, false);
	vtd_inv_iotlb(b, DID, 0x201000, 0x201000, true);
	vtd_inv_iotlb_domain(b, DID);
	vtd_inv_iotlb_global(b);
	vtd_inv_piotlb(b, DID, PASID, 0, (UINT64_C(1) << 57) - 1, false);
	vtd_inv_piotlb(b, DID, PASID, 0x7ffff7fff000, 0x7ffff8001fff, true);
	vtd_inv_piotlb_all(b, DID, PASID);
	vtd_inv_dev_tlb(b, &ats, 0, UINT64_MAX);
	vtd_inv_dev_tlb(b, &ats, 0x4000, 0x5fff);
	vtd_inv_pasid_dev_tlb(b, &ats, PASID, 0, UINT64_MAX);
	vtd_inv_pasid_dev_tlb(b, &other, PASID, 0x4000, 0x4fff);
	vtd_batch_barrier(b);
}

/* Nothing that this driver writes is refused, whatever the unit is like. */
static void test_vtd_unit_every_descriptor_is_valid(void **state)
{
	const struct vtd_prg_response r = {
		.sid = RID,
		.index = 5,
		.pasid = PASID,
		.pasid_valid = true,
		.code = IOMMU_PAGE_RESP_INVALID,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		struct vtdhw *h = make(&variants[i]);
		struct vtd_batch b;

		h->sid = RID;
		h->atc = i % 2 ? VTDHW_LATER : VTDHW_ANSWERS;
		vtd_batch_init(&b, h->u);
		add_every_kind(&b);
		vtd_prg_response(&b, &r);
		assert_int_equal(vtd_batch_sync(&b), 0);
		assert_int_equal(vtd_batch_drain(&b), 0);
		assert_int_equal(atomic_load(&h->invs), 4);
		assert_int_equal(atomic_load(&h->responses), 1);
		assert_int_equal(h->last_response.prgi, 5);
		assert_int_equal(h->last_response.code, HW_PRG_INVALID);
		assert_int_equal(stats_of(h).queue_errors, 0);
		assert_int_equal(stats_of(h).failed_closed, 0);
		assert_int_equal(atomic_load(&h->tp.errors_logged), 0);
		unmake(h);
	}
}

/* What a device is told to forget is what was asked for. [N4] */
static void test_vtd_unit_device_forgets_the_range(void **state)
{
	static const uint64_t rows[][4] = {
		/* start, last, addr, size */
		{ 0x5000, 0x5fff, 0x5000, 0x1000 },
		{ 0x5000, 0x6fff, 0x4000, 0x4000 },
		{ 0x1ff000, 0x200fff, 0, 0x400000 },
		{ 0x200000, 0x3fffff, 0x200000, 0x200000 },
	};
	struct vtdhw *h = make(&variants[0]);
	struct vtd_batch b;
	size_t i;

	(void)state;
	vtd_batch_init(&b, h->u);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		vtd_inv_pasid_dev_tlb(&b, &ats, PASID, rows[i][0], rows[i][1]);
		assert_int_equal(vtd_batch_sync(&b), 0);
		assert_int_equal(h->last_inv.requester, RID);
		assert_true(h->last_inv.pasid_valid);
		assert_int_equal(h->last_inv.pasid, PASID);
		assert_int_equal(h->last_inv.addr, rows[i][2]);
		assert_int_equal(h->last_inv.size, rows[i][3]);
	}
	vtd_inv_dev_tlb(&b, &ats, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_false(h->last_inv.pasid_valid);
	/* All: written as 2^63 bytes from 0, or as such. */
	assert_true(h->last_inv.size == 0 || h->last_inv.size >> 62);
	unmake(h);
}

/* A descriptor with a reserved value is taken out, and the rest is done. */
static void test_vtd_unit_invalid_descriptor(void **state)
{
	struct vtdhw *h = make(&variants[0]);
	struct vtd_batch b;

	(void)state;
	vtd_batch_init(&b, h->u);
	vtd_inv_piotlb_all(&b, DID, PASID);
	FIELD_SET(VTD_INV_PIOTLB_G, &b.invs[0], 1);
	vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	assert_int_equal(atomic_load(&h->invs), 1);
	assert_int_equal(stats_of(h).queue_errors, 1);
	vtd_inv_piotlb_all(&b, DID, PASID);
	vtd_inv_set_type(&b.invs[0], 0x7f);
	assert_int_equal(vtd_batch_sync(&b), -EIO);
	vtd_inv_piotlb_all(&b, DID, PASID);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_int_equal(stats_of(h).failed_closed, 0);
	unmake(h);
}

/* The model aborts wait descriptors, and says which device it was. [L10] */
static void test_vtd_unit_device_does_not_answer(void **state)
{
	struct vtdhw *h = make(&variants[0]);
	struct vtd_batch b;

	(void)state;
	h->sid = RID;
	h->atc = VTDHW_NEVER;
	vtd_batch_init(&b, h->u);
	vtd_inv_piotlb_all(&b, DID, PASID);
	vtd_inv_pasid_dev_tlb(&b, &ats, PASID, 0, UINT64_MAX);
	vtd_inv_pasid_dev_tlb(&b, &other, PASID, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), -ETIMEDOUT);
	assert_true(b.sid_known);
	assert_int_equal(b.sid, RID);
	assert_int_equal(h->last_inv.requester, OTHER);
	assert_int_equal(stats_of(h).queue_timeouts, 1);
	vtd_inv_pasid_dev_tlb(&b, &other, PASID, 0, UINT64_MAX);
	assert_int_equal(vtd_batch_sync(&b), 0);
	assert_int_equal(stats_of(h).failed_closed, 0);
	unmake(h);
}

/*
 * Failing closed: what had been translated, and is still cached, is not any
 * more, with the unit switched on. Whichever way the unit has. [K19]
 */
static void test_vtd_unit_fails_closed(void **state)
{
	static const uint32_t rid = RID;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		struct vtdhw *h = make(&variants[i]);
		struct iommu_device_desc desc = {
			.name = "dev0",
			.unit = h->unit,
			.stream_ids = &rid,
			.stream_id_count = 1,
		};
		struct iommu_domain *d = NULL;
		struct iommu_device *dev;

		assert_int_equal(iommu_device_add(h->sys, &desc, &dev), 0);
		assert_int_equal(iommu_domain_alloc(h->unit,
						    IOMMU_DOMAIN_IDENTITY, &d),
				 0);
		assert_int_equal(vtdhw_dma(h, RID, 0, 0x1000), -EFAULT);
		assert_int_equal(iommu_attach_device(d, dev), 0);
		assert_int_equal(vtdhw_dma(h, RID, 0, 0x1000), 0);
		vtd_fail_closed(h->u, "a test");
		assert_true(vtd_is_dead(h->u));
		assert_true(vtd_is_stopped(h->u));
		assert_int_equal(vtdhw_dma(h, RID, 0, 0x1000), -EFAULT);
		assert_int_equal(vtdhw_dma(h, RID, 0, 0x2000), -EFAULT);
		assert_int_equal(iommu_detach_device(d, dev), 0);
		assert_int_equal(iommu_domain_free(d), 0);
		assert_int_equal(iommu_device_remove(dev), 0);
		unmake(h);
	}
}

struct seen {
	struct iommu_fault fault;
	unsigned int count;
};

static int on_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		    void *data)
{
	struct seen *s = data;

	(void)dev;
	s->fault = *fault;
	s->count++;
	return 0;
}

/* From a transaction nobody allowed to the handler of its device. [L1] */
static void test_vtd_unit_faults_are_reported(void **state)
{
	static const uint32_t rid = RID;
	struct vtdhw *h = make(&variants[0]);
	struct iommu_device_desc desc = {
		.name = "dev0",
		.unit = h->unit,
		.stream_ids = &rid,
		.stream_id_count = 1,
	};
	struct iommu_device *dev;
	struct seen seen = { .count = 0 };
	unsigned int i;

	(void)state;
	assert_int_equal(iommu_device_add(h->sys, &desc, &dev), 0);
	assert_int_equal(
		iommu_register_device_fault_handler(dev, on_fault, &seen), 0);
	assert_int_equal(vtdhw_dma(h, RID, 0, 0x7000), -EFAULT);
	(void)testplat_irq_run(&h->tp);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.fault.type, IOMMU_FAULT_UNRECOV);
	assert_int_equal(seen.fault.event.addr, 0x7000);
	assert_int_equal(seen.fault.event.perm, IOMMU_PERM_READ);
	assert_int_equal(
		seen.fault.event.flags & IOMMU_FAULT_UNRECOV_PASID_VALID, 0);
	/* Of nobody: counted and logged. */
	assert_int_equal(vtdhw_dma(h, NOBODY, 0, 0x7000), -EFAULT);
	(void)testplat_irq_run(&h->tp);
	assert_int_equal(seen.count, 1);
	assert_int_equal(stats_of(h).faults, 2);
	/* More than there are registers for. */
	for (i = 0; i < 20; i++)
		assert_int_equal(vtdhw_dma(h, RID, 0, 0x1000 * i), -EFAULT);
	(void)testplat_irq_run(&h->tp);
	assert_int_equal(stats_of(h).faults_lost, 1);
	assert_int_equal(seen.count, 1 + h->u->f.fault_count);
	/* And it goes on. */
	assert_int_equal(vtdhw_dma(h, RID, 0, 0x9000), -EFAULT);
	(void)testplat_irq_run(&h->tp);
	assert_int_equal(seen.fault.event.addr, 0x9000);
	assert_int_equal(iommu_unregister_device_fault_handler(dev), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(h);
}

/* Removed and probed again, after having failed closed too. */
static void test_vtd_unit_comes_back(void **state)
{
	struct vtdhw *h = make(&variants[0]);
	struct vtd_desc desc = { .queue_lg2 = 7 };
	struct vtd_batch b;
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		if (i % 2)
			vtd_fail_closed(h->u, "a test");
		assert_int_equal(vtd_remove(h->unit), 0);
		h->unit = NULL;
		vtdhw_start(h, &desc);
		vtd_batch_init(&b, h->u);
		vtd_inv_piotlb_all(&b, DID, PASID);
		assert_int_equal(vtd_batch_sync(&b), 0);
		assert_int_equal(stats_of(h).failed_closed, 0);
	}
	unmake(h);
}

struct job {
	struct vtdhw *h;
	unsigned int id;
};

static void *submit(void *arg)
{
	struct job *j = arg;
	struct vtd_batch b;
	unsigned int i;

	vtd_batch_init(&b, j->h->u);
	for (i = 0; i < 400; i++) {
		vtd_inv_piotlb_all(&b, (uint16_t)j->id, i);
		if (i % 3 == j->id)
			vtd_inv_pasid_dev_tlb(&b, &ats, i, 0, UINT64_MAX);
		assert_int_equal(vtd_batch_sync(&b), 0);
	}
	return NULL;
}

/* Several submitters, a device that answers when it feels like it. */
static void test_vtd_unit_submitters_race(void **state)
{
	struct vtdhw *h = make(&variants[2]);
	struct job jobs[3];
	pthread_t t[3];
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		jobs[i] = (struct job){ .h = h, .id = i };
		assert_int_equal(pthread_create(&t[i], NULL, submit, &jobs[i]),
				 0);
	}
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&h->invs), 400);
	assert_int_equal(stats_of(h).queue_errors, 0);
	unmake(h);
}

/* Units of one system that differ. */
static void test_vtd_unit_two_of_them(void **state)
{
	struct vtdhw *h = malloc(sizeof(*h)), *g = malloc(sizeof(*g));
	struct vtd_desc desc = { .name = "vtd0" };
	struct iommu_system *own;
	unsigned int bits = 0;

	(void)state;
	assert_non_null(h);
	assert_non_null(g);
	vtdhw_init(h);
	vtdhw_init(g);
	g->cfg.ecap = REG_PUT(VTD_ECAP_PSS, g->cfg.ecap, 11);
	own = g->sys;
	g->sys = h->sys;
	vtdhw_start(g, &desc);
	assert_int_equal(vtd_pasid_bits(&g->mmio, &bits), 0);
	assert_int_equal(bits, 12);
	desc = (struct vtd_desc){ .name = "vtd1", .pasid_bits = bits };
	vtdhw_start(h, &desc);
	assert_int_equal(h->u->f.pasid_bits, 12);
	assert_int_equal(g->u->f.pasid_bits, 12);
	assert_int_equal(vtd_remove(g->unit), 0);
	g->unit = NULL;
	g->sys = own;
	vtdhw_fini(g);
	vtdhw_fini(h);
	free(g);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_unit_every_descriptor_is_valid),
		cmocka_unit_test(test_vtd_unit_device_forgets_the_range),
		cmocka_unit_test(test_vtd_unit_invalid_descriptor),
		cmocka_unit_test(test_vtd_unit_device_does_not_answer),
		cmocka_unit_test(test_vtd_unit_fails_closed),
		cmocka_unit_test(test_vtd_unit_faults_are_reported),
		cmocka_unit_test(test_vtd_unit_comes_back),
		cmocka_unit_test(test_vtd_unit_submitters_race),
		cmocka_unit_test(test_vtd_unit_two_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
