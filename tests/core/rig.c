/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "base/bits.h"
#include "tests/core/rig.h"

#define PRESENT     UINT64_C(1)
#define WRITABLE    UINT64_C(2)
#define EXITED      UINT64_C(4) /* in word 0 of the second page */
#define TABLE_BYTES 8192u

_Static_assert(SOFT_PAGES * 8 <= 4096, "the table has one page");

static _Atomic unsigned int late_walks;

unsigned int soft_mm_late_walks(void)
{
	return atomic_load(&late_walks);
}

/* Tables of address spaces that have gone stay until the rig does, so that a
 * walk of one is noticed and not a crash. */
#define GRAVES 64u
static void *graves[GRAVES];
static unsigned int grave_count;
static pthread_mutex_t grave_lock = PTHREAD_MUTEX_INITIALIZER;

static bool soft_walk(uint64_t root, uint64_t va, unsigned int perm,
		      uint64_t *ret_pa)
{
	_Atomic uint64_t *table = (_Atomic uint64_t *)(uintptr_t)root;
	uint64_t pte;

	if (atomic_load(&table[512]) & EXITED)
		atomic_fetch_add(&late_walks, 1);
	if (va / 4096 >= SOFT_PAGES)
		return false;
	pte = atomic_load(&table[va / 4096]);
	if (!(pte & PRESENT) || (perm & W && !(pte & WRITABLE)))
		return false;
	*ret_pa = pte & ~UINT64_C(4095);
	return true;
}

static struct soft_mm *to_soft(struct iommu_mm *mm)
{
	return container_of(mm, struct soft_mm, mm);
}

/* Of whichever format: who walks it asks soft_walk(). */
static int soft_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			  struct iommu_mm_table *ret_table)
{
	*ret_table = (struct iommu_mm_table){
		.fmt = fmt,
		.root = (uintptr_t)to_soft(mm)->table,
		.va_bits = 48,
		.granule_lg2 = 12,
		.pa_bits = 48,
		.mair = 0xff,
	};
	return 0;
}

static void wait_while_blocked(struct soft_mm *soft)
{
	const struct plat *plat = soft->rig->plat;

	atomic_fetch_add(&soft->blocked, 1);
	plat_event_signal(plat, &soft->event);
	for (;;) {
		uint32_t seen = plat_event_read(&soft->event);

		if (!atomic_load(&soft->block))
			break;
		if (plat_event_wait(plat, &soft->event, seen, UINT64_MAX))
			break;
	}
	atomic_fetch_sub(&soft->blocked, 1);
}

static int soft_page(struct soft_mm *soft, uint64_t va, unsigned int perm)
{
	uint64_t page = va / 4096;
	uint64_t pte = PRESENT | (0x100000 + page) << 12;

	if (page >= soft->limit)
		return -EFAULT;
	if (page < soft->read_only)
		pte |= WRITABLE;
	else if (perm & W)
		return -EACCES;
	atomic_store(&soft->table[page], pte);
	atomic_fetch_add(&soft->pages, 1);
	return 0;
}

static int soft_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			     unsigned int perm, size_t *ret_done)
{
	struct soft_mm *soft = to_soft(mm);
	int err = atomic_load(&soft->fail);
	size_t i;

	atomic_fetch_add(&soft->calls, 1);
	if (atomic_load(&soft->block))
		wait_while_blocked(soft);
	*ret_done = 0;
	atomic_store(&soft->last_count, count);
	if (err)
		return err;
	for (i = 0; i < count && !err; i++)
		err = soft_page(soft, va + 4096 * i, perm);
	*ret_done = err ? i - 1 : i;
	return err;
}

static void soft_exit(struct iommu_mm *mm)
{
	struct soft_mm *soft = to_soft(mm);

	atomic_store(&soft->table[512], EXITED);
	atomic_store(&soft->exited, true);
}

static void soft_free(struct iommu_mm *mm)
{
	struct soft_mm *soft = to_soft(mm);

	pthread_mutex_lock(&grave_lock);
	if (grave_count < GRAVES)
		graves[grave_count++] = (void *)(uintptr_t)soft->table;
	else
		plat_pages_free(soft->rig->plat, (void *)(uintptr_t)soft->table,
				TABLE_BYTES);
	pthread_mutex_unlock(&grave_lock);
	if (soft->freed)
		atomic_store(soft->freed, true);
	plat_free(soft->rig->plat, soft);
}

static const struct iommu_mm_ops soft_ops = {
	.get_table = soft_get_table,
	.handle_fault = soft_handle_fault,
	.exit = soft_exit,
	.free = soft_free,
};

struct soft_mm *soft_mm_create(struct rig *rig)
{
	struct soft_mm *soft = plat_zalloc(rig->plat, sizeof(*soft));

	assert_non_null(soft);
	soft->table = plat_pages_alloc(rig->plat, TABLE_BYTES);
	assert_non_null(soft->table);
	soft->rig = rig;
	soft->limit = SOFT_PAGES;
	soft->read_only = SOFT_PAGES;
	iommu_mm_init(&soft->mm, rig->sys, &soft_ops);
	return soft;
}

