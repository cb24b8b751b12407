/* SPDX-License-Identifier: MIT */
/* Ports, and how an invalidation waits for the transactions in flight. */
#ifndef HW_VTD_PORT_H
#define HW_VTD_PORT_H

#include "models/vtd/state.h"

/*
 * The port is busy from here on, until hw_port_done(). Either before the
 * lookup without the lock, or under the lock once the result is known.
 */
static inline void vtd_hw_port_begin(struct hw_port *port)
{
	/* Pairs with the loads of vtd_hw_drain(); see tlb.c. */
	atomic_fetch_add_explicit(&port->busy, 1, memory_order_seq_cst);
}

/* Counters of a port are written by its own thread alone. */
static inline uint64_t vtd_hw_count(_Atomic uint64_t *counter)
{
	uint64_t n = atomic_load_explicit(counter, memory_order_relaxed) + 1;

	atomic_store_explicit(counter, n, memory_order_relaxed);
	return n;
}

void vtd_hw_port_add(struct iommu_hw *hw, struct hw_port *port);
void vtd_hw_port_remove(struct iommu_hw *hw, struct hw_port *port);
void vtd_hw_port_sum(struct vtd_hw *m, struct iommu_hw_stats *stats);

/*
 * Waits until every port has left the transaction it was busy with when this
 * was called. Drops the lock while it waits, so that a transaction that misses
 * and holds another port busy is not in the way. False: the unit was reset
 * meanwhile, and does not know what it was asked for before.
 */
bool vtd_hw_drain(struct vtd_hw *m);

#endif
