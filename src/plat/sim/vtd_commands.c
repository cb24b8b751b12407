/* SPDX-License-Identifier: MIT */
/*
 * The invalidation queue between the driver and the unit: what is in it is
 * noted, and changed by breaks, before the unit sees the new tail.
 */
#include "base/bits.h"
#include "base/le64.h"
#include "plat/sim/breaks.h"
#include "plat/sim/world.h"

#define DESCRIPTOR ((uint64_t)1 << VTD_INV_256_LG2)

/* The new ones, first to last. */
struct fresh {
	struct vtd_watch *t;
	uint64_t from;
	unsigned int count;
};

static le64_atomic *slot(const struct fresh *f, unsigned int i)
{
	uint64_t base = f->t->iqa & FIELD_MASK(VTD_IQA_IQA);
	uint64_t size = UINT64_C(1) << (VTD_QUEUE_UNIT_LG2 +
					REG_GET(VTD_IQA_QS, f->t->iqa));
	uint64_t at = (f->from + i * DESCRIPTOR) & (size - 1);

	return le64_at(sim_virt(&f->t->w->sim->mem, base + at, DESCRIPTOR));
}

static struct vtd_inv read_inv(const struct fresh *f, unsigned int i)
{
	const le64_atomic *words = slot(f, i);
	struct vtd_inv inv;
	unsigned int k;

	for (k = 0; k < 4; k++)
		inv.dw[k] = le64_load_relaxed(&words[k]);
	return inv;
}

static void write_inv(const struct fresh *f, unsigned int i,
		      const struct vtd_inv *inv)
{
	le64_atomic *words = slot(f, i);
	unsigned int k;

	for (k = 0; k < 4; k++)
		le64_store_relaxed(&words[k], inv->dw[k]);
}

static bool is_dev_tlb(const struct vtd_inv *inv)
{
	unsigned int type = vtd_inv_type(inv);

	return type == VTD_INV_DEVTLB || type == VTD_INV_PDEVTLB;
}

static bool is_tlb(const struct vtd_inv *inv)
{
	unsigned int type = vtd_inv_type(inv);

	return type == VTD_INV_IOTLB || type == VTD_INV_PIOTLB;
}

/* All of a domain, or of a PASID of it. */
static bool is_wide(const struct vtd_inv *inv)
{
	if (vtd_inv_type(inv) == VTD_INV_IOTLB)
		return FIELD_GET(VTD_INV_IOTLB_G, inv) != VTD_INV_IOTLB_G_PAGE;
	return vtd_inv_type(inv) == VTD_INV_PIOTLB &&
	       FIELD_GET(VTD_INV_PIOTLB_G, inv) == VTD_INV_PIOTLB_G_PASID;
}

/* Of what both stages of a guest made. */
static bool is_guest(const struct world *w, const struct vtd_inv *inv)
{
	uint64_t did = vtd_inv_type(inv) == VTD_INV_IOTLB ?
			       FIELD_GET(VTD_INV_IOTLB_DID, inv) :
			       FIELD_GET(VTD_INV_PIOTLB_DID, inv);

	return is_tlb(inv) && did < VTD_WATCH_DIDS && w->vtd.dids[did].guest;
}

/* Somebody waits for what is in front of it. */
static bool is_end(const struct vtd_inv *inv)
{
	return vtd_inv_type(inv) == VTD_INV_WAIT &&
	       FIELD_GET(VTD_INV_WAIT_SW, inv);
}

/* Is this a descriptor that the break takes out? */
static bool drops(const struct world *w, const struct vtd_inv *inv)
{
	unsigned int type = vtd_inv_type(inv);
	bool tlbs = is_tlb(inv) || is_dev_tlb(inv);
	bool entry = type == VTD_INV_PC;
	const struct sim *s = w->sim;
	const struct {
		enum sim_break_id id;
		bool hit;
	} rows[] = {
		{ BREAK_NO_PASID_INV, entry },
		{ BREAK_NO_CONTEXT_INV, type == VTD_INV_CC },
		{ BREAK_NO_TLBI, is_tlb(inv) && !watch_unbinding(w) },
		{ BREAK_NO_ATC_INV, is_dev_tlb(inv) },
		{ BREAK_SKIP_QUIESCE, entry && watch_exiting(w) },
		{ BREAK_EXIT_NO_TLBI, tlbs && watch_exiting(w) },
		{ BREAK_UNBIND_NO_INV, (tlbs || entry) && watch_unbinding(w) },
		{ BREAK_MAP_GAP, tlbs && w->deaf },
		{ BREAK_DIRTY_FLUSH, tlbs && w->deaf },
		{ BREAK_ASID_FLUSH, is_wide(inv) && watch_unbinding(w) },
		{ BREAK_GUEST_INV, tlbs && w->deaf },
		{ BREAK_GUEST_SWAP, (tlbs || entry) && w->deaf },
		{ BREAK_GUEST_REPLACE, (tlbs || entry) && w->deaf },
		{ BREAK_GUEST_ENTRY, (tlbs || entry) && w->deaf },
		{ BREAK_GUEST_UNMAP, is_guest(w, inv) && w->deaf },
		{ BREAK_GUEST_UNMAP_ATC, is_dev_tlb(inv) && w->deaf },
		{ BREAK_GUEST_ID, is_wide(inv) && w->deaf },
	};
	unsigned int i;

	for (i = 0; s->broken && s->exploring && i < ARRAY_SIZE(rows); i++)
		if (rows[i].id == s->broken->id)
			return rows[i].hit;
	return false;
}

