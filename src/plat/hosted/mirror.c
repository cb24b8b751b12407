/* SPDX-License-Identifier: MIT */
/* What mirror.h says. */
#include <errno.h>

#include "plat/hosted/mirror.h"
#include "plat/hosted/platform.h"

#include "base/bits.h"

struct hosted_mirror *to_hosted_mirror(struct iommu_mm *mm)
{
	return container_of(mm, struct hosted_mirror, mm);
}

#define VA_BITS 48u

/*
 * Linux gives processes of x86-64 the lower half of 48 bits, those of others
 * all of it.
 */
#ifdef __x86_64__
#define X86_LEVELS 4u
#else
#define X86_LEVELS 5u
#endif

void hosted_mirror_init(struct hosted_mirror *m, struct plat_hosted *hosted)
{
	const struct mm_table_cfg cfg = {
		.plat = &hosted->plat,
		.va_bits = VA_BITS,
		.pa_bits = VA_BITS,
		.x86_levels = X86_LEVELS,
	};

	m->hosted = hosted;
	mm_table_init(&m->table, &cfg);
}

int hosted_mirror_get_table(struct hosted_mirror *m, enum iommu_table_fmt fmt,
			    struct iommu_mm_table *ret_table)
{
	struct plat_lock *lock = &m->hosted->notifier.lock;
	int err;

	hosted_lock(m->hosted, lock);
	err = m->gone ? -ESRCH : mm_table_want(&m->table, fmt, ret_table);
	hosted_unlock(m->hosted, lock);
	return err;
}

void hosted_mirror_exit(struct hosted_mirror *m)
{
	struct plat_lock *lock = &m->hosted->notifier.lock;

	hosted_lock(m->hosted, lock);
	m->gone = true;
	mm_table_fini(&m->table);
	hosted_unlock(m->hosted, lock);
}

/* Pages may come before an IOMMU asks for a table. */
static int have_table(struct hosted_mirror *m)
{
	struct iommu_mm_table unused;

	if (m->gone)
		return -ESRCH;
	if (mm_table_any(&m->table))
		return 0;
	return mm_table_want(&m->table, m->hosted->cfg.table_fmt, &unused);
}

static uint64_t frame_of(struct hosted_mirror *m, uint64_t va,
			 const struct hosted_map *map)
{
	const struct hosted_hooks *hooks = &m->hosted->notifier.hooks;

	return hooks->frame_of ? hooks->frame_of(hooks->ctx, va, map) : va;
}

int hosted_mirror_install(struct hosted_mirror *m, uint64_t va, size_t count,
			  unsigned int perm, const struct hosted_map *map,
			  size_t *ret_done)
{
	uint64_t first = UINT64_MAX, end = 0;
	int err = have_table(m);
	struct mm_table_leaf leaf;
	size_t i;

	for (i = 0; i < count && !err; i++) {
		uint64_t at = va + i * HOSTED_PAGE_SIZE;
		uint64_t pa = frame_of(m, at, map);
		bool had = !mm_table_walk(&m->table, at, &leaf);
		unsigned int want = perm;

		if (had)
			want |= leaf.perm & map->perm;
		if (had && leaf.perm == want && leaf.pa == pa)
			continue;
		err = mm_table_set(&m->table, at, pa, want);
		if (err)
			break;
		if (had) {
			first = at < first ? at : first;
			end = at + HOSTED_PAGE_SIZE;
		}
	}
	if (end)
		iommu_mm_invalidate_range(&m->mm, first, end);
	*ret_done = i;
	/* Beyond what the formats translate: no IOMMU gets there. */
	return err == -EINVAL ? -EFAULT : err;
}

void hosted_mirror_clear(struct hosted_mirror *m, uint64_t start, uint64_t end)
{
	size_t cleared = 0;

	mm_table_clear(&m->table, start, end, &cleared);
	if (cleared)
		iommu_mm_invalidate_range(&m->mm, start, end);
}

/* Ranges that touch, and are of one kind, are one. */
static bool join(struct hosted_unwatched *u, const struct hosted_unwatched *v)
{
	if (u->keep != v->keep || u->perm != v->perm || u->end < v->start ||
	    v->end < u->start)
		return false;
	u->start = v->start < u->start ? v->start : u->start;
	u->end = v->end > u->end ? v->end : u->end;
	return true;
}

void hosted_mirror_note(struct hosted_mirror *m, uint64_t start, uint64_t end,
			unsigned int perm, bool keep)
{
	struct hosted_unwatched v = {
		.start = start,
		.end = end,
		.perm = keep ? perm : 0,
		.keep = keep,
	};
	struct hosted_unwatched *u = m->unwatched;
	unsigned int i;

	for (i = 0; i < m->unwatched_count; i++)
		if (join(&u[i], &v))
			return;
	if (m->unwatched_count < HOSTED_UNWATCHED_MAX) {
		u[m->unwatched_count++] = v;
		return;
	}
	/*
	 * No room: one range around the last entry and this, to be dropped.
	 * Watched pages in it are dropped too; they fault in again.
	 */
	if (keep || u[i - 1].keep)
		hosted_log(m->hosted, PLAT_LOG_WARN,
			   "too many unwatched ranges: some will fault");
	u[i - 1].start = start < u[i - 1].start ? start : u[i - 1].start;
	u[i - 1].end = end > u[i - 1].end ? end : u[i - 1].end;
	u[i - 1].perm = 0;
	u[i - 1].keep = false;
}

/* Drop what is not mapped any more, or does not allow perm. */
static void recheck_kept(struct hosted_mirror *m,
			 const struct hosted_unwatched *u)
{
	int maps = m->hosted->notifier.maps;
	uint64_t at = u->start;

	while (at < u->end) {
		struct hosted_map map;
		uint64_t bad_end = u->end;

		if (!hosted_maps_find(maps, at, &map)) {
			if (map.start <= at && !(u->perm & ~map.perm)) {
				at = map.end;
				continue;
			}
			bad_end = map.start > at ? map.start : map.end;
		}
		if (bad_end > u->end)
			bad_end = u->end;
		hosted_mirror_clear(m, at, bad_end);
		at = bad_end;
	}
}

void hosted_mirror_recheck(struct hosted_mirror *m)
{
	unsigned int kept = 0;
	unsigned int i;

	for (i = 0; i < m->unwatched_count; i++) {
		struct hosted_unwatched *u = &m->unwatched[i];

		if (u->keep) {
			recheck_kept(m, u);
			m->unwatched[kept++] = *u;
		} else {
			hosted_mirror_clear(m, u->start, u->end);
		}
	}
	m->unwatched_count = kept;
}
