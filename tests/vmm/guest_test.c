/* SPDX-License-Identifier: MIT */
/*
 * A guest: the same core and drivers on a platform that is a monitor, whose
 * processes share their memory with its function.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include <sva/sva.h>

#include "tests/vmm/fixture.h"

/* A machine is there, and goes without a trace. */
static void test_guest_boots(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct vmm_guest_stats stats;

	(void)state;
	assert_int_equal(vmm_host_destroy(host), -EBUSY);
	vmm_guest_stats(guest, &stats);
	assert_true(stats.exits > 0);
	assert_true(stats.pages_free < stats.pages);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* It went the way it was to go. */
static void check_way(struct vmm_host *host, struct vmm_guest *guest)
{
	struct vmm_guest_stats stats;
	struct iommu_hw_stats hw;

	vmm_guest_stats(guest, &stats);
	vmm_host_iommu_hw(host)->ops->stats(vmm_host_iommu_hw(host), &hw);
	switch (fixture_pair->how) {
	case VMM_NESTED:
		assert_true(hw.nested_walks > 0);
		assert_int_equal(stats.shadow_fills, 0);
		break;
	case VMM_SHADOW:
		assert_int_equal(hw.nested_walks, 0);
		assert_true(stats.shadow_fills > 0);
		break;
	case VMM_EMULATED:
		assert_int_equal(hw.translations, 0);
		assert_int_equal(stats.invalidations, 0);
		return;
	}
	assert_true(stats.binds > 0);
	assert_true(stats.invalidations > 0);
	assert_int_equal(stats.refused, 0);
	assert_true(stats.page_requests > 0);
	assert_true(stats.page_responses > 0);
	assert_int_equal(stats.stage2_faults, 0);
	assert_true(stats.accesses > 0);
	assert_int_equal(stats.strays, 0);
}

/*
 * [G1] [H1] [I4] [U15] What one process has, the function copies, by pages that
 * come on demand: its requests go to the guest, and the guest's answers to it.
 */
static void test_guest_copies(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct dsa_hw_stats before, after;
	struct dsa_result result;
	struct proc p;

	(void)state;
	proc_open(&p, guest, 8 * PAGE);
	proc_fill(&p, 1);
	dsa_hw_stats(vmm_guest_dsa_hw(guest), &before);
	assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(result.bytes, 8 * PAGE);
	dsa_hw_stats(vmm_guest_dsa_hw(guest), &after);
	/* Nobody had touched the destination. */
	assert_true(after.page_requests - before.page_requests >= 8);
	assert_true(proc_holds(&p, DST_VA, 1));
	assert_false(proc_holds(&p, DST_VA, 2));
	check_way(host, guest);
	assert_int_equal(dsa_wq_close(wq), 0);
	proc_close(&p);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* Two processes use the same addresses, and each sees what is its own. */
static void test_guest_keeps_processes_apart(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct dsa_result result;
	struct proc procs[3];
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		proc_open(&procs[i], guest, 2 * PAGE);
		proc_fill(&procs[i], 10 + i);
	}
	for (i = 0; i < 3; i++) {
		assert_int_equal(proc_copy(&procs[i], wq, i, &result), 0);
		assert_int_equal(result.status, 0);
	}
	for (i = 0; i < 3; i++) {
		assert_true(proc_holds(&procs[i], DST_VA, 10 + i));
		proc_close(&procs[i]);
	}
	assert_int_equal(dsa_wq_close(wq), 0);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* [R9] What a process gave back the function reaches no more. */
static void test_guest_discards(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct dsa_result result;
	struct proc p;
	uint32_t i;

	(void)state;
	proc_open(&p, guest, 4 * PAGE);
	for (i = 0; i < 8; i++) {
		proc_fill(&p, 20 + i);
		assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
		assert_int_equal(result.status, 0);
		assert_true(proc_holds(&p, DST_VA, 20 + i));
		assert_int_equal(vmm_process_discard(p.process, SRC_VA, p.size),
				 0);
		assert_int_equal(vmm_process_discard(p.process, DST_VA, p.size),
				 0);
	}
	/* Nothing mapped: the job says where. */
	assert_int_equal(vmm_process_unmap(p.process, DST_VA, p.size), 0);
	proc_fill(&p, 30);
	assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
	assert_int_equal(result.status, -EFAULT);
	assert_int_equal(result.fault_addr, DST_VA);
	assert_int_equal(dsa_wq_close(wq), 0);
	proc_close(&p);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guest_boots),
		cmocka_unit_test(test_guest_copies),
		cmocka_unit_test(test_guest_keeps_processes_apart),
		cmocka_unit_test(test_guest_discards),
	};

	return fixture_run_tests(tests);
}
