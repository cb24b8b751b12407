/* SPDX-License-Identifier: MIT */
/* Work queues: sharing out entries, opening, closing, submitting. */
#include "accel/accel.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/le64.h"
#include "base/string.h"

static uint64_t dsa_wq_reg(const struct dsa_wq *wq, unsigned int word)
{
	return wq->dsa->wqcfg + (uint64_t)wq->index * wq->dsa->wqcfg_stride +
	       8 * word;
}

/*
 * Sizes are fixed while the device is enabled. Give queue 0 @first entries, or
 * a fair share for 0, and the others fair shares of the rest; then enable the
 * device, which is disabled.
 */
int dsa_wq_share(struct dsa *dsa, unsigned int first)
{
	unsigned int i, left = dsa->wq_entries;

	for (i = 0; i < dsa->wq_count; i++) {
		struct dsa_wq *wq = &dsa->wqs[i];
		unsigned int n = left / (dsa->wq_count - i);

		if (!i && first)
			n = first;
		left -= n;
		wq->size = n;
		mmio_write64(&dsa->bar0, dsa_wq_reg(wq, 0),
			     REG_PUT(DSA_WQCFG_SIZE, 0, n));
	}
	return dsa_cmd(dsa, DSA_CMD_ENABLE_DEVICE, 0, NULL);
}

/* The smallest free queue with @size entries. */
static struct dsa_wq *dsa_wq_find(struct dsa *dsa, unsigned int size)
{
	struct dsa_wq *best = NULL;
	unsigned int i;

	for (i = 0; i < dsa->wq_count; i++) {
		struct dsa_wq *wq = &dsa->wqs[i];

		if (!wq->open && wq->size && wq->size >= size &&
		    (!best || wq->size < best->size))
			best = wq;
	}
	return best;
}

/* With no queue open the entries can be shared out anew. */
static int dsa_wq_reserve(struct dsa *dsa, unsigned int size,
			  struct dsa_wq **ret_wq)
{
	struct dsa_wq *wq = dsa_wq_find(dsa, size);
	unsigned int i;
	int err;

	if (!wq) {
		for (i = 0; i < dsa->wq_count; i++) {
			if (dsa->wqs[i].open)
				return -ENOSPC;
		}
		if (size > dsa->wq_entries)
			return -ENOSPC;
		err = dsa_cmd(dsa, DSA_CMD_DISABLE_DEVICE, 0, NULL);
		if (!err)
			err = dsa_wq_share(dsa, size);
		if (err)
			return err;
		wq = &dsa->wqs[0];
	}
	*ret_wq = wq;
	return 0;
}

static void dsa_wq_configure(struct dsa_wq *wq, const struct dsa_wq_cfg *cfg,
			     ioasid_t pasid)
{
	const struct dsa *dsa = wq->dsa;
	unsigned int room = cfg->size ? cfg->size : wq->size;
	struct dsa_wqcfg r = { { 0 } };

	FIELD_SET(DSA_WQCFG_SIZE, &r, wq->size);
	FIELD_SET(DSA_WQCFG_THRESHOLD, &r,
		  cfg->threshold ? cfg->threshold : room);
	FIELD_SET(DSA_WQCFG_MODE, &r, !cfg->shared);
	FIELD_SET(DSA_WQCFG_BOF, &r, cfg->block_on_fault);
	FIELD_SET(DSA_WQCFG_PRIORITY, &r, cfg->priority ? cfg->priority : 1);
	FIELD_SET(DSA_WQCFG_PASID, &r, cfg->shared ? 0 : pasid);
	FIELD_SET(DSA_WQCFG_PASID_EN, &r, 1);
	FIELD_SET(DSA_WQCFG_MAX_XFER_SHIFT, &r, dsa->max_xfer_lg2);
	FIELD_SET(DSA_WQCFG_MAX_BATCH_SHIFT, &r, dsa->max_batch_lg2);
	mmio_write64(&dsa->bar0, dsa_wq_reg(wq, 0), r.dw[0]);
	mmio_write64(&dsa->bar0, dsa_wq_reg(wq, 1), r.dw[1]);
}