static void flushed(struct vtd_watch *t, const struct vtd_inv *inv)
{
	vtd_watch_flushed(t, inv);
	if (vtd_inv_type(inv) != VTD_INV_PC)
		return;
	vtd_watch_forget(t, FIELD_GET(VTD_INV_PC_G, inv) == VTD_INV_PC_G_PASID ?
				    (ioasid_t)FIELD_GET(VTD_INV_PC_PASID, inv) :
				    0);
}

/* The first TLB invalidation changes places with the first of a device's. */
static void reorder(const struct fresh *f)
{
	struct vtd_inv tlb = { { 0 } };
	unsigned int i, at = f->count;

	for (i = 0; i < f->count; i++) {
		struct vtd_inv inv = read_inv(f, i);

		if (is_tlb(&inv) && at == f->count) {
			tlb = inv;
			at = i;
		} else if (is_dev_tlb(&inv) && at < i) {
			sim_strike(f->t->w->sim, i);
			write_inv(f, i, &tlb);
			write_inv(f, at, &inv);
			return;
		}
	}
}

/* Who waits hears that all is done before it has begun. */
static void wait_first(const struct fresh *f)
{
	unsigned int i, k, first = 0;

	for (i = 0; i < f->count; i++) {
		struct vtd_inv end = read_inv(f, i);

		if (!is_end(&end))
			continue;
		for (k = i; k > first; k--) {
			struct vtd_inv inv = read_inv(f, k - 1);

			write_inv(f, k, &inv);
		}
		write_inv(f, first, &end);
		if (first < i)
			sim_strike(f->t->w->sim, i);
		first = i + 1;
	}
}

/* A drain waits for nothing: neither for the device nor for the unit. */
static void no_drain(const struct fresh *f)
{
	unsigned int i, k, first = 0;
	struct vtd_inv nothing = { { 0 } };

	vtd_inv_set_type(&nothing, VTD_INV_WAIT);
	for (i = 0; i < f->count; i++) {
		struct vtd_inv end = read_inv(f, i);

		if (!is_end(&end))
			continue;
		for (k = first; k < i && FIELD_GET(VTD_INV_WAIT_PD, &end); k++)
			write_inv(f, k, &nothing);
		first = i + 1;
		if (!FIELD_GET(VTD_INV_WAIT_PD, &end))
			continue;
		sim_strike(f->t->w->sim, i);
		FIELD_SET(VTD_INV_WAIT_PD, &end, 0);
		write_inv(f, i, &end);
	}
}

/* A device's cache is invalidated in place of its context entry. */
static void inv_late(const struct fresh *f, unsigned int i,
		     const struct vtd_inv *inv)
{
	uint64_t sid = FIELD_GET(VTD_INV_CC_SID, inv);
	struct world *w = f->t->w;
	struct vtd_inv late = { { 0 } };

	if (!sim_broken(w->sim, BREAK_ATC_INV_LATE) ||
	    vtd_inv_type(inv) != VTD_INV_CC || !sid || sid > w->cfg.endpoints ||
	    !w->eps[sid - 1].ats_was_on ||
	    vtd_watch_dte(f->t, (unsigned int)sid - 1))
		return;
	sim_strike(w->sim, sid);
	vtd_inv_set_type(&late, VTD_INV_DEVTLB);
	FIELD_SET(VTD_INV_DEVTLB_SID, &late, sid);
	FIELD_SET(VTD_INV_DEVTLB_S, &late, 1);
	vtd_inv_devtlb_set_addr(&late, UINT64_C(0x7ffffffffffff000));
	write_inv(f, i, &late);
}

static void rearrange(const struct fresh *f)
{
	struct sim *s = f->t->w->sim;

	if (!s->exploring)
		return;
	if (sim_broken(s, BREAK_ATC_FIRST))
		reorder(f);
	if (sim_broken(s, BREAK_NO_SYNC))
		wait_first(f);
	if (sim_broken(s, BREAK_NO_DRAIN))
		no_drain(f);
}

static void look_at(const struct fresh *f, unsigned int i)
{
	struct vtd_inv inv = read_inv(f, i), nothing = { { 0 } };
	struct sim *s = f->t->w->sim;

	sim_note(s, "descriptor", inv.dw[0]);
	inv_late(f, i, &inv);
	if (!drops(f->t->w, &inv)) {
		flushed(f->t, &inv);
		return;
	}
	sim_strike(s, inv.dw[0]);
	/* Nobody is told of it, and nobody waits for it. */
	vtd_inv_set_type(&nothing, VTD_INV_WAIT);
	write_inv(f, i, &nothing);
}

void vtd_watch_descriptors(struct vtd_watch *t, uint64_t tail)
{
	uint64_t size = UINT64_C(1)
			<< (VTD_QUEUE_UNIT_LG2 + REG_GET(VTD_IQA_QS, t->iqa));
	struct fresh f = { .t = t, .from = t->iqt };
	unsigned int i;

	if (!t->iqa)
		return;
	f.count = (unsigned int)(((tail - t->iqt) & (size - 1)) / DESCRIPTOR);
	rearrange(&f);
	for (i = 0; i < f.count; i++)
		look_at(&f, i);
	t->iqt = tail;
}
