/* SPDX-License-Identifier: MIT */
/*
 * The functions of drivers/mock/mock.h on VT-d: its driver, with the model
 * behind it. So the tests of core run unchanged on a real driver. What the
 * mock can be told to forget or to fail is done around the driver's ops; that
 * an entry is quiet and not just absent is taken from there, too.
 *
 * A device is a PCIe function here, whatever the test says it is; one that
 * would stall sends page requests. Its translations are cached in it.
 *
 * The tests' tables have one level and a format of their own. The model reads
 * IA-32e tables, which are made up when it reads them: the root is where the
 * test's table is, and bits above the test's addresses say the level.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sva/vtd.h>
#include <sva/vtd_hw.h>
#include <sva/window.h>

#include "base/bits.h"
#include "base/le64.h"
#include "core/driver.h"
#include "drivers/mock/mock.h"
#include "fmt/vtd.h"
#include "models/pcie/pcie.h"
#include "tests/support/testplat.h"

#define DEVICES     16u
#define ROOTS       64u
#define REQUESTS    2048u
#define RESPONSES   8192u
#define CACHED      256u
#define RID         0x0100u /* plus the number of the device */
#define LEVEL_LO    50u     /* bits 51:50 of an address of a made-up table */
#define PAGE_MASK   UINT64_C(0xfffffffff000)
#define PATIENCE_MS 10000u

struct mdev {
	struct mock *mock;
	struct iommu_device *dev; /* NULL: free */
	uint32_t rid;
	struct pcie_hw pcie;
	bool faults;
};

/* A request the device has sent, or is going to. */
struct sent {
	struct mdev *d; /* NULL: free */
	struct iommu_fault_page_request prm;
	bool held;
	bool by_core;
};

struct cached {
	struct mdev *d;
	ioasid_t pasid;
	uint64_t va;
	unsigned int perm;
	uint64_t pa;
};

struct quiet {
	struct mdev *d;
	ioasid_t pasid;
};

struct mock {
	struct iommu_unit_ops ops; /* first: the unit points here */
	const struct iommu_unit_ops *real;
	struct mock_cfg cfg;
	struct testplat *tp;
	struct iommu_unit *unit;
	struct hw_env env;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	pthread_mutex_t port_lock;
	pthread_mutex_t irq_lock; /* of what follows */
	pthread_cond_t irq_change;
	bool irq;
	bool irq_stop;
	pthread_t irq_thread;
	pthread_mutex_t lock; /* of what follows */
	struct mdev devices[DEVICES];
	struct {
		uint64_t root;
		unsigned int uses;
	} roots[ROOTS];
	struct sent sent[REQUESTS];
	struct mock_response responses[RESPONSES];
	unsigned int response_count;
	struct cached cached[CACHED];
	unsigned int cached_next;
	struct quiet quiet[CACHED];
	unsigned int invs;
	bool hold;
	unsigned int defects;
	struct {
		unsigned int nth;
		int err;
	} fail[MOCK_OP_COUNT];
	unsigned int calls[MOCK_OP_COUNT];
	enum mock_op log[MOCK_LOG];
	unsigned int log_count;
};

static struct mock *mock_of(const struct iommu_unit *unit)
{
	return (struct mock *)(uintptr_t)unit->ops;
}

static int enter(struct mock *m, enum mock_op op, struct iommu_device *dev,
		 ioasid_t pasid)
{
	int err = 0;

	if (m->cfg.before)
		m->cfg.before(m->cfg.arg, op, dev, pasid);
	pthread_mutex_lock(&m->lock);
	m->calls[op]++;
	if (m->log_count < MOCK_LOG)
		m->log[m->log_count++] = op;
	if (m->fail[op].nth && !--m->fail[op].nth)
		err = m->fail[op].err;
	pthread_mutex_unlock(&m->lock);
	return err;
}

static bool has_defect(struct mock *m, unsigned int defect)
{
	bool has;

	pthread_mutex_lock(&m->lock);
	has = m->defects & defect;
	pthread_mutex_unlock(&m->lock);
	return has;
}

/* Lock held. */
static struct mdev *find(struct mock *m, const struct iommu_device *dev)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++)
		if (m->devices[i].dev == dev)
			return &m->devices[i];
	return NULL;
}

static struct mdev *device_of(struct mock *m, const struct iommu_device *dev)
{
	struct mdev *d;

