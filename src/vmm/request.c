/* SPDX-License-Identifier: MIT */
/*
 * Faults of the function, on their way to the guest, and answers on their way
 * back.
 *
 * A page request is in the list from before anybody hears of it until its
 * group is answered; taking the group out is what makes the answer, so there
 * is one, whoever comes first: the guest, the monitor, or the end of the guest.
 * Core has the same rule for its records, so that an answer that comes too late
 * here is nobody's there.
 */
#include <errno.h>
#include <string.h>

#include "vmm/vmm.h"

void vmm_requests_init(struct vmm_guest *g)
{
	pthread_mutex_init(&g->requests.lock, NULL);
	g->requests.count = 0;
	g->requests.answering = 0;
}

void vmm_requests_fini(struct vmm_guest *g)
{
	pthread_mutex_destroy(&g->requests.lock);
}

static bool same_group(const struct iommu_fault_page_request *a,
		       const struct iommu_fault_page_request *b)
{
	const uint32_t flag = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;

	return a->grpid == b->grpid && (a->flags & flag) == (b->flags & flag) &&
	       (!(a->flags & flag) || a->pasid == b->pasid);
}

static bool is_last(const struct iommu_fault_page_request *prm)
{
	return prm->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
}

static int list_add(struct vmm_requests *r,
		    const struct iommu_fault_page_request *prm)
{
	int err = -ENOMEM;

	pthread_mutex_lock(&r->lock);
	if (r->count < VMM_REQUESTS) {
		r->pages[r->count++] = *prm;
		err = 0;
	}
	pthread_mutex_unlock(&r->lock);
	return err;
}

/* The rest of a group whose last, or other, page has no room. */
static void list_drop(struct vmm_requests *r,
		      const struct iommu_fault_page_request *prm)
{
	unsigned int i, kept = 0;

	pthread_mutex_lock(&r->lock);
	for (i = 0; i < r->count; i++)
		if (is_last(&r->pages[i]) || !same_group(&r->pages[i], prm))
			r->pages[kept++] = r->pages[i];
	r->count = kept;
	pthread_mutex_unlock(&r->lock);
}

/*
 * Lock held: the pages of the oldest group like @prm that is closed go to
 * @pages, and out of the list if @take. How many; 0: there is none.
 */
static unsigned int gather(struct vmm_requests *r,
			   const struct iommu_fault_page_request *prm,
			   struct iommu_fault_page_request *pages,
			   unsigned int max, bool take)
{
	unsigned int i, end, n = 0, kept = 0;

	for (end = 0; end < r->count; end++)
		if (same_group(&r->pages[end], prm) && is_last(&r->pages[end]))
			break;
	if (end == r->count)
		return 0;
	for (i = 0; i < r->count; i++) {
		bool in = i <= end && same_group(&r->pages[i], prm);

		/* The last is always among them. */
		if (in && (n < max - 1 || i == end))
			pages[n++] = r->pages[i];
		if (!in || !take)
			r->pages[kept++] = r->pages[i];
	}
	r->count = kept;
	return n;
}

unsigned int vmm_request_group(struct vmm_guest *g,
			       const struct iommu_fault_page_request *last,
			       struct iommu_fault_page_request *pages,
			       unsigned int max)
{
	unsigned int n;

	pthread_mutex_lock(&g->requests.lock);
	n = gather(&g->requests, last, pages, max, false);
	pthread_mutex_unlock(&g->requests.lock);
	return n;
}

void vmm_request_inject(struct vmm_guest *g,
			const struct iommu_fault_page_request *prm)
{
	const struct hw_page_request req = {
		.requester = VMM_GUEST_RID,
		.pasid_valid = prm->flags &
			       IOMMU_FAULT_PAGE_REQUEST_PASID_VALID,
		.pasid = prm->pasid,
		.addr = prm->addr,
		.perm = prm->perm,
		.prgi = (uint16_t)prm->grpid,
		.last = is_last(prm),
	};

	vmm_count(&g->counters.page_requests);
	g->unit.hw->ops->page_request(g->unit.hw, &req);
}

