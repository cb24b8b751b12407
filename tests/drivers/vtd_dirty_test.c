/* SPDX-License-Identifier: MIT */
/* Dirty tracking on a VT-d unit: 3.7.2, 6.5.3.3, 9.6. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include "tests/drivers/dirty_scene.h"
#include "tests/drivers/vtd_bench.h"

static int run(const struct vbench_kind *drop)
{
	struct vbench *b = vbench_make(HW_STRICT, 0);
	struct dirty_bench x = { .atc = &b->atc };
	int bad;

	assert_int_equal(vbench_probe(b, 200), 0);
	if (drop)
		b->drop = *drop;
	vbench_add_device(b);
	x.unit = b->unit;
	x.dev = b->dev;
	bad = dirty_scene(&x);
	vbench_unmake(b);
	return bad;
}

/* [R9] */
static void test_vtd_dirty_every_write_is_noted(void **state)
{
	(void)state;
	assert_int_equal(run(NULL), 0);
}

/* The controls: without the invalidations it would not be so. */
static void test_vtd_dirty_notices_what_is_left_out(void **state)
{
	static const struct vbench_kind kinds[] = {
		{ "PASID cache, PASID", 0x7, 1 },
		{ "IOTLB, domain", 0x2, 2 },
		{ "IOTLB, page", 0x2, 3 },
		{ "PASID-based device TLB", 0x8, 0 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		int bad = run(&kinds[i]);

		print_message("without %s: line %d\n", kinds[i].name, bad);
		assert_int_not_equal(bad, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_dirty_every_write_is_noted),
		cmocka_unit_test(test_vtd_dirty_notices_what_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
