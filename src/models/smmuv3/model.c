/* SPDX-License-Identifier: MIT */
/*
 * The SMMUv3 model as a whole: what it can be, creation, reset, counters.
 */
#include <stdarg.h>

#include "models/smmuv3/cmd.h"
#include "models/smmuv3/config.h"
#include "models/smmuv3/port.h"
#include "models/smmuv3/pri.h"
#include "models/smmuv3/queue.h"
#include "models/smmuv3/regs.h"
#include "models/smmuv3/stall.h"
#include "models/smmuv3/tlb.h"
#include "models/smmuv3/translate.h"

enum {
	TLB_LG2_DEFAULT = 12,
	TLB_LG2_MIN = 6,
	TLB_LG2_MAX = 20,
	EAGER_PERIOD_DEFAULT = 64,
};

void smmuv3_hw_cfg_default(struct smmuv3_hw_cfg *ret_cfg)
{
	*ret_cfg = (struct smmuv3_hw_cfg){
		.idr = {
			REG_CONST(SMMU_IDR0_S1P, 1) |
			REG_CONST(SMMU_IDR0_TTF, SMMU_IDR0_TTF_AARCH64) |
			REG_CONST(SMMU_IDR0_COHACC, 1) |
			REG_CONST(SMMU_IDR0_HTTU, SMMU_IDR0_HTTU_AF_DIRTY) |
			REG_CONST(SMMU_IDR0_ATS, 1) |
			REG_CONST(SMMU_IDR0_ASID16, 1) |
			REG_CONST(SMMU_IDR0_MSI, 1) |
			REG_CONST(SMMU_IDR0_PRI, 1) |
			REG_CONST(SMMU_IDR0_CD2L, 1) |
			REG_CONST(SMMU_IDR0_TTENDIAN,
				  SMMU_IDR0_TTENDIAN_LE) |
			REG_CONST(SMMU_IDR0_ATSRECERR, 1) |
			REG_CONST(SMMU_IDR0_STALL_MODEL,
				  SMMU_IDR0_STALL_MODEL_NONE) |
			REG_CONST(SMMU_IDR0_TERM_MODEL, 1) |
			REG_CONST(SMMU_IDR0_ST_LEVEL,
				  SMMU_IDR0_ST_LEVEL_2LVL),
			REG_CONST(SMMU_IDR1_SIDSIZE, 16) |
			REG_CONST(SMMU_IDR1_SSIDSIZE, 20) |
			REG_CONST(SMMU_IDR1_PRIQS, SMMU_IDR1_QS_MAX) |
			REG_CONST(SMMU_IDR1_EVENTQS, SMMU_IDR1_QS_MAX) |
			REG_CONST(SMMU_IDR1_CMDQS, SMMU_IDR1_QS_MAX) |
			REG_CONST(SMMU_IDR1_ATTR_PERMS_OVR, 1),
			0,
			REG_CONST(SMMU_IDR3_HAD, 1) |
			REG_CONST(SMMU_IDR3_STT, 1) |
			REG_CONST(SMMU_IDR3_RIL, 1) |
			REG_CONST(SMMU_IDR3_BBML, 2),
			0,
			REG_CONST(SMMU_IDR5_OAS, SMMU_PS_48) |
			REG_CONST(SMMU_IDR5_GRAN4K, 1),
		},
		.aidr = SMMU_AIDR_V3_2,
		.personality = HW_STRICT,
	};
}

/*
 * What may be announced, as a mask per register. A bit is here if the parts of
 * the model that it asks for are there:
 *
 *  S2P, VMID16, VMW, HYP, NS1ATS     walk.c, translate.c, ats.c, tlbi.c
 *  FWB, XNX, PTWNNC                  the same, of stage 2
 *  GRAN16K, GRAN64K, VAX, DS, OAS    walk.c, and what legal.c makes of them
 *  TERM_MODEL 0, STALL_MODEL         translate.c, stall.c
 *
 * The rest is not there: AArch32 and 128-bit tables, big-endian tables, BTM,
 * ATOS, MPAM, DPT, RME, ECMDQ, preset tables and queues, memory type
 * overrides, and what SMMUv3.3 and 3.4 add. That a version makes some feature
 * mandatory is not checked: an SMMU without it is one more to test with.
 */