/* As gather(), out of the list; if there are any, send() follows. */
static unsigned int take_group(struct vmm_guest *g,
			       const struct iommu_fault_page_request *prm,
			       struct iommu_fault_page_request *pages,
			       unsigned int max)
{
	struct vmm_requests *r = &g->requests;
	unsigned int n;

	pthread_mutex_lock(&r->lock);
	n = gather(r, prm, pages, max, true);
	r->answering += n > 0;
	pthread_mutex_unlock(&r->lock);
	return n;
}

static void send(struct vmm_guest *g,
		 const struct iommu_fault_page_request *last,
		 enum iommu_page_response_code code)
{
	const struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID |
			 IOMMU_PAGE_RESP_COOKIE_VALID,
		.pasid = last->pasid,
		.grpid = last->grpid,
		.code = code,
		.cookie = last->cookie,
	};
	int err;

	/* Before: the job that waits may be over, and looked at, at once. */
	vmm_count(&g->counters.page_responses);
	err = iommu_page_response(g->host_dev, &msg);
	if (err)
		vmm_log(g, PLAT_LOG_DEBUG,
			"page request group %u was answered already: %d",
			last->grpid, err);
	pthread_mutex_lock(&g->requests.lock);
	g->requests.answering--;
	pthread_mutex_unlock(&g->requests.lock);
}

static enum iommu_page_response_code code_of(enum hw_prg_code code)
{
	switch (code) {
	case HW_PRG_SUCCESS:
		return IOMMU_PAGE_RESP_SUCCESS;
	case HW_PRG_INVALID:
		return IOMMU_PAGE_RESP_INVALID;
	case HW_PRG_FAILURE:
		break;
	}
	return IOMMU_PAGE_RESP_FAILURE;
}

/* With a port of its own: a port is one thread's, and there may be several. */
static void translate_page(struct vmm_guest *g, const struct hw_txn *txn,
			   struct hw_ats_reply *ret_reply)
{
	const struct iommu_hw_ops *ops = g->unit.hw->ops;
	struct hw_port port;

	memset(&port, 0, sizeof(port));
	ops->port_add(g->unit.hw, &port);
	ops->ats_translate(g->unit.hw, &port, txn, ret_reply);
	ops->port_remove(g->unit.hw, &port);
}

/*
 * What the guest's tables make of a page now. 0, or -EFAULT they do not allow
 * it, or lead out of the guest. Any thread.
 */
int vmm_request_look_up(struct vmm_guest *g,
			const struct iommu_fault_page_request *prm,
			struct vmm_page *ret_page)
{
	const bool has_pasid = prm->flags &
			       IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	const unsigned int want = prm->perm & IOMMU_PERM_RWX;
	const struct hw_txn txn = {
		.requester = VMM_GUEST_RID,
		.flags = (has_pasid ? HW_TXN_PASID_VALID : 0u) |
			 (want & IOMMU_PERM_WRITE ? 0u : HW_TXN_NO_WRITE),
		.pasid = has_pasid ? prm->pasid : IOMMU_NO_PASID,
		.perm = prm->perm,
		.addr = prm->addr,
	};
	struct hw_ats_reply reply;
	uint64_t gpa;

	translate_page(g, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS || !want || want & ~reply.xlat.perm)
		return -EFAULT;
	gpa = reply.xlat.pa & ~(VMM_PAGE - 1);
	if (!vmm_memory_has(&g->ram, gpa, VMM_PAGE)) {
		vmm_count(&g->counters.stage2_faults);
		return -EFAULT;
	}
	*ret_page = (struct vmm_page){
		.gpa = gpa,
		.perm = reply.xlat.perm & IOMMU_PERM_RWX,
		.leaf = reply.xlat.size,
	};
	return 0;
}

#define GROUP_MAX 64u

/* An answer to what was never asked finds no group, and is dropped. */
void vmm_request_answer(struct vmm_guest *g, const struct hw_prg_response *resp)
{
	enum iommu_page_response_code code = code_of(resp->code);
	const struct iommu_fault_page_request like = {
		.flags = resp->pasid_valid ?
				 IOMMU_FAULT_PAGE_REQUEST_PASID_VALID :
				 0,
		.pasid = resp->pasid,
		.grpid = resp->prgi,
	};
	struct iommu_fault_page_request pages[GROUP_MAX];
	unsigned int n, i;

	n = take_group(g, &like, pages, GROUP_MAX);
	if (!n)
		return;
	for (i = 0; i < n && code == IOMMU_PAGE_RESP_SUCCESS; i++)
		if (g->backend->resolved(g, &pages[i]))
			code = IOMMU_PAGE_RESP_INVALID;
	send(g, &pages[n - 1], code);
}

