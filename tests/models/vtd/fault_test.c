/* SPDX-License-Identifier: MIT */
/*
 * Conformance: table 30 of 7.1.3, each line for each kind of request: how it
 * is answered, the whole record, and whether FPD silences it. Then table 15 of
 * 5.1.4.1; and that no reason of fmt/vtd_fault.h is left out. [I6] [M3]
 */
#include "tests/models/vtd/conform.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/vtd_fault.h"

/*
 * The columns: untranslated, translation, translated request, each without
 * and with PASID, and page request with PASID that requires a response.
 * Translated requests with PASID are not for units without PTRS (4.2.1).
 */
enum kind { UN, UN_P, TR, TR_P, TD, PR, KINDS };

/*
 * What a column says, in the order of enum kind:
 *   -  does not occur              U  Unsupported Request, recorded
 *   C  Completer Abort, recorded   I  Invalid Request, recorded
 *   0  success, R=W=0              R  that, and recorded all the same
 *   e  success with the effective permission: not what is asked for
 */

enum mode {
	LEGACY,
	ANY, /* scalable, whatever there is of the next ones */
	FIRST,
	SECOND,
	NESTED,
	PASS,
};

enum {
	VA = 0x345000,
	FRAME = 0x800000,
	PASID = 5,
	BIG = 1 << 21,
	PRGI = 0x33,
};

#define BEYOND    (UINT64_C(1) << 50) /* 4 levels */
#define BEYOND_PA (UINT64_C(1) << 52) /* of any host */
#define INTERRUPT UINT64_C(0xfee00000)

/* One case on one unit, and where everything is. */
struct play {
	struct cf cf;
	enum mode mode;
	uint64_t root_entry, ce, dir, pe[2]; /* of PASID 0 and of PASID */
	uint64_t tree, top, pde, leaf;       /* the stage that comes first */
	uint64_t second;
	/* Of the request. */
	uint64_t addr;
	uint32_t pasid;
	unsigned int perm;
};

struct row {
	const char *name; /* of the condition */
	unsigned int reason;
	bool qualified;
	const char *want; /* by kind */
	enum mode mode;
	uint64_t ecap; /* what it takes */
	void (*set)(struct play *p);
	uint64_t addr;     /* 0: VA */
	unsigned int perm; /* 0: R */
};

static uint64_t get(struct play *p, uint64_t at)
{
	return vx_get(&p->cf.vx, at);
}

static void put(struct play *p, uint64_t at, uint64_t value)
{
	vx_put(&p->cf.vx, at, value);
}

static void no_read(struct play *p, uint64_t at)
{
	p->cf.vx.abort_first = at;
	p->cf.vx.abort_last = at + 7;
}

/* Both PASID entries. */
static void change_pe(struct play *p, unsigned int word, uint64_t clear,
		      uint64_t set)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		put(p, p->pe[i] + 8 * word,
		    (get(p, p->pe[i] + 8 * word) & ~clear) | set);
}

static void change(struct play *p, uint64_t at, uint64_t clear, uint64_t set)
{
	put(p, at, (get(p, at) & ~clear) | set);
}

/* Latched without an invalidation: nothing is cached yet. */
static void root_mode(struct play *p, unsigned int ttm)
{
	vt_set_root(&p->cf.vx, p->cf.vx.root | (uint64_t)ttm << 10);
}

