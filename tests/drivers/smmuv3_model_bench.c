/* SPDX-License-Identifier: MIT */
#include "tests/drivers/smmuv3_model_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "base/le64.h"
#include "tests/support/testenv.h"

const struct shape mb_usual = { .name = "usual", .granule_lg2 = 12 };

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct testplat *tp = ctx;
	struct bench *b = container_of(tp, struct bench, f.tp);

	b->watch_loads += b->watch_pa && pa / 4096 == b->watch_pa / 4096;
	*ret_value = le64_load_acquire(le64_at((void *)(uintptr_t)pa));
	return 0;
}

static int bus_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	struct bench *b = ctx;

	if (inv->requester != SID)
		return -ENODEV;
	(void)atc_invalidate(&b->atc, inv, b->slow_atc);
	if (!b->slow_atc)
		return 0;
	b->inv_pending = true;
	b->inv_cookie = cookie;
	return -EINPROGRESS;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct bench *b = ctx;

	b->prg = *resp;
	b->prg_count++;
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	struct bench *b = ctx;

	b->resumed = cookie;
	b->retried = how == HW_RESUME_RETRY;
	b->resume_count++;
}

/* A slow device says at some later register access that it is done. */
static void finish_invalidation(struct bench *b)
{
	if (!b->inv_pending)
		return;
	b->inv_pending = false;
	atc_forget(&b->atc);
	b->hw->ops->ats_inv_complete(b->hw, b->inv_cookie, true);
}

static uint32_t mmio_r32(void *dev, uint64_t off)
{
	struct bench *b = dev;
	uint32_t v = (uint32_t)b->hw->ops->mmio_read(b->hw, off, 4);

	if (off == SMMU_GERROR)
		finish_invalidation(b);
	return v;
}

static uint64_t mmio_r64(void *dev, uint64_t off)
{
	struct bench *b = dev;

	return b->hw->ops->mmio_read(b->hw, off, 8);
}

/* Commands of the kind to drop become ones without an effect. */
static void drop_commands(struct bench *b, uint32_t prod)
{
	uint64_t base = b->hw->ops->mmio_read(b->hw, SMMU_CMDQ_BASE, 8);
	unsigned int lg2 = (unsigned int)base & 31;

	for (; b->prod_seen != prod;
	     b->prod_seen = smmu_q_add(b->prod_seen, 1, lg2)) {
		le64_atomic *e = le64_at(
			(void *)(uintptr_t)((base & 0xffffffffffffe0) +
					    16ull * smmu_q_index(b->prod_seen,
								 lg2)));

		if ((le64_load_relaxed(e) & 0xff) == b->drop_op) {
			le64_store_relaxed(&e[0], SMMU_OP_PREFETCH_CONFIG);
			le64_store_relaxed(&e[1], 0);
		}
	}
}

static void mmio_w32(void *dev, uint64_t off, uint32_t v)
{
	struct bench *b = dev;

	if (off == SMMU_CMDQ_PROD && b->deaf)
		return;
	if (off == SMMU_CMDQ_PROD)
		drop_commands(b, v);
	b->hw->ops->mmio_write(b->hw, off, 4, v);
}

static void mmio_w64(void *dev, uint64_t off, uint64_t v)
{
	struct bench *b = dev;

	b->hw->ops->mmio_write(b->hw, off, 8, v);
}

const struct plat_mmio_ops mb_mmio_ops = {
	mmio_r32, mmio_r64, mmio_w32, mmio_w64, NULL, NULL,
};

