/* SPDX-License-Identifier: MIT */
/*
 * Fault queues: collect the pages of a group, have the address space resolve
 * them in a worker, answer the group.
 */
#include "base/errno.h"
#include "core/device.h"

/* A device cannot make core keep more than this many pages. */
#define PARTIALS_MAX 4096u

/* How often a device is complained about. */
#define COMPLAIN_NS UINT64_C(1000000000)

/* Letters: (c) constant, (q) the lock. */
struct iopf_queue {
	struct iommu_system *sys;  /* (c) */
	struct plat_workqueue *wq; /* (c) */
	struct plat_lock lock;
	struct list devices; /* (q) */
};

struct iopf_page {
	struct list link;
	struct iommu_fault_page_request prm;
};

/* A complete group, owned by its work. @id of the record it answers. */
struct iopf_group {
	struct plat_work work;
	struct iommu_device *dev;
	uint64_t id;
	struct list pages;
	struct iopf_page last;
};

int iopf_queue_alloc(struct iommu_system *sys, const char *name,
		     struct iopf_queue **ret_queue)
{
	struct iopf_queue *queue = plat_zalloc(sys->plat, sizeof(*queue));

	if (!queue)
		return -ENOMEM;
	queue->sys = sys;
	list_init(&queue->devices);
	queue->wq = plat_workqueue_create(sys->plat, name, 0);
	if (!queue->wq) {
		plat_free(sys->plat, queue);
		return -ENOMEM;
	}
	plat_lock_init(sys->plat, &queue->lock, PLAT_LOCK_MUTEX,
		       PLAT_RANK_FAULT_QUEUE, "fault queue");
	*ret_queue = queue;
	return 0;
}

static struct iommu_device *first_device(struct iopf_queue *queue)
{
	struct iommu_device *dev;

	plat_lock(queue->sys->plat, &queue->lock);
	dev = list_first(&queue->devices, struct iommu_device,
			 faults.queue_link);
	plat_unlock(queue->sys->plat, &queue->lock);
	return dev;
}

void iopf_queue_free(struct iopf_queue *queue)
{
	struct iommu_device *dev;

	if (!queue)
		return;
	while ((dev = first_device(queue))) {
		if (iopf_queue_remove_device(queue, dev))
			break; /* its owner was faster: a caller's bug */
	}
	plat_workqueue_destroy(queue->sys->plat, queue->wq);
	plat_lock_fini(queue->sys->plat, &queue->lock);
	plat_free(queue->sys->plat, queue);
}

int iopf_queue_add_device(struct iopf_queue *queue, struct iommu_device *dev)
{
	const struct plat *plat = queue->sys->plat;
	struct fault_dev *fd = &dev->faults;
	int err = 0;

	if (!dev->unit->ops->page_response)
		return -ENODEV;
	plat_lock(plat, &queue->lock);
	plat_lock(plat, &fd->lock);
	if (fd->queue) {
		err = -EBUSY;
	} else {
		fd->queue = queue;
		list_add_tail(&queue->devices, &fd->queue_link);
	}
	plat_unlock(plat, &fd->lock);
	plat_unlock(plat, &queue->lock);
	return err;
}

static void free_pages(const struct plat *plat, struct list *pages)
{
	struct list *l;

	while ((l = list_pop(pages)))
		plat_free(plat, list_entry(l, struct iopf_page, link));
}

/* Same group? PCIe numbers groups per function, but be safe: [N12]. */
static bool same_group(const struct iommu_fault_page_request *a,
		       const struct iommu_fault_page_request *b)
{
	const uint32_t flag = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;

	return a->grpid == b->grpid && (a->flags & flag) == (b->flags & flag) &&
	       (!(a->flags & flag) || a->pasid == b->pasid);
}

/* Moves the partials that @prm closes to @pages, in order. Fault lock held. */
static void take_partials(struct fault_dev *fd,
			  const struct iommu_fault_page_request *prm,
			  struct list *pages)
{
	struct iopf_page *page, *tmp;

	list_for_each_safe(page, tmp, &fd->partials, link) {
		if (!same_group(&page->prm, prm))
			continue;
		list_del(&page->link);
		list_add_tail(pages, &page->link);
		fd->partial_count--;
	}
}

/* All of them. Fault lock held. */
static void take_all_partials(struct fault_dev *fd, struct list *pages)
{
	list_splice_tail(pages, &fd->partials);
	fd->partial_count = 0;
}

int iopf_queue_remove_device(struct iopf_queue *queue, struct iommu_device *dev)
{
	const struct plat *plat = queue->sys->plat;
	struct fault_dev *fd = &dev->faults;
	struct list dropped;
	int err = 0;

	list_init(&dropped);
	/* While the device can be found, for a fault_drain() beside this. */
	plat_workqueue_flush(plat, queue->wq);
	plat_lock(plat, &queue->lock);
	plat_lock(plat, &fd->lock);
	if (fd->queue != queue) {
		err = -EINVAL;
	} else {
		fd->queue = NULL;
		list_del(&fd->queue_link);
		take_all_partials(fd, &dropped);
	}
	plat_unlock(plat, &fd->lock);
	plat_unlock(plat, &queue->lock);
	/* A group that slipped in is answered by who owns it, and leads to
	 * the device, which may go next. [R15] */
	if (!err)
		plat_workqueue_flush(plat, queue->wq);
	free_pages(plat, &dropped);
	return err;
}

