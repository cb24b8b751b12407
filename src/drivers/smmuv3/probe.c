/* SPDX-License-Identifier: MIT */
/*
 * Bringing an SMMU up and taking it down: Arm IHI 0070, 3.11, 6.3.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/control.h"
#include "drivers/smmuv3/guest.h"
#include "drivers/smmuv3/smmuv3.h"

#define DEFAULT_QUEUE_LG2  8u
#define DEFAULT_TIMEOUT_MS 1000u
#define DEFAULT_ATS_MS     90000u /* 60 s and a half, as PCIe has it */
#define NS_PER_MS          UINT64_C(1000000)

#define CR0_BIT(f) ((uint32_t)FIELD_MASK(f))

/* Cacheability and shareability of what the SMMU itself reads and writes. */
static void write_cr1_cr2(struct smmuv3 *smmu)
{
	uint64_t cr1 = REG_CONST(SMMU_CR1_QUEUE_IC, SMMU_CR1_WB) |
		       REG_CONST(SMMU_CR1_QUEUE_OC, SMMU_CR1_WB) |
		       REG_CONST(SMMU_CR1_QUEUE_SH, SMMU_SH_ISH) |
		       REG_CONST(SMMU_CR1_TABLE_IC, SMMU_CR1_WB) |
		       REG_CONST(SMMU_CR1_TABLE_OC, SMMU_CR1_WB) |
		       REG_CONST(SMMU_CR1_TABLE_SH, SMMU_SH_ISH);
	/* RECINVSID: streams nobody knows are reported. */
	uint64_t cr2 = REG_CONST(SMMU_CR2_RECINVSID, 1);

	/* Broadcast maintenance where ASIDs are the CPUs' only. [K14] */
	cr2 = REG_PUT(SMMU_CR2_PTM, cr2, !smmu->f.btm);
	cr2 = REG_PUT(SMMU_CR2_E2H, cr2, smmu->f.e2h);

	mmio_write32(&smmu->mmio, SMMU_CR1, (uint32_t)cr1);
	mmio_write32(&smmu->mmio, SMMU_CR2, (uint32_t)cr2);
}

static void write_strtab(struct smmuv3 *smmu)
{
	const struct smmuv3_strtab *t = &smmu->strtab;
	uint64_t base = plat_virt_to_phys(smmu->plat, t->base) |
			REG_CONST(SMMU_STRTAB_BASE_RA, 1);
	uint64_t cfg = 0;

	cfg = REG_PUT(SMMU_STRTAB_BASE_CFG_LOG2SIZE, cfg, t->sid_bits);
	cfg = REG_PUT(SMMU_STRTAB_BASE_CFG_FMT, cfg,
		      t->two_level ? SMMU_STRTAB_BASE_CFG_FMT_2LVL :
				     SMMU_STRTAB_BASE_CFG_FMT_LINEAR);
	if (t->two_level)
		cfg = REG_PUT(SMMU_STRTAB_BASE_CFG_SPLIT, cfg,
			      SMMU_STRTAB_SPLIT_16K);
	mmio_write64(&smmu->mmio, SMMU_STRTAB_BASE, base);
	mmio_write32(&smmu->mmio, SMMU_STRTAB_BASE_CFG, (uint32_t)cfg);
}

static void write_queue(struct smmuv3 *smmu, uint32_t base_reg,
			uint32_t prod_reg, uint32_t cons_reg,
			const void *entries, unsigned int lg2)
{
	_Static_assert(
		(int)SMMU_CMDQ_BASE_RA_LO == (int)SMMU_EVENTQ_BASE_WA_LO &&
			(int)SMMU_CMDQ_BASE_LOG2SIZE_LO ==
				(int)SMMU_EVENTQ_BASE_LOG2SIZE_LO &&
			(int)SMMU_CMDQ_BASE_RA_LO == (int)SMMU_PRIQ_BASE_WA_LO,
		"one layout");
	uint64_t base = plat_virt_to_phys(smmu->plat, entries) |
			REG_CONST(SMMU_CMDQ_BASE_RA, 1);

	base = REG_PUT(SMMU_CMDQ_BASE_LOG2SIZE, base, lg2);
	mmio_write64(&smmu->mmio, base_reg, base);
	mmio_write32(&smmu->mmio, prod_reg, 0);
	mmio_write32(&smmu->mmio, cons_reg, 0);
}

