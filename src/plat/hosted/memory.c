/* SPDX-License-Identifier: MIT */
/*
 * Two allocators over one reservation: a buddy system for pages and, on top of
 * it, lists of small objects by size.
 *
 * Under AddressSanitizer freed memory is poisoned, small objects have a red
 * zone and wait in a queue before they are used again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "plat/hosted/memory.h"
#include "plat/hosted/platform.h"

#if defined(__SANITIZE_ADDRESS__)
#define HOSTED_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOSTED_ASAN 1
#endif
#endif

#ifdef HOSTED_ASAN
#include <sanitizer/asan_interface.h>
#define QUARANTINE 512u
#define REDZONE    64u
#else
#define ASAN_POISON_MEMORY_REGION(addr, size)   ((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#define QUARANTINE                              0u
#define REDZONE                                 0u
#endif

#define PAGE_LG2   12u
#define ARENA_MAX  (UINT64_C(1) << 36)
#define ARENA_MIN  (UINT64_C(1) << 26)
#define GROW_ORDER 9u /* pages are taken from the top by 2 MiB */
#define SLAB_ORDER 2u

enum frame_use {
	FRAME_NONE,  /* above the top, or inside a block */
	FRAME_FREE,  /* first page of a free block */
	FRAME_BLOCK, /* first page of a block in use */
	FRAME_SLAB,  /* any page of small objects */
};

/* next, prev: page numbers + 1. value: order of a block, class of a slab. */
struct hosted_frame {
	uint32_t next;
	uint32_t prev;
	uint8_t use;
	uint8_t value;
};

static const size_t class_size[HOSTED_CLASS_COUNT] = {
	64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048,
};