int iopf_queue_discard_partial(struct iopf_queue *queue)
{
	const struct plat *plat;
	struct iommu_device *dev;
	struct list dropped;

	if (!queue)
		return -EINVAL;
	plat = queue->sys->plat;
	list_init(&dropped);
	plat_lock(plat, &queue->lock);
	list_for_each(dev, &queue->devices, faults.queue_link) {
		plat_lock(plat, &dev->faults.lock);
		take_all_partials(&dev->faults, &dropped);
		plat_unlock(plat, &dev->faults.lock);
		/*
		 * Relaxed: a report is before this or after it, which is for
		 * the driver to see to.
		 */
		atomic_fetch_add_explicit(&dev->faults.overflows, 1,
					  memory_order_relaxed);
	}
	plat_unlock(plat, &queue->lock);
	free_pages(plat, &dropped);
	return 0;
}

uint64_t iommu_fault_overflows(struct iommu_device *dev)
{
	/* Relaxed: as above. */
	return atomic_load_explicit(&dev->faults.overflows,
				    memory_order_relaxed);
}

void fault_discard_group(struct iommu_device *dev,
			 const struct iommu_fault_page_request *prm)
{
	struct fault_dev *fd = &dev->faults;
	struct list dropped;

	list_init(&dropped);
	plat_lock(dev->sys->plat, &fd->lock);
	take_partials(fd, prm, &dropped);
	plat_unlock(dev->sys->plat, &fd->lock);
	free_pages(dev->sys->plat, &dropped);
}

void fault_discard_pasid(struct iommu_device *dev, ioasid_t pasid)
{
	const uint32_t flag = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	struct fault_dev *fd = &dev->faults;
	struct iopf_page *page, *tmp;
	struct list dropped;

	list_init(&dropped);
	plat_lock(dev->sys->plat, &fd->lock);
	list_for_each_safe(page, tmp, &fd->partials, link) {
		if (!(page->prm.flags & flag) || page->prm.pasid != pasid)
			continue;
		list_del(&page->link);
		list_add_tail(&dropped, &page->link);
		fd->partial_count--;
	}
	plat_unlock(dev->sys->plat, &fd->lock);
	free_pages(dev->sys->plat, &dropped);
}

static struct iopf_queue *queue_of(struct iommu_device *dev)
{
	struct iopf_queue *queue;

	plat_lock(dev->sys->plat, &dev->faults.lock);
	queue = dev->faults.queue;
	plat_unlock(dev->sys->plat, &dev->faults.lock);
	return queue;
}

int iopf_queue_flush_dev(struct iommu_device *dev)
{
	struct iopf_queue *queue = queue_of(dev);

	if (!queue)
		return -ENODEV;
	plat_workqueue_flush(dev->sys->plat, queue->wq);
	return 0;
}

void fault_flush(struct iommu_device *dev)
{
	struct iopf_queue *queue = queue_of(dev);

	if (queue)
		plat_workqueue_flush(dev->sys->plat, queue->wq);
}

/*
 * Nobody is attached: traffic after the unbind is a bug of the device's driver
 * and has to be said [B8]. Once a second will do.
 */
static void complain(struct iommu_device *dev, ioasid_t pasid)
{
	struct fault_dev *fd = &dev->faults;
	uint64_t now_ns = plat_now_ns(dev->sys->plat);
	bool say;

	plat_lock(dev->sys->plat, &fd->lock);
	say = !fd->complained_ns || now_ns - fd->complained_ns >= COMPLAIN_NS;
	if (say)
		fd->complained_ns = now_ns ? now_ns : 1;
	plat_unlock(dev->sys->plat, &fd->lock);
	if (say)
		plat_log(dev->sys->plat, PLAT_LOG_WARN,
			 "%s: page request for PASID %u, which is not bound",
			 dev->name, pasid);
}

static enum iommu_page_response_code verdict(struct iommu_device *dev, int err)
{
	switch (err) {
	case 0:
	case -EAGAIN:
		return IOMMU_PAGE_RESP_SUCCESS;
	case -ENOMEM:
		return iommu_fault_verdict(dev, err);
	default:
		return IOMMU_PAGE_RESP_INVALID;
	}
}

/*
 * The page after @page, if it continues it: next address, same access. A run
 * does not go over the top of the address space, whatever the device sends.
 */
static struct iopf_page *continues(struct iopf_group *group,
				   struct iopf_page *page)
{
	struct iopf_page *next;

	if (page->link.next == &group->pages)
		return NULL;
	next = list_entry(page->link.next, struct iopf_page, link);
	if (next->prm.addr != page->prm.addr + 4096 ||
	    next->prm.addr < page->prm.addr || next->prm.perm != page->prm.perm)
		return NULL;
	return next;
}

