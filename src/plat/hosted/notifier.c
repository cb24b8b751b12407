/* SPDX-License-Identifier: MIT */
/* The reader and the barrier. notifier.h tells the protocol. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "plat/hosted/kernel_abi.h"
#include "plat/hosted/mirror.h"
#include "plat/hosted/notifier.h"
#include "plat/hosted/platform.h"
#include "plat/hosted/probe.h"

#define MESSAGES      16u
/* With the naps of hosted_relax() some 100 ms. */
#define BARRIER_TURNS 2500u

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

int hosted_notifier_watch(struct plat_hosted *h, const struct hosted_map *map)
{
	struct uffdio_register r = {
		.range = { .start = map->start, .len = map->end - map->start },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};

	if (h->notifier.uffd < 0)
		return -ENOSYS;
	return ioctl(h->notifier.uffd, UFFDIO_REGISTER, &r) ? -errno : 0;
}

/* Nothing is ever protected, so there is nothing to take back. */
int hosted_notifier_check(struct plat_hosted *h, uint64_t start, uint64_t end)
{
	struct uffdio_writeprotect w = {
		.range = { .start = start, .len = end - start },
	};

	return ioctl(h->notifier.uffd, UFFDIO_WRITEPROTECT, &w) ? -errno : 0;
}

static void forget(struct plat_hosted *h, uint64_t start, uint64_t end)
{
	struct hosted_notifier *n = &h->notifier;
	struct hosted_mirror *m;

	/* Pairs with the load of a fault; what counts is under the lock. */
	atomic_fetch_add_explicit(&n->seq, 1, memory_order_release);
	for (m = n->mirrors; m; m = m->next)
		hosted_mirror_clear(m, start, end);
}

static void apply(struct plat_hosted *h, const struct uffd_msg *msg)
{
	uint64_t from = msg->arg.remap.from;
	uint64_t to = msg->arg.remap.to;
	uint64_t len = msg->arg.remap.len;

	count(&h->notifier.counters.events);
	switch (msg->event) {
	case UFFD_EVENT_UNMAP:
	case UFFD_EVENT_REMOVE:
		forget(h, msg->arg.remove.start, msg->arg.remove.end);
		break;
	case UFFD_EVENT_REMAP:
		forget(h, from, from + len);
		forget(h, to, to + len);
		break;
	default:
		/* Not asked for. Whatever it means, this is safe. */
		forget(h, 0, UINT64_MAX);
		hosted_log(h, PLAT_LOG_ERR, "unknown userfaultfd event %#x",
			   msg->event);
	}
}

static size_t read_events(int fd, struct uffd_msg *msgs, size_t max)
{
	ssize_t n = read(fd, msgs, max * sizeof(msgs[0]));

	return n < 0 ? 0 : (size_t)n / sizeof(msgs[0]);
}

static void drain(struct plat_hosted *h)
{
	struct hosted_notifier *n = &h->notifier;
	struct uffd_msg msgs[MESSAGES];
	size_t i, got;

	hosted_lock(h, &n->lock);
	while ((got = read_events(n->uffd, msgs, MESSAGES)))
		for (i = 0; i < got; i++)
			apply(h, &msgs[i]);
	hosted_unlock(h, &n->lock);
}

/* How it must not be done; tests show that they would notice. */
static void drain_wrong(struct plat_hosted *h)
{
	struct hosted_notifier *n = &h->notifier;
	struct uffd_msg msg;

	while (read_events(n->uffd, &msg, 1)) {
		hosted_lock(h, &n->lock);
		apply(h, &msg);
		hosted_unlock(h, &n->lock);
	}
}

/*
 * No allocation, no change of mappings, here and in all that it calls. What
 * the end of a thread unmaps may be registered, and nobody would read of it:
 * the descriptor goes first.
 */
static void *reader_main(void *arg)
{
	struct plat_hosted *h = arg;
	struct hosted_notifier *n = &h->notifier;
	struct pollfd fds[2] = {
		{ .fd = n->uffd, .events = POLLIN },
		{ .fd = n->stop, .events = POLLIN },
	};

	/* What a first use allocates is allocated now. */
	hosted_rcu_read_lock(h);
	hosted_rcu_read_unlock(h);
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			hosted_die("poll of a userfaultfd: errno %d", errno);
		if (fds[0].revents) {
			if (n->hooks.read_before_lock)
				drain_wrong(h);
			else
				drain(h);
		}
		if (fds[1].revents)
			break;
	}
	close(n->uffd);
	return NULL;
}

static void open_uffd(struct plat_hosted *h)
{
	struct hosted_notifier *n = &h->notifier;
	struct hosted_map canary = {
		.start = (uintptr_t)n->canary,
		.end = (uintptr_t)n->canary + HOSTED_PAGE_SIZE,
	};
	int err;

	if (h->cfg.no_uffd)
		return;
	n->uffd = hosted_probe_uffd(!h->cfg.no_wp_async, &h->features.wp_async);
	err = n->uffd < 0 ? n->uffd : hosted_notifier_watch(h, &canary);
	if (!err)
		err = hosted_notifier_check(h, canary.start, canary.end);
	h->features.uffd = !err;
	if (!err)
		return;
	hosted_log(h, PLAT_LOG_INFO, "no userfaultfd (errno %d)", -err);
	h->features.wp_async = false;
	if (n->uffd >= 0)
		close(n->uffd);
	n->uffd = -1;
}

