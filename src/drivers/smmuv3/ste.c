/* SPDX-License-Identifier: MIT */
/*
 * The STEs of a device: Arm IHI 0070, 5.2. [K1]
 *
 * All streams of a device have the same entry, a function of what the driver
 * knows of the device: make_ste(). Whoever changes that knowledge writes the
 * entries again, under the entries' lock.
 *
 * An STE always points to the device's CD table, so attaching to a PASID is a
 * matter of CDs alone. Traffic without a PASID is what S1DSS says: terminated,
 * bypassed, or translated with the CD of 0; a device that has no PASIDs uses
 * Config for that. A device of a guest has none of it: see stage2.c, nested.c.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/guest.h"
#include "drivers/smmuv3/queue.h"
#include "drivers/smmuv3/smmuv3.h"

struct ste_writer {
	struct smmuv3_writer w;
	struct smmuv3_device *sdev;
	bool leaf;
};

static uint64_t s1dss_of(enum iommu_domain_type untagged)
{
	return untagged == IOMMU_DOMAIN_IDENTITY ? SMMU_STE_S1DSS_BYPASS :
	       untagged == IOMMU_DOMAIN_PAGING   ? SMMU_STE_S1DSS_SSID0 :
						   SMMU_STE_S1DSS_TERMINATE;
}

/*
 * Untagged traffic is terminated, bypassed, or what the CD of 0 says. [K3]
 * Without substreams there is only that CD.
 */
static void set_substreams(const struct smmuv3_device *sdev,
			   struct smmu_ste *ste)
{
	if (sdev->cdtab.ssid_bits)
		FIELD_SET(SMMU_STE_S1DSS, ste, s1dss_of(sdev->untagged));
	else if (sdev->untagged == IOMMU_DOMAIN_IDENTITY)
		FIELD_SET(SMMU_STE_CONFIG, ste, SMMU_STE_CONFIG_BYPASS);
}

/* Stage 1 of the host's. */
static void set_host(const struct smmuv3_device *sdev, struct smmu_ste *ste)
{
	FIELD_SET(SMMU_STE_CONFIG, ste, SMMU_STE_CONFIG_S1);
	FIELD_SET(SMMU_STE_S1FMT, ste,
		  sdev->cdtab.l2 ? SMMU_STE_S1FMT_64K_L2 :
				   SMMU_STE_S1FMT_LINEAR);
	smmu_ste_set_s1contextptr(ste, smmuv3_cdtab_pa(&sdev->cdtab));
	FIELD_SET(SMMU_STE_S1CDMAX, ste, sdev->cdtab.ssid_bits);
	set_substreams(sdev, ste);
	/* Entries of the TLB that carry the CPU's world. [K15] */
	FIELD_SET(SMMU_STE_STRW, ste,
		  sdev->smmu->f.e2h ? SMMU_STE_STRW_EL2 : SMMU_STE_STRW_EL1);
}

static struct smmu_ste make_ste(const struct smmuv3_device *sdev)
{
	const struct smmuv3_features *f = &sdev->smmu->f;
	struct smmu_ste ste = { { 0 } };

	if (!sdev->live)
		return ste;
	if (sdev->guest)
		smmuv3_set_guest(sdev->guest, &ste);
	else
		set_host(sdev, &ste);
	FIELD_SET(SMMU_STE_V, &ste, 1);
	FIELD_SET(SMMU_STE_S1CIR, &ste, SMMU_S1C_WB_RA);
	FIELD_SET(SMMU_STE_S1COR, &ste, SMMU_S1C_WB_RA);
	FIELD_SET(SMMU_STE_S1CSH, &ste, SMMU_SH_ISH);
	FIELD_SET(SMMU_STE_SHCFG, &ste, SMMU_STE_SHCFG_INCOMING);
	FIELD_SET(SMMU_STE_EATS, &ste,
		  sdev->eats ? SMMU_STE_EATS_FULL : SMMU_STE_EATS_ABORT);
	/* So that answers the SMMU makes up match those of the driver. [L3] */
	FIELD_SET(SMMU_STE_PPAR, &ste, sdev->needs_pasid);
	if (f->stall && !f->stall_forced && !sdev->can_stall) /* [K7] */
		FIELD_SET(SMMU_STE_S1STALLD, &ste, 1);
	return ste;
}

static int invalidate_stes(struct smmuv3_device *sdev, bool leaf)
{
	struct smmuv3_batch batch;
	unsigned int i;

	smmuv3_batch_init(&batch, sdev->smmu);
	for (i = 0; i < sdev->sid_count; i++)
		smmuv3_batch_add(&batch,
				 smmuv3_make_cfgi_ste(sdev->sids[i], leaf));
	return smmuv3_batch_sync(&batch);
}

static int sync_stes(struct smmuv3_writer *w)
{
	struct ste_writer *sw = container_of(w, struct ste_writer, w);

	return invalidate_stes(sw->sdev, sw->leaf);
}

