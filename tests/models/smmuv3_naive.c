/* SPDX-License-Identifier: MIT */
#include "tests/models/smmuv3_naive.h"

#include <stdlib.h>
#include <string.h>

#include "tests/models/smmuv3_fixture.h"

enum {
	EV_WALK_EABT = 0x0b,
	EV_TRANSLATION = 0x10,
	EV_ADDR_SIZE = 0x11,
	EV_ACCESS = 0x12,
	EV_PERMISSION = 0x13,
	FOR_CD = 0,
	FOR_TABLE = 1,
	FOR_INPUT = 2,
};

/* DDI 0487 D8.2: the lowest input bit that each level resolves. */
static unsigned int low_bit(unsigned int page, int level)
{
	static const unsigned int k4[] = { 48, 39, 30, 21, 12 };
	static const unsigned int k16[] = { 0, 47, 36, 25, 14 };
	static const unsigned int k64[] = { 0, 0, 42, 29, 16 };

	return (page == 12 ? k4 : page == 14 ? k16 : k64)[level + 1];
}

static int first_level(unsigned int page, unsigned int bits)
{
	int level = page == 12 ? -1 : page == 14 ? 0 : 1;

	while (bits <= low_bit(page, level))
		level++;
	return level;
}

static uint64_t bits_of(uint64_t v, unsigned int hi, unsigned int lo)
{
	return v >> lo & (hi - lo == 63 ? ~UINT64_C(0) :
					  (UINT64_C(1) << (hi - lo + 1)) - 1);
}

static bool bit(uint64_t v, unsigned int n)
{
	return v >> n & 1;
}

/* Memory, with the updates that were noted. */
static bool load(const struct nv *nv, const struct nv_result *r, uint64_t pa,
		 uint64_t *ret_value)
{
	uint64_t offset = fx_offset(nv->fx, pa, 8);
	unsigned int i;

	if (offset == UINT64_MAX)
		return false;
	*ret_value = fx_get(nv->fx, offset);
	for (i = 0; i < r->updates; i++)
		if (fx_offset(nv->fx, r->update[i].pa, 8) == offset)
			*ret_value = r->update[i].value;
	return true;
}

static bool fail(struct nv_result *r, unsigned int event)
{
	r->event = event;
	r->s2 = false;
	r->class = FOR_INPUT;
	return false;
}

static bool fail_walk(struct nv_result *r, uint64_t pa)
{
	fail(r, EV_WALK_EABT);
	r->class = FOR_TABLE;
	r->walk = pa;
	return false;
}

/* The address in a descriptor that maps 2^lg2 bytes. */
static uint64_t output(const struct nv *nv, const struct nv_tables *t,
		       uint64_t pte, unsigned int lg2)
{
	uint64_t oa = bits_of(pte, 47, lg2) << lg2;

	if (t->page == 16 && nv->oas == 52)
		oa |= bits_of(pte, 15, 12) << 48;
	if (t->page != 16 && t->ds)
		oa |= bits_of(pte, 49, 48) << 48 | bits_of(pte, 9, 8) << 50;
	return oa;
}

static bool block_allowed(const struct nv *nv, const struct nv_tables *t,
			  int level)
{
	if (level == 2)
		return true;
	if (t->page == 12)
		return level == 1 || (level == 0 && t->ds);
	if (t->page == 14)
		return level == 1 && t->ds;
	return level == 1 && nv->oas == 52;
}

static unsigned int group(const struct nv_tables *t, int level)
{
	if (t->page == 12)
		return level >= 1 ? 4 : 0;
	if (t->page == 14)
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	return level >= 2 ? 5 : 0;
}

/* What a walk of one stage comes to. */
struct leaf {
	uint64_t pte;      /* the descriptor, */
	uint64_t addr, at; /* where it is for its stage, and its PA */
	uint64_t oa;       /* of the address itself */
	unsigned int lg2, group_lg2;
	bool user_table, write_table, pxn_table, uxn_table; /* taken away */
};

struct purpose {
	bool read, write, fetch, priv;
	unsigned int class;
};

static bool second_stage(const struct nv *nv, uint64_t ipa,
			 const struct purpose *why, struct leaf *leaf,
			 struct nv_result *r);

/* The PA of a descriptor of stage 1. */
static bool descriptor_pa(const struct nv *nv, bool first, uint64_t addr,
			  bool write, uint64_t *ret_pa, struct nv_result *r)
{
	const struct purpose why = { !write, write, false, true, FOR_TABLE };
	struct leaf leaf;

	*ret_pa = addr;
	if (!first || !nv->stage2)
		return true;
	if (!second_stage(nv, addr, &why, &leaf, r))
		return false;
	*ret_pa = leaf.oa;
	return true;
}

