/* SPDX-License-Identifier: MIT */
/*
 * The registers of a function that a guest has been given: interrupt messages
 * are the guest's in the guest's eyes and the host's in the function, portals
 * take descriptors only, and of a guest that is dead nothing gets through.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <limits.h>

#include <sva/sva.h>

#include "fmt/dsa_regs.h"
#include "fmt/pcie.h"
#include "tests/vmm/fixture.h"
#include "vmm/vmm.h"

/* One dword of vector 0: as the guest sees it, and as the function has it. */
static uint32_t of_guest(struct vmm_guest *guest, unsigned int offset)
{
	const struct plat_mmio bar0 = vmm_function_bar0(guest);

	return mmio_read32(&bar0, guest->fn.table + offset);
}

static uint32_t of_function(struct vmm_guest *guest, unsigned int offset)
{
	return (uint32_t)dsa_hw_mmio_read(guest->fn.hw,
					  guest->fn.table + offset, 4);
}

static bool is_masked(struct vmm_guest *guest)
{
	return of_function(guest, PCIE_MSIX_ENTRY_OFF_CTRL) & 1;
}

static void put(struct vmm_guest *guest, unsigned int offset, uint32_t value)
{
	const struct plat_mmio bar0 = vmm_function_bar0(guest);

	mmio_write32(&bar0, guest->fn.table + offset, value);
}