	pthread_mutex_lock(&m->lock);
	d = find(m, dev);
	pthread_mutex_unlock(&m->lock);
	if (!d)
		abort(); /* a device that was not added here */
	return d;
}

/* Memory */

static bool is_root(struct mock *m, uint64_t page)
{
	bool is = false;
	unsigned int i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < ROOTS && !is; i++)
		is = m->roots[i].uses && m->roots[i].root == page;
	pthread_mutex_unlock(&m->lock);
	return is;
}

static uint64_t leaf(struct mock *m, uint64_t root, uint64_t index)
{
	uint64_t pa;

	if (!m->cfg.walk ||
	    !m->cfg.walk(root, index * 4096, IOMMU_PERM_READ, &pa))
		return 0;
	if (m->cfg.walk(root, index * 4096, IOMMU_PERM_WRITE, &pa))
		return pa | 0x67;
	return pa | 0x25;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct mock *m = ctx;
	uint64_t level = pa >> LEVEL_LO & 3;
	uint64_t page = pa & PAGE_MASK, index = pa / 8 % 512;

	if (level == 3)
		*ret_value = leaf(m, page, index);
	else if (level || is_root(m, page))
		*ret_value = index ? 0 : page | (level + 1) << LEVEL_LO | 0x27;
	else
		*ret_value = le64_load_acquire(le64_at((void *)(uintptr_t)pa));
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	(void)ctx;
	(void)ret_done;
	memcpy((void *)(uintptr_t)pa, buf, len);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	(void)ctx;
	le64_cmpxchg(le64_at((void *)(uintptr_t)pa), &expected, desired);
	*ret_old = expected;
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct mock *m = ctx;

	(void)requester;
	if (!testplat_msi(m->tp, addr, data))
		return -EFAULT;
	pthread_mutex_lock(&m->irq_lock);
	m->irq = true;
	pthread_cond_signal(&m->irq_change);
	pthread_mutex_unlock(&m->irq_lock);
	return 0;
}

/* The platform of the tests runs handlers when it is told to. */
static void *irq_main(void *arg)
{
	struct mock *m = arg;

	pthread_mutex_lock(&m->irq_lock);
	while (!m->irq_stop) {
		if (!m->irq) {
			pthread_cond_wait(&m->irq_change, &m->irq_lock);
			continue;
		}
		m->irq = false;
		pthread_mutex_unlock(&m->irq_lock);
		(void)testplat_irq_run(m->tp);
		pthread_mutex_lock(&m->irq_lock);
	}
	pthread_mutex_unlock(&m->irq_lock);
	return NULL;
}

static void stop_irqs(struct mock *m)
{
	pthread_mutex_lock(&m->irq_lock);
	m->irq_stop = true;
	pthread_cond_signal(&m->irq_change);
	pthread_mutex_unlock(&m->irq_lock);
	pthread_join(m->irq_thread, NULL);
}

static pthread_mutex_t *to_mutex(struct hw_lock *lock)
{
	return (pthread_mutex_t *)(void *)lock->opaque;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	(void)ctx, (void)rank, (void)name;
	pthread_mutex_init(to_mutex(lock), NULL);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_destroy(to_mutex(lock));
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_lock(to_mutex(lock));
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_unlock(to_mutex(lock));
}

static void env_relax(void *ctx, unsigned int turns)
{
	(void)ctx, (void)turns;
}

static uint64_t env_now(void *ctx)
{
	struct mock *m = ctx;

	return plat_now_ns(&m->tp->plat);
}

