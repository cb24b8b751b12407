/* SPDX-License-Identifier: MIT */
#include "fuzz/guest_vtd_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/le64.h"
#include "fmt/vtd.h"
#include "fmt/vtd_tables.h"

enum {
	ATS = 0x100,
	PRI = 0x120,
	PASID = 0x140,
};

/* Memory. Of one run at a time; whoever allocates from it clears it. */
static _Alignas(4096) uint8_t host_pool[RIG_HOST_PAGES << 12];
static _Alignas(4096) uint8_t guest_pool[RIG_PAGES << 12];

static bool is_guest(uint64_t pa)
{
	return pa - RIG_GUEST < (uint64_t)RIG_PAGES << 12;
}

bool rig_allowed(const struct rig *r, uint64_t pa, bool write)
{
	uint64_t page = (pa - RIG_GUEST) >> 12;

	return is_guest(pa) && (write ? r->writes[page] : r->reads[page]);
}

static bool is_host(const struct rig *r, uint64_t pa)
{
	uint64_t page = (pa - RIG_HOST) >> 12;

	return page < RIG_HOST_PAGES && r->used[page];
}

static void *at(struct rig *r, uint64_t pa)
{
	return is_guest(pa) ? r->pages + (pa - RIG_GUEST) :
			      r->host + (pa - RIG_HOST);
}

/* The driver's or the unit's: where the driver has memory, or the guest. */
static void *reach(struct rig *r, uint64_t pa, size_t len, bool write)
{
	FUZZ_CHECK((pa & 4095) + len <= 4096);
	if (!is_guest(pa)) {
		FUZZ_CHECK(is_host(r, pa));
		return at(r, pa);
	}
	if (r->change)
		r->change(r);
	FUZZ_CHECK(rig_allowed(r, pa, write));
	return at(r, pa);
}

static void *p_zalloc(void *ctx, size_t size)
{
	struct rig *r = ctx;
	void *mem = aligned_alloc(64, (size + 63) & ~(size_t)63);

	FUZZ_CHECK(mem);
	r->allocations++;
	return memset(mem, 0, size);
}

static void p_free(void *ctx, void *mem)
{
	struct rig *r = ctx;

	r->allocations -= mem != NULL;
	free(mem);
}

static bool is_free(const struct rig *r, size_t first, size_t count)
{
	size_t i;

	for (i = first; i < first + count; i++)
		if (r->used[i])
			return false;
	return true;
}

static void *p_pages_alloc(void *ctx, size_t size)
{
	size_t count = size >> 12, first, i;
	struct rig *r = ctx;

	for (first = 0; first + count <= RIG_HOST_PAGES; first += count)
		if (is_free(r, first, count))
			break;
	if (first + count > RIG_HOST_PAGES)
		return NULL;
	for (i = first; i < first + count; i++)
		r->used[i] = 1;
	r->allocations++;
	return memset(r->host + (first << 12), 0, size);
}

static void p_pages_free(void *ctx, void *pages, size_t size)
{
	struct rig *r = ctx;
	size_t first = (size_t)((uint8_t *)pages - r->host) >> 12, i;

	for (i = first; i < first + (size >> 12); i++)
		r->used[i] = 0;
	r->allocations--;
}

static uint64_t p_virt_to_phys(void *ctx, const void *va)
{
	const struct rig *r = ctx;

	return RIG_HOST + (uint64_t)((const uint8_t *)va - r->host);
}

static void *p_phys_to_virt(void *ctx, uint64_t pa)
{
	return reach(ctx, pa, 8, false);
}

/* One thread */

static void p_lock_init(void *ctx, struct plat_lock *lock,
			enum plat_lock_kind kind, unsigned int rank,
			const char *name)
{
	(void)ctx, (void)kind, (void)rank, (void)name;
	lock->opaque[0] = 0;
}

static void p_lock_fini(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	FUZZ_CHECK(!lock->opaque[0]);
}

static void p_lock(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	FUZZ_CHECK(!lock->opaque[0]);
	lock->opaque[0] = 1;
}

static void p_unlock(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	FUZZ_CHECK(lock->opaque[0]);
	lock->opaque[0] = 0;
}

