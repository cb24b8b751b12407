/* SPDX-License-Identifier: MIT */
/*
 * Who walks a guest's tables, in the books of binds: a pair is bound while the
 * device has the table and the table has the PASID.
 */
#include "base/errno.h"
#include "plat/sim/guest_books.h"

static void join(const struct guest *g, const struct endpoint *ep,
		 const struct guest_table *t)
{
	struct bond *b = world_bond(g->w, ep, t->area.sp);

	b->ep = &g->w->eps[ep->index];
	b->sp = t->area.sp;
	b->binding++;
	g->w->binding++;
}

static void joined(const struct guest *g, const struct endpoint *ep,
		   const struct guest_table *t, bool bound)
{
	struct bond *b = world_bond(g->w, ep, t->area.sp);

	b->binding--;
	g->w->binding--;
	if (!bound)
		return;
	b->held++;
	b->since = g->w->sim->steps;
	b->pasid = t->pasid;
	b->worked = false;
}

static void leave(const struct guest *g, const struct endpoint *ep,
		  const struct guest_table *t)
{
	struct bond *b = world_bond(g->w, ep, t->area.sp);

	b->held--;
	b->unbinding++;
	b->drops++;
}

static void left(const struct guest *g, const struct endpoint *ep,
		 const struct guest_table *t)
{
	world_bond(g->w, ep, t->area.sp)->unbinding--;
}

static bool walks(const struct guest *g, unsigned int ep,
		  const struct guest_table *t)
{
	return g->bound[ep] == t;
}

void guest_books_entry(struct guest *g, struct guest_table *t, bool on,
		       bool done)
{
	unsigned int i;

	for (i = 0; i < g->w->cfg.endpoints; i++) {
		const struct endpoint *ep = &g->w->eps[i];

		if (!walks(g, i, t))
			continue;
		if (on && done)
			joined(g, ep, t, true);
		else if (on)
			join(g, ep, t);
		else if (done)
			left(g, ep, t);
		else
			leave(g, ep, t);
	}
	if (on == done)
		t->on = on;
}

bool guest_bind(struct guest *g, struct endpoint *ep,
		const struct guest_table *t)
{
	const struct pasid_table_info info = {
		.ptr = t->gpa,
		.size = g->nest->size,
		.model = g->nest->model,
	};
	int err;

	if (t->on)
		join(g, ep, t);
	sim_note(g->w->sim, "bind", t->gpa);
	err = iommu_bind_pasid_table(g->parent, ep->dev, &info);
	guest_must(g, err, "a bind");
	if (t->on)
		joined(g, ep, t, !err);
	sim_note(g->w->sim, "bound", (uint64_t)err);
	if (!err)
		g->bound[ep->index] = t;
	return !err;
}

static void leave_bound(const struct guest *g, const struct endpoint *ep)
{
	const struct guest_table *t = g->bound[ep->index];

	if (t && t->on)
		leave(g, ep, t);
}

static void left_bound(const struct guest *g, const struct endpoint *ep)
{
	const struct guest_table *t = g->bound[ep->index];

	if (t && t->on)
		left(g, ep, t);
}

void guest_unbind(struct guest *g, struct endpoint *ep)
{
	leave_bound(g, ep);
	sim_note(g->w->sim, "unbind", 0);
	guest_deafen(g, BREAK_GUEST_SWAP, true);
	guest_deafen(g, BREAK_GUEST_ID, true);
	guest_must(g, iommu_unbind_pasid_table(g->parent, ep->dev),
		   "an unbind");
	guest_deafen(g, BREAK_GUEST_ID, false);
	guest_deafen(g, BREAK_GUEST_SWAP, false);
	left_bound(g, ep);
	g->bound[ep->index] = NULL;
	sim_note(g->w->sim, "unbound", 0);
}

void guest_detach(struct guest *g)
{
	unsigned int i;

	for (i = 0; i < g->w->cfg.endpoints; i++)
		leave_bound(g, &g->w->eps[i]);
	sim_note(g->w->sim, "detach", 0);
	guest_deafen(g, BREAK_GUEST_SWAP, true);
	guest_must(g, iommu_detach_pasid_table(g->parent), "a detach");
	guest_deafen(g, BREAK_GUEST_SWAP, false);
	for (i = 0; i < g->w->cfg.endpoints; i++) {
		left_bound(g, &g->w->eps[i]);
		g->bound[i] = NULL;
	}
	sim_note(g->w->sim, "detached", 0);
}

bool guest_attach(struct guest *g, const struct guest_table *t)
{
	const struct iommu_pasid_table_config cfg = {
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = g->nest->format,
		.base = t->gpa,
		.size = g->nest->size,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
	};
	unsigned int i;
	int err;

	for (i = 0; i < g->w->cfg.endpoints; i++) {
		leave_bound(g, &g->w->eps[i]);
		if (t->on)
			join(g, &g->w->eps[i], t);
	}
	sim_note(g->w->sim, "attach", t->gpa);
	guest_deafen(g, BREAK_GUEST_REPLACE, true);
	err = iommu_attach_pasid_table(g->parent, &cfg);
	guest_deafen(g, BREAK_GUEST_REPLACE, false);
	guest_must(g, err, "an attach");
	/* Those that had one have either now: so none. */
	if (err)
		guest_must(g, iommu_detach_pasid_table(g->parent), "a detach");
	for (i = 0; i < g->w->cfg.endpoints; i++) {
		left_bound(g, &g->w->eps[i]);
		if (t->on)
			joined(g, &g->w->eps[i], t, !err);
		g->bound[i] = err ? NULL : t;
	}
	sim_note(g->w->sim, "attached", (uint64_t)err);
	return !err;
}

