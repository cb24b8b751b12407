/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/plat/space.h"

void space_open(struct space *s, const struct plat_hosted_cfg *cfg,
		const struct hosted_hooks *hooks)
{
	assert_int_equal(plat_hosted_create(cfg, &s->hosted), 0);
	plat_hosted_features(s->hosted, &s->features);
	if (hooks)
		s->hosted->notifier.hooks = *hooks;
	assert_int_equal(iommu_system_create(plat_hosted_plat(s->hosted), NULL,
					     &s->sys),
			 0);
	assert_int_equal(plat_hosted_mm_create(s->hosted, s->sys, &s->mm), 0);
}

void space_close(struct space *s)
{
	iommu_mm_put_users(s->mm);
	assert_int_equal(iommu_system_destroy(s->sys), 0);
	plat_hosted_destroy(s->hosted);
}

int space_fault(struct space *s, const void *va, size_t pages,
		unsigned int perm, size_t *ret_done)
{
	return s->mm->ops->handle_fault(s->mm, (uintptr_t)va, pages, perm,
					ret_done);
}

unsigned int space_perm(struct space *s, const void *va)
{
	struct arm_lpae_leaf leaf;

	if (arm_lpae_walk(&to_hosted_mirror(s->mm)->table, (uintptr_t)va,
			  &leaf))
		return 0;
	return leaf.perm;
}

uint64_t space_frame(struct space *s, const void *va)
{
	struct arm_lpae_leaf leaf;

	if (arm_lpae_walk(&to_hosted_mirror(s->mm)->table, (uintptr_t)va,
			  &leaf))
		return UINT64_MAX;
	return leaf.pa;
}

#ifdef __has_feature
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif

/* Where there is room depends on the sanitizer. */
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define FIRST_WISH UINT64_C(0x002000000000)
#else
#define FIRST_WISH UINT64_C(0x200000000000)
#endif

void *space_wish(size_t pages)
{
	static uint64_t next = FIRST_WISH;
	void *wish = (void *)(uintptr_t)next;

	next += (pages + 16) * PAGE;
	return wish;
}
