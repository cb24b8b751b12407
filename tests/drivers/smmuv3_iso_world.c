/* SPDX-License-Identifier: MIT */
/* Memory, the platform, and what the model's accesses are held against. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/smmuv3.h"
#include "tests/drivers/smmuv3_iso.h"

const char *const iso_defects[ISO_DEFECTS] = {
	[ISO_NONE] = "none",
	[ISO_NO_STAGE2] = "no-stage-2",
	[ISO_NO_S2_IPA] = "no-tlbi-s2-ipa",
	[ISO_NO_NH_ALL] = "no-tlbi-nh-all",
	[ISO_NO_ATC_INV] = "no-atc-inv",
	[ISO_NO_S12] = "no-tlbi-s12-vmall",
	[ISO_NO_CFGI_STE] = "no-cfgi-ste",
};

void iso_find(struct iso *iso, const char *what)
{
	if (!iso->finding)
		iso->finding = what;
}

/* Below n. */
uint64_t iso_pick(struct iso *iso, uint64_t n)
{
	return iso->next(iso->next_arg) % n;
}

static size_t page_of(uint64_t pa)
{
	return (size_t)((pa - ISO_RAM_BASE) >> 12);
}

static bool in_ram(uint64_t pa, size_t len)
{
	return pa >= ISO_RAM_BASE && pa - ISO_RAM_BASE < ISO_RAM_SIZE &&
	       len <= ISO_RAM_SIZE - (pa - ISO_RAM_BASE);
}

uint64_t *iso_page(struct iso *iso, uint64_t pa)
{
	return (uint64_t *)(void *)(iso->ram + (pa - ISO_RAM_BASE));
}

/* The SMMU does this for the device of a guest, or for the host. */
static void check(struct iso *iso, uint64_t pa, size_t len, uint32_t need)
{
	unsigned int owner;
	size_t page;

	if (iso->current < 0)
		return;
	if (!in_ram(pa, len)) {
		iso_find(iso, "a walk left all memory");
		return;
	}
	page = page_of(pa);
	owner = iso->owner[page];
	if (owner == ISO_HOST ||
	    owner == ISO_STAGE2 + (unsigned int)iso->current)
		return;
	if (owner != ISO_MAPPED + (unsigned int)iso->current)
		iso_find(iso, "a walk read what is not the guest's");
	else if (need & ~(uint32_t)iso->perm[page])
		iso_find(iso, "a walk did what stage 2 does not permit");
}

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	struct iso *iso = ctx;

	(void)ret_done;
	check(iso, pa, len, IOMMU_PERM_READ);
	if (!in_ram(pa, len))
		return -EFAULT;
	memcpy(buf, iso->ram + (pa - ISO_RAM_BASE), len);
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	struct iso *iso = ctx;

	(void)ret_done;
	/* In between the driver may have it invalid. */
	if (len == sizeof(struct smmu_evt) && !iso->amid &&
	    *(const uint8_t *)buf == SMMU_EVT_C_BAD_STE)
		iso_find(iso, "an STE is illegal");
	check(iso, pa, len, IOMMU_PERM_WRITE);
	if (!in_ram(pa, len))
		return -EFAULT;
	memcpy(iso->ram + (pa - ISO_RAM_BASE), buf, len);
	return 0;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	(void)ctx;
	(void)dst;
	(void)src;
	(void)len;
	*ret_done = 0;
	*ret_write = false;
	return -EFAULT;
}

