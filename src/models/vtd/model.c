/* SPDX-License-Identifier: MIT */
/*
 * The VT-d model as a whole: what it can be, creation, reset, counters.
 */
#include <stdarg.h>

#include "models/vtd/config.h"
#include "models/vtd/fault.h"
#include "models/vtd/intremap.h"
#include "models/vtd/inval.h"
#include "models/vtd/port.h"
#include "models/vtd/prq.h"
#include "models/vtd/regs.h"
#include "models/vtd/tlb.h"
#include "models/vtd/translate.h"

enum {
	IOTLB_LG2_DEFAULT = 12,
	IOTLB_LG2_MIN = 6,
	IOTLB_LG2_MAX = 20,
	EAGER_PERIOD_DEFAULT = 64,
	HAW_MIN = 32,
	HAW_MAX = 52,
};

/* Where the default unit has its moving registers. */
enum { DEFAULT_IRO = 0x50, DEFAULT_FRO = 0x60 };

void vtd_hw_cfg_default(struct vtd_hw_cfg *ret_cfg)
{
	*ret_cfg = (struct vtd_hw_cfg){
		.ver = REG_CONST(VTD_VER_MAX, 6),
		.cap = REG_CONST(VTD_CAP_ND, 6) |
		       REG_CONST(VTD_CAP_SAGAW, VTD_CAP_SAGAW_39 |
							VTD_CAP_SAGAW_48 |
							VTD_CAP_SAGAW_57) |
		       REG_CONST(VTD_CAP_MGAW, 56) | REG_CONST(VTD_CAP_ZLR, 1) |
		       REG_CONST(VTD_CAP_FRO, DEFAULT_FRO) |
		       REG_CONST(VTD_CAP_SSLPS,
				 VTD_CAP_SSLPS_2M | VTD_CAP_SSLPS_1G) |
		       REG_CONST(VTD_CAP_PSI, 1) | REG_CONST(VTD_CAP_NFR, 7) |
		       REG_CONST(VTD_CAP_MAMV, 18) | REG_CONST(VTD_CAP_DWD, 1) |
		       REG_CONST(VTD_CAP_DRD, 1) | REG_CONST(VTD_CAP_FS1GP, 1) |
		       REG_CONST(VTD_CAP_FS5LP, 1) |
		       REG_CONST(VTD_CAP_ESIRTPS, 1) |
		       REG_CONST(VTD_CAP_ESRTPS, 1),
		.ecap = REG_CONST(VTD_ECAP_C, 1) | REG_CONST(VTD_ECAP_QI, 1) |
			REG_CONST(VTD_ECAP_DT, 1) | REG_CONST(VTD_ECAP_IR, 1) |
			REG_CONST(VTD_ECAP_EIM, 1) | REG_CONST(VTD_ECAP_PT, 1) |
			REG_CONST(VTD_ECAP_SC, 1) |
			REG_CONST(VTD_ECAP_IRO, DEFAULT_IRO) |
			REG_CONST(VTD_ECAP_MHMV, 15) |
			REG_CONST(VTD_ECAP_NEST, 1) |
			REG_CONST(VTD_ECAP_PRS, 1) |
			REG_CONST(VTD_ECAP_SRS, 1) |
			REG_CONST(VTD_ECAP_NWFS, 1) |
			REG_CONST(VTD_ECAP_EAFS, 1) |
			REG_CONST(VTD_ECAP_PSS, 19) |
			REG_CONST(VTD_ECAP_PASID, 1) |
			REG_CONST(VTD_ECAP_PDS, 1) |
			REG_CONST(VTD_ECAP_SMTS, 1) |
			REG_CONST(VTD_ECAP_SSADS, 1) |
			REG_CONST(VTD_ECAP_SSTS, 1) |
			REG_CONST(VTD_ECAP_FSTS, 1) |
			REG_CONST(VTD_ECAP_SMPWCS, 1) |
			REG_CONST(VTD_ECAP_RPS, 1),
		.personality = HW_STRICT,
	};
}

#define MASK(name) FIELD_MASK(VTD_##name)

/*
 * What may be announced. Caching mode asks something of software, and nothing
 * of the model. The rest is not there: advanced fault logging, write buffers,
 * posted interrupts, enhanced and virtual commands,
 * memory types, performance monitoring, TDX, and what revision 5 adds. That a
 * version makes some feature mandatory is not checked: a unit without it is
 * one more to test with.
 */
