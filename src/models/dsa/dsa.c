/* SPDX-License-Identifier: MIT */
/* Making and resetting the function, and its configuration space. */
#include "models/dsa/dsa.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"

void dsa_hw_log(const struct dsa_hw *dsa, enum hw_log_level level,
		const char *fmt, ...)
{
	va_list ap;

	if (!dsa->env.log)
		return;
	va_start(ap, fmt);
	dsa->env.log(dsa->env.ctx, level, fmt, ap);
	va_end(ap);
}

void dsa_hw_cfg_default(struct dsa_hw_cfg *ret_cfg)
{
	*ret_cfg = (struct dsa_hw_cfg){
		.rid = 0x0100,
		.engines = 4,
		.wqs = 8,
		.wq_entries = 128,
		.max_transfer_lg2 = 31,
		.max_batch_lg2 = 10,
		.read_buffers = 96,
		.pasid_bits = 20,
		.ats = true,
		.pri = true,
		.outstanding = 512,
		.msix_vectors = 9,
		.personality = HW_STRICT,
		.atc_lg2 = 10,
	};
}

void dsa_hw_cfg_platform(struct dsa_hw_cfg *ret_cfg, uint32_t sid)
{
	dsa_hw_cfg_default(ret_cfg);
	ret_cfg->platform = true;
	ret_cfg->rid = sid;
	ret_cfg->ats = false;
	ret_cfg->pri = false;
}

static unsigned int dsa_hw_atc_lg2(const struct dsa_hw_cfg *cfg)
{
	return cfg->atc_lg2 ? cfg->atc_lg2 : 8;
}

static bool dsa_hw_cfg_valid(const struct dsa_hw_cfg *cfg)
{
	unsigned int atc = dsa_hw_atc_lg2(cfg);

	return cfg->engines && cfg->engines <= DSA_HW_MAX_ENGINES && cfg->wqs &&
	       cfg->wqs <= DSA_HW_MAX_WQS && cfg->wq_entries &&
	       cfg->wq_entries <= DSA_HW_MAX_ENTRIES &&
	       cfg->max_transfer_lg2 >= 12 && cfg->max_transfer_lg2 <= 31 &&
	       cfg->max_batch_lg2 && cfg->max_batch_lg2 <= 11 &&
	       cfg->read_buffers <= 255 && cfg->pasid_bits <= PCIE_PASID_BITS &&
	       (!cfg->pri || cfg->ats) && (!cfg->pri || cfg->outstanding) &&
	       cfg->msix_vectors &&
	       (cfg->platform ? !cfg->ats : cfg->rid <= UINT16_MAX) &&
	       cfg->msix_vectors <= PCIE_HW_MAX_VECTORS && atc >= 4 &&
	       atc <= 16;
}

/* Parts of the state, one after the other, each 64-byte aligned. */
static size_t dsa_hw_part(size_t *at, size_t size)
{
	size_t here = *at;

	*at += (size + 63) & ~(size_t)63;
	return here;
}

size_t dsa_hw_size(const struct dsa_hw_cfg *cfg)
{
	size_t at = 0;

	if (!dsa_hw_cfg_valid(cfg))
		return 0;
	dsa_hw_part(&at, sizeof(struct dsa_hw));
	dsa_hw_part(&at, sizeof(struct dsa_hw_entry) * cfg->wq_entries);
	return at + cfg->engines * (sizeof(struct dsa_hw_engine) +
				    (sizeof(struct dsa_hw_atc_entry)
				     << dsa_hw_atc_lg2(cfg)));
}

void dsa_hw_wake_all_locked(struct dsa_hw *dsa)
{
	unsigned int i;

	for (i = 0; dsa->host.wake && i < dsa->cfg.engines; i++)
		dsa->host.wake(dsa->host.ctx, i);
}

