/* SPDX-License-Identifier: MIT */
/*
 * A guest is killed in the middle of its work, and the host has nothing of it
 * any more: while the guest's software is still there, and knows of nothing.
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
#include <stdlib.h>

#include <sva/sva.h>

#include "core/device.h"
#include "plat/hosted/platform.h"
#include "fmt/vtd.h"
#include "fmt/vtd_queue.h"
#include "fmt/vtd_regs.h"
#include "tests/vmm/fixture.h"
#include "vmm/vmm.h"

#define PROCS   4u
#define THREADS 2u
#define ROUNDS  12u

/* What the host has, that a guest may have been the reason for. */
struct holdings {
	unsigned int domains;
	uint64_t pasids;
	unsigned int pending;
	bool handler;
	unsigned int paging;
	unsigned int guest_binds;
	struct iommu_domain *domain;
};

static struct holdings holdings_of(struct vmm_host *host)
{
	struct iommu_device *dev = vmm_host_device(host, 0);
	struct iommu_system_stats stats;

	iommu_system_stats(vmm_host_system(host), &stats);
	return (struct holdings){
		.domains = atomic_load(&vmm_host_unit(host)->domain_count),
		.pasids = stats.pasids,
		.pending = dev->faults.pending_count,
		.handler = dev->faults.handler,
		.paging = dev->paging_count,
		.guest_binds = dev->guest_binds,
		.domain = dev->domain,
	};
}

static void assert_same(const struct holdings *a, const struct holdings *b)
{
	assert_int_equal(a->domains, b->domains);
	assert_int_equal(a->pasids, b->pasids);
	assert_int_equal(a->pending, b->pending);
	assert_int_equal(a->handler, b->handler);
	assert_int_equal(a->paging, b->paging);
	assert_int_equal(a->guest_binds, b->guest_binds);
	assert_ptr_equal(a->domain, b->domain);
}

/* A processor of the guest: work that never ends by itself. */
struct worker {
	struct proc *procs;
	struct dsa_wq *wq;
	unsigned int first;
	_Atomic uint64_t *done;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct dsa_result result;
	unsigned int i = 0;

	for (;; i++) {
		struct proc *p = &w->procs[w->first + i % (PROCS / THREADS)];

		if (proc_copy(p, w->wq, 0, &result) || result.status)
			return NULL;
		atomic_fetch_add(w->done, 1);
		if (vmm_process_discard(p->process, DST_VA, p->size))
			return NULL;
	}
}

/* It does nothing where the guest had memory: nothing is translated. */
static void assert_unreachable(struct vmm_host *host)
{
	const struct iommu_hw_ops *ops = vmm_host_iommu_hw(host)->ops;
	const struct hw_txn txn = {
		.requester = 0x0100,
		.perm = IOMMU_PERM_READ,
		.addr = UINT64_C(0x40000000),
	};
	struct hw_port port = { 0 };
	struct hw_xlat xlat;

	ops->port_add(vmm_host_iommu_hw(host), &port);
	assert_int_equal(ops->translate(vmm_host_iommu_hw(host), &port, &txn,
					&xlat),
			 -EFAULT);
	ops->port_remove(vmm_host_iommu_hw(host), &port);
}

static void one_kill(struct vmm_host *host, unsigned int jobs)
{
	const struct holdings before = holdings_of(host);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct worker workers[THREADS];
	struct proc procs[PROCS];
	_Atomic uint64_t done = 0;
	struct holdings after;
	unsigned int i;

	for (i = 0; i < PROCS; i++) {
		proc_open(&procs[i], guest, 4 * PAGE);
		proc_fill(&procs[i], i);
	}
	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .procs = procs,
					      .wq = wq,
					      .first = i * (PROCS / THREADS),
					      .done = &done };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work,
						&workers[i]),
				 0);
	}
	while (atomic_load(&done) < jobs)
		sched_yield();
	vmm_guest_kill(guest);
	after = holdings_of(host);
	assert_same(&after, &before);
	assert_unreachable(host);
	for (i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	(void)dsa_wq_close(wq);
	for (i = 0; i < PROCS; i++)
		proc_close(&procs[i]);
	assert_int_equal(vmm_guest_destroy(guest), 0);
}

/* No PASID, hardware id, page, table or pending request stays. [R1] [R15] */
static void test_kill_frees_everything(void **state)
{
	struct vmm_host *host = fixture_host(1);
	const size_t *live = &vmm_host_hosted(host)->arena.live;
	size_t before = *live;
	unsigned int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		one_kill(host, i * 3);
		/* What core keeps for each PASID a device ever had, once. */
		if (i == 0)
			before = *live;
		assert_int_equal(*live, before);
	}
	fixture_host_close(host);
}

