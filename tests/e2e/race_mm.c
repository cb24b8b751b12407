/* SPDX-License-Identifier: MIT */
#include "tests/e2e/race.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define VA_BITS 48u

static struct race_mm *to_race(struct iommu_mm *mm)
{
	return container_of(mm, struct race_mm, mm);
}

/* Frames are used again as late as possible: a late access finds them dead. */

static struct race_frame *frame_take(struct race *r, unsigned int page)
{
	struct race_frame *f;

	pthread_mutex_lock(&r->frame_lock);
	f = r->frame_first;
	if (f) {
		r->frame_first = f->next;
		if (!r->frame_first)
			r->frame_last = &r->frame_first;
	}
	pthread_mutex_unlock(&r->frame_lock);
	if (f)
		atomic_store(&f->tag, page + 1);
	return f;
}

static void frame_give(struct race *r, struct race_frame *f)
{
	atomic_store(&f->tag, 0);
	pthread_mutex_lock(&r->frame_lock);
	f->next = NULL;
	*r->frame_last = f;
	r->frame_last = &f->next;
	pthread_mutex_unlock(&r->frame_lock);
}

int race_frames_init(struct race *r)
{
	unsigned int i;

	r->frames = aligned_alloc(4096, RACE_FRAMES * sizeof(*r->frames));
	if (!r->frames)
		return -ENOMEM;
	memset(r->frames, 0, RACE_FRAMES * sizeof(*r->frames));
	pthread_mutex_init(&r->frame_lock, NULL);
	r->frame_last = &r->frame_first;
	for (i = 0; i < RACE_FRAMES; i++)
		frame_give(r, &r->frames[i]);
	return 0;
}

void race_frames_fini(struct race *r)
{
	pthread_mutex_destroy(&r->frame_lock);
	free(r->frames);
}

/* [R9] [R6]: the memory of a page that has gone is not touched. */
void race_touch(struct race *r, uint64_t pa, unsigned int page, bool write)
{
	uint64_t first = (uintptr_t)r->frames;
	struct race_frame *f;

	if (pa < first || pa >= first + RACE_FRAMES * sizeof(*f)) {
		race_wrong(r, "a device reaches memory that is no process's");
		return;
	}
	f = &r->frames[(pa - first) / sizeof(*f)];
	if (atomic_load(&f->tag) != page + 1)
		race_wrong(r, "a device reaches a page that has gone");
	if (write)
		atomic_fetch_add(&f->word, 1);
	atomic_fetch_add(&r->accesses, 1);
}

static int op_get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
			struct iommu_mm_table *ret_table)
{
	struct race_mm *m = to_race(mm);
	int err;

	if (m->r->mock) {
		/* It looks at nothing but the root. */
		*ret_table = (struct iommu_mm_table){
			.fmt = fmt,
			.root = (uintptr_t)m,
			.va_bits = VA_BITS,
			.granule_lg2 = 12,
			.pa_bits = VA_BITS,
			.af_managed = true,
		};
		return 0;
	}
	plat_lock(m->r->plat, &m->lock);
	err = mm_table_want(&m->table, fmt, ret_table);
	plat_unlock(m->r->plat, &m->lock);
	return err;
}

bool race_mm_walk(uint64_t root, uint64_t va, unsigned int perm,
		  uint64_t *ret_pa)
{
	struct race_mm *m = (struct race_mm *)(uintptr_t)root;
	struct mm_table_leaf leaf;

	if (atomic_load(&m->gone)) {
		race_wrong(m->r, "the table of a process that exited is read");
		return false;
	}
	if (mm_table_walk(&m->table, va, &leaf) || perm & ~leaf.perm)
		return false;
	*ret_pa = leaf.pa;
	return true;
}

