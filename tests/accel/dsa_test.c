/* SPDX-License-Identifier: MIT */
/*
 * The driver against the model, with an engine thread; the IOMMU is a table and
 * core a few functions, so that each answer can be chosen.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sva/dsa.h>

#include "base/bits.h"
#include "tests/support/dsa_fixture.h"
#include "tests/support/testplat.h"

/* Core, as far as the driver asks it. */

static struct testplat tp;
static ioasid_t bind_pasid = 1;
static bool feature_on;
static int feature_err;

static struct iommu_device *const the_dev = (void *)&feature_on;
static struct iommu_sva *const the_sva = (void *)&bind_pasid;

struct iommu_system *iommu_device_system(const struct iommu_device *dev)
{
	(void)dev;
	return (void *)&tp;
}

const struct plat *iommu_system_plat(const struct iommu_system *sys)
{
	(void)sys;
	return &tp.plat;
}

bool iommu_dev_has_feature(struct iommu_device *dev,
			   enum iommu_dev_feature feat)
{
	(void)dev;
	return feat == IOMMU_DEV_FEAT_SVA;
}

bool iommu_dev_feature_enabled(struct iommu_device *dev,
			       enum iommu_dev_feature feat)
{
	(void)dev;
	(void)feat;
	return feature_on;
}

int iommu_dev_enable_feature(struct iommu_device *dev,
			     enum iommu_dev_feature feat)
{
	(void)dev;
	(void)feat;
	feature_on = !feature_err;
	return feature_err;
}

int iommu_dev_disable_feature(struct iommu_device *dev,
			      enum iommu_dev_feature feat)
{
	(void)dev;
	(void)feat;
	feature_on = false;
	return 0;
}

ioasid_t iommu_sva_get_pasid(struct iommu_sva *sva)
{
	(void)sva;
	return bind_pasid;
}

/* The model behind the platform's windows. */

static uint32_t bar0_read32(void *dev, uint64_t offset)
{
	return (uint32_t)dsa_hw_mmio_read(dev, offset, 4);
}

static uint64_t bar0_read64(void *dev, uint64_t offset)
{
	return dsa_hw_mmio_read(dev, offset, 8);
}

static void bar0_write32(void *dev, uint64_t offset, uint32_t value)
{
	dsa_hw_mmio_write(dev, offset, 4, value);
}

static void bar0_write64(void *dev, uint64_t offset, uint64_t value)
{
	dsa_hw_mmio_write(dev, offset, 8, value);
}

static void bar2_write512(void *dev, uint64_t offset, const void *data)
{
	int err = dsa_hw_portal_write(dev, offset, data, false);

	assert_int_equal(err, 0);
}

static int bar2_enqcmd(void *dev, uint64_t offset, const void *data)
{
	return dsa_hw_portal_write(dev, offset, data, true);
}

static uint32_t cfg_read(void *dev, unsigned int offset, unsigned int size)
{
	return dsa_hw_cfg_read(dev, offset, size);
}

static void cfg_write(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	dsa_hw_cfg_write(dev, offset, size, value);
}

static const struct plat_mmio_ops bar0_ops = {
	.read32 = bar0_read32,
	.read64 = bar0_read64,
	.write32 = bar0_write32,
	.write64 = bar0_write64,
};

static const struct plat_mmio_ops bar2_ops = {
	.write512 = bar2_write512,
	.enqcmd = bar2_enqcmd,
};

static const struct plat_pci_ops pci_ops = {
	.read = cfg_read,
	.write = cfg_write,
};

/* A machine with a thread that steps engines and delivers interrupts. */

struct machine {
	struct fix *f;
	struct dsa *dsa;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic bool pause;
	_Atomic uint64_t rounds; /* of the thread */
};

