/* SPDX-License-Identifier: MIT */
/*
 * Guest-physical memory: one block of the host's pages, and which of them the
 * guest has in use.
 *
 * The address of a guest's page is neither the host's physical address nor
 * its own virtual one, so that one in the place of another is found out.
 */
#ifndef VMM_MEMORY_H
#define VMM_MEMORY_H

#include <pthread.h>

#include <sva/plat.h>

/**
 * struct vmm_memory
 * @base:  in the process, @pa: as the host's IOMMU knows it.
 * @gpa:   as the guest knows it.
 * @lock:  protects the rest.
 * @used:  a byte per page.
 * @next:  where to look first.
 */
struct vmm_memory {
	const struct plat *plat;
	unsigned char *base;
	uint64_t pa;
	uint64_t gpa;
	uint64_t size;
	pthread_mutex_t lock;
	unsigned char *used;
	size_t next;
	size_t free_pages;
};

SVA_MUST_CHECK int vmm_memory_init(struct vmm_memory *m,
				   const struct plat *plat, uint64_t gpa,
				   uint64_t size);
void vmm_memory_fini(struct vmm_memory *m);

/* A power of two of bytes from 4096 on, zero, aligned to it. NULL: none. */
void *vmm_memory_alloc(struct vmm_memory *m, size_t size);
void vmm_memory_free(struct vmm_memory *m, void *pages, size_t size);

/* Is all of [gpa, gpa + len) there? */
static inline bool vmm_memory_has(const struct vmm_memory *m, uint64_t gpa,
				  uint64_t len)
{
	return gpa >= m->gpa && gpa - m->gpa < m->size &&
	       len <= m->size - (gpa - m->gpa);
}

/* Of a guest-physical address that is there. */
static inline uint64_t vmm_memory_pa(const struct vmm_memory *m, uint64_t gpa)
{
	return m->pa + (gpa - m->gpa);
}

static inline void *vmm_memory_virt(const struct vmm_memory *m, uint64_t gpa)
{
	return m->base + (gpa - m->gpa);
}

/* Of a pointer into it. */
uint64_t vmm_memory_gpa(const struct vmm_memory *m, const void *va);

size_t vmm_memory_free_pages(struct vmm_memory *m);

#endif