/* The bus */

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	struct mock *m = ctx;
	unsigned int i;

	(void)cookie;
	pthread_mutex_lock(&m->lock);
	m->invs++;
	for (i = 0; i < CACHED; i++) {
		struct cached *c = &m->cached[i];

		if (!c->d || c->d->rid != inv->requester ||
		    m->defects & MOCK_SKIP_INVALIDATE)
			continue;
		if (inv->pasid_valid && inv->pasid != c->pasid)
			continue;
		if (!inv->size ||
		    (c->va + 4096 > inv->addr && c->va - inv->addr < inv->size))
			c->d = NULL;
	}
	pthread_mutex_unlock(&m->lock);
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
	struct mock *m = ctx;
	struct mock_response r = { .code = code_of(resp->code) };
	unsigned int i, times;
	bool found = false;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < REQUESTS; i++) {
		struct sent *s = &m->sent[i];

		if (!s->d || s->held || s->d->rid != resp->requester ||
		    s->prm.grpid != resp->prgi)
			continue;
		if (!found ||
		    s->prm.flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE) {
			r.dev = s->d->dev;
			r.prm = s->prm;
			r.by_driver = !s->by_core;
		}
		found = true;
		s->d = NULL;
	}
	times = m->defects & MOCK_TWO_RESPONSES ? 2 : 1;
	for (i = 0; i < times; i++)
		m->responses[m->response_count++ % RESPONSES] = r;
	pthread_mutex_unlock(&m->lock);
	for (i = 0; i < times && m->cfg.answered; i++)
		m->cfg.answered(m->cfg.arg, &r);
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	(void)ctx, (void)cookie, (void)how;
}

static uint32_t cfg_read(void *dev, unsigned int offset, unsigned int size)
{
	struct mdev *d = dev;

	return pcie_hw_cfg_read(&d->pcie, offset, size);
}

static void cfg_write(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	struct mdev *d = dev;

	pcie_hw_cfg_write(&d->pcie, offset, size, value);
}

static const struct plat_pci_ops cfg_ops = { cfg_read, cfg_write };

static void on_flr(void *ctx)
{
	(void)ctx;
}

static void on_changed(void *ctx, const struct pcie_hw_state *before)
{
	struct mdev *d = ctx;
	unsigned int i;

	(void)before;
	pthread_mutex_lock(&d->mock->lock);
	for (i = 0; i < CACHED; i++)
		if (d->mock->cached[i].d == d)
			d->mock->cached[i].d = NULL;
	pthread_mutex_unlock(&d->mock->lock);
}

static const struct pcie_hw_ops pcie_ops = {
	.flr = on_flr,
	.changed = on_changed,
};

/* Around the driver's ops */

static int op_probe(struct iommu_unit *unit, struct iommu_device *dev,
		    const struct iommu_device_desc *desc,
		    struct iommu_device_caps *ret_caps, void **ret_priv)
{
	struct mock *m = mock_of(unit);
	struct iommu_device_desc with = *desc;
	int err = enter(m, MOCK_OP_PROBE, dev, 0);
	struct plat_pci pci = { .ops = &cfg_ops };
	struct pcie_hw_cfg cfg = {
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
	struct mdev *d;

	if (err)
		return err;
	pthread_mutex_lock(&m->lock);
	d = find(m, NULL);
	if (d)
		d->dev = dev;
	pthread_mutex_unlock(&m->lock);
	if (!d)
		return -ENOSPC;
	cfg.rid = d->rid;
	pci.dev = d;
	pci.rid = (uint16_t)d->rid;
	err = pcie_hw_init(&d->pcie, &cfg, &pcie_ops, d, &m->env);
	with.pci = &pci;
	with.can_stall = false;
	with.stream_ids = &d->rid;
	with.stream_id_count = 1;
	if (!err)
		err = m->real->probe_device(unit, dev, &with, ret_caps,
					    ret_priv);
	if (err)
		d->dev = NULL;
	return err;
}

static void op_release(struct iommu_unit *unit, struct iommu_device *dev)
{
	struct mock *m = mock_of(unit);
	struct mdev *d = device_of(m, dev);
	unsigned int i;

	(void)!enter(m, MOCK_OP_RELEASE, dev, 0);
	m->real->release_device(unit, dev);
	pthread_mutex_lock(&m->lock);
	for (i = 0; i < CACHED; i++) {
		if (m->cached[i].d == d)
			m->cached[i].d = NULL;
		if (m->quiet[i].d == d)
			m->quiet[i].d = NULL;
	}
	d->faults = false;
	d->dev = NULL;
	pthread_mutex_unlock(&m->lock);
}

/* @step: 1 or -1. */
static void count_root(struct mock *m, struct iommu_mm *mm, int step)
{
	struct iommu_mm_table t;
	unsigned int i, at = ROOTS;

	if (mm->ops->get_table(mm, IOMMU_TABLE_X86_64, &t))
		return;
	pthread_mutex_lock(&m->lock);
	for (i = ROOTS; i--;)
		if (m->roots[i].uses && m->roots[i].root == t.root)
			break;
		else if (!m->roots[i].uses)
			at = i;
	if (i == UINT32_MAX)
		i = at;
	if (i < ROOTS) {
		m->roots[i].root = t.root;
		m->roots[i].uses += (unsigned int)step;
	}
	pthread_mutex_unlock(&m->lock);
}

static int op_domain_alloc(struct iommu_unit *unit, enum iommu_domain_type type,
			   struct iommu_mm *mm, struct iommu_domain **ret)
{
	struct mock *m = mock_of(unit);
	int err = enter(m, MOCK_OP_DOMAIN_ALLOC, NULL, 0);

