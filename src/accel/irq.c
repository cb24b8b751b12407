/* SPDX-License-Identifier: MIT */
/*
 * Interrupts. Every job asks for one, but the vector is masked while nobody
 * sleeps: the device then only sets a pending bit, which costs nothing. A
 * sleeper unmasks it before it looks at its job for the last time, and gets what
 * was pending.
 */
#include "accel/accel.h"

#include "base/errno.h"

static uint64_t dsa_msix_entry(const struct dsa *dsa, unsigned int vector)
{
	return dsa->msix_table + (uint64_t)vector * PCIE_MSIX_ENTRY_SIZE;
}

static void dsa_msix_mask(struct dsa *dsa, unsigned int vector, bool mask)
{
	mmio_write32(&dsa->bar0,
		     dsa_msix_entry(dsa, vector) + PCIE_MSIX_ENTRY_OFF_CTRL,
		     mask);
}

/* A job is without its record now; or may be, if errors went unrecorded. */
static void dsa_irq_loss(struct dsa *dsa, const struct dsa_swerr *err)
{
	switch (FIELD_GET(DSA_SWERR_ERROR, err)) {
	case DSA_COMP_CR_PAGE_FAULT:
	case DSA_COMP_CR_ALIGN:
	case DSA_COMP_PRIV:
		break;
	default:
		if (!FIELD_GET(DSA_SWERR_OVERFLOW, err))
			return;
	}
	/* Pairs with dsa_job_doubtful(). */
	atomic_fetch_add_explicit(&dsa->losses, 1, memory_order_release);
	plat_event_signal(dsa->plat, &dsa->irqs[DSA_VECTOR_DONE].event);
}

static void dsa_irq_log(const struct dsa *dsa, const struct dsa_swerr *err)
{
	plat_log(
		dsa->plat, PLAT_LOG_ERR,
		"dsa: error %#x queue %u operation %#x pasid %u address %#llx%s%s",
		(unsigned int)FIELD_GET(DSA_SWERR_ERROR, err),
		(unsigned int)FIELD_GET(DSA_SWERR_WQ_IDX, err),
		(unsigned int)FIELD_GET(DSA_SWERR_OPERATION, err),
		(unsigned int)FIELD_GET(DSA_SWERR_PASID, err),
		(unsigned long long)FIELD_GET(DSA_SWERR_ADDR, err),
		FIELD_GET(DSA_SWERR_WRITE, err) ? " write" : "",
		FIELD_GET(DSA_SWERR_OVERFLOW, err) ? ", others lost" : "");
}

/*
 * Errors without a completion record: say what is known of them. What came
 * after the register was read stays in it, and is looked at once more.
 */
void dsa_irq_error(struct dsa *dsa)
{
	const uint64_t flags = FIELD_MASK(DSA_SWERR_VALID) |
			       FIELD_MASK(DSA_SWERR_OVERFLOW);
	struct dsa_swerr err;
	unsigned int i, looks;

	for (looks = 0; looks < 2; looks++) {
		for (i = 0; i < 4; i++)
			err.dw[i] =
				mmio_read64(&dsa->bar0, DSA_REG_SWERR + 8 * i);
		if (!(err.dw[0] & flags))
			return;
		mmio_write64(&dsa->bar0, DSA_REG_SWERR, err.dw[0] & flags);
		if (FIELD_GET(DSA_SWERR_VALID, &err))
			dsa_irq_log(dsa, &err);
		dsa_irq_loss(dsa, &err);
	}
}

/* Jobs will not complete any more: let their waiters know. */
void dsa_irq_dead(struct dsa *dsa)
{
	/* Pairs with the acquire loads of it. */
	atomic_store_explicit(&dsa->dead, true, memory_order_release);
	plat_event_signal(dsa->plat, &dsa->irqs[DSA_VECTOR_DONE].event);
}