/* leaf: level-1 descriptors have not changed. */
static int write_stes_locked(struct smmuv3_device *sdev, bool leaf)
{
	struct smmu_ste ste = make_ste(sdev);
	struct ste_writer sw = {
		.w = {
			.kind = &smmuv3_ste_kind,
			.slots = sdev->stes,
			.slot_count = sdev->sid_count,
			.sync = sync_stes,
		},
		.sdev = sdev,
		.leaf = leaf,
	};
	struct smmuv3_entry target;

	memcpy(target.dw, ste.dw, sizeof(target.dw));
	return smmuv3_write_entry(&sw.w, &target);
}

static int change(struct smmuv3_device *sdev, bool *member, bool value)
{
	const struct plat *plat = sdev->smmu->plat;
	int err;

	plat_lock(plat, &sdev->ste_lock);
	*member = value;
	err = write_stes_locked(sdev, true);
	plat_unlock(plat, &sdev->ste_lock);
	return err;
}

static int set_untagged(struct smmuv3_device *sdev, struct smmuv3_domain *d)
{
	const struct plat *plat = sdev->smmu->plat;
	int err;

	plat_lock(plat, &sdev->ste_lock);
	sdev->untagged = d ? d->type : IOMMU_DOMAIN_BLOCKED;
	sdev->guest = d && smmuv3_stage2_of(d) ? d : NULL;
	/* Relaxed: whoever handles a fault learns it sooner or later. */
	atomic_store_explicit(&sdev->nested,
			      sdev->untagged == IOMMU_DOMAIN_NESTED,
			      memory_order_relaxed);
	err = write_stes_locked(sdev, true);
	plat_unlock(plat, &sdev->ste_lock);
	return err;
}

int smmuv3_stes_install(struct smmuv3_device *sdev)
{
	const struct plat *plat = sdev->smmu->plat;
	unsigned int i;
	int err;

	for (i = 0; i < sdev->sid_count; i++)
		sdev->stes[i] = smmuv3_strtab_find(sdev->smmu, sdev->sids[i]);
	plat_lock(plat, &sdev->ste_lock);
	sdev->live = true;
	/*
	 * The array may be fresh, made now or by a probe that got no further,
	 * and its invalid level-1 descriptor be cached.
	 */
	err = write_stes_locked(sdev, false);
	plat_unlock(plat, &sdev->ste_lock);
	return err;
}

int smmuv3_stes_remove(struct smmuv3_device *sdev)
{
	return change(sdev, &sdev->live, false);
}

int smmuv3_stes_set_eats(struct smmuv3_device *sdev, bool on)
{
	return change(sdev, &sdev->eats, on);
}

/*
 * With EATS 0 and ATSCHK set, the SMMU aborts what the device sends as
 * translated, so that what it failed to forget leads nowhere. [L10]
 */
int smmuv3_device_isolate(struct smmuv3_device *sdev)
{
	int err;

	plat_log(sdev->smmu->plat, PLAT_LOG_ERR,
		 "%s: %s does not complete invalidations: ATS is off now",
		 sdev->smmu->name, iommu_device_name(sdev->dev));
	/*
	 * Only then nobody needs ATC_INVs for it any more: whoever invalidates
	 * meanwhile fails as we did, and waits here.
	 */
	err = smmuv3_stes_set_eats(sdev, false);
	/* The store may be that of who has failed, and closes the SMMU next. */
	if (!err)
		err = invalidate_stes(sdev, true);
	if (!err) {
		/* Release: who sees it sees a device that is isolated. */
		atomic_store_explicit(&sdev->ats_on, false,
				      memory_order_release);
		return 0;
	}
	plat_log(sdev->smmu->plat, PLAT_LOG_ERR,
		 "%s: %s cannot be isolated: error %d", sdev->smmu->name,
		 iommu_device_name(sdev->dev), err);
	smmuv3_fail_closed(sdev->smmu, "a device stays connected");
	return err;
}

/*
 * What failed has stored something, maybe what is wanted: the SMMU has to be
 * told in any case.
 */
static void block_no_pasid(struct smmuv3_device *sdev)
{
	int err = set_untagged(sdev, NULL);

	if (!err)
		err = invalidate_stes(sdev, true);
	if (err)
		smmuv3_fail_closed(sdev->smmu, "a stream stays open");
}

/* One word each way, so the switch is one step for the device. [K8] */
int smmuv3_set_no_pasid(struct smmuv3_device *sdev, struct smmuv3_domain *d)
{
	int err = set_untagged(sdev, d);

	/*
	 * Untagged entries go by an invalidation without a substream, which
	 * takes the others along. [R10]
	 */
	if (!err)
		err = smmuv3_atc_flush(sdev, false, 0, 0, UINT64_MAX);
	if (!err)
		return 0;
	block_no_pasid(sdev);
	/* For core: blocked, whatever there was. */
	return -ETIMEDOUT;
}
