/* SPDX-License-Identifier: MIT */
#include "tests/drivers/vtd_bench.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/vtd.h"
#include "models/vtd/state.h"
#include "models/vtd/tlb.h"
#include "tests/support/testenv.h"

/* Where the PCIe function's capabilities are. */
enum {
	ATS = 0x100,
	PRI = 0x120,
	PASID = 0x140,
};

static struct vbench *bench_of(struct testplat *tp)
{
	return container_of(tp, struct vbench, tp);
}

/* What the unit may not reach. ctx of the model is the platform. */
static bool refused(struct testplat *tp, uint64_t pa, size_t len, bool write)
{
	struct vbench *b = bench_of(tp);

	return b->on_access && !b->on_access(b, pa, len, write);
}

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	(void)ret_done;
	if (refused(ctx, pa, len, false))
		return -EFAULT;
	memcpy(buf, (void *)(uintptr_t)pa, len);
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	(void)ret_done;
	if (refused(ctx, pa, len, true))
		return -EFAULT;
	memcpy((void *)(uintptr_t)pa, buf, len);
	return 0;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct vbench *b = bench_of(ctx);

	if (b->watch_pa && pa / 4096 == b->watch_pa / 4096)
		b->watch_loads++;
	if (refused(ctx, pa, 8, false))
		return -EFAULT;
	*ret_value = le64_load_acquire(le64_at((void *)(uintptr_t)pa));
	if (b->on_load)
		*ret_value = b->on_load(b, pa, *ret_value);
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	if (refused(ctx, pa, 8, true))
		return -EFAULT;
	le64_store_release(le64_at((void *)(uintptr_t)pa), value);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	if (refused(ctx, pa, 8, true))
		return -EFAULT;
	le64_cmpxchg(le64_at((void *)(uintptr_t)pa), &expected, desired);
	*ret_old = expected;
	return 0;
}

/* Devices are told in the order of the queue. */
static void note_named(struct vbench *b, bool named)
{
	while (b->inv_next < b->seen) {
		unsigned int i = b->inv_next++;
		unsigned int type = vbench_type_of(b->log[i]);

		if (type != VTD_INV_DEVTLB && type != VTD_INV_PDEVTLB)
			continue;
		b->log_named[i] = named;
		return;
	}
}

static int bus_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	struct vbench *b = ctx;

	if (inv->requester != VBENCH_SID)
		return -ENODEV;
	if (b->mute_atc)
		return -ETIMEDOUT;
	note_named(b, atc_invalidate(&b->atc, inv, b->slow_atc));
	if (!b->slow_atc)
		return 0;
	assert_true(b->inv_pending < 32);
	b->inv_cookies[b->inv_pending++] = cookie;
	return -EINPROGRESS;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct vbench *b = ctx;

	b->prg = *resp;
	b->prg_count++;
	if (b->on_prg)
		b->on_prg(b);
}

/*
 * A slow device says at some later register access that it is done. The next
 * invalidation may come while it says so.
 */
static void finish_invalidation(struct vbench *b)
{
	while (b->inv_pending) {
		atc_forget(&b->atc);
		b->hw->ops->ats_inv_complete(
			b->hw, b->inv_cookies[--b->inv_pending], true);
	}
}

/* The driver waits: for the device, if it knows. */
static void relax(void *ctx, unsigned int turns)
{
	struct vbench *b = bench_of(ctx);

	if (b->slow_atc && turns > 4)
		finish_invalidation(b);
	b->tp.plat.ops->relax(ctx, turns);
}

static uint32_t mmio_r32(void *dev, uint64_t off)
{
	struct vbench *b = dev;
	uint32_t v = (uint32_t)b->hw->ops->mmio_read(b->hw, off, 4);

	if (off == VTD_FSTS)
		finish_invalidation(b);
	return v;
}

static uint64_t mmio_r64(void *dev, uint64_t off)
{
	struct vbench *b = dev;

	return b->hw->ops->mmio_read(b->hw, off, 8);
}

unsigned int vbench_type_of(uint64_t dw0)
{
	return (unsigned int)((dw0 & 0xf) | (dw0 >> 9 & 7) << 4);
}

