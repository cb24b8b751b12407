/* SPDX-License-Identifier: MIT */
/* A sanitizer costs a factor of ten to a hundred: SLOW is 1 with one. */
#ifndef TESTS_SUPPORT_SLOW_H
#define TESTS_SUPPORT_SLOW_H

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW 1
#else
#define SLOW 0
#endif

#endif
