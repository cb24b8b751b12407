/* SPDX-License-Identifier: MIT */
#include "models/vtd/port.h"

/* A port busy for longer is a bug of the embedder: say so and go on. */
#define DRAIN_LIMIT_NS UINT64_C(5000000000)

void vtd_hw_port_add(struct iommu_hw *hw, struct hw_port *port)
{
	struct vtd_hw *m = vtd_hw_of(hw);

	vtd_hw_lock(m);
	port->hw = hw;
	port->next = m->ports;
	m->ports = port;
	vtd_hw_unlock(m);
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

void vtd_hw_port_sum(struct vtd_hw *m, struct iommu_hw_stats *stats)
{
	const struct hw_port *port;

	stats->translations += m->retired.translations;
	stats->tlb_hits += m->retired.tlb_hits;
	stats->tlb_misses += m->retired.tlb_misses;
	for (port = m->ports; port; port = port->next)
		port_count(port, stats);
}

void vtd_hw_port_remove(struct iommu_hw *hw, struct hw_port *port)
{
	struct vtd_hw *m = vtd_hw_of(hw);
	struct vtd_hw_drain *drain;
	struct hw_port **link;

	vtd_hw_lock(m);
	for (link = &m->ports; *link; link = &(*link)->next)
		if (*link == port)
			break;
	if (*link) {
		*link = port->next;
		port_count(port, &m->retired);
		for (drain = m->drains; drain; drain = drain->next) {
			if (drain->cursor != port)
				continue;
			drain->cursor = port->next;
			drain->seen = 0;
		}
	}
	port->next = NULL;
	port->hw = NULL;
	vtd_hw_unlock(m);
}

/*
 * Moves past the ports that have nothing to wait for. False: the port at the
 * cursor is still in the transaction it was seen in.
 */
static bool drain_step(struct vtd_hw_drain *drain)
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

bool vtd_hw_drain(struct vtd_hw *m)
{
	struct vtd_hw_drain drain = { m->ports, 0, m->drains };
	uint16_t epoch = m->iq.epoch;
	struct vtd_hw_drain **link;
	unsigned int turns = 0;
	uint64_t start;

	if (drain_step(&drain))
		return true;
	m->drains = &drain;
	start = m->env.now_ns(m->env.ctx);
	do {
		vtd_hw_unlock(m);
		m->env.relax(m->env.ctx, turns++);
		vtd_hw_lock(m);
		if (m->env.now_ns(m->env.ctx) - start > DRAIN_LIMIT_NS) {
			vtd_hw_log(m, HW_LOG_GUEST_ERROR,
				   "a port is busy for 5 s; not waiting");
			break;
		}
	} while (!drain_step(&drain));
	for (link = &m->drains; *link != &drain; link = &(*link)->next)
		;
	*link = drain.next;
	return m->iq.epoch == epoch;
}
