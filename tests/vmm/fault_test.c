/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong in a guest: it hears of its own faults with its own
 * addresses, and what is not its own its function does not reach.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <sva/sva.h>

#include "core/device.h"
#include "fmt/dsa_regs.h"
#include "fmt/pcie.h"
#include "tests/vmm/fixture.h"
#include "vmm/vmm.h"

/* Of an entry of either format: bits 47:12. */
#define ENTRY_ADDR UINT64_C(0x0000fffffffff000)

/* Where no guest has memory. */
#define OUTSIDE_GPA UINT64_C(0x30000000)

/* Lead a page of a process that it has touched to somewhere else. */
static void redirect(struct vmm_guest *guest, struct vmm_process *p,
		     uint64_t va, uint64_t gpa)
{
	const struct plat *plat = vmm_guest_plat(guest);
	struct iommu_mm *mm = vmm_process_mm(p);
	struct iommu_mm_table table;
	uint64_t at, *entry = NULL;
	int level;

	assert_int_equal(mm->ops->get_table(mm, guest->unit.vendor->table_fmt,
					    &table),
			 0);
	at = table.root;
	for (level = 3; level >= 0; level--) {
		entry = plat_phys_to_virt(plat, at);
		assert_non_null(entry);
		entry += va >> (12 + 9 * level) & 511;
		at = *entry & ENTRY_ADDR;
		assert_true(at);
	}
	*entry = (*entry & ~ENTRY_ADDR) | gpa;
}

