/* SPDX-License-Identifier: MIT */
/*
 * An address space whose notifier is listened to, and pages in it: what tests
 * of the mirror start from, in each way the hosted platform can work.
 */
#ifndef TESTS_PLAT_MIRROR_FIXTURE_H
#define TESTS_PLAT_MIRROR_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/plat/space.h"

#define R  ((unsigned int)IOMMU_PERM_READ)
#define W  ((unsigned int)IOMMU_PERM_WRITE)
#define X  ((unsigned int)IOMMU_PERM_EXEC)
#define RW (R | W)

#define HEARD_MAX 64u

struct fixture {
	struct space s;
	struct iommu_mm_notifier n;
	struct {
		uint64_t start, end;
	} heard[HEARD_MAX];
	unsigned int heard_count;
	pthread_mutex_t lock;
	unsigned char *area; /* eight pages of our own */
};

#define AREA_PAGES 8u

/* cmocka's: *state is a struct fixture. */
int mirror_setup(void **state);
int mirror_setup_no_wp_async(void **state);
int mirror_setup_no_procmap_query(void **state);
int mirror_setup_no_uffd(void **state);
int mirror_setup_no_signal_handler(void **state);
int mirror_setup_x86(void **state);
/* As with an SMMUv3 and a VT-d unit in one system. */
int mirror_setup_both(void **state);
int mirror_teardown(void **state);

#define MODE(test, mode)                                                       \
	cmocka_unit_test_setup_teardown(test, mirror_setup##mode,              \
					mirror_teardown)

int get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
	      struct iommu_mm_table *ret_table);

/* Since the last look: was it told that the page is no longer valid? */
bool heard(struct fixture *f, const void *page);

void *map_anon(size_t pages);

/* A page of the area, and some of them unmapped. */
void *at(struct fixture *f, size_t page);
void punch(struct fixture *f, size_t page, size_t count);

/* A device's fault, that is served; and one that ends with err after good. */
void fault_ok(struct fixture *f, const void *va, size_t pages,
	      unsigned int perm);
void fault_fails(struct fixture *f, const void *va, size_t pages,
		 unsigned int perm, int err, size_t good);

/* What a doorbell does; afterwards the device may not use the page. */
void assert_gone(struct fixture *f, const void *page);

#endif