/* Steps 2 of 7.3.22, for one stage. */
static bool walk(const struct nv *nv, const struct nv_tables *t, bool first,
		 uint64_t ia, struct leaf *leaf, struct nv_result *r)
{
	int level = first ? first_level(t->page, t->bits) : t->level;
	uint64_t in = bits_of(ia, t->bits - 1, 0);
	uint64_t entries = in >> low_bit(t->page, level), table;
	/* D8.2: aligned to its size. */
	uint64_t size = (UINT64_C(1) << (t->bits - low_bit(t->page, level)))
			<< 3;
	unsigned int lg2;

	if (size < 64 && t->ps == 52)
		size = 64;
	table = t->base - t->base % size;
	memset(leaf, 0, sizeof(*leaf));
	for (;; level++) {
		lg2 = low_bit(t->page, level);
		leaf->addr = table + entries * 8;
		if (!descriptor_pa(nv, first, leaf->addr, false, &leaf->at, r))
			return false;
		if (!load(nv, r, leaf->at, &leaf->pte))
			return fail_walk(r, leaf->at);
		if (!bit(leaf->pte, 0))
			return fail(r, EV_TRANSLATION);
		if (level == 3 || !bit(leaf->pte, 1))
			break;
		table = output(nv, t, leaf->pte, t->page);
		if (t->ps < 64 && table >> t->ps)
			return fail(r, EV_ADDR_SIZE);
		if (first && !t->had) {
			leaf->user_table |= bit(leaf->pte, 61);
			leaf->write_table |= bit(leaf->pte, 62);
			leaf->pxn_table |= bit(leaf->pte, 59);
			leaf->uxn_table |= bit(leaf->pte, 60);
		}
		entries = bits_of(in, lg2 - 1, low_bit(t->page, level + 1));
	}
	if (level == 3 ? !bit(leaf->pte, 1) : !block_allowed(nv, t, level))
		return fail(r, EV_TRANSLATION);
	leaf->oa = output(nv, t, leaf->pte, lg2);
	if (leaf->oa >> t->ps)
		return fail(r, EV_ADDR_SIZE);
	leaf->oa |= bits_of(ia, lg2 - 1, 0);
	leaf->lg2 = leaf->group_lg2 = lg2;
	if (bit(leaf->pte, 52) && group(t, level)) {
		leaf->group_lg2 += group(t, level);
		r->grouped = true;
	}
	return true;
}

/* 3.13: the descriptor as an access leaves it. */
static bool mark(const struct nv *nv, const struct nv_tables *t, bool first,
		 struct leaf *leaf, bool dirty, struct nv_result *r)
{
	uint64_t pte = leaf->pte;

	if (t->ha)
		pte |= UINT64_C(1) << 10;
	if (dirty && first)
		pte &= ~(UINT64_C(1) << 7);
	if (dirty && !first)
		pte |= UINT64_C(1) << 7;
	if (pte == leaf->pte)
		return true;
	if (!descriptor_pa(nv, first, leaf->addr, true, &leaf->at, r))
		return false;
	leaf->pte = pte;
	if (r->updates == NV_UPDATES)
		abort();
	r->update[r->updates].pa = leaf->at;
	r->update[r->updates++].value = pte;
	return true;
}

/* Is the page one that a write would make writable? */
static bool clean(const struct nv_tables *t, bool first, uint64_t pte)
{
	return t->ha && t->hd && bit(pte, 51) && bit(pte, 7) == first;
}

static bool second_may(const struct nv *nv, const struct leaf *leaf, char what,
		       bool priv)
{
	switch (what) {
	case 'r':
		return bit(leaf->pte, 6);
	case 'w':
		return bit(leaf->pte, 7);
	default:
		if (!nv->xnx)
			return !bit(leaf->pte, 54);
		switch (bits_of(leaf->pte, 54, 53)) {
		case 0:
			return true;
		case 1:
			return !priv;
		case 2:
			return false;
		default:
			return priv;
		}
	}
}

static bool fail2(struct nv_result *r, uint64_t ipa, const struct purpose *why)
{
	r->s2 = true;
	r->class = why->class;
	r->ipa = ipa;
	r->table_read = !why->write;
	return false;
}

/* 13.1.6 and S2PTW: does stage 2 say Device? */
static bool device2(const struct nv *nv, uint64_t pte)
{
	return nv->fwb ? !bit(pte, 4) : bits_of(pte, 5, 4) == 0;
}

static bool second_stage(const struct nv *nv, uint64_t ipa,
			 const struct purpose *why, struct leaf *leaf,
			 struct nv_result *r)
{
	const struct nv_tables *t = &nv->second;
	bool dirty;

