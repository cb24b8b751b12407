/* SPDX-License-Identifier: MIT */
/*
 * A handler of page requests in place of core's queue. See ppr.h.
 *
 * Core has every Last on record until it is answered, so what is answered here
 * late, or after a timeout, finds no record and reaches nobody. [R2] [I7]
 */
#include "compat/ppr.h"

#include "base/bits.h"
#include "base/errno.h"

/* A group from its first request until its answer. */
struct ppr_tag {
	struct list link;
	uint32_t grpid;
	unsigned int inflight;
	bool finished; /* Last has come: @last */
	bool cut;      /* Last will not come, and nobody waits for an answer */
	struct ppr_tag *next_cut;
	enum iommu_page_response_code worst;
	struct iommu_fault_page_request last;
};

struct ppr_request {
	struct plat_work work;
	struct ppr_ctx *ctx;
	struct ppr_tag *tag;
	struct iommu_fault_page_request prm;
};

struct ppr_ctx *ppr_find_locked(struct ppr *ppr, ioasid_t pasid)
{
	struct ppr_leaf *leaf;

	if (pasid >= ppr->end)
		return NULL;
	leaf = ppr->leaves[pasid >> PPR_LEAF_LG2].leaf;
	return leaf ? leaf->slots[pasid % ARRAY_SIZE(leaf->slots)] : NULL;
}

struct ppr_ctx *ppr_next_locked(struct ppr *ppr, ioasid_t *pasid)
{
	while (*pasid < ppr->end) {
		struct ppr_ctx *ctx = ppr_find_locked(ppr, *pasid);

		if (ctx)
			return ctx;
		if (ppr->leaves[*pasid >> PPR_LEAF_LG2].leaf)
			++*pasid;
		else
			*pasid = ((*pasid >> PPR_LEAF_LG2) + 1) << PPR_LEAF_LG2;
	}
	return NULL;
}

void ppr_wait_locked(struct ppr *ppr)
{
	uint32_t seen = plat_event_read(&ppr->event);

	ppr_unlock(ppr);
	/* No time limit: as long as the address space or the device takes. */
	if (plat_event_wait(ppr->plat, &ppr->event, seen, UINT64_MAX))
		plat_relax(ppr->plat, 0);
	ppr_lock(ppr);
}

/* One request or answer less. After this @ctx may be gone. */
static void leave_locked(struct ppr_ctx *ctx)
{
	ctx->inflight--;
	plat_event_signal(ctx->ppr->plat, &ctx->ppr->event);
}

/* The group that @grpid names now, or NULL. One that has ended is not it. */
static struct ppr_tag *open_tag_locked(struct ppr_ctx *ctx, uint32_t grpid)
{
	struct ppr_tag *tag;

	list_for_each(tag, &ctx->tags, link) {
		if (tag->grpid == grpid && !tag->finished && !tag->cut)
			return tag;
	}
	return NULL;
}

/* True: the tag is the caller's, who answers unless it is cut. */
static bool complete_locked(struct ppr_ctx *ctx, struct ppr_tag *tag)
{
	if (tag->inflight || !(tag->finished || tag->cut))
		return false;
	list_del(&tag->link);
	ctx->ppr->tags--;
	return true;
}

static void answer(struct ppr *ppr, const struct iommu_fault_page_request *last,
		   enum iommu_page_response_code code)
{
	const struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID |
			 IOMMU_PAGE_RESP_COOKIE_VALID,
		.pasid = last->pasid,
		.grpid = last->grpid,
		.code = code,
		.cookie = last->cookie,
	};
	int err = iommu_page_response(ppr->dev, &msg);

	if (err)
		plat_log(
			ppr->plat, PLAT_LOG_INFO,
			"%s: page request group %u was answered already, or cannot be: %d",
			iommu_device_name(ppr->dev), last->grpid, err);
}

