/* SPDX-License-Identifier: MIT */
#include "tests/e2e/race.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>
#include <sva/vtd.h>
#include <sva/vtd_hw.h>
#include <sva/window.h>

#include "base/bits.h"
#include "fmt/smmuv3_regs.h"

#define TRIES      6u
#define PASID_BITS 12u
#define PATIENCE_S 60

static const char *const names[RACE_SIDS] = { "", "pri", "stall", "manual",
					      "going" };

void race_wrong(struct race *r, const char *what)
{
	const char *none = NULL;

	atomic_fetch_add(&r->wrong, 1);
	(void)atomic_compare_exchange_strong(&r->what, &none, what);
}

/* The answer to a group, as the bus brings it. [R2] */
static void answered(struct race_device *d, uint32_t group,
		     enum iommu_page_response_code code)
{
	struct race_request *request;

	pthread_mutex_lock(&d->lock);
	if (group >= RACE_GROUPS || !d->group[group].waits) {
		race_wrong(d->r, "an answer nobody waits for");
		pthread_mutex_unlock(&d->lock);
		return;
	}
	request = d->group[group].request;
	d->group[group].waits = false;
	d->group[group].request = NULL;
	if (request) {
		request->code = code;
		request->done = true;
	}
	atomic_fetch_add(&d->r->answers, 1);
	pthread_cond_broadcast(&d->change);
	pthread_mutex_unlock(&d->lock);
}

/* The bus of a model */

static struct race_device *device_of(struct race *r, uint32_t sid)
{
	return sid && sid < RACE_SIDS ? &r->devices[sid] : NULL;
}

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	struct race_device *d = device_of(ctx, inv->requester);
	unsigned int i;

	(void)cookie;
	if (!d)
		return -ENODEV;
	pthread_mutex_lock(&d->cache_lock);
	d->invs++;
	for (i = 0; i < RACE_PAGES; i++) {
		struct race_cached *c = &d->cache[i];
		uint64_t va = RACE_VA + UINT64_C(4096) * i;

		if (inv->pasid_valid && inv->pasid != c->pasid)
			continue;
		if (!inv->size ||
		    (va >= inv->addr && va - inv->addr < inv->size))
			c->valid = false;
	}
	pthread_mutex_unlock(&d->cache_lock);
	return 0;
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

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct race_device *d = device_of(ctx, resp->requester);
	unsigned int times = d && d->r->two_answers ? 2 : 1;
	uint8_t owner;

	if (!d)
		return;
	if (d->sid != RACE_MANUAL) {
		pthread_mutex_lock(&d->lock);
		/* Unexpected ones are noticed below. */
		(void)!pcie_hw_pri_response(&d->pcie, resp, &owner);
		pthread_mutex_unlock(&d->lock);
	}
	while (times--)
		answered(d, resp->prgi, code_of(resp->code));
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct race_request *request = (void *)(uintptr_t)cookie;
	struct race *r = ctx;
	struct race_device *d = &r->devices[RACE_STALL];

	pthread_mutex_lock(&d->lock);
	if (request->done)
		race_wrong(r, "a transaction goes on twice");
	request->code = how == HW_RESUME_RETRY ? IOMMU_PAGE_RESP_SUCCESS :
						 IOMMU_PAGE_RESP_INVALID;
	request->done = true;
	atomic_fetch_add(&r->answers, 1);
	pthread_cond_broadcast(&d->change);
	pthread_mutex_unlock(&d->lock);
}

static void mock_answered(void *arg, const struct mock_response *response)
{
	struct race *r = arg;
	unsigned int sid;

	for (sid = 1; sid < RACE_SIDS; sid++)
		if (!strcmp(names[sid], iommu_device_name(response->dev)))
			answered(&r->devices[sid], response->prm.grpid,
				 response->code);
}

/* Configuration space */

static uint32_t cfg_read(void *dev, unsigned int offset, unsigned int size)
{
	struct race_device *d = dev;
	uint32_t value;

	pthread_mutex_lock(&d->lock);
	value = pcie_hw_cfg_read(&d->pcie, offset, size);
	pthread_mutex_unlock(&d->lock);
	return value;
}