void rig_serve(struct rig *r)
{
	unsigned int i;

	for (i = 0; i < RIG_IRQS; i++) {
		if (!r->irqs[i].pending || !r->irqs[i].fn)
			continue;
		r->irqs[i].pending = false;
		r->irqs[i].fn(r->irqs[i].arg);
	}
	while (r->works) {
		struct plat_work *w = r->works;

		r->works = w->next;
		atomic_store(&w->queued, false);
		w->fn(w->arg);
	}
}

/* What is waited for happens now, or never. */
static int p_event_wait(void *ctx, struct plat_event *ev, uint32_t seen,
			uint64_t deadline_ns)
{
	struct rig *r = ctx;

	rig_serve(r);
	if (plat_event_read(ev) != seen)
		return 0;
	FUZZ_CHECK(deadline_ns != UINT64_MAX);
	if (r->now < deadline_ns)
		r->now = deadline_ns;
	return -ETIMEDOUT;
}

static void p_event_wake(void *ctx, struct plat_event *ev)
{
	(void)ctx, (void)ev;
}

static void p_relax(void *ctx, unsigned int turns)
{
	struct rig *r = ctx;

	r->now += 1000 * (uint64_t)turns;
}

static uint64_t p_now_ns(void *ctx)
{
	struct rig *r = ctx;

	return r->now += 100;
}

/* All queues are one. */
static struct plat_workqueue *p_wq_create(void *ctx, const char *name,
					  unsigned int max_active)
{
	(void)name, (void)max_active;
	return ctx;
}

static void p_wq_flush(void *ctx, struct plat_workqueue *wq)
{
	(void)wq;
	rig_serve(ctx);
}

static bool p_work_queue(void *ctx, struct plat_workqueue *wq,
			 struct plat_work *work)
{
	struct rig *r = ctx;

	(void)wq;
	if (atomic_exchange(&work->queued, true))
		return false;
	work->next = r->works;
	r->works = work;
	return true;
}

static void p_nothing(void *ctx)
{
	(void)ctx;
}

static int p_irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
			 void *arg, const char *name)
{
	struct rig *r = ctx;

	(void)name;
	r->irqs[irq].fn = fn;
	r->irqs[irq].arg = arg;
	return 0;
}

static void p_irq_free(void *ctx, unsigned int irq)
{
	struct rig *r = ctx;

	r->irqs[irq].fn = NULL;
	r->irqs[irq].pending = false;
}

static void p_irq_sync(void *ctx, unsigned int irq)
{
	(void)irq;
	rig_serve(ctx);
}

static int p_msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	struct rig *r = ctx;
	unsigned int i;

	for (i = 0; i < RIG_IRQS && r->irqs[i].taken; i++)
		;
	if (i == RIG_IRQS)
		return -ENOSPC;
	r->irqs[i].taken = true;
	*ret_msi = (struct plat_msi){ 0xfee00000, i, i };
	return 0;
}

static void p_msi_free(void *ctx, const struct plat_msi *msi)
{
	struct rig *r = ctx;

	r->irqs[msi->irq].taken = false;
}

static SVA_PRINTF(3, 0) void p_log(void *ctx, enum plat_log_level level,
				   const char *fmt, va_list ap)
{
	(void)ctx, (void)level;
	if (!getenv("FUZZ_LOG"))
		return;
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

static const struct plat_ops plat_ops = {
	.zalloc = p_zalloc,
	.free = p_free,
	.pages_alloc = p_pages_alloc,
	.pages_free = p_pages_free,
	.virt_to_phys = p_virt_to_phys,
	.phys_to_virt = p_phys_to_virt,
	.lock_init = p_lock_init,
	.lock_fini = p_lock_fini,
	.lock = p_lock,
	.unlock = p_unlock,
	.event_wait = p_event_wait,
	.event_wake = p_event_wake,
	.relax = p_relax,
	.now_ns = p_now_ns,
	.workqueue_create = p_wq_create,
	.workqueue_destroy = p_wq_flush,
	.work_queue = p_work_queue,
	.workqueue_flush = p_wq_flush,
	.rcu_read_lock = p_nothing,
	.rcu_read_unlock = p_nothing,
	.rcu_synchronize = p_nothing,
	.irq_request = p_irq_request,
	.irq_free = p_irq_free,
	.irq_sync = p_irq_sync,
	.msi_alloc = p_msi_alloc,
	.msi_free = p_msi_free,
	.log = p_log,
};

/* The model's world */

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	(void)ret_done;
	memcpy(buf, reach(ctx, pa, len, false), len);
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	(void)ret_done;
	memcpy(reach(ctx, pa, len, true), buf, len);
	return 0;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	(void)ctx, (void)dst, (void)src, (void)len, (void)ret_done;
	(void)ret_write;
	FUZZ_FAIL("the unit copies");
}