static void *machine_thread(void *arg)
{
	const struct timespec nap = { .tv_nsec = 20000 };
	struct machine *m = arg;
	unsigned int e;

	while (!atomic_load(&m->stop)) {
		bool more = false;

		for (e = 0; e < 4 && !atomic_load(&m->pause); e++)
			more |= dsa_hw_step(m->f->dsa, e) == DSA_HW_MORE;
		testplat_irq_run(&tp);
		atomic_fetch_add(&m->rounds, 1);
		if (!more)
			nanosleep(&nap, NULL);
	}
	return NULL;
}

/* On return no engine is in a step, nor begins one. */
static void machine_pause(struct machine *m)
{
	uint64_t round;

	atomic_store(&m->pause, true);
	round = atomic_load(&m->rounds);
	/* The round that was under way may have looked before. */
	while (atomic_load(&m->rounds) == round)
		sched_yield();
}

static void machine_msi(void *arg, uint64_t addr, uint32_t data)
{
	(void)arg;
	assert_true(testplat_msi(&tp, addr, data));
}

static struct dsa_open_cfg open_cfg(struct machine *m)
{
	return (struct dsa_open_cfg){
		.dev = the_dev,
		.pci = { .ops = &pci_ops, .dev = m->f->dsa, .rid = 0x100 },
		.bar0 = { .ops = &bar0_ops,
			  .dev = m->f->dsa,
			  .size = dsa_hw_bar0_size(m->f->dsa) },
		.bar2 = { .ops = &bar2_ops,
			  .dev = m->f->dsa,
			  .size = dsa_hw_bar2_size(m->f->dsa) },
		.timeout_ms = 5000,
	};
}

static void machine_start(struct machine *m)
{
	memset(m, 0, sizeof(*m));
	bind_pasid = 1;
	feature_on = false;
	feature_err = 0;
	testplat_init(&tp);
	m->f = fix_create(NULL);
	m->f->identity = true;
	m->f->msi = machine_msi;
	/* As after a reset; the fixture's messages are not the platform's. */
	dsa_hw_cfg_write(m->f->dsa,
			 fix_cap(m->f, PCIE_CAP_ID_MSIX) + PCIE_MSIX_CTRL, 2,
			 0);
	assert_int_equal(pthread_create(&m->thread, NULL, machine_thread, m),
			 0);
}

static void machine_stop(struct machine *m)
{
	atomic_store(&m->stop, true);
	assert_int_equal(pthread_join(m->thread, NULL), 0);
	fix_destroy(m->f);
	testplat_fini(&tp);
}

static void up(struct machine *m)
{
	struct dsa_open_cfg cfg;

	machine_start(m);
	cfg = open_cfg(m);
	assert_int_equal(dsa_open(&cfg, &m->dsa), 0);
	assert_true(feature_on);
}

static void down(struct machine *m)
{
	assert_int_equal(dsa_close(m->dsa), 0);
	assert_false(feature_on);
	machine_stop(m);
}

static struct dsa_wq *wq_up(struct machine *m, bool shared)
{
	const struct dsa_wq_cfg cfg = { .shared = shared,
					.sva = the_sva,
					.block_on_fault = true };
	struct dsa_wq *wq;

	assert_int_equal(dsa_wq_open(m->dsa, &cfg, &wq), 0);
	return wq;
}

static unsigned char *buffer(size_t pages, unsigned int seed)
{
	unsigned char *p = aligned_alloc(FIX_PAGE, pages * FIX_PAGE);
	size_t i;

	assert_non_null(p);
	for (i = 0; i < pages * FIX_PAGE; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (unsigned char)(seed >> 24);
	}
	return p;
}

static struct dsa_result run(struct dsa_wq *wq, struct dsa_job *job)
{
	struct dsa_result r;

	assert_int_equal(dsa_run(wq, job, NULL, NULL, &r), 0);
	return r;
}

