/* SPDX-License-Identifier: MIT */
#include "fuzz/vmm_memory.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Guests have as much, and nothing else is as large. */
#define GUEST_SIZE ((size_t)4 << 20)

static uint8_t *memory;
static uint8_t owner_of[PLAT_PAGES];
static uint8_t used[PLAT_PAGES]; /* since it was zero */
static unsigned int next_owner;

struct plat_live plat_live_now;

struct plat_live plat_live(void)
{
	return plat_live_now;
}

unsigned int plat_fail;

/* The turn of the one that fails? */
static bool fails(void)
{
	return plat_fail && !--plat_fail;
}

void plat_memory_init(void)
{
	void *mem;

	if (memory)
		return;
	mem = mmap(NULL, (size_t)PLAT_PAGES << 12, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		abort();
	memory = mem;
}

void *plat_op_zalloc(void *ctx, size_t size)
{
	void *mem = NULL;

	(void)ctx;
	if (fails())
		return NULL;
	if (posix_memalign(&mem, 64, size ? size : 1))
		abort();
	memset(mem, 0, size);
	plat_live_now.blocks++;
	return mem;
}

void plat_op_free(void *ctx, void *mem)
{
	(void)ctx;
	if (!mem)
		return;
	plat_live_now.blocks--;
	free(mem);
}

static void set_owner(size_t page, size_t count, unsigned int owner)
{
	memset(owner_of + page, (int)owner, count);
}

static bool is_free(size_t page, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (owner_of[page + i] != PAGE_FREE)
			return false;
	return true;
}

/* Guests' from the end, so that the host's are always the same. */
static size_t find_pages(size_t count, bool guest)
{
	size_t n = PLAT_PAGES / count, i, at;

	for (i = 0; i < n; i++) {
		at = (guest ? n - 1 - i : i) * count;
		if (is_free(at, count))
			return at;
	}
	FUZZ_FAIL("the host's memory is used up");
}

void *plat_op_pages_alloc(void *ctx, size_t size)
{
	size_t count = size >> 12, page, i;
	bool guest = size >= GUEST_SIZE;

	(void)ctx;
	FUZZ_CHECK(count && !(size & (size - 1)));
	if (fails())
		return NULL;
	page = find_pages(count, guest);
	set_owner(page, count, guest ? next_owner : PAGE_HOST);
	for (i = page; i < page + count; i++) {
		if (used[i] || !guest)
			memset(memory + (i << 12), 0, 4096);
		used[i] = !guest;
	}
	plat_live_now.pages += (unsigned int)count;
	return memory + (page << 12);
}

static size_t page_of(const void *va)
{
	size_t at = (size_t)((const uint8_t *)va - memory);

	FUZZ_CHECK(at < (size_t)PLAT_PAGES << 12);
	return at >> 12;
}

void plat_op_pages_free(void *ctx, void *pages, size_t size)
{
	size_t i, page;

	(void)ctx;
	if (!pages)
		return;
	page = page_of(pages);
	for (i = 0; i < size >> 12; i++)
		FUZZ_CHECK(owner_of[page + i] != PAGE_FREE);
	set_owner(page, size >> 12, PAGE_FREE);
	plat_live_now.pages -= (unsigned int)(size >> 12);
}

uint64_t plat_op_virt_to_phys(void *ctx, const void *va)
{
	(void)ctx;
	(void)page_of(va);
	return PLAT_PA + (uint64_t)((const uint8_t *)va - memory);
}

bool plat_has(uint64_t pa, uint64_t len)
{
	uint64_t size = (uint64_t)PLAT_PAGES << 12;

	return pa >= PLAT_PA && pa - PLAT_PA < size &&
	       len <= size - (pa - PLAT_PA);
}

unsigned int plat_owner(uint64_t pa)
{
	return plat_has(pa, 1) ? owner_of[(pa - PLAT_PA) >> 12] : PAGE_FREE;
}

/* Whoever asks may write to all of it. */
void *plat_virt(uint64_t pa, uint64_t len)
{
	uint64_t page;

	for (page = (pa - PLAT_PA) >> 12;
	     page <= (pa - PLAT_PA + len - 1) >> 12; page++)
		used[page] = 1;
	return memory + (pa - PLAT_PA);
}

void *plat_op_phys_to_virt(void *ctx, uint64_t pa)
{
	(void)ctx;
	return plat_owner(pa) == PAGE_FREE ? NULL : plat_virt(pa, 1);
}

void plat_next_owner(unsigned int owner)
{
	next_owner = owner;
}
