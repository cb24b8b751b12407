/* SPDX-License-Identifier: MIT */
/*
 * Tests that a vendor leaves out. cmocka's runner goes through here, so that
 * the files of tests stay as they are; they are printed as skipped, with why.
 */
#include "tests/core/hw/shim.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __real__cmocka_run_group_tests(const char *name,
				   const struct CMUnitTest *const tests,
				   const size_t count, CMFixtureFunction setup,
				   CMFixtureFunction teardown);
int __wrap__cmocka_run_group_tests(const char *name,
				   const struct CMUnitTest *const tests,
				   const size_t count, CMFixtureFunction setup,
				   CMFixtureFunction teardown);

static void leave_out(void **state)
{
	(void)state;
	skip();
}

/* "test_<unit>_", which the tests of one file have in common. */
static size_t unit_length(const char *test)
{
	const char *end = strchr(test + strlen("test_"), '_');

	return (size_t)(end - test) + 1;
}

static void check_known(const char *test, const struct CMUnitTest *tests,
			size_t count)
{
	size_t i;

	for (i = 0; i < count && strcmp(tests[i].name, test) != 0; i++)
		;
	if (i < count)
		return;
	fprintf(stderr, "%s is left out, and not there\n", test);
	exit(1);
}

int __wrap__cmocka_run_group_tests(const char *name,
				   const struct CMUnitTest *const tests,
				   const size_t count, CMFixtureFunction setup,
				   CMFixtureFunction teardown)
{
	struct CMUnitTest *mine = calloc(count, sizeof(*mine));
	const struct shim_left_out *l;
	size_t i;
	int failed;

	if (!mine)
		return 1;
	memcpy(mine, tests, count * sizeof(*mine));
	for (l = shim_vendor.left_out; l->test; l++) {
		if (strncmp(l->test, tests[0].name, unit_length(l->test)) != 0)
			continue;
		check_known(l->test, tests, count);
		printf("left out: %s: %s\n", l->test, l->why);
		for (i = 0; i < count; i++)
			if (strcmp(mine[i].name, l->test) == 0)
				mine[i] = (struct CMUnitTest){
					.name = l->test,
					.test_func = leave_out,
				};
	}
	failed = __real__cmocka_run_group_tests(name, mine, count, setup,
						teardown);
	free(mine);
	return failed;
}
