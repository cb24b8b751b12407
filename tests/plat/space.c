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

/* In every format the mirror has, and those agree. */
static bool look(struct space *s, const void *va, struct mm_table_leaf *leaf)
{
	const struct mm_table *t = &to_hosted_mirror(s->mm)->table;
	bool found = !mm_table_walk(t, (uintptr_t)va, leaf);
	struct arm_lpae_leaf arm;
	struct x86_64_leaf x86;

	if (!mm_table_has(&t->has_arm) || !mm_table_has(&t->has_x86))
		return found;
	assert_int_equal(!arm_lpae_walk(&t->arm, (uintptr_t)va, &arm), found);
	assert_int_equal(!x86_64_walk(&t->x86, (uintptr_t)va, &x86), found);
	if (found) {
		assert_int_equal(arm.pa, leaf->pa);
		assert_int_equal(x86.pa, leaf->pa);
		assert_int_equal(arm.perm, leaf->perm);
		assert_int_equal(x86.perm, leaf->perm);
	}
	return found;
}

unsigned int space_perm(struct space *s, const void *va)
{
	struct mm_table_leaf leaf;

	return look(s, va, &leaf) ? leaf.perm : 0;
}

uint64_t space_frame(struct space *s, const void *va)
{
	struct mm_table_leaf leaf;

	return look(s, va, &leaf) ? leaf.pa : UINT64_MAX;
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
