/* SPDX-License-Identifier: MIT */
/*
 * The context entries of a device: one for each requester id, all alike, a
 * function of what the driver knows of the device. [M1]
 *
 * An entry always leads to the device's PASID directory, so attaching to a
 * PASID is a matter of the PASID table alone. Requests without a PASID use
 * entry 0 of it, or the one that a guest has for them.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/entry.h"
#include "drivers/vtd/vtd.h"

struct context_update {
	struct vtd_entry e;
	struct vtd_device *vdev;
	uint16_t sid;
};

static struct vtd_sm_context make_context(const struct vtd_device *vdev)
{
	const struct vtd_pasidtab *tab = &vdev->ptab;
	struct vtd_sm_context ctx = { { 0 } };

	FIELD_SET(VTD_SM_CONTEXT_P, &ctx, 1);
	FIELD_SET(VTD_SM_CONTEXT_DTE, &ctx, vdev->can_ats);
	FIELD_SET(VTD_SM_CONTEXT_PASIDE, &ctx, tab->bits > 0);
	FIELD_SET(VTD_SM_CONTEXT_PRE, &ctx, vdev->can_pri);
	FIELD_SET(VTD_SM_CONTEXT_PDTS, &ctx,
		  tab->dir_lg2 - VTD_PASID_DIR_LG2_MIN);
	vtd_sm_context_set_pasiddirptr(&ctx, vtd_pasidtab_pa(tab));
	FIELD_SET(VTD_SM_CONTEXT_RID_PASID, &ctx, vtd_rid_pasid(vdev));
	return ctx;
}

/* What is cached of an entry, and of the PASIDs it led to. */
static int forget(struct vtd_device *vdev, uint16_t sid, bool pasids)
{
	struct vtd_batch b;

	vtd_batch_init(&b, vdev->u);
	/* In scalable mode the domain is not looked at. */
	vtd_inv_context_device(&b, VTD_DID_NONE, sid);
	if (pasids) {
		/* Nothing says that the second waits for the first. */
		vtd_batch_barrier(&b);
		vtd_inv_pasid_global(&b);
	}
	return vtd_batch_sync(&b);
}

/* The PASIDs it led to are not used any more either: nothing is attached. */
static int sync_context(struct vtd_entry *e)
{
	struct context_update *cu = container_of(e, struct context_update, e);

	return forget(cu->vdev, cu->sid, false);
}

/* Here there may be something, so what it led to goes from the PASID cache. */
static int sync_isolated(struct vtd_entry *e)
{
	struct context_update *cu = container_of(e, struct context_update, e);

	return forget(cu->vdev, cu->sid, true);
}

static struct context_update update_of(struct vtd_device *vdev, unsigned int i,
				       int (*sync)(struct vtd_entry *e))
{
	return (struct context_update){
		.e = {
			.slot = vdev->ctxs[i],
			.words = VTD_CONTEXT_WORDS,
			.sync = sync,
		},
		.vdev = vdev,
		.sid = vdev->sids[i],
	};
}

static int retire_locked(struct vtd_device *vdev,
			 int (*sync)(struct vtd_entry *e))
{
	unsigned int i;
	int err = 0;

	vdev->live = false;
	for (i = 0; i < vdev->sid_count; i++) {
		struct context_update cu = update_of(vdev, i, sync);
		int one = vtd_entry_retire(&cu.e, 0);

		err = err ? err : one;
	}
	return err;
}

static int install_locked(struct vtd_device *vdev)
{
	struct vtd_sm_context ctx = make_context(vdev);
	unsigned int i;
	int err = 0;

	for (i = 0; i < vdev->sid_count && !err; i++) {
		struct context_update cu = update_of(vdev, i, sync_context);

		err = vtd_entry_install(&cu.e, ctx.dw);
		if (!err && vdev->u->f.cm)
			err = sync_context(&cu.e);
	}
	if (!err)
		err = vtd_write_buffer_flush(vdev->u);
	vdev->live = !err;
	return err;
}