static void all_jobs(bool shared)
{
	unsigned char *a = buffer(20, 1), *b = buffer(20, 2);
	const uint64_t pattern = 0x1122334455667788;
	const uint32_t n = 70001;
	struct dsa_result r;
	struct dsa_wq *wq;
	struct dsa_job job;
	struct machine m;
	uint32_t half;
	size_t i;

	up(&m);
	wq = wq_up(&m, shared);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(run(wq, &job).status, 0);
	dsa_job_drain(&job, the_sva);
	assert_int_equal(run(wq, &job).status, 0);

	dsa_job_memmove(&job, the_sva, b + 5, a + 3, n);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_memory_equal(a + 3, b + 5, n);

	dsa_job_compare(&job, the_sva, a + 3, b + 5, n);
	assert_false(run(wq, &job).differs);
	b[5 + 4711] ^= 1;
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_true(r.differs);
	assert_int_equal(r.bytes, 4711);

	dsa_job_crc32c(&job, the_sva, "123456789", 0, 9);
	assert_int_equal(run(wq, &job).crc, 0xe3069283);
	/* An earlier result continues. */
	dsa_job_crc32c(&job, the_sva, "12345", 0, 5);
	half = run(wq, &job).crc;
	dsa_job_crc32c(&job, the_sva, "6789", half, 4);
	assert_int_equal(run(wq, &job).crc, 0xe3069283);

	dsa_job_copy_crc32c(&job, the_sva, b, a, 0, n);
	assert_int_equal(run(wq, &job).crc, fix_crc32c(0, a, n));
	assert_memory_equal(a, b, n);

	dsa_job_fill(&job, the_sva, b + 1, pattern, n);
	assert_int_equal(run(wq, &job).status, 0);
	for (i = 0; i < n; i++)
		assert_int_equal(b[1 + i], (uint8_t)(pattern >> (i % 8 * 8)));
	dsa_job_compare_pattern(&job, the_sva, b + 1, pattern, n);
	assert_false(run(wq, &job).differs);

	dsa_job_memmove(&job, the_sva, b, a, 0);
	r = run(wq, &job);
	assert_int_equal(r.status, -EINVAL);
	assert_int_equal(r.code, 0x13);
	assert_int_equal(dsa_drain_pasid(m.dsa, the_sva), 0);
	bind_pasid = IOMMU_PASID_INVALID;
	assert_int_equal(dsa_drain_pasid(m.dsa, the_sva), 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
}

static void test_dsa_jobs_dedicated_queue_complete(void **state)
{
	(void)state;
	all_jobs(false);
}

static void test_dsa_jobs_shared_queue_complete(void **state)
{
	(void)state;
	all_jobs(true);
}

/* More jobs than entries: none is lost, none is refused. */
static void many(bool shared)
{
	static struct dsa_job jobs[200];
	struct dsa_result r;
	struct machine m;
	struct dsa_wq *wq;
	size_t i;

	up(&m);
	wq = wq_up(&m, shared);
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		dsa_job_noop(&jobs[i], the_sva);
		assert_int_equal(dsa_submit(wq, &jobs[i]), 0);
	}
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		assert_int_equal(dsa_wait(&jobs[i], 0, &r), 0);
		assert_int_equal(r.status, 0);
	}
	assert_int_equal(fix_read(m.f, DSA_REG_SWERR) & 1, 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

static void test_dsa_submit_dedicated_never_overflows(void **state)
{
	(void)state;
	many(false);
}

static void test_dsa_submit_shared_retries(void **state)
{
	(void)state;
	many(true);
}

static void test_dsa_wait_sleeps_until_interrupt(void **state)
{
	const struct timespec nap = { .tv_nsec = 30000000 };
	struct dsa_hw_stats before, after;
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, false);
	dsa_hw_stats(m.f->dsa, &before);
	machine_pause(&m);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(dsa_submit(wq, &job), 0);
	assert_false(dsa_job_done(&job));
	assert_int_equal(dsa_wait(&job, 5, &r), -ETIMEDOUT);
	atomic_store(&m.pause, false);
	nanosleep(&nap, NULL);
	assert_int_equal(dsa_wait(&job, 0, &r), 0);
	assert_int_equal(r.status, 0);
	dsa_hw_stats(m.f->dsa, &after);
	assert_true(after.interrupts > before.interrupts);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

/* A clock that jumps, and a count of the turns that were spent waiting. */
static _Atomic uint64_t jumping_now;
static _Atomic unsigned int relaxed;

static uint64_t jumping_now_ns(void *ctx)
{
	(void)ctx;
	return atomic_fetch_add(&jumping_now, 1000000000);
}

static void count_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	(void)turns;
	atomic_fetch_add(&relaxed, 1);
}

