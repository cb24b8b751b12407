/* SPDX-License-Identifier: MIT */
#include "tests/models/smmuv3_forest.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

enum {
	ARENA = 4 << 20,
	ACCESSES = 48,
	VMID = 0x5a,
};

static uint64_t rnd(struct fo *fo)
{
	/* xorshift64* */
	fo->seed ^= fo->seed >> 12;
	fo->seed ^= fo->seed << 25;
	fo->seed ^= fo->seed >> 27;
	return fo->seed * UINT64_C(2685821657736338717);
}

static uint64_t below(struct fo *fo, uint64_t n)
{
	return rnd(fo) % n;
}

static bool chance(struct fo *fo, unsigned int percent)
{
	return below(fo, 100) < percent;
}

static uint64_t mask(unsigned int bits)
{
	return bits >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << bits) - 1;
}

/* D8.2, once more: levels by page size. */
static unsigned int shift_of(unsigned int page, int level)
{
	return page + (unsigned int)(3 - level) * (page - 3);
}

static int top_level(unsigned int page, unsigned int bits)
{
	int level = 3;

	while (level > -1 && bits > shift_of(page, level) + page - 3)
		level--;
	return level;
}

/* Where a table of stage 1 is, for us. */
static uint64_t reach(const struct fo *fo, uint64_t addr, bool first)
{
	if (!first || !fo->nv.stage2)
		return fx_offset(&fo->fx, addr, 8);
	return addr - fo->arena_ipa < ARENA ?
		       addr - fo->arena_ipa + fo->arena_pa :
		       UINT64_MAX;
}

static uint64_t table(struct fo *fo, bool first, uint64_t size, unsigned int ps)
{
	uint64_t at;

	if (first && fo->nv.stage2) {
		at = (fo->arena_used + size - 1) & ~(size - 1);
		fo->arena_used = at + size;
		if (fo->arena_used > ARENA)
			abort();
		return fo->arena_ipa + at;
	}
	at = fx_alloc(&fo->fx, size, size < 64 ? 64 : size);
	/* Somewhere high up, if descriptors can say so. */
	if (fo->fx.alias && !(fo->fx.alias >> ps) && chance(fo, 50))
		at += fo->fx.alias;
	return at;
}

static uint64_t address_bits(const struct fo *fo, const struct nv_tables *t,
			     uint64_t oa)
{
	uint64_t pte = oa & mask(48) & ~mask(t->page);

	if (t->page == 16 && fo->nv.oas == 52)
		pte |= (oa >> 48 & 15) << 12;
	if (t->page != 16 && t->ds)
		pte |= (oa >> 48 & 3) << 48 | (oa >> 50 & 3) << 8;
	return pte;
}

/* Bits a descriptor can have an address in. */
static unsigned int reach_bits(const struct fo *fo, const struct nv_tables *t)
{
	bool wide = t->page == 16 ? fo->nv.oas == 52 : t->ds;
	unsigned int bits = wide ? 52 : 48;

	return bits < t->ps ? bits : t->ps;
}

/* All that is not the address, the type, or (with DS) SH. */
static uint64_t attributes(struct fo *fo, const struct nv_tables *t, bool first)
{
	uint64_t pte = rnd(fo) & (UINT64_C(0x7) << 51 | 0xffc);

	pte |= rnd(fo) & UINT64_C(1) << 54;
	if (chance(fo, 85))
		pte |= UINT64_C(1) << 10;
	/* Rather something that can be accessed. */
	if (first && chance(fo, 70))
		pte |= UINT64_C(1) << 6;
	if (first && chance(fo, 40))
		pte &= ~(UINT64_C(1) << 7);
	if (!first && chance(fo, 60))
		pte |= UINT64_C(3) << 6;
	if (!first && chance(fo, 70))
		pte = (pte & ~UINT64_C(0x3c)) | UINT64_C(0x3c);
	/* SH is 0, 2 or 3, and reserved types are left out. */
	if ((pte >> 8 & 3) == 1)
		pte ^= UINT64_C(3) << 8;
	if (!first && (pte >> 2 & 3) == 0 && pte >> 4 & 3)
		pte |= UINT64_C(1) << 2;
	if (t->page != 16 && t->ds)
		pte &= ~(UINT64_C(3) << 8);
	pte &= ~(UINT64_C(1) << 52);
	return pte;
}