/* PASIDs one by one */

static unsigned int bit_of(const struct guest *g, const struct guest_table *t)
{
	return 1u << (t - g->tables);
}

bool guest_bind_single(struct guest *g, struct endpoint *ep,
		       const struct guest_table *t)
{
	const struct iommu_gpasid_bind_data data = {
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.format = g->nest->format,
		.addr_width = g->nest->width,
		.gpgd = guest_root(g, t),
		.hpasid = t->pasid,
	};
	int err;

	join(g, ep, t);
	sim_note(g->w->sim, "bind", t->pasid);
	err = iommu_sva_bind_gpasid(g->parent, ep->dev, &data);
	guest_must(g, err, "a bind");
	joined(g, ep, t, !err);
	sim_note(g->w->sim, "bound", (uint64_t)err);
	if (!err)
		g->single[ep->index] |= bit_of(g, t);
	return !err;
}

void guest_unbind_single(struct guest *g, struct endpoint *ep,
			 const struct guest_table *t)
{
	leave(g, ep, t);
	g->single[ep->index] &= ~bit_of(g, t);
	sim_note(g->w->sim, "unbind", t->pasid);
	guest_deafen(g, BREAK_GUEST_SWAP, true);
	guest_deafen(g, BREAK_GUEST_ID, true);
	guest_must(g, iommu_sva_unbind_gpasid(g->parent, ep->dev, t->pasid),
		   "an unbind");
	guest_deafen(g, BREAK_GUEST_ID, false);
	guest_deafen(g, BREAK_GUEST_SWAP, false);
	left(g, ep, t);
	sim_note(g->w->sim, "unbound", t->pasid);
}

struct guest_table *guest_meant(struct guest *g, const struct endpoint *ep)
{
	unsigned int i = (unsigned int)sim_random(g->w->sim, GUEST_TABLES);

	if (g->bound[ep->index])
		i = (unsigned int)(g->bound[ep->index] - g->tables);
	return &g->tables[i];
}

static const struct endpoint *endpoint_of(const struct guest *g,
					  const struct iommu_device *dev)
{
	unsigned int i = 0;

	while (g->w->eps[i].dev != dev)
		i++;
	return &g->w->eps[i];
}

/* Page requests: the guest answers some, and leaves some to the unbind. */

static int hear(const struct iommu_fault *fault, struct iommu_device *dev,
		void *data)
{
	const struct iommu_fault_page_request *q = &fault->prm;
	struct guest *g = data;

	if (fault->type != IOMMU_FAULT_PAGE_REQ)
		return 0;
	/* Hardware would not have brought it. */
	if (g->w->mock && !mock_faults_enabled(dev))
		return -ENODEV;
	if (g->asked_count == GUEST_ASKED)
		return 0;
	g->asked[g->asked_count].ep = endpoint_of(g, dev);
	g->asked[g->asked_count++].msg = (struct iommu_page_response){
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID |
			 IOMMU_PAGE_RESP_COOKIE_VALID,
		.pasid = q->pasid,
		.grpid = q->grpid,
		.cookie = q->cookie,
	};
	return 0;
}

void guest_answer(struct guest *g)
{
	struct iommu_page_response msg;
	const struct endpoint *ep;
	struct ledger_entry *e;
	int err;

	if (!g->asked_count)
		return;
	ep = g->asked[--g->asked_count].ep;
	msg = g->asked[g->asked_count].msg;
	msg.code = sim_random(g->w->sim, 2) ? IOMMU_PAGE_RESP_SUCCESS :
					      IOMMU_PAGE_RESP_INVALID;
	/* Its index may be used again as soon as it has been answered. */
	e = ledger_find(g->w, ep, msg.grpid);
	err = iommu_page_response(ep->dev, &msg);
	if (!err && !g->parent)
		sim_fail(g->w->sim, "R2", "an answer after the guest's end");
	/* Of stalls the hardware has the index. */
	if (!err && e)
		ledger_told(g->w, e, msg.code);
	/* An unbind may have answered. */
	guest_must(g, err == -EINVAL ? 0 : err, "a response");
}

bool guest_plug(struct guest *g)
{
	unsigned int i;
	int err;

	for (i = 0; i < g->w->cfg.endpoints; i++) {
		struct endpoint *ep = &g->w->eps[i];

		err = iommu_attach_device(g->parent, ep->dev);
		guest_must(g, err, "an attach");
		if (err)
			return false;
		g->attached[i] = true;
		err = iommu_register_device_fault_handler(ep->dev, hear, g);
		guest_must(g, err, "a handler");
		if (err)
			return false;
		g->handled[i] = true;
	}
	return true;
}

static void unbind_all(struct guest *g, struct endpoint *ep)
{
	unsigned int i;

	if (g->bound[ep->index])
		guest_unbind(g, ep);
	for (i = 0; i < GUEST_TABLES; i++)
		if (g->single[ep->index] & 1u << i)
			guest_unbind_single(g, ep, &g->tables[i]);
}

void guest_unplug(struct guest *g)
{
	unsigned int i;

	for (i = 0; i < g->w->cfg.endpoints; i++) {
		struct endpoint *ep = &g->w->eps[i];

		unbind_all(g, ep);
		if (g->handled[i] &&
		    iommu_unregister_device_fault_handler(ep->dev))
			sim_fail(g->w->sim, "R2", "a page request is left");
		/* What could not be unbound is attached to nothing. */
		if (g->attached[i])
			guest_must(g, iommu_detach_device(g->parent, ep->dev),
				   "a detach");
	}
}