static void cfg_write(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	struct race_device *d = dev;

	pthread_mutex_lock(&d->lock);
	pcie_hw_cfg_write(&d->pcie, offset, size, value);
	pthread_mutex_unlock(&d->lock);
}

static const struct plat_pci_ops cfg_ops = {
	.read = cfg_read,
	.write = cfg_write,
};

static void on_flr(void *ctx)
{
	(void)ctx;
}

/* PCIe 10.5.1: what is cached goes with ATS. */
static void on_changed(void *ctx, const struct pcie_hw_state *before)
{
	struct race_device *d = ctx;
	struct pcie_hw_state now;

	pcie_hw_state(&d->pcie, &now);
	if (!before->ats || now.ats)
		return;
	pthread_mutex_lock(&d->cache_lock);
	memset(d->cache, 0, sizeof(d->cache));
	pthread_mutex_unlock(&d->cache_lock);
}

static const struct pcie_hw_ops pcie_ops = {
	.flr = on_flr,
	.changed = on_changed,
};

/* Page requests */

/* A number nobody waits for. Lock held. */
static bool begin_group(struct race_device *d, ioasid_t pasid, uint16_t *ret)
{
	unsigned int pages, i;

	if (d->r->hw && d->sid != RACE_MANUAL)
		return !pcie_hw_pri_begin(&d->pcie, 1, true, pasid, 0, ret,
					  &pages);
	for (i = 0; i < RACE_GROUPS; i++) {
		*ret = (uint16_t)(d->group_next++ % RACE_GROUPS);
		if (!d->group[*ret].waits)
			return true;
	}
	return false;
}

static bool send(struct race_device *d, ioasid_t pasid, unsigned int page,
		 bool write, uint16_t group)
{
	const struct hw_page_request req = {
		.requester = d->sid,
		.pasid_valid = true,
		.pasid = pasid,
		.addr = RACE_VA + UINT64_C(4096) * page,
		.perm = IOMMU_PERM_READ | (write ? IOMMU_PERM_WRITE : 0),
		.prgi = group,
		.last = true,
	};
	const struct iommu_fault fault = {
		.type = IOMMU_FAULT_PAGE_REQ,
		.prm = {
			.flags = IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
				 IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
			.pasid = pasid,
			.grpid = group,
			.perm = req.perm,
			.addr = req.addr,
		},
	};

	if (d->r->mock)
		return !mock_raise(d->r->mock, d->dev, &fault);
	d->r->hw->ops->page_request(d->r->hw, &req);
	return true;
}

bool race_ask(struct race_device *d, ioasid_t pasid, unsigned int page,
	      bool write, struct race_request *request)
{
	uint16_t group;

	pthread_mutex_lock(&d->lock);
	if (!begin_group(d, pasid, &group)) {
		pthread_mutex_unlock(&d->lock);
		return false;
	}
	if (d->group[group].waits)
		race_wrong(d->r, "a group that has no answer is used again");
	d->group[group].waits = true;
	d->group[group].request = request;
	pthread_mutex_unlock(&d->lock);
	if (send(d, pasid, page, write, group)) {
		atomic_fetch_add(&d->r->requests, 1);
		return true;
	}
	/* The mock's queue is full. */
	pthread_mutex_lock(&d->lock);
	d->group[group].waits = false;
	d->group[group].request = NULL;
	pthread_mutex_unlock(&d->lock);
	return false;
}

enum iommu_page_response_code race_wait(struct race_device *d,
					struct race_request *request)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&d->lock);
	while (!request->done)
		if (pthread_cond_timedwait(&d->change, &d->lock, &until))
			break;
	if (!request->done) {
		/* It is the stack's of somebody: there is no going on. */
		pthread_mutex_unlock(&d->lock);
		race_wrong(d->r, "a page request has no answer");
		abort();
	}
	pthread_mutex_unlock(&d->lock);
	return request->code;
}

/* Transactions */

enum attempt { DONE, ABORTED, MISSING, AGAIN, REFUSED };

static struct hw_txn make_txn(const struct race_device *d, ioasid_t pasid,
			      unsigned int page, bool write)
{
	return (struct hw_txn){
		.requester = d->sid,
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ | (write ? IOMMU_PERM_WRITE : 0),
		.addr = RACE_VA + UINT64_C(4096) * page,
	};
}

