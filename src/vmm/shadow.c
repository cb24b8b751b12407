/* SPDX-License-Identifier: MIT */
/*
 * The guest's tables in the host's own: a paging domain per PASID, which is
 * filled page by page when the function asks, with what the emulated IOMMU
 * makes of the guest's tables at that moment, and emptied by what the guest
 * invalidates.
 *
 * Both happen with the unit's lock held, and an invalidation holds it until the
 * emulated IOMMU has forgotten too. So what is filled in before is taken out,
 * and what is filled in afterwards is walked for afresh.
 *
 * The fault handler takes no part: it hands the request to a worker, because a
 * detach, under the lock, waits for handlers.
 */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "vmm/vmm.h"

#define GROUP_MAX   64u
#define DOMAINS_MAX 1024u /* hardware ids of the host that one guest may have */
#define RWX         (IOMMU_PERM_READ | IOMMU_PERM_WRITE | IOMMU_PERM_EXEC)

/* How often an answer that was under way may keep the handler. */
#define DISABLE_TRIES 1000u

/**
 * struct vmm_shadow_domain - what one PASID reaches; 0: requests without
 * @asid: what the guest's IOMMU calls it, if that has ASIDs.
 * @low, @high: hull of what is mapped, [@low, @high).
 * @leaf: bytes of the largest entry of the guest's that any of it came from.
 */
struct vmm_shadow_domain {
	struct vmm_shadow_domain *next;
	struct iommu_domain *domain;
	ioasid_t pasid;
	uint32_t asid;
	uint64_t low;
	uint64_t high;
	uint64_t leaf;
};

struct ask {
	struct plat_work work;
	struct vmm_guest *g;
	struct iommu_fault_page_request prm;
};

static struct vmm_shadow_domain **bucket(struct vmm_guest *g, ioasid_t pasid)
{
	return &g->shadows[pasid % ARRAY_SIZE(g->shadows)];
}

static struct vmm_shadow_domain *find(struct vmm_guest *g, ioasid_t pasid)
{
	struct vmm_shadow_domain *d = *bucket(g, pasid);

	while (d && d->pasid != pasid)
		d = d->next;
	return d;
}

/*
 * Whose entry of the guest's serves a PASID here: requests without one have that
 * of RID_PASID (VT-d, 9.3), and what names it is about them.
 */
static ioasid_t served_as(const struct vmm_guest *g, ioasid_t pasid)
{
	const struct iommu_pasid_table_config *t = &g->unit.table;

	if (pasid != IOMMU_NO_PASID || t->format != IOMMU_PASID_FORMAT_VTD)
		return pasid;
	return t->vendor.vtd.rid_pasid;
}

static void empty_hull(struct vmm_shadow_domain *d)
{
	d->low = UINT64_MAX;
	d->high = 0;
	d->leaf = VMM_PAGE;
}

/* Take out of a domain what lies in [start, last]. */
static int drop(struct vmm_guest *g, struct vmm_shadow_domain *d,
		uint64_t start, uint64_t last)
{
	uint64_t end = d->high, unmapped = 0;
	int err;

	if (start < d->low)
		start = d->low;
	if (last < d->high)
		end = last + 1;
	if (start >= end)
		return 0;
	err = iommu_unmap(d->domain, start, end - start, &unmapped);
	if (err)
		return err;
	if (unmapped)
		vmm_count(&g->counters.shadow_drops);
	if (start == d->low && end == d->high)
		empty_hull(d);
	return 0;
}

static int drop_all(struct vmm_guest *g, struct vmm_shadow_domain *d)
{
	return drop(g, d, 0, UINT64_MAX - 1);
}

static int add(struct vmm_guest *g, ioasid_t pasid,
	       struct vmm_shadow_domain **ret_domain)
{
	struct vmm_shadow_domain **head = bucket(g, pasid);
	struct vmm_shadow_domain *d;
	int err;