/* Word 0 of an STE of a guest says Config 5 for 7, and 4 for 6. */
static uint64_t without_stage2(const struct iso *iso, uint64_t pa, uint64_t v)
{
	bool ste = pa >= iso->strtab && pa % 64 == 0 &&
		   iso->owner[page_of(pa)] == ISO_HOST;

	return ste && (v & 0xd) == 0xd ? v & ~UINT64_C(4) : v;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct iso *iso = ctx;

	check(iso, pa, 8, IOMMU_PERM_READ);
	if (!in_ram(pa, 8))
		return -EFAULT;
	/* Tables change while they are walked. */
	if (iso->current >= 0 && !iso->still && !iso_pick(iso, 24))
		iso_scribble(iso, (unsigned int)iso->current);
	*ret_value = le64_load_acquire(le64_at(iso_page(iso, pa)));
	if (iso->defect == ISO_NO_STAGE2)
		*ret_value = without_stage2(iso, pa, *ret_value);
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	struct iso *iso = ctx;

	check(iso, pa, 8, IOMMU_PERM_WRITE);
	if (!in_ram(pa, 8))
		return -EFAULT;
	le64_store_release(le64_at(iso_page(iso, pa)), value);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	struct iso *iso = ctx;

	check(iso, pa, 8, IOMMU_PERM_READ | IOMMU_PERM_WRITE);
	if (!in_ram(pa, 8))
		return -EFAULT;
	le64_cmpxchg(le64_at(iso_page(iso, pa)), &expected, desired);
	*ret_old = expected;
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	(void)ctx;
	(void)requester;
	(void)addr;
	(void)data;
	return -EFAULT;
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	struct iso *iso = ctx;

	if (level && line < SMMUV3_IRQ_COUNT)
		iso->irq[1 + line].pending = true;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	(void)ctx;
	(void)lock;
	(void)rank;
	(void)name;
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	(void)lock;
}

static void env_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	(void)turns;
}

static uint64_t now(void *ctx)
{
	struct iso *iso = ctx;

	return iso->now += 1000;
}

void iso_surround(struct iso *iso, struct hw_env *ret_env)
{
	*ret_env = (struct hw_env){
		.ctx = iso,
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
		.now_ns = now,
	};
}

/* The host's memory. */

static void *p_zalloc(void *ctx, size_t size)
{
	struct iso *iso = ctx;
	void *mem = calloc(1, size);

	iso->live += mem != NULL;
	return mem;
}

static void p_free(void *ctx, void *mem)
{
	struct iso *iso = ctx;

	iso->live -= mem != NULL;
	free(mem);
}

static void *p_pages_alloc(void *ctx, size_t size)
{
	struct iso *iso = ctx;
	size_t n = (size + 4095) >> 12, at, i;

	for (at = 0; at + n <= ISO_HOST_PAGES; at += n) {
		for (i = 0; i < n && iso->owner[at + i] == ISO_NOBODY; i++)
			;
		if (i < n)
			continue;
		memset(iso->owner + at, (int)iso->tag, n);
		memset(iso->ram + (at << 12), 0, n << 12);
		iso->live++;
		return iso->ram + (at << 12);
	}
	return NULL;
}

static void p_pages_free(void *ctx, void *pages, size_t size)
{
	struct iso *iso = ctx;
	size_t at;

	if (!pages)
		return;
	at = (size_t)((uint8_t *)pages - iso->ram) >> 12;
	memset(iso->owner + at, ISO_NOBODY, (size + 4095) >> 12);
	iso->live--;
}

static uint64_t p_virt_to_phys(void *ctx, const void *va)
{
	struct iso *iso = ctx;

	return ISO_RAM_BASE + (uint64_t)((const uint8_t *)va - iso->ram);
}

static void *p_phys_to_virt(void *ctx, uint64_t pa)
{
	struct iso *iso = ctx;

	return in_ram(pa, 1) ? iso->ram + (pa - ISO_RAM_BASE) : NULL;
}

/* One thread: nobody holds a lock, and nobody else makes an event happen. */

static void p_lock_init(void *ctx, struct plat_lock *lock,
			enum plat_lock_kind kind, unsigned int rank,
			const char *name)
{
	(void)ctx;
	(void)lock;
	(void)kind;
	(void)rank;
	(void)name;
}

static void p_lock(void *ctx, struct plat_lock *lock)
{
	(void)ctx;
	(void)lock;
}

static int p_event_wait(void *ctx, struct plat_event *ev, uint32_t seen,
			uint64_t deadline_ns)
{
	struct iso *iso = ctx;

	iso_run(iso);
	if (atomic_load(&ev->count) != seen)
		return 0;
	if (iso->now < deadline_ns)
		iso->now = deadline_ns;
	return -ETIMEDOUT;
}

