/* SPDX-License-Identifier: MIT */
/* Address spaces: users, references, notifiers, and the exit. */
#include <sva/mm.h>

#include "base/errno.h"
#include "core/sva.h"
#include "core/system.h"

static void put_work(void *arg);

void iommu_mm_init(struct iommu_mm *mm, struct iommu_system *sys,
		   const struct iommu_mm_ops *ops)
{
	mm->ops = ops;
	mm->sys = sys;
	atomic_init(&mm->users, 1);
	atomic_init(&mm->refs, 1);
	plat_lock_init(sys->plat, &mm->notifier_lock, PLAT_LOCK_MUTEX,
		       PLAT_RANK_MM_NOTIFIER, "mm notifiers");
	mm->notifiers = NULL;
	mm->releasing = NULL;
	atomic_init(&mm->release_event.count, 0);
	atomic_init(&mm->release_event.waiters, 0);
	atomic_init(&mm->pasid, IOMMU_NO_PASID);
	mm->pasid_refs = 0;
	mm->pasid_leaked = false;
	mm->sva = NULL;
	plat_work_init(&mm->put_work, put_work, mm);
	atomic_fetch_add_explicit(&sys->mm_count, 1, memory_order_relaxed);
}

void iommu_mm_get(struct iommu_mm *mm)
{
	/* Relaxed: the caller holds a reference already. */
	atomic_fetch_add_explicit(&mm->refs, 1, memory_order_relaxed);
}

void iommu_mm_put(struct iommu_mm *mm)
{
	struct iommu_system *sys = mm->sys;

	/* Release pairs with the acquire of the last put. */
	if (atomic_fetch_sub_explicit(&mm->refs, 1, memory_order_acq_rel) != 1)
		return;
	/* A PASID held a reference; who found the mm by it has left now. */
	plat_rcu_synchronize(sys->plat);
	plat_lock_fini(sys->plat, &mm->notifier_lock);
	mm->ops->free(mm);
	/* Release pairs with the acquire in iommu_system_destroy(). */
	atomic_fetch_sub_explicit(&sys->mm_count, 1, memory_order_release);
}

bool iommu_mm_get_users(struct iommu_mm *mm)
{
	uint32_t n = atomic_load_explicit(&mm->users, memory_order_relaxed);

	/* Acquire pairs with the release of puts: a new user sees what the
	 * others did. */
	do {
		if (!n)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&mm->users, &n, n + 1,
							memory_order_acquire,
							memory_order_relaxed));
	return true;
}

/* The first notifier not yet told is being told. Lock held. */
static struct iommu_mm_notifier *next_release_locked(struct iommu_mm *mm)
{
	struct iommu_mm_notifier *n = mm->notifiers;

	while (n && n->released)
		n = n->next;
	mm->releasing = n;
	return n;
}

/*
 * release() runs without the lock: it may take its time. While it runs the
 * notifier cannot go, see iommu_mm_notifier_unregister().
 */
static void release_notifiers(struct iommu_mm *mm)
{
	const struct plat *plat = mm->sys->plat;
	struct iommu_mm_notifier *n;

	plat_lock(plat, &mm->notifier_lock);
	while ((n = next_release_locked(mm))) {
		plat_unlock(plat, &mm->notifier_lock);
		if (n->ops->release)
			n->ops->release(n);
		plat_lock(plat, &mm->notifier_lock);
		n->released = true;
		mm->releasing = NULL;
		plat_event_signal(plat, &mm->release_event);
	}
	plat_unlock(plat, &mm->notifier_lock);
}

/* The last user has gone. Entries become quiet before the pages go. [B7] */
static void mm_exit(struct iommu_mm *mm)
{
	sva_mm_exit(mm);
	release_notifiers(mm);
	mm->ops->exit(mm);
	iommu_mm_put(mm);
}

static void put_work(void *arg)
{
	mm_exit(arg);
}

static bool put_users(struct iommu_mm *mm)
{
	/* Release pairs with the acquire of the last put. */
	return atomic_fetch_sub_explicit(&mm->users, 1, memory_order_acq_rel) ==
	       1;
}

void iommu_mm_put_users(struct iommu_mm *mm)
{
	if (put_users(mm))
		mm_exit(mm);
}

void iommu_mm_put_users_async(struct iommu_mm *mm)
{
	/* There is one last user, so the work is queued once. */
	if (put_users(mm))
		plat_work_queue(mm->sys->plat, mm->sys->wq, &mm->put_work);
}

int iommu_mm_notifier_register(struct iommu_mm_notifier *n, struct iommu_mm *mm)
{
	const struct plat *plat = mm->sys->plat;
	int err = 0;

	plat_lock(plat, &mm->notifier_lock);
	/* Relaxed: a caller with a user cannot see 0, and one without is
	 * answered as well as anybody can. */
	if (!atomic_load_explicit(&mm->users, memory_order_relaxed)) {
		err = -ESRCH;
	} else {
		iommu_mm_get(mm);
		n->mm = mm;
		n->released = false;
		n->next = mm->notifiers;
		mm->notifiers = n;
	}
	plat_unlock(plat, &mm->notifier_lock);
	return err;
}

void iommu_mm_notifier_unregister(struct iommu_mm_notifier *n)
{
	struct iommu_mm *mm = n->mm;
	const struct plat *plat = mm->sys->plat;
	struct iommu_mm_notifier **link;

	plat_lock(plat, &mm->notifier_lock);
	while (mm->releasing == n) {
		uint32_t seen = plat_event_read(&mm->release_event);

		plat_unlock(plat, &mm->notifier_lock);
		/* No time limit: release() ends by itself. */
		if (plat_event_wait(plat, &mm->release_event, seen, UINT64_MAX))
			plat_relax(plat, 0);
		plat_lock(plat, &mm->notifier_lock);
	}
	for (link = &mm->notifiers; *link != n; link = &(*link)->next)
		;
	*link = n->next;
	plat_unlock(plat, &mm->notifier_lock);
	iommu_mm_put(mm);
}

void iommu_mm_invalidate_range(struct iommu_mm *mm, uint64_t start,
			       uint64_t end)
{
	const struct plat *plat = mm->sys->plat;
	struct iommu_mm_notifier *n;
	bool told = false;

	plat_lock(plat, &mm->notifier_lock);
	for (n = mm->notifiers; n; n = n->next) {
		if (n->released || !n->ops->invalidate_range)
			continue;
		n->ops->invalidate_range(n, start, end);
		told = true;
	}
	plat_unlock(plat, &mm->notifier_lock);
	if (told)
		counter_inc(&mm->sys->counters.invalidations);
}
