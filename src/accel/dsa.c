/* SPDX-License-Identifier: MIT */
/* Bringing the accelerator up and down. */
#include "accel/accel.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"

#define DSA_TIMEOUT_MS 10000u

static int dsa_read_caps(struct dsa *dsa)
{
	const struct plat_mmio *m = &dsa->bar0;
	uint64_t gencap = mmio_read64(m, DSA_REG_GENCAP);
	uint64_t wqcap = mmio_read64(m, DSA_REG_WQCAP);
	uint64_t grpcap = mmio_read64(m, DSA_REG_GRPCAP);
	struct dsa_table_offsets t;

	if (REG_GET(DSA_VERSION_MAJOR, mmio_read32(m, DSA_REG_VERSION)) != 1)
		return -ENODEV;
	dsa->max_xfer_lg2 =
		(unsigned int)REG_GET(DSA_GENCAP_MAX_XFER_SHIFT, gencap);
	dsa->max_batch_lg2 =
		(unsigned int)REG_GET(DSA_GENCAP_MAX_BATCH_SHIFT, gencap);
	dsa->wq_count = (unsigned int)REG_GET(DSA_WQCAP_NUM_WQS, wqcap);
	dsa->wq_entries = (unsigned int)REG_GET(DSA_WQCAP_TOTAL_SIZE, wqcap);
	dsa->wqcfg_stride = 32u << REG_GET(DSA_WQCAP_WQCFG_SIZE, wqcap);
	dsa->group_count = (unsigned int)REG_GET(DSA_GRPCAP_NUM_GROUPS, grpcap);
	if (REG_GET(DSA_GRPCAP_RDBUF_CTRL, grpcap))
		dsa->read_buffers = REG_GET(DSA_GRPCAP_TOTAL_RDBUFS, grpcap);
	dsa->engine_count = (unsigned int)REG_GET(
		DSA_ENGCAP_NUM_ENGINES, mmio_read64(m, DSA_REG_ENGCAP));
	dsa->cmdcap = DSA_CMDCAP_DEFAULT;
	if (REG_GET(DSA_GENCAP_CMD_CAP, gencap))
		dsa->cmdcap = mmio_read32(m, DSA_REG_CMDCAP);

	t.dw[0] = mmio_read64(m, DSA_REG_TABLE_OFFSETS);
	t.dw[1] = mmio_read64(m, DSA_REG_TABLE_OFFSETS + 8);
	dsa->grpcfg = FIELD_GET(DSA_TABLE_OFFSETS_GRPCFG, &t) * DSA_TABLE_UNIT;
	dsa->wqcfg = FIELD_GET(DSA_TABLE_OFFSETS_WQCFG, &t) * DSA_TABLE_UNIT;

	if (!REG_GET(DSA_GENCAP_CONFIG_EN, gencap) || !dsa->wq_count ||
	    !dsa->wq_entries || !dsa->group_count || !dsa->engine_count ||
	    dsa->engine_count > 64)
		return -ENODEV;
	if (dsa->wq_count > DSA_MAX_WQS)
		dsa->wq_count = DSA_MAX_WQS;
	return 0;
}

/* The number by which descriptors name the completion vector. */
static int dsa_request_handle(struct dsa *dsa)
{
	dsa->int_handle = DSA_VECTOR_DONE;
	if (!(dsa->cmdcap & BIT(DSA_CMD_REQUEST_INT_HANDLE)))
		return 0;
	return dsa_cmd(dsa, DSA_CMD_REQUEST_INT_HANDLE, DSA_VECTOR_DONE,
		       &dsa->int_handle);
}

/*
 * All engines and queues in group 0, and the read buffers if they can be
 * assigned. The device is disabled.
 */
static void dsa_configure_group(struct dsa *dsa)
{
	uint64_t wqs = dsa->wq_count == 64 ? UINT64_MAX :
					     BIT(dsa->wq_count) - 1;
	uint64_t engines = dsa->engine_count == 64 ? UINT64_MAX :
						     BIT(dsa->engine_count) - 1;
	struct dsa_grpcfg group = { { 0 } };

	mmio_write64(&dsa->bar0, dsa->grpcfg + DSA_GRPCFG_OFF_WQS, wqs);
	mmio_write64(&dsa->bar0, dsa->grpcfg + DSA_GRPCFG_OFF_ENGINES, engines);
	FIELD_SET(DSA_GRPCFG_RDBUFS_ALLOWED, &group, dsa->read_buffers);
	mmio_write64(&dsa->bar0, dsa->grpcfg + DSA_GRPCFG_OFF_FLAGS,
		     group.dw[DSA_GRPCFG_OFF_FLAGS / 8]);
}

static int dsa_start_locked(struct dsa *dsa)
{
	int err;

	err = dsa_request_handle(dsa);
	if (err)
		return err;
	mmio_write32(&dsa->bar0, DSA_REG_GENCFG,
		     (uint32_t)REG_CONST(DSA_GENCFG_USER_INT_EN, 1));
	mmio_write32(&dsa->bar0, DSA_REG_GENCTRL,
		     (uint32_t)(REG_CONST(DSA_GENCTRL_SWERR_INT_EN, 1) |
				REG_CONST(DSA_GENCTRL_HALT_INT_EN, 1)));
	dsa_configure_group(dsa);
	return dsa_wq_share(dsa, 0);
}

