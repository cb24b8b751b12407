/* SPDX-License-Identifier: MIT */
/*
 * The command queue: wrap, full, errors, a queue that is dead. [L8] [L10]
 * smmuv3_queue_race_test.c has the threads.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"

static struct fake *make(unsigned int cmdq_lg2)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.cmdq_lg2 = cmdq_lg2,
		.timeout_ms = 20,
		.ats_timeout_ms = 20,
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

/*
 * Batches of 1 to 7 commands: in order, with a CMD_SYNC behind the last, and
 * behind as many as the queue holds beside one.
 */
static void check_order(struct fake *f, unsigned int room)
{
	unsigned int i, j;
	size_t at = 0;

	for (i = 0; i < 50; i++) {
		unsigned int count = 1 + i % 7;

		for (j = 0; j < count; j++) {
			const struct smmu_cmd *cmd = fake_cmd(f, at++);

			assert_int_equal(cmd->dw[0] & 0xff, 0x05);
			assert_int_equal(cmd->dw[0] >> 32, i);
			assert_int_equal(cmd->dw[0] >> 12 & 0xfffff, j);
			if (j == count - 1 || j % room == room - 1)
				assert_int_equal(fake_cmd(f, at++)->dw[0],
						 0x46);
		}
	}
	assert_int_equal(at, f->op_count);
}

/* Two entries, four, and so on: batches larger than the queue wrap it. */
static void test_smmuv3_queue_tiny_wraps_and_keeps_order(void **state)
{
	unsigned int lg2, i;

	(void)state;
	for (lg2 = 1; lg2 <= 4; lg2++) {
		struct fake *f = make(lg2);

		for (i = 0; i < 50; i++)
			assert_int_equal(submit_cfgi(f, i, 1 + i % 7), 0);
		check_order(f, (1u << lg2) - 1);
		unmake(f);
	}
}

/*
 * As after @pos commands, a multiple of what the indexes count to. Positions
 * are 64 bits wide and must not be cut anywhere.
 */
static void wind_to(struct fake *f, uint64_t pos)
{
	struct smmuv3_cmdq *q = &to_smmuv3(f->unit)->cmdq;
	uint32_t mask = (2u << q->lg2) - 1;

	atomic_store(&q->reserved, pos);
	atomic_store(&q->published, pos);
	atomic_store(&q->consumed, pos);
	f->reg[SMMU_CMDQ_PROD / 4] = (uint32_t)pos & mask;
	f->reg[SMMU_CMDQ_CONS / 4] = (uint32_t)pos & mask;
}