	if (ipa >> t->bits) {
		fail(r, EV_TRANSLATION);
		return fail2(r, ipa, why);
	}
	if (!walk(nv, t, false, ipa, leaf, r))
		return fail2(r, ipa, why);
	if (!bit(leaf->pte, 10) && !t->ha && !t->affd) {
		fail(r, EV_ACCESS);
		return fail2(r, ipa, why);
	}
	dirty = why->write && !second_may(nv, leaf, 'w', why->priv) &&
		clean(t, false, leaf->pte);
	if ((why->read && !second_may(nv, leaf, 'r', why->priv)) ||
	    (why->write && !dirty && !second_may(nv, leaf, 'w', why->priv)) ||
	    (why->fetch && !second_may(nv, leaf, 'x', why->priv))) {
		fail(r, EV_PERMISSION);
		return fail2(r, ipa, why);
	}
	if (!mark(nv, t, false, leaf, dirty, r))
		return false;
	if (why->class != FOR_INPUT && nv->ptw && device2(nv, leaf->pte)) {
		fail(r, EV_PERMISSION);
		return fail2(r, ipa, why);
	}
	return true;
}

/* D8.4: stage 1 of two privileges. */
static bool first_may(const struct nv *nv, const struct nv_tables *t,
		      const struct leaf *leaf, char what, bool priv)
{
	bool el0 = bit(leaf->pte, 6) && !leaf->user_table;
	bool writable = !bit(leaf->pte, 7) && !leaf->write_table;
	bool becomes = clean(t, true, leaf->pte) && !leaf->write_table;
	bool blocked = priv && nv->pan && el0;

	switch (what) {
	case 'r':
		return priv ? !blocked : el0;
	case 'w':
		return writable && (priv ? !blocked : el0);
	case 'c': /* after it is marked */
		return becomes && (priv ? !blocked : el0);
	default:
		if (priv && (bit(leaf->pte, 53) || leaf->pxn_table))
			return false;
		if (!priv && (bit(leaf->pte, 54) || leaf->uxn_table))
			return false;
		if (priv && el0 && (writable || becomes))
			return false;
		return !(nv->wxn && (writable || becomes) && (priv || el0));
	}
}

/*
 * Memory types, spelled out: 'd' and which, or per half 'n', 't', 'b' with
 * hints.
 */
struct type {
	bool device;
	unsigned int which; /* 0 nGnRnE to 3 GRE */
	char in, out;
	unsigned int hints_in, hints_out; /* RA, WA, and 4 for not transient */
	unsigned int sh;
};

static void half_of(unsigned int nibble, char *policy, unsigned int *hints)
{
	*hints = nibble & 3;
	if (nibble == 4) {
		*policy = 'n';
		*hints = 0;
		return;
	}
	if (nibble >= 8)
		*hints |= 4;
	*policy = nibble & 4 ? 'b' : 't';
}

static struct type decode_mair(unsigned int mair, unsigned int sh)
{
	struct type t = { .sh = sh };

	if (mair < 0x10) {
		t.device = true;
		t.which = mair >> 2 & 3;
		t.sh = 2;
		return t;
	}
	half_of(mair & 15, &t.in, &t.hints_in);
	half_of(mair >> 4, &t.out, &t.hints_out);
	/* Also as input to stage 2, where it is IMPLEMENTATION DEFINED. */
	if (t.in == 'n' && t.out == 'n')
		t.sh = 2;
	return t;
}

static unsigned int encode_half(char policy, unsigned int hints)
{
	unsigned int lasting = hints & 4 ? 8 : 0;

	if (policy == 'n')
		return 4;
	if (policy == 't' && !(hints & 3))
		lasting = 8;
	return lasting | (policy == 'b' ? 4 : 0) | (hints & 3);
}

static unsigned int encode(const struct type *t)
{
	unsigned int mair =
		t->device ? t->which << 2 :
			    encode_half(t->in, t->hints_in) |
				    encode_half(t->out, t->hints_out) << 4;
	bool outer = t->device || (t->in == 'n' && t->out == 'n');

	return mair | (outer ? 2 : t->sh) << 8;
}

static char weaker(char a, char b)
{
	if (a == 'n' || b == 'n')
		return 'n';
	return a == 't' || b == 't' ? 't' : 'b';
}

static void combine_sh(struct type *t, unsigned int sh)
{
	if (t->sh == 2 || sh == 2)
		t->sh = 2;
	else if (t->sh != 3)
		t->sh = sh;
}

static void to_device(struct type *t, unsigned int which)
{
	if (!t->device || which < t->which)
		t->which = which;
	t->device = true;
}

static void force_wb(struct type *t)
{
	if (t->device || t->in == 'n')
		t->hints_in = 7;
	if (t->device || t->out == 'n')
		t->hints_out = 7;
	t->device = false;
	t->in = t->out = 'b';
}

