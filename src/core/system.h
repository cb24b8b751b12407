/* SPDX-License-Identifier: MIT */
/* What is behind struct iommu_system. */
#ifndef CORE_SYSTEM_H
#define CORE_SYSTEM_H

#include <sva/plat.h>
#include <sva/system.h>

#include "base/list.h"
#include "core/pasid.h"

struct iommu_fault_tracer;

/* See struct iommu_system_stats. All relaxed: they order nothing. */
struct system_counters {
	_Atomic uint64_t page_requests;
	_Atomic uint64_t page_groups;
	_Atomic uint64_t page_responses;
	_Atomic uint64_t response_failures;
	_Atomic uint64_t page_refusals;
	_Atomic uint64_t faults;
	_Atomic uint64_t invalidations;
};

/*
 * Letters: (c) constant after creation, (s) SVA lock, (y) system lock,
 * (a) atomic.
 */
struct iommu_system {
	const struct plat *plat;     /* (c) */
	struct iommu_system_cfg cfg; /* (c) */
	struct plat_lock sva_lock;
	struct plat_lock lock;
	struct iommu_unit *units;    /* (y) */
	struct list devices;         /* (y) */
	_Atomic uint32_t mm_count;   /* (a) */
	struct plat_workqueue *wq;   /* (c) */
	struct plat_event sva_event; /* a bind, exit or device moved on */
	struct ioasid_set sva_set;   /* owner of the PASIDs of mms */
	struct ioasid_set aux_set;   /* and of auxiliary domains */
	struct ioasid_space pasids;
	struct plat_workqueue *timer_wq; /* (c) NULL: no timeout */
	struct plat_work timer_work;
	struct plat_event timer_event;
	_Atomic bool timer_stop; /* (a) */
	struct system_counters counters;
	_Atomic(const struct iommu_fault_tracer *) tracer; /* (a) */
};

/*
 * Sleeps until a bind, an exit or a device has moved on, or earlier. SVA lock
 * held, but dropped meanwhile.
 */
void system_wait_locked(struct iommu_system *sys);

static inline void counter_inc(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

#endif