static const uint64_t cap_announceable =
	MASK(CAP_ND) | MASK(CAP_PLMR) | MASK(CAP_PHMR) | MASK(CAP_SAGAW) |
	MASK(CAP_MGAW) | MASK(CAP_ZLR) | MASK(CAP_FRO) | MASK(CAP_SSLPS) |
	MASK(CAP_CM) | MASK(CAP_PSI) | MASK(CAP_NFR) | MASK(CAP_MAMV) |
	MASK(CAP_DWD) | MASK(CAP_DRD) | MASK(CAP_FS1GP) | MASK(CAP_FS5LP) |
	MASK(CAP_ESIRTPS) | MASK(CAP_ESRTPS);

static const uint64_t ecap_announceable =
	MASK(ECAP_C) | MASK(ECAP_QI) | MASK(ECAP_DT) | MASK(ECAP_IR) |
	MASK(ECAP_EIM) | MASK(ECAP_PT) | MASK(ECAP_SC) | MASK(ECAP_IRO) |
	MASK(ECAP_MHMV) | MASK(ECAP_NEST) | MASK(ECAP_PRS) | MASK(ECAP_ERS) |
	MASK(ECAP_SRS) | MASK(ECAP_NWFS) | MASK(ECAP_EAFS) | MASK(ECAP_PSS) |
	MASK(ECAP_PASID) | MASK(ECAP_DIT) | MASK(ECAP_PDS) | MASK(ECAP_SMTS) |
	MASK(ECAP_SSADS) | MASK(ECAP_SSTS) | MASK(ECAP_FSTS) |
	MASK(ECAP_SMPWCS) | MASK(ECAP_RPS) | MASK(ECAP_ADMS) |
	MASK(ECAP_RPRIVS);

#define C(f) REG_GET(VTD_CAP_##f, cfg->cap)
#define E(f) REG_GET(VTD_ECAP_##f, cfg->ecap)

/* Fields with more than two values. */
static bool values_valid(const struct vtd_hw_cfg *cfg)
{
	const uint64_t widths = VTD_CAP_SAGAW_39 | VTD_CAP_SAGAW_48 |
				VTD_CAP_SAGAW_57;

	return cfg->ver && !(cfg->ver & ~FIELD_DEFINED(VTD_VER_FIELDS, 0)) &&
	       C(ND) <= 6 && C(SAGAW) && !(C(SAGAW) & ~widths) &&
	       C(MGAW) < 57 &&
	       !(C(SSLPS) & ~(uint64_t)(VTD_CAP_SSLPS_2M | VTD_CAP_SSLPS_1G)) &&
	       E(PSS) < VTD_PASID_BITS;
}

/* A feature is announced, but not what it is part of. */
static bool features_valid(const struct vtd_hw_cfg *cfg)
{
	bool scalable_only = E(NEST) || E(PRS) || E(ERS) || E(SRS) || E(EAFS) ||
			     E(PSS) || E(PASID) || E(SSADS) || E(SSTS) ||
			     E(FSTS) || E(SMPWCS) || E(RPS) || E(RPRIVS);

	if (scalable_only && !E(SMTS))
		return false;
	if ((E(SMTS) || E(DT) || E(IR) || E(ADMS)) && !E(QI))
		return false;
	/* From version 6 on the queue is the only way to invalidate. */
	if (REG_GET(VTD_VER_MAX, cfg->ver) >= 6 && !E(QI))
		return false;
	if ((E(PRS) || E(DIT)) && !E(DT))
		return false;
	if ((E(PSS) || E(ERS) || E(SRS)) && !E(PASID))
		return false;
	return !(E(EIM) && !E(IR)) && !(E(PDS) && !E(PRS)) &&
	       !(E(NEST) && !(E(FSTS) && E(SSTS))) && !(E(SSADS) && !E(SSTS)) &&
	       !(E(EAFS) && !E(FSTS)) && !((C(FS1GP) || C(FS5LP)) && !E(FSTS));
}

static bool cfg_valid(const struct vtd_hw_cfg *cfg)
{
	return !(cfg->cap & ~cap_announceable) &&
	       !(cfg->ecap & ~ecap_announceable) && values_valid(cfg) &&
	       features_valid(cfg) && vtd_hw_regs_size(cfg) &&
	       (cfg->personality == HW_STRICT ||
		cfg->personality == HW_EAGER) &&
	       (!cfg->haw || (cfg->haw >= HAW_MIN && cfg->haw <= HAW_MAX)) &&
	       (!cfg->iotlb_lg2 || (cfg->iotlb_lg2 >= IOTLB_LG2_MIN &&
				    cfg->iotlb_lg2 <= IOTLB_LG2_MAX));
}

