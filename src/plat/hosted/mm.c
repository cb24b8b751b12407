/* SPDX-License-Identifier: MIT */
/*
 * The address space of this process, as core sees it.
 *
 * A fault is served in batches: look up the mapping, let the kernel fault the
 * pages in, watch the mapping, look again, and install under the lock if
 * nothing has changed meanwhile (notifier.h). A read makes read-only entries,
 * so that the first write faults, too, and breaks a copy-on-write as a CPU's
 * would.
 */
#include <errno.h>

#include "plat/hosted/access.h"
#include "plat/hosted/kernel_abi.h"
#include "plat/hosted/mirror.h"
#include "plat/hosted/platform.h"

#include "base/bits.h"

#define BATCH_PAGES 256u
/* With the naps of hosted_relax() some 50 ms. */
#define FAULT_TURNS 1500u

/* What one fault is about; count and done in pages. */
struct request {
	uint64_t va;
	size_t count;
	unsigned int perm; /* of the entries */
	unsigned int need; /* of the mapping */
	bool keep;         /* see mirror.h */
};

static int find(struct plat_hosted *h, const struct request *rq,
		struct hosted_map *ret_map)
{
	int err = hosted_maps_find(h->notifier.maps, rq->va, ret_map);

	if (err == -ENOENT || (!err && ret_map->start > rq->va))
		return -EFAULT;
	if (err)
		return err;
	return rq->need & ~ret_map->perm ? -EACCES : 0;
}

static bool covers(const struct hosted_map *map, const struct request *rq)
{
	return map->start <= rq->va &&
	       map->end - rq->va >= rq->count * HOSTED_PAGE_SIZE;
}

/* Return: of what the kernel says, what it means for a page of a mapping. */
static int populate(struct plat_hosted *h, uint64_t va, size_t count,
		    bool write)
{
	int advice = write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
	size_t i;

	if (!h->features.populate) {
		for (i = 0; i < count; i++)
			if (hosted_touch(h, va + i * HOSTED_PAGE_SIZE, write))
				return -EFAULT;
		return 0;
	}
	if (!madvise((void *)(uintptr_t)va, count * HOSTED_PAGE_SIZE, advice))
		return 0;
	switch (errno) {
	case EINVAL:
		return -EACCES;
	case EAGAIN:
	case EINTR:
		return -EAGAIN;
	case ENOMEM:
		return -ENOMEM;
	default:
		/* Beyond the end of the file, a guard page, broken memory. */
		return -EFAULT;
	}
}

/* All at once, and if that fails one by one up to the page that fails. */
static int fault_in(struct plat_hosted *h, const struct request *rq,
		    size_t *ret_good)
{
	bool write = rq->perm & IOMMU_PERM_WRITE;
	int err = populate(h, rq->va, rq->count, write);
	size_t i = 0;

	if (!err) {
		*ret_good = rq->count;
		return 0;
	}
	if (rq->count > 1)
		for (; i < rq->count; i++) {
			err = populate(h, rq->va + i * HOSTED_PAGE_SIZE, 1,
				       write);
			if (err)
				break;
		}
	*ret_good = i;
	return err;
}

/* On pages of the size that the mapping is made of. */
static int check(struct plat_hosted *h, const struct request *rq,
		 const struct hosted_map *map)
{
	uint64_t size = map->page_size ? map->page_size : HOSTED_PAGE_SIZE;

	return hosted_notifier_check(
		h, align_down(rq->va, size),
		align_up(rq->va + rq->count * HOSTED_PAGE_SIZE, size));
}

static int install_locked(struct hosted_mirror *m, const struct request *rq,
			  const struct hosted_map *map, bool watched,
			  size_t *ret_done)
{
	struct plat_hosted *h = m->hosted;
	struct hosted_counters *c = &h->notifier.counters;
	uint64_t end;
	int err;

	/*
	 * Asked before the entry is there: the reader waits for the lock, so
	 * what is true now stays true until after the entry was installed.
	 */
	if (watched && !h->notifier.hooks.no_probe) {
		err = check(h, rq, map);
		if (err == -ENOENT)
			return -EAGAIN;
		if (err && err != -EINVAL)
			return err;
		/* Huge pages whose size is not known: as if not watched. */
		watched = !err;
	}
	err = hosted_mirror_install(m, rq->va, rq->count, rq->perm, map,
				    ret_done);
	end = rq->va + *ret_done * HOSTED_PAGE_SIZE;
	if (!watched && *ret_done) {
		atomic_fetch_add_explicit(&c->unwatched, 1,
					  memory_order_relaxed);
		hosted_mirror_note(m, rq->va, end, rq->need, rq->keep);
	}
	return err;
}

static void step(const struct hosted_notifier *n, enum hosted_step where)
{
	if (n->hooks.step)
		n->hooks.step(n->hooks.ctx, where);
}

/* From watching to installing, faults take turns. */
static int install(struct hosted_mirror *m, const struct request *rq,
		   size_t *ret_done)
{
	struct plat_hosted *h = m->hosted;
	struct hosted_notifier *n = &h->notifier;
	struct hosted_map before, map;
	uint64_t seq;
	bool watched;
	int err;

	/* Pairs with forget(): an event that is counted has been applied. */
	seq = atomic_load_explicit(&n->seq, memory_order_acquire);
	err = find(h, rq, &before);
	if (err)
		return err == -EFAULT ? -EAGAIN : err;
	step(n, HOSTED_BEFORE_WATCH);
	watched = !hosted_notifier_watch(h, &before);
	step(n, HOSTED_AFTER_WATCH);
	err = find(h, rq, &map);
	if (err || !covers(&map, rq) ||
	    (!watched && !hosted_map_same(&before, &map)))
		return -EAGAIN;

	step(n, HOSTED_BEFORE_LOCK);
	hosted_lock(h, &n->lock);
	if (!n->hooks.no_seq &&
	    atomic_load_explicit(&n->seq, memory_order_relaxed) != seq)
		err = -EAGAIN;
	else
		err = install_locked(m, rq, &map, watched, ret_done);
	hosted_unlock(h, &n->lock);
	return err;
}