static const uint32_t announceable[6] = {
	FIELD_MASK(SMMU_IDR0_S2P) | FIELD_MASK(SMMU_IDR0_S1P) |
		FIELD_MASK(SMMU_IDR0_TTF) | FIELD_MASK(SMMU_IDR0_COHACC) |
		FIELD_MASK(SMMU_IDR0_HTTU) | FIELD_MASK(SMMU_IDR0_HYP) |
		FIELD_MASK(SMMU_IDR0_ATS) | FIELD_MASK(SMMU_IDR0_NS1ATS) |
		FIELD_MASK(SMMU_IDR0_ASID16) | FIELD_MASK(SMMU_IDR0_MSI) |
		FIELD_MASK(SMMU_IDR0_SEV) | FIELD_MASK(SMMU_IDR0_PRI) |
		FIELD_MASK(SMMU_IDR0_VMW) | FIELD_MASK(SMMU_IDR0_VMID16) |
		FIELD_MASK(SMMU_IDR0_CD2L) | FIELD_MASK(SMMU_IDR0_TTENDIAN) |
		FIELD_MASK(SMMU_IDR0_ATSRECERR) |
		FIELD_MASK(SMMU_IDR0_STALL_MODEL) |
		FIELD_MASK(SMMU_IDR0_TERM_MODEL) |
		FIELD_MASK(SMMU_IDR0_ST_LEVEL),
	FIELD_MASK(SMMU_IDR1_SIDSIZE) | FIELD_MASK(SMMU_IDR1_SSIDSIZE) |
		FIELD_MASK(SMMU_IDR1_PRIQS) | FIELD_MASK(SMMU_IDR1_EVENTQS) |
		FIELD_MASK(SMMU_IDR1_CMDQS) |
		FIELD_MASK(SMMU_IDR1_ATTR_PERMS_OVR),
	0,
	FIELD_MASK(SMMU_IDR3_HAD) | FIELD_MASK(SMMU_IDR3_XNX) |
		FIELD_MASK(SMMU_IDR3_PPS) | FIELD_MASK(SMMU_IDR3_FWB) |
		FIELD_MASK(SMMU_IDR3_STT) | FIELD_MASK(SMMU_IDR3_RIL) |
		FIELD_MASK(SMMU_IDR3_BBML) | FIELD_MASK(SMMU_IDR3_PTWNNC),
	UINT32_MAX,
	FIELD_MASK(SMMU_IDR5_OAS) | FIELD_MASK(SMMU_IDR5_GRAN4K) |
		FIELD_MASK(SMMU_IDR5_GRAN16K) | FIELD_MASK(SMMU_IDR5_GRAN64K) |
		FIELD_MASK(SMMU_IDR5_DS) | FIELD_MASK(SMMU_IDR5_VAX) |
		FIELD_MASK(SMMU_IDR5_STALL_MAX),
};

#define HAS(n, f) REG_GET(SMMU_IDR##n##_##f, idr[n])

/* 6.3.6: STALL_MAX is there if something can stall. */
static bool stall_valid(const uint32_t *idr)
{
	switch (HAS(0, STALL_MODEL)) {
	case SMMU_IDR0_STALL_MODEL_NONE:
		return !HAS(5, STALL_MAX);
	case SMMU_IDR0_STALL_MODEL_BOTH:
	case SMMU_IDR0_STALL_MODEL_FORCE:
		return HAS(5, STALL_MAX);
	default:
		return false;
	}
}

/* Fields with more than two values. */
static bool values_valid(const uint32_t *idr)
{
	return HAS(0, TTF) == SMMU_IDR0_TTF_AARCH64 &&
	       HAS(0, HTTU) <= SMMU_IDR0_HTTU_AF_DIRTY &&
	       HAS(0, TTENDIAN) == SMMU_IDR0_TTENDIAN_LE &&
	       HAS(0, ST_LEVEL) <= SMMU_IDR0_ST_LEVEL_2LVL &&
	       HAS(1, SIDSIZE) <= SMMU_IDR1_SIDSIZE_MAX &&
	       HAS(1, SSIDSIZE) <= SMMU_IDR1_SSIDSIZE_MAX &&
	       HAS(1, CMDQS) <= SMMU_IDR1_QS_MAX &&
	       HAS(1, EVENTQS) <= SMMU_IDR1_QS_MAX &&
	       HAS(1, PRIQS) <= SMMU_IDR1_QS_MAX && HAS(3, BBML) <= 2 &&
	       HAS(5, OAS) <= SMMU_PS_52 && HAS(5, VAX) <= SMMU_IDR5_VAX_52;
}

