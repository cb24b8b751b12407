/* SPDX-License-Identifier: MIT */
/*
 * Faults: events an IOMMU reports about a device's transactions, the answers
 * to page requests, and the queue that lets address spaces resolve them.
 *
 * Path of a page request: the driver reads it from its hardware queue and
 * calls iommu_report_device_fault(); the handler of the device gets it. With
 * IOMMU_DEV_FEAT_SVA that is iommu_queue_iopf(): it collects the pages of a
 * group, a worker asks the address space for them and answers the whole group
 * with iommu_page_response(). Exactly one answer goes to the hardware per
 * request that has its Last flag set.
 */
#ifndef SVA_FAULT_H
#define SVA_FAULT_H

#include <sva/device.h>
#include <sva/types.h>

/* [I6] */
enum iommu_fault_type {
	IOMMU_FAULT_UNRECOV = 1,  /* the transaction was aborted */
	IOMMU_FAULT_PAGE_REQ = 2, /* somebody waits for an answer */
};

enum iommu_fault_reason {
	IOMMU_FAULT_REASON_UNKNOWN,
	IOMMU_FAULT_REASON_PASID_FETCH,     /* PASID table not readable */
	IOMMU_FAULT_REASON_BAD_PASID_ENTRY, /* entry malformed */
	IOMMU_FAULT_REASON_PASID_INVALID,   /* out of range or disabled */
	IOMMU_FAULT_REASON_WALK_EABT,       /* abort during the walk */
	IOMMU_FAULT_REASON_PTE_FETCH,       /* nothing mapped */
	IOMMU_FAULT_REASON_PERMISSION,
	IOMMU_FAULT_REASON_ACCESS,      /* access flag */
	IOMMU_FAULT_REASON_OOR_ADDRESS, /* address out of range */
	IOMMU_FAULT_REASON_BAD_STREAM,  /* no entry for the device */
};

enum iommu_fault_unrecov_flags {
	IOMMU_FAULT_UNRECOV_PASID_VALID = 1 << 0,
	IOMMU_FAULT_UNRECOV_ADDR_VALID = 1 << 1,
	IOMMU_FAULT_UNRECOV_FETCH_ADDR_VALID = 1 << 2,
	/* the second stage of a nested domain refused: not the guest's fault
	 * alone, and fetch_addr is the guest-physical address */
	IOMMU_FAULT_UNRECOV_STAGE2 = 1 << 3,
};

enum iommu_fault_page_request_flags {
	IOMMU_FAULT_PAGE_REQUEST_PASID_VALID = 1 << 0,
	IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE = 1 << 1,
	IOMMU_FAULT_PAGE_REQUEST_PRIV_DATA = 1 << 2,
	/* the answer carries the PASID (PCIe: PRG Response PASID Required) */
	IOMMU_FAULT_PAGE_REQUEST_RESPONSE_NEEDS_PASID = 1 << 3,
	/* the transaction waits in the IOMMU (stall), not in the device */
	IOMMU_FAULT_PAGE_REQUEST_STALLED = 1 << 4,
};

/**
 * struct iommu_fault_unrecov - an aborted transaction
 * @reason:     why.
 * @flags:      which of the next are valid.
 * @pasid:      of the transaction.
 * @perm:       what it wanted, of enum iommu_perm.
 * @addr:       where.
 * @fetch_addr: table address that could not be read.
 */
struct iommu_fault_unrecov {
	enum iommu_fault_reason reason;
	uint32_t flags;
	ioasid_t pasid;
	uint32_t perm;
	uint64_t addr;
	uint64_t fetch_addr;
};

/**
 * struct iommu_fault_page_request - somebody asks for a page
 * @flags:  see enum iommu_fault_page_request_flags.
 * @pasid:  valid with PASID_VALID.
 * @grpid:  group: PCIe's PRG index; of a stalled transaction the driver's own
 *          number, of which Arm's STAG is the low 16 bits. Requests of one group
 *          get one answer, after the one with LAST_PAGE.
 * @perm:   of enum iommu_perm.
 * @addr:   4096-aligned.
 * @private_data: echoed in the answer (VT-d), valid with PRIV_DATA.
 * @cookie: set by core for the handler, with LAST_PAGE: this very request,
 *          whatever the device does with its group number later. Not 0.
 */
struct iommu_fault_page_request {
	uint32_t flags;
	ioasid_t pasid;
	uint32_t grpid;
	uint32_t perm;
	uint64_t addr;
	uint64_t private_data[2];
	uint64_t cookie;
};

struct iommu_fault {
	enum iommu_fault_type type;
	union {
		struct iommu_fault_unrecov event;
		struct iommu_fault_page_request prm;
	};
};

/**
 * enum iommu_page_response_code - the answer [I5]
 * @IOMMU_PAGE_RESP_SUCCESS: retry the access.
 * @IOMMU_PAGE_RESP_INVALID: it cannot be resolved: terminate this one.
 * @IOMMU_PAGE_RESP_FAILURE: terminate it and send no more if possible.
 */
