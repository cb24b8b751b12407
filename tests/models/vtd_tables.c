/* SPDX-License-Identifier: MIT */
#include "tests/models/vtd_tables.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* The tables cannot be made: a bug of the test, not a failed check. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

void vt_set_root(struct vx *vx, uint64_t rtaddr)
{
	vx_w64(vx, VX_RTADDR, rtaddr);
	vx_gcmd(vx, VX_SRTP);
}

void vt_enable(struct vx *vx, bool on)
{
	uint32_t sts = vx_r32(vx, VX_GSTS) & (VX_TE | VX_QIE);

	vx_w32(vx, VX_GCMD, on ? sts | VX_TE : sts & ~VX_TE);
	assert_int_equal(vx_r32(vx, VX_GSTS) & VX_TE, on ? VX_TE : 0);
}

void vt_start(struct vx *vx, const struct vtd_hw_cfg *cfg, unsigned int ttm)
{
	vx_init(vx, cfg);
	vx->root = vx_alloc(vx, 4096, 4096);
	vx_enable(vx, vx->root | (uint64_t)ttm << 10);
}

void vt_inv(struct vx *vx, uint64_t dw0, uint64_t dw1)
{
	vx_inv(vx, dw0, dw1);
	assert_true(vx_sync(vx));
}

void vt_inv_context(struct vx *vx, unsigned int g, unsigned int did,
		    unsigned int sid, unsigned int fm)
{
	vt_inv(vx,
	       1 | g << 4 | (uint64_t)did << 16 | (uint64_t)sid << 32 |
		       (uint64_t)fm << 48,
	       0);
}

void vt_inv_pasid(struct vx *vx, unsigned int g, unsigned int did,
		  uint32_t pasid)
{
	vt_inv(vx, 7 | g << 4 | (uint64_t)did << 16 | (uint64_t)pasid << 32, 0);
}

void vt_inv_iotlb(struct vx *vx, unsigned int g, unsigned int did,
		  uint64_t addr, unsigned int am, bool ih)
{
	vt_inv(vx, 2 | g << 4 | 3 << 6 | (uint64_t)did << 16,
	       g == IOTLB_PAGE ? addr | am | (uint64_t)ih << 6 : 0);
}

void vt_inv_piotlb(struct vx *vx, unsigned int g, unsigned int did,
		   uint32_t pasid, uint64_t addr, unsigned int am, bool ih)
{
	vt_inv(vx, 6 | g << 4 | (uint64_t)did << 16 | (uint64_t)pasid << 32,
	       g == PIOTLB_PAGE ? addr | am | (uint64_t)ih << 6 : 0);
}

void vt_forget(struct vx *vx)
{
	vt_inv_context(vx, CC_GLOBAL, 0, 0, 0);
	/* Table 26: legacy mode has none. */
	if (vx_r64(vx, VX_RTADDR) >> 10 & 3)
		vt_inv_pasid(vx, PC_GLOBAL, 0, 0);
	vt_inv_iotlb(vx, IOTLB_GLOBAL, 0, 0, 0, false);
}

/* The table an entry points to, made if it is not present. */
static uint64_t child(struct vx *vx, uint64_t entry, uint64_t bits,
		      uint64_t size)
{
	uint64_t value = vx_get(vx, entry);

	if (!(value & 1)) {
		value = vx_alloc(vx, size, 4096) | bits;
		vx_put(vx, entry, value);
	}
	return value & UINT64_C(0xffffffffff000);
}

uint64_t vt_context_at(struct vx *vx, unsigned int sid)
{
	return child(vx, vx->root + (sid >> 8) * 16u, VT_P, 4096) +
	       (sid & 0xff) * 16u;
}

uint64_t vt_sm_context_at(struct vx *vx, unsigned int sid)
{
	uint64_t entry = vx->root + (sid >> 8) * 16u + (sid >> 7 & 1) * 8u;

	return child(vx, entry, VT_P, 4096) + (sid & 0x7f) * 32u;
}

uint64_t vt_dir_at(struct vx *vx, unsigned int sid, uint32_t pasid)
{
	uint64_t ce = vx_get(vx, vt_sm_context_at(vx, sid));

	must(ce & VT_P);
	return (ce & UINT64_C(0xffffffffff000)) + (pasid >> 6) * 8u;
}

uint64_t vt_pasid_at(struct vx *vx, unsigned int sid, uint32_t pasid)
{
	return child(vx, vt_dir_at(vx, sid, pasid), VT_P, 4096) +
	       (pasid & 63) * 64u;
}

