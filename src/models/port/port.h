/* SPDX-License-Identifier: MIT */
/*
 * The ports of an IOMMU model, and how an invalidation waits for the
 * transactions in flight. The same for every kind of IOMMU.
 *
 * A transaction makes its port busy and then looks for an entry; an
 * invalidation takes entries away and then looks for busy ports. Both are
 * sequentially consistent, so one of the two sees the other.
 */
#ifndef MODELS_PORT_PORT_H
#define MODELS_PORT_PORT_H

#include <stdatomic.h>

#include <sva/model.h>

struct hw_ports_drain;

/**
 * struct hw_ports - the ports of one model
 * @env, @lock: the model's, borrowed. All below is under the lock.
 * @list:    of them.
 * @drains:  waits in progress.
 * @retired: what ports that left have counted.
 */
struct hw_ports {
	const struct hw_env *env;
	struct hw_lock *lock;
	struct hw_port *list;
	struct hw_ports_drain *drains;
	struct iommu_hw_stats retired;
};

/*
 * The port is busy from here on, until hw_port_done(). Either before the
 * lookup without the lock, or under the lock once the result is known.
 */
static inline void hw_port_begin(struct hw_port *port)
{
	/* Pairs with the loads of hw_ports_drain(). */
	atomic_fetch_add_explicit(&port->busy, 1, memory_order_seq_cst);
}

/* Counters of a port are written by its own thread alone. */
static inline uint64_t hw_port_count(_Atomic uint64_t *counter)
{
	uint64_t n = atomic_load_explicit(counter, memory_order_relaxed) + 1;

	atomic_store_explicit(counter, n, memory_order_relaxed);
	return n;
}

/* @ports is zeroed. */
void hw_ports_init(struct hw_ports *ports, const struct hw_env *env,
		   struct hw_lock *lock);

/* As struct iommu_hw_ops has them, for the port of @hw. Take the lock. */
void hw_ports_add(struct hw_ports *ports, struct iommu_hw *hw,
		  struct hw_port *port);
void hw_ports_remove(struct hw_ports *ports, struct hw_port *port);

/* Under the lock: adds what all ports have counted. */
void hw_ports_sum(const struct hw_ports *ports, struct iommu_hw_stats *stats);

/* Under the lock: no port is busy, and nobody waits for one. */
bool hw_ports_idle(const struct hw_ports *ports);

/*
 * Waits until every port has left the transaction it was busy with when this
 * was called. Under the lock, which is dropped while it waits, so that a
 * transaction that misses and holds another port busy is not in the way.
 *
 * Return: false: a port was busy for five seconds, a bug of the embedder, and
 *         is not waited for.
 */
SVA_MUST_CHECK bool hw_ports_drain(struct hw_ports *ports);

#endif
