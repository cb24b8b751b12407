/* SPDX-License-Identifier: MIT */
#include "plat/sim/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/errno.h"

#define BLOCK_LIVE UINT64_C(0x6c6976656c697665)
#define BLOCK_DEAD UINT64_C(0x6465616464656164)

/* In front of each block; the heap is a row of them. */
struct block {
	_Alignas(64) uint64_t magic;
	size_t size; /* of what follows, a multiple of 64 */
};

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int sim_memory_init(struct sim_memory *m)
{
	memset(m, 0, sizeof(*m));
	m->heap = map(SIM_HEAP_BYTES);
	m->pages = map(SIM_PAGES_BYTES);
	m->frames = calloc(SIM_FRAMES, sizeof(*m->frames));
	if (m->heap && m->pages && m->frames)
		return 0;
	sim_memory_fini(m);
	return -ENOMEM;
}

void sim_memory_fini(struct sim_memory *m)
{
	if (m->heap)
		(void)munmap(m->heap, SIM_HEAP_BYTES);
	if (m->pages)
		(void)munmap(m->pages, SIM_PAGES_BYTES);
	free(m->frames);
	memset(m, 0, sizeof(*m));
}

void sim_memory_reset(struct sim_memory *m)
{
	size_t frames = (size_t)div_round_up(m->pages_used, SIM_PAGE), i;

	memset(m->heap, 0, m->heap_used);
	/* Between large pieces there are gaps. */
	for (i = 0; i < frames; i++)
		if (m->frames[i].kind != SIM_FRAME_NONE)
			memset(m->pages + i * SIM_PAGE, 0, SIM_PAGE);
	memset(m->frames, 0, sizeof(*m->frames) * frames);
	m->heap_used = 0;
	m->pages_used = 0;
	m->live = 0;
}

void *sim_heap_alloc(struct sim_memory *m, size_t size)
{
	struct block *b = (struct block *)(void *)(m->heap + m->heap_used);
	size_t room = (size_t)align_up(size ? size : 1, 64);

	if (room > SIM_HEAP_BYTES - m->heap_used - sizeof(*b))
		return NULL;
	b->magic = BLOCK_LIVE;
	b->size = room;
	m->heap_used += sizeof(*b) + room;
	m->live++;
	return b + 1;
}

bool sim_heap_free(struct sim_memory *m, void *mem)
{
	struct block *b = (struct block *)mem - 1;

	if ((char *)b < m->heap || (char *)mem >= m->heap + m->heap_used ||
	    b->magic != BLOCK_LIVE)
		return false;
	b->magic = BLOCK_DEAD;
	memset(mem, SIM_POISON, b->size);
	m->live--;
	return true;
}

static const struct block *next_block(const struct sim_memory *m,
				      const struct block *b)
{
	const char *next = b ? (const char *)(b + 1) + b->size : m->heap;

	return next < m->heap + m->heap_used ? (const void *)next : NULL;
}

bool sim_heap_is_dead(const struct sim_memory *m, const void *p)
{
	const char *at = p;
	const struct block *b = NULL;

	if (at < m->heap || at >= m->heap + m->heap_used)
		return false;
	/* Rare: asked when something looks wrong already. */
	while ((b = next_block(m, b)))
		if (at < (const char *)(b + 1) + b->size)
			return b->magic == BLOCK_DEAD;
	return false;
}

const void *sim_heap_damaged(const struct sim_memory *m, size_t *ret_offset)
{
	const struct block *b = NULL;
	uint64_t poison;
	size_t i;

	memset(&poison, SIM_POISON, sizeof(poison));
	while ((b = next_block(m, b))) {
		const uint64_t *words = (const void *)(b + 1);

		if (b->magic != BLOCK_DEAD)
			continue;
		for (i = 0; i < b->size / 8; i++) {
			if (words[i] == poison)
				continue;
			*ret_offset = 8 * i;
			return words;
		}
	}
	return NULL;
}

void *sim_pages_alloc(struct sim_memory *m, size_t size,
		      enum sim_frame_kind kind, const void *owner)
{
	size_t at = (size_t)align_up(m->pages_used, size), i;

	if (size > SIM_PAGES_BYTES || at > SIM_PAGES_BYTES - size)
		return NULL;
	m->pages_used = at + size;
	for (i = at / SIM_PAGE; i < (at + size) / SIM_PAGE; i++) {
		m->frames[i].kind = kind;
		m->frames[i].owner = owner;
	}
	if (kind == SIM_FRAME_STACK)
		m->live++;
	return m->pages + at;
}

bool sim_pages_free(struct sim_memory *m, void *pages, size_t size,
		    const char *rule, const char *why)
{
	size_t at = (size_t)((char *)pages - m->pages), i;

	if ((char *)pages < m->pages || at + size > m->pages_used)
		return false;
	for (i = at / SIM_PAGE; i < (at + size) / SIM_PAGE; i++) {
		if (m->frames[i].dead)
			return false;
		m->frames[i].dead = true;
		m->frames[i].rule = rule;
		m->frames[i].why = why;
	}
	if (m->frames[at / SIM_PAGE].kind == SIM_FRAME_STACK)
		m->live--;
	memset(pages, SIM_POISON, size);
	return true;
}

uint64_t sim_phys(const struct sim_memory *m, const void *va)
{
	return SIM_PA_BASE + (uint64_t)((const char *)va - m->pages);
}

void *sim_virt(const struct sim_memory *m, uint64_t pa, size_t len)
{
	if (pa < SIM_PA_BASE || pa - SIM_PA_BASE > m->pages_used ||
	    len > m->pages_used - (pa - SIM_PA_BASE))
		return NULL;
	return m->pages + (pa - SIM_PA_BASE);
}

struct sim_frame *sim_frame_at(const struct sim_memory *m, uint64_t pa)
{
	if (!sim_virt(m, pa, 1))
		return NULL;
	return &m->frames[(pa - SIM_PA_BASE) / SIM_PAGE];
}
