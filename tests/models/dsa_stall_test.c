/* SPDX-License-Identifier: MIT */
/*
 * The accelerator as a platform device: nothing in front of it, and an IOMMU
 * that stalls its transactions. Arm IHI 0070 3.12.2 is what the IOMMU does;
 * here is what the device makes of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/models/dsa_place.h"

#define SID 0x12345678u

/* Engine 0, or both @engines in one group; queue 0 is of PASID 1. */
static struct fix *setup(struct place *p, uint64_t engines)
{
	const struct fix_wq wq = { .pasid = 1, .bof = true };
	struct dsa_hw_cfg cfg;
	struct fix *f;

	dsa_hw_cfg_platform(&cfg, SID);
	f = fix_create(&cfg);
	place_alloc(f, p, 0);
	fix_wq_config(f, &wq);
	fix_group(f, 0, 0xff, engines);
	fix_write(f, DSA_REG_GENCFG, 0x1000);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0);
	f->stall = FIX_STALL_HOLD;
	return f;
}

static void present(struct fix *f, uint64_t va, unsigned int pages)
{
	unsigned int i;

	for (i = 0; i < pages; i++)
		fix_page(f, 1, va + (uint64_t)i * FIX_PAGE)->perm = RW;
}

static void clear_comp(struct fix *f, uint64_t comp)
{
	static const unsigned char none[DSA_COMP_SIZE];

	fix_put(f, 1, comp, none, sizeof(none));
}

static void submit(struct fix *f, const struct dsa_desc *d)
{
	clear_comp(f, FIELD_GET(DSA_DESC_COMPLETION_ADDR, d));
	assert_int_equal(fix_submit(f, 0, false, d), 0);
}

static unsigned int status(struct fix *f, uint64_t comp)
{
	const struct dsa_comp c = fix_comp(f, 1, comp);

	return (unsigned int)FIELD_GET(DSA_COMP_STATUS, &c);
}

/* Steps and ends stalls until the device is idle. Return: how many. */
static unsigned int serve(struct fix *f, bool retry)
{
	unsigned int n = 0;

	while (fix_run(f)) {
		assert_true(f->stalled_count > 0);
		fix_resume(f, 0, retry);
		assert_true(++n < 1000);
	}
	assert_int_equal(f->stalled_count, 0);
	return n;
}

static void assert_ended(struct fix *f)
{
	struct dsa_hw_stats s;

	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.stalls, f->stalls);
	assert_int_equal(s.resumes, f->stalls);
	assert_int_equal(s.ats_requests, 0);
	assert_int_equal(s.page_requests, 0);
	assert_int_equal(f->translated, 0);
	assert_int_equal(f->groups, 0);
}

static void test_dsa_platform_has_no_function_in_front(void **state)
{
	struct place p;
	struct fix *f = setup(&p, 1);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, p.comp);

	(void)state;
	assert_int_equal(dsa_hw_cfg_read(f->dsa, 0, 4), UINT32_MAX);
	/* Nothing is switched off by a write there. */
	dsa_hw_cfg_write(f->dsa, PCIE_CFG_COMMAND, 2, 0);
	assert_int_equal(fix_read(f, DSA_REG_GENSTATUS) & 3,
			 DSA_DEVICE_ENABLED);
	assert_int_equal(dsa_hw_msi_table(f->dsa), 0x2000);
	assert_int_equal(fix_cmd(f, DSA_CMD_REQUEST_INT_HANDLE, 1), 0x100);
	FIELD_SET(DSA_DESC_RCI, &d, 1);
	FIELD_SET(DSA_DESC_INT_HANDLE, &d, 1);
	present(f, p.comp, 1);
	submit(f, &d);
	assert_int_equal(fix_run(f), 0);
	assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
	assert_int_equal(atomic_load(&f->msi_count[1]), 1);
	assert_ended(f);
	fix_destroy(f);
}

