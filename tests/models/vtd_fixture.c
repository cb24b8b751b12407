/* SPDX-License-Identifier: MIT */
#include "tests/models/vtd_fixture.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "tests/support/testenv.h"

/* The fixture cannot go on: a bug of the test, not a failed check. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

static bool aborts(const struct vx *vx, uint64_t pa, size_t len)
{
	if (pa >= VX_MEM_SIZE || VX_MEM_SIZE - pa < len)
		return true;
	return vx->abort_last && pa <= vx->abort_last &&
	       pa + len > vx->abort_first;
}

static int mem_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	struct vx *vx = ctx;
	size_t i;

	(void)ret_done;
	if (aborts(vx, pa, len))
		return -EFAULT;
	for (i = 0; i < len; i++) {
		unsigned int shift = (unsigned int)((pa + i) % 8 * 8);
		uint64_t byte = ((const unsigned char *)buf)[i];
		uint64_t word = (pa + i) & ~UINT64_C(7);

		vx_put(vx, word,
		       (vx_get(vx, word) & ~(UINT64_C(255) << shift)) |
			       byte << shift);
	}
	return 0;
}

static int mem_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct vx *vx = ctx;

	if (vx->on_load)
		vx->on_load(vx, pa);
	if (aborts(vx, pa, 8))
		return -EFAULT;
	must(!(pa % 8));
	*ret_value = vx_get(vx, pa);
	return 0;
}

static int mem_store64(void *ctx, uint64_t pa, uint64_t value)
{
	struct vx *vx = ctx;

	if (aborts(vx, pa, 8))
		return -EFAULT;
	vx_put(vx, pa, value);
	return 0;
}

static int mem_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	struct vx *vx = ctx;

	if (vx->on_cas)
		vx->on_cas(vx, pa);
	if (aborts(vx, pa, 8))
		return -EFAULT;
	must(!(pa % 8));
	atomic_compare_exchange_strong(&vx->words[pa / 8], &expected, desired);
	*ret_old = expected;
	return 0;
}

static int msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct vx *vx = ctx;

	vx->msi[vx->msi_count++ % VX_LOG_MAX] =
		(struct vx_msi){ requester, addr, data };
	return vx->msi_ret;
}

static void relax(void *ctx, unsigned int turns)
{
	struct vx *vx = ctx;

	(void)turns;
	if (vx->on_relax)
		vx->on_relax(vx);
	sched_yield();
}

static uint64_t now_ns(void *ctx)
{
	struct vx *vx = ctx;
	struct timespec ts;

	vx->clock += vx->clock_step;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec +
	       vx->clock;
}

static void log_message(void *ctx, enum hw_log_level level, const char *fmt,
			va_list ap) __attribute__((format(printf, 3, 0)));

static void log_message(void *ctx, enum hw_log_level level, const char *fmt,
			va_list ap)
{
	struct vx *vx = ctx;

	(void)level;
	vsnprintf(vx->log, sizeof(vx->log), fmt, ap);
}

static int ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	struct vx *vx = ctx;

	if (vx->on_inv)
		vx->on_inv(vx);
	vx->cookie[vx->inv_count % VX_LOG_MAX] = cookie;
	vx->inv[vx->inv_count++ % VX_LOG_MAX] = *inv;
	return vx->inv_ret;
}

static void prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct vx *vx = ctx;

	if (vx->on_resp)
		vx->on_resp(vx);
	vx->resp[vx->resp_count++ % VX_LOG_MAX] = *resp;
}

void vx_env(struct vx *vx, struct hw_env *ret_env, struct hw_bus *ret_bus)
{
	*ret_env = (struct hw_env){
		.ctx = vx,
		.mem_write = mem_write,
		.mem_load64 = mem_load64,
		.mem_store64 = mem_store64,
		.mem_cas64 = mem_cas64,
		.msi = msi,
		.relax = relax,
		.now_ns = now_ns,
		.log = log_message,
	};
	testenv_locks(ret_env);
	*ret_bus = (struct hw_bus){
		.ctx = vx,
		.ats_invalidate = ats_invalidate,
		.prg_response = prg_response,
	};
}

/* A model of vx->cfg, as after a reset, over the memory there is. */
static void create(struct vx *vx)
{
	size_t size = vtd_hw_size(&vx->cfg);
	struct hw_env env;
	struct hw_bus bus;

	vx_env(vx, &env, &bus);
	must(size);
	must(!posix_memalign(&vx->state, 64, size));
	must(!vtd_hw_create(&vx->cfg, &env, vx->no_bus ? NULL : &bus, vx->state,
			    size, &vx->hw));
	vx->hw->ops->port_add(vx->hw, &vx->port);
}