static int resolve(struct iommu_mm *mm,
		   const struct iommu_fault_page_request *prm)
{
	uint64_t va = prm->addr & ~UINT64_C(4095);
	size_t done;
	int err;

	if (!iommu_mm_get_users(mm))
		return -ESRCH;
	if (prm->perm & IOMMU_PERM_RWX)
		err = mm->ops->handle_fault(mm, va, 1, prm->perm, &done);
	else
		err = -EINVAL;
	/* The last user's exit may wait for this very worker. [J8] */
	iommu_mm_put_users_async(mm);
	return err == -EAGAIN ? 0 : err;
}

static void request_work(void *arg)
{
	struct ppr_request *req = arg;
	struct ppr_ctx *ctx = req->ctx;
	struct ppr_tag *tag = req->tag;
	struct ppr *ppr = ctx->ppr;
	const struct plat *plat = ppr->plat;
	enum iommu_page_response_code code;
	bool complete;

	code = ppr->ops->done(ctx, &req->prm, resolve(ctx->mm, &req->prm));
	ppr_lock(ppr);
	if (code > tag->worst)
		tag->worst = code;
	tag->inflight--;
	complete = complete_locked(ctx, tag);
	ppr_unlock(ppr);
	if (complete && !tag->cut)
		answer(ppr, &tag->last, tag->worst);
	if (complete)
		plat_free(plat, tag);
	ppr_lock(ppr);
	ppr->requests--;
	leave_locked(ctx);
	ppr_unlock(ppr);
	plat_free(plat, req);
}

static void cut_tags_locked(struct ppr_ctx *ctx, struct ppr_tag **dropped)
{
	struct ppr_tag *tag, *tmp;

	list_for_each_safe(tag, tmp, &ctx->tags, link) {
		if (tag->finished)
			continue;
		tag->cut = true;
		/* Otherwise it goes with its last request. */
		if (complete_locked(ctx, tag)) {
			tag->next_cut = *dropped;
			*dropped = tag;
		}
	}
}

/*
 * The unit's queue has overflowed since the last request of the device: whose
 * Last has not come is over, and its number may be another's by now. [R15]
 */
static void cut_groups_locked(struct ppr *ppr, struct ppr_tag **dropped)
{
	uint64_t overflows = iommu_fault_overflows(ppr->dev);
	struct ppr_ctx *ctx;
	ioasid_t pasid = 0;

	if (overflows == ppr->overflows)
		return;
	ppr->overflows = overflows;
	for (; (ctx = ppr_next_locked(ppr, &pasid)); pasid++)
		cut_tags_locked(ctx, dropped);
}

static void free_cut(const struct plat *plat, struct ppr_tag *tag)
{
	while (tag) {
		struct ppr_tag *next = tag->next_cut;

		plat_free(plat, tag);
		tag = next;
	}
}

/* What a report brings along: memory, taken or given back. */
struct parts {
	struct ppr_request *req;
	struct ppr_tag *tag;
};

/* The group of a request, opened if need be; NULL: no memory or no room. */
static struct ppr_tag *join_tag_locked(struct ppr_ctx *ctx, uint32_t grpid,
				       struct parts *parts)
{
	struct ppr_tag *tag = open_tag_locked(ctx, grpid);

	if (tag || !parts->tag || ctx->ppr->tags >= PPR_MAX)
		return tag;
	tag = parts->tag;
	parts->tag = NULL;
	tag->grpid = grpid;
	list_add_tail(&ctx->tags, &tag->link);
	ctx->ppr->tags++;
	return tag;
}

/* What becomes of a request. */
enum fate {
	NOBODYS, /* the reporter says Invalid */
	DROPPED, /* not followed up; its group is answered later */
	STARTED, /* the caller queues it */
	ANSWER,  /* it closes a group with nothing under way: the caller's */
};

/*
 * What there is no memory or no room for counts as success: the device faults
 * again. [F15] With STARTED and ANSWER the context stays until leave_locked().
 */
static enum fate account_locked(struct ppr_ctx *ctx,
				const struct iommu_fault_page_request *prm,
				struct parts *parts, struct ppr_tag **ret_tag)
{
	bool last = prm->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
	struct ppr_tag *tag = join_tag_locked(ctx, prm->grpid, parts);
	struct ppr *ppr = ctx->ppr;
	enum fate fate = DROPPED;

