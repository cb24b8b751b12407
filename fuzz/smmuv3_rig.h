/* SPDX-License-Identifier: MIT */
/*
 * One SMMUv3 model and everything around it: smmuv3_rig.c calls the model,
 * smmuv3_oracle.c looks at what it did, smmuv3_guest.c builds what a guest
 * builds, smmuv3.c chooses.
 */
#ifndef FUZZ_SMMUV3_RIG_H
#define FUZZ_SMMUV3_RIG_H

#include <sva/smmuv3_hw.h>

#include "fmt/arm_pt.h"
#include "fmt/smmuv3.h"
#include "fuzz/world.h"

enum {
	RIG_PORTS = 4,
	RIG_STALLS = 80, /* more than the model keeps */
	RIG_PLACES = 32,
	RIG_TREES = 4,
	RIG_DEPTH = 3,

	/* The layout of memory; tables are allocated behind it. */
	GUEST_STRTAB = 0x0000,  /* linear, or level 1 */
	GUEST_STRTAB2 = 0x4000, /* level 2, for every descriptor of level 1 */
	GUEST_CDTAB = 0x8000,   /* one for each of four streams: */
	GUEST_CDTAB_SIZE = 0x2000, /* linear or level 1, then level 2 */
	GUEST_CMDQ = 0x10000,
	GUEST_EVTQ = 0x12000,
	GUEST_PRIQ = 0x14000,
	GUEST_TABLES = 0x20000,
};

struct rig_queue {
	uint64_t base, size;
	unsigned int unit;
};

struct rig_msi {
	uint64_t addr;
	uint32_t data;
};

/* Where the registers say that the model writes. */
struct rig_places {
	struct rig_queue queue[2];
	struct rig_msi msi[3];
};

struct rig_stall {
	uint64_t cookie;
	struct hw_txn txn;
};

/* A translation table as the guest built it. */
struct guest_tree {
	unsigned int page_lg2;
	unsigned int bits; /* of input addresses */
	int start;         /* level */
	bool stage2;
	bool wide;
	uint64_t root;
};

struct rig {
	struct world w;
	struct smmuv3_hw_cfg cfg;
	struct iommu_hw *hw;
	void *state;
	struct in *in;
	unsigned int depth; /* of calls into the model */

	struct hw_port port[RIG_PORTS];
	bool added[RIG_PORTS];
	bool in_use[RIG_PORTS]; /* a call with it is in progress */
	uint64_t busy[RIG_PORTS];

	struct rig_places places[RIG_PLACES]; /* in this operation */
	unsigned int places_n;
	bool places_lost; /* there were more */
	unsigned long calls;
	uint32_t sid;        /* whom the operation is for, */
	unsigned long about; /* if nothing was called since */

	struct rig_stall stalls[RIG_STALLS];
	unsigned int stall_n;
	uint64_t next_cookie;
	uint64_t calling; /* cookie of the innermost translate(), 0 */
	bool called;      /* it was resumed before it returned */
	bool retry_at_once;
	bool stuck; /* ports stay busy until the model gives up */

	uint64_t inv_cookie[8];
	unsigned int inv_n;

	/* What the counters of the model have to be. */
	struct iommu_hw_stats want, last;

	struct guest_tree tree[RIG_TREES];
	uint64_t hi; /* high bits of the guest's addresses */
	uint64_t bump;
	unsigned int cmdq_lg2, evtq_lg2, priq_lg2, split;
	bool strtab_2lvl;
	uint32_t cmd_prod;
};

/* PROD of an output queue, without what software may have written into it. */
struct rig_index {
	uint64_t reg;
	unsigned int unit;
	uint32_t value;
	uint64_t mask;
	unsigned long calls; /* until it was read */
};

/* smmuv3_oracle.c: around every call into the model. */
void rig_enter(struct rig *r, struct frame *f);
void rig_leave(struct rig *r, struct frame *f);
/*
 * Where the registers send things now; where they sent them before in the same
 * operation is allowed too.
 */
void rig_snapshot(struct rig *r);
void rig_check_stats(struct rig *r);
/* What it records from now on is about this stream. */
void rig_about(struct rig *r, uint32_t sid);
void rig_index_before(struct rig *r, struct rig_index *x, bool events);
void rig_index_after(struct rig *r, const struct frame *f,
		     const struct rig_index *x);
void rig_check_xlat(const struct rig *r, const struct hw_txn *txn,
		    const struct hw_xlat *x);

/* smmuv3_rig.c. -EINVAL: the configuration was refused. */
int rig_create(struct rig *r, const struct smmuv3_hw_cfg *cfg, struct in *in);
/* Everything in flight ends; nothing is left over. */
void rig_destroy(struct rig *r);

uint64_t rig_read(struct rig *r, uint64_t offset, unsigned int size);
void rig_write(struct rig *r, uint64_t offset, unsigned int size, uint64_t v);
/* The port is not held. @hold: it stays busy if it can. */
int rig_translate(struct rig *r, unsigned int port, const struct hw_txn *txn,
		  bool hold, struct hw_xlat *ret_xlat);
void rig_ats(struct rig *r, unsigned int port, const struct hw_txn *txn);
void rig_page_request(struct rig *r, const struct hw_page_request *req);
void rig_unsupported(struct rig *r, const struct hw_txn *txn, uint16_t reason);
void rig_hint(struct rig *r, const struct smmuv3_hw_hint *hint);
void rig_fail(struct rig *r);
void rig_inv_complete(struct rig *r, uint64_t cookie, bool ok);
void rig_reset(struct rig *r);
void rig_port(struct rig *r, unsigned int port, bool add);
void rig_release(struct rig *r, unsigned int port);
static inline bool rig_free(const struct rig *r, unsigned int port)
{
	return r->added[port] && !r->in_use[port] && !(r->busy[port] & 1);
}

/* smmuv3_saved.c: a snapshot, damaged or not, a reset, and back again. */
void rig_saved(struct rig *r);

/* smmuv3.c: one thing the input says; also from within a model's call. */
void fuzz_op(struct rig *r);

/* smmuv3_guest.c: all of these take their parameters from the input. */
unsigned int rig_oas_lg2(const struct smmuv3_hw_cfg *cfg);
uint64_t guest_alloc(struct rig *r, uint64_t size);
uint32_t guest_sid(struct in *in);
uint32_t guest_ssid(struct in *in);
uint64_t guest_va(struct in *in);
void guest_registers(struct rig *r);
void guest_tree(struct rig *r, unsigned int n);
void guest_map(struct rig *r, unsigned int n, uint64_t va, int level,
	       uint64_t pa, uint64_t attr);
void guest_map_op(struct rig *r);
void guest_ste(struct rig *r, uint32_t sid);
void guest_cd(struct rig *r, uint32_t sid, uint32_t ssid);
void guest_command(struct rig *r);
void guest_push(struct rig *r, const struct smmu_cmd *cmd, bool ring);
void guest_event(struct rig *r);
void guest_request(struct rig *r);
/* A page for stream 0, by the simplest of tables; 0: this SMMU cannot. */
uint64_t guest_simple(struct rig *r);

#endif