static struct vtd_hw_cfg completed(const struct vtd_hw_cfg *cfg)
{
	struct vtd_hw_cfg full = *cfg;

	if (!full.haw)
		full.haw = HAW_MAX;
	if (!full.eager_period)
		full.eager_period = EAGER_PERIOD_DEFAULT;
	if (!full.iotlb_lg2)
		full.iotlb_lg2 = IOTLB_LG2_DEFAULT;
	return full;
}

size_t vtd_hw_size(const struct vtd_hw_cfg *cfg)
{
	struct vtd_hw_cfg full;

	if (!cfg_valid(cfg))
		return 0;
	full = completed(cfg);
	return sizeof(struct vtd_hw) + vtd_hw_xlat_room(&full);
}

static bool env_complete(const struct hw_env *env)
{
	return env->mem_write && env->mem_load64 && env->mem_cas64 &&
	       env->msi && env->lock_init && env->lock_fini && env->lock &&
	       env->unlock && env->relax && env->now_ns;
}

/* The whole of it under the lock, or before there is one. */
static void cold(struct vtd_hw *m)
{
	vtd_hw_regs_reset(m);
	m->irta = 0;
	vtd_hw_root_restore(m, 0);
	vtd_hw_xlat_flush(m);
	vtd_hw_iec_flush(m);
	vtd_hw_inval_reset(m);
}

static void reset(struct iommu_hw *hw)
{
	struct vtd_hw *m = vtd_hw_of(hw);

	vtd_hw_lock(m);
	cold(m);
	(void)vtd_hw_drain(m);
	vtd_hw_unlock(m);
}

static void stats(struct iommu_hw *hw, struct iommu_hw_stats *ret_stats)
{
	struct vtd_hw *m = vtd_hw_of(hw);

	vtd_hw_lock(m);
	*ret_stats = m->stats;
	hw_ports_sum(&m->ports, ret_stats);
	vtd_hw_unlock(m);
}

static const struct iommu_hw_ops ops = {
	.mmio_read = vtd_hw_mmio_read,
	.mmio_write = vtd_hw_mmio_write,
	.port_add = vtd_hw_port_add,
	.port_remove = vtd_hw_port_remove,
	.translate = vtd_hw_translate,
	.ats_translate = vtd_hw_ats_translate,
	.page_request = vtd_hw_page_request,
	.ats_inv_complete = vtd_hw_ats_inv_complete,
	.reset = reset,
	.stats = stats,
};

int vtd_hw_create(const struct vtd_hw_cfg *cfg, const struct hw_env *env,
		  const struct hw_bus *bus, void *mem, size_t mem_size,
		  struct iommu_hw **ret_hw)
{
	size_t size = vtd_hw_size(cfg);
	struct vtd_hw *m = mem;

	if (!size || mem_size < size || !is_aligned((uintptr_t)mem, 64))
		return -EINVAL;
	if (!env_complete(env))
		return -EINVAL;
	if (bus && (!bus->ats_invalidate || !bus->prg_response))
		return -EINVAL;
	memset(m, 0, size);
	m->hw.ops = &ops;
	m->hw.mmio_size = vtd_hw_regs_size(cfg);
	m->env = *env;
	m->has_bus = bus;
	if (bus)
		m->bus = *bus;
	m->cfg = completed(cfg);
	m->haw_mask = BIT(m->cfg.haw) - 1;
	vtd_hw_regs_init(m);
	vtd_hw_xlat_init(m, m->room);
	cold(m);
	m->env.lock_init(m->env.ctx, &m->lock, HW_RANK_IOMMU, "vtd");
	hw_ports_init(&m->ports, &m->env, &m->lock);
	*ret_hw = &m->hw;
	return 0;
}

void vtd_hw_destroy(struct iommu_hw *hw)
{
	struct vtd_hw *m = vtd_hw_of(hw);

	m->env.lock_fini(m->env.ctx, &m->lock);
}

void vtd_hw_log(struct vtd_hw *m, enum hw_log_level level, const char *fmt, ...)
{
	va_list ap;

	if (!m->env.log)
		return;
	va_start(ap, fmt);
	m->env.log(m->env.ctx, level, fmt, ap);
	va_end(ap);
}
