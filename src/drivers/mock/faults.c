/* SPDX-License-Identifier: MIT */
/* The mock's fault queue and its ledger of answers. */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/mock/priv.h"

#define WAIT_NS UINT64_C(10000000000)

static void respond(struct mock *mock, struct iommu_device *dev,
		    const struct iommu_fault_page_request *prm,
		    enum iommu_page_response_code code, bool by_driver)
{
	const struct mock_response r = {
		.dev = dev,
		.prm = *prm,
		.code = code,
		.by_driver = by_driver,
	};
	unsigned int times = 1, i;

	if (atomic_load_explicit(&mock->defects, memory_order_relaxed) &
	    MOCK_TWO_RESPONSES)
		times = 2;
	plat_lock(mock->plat, &mock->lock);
	for (i = 0; i < times; i++)
		mock->responses[mock->response_count++ % MOCK_RESPONSES] = r;
	plat_unlock(mock->plat, &mock->lock);
	plat_event_signal(mock->plat, &mock->responded);
	for (i = 0; i < times && mock->cfg.answered; i++)
		mock->cfg.answered(mock->cfg.arg, &r);
}

/* What core refuses, the driver answers: Last pages only. */
static void report(struct mock *mock, struct mock_fault *f)
{
	const struct iommu_fault_page_request *prm = &f->fault.prm;
	int err = iommu_report_device_fault(f->dev, &f->fault);

	if (err && f->fault.type == IOMMU_FAULT_PAGE_REQ &&
	    prm->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)
		respond(mock, f->dev, prm, iommu_fault_verdict(f->dev, err),
			true);
	iommu_device_put(f->dev);
}

static bool take(struct mock *mock, struct mock_fault *ret_fault)
{
	bool taken = false;

	plat_lock(mock->plat, &mock->lock);
	if (mock->queue_count && (!mock->holding || mock->draining)) {
		*ret_fault = mock->queue[mock->queue_head];
		mock->queue_head = (mock->queue_head + 1) % MOCK_FAULT_QUEUE;
		mock->queue_count--;
		taken = true;
	}
	plat_unlock(mock->plat, &mock->lock);
	return taken;
}

static void fault_work(void *arg)
{
	struct mock *mock = arg;
	struct mock_fault f;

	while (take(mock, &f))
		report(mock, &f);
}

int mock_faults_init(struct mock *mock)
{
	mock->responses = plat_zalloc(
		mock->plat, MOCK_RESPONSES * sizeof(*mock->responses));
	if (!mock->responses)
		return -ENOMEM;
	mock->wq = plat_workqueue_create(mock->plat, "mock", 1);
	if (!mock->wq) {
		plat_free(mock->plat, mock->responses);
		return -ENOMEM;
	}
	plat_work_init(&mock->fault_work, fault_work, mock);
	return 0;
}

void mock_faults_fini(struct mock *mock)
{
	plat_workqueue_destroy(mock->plat, mock->wq);
	plat_free(mock->plat, mock->responses);
}

int mock_raise(struct mock *mock, struct iommu_device *dev,
	       const struct iommu_fault *fault)
{
	struct mock_fault *f;
	int err = 0;

	plat_lock(mock->plat, &mock->lock);
	if (mock->queue_count == MOCK_FAULT_QUEUE) {
		err = -ENOSPC;
	} else {
		f = &mock->queue[(mock->queue_head + mock->queue_count) %
				 MOCK_FAULT_QUEUE];
		f->dev = dev;
		f->fault = *fault;
		mock->queue_count++;
		iommu_device_get(dev);
	}
	plat_unlock(mock->plat, &mock->lock);
	if (!err)
		plat_work_queue(mock->plat, mock->wq, &mock->fault_work);
	return err;
}

void mock_hold_faults(struct mock *mock, bool hold)
{
	plat_lock(mock->plat, &mock->lock);
	mock->holding = hold;
	plat_unlock(mock->plat, &mock->lock);
	if (!hold)
		plat_work_queue(mock->plat, mock->wq, &mock->fault_work);
}

void mock_report_all(struct mock *mock)
{
	plat_lock(mock->plat, &mock->lock);
	mock->draining++;
	plat_unlock(mock->plat, &mock->lock);
	plat_work_queue(mock->plat, mock->wq, &mock->fault_work);
	plat_workqueue_flush(mock->plat, mock->wq);
	plat_lock(mock->plat, &mock->lock);
	mock->draining--;
	plat_unlock(mock->plat, &mock->lock);
}

int mock_op_enable_faults(struct iommu_device *dev)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));
	struct mock_device *md = iommu_device_priv(dev);
	int err = mock_enter(mock, MOCK_OP_ENABLE_FAULTS, dev, IOMMU_NO_PASID);

	if (!err)
		atomic_store(&md->faults_on, true);
	return err;
}

void mock_op_disable_faults(struct iommu_device *dev)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));
	struct mock_device *md = iommu_device_priv(dev);

	if (!mock_enter(mock, MOCK_OP_DISABLE_FAULTS, dev, IOMMU_NO_PASID))
		atomic_store(&md->faults_on, false);
}

bool mock_faults_enabled(struct iommu_device *dev)
{
	struct mock_device *md = iommu_device_priv(dev);

	return atomic_load(&md->faults_on);
}

void mock_op_drain_faults(struct iommu_device *dev)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));

	if (mock_enter(mock, MOCK_OP_DRAIN, dev, IOMMU_NO_PASID))
		return;
	if (!(atomic_load(&mock->defects) & MOCK_SKIP_DRAIN))
		mock_report_all(mock);
}

int mock_op_page_response(struct iommu_device *dev,
			  const struct iommu_fault_page_request *req,
			  enum iommu_page_response_code code)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));
	int err = mock_enter(mock, MOCK_OP_RESPONSE, dev, req->pasid);

	if (!err)
		respond(mock, dev, req, code, false);
	return err;
}

unsigned int mock_response_count(struct mock *mock)
{
	unsigned int count;

	plat_lock(mock->plat, &mock->lock);
	count = mock->response_count;
	plat_unlock(mock->plat, &mock->lock);
	return count;
}

bool mock_response(struct mock *mock, unsigned int index,
		   struct mock_response *ret_response)
{
	bool there;

	plat_lock(mock->plat, &mock->lock);
	there = index < mock->response_count &&
		mock->response_count - index <= MOCK_RESPONSES;
	if (there)
		*ret_response = mock->responses[index % MOCK_RESPONSES];
	plat_unlock(mock->plat, &mock->lock);
	return there;
}

bool mock_wait_responses(struct mock *mock, unsigned int count)
{
	uint64_t deadline_ns = plat_now_ns(mock->plat) + WAIT_NS;

	for (;;) {
		uint32_t seen = plat_event_read(&mock->responded);

		if (mock_response_count(mock) >= count)
			return true;
		if (plat_event_wait(mock->plat, &mock->responded, seen,
				    deadline_ns))
			return mock_response_count(mock) >= count;
	}
}
