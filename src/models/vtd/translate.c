/* SPDX-License-Identifier: MIT */
/*
 * Transactions, in the order of checks of sections 3.4 and 7.1.3.
 *
 * The hit path takes no lock: it makes the port busy, and finds the context
 * and the translation in the caches of tlb.c. Everything else (misses, faults,
 * translation off, addresses of interrupts) lets go of the port and starts
 * again under the lock; the port is busy again before the lock is dropped, so
 * that no invalidation can complete between the lookup and the use of its
 * result.
 */
#include "models/vtd/translate.h"

#include "fmt/vtd_fault.h"
#include "models/vtd/port.h"
#include "models/vtd/regs.h"

size_t vtd_hw_xlat_room(const struct vtd_hw_cfg *cfg)
{
	size_t size = align_up(sizeof(struct vtd_hw_xlat), 64);

	return align_up(size + vtd_hw_tlb_room(cfg->iotlb_lg2), 64);
}

void vtd_hw_xlat_init(struct vtd_hw *m, void *room)
{
	m->xlat = room;
	vtd_hw_tlb_init(m->xlat,
			(char *)room + align_up(sizeof(struct vtd_hw_xlat), 64),
			m->cfg.iotlb_lg2);
}

void vtd_hw_xlat_flush(struct vtd_hw *m)
{
	vtd_hw_tlb_flush(m);
	vtd_hw_config_flush(m);
}

void vtd_hw_xlat_root_changed(struct vtd_hw *m)
{
	vtd_hw_ctx_flush(m->xlat);
}

void vtd_hw_request(const struct hw_txn *txn, uint8_t at,
		    struct vtd_hw_req *ret_req)
{
	bool pv = txn->flags & HW_TXN_PASID_VALID;
	bool write = txn->perm & IOMMU_PERM_WRITE;

	/* 5.1: privilege and execute are in the PASID's prefix. */
	*ret_req = (struct vtd_hw_req){
		.sid = (uint16_t)txn->requester,
		.pv = pv,
		.pasid = pv ? txn->pasid &
					 (uint32_t)(BIT(IOMMU_PASID_BITS_MAX) -
						    1) :
			      0,
		.at = at,
		.priv = pv && txn->perm & IOMMU_PERM_PRIV,
		.exec = pv && txn->perm & IOMMU_PERM_EXEC && !write,
		.write = write,
		.need = write ? txn->perm &
					(IOMMU_PERM_READ | IOMMU_PERM_WRITE) :
				(uint32_t)IOMMU_PERM_READ,
		.addr = txn->addr,
	};
	if (ret_req->exec)
		ret_req->need |= IOMMU_PERM_EXEC;
}

/*
 * Of the request as it came: one for a translation is a memory read (4.2.1),
 * whatever the translation is for. Both at once is what an AtomicOp does.
 */
static uint8_t fault_type(const struct vtd_hw_req *req)
{
	if (!req->write || req->at == VTD_FRCD_AT_TRANSLATION)
		return VTD_FRCD_TYPE_READ;
	return req->need & IOMMU_PERM_READ ? VTD_FRCD_TYPE_ATOMIC :
					     VTD_FRCD_TYPE_WRITE;
}

void vtd_hw_record(struct vtd_hw *m, struct vtd_hw_lookup *l)
{
	const struct vtd_hw_req *req = &l->req;

	if (!l->fault.reason)
		return;
	l->fault = (struct vtd_hw_fault){
		.reason = l->fault.reason,
		.fpd = l->fault.fpd,
		.at = req->at,
		.type = fault_type(req),
		.sid = req->sid,
		.pasid_valid = req->pv,
		.exec = req->pv && req->exec,
		.priv = req->pv && req->priv,
		.pasid = req->pasid,
		.addr = req->addr,
	};
	vtd_hw_fault(m, &l->fault);
}

