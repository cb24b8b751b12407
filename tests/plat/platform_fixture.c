/* SPDX-License-Identifier: MIT */
#include "tests/plat/platform_fixture.h"

#include <stdlib.h>

int platform_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || plat_hosted_create(NULL, &f->hosted))
		return -1;
	f->p = plat_hosted_plat(f->hosted);
	*state = f;
	return 0;
}

int platform_teardown(void **state)
{
	struct fixture *f = *state;

	plat_hosted_destroy(f->hosted);
	free(f);
	return 0;
}