static int dsa_reset(struct dsa *dsa)
{
	int err;

	plat_lock(dsa->plat, &dsa->lock);
	err = dsa_cmd(dsa, DSA_CMD_RESET_DEVICE, 0, NULL);
	plat_unlock(dsa->plat, &dsa->lock);
	return err;
}

static int dsa_start(struct dsa *dsa)
{
	int err;

	plat_lock(dsa->plat, &dsa->lock);
	err = dsa_start_locked(dsa);
	plat_unlock(dsa->plat, &dsa->lock);
	return err;
}

/* Someone may have enabled it before: then it is not ours to disable. */
static int dsa_enable_sva(struct dsa *dsa)
{
	int err;

	if (!iommu_dev_has_feature(dsa->dev, IOMMU_DEV_FEAT_SVA) ||
	    iommu_dev_feature_enabled(dsa->dev, IOMMU_DEV_FEAT_SVA))
		return 0;
	err = iommu_dev_enable_feature(dsa->dev, IOMMU_DEV_FEAT_SVA);
	dsa->sva_enabled = !err;
	return err;
}

static void dsa_disable_sva(struct dsa *dsa)
{
	if (dsa->sva_enabled &&
	    iommu_dev_disable_feature(dsa->dev, IOMMU_DEV_FEAT_SVA))
		plat_log(dsa->plat, PLAT_LOG_ERR,
			 "dsa: SVA cannot be disabled");
	dsa->sva_enabled = false;
}

static void dsa_init(struct dsa *dsa, const struct dsa_open_cfg *cfg,
		     const struct plat *plat)
{
	unsigned int i, ms = cfg->timeout_ms;

	dsa->plat = plat;
	dsa->dev = cfg->dev;
	dsa->pci = cfg->pci;
	dsa->msix_table = cfg->msi_table;
	dsa->reset = cfg->reset;
	dsa->reset_ctx = cfg->reset_ctx;
	dsa->bar0 = cfg->bar0;
	dsa->bar2 = cfg->bar2;
	dsa->timeout_ns = (ms ? ms : DSA_TIMEOUT_MS) * UINT64_C(1000000);
	plat_lock_init(plat, &dsa->lock, PLAT_LOCK_MUTEX, PLAT_RANK_ACCEL,
		       "dsa commands");
	plat_lock_init(plat, &dsa->sleep_lock, PLAT_LOCK_SPIN, PLAT_RANK_QUEUE,
		       "dsa sleepers");
	for (i = 0; i < DSA_MAX_WQS; i++) {
		dsa->wqs[i].dsa = dsa;
		dsa->wqs[i].index = i;
		plat_lock_init(plat, &dsa->wqs[i].lock, PLAT_LOCK_SPIN,
			       PLAT_RANK_QUEUE, "dsa queue");
	}
}

static void dsa_fini(struct dsa *dsa)
{
	const struct plat *plat = dsa->plat;
	unsigned int i;

	for (i = 0; i < DSA_MAX_WQS; i++)
		plat_lock_fini(plat, &dsa->wqs[i].lock);
	plat_lock_fini(plat, &dsa->sleep_lock);
	plat_lock_fini(plat, &dsa->lock);
	plat_free(plat, dsa);
}

int dsa_open(const struct dsa_open_cfg *cfg, struct dsa **ret_dsa)
{
	const struct plat *plat;
	struct dsa *dsa;
	int err;

	plat = iommu_system_plat(iommu_device_system(cfg->dev));
	if (!cfg->bar2.ops->write512)
		return -ENODEV;
	dsa = plat_zalloc(plat, sizeof(*dsa));
	if (!dsa)
		return -ENOMEM;
	dsa_init(dsa, cfg, plat);

	err = dsa_pci_open(dsa);
	if (!err)
		err = dsa_read_caps(dsa);
	if (err)
		goto err_fini;
	err = dsa_reset(dsa);
	if (err)
		goto err_fini;
	err = dsa_irq_open(dsa);
	if (err)
		goto err_fini;
	err = dsa_enable_sva(dsa);
	if (err)
		goto err_irq;
	err = dsa_start(dsa);
	if (err)
		goto err_sva;
	*ret_dsa = dsa;
	return 0;

err_sva:
	dsa_disable_sva(dsa);
err_irq:
	dsa_irq_close(dsa);
err_fini:
	dsa_fini(dsa);
	return err;
}

int dsa_close(struct dsa *dsa)
{
	unsigned int i;
	bool busy = false;

	plat_lock(dsa->plat, &dsa->lock);
	for (i = 0; i < dsa->wq_count; i++)
		busy = busy || dsa->wqs[i].open;
	/* A device that does not stop has been reset. */
	if (!busy && dsa_cmd(dsa, DSA_CMD_DISABLE_DEVICE, 0, NULL))
		plat_log(dsa->plat, PLAT_LOG_WARN,
			 "dsa: was not disabled in order");
	plat_unlock(dsa->plat, &dsa->lock);
	if (busy)
		return -EBUSY;
	dsa_disable_sva(dsa);
	dsa_irq_close(dsa);
	dsa_fini(dsa);
	return 0;
}

uint32_t dsa_max_transfer(const struct dsa *dsa)
{
	return UINT32_C(1) << dsa->max_xfer_lg2;
}

uint32_t dsa_max_batch(const struct dsa *dsa)
{
	return UINT32_C(1) << dsa->max_batch_lg2;
}
