/* SPDX-License-Identifier: MIT */
/*
 * Reporting of faults, and answers to page requests.
 *
 * A request that closes a group is on record from before its handler is called
 * until its answer is sent. Taking the record out is what makes the answer:
 * both happen under the fault lock, so the hardware gets exactly one. [R2]
 */
#include "core/fault.h"

#include "base/errno.h"
#include "core/device.h"

static struct list *bucket_of(struct fault_dev *fd, uint32_t grpid)
{
	return &fd->pending[grpid % FAULT_BUCKETS];
}

void fault_dev_init(struct iommu_device *dev)
{
	struct fault_dev *fd = &dev->faults;
	unsigned int i;

	plat_lock_init(dev->sys->plat, &fd->lock, PLAT_LOCK_MUTEX,
		       PLAT_RANK_FAULT_DEVICE, "device faults");
	for (i = 0; i < FAULT_BUCKETS; i++)
		list_init(&fd->pending[i]);
	list_init(&fd->partials);
	list_init(&fd->queue_link);
}

void fault_dev_fini(struct iommu_device *dev)
{
	plat_lock_fini(dev->sys->plat, &dev->faults.lock);
}

bool fault_dev_busy(struct iommu_device *dev)
{
	struct fault_dev *fd = &dev->faults;
	bool busy;

	plat_lock(dev->sys->plat, &fd->lock);
	busy = fd->handler || fd->queue || fd->pending_count;
	plat_unlock(dev->sys->plat, &fd->lock);
	return busy;
}

bool fault_dev_handled(struct iommu_device *dev)
{
	struct fault_dev *fd = &dev->faults;
	bool handled;

	plat_lock(dev->sys->plat, &fd->lock);
	handled = fd->handler;
	plat_unlock(dev->sys->plat, &fd->lock);
	return handled;
}

int iommu_register_device_fault_handler(struct iommu_device *dev,
					iommu_dev_fault_handler_t handler,
					void *data)
{
	struct fault_dev *fd = &dev->faults;
	int err = 0;

	if (!handler)
		return -EINVAL;
	plat_lock(dev->sys->plat, &fd->lock);
	if (fd->handler) {
		err = -EBUSY;
	} else {
		fd->handler = handler;
		fd->data = data;
	}
	plat_unlock(dev->sys->plat, &fd->lock);
	return err;
}

/* No report is inside the handler. Fault lock held, dropped meanwhile. */
static void wait_idle_locked(struct iommu_device *dev)
{
	struct fault_dev *fd = &dev->faults;
	const struct plat *plat = dev->sys->plat;

	while (fd->reporting) {
		uint32_t seen = plat_event_read(&fd->idle);

		plat_unlock(plat, &fd->lock);
		/* No time limit: a handler does not wait for other faults. */
		if (plat_event_wait(plat, &fd->idle, seen, UINT64_MAX))
			plat_relax(plat, 0);
		plat_lock(plat, &fd->lock);
	}
}

int iommu_unregister_device_fault_handler(struct iommu_device *dev)
{
	struct fault_dev *fd = &dev->faults;
	int err = 0;

	plat_lock(dev->sys->plat, &fd->lock);
	wait_idle_locked(dev);
	if (fd->pending_count) {
		err = -EBUSY;
	} else {
		fd->handler = NULL;
		fd->data = NULL;
	}
	plat_unlock(dev->sys->plat, &fd->lock);
	return err;
}

static void record_unlink(struct fault_dev *fd, struct fault_record *rec)
{
	list_del(&rec->link);
	fd->pending_count--;
}

/* Fault lock held. @grpid narrows the search to one bucket. */
static struct fault_record *find_id(struct fault_dev *fd, uint32_t grpid,
				    uint64_t id)
{
	struct fault_record *rec;

	list_for_each(rec, bucket_of(fd, grpid), link) {
		if (rec->id == id)
			return rec;
	}
	return NULL;
}

