/* SPDX-License-Identifier: MIT */
/*
 * A VT-d unit in a simulation: the model, its driver, and what the watchers
 * want to know of its registers.
 */
#include <sva/vtd.h>
#include <sva/vtd_hw.h>

#include "base/errno.h"
#include "base/le64.h"
#include "fmt/x86_pt.h"
#include "plat/sim/breaks.h"
#include "plat/sim/nest.h"
#include "plat/sim/world.h"

#define QUIET_TURNS 200u
#define PRQ_LG2     7u /* the smallest there is */
#define PRQ_BYTES   (UINT64_C(1) << (PRQ_LG2 + VTD_PRD_LG2))

static void watch_base(struct vtd_watch *t, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case VTD_GCMD:
		/* The dead queue is given up: what follows is another one's. */
		t->spare |= t->w->dead && !REG_GET(VTD_GCMD_QIE, value);
		break;
	case VTD_IQA:
		t->iqa = value;
		t->iqt = 0;
		break;
	case VTD_PQA:
		t->pqa = value;
		break;
	case VTD_RTADDR:
		t->rtaddr = value;
		break;
	case VTD_FEDATA:
		t->fault_data = (uint32_t)value;
		break;
	default:
		break;
	}
}

/*
 * A scenario may want fewer places than the smallest queue has. The driver
 * looks at the tail only, so to the unit all others are taken: the head it
 * hears of is that far behind the tail's last place.
 */
static void shrink_prq(struct world *w, uint64_t *head)
{
	uint64_t places = (UINT64_C(1) << w->cfg.priq_lg2) + 1;

	w->vtd.pqh = *head;
	if (w->cfg.priq_lg2)
		*head = (*head + (places << VTD_PRD_LG2)) & (PRQ_BYTES - 1);
}

/* With the queue dead the driver sets a table that blocks everything. */
static bool close_unit(struct world *w, uint64_t value)
{
	if (sim_broken(w->sim, BREAK_NOT_CLOSED)) {
		sim_strike(w->sim, value);
		return false;
	}
	w->vtd.off = true;
	return true;
}

/* A register is about to be written. False: it is not. */
static bool on_write(struct world *w, uint64_t offset, uint64_t *value)
{
	/* A queue that nobody reads: the tail stands still. Another is read. */
	if (w->dead && offset == VTD_IQT && !w->vtd.spare)
		return false;
	if (w->dead && offset == VTD_RTADDR && !close_unit(w, *value))
		return false;
	watch_base(&w->vtd, offset, *value);
	if (offset == VTD_PQH)
		shrink_prq(w, value);
	if (offset == VTD_IQT)
		vtd_watch_descriptors(&w->vtd, *value);
	/* With the requests that are pending, which come first. */
	if (offset == VTD_PRS && sim_broken(w->sim, BREAK_EARLY_OVACK) &&
	    REG_GET(VTD_PRS_PPR, *value)) {
		sim_strike(w->sim, *value);
		*value |= FIELD_MASK(VTD_PRS_PRO);
	}
	return true;
}

static void on_record(struct world *w, uint64_t pa, void *record)
{
	vtd_watch_record(&w->vtd, pa, record);
}

/* The first fault is recorded of some: by whoever caused it. [R6] */
static void on_interrupt(struct world *w, uint32_t data)
{
	if (data == w->vtd.fault_data)
		world_check_event_of_txn(w);
}

/* What the seed makes of the hardware. */
static void configure(struct world *w, struct vtd_hw_cfg *cfg)
{
	static const unsigned int batches[] = { 0, 1, 1, 3 };
	struct sim *s = w->sim;

	vtd_hw_cfg_default(cfg);
	cfg->personality = sim_random(s, 4) ? HW_STRICT : HW_EAGER;
	cfg->eager_period = 5;
	cfg->iotlb_lg2 = 6;
	cfg->command_batch = batches[sim_random(s, 4)];
	cfg->collapse = sim_random(s, 2);
	/* SRTP does not invalidate, so the driver does. */
	if (sim_random(s, 3) == 0)
		cfg->cap = REG_PUT(VTD_CAP_ESRTPS, cfg->cap, 0);
	if (sim_random(s, 3) == 0)
		cfg->ecap = REG_PUT(VTD_ECAP_ADMS, cfg->ecap,
				    !REG_GET(VTD_ECAP_ADMS, cfg->ecap));
}

/*
 * A unit may fetch the words of a PASID entry in any order, and may have
 * fetched them at any time since it was last told to forget that PASID
 * (src/drivers/vtd/entry.h). The model fetches all at once, P first; so now
 * and then the others are those of an earlier look.
 */
static int load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct world *w = ctx;
	struct vtd_fetch *f = &w->vtd.fetches[w->sim->current->id];
	struct vtd_pasid *early;

	if (pa > f->pa && pa < f->pa + sizeof(f->pe.dw)) {
		*ret_value = f->pe.dw[(pa - f->pa) / 8];
		return 0;
	}
	f->pa = 0;
	early = sim_random(w->sim, 2) ? vtd_watch_early(&w->vtd, pa) : NULL;
	if (early) {
		f->pa = pa;
		f->pe = *early;
	}
	return w->env.mem_load64(w, pa, ret_value);
}

