/* SPDX-License-Identifier: MIT */
/* Portals, queues, and who is served when. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "tests/models/dsa_place.h"

static void test_dsa_portal_dedicated_overflow_recorded(void **state)
{
	const struct fix_wq wq = { .pasid = 1, .size = 2 };
	struct place p;
	struct fix *f = place_setup(&p, NULL, &wq);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, 0);
	struct dsa_hw_stats s;
	struct dsa_swerr err;
	unsigned int i;

	(void)state;
	fix_write(f, DSA_REG_GENCTRL, 1);
	for (i = 0; i < 2; i++)
		assert_int_equal(fix_submit(f, 0, false, &d), 0);
	assert_int_equal(fix_read(f, 0x518) & 0xffff, 2);
	assert_int_equal(fix_read(f, DSA_REG_SWERR), 0);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	err = read_swerr(f);
	assert_int_equal(FIELD_GET(DSA_SWERR_VALID, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_OVERFLOW, &err), 0);
	assert_int_equal(FIELD_GET(DSA_SWERR_ERROR, &err), DSA_SWERR_WQ_FULL);
	assert_int_equal(FIELD_GET(DSA_SWERR_PASID, &err), 1);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	err = read_swerr(f);
	assert_int_equal(FIELD_GET(DSA_SWERR_OVERFLOW, &err), 1);
	/* One interrupt, until software has taken the record. */
	assert_int_equal(atomic_load(&f->msi_count[0]), 1);
	assert_int_equal(fix_read(f, DSA_REG_INTCAUSE), 1);
	fix_write(f, DSA_REG_INTCAUSE, 1);
	fix_write(f, DSA_REG_SWERR, 3);
	assert_int_equal(fix_read(f, DSA_REG_INTCAUSE), 0);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) & 3, 0);
	fix_run(f);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.descriptors, 2);

	/* The wrong kind of write, a queue that is off, a place between. */
	assert_int_equal(fix_submit(f, 0, true, &d), -EAGAIN);
	assert_int_equal(fix_submit(f, 1, true, &d), -EAGAIN);
	assert_int_equal(fix_submit(f, 1, false, &d), 0);
	assert_int_equal(fix_submit(f, 100, true, &d), -EAGAIN);
	assert_int_equal(dsa_hw_portal_write(f->dsa, 8, &d, false), 0);
	fix_run(f);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.descriptors, 2);
	fix_destroy(f);
}

static void test_dsa_portal_shared_retries_at_threshold(void **state)
{
	const struct fix_wq wq = { .shared = true, .size = 4, .threshold = 2 };
	struct place p;
	struct fix *f = place_setup(&p, NULL, &wq);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, 0);
	struct dsa_hw_stats s;
	unsigned char raw[64];
	unsigned int i;

	(void)state;
	le64_store_words(raw, d.dw, 8);
	for (i = 0; i < 4; i++)
		assert_int_equal(dsa_hw_portal_write(f->dsa, 0x1040, raw, true),
				 i < 2 ? 0 : -EAGAIN);
	for (i = 0; i < 4; i++)
		assert_int_equal(dsa_hw_portal_write(f->dsa, 0x0fc0, raw, true),
				 i < 2 ? 0 : -EAGAIN);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.retries, 4);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	fix_run(f);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.descriptors, 4);
	assert_int_equal(fix_read(f, DSA_REG_SWERR), 0);
	fix_destroy(f);
}

/* A drain descriptor waits for those before it on other engines. */
static void test_dsa_drain_descriptor_waits_for_others(void **state)
{
	struct fix *f = fix_create(NULL);
	const struct fix_wq wq = { .pasid = 1, .bof = true };
	uint64_t dst = fix_alloc(f, 1, 0, 1, 0);
	uint64_t comp = fix_alloc(f, 1, 1, 1, RW);
	static const unsigned char none[64];
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	fix_put(f, 1, comp, none, sizeof(none));
	f->prg = FIX_PRG_HOLD;
	fix_wq_config(f, &wq);
	fix_group(f, 0, 0xff, 0xf);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0);
	d = fix_desc_data(DSA_OP_FILL, comp, 0, dst, 8);
	FIELD_SET(DSA_DESC_BOF, &d, 1);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	d = fix_desc(DSA_OP_DRAIN, comp + 32);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	assert_int_equal(fix_run(f), 2);
	c = fix_comp(f, 1, comp + 32);
	assert_int_equal(status_of(&c), DSA_COMP_NONE);
	place_answer(f);
	assert_int_equal(fix_run(f), 0);
	c = fix_comp(f, 1, comp + 32);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);
	fix_destroy(f);
}