struct bench *mb_make_shape(const struct shape *shape,
			    enum hw_personality personality,
			    unsigned int command_batch)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct hw_env env;
	struct hw_bus bus = {
		.ctx = b,
		.ats_invalidate = bus_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	struct smmuv3_hw_cfg cfg;
	unsigned int i;
	size_t size;

	assert_non_null(b);
	fake_init(&b->f);
	env = testenv(&b->f.tp);
	env.mem_load64 = env_load64;
	b->shape = shape;
	b->drop_op = NO_DROP;
	smmuv3_hw_cfg_default(&cfg);
	cfg.personality = personality;
	cfg.command_batch = command_batch;
	for (i = 0; i < 6; i++)
		cfg.idr[i] = (cfg.idr[i] & ~shape->clear[i]) | shape->set[i];
	size = smmuv3_hw_size(&cfg);
	assert_int_not_equal(size, 0);
	b->hw_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(b->hw_mem);
	memset(b->hw_mem, 0, size);
	assert_int_equal(
		smmuv3_hw_create(&cfg, &env, &bus, b->hw_mem, size, &b->hw), 0);
	b->hw->ops->port_add(b->hw, &b->port);
	b->atc =
		(struct atc){ .hw = b->hw, .port = &b->port, .requester = SID };
	return b;
}

struct bench *mb_make(enum hw_personality personality,
		      unsigned int command_batch)
{
	return mb_make_shape(&mb_usual, personality, command_batch);
}

int mb_probe(struct bench *b)
{
	const struct smmuv3_cpu cpu = { .vhe = b->shape->vhe };
	struct smmuv3_desc desc = {
		.mmio = { &mb_mmio_ops, b, b->hw->mmio_size },
		.irq = { 1, 2, 3 },
		.cpu = &cpu,
		.timeout_ms = 200,
	};

	return smmuv3_probe(b->f.sys, &desc, &b->f.unit);
}

void mb_unmake(struct bench *b)
{
	if (b->dev)
		assert_int_equal(iommu_device_remove(b->dev), 0);
	if (b->f.unit)
		assert_int_equal(smmuv3_remove(b->f.unit), 0);
	b->f.unit = NULL;
	b->hw->ops->port_remove(b->hw, &b->port);
	smmuv3_hw_destroy(b->hw);
	free(b->hw_mem);
	fake_fini(&b->f);
	free(b);
}

uint64_t mb_dma(struct bench *b, ioasid_t pasid, uint64_t va)
{
	return atc_dma(&b->atc, &b->port, pasid, va, IOMMU_PERM_READ);
}

uint64_t mb_ats(struct bench *b, ioasid_t pasid, uint64_t va)
{
	return atc_ask(&b->atc, pasid, va, IOMMU_PERM_READ);
}

bool mb_atc_has(struct bench *b, ioasid_t pasid, uint64_t va)
{
	return atc_has(&b->atc, pasid, va);
}

/* An address space with the pages of the SMMU. */
void mb_make_mm(struct bench *b, struct fake_mm *m)
{
	unsigned int g = b->shape->granule_lg2;
	struct arm_lpae_cfg cfg = { &b->f.tp.plat, g == 14 ? 47 : 48, 48, g,
				    false };

	fake_mm_init(m, &b->f);
	arm_lpae_fini(&m->table);
	assert_int_equal(arm_lpae_init(&m->table, &cfg), 0);
	m->desc.root = arm_lpae_root_pa(&m->table);
	m->desc.va_bits = cfg.va_bits;
	m->desc.granule_lg2 = g;
}

void mb_map(struct fake_mm *m, uint64_t va, uint64_t pa)
{
	assert_int_equal(arm_lpae_set(&m->table, va, pa, IOMMU_PERM_READ), 0);
}

void mb_unmap(struct fake_mm *m, uint64_t start, uint64_t end)
{
	arm_lpae_clear(&m->table, start, end, NULL);
	iommu_mm_invalidate_range(&m->mm, start, end);
}

int mb_attach(struct bench *b, struct fake_mm *m, ioasid_t pasid,
	      struct iommu_domain **ret_d)
{
	int err = iommu_domain_alloc_sva(b->f.unit, &m->mm, ret_d);

	if (err)
		return err;
	err = iommu_attach_device_pasid(*ret_d, b->dev, pasid);
	if (err)
		assert_int_equal(iommu_domain_free(*ret_d), 0);
	return err;
}

void mb_detach(struct bench *b, struct iommu_domain *d, ioasid_t pasid)
{
	iommu_detach_device_pasid(d, b->dev, pasid);
	assert_int_equal(iommu_domain_free(d), 0);
}