static bool dsa_wq_cfg_valid(const struct dsa *dsa,
			     const struct dsa_wq_cfg *cfg)
{
	if (cfg->priority > 15 || cfg->size > UINT16_MAX ||
	    (cfg->size && cfg->threshold > cfg->size) ||
	    cfg->threshold > UINT16_MAX)
		return false;
	if (cfg->shared)
		return dsa->bar2.ops->enqcmd;
	return cfg->sva && !cfg->threshold;
}

static int dsa_wq_open_locked(struct dsa *dsa, const struct dsa_wq_cfg *cfg,
			      ioasid_t pasid, struct dsa_wq **ret_wq)
{
	enum dsa_portal kind = cfg->shared ? DSA_PORTAL_LIMITED_MSIX :
					     DSA_PORTAL_UNLIMITED_MSIX;
	uint64_t portal = REG_PUT(DSA_PORTAL_OFFSET_KIND, 0, kind);
	struct dsa_wq *wq;
	int err;

	err = dsa_wq_reserve(dsa, cfg->size ? cfg->size : cfg->threshold, &wq);
	if (err)
		return err;
	portal = REG_PUT(DSA_PORTAL_OFFSET_WQ, portal, wq->index);
	if (portal + DSA_PORTAL_SIZE > dsa->bar2.size)
		return -ENOSPC;
	dsa_wq_configure(wq, cfg, pasid);
	err = dsa_cmd(dsa, DSA_CMD_ENABLE_WQ, wq->index, NULL);
	if (err)
		return err;
	wq->open = true;
	wq->shared = cfg->shared;
	wq->bof = cfg->block_on_fault;
	wq->sva = cfg->shared ? NULL : cfg->sva;
	wq->portal = portal;
	wq->space = 0;
	*ret_wq = wq;
	return 0;
}

int dsa_wq_open(struct dsa *dsa, const struct dsa_wq_cfg *cfg,
		struct dsa_wq **ret_wq)
{
	ioasid_t pasid = IOMMU_NO_PASID;
	int err;

	if (!dsa_wq_cfg_valid(dsa, cfg))
		return -EINVAL;
	if (!cfg->shared) {
		pasid = iommu_sva_get_pasid(cfg->sva);
		if (pasid == IOMMU_PASID_INVALID)
			return -EINVAL;
	}
	plat_lock(dsa->plat, &dsa->lock);
	err = dsa_wq_open_locked(dsa, cfg, pasid, ret_wq);
	plat_unlock(dsa->plat, &dsa->lock);
	return err;
}

int dsa_wq_close(struct dsa_wq *wq)
{
	struct dsa *dsa = wq->dsa;
	uint32_t operand;
	int err;

	operand =
		(uint32_t)(REG_PUT(DSA_CMD_OPERAND_WQ_BITMAP, 0,
				   BIT(wq->index % 16)) |
			   REG_PUT(DSA_CMD_OPERAND_WQ_SET, 0, wq->index / 16));
	plat_lock(dsa->plat, &dsa->lock);
	/* Drains it; a device that does not end this is reset. */
	err = dsa_cmd(dsa, DSA_CMD_DISABLE_WQ, operand, NULL);
	wq->open = false;
	wq->sva = NULL;
	plat_unlock(dsa->plat, &dsa->lock);
	return err ? -ETIMEDOUT : 0;
}

/* Without a PASID any more, everything is waited for. */
int dsa_wq_drain_pasid(struct dsa *dsa, ioasid_t pasid)
{
	int err;

	plat_lock(dsa->plat, &dsa->lock);
	if (pasid == IOMMU_PASID_INVALID)
		err = dsa_cmd(dsa, DSA_CMD_DRAIN_ALL, 0, NULL);
	else
		err = dsa_cmd(dsa, DSA_CMD_DRAIN_PASID, pasid, NULL);
	plat_unlock(dsa->plat, &dsa->lock);
	return err;
}