/* clang-format off */
static void ttm_reserved(struct play *p) { root_mode(p, VT_RESERVED); }
static void ttm_abort(struct play *p) { root_mode(p, VT_ABORT); }
static void ttm_scalable(struct play *p) { root_mode(p, VT_SCALABLE); }
static void nothing(struct play *p) { (void)p; }
static void root_abort(struct play *p) { no_read(p, p->root_entry); }
static void root_absent(struct play *p) { put(p, p->root_entry, 0); }
static void root_rsvd(struct play *p) { change(p, p->root_entry, 0, 2); }
static void ce_abort(struct play *p) { no_read(p, p->ce); }
static void ce_absent(struct play *p) { put(p, p->ce, 0); }
static void ce_rsvd(struct play *p) { change(p, p->ce, 0, 1 << 6); }
static void ce_aw(struct play *p) { change(p, p->ce + 8, 7, 5); }
static void ce_tt_rsvd(struct play *p) { change(p, p->ce, 0, CE_TT(3)); }
static void ce_tt_none(struct play *p) { change(p, p->ce, CE_TT(3), 0); }
static void top_abort(struct play *p) { no_read(p, p->top); }
static void pde_abort(struct play *p) { no_read(p, p->pde); }
static void leaf_abort(struct play *p) { no_read(p, p->leaf); }
static void leaf_absent(struct play *p) { put(p, p->leaf, 0); }
static void leaf_tm(struct play *p) { change(p, p->leaf, 0, SS_TM); }
static void leaf_read(struct play *p) { change(p, p->leaf, SS_RW, SS_R); }
static void leaf_write(struct play *p) { change(p, p->leaf, SS_RW, SS_W); }
static void leaf_ro(struct play *p) { change(p, p->leaf, FS_RW, 0); }
static void leaf_sup(struct play *p) { change(p, p->leaf, FS_US, 0); }
static void leaf_xd(struct play *p) { change(p, p->leaf, 0, FS_XD); }
static void leaf_intr(struct play *p) { change(p, p->leaf, FRAME, INTERRUPT); }
static void top_ps(struct play *p) { change(p, p->top, 0, FS_PS); }
static void pde_beyond(struct play *p) { change(p, p->pde, 0, BEYOND); }
static void ce_rsvd_2(struct play *p) { put(p, p->ce + 16, 1); }
static void ce_no_dte(struct play *p) { change(p, p->ce, SM_DTE, 0); }
static void ce_no_ats(struct play *p) { change(p, p->ce, SM_DTE | SM_PRE, 0); }
static void ce_no_pre(struct play *p) { change(p, p->ce, SM_PRE, 0); }
static void ce_no_pasid(struct play *p) { change(p, p->ce, SM_PASIDE, 0); }
static void dir_abort(struct play *p) { no_read(p, p->dir); }
static void dir_absent(struct play *p) { put(p, p->dir, 0); }
static void dir_rsvd(struct play *p) { change(p, p->dir, 0, 4); }
static void pe_absent(struct play *p) { change_pe(p, 0, VT_P, 0); }
static void pe_rsvd(struct play *p) { change_pe(p, 3, 0, 1); }
static void pe_aw(struct play *p) { change_pe(p, 0, PE_AW(7), PE_AW(4)); }
static void pe_pgtt(struct play *p) { change_pe(p, 0, PE_PGTT(7), PE_PGTT(5)); }
static void pe_fspm(struct play *p) { change_pe(p, 2, 0, 2 << 2); }
static void pe_table(struct play *p) { change_pe(p, 2, 0, BEYOND); }
static void pe_no_snoop(struct play *p) { change_pe(p, 1, PE1_PWSNP, 0); }
/* clang-format on */

static void pass_legacy(struct play *p)
{
	put(p, p->ce + 8, VT_DID << 8 | 3);
	put(p, p->ce, VT_P | CE_TT(2));
}

static void rid_pasid_beyond(struct play *p)
{
	change(p, p->ce, SM_PDTS(7), 0);
	change(p, p->ce + 8, 0, SM1_RID_PASID(0x2000));
}

static void rid_pasid_same(struct play *p)
{
	change(p, p->ce + 8, 0, SM1_RID_PASID(PASID));
}

static void pasid_beyond(struct play *p)
{
	change(p, p->ce, SM_PDTS(7), 0);
	p->pasid = 0x2000;
}

/* The most bits that PSS has, and one more. */
static void pasid_too_wide(struct play *p)
{
	p->pasid = 1u << ((p->cf.cfg.ecap >> 35 & 0x1f) + 1);
}

static void pe_abort(struct play *p)
{
	p->cf.vx.abort_first = p->pe[0];
	p->cf.vx.abort_last = p->pe[1] + 63;
}

static void rid_priv(struct play *p)
{
	change(p, p->ce + 8, 0, SM1_RID_PRIV);
}

