/* SPDX-License-Identifier: MIT */
/* Around the driver's ops: calls are counted, failed and left out. */
#include "tests/core/hw/shim.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

bool shim_has_defect(struct mock *m, unsigned int defect)
{
	bool has;

	pthread_mutex_lock(&m->lock);
	has = m->defects & defect;
	pthread_mutex_unlock(&m->lock);
	return has;
}

static int op_probe(struct iommu_unit *unit, struct iommu_device *dev,
		    const struct iommu_device_desc *desc,
		    struct iommu_device_caps *ret_caps, void **ret_priv)
{
	struct mock *m = shim_of(unit);
	struct iommu_device_desc with = *desc;
	int err = enter(m, MOCK_OP_PROBE, dev, 0);
	struct plat_pci pci;

	if (err)
		return err;
	err = shim_device_take(m, dev, desc, &pci);
	if (err)
		return err;
	with.pci = &pci;
	with.can_stall = false;
	err = m->real->probe_device(unit, dev, &with, ret_caps, ret_priv);
	if (err)
		shim_device_release(m, shim_device(m, dev));
	return err;
}

static void op_release(struct iommu_unit *unit, struct iommu_device *dev)
{
	struct mock *m = shim_of(unit);

	(void)!enter(m, MOCK_OP_RELEASE, dev, 0);
	m->real->release_device(unit, dev);
	shim_device_release(m, shim_device(m, dev));
}

static int op_domain_alloc(struct iommu_unit *unit, enum iommu_domain_type type,
			   struct iommu_mm *mm, struct iommu_domain **ret)
{
	struct mock *m = shim_of(unit);
	int err = enter(m, MOCK_OP_DOMAIN_ALLOC, NULL, 0);

	if (!err && type == IOMMU_DOMAIN_PAGING && m->cfg.no_paging)
		err = -EOPNOTSUPP;
	if (err)
		return err;
	if (mm)
		shim_root_get(m, mm);
	err = m->real->domain_alloc(unit, type, mm, ret);
	if (err && mm)
		shim_root_put(m, mm);
	return err;
}

static void op_domain_free(struct iommu_domain *domain)
{
	struct mock *m = shim_of(domain->unit);
	struct iommu_mm *mm = domain->mm;

	(void)!enter(m, MOCK_OP_DOMAIN_FREE, NULL, 0);
	m->real->domain_free(domain);
	if (mm)
		shim_root_put(m, mm);
}

/* Where nothing was before, and hardware would answer requests for that. */
static int set_then_enter(struct mock *m, struct iommu_domain *domain,
			  struct iommu_device *dev, ioasid_t pasid)
{
	int real = m->real->set_dev_pasid(domain, dev, pasid, NULL);
	int err = enter(m, MOCK_OP_SET, dev, pasid);

	if (err && !real)
		m->real->remove_dev_pasid(domain, dev, pasid);
	return err ? err : real;
}

static int op_set(struct iommu_domain *domain, struct iommu_device *dev,
		  ioasid_t pasid, struct iommu_domain *old)
{
	struct mock *m = shim_of(domain->unit);
	int err;

	if (shim_vendor.answers_absent && !old)
		return set_then_enter(m, domain, dev, pasid);
	err = enter(m, MOCK_OP_SET, dev, pasid);
	/* As ops.set_dev_pasid() says: the entry is aborting then. */
	if (err == -ETIMEDOUT && old)
		m->real->remove_dev_pasid(old, dev, pasid);
	return err ? err : m->real->set_dev_pasid(domain, dev, pasid, old);
}

static void op_remove(struct iommu_domain *domain, struct iommu_device *dev,
		      ioasid_t pasid)
{
	struct mock *m = shim_of(domain->unit);

	(void)!enter(m, MOCK_OP_REMOVE, dev, pasid);
	if (!shim_has_defect(m, MOCK_SKIP_REMOVE))
		m->real->remove_dev_pasid(domain, dev, pasid);
}

/*
 * A driver that forgets to make an entry quiet. Real ones do it when their own
 * notifier is told of the exit, whatever core asks for, so that is forgotten
 * along with it: core takes the notifiers for told.
 */
static void forget_release(struct iommu_mm *mm)
{
	const struct plat *plat = iommu_system_plat(mm->sys);
	struct iommu_mm_notifier *n;

	plat_lock(plat, &mm->notifier_lock);
	for (n = mm->notifiers; n; n = n->next)
		n->released = true;
	plat_unlock(plat, &mm->notifier_lock);
}

static void op_quiesce(struct iommu_domain *domain, struct iommu_device *dev,
		       ioasid_t pasid)
{
	struct mock *m = shim_of(domain->unit);

	(void)!enter(m, MOCK_OP_QUIESCE, dev, pasid);
	if (shim_has_defect(m, MOCK_SKIP_QUIESCE))
		forget_release(domain->mm);
	else
		m->real->quiesce_dev_pasid(domain, dev, pasid);
}

static int op_enable_faults(struct iommu_device *dev)
{
	struct mock *m = shim_of(iommu_device_unit(dev));
	int err = enter(m, MOCK_OP_ENABLE_FAULTS, dev, 0);

	if (!err)
		err = m->real->enable_faults(dev);
	if (!err)
		shim_device(m, dev)->faults = true;
	return err;
}