static void test_dsa_platform_bad_configuration_refused(void **state)
{
	struct dsa_hw_cfg cfg;

	(void)state;
	dsa_hw_cfg_platform(&cfg, SID);
	assert_int_not_equal(dsa_hw_size(&cfg), 0);
	cfg.ats = true;
	assert_int_equal(dsa_hw_size(&cfg), 0);
	dsa_hw_cfg_default(&cfg);
	cfg.rid = 0x10000;
	assert_int_equal(dsa_hw_size(&cfg), 0);
}

/* What the transaction says, and that it is another one the next time. */
static void test_dsa_stall_transaction_offered_again(void **state)
{
	struct fix_stalled first, second;
	struct place p;
	struct fix *f = setup(&p, 1);
	const struct dsa_desc d = place_move(&p, 100, true);

	(void)state;
	submit(f, &d);
	assert_int_equal(fix_run(f), 1);
	first = fix_stalled(f, 0);
	assert_int_equal(first.requester, SID);
	assert_int_equal(first.pasid, 1);
	assert_int_equal(first.addr, p.src);
	assert_int_equal(first.perm, IOMMU_PERM_READ);
	/* Nothing happens by itself. */
	assert_int_equal(fix_run(f), 1);
	assert_int_equal(f->stalls, 1);
	/* Retried, but the page is still not there: it stalls anew. */
	fix_page(f, 1, p.src)->may = 0;
	fix_resume(f, 0, true);
	assert_int_equal(fix_run(f), 1);
	assert_int_equal(f->stalls, 2);
	second = fix_stalled(f, 0);
	assert_int_equal(second.addr, p.src);
	assert_true(second.cookie != first.cookie);
	/* An end of the first, which has had its own, ends nothing. */
	dsa_hw_resume(f->dsa, first.cookie, false);
	assert_int_equal(fix_run(f), 1);
	fix_page(f, 1, p.src)->may = RW;
	assert_int_equal(serve(f, true), 3);
	assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
	assert_moved(f, &p, 100);
	fix_destroy(f);
}

/* Each operation finds its pages, each with a stall of its own. */
static void run_operations(enum fix_stall how)
{
	static const struct {
		enum dsa_op op;
		unsigned int pages; /* without that of the record */
	} table[] = {
		{ DSA_OP_MEMMOVE, 6 },     { DSA_OP_FILL, 3 },
		{ DSA_OP_COMPARE, 2 },     { DSA_OP_COMPARE_PATTERN, 1 },
		{ DSA_OP_CRC_GEN, 3 },     { DSA_OP_COPY_CRC, 6 },
		{ DSA_OP_DUALCAST, 9 },    { DSA_OP_CREATE_DELTA, 0 },
		{ DSA_OP_CACHE_FLUSH, 3 }, { DSA_OP_NOOP, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const uint64_t size = 2 * FIX_PAGE + 4096;
		enum dsa_op op = table[i].op;
		struct dsa_desc d;
		struct place p;
		struct fix *f = setup(&p, 1);
		unsigned int n;

		f->stall = how;
		d = fix_desc_data(op, p.comp, p.src, p.dst, size);
		if (op == DSA_OP_NOOP)
			d = fix_desc(op, p.comp);
		else
			FIELD_SET(DSA_DESC_BOF, &d, 1);
		if (op == DSA_OP_DUALCAST)
			FIELD_SET(DSA_DESC_DUALCAST_DST2, &d,
				  p.dst + 8 * FIX_PAGE);
		if (op == DSA_OP_CRC_GEN)
			FIELD_SET(DSA_DESC_DST, &d, 0);
		if (op == DSA_OP_CACHE_FLUSH)
			FIELD_SET(DSA_DESC_SRC, &d, 0);
		if (op == DSA_OP_CREATE_DELTA) {
			FIELD_SET(DSA_DESC_CREATE_DELTA_ADDR, &d,
				  p.dst + 16 * FIX_PAGE);
			FIELD_SET(DSA_DESC_CREATE_DELTA_MAX_SIZE, &d, 8192);
		}
		submit(f, &d);
		n = serve(f, true);
		if (how == FIX_STALL_MAP)
			assert_int_equal(n, 0);
		assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
		if (table[i].pages)
			assert_int_equal(f->stalls, table[i].pages + 1);
		else
			assert_true(f->stalls >= 1);
		if (op == DSA_OP_MEMMOVE || op == DSA_OP_COPY_CRC ||
		    op == DSA_OP_DUALCAST)
			assert_moved(f, &p, size);
		assert_ended(f);
		fix_destroy(f);
	}
}

static void test_dsa_stall_operations_get_their_pages(void **state)
{
	(void)state;
	run_operations(FIX_STALL_HOLD);
}

static void test_dsa_stall_ended_before_translate_returns(void **state)
{
	(void)state;
	run_operations(FIX_STALL_MAP);
}

/* Of a batch: the list, the members' operands, both records. */
static void test_dsa_stall_batch_gets_its_pages(void **state)
{
	struct place p;
	struct fix *f = setup(&p, 1);
	struct dsa_desc d = fix_desc(DSA_OP_BATCH, p.comp);
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct dsa_desc m = fix_desc_data(
			DSA_OP_MEMMOVE, p.comp + 64 + 32 * i,
			p.src + i * FIX_PAGE, p.dst + i * FIX_PAGE, FIX_PAGE);

		clear_comp(f, p.comp + 64 + 32 * i);
		fix_put(f, 1, p.dst + 20 * FIX_PAGE + 64 * i, m.dw, 64);
	}
	FIELD_SET(DSA_DESC_BATCH_LIST, &d, p.dst + 20 * FIX_PAGE);
	FIELD_SET(DSA_DESC_BATCH_COUNT, &d, 2);
	submit(f, &d);
	assert_int_equal(serve(f, true), 1 + 4 + 1);
	assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
	assert_moved(f, &p, 2 * FIX_PAGE);
	assert_ended(f);
	fix_destroy(f);
}