int dsa_drain_pasid(struct dsa *dsa, struct iommu_sva *sva)
{
	return dsa_wq_drain_pasid(dsa, iommu_sva_get_pasid(sva));
}

/*
 * A posted write to a full queue is lost: its owner counts entries. The write
 * itself may sleep, so it is not under the lock; until it is over, its entry
 * counts whether the device has it yet or not.
 */
static int dsa_wq_post(struct dsa_wq *wq, const void *desc)
{
	struct dsa *dsa = wq->dsa;
	uint64_t used;
	bool mine;

	plat_lock(dsa->plat, &wq->lock);
	if (!wq->space) {
		/* Before the device is asked: an entry counts twice, or once. */
		used = wq->taken -
		       atomic_load_explicit(&wq->posted, memory_order_acquire);
		used += REG_GET(DSA_WQCFG_OCCUPANCY,
				mmio_read64(&dsa->bar0, dsa_wq_reg(wq, 3)));
		if (used < wq->size)
			wq->space = wq->size - (unsigned int)used;
	}
	mine = wq->space > 0;
	if (mine) {
		wq->space--;
		wq->taken++;
	}
	plat_unlock(dsa->plat, &wq->lock);
	if (!mine)
		return -EAGAIN;

	dsa->bar2.ops->write512(dsa->bar2.dev, wq->portal, desc);
	/* Pairs with the load above: the device has it by now. */
	atomic_fetch_add_explicit(&wq->posted, 1, memory_order_release);
	return 0;
}

static int dsa_wq_put(struct dsa_wq *wq, const void *desc)
{
	struct dsa *dsa = wq->dsa;

	if (wq->shared)
		return dsa->bar2.ops->enqcmd(dsa->bar2.dev, wq->portal, desc);
	return dsa_wq_post(wq, desc);
}

static int dsa_wq_put_all(struct dsa_wq *wq, const void *desc)
{
	struct dsa *dsa = wq->dsa;
	uint64_t deadline = 0;
	unsigned int turns = 0;

	while (dsa_wq_put(wq, desc)) {
		/* Pairs with the release in dsa_cmd_stuck(). */
		if (atomic_load_explicit(&dsa->dead, memory_order_acquire))
			return -ETIMEDOUT;
		if (!deadline)
			deadline = plat_now_ns(dsa->plat) + dsa->timeout_ns;
		else if (plat_now_ns(dsa->plat) >= deadline)
			return -ETIMEDOUT;
		plat_relax(dsa->plat, turns++);
	}
	return 0;
}

/* The address space of a dedicated queue may have gone meanwhile. */
static bool dsa_wq_usable(const struct dsa_wq *wq, const struct dsa_desc *desc)
{
	if (!wq->shared)
		return iommu_sva_get_pasid(wq->sva) != IOMMU_PASID_INVALID;
	return FIELD_GET(DSA_DESC_PASID, desc) != IOMMU_NO_PASID;
}

int dsa_submit(struct dsa_wq *wq, struct dsa_job *job)
{
	struct dsa *dsa = wq->dsa;
	unsigned char raw[DSA_DESC_SIZE] __attribute__((aligned(64)));
	struct dsa_desc desc;

	dsa_job_load(job, &desc);
	if (!dsa_wq_usable(wq, &desc))
		return -EINVAL;
	if (!wq->bof)
		FIELD_SET(DSA_DESC_BOF, &desc, 0);
	FIELD_SET(DSA_DESC_RCI, &desc, 1);
	FIELD_SET(DSA_DESC_INT_HANDLE, &desc, dsa->int_handle);
	le64_store_words(raw, desc.dw, ARRAY_SIZE(desc.dw));
	job->wq = wq;
	/* Acquire: a loss that is counted here was not of this job. */
	job->lost = false;
	job->losses = atomic_load_explicit(&dsa->losses, memory_order_acquire);
	/* Ordered before the write to the portal, by the platform. */
	memset(job->comp, 0, sizeof(job->comp));
	return dsa_wq_put_all(wq, raw);
}
