/* SPDX-License-Identifier: MIT */
/*
 * Bringing a unit up and down: what it needs, in what order, whatever state it
 * was found in, and what is left when something fails. [N7] VT-d 11.4.4, 6.6.
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

#define TE    (UINT32_C(1) << 31)
#define SRTP  (UINT32_C(1) << 30)
#define WBF   (UINT32_C(1) << 27)
#define QIE   (UINT32_C(1) << 26)
#define IRE   (UINT32_C(1) << 25)
#define SIRTP (UINT32_C(1) << 24)
#define CFI   (UINT32_C(1) << 23)

static struct vtdfake *make(void)
{
	struct vtdfake *f = malloc(sizeof(*f));

	assert_non_null(f);
	vtdfake_init(f);
	return f;
}

static void unmake(struct vtdfake *f)
{
	vtdfake_fini(f);
	free(f);
}

static void assert_off(struct vtdfake *f)
{
	assert_null(f->unit);
	assert_int_equal(vtdfake_reg32(f, VTD_GSTS) & ~SRTP, 0);
	assert_int_equal(vtdfake_reg64(f, VTD_PQA), 0);
	assert_int_equal(vtdfake_reg32(f, VTD_FECTL) >> 31, 1);
}

/* The last of write_msi() is a look at FECTL: who may hear of a fault by then? */
static void look_for_te(struct vtdfake *f, uint64_t off)
{
	unsigned int *looks = f->hook_arg;

	if (off != VTD_FECTL)
		return;
	*looks += 1;
	assert_int_equal(vtdfake_reg32(f, VTD_GSTS) & TE, 0);
}

/* Queue, root table, events, translation: one command at a time. */
static void test_vtd_probe_order(void **state)
{
	struct vtdfake *f = make();
	unsigned int looks = 0;

	(void)state;
	f->hook_arg = &looks;
	f->read_hook = look_for_te;
	/* Who had the unit before had its messages elsewhere. */
	f->reg[VTD_FEUADDR / 4] = 0x100;
	assert_int_equal(vtdfake_probe(f), 0);
	f->read_hook = NULL;
	assert_int_equal(looks, 1);
	assert_int_equal(vtdfake_reg32(f, VTD_FEUADDR), 0);
	assert_int_equal(f->gcmd_count, 3);
	assert_int_equal(f->gcmds[0], QIE);
	assert_int_equal(f->gcmds[1], QIE | SRTP);
	assert_int_equal(f->gcmds[2], TE | QIE);
	assert_int_equal(REG_GET(VTD_RTADDR_TTM, f->root),
			 VTD_RTADDR_TTM_SCALABLE);
	assert_int_equal(vtdfake_reg64(f, VTD_IQA) & 0xfff, 1 << 11 | 1);
	/* ESRTPS: the unit has forgotten by itself. */
	assert_int_equal(f->op_count, 0);
	/* The event is told, where it should go. */
	assert_int_equal(vtdfake_reg32(f, VTD_FECTL), 0);
	assert_int_equal(vtdfake_reg32(f, VTD_FEADDR), TESTPLAT_MSI_BASE);
	f->gcmd_count = 0;
	assert_int_equal(vtdfake_remove(f), 0);
	assert_int_equal(f->gcmd_count, 2);
	assert_int_equal(f->gcmds[0], QIE);
	assert_int_equal(f->gcmds[1], 0);
	assert_off(f);
	unmake(f);
}

/* 6.6: without ESRTPS, context cache, PASID cache, IOTLB, in that order. */
static void test_vtd_probe_without_esrtps_flushes(void **state)
{
	struct vtdfake *f = make();

	(void)state;
	f->cap &= ~REG_CONST(VTD_CAP_ESRTPS, 1);
	f->cap |= REG_CONST(VTD_CAP_RWBF, 1);
	assert_int_equal(vtdfake_probe(f), 0);
	assert_int_equal(f->op_count, 4);
	assert_int_equal(f->ops[0].dw[0], 0x1 | 1 << 4);
	assert_int_equal(f->ops[1].dw[0], 0x7 | 3 << 4);
	assert_int_equal(f->ops[2].dw[0] & 0x3f, 0x2 | 1 << 4);
	assert_int_equal(vtd_inv_type(&f->ops[3]), VTD_INV_WAIT);
	/* And write buffers, which such a unit might have. */
	assert_int_equal(f->gcmds[1], QIE | WBF);
	assert_int_equal(vtd_write_buffer_flush(f->u), 0);
	assert_int_equal(f->gcmds[f->gcmd_count - 1], TE | QIE | WBF);
	unmake(f);
}

