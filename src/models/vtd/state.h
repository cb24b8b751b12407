/* SPDX-License-Identifier: MIT */
/*
 * State of the VT-d model, and the few helpers every part of it uses.
 *
 * Letters on members: (c) constant after create, (l) under the model's lock,
 * (a) atomic.
 *
 * The lock is dropped in the middle of an operation by vtd_hw_drain() and by
 * the delivery of a page group response, and nowhere else. Both happen while
 * registers are written or descriptors executed; m->iq.running keeps a second
 * thread out of the invalidation queue meanwhile.
 */
#ifndef HW_VTD_STATE_H
#define HW_VTD_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/vtd_hw.h>

#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "fmt/vtd_regs.h"
#include "models/port/port.h"

/* Registers that have storage; a pair of halves is one. */
enum vtd_hw_reg {
	R_NONE,
	R_VER,
	R_CAP,
	R_ECAP,
	R_GCMD, /* nothing in it: it reads as 0 */
	R_GSTS,
	R_RTADDR,
	R_CCMD,
	R_FSTS,
	R_FECTL,
	R_FEDATA,
	R_FEADDR,
	R_FEUADDR,
	R_PMEN,
	R_PLMBASE,
	R_PLMLIMIT,
	R_PHMBASE,
	R_PHMLIMIT,
	R_IQH,
	R_IQT,
	R_IQA,
	R_ICS,
	R_IECTL,
	R_IEDATA,
	R_IEADDR,
	R_IEUADDR,
	R_IQERCD,
	R_IRTA,
	R_PQH,
	R_PQT,
	R_PQA,
	R_PRS,
	R_PECTL,
	R_PEDATA,
	R_PEADDR,
	R_PEUADDR,
	R_IVA,
	R_IOTLB,
	R_COUNT,
};

/*
 * What translation reads without the lock, in one word: RTADDR as SRTP latched
 * it (RTA and TTM where they are in the register), and below them these.
 */
enum {
	VTD_HW_ROOT_TE = 1 << 0,  /* GSTS.TES */
	VTD_HW_ROOT_PMR = 1 << 1, /* PMEN.EPM: see vtd_hw_pmr_blocks() */
};

enum {
	VTD_HW_FRCD_MAX = 256, /* CAP.NFR */
	VTD_HW_INFLIGHT = 32,  /* ITags: invalidations devices work on */
	VTD_HW_WAITS = 8,      /* wait descriptors that are not complete */
	VTD_HW_IEC_LG2 = 10,   /* interrupt entry cache */
};

/* A device TLB that has not completed an invalidation, (l). */
struct vtd_hw_inflight {
	bool used;
	uint16_t sid;
	uint16_t gen; /* told apart from earlier uses of the place */
	uint64_t seq;
};

/* A wait descriptor that was fetched and is not complete, (l). */
struct vtd_hw_wait {
	uint64_t seq; /* waits for everything before it */
	uint64_t dw[2];
};

struct vtd_hw_xlat; /* caches and all: translate.h */

struct vtd_hw {
	struct iommu_hw hw;
	struct hw_env env;     /* (c) */
	struct hw_bus bus;     /* (c) all zero: none */
	bool has_bus;          /* (c) */
	struct vtd_hw_cfg cfg; /* (c) */
	uint64_t haw_mask;     /* (c) addresses there can be */
	_Atomic uint64_t root; /* (a) written under the lock, VTD_HW_ROOT_* */
	struct vtd_hw_xlat *xlat; /* (c) */

	/* Apart from what the hit path reads. */
	_Alignas(64) struct hw_lock lock;

	uint64_t reg[R_COUNT];      /* (l) */
	uint64_t writable[R_COUNT]; /* (c) bits software may write */

	uint64_t frcd[VTD_HW_FRCD_MAX][2]; /* (l) */
	unsigned int frcd_next;            /* (l) the next one to record in */

	struct {
		bool on;        /* GCMD.QIE; QIES follows */
		bool running;   /* a thread is in the queue */
		bool undrained; /* invalidated, ports not yet waited for */
		bool timed_out; /* a device TLB; no wait was there to abort */
		uint16_t timed_out_sid;
		uint16_t epoch; /* of reset */
		uint64_t seq;
		unsigned int waits;
		unsigned int answers; /* that devices owe: used in inflight */
		struct vtd_hw_wait wait[VTD_HW_WAITS]; /* oldest first */
		struct vtd_hw_inflight inflight[VTD_HW_INFLIGHT];
	} iq; /* (l) */

	/* Automatic page group responses on their way to a device. */
	unsigned int responding; /* (l) */

	uint64_t irta; /* (l) IRTA as SIRTP latched it */

	struct hw_ports ports;       /* (l) */
	struct iommu_hw_stats stats; /* (l) */

	struct {
		unsigned int victim;
		unsigned int lookups;              /* eager */
		uint32_t key[1 << VTD_HW_IEC_LG2]; /* index + 1; 0: none */
		uint64_t irte[1 << VTD_HW_IEC_LG2][2];
	} iec; /* (l) */

	/* struct vtd_hw_xlat and what it asked for. */
	_Alignas(64) unsigned char room[];
};

static inline struct vtd_hw *vtd_hw_of(struct iommu_hw *hw)
{
	return container_of(hw, struct vtd_hw, hw);
}

#define CAP(m, f)  REG_GET(VTD_CAP_##f, (m)->cfg.cap)
#define ECAP(m, f) REG_GET(VTD_ECAP_##f, (m)->cfg.ecap)

static inline bool vtd_hw_gsts(const struct vtd_hw *m, unsigned int bit)
{
	return m->reg[R_GSTS] >> bit & 1;
}

static inline void vtd_hw_lock(struct vtd_hw *m)
{
	m->env.lock(m->env.ctx, &m->lock);
}

static inline void vtd_hw_unlock(struct vtd_hw *m)
{
	m->env.unlock(m->env.ctx, &m->lock);
}

static inline bool vtd_hw_strict(const struct vtd_hw *m)
{
	return m->cfg.personality == HW_STRICT;
}

/* Table mode of a word of m->root: VTD_RTADDR_TTM_*. */
static inline unsigned int vtd_hw_root_ttm(uint64_t root)
{
	return (unsigned int)REG_GET(VTD_RTADDR_TTM, root);
}

static inline uint64_t vtd_hw_root_base(uint64_t root)
{
	return REG_GET(VTD_RTADDR_RTA, root) << 12;
}

/* As the lock's owner sees it; without the lock load m->root with acquire. */
static inline uint64_t vtd_hw_root(const struct vtd_hw *m)
{
	return atomic_load_explicit(&m->root, memory_order_relaxed);
}

void vtd_hw_log(struct vtd_hw *m, enum hw_log_level level, const char *fmt, ...)
	SVA_PRINTF(3, 4);

#endif