void vt_context(struct vx *vx, unsigned int sid, uint64_t dw0, uint64_t dw1)
{
	uint64_t pa = vt_context_at(vx, sid);

	vx_put(vx, pa + 8, dw1);
	vx_put(vx, pa, dw0);
}

void vt_sm_context(struct vx *vx, unsigned int sid, uint64_t dw0, uint64_t dw1)
{
	uint64_t pa = vt_sm_context_at(vx, sid);
	uint64_t dir = vx_get(vx, pa) & UINT64_C(0xffffffffff000);

	if (!dir)
		dir = vx_alloc(vx, 8 << 14, 4096);
	vx_put(vx, pa + 8, dw1);
	vx_put(vx, pa, dw0 | dir);
}

void vt_pasid(struct vx *vx, unsigned int sid, uint32_t pasid, uint64_t dw0,
	      uint64_t dw1, uint64_t dw2)
{
	uint64_t pa = vt_pasid_at(vx, sid, pasid);

	vx_put(vx, pa + 16, dw2);
	vx_put(vx, pa + 8, dw1);
	vx_put(vx, pa, dw0);
}

uint64_t vt_table(struct vx *vx)
{
	return vx_alloc(vx, 4096, 4096);
}

uint64_t vt_map(struct vx *vx, uint64_t root, unsigned int levels, uint64_t va,
		uint64_t entry, unsigned int level, uint64_t table)
{
	uint64_t at = root;

	for (;; levels--) {
		at += (va >> (12 + 9 * (levels - 1)) & 511) * 8;
		if (levels == level)
			break;
		at = child(vx, at, table, 4096);
	}
	vx_put(vx, at, entry);
	return at;
}

uint64_t vt_first(struct vx *vx, uint64_t dw2)
{
	uint64_t root = vt_table(vx);

	vt_sm_context(vx, VT_SID,
		      VT_P | SM_DTE | SM_PASIDE | SM_PRE | SM_PDTS(7), 0);
	vt_pasid(vx, VT_SID, VT_PASID, VT_P | PE_FS, VT_DID | PE1_PWSNP,
		 root | dw2);
	vt_pasid(vx, VT_SID, 0, VT_P | PE_FS, VT_DID | PE1_PWSNP, root | dw2);
	return root;
}

uint64_t vt_second(struct vx *vx, uint64_t dw0)
{
	uint64_t root = vt_table(vx);

	dw0 |= VT_P | PE_SS | PE_AW(2) | root;
	vt_sm_context(vx, VT_SID,
		      VT_P | SM_DTE | SM_PASIDE | SM_PRE | SM_PDTS(7), 0);
	vt_pasid(vx, VT_SID, VT_PASID, dw0, VT_DID | PE1_PWSNP, 0);
	vt_pasid(vx, VT_SID, 0, dw0, VT_DID | PE1_PWSNP, 0);
	return root;
}

int vt_access(struct vx *vx, unsigned int sid, uint32_t pasid, uint64_t addr,
	      unsigned int perm, struct hw_xlat *ret_xlat)
{
	struct hw_txn txn = { .requester = sid,
			      .flags = pasid ? HW_TXN_PASID_VALID : 0,
			      .pasid = pasid,
			      .perm = perm,
			      .addr = addr };
	int ret = vx->hw->ops->translate(vx->hw, &vx->port, &txn, ret_xlat);

	if (!ret)
		hw_port_done(&vx->port);
	assert_int_equal(vx->port.busy & 1, 0);
	return ret;
}

void vt_expect(struct vx *vx, unsigned int sid, uint32_t pasid, uint64_t addr,
	       unsigned int perm, unsigned int reason, uint64_t rec[2])
{
	uint64_t none[2];
	struct hw_xlat x;

	assert_int_equal(vt_access(vx, sid, pasid, addr, perm, &x), -EFAULT);
	assert_true(vx_fault(vx, rec));
	assert_int_equal(rec[1] >> 32 & 0xff, reason);
	assert_false(vx_fault(vx, none));
}

uint64_t vt_pa(struct vx *vx, unsigned int sid, uint32_t pasid, uint64_t addr,
	       unsigned int perm)
{
	uint64_t rec[2];
	struct hw_xlat x;
	int ret = vt_access(vx, sid, pasid, addr, perm, &x);

	if (vx_fault(vx, rec))
		fail_msg("fault %#x", (unsigned int)(rec[1] >> 32 & 0xff));
	assert_int_equal(ret, 0);
	return x.pa;
}