/* The time for polling is part of the time there is. */
static void test_dsa_wait_polls_no_longer_than_it_may(void **state)
{
	const struct plat_ops *real;
	struct plat_ops ops;
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, false);
	machine_pause(&m);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(dsa_submit(wq, &job), 0);
	real = tp.plat.ops;
	ops = *real;
	ops.now_ns = jumping_now_ns;
	ops.relax = count_relax;
	atomic_store(&relaxed, 0);
	tp.plat.ops = &ops;
	assert_int_equal(dsa_wait(&job, 5, &r), -ETIMEDOUT);
	tp.plat.ops = real;
	assert_int_equal(atomic_load(&relaxed), 0);
	atomic_store(&m.pause, false);
	assert_int_equal(dsa_wait(&job, 0, &r), 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

/* Its jobs will not end: whoever waits for one is told. */
static void test_dsa_halt_cancels_waiters(void **state)
{
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, false);
	machine_pause(&m);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(dsa_submit(wq, &job), 0);
	dsa_hw_cfg_write(m.f->dsa,
			 fix_ext_cap(m.f, PCIE_EXT_CAP_ID_ATS) + PCIE_ATS_CTRL,
			 2, 0);
	assert_int_equal(dsa_wait(&job, 20000, &r), 0);
	assert_int_equal(r.status, -ECANCELED);
	atomic_store(&m.pause, false);
	assert_int_equal(dsa_wq_close(wq), -ETIMEDOUT);
	down(&m);
}

static void test_dsa_batch_failing_member_reported(void **state)
{
	unsigned char *a = buffer(2, 1), *b = buffer(2, 2);
	_Alignas(64) unsigned char list[3 * 64];
	struct dsa_job job, part[3];
	struct dsa_result r;
	struct machine m;
	struct dsa_wq *wq;
	unsigned int i;

	(void)state;
	up(&m);
	wq = wq_up(&m, true);
	dsa_job_memmove(&part[0], the_sva, b, a, 100);
	dsa_job_memmove(&part[1], the_sva, b, a, 100);
	dsa_job_memmove(&part[2], the_sva, b + FIX_PAGE, a, 100);
	for (i = 0; i < 3; i++)
		memcpy(list + 64 * i, part[i].desc, 64);
	dsa_job_batch(&job, the_sva, list, 3);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, 3);
	assert_memory_equal(a, b + FIX_PAGE, 100);

	dsa_job_memmove(&part[1], the_sva, b, a, 0);
	memcpy(list + 64, part[1].desc, 64);
	r = run(wq, &job);
	assert_int_equal(r.status, -EREMOTEIO);
	assert_int_equal(r.bytes, 3);
	assert_true(dsa_job_done(&part[2]));
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
}

/* Pages that only a touch of the CPU brings back. */
struct toucher {
	struct fix *f;
	unsigned int touches;
	unsigned int refuse_after;
};

static int touch(void *arg, uint64_t addr, bool write)
{
	struct toucher *t = arg;
	size_t i;
	int err = -EFAULT;

	(void)write;
	pthread_mutex_lock(&t->f->lock);
	if (t->touches++ < t->refuse_after) {
		for (i = 0; i < ARRAY_SIZE(t->f->forbidden); i++) {
			if (t->f->forbidden[i].page ==
			    addr / FIX_PAGE * FIX_PAGE)
				t->f->forbidden[i].page = 0;
		}
		err = 0;
	}
	pthread_mutex_unlock(&t->f->lock);
	return err;
}

