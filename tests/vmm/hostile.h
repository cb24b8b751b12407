/* SPDX-License-Identifier: MIT */
/*
 * A guest without software: the test is it, and it is hostile. What it writes
 * is tables that are nearly right, and commands of every kind.
 */
#ifndef TESTS_VMM_HOSTILE_H
#define TESTS_VMM_HOSTILE_H

#include "vmm/vmm.h"

/* From the start of guest-physical memory, in pages. */
enum {
	HOSTILE_STREAMS = 0, /* SMMUv3: stream table; VT-d: root table */
	HOSTILE_CONTEXT = 1, /* CDs; context table */
	HOSTILE_DIR = 2,     /* VT-d: PASID directory */
	HOSTILE_PASIDS = 3,  /* VT-d: PASID table */
	HOSTILE_TABLES = 4,  /* page tables, four levels one after the other */
	HOSTILE_TABLES_END = 16,
	HOSTILE_CMDQ = 16,
	HOSTILE_EVTQ = 17,
	HOSTILE_PRIQ = 18,
};

#define HOSTILE_PASID_COUNT 6u

/**
 * struct hostile_vendor - a kind of IOMMU, as the guest uses it
 * @start:   registers and queues; translation on.
 * @entry:   write the entry of a PASID, and of the function, as it should be.
 * @link:    an entry of a table that leads to a table at @gpa.
 * @leaf:    an entry that maps the page at @gpa.
 * @command: make and hand over one, of random kind and content.
 * @answer:  a page request, with Success.
 */
struct hostile;
struct hostile_vendor {
	void (*start)(struct hostile *h);
	void (*entry)(struct hostile *h, ioasid_t pasid);
	uint64_t (*link)(uint64_t gpa);
	uint64_t (*leaf)(uint64_t gpa);
	void (*command)(struct hostile *h);
	void (*answer)(struct hostile *h,
		       const struct iommu_fault_page_request *prm);
};

extern const struct hostile_vendor hostile_smmuv3;
extern const struct hostile_vendor hostile_vtd;

struct hostile {
	const struct hostile_vendor *vendor;
	struct vmm_guest *guest;
	struct plat_mmio win;
	uint64_t seed;
	struct hw_page_request asked; /* last */
};

uint64_t hostile_random(struct hostile *h);
/* Below @n. */
uint64_t hostile_below(struct hostile *h, uint64_t n);
uint64_t hostile_gpa(unsigned int page);
void hostile_write(struct hostile *h, uint64_t gpa, uint64_t value);
/* A word as tables have it, more or less. */
uint64_t hostile_word(struct hostile *h);

#endif
