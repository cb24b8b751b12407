/* SPDX-License-Identifier: MIT */
/*
 * A guest's platform has the interrupts of the guest's own messages: no wire of
 * the host's, and nothing of another guest's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>

#include "tests/vmm/fixture.h"
#include "vmm/vmm.h"

#define NUMBERS 256u /* the host has wires below, and messages */

static struct vmm_guest *bare(struct vmm_host *host, unsigned int function)
{
	const struct vmm_guest_cfg cfg = {
		.how = fixture_pair->how,
		.iommu = fixture_pair->guest,
		.function = function,
		.memory = UINT64_C(4) << 20,
	};
	struct vmm_guest *guest;

	assert_int_equal(vmm_guest_create_bare(host, &cfg, &guest), 0);
	return guest;
}

static void destroy(struct vmm_guest *guest)
{
	vmm_guest_kill(guest);
	assert_int_equal(vmm_guest_destroy(guest), 0);
}

static void count(void *arg)
{
	atomic_fetch_add((_Atomic unsigned int *)arg, 1);
}

/* sva/plat.h, Interrupts: no such number. */
static void test_irq_of_no_message(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = bare(host, 0);
	const struct plat *plat = &guest->os.plat;
	_Atomic unsigned int calls = 0;
	unsigned int irq;

	(void)state;
	for (irq = 0; irq < NUMBERS; irq++) {
		assert_int_equal(plat_irq_request(plat, irq, count, &calls,
						  "none"),
				 -EINVAL);
		plat_irq_sync(plat, irq);
		plat_irq_free(plat, irq);
	}
	destroy(guest);
	fixture_host_close(host);
	assert_int_equal(atomic_load(&calls), 0);
}

/* Its own works, once, and as long as it has the message. */
static void test_irq_of_message(void **state)
{
	struct vmm_host *host = fixture_host(1);
	struct vmm_guest *guest = bare(host, 0);
	const struct plat *plat = &guest->os.plat;
	_Atomic unsigned int calls = 0;
	struct plat_msi msi;

	(void)state;
	assert_int_equal(plat_msi_alloc(plat, &msi), 0);
	assert_int_equal(plat_irq_request(plat, msi.irq, count, &calls, "own"),
			 0);
	assert_int_equal(plat_irq_request(plat, msi.irq, count, &calls, "own"),
			 -EBUSY);
	plat_hosted_raise_irq(vmm_host_hosted(host), msi.irq);
	plat_irq_sync(plat, msi.irq);
	assert_int_equal(atomic_load(&calls), 1);
	plat_irq_free(plat, msi.irq);
	plat_msi_free(plat, &msi);
	assert_int_equal(plat_irq_request(plat, msi.irq, count, &calls, "own"),
			 -EINVAL);
	destroy(guest);
	fixture_host_close(host);
}

/* Another guest neither takes it nor takes it away. */
static void test_irq_of_another(void **state)
{
	struct vmm_host *host = fixture_host(2);
	struct vmm_guest *guest = bare(host, 0), *other = bare(host, 1);
	_Atomic unsigned int calls = 0, others = 0;
	struct plat_msi msi;

	(void)state;
	assert_int_equal(plat_msi_alloc(&guest->os.plat, &msi), 0);
	assert_int_equal(plat_irq_request(&other->os.plat, msi.irq, count,
					  &others, "other"),
			 -EINVAL);
	assert_int_equal(plat_irq_request(&guest->os.plat, msi.irq, count,
					  &calls, "own"),
			 0);
	plat_irq_sync(&other->os.plat, msi.irq);
	plat_irq_free(&other->os.plat, msi.irq);
	plat_hosted_raise_irq(vmm_host_hosted(host), msi.irq);
	plat_irq_sync(&guest->os.plat, msi.irq);
	assert_int_equal(atomic_load(&calls), 1);
	assert_int_equal(atomic_load(&others), 0);
	plat_irq_free(&guest->os.plat, msi.irq);
	plat_msi_free(&guest->os.plat, &msi);
	destroy(other);
	destroy(guest);
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_irq_of_no_message),
		cmocka_unit_test(test_irq_of_message),
		cmocka_unit_test(test_irq_of_another),
	};

	return fixture_run_tests(tests);
}
