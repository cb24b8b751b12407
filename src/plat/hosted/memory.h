/* SPDX-License-Identifier: MIT */
/*
 * The arena: one reservation of address space that all memory of the stack is
 * cut from. It is never shrunk, advised or remapped while the platform lives
 * (platform.h says why). Physical addresses in it are virtual addresses.
 */
#ifndef PLAT_HOSTED_MEMORY_H
#define PLAT_HOSTED_MEMORY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTED_ORDER_COUNT 24u /* blocks of 4 KiB << order */
#define HOSTED_CLASS_COUNT 10u /* sizes of small objects */

struct hosted_frame;

struct hosted_class {
	void *first; /* freed objects, oldest first */
	void *last;
	size_t free_count;
};

/**
 * struct hosted_arena
 * @base, @size: the reservation, in bytes.
 * @frames: one record per page.
 * @top:    pages ever used; those above are untouched. Written under @lock,
 *          read without it too: who was given a page has seen it below.
 * @free_head: first page number + 1 of the free blocks of each order.
 * @live:   allocations not given back.
 */
struct hosted_arena {
	pthread_mutex_t lock;
	unsigned char *base;
	size_t size;
	struct hosted_frame *frames;
	_Atomic size_t top;
	uint32_t free_head[HOSTED_ORDER_COUNT];
	struct hosted_class classes[HOSTED_CLASS_COUNT];
	size_t live;
};

__attribute__((warn_unused_result)) int
hosted_arena_init(struct hosted_arena *a);
void hosted_arena_fini(struct hosted_arena *a);

/* Is all of [addr, addr + len) in it? Then it can always be accessed. */
static inline bool hosted_arena_has(const struct hosted_arena *a, uint64_t addr,
				    size_t len)
{
	uint64_t base = (uint64_t)(uintptr_t)a->base;

	return addr >= base && addr - base < a->size &&
	       len <= a->size - (addr - base);
}

/* A power of two of pages, aligned to its size, with whatever was in it. */
void *hosted_pages_get(struct hosted_arena *a, size_t size);
void hosted_pages_put(struct hosted_arena *a, void *pages);

void *hosted_zalloc(void *ctx, size_t size);
void hosted_free(void *ctx, void *mem);
void *hosted_pages_alloc(void *ctx, size_t size);
void hosted_pages_free(void *ctx, void *pages, size_t size);
uint64_t hosted_virt_to_phys(void *ctx, const void *va);
void *hosted_phys_to_virt(void *ctx, uint64_t pa);

#endif