/* Claims what is not so. */
static int touch_idle(void *arg, uint64_t addr, bool write)
{
	struct toucher *t = arg;

	(void)addr;
	(void)write;
	t->touches++;
	return 0;
}

static void forbid(struct fix *f, const unsigned char *p, bool may)
{
	const struct hw_ats_inv inv = { .requester = 0x0100 };
	size_t i;

	pthread_mutex_lock(&f->lock);
	for (i = 0; f->forbidden[i].page; i++)
		assert_true(i + 1 < ARRAY_SIZE(f->forbidden));
	f->forbidden[i].page = (uintptr_t)p / FIX_PAGE * FIX_PAGE;
	f->forbidden[i].may = may;
	pthread_mutex_unlock(&f->lock);
	assert_int_equal(dsa_hw_ats_invalidate(f->dsa, &inv), 0);
}

static void test_dsa_run_faults_continued(void **state)
{
	unsigned char *a = buffer(20, 1), *b = buffer(20, 2);
	unsigned char *want = malloc(20 * FIX_PAGE);
	const uint64_t pattern = 0x8877665544332211;
	const uint32_t n = 15 * FIX_PAGE + 5;
	struct toucher t = { .refuse_after = 1000 };
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;
	size_t i;

	(void)state;
	assert_non_null(want);
	up(&m);
	t.f = m.f;
	wq = wq_up(&m, false);

	/* Move; the destination begins at 3, so parts end unaligned. */
	forbid(m.f, a + 2 * FIX_PAGE, false);
	forbid(m.f, b + 5 * FIX_PAGE, false);
	dsa_job_memmove(&job, the_sva, b + 3, a + 1, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_int_equal(t.touches, 2);
	assert_memory_equal(a + 1, b + 3, n);

	/* Fill: the pattern goes on where it was. */
	forbid(m.f, b + 4 * FIX_PAGE, false);
	dsa_job_fill(&job, the_sva, b + 3, pattern, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.bytes, n);
	for (i = 0; i < n; i++)
		assert_int_equal(b[3 + i], (uint8_t)(pattern >> (i % 8 * 8)));
	forbid(m.f, b + 7 * FIX_PAGE, false);
	b[3 + 9 * FIX_PAGE] ^= 0x40;
	dsa_job_compare_pattern(&job, the_sva, b + 3, pattern, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_true(r.differs);
	assert_int_equal(r.bytes, 9 * FIX_PAGE);

	/* Sums: the partial one is the next seed. */
	forbid(m.f, a + 3 * FIX_PAGE, false);
	forbid(m.f, a + 6 * FIX_PAGE, false);
	dsa_job_crc32c(&job, the_sva, a + 7, 0, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.crc, fix_crc32c(0, a + 7, n));
	forbid(m.f, a, false);
	forbid(m.f, b + 6 * FIX_PAGE, false);
	dsa_job_copy_crc32c(&job, the_sva, b + 9, a + 7, 0, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.crc, fix_crc32c(0, a + 7, n));
	assert_memory_equal(a + 7, b + 9, n);

	/* Compare, with the place counted over all parts. */
	forbid(m.f, b + 2 * FIX_PAGE, false);
	b[9 + 8 * FIX_PAGE] ^= 1;
	dsa_job_compare(&job, the_sva, a + 7, b + 9, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_true(r.differs);
	assert_int_equal(r.bytes, 8 * FIX_PAGE);

	/* A backward move keeps its addresses. */
	memcpy(want, b, 20 * FIX_PAGE);
	memmove(want + 5000, want, n);
	forbid(m.f, b + 3 * FIX_PAGE, false);
	forbid(m.f, b + 9 * FIX_PAGE, false);
	dsa_job_memmove(&job, the_sva, b + 5000, b, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_memory_equal(want, b, 20 * FIX_PAGE);

	/* The job is as prepared: it can run again. */
	memmove(want + 5000, want, n);
	assert_int_equal(run(wq, &job).status, 0);
	assert_memory_equal(want, b, 20 * FIX_PAGE);

	/* Nobody can make it accessible. */
	t.refuse_after = 0;
	forbid(m.f, a + 3 * FIX_PAGE, false);
	dsa_job_memmove(&job, the_sva, b, a, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, -EFAULT);
	assert_int_equal(r.bytes, 3 * FIX_PAGE);
	assert_int_equal(r.fault_addr, (uintptr_t)(a + 3 * FIX_PAGE));
	assert_false(r.fault_write);

	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(want);
	free(a);
	free(b);
}

static void test_dsa_jobs_dualcast_and_delta_complete(void **state)
{
	unsigned char *a = buffer(20, 1), *b = buffer(20, 2);
	unsigned char *rec = buffer(28, 3);
	const uint32_t n = 70000;
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, true);
	dsa_job_dualcast(&job, the_sva, b + 7, rec + 7, a + 1, n);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_memory_equal(a + 1, b + 7, n);
	assert_memory_equal(a + 1, rec + 7, n);
	dsa_job_dualcast(&job, the_sva, b + 7, rec + 8, a, n);
	r = run(wq, &job);
	assert_int_equal(r.status, -EINVAL);
	assert_int_equal(r.code, DSA_COMP_DUALCAST_ALIGN);
	dsa_job_cache_flush(&job, the_sva, b + 7, n);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);

	memcpy(b, a, n);
	dsa_job_delta_create(&job, the_sva, rec, 80, a, b, n);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_false(r.differs || r.delta_full);
	assert_int_equal(r.bytes, n);
	assert_int_equal(r.delta_size, 0);
	b[800] ^= 1;
	b[60001] ^= 1;
	r = run(wq, &job);
	assert_true(r.differs && !r.delta_full);
	assert_int_equal(r.bytes, n);
	assert_int_equal(r.delta_size, 20);
	assert_int_equal(rec[0], 100);
	dsa_job_delta_apply(&job, the_sva, a, n, rec, r.delta_size);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, 20);
	assert_memory_equal(a, b, n);

	memset(b + 4096, 0x5a, 4096);
	dsa_job_delta_create(&job, the_sva, rec, 80, a, b, n);
	r = run(wq, &job);
	assert_true(r.differs && r.delta_full);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, 4096 + 64);
	assert_int_equal(r.delta_size, 80);
	/* Out of the destination: told apart, and where. */
	dsa_job_delta_apply(&job, the_sva, a, 4096 + 8, rec, 80);
	r = run(wq, &job);
	assert_int_equal(r.status, -EINVAL);
	assert_int_equal(r.code, DSA_COMP_DELTA_OFFSET_RANGE);
	assert_int_equal(r.bytes, 10);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
	free(rec);
}

