/* SPDX-License-Identifier: MIT */
/* The address space of this process, shared: what several tests start from. */
#ifndef TESTS_PLAT_SPACE_H
#define TESTS_PLAT_SPACE_H

#include <sva/hosted.h>

#include "plat/hosted/mirror.h"
#include "plat/hosted/platform.h"

#define PAGE ((size_t)4096)

struct space {
	struct plat_hosted *hosted;
	struct iommu_system *sys;
	struct iommu_mm *mm;
	struct plat_hosted_features features;
};

/* Hooks may be NULL. Asserts that all goes well. */
void space_open(struct space *s, const struct plat_hosted_cfg *cfg,
		const struct hosted_hooks *hooks);
void space_close(struct space *s);

/* As a device's page request. Return: of handle_fault. */
int space_fault(struct space *s, const void *va, size_t pages,
		unsigned int perm, size_t *ret_done);

/* What the mirror lets a device do there; 0: it would fault. */
unsigned int space_perm(struct space *s, const void *va);

/* Output address of a page; UINT64_MAX: it would fault. */
uint64_t space_frame(struct space *s, const void *va);

/*
 * Where to map, far below where the kernel puts mappings without a wish: nobody
 * else moves into a hole there while a test looks at it.
 */
void *space_wish(size_t pages);

#endif
