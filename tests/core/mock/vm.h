/* SPDX-License-Identifier: MIT */
/*
 * A guest for the tests of core: some memory behind a parent, and in it tables
 * in the mock's format.
 */
#ifndef TESTS_CORE_MOCK_VM_H
#define TESTS_CORE_MOCK_VM_H

#include <sva/guest.h>

#include "tests/core/rig.h"

/*
 * The guest's memory: PAGES pages from guest-physical BASE on. In its page 0
 * is a PASID table, pages 1 to 3 are the levels of one page table, and the
 * others are data; nothing is mapped above.
 */
enum {
	PAGE = 4096,
	PAGES = 8,
	LEVELS = 3,
	PASID = 5,
	WIDE = 12, /* PASID bits of the devices */
};
#define BASE    UINT64_C(0x100000)
#define DATA    (BASE + 4 * PAGE)
#define OUTSIDE (BASE + (uint64_t)PAGES * PAGE)
#define VA      UINT64_C(0x40201000)
#define INVALID UINT64_MAX

struct vm {
	struct rig rig;
	struct iommu_domain *parent;
	uint64_t *memory;
	uint64_t pa;
	unsigned int heard; /* faults */
	struct iommu_fault last;
	int verdict; /* of the handler */
	/* In front of each op of the driver, unless NULL. */
	void (*before)(struct vm *vm, enum mock_op op,
		       struct iommu_device *dev);
};

/* A handler: counts and keeps what it hears. @data is the struct vm. */
int vm_hear(const struct iommu_fault *fault, struct iommu_device *dev,
	    void *data);

/* A word of the guest's memory. */
uint64_t *vm_word(struct vm *vm, uint64_t gpa);

/* The guest maps VA to @gpa for PASID. */
void vm_map(struct vm *vm, uint64_t gpa);

/* Of cmocka: device 0 has the parent, nothing is bound. */
int vm_setup(void **state);
int vm_teardown(void **state);

extern const struct pasid_table_info vm_info;
extern const struct iommu_gpasid_bind_data vm_gpasid;

int vm_bind(struct vm *vm);
void vm_unbind(struct vm *vm);

/* Offset in the guest's memory that an access gets to, or an errno. */
int64_t vm_reach(struct vm *vm, ioasid_t pasid, uint64_t va);

/* iommu_cache_invalidate() with the version filled in. */
int vm_invalidate(struct vm *vm, struct iommu_cache_invalidate_info inv);

#endif