/* From the cache of the device, whose lock an invalidation takes too. */
static enum attempt try_cached(struct race_agent *a, ioasid_t pasid,
			       unsigned int page, bool write)
{
	struct race_device *d = a->d;
	struct hw_txn txn = make_txn(d, pasid, page, write);
	struct race_cached *c = &d->cache[page];
	struct hw_ats_reply reply = { 0 };
	enum attempt result = AGAIN;
	uint64_t invs;
	bool hit;

	pthread_mutex_lock(&d->cache_lock);
	hit = c->valid && c->pasid == pasid && !(txn.perm & ~c->perm);
	if (hit)
		race_touch(d->r, c->pa, page, write);
	invs = d->invs;
	pthread_mutex_unlock(&d->cache_lock);
	if (hit)
		return DONE;
	d->r->hw->ops->ats_translate(d->r->hw, &a->port, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS)
		return ABORTED;
	if (txn.perm & ~reply.xlat.perm)
		return MISSING;
	pthread_mutex_lock(&d->cache_lock);
	/* What was invalidated on its way is not kept. */
	if (invs == d->invs) {
		*c = (struct race_cached){ true, pasid,
					   reply.xlat.pa & ~UINT64_C(4095),
					   reply.xlat.perm };
		race_touch(d->r, c->pa, page, write);
		result = DONE;
	}
	pthread_mutex_unlock(&d->cache_lock);
	return result;
}

static enum attempt try_stalling(struct race_agent *a, ioasid_t pasid,
				 unsigned int page, bool write)
{
	struct race_device *d = a->d;
	struct hw_txn txn = make_txn(d, pasid, page, write);
	struct race_request request = { 0 };
	struct hw_xlat xlat;
	int err;

	txn.cookie = (uintptr_t)&request;
	err = d->r->hw->ops->translate(d->r->hw, &a->port, &txn, &xlat);
	if (!err) {
		race_touch(d->r, xlat.pa, page, write);
		hw_port_done(&a->port);
		return DONE;
	}
	if (err == -EINPROGRESS) {
		atomic_fetch_add(&d->r->stalls, 1);
		return race_wait(d, &request) == IOMMU_PAGE_RESP_SUCCESS ?
			       AGAIN :
			       REFUSED;
	}
	return err == -EAGAIN ? AGAIN : ABORTED;
}

/* Between its look and the access no time may pass, so there is none. */
static enum attempt try_mock(struct race_agent *a, ioasid_t pasid,
			     unsigned int page, bool write)
{
	struct race *r = a->d->r;
	unsigned int perm = IOMMU_PERM_READ | (write ? IOMMU_PERM_WRITE : 0);
	uint64_t pa;
	int err = mock_access(r->mock, a->d->dev, pasid,
			      RACE_VA + UINT64_C(4096) * page, perm, &pa);

	if (!err)
		atomic_fetch_add(&r->accesses, 1);
	if (!err)
		return DONE;
	return err == -EFAULT ? MISSING : ABORTED;
}

static enum attempt attempt(struct race_agent *a, ioasid_t pasid,
			    unsigned int page, bool write)
{
	struct race_request request = { 0 };
	enum attempt result;

	if (a->d->r->mock)
		result = try_mock(a, pasid, page, write);
	else if (a->d->sid == RACE_STALL && a->d->r->iommu == RACE_SMMUV3)
		result = try_stalling(a, pasid, page, write);
	else
		result = try_cached(a, pasid, page, write);
	if (result != MISSING)
		return result;
	if (!race_ask(a->d, pasid, page, write, &request))
		return AGAIN;
	return race_wait(a->d, &request) == IOMMU_PAGE_RESP_SUCCESS ? AGAIN :
								      REFUSED;
}

enum race_result race_dma(struct race_agent *a, ioasid_t pasid,
			  unsigned int page, bool write)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		switch (attempt(a, pasid, page, write)) {
		case DONE:
			return RACE_OK;
		case ABORTED:
			return RACE_ABORTED;
		case REFUSED:
			return RACE_REFUSED;
		case MISSING:
		case AGAIN:
			sched_yield();
		}
	}
	return RACE_GAVE_UP;
}