/* What the second stage says of the 2M that an address is in. */
static void second_of(struct play *p, uint64_t gpa, uint64_t bits)
{
	gpa -= gpa % BIG;
	vt_map(&p->cf.vx, p->second, 4, gpa, gpa | SS_PS | bits, 2, SS_RW);
}

static void top_unreadable(struct play *p)
{
	second_of(p, p->top, SS_W);
}

static void table_unreadable(struct play *p)
{
	second_of(p, p->leaf, SS_W);
}

static void table_read_only(struct play *p)
{
	second_of(p, p->leaf, SS_R);
}

/* A flag cannot be set: the entry goes as it is to be updated. */
static void abort_cas(struct vx *vx, uint64_t pa)
{
	vx->abort_first = pa;
	vx->abort_last = pa + 7;
}

static void update_fails(struct play *p)
{
	p->cf.vx.on_cas = abort_cas;
}

#define DT   VT_ECAP_DT
#define PRS  VT_ECAP_PRS
#define PAS  VT_ECAP_PASID
#define NONE 0

static const struct row rows[] = {
	/* Legacy mode */
	{ "LRT.1", 0x08, 0, "U-C-U-", LEGACY, NONE, root_abort, 0, 0 },
	{ "LRT.2", 0x01, 0, "U-U-U-", LEGACY, NONE, root_absent, 0, 0 },
	{ "LRT.3", 0x0a, 0, "U-C-U-", LEGACY, NONE, root_rsvd, 0, W },
	{ "LCT.1", 0x09, 0, "U-C-U-", LEGACY, NONE, ce_abort, 0, 0 },
	{ "LCT.2", 0x02, 1, "U-U-U-", LEGACY, NONE, ce_absent, 0, 0 },
	{ "LCT.3", 0x0b, 1, "U-C-U-", LEGACY, NONE, ce_rsvd, 0, 0 },
	{ "LCT.4.1", 0x03, 1, "U-C-U-", LEGACY, NONE, ce_aw, 0, 0 },
	{ "LCT.4.2", 0x03, 1, "U-C-U-", LEGACY, NONE, ce_tt_rsvd, 0, 0 },
	{ "LCT.4.3", 0x03, 1, "U-C---", LEGACY, NONE, top_abort, 0, 0 },
	{ "LCT.5", 0x0d, 1, "--U-U-", LEGACY, NONE, ce_tt_none, 0, 0 },
	{ "LSS.1", 0x07, 1, "U-C---", LEGACY, NONE, pde_abort, 0, 0 },
	{ "LSS.1", 0x07, 1, "U-C---", LEGACY, NONE, leaf_abort, 0, W },
	{ "LSS.2", 0x0c, 1, "U-C---", LEGACY, NONE, leaf_tm, 0, 0 },
	{ "LGN.1.1", 0x04, 1, "U-0---", LEGACY, NONE, nothing, BEYOND, 0 },
	{ "LGN.1.2", 0x04, 1, "----U-", LEGACY, NONE, nothing, BEYOND_PA, 0 },
	{ "LGN.1.3", 0x04, 1, "U-----", LEGACY, VT_ECAP_PT, pass_legacy,
	  BEYOND_PA, 0 },
	{ "LGN.2", 0x05, 1, "U-e---", LEGACY, NONE, leaf_read, 0, W },
	{ "LGN.2 atomic", 0x05, 1, "U-----", LEGACY, NONE, leaf_read, 0,
	  R | W },
	{ "LGN.3", 0x06, 1, "U-e---", LEGACY, NONE, leaf_write, 0, R },
	{ "LGN.4", 0x0e, 1, "U-C---", LEGACY, NONE, leaf_intr, 0, W },
	{ "LGN.4", 0x0e, 1, "----U-", LEGACY, NONE, nothing, INTERRUPT, W },
	/* The register */
	{ "RTA.1.1", 0x30, 0, "U-C-U-", LEGACY, NONE, ttm_abort, 0, 0 },
	{ "RTA.1.1", 0x30, 0, "UUCCUI", ANY, NONE, ttm_abort, 0, 0 },
	{ "RTA.1.2", 0x30, 0, "U-C-U-", LEGACY, NONE, ttm_reserved, 0, 0 },
	{ "RTA.1.2", 0x30, 0, "UUCCUI", ANY, NONE, ttm_reserved, 0, W },
	{ "RTA.1.3", 0x30, 0, "U-C-U-", LEGACY, NONE, ttm_scalable, 0, 0 },
	{ "RTA.2", 0x31, 0, "-U-U--", LEGACY, NONE, nothing, 0, 0 },
	{ "RTA.3", 0x32, 0, "-----I", LEGACY, PRS, nothing, 0, 0 },
	{ "RTA.4", 0x33, 0, "UUUUUI", ANY, VT_ECAP_ADMS, ttm_abort, 0, 0 },
	{ "RTA.5", 0x34, 0, "-U-U--", ANY, NONE, nothing, 0, R | X },
	/* Scalable mode, down to the context entry */
	{ "SRT.1", 0x38, 0, "UUCCUI", ANY, NONE, root_abort, 0, 0 },
	{ "SRT.2", 0x39, 0, "UUUUUI", ANY, NONE, root_absent, 0, 0 },
	{ "SRT.3", 0x3a, 0, "UUCCUI", ANY, NONE, root_rsvd, 0, 0 },
	{ "SCT.1", 0x40, 0, "UUCCUI", ANY, NONE, ce_abort, 0, 0 },
	{ "SCT.2", 0x41, 1, "UUUUUI", ANY, NONE, ce_absent, 0, 0 },
	{ "SCT.3", 0x42, 1, "UUCCUI", ANY, NONE, ce_rsvd_2, 0, 0 },
	{ "SCT.4.1", 0x43, 1, "UUCCUI", ANY, PRS, ce_no_dte, 0, 0 },
	{ "SCT.4.2", 0x43, 1, "UUCCUI", ANY, VT_ECAP_RPS, rid_pasid_beyond, 0,
	  0 },
	{ "SCT.5", 0x44, 1, "--UUU-", ANY, DT, ce_no_ats, 0, 0 },
	{ "SCT.6", 0x45, 1, "-U-U-I", ANY, PAS, ce_no_pasid, 0, 0 },
	{ "SCT.7", 0x46, 1, "-U-U-I", ANY, PAS, pasid_beyond, 0, 0 },
	{ "SCT.8", 0x47, 1, "-----I", ANY, PRS, ce_no_pre, 0, 0 },
	{ "SCT.9", 0x48, 1, "-U-U-I", ANY, VT_ECAP_RPS, rid_pasid_same, 0, 0 },
	/* To the PASID entry */
	{ "SPD.1", 0x50, 0, "UUCC-I", ANY, NONE, dir_abort, 0, 0 },
	{ "SPD.2", 0x51, 1, "UU00-I", ANY, NONE, dir_absent, 0, 0 },
	{ "SPD.3", 0x52, 1, "UUCC-I", ANY, NONE, dir_rsvd, 0, 0 },
	{ "SPT.1", 0x58, 0, "UUCC-I", ANY, NONE, pe_abort, 0, 0 },
	{ "SPT.2", 0x59, 1, "UU00-I", ANY, NONE, pe_absent, 0, 0 },
	{ "SPT.3", 0x5a, 1, "UUCC-I", ANY, NONE, pe_rsvd, 0, 0 },
	{ "SPT.4.1", 0x5b, 1, "UUCC-I", SECOND, NONE, pe_aw, 0, 0 },
	{ "SPT.4.2", 0x5b, 1, "UUCC-I", ANY, NONE, pe_pgtt, 0, 0 },
	{ "SPT.4.3", 0x5b, 1, "UUCC-I", FIRST, NONE, pe_fspm, 0, 0 },
	{ "SPT.4.4", 0x5b, 1, "UUCC-I", NESTED, NONE, pe_table, 0, 0 },
	{ "SPT.5", 0x5c, 1, "-U-0--", ANY, VT_ECAP_ERS, nothing, 0, R | X },
	{ "SPT.6", 0x5d, 1, "-U-0--", ANY, VT_ECAP_SRS, nothing, 0, R | P },
	{ "SPT.6 RID_PRIV", 0x5d, 1, "U-0---", ANY, VT_ECAP_RPRIVS, rid_priv, 0,
	  0 },
	/* The first stage */
	{ "SFS.1", 0x70, 1, "UU00--", FIRST, NONE, leaf_abort, 0, 0 },
	{ "SFS.1", 0x70, 1, "UU00--", NESTED, NONE, pde_abort, 0, 0 },
	{ "SFS.2", 0x71, 1, "UU00--", FIRST, NONE, leaf_absent, 0, 0 },
	{ "SFS.2", 0x71, 1, "UU00--", NESTED, NONE, leaf_absent, 0, W },
	{ "SFS.3", 0x72, 1, "UU00--", FIRST, NONE, top_ps, 0, 0 },
	{ "SFS.4", 0x73, 1, "UU00--", FIRST, NONE, top_abort, 0, 0 },
	{ "SFS.5", 0x74, 1, "UU00--", NESTED, NONE, pde_beyond, 0, 0 },
	{ "SFS.6", 0x75, 1, "UU00--", NESTED, NONE, top_unreadable, 0, 0 },
	{ "SFS.7", 0x76, 1, "UU00--", NESTED, NONE, table_unreadable, 0, 0 },
	{ "SFS.8", 0x77, 1, "UU00--", NESTED, NONE, table_read_only, 0, 0 },
	{ "SFS.9", 0x90, 1, "UU00--", FIRST, NONE, pe_no_snoop, 0, 0 },
	{ "SFS.10", 0x91, 1, "UURR--", FIRST, NONE, update_fails, 0, 0 },
	/* The second */
	{ "SSS.1", 0x78, 1, "UUCC--", SECOND, NONE, pde_abort, 0, 0 },
	{ "SSS.2", 0x79, 1, "UU00--", SECOND, NONE, leaf_absent, 0, 0 },
	{ "SSS.3", 0x7a, 1, "UUCC--", SECOND, NONE, leaf_tm, 0, 0 },
	{ "SSS.4", 0x7b, 1, "UUCC--", SECOND, NONE, top_abort, 0, 0 },
	{ "SSS.5", 0x7c, 1, "UUCC--", SECOND, NONE, pe_no_snoop, 0, 0 },
	{ "SSS.6", 0x7d, 1, "UUCC--", SECOND, NONE, update_fails, 0, 0 },
	/* Either */
	{ "SGN.1", 0x80, 1, "UU00--", FIRST, NONE, nothing, BEYOND, 0 },
	{ "SGN.2", 0x81, 1, "UU00--", FIRST, NONE, leaf_sup, 0, 0 },
	{ "SGN.3", 0x82, 1, "-U----", FIRST, VT_ECAP_ERS, leaf_xd, 0, R | X },
	{ "SGN.4.1", 0x83, 1, "----U-", ANY, NONE, nothing, BEYOND_PA, 0 },
	{ "SGN.4.2", 0x83, 1, "UU00--", PASS, NONE, nothing, BEYOND_PA, 0 },
	{ "SGN.5", 0x84, 1, "UU00--", SECOND, NONE, nothing, BEYOND, 0 },
	{ "SGN.6", 0x85, 1, "UUee--", FIRST, NONE, leaf_ro, 0, W },
	{ "SGN.6", 0x85, 1, "UUee--", SECOND, NONE, leaf_read, 0, W },
	{ "SGN.7", 0x86, 1, "UUee--", SECOND, NONE, leaf_write, 0, R },
	{ "SGN.8.1 and 2", 0x87, 1, "UUCC--", FIRST, NONE, leaf_intr, 0, W },
	{ "SGN.8.1 and 2", 0x87, 1, "UUCC--", SECOND, NONE, leaf_intr, 0, 0 },
	{ "SGN.8.1 PASID", 0x87, 1, "-U-0--", PASS, NONE, nothing, INTERRUPT,
	  W },
	{ "SGN.8.3", 0x87, 1, "----U-", ANY, NONE, nothing, INTERRUPT, W },
	{ "SGN.10", 0x89, 1, "-U-U--", ANY, PAS, pasid_too_wide, 0, 0 },
};

