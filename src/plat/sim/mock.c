/* SPDX-License-Identifier: MIT */
/* The odd vendor in a simulation: its walks, and its book of answers. */
#include "plat/sim/breaks.h"
#include "plat/sim/nest.h"
#include "plat/sim/world.h"

/* Takes no lock: it runs under the mock's. */
static bool walk(uint64_t root, uint64_t va, unsigned int perm,
		 uint64_t *ret_pa)
{
	struct sim *s = sim_running;
	struct sim_frame *frame = sim_frame_at(&s->mem, root);
	struct space *sp = space_of_root(s, root);
	struct mm_table_leaf leaf;

	if (!sp)
		return false;
	if (frame->dead)
		sim_fail(s, frame->rule, "%s", frame->why);
	if (mm_table_walk(&sp->table, va, &leaf) || perm & ~leaf.perm)
		return false;
	*ret_pa = leaf.pa + va % SIM_PAGE;
	return true;
}

static int create(struct world *w)
{
	const struct mock_cfg cfg = { .walk = walk };
	int err = mock_create(w->sys, &cfg, &w->mock);

	if (err)
		return err;
	w->unit = mock_unit(w->mock);
	w->mock_seen = 0;
	return 0;
}

/* What the mock itself can be told to forget, once everything stands. */
static void built(struct world *w)
{
	const struct sim_break *broken = w->sim->broken;

	if (!broken || !broken->mock_defects)
		return;
	mock_set_defects(w->mock, broken->mock_defects);
	sim_strike(w->sim, broken->mock_defects);
}

static int take_down(struct world *w)
{
	int err = mock_destroy(w->mock);

	if (err)
		return err;
	w->mock = NULL;
	w->unit = NULL;
	return 0;
}

static struct endpoint *endpoint_of(struct world *w,
				    const struct iommu_device *dev)
{
	unsigned int i;

	for (i = 0; i < w->cfg.endpoints; i++)
		if (w->eps[i].dev == dev)
			return &w->eps[i];
	return NULL;
}

/* As the bus would have brought it. */
static void deliver(struct world *w, const struct mock_response *r)
{
	struct endpoint *ep = endpoint_of(w, r->dev);
	enum iommu_page_response_code code = r->code;
	unsigned int times = 1;
	struct sim *s = w->sim;

	if (!ep)
		sim_fail(s, "R2", "an answer to a device that is gone");
	if (s->exploring && sim_broken(s, BREAK_LOST_RESPONSE)) {
		sim_strike(s, r->prm.grpid);
		times = 0;
	}
	if (s->exploring && sim_broken(s, BREAK_WRONG_CODE)) {
		sim_strike(s, r->prm.grpid);
		code = code == IOMMU_PAGE_RESP_SUCCESS ?
			       IOMMU_PAGE_RESP_INVALID :
			       IOMMU_PAGE_RESP_SUCCESS;
	}
	while (times--)
		ledger_answer(w, ep, r->prm.grpid, r->prm.pasid, true, code);
}

void world_mock_collect(struct world *w)
{
	unsigned int at = w->mock_seen;
	struct mock_response r;

	for (; mock_response(w->mock, at, &r); at = w->mock_seen) {
		/* Another thread may have collected it meanwhile. */
		if (at != w->mock_seen)
			continue;
		w->mock_seen++;
		deliver(w, &r);
	}
}

/* Guests: all ones is nothing, in page tables and in the PASID table. */

#define NOTHING UINT64_MAX
enum { PASIDS = 16, LEVELS = 3, WIDTH = 39 };

static void guest_init_table(le64_atomic *table, uint64_t gpa)
{
	unsigned int i;

	(void)gpa;
	for (i = 0; i < PASIDS; i++)
		le64_store_relaxed(&table[i], NOTHING);
}

static void guest_write_entry(le64_atomic *table,
			      const struct sim_nest_entry *e)
{
	le64_store_release(&table[e->pasid], e->on ? e->root : NOTHING);
}

static uint64_t address_alone(uint64_t gpa)
{
	return gpa;
}

static const struct sim_nest nest = {
	.model = IOMMU_MODEL_MOCK,
	.format = IOMMU_PASID_FORMAT_MOCK,
	.size = 8 * PASIDS,
	.pages = 1,
	.levels = LEVELS,
	.width = WIDTH,
	.nothing = NOTHING,
	.init = guest_init_table,
	.entry = guest_write_entry,
	.link = address_alone,
	.leaf = address_alone,
};

const struct sim_vendor sim_mock = {
	.name = "mock",
	.table = IOMMU_TABLE_X86_64,
	.nest = &nest,
	.create = create,
	.built = built,
	.remove = take_down,
};
