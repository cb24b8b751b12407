/* SPDX-License-Identifier: MIT */
/*
 * Is a translation ever out of date? Output addresses are page numbers of a
 * file here, so that a stale one shows as a wrong number.
 *
 * own:    threads change their own pages, then submit a job that reads them.
 * reuse:  one thread unmaps, another takes the hole and submits.
 * racing: a device runs free while a thread changes pages and submits.
 *
 * Each with the protocol as it is, where nothing may be stale, and with the
 * obvious wrong one (read the event, then take the lock; no check, no sequence
 * number, no barrier), where something must be: else the test sees nothing.
 * [R9] [R11]
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/plat/space.h"
#include "tests/support/random.h"

#define SLOTS      64u
#define FILE_PAGES 512u
#define RUN_S      1.5
#define TAKE_S     0.3
#define CONTROL_S  10.0 /* at most: it ends when it has seen one */

struct stress {
	struct space s;
	int fd;
	unsigned char *area;
	bool until_stale;
	double end;
	_Atomic bool stop;
	_Atomic uint64_t jobs;
	_Atomic uint64_t stale;
	_Atomic uint64_t gave_up;
	/* reuse */
	_Atomic unsigned int slot;
	_Atomic unsigned int turn;
	bool lost[SLOTS]; /* to a mapping that is not ours */
};

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool go_on(struct stress *t)
{
	if (t->until_stale &&
	    atomic_load_explicit(&t->stale, memory_order_relaxed))
		return false;
	return now_s() < t->end;
}

/* Page number + 1: 0 is no address. */
static uint64_t page_number(void *ctx, uint64_t va,
			    const struct hosted_map *map)
{
	(void)ctx;
	return (((map->offset + va - map->start) / PAGE) + 1) * PAGE;
}

static unsigned char *slot_at(struct stress *t, unsigned int slot)
{
	return t->area + slot * PAGE;
}

#define GAVE_UP UINT64_MAX

/* A device's access: which page of the file does it reach? */
static uint64_t device_access(struct stress *t, unsigned int slot)
{
	unsigned char *va = slot_at(t, slot);
	unsigned int tries;

	for (tries = 0; tries < 1000; tries++) {
		uint64_t frame = space_frame(&t->s, va);
		size_t done;
		int err;

		if (frame != UINT64_MAX)
			return frame / PAGE - 1;
		err = space_fault(&t->s, va, 1,
				  IOMMU_PERM_READ | IOMMU_PERM_WRITE, &done);
		if (err)
			return GAVE_UP;
	}
	return GAVE_UP;
}

static void judge(struct stress *t, uint64_t got, uint64_t want)
{
	atomic_fetch_add_explicit(&t->jobs, 1, memory_order_relaxed);
	if (got == GAVE_UP)
		atomic_fetch_add_explicit(&t->gave_up, 1, memory_order_relaxed);
	else if (got != want)
		atomic_fetch_add_explicit(&t->stale, 1, memory_order_relaxed);
}

static void *map_at(struct stress *t, void *where, uint64_t page, int flags)
{
	return mmap(where, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | flags,
		    t->fd, (off_t)(page * PAGE));
}

/* One of the ways to put another page there. */
static bool replace(struct stress *t, unsigned int slot, uint64_t page,
		    bool by_moving)
{
	void *p;

	if (!by_moving)
		return map_at(t, slot_at(t, slot), page, MAP_FIXED) !=
		       MAP_FAILED;
	p = map_at(t, NULL, page, 0);
	if (p == MAP_FAILED)
		return false;
	return mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      slot_at(t, slot)) != MAP_FAILED;
}

struct owner {
	struct stress *t;
	unsigned int half;
};

static void *own_main(void *arg)
{
	const struct owner *o = arg;
	struct stress *t = o->t;
	uint64_t seed = o->half * 7919u + 3;

	while (go_on(t)) {
		unsigned int slot =
			o->half * (SLOTS / 2) +
			(unsigned int)(next_random(&seed) % (SLOTS / 2));
		uint64_t page = next_random(&seed) % FILE_PAGES;

		if (!replace(t, slot, page, next_random(&seed) % 3 == 0))
			abort();
		plat_hosted_submit_barrier(t->s.hosted);
		judge(t, device_access(t, slot), page);
	}
	return NULL;
}

static void run_own(struct stress *t)
{
	struct owner o[2] = { { t, 0 }, { t, 1 } };
	pthread_t id[2];
	unsigned int i;

	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&id[i], NULL, own_main, &o[i]),
				 0);
	for (i = 0; i < 2; i++)
		pthread_join(id[i], NULL);
}

