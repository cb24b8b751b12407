/* SPDX-License-Identifier: MIT */
/*
 * An SMMUv3 in a simulation: the model, its driver, and what the watchers want
 * to know of its registers.
 */
#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>

#include "base/errno.h"
#include "fmt/arm_pt.h"
#include "pgtable/arm_lpae.h"
#include "plat/sim/breaks.h"
#include "plat/sim/nest.h"
#include "plat/sim/world.h"

#define QUIET_TURNS   200u
#define OVERFLOW_FLAG (UINT32_C(1) << 31)

static void watch_queue_base(struct watch *t, uint64_t offset, uint64_t value)
{
	switch (offset) {
	case SMMU_CMDQ_BASE:
		t->cmdq_base = value;
		t->cmdq_prod = 0;
		break;
	case SMMU_PRIQ_BASE:
		t->priq_base = value;
		break;
	case SMMU_EVENTQ_BASE:
		t->evtq_base = value;
		break;
	case SMMU_STRTAB_BASE:
		t->strtab_base = value;
		break;
	default:
		break;
	}
}

/* A register is about to be written. False: it is not. */
static bool on_write(struct world *w, uint64_t offset, uint64_t *value)
{
	uint32_t narrow = (uint32_t)*value;

	/* A queue that nobody reads: PROD stands still. */
	if (w->dead && offset == SMMU_CMDQ_PROD)
		return false;
	if (w->dead && offset == SMMU_CR0 &&
	    !REG_GET(SMMU_CR0_SMMUEN, narrow)) {
		if (sim_broken(w->sim, BREAK_NOT_CLOSED)) {
			sim_strike(w->sim, narrow);
			return false;
		}
		w->watch.off = true;
	}
	watch_queue_base(&w->watch, offset, *value);
	if (offset == SMMU_STRTAB_BASE_CFG)
		w->watch.strtab_cfg = narrow;
	if (offset == SMMU_PRIQ_CONS)
		w->watch.priq_cons = narrow;
	if (offset == SMMU_CMDQ_PROD)
		watch_commands(&w->watch, narrow);
	if (offset == SMMU_PRIQ_CONS && sim_broken(w->sim, BREAK_NO_OVACK) &&
	    narrow & OVERFLOW_FLAG) {
		sim_strike(w->sim, narrow);
		*value &= ~(uint64_t)OVERFLOW_FLAG;
	}
	return true;
}

static void on_record(struct world *w, uint64_t pa, void *record)
{
	watch_record(&w->watch, pa, record);
}

/* What the seed makes of the hardware. */
static void configure(struct world *w, struct smmuv3_hw_cfg *cfg)
{
	static const unsigned int batches[] = { 0, 1, 1, 3 };
	struct sim *s = w->sim;

	smmuv3_hw_cfg_default(cfg);
	cfg->personality = sim_random(s, 4) ? HW_STRICT : HW_EAGER;
	cfg->eager_period = 5;
	cfg->tlb_lg2 = 6;
	cfg->command_batch = batches[sim_random(s, 4)];
	if (sim_random(s, 2))
		cfg->idr[3] = (uint32_t)REG_PUT(SMMU_IDR3_RIL,
						(uint64_t)cfg->idr[3], 0);
	if (w->cfg.guests)
		cfg->idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_S2P,
						(uint64_t)cfg->idr[0], 1);
	if (w->cfg.kind != ENDPOINT_STALL)
		return;
	cfg->idr[0] = (uint32_t)REG_PUT(SMMU_IDR0_STALL_MODEL,
					(uint64_t)cfg->idr[0],
					SMMU_IDR0_STALL_MODEL_BOTH);
	cfg->idr[5] = (uint32_t)REG_PUT(SMMU_IDR5_STALL_MAX,
					(uint64_t)cfg->idr[5],
					1 + sim_random(s, 4));
}

static int create_hw(struct world *w)
{
	struct hw_bus bus = endpoint_bus;
	struct smmuv3_hw_cfg cfg;
	size_t size;
	int err;

	configure(w, &cfg);
	bus.ctx = w;
	size = smmuv3_hw_size(&cfg);
	w->hw_mem = sim_heap_alloc(&w->sim->mem, size);
	if (!w->hw_mem)
		return -ENOMEM;
	err = smmuv3_hw_create(&cfg, world_env(w), &bus, w->hw_mem, size,
			       &w->hw);
	if (err)
		(void)sim_heap_free(&w->sim->mem, w->hw_mem);
	return err;
}

static void on_step(void *arg, enum sim_point kind)
{
	struct world *w = arg;

	/* Where the driver has just stored, or the SMMU is about to load. */
	if (kind == SIM_MMIO || kind == SIM_WALK)
		watch_look(&w->watch);
}