int hosted_notifier_init(struct plat_hosted *h)
{
	struct hosted_notifier *n = &h->notifier;

	n->uffd = -1;
	n->maps = h->cfg.no_procmap_query ? -1 : hosted_maps_open();
	h->features.procmap_query = n->maps >= 0;
	h->features.populate = hosted_probe_populate();
	n->stop = eventfd(0, EFD_CLOEXEC);
	if (n->stop < 0)
		goto err_maps;
	n->canary = mmap(NULL, HOSTED_PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (n->canary == MAP_FAILED)
		goto err_stop;
	open_uffd(h);
	pthread_mutex_init(&n->start_lock, NULL);
	pthread_mutex_init(&n->fault_lock, NULL);
	hosted_lock_init(h, &n->lock, PLAT_LOCK_MUTEX, PLAT_RANK_MM,
			 "address space");
	return 0;

err_stop:
	close(n->stop);
err_maps:
	if (n->maps >= 0)
		close(n->maps);
	return -ENOMEM;
}

/* After the descriptor is closed mappings change without anybody waiting. */
void hosted_notifier_fini(struct plat_hosted *h)
{
	struct hosted_notifier *n = &h->notifier;
	uint64_t one = 1;

	if (atomic_load_explicit(&n->started, memory_order_relaxed)) {
		if (write(n->stop, &one, sizeof(one)) != sizeof(one))
			hosted_die("eventfd: errno %d", errno);
		hosted_thread_join(h, &n->reader);
	} else if (n->uffd >= 0) {
		close(n->uffd);
	}
	n->uffd = -1;
	munmap(n->canary, HOSTED_PAGE_SIZE);
	close(n->stop);
	if (n->maps >= 0)
		close(n->maps);
	hosted_lock_fini(h, &n->lock);
	pthread_mutex_destroy(&n->fault_lock);
	pthread_mutex_destroy(&n->start_lock);
}

/*
 * A copy of the descriptor would keep the registrations alive after the parent
 * has closed its own: the parent would sleep in munmap() for ever.
 */
void hosted_notifier_forked(struct plat_hosted *h)
{
	if (h->notifier.uffd >= 0)
		close(h->notifier.uffd);
	h->notifier.uffd = -1;
}

static int start_reader(struct plat_hosted *h)
{
	struct hosted_notifier *n = &h->notifier;
	int err = 0;

	pthread_mutex_lock(&n->start_lock);
	if (!atomic_load_explicit(&n->started, memory_order_relaxed) &&
	    n->uffd >= 0) {
		err = hosted_thread_start(h, &n->reader, reader_main, h,
					  "sva-notifier");
		if (!err)
			atomic_store_explicit(&n->started, true,
					      memory_order_relaxed);
	}
	pthread_mutex_unlock(&n->start_lock);
	return err;
}

int hosted_notifier_add(struct plat_hosted *h, struct hosted_mirror *m)
{
	struct hosted_notifier *n = &h->notifier;
	int err = start_reader(h);

	if (err)
		return err;
	hosted_lock(h, &n->lock);
	m->next = n->mirrors;
	n->mirrors = m;
	hosted_unlock(h, &n->lock);
	return 0;
}

void hosted_notifier_del(struct plat_hosted *h, struct hosted_mirror *m)
{
	struct hosted_notifier *n = &h->notifier;
	struct hosted_mirror **link = &n->mirrors;

	hosted_lock(h, &n->lock);
	while (*link && *link != m)
		link = &(*link)->next;
	if (*link)
		*link = m->next;
	hosted_unlock(h, &n->lock);
}

/*
 * A thread that changes mappings all the time can keep the mark up at each
 * look. After a while everything is forgotten instead: a later fault installs
 * only when there is no mark.
 */
static bool wait_for_no_mark(struct plat_hosted *h)
{
	struct hosted_notifier *n = &h->notifier;
	uint64_t canary = (uintptr_t)n->canary;
	unsigned int turns;

	for (turns = 0; turns < BARRIER_TURNS; turns++) {
		if (hosted_notifier_check(h, canary,
					  canary + HOSTED_PAGE_SIZE) != -EAGAIN)
			return true;
		count(&n->counters.barrier_turns);
		hosted_relax(h, turns);
	}
	count(&n->counters.barrier_resets);
	return false;
}

void plat_hosted_submit_barrier(struct plat_hosted *hosted)
{
	struct hosted_notifier *n = &hosted->notifier;
	struct hosted_mirror *m;
	bool clean = true;

	if (n->hooks.no_barrier)
		return;
	if (n->uffd >= 0)
		clean = wait_for_no_mark(hosted);
	hosted_lock(hosted, &n->lock);
	if (!clean)
		forget(hosted, 0, UINT64_MAX);
	for (m = n->mirrors; m; m = m->next)
		hosted_mirror_recheck(m);
	hosted_unlock(hosted, &n->lock);
}
