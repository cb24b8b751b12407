/* SPDX-License-Identifier: MIT */
#include "tests/drivers/vtd_hwbench.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/le64.h"

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	(void)ctx;
	(void)ret_done;
	memcpy(buf, (void *)(uintptr_t)pa, len);
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	(void)ctx;
	(void)ret_done;
	memcpy((void *)(uintptr_t)pa, buf, len);
	return 0;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	(void)ctx;
	(void)ret_done;
	(void)ret_write;
	memmove((void *)(uintptr_t)dst, (void *)(uintptr_t)src, len);
	return 0;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	(void)ctx;
	*ret_value = le64_load_acquire(le64_at((void *)(uintptr_t)pa));
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	(void)ctx;
	le64_store_release(le64_at((void *)(uintptr_t)pa), value);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	(void)ctx;
	le64_cmpxchg(le64_at((void *)(uintptr_t)pa), &expected, desired);
	*ret_old = expected;
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct vtdhw *h = ctx;

	(void)requester;
	assert_true(testplat_msi(&h->tp, addr, data));
	return 0;
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	(void)ctx;
	(void)line;
	(void)level;
}

static pthread_mutex_t *to_mutex(struct hw_lock *lock)
{
	return (pthread_mutex_t *)(void *)lock->opaque;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	(void)ctx;
	(void)rank;
	(void)name;
	pthread_mutex_init(to_mutex(lock), NULL);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_destroy(to_mutex(lock));
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_lock(to_mutex(lock));
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	pthread_mutex_unlock(to_mutex(lock));
}

static void env_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	(void)turns;
}

static uint64_t env_now(void *ctx)
{
	struct vtdhw *h = ctx;

	return plat_now_ns(&h->tp.plat);
}

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
	struct hw_env env = {
		.ctx = h,
		.mem_read = env_read,
		.mem_write = env_write,
		.mem_copy = env_copy,
		.mem_load64 = env_load64,
		.mem_store64 = env_store64,
		.mem_cas64 = env_cas64,
		.msi = env_msi,
		.wire = env_wire,
		.lock_init = env_lock_init,
		.lock_fini = env_lock_fini,
		.lock = env_lock,
		.unlock = env_unlock,
		.relax = env_relax,
		.now_ns = env_now,
	};
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
