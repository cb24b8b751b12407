/* SPDX-License-Identifier: MIT */
/* IOMMUs of a system. */
#include "base/errno.h"
#include "core/driver.h"
#include "core/system.h"

static void copy_name(struct iommu_unit *unit, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(unit->name) - 1 && name[i]; i++)
		unit->name[i] = name[i];
	unit->name[i] = '\0';
}

int iommu_unit_register(struct iommu_system *sys, struct iommu_unit *unit,
			const struct iommu_unit_ops *ops, const char *name)
{
	struct iommu_unit **end;

	unit->sys = sys;
	unit->ops = ops;
	unit->iopf = NULL;
	unit->next = NULL;
	unit->device_count = 0;
	atomic_init(&unit->domain_count, 0);
	copy_name(unit, name);

	plat_lock(sys->plat, &sys->lock);
	for (end = &sys->units; *end; end = &(*end)->next)
		;
	*end = unit;
	plat_unlock(sys->plat, &sys->lock);
	return 0;
}

int iommu_unit_unregister(struct iommu_unit *unit)
{
	struct iommu_system *sys = unit->sys;
	struct iommu_unit **link;
	int err = 0;

	plat_lock(sys->plat, &sys->lock);
	/* Acquire pairs with the release in iommu_domain_free(). */
	if (unit->device_count ||
	    atomic_load_explicit(&unit->domain_count, memory_order_acquire)) {
		err = -EBUSY;
	} else {
		for (link = &sys->units; *link != unit; link = &(*link)->next)
			;
		*link = unit->next;
	}
	plat_unlock(sys->plat, &sys->lock);
	if (!err) {
		iopf_queue_free(unit->iopf);
		unit->iopf = NULL;
	}
	return err;
}

struct iommu_unit *iommu_unit_next(struct iommu_system *sys,
				   struct iommu_unit *prev)
{
	struct iommu_unit *next;

	plat_lock(sys->plat, &sys->lock);
	next = prev ? prev->next : sys->units;
	plat_unlock(sys->plat, &sys->lock);
	return next;
}

const char *iommu_unit_name(const struct iommu_unit *unit)
{
	return unit->name;
}

void iommu_unit_describe(struct iommu_unit *unit,
			 void (*row)(void *arg,
				     const struct iommu_unit_row *row),
			 void *arg)
{
	if (unit->ops->describe)
		unit->ops->describe(unit, row, arg);
}
