/* SPDX-License-Identifier: MIT */
/*
 * What every job pays beside its data: the submit barrier, and the way to the
 * engine's thread and back.
 *
 * Limits.
 *  submit_barrier  the one system call that asks the kernel whether a change
 *                  of the address space is under way.
 *  job_latency     two futex wake-ups, there and back, between two threads.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/sva.h"

#define PAGE RIG_PAGE

/* The system call of the barrier, on a page of our own. */
struct probe {
	int uffd;
	void *canary;
};

static int run_barrier(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct sva_bench *s = arg;
	struct plat_hosted *hosted = sva_machine_hosted(s->machine);
	uint64_t start = bench_now();
	uint64_t i;

	for (i = 0; i < count; i++)
		plat_hosted_submit_barrier(hosted);
	*ret_ns = bench_now() - start;
	return 0;
}

/* Take write protection from a page that has none. */
static int probe_canary(struct probe *p)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = (uintptr_t)p->canary, .len = PAGE },
	};

	return ioctl(p->uffd, UFFDIO_WRITEPROTECT, &wp) ? -errno : 0;
}

static int run_probe(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct probe *p = arg;
	uint64_t start = bench_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		int err = probe_canary(p);

		if (err)
			return err;
	}
	*ret_ns = bench_now() - start;
	return 0;
}

static int register_canary(struct probe *p)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)p->canary, .len = PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	if (ioctl(p->uffd, UFFDIO_API, &api) ||
	    ioctl(p->uffd, UFFDIO_REGISTER, &reg))
		return -errno;
	return probe_canary(p);
}

void measure_barrier(struct bench *b, struct sva_bench *s,
		     const struct bench_row *row)
{
	struct probe p = { .uffd = -1 };
	const struct bench_loop value = { .run = run_barrier, .arg = s };
	const struct bench_loop limit = { .run = run_probe, .arg = &p };

	if (!bench_wanted(b, row, 1))
		return;
	p.canary = map_pages(1);
	/* User mode only: what the platform may have, too. */
	p.uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (!p.canary || p.uffd < 0 || register_canary(&p))
		bench_skip(b, row, "skipped: no userfaultfd here");
	else
		bench_measure(b, row, &value, &limit);
	if (p.uffd >= 0)
		(void)close(p.uffd);
	if (p.canary)
		(void)munmap(p.canary, PAGE);
}

static int run_noop(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct sva_bench *s = arg;
	uint64_t start = bench_now();
	uint64_t i;

	for (i = 0; i < count; i++) {
		struct dsa_result result;
		int err;

		dsa_job_noop(&s->job, s->sva);
		err = dsa_run(s->wq, &s->job, NULL, NULL, &result);
		if (err)
			return err;
		if (result.status)
			return result.status;
	}
	*ret_ns = bench_now() - start;
	return 0;
}

/* Whose turn it is: even the caller's, odd the other's. */
struct ball {
	_Atomic uint32_t turn;
	uint32_t end;
};

static void ball_wait(struct ball *ball, uint32_t turn)
{
	uint32_t seen;

	for (;;) {
		/* Pairs with ball_pass(). */
		seen = atomic_load_explicit(&ball->turn, memory_order_acquire);
		if (seen == turn)
			return;
		(void)syscall(SYS_futex, &ball->turn, FUTEX_WAIT_PRIVATE, seen,
			      NULL, NULL, 0);
	}
}

static void ball_pass(struct ball *ball, uint32_t turn)
{
	/* Pairs with ball_wait(). */
	atomic_store_explicit(&ball->turn, turn, memory_order_release);
	(void)syscall(SYS_futex, &ball->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL,
		      0);
}

static void *ball_main(void *arg)
{
	struct ball *ball = arg;
	uint32_t turn;

	for (turn = 1; turn < ball->end; turn += 2) {
		ball_wait(ball, turn);
		ball_pass(ball, turn + 1);
	}
	return NULL;
}

static int run_ping_pong(void *arg, uint64_t count, uint64_t *ret_ns)
{
	struct ball ball = { .end = (uint32_t)(2 * count) };
	pthread_t thread;
	uint64_t start;
	uint32_t turn;
	int err;

	(void)arg;
	err = pthread_create(&thread, NULL, ball_main, &ball);
	if (err)
		return -err;
	start = bench_now();
	for (turn = 0; turn < ball.end; turn += 2) {
		ball_pass(&ball, turn + 1);
		ball_wait(&ball, turn + 2);
	}
	*ret_ns = bench_now() - start;
	pthread_join(thread, NULL);
	return 0;
}

void measure_latency(struct bench *b, struct sva_bench *s,
		     const struct bench_row *row)
{
	const struct bench_loop value = { .run = run_noop, .arg = s };
	const struct bench_loop limit = {
		.run = run_ping_pong,
		.max = UINT32_C(1) << 30,
	};

	bench_measure(b, row, &value, &limit);
}
