/* SPDX-License-Identifier: MIT */
/* The mock's unit, devices, PASID tables and cache. */
#include "drivers/mock/mock.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "drivers/mock/priv.h"

int mock_enter(struct mock *mock, enum mock_op op, struct iommu_device *dev,
	       ioasid_t pasid)
{
	int err = 0;

	if (mock->cfg.before)
		mock->cfg.before(mock->cfg.arg, op, dev, pasid);
	atomic_fetch_add(&mock->calls[op], 1);
	plat_lock(mock->plat, &mock->lock);
	if (mock->log_count < MOCK_LOG)
		mock->log[mock->log_count++] = op;
	if (mock->fail[op].nth && !--mock->fail[op].nth)
		err = mock->fail[op].err;
	plat_unlock(mock->plat, &mock->lock);
	return err;
}

static bool has_defect(struct mock *mock, unsigned int defect)
{
	return atomic_load(&mock->defects) & defect;
}

void mock_forget_pair(struct mock *mock, struct iommu_device *dev,
		      ioasid_t pasid)
{
	unsigned int i;

	if (has_defect(mock, MOCK_SKIP_INVALIDATE))
		return;
	plat_lock(mock->plat, &mock->lock);
	for (i = 0; i < MOCK_CACHE; i++) {
		if (mock->cache[i].dev == dev && mock->cache[i].pasid == pasid)
			mock->cache[i].dev = NULL;
	}
	plat_unlock(mock->plat, &mock->lock);
}

/* All PASIDs of a device: the one word that counts for them has changed. */
static void forget_device(struct mock *mock, struct iommu_device *dev)
{
	unsigned int i;

	if (has_defect(mock, MOCK_SKIP_INVALIDATE))
		return;
	plat_lock(mock->plat, &mock->lock);
	for (i = 0; i < MOCK_CACHE; i++) {
		if (mock->cache[i].dev == dev)
			mock->cache[i].dev = NULL;
	}
	plat_unlock(mock->plat, &mock->lock);
}

void mock_forget_range(struct mock *mock, struct iommu_domain *domain,
		       uint64_t start, uint64_t end)
{
	unsigned int i;

	if (has_defect(mock, MOCK_SKIP_INVALIDATE))
		return;
	plat_lock(mock->plat, &mock->lock);
	for (i = 0; i < MOCK_CACHE; i++) {
		struct mock_cached *c = &mock->cache[i];

		/* Both stages together are cached by the first's address. */
		if (c->parent == domain ||
		    (c->domain == domain && c->va >= start && c->va < end))
			c->dev = NULL;
	}
	plat_unlock(mock->plat, &mock->lock);
}

/* Domains */

static void on_invalidate(struct iommu_mm_notifier *n, uint64_t start,
			  uint64_t end)
{
	struct mock_domain *md = container_of(n, struct mock_domain, notifier);

	mock_forget_range(md->mock, &md->domain, start, end);
}

static void on_release(struct iommu_mm_notifier *n)
{
	on_invalidate(n, 0, UINT64_MAX);
}

static const struct iommu_mm_notifier_ops notifier_ops = {
	.invalidate_range = on_invalidate,
	.release = on_release,
};

static int domain_init(struct mock *mock, struct mock_domain *md,
		       enum iommu_domain_type type, struct iommu_mm *mm)
{
	struct iommu_mm_table table;
	int err;

	switch (type) {
	case IOMMU_DOMAIN_BLOCKED:
	case IOMMU_DOMAIN_IDENTITY:
		return 0;
	case IOMMU_DOMAIN_PAGING:
		return mock->cfg.no_paging ? -EOPNOTSUPP :
					     mock_table_alloc(mock, &md->root);
	case IOMMU_DOMAIN_SVA:
		if (mock->cfg.no_sva)
			return -EOPNOTSUPP;
		err = mm->ops->get_table(mm, IOMMU_TABLE_X86_64, &table);
		if (err)
			return err;
		md->root = table.root;
		md->notifier.ops = &notifier_ops;
		return iommu_mm_notifier_register(&md->notifier, mm);
	case IOMMU_DOMAIN_NESTED:
		break;
	}
	return -EOPNOTSUPP;
}