/*
 * Map into the hole that is about to appear. Somebody else's mapping may get
 * there first (a sanitizer's, the C library's): then the slot is theirs.
 */
static void *take_hole(struct stress *t, unsigned int slot, uint64_t page)
{
	double end = now_s() + TAKE_S;
	void *p;

	do {
		p = map_at(t, slot_at(t, slot), page, MAP_FIXED_NOREPLACE);
	} while (p == MAP_FAILED && now_s() < end);
	return p;
}

/* The next slot that is ours; SLOTS if there is none. */
static unsigned int next_slot(const struct stress *t, unsigned int slot)
{
	unsigned int i;

	for (i = 1; i <= SLOTS; i++)
		if (!t->lost[(slot + i) % SLOTS])
			return (slot + i) % SLOTS;
	return SLOTS;
}

/* The turn goes back and forth: 0 unmap, 1 take the hole. */
static void *unmap_main(void *arg)
{
	struct stress *t = arg;

	while (go_on(t)) {
		unsigned int slot;

		if (atomic_load(&t->turn)) {
			sched_yield();
			continue;
		}
		slot = atomic_load(&t->slot);
		if (slot == SLOTS)
			break;
		/* Not after munmap(): the hole shall be taken during it. */
		atomic_store(&t->turn, 1);
		munmap(slot_at(t, slot), PAGE);
	}
	atomic_store(&t->stop, true);
	return NULL;
}

static void *take_main(void *arg)
{
	struct stress *t = arg;
	uint64_t seed = 99;

	while (!atomic_load(&t->stop)) {
		unsigned int slot = atomic_load(&t->slot);
		uint64_t page = next_random(&seed) % FILE_PAGES;

		if (!atomic_load(&t->turn)) {
			sched_yield();
			continue;
		}
		t->lost[slot] = take_hole(t, slot, page) == MAP_FAILED;
		if (!t->lost[slot]) {
			plat_hosted_submit_barrier(t->s.hosted);
			judge(t, device_access(t, slot), page);
		}
		slot = next_slot(t, slot);
		atomic_store(&t->slot, slot);
		atomic_store(&t->turn, 0);
		if (slot == SLOTS)
			break;
	}
	return NULL;
}

