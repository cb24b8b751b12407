/* SPDX-License-Identifier: MIT */
/*
 * State of the accelerator model.
 *
 * Locks. The device lock protects registers, configuration space, work queues,
 * page request groups and what of an engine others look at, marked (d). Each
 * translation cache has a lock, (a), taken inside it or alone. Neither is held
 * when the IOMMU model is called: it calls back, with its own lock held. What
 * has no mark belongs to the thread that steps the engine.
 */
#ifndef MODELS_DSA_DSA_H
#define MODELS_DSA_DSA_H

#include <sva/dsa_hw.h>

#include "fmt/dsa.h"
#include "models/pcie/pcie.h"

#define DSA_HW_GROUPS      4u
#define DSA_HW_MAX_ENTRIES 1024u
#define DSA_HW_STEP        65536u /* bytes of data in one step */
#define DSA_HW_BUF         16384u /* bytes of an engine's buffer */
#define DSA_HW_ATC_WAYS    4u
#define DSA_HW_PAGE        4096u
#define DSA_HW_PRG_PAGES   16u
#define DSA_HW_ANY_PASID   UINT32_MAX

/*
 * A page that is granted so often, and gone again at each retry, is taken for
 * absent: the device must not ask for ever.
 */
#define DSA_HW_MAX_GRANTS 64u

/* BAR 0 beyond the registers at fixed places. */
enum {
	DSA_HW_GRPCFG = 0x400,
	DSA_HW_WQCFG = 0x500,
	DSA_HW_WQCFG_STRIDE = 32,
	DSA_HW_MSIX_PERM = 0x700,
	DSA_HW_MSIX_TABLE = 0x2000,
	DSA_HW_MSIX_PBA = 0x3000,
	DSA_HW_BAR0_SIZE = DSA_BAR_REGS_MIN_SIZE,
};

/*
 * An entry of the translation cache: an aligned block of 1 << lg2 bytes.
 * @who: DSA_HW_WHO_* of the transactions it serves.
 */
struct dsa_hw_atc_entry {
	uint64_t va;
	uint64_t pa;
	uint32_t who;
	uint8_t lg2;
	uint8_t perm;
	bool valid;
	bool global;
};

/* PASID, whether there is one, and whether the access is privileged. */
#define DSA_HW_WHO_PASID (UINT32_C(1) << 20)
#define DSA_HW_WHO_PRIV  (UINT32_C(1) << 21)

/**
 * struct dsa_hw_atc - translation cache of one engine
 * @entries: (a) sets of DSA_HW_ATC_WAYS.
 * @count: (a) valid entries by size, @sizes: bitmap of those not 0.
 * @seq: invalidations so far; written under the lock. What was looked up, or
 *       asked of the IOMMU, before it moved is not used after.
 * @victim: (a) way to evict next.
 */
struct dsa_hw_atc {
	struct hw_lock lock;
	struct dsa_hw_atc_entry *entries;
	unsigned int sets_lg2;
	unsigned int victim;
	uint32_t count[64];
	uint64_t sizes;
	uint64_t noise;
	_Atomic uint64_t seq;
};

/* What an attempt to get on with a descriptor comes to. */
enum dsa_hw_go {
	DSA_HW_GO_ON,
	DSA_HW_GO_AGAIN,   /* translations moved underneath: try again */
	DSA_HW_GO_BLOCKED, /* waits for a page response or for credit */
	DSA_HW_GO_FAULT,   /* engine->fault says what */
};

/*
 * A part of an operand with its translation, contiguous in physical memory.
 * @translated: @pa came from @hits entries of the cache at @seq; otherwise none
 *              of these is used.
 */
struct dsa_hw_span {
	uint64_t va;
	uint64_t pa;
	uint64_t len;
	uint64_t seq;
	uint64_t hits;
	uint32_t perm;
	bool translated;
	bool cut;    /* memory behind it is elsewhere */
	bool always; /* page requests do not depend on block-on-fault */
};

/*
 * What the last lookups came to. The engine's own: without a lock, good as long
 * as seq has not moved.
 * @cut: there is no more behind @len.
 */