/* [U15] What a guest writes into the table is no address of the host's. */
static void test_function_messages_are_translated(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	const struct plat_mmio bar0 = vmm_function_bar0(guest);
	uint32_t host_low, host_data, data;
	uint64_t gpa;

	(void)state;
	/* Vector 0 is in use: the driver has written it. */
	gpa = mmio_read64(&bar0, guest->fn.table);
	data = of_guest(guest, PCIE_MSIX_ENTRY_OFF_DATA);
	assert_int_equal(gpa, VMM_MSI_GPA);
	assert_int_equal(of_guest(guest, PCIE_MSIX_ENTRY_OFF_ADDR_LOW),
			 (uint32_t)gpa);
	assert_int_equal(of_guest(guest, PCIE_MSIX_ENTRY_OFF_ADDR_HIGH),
			 gpa >> 32);
	assert_int_equal(of_guest(guest, PCIE_MSIX_ENTRY_OFF_CTRL), 0);
	assert_false(is_masked(guest));
	host_low = of_function(guest, PCIE_MSIX_ENTRY_OFF_ADDR_LOW);
	host_data = of_function(guest, PCIE_MSIX_ENTRY_OFF_DATA);

	/* Memory of the host's, or of its own: no message goes there. */
	mmio_write64(&bar0, guest->fn.table, guest->ram.pa);
	assert_int_equal(mmio_read64(&bar0, guest->fn.table), guest->ram.pa);
	assert_true(is_masked(guest));
	put(guest, PCIE_MSIX_ENTRY_OFF_ADDR_LOW, (uint32_t)VMM_MSI_GPA);
	put(guest, PCIE_MSIX_ENTRY_OFF_ADDR_HIGH, 1);
	assert_true(is_masked(guest));
	/* The right place, and nobody's number. */
	put(guest, PCIE_MSIX_ENTRY_OFF_ADDR_HIGH, VMM_MSI_GPA >> 32);
	assert_false(is_masked(guest));
	put(guest, PCIE_MSIX_ENTRY_OFF_DATA, UINT32_MAX);
	assert_true(is_masked(guest));
	/* Masked by itself; and all as it was. */
	put(guest, PCIE_MSIX_ENTRY_OFF_CTRL, 1);
	put(guest, PCIE_MSIX_ENTRY_OFF_DATA, data);
	assert_true(is_masked(guest));
	assert_int_equal(of_guest(guest, PCIE_MSIX_ENTRY_OFF_CTRL), 1);
	put(guest, PCIE_MSIX_ENTRY_OFF_CTRL, 0);
	assert_false(is_masked(guest));
	assert_int_equal(of_function(guest, PCIE_MSIX_ENTRY_OFF_ADDR_LOW),
			 host_low);
	assert_int_equal(of_function(guest, PCIE_MSIX_ENTRY_OFF_DATA),
			 host_data);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* Nothing is beyond the configuration space, wherever an access would end. */
static void test_function_space_has_an_end(void **state)
{
	static const unsigned int beyond[] = { 4096, 4093, UINT_MAX - 3,
					       UINT_MAX - 1 };
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	const struct plat_pci pci = vmm_function_pci(guest);
	uint32_t id = pci_cfg_read(&pci, 0, 4);
	unsigned int i;

	(void)state;
	assert_int_not_equal(id, UINT32_MAX);
	for (i = 0; i < 4; i++) {
		pci_cfg_write(&pci, beyond[i], 4, 0);
		assert_int_equal(pci_cfg_read(&pci, beyond[i], 4), UINT32_MAX);
	}
	assert_int_equal(pci_cfg_read(&pci, 4092, 4), 0);
	assert_int_equal(pci_cfg_read(&pci, 0, 4), id);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* Nothing is where an access is not aligned, or not of 64 bytes. */
static void test_function_odd_accesses(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	const struct plat_mmio bar0 = vmm_function_bar0(guest);
	const struct plat_mmio bar2 = vmm_function_bar2(guest);
	uint32_t data = of_guest(guest, PCIE_MSIX_ENTRY_OFF_DATA);
	struct dsa_hw_stats before, after;

	(void)state;
	assert_int_equal(mmio_read32(&bar0, DSA_REG_GENSTATUS + 2), 0);
	assert_int_equal(mmio_read64(&bar0, guest->fn.table + 4), 0);
	mmio_write64(&bar0, guest->fn.table + 4, 0);
	mmio_write32(&bar0, guest->fn.table + PCIE_MSIX_ENTRY_OFF_DATA + 2, 0);
	assert_int_equal(of_guest(guest, PCIE_MSIX_ENTRY_OFF_DATA), data);
	assert_false(is_masked(guest));

	dsa_hw_stats(guest->fn.hw, &before);
	assert_int_equal(mmio_read32(&bar2, 0), UINT32_MAX);
	assert_int_equal(mmio_read64(&bar2, 0), UINT64_MAX);
	mmio_write32(&bar2, 0, 0);
	mmio_write64(&bar2, 0, 0);
	dsa_hw_stats(guest->fn.hw, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* All ones, and the function in the host's hands does not change. */
static void test_function_of_the_dead_is_not_there(void **state)
{
	static const _Alignas(64) uint8_t descriptor[64];
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	const struct plat_mmio bar0 = vmm_function_bar0(guest);
	const struct plat_mmio bar2 = vmm_function_bar2(guest);
	struct dsa_hw_stats before, after;
	struct dsa_hw *hw = guest->fn.hw;

	(void)state;
	/* That it would be seen. */
	dsa_hw_stats(hw, &before);
	mmio_write32(&bar0, DSA_REG_CMD,
		     (uint32_t)REG_PUT(DSA_CMD_CODE, 0,
				       DSA_CMD_DISABLE_DEVICE));
	assert_int_not_equal(
		REG_GET(DSA_GENSTATUS_STATE,
			dsa_hw_mmio_read(hw, DSA_REG_GENSTATUS, 4)),
		DSA_DEVICE_ENABLED);
	vmm_guest_kill(guest);
	dsa_hw_stats(hw, &before);
	assert_int_equal(mmio_read32(&bar0, DSA_REG_GENSTATUS), UINT32_MAX);
	assert_int_equal(mmio_read64(&bar0, 0), UINT64_MAX);
	mmio_write32(&bar0, DSA_REG_CMD,
		     (uint32_t)REG_PUT(DSA_CMD_CODE, 0, DSA_CMD_ENABLE_DEVICE));
	assert_int_equal(REG_GET(DSA_GENSTATUS_STATE,
				 dsa_hw_mmio_read(hw, DSA_REG_GENSTATUS, 4)),
			 DSA_DEVICE_DISABLED);
	/* What is not there takes everything, and answers nothing. */
	assert_int_equal(bar2.ops->enqcmd(bar2.dev, 0, descriptor), 0);
	bar2.ops->write512(bar2.dev, 0, descriptor);
	dsa_hw_stats(hw, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_function_messages_are_translated),
		cmocka_unit_test(test_function_space_has_an_end),
		cmocka_unit_test(test_function_odd_accesses),
		cmocka_unit_test(test_function_of_the_dead_is_not_there),
	};

	return fixture_run_assigned_tests(tests);
}