static const char *on_unit;

/* By reason: has a golden record been seen? */
static bool raised[256];
/* And by row. */
static unsigned int played[CF_COUNT(rows)];

static bool has_mode(const struct cf *cf, enum mode mode)
{
	switch (mode) {
	case LEGACY:
		return true;
	case FIRST:
		return cf_has(cf, VT_ECAP_FSTS);
	case SECOND:
		return cf_has(cf, VT_ECAP_SSTS);
	case NESTED:
		return cf_has(cf, VT_ECAP_NEST);
	case PASS:
		return cf_has(cf, VT_ECAP_SMTS | VT_ECAP_PT);
	case ANY:
	default:
		return cf_has(cf, VT_ECAP_SMTS);
	}
}

/* Where a unit cannot do wrong what the row is about. */
static bool applies(const struct cf *cf, const struct row *row)
{
	if (!has_mode(cf, row->mode) || !cf_has(cf, row->ecap))
		return false;
	if (row->set == ttm_abort)
		return cf_has(cf, VT_ECAP_ADMS) == (row->reason == 0x33);
	if (row->set == ttm_scalable)
		return !cf_has(cf, VT_ECAP_SMTS);
	/* There is no wider PASID than 20 bits. */
	if (row->set == pasid_too_wide)
		return (cf->cfg.ecap >> 35 & 0x1f) < 19;
	/* Elsewhere such an address is reserved, and that is told: 9.6, 9.7. */
	if (row->set == pde_beyond || row->set == pe_table)
		return !cf->cfg.haw || BEYOND >> cf->cfg.haw == 0;
	if (row->reason == 0x34)
		return cf->major >= 8;
	return true;
}