/* An output, aligned: mostly one that the next stage, or nobody, minds. */
static uint64_t output(struct fo *fo, const struct nv_tables *t, bool first,
		       unsigned int lg2)
{
	uint64_t oa;

	if (first && fo->nv.stage2 && chance(fo, 80))
		oa = fo->place2[below(fo, fo->places2)];
	else if (first && fo->nv.stage2 && chance(fo, 50))
		oa = rnd(fo) & mask(fo->nv.second.bits);
	else if (chance(fo, 95))
		oa = rnd(fo) & mask(reach_bits(fo, t));
	else
		oa = rnd(fo);
	return oa & ~mask(lg2);
}

/*
 * Makes a way to ia, down to level; the descriptors on it that are there
 * already stay. Where the descriptor of that level is; UINT64_MAX: something is
 * in the way.
 */
static uint64_t slot(struct fo *fo, const struct nv_tables *t, bool first,
		     uint64_t ia, int level)
{
	int top = first ? top_level(t->page, t->bits) : t->level;
	unsigned int top_bits = t->bits - shift_of(t->page, top);
	uint64_t align = UINT64_C(8) << top_bits, addr, old;
	uint64_t at = t->base;
	int l;

	if (align < 64 && t->ps == 52)
		align = 64;
	at &= ~(align - 1);
	for (l = top;; l++) {
		unsigned int shift = shift_of(t->page, l);
		uint64_t index = (ia & mask(t->bits)) >> shift;

		if (l > top)
			index &= mask(t->page - 3);
		addr = reach(fo, at + index * 8, first);
		/* A table that was planted to be nowhere. */
		if (addr == UINT64_MAX || l == level)
			return addr;
		old = fx_get(&fo->fx, addr);
		if (!old) {
			at = table(fo, first, UINT64_C(1) << t->page,
				   reach_bits(fo, t));
			old = address_bits(fo, t, at) | 3;
			/* APTable, PXNTable, UXNTable */
			if (first && chance(fo, 20))
				old |= rnd(fo) & UINT64_C(0xf) << 59;
			fx_put(&fo->fx, addr, old);
			continue;
		}
		if ((old & 3) != 3)
			return UINT64_MAX;
		at = old & mask(48) & ~mask(t->page);
		if (t->page == 16 && fo->nv.oas == 52)
			at |= (old >> 12 & 15) << 48;
		if (t->page != 16 && t->ds)
			at |= (old >> 48 & 3) << 48 | (old >> 8 & 3) << 50;
	}
}

/* Where nothing was. */
static void put(struct fo *fo, const struct nv_tables *t, bool first,
		uint64_t ia, int level, uint64_t pte)
{
	uint64_t addr = slot(fo, t, first, ia, level);

	if (addr != UINT64_MAX && !fx_get(&fo->fx, addr))
		fx_put(&fo->fx, addr, pte);
}

static unsigned int group_of(const struct nv_tables *t, int level)
{
	switch (t->page) {
	case 12:
		return level > 0 ? 4 : 0;
	case 14:
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	default:
		return level > 1 ? 5 : 0;
	}
}

/* A whole group with one set of attributes. */
static void put_group(struct fo *fo, const struct nv_tables *t, bool first,
		      uint64_t ia, int level)
{
	unsigned int shift = shift_of(t->page, level);
	unsigned int lg2 = shift + group_of(t, level);
	uint64_t type = level == 3 ? 3 : 1;
	uint64_t pte = attributes(fo, t, first) | type | UINT64_C(1) << 52;
	uint64_t oa = output(fo, t, first, lg2), i;
	/* Once in a while not laid out as one. */
	uint64_t twist = chance(fo, 15) ? UINT64_C(1) << shift : 0;

	ia &= ~mask(lg2);
	for (i = 0; i < UINT64_C(1) << (lg2 - shift); i++) {
		uint64_t addr = slot(fo, t, first, ia + (i << shift), level);

		/* Half a group would be a mistake of software's. */
		if (addr == UINT64_MAX || fx_get(&fo->fx, addr))
			return;
	}
	for (i = 0; i < UINT64_C(1) << (lg2 - shift); i++)
		put(fo, t, first, ia + (i << shift), level,
		    pte | address_bits(fo, t, (oa + (i << shift)) ^ twist));
}

