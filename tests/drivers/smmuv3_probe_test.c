/* SPDX-License-Identifier: MIT */
/* Bringing an SMMU up, against the fake. Bits are numbers, from IHI 0070. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/drivers/smmuv3_fixture.h"

static struct fake *make(void)
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	fake_init(f);
	return f;
}

static void unmake(struct fake *f)
{
	fake_fini(f);
	free(f);
}

static void test_smmuv3_probe_programs_and_enables(void **state)
{
	struct fake *f = make();
	struct smmuv3_stats stats;

	(void)state;
	/* Found running, with errors pending. */
	f->reg[0x20 / 4] = f->reg[0x24 / 4] = 0x1f;
	f->reg[0x60 / 4] = 0x5;
	assert_int_equal(fake_probe(f), 0);
	assert_int_equal(f->reg[0x20 / 4], 0x1f);        /* CR0, all five */
	assert_int_equal(f->reg[0x44 / 4] >> 20 & 1, 1); /* GBPA.ABORT */
	assert_int_equal(f->reg[0x28 / 4], 0xd75);       /* CR1 */
	assert_int_equal(f->reg[0x2c / 4], 0x6);         /* PTM, RECINVSID */
	assert_int_equal(f->reg[0x50 / 4], 0x7);
	assert_int_equal(f->reg[0x64 / 4], 0x5);
	assert_int_equal(f->reg[0x88 / 4], 1 << 16 | 8 << 6 | 16);
	assert_int_equal(f->reg[0x90 / 4] & 31, 8);
	/* Configuration, SYNC, then TLBs, SYNC. No EL2 without HYP. */
	assert_int_equal(f->op_count, 4);
	assert_int_equal(fake_find(f, 0x04, 0), 0);
	assert_int_equal(fake_cmd(f, 0)->dw[1], 31);
	assert_int_equal(fake_find(f, 0x46, 0), 1);
	assert_int_equal(fake_find(f, 0x30, 0), 2);
	assert_int_equal(fake_find(f, 0x46, 2), 3);
	smmuv3_stats(f->unit, &stats);
	assert_int_equal(stats.commands, 4);
	assert_int_equal(stats.syncs, 2);
	assert_int_equal(stats.config_invalidations, 1);
	assert_int_equal(stats.tlb_invalidations, 1);

	assert_int_equal(smmuv3_remove(f->unit), 0);
	f->unit = NULL;
	assert_int_equal(f->reg[0x20 / 4], 0);
	assert_int_equal(f->reg[0x50 / 4], 0);
	assert_int_equal(f->tp.errors_logged, 0);
	unmake(f);
}

static void test_smmuv3_probe_with_hyp_flushes_el2(void **state)
{
	struct fake *f = make();

	(void)state;
	f->idr[0] |= 1 << 9;
	assert_int_equal(fake_probe(f), 0);
	assert_int_equal(fake_count(f, 0x20), 1);
	unmake(f);
}

static void test_smmuv3_probe_unsuitable_is_refused(void **state)
{
	static const struct {
		unsigned int idr;
		uint32_t clear, set;
	} rows[] = {
		{ 0, 1 << 1, 0 },        /* no stage 1 */
		{ 0, 3 << 2, 1 << 2 },   /* AArch32 only */
		{ 0, 3 << 21, 3 << 21 }, /* big-endian only */
		{ 5, 1 << 4, 0 },        /* no granule */
		{ 1, 0, 1 << 29 },       /* preset queues */
		{ 1, 0, 1 << 30 },       /* preset tables */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *f = make();

		f->idr[rows[i].idr] &= ~rows[i].clear;
		f->idr[rows[i].idr] |= rows[i].set;
		assert_int_equal(fake_probe(f), -ENODEV);
		unmake(f);
	}
	{
		struct fake *f = make();

		f->gone = true;
		assert_int_equal(fake_probe(f), -ENODEV);
		unmake(f);
	}
}

