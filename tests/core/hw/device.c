/* SPDX-License-Identifier: MIT */
/* The devices: functions on the bus, their caches, their page requests. */
#include "tests/core/hw/shim.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define PATIENCE_MS 10000u
#define PAGE_SIZE   UINT64_C(4096)

/* Lock held. */
static struct shim_device *find(struct mock *m, const struct iommu_device *dev)
{
	unsigned int i;

	for (i = 0; i < SHIM_DEVICES; i++)
		if (m->devices[i].dev == dev)
			return &m->devices[i];
	return NULL;
}

struct shim_device *shim_device(struct mock *m, const struct iommu_device *dev)
{
	struct shim_device *d;

	pthread_mutex_lock(&m->lock);
	d = find(m, dev);
	pthread_mutex_unlock(&m->lock);
	if (!d)
		abort(); /* a device that was not added here */
	return d;
}

/* As functions */

static uint32_t cfg_read(void *dev, unsigned int offset, unsigned int size)
{
	struct shim_device *d = dev;

	return pcie_hw_cfg_read(&d->pcie, offset, size);
}

static void cfg_write(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	struct shim_device *d = dev;

	pcie_hw_cfg_write(&d->pcie, offset, size, value);
}

static const struct plat_pci_ops cfg_ops = { cfg_read, cfg_write };

static void on_flr(void *ctx)
{
	(void)ctx;
}

/* Lock held. */
static void forget_all(struct shim_device *d)
{
	unsigned int i;

	for (i = 0; i < SHIM_CACHED; i++)
		if (d->mock->cached[i].d == d)
			d->mock->cached[i].d = NULL;
}

static void on_changed(void *ctx, const struct pcie_hw_state *before)
{
	struct shim_device *d = ctx;
	struct pcie_hw_state now;

	pcie_hw_state(&d->pcie, &now);
	/* PCIe 10.5.1.3: a function that has ATS disabled keeps nothing. */
	if (!before->ats || now.ats)
		return;
	pthread_mutex_lock(&d->mock->lock);
	forget_all(d);
	pthread_mutex_unlock(&d->mock->lock);
}

static const struct pcie_hw_ops pcie_ops = {
	.flr = on_flr,
	.changed = on_changed,
};

int shim_device_take(struct mock *m, struct iommu_device *dev,
		     const struct iommu_device_desc *desc,
		     struct plat_pci *ret_pci)
{
	struct pcie_hw_cfg cfg = {
		.rid = desc->stream_ids[0],
		.vendor = 0x8086,
		.device = 0x5a5a,
		.class_code = 0x088000,
		.bar_size = { 0x10000, 0, 0 },
		.msix_vectors = 1,
		.msix_pba = 0x1000,
		.pasid_bits = desc->pasid_bits,
		.ats = true,
		.pri = true,
		.outstanding = 512,
	};
	struct shim_device *d;

	pthread_mutex_lock(&m->lock);
	d = find(m, NULL);
	if (d) {
		d->dev = dev;
		d->mock = m;
		d->rid = desc->stream_ids[0];
		d->faults = false;
	}
	pthread_mutex_unlock(&m->lock);
	if (!d)
		return -ENOSPC;
	*ret_pci = (struct plat_pci){
		.ops = &cfg_ops,
		.dev = d,
		.rid = (uint16_t)d->rid,
	};
	return pcie_hw_init(&d->pcie, &cfg, &pcie_ops, d, &m->env);
}

void shim_device_release(struct mock *m, struct shim_device *d)
{
	pthread_mutex_lock(&m->lock);
	forget_all(d);
	d->faults = false;
	d->dev = NULL;
	pthread_mutex_unlock(&m->lock);
}

/* Translations */

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	struct mock *m = ctx;
	unsigned int i;

	(void)cookie;
	pthread_mutex_lock(&m->lock);
	m->invs++;
	for (i = 0; i < SHIM_CACHED; i++) {
		struct shim_cached *c = &m->cached[i];

		if (!c->d || c->d->rid != inv->requester || m->deaf ||
		    m->defects & MOCK_SKIP_INVALIDATE)
			continue;
		if (inv->pasid_valid && !inv->global && inv->pasid != c->pasid)
			continue;
		if (!inv->size || (c->va + PAGE_SIZE > inv->addr &&
				   c->va - inv->addr < inv->size))
			c->d = NULL;
	}
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static struct hw_txn txn_of(const struct shim_device *d, ioasid_t pasid,
			    uint64_t va, unsigned int perm)
{
	return (struct hw_txn){
		.requester = d->rid,
		.flags = pasid ? HW_TXN_PASID_VALID : 0,
		.pasid = pasid,
		.perm = perm,
		.addr = va,
	};
}

