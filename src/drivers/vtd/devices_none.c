/* SPDX-License-Identifier: MIT */
/* A unit without devices: every request is blocked. */
#include "base/errno.h"
#include "drivers/vtd/devices.h"
#include "drivers/vtd/unit.h"

const struct iommu_unit_ops vtd_unit_ops = {
	.describe = vtd_describe,
};

int vtd_tables_init(struct vtd_unit *u)
{
	u->tables = plat_pages_alloc(u->plat, 4096);
	return u->tables ? 0 : -ENOMEM;
}

void vtd_tables_fini(struct vtd_unit *u)
{
	plat_pages_free(u->plat, u->tables, 4096);
}

uint64_t vtd_tables_root(const struct vtd_unit *u)
{
	return plat_virt_to_phys(u->plat, u->tables);
}

int vtd_prq_init(struct vtd_unit *u)
{
	(void)u;
	return 0;
}

void vtd_prq_fini(struct vtd_unit *u)
{
	(void)u;
}

void vtd_prq_enable(struct vtd_unit *u)
{
	(void)u;
}

void vtd_prq_disable(struct vtd_unit *u)
{
	(void)u;
}

void vtd_prq_irq(void *arg)
{
	(void)arg;
}

int vtd_report_fault(struct vtd_unit *u, uint16_t sid,
		     const struct iommu_fault *fault)
{
	(void)u;
	(void)sid;
	(void)fault;
	return -ENODEV;
}