static void dsa_irq_misc(void *arg)
{
	struct dsa_irq *irq = arg;
	struct dsa *dsa = irq->dsa;
	uint32_t cause = mmio_read32(&dsa->bar0, DSA_REG_INTCAUSE);

	/* Cleared before they are looked at: none is lost. */
	mmio_write32(&dsa->bar0, DSA_REG_INTCAUSE, cause);
	if (REG_GET(DSA_INTCAUSE_SWERR, cause))
		dsa_irq_error(dsa);
	if (REG_GET(DSA_INTCAUSE_HALT, cause)) {
		plat_log(dsa->plat, PLAT_LOG_ERR, "dsa: the device halted");
		dsa_irq_dead(dsa);
	}
	plat_event_signal(dsa->plat, &irq->event);
}

static void dsa_irq_done(void *arg)
{
	struct dsa_irq *irq = arg;

	plat_event_signal(irq->dsa->plat, &irq->event);
}

void dsa_irq_sleep(struct dsa *dsa)
{
	plat_lock(dsa->plat, &dsa->sleep_lock);
	if (!dsa->sleepers++)
		dsa_msix_mask(dsa, DSA_VECTOR_DONE, false);
	plat_unlock(dsa->plat, &dsa->sleep_lock);
}

void dsa_irq_awake(struct dsa *dsa)
{
	plat_lock(dsa->plat, &dsa->sleep_lock);
	if (!--dsa->sleepers)
		dsa_msix_mask(dsa, DSA_VECTOR_DONE, true);
	plat_unlock(dsa->plat, &dsa->sleep_lock);
}

static int dsa_irq_setup(struct dsa *dsa, enum dsa_vector vector)
{
	struct dsa_irq *irq = &dsa->irqs[vector];
	uint64_t entry = dsa_msix_entry(dsa, vector);
	bool misc = vector == DSA_VECTOR_MISC;
	int err;

	irq->dsa = dsa;
	err = plat_msi_alloc(dsa->plat, &irq->msi);
	if (err)
		return err;
	irq->allocated = true;
	err = plat_irq_request(dsa->plat, irq->msi.irq,
			       misc ? dsa_irq_misc : dsa_irq_done, irq,
			       misc ? "dsa" : "dsa done");
	if (err)
		return err;
	irq->requested = true;
	mmio_write32(&dsa->bar0, entry + PCIE_MSIX_ENTRY_OFF_ADDR_LOW,
		     (uint32_t)irq->msi.address);
	mmio_write32(&dsa->bar0, entry + PCIE_MSIX_ENTRY_OFF_ADDR_HIGH,
		     (uint32_t)(irq->msi.address >> 32));
	mmio_write32(&dsa->bar0, entry + PCIE_MSIX_ENTRY_OFF_DATA,
		     irq->msi.data);
	dsa_msix_mask(dsa, vector, !misc);
	return 0;
}

int dsa_irq_open(struct dsa *dsa)
{
	unsigned int i;
	int err;

	if (dsa_pci_vectors(dsa) < DSA_VECTORS)
		return -ENODEV;
	for (i = 0; i < DSA_VECTORS; i++) {
		err = dsa_irq_setup(dsa, (enum dsa_vector)i);
		if (err) {
			dsa_irq_close(dsa);
			return err;
		}
	}
	dsa_pci_msix_enable(dsa, true);
	return 0;
}

/* Also of what dsa_irq_open() got done before it failed. */
void dsa_irq_close(struct dsa *dsa)
{
	unsigned int i;

	dsa_pci_msix_enable(dsa, false);
	for (i = 0; i < DSA_VECTORS; i++) {
		struct dsa_irq *irq = &dsa->irqs[i];

		/* The only switch a platform device has. */
		if (irq->allocated)
			dsa_msix_mask(dsa, i, true);
		if (irq->requested)
			plat_irq_free(dsa->plat, irq->msi.irq);
		if (irq->allocated)
			plat_msi_free(dsa->plat, &irq->msi);
		irq->requested = false;
		irq->allocated = false;
	}
}
