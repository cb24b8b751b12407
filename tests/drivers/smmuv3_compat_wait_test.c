/* SPDX-License-Identifier: MIT */
/*
 * The AMD interface on an SMMUv3 with a request in the middle of it: threads,
 * and what the command queue says in which order.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include <sva/compat/amd.h>
#include <sva/fault.h>

#include "tests/drivers/smmuv3_fixture.h"

enum {
	SID = 0x42,
	PASID = 5,
	PRGI = 0x33,
};

/* A PRI queue record, chapter 8; commands, 4.3.2, 4.5.2. */
#define READ     (UINT64_C(1) << 60)
#define LAST     (UINT64_C(1) << 62)
#define SSV      (UINT64_C(1) << 63)
#define CFGI_CD  0x05u
#define PRI_RESP 0x41u

static struct bench {
	struct fake f;
	struct fake_mm mm;
	struct iommu_device *dev;
	struct amd_iommu *amd;
	struct plat_event event;
	_Atomic bool asked, hold, unbound;
	_Atomic bool unbound_before;
} fx;

/* The device driver takes its time over a request. */
static int invalid_ppr(struct iommu_device *dev, ioasid_t pasid,
		       uint64_t address, unsigned int flags)
{
	(void)dev, (void)pasid, (void)address, (void)flags;
	atomic_store(&fx.asked, true);
	plat_event_signal(&fx.f.tp.plat, &fx.event);
	for (;;) {
		uint32_t seen = plat_event_read(&fx.event);

		if (!atomic_load(&fx.hold))
			break;
		if (plat_event_wait(&fx.f.tp.plat, &fx.event, seen, UINT64_MAX))
			break;
	}
	atomic_store(&fx.unbound_before, atomic_load(&fx.unbound));
	return AMD_IOMMU_INV_PRI_RSP_FAIL;
}

static void *unbinder(void *arg)
{
	(void)arg;
	amd_iommu_unbind_pasid(fx.amd, PASID);
	atomic_store(&fx.unbound, true);
	return NULL;
}

/* CD.V, bit 31. */
static bool cd_valid(void)
{
	const _Atomic uint64_t *cd = (const void *)fake_cd(&fx.f, SID, PASID);

	return cd && atomic_load(cd) >> 31 & 1;
}

/* [F12] [F13] [R1] [R2] The entry goes, the answer comes, the unbind ends. */
static void test_smmuv3_compat_wait_for_a_request(void **state)
{
	const uint64_t dw[2] = {
		READ | LAST | SSV | (uint64_t)PASID << 32 | SID, 0x7000 | PRGI
	};
	pthread_t thread;
	unsigned int i;

	(void)state;
	fake_init(&fx.f);
	assert_int_equal(fake_probe(&fx.f), 0);
	fx.dev = fake_pci_device(&fx.f, SID);
	fake_mm_init(&fx.mm, &fx.f);
	fx.mm.fault_err = -EFAULT;
	assert_int_equal(amd_iommu_init_device(fx.dev, 64, &fx.amd), 0);
	assert_int_equal(amd_iommu_set_invalid_ppr_cb(fx.amd, invalid_ppr), 0);
	assert_int_equal(amd_iommu_bind_pasid(fx.amd, PASID, &fx.mm.mm), 0);
	assert_true(cd_valid());

	atomic_store(&fx.hold, true);
	fake_ops_clear(&fx.f);
	assert_true(fake_push_pri(&fx.f, dw));
	assert_int_equal(testplat_irq_run(&fx.f.tp), 1);
	while (!atomic_load(&fx.asked))
		plat_relax(&fx.f.tp.plat, 20);
	assert_int_equal(pthread_create(&thread, NULL, unbinder, NULL), 0);
	while (cd_valid())
		plat_relax(&fx.f.tp.plat, 20);
	for (i = 0; i < 1000; i++)
		plat_relax(&fx.f.tp.plat, 20);
	assert_false(atomic_load(&fx.unbound));
	atomic_store(&fx.hold, false);
	plat_event_signal(&fx.f.tp.plat, &fx.event);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(atomic_load(&fx.unbound_before));

	/* One answer, Response Failure (0), after the CD had gone. */
	assert_int_equal(fake_count(&fx.f, PRI_RESP), 1);
	i = (unsigned int)fake_find(&fx.f, PRI_RESP, 0);
	assert_true(fake_find(&fx.f, CFGI_CD, 0) < i);
	assert_int_equal(fake_cmd(&fx.f, i)->dw[1], PRGI);
	assert_int_equal(amd_iommu_free_device(fx.amd), 0);
	iommu_mm_put_users(&fx.mm.mm);
	assert_true(fx.mm.freed);
	assert_int_equal(iommu_device_remove(fx.dev), 0);
	fake_fini(&fx.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_compat_wait_for_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