/* Something at ia. */
static void plant(struct fo *fo, const struct nv_tables *t, bool first,
		  uint64_t ia)
{
	int top = first ? top_level(t->page, t->bits) : t->level;
	int level = chance(fo, 60) ? 3 :
				     top + (int)below(fo, (uint64_t)(4 - top));
	unsigned int shift = shift_of(t->page, level);
	uint64_t pte;

	if (shift + group_of(t, level) < t->bits && group_of(t, level) &&
	    chance(fo, 15)) {
		put_group(fo, t, first, ia, level);
		return;
	}
	pte = attributes(fo, t, first) | (level == 3 ? 3 : 1) |
	      address_bits(fo, t, output(fo, t, first, shift));
	/* An invalid or reserved one; a table nowhere. */
	if (chance(fo, 4))
		pte &= ~UINT64_C(1);
	if (chance(fo, 3))
		pte ^= 2;
	if (level < 3 && chance(fo, 3))
		pte |= 3;
	put(fo, t, first, ia, level, pte);
}

static uint64_t some_ia(struct fo *fo, const struct nv_tables *t,
			const uint64_t *place, unsigned int places)
{
	uint64_t ia = rnd(fo) & mask(t->bits);

	/* Near another one, so that they share tables. */
	if (places && chance(fo, 70))
		ia = place[below(fo, places)] ^
		     (rnd(fo) & mask(1 + (unsigned int)below(fo, t->bits)));
	return ia & mask(t->bits);
}

static void flags(struct fo *fo, struct nv_tables *t)
{
	t->ha = chance(fo, 50);
	t->hd = t->ha && chance(fo, 60);
	t->affd = chance(fo, 20);
	t->sh = (unsigned int)below(fo, 3);
	t->sh += t->sh > 0;
}

static unsigned int some_ps(struct fo *fo, unsigned int least)
{
	static const unsigned int ps[] = { 32, 36, 40, 42, 44, 48, 52 };
	unsigned int n;

	do {
		n = ps[below(fo, 7)];
	} while (n < least || n > fo->nv.oas);
	return n;
}

static uint64_t code_of_ps(unsigned int ps)
{
	switch (ps) {
	case 32:
		return 0;
	case 36:
		return 1;
	case 40:
		return 2;
	case 42:
		return 3;
	case 44:
		return 4;
	case 48:
		return 5;
	default:
		return 6;
	}
}

/* Stage 2: size and start level that go together. */
static void shape2(struct fo *fo, const struct fo_shape *shape)
{
	struct nv_tables *t = &fo->nv.second;
	unsigned int most;

	t->page = shape->page2;
	t->ds = shape->wide && t->page != 16 && (shape->ds || chance(fo, 60));
	most = t->page == 16 || t->ds ? fo->nv.oas : 48;
	if (most > fo->nv.oas)
		most = fo->nv.oas;
	t->bits = shape->bits2;
	t->level = shape->level2;
	while (!shape->bits2) {
		t->level = (int)below(fo, 5) - 1;
		t->bits = 17 + (unsigned int)below(fo, most - 16);
		/* At least one bit, at most 16 tables. */
		if (t->bits <= shift_of(t->page, t->level) ||
		    t->bits > shift_of(t->page, t->level) + t->page - 3 + 4)
			continue;
		/* The arena of stage 1 has to fit. */
		if (shape->page1 && t->bits < 25)
			continue;
		if (t->page == 12 && t->level == -1 && !t->ds)
			continue;
		if (t->page == 14 && t->level == 0 && !t->ds)
			continue;
		if (t->page == 16 && t->level < 1)
			continue;
		break;
	}
	t->ps = some_ps(fo, 32);
	flags(fo, t);
}