void vmm_request_end(struct vmm_guest *g,
		     const struct iommu_fault_page_request *last,
		     enum iommu_page_response_code code)
{
	struct iommu_fault_page_request pages[GROUP_MAX];
	unsigned int n;

	n = take_group(g, last, pages, GROUP_MAX);
	if (n)
		send(g, &pages[n - 1], code);
}

void vmm_requests_end(struct vmm_guest *g)
{
	struct vmm_requests *r = &g->requests;
	struct iommu_fault_page_request prm;
	bool some;

	do {
		pthread_mutex_lock(&r->lock);
		some = r->count;
		if (some) {
			prm = r->pages[0];
			r->count--;
			r->answering += is_last(&prm);
			memmove(&r->pages[0], &r->pages[1],
				r->count * sizeof(r->pages[0]));
		}
		pthread_mutex_unlock(&r->lock);
		if (some && is_last(&prm))
			send(g, &prm, IOMMU_PAGE_RESP_INVALID);
	} while (some);
}

void vmm_requests_settle(struct vmm_guest *g)
{
	unsigned int turns = 0, left;

	do {
		vmm_requests_end(g);
		pthread_mutex_lock(&g->requests.lock);
		left = g->requests.answering;
		pthread_mutex_unlock(&g->requests.lock);
		if (left)
			plat_relax(g->host_plat, turns++);
	} while (left);
}

/*
 * The transaction is over. So that the guest hears of it as its own IOMMU tells
 * such things, it is sent through that once more, which walks the same tables,
 * finds the same, and writes the record, with the guest's addresses.
 */
static void replay(struct vmm_guest *g, const struct iommu_fault_unrecov *event)
{
	const struct hw_txn txn = {
		.requester = VMM_GUEST_RID,
		.flags = event->flags & IOMMU_FAULT_UNRECOV_PASID_VALID ?
				 HW_TXN_PASID_VALID :
				 0,
		.pasid = event->pasid,
		.perm = event->perm,
		.addr = event->addr,
	};
	struct hw_port port;
	struct hw_xlat xlat;

	memset(&port, 0, sizeof(port));
	g->unit.hw->ops->port_add(g->unit.hw, &port);
	if (!g->unit.hw->ops->translate(g->unit.hw, &port, &txn, &xlat))
		hw_port_done(&port);
	g->unit.hw->ops->port_remove(g->unit.hw, &port);
}

/*
 * Who kills a guest may be waiting, under locks of the host's, for the function
 * to have its answers, and has ended what was in the list before: a page that
 * comes then is not for the guest to answer. The list's lock is taken before
 * this is asked, and by the end of a guest after it is dead, so one of the two
 * sees the page.
 */
static void refuse(struct vmm_guest *g,
		   const struct iommu_fault_page_request *prm)
{
	if (is_last(prm))
		vmm_request_end(g, prm, IOMMU_PAGE_RESP_INVALID);
}

int vmm_on_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		 void *data)
{
	struct vmm_guest *g = data;
	int err;

	(void)dev;
	if (fault->type == IOMMU_FAULT_UNRECOV) {
		if (fault->event.flags & IOMMU_FAULT_UNRECOV_STAGE2)
			vmm_count(&g->counters.stage2_faults);
		vmm_count(&g->counters.faults);
		replay(g, &fault->event);
		return 0;
	}
	/* It has not asked for any. */
	if (!vmm_function_wants_pages(g))
		return -ENODEV;
	err = list_add(&g->requests, &fault->prm);
	if (err)
		list_drop(&g->requests, &fault->prm);
	else if (vmm_is_dead(g))
		refuse(g, &fault->prm);
	else
		g->backend->requested(g, &fault->prm);
	return err;
}
