/* SPDX-License-Identifier: MIT */
/*
 * The tables once more, in the simplest way, with bit numbers of their own.
 * What this refuses the model must not allow; the other way round the model has
 * many more reasons.
 */
#include "fuzz/vtd_rig.h"

#define PAGE(v) ((v)&UINT64_C(0xffffffffff000))

/* A request as the tables see it. */
struct ask {
	bool read, write, exec, priv;
};

struct tables {
	bool first, second, pass;
	unsigned int fs_levels, ss_levels;
	uint64_t fs, ss;
	uint64_t did, pasid, flags;
};

static bool walk_second(struct rig *r, const struct tables *t, uint64_t addr,
			const struct ask *ask, uint64_t *ret_pa)
{
	unsigned int level = t->ss_levels, shift;
	uint64_t table = t->ss, e;

	if (level < 2 || addr >> (12 + 9 * level))
		return false;
	for (; level; level--) {
		shift = 3 + 9 * level;
		e = world_get(&r->w, table + (addr >> shift & 511) * 8);
		if (!(e & 3) || (ask->read && !(e & 1)) ||
		    (ask->write && !(e & 2)))
			return false;
		if (level == 1 || (level <= 3 && e >> 7 & 1)) {
			*ret_pa = (PAGE(e) >> shift << shift) |
				  (addr & ((UINT64_C(1) << shift) - 1));
			return true;
		}
		table = PAGE(e);
	}
	return false;
}

/* Tables of the first stage are where the second puts them. */
static bool place(struct rig *r, const struct tables *t, uint64_t addr,
		  uint64_t *ret_pa)
{
	static const struct ask reads = { .read = true };

	*ret_pa = addr;
	return !t->second || walk_second(r, t, addr, &reads, ret_pa);
}

static bool walk_first(struct rig *r, const struct tables *t, uint64_t addr,
		       const struct ask *ask, uint64_t *ret_pa)
{
	unsigned int level = t->fs_levels, shift;
	uint64_t table = t->fs, e, at;

	for (; level; level--) {
		shift = 3 + 9 * level;
		if (!place(r, t, table + (addr >> shift & 511) * 8, &at))
			return false;
		e = world_get(&r->w, at);
		if (!(e & 1) || (!ask->priv && !(e >> 2 & 1)) ||
		    (ask->write && !ask->priv && !(e >> 1 & 1)) ||
		    (ask->exec && e >> 63))
			return false;
		if (level == 1 || (level <= 3 && e >> 7 & 1)) {
			*ret_pa = (PAGE(e) >> shift << shift) |
				  (addr & ((UINT64_C(1) << shift) - 1));
			return true;
		}
		table = PAGE(e);
	}
	return false;
}

/* Sign-extended from the highest bit of a first stage of so many levels. */
static bool canonical(uint64_t addr, unsigned int levels)
{
	uint64_t top = addr >> (11 + 9 * levels);

	return !top || top == UINT64_MAX >> (11 + 9 * levels);
}

static bool legacy(struct rig *r, const struct hw_txn *txn, uint64_t root,
		   struct tables *ret_t)
{
	uint64_t re = world_get(&r->w, root + (txn->requester >> 8 & 255) * 16);
	uint64_t ce = PAGE(re) + (txn->requester & 255) * 16;
	uint64_t lo = world_get(&r->w, ce), hi = world_get(&r->w, ce + 8);
	unsigned int tt = lo >> 2 & 3;

	if (!(re & 1) || !(lo & 1) || tt == 3 ||
	    txn->flags & HW_TXN_PASID_VALID ||
	    (txn->flags & HW_TXN_TRANSLATED && tt != 1))
		return false;
	*ret_t = (struct tables){
		.pass = tt == 2 || txn->flags & HW_TXN_TRANSLATED,
		.second = true,
		.ss_levels = 2 + (unsigned int)(hi & 7),
		.ss = PAGE(lo),
		.did = hi >> 8 & 0xffff,
	};
	return true;
}

static bool scalable(struct rig *r, const struct hw_txn *txn, uint64_t root,
		     struct tables *ret_t, struct ask *ask)
{
	uint64_t bus = root + (txn->requester >> 8 & 255) * 16;
	uint64_t re = world_get(&r->w, bus + (txn->requester >> 7 & 1) * 8);
	uint64_t ce = PAGE(re) + (txn->requester & 127) * 32;
	uint64_t lo = world_get(&r->w, ce), hi = world_get(&r->w, ce + 8);
	uint64_t pasid = txn->pasid & 0xfffff, dir, pe, dw0, dw2;