struct dsa_hw_memo {
	uint64_t va;
	uint64_t pa;
	uint64_t len;
	uint64_t seq;
	uint32_t who;
	uint32_t perm;
	bool cut;
};

#define DSA_HW_MEMOS 16u

/**
 * struct dsa_hw_job - a descriptor an engine works on
 * @done: bytes, or descriptors of a batch. Apply delta: of the record.
 * @delta: bytes of the record that create delta wrote.
 * @next: smallest offset that apply delta accepts.
 * @status, @result, @crc, @fault_addr, @fault_write, @bad_flags: what the
 *        completion record will say.
 * @handle: its interrupt handle was valid when it was fetched.
 * @interrupt: one is wanted and allowed. @seeded: @crc is the state of the sum.
 * @any_failed, @any_false: how members of a batch ended.
 */
struct dsa_hw_job {
	struct dsa_desc desc;
	bool pasid_valid;
	bool priv;
	bool member;
	bool ats;
	bool bof;
	bool handle;
	ioasid_t pasid;
	uint32_t batch_idx;
	uint64_t done;
	enum dsa_comp_status status;
	uint8_t result;
	bool backward;
	bool fault_write;
	bool interrupt;
	bool seeded;
	bool any_failed;
	bool any_false;
	uint32_t crc;
	uint32_t delta;
	uint32_t next;
	uint32_t bad_flags;
	uint64_t fault_addr;
};

/* Where an engine is with its job. */
enum dsa_hw_phase {
	DSA_HW_PHASE_FETCH, /* has none */
	DSA_HW_PHASE_START,
	DSA_HW_PHASE_RUN,
	DSA_HW_PHASE_RECORD, /* writes the completion record */
};

/* Why an engine waits. */
enum dsa_hw_wait {
	DSA_HW_WAIT_NONE,
	DSA_HW_WAIT_CREDIT, /* to send page requests */
	DSA_HW_WAIT_PRG,    /* for the answer to its group */
	DSA_HW_WAIT_OTHERS, /* a drain, for descriptors before it */
	DSA_HW_WAIT_STALL,  /* for the end of a stalled transaction */
	DSA_HW_WAIT_ROOM,   /* to have one stalled */
};

/* What becomes of an engine's descriptor. */
enum dsa_hw_drop {
	DSA_HW_KEEP,
	DSA_HW_DROP,     /* when no transaction of it is stalled */
	DSA_HW_DROP_NOW, /* after a reset: nothing of it reaches memory */
};

/*
 * The cookie of a transaction: requester in bits 63:32, engine in 3:0, and how
 * many the engine has sent so far in between. One comes again after 2^28, and
 * only a reset leaves one behind: by then it has long been answered.
 */
#define DSA_HW_COOKIE_ENGINE  UINT64_C(0xf)
#define DSA_HW_COOKIE_NEXT    UINT64_C(0x10)
#define DSA_HW_COOKIE_SID_LG2 32
#define DSA_HW_COOKIE_NONE    UINT64_MAX

/**
 * struct dsa_hw_fault - the page an engine could not reach, and what was tried
 * @page, @denied: the page that was refused, if one was.
 * @solo:   ask for single pages: a group was refused as a whole.
 * @failed: page requests were answered with a failure.
 * @granted: times a page was granted without progress since.
 * @refused: times the CPU refused a translated access.
 * @code:   completion status, set with DSA_HW_GO_FAULT.
 */
struct dsa_hw_fault {
	uint64_t page;
	uint64_t addr;
	bool denied;
	bool solo;
	bool failed;
	bool write;
	unsigned int granted;
	unsigned int refused;
	enum dsa_comp_status code;
};

/**
 * struct dsa_hw_engine - one engine
 * @busy:  odd while it uses what it found in the cache. It takes no lock and
 *         calls no IOMMU meanwhile, so an invalidation can wait for it.
 * @drop: (d) an enum dsa_hw_drop, looked at in each step. Also read without
 *         the lock.
 * @active, @wq, @pasid, @seq: (d) the descriptor from a queue it works on.
 * @wait, @prgi, @prg_code, @prg_pages: (d) see enum dsa_hw_wait.
 * @cookie: of its last untranslated transaction; its own thread writes it.
 * @ended: (d) cookie of the stalled transaction that ended last, @retry: how.
 * @turn:  (d) queue to look at next.
 * @wqcfg, @user_int, @priv_ok: how its queue and the device were configured
 *         when it took the descriptor.
 * @waiting: @wait is not DSA_HW_WAIT_NONE.
 */
