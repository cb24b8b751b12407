/* SPDX-License-Identifier: MIT */
/*
 * The task interface of 2017 over SVA domains.
 *
 * The lock protects the list of contexts and their states, and nothing is
 * called under it: an unbind drains faults, and the callbacks of a device
 * driver may wait for them. [R5]
 */
#include <sva/compat/task.h>

#include <sva/domain.h>
#include <sva/fault.h>
#include <sva/ioasid.h>
#include <sva/sva.h>

#include "base/errno.h"
#include "base/list.h"

enum ctx_state {
	CTX_STALE = 1 << 0,
	CTX_INVALIDATED = 1 << 1,
	CTX_FREE = CTX_STALE | CTX_INVALIDATED,
};

/* Letters: (c) constant after the bind, (l) the lock. */
struct ctx {
	struct list link; /* (l) */
	struct iommu_svm *svm;
	struct iommu_mm *mm; /* (l) compared only: the domain has the ref */
	struct iommu_domain *domain; /* the unbind's once it has claimed */
	void *priv;                  /* (c) */
	ioasid_t pasid;              /* (c) */
	bool private;                /* (c) */
	bool bound;                  /* (l) the bind is complete */
	bool unbinding;              /* (l) claimed by an unbind */
	bool sweeping;               /* (l) claimed by the sweep */
	unsigned int state;          /* (l) enum ctx_state */
};

struct iommu_svm {
	struct iommu_device *dev;
	const struct plat *plat;
	struct ioasid_set set;
	ioasid_t last_pasid;
	/* Release when set, acquire when used: the driver's table. */
	_Atomic(const struct iommu_svm_ops *) ops;
	struct plat_lock lock;
	struct list contexts; /* (l) */
	unsigned int stale;   /* (l) */
	bool sweeping;        /* (l) one at a time */
};

static const struct iommu_svm_ops *ops_of(struct iommu_svm *svm)
{
	return atomic_load_explicit(&svm->ops, memory_order_acquire);
}

static struct ctx *find_locked(struct iommu_svm *svm, ioasid_t pasid)
{
	struct ctx *ctx;

	list_for_each(ctx, &svm->contexts, link) {
		if (ctx->bound && ctx->pasid == pasid)
			return ctx;
	}
	return NULL;
}

/* It is in no list any more. */
static void ctx_free(struct ctx *ctx)
{
	struct iommu_svm *svm = ctx->svm;

	ioasid_free(iommu_device_system(svm->dev), ctx->pasid);
	plat_free(svm->plat, ctx);
}

/* True: that made it free, and it is the caller's to ctx_free(). [F7] */
static bool ctx_mark_locked(struct ctx *ctx, unsigned int bits)
{
	struct iommu_svm *svm = ctx->svm;

	if (bits & ~ctx->state & CTX_STALE)
		svm->stale++;
	ctx->state |= bits;
	if (ctx->state != CTX_FREE)
		return false;
	list_del(&ctx->link);
	svm->stale--;
	return true;
}

/* Answers a request that closes its group, and swallows the others. */
static int answer(struct iommu_device *dev,
		  const struct iommu_fault_page_request *prm,
		  enum iommu_page_response_code code)
{
	struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.pasid = prm->pasid,
		.grpid = prm->grpid,
		.code = code,
	};

	if (!(prm->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE))
		return 0;
	if (prm->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID)
		msg.flags = IOMMU_PAGE_RESP_PASID_VALID;
	return iommu_page_response(dev, &msg);
}

/* The verdicts of 2017 that are not core's. [F9] */
static int svm_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		     void *data)
{
	struct iommu_fault copy;
	int err;

	(void)data;
	if (fault->type != IOMMU_FAULT_PAGE_REQ)
		return -EOPNOTSUPP;
	if (!(fault->prm.flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID))
		return answer(dev, &fault->prm, IOMMU_PAGE_RESP_FAILURE);
	copy = *fault;
	/* A request for no access fails in its turn, with its group. */
	if (copy.prm.perm & IOMMU_PERM_PRIV)
		copy.prm.perm = 0;
	err = iommu_queue_iopf(&copy, dev, NULL);
	if (err == -ENOMEM)
		return answer(dev, &fault->prm, IOMMU_PAGE_RESP_SUCCESS);
	return err;
}

