/* SPDX-License-Identifier: MIT */
/*
 * A vendor that does not exist, and is odd on purpose: valid bits are
 * inverted, PASIDs have 12 bits, tables have a format of their own. Core runs
 * on it in tests, and code that peeks at bits breaks.
 *
 * The hardware behind the driver is here too, as far as a test needs it: DMA
 * that goes through the tables and a cache that keeps everything until it is
 * invalidated, a fault queue, and a ledger of answers.
 *
 * Functions may be called from any thread.
 */
#ifndef DRIVERS_MOCK_MOCK_H
#define DRIVERS_MOCK_MOCK_H

#include <sva/device.h>
#include <sva/fault.h>
#include <sva/mm.h>
#include <sva/system.h>

#define MOCK_PASID_BITS 12u

struct mock;
struct mock_response;

enum mock_op {
	MOCK_OP_PROBE,
	MOCK_OP_RELEASE,
	MOCK_OP_DOMAIN_ALLOC,
	MOCK_OP_DOMAIN_FREE,
	MOCK_OP_SET,
	MOCK_OP_REMOVE,
	MOCK_OP_QUIESCE,
	MOCK_OP_ENABLE_FAULTS,
	MOCK_OP_DISABLE_FAULTS,
	MOCK_OP_DRAIN,
	MOCK_OP_RESPONSE,
	MOCK_OP_MAP,
	MOCK_OP_UNMAP,
	MOCK_OP_SYNC,
	MOCK_OP_NESTED_ALLOC,
	MOCK_OP_INVALIDATE, /* of a guest */
	MOCK_OP_DIRTY,
	MOCK_OP_COUNT,
};

/* Things the driver can be told to forget, to see a test notice. */
enum mock_defect {
	MOCK_SKIP_DRAIN = 1 << 0,      /* drain_faults() does nothing */
	MOCK_SKIP_INVALIDATE = 1 << 1, /* the cache is never invalidated */
	MOCK_SKIP_REMOVE = 1 << 2,     /* the entry stays */
	MOCK_SKIP_QUIESCE = 1 << 3,
	MOCK_TWO_RESPONSES = 1 << 4, /* each answer is sent twice */
};

/**
 * struct mock_cfg - settings; all zero is the default
 * @no_sva: the IOMMU cannot walk address spaces.
 * @no_pri: devices that do not stall have no page requests.
 * @no_paging: no paging domains.
 * @no_nesting: no guests' tables: the driver lacks the ops.
 * @no_dirty: nobody knows which pages are written.
 * @walk:   how the hardware reads the table of an address space: @root as
 *          iommu_mm_ops.get_table() gave it for IOMMU_TABLE_X86_64. True and
 *          *@ret_pa if @perm is allowed there. Takes no lock. NULL: nothing is
 *          ever mapped.
 * @before: called before each op does anything, without the mock's locks.
 * @answered: the device gets an answer, as mock_response() tells it. Called
 *          without the mock's locks, under core's fault lock if core answers.
 */
struct mock_cfg {
	bool no_sva;
	bool no_pri;
	bool no_paging;
	bool no_nesting;
	bool no_dirty;
	bool (*walk)(uint64_t root, uint64_t va, unsigned int perm,
		     uint64_t *ret_pa);
	void (*before)(void *arg, enum mock_op op, struct iommu_device *dev,
		       ioasid_t pasid);
	void (*answered)(void *arg, const struct mock_response *response);
	void *arg;
};

/* Return: 0, -ENOMEM. */
SVA_MUST_CHECK int mock_create(struct iommu_system *sys,
			       const struct mock_cfg *cfg,
			       struct mock **ret_mock);

/* Return: 0, -EBUSY while it has devices or domains. */
SVA_MUST_CHECK int mock_destroy(struct mock *mock);

struct iommu_unit *mock_unit(struct mock *mock);

/* The @nth call of @op from now, counted from 1, fails with @err; 0: none. */
void mock_fail(struct mock *mock, enum mock_op op, unsigned int nth, int err);

/* or-ed enum mock_defect; replaces what was set. */
void mock_set_defects(struct mock *mock, unsigned int defects);

/* How often an op was called. */
unsigned int mock_calls(struct mock *mock, enum mock_op op);

/*
 * The first MOCK_LOG calls since mock_log_reset(), in order. Returns how many
 * were written to @ops.
 */
#define MOCK_LOG 64u
void mock_log_reset(struct mock *mock);
unsigned int mock_log(struct mock *mock, enum mock_op *ops, unsigned int max);

enum mock_entry {
	MOCK_ENTRY_ABORT,
	MOCK_ENTRY_QUIET,
	MOCK_ENTRY_LIVE,
};

/* What the PASID table says. */
enum mock_entry mock_entry(struct mock *mock, struct iommu_device *dev,
			   ioasid_t pasid);

/* Are faults of the device switched on? */
bool mock_faults_enabled(struct iommu_device *dev);

/**
 * mock_access() - the device touches memory
 *
 * Return: 0 and *@ret_pa, -EACCES aborted and reported, also where a guest's
 *         tables leave its parent, -EPERM aborted quietly, -EFAULT no translation: a page request would follow.
 */
SVA_MUST_CHECK int mock_access(struct mock *mock, struct iommu_device *dev,
			       ioasid_t pasid, uint64_t va, unsigned int perm,
			       uint64_t *ret_pa);

/* Cached translations of a pair. */
unsigned int mock_cached(struct mock *mock, struct iommu_device *dev,
			 ioasid_t pasid);

/**
 * mock_raise() - the hardware queues a fault
 *
 * A worker reports it, unless faults are held back; then drain_faults() does.
 *
 * Return: 0, -ENOSPC the hardware's queue is full.
 */
SVA_MUST_CHECK int mock_raise(struct mock *mock, struct iommu_device *dev,
			      const struct iommu_fault *fault);
void mock_hold_faults(struct mock *mock, bool hold);

/* Everything queued has been reported on return, held back or not. */
void mock_report_all(struct mock *mock);

/* An answer that reached the hardware. */
struct mock_response {
	struct iommu_device *dev;
	struct iommu_fault_page_request prm;
	enum iommu_page_response_code code;
	bool by_driver; /* core refused the request */
};

unsigned int mock_response_count(struct mock *mock);
bool mock_response(struct mock *mock, unsigned int index,
		   struct mock_response *ret_response);

/* False: there were not @count answers within ten seconds. */
SVA_MUST_CHECK bool mock_wait_responses(struct mock *mock, unsigned int count);

#endif
