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

/* Hints: classes of traffic, steering tags, order. Allowed, and no more. */
static void test_dsa_flags_that_are_hints_change_nothing(void **state)
{
	static const unsigned int hints[] = { 37, 40, 41, 42, 43, 44, 45, 47 };
	/* Readbacks are not announced, 38 is reserved. */
	static const unsigned int bad[] = { 38, 46, 49, 50, 51, 55 };
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d;
	struct dsa_comp c;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(hints); i++) {
		fix_random(f, 1, p.src, 256, (uint32_t)i + 7);
		d = place_move(&p, 256, false);
		d.dw[0] |= BIT(hints[i]);
		c = fix_do(f, 1, &d);
		assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);
		assert_moved(f, &p, 256);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		d = place_move(&p, 256, false);
		d.dw[0] |= BIT(bad[i]);
		c = fix_do(f, 1, &d);
		assert_int_equal(status_of(&c), DSA_COMP_INVALID_FLAGS);
		assert_int_equal(FIELD_GET(DSA_COMP_FLAGS_INVALID, &c),
				 BIT(bad[i] - 32));
	}
	/* A drain has the same, and reserved addresses with them. */
	for (i = 48; i < 52; i++) {
		d = fix_desc(DSA_OP_DRAIN, p.comp);
		d.dw[0] |= BIT(i);
		c = fix_do(f, 1, &d);
		assert_int_equal(status_of(&c), DSA_COMP_INVALID_FLAGS);
	}
	d = fix_desc(DSA_OP_DRAIN, p.comp);
	FIELD_SET(DSA_DESC_DRAIN_RB1, &d, p.src);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_RESERVED_FIELD);
	fix_destroy(f);
}

/* Each DIF operation is refused, as OPCAP says. */
static void test_dsa_operations_not_announced_refused(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	uint64_t opcap = fix_read(f, DSA_REG_OPCAP);
	unsigned int op;

	(void)state;
	for (op = 0; op < 256; op++) {
		struct dsa_desc d = fix_desc((enum dsa_op)op, p.comp);
		struct dsa_comp c = fix_do(f, 1, &d);
		bool there = op < 64 && (opcap & BIT(op));

		/* Those with operands have none here. */
		assert_int_equal(status_of(&c) == DSA_COMP_INVALID_OPCODE,
				 !there);
	}
	fix_destroy(f);
}

/* A record is written if it is asked for, or if the descriptor failed. */
static void test_dsa_record_only_if_wanted_or_failed(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, 64, false);
	struct dsa_comp c;

	(void)state;
	FIELD_SET(DSA_DESC_RCR, &d, 0);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_NONE);
	assert_moved(f, &p, 64);
	FIELD_SET(DSA_DESC_XFER_SIZE, &d, 0);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_INVALID_SIZE);
	/* No address, but one is asked for: that flag is wrong. */
	d = place_move(&p, 64, false);
	FIELD_SET(DSA_DESC_CRAV, &d, 0);
	c = fix_do(f, 1, &d);
	assert_int_equal(status_of(&c), DSA_COMP_NONE);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
			 DSA_COMP_INVALID_FLAGS);
	assert_int_equal(fix_read(f, DSA_REG_SWERR + 8) >> 32, 0x8);
	fix_destroy(f);
}