	if (!err && type == IOMMU_DOMAIN_PAGING && m->cfg.no_paging)
		err = -EOPNOTSUPP;
	if (err)
		return err;
	if (mm)
		count_root(m, mm, 1);
	err = m->real->domain_alloc(unit, type, mm, ret);
	if (err && mm)
		count_root(m, mm, -1);
	return err;
}

static void op_domain_free(struct iommu_domain *domain)
{
	struct mock *m = mock_of(domain->unit);
	struct iommu_mm *mm = domain->mm;

	(void)!enter(m, MOCK_OP_DOMAIN_FREE, NULL, 0);
	m->real->domain_free(domain);
	if (mm)
		count_root(m, mm, -1);
}

static void set_quiet(struct mock *m, struct iommu_device *dev, ioasid_t pasid,
		      bool quiet)
{
	struct mdev *d = device_of(m, dev);
	unsigned int i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < CACHED; i++)
		if (m->quiet[i].d == d && m->quiet[i].pasid == pasid)
			m->quiet[i].d = NULL;
	for (i = 0; i < CACHED && quiet; i++) {
		if (m->quiet[i].d)
			continue;
		m->quiet[i] = (struct quiet){ d, pasid };
		break;
	}
	pthread_mutex_unlock(&m->lock);
}

static int op_set(struct iommu_domain *domain, struct iommu_device *dev,
		  ioasid_t pasid, struct iommu_domain *old)
{
	struct mock *m = mock_of(domain->unit);
	int err = enter(m, MOCK_OP_SET, dev, pasid);

	if (!err)
		err = m->real->set_dev_pasid(domain, dev, pasid, old);
	if (!err)
		set_quiet(m, dev, pasid, false);
	return err;
}

static void op_remove(struct iommu_domain *domain, struct iommu_device *dev,
		      ioasid_t pasid)
{
	struct mock *m = mock_of(domain->unit);

	(void)!enter(m, MOCK_OP_REMOVE, dev, pasid);
	if (has_defect(m, MOCK_SKIP_REMOVE))
		return;
	m->real->remove_dev_pasid(domain, dev, pasid);
	set_quiet(m, dev, pasid, false);
}

static void op_quiesce(struct iommu_domain *domain, struct iommu_device *dev,
		       ioasid_t pasid)
{
	struct mock *m = mock_of(domain->unit);

	(void)!enter(m, MOCK_OP_QUIESCE, dev, pasid);
	if (has_defect(m, MOCK_SKIP_QUIESCE))
		return;
	m->real->quiesce_dev_pasid(domain, dev, pasid);
	set_quiet(m, dev, pasid, true);
}

static int op_enable_faults(struct iommu_device *dev)
{
	struct mock *m = mock_of(iommu_device_unit(dev));
	int err = enter(m, MOCK_OP_ENABLE_FAULTS, dev, 0);

	if (!err && m->real->enable_faults)
		err = m->real->enable_faults(dev);
	if (!err)
		device_of(m, dev)->faults = true;
	return err;
}

static void op_disable_faults(struct iommu_device *dev)
{
	struct mock *m = mock_of(iommu_device_unit(dev));

	(void)!enter(m, MOCK_OP_DISABLE_FAULTS, dev, 0);
	if (m->real->disable_faults)
		m->real->disable_faults(dev);
	device_of(m, dev)->faults = false;
}

