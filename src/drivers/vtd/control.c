/* SPDX-License-Identifier: MIT */
/*
 * GCMD takes one command at a time, and is written with all that stays on:
 * what is not written as 1 is switched off (11.4.4.1).
 */
#include "drivers/vtd/control.h"

#include "base/errno.h"
#include "drivers/vtd/unit.h"

#define BIT_OF(f) ((uint32_t)FIELD_MASK(f))

#define GCMD_TE  BIT_OF(VTD_GCMD_TE)
#define GCMD_QIE BIT_OF(VTD_GCMD_QIE)

#define SAME_BIT(cmd, status)                                                  \
	_Static_assert((int)cmd##_LO == (int)status##_LO,                      \
		       "a command is where its status is")

SAME_BIT(VTD_GCMD_TE, VTD_GSTS_TES);
SAME_BIT(VTD_GCMD_QIE, VTD_GSTS_QIES);
SAME_BIT(VTD_GCMD_IRE, VTD_GSTS_IRES);
SAME_BIT(VTD_GCMD_CFI, VTD_GSTS_CFIS);
SAME_BIT(VTD_GCMD_EAFL, VTD_GSTS_AFLS);
SAME_BIT(VTD_GCMD_SRTP, VTD_GSTS_RTPS);
SAME_BIT(VTD_GCMD_WBF, VTD_GSTS_WBFS);

/* What stays; the others are done once. */
#define GCMD_STAYS                                                             \
	(GCMD_TE | GCMD_QIE | BIT_OF(VTD_GCMD_IRE) | BIT_OF(VTD_GCMD_CFI) |    \
	 BIT_OF(VTD_GCMD_EAFL))

/* Descriptors of the queue that is there when the other does not answer. */
enum { SPARE_QUEUE_LG2 = 7, SPARE_QUEUE_SIZE = 4096 };

int vtd_wait32(struct vtd_unit *u, uint32_t reg, uint32_t mask, uint32_t want)
{
	uint64_t deadline = plat_now_ns(u->plat) + u->timeout_ns;
	unsigned int turns;

	for (turns = 0;; turns++) {
		/* Sampled first: a late look at the register still counts. */
		bool late = plat_now_ns(u->plat) >= deadline;
		uint32_t value = vtd_read32(u, reg);

		/* None of these registers is all ones. */
		if ((value & mask) == want && value != UINT32_MAX)
			return 0;
		if (late)
			break;
		plat_relax(u->plat, turns);
	}
	plat_log(u->plat, PLAT_LOG_ERR,
		 "%s: register %#x does not become %#x under %#x", u->name, reg,
		 want, mask);
	return -ETIMEDOUT;
}

/* What has not been confirmed is not said again with the next command. */
static int set_locked(struct vtd_unit *u, uint32_t bit, bool on)
{
	uint32_t gcmd = on ? u->gcmd | bit : u->gcmd & ~bit;
	int err;

	vtd_write32(u, VTD_GCMD, gcmd);
	err = vtd_wait32(u, VTD_GSTS, bit, on ? bit : 0);
	if (!err)
		u->gcmd = gcmd;
	return err;
}

int vtd_control_set(struct vtd_unit *u, uint32_t bit, bool on)
{
	int err = -EIO;

	/* So that what vtd_control_stop() did is not undone. */
	plat_lock(u->plat, &u->qi.error_lock);
	if (!on || !vtd_is_dead(u))
		err = set_locked(u, bit, on);
	plat_unlock(u->plat, &u->qi.error_lock);
	return err;
}

/* 6.6: address and mode take effect together, with SRTP. */
static int set_root_locked(struct vtd_unit *u, uint64_t pa, unsigned int ttm)
{
	uint32_t srtp = BIT_OF(VTD_GCMD_SRTP);
	uint64_t value = pa;

	vtd_write64(u, VTD_RTADDR, REG_PUT(VTD_RTADDR_TTM, value, ttm));
	vtd_write32(u, VTD_GCMD, u->gcmd | srtp);
	return vtd_wait32(u, VTD_GSTS, srtp, srtp);
}

int vtd_control_set_root(struct vtd_unit *u, uint64_t pa)
{
	struct vtd_batch b;
	int err = -EIO;

	plat_lock(u->plat, &u->qi.error_lock);
	if (!vtd_is_dead(u))
		err = set_root_locked(u, pa, VTD_RTADDR_TTM_SCALABLE);
	plat_unlock(u->plat, &u->qi.error_lock);
	if (err || u->f.esrtps)
		return err;
	/* After SRTP: before it, the mode has no PASID cache (table 26). */
	vtd_batch_init(&b, u);
	vtd_inv_context_global(&b);
	vtd_inv_pasid_global(&b);
	vtd_inv_iotlb_global(&b);
	return vtd_batch_sync(&b);
}