static int op_domain_alloc(struct iommu_unit *unit, enum iommu_domain_type type,
			   struct iommu_mm *mm,
			   struct iommu_domain **ret_domain)
{
	struct mock *mock = to_mock(unit);
	struct mock_domain *md;
	int err = mock_enter(mock, MOCK_OP_DOMAIN_ALLOC, NULL, IOMMU_NO_PASID);

	if (err)
		return err;
	md = plat_zalloc(mock->plat, sizeof(*md));
	if (!md)
		return -ENOMEM;
	md->mock = mock;
	err = domain_init(mock, md, type, mm);
	if (err) {
		plat_free(mock->plat, md);
		return err;
	}
	md->domain.page_sizes = MOCK_TABLE_BYTES;
	*ret_domain = &md->domain;
	return 0;
}

static void op_domain_free(struct iommu_domain *domain)
{
	struct mock_domain *md = to_mock_domain(domain);
	struct mock *mock = md->mock;

	mock_enter(mock, MOCK_OP_DOMAIN_FREE, NULL, IOMMU_NO_PASID);
	if (domain->type == IOMMU_DOMAIN_SVA)
		iommu_mm_notifier_unregister(&md->notifier);
	if (domain->type == IOMMU_DOMAIN_PAGING)
		mock_table_free(mock, md->root);
	plat_free(mock->plat, md);
}

/* Devices */

static bool id_taken(struct mock *mock, uint32_t id)
{
	struct mock_device *md;
	unsigned int i;

	list_for_each(md, &mock->devices, link) {
		for (i = 0; i < md->stream_id_count; i++) {
			if (md->stream_ids[i] == id)
				return true;
		}
	}
	return false;
}

static int take_ids(struct mock *mock, struct mock_device *md,
		    const struct iommu_device_desc *desc)
{
	unsigned int i, j;
	int err = 0;

	md->stream_id_count = desc->stream_id_count;
	plat_lock(mock->plat, &mock->lock);
	for (i = 0; i < desc->stream_id_count && !err; i++) {
		md->stream_ids[i] = desc->stream_ids[i];
		if (md->stream_ids[i] >> 16)
			err = -ERANGE;
		else if (id_taken(mock, md->stream_ids[i]))
			err = -EEXIST;
		for (j = 0; j < i; j++) {
			if (md->stream_ids[j] == md->stream_ids[i])
				err = -EEXIST;
		}
	}
	if (!err)
		list_add_tail(&mock->devices, &md->link);
	plat_unlock(mock->plat, &mock->lock);
	return err;
}

static void device_free(struct mock *mock, struct mock_device *md)
{
	if (md->table)
		plat_pages_free(mock->plat, md->table_memory, md->table_bytes);
	plat_free(mock->plat, md->domains);
	plat_free(mock->plat, md->stream_ids);
	plat_free(mock->plat, md);
}

static struct mock_device *device_alloc(struct mock *mock,
					const struct iommu_device_desc *desc)
{
	struct mock_device *md = plat_zalloc(mock->plat, sizeof(*md));

	if (!md)
		return NULL;
	md->pasid_bits = desc->pasid_bits;
	if (md->pasid_bits > MOCK_PASID_BITS)
		md->pasid_bits = MOCK_PASID_BITS;
	md->table_bytes = (size_t)8 << MOCK_PASID_BITS;
	md->table_memory = plat_pages_alloc(mock->plat, md->table_bytes);
	md->domains = plat_zalloc(mock->plat, sizeof(*md->domains)
						      << MOCK_PASID_BITS);
	md->stream_ids = plat_zalloc(
		mock->plat, desc->stream_id_count * sizeof(*md->stream_ids));
	if (md->table_memory)
		memset(md->table_memory, 0xff, md->table_bytes);
	md->table = md->table_memory;
	if (md->table && md->domains && md->stream_ids)
		return md;
	device_free(mock, md);
	return NULL;
}

static int op_probe(struct iommu_unit *unit, struct iommu_device *dev,
		    const struct iommu_device_desc *desc,
		    struct iommu_device_caps *ret_caps, void **ret_priv)
{
	struct mock *mock = to_mock(unit);
	int err = mock_enter(mock, MOCK_OP_PROBE, dev, IOMMU_NO_PASID);
	struct mock_device *md;