/* An abort ends the operation where it was; the flag decides about the code. */
static void test_dsa_stall_aborted_ends_with_page_fault(void **state)
{
	unsigned int bof;

	(void)state;
	for (bof = 0; bof < 2; bof++) {
		struct place p;
		struct fix *f = setup(&p, 1);
		const struct dsa_desc d = place_move(&p, 3 * FIX_PAGE, bof);
		struct dsa_comp c;

		present(f, p.comp, 1);
		present(f, p.src, 3);
		present(f, p.dst, 2);
		submit(f, &d);
		assert_int_equal(fix_run(f), 1);
		fix_resume(f, 0, false);
		assert_int_equal(fix_run(f), 0);
		c = fix_comp(f, 1, p.comp);
		assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
				 bof ? DSA_COMP_PAGE_FAULT_IR :
				       DSA_COMP_PAGE_FAULT_NOBOF);
		assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c),
				 p.dst + 2 * FIX_PAGE);
		assert_int_equal(FIELD_GET(DSA_COMP_WRITE, &c), 1);
		assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c),
				 2 * FIX_PAGE);
		assert_moved(f, &p, 2 * FIX_PAGE);
		assert_ended(f);
		/* The same page, asked for by the next descriptor. */
		submit(f, &d);
		assert_int_equal(serve(f, true), 1);
		assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
		fix_destroy(f);
	}
}

/* Aborted without a stall: that the IOMMU does not stall is no difference. */
static void test_dsa_platform_abort_at_once_is_the_same(void **state)
{
	struct place p;
	struct fix *f = setup(&p, 1);
	const struct dsa_desc d = place_move(&p, 3 * FIX_PAGE, true);
	struct dsa_comp c;

	(void)state;
	f->stall = FIX_STALL_OFF;
	present(f, p.comp, 1);
	present(f, p.src, 1);
	submit(f, &d);
	assert_int_equal(fix_run(f), 0);
	c = fix_comp(f, 1, p.comp);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
			 DSA_COMP_PAGE_FAULT_IR);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), p.dst);
	fix_destroy(f);
}

