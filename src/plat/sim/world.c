/* SPDX-License-Identifier: MIT */
#include "plat/sim/world.h"

#include <string.h>

#include "base/errno.h"
#include "plat/sim/breaks.h"

static const char *const space_names[WORLD_SPACES] = { "mm0", "mm1", "mm2",
						       "mm3" };

static unsigned int bond_index(const struct world *w, const struct endpoint *ep,
			       const struct space *sp)
{
	return ep->index * WORLD_SPACES + (unsigned int)(sp - w->spaces);
}

struct bond *world_bond(struct world *w, const struct endpoint *ep,
			const struct space *sp)
{
	return &w->bonds[bond_index(w, ep, sp)];
}

static bool active(const struct bond *b)
{
	return b->held || b->binding || b->unbinding;
}

unsigned int world_bonds_of(struct world *w, const struct space *sp)
{
	unsigned int i, n = 0;

	for (i = 0; i < WORLD_BONDS; i++)
		n += w->bonds[i].sp == sp && active(&w->bonds[i]);
	return n;
}

bool world_binding(struct world *w)
{
	return w->binding;
}

void world_txn(struct world *w, uint32_t sid, ioasid_t pasid)
{
	unsigned int id = w->sim->current->id;

	w->txn[id].step = w->sim->steps;
	w->txn[id].sid = sid;
	w->txn[id].pasid = pasid;
}

/* From the exit to the unbind the pair aborts in silence. [R6] */
void world_check_event(struct world *w, uint32_t sid, ioasid_t pasid)
{
	uint64_t entered = w->txn[w->sim->current->id].step;
	unsigned int i;

	for (i = 0; i < WORLD_BONDS; i++) {
		const struct bond *b = &w->bonds[i];

		if (!b->held || b->unbinding || b->binding ||
		    b->ep->sid != sid || b->pasid != pasid || !b->sp->gone ||
		    entered <= b->sp->gone_step)
			continue;
		sim_fail(w->sim, "R6",
			 "%s: an access of %s, which exited, is "
			 "recorded",
			 b->ep->name, b->sp->name);
	}
}

void world_check_event_of_txn(struct world *w)
{
	unsigned int id = w->sim->current->id;

	world_check_event(w, w->txn[id].sid, w->txn[id].pasid);
}

/* One PASID per address space, and one address space per PASID. [R14] */
static void check_pasids(struct world *w, const struct bond *b)
{
	struct sim *s = w->sim;
	unsigned int i;

	if (b->sp->exit_step)
		return;
	if (!b->pasid || b->pasid >> w->cfg.pasid_bits)
		sim_fail(s, "R14", "PASID %u is out of range",
			 (unsigned int)b->pasid);
	for (i = 0; i < WORLD_BONDS; i++) {
		const struct bond *o = &w->bonds[i];

		if (!o->held || o == b || o->sp->exit_step)
			continue;
		if ((o->sp == b->sp) != (o->pasid == b->pasid))
			sim_fail(s, "R14", "%s has PASID %u, %s has %u",
				 b->sp->name, (unsigned int)b->pasid,
				 o->sp->name, (unsigned int)o->pasid);
	}
}

/* [R14]: the handle somebody held all along, or a new one. */
static void took_handle(struct world *w, struct bond *b, struct iommu_sva *sva,
			ioasid_t pasid, const struct iommu_sva *before)
{
	if (before && sva != before)
		sim_fail(w->sim, "R14", "a second handle for one pair");
	if (b->held && sva != b->handle)
		sim_fail(w->sim, "R14", "two handles for one pair");
	if (!b->held) {
		b->since = w->sim->steps;
		b->worked = false;
	}
	b->handle = sva;
	b->held++;
	b->pasid = pasid;
	check_pasids(w, b);
}

/* What a bind that fails leaves as it was. */
struct bind_state {
	uint64_t pasids;
	unsigned int nr_bonds;
	uint32_t users, refs;
	ioasid_t pasid;
};

static void bind_state(const struct world *w, const struct endpoint *ep,
		       const struct space *sp, struct bind_state *ret_state)
{
	struct iommu_sva_param param = { 0 };
	struct iommu_system_stats stats;

	iommu_system_stats(w->sys, &stats);
	(void)iommu_sva_enabled(ep->dev, &param);
	memset(ret_state, 0, sizeof(*ret_state));
	ret_state->pasids = stats.pasids;
	ret_state->nr_bonds = param.nr_bonds;
	ret_state->users = atomic_load(&sp->mm.users);
	ret_state->refs = atomic_load(&sp->mm.refs);
	ret_state->pasid = atomic_load(&sp->mm.pasid);
}

/* Nobody else bound or unbound meanwhile. */
static void check_unchanged(struct world *w, const struct endpoint *ep,
			    const struct space *sp,
			    const struct bind_state *before, uint64_t begun)
{
	struct bind_state now;

	bind_state(w, ep, sp, &now);
	/* Asked last: others may have begun while that was found out. */
	if (begun != w->calls_begun)
		return;
	if (w->sim->exploring) {
		/* Workers and lookups hold the address space for a moment. */
		now.users = before->users;
		now.refs = before->refs;
	}
	if (memcmp(&now, before, sizeof(now)))
		sim_fail(w->sim, "R14", "a bind that failed left traces");
}

