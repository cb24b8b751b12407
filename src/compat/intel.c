/* SPDX-License-Identifier: MIT */
/*
 * The Intel SVM interface over SVA domains.
 *
 * A bond is in the list from before its PASID is known until after its unbind:
 * who binds the same address space meanwhile finds it there, and waits.
 */
#include <sva/compat/intel.h>

#include <sva/domain.h>
#include <sva/ioasid.h>

#include "base/bits.h"
#include "base/errno.h"
#include "compat/ppr.h"

#define FLAGS ((unsigned int)SVM_FLAG_PRIVATE_PASID | SVM_FLAG_SUPERVISOR_MODE)

/* Letters: (c) constant after the bind, (l) the lock of the struct ppr. */
struct intel_bond {
	struct ppr_ctx ctx;
	struct list link;              /* (l) */
	struct iommu_mm *mm;           /* (c) with a reference */
	struct iommu_domain *domain;   /* (c) */
	const struct svm_dev_ops *ops; /* (c) */
	bool private;                  /* (c) */
	bool changing;                 /* (l) a bind or unbind is running */
	uint32_t uses;                 /* (l) */
};

struct intel_svm {
	struct ppr ppr;
	struct iommu_mm *kernel; /* (c) or NULL */
	struct ioasid_set set;   /* owner of the private PASIDs */
	struct list bonds;       /* (l) */
};

static struct intel_bond *to_bond(struct ppr_ctx *ctx)
{
	return container_of(ctx, struct intel_bond, ctx);
}

static unsigned int rwxp_of(unsigned int perm)
{
	return (perm & IOMMU_PERM_READ ? SVM_REQ_READ : 0u) |
	       (perm & IOMMU_PERM_WRITE ? SVM_REQ_WRITE : 0u) |
	       (perm & IOMMU_PERM_EXEC ? SVM_REQ_EXEC : 0u) |
	       (perm & IOMMU_PERM_PRIV ? SVM_REQ_PRIV : 0u);
}

/* [F17] */
static enum iommu_page_response_code
request_done(struct ppr_ctx *ctx, const struct iommu_fault_page_request *prm,
	     int err)
{
	enum iommu_page_response_code code = err ? IOMMU_PAGE_RESP_INVALID :
						   IOMMU_PAGE_RESP_SUCCESS;
	const struct svm_dev_ops *ops = to_bond(ctx)->ops;
	bool private = prm->flags & IOMMU_FAULT_PAGE_REQUEST_PRIV_DATA;

	if (ops && ops->fault_cb)
		ops->fault_cb(ctx->ppr->dev, ctx->pasid, prm->addr,
			      private ? prm->private_data : NULL,
			      rwxp_of(prm->perm), code);
	return code;
}

static const struct ppr_ops ppr_ops = { request_done };

bool intel_svm_available(struct iommu_device *dev)
{
	return iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_SVA);
}

int intel_svm_create(struct iommu_device *dev, struct iommu_mm *kernel,
		     struct intel_svm **ret_svm)
{
	struct iommu_system *sys = iommu_device_system(dev);
	const struct plat *plat = iommu_system_plat(sys);
	struct iommu_device_caps caps;
	struct intel_svm *svm;
	int err;

	if (!intel_svm_available(dev))
		return -ENODEV;
	if (kernel && kernel->sys != sys)
		return -EINVAL;
	svm = plat_zalloc(plat, sizeof(*svm));
	if (!svm)
		return -ENOMEM;
	svm->kernel = kernel;
	list_init(&svm->bonds);
	iommu_device_caps(dev, &caps);
	/* One worker: requests are answered in the order they came. */
	err = ppr_init(&svm->ppr, dev, &ppr_ops, (ioasid_t)1 << caps.pasid_bits,
		       1);
	if (err) {
		plat_free(plat, svm);
		return err;
	}
	*ret_svm = svm;
	return 0;
}

int intel_svm_destroy(struct intel_svm *svm)
{
	const struct plat *plat = svm->ppr.plat;
	int err = ppr_fini(&svm->ppr);

	if (!err)
		plat_free(plat, svm);
	return err;
}