/* Somebody has left it on: all of it goes, translation first. */
static void test_vtd_probe_found_enabled(void **state)
{
	struct vtdfake *f = make();
	struct vtd_frcd frcd = { { 0x1000, 0 } };

	(void)state;
	f->reg[VTD_GSTS / 4] = TE | SRTP | QIE | IRE | SIRTP | CFI;
	f->reg[VTD_IQH / 4] = 0x40;
	f->reg[VTD_IQT / 4] = 0x40;
	f->reg[VTD_PQA / 4] = 0x12345000;
	f->reg[VTD_PMEN / 4] = TE | 1;
	f->cap |= REG_CONST(VTD_CAP_PLMR, 1);
	(void)vtdfake_fault(f, frcd);
	f->reg[VTD_FSTS / 4] |= 1 << 4 | 1 << 6; /* IQE, ITE */
	assert_int_equal(vtdfake_probe(f), 0);
	assert_int_equal(f->gcmds[0], QIE | IRE | CFI);
	assert_int_equal(f->gcmds[1], QIE | CFI);
	assert_int_equal(f->gcmds[2], QIE);
	assert_int_equal(f->gcmds[3], 0);
	assert_int_equal(f->gcmds[4], QIE);
	/* What was pending is nobody's. */
	assert_int_equal(vtdfake_reg32(f, VTD_FSTS) & 0xff, 0);
	/* Memory that firmware had protected is open now, not before. */
	assert_int_equal(vtdfake_reg32(f, VTD_PMEN), 0);
	unmake(f);
}

struct lack {
	const char *what;
	uint64_t cap;
	uint64_t ecap;
};

/* -ENODEV, and nothing was written. */
static void test_vtd_probe_refuses(void **state)
{
	static const struct lack rows[] = {
		{ "queued invalidation", 0, REG_CONST(VTD_ECAP_QI, 1) },
		{ "scalable mode", 0, REG_CONST(VTD_ECAP_SMTS, 1) },
		{ "coherent tables", 0, REG_CONST(VTD_ECAP_C, 1) },
		{ "any translation", 0,
		  REG_CONST(VTD_ECAP_FSTS, 1) | REG_CONST(VTD_ECAP_SSTS, 1) |
			  REG_CONST(VTD_ECAP_PT, 1) },
		{ "a width of the second stage", REG_CONST(VTD_CAP_SAGAW, 0x1f),
		  0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vtdfake *f = make();

		f->cap &= ~rows[i].cap;
		f->ecap &= ~rows[i].ecap;
		assert_int_equal(vtdfake_probe(f), -ENODEV);
		assert_int_equal(f->gcmd_count, 0);
		assert_int_equal(atomic_load(&f->tp.errors_logged), 1);
		unmake(f);
	}
}

static void test_vtd_probe_refuses_nonsense(void **state)
{
	struct vtdfake *f = make();

	(void)state;
	f->ver = 0;
	assert_int_equal(vtdfake_probe(f), -ENODEV);
	f->ver = 0x60;
	f->cap |= REG_CONST(VTD_CAP_ND, 7);
	assert_int_equal(vtdfake_probe(f), -ENODEV);
	f->cap &= ~REG_CONST(VTD_CAP_ND, 1);
	f->cap |= REG_CONST(VTD_CAP_FRO, 0x3ff); /* beyond the window */
	assert_int_equal(vtdfake_probe(f), -ENODEV);
	unmake(f);
	f = make();
	f->gone = true;
	assert_int_equal(vtdfake_probe(f), -ENODEV);
	f->gone = false;
	unmake(f);
}

static void test_vtd_probe_bad_description(void **state)
{
	static const struct vtd_desc rows[] = {
		{ .queue_lg2 = 6 }, { .queue_lg2 = 15 },  { .prq_lg2 = 6 },
		{ .prq_lg2 = 15 },  { .pasid_bits = 21 },
	};
	struct vtdfake *f = make();
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vtd_desc desc = rows[i];

		assert_int_equal(vtdfake_probe_desc(f, &desc), -EINVAL);
	}
	unmake(f);
}