/* The list of a batch, and the record, which SWERROR tells of. */
static void test_dsa_stall_aborted_list_and_record(void **state)
{
	struct place p;
	struct fix *f = setup(&p, 1);
	struct dsa_desc d = fix_desc(DSA_OP_BATCH, p.comp);
	struct dsa_comp c;

	(void)state;
	FIELD_SET(DSA_DESC_BATCH_LIST, &d, p.src);
	FIELD_SET(DSA_DESC_BATCH_COUNT, &d, 2);
	present(f, p.comp, 1);
	submit(f, &d);
	assert_int_equal(serve(f, false), 1);
	c = fix_comp(f, 1, p.comp);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
			 DSA_COMP_BATCH_PAGE_FAULT);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), p.src);

	d = fix_desc(DSA_OP_NOOP, p.comp + FIX_PAGE);
	submit(f, &d);
	assert_int_equal(serve(f, false), 1);
	assert_int_equal(status(f, p.comp + FIX_PAGE), DSA_COMP_NONE);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
			 DSA_COMP_CR_PAGE_FAULT);
	assert_int_equal(fix_read(f, DSA_REG_SWERR + 16), p.comp + FIX_PAGE);
	assert_ended(f);
	fix_destroy(f);
}

/* Granted again and again without ever being there. */
static void test_dsa_stall_granted_without_page_gives_up(void **state)
{
	struct place p;
	struct fix *f = setup(&p, 1);
	const struct dsa_desc d = place_move(&p, 64, true);
	struct dsa_comp c;

	(void)state;
	present(f, p.comp, 1);
	present(f, p.src, 1);
	fix_page(f, 1, p.dst)->may = 0;
	submit(f, &d);
	assert_int_equal(serve(f, true), 65);
	c = fix_comp(f, 1, p.comp);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
			 DSA_COMP_PAGE_FAULT_IR);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), p.dst);
	fix_destroy(f);
}

/* Memory that the CPU refuses although the IOMMU has it: not for ever. */
static void test_dsa_platform_refused_memory_faults(void **state)
{
	struct place p;
	struct fix *f = setup(&p, 1);
	const struct dsa_desc d = place_move(&p, 2 * FIX_PAGE, true);
	struct dsa_comp c;

	(void)state;
	present(f, p.comp, 1);
	present(f, p.src, 2);
	present(f, p.dst, 2);
	f->refuses[(fix_page(f, 1, p.src + FIX_PAGE)->pa - FIX_PA) / FIX_PAGE] =
		true;
	submit(f, &d);
	assert_int_equal(fix_run(f), 0);
	c = fix_comp(f, 1, p.comp);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
			 DSA_COMP_PAGE_FAULT_IR);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), p.src + FIX_PAGE);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, &c), FIX_PAGE);
	fix_destroy(f);
}

static void test_dsa_stall_other_engines_go_on(void **state)
{
	struct place p;
	struct fix *f = setup(&p, 3);
	struct dsa_desc d = place_move(&p, 64, true);
	unsigned int i;

	(void)state;
	present(f, p.comp, 2);
	submit(f, &d);
	assert_int_equal(fix_run(f), 1);
	for (i = 0; i < 5; i++) {
		d = fix_desc(DSA_OP_NOOP, p.comp + FIX_PAGE + 32 * i);
		submit(f, &d);
		assert_int_equal(fix_run(f), 1);
		assert_int_equal(status(f, p.comp + FIX_PAGE + 32 * i),
				 DSA_COMP_SUCCESS);
	}
	assert_int_equal(status(f, p.comp), DSA_COMP_NONE);
	assert_int_equal(serve(f, true), 2);
	assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
	assert_ended(f);
	fix_destroy(f);
}

