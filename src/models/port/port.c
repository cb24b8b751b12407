/* SPDX-License-Identifier: MIT */
#include "models/port/port.h"

#define DRAIN_LIMIT_NS UINT64_C(5000000000)

/* A wait in progress, under the lock. */
struct hw_ports_drain {
	struct hw_port *cursor;
	uint64_t seen;
	struct hw_ports_drain *next;
};

static void lock(const struct hw_ports *ports)
{
	ports->env->lock(ports->env->ctx, ports->lock);
}

static void unlock(const struct hw_ports *ports)
{
	ports->env->unlock(ports->env->ctx, ports->lock);
}

void hw_ports_init(struct hw_ports *ports, const struct hw_env *env,
		   struct hw_lock *model_lock)
{
	ports->env = env;
	ports->lock = model_lock;
}

void hw_ports_add(struct hw_ports *ports, struct iommu_hw *hw,
		  struct hw_port *port)
{
	lock(ports);
	port->hw = hw;
	port->next = ports->list;
	ports->list = port;
	unlock(ports);
}

static void port_count(const struct hw_port *port, struct iommu_hw_stats *stats)
{
	stats->translations +=
		atomic_load_explicit(&port->translations, memory_order_relaxed);
	stats->tlb_hits +=
		atomic_load_explicit(&port->tlb_hits, memory_order_relaxed);
	stats->tlb_misses +=
		atomic_load_explicit(&port->tlb_misses, memory_order_relaxed);
}

void hw_ports_sum(const struct hw_ports *ports, struct iommu_hw_stats *stats)
{
	const struct hw_port *port;

	stats->translations += ports->retired.translations;
	stats->tlb_hits += ports->retired.tlb_hits;
	stats->tlb_misses += ports->retired.tlb_misses;
	for (port = ports->list; port; port = port->next)
		port_count(port, stats);
}

void hw_ports_remove(struct hw_ports *ports, struct hw_port *port)
{
	struct hw_ports_drain *drain;
	struct hw_port **link;

	lock(ports);
	for (link = &ports->list; *link; link = &(*link)->next)
		if (*link == port)
			break;
	if (*link) {
		*link = port->next;
		port_count(port, &ports->retired);
		for (drain = ports->drains; drain; drain = drain->next) {
			if (drain->cursor != port)
				continue;
			drain->cursor = port->next;
			drain->seen = 0;
		}
	}
	port->next = NULL;
	port->hw = NULL;
	unlock(ports);
}

bool hw_ports_idle(const struct hw_ports *ports)
{
	const struct hw_port *port;

	if (ports->drains)
		return false;
	for (port = ports->list; port; port = port->next)
		if (atomic_load_explicit(&port->busy, memory_order_relaxed) & 1)
			return false;
	return true;
}

/*
 * Moves past the ports that have nothing to wait for. False: the port at the
 * cursor is still in the transaction it was seen in.
 */
static bool drain_step(struct hw_ports_drain *drain)
{
	while (drain->cursor) {
		/*
		 * Sequentially consistent, after the entries were cleared; as
		 * an acquire it pairs with hw_port_done(): what the transaction
		 * wrote happens before the invalidation completes.
		 */
		uint64_t busy = atomic_load_explicit(&drain->cursor->busy,
						     memory_order_seq_cst);

		if (busy & 1 && (!drain->seen || drain->seen == busy)) {
			drain->seen = busy;
			return false;
		}
		drain->seen = 0;
		drain->cursor = drain->cursor->next;
	}
	return true;
}

bool hw_ports_drain(struct hw_ports *ports)
{
	struct hw_ports_drain drain = { ports->list, 0, ports->drains };
	const struct hw_env *env = ports->env;
	struct hw_ports_drain **link;
	unsigned int turns = 0;
	bool left = true;
	uint64_t start;

	if (drain_step(&drain))
		return true;
	ports->drains = &drain;
	start = env->now_ns(env->ctx);
	do {
		unlock(ports);
		env->relax(env->ctx, turns++);
		lock(ports);
		left = env->now_ns(env->ctx) - start <= DRAIN_LIMIT_NS;
	} while (left && !drain_step(&drain));
	for (link = &ports->drains; *link != &drain; link = &(*link)->next)
		;
	*link = drain.next;
	return left;
}