/* [G1] Tables that lead out of the guest lead nowhere. */
static void test_fault_outside_of_the_guest(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct vmm_guest_stats stats;
	struct dsa_result result;
	struct proc p;

	(void)state;
	proc_open(&p, guest, PAGE);
	proc_fill(&p, 1);
	redirect(guest, p.process, SRC_VA, OUTSIDE_GPA);
	assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
	assert_int_equal(result.status, -EFAULT);
	assert_int_equal(result.fault_addr, SRC_VA);
	/* The host's own address of the guest's memory is one more of those. */
	redirect(guest, p.process, SRC_VA, guest->ram.pa & ENTRY_ADDR);
	assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
	assert_int_equal(result.status, -EFAULT);
	vmm_guest_stats(guest, &stats);
	assert_true(stats.stage2_faults >= 2);
	assert_true(stats.accesses > 0);
	assert_int_equal(stats.strays, 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	proc_close(&p);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/*
 * The control of the counter of strays: where the host lets the function out,
 * it gets out, and is seen. A second stage that does not check would do so
 * for any address.
 */
static void test_fault_stray_is_seen(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct vmm_guest_stats stats;
	struct dsa_result result;
	struct proc p;
	void *secret;

	(void)state;
	if (fixture_pair->how != VMM_NESTED)
		goto out;
	secret = plat_pages_alloc(host->plat, PAGE);
	assert_non_null(secret);
	memset(secret, 0x5a, PAGE);
	assert_int_equal(iommu_map(guest->parent, OUTSIDE_GPA,
				   plat_virt_to_phys(host->plat, secret), PAGE,
				   IOMMU_PERM_READ),
			 0);
	proc_open(&p, guest, PAGE);
	proc_fill(&p, 1);
	redirect(guest, p.process, SRC_VA, OUTSIDE_GPA);
	assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
	assert_int_equal(result.status, 0);
	vmm_guest_stats(guest, &stats);
	assert_true(stats.strays > 0);
	proc_close(&p);
	assert_int_equal(iommu_unmap(guest->parent, OUTSIDE_GPA, PAGE, NULL),
			 0);
	plat_pages_free(host->plat, secret, PAGE);
out:
	assert_int_equal(dsa_wq_close(wq), 0);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* The last fault that the guest's driver has read. */
struct traced {
	_Atomic unsigned int count;
	_Atomic ioasid_t pasid;
	_Atomic uint64_t addr;
	struct iommu_device *dev;
	_Atomic bool other_device;
};

static void traced(void *arg, struct iommu_device *dev,
		   const struct iommu_fault_trace *trace)
{
	const struct iommu_fault_unrecov *event = &trace->fault->event;
	struct traced *t = arg;

	if (trace->fault->type != IOMMU_FAULT_UNRECOV)
		return;
	if (dev != t->dev)
		atomic_store(&t->other_device, true);
	atomic_store(&t->pasid, event->pasid);
	atomic_store(&t->addr, event->addr);
	atomic_fetch_add(&t->count, 1);
}

/* What the function would do if it had no ATS. */
static int access_untranslated(struct vmm_host *host, ioasid_t pasid,
			       uint64_t va)
{
	const struct iommu_hw_ops *ops = host->iommu->ops;
	const struct hw_txn txn = {
		.requester = VMM_HOST_RID(0),
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = IOMMU_PERM_WRITE,
		.addr = va,
	};
	struct hw_port port;
	struct hw_xlat xlat;
	int err;

	memset(&port, 0, sizeof(port));
	ops->port_add(host->iommu, &port);
	err = ops->translate(host->iommu, &port, &txn, &xlat);
	if (!err)
		hw_port_done(&port);
	ops->port_remove(host->iommu, &port);
	return err;
}

/* [I6] The record is in the guest's IOMMU, with the guest's address. */
static void test_fault_reported_to_the_guest(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct traced t = { .dev = vmm_guest_device(guest) };
	const struct iommu_fault_tracer tracer = { traced, &t };
	const uint64_t nothing = SRC_VA + 64 * PAGE;
	struct vmm_guest_stats stats;
	ioasid_t pasid;
	struct proc p;

	(void)state;
	proc_open(&p, guest, PAGE);
	pasid = iommu_sva_get_pasid(p.sva);
	iommu_system_trace_faults(vmm_guest_system(guest), &tracer);
	assert_int_equal(access_untranslated(host, pasid, nothing), -EFAULT);
	while (!atomic_load(&t.count))
		sched_yield();
	iommu_system_trace_faults(vmm_guest_system(guest), NULL);
	assert_false(atomic_load(&t.other_device));
	assert_int_equal(atomic_load(&t.pasid), pasid);
	assert_int_equal(atomic_load(&t.addr), nothing);
	vmm_guest_stats(guest, &stats);
	assert_int_equal(stats.faults, 1);
	proc_close(&p);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* The device command @code, as a guest's software writes it. */
static void write_command(struct vmm_guest *guest, enum dsa_cmd code)
{
	const struct plat_mmio bar0 = vmm_function_bar0(guest);

	mmio_write32(&bar0, DSA_REG_CMD,
		     (uint32_t)REG_PUT(DSA_CMD_CODE, 0, code));
}

static unsigned int requests_of(struct vmm_guest *guest)
{
	unsigned int count;

	pthread_mutex_lock(&guest->requests.lock);
	count = guest->requests.count;
	pthread_mutex_unlock(&guest->requests.lock);
	return count;
}

/*
 * [R15] A function that drains waits for a page, and its guest for nothing: it
 * answers no request. A reset is a reset nevertheless.
 */
static void test_fault_reset_ends_requests(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	const struct plat_pci pci = vmm_function_pci(guest);
	const struct plat_mmio bar0 = vmm_function_bar0(guest);
	struct dsa_job *job;
	struct proc p;

	(void)state;
	proc_open(&p, guest, PAGE);
	job = vmm_process_job(p.process, 0);
	dsa_job_memmove(job, p.sva, (void *)(uintptr_t)DST_VA,
			(const void *)(uintptr_t)SRC_VA, PAGE);
	dsa_job_set_block_on_fault(job);
	vmm_process_job_ready(p.process, 0);
	/* Its driver gets no further than to its IOMMU. */
	pthread_mutex_lock(&guest->unit.lock);
	assert_int_equal(dsa_submit(wq, job), 0);
	while (!requests_of(guest))
		sched_yield();
	write_command(guest, DSA_CMD_DRAIN_ALL);
	assert_true(REG_GET(DSA_CMDSTATUS_ACTIVE,
			    mmio_read32(&bar0, DSA_REG_CMDSTATUS)));
	pci.ops->write(pci.dev, guest->fn.exp + PCIE_EXP_DEVCTL, 2,
		       (uint32_t)FIELD_MASK(PCIE_EXP_DEVCTL_FLR));
	assert_false(REG_GET(DSA_CMDSTATUS_ACTIVE,
			     mmio_read32(&bar0, DSA_REG_CMDSTATUS)));
	assert_int_equal(REG_GET(DSA_GENSTATUS_STATE,
				 mmio_read32(&bar0, DSA_REG_GENSTATUS)),
			 DSA_DEVICE_DISABLED);
	assert_int_equal(requests_of(guest), 0);
	pthread_mutex_unlock(&guest->unit.lock);
	vmm_guest_kill(guest);
	(void)dsa_wq_close(wq);
	proc_close(&p);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

static _Atomic bool slow_inside;

/* A processor of the guest that is away for a while. */
static int slow_resolved(struct vmm_guest *g,
			 const struct iommu_fault_page_request *prm)
{
	const struct timespec away = { .tv_nsec = 400000000 };

	(void)g, (void)prm;
	atomic_store(&slow_inside, true);
	nanosleep(&away, NULL);
	return -ECANCELED;
}

static void *slow_answer(void *arg)
{
	struct vmm_guest *guest = arg;
	struct iommu_fault_page_request prm;
	struct hw_prg_response resp;

	pthread_mutex_lock(&guest->requests.lock);
	prm = guest->requests.pages[0];
	pthread_mutex_unlock(&guest->requests.lock);
	resp = (struct hw_prg_response){
		.requester = VMM_GUEST_RID,
		.pasid_valid = prm.flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID,
		.pasid = prm.pasid,
		.prgi = (uint16_t)prm.grpid,
		.code = HW_PRG_SUCCESS,
	};
	vmm_request_answer(guest, &resp);
	return NULL;
}

/*
 * [R15] An answer that is under way when the guest ends is waited for: nothing
 * calls for the guest afterwards.
 */
static void test_fault_end_waits_for_answers(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct vmm_backend slow = *guest->backend;
	struct dsa_job *job;
	pthread_t thread;
	struct proc p;

	(void)state;
	atomic_store(&slow_inside, false);
	slow.resolved = slow_resolved;
	proc_open(&p, guest, PAGE);
	job = vmm_process_job(p.process, 0);
	dsa_job_memmove(job, p.sva, (void *)(uintptr_t)DST_VA,
			(const void *)(uintptr_t)SRC_VA, PAGE);
	dsa_job_set_block_on_fault(job);
	vmm_process_job_ready(p.process, 0);
	pthread_mutex_lock(&guest->unit.lock);
	guest->backend = &slow;
	assert_int_equal(dsa_submit(wq, job), 0);
	while (!requests_of(guest))
		sched_yield();
	assert_int_equal(pthread_create(&thread, NULL, slow_answer, guest), 0);
	while (!atomic_load(&slow_inside))
		sched_yield();
	pthread_mutex_unlock(&guest->unit.lock);
	vmm_guest_kill(guest);
	assert_null(vmm_host_device(host, 0)->faults.handler);
	pthread_join(thread, NULL);
	(void)dsa_wq_close(wq);
	proc_close(&p);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_outside_of_the_guest),
		cmocka_unit_test(test_fault_stray_is_seen),
		cmocka_unit_test(test_fault_reported_to_the_guest),
		cmocka_unit_test(test_fault_reset_ends_requests),
		cmocka_unit_test(test_fault_end_waits_for_answers),
	};

	fixture_log_level = PLAT_LOG_ERR;
	return fixture_run_assigned_tests(tests);
}
