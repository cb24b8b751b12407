/* SPDX-License-Identifier: MIT */
/*
 * State of the SMMUv3 model, and the few helpers every part of it uses.
 *
 * Letters on members: (c) constant after create, (l) under the model's lock,
 * (a) atomic.
 *
 * The lock is dropped in the middle of an operation by smmuv3_hw_drain() and
 * by the delivery of a page response, and nowhere else. Both happen in command
 * processing and in a write of CR0 only; m->cmd.running keeps a second thread
 * out of the command queue meanwhile. smmuv3_hw_stall_deliver() drops it too,
 * at the end of an operation.
 */
#ifndef HW_SMMUV3_STATE_H
#define HW_SMMUV3_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/smmuv3_hw.h>

#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "fmt/arm_pt.h"
#include "fmt/smmuv3.h"
#include "models/port/port.h"
#include "models/smmuv3/cache.h"

/* Registers that have storage; a pair of halves is one. */
enum smmuv3_hw_reg {
	R_NONE,
	R_IDR0,
	R_IDR1,
	R_IDR2,
	R_IDR3,
	R_IDR4,
	R_IDR5,
	R_IIDR,
	R_AIDR,
	R_CR0,
	R_CR0ACK,
	R_CR1,
	R_CR2,
	R_STATUSR,
	R_GBPA,
	R_IRQ_CTRL,
	R_IRQ_CTRLACK,
	R_GERROR,
	R_GERRORN,
	R_GERROR_IRQ_CFG0,
	R_GERROR_IRQ_CFG1,
	R_GERROR_IRQ_CFG2,
	R_STRTAB_BASE,
	R_STRTAB_BASE_CFG,
	R_CMDQ_BASE,
	R_CMDQ_PROD,
	R_CMDQ_CONS,
	R_EVENTQ_BASE,
	R_EVENTQ_PROD,
	R_EVENTQ_CONS,
	R_EVENTQ_IRQ_CFG0,
	R_EVENTQ_IRQ_CFG1,
	R_EVENTQ_IRQ_CFG2,
	R_PRIQ_BASE,
	R_PRIQ_PROD,
	R_PRIQ_CONS,
	R_PRIQ_IRQ_CFG0,
	R_PRIQ_IRQ_CFG1,
	R_PRIQ_IRQ_CFG2,
	R_COUNT,
};

/*
 * Stream worlds; the first two have ASIDs and user accesses. IPA is EL1 after
 * stage 1, a tag of the TLB only.
 */
enum smmuv3_hw_world {
	WORLD_EL1 = 0,
	WORLD_E2H = 1,
	WORLD_EL2 = 2,
	WORLD_IPA = 3,
};

/*
 * What one access allows, per privilege: IOMMU_PERM_READ, _WRITE, _EXEC. The
 * privileged ones are shifted. CLEAN: would be writable, but the dirty state
 * is to be written into the descriptor first.
 */
enum {
	PERM_PRIV_SHIFT = 3,
	PERM_USER = 7,
	PERM_PRIV = 7 << PERM_PRIV_SHIFT,
	PERM_CLEAN_SHIFT = 6,
	PERM_CLEAN_USER = 1 << 6,
	PERM_CLEAN_PRIV = 1 << 7,
};

/* The input of a translation, overrides of the STE applied. */
struct smmuv3_hw_req {
	uint32_t sid;
	uint32_t ssid;
	bool ssv;
	bool translated;
	bool priv;
	bool inst;         /* InD: never with write */
	bool write;        /* not RnW */
	bool ats;          /* Translation Request */
	unsigned int need; /* IOMMU_PERM_* it takes */
	uint64_t addr;
};

/*
 * Why a transaction is refused. @id 0: without a record. @s2 and below: a
 * fault of stage 2, and what the record says of it, whole addresses; the
 * fields that an event does not have, or not for its class, are 0.
 */
struct smmuv3_hw_fault {
	uint8_t id;
	uint8_t class;
	bool s2;
	bool nsipa;      /* of a Non-secure stream: 0 */
	bool ttrnw;      /* class TT: the descriptor was to be read */
	uint64_t ipa;    /* with s2 */
	uint64_t fetch;  /* FetchAddr */
	uint32_t reason; /* implementation defined */
};

enum smmuv3_hw_kind {
	CTX_NONE,
	CTX_BYPASS,    /* output is input, checked against OAS */
	CTX_TRANSLATE, /* one stage or both */
};

