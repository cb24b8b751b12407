/* SPDX-License-Identifier: MIT */
#include "tests/models/vtd_naive.h"

#include <stdlib.h>
#include <string.h>

#include "tests/models/vtd_fixture.h"

static bool bit(uint64_t v, unsigned int n)
{
	return v >> n & 1;
}

/* v[hi:lo], where it is. */
static uint64_t bits(uint64_t v, unsigned int hi, unsigned int lo)
{
	unsigned int n;
	uint64_t out = 0;

	for (n = lo; n <= hi; n++)
		if (bit(v, n))
			out |= UINT64_C(1) << n;
	return out;
}

/* The lowest input bit a level resolves. */
static unsigned int low_bit(unsigned int level)
{
	static const unsigned int low[] = { 0, 12, 21, 30, 39, 48 };

	return low[level];
}

/* Memory, with the updates that were noted. */
static bool load(const struct vn *vn, const struct vn_result *r, uint64_t pa,
		 uint64_t *ret_value)
{
	unsigned int i;

	if (pa >= VX_MEM_SIZE)
		return false;
	*ret_value = vx_get(vn->fx, pa);
	for (i = 0; i < r->updates; i++)
		if (r->update[i].pa == pa)
			*ret_value = r->update[i].value;
	return true;
}

static void note(struct vn_result *r, uint64_t pa, uint64_t value)
{
	if (r->updates == VN_UPDATES)
		abort();
	r->update[r->updates].pa = pa;
	r->update[r->updates++].value = value;
}

static bool fail(struct vn_result *r, unsigned int reason)
{
	r->reason = reason;
	return false;
}

/* Why the second stage is asked; ASK is about the page, before it is used. */
enum why { PAGE, TOP_TABLE, TABLE, FLAG, ASK };

struct second {
	uint64_t pa;
	unsigned int lg2;
	bool r, w, snoop;
};

/* 9.8: is any reserved bit of the entry set? */
static bool second_reserved(const struct vn *vn, uint64_t e, unsigned int level,
			    bool page)
{
	if (vn->haw < 52 && bits(e, 51, vn->haw))
		return true;
	if (bit(e, 62))
		return true;
	if (bit(e, 11) && (!page || !vn->snoop_control))
		return true;
	if (!page)
		return bit(e, 7);
	return level > 1 && bits(e, low_bit(level) - 1, 12);
}

static bool second_is_page(const struct vn *vn, uint64_t e, unsigned int level)
{
	switch (level) {
	case 1:
		return true;
	case 2:
		return vn->ss2m && bit(e, 7);
	case 3:
		return vn->ss1g && bit(e, 7);
	default:
		return false;
	}
}

static bool second_refuses(const struct vn *vn, struct vn_result *r,
			   enum why why, bool write)
{
	if (why == TOP_TABLE)
		return fail(r, 0x75);
	if (why == TABLE)
		return fail(r, 0x76);
	if (why == FLAG)
		return fail(r, 0x77);
	if (write)
		return fail(r, vn->legacy ? 0x05 : 0x85);
	return fail(r, vn->legacy ? 0x06 : 0x86);
}

static bool second_flags(const struct vn *vn, struct vn_result *r, uint64_t at,
			 uint64_t e, bool dirty)
{
	uint64_t want = e | 1 << 8 | (dirty ? 1 << 9 : 0);

	if (!vn->ssade || want == e)
		return true;
	if (!vn->pwsnp)
		return fail(r, 0x7c);
	note(r, at, want);
	return true;
}

static bool second_stage(const struct vn *vn, uint64_t gpa, enum why why,
			 bool read, bool write, struct second *out,
			 struct vn_result *r)
{
	unsigned int level = vn->second_levels;
	unsigned int width = low_bit(level) + 9;
	uint64_t table = vn->second_base, at, e;

	if (vn->mgaw < width)
		width = vn->mgaw;
	if (gpa >> width)
		return fail(r, vn->legacy ? 0x04 : !vn->first ? 0x84 : 0x74);
	out->r = out->w = true;
	for (;; level--) {
		at = table + (bits(gpa, low_bit(level) + 8, low_bit(level)) >>
			      low_bit(level) << 3);
		if (!load(vn, r, at, &e)) {
			if (level == vn->second_levels)
				return fail(r, vn->legacy ? 0x03 : 0x7b);
			return fail(r, vn->legacy ? 0x07 : 0x78);
		}
		if (!bit(e, 0) && !bit(e, 1) && !vn->legacy)
			return fail(r, 0x79);
		out->r = out->r && bit(e, 0);
		out->w = out->w && bit(e, 1);
		if (write && !out->w)
			return second_refuses(vn, r, why, true);
		if (read && !out->r)
			return second_refuses(vn, r, why, false);
		if (second_reserved(vn, e, level, second_is_page(vn, e, level)))
			return fail(r, vn->legacy ? 0x0c : 0x7a);
		if (second_is_page(vn, e, level))
			break;
		if (!second_flags(vn, r, at, e, false))
			return false;
		table = bits(e, 51, 12);
	}
	if (!second_flags(vn, r, at, e, write && (why == PAGE || why == FLAG)))
		return false;
	out->lg2 = low_bit(level);
	out->pa = bits(e, 51, out->lg2) | bits(gpa, out->lg2 - 1, 0);
	out->snoop = bit(e, 11);
	return true;
}