static bool is_to_drop(struct vbench *b, uint64_t dw0)
{
	unsigned int i = b->seen;

	if (vbench_type_of(dw0) != VTD_INV_WAIT && i < VBENCH_LOG) {
		b->log[i] = dw0;
		b->seen++;
		if (b->drop_set && b->drop_set[i])
			return true;
	}
	return b->drop.type && vbench_type_of(dw0) == b->drop.type &&
	       (!b->drop.g || (dw0 >> 4 & 3) == b->drop.g);
}

/* Descriptors of the kind to drop become ones about a device that is none. */
static void drop_descriptors(struct vbench *b, uint64_t tail)
{
	uint64_t iqa = b->hw->ops->mmio_read(b->hw, VTD_IQA, 8);
	uint64_t size = UINT64_C(4096) << (iqa & 7);

	for (; b->tail_seen != tail;
	     b->tail_seen = (b->tail_seen + 32) % size) {
		le64_atomic *e =
			le64_at((void *)(uintptr_t)((iqa & ~UINT64_C(4095)) +
						    b->tail_seen));
		uint64_t dw0 = le64_load_relaxed(e);

		if (b->drop_pd && vbench_type_of(dw0) == VTD_INV_WAIT)
			le64_store_relaxed(&e[0],
					   dw0 & ~FIELD_MASK(VTD_INV_WAIT_PD));
		if (!is_to_drop(b, dw0))
			continue;
		le64_store_relaxed(&e[0], 1 | 3 << 4 | UINT64_C(0xfffe) << 32);
		le64_store_relaxed(&e[1], 0);
	}
}

/* What the unit has cached, of tables and of translations. */
static unsigned int cached(struct vbench *b)
{
	struct vtd_hw_xlat *x = vtd_hw_of(b->hw)->xlat;
	unsigned int n = x->tlb.count + x->walks.count, i;

	for (i = 0; i < 1u << VTD_HW_CONTEXTS_LG2; i++)
		n += x->context_key[i] != 0;
	for (i = 0; i < 1u << VTD_HW_PASIDS_LG2; i++)
		n += x->pasid_key[i] != 0;
	return n;
}

/*
 * One descriptor at a time, to see what each takes. One that is not done at
 * once, as the queue waits for a device, counts as if it took something.
 */
static void write_tail(struct vbench *b, uint64_t tail)
{
	uint64_t iqa = b->hw->ops->mmio_read(b->hw, VTD_IQA, 8);
	uint64_t size = UINT64_C(4096) << (iqa & 7);

	while (b->tail_seen != tail) {
		unsigned int i = b->seen, before = cached(b);

		drop_descriptors(b, (b->tail_seen + 32) % size);
		b->hw->ops->mmio_write(b->hw, VTD_IQT, 8, b->tail_seen);
		if (b->seen != i)
			b->log_took[i] =
				cached(b) != before ||
				b->hw->ops->mmio_read(b->hw, VTD_IQH, 8) !=
					b->tail_seen;
	}
}

static void mmio_w32(void *dev, uint64_t off, uint32_t v)
{
	struct vbench *b = dev;

	b->hw->ops->mmio_write(b->hw, off, 4, v);
}

static void mmio_w64(void *dev, uint64_t off, uint64_t v)
{
	struct vbench *b = dev;

	if (off == VTD_IQT && b->deaf)
		return;
	if (off == VTD_IQT && v && b->watch) {
		write_tail(b, v);
		return;
	}
	if (off == VTD_IQT && v)
		drop_descriptors(b, v);
	else if (off == VTD_IQT)
		b->tail_seen = 0;
	b->hw->ops->mmio_write(b->hw, off, 8, v);
}

static const struct plat_mmio_ops mmio_ops = {
	mmio_r32, mmio_r64, mmio_w32, mmio_w64, NULL, NULL,
};

static uint32_t cfg_read(void *dev, unsigned int off, unsigned int size)
{
	struct vbench *b = dev;
	uint32_t v = 0;

	memcpy(&v, b->cfg + off, size);
	return v;
}

static void cfg_write(void *dev, unsigned int off, unsigned int size,
		      uint32_t v)
{
	struct vbench *b = dev;

	if (off == PRI + 4) {
		v &= 1;
		b->cfg[PRI + 7] = v ? 0x80 : 0x81;
	} else if (off == PRI + 6) {
		return;
	}
	memcpy(b->cfg + off, &v, size);
}

static const struct plat_pci_ops pci_ops = { cfg_read, cfg_write };

static void put(struct vbench *b, unsigned int off, unsigned int size,
		uint32_t v)
{
	memcpy(b->cfg + off, &v, size);
}