/* 6.5.2: the tail first, then where it is; the head is 0 while it is off. */
static int enable_queue_locked(struct vtd_unit *u, const void *entries,
			       unsigned int lg2)
{
	uint64_t iqa = plat_virt_to_phys(u->plat, entries);

	iqa = REG_PUT(VTD_IQA_DW, iqa, 1);
	iqa = REG_PUT(VTD_IQA_QS, iqa,
		      lg2 + VTD_INV_256_LG2 - VTD_QUEUE_UNIT_LG2);
	vtd_write64(u, VTD_IQT, 0);
	vtd_write64(u, VTD_IQA, iqa);
	return set_locked(u, GCMD_QIE, true);
}

int vtd_control_enable_queue(struct vtd_unit *u)
{
	int err;

	plat_lock(u->plat, &u->qi.error_lock);
	err = enable_queue_locked(u, u->qi.entries, u->qi.lg2);
	plat_unlock(u->plat, &u->qi.error_lock);
	return err;
}

int vtd_write_buffer_flush(struct vtd_unit *u)
{
	uint32_t wbf = BIT_OF(VTD_GCMD_WBF);
	int err = 0;

	if (!u->f.rwbf)
		return 0;
	plat_lock(u->plat, &u->qi.error_lock);
	vtd_write32(u, VTD_GCMD, u->gcmd | wbf);
	err = vtd_wait32(u, VTD_GSTS, wbf, 0);
	plat_unlock(u->plat, &u->qi.error_lock);
	return err;
}

/* Events of before and from now on are nobody's. */
static void mask_events(struct vtd_unit *u)
{
	static const uint32_t ectl[] = { VTD_FECTL, VTD_IECTL, VTD_PECTL };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ectl); i++)
		if (ectl[i] != VTD_PECTL || u->f.pri)
			vtd_write32(u, ectl[i], BIT_OF(VTD_ECTL_IM));
}

/* 6.5.2: not with something in it, if it still moves. */
static void quiesce_queue(struct vtd_unit *u)
{
	uint64_t deadline = plat_now_ns(u->plat) + u->timeout_ns;
	unsigned int turns;

	for (turns = 0; plat_now_ns(u->plat) < deadline; turns++) {
		if (vtd_read64(u, VTD_IQH) == vtd_read64(u, VTD_IQT) ||
		    vtd_read32(u, VTD_FSTS) &
			    (BIT_OF(VTD_FSTS_IQE) | BIT_OF(VTD_FSTS_ITE)))
			return;
		plat_relax(u->plat, turns);
	}
}

/* Errors and faults of before are nobody's either. */
static void forget_status(struct vtd_unit *u)
{
	unsigned int i;

	for (i = 0; i < u->f.fault_count; i++)
		vtd_write32(u, u->f.fault_offset + i * VTD_FRCD_SIZE + 12,
			    UINT32_C(1) << (VTD_FRCD_F_LO % 32));
	vtd_write32(u, VTD_FSTS, vtd_read32(u, VTD_FSTS));
	vtd_write32(u, VTD_ICS, BIT_OF(VTD_ICS_IWC));
	if (u->f.pri)
		vtd_write32(u, VTD_PRS,
			    BIT_OF(VTD_PRS_PPR) | BIT_OF(VTD_PRS_PRO));
}

int vtd_control_disable(struct vtd_unit *u)
{
	static const uint32_t order[] = {
		GCMD_TE,
		BIT_OF(VTD_GCMD_IRE),
		BIT_OF(VTD_GCMD_CFI),
		BIT_OF(VTD_GCMD_EAFL),
		GCMD_QIE,
	};
	int err = 0, first = 0;
	uint32_t found;
	size_t i;

	plat_lock(u->plat, &u->qi.error_lock);
	mask_events(u);
	found = vtd_read32(u, VTD_GSTS);
	/* Gone: it will not answer to each of these either. */
	if (found == UINT32_MAX) {
		plat_unlock(u->plat, &u->qi.error_lock);
		plat_log(u->plat, PLAT_LOG_ERR, "%s: it is gone", u->name);
		return -ETIMEDOUT;
	}
	u->gcmd = found & GCMD_STAYS;
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (!(found & order[i]))
			continue;
		if (order[i] == GCMD_QIE)
			quiesce_queue(u);
		err = set_locked(u, order[i], false);
		if (!first)
			first = err;
	}
	if (u->f.pri)
		vtd_write64(u, VTD_PQA, 0);
	forget_status(u);
	plat_unlock(u->plat, &u->qi.error_lock);
	return first;
}

int vtd_control_open_memory(struct vtd_unit *u)
{
	uint32_t pmen;

	if (!REG_GET(VTD_CAP_PLMR, u->f.cap) &&
	    !REG_GET(VTD_CAP_PHMR, u->f.cap))
		return 0;
	pmen = vtd_read32(u, VTD_PMEN);
	if (!REG_GET(VTD_PMEN_EPM, pmen))
		return 0;
	vtd_write32(u, VTD_PMEN, pmen & ~BIT_OF(VTD_PMEN_EPM));
	return vtd_wait32(u, VTD_PMEN, BIT_OF(VTD_PMEN_PRS), 0);
}

