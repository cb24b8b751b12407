/* SPDX-License-Identifier: MIT */
/*
 * The hosted platform from inside: what its files share.
 *
 * Locking. The reader thread (notifier.c) runs drivers' invalidations, so it
 * may wait for every lock from PLAT_RANK_MM on. A client thread that shrinks
 * a mapping sleeps until the reader has read the event, and malloc() shrinks
 * mappings with its arena lock held. So nothing that may run under such a lock
 * may call malloc(), free(), or any system call that changes mappings: all
 * memory of the stack comes from an arena of our own that is never given back
 * before the end (memory.c), thread stacks included (thread.c).
 *
 * The raw pthread mutexes of these files are leaves: nothing is taken, waited
 * for or called back under them.
 */
#ifndef PLAT_HOSTED_PLATFORM_H
#define PLAT_HOSTED_PLATFORM_H

#include <pthread.h>
#include <sys/types.h>

#include <sva/hosted.h>

#include "plat/hosted/memory.h"
#include "plat/hosted/notifier.h"
#include "plat/hosted/thread.h"

/* Interrupt numbers: lines first, then messages. */
#define HOSTED_LINE_COUNT 64u
#define HOSTED_IRQ_COUNT  256u

#define HOSTED_PAGE_SIZE UINT64_C(4096)

/**
 * struct hosted_irq - one interrupt number
 * @lock:    protects the rest.
 * @change:  raised or handled moved, or stop was set.
 * @raised, @handled: counts of edges; edges that come while @fn runs coalesce.
 * @allocated: a message number somebody owns.
 */
struct hosted_irq {
	pthread_mutex_t lock;
	pthread_cond_t change;
	uint64_t raised;
	uint64_t handled;
	void (*fn)(void *arg);
	void *arg;
	struct hosted_thread thread;
	bool requested;
	bool stop;
	bool allocated;
};

struct plat_hosted {
	struct plat plat;
	struct plat_hosted_cfg cfg;
	struct plat_hosted_features features;
	pid_t pid;
	struct hosted_arena arena;
	struct hosted_irq irqs[HOSTED_IRQ_COUNT];
	pthread_mutex_t msi_lock;
	void *doorbell; /* a page nobody can access */
	struct hosted_notifier notifier;
};

static inline struct plat_hosted *to_hosted(void *ctx)
{
	return ctx;
}

__attribute__((format(printf, 3, 4))) void hosted_log(struct plat_hosted *h,
						      enum plat_log_level level,
						      const char *fmt, ...);

/* A bug of ours or of the library: say so and abort(). */
__attribute__((noreturn, format(printf, 1, 2))) void hosted_die(const char *fmt,
								...);

/* lock.c */
void hosted_lock_init(void *ctx, struct plat_lock *lock,
		      enum plat_lock_kind kind, unsigned int rank,
		      const char *name);
void hosted_lock_fini(void *ctx, struct plat_lock *lock);
void hosted_lock(void *ctx, struct plat_lock *lock);
void hosted_unlock(void *ctx, struct plat_lock *lock);

/* Debug builds: abort if the thread holds a spin lock or reads under RCU. */
void hosted_may_sleep(const char *what);
void hosted_rcu_depth_add(int n);

/*
 * Debug builds: abort if the thread holds a lock that the reader may want. The
 * C library takes its own locks in what follows, see above.
 */
void hosted_may_call_libc(const char *what);

/* event.c */
int hosted_event_wait(void *ctx, struct plat_event *ev, uint32_t seen,
		      uint64_t deadline_ns);
void hosted_event_wake(void *ctx, struct plat_event *ev);
void hosted_relax(void *ctx, unsigned int turns);
uint64_t hosted_now_ns(void *ctx);

/* work.c */
struct plat_workqueue *hosted_workqueue_create(void *ctx, const char *name,
					       unsigned int max_active);
void hosted_workqueue_destroy(void *ctx, struct plat_workqueue *wq);
bool hosted_work_queue(void *ctx, struct plat_workqueue *wq,
		       struct plat_work *work);
void hosted_workqueue_flush(void *ctx, struct plat_workqueue *wq);

/* rcu.c */
void hosted_rcu_read_lock(void *ctx);
void hosted_rcu_read_unlock(void *ctx);
void hosted_rcu_synchronize(void *ctx);

/* irq.c */
SVA_MUST_CHECK int hosted_irqs_init(struct plat_hosted *h);
void hosted_irqs_fini(struct plat_hosted *h);
int hosted_irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
		       void *arg, const char *name);
void hosted_irq_free(void *ctx, unsigned int irq);
void hosted_irq_sync(void *ctx, unsigned int irq);
int hosted_msi_alloc(void *ctx, struct plat_msi *ret_msi);
void hosted_msi_free(void *ctx, const struct plat_msi *msi);
/* A device wrote data to address. */
int hosted_msi_write(struct plat_hosted *h, uint64_t address, uint32_t data);

#endif