static bool column(const struct cf *cf, const struct row *row, enum kind kind)
{
	if (row->want[kind] == '-')
		return false;
	if ((kind == TR || kind == TR_P || kind == TD) && !cf_has(cf, DT))
		return false;
	if (kind == PR && !cf_has(cf, PRS))
		return false;
	return true;
}

/* A tree with one page; the tables in places of their own. */
static void plant(struct play *p, bool first)
{
	struct vx *vx = &p->cf.vx;
	uint64_t bits = first ? FS_PAGE : SS_RW, table, at = VA >> 12 & 511;

	p->tree = vx_alloc(vx, 4096, BIG);
	table = vx_alloc(vx, 4096, BIG);
	p->pde = vt_map(vx, p->tree, 4, VA, table | bits, 2, bits);
	p->top = p->tree; /* its entry 0 */
	p->leaf = table + at * 8;
	put(p, p->leaf, FRAME | bits);
}

static enum mode any_mode(const struct cf *cf)
{
	return cf_has(cf, VT_ECAP_FSTS) ? FIRST : SECOND;
}

static void plant_scalable(struct play *p)
{
	static const uint64_t types[] = { [FIRST] = PE_FS,
					  [SECOND] = PE_SS | PE_SSADE,
					  [NESTED] = PE_NESTED,
					  [PASS] = PE_PT };
	enum mode mode = p->mode == ANY ? any_mode(&p->cf) : p->mode;
	uint64_t ce = VT_P | SM_PASIDE | SM_PDTS(7), dw0, dw2 = 0, gpa;
	struct vx *vx = &p->cf.vx;
	unsigned int i;

	if (cf_has(&p->cf, DT))
		ce |= SM_DTE;
	if (cf_has(&p->cf, PRS))
		ce |= SM_PRE;
	vt_sm_context(vx, VT_SID, ce, 0);
	p->root_entry = vx->root + (VT_SID >> 8) * 16u;
	p->ce = vt_sm_context_at(vx, VT_SID);
	p->pe[0] = vt_pasid_at(vx, VT_SID, 0);
	p->pe[1] = vt_pasid_at(vx, VT_SID, PASID);
	p->dir = vt_dir_at(vx, VT_SID, 0);
	dw0 = VT_P | types[mode];
	if (mode == FIRST || mode == NESTED) {
		plant(p, true);
		dw2 = p->tree;
		if (cf_has(&p->cf, VT_ECAP_ERS) && p->perm & X &&
		    p->mode == FIRST)
			dw2 |= PE2_ERE | PE2_NXE;
	}
	if (mode == SECOND) {
		plant(p, false);
		dw0 |= PE_AW(2) | p->tree;
	}
	if (mode == NESTED) {
		p->second = vt_table(vx);
		dw0 |= PE_AW(2) | p->second;
		for (gpa = 0; gpa < VX_MEM_SIZE; gpa += BIG)
			second_of(p, gpa, SS_RW);
	}
	for (i = 0; i < 2; i++)
		vt_pasid(vx, VT_SID, i ? PASID : 0, dw0, VT_DID | PE1_PWSNP,
			 dw2);
}