/* No room: not accepted, and offered again when anybody's has ended. */
static void test_dsa_stall_without_room_offered_later(void **state)
{
	struct place p, q;
	struct fix *f = setup(&p, 3);
	struct dsa_desc d = place_move(&p, 64, true);

	(void)state;
	q = p;
	q.src += 8 * FIX_PAGE;
	q.dst += 8 * FIX_PAGE;
	q.comp += 32;
	present(f, p.comp, 1);
	f->stall_room = 1;
	submit(f, &d);
	d = place_move(&q, 64, true);
	submit(f, &d);
	assert_int_equal(fix_run(f), 2);
	assert_int_equal(f->stalls, 1);
	assert_int_equal(f->pushed_back, 1);
	/* Not before there is a reason to. */
	assert_int_equal(fix_run(f), 2);
	assert_int_equal(f->pushed_back, 1);
	/* That of another device is one. */
	dsa_hw_resume(f->dsa, UINT64_C(0x77) << 32, true);
	assert_int_equal(fix_run(f), 2);
	assert_int_equal(f->pushed_back, 2);
	assert_int_equal(serve(f, true), 4);
	assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
	assert_int_equal(status(f, q.comp), DSA_COMP_SUCCESS);
	assert_moved(f, &p, 64);
	assert_moved(f, &q, 64);
	assert_ended(f);
	/* Dropped while it waits for room: nothing was accepted. */
	d = place_move(&p, 4 * FIX_PAGE, true);
	submit(f, &d);
	d = place_move(&q, 4 * FIX_PAGE, true);
	submit(f, &d);
	assert_int_equal(fix_run(f), 2);
	assert_int_equal(fix_cmd(f, DSA_CMD_ABORT_ALL, 0), ACTIVE);
	assert_int_equal(fix_run(f), 1);
	fix_resume(f, 0, true);
	assert_int_equal(fix_run(f), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_DRAIN_ALL, 0), 0);
	assert_ended(f);
	fix_destroy(f);
}

/* The commands complete when the transaction has ended, not before. */
static void test_dsa_stall_commands_wait_for_the_end(void **state)
{
	static const struct {
		unsigned int code;
		uint32_t operand;
		bool drops;
	} table[] = {
		{ DSA_CMD_DRAIN_ALL, 0, false },
		{ DSA_CMD_DRAIN_WQ, 1, false },
		{ DSA_CMD_DRAIN_PASID, 1, false },
		{ DSA_CMD_DISABLE_WQ, 1, false },
		{ DSA_CMD_DISABLE_DEVICE, 0, false },
		{ DSA_CMD_ABORT_ALL, 0, true },
		{ DSA_CMD_ABORT_WQ, 1, true },
		{ DSA_CMD_ABORT_PASID, 1, true },
		{ DSA_CMD_RESET_WQ, 1, true },
		{ DSA_CMD_RESET_DEVICE, 0, true },
	};
	size_t i;
	int retry;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(table); i++) {
		unsigned int code = table[i / 2].code;
		bool drops = table[i / 2].drops;
		struct place p;
		struct fix *f = setup(&p, 1);
		const struct dsa_desc d = place_move(&p, 64, true);

		retry = i % 2;
		present(f, p.comp, 1);
		present(f, p.src, 1);
		submit(f, &d);
		submit(f, &d);
		assert_int_equal(fix_run(f), 1);
		assert_int_equal(f->stalls, 1);
		assert_int_equal(fix_cmd(f, code, table[i / 2].operand),
				 ACTIVE);
		assert_int_equal(fix_run(f), 1);
		assert_int_equal(fix_read(f, DSA_REG_CMDSTATUS), ACTIVE);
		if (drops) {
			fix_resume(f, 0, retry);
			/* Nothing is offered again. */
			assert_int_equal(fix_run(f), 0);
			assert_int_equal(f->stalls, 1);
			assert_int_equal(status(f, p.comp), DSA_COMP_NONE);
		} else {
			serve(f, retry);
			assert_int_not_equal(status(f, p.comp), DSA_COMP_NONE);
		}
		assert_int_equal(fix_read(f, DSA_REG_CMDSTATUS), 0);
		assert_ended(f);
		fix_destroy(f);
	}
}