static void test_smmuv3_probe_bad_description_is_refused(void **state)
{
	struct fake *f = make();
	struct smmuv3_desc desc = { .cmdq_lg2 = 20 };

	(void)state;
	assert_int_equal(fake_probe_desc(f, &desc), -EINVAL);
	desc = (struct smmuv3_desc){ .sid_bits = 33 };
	assert_int_equal(fake_probe_desc(f, &desc), -EINVAL);
	unmake(f);
}

static void test_smmuv3_probe_no_acknowledgement_times_out(void **state)
{
	struct smmuv3_desc desc = { .irq = { 1, 2, 3 }, .timeout_ms = 1 };
	struct fake *f = make();

	(void)state;
	f->no_ack = true;
	assert_int_equal(fake_probe_desc(f, &desc), -ETIMEDOUT);
	f->no_ack = false;
	f->no_consume = true;
	assert_int_equal(fake_probe_desc(f, &desc), -ETIMEDOUT);
	assert_int_equal(f->reg[0x20 / 4], 0); /* disabled again */
	assert_true(f->tp.errors_logged > 0);
	unmake(f);
}

static void test_smmuv3_probe_without_messages_uses_wires(void **state)
{
	struct fake *f = make();

	(void)state;
	f->tp.msis = false;
	assert_int_equal(fake_probe(f), 0);
	assert_non_null(f->tp.irqs[1].fn);
	assert_non_null(f->tp.irqs[2].fn);
	assert_non_null(f->tp.irqs[3].fn);
	assert_int_equal(f->reg[0xb0 / 4], 0);
	unmake(f);

	f = make();
	assert_int_equal(fake_probe(f), 0);
	assert_null(f->tp.irqs[1].fn);
	assert_int_equal(f->reg[0xb0 / 4], TESTPLAT_MSI_BASE);
	unmake(f);
}

/* Nothing is left whichever allocation fails. */
static void test_smmuv3_probe_any_allocation_fails_cleanly(void **state)
{
	long n;
	int err = -1;

	(void)state;
	for (n = 1; err; n++) {
		struct fake *f = make();

		testplat_fail_nth(&f->tp, n);
		err = fake_probe(f);
		/* The n-th was asked for, unless this was one too many. */
		if (f->tp.allocations < n) {
			assert_int_equal(err, 0);
			unmake(f);
			break;
		}
		/* Without messages there are wires. */
		assert_true(err == -ENOMEM || err == 0);
		testplat_fail_nth(&f->tp, 0);
		unmake(f);
		err = -1;
	}
	assert_true(n > 8);
}

struct rows {
	unsigned int regs, fields;
	uint64_t sidsize, oas;
};

static void on_row(void *arg, const struct iommu_unit_row *row)
{
	struct rows *rows = arg;

	assert_non_null(row->reg);
	if (!row->field) {
		assert_null(row->gloss);
		rows->regs++;
		return;
	}
	assert_non_null(row->gloss);
	rows->fields++;
	if (!strcmp(row->field, "SMMU_IDR1_SIDSIZE"))
		rows->sidsize = row->value;
	if (!strcmp(row->field, "SMMU_IDR5_OAS"))
		rows->oas = row->value;
}

static void test_smmuv3_describe_gives_every_register(void **state)
{
	struct fake *f = make();
	struct rows rows = { 0 };

	(void)state;
	assert_int_equal(fake_probe(f), 0);
	iommu_unit_describe(f->unit, on_row, &rows);
	assert_int_equal(rows.regs, 9);
	assert_true(rows.fields > 60);
	assert_int_equal(rows.sidsize, 16);
	assert_int_equal(rows.oas, 5);
	unmake(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_probe_programs_and_enables),
		cmocka_unit_test(test_smmuv3_probe_with_hyp_flushes_el2),
		cmocka_unit_test(test_smmuv3_probe_unsuitable_is_refused),
		cmocka_unit_test(test_smmuv3_probe_bad_description_is_refused),
		cmocka_unit_test(
			test_smmuv3_probe_no_acknowledgement_times_out),
		cmocka_unit_test(test_smmuv3_probe_without_messages_uses_wires),
		cmocka_unit_test(
			test_smmuv3_probe_any_allocation_fails_cleanly),
		cmocka_unit_test(test_smmuv3_describe_gives_every_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