	if (err)
		return err;
	md = device_alloc(mock, desc);
	if (!md)
		return -ENOMEM;
	md->dev = dev;
	err = take_ids(mock, md, desc);
	if (err) {
		device_free(mock, md);
		return err;
	}
	ret_caps->pasid_bits = md->pasid_bits;
	ret_caps->stall = desc->can_stall;
	ret_caps->pri = !desc->can_stall && !mock->cfg.no_pri;
	ret_caps->sva = !mock->cfg.no_sva;
	*ret_priv = md;
	return 0;
}

static void op_release(struct iommu_unit *unit, struct iommu_device *dev)
{
	struct mock *mock = to_mock(unit);
	struct mock_device *md = iommu_device_priv(dev);

	mock_enter(mock, MOCK_OP_RELEASE, dev, IOMMU_NO_PASID);
	plat_lock(mock->plat, &mock->lock);
	list_del(&md->link);
	plat_unlock(mock->plat, &mock->lock);
	device_free(mock, md);
}

/* PASID entries */

static uint64_t make_entry(struct iommu_domain *domain)
{
	switch (domain->type) {
	case IOMMU_DOMAIN_IDENTITY:
		return MOCK_ENTRY_DIRECT;
	case IOMMU_DOMAIN_PAGING:
		return to_mock_domain(domain)->root & MOCK_ADDRESS;
	case IOMMU_DOMAIN_SVA:
		return MOCK_ENTRY_FOREIGN |
		       (to_mock_domain(domain)->root & MOCK_ADDRESS);
	case IOMMU_DOMAIN_NESTED:
		return MOCK_ENTRY_NESTED |
		       (to_mock_domain(domain)->nest.kind == IOMMU_NEST_TABLE ?
				MOCK_ENTRY_DEVICE :
				0);
	case IOMMU_DOMAIN_BLOCKED:
		break;
	}
	return UINT64_MAX;
}

static bool is_device_wide(uint64_t entry)
{
	return !(entry & MOCK_INVALID) && entry & MOCK_ENTRY_DEVICE;
}

/* The domain is for the cache's tags: written before the entry. */
static void write_entry(struct mock *mock, struct iommu_device *dev,
			ioasid_t pasid, struct iommu_domain *domain,
			uint64_t entry)
{
	struct mock_device *md = iommu_device_priv(dev);
	uint64_t old;

	atomic_store_explicit(&md->domains[pasid], domain,
			      memory_order_relaxed);
	/* Pairs with the acquire in mock_access(). */
	old = le64_load_relaxed(&md->table[pasid]);
	le64_store_release(&md->table[pasid], entry);
	if (is_device_wide(old) || is_device_wide(entry))
		forget_device(mock, dev);
	else
		mock_forget_pair(mock, dev, pasid);
}

static int op_set(struct iommu_domain *domain, struct iommu_device *dev,
		  ioasid_t pasid, struct iommu_domain *old)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));
	int err = mock_enter(mock, MOCK_OP_SET, dev, pasid);

	(void)old;
	if (err == -ETIMEDOUT)
		write_entry(mock, dev, pasid, NULL, UINT64_MAX);
	if (err)
		return err;
	write_entry(mock, dev, pasid, domain, make_entry(domain));
	return 0;
}

static void op_remove(struct iommu_domain *domain, struct iommu_device *dev,
		      ioasid_t pasid)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));

	(void)domain;
	mock_enter(mock, MOCK_OP_REMOVE, dev, pasid);
	if (!has_defect(mock, MOCK_SKIP_REMOVE))
		write_entry(mock, dev, pasid, NULL, UINT64_MAX);
}

static void op_quiesce(struct iommu_domain *domain, struct iommu_device *dev,
		       ioasid_t pasid)
{
	struct mock *mock = to_mock(iommu_device_unit(dev));

	mock_enter(mock, MOCK_OP_QUIESCE, dev, pasid);
	if (!has_defect(mock, MOCK_SKIP_QUIESCE))
		write_entry(mock, dev, pasid, domain, MOCK_ENTRY_QUIETLY);
}

static void
op_describe(struct iommu_unit *unit,
	    void (*row)(void *arg, const struct iommu_unit_row *row), void *arg)
{
	const struct iommu_unit_row id = { "ID", NULL, MOCK_PASID_BITS, NULL };
	const struct iommu_unit_row bits = { "ID", "PASID_BITS",
					     MOCK_PASID_BITS,
					     "width of a PASID" };

	(void)unit;
	row(arg, &id);
	row(arg, &bits);
}

