/* SPDX-License-Identifier: MIT */
/*
 * What the unit's files ask of those that know devices, domains, tables and
 * page requests.
 */
#ifndef DRIVERS_VTD_DEVICES_H
#define DRIVERS_VTD_DEVICES_H

#include <sva/fault.h>

#include "core/driver.h"

struct vtd_unit;

/* Everything but what is said here: probe_device() to diagnose(). */
extern const struct iommu_unit_ops vtd_unit_ops;

/*
 * A root table without entries, and what else exists once per unit; memory
 * only, no register has been written. @u->f, @u->plat and @u->lock are there.
 * -ENOMEM
 */
SVA_MUST_CHECK int vtd_tables_init(struct vtd_unit *u);
/* The unit is disabled. */
void vtd_tables_fini(struct vtd_unit *u);
/* Physical address of the root table. */
uint64_t vtd_tables_root(const struct vtd_unit *u);

/*
 * The page request queue, of 2^u->prq_lg2 descriptors; not called without
 * u->f.pri. init: memory only. -ENOMEM. enable: PQH, PQT, PQA, PRS; its
 * interrupt is set up by the caller, afterwards. disable: PQA of 0.
 */
SVA_MUST_CHECK int vtd_prq_init(struct vtd_unit *u);
void vtd_prq_fini(struct vtd_unit *u);
void vtd_prq_enable(struct vtd_unit *u);
void vtd_prq_disable(struct vtd_unit *u);
/* The page request event. May sleep. */
void vtd_prq_irq(void *arg);

/*
 * Report a fault of whoever has this requester id; that it is of the second
 * stage only if that is one of two. -ENODEV: nobody has, or
 * what iommu_report_device_fault() said. May sleep.
 */
SVA_MUST_CHECK int vtd_report_fault(struct vtd_unit *u, uint16_t sid,
				    struct iommu_fault *fault);

#endif
