/* SPDX-License-Identifier: MIT */
/*
 * A host, a guest or a process for which there is no room, at each step of its
 * making: it is not there, nothing of it is left, and the next one works.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include <sva/sva.h>

#include "tests/vmm/fixture.h"
#include "tests/vmm/room.h"

static int make(struct vmm_host *host, long nth, struct vmm_guest **ret_guest)
{
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(8) << 20,
	};
	int err;

	room_fail_nth(nth);
	err = vmm_guest_create(host, &cfg, ret_guest);
	room_fail_nth(0);
	return err;
}

static void use(struct vmm_guest *guest)
{
	struct dsa_wq *wq = fixture_wq(guest);
	struct dsa_result result;
	struct proc p;

	proc_open(&p, guest, PAGE);
	proc_fill(&p, 1);
	assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
	assert_int_equal(result.status, 0);
	assert_true(proc_holds(&p, DST_VA, 1));
	assert_int_equal(dsa_wq_close(wq), 0);
	proc_close(&p);
}

/*
 * Not for each: what the guest's driver tells its IOMMU has no answer, so where
 * the host cannot follow, the guest boots with a function that aborts. And who
 * gets no messages asks for a wire: a host for one that is taken, and a guest
 * has none.
 */
static bool fails_well(int err, int no_wire)
{
	return err == -ENOMEM || err == -ENOSPC || err == no_wire;
}

/* After step @n of something that came to @err. */
static void check_step(long n, int err, int no_wire, long before)
{
	if (err && !fails_well(err, no_wire))
		fail_msg("step %ld: %d", n, err);
	if (room_live() != before)
		fail_msg("step %ld leaves %ld", n, room_live() - before);
}

static void test_unwind_host_without_room(void **state)
{
	const struct vmm_host_cfg cfg = {
		.iommu = fixture_pair->host,
		.functions = 2,
		.hosted = { .log_level = PLAT_LOG_WARN },
	};
	unsigned int failed = 0;
	struct vmm_host *host;
	long n = 0;
	int err;

	(void)state;
	do {
		room_fail_nth(++n);
		err = vmm_host_create(&cfg, &host);
		room_fail_nth(0);
		failed += err != 0;
		if (!err)
			fixture_host_close(host);
		check_step(n, err, -EBUSY, 0);
	} while (room_refused());
	print_message("%u of %ld failed\n", failed, n - 1);
	assert_true(failed > 10);
}

static void test_unwind_guest_without_room(void **state)
{
	struct vmm_host *host = fixture_host(1);
	unsigned int failed = 0;
	struct vmm_guest *guest;
	long n = 0, before;
	int err;

	(void)state;
	/* What the host keeps when it has once had it is there. */
	assert_int_equal(make(host, 0, &guest), 0);
	use(guest);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	before = room_live();
	do {
		err = make(host, ++n, &guest);
		failed += err != 0;
		if (!err)
			assert_int_equal(vmm_guest_destroy(guest), 0);
		check_step(n, err, -EINVAL, before);
	} while (room_refused());
	print_message("%u of %ld failed\n", failed, n - 1);
	assert_true(failed > 10);
	assert_int_equal(make(host, 0, &guest), 0);
	use(guest);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	assert_int_equal(room_live(), before);
	fixture_host_close(host);
}

/* A process of a guest, with a bind, of which step @nth fails; and its end. */
static int one_process(struct vmm_guest *guest, long nth)
{
	struct vmm_process *process;
	struct iommu_sva *sva;
	int err;

	room_fail_nth(nth);
	err = vmm_process_create(guest, &process);
	if (err)
		return err;
	err = vmm_process_map(process, SRC_VA, PAGE, IOMMU_PERM_READ);
	if (!err)
		err = iommu_sva_bind(vmm_guest_device(guest),
				     vmm_process_mm(process), NULL, &sva);
	if (!err)
		iommu_sva_unbind(sva);
	vmm_process_destroy(process);
	return err;
}

static void test_unwind_process_without_room(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest;
	unsigned int failed = 0;
	long n = 0, before;
	int err;

	(void)state;
	assert_int_equal(make(host, 0, &guest), 0);
	assert_int_equal(one_process(guest, 0), 0);
	before = room_live();
	do {
		err = one_process(guest, ++n);
		failed += err != 0;
		check_step(n, err, -EINVAL, before);
	} while (room_refused());
	room_fail_nth(0);
	assert_true(failed > 2);
	/* Where the host could not follow, its function aborts for good. */
	assert_int_equal(vmm_guest_destroy(guest), 0);
	assert_int_equal(make(host, 0, &guest), 0);
	use(guest);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

/* All that a guest has, in the hands of one process, and given back. */
static void test_unwind_guest_memory_is_used_up(void **state)
{
	const uint64_t much = UINT64_C(16) << 20, va = SRC_VA + much;
	const unsigned int perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest_stats stats;
	struct dsa_result result;
	struct vmm_guest *guest;
	struct vmm_process *process;
	uint64_t n = 0, word = 7;
	struct dsa_wq *wq;
	long before;
	struct proc p;
	int err = 0;

	(void)state;
	assert_int_equal(make(host, 0, &guest), 0);
	wq = fixture_wq(guest);
	proc_open(&p, guest, PAGE);
	proc_fill(&p, 1);
	/* What a job itself needs is there. */
	assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(vmm_process_discard(p.process, DST_VA, PAGE), 0);
	assert_int_equal(vmm_process_map(p.process, va, much, perm), 0);
	while (!err && n < much) {
		err = vmm_process_write(p.process, va + n, &word, 8);
		n += PAGE;
	}
	assert_int_equal(err, -ENOMEM);
	vmm_guest_stats(guest, &stats);
	assert_int_equal(stats.pages_free, 0);
	before = room_live();
	assert_int_equal(vmm_process_create(guest, &process), -ENOMEM);
	assert_int_equal(room_live(), before);
	/* The destination has no page, and gets none. */
	assert_int_equal(proc_copy(&p, wq, 0, &result), 0);
	assert_int_equal(result.status, -EFAULT);
	assert_int_equal(result.fault_addr, DST_VA);
	assert_int_equal(vmm_process_unmap(p.process, va, much), 0);
	/* It has them back, though its function got a Response Failure. */
	vmm_guest_stats(guest, &stats);
	assert_true(stats.pages_free > 0);
	assert_int_equal(vmm_process_write(p.process, DST_VA, &word, 8), 0);
	proc_close(&p);
	assert_int_equal(dsa_wq_close(wq), 0);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unwind_host_without_room),
		cmocka_unit_test(test_unwind_guest_without_room),
		cmocka_unit_test(test_unwind_process_without_room),
		cmocka_unit_test(test_unwind_guest_memory_is_used_up),
	};

	return fixture_run_tests(tests);
}
