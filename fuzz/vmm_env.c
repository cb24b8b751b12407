/* SPDX-License-Identifier: MIT */
/* Surroundings of models: the context says whose. */
#include <errno.h>

#include "base/le64.h"
#include "fuzz/vmm_plat.h"
#include "fuzz/vmm_task.h"

static unsigned int who_of(void *ctx)
{
	return (unsigned int)(uintptr_t)ctx;
}

/* NULL: nothing is there. */
static void *access_at(void *ctx, uint64_t pa, size_t len, bool write)
{
	uint64_t at = plat_hooks.place(who_of(ctx), pa, len, write);

	return len && plat_has(at, len) ? plat_virt(at, len) : NULL;
}

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	void *from = access_at(ctx, pa, len, false);

	if (ret_done)
		*ret_done = from ? len : 0;
	if (!from)
		return -EFAULT;
	memcpy(buf, from, len);
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	void *to = access_at(ctx, pa, len, true);

	if (ret_done)
		*ret_done = to ? len : 0;
	if (!to)
		return -EFAULT;
	memcpy(to, buf, len);
	return 0;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	void *from = access_at(ctx, src, len, false);
	void *to = access_at(ctx, dst, len, true);

	*ret_done = 0;
	*ret_write = from;
	if (!from || !to)
		return -EFAULT;
	memmove(to, from, len);
	*ret_done = len;
	return 0;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	le64_atomic *word = access_at(ctx, pa, 8, false);

	if (!word)
		return -EFAULT;
	FUZZ_CHECK(!(pa & 7));
	*ret_value = le64_load_relaxed(word);
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	le64_atomic *word = access_at(ctx, pa, 8, true);

	if (!word)
		return -EFAULT;
	FUZZ_CHECK(!(pa & 7));
	le64_store_relaxed(word, value);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	le64_atomic *word = access_at(ctx, pa, 8, true);

	if (!word)
		return -EFAULT;
	FUZZ_CHECK(!(pa & 7));
	*ret_old = le64_load_relaxed(word);
	if (*ret_old == expected)
		le64_store_relaxed(word, desired);
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	(void)requester;
	if (addr != PLAT_MSI)
		return -EFAULT;
	plat_hooks.msi(who_of(ctx), data);
	plat_raise(data);
	return 0;
}

static void env_relax(void *ctx, unsigned int turns)
{
	(void)ctx;
	task_relax(turns);
}

static uint64_t env_now_ns(void *ctx)
{
	(void)ctx;
	return task_now();
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	(void)ctx, (void)line, (void)level;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	(void)ctx, (void)rank;
	task_lock_init(lock->opaque, name);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	task_lock_fini(lock->opaque);
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	task_lock(lock->opaque);
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	task_unlock(lock->opaque);
}

/* Of the host's own: what its drivers did wrong. */
__attribute__((format(printf, 3, 0))) static void
env_log(void *ctx, enum hw_log_level level, const char *fmt, va_list ap)
{
	char text[512];

	if (level == HW_LOG_TRACE)
		return;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	plat_hooks.model_log(who_of(ctx), text);
}

void plat_env(unsigned int who, struct hw_env *ret_env)
{
	*ret_env = (struct hw_env){
		.ctx = (void *)(uintptr_t)who,
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
		.relax = env_relax,
		.now_ns = env_now_ns,
		.log = env_log,
	};
}