/* Sizes of the queue: IQA.QS is log2 of pages. */
static void test_vtd_probe_queue_sizes(void **state)
{
	struct vtdfake *f = make();
	unsigned int lg2;

	(void)state;
	for (lg2 = 7; lg2 <= 14; lg2++) {
		struct vtd_desc desc = { .queue_lg2 = lg2, .timeout_ms = 100 };

		assert_int_equal(vtdfake_probe_desc(f, &desc), 0);
		assert_int_equal(vtdfake_reg64(f, VTD_IQA) & 7, lg2 - 7);
		assert_int_equal(vtdfake_remove(f), 0);
	}
	unmake(f);
}

/* What is there without PASIDs, or page requests, or coherent walks. */
static void test_vtd_probe_features(void **state)
{
	struct iommu_sva_why why = { .err = -ENODEV };
	struct vtdfake *f = make();

	(void)state;
	assert_int_equal(vtdfake_probe(f), 0);
	assert_int_equal(f->u->f.pasid_bits, 20);
	assert_int_equal(f->u->f.did_bits, 16);
	assert_int_equal(f->u->f.mgaw_bits, 57);
	assert_int_equal(f->u->f.ss_levels, 1 << 4 | 1 << 5);
	assert_int_equal(f->u->f.mamv, 18);
	assert_int_equal(f->u->f.fault_offset, 0x400);
	assert_int_equal(f->u->f.fault_count, 4);
	assert_true(f->u->f.sva && f->u->f.pri && f->u->f.drain);
	assert_false(vtd_lacks_sva(f->u, &why));
	assert_int_equal(vtdfake_remove(f), 0);

	f->ecap &= ~REG_CONST(VTD_ECAP_SMPWCS, 1);
	assert_int_equal(vtdfake_probe(f), 0);
	assert_true(vtd_lacks_sva(f->u, &why));
	assert_int_equal(why.req, IOMMU_SVA_REQ_COHERENCE);
	assert_true(vtd_lacks_sva(f->u, NULL));
	assert_int_equal(vtdfake_remove(f), 0);

	f->ecap &= ~REG_CONST(VTD_ECAP_FSTS, 1);
	f->ecap |= REG_CONST(VTD_ECAP_SMPWCS, 1);
	assert_int_equal(vtdfake_probe(f), 0);
	assert_true(vtd_lacks_sva(f->u, &why));
	assert_int_equal(why.req, IOMMU_SVA_REQ_WALK);
	assert_false(f->u->f.nested);
	assert_int_equal(vtdfake_remove(f), 0);

	unmake(f);
	f = make();
	f->ecap &= ~(REG_CONST(VTD_ECAP_PASID, 1) | REG_CONST(VTD_ECAP_DT, 1));
	assert_int_equal(vtdfake_probe(f), 0);
	assert_true(vtd_lacks_sva(f->u, &why));
	assert_int_equal(why.req, IOMMU_SVA_REQ_UNIT_PASID);
	assert_false(f->u->f.pri || f->u->f.drain);
	/* Nor is there an event for them, or a message. */
	assert_int_equal(vtdfake_reg32(f, VTD_PEADDR), 0);
	assert_false(f->u->msi_allocated[VTD_IRQ_PAGE_REQUEST]);
	unmake(f);
}