static void *map_reserved(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static size_t frames_size(size_t size)
{
	return (size >> PAGE_LG2) * sizeof(struct hosted_frame);
}

/* Less when the process may not have as much address space. */
int hosted_arena_init(struct hosted_arena *a)
{
	size_t align = HOSTED_PAGE_SIZE << GROW_ORDER;
	size_t size;
	uintptr_t base;

	memset(a, 0, sizeof(*a));
	pthread_mutex_init(&a->lock, NULL);
	for (size = ARENA_MAX; size >= ARENA_MIN; size /= 2) {
		a->base = map_reserved(size);
		if (!a->base)
			continue;
		a->frames = map_reserved(frames_size(size));
		if (a->frames)
			break;
		munmap(a->base, size);
	}
	if (size < ARENA_MIN)
		return -ENOMEM;
	/* Tables of a million entries; where there are none it goes on. */
	(void)madvise(a->base, size, MADV_HUGEPAGE);
	a->size = size;
	/* Blocks are aligned by address: begin at a multiple of 2 MiB. */
	base = (uintptr_t)a->base;
	atomic_init(&a->top,
		    ((base + align - 1) / align * align - base) >> PAGE_LG2);
	return 0;
}

static size_t top_of(const struct hosted_arena *a)
{
	return atomic_load_explicit(&a->top, memory_order_relaxed);
}

void hosted_arena_fini(struct hosted_arena *a)
{
	size_t used = top_of(a) << PAGE_LG2;

	ASAN_UNPOISON_MEMORY_REGION(a->base, used);
	munmap(a->frames, frames_size(a->size));
	munmap(a->base, a->size);
	pthread_mutex_destroy(&a->lock);
}

static size_t page_of(const struct hosted_arena *a, const void *p)
{
	return (size_t)((const unsigned char *)p - a->base) >> PAGE_LG2;
}

static void *page_at(const struct hosted_arena *a, size_t page)
{
	return a->base + (page << PAGE_LG2);
}

static void free_list_add(struct hosted_arena *a, size_t page,
			  unsigned int order)
{
	struct hosted_frame *f = &a->frames[page];

	f->use = FRAME_FREE;
	f->value = (uint8_t)order;
	f->prev = 0;
	f->next = a->free_head[order];
	if (f->next)
		a->frames[f->next - 1].prev = (uint32_t)page + 1;
	a->free_head[order] = (uint32_t)page + 1;
}

static void free_list_del(struct hosted_arena *a, size_t page)
{
	struct hosted_frame *f = &a->frames[page];

	if (f->prev)
		a->frames[f->prev - 1].next = f->next;
	else
		a->free_head[f->value] = f->next;
	if (f->next)
		a->frames[f->next - 1].prev = f->prev;
	f->use = FRAME_NONE;
}

/* Page numbers are relative to the base; alignment is that of addresses. */
static size_t buddy_of(const struct hosted_arena *a, size_t page,
		       unsigned int order)
{
	size_t base = (uintptr_t)a->base >> PAGE_LG2;

	return ((page + base) ^ ((size_t)1 << order)) - base;
}

static bool grow(struct hosted_arena *a, unsigned int order)
{
	unsigned int step = order < GROW_ORDER ? GROW_ORDER : order;
	size_t base = (uintptr_t)a->base >> PAGE_LG2;
	size_t mask = ((size_t)1 << step) - 1;
	size_t top = top_of(a);
	size_t start = ((top + base + mask) & ~mask) - base;
	size_t total = a->size >> PAGE_LG2;

	if (start > total || total - start <= mask)
		return false;
	for (; top < start; top += (size_t)1 << GROW_ORDER)
		free_list_add(a, top, GROW_ORDER);
	free_list_add(a, start, step);
	atomic_store_explicit(&a->top, start + mask + 1, memory_order_relaxed);
	return true;
}

static void *block_get(struct hosted_arena *a, unsigned int order)
{
	unsigned int have;
	size_t page;

	if (order >= HOSTED_ORDER_COUNT)
		return NULL;
	for (;;) {
		for (have = order; have < HOSTED_ORDER_COUNT; have++)
			if (a->free_head[have])
				break;
		if (have < HOSTED_ORDER_COUNT)
			break;
		if (!grow(a, order))
			return NULL;
	}
	page = a->free_head[have] - 1;
	free_list_del(a, page);
	while (have > order) {
		have--;
		free_list_add(a, page + ((size_t)1 << have), have);
	}
	a->frames[page].use = FRAME_BLOCK;
	a->frames[page].value = (uint8_t)order;
	return page_at(a, page);
}

static void block_put(struct hosted_arena *a, size_t page)
{
	unsigned int order = a->frames[page].value;
	size_t bytes = (size_t)HOSTED_PAGE_SIZE << order;

	ASAN_POISON_MEMORY_REGION(page_at(a, page), bytes);
	a->frames[page].use = FRAME_NONE;
	while (order + 1 < HOSTED_ORDER_COUNT) {
		size_t buddy = buddy_of(a, page, order);

		if (buddy >= top_of(a) || a->frames[buddy].use != FRAME_FREE ||
		    a->frames[buddy].value != order)
			break;
		free_list_del(a, buddy);
		if (buddy < page)
			page = buddy;
		order++;
	}
	free_list_add(a, page, order);
}

static unsigned int order_of(size_t size)
{
	unsigned int order = 0;

	while (order < HOSTED_ORDER_COUNT &&
	       ((size_t)HOSTED_PAGE_SIZE << order) < size)
		order++;
	return order;
}

void *hosted_pages_get(struct hosted_arena *a, size_t size)
{
	unsigned int order = order_of(size);
	void *p;

	pthread_mutex_lock(&a->lock);
	p = block_get(a, order);
	if (p)
		a->live++;
	pthread_mutex_unlock(&a->lock);
	if (p)
		ASAN_UNPOISON_MEMORY_REGION(p,
					    (size_t)HOSTED_PAGE_SIZE << order);
	return p;
}

static void bad_free(const void *p)
{
	hosted_die("%p was freed, but is not allocated", p);
}

void hosted_pages_put(struct hosted_arena *a, void *pages)
{
	uintptr_t addr = (uintptr_t)pages;

	if (!hosted_arena_has(a, addr, 1) || addr % HOSTED_PAGE_SIZE)
		bad_free(pages);
	pthread_mutex_lock(&a->lock);
	if (a->frames[page_of(a, pages)].use != FRAME_BLOCK)
		bad_free(pages);
	block_put(a, page_of(a, pages));
	a->live--;
	pthread_mutex_unlock(&a->lock);
}

/*
 * A freed small object: the link, and a mark by which a second free of it is
 * noticed. Poisoned, so only the two functions below may look inside.
 */
struct freed {
	struct freed *next;
	uint64_t mark;
};

#define NO_SANITIZE __attribute__((no_sanitize("address", "thread"), noinline))
#define FREED_MARK  UINT64_C(0x6465657266617673)

static NO_SANITIZE void class_push(struct hosted_class *c, struct freed *obj)
{
	struct freed *last = c->last;

	obj->next = NULL;
	obj->mark = FREED_MARK ^ (uintptr_t)obj;
	if (last)
		last->next = obj;
	else
		c->first = obj;
	c->last = obj;
	c->free_count++;
}

static NO_SANITIZE void *class_pop(struct hosted_class *c)
{
	struct freed *obj = c->first;

	c->first = obj->next;
	if (!c->first)
		c->last = NULL;
	c->free_count--;
	obj->mark = 0;
	return obj;
}

static NO_SANITIZE bool is_freed(const struct freed *obj)
{
	return obj->mark == (FREED_MARK ^ (uintptr_t)obj);
}

static bool class_fill(struct hosted_arena *a, unsigned int class)
{
	size_t bytes = (size_t)HOSTED_PAGE_SIZE << SLAB_ORDER;
	unsigned char *slab = block_get(a, SLAB_ORDER);
	size_t i;

	if (!slab)
		return false;
	for (i = 0; i < (size_t)1 << SLAB_ORDER; i++) {
		a->frames[page_of(a, slab) + i].use = FRAME_SLAB;
		a->frames[page_of(a, slab) + i].value = (uint8_t) class;
	}
	ASAN_POISON_MEMORY_REGION(slab, bytes);
	for (i = 0; i + class_size[class] <= bytes; i += class_size[class])
		class_push(&a->classes[class],
			   (struct freed *)(void *)(slab + i));
	return true;
}

static void *small_get(struct hosted_arena *a, unsigned int class)
{
	struct hosted_class *c = &a->classes[class];
	void *p = NULL;

	pthread_mutex_lock(&a->lock);
	if (c->free_count <= QUARANTINE && !class_fill(a, class) &&
	    !c->free_count)
		goto out;
	p = class_pop(c);
	a->live++;
out:
	pthread_mutex_unlock(&a->lock);
	return p;
}

/* The red zone of a large object: what is left of it in whole words. */
static void poison_tail(unsigned char *p, size_t size)
{
#ifdef HOSTED_ASAN
	ASAN_POISON_MEMORY_REGION(p + (size + 7) / 8 * 8, REDZONE - 8);
#else
	(void)p;
	(void)size;
#endif
}

void *hosted_zalloc(void *ctx, size_t size)
{
	struct hosted_arena *a = &to_hosted(ctx)->arena;
	unsigned int class = 0;
	void *p;

	hosted_may_sleep("plat_zalloc");
	if (size > a->size)
		return NULL;
	while (class < HOSTED_CLASS_COUNT && class_size[class] < size + REDZONE)
		class ++;
	if (class == HOSTED_CLASS_COUNT) {
		p = hosted_pages_get(a, size + REDZONE);
		if (p)
			poison_tail(p, size);
	} else {
		p = small_get(a, class);
		if (p)
			ASAN_UNPOISON_MEMORY_REGION(p, size);
	}
	if (p)
		memset(p, 0, size);
	return p;
}

static void small_put(struct hosted_arena *a, void *mem, unsigned int class)
{
	if (is_freed(mem))
		hosted_die("%p was freed twice", mem);
	ASAN_POISON_MEMORY_REGION(mem, class_size[class]);
	class_push(&a->classes[class], mem);
}

void hosted_free(void *ctx, void *mem)
{
	struct hosted_arena *a = &to_hosted(ctx)->arena;
	const struct hosted_frame *f;

	if (!mem)
		return;
	if (!hosted_arena_has(a, (uintptr_t)mem, 1))
		bad_free(mem);
	pthread_mutex_lock(&a->lock);
	f = &a->frames[page_of(a, mem)];
	if (f->use == FRAME_SLAB)
		small_put(a, mem, f->value);
	else if (f->use == FRAME_BLOCK)
		block_put(a, page_of(a, mem));
	else
		bad_free(mem);
	a->live--;
	pthread_mutex_unlock(&a->lock);
}

void *hosted_pages_alloc(void *ctx, size_t size)
{
	struct hosted_arena *a = &to_hosted(ctx)->arena;
	void *p;

	hosted_may_sleep("plat_pages_alloc");
	if (size < HOSTED_PAGE_SIZE || (size & (size - 1)))
		return NULL;
	p = hosted_pages_get(a, size);
	if (p)
		memset(p, 0, size);
	return p;
}

void hosted_pages_free(void *ctx, void *pages, size_t size)
{
	(void)size;
	hosted_pages_put(&to_hosted(ctx)->arena, pages);
}

uint64_t hosted_virt_to_phys(void *ctx, const void *va)
{
	(void)ctx;
	return (uintptr_t)va;
}

void *hosted_phys_to_virt(void *ctx, uint64_t pa)
{
	struct hosted_arena *a = &to_hosted(ctx)->arena;
	uint64_t offset = pa - (uintptr_t)a->base;

	/* Pages above the top were never given out; below they are above. */
	if (offset >> PAGE_LG2 >= top_of(a))
		return NULL;
	return a->base + offset;
}
