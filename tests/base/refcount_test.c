/* SPDX-License-Identifier: MIT */
/* base/refcount.h: who frees, saturation, and the last put among threads. */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

/* Misuse is counted, to see that a debug build would notice. */
static unsigned int misuses;
#define REFCOUNT_ASSERT(cond) ((void)((cond) || misuses++))
#include "base/refcount.h"

static void test_refcount_last_put_says_so(void **state)
{
	struct refcount r;

	(void)state;
	misuses = 0;
	refcount_init(&r, 1);
	refcount_get(&r);
	assert_int_equal(refcount_read(&r), 2);
	assert_true(refcount_get_not_zero(&r));
	assert_false(refcount_put(&r));
	assert_false(refcount_put(&r));
	assert_true(refcount_put(&r));
	assert_int_equal(refcount_read(&r), 0);
	assert_int_equal(misuses, 0);
}

static void test_refcount_dead_object_stays_dead(void **state)
{
	struct refcount r;

	(void)state;
	misuses = 0;
	refcount_init(&r, 1);
	assert_true(refcount_put(&r));
	assert_false(refcount_get_not_zero(&r));
	assert_int_equal(misuses, 0);
	refcount_get(&r);
	assert_int_equal(misuses, 1);
	assert_int_equal(refcount_read(&r), 0);
	/* One put too many frees nothing a second time. */
	assert_false(refcount_put(&r));
	assert_int_equal(misuses, 2);
	assert_int_equal(refcount_read(&r), 0);
}

static void test_refcount_saturated_count_never_frees(void **state)
{
	struct refcount r;
	int i;

	(void)state;
	refcount_init(&r, REFCOUNT_SATURATED - 1);
	refcount_get(&r);
	assert_int_equal(refcount_read(&r), REFCOUNT_SATURATED);
	for (i = 0; i < 10; i++) {
		assert_false(refcount_put(&r));
		refcount_get(&r);
		assert_true(refcount_get_not_zero(&r));
	}
	assert_int_equal(refcount_read(&r), REFCOUNT_SATURATED);

	refcount_init(&r, UINT32_MAX);
	refcount_get(&r);
	assert_false(refcount_put(&r));
	assert_int_equal(refcount_read(&r), UINT32_MAX);
}

enum { THREADS = 4, ROUNDS = 2000 };

struct object {
	struct refcount refs;
	uint64_t written[THREADS];
	_Atomic unsigned int frees;
};

struct user {
	struct object *obj;
	unsigned int id;
};

/*
 * Whoever is last reads what the others wrote before their put: a data race,
 * for ThreadSanitizer, unless puts are ordered.
 */
static void *use_object(void *arg)
{
	struct user *u = arg;
	struct object *obj = u->obj;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		refcount_get(&obj->refs);
		if (refcount_put(&obj->refs))
			atomic_fetch_add(&obj->frees, 100);
	}
	obj->written[u->id] = u->id + 1;
	if (refcount_put(&obj->refs)) {
		uint64_t sum = 0;

		for (i = 0; i < THREADS; i++)
			sum += obj->written[i];
		if (sum == THREADS * (THREADS + 1) / 2)
			atomic_fetch_add(&obj->frees, 1);
	}
	return NULL;
}

static void test_refcount_one_of_many_threads_frees(void **state)
{
	struct object obj = { .frees = 0 };
	struct user users[THREADS];
	pthread_t threads[THREADS];
	unsigned int i;

	(void)state;
	refcount_init(&obj.refs, THREADS);
	for (i = 0; i < THREADS; i++) {
		users[i].obj = &obj;
		users[i].id = i;
		assert_int_equal(pthread_create(&threads[i], NULL, use_object,
						&users[i]),
				 0);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&obj.frees), 1);
	assert_int_equal(refcount_read(&obj.refs), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refcount_last_put_says_so),
		cmocka_unit_test(test_refcount_dead_object_stays_dead),
		cmocka_unit_test(test_refcount_saturated_count_never_frees),
		cmocka_unit_test(test_refcount_one_of_many_threads_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
