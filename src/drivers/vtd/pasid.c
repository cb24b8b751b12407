/* SPDX-License-Identifier: MIT */
/*
 * Entries of the PASID table that the unit may be reading. [M2]
 *
 * An entry changes as entry.h says. The syncs are what 6.5.3.3 asks for, one
 * after the other: what is cached of the entry, then of the translations it led
 * to, then of those in the device. In another order the later cache could be
 * filled again from the earlier one. [R9]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "drivers/vtd/entry.h"
#include "drivers/vtd/vtd.h"

struct pasid_update {
	struct vtd_entry e;
	struct vtd_device *vdev;
	ioasid_t pasid;
	uint16_t did;
	bool second_stage;
};

void vtd_add_dev_tlb(struct vtd_batch *b, struct vtd_device *vdev,
		     ioasid_t pasid, uint64_t start, uint64_t last)
{
	if (!vtd_has_ats(vdev))
		return;
	/*
	 * What was asked for without a PASID is known without one [R10]; with
	 * the one that its entry has nobody is let through (SCT.9).
	 */
	if (pasid == vtd_rid_pasid(vdev))
		vtd_inv_dev_tlb(b, &vdev->ats, start, last);
	else
		vtd_inv_pasid_dev_tlb(b, &vdev->ats, pasid, start, last);
}

static int flush_tlbs(struct vtd_device *vdev, struct vtd_batch *b,
		      uint16_t did, ioasid_t pasid, bool second_stage)
{
	/* What a second stage has translated is tagged with the domain only. */
	if (second_stage)
		vtd_inv_iotlb_domain(b, did);
	else
		vtd_inv_piotlb_all(b, did, pasid);
	vtd_batch_barrier(b);
	vtd_add_dev_tlb(b, vdev, pasid, 0, UINT64_MAX);
	return vtd_settle(vdev, vtd_batch_sync(b), "a PASID stays in use");
}

int vtd_pair_flush(struct vtd_device *vdev, uint16_t did, ioasid_t pasid,
		   bool second_stage)
{
	struct vtd_batch b;

	vtd_batch_init(&b, vdev->u);
	return flush_tlbs(vdev, &b, did, pasid, second_stage);
}

/* Nothing of the entry has been in use: what was fetched of it goes. */
static int sync_absent(struct vtd_entry *e)
{
	struct pasid_update *pu = container_of(e, struct pasid_update, e);
	struct vtd_unit *u = pu->vdev->u;
	struct vtd_batch b;

	vtd_batch_init(&b, u);
	vtd_inv_pasid(&b, pu->did, pu->pasid);
	/* That it was not present, or its table, is cached under 0. */
	if (u->f.cm)
		vtd_inv_pasid(&b, VTD_DID_NONE, pu->pasid);
	return vtd_batch_sync(&b);
}

static int sync_present(struct vtd_entry *e)
{
	struct pasid_update *pu = container_of(e, struct pasid_update, e);

	struct vtd_batch b;

	vtd_batch_init(&b, pu->vdev->u);
	vtd_inv_pasid(&b, pu->did, pu->pasid);
	vtd_batch_barrier(&b);
	return flush_tlbs(pu->vdev, &b, pu->did, pu->pasid, pu->second_stage);
}

static struct pasid_update update_of(struct vtd_device *vdev, ioasid_t pasid,
				     le64_atomic *slot,
				     const struct vtd_pasid *tagged,
				     int (*sync)(struct vtd_entry *e))
{
	return (struct pasid_update){
		.e = {
			.slot = slot,
			.words = VTD_PASID_WORDS,
			.sync = sync,
		},
		.vdev = vdev,
		.pasid = pasid,
		.did = (uint16_t)FIELD_GET(VTD_PASID_DID, tagged),
		.second_stage = FIELD_GET(VTD_PASID_PGTT, tagged) ==
				VTD_PASID_PGTT_SS,
	};
}

static struct vtd_pasid read_entry(const le64_atomic *slot)
{
	struct vtd_pasid entry = { { 0 } };
	unsigned int i;

	for (i = 0; i < VTD_PASID_WORDS; i++)
		entry.dw[i] = le64_load_relaxed(&slot[i]);
	return entry;
}

static int announce(struct pasid_update *pu)
{
	struct vtd_unit *u = pu->vdev->u;

	return u->f.cm ? sync_absent(&pu->e) : vtd_write_buffer_flush(u);
}

int vtd_pasid_install(struct vtd_device *vdev, ioasid_t pasid,
		      le64_atomic *slot, const struct vtd_pasid *entry)
{
	struct pasid_update pu =
		update_of(vdev, pasid, slot, entry, sync_absent);
	int err = vtd_entry_install(&pu.e, entry->dw);

	if (err)
		return err;
	err = announce(&pu);
	/* It is there, and may be in use. */
	if (err && vtd_pasid_retire(vdev, pasid, slot, false))
		return -ETIMEDOUT;
	return err;
}

int vtd_pasid_retire(struct vtd_device *vdev, ioasid_t pasid, le64_atomic *slot,
		     bool quiet)
{
	struct vtd_pasid was = read_entry(slot), now = { { 0 } };
	struct pasid_update pu = update_of(
		vdev, pasid, slot, &was,
		FIELD_GET(VTD_PASID_P, &was) ? sync_present : sync_absent);

	FIELD_SET(VTD_PASID_FPD, &now, quiet);
	if (was.dw[0] == now.dw[0])
		return 0;
	return vtd_entry_retire(&pu.e, now.dw[0]);
}

/*
 * The one change of an entry that is in use. Old and new lead to the same pages,
 * so a mixture of both in the caches is no third thing: it is one store, and
 * then what table 25 says of SSADE.
 */
int vtd_pasid_set_ssade(struct vtd_device *vdev, ioasid_t pasid,
			le64_atomic *slot, bool on)
{
	struct vtd_pasid entry = read_entry(slot);
	struct pasid_update pu =
		update_of(vdev, pasid, slot, &entry, sync_present);

	/* Of a nested entry, too: what is cached of it says clean or dirty. */
	pu.second_stage = true;
	if (!FIELD_GET(VTD_PASID_P, &entry) ||
	    FIELD_GET(VTD_PASID_SSADE, &entry) == on)
		return 0;
	FIELD_SET(VTD_PASID_SSADE, &entry, on);
	/* Pairs with the unit's fetch: flags of the table are as they are. */
	le64_store_release(&slot[0], entry.dw[0]);
	return pu.e.sync(&pu.e);
}
