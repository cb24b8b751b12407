/* SPDX-License-Identifier: MIT */
/*
 * Threads that submit, an SMMU that consumes at its own pace and fails
 * commands, and interrupts that find the errors meanwhile. [L8] [L10]
 *
 * The oracle is what the SMMU sees: every command names its thread, batch and
 * place. Held against that are when a submitter returns and what it is told.
 *
 * SVA_RACE_ROUNDS multiplies how much is done, SVA_RACE_SEED is where the
 * random numbers start.
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
#include <string.h>

#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"
#include "tests/support/random.h"

#define THREADS_MAX 6u
#define BATCH_MAX   64u

/* What may be told about a batch. */
enum { TELL_EIO = 1, TELL_ETIMEDOUT = 2 };

/* What the SMMU has seen of one thread. */
struct seen {
	uint32_t batch;    /* the one that is on, or was last */
	uint32_t next;     /* place of the command that has to come */
	uint32_t count;    /* of it */
	uint32_t complete; /* batches whose last CMD_SYNC was consumed */
	unsigned int tell; /* errors of the batch */
};

/**
 * struct ledger - the oracle
 * @error_rate: one command of so many fails; 0: none.
 * @inside:  commands since the last CMD_SYNC; @thread: whose.
 * @failed:  the error the command at the head of the queue had; it is fetched
 *           again. @again: that many times more.
 * @wrong:   what rule was broken first.
 */
struct ledger {
	uint64_t rng;
	unsigned int error_rate;
	struct seen seen[THREADS_MAX];
	unsigned int inside;
	unsigned int thread;
	unsigned int failed;
	unsigned int again;
	struct smmu_cmd failed_cmd;
	uint64_t errors;
	uint64_t commands;
	const char *wrong;
};

static uint64_t env_number(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : otherwise;
}

static void wrong(struct ledger *l, const char *what)
{
	if (!l->wrong)
		l->wrong = what;
}

/* Substream: place 7:0, count 15:8. Stream: batch 23:0, thread 31:24. */
static struct smmu_cmd make_named(unsigned int thread, uint32_t batch,
				  uint32_t place, uint32_t count)
{
	return smmuv3_make_cfgi_cd(thread << 24 | batch, count << 8 | place,
				   true);
}

/* A command in its turn: the next of its thread, and not amid another's. */
static void see_command(struct ledger *l, const struct smmu_cmd *cmd)
{
	unsigned int thread = (unsigned int)(cmd->dw[0] >> 56);
	uint32_t batch = cmd->dw[0] >> 32 & 0xffffff;
	uint32_t place = cmd->dw[0] >> 12 & 0xff;
	struct seen *s;

	if ((cmd->dw[0] & 0xff) != 0x05 || cmd->dw[1] != 1 ||
	    thread >= THREADS_MAX) {
		wrong(l, "this command was not submitted");
		return;
	}
	s = &l->seen[thread];
	if (l->inside && l->thread != thread)
		wrong(l, "a command amid another's");
	if (s->next == 0) {
		s->batch++;
		s->count = cmd->dw[0] >> 20 & 0xff;
		s->tell = 0;
	}
	if (batch != s->batch || place != s->next)
		wrong(l, "a command out of turn");
	s->next++;
	l->thread = thread;
	l->inside++;
	l->commands++;
}

static void see_sync(struct ledger *l)
{
	struct seen *s = &l->seen[l->thread];

	if (!l->inside) {
		wrong(l, "a CMD_SYNC too many");
		return;
	}
	l->inside = 0;
	if (s->next != s->count)
		return; /* a part of a batch */
	s->next = 0;
	s->complete++;
}

static bool same(const struct smmu_cmd *a, const struct smmu_cmd *b)
{
	return a->dw[0] == b->dw[0] && a->dw[1] == b->dw[1];
}

/* What failed is at the head again. True: it was illegal, a CMD_SYNC now. */
static bool see_again(struct ledger *l, const struct smmu_cmd *cmd)
{
	const struct smmu_cmd sync = { { 0x46, 0 } };

	if (l->failed == SMMU_CERROR_ILL) {
		if (!same(cmd, &sync))
			wrong(l, "an illegal command was not replaced");
		return (l->failed_cmd.dw[0] & 0xff) != 0x46;
	}
	if (!same(cmd, &l->failed_cmd))
		wrong(l, "a command changed that had to stay");
	return false;
}

