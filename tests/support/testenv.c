/* SPDX-License-Identifier: MIT */
#include "tests/support/testenv.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/le64.h"

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	(void)ctx, (void)ret_done;
	memcpy(buf, (void *)(uintptr_t)pa, len);
	return 0;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	(void)ctx, (void)ret_done;
	memcpy((void *)(uintptr_t)pa, buf, len);
	return 0;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	(void)ctx, (void)ret_done, (void)ret_write;
	memmove((void *)(uintptr_t)dst, (void *)(uintptr_t)src, len);
	return 0;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	(void)ctx;
	*ret_value = le64_load_acquire(le64_at((void *)(uintptr_t)pa));
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	(void)ctx;
	le64_store_release(le64_at((void *)(uintptr_t)pa), value);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	(void)ctx;
	le64_cmpxchg(le64_at((void *)(uintptr_t)pa), &expected, desired);
	*ret_old = expected;
	return 0;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	(void)requester;
	assert_true(testplat_msi(ctx, addr, data));
	return 0;
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	if (level)
		testplat_irq_raise(ctx, 1 + line);
}

static pthread_mutex_t *to_mutex(struct hw_lock *lock)
{
	_Static_assert(sizeof(pthread_mutex_t) <= sizeof(*lock), "room");
	return (pthread_mutex_t *)(void *)lock->opaque;
}

/* A model that unlocks what it has not locked, or locks it twice, ends it all. */
static void must(int err)
{
	if (err)
		abort();
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	pthread_mutexattr_t attr;

	(void)ctx, (void)rank, (void)name;
	must(pthread_mutexattr_init(&attr));
	must(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK));
	must(pthread_mutex_init(to_mutex(lock), &attr));
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	must(pthread_mutex_destroy(to_mutex(lock)));
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	must(pthread_mutex_lock(to_mutex(lock)));
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	(void)ctx;
	must(pthread_mutex_unlock(to_mutex(lock)));
}

static void env_relax(void *ctx, unsigned int turns)
{
	(void)ctx, (void)turns;
}

static uint64_t env_now(void *ctx)
{
	const struct testplat *tp = ctx;

	return plat_now_ns(&tp->plat);
}

void testenv_locks(struct hw_env *env)
{
	env->lock_init = env_lock_init;
	env->lock_fini = env_lock_fini;
	env->lock = env_lock;
	env->unlock = env_unlock;
}

struct hw_env testenv(struct testplat *tp)
{
	struct hw_env env = {
		.ctx = tp,
		.mem_read = env_read,
		.mem_write = env_write,
		.mem_copy = env_copy,
		.mem_load64 = env_load64,
		.mem_store64 = env_store64,
		.mem_cas64 = env_cas64,
		.msi = env_msi,
		.wire = env_wire,
		.relax = env_relax,
		.now_ns = env_now,
	};

	testenv_locks(&env);
	return env;
}
