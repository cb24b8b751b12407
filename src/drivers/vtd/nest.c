/* SPDX-License-Identifier: MIT */
/* Parents and what is nested in them: made and gone. [G1] [G6] */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/nest.h"

int vtd_parent_alloc(struct iommu_unit *unit, struct iommu_domain **ret_domain)
{
	struct iommu_domain *domain;
	int err;

	if (!to_vtd(unit)->f.nested)
		return -EOPNOTSUPP;
	err = vtd_domain_alloc(unit, IOMMU_DOMAIN_PAGING, NULL, &domain);
	if (err)
		return err;
	to_vtd_domain(domain)->is_parent = true;
	*ret_domain = domain;
	return 0;
}

static int init_nested(struct vtd_domain *d, const struct iommu_nest *nest)
{
	switch (nest->kind) {
	case IOMMU_NEST_PASID:
		return vtd_guest_first_stage(d, &nest->gpasid, &d->nest->entry);
	case IOMMU_NEST_TABLE:
		d->nest->spare =
			plat_zalloc(d->u->plat, sizeof(*d->nest->spare));
		if (!d->nest->spare)
			return -ENOMEM;
		return vtd_shadow_init(d, &nest->table);
	default:
		return -EOPNOTSUPP;
	}
}

static void show(struct vtd_domain *d)
{
	vtd_domain_lock(d);
	list_add_tail(&d->nest->parent->nested_in, &d->nested_link);
	vtd_domain_unlock(d);
}

static void hide(struct vtd_domain *d)
{
	vtd_domain_lock(d);
	list_del(&d->nested_link);
	vtd_domain_unlock(d);
}

int vtd_nested_alloc(struct iommu_domain *parent, struct iommu_device *dev,
		     const struct iommu_nest *nest,
		     struct iommu_domain **ret_domain)
{
	struct vtd_domain *p = to_vtd_domain(parent), *d;
	struct vtd_unit *u = p->u;
	int err;

	if (!p->is_parent)
		return -EINVAL;
	d = vtd_domain_new(u, IOMMU_DOMAIN_NESTED);
	if (!d)
		return -ENOMEM;
	d->nest = plat_zalloc(u->plat, sizeof(*d->nest));
	if (!d->nest) {
		err = -ENOMEM;
		goto delete_domain;
	}
	d->nest->parent = p;
	d->nest->vdev = iommu_device_priv(dev);
	err = vtd_did_get(u, &d->did);
	if (err)
		goto free_nest;
	err = init_nested(d, nest);
	if (err)
		goto put_did;
	show(d);
	*ret_domain = &d->domain;
	return 0;

put_did:
	vtd_did_put(u, d->did);
free_nest:
	plat_free(u->plat, d->nest->spare);
	plat_free(u->plat, d->nest);
delete_domain:
	vtd_domain_delete(d);
	return err;
}

void vtd_nested_fini(struct vtd_domain *d)
{
	hide(d);
	vtd_did_put(d->u, d->did);
	vtd_shadow_fini(d);
	plat_free(d->u->plat, d->nest->spare);
	plat_free(d->u->plat, d->nest);
}
