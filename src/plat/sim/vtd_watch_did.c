/* SPDX-License-Identifier: MIT */
/*
 * Domain ids of a VT-d unit: each has one owner [R13]. What is cached of a
 * nested entry is known by domain id and PASID, so within one id a PASID has
 * one first stage (6.2.3.1).
 */
#include <stdio.h>

#include "base/le64.h"
#include "plat/sim/breaks.h"
#include "plat/sim/world.h"

static void taken(struct sim *s, struct vtd_watch_use *use, uint64_t root,
		  unsigned int did, int pasid)
{
	char of[32] = "";

	if (pasid >= 0)
		(void)snprintf(of, sizeof(of), ", PASID %d", pasid);
	if (use->live && use->root != root)
		sim_fail(s, "R13", "two tables share domain id %u%s", did, of);
	if (use->root && use->root != root && !use->flushed)
		sim_fail(s, "R13",
			 "domain id %u%s is used again without a flush", did,
			 of);
	use->root = root;
	use->flushed = false;
	use->live = true;
}

static void did_taken(struct vtd_watch *t, const struct vtd_pasid *pe,
		      unsigned int pasid)
{
	uint64_t did = FIELD_GET(VTD_PASID_DID, pe);
	uint64_t pgtt = FIELD_GET(VTD_PASID_PGTT, pe);
	bool second = pgtt != VTD_PASID_PGTT_FS;
	struct sim *s = t->w->sim;
	struct vtd_watch_did *d;

	if (!did)
		sim_fail(s, "R13", "domain id 0 is used");
	if (did >= VTD_WATCH_DIDS)
		return;
	d = &t->dids[did];
	d->guest = pgtt == VTD_PASID_PGTT_NESTED;
	taken(s, &d->use,
	      second ? vtd_pasid_ssptptr(pe) : vtd_pasid_fsptptr(pe),
	      (unsigned int)did, -1);
	if (d->guest)
		taken(s, &d->firsts[pasid], vtd_pasid_fsptptr(pe),
		      (unsigned int)did, (int)pasid);
}

static void forget_live(struct vtd_watch_did *d)
{
	unsigned int i;

	d->use.live = false;
	for (i = 0; i < VTD_WATCH_PASIDS; i++)
		d->firsts[i].live = false;
}

void vtd_watch_dids(struct vtd_watch *t)
{
	unsigned int i, j;

	for (i = 0; i < VTD_WATCH_DIDS; i++)
		forget_live(&t->dids[i]);
	for (i = 0; i < VTD_WATCH_DEVICES; i++) {
		for (j = 0; j < VTD_WATCH_PASIDS; j++) {
			const struct vtd_watch_pasid *w = &t->pasids[i][j];

			if (w->known && FIELD_GET(VTD_PASID_P, &w->pe))
				did_taken(t, &w->pe, j);
		}
	}
}

static void all_flushed(struct vtd_watch_did *d)
{
	unsigned int i;

	d->use.flushed = true;
	for (i = 0; i < VTD_WATCH_PASIDS; i++)
		d->firsts[i].flushed = true;
}

static void flushed_iotlb(struct vtd_watch *t, const struct vtd_inv *inv)
{
	uint64_t g = FIELD_GET(VTD_INV_IOTLB_G, inv), i;
	uint64_t did = FIELD_GET(VTD_INV_IOTLB_DID, inv);

	for (i = 0; i < VTD_WATCH_DIDS; i++)
		if (g == VTD_INV_IOTLB_G_GLOBAL ||
		    (g == VTD_INV_IOTLB_G_DOMAIN && i == did))
			all_flushed(&t->dids[i]);
}

/* All that a process has, but of a guest one PASID among several. */
static void flushed_piotlb(struct vtd_watch *t, const struct vtd_inv *inv)
{
	uint64_t pasid = FIELD_GET(VTD_INV_PIOTLB_PASID, inv);
	uint64_t did = FIELD_GET(VTD_INV_PIOTLB_DID, inv);

	if (FIELD_GET(VTD_INV_PIOTLB_G, inv) != VTD_INV_PIOTLB_G_PASID ||
	    did >= VTD_WATCH_DIDS)
		return;
	if (!t->dids[did].guest)
		t->dids[did].use.flushed = true;
	else if (pasid < VTD_WATCH_PASIDS)
		t->dids[did].firsts[pasid].flushed = true;
}

void vtd_watch_flushed(struct vtd_watch *t, const struct vtd_inv *inv)
{
	if (vtd_inv_type(inv) == VTD_INV_IOTLB)
		flushed_iotlb(t, inv);
	else if (vtd_inv_type(inv) == VTD_INV_PIOTLB)
		flushed_piotlb(t, inv);
}

void vtd_watch_share_did(struct vtd_watch *t, const struct vtd_watch_pasid *w,
			 void *p)
{
	struct sim *s = t->w->sim;
	struct vtd_pasid pe;
	unsigned int i;

	if (!sim_broken(s, BREAK_ASID_SHARED) || FIELD_GET(VTD_PASID_P, &w->pe))
		return;
	le64_load_words(pe.dw, p, VTD_PASID_WORDS_ALL);
	if (FIELD_GET(VTD_PASID_P, &pe) || !vtd_pasid_fsptptr(&pe))
		return;
	for (i = 1; i < VTD_WATCH_DIDS; i++) {
		if (!t->dids[i].use.live ||
		    t->dids[i].use.root == vtd_pasid_fsptptr(&pe))
			continue;
		sim_strike(s, i);
		FIELD_SET(VTD_PASID_DID, &pe, i);
		le64_store_relaxed(le64_at(p) + 1, pe.dw[1]);
		return;
	}
}