static void run_reuse(struct stress *t)
{
	pthread_t a, b;
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		device_access(t, i);
	assert_int_equal(pthread_create(&a, NULL, unmap_main, t), 0);
	assert_int_equal(pthread_create(&b, NULL, take_main, t), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static void *device_main(void *arg)
{
	struct stress *t = arg;
	uint64_t seed = 5;

	while (!atomic_load_explicit(&t->stop, memory_order_relaxed))
		device_access(t, (unsigned int)(next_random(&seed) % 8));
	return NULL;
}

static void *change_main(void *arg)
{
	struct stress *t = arg;
	uint64_t seed = 77;

	while (go_on(t)) {
		unsigned int slot = (unsigned int)(next_random(&seed) % 8);
		uint64_t page = next_random(&seed) % FILE_PAGES;
		uint64_t frame;
		unsigned int i;

		if (!replace(t, slot, page, false))
			abort();
		plat_hosted_submit_barrier(t->s.hosted);
		judge(t, device_access(t, slot), page);
		/* Let the device race, then look again. */
		for (i = 0; i < 100; i++)
			plat_relax(plat_hosted_plat(t->s.hosted), 0);
		frame = space_frame(&t->s, slot_at(t, slot));
		if (frame != UINT64_MAX)
			judge(t, frame / PAGE - 1, page);
	}
	atomic_store(&t->stop, true);
	return NULL;
}

static void run_racing(struct stress *t)
{
	pthread_t a, b;

	assert_int_equal(pthread_create(&a, NULL, change_main, t), 0);
	assert_int_equal(pthread_create(&b, NULL, device_main, t), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

/* wrong: what to leave out of the protocol; NULL: nothing. */
static void open_stress(struct stress *t, const struct plat_hosted_cfg *cfg,
			const struct hosted_hooks *wrong)
{
	struct hosted_hooks hooks = { 0 };

	if (wrong)
		hooks = *wrong;
	hooks.frame_of = page_number;
	*t = (struct stress){ .until_stale = wrong };
	space_open(&t->s, cfg, &hooks);
	t->fd = memfd_create("stress", MFD_CLOEXEC);
	assert_true(t->fd >= 0);
	assert_int_equal(ftruncate(t->fd, FILE_PAGES * PAGE), 0);
	t->area = mmap(space_wish(SLOTS), SLOTS * PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED, t->fd, 0);
	assert_true(t->area != MAP_FAILED);
	t->end = now_s() + (wrong ? CONTROL_S : RUN_S);
}

static void close_stress(struct stress *t, const char *name)
{
	const struct hosted_counters *c = &t->s.hosted->notifier.counters;
	unsigned int i;

	print_message(
		"  %s: %llu jobs, %llu stale, %llu gave up; %llu events, %llu faults, %llu retries, %llu turns in barriers, %llu resets\n",
		name, (unsigned long long)t->jobs, (unsigned long long)t->stale,
		(unsigned long long)t->gave_up, (unsigned long long)c->events,
		(unsigned long long)c->faults, (unsigned long long)c->retries,
		(unsigned long long)c->barrier_turns,
		(unsigned long long)c->barrier_resets);
	for (i = 0; i < SLOTS; i++)
		if (!t->lost[i])
			munmap(slot_at(t, i), PAGE);
	close(t->fd);
	space_close(&t->s);
}

/* Say it, so that a log shows what was not tested. */
static bool have_events(const struct stress *t)
{
	if (t->s.features.uffd)
		return true;
	print_message(
		"  NO USERFAULTFD HERE: only the fallback can be tested\n");
	return false;
}

static void stress(void (*run)(struct stress *t), const char *name,
		   const struct plat_hosted_cfg *cfg)
{
	struct stress t;
	bool promised;

	open_stress(&t, cfg, NULL);
	/* Without events a racing device may keep what it installs late. */
	promised = (cfg && cfg->no_uffd) || have_events(&t) ||
		   run != run_racing;
	run(&t);
	close_stress(&t, name);
	assert_true(t.jobs > 0);
	assert_int_equal(t.gave_up, 0);
	if (promised)
		assert_int_equal(t.stale, 0);
}

static void control(void (*run)(struct stress *t), const char *name,
		    const struct hosted_hooks *wrong)
{
	struct stress t;
	bool seen;

	open_stress(&t, NULL, wrong);
	seen = have_events(&t);
	if (seen)
		run(&t);
	close_stress(&t, name);
	if (seen)
		assert_true(t.stale > 0);
}

static const struct hosted_hooks naive = {
	.read_before_lock = true,
	.no_seq = true,
	.no_probe = true,
	.no_barrier = true,
};

static const struct hosted_hooks reads_first = { .read_before_lock = true };
static const struct hosted_hooks no_barrier = { .no_barrier = true };

static void test_stress_own_changes_are_never_stale(void **state)
{
	(void)state;
	stress(run_own, "own", NULL);
}

static void test_stress_reused_holes_are_never_stale(void **state)
{
	(void)state;
	stress(run_reuse, "reuse", NULL);
}

static void test_stress_racing_device_is_never_stale(void **state)
{
	(void)state;
	stress(run_racing, "racing", NULL);
}

static void test_stress_older_kernels_are_never_stale(void **state)
{
	static const struct plat_hosted_cfg cfg = {
		.no_wp_async = true,
		.no_procmap_query = true,
	};

	(void)state;
	stress(run_own, "own, older kernel", &cfg);
}

static void test_stress_without_events_is_never_stale(void **state)
{
	static const struct plat_hosted_cfg cfg = { .no_uffd = true };

	(void)state;
	stress(run_own, "own, no userfaultfd", &cfg);
}

static void test_stress_control_own_is_stale(void **state)
{
	(void)state;
	control(run_own, "own, naive", &naive);
}

static void test_stress_control_reuse_is_stale(void **state)
{
	(void)state;
	control(run_reuse, "reuse, naive", &naive);
}

static void test_stress_control_racing_is_stale(void **state)
{
	(void)state;
	control(run_racing, "racing, naive", &naive);
}

/* One part missing is enough. */
static void test_stress_control_reading_before_locking_is_stale(void **state)
{
	(void)state;
	control(run_own, "own, event read before the lock", &reads_first);
}

static void test_stress_control_without_barrier_is_stale(void **state)
{
	(void)state;
	control(run_reuse, "reuse, no barrier", &no_barrier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stress_own_changes_are_never_stale),
		cmocka_unit_test(test_stress_reused_holes_are_never_stale),
		cmocka_unit_test(test_stress_racing_device_is_never_stale),
		cmocka_unit_test(test_stress_older_kernels_are_never_stale),
		cmocka_unit_test(test_stress_without_events_is_never_stale),
		cmocka_unit_test(test_stress_control_own_is_stale),
		cmocka_unit_test(test_stress_control_reuse_is_stale),
		cmocka_unit_test(test_stress_control_racing_is_stale),
		cmocka_unit_test(
			test_stress_control_reading_before_locking_is_stale),
		cmocka_unit_test(test_stress_control_without_barrier_is_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
