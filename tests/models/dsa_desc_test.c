/* SPDX-License-Identifier: MIT */
/* Checks of descriptors, batches, completion interrupts. */
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

/* One wrong bit or number each, and what is said about it. */
static void test_dsa_descriptor_checks_table(void **state)
{
	static const struct {
		enum dsa_op op;
		unsigned int word;
		uint64_t flip;
		unsigned int status;
	} table[] = {
		{ DSA_OP_DIF_CHECK, 0, 0, DSA_COMP_INVALID_OPCODE },
		{ (enum dsa_op)0x0a, 0, 0, DSA_COMP_INVALID_OPCODE },
		{ (enum dsa_op)0x21, 0, 0, DSA_COMP_INVALID_OPCODE },
		{ (enum dsa_op)0xff, 0, 0, DSA_COMP_INVALID_OPCODE },
		{ DSA_OP_MEMMOVE, 0, BIT(32), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_MEMMOVE, 0, BIT(38), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_MEMMOVE, 0, BIT(39), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_MEMMOVE, 0, BIT(48), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_NOOP, 0, BIT(33), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_COMPARE, 0, BIT(40), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_CRC_GEN, 0, BIT(51), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_MEMMOVE, 0, BIT(20), DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_NOOP, 2, 1, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_CRC_GEN, 3, 1, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_MEMMOVE, 4, BIT(48), DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_MEMMOVE, 5, 1, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_COMPARE, 5, 2, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_CRC_GEN, 6, 4, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_FILL, 7, BIT(63), DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_MEMMOVE, 4, 64, DSA_COMP_INVALID_SIZE },
		{ DSA_OP_MEMMOVE, 4, BIT(31), DSA_COMP_INVALID_SIZE },
		{ DSA_OP_MEMMOVE, 0, BIT(36), DSA_COMP_INVALID_INT_HANDLE },
		{ DSA_OP_MEMMOVE, 0, 0, DSA_COMP_SUCCESS },
		{ DSA_OP_MEMMOVE, 0, BIT(40), DSA_COMP_SUCCESS },
	};
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_comp c;
	struct dsa_desc d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		bool crc = table[i].op == DSA_OP_CRC_GEN;

		d = fix_desc(table[i].op, p.comp);
		if (table[i].op != DSA_OP_NOOP)
			d = fix_desc_data(table[i].op, p.comp, p.src,
					  crc ? 0 : p.dst, 64);
		d.dw[table[i].word] ^= table[i].flip;
		c = fix_do(f, 1, &d);
		assert_int_equal(status_of(&c), table[i].status);
		if (table[i].status == DSA_COMP_INVALID_FLAGS)
			assert_int_equal(FIELD_GET(DSA_COMP_FLAGS_INVALID, &c),
					 table[i].flip >> 32);
	}
	/* Overlap, the two seeds, batches. */
	d = fix_desc_data(DSA_OP_COPY_CRC, p.comp, p.src, p.src + 63, 64);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_OVERLAP_BUFFERS);
	d = fix_desc_data(DSA_OP_CRC_GEN, p.comp, p.src, 0, 64);
	FIELD_SET(DSA_DESC_CRC_READ_SEED, &d, 1);
	FIELD_SET(DSA_DESC_CRC_SEED_ADDR, &d, p.src + 2);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_ADDR_ALIGN);
	d = fix_desc_data(DSA_OP_BATCH, p.comp, p.list, 0, 1);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_INVALID_COUNT);
	d = fix_desc_data(DSA_OP_BATCH, p.comp, p.list, 0, 1025);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_INVALID_COUNT);
	d = fix_desc_data(DSA_OP_BATCH, p.comp, p.list + 32, 0, 2);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_BATCH_LIST_ALIGN);
	assert_int_equal(fix_read(f, DSA_REG_SWERR), 0);

	/* Without a record that could say so. */
	d = fix_desc_data(DSA_OP_MEMMOVE, 0, p.src, p.dst, 0);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	fix_run(f);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
			 DSA_COMP_INVALID_SIZE);
	fix_write(f, DSA_REG_SWERR, 3);
	d = fix_desc_data(DSA_OP_MEMMOVE, p.comp + 8, p.src, p.dst, 64);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	fix_run(f);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
			 DSA_COMP_CR_ALIGN);
	fix_destroy(f);
}

/* Members of a batch at p->list, with records behind p->comp. */
static void member(struct fix *f, const struct place *p, unsigned int i,
		   const struct dsa_desc *d)
{
	static const unsigned char none[DSA_COMP_SIZE];
	unsigned char raw[64];

	le64_store_words(raw, d->dw, 8);
	fix_put(f, 1, p->list + 64 * i, raw, sizeof(raw));
	fix_put(f, 1, p->comp + 64 * (i + 1), none, sizeof(none));
}