/* PASIDs: the address space's, which all devices share, or a fresh one. */
static int pasid_get(struct intel_svm *svm, struct intel_bond *bond,
		     ioasid_t *ret_pasid)
{
	ioasid_t last = svm->ppr.end - 1;
	int err;

	if (bond->private)
		return ioasid_alloc(bond->mm->sys, &svm->set, IOMMU_FIRST_PASID,
				    last, NULL, ret_pasid);
	err = iommu_sva_alloc_pasid(bond->mm, IOMMU_FIRST_PASID, last);
	/* Stays what it is while somebody has a reference to it: us. */
	if (!err)
		*ret_pasid = atomic_load_explicit(&bond->mm->pasid,
						  memory_order_relaxed);
	return err;
}

static void pasid_put(struct intel_bond *bond, ioasid_t pasid)
{
	if (bond->private)
		ioasid_free(bond->mm->sys, pasid);
	else
		iommu_sva_free_pasid(bond->mm);
}

/* What is called at the exit of the address space. */
static void mm_exits(struct iommu_device *dev, ioasid_t pasid, void *data)
{
	struct intel_bond *bond = data;

	(void)dev, (void)pasid;
	ppr_close(&bond->ctx);
}

static int domain_make(struct intel_bond *bond, struct iommu_device *dev)
{
	int err = iommu_domain_alloc_sva(iommu_device_unit(dev), bond->mm,
					 &bond->domain);

	if (err)
		return err;
	return iommu_domain_set_exit_handler(bond->domain, mm_exits, bond);
}

static void free_domain(struct intel_bond *bond)
{
	if (bond->domain && iommu_domain_free(bond->domain))
		plat_log(iommu_system_plat(bond->mm->sys), PLAT_LOG_ERR,
			 "svm: the domain of an unbound mm is in use");
}

/* Nothing is left behind on an error. */
static int bond_make(struct intel_svm *svm, struct intel_bond *bond)
{
	struct iommu_device *dev = svm->ppr.dev;
	ioasid_t pasid;
	int err;

	err = pasid_get(svm, bond, &pasid);
	if (err)
		return err;
	err = ppr_reserve(&svm->ppr, &bond->ctx, bond->mm, pasid);
	if (err)
		goto put_pasid;
	err = domain_make(bond, dev);
	if (!err)
		err = iommu_attach_device_pasid(bond->domain, dev, pasid);
	if (err)
		goto release;
	ppr_open(&bond->ctx);
	return 0;

release:
	free_domain(bond);
	ppr_release(&bond->ctx);
put_pasid:
	pasid_put(bond, pasid);
	return err;
}

static struct intel_bond *find_shared_locked(struct intel_svm *svm,
					     const struct iommu_mm *mm)
{
	struct intel_bond *bond;

	list_for_each(bond, &svm->bonds, link) {
		if (!bond->private && bond->mm == mm)
			return bond;
	}
	return NULL;
}

static bool is_alive(const struct intel_bond *bond)
{
	/* Relaxed: true or not, it may be otherwise in the next moment. */
	return atomic_load_explicit(&bond->mm->users, memory_order_relaxed);
}

/* One more use of what is there. @ops has to be the same. */
static int reuse_locked(struct intel_bond *bond, const struct svm_dev_ops *ops,
			ioasid_t *ret_pasid)
{
	/* The kernel's: nobody has to have a user of it. [C9] */
	if (!is_alive(bond))
		return -ESRCH;
	if (bond->ops != ops)
		return -EBUSY;
	if (bond->uses == UINT32_MAX)
		return -EOVERFLOW;
	bond->uses++;
	*ret_pasid = bond->ctx.pasid;
	return 0;
}

/*
 * True: *@ret_err is the bind's answer, from a bond that is there. False: the
 * bind is @bond's to make, which is in the list now.
 */
static bool join(struct intel_svm *svm, struct intel_bond *bond,
		 ioasid_t *ret_pasid, int *ret_err)
{
	struct intel_bond *other = NULL;

	ppr_lock(&svm->ppr);
	while (!bond->private && (other = find_shared_locked(svm, bond->mm)) &&
	       other->changing)
		ppr_wait_locked(&svm->ppr);
	if (other)
		*ret_err = reuse_locked(other, bond->ops, ret_pasid);
	else
		list_add_tail(&svm->bonds, &bond->link);
	ppr_unlock(&svm->ppr);
	return other;
}

