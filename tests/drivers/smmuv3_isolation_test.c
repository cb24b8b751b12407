/* SPDX-License-Identifier: MIT */
/*
 * Two hostile guests reach nothing but what their parents map, whatever they
 * write into CDs and tables, while these are walked, and whatever they ask for.
 * SVA_ISOLATION_ACCESSES: how many accesses, beside the default.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "tests/drivers/smmuv3_iso.h"
#include "tests/support/random.h"

enum { DEFAULT_ACCESSES = 4000000, DEFECT_ACCESSES = 4000000 };

static uint64_t next(void *arg)
{
	uint64_t *seed = arg, v = next_random(seed);

	/* The low bits of a xorshift alone are not much. */
	return v ^ v >> 32;
}

static uint64_t accesses(void)
{
	const char *s = getenv("SVA_ISOLATION_ACCESSES");

	return s ? strtoull(s, NULL, 0) : DEFAULT_ACCESSES;
}

/* Return: what was found, or NULL. */
static const char *run(uint64_t seed, unsigned int shape,
		       enum iso_defect defect, uint64_t most, struct iso *ret)
{
	struct iso *iso = iso_make(shape, next, &seed);
	const char *finding, *leak;

	assert_non_null(iso);
	iso->defect = defect;
	while (!iso->finding && iso->accesses < most)
		iso_step(iso);
	finding = iso->finding;
	*ret = *iso;
	leak = iso_free(iso);
	return finding ? finding : leak;
}

/* [G1] [G2] [H1] [R9] [R13] */
static void test_smmuv3_isolation_holds(void **state)
{
	uint64_t seed = 0x15014710, most = accesses() / 8;
	const char *finding;
	unsigned int i;
	struct iso end;

	(void)state;
	for (i = 0; i < 8; i++, seed = seed * 31 + 7) {
		finding = run(seed, i, ISO_NONE, most, &end);
		if (finding)
			fail_msg("shape %u, seed %#llx: %s after %llu accesses",
				 i, (unsigned long long)seed, finding,
				 (unsigned long long)end.accesses);
		printf("shape %u: %llu accesses: %llu reached memory, %llu "
		       "through two stages; %llu faults, %llu stalls, %llu "
		       "unmaps\n",
		       i, (unsigned long long)end.accesses,
		       (unsigned long long)end.reached,
		       (unsigned long long)end.nested,
		       (unsigned long long)end.faults,
		       (unsigned long long)end.stalls,
		       (unsigned long long)end.unmaps);
		/* It has looked. */
		assert_true(end.nested > end.accesses / 100);
		assert_true(end.faults > 100 && end.unmaps > 100);
		assert_int_equal(!!end.stalls, !!(i & ISO_STALLS));
	}
}

/* Each thing that keeps guests in, left out: it is noticed. */
static void test_smmuv3_isolation_defects_are_found(void **state)
{
	unsigned int d;
	struct iso end;

	(void)state;
	for (d = ISO_NONE + 1; d < ISO_DEFECTS; d++) {
		const char *finding = run(0xdefec7 + d, 0, (enum iso_defect)d,
					  DEFECT_ACCESSES, &end);

		printf("%s: %s after %llu accesses\n", iso_defects[d],
		       finding ? finding : "nothing",
		       (unsigned long long)end.accesses);
		assert_non_null(finding);
		/* That one at once. */
		if (d == ISO_NO_STAGE2)
			assert_true(end.accesses < 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_isolation_holds),
		cmocka_unit_test(test_smmuv3_isolation_defects_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