static void init_cfg(struct vbench *b)
{
	put(b, 0x00, 4, 0x12345678);
	put(b, 0x06, 2, 0x10);
	put(b, 0x34, 1, 0x40);
	put(b, 0x40, 2, 0x10);
	put(b, 0x64, 4, 1u << 21);
	put(b, ATS, 4, 0x0f | 1 << 16 | PRI << 20);
	put(b, PRI, 4, 0x13 | 1 << 16 | (uint32_t)PASID << 20);
	put(b, PRI + 6, 2, 1 << 8 | 1 << 15);
	put(b, PRI + 8, 4, 512);
	put(b, PASID, 4, 0x1b | 1 << 16);
	put(b, PASID + 4, 2, 20 << 8 | 2);
	b->pci = (struct plat_pci){ .ops = &pci_ops,
				    .dev = b,
				    .rid = VBENCH_SID };
}

static void keep_pages(void *ctx, void *pages, size_t size)
{
	struct vbench *b = bench_of(ctx);
	struct vbench_pages *dead = malloc(sizeof(*dead));

	assert_non_null(dead);
	pthread_mutex_lock(&b->dead_lock);
	*dead = (struct vbench_pages){ pages, size, b->dead };
	b->dead = dead;
	pthread_mutex_unlock(&b->dead_lock);
}

static void bury_pages(struct vbench *b)
{
	while (b->dead) {
		struct vbench_pages *dead = b->dead;

		b->dead = dead->next;
		plat_pages_free(&b->tp.plat, dead->pages, dead->size);
		free(dead);
	}
}

struct vbench *vbench_make(enum hw_personality personality,
			   unsigned int command_batch)
{
	struct vbench *b = calloc(1, sizeof(*b));
	struct hw_env env;
	struct hw_bus bus = {
		.ctx = b,
		.ats_invalidate = bus_invalidate,
		.prg_response = bus_prg_response,
	};
	struct vtd_hw_cfg cfg;
	size_t size;

	assert_non_null(b);
	testplat_init(&b->tp);
	env = testenv(&b->tp);
	env.mem_read = env_read;
	env.mem_write = env_write;
	env.mem_load64 = env_load64;
	env.mem_store64 = env_store64;
	env.mem_cas64 = env_cas64;
	init_cfg(b);
	pthread_mutex_init(&b->dead_lock, NULL);
	b->ops = *b->tp.plat.ops;
	b->ops.pages_free = keep_pages;
	b->ops.relax = relax;
	b->plat = (struct plat){ &b->ops, b->tp.plat.ctx };
	assert_int_equal(iommu_system_create(&b->plat, NULL, &b->sys), 0);
	vtd_hw_cfg_default(&cfg);
	cfg.personality = personality;
	cfg.command_batch = command_batch;
	size = vtd_hw_size(&cfg);
	assert_int_not_equal(size, 0);
	b->hw_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	assert_non_null(b->hw_mem);
	memset(b->hw_mem, 0, size);
	assert_int_equal(
		vtd_hw_create(&cfg, &env, &bus, b->hw_mem, size, &b->hw), 0);
	b->hw->ops->port_add(b->hw, &b->port);
	b->atc = (struct atc){ .hw = b->hw,
			       .port = &b->port,
			       .requester = VBENCH_SID,
			       .exact = true };
	return b;
}

int vbench_probe(struct vbench *b, unsigned int timeout_ms)
{
	struct vtd_desc desc = {
		.mmio = { &mmio_ops, b, b->hw->mmio_size },
		.timeout_ms = timeout_ms,
		.ats_timeout_ms = 10 * timeout_ms,
	};

	return vtd_probe(b->sys, &desc, &b->unit);
}

void vbench_add_device(struct vbench *b)
{
	const uint32_t sid = VBENCH_SID;
	struct iommu_device_desc desc = {
		.name = "fake0",
		.unit = b->unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pci = &b->pci,
	};

	assert_int_equal(iommu_device_add(b->sys, &desc, &b->dev), 0);
}

void vbench_unmake(struct vbench *b)
{
	if (b->dev)
		assert_int_equal(iommu_device_remove(b->dev), 0);
	if (b->unit)
		assert_int_equal(vtd_remove(b->unit), 0);
	b->hw->ops->port_remove(b->hw, &b->port);
	vtd_hw_destroy(b->hw);
	free(b->hw_mem);
	assert_int_equal(iommu_system_destroy(b->sys), 0);
	bury_pages(b);
	pthread_mutex_destroy(&b->dead_lock);
	testplat_fini(&b->tp);
	free(b);
}

