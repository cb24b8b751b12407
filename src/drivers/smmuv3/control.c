/* SPDX-License-Identifier: MIT */
#include "drivers/smmuv3/control.h"

#include "base/errno.h"
#include "drivers/smmuv3/smmuv3.h"

#define CR0_SMMUEN ((uint32_t)FIELD_MASK(SMMU_CR0_SMMUEN))

/* Poll until (register & mask) == want. */
static int wait_reg(struct smmuv3 *smmu, uint32_t reg, uint32_t mask,
		    uint32_t want)
{
	uint64_t deadline = plat_now_ns(smmu->plat) + smmu->timeout_ns;
	unsigned int turns;

	for (turns = 0;; turns++) {
		/* Sampled first: a late look at the register still counts. */
		bool late = plat_now_ns(smmu->plat) >= deadline;

		if ((mmio_read32(&smmu->mmio, reg) & mask) == want)
			return 0;
		if (late)
			break;
		plat_relax(smmu->plat, turns);
	}
	plat_log(smmu->plat, PLAT_LOG_ERR,
		 "%s: register %#x does not become %#x under %#x", smmu->name,
		 reg, want, mask);
	return -ETIMEDOUT;
}

/* 6.3.10, 6.3.17 */
int smmuv3_control_write(struct smmuv3 *smmu, uint32_t reg, uint32_t ack,
			 uint32_t value)
{
	mmio_write32(&smmu->mmio, reg, value);
	return wait_reg(smmu, ack, UINT32_MAX, value);
}

int smmuv3_control_set(struct smmuv3 *smmu, uint32_t bits)
{
	int err = -EIO;

	/* So that SMMUEN does not come back after smmuv3_control_stop(). */
	plat_lock(smmu->plat, &smmu->cmdq.error_lock);
	if (!smmuv3_is_dead(smmu))
		err = smmuv3_control_write(smmu, SMMU_CR0, SMMU_CR0ACK,
					   smmu->cr0 | bits);
	if (!err)
		smmu->cr0 |= bits;
	plat_unlock(smmu->plat, &smmu->cmdq.error_lock);
	return err;
}

/*
 * What the SMMU does while it is disabled: abort. An update is complete when
 * UPDATE reads 0 again, 6.3.14.1.
 */
static int abort_when_disabled(struct smmuv3 *smmu)
{
	uint32_t update = (uint32_t)FIELD_MASK(SMMU_GBPA_UPDATE);
	uint32_t value;
	int err;

	err = wait_reg(smmu, SMMU_GBPA, update, 0);
	if (err)
		return err;
	value = mmio_read32(&smmu->mmio, SMMU_GBPA);
	if (REG_GET(SMMU_GBPA_ABORT, value))
		return 0;
	value |= update | (uint32_t)FIELD_MASK(SMMU_GBPA_ABORT);
	mmio_write32(&smmu->mmio, SMMU_GBPA, value);
	return wait_reg(smmu, SMMU_GBPA, update, 0);
}

int smmuv3_control_disable(struct smmuv3 *smmu)
{
	int gbpa_err, irq_err, err;

	plat_lock(smmu->plat, &smmu->cmdq.error_lock);
	gbpa_err = abort_when_disabled(smmu);
	irq_err =
		smmuv3_control_write(smmu, SMMU_IRQ_CTRL, SMMU_IRQ_CTRLACK, 0);
	err = smmuv3_control_write(smmu, SMMU_CR0, SMMU_CR0ACK, 0);
	smmu->cr0 = 0;
	plat_unlock(smmu->plat, &smmu->cmdq.error_lock);
	if (!err)
		err = irq_err;
	return err ? err : gbpa_err;
}

/*
 * First GBPA, or SMMUEN of 0 would mean bypass: without its confirmation
 * SMMUEN stays. A register that reads as all ones is no confirmation.
 */
int smmuv3_control_stop(struct smmuv3 *smmu)
{
	uint32_t cr0 = smmu->cr0 & ~CR0_SMMUEN;
	int err = abort_when_disabled(smmu);

	if (err)
		return err;
	mmio_write32(&smmu->mmio, SMMU_CR0, cr0);
	err = wait_reg(smmu, SMMU_CR0ACK, CR0_SMMUEN, 0);
	if (!err)
		smmu->cr0 = cr0;
	return err;
}