/* The others do not hear of it. */
static void test_kill_leaves_others_alone(void **state)
{
	struct vmm_host *host = fixture_host(2);
	struct vmm_guest *other = fixture_guest(host, 1);
	struct dsa_wq *wq = fixture_wq(other);
	struct dsa_result result;
	struct proc p;
	unsigned int i;

	(void)state;
	proc_open(&p, other, 4 * PAGE);
	for (i = 0; i < 4; i++) {
		proc_fill(&p, 40 + i);
		one_kill(host, i);
		assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
		assert_int_equal(result.status, 0);
		assert_true(proc_holds(&p, DST_VA, 40 + i));
	}
	assert_int_equal(dsa_wq_close(wq), 0);
	proc_close(&p);
	assert_int_equal(vmm_guest_destroy(other), 0);
	fixture_host_close(host);
}

/* The whole life of a process, again and again, until the guest is dead. */
struct life {
	struct vmm_guest *guest;
	struct dsa_wq *wq;
	_Atomic bool *stop;
	pthread_t thread;
};

/* Nothing here fails the test: it may happen before or after the end. */
static void one_life(struct life *l)
{
	const unsigned int perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	struct dsa_result result;
	struct proc p = { .size = 2 * PAGE };

	if (vmm_process_create(l->guest, &p.process))
		return;
	if (!vmm_process_map(p.process, SRC_VA, p.size, perm) &&
	    !vmm_process_map(p.process, DST_VA, p.size, perm) &&
	    !iommu_sva_bind(vmm_guest_device(l->guest),
			    vmm_process_mm(p.process), NULL, &p.sva)) {
		if (!proc_copy(&p, l->wq, 0, &result))
			(void)!vmm_process_discard(p.process, DST_VA, p.size);
		iommu_sva_unbind(p.sva);
	}
	vmm_process_destroy(p.process);
}

static void *live(void *arg)
{
	struct life *l = arg;

	while (!atomic_load(l->stop))
		one_life(l);
	return NULL;
}

static uint64_t exits_of(struct vmm_guest *guest)
{
	struct vmm_guest_stats stats;

	vmm_guest_stats(guest, &stats);
	return stats.exits;
}

/*
 * When the guest has written to its IOMMU so many times more: binding,
 * invalidating, answering a page, unbinding, whatever comes just then.
 */
static void kill_after(struct vmm_host *host, unsigned int exits)
{
	const struct holdings before = holdings_of(host);
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	const uint64_t start = exits_of(guest);
	struct life lives[THREADS];
	_Atomic bool stop = false;
	struct holdings after;
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		lives[i] = (struct life){ .guest = guest,
					  .wq = wq,
					  .stop = &stop };
		assert_int_equal(pthread_create(&lives[i].thread, NULL, live,
						&lives[i]),
				 0);
	}
	while (exits_of(guest) - start < exits)
		sched_yield();
	vmm_guest_kill(guest);
	after = holdings_of(host);
	assert_same(&after, &before);
	atomic_store(&stop, true);
	for (i = 0; i < THREADS; i++)
		pthread_join(lives[i].thread, NULL);
	(void)dsa_wq_close(wq);
	assert_int_equal(vmm_guest_destroy(guest), 0);
}

static void test_kill_anywhere(void **state)
{
	struct vmm_host *host = fixture_host(1);
	const size_t *live_blocks = &vmm_host_hosted(host)->arena.live;
	unsigned int i;
	size_t before;

	(void)state;
	/* Core keeps what it needs for a PASID, once a device has had it. */
	kill_after(host, 500);
	before = *live_blocks;
	for (i = 0; i < 16; i++)
		kill_after(host, 2 * i);
	assert_int_equal(*live_blocks, before);
	fixture_host_close(host);
}

/* A function has one guest at a time, and another when that is dead. */
static void test_kill_frees_the_function(void **state)
{
	struct vmm_host *host = fixture_host(1);
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(16) << 20,
	};
	struct vmm_guest *first = fixture_guest(host, 0), *second;

	(void)state;
	assert_int_equal(vmm_guest_create(host, &cfg, &second), -EBUSY);
	vmm_guest_kill(first);
	assert_int_equal(vmm_guest_create(host, &cfg, &second), 0);
	assert_int_equal(vmm_guest_destroy(first), 0);
	assert_int_equal(vmm_guest_destroy(second), 0);
	fixture_host_close(host);
}

/* Guest-physical, from the start of its memory. */
enum {
	FLOOD_ROOT = 0x0,
	FLOOD_CONTEXT = 0x1000,
	FLOOD_PASIDS = 0x2000,
	FLOOD_DIR = 0x20000,
	FLOOD_QUEUE = 0x80000,
};

#define FLOOD_TABLES 250u
#define FLOOD_QS     7u
#define FLOOD_DESCS  ((PAGE << FLOOD_QS) / 32)

static void flood_put(struct vmm_guest *g, uint64_t at, const uint64_t *dw,
		      unsigned int count)
{
	uint64_t *to = vmm_memory_virt(&g->ram, VMM_RAM_GPA + at);
	unsigned int i;

	for (i = 0; i < count; i++)
		to[i] = dw[i];
}

