/* SPDX-License-Identifier: MIT */
#include "base/le64.h"
#include "tests/support/random.h"
#include "tests/vmm/hostile.h"

uint64_t hostile_random(struct hostile *h)
{
	return next_random(&h->seed);
}

uint64_t hostile_below(struct hostile *h, uint64_t n)
{
	return (next_random(&h->seed) >> 16) % n;
}

uint64_t hostile_gpa(unsigned int page)
{
	return VMM_RAM_GPA + page * VMM_PAGE;
}

/* Atomic: the hardware reads meanwhile. */
void hostile_write(struct hostile *h, uint64_t gpa, uint64_t value)
{
	le64_atomic *word = vmm_memory_virt(&h->guest->ram, gpa);

	le64_store_relaxed(word, value);
}

static uint64_t any_page(struct hostile *h)
{
	const struct vmm_memory *ram = &h->guest->ram;

	switch (hostile_below(h, 8)) {
	case 0: /* just beyond */
		return ram->gpa + ram->size;
	case 1: /* the host's addresses */
		return (ram->pa + hostile_below(h, 64) * VMM_PAGE) &
		       UINT64_C(0x0000fffffffff000);
	case 2:
		return hostile_random(h) & UINT64_C(0x0000fffffffff000);
	default:
		return hostile_gpa((unsigned int)hostile_below(h, 64));
	}
}

uint64_t hostile_word(struct hostile *h)
{
	unsigned int tables = HOSTILE_TABLES_END - HOSTILE_TABLES;

	switch (hostile_below(h, 8)) {
	case 0:
		return hostile_random(h);
	case 1:
		return 0;
	case 2:
	case 3:
		return h->vendor->leaf(any_page(h));
	case 4:
		return h->vendor->link(any_page(h));
	default:
		return h->vendor->link(
			hostile_gpa(HOSTILE_TABLES +
				    (unsigned int)hostile_below(h, tables)));
	}
}