/* The largest queue, around its end and that of its wrap bit; and 2^32. */
static void test_smmuv3_queue_positions_wrap_nowhere(void **state)
{
	static const struct {
		unsigned int lg2;
		uint64_t pos;
	} rows[] = {
		{ 19, (1u << 19) - 60 },
		{ 19, (1u << 20) - 60 },
		{ 19, (UINT64_C(1) << 32) - 60 },
		{ 1, (UINT64_C(1) << 32) - 61 },
		{ 3, (UINT64_C(1) << 32) - 60 },
		{ 8, (UINT64_C(1) << 40) - 60 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smmuv3_desc desc = { .irq = { 1, 2, 3 },
					    .cmdq_lg2 = rows[i].lg2 };
		struct fake *f = malloc(sizeof(*f));
		unsigned int j;

		assert_non_null(f);
		fake_init(f);
		f->idr[1] = (f->idr[1] & ~(31u << 21)) | 19 << 21;
		assert_int_equal(fake_probe_desc(f, &desc), 0);
		assert_int_equal(to_smmuv3(f->unit)->cmdq.lg2, rows[i].lg2);
		wind_to(f, rows[i].pos);
		fake_ops_clear(f);
		for (j = 0; j < 50; j++)
			assert_int_equal(submit_cfgi(f, j, 1 + j % 7), 0);
		check_order(f, (1u << rows[i].lg2) - 1);
		unmake(f);
	}
}

/* A batch is 64 commands and a CMD_SYNC; each is waited for. [L8] */
static void test_smmuv3_queue_long_batches_are_split(void **state)
{
	struct fake *f = make(8);

	(void)state;
	assert_int_equal(submit_cfgi(f, 1, 200), 0);
	assert_int_equal(fake_count(f, 0x05), 200);
	assert_int_equal(fake_count(f, 0x46), 4);
	assert_int_equal(fake_find(f, 0x46, 0), 64);
	assert_int_equal(f->ops[f->op_count - 1].cmd.dw[0], 0x46);
	unmake(f);

	/* Of 64 entries one is the CMD_SYNC's. */
	f = make(6);
	assert_int_equal(submit_cfgi(f, 1, 64), 0);
	assert_int_equal(fake_find(f, 0x46, 0), 63);
	assert_int_equal(f->op_count, 66);
	unmake(f);
}

/* One entry has no room for a command and a CMD_SYNC. */
static void test_smmuv3_queue_of_one_entry_is_refused(void **state)
{
	struct fake *f = malloc(sizeof(*f));

	(void)state;
	assert_non_null(f);
	fake_init(f);
	f->idr[1] &= ~(31u << 21);
	assert_int_equal(fake_probe(f), -ENODEV);
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

/* [L8]: what is not legal even as a CMD_SYNC ends in failing closed. */
static void test_smmuv3_queue_illegal_sync_fails_closed(void **state)
{
	struct fake *f = make(3);

	(void)state;
	f->fail_op = 0x46;
	f->fail_code = 1;
	f->fail_times = 1;
	assert_int_equal(submit_cfgi(f, 9, 3), -EIO);
	assert_int_equal(submit_cfgi(f, 9, 3), 0);
	f->fail_times = 1000;
	assert_int_equal(submit_cfgi(f, 9, 3), -EIO);
	assert_true(smmuv3_is_stopped(to_smmuv3(f->unit)));
	f->fail_times = 0;
	unmake(f);
}

/* Traffic is aborted, all of it, and that has been confirmed. */
static void assert_closed(struct fake *f)
{
	assert_true(smmuv3_is_dead(to_smmuv3(f->unit)));
	assert_true(smmuv3_is_stopped(to_smmuv3(f->unit)));
	assert_int_equal(f->reg[0x20 / 4] & 1, 0);       /* CR0.SMMUEN */
	assert_int_equal(f->reg[0x24 / 4] & 1, 0);       /* CR0ACK */
	assert_int_equal(f->reg[0x44 / 4] >> 20 & 1, 1); /* GBPA.ABORT */
	assert_int_equal(f->reg[0x44 / 4] >> 31, 0);
}

/* 7.1: what was never read is read again. */
static void test_smmuv3_queue_fetch_abort_is_retried(void **state)
{
	struct fake *f = make(3);

	(void)state;
	f->fail_op = 0x05;
	f->fail_code = 2;
	f->fail_times = 3;
	assert_int_equal(submit_cfgi(f, 9, 1), 0);
	assert_int_equal(fake_count(f, 0x05), 1);
	assert_false(smmuv3_is_dead(to_smmuv3(f->unit)));
	/* For ever: everybody hears of it, at once. */
	f->fail_times = 1000;
	assert_int_equal(submit_cfgi(f, 9, 1), -EIO);
	assert_int_equal(submit_cfgi(f, 9, 1), -EIO);
	f->fail_times = 0;
	assert_closed(f);
	unmake(f);
}

/* [L10]: the device's owner is told, the queue goes on. */
static void test_smmuv3_queue_atc_timeout_reaches_its_submitter(void **state)
{
	struct fake *f = make(3);
	struct smmuv3_stats stats;

	(void)state;
	f->fail_op = 0x46;
	f->fail_code = 3;
	f->fail_times = 2;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_int_equal(submit_cfgi(f, 9, 1), 0);
	smmuv3_stats(f->unit, &stats);
	assert_int_equal(stats.command_errors, 2);
	/* A SYNC that never succeeds does not wedge the queue. */
	f->fail_times = 64;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_int_equal(f->fail_times, 0);
	assert_int_equal(submit_cfgi(f, 9, 1), 0);
	smmuv3_stats(f->unit, &stats);
	assert_int_equal(stats.failed_closed, 0);
	unmake(f);
}

static void test_smmuv3_queue_that_stands_still_fails_closed(void **state)
{
	struct fake *f = make(2);
	struct smmuv3_stats stats;

	(void)state;
	f->no_consume = true;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_closed(f);
	/* The rest is as it was, CMDQEN too; nothing more is written. */
	assert_int_equal(f->reg[0x20 / 4], 0x1e);
	assert_int_equal(f->reg[0x98 / 4], 4 + 2);
	f->no_consume = false;
	assert_int_equal(submit_cfgi(f, 9, 5), -EIO);
	assert_int_equal(f->reg[0x98 / 4], 4 + 2);
	smmuv3_stats(f->unit, &stats);
	assert_int_equal(stats.failed_closed, 1);

	/* Until it is probed again. */
	assert_int_equal(smmuv3_remove(f->unit), 0);
	assert_int_equal(fake_probe(f), 0);
	assert_int_equal(submit_cfgi(f, 9, 5), 0);
	assert_int_equal(f->reg[0x20 / 4], 0x1f);
	unmake(f);
}

/* GBPA was changed behind our back: it is set again, before SMMUEN goes. */
static void test_smmuv3_queue_fails_closed_not_open(void **state)
{
	struct fake *f = make(2);

	(void)state;
	f->no_consume = true;
	f->reg[0x44 / 4] = 0;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_closed(f);
	f->no_consume = false;
	unmake(f);

	/* Not confirmed: SMMUEN stays, or everything would be bypassed. */
	f = make(2);
	f->no_consume = true;
	f->no_ack = true;
	f->reg[0x44 / 4] = 0;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_true(smmuv3_is_dead(to_smmuv3(f->unit)));
	assert_false(smmuv3_is_stopped(to_smmuv3(f->unit)));
	assert_int_equal(f->reg[0x20 / 4] & 1, 1);
	f->no_consume = f->no_ack = false;
	unmake(f);

	/* No registers any more. */
	f = make(2);
	f->gone = true;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_true(smmuv3_is_dead(to_smmuv3(f->unit)));
	assert_false(smmuv3_is_stopped(to_smmuv3(f->unit)));
	f->gone = false;
	unmake(f);
}

/* 12.3: nobody waits for a timeout. */
static void test_smmuv3_queue_service_failure_fails_closed(void **state)
{
	struct fake *f = make(3);

	(void)state;
	f->no_consume = true;
	f->reg[0x60 / 4] ^= 1 << 8;
	assert_int_equal(submit_cfgi(f, 9, 1), -EIO);
	assert_closed(f);
	assert_int_equal(f->reg[0x64 / 4], f->reg[0x60 / 4]);
	f->no_consume = false;
	unmake(f);

	/* By the interrupt, with nobody waiting. */
	f = make(3);
	f->reg[0x60 / 4] ^= 1 << 8;
	assert_true(testplat_msi(&f->tp, f->reg[0x68 / 4], f->reg[0x70 / 4]));
	assert_int_equal(testplat_irq_run(&f->tp), 1);
	assert_closed(f);
	unmake(f);
}

/*
 * [L9]: who invalidates holds a spin lock. The test platform ends the test if
 * anything sleeps, or takes a lock of a rank that is not higher.
 */
static void test_smmuv3_queue_never_sleeps(void **state)
{
	static const unsigned int codes[] = { 0, 1, 2, 3 };
	struct plat_lock lock;
	struct fake *f = make(3);
	size_t i;

	(void)state;
	plat_lock_init(&f->tp.plat, &lock, PLAT_LOCK_SPIN, PLAT_RANK_UNIT, "t");
	plat_lock(&f->tp.plat, &lock);
	f->fail_op = 0x46;
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		f->fail_code = codes[i];
		f->fail_times = codes[i] ? 2 : 0;
		(void)submit_cfgi(f, 9, 20);
		assert_int_equal(f->fail_times, 0);
	}
	assert_false(smmuv3_is_dead(to_smmuv3(f->unit)));
	f->no_consume = true;
	assert_int_equal(submit_cfgi(f, 9, 20), -ETIMEDOUT);
	f->no_consume = false;
	plat_unlock(&f->tp.plat, &lock);
	plat_lock_fini(&f->tp.plat, &lock);
	unmake(f);
}

struct waiting {
	struct fake *f;
	_Atomic bool done;
	int err;
};

static void *submit_one(void *arg)
{
	struct waiting *w = arg;

	w->err = submit_cfgi(w->f, 7, 1);
	atomic_store(&w->done, true);
	return NULL;
}

/* Somebody has reserved, and is in no hurry to write. */
static void test_smmuv3_queue_slow_submitter_is_waited_for(void **state)
{
	struct smmu_cmd sync = smmuv3_make_sync();
	struct fake *f = make(3);
	struct smmuv3_cmdq *q = &to_smmuv3(f->unit)->cmdq;
	struct waiting w = { .f = f };
	uint64_t first;
	pthread_t thread;

	(void)state;
	first = atomic_fetch_add(&q->reserved, 1);
	assert_int_equal(pthread_create(&thread, NULL, submit_one, &w), 0);
	while (atomic_load(&q->reserved) != first + 3)
		sched_yield();
	assert_int_equal(f->op_count, 0);
	smmuv3_cmdq_write(q, first, &sync);
	atomic_store(&q->ready[first % 8], first + 1);
	/* Whoever waits publishes it too. */
	pthread_join(thread, NULL);
	assert_int_equal(w.err, 0);
	assert_int_equal(f->op_count, 3);
	unmake(f);
}

/* The owner of PROD does not come back for a while, or at all. */
static void test_smmuv3_queue_slow_owner_is_waited_for(void **state)
{
	struct fake *f = make(3);
	struct smmuv3_cmdq *q = &to_smmuv3(f->unit)->cmdq;
	struct waiting w = { .f = f };
	pthread_t thread;

	(void)state;
	atomic_store(&q->publishing, true);
	assert_int_equal(pthread_create(&thread, NULL, submit_one, &w), 0);
	while (!atomic_load(&q->ready[4]))
		sched_yield();
	atomic_store(&q->publishing, false);
	pthread_join(thread, NULL);
	assert_int_equal(w.err, 0);

	atomic_store(&q->publishing, true);
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_closed(f);
	unmake(f);
}

static int submit_atc(struct fake *f)
{
	struct smmuv3_batch batch;

	smmuv3_batch_init(&batch, to_smmuv3(f->unit));
	smmuv3_batch_add(&batch, smmuv3_make_atc_inv_all(9, false, 0));
	return smmuv3_batch_sync(&batch);
}

static void *submit_one_atc(void *arg)
{
	struct waiting *w = arg;

	w->err = submit_atc(w->f);
	atomic_store(&w->done, true);
	return NULL;
}

/* 3.9.1.4: a device has longer than the SMMU, and only a device. [L10] */
static void test_smmuv3_queue_slow_device_is_waited_for(void **state)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.timeout_ms = 1,
		.ats_timeout_ms = 600000,
	};
	struct fake *f = malloc(sizeof(*f));
	struct waiting w = { .f = f }, other = { .f = f };
	pthread_t thread, another;
	uint64_t until;

	(void)state;
	assert_non_null(f);
	fake_init(f);
	assert_int_equal(fake_probe_desc(f, &desc), 0);
	f->hold_op = 0x46;
	assert_int_equal(pthread_create(&thread, NULL, submit_one_atc, &w), 0);
	while (!atomic_load(&to_smmuv3(f->unit)->cmdq.ats_until))
		sched_yield();
	/* Who comes later waits for the device too. */
	assert_int_equal(pthread_create(&another, NULL, submit_one, &other), 0);
	/* Thirty times what the SMMU is granted. */
	until = plat_now_ns(&f->tp.plat) + 30 * 1000000;
	while (plat_now_ns(&f->tp.plat) < until)
		sched_yield();
	assert_false(atomic_load(&w.done));
	assert_false(atomic_load(&other.done));
	assert_false(smmuv3_is_dead(to_smmuv3(f->unit)));
	fake_hold(f, 0);
	pthread_join(thread, NULL);
	pthread_join(another, NULL);
	assert_int_equal(w.err, 0);
	assert_int_equal(other.err, 0);
	/* No device is to blame now. */
	f->hold_op = 0x46;
	assert_int_equal(submit_cfgi(f, 9, 1), -ETIMEDOUT);
	assert_closed(f);
	f->hold_op = 0;
	unmake(f);
}

