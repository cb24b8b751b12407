/* SPDX-License-Identifier: MIT */
/* Which device has which requester ids. */
#include "base/errno.h"
#include "base/string.h"
#include "drivers/vtd/vtd.h"

/* Room for more, when there is none. */
#define RIDS_MIN 16u

/* Index of the first that is not below sid. Unit lock held. */
static size_t index_locked(const struct vtd_tables *t, uint16_t sid)
{
	size_t lo = 0, hi = t->rid_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->rids[mid].sid < sid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool taken_locked(const struct vtd_tables *t, uint16_t sid)
{
	size_t i = index_locked(t, sid);

	return i < t->rid_count && t->rids[i].sid == sid;
}

/* Adding devices is serialised by core, so room does not get less meanwhile. */
static int reserve(struct vtd_unit *u, size_t more)
{
	struct vtd_tables *t = u->tables;
	struct vtd_rid *rids, *old;
	size_t room = t->rid_room;

	if (t->rid_count + more <= room)
		return 0;
	while (room < t->rid_count + more)
		room = room ? 2 * room : RIDS_MIN;
	rids = plat_zalloc(u->plat, room * sizeof(*rids));
	if (!rids)
		return -ENOMEM;
	plat_lock(u->plat, &u->lock);
	if (t->rid_count)
		memcpy(rids, t->rids, t->rid_count * sizeof(*rids));
	old = t->rids;
	t->rids = rids;
	t->rid_room = room;
	plat_unlock(u->plat, &u->lock);
	plat_free(u->plat, old);
	return 0;
}

static void remove_locked(struct vtd_device *vdev, unsigned int count)
{
	struct vtd_tables *t = vdev->u->tables;
	unsigned int i;

	for (i = 0; i < count; i++) {
		size_t at = index_locked(t, vdev->sids[i]);

		t->rid_count--;
		memmove(&t->rids[at], &t->rids[at + 1],
			(t->rid_count - at) * sizeof(t->rids[0]));
	}
}

/*
 * They are nobody's until vtd_rids_show(): a device that fails its probe is
 * freed at once, and no handler of a fault may have it then.
 */
int vtd_rids_add(struct vtd_device *vdev)
{
	struct vtd_unit *u = vdev->u;
	struct vtd_tables *t = u->tables;
	unsigned int i;
	int err;

	err = reserve(u, vdev->sid_count);
	if (err)
		return err;
	plat_lock(u->plat, &u->lock);
	for (i = 0; i < vdev->sid_count; i++) {
		size_t at = index_locked(t, vdev->sids[i]);

		if (taken_locked(t, vdev->sids[i])) {
			remove_locked(vdev, i);
			err = -EEXIST;
			break;
		}
		memmove(&t->rids[at + 1], &t->rids[at],
			(t->rid_count - at) * sizeof(t->rids[0]));
		t->rids[at] = (struct vtd_rid){ .sid = vdev->sids[i] };
		t->rid_count++;
	}
	plat_unlock(u->plat, &u->lock);
	return err;
}

void vtd_rids_show(struct vtd_device *vdev)
{
	struct vtd_tables *t = vdev->u->tables;
	unsigned int i;

	plat_lock(vdev->u->plat, &vdev->u->lock);
	for (i = 0; i < vdev->sid_count; i++)
		t->rids[index_locked(t, vdev->sids[i])].vdev = vdev;
	plat_unlock(vdev->u->plat, &vdev->u->lock);
}

void vtd_rids_remove(struct vtd_device *vdev)
{
	plat_lock(vdev->u->plat, &vdev->u->lock);
	remove_locked(vdev, vdev->sid_count);
	plat_unlock(vdev->u->plat, &vdev->u->lock);
}

static struct vtd_device *get_locked(struct vtd_device *vdev)
{
	if (vdev) {
		refcount_get(&vdev->refs);
		iommu_device_get(vdev->dev);
	}
	return vdev;
}

struct vtd_device *vtd_device_find(struct vtd_unit *u, uint16_t sid)
{
	struct vtd_tables *t = u->tables;
	struct vtd_device *vdev = NULL;

	plat_lock(u->plat, &u->lock);
	if (taken_locked(t, sid))
		vdev = get_locked(t->rids[index_locked(t, sid)].vdev);
	plat_unlock(u->plat, &u->lock);
	return vdev;
}

struct vtd_device *vtd_device_any(struct vtd_unit *u)
{
	struct vtd_tables *t = u->tables;
	struct vtd_device *vdev = NULL;
	size_t i;

	plat_lock(u->plat, &u->lock);
	for (i = 0; i < t->rid_count && !vdev; i++)
		vdev = get_locked(t->rids[i].vdev);
	plat_unlock(u->plat, &u->lock);
	return vdev;
}

int vtd_report_fault(struct vtd_unit *u, uint16_t sid,
		     struct iommu_fault *fault)
{
	struct vtd_device *vdev = vtd_device_find(u, sid);
	int err;

	if (!vdev)
		return -ENODEV;
	if (fault->type == IOMMU_FAULT_UNRECOV && !vtd_is_nested(vdev))
		fault->event.flags &= ~(uint32_t)IOMMU_FAULT_UNRECOV_STAGE2;
	err = iommu_report_device_fault(vdev->dev, fault);
	vtd_device_put(vdev);
	return err;
}