/* Send what was held back, of all devices or one. */
static void send_held(struct mock *m, const struct mdev *of)
{
	unsigned int i;

	for (i = 0; i < REQUESTS; i++) {
		struct hw_page_request req;

		pthread_mutex_lock(&m->lock);
		if (!m->sent[i].d || !m->sent[i].held ||
		    (of && m->sent[i].d != of)) {
			pthread_mutex_unlock(&m->lock);
			continue;
		}
		m->sent[i].held = false;
		req = (struct hw_page_request){
			.requester = m->sent[i].d->rid,
			.pasid_valid = m->sent[i].prm.flags &
				       IOMMU_FAULT_PAGE_REQUEST_PASID_VALID,
			.pasid = m->sent[i].prm.pasid,
			.addr = m->sent[i].prm.addr,
			.perm = m->sent[i].prm.perm,
			.prgi = (uint16_t)m->sent[i].prm.grpid,
			.last = m->sent[i].prm.flags &
				IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
		};
		pthread_mutex_unlock(&m->lock);
		m->hw->ops->page_request(m->hw, &req);
	}
}

static void op_drain(struct iommu_device *dev)
{
	struct mock *m = mock_of(iommu_device_unit(dev));

	(void)!enter(m, MOCK_OP_DRAIN, dev, 0);
	if (has_defect(m, MOCK_SKIP_DRAIN))
		return;
	send_held(m, device_of(m, dev));
	m->real->drain_faults(dev);
}

static int op_response(struct iommu_device *dev,
		       const struct iommu_fault_page_request *req,
		       enum iommu_page_response_code code)
{
	struct mock *m = mock_of(iommu_device_unit(dev));
	int err = enter(m, MOCK_OP_RESPONSE, dev, req->pasid);
	bool found = false;
	unsigned int i;

	if (err)
		return err;
	pthread_mutex_lock(&m->lock);
	for (i = 0; i < REQUESTS; i++) {
		if (!m->sent[i].d || m->sent[i].d->dev != dev ||
		    m->sent[i].prm.grpid != req->grpid)
			continue;
		m->sent[i].by_core = true;
		found = true;
	}
	/* A test may report by itself what no device has sent. */
	for (i = 0; i < REQUESTS && !found; i++) {
		if (m->sent[i].d)
			continue;
		m->sent[i] = (struct sent){ find(m, dev), *req, false, true };
		found = true;
	}
	pthread_mutex_unlock(&m->lock);
	return m->real->page_response(dev, req, code);
}

static int op_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		  uint64_t size, unsigned int perm)
{
	struct mock *m = mock_of(domain->unit);
	int err = enter(m, MOCK_OP_MAP, NULL, 0);

	return err ? err : m->real->map(domain, iova, pa, size, perm);
}

static int op_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		    uint64_t *ret_unmapped)
{
	struct mock *m = mock_of(domain->unit);
	int err = enter(m, MOCK_OP_UNMAP, NULL, 0);

	return err ? err : m->real->unmap(domain, iova, size, ret_unmapped);
}

/* mock.h */