/* Delta records begin again; the others go on. */
static void test_dsa_run_delta_faults_restarted(void **state)
{
	unsigned char *a = buffer(20, 1), *b = buffer(20, 2);
	unsigned char *c = buffer(20, 4), *rec = buffer(28, 3);
	const uint32_t n = 18 * FIX_PAGE;
	struct toucher t = { .refuse_after = 1000 };
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	t.f = m.f;
	wq = wq_up(&m, false);
	forbid(m.f, a + 2 * FIX_PAGE, false);
	forbid(m.f, b + 4 * FIX_PAGE, false);
	forbid(m.f, c + 6 * FIX_PAGE, false);
	dsa_job_dualcast(&job, the_sva, b + 3, c + 3, a + 1, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_int_equal(t.touches, 3);
	assert_memory_equal(a + 1, b + 3, n);
	assert_memory_equal(a + 1, c + 3, n);

	forbid(m.f, a + 2 * FIX_PAGE, false);
	forbid(m.f, a + 9 * FIX_PAGE, false);
	dsa_job_cache_flush(&job, the_sva, a + 5, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_int_equal(t.touches, 5);

	forbid(m.f, a + FIX_PAGE, false);
	forbid(m.f, b + 5 * FIX_PAGE, false);
	forbid(m.f, rec + FIX_PAGE, false);
	forbid(m.f, rec + 9 * FIX_PAGE, false);
	dsa_job_delta_create(&job, the_sva, rec, n / 8 * 10, a, b, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(r.bytes, n);
	assert_true(r.differs);
	assert_int_equal(t.touches, 9);

	forbid(m.f, a + 2 * FIX_PAGE, false);
	forbid(m.f, rec + 5 * FIX_PAGE, false);
	dsa_job_delta_apply(&job, the_sva, a, n, rec, r.delta_size);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, 0);
	assert_int_equal(t.touches, 11);
	assert_memory_equal(a, b, n);

	/* Nobody can: what is told is the last attempt's. */
	t.refuse_after = 0;
	forbid(m.f, c + FIX_PAGE, false);
	memset(c, 0, 2 * FIX_PAGE);
	dsa_job_delta_create(&job, the_sva, rec, n, c, b, n);
	assert_int_equal(dsa_run(wq, &job, touch, &t, &r), 0);
	assert_int_equal(r.status, -EFAULT);
	assert_int_equal(r.bytes, FIX_PAGE);
	assert_int_equal(r.delta_size, FIX_PAGE / 8 * 10);
	assert_int_equal(r.fault_addr, (uintptr_t)(c + FIX_PAGE));

	/* A touch that says yes and does nothing is not believed for ever. */
	t.refuse_after = 10000;
	memset(m.f->forbidden, 0, sizeof(m.f->forbidden));
	forbid(m.f, c + FIX_PAGE, false);
	assert_int_equal(dsa_run(wq, &job, touch_idle, &t, &r), 0);
	assert_int_equal(r.status, -EFAULT);
	assert_in_range(t.touches, 12, 100);

	memset(m.f->forbidden, 0, sizeof(m.f->forbidden));
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
	free(c);
	free(rec);
}

static void test_dsa_block_on_fault_waits_for_page(void **state)
{
	unsigned char *a = buffer(4, 1), *b = buffer(4, 2);
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	up(&m);
	wq = wq_up(&m, true);
	forbid(m.f, b + FIX_PAGE, true);
	dsa_job_memmove(&job, the_sva, b, a, 4 * FIX_PAGE);
	dsa_job_set_block_on_fault(&job);
	r = run(wq, &job);
	assert_int_equal(r.status, 0);
	assert_memory_equal(a, b, 4 * FIX_PAGE);
	assert_int_equal(m.f->groups, 1);
	forbid(m.f, b + FIX_PAGE, false);
	r = run(wq, &job);
	assert_int_equal(r.status, -EFAULT);
	assert_true(r.fault_write);
	assert_int_equal(r.bytes, FIX_PAGE);
	memset(m.f->forbidden, 0, sizeof(m.f->forbidden));
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
	free(a);
	free(b);
}

static void test_dsa_wq_open_bad_arguments_refused(void **state)
{
	struct dsa_wq_cfg cfg = { 0 };
	struct dsa_wq *wq, *other;
	struct dsa_job job;
	struct machine m;

	(void)state;
	up(&m);
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -EINVAL);
	cfg.sva = the_sva;
	cfg.priority = 16;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -EINVAL);
	cfg.priority = 15;
	cfg.size = 129;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -ENOSPC);
	/* All entries in one queue; then none is left for another. */
	cfg.size = 128;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), 0);
	assert_int_equal(dsa_close(m.dsa), -EBUSY);
	cfg.size = 0;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &other), -ENOSPC);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(run(wq, &job).status, 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	/* Shared out again. */
	cfg.size = 16;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), 0);
	assert_int_equal(dsa_wq_close(wq), 0);
	bind_pasid = IOMMU_PASID_INVALID;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -EINVAL);
	cfg.sva = NULL;
	cfg.shared = true;
	cfg.threshold = 17;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), -EINVAL);
	cfg.threshold = 0;
	assert_int_equal(dsa_wq_open(m.dsa, &cfg, &wq), 0);
	dsa_job_noop(&job, the_sva);
	assert_int_equal(dsa_submit(wq, &job), -EINVAL);
	assert_int_equal(dsa_wq_close(wq), 0);
	down(&m);
}