/* Registers at their defaults; descriptors are dropped, by engines later. */
void dsa_hw_reset_locked(struct dsa_hw *dsa)
{
	unsigned int w;

	dsa_hw_abort_locked(dsa, UINT32_MAX, DSA_HW_ANY_PASID, dsa->next_seq,
			    DSA_HW_DROP_NOW);
	dsa->state = DSA_DEVICE_DISABLED;
	dsa->gencfg = 0;
	dsa->genctrl = 0;
	dsa->intcause = 0;
	dsa->handles = 0;
	memset(&dsa->swerr, 0, sizeof(dsa->swerr));
	memset(dsa->groups, 0, sizeof(dsa->groups));
	memset(dsa->msix_perm, 0, sizeof(dsa->msix_perm));
	for (w = 0; w < dsa->cfg.wqs; w++) {
		memset(&dsa->wqs[w], 0, sizeof(dsa->wqs[w]));
		dsa->wqs[w].state = DSA_WQ_DISABLED;
		dsa_hw_wq_mark_locked(dsa, w);
	}
}

static void dsa_hw_atcs_flush(struct dsa_hw *dsa)
{
	unsigned int i;

	for (i = 0; i < dsa->cfg.engines; i++)
		dsa_hw_atc_flush(dsa->engines[i]);
	for (i = 0; i < dsa->cfg.engines; i++) {
		if (!dsa_hw_quiet(dsa->engines[i]))
			dsa_hw_log(dsa, HW_LOG_GUEST_ERROR,
				   "dsa: an access in flight does not end");
	}
}

/*
 * Engines are told to drop what they have, and then looked at: either one sees
 * that before it accesses memory, or it is waited for until it has.
 */
static void dsa_hw_flr(void *ctx)
{
	struct dsa_hw *dsa = ctx;

	/* Before the flush: see dsa_hw_span(). */
	atomic_store_explicit(&dsa->ats_on, false, memory_order_relaxed);
	dsa->pasid_priv = false;
	dsa_hw_reset_locked(dsa);
	dsa->cmd.active = false;
	dsa->cmdstatus = 0;
	dsa_hw_atcs_flush(dsa);
	dsa_hw_wake_all_locked(dsa);
}

/*
 * Nothing cached outlives ATS. What else the device relies on may not change
 * while it is on: it halts, architecture 5.8.2. Page requests may be switched:
 * the function itself does after a Response Failure.
 */
static void dsa_hw_changed(void *ctx, const struct pcie_hw_state *before)
{
	struct dsa_hw *dsa = ctx;
	struct dsa_swerr err = { { 0 } };
	struct pcie_hw_state now;

	pcie_hw_state(&dsa->pcie, &now);
	/* Before the flush: see dsa_hw_span(). */
	atomic_store_explicit(&dsa->ats_on, now.ats, memory_order_relaxed);
	dsa->pasid_priv = now.pasid_priv;
	if (before->ats && !now.ats)
		dsa_hw_atcs_flush(dsa);
	dsa_hw_prg_failed_locked(dsa);

	if (before->bus_master == now.bus_master &&
	    before->pasid == now.pasid &&
	    before->pasid_priv == now.pasid_priv && before->ats == now.ats)
		return;
	if (dsa->state != DSA_DEVICE_ENABLED)
		return;
	dsa_hw_abort_locked(dsa, UINT32_MAX, DSA_HW_ANY_PASID, dsa->next_seq,
			    DSA_HW_DROP);
	dsa->state = DSA_DEVICE_HALTED;
	FIELD_SET(DSA_SWERR_ERROR, &err, DSA_SWERR_CONFIG_CHANGED);
	dsa_hw_swerr_locked(dsa, &err);
	dsa_hw_cause_locked(dsa, REG_CONST(DSA_INTCAUSE_HALT, 1),
			    REG_GET(DSA_GENCTRL_HALT_INT_EN, dsa->genctrl));
}

static const struct pcie_hw_ops dsa_hw_pcie_ops = {
	.flr = dsa_hw_flr,
	.changed = dsa_hw_changed,
};

