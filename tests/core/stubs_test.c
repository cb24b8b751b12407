/* SPDX-License-Identifier: MIT */
/* The allocator compiled out. [D8] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#define SVA_NO_IOASID
#include <sva/ioasid.h>

static DECLARE_IOASID_SET(set);

static void test_stubs_give_the_historic_answers(void **state)
{
	const struct ioasid_allocator_ops ops = { NULL, NULL, NULL };
	void *priv = &set;
	ioasid_t id = 1;

	(void)state;
	assert_int_equal(ioasid_alloc(NULL, &set, 1, 2, NULL, &id), -ENODEV);
	assert_int_equal(id, INVALID_IOASID);
	assert_int_equal(ioasid_get(NULL, 1), -ENOENT);
	assert_false(ioasid_free(NULL, 1));
	assert_int_equal(ioasid_find(NULL, &set, 1, NULL, &priv), 0);
	assert_null(priv);
	assert_int_equal(ioasid_set_data(NULL, 1, NULL), -ENODEV);
	assert_int_equal(ioasid_register_allocator(NULL, &ops), -EOPNOTSUPP);
	ioasid_unregister_allocator(NULL, &ops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stubs_give_the_historic_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
