/* SPDX-License-Identifier: MIT */
/*
 * What a guest builds in memory and writes into registers. Bytes of 0 make what
 * works: every one changes something about it.
 */
#include "fuzz/vtd_rig.h"

enum { STATUS_PAGES = 2, IQ_PAGES = 8 };

uint64_t guest_alloc(struct rig *r, uint64_t size)
{
	uint64_t pa;

	if (r->bump + size > WORLD_RAM)
		r->bump = GUEST_TABLES;
	pa = r->bump;
	r->bump += size;
	for (size = 0; size < r->bump - pa; size += 8)
		world_put(&r->w, pa + size, 0);
	return pa | r->hi;
}

/* Bus 0: device 1, device 2, the upper table; bus 1. */
uint32_t guest_sid(struct in *in)
{
	static const uint16_t sids[] = { 0x0008, 0x0010, 0x00a1, 0x0108 };
	uint8_t b = in_u8(in);

	return b < 0xf0 ? sids[b & 3] : in_u16(in);
}

uint32_t guest_pasid(struct in *in)
{
	static const uint32_t pasids[] = { 1, 0, 63, 64, 127, 128, 0xfffff };
	uint8_t b = in_u8(in);

	return b < 0xf0 ? pasids[(b & 15) % FUZZ_COUNT(pasids)] : in_u32(in);
}

/* Pages next to each other, edges, anything. */
uint64_t guest_va(struct in *in)
{
	static const uint64_t high[] = {
		UINT64_C(0xfffffffffffff000), UINT64_C(0x7ffffffff000),
		UINT64_C(0xffff800000000000), UINT64_C(0xfee00000),
		UINT64_C(0xfedff000),         UINT64_C(0xfef00000),
		UINT64_C(0x40000000),         UINT64_C(0x8000000000),
	};
	uint8_t b = in_u8(in);

	if (b < 0x80)
		return UINT64_C(0x7000) + (uint64_t)(b & 31) * 0x1000 +
		       (uint64_t)(b >> 5) * 0x200000;
	if (b < 0xf0)
		return high[b & 7] + (b >> 3 & 7) * 0x124;
	return in_word(in);
}

/* Queues, tables, events; then on with all of it, one thing after the other. */
void guest_registers(struct rig *r)
{
	uint8_t b = in_u8(r->in), q = in_u8(r->in);
	uint64_t on = 0;

	r->ttm = b & 1 ? VTD_RTADDR_TTM_LEGACY : VTD_RTADDR_TTM_SCALABLE;
	if (b & 2)
		r->ttm = b >> 2 & 3;
	r->iqa = GUEST_IQ | r->hi | (q & 7);
	/* Those of scalable mode are wide. */
	if (!(b & 0x10) == (r->ttm != VTD_RTADDR_TTM_LEGACY))
		r->iqa |= FIELD_MASK(VTD_IQA_DW);
	r->pqa = GUEST_PQ | r->hi | (q >> 3 & 7);
	r->tail = 0;
	rig_write(r, VTD_RTADDR, 8,
		  GUEST_ROOT | r->hi | r->ttm << VTD_RTADDR_TTM_LO);
	rig_write(r, VTD_GCMD, 4, FIELD_MASK(VTD_GCMD_SRTP));
	rig_write(r, VTD_IQT, 8, 0);
	rig_write(r, VTD_IQA, 8, r->iqa);
	rig_write(r, VTD_PQA, 8, r->pqa);
	rig_write(r, VTD_PQH, 8, 0);
	rig_write(r, VTD_PQT, 8, 0);
	rig_write(r, VTD_IRTA, 8,
		  GUEST_IRT | r->hi | 3 |
			  (b & 0x20 ? FIELD_MASK(VTD_IRTA_EIME) : 0));
	rig_write(r, VTD_GCMD, 4, FIELD_MASK(VTD_GCMD_SIRTP));
	rig_write(r, VTD_FEDATA, 4, 0x31);
	rig_write(r, VTD_FEADDR, 4, 0xfee00000u);
	rig_write(r, VTD_FECTL, 4, 0);
	rig_write(r, VTD_IEDATA, 4, 0x32);
	rig_write(r, VTD_IEADDR, 4, 0xfee01000u);
	rig_write(r, VTD_IECTL, 4, 0);
	rig_write(r, VTD_PEDATA, 4, 0x33);
	rig_write(r, VTD_PEADDR, 4, 0xfee02000u);
	if (!(b & 0x40))
		rig_write(r, VTD_PECTL, 4, 0);
	on |= FIELD_MASK(VTD_GCMD_QIE);
	rig_write(r, VTD_GCMD, 4, on);
	on |= FIELD_MASK(VTD_GCMD_IRE);
	rig_write(r, VTD_GCMD, 4, on);
	on |= FIELD_MASK(VTD_GCMD_TE);
	if (!(b & 0x80))
		rig_write(r, VTD_GCMD, 4, on);
}