static void combine_type(const struct nv *nv, struct type *t, uint64_t pte)
{
	static const char policy[] = { 'n', 'n', 't', 'b' };
	unsigned int memattr = (unsigned int)bits_of(pte, 5, 2);

	if (device2(nv, pte)) {
		to_device(t, memattr & 3);
	} else if (nv->fwb) {
		if ((memattr & 3) == 2)
			force_wb(t);
		else if ((memattr & 3) < 2)
			t->in = t->out = 'n';
	} else {
		t->in = weaker(t->in, policy[memattr & 3]);
		t->out = weaker(t->out, policy[memattr >> 2]);
	}
}

/* 3.4, 5.4.1.1: is the address one of the half? */
static bool in_half(const struct nv_tables *t, uint64_t va)
{
	unsigned int top = t->tbi ? 55 : 63;
	uint64_t above = bits_of(va, top, t->bits);
	uint64_t ones = bits_of(~UINT64_C(0), top, t->bits);

	return !t->epd && (bit(va, 55) ? above == ones : above == 0);
}

static bool first_stage(const struct nv *nv, const struct nv_access *a,
			const struct nv_tables *t, struct leaf *leaf,
			struct nv_result *r)
{
	bool dirty;

	if (!in_half(t, a->addr))
		return fail(r, EV_TRANSLATION);
	if (!walk(nv, t, true, a->addr, leaf, r))
		return false;
	if (!bit(leaf->pte, 10) && !t->ha && !t->affd)
		return fail(r, EV_ACCESS);
	dirty = a->write && !first_may(nv, t, leaf, 'w', a->priv) &&
		first_may(nv, t, leaf, 'c', a->priv);
	if ((a->read && !first_may(nv, t, leaf, 'r', a->priv)) ||
	    (a->write && !dirty && !first_may(nv, t, leaf, 'w', a->priv)) ||
	    (a->fetch && !first_may(nv, t, leaf, 'x', a->priv)))
		return fail(r, EV_PERMISSION);
	return mark(nv, t, true, leaf, dirty, r);
}

static void of_first(const struct nv *nv, const struct nv_access *a,
		     const struct nv_tables *t, const struct leaf *leaf,
		     struct type *type, struct nv_result *r)
{
	unsigned int index = (unsigned int)bits_of(leaf->pte, 4, 2);
	unsigned int sh = (unsigned int)bits_of(leaf->pte, 9, 8);

	if (t->page != 16 && t->ds)
		sh = t->sh;
	*type = decode_mair(nv->mair >> (8 * index) & 0xff, sh);
	r->can_read = first_may(nv, t, leaf, 'r', a->priv);
	r->can_write = first_may(nv, t, leaf, 'w', a->priv);
	r->can_fetch = first_may(nv, t, leaf, 'x', a->priv);
	r->pa = leaf->oa;
	r->lg2 = leaf->lg2;
	r->group_lg2 = leaf->group_lg2;
}

static void of_second(const struct nv *nv, const struct nv_access *a,
		      const struct leaf *leaf, struct type *type,
		      struct nv_result *r)
{
	unsigned int sh = (unsigned int)bits_of(leaf->pte, 9, 8);

	if (nv->second.page != 16 && nv->second.ds)
		sh = nv->second.sh;
	combine_type(nv, type, leaf->pte);
	combine_sh(type, sh);
	r->can_read &= second_may(nv, leaf, 'r', a->priv);
	r->can_write &= second_may(nv, leaf, 'w', a->priv);
	r->can_fetch &= second_may(nv, leaf, 'x', a->priv);
	r->pa = leaf->oa;
	if (leaf->lg2 < r->lg2)
		r->lg2 = leaf->lg2;
	if (leaf->group_lg2 < r->group_lg2)
		r->group_lg2 = leaf->group_lg2;
}

void nv_translate(const struct nv *nv, const struct nv_access *a,
		  struct nv_result *r)
{
	const struct nv_tables *t = &nv->half[bit(a->addr, 55)];
	const struct purpose why = { a->read, a->write, a->fetch, a->priv,
				     FOR_INPUT };
	const struct purpose fetch = { true, false, false, true, FOR_CD };
	struct type type = decode_mair(0xff, 3);
	uint64_t ipa = a->addr;
	struct leaf leaf;

	memset(r, 0, sizeof(*r));
	r->can_read = r->can_write = r->can_fetch = true;
	r->lg2 = r->group_lg2 = 64;
	if (nv->stage1 && nv->stage2 &&
	    !second_stage(nv, nv->cd, &fetch, &leaf, r))
		return;
	if (nv->stage1) {
		if (!first_stage(nv, a, t, &leaf, r))
			return;
		of_first(nv, a, t, &leaf, &type, r);
		ipa = leaf.oa;
	} else if (ipa >> nv->oas) {
		fail(r, EV_ADDR_SIZE);
		return;
	}
	if (nv->stage2) {
		if (!second_stage(nv, ipa, &why, &leaf, r))
			return;
		of_second(nv, a, &leaf, &type, r);
	}
	r->attr = encode(&type);
}
