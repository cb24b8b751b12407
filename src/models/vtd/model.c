/* SPDX-License-Identifier: MIT */
/*
 * The VT-d model as a whole: what it can be, creation, reset, counters.
 */
#include <stdarg.h>

#include "models/vtd/config.h"
#include "models/vtd/port.h"
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
			REG_CONST(VTD_ECAP_ERS, 1) |
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

static bool cfg_valid(const struct vtd_hw_cfg *cfg)
{
	return (cfg->personality == HW_STRICT ||
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

static uint64_t mmio_read(struct iommu_hw *hw, uint64_t offset,
			  unsigned int size)
{
	(void)hw, (void)offset, (void)size;
	return 0;
}

static void mmio_write(struct iommu_hw *hw, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	(void)hw, (void)offset, (void)size, (void)value;
}

bool vtd_hw_pmr_blocks(const struct vtd_hw *m, uint64_t addr, uint64_t len)
{
	(void)m, (void)addr, (void)len;
	return false;
}

void vtd_hw_fault(struct vtd_hw *m, const struct vtd_hw_fault *fault)
{
	(void)fault;
	m->stats.events++;
}

static void page_request(struct iommu_hw *hw, const struct hw_page_request *req)
{
	(void)hw, (void)req;
}

static void ats_inv_complete(struct iommu_hw *hw, uint64_t cookie, bool ok)
{
	(void)hw, (void)cookie, (void)ok;
}

/* The whole of it under the lock, or before there is one. */
static void cold(struct vtd_hw *m)
{
	atomic_store_explicit(&m->root, 0, memory_order_relaxed);
	vtd_hw_xlat_flush(m);
}

static void reset(struct iommu_hw *hw)
{
	struct vtd_hw *m = vtd_hw_of(hw);

	vtd_hw_lock(m);
	cold(m);
	vtd_hw_drain(m);
	vtd_hw_unlock(m);
}

static void stats(struct iommu_hw *hw, struct iommu_hw_stats *ret_stats)
{
	struct vtd_hw *m = vtd_hw_of(hw);

	vtd_hw_lock(m);
	*ret_stats = m->stats;
	vtd_hw_port_sum(m, ret_stats);
	vtd_hw_unlock(m);
}

static const struct iommu_hw_ops ops = {
	.mmio_read = mmio_read,
	.mmio_write = mmio_write,
	.port_add = vtd_hw_port_add,
	.port_remove = vtd_hw_port_remove,
	.translate = vtd_hw_translate,
	.ats_translate = vtd_hw_ats_translate,
	.page_request = page_request,
	.ats_inv_complete = ats_inv_complete,
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
	m->hw.mmio_size = 4096;
	m->env = *env;
	m->has_bus = bus;
	if (bus)
		m->bus = *bus;
	m->cfg = completed(cfg);
	m->haw_mask = BIT(m->cfg.haw) - 1;
	vtd_hw_xlat_init(m, m->room);
	cold(m);
	m->env.lock_init(m->env.ctx, &m->lock, HW_RANK_IOMMU, "vtd");
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