	if (!(re & 1) || !(lo & 1))
		return false;
	if (txn->flags & HW_TXN_TRANSLATED) {
		ret_t->pass = true;
		return lo >> 2 & 1;
	}
	if (!(txn->flags & HW_TXN_PASID_VALID)) {
		pasid = hi & 0xfffff;
		ask->priv = hi >> 20 & 1;
	} else if (!(lo >> 3 & 1)) {
		return false;
	}
	if (pasid >> 6 >= UINT64_C(128) << (lo >> 9 & 7))
		return false;
	dir = world_get(&r->w, PAGE(lo) + (pasid >> 6) * 8);
	pe = PAGE(dir) + (pasid & 63) * 64;
	dw0 = world_get(&r->w, pe);
	dw2 = world_get(&r->w, pe + 16);
	if (!(dir & 1) || !(dw0 & 1))
		return false;
	*ret_t = (struct tables){
		.first = dw0 >> 6 & 1,
		.second = dw0 >> 7 & 1,
		.pass = (dw0 >> 6 & 7) == 4,
		.fs_levels = 4 + (unsigned int)(dw2 >> 2 & 3),
		.ss_levels = 2 + (unsigned int)(dw0 >> 2 & 7),
		.fs = PAGE(dw2),
		.ss = PAGE(dw0),
		.did = world_get(&r->w, pe + 8) & 0xffff,
		.pasid = pasid,
		.flags = dw2 & 0xff,
	};
	return ret_t->pass || !(dw0 >> 8 & 1);
}

static bool walk(struct rig *r, const struct tables *t, const struct ask *ask,
		 uint64_t addr, uint64_t *ret_pa)
{
	uint64_t mid = addr;

	if (t->first && (t->fs_levels > 5 || !canonical(addr, t->fs_levels) ||
			 !walk_first(r, t, addr, ask, &mid)))
		return false;
	*ret_pa = mid;
	return t->second ? walk_second(r, t, mid, ask, ret_pa) : t->first;
}

/* False: the tables lead nowhere, or translation is off. */
static bool find_tables(struct rig *r, const struct hw_txn *txn,
			struct tables *ret_t, struct ask *ret_ask)
{
	uint64_t rtaddr = r->hw->ops->mmio_read(r->hw, 0x20, 8);
	bool pv = txn->flags & HW_TXN_PASID_VALID;

	*ret_t = (struct tables){ 0 };
	*ret_ask = (struct ask){
		.write = txn->perm & 2,
		.read = !(txn->perm & 2) || txn->perm & 1,
		.exec = pv && (txn->perm & 6) == 4,
		.priv = pv && txn->perm & IOMMU_PERM_PRIV,
	};
	if (rtaddr >> 11 & 1)
		return false;
	if (rtaddr >> 10 & 1)
		return scalable(r, txn, PAGE(rtaddr), ret_t, ret_ask);
	return legacy(r, txn, PAGE(rtaddr), ret_t);
}

bool naive_translate(struct rig *r, const struct hw_txn *txn, uint64_t addr,
		     uint64_t *ret_pa)
{
	uint32_t gsts = (uint32_t)r->hw->ops->mmio_read(r->hw, 0x1c, 4);
	struct tables t;
	struct ask ask;

	*ret_pa = addr;
	if (!(gsts >> 31))
		return !(txn->flags & HW_TXN_TRANSLATED);
	return find_tables(r, txn, &t, &ask) &&
	       (t.pass || walk(r, &t, &ask, addr, ret_pa));
}

bool naive_compatible(struct rig *r, const struct hw_txn *a,
		      const struct hw_txn *b)
{
	struct tables x, y;
	struct ask ask;

	if (!find_tables(r, a, &x, &ask) || !find_tables(r, b, &y, &ask) ||
	    x.pass || y.pass || x.did != y.did)
		return true;
	if (x.second && y.second &&
	    (x.ss != y.ss || x.ss_levels != y.ss_levels))
		return false;
	return x.pasid != y.pasid ||
	       (x.first == y.first && x.second == y.second && x.fs == y.fs &&
		x.fs_levels == y.fs_levels && x.flags == y.flags);
}

static bool source_matches(uint64_t hi, uint16_t sid)
{
	static const uint16_t masks[] = { 0xffff, 0xfffb, 0xfff9, 0xfff8 };
	unsigned int bus = sid >> 8;

	switch (hi >> 18 & 3) {
	case 0:
		return true;
	case 1:
		return !((hi ^ sid) & masks[hi >> 16 & 3]);
	case 2:
		return bus >= (hi >> 8 & 255) && bus <= (hi & 255);
	default:
		return false;
	}
}

bool naive_interrupt(struct rig *r, uint16_t sid, const struct vtd_hw_msg *msg,
		     uint8_t *ret_vector)
{
	uint64_t irta = r->hw->ops->mmio_read(r->hw, 0xb8, 8), lo, hi;
	uint64_t index = (msg->addr >> 5 & 0x7fff) | (msg->addr & 4) << 13;

	if (msg->addr >> 3 & 1)
		index += msg->data;
	if (index >= UINT64_C(2) << (irta & 15))
		return false;
	lo = world_get(&r->w, PAGE(irta) + index * 16);
	hi = world_get(&r->w, PAGE(irta) + index * 16 + 8);
	*ret_vector = (uint8_t)(lo >> 16);
	return lo & 1 && !(lo >> 15 & 1) && source_matches(hi, sid);
}