static int untranslated(struct mock *m, const struct hw_txn *txn,
			struct hw_xlat *ret_xlat)
{
	int err;

	pthread_mutex_lock(&m->port_lock);
	err = m->hw->ops->translate(m->hw, &m->port, txn, ret_xlat);
	if (!err)
		hw_port_done(&m->port);
	pthread_mutex_unlock(&m->port_lock);
	return err;
}

/* Does the hardware abort it without a word? */
static bool is_silent(struct mock *m, const struct hw_txn *txn)
{
	struct iommu_hw_stats before, after;
	struct hw_xlat xlat;
	bool aborts;

	m->hw->ops->stats(m->hw, &before);
	aborts = untranslated(m, txn, &xlat) == -EFAULT;
	m->hw->ops->stats(m->hw, &after);
	return aborts && after.events == before.events;
}

/* Nothing was translated; the tables say why. */
static int refused(struct mock *m, struct shim_device *d,
		   const struct hw_txn *txn)
{
	switch (shim_vendor.entry(m->hw, d->rid, txn->pasid)) {
	case MOCK_ENTRY_LIVE:
		return -EFAULT;
	case MOCK_ENTRY_QUIET:
		return is_silent(m, txn) ? -EPERM : -EACCES;
	case MOCK_ENTRY_ABORT:
		break;
	}
	return -EACCES;
}

/*
 * 0 and *@ret_xlat, or what mock_access() returns. A function that may not ask
 * sends the transaction as it is, which is not for a cache.
 */
static int ask(struct mock *m, struct shim_device *d, const struct hw_txn *txn,
	       struct hw_xlat *ret_xlat, bool *ret_keep)
{
	struct hw_ats_reply reply = { 0 };
	struct hw_txn request = *txn;

	if (!(txn->perm & IOMMU_PERM_WRITE))
		request.flags |= HW_TXN_NO_WRITE;
	pthread_mutex_lock(&m->port_lock);
	m->hw->ops->ats_translate(m->hw, &m->port, &request, &reply);
	pthread_mutex_unlock(&m->port_lock);
	*ret_xlat = reply.xlat;
	*ret_keep = true;
	if (reply.status == HW_ATS_SUCCESS && !(txn->perm & ~reply.xlat.perm))
		return 0;
	*ret_keep = false;
	if (reply.status == HW_ATS_UR &&
	    shim_vendor.entry(m->hw, d->rid, txn->pasid) == MOCK_ENTRY_LIVE &&
	    !untranslated(m, txn, ret_xlat))
		return 0;
	return refused(m, d, txn);
}

static bool find_cached(struct mock *m, const struct shim_device *d,
			const struct hw_txn *txn, uint64_t *ret_pa)
{
	unsigned int i;
	bool found = false;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < SHIM_CACHED && !found; i++) {
		const struct shim_cached *c = &m->cached[i];

		found = c->d == d && c->pasid == txn->pasid &&
			c->va == txn->addr && !(txn->perm & ~c->perm);
		if (found)
			*ret_pa = c->pa;
	}
	pthread_mutex_unlock(&m->lock);
	return found;
}

int mock_access(struct mock *m, struct iommu_device *dev, ioasid_t pasid,
		uint64_t va, unsigned int perm, uint64_t *ret_pa)
{
	struct shim_device *d = shim_device(m, dev);
	uint64_t offset = va % PAGE_SIZE, page;
	struct hw_txn txn = txn_of(d, pasid, va - offset, perm);
	struct hw_xlat xlat;
	unsigned int invs;
	bool keep;
	int err;

	if (find_cached(m, d, &txn, &page)) {
		*ret_pa = page + offset;
		return 0;
	}
	pthread_mutex_lock(&m->lock);
	invs = m->invs;
	pthread_mutex_unlock(&m->lock);
	err = ask(m, d, &txn, &xlat, &keep);
	if (err)
		return err;
	page = xlat.pa - xlat.pa % PAGE_SIZE;
	*ret_pa = page + offset;
	pthread_mutex_lock(&m->lock);
	if (keep && invs == m->invs)
		m->cached[m->cached_next++ % SHIM_CACHED] =
			(struct shim_cached){ d, pasid, txn.addr, xlat.perm,
					      page };
	pthread_mutex_unlock(&m->lock);
	return 0;
}