static int space_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			   struct iommu_mm_table *ret_table)
{
	struct vbench_space *m = container_of(mm, struct vbench_space, mm);

	if (fmt != IOMMU_TABLE_X86_64)
		return -EOPNOTSUPP;
	*ret_table = (struct iommu_mm_table){
		.fmt = fmt,
		.root = x86_64_root_pa(&m->table),
		.va_bits = x86_64_va_bits(&m->table),
		.granule_lg2 = 12,
		.pa_bits = 48,
		.af_managed = true,
	};
	return 0;
}

static int space_fault(struct iommu_mm *mm, uint64_t va, size_t count,
		       unsigned int perm, size_t *ret_done)
{
	struct vbench_space *m = container_of(mm, struct vbench_space, mm);
	int err = m->fault_err;
	size_t i;

	pthread_mutex_lock(&m->lock);
	m->faults++;
	*ret_done = 0;
	for (i = 0; i < count && !err; i++) {
		err = x86_64_set(&m->table, va + 4096 * i, va + 4096 * i,
				 (perm & IOMMU_PERM_RWX) | IOMMU_PERM_READ);
		*ret_done += !err;
	}
	pthread_mutex_unlock(&m->lock);
	return err;
}

static void space_exit(struct iommu_mm *mm)
{
	struct vbench_space *m = container_of(mm, struct vbench_space, mm);

	m->exited = true;
	x86_64_clear(&m->table, 0, UINT64_MAX, NULL);
}

static void space_free(struct iommu_mm *mm)
{
	struct vbench_space *m = container_of(mm, struct vbench_space, mm);

	m->freed = true;
	x86_64_fini(&m->table);
	pthread_mutex_destroy(&m->lock);
}

static const struct iommu_mm_ops space_ops = {
	.get_table = space_get_table,
	.handle_fault = space_fault,
	.exit = space_exit,
	.free = space_free,
};

void vbench_make_space(struct vbench *b, struct vbench_space *m,
		       unsigned int levels)
{
	struct x86_64_cfg cfg = {
		.plat = &b->plat,
		.levels = levels,
		.pa_bits = 48,
		.sizes = BIT(12) | BIT(21) | BIT(30),
		.hw_ad = true,
	};

	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	assert_int_equal(x86_64_init(&m->table, &cfg), 0);
	iommu_mm_init(&m->mm, b->sys, &space_ops);
}

void vbench_map(struct vbench_space *m, uint64_t va, uint64_t pa)
{
	assert_int_equal(x86_64_set(&m->table, va, pa, IOMMU_PERM_READ), 0);
}

void vbench_unmap(struct vbench_space *m, uint64_t start, uint64_t end)
{
	x86_64_clear(&m->table, start, end, NULL);
	iommu_mm_invalidate_range(&m->mm, start, end);
}

uint64_t vbench_dma_at(struct vbench *b, struct hw_port *port, ioasid_t pasid,
		       uint64_t va)
{
	return atc_dma(&b->atc, port, pasid, va, IOMMU_PERM_READ);
}

uint64_t vbench_dma(struct vbench *b, ioasid_t pasid, uint64_t va)
{
	return vbench_dma_at(b, &b->port, pasid, va);
}

uint64_t vbench_ats(struct vbench *b, ioasid_t pasid, uint64_t va)
{
	return atc_ask(&b->atc, pasid, va, IOMMU_PERM_READ);
}

bool vbench_atc_has(struct vbench *b, ioasid_t pasid, uint64_t va)
{
	return atc_has(&b->atc, pasid, va);
}

int vbench_attach(struct vbench *b, struct vbench_space *m, ioasid_t pasid,
		  struct iommu_domain **ret_d)
{
	int err = iommu_domain_alloc_sva(b->unit, &m->mm, ret_d);

	if (err)
		return err;
	err = iommu_attach_device_pasid(*ret_d, b->dev, pasid);
	if (err)
		assert_int_equal(iommu_domain_free(*ret_d), 0);
	return err;
}

void vbench_detach(struct vbench *b, struct iommu_domain *d, ioasid_t pasid)
{
	iommu_detach_device_pasid(d, b->dev, pasid);
	assert_int_equal(iommu_domain_free(d), 0);
}