static void shape1(struct fo *fo, const struct fo_shape *shape)
{
	unsigned int i, least = 32;

	/* IPAs of the arena have to fit. */
	if (shape->page2)
		while (least < 52 && fo->arena_ipa >> least)
			least++;
	for (i = 0; i < 2; i++) {
		struct nv_tables *t = &fo->nv.half[i];
		unsigned int most;

		t->page = shape->page1;
		t->ds = shape->wide && t->page != 16 &&
			(i ? fo->nv.half[0].ds :
			     shape->bits1 > 48 || chance(fo, 60));
		most = t->page == 16 && shape->wide ? 52 : t->ds ? 52 : 48;
		t->bits = shape->bits1 ?
				  shape->bits1 :
			  chance(fo, 20) ?
				  most :
				  17 + (unsigned int)below(fo, most - 16);
		if (t->bits > most)
			t->bits = most;
		t->ps = i ? fo->nv.half[0].ps : some_ps(fo, least);
		if (i) {
			t->ha = fo->nv.half[0].ha;
			t->hd = fo->nv.half[0].hd;
			t->affd = fo->nv.half[0].affd;
			t->sh = fo->nv.half[0].sh;
		} else {
			flags(fo, t);
		}
		t->tbi = chance(fo, 30);
		t->had = chance(fo, 20);
		t->epd = chance(fo, 3);
	}
	fo->nv.wxn = chance(fo, 15);
	fo->nv.pan = chance(fo, 15);
}

/* The first table. What is below its alignment does not count: 5.2, 5.4. */
static uint64_t root(struct fo *fo, const struct nv_tables *t, bool first)
{
	int top = first ? top_level(t->page, t->bits) : t->level;
	uint64_t size = UINT64_C(8) << (t->bits - shift_of(t->page, top));
	unsigned int ps = t->page != 16 && !t->ds && t->ps > 48 ? 48 : t->ps;
	uint64_t align = size < 64 && t->ps == 52 ? 64 : size;

	return table(fo, first, size < 64 ? 64 : size, ps) |
	       (rnd(fo) & (align - 1) & ~UINT64_C(15));
}

/* Stage 2, with the arena of stage 1 and what else there is. */
static void grow2(struct fo *fo, bool arena)
{
	struct nv_tables *t = &fo->nv.second;
	uint64_t step = UINT64_C(1) << t->page, i;

	t->base = root(fo, t, false);
	if (arena) {
		fo->arena_pa = fx_alloc(&fo->fx, ARENA, ARENA);
		fo->arena_ipa = rnd(fo) & mask(t->bits) &
				~(uint64_t)(ARENA - 1);
		/* Not more than IPS can say of a table. */
		if (!fo->nv.half[0].ds)
			fo->arena_ipa &= mask(47);
		for (i = 0; i < ARENA; i += step) {
			uint64_t pte = attributes(fo, t, false);

			if (!chance(fo, 6))
				pte |= UINT64_C(3) << 6 | UINT64_C(0x3c) |
				       UINT64_C(1) << 10;
			put(fo, t, false, fo->arena_ipa + i, 3,
			    pte | 3 | address_bits(fo, t, fo->arena_pa + i));
		}
	}
	for (fo->places2 = 0; fo->places2 < FO_PLACES; fo->places2++) {
		uint64_t ia = some_ia(fo, t, fo->place2, fo->places2);

		fo->place2[fo->places2] = ia;
		if (arena && ia - fo->arena_ipa < ARENA)
			continue;
		plant(fo, t, false, ia);
	}
}

static void grow1(struct fo *fo)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		fo->nv.half[i].base = root(fo, &fo->nv.half[i], true);
	for (fo->places1 = 0; fo->places1 < FO_PLACES / 2; fo->places1++) {
		struct nv_tables *t = &fo->nv.half[fo->places1 & 1];
		uint64_t ia = some_ia(fo, t, fo->place1, fo->places1);

		fo->place1[fo->places1] =
			fo->places1 & 1 ? ia | ~mask(t->bits) : ia;
		plant(fo, t, true, ia);
	}
}

static uint64_t tg0(unsigned int page)
{
	return page == 12 ? 0 : page == 16 ? 1 : 2;
}

static uint64_t tg1(unsigned int page)
{
	return page == 12 ? 2 : page == 14 ? 1 : 3;
}

static uint64_t sl0(const struct nv_tables *t)
{
	if (t->page == 12)
		return t->level == 3  ? 3 :
		       t->level == -1 ? 4 :
					(uint64_t)(2 - t->level);
	return (uint64_t)(3 - t->level);
}