/* 6.3.1 to 6.3.4: what is RES0, or asked for, because of something else. */
static bool features_valid(const uint32_t *idr)
{
	bool s1 = HAS(0, S1P), s2 = HAS(0, S2P), ats = HAS(0, ATS);

	if (!s1 && !s2)
		return false;
	if ((HAS(0, HYP) && !(s1 && s2)) ||
	    (HAS(0, NS1ATS) && !(ats && s1 && s2)))
		return false;
	if ((HAS(0, PRI) || HAS(0, ATSRECERR)) && !ats)
		return false;
	if (HAS(3, PPS) && !(HAS(0, PRI) && HAS(1, SSIDSIZE)))
		return false;
	if (HAS(1, SIDSIZE) >= 7 && !HAS(0, ST_LEVEL))
		return false;
	if (HAS(3, HAD) && !s1)
		return false;
	return s2 ||
	       !(HAS(0, VMW) || HAS(3, XNX) || HAS(3, PTWNNC) || HAS(3, FWB));
}

/* 6.3.6: granules, and what has to be there for more than 48 bits. */
static bool addresses_valid(const uint32_t *idr, uint32_t aidr)
{
	bool small = HAS(5, GRAN4K) || HAS(5, GRAN16K);
	bool wide = HAS(5, GRAN64K) || HAS(5, DS);

	if (!small && !HAS(5, GRAN64K))
		return false;
	if (HAS(5, DS) && !(small && HAS(5, VAX)))
		return false;
	if (!HAS(5, VAX) && HAS(5, OAS) < SMMU_PS_52)
		return true;
	return wide && aidr >= SMMU_AIDR_V3_1;
}

static bool cfg_valid(const struct smmuv3_hw_cfg *cfg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(announceable); i++)
		if (cfg->idr[i] & ~announceable[i])
			return false;
	return values_valid(cfg->idr) && features_valid(cfg->idr) &&
	       addresses_valid(cfg->idr, cfg->aidr) && stall_valid(cfg->idr) &&
	       cfg->aidr <= SMMU_AIDR_V3_2 &&
	       (cfg->personality == HW_STRICT ||
		cfg->personality == HW_EAGER) &&
	       (!cfg->tlb_lg2 ||
		(cfg->tlb_lg2 >= TLB_LG2_MIN && cfg->tlb_lg2 <= TLB_LG2_MAX));
}

static unsigned int tlb_lg2(const struct smmuv3_hw_cfg *cfg)
{
	return cfg->tlb_lg2 ? cfg->tlb_lg2 : TLB_LG2_DEFAULT;
}

size_t smmuv3_hw_size(const struct smmuv3_hw_cfg *cfg)
{
	if (!cfg_valid(cfg))
		return 0;
	return sizeof(struct smmuv3_hw) + smmuv3_hw_tlb_room(tlb_lg2(cfg));
}

static bool env_complete(const struct hw_env *env)
{
	return env->mem_write && env->mem_load64 && env->mem_cas64 &&
	       env->msi && env->wire && env->lock_init && env->lock_fini &&
	       env->lock && env->unlock && env->relax && env->now_ns;
}

/* The whole of it under the lock, or before there is one. */
static void cold(struct smmuv3_hw *m)
{
	smmuv3_hw_regs_reset(m);
	smmuv3_hw_config_flush(m);
	smmuv3_hw_tlb_flush(m);
	smmuv3_hw_stall_abort(m, 0, 0);
	m->cmd.epoch++;
	m->cmd.atc_pending = 0;
	m->cmd.atc_failed = false;
	m->evtq.written = false;
	m->sfm = false;
}

static void reset(struct iommu_hw *hw)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);

	smmuv3_hw_lock(m);
	cold(m);
	smmuv3_hw_drain(m);
	smmuv3_hw_stall_deliver(m);
	smmuv3_hw_unlock(m);
}

