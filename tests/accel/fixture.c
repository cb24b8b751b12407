/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/window.h>

#include "base/bits.h"
#include "tests/accel/fixture.h"

/* Core, as far as the driver asks it. */

struct testplat tp;
ioasid_t bind_pasid = 1;
bool feature_on;
int feature_err;

struct iommu_device *const the_dev = (void *)&feature_on;
struct iommu_sva *const the_sva = (void *)&bind_pasid;

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
void machine_pause(struct machine *m)
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

static void reset_device(void *ctx)
{
	struct machine *m = ctx;

	atomic_fetch_add(&m->resets, 1);
	dsa_hw_reset(m->f->dsa);
}

struct dsa_open_cfg open_cfg(struct machine *m)
{
	struct dsa_open_cfg cfg = {
		.dev = the_dev,
		.bar0 = sva_window_dsa_regs(m->f->dsa),
		.bar2 = sva_window_dsa_portals(m->f->dsa),
		.timeout_ms = 5000,
	};

	if (m->f->platform) {
		cfg.msi_table = dsa_hw_msi_table(m->f->dsa);
		cfg.reset = reset_device;
		cfg.reset_ctx = m;
	} else {
		cfg.pci = sva_window_dsa_pci(m->f->dsa, 0x100);
	}
	return cfg;
}

static void start(struct machine *m, const struct dsa_hw_cfg *cfg)
{
	memset(m, 0, sizeof(*m));
	bind_pasid = 1;
	feature_on = false;
	feature_err = 0;
	testplat_init(&tp);
	m->f = fix_create(cfg);
	m->f->identity = true;
	m->f->msi = machine_msi;
	/* As after a reset; the fixture's messages are not the platform's. */
	if (m->f->platform)
		dsa_hw_reset(m->f->dsa);
	else
		dsa_hw_cfg_write(
			m->f->dsa,
			fix_cap(m->f, PCIE_CAP_ID_MSIX) + PCIE_MSIX_CTRL, 2, 0);
	assert_int_equal(pthread_create(&m->thread, NULL, machine_thread, m),
			 0);
}

void machine_start(struct machine *m)
{
	start(m, NULL);
}

void machine_start_platform(struct machine *m)
{
	struct dsa_hw_cfg cfg;

	dsa_hw_cfg_platform(&cfg, 0x0100);
	start(m, &cfg);
}

void machine_stop(struct machine *m)
{
	atomic_store(&m->stop, true);
	assert_int_equal(pthread_join(m->thread, NULL), 0);
	fix_destroy(m->f);
	testplat_fini(&tp);
}

void up(struct machine *m)
{
	struct dsa_open_cfg cfg;

	machine_start(m);
	cfg = open_cfg(m);
	assert_int_equal(dsa_open(&cfg, &m->dsa), 0);
	assert_true(feature_on);
}

void down(struct machine *m)
{
	assert_int_equal(dsa_close(m->dsa), 0);
	assert_false(feature_on);
	machine_stop(m);
}

struct dsa_wq *wq_up(struct machine *m, bool shared)
{
	const struct dsa_wq_cfg cfg = { .shared = shared,
					.sva = the_sva,
					.block_on_fault = true };
	struct dsa_wq *wq;

	assert_int_equal(dsa_wq_open(m->dsa, &cfg, &wq), 0);
	return wq;
}

unsigned char *buffer(size_t pages, unsigned int seed)
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

struct dsa_result run(struct dsa_wq *wq, struct dsa_job *job)
{
	struct dsa_result r;

	assert_int_equal(dsa_run(wq, job, NULL, NULL, &r), 0);
	return r;
}

void forbid(struct fix *f, const unsigned char *p, bool may)
{
	const struct hw_ats_inv inv = { .requester = 0x0100 };
	size_t i;

	pthread_mutex_lock(&f->lock);
	for (i = 0; f->forbidden[i].page; i++)
		assert_true(i + 1 < ARRAY_SIZE(f->forbidden));
	f->forbidden[i].page = (uintptr_t)p / FIX_PAGE * FIX_PAGE;
	f->forbidden[i].may = may;
	pthread_mutex_unlock(&f->lock);
	if (!f->platform)
		assert_int_equal(dsa_hw_ats_invalidate(f->dsa, &inv), 0);
}