/* A PASID entry of two stages: no other table's word is like it. */
static uint64_t without_stage2(uint64_t pa, uint64_t value)
{
	if (is_guest(pa) || pa & 63 || !(value & 1) ||
	    (value >> 6 & 7) != VTD_PASID_PGTT_NESTED)
		return value;
	return (value & ~FIELD_MASK(VTD_PASID_PGTT)) | VTD_PASID_PGTT_FS << 6;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	*ret_value = le64_load_acquire(le64_at(reach(ctx, pa, 8, false)));
	if (fuzz_broken("stage2"))
		*ret_value = without_stage2(pa, *ret_value);
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	le64_store_release(le64_at(reach(ctx, pa, 8, true)), value);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	le64_cmpxchg(le64_at(reach(ctx, pa, 8, true)), &expected, desired);
	*ret_old = expected;
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct rig *r = ctx;

	(void)requester, (void)addr;
	FUZZ_CHECK(data < RIG_IRQS);
	r->irqs[data].pending = true;
	return 0;
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	(void)ctx, (void)line, (void)level;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	(void)ctx, (void)lock, (void)rank, (void)name;
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	(void)ctx, (void)lock;
}

static void env_relax(void *ctx, unsigned int turns)
{
	(void)ctx, (void)turns;
	FUZZ_FAIL("the unit waits for a port that is not busy");
}

static int bus_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	struct rig *r = ctx;
	struct rig_atc *e;

	(void)cookie;
	for (e = r->atc; e < r->atc + RIG_ATC; e++) {
		if (e->pasid_valid != inv->pasid_valid ||
		    (e->pasid_valid && e->pasid != inv->pasid))
			continue;
		if (inv->size && (e->va + 4096 <= inv->addr ||
				  e->va >= inv->addr + inv->size))
			continue;
		if (!fuzz_broken("device-tlb"))
			e->valid = false;
	}
	return 0;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct rig *r = ctx;

	FUZZ_CHECK(resp->requester == RIG_SID);
	r->responses++;
}

/* Registers */

static uint32_t mmio_r32(void *dev, uint64_t off)
{
	struct rig *r = dev;

	return (uint32_t)r->hw->ops->mmio_read(r->hw, off, 4);
}

static uint64_t mmio_r64(void *dev, uint64_t off)
{
	struct rig *r = dev;

	return r->hw->ops->mmio_read(r->hw, off, 8);
}

static void mmio_w32(void *dev, uint64_t off, uint32_t v)
{
	struct rig *r = dev;

	r->hw->ops->mmio_write(r->hw, off, 4, v);
}

/* IOTLB invalidations become ones of the context of nobody. */
static void lose_iotlb(struct rig *r, uint64_t tail)
{
	uint64_t iqa = r->hw->ops->mmio_read(r->hw, VTD_IQA, 8);
	uint64_t size = UINT64_C(4096) << (iqa & 7);

	for (; r->iq_seen != tail; r->iq_seen = (r->iq_seen + 32) % size) {
		le64_atomic *e = at(r, (iqa & ~UINT64_C(4095)) + r->iq_seen);

		if ((le64_load_relaxed(e) & 0xf) != VTD_INV_IOTLB)
			continue;
		le64_store_relaxed(&e[0], VTD_INV_CC | 3 << 4 |
						  UINT64_C(0xfffe) << 32);
		le64_store_relaxed(&e[1], 0);
	}
}

static void mmio_w64(void *dev, uint64_t off, uint64_t v)
{
	struct rig *r = dev;

	if (off == VTD_IQT && fuzz_broken("iotlb"))
		lose_iotlb(r, v);
	r->hw->ops->mmio_write(r->hw, off, 8, v);
}

static const struct plat_mmio_ops mmio_ops = {
	mmio_r32, mmio_r64, mmio_w32, mmio_w64, NULL, NULL,
};