static void make_hw(struct mock *m)
{
	const struct hw_bus bus = {
		.ctx = m,
		.ats_invalidate = bus_ats_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	struct vtd_hw_cfg cfg;
	size_t size;

	m->env = (struct hw_env){
		.ctx = m,
		.mem_write = env_write,
		.mem_load64 = env_load64,
		.mem_cas64 = env_cas64,
		.msi = env_msi,
		.lock_init = env_lock_init,
		.lock_fini = env_lock_fini,
		.lock = env_lock,
		.unlock = env_unlock,
		.relax = env_relax,
		.now_ns = env_now,
	};
	vtd_hw_cfg_default(&cfg);
	cfg.ecap &= ~FIELD_MASK(VTD_ECAP_PSS);
	cfg.ecap |= REG_CONST(VTD_ECAP_PSS, MOCK_PASID_BITS - 1);
	if (m->cfg.no_sva)
		cfg.ecap &= ~FIELD_MASK(VTD_ECAP_SMPWCS);
	if (m->cfg.no_pri)
		cfg.ecap &=
			~(FIELD_MASK(VTD_ECAP_PRS) | FIELD_MASK(VTD_ECAP_PDS));
	size = vtd_hw_size(&cfg);
	m->hw_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(m->hw_mem);
	memset(m->hw_mem, 0, size);
	assert_int_equal(
		vtd_hw_create(&cfg, &m->env, &bus, m->hw_mem, size, &m->hw), 0);
	m->hw->ops->port_add(m->hw, &m->port);
}

static void free_mock(struct mock *m)
{
	stop_irqs(m);
	m->hw->ops->port_remove(m->hw, &m->port);
	vtd_hw_destroy(m->hw);
	free(m->hw_mem);
	pthread_mutex_destroy(&m->lock);
	pthread_mutex_destroy(&m->port_lock);
	free(m);
}

int mock_create(struct iommu_system *sys, const struct mock_cfg *cfg,
		struct mock **ret_mock)
{
	struct mock *m = aligned_alloc(64, (sizeof(*m) + 63) & ~(size_t)63);
	struct vtd_desc desc = { .name = "mock" };
	unsigned int i;
	int err;

	assert_non_null(m);
	memset(m, 0, sizeof(*m));
	if (cfg)
		m->cfg = *cfg;
	m->tp = iommu_system_plat(sys)->ctx;
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->port_lock, NULL);
	pthread_mutex_init(&m->irq_lock, NULL);
	pthread_cond_init(&m->irq_change, NULL);
	assert_int_equal(pthread_create(&m->irq_thread, NULL, irq_main, m), 0);
	for (i = 0; i < DEVICES; i++) {
		m->devices[i].mock = m;
		m->devices[i].rid = RID + i;
	}
	make_hw(m);
	desc.mmio = sva_window_iommu(m->hw);
	err = vtd_probe(sys, &desc, &m->unit);
	if (err) {
		free_mock(m);
		return err;
	}
	m->real = m->unit->ops;
	m->ops = *m->real;
	m->ops.probe_device = op_probe;
	m->ops.release_device = op_release;
	m->ops.domain_alloc = op_domain_alloc;
	m->ops.domain_free = op_domain_free;
	m->ops.set_dev_pasid = op_set;
	m->ops.remove_dev_pasid = op_remove;
	m->ops.quiesce_dev_pasid = op_quiesce;
	m->ops.enable_faults = op_enable_faults;
	m->ops.disable_faults = op_disable_faults;
	m->ops.drain_faults = op_drain;
	m->ops.page_response = op_response;
	m->ops.map = op_map;
	m->ops.unmap = op_unmap;
	m->unit->ops = &m->ops;
	*ret_mock = m;
	return 0;
}

int mock_destroy(struct mock *m)
{
	int err = vtd_remove(m->unit);

	if (!err)
		free_mock(m);
	return err;
}

struct iommu_unit *mock_unit(struct mock *m)
{
	return m->unit;
}

void mock_fail(struct mock *m, enum mock_op op, unsigned int nth, int err)
{
	pthread_mutex_lock(&m->lock);
	m->fail[op].nth = nth;
	m->fail[op].err = err;
	pthread_mutex_unlock(&m->lock);
}

void mock_set_defects(struct mock *m, unsigned int defects)
{
	pthread_mutex_lock(&m->lock);
	m->defects = defects;
	pthread_mutex_unlock(&m->lock);
}

unsigned int mock_calls(struct mock *m, enum mock_op op)
{
	unsigned int calls;

	pthread_mutex_lock(&m->lock);
	calls = m->calls[op];
	pthread_mutex_unlock(&m->lock);
	return calls;
}

void mock_log_reset(struct mock *m)
{
	pthread_mutex_lock(&m->lock);
	m->log_count = 0;
	pthread_mutex_unlock(&m->lock);
}

unsigned int mock_log(struct mock *m, enum mock_op *ops, unsigned int max)
{
	unsigned int i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->log_count && i < max; i++)
		ops[i] = m->log[i];
	pthread_mutex_unlock(&m->lock);
	return i;
}

static enum hw_ats_status ask_unit(struct mock *m, struct mdev *d,
				   ioasid_t pasid, uint64_t va,
				   unsigned int perm, struct hw_xlat *ret_xlat)
{
	const struct hw_txn txn = {
		.requester = d->rid,
		.flags = pasid ? HW_TXN_PASID_VALID : 0,
		.pasid = pasid,
		.perm = perm,
		.addr = va,
	};
	struct hw_ats_reply reply = { 0 };

	pthread_mutex_lock(&m->port_lock);
	m->hw->ops->ats_translate(m->hw, &m->port, &txn, &reply);
	pthread_mutex_unlock(&m->port_lock);
	*ret_xlat = reply.xlat;
	return reply.status;
}

