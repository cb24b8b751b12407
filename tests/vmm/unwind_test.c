/* SPDX-License-Identifier: MIT */
/*
 * A guest for which the host has no room, at each step of its making: it is not
 * there, nothing of it is left, and the next one works.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include <sva/sva.h>

#include "tests/vmm/fixture.h"

/* The host's platform, with a count of what it has given. */
static const struct plat_ops *below;
static struct plat_ops ops;
static _Atomic long live;
static _Atomic long tries;
static _Atomic long fail_nth; /* 0: none */

static bool has_room(void)
{
	return atomic_fetch_add(&tries, 1) + 1 != atomic_load(&fail_nth);
}

static void *zalloc(void *ctx, size_t size)
{
	void *mem = has_room() ? below->zalloc(ctx, size) : NULL;

	live += mem != NULL;
	return mem;
}

static void release(void *ctx, void *mem)
{
	live -= mem != NULL;
	below->free(ctx, mem);
}

static void *pages_alloc(void *ctx, size_t size)
{
	void *pages = has_room() ? below->pages_alloc(ctx, size) : NULL;

	live += pages != NULL;
	return pages;
}

static void pages_free(void *ctx, void *pages, size_t size)
{
	live -= pages != NULL;
	below->pages_free(ctx, pages, size);
}

static struct plat_workqueue *workqueue_create(void *ctx, const char *name,
					       unsigned int threads)
{
	struct plat_workqueue *wq =
		has_room() ? below->workqueue_create(ctx, name, threads) : NULL;

	live += wq != NULL;
	return wq;
}

static void workqueue_destroy(void *ctx, struct plat_workqueue *wq)
{
	live -= wq != NULL;
	below->workqueue_destroy(ctx, wq);
}

static int irq_request(void *ctx, unsigned int irq, void (*fn)(void *arg),
		       void *arg, const char *name)
{
	int err = has_room() ? below->irq_request(ctx, irq, fn, arg, name) :
			       -ENOMEM;

	live += !err;
	return err;
}

static void irq_free(void *ctx, unsigned int irq)
{
	live--;
	below->irq_free(ctx, irq);
}

static int msi_alloc(void *ctx, struct plat_msi *ret_msi)
{
	int err = has_room() ? below->msi_alloc(ctx, ret_msi) : -ENOSPC;

	live += !err;
	return err;
}

static void msi_free(void *ctx, const struct plat_msi *msi)
{
	live--;
	below->msi_free(ctx, msi);
}

/* The host's own driver has it, too: what is nested is told to that. */
static void watch(struct vmm_host *host)
{
	const struct plat *plat = plat_hosted_plat(vmm_host_hosted(host));
	struct plat *mutable = (struct plat *)(uintptr_t)plat;

	below = plat->ops;
	ops = *below;
	ops.zalloc = zalloc;
	ops.free = release;
	ops.pages_alloc = pages_alloc;
	ops.pages_free = pages_free;
	ops.workqueue_create = workqueue_create;
	ops.workqueue_destroy = workqueue_destroy;
	ops.irq_request = irq_request;
	ops.irq_free = irq_free;
	ops.msi_alloc = msi_alloc;
	ops.msi_free = msi_free;
	mutable->ops = &ops;
}

static void unwatch(struct vmm_host *host)
{
	const struct plat *plat = plat_hosted_plat(vmm_host_hosted(host));

	((struct plat *)(uintptr_t)plat)->ops = below;
}

static int make(struct vmm_host *host, long nth, struct vmm_guest **ret_guest)
{
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.memory = UINT64_C(8) << 20,
	};
	int err;

	atomic_store(&tries, 0);
	atomic_store(&fail_nth, nth);
	err = vmm_guest_create(host, &cfg, ret_guest);
	atomic_store(&fail_nth, 0);
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
 * the host cannot follow, the guest boots with a function that aborts. And one
 * that gets no messages asks for a wire, which is the host's.
 */
static bool fails_well(int err)
{
	return err == -ENOMEM || err == -ENOSPC || err == -EBUSY;
}

static void test_unwind_guest_without_room(void **state)
{
	struct vmm_host *host = fixture_host(1);
	unsigned int failed = 0, booted = 0;
	struct vmm_guest *guest;
	long n, before;

	(void)state;
	watch(host);
	/* What the host keeps when it has once had it is there. */
	assert_int_equal(make(host, 0, &guest), 0);
	use(guest);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	before = atomic_load(&live);
	for (n = 1; n == 1 || atomic_load(&tries) >= n - 1; n++) {
		int err = make(host, n, &guest);

		if (err && !fails_well(err))
			fail_msg("step %ld: %d", n, err);
		failed += err != 0;
		booted += !err;
		if (!err)
			assert_int_equal(vmm_guest_destroy(guest), 0);
		if (atomic_load(&live) != before)
			fail_msg("step %ld leaves %ld", n,
				 atomic_load(&live) - before);
	}
	print_message("%u failed, %u booted\n", failed, booted);
	assert_true(failed > 10);
	assert_int_equal(make(host, 0, &guest), 0);
	use(guest);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	assert_int_equal(atomic_load(&live), before);
	unwatch(host);
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unwind_guest_without_room),
	};

	return fixture_run_tests(tests);
}