enum iommu_page_response_code {
	IOMMU_PAGE_RESP_SUCCESS = 0,
	IOMMU_PAGE_RESP_INVALID = 1,
	IOMMU_PAGE_RESP_FAILURE = 2,
};

#define IOMMU_PAGE_RESP_VERSION_1 1u

enum iommu_page_response_flags {
	IOMMU_PAGE_RESP_PASID_VALID = 1 << 0,
	IOMMU_PAGE_RESP_COOKIE_VALID = 1 << 1,
};

/**
 * struct iommu_page_response - the answer to a group of page requests
 * @version: IOMMU_PAGE_RESP_VERSION_1.
 * @flags:   see enum iommu_page_response_flags; overwritten from the request
 *           where the device needs it otherwise.
 * @pasid:   of the request.
 * @grpid:   of the request.
 * @code:    see there.
 * @cookie:  of the request, valid with COOKIE_VALID: the answer is to no other.
 */
struct iommu_page_response {
	uint32_t version;
	uint32_t flags;
	ioasid_t pasid;
	uint32_t grpid;
	enum iommu_page_response_code code;
	uint64_t cookie;
};

/**
 * iommu_dev_fault_handler_t - gets the faults of a device
 *
 * Returns 0 when it took the fault and will answer it, or an error: then the
 * reporter answers. Runs in the driver's interrupt thread; may sleep, does
 * not wait for other faults.
 */
typedef int (*iommu_dev_fault_handler_t)(const struct iommu_fault *fault,
					 struct iommu_device *dev, void *data);

/**
 * iommu_register_device_fault_handler() - hear of a device's faults
 *
 * Context: may sleep.
 * Return:  0, -EINVAL @handler is NULL, -EBUSY there is one. [I1]
 * Test:    tests/core/fault_test.c
 */
SVA_MUST_CHECK int
iommu_register_device_fault_handler(struct iommu_device *dev,
				    iommu_dev_fault_handler_t handler,
				    void *data);

/*
 * Waits until the handler does not run; not from a handler.
 *
 * Return: 0 also if there is none, -EBUSY an answer is outstanding. [I2]
 */
SVA_MUST_CHECK int
iommu_unregister_device_fault_handler(struct iommu_device *dev);

/**
 * iommu_report_device_fault() - a driver has read a fault from its hardware
 * @fault: borrowed.
 *
 * A page request with LAST_PAGE is recorded before the handler is called, so
 * that a fast answer finds it. If the handler fails the record is gone again
 * and the caller answers the hardware. [I3]
 *
 * Requests of one group of a device are reported by one thread at a time.
 *
 * Context: may sleep; takes the device's fault lock, not across the handler.
 * Return:  0, -EINVAL no handler or an unknown type, -ENOMEM, also if 512
 *          groups of the device wait for an answer, or 65536 if it stalls,
 *          which no device has: without a word to the handler; or what the
 *          handler returned.
 * Test:    tests/core/fault_test.c, tests/core/overload_test.c
 */
SVA_MUST_CHECK int iommu_report_device_fault(struct iommu_device *dev,
					     const struct iommu_fault *fault);

/**
 * iommu_page_response() - answer a group of page requests
 * @msg: borrowed.
 *
 * Exactly one answer per record reaches the hardware. [I4]
 *
 * In a system with a response_timeout_s an answer needs its cookie: after a
 * timeout the device may have used the group number again, and nothing else
 * tells a late answer to the old request from one to the new. [I7]
 *
 * Context: may sleep; takes the device's fault lock, then the driver's queue.
 * Return:  0, -ENODEV the IOMMU driver cannot, -EINVAL @msg is NULL, has an
 *          unknown version, flag or code, lacks a cookie that is needed, or
 *          matches no outstanding request;
 *          or what the driver met, with the record gone (-ETIMEDOUT).
 * Test:    tests/core/fault_test.c
 */
SVA_MUST_CHECK int iommu_page_response(struct iommu_device *dev,
				       const struct iommu_page_response *msg);

/* Whose word a traced fault ended with. */
enum iommu_fault_by {
	IOMMU_FAULT_BY_NOBODY,  /* unrecoverable: there is no answer */
	IOMMU_FAULT_BY_HANDLER, /* an answer: of the fault queue, or by hand */
	IOMMU_FAULT_BY_DRIVER,  /* core did not take it, see err */
	IOMMU_FAULT_BY_TIMEOUT, /* nobody answered in time [I7] */
};

/**
 * struct iommu_fault_trace - a fault that has come to its end [U12]
 * @fault: the unrecoverable one, or the request that closed its group; a cookie
 *         is in it as the handler saw it. Borrowed for the call.
 * @by:    see there.
 * @code:  what the device is told; not with IOMMU_FAULT_BY_NOBODY.
 * @err:   IOMMU_FAULT_BY_DRIVER: why core did not take it. Otherwise what the
 *         IOMMU driver met when it sent the answer; 0: nothing.
 * @latency_ns: from the report of the request to the answer.
 */