/* Is @rec a request of this group? A PASID counts if the request had one. */
static bool record_matches(const struct fault_record *rec, uint32_t grpid,
			   ioasid_t pasid)
{
	if (rec->prm.grpid != grpid)
		return false;
	return !(rec->prm.flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID) ||
	       rec->prm.pasid == pasid;
}

static bool answer_matches(const struct fault_record *rec,
			   const struct iommu_page_response *msg)
{
	if (msg->flags & IOMMU_PAGE_RESP_COOKIE_VALID && rec->id != msg->cookie)
		return false;
	return record_matches(rec, msg->grpid, msg->pasid);
}

uint64_t fault_pending_id_locked(struct iommu_device *dev,
				 const struct iommu_fault_page_request *prm)
{
	struct fault_record *rec;
	uint64_t id = 0;

	/* The newest: it is the one that is being reported. */
	list_for_each(rec, bucket_of(&dev->faults, prm->grpid), link) {
		if (record_matches(rec, prm->grpid, prm->pasid))
			id = rec->id;
	}
	return id;
}

/*
 * How many groups may wait for an answer. A function has 512 numbers for its
 * groups (PCIe, PRG Index), and drivers allow it a few pages at a time. A
 * stalled transaction's tag has 16 bits (SMMUv3, STAG). More is not a device
 * that waits.
 */
static unsigned int records_max(const struct iommu_device *dev)
{
	return dev->caps.stall ? FAULT_STALLS_MAX : FAULT_GROUPS_MAX;
}

/* Said once until all have been answered; counted each time. */
static void complain_locked(struct iommu_device *dev)
{
	struct fault_dev *fd = &dev->faults;

	counter_inc(&dev->sys->counters.page_refusals);
	if (!fd->full)
		plat_log(
			dev->sys->plat, PLAT_LOG_WARN,
			"%s: more than %u groups of page requests wait: the rest is refused",
			dev->name, records_max(dev));
	fd->full = true;
}

/* Puts a request on record. *ret_id is its id. */
static int record_add(struct iommu_device *dev,
		      const struct iommu_fault_page_request *prm,
		      uint64_t *ret_id)
{
	struct fault_dev *fd = &dev->faults;
	const struct plat *plat = dev->sys->plat;
	struct fault_record *rec = plat_zalloc(plat, sizeof(*rec));

	if (!rec)
		return -ENOMEM;
	rec->prm = *prm;
	rec->since_ns = plat_now_ns(plat);
	plat_lock(plat, &fd->lock);
	if (fd->pending_count >= records_max(dev)) {
		complain_locked(dev);
		plat_unlock(plat, &fd->lock);
		plat_free(plat, rec);
		return -ENOMEM;
	}
	if (!fd->pending_count)
		fd->full = false;
	rec->id = ++fd->last_id;
	*ret_id = rec->id;
	list_add_tail(bucket_of(fd, prm->grpid), &rec->link);
	fd->pending_count++;
	plat_unlock(plat, &fd->lock);
	if (dev->sys->timer_wq)
		plat_event_signal(plat, &dev->sys->timer_event);
	return 0;
}

/* The handler refused. False: it answered nevertheless. */
static bool record_take_back(struct iommu_device *dev, uint32_t grpid,
			     uint64_t id)
{
	struct fault_dev *fd = &dev->faults;
	struct fault_record *rec;

	plat_lock(dev->sys->plat, &fd->lock);
	rec = find_id(fd, grpid, id);
	if (rec)
		record_unlink(fd, rec);
	plat_unlock(dev->sys->plat, &fd->lock);
	plat_free(dev->sys->plat, rec);
	return rec;
}

