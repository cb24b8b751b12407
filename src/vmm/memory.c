/* SPDX-License-Identifier: MIT */
/* Next fit over a byte per page: guests are small, and blocks mostly a page. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "vmm/memory.h"

#define PAGE_LG2 12u

int vmm_memory_init(struct vmm_memory *m, const struct plat *plat, uint64_t gpa,
		    uint64_t size)
{
	memset(m, 0, sizeof(*m));
	m->plat = plat;
	m->gpa = gpa;
	m->size = size;
	m->free_pages = (size_t)(size >> PAGE_LG2);
	m->used = plat_zalloc(plat, m->free_pages);
	if (!m->used)
		return -ENOMEM;
	m->base = plat_pages_alloc(plat, (size_t)size);
	if (!m->base) {
		plat_free(plat, m->used);
		return -ENOMEM;
	}
	m->pa = plat_virt_to_phys(plat, m->base);
	pthread_mutex_init(&m->lock, NULL);
	return 0;
}

void vmm_memory_fini(struct vmm_memory *m)
{
	pthread_mutex_destroy(&m->lock);
	plat_pages_free(m->plat, m->base, (size_t)m->size);
	plat_free(m->plat, m->used);
}

static bool all_free(const struct vmm_memory *m, size_t first, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (m->used[first + i])
			return false;
	return true;
}

/* Lock held. The number of the first page, or SIZE_MAX. */
static size_t find(const struct vmm_memory *m, size_t count)
{
	const size_t pages = (size_t)(m->size >> PAGE_LG2);
	size_t at = (m->next + count - 1) & ~(count - 1);
	size_t looks;

	for (looks = 0; looks < pages / count; looks++, at += count) {
		if (at >= pages)
			at = 0;
		if (all_free(m, at, count))
			return at;
	}
	return SIZE_MAX;
}

void *vmm_memory_alloc(struct vmm_memory *m, size_t size)
{
	const size_t count = size >> PAGE_LG2;
	void *pages = NULL;
	size_t at;

	if (!count || size & (size - 1) || size > m->size)
		return NULL;
	pthread_mutex_lock(&m->lock);
	at = find(m, count);
	if (at != SIZE_MAX) {
		memset(m->used + at, 1, count);
		m->next = at + count;
		m->free_pages -= count;
		pages = m->base + (at << PAGE_LG2);
	}
	pthread_mutex_unlock(&m->lock);
	if (pages)
		memset(pages, 0, size);
	return pages;
}

void vmm_memory_free(struct vmm_memory *m, void *pages, size_t size)
{
	size_t at, count = size >> PAGE_LG2;

	if (!pages)
		return;
	at = (size_t)((unsigned char *)pages - m->base) >> PAGE_LG2;
	pthread_mutex_lock(&m->lock);
	memset(m->used + at, 0, count);
	m->free_pages += count;
	pthread_mutex_unlock(&m->lock);
}

uint64_t vmm_memory_gpa(const struct vmm_memory *m, const void *va)
{
	return m->gpa + (uint64_t)((const unsigned char *)va - m->base);
}

size_t vmm_memory_free_pages(struct vmm_memory *m)
{
	size_t pages;

	pthread_mutex_lock(&m->lock);
	pages = m->free_pages;
	pthread_mutex_unlock(&m->lock);
	return pages;
}
