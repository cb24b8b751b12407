/* SPDX-License-Identifier: MIT */
/* The platform as a whole: its table of callbacks, its start and its end. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plat/hosted/access.h"
#include "plat/hosted/platform.h"

#define LOG_MAX 512u

/* One per process: signal actions are. Also what a forked child looks at. */
static _Atomic(struct plat_hosted *) the_one;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void forked(void)
{
	/* No other thread is left that could change it. */
	struct plat_hosted *h =
		atomic_load_explicit(&the_one, memory_order_relaxed);

	if (h)
		hosted_notifier_forked(h);
	/* The child may have a platform of its own. */
	atomic_store_explicit(&the_one, NULL, memory_order_relaxed);
}

static void watch_forks(void)
{
	if (pthread_atfork(NULL, NULL, forked))
		hosted_die("no memory for a fork handler");
}

/* write() and not stdio, whose locks a client may hold while it waits. */
static void to_stderr(const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	while (len) {
		n = write(STDERR_FILENO, text, len);
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

__attribute__((format(printf, 2, 0))) static void
log_line(const char *prefix, const char *fmt, va_list ap)
{
	char line[LOG_MAX + 32];
	char msg[LOG_MAX];

	vsnprintf(msg, sizeof(msg), fmt, ap);
	snprintf(line, sizeof(line), "%s%s\n", prefix, msg);
	to_stderr(line);
}

__attribute__((format(printf, 3, 0))) static void
op_log(void *ctx, enum plat_log_level level, const char *fmt, va_list ap)
{
	static const char *const prefix[] = {
		[PLAT_LOG_ERR] = "sva: error: ",
		[PLAT_LOG_WARN] = "sva: warning: ",
		[PLAT_LOG_INFO] = "sva: ",
		[PLAT_LOG_DEBUG] = "sva: debug: ",
	};
	struct plat_hosted *h = to_hosted(ctx);
	char msg[LOG_MAX];

	if (level > h->cfg.log_level)
		return;
	if (!h->cfg.log) {
		log_line(prefix[level], fmt, ap);
		return;
	}
	vsnprintf(msg, sizeof(msg), fmt, ap);
	h->cfg.log(level, msg);
}

void hosted_log(struct plat_hosted *h, enum plat_log_level level,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	op_log(h, level, fmt, ap);
	va_end(ap);
}

void hosted_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("sva: fatal: ", fmt, ap);
	va_end(ap);
	abort();
}

static const struct plat_ops ops = {
	.zalloc = hosted_zalloc,
	.free = hosted_free,
	.pages_alloc = hosted_pages_alloc,
	.pages_free = hosted_pages_free,
	.virt_to_phys = hosted_virt_to_phys,
	.phys_to_virt = hosted_phys_to_virt,
	.lock_init = hosted_lock_init,
	.lock_fini = hosted_lock_fini,
	.lock = hosted_lock,
	.unlock = hosted_unlock,
	.event_wait = hosted_event_wait,
	.event_wake = hosted_event_wake,
	.relax = hosted_relax,
	.now_ns = hosted_now_ns,
	.workqueue_create = hosted_workqueue_create,
	.workqueue_destroy = hosted_workqueue_destroy,
	.work_queue = hosted_work_queue,
	.workqueue_flush = hosted_workqueue_flush,
	.rcu_read_lock = hosted_rcu_read_lock,
	.rcu_read_unlock = hosted_rcu_read_unlock,
	.rcu_synchronize = hosted_rcu_synchronize,
	.irq_request = hosted_irq_request,
	.irq_free = hosted_irq_free,
	.irq_sync = hosted_irq_sync,
	.msi_alloc = hosted_msi_alloc,
	.msi_free = hosted_msi_free,
	.log = op_log,
};

static int start(struct plat_hosted *h)
{
	int err = hosted_arena_init(&h->arena);

	if (err)
		return err;
	err = hosted_irqs_init(h);
	if (err)
		goto err_arena;
	err = hosted_access_init(h);
	if (err)
		goto err_irqs;
	err = hosted_notifier_init(h);
	if (err)
		goto err_access;
	return 0;

err_access:
	hosted_access_fini(h);
err_irqs:
	hosted_irqs_fini(h);
err_arena:
	hosted_arena_fini(&h->arena);
	return err;
}

int plat_hosted_create(const struct plat_hosted_cfg *cfg,
		       struct plat_hosted **ret_hosted)
{
	struct plat_hosted *none = NULL;
	struct plat_hosted *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return -ENOMEM;
	if (!atomic_compare_exchange_strong_explicit(&the_one, &none, h,
						     memory_order_acq_rel,
						     memory_order_relaxed)) {
		free(h);
		return -EBUSY;
	}
	if (cfg)
		h->cfg = *cfg;
	h->pid = getpid();
	h->plat.ops = &ops;
	h->plat.ctx = h;
	h->notifier.uffd = -1;
	pthread_once(&fork_once, watch_forks);
	err = start(h);
	if (err) {
		atomic_store_explicit(&the_one, NULL, memory_order_release);
		free(h);
		return err;
	}
	*ret_hosted = h;
	return 0;
}

void plat_hosted_destroy(struct plat_hosted *hosted)
{
	if (!hosted)
		return;
	/* In a child of fork() the threads and the device are the parent's. */
	if (hosted->pid != getpid())
		return;
	hosted_notifier_fini(hosted);
	hosted_access_fini(hosted);
	hosted_irqs_fini(hosted);
	if (hosted->arena.live)
		hosted_die("%zu allocations were not given back",
			   hosted->arena.live);
	hosted_arena_fini(&hosted->arena);
	atomic_store_explicit(&the_one, NULL, memory_order_release);
	free(hosted);
}

const struct plat *plat_hosted_plat(struct plat_hosted *hosted)
{
	return &hosted->plat;
}

void plat_hosted_features(const struct plat_hosted *hosted,
			  struct plat_hosted_features *ret_features)
{
	*ret_features = hosted->features;
}