/* Nothing that was cached before is used. */
static int forget_everything(struct smmuv3 *smmu)
{
	struct smmuv3_batch batch;

	smmuv3_batch_init(&batch, smmu);
	smmuv3_batch_add(&batch, smmuv3_make_cfgi_all());
	smmuv3_batch_barrier(&batch);
	if (smmu->f.hyp)
		smmuv3_batch_add(&batch, smmuv3_make_cmd(SMMU_OP_TLBI_EL2_ALL));
	smmuv3_batch_add(&batch, smmuv3_make_cmd(SMMU_OP_TLBI_NSNH_ALL));
	return smmuv3_batch_sync(&batch);
}

static const struct {
	const char *name;
	void (*fn)(void *arg);
	uint32_t cfg0;
	uint32_t cfg1;
	uint32_t cfg2;
	uint32_t enable;
} irqs[SMMUV3_IRQ_COUNT] = {
	[SMMUV3_IRQ_EVENTQ] = {
		"smmuv3-evtq", smmuv3_evtq_irq, SMMU_EVENTQ_IRQ_CFG0,
		SMMU_EVENTQ_IRQ_CFG1, SMMU_EVENTQ_IRQ_CFG2,
		(uint32_t)FIELD_MASK(SMMU_IRQ_CTRL_EVENTQ_IRQEN),
	},
	[SMMUV3_IRQ_PRIQ] = {
		"smmuv3-priq", smmuv3_priq_irq, SMMU_PRIQ_IRQ_CFG0,
		SMMU_PRIQ_IRQ_CFG1, SMMU_PRIQ_IRQ_CFG2,
		(uint32_t)FIELD_MASK(SMMU_IRQ_CTRL_PRIQ_IRQEN),
	},
	[SMMUV3_IRQ_GERROR] = {
		"smmuv3-gerror", smmuv3_gerror_irq, SMMU_GERROR_IRQ_CFG0,
		SMMU_GERROR_IRQ_CFG1, SMMU_GERROR_IRQ_CFG2,
		(uint32_t)FIELD_MASK(SMMU_IRQ_CTRL_GERROR_IRQEN),
	},
};

static bool irq_used(const struct smmuv3 *smmu, unsigned int i)
{
	return i != SMMUV3_IRQ_PRIQ || smmu->f.pri;
}

static void free_irqs(struct smmuv3 *smmu)
{
	unsigned int i;

	for (i = 0; i < SMMUV3_IRQ_COUNT; i++) {
		if (smmu->irq_requested[i])
			plat_irq_free(smmu->plat, smmu->irq[i]);
		smmu->irq_requested[i] = false;
	}
	while (smmu->msi_count)
		plat_msi_free(smmu->plat, &smmu->msi[--smmu->msi_count]);
}

/* A message for each interrupt; if there are not enough, none. */
static void alloc_msis(struct smmuv3 *smmu)
{
	unsigned int i;

	for (i = 0; i < SMMUV3_IRQ_COUNT; i++) {
		if (plat_msi_alloc(smmu->plat, &smmu->msi[i])) {
			plat_log(smmu->plat, PLAT_LOG_INFO,
				 "%s: no messages, using wires", smmu->name);
			while (smmu->msi_count)
				plat_msi_free(smmu->plat,
					      &smmu->msi[--smmu->msi_count]);
			return;
		}
		smmu->msi_count++;
	}
}

