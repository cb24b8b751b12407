/* SPDX-License-Identifier: MIT */
/*
 * What a function of the host does to memory, counted: how often, and how often
 * outside of the memory of the guest that has it. That is what the second stage
 * is there to keep it from, so this does no more than look: what it finds is
 * the host's IOMMU's fault.
 */
#include <errno.h>

#include "vmm/vmm.h"

/* Relaxed: the memory is set before the guest's function is translated. */
static void look(struct vmm_border *b, uint64_t pa, uint64_t len)
{
	uint64_t start = atomic_load_explicit(&b->start, memory_order_relaxed);
	uint64_t size = atomic_load_explicit(&b->size, memory_order_relaxed);

	vmm_count(&b->accesses);
	if (pa < start || pa - start >= size || len > size - (pa - start))
		vmm_count(&b->strays);
}

static int border_read(void *ctx, uint64_t pa, void *buf, size_t len,
		       size_t *ret_done)
{
	struct vmm_border *b = ctx;

	look(b, pa, len);
	return b->host->mem_read(b->host->ctx, pa, buf, len, ret_done);
}

static int border_write(void *ctx, uint64_t pa, const void *buf, size_t len,
			size_t *ret_done)
{
	struct vmm_border *b = ctx;

	look(b, pa, len);
	return b->host->mem_write(b->host->ctx, pa, buf, len, ret_done);
}

static int border_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		       size_t *ret_done, bool *ret_write)
{
	struct vmm_border *b = ctx;

	look(b, src, len);
	look(b, dst, len);
	return b->host->mem_copy(b->host->ctx, dst, src, len, ret_done,
				 ret_write);
}

static int border_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct vmm_border *b = ctx;

	look(b, pa, 8);
	return b->host->mem_load64(b->host->ctx, pa, ret_value);
}

static int border_store64(void *ctx, uint64_t pa, uint64_t value)
{
	struct vmm_border *b = ctx;

	look(b, pa, 8);
	return b->host->mem_store64(b->host->ctx, pa, value);
}

static int border_cas64(void *ctx, uint64_t pa, uint64_t expected,
			uint64_t desired, uint64_t *ret_old)
{
	struct vmm_border *b = ctx;

	look(b, pa, 8);
	return b->host->mem_cas64(b->host->ctx, pa, expected, desired, ret_old);
}

/* The rest is the host's. */

static int border_msi(void *ctx, uint32_t requester, uint64_t addr,
		      uint32_t data)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	return host->msi(host->ctx, requester, addr, data);
}

static void border_wire(void *ctx, unsigned int line, bool level)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	host->wire(host->ctx, line, level);
}

static void border_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			     const char *name)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	host->lock_init(host->ctx, lock, rank, name);
}

static void border_lock_fini(void *ctx, struct hw_lock *lock)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	host->lock_fini(host->ctx, lock);
}

static void border_lock(void *ctx, struct hw_lock *lock)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	host->lock(host->ctx, lock);
}

static void border_unlock(void *ctx, struct hw_lock *lock)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	host->unlock(host->ctx, lock);
}

static void border_relax(void *ctx, unsigned int turns)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	host->relax(host->ctx, turns);
}

static uint64_t border_now_ns(void *ctx)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	return host->now_ns(host->ctx);
}

__attribute__((format(printf, 3, 0))) static void
border_log(void *ctx, enum hw_log_level level, const char *fmt, va_list ap)
{
	const struct hw_env *host = ((struct vmm_border *)ctx)->host;

	host->log(host->ctx, level, fmt, ap);
}

void vmm_border_init(struct vmm_border *b, const struct hw_env *host)
{
	b->host = host;
	b->env = (struct hw_env){
		.ctx = b,
		.mem_read = border_read,
		.mem_write = border_write,
		.mem_copy = border_copy,
		.mem_load64 = border_load64,
		.mem_store64 = border_store64,
		.mem_cas64 = border_cas64,
		.msi = border_msi,
		.wire = border_wire,
		.lock_init = border_lock_init,
		.lock_fini = border_lock_fini,
		.lock = border_lock,
		.unlock = border_unlock,
		.relax = border_relax,
		.now_ns = border_now_ns,
		.log = border_log,
	};
}

void vmm_border_set(struct vmm_border *b, uint64_t start, uint64_t size)
{
	atomic_store_explicit(&b->start, start, memory_order_relaxed);
	atomic_store_explicit(&b->size, size, memory_order_relaxed);
}

static uint64_t take(_Atomic uint64_t *counter)
{
	return atomic_exchange_explicit(counter, 0, memory_order_relaxed);
}

void vmm_border_count(struct vmm_border *b, struct vmm_counters *counters)
{
	atomic_fetch_add_explicit(&counters->accesses, take(&b->accesses),
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&counters->strays, take(&b->strays),
				  memory_order_relaxed);
}