/* High priorities first, low ones in their turn. */
static void test_dsa_priority_orders_without_starving(void **state)
{
	struct fix *f = fix_create(NULL);
	const struct fix_wq low = { .index = 0, .pasid = 1, .priority = 1 };
	const struct fix_wq high = { .index = 1, .pasid = 1, .priority = 4 };
	uint64_t comp = fix_alloc(f, 1, 0, 1, RW);
	static const unsigned char none[FIX_PAGE];
	struct dsa_desc d;
	unsigned int i, first = 0, lows = 0, highs = 0;

	(void)state;
	fix_put(f, 1, comp, none, sizeof(none));
	fix_wq_config(f, &low);
	fix_wq_config(f, &high);
	fix_group(f, 0, 0xff, 0x1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 1), 0);
	for (i = 0; i < 16; i++) {
		d = fix_desc(DSA_OP_NOOP, comp + 32 * i);
		assert_int_equal(fix_submit(f, 0, false, &d), 0);
		d = fix_desc(DSA_OP_NOOP, comp + 1024 + 32 * i);
		assert_int_equal(fix_submit(f, 1, false, &d), 0);
	}
	while (highs < 16) {
		unsigned int was = lows + highs;

		dsa_hw_step(f->dsa, 0);
		for (i = 0, lows = 0, highs = 0; i < 16; i++) {
			struct dsa_comp c = fix_comp(f, 1, comp + 32 * i);

			lows += status_of(&c) != DSA_COMP_NONE;
			c = fix_comp(f, 1, comp + 1024 + 32 * i);
			highs += status_of(&c) != DSA_COMP_NONE;
		}
		if (!was && highs)
			first = 1;
	}
	assert_int_equal(first, 1);
	assert_in_range(lows, 3, 4);
	fix_destroy(f);
}

/* All four portals of a queue: limited ones obey the threshold. */
static void test_dsa_portal_kinds(void **state)
{
	const struct fix_wq wq = { .shared = true, .size = 4, .threshold = 1 };
	struct place p;
	struct fix *f = place_setup(&p, NULL, &wq);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, 0);
	unsigned char raw[64];
	unsigned int kind;
	int n;

	(void)state;
	le64_store_words(raw, d.dw, 8);
	for (kind = 0; kind < 4; kind++) {
		for (n = 0; !dsa_hw_portal_write(f->dsa, kind << 12, raw, true);
		     n++)
			;
		assert_int_equal(n, kind % 2 ? 1 : 4);
		fix_run(f);
	}
	/* The threshold may change while the queue is on; 0 closes them. */
	fix_write(f, 0x500, (uint64_t)3 << 32);
	for (n = 0; !dsa_hw_portal_write(f->dsa, 1 << 12, raw, true); n++)
		;
	assert_int_equal(n, 3);
	fix_run(f);
	fix_write(f, 0x500, 0);
	assert_int_equal(dsa_hw_portal_write(f->dsa, 1 << 12, raw, true),
			 -EAGAIN);
	assert_int_equal(dsa_hw_portal_write(f->dsa, 0, raw, true), 0);
	fix_run(f);
	/* Drained and off: Retry, for ever. */
	assert_int_equal(fix_cmd(f, DSA_CMD_DISABLE_WQ, 1), 0);
	assert_int_equal(dsa_hw_portal_write(f->dsa, 0, raw, true), -EAGAIN);
	fix_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_portal_dedicated_overflow_recorded),
		cmocka_unit_test(test_dsa_portal_shared_retries_at_threshold),
		cmocka_unit_test(test_dsa_drain_descriptor_waits_for_others),
		cmocka_unit_test(test_dsa_priority_orders_without_starving),
		cmocka_unit_test(test_dsa_portal_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
