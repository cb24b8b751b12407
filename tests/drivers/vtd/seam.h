/* SPDX-License-Identifier: MIT */
/*
 * The device side of the VT-d driver without its unit side: a struct vtd_unit
 * made by hand, and inval.h's functions written here. They note what is asked
 * for, in order, and fail when told to. Registers are those of the page request
 * queue; a PCIe function has PASID, ATS and PRI. Nothing is translated.
 *
 * Everything that is noted is under one lock, so threads may use it.
 */
#ifndef TESTS_DRIVERS_VTD_SEAM_H
#define TESTS_DRIVERS_VTD_SEAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/mm.h>
#include <sva/system.h>

#include "drivers/vtd/prq.h"
#include "drivers/vtd/vtd.h"
#include "tests/support/testplat.h"

enum seam_kind {
	SEAM_CONTEXT,      /* sid */
	SEAM_PASID,        /* did, pasid */
	SEAM_PASID_DOMAIN, /* did */
	SEAM_PASID_GLOBAL,
	SEAM_PIOTLB,        /* did, pasid, start, last */
	SEAM_IOTLB,         /* did, start, last */
	SEAM_DEV_TLB,       /* sid, start, last */
	SEAM_PASID_DEV_TLB, /* sid, pasid, start, last */
	SEAM_RESPONSE,      /* sid, pasid, valid, index, code, priv */
	SEAM_BARRIER,
	SEAM_SYNC,   /* everything before has completed */
	SEAM_DRAIN,  /* the same, with page requests */
	SEAM_FAULTS, /* fault records were read */
	SEAM_CFG,    /* configuration space: offset, value */
	SEAM_ANY,
};

struct seam_op {
	enum seam_kind kind;
	uint16_t did;
	uint16_t sid;
	uint32_t pasid;
	uint64_t start;
	uint64_t last;
	bool valid;
	uint16_t index;
	unsigned int code;
	bool priv_valid;
	uint64_t priv[2];
	unsigned int offset;
	uint32_t value;
};

/* Where the PCIe function's capabilities are. */
enum {
	SEAM_ATS = 0x100,
	SEAM_PRI = 0x120,
	SEAM_PASID_CAP = 0x140,
};

/**
 * struct seam - the seam, and a system with it
 * @u:        its features may be changed before seam_start().
 * @fail_kind: the next sync with such a descriptor fails with @fail_err,
 *            @fail_times times, after @fail_after of them did not. @fail_sid:
 *            only such for this device, unless it is 0.
 * @hook:     called for each descriptor and each sync as it is processed,
 *            without the lock.
 * @dead, @stopped: it has failed closed.
 * @lacks:    what vtd_lacks_sva() says, if @lacking.
 */
struct seam {
	struct testplat tp;
	struct iommu_system *sys;
	struct vtd_unit u;
	pthread_mutex_t lock;
	bool started;

	enum seam_kind fail_kind;
	int fail_err;
	unsigned int fail_times;
	unsigned int fail_after;
	uint16_t fail_sid;
	void (*hook)(struct seam *s, const struct seam_op *op);
	void *hook_arg;
	void (*tail_hook)(struct seam *s); /* the tail has been read */
	bool dead, stopped;
	bool refuse_stop; /* it does not even stop */
	int wbf_err;      /* what vtd_write_buffer_flush() says */
	bool lacking;
	enum iommu_sva_req lacks;

	struct seam_op *ops;
	size_t op_count, op_room;

	uint32_t prs;
	uint32_t prs_stuck; /* bits that cannot be cleared */
	uint64_t pqh, pqt, pqa;

	uint8_t cfg[4096];
	struct plat_pci pci;
};

/* An address space with a table nobody walks. */
struct seam_mm {
	struct iommu_mm mm;
	struct seam *s;
	struct iommu_mm_table desc;
	_Atomic unsigned int faults;
	uint64_t last_va;
	unsigned int last_perm;
	int fault_err;
	bool exited, freed;
};

struct seam *seam_make(void);
/* Its tables and its queue are made, and the unit is registered. */
void seam_start(struct seam *s);
/* Everything must be gone but the unit. */
void seam_unmake(struct seam *s);

int seam_add(struct seam *s, const uint32_t *sids, unsigned int count, bool pci,
	     struct iommu_device **ret_dev);
/* One PCIe function. */
struct iommu_device *seam_device(struct seam *s, uint32_t sid);

void seam_mm_init(struct seam_mm *m, struct seam *s);

void seam_clear(struct seam *s);
/* Index of the first op of this kind at or after @from; SIZE_MAX: none. */
size_t seam_find(struct seam *s, enum seam_kind kind, size_t from);
size_t seam_find_cfg(struct seam *s, unsigned int offset, uint32_t value,
		     size_t from);
size_t seam_count(struct seam *s, enum seam_kind kind);

/* The unit's view of memory: entries by what is in memory; NULL: no path. */
const le64_atomic *seam_context(struct seam *s, uint16_t sid);
const le64_atomic *seam_entry(struct seam *s, uint16_t sid, uint32_t pasid);
struct vtd_pasid seam_pasid(struct seam *s, uint16_t sid, uint32_t pasid);

/*
 * The unit writes a page request; false: the queue is full, and the request
 * was answered by the unit.
 */
bool seam_push(struct seam *s, const struct vtd_prd *prd);
struct vtd_prd seam_prd(uint16_t sid, uint32_t pasid, unsigned int index,
			uint64_t addr, bool last);

#endif