struct dsa_hw_engine {
	struct hw_port port;
	struct dsa_hw *dsa;
	unsigned int index;
	struct dsa_hw_atc atc;
	_Alignas(64) _Atomic uint64_t busy;

	_Atomic int drop;
	bool active;
	bool pasid_valid;
	uint8_t wq;
	ioasid_t pasid;
	uint64_t seq;
	enum dsa_hw_wait wait;
	bool prg_done;
	uint16_t prgi;
	enum hw_prg_code prg_code;
	unsigned int prg_pages;
	_Atomic uint64_t cookie;
	uint64_t ended;
	bool retry;
	unsigned int turn;

	struct dsa_wqcfg wqcfg;
	bool user_int;
	bool priv_ok;
	bool waiting;
	struct dsa_hw_memo memo[DSA_HW_MEMOS];
	unsigned int next_memo;
	enum dsa_hw_phase phase;
	bool in_batch;
	struct dsa_hw_job top;
	struct dsa_hw_job sub;
	struct dsa_hw_fault fault;
	uint64_t pattern; /* that fills buf[0]; see dsa_hw_op_fill() */
	bool pattern_valid;
	_Alignas(64) unsigned char buf[2][DSA_HW_BUF];

	/* Written by the engine's thread alone, read by anybody. */
	_Atomic uint64_t descriptors;
	_Atomic uint64_t bytes;
	_Atomic uint64_t atc_hits;
	_Atomic uint64_t atc_misses;
	_Atomic uint64_t ats_requests;
	_Atomic uint64_t page_requests;
	_Atomic uint64_t page_groups;
	_Atomic uint64_t stalls;
};

/* A descriptor in a queue. */
struct dsa_hw_entry {
	struct dsa_desc desc;
	uint64_t seq;
};

/**
 * struct dsa_hw_wq - (d) a work queue: a ring in the entries all queues share
 * @base:   of its entries, from the time the device was enabled.
 * @head:   oldest descriptor, @used: how many there are.
 * @credit: descriptors it may still have before queues of lower priority.
 */
struct dsa_hw_wq {
	struct dsa_wqcfg cfg;
	enum dsa_wq_state state;
	unsigned int base;
	unsigned int head;
	unsigned int used;
	unsigned int credit;
};

/**
 * struct dsa_hw_cmd - (d) the device command in progress
 * @wqs:   queues it is about.
 * @pasid: or the PASID; DSA_HW_ANY_PASID for all.
 * @seq:   it is complete when nothing accepted before this is left.
 */
struct dsa_hw_cmd {
	bool active;
	bool int_req;
	enum dsa_cmd code;
	uint32_t wqs;
	ioasid_t pasid;
	uint64_t seq;
};

struct dsa_hw {
	struct dsa_hw_cfg cfg;
	struct hw_env env;
	struct dsa_hw_host host;
	struct iommu_hw *iommu;
	struct hw_lock lock;
	struct pcie_hw pcie;

	/* Of configuration space, for engines; written under the lock. */
	_Atomic bool ats_on;

	/* (d) ends of stalls, whosesoever; read without the lock. */
	_Atomic uint64_t rooms;

	/* (d) pasid_priv: of configuration space. */
	bool pasid_priv;
	enum dsa_device_state state;
	uint32_t gencfg;
	uint32_t genctrl;
	uint32_t intcause;
	uint32_t cmdstatus;
	struct dsa_swerr swerr;
	struct dsa_grpcfg groups[DSA_HW_GROUPS];
	uint32_t msix_perm[PCIE_HW_MAX_VECTORS];
	uint64_t handles;
	struct dsa_hw_wq wqs[DSA_HW_MAX_WQS];
	struct dsa_hw_entry *entries;
	uint64_t queued; /* which queues have entries */
	uint64_t next_seq;
	struct dsa_hw_cmd cmd;