/* The error code of a command that is to fail. */
static unsigned int pick_error(struct ledger *l, bool sync)
{
	struct seen *s = &l->seen[l->thread];

	if (l->again) {
		l->again--;
		return l->failed;
	}
	if (l->failed || !l->error_rate || next_random(&l->rng) % l->error_rate)
		return 0;
	switch (next_random(&l->rng) % 3) {
	case 0:
		s->tell |= TELL_EIO;
		return SMMU_CERROR_ILL;
	case 1:
		l->again = (unsigned int)(next_random(&l->rng) % 3);
		return SMMU_CERROR_ABT;
	default:
		if (!sync)
			return 0;
		l->again = (unsigned int)(next_random(&l->rng) % 6);
		s->tell |= TELL_ETIMEDOUT;
		return SMMU_CERROR_ATC_INV_SYNC;
	}
}

static unsigned int judge(void *arg, const struct smmu_cmd *cmd)
{
	struct ledger *l = arg;
	bool sync = (cmd->dw[0] & 0xff) == 0x46;
	bool replaced = l->failed && see_again(l, cmd);
	unsigned int code;

	if (!l->failed && !sync)
		see_command(l, cmd);
	code = pick_error(l, sync);
	if (code) {
		l->errors++;
		l->failed = code;
		l->failed_cmd = *cmd;
		return code;
	}
	l->failed = 0;
	/* What has become a CMD_SYNC ends no reservation. */
	if (sync && !replaced)
		see_sync(l);
	return 0;
}

struct race {
	struct fake *f;
	struct ledger ledger;
	unsigned int threads;
	unsigned int rounds;
	_Atomic bool stop;
	_Atomic uint64_t bad_return;
	_Atomic uint64_t bad_error;
	_Atomic uint64_t refused;
	uint64_t seed;
	unsigned int pace;
};

struct submitter {
	struct race *r;
	unsigned int thread;
	uint64_t rng;
};

/* Some at a time, in no rhythm. */
static void *device(void *arg)
{
	struct race *r = arg;
	uint64_t rng = r->seed * 3;

	while (!atomic_load(&r->stop)) {
		uint64_t x = next_random(&rng);
		unsigned int most = 1 + (unsigned int)(x % r->pace);

		if (!fake_step(r->f, most) || x >> 32 & 1)
			sched_yield();
	}
	return NULL;
}

/* GERROR interrupts, more of them than there are errors. */
static void *interrupts(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->stop)) {
		smmuv3_gerror_irq(to_smmuv3(r->f->unit));
		sched_yield();
	}
	return NULL;
}

static int submit_batch(struct submitter *s, uint32_t batch, uint32_t count)
{
	struct smmuv3_batch b;
	uint32_t i;

	smmuv3_batch_init(&b, to_smmuv3(s->r->f->unit));
	for (i = 0; i < count; i++)
		smmuv3_batch_add(&b, make_named(s->thread, batch, i, count));
	return smmuv3_batch_sync(&b);
}

/* The batch is over: is it for the SMMU too, and is that what was told? */
static bool told_truth(const struct ledger *l, unsigned int thread, int err,
		       uint64_t errors_before)
{
	const struct seen *s = &l->seen[thread];

	switch (err) {
	case 0:
		return !s->tell;
	case -EIO:
		/* Nobody can be sure when there were too many. */
		return s->tell & TELL_EIO ||
		       l->errors - errors_before >= SMMUV3_CMDQ_ERRORS;
	case -ETIMEDOUT:
		return s->tell & TELL_ETIMEDOUT;
	default:
		return false;
	}
}

static bool returned_in_time(const struct ledger *l, unsigned int thread,
			     uint32_t batch)
{
	return l->seen[thread].complete == batch;
}

static void *submitter(void *arg)
{
	struct submitter *s = arg;
	struct race *r = s->r;
	uint32_t batch;

	for (batch = 1; batch <= r->rounds; batch++) {
		uint64_t x = next_random(&s->rng), before;
		uint32_t count = 1 + (x & 1 ? (uint32_t)(x >> 8) % BATCH_MAX :
					      (uint32_t)(x >> 8) % 4);
		int err;

		pthread_mutex_lock(&r->f->lock);
		before = r->ledger.errors;
		pthread_mutex_unlock(&r->f->lock);
		err = submit_batch(s, batch, count);
		if (err && smmuv3_is_dead(to_smmuv3(r->f->unit))) {
			atomic_fetch_add(&r->refused, 1);
			break;
		}
		pthread_mutex_lock(&r->f->lock);
		if (!returned_in_time(&r->ledger, s->thread, batch))
			atomic_fetch_add(&r->bad_return, 1);
		if (!told_truth(&r->ledger, s->thread, err, before))
			atomic_fetch_add(&r->bad_error, 1);
		pthread_mutex_unlock(&r->f->lock);
	}
	return NULL;
}