/* Not even a device has forever. */
static void
test_smmuv3_queue_device_that_never_answers_fails_closed(void **state)
{
	struct fake *f = make(3);

	(void)state;
	f->hold_op = 0x46;
	assert_int_equal(submit_atc(f), -ETIMEDOUT);
	assert_closed(f);
	f->hold_op = 0;
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
		cmocka_unit_test(test_smmuv3_queue_positions_wrap_nowhere),
		cmocka_unit_test(test_smmuv3_queue_long_batches_are_split),
		cmocka_unit_test(test_smmuv3_queue_of_one_entry_is_refused),
		cmocka_unit_test(test_smmuv3_queue_illegal_command_is_replaced),
		cmocka_unit_test(test_smmuv3_queue_illegal_sync_fails_closed),
		cmocka_unit_test(test_smmuv3_queue_fetch_abort_is_retried),
		cmocka_unit_test(
			test_smmuv3_queue_atc_timeout_reaches_its_submitter),
		cmocka_unit_test(
			test_smmuv3_queue_that_stands_still_fails_closed),
		cmocka_unit_test(test_smmuv3_queue_fails_closed_not_open),
		cmocka_unit_test(
			test_smmuv3_queue_service_failure_fails_closed),
		cmocka_unit_test(test_smmuv3_queue_never_sleeps),
		cmocka_unit_test(
			test_smmuv3_queue_slow_submitter_is_waited_for),
		cmocka_unit_test(test_smmuv3_queue_slow_owner_is_waited_for),
		cmocka_unit_test(test_smmuv3_queue_slow_device_is_waited_for),
		cmocka_unit_test(
			test_smmuv3_queue_device_that_never_answers_fails_closed),
		cmocka_unit_test(test_smmuv3_gerror_interrupt_acknowledges),
		cmocka_unit_test(test_smmuv3_make_atc_inv_covers_the_range),
		cmocka_unit_test(test_smmuv3_make_answers_encode_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