/* Enters the handler: NULL if there is none. */
static iommu_dev_fault_handler_t handler_enter(struct iommu_device *dev,
					       void **ret_data)
{
	struct fault_dev *fd = &dev->faults;
	iommu_dev_fault_handler_t handler;

	plat_lock(dev->sys->plat, &fd->lock);
	handler = fd->handler;
	*ret_data = fd->data;
	fd->reporting += handler != NULL;
	plat_unlock(dev->sys->plat, &fd->lock);
	return handler;
}

static void handler_leave(struct iommu_device *dev)
{
	struct fault_dev *fd = &dev->faults;

	plat_lock(dev->sys->plat, &fd->lock);
	fd->reporting--;
	plat_event_signal(dev->sys->plat, &fd->idle);
	plat_unlock(dev->sys->plat, &fd->lock);
}

static bool is_last(const struct iommu_fault *fault)
{
	return fault->type == IOMMU_FAULT_PAGE_REQ &&
	       fault->prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
}

static void count_fault(struct iommu_system *sys,
			const struct iommu_fault *fault)
{
	if (fault->type == IOMMU_FAULT_UNRECOV)
		counter_inc(&sys->counters.faults);
	else
		counter_inc(&sys->counters.page_requests);
	if (is_last(fault))
		counter_inc(&sys->counters.page_groups);
}

static int report(struct iommu_device *dev, const struct iommu_fault *fault)
{
	struct iommu_fault own = *fault;
	iommu_dev_fault_handler_t handler;
	uint64_t id = 0;
	void *data;
	int err = 0;

	handler = handler_enter(dev, &data);
	if (!handler)
		return -EINVAL;
	if (is_last(fault))
		err = record_add(dev, &fault->prm, &id);
	if (id)
		own.prm.cookie = id;
	if (err)
		fault_discard_group(dev, &fault->prm);
	else
		err = handler(&own, dev, data);
	/* A handler that answered and then failed has answered: another
	 * answer from the reporter would be one too many. */
	if (err && id && !record_take_back(dev, fault->prm.grpid, id))
		err = 0;
	handler_leave(dev);
	return err;
}

int iommu_report_device_fault(struct iommu_device *dev,
			      const struct iommu_fault *fault)
{
	struct iommu_fault_trace end = { .by = IOMMU_FAULT_BY_NOBODY };
	uint64_t since_ns;
	int err;

	if (fault->type != IOMMU_FAULT_UNRECOV &&
	    fault->type != IOMMU_FAULT_PAGE_REQ)
		return -EINVAL;
	count_fault(dev->sys, fault);
	since_ns = fault_trace_start(dev->sys);
	err = report(dev, fault);
	if (fault->type == IOMMU_FAULT_UNRECOV) {
		fault_trace(dev, fault, &end, since_ns);
	} else if (err && is_last(fault)) {
		end.by = IOMMU_FAULT_BY_DRIVER;
		end.code = iommu_fault_verdict(dev, err);
		end.err = err;
		fault_trace(dev, fault, &end, since_ns);
	}
	return err;
}

enum iommu_page_response_code
iommu_fault_verdict(const struct iommu_device *dev, int err)
{
	if (!err)
		return IOMMU_PAGE_RESP_SUCCESS;
	if (err == -ENOMEM)
		return dev->sys->cfg.oom_policy == IOMMU_OOM_RETRY ?
			       IOMMU_PAGE_RESP_SUCCESS :
			       IOMMU_PAGE_RESP_FAILURE;
	return err == -EINVAL ? IOMMU_PAGE_RESP_FAILURE :
				IOMMU_PAGE_RESP_INVALID;
}

int fault_answer_locked(struct iommu_device *dev, struct fault_record *rec,
			enum iommu_page_response_code code,
			enum iommu_fault_by by)
{
	const struct iommu_unit_ops *ops = dev->unit->ops;
	struct iommu_fault fault = {
		.type = IOMMU_FAULT_PAGE_REQ,
		.prm = rec->prm,
	};
	struct iommu_fault_trace end = { .by = by, .code = code };
	struct iommu_system *sys = dev->sys;
	int err;

