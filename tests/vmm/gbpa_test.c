/* SPDX-License-Identifier: MIT */
/*
 * What a guest's SMMU makes of transactions while it is off, the host does too:
 * whatever access has said so.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fmt/smmuv3_regs.h"
#include "tests/vmm/fixture.h"
#include "vmm/vmm.h"

static void set_gbpa(struct vmm_guest *g, uint32_t value, bool wide)
{
	const struct plat_mmio w = vmm_unit_window(g);

	value |= (uint32_t)FIELD_MASK(SMMU_GBPA_UPDATE);
	if (wide)
		mmio_write64(&w, SMMU_GBPA - 4, (uint64_t)value << 32);
	else
		mmio_write32(&w, SMMU_GBPA, value);
}

/* By itself, and as the upper half of an access of 64 bits. [G1] */
static void test_gbpa_reaches_the_host(void **state)
{
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(16) << 20,
	};
	const uint32_t abort = (uint32_t)FIELD_MASK(SMMU_GBPA_ABORT);
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest;
	unsigned int wide;

	(void)state;
	assert_int_equal(vmm_guest_create_bare(host, &cfg, &guest), 0);
	for (wide = 0; wide < 2; wide++) {
		set_gbpa(guest, 0, wide);
		assert_int_equal(guest->unit.table.config,
				 IOMMU_PASID_CONFIG_BYPASS);
		set_gbpa(guest, abort, wide);
		assert_int_equal(guest->unit.table.config,
				 IOMMU_PASID_CONFIG_ABORT);
	}
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gbpa_reaches_the_host),
	};

	return GROUP(tests, nested_smmuv3) + GROUP(tests, shadow_smmuv3) +
	       GROUP(tests, shadow_smmuv3_on_vtd);
}