int world_bind(struct world *w, struct endpoint *ep, struct space *sp,
	       struct iommu_sva **ret_sva)
{
	struct bond *b = &w->bonds[bond_index(w, ep, sp)];
	const struct iommu_sva *before = b->held ? b->handle : NULL;
	uint64_t drops = b->drops;
	struct bind_state state;
	struct sim *s = w->sim;
	ioasid_t pasid = IOMMU_NO_PASID;
	uint64_t begun;
	bool alone;
	int err;

	alone = !w->calls++;
	begun = ++w->calls_begun;
	bind_state(w, ep, sp, &state);
	b->ep = ep;
	b->sp = sp;
	b->binding++;
	w->binding++;
	sim_note(s, "bind", 0);
	err = iommu_sva_bind(ep->dev, &sp->mm, NULL, ret_sva);
	/* While the books say that it is under way: this may be a point. */
	if (!err)
		pasid = iommu_sva_get_pasid(*ret_sva);
	sim_note(s, "bound", (uint64_t)err);
	w->binding--;
	b->binding--;
	if (!err)
		took_handle(w, b, *ret_sva, pasid,
			    drops == b->drops && !b->unbinding ? before : NULL);
	else if (!(err == -ESRCH && sp->exit_step) && !s->fail_fired &&
		 !w->dead && !ep->mute)
		sim_fail(s, "R14", "a bind fails: %d", err);
	if (err && alone)
		check_unchanged(w, ep, sp, &state, begun);
	w->calls--;
	return err;
}

/* Nothing of the pair is left that could touch what was freed. [R1] */
static void check_unbound(struct world *w, const struct bond *b)
{
	if (!world_bonds_of(w, b->sp) && b->sp->handling)
		sim_fail(w->sim, "R1",
			 "a fault of %s is handled after its last unbind",
			 b->sp->name);
}

void world_unbind(struct world *w, struct endpoint *ep, struct space *sp,
		  struct iommu_sva *sva)
{
	struct bond *b = world_bond(w, ep, sp);
	struct sim *s = w->sim;

	w->calls++;
	w->calls_begun++;
	b->held--;
	b->unbinding++;
	b->drops++;
	sim_note(s, "unbind", 0);
	iommu_sva_unbind(sva);
	sim_note(s, "unbound", 0);
	if (sim_broken(s, BREAK_EARLY_FREE)) {
		sim_strike(s, 0);
		iommu_sva_unbind(sva);
	}
	if (sim_broken(s, BREAK_PUT_TWICE)) {
		sim_strike(s, 0);
		iommu_mm_put(&sp->mm);
	}
	b->unbinding--;
	w->calls--;
	if (!active(b))
		check_unbound(w, b);
}

/* [R9] [R10] */
void world_check_unmapped(struct world *w, struct space *sp, unsigned int first,
			  unsigned int count, const char *rule)
{
	unsigned int i, j;

	/* What an IOMMU that has been stopped lets nobody use. */
	if (w->dead)
		return;
	for (i = 0; i < WORLD_BONDS; i++) {
		const struct bond *b = &w->bonds[i];

		if (b->sp != sp || !b->held || b->unbinding || sp->exit_step)
			continue;
		for (j = first; j < first + count; j++)
			endpoint_check_forgotten(b->ep, b->pasid, space_va(j),
						 rule);
	}
}

void world_check_dma(struct world *w, const struct endpoint *ep, ioasid_t pasid,
		     const struct space *sp, unsigned int page, uint64_t pa,
		     unsigned int perm)
{
	struct sim_frame *frame = sim_frame_at(&w->sim->mem, pa);
	struct bond *b = world_bond(w, ep, sp);
	struct sim *s = w->sim;

	sim_note(s, perm & IOMMU_PERM_WRITE ? "write" : "read", pa);
	if (!frame || frame->kind != SIM_FRAME_USER)
		sim_fail(s, "R9", "%s reaches memory that is no process's",
			 ep->name);
	if (frame->owner != sp)
		sim_fail(s, "R13", "%s with PASID %u of %s reaches %s",
			 ep->name, (unsigned int)pasid, sp->name,
			 ((const struct space *)frame->owner)->name);
	if (!active(b))
		sim_fail(s, "R1", "%s reaches %s after the unbind", ep->name,
			 sp->name);
	if (frame->dead)
		sim_fail(s, frame->rule, "%s: %s", ep->name, frame->why);
	if (frame->va != space_va(page))
		sim_fail(s, "R9", "%s reaches another page", ep->name);
	if (perm & ~frame->perm)
		sim_fail(s, "R9", "%s writes what is read-only by now",
			 ep->name);
	b->worked = true;
}

