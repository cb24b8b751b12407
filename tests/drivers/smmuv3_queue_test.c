/* SPDX-License-Identifier: MIT */
/* The command queue: wrap, full, errors, threads. [L8] [L10] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"

static struct fake *make(unsigned int cmdq_lg2)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.cmdq_lg2 = cmdq_lg2,
		.timeout_ms = 50,
	};
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	fake_init(f);
	assert_int_equal(fake_probe_desc(f, &desc), 0);
	fake_ops_clear(f);
	return f;
}

static void unmake(struct fake *f)
{
	fake_fini(f);
	free(f);
}

static int submit_cfgi(struct fake *f, uint32_t sid, unsigned int count)
{
	struct smmuv3_batch batch;
	unsigned int i;

	smmuv3_batch_init(&batch, to_smmuv3(f->unit));
	for (i = 0; i < count; i++)
		smmuv3_batch_add(&batch, smmuv3_make_cfgi_cd(sid, i, true));
	return smmuv3_batch_sync(&batch);
}

/* Two entries: every batch is larger than the queue, and wraps it. */
static void test_smmuv3_queue_tiny_wraps_and_keeps_order(void **state)
{
	struct fake *f = make(1);
	unsigned int i, j;
	size_t at = 0;

	(void)state;
	for (i = 0; i < 50; i++)
		assert_int_equal(submit_cfgi(f, i, 1 + i % 7), 0);
	for (i = 0; i < 50; i++) {
		for (j = 0; j < 1 + i % 7; j++, at++) {
			const struct smmu_cmd *cmd = fake_cmd(f, at);

			assert_int_equal(cmd->dw[0] & 0xff, 0x05);
			assert_int_equal(cmd->dw[0] >> 32, i);
			assert_int_equal(cmd->dw[0] >> 12 & 0xfffff, j);
		}
		assert_int_equal(fake_cmd(f, at++)->dw[0], 0x46);
	}
	assert_int_equal(at, f->op_count);
	unmake(f);
}

/* More than a batch holds: every part is waited for. */
static void test_smmuv3_queue_long_batches_are_split(void **state)
{
	struct fake *f = make(4);

	(void)state;
	assert_int_equal(submit_cfgi(f, 1, 200), 0);
	assert_int_equal(fake_count(f, 0x05), 200);
	assert_int_equal(fake_count(f, 0x46), 7);
	assert_int_equal(f->ops[f->op_count - 1].cmd.dw[0], 0x46);
	unmake(f);
}

static void test_smmuv3_queue_illegal_command_is_replaced(void **state)
{
	struct fake *f = make(3);

	(void)state;
	f->fail_op = 0x05;
	f->fail_code = 1;
	f->fail_times = 1;
	assert_int_equal(submit_cfgi(f, 9, 3), -EIO);
	/* The first has become a SYNC; the others were done. */
	assert_int_equal(f->op_count, 4);
	assert_int_equal(fake_cmd(f, 0)->dw[0], 0x46);
	assert_int_equal(fake_cmd(f, 1)->dw[0] & 0xff, 0x05);
	assert_int_equal(f->reg[0x60 / 4], f->reg[0x64 / 4]);
	/* The queue goes on. */
	assert_int_equal(submit_cfgi(f, 9, 3), 0);
	unmake(f);
}

static void test_smmuv3_queue_fetch_abort_is_retried(void **state)
{
	struct fake *f = make(3);

	(void)state;
	f->fail_op = 0x05;
	f->fail_code = 2;
	f->fail_times = 3;
	assert_int_equal(submit_cfgi(f, 9, 1), 0);
	assert_int_equal(fake_count(f, 0x05), 1);
	/* For ever: everybody hears of it, at once. */
	f->fail_times = 1000;
	assert_int_equal(submit_cfgi(f, 9, 1), -EIO);
	assert_int_equal(submit_cfgi(f, 9, 1), -EIO);
	f->fail_times = 0;
	unmake(f);
}

static void test_smmuv3_queue_atc_timeout_reaches_its_submitter(void **state)
{
	struct fake *f = make(3);

	(void)state;
	f->fail_op = 0x46;
	f->fail_code = 3;
	f->fail_times = 2;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_int_equal(submit_cfgi(f, 9, 1), 0);
	/* A SYNC that never succeeds does not wedge the queue. [L10] */
	f->fail_times = 8;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_int_equal(f->fail_times, 0);
	assert_int_equal(submit_cfgi(f, 9, 1), 0);
	unmake(f);
}

static void test_smmuv3_queue_that_stands_still_times_out(void **state)
{
	struct fake *f = make(2);
	unsigned int i;

	(void)state;
	f->no_consume = true;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	/* Full now: not even written. */
	assert_int_equal(submit_cfgi(f, 9, 5), -ETIMEDOUT);
	f->no_consume = false;
	assert_int_equal(submit_cfgi(f, 9, 5), 0);
	/* Gone, at every position of the queue. */
	for (i = 0; i < 8; i++) {
		f->gone = true;
		assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
		f->gone = false;
		assert_int_equal(submit_cfgi(f, 9, 2), 0);
	}
	unmake(f);
}