struct iommu_fault_trace {
	const struct iommu_fault *fault;
	enum iommu_fault_by by;
	enum iommu_page_response_code code;
	int err;
	uint64_t latency_ns;
};

/**
 * struct iommu_fault_tracer - who follows the faults of a system
 * @traced: called for each unrecoverable fault, and for each group of page
 *          requests and each stalled transaction when it has been answered.
 *          From any thread, for the faults of one device one at a time but for
 *          those with IOMMU_FAULT_BY_NOBODY or IOMMU_FAULT_BY_DRIVER; under
 *          locks and inside an RCU reader: it does not sleep, and calls
 *          nothing of the library but plat_log() and iommu_device_name().
 * @arg:    handed to it.
 */
struct iommu_fault_tracer {
	void (*traced)(void *arg, struct iommu_device *dev,
		       const struct iommu_fault_trace *trace);
	void *arg;
};

/**
 * iommu_system_trace_faults() - follow the faults of a system
 * @tracer: borrowed until the next call; NULL for none, as in the beginning.
 *          Replaces the one before, which on return is not called any more.
 *
 * Context: may sleep; not from a tracer.
 * Cost:    while there is none: a load per answer.
 * Test:    tests/core/trace_test.c
 */
void iommu_system_trace_faults(struct iommu_system *sys,
			       const struct iommu_fault_tracer *tracer);

struct iopf_queue;

/**
 * iopf_queue_alloc() - make a fault queue
 * @name: of its workers; copied.
 *
 * Context: may sleep.
 * Return:  0, -ENOMEM. [J1]
 * Test:    tests/core/iopf_test.c
 */
SVA_MUST_CHECK int iopf_queue_alloc(struct iommu_system *sys, const char *name,
				    struct iopf_queue **ret_queue);

/* Removes the devices left, then frees. NULL is allowed. May sleep. [J1] */
void iopf_queue_free(struct iopf_queue *queue);

/**
 * iopf_queue_add_device() - resolve the faults of a device here
 *
 * Context: may sleep; takes the queue's lock, then the device's fault lock.
 * Return:  0, -ENODEV the IOMMU driver cannot answer, -EBUSY it is on a queue.
 *          [J2]
 * Test:    tests/core/iopf_test.c
 */
SVA_MUST_CHECK int iopf_queue_add_device(struct iopf_queue *queue,
					 struct iommu_device *dev);

/**
 * iopf_queue_remove_device() - stop that
 *
 * The caller guarantees that nothing more is reported and has flushed. Partial
 * groups are dropped: their device waits for no answer yet.
 *
 * Return:  0, -EINVAL not on this queue. [J3]
 */
SVA_MUST_CHECK int iopf_queue_remove_device(struct iopf_queue *queue,
					    struct iommu_device *dev);

/**
 * iommu_queue_iopf() - the fault handler of a device on a fault queue
 * @data: ignored.
 *
 * A request without LAST_PAGE is kept until its group is complete; one with it
 * closes the group, which is handed to a worker in the order its pages came.
 *
 * Context: may sleep; takes the device's fault lock.
 * Return:  0, -EOPNOTSUPP not a page request, -ENODEV not on a queue, -ENOMEM
 *          (a closed group is dropped whole, the caller answers). [J4]
 * Test:    tests/core/iopf_test.c
 */
int iommu_queue_iopf(const struct iommu_fault *fault, struct iommu_device *dev,
		     void *data);

/**
 * iopf_queue_flush_dev() - wait until every fault queued so far is answered
 *
 * The driver has emptied its hardware queue into this one first.
 *
 * Context: may sleep; not from a fault handler.
 * Return:  0, -ENODEV not on a queue. [J5]
 */
SVA_MUST_CHECK int iopf_queue_flush_dev(struct iommu_device *dev);

/**
 * iopf_queue_discard_partial() - forget all incomplete groups
 *
 * After the hardware queue overflowed: the Last of a group may be among what
 * was lost. Nothing may be reported meanwhile.
 *
 * Return:  0, -EINVAL @queue is NULL. [J6]
 */
SVA_MUST_CHECK int iopf_queue_discard_partial(struct iopf_queue *queue);

/**
 * iommu_fault_overflows() - how often groups of a device were cut
 *
 * For a handler of page requests that keeps incomplete groups itself: if this
 * is not what it was at a request without its Last, that Last may be among what
 * was lost, and the next request with the same number is of another group. It
 * changes with iopf_queue_discard_partial(), so never during a report.
 *
 * Context: any.
 * Cost:    one load.
 * Test:    tests/core/iopf_test.c [R15]
 */
uint64_t iommu_fault_overflows(struct iommu_device *dev);

#endif
