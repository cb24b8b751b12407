/* SPDX-License-Identifier: MIT */
/*
 * Memory that is unmapped, replaced, cut and given back while jobs run on it.
 *
 * Every word of a mapping carries the number of the mapping, and numbers only
 * grow. A job that was submitted after a mapping was replaced may find it or a
 * later one, zeros where the kernel has new pages, or nothing; never an earlier
 * one.
 */
#define _GNU_SOURCE /* mremap(), memfd_create() */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/fixture.h"

#define PAGES  8u
#define BYTES  (PAGES * PAGE)
#define WORDS  (BYTES / sizeof(uint64_t))
#define ROUNDS 400u

/* The place that changes, and the number of what is there. */
struct place {
	struct fixture f;
	unsigned char *at;
	_Atomic uint64_t number;
	_Atomic bool stop;
	_Atomic size_t jobs; /* of all lookers */
	int memfd;
};

static void write_number(uint64_t *words, uint64_t number)
{
	size_t i;

	for (i = 0; i < WORDS; i++)
		words[i] = number;
}

/* How many of @count words are neither zero nor within [@low, @high]. */
static size_t count_stale(const uint64_t *words, size_t count, uint64_t low,
			  uint64_t high)
{
	size_t stale = 0, i;

	for (i = 0; i < count; i++)
		if (words[i] && (words[i] < low || words[i] > high))
			stale++;
	return stale;
}

static void test_stress_checker_notices_stale_words(void **state)
{
	uint64_t words[4] = { 7, 8, 0, 9 };

	(void)state;
	assert_int_equal(count_stale(words, 4, 7, 9), 0);
	assert_int_equal(count_stale(words, 4, 8, 9), 1);
	assert_int_equal(count_stale(words, 4, 7, 8), 1);
	assert_int_equal(count_stale(words, 4, 10, 10), 3);
}

/* Put a mapping with the next number in the place, all at once. */
static void replace(struct place *p)
{
	uint64_t number = atomic_load(&p->number) + 1;
	void *fresh = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fresh == MAP_FAILED)
		return;
	write_number(fresh, number);
	if (mremap(fresh, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, p->at) ==
	    p->at)
		atomic_store(&p->number, number);
}

static void place_open(struct place *p, enum hw_personality personality)
{
	const struct sva_machine_cfg cfg = {
		.personality = personality,
		.engines = 2,
	};

	memset(p, 0, sizeof(*p));
	fixture_open(&p->f, &cfg, false);
	p->at = map_pages_below_gap(PAGES);
	p->memfd = -1;
	replace(p);
}

static void place_close(struct place *p)
{
	unmap_pages(p->at, PAGES);
	fixture_close(&p->f);
}

/* A thread's own memory: a job, and where it copies to. */
struct scratch {
	struct dsa_job *job;
	uint64_t *out;
};