void soft_mm_unmap(struct soft_mm *soft, uint64_t start, uint64_t end)
{
	uint64_t va;

	for (va = start; va < end; va += 4096)
		atomic_store(&soft->table[va / 4096], 0);
	iommu_mm_invalidate_range(&soft->mm, start, end);
}

void soft_mm_block(struct soft_mm *soft, bool block)
{
	atomic_store(&soft->block, block);
	plat_event_signal(soft->rig->plat, &soft->event);
}

void soft_mm_wait_blocked(struct soft_mm *soft, unsigned int count)
{
	for (;;) {
		uint32_t seen = plat_event_read(&soft->event);

		if (atomic_load(&soft->blocked) == count)
			return;
		assert_ok(plat_event_wait(soft->rig->plat, &soft->event, seen,
					  UINT64_MAX));
	}
}

struct iommu_device *rig_add_device(struct rig *rig, const char *name,
				    uint32_t stream_id, unsigned int bits,
				    uint32_t group)
{
	const struct iommu_device_desc desc = {
		.name = name,
		.unit = mock_unit(rig->mock),
		.stream_ids = &stream_id,
		.stream_id_count = 1,
		.pasid_bits = bits,
		.can_stall = stream_id == 2,
		.group = group,
	};
	struct iommu_device *dev;

	assert_ok(iommu_device_add(rig->sys, &desc, &dev));
	return dev;
}

void rig_up(struct rig *rig, const struct iommu_system_cfg *sys_cfg,
	    const struct mock_cfg *mock_cfg)
{
	static const char *const names[RIG_DEVICES] = { "pri0", "pri1",
							"stall" };
	struct mock_cfg cfg = { 0 };
	uint32_t i;

	if (mock_cfg)
		cfg = *mock_cfg;
	cfg.walk = soft_walk;
	atomic_store(&late_walks, 0);
	testplat_init(&rig->tp);
	rig->plat = &rig->tp.plat;
	assert_ok(iommu_system_create(rig->plat, sys_cfg, &rig->sys));
	assert_ok(mock_create(rig->sys, &cfg, &rig->mock));
	for (i = 0; i < RIG_DEVICES; i++)
		rig->dev[i] =
			rig_add_device(rig, names[i], i, MOCK_PASID_BITS, 0);
}

void rig_down(struct rig *rig)
{
	unsigned int i;

	for (i = 0; i < RIG_DEVICES; i++) {
		if (iommu_dev_feature_enabled(rig->dev[i], IOMMU_DEV_FEAT_SVA))
			assert_ok(iommu_sva_disable(rig->dev[i]));
		if (iommu_dev_feature_enabled(rig->dev[i], IOMMU_DEV_FEAT_AUX))
			assert_ok(iommu_dev_disable_feature(
				rig->dev[i], IOMMU_DEV_FEAT_AUX));
		assert_ok(iommu_device_remove(rig->dev[i]));
	}
	assert_ok(mock_destroy(rig->mock));
	assert_ok(iommu_system_destroy(rig->sys));
	while (grave_count)
		plat_pages_free(rig->plat, graves[--grave_count], TABLE_BYTES);
	assert_int_equal(soft_mm_late_walks(), 0);
	/* Errors are core's own bugs; what others did wrong is a warning. */
	assert_int_equal(rig->tp.errors_logged, 0);
	testplat_fini(&rig->tp);
}

struct iommu_fault page_request(ioasid_t pasid, uint32_t grpid, uint64_t addr,
				unsigned int perm, bool last)
{
	struct iommu_fault fault = {
		.type = IOMMU_FAULT_PAGE_REQ,
		.prm = {
			.pasid = pasid,
			.grpid = grpid,
			.perm = perm,
			.addr = addr,
		},
	};

	if (pasid)
		fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID;
	if (last)
		fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE;
	return fault;
}

void raise_request(struct rig *rig, struct iommu_device *dev, ioasid_t pasid,
		   uint32_t grpid, uint64_t addr, unsigned int perm, bool last)
{
	struct iommu_fault fault = page_request(pasid, grpid, addr, perm, last);

	assert_ok(mock_raise(rig->mock, dev, &fault));
}

int dma(struct rig *rig, struct iommu_device *dev, ioasid_t pasid, uint64_t va,
	unsigned int perm)
{
	static _Atomic uint32_t group;
	unsigned int before = mock_response_count(rig->mock);
	uint64_t pa;
	int err = mock_access(rig->mock, dev, pasid, va, perm, &pa);

	if (err != -EFAULT)
		return err;
	raise_request(rig, dev, pasid, atomic_fetch_add(&group, 1) % 512,
		      va & ~UINT64_C(4095), perm, true);
	if (!mock_wait_responses(rig->mock, before + 1))
		return -ETIMEDOUT;
	if (last_code(rig) != IOMMU_PAGE_RESP_SUCCESS)
		return -EFAULT;
	return mock_access(rig->mock, dev, pasid, va, perm, &pa);
}

enum iommu_page_response_code last_code(struct rig *rig)
{
	struct mock_response r = { 0 };
	unsigned int count = mock_response_count(rig->mock);

	assert_true(count && mock_response(rig->mock, count - 1, &r));
	return r.code;
}

struct iommu_system_stats stats_of(struct rig *rig)
{
	struct iommu_system_stats stats;

	iommu_system_stats(rig->sys, &stats);
	return stats;
}