static int create(struct world *w)
{
	const struct smmuv3_desc desc = {
		.name = "smmuv3.0",
		.mmio = world_window(w, 0x20000),
		.sid_bits = 3,
		.cmdq_lg2 = 3 + (unsigned int)sim_random(w->sim, 3),
		.evtq_lg2 = w->cfg.evtq_lg2 ? w->cfg.evtq_lg2 : 5,
		.priq_lg2 = w->cfg.priq_lg2 ? w->cfg.priq_lg2 : 5,
		.timeout_ms = WORLD_TIMEOUT_MS,
	};
	int err = create_hw(w);

	if (err)
		return err;
	w->watch = (struct watch){ .w = w };
	w->sim->on_step = on_step;
	w->sim->on_step_arg = w;
	return smmuv3_probe(w->sys, &desc, &w->unit);
}

static int take_down(struct world *w)
{
	int err = smmuv3_remove(w->unit);

	if (!err)
		w->unit = NULL;
	return err;
}

static void destroy(struct world *w)
{
	w->sim->on_step = NULL;
	smmuv3_hw_destroy(w->hw);
	(void)sim_heap_free(&w->sim->mem, w->hw_mem);
	w->hw = NULL;
}

static bool overflow_stands(struct world *w)
{
	uint32_t prod, cons;

	prod = (uint32_t)w->hw->ops->mmio_read(w->hw, SMMU_PRIQ_PROD, 4);
	cons = (uint32_t)w->hw->ops->mmio_read(w->hw, SMMU_PRIQ_CONS, 4);
	return (prod ^ cons) & OVERFLOW_FLAG;
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
	return watch_eats(&w->watch, index);
}

/* Guests: CDs in one array, tables of 39 bits with pages of 4 KiB. */

enum { PASIDS = 16, LEVELS = 3, WIDTH = 39, CD_WORDS = 8 };

static void guest_init_table(le64_atomic *table, uint64_t gpa)
{
	/* As it is: no CD is valid. */
	(void)table, (void)gpa;
}

static void guest_write_entry(le64_atomic *table,
			      const struct sim_nest_entry *e)
{
	le64_atomic *words = table + (size_t)CD_WORDS * e->pasid;
	struct smmu_cd cd = { { 0 } };
	unsigned int i;

	FIELD_SET(SMMU_CD_V, &cd, e->on);
	FIELD_SET(SMMU_CD_T0SZ, &cd, 64 - WIDTH);
	FIELD_SET(SMMU_CD_TG0, &cd, SMMU_TG0_4K);
	FIELD_SET(SMMU_CD_EPD1, &cd, 1);
	FIELD_SET(SMMU_CD_IPS, &cd, SMMU_PS_48);
	FIELD_SET(SMMU_CD_AA64, &cd, 1);
	FIELD_SET(SMMU_CD_S, &cd, e->stalls);
	FIELD_SET(SMMU_CD_R, &cd, 1);
	FIELD_SET(SMMU_CD_A, &cd, 1);
	FIELD_SET(SMMU_CD_ASET, &cd, 1);
	FIELD_SET(SMMU_CD_ASID, &cd, e->asid);
	smmu_cd_set_ttb0(&cd, e->root);
	smmu_cd_set_mair(&cd, ARM_LPAE_MAIR);
	for (i = CD_WORDS; i--;)
		le64_store_release(&words[i], cd.dw[i]);
}

static uint64_t guest_link(uint64_t gpa)
{
	return gpa | ARM_PTE_KIND_TABLE;
}

static uint64_t guest_leaf(uint64_t gpa)
{
	struct arm_pte pte = { { gpa | ARM_PTE_KIND_PAGE } };

	FIELD_SET(ARM_PTE_S1_AP, &pte, ARM_PTE_S1_AP_USER);
	FIELD_SET(ARM_PTE_S1_SH, &pte, ARM_PTE_SH_ISH);
	FIELD_SET(ARM_PTE_S1_AF, &pte, 1);
	FIELD_SET(ARM_PTE_S1_NG, &pte, 1);
	return pte.dw[0];
}

static unsigned int guest_id(struct world *w, unsigned int index,
			     ioasid_t pasid)
{
	(void)pasid;
	return watch_vmid(&w->watch, index);
}

static const struct sim_nest nest = {
	.model = IOMMU_MODEL_ARM_SMMU,
	.format = IOMMU_PASID_FORMAT_SMMUV3,
	.size = PASIDS * sizeof(struct smmu_cd),
	.pages = 1,
	.levels = LEVELS,
	.tagged = true,
	.init = guest_init_table,
	.entry = guest_write_entry,
	.link = guest_link,
	.leaf = guest_leaf,
	.id = guest_id,
};

const struct sim_vendor sim_smmuv3 = {
	.name = "smmuv3",
	.table = IOMMU_TABLE_ARM_64_LPAE_S1,
	.nest = &nest,
	.create = create,
	.remove = take_down,
	.destroy = destroy,
	.quiet = quiet,
	.lets_ats = lets_ats,
	.wrote = on_record,
	.writes = on_write,
	.flush_first = true,
};