static void plant_legacy(struct play *p)
{
	struct vx *vx = &p->cf.vx;

	plant(p, false);
	vt_context(vx, VT_SID,
		   VT_P | CE_TT(cf_has(&p->cf, DT) ? 1 : 0) | p->tree,
		   CE1_AW(2) | CE1_DID(VT_DID));
	p->root_entry = vx->root + (VT_SID >> 8) * 16u;
	p->ce = vt_context_at(vx, VT_SID);
}

static void begin(struct play *p, const struct row *row,
		  const struct vtd_hw_cfg *cfg)
{
	struct cf cf = p->cf;

	memset(p, 0, sizeof(*p));
	p->cf.cfg = cf.cfg;
	p->cf.major = cf.major;
	p->mode = row->mode;
	p->addr = row->addr ? row->addr : VA;
	p->perm = row->perm ? row->perm : R;
	p->pasid = PASID;
	vt_start(&p->cf.vx, cfg, row->mode == LEGACY ? VT_LEGACY : VT_SCALABLE);
	if (row->mode == LEGACY)
		plant_legacy(p);
	else
		plant_scalable(p);
}

/* The letter of what happened, but for the record. */
static char ask(struct play *p, enum kind kind)
{
	bool pv = kind == UN_P || kind == TR_P;
	struct hw_txn txn = {
		.requester = VT_SID,
		.flags = (pv ? HW_TXN_PASID_VALID : 0) |
			 (kind == TD ? HW_TXN_TRANSLATED : 0),
		.pasid = pv ? p->pasid : 0,
		.perm = p->perm,
		.addr = p->addr,
	};
	struct iommu_hw *hw = p->cf.vx.hw;
	struct hw_ats_reply reply;
	struct hw_xlat xlat;

	if (kind == PR) {
		vx_page_request(&p->cf.vx, VT_SID, p->pasid, p->addr, p->perm,
				PRGI, true);
		assert_int_equal(p->cf.vx.resp_count, 1);
		assert_int_equal(p->cf.vx.resp[0].code, HW_PRG_INVALID);
		assert_int_equal(p->cf.vx.resp[0].prgi, PRGI);
		assert_int_equal(vx_r64(&p->cf.vx, VX_PQT), 0);
		return 'I';
	}
	if (kind == TR || kind == TR_P) {
		hw->ops->ats_translate(hw, &p->cf.vx.port, &txn, &reply);
		if (reply.status == HW_ATS_UR)
			return 'U';
		if (reply.status == HW_ATS_CA)
			return 'C';
		assert_false(reply.untranslated_only);
		assert_false(reply.global);
		if (!(reply.xlat.perm & (R | W | X)))
			return '0';
		return p->perm & ~reply.xlat.perm ? 'e' : 'x';
	}
	if (hw->ops->translate(hw, &p->cf.vx.port, &txn, &xlat))
		return 'U';
	hw_port_done(&p->cf.vx.port);
	return 'x';
}

