/* SPDX-License-Identifier: MIT */
#include "tests/drivers/vtd_hwbench.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/testenv.h"

static int bus_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	struct vtdhw *h = ctx;

	atomic_fetch_add(&h->invs, 1);
	h->last_inv = *inv;
	if (inv->requester != h->sid || h->atc == VTDHW_ANSWERS)
		return 0;
	if (h->atc == VTDHW_NEVER)
		return -ETIMEDOUT;
	pthread_mutex_lock(&h->lock);
	assert_true(h->pending < 64);
	h->cookies[h->pending++] = cookie;
	pthread_mutex_unlock(&h->lock);
	return -EINPROGRESS;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct vtdhw *h = ctx;

	h->last_response = *resp;
	atomic_fetch_add(&h->responses, 1);
}

static void answer_one(struct vtdhw *h)
{
	bool any;
	uint64_t cookie = 0;

	pthread_mutex_lock(&h->lock);
	any = h->pending != 0;
	if (any)
		cookie = h->cookies[--h->pending];
	pthread_mutex_unlock(&h->lock);
	if (any)
		h->hw->ops->ats_inv_complete(h->hw, cookie, true);
}

static uint32_t mmio_r32(void *dev, uint64_t off)
{
	struct vtdhw *h = dev;
	uint32_t v = (uint32_t)h->hw->ops->mmio_read(h->hw, off, 4);

	if (off == VTD_FSTS)
		answer_one(h);
	return v;
}

static uint64_t mmio_r64(void *dev, uint64_t off)
{
	struct vtdhw *h = dev;

	return h->hw->ops->mmio_read(h->hw, off, 8);
}

static void mmio_w32(void *dev, uint64_t off, uint32_t v)
{
	struct vtdhw *h = dev;

	h->hw->ops->mmio_write(h->hw, off, 4, v);
}

static void mmio_w64(void *dev, uint64_t off, uint64_t v)
{
	struct vtdhw *h = dev;

	h->hw->ops->mmio_write(h->hw, off, 8, v);
}

static const struct plat_mmio_ops mmio_ops = {
	mmio_r32, mmio_r64, mmio_w32, mmio_w64, NULL, NULL,
};

void vtdhw_init(struct vtdhw *h)
{
	memset(h, 0, sizeof(*h));
	testplat_init(&h->tp);
	pthread_mutex_init(&h->lock, NULL);
	vtd_hw_cfg_default(&h->cfg);
	assert_int_equal(iommu_system_create(&h->tp.plat, NULL, &h->sys), 0);
}

static void make_model(struct vtdhw *h)
{
	const struct hw_env env = testenv(&h->tp);
	struct hw_bus bus = {
		.ctx = h,
		.ats_invalidate = bus_invalidate,
		.prg_response = bus_prg_response,
	};
	size_t size = vtd_hw_size(&h->cfg);

	assert_int_not_equal(size, 0);
	h->mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(h->mem);
	memset(h->mem, 0, size);
	assert_int_equal(
		vtd_hw_create(&h->cfg, &env, &bus, h->mem, size, &h->hw), 0);
	h->hw->ops->port_add(h->hw, &h->port);
	h->mmio = (struct plat_mmio){ &mmio_ops, h, h->hw->mmio_size };
}

void vtdhw_start(struct vtdhw *h, struct vtd_desc *desc)
{
	if (!h->hw)
		make_model(h);
	desc->mmio = h->mmio;
	if (!desc->timeout_ms)
		desc->timeout_ms = 500;
	assert_int_equal(vtd_probe(h->sys, desc, &h->unit), 0);
	h->u = to_vtd(h->unit);
}

void vtdhw_fini(struct vtdhw *h)
{
	if (h->unit)
		assert_int_equal(vtd_remove(h->unit), 0);
	assert_int_equal(iommu_system_destroy(h->sys), 0);
	h->hw->ops->port_remove(h->hw, &h->port);
	vtd_hw_destroy(h->hw);
	free(h->mem);
	pthread_mutex_destroy(&h->lock);
	testplat_fini(&h->tp);
}

int vtdhw_dma(struct vtdhw *h, uint16_t sid, uint32_t pasid, uint64_t addr)
{
	struct hw_txn txn = {
		.requester = sid,
		.flags = pasid ? HW_TXN_PASID_VALID : 0,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = addr,
	};
	struct hw_xlat xlat;
	int err = h->hw->ops->translate(h->hw, &h->port, &txn, &xlat);

	if (!err)
		hw_port_done(&h->port);
	return err;
}