void vx_init(struct vx *vx, const struct vtd_hw_cfg *cfg)
{
	bool no_bus = vx->no_bus;

	memset(vx, 0, sizeof(*vx));
	vx->no_bus = no_bus;
	if (cfg)
		vx->cfg = *cfg;
	else
		vtd_hw_cfg_default(&vx->cfg);
	vx->cfg.sid = VX_UNIT_SID;
	/* Not of malloc(), which would touch all of it where it perturbs. */
	vx->mem = mmap(NULL, VX_MEM_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(vx->mem != MAP_FAILED);
	vx->words = vx->mem;
	vx->bump = 0x10000;
	create(vx);
}

static void destroy(struct vx *vx)
{
	vx->hw->ops->port_remove(vx->hw, &vx->port);
	vtd_hw_destroy(vx->hw);
	free(vx->state);
}

void vx_fini(struct vx *vx)
{
	destroy(vx);
	munmap(vx->mem, VX_MEM_SIZE);
	vx->no_bus = false;
}

void vx_replace(struct vx *vx)
{
	destroy(vx);
	memset(&vx->port, 0, sizeof(vx->port));
	create(vx);
}

void vx_start(struct vx *vx, const struct vtd_hw_cfg *cfg)
{
	vx_init(vx, cfg);
	vx->root = vx_alloc(vx, 4096, 4096);
	vx_enable(vx, vx->root | VX_SCALABLE);
}

void vx_enable(struct vx *vx, uint64_t rtaddr)
{
	vx->iq = vx_alloc(vx, VX_IQ_BYTES, 4096);
	vx->pq = vx_alloc(vx, VX_PQ_BYTES, 4096);
	vx->status = vx_alloc(vx, 64, 64);
	vx_w64(vx, VX_RTADDR, rtaddr);
	vx_gcmd(vx, VX_SRTP);
	vx_w64(vx, VX_IQT, 0);
	vx_w64(vx, VX_IQA, vx->iq | VX_IQA_DW);
	vx_gcmd(vx, VX_QIE);
	vx_w64(vx, VX_PQH, 0);
	vx_w64(vx, VX_PQT, 0);
	vx_w64(vx, VX_PQA, vx->pq);
	vx_gcmd(vx, VX_TE);
}

void vx_gcmd(struct vx *vx, uint32_t bit)
{
	uint32_t on = vx_r32(vx, VX_GSTS) & (VX_TE | VX_QIE | VX_IRE | VX_CFI);

	vx_w32(vx, VX_GCMD, on | bit);
}

uint64_t vx_alloc(struct vx *vx, uint64_t size, uint64_t align)
{
	uint64_t pa = (vx->bump + align - 1) & ~(align - 1);

	vx->bump = pa + size;
	must(vx->bump <= VX_MEM_SIZE);
	return pa;
}

uint64_t vx_get(struct vx *vx, uint64_t pa)
{
	must(!(pa % 8) && pa < VX_MEM_SIZE);
	return atomic_load(&vx->words[pa / 8]);
}

void vx_put(struct vx *vx, uint64_t pa, uint64_t value)
{
	must(!(pa % 8) && pa < VX_MEM_SIZE);
	atomic_store(&vx->words[pa / 8], value);
}

uint32_t vx_r32(struct vx *vx, uint64_t offset)
{
	return (uint32_t)vx->hw->ops->mmio_read(vx->hw, offset, 4);
}

uint64_t vx_r64(struct vx *vx, uint64_t offset)
{
	return vx->hw->ops->mmio_read(vx->hw, offset, 8);
}

void vx_w32(struct vx *vx, uint64_t offset, uint32_t value)
{
	vx->hw->ops->mmio_write(vx->hw, offset, 4, value);
}

void vx_w64(struct vx *vx, uint64_t offset, uint64_t value)
{
	vx->hw->ops->mmio_write(vx->hw, offset, 8, value);
}

uint64_t vx_queue(struct vx *vx, const uint64_t dw[4])
{
	uint64_t iqa = vx_r64(vx, VX_IQA), tail = vx_r64(vx, VX_IQT);
	unsigned int words = iqa & VX_IQA_DW ? 4 : 2, i;
	uint64_t size = UINT64_C(4096) << (iqa & 7);

	for (i = 0; i < words; i++)
		vx_put(vx, (iqa & ~UINT64_C(0xfff)) + tail + 8 * i, dw[i]);
	return (tail + 8 * words) % size;
}

void vx_inv4(struct vx *vx, const uint64_t dw[4])
{
	vx_w64(vx, VX_IQT, vx_queue(vx, dw));
}

void vx_inv(struct vx *vx, uint64_t dw0, uint64_t dw1)
{
	const uint64_t dw[4] = { dw0, dw1, 0, 0 };

	vx_inv4(vx, dw);
}

bool vx_sync(struct vx *vx)
{
	vx_inv(vx,
	       VX_INV_WAIT | VX_INV_WAIT_SW | VX_INV_WAIT_DATA(++vx->sync_data),
	       vx->status);
	return (uint32_t)vx_get(vx, vx->status) == vx->sync_data;
}

bool vx_iq_idle(struct vx *vx)
{
	return vx_r64(vx, VX_IQH) == vx_r64(vx, VX_IQT);
}

void vx_frcd(struct vx *vx, unsigned int i, uint64_t rec[2])
{
	uint64_t fro = (vx_r64(vx, VX_CAP) >> 24 & 0x3ff) * 16;

	rec[0] = vx_r64(vx, fro + 16 * i);
	rec[1] = vx_r64(vx, fro + 16 * i + 8);
}

bool vx_fault(struct vx *vx, uint64_t rec[2])
{
	uint64_t fro = (vx_r64(vx, VX_CAP) >> 24 & 0x3ff) * 16;
	uint32_t fsts = vx_r32(vx, VX_FSTS);
	unsigned int i = fsts >> 8 & 0xff;

	if (!(fsts & VX_PPF))
		return false;
	vx_frcd(vx, i, rec);
	vx_w32(vx, fro + 16 * i + 12, UINT32_C(1) << 31);
	return true;
}

bool vx_prd(struct vx *vx, uint64_t prd[4])
{
	uint64_t head = vx_r64(vx, VX_PQH);
	unsigned int i;

	if (head == vx_r64(vx, VX_PQT))
		return false;
	for (i = 0; i < 4; i++)
		prd[i] = vx_get(vx, vx->pq + head + 8 * i);
	vx_w64(vx, VX_PQH, (head + 32) % VX_PQ_BYTES);
	return true;
}

uint64_t vx_context_pa(struct vx *vx, uint16_t sid)
{
	/* Devices 16 to 31 have the upper half of a root entry. */
	uint64_t entry = vx->root + (sid >> 8) * 16u + (sid & 0x80 ? 8 : 0);

	if (!(vx_get(vx, entry) & 1))
		vx_put(vx, entry, vx_alloc(vx, 4096, 4096) | 1);
	return (vx_get(vx, entry) & ~UINT64_C(0xfff)) + (sid & 0x7f) * 32u;
}

void vx_context(struct vx *vx, uint16_t sid, uint64_t dw0, uint64_t dw1)
{
	uint64_t pa = vx_context_pa(vx, sid);

	vx_put(vx, pa + 8, dw1);
	vx_put(vx, pa, dw0);
}

void vx_device(struct vx *vx, uint16_t sid, unsigned int pdts)
{
	uint64_t dir = vx_alloc(vx, UINT64_C(8) << (pdts + 7), 4096);

	/* P, DTE, PASIDE, PRE */
	vx_context(vx, sid, dir | (uint64_t)pdts << 9 | 0x1d, 0);
}

uint64_t vx_pasid_pa(struct vx *vx, uint16_t sid, uint32_t pasid)
{
	uint64_t dir = vx_get(vx, vx_context_pa(vx, sid)) & ~UINT64_C(0xfff);
	uint64_t entry = dir + (pasid >> 6) * UINT64_C(8);

	if (!(vx_get(vx, entry) & 1))
		vx_put(vx, entry, vx_alloc(vx, 4096, 4096) | 1);
	return (vx_get(vx, entry) & ~UINT64_C(0xfff)) +
	       (pasid & 63) * UINT64_C(64);
}

void vx_pasid(struct vx *vx, uint16_t sid, uint32_t pasid, const uint64_t dw[8])
{
	uint64_t pa = vx_pasid_pa(vx, sid, pasid);
	unsigned int i;

	for (i = 8; i-- > 0;)
		vx_put(vx, pa + 8 * i, dw[i]);
}

static int access_txn(struct vx *vx, const struct hw_txn *txn,
		      struct hw_xlat *ret_xlat)
{
	struct hw_xlat xlat;
	int r = vx->hw->ops->translate(vx->hw, &vx->port, txn, &xlat);

	if (r)
		return r;
	if (ret_xlat)
		*ret_xlat = xlat;
	hw_port_done(&vx->port);
	return 0;
}

int vx_access(struct vx *vx, uint16_t sid, uint64_t addr, unsigned int perm,
	      struct hw_xlat *ret_xlat)
{
	const struct hw_txn txn = { .requester = sid,
				    .perm = perm,
				    .addr = addr };

	return access_txn(vx, &txn, ret_xlat);
}

int vx_access_pasid(struct vx *vx, uint16_t sid, uint32_t pasid, uint64_t addr,
		    unsigned int perm, struct hw_xlat *ret_xlat)
{
	const struct hw_txn txn = { .requester = sid,
				    .flags = HW_TXN_PASID_VALID,
				    .pasid = pasid,
				    .perm = perm,
				    .addr = addr };

	return access_txn(vx, &txn, ret_xlat);
}

void vx_page_request(struct vx *vx, uint16_t sid, uint32_t pasid, uint64_t addr,
		     unsigned int perm, uint16_t prgi, bool last)
{
	const struct hw_page_request req = {
		.requester = sid,
		.pasid_valid = true,
		.pasid = pasid,
		.addr = addr,
		.perm = perm,
		.prgi = prgi,
		.last = last,
	};

	vx->hw->ops->page_request(vx->hw, &req);
}

struct iommu_hw_stats vx_stats(struct vx *vx)
{
	struct iommu_hw_stats stats;

	vx->hw->ops->stats(vx->hw, &stats);
	return stats;
}
