/* SPDX-License-Identifier: MIT */
/* A hosted platform with nothing on it: for tests of its callbacks. */
#ifndef TESTS_PLAT_PLATFORM_FIXTURE_H
#define TESTS_PLAT_PLATFORM_FIXTURE_H

#include <sva/hosted.h>

#define NS_PER_MS UINT64_C(1000000)

struct fixture {
	struct plat_hosted *hosted;
	const struct plat *p;
};

/* cmocka's: *state is a struct fixture. */
int platform_setup(void **state);
int platform_teardown(void **state);

#endif
