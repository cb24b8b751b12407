/* SPDX-License-Identifier: MIT */
#include "plat/sim/vtd_watch.h"

#include <string.h>

#include "base/le64.h"
#include "plat/sim/breaks.h"
#include "plat/sim/world.h"

#define CONTEXT_WORDS 4u
#define PASID_WORDS   VTD_PASID_WORDS_ALL
#define PRESENT       FIELD_MASK(VTD_PASID_P)

_Static_assert((int)VTD_SM_CONTEXT_P_LO == (int)VTD_PASID_P_LO, "PRESENT");

static void *memory(struct vtd_watch *t, uint64_t pa, size_t len)
{
	return sim_virt(&t->w->sim->mem, pa, len);
}

/* Entries in memory; NULL where the tables do not lead to one. */

/* All endpoints are on bus 0, below device 16. */
static void *find_context(struct vtd_watch *t, uint32_t sid)
{
	struct vtd_root root;
	void *p = memory(t, t->rtaddr & FIELD_MASK(VTD_RTADDR_RTA), 16);

	if (!p)
		return NULL;
	le64_load_words(root.dw, p, 2);
	if (!FIELD_GET(VTD_SM_ROOT_LP, &root))
		return NULL;
	return memory(t, vtd_sm_root_lctp(&root) + sid * 32, 32);
}

/* All PASIDs are of the first table. */
static void *find_pasid(struct vtd_watch *t, const struct vtd_sm_context *ctx,
			ioasid_t pasid)
{
	struct vtd_pasid_dir pde;
	void *p;

	if (!FIELD_GET(VTD_SM_CONTEXT_P, ctx))
		return NULL;
	p = memory(t, vtd_sm_context_pasiddirptr(ctx), 8);
	if (!p)
		return NULL;
	le64_load_words(pde.dw, p, 1);
	if (!FIELD_GET(VTD_PASID_DIR_P, &pde))
		return NULL;
	return memory(t, vtd_pasid_dir_smptblptr(&pde) + pasid * 64, 64);
}

bool vtd_watch_dte(struct vtd_watch *t, unsigned int index)
{
	void *p = find_context(t, t->w->eps[index].sid);
	struct vtd_sm_context ctx;

	if (!p)
		return false;
	le64_load_words(ctx.dw, p, CONTEXT_WORDS);
	return FIELD_GET(VTD_SM_CONTEXT_P, &ctx) &&
	       FIELD_GET(VTD_SM_CONTEXT_DTE, &ctx);
}

unsigned int vtd_watch_did(struct vtd_watch *t, unsigned int index,
			   ioasid_t pasid)
{
	void *p = find_context(t, t->w->eps[index].sid);
	struct vtd_sm_context ctx;
	struct vtd_pasid pe;

	if (!p)
		return 0;
	le64_load_words(ctx.dw, p, CONTEXT_WORDS);
	p = find_pasid(t, &ctx, pasid);
	if (!p)
		return 0;
	le64_load_words(pe.dw, p, PASID_WORDS);
	return FIELD_GET(VTD_PASID_P, &pe) ?
		       (unsigned int)FIELD_GET(VTD_PASID_DID, &pe) :
		       0;
}

struct vtd_pasid *vtd_watch_early(struct vtd_watch *t, uint64_t pa)
{
	void *p = memory(t, pa, PASID_WORDS * 8);
	unsigned int i, j;

	for (i = 0; p && i < t->w->cfg.endpoints; i++) {
		for (j = 0; t->ctxs[i].known && j < VTD_WATCH_PASIDS; j++) {
			struct vtd_watch_pasid *w = &t->pasids[i][j];

			if (find_pasid(t, &t->ctxs[i].ctx, j) != p)
				continue;
			if (!w->fetched)
				le64_load_words(w->early.dw, p, PASID_WORDS);
			w->fetched = true;
			return &w->early;
		}
	}
	return NULL;
}