/* Every allocation fails in turn: nothing is left behind. */
static void test_dsa_open_failures_leave_nothing(void **state)
{
	struct dsa_open_cfg cfg;
	struct machine m;
	long n;
	int err;

	(void)state;
	machine_start(&m);
	cfg = open_cfg(&m);
	for (n = 1;; n++) {
		testplat_fail_nth(&tp, n);
		err = dsa_open(&cfg, &m.dsa);
		if (!err)
			break;
		assert_true(n < 100);
		assert_false(feature_on);
		assert_int_equal(atomic_load(&tp.locks_live), 0);
	}
	testplat_fail_nth(&tp, 0);
	assert_true(n > 3);
	assert_int_equal(dsa_close(m.dsa), 0);

	feature_err = -ENOSPC;
	assert_int_equal(dsa_open(&cfg, &m.dsa), -ENOSPC);
	feature_err = 0;
	machine_stop(&m);
}

/* A page request that nobody answers: the close does not hang. */
static void test_dsa_wq_close_stuck_device_reset(void **state)
{
	unsigned char *a = buffer(2, 1), *b = buffer(2, 2);
	struct dsa_open_cfg cfg;
	struct dsa_result r;
	struct dsa_job job;
	struct machine m;
	struct dsa_wq *wq;

	(void)state;
	machine_start(&m);
	cfg = open_cfg(&m);
	cfg.timeout_ms = 100;
	assert_int_equal(dsa_open(&cfg, &m.dsa), 0);
	wq = wq_up(&m, true);
	m.f->prg = FIX_PRG_HOLD;
	forbid(m.f, b, true);
	dsa_job_memmove(&job, the_sva, b, a, 100);
	dsa_job_set_block_on_fault(&job);
	assert_int_equal(dsa_submit(wq, &job), 0);
	assert_int_equal(dsa_wait(&job, 20, &r), -ETIMEDOUT);
	assert_int_equal(dsa_wq_close(wq), -ETIMEDOUT);
	assert_int_equal(dsa_wait(&job, 0, &r), 0);
	/*
	 * The reset takes the page request away: the engine may get to say so
	 * in the record before the driver cancels the job.
	 */
	assert_true(r.status == -ECANCELED || r.status == -EFAULT);
	down(&m);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_jobs_dedicated_queue_complete),
		cmocka_unit_test(test_dsa_jobs_shared_queue_complete),
		cmocka_unit_test(test_dsa_submit_dedicated_never_overflows),
		cmocka_unit_test(test_dsa_submit_shared_retries),
		cmocka_unit_test(test_dsa_wait_sleeps_until_interrupt),
		cmocka_unit_test(test_dsa_wait_polls_no_longer_than_it_may),
		cmocka_unit_test(test_dsa_halt_cancels_waiters),
		cmocka_unit_test(test_dsa_batch_failing_member_reported),
		cmocka_unit_test(test_dsa_run_faults_continued),
		cmocka_unit_test(test_dsa_jobs_dualcast_and_delta_complete),
		cmocka_unit_test(test_dsa_run_delta_faults_restarted),
		cmocka_unit_test(test_dsa_block_on_fault_waits_for_page),
		cmocka_unit_test(test_dsa_wq_open_bad_arguments_refused),
		cmocka_unit_test(test_dsa_open_failures_leave_nothing),
		cmocka_unit_test(test_dsa_wq_close_stuck_device_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