/* Lock held. */
static int fault_in(struct race_mm *m, uint64_t page)
{
	struct race_frame *f;

	if (page >= RACE_PAGES || !m->allowed[page])
		return -EFAULT;
	if (m->frames[page])
		return 0;
	f = frame_take(m->r, (unsigned int)page);
	if (!f)
		return -ENOMEM;
	m->frames[page] = f;
	return mm_table_set(&m->table, RACE_VA + 4096 * page, (uintptr_t)f,
			    IOMMU_PERM_READ | IOMMU_PERM_WRITE);
}

static int op_handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			   unsigned int perm, size_t *ret_done)
{
	struct race_mm *m = to_race(mm);
	int err = 0;
	size_t i;

	(void)perm;
	if (atomic_load(&m->gone))
		race_wrong(m->r, "a fault of a process that exited");
	plat_lock(m->r->plat, &m->lock);
	for (i = 0; i < count && !err; i++)
		err = va < RACE_VA ? -EFAULT :
				     fault_in(m, (va - RACE_VA) / 4096 + i);
	plat_unlock(m->r->plat, &m->lock);
	*ret_done = err ? i - 1 : i;
	return err;
}

static void op_exit(struct iommu_mm *mm)
{
	struct race_mm *m = to_race(mm);
	unsigned int i;

	atomic_store(&m->gone, true);
	for (i = 0; i < RACE_PAGES; i++)
		if (m->frames[i])
			frame_give(m->r, m->frames[i]);
	mm_table_fini(&m->table);
}

static void op_free(struct iommu_mm *mm)
{
	struct race_mm *m = to_race(mm);
	struct race *r = m->r;

	plat_lock_fini(r->plat, &m->lock);
	free(m);
	atomic_fetch_sub(&r->mms, 1);
}

static const struct iommu_mm_ops race_mm_ops = {
	.get_table = op_get_table,
	.handle_fault = op_handle_fault,
	.exit = op_exit,
	.free = op_free,
};

struct race_mm *race_mm_create(struct race *r)
{
	const struct mm_table_cfg cfg = { r->plat, VA_BITS, VA_BITS, 4 };
	size_t size = (sizeof(struct race_mm) + 4095) & ~(size_t)4095;
	struct race_mm *m = aligned_alloc(4096, size);
	struct iommu_mm_table unused;
	unsigned int i;

	if (!m)
		return NULL;
	memset(m, 0, size);
	m->r = r;
	mm_table_init(&m->table, &cfg);
	/* So that there is one, whoever walks it. */
	if (mm_table_want(&m->table,
			  r->iommu == RACE_VTD ? IOMMU_TABLE_X86_64 :
						 IOMMU_TABLE_ARM_64_LPAE_S1,
			  &unused)) {
		free(m);
		return NULL;
	}
	for (i = 0; i < RACE_PAGES; i++)
		m->allowed[i] = true;
	plat_lock_init(r->plat, &m->lock, PLAT_LOCK_MUTEX, PLAT_RANK_MM,
		       "race mm");
	iommu_mm_init(&m->mm, r->sys, &race_mm_ops);
	atomic_fetch_add(&r->mms, 1);
	return m;
}

void race_mm_map(struct race_mm *m, unsigned int page)
{
	plat_lock(m->r->plat, &m->lock);
	m->allowed[page] = true;
	plat_unlock(m->r->plat, &m->lock);
}

void race_mm_unmap(struct race_mm *m, unsigned int first, unsigned int count)
{
	uint64_t start = RACE_VA + UINT64_C(4096) * first;
	uint64_t end = start + UINT64_C(4096) * count;
	unsigned int i;

	plat_lock(m->r->plat, &m->lock);
	mm_table_clear(&m->table, start, end, NULL);
	if (!m->no_notify)
		iommu_mm_invalidate_range(&m->mm, start, end);
	for (i = first; i < first + count; i++) {
		m->allowed[i] = false;
		if (m->frames[i])
			frame_give(m->r, m->frames[i]);
		m->frames[i] = NULL;
	}
	plat_unlock(m->r->plat, &m->lock);
}
