/* SPDX-License-Identifier: MIT */
/*
 * The AMD IOMMUv2 interface over SVA domains.
 *
 * The order of an unbind: the device driver stops the device, the entry goes
 * (which drains the hardware's queue into ours), requests under way end, and
 * only then the PASID may name something else. [R1]
 */
#include <sva/compat/amd.h>

#include <sva/domain.h>
#include <sva/ioasid.h>

#include "base/bits.h"
#include "base/errno.h"
#include "base/refcount.h"
#include "compat/ppr.h"

#define PASIDS_MAX (1u << 20)

/* A PASID some device has picked; devices may share it. */
struct amd_id {
	struct refcount refs;
	struct iommu_system *sys; /* (c) */
	struct iommu_mm *mm;      /* (c) compared only */
	ioasid_t pasid;           /* (c) */
};

/* Letters: (c) constant after the bind, (l) the lock of the struct ppr. */
struct amd_bond {
	struct ppr_ctx ctx;
	struct amd_id *id;           /* (c) */
	struct iommu_domain *domain; /* (c) */
	bool told;                   /* (l) the context callback was its */
	bool bound;                  /* (l) the bind is complete */
	bool unbinding;              /* (l) claimed by an unbind */
};

struct amd_iommu {
	struct ppr ppr;
	/* Release when set, acquire when used: what the driver prepared. */
	_Atomic(amd_iommu_invalid_ppr_cb) invalid_ppr;
	_Atomic(amd_iommu_invalidate_ctx) invalidate_ctx;
};

/* Only its address matters: whose ids the PASIDs of all devices are. */
static const struct ioasid_set amd_set;

static struct amd_bond *to_bond(struct ppr_ctx *ctx)
{
	return container_of(ctx, struct amd_bond, ctx);
}

static struct amd_iommu *to_amd(struct ppr *ppr)
{
	return container_of(ppr, struct amd_iommu, ppr);
}

static bool id_get(void *priv)
{
	struct amd_id *id = priv;

	return refcount_get_not_zero(&id->refs);
}

static void id_put(struct amd_id *id)
{
	struct iommu_system *sys = id->sys;

	if (!refcount_put(&id->refs))
		return;
	ioasid_free(sys, id->pasid);
	/* Somebody may look at it, and be refused. */
	plat_rcu_synchronize(iommu_system_plat(sys));
	plat_free(iommu_system_plat(sys), id);
}

/* The id of a PASID that is taken, if it is for the same address space. */
static int id_share(struct iommu_system *sys, ioasid_t pasid,
		    struct iommu_mm *mm, struct amd_id **ret_id)
{
	struct amd_id *id;
	void *priv;

	if (ioasid_find(sys, &amd_set, pasid, id_get, &priv) || !priv)
		return -EBUSY;
	id = priv;
	if (id->mm != mm) {
		id_put(id);
		return -EBUSY;
	}
	*ret_id = id;
	return 0;
}

/* Takes this very PASID out of the system's space. */
static int id_take(struct iommu_system *sys, ioasid_t pasid,
		   struct iommu_mm *mm, struct amd_id **ret_id)
{
	const struct plat *plat = iommu_system_plat(sys);
	struct amd_id *id = plat_zalloc(plat, sizeof(*id));
	ioasid_t got = pasid;
	int err;

	if (!id)
		return -ENOMEM;
	refcount_init(&id->refs, 1);
	id->sys = sys;
	id->mm = mm;
	id->pasid = pasid;
	err = ioasid_alloc(sys, &amd_set, pasid, pasid, id, &got);
	/* A custom allocator gives what it likes. */
	if (!err && got != pasid) {
		ioasid_free(sys, got);
		plat_rcu_synchronize(plat);
		err = -EBUSY;
	}
	if (!err) {
		*ret_id = id;
		return 0;
	}
	plat_free(plat, id);
	return err == -ENOSPC ? id_share(sys, pasid, mm, ret_id) : err;
}

