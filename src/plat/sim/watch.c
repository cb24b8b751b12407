/* SPDX-License-Identifier: MIT */
#include "plat/sim/watch.h"

#include <string.h>

#include "base/le64.h"
#include "plat/sim/breaks.h"
#include "plat/sim/world.h"

#define STE_WORDS 8u
#define CD_WORDS  8u
#define STE_VALID FIELD_MASK(SMMU_STE_V)
#define CD_VALID  FIELD_MASK(SMMU_CD_V)

static void *memory(struct watch *t, uint64_t pa, size_t len)
{
	return sim_virt(&t->w->sim->mem, pa, len);
}

/* Entries in memory; NULL where the tables do not lead to one. */

static void *find_ste(struct watch *t, uint32_t sid)
{
	uint64_t base = REG_GET(SMMU_STRTAB_BASE_ADDR, t->strtab_base) << 6;
	struct smmu_l1std desc;
	unsigned int split;
	void *p;

	if (!base)
		return NULL;
	if (REG_GET(SMMU_STRTAB_BASE_CFG_FMT, t->strtab_cfg) ==
	    SMMU_STRTAB_BASE_CFG_FMT_LINEAR)
		return memory(t, base + sid * 64, 64);
	split = (unsigned int)REG_GET(SMMU_STRTAB_BASE_CFG_SPLIT,
				      t->strtab_cfg);
	p = memory(t, base + (sid >> split) * 8, 8);
	if (!p)
		return NULL;
	le64_load_words(desc.dw, p, 1);
	if (!FIELD_GET(SMMU_L1STD_SPAN, &desc))
		return NULL;
	return memory(
		t, smmu_l1std_l2ptr(&desc) + (sid & ((1u << split) - 1)) * 64,
		64);
}

static void *find_cd(struct watch *t, const struct smmu_ste *ste, uint32_t ssid)
{
	uint64_t base = smmu_ste_s1contextptr(ste);
	unsigned int split = SMMU_CDTAB_64K_L2_LG2;
	struct smmu_l1cd desc;
	void *p;

	/* Below a guest's STE they are the guest's own. */
	if (!FIELD_GET(SMMU_STE_V, ste) ||
	    FIELD_GET(SMMU_STE_CONFIG, ste) != SMMU_STE_CONFIG_S1 ||
	    ssid >> FIELD_GET(SMMU_STE_S1CDMAX, ste))
		return NULL;
	if (FIELD_GET(SMMU_STE_S1FMT, ste) == SMMU_STE_S1FMT_LINEAR)
		return memory(t, base + ssid * 64, 64);
	p = memory(t, base + (ssid >> split) * 8, 8);
	if (!p)
		return NULL;
	le64_load_words(desc.dw, p, 1);
	if (!FIELD_GET(SMMU_L1CD_V, &desc))
		return NULL;
	return memory(
		t, smmu_l1cd_l2ptr(&desc) + (ssid & ((1u << split) - 1)) * 64,
		64);
}

unsigned int watch_eats(struct watch *t, unsigned int index)
{
	void *p = find_ste(t, t->w->eps[index].sid);
	struct smmu_ste ste;

	if (!p)
		return 0;
	le64_load_words(ste.dw, p, STE_WORDS);
	return (unsigned int)FIELD_GET(SMMU_STE_EATS, &ste);
}

static bool has_stage2(const struct smmu_ste *ste)
{
	return FIELD_GET(SMMU_STE_V, ste) &&
	       (FIELD_GET(SMMU_STE_CONFIG, ste) == SMMU_STE_CONFIG_S2 ||
		FIELD_GET(SMMU_STE_CONFIG, ste) == SMMU_STE_CONFIG_NESTED);
}

unsigned int watch_vmid(struct watch *t, unsigned int index)
{
	void *p = find_ste(t, t->w->eps[index].sid);
	struct smmu_ste ste;

	if (!p)
		return 0;
	le64_load_words(ste.dw, p, STE_WORDS);
	return has_stage2(&ste) ?
		       (unsigned int)FIELD_GET(SMMU_STE_S2VMID, &ste) :
		       0;
}

/*
 * Words of an entry that was not live may all change; that V is the last of
 * them is a matter of the order of stores, which the tests of the driver look
 * at.
 */
void watch_torn(struct sim *s, const char *what, unsigned int id,
		unsigned int words, uint64_t valid, const uint64_t *old,
		const uint64_t *now)
{
	unsigned int i, changed = 0, tail = 0;

	if (!(old[0] & valid))
		return;
	for (i = 0; i < words; i++)
		changed += old[i] != now[i];
	for (i = 1; i < words; i++)
		tail += old[i] != now[i];
	if (now[0] & valid ? changed > 1 : tail > 0)
		sim_fail(s, "R7",
			 "%s %u: %u words of a live entry "
			 "change at once",
			 what, id, changed);
}