	fault.prm.cookie = rec->id;
	record_unlink(&dev->faults, rec);
	counter_inc(&sys->counters.page_responses);
	if (code != IOMMU_PAGE_RESP_SUCCESS)
		counter_inc(&sys->counters.response_failures);
	err = ops->page_response(dev, &rec->prm, code);
	if (err)
		plat_log(sys->plat, PLAT_LOG_WARN,
			 "%s: no answer to page request group %u: %d",
			 dev->name, rec->prm.grpid, err);
	end.err = err;
	fault_trace(dev, &fault, &end, rec->since_ns);
	plat_free(sys->plat, rec);
	return err;
}

static int msg_check(const struct iommu_device *dev,
		     const struct iommu_page_response *msg)
{
	const uint32_t flags = IOMMU_PAGE_RESP_PASID_VALID |
			       IOMMU_PAGE_RESP_COOKIE_VALID;

	if (!msg || msg->version != IOMMU_PAGE_RESP_VERSION_1 ||
	    msg->flags & ~flags)
		return -EINVAL;
	/* [I7]: late or not, nobody could say. */
	if (dev->sys->cfg.response_timeout_s &&
	    !(msg->flags & IOMMU_PAGE_RESP_COOKIE_VALID))
		return -EINVAL;
	switch (msg->code) {
	case IOMMU_PAGE_RESP_SUCCESS:
	case IOMMU_PAGE_RESP_INVALID:
	case IOMMU_PAGE_RESP_FAILURE:
		return 0;
	}
	return -EINVAL;
}

int iommu_page_response(struct iommu_device *dev,
			const struct iommu_page_response *msg)
{
	struct fault_dev *fd = &dev->faults;
	struct fault_record *rec;
	int err;

	if (!dev->unit->ops->page_response)
		return -ENODEV;
	err = msg_check(dev, msg);
	if (err)
		return err;
	err = -EINVAL;
	plat_lock(dev->sys->plat, &fd->lock);
	list_for_each(rec, bucket_of(fd, msg->grpid), link) {
		if (answer_matches(rec, msg)) {
			err = fault_answer_locked(dev, rec, msg->code,
						  IOMMU_FAULT_BY_HANDLER);
			break;
		}
	}
	plat_unlock(dev->sys->plat, &fd->lock);
	return err;
}

int fault_answer(struct iommu_device *dev, uint32_t grpid, uint64_t id,
		 enum iommu_page_response_code code)
{
	struct fault_dev *fd = &dev->faults;
	struct fault_record *rec;
	int err = -ENOENT;

	plat_lock(dev->sys->plat, &fd->lock);
	rec = find_id(fd, grpid, id);
	if (rec)
		err = fault_answer_locked(dev, rec, code,
					  IOMMU_FAULT_BY_HANDLER);
	plat_unlock(dev->sys->plat, &fd->lock);
	return err;
}

void fault_answer_left(struct iommu_device *dev, const ioasid_t *pasid)
{
	struct fault_dev *fd = &dev->faults;
	struct fault_record *rec, *tmp;
	unsigned int i;

	plat_lock(dev->sys->plat, &fd->lock);
	for (i = 0; i < FAULT_BUCKETS && fd->pending_count; i++) {
		list_for_each_safe(rec, tmp, &fd->pending[i], link) {
			const uint32_t has =
				IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;

			if (pasid && (!(rec->prm.flags & has) ||
				      rec->prm.pasid != *pasid))
				continue;
			/* The driver has logged what it met. */
			(void)fault_answer_locked(dev, rec,
						  IOMMU_PAGE_RESP_INVALID,
						  IOMMU_FAULT_BY_DRIVER);
		}
	}
	plat_unlock(dev->sys->plat, &fd->lock);
}

void fault_drain(struct iommu_device *dev)
{
	if (dev->unit->ops->drain_faults)
		dev->unit->ops->drain_faults(dev);
	fault_flush(dev);
}