/* Several units: the least of them is for all, and is asked for beforehand. */
static void test_vtd_probe_pasid_bits(void **state)
{
	struct vtd_desc desc = { .pasid_bits = 15, .timeout_ms = 100 };
	struct vtdfake *f = make();
	unsigned int bits = 99;

	(void)state;
	assert_int_equal(vtdfake_probe_desc(f, &desc), 0);
	assert_int_equal(f->u->f.pasid_bits, 15);
	assert_int_equal(vtd_pasid_bits(&desc.mmio, &bits), 0);
	assert_int_equal(bits, 20);
	assert_int_equal(vtdfake_remove(f), 0);

	f->ecap = (f->ecap & ~REG_CONST(VTD_ECAP_PSS, 31)) |
		  REG_CONST(VTD_ECAP_PSS, 7);
	assert_int_equal(vtdfake_probe_desc(f, &desc), 0);
	assert_int_equal(f->u->f.pasid_bits, 8);
	assert_int_equal(vtd_pasid_bits(&desc.mmio, &bits), 0);
	assert_int_equal(bits, 8);
	assert_int_equal(vtdfake_remove(f), 0);
	f->gone = true;
	assert_int_equal(vtd_pasid_bits(&desc.mmio, &bits), -ENODEV);
	f->gone = false;
	unmake(f);
}

struct rows {
	unsigned int regs;
	unsigned int fields;
};

static void count_row(void *arg, const struct iommu_unit_row *row)
{
	struct rows *r = arg;

	assert_non_null(row->reg);
	if (row->field)
		r->fields++;
	else
		r->regs++;
	if (row->field && !strcmp(row->field, "VTD_ECAP_PSS"))
		assert_int_equal(row->value, 19);
}

static void test_vtd_probe_describe(void **state)
{
	struct vtdfake *f = make();
	struct rows r = { 0, 0 };

	(void)state;
	assert_int_equal(vtdfake_probe(f), 0);
	vtd_describe(f->unit, count_row, &r);
	assert_int_equal(r.regs, 3);
	assert_true(r.fields > 50);
	unmake(f);
}

struct held {
	long allocations;
	unsigned int locks;
	unsigned int irqs;
	unsigned int msis;
};

static struct held held_by(struct vtdfake *f)
{
	struct held h = {
		.allocations = atomic_load(&f->tp.live_allocations),
		.locks = atomic_load(&f->tp.locks_live),
	};
	unsigned int i;

	for (i = 0; i < TESTPLAT_IRQS; i++) {
		h.irqs += f->tp.irqs[i].fn != NULL;
		h.msis += f->tp.irqs[i].msi;
	}
	return h;
}

static void assert_held(struct vtdfake *f, const struct held *before)
{
	struct held h = held_by(f);

	assert_int_equal(h.allocations, before->allocations);
	assert_int_equal(h.locks, before->locks);
	assert_int_equal(h.irqs, before->irqs);
	assert_int_equal(h.msis, before->msis);
}

/* It is all there the next time. */
static void assert_probes(struct vtdfake *f, const struct held *before)
{
	assert_int_equal(vtdfake_probe(f), 0);
	assert_int_equal(vtdfake_reg32(f, VTD_GSTS), TE | SRTP | QIE);
	assert_int_equal(vtdfake_remove(f), 0);
	assert_off(f);
	assert_held(f, before);
}

/* Memory, pages, messages, interrupts: each may be missing. */
static void test_vtd_probe_unwinds_every_platform_call(void **state)
{
	struct vtdfake *f = make();
	struct held before = held_by(f);
	unsigned int failed = 0;
	long n;

	(void)state;
	for (n = 1;; n++) {
		bool reached;
		int err;

		testplat_fail_nth(&f->tp, n);
		err = vtdfake_probe(f);
		reached = atomic_load(&f->tp.allocations) >= n;
		testplat_fail_nth(&f->tp, 0);
		if (!reached) {
			assert_int_equal(err, 0);
			assert_int_equal(vtdfake_remove(f), 0);
			break;
		}
		assert_true(err == -ENOMEM || err == -ENOSPC);
		assert_held(f, &before);
		failed++;
	}
	assert_true(failed >= 12);
	assert_probes(f, &before);
	unmake(f);
}