/* Defects of drivers that write entries as they please. */
static void tear(struct watch *t, uint64_t *old, void *p)
{
	struct sim *s = t->w->sim;
	le64_atomic *words = le64_at(p);
	uint64_t now = le64_load_relaxed(&words[0]);
	bool live = now & CD_VALID;

	if (!(old[0] & CD_VALID) || old[0] == now || s->broken_count)
		return;
	if (!(live ? sim_broken(s, BREAK_TORN_ENTRY) :
		     sim_broken(s, BREAK_EARLY_WORDS)))
		return;
	sim_strike(s, now);
	le64_store_relaxed(&words[3], ~le64_load_relaxed(&words[3]));
}

bool watch_gone(const struct world *w)
{
	unsigned int i;

	for (i = 0; i < w->space_count; i++)
		if (w->spaces[i].gone)
			return true;
	return false;
}

/* A quiet entry is told to record, once nobody writes it any more. */
static void make_loud(struct watch *t, struct watch_cd *w, void *p)
{
	struct sim *s = t->w->sim;

	if (!sim_broken(s, BREAK_EXIT_LOUD) || !watch_gone(t->w) ||
	    !FIELD_GET(SMMU_CD_V, &w->cd) || !FIELD_GET(SMMU_CD_EPD0, &w->cd) ||
	    FIELD_GET(SMMU_CD_R, &w->cd))
		return;
	sim_strike(s, w->cd.dw[0]);
	FIELD_SET(SMMU_CD_R, &w->cd, 1);
	le64_store_relaxed(le64_at(p), w->cd.dw[0]);
}

/* ASIDs and VMIDs [R13] */

void watch_id_taken(struct sim *s, const char *what, unsigned int number,
		    struct watch_id *id, uint64_t root)
{
	if (id->live && id->root != root)
		sim_fail(s, "R13", "two tables share %s %u", what, number);
	if (id->root && id->root != root && !id->flushed)
		sim_fail(s, "R13", "%s %u is used again without a flush", what,
			 number);
	id->root = root;
	id->flushed = false;
	id->live = true;
}

static bool cd_live(const struct smmu_cd *cd)
{
	return FIELD_GET(SMMU_CD_V, cd) && !FIELD_GET(SMMU_CD_EPD0, cd);
}

static void asid_taken(struct watch *t, const struct smmu_cd *cd)
{
	uint64_t asid = FIELD_GET(SMMU_CD_ASID, cd);

	if (!asid)
		sim_fail(t->w->sim, "R13", "ASID 0 is used");
	if (asid < WATCH_ASIDS)
		watch_id_taken(t->w->sim, "ASID", (unsigned int)asid,
			       &t->asids[asid], smmu_cd_ttb0(cd));
}

static void asids_look(struct watch *t)
{
	unsigned int i, j;

	for (i = 0; i < WATCH_ASIDS; i++)
		t->asids[i].live = false;
	for (i = 0; i < WATCH_STREAMS; i++) {
		for (j = 0; j < WATCH_PASIDS; j++) {
			const struct smmu_cd *cd = &t->cds[i][j].cd;

			if (!t->cds[i][j].known || !cd_live(cd))
				continue;
			asid_taken(t, cd);
		}
	}
}

/* VMIDs: 0 is of streams without a stage 2. */
static void vmids_look(struct watch *t)
{
	unsigned int i;

	for (i = 0; i < WATCH_VMIDS; i++)
		t->vmids[i].live = false;
	for (i = 0; i < WATCH_STREAMS; i++) {
		const struct smmu_ste *ste = &t->stes[i].ste;
		uint64_t vmid = FIELD_GET(SMMU_STE_S2VMID, ste);

		if (!t->stes[i].known || !has_stage2(ste))
			continue;
		if (!vmid)
			sim_fail(t->w->sim, "R13", "VMID 0 has a stage 2");
		if (vmid < WATCH_VMIDS)
			watch_id_taken(t->w->sim, "VMID", (unsigned int)vmid,
				       &t->vmids[vmid], smmu_ste_s2ttb(ste));
	}
}

/* Gives a fresh CD the ASID of another. */
static void share_asid(struct watch *t, const struct watch_cd *w, void *p)
{
	struct sim *s = t->w->sim;
	struct smmu_cd cd;
	unsigned int i;

	if (!sim_broken(s, BREAK_ASID_SHARED) || cd_live(&w->cd))
		return;
	le64_load_words(cd.dw, p, CD_WORDS);
	if (!cd_live(&cd))
		return;
	for (i = 1; i < WATCH_ASIDS; i++) {
		if (!t->asids[i].live || t->asids[i].root == smmu_cd_ttb0(&cd))
			continue;
		sim_strike(s, i);
		FIELD_SET(SMMU_CD_ASID, &cd, i);
		le64_store_relaxed(le64_at(p), cd.dw[0]);
		return;
	}
}