	*ret_tag = tag;
	if (tag && last) {
		tag->finished = true;
		tag->last = *prm;
	}
	if (tag && parts->req && ppr->requests < PPR_MAX) {
		tag->inflight++;
		ppr->requests++;
		fate = STARTED;
	} else if (last && (!tag || complete_locked(ctx, tag))) {
		fate = ANSWER;
	}
	if (fate != DROPPED)
		ctx->inflight++;
	return fate;
}

static int take_request(struct ppr *ppr,
			const struct iommu_fault_page_request *prm)
{
	const struct plat *plat = ppr->plat;
	struct parts parts = {
		.req = plat_zalloc(plat, sizeof(*parts.req)),
		.tag = plat_zalloc(plat, sizeof(*parts.tag)),
	};
	enum fate fate = NOBODYS;
	struct ppr_tag *tag = NULL, *cut = NULL;
	struct ppr_ctx *ctx;

	ppr_lock(ppr);
	cut_groups_locked(ppr, &cut);
	ctx = ppr_find_locked(ppr, prm->pasid);
	if (ctx && ctx->state == PPR_LIVE)
		fate = account_locked(ctx, prm, &parts, &tag);
	ppr_unlock(ppr);
	if (fate == STARTED) {
		parts.req->ctx = ctx;
		parts.req->tag = tag;
		parts.req->prm = *prm;
		plat_work_init(&parts.req->work, request_work, parts.req);
		plat_work_queue(plat, ppr->wq, &parts.req->work);
		parts.req = NULL;
	} else if (fate == ANSWER) {
		answer(ppr, prm, tag ? tag->worst : IOMMU_PAGE_RESP_SUCCESS);
		plat_free(plat, tag);
		ppr_lock(ppr);
		leave_locked(ctx);
		ppr_unlock(ppr);
	}
	free_cut(plat, cut);
	plat_free(plat, parts.req);
	plat_free(plat, parts.tag);
	return fate == NOBODYS ? -ENOENT : 0;
}

static int ppr_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		     void *data)
{
	(void)dev;
	if (fault->type != IOMMU_FAULT_PAGE_REQ)
		return -EOPNOTSUPP;
	/* Whose page would it be? -EINVAL is answered with Failure. */
	if (!(fault->prm.flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID))
		return -EINVAL;
	return take_request(data, &fault->prm);
}

/* Page requests come here instead of to core; nothing is bound yet. */
static int take_device(struct ppr *ppr)
{
	int err;

	/* Its handler is somebody else's. */
	if (iommu_dev_feature_enabled(ppr->dev, IOMMU_DEV_FEAT_IOPF))
		return -EBUSY;
	err = iommu_sva_enable(ppr->dev, NULL);
	if (err)
		return err == -EEXIST ? -EBUSY : err;
	err = iommu_unregister_device_fault_handler(ppr->dev);
	if (!err)
		err = iommu_register_device_fault_handler(ppr->dev, ppr_fault,
							  ppr);
	if (err && iommu_sva_disable(ppr->dev))
		plat_log(ppr->plat, PLAT_LOG_WARN, "%s: SVA stays on",
			 iommu_device_name(ppr->dev));
	return err;
}

static size_t leaf_count(const struct ppr *ppr)
{
	return ((size_t)ppr->end + (1u << PPR_LEAF_LG2) - 1) >> PPR_LEAF_LG2;
}

static void free_parts(struct ppr *ppr)
{
	size_t i;

	for (i = 0; i < leaf_count(ppr); i++)
		plat_free(ppr->plat, ppr->leaves[i].leaf);
	plat_free(ppr->plat, ppr->leaves);
	plat_workqueue_destroy(ppr->plat, ppr->wq);
	plat_lock_fini(ppr->plat, &ppr->lock);
}