unsigned int mock_cached(struct mock *m, struct iommu_device *dev,
			 ioasid_t pasid)
{
	struct shim_device *d = shim_device(m, dev);
	unsigned int i, count = 0;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < SHIM_CACHED; i++)
		count += m->cached[i].d == d && m->cached[i].pasid == pasid;
	pthread_mutex_unlock(&m->lock);
	return count;
}

enum mock_entry mock_entry(struct mock *m, struct iommu_device *dev,
			   ioasid_t pasid)
{
	return shim_vendor.entry(m->hw, shim_device(m, dev)->rid, pasid);
}

/* Page requests */

static struct hw_page_request message_of(const struct shim_sent *s)
{
	const struct iommu_fault_page_request *prm = &s->prm;

	return (struct hw_page_request){
		.requester = s->d->rid,
		.pasid_valid = prm->flags &
			       IOMMU_FAULT_PAGE_REQUEST_PASID_VALID,
		.pasid = prm->pasid,
		.addr = prm->addr,
		.perm = prm->perm,
		.prgi = (uint16_t)prm->grpid,
		.last = prm->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
	};
}

void shim_send_held(struct mock *m, const struct shim_device *of)
{
	unsigned int i;

	for (i = 0; i < SHIM_REQUESTS; i++) {
		struct shim_sent *s = &m->sent[i];
		struct iommu_device *dev = NULL;
		struct hw_page_request req;
		bool send;

		pthread_mutex_lock(&m->lock);
		send = s->d && s->held && (!of || s->d == of);
		if (send) {
			s->held = false;
			req = message_of(s);
			dev = s->dev;
		}
		pthread_mutex_unlock(&m->lock);
		if (!send)
			continue;
		m->hw->ops->page_request(m->hw, &req);
		iommu_device_put(dev);
	}
}

int mock_raise(struct mock *m, struct iommu_device *dev,
	       const struct iommu_fault *fault)
{
	struct shim_device *d = shim_device(m, dev);
	unsigned int i;
	bool hold;

	if (fault->type != IOMMU_FAULT_PAGE_REQ) {
		(void)!iommu_report_device_fault(dev, fault);
		return 0;
	}
	pthread_mutex_lock(&m->lock);
	for (i = 0; i < SHIM_REQUESTS && m->sent[i].d; i++)
		;
	if (i < SHIM_REQUESTS) {
		/* On its way it holds the device, as a driver that reads it. */
		iommu_device_get(dev);
		m->sent[i] = (struct shim_sent){
			.d = d, .dev = dev, .prm = fault->prm, .held = true
		};
	}
	hold = m->hold;
	pthread_mutex_unlock(&m->lock);
	if (i == SHIM_REQUESTS)
		return -ENOSPC;
	if (!hold)
		shim_send_held(m, d);
	return 0;
}

void mock_hold_faults(struct mock *m, bool hold)
{
	pthread_mutex_lock(&m->lock);
	m->hold = hold;
	pthread_mutex_unlock(&m->lock);
	if (!hold)
		shim_send_held(m, NULL);
}

void mock_report_all(struct mock *m)
{
	unsigned int i;

	shim_send_held(m, NULL);
	for (i = 0; i < SHIM_DEVICES; i++)
		if (m->devices[i].dev && m->real->drain_faults)
			m->real->drain_faults(m->devices[i].dev);
}

/* Answers */

static bool same_group(const struct shim_sent *s, uint32_t grpid,
		       ioasid_t pasid)
{
	return !s->held && s->prm.grpid == grpid && s->prm.pasid == pasid;
}