/* The whole record, by 11.4.7.6. */
static void golden(const struct play *p, const struct row *row, enum kind kind,
		   const uint64_t rec[2])
{
	/* Reserved without PASIDs. */
	bool pv = (kind == UN_P || kind == TR_P || kind == PR) &&
		  cf_has(&p->cf, VT_ECAP_PASID);
	bool write = p->perm & W, read = p->perm & R;
	uint64_t at = kind == TD ? 2 : kind == TR || kind == TR_P;
	/* A translation request is a memory read (4.2.1). */
	uint64_t t1 = kind != PR && (!write || at == 1), t2 = kind == PR;
	uint64_t hi = UINT64_C(1) << 63 | (uint64_t)row->reason << 32 | VT_SID;

	/* An AtomicOp. */
	if (write && read && (kind == UN || kind == UN_P))
		t1 = t2 = 1;
	hi |= t1 << 62 | at << 60 | t2 << 28;
	if (pv)
		hi |= (uint64_t)p->pasid << 40 | UINT64_C(1) << 31 |
		      (uint64_t) !!(p->perm & X) << 30 |
		      (uint64_t) !!(p->perm & P) << 29;
	if (rec[0] != (p->addr & ~UINT64_C(0xfff)) || rec[1] != hi)
		fail_msg("%s: %s: column %u: %#llx %#llx, not %#llx", on_unit,
			 row->name, kind, (unsigned long long)rec[0],
			 (unsigned long long)rec[1], (unsigned long long)hi);
	raised[row->reason] = true;
}