void guest_tree(struct rig *r, unsigned int n)
{
	uint8_t b = in_u8(r->in);

	r->tree[n] = (struct guest_tree){
		.levels = 4,
		.second = n & 1,
		.root = guest_alloc(r, 4096),
	};
	if (b & 1)
		r->tree[n].levels = 5;
	if (b & 2 && r->tree[n].second)
		r->tree[n].levels = 3;
}

static unsigned int shift_of(unsigned int level)
{
	return 3 + 9 * level;
}

void guest_map(struct rig *r, unsigned int n, uint64_t va, unsigned int level,
	       uint64_t pa, uint64_t attr)
{
	const struct guest_tree *t = &r->tree[n];
	uint64_t table = t->root, at, e, next;
	unsigned int l;

	for (l = t->levels; l > level; l--) {
		at = table + (va >> shift_of(l) & 511) * 8;
		e = world_get(&r->w, at);
		/* A large page gives way. */
		if (!(e & 3) || (l <= 3 && e >> 7 & 1)) {
			next = guest_alloc(r, 4096);
			e = next | (t->second ? 3 : 7);
			world_put(&r->w, at, e);
		}
		table = e & UINT64_C(0xffffffffff000);
	}
	pa = pa >> shift_of(level) << shift_of(level) | r->hi;
	e = pa | (t->second ? 3 : 7) | (level > 1 ? 1 << 7 : 0);
	world_put(&r->w, table + (va >> shift_of(level) & 511) * 8, e ^ attr);
}

/* Low flags in the first byte, software and high bits in the second. */
void guest_map_op(struct rig *r)
{
	uint8_t b = in_u8(r->in), page;
	uint64_t va = guest_va(r->in), attr;
	uint16_t bits = in_u16(r->in);

	page = in_u8(r->in);
	attr = (bits & 0xfff) ^ (uint64_t)(bits >> 15) << 63 ^
	       (uint64_t)(bits >> 14 & 1) << 62 ^
	       (uint64_t)(bits >> 13 & 1) << 51;
	if (bits >> 12 & 1)
		attr ^= in_word(r->in);
	guest_map(r, b & (RIG_TREES - 1), va, 1 + (b >> 2 & 3u) % 3,
		  UINT64_C(0x30000) + (uint64_t)page * 0x1000, attr);
}

/*
 * Root, context, directory: the same directory for everybody. Of the first byte
 * the high bits are those of a legacy entry.
 */
static void legacy_context(struct rig *r, uint64_t at)
{
	uint16_t b = in_u16(r->in);
	uint64_t lo = r->tree[b & 2 ? 3 : 1].root, hi;

	lo |= 1u | ((b & 1u) ^ 1u) << 2;
	lo ^= (uint64_t)(b >> 2 & 3) << 2 | (uint64_t)(b >> 4 & 1) << 1;
	hi = (r->tree[b & 2 ? 3 : 1].levels - 2u) | 7 << 8;
	hi ^= b >> 5 & 7;
	hi ^= (uint64_t)(b >> 8 & 15) << 8;
	if (b >> 12 & 1)
		lo ^= in_word(r->in);
	if (b >> 13 & 1)
		hi ^= in_word(r->in);
	world_put(&r->w, at + 8, hi);
	world_put(&r->w, at, lo);
}

