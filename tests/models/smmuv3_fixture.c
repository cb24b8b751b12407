/* SPDX-License-Identifier: MIT */
#include "tests/models/smmuv3_fixture.h"

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

static bool aborts(const struct fx *fx, uint64_t pa, size_t len)
{
	if (fx_offset(fx, pa, len) == UINT64_MAX)
		return true;
	return fx->abort_last && pa <= fx->abort_last &&
	       pa + len > fx->abort_first;
}

static int mem_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	(void)ctx;
	(void)pa;
	(void)buf;
	(void)len;
	(void)ret_done;
	return -EFAULT;
}

static int mem_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	struct fx *fx = ctx;
	uint64_t v;
	size_t i;

	(void)ret_done;
	if (aborts(fx, pa, len))
		return -EFAULT;
	must(!(pa % 8) && !(len % 8));
	pa = fx_offset(fx, pa, len);
	for (i = 0; i < len; i += 8) {
		memcpy(&v, (const char *)buf + i, 8);
		fx_put(fx, pa + i, v);
	}
	return 0;
}

static int mem_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct fx *fx = ctx;

	if (aborts(fx, pa, 8))
		return -EFAULT;
	must(!(pa % 8));
	*ret_value = fx_get(fx, fx_offset(fx, pa, 8));
	return 0;
}

static int mem_store64(void *ctx, uint64_t pa, uint64_t value)
{
	return mem_write(ctx, pa, &value, 8, NULL);
}

static int mem_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	struct fx *fx = ctx;

	if (fx->on_cas)
		fx->on_cas(fx, pa);
	if (aborts(fx, pa, 8))
		return -EFAULT;
	pa = fx_offset(fx, pa, 8);
	atomic_compare_exchange_strong(&fx->words[pa / 8], &expected, desired);
	*ret_old = expected;
	return 0;
}

static int msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct fx *fx = ctx;

	fx->msi[fx->msi_count++ % FX_LOG_MAX] =
		(struct fx_msi){ requester, addr, data };
	return fx->msi_ret;
}

static void wire(void *ctx, unsigned int line, bool level)
{
	struct fx *fx = ctx;

	must(line < SMMUV3_HW_WIRE_COUNT);
	fx->wires[line] += level;
}

static void relax(void *ctx, unsigned int turns)
{
	struct fx *fx = ctx;

	(void)turns;
	if (fx->on_relax)
		fx->on_relax(fx);
	sched_yield();
}

static uint64_t now_ns(void *ctx)
{
	struct fx *fx = ctx;
	struct timespec ts;

	fx->clock += fx->clock_step;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec +
	       fx->clock;
}

static void log_message(void *ctx, enum hw_log_level level, const char *fmt,
			va_list ap) __attribute__((format(printf, 3, 0)));

static void log_message(void *ctx, enum hw_log_level level, const char *fmt,
			va_list ap)
{
	struct fx *fx = ctx;

	(void)level;
	vsnprintf(fx->log, sizeof(fx->log), fmt, ap);
}

static int ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	struct fx *fx = ctx;

	if (fx->on_inv)
		fx->on_inv(fx);
	fx->inv[fx->inv_count++ % FX_LOG_MAX] = *inv;
	fx->inv_cookie = cookie;
	return fx->inv_ret;
}

static void prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct fx *fx = ctx;

	fx->resp[fx->resp_count++ % FX_LOG_MAX] = *resp;
}

static void resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct fx *fx = ctx;
	bool retry = how == HW_RESUME_RETRY;

	if (fx->on_resume)
		fx->on_resume(fx, cookie, retry);
	fx->resume[fx->resume_count++ % FX_LOG_MAX] =
		(struct fx_resume){ cookie, retry, how };
}

/* A model of fx->cfg, as after a reset, over the memory there is. */
static void create(struct fx *fx)
{
	struct hw_env env = {
		.ctx = fx,
		.mem_read = mem_read,
		.mem_write = mem_write,
		.mem_load64 = mem_load64,
		.mem_store64 = mem_store64,
		.mem_cas64 = mem_cas64,
		.msi = msi,
		.wire = wire,
		.relax = relax,
		.now_ns = now_ns,
		.log = log_message,
	};
	struct hw_bus bus = {
		.ctx = fx,
		.ats_invalidate = ats_invalidate,
		.prg_response = prg_response,
		.resume = resume,
	};
	size_t size = smmuv3_hw_size(&fx->cfg);

	testenv_locks(&env);
	must(size);
	must(!posix_memalign(&fx->state, 64, size));
	must(!smmuv3_hw_create(&fx->cfg, &env, &bus, fx->state, size, &fx->hw));
	fx->hw->ops->port_add(fx->hw, &fx->port);
}