/* The reset line does not wait; a late end is for nobody. */
static void test_dsa_stall_reset_leaves_it_behind(void **state)
{
	const struct fix_wq wq = { .pasid = 1, .bof = true };
	struct fix_stalled late;
	struct place p;
	struct fix *f = setup(&p, 1);
	const struct dsa_desc d = place_move(&p, 64, true);

	(void)state;
	present(f, p.comp, 1);
	present(f, p.src, 1);
	submit(f, &d);
	assert_int_equal(fix_run(f), 1);
	late = fix_stalled(f, 0);
	dsa_hw_reset(f->dsa);
	assert_int_equal(fix_read(f, DSA_REG_GENSTATUS) & 3,
			 DSA_DEVICE_DISABLED);
	assert_int_equal(fix_read(f, 0x2008) >> 32, 1); /* masked */
	/* Used again, it stalls again, and the late end is not taken for it. */
	fix_start(f, &wq);
	submit(f, &d);
	assert_int_equal(fix_run(f), 1);
	assert_int_equal(f->stalls, 2);
	assert_true(fix_stalled(f, 1).cookie != late.cookie);
	assert_int_equal(fix_stalled(f, 0).cookie, late.cookie);
	fix_resume(f, 0, false);
	assert_int_equal(fix_run(f), 1);
	assert_int_equal(status(f, p.comp), DSA_COMP_NONE);
	assert_int_equal(serve(f, true), 1);
	assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
	assert_ended(f);
	fix_destroy(f);
}

/* Cookies of nobody, and of engines there are none of. */
static void test_dsa_stall_foreign_cookies_end_nothing(void **state)
{
	struct place p;
	struct fix *f = setup(&p, 1);
	const struct dsa_desc d = place_move(&p, 64, true);
	uint64_t cookie;
	unsigned int bit;

	(void)state;
	submit(f, &d);
	assert_int_equal(fix_run(f), 1);
	cookie = fix_stalled(f, 0).cookie;
	for (bit = 0; bit < 64; bit++) {
		dsa_hw_resume(f->dsa, cookie ^ UINT64_C(1) << bit, true);
		assert_int_equal(fix_run(f), 1);
	}
	dsa_hw_resume(f->dsa, UINT64_MAX, true);
	dsa_hw_resume(f->dsa, 0, true);
	assert_int_equal(fix_run(f), 1);
	assert_int_equal(f->stalls, 1);
	assert_int_equal(serve(f, true), 3);
	fix_destroy(f);
}

/* A PCIe function, too, waits if an IOMMU stalls what ATS did not translate. */
static void test_dsa_stall_of_a_function_waits(void **state)
{
	const struct fix_wq wq = { .pasid = 1,
				   .bof = true,
				   .ats_disable = true };
	struct fix *f = fix_create(NULL);
	struct place p;
	struct dsa_desc d;

	(void)state;
	p.src = fix_alloc(f, 1, 0, 4, RW);
	p.dst = fix_alloc(f, 1, 40, 4, 0);
	p.comp = fix_alloc(f, 1, 100, 1, RW);
	fix_start(f, &wq);
	f->stall = FIX_STALL_HOLD;
	d = place_move(&p, 64, true);
	submit(f, &d);
	assert_int_equal(fix_run(f), 1);
	assert_int_equal(serve(f, true), 1);
	assert_int_equal(status(f, p.comp), DSA_COMP_SUCCESS);
	assert_moved(f, &p, 64);
	fix_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_platform_has_no_function_in_front),
		cmocka_unit_test(test_dsa_platform_bad_configuration_refused),
		cmocka_unit_test(test_dsa_stall_transaction_offered_again),
		cmocka_unit_test(test_dsa_stall_operations_get_their_pages),
		cmocka_unit_test(test_dsa_stall_ended_before_translate_returns),
		cmocka_unit_test(test_dsa_stall_batch_gets_its_pages),
		cmocka_unit_test(test_dsa_stall_aborted_ends_with_page_fault),
		cmocka_unit_test(test_dsa_platform_abort_at_once_is_the_same),
		cmocka_unit_test(test_dsa_stall_aborted_list_and_record),
		cmocka_unit_test(test_dsa_stall_granted_without_page_gives_up),
		cmocka_unit_test(test_dsa_platform_refused_memory_faults),
		cmocka_unit_test(test_dsa_stall_other_engines_go_on),
		cmocka_unit_test(test_dsa_stall_without_room_offered_later),
		cmocka_unit_test(test_dsa_stall_commands_wait_for_the_end),
		cmocka_unit_test(test_dsa_stall_reset_leaves_it_behind),
		cmocka_unit_test(test_dsa_stall_foreign_cookies_end_nothing),
		cmocka_unit_test(test_dsa_stall_of_a_function_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