static int dsa_hw_pcie_init(struct dsa_hw *dsa)
{
	const struct pcie_hw_cfg cfg = {
		.rid = dsa->cfg.rid,
		.vendor = DSA_PCI_VENDOR,
		.device = DSA_PCI_DEVICE,
		.class_code = DSA_PCI_CLASS,
		.bar_size = { dsa_hw_bar0_size(dsa), dsa_hw_bar2_size(dsa) },
		.msix_vectors = dsa->cfg.msix_vectors,
		.msix_bir = DSA_BAR_REGS,
		.msix_table = DSA_HW_MSIX_TABLE,
		.msix_pba = DSA_HW_MSIX_PBA,
		.pasid_bits = dsa->cfg.pasid_bits,
		.pasid_priv = true,
		.ats = dsa->cfg.ats,
		.pri = dsa->cfg.pri,
		.outstanding = dsa->cfg.outstanding,
	};

	return pcie_hw_init(&dsa->pcie, &cfg, &dsa_hw_pcie_ops, dsa, &dsa->env);
}

/*
 * What a driver would enable in configuration space is on. The registers behind
 * it are there, for the interrupts; nobody can reach them.
 */
static void dsa_hw_platform_on(struct dsa_hw *dsa)
{
	struct pcie_hw *pcie = &dsa->pcie;

	pcie_hw_cfg_write(pcie, PCIE_CFG_COMMAND, 2,
			  (uint32_t)(REG_CONST(PCIE_COMMAND_MEMORY, 1) |
				     REG_CONST(PCIE_COMMAND_BUS_MASTER, 1)));
	pcie_hw_cfg_write(pcie, pcie->msix + PCIE_MSIX_CTRL, 2,
			  (uint32_t)REG_CONST(PCIE_MSIX_CTRL_ENABLE, 1));
	if (pcie->pasid)
		pcie_hw_cfg_write(
			pcie, pcie->pasid + PCIE_PASID_CTRL, 2,
			(uint32_t)(REG_CONST(PCIE_PASID_CTRL_ENABLE, 1) |
				   REG_CONST(PCIE_PASID_CTRL_PRIV, 1)));
}

void dsa_hw_reset(struct dsa_hw *dsa)
{
	dsa_hw_lock(dsa);
	pcie_hw_reset(&dsa->pcie);
	dsa_hw_flr(dsa);
	if (dsa->cfg.platform)
		dsa_hw_platform_on(dsa);
	dsa_hw_unlock(dsa);
}

uint64_t dsa_hw_msi_table(const struct dsa_hw *dsa)
{
	(void)dsa;
	return DSA_HW_MSIX_TABLE;
}

static void dsa_hw_engine_init(struct dsa_hw *dsa, unsigned int index,
			       void *mem)
{
	struct dsa_hw_engine *eng = mem;
	struct dsa_hw_atc *atc = &eng->atc;

	eng->dsa = dsa;
	eng->index = index;
	atomic_init(&eng->cookie, index);
	eng->ended = DSA_HW_COOKIE_NONE;
	atc->entries = (struct dsa_hw_atc_entry *)(void *)(eng + 1);
	atc->sets_lg2 = dsa_hw_atc_lg2(&dsa->cfg) - ilog2(DSA_HW_ATC_WAYS);
	atc->noise = 0x9e3779b97f4a7c15 * (index + 1);
	dsa_hw_atc_clear(eng);
	dsa->env.lock_init(dsa->env.ctx, &atc->lock, HW_RANK_ATC, "dsa atc");
	dsa->iommu->ops->port_add(dsa->iommu, &eng->port);
	dsa->engines[index] = eng;
}

