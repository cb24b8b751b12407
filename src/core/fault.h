/* SPDX-License-Identifier: MIT */
/*
 * Per-device state of fault reporting, and what the rest of core asks of the
 * fault queue.
 */
#ifndef CORE_FAULT_H
#define CORE_FAULT_H

#include <sva/fault.h>
#include <sva/plat.h>

#include "base/list.h"

#define FAULT_BUCKETS 64u

#define FAULT_GROUPS_MAX 512u
#define FAULT_STALLS_MAX 65536u

/* A request that waits for its answer. (f) */
struct fault_record {
	struct list link;
	struct iommu_fault_page_request prm;
	uint64_t id; /* never 0, never used twice on a device */
	uint64_t since_ns;
};

/*
 * Letters: (f) the lock, (q) lock of the fault queue, (c) constant.
 *
 * pending is hashed by group. partials are the pages of groups that are not
 * complete, in the order they came.
 */
struct fault_dev {
	struct plat_lock lock;
	iommu_dev_fault_handler_t handler;  /* (f) */
	void *data;                         /* (f) */
	unsigned int reporting;             /* (f) reports inside the handler */
	struct plat_event idle;             /* reporting became 0 */
	struct list pending[FAULT_BUCKETS]; /* (f) */
	unsigned int pending_count;         /* (f) */
	bool full;                          /* (f) one was refused, and said */
	uint64_t last_id;                   /* (f) */
	struct list partials;               /* (f) */
	unsigned int partial_count;         /* (f) */
	struct iopf_queue *queue;           /* (f) set under (q) too */
	struct list queue_link;             /* (q) */
	uint64_t complained_ns;             /* (f) */
	_Atomic uint64_t overflows;         /* written under (q) */
};

void fault_dev_init(struct iommu_device *dev);
void fault_dev_fini(struct iommu_device *dev);

/* A handler, an answer that is due, or a queue: the device has to stay. */
bool fault_dev_busy(struct iommu_device *dev);

/*
 * The id of the request that @prm closes, for fault_answer(); 0: there is no
 * record. Fault lock held.
 */
uint64_t fault_pending_id_locked(struct iommu_device *dev,
				 const struct iommu_fault_page_request *prm);

/* Answers the request with this id; -ENOENT: somebody has already. */
int fault_answer(struct iommu_device *dev, uint32_t grpid, uint64_t id,
		 enum iommu_page_response_code code);

/* Takes the record out, sends its answer, frees it. Fault lock held. */
int fault_answer_locked(struct iommu_device *dev, struct fault_record *rec,
			enum iommu_page_response_code code,
			enum iommu_fault_by by);

/*
 * trace.c: now, if there is a tracer; 0: nobody wants to know. And: tells it,
 * if there is one, of a fault that was reported then.
 */
uint64_t fault_trace_start(const struct iommu_system *sys);
void fault_trace(struct iommu_device *dev, const struct iommu_fault *fault,
		 const struct iommu_fault_trace *end, uint64_t since_ns);

/*
 * Everything the hardware had queued for the device has been reported, and
 * what was reported to its fault queue has been answered. No lock held.
 */
void fault_drain(struct iommu_device *dev);

/* The second half of that. */
void fault_flush(struct iommu_device *dev);

/* The Last of a group is lost: its partials are not to join another group. */
void fault_discard_group(struct iommu_device *dev,
			 const struct iommu_fault_page_request *prm);

/* Forget the incomplete groups of one PASID. */
void fault_discard_pasid(struct iommu_device *dev, ioasid_t pasid);

/* There is somebody to report to. */
bool fault_dev_handled(struct iommu_device *dev);

/* Whoever waits for an answer gets Invalid: of one PASID, or NULL: of all. */
void fault_answer_left(struct iommu_device *dev, const ioasid_t *pasid);

/* The watcher of requests that nobody answers [I7]. */
int fault_timer_start(struct iommu_system *sys);
void fault_timer_stop(struct iommu_system *sys);

#endif