/* CFG0 to 2 are written while the interrupt is disabled. */
static void write_msi(struct smmuv3 *smmu, unsigned int i)
{
	uint64_t cfg2 =
		REG_CONST(SMMU_IRQ_CFG2_MEMATTR, SMMU_MEMATTR_DEVICE_NGNRE);

	if (!smmu->f.msi)
		return;
	/* An address of 0 is no message. */
	mmio_write64(&smmu->mmio, irqs[i].cfg0, 0);
	if (!smmu->msi_count)
		return;
	mmio_write64(&smmu->mmio, irqs[i].cfg0, smmu->msi[i].address);
	mmio_write32(&smmu->mmio, irqs[i].cfg1, smmu->msi[i].data);
	mmio_write32(&smmu->mmio, irqs[i].cfg2, (uint32_t)cfg2);
}

static int setup_irqs(struct smmuv3 *smmu, const struct smmuv3_desc *desc)
{
	uint32_t enable = 0;
	unsigned int i;
	int err = 0;

	if (smmu->f.msi && !desc->no_msi)
		alloc_msis(smmu);
	for (i = 0; i < SMMUV3_IRQ_COUNT && !err; i++) {
		if (!irq_used(smmu, i))
			continue;
		smmu->irq[i] = smmu->msi_count ? smmu->msi[i].irq :
						 desc->irq[i];
		write_msi(smmu, i);
		err = plat_irq_request(smmu->plat, smmu->irq[i], irqs[i].fn,
				       smmu, irqs[i].name);
		smmu->irq_requested[i] = !err;
		enable |= irqs[i].enable;
	}
	if (!err)
		err = smmuv3_control_write(smmu, SMMU_IRQ_CTRL,
					   SMMU_IRQ_CTRLACK, enable);
	return err;
}

static unsigned int queue_lg2(unsigned int wanted, unsigned int most)
{
	if (!wanted)
		wanted = DEFAULT_QUEUE_LG2;
	return wanted < most ? wanted : most;
}

/* Tables and queues, in memory only. */
static int alloc_memory(struct smmuv3 *smmu, const struct smmuv3_desc *desc)
{
	unsigned int sid_bits = smmu->f.sid_bits;
	int err;

	if (desc->sid_bits && desc->sid_bits < sid_bits)
		sid_bits = desc->sid_bits;
	err = smmuv3_asids_init(smmu);
	if (err)
		return err;
	err = smmuv3_vmids_init(smmu);
	if (err)
		goto fini_asids;
	err = smmuv3_strtab_init(smmu, sid_bits);
	if (err)
		goto fini_vmids;
	err = smmuv3_cmdq_init(smmu,
			       queue_lg2(desc->cmdq_lg2, smmu->f.cmdq_lg2));
	if (err)
		goto fini_strtab;
	err = smmuv3_inq_init(smmu, &smmu->evtq, "smmuv3 event queue",
			      queue_lg2(desc->evtq_lg2, smmu->f.evtq_lg2), 4,
			      SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS);
	if (err)
		goto fini_cmdq;
	if (smmu->f.pri)
		err = smmuv3_inq_init(smmu, &smmu->priq, "smmuv3 PRI queue",
				      queue_lg2(desc->priq_lg2,
						smmu->f.priq_lg2),
				      2, SMMU_PRIQ_PROD, SMMU_PRIQ_CONS);
	if (!err)
		return 0;

	smmuv3_inq_fini(smmu, &smmu->evtq);
fini_cmdq:
	smmuv3_cmdq_fini(smmu);
fini_strtab:
	smmuv3_strtab_fini(smmu);
fini_vmids:
	smmuv3_vmids_fini(smmu);
fini_asids:
	smmuv3_asids_fini(smmu);
	return err;
}

static void free_memory(struct smmuv3 *smmu)
{
	smmuv3_inq_fini(smmu, &smmu->priq);
	smmuv3_inq_fini(smmu, &smmu->evtq);
	smmuv3_cmdq_fini(smmu);
	smmuv3_strtab_fini(smmu);
	plat_free(smmu->plat, smmu->streams);
	smmuv3_vmids_fini(smmu);
	smmuv3_asids_fini(smmu);
}