	/* What the guest has in excess of it does not work. */
	if (g->shadow_count == DOMAINS_MAX)
		return -EINVAL;
	d = plat_zalloc(g->host_plat, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->pasid = pasid;
	empty_hull(d);
	err = iommu_domain_alloc(g->host->unit, IOMMU_DOMAIN_PAGING,
				 &d->domain);
	if (err)
		goto free_mem;
	if (pasid == IOMMU_NO_PASID)
		err = iommu_attach_device(d->domain, g->host_dev);
	else
		err = iommu_attach_device_pasid(d->domain, g->host_dev, pasid);
	if (err)
		goto free_domain;
	d->next = *head;
	*head = d;
	g->shadow_count++;
	*ret_domain = d;
	return 0;

free_domain:
	(void)!iommu_domain_free(d->domain);
free_mem:
	plat_free(g->host_plat, d);
	return err;
}

static void del(struct vmm_guest *g, struct vmm_shadow_domain *d)
{
	struct vmm_shadow_domain **link = bucket(g, d->pasid);
	int err = 0;

	while (*link != d)
		link = &(*link)->next;
	*link = d->next;
	g->shadow_count--;
	if (d->pasid == IOMMU_NO_PASID)
		err = iommu_detach_device(d->domain, g->host_dev);
	else
		iommu_detach_device_pasid(d->domain, g->host_dev, d->pasid);
	if (err || iommu_domain_free(d->domain))
		vmm_log(g, PLAT_LOG_ERR, "the domain of PASID %u stays",
			d->pasid);
	plat_free(g->host_plat, d);
}

/* The guest has changed the entry of a PASID. */
static int look_again(struct vmm_guest *g, ioasid_t pasid)
{
	struct vmm_shadow_domain *d = find(g, pasid);
	uint32_t asid = 0;
	ioasid_t next;
	bool has;
	int err = 0;

	has = g->unit.table.config == IOMMU_PASID_CONFIG_TRANSLATE &&
	      g->unit.vendor->has_pasid(g, served_as(g, pasid), &asid, &next);
	if (!has && d && pasid != IOMMU_NO_PASID) {
		del(g, d);
		return 0;
	}
	if (d)
		err = drop_all(g, d);
	else if (has)
		err = add(g, pasid, &d);
	if (d)
		d->asid = asid;
	return err;
}

/* Each of them; the first error. @fn may delete it. */
static int for_each(struct vmm_guest *g,
		    int (*fn)(struct vmm_guest *g, struct vmm_shadow_domain *d,
			      const void *arg),
		    const void *arg)
{
	struct vmm_shadow_domain *d, *next;
	unsigned int i;
	int err = 0, now;

	for (i = 0; i < ARRAY_SIZE(g->shadows); i++) {
		for (d = g->shadows[i]; d; d = next) {
			next = d->next;
			now = fn(g, d, arg);
			if (!err)
				err = now;
		}
	}
	return err;
}

static int again_one(struct vmm_guest *g, struct vmm_shadow_domain *d,
		     const void *arg)
{
	(void)arg;
	return look_again(g, d->pasid);
}

/*
 * The guest may have changed any entry, and the table. What it has in excess of
 * what there is room for does not work: that is not an error, as it has named
 * none of them. A word of each entry is read, and one of the level above; no
 * more than DOMAINS_MAX domains come of it.
 */
static int look_at_all(struct vmm_guest *g)
{
	int err = for_each(g, again_one, NULL);
	ioasid_t pasid, next;
	uint32_t asid;

	if (g->unit.table.config != IOMMU_PASID_CONFIG_TRANSLATE)
		return err;
	for (pasid = 1; !err && pasid < VMM_PASIDS; pasid = next) {
		struct vmm_shadow_domain *d;

		if (g->shadow_count == DOMAINS_MAX || vmm_is_dead(g))
			break;
		if (!g->unit.vendor->has_pasid(g, pasid, &asid, &next) ||
		    find(g, pasid))
			continue;
		err = add(g, pasid, &d);
		/* Nor has the host those that follow. */
		if (err == -EINVAL)
			return 0;
		if (!err)
			d->asid = asid;
	}
	return err;
}

/* What the guest's memory is to a function that nobody translates for. */
static int map_memory(struct vmm_guest *g)
{
	struct vmm_shadow_domain *d = find(g, IOMMU_NO_PASID);
	int err;

	if (!d)
		return -ENODEV;
	err = drop_all(g, d);
	if (err)
		return err;
	err = vmm_map(d->domain, g->ram.gpa, g->ram.pa, g->ram.size, RWX);
	if (err)
		return err;
	d->low = g->ram.gpa;
	d->high = g->ram.gpa + g->ram.size;
	return 0;
}

static int config(struct vmm_guest *g,
		  const struct iommu_pasid_table_config *cfg)
{
	int err;

	g->unit.table = *cfg;
	err = look_at_all(g);
	if (!err && cfg->config == IOMMU_PASID_CONFIG_BYPASS)
		err = map_memory(g);
	return err;
}

/*
 * An invalidation takes an entry with it that has any of its addresses, and
 * whoever takes a block out of a table may name one of them only: IHI 0070,
 * 4.4.1.1; with VT-d more than AM says does no harm. Of such a block there may
 * be any page here.
 */
static int drop_range(struct vmm_guest *g, struct vmm_shadow_domain *d,
		      const struct iommu_inv_addr_info *a)
{
	uint64_t last = a->addr + (a->nb_granules * a->granule_size - 1);

	return drop(g, d, a->addr & ~(d->leaf - 1), last | (d->leaf - 1));
}

/* The range of an invalidation, in the domains that it is about. */
static int drop_one(struct vmm_guest *g, struct vmm_shadow_domain *d,
		    const void *arg)
{
	const struct iommu_cache_invalidate_info *info = arg;
	const struct iommu_inv_pasid_info *p = &info->granu.pasid;
	const struct iommu_inv_addr_info *a = &info->granu.addr;
	const ioasid_t pasid = served_as(g, d->pasid);

	/* That one is memory as it is, and no entry of the guest's. */
	if (g->unit.table.config != IOMMU_PASID_CONFIG_TRANSLATE)
		return 0;
	switch (info->granularity) {
	case IOMMU_INV_GRANU_PASID:
		if ((p->flags & IOMMU_INV_PASID_FLAGS_PASID &&
		     p->pasid != pasid) ||
		    (p->flags & IOMMU_INV_PASID_FLAGS_ARCHID &&
		     p->archid != d->asid))
			return 0;
		return drop_all(g, d);
	case IOMMU_INV_GRANU_ADDR:
		if ((a->flags & IOMMU_INV_ADDR_FLAGS_PASID &&
		     a->pasid != pasid) ||
		    (a->flags & IOMMU_INV_ADDR_FLAGS_ARCHID &&
		     a->archid != d->asid))
			return 0;
		return drop_range(g, d, a);
	default:
		return drop_all(g, d);
	}
}

/* What an entry of the guest's serves. */
static int look_at_entry(struct vmm_guest *g, ioasid_t pasid)
{
	int err = look_again(g, pasid);

	if (!err && pasid != IOMMU_NO_PASID &&
	    pasid == served_as(g, IOMMU_NO_PASID))
		err = look_again(g, IOMMU_NO_PASID);
	return err;
}

static int invalidate(struct vmm_guest *g,
		      const struct iommu_cache_invalidate_info *info)
{
	int err = 0;

	if (info->cache & IOMMU_CACHE_INV_TYPE_PASID) {
		if (info->granularity == IOMMU_INV_GRANU_PASID)
			err = look_at_entry(g,
					    (ioasid_t)info->granu.pasid.pasid);
		else
			err = look_at_all(g);
	}
	if (!err && info->cache & ~IOMMU_CACHE_INV_TYPE_PASID)
		err = for_each(g, drop_one, info);
	return err;
}

/* Map one page as the guest's tables have it now. Unit lock held. */
static int fill(struct vmm_guest *g, const struct iommu_fault_page_request *prm)
{
	const bool has_pasid = prm->flags &
			       IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	struct vmm_shadow_domain *d =
		find(g, has_pasid ? prm->pasid : IOMMU_NO_PASID);
	const uint64_t va = prm->addr & ~(VMM_PAGE - 1);
	struct vmm_page page;
	int err;

	/* What the host has refused the guest is not taken out either. */
	if (!d || g->unit.table.config == IOMMU_PASID_CONFIG_ABORT)
		return -EFAULT;
	err = vmm_request_look_up(g, prm, &page);
	if (!err)
		err = iommu_unmap(d->domain, va, VMM_PAGE, NULL);
	if (!err)
		err = vmm_map(d->domain, va, vmm_memory_pa(&g->ram, page.gpa),
			      VMM_PAGE, page.perm);
	if (err)
		return err;
	if (va < d->low)
		d->low = va;
	if (va + VMM_PAGE > d->high)
		d->high = va + VMM_PAGE;
	if (page.leaf > d->leaf)
		d->leaf = page.leaf;
	vmm_count(&g->counters.shadow_fills);
	return 0;
}

/* An answer of a guest that is dead: the domains go, or have gone. */
static int resolved(struct vmm_guest *g,
		    const struct iommu_fault_page_request *prm)
{
	return g->unit.live ? fill(g, prm) : -ECANCELED;
}

/* What the guest has mapped already it need not hear of. */
static void ask_locked(struct vmm_guest *g,
		       const struct iommu_fault_page_request *last)
{
	struct iommu_fault_page_request pages[GROUP_MAX];
	unsigned int n = vmm_request_group(g, last, pages, GROUP_MAX), i;
	bool all = n > 0;

	for (i = 0; i < n; i++)
		all = !fill(g, &pages[i]) && all;
	if (all) {
		vmm_request_end(g, last, IOMMU_PAGE_RESP_SUCCESS);
		return;
	}
	for (i = 0; i < n; i++)
		vmm_request_inject(g, &pages[i]);
}

static void ask(void *arg)
{
	struct ask *a = arg;
	struct vmm_guest *g = a->g;

	pthread_mutex_lock(&g->unit.lock);
	/* Otherwise the end of the guest answers it. */
	if (g->unit.live)
		ask_locked(g, &a->prm);
	pthread_mutex_unlock(&g->unit.lock);
	plat_free(g->host_plat, a);
}

static void requested(struct vmm_guest *g,
		      const struct iommu_fault_page_request *prm)
{
	struct ask *a;

	if (!(prm->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE))
		return;
	a = plat_zalloc(g->host_plat, sizeof(*a));
	if (!a) {
		vmm_request_end(g, prm, IOMMU_PAGE_RESP_FAILURE);
		return;
	}
	a->g = g;
	a->prm = *prm;
	plat_work_init(&a->work, ask, a);
	/* It is new, so it is not queued yet. */
	(void)plat_work_queue(g->host_plat, g->wq, &a->work);
}

/* Page requests of the function come to the monitor, not to core's queue. */
static int take_faults(struct vmm_guest *g)
{
	int err;

	err = iommu_dev_enable_feature(g->host_dev, IOMMU_DEV_FEAT_IOPF);
	if (err)
		return err;
	err = iommu_unregister_device_fault_handler(g->host_dev);
	if (!err)
		err = iommu_register_device_fault_handler(g->host_dev,
							  vmm_on_fault, g);
	if (err)
		(void)!iommu_dev_disable_feature(g->host_dev,
						 IOMMU_DEV_FEAT_IOPF);
	return err;
}

static int start(struct vmm_guest *g)
{
	struct vmm_shadow_domain *d;
	int err;

	/* One worker: groups are asked for in the order they came. */
	g->wq = plat_workqueue_create(g->host_plat, "vmm", 1);
	if (!g->wq)
		return -ENOMEM;
	err = add(g, IOMMU_NO_PASID, &d);
	if (err)
		goto destroy_wq;
	g->unit.table.config = IOMMU_PASID_CONFIG_BYPASS;
	err = map_memory(g);
	if (!err)
		err = take_faults(g);
	if (err)
		goto del_domain;
	return 0;

del_domain:
	del(g, d);
destroy_wq:
	plat_workqueue_destroy(g->host_plat, g->wq);
	return err;
}

static int del_one(struct vmm_guest *g, struct vmm_shadow_domain *d,
		   const void *arg)
{
	(void)arg;
	if (d->pasid != IOMMU_NO_PASID)
		del(g, d);
	return 0;
}

static void end_requests(struct vmm_guest *g)
{
	plat_workqueue_flush(g->host_plat, g->wq);
	vmm_requests_settle(g);
}

static void stop(struct vmm_guest *g)
{
	unsigned int tries = 0;
	int err;

	(void)!for_each(g, del_one, NULL);
	end_requests(g);
	vmm_function_reset(g);
	do {
		end_requests(g);
		err = iommu_dev_disable_feature(g->host_dev,
						IOMMU_DEV_FEAT_IOPF);
		plat_relax(g->host_plat, tries);
	} while (err == -EBUSY && ++tries < DISABLE_TRIES);
	if (err)
		vmm_log(g, PLAT_LOG_ERR, "page requests stay enabled: %d", err);
	del(g, find(g, IOMMU_NO_PASID));
	end_requests(g);
	plat_workqueue_destroy(g->host_plat, g->wq);
}

const struct vmm_backend vmm_shadow = {
	.start = start,
	.stop = stop,
	.config = config,
	.invalidate = invalidate,
	.requested = requested,
	.resolved = resolved,
};