/* A test may report by itself what no device has sent. Two are told apart. */
void shim_answering(struct mock *m, struct iommu_device *dev,
		    const struct iommu_fault_page_request *req)
{
	struct shim_sent *hit = NULL;
	unsigned int i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < SHIM_REQUESTS; i++) {
		struct shim_sent *s = &m->sent[i];

		if (s->d && s->dev == dev && s->prm.addr == req->addr &&
		    same_group(s, req->grpid, req->pasid))
			hit = s;
	}
	for (i = 0; i < SHIM_REQUESTS && !hit; i++)
		if (!m->sent[i].d)
			hit = &m->sent[i];
	if (hit)
		*hit = (struct shim_sent){ .d = find(m, dev),
					   .dev = dev,
					   .prm = *req,
					   .by_core = true };
	pthread_mutex_unlock(&m->lock);
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

static bool is_answered(const struct shim_sent *s,
			const struct hw_prg_response *resp)
{
	bool pasid = s->prm.flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;

	return s->d && s->d->rid == resp->requester &&
	       same_group(s, resp->prgi,
			  resp->pasid_valid || !pasid ? resp->pasid :
							s->prm.pasid);
}

/* The request that is answered: what core answers, or its group's last. */
static const struct shim_sent *find_answered(struct mock *m,
					     const struct hw_prg_response *resp)
{
	const struct shim_sent *best = NULL;
	unsigned int i;

	for (i = 0; i < SHIM_REQUESTS; i++) {
		const struct shim_sent *s = &m->sent[i];

		if (!is_answered(s, resp))
			continue;
		if (!best || s->by_core ||
		    (!best->by_core &&
		     s->prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE))
			best = s;
	}
	return best;
}

/* With it go those before it of its group, and none that waits for its own. */
static void forget_group(struct mock *m, const struct hw_prg_response *resp,
			 const struct shim_sent *answered)
{
	unsigned int i;

	for (i = 0; i < SHIM_REQUESTS; i++) {
		struct shim_sent *s = &m->sent[i];

		if (is_answered(s, resp) &&
		    (s == answered ||
		     !(s->prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)))
			s->d = NULL;
	}
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct mock *m = ctx;
	struct mock_response r = { .code = code_of(resp->code) };
	const struct shim_sent *s;
	unsigned int i, times;

	pthread_mutex_lock(&m->lock);
	s = find_answered(m, resp);
	if (s) {
		r.dev = s->dev;
		r.prm = s->prm;
		r.by_driver = !s->by_core;
		forget_group(m, resp, s);
	}
	times = m->defects & MOCK_TWO_RESPONSES ? 2 : 1;
	for (i = 0; i < times; i++)
		m->responses[m->response_count++ % SHIM_RESPONSES] = r;
	pthread_mutex_unlock(&m->lock);
	for (i = 0; i < times && m->cfg.answered; i++)
		m->cfg.answered(m->cfg.arg, &r);
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	(void)ctx, (void)cookie, (void)how;
}

const struct hw_bus shim_bus = {
	.ats_invalidate = bus_ats_invalidate,
	.prg_response = bus_prg_response,
	.resume = bus_resume,
};

unsigned int mock_response_count(struct mock *m)
{
	unsigned int count;

	pthread_mutex_lock(&m->lock);
	count = m->response_count;
	pthread_mutex_unlock(&m->lock);
	return count;
}

bool mock_response(struct mock *m, unsigned int index,
		   struct mock_response *ret_response)
{
	bool there;

	pthread_mutex_lock(&m->lock);
	there = index < m->response_count &&
		m->response_count - index <= SHIM_RESPONSES;
	if (there)
		*ret_response = m->responses[index % SHIM_RESPONSES];
	pthread_mutex_unlock(&m->lock);
	return there;
}

/*
 * What hardware has recorded of a request that it answers itself is a moment
 * later with the driver, which the mock's answer is not.
 */
bool mock_wait_responses(struct mock *m, unsigned int count)
{
	const struct timespec nap = { 0, 1000000 };
	unsigned int ms;

	for (ms = 0; ms < PATIENCE_MS; ms++) {
		if (mock_response_count(m) >= count && shim_irqs_done(m))
			return true;
		nanosleep(&nap, NULL);
	}
	return mock_response_count(m) >= count;
}
