/* SPDX-License-Identifier: MIT */
/* Interrupts and the software error register. */
#include "models/dsa/dsa.h"

#include "base/bits.h"

static void dsa_hw_fire_locked(struct dsa_hw *dsa, unsigned int vector)
{
	dsa_hw_count(&dsa->interrupts, 1);
	pcie_hw_msix_fire(&dsa->pcie, vector);
}

/* A cause of vector 0. */
void dsa_hw_cause_locked(struct dsa_hw *dsa, uint64_t cause, bool interrupt)
{
	dsa->intcause |= (uint32_t)cause;
	if (interrupt)
		dsa_hw_fire_locked(dsa, 0);
}

/* The first error stays until software has read it, architecture 5.8.2. */
void dsa_hw_swerr_locked(struct dsa_hw *dsa, const struct dsa_swerr *err)
{
	bool lost = FIELD_GET(DSA_SWERR_OVERFLOW, &dsa->swerr);

	if (FIELD_GET(DSA_SWERR_VALID, &dsa->swerr)) {
		FIELD_SET(DSA_SWERR_OVERFLOW, &dsa->swerr, 1);
		return;
	}
	dsa->swerr = *err;
	FIELD_SET(DSA_SWERR_VALID, &dsa->swerr, 1);
	FIELD_SET(DSA_SWERR_OVERFLOW, &dsa->swerr, lost);
	dsa_hw_cause_locked(dsa, REG_CONST(DSA_INTCAUSE_SWERR, 1),
			    REG_GET(DSA_GENCTRL_SWERR_INT_EN, dsa->genctrl));
}

/* An error of the job that its completion record cannot carry. */
void dsa_hw_swerr_job(struct dsa_hw_engine *eng, uint8_t code)
{
	struct dsa_hw_job *job = dsa_hw_job(eng);
	struct dsa_hw *dsa = eng->dsa;
	struct dsa_swerr err = { { 0 } };

	FIELD_SET(DSA_SWERR_DESC_VALID, &err, 1);
	FIELD_SET(DSA_SWERR_WQ_IDX_VALID, &err, 1);
	FIELD_SET(DSA_SWERR_BATCH, &err, job->member);
	FIELD_SET(DSA_SWERR_WRITE, &err, job->fault_write);
	FIELD_SET(DSA_SWERR_PRIV, &err, job->priv);
	FIELD_SET(DSA_SWERR_ERROR, &err, code);
	FIELD_SET(DSA_SWERR_WQ_IDX, &err, eng->wq);
	FIELD_SET(DSA_SWERR_OPERATION, &err,
		  FIELD_GET(DSA_DESC_OPCODE, &job->desc));
	FIELD_SET(DSA_SWERR_PASID, &err, job->pasid_valid ? job->pasid : 0);
	FIELD_SET(DSA_SWERR_BATCH_IDX, &err, job->batch_idx);
	FIELD_SET(DSA_SWERR_INVALID_FLAGS, &err, job->bad_flags);
	FIELD_SET(DSA_SWERR_ADDR, &err, job->fault_addr);

	dsa_hw_lock(dsa);
	if (!dsa_hw_gone_locked(eng))
		dsa_hw_swerr_locked(dsa, &err);
	dsa_hw_unlock(dsa);
}

/*
 * A handle is the index of its MSI-X entry. It has been asked for with the
 * command, and its permissions let the descriptor's PASID use it.
 */
bool dsa_hw_handle_valid_locked(const struct dsa_hw *dsa,
				const struct dsa_hw_job *job)
{
	uint64_t handle = FIELD_GET(DSA_DESC_INT_HANDLE, &job->desc);
	uint32_t perm;

	if (!handle || handle >= dsa->cfg.msix_vectors ||
	    !(dsa->handles & BIT(handle)))
		return false;
	perm = dsa->msix_perm[handle];
	return !REG_GET(DSA_MSIX_PERM_PASID_EN, perm) ||
	       (job->pasid_valid &&
		REG_GET(DSA_MSIX_PERM_PASID, perm) == job->pasid);
}

void dsa_hw_interrupt_locked(struct dsa_hw *dsa, const struct dsa_hw_job *job)
{
	uint64_t handle = FIELD_GET(DSA_DESC_INT_HANDLE, &job->desc);

	if (handle < dsa->cfg.msix_vectors &&
	    !REG_GET(DSA_MSIX_PERM_IGNORE, dsa->msix_perm[handle]))
		dsa_hw_fire_locked(dsa, (unsigned int)handle);
}