/* "e": there is something of it, or nothing at all. */
static bool as_wanted(char want, char got)
{
	return got == want || (want == 'R' && got == '0') ||
	       (want == 'e' && got == '0');
}

static void one(struct play *p, const struct row *row, enum kind kind, bool fpd)
{
	char want = row->want[kind], got;
	uint64_t rec[2];
	bool recorded;

	begin(p, row, &p->cf.cfg);
	row->set(p);
	if (fpd)
		change(p, p->ce, 0, VT_FPD);
	got = ask(p, kind);
	if (!as_wanted(want, got))
		fail_msg("%s: %s: column %u: %c, not %c", on_unit, row->name,
			 kind, got, want);
	recorded = strchr("UCIR", want) && !(fpd && row->qualified);
	if (vx_fault(&p->cf.vx, rec) != recorded)
		fail_msg("%s: %s: column %u, FPD %u: a record, or none",
			 on_unit, row->name, kind, fpd);
	if (recorded) {
		golden(p, row, kind, rec);
		assert_false(vx_fault(&p->cf.vx, rec));
	}
	vx_fini(&p->cf.vx);
}

static struct play play;

static void each_row(unsigned int unit, enum hw_personality personality)
{
	enum kind kind;
	unsigned int fpd;
	size_t i;

	on_unit = cf_units[unit].name;
	play.cf.cfg = cf_cfg(unit, personality);
	play.cf.major = play.cf.cfg.ver >> 4;
	for (i = 0; i < CF_COUNT(rows); i++) {
		const struct row *row = &rows[i];

		if (!applies(&play.cf, row))
			continue;
		for (kind = UN; kind < KINDS; kind++) {
			if (!column(&play.cf, row, kind))
				continue;
			for (fpd = 0; fpd < 2; fpd++)
				one(&play, row, kind, fpd);
			played[i] |= 1u << kind;
		}
	}
}

/* 7.1.3, table 30. */
static void test_vtd_conform_table_30(void **state)
{
	enum kind kind;
	unsigned int u;
	size_t i;

	(void)state;
	for (u = 0; u < cf_unit_count; u++) {
		each_row(u, HW_STRICT);
		each_row(u, HW_EAGER);
	}
	/* No column of any row was left out by all of them. */
	for (i = 0; i < CF_COUNT(rows); i++)
		for (kind = UN; kind < KINDS; kind++)
			if (rows[i].want[kind] != '-' &&
			    !(played[i] >> kind & 1))
				fail_msg("%s: column %u", rows[i].name, kind);
}

/* Runs last. Those of interrupts are in fault_irq_test.c. */
static void test_vtd_conform_every_reason(void **state)
{
	(void)state;
	cf_every_reason(raised, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_conform_table_30),
		cmocka_unit_test(test_vtd_conform_every_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