void race_agent_init(struct race_agent *a, struct race_device *d)
{
	memset(a, 0, sizeof(*a));
	a->d = d;
	if (d->r->hw)
		d->r->hw->ops->port_add(d->r->hw, &a->port);
}

void race_agent_fini(struct race_agent *a)
{
	if (a->d->r->hw)
		a->d->r->hw->ops->port_remove(a->d->r->hw, &a->port);
}

/* Devices */

int race_device_add(struct race *r, enum race_sid sid)
{
	struct race_device *d = &r->devices[sid];
	const struct pcie_hw_cfg cfg = {
		.rid = d->sid,
		.vendor = 0x8086,
		.device = 0x5a5a,
		.class_code = 0x088000,
		.bar_size = { 0x10000, 0, 0 },
		.msix_vectors = 1,
		.msix_pba = 0x1000,
		.pasid_bits = PASID_BITS,
		.ats = true,
		.pri = true,
		.outstanding = 16,
	};
	const struct plat_pci pci = {
		.ops = &cfg_ops,
		.dev = d,
		.rid = (uint16_t)d->sid,
	};
	const bool stalls = sid == RACE_STALL && r->iommu == RACE_SMMUV3;
	const struct iommu_device_desc desc = {
		.name = names[sid],
		.unit = r->unit,
		.stream_ids = &d->sid,
		.stream_id_count = 1,
		.pci = stalls || r->mock ? NULL : &pci,
		.pasid_bits = PASID_BITS,
		.can_stall = stalls,
	};
	int err;

	pthread_mutex_lock(&d->lock);
	err = pcie_hw_init(&d->pcie, &cfg, &pcie_ops, d, &d->env);
	pthread_mutex_unlock(&d->lock);
	return err ? err : iommu_device_add(r->sys, &desc, &d->dev);
}

int race_device_remove(struct race *r, enum race_sid sid)
{
	struct race_device *d = &r->devices[sid];
	int err = iommu_device_remove(d->dev);

	if (!err)
		d->dev = NULL;
	return err;
}

/* The machine */

static int up_mock(struct race *r)
{
	const struct mock_cfg cfg = {
		.walk = race_mm_walk,
		.answered = mock_answered,
		.arg = r,
	};
	int err = mock_create(r->sys, &cfg, &r->mock);

	if (!err)
		r->unit = mock_unit(r->mock);
	return err;
}

static int alloc_hw(struct race *r, size_t size)
{
	size = (size + 63) & ~(size_t)63;
	r->hw_mem = aligned_alloc(64, size);
	if (!r->hw_mem)
		return -ENOMEM;
	memset(r->hw_mem, 0, size);
	return 0;
}

static int up_smmuv3(struct race *r, const struct hw_env *env,
		     const struct hw_bus *bus)
{
	struct smmuv3_desc desc = {
		.name = "smmuv3.0",
		.sid_bits = 4,
		.timeout_ms = 20000,
	};
	struct smmuv3_hw_cfg cfg;
	size_t size;
	int err;

	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_STALL_MODEL, cfg.idr[0],
				       SMMU_IDR0_STALL_MODEL_BOTH);
	cfg.idr[5] = (uint32_t)REG_PUT(SMMU_IDR5_STALL_MAX, cfg.idr[5], 8);
	size = smmuv3_hw_size(&cfg);
	err = alloc_hw(r, size);
	if (!err)
		err = smmuv3_hw_create(&cfg, env, bus, r->hw_mem, size, &r->hw);
	if (err)
		return err;
	desc.mmio = sva_window_iommu(r->hw);
	return smmuv3_probe(r->sys, &desc, &r->unit);
}

static int up_vtd(struct race *r, const struct hw_env *env,
		  const struct hw_bus *bus)
{
	struct vtd_desc desc = { .name = "vtd.0", .timeout_ms = 20000 };
	struct vtd_hw_cfg cfg;
	size_t size;
	int err;

	vtd_hw_cfg_default(&cfg);
	size = vtd_hw_size(&cfg);
	err = alloc_hw(r, size);
	if (!err)
		err = vtd_hw_create(&cfg, env, bus, r->hw_mem, size, &r->hw);
	if (err)
		return err;
	desc.mmio = sva_window_iommu(r->hw);
	return vtd_probe(r->sys, &desc, &r->unit);
}