static void scalable_context(struct rig *r, uint64_t at)
{
	uint16_t b = in_u16(r->in);
	uint64_t lo = GUEST_DIR | r->hi | 1 | 1 << 2 | 1 << 3 | 1 << 4;
	uint64_t hi = 0;

	lo ^= (uint64_t)(b & 15) << 1;
	lo |= (uint64_t)(b >> 4 & 7) << 9;
	if (b >> 7 & 1)
		hi = 1; /* RID_PASID */
	if (b >> 8 & 1)
		hi |= 1 << 20;
	if (b >> 9 & 1)
		lo ^= in_word(r->in);
	if (b >> 10 & 1)
		hi ^= in_word(r->in);
	world_put(&r->w, at + 8, hi);
	world_put(&r->w, at, lo);
}

void guest_context(struct rig *r, uint32_t sid)
{
	uint64_t root = GUEST_ROOT + (sid >> 8 & 255) * 16;
	uint64_t lower = GUEST_CONTEXT | r->hi | 1;

	world_put(&r->w, root, lower);
	if (r->ttm == VTD_RTADDR_TTM_SCALABLE) {
		world_put(&r->w, root + 8, lower + 0x1000);
		scalable_context(r, GUEST_CONTEXT + (sid >> 7 & 1) * 0x1000 +
					    (sid & 127) * 32);
	} else {
		legacy_context(r, GUEST_CONTEXT + (sid & 255) * 16);
	}
}

/* The defaults: a first stage of four or five levels, flags and all. */
void guest_pasid_entry(struct rig *r, uint32_t pasid)
{
	uint64_t at = GUEST_PASIDS + (pasid & 127) * 64;
	uint32_t b = in_u32(r->in);
	const struct guest_tree *fs = &r->tree[b & 1 ? 2 : 0];
	const struct guest_tree *ss = &r->tree[b & 2 ? 3 : 1];
	uint64_t dw[3];
	unsigned int i;

	dw[0] = ss->root | 1 | 1 << 6 | (uint64_t)(ss->levels - 2) << 2;
	dw[0] ^= (uint64_t)(b >> 2 & 7) << 6;
	dw[0] ^= (uint64_t)(b >> 5 & 1) << 9;
	dw[0] ^= (uint64_t)(b >> 6 & 1) << 1;
	dw[1] = (7 + (b >> 7 & 3)) | 1 << 23;
	dw[1] ^= (uint64_t)(b >> 9 & 3) << 23;
	dw[2] = fs->root | (fs->levels == 5 ? 4 : 0);
	dw[2] ^= b >> 11 & 0xff;
	for (i = 0; i < 3; i++)
		if (b >> (19 + i) & 1)
			dw[i] ^= in_word(r->in);
	world_put(&r->w, GUEST_DIR, GUEST_PASIDS | r->hi | 1);
	world_put(&r->w, GUEST_DIR + 8, (GUEST_PASIDS + 0x1000) | r->hi | 1);
	world_put(&r->w, at + 16, dw[2]);
	world_put(&r->w, at + 8, dw[1]);
	world_put(&r->w, at, dw[0]);
}

void guest_irte(struct rig *r, unsigned int index)
{
	uint32_t b = in_u32(r->in);
	uint64_t lo = 1 | (uint64_t)(0x40 + index) << 16;
	uint64_t hi = 0x0008 | 1 << 18;

	lo ^= b & 0xff;
	lo |= (uint64_t)(b >> 8 & 0xff) << 40;
	hi ^= (uint64_t)(b >> 16 & 0xf) << 16 ^ (b >> 20 & 0x1ff);
	if (b >> 29 & 1)
		lo ^= in_word(r->in);
	if (b >> 30 & 1)
		hi ^= in_word(r->in);
	world_put(&r->w, GUEST_IRT + index * 16 + 8, hi);
	world_put(&r->w, GUEST_IRT + index * 16, lo);
}