/* The PA of an entry of the first stage. */
static bool entry_pa(const struct vn *vn, uint64_t addr, enum why why,
		     uint64_t *ret_pa, struct vn_result *r)
{
	struct second s = { 0 };

	*ret_pa = addr;
	if (!vn->second)
		return true;
	if (!second_stage(vn, addr, why, why != FLAG, why == FLAG || vn->ssade,
			  &s, r))
		return false;
	*ret_pa = s.pa;
	return true;
}

static bool first_is_page(const struct vn *vn, uint64_t e, unsigned int level)
{
	if (level == 1)
		return true;
	if (level == 2)
		return bit(e, 7);
	return level == 3 && vn->fs1gp && bit(e, 7);
}

/* 9.7 */
static bool first_reserved(const struct vn *vn, uint64_t e, unsigned int level)
{
	if (vn->haw < 52 && bits(e, 51, vn->haw))
		return true;
	if (bit(e, 63) && vn->execute_requests && !vn->nxe)
		return true;
	if (!first_is_page(vn, e, level))
		return bit(e, 7);
	return level > 1 && bits(e, low_bit(level) - 1, 13);
}

static bool first_flags(const struct vn *vn, struct vn_result *r, uint64_t addr,
			uint64_t e, bool dirty)
{
	uint64_t want = e | 1 << 5 | (vn->eafe ? 1 << 10 : 0) |
			(dirty ? 1 << 6 : 0),
		 at;

	if (want == e)
		return true;
	if (!vn->pwsnp)
		return fail(r, 0x90);
	if (!entry_pa(vn, addr, FLAG, &at, r))
		return false;
	note(r, at, want);
	return true;
}

/* 3.6: bits above the ones that are translated are all alike. */
static bool canonical(const struct vn *vn, uint64_t va)
{
	unsigned int top = low_bit(vn->first_levels) + 8, n;

	for (n = top + 1; n < 64; n++)
		if (bit(va, n) != bit(va, top))
			return false;
	return true;
}

static bool first_stage(const struct vn *vn, const struct vn_access *a,
			uint64_t *ret_out, struct vn_result *r)
{
	unsigned int level = vn->first_levels;
	bool user = true, rw = true, xd = false;
	uint64_t table = vn->first_base, addr, at, e;
	struct second s = { 0 };

	if (!canonical(vn, a->addr))
		return fail(r, 0x80);
	for (;; level--) {
		bool top = level == vn->first_levels;

		addr = table +
		       (bits(a->addr, low_bit(level) + 8, low_bit(level)) >>
			low_bit(level) << 3);
		if (!entry_pa(vn, addr, top ? TOP_TABLE : TABLE, &at, r))
			return false;
		if (!load(vn, r, at, &e))
			return fail(r, top ? 0x73 : 0x70);
		if (!bit(e, 0))
			return fail(r, 0x71);
		if (first_reserved(vn, e, level))
			return fail(r, 0x72);
		rw = rw && bit(e, 1);
		user = user && bit(e, 2);
		xd = xd || bit(e, 63);
		if (first_is_page(vn, e, level))
			break;
		if (!first_flags(vn, r, addr, e, false))
			return false;
		table = bits(e, 51, 12);
	}
	r->can_read = user || a->priv;
	r->can_write = r->can_read && (rw || (a->priv && !vn->wpe));
	r->can_fetch = r->can_read && !xd && !(a->priv && user && vn->smep);
	if (!r->can_read)
		return fail(r, 0x81);
	if (a->write && !r->can_write)
		return fail(r, 0x85);
	if (a->fetch && !r->can_fetch)
		return fail(r, 0x82);
	r->lg2 = low_bit(level);
	*ret_out = bits(e, 51, r->lg2) | bits(a->addr, r->lg2 - 1, 0);
	/* Not dirty unless it is going to be written to. */
	if (vn->second && a->write &&
	    !second_stage(vn, *ret_out, ASK, a->read, true, &s, r))
		return false;
	return first_flags(vn, r, addr, e, a->write);
}

void vn_translate(const struct vn *vn, const struct vn_access *access,
		  struct vn_result *r)
{
	uint64_t addr = access->addr;
	struct second s = { 0 };

	memset(r, 0, sizeof(*r));
	r->lg2 = 64;
	r->can_read = r->can_write = r->can_fetch = true;
	if (vn->first && !first_stage(vn, access, &addr, r))
		return;
	if (vn->second) {
		if (!second_stage(vn, addr, PAGE, access->read, access->write,
				  &s, r))
			return;
		addr = s.pa;
		r->snoop = s.snoop;
		r->can_read = r->can_read && s.r;
		r->can_write = r->can_write && s.w;
		r->can_fetch = r->can_fetch && s.r;
		if (s.lg2 < r->lg2)
			r->lg2 = s.lg2;
	}
	r->pa = addr;
	if (addr >= 0xfee00000 && addr <= 0xfeefffff)
		fail(r, vn->legacy ? 0x0e : 0x87);
}