	_Atomic uint64_t atc_invalidations;
	_Atomic uint64_t page_responses;
	_Atomic uint64_t interrupts;
	_Atomic uint64_t retries;
	_Atomic uint64_t resumes;

	struct dsa_hw_engine *engines[DSA_HW_MAX_ENGINES];
};

/* A counter with one writer. */
static inline void dsa_hw_count(_Atomic uint64_t *counter, uint64_t n)
{
	uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, v + n, memory_order_relaxed);
}

static inline void dsa_hw_lock(struct dsa_hw *dsa)
{
	dsa->env.lock(dsa->env.ctx, &dsa->lock);
}

static inline void dsa_hw_unlock(struct dsa_hw *dsa)
{
	dsa->env.unlock(dsa->env.ctx, &dsa->lock);
}

/* Was the device reset under the engine's descriptor? */
static inline bool dsa_hw_gone_locked(const struct dsa_hw_engine *eng)
{
	return atomic_load_explicit(&eng->drop, memory_order_relaxed) ==
	       DSA_HW_DROP_NOW;
}

/* What the engine works on: a member of a batch, or what came from a queue. */
static inline struct dsa_hw_job *dsa_hw_job(struct dsa_hw_engine *eng)
{
	return eng->in_batch ? &eng->sub : &eng->top;
}

/* Whose translations a job uses. */
static inline uint32_t dsa_hw_who(const struct dsa_hw_job *job)
{
	return (job->pasid_valid ? DSA_HW_WHO_PASID | job->pasid : 0) |
	       (job->priv ? DSA_HW_WHO_PRIV : 0);
}

/* dsa.c */
void dsa_hw_log(const struct dsa_hw *dsa, enum hw_log_level level,
		const char *fmt, ...) SVA_PRINTF(3, 4);
void dsa_hw_wake_all_locked(struct dsa_hw *dsa);
void dsa_hw_reset_locked(struct dsa_hw *dsa);

/* cmd.c */
void dsa_hw_cmd_write_locked(struct dsa_hw *dsa, uint32_t value);
void dsa_hw_cmd_poll_locked(struct dsa_hw *dsa);
bool dsa_hw_pending_locked(const struct dsa_hw *dsa, uint32_t wqs,
			   ioasid_t pasid, uint64_t seq,
			   const struct dsa_hw_engine *except);
void dsa_hw_abort_locked(struct dsa_hw *dsa, uint32_t wqs, ioasid_t pasid,
			 uint64_t seq, enum dsa_hw_drop drop);

/* wq.c */
struct dsa_hw_entry *
dsa_hw_wq_entry(struct dsa_hw *dsa, const struct dsa_hw_wq *wq, unsigned int i);
void dsa_hw_entry_who(const struct dsa_hw_wq *wq, const struct dsa_desc *desc,
		      bool *ret_valid, ioasid_t *ret_pasid);
void dsa_hw_wq_mark_locked(struct dsa_hw *dsa, unsigned int wq);
bool dsa_hw_wq_pick_locked(struct dsa_hw *dsa, struct dsa_hw_engine *eng);
void dsa_hw_wq_wake_locked(struct dsa_hw *dsa, unsigned int wq);

/* irq.c */
void dsa_hw_cause_locked(struct dsa_hw *dsa, uint64_t cause, bool interrupt);
void dsa_hw_swerr_locked(struct dsa_hw *dsa, const struct dsa_swerr *err);
void dsa_hw_swerr_job(struct dsa_hw_engine *eng, uint8_t code);
bool dsa_hw_handle_valid_locked(const struct dsa_hw *dsa,
				const struct dsa_hw_job *job);
void dsa_hw_interrupt_locked(struct dsa_hw *dsa, const struct dsa_hw_job *job);

/* desc.c */
enum dsa_comp_status dsa_hw_desc_check(struct dsa_hw_engine *eng,
				       struct dsa_hw_job *job);

/* atc.c */
bool dsa_hw_atc_lookup(struct dsa_hw_engine *eng, uint32_t who, uint64_t va,
		       uint64_t limit, uint32_t perm,
		       struct dsa_hw_span *ret_span);