/* The bind is complete, or has failed. */
static void settle(struct intel_svm *svm, struct intel_bond *bond, int err,
		   ioasid_t *ret_pasid)
{
	ppr_lock(&svm->ppr);
	if (err)
		list_del(&bond->link);
	else
		*ret_pasid = bond->ctx.pasid;
	bond->changing = false;
	plat_event_signal(svm->ppr.plat, &svm->ppr.event);
	ppr_unlock(&svm->ppr);
}

static int bind_check(const struct intel_svm *svm, const struct iommu_mm *mm,
		      unsigned int flags, bool probe)
{
	bool kernel = flags & SVM_FLAG_SUPERVISOR_MODE;

	if (flags & ~FLAGS || (kernel && mm) || (!kernel && !mm && !probe) ||
	    (mm && mm->sys != iommu_device_system(svm->ppr.dev)))
		return -EINVAL;
	return kernel && !svm->kernel ? -EOPNOTSUPP : 0;
}

int intel_svm_bind_mm(struct intel_svm *svm, struct iommu_mm *mm,
		      ioasid_t *ret_pasid, unsigned int flags,
		      const struct svm_dev_ops *ops)
{
	const struct plat *plat = svm->ppr.plat;
	struct intel_bond *bond;
	int err = bind_check(svm, mm, flags, !ret_pasid);

	if (err || !ret_pasid)
		return err;
	bond = plat_zalloc(plat, sizeof(*bond));
	if (!bond)
		return -ENOMEM;
	bond->mm = mm ? mm : svm->kernel;
	bond->ops = ops;
	bond->private = flags & SVM_FLAG_PRIVATE_PASID;
	bond->changing = true;
	bond->uses = 1;
	if (join(svm, bond, ret_pasid, &err)) {
		plat_free(plat, bond);
		return err;
	}
	iommu_mm_get(bond->mm);
	err = bond_make(svm, bond);
	settle(svm, bond, err, ret_pasid);
	if (err) {
		iommu_mm_put(bond->mm);
		plat_free(plat, bond);
	}
	return err;
}

/* The PASID goes after everything that could lead to it. [R1] */
static void bond_destroy(struct intel_svm *svm, struct intel_bond *bond)
{
	struct iommu_mm *mm = bond->mm;
	ioasid_t pasid = bond->ctx.pasid;

	iommu_detach_device_pasid(bond->domain, svm->ppr.dev, pasid);
	free_domain(bond);
	ppr_release(&bond->ctx);
	pasid_put(bond, pasid);
	ppr_lock(&svm->ppr);
	list_del(&bond->link);
	plat_event_signal(svm->ppr.plat, &svm->ppr.event);
	ppr_unlock(&svm->ppr);
	plat_free(svm->ppr.plat, bond);
	iommu_mm_put(mm);
}

/* The bond of a PASID, unless it is not complete, or on its way out. */
static struct intel_bond *find_locked(struct intel_svm *svm, ioasid_t pasid)
{
	struct ppr_ctx *ctx = ppr_find_locked(&svm->ppr, pasid);

	return ctx && !to_bond(ctx)->changing ? to_bond(ctx) : NULL;
}

int intel_svm_unbind_mm(struct intel_svm *svm, ioasid_t pasid)
{
	struct intel_bond *bond;
	bool last = false;

	ppr_lock(&svm->ppr);
	bond = find_locked(svm, pasid);
	if (bond)
		last = bond->changing = !--bond->uses;
	ppr_unlock(&svm->ppr);
	if (last)
		bond_destroy(svm, bond);
	return bond ? 0 : -EINVAL;
}

int intel_svm_is_pasid_valid(struct intel_svm *svm, ioasid_t pasid)
{
	struct intel_bond *bond;
	int valid = -EINVAL;

	ppr_lock(&svm->ppr);
	bond = find_locked(svm, pasid);
	if (bond)
		valid = is_alive(bond);
	ppr_unlock(&svm->ppr);
	return valid;
}