/* The STE and the CD, bit by bit. */
static void write_config(struct fo *fo, bool nested, bool only2)
{
	const struct nv_tables *h = fo->nv.half, *s = &fo->nv.second;
	uint64_t ste = fo->fx.strtab + FX_SID * 64, cd = 0, cd_at = 0, w;
	unsigned int i;

	if (!only2) {
		cd = table(fo, true, 64, 32);
		cd_at = reach(fo, cd, true);
		fo->nv.cd = cd;
		w = (64 - h[0].bits) | tg0(h[0].page) << 6 |
		    (uint64_t)h[0].sh << 12 | (uint64_t)h[0].epd << 14 |
		    (uint64_t)(64 - h[1].bits) << 16 | tg1(h[1].page) << 22 |
		    (uint64_t)h[1].sh << 28 | (uint64_t)h[1].epd << 30 |
		    UINT64_C(1) << 31 | code_of_ps(h[0].ps) << 32 |
		    (uint64_t)h[0].affd << 35 | (uint64_t)fo->nv.wxn << 36 |
		    (uint64_t)h[0].tbi << 38 | (uint64_t)h[1].tbi << 39 |
		    (uint64_t)fo->nv.pan << 40 | UINT64_C(1) << 41 |
		    (uint64_t)h[0].hd << 42 | (uint64_t)h[0].ha << 43 |
		    UINT64_C(7) << 45 | UINT64_C(0x1234) << 48;
		fx_put(&fo->fx, cd_at + 8, h[0].base | (uint64_t)h[0].had << 1);
		fx_put(&fo->fx, cd_at + 16,
		       h[1].base | (uint64_t)h[1].had << 1 |
			       (uint64_t)h[0].ds << 58);
		fx_put(&fo->fx, cd_at + 24, fo->nv.mair);
		fx_put(&fo->fx, cd_at, w);
	}
	for (i = 1; i < 8; i++)
		fx_put(&fo->fx, ste + i * 8, 0);
	if (nested || only2) {
		fx_put(&fo->fx, ste + 8, (uint64_t)fo->nv.fwb << 25);
		w = VMID | (uint64_t)(64 - s->bits) << 32 | (sl0(s) & 3) << 38 |
		    (uint64_t)s->sh << 44 | tg0(s->page) << 46 |
		    code_of_ps(s->ps) << 48 | UINT64_C(1) << 51 |
		    (uint64_t)s->affd << 53 | (uint64_t)fo->nv.ptw << 54 |
		    (uint64_t)s->hd << 55 | (uint64_t)s->ha << 56 |
		    UINT64_C(1) << 58;
		fx_put(&fo->fx, ste + 16, w);
		fx_put(&fo->fx, ste + 24,
		       s->base | (sl0(s) >> 2) << 2 | (uint64_t)s->ds << 3);
	} else {
		fx_put(&fo->fx, ste + 16, VMID);
	}
	fx_put(&fo->fx, ste,
	       1 |
		       (only2  ? UINT64_C(6) :
			nested ? 7 :
				 5)
			       << 1 |
		       cd);
}

static void start(struct fo *fo, const struct fo_shape *shape)
{
	struct smmuv3_hw_cfg cfg;

	smmuv3_hw_cfg_default(&cfg);
	cfg.aidr = 2;
	cfg.idr[0] |= 1 | 1 << 18; /* S2P, VMID16 */
	cfg.idr[0] &= ~shape->idr0_clear;
	/* FWB; HAD only with stage 1. */
	cfg.idr[3] |= 1 << 8;
	if (!(cfg.idr[0] & 1 << 1))
		cfg.idr[3] &= ~(UINT32_C(1) << 2);
	if (fo->nv.xnx)
		cfg.idr[3] |= 1 << 4;
	/* To forget in between makes no difference. */
	if (chance(fo, 20)) {
		cfg.personality = HW_EAGER;
		cfg.eager_period = 3;
	}
	cfg.idr[5] = (shape->wide ? 6 : 5) | 7 << 4 |
		     (shape->wide ? 1 << 7 | 1 << 10 : 0);
	fx_start(&fo->fx, &cfg);
	fo->fx.alias = shape->wide && chance(fo, 70) ? UINT64_C(0xa5) << 44 :
						       UINT64_C(0xa5) << 38;
}