void dsa_hw_atc_fill(struct dsa_hw_engine *eng, uint32_t who, uint64_t va,
		     const struct hw_ats_reply *reply, uint64_t seq);
void dsa_hw_atc_drop(struct dsa_hw_engine *eng, uint64_t va);
void dsa_hw_atc_flush(struct dsa_hw_engine *eng);
void dsa_hw_atc_clear(struct dsa_hw_engine *eng);
bool dsa_hw_quiet(struct dsa_hw_engine *eng);

/* xlat.c */
enum dsa_hw_go dsa_hw_span(struct dsa_hw_engine *eng, uint64_t va,
			   uint64_t limit, uint32_t perm, bool always,
			   struct dsa_hw_span *ret_span);
enum dsa_hw_go dsa_hw_span_read(struct dsa_hw_engine *eng,
				const struct dsa_hw_span *span, void *buf,
				uint64_t *len);
enum dsa_hw_go dsa_hw_span_write(struct dsa_hw_engine *eng,
				 const struct dsa_hw_span *span,
				 const void *buf, uint64_t period,
				 uint64_t *len);
enum dsa_hw_go dsa_hw_span_copy(struct dsa_hw_engine *eng,
				const struct dsa_hw_span *dst,
				const struct dsa_hw_span *src, uint64_t *len);
enum dsa_hw_go dsa_hw_span_probe(struct dsa_hw_engine *eng,
				 const struct dsa_hw_span *span, uint64_t *len);
enum dsa_hw_go dsa_hw_span_publish(struct dsa_hw_engine *eng,
				   const struct dsa_hw_span *span,
				   const struct dsa_comp *comp);

/* prg.c */
enum dsa_hw_go dsa_hw_absent(struct dsa_hw_engine *eng, uint64_t va,
			     uint64_t limit, uint32_t perm, bool always);
struct dsa_hw_fault *dsa_hw_fault_at(struct dsa_hw_engine *eng, uint64_t va);
bool dsa_hw_ready(struct dsa_hw_engine *eng);
void dsa_hw_prg_drop_locked(struct dsa_hw *dsa, struct dsa_hw_engine *eng);
void dsa_hw_prg_failed_locked(struct dsa_hw *dsa);

/* stall.c */
uint64_t dsa_hw_stall_cookie(struct dsa_hw_engine *eng);
enum dsa_hw_go dsa_hw_stall_wait(struct dsa_hw_engine *eng, uint64_t va,
				 uint32_t perm);
enum dsa_hw_go dsa_hw_stall_room(struct dsa_hw_engine *eng, uint64_t rooms);
bool dsa_hw_stall_over_locked(const struct dsa_hw_engine *eng);

static inline uint64_t dsa_hw_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ops.c */
uint64_t dsa_hw_ahead(const struct dsa_hw_job *job);
void dsa_hw_progress(struct dsa_hw_engine *eng, struct dsa_hw_job *job,
		     uint64_t n);
enum dsa_hw_go dsa_hw_two(struct dsa_hw_engine *eng, uint64_t src, uint64_t dst,
			  uint64_t limit, uint32_t perm,
			  struct dsa_hw_span *ret_src,
			  struct dsa_hw_span *ret_dst);
enum dsa_hw_go dsa_hw_op_run(struct dsa_hw_engine *eng, struct dsa_hw_job *job);

/* delta.c */
enum dsa_hw_go dsa_hw_op_create_delta(struct dsa_hw_engine *eng,
				      struct dsa_hw_job *job);
enum dsa_hw_go dsa_hw_op_apply_delta(struct dsa_hw_engine *eng,
				     struct dsa_hw_job *job);

/* crc.c */
uint32_t dsa_hw_crc(uint32_t state, const unsigned char *p, uint64_t len);
uint32_t dsa_hw_crc_soft(uint32_t state, const unsigned char *p, uint64_t len);
uint32_t dsa_hw_crc_bytes_reversed(uint32_t state, const unsigned char *p,
				   uint64_t len);
uint32_t dsa_hw_reverse32(uint32_t v);

#endif
