/* SPDX-License-Identifier: MIT */
/*
 * What a model asks of its surroundings: made-up tables in its memory, and
 * interrupts that run.
 */
#include "tests/core/hw/shim.h"

#include <errno.h>
#include <stdlib.h>

#include "base/le64.h"
#include "tests/support/testenv.h"

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	if (!shim_table_load(ctx, pa, ret_value))
		*ret_value = le64_load_acquire(le64_at((void *)(uintptr_t)pa));
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	uint64_t now;

	/* Entries of made-up tables have all flags that hardware would set. */
	if (shim_table_load(ctx, pa, &now))
		return -EFAULT;
	le64_cmpxchg(le64_at((void *)(uintptr_t)pa), &expected, desired);
	*ret_old = expected;
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct mock *m = ctx;

	(void)requester;
	if (!testplat_msi(m->tp, addr, data))
		return -EFAULT;
	pthread_mutex_lock(&m->irq_lock);
	m->irq = true;
	pthread_cond_signal(&m->irq_change);
	pthread_mutex_unlock(&m->irq_lock);
	return 0;
}

/* All interrupts are messages. */
static void env_wire(void *ctx, unsigned int line, bool level)
{
	(void)ctx, (void)line, (void)level;
}

/* The platform of the tests runs handlers when it is told to. */
static void *irq_main(void *arg)
{
	struct mock *m = arg;

	pthread_mutex_lock(&m->irq_lock);
	while (!m->irq_stop) {
		if (!m->irq) {
			pthread_cond_wait(&m->irq_change, &m->irq_lock);
			continue;
		}
		m->irq = false;
		m->irq_runs = true;
		pthread_mutex_unlock(&m->irq_lock);
		(void)testplat_irq_run(m->tp);
		pthread_mutex_lock(&m->irq_lock);
		m->irq_runs = false;
	}
	pthread_mutex_unlock(&m->irq_lock);
	return NULL;
}

bool shim_irqs_done(struct mock *m)
{
	bool done;

	pthread_mutex_lock(&m->irq_lock);
	done = !m->irq && !m->irq_runs;
	pthread_mutex_unlock(&m->irq_lock);
	return done;
}

static uint64_t env_now(void *ctx)
{
	struct mock *m = ctx;

	return plat_now_ns(&m->tp->plat);
}

static uint32_t read32(void *dev, uint64_t offset)
{
	struct iommu_hw *hw = dev;

	return (uint32_t)hw->ops->mmio_read(hw, offset, 4);
}

static uint64_t read64(void *dev, uint64_t offset)
{
	struct iommu_hw *hw = dev;

	return hw->ops->mmio_read(hw, offset, 8);
}

static void write32(void *dev, uint64_t offset, uint32_t value)
{
	struct iommu_hw *hw = dev;

	hw->ops->mmio_write(hw, offset, 4, value);
}

static void write64(void *dev, uint64_t offset, uint64_t value)
{
	struct iommu_hw *hw = dev;

	hw->ops->mmio_write(hw, offset, 8, value);
}

struct plat_mmio shim_window(struct mock *m)
{
	static const struct plat_mmio_ops ops = {
		.read32 = read32,
		.read64 = read64,
		.write32 = write32,
		.write64 = write64,
	};

	return (struct plat_mmio){ &ops, m->hw, m->hw->mmio_size };
}

void shim_env_init(struct mock *m)
{
	m->env = testenv(m->tp);
	m->env.ctx = m;
	m->env.mem_load64 = env_load64;
	m->env.mem_cas64 = env_cas64;
	m->env.msi = env_msi;
	m->env.wire = env_wire;
	m->env.now_ns = env_now;
	pthread_mutex_init(&m->irq_lock, NULL);
	pthread_cond_init(&m->irq_change, NULL);
	if (pthread_create(&m->irq_thread, NULL, irq_main, m))
		abort();
}

void shim_env_fini(struct mock *m)
{
	pthread_mutex_lock(&m->irq_lock);
	m->irq_stop = true;
	pthread_cond_signal(&m->irq_change);
	pthread_mutex_unlock(&m->irq_lock);
	pthread_join(m->irq_thread, NULL);
	pthread_cond_destroy(&m->irq_change);
	pthread_mutex_destroy(&m->irq_lock);
}
