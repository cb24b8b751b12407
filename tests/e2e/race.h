/* SPDX-License-Identifier: MIT */
/*
 * What the test of real threads is about: an IOMMU, the mock or a model of
 * hardware with its driver, on the hosted platform; devices that threads of
 * the test are the engines of; address spaces that come and go.
 *
 * Nothing here asserts: threads call it. What is wrong is counted, and said at
 * the end.
 */
#ifndef TESTS_E2E_RACE_H
#define TESTS_E2E_RACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <sva/device.h>
#include <sva/hosted.h>
#include <sva/sva.h>

#include "drivers/mock/mock.h"
#include "models/pcie/pcie.h"
#include "pgtable/mm_table.h"

enum race_iommu { RACE_MOCK, RACE_SMMUV3, RACE_VTD };

enum {
	RACE_PAGES = 8,
	RACE_FRAMES = 1024,
	RACE_GROUPS = 512,
	RACE_VA = 0x10000000,
	RACE_MMS_MAX = 64,
};

/* By stream id. */
enum race_sid {
	RACE_NOBODY,
	RACE_PRI,    /* page requests, a cache of translations */
	RACE_STALL,  /* transactions stall; SMMUv3, else as RACE_PRI */
	RACE_MANUAL, /* whoever hears of its page requests answers them */
	RACE_GOING,  /* is added and removed all the time */
	RACE_SIDS,
};

struct race;

/* A page of memory. @tag: 1 + the number of the page it is now, 0: none. */
struct race_frame {
	_Alignas(4096) _Atomic uint64_t tag;
	_Atomic uint64_t word;
	struct race_frame *next; /* of those that are free */
};

/* Somebody waits for an answer. Under the lock of the device. */
struct race_request {
	bool done;
	enum iommu_page_response_code code;
};

struct race_cached {
	bool valid;
	ioasid_t pasid;
	uint64_t pa;
	unsigned int perm;
};

/**
 * struct race_device - a device; its memory outlives it
 * @group:  of page requests: on its way, and whose.
 * @cache:  translations by page; @invs: how often it was invalidated.
 *          Under @cache_lock.
 */
struct race_device {
	struct race *r;
	uint32_t sid;
	struct iommu_device *dev;
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct hw_env env;
	struct pcie_hw pcie;
	unsigned int group_next;
	struct {
		bool waits;
		struct race_request *request;
	} group[RACE_GROUPS];
	pthread_mutex_t cache_lock;
	struct race_cached cache[RACE_PAGES];
	uint64_t invs;
};

/**
 * struct race - see above
 * @wrong, @what: how often something was, and what first.
 */
struct race {
	enum race_iommu iommu;
	struct plat_hosted *hosted;
	const struct plat *plat;
	struct iommu_system *sys;
	struct iommu_unit *unit;
	struct mock *mock;
	struct iommu_hw *hw;
	void *hw_mem;
	struct race_device devices[RACE_SIDS];
	struct race_frame *frames;
	pthread_mutex_t frame_lock;
	struct race_frame *frame_first, **frame_last;
	bool two_answers; /* a defect: each answer reaches the device twice */
	_Atomic uint64_t wrong;
	_Atomic(const char *) what;
	_Atomic uint64_t accesses, requests, answers, stalls;
	/* Of the requests, what the driver has read: set by race_down(). */
	uint64_t read;
	_Atomic unsigned int mms;
};

void race_wrong(struct race *r, const char *what);

/* With all its devices but the one that comes and goes. 0 or an error. */
int race_up(struct race *r, enum race_iommu iommu);
/* Everything can be taken down and nothing is left; otherwise race_wrong(). */
void race_down(struct race *r);

/* 0 or an error. */
int race_device_add(struct race *r, enum race_sid sid);
int race_device_remove(struct race *r, enum race_sid sid);

enum race_result {
	RACE_OK,
	RACE_ABORTED, /* the IOMMU refused */
	RACE_REFUSED, /* a page request was answered with no */
	RACE_GAVE_UP, /* the page went as often as it came */
};

/* A thread as an engine of a device. */
struct race_agent {
	struct race_device *d;
	struct hw_port port;
};

void race_agent_init(struct race_agent *a, struct race_device *d);
void race_agent_fini(struct race_agent *a);
enum race_result race_dma(struct race_agent *a, ioasid_t pasid,
			  unsigned int page, bool write);
/*
 * Asks for a page. Whoever gives a @request has to call race_wait() for it.
 * False: it may not now.
 */
bool race_ask(struct race_device *d, ioasid_t pasid, unsigned int page,
	      bool write, struct race_request *request);
enum iommu_page_response_code race_wait(struct race_device *d,
					struct race_request *request);

/* race_mm.c: address spaces */

/* @allowed pages may be faulted in; @lock protects all. */
struct race_mm {
	struct iommu_mm mm;
	struct race *r;
	struct plat_lock lock;
	struct mm_table table;
	bool allowed[RACE_PAGES];
	struct race_frame *frames[RACE_PAGES];
	bool no_notify; /* a defect: nobody hears of an unmap */
	_Atomic bool gone;
};

int race_frames_init(struct race *r);
void race_frames_fini(struct race *r);

/* With one user, or NULL. Every page is allowed. */
struct race_mm *race_mm_create(struct race *r);
void race_mm_map(struct race_mm *m, unsigned int page);
void race_mm_unmap(struct race_mm *m, unsigned int first, unsigned int count);
/* How the mock reads its table. */
bool race_mm_walk(uint64_t root, uint64_t va, unsigned int perm,
		  uint64_t *ret_pa);
/* A device has been led to @pa for the page. */
void race_touch(struct race *r, uint64_t pa, unsigned int page, bool write);

#endif