static void push(struct rig *r, const uint64_t dw[4], bool ring)
{
	bool wide = REG_GET(VTD_IQA_DW, r->iqa);
	unsigned int entry = wide ? 32 : 16, i;
	uint64_t size = UINT64_C(4096) << (r->iqa & 7);

	/* As far as there is room for it; the rest is whatever is there. */
	for (i = 0; i < entry / 8; i++)
		world_put(&r->w, GUEST_IQ + (r->tail + 8 * i) % 0x8000, dw[i]);
	r->tail = (r->tail + entry) & (size - 1);
	if (ring)
		rig_write(r, VTD_IQT, 8, r->tail);
}

/* Where each type has its source, its PASID and its granularity. */
static void fill(struct rig *r, unsigned int type, uint8_t how, uint64_t dw[4])
{
	uint64_t sid = guest_sid(r->in), pasid = guest_pasid(r->in) & 0xfffff;
	uint64_t va = guest_va(r->in) & ~UINT64_C(0xfff);
	uint64_t g = (how & 3) ^ 3, did = 7 + (how >> 2 & 3);

	dw[0] = (type & 15) | (uint64_t)(type >> 4 & 7) << 9;
	switch (type) {
	case VTD_INV_CC:
	case VTD_INV_PC:
		dw[0] |= g << 4 | did << 16;
		dw[0] |= (type == VTD_INV_CC ? sid : pasid) << 32;
		break;
	case VTD_INV_IOTLB:
	case VTD_INV_PIOTLB:
		dw[0] |= g << 4 | did << 16;
		dw[0] |= type == VTD_INV_PIOTLB ? pasid << 32 : 0;
		dw[1] = va | (how >> 4 & 7);
		break;
	case VTD_INV_DEVTLB:
		dw[0] |= sid << 32;
		dw[1] = va | (how & 1);
		break;
	case VTD_INV_PDEVTLB:
		dw[0] |= sid << 16 | pasid << 32;
		dw[1] = va | (how & 1) | (uint64_t)(how >> 1 & 1) << 11;
		break;
	case VTD_INV_IEC:
		dw[0] |= (uint64_t)(how & 1) << 4 |
			 (uint64_t)(how >> 1 & 31) << 27 | (sid & 15) << 32;
		break;
	case VTD_INV_WAIT:
		dw[0] |= (uint64_t)((how & 15) ^ 2) << 4;
		dw[0] |= (uint64_t)(0x1000 + r->tail) << 32;
		dw[1] = (GUEST_STATUS + (uint64_t)(how >> 4) * 4) | r->hi;
		break;
	case VTD_INV_PGRESP:
		dw[0] |= (uint64_t) !(how & 1) << 4;
		dw[0] |= (uint64_t)(how >> 1 & 15) << 12;
		dw[0] |= sid << 16 | pasid << 32;
		dw[1] = (uint64_t)(how >> 5) << 3;
		break;
	default:
		dw[1] = va;
		break;
	}
}

void guest_command(struct rig *r)
{
	static const uint8_t types[] = {
		VTD_INV_WAIT,   VTD_INV_CC,      VTD_INV_IOTLB,
		VTD_INV_DEVTLB, VTD_INV_IEC,     VTD_INV_PIOTLB,
		VTD_INV_PC,     VTD_INV_PDEVTLB, VTD_INV_PGRESP,
	};
	uint8_t b = in_u8(r->in), how = in_u8(r->in);
	unsigned int k = b & 31, i;
	uint64_t dw[4] = { 0 };

	fill(r, k < FUZZ_COUNT(types) ? types[k] : k * 5, how, dw);
	if (b & 0x20)
		for (i = 0; i < 4; i++)
			dw[i] ^= in_word(r->in);
	push(r, dw, !(b & 0x40));
	/* Two at once. */
	if (b & 0x80)
		push(r, dw, true);
}