static const struct iommu_unit_ops mock_ops = {
	.probe_device = op_probe,
	.release_device = op_release,
	.domain_alloc = op_domain_alloc,
	.domain_free = op_domain_free,
	.set_dev_pasid = op_set,
	.remove_dev_pasid = op_remove,
	.quiesce_dev_pasid = op_quiesce,
	.enable_faults = mock_op_enable_faults,
	.disable_faults = mock_op_disable_faults,
	.drain_faults = mock_op_drain_faults,
	.page_response = mock_op_page_response,
	.map = mock_op_map,
	.unmap = mock_op_unmap,
	.iotlb_sync = mock_op_iotlb_sync,
	.iova_to_phys = mock_op_iova_to_phys,
	.set_dirty_tracking = mock_op_set_dirty_tracking,
	.read_dirty = mock_op_read_dirty,
	.describe = op_describe,
	.guest_format = IOMMU_PASID_FORMAT_MOCK,
	.parent_alloc = mock_op_parent_alloc,
	.nested_alloc = mock_op_nested_alloc,
	.cache_invalidate = mock_op_cache_invalidate,
};

/* The unit, and the hardware's side */

int mock_create(struct iommu_system *sys, const struct mock_cfg *cfg,
		struct mock **ret_mock)
{
	const struct plat *plat = iommu_system_plat(sys);
	struct mock *mock = plat_zalloc(plat, sizeof(*mock));
	int err;

	if (!mock)
		return -ENOMEM;
	mock->plat = plat;
	if (cfg)
		mock->cfg = *cfg;
	list_init(&mock->devices);
	err = mock_faults_init(mock);
	if (err)
		goto free_mock;
	plat_lock_init(plat, &mock->lock, PLAT_LOCK_SPIN, PLAT_RANK_QUEUE,
		       "mock");
	mock->ops = mock_ops;
	if (mock->cfg.no_nesting) {
		mock->ops.guest_format = 0;
		mock->ops.parent_alloc = NULL;
		mock->ops.nested_alloc = NULL;
		mock->ops.cache_invalidate = NULL;
	}
	err = iommu_unit_register(sys, &mock->unit, &mock->ops, "mock.0");
	if (err)
		goto fini_faults;
	*ret_mock = mock;
	return 0;

fini_faults:
	plat_lock_fini(plat, &mock->lock);
	mock_faults_fini(mock);
free_mock:
	plat_free(plat, mock);
	return err;
}

int mock_destroy(struct mock *mock)
{
	int err = iommu_unit_unregister(&mock->unit);

	if (err)
		return err;
	mock_faults_fini(mock);
	plat_lock_fini(mock->plat, &mock->lock);
	plat_free(mock->plat, mock);
	return 0;
}

struct iommu_unit *mock_unit(struct mock *mock)
{
	return &mock->unit;
}

void mock_fail(struct mock *mock, enum mock_op op, unsigned int nth, int err)
{
	plat_lock(mock->plat, &mock->lock);
	mock->fail[op].nth = nth;
	mock->fail[op].err = err;
	plat_unlock(mock->plat, &mock->lock);
}

void mock_set_defects(struct mock *mock, unsigned int defects)
{
	atomic_store(&mock->defects, defects);
}

unsigned int mock_calls(struct mock *mock, enum mock_op op)
{
	return atomic_load(&mock->calls[op]);
}

void mock_log_reset(struct mock *mock)
{
	plat_lock(mock->plat, &mock->lock);
	mock->log_count = 0;
	plat_unlock(mock->plat, &mock->lock);
}

unsigned int mock_log(struct mock *mock, enum mock_op *ops, unsigned int max)
{
	unsigned int i;

	plat_lock(mock->plat, &mock->lock);
	for (i = 0; i < mock->log_count && i < max; i++)
		ops[i] = mock->log[i];
	plat_unlock(mock->plat, &mock->lock);
	return i;
}

static enum mock_entry entry_kind(uint64_t entry)
{
	if (entry & MOCK_INVALID)
		return MOCK_ENTRY_ABORT;
	return entry & MOCK_ENTRY_QUIETLY ? MOCK_ENTRY_QUIET : MOCK_ENTRY_LIVE;
}

