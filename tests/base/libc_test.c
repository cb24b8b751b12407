/* SPDX-License-Identifier: MIT */
/*
 * base/errno.h and base/string.h live beside the C library's headers and mean
 * the same.
 */
#include "base/errno.h"

/* Before <errno.h> speaks up: the freestanding values. */
/* clang-format off */
enum {
	OWN_EPERM = EPERM, OWN_ENOENT = ENOENT, OWN_ESRCH = ESRCH,
	OWN_EINTR = EINTR, OWN_EIO = EIO, OWN_ENXIO = ENXIO,
	OWN_E2BIG = E2BIG, OWN_EBADF = EBADF, OWN_EAGAIN = EAGAIN,
	OWN_ENOMEM = ENOMEM, OWN_EACCES = EACCES, OWN_EFAULT = EFAULT,
	OWN_EBUSY = EBUSY, OWN_EEXIST = EEXIST, OWN_ENODEV = ENODEV,
	OWN_EINVAL = EINVAL, OWN_ENOSPC = ENOSPC, OWN_EPIPE = EPIPE,
	OWN_EDOM = EDOM, OWN_ERANGE = ERANGE, OWN_ENOSYS = ENOSYS,
	OWN_ENODATA = ENODATA, OWN_EPROTO = EPROTO,
	OWN_EBADMSG = EBADMSG, OWN_EOVERFLOW = EOVERFLOW,
	OWN_EILSEQ = EILSEQ, OWN_EMSGSIZE = EMSGSIZE,
	OWN_EOPNOTSUPP = EOPNOTSUPP, OWN_ETIMEDOUT = ETIMEDOUT,
	OWN_EALREADY = EALREADY, OWN_EINPROGRESS = EINPROGRESS,
	OWN_ECANCELED = ECANCELED,
};
/* clang-format on */

#undef EPERM
#undef ENOENT
#undef ESRCH
#undef EINTR
#undef EIO
#undef ENXIO
#undef E2BIG
#undef EBADF
#undef EAGAIN
#undef ENOMEM
#undef EACCES
#undef EFAULT
#undef EBUSY
#undef EEXIST
#undef ENODEV
#undef EINVAL
#undef ENOSPC
#undef EPIPE
#undef EDOM
#undef ERANGE
#undef ENOSYS
#undef ENODATA
#undef EPROTO
#undef EBADMSG
#undef EOVERFLOW
#undef EILSEQ
#undef EMSGSIZE
#undef EOPNOTSUPP
#undef ETIMEDOUT
#undef EALREADY
#undef EINPROGRESS
#undef ECANCELED

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"

static void test_errno_values_are_those_of_the_system(void **state)
{
	/* clang-format off */
	static const int pairs[][2] = {
		{ OWN_EPERM, EPERM }, { OWN_ENOENT, ENOENT },
		{ OWN_ESRCH, ESRCH }, { OWN_EINTR, EINTR },
		{ OWN_EIO, EIO }, { OWN_ENXIO, ENXIO },
		{ OWN_E2BIG, E2BIG }, { OWN_EBADF, EBADF },
		{ OWN_EAGAIN, EAGAIN }, { OWN_ENOMEM, ENOMEM },
		{ OWN_EACCES, EACCES }, { OWN_EFAULT, EFAULT },
		{ OWN_EBUSY, EBUSY }, { OWN_EEXIST, EEXIST },
		{ OWN_ENODEV, ENODEV }, { OWN_EINVAL, EINVAL },
		{ OWN_ENOSPC, ENOSPC }, { OWN_EPIPE, EPIPE },
		{ OWN_EDOM, EDOM }, { OWN_ERANGE, ERANGE },
		{ OWN_ENOSYS, ENOSYS }, { OWN_ENODATA, ENODATA },
		{ OWN_EPROTO, EPROTO }, { OWN_EBADMSG, EBADMSG },
		{ OWN_EOVERFLOW, EOVERFLOW }, { OWN_EILSEQ, EILSEQ },
		{ OWN_EMSGSIZE, EMSGSIZE },
		{ OWN_EOPNOTSUPP, EOPNOTSUPP },
		{ OWN_ETIMEDOUT, ETIMEDOUT }, { OWN_EALREADY, EALREADY },
		{ OWN_EINPROGRESS, EINPROGRESS },
		{ OWN_ECANCELED, ECANCELED },
	};
	/* clang-format on */
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		assert_int_equal(pairs[i][0], pairs[i][1]);
		for (j = 0; j < i; j++)
			assert_int_not_equal(pairs[i][0], pairs[j][0]);
	}
}

static void test_string_functions_are_the_library_s(void **state)
{
	void *(*copy)(void *restrict, const void *restrict, size_t) = memcpy;
	char a[8], b[8] = "abcdefg";

	(void)state;
	copy(a, b, sizeof(a));
	assert_int_equal(memcmp(a, b, sizeof(a)), 0);
	memmove(a + 1, a, 6);
	assert_int_equal(memcmp(a, "aabcdef", sizeof(a)), 0);
	memset(a, 'x', 2);
	assert_int_equal(a[0], 'x');
	assert_int_equal(a[2], 'b');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errno_values_are_those_of_the_system),
		cmocka_unit_test(test_string_functions_are_the_library_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