static void p_event_wake(void *ctx, struct plat_event *ev)
{
	(void)ctx;
	(void)ev;
}

static void p_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	(void)turns;
}

static struct plat_workqueue *p_workqueue_create(void *ctx, const char *name,
						 unsigned int threads)
{
	(void)name;
	(void)threads;
	return ctx;
}

static void p_workqueue(void *ctx, struct plat_workqueue *wq)
{
	(void)wq;
	iso_run(ctx);
}

static bool p_work_queue(void *ctx, struct plat_workqueue *wq,
			 struct plat_work *work)
{
	struct iso *iso = ctx;

	(void)wq;
	if (atomic_exchange(&work->queued, true))
		return false;
	work->next = NULL;
	*iso->works_tail = work;
	iso->works_tail = &work->next;
	return true;
}

static void p_rcu(void *ctx)
{
	(void)ctx;
}

static int p_irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
			 void *arg, const char *name)
{
	struct iso *iso = ctx;

	(void)name;
	iso->irq[irq] = (struct iso_irq){ .fn = fn, .arg = arg };
	return 0;
}

static void p_irq_free(void *ctx, unsigned int irq)
{
	struct iso *iso = ctx;

	iso->irq[irq] = (struct iso_irq){ .fn = NULL };
}

static void p_irq_sync(void *ctx, unsigned int irq)
{
	(void)irq;
	iso_run(ctx);
}

static int p_msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	(void)ctx;
	(void)ret_msi;
	return -ENOSPC;
}

static void p_msi_free(void *ctx, const struct plat_msi *msi)
{
	(void)ctx;
	(void)msi;
}

static void p_log(void *ctx, enum plat_log_level level, const char *fmt,
		  va_list ap)
{
	(void)ctx;
	(void)level;
	(void)fmt;
	(void)ap;
}

static const struct plat_ops ops = {
	.zalloc = p_zalloc,
	.free = p_free,
	.pages_alloc = p_pages_alloc,
	.pages_free = p_pages_free,
	.virt_to_phys = p_virt_to_phys,
	.phys_to_virt = p_phys_to_virt,
	.lock_init = p_lock_init,
	.lock_fini = p_lock,
	.lock = p_lock,
	.unlock = p_lock,
	.event_wait = p_event_wait,
	.event_wake = p_event_wake,
	.relax = p_relax,
	.now_ns = now,
	.workqueue_create = p_workqueue_create,
	.workqueue_destroy = p_workqueue,
	.work_queue = p_work_queue,
	.workqueue_flush = p_workqueue,
	.rcu_read_lock = p_rcu,
	.rcu_read_unlock = p_rcu,
	.rcu_synchronize = p_rcu,
	.irq_request = p_irq_request,
	.irq_free = p_irq_free,
	.irq_sync = p_irq_sync,
	.msi_alloc = p_msi_alloc,
	.msi_free = p_msi_free,
	.log = p_log,
};

bool iso_plat_init(struct iso *iso)
{
	iso->plat.ops = &ops;
	iso->plat.ctx = iso;
	iso->works_tail = &iso->works;
	/* Zeroes, without the cost of what is never touched. */
	iso->ram = mmap(NULL, ISO_RAM_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return iso->ram != MAP_FAILED;
}

void iso_plat_fini(struct iso *iso)
{
	munmap(iso->ram, ISO_RAM_SIZE);
}

void iso_run(struct iso *iso)
{
	unsigned int i;

	for (i = 0; i < ISO_IRQS; i++) {
		if (!iso->irq[i].pending || !iso->irq[i].fn)
			continue;
		iso->irq[i].pending = false;
		iso->irq[i].fn(iso->irq[i].arg);
	}
	while (iso->works) {
		struct plat_work *work = iso->works;

		iso->works = work->next;
		if (!iso->works)
			iso->works_tail = &iso->works;
		atomic_store(&work->queued, false);
		work->fn(work->arg);
	}
}