void world_deafen(struct world *w, bool deaf)
{
	if (w->deaf == deaf)
		return;
	w->deaf = deaf;
	if (!w->mock)
		return;
	if (deaf)
		sim_strike(w->sim, 0);
	mock_set_defects(w->mock, deaf ? MOCK_SKIP_INVALIDATE : 0);
}

/* Building and taking down */

static int add_endpoint(struct world *w, struct endpoint *ep)
{
	struct iommu_device_desc desc;
	struct plat_pci pci;
	int err;

	endpoint_desc(ep, &pci, &desc);
	err = iommu_device_add(w->sys, &desc, &ep->dev);
	if (err || w->cfg.features_off)
		return err;
	return endpoint_enable(ep);
}

static int build_devices(struct world *w)
{
	enum iommu_table_fmt fmt = w->vendor->table;
	unsigned int i;
	int err = 0;

	for (i = 0; i < w->cfg.endpoints && !err; i++) {
		err = endpoint_init(&w->eps[i], w, i);
		if (!err)
			err = add_endpoint(w, &w->eps[i]);
	}
	for (; w->space_count < w->cfg.spaces && !err; w->space_count++)
		err = space_init(&w->spaces[w->space_count], w->sim, w->sys,
				 space_names[w->space_count], fmt);
	return err;
}

static int build(struct world *w)
{
	const struct iommu_system_cfg cfg = {
		.response_timeout_s = w->cfg.timeout_s,
	};
	int err = iommu_system_create(&w->sim->plat, &cfg, &w->sys);

	if (err)
		return err;
	err = w->vendor->create(w);
	return err ? err : build_devices(w);
}

int world_build(struct world *w, struct sim *s, enum sva_sim_iommu iommu,
		const struct world_cfg *cfg)
{
	int err;

	memset(w, 0, sizeof(*w));
	w->sim = s;
	w->vendor = sim_vendor_of(iommu);
	w->cfg = *cfg;
	if (!w->cfg.pasid_bits)
		w->cfg.pasid_bits = sim_random(s, 2) ? 4 : 12;
	s->world = w;
	s->fail_armed = true;
	err = build(w);
	if (!err) {
		if (w->vendor->built)
			w->vendor->built(w);
		return 0;
	}
	if (!s->fail_fired)
		sim_fail(s, "crash", "the machine cannot be built: %d", err);
	world_fini(w);
	return err;
}

int world_replug(struct world *w)
{
	struct endpoint *ep = &w->eps[0];
	int err;

	while (endpoint_disable(ep))
		sim_relax(w->sim);
	if (iommu_device_remove(ep->dev))
		sim_fail(w->sim, "R14", "%s cannot be removed", ep->name);
	ep->dev = NULL;
	endpoint_settle(ep);
	if (w->vendor->remove(w))
		sim_fail(w->sim, "R14", "the IOMMU cannot be removed");
	if (w->hw)
		w->vendor->destroy(w);
	err = w->vendor->create(w);
	if (!err)
		err = add_endpoint(w, ep);
	if (err && !w->sim->fail_fired)
		sim_fail(w->sim, "R14", "the IOMMU does not come back: %d",
			 err);
	return err;
}

static void must(struct world *w, int err, const char *what)
{
	if (err)
		sim_fail(w->sim, "R14", "%s at the end: %d", what, err);
}

static void fini_devices(struct world *w)
{
	unsigned int i;

	for (i = 0; i < w->space_count; i++)
		if (!w->spaces[i].exit_step)
			space_exit(&w->spaces[i]);
	for (i = 0; i < w->cfg.endpoints; i++) {
		struct endpoint *ep = &w->eps[i];

		if (ep->sva_on)
			must(w, endpoint_disable(ep), "SVA stays on");
		if (ep->dev)
			must(w, iommu_device_remove(ep->dev), "a device stays");
		ep->dev = NULL;
	}
}

static void check_left(struct world *w)
{
	struct sim *s = w->sim;
	const void *where;
	unsigned int i;
	size_t offset;

	for (i = 0; i < w->space_count; i++)
		if (!w->spaces[i].freed)
			sim_fail(s, "R14", "%s is never freed",
				 w->spaces[i].name);
	where = sim_heap_damaged(&s->mem, &offset);
	if (where)
		sim_fail(s, "R1",
			 "freed memory was written to, at %zu of an "
			 "object",
			 offset);
	if (s->mem.live)
		sim_fail(s, "leak", "%u allocations are left", s->mem.live);
}

void world_fini(struct world *w)
{
	unsigned int i;

	w->sim->fail_armed = false;
	fini_devices(w);
	if (w->unit)
		must(w, w->vendor->remove(w), "the IOMMU stays");
	for (i = 0; i < w->cfg.endpoints; i++)
		endpoint_fini(&w->eps[i]);
	if (w->sys)
		must(w, iommu_system_destroy(w->sys), "the system stays");
	w->sys = NULL;
	if (w->hw)
		w->vendor->destroy(w);
	check_left(w);
}