static struct race *make(unsigned int lg2, unsigned int threads,
			 unsigned int timeout_ms)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.cmdq_lg2 = lg2,
		.timeout_ms = timeout_ms,
		.ats_timeout_ms = timeout_ms,
	};
	uint64_t seed = env_number("SVA_RACE_SEED", 0x9e3779b97f4a7c15);
	struct race *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	r->f = malloc(sizeof(*r->f));
	assert_non_null(r->f);
	fake_init(r->f);
	assert_int_equal(fake_probe_desc(r->f, &desc), 0);
	r->threads = threads;
	r->rounds = 60 * (unsigned int)env_number("SVA_RACE_ROUNDS", 1);
	r->seed = seed + 2 * lg2;
	r->ledger.rng = r->seed;
	r->pace = 12;
	fake_detach(r->f, judge, &r->ledger);
	return r;
}

static void unmake(struct race *r)
{
	fake_attach(r->f);
	fake_fini(r->f);
	free(r->f);
	free(r);
}

static void start(struct race *r, struct submitter *s, pthread_t *threads)
{
	unsigned int i;

	for (i = 0; i < r->threads; i++) {
		s[i] = (struct submitter){ r, i, r->seed * (i + 5) | 1 };
		assert_int_equal(
			pthread_create(&threads[i], NULL, submitter, &s[i]), 0);
	}
}

static void join(struct race *r, pthread_t *threads)
{
	unsigned int i;

	for (i = 0; i < r->threads; i++)
		pthread_join(threads[i], NULL);
}

static void check(const struct race *r)
{
	unsigned int i;

	if (r->ledger.wrong)
		print_error("the SMMU: %s\n", r->ledger.wrong);
	if (r->f->violation)
		print_error("the registers: %s\n", r->f->violation);
	assert_null(r->ledger.wrong);
	assert_null(r->f->violation);
	assert_int_equal(r->bad_return, 0);
	assert_int_equal(r->bad_error, 0);
	for (i = 0; i < r->threads; i++)
		assert_int_equal(r->ledger.seen[i].complete, r->rounds);
	assert_int_equal(r->ledger.inside, 0);
}

static void run(unsigned int lg2, unsigned int threads, unsigned int error_rate)
{
	struct race *r = make(lg2, threads, 30000);
	struct submitter s[THREADS_MAX];
	pthread_t ids[THREADS_MAX], dev, irq;

	r->ledger.error_rate = error_rate;
	assert_int_equal(pthread_create(&dev, NULL, device, r), 0);
	if (error_rate)
		assert_int_equal(pthread_create(&irq, NULL, interrupts, r), 0);
	start(r, s, ids);
	join(r, ids);
	atomic_store(&r->stop, true);
	pthread_join(dev, NULL);
	if (error_rate)
		pthread_join(irq, NULL);
	check(r);
	assert_false(smmuv3_is_dead(to_smmuv3(r->f->unit)));
	if (error_rate)
		assert_true(r->ledger.errors > 0);
	unmake(r);
}

/* Every size up to one that is never full. */
static void test_smmuv3_queue_race_every_batch_once_and_in_order(void **state)
{
	unsigned int lg2;

	(void)state;
	for (lg2 = 1; lg2 <= 9; lg2++)
		run(lg2, lg2 < 4 ? 3 : 4, 0);
}

static void test_smmuv3_queue_race_errors_reach_their_own(void **state)
{
	unsigned int lg2;

	(void)state;
	for (lg2 = 1; lg2 <= 9; lg2 += 2) {
		run(lg2, 3, 400);
		run(lg2, 4, 20);
	}
}

/* Full before the SMMU looks, with more waiting for room than there is. */
static void test_smmuv3_queue_race_full_queue_drains(void **state)
{
	struct race *r = make(5, 6, 30000);
	struct smmuv3_cmdq *q = &to_smmuv3(r->f->unit)->cmdq;
	struct submitter s[THREADS_MAX];
	pthread_t ids[THREADS_MAX], dev;
	uint64_t before = atomic_load(&q->published);

	(void)state;
	start(r, s, ids);
	/* Each takes 32 at most, so some do not fit. */
	while (atomic_load(&q->reserved) < before + 6 * 2 ||
	       atomic_load(&q->published) == before)
		sched_yield();
	assert_true(atomic_load(&q->published) - before <= 32);
	assert_int_equal(pthread_create(&dev, NULL, device, r), 0);
	join(r, ids);
	atomic_store(&r->stop, true);
	pthread_join(dev, NULL);
	check(r);
	unmake(r);
}

/*
 * It stops amid the work of all, for good. Everybody returns, nobody is told
 * that it worked, and nothing passes the SMMU any more.
 */