int vtd_context_install(struct vtd_device *vdev)
{
	const struct plat *plat = vdev->u->plat;
	unsigned int i;
	int err = 0;

	for (i = 0; i < vdev->sid_count && !err; i++)
		err = vtd_tables_context(vdev->u, vdev->sids[i],
					 &vdev->ctxs[i]);
	if (err)
		return err;
	plat_lock(plat, &vdev->ctx_lock);
	err = install_locked(vdev);
	plat_unlock(plat, &vdev->ctx_lock);
	return err;
}

int vtd_context_renew(struct vtd_device *vdev)
{
	const struct plat *plat = vdev->u->plat;
	int err;

	plat_lock(plat, &vdev->ctx_lock);
	err = retire_locked(vdev, sync_isolated);
	if (!err)
		err = install_locked(vdev);
	plat_unlock(plat, &vdev->ctx_lock);
	return err;
}

/* One that is isolated stays so. */
int vtd_context_set_rid_pasid(struct vtd_device *vdev, ioasid_t pasid)
{
	const struct plat *plat = vdev->u->plat;
	int err = 0;

	plat_lock(plat, &vdev->ctx_lock);
	/* Relaxed: see vtd_rid_pasid(). */
	atomic_store_explicit(&vdev->rid_pasid, pasid, memory_order_relaxed);
	if (vdev->live) {
		err = retire_locked(vdev, sync_isolated);
		if (!err)
			err = install_locked(vdev);
	}
	plat_unlock(plat, &vdev->ctx_lock);
	return err;
}

int vtd_context_remove(struct vtd_device *vdev)
{
	const struct plat *plat = vdev->u->plat;
	int err;

	/* The first failure of a probe: there is none yet. */
	if (!vdev->ctxs[vdev->sid_count - 1])
		return 0;
	plat_lock(plat, &vdev->ctx_lock);
	err = retire_locked(vdev, sync_isolated);
	plat_unlock(plat, &vdev->ctx_lock);
	return err;
}

/*
 * Where the directory is and how long it is are in one word, so the unit sees
 * the old one or the new one, which says the same of what the old one had: the
 * one change of a live entry that is made in place.
 */
int vtd_context_set_dir(struct vtd_device *vdev, le64_atomic *dir,
			unsigned int dir_lg2)
{
	const struct plat *plat = vdev->u->plat;
	struct vtd_sm_context ctx;
	unsigned int i;
	int err = 0;

	plat_lock(plat, &vdev->ctx_lock);
	vdev->ptab.dir = dir;
	vdev->ptab.dir_lg2 = dir_lg2;
	ctx = make_context(vdev);
	for (i = 0; vdev->live && i < vdev->sid_count; i++) {
		int one;

		/* Pairs with the unit's fetch: the directory is filled. */
		le64_store_release(&vdev->ctxs[i][0], ctx.dw[0]);
		one = forget(vdev, vdev->sids[i], true);
		err = err ? err : one;
	}
	plat_unlock(plat, &vdev->ctx_lock);
	return err;
}

/*
 * Without its context entry the unit blocks whatever the device sends, what it
 * sends as translated too, so what it failed to forget leads nowhere. [L10]
 */
int vtd_device_isolate(struct vtd_device *vdev)
{
	struct vtd_unit *u = vdev->u;
	int err = 0;

	plat_lock(u->plat, &vdev->ctx_lock);
	/*
	 * One that is not live may be so in memory only: somebody's retiring has
	 * failed, and the unit is not closed yet. Relaxed: under the lock; for
	 * others the release below is about this, too.
	 */
	if (!atomic_load_explicit(&vdev->isolated, memory_order_relaxed))
		err = retire_locked(vdev, sync_isolated);
	if (!err)
		atomic_store_explicit(&vdev->isolated, true,
				      memory_order_relaxed);
	plat_unlock(u->plat, &vdev->ctx_lock);
	plat_log(u->plat, PLAT_LOG_ERR,
		 "%s: %s does not complete invalidations: %s", u->name,
		 iommu_device_name(vdev->dev),
		 err ? "and cannot be isolated" : "it is isolated");
	if (err) {
		vtd_fail_closed(u, "a device stays connected");
		return err;
	}
	/*
	 * Only now nobody needs to invalidate it any more: whoever did
	 * meanwhile failed as we did, and waited here. Release: who sees it
	 * sees a device that is isolated.
	 */
	atomic_store_explicit(&vdev->ats_on, false, memory_order_release);
	return 0;
}
