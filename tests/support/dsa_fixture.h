/* SPDX-License-Identifier: MIT */
/*
 * A machine for tests of the accelerator: memory, an IOMMU that is a table, and
 * an accelerator behind it.
 *
 * Each PASID, and 0 for transactions without one, has a window of virtual pages
 * at FIX_VA. Physical pages are handed out so that neighbours in the window are
 * mostly not neighbours in memory.
 */
#ifndef TESTS_SUPPORT_DSA_FIXTURE_H
#define TESTS_SUPPORT_DSA_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include <sva/dsa_hw.h>

#include "fmt/dsa.h"
#include "fmt/pcie.h"

#define FIX_PASIDS 4u
#define FIX_PAGES  1024u /* of a window, and of memory */
#define FIX_PAGE   4096u
#define FIX_VA     UINT64_C(0x7f0000000000)
#define FIX_PA     UINT64_C(0x140000000)

/* What becomes of untranslated accesses that fault. */
enum fix_stall {
	FIX_STALL_OFF,
	FIX_STALL_HOLD, /* the test ends them */
	FIX_STALL_MAP,  /* mapped and retried before translate() returns */
};

struct fix_stalled {
	uint64_t cookie;
	uint64_t addr;
	uint32_t perm;
	uint32_t requester;
	unsigned int pasid;
};

/* What becomes of page requests. */
enum fix_prg {
	FIX_PRG_MAP,   /* the page is mapped, if it is allowed to be */
	FIX_PRG_GRANT, /* Success without a change */
	FIX_PRG_INVALID,
	FIX_PRG_FAILURE,
	FIX_PRG_HOLD, /* the test answers */
};

struct fix_page {
	uint64_t pa;   /* 0: none */
	uint32_t perm; /* now */
	uint32_t may;  /* what FIX_PRG_MAP gives; 0: Invalid */
};

struct fix_group {
	struct hw_page_request req[64];
	unsigned int count;
};

/* A page of the process that the accelerator may not have (now). */
struct fix_forbidden {
	uint64_t page;
	bool may; /* a page request gets it */
};

struct fix {
	struct iommu_hw iommu; /* first: found from it */
	struct dsa_hw *dsa;
	uint32_t rid;
	bool platform;
	void *state;
	unsigned char *mem;
	unsigned int next_page;
	bool contiguous;
	bool identity; /* other addresses are the process's own */
	struct fix_forbidden forbidden[16];
	pthread_mutex_t lock; /* of the tables and what follows */
	struct fix_page table[FIX_PASIDS][FIX_PAGES];
	bool refuses[FIX_PAGES]; /* physical: the CPU says no */
	enum fix_prg prg;
	struct fix_group group; /* being received */
	struct fix_group held;  /* FIX_PRG_HOLD: the last complete */
	unsigned int groups;
	unsigned int largest_group;
	enum fix_stall stall;
	struct fix_stalled stalled[64];
	unsigned int stalled_count;
	unsigned int stall_room; /* 0: 64 */
	unsigned int stalls;
	unsigned int pushed_back;
	enum hw_ats_status ats_status;
	bool untranslated_only;
	bool refuse_translated;
	unsigned int translated;
	unsigned int untranslated;
	uint64_t block; /* bytes an ATS reply covers */

	_Atomic unsigned int msi_count[64];
	_Atomic unsigned int wakes;
	_Atomic uint64_t clock_step; /* added at each look at the clock */
	_Atomic uint64_t clock;
	_Atomic unsigned int relaxed;

	/* Takes messages instead of counting them. */
	void (*msi)(void *arg, uint64_t addr, uint32_t data);
	void *msi_arg;
	/* Called before memory is copied, outside of any lock. */
	void (*before_copy)(void *arg);
	/* Called in the middle of an ATS request, of a translated access. */
	void (*in_ats)(void *arg);
	void (*in_translated)(void *arg);
	void (*in_untranslated)(void *arg);
	void *hook_arg;
};

/* @cfg NULL: the default. Bus mastering, PASID, ATS, PRI and MSI-X are on. */
struct fix *fix_create(const struct dsa_hw_cfg *cfg);
void fix_destroy(struct fix *f);

/* As a driver does after a reset; a platform device has its messages only. */
void fix_enable(struct fix *f);

/* A page-aligned piece of the window of @pasid, accessible if @perm. */
uint64_t fix_alloc(struct fix *f, unsigned int pasid, unsigned int page,
		   unsigned int pages, uint32_t perm);

/* Take access away from pages; invalidates the device's cache if asked to. */
void fix_forbid(struct fix *f, unsigned int pasid, uint64_t va,
		unsigned int pages, bool invalidate);
struct fix_page *fix_page(struct fix *f, unsigned int pasid, uint64_t va);

/* End a stall; what is retried gets the page, if it may have it. */
void fix_resume(struct fix *f, unsigned int index, bool retry);
struct fix_stalled fix_stalled(struct fix *f, unsigned int index);

/* Memory as the CPU sees it. */
void fix_put(struct fix *f, unsigned int pasid, uint64_t va, const void *buf,
	     size_t len);
void fix_get(struct fix *f, unsigned int pasid, uint64_t va, void *buf,
	     size_t len);
void fix_random(struct fix *f, unsigned int pasid, uint64_t va, size_t len,
		uint32_t seed);

/* Registers. */
uint64_t fix_read(struct fix *f, uint64_t offset);
void fix_write(struct fix *f, uint64_t offset, uint64_t value);
uint32_t fix_cmd(struct fix *f, unsigned int code, uint32_t operand);
unsigned int fix_cap(struct fix *f, unsigned int id);
unsigned int fix_ext_cap(struct fix *f, unsigned int id);

/* Which queue, how. */
struct fix_wq {
	unsigned int index;
	bool shared;
	unsigned int size;
	unsigned int threshold;
	unsigned int priority;
	ioasid_t pasid;
	bool no_pasid;
	bool bof;
	bool ats_disable;
};

/* Queues and engines in group 0; the device and queue @wq enabled. */
void fix_group(struct fix *f, unsigned int group, uint64_t wqs,
	       uint64_t engines);
void fix_wq_config(struct fix *f, const struct fix_wq *wq);
void fix_start(struct fix *f, const struct fix_wq *wq);

/* Descriptors, with a completion record at @comp of the window if not 0. */
struct dsa_desc fix_desc(enum dsa_op op, uint64_t comp);
struct dsa_desc fix_desc_data(enum dsa_op op, uint64_t comp, uint64_t src,
			      uint64_t dst, uint64_t size);
int fix_submit(struct fix *f, unsigned int wq, bool deferrable,
	       const struct dsa_desc *desc);

/* Step all engines until none has more to do. Return: blocked ones. */
unsigned int fix_run(struct fix *f);

/* The record at @comp; DSA_COMP_NONE is put there before. */
struct dsa_comp fix_comp(struct fix *f, unsigned int pasid, uint64_t comp);

/* Submit to queue 0, dedicated, run, return the record. */
struct dsa_comp fix_do(struct fix *f, unsigned int pasid,
		       const struct dsa_desc *desc);

/* A sum that shares nothing with the model: RFC 3720, bit by bit. */
uint32_t fix_crc32c(uint32_t seed, const unsigned char *p, size_t len);

#endif
