/* SPDX-License-Identifier: MIT */
#include "plat/sim/space.h"

#include <string.h>

#include "base/bits.h"
#include "base/errno.h"
#include "plat/sim/breaks.h"
#include "plat/sim/world.h"

#define SPACE_VA_BITS 48u
#define SPACE_PA_BITS 40u

static struct space *to_space(struct iommu_mm *mm)
{
	return container_of(mm, struct space, mm);
}

/* Tables come from the simulation, are its own, and never run out. */

static void *table_pages(void *ctx, size_t size)
{
	struct space *sp = ctx;

	return sim_pages_alloc(&sp->sim->mem, size, SIM_FRAME_TABLE, sp);
}

static void table_free(void *ctx, void *pages, size_t size)
{
	struct space *sp = ctx;

	if (pages &&
	    !sim_pages_free(&sp->sim->mem, pages, size, "R6",
			    "hardware walks the table of a process that exited"))
		sim_fail(sp->sim, "crash", "a table is freed twice");
}

static uint64_t table_phys(void *ctx, const void *va)
{
	struct space *sp = ctx;

	return sim_phys(&sp->sim->mem, va);
}

static void *table_virt(void *ctx, uint64_t pa)
{
	struct space *sp = ctx;

	return sim_virt(&sp->sim->mem, pa, 1);
}

static int op_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			struct iommu_mm_table *ret_table)
{
	struct space *sp = to_space(mm);

	/* Without a lock: no other thread runs before it returns. */
	return sp->gone ? -ESRCH : mm_table_want(&sp->table, fmt, ret_table);
}

static struct sim_frame *frame_of(struct space *sp, uint64_t pa)
{
	return sim_frame_at(&sp->sim->mem, pa);
}

/* Lock held. 0, or what the fault fails with. */
static int fault_in(struct space *sp, unsigned int page, unsigned int perm)
{
	struct space_page *p = &sp->pages[page];
	struct sim_frame *frame;
	void *mem;

	if (!p->allowed)
		return -EFAULT;
	if (perm & ~p->allowed & IOMMU_PERM_RWX)
		return -EACCES;
	if (p->frame)
		return 0;
	if (sim_fails(sp->sim, "a page"))
		return -ENOMEM;
	mem = sim_pages_alloc(&sp->sim->mem, SIM_PAGE, SIM_FRAME_USER, sp);
	if (!mem)
		return -ENOMEM;
	p->frame = sim_phys(&sp->sim->mem, mem);
	frame = frame_of(sp, p->frame);
	frame->va = space_va(page);
	frame->perm = p->allowed;
	return mm_table_set(&sp->table, space_va(page), p->frame, p->allowed);
}

static int op_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			   unsigned int perm, size_t *ret_done)
{
	struct space *sp = to_space(mm);
	struct sim *s = sp->sim;
	int err = 0;
	size_t i;

	if (sp->freed)
		sim_fail(s, "R1", "a fault of %s after it was freed", sp->name);
	if (sp->gone)
		sim_fail(s, "R6", "a fault of %s after its exit", sp->name);
	if (!world_bonds_of(s->world, sp))
		sim_fail(s, "R1", "a fault of %s after its last unbind",
			 sp->name);
	sp->handling++;
	plat_lock(&s->plat, &sp->lock);
	for (i = 0; i < count && !err; i++, va += SIM_PAGE) {
		uint64_t page = (va - SPACE_BASE) / SIM_PAGE;

		if (!ledger_waits(s->world, sp, page))
			sim_fail(s, "R15",
				 "%s: page %u, which no group asks "
				 "for, is faulted in",
				 sp->name, (unsigned int)page);
		err = va < SPACE_BASE || page >= SPACE_PAGES ?
			      -EFAULT :
			      fault_in(sp, (unsigned int)page, perm);
	}
	*ret_done = err ? i - 1 : i;
	plat_unlock(&s->plat, &sp->lock);
	sp->handling--;
	return err;
}

/* The frames of a page go, or will: a device that reaches them breaks @rule. */
static void give_up(struct space *sp, struct space_page *p, const char *rule,
		    const char *why)
{
	if (!p->frame)
		return;
	if (!sim_pages_free(&sp->sim->mem, sim_virt(&sp->sim->mem, p->frame, 1),
			    SIM_PAGE, rule, why))
		sim_fail(sp->sim, "crash", "a frame is freed twice");
	p->frame = 0;
}

static void op_exit(struct iommu_mm *mm)
{
	struct space *sp = to_space(mm);
	unsigned int i;

	sp->gone = true;
	sp->gone_step = sp->sim->steps;
	for (i = 0; i < SPACE_PAGES; i++)
		give_up(sp, &sp->pages[i], "R6",
			"a device reaches the memory of a process that exited");
	mm_table_fini(&sp->table);
}

static void op_free(struct iommu_mm *mm)
{
	struct space *sp = to_space(mm);

	if (!sp->gone || sp->freed)
		sim_fail(sp->sim, "R14", "%s is freed %s", sp->name,
			 sp->freed ? "twice" : "before its exit");
	if (sp->handling)
		sim_fail(sp->sim, "R1", "%s is freed in the middle of a fault",
			 sp->name);
	sp->freed = true;
	plat_lock_fini(&sp->sim->plat, &sp->lock);
	memset(&sp->mm, SIM_POISON, sizeof(sp->mm));
}