static int last_resort(struct iommu_device *dev,
		       const struct iommu_fault_page_request *prm, int err,
		       void *data)
{
	struct ctx *ctx = data;
	const struct iommu_svm_ops *ops = ops_of(ctx->svm);

	if (!ops || !ops->handle_fault)
		return err;
	return ops->handle_fault(dev, ctx->pasid, prm->addr, prm->perm,
				 ctx->priv) ?
		       err :
		       0;
}

int iommu_svm_capable(struct iommu_device *dev, unsigned int flags)
{
	if (flags & ~(unsigned int)IOMMU_SVM_FLAG_PRIVATE_PASID)
		return -EINVAL;
	return iommu_dev_has_feature(dev, IOMMU_DEV_FEAT_SVA) ? 0 : -EINVAL;
}

/* Page requests come here instead of to core; nothing is bound yet. */
static int take_faults(struct iommu_svm *svm)
{
	int err;

	/* Its handler is somebody else's. */
	if (iommu_dev_feature_enabled(svm->dev, IOMMU_DEV_FEAT_IOPF))
		return -EBUSY;
	err = iommu_sva_enable(svm->dev, NULL);
	if (err)
		return err == -EEXIST ? -EBUSY : err;
	err = iommu_unregister_device_fault_handler(svm->dev);
	if (!err)
		err = iommu_register_device_fault_handler(svm->dev, svm_fault,
							  svm);
	if (err && iommu_sva_disable(svm->dev))
		plat_log(svm->plat, PLAT_LOG_WARN, "%s: SVA stays on",
			 iommu_device_name(svm->dev));
	return err;
}

int iommu_svm_create(struct iommu_device *dev, struct iommu_svm **ret_svm)
{
	const struct plat *plat = iommu_system_plat(iommu_device_system(dev));
	struct iommu_device_caps caps;
	struct iommu_svm *svm;
	int err;

	err = iommu_svm_capable(dev, 0);
	if (err)
		return err;
	svm = plat_zalloc(plat, sizeof(*svm));
	if (!svm)
		return -ENOMEM;
	iommu_device_caps(dev, &caps);
	svm->dev = dev;
	svm->plat = plat;
	svm->last_pasid = ((ioasid_t)1 << caps.pasid_bits) - 1;
	list_init(&svm->contexts);
	atomic_init(&svm->ops, NULL);
	err = take_faults(svm);
	if (err) {
		plat_free(plat, svm);
		return err;
	}
	plat_lock_init(plat, &svm->lock, PLAT_LOCK_MUTEX, PLAT_RANK_LEAF,
		       "2017 contexts");
	*ret_svm = svm;
	return 0;
}

int iommu_svm_destroy(struct iommu_svm *svm)
{
	struct list *l;
	int err;

	/* Refuses while a domain is attached; drains, and takes the fault
	 * handler away. */
	err = iommu_sva_disable(svm->dev);
	if (err)
		return err;
	while ((l = list_pop(&svm->contexts)))
		ctx_free(list_entry(l, struct ctx, link));
	plat_lock_fini(svm->plat, &svm->lock);
	plat_free(svm->plat, svm);
	return 0;
}

int iommu_set_svm_ops(struct iommu_svm *svm, const struct iommu_svm_ops *ops)
{
	if (!svm)
		return -EINVAL;
	atomic_store_explicit(&svm->ops, ops, memory_order_release);
	return 0;
}

/* Into the list before anything else, so that of two binds one is told. */
static bool ctx_reserve(struct ctx *ctx)
{
	struct iommu_svm *svm = ctx->svm;
	struct ctx *other;
	bool taken = false;

	plat_lock(svm->plat, &svm->lock);
	list_for_each(other, &svm->contexts, link)
		taken |= !ctx->private && !other->private &&
			 other->mm == ctx->mm && !(other->state & CTX_STALE);
	if (!taken)
		list_add_tail(&svm->contexts, &ctx->link);
	plat_unlock(svm->plat, &svm->lock);
	return !taken;
}