void fx_init(struct fx *fx, const struct smmuv3_hw_cfg *cfg)
{
	memset(fx, 0, sizeof(*fx));
	if (cfg)
		fx->cfg = *cfg;
	else
		smmuv3_hw_cfg_default(&fx->cfg);
	fx->cfg.sid = FX_SMMU_SID;
	/* Not of malloc(), which would touch all of it where it perturbs. */
	fx->mem = mmap(NULL, FX_MEM_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(fx->mem != MAP_FAILED);
	fx->words = fx->mem;
	fx->bump = 1 << 20;
	create(fx);
}

void fx_replace(struct fx *fx)
{
	fx->hw->ops->port_remove(fx->hw, &fx->port);
	smmuv3_hw_destroy(fx->hw);
	free(fx->state);
	create(fx);
}

void fx_fini(struct fx *fx)
{
	fx->hw->ops->port_remove(fx->hw, &fx->port);
	smmuv3_hw_destroy(fx->hw);
	free(fx->state);
	munmap(fx->mem, FX_MEM_SIZE);
}

uint64_t fx_alloc(struct fx *fx, uint64_t size, uint64_t align)
{
	uint64_t pa = (fx->bump + align - 1) & ~(align - 1);

	fx->bump = pa + size;
	must(fx->bump <= FX_MEM_SIZE);
	return pa;
}

uint64_t fx_offset(const struct fx *fx, uint64_t pa, size_t len)
{
	if (fx->alias && pa >= fx->alias)
		pa -= fx->alias;
	if (pa >= FX_MEM_SIZE || FX_MEM_SIZE - pa < len)
		return UINT64_MAX;
	return pa;
}

uint64_t fx_get(struct fx *fx, uint64_t pa)
{
	return atomic_load_explicit(&fx->words[pa / 8], memory_order_acquire);
}

void fx_put(struct fx *fx, uint64_t pa, uint64_t value)
{
	atomic_store_explicit(&fx->words[pa / 8], value, memory_order_release);
}

uint32_t fx_r32(struct fx *fx, uint64_t offset)
{
	return (uint32_t)fx->hw->ops->mmio_read(fx->hw, offset, 4);
}

uint64_t fx_r64(struct fx *fx, uint64_t offset)
{
	return fx->hw->ops->mmio_read(fx->hw, offset, 8);
}

void fx_w32(struct fx *fx, uint64_t offset, uint32_t value)
{
	fx->hw->ops->mmio_write(fx->hw, offset, 4, value);
}

void fx_w64(struct fx *fx, uint64_t offset, uint64_t value)
{
	fx->hw->ops->mmio_write(fx->hw, offset, 8, value);
}

void fx_enable(struct fx *fx)
{
	fx->strtab = fx_alloc(fx, 64 << FX_STREAMS_LG2, 64 << FX_STREAMS_LG2);
	fx->cmdq = fx_alloc(fx, 16 << FX_CMDQ_LG2, 16 << FX_CMDQ_LG2);
	fx->evtq = fx_alloc(fx, 32 << FX_EVTQ_LG2, 32 << FX_EVTQ_LG2);
	fx->priq = fx_alloc(fx, 16 << FX_PRIQ_LG2, 16 << FX_PRIQ_LG2);
	fx_w64(fx, FX_STRTAB_BASE, fx->strtab);
	fx_w32(fx, FX_STRTAB_BASE_CFG, FX_STREAMS_LG2);
	fx_w64(fx, FX_CMDQ_BASE, fx->cmdq | FX_CMDQ_LG2);
	fx_w64(fx, FX_EVENTQ_BASE, fx->evtq | FX_EVTQ_LG2);
	fx_w64(fx, FX_PRIQ_BASE, fx->priq | FX_PRIQ_LG2);
	fx_w32(fx, FX_CR2, 2 | 8); /* RECINVSID, REC_CFG_ATS */
	fx_w32(fx, FX_CR0, FX_CR0_ALL);
}

void fx_start(struct fx *fx, const struct smmuv3_hw_cfg *cfg)
{
	fx_init(fx, cfg);
	fx_enable(fx);
}

void fx_cmd(struct fx *fx, uint64_t dw0, uint64_t dw1)
{
	uint32_t mask = (2u << FX_CMDQ_LG2) - 1;
	uint64_t slot = fx->cmd_prod & (mask >> 1);

	fx_put(fx, fx->cmdq + slot * 16, dw0);
	fx_put(fx, fx->cmdq + slot * 16 + 8, dw1);
	fx->cmd_prod = (fx->cmd_prod + 1) & mask;
	fx_w32(fx, FX_CMDQ_PROD, fx->cmd_prod);
}

void fx_sync(struct fx *fx)
{
	fx_cmd(fx, CMD_SYNC, 0);
}

bool fx_cmdq_idle(struct fx *fx)
{
	return (fx_r32(fx, FX_CMDQ_CONS) & 0xfffff) == fx->cmd_prod;
}

static bool pop(struct fx *fx, uint64_t prod_reg, uint64_t base,
		unsigned int lg2, uint64_t *rec, unsigned int words)
{
	uint32_t mask = (2u << lg2) - 1;
	uint32_t prod = fx_r32(fx, prod_reg);
	uint32_t cons = fx_r32(fx, prod_reg + 4);
	unsigned int i;

	if (!((prod ^ cons) & mask))
		return false;
	for (i = 0; i < words; i++)
		rec[i] = fx_get(fx,
				base + ((cons & (mask >> 1)) * words + i) * 8);
	fx_w32(fx, prod_reg + 4,
	       ((cons + 1) & mask) | (cons & UINT32_C(0x80000000)));
	return true;
}

bool fx_evt(struct fx *fx, uint64_t rec[4])
{
	return pop(fx, FX_EVENTQ_PROD, fx->evtq, FX_EVTQ_LG2, rec, 4);
}

bool fx_pri(struct fx *fx, uint64_t rec[2])
{
	return pop(fx, FX_PRIQ_PROD, fx->priq, FX_PRIQ_LG2, rec, 2);
}

void fx_ste(struct fx *fx, uint32_t sid, uint64_t dw0, uint64_t dw1)
{
	uint64_t pa = fx->strtab + sid * 64;

	fx_put(fx, pa + 8, dw1);
	fx_put(fx, pa, dw0);
}

void fx_cd(struct fx *fx, uint64_t pa, uint64_t dw0, uint64_t ttb0)
{
	fx_put(fx, pa + 8, ttb0);
	fx_put(fx, pa + 16, 0);
	fx_put(fx, pa + 24, UINT64_C(0x44ff)); /* attribute 0 WB, 1 NC */
	fx_put(fx, pa, dw0);
}

uint64_t fx_table(struct fx *fx)
{
	return fx_alloc(fx, 4096, 4096);
}

uint64_t fx_map(struct fx *fx, uint64_t root, uint64_t va, uint64_t pte,
		int level)
{
	uint64_t table = root, addr;
	int l;

	for (l = 0;; l++) {
		addr = table + (va >> (39 - 9 * l) & 511) * 8;
		if (l == level)
			break;
		if (!fx_get(fx, addr))
			fx_put(fx, addr, fx_table(fx) | 3);
		table = fx_get(fx, addr) & UINT64_C(0xfffffffff000);
	}
	fx_put(fx, addr, pte);
	return addr;
}

uint64_t fx_stream(struct fx *fx, uint32_t sid, uint64_t cd)
{
	uint64_t cdtab = fx_alloc(fx, 64, 64);
	uint64_t root = fx_table(fx);

	fx_cd(fx, cdtab, CD_BASIC | cd, root);
	fx_ste(fx, sid, STE_V | STE_S1 | cdtab, STE1_EATS);
	return root;
}

static int access_txn(struct fx *fx, const struct hw_txn *txn,
		      struct hw_xlat *ret_xlat)
{
	struct hw_xlat xlat;
	int ret;

	ret = fx->hw->ops->translate(fx->hw, &fx->port, txn,
				     ret_xlat ? ret_xlat : &xlat);
	must((fx->port.busy & 1) == !ret);
	if (!ret)
		hw_port_done(&fx->port);
	return ret;
}

int fx_access(struct fx *fx, uint32_t sid, uint64_t addr, unsigned int perm,
	      struct hw_xlat *ret_xlat)
{
	struct hw_txn txn = { .requester = sid, .perm = perm, .addr = addr };

	return access_txn(fx, &txn, ret_xlat);
}

int fx_access_ssid(struct fx *fx, uint32_t sid, uint32_t ssid, uint64_t addr,
		   unsigned int perm, struct hw_xlat *ret_xlat)
{
	struct hw_txn txn = { .requester = sid,
			      .flags = HW_TXN_PASID_VALID,
			      .pasid = ssid,
			      .perm = perm,
			      .addr = addr };

	return access_txn(fx, &txn, ret_xlat);
}

struct iommu_hw_stats fx_stats(struct fx *fx)
{
	struct iommu_hw_stats stats;

	fx->hw->ops->stats(fx->hw, &stats);
	return stats;
}