/* SWERROR names the member of a batch, and keeps OVERFLOW by itself. */
static void test_dsa_swerr_of_a_batch_member(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_swerr err;
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	d = fix_desc(DSA_OP_NOOP, 0);
	member(f, &p, 0, &d);
	d = fix_desc_data(DSA_OP_FILL, 0, 0, p.dst, 0);
	member(f, &p, 1, &d);
	member(f, &p, 2, &d);
	c = batch(f, &p, 3);
	assert_int_equal(status_of(&c), DSA_COMP_BATCH_FAIL);
	err = read_swerr(f);
	assert_int_equal(FIELD_GET(DSA_SWERR_VALID, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_OVERFLOW, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_DESC_VALID, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_WQ_IDX_VALID, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_BATCH, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_BATCH_IDX, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_WQ_IDX, &err), 0);
	assert_int_equal(FIELD_GET(DSA_SWERR_PASID, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_PRIV, &err), 0);
	assert_int_equal(FIELD_GET(DSA_SWERR_ERROR, &err),
			 DSA_COMP_INVALID_SIZE);
	assert_int_equal(FIELD_GET(DSA_SWERR_OPERATION, &err), DSA_OP_FILL);
	/* Taken without the overflow, which came later, say. */
	fix_write(f, DSA_REG_SWERR, 1);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) & 3, 2);
	c = batch(f, &p, 2);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) & 3, 3);
	fix_write(f, DSA_REG_SWERR, 2);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) & 3, 1);
	fix_destroy(f);
}

/* A user's descriptor may not say that it is the supervisor's. */
static void test_dsa_privileged_without_permission_refused(void **state)
{
	const struct fix_wq wq = { .shared = true };
	struct place p;
	struct fix *f = place_setup(&p, NULL, &wq);
	struct dsa_desc d = place_move(&p, 64, false);
	struct dsa_comp c;

	(void)state;
	FIELD_SET(DSA_DESC_PASID, &d, 1);
	FIELD_SET(DSA_DESC_PRIV, &d, 1);
	fix_put(f, 1, p.comp, (const unsigned char[32]){ 0 }, 32);
	assert_int_equal(fix_submit(f, 0, true, &d), 0);
	assert_int_equal(fix_run(f), 0);
	c = fix_comp(f, 1, p.comp);
	assert_int_equal(status_of(&c), DSA_COMP_NONE);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff, DSA_COMP_PRIV);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 6 & 1, 1);
	fix_destroy(f);
}

/* A handle that was released, and that of a batch's member. */
static void test_dsa_handle_released_not_valid(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, p.comp);
	struct dsa_comp c;

	(void)state;
	assert_int_equal(fix_cmd(f, DSA_CMD_REQUEST_INT_HANDLE, 2), 0x200);
	FIELD_SET(DSA_DESC_RCI, &d, 1);
	FIELD_SET(DSA_DESC_INT_HANDLE, &d, 2);
	FIELD_SET(DSA_DESC_COMPLETION_ADDR, &d, p.comp + 64);
	member(f, &p, 0, &d);
	FIELD_SET(DSA_DESC_COMPLETION_ADDR, &d, p.comp + 128);
	member(f, &p, 1, &d);
	c = batch(f, &p, 2);
	assert_int_equal(status_of(&c), DSA_COMP_SUCCESS);
	assert_int_equal(atomic_load(&f->msi_count[2]), 2);
	assert_int_equal(fix_cmd(f, DSA_CMD_RELEASE_INT_HANDLE, 2), 0);
	c = batch(f, &p, 2);
	assert_int_equal(status_of(&c), DSA_COMP_BATCH_FAIL);
	c = fix_comp(f, 1, p.comp + 64);
	assert_int_equal(status_of(&c), DSA_COMP_INVALID_INT_HANDLE);
	assert_int_equal(atomic_load(&f->msi_count[2]), 2);
	fix_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_descriptor_checks_table),
		cmocka_unit_test(test_dsa_batch_members_fail_and_fence),
		cmocka_unit_test(test_dsa_batch_false_predicate_stops_fence),
		cmocka_unit_test(test_dsa_completion_interrupt_by_handle),
		cmocka_unit_test(test_dsa_flags_that_are_hints_change_nothing),
		cmocka_unit_test(test_dsa_operations_not_announced_refused),
		cmocka_unit_test(test_dsa_record_only_if_wanted_or_failed),
		cmocka_unit_test(test_dsa_swerr_of_a_batch_member),
		cmocka_unit_test(
			test_dsa_privileged_without_permission_refused),
		cmocka_unit_test(test_dsa_handle_released_not_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