/* Who publishes does so at once; then nobody ever does again. */
static int keep_publishing(struct vtd_unit *u)
{
	uint64_t deadline = plat_now_ns(u->plat) + u->timeout_ns;
	unsigned int turns;

	/* Both: as publish() of queue.c. */
	for (turns = 0; atomic_exchange_explicit(&u->qi.publishing, true,
						 memory_order_acq_rel);
	     turns++) {
		if (plat_now_ns(u->plat) >= deadline)
			return -ETIMEDOUT;
		plat_relax(u->plat, turns);
	}
	return 0;
}

static void spare_write(le64_atomic *spare, size_t i, const struct vtd_inv *inv)
{
	size_t w;

	/* Relaxed: the write of the tail comes after. */
	for (w = 0; w < ARRAY_SIZE(inv->dw); w++)
		le64_store_relaxed(&spare[ARRAY_SIZE(inv->dw) * i + w],
				   inv->dw[w]);
}

/* The word at the end of the spare queue, which is not filled. */
static bool spare_done(le64_atomic *spare)
{
	/* Acquire: pairs with the unit's write. */
	return le64_load_acquire(&spare[SPARE_QUEUE_SIZE / 8 - 1]) != 0;
}

static void spare_fill(struct vtd_unit *u, le64_atomic *spare)
{
	struct vtd_inv inv[4] = { { { 0 } }, { { 0 } }, { { 0 } }, { { 0 } } };
	size_t i;

	vtd_inv_set_type(&inv[0], VTD_INV_CC);
	FIELD_SET(VTD_INV_CC_G, &inv[0], VTD_INV_CC_G_GLOBAL);
	vtd_inv_set_type(&inv[1], VTD_INV_PC);
	FIELD_SET(VTD_INV_PC_G, &inv[1], VTD_INV_PC_G_GLOBAL);
	vtd_inv_set_type(&inv[2], VTD_INV_IOTLB);
	FIELD_SET(VTD_INV_IOTLB_G, &inv[2], VTD_INV_IOTLB_G_GLOBAL);
	vtd_inv_set_type(&inv[3], VTD_INV_WAIT);
	FIELD_SET(VTD_INV_WAIT_SW, &inv[3], 1);
	FIELD_SET(VTD_INV_WAIT_STDATA, &inv[3], UINT32_MAX);
	vtd_inv_wait_set_staddr(&inv[3], plat_virt_to_phys(u->plat, spare) +
						 SPARE_QUEUE_SIZE - 8);
	for (i = 0; i < ARRAY_SIZE(inv); i++)
		spare_write(spare, i, &inv[i]);
}

/*
 * A unit that does not forget with SRTP has to be told, through a queue that
 * has not hung yet.
 */
static int flush_with_spare(struct vtd_unit *u)
{
	le64_atomic *spare = u->spare_queue;
	uint64_t deadline;
	unsigned int turns;
	int err;

	err = keep_publishing(u);
	if (!err)
		err = set_locked(u, GCMD_QIE, false);
	if (err)
		return err;
	vtd_write32(u, VTD_FSTS,
		    BIT_OF(VTD_FSTS_IQE) | BIT_OF(VTD_FSTS_ITE) |
			    BIT_OF(VTD_FSTS_ICE));
	spare_fill(u, spare);
	err = enable_queue_locked(u, spare, SPARE_QUEUE_LG2);
	if (err)
		return err;
	vtd_write64(u, VTD_IQT, UINT64_C(4) << VTD_INV_256_LG2);
	deadline = plat_now_ns(u->plat) + u->timeout_ns;
	for (turns = 0; !spare_done(spare); turns++) {
		if (plat_now_ns(u->plat) >= deadline)
			return spare_done(spare) ? 0 : -ETIMEDOUT;
		plat_relax(u->plat, turns);
	}
	return 0;
}

/*
 * Not TE of 0, which lets everything pass untranslated. A root table without
 * entries blocks every request, translated ones too, on every unit; where the
 * unit has a mode for it besides, that does not depend on memory. It may be
 * changed while translation is on with ESRTPS only (11.4.5), which also makes
 * it forget what it had cached.
 */
int vtd_control_stop(struct vtd_unit *u)
{
	bool abort = REG_GET(VTD_ECAP_ADMS, u->f.ecap) && u->f.esrtps;
	int err;

	err = set_root_locked(u, plat_virt_to_phys(u->plat, u->null_root),
			      abort ? VTD_RTADDR_TTM_ABORT :
				      VTD_RTADDR_TTM_SCALABLE);
	if (!err && !u->f.esrtps)
		err = flush_with_spare(u);
	return err;
}
