/* SPDX-License-Identifier: MIT */
/*
 * Page requests of a device whose historic front answers them by itself: the
 * Intel and the AMD interface tell their device driver of every request, which
 * core's groups do not.
 *
 * Requests are resolved one by one, by workers of the front. A tag counts the
 * ones of a group that are under way; the group is answered when that is 0 and
 * its Last has come, with the worst code of its requests. [F15] After an
 * overflow the incomplete ones are forgotten when the next request comes. [R15]
 */
#ifndef COMPAT_PPR_H
#define COMPAT_PPR_H

#include <sva/device.h>
#include <sva/fault.h>
#include <sva/mm.h>
#include <sva/plat.h>
#include <sva/sva.h>

#include "base/list.h"

/* Requests, and open groups, that a device can make a front keep. */
#define PPR_MAX 4096u

#define PPR_LEAF_LG2 9u

struct ppr_ctx;

/**
 * struct ppr_ops - what a front does with a request
 * @done: the address space has resolved the request (@err 0) or not (negative
 *        errno). Says what the device is told of it. In a worker, without a
 *        lock. Not called for what came without a live context.
 */
struct ppr_ops {
	enum iommu_page_response_code (*done)(
		struct ppr_ctx *ctx, const struct iommu_fault_page_request *prm,
		int err);
};

enum ppr_state {
	PPR_NEW,  /* takes the slot; nothing is attached yet */
	PPR_LIVE, /* requests are resolved */
	PPR_DEAD, /* no more are let in */
};

/* Letters: (c) constant after ppr_reserve(), (l) the lock of the struct ppr. */
struct ppr_ctx {
	struct ppr *ppr;       /* (c) */
	struct iommu_mm *mm;   /* (c) with a reference, of the front's */
	ioasid_t pasid;        /* (c) */
	enum ppr_state state;  /* (l) */
	unsigned int inflight; /* (l) requests and answers under way */
	struct list tags;      /* (l) groups that are not answered */
};

struct ppr_leaf {
	struct ppr_ctx *slots[1u << PPR_LEAF_LG2];
};

struct ppr_root {
	struct ppr_leaf *leaf; /* NULL: none of its PASIDs was ever used */
};

struct ppr {
	struct iommu_device *dev;  /* (c) */
	const struct plat *plat;   /* (c) */
	const struct ppr_ops *ops; /* (c) */
	struct plat_workqueue *wq; /* (c) */
	ioasid_t end;              /* (c) PASIDs are below */
	struct plat_lock lock;     /* nothing is called under it */
	struct plat_event event;   /* a context or a count has changed */
	struct ppr_root *leaves;   /* (l) */
	unsigned int contexts;     /* (l) */
	unsigned int requests;     /* (l) */
	unsigned int tags;         /* (l) */
	uint64_t overflows;        /* (l) of the device, as it was seen last */
};

/*
 * Switches SVA on for @dev and takes its page requests; PASIDs are below @end.
 * @max_active: workers, 0 for any number; with 1 the requests are resolved in
 * the order they came.
 *
 * Return: 0, -ENODEV device or IOMMU cannot, -EBUSY SVA or a fault handler is
 *         in use, -ENOMEM, or what the driver met.
 */
SVA_MUST_CHECK int ppr_init(struct ppr *ppr, struct iommu_device *dev,
			    const struct ppr_ops *ops, ioasid_t end,
			    unsigned int max_active);

/* The reverse. Return: 0, -EBUSY something is attached: nothing changed. */
SVA_MUST_CHECK int ppr_fini(struct ppr *ppr);

/* Takes the slot of a PASID. Return: 0, -EINVAL, -EBUSY, -ENOMEM. */
SVA_MUST_CHECK int ppr_reserve(struct ppr *ppr, struct ppr_ctx *ctx,
			       struct iommu_mm *mm, ioasid_t pasid);

/* Requests are let in from now on, unless the context is dead. */
void ppr_open(struct ppr_ctx *ctx);

/* No more are let in; waits for those under way. Not from ppr_ops.done(). */
void ppr_close(struct ppr_ctx *ctx);

/* Closes it, and gives the slot up. Nothing is attached any more. */
void ppr_release(struct ppr_ctx *ctx);

/* The context of a PASID, or NULL. Lock held. */
struct ppr_ctx *ppr_find_locked(struct ppr *ppr, ioasid_t pasid);

/* The first context at *@pasid or after it, whose it is then. Lock held. */
struct ppr_ctx *ppr_next_locked(struct ppr *ppr, ioasid_t *pasid);

/* Sleeps until something has changed, or less. Lock held, but dropped. */
void ppr_wait_locked(struct ppr *ppr);

static inline void ppr_lock(struct ppr *ppr)
{
	plat_lock(ppr->plat, &ppr->lock);
}

static inline void ppr_unlock(struct ppr *ppr)
{
	plat_unlock(ppr->plat, &ppr->lock);
}

#endif