/* Errors of before we came are nobody's. */
static void acknowledge_errors(struct smmuv3 *smmu)
{
	uint32_t gerror = mmio_read32(&smmu->mmio, SMMU_GERROR);

	/* Relaxed: nobody else is there yet. */
	atomic_store_explicit(&smmu->gerrorn, gerror, memory_order_relaxed);
	mmio_write32(&smmu->mmio, SMMU_GERRORN, gerror);
}

/* The SMMU is disabled. On error the caller disables it again. */
static int enable(struct smmuv3 *smmu, const struct smmuv3_desc *desc)
{
	int err;

	write_cr1_cr2(smmu);
	write_strtab(smmu);
	acknowledge_errors(smmu);

	write_queue(smmu, SMMU_CMDQ_BASE, SMMU_CMDQ_PROD, SMMU_CMDQ_CONS,
		    smmu->cmdq.entries, smmu->cmdq.lg2);
	err = smmuv3_control_set(smmu, CR0_BIT(SMMU_CR0_CMDQEN));
	if (!err)
		err = forget_everything(smmu);
	if (err)
		return err;

	write_queue(smmu, SMMU_EVENTQ_BASE, SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS,
		    smmu->evtq.entries, smmu->evtq.lg2);
	err = smmuv3_control_set(smmu, CR0_BIT(SMMU_CR0_EVENTQEN));
	if (err)
		return err;
	if (smmu->f.pri) {
		write_queue(smmu, SMMU_PRIQ_BASE, SMMU_PRIQ_PROD,
			    SMMU_PRIQ_CONS, smmu->priq.entries, smmu->priq.lg2);
		err = smmuv3_control_set(smmu, CR0_BIT(SMMU_CR0_PRIQEN));
		if (err)
			return err;
	}
	/* Translated traffic of streams without ATS is not to pass. */
	if (smmu->f.ats) {
		err = smmuv3_control_set(smmu, CR0_BIT(SMMU_CR0_ATSCHK));
		if (err)
			return err;
	}
	err = setup_irqs(smmu, desc);
	if (err)
		return err;
	return smmuv3_control_set(smmu, CR0_BIT(SMMU_CR0_SMMUEN));
}

static const struct iommu_unit_ops unit_ops = {
	.probe_device = smmuv3_probe_device,
	.release_device = smmuv3_release_device,
	.domain_alloc = smmuv3_domain_alloc,
	.domain_free = smmuv3_domain_free,
	.set_dev_pasid = smmuv3_set_dev_pasid,
	.remove_dev_pasid = smmuv3_remove_dev_pasid,
	.quiesce_dev_pasid = smmuv3_quiesce_dev_pasid,
	.enable_faults = smmuv3_enable_faults,
	.disable_faults = smmuv3_disable_faults,
	.drain_faults = smmuv3_drain_faults,
	.page_response = smmuv3_page_response,
	.map = smmuv3_map,
	.unmap = smmuv3_unmap,
	.iotlb_sync = smmuv3_iotlb_sync,
	.iova_to_phys = smmuv3_iova_to_phys,
	.set_dirty_tracking = smmuv3_set_dirty_tracking,
	.read_dirty = smmuv3_read_dirty,
	.guest_format = IOMMU_PASID_FORMAT_SMMUV3,
	.parent_alloc = smmuv3_parent_alloc,
	.nested_alloc = smmuv3_nested_alloc,
	.cache_invalidate = smmuv3_cache_invalidate,
	.describe = smmuv3_describe,
	.diagnose = smmuv3_diagnose,
};

static void copy_name(struct smmuv3 *smmu, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(smmu->name) - 1 && name[i]; i++)
		smmu->name[i] = name[i];
}