static const struct iommu_mm_ops space_ops = {
	.get_table = op_get_table,
	.handle_fault = op_handle_fault,
	.exit = op_exit,
	.free = op_free,
};

int space_init(struct space *sp, struct sim *s, struct iommu_system *sys,
	       const char *name, enum iommu_table_fmt fmt)
{
	const struct mm_table_cfg cfg = {
		.plat = &sp->table_plat,
		.va_bits = SPACE_VA_BITS,
		.pa_bits = SPACE_PA_BITS,
		.x86_levels = 4,
	};
	struct iommu_mm_table table;
	int err;

	memset(sp, 0, sizeof(*sp));
	sp->sim = s;
	sp->name = name;
	sp->table_ops.pages_alloc = table_pages;
	sp->table_ops.pages_free = table_free;
	sp->table_ops.virt_to_phys = table_phys;
	sp->table_ops.phys_to_virt = table_virt;
	sp->table_plat.ops = &sp->table_ops;
	sp->table_plat.ctx = sp;
	mm_table_init(&sp->table, &cfg);
	err = mm_table_want(&sp->table, fmt, &table);
	if (err)
		return err;
	plat_lock_init(&s->plat, &sp->lock, PLAT_LOCK_MUTEX, PLAT_RANK_MM,
		       name);
	iommu_mm_init(&sp->mm, sys, &space_ops);
	return 0;
}

/* Notifications, or what a break leaves of them. */
static void invalidate(struct space *sp, uint64_t start, uint64_t end)
{
	struct sim *s = sp->sim;

	if (sim_broken(s, BREAK_ATTACH_GAP) && world_binding(s->world)) {
		sim_strike(s, start);
		return;
	}
	if (sim_broken(s, BREAK_SHORT_RANGE) && end - start > SIM_PAGE) {
		sim_strike(s, end);
		end -= SIM_PAGE;
	}
	iommu_mm_invalidate_range(&sp->mm, start, end);
}

void space_map(struct space *sp, unsigned int page, unsigned int perm)
{
	struct space_page *p = &sp->pages[page];

	plat_lock(&sp->sim->plat, &sp->lock);
	if (!p->allowed) {
		p->allowed = perm;
		p->changed = sp->sim->steps;
	}
	plat_unlock(&sp->sim->plat, &sp->lock);
	sim_note(sp->sim, "mapped", space_va(page));
}

void space_touch(struct space *sp, unsigned int page)
{
	plat_lock(&sp->sim->plat, &sp->lock);
	if (fault_in(sp, page, IOMMU_PERM_READ))
		sim_note(sp->sim, "not touched", space_va(page));
	plat_unlock(&sp->sim->plat, &sp->lock);
}

void space_unmap(struct space *sp, unsigned int first, unsigned int count)
{
	struct sim *s = sp->sim;
	uint64_t start = space_va(first), end = space_va(first + count);
	bool raced = world_binding(s->world);
	const char *rule;
	unsigned int i;

	plat_lock(&s->plat, &sp->lock);
	for (i = first; i < first + count; i++) {
		sp->pages[i].allowed = 0;
		sp->pages[i].changing = true;
		sp->pages[i].changed = s->steps;
	}
	sim_point(s, SIM_NOTE, "unmap", start);
	mm_table_clear(&sp->table, start, end, NULL);
	sim_point(s, SIM_NOTE, "cleared", start);
	invalidate(sp, start, end);
	/* From here on the memory is somebody else's. */
	raced |= world_binding(s->world);
	rule = raced ? "R11" : "R9";
	world_check_unmapped(s->world, sp, first, count, rule);
	for (i = first; i < first + count; i++) {
		give_up(sp, &sp->pages[i], rule,
			"a device reaches memory after the unmap returned");
		sp->pages[i].changing = false;
		sp->pages[i].changed = s->steps;
	}
	plat_unlock(&s->plat, &sp->lock);
	sim_note(s, "unmapped", start);
}

void space_protect(struct space *sp, unsigned int page, unsigned int perm)
{
	struct space_page *p = &sp->pages[page];
	struct sim *s = sp->sim;
	struct sim_frame *frame;

	plat_lock(&s->plat, &sp->lock);
	if (p->allowed & ~perm && p->allowed & perm) {
		p->allowed &= perm;
		p->changing = true;
		p->changed = s->steps;
		if (p->frame && mm_table_set(&sp->table, space_va(page),
					     p->frame, p->allowed))
			sim_fail(s, "crash", "a page table is full");
		invalidate(sp, space_va(page), space_va(page + 1));
		if (p->frame) {
			frame = frame_of(sp, p->frame);
			frame->perm = p->allowed;
		}
		p->changing = false;
		p->changed = s->steps;
	}
	plat_unlock(&s->plat, &sp->lock);
	sim_note(s, "protected", space_va(page));
}

void space_exit(struct space *sp)
{
	struct sim *s = sp->sim;

	sim_note(s, "exit", 0);
	sp->exit_step = s->steps + 1;
	s->exiting = s->current;
	iommu_mm_put_users(&sp->mm);
	s->exiting = NULL;
	sim_note(s, "exited", sp->gone);
}

struct space *space_of_root(struct sim *s, uint64_t root)
{
	struct sim_frame *frame = sim_frame_at(&s->mem, root);

	if (!frame || frame->kind != SIM_FRAME_TABLE)
		return NULL;
	/* Told apart from a stale pointer by the memory staying what it is. */
	return (struct space *)(uintptr_t)frame->owner;
}