/* One attempt. *ret_done pages were made, also on error. */
static int serve(struct hosted_mirror *m, struct request rq, size_t *ret_done)
{
	struct plat_hosted *h = m->hosted;
	struct hosted_map map, now;
	size_t room, good;
	int fault_err;
	int err;

	*ret_done = 0;
	err = find(h, &rq, &map);
	if (err)
		return err;
	room = (map.end - rq.va) / HOSTED_PAGE_SIZE;
	rq.count = rq.count < room ? rq.count : room;
	rq.count = rq.count < BATCH_PAGES ? rq.count : BATCH_PAGES;

	fault_err = fault_in(h, &rq, &good);
	if (!good) {
		/* It speaks of the mapping only if that is still the same. */
		err = find(h, &rq, &now);
		if (err)
			return err;
		return hosted_map_same(&map, &now) ? fault_err : -EAGAIN;
	}
	rq.count = good;
	pthread_mutex_lock(&h->notifier.fault_lock);
	err = install(m, &rq, ret_done);
	pthread_mutex_unlock(&h->notifier.fault_lock);
	return err ? err : fault_err;
}

static int serve_all(struct hosted_mirror *m, struct request rq,
		     size_t *ret_done)
{
	struct hosted_counters *c = &m->hosted->notifier.counters;
	unsigned int turns = 0;
	size_t all = rq.count;
	size_t done;
	int err = 0;

	/*
	 * An entry that can be written or executed can be read, as it can by
	 * most CPUs; a mapping need not say so.
	 */
	rq.need = rq.perm & IOMMU_PERM_RWX;
	if (!rq.need)
		rq.need = IOMMU_PERM_READ;
	rq.perm = rq.need | IOMMU_PERM_READ;
	while (rq.count) {
		err = serve(m, rq, &done);
		atomic_fetch_add_explicit(&c->faults, 1, memory_order_relaxed);
		rq.va += done * HOSTED_PAGE_SIZE;
		rq.count -= done;
		if (done) {
			/* The error, if any, comes again for what is left. */
			turns = 0;
			continue;
		}
		if (err != -EAGAIN || turns == FAULT_TURNS)
			break;
		atomic_fetch_add_explicit(&c->retries, 1, memory_order_relaxed);
		hosted_relax(m->hosted, turns++);
	}
	*ret_done = all - rq.count;
	return rq.count ? err : 0;
}

static int mm_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			struct iommu_mm_table *ret_table)
{
	hosted_may_sleep("get_table");
	return hosted_mirror_get_table(to_hosted_mirror(mm), fmt, ret_table);
}

static int mm_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			   unsigned int perm, size_t *ret_done)
{
	struct request rq = {
		.va = align_down(va, HOSTED_PAGE_SIZE),
		.count = count,
		.perm = perm,
	};

	hosted_may_sleep("handle_fault");
	return serve_all(to_hosted_mirror(mm), rq, ret_done);
}

static void mm_exit(struct iommu_mm *mm)
{
	struct hosted_mirror *m = to_hosted_mirror(mm);

	hosted_notifier_del(m->hosted, m);
	hosted_mirror_exit(m);
}

static void mm_free(struct iommu_mm *mm)
{
	struct hosted_mirror *m = to_hosted_mirror(mm);

	hosted_free(m->hosted, m);
}

static const struct iommu_mm_ops mm_ops = {
	.get_table = mm_get_table,
	.handle_fault = mm_handle_fault,
	.exit = mm_exit,
	.free = mm_free,
};

int plat_hosted_mm_create(struct plat_hosted *hosted, struct iommu_system *sys,
			  struct iommu_mm **ret_mm)
{
	struct hosted_mirror *m = hosted_zalloc(hosted, sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	hosted_mirror_init(m, hosted);
	/* The reader may call back into it from then on. */
	iommu_mm_init(&m->mm, sys, &mm_ops);
	err = hosted_notifier_add(hosted, m);
	if (err) {
		/* The only user: exit and free run. */
		iommu_mm_put_users(&m->mm);
		return err;
	}
	*ret_mm = &m->mm;
	return 0;
}

int plat_hosted_mm_populate(struct iommu_mm *mm, const void *va, size_t len,
			    unsigned int perm, size_t *ret_done)
{
	uint64_t addr = (uintptr_t)va;
	uint64_t first = align_down(addr, HOSTED_PAGE_SIZE);
	struct request rq = {
		.va = first,
		.count = div_round_up(addr - first + len, HOSTED_PAGE_SIZE),
		.perm = perm,
		.keep = true,
	};
	uint64_t bytes;
	size_t done;
	int err;

	hosted_may_sleep("plat_hosted_mm_populate");
	*ret_done = 0;
	/* Not without a user: after the exit there is no table to fill. */
	if (!iommu_mm_get_users(mm))
		return -ESRCH;
	err = serve_all(to_hosted_mirror(mm), rq, &done);
	iommu_mm_put_users(mm);
	bytes = done * HOSTED_PAGE_SIZE;
	bytes = bytes > addr - first ? bytes - (addr - first) : 0;
	*ret_done = err && bytes < len ? bytes : len;
	return err;
}