static struct dsa_comp batch(struct fix *f, const struct place *p,
			     unsigned int count)
{
	struct dsa_desc d =
		fix_desc_data(DSA_OP_BATCH, p->comp, p->list, 0, count);

	return fix_do(f, 1, &d);
}

static void test_dsa_batch_members_fail_and_fence(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d;
	struct dsa_comp c;
	unsigned int i;

	(void)state;
	/* 70 members: their list crosses a page. */
	for (i = 0; i < 70; i++) {
		d = fix_desc_data(DSA_OP_MEMMOVE, p.comp + 64 * (i + 1),
				  p.src + 100 * i, p.dst + 100 * i, 100);
		member(f, &p, i, &d);
	}
	c = batch(f, &p, 70);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 70);

	/* A failing member: the rest runs, the batch says so. */
	d = fix_desc_data(DSA_OP_BATCH, p.comp + 64 * 4, p.list, 0, 2);
	member(f, &p, 3, &d);
	d = fix_desc(DSA_OP_DRAIN, p.comp + 64 * 6);
	member(f, &p, 5, &d);
	c = batch(f, &p, 70);
	assert_int_equal(status_of(&c), DSA_COMP_BATCH_FAIL);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 70);
	c = fix_comp(f, 1, p.comp + 64 * 4);
	assert_int_equal(status_of(&c), DSA_COMP_INVALID_OPCODE);
	c = fix_comp(f, 1, p.comp + 64 * 6);
	assert_int_equal(status_of(&c), DSA_COMP_INVALID_OPCODE);
	c = fix_comp(f, 1, p.comp + 64 * 70);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);

	/* A fence behind it stops there. */
	d = fix_desc_data(DSA_OP_FILL, p.comp + 64 * 11, 0, p.dst, 8);
	FIELD_SET(DSA_DESC_FENCE, &d, 1);
	member(f, &p, 10, &d);
	c = batch(f, &p, 70);
	assert_int_equal(status_of(&c), DSA_COMP_BATCH_FAIL);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 10);
	c = fix_comp(f, 1, p.comp + 64 * 11);
	assert_int_equal(status_of(&c), DSA_COMP_NONE);

	/* The list itself cannot be had. */
	fix_forbid(f, 1, p.list + FIX_PAGE, 1, true);
	fix_page(f, 1, p.list + FIX_PAGE)->may = 0;
	for (i = 0; i < 64; i++) {
		d = fix_desc(DSA_OP_NOOP, 0);
		member(f, &p, i, &d);
	}
	c = batch(f, &p, 70);
	assert_int_equal(status_of(&c), DSA_COMP_BATCH_PAGE_FAULT);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 64);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), p.list + FIX_PAGE);
	fix_destroy(f);
}

/* A predicate that is false does not fail a batch, but stops a fence. */
static void test_dsa_batch_false_predicate_stops_fence(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	d = fix_desc_data(DSA_OP_COMPARE, p.comp + 64, p.src, p.dst, 8);
	FIELD_SET(DSA_DESC_CHECK_RESULT, &d, 1);
	member(f, &p, 0, &d);
	d = fix_desc(DSA_OP_NOOP, p.comp + 128);
	member(f, &p, 1, &d);
	c = batch(f, &p, 2);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);
	c = fix_comp(f, 1, p.comp + 64);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS_FALSE);
	FIELD_SET(DSA_DESC_FENCE, &d, 1);
	member(f, &p, 1, &d);
	c = batch(f, &p, 2);
	assert_int_equal(status_of(&c), DSA_COMP_BATCH_FAIL);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 1);
	fix_destroy(f);
}

static void test_dsa_completion_interrupt_by_handle(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, p.comp);
	struct dsa_comp c;

	(void)state;
	assert_int_equal(fix_cmd(f, DSA_CMD_REQUEST_INT_HANDLE, 3), 0x300);
	FIELD_SET(DSA_DESC_RCI, &d, 1);
	FIELD_SET(DSA_DESC_INT_HANDLE, &d, 3);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);
	assert_int_equal(atomic_load(&f->msi_count[3]), 1);
	/* For another PASID only; for none. */
	fix_write(f, 0x718, 2 << 12 | 8);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_INVALID_INT_HANDLE);
	fix_write(f, 0x718, 1 << 12 | 8);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);
	assert_int_equal(atomic_load(&f->msi_count[3]), 2);
	fix_write(f, 0x718, 4);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);
	assert_int_equal(atomic_load(&f->msi_count[3]), 2);
	fix_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_descriptor_checks_table),
		cmocka_unit_test(test_dsa_batch_members_fail_and_fence),
		cmocka_unit_test(test_dsa_batch_false_predicate_stops_fence),
		cmocka_unit_test(test_dsa_completion_interrupt_by_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