/* Nothing translates: to the end of what can be addressed. */
static void identity(const struct vtd_hw *m, uint64_t addr, bool snoop,
		     struct hw_xlat *ret_xlat)
{
	ret_xlat->pa = addr;
	ret_xlat->len = vtd_hw_len(addr, m->haw_mask + 1 - addr);
	ret_xlat->size = 0;
	ret_xlat->perm = IOMMU_PERM_RWX | IOMMU_PERM_PRIV;
	ret_xlat->attr = snoop ? VTD_HW_ATTR_SNOOP : 0;
}

/* Outcomes of the hit path. */
enum fast {
	FAST_NO, /* to the slow path */
	FAST_HIT,
	FAST_IDENTITY,
};

static enum fast translate_fast(struct vtd_hw *m, const struct hw_txn *txn,
				struct hw_xlat *ret_xlat)
{
	bool translated = txn->flags & HW_TXN_TRANSLATED;
	struct vtd_hw_leaf leaf;
	struct vtd_hw_req req;
	uint64_t word;

	vtd_hw_request(txn, VTD_FRCD_AT_UNTRANSLATED, &req);
	if (vtd_hw_is_interrupt(req.addr))
		return FAST_NO;
	if (!vtd_hw_ctx_word(m->xlat,
			     vtd_hw_ctx_key(req.sid, req.pv, req.pasid,
					    translated),
			     &word))
		return FAST_NO;
	if ((word & 3) == VTD_HW_NONE)
		return FAST_NO;
	if (!req.pv)
		req.priv = word >> 4 & 1;
	if ((req.priv && !(word >> 2 & 1)) || (req.exec && !(word >> 3 & 1)))
		return FAST_NO;
	if ((word & 3) == VTD_HW_PASS) {
		if (req.addr & ~m->haw_mask)
			return FAST_NO;
		identity(m, req.addr, word >> 5 & 1, ret_xlat);
		return FAST_IDENTITY;
	}
	if (vtd_hw_tlb_find(&m->xlat->tlb, word >> 16, req.addr, &leaf) < 0 ||
	    vtd_hw_lacks(leaf.bits, req.priv, req.need))
		return FAST_NO;
	if (req.write && !(leaf.bits & LEAF_DIRTY))
		return FAST_NO;
	vtd_hw_xlat_of(&req, word >> 5 & 1, &leaf, ret_xlat);
	return vtd_hw_is_interrupt(ret_xlat->pa) ? FAST_NO : FAST_HIT;
}

/* Address bits there are none of, or memory that PMEN protects: 10.4.16. */
static int pass(struct vtd_hw *m, struct vtd_hw_lookup *l, bool snoop,
		unsigned int beyond, struct hw_xlat *ret_xlat)
{
	uint64_t addr = l->req.addr;

	if (addr & ~m->haw_mask) {
		(void)vtd_hw_refuse(l, beyond);
		return -EFAULT;
	}
	identity(m, addr, snoop, ret_xlat);
	return 0;
}

/* Bits of an address or a page of a protected region: not as far as there. */
static int protect(struct vtd_hw *m, struct vtd_hw_lookup *l,
		   struct hw_xlat *xlat)
{
	if (!(vtd_hw_root(m) & VTD_HW_ROOT_PMR))
		return 0;
	xlat->len = 4096 - (xlat->pa & 4095);
	if (vtd_hw_pmr_blocks(m, xlat->pa))
		return vtd_hw_refuse(l, VTD_FAULT_NONE);
	return 0;
}

/* Translation is off: 3.2. */
static int disabled(struct vtd_hw *m, struct vtd_hw_lookup *l,
		    struct hw_xlat *ret_xlat)
{
	if (l->req.at == VTD_FRCD_AT_TRANSLATED ||
	    vtd_hw_is_interrupt(l->req.addr))
		return vtd_hw_refuse(l, VTD_FAULT_NONE);
	if (pass(m, l, false, VTD_FAULT_NONE, ret_xlat))
		return -EFAULT;
	return protect(m, l, ret_xlat);
}

/* Passes through, or is translated already. */
static int untouched(struct vtd_hw *m, struct vtd_hw_lookup *l,
		     struct hw_xlat *ret_xlat)
{
	bool scalable = l->ctx->scalable;