static unsigned int ppr_flags(unsigned int perm)
{
	return (perm & IOMMU_PERM_READ ? PPR_FAULT_READ : 0u) |
	       (perm & IOMMU_PERM_WRITE ? PPR_FAULT_WRITE : 0u) |
	       (perm & IOMMU_PERM_EXEC ? PPR_FAULT_EXEC : 0u) |
	       (perm & IOMMU_PERM_PRIV ? 0u : PPR_FAULT_USER);
}

/* [F13] */
static enum iommu_page_response_code
request_done(struct ppr_ctx *ctx, const struct iommu_fault_page_request *prm,
	     int err)
{
	struct amd_iommu *amd = to_amd(ctx->ppr);
	amd_iommu_invalid_ppr_cb cb;

	if (!err)
		return IOMMU_PAGE_RESP_SUCCESS;
	cb = atomic_load_explicit(&amd->invalid_ppr, memory_order_acquire);
	if (!cb || err == -ESRCH)
		return IOMMU_PAGE_RESP_INVALID;
	switch (cb(ctx->ppr->dev, ctx->pasid, prm->addr,
		   ppr_flags(prm->perm))) {
	case AMD_IOMMU_INV_PRI_RSP_SUCCESS:
		return IOMMU_PAGE_RESP_SUCCESS;
	case AMD_IOMMU_INV_PRI_RSP_FAIL:
		return IOMMU_PAGE_RESP_FAILURE;
	default:
		return IOMMU_PAGE_RESP_INVALID;
	}
}

static const struct ppr_ops ppr_ops = { request_done };

int amd_iommu_init_device(struct iommu_device *dev, unsigned int pasids,
			  struct amd_iommu **ret_amd)
{
	const struct plat *plat = iommu_system_plat(iommu_device_system(dev));
	struct amd_iommu *amd;
	int err;

	if (!iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_SVA))
		return -ENODEV;
	if (!pasids || pasids > PASIDS_MAX)
		return -EINVAL;
	amd = plat_zalloc(plat, sizeof(*amd));
	if (!amd)
		return -ENOMEM;
	atomic_init(&amd->invalid_ppr, NULL);
	atomic_init(&amd->invalidate_ctx, NULL);
	err = ppr_init(&amd->ppr, dev, &ppr_ops, pasids, 0);
	if (err) {
		plat_free(plat, amd);
		return err;
	}
	*ret_amd = amd;
	return 0;
}

/* Once per bond, by the exit or by the unbind. [F14] */
static void tell(struct amd_bond *bond)
{
	struct ppr *ppr = bond->ctx.ppr;
	amd_iommu_invalidate_ctx cb = atomic_load_explicit(
		&to_amd(ppr)->invalidate_ctx, memory_order_acquire);
	bool mine;

	ppr_lock(ppr);
	mine = !bond->told;
	bond->told = true;
	ppr_unlock(ppr);
	if (mine && cb)
		cb(ppr->dev, bond->ctx.pasid);
}

/* After this core makes the entry quiet. */
static void mm_exits(struct iommu_device *dev, ioasid_t pasid, void *data)
{
	struct amd_bond *bond = data;

	(void)dev, (void)pasid;
	tell(bond);
	ppr_close(&bond->ctx);
}

static void free_domain(struct amd_bond *bond)
{
	if (bond->domain && iommu_domain_free(bond->domain))
		plat_log(bond->ctx.ppr->plat, PLAT_LOG_ERR,
			 "amd: the domain of an unbound task is in use");
}

/* The slot is the bond's. Nothing is left on an error but the slot. */
static int bond_make(struct amd_bond *bond)
{
	struct iommu_device *dev = bond->ctx.ppr->dev;
	ioasid_t pasid = bond->ctx.pasid;
	int err;

	err = id_take(iommu_device_system(dev), pasid, bond->ctx.mm, &bond->id);
	if (err)
		return err;
	err = iommu_domain_alloc_sva(iommu_device_unit(dev), bond->ctx.mm,
				     &bond->domain);
	if (!err)
		err = iommu_domain_set_exit_handler(bond->domain, mm_exits,
						    bond);
	if (!err)
		err = iommu_attach_device_pasid(bond->domain, dev, pasid);
	if (err) {
		free_domain(bond);
		id_put(bond->id);
	}
	return err;
}