static uint32_t cfg_read(void *dev, unsigned int off, unsigned int size)
{
	struct rig *r = dev;
	uint32_t v = 0;

	memcpy(&v, r->cfg + off, size);
	return v;
}

static void cfg_write(void *dev, unsigned int off, unsigned int size,
		      uint32_t v)
{
	struct rig *r = dev;

	if (off == PRI + 4) {
		v &= 1;
		r->cfg[PRI + 7] = v ? 0x80 : 0x81;
	} else if (off == PRI + 6) {
		return;
	}
	memcpy(r->cfg + off, &v, size);
}

static const struct plat_pci_ops pci_ops = { cfg_read, cfg_write };

static void put(struct rig *r, unsigned int off, unsigned int size, uint32_t v)
{
	memcpy(r->cfg + off, &v, size);
}

static void init_cfg(struct rig *r, unsigned int pasid_bits)
{
	put(r, 0x00, 4, 0x12345678);
	put(r, 0x06, 2, 0x10);
	put(r, 0x34, 1, 0x40);
	put(r, 0x40, 2, 0x10);
	put(r, 0x64, 4, 1u << 21);
	put(r, ATS, 4, 0x0f | 1 << 16 | PRI << 20);
	put(r, PRI, 4, 0x13 | 1 << 16 | (uint32_t)PASID << 20);
	put(r, PRI + 6, 2, 1 << 8 | 1 << 15);
	put(r, PRI + 8, 4, 512);
	put(r, PASID, 4, 0x1b | 1 << 16);
	put(r, PASID + 4, 2, pasid_bits << 8 | 6);
	r->pci = (struct plat_pci){ .ops = &pci_ops, .dev = r, .rid = RIG_SID };
}

static void make_model(struct rig *r, const struct vtd_hw_cfg *cfg)
{
	struct hw_env env = {
		.ctx = r,
		.mem_read = env_read,
		.mem_write = env_write,
		.mem_copy = env_copy,
		.mem_load64 = env_load64,
		.mem_store64 = env_store64,
		.mem_cas64 = env_cas64,
		.msi = env_msi,
		.wire = env_wire,
		.lock_init = env_lock_init,
		.lock_fini = env_lock,
		.lock = env_lock,
		.unlock = env_lock,
		.relax = env_relax,
		.now_ns = p_now_ns,
	};
	struct hw_bus bus = {
		.ctx = r,
		.ats_invalidate = bus_invalidate,
		.prg_response = bus_prg_response,
	};
	size_t size = vtd_hw_size(cfg);

	r->hw_mem = aligned_alloc(64, (size + 63) & ~(size_t)63);
	FUZZ_CHECK(size && r->hw_mem);
	memset(r->hw_mem, 0, size);
	FUZZ_CHECK(!vtd_hw_create(cfg, &env, &bus, r->hw_mem, size, &r->hw));
	r->hw->ops->port_add(r->hw, &r->port);
}

void rig_init(struct rig *r, const struct vtd_hw_cfg *cfg,
	      unsigned int pasid_bits)
{
	const uint32_t sid = RIG_SID;
	struct iommu_device_desc desc = {
		.name = "fuzz0",
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pci = &r->pci,
	};
	struct vtd_desc unit = { .timeout_ms = 100 };

	memset(r, 0, sizeof(*r));
	r->plat = (struct plat){ &plat_ops, r };
	r->host = host_pool;
	r->pages = guest_pool;
	memset(r->pages, 0, sizeof(guest_pool));
	init_cfg(r, pasid_bits);
	make_model(r, cfg);
	FUZZ_CHECK(!iommu_system_create(&r->plat, NULL, &r->sys));
	unit.mmio = (struct plat_mmio){ &mmio_ops, r, r->hw->mmio_size };
	FUZZ_CHECK(!vtd_probe(r->sys, &unit, &r->unit));
	desc.unit = r->unit;
	FUZZ_CHECK(!iommu_device_add(r->sys, &desc, &r->dev));
}

void rig_fini(struct rig *r)
{
	FUZZ_CHECK(!iommu_device_remove(r->dev));
	FUZZ_CHECK(!vtd_remove(r->unit));
	r->hw->ops->port_remove(r->hw, &r->port);
	vtd_hw_destroy(r->hw);
	free(r->hw_mem);
	FUZZ_CHECK(!iommu_system_destroy(r->sys));
	FUZZ_CHECK(!r->allocations);
}