/* No messages on this platform: no unit. */
static void test_vtd_probe_needs_messages(void **state)
{
	struct vtdfake *f = make();
	struct held before = held_by(f);

	(void)state;
	f->tp.msis = false;
	assert_int_equal(vtdfake_probe(f), -EOPNOTSUPP);
	assert_off(f);
	assert_held(f, &before);
	f->tp.msis = true;
	assert_probes(f, &before);
	unmake(f);
}

/* Each acknowledgement may not come, those of found state too. */
static void test_vtd_probe_unwinds_every_acknowledgement(void **state)
{
	struct vtdfake *f = make();
	struct held before = held_by(f);
	unsigned int n, found;

	(void)state;
	for (found = 0; found < 2; found++) {
		for (n = 1;; n++) {
			int err;

			f->reg[VTD_GSTS / 4] = found ? TE | SRTP | QIE | IRE :
						       0;
			f->reg[VTD_IQT / 4] = f->reg[VTD_IQH / 4];
			f->no_ack_bit = 0;
			f->no_ack_nth = n;
			err = vtdfake_probe(f);
			if (f->no_ack_nth) {
				assert_int_equal(err, 0);
				f->no_ack_nth = 0;
				assert_int_equal(vtdfake_remove(f), 0);
				break;
			}
			assert_int_equal(err, -ETIMEDOUT);
			assert_null(f->unit);
			assert_held(f, &before);
		}
		assert_int_equal(n, found ? 7 : 4);
	}
	f->no_ack_bit = 0;
	assert_probes(f, &before);
	unmake(f);
}

/* The first invalidation may fail, or the unit hang. */
static void test_vtd_probe_first_invalidation_fails(void **state)
{
	struct vtdfake *f = make();
	struct held before = held_by(f);

	(void)state;
	f->cap &= ~REG_CONST(VTD_CAP_ESRTPS, 1);
	f->fail_type = VTD_INV_PC;
	f->fail_iqei = VTD_IQEI_TTM;
	f->fail_times = 1;
	assert_int_equal(vtdfake_probe(f), -EIO);
	assert_off(f);
	assert_held(f, &before);
	f->no_consume = true;
	assert_int_equal(vtdfake_probe(f), -ETIMEDOUT);
	assert_null(f->unit);
	assert_held(f, &before);
	f->no_consume = false;
	assert_probes(f, &before);
	unmake(f);
}

/* A unit that is gone is removed all the same, and says so. */
static void test_vtd_remove_gone(void **state)
{
	struct vtdfake *f = make();
	unsigned int errors;

	(void)state;
	assert_int_equal(vtdfake_probe(f), 0);
	errors = atomic_load(&f->tp.errors_logged);
	f->gone = true;
	assert_int_equal(vtdfake_remove(f), 0);
	assert_true(atomic_load(&f->tp.errors_logged) > errors);
	f->gone = false;
	unmake(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_probe_order),
		cmocka_unit_test(test_vtd_probe_without_esrtps_flushes),
		cmocka_unit_test(test_vtd_probe_found_enabled),
		cmocka_unit_test(test_vtd_probe_refuses),
		cmocka_unit_test(test_vtd_probe_refuses_nonsense),
		cmocka_unit_test(test_vtd_probe_bad_description),
		cmocka_unit_test(test_vtd_probe_queue_sizes),
		cmocka_unit_test(test_vtd_probe_features),
		cmocka_unit_test(test_vtd_probe_pasid_bits),
		cmocka_unit_test(test_vtd_probe_describe),
		cmocka_unit_test(test_vtd_probe_unwinds_every_platform_call),
		cmocka_unit_test(test_vtd_probe_needs_messages),
		cmocka_unit_test(test_vtd_probe_unwinds_every_acknowledgement),
		cmocka_unit_test(test_vtd_probe_first_invalidation_fails),
		cmocka_unit_test(test_vtd_remove_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