static bool scratch_open(struct scratch *s)
{
	unsigned char *mem = mmap(NULL, BYTES + PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return false;
	s->job = (void *)mem;
	s->out = (void *)(mem + PAGE);
	return true;
}

static void scratch_close(struct scratch *s)
{
	munmap(s->job, BYTES + PAGE);
}

/*
 * Copy the place out and look at it. Returns how many words are wrong; a job
 * that cannot be ended well is one, too.
 */
static size_t look(struct place *p, struct scratch *s,
		   struct dsa_result *ret_result)
{
	uint64_t low = atomic_load(&p->number), place;

	memset(s->out, 0, BYTES);
	dsa_job_memmove(s->job, p->f.sva, s->out, p->at, BYTES);
	if (fixture_run(&p->f, s->job, ret_result))
		return 1;
	place = (uintptr_t)p->at;
	if (ret_result->status == -EFAULT) {
		if (ret_result->fault_write || ret_result->fault_addr < place ||
		    ret_result->fault_addr >= place + BYTES ||
		    ret_result->bytes >= BYTES)
			return 1;
	} else if (ret_result->status) {
		return 1;
	}
	/* The number is stored after the mapping is in its place. */
	return count_stale(s->out, ret_result->bytes / sizeof(uint64_t), low,
			   atomic_load(&p->number) + 1);
}

/* A change is complete when the call that made it returns. */
static void check_own_changes(enum hw_personality personality)
{
	struct dsa_result result;
	struct scratch s;
	struct place p;
	unsigned int i;

	place_open(&p, personality);
	if (!scratch_open(&s)) {
		fail_msg("out of memory");
		return;
	}
	for (i = 0; i < ROUNDS; i++) {
		replace(&p);
		assert_int_equal(look(&p, &s, &result), 0);
		assert_int_equal(result.status, 0);
		assert_int_equal(s.out[0], atomic_load(&p.number));
		assert_int_equal(s.out[WORDS - 1], atomic_load(&p.number));
		if (i % 4 == 0) {
			assert_int_equal(madvise(p.at, BYTES, MADV_DONTNEED),
					 0);
			assert_int_equal(look(&p, &s, &result), 0);
			assert_int_equal(result.status, 0);
			assert_int_equal(s.out[0], 0);
		} else if (i % 4 == 1) {
			size_t hole = 1 + i / 4 % (PAGES - 1);

			assert_int_equal(munmap(p.at + hole * PAGE, PAGE), 0);
			assert_int_equal(look(&p, &s, &result), 0);
			assert_int_equal(result.status, -EFAULT);
			assert_int_equal(result.fault_addr & ~(PAGE - 1ull),
					 (uintptr_t)p.at + hole * PAGE);
			assert_int_equal(result.bytes, hole * PAGE);
		}
	}
	scratch_close(&s);
	place_close(&p);
}

static void test_stress_own_change_is_seen_by_next_job(void **state)
{
	(void)state;
	check_own_changes(HW_STRICT);
	check_own_changes(HW_EAGER);
}

struct looker {
	struct place *place;
	pthread_t thread;
	size_t wrong;
};

static void *looker_main(void *arg)
{
	struct looker *l = arg;
	struct scratch s;

	if (!scratch_open(&s)) {
		l->wrong++;
		return NULL;
	}
	while (!atomic_load(&l->place->stop)) {
		struct dsa_result result = { 0 };

		l->wrong += look(l->place, &s, &result);
		atomic_fetch_add(&l->place->jobs, 1);
	}
	scratch_close(&s);
	return NULL;
}

/* Let lookers run while @change is called again and again. */
static void check_changes(struct place *p,
			  void (*change)(struct place *p, unsigned int i))
{
	struct looker lookers[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		lookers[i] = (struct looker){ .place = p };
		assert_int_equal(pthread_create(&lookers[i].thread, NULL,
						looker_main, &lookers[i]),
				 0);
	}
	/* On a loaded machine the lookers may not have begun yet. */
	for (i = 0; i < ROUNDS || atomic_load(&p->jobs) < ROUNDS / 4; i++)
		change(p, i);
	atomic_store(&p->stop, true);
	for (i = 0; i < 2; i++) {
		pthread_join(lookers[i].thread, NULL);
		assert_int_equal(lookers[i].wrong, 0);
	}
	/* What is there at the end is seen as it is. */
	{
		struct dsa_result result;
		struct scratch s;

		replace(p);
		if (!scratch_open(&s)) {
			fail_msg("out of memory");
			return;
		}
		assert_int_equal(look(p, &s, &result), 0);
		assert_int_equal(result.status, 0);
		assert_int_equal(s.out[WORDS - 1], atomic_load(&p->number));
		scratch_close(&s);
	}
}

static void change_replace(struct place *p, unsigned int i)
{
	(void)i;
	replace(p);
}

static void test_stress_replaced_under_jobs_never_stale(void **state)
{
	struct place p;

	(void)state;
	place_open(&p, HW_STRICT);
	check_changes(&p, change_replace);
	place_close(&p);
}

/*
 * The hole is kept by an inaccessible mapping, as another thread's mmap() would
 * otherwise land in it.
 */
static void change_unmap(struct place *p, unsigned int i)
{
	size_t first = i % PAGES;

	switch (i % 3) {
	case 0:
		/* All of it goes, and something else comes. */
		if (mmap(p->at, BYTES, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0) != p->at)
			atomic_fetch_add(&p->number, 1u << 20);
		break;
	case 1:
		replace(p);
		break;
	default:
		(void)mprotect(p->at + first * PAGE, PAGE, PROT_NONE);
		break;
	}
}

static void test_stress_unmapped_under_jobs_faults(void **state)
{
	struct place p;

	(void)state;
	place_open(&p, HW_STRICT);
	check_changes(&p, change_unmap);
	place_close(&p);
}

static void change_dontneed(struct place *p, unsigned int i)
{
	if (i % 5 == 4)
		replace(p);
	(void)madvise(p->at + i % PAGES * PAGE, PAGE, MADV_DONTNEED);
}

static void test_stress_dontneed_under_jobs_zeros(void **state)
{
	struct place p;

	(void)state;
	place_open(&p, HW_STRICT);
	check_changes(&p, change_dontneed);
	place_close(&p);
}

/* A child has its memory alone, and the parent copies what it writes next. */
static void change_fork(struct place *p, unsigned int i)
{
	pid_t pid;

	if (i % 20 == 0) {
		pid = fork();
		if (!pid) {
			write_number((void *)p->at, UINT64_MAX);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			atomic_fetch_add(&p->number, 1u << 20);
	}
	replace(p);
}

static void test_stress_forked_under_jobs_never_stale(void **state)
{
	struct place p;

	(void)state;
	place_open(&p, HW_STRICT);
	check_changes(&p, change_fork);
	place_close(&p);
}

/* A file of the process in the place, cut and written anew. */
static void change_truncate(struct place *p, unsigned int i)
{
	uint64_t words[PAGE / sizeof(uint64_t)];
	uint64_t number = atomic_load(&p->number);
	size_t page, w;

	if (ftruncate(p->memfd, (off_t)(i % (PAGES + 1) * PAGE)) ||
	    ftruncate(p->memfd, BYTES))
		return;
	/* Numbers of an earlier content are gone with the cut. */
	for (w = 0; w < PAGE / sizeof(uint64_t); w++)
		words[w] = number;
	for (page = i % (PAGES + 1); page < PAGES; page++)
		if (pwrite(p->memfd, words, PAGE, (off_t)(page * PAGE)) !=
		    (ssize_t)PAGE)
			return;
}

static void test_stress_truncated_under_jobs_never_stale(void **state)
{
	struct place p;

	(void)state;
	place_open(&p, HW_STRICT);
	p.memfd = memfd_create("place", MFD_CLOEXEC);
	assert_true(p.memfd >= 0);
	assert_int_equal(ftruncate(p.memfd, BYTES), 0);
	assert_ptr_equal(mmap(p.at, BYTES, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, p.memfd, 0),
			 p.at);
	check_changes(&p, change_truncate);
	close(p.memfd);
	place_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stress_checker_notices_stale_words),
		cmocka_unit_test(test_stress_own_change_is_seen_by_next_job),
		cmocka_unit_test(test_stress_replaced_under_jobs_never_stale),
		cmocka_unit_test(test_stress_unmapped_under_jobs_faults),
		cmocka_unit_test(test_stress_dontneed_under_jobs_zeros),
		cmocka_unit_test(test_stress_forked_under_jobs_never_stale),
		cmocka_unit_test(test_stress_truncated_under_jobs_never_stale),
	};

	return fixture_run_tests(tests);
}