static void op_disable_faults(struct iommu_device *dev)
{
	struct mock *m = shim_of(iommu_device_unit(dev));

	(void)!enter(m, MOCK_OP_DISABLE_FAULTS, dev, 0);
	m->real->disable_faults(dev);
	shim_device(m, dev)->faults = false;
}

static void op_drain(struct iommu_device *dev)
{
	struct mock *m = shim_of(iommu_device_unit(dev));

	(void)!enter(m, MOCK_OP_DRAIN, dev, 0);
	if (shim_has_defect(m, MOCK_SKIP_DRAIN))
		return;
	shim_send_held(m, shim_device(m, dev));
	m->real->drain_faults(dev);
}

static int op_response(struct iommu_device *dev,
		       const struct iommu_fault_page_request *req,
		       enum iommu_page_response_code code)
{
	struct mock *m = shim_of(iommu_device_unit(dev));
	int err = enter(m, MOCK_OP_RESPONSE, dev, req->pasid);

	if (err)
		return err;
	shim_answering(m, dev, req);
	return m->real->page_response(dev, req, code);
}

static int op_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		  uint64_t size, unsigned int perm)
{
	struct mock *m = shim_of(domain->unit);
	int err = enter(m, MOCK_OP_MAP, NULL, 0);

	return err ? err : m->real->map(domain, iova, pa, size, perm);
}

static int op_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		    struct iommu_iotlb_gather *gather, uint64_t *ret_unmapped)
{
	struct mock *m = shim_of(domain->unit);
	int err = enter(m, MOCK_OP_UNMAP, NULL, 0);

	return err ? err :
		     m->real->unmap(domain, iova, size, gather, ret_unmapped);
}

/* One that fails: the unit has forgotten, the devices have not. */
static void set_deaf(struct mock *m, bool deaf)
{
	pthread_mutex_lock(&m->lock);
	m->deaf = deaf;
	pthread_mutex_unlock(&m->lock);
}

static int op_sync(struct iommu_domain *domain,
		   struct iommu_iotlb_gather *gather)
{
	struct mock *m = shim_of(domain->unit);
	int err = enter(m, MOCK_OP_SYNC, NULL, 0);
	int real;

	set_deaf(m, err);
	real = m->real->iotlb_sync(domain, gather);
	set_deaf(m, false);
	return err ? err : real;
}

/* One that is not confirmed has been done all the same. */
static int op_set_dirty_tracking(struct iommu_domain *domain, bool on)
{
	struct mock *m = shim_of(domain->unit);
	int err = enter(m, MOCK_OP_DIRTY, NULL, 0);
	int real;

	if (err && err != -ETIMEDOUT)
		return err;
	real = m->real->set_dirty_tracking(domain, on);
	return err ? err : real;
}

static int op_read_dirty(struct iommu_domain *domain, uint64_t iova,
			 uint64_t size, unsigned int flags,
			 struct iommu_dirty_read *read)
{
	struct mock *m = shim_of(domain->unit);
	int err = enter(m, MOCK_OP_DIRTY, NULL, 0);

	return err ? err : m->real->read_dirty(domain, iova, size, flags, read);
}

void shim_ops_init(struct mock *m)
{
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
	m->ops.iotlb_sync = op_sync;
	m->ops.set_dirty_tracking = m->cfg.no_dirty ? NULL :
						      op_set_dirty_tracking;
	m->ops.read_dirty = m->cfg.no_dirty ? NULL : op_read_dirty;
	m->unit->ops = &m->ops;
}

static void free_mock(struct mock *m)
{
	m->hw->ops->port_remove(m->hw, &m->port);
	shim_env_fini(m);
	shim_vendor.destroy(m->hw);
	free(m->hw_mem);
	pthread_mutex_destroy(&m->lock);
	pthread_mutex_destroy(&m->port_lock);
	free(m);
}

int mock_create(struct iommu_system *sys, const struct mock_cfg *cfg,
		struct mock **ret_mock)
{
	struct mock *m = aligned_alloc(64, (sizeof(*m) + 63) & ~(size_t)63);
	struct hw_bus bus = shim_bus;
	struct plat_mmio mmio;
	int err;

	assert_non_null(m);
	memset(m, 0, sizeof(*m));
	if (cfg)
		m->cfg = *cfg;
	m->tp = iommu_system_plat(sys)->ctx;
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->port_lock, NULL);
	shim_env_init(m);
	bus.ctx = m;
	m->hw = shim_vendor.make(&m->cfg, &m->env, &bus, &m->hw_mem);
	assert_non_null(m->hw);
	m->hw->ops->port_add(m->hw, &m->port);
	mmio = shim_window(m);
	err = shim_vendor.probe(sys, &mmio, &m->unit);
	if (err) {
		free_mock(m);
		return err;
	}
	shim_ops_init(m);
	*ret_mock = m;
	return 0;
}

int mock_destroy(struct mock *m)
{
	int err = shim_vendor.remove(m->unit);

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

bool mock_faults_enabled(struct iommu_device *dev)
{
	return shim_device(shim_of(iommu_device_unit(dev)), dev)->faults;
}
