/* SPDX-License-Identifier: MIT */
/*
 * VMIDs: Arm IHI 0070, 3.17. One space of an SMMU; 0 is the host's own, of
 * streams without stage 2. One is used again only when nothing of its last
 * owner is in the TLB. [R13]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/guest.h"

int smmuv3_vmids_init(struct smmuv3 *smmu)
{
	struct smmuv3_vmids *v = &smmu->vmids;

	if (!smmu->f.stage2)
		return 0;
	v->taken = plat_zalloc(smmu->plat, BIT(smmu->f.vmid_bits) / 8);
	if (!v->taken)
		return -ENOMEM;
	v->taken[0] = 1;
	plat_lock_init(smmu->plat, &v->lock, PLAT_LOCK_MUTEX, PLAT_RANK_HWID,
		       "smmuv3 VMIDs");
	return 0;
}

void smmuv3_vmids_fini(struct smmuv3 *smmu)
{
	if (!smmu->vmids.taken)
		return;
	plat_free(smmu->plat, smmu->vmids.taken);
	plat_lock_fini(smmu->plat, &smmu->vmids.lock);
}

int smmuv3_vmid_get(struct smmuv3 *smmu, uint16_t *ret_vmid)
{
	unsigned int words = (1u << smmu->f.vmid_bits) / 64, w;
	struct smmuv3_vmids *v = &smmu->vmids;
	int err = -ENOSPC;

	plat_lock(smmu->plat, &v->lock);
	for (w = 0; w < words && !~v->taken[w]; w++)
		;
	if (w < words) {
		unsigned int bit = (unsigned int)__builtin_ctzll(~v->taken[w]);

		v->taken[w] |= BIT(bit);
		*ret_vmid = (uint16_t)(64 * w + bit);
		err = 0;
	}
	plat_unlock(smmu->plat, &v->lock);
	return err;
}

void smmuv3_vmid_put(struct smmuv3 *smmu, uint16_t vmid)
{
	struct smmuv3_vmids *v = &smmu->vmids;
	struct smmuv3_batch batch;
	int err;

	smmuv3_batch_init(&batch, smmu);
	smmuv3_batch_add(&batch, smmuv3_make_tlbi_vmid(vmid));
	err = smmuv3_batch_sync(&batch);
	if (err) {
		plat_log(smmu->plat, PLAT_LOG_ERR,
			 "%s: VMID %u is not used again: error %d", smmu->name,
			 vmid, err);
		return;
	}
	plat_lock(smmu->plat, &v->lock);
	v->taken[vmid / 64] &= ~BIT(vmid % 64);
	plat_unlock(smmu->plat, &v->lock);
}