	/* 3.14: not for a request with PASID, nor for a translated one. */
	if (vtd_hw_is_interrupt(l->req.addr))
		return vtd_hw_refuse(l, scalable ? VTD_FAULT_SGN_8 :
						   VTD_FAULT_LGN_4);
	if (pass(m, l, l->ctx->pgsnp,
		 scalable ? VTD_FAULT_SGN_4 : VTD_FAULT_LGN_1, ret_xlat))
		return -EFAULT;
	return protect(m, l, ret_xlat);
}

static int translate_locked(struct vtd_hw *m, struct vtd_hw_lookup *l,
			    struct hw_xlat *ret_xlat)
{
	struct vtd_hw_leaf leaf;

	/*
	 * 5.1.4.1: no interrupt, those come by vtd_hw_remap_irq(). The record
	 * has no address.
	 */
	if (vtd_hw_is_interrupt(l->req.addr) && !l->req.pv &&
	    l->req.at == VTD_FRCD_AT_UNTRANSLATED) {
		l->req.addr = 0;
		return vtd_hw_refuse(l, vtd_hw_gsts(m, VTD_GSTS_IRES_LO) ?
						VTD_FAULT_IR_REQUEST :
						VTD_FAULT_NONE);
	}
	if (!(vtd_hw_root(m) & VTD_HW_ROOT_TE))
		return disabled(m, l, ret_xlat);
	/* 4.2.1, PTRS is 0: the root complex lets none through. */
	if (l->req.pv && l->req.at == VTD_FRCD_AT_TRANSLATED)
		return vtd_hw_refuse(l, VTD_FAULT_NONE);
	if (vtd_hw_config_mode(m, &l->fault) || vtd_hw_context(m, l))
		return -EFAULT;
	if (l->ctx->kind == VTD_HW_PASS)
		return untouched(m, l, ret_xlat);
	if (vtd_hw_stages(m, l, false, &leaf))
		return -EFAULT;
	vtd_hw_xlat_of(&l->req, l->ctx->pgsnp, &leaf, ret_xlat);
	return vtd_hw_pmr_translated(m) ? protect(m, l, ret_xlat) : 0;
}

static int translate_slow(struct vtd_hw *m, struct hw_port *port,
			  const struct hw_txn *txn, bool forget,
			  struct hw_xlat *ret_xlat)
{
	struct vtd_hw_lookup l = { .hit = false };
	struct hw_xlat xlat;
	int ret;

	vtd_hw_request(txn,
		       txn->flags & HW_TXN_TRANSLATED ?
			       VTD_FRCD_AT_TRANSLATED :
			       VTD_FRCD_AT_UNTRANSLATED,
		       &l.req);
	vtd_hw_lock(m);
	if (forget)
		vtd_hw_xlat_flush(m);
	ret = translate_locked(m, &l, &xlat);
	if (ret)
		vtd_hw_record(m, &l);
	else
		hw_port_begin(port);
	vtd_hw_unlock(m);
	if (l.hit)
		hw_port_count(&port->tlb_hits);
	if (l.miss)
		hw_port_count(&port->tlb_misses);
	if (!ret)
		*ret_xlat = xlat;
	return ret;
}

int vtd_hw_translate(struct iommu_hw *hw, struct hw_port *port,
		     const struct hw_txn *txn, struct hw_xlat *ret_xlat)
{
	struct vtd_hw *m = vtd_hw_of(hw);
	uint64_t n = hw_port_count(&port->translations);
	enum fast fast;

	/* An eager model has to come by the place where it forgets. */
	if (vtd_hw_forgets(m, n))
		return translate_slow(m, port, txn, true, ret_xlat);
	hw_port_begin(port);
	fast = translate_fast(m, txn, ret_xlat);
	if (fast == FAST_NO) {
		hw_port_done(port);
		return translate_slow(m, port, txn, false, ret_xlat);
	}
	if (fast == FAST_HIT)
		hw_port_count(&port->tlb_hits);
	return 0;
}
