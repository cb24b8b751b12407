/* SPDX-License-Identifier: MIT */
/*
 * The mirror of an address space: a page table that faults fill and events
 * clear, in each format that an IOMMU of the system walks. Output addresses are
 * the virtual addresses themselves.
 *
 * Some mappings cannot be watched: files opened read-only and mapped shared,
 * mappings another userfaultfd has, the kernel's own pages, files on kernels
 * without WP_ASYNC, everything without userfaultfd. A translation of one tells
 * what is true about its permission and contents anyway, because data moves
 * through the virtual address by accesses that the CPU checks: it reads what
 * the process would read there at that moment, or it fails. What is lost is
 * that an access by a translation that is out of date *faults*: it is aborted
 * instead. To bound that, such translations are listed, and looked at by every
 * submit barrier:
 *
 *  - those that faults made are dropped; a device that needs them again faults
 *    again;
 *  - those that plat_hosted_mm_populate() made, for devices that cannot fault,
 *    are dropped where the process has nothing mapped any more, or with less
 *    permission.
 */
#ifndef PLAT_HOSTED_MIRROR_H
#define PLAT_HOSTED_MIRROR_H

#include <sva/mm.h>

#include "pgtable/mm_table.h"

#include "plat/hosted/maps.h"

#define HOSTED_UNWATCHED_MAX 32u

struct plat_hosted;

/* keep: made by plat_hosted_mm_populate() with at least perm. */
struct hosted_unwatched {
	uint64_t start;
	uint64_t end;
	unsigned int perm;
	bool keep;
};

/**
 * struct hosted_mirror - all but the first two under the notifier's lock
 * @table: in the formats that were asked for; the first page that comes before
 *         asks for the one of the configuration.
 * @gone:  it has exited, and has no table any more.
 */
struct hosted_mirror {
	struct iommu_mm mm;
	struct plat_hosted *hosted;
	struct mm_table table;
	bool gone;
	struct hosted_mirror *next;
	struct hosted_unwatched unwatched[HOSTED_UNWATCHED_MAX];
	unsigned int unwatched_count;
};

struct hosted_mirror *to_hosted_mirror(struct iommu_mm *mm);

void hosted_mirror_init(struct hosted_mirror *m, struct plat_hosted *hosted);

/* As iommu_mm_ops has it. Takes the lock. */
SVA_MUST_CHECK int hosted_mirror_get_table(struct hosted_mirror *m,
					   enum iommu_table_fmt fmt,
					   struct iommu_mm_table *ret_table);

/* No reader knows it any more: give up the table. Takes the lock. */
void hosted_mirror_exit(struct hosted_mirror *m);

/* The rest: with the notifier's lock held. */

/*
 * Let the device have count pages from va, all of map. Pages that have an
 * entry keep what it allows and map does too. Subscribers hear of entries that
 * were replaced: an IOMMU may keep one that is merely too strict.
 * *ret_done pages were installed, also on error. 0, -ENOMEM, -EFAULT a page is
 * beyond what the formats translate, -ESRCH.
 */
SVA_MUST_CHECK int hosted_mirror_install(struct hosted_mirror *m, uint64_t va,
					 size_t count, unsigned int perm,
					 const struct hosted_map *map,
					 size_t *ret_done);

/* Clear a range, and tell subscribers if there was anything in it. */
void hosted_mirror_clear(struct hosted_mirror *m, uint64_t start, uint64_t end);

/* List a range as unwatched. */
void hosted_mirror_note(struct hosted_mirror *m, uint64_t start, uint64_t end,
			unsigned int perm, bool keep);

/* Look at the list, as told above. */
void hosted_mirror_recheck(struct hosted_mirror *m);

#endif