static int pasid_alloc(struct iommu_svm *svm, ioasid_t *ret_pasid)
{
	struct iommu_system *sys = iommu_device_system(svm->dev);
	int err;

	err = ioasid_alloc(sys, &svm->set, IOMMU_FIRST_PASID, svm->last_pasid,
			   NULL, ret_pasid);
	if (err != -ENOSPC || iommu_svm_sweep(svm))
		return err;
	return ioasid_alloc(sys, &svm->set, IOMMU_FIRST_PASID, svm->last_pasid,
			    NULL, ret_pasid);
}

/* The context is in the list, and not bound. */
static int ctx_attach(struct ctx *ctx)
{
	struct iommu_svm *svm = ctx->svm;
	int err;

	err = pasid_alloc(svm, &ctx->pasid);
	if (err)
		return err;
	err = iommu_attach_device_pasid(ctx->domain, svm->dev, ctx->pasid);
	if (err)
		ioasid_free(iommu_device_system(svm->dev), ctx->pasid);
	return err;
}

static int ctx_make_domain(struct ctx *ctx)
{
	int err = iommu_domain_alloc_sva(iommu_device_unit(ctx->svm->dev),
					 ctx->mm, &ctx->domain);

	if (err)
		return err;
	return iommu_domain_set_iopf_handler(ctx->domain, last_resort, ctx);
}

static void ctx_free_domain(struct ctx *ctx)
{
	if (ctx->domain && iommu_domain_free(ctx->domain))
		plat_log(ctx->svm->plat, PLAT_LOG_ERR,
			 "svm: the domain of an unbound task is in use");
	ctx->domain = NULL;
}

