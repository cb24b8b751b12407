/* SPDX-License-Identifier: MIT */
/* Waiting: events are futexes; polling loops get politer as they turn. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "plat/hosted/platform.h"

#define NS_PER_S    UINT64_C(1000000000)
/* A wake-up across CPUs costs 10 us and more: look for a while first. */
#define SPIN_TURNS  64u
#define PAUSE_TURNS 32u
#define YIELD_TURNS 512u
#define NAP_NS      50000

static inline void cpu_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

uint64_t hosted_now_ns(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static long futex(_Atomic uint32_t *word, int op, uint32_t value,
		  const struct timespec *deadline)
{
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value,
		       deadline, NULL, FUTEX_BITSET_MATCH_ANY);
}

/* Pairs with plat_event_signal(): see there. */
static bool moved(struct plat_event *ev, uint32_t seen)
{
	return atomic_load_explicit(&ev->count, memory_order_seq_cst) != seen;
}

static int sleep_until(struct plat_event *ev, uint32_t seen,
		       const struct timespec *deadline)
{
	int err = 0;

	atomic_fetch_add_explicit(&ev->waiters, 1, memory_order_seq_cst);
	while (!err && !moved(ev, seen)) {
		/* The kernel compares once more; EAGAIN: it moved. */
		if (futex(&ev->count, FUTEX_WAIT_BITSET, seen, deadline) &&
		    errno == ETIMEDOUT)
			err = moved(ev, seen) ? 0 : -ETIMEDOUT;
	}
	atomic_fetch_sub_explicit(&ev->waiters, 1, memory_order_relaxed);
	return err;
}

int hosted_event_wait(void *ctx, struct plat_event *ev, uint32_t seen,
		      uint64_t deadline_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(deadline_ns / NS_PER_S),
		.tv_nsec = (long)(deadline_ns % NS_PER_S),
	};
	unsigned int i;

	hosted_may_sleep("plat_event_wait");
	for (i = 0; i < SPIN_TURNS; i++) {
		if (moved(ev, seen))
			return 0;
		cpu_pause();
	}
	if (deadline_ns == UINT64_MAX)
		return sleep_until(ev, seen, NULL);
	if (hosted_now_ns(ctx) >= deadline_ns)
		return moved(ev, seen) ? 0 : -ETIMEDOUT;
	return sleep_until(ev, seen, &ts);
}

void hosted_event_wake(void *ctx, struct plat_event *ev)
{
	(void)ctx;
	futex(&ev->count, FUTEX_WAKE_BITSET, INT_MAX, NULL);
}

void hosted_relax(void *ctx, unsigned int turns)
{
	static const struct timespec nap = { .tv_nsec = NAP_NS };

	(void)ctx;
	if (turns < PAUSE_TURNS)
		cpu_pause();
	else if (turns < YIELD_TURNS)
		sched_yield();
	else
		nanosleep(&nap, NULL);
}