void vtd_watch_forget(struct vtd_watch *t, ioasid_t pasid)
{
	unsigned int i, j;

	for (i = 0; i < VTD_WATCH_DEVICES; i++)
		for (j = 0; j < VTD_WATCH_PASIDS; j++)
			if (!pasid || j == pasid)
				t->pasids[i][j].fetched = false;
}

/*
 * Here the driver tells the unit between the other words and P, so P does not
 * appear together with one of them. [R7]
 */
static void check_presented(struct sim *s, unsigned int id,
			    const struct vtd_pasid *old,
			    const struct vtd_pasid *now)
{
	unsigned int i;

	if (old->dw[0] & PRESENT || !(now->dw[0] & PRESENT))
		return;
	for (i = 1; i < PASID_WORDS; i++)
		if (old->dw[i] != now->dw[i])
			sim_fail(s, "R7",
				 "PASID %u: present before the unit was told "
				 "of word %u",
				 id, i);
}

/* Defects of drivers that write entries as they please. */

static void flip(le64_atomic *word)
{
	le64_store_relaxed(word, ~le64_load_relaxed(word));
}

/* It was present: it goes with another word, or changes and stays. */
static void tear(struct vtd_watch *t, const struct vtd_pasid *old, void *p)
{
	le64_atomic *words = le64_at(p);
	uint64_t now = le64_load_relaxed(&words[0]);
	struct vtd_pasid torn = *old;
	struct sim *s = t->w->sim;

	if (!(old->dw[0] & PRESENT) || now & PRESENT || s->broken_count)
		return;
	if (sim_broken(s, BREAK_TORN_ENTRY)) {
		sim_strike(s, now);
		FIELD_SET(VTD_PASID_FPD, &torn, 1);
		le64_store_relaxed(&words[0], torn.dw[0]);
		flip(&words[2]);
	} else if (sim_broken(s, BREAK_EARLY_WORDS)) {
		sim_strike(s, now);
		flip(&words[2]);
	}
}

/* Its words have just come, and P should wait. */
static void present_first(struct vtd_watch *t, const struct vtd_pasid *old,
			  void *p)
{
	le64_atomic *words = le64_at(p);
	struct vtd_pasid now = { { le64_load_relaxed(&words[0]) } };
	struct sim *s = t->w->sim;

	if (!sim_broken(s, BREAK_PRESENT_FIRST) || s->broken_count ||
	    now.dw[0] & PRESENT || old->dw[2] || !le64_load_relaxed(&words[2]))
		return;
	sim_strike(s, now.dw[0]);
	FIELD_SET(VTD_PASID_P, &now, 1);
	FIELD_SET(VTD_PASID_AW, &now, VTD_AW_48);
	FIELD_SET(VTD_PASID_PGTT, &now, VTD_PASID_PGTT_FS);
	le64_store_relaxed(&words[0], now.dw[0]);
}

/* A shadow of what a guest has taken out is there again. */
static void come_back(struct vtd_watch *t, struct vtd_watch_pasid *w, void *p)
{
	le64_atomic *words = le64_at(p);
	struct sim *s = t->w->sim;
	unsigned int i;

	if (FIELD_GET(VTD_PASID_P, &w->pe) &&
	    FIELD_GET(VTD_PASID_PGTT, &w->pe) == VTD_PASID_PGTT_NESTED)
		w->gone = w->pe;
	if (!sim_broken(s, BREAK_SHADOW_STALE) || !s->exploring ||
	    !w->gone.dw[0] || !w->pe.dw[1] || le64_load_relaxed(&words[1]))
		return;
	sim_strike(s, w->gone.dw[0]);
	for (i = PASID_WORDS; i--;)
		le64_store_relaxed(&words[i], w->gone.dw[i]);
	w->pe = w->gone;
}