/* What software does about events: faults, errors, requests, completions. */
void guest_serve(struct rig *r)
{
	uint64_t frcd = vtd_frcd_offset(r->cfg.cap), v;
	uint8_t b = in_u8(r->in);

	switch (b & 3) {
	case 0:
		v = rig_read(r, VTD_FSTS, 4);
		rig_write(r,
			  frcd + 16 * (uint64_t)REG_GET(VTD_FSTS_FRI, v) + 12,
			  4, 0x80000000u);
		rig_write(r, VTD_FSTS, 4, b & 4 ? in_u8(r->in) : v);
		break;
	case 1:
		v = rig_read(r, VTD_PQT, 8);
		rig_write(r, VTD_PQH, 8, b & 4 ? in_word(r->in) : v);
		rig_write(r, VTD_PRS, 4, b & 8 ? 1 : 3);
		break;
	case 2:
		rig_write(r, VTD_ICS, 4, 1);
		rig_write(r, VTD_IECTL, 4, b & 4 ? 0x80000000u : 0);
		break;
	default:
		/* The head is at a bad one: a wait in its place. */
		v = rig_read(r, VTD_IQH, 8);
		world_put(&r->w, GUEST_IQ + v % 0x8000, 0x25);
		world_put(&r->w, GUEST_IQ + (v + 8) % 0x8000,
			  GUEST_STATUS | r->hi);
		rig_write(r, VTD_FSTS, 4, 0x70);
		break;
	}
}

/* First stage if there is one; no queue, no event. */
uint64_t guest_simple(struct rig *r)
{
	struct in none = { NULL, NULL };
	struct in *in = r->in;
	bool sm = REG_GET(VTD_ECAP_SMTS, r->cfg.ecap);
	bool fs = sm && REG_GET(VTD_ECAP_FSTS, r->cfg.ecap);
	uint64_t sagaw = REG_GET(VTD_CAP_SAGAW, r->cfg.cap), i;
	unsigned int n = fs ? 0 : 1;

	/* A second stage of another width, or none: not by the simplest way. */
	if ((!fs && !(sagaw & VTD_CAP_SAGAW_48)) ||
	    (sm && !fs && !REG_GET(VTD_ECAP_SSTS, r->cfg.ecap)) ||
	    (fs && !REG_GET(VTD_ECAP_SMPWCS, r->cfg.ecap)) ||
	    REG_GET(VTD_CAP_MGAW, r->cfg.cap) < 47)
		return 0;
	r->in = &none;
	r->hi = 0;
	r->bump = GUEST_TABLES;
	r->w.alias = true;
	for (i = GUEST_ROOT; i < GUEST_STATUS; i += 8)
		world_put(&r->w, i, 0);
	r->ttm = sm ? VTD_RTADDR_TTM_SCALABLE : VTD_RTADDR_TTM_LEGACY;
	guest_tree(r, n);
	guest_map(r, n, 0x7000, 1, 0x31000, 0);
	guest_context(r, 8);
	/* What not every unit has. */
	world_put(&r->w, GUEST_CONTEXT + 8 * (sm ? 32 : 16),
		  sm ? GUEST_DIR | 1 : r->tree[n].root | 1);
	if (sm) {
		struct vtd_pasid pe = { { 0 } };

		guest_pasid_entry(r, 0);
		FIELD_SET(VTD_PASID_P, &pe, 1);
		FIELD_SET(VTD_PASID_DID, &pe, 1);
		FIELD_SET(VTD_PASID_PGTT, &pe,
			  fs ? VTD_PASID_PGTT_FS : VTD_PASID_PGTT_SS);
		FIELD_SET(VTD_PASID_PWSNP, &pe,
			  REG_GET(VTD_ECAP_SMPWCS, r->cfg.ecap));
		if (fs)
			vtd_pasid_set_fsptptr(&pe, r->tree[n].root);
		else
			vtd_pasid_set_ssptptr(&pe, r->tree[n].root);
		FIELD_SET(VTD_PASID_AW, &pe, fs ? 0 : VTD_AW_48);
		for (i = 0; i < 8; i++)
			world_put(&r->w, GUEST_PASIDS + 8 * i, pe.dw[i]);
	}
	rig_write(r, VTD_RTADDR, 8, GUEST_ROOT | r->ttm << VTD_RTADDR_TTM_LO);
	rig_write(r, VTD_GCMD, 4, FIELD_MASK(VTD_GCMD_SRTP));
	rig_write(r, VTD_GCMD, 4, FIELD_MASK(VTD_GCMD_TE));
	r->in = in;
	return 0x31000;
}
