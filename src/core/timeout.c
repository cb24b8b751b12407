/* SPDX-License-Identifier: MIT */
/*
 * Time limit of answers [I7]: a worker that sleeps until the oldest request
 * that waits for one is due.
 *
 * A record that is still there was not answered, so its group cannot have been
 * used again by the device meanwhile. A late answer names the record that has
 * gone, by its id: see iommu_page_response().
 */
#include "base/errno.h"
#include "core/device.h"

#define NS_PER_S UINT64_C(1000000000)

/* Answers what is overdue. Returns when to look again. */
static uint64_t expire_device(struct iommu_device *dev, uint64_t now_ns)
{
	uint64_t timeout_ns = dev->sys->cfg.response_timeout_s * NS_PER_S;
	struct fault_dev *fd = &dev->faults;
	struct fault_record *rec, *tmp;
	uint64_t next_ns = UINT64_MAX;
	unsigned int i;

	plat_lock(dev->sys->plat, &fd->lock);
	for (i = 0; i < FAULT_BUCKETS && fd->pending_count; i++) {
		list_for_each_safe(rec, tmp, &fd->pending[i], link) {
			uint64_t due_ns = rec->since_ns + timeout_ns;

			if (due_ns > now_ns) {
				if (due_ns < next_ns)
					next_ns = due_ns;
				continue;
			}
			plat_log(dev->sys->plat, PLAT_LOG_WARN,
				 "%s: page request group %u timed out",
				 dev->name, rec->prm.grpid);
			fault_answer_locked(dev, rec, IOMMU_PAGE_RESP_INVALID,
					    IOMMU_FAULT_BY_TIMEOUT);
		}
	}
	plat_unlock(dev->sys->plat, &fd->lock);
	return next_ns;
}

static uint64_t expire_all(struct iommu_system *sys)
{
	uint64_t now_ns = plat_now_ns(sys->plat);
	uint64_t next_ns = UINT64_MAX;
	struct iommu_device *dev;

	plat_lock(sys->plat, &sys->lock);
	list_for_each(dev, &sys->devices, link) {
		uint64_t due_ns = expire_device(dev, now_ns);

		if (due_ns < next_ns)
			next_ns = due_ns;
	}
	plat_unlock(sys->plat, &sys->lock);
	return next_ns;
}

static void timer_run(void *arg)
{
	struct iommu_system *sys = arg;

	for (;;) {
		uint32_t seen = plat_event_read(&sys->timer_event);
		uint64_t next_ns;

		/* Acquire pairs with the release in fault_timer_stop(). */
		if (atomic_load_explicit(&sys->timer_stop,
					 memory_order_acquire))
			return;
		next_ns = expire_all(sys);
		/* A timeout is what it waits for. */
		if (plat_event_wait(sys->plat, &sys->timer_event, seen,
				    next_ns))
			continue;
	}
}

int fault_timer_start(struct iommu_system *sys)
{
	if (!sys->cfg.response_timeout_s)
		return 0;
	sys->timer_wq = plat_workqueue_create(sys->plat, "iommu-timeout", 1);
	if (!sys->timer_wq)
		return -ENOMEM;
	plat_work_init(&sys->timer_work, timer_run, sys);
	plat_work_queue(sys->plat, sys->timer_wq, &sys->timer_work);
	return 0;
}

void fault_timer_stop(struct iommu_system *sys)
{
	if (!sys->timer_wq)
		return;
	atomic_store_explicit(&sys->timer_stop, true, memory_order_release);
	plat_event_signal(sys->plat, &sys->timer_event);
	plat_workqueue_destroy(sys->plat, sys->timer_wq);
	sys->timer_wq = NULL;
}