void smmuv3_hw_fail(struct iommu_hw *hw)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);

	smmuv3_hw_lock(m);
	m->sfm = true;
	/* No transaction finds its context again. */
	smmuv3_hw_ctx_drop(m, 0, 0);
	smmuv3_hw_stall_abort(m, 0, 0);
	smmuv3_hw_gerror(m, SMMU_GERROR_SFM_ERR_LO);
	smmuv3_hw_drain(m);
	smmuv3_hw_stall_deliver(m);
	smmuv3_hw_unlock(m);
}

static void stats(struct iommu_hw *hw, struct iommu_hw_stats *ret_stats)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);

	smmuv3_hw_lock(m);
	*ret_stats = m->stats;
	hw_ports_sum(&m->ports, ret_stats);
	smmuv3_hw_unlock(m);
}

static const struct iommu_hw_ops ops = {
	.mmio_read = smmuv3_hw_mmio_read,
	.mmio_write = smmuv3_hw_mmio_write,
	.port_add = smmuv3_hw_port_add,
	.port_remove = smmuv3_hw_port_remove,
	.translate = smmuv3_hw_translate,
	.ats_translate = smmuv3_hw_ats_translate,
	.page_request = smmuv3_hw_page_request,
	.ats_inv_complete = smmuv3_hw_ats_inv_complete,
	.reset = reset,
	.stats = stats,
};

static void caches_init(struct smmuv3_hw *m)
{
	m->ste_cache = (struct smmuv3_hw_cache){ m->ste_key, STE_LG2, 0 };
	m->l1std_cache = (struct smmuv3_hw_cache){ m->l1std_key, L1STD_LG2, 0 };
	m->cd_cache = (struct smmuv3_hw_cache){ m->cd_key, CD_LG2, 0 };
	m->l1cd_cache = (struct smmuv3_hw_cache){ m->l1cd_key, L1CD_LG2, 0 };
}

int smmuv3_hw_create(const struct smmuv3_hw_cfg *cfg, const struct hw_env *env,
		     const struct hw_bus *bus, void *mem, size_t mem_size,
		     struct iommu_hw **ret_hw)
{
	static const uint8_t oas_lg2[] = { 32, 36, 40, 42, 44, 48, 52 };
	size_t size = smmuv3_hw_size(cfg);
	struct smmuv3_hw *m = mem;

	if (!size || mem_size < size || !is_aligned((uintptr_t)mem, 64))
		return -EINVAL;
	if (!env_complete(env))
		return -EINVAL;
	if (bus && (!bus->ats_invalidate || !bus->prg_response))
		return -EINVAL;
	if (REG_GET(SMMU_IDR0_STALL_MODEL, cfg->idr[0]) !=
		    SMMU_IDR0_STALL_MODEL_NONE &&
	    (!bus || !bus->resume))
		return -EINVAL;
	memset(m, 0, size);
	m->hw.ops = &ops;
	m->hw.mmio_size = SMMU_REGS_SIZE;
	m->env = *env;
	m->has_bus = bus;
	if (bus)
		m->bus = *bus;
	m->cfg = *cfg;
	if (!m->cfg.eager_period)
		m->cfg.eager_period = EAGER_PERIOD_DEFAULT;
	m->oas_lg2 = oas_lg2[IDR(m, 5, OAS)];
	m->perms_ovr = IDR(m, 1, ATTR_PERMS_OVR);
	caches_init(m);
	smmuv3_hw_tlb_init(m, tlb_lg2(cfg));
	smmuv3_hw_regs_init(m);
	cold(m);
	m->env.lock_init(m->env.ctx, &m->lock, HW_RANK_IOMMU, "smmuv3");
	hw_ports_init(&m->ports, &m->env, &m->lock);
	*ret_hw = &m->hw;
	return 0;
}

void smmuv3_hw_destroy(struct iommu_hw *hw)
{
	struct smmuv3_hw *m = smmuv3_hw_of(hw);

	m->env.lock_fini(m->env.ctx, &m->lock);
}

void smmuv3_hw_log(struct smmuv3_hw *m, enum hw_log_level level,
		   const char *fmt, ...)
{
	va_list ap;

	if (!m->env.log)
		return;
	va_start(ap, fmt);
	m->env.log(m->env.ctx, level, fmt, ap);
	va_end(ap);
}
