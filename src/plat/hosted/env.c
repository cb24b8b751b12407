/* SPDX-License-Identifier: MIT */
/* Surroundings of models: memory of the process, locks of the platform. */
#include <errno.h>
#include <string.h>

#include "plat/hosted/access.h"
#include "plat/hosted/platform.h"

#include "base/le64.h"

_Static_assert(sizeof(struct hw_lock) == sizeof(struct plat_lock),
	       "models' locks are the platform's");

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	size_t done = len;
	bool write;
	int err = hosted_copy(ctx, (uintptr_t)buf, pa, len, &done, &write);

	if (ret_done)
		*ret_done = done;
	return err;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	size_t done = len;
	bool write;
	int err = hosted_copy(ctx, pa, (uintptr_t)buf, len, &done, &write);

	if (ret_done)
		*ret_done = done;
	return err;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	return hosted_copy(ctx, dst, src, len, ret_done, ret_write);
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	uint64_t value;
	int err = hosted_load64(ctx, pa, &value);

	if (!err)
		*ret_value = LE64(value);
	return err;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	return hosted_store64(ctx, pa, LE64(value));
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	uint64_t old;
	int err = hosted_cas64(ctx, pa, LE64(expected), LE64(desired), &old);

	if (!err)
		*ret_old = LE64(old);
	return err;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	(void)requester;
	return hosted_msi_write(ctx, addr, data);
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	(void)ctx;
	(void)line;
	(void)level;
}

static struct plat_lock *lock_of(struct hw_lock *lock)
{
	return (struct plat_lock *)(void *)lock->opaque;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	hosted_lock_init(ctx, lock_of(lock), PLAT_LOCK_SPIN, rank, name);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	hosted_lock_fini(ctx, lock_of(lock));
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	hosted_lock(ctx, lock_of(lock));
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	hosted_unlock(ctx, lock_of(lock));
}

__attribute__((format(printf, 3, 0))) static void
env_log(void *ctx, enum hw_log_level level, const char *fmt, va_list ap)
{
	struct plat_hosted *h = to_hosted(ctx);

	h->plat.ops->log(h,
			 level == HW_LOG_TRACE ? PLAT_LOG_DEBUG : PLAT_LOG_WARN,
			 fmt, ap);
}

void plat_hosted_env(struct plat_hosted *hosted, struct hw_env *ret_env)
{
	*ret_env = (struct hw_env){
		.ctx = hosted,
		.mem_read = env_read,
		.mem_write = env_write,
		.mem_copy = env_copy,
		.mem_load64 = env_load64,
		.mem_store64 = env_store64,
		.mem_cas64 = env_cas64,
		.msi = env_msi,
		.wire = env_wire,
		.lock_init = env_lock_init,
		.lock_fini = env_lock_fini,
		.lock = env_lock,
		.unlock = env_unlock,
		.relax = hosted_relax,
		.now_ns = hosted_now_ns,
		.log = env_log,
	};
}