int amd_iommu_bind_pasid(struct amd_iommu *amd, ioasid_t pasid,
			 struct iommu_mm *mm)
{
	struct ppr *ppr = &amd->ppr;
	struct amd_bond *bond;
	int err;

	bond = plat_zalloc(ppr->plat, sizeof(*bond));
	if (!bond)
		return -ENOMEM;
	err = ppr_reserve(ppr, &bond->ctx, mm, pasid);
	if (err)
		goto free_bond;
	err = bond_make(bond);
	if (err)
		goto release;
	iommu_mm_get(mm);
	ppr_open(&bond->ctx);
	ppr_lock(ppr);
	bond->bound = true;
	ppr_unlock(ppr);
	return 0;

release:
	ppr_release(&bond->ctx);
free_bond:
	plat_free(ppr->plat, bond);
	return err;
}

/* The unbind has claimed it. */
static void bond_destroy(struct amd_bond *bond)
{
	struct ppr *ppr = bond->ctx.ppr;
	const struct plat *plat = ppr->plat;
	struct iommu_mm *mm = bond->ctx.mm;

	tell(bond);
	iommu_detach_device_pasid(bond->domain, ppr->dev, bond->ctx.pasid);
	ppr_close(&bond->ctx);
	id_put(bond->id);
	free_domain(bond);
	/* From here on amd_iommu_free_device() does not wait for it. */
	ppr_release(&bond->ctx);
	iommu_mm_put(mm);
	plat_free(plat, bond);
}

static bool claim_locked(struct amd_bond *bond)
{
	if (!bond->bound || bond->unbinding)
		return false;
	bond->unbinding = true;
	return true;
}

void amd_iommu_unbind_pasid(struct amd_iommu *amd, ioasid_t pasid)
{
	struct ppr *ppr = &amd->ppr;
	struct ppr_ctx *ctx;
	bool claimed;

	ppr_lock(ppr);
	ctx = ppr_find_locked(ppr, pasid);
	claimed = ctx && claim_locked(to_bond(ctx));
	ppr_unlock(ppr);
	if (claimed)
		bond_destroy(to_bond(ctx));
}

/* The next bond from *@pasid on that nobody unbinds, claimed; or NULL. */
static struct amd_bond *claim_next(struct ppr *ppr, ioasid_t *pasid)
{
	struct ppr_ctx *ctx;

	ppr_lock(ppr);
	while ((ctx = ppr_next_locked(ppr, pasid)) &&
	       !claim_locked(to_bond(ctx)))
		++*pasid;
	ppr_unlock(ppr);
	return ctx ? to_bond(ctx) : NULL;
}

int amd_iommu_free_device(struct amd_iommu *amd)
{
	struct ppr *ppr = &amd->ppr;
	const struct plat *plat = ppr->plat;
	ioasid_t pasid = IOMMU_FIRST_PASID;
	struct amd_bond *bond;
	int err;

	while ((bond = claim_next(ppr, &pasid)))
		bond_destroy(bond);
	ppr_lock(ppr);
	while (ppr->contexts)
		ppr_wait_locked(ppr);
	ppr_unlock(ppr);
	err = ppr_fini(ppr);
	if (!err)
		plat_free(plat, amd);
	return err;
}

int amd_iommu_set_invalid_ppr_cb(struct amd_iommu *amd,
				 amd_iommu_invalid_ppr_cb cb)
{
	if (!amd)
		return -EINVAL;
	atomic_store_explicit(&amd->invalid_ppr, cb, memory_order_release);
	return 0;
}

int amd_iommu_set_invalidate_ctx_cb(struct amd_iommu *amd,
				    amd_iommu_invalidate_ctx cb)
{
	if (!amd)
		return -EINVAL;
	atomic_store_explicit(&amd->invalidate_ctx, cb, memory_order_release);
	return 0;
}