/*
 * One set of tables, as a CD or an STE describes it: a half of stage 1, or
 * stage 2.
 *
 * @base: of the first table, aligned.
 * @tag: of what the walk cache keeps of it, see tlb.h.
 * @level: of the first table.
 * @ia_lg2, @ps_lg2: bits of an input address and, effectively, of an output.
 * @wide: descriptors hold 52-bit addresses; @ds: in the place of SH, which is
 *        @sh then.
 */
struct smmuv3_hw_ttb {
	uint64_t base;
	uint64_t tag;
	int16_t level; /* -1 to 3 */
	uint8_t ia_lg2;
	uint8_t ps_lg2;
	uint8_t page_lg2;
	uint8_t sh;
	bool s2;
	bool wide, ds;
	bool ha, hd, affd;
	/* Stage 1. */
	bool tbi, epd, had;
};

/*
 * How one (stream, substream) is served: the STE and the CD, decoded.
 *
 * @s1, @s2: the stages that translate.
 * @tag: what the TLB entries of it are tagged with, see tlb.h.
 * @ipa_tag: and those of its stage 2.
 */
struct smmuv3_hw_ctx {
	enum smmuv3_hw_kind kind;
	uint8_t world;
	uint8_t privcfg, instcfg;
	bool s1, s2;
	bool ats;      /* ATS is on, */
	bool split;    /* and its replies are IPAs */
	bool r, s;     /* CD.R, CD.S */
	bool razwi;    /* CD.A is 0: terminated as if it had succeeded */
	bool s2r, s2s; /* STE.S2R, STE.S2S */
	bool wxn, pan;
	bool s2ptw, s2fwb;
	uint64_t tag, ipa_tag;
	uint64_t mair;
	struct smmuv3_hw_ttb ttb[2];
	struct smmuv3_hw_ttb s2ttb;
};

/*
 * A context as the hit path sees it; see tlb.c for the protocol.
 *
 * @word: kind 1:0, tbi0 2, tbi1 3, privcfg 5:4, instcfg 7:6, tag 63:16.
 */
struct smmuv3_hw_ctx_entry {
	_Alignas(32) _Atomic uint64_t seq;
	_Atomic uint64_t key;
	_Atomic uint64_t word;
};

/* @va, @tag, @out: see tlb.h. */
struct smmuv3_hw_tlb_entry {
	_Alignas(32) _Atomic uint64_t seq;
	_Atomic uint64_t va;
	_Atomic uint64_t tag;
	_Atomic uint64_t out;
};

/*
 * What of a translation the hit path has no use for, (l).
 *
 * @ipa: between the stages, of the start of the entry.
 * @perm1: of stage 1 alone.
 * @inv_lg2: the leaf of stage 1 it is a part of goes as a whole.
 * @attr2: MemAttr and, from bit 4, SH of stage 2.
 */
struct smmuv3_hw_tlb_side {
	uint64_t ipa;
	uint8_t perm1;
	uint8_t inv_lg2;
	uint8_t attr2;
};

enum { TLB_ASIDS = 256 };

/*
 * Translations, or pointers to tables. @side: NULL if there is none.
 * @by_asid: entries by the low bits of their ASID; @fractured: there may be
 * one that is smaller than its leaf of stage 1.
 */
struct smmuv3_hw_tlb {
	struct smmuv3_hw_tlb_entry *entry; /* (c) */
	unsigned int lg2;                  /* (c) */
	/* Bit n: entries of 1 << n bytes may be there. [0] by ASID, [1] all. */
	_Atomic uint64_t sizes[2];       /* (a) */
	struct smmuv3_hw_tlb_side *side; /* (c) */
	unsigned int victim;             /* (l) */
	unsigned int count;              /* (l) */
	bool fractured;                  /* (l) */
	unsigned int by_asid[TLB_ASIDS]; /* (l) */
};

enum {
	CTX_LG2 = 10,
	STE_LG2 = 8,
	L1STD_LG2 = 6,
	CD_LG2 = 11,
	L1CD_LG2 = 10,
	WALKS_LG2 = 10,
};

/* What the configuration caches keep of an STE and a CD. */
enum { CFG_WORDS = 4 };

enum smmuv3_hw_stall_state {
	STALL_FREE,
	STALL_UNRECORDED, /* the event queue did not take it */
	STALL_DUPLICATE,  /* like the one with STAG @first */
	STALL_RECORDED,   /* software knows its STAG */
	STALL_GOES_ON,    /* the bus is to be told how */
};