enum mock_entry mock_entry(struct mock *mock, struct iommu_device *dev,
			   ioasid_t pasid)
{
	struct mock_device *md = iommu_device_priv(dev);

	(void)mock;
	return entry_kind(le64_load_acquire(&md->table[pasid]));
}

/* Negative errors as mock_access() has them. */
static int walk(struct mock *mock, uint64_t entry, struct iommu_domain *domain,
		struct mock_cached *c)
{
	bool there;

	if (entry & MOCK_ENTRY_DIRECT) {
		c->pa = c->va;
		return 0;
	}
	if (entry & MOCK_ENTRY_NESTED)
		return mock_nested_walk(domain, c->pasid, c->va, c->perm,
					&c->pa);
	if (entry & MOCK_ENTRY_FOREIGN)
		there = mock->cfg.walk &&
			mock->cfg.walk(entry & MOCK_ADDRESS, c->va, c->perm,
				       &c->pa);
	else
		there = mock_table_walk(mock, entry & MOCK_ADDRESS, c->va,
					c->perm, &c->pa);
	return there ? 0 : -EFAULT;
}

static struct mock_cached *find_cached(struct mock *mock,
				       struct iommu_device *dev, ioasid_t pasid,
				       uint64_t va, unsigned int perm)
{
	unsigned int i;

	for (i = 0; i < MOCK_CACHE; i++) {
		struct mock_cached *c = &mock->cache[i];

		if (c->dev == dev && c->pasid == pasid && c->va == va &&
		    !(perm & ~c->perm))
			return c;
	}
	return NULL;
}

/* The word that counts for @pasid, and the domain it was written for. */
static uint64_t entry_for(struct mock_device *md, ioasid_t pasid,
			  struct iommu_domain **ret_domain)
{
	uint64_t entry = le64_load_acquire(&md->table[0]);

	if (is_device_wide(entry))
		pasid = 0;
	else
		entry = le64_load_acquire(&md->table[pasid]);
	*ret_domain =
		atomic_load_explicit(&md->domains[pasid], memory_order_relaxed);
	return entry;
}

/* The lock is held from the look at the entry until the result is cached. */
static int access_locked(struct mock *mock, struct iommu_device *dev,
			 ioasid_t pasid, uint64_t va, unsigned int perm,
			 uint64_t *ret_pa)
{
	struct mock_cached *c = find_cached(mock, dev, pasid, va, perm);
	struct mock_cached fresh = {
		.dev = dev,
		.pasid = pasid,
		.va = va,
		.perm = perm,
	};
	struct mock_device *md = iommu_device_priv(dev);
	uint64_t entry;
	int err;

	if (c) {
		*ret_pa = c->pa;
		return 0;
	}
	if (pasid >> md->pasid_bits)
		return -EACCES;
	entry = entry_for(md, pasid, &fresh.domain);
	switch (entry_kind(entry)) {
	case MOCK_ENTRY_ABORT:
		return -EACCES;
	case MOCK_ENTRY_QUIET:
		return -EPERM;
	case MOCK_ENTRY_LIVE:
		break;
	}
	err = walk(mock, entry, fresh.domain, &fresh);
	if (err)
		return err;
	if (entry & MOCK_ENTRY_NESTED)
		fresh.parent = fresh.domain->stage2;
	mock->cache[mock->cache_next++ % MOCK_CACHE] = fresh;
	*ret_pa = fresh.pa;
	return 0;
}

int mock_access(struct mock *mock, struct iommu_device *dev, ioasid_t pasid,
		uint64_t va, unsigned int perm, uint64_t *ret_pa)
{
	uint64_t page = 0;
	int err;

	plat_lock(mock->plat, &mock->lock);
	err = access_locked(mock, dev, pasid, va & ~UINT64_C(4095), perm,
			    &page);
	plat_unlock(mock->plat, &mock->lock);
	if (!err)
		*ret_pa = page | (va & 4095);
	return err;
}

unsigned int mock_cached(struct mock *mock, struct iommu_device *dev,
			 ioasid_t pasid)
{
	unsigned int i, count = 0;

	plat_lock(mock->plat, &mock->lock);
	for (i = 0; i < MOCK_CACHE; i++) {
		if (mock->cache[i].dev == dev && mock->cache[i].pasid == pasid)
			count++;
	}
	plat_unlock(mock->plat, &mock->lock);
	return count;
}