static void plan(struct fo *fo, const struct fo_shape *shape)
{
	bool nested = shape->page1 && shape->page2;
	unsigned int i;

	fo->nv.fx = &fo->fx;
	fo->nv.oas = shape->wide ? 52 : 48;
	fo->nv.xnx = chance(fo, 50);
	fo->nv.stage1 = shape->page1;
	fo->nv.stage2 = shape->page2;
	fo->nv.fwb = chance(fo, 40);
	/* Ignored unless nested. */
	fo->nv.ptw = chance(fo, 30);
	for (i = 0; i < 8; i++) {
		static const uint8_t mair[] = { 0x00, 0x04, 0x08, 0x0c, 0x44,
						0xff, 0xbb, 0x4f, 0xf4, 0xaa,
						0x77, 0xee, 0xdd, 0x33, 0x84 };

		fo->nv.mair |= (uint64_t)mair[below(fo, sizeof(mair))]
			       << (8 * i);
	}
	start(fo, shape);
	if (shape->page2) {
		shape2(fo, shape);
		grow2(fo, nested);
	}
	if (shape->page1) {
		shape1(fo, shape);
		grow1(fo);
	}
	write_config(fo, nested, !shape->page1);
	if (!nested)
		fo->nv.ptw = false;
}

static void differs(struct fo *fo, const struct nv_access *a, const char *what,
		    uint64_t model, uint64_t naive)
{
	fo->wrong++;
	if (fo->quiet)
		return;
	print_error("%s: model %#llx, naive %#llx\n", what,
		    (unsigned long long)model, (unsigned long long)naive);
	print_error("  %#llx %s%s%s%s, stages %d%d, pages %u %u, bits %u %u, "
		    "levels %d\n",
		    (unsigned long long)a->addr, a->read ? "r" : "",
		    a->write ? "w" : "", a->fetch ? "x" : "",
		    a->priv ? "p" : "", fo->nv.stage1, fo->nv.stage2,
		    fo->nv.half[0].page, fo->nv.second.page,
		    fo->nv.half[a->addr >> 55 & 1].bits, fo->nv.second.bits,
		    fo->nv.second.level);
}

#define SAME(what, model, naive)                                               \
	do {                                                                   \
		uint64_t m_ = (model), n_ = (naive);                           \
		if (m_ != n_)                                                  \
			differs(fo, a, what, m_, n_);                          \
	} while (0)

static void check_fault(struct fo *fo, const struct nv_access *a, int ret,
			const struct nv_result *n)
{
	uint64_t rec[4] = { 0 };

	SAME("returned", (uint64_t)ret, (uint64_t)-EFAULT);
	SAME("record", fx_evt(&fo->fx, rec), true);
	SAME("event", rec[0] & 0xff, n->event);
	SAME("stream", rec[0] >> 32, FX_SID);
	SAME("PnU", rec[1] >> 33 & 1, a->priv);
	SAME("InD", rec[1] >> 34 & 1, a->fetch);
	SAME("RnW", rec[1] >> 35 & 1, !a->write);
	SAME("S2", rec[1] >> 39 & 1, n->s2);
	SAME("CLASS", rec[1] >> 40 & 3, n->class);
	SAME("address", rec[2], a->addr);
	if (n->event == 0x0b)
		SAME("FetchAddr", rec[3] & mask(56), n->walk & ~mask(3));
	else if (n->s2)
		SAME("IPA", rec[3] & mask(56),
		     n->ipa & mask(fo->nv.oas) & ~mask(12));
	if (n->event == 0x13 && n->class == 1)
		SAME("TTRnW", rec[1] >> 44 & 1, n->table_read);
	SAME("records", fx_evt(&fo->fx, rec), false);
	if (fo->seen) {
		fo->seen->events[n->event][n->s2]++;
		if (n->s2)
			fo->seen->classes[n->class]++;
	}
}

/* @cold: no cache knew anything, so that permissions are those of now. */
static void check_hit(struct fo *fo, const struct nv_access *a, int ret,
		      const struct hw_xlat *x, const struct nv_result *n,
		      bool cold)
{
	uint64_t rec[4] = { 0 };
	unsigned int perm = (n->can_read ? 1 : 0) | (n->can_write ? 2 : 0) |
			    (n->can_fetch ? 4 : 0) | (a->priv ? 8 : 0);
	unsigned int lg2;

	SAME("returned", (uint64_t)ret, 0);
	if (ret) {
		(void)fx_evt(&fo->fx, rec);
		if (!fo->quiet)
			print_error("  %#llx %#llx\n",
				    (unsigned long long)rec[0],
				    (unsigned long long)rec[1]);
		return;
	}
	SAME("address", x->pa, n->pa);
	SAME("attributes", x->attr, n->attr);
	if (cold)
		SAME("permissions", x->perm, perm);
	/* One entry, or a group as a whole; of either stage. */
	for (lg2 = n->lg2; lg2 < n->group_lg2; lg2++)
		if (x->len + (x->pa & mask(lg2)) == mask(lg2) + 1)
			break;
	SAME("length", x->len + (x->pa & mask(lg2)), mask(lg2) + 1);
	if (fo->seen)
		fo->seen->groups += lg2 > n->lg2;
	if (fo->seen) {
		fo->seen->translated++;
		fo->seen->wide_outputs += n->pa >> 48 != 0;
	}
}

