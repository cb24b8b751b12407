/* SPDX-License-Identifier: MIT */
/* Devices: their streams and their PCIe features; their STEs are ste.c's. */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"

/* Room for more StreamIDs, when there is none. */
#define STREAMS_MIN 16u

/* Index of the first stream that is not below sid. Unit lock held. */
static size_t stream_index_locked(const struct smmuv3 *smmu, uint32_t sid)
{
	size_t lo = 0, hi = smmu->stream_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (smmu->streams[mid].sid < sid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool stream_taken_locked(const struct smmuv3 *smmu, uint32_t sid)
{
	size_t i = stream_index_locked(smmu, sid);

	return i < smmu->stream_count && smmu->streams[i].sid == sid;
}

static int reserve_streams_locked(struct smmuv3 *smmu, size_t more)
{
	struct smmuv3_stream *streams;
	size_t room = smmu->stream_room;

	if (smmu->stream_count + more <= room)
		return 0;
	while (room < smmu->stream_count + more)
		room = room ? 2 * room : STREAMS_MIN;
	streams = plat_zalloc(smmu->plat, room * sizeof(*streams));
	if (!streams)
		return -ENOMEM;
	if (smmu->stream_count)
		memcpy(streams, smmu->streams,
		       smmu->stream_count * sizeof(*streams));
	plat_free(smmu->plat, smmu->streams);
	smmu->streams = streams;
	smmu->stream_room = room;
	return 0;
}

static void remove_streams_locked(struct smmuv3_device *sdev,
				  unsigned int count)
{
	struct smmuv3 *smmu = sdev->smmu;
	unsigned int i;

	for (i = 0; i < count; i++) {
		size_t at = stream_index_locked(smmu, sdev->sids[i]);

		smmu->stream_count--;
		memmove(&smmu->streams[at], &smmu->streams[at + 1],
			(smmu->stream_count - at) * sizeof(smmu->streams[0]));
	}
}

/*
 * All of the device's streams, or none. [K21] They are nobody's until
 * show_streams(): a device that fails its probe is freed at once, and no
 * handler of a fault may have it then.
 */
static int add_streams(struct smmuv3_device *sdev)
{
	struct smmuv3 *smmu = sdev->smmu;
	unsigned int i = 0;
	int err;

	plat_lock(smmu->plat, &smmu->lock);
	err = reserve_streams_locked(smmu, sdev->sid_count);
	for (; !err && i < sdev->sid_count; i++) {
		size_t at = stream_index_locked(smmu, sdev->sids[i]);

		if (stream_taken_locked(smmu, sdev->sids[i])) {
			err = -EEXIST;
			break;
		}
		memmove(&smmu->streams[at + 1], &smmu->streams[at],
			(smmu->stream_count - at) * sizeof(smmu->streams[0]));
		smmu->streams[at].sid = sdev->sids[i];
		smmu->streams[at].sdev = NULL;
		smmu->stream_count++;
	}
	if (err)
		remove_streams_locked(sdev, i);
	plat_unlock(smmu->plat, &smmu->lock);
	return err;
}

static void show_streams(struct smmuv3_device *sdev)
{
	struct smmuv3 *smmu = sdev->smmu;
	unsigned int i;

	plat_lock(smmu->plat, &smmu->lock);
	for (i = 0; i < sdev->sid_count; i++) {
		size_t at = stream_index_locked(smmu, sdev->sids[i]);

		smmu->streams[at].sdev = sdev;
	}
	plat_unlock(smmu->plat, &smmu->lock);
}

static void remove_streams(struct smmuv3_device *sdev)
{
	struct smmuv3 *smmu = sdev->smmu;

	plat_lock(smmu->plat, &smmu->lock);
	remove_streams_locked(sdev, sdev->sid_count);
	plat_unlock(smmu->plat, &smmu->lock);
}

static struct smmuv3_device *get_locked(struct smmuv3_device *sdev)
{
	if (sdev) {
		refcount_get(&sdev->refs);
		iommu_device_get(sdev->dev);
	}
	return sdev;
}

struct smmuv3_device *smmuv3_device_find(struct smmuv3 *smmu, uint32_t sid)
{
	struct smmuv3_device *sdev = NULL;
	size_t i;

	plat_lock(smmu->plat, &smmu->lock);
	i = stream_index_locked(smmu, sid);
	if (i < smmu->stream_count && smmu->streams[i].sid == sid)
		sdev = get_locked(smmu->streams[i].sdev);
	plat_unlock(smmu->plat, &smmu->lock);
	return sdev;
}

struct smmuv3_device *smmuv3_device_any(struct smmuv3 *smmu)
{
	struct smmuv3_device *sdev = NULL;
	size_t i;

	plat_lock(smmu->plat, &smmu->lock);
	for (i = 0; i < smmu->stream_count && !sdev; i++)
		sdev = get_locked(smmu->streams[i].sdev);
	plat_unlock(smmu->plat, &smmu->lock);
	return sdev;
}

static void really_free(struct smmuv3_device *sdev)
{
	const struct plat *plat = sdev->smmu->plat;

	smmuv3_cdtab_fini(&sdev->cdtab);
	plat_lock_fini(plat, &sdev->ste_lock);
	plat_free(plat, sdev->stes);
	plat_free(plat, sdev->sids);
	plat_free(plat, sdev);
}

/*
 * An SMMU that did not answer when the device's STEs went may still read its
 * CDs. They stay until it has been disabled.
 */
static void free_device(struct smmuv3_device *sdev)
{
	struct smmuv3 *smmu = sdev->smmu;

	if (!sdev->abandoned) {
		really_free(sdev);
		return;
	}
	plat_lock(smmu->plat, &smmu->lock);
	sdev->next_abandoned = smmu->abandoned;
	smmu->abandoned = sdev;
	plat_unlock(smmu->plat, &smmu->lock);
}

void smmuv3_free_abandoned(struct smmuv3 *smmu)
{
	while (smmu->abandoned) {
		struct smmuv3_device *sdev = smmu->abandoned;

		smmu->abandoned = sdev->next_abandoned;
		really_free(sdev);
	}
}

void smmuv3_device_put(struct smmuv3_device *sdev)
{
	struct iommu_device *dev = sdev->dev;

	if (refcount_put(&sdev->refs))
		free_device(sdev);
	iommu_device_put(dev);
}

void smmuv3_add_cfgi_cd(struct smmuv3_batch *batch, struct smmuv3_device *sdev,
			uint32_t ssid, bool leaf)
{
	unsigned int i;

	for (i = 0; i < sdev->sid_count; i++)
		smmuv3_batch_add(batch, smmuv3_make_cfgi_cd(sdev->sids[i], ssid,
							    leaf));
}

void smmuv3_add_atc_inv(struct smmuv3_batch *batch, struct smmuv3_device *sdev,
			bool ssv, uint32_t ssid, uint64_t start, uint64_t end)
{
	unsigned int i;

	/* Pairs with the release of who switched ATS on. */
	if (!atomic_load_explicit(&sdev->ats_on, memory_order_acquire))
		return;
	for (i = 0; i < sdev->sid_count; i++)
		smmuv3_batch_add(batch, smmuv3_make_atc_inv(sdev->sids[i], ssv,
							    ssid, start, end));
}

int smmuv3_atc_flush(struct smmuv3_device *sdev, bool ssv, uint32_t ssid,
		     uint64_t start, uint64_t end)
{
	struct smmuv3_batch batch;
	int err;

	smmuv3_batch_init(&batch, sdev->smmu);
	smmuv3_add_atc_inv(&batch, sdev, ssv, ssid, start, end);
	err = smmuv3_batch_sync(&batch);
	/* Stopped: what the device sends as translated is aborted too. */
	if (smmuv3_is_stopped(sdev->smmu))
		return 0;
	return err ? smmuv3_device_isolate(sdev) : 0;
}

static void give_up_tables(struct smmuv3_device *sdev)
{
	if (!smmuv3_stes_remove(sdev))
		return;
	plat_log(sdev->smmu->plat, PLAT_LOG_ERR,
		 "%s: the tables of stream %u stay where they are",
		 sdev->smmu->name, sdev->sids[0]);
	sdev->abandoned = true;
}

/* [R12]: EATS, then an empty ATC, then the device. */
static int enable_ats(struct smmuv3_device *sdev, const char *name)
{
	struct smmuv3_batch batch;
	unsigned int i;
	int err;

	err = smmuv3_stes_set_eats(sdev, true);
	if (err)
		return err;
	smmuv3_batch_init(&batch, sdev->smmu);
	for (i = 0; i < sdev->sid_count; i++)
		smmuv3_batch_add(&batch, smmuv3_make_atc_inv_all(sdev->sids[i],
								 false, 0));
	err = smmuv3_batch_sync(&batch);
	if (!err)
		err = pci_func_enable_ats(&sdev->pci, PCI_FUNC_STU_4K_LG2);
	if (err) {
		/* The device's fault, or so it seems; it works without. */
		plat_log(sdev->smmu->plat, PLAT_LOG_WARN,
			 "%s: %s: no ATS: error %d", sdev->smmu->name, name,
			 err);
		return smmuv3_stes_set_eats(sdev, false);
	}
	/* Pairs with the acquire of smmuv3_add_atc_inv(). */
	atomic_store_explicit(&sdev->ats_on, true, memory_order_release);
	return 0;
}

/* 3.9.2: the device, its ATC, and only then EATS. Nothing is attached. */
static void disable_ats(struct smmuv3_device *sdev)
{
	if (!sdev->pci.ats_on)
		return;
	pci_func_disable_ats(&sdev->pci);
	if (smmuv3_atc_flush(sdev, false, 0, 0, UINT64_MAX))
		return;
	if (atomic_exchange_explicit(&sdev->ats_on, false,
				     memory_order_acq_rel) &&
	    smmuv3_stes_set_eats(sdev, false))
		plat_log(sdev->smmu->plat, PLAT_LOG_ERR, "%s: %s: ATS stays on",
			 sdev->smmu->name, iommu_device_name(sdev->dev));
}

static int check_desc(const struct smmuv3 *smmu,
		      const struct iommu_device_desc *desc)
{
	unsigned int i;

	if (!desc->stream_id_count || !desc->stream_ids)
		return -EINVAL;
	for (i = 0; i < desc->stream_id_count; i++)
		if ((uint64_t)desc->stream_ids[i] >> smmu->strtab.sid_bits)
			return -ERANGE;
	return 0;
}

/* PASID first: its width is that of the CD table. [K18] [K19] */
static unsigned int setup_pasid(struct smmuv3_device *sdev,
				const struct iommu_device_desc *desc)
{
	const struct smmuv3_features *f = &sdev->smmu->f;
	unsigned int bits = desc->pasid_bits;

	if (sdev->is_pci) {
		bits = 0;
		if (f->ssid_bits && sdev->pci.pasid_bits) {
			int err = pci_func_enable_pasid(&sdev->pci);

			if (err)
				plat_log(sdev->smmu->plat, PLAT_LOG_WARN,
					 "%s: %s: no PASIDs: error %d",
					 sdev->smmu->name, desc->name, err);
			else
				bits = sdev->pci.pasid_bits;
		}
	}
	if (bits > f->ssid_bits)
		bits = f->ssid_bits;
	/* A linear table of more than 64 KiB would have to be contiguous. */
	if (!f->two_level_cd && bits > SMMU_CDTAB_64K_L2_LG2)
		bits = SMMU_CDTAB_64K_L2_LG2;
	return bits;
}

static struct smmuv3_device *alloc_device(struct smmuv3 *smmu,
					  struct iommu_device *dev,
					  const struct iommu_device_desc *desc)
{
	struct smmuv3_device *sdev = plat_zalloc(smmu->plat, sizeof(*sdev));
	size_t size = desc->stream_id_count * sizeof(sdev->sids[0]);

	if (!sdev)
		return NULL;
	sdev->sids = plat_zalloc(smmu->plat, size);
	sdev->stes = plat_zalloc(smmu->plat,
				 desc->stream_id_count * sizeof(sdev->stes[0]));
	if (!sdev->sids || !sdev->stes) {
		plat_free(smmu->plat, sdev->stes);
		plat_free(smmu->plat, sdev->sids);
		plat_free(smmu->plat, sdev);
		return NULL;
	}
	memcpy(sdev->sids, desc->stream_ids, size);
	sdev->sid_count = desc->stream_id_count;
	sdev->smmu = smmu;
	sdev->dev = dev;
	refcount_init(&sdev->refs, 1);
	plat_lock_init(smmu->plat, &sdev->ste_lock, PLAT_LOCK_SPIN,
		       PLAT_RANK_UNIT, "smmuv3 STEs");
	atomic_init(&sdev->ats_on, false);
	atomic_init(&sdev->faults_on, false);
	atomic_init(&sdev->nested, false);
	return sdev;
}

static void probe_features(struct smmuv3_device *sdev,
			   const struct iommu_device_desc *desc)
{
	const struct smmuv3_features *f = &sdev->smmu->f;
	/* Page request groups are a function's, which has one StreamID. */
	bool single = desc->stream_id_count == 1;

	sdev->is_pci = desc->pci;
	if (sdev->is_pci) {
		pci_func_init(&sdev->pci, desc->pci);
		sdev->can_pri = single && f->pri && sdev->pci.pri;
		sdev->needs_pasid = pci_func_pri_needs_pasid(&sdev->pci);
		sdev->too_many = !single && f->pri && sdev->pci.pri;
	} else {
		bool stall = f->stall && (desc->can_stall || f->stall_forced);
		bool fits = desc->stream_id_count <= SMMUV3_STALL_STREAMS;

		/* Never PCIe: its completions would time out. [L2] */
		sdev->can_stall = fits && stall;
		sdev->too_many = !fits && stall;
	}
}

/* Level 2 arrays made here stay, for whoever comes next. [K20] */
static int get_stes(struct smmuv3_device *sdev)
{
	struct smmuv3 *smmu = sdev->smmu;
	unsigned int i;
	int err = 0;

	plat_lock(smmu->plat, &smmu->lock);
	for (i = 0; i < sdev->sid_count && !err; i++)
		err = smmuv3_strtab_get(smmu, sdev->sids[i]);
	plat_unlock(smmu->plat, &smmu->lock);
	return err;
}

int smmuv3_probe_device(struct iommu_unit *unit, struct iommu_device *dev,
			const struct iommu_device_desc *desc,
			struct iommu_device_caps *ret_caps, void **ret_priv)
{
	struct smmuv3 *smmu = to_smmuv3(unit);
	struct smmuv3_device *sdev;
	int err;

	err = check_desc(smmu, desc);
	if (err)
		return err;
	sdev = alloc_device(smmu, dev, desc);
	if (!sdev)
		return -ENOMEM;
	err = add_streams(sdev);
	if (err)
		goto free_device;
	/* From here on the device is ours to change. */
	probe_features(sdev, desc);
	err = smmuv3_cdtab_init(&sdev->cdtab, smmu->plat,
				setup_pasid(sdev, desc), smmu->f.two_level_cd);
	if (err)
		goto disable_pasid;
	err = get_stes(sdev);
	if (err)
		goto disable_pasid;
	err = smmuv3_stes_install(sdev);
	if (err)
		goto remove_stes;
	if (smmu->f.ats && sdev->is_pci && sdev->pci.ats) {
		err = enable_ats(sdev, desc->name);
		if (err)
			goto remove_stes;
	}

	ret_caps->pasid_bits = sdev->cdtab.ssid_bits;
	ret_caps->ats = sdev->pci.ats_on;
	sdev->can_pri = sdev->can_pri && sdev->pci.ats_on;
	ret_caps->pri = sdev->can_pri;
	ret_caps->stall = sdev->can_stall;
	ret_caps->sva = smmu->f.sva && sdev->cdtab.ssid_bits;
	*ret_priv = sdev;
	show_streams(sdev);
	return 0;

remove_stes:
	give_up_tables(sdev);
disable_pasid:
	pci_func_disable_pasid(&sdev->pci);
	remove_streams(sdev);
free_device:
	free_device(sdev);
	return err;
}

void smmuv3_release_device(struct iommu_unit *unit, struct iommu_device *dev)
{
	struct smmuv3_device *sdev = iommu_device_priv(dev);
	(void)unit;
	if (atomic_load_explicit(&sdev->faults_on, memory_order_acquire))
		smmuv3_disable_faults(dev);
	disable_ats(sdev);
	give_up_tables(sdev);
	pci_func_disable_pasid(&sdev->pci);
	remove_streams(sdev);
	if (refcount_put(&sdev->refs))
		free_device(sdev);
}
