/* SPDX-License-Identifier: MIT */
#include "tests/plat/mirror_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>

static void on_invalidate(struct iommu_mm_notifier *n, uint64_t start,
			  uint64_t end)
{
	struct fixture *f =
		(struct fixture *)(void *)((char *)n -
					   offsetof(struct fixture, n));

	pthread_mutex_lock(&f->lock);
	if (f->heard_count < HEARD_MAX) {
		f->heard[f->heard_count].start = start;
		f->heard[f->heard_count].end = end;
		f->heard_count++;
	}
	pthread_mutex_unlock(&f->lock);
}

static const struct iommu_mm_notifier_ops notifier_ops = {
	.invalidate_range = on_invalidate,
};

/* Since the last look: was it told that the page is no longer valid? */
bool heard(struct fixture *f, const void *page)
{
	uint64_t va = (uintptr_t)page;
	bool found = false;
	unsigned int i;

	pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->heard_count; i++)
		if (f->heard[i].start <= va && va + PAGE <= f->heard[i].end)
			found = true;
	f->heard_count = 0;
	pthread_mutex_unlock(&f->lock);
	return found;
}

void *map_anon(size_t pages)
{
	void *p = mmap(space_wish(pages), pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static int make(void **state, const struct plat_hosted_cfg *cfg)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	pthread_mutex_init(&f->lock, NULL);
	space_open(&f->s, cfg, NULL);
	f->n.ops = &notifier_ops;
	if (iommu_mm_notifier_register(&f->n, f->s.mm))
		return -1;
	f->area = map_anon(AREA_PAGES);
	*state = f;
	return 0;
}

int mirror_setup(void **state)
{
	return make(state, NULL);
}

int mirror_setup_no_wp_async(void **state)
{
	const struct plat_hosted_cfg cfg = { .no_wp_async = true };

	return make(state, &cfg);
}

int mirror_setup_no_procmap_query(void **state)
{
	const struct plat_hosted_cfg cfg = { .no_procmap_query = true };

	return make(state, &cfg);
}

int mirror_setup_no_uffd(void **state)
{
	const struct plat_hosted_cfg cfg = { .no_uffd = true };

	return make(state, &cfg);
}

int mirror_setup_no_signal_handler(void **state)
{
	const struct plat_hosted_cfg cfg = { .no_signal_handler = true };

	return make(state, &cfg);
}

int mirror_setup_x86(void **state)
{
	const struct plat_hosted_cfg cfg = { .table_fmt = IOMMU_TABLE_X86_64 };

	return make(state, &cfg);
}

int get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
	      struct iommu_mm_table *ret_table)
{
	return mm->ops->get_table(mm, fmt, ret_table);
}

/* As with an SMMUv3 and a VT-d unit in one system. */
int mirror_setup_both(void **state)
{
	struct iommu_mm_table t;
	struct fixture *f;

	if (make(state, NULL))
		return -1;
	f = *state;
	if (get_table(f->s.mm, IOMMU_TABLE_ARM_64_LPAE_S1, &t) ||
	    get_table(f->s.mm, IOMMU_TABLE_X86_64, &t))
		return -1;
	return 0;
}

int mirror_teardown(void **state)
{
	struct fixture *f = *state;

	munmap(f->area, AREA_PAGES * PAGE);
	iommu_mm_notifier_unregister(&f->n);
	space_close(&f->s);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return 0;
}

void *at(struct fixture *f, size_t page)
{
	return f->area + page * PAGE;
}

void punch(struct fixture *f, size_t page, size_t count)
{
	assert_int_equal(munmap(at(f, page), count * PAGE), 0);
}

void fault_ok(struct fixture *f, const void *va, size_t pages,
	      unsigned int perm)
{
	size_t done = 0;

	assert_int_equal(space_fault(&f->s, va, pages, perm, &done), 0);
	assert_int_equal(done, pages);
}

void fault_fails(struct fixture *f, const void *va, size_t pages,
		 unsigned int perm, int err, size_t good)
{
	size_t done = 99;

	assert_int_equal(space_fault(&f->s, va, pages, perm, &done), err);
	assert_int_equal(done, good);
}

/* What a doorbell does; afterwards the device may not use the page. */
void assert_gone(struct fixture *f, const void *page)
{
	plat_hosted_submit_barrier(f->s.hosted);
	assert_int_equal(space_perm(&f->s, page), 0);
	assert_true(heard(f, page));
}