static void one(struct fo *fo, const struct nv_access *a, bool cold)
{
	struct nv bent = fo->nv;
	struct nv_result n;
	struct hw_xlat x;
	unsigned int i, k;
	int ret;

	if (fo->bend)
		fo->bend(&bent);
	nv_translate(&bent, a, &n);
	ret = fx_access(&fo->fx, FX_SID, a->addr,
			(a->read ? 1 : 0) | (a->write ? 2 : 0) |
				(a->fetch ? 5 : 0) | (a->priv ? 8 : 0),
			&x);
	if (n.event)
		check_fault(fo, a, ret, &n);
	else
		check_hit(fo, a, ret, &x, &n, cold);
	/*
	 * The last value of each descriptor. A group that is cached as one need
	 * not be marked again: D8.5.5.
	 */
	for (i = 0; i < n.updates && (cold || !n.grouped); i++) {
		for (k = i + 1; k < n.updates; k++)
			if (n.update[k].pa == n.update[i].pa)
				break;
		if (k < n.updates)
			continue;
		SAME("update",
		     fx_get(&fo->fx, fx_offset(&fo->fx, n.update[i].pa, 8)),
		     n.update[i].value);
		if (fo->seen)
			fo->seen->updates++;
	}
	if (fo->seen)
		fo->seen->accesses++;
}

static void some_access(struct fo *fo, struct nv_access *a)
{
	static const char kinds[] = "rrrwwwxxb";
	char kind = kinds[below(fo, sizeof(kinds) - 1)];
	const uint64_t *place = fo->nv.stage1 ? fo->place1 : fo->place2;
	unsigned int places = fo->nv.stage1 ? fo->places1 : fo->places2;
	unsigned int bits = fo->nv.stage1 ? fo->nv.half[0].bits :
					    fo->nv.second.bits;

	*a = (struct nv_access){
		.addr = place[below(fo, places)],
		.read = kind == 'r' || kind == 'b',
		.write = kind == 'w' || kind == 'b',
		.fetch = kind == 'x',
		.priv = chance(fo, 40),
	};
	a->addr ^= rnd(fo) & mask(12);
	if (chance(fo, 25))
		a->addr ^= rnd(fo) & mask((unsigned int)below(fo, bits));
	if (chance(fo, 5))
		a->addr ^= UINT64_C(1) << below(fo, 64);
}

static void run(struct fo *fo, const struct fo_shape *shape)
{
	struct nv_access a;
	unsigned int i;

	plan(fo, shape);
	for (i = 0; i < ACCESSES; i++) {
		bool cold = chance(fo, 60);

		some_access(fo, &a);
		if (cold) {
			fx_cmd(&fo->fx, CMD_TLBI_NSNH_ALL, 0);
			fx_cmd(&fo->fx, CMD_CFGI_ALL, 31);
		}
		one(fo, &a, cold);
		/* Again, from the caches. */
		one(fo, &a, false);
	}
	fx_fini(&fo->fx);
}

static unsigned int grow(const struct fo_shape *shape, uint64_t seed,
			 struct fo_seen *seen, void (*bend)(struct nv *nv))
{
	/* Aligned as the port in it asks for. */
	static struct fo fo;

	memset(&fo, 0, sizeof(fo));
	fo.seed = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	fo.seen = seen;
	fo.bend = bend;
	fo.quiet = !seen;
	run(&fo, shape);
	return fo.wrong;
}

void fo_run(const struct fo_shape *shape, uint64_t seed, struct fo_seen *seen)
{
	unsigned int wrong = grow(shape, seed, seen, NULL);

	if (wrong)
		print_error("seed %llu\n", (unsigned long long)seed);
	assert_int_equal(wrong, 0);
}

unsigned int fo_control(const struct fo_shape *shape, uint64_t seed,
			void (*bend)(struct nv *nv))
{
	return grow(shape, seed, NULL, bend);
}