/* Refused, and not for want of memory or time, or because it is exiting. */
static bool last_resort(int err)
{
	return err && err != -ENOMEM && err != -EAGAIN && err != -ESRCH;
}

/*
 * In the order the pages came, runs of them at once. The first that fails
 * decides, and those after it are not touched. [I8] [R3]
 */
static int resolve_pages(struct iopf_group *group,
			 const struct iommu_domain *domain)
{
	struct iommu_mm *mm = domain->mm;
	struct list *l = group->pages.next;

	while (l != &group->pages) {
		struct iopf_page *page = list_entry(l, struct iopf_page, link);
		uint64_t va = page->prm.addr & ~UINT64_C(4095);
		unsigned int perm = page->prm.perm;
		struct iopf_page *next;
		size_t count = 1, done;
		int err;

		if (!(perm & IOMMU_PERM_RWX))
			return -EINVAL;
		/* With a last resort one by one: it has to know which. */
		for (; !domain->iopf && (next = continues(group, page));
		     page = next)
			count++;
		err = mm->ops->handle_fault(mm, va, count, perm, &done);
		if (last_resort(err) && domain->iopf)
			err = domain->iopf(group->dev, &page->prm, err,
					   domain->iopf_data);
		if (err)
			return err;
		l = page->link.next;
	}
	return 0;
}

static enum iommu_page_response_code resolve(struct iopf_group *group)
{
	const struct iommu_fault_page_request *prm = &group->last.prm;
	struct iommu_device *dev = group->dev;
	struct attach *att;
	struct iommu_mm *mm;
	int err;

	if (!(prm->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID))
		return IOMMU_PAGE_RESP_INVALID;
	att = attach_find(dev, prm->pasid);
	if (!att) {
		complain(dev, prm->pasid);
		return IOMMU_PAGE_RESP_INVALID;
	}
	/* An exiting address space is refused without a word. [B8] */
	mm = att->domain->mm;
	if (!mm || !iommu_mm_get_users(mm))
		return IOMMU_PAGE_RESP_INVALID;
	err = resolve_pages(group, att->domain);
	/* The last user's exit may wait for this very worker. [J8] */
	iommu_mm_put_users_async(mm);
	return verdict(dev, err);
}

static void group_work(void *arg)
{
	struct iopf_group *group = arg;
	struct iommu_device *dev = group->dev;
	const struct plat *plat = dev->sys->plat;
	int err;

	err = fault_answer(dev, group->last.prm.grpid, group->id,
			   resolve(group));
	if (err == -ENOENT)
		plat_log(plat, PLAT_LOG_INFO,
			 "%s: page request group %u was answered already",
			 dev->name, group->last.prm.grpid);
	list_del(&group->last.link);
	free_pages(plat, &group->pages);
	plat_free(plat, group);
}

static int queue_partial(struct iommu_device *dev,
			 const struct iommu_fault_page_request *prm)
{
	struct fault_dev *fd = &dev->faults;
	const struct plat *plat = dev->sys->plat;
	struct iopf_page *page;
	int err = 0;

	page = plat_zalloc(plat, sizeof(*page));
	if (!page)
		return -ENOMEM;
	page->prm = *prm;
	plat_lock(plat, &fd->lock);
	if (!fd->queue) {
		err = -ENODEV;
	} else if (fd->partial_count == PARTIALS_MAX) {
		err = -ENOMEM;
	} else {
		list_add_tail(&fd->partials, &page->link);
		fd->partial_count++;
	}
	plat_unlock(plat, &fd->lock);
	if (err)
		plat_free(plat, page);
	return err;
}

/* Without memory the partials go all the same: their Last is here. [J4] */
static int queue_group(struct iommu_device *dev,
		       const struct iommu_fault_page_request *prm)
{
	struct fault_dev *fd = &dev->faults;
	const struct plat *plat = dev->sys->plat;
	struct iopf_group *group;
	struct list pages;
	int err = 0;

	list_init(&pages);
	group = plat_zalloc(plat, sizeof(*group));
	plat_lock(plat, &fd->lock);
	if (!fd->queue)
		err = -ENODEV;
	else if (!group)
		err = -ENOMEM;
	take_partials(fd, prm, &pages);
	if (!err) {
		group->dev = dev;
		group->id = fault_pending_id_locked(dev, prm);
		group->last.prm = *prm;
		list_init(&group->pages);
		list_splice_tail(&group->pages, &pages);
		list_add_tail(&group->pages, &group->last.link);
		plat_work_init(&group->work, group_work, group);
		/* Under the lock: a flush after this one finds it queued. */
		plat_work_queue(plat, fd->queue->wq, &group->work);
	}
	plat_unlock(plat, &fd->lock);
	if (err) {
		free_pages(plat, &pages);
		plat_free(plat, group);
	}
	return err;
}

int iommu_queue_iopf(const struct iommu_fault *fault, struct iommu_device *dev,
		     void *data)
{
	(void)data;
	if (fault->type != IOMMU_FAULT_PAGE_REQ)
		return -EOPNOTSUPP;
	if (fault->prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)
		return queue_group(dev, &fault->prm);
	return queue_partial(dev, &fault->prm);
}