int ppr_init(struct ppr *ppr, struct iommu_device *dev,
	     const struct ppr_ops *ops, ioasid_t end, unsigned int max_active)
{
	const struct plat *plat = iommu_system_plat(iommu_device_system(dev));
	int err;

	ppr->dev = dev;
	ppr->plat = plat;
	ppr->ops = ops;
	ppr->end = end;
	ppr->overflows = iommu_fault_overflows(dev);
	ppr->leaves = plat_zalloc(plat, leaf_count(ppr) * sizeof(*ppr->leaves));
	if (!ppr->leaves)
		return -ENOMEM;
	ppr->wq = plat_workqueue_create(plat, "page requests", max_active);
	if (!ppr->wq) {
		plat_free(plat, ppr->leaves);
		return -ENOMEM;
	}
	plat_lock_init(plat, &ppr->lock, PLAT_LOCK_MUTEX, PLAT_RANK_LEAF,
		       "page requests");
	err = take_device(ppr);
	if (err)
		free_parts(ppr);
	return err;
}

int ppr_fini(struct ppr *ppr)
{
	/* Refuses while a domain is attached; drains, and takes the fault
	 * handler away. */
	int err = iommu_sva_disable(ppr->dev);

	if (!err)
		free_parts(ppr);
	return err;
}

int ppr_reserve(struct ppr *ppr, struct ppr_ctx *ctx, struct iommu_mm *mm,
		ioasid_t pasid)
{
	struct ppr_leaf *new_leaf, **leaf;
	int err = 0;

	if (!pasid || pasid >= ppr->end)
		return -EINVAL;
	new_leaf = plat_zalloc(ppr->plat, sizeof(*new_leaf));
	if (!new_leaf)
		return -ENOMEM;
	ctx->ppr = ppr;
	ctx->mm = mm;
	ctx->pasid = pasid;
	ctx->state = PPR_NEW;
	list_init(&ctx->tags);
	ppr_lock(ppr);
	leaf = &ppr->leaves[pasid >> PPR_LEAF_LG2].leaf;
	if (!*leaf) {
		*leaf = new_leaf;
		new_leaf = NULL;
	}
	if ((*leaf)->slots[pasid % ARRAY_SIZE((*leaf)->slots)]) {
		err = -EBUSY;
	} else {
		(*leaf)->slots[pasid % ARRAY_SIZE((*leaf)->slots)] = ctx;
		ppr->contexts++;
	}
	ppr_unlock(ppr);
	plat_free(ppr->plat, new_leaf);
	return err;
}

void ppr_open(struct ppr_ctx *ctx)
{
	ppr_lock(ctx->ppr);
	if (ctx->state == PPR_NEW)
		ctx->state = PPR_LIVE;
	ppr_unlock(ctx->ppr);
}

void ppr_close(struct ppr_ctx *ctx)
{
	struct ppr *ppr = ctx->ppr;

	ppr_lock(ppr);
	ctx->state = PPR_DEAD;
	while (ctx->inflight)
		ppr_wait_locked(ppr);
	ppr_unlock(ppr);
}

/* Groups whose Last never came: their device waits for no answer yet. */
static void drop_tags_locked(struct ppr_ctx *ctx, struct list *dropped)
{
	struct ppr_tag *tag;

	list_for_each(tag, &ctx->tags, link)
		ctx->ppr->tags--;
	list_splice_tail(dropped, &ctx->tags);
}

void ppr_release(struct ppr_ctx *ctx)
{
	struct ppr *ppr = ctx->ppr;
	const struct plat *plat = ppr->plat;
	struct ppr_leaf *leaf;
	struct list dropped, *l;

	list_init(&dropped);
	ppr_close(ctx);
	ppr_lock(ppr);
	drop_tags_locked(ctx, &dropped);
	leaf = ppr->leaves[ctx->pasid >> PPR_LEAF_LG2].leaf;
	leaf->slots[ctx->pasid % ARRAY_SIZE(leaf->slots)] = NULL;
	ppr->contexts--;
	plat_event_signal(plat, &ppr->event);
	/* Who waits for the last context frees @ppr after this. */
	ppr_unlock(ppr);
	while ((l = list_pop(&dropped)))
		plat_free(plat, list_entry(l, struct ppr_tag, link));
}