static bool look_cd(struct watch *t, struct watch_cd *w, void *p,
		    unsigned int ssid)
{
	struct smmu_cd cd;

	if (!p) {
		bool gone = w->known;

		w->known = false;
		memset(&w->cd, 0, sizeof(w->cd));
		return gone;
	}
	le64_load_words(cd.dw, p, CD_WORDS);
	if (w->known && !memcmp(cd.dw, w->cd.dw, sizeof(cd.dw))) {
		make_loud(t, w, p);
		return false;
	}
	if (w->known) {
		tear(t, w->cd.dw, p);
		share_asid(t, w, p);
		le64_load_words(cd.dw, p, CD_WORDS);
	}
	if (w->known)
		watch_torn(t->w->sim, "CD", ssid, CD_WORDS, CD_VALID, w->cd.dw,
			   cd.dw);
	w->known = true;
	w->cd = cd;
	return true;
}

static bool look_ste(struct watch *t, struct watch_ste *w, void *p,
		     unsigned int sid)
{
	struct smmu_ste ste;

	if (!p)
		return false;
	le64_load_words(ste.dw, p, STE_WORDS);
	if (w->known && !memcmp(ste.dw, w->ste.dw, sizeof(ste.dw)))
		return false;
	if (w->known)
		watch_torn(t->w->sim, "STE", sid, STE_WORDS, STE_VALID,
			   w->ste.dw, ste.dw);
	w->known = true;
	w->ste = ste;
	return true;
}

void watch_look(struct watch *t)
{
	bool changed = false;
	unsigned int i, j;

	if (t->off)
		return;
	for (i = 0; i < t->w->cfg.endpoints; i++) {
		struct watch_ste *ste = &t->stes[i];
		uint32_t sid = 1 + i;

		changed |= look_ste(t, ste, find_ste(t, sid), sid);
		for (j = 1; ste->known && j < WATCH_PASIDS; j++)
			changed |= look_cd(t, &t->cds[i][j],
					   find_cd(t, &ste->ste, j), j);
	}
	if (!changed)
		return;
	asids_look(t);
	vmids_look(t);
}

static void watch_event(struct watch *t, uint64_t pa, const void *record)
{
	uint64_t base = REG_GET(SMMU_EVENTQ_BASE_ADDR, t->evtq_base) << 5;
	struct smmu_evt evt;

	if (!base || pa < base ||
	    pa >= base + (UINT64_C(32)
			  << REG_GET(SMMU_EVENTQ_BASE_LOG2SIZE, t->evtq_base)))
		return;
	le64_load_words(evt.dw, record, 4);
	if (FIELD_GET(SMMU_EVT_SSV, &evt))
		world_check_event(
			t->w, (uint32_t)FIELD_GET(SMMU_EVT_STREAMID, &evt),
			(ioasid_t)FIELD_GET(SMMU_EVT_SUBSTREAMID, &evt));
}

static bool same_group(const void *a, const void *b)
{
	struct smmu_pri x, y;

	le64_load_words(x.dw, a, 2);
	le64_load_words(y.dw, b, 2);
	return FIELD_GET(SMMU_PRI_STREAMID, &x) ==
		       FIELD_GET(SMMU_PRI_STREAMID, &y) &&
	       FIELD_GET(SMMU_PRI_PRGINDEX, &x) ==
		       FIELD_GET(SMMU_PRI_PRGINDEX, &y);
}

void watch_record(struct watch *t, uint64_t pa, void *record)
{
	uint64_t base = REG_GET(SMMU_PRIQ_BASE_ADDR, t->priq_base) << 5;
	unsigned int lg2 =
		(unsigned int)REG_GET(SMMU_PRIQ_BASE_LOG2SIZE, t->priq_base);
	struct sim *s = t->w->sim;
	uint64_t *dw = record;
	int i;

	watch_event(t, pa, record);
	if (!base || pa < base + 16 || pa >= base + (UINT64_C(16) << lg2))
		return;
	/* The one before has been read. */
	if ((pa - base) / 16 == smmu_q_index(t->priq_cons, lg2))
		return;
	/* It overtakes the one before it, of the same group. */
	if (s->exploring && sim_broken(s, BREAK_PRI_ORDER) &&
	    same_group(dw - 2, dw)) {
		sim_strike(s, pa);
		for (i = 0; i < 2; i++) {
			uint64_t word = dw[i];

			dw[i] = dw[i - 2];
			dw[i - 2] = word;
		}
	}
}