int dsa_hw_create(const struct dsa_hw_cfg *cfg, const struct hw_env *env,
		  const struct dsa_hw_host *host, struct iommu_hw *iommu,
		  void *mem, size_t mem_size, struct dsa_hw **ret_dsa)
{
	struct dsa_hw *dsa = mem;
	unsigned char *base = mem;
	size_t at = 0, need;
	unsigned int i;
	int err;

	if (!dsa_hw_cfg_valid(cfg) || mem_size < dsa_hw_size(cfg) ||
	    (uintptr_t)mem % 64)
		return -EINVAL;
	memset(mem, 0, dsa_hw_size(cfg));
	dsa_hw_part(&at, sizeof(*dsa));
	dsa->cfg = *cfg;
	dsa->env = *env;
	dsa->host = *host;
	dsa->iommu = iommu;
	dsa->entries =
		(struct dsa_hw_entry
			 *)(void *)(base +
				    dsa_hw_part(&at, sizeof(*dsa->entries) *
							     cfg->wq_entries));
	err = dsa_hw_pcie_init(dsa);
	if (err)
		return err;

	need = sizeof(struct dsa_hw_engine) +
	       (sizeof(struct dsa_hw_atc_entry) << dsa_hw_atc_lg2(cfg));
	env->lock_init(env->ctx, &dsa->lock, HW_RANK_DEVICE, "dsa");
	for (i = 0; i < cfg->engines; i++)
		dsa_hw_engine_init(dsa, i, base + dsa_hw_part(&at, need));
	if (cfg->platform) {
		dsa_hw_lock(dsa);
		dsa_hw_platform_on(dsa);
		dsa_hw_unlock(dsa);
	}
	*ret_dsa = dsa;
	return 0;
}

void dsa_hw_destroy(struct dsa_hw *dsa)
{
	const struct hw_env *env = &dsa->env;
	unsigned int i;

	for (i = 0; i < dsa->cfg.engines; i++) {
		dsa->iommu->ops->port_remove(dsa->iommu,
					     &dsa->engines[i]->port);
		env->lock_fini(env->ctx, &dsa->engines[i]->atc.lock);
	}
	env->lock_fini(env->ctx, &dsa->lock);
}

uint32_t dsa_hw_cfg_read(struct dsa_hw *dsa, unsigned int offset,
			 unsigned int size)
{
	uint32_t v;

	if (dsa->cfg.platform)
		return UINT32_MAX;
	dsa_hw_lock(dsa);
	v = pcie_hw_cfg_read(&dsa->pcie, offset, size);
	dsa_hw_unlock(dsa);
	return v;
}

void dsa_hw_cfg_write(struct dsa_hw *dsa, unsigned int offset,
		      unsigned int size, uint32_t value)
{
	if (dsa->cfg.platform)
		return;
	dsa_hw_lock(dsa);
	pcie_hw_cfg_write(&dsa->pcie, offset, size, value);
	/* A reset of page requests forgets groups without being a change. */
	if (!dsa->pcie.outstanding) {
		dsa_hw_prg_failed_locked(dsa);
		dsa_hw_cmd_poll_locked(dsa);
	}
	dsa_hw_unlock(dsa);
}

static uint64_t dsa_hw_read(_Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void dsa_hw_stats(struct dsa_hw *dsa, struct dsa_hw_stats *ret_stats)
{
	struct dsa_hw_stats s = {
		.atc_invalidations = dsa_hw_read(&dsa->atc_invalidations),
		.page_responses = dsa_hw_read(&dsa->page_responses),
		.interrupts = dsa_hw_read(&dsa->interrupts),
		.retries = dsa_hw_read(&dsa->retries),
		.resumes = dsa_hw_read(&dsa->resumes),
	};
	unsigned int i;

	for (i = 0; i < dsa->cfg.engines; i++) {
		struct dsa_hw_engine *eng = dsa->engines[i];

		s.descriptors += dsa_hw_read(&eng->descriptors);
		s.bytes += dsa_hw_read(&eng->bytes);
		s.atc_hits += dsa_hw_read(&eng->atc_hits);
		s.atc_misses += dsa_hw_read(&eng->atc_misses);
		s.ats_requests += dsa_hw_read(&eng->ats_requests);
		s.page_requests += dsa_hw_read(&eng->page_requests);
		s.page_groups += dsa_hw_read(&eng->page_groups);
		s.stalls += dsa_hw_read(&eng->stalls);
	}
	*ret_stats = s;
}
