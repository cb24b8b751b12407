/* SPDX-License-Identifier: MIT */
/*
 * What the tests of core share: a system with the mock on the test platform,
 * devices, and an address space in software.
 */
#ifndef TESTS_CORE_RIG_H
#define TESTS_CORE_RIG_H

#include <pthread.h>

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/fault.h>
#include <sva/mm.h>
#include <sva/sva.h>
#include <sva/system.h>

#include "drivers/mock/mock.h"
#include "tests/support/testplat.h"

#define RIG_DEVICES 3u
#define R           ((unsigned int)IOMMU_PERM_READ)
#define W           ((unsigned int)IOMMU_PERM_WRITE)

/**
 * struct rig - devices 0 and 1 send page requests, device 2 stalls
 *
 * All have the mock's 12 PASID bits.
 */
struct rig {
	struct testplat tp;
	const struct plat *plat;
	struct iommu_system *sys;
	struct mock *mock;
	struct iommu_device *dev[RIG_DEVICES];
};

/* NULL: the defaults; the mock's walk is always that of struct soft_mm. */
void rig_up(struct rig *rig, const struct iommu_system_cfg *sys_cfg,
	    const struct mock_cfg *mock_cfg);
void rig_down(struct rig *rig);

struct iommu_device *rig_add_device(struct rig *rig, const char *name,
				    uint32_t stream_id, unsigned int bits,
				    uint32_t group);

/*
 * An address space of SOFT_PAGES pages from 0 on. Pages from @limit on are not
 * mapped at all, those from @read_only on not for writing; the others are
 * filled in by faults.
 */
#define SOFT_PAGES 512u

struct soft_mm {
	struct iommu_mm mm;
	struct rig *rig;
	_Atomic uint64_t *table;
	unsigned int limit;
	unsigned int read_only;
	_Atomic int fail;             /* of handle_fault, if not 0 */
	_Atomic unsigned int calls;   /* of handle_fault */
	_Atomic unsigned int pages;   /* it made */
	_Atomic bool block;           /* handle_fault waits while set */
	_Atomic unsigned int blocked; /* handle_fault calls that wait */
	struct plat_event event;      /* block or blocked has changed */
	_Atomic bool exited;
	_Atomic bool *freed; /* set by free, if not NULL */
	uint64_t last_va;
	_Atomic size_t last_count; /* of handle_fault */
	unsigned int last_perm;
};

struct soft_mm *soft_mm_create(struct rig *rig);
void soft_mm_unmap(struct soft_mm *soft, uint64_t start, uint64_t end);
void soft_mm_block(struct soft_mm *soft, bool block);
void soft_mm_wait_blocked(struct soft_mm *soft, unsigned int count);

/* Walks of tables whose address space had exited: each is a bug. */
unsigned int soft_mm_late_walks(void);

/* A page request. @last closes its group. */
struct iommu_fault page_request(ioasid_t pasid, uint32_t grpid, uint64_t addr,
				unsigned int perm, bool last);
void raise_request(struct rig *rig, struct iommu_device *dev, ioasid_t pasid,
		   uint32_t grpid, uint64_t addr, unsigned int perm, bool last);

/* As a device does: touch, ask for the page if need be, touch again. */
int dma(struct rig *rig, struct iommu_device *dev, ioasid_t pasid, uint64_t va,
	unsigned int perm);

/* Code of the newest answer. */
enum iommu_page_response_code last_code(struct rig *rig);

struct iommu_system_stats stats_of(struct rig *rig);

#define assert_ok(e)        assert_int_equal(e, 0)
#define assert_err(e, want) assert_int_equal(e, -(want))

#endif