/* Many entries, in many tables, and commands to look at all of them. */
static void flood_write(struct vmm_guest *g)
{
	struct vtd_root root = { { 0 } };
	struct vtd_sm_context context = { { 0 } };
	struct vtd_pasid_dir dir = { { 0 } };
	struct vtd_pasid entry = { { 0 } };
	struct vtd_inv inv = { { 0 } };
	unsigned int i;

	FIELD_SET(VTD_SM_ROOT_LP, &root, 1);
	FIELD_SET(VTD_SM_ROOT_LCTP, &root, (VMM_RAM_GPA + FLOOD_CONTEXT) >> 12);
	flood_put(g, FLOOD_ROOT, root.dw, 2);
	FIELD_SET(VTD_SM_CONTEXT_P, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_PASIDE, &context, 1);
	FIELD_SET(VTD_SM_CONTEXT_PDTS, &context, 7);
	vtd_sm_context_set_pasiddirptr(&context, VMM_RAM_GPA + FLOOD_DIR);
	flood_put(g, FLOOD_CONTEXT + VMM_GUEST_RID * sizeof(context),
		  context.dw, 4);
	FIELD_SET(VTD_PASID_DIR_P, &dir, 1);
	FIELD_SET(VTD_PASID_DIR_SMPTBLPTR, &dir,
		  (VMM_RAM_GPA + FLOOD_PASIDS) >> 12);
	for (i = 0; i < FLOOD_TABLES; i++)
		flood_put(g, FLOOD_DIR + 8 * i, dir.dw, 1);
	FIELD_SET(VTD_PASID_P, &entry, 1);
	FIELD_SET(VTD_PASID_PGTT, &entry, VTD_PASID_PGTT_PT);
	for (i = 0; i < 64; i++)
		flood_put(g, FLOOD_PASIDS + sizeof(entry) * i, entry.dw, 8);
	vtd_inv_set_type(&inv, VTD_INV_PC);
	FIELD_SET(VTD_INV_PC_G, &inv, VTD_INV_PC_G_GLOBAL);
	for (i = 0; i < FLOOD_DESCS; i++)
		flood_put(g, FLOOD_QUEUE + 32 * i, inv.dw, 4);
}

static void *flood(void *arg)
{
	struct vmm_guest *g = arg;
	const struct plat_mmio w = vmm_unit_window(g);
	const uint32_t qie = (uint32_t)FIELD_MASK(VTD_GCMD_QIE);

	mmio_write64(&w, VTD_IQA,
		     (VMM_RAM_GPA + FLOOD_QUEUE) | FIELD_MASK(VTD_IQA_DW) |
			     REG_CONST(VTD_IQA_QS, FLOOD_QS));
	mmio_write64(&w, VTD_IQT, 0);
	mmio_write32(&w, VTD_GCMD, qie);
	mmio_write64(&w, VTD_RTADDR,
		     (VMM_RAM_GPA + FLOOD_ROOT) |
			     REG_CONST(VTD_RTADDR_TTM,
				       VTD_RTADDR_TTM_SCALABLE));
	mmio_write32(&w, VTD_GCMD, qie | (uint32_t)FIELD_MASK(VTD_GCMD_SRTP));
	mmio_write32(&w, VTD_GCMD, qie | (uint32_t)FIELD_MASK(VTD_GCMD_TE));
	mmio_write64(&w, VTD_IQT, (FLOOD_DESCS - 1) * 32);
	return NULL;
}

static uint64_t invalidations_of(struct vmm_guest *guest)
{
	struct vmm_guest_stats stats;

	vmm_guest_stats(guest, &stats);
	return stats.invalidations;
}

/* The end of a guest does not wait for all that it has asked for. [G1] [H1] */
static void test_kill_in_a_flood(void **state)
{
	struct vmm_host *host = fixture_host(1);
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(16) << 20,
	};
	struct vmm_guest *guest;
	pthread_t thread;

	(void)state;
	assert_int_equal(vmm_guest_create_bare(host, &cfg, &guest), 0);
	flood_write(guest);
	assert_int_equal(pthread_create(&thread, NULL, flood, guest), 0);
	while (invalidations_of(guest) < 10)
		sched_yield();
	vmm_guest_kill(guest);
	pthread_join(thread, NULL);
	assert_true(invalidations_of(guest) < FLOOD_DESCS / 2);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_frees_everything),
		cmocka_unit_test(test_kill_anywhere),
		cmocka_unit_test(test_kill_leaves_others_alone),
		cmocka_unit_test(test_kill_frees_the_function),
	};

	const struct CMUnitTest vtd_tests[] = {
		cmocka_unit_test(test_kill_in_a_flood),
	};

	/* The look of assert_unreachable() is reported, as it should. */
	fixture_log_level = PLAT_LOG_ERR;
	return fixture_run_assigned_tests(tests) + GROUP(vtd_tests, nested_vtd);
}