/* The unit says whether there is an entry; whether it is quiet, the ops. */
enum mock_entry mock_entry(struct mock *m, struct iommu_device *dev,
			   ioasid_t pasid)
{
	struct mdev *d = device_of(m, dev);
	enum mock_entry entry = MOCK_ENTRY_ABORT;
	struct hw_xlat xlat;
	unsigned int i;

	if (ask_unit(m, d, pasid, UINT64_C(1) << 46, IOMMU_PERM_READ, &xlat) ==
	    HW_ATS_SUCCESS)
		return MOCK_ENTRY_LIVE;
	pthread_mutex_lock(&m->lock);
	for (i = 0; i < CACHED; i++)
		if (m->quiet[i].d == d && m->quiet[i].pasid == pasid)
			entry = MOCK_ENTRY_QUIET;
	pthread_mutex_unlock(&m->lock);
	return entry;
}

bool mock_faults_enabled(struct iommu_device *dev)
{
	return device_of(mock_of(iommu_device_unit(dev)), dev)->faults;
}

int mock_access(struct mock *m, struct iommu_device *dev, ioasid_t pasid,
		uint64_t va, unsigned int perm, uint64_t *ret_pa)
{
	struct mdev *d = device_of(m, dev);
	uint64_t page = va & ~UINT64_C(4095);
	struct hw_xlat xlat;
	unsigned int i, invs;

	pthread_mutex_lock(&m->lock);
	invs = m->invs;
	for (i = 0; i < CACHED; i++) {
		struct cached *c = &m->cached[i];

		if (c->d != d || c->pasid != pasid || c->va != page ||
		    perm & ~c->perm)
			continue;
		*ret_pa = c->pa | (va & 4095);
		pthread_mutex_unlock(&m->lock);
		return 0;
	}
	pthread_mutex_unlock(&m->lock);
	if (ask_unit(m, d, pasid, page, perm, &xlat) != HW_ATS_SUCCESS)
		return mock_entry(m, dev, pasid) == MOCK_ENTRY_QUIET ? -EPERM :
								       -EACCES;
	if (perm & ~xlat.perm)
		return -EFAULT;
	*ret_pa = xlat.pa - xlat.pa % 4096 + va % 4096;
	pthread_mutex_lock(&m->lock);
	if (invs == m->invs)
		m->cached[m->cached_next++ % CACHED] =
			(struct cached){ d, pasid, page, xlat.perm,
					 *ret_pa - va % 4096 };
	pthread_mutex_unlock(&m->lock);
	return 0;
}

unsigned int mock_cached(struct mock *m, struct iommu_device *dev,
			 ioasid_t pasid)
{
	struct mdev *d = device_of(m, dev);
	unsigned int i, count = 0;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < CACHED; i++)
		count += m->cached[i].d == d && m->cached[i].pasid == pasid;
	pthread_mutex_unlock(&m->lock);
	return count;
}

int mock_raise(struct mock *m, struct iommu_device *dev,
	       const struct iommu_fault *fault)
{
	struct mdev *d = device_of(m, dev);
	unsigned int i;
	bool hold;

	if (fault->type != IOMMU_FAULT_PAGE_REQ) {
		(void)!iommu_report_device_fault(dev, fault);
		return 0;
	}
	pthread_mutex_lock(&m->lock);
	for (i = 0; i < REQUESTS && m->sent[i].d; i++)
		;
	if (i < REQUESTS)
		m->sent[i] = (struct sent){ d, fault->prm, true, false };
	hold = m->hold;
	pthread_mutex_unlock(&m->lock);
	if (i == REQUESTS)
		return -ENOSPC;
	if (!hold)
		send_held(m, d);
	return 0;
}

void mock_hold_faults(struct mock *m, bool hold)
{
	pthread_mutex_lock(&m->lock);
	m->hold = hold;
	pthread_mutex_unlock(&m->lock);
	if (!hold)
		send_held(m, NULL);
}

void mock_report_all(struct mock *m)
{
	unsigned int i;

	send_held(m, NULL);
	for (i = 0; i < DEVICES; i++)
		if (m->devices[i].dev)
			m->real->drain_faults(m->devices[i].dev);
}

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
	there = index < m->response_count;
	if (there)
		*ret_response = m->responses[index % RESPONSES];
	pthread_mutex_unlock(&m->lock);
	return there;
}

bool mock_wait_responses(struct mock *m, unsigned int count)
{
	const struct timespec nap = { 0, 1000000 };
	unsigned int ms;

	for (ms = 0; ms < PATIENCE_MS; ms++) {
		if (mock_response_count(m) >= count)
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}