static int check_desc(const struct smmuv3_desc *desc)
{
	if (!desc->mmio.ops || desc->mmio.size < SMMU_REGS_SIZE ||
	    desc->sid_bits > SMMU_IDR1_SIDSIZE_MAX ||
	    desc->cmdq_lg2 > SMMU_IDR1_QS_MAX ||
	    desc->evtq_lg2 > SMMU_IDR1_QS_MAX ||
	    desc->priq_lg2 > SMMU_IDR1_QS_MAX)
		return -EINVAL;
	return 0;
}

int smmuv3_probe(struct iommu_system *sys, const struct smmuv3_desc *desc,
		 struct iommu_unit **ret_unit)
{
	const struct plat *plat = iommu_system_plat(sys);
	struct smmuv3 *smmu;
	int err;

	err = check_desc(desc);
	if (err)
		return err;
	smmu = plat_zalloc(plat, sizeof(*smmu));
	if (!smmu)
		return -ENOMEM;
	smmu->plat = plat;
	smmu->mmio = desc->mmio;
	smmu->timeout_ns = NS_PER_MS * (desc->timeout_ms ? desc->timeout_ms :
							   DEFAULT_TIMEOUT_MS);
	smmu->cmdq.ats_timeout_ns =
		NS_PER_MS *
		(desc->ats_timeout_ms ? desc->ats_timeout_ms : DEFAULT_ATS_MS);
	copy_name(smmu, desc->name ? desc->name : "smmuv3");
	plat_lock_init(plat, &smmu->lock, PLAT_LOCK_MUTEX, PLAT_RANK_UNIT,
		       "smmuv3 unit");

	if (desc->cpu)
		smmu->cpu = *desc->cpu;
	err = smmuv3_features_read(smmu);
	if (err)
		goto free_smmu;
	err = alloc_memory(smmu, desc);
	if (err)
		goto free_smmu;
	err = smmuv3_control_disable(smmu);
	if (err)
		goto free_memory;
	err = enable(smmu, desc);
	if (err)
		goto disable;
	err = iommu_unit_register(sys, &smmu->unit, &unit_ops, smmu->name);
	if (err)
		goto disable;
	*ret_unit = &smmu->unit;
	return 0;

disable:
	(void)smmuv3_control_disable(smmu);
	free_irqs(smmu);
free_memory:
	free_memory(smmu);
free_smmu:
	plat_lock_fini(plat, &smmu->lock);
	plat_free(plat, smmu);
	return err;
}

int smmuv3_remove(struct iommu_unit *unit)
{
	struct smmuv3 *smmu = to_smmuv3(unit);
	const struct plat *plat = smmu->plat;
	int err;

	err = iommu_unit_unregister(unit);
	if (err)
		return err;
	/* What disabling meets is logged; there is no way back. */
	(void)smmuv3_control_disable(smmu);
	free_irqs(smmu);
	smmuv3_free_abandoned(smmu);
	free_memory(smmu);
	plat_lock_fini(plat, &smmu->lock);
	plat_free(plat, smmu);
	return 0;
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void smmuv3_stats(struct iommu_unit *unit, struct smmuv3_stats *ret_stats)
{
	const struct smmuv3_counters *c = &to_smmuv3(unit)->counters;

	ret_stats->commands = read_counter(&c->commands);
	ret_stats->command_errors = read_counter(&c->command_errors);
	ret_stats->syncs = read_counter(&c->syncs);
	ret_stats->tlb_invalidations = read_counter(&c->tlb_invalidations);
	ret_stats->ats_invalidations = read_counter(&c->ats_invalidations);
	ret_stats->config_invalidations =
		read_counter(&c->config_invalidations);
	ret_stats->events = read_counter(&c->events);
	ret_stats->events_lost = read_counter(&c->events_lost);
	ret_stats->page_requests = read_counter(&c->page_requests);
	ret_stats->page_responses = read_counter(&c->page_responses);
	ret_stats->priq_overflows = read_counter(&c->priq_overflows);
	ret_stats->failed_closed = smmuv3_is_dead(to_smmuv3(unit));
}