static int up_unit(struct race *r)
{
	const struct hw_bus bus = {
		.ctx = r,
		.ats_invalidate = bus_ats_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	struct hw_env env;

	plat_hosted_env(r->hosted, &env);
	switch (r->iommu) {
	case RACE_MOCK:
		return up_mock(r);
	case RACE_SMMUV3:
		return up_smmuv3(r, &env, &bus);
	case RACE_VTD:
		return up_vtd(r, &env, &bus);
	}
	return -EINVAL;
}

static void silent(enum plat_log_level level, const char *msg)
{
	(void)level;
	(void)msg;
}

static int up_devices(struct race *r)
{
	enum race_sid sid;
	int err = 0;

	for (sid = RACE_PRI; sid < RACE_GOING && !err; sid++) {
		err = race_device_add(r, sid);
		if (!err && sid != RACE_MANUAL)
			err = iommu_dev_enable_feature(r->devices[sid].dev,
						       IOMMU_DEV_FEAT_SVA);
	}
	return err;
}

int race_up(struct race *r, enum race_iommu iommu)
{
	/* What was refused is refused as it should be. */
	const struct plat_hosted_cfg cfg = { .log = silent };
	enum race_sid sid;
	int err;

	memset(r, 0, sizeof(*r));
	r->iommu = iommu;
	for (sid = 0; sid < RACE_SIDS; sid++) {
		r->devices[sid].r = r;
		r->devices[sid].sid = sid;
		pthread_mutex_init(&r->devices[sid].lock, NULL);
		pthread_mutex_init(&r->devices[sid].cache_lock, NULL);
		pthread_cond_init(&r->devices[sid].change, NULL);
	}
	err = race_frames_init(r);
	if (!err)
		err = plat_hosted_create(&cfg, &r->hosted);
	if (err)
		return err;
	r->plat = plat_hosted_plat(r->hosted);
	err = iommu_system_create(r->plat, NULL, &r->sys);
	if (!err)
		err = up_unit(r);
	return err ? err : up_devices(r);
}

static void must(struct race *r, int err, const char *what)
{
	if (err)
		race_wrong(r, what);
}

static void down_devices(struct race *r)
{
	enum race_sid sid;

	for (sid = RACE_PRI; sid < RACE_GOING; sid++) {
		if (sid != RACE_MANUAL)
			must(r,
			     iommu_dev_disable_feature(r->devices[sid].dev,
						       IOMMU_DEV_FEAT_SVA),
			     "SVA stays on");
		must(r, race_device_remove(r, sid), "a device stays");
	}
}

static int down_unit(struct race *r)
{
	switch (r->iommu) {
	case RACE_MOCK:
		return mock_destroy(r->mock);
	case RACE_SMMUV3:
		return smmuv3_remove(r->unit);
	case RACE_VTD:
		return vtd_remove(r->unit);
	}
	return -EINVAL;
}

/* A VT-d unit answers requests of PASIDs without an entry by itself. */
static uint64_t requests_read(struct race *r)
{
	struct vtd_stats stats;

	if (r->iommu != RACE_VTD)
		return atomic_load(&r->requests);
	vtd_stats(r->unit, &stats);
	return stats.page_requests;
}

void race_down(struct race *r)
{
	enum race_sid sid;

	down_devices(r);
	r->read = requests_read(r);
	must(r, down_unit(r), "the IOMMU stays");
	/* Exits that were put off to a worker. */
	must(r, iommu_system_destroy(r->sys), "the system stays");
	if (atomic_load(&r->mms))
		race_wrong(r, "an address space is left");
	if (r->iommu == RACE_SMMUV3)
		smmuv3_hw_destroy(r->hw);
	else if (r->iommu == RACE_VTD)
		vtd_hw_destroy(r->hw);
	free(r->hw_mem);
	plat_hosted_destroy(r->hosted);
	for (sid = 0; sid < RACE_SIDS; sid++) {
		pthread_mutex_destroy(&r->devices[sid].lock);
		pthread_mutex_destroy(&r->devices[sid].cache_lock);
		pthread_cond_destroy(&r->devices[sid].change);
	}
	race_frames_fini(r);
}