static int create_hw(struct world *w)
{
	struct hw_env env = *world_env(w);
	struct hw_bus bus = endpoint_bus;
	struct vtd_hw_cfg cfg;
	size_t size;
	int err;

	configure(w, &cfg);
	bus.ctx = w;
	size = vtd_hw_size(&cfg);
	w->hw_mem = sim_heap_alloc(&w->sim->mem, size);
	if (!w->hw_mem)
		return -ENOMEM;
	env.mem_load64 = load64;
	err = vtd_hw_create(&cfg, &env, &bus, w->hw_mem, size, &w->hw);
	if (err)
		(void)sim_heap_free(&w->sim->mem, w->hw_mem);
	return err;
}

static void on_step(void *arg, enum sim_point kind)
{
	struct world *w = arg;

	/* Where the driver has just stored, or the unit is about to load. */
	if (kind == SIM_MMIO || kind == SIM_WALK)
		vtd_watch_look(&w->vtd);
}

static int create(struct world *w)
{
	const struct vtd_desc desc = {
		.name = "vtd.0",
		.mmio = world_window(w, 0x1000),
		.queue_lg2 = 7 + (unsigned int)sim_random(w->sim, 2),
		.prq_lg2 = PRQ_LG2,
		.timeout_ms = WORLD_TIMEOUT_MS,
		.ats_timeout_ms = WORLD_TIMEOUT_MS,
	};
	int err = create_hw(w);

	if (err)
		return err;
	w->vtd = (struct vtd_watch){ .w = w };
	w->sim->on_step = on_step;
	w->sim->on_step_arg = w;
	return vtd_probe(w->sys, &desc, &w->unit);
}

static int take_down(struct world *w)
{
	int err = vtd_remove(w->unit);

	if (!err)
		w->unit = NULL;
	return err;
}

static void destroy(struct world *w)
{
	w->sim->on_step = NULL;
	vtd_hw_destroy(w->hw);
	(void)sim_heap_free(&w->sim->mem, w->hw_mem);
	w->hw = NULL;
}

static bool overflow_stands(struct world *w)
{
	return REG_GET(VTD_PRS_PRO, w->hw->ops->mmio_read(w->hw, VTD_PRS, 4));
}

/* [R15]: after all is answered no overflow is left standing for long. */
static void quiet(struct world *w)
{
	unsigned int turns;

	for (turns = 0; overflow_stands(w); turns++) {
		if (turns == QUIET_TURNS)
			sim_fail(w->sim, "R15",
				 "an overflow is never acknowledged");
		sim_relax(w->sim);
	}
}

static bool lets_ats(struct world *w, unsigned int index)
{
	return vtd_watch_dte(&w->vtd, index);
}

/* Guests: a directory, a page behind it the first table, which is all. */

enum { LEVELS = 4, WIDTH = 48 };

#define TABLE_WORDS (SIM_PAGE / 8u)

static void guest_init_table(le64_atomic *table, uint64_t gpa)
{
	struct vtd_pasid_dir pde = { { 0 } };

	FIELD_SET(VTD_PASID_DIR_P, &pde, 1);
	vtd_pasid_dir_set_smptblptr(&pde, gpa + SIM_PAGE);
	le64_store_release(&table[0], pde.dw[0]);
}

static void guest_write_entry(le64_atomic *table,
			      const struct sim_nest_entry *e)
{
	le64_atomic *words =
		table + TABLE_WORDS + (size_t)VTD_PASID_WORDS_ALL * e->pasid;
	struct vtd_pasid pe = { { 0 } };
	unsigned int i;

	FIELD_SET(VTD_PASID_P, &pe, e->on);
	FIELD_SET(VTD_PASID_AW, &pe, VTD_AW_48);
	FIELD_SET(VTD_PASID_PGTT, &pe, VTD_PASID_PGTT_FS);
	FIELD_SET(VTD_PASID_FSPM, &pe, VTD_PASID_FSPM_4);
	/* The guest's own, which nobody looks at. */
	FIELD_SET(VTD_PASID_DID, &pe, e->asid);
	vtd_pasid_set_fsptptr(&pe, e->root);
	for (i = VTD_PASID_WORDS_ALL; i--;)
		le64_store_release(&words[i], pe.dw[i]);
}

/* Bits that are the same in both. */
static uint64_t guest_pte(uint64_t gpa)
{
	struct x86_pte pte = { { 0 } };

	FIELD_SET(X86_PTE_P, &pte, 1);
	FIELD_SET(X86_PTE_RW, &pte, 1);
	FIELD_SET(X86_PTE_US, &pte, 1);
	x86_pte_set_addr(&pte, gpa);
	return pte.dw[0];
}

static unsigned int guest_id(struct world *w, unsigned int index,
			     ioasid_t pasid)
{
	return vtd_watch_did(&w->vtd, index, pasid);
}

static const struct sim_nest nest = {
	.model = IOMMU_MODEL_INTEL_VTD,
	.format = IOMMU_PASID_FORMAT_VTD,
	.size = UINT64_C(8) << VTD_PASID_DIR_LG2_MIN,
	.pages = 2,
	.levels = LEVELS,
	.width = WIDTH,
	.init = guest_init_table,
	.entry = guest_write_entry,
	.link = guest_pte,
	.leaf = guest_pte,
	.id = guest_id,
	.own_ids = true,
};

const struct sim_vendor sim_vtd = {
	.name = "vtd",
	.table = IOMMU_TABLE_X86_64,
	.nest = &nest,
	.create = create,
	.remove = take_down,
	.destroy = destroy,
	.quiet = quiet,
	.lets_ats = lets_ats,
	.wrote = on_record,
	.writes = on_write,
	.interrupts = on_interrupt,
	.posted = true,
};
