/* SPDX-License-Identifier: MIT */
/*
 * What counts accesses of a function outside of its guest's memory sees each of
 * them: the other tests hold it to that there is none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/support/testenv.h"
#include "vmm/vmm.h"

enum { WORDS = 512, FIRST = 128, COUNT = 256 };

static uint64_t words[WORDS];

static uint64_t at(unsigned int word)
{
	return (uintptr_t)&words[word];
}

struct world {
	struct testplat tp;
	struct hw_env host;
	struct vmm_border border;
	unsigned int wires, messages, logged;
};

static void wire(void *ctx, unsigned int line, bool level)
{
	struct world *w = ctx;

	assert_int_equal(line, 3);
	assert_true(level);
	w->wires++;
}

static int msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct world *w = ctx;

	assert_int_equal(requester, 0x321);
	assert_int_equal(addr, 0xfee00000);
	assert_int_equal(data, 5);
	w->messages++;
	return -ENODEV;
}

static void log_message(void *ctx, enum hw_log_level level, const char *fmt,
			va_list ap) __attribute__((format(printf, 3, 0)));

static void log_message(void *ctx, enum hw_log_level level, const char *fmt,
			va_list ap)
{
	struct world *w = ctx;

	(void)level, (void)fmt, (void)ap;
	w->logged++;
}

static void start(struct world *w)
{
	memset(w, 0, sizeof(*w));
	memset(words, 0, sizeof(words));
	testplat_init(&w->tp);
	w->host = testenv(&w->tp);
	w->host.ctx = w;
	w->host.wire = wire;
	w->host.msi = msi;
	w->host.log = log_message;
	vmm_border_init(&w->border, &w->host);
	vmm_border_set(&w->border, at(FIRST), 8 * COUNT);
}

/* How many accesses there were since, and how many strays among them. */
static void expect(struct world *w, unsigned int accesses, unsigned int strays)
{
	struct vmm_counters c = { 0 };

	vmm_border_count(&w->border, &c);
	assert_int_equal(c.accesses, accesses);
	assert_int_equal(c.strays, strays);
}

/* One access of each kind to @word, that is done as if nobody looked. */
static void touch(struct world *w, unsigned int word)
{
	const struct hw_env *env = &w->border.env;
	uint64_t value = 7, old = 0;
	size_t done;

	assert_int_equal(env->mem_write(env->ctx, at(word), &value, 8, &done),
			 0);
	assert_int_equal(env->mem_read(env->ctx, at(word), &old, 8, &done), 0);
	assert_int_equal(old, 7);
	assert_int_equal(env->mem_store64(env->ctx, at(word), 8), 0);
	assert_int_equal(env->mem_load64(env->ctx, at(word), &old), 0);
	assert_int_equal(old, 8);
	assert_int_equal(env->mem_cas64(env->ctx, at(word), 8, 9, &old), 0);
	assert_int_equal(old, 8);
	assert_int_equal(words[word], 9);
}

static void test_border_counts_what_is_outside(void **state)
{
	struct world w;

	(void)state;
	start(&w);
	touch(&w, FIRST);
	touch(&w, FIRST + COUNT - 1);
	expect(&w, 10, 0);
	touch(&w, FIRST - 1);
	expect(&w, 5, 5);
	touch(&w, FIRST + COUNT);
	expect(&w, 5, 5);
	/* A function that nobody has reaches nothing. */
	vmm_border_set(&w.border, 0, 0);
	touch(&w, FIRST);
	expect(&w, 5, 5);
	testplat_fini(&w.tp);
}

/* The last byte counts, and both ends of a copy. */
static void test_border_looks_at_all_of_it(void **state)
{
	static uint64_t buf[COUNT + 1];
	const struct hw_env *env;
	bool write;
	size_t done;
	struct world w;

	(void)state;
	start(&w);
	env = &w.border.env;
	assert_int_equal(
		env->mem_read(env->ctx, at(FIRST), buf, 8 * COUNT, &done), 0);
	expect(&w, 1, 0);
	assert_int_equal(env->mem_read(env->ctx, at(FIRST), buf, 8 * COUNT + 1,
				       &done),
			 0);
	expect(&w, 1, 1);
	words[FIRST] = 1;
	assert_int_equal(env->mem_copy(env->ctx, at(FIRST + 1), at(FIRST), 8,
				       &done, &write),
			 0);
	assert_int_equal(words[FIRST + 1], 1);
	expect(&w, 2, 0);
	assert_int_equal(
		env->mem_copy(env->ctx, at(0), at(FIRST), 8, &done, &write), 0);
	expect(&w, 2, 1);
	assert_int_equal(
		env->mem_copy(env->ctx, at(FIRST), at(0), 8, &done, &write), 0);
	expect(&w, 2, 1);
	testplat_fini(&w.tp);
}

static void say(const struct hw_env *env, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct hw_env *env, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	env->log(env->ctx, HW_LOG_GUEST_ERROR, fmt, ap);
	va_end(ap);
}

/* The rest is the host's, and no access to memory. */
static void test_border_hands_on_the_rest(void **state)
{
	const struct hw_env *env;
	struct hw_lock lock;
	struct world w;

	(void)state;
	start(&w);
	env = &w.border.env;
	assert_int_equal(env->msi(env->ctx, 0x321, 0xfee00000, 5), -ENODEV);
	env->wire(env->ctx, 3, true);
	say(env, "%d", 1);
	assert_int_equal(w.messages, 1);
	assert_int_equal(w.wires, 1);
	assert_int_equal(w.logged, 1);
	env->lock_init(env->ctx, &lock, HW_RANK_DEVICE, "a lock");
	env->lock(env->ctx, &lock);
	env->unlock(env->ctx, &lock);
	env->lock_fini(env->ctx, &lock);
	env->relax(env->ctx, 1);
	expect(&w, 0, 0);
	testplat_fini(&w.tp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_border_counts_what_is_outside),
		cmocka_unit_test(test_border_looks_at_all_of_it),
		cmocka_unit_test(test_border_hands_on_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