static void test_smmuv3_queue_race_dead_queue_lets_everybody_go(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		struct race *r = make(1 + i, 4, 50);
		struct submitter s[THREADS_MAX];
		pthread_t ids[THREADS_MAX];
		unsigned int left = 20 * i;

		r->rounds = UINT32_MAX;
		start(r, s, ids);
		while (left && !smmuv3_is_dead(to_smmuv3(r->f->unit)))
			left -= fake_step(r->f, 1);
		join(r, ids);
		assert_int_equal(r->refused, 4);
		assert_int_equal(r->bad_return, 0);
		assert_null(r->ledger.wrong);
		assert_null(r->f->violation);
		assert_true(smmuv3_is_stopped(to_smmuv3(r->f->unit)));
		assert_int_equal(r->f->reg[SMMU_CR0ACK / 4] & 1, 0);
		unmake(r);
	}
}

/* What the oracle is for: each of these is noticed. */

static const char *judge_all(const struct smmu_cmd *cmds, size_t count)
{
	struct ledger l = { .rng = 1 };
	size_t i;

	for (i = 0; i < count; i++)
		(void)judge(&l, &cmds[i]);
	return l.wrong;
}

static void test_smmuv3_queue_race_oracle_sees_bad_histories(void **state)
{
	const struct smmu_cmd sync = smmuv3_make_sync();
	const struct smmu_cmd zero = { { 0 } };
	const struct smmu_cmd a = make_named(0, 1, 0, 2);
	const struct smmu_cmd b = make_named(0, 1, 1, 2);
	const struct smmu_cmd c = make_named(1, 1, 0, 1);
	const struct smmu_cmd later = make_named(0, 2, 0, 1);
	const struct {
		struct smmu_cmd cmds[5];
		bool good;
	} rows[] = {
		{ { a, b, sync, c, sync }, true },
		{ { a, sync, c, sync, b }, true },      /* in two parts */
		{ { b, a, sync, c, sync }, false },     /* swapped */
		{ { a, a, b, sync, c }, false },        /* twice */
		{ { a, sync, later, sync, c }, false }, /* one lost */
		{ { later, sync, a, b, sync }, false },
		{ { a, c, b, sync, sync }, false }, /* mixed */
		{ { a, b, sync, sync, c }, false },
		{ { a, zero, sync, c, sync }, false }, /* not written yet */
	};
	struct ledger l = { .rng = 1 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(!judge_all(rows[i].cmds, 5), rows[i].good);

	/* Too early, and the wrong thing said. */
	(void)judge(&l, &c);
	assert_false(returned_in_time(&l, 1, 1));
	(void)judge(&l, &sync);
	assert_true(returned_in_time(&l, 1, 1));
	assert_true(told_truth(&l, 1, 0, 0));
	assert_false(told_truth(&l, 1, -EIO, 0));
	l.seen[1].tell = TELL_ETIMEDOUT;
	assert_false(told_truth(&l, 1, 0, 0));
	assert_false(told_truth(&l, 1, -EIO, 0));

	/* A command that failed comes back as what it must not be. */
	l.failed = SMMU_CERROR_ILL;
	l.failed_cmd = c;
	(void)judge(&l, &c);
	assert_non_null(l.wrong);
	l.wrong = NULL;
	l.failed = SMMU_CERROR_ABT;
	l.failed_cmd = c;
	(void)judge(&l, &sync);
	assert_non_null(l.wrong);
}

/* And so is a PROD that a driver must not write. */
static void test_smmuv3_queue_race_registers_see_bad_prod(void **state)
{
	static const uint32_t rows[][2] = {
		{ 2, 1 },  /* backwards */
		{ 0, 9 },  /* a whole lap ahead */
		{ 0, 16 }, /* not in the index */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct race *r = make(3, 1, 1000);
		const struct plat_mmio *m = &to_smmuv3(r->f->unit)->mmio;
		uint32_t at = r->f->reg[SMMU_CMDQ_PROD / 4];

		r->f->no_consume = true;
		assert_int_equal(at, 4);
		mmio_write32(m, SMMU_CMDQ_PROD, (at + rows[i][0]) % 16);
		assert_null(r->f->violation);
		mmio_write32(m, SMMU_CMDQ_PROD,
			     rows[i][1] == 16 ? 16 : (at + rows[i][1]) % 16);
		assert_non_null(r->f->violation);
		r->f->reg[SMMU_CMDQ_PROD / 4] = at;
		r->f->no_consume = false;
		unmake(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_smmuv3_queue_race_every_batch_once_and_in_order),
		cmocka_unit_test(test_smmuv3_queue_race_errors_reach_their_own),
		cmocka_unit_test(test_smmuv3_queue_race_full_queue_drains),
		cmocka_unit_test(
			test_smmuv3_queue_race_dead_queue_lets_everybody_go),
		cmocka_unit_test(
			test_smmuv3_queue_race_oracle_sees_bad_histories),
		cmocka_unit_test(test_smmuv3_queue_race_registers_see_bad_prod),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