int iommu_bind_task(struct iommu_svm *svm, struct iommu_mm *mm,
		    ioasid_t *ret_pasid, unsigned int flags, void *priv)
{
	struct ctx *ctx;
	int err;

	if (flags & ~(unsigned int)IOMMU_SVM_FLAG_PRIVATE_PASID)
		return -EINVAL;
	ctx = plat_zalloc(svm->plat, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->svm = svm;
	ctx->mm = mm;
	ctx->priv = priv;
	ctx->private = flags & IOMMU_SVM_FLAG_PRIVATE_PASID;
	if (!ctx_reserve(ctx)) {
		plat_free(svm->plat, ctx);
		return -EEXIST;
	}
	err = ctx_make_domain(ctx);
	if (!err)
		err = ctx_attach(ctx);

	plat_lock(svm->plat, &svm->lock);
	ctx->bound = !err;
	if (err)
		list_del(&ctx->link);
	else
		*ret_pasid = ctx->pasid;
	plat_unlock(svm->plat, &svm->lock);
	if (err) {
		ctx_free_domain(ctx);
		plat_free(svm->plat, ctx);
	}
	return err;
}

/* Claims the bond for one unbind. */
static int unbind_begin(struct iommu_svm *svm, ioasid_t pasid,
			struct ctx **ret_ctx)
{
	struct ctx *ctx;
	int err = 0;

	plat_lock(svm->plat, &svm->lock);
	ctx = find_locked(svm, pasid);
	if (!ctx || ctx->state & CTX_STALE) {
		err = -ESRCH;
	} else if (ctx->unbinding) {
		err = -EBUSY;
	} else {
		ctx->unbinding = true;
		*ret_ctx = ctx;
	}
	plat_unlock(svm->plat, &svm->lock);
	return err;
}

/* What the device driver says of the PASID; 0: it is in use. No lock. [F5] */
static unsigned int ask_driver(struct ctx *ctx)
{
	const struct iommu_svm_ops *ops = ops_of(ctx->svm);
	int state;

	if (!ops || !ops->invalidate_pasid)
		return 0;
	state = ops->invalidate_pasid(ctx->svm->dev, ctx->pasid, ctx->priv);
	return state > 0 ? (unsigned int)state : 0;
}

static void unbind_finish(struct ctx *ctx, unsigned int flags)
{
	struct iommu_svm *svm = ctx->svm;
	bool free, sweep;

	iommu_detach_device_pasid(ctx->domain, svm->dev, ctx->pasid);
	/* With the domain goes the reference: the address may be another's. */
	plat_lock(svm->plat, &svm->lock);
	ctx->mm = NULL;
	plat_unlock(svm->plat, &svm->lock);
	ctx_free_domain(ctx);
	plat_lock(svm->plat, &svm->lock);
	free = ctx_mark_locked(ctx, CTX_STALE | (flags & IOMMU_PASID_CLEAN ?
							 CTX_INVALIDATED :
							 0));
	sweep = svm->stale * 4 >= svm->last_pasid;
	plat_unlock(svm->plat, &svm->lock);
	if (free)
		ctx_free(ctx);
	if (sweep && iommu_svm_sweep(svm))
		plat_log(svm->plat, PLAT_LOG_WARN,
			 "%s: stale contexts could not be swept",
			 iommu_device_name(svm->dev));
}

int iommu_unbind_task(struct iommu_svm *svm, ioasid_t pasid, unsigned int flags)
{
	const unsigned int known = (unsigned int)IOMMU_PASID_FLUSHED |
				   IOMMU_PASID_CLEAN;
	struct ctx *ctx;
	int err;

	if (flags & ~known)
		return -EINVAL;
	err = unbind_begin(svm, pasid, &ctx);
	if (err)
		return err;
	if (!flags)
		flags = ask_driver(ctx) & known;
	if (!flags) {
		plat_lock(svm->plat, &svm->lock);
		ctx->unbinding = false;
		plat_unlock(svm->plat, &svm->lock);
		return -EBUSY;
	}
	unbind_finish(ctx, flags);
	return 0;
}

int iommu_svm_pasid_stopped(struct iommu_svm *svm, ioasid_t pasid)
{
	struct ctx *ctx;
	bool free = false;

	plat_lock(svm->plat, &svm->lock);
	ctx = find_locked(svm, pasid);
	if (ctx)
		free = ctx_mark_locked(ctx, CTX_INVALIDATED);
	plat_unlock(svm->plat, &svm->lock);
	if (free)
		ctx_free(ctx);
	return ctx ? 0 : -ESRCH;
}

/* How many were claimed. */
static unsigned int sweep_claim(struct iommu_svm *svm)
{
	unsigned int count = 0;
	struct ctx *ctx;

	plat_lock(svm->plat, &svm->lock);
	if (!svm->sweeping) {
		list_for_each(ctx, &svm->contexts, link) {
			ctx->sweeping = ctx->state == CTX_STALE;
			count += ctx->sweeping;
		}
		svm->sweeping = count;
	}
	plat_unlock(svm->plat, &svm->lock);
	return count;
}

int iommu_svm_sweep(struct iommu_svm *svm)
{
	struct ctx *ctx, *tmp;
	struct list done, *l;
	int err;

	if (!sweep_claim(svm))
		return 0;
	err = iopf_queue_flush_dev(svm->dev);
	list_init(&done);
	plat_lock(svm->plat, &svm->lock);
	/* Anew: one whose marker came meanwhile has gone. */
	list_for_each_safe(ctx, tmp, &svm->contexts, link) {
		if (!ctx->sweeping)
			continue;
		ctx->sweeping = false;
		if (err)
			continue; /* rolled back */
		list_del(&ctx->link);
		list_add_tail(&done, &ctx->link);
		svm->stale--;
	}
	svm->sweeping = false;
	plat_unlock(svm->plat, &svm->lock);
	while ((l = list_pop(&done)))
		ctx_free(list_entry(l, struct ctx, link));
	return err;
}

unsigned int iommu_svm_stale_count(struct iommu_svm *svm)
{
	unsigned int count;

	plat_lock(svm->plat, &svm->lock);
	count = svm->stale;
	plat_unlock(svm->plat, &svm->lock);
	return count;
}
