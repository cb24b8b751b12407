/* SPDX-License-Identifier: MIT */
/* base/le64.h: the bytes in memory, and a word published between threads. */
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bits.h"
#include "base/le64.h"
#include "base/string.h"

static void test_le_store_puts_low_byte_first(void **state)
{
	unsigned char m[16];

	(void)state;
	memset(m, 0xee, sizeof(m));
	le16_store(m + 1, 0x1234);
	assert_memory_equal(m, "\xee\x34\x12\xee", 4);
	le32_store(m + 1, 0x89abcdef);
	assert_memory_equal(m, "\xee\xef\xcd\xab\x89\xee", 6);
	le64_store(m + 3, 0xfedcba9876543210);
	assert_memory_equal(m + 3, "\x10\x32\x54\x76\x98\xba\xdc\xfe\xee", 9);
}

/* At any alignment: UBSan would notice a wider access. */
static void test_le_load_reads_what_was_stored(void **state)
{
	unsigned char m[16];
	size_t i;

	(void)state;
	for (i = 0; i < 8; i++) {
		le16_store(m + i, 0xfedc);
		assert_int_equal(le16_load(m + i), 0xfedc);
		le32_store(m + i, 0xfedcba98);
		assert_int_equal(le32_load(m + i), 0xfedcba98);
		le64_store(m + i, 0xfedcba9876543210);
		assert_int_equal(le64_load(m + i), 0xfedcba9876543210);
	}
}

static void test_le64_words_convert_whole_records(void **state)
{
	const uint64_t dw[2] = { 0x0807060504030201, 0x100f0e0d0c0b0a09 };
	uint64_t back[2] = { 0, 0 };
	unsigned char m[16];
	unsigned int i;

	(void)state;
	le64_store_words(m, dw, 2);
	for (i = 0; i < 16; i++)
		assert_int_equal(m[i], i + 1);
	le64_load_words(back, m, 2);
	assert_memory_equal(back, dw, sizeof(dw));
}

static void test_le64_atomic_words_have_the_same_bytes(void **state)
{
	_Alignas(8) unsigned char m[8];
	le64_atomic *word = le64_at(m);
	uint64_t expected;

	(void)state;
	le64_store_relaxed(word, 0xfedcba9876543210);
	assert_int_equal(le64_load(m), 0xfedcba9876543210);
	assert_int_equal(m[0], 0x10);
	assert_int_equal(le64_load_relaxed(word), 0xfedcba9876543210);
	le64_store_release(word, 1);
	assert_memory_equal(m, "\1\0\0\0\0\0\0\0", 8);
	assert_int_equal(le64_load_acquire(word), 1);
	assert_int_equal(le64_exchange(word, 2), 1);

	expected = 1;
	assert_false(le64_cmpxchg(word, &expected, 3));
	assert_int_equal(expected, 2);
	assert_true(le64_cmpxchg(word, &expected, 0x300));
	assert_int_equal(expected, 2);
	assert_int_equal(m[1], 3);
}

/* A record whose valid word is published last. */
struct published {
	uint64_t payload[7];
	le64_atomic valid;
};

enum { ROUNDS = 2000 };

static void *write_rounds(void *arg)
{
	struct published *p = arg;
	uint64_t round, i;

	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < 7; i++)
			p->payload[i] = round * 7 + i;
		le64_store_release(&p->valid, round);
		while (le64_load_acquire(&p->valid))
			sched_yield();
	}
	return NULL;
}

/* ThreadSanitizer is the oracle of the order; the payload that of the value. */
static void test_le64_release_publishes_what_came_before(void **state)
{
	struct published p = { { 0 }, 0 };
	uint64_t round, i, v;
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_rounds, &p), 0);
	for (round = 1; round <= ROUNDS; round++) {
		while (!(v = le64_load_acquire(&p.valid)))
			sched_yield();
		assert_int_equal(v, round);
		for (i = 0; i < 7; i++)
			assert_int_equal(p.payload[i], round * 7 + i);
		le64_store_release(&p.valid, 0);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_le_store_puts_low_byte_first),
		cmocka_unit_test(test_le_load_reads_what_was_stored),
		cmocka_unit_test(test_le64_words_convert_whole_records),
		cmocka_unit_test(test_le64_atomic_words_have_the_same_bytes),
		cmocka_unit_test(test_le64_release_publishes_what_came_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