static bool look_pasid(struct vtd_watch *t, struct vtd_watch_pasid *w, void *p,
		       ioasid_t pasid)
{
	struct vtd_pasid pe;

	if (!p) {
		bool gone = w->known;

		memset(w, 0, sizeof(*w));
		return gone;
	}
	le64_load_words(pe.dw, p, PASID_WORDS);
	if (w->known && !memcmp(pe.dw, w->pe.dw, sizeof(pe.dw)))
		return false;
	if (w->known) {
		tear(t, &w->pe, p);
		present_first(t, &w->pe, p);
		vtd_watch_share_did(t, w, p);
		come_back(t, w, p);
		le64_load_words(pe.dw, p, PASID_WORDS);
		watch_torn(t->w->sim, "PASID", pasid, PASID_WORDS, PRESENT,
			   w->pe.dw, pe.dw);
		check_presented(t->w->sim, pasid, &w->pe, &pe);
	}
	w->known = true;
	w->pe = pe;
	return true;
}

/* What keeps a device out that does not forget comes back. */
static void let_in(struct vtd_watch *t, const struct vtd_sm_context *old,
		   void *p, uint32_t sid)
{
	struct sim *s = t->w->sim;

	if (!sim_broken(s, BREAK_NOT_ISOLATED) || !s->exploring ||
	    !t->w->eps[sid - 1].mute || !(old->dw[0] & PRESENT) ||
	    le64_load_relaxed(le64_at(p)) & PRESENT)
		return;
	sim_strike(s, sid);
	le64_store_relaxed(le64_at(p), old->dw[0]);
}

static void look_context(struct vtd_watch *t, struct vtd_watch_context *w,
			 void *p, uint32_t sid)
{
	struct vtd_sm_context ctx;

	if (!p) {
		w->known = false;
		return;
	}
	if (w->known)
		let_in(t, &w->ctx, p, sid);
	le64_load_words(ctx.dw, p, CONTEXT_WORDS);
	if (w->known)
		watch_torn(t->w->sim, "context", sid, CONTEXT_WORDS, PRESENT,
			   w->ctx.dw, ctx.dw);
	w->known = true;
	w->ctx = ctx;
}

void vtd_watch_look(struct vtd_watch *t)
{
	bool changed = false;
	unsigned int i, j;

	if (t->off)
		return;
	for (i = 0; i < t->w->cfg.endpoints; i++) {
		struct vtd_watch_context *c = &t->ctxs[i];
		uint32_t sid = 1 + i;

		look_context(t, c, find_context(t, sid), sid);
		for (j = 0; j < VTD_WATCH_PASIDS; j++)
			changed |= look_pasid(
				t, &t->pasids[i][j],
				c->known ? find_pasid(t, &c->ctx, j) : NULL, j);
	}
	if (changed)
		vtd_watch_dids(t);
}

static bool same_group(const void *a, const void *b)
{
	struct vtd_prd x, y;

	le64_load_words(x.dw, a, 4);
	le64_load_words(y.dw, b, 4);
	return FIELD_GET(VTD_PRD_RID, &x) == FIELD_GET(VTD_PRD_RID, &y) &&
	       FIELD_GET(VTD_PRD_PRGI, &x) == FIELD_GET(VTD_PRD_PRGI, &y);
}

void vtd_watch_record(struct vtd_watch *t, uint64_t pa, void *record)
{
	uint64_t base = t->pqa & FIELD_MASK(VTD_PQA_PQA);
	uint64_t size = UINT64_C(1)
			<< (VTD_QUEUE_UNIT_LG2 + REG_GET(VTD_PQA_PQS, t->pqa));
	struct sim *s = t->w->sim;
	uint64_t *dw = record;
	int i;

	if (!base || pa < base + 32 || pa >= base + size)
		return;
	/* The one before has been read. */
	if (pa - base == t->pqh)
		return;
	/* It overtakes the one before it, of the same group. */
	if (s->exploring && sim_broken(s, BREAK_PRI_ORDER) &&
	    same_group(dw - 4, dw)) {
		sim_strike(s, pa);
		for (i = 0; i < 4; i++) {
			uint64_t word = dw[i];

			dw[i] = dw[i - 4];
			dw[i - 4] = word;
		}
	}
}