enum {
	STALL_LG2 = 6,
	SMMUV3_HW_STALLS = 1 << STALL_LG2,
};

/* A stalled transaction, (l). */
struct smmuv3_hw_stall {
	enum smmuv3_hw_stall_state state;
	enum hw_resume how;
	uint16_t stag; /* also of the last one, if free */
	uint16_t first;
	struct smmuv3_hw_req req;
	uint64_t cookie;
};

struct smmuv3_hw {
	struct iommu_hw hw;
	struct hw_env env;        /* (c) */
	struct hw_bus bus;        /* (c) all zero: none */
	bool has_bus;             /* (c) */
	struct smmuv3_hw_cfg cfg; /* (c) */
	unsigned int oas_lg2;     /* (c) */
	bool perms_ovr;           /* (c) */
	struct smmuv3_hw_tlb tlb;
	struct smmuv3_hw_tlb walks; /* partial ones; under the lock */

	/* Apart from what the hit path reads. */
	_Alignas(64) struct hw_lock lock;

	uint64_t reg[R_COUNT];      /* (l) */
	uint64_t writable[R_COUNT]; /* (c) bits software may write */

	struct {
		bool running;   /* a thread is in the command queue */
		uint32_t epoch; /* of reset */
		unsigned int atc_pending;
		bool atc_failed;
		bool undrained; /* invalidated, ports not yet waited for */
	} cmd;                  /* (l) */

	struct hw_ports ports;       /* (l) */
	struct iommu_hw_stats stats; /* (l) */

	struct smmuv3_hw_stall stall[SMMUV3_HW_STALLS]; /* (l) */

	/* The last event record written, and PROD after it. */
	struct {
		struct smmu_evt last;
		uint32_t prod;
		bool written;
	} evtq; /* (l) */

	bool sfm; /* (l) Service Failure Mode */

	struct smmuv3_hw_cache ste_cache, l1std_cache, cd_cache, l1cd_cache;
	uint64_t ste[1 << STE_LG2][CFG_WORDS]; /* (l) */
	uint64_t l1std[1 << L1STD_LG2];        /* (l) */
	uint64_t cd[1 << CD_LG2][CFG_WORDS];   /* (l) */
	uint64_t l1cd[1 << L1CD_LG2];          /* (l) */
	uint64_t ste_key[1 << STE_LG2];        /* (l) */
	uint64_t l1std_key[1 << L1STD_LG2];    /* (l) */
	uint64_t cd_key[1 << CD_LG2];          /* (l) */
	uint64_t l1cd_key[1 << L1CD_LG2];      /* (l) */

	struct smmuv3_hw_ctx_entry ctx[1 << CTX_LG2]; /* (a) */
	struct smmuv3_hw_ctx ctx_full[1 << CTX_LG2];  /* (l) */
	unsigned int ctx_victim;                      /* (l) */

	/* Entries of tlb, then of walks, then the side of tlb. */
	_Alignas(64) struct smmuv3_hw_tlb_entry room[];
};

static inline struct smmuv3_hw *smmuv3_hw_of(struct iommu_hw *hw)
{
	return container_of(hw, struct smmuv3_hw, hw);
}

#define IDR(m, n, f) REG_GET(SMMU_IDR##n##_##f, (m)->cfg.idr[n])

static inline bool smmuv3_hw_cr0(const struct smmuv3_hw *m, unsigned int bit)
{
	return m->reg[R_CR0] >> bit & 1;
}

static inline void smmuv3_hw_lock(struct smmuv3_hw *m)
{
	m->env.lock(m->env.ctx, &m->lock);
}

static inline void smmuv3_hw_unlock(struct smmuv3_hw *m)
{
	m->env.unlock(m->env.ctx, &m->lock);
}

/* No bits beyond the output address size. */
static inline uint64_t smmuv3_hw_oas(const struct smmuv3_hw *m, uint64_t addr)
{
	return addr & (BIT(m->oas_lg2) - 1);
}

static inline bool smmuv3_hw_strict(const struct smmuv3_hw *m)
{
	return m->cfg.personality == HW_STRICT;
}

void smmuv3_hw_log(struct smmuv3_hw *m, enum hw_log_level level,
		   const char *fmt, ...) SVA_PRINTF(3, 4);

#endif
