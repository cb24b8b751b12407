/* SPDX-License-Identifier: MIT */
/*
 * A small platform for tests: memory from the C library with addresses that
 * are their own physical addresses, locks with a checked order, work queues
 * with threads, and allocations that fail on demand.
 *
 * Interrupts run nowhere by themselves: testplat_irq_raise() marks one, and
 * testplat_irq_run() or plat_irq_sync() call its handler. So a test decides
 * when. Log messages are kept out of the way unless TESTPLAT_LOG is set in the
 * environment; warnings and errors are counted.
 */
#ifndef TESTS_SUPPORT_TESTPLAT_H
#define TESTS_SUPPORT_TESTPLAT_H

#include <pthread.h>

#include <sva/plat.h>

#define TESTPLAT_IRQS     32u
#define TESTPLAT_MSI_BASE UINT64_C(0xfee00000)

struct testplat_irq {
	void (*fn)(void *arg);
	void *arg;
	_Atomic bool pending;
	bool msi; /* number given out by msi_alloc */
	pthread_mutex_t running;
};

/**
 * struct testplat - see above
 * @plat: to hand on.
 * @msis: let msi_alloc succeed; true after init.
 *
 * The counters may be read at any time.
 */
struct testplat {
	struct plat plat;
	bool msis;
	_Atomic long live_allocations;
	_Atomic long allocations; /* attempts since testplat_fail_nth() */
	_Atomic long fail_nth;    /* 0: never */
	_Atomic unsigned int errors_logged;
	_Atomic unsigned int warnings_logged;
	_Atomic unsigned int locks_live;

	pthread_mutex_t event_lock;
	pthread_cond_t event_cond;
	pthread_rwlock_t rcu;
	struct testplat_irq irqs[TESTPLAT_IRQS];
};

void testplat_init(struct testplat *tp);

/* Fails the test if memory, locks, interrupts or messages are left. */
void testplat_fini(struct testplat *tp);

/*
 * The n-th allocation from now fails (memory, pages, threads, interrupts,
 * messages); 0: none does. Starts counting tp->allocations anew.
 */
void testplat_fail_nth(struct testplat *tp, long n);

/* Interrupt @irq has been raised. Any thread. */
void testplat_irq_raise(struct testplat *tp, unsigned int irq);

/* A device has written a message; false if nobody is meant by it. */
bool testplat_msi(struct testplat *tp, uint64_t address, uint32_t data);

/* Call the handlers of all raised interrupts. Returns how many there were. */
unsigned int testplat_irq_run(struct testplat *tp);

#endif
