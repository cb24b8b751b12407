/* SPDX-License-Identifier: MIT */
/*
 * One VT-d model and everything around it: vtd_rig.c calls the model,
 * vtd_oracle.c looks at what it did, vtd_naive.c reads the tables once more,
 * vtd_guest.c builds what a guest builds, vtd.c chooses.
 */
#ifndef FUZZ_VTD_RIG_H
#define FUZZ_VTD_RIG_H

#include <sva/vtd_hw.h>

#include "fmt/vtd.h"
#include "fmt/x86_pt.h"
#include "fuzz/world.h"

enum {
	RIG_PORTS = 3,
	RIG_PLACES = 32,
	RIG_TREES = 4,
	RIG_DEPTH = 3,
	RIG_WAITS = 64,

	/* The layout of memory; tables are allocated behind it. */
	GUEST_ROOT = 0x0000,
	GUEST_CONTEXT = 0x1000, /* lower, upper: one for all buses */
	GUEST_DIR = 0x3000,
	GUEST_PASIDS = 0x4000, /* two tables */
	GUEST_STATUS = 0x6000,
	GUEST_IRT = 0x8000,
	GUEST_IQ = 0x10000,
	GUEST_PQ = 0x18000,
	GUEST_TABLES = 0x20000,
};

struct rig_event {
	uint64_t addr;
	uint32_t data;
};

/* Where the registers say that the model writes. */
struct rig_places {
	uint64_t pq_base, pq_size;
	struct rig_event event[3];
};

/* A wait descriptor that the model has read. */
struct rig_wait {
	uint64_t addr;
	uint32_t data;
};

/* A translation table as the guest built it. */
struct guest_tree {
	unsigned int levels;
	bool second;
	uint64_t root;
};

struct rig {
	struct world w;
	struct vtd_hw_cfg cfg;
	struct iommu_hw *hw;
	void *state;
	struct in *in;
	unsigned int depth; /* of calls into the model */
	bool quiet;         /* nothing happens in between */
	bool agrees;        /* caches have nothing but what memory has */

	struct hw_port port[RIG_PORTS];
	bool added[RIG_PORTS];
	bool in_use[RIG_PORTS]; /* a call with it is in progress */
	uint64_t busy[RIG_PORTS];

	struct rig_places places[RIG_PLACES]; /* in this operation */
	unsigned int places_n;
	bool places_lost; /* there were more */
	struct rig_wait waits[RIG_WAITS];
	unsigned int wait_n; /* ever */
	bool waits_lost;
	unsigned long calls;
	bool stuck; /* ports stay busy until the model gives up */

	uint64_t inv_cookie[8];
	unsigned int inv_n;

	/* What the counters of the model have to be. */
	struct iommu_hw_stats want, last;

	struct guest_tree tree[RIG_TREES];
	uint64_t hi; /* high bits of the guest's addresses */
	uint64_t bump;
	uint64_t iqa, pqa, ttm;
	uint64_t tail;
};

unsigned int rig_haw(const struct vtd_hw_cfg *cfg);

/* vtd_oracle.c: around every call into the model. */
void rig_enter(struct rig *r, struct frame *f);
void rig_leave(struct rig *r, struct frame *f);
/*
 * Where the registers send things now; where they sent them before in the same
 * operation is allowed too.
 */
void rig_snapshot(struct rig *r);
void rig_check_stats(struct rig *r);
void rig_check_xlat(const struct rig *r, const struct hw_txn *txn,
		    const struct hw_xlat *x);
/* The record of a fault of @sid, if there is a new one and it was not lost. */
struct rig_faults {
	unsigned long calls;
	uint64_t recorded;
};
void rig_faults_before(struct rig *r, struct rig_faults *x);
void rig_faults_after(struct rig *r, const struct rig_faults *x, uint32_t sid);
/* PQT, and what was written into the queue. */
struct rig_tail {
	unsigned long calls;
	uint64_t value;
};
void rig_tail_before(struct rig *r, struct rig_tail *x);
void rig_tail_after(struct rig *r, const struct frame *f,
		    const struct rig_tail *x, uint32_t sid);

/*
 * vtd_naive.c: the tables as they are in memory now, without caches, checks of
 * reserved bits and flags. True: they lead @txn to *@ret_pa and allow it.
 */
bool naive_translate(struct rig *r, const struct hw_txn *txn, uint64_t addr,
		     uint64_t *ret_pa);
/*
 * Software keeps the rules of 6.2.1 for these two: who shares a domain id, and
 * a PASID, shares the tables.
 */
bool naive_compatible(struct rig *r, const struct hw_txn *a,
		      const struct hw_txn *b);
bool naive_interrupt(struct rig *r, uint16_t sid, const struct vtd_hw_msg *msg,
		     uint8_t *ret_vector);

/* vtd_rig.c. -EINVAL: the configuration was refused. */
int rig_create(struct rig *r, const struct vtd_hw_cfg *cfg, struct in *in);
/* Everything in flight ends; nothing is left over. */
void rig_destroy(struct rig *r);

uint64_t rig_read(struct rig *r, uint64_t offset, unsigned int size);
void rig_write(struct rig *r, uint64_t offset, unsigned int size, uint64_t v);
/*
 * The port is not held. @hold: it stays busy. @fresh: caches are emptied first,
 * and what comes out is held against the tables. So it is with the second one,
 * which is for right after the first: it finds what that one has left behind.
 */
int rig_translate(struct rig *r, unsigned int port, const struct hw_txn *txn,
		  bool hold, bool fresh, struct hw_xlat *ret_xlat);
void rig_translate_next(struct rig *r, unsigned int port,
			const struct hw_txn *first, const struct hw_txn *txn);
void rig_ats(struct rig *r, unsigned int port, const struct hw_txn *txn,
	     bool fresh);
void rig_page_request(struct rig *r, const struct hw_page_request *req);
void rig_interrupt(struct rig *r, uint16_t sid, const struct vtd_hw_msg *msg,
		   bool fresh);
void rig_inv_complete(struct rig *r, uint64_t cookie, bool ok);
void rig_reset(struct rig *r);
void rig_saved(struct rig *r);
void rig_port(struct rig *r, unsigned int port, bool add);
void rig_release(struct rig *r, unsigned int port);
static inline bool rig_free(const struct rig *r, unsigned int port)
{
	return r->added[port] && !r->in_use[port] && !(r->busy[port] & 1);
}

/* vtd.c: one thing the input says; also from within a model's call. */
void fuzz_op(struct rig *r);

/* vtd_guest.c: all of these take their parameters from the input. */
uint64_t guest_alloc(struct rig *r, uint64_t size);
uint32_t guest_sid(struct in *in);
uint32_t guest_pasid(struct in *in);
uint64_t guest_va(struct in *in);
void guest_registers(struct rig *r);
void guest_tree(struct rig *r, unsigned int n);
/* @level: of the entry, 1 the last; 0 there: @attr changes a usual leaf. */
void guest_map(struct rig *r, unsigned int n, uint64_t va, unsigned int level,
	       uint64_t pa, uint64_t attr);
void guest_map_op(struct rig *r);
void guest_context(struct rig *r, uint32_t sid);
void guest_pasid_entry(struct rig *r, uint32_t pasid);
void guest_irte(struct rig *r, unsigned int index);
void guest_command(struct rig *r);
void guest_serve(struct rig *r);
/* A page at 0x7000 for SID 8 in a unit after reset: its address. */
uint64_t guest_simple(struct rig *r);

#endif