/* The interrupt finds an error too, with nobody waiting. */
static void test_smmuv3_gerror_interrupt_acknowledges(void **state)
{
	struct fake *f = make(3);
	unsigned int errors;

	(void)state;
	f->reg[0x60 / 4] ^= 0x7c; /* all but the command queue's */
	errors = f->tp.errors_logged;
	assert_true(testplat_msi(&f->tp, f->reg[0x68 / 4], f->reg[0x70 / 4]));
	assert_int_equal(testplat_irq_run(&f->tp), 1);
	assert_int_equal(f->reg[0x64 / 4], f->reg[0x60 / 4]);
	assert_int_equal(f->tp.errors_logged, errors + 5);
	unmake(f);
}

struct submitter {
	struct fake *f;
	uint32_t sid;
	int err;
};

static void *submit_many(void *arg)
{
	struct submitter *s = arg;
	unsigned int i;

	for (i = 0; i < 200 && !s->err; i++)
		s->err = submit_cfgi(s->f, s->sid, 3);
	return NULL;
}

static void test_smmuv3_queue_threads_submit_whole_batches(void **state)
{
	struct fake *f = make(3);
	struct submitter s[3];
	pthread_t threads[3];
	unsigned int i;
	size_t at;

	(void)state;
	for (i = 0; i < 3; i++) {
		s[i] = (struct submitter){ f, i, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, submit_many,
						&s[i]),
				 0);
	}
	for (i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(s[i].err, 0);
	}
	assert_int_equal(f->op_count, 3 * 200 * 4);
	for (at = 0; at < f->op_count; at += 4) {
		uint64_t sid = fake_cmd(f, at)->dw[0] >> 32;

		assert_int_equal(fake_cmd(f, at + 1)->dw[0] >> 32, sid);
		assert_int_equal(fake_cmd(f, at + 2)->dw[0] >> 32, sid);
		assert_int_equal(fake_cmd(f, at + 3)->dw[0], 0x46);
	}
	unmake(f);
}

/* [L6] [N4]: the smallest aligned power of two that covers [start, end). */
static void test_smmuv3_make_atc_inv_covers_the_range(void **state)
{
	static const struct {
		uint64_t start, end, addr;
		unsigned int size;
	} rows[] = {
		{ 0x1000, 0x2000, 0x1000, 0 }, { 0x1000, 0x1001, 0x1000, 0 },
		{ 0x1000, 0x3000, 0x0, 2 },    { 0x2000, 0x4000, 0x2000, 1 },
		{ 0x0, 0x8000, 0x0, 3 },       { 0x7000, 0x9000, 0x0, 4 },
		{ 0x0, 1ull << 48, 0x0, 36 },  { 0x0, UINT64_MAX, 0x0, 52 },
		{ 0x0, 1ull << 63, 0x0, 51 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smmu_cmd cmd = smmuv3_make_atc_inv(
			5, true, 6, rows[i].start, rows[i].end);

		assert_int_equal(cmd.dw[0],
				 5ull << 32 | 6 << 12 | 1 << 11 | 0x40);
		assert_int_equal(cmd.dw[1], rows[i].addr | rows[i].size);
	}
	assert_int_equal(smmuv3_make_atc_inv_all(5, false, 6).dw[0],
			 5ull << 32 | 0x40);
	assert_int_equal(smmuv3_make_atc_inv_all(5, false, 6).dw[1], 52);
}

/* [R3] [L2] [L3]: the codes, as bits. */
static void test_smmuv3_make_answers_encode_codes(void **state)
{
	struct smmu_cmd cmd;

	(void)state;
	cmd = smmuv3_make_pri_resp(0x21, true, 0x12345, 0x1ff, 2);
	assert_int_equal(cmd.dw[0], 0x2112345841);
	assert_int_equal(cmd.dw[1], 0x21ff);
	cmd = smmuv3_make_pri_resp(0x21, false, 0x12345, 0, 1);
	assert_int_equal(cmd.dw[0], 0x2100000041);
	assert_int_equal(cmd.dw[1], 0x1000);
	cmd = smmuv3_make_resume(3, 0xabcd, true);
	assert_int_equal(cmd.dw[0], 0x300001044);
	assert_int_equal(cmd.dw[1], 0xabcd);
	cmd = smmuv3_make_resume(3, 0xabcd, false);
	assert_int_equal(cmd.dw[0], 0x300002044);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_queue_tiny_wraps_and_keeps_order),
		cmocka_unit_test(test_smmuv3_queue_long_batches_are_split),
		cmocka_unit_test(test_smmuv3_queue_illegal_command_is_replaced),
		cmocka_unit_test(test_smmuv3_queue_fetch_abort_is_retried),
		cmocka_unit_test(
			test_smmuv3_queue_atc_timeout_reaches_its_submitter),
		cmocka_unit_test(test_smmuv3_queue_that_stands_still_times_out),
		cmocka_unit_test(test_smmuv3_gerror_interrupt_acknowledges),
		cmocka_unit_test(
			test_smmuv3_queue_threads_submit_whole_batches),
		cmocka_unit_test(test_smmuv3_make_atc_inv_covers_the_range),
		cmocka_unit_test(test_smmuv3_make_answers_encode_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
