/* SPDX-License-Identifier: MIT */
/*
 * An SMMUv3 model over an array of memory, and the software side of it: queue
 * handling and table building, written with bit numbers of its own so that a
 * wrong one in fmt/ does not cancel out.
 */
#ifndef TESTS_MODELS_SMMUV3_FIXTURE_H
#define TESTS_MODELS_SMMUV3_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/smmuv3_hw.h>

enum {
	FX_MEM_SIZE = 48 << 20,
	FX_STREAMS_LG2 = 8,
	FX_CMDQ_LG2 = 6,
	FX_EVTQ_LG2 = 4,
	FX_PRIQ_LG2 = 3,
	FX_LOG_MAX = 64,
	FX_SID = 0x21,
	FX_SMMU_SID = 0x7777,
};

/* Register offsets, typed again. */
enum {
	FX_CR0 = 0x20,
	FX_CR0ACK = 0x24,
	FX_CR1 = 0x28,
	FX_CR2 = 0x2c,
	FX_GBPA = 0x44,
	FX_IRQ_CTRL = 0x50,
	FX_IRQ_CTRLACK = 0x54,
	FX_GERROR = 0x60,
	FX_GERRORN = 0x64,
	FX_STRTAB_BASE = 0x80,
	FX_STRTAB_BASE_CFG = 0x88,
	FX_CMDQ_BASE = 0x90,
	FX_CMDQ_PROD = 0x98,
	FX_CMDQ_CONS = 0x9c,
	FX_EVENTQ_BASE = 0xa0,
	FX_EVENTQ_IRQ_CFG0 = 0xb0,
	FX_EVENTQ_IRQ_CFG1 = 0xb8,
	FX_EVENTQ_PROD = 0x100a8,
	FX_EVENTQ_CONS = 0x100ac,
	FX_PRIQ_BASE = 0xc0,
	FX_PRIQ_IRQ_CFG2 = 0xdc,
	FX_PRIQ_PROD = 0x100c8,
	FX_PRIQ_CONS = 0x100cc,

	FX_CR0_SMMUEN = 1 << 0,
	FX_CR0_PRIQEN = 1 << 1,
	FX_CR0_EVENTQEN = 1 << 2,
	FX_CR0_CMDQEN = 1 << 3,
	FX_CR0_ATSCHK = 1 << 4,
	FX_CR0_ALL = 0x1f,
};

/* Descriptor bits. */
#define PTE_VALID UINT64_C(1)
#define PTE_PAGE  UINT64_C(3)
#define PTE_USER  (UINT64_C(1) << 6)
#define PTE_RO    (UINT64_C(1) << 7)
#define PTE_AF    (UINT64_C(1) << 10)
#define PTE_NG    (UINT64_C(1) << 11)
#define PTE_DBM   (UINT64_C(1) << 51)
#define PTE_CONT  (UINT64_C(1) << 52)
#define PTE_PXN   (UINT64_C(1) << 53)
#define PTE_UXN   (UINT64_C(1) << 54)
/* What user memory of a process has. */
#define PTE_RW    (PTE_PAGE | PTE_USER | PTE_AF | PTE_NG)

/* CD word 0. */
#define CD_V       (UINT64_C(1) << 31)
#define CD_EPD0    (UINT64_C(1) << 14)
#define CD_EPD1    (UINT64_C(1) << 30)
#define CD_AA64    (UINT64_C(1) << 41)
#define CD_HD      (UINT64_C(1) << 42)
#define CD_HA      (UINT64_C(1) << 43)
#define CD_S       (UINT64_C(1) << 44)
#define CD_R       (UINT64_C(1) << 45)
#define CD_A       (UINT64_C(1) << 46)
#define CD_ASET    (UINT64_C(1) << 47)
#define CD_ASID(n) ((uint64_t)(n) << 48)
#define CD_IPS_48  (UINT64_C(5) << 32)
/* A usual one: T0SZ 16, 4 KiB, TTB0 only, records faults. */
#define CD_BASIC                                                               \
	(16 | CD_EPD1 | CD_V | CD_IPS_48 | CD_AA64 | CD_R | CD_A | CD_ASET)

/* STE words. */
#define STE_V           UINT64_C(1)
#define STE_S1          (UINT64_C(5) << 1)
#define STE_BYPASS      (UINT64_C(4) << 1)
#define STE_FMT(n)      ((uint64_t)(n) << 4)
#define STE_CDMAX(n)    ((uint64_t)(n) << 59)
#define STE1_S1DSS(n)   ((uint64_t)(n))
#define STE1_PPAR       (UINT64_C(1) << 18)
#define STE1_S1STALLD   (UINT64_C(1) << 27)
#define STE1_EATS       (UINT64_C(1) << 28)
#define STE1_PRIVCFG(n) ((uint64_t)(n) << 48)

/* Commands. */
#define CMD_CFGI_STE(sid) (UINT64_C(0x03) | (uint64_t)(sid) << 32)
#define CMD_CFGI_ALL      UINT64_C(0x04)
#define CMD_CFGI_CD(sid, ssid)                                                 \
	(UINT64_C(0x05) | (uint64_t)(ssid) << 12 | (uint64_t)(sid) << 32)
#define CMD_CFGI_CD_ALL(sid)   (UINT64_C(0x06) | (uint64_t)(sid) << 32)
#define CMD_TLBI_NH_ALL        UINT64_C(0x10)
#define CMD_TLBI_NH_ASID(asid) (UINT64_C(0x11) | (uint64_t)(asid) << 48)
#define CMD_TLBI_NH_VA(asid)   (UINT64_C(0x12) | (uint64_t)(asid) << 48)
#define CMD_TLBI_NH_VAA        UINT64_C(0x13)
#define CMD_TLBI_NSNH_ALL      UINT64_C(0x30)
#define CMD_ATC_INV(sid)       (UINT64_C(0x40) | (uint64_t)(sid) << 32)
#define CMD_PRI_RESP(sid)      (UINT64_C(0x41) | (uint64_t)(sid) << 32)
#define CMD_RESUME(sid)        (UINT64_C(0x44) | (uint64_t)(sid) << 32)
#define CMD_RESUME_RETRY       (UINT64_C(1) << 12)
#define CMD_RESUME_ABORT       (UINT64_C(1) << 13)
#define CMD_STALL_TERM(sid)    (UINT64_C(0x45) | (uint64_t)(sid) << 32)
#define CMD_SYNC               UINT64_C(0x46)

struct fx_msi {
	uint32_t requester;
	uint64_t addr;
	uint32_t data;
};

/* What became of a stalled transaction. */
struct fx_resume {
	uint64_t cookie;
	bool retry;
	enum hw_resume how;
};

struct fx {
	struct smmuv3_hw_cfg cfg;
	struct iommu_hw *hw;
	void *state;
	struct hw_port port;

	void *mem;
	_Atomic uint64_t *words; /* mem, from address 0 on */
	_Atomic uint64_t bump;
	uint64_t alias; /* the same memory is here, too, if not 0 */
	uint64_t abort_first, abort_last; /* external abort, inclusive */
	void (*on_cas)(struct fx *fx, uint64_t pa);
	_Atomic uint64_t clock_step; /* added to the time at every look */
	_Atomic uint64_t clock;
	char log[128]; /* the last message */

	struct fx_msi msi[FX_LOG_MAX];
	unsigned int msi_count;
	unsigned int wires[SMMUV3_HW_WIRE_COUNT];
	struct hw_ats_inv inv[FX_LOG_MAX];
	unsigned int inv_count;
	uint64_t inv_cookie;
	int inv_ret;
	void (*on_inv)(struct fx *fx);
	struct hw_prg_response resp[FX_LOG_MAX];
	unsigned int resp_count;
	struct fx_resume resume[FX_LOG_MAX];
	unsigned int resume_count;
	void (*on_resume)(struct fx *fx, uint64_t cookie, bool retry);
	int msi_ret;
	void (*on_relax)(struct fx *fx); /* while somebody waits, no lock */

	uint64_t strtab, cmdq, evtq, priq;
	uint32_t cmd_prod;
};

/* Memory, model, nothing enabled. cfg NULL: the default. */
void fx_init(struct fx *fx, const struct smmuv3_hw_cfg *cfg);
void fx_fini(struct fx *fx);
/* Another model of the same configuration in its place; memory stays. */
void fx_replace(struct fx *fx);
/* The same with queues and a linear stream table, everything on. */
void fx_start(struct fx *fx, const struct smmuv3_hw_cfg *cfg);
void fx_enable(struct fx *fx);

uint64_t fx_alloc(struct fx *fx, uint64_t size, uint64_t align);
/* Where in mem a physical address is; UINT64_MAX: nowhere. */
uint64_t fx_offset(const struct fx *fx, uint64_t pa, size_t len);
uint64_t fx_get(struct fx *fx, uint64_t pa);
void fx_put(struct fx *fx, uint64_t pa, uint64_t value);

uint32_t fx_r32(struct fx *fx, uint64_t offset);
uint64_t fx_r64(struct fx *fx, uint64_t offset);
void fx_w32(struct fx *fx, uint64_t offset, uint32_t value);
void fx_w64(struct fx *fx, uint64_t offset, uint64_t value);

/* A command, submitted; the index its consumption reaches. */
void fx_cmd(struct fx *fx, uint64_t dw0, uint64_t dw1);
void fx_sync(struct fx *fx);
bool fx_cmdq_idle(struct fx *fx);

/* The oldest record, if any. */
bool fx_evt(struct fx *fx, uint64_t rec[4]);
bool fx_pri(struct fx *fx, uint64_t rec[2]);

/* Stores the words, V last. No invalidation. */
void fx_ste(struct fx *fx, uint32_t sid, uint64_t dw0, uint64_t dw1);
void fx_cd(struct fx *fx, uint64_t pa, uint64_t dw0, uint64_t ttb0);

/* An empty table of 512; a page or block of 4K granule into a tree. */
uint64_t fx_table(struct fx *fx);
uint64_t fx_map(struct fx *fx, uint64_t root, uint64_t va, uint64_t pte,
		int level);

/*
 * FX_SID with one CD and a tree, its root returned.
 * @cd: bits or-ed into CD_BASIC.
 */
uint64_t fx_stream(struct fx *fx, uint32_t sid, uint64_t cd);

/* One access, over when it returns. */
int fx_access(struct fx *fx, uint32_t sid, uint64_t addr, unsigned int perm,
	      struct hw_xlat *ret_xlat);
int fx_access_ssid(struct fx *fx, uint32_t sid, uint32_t ssid, uint64_t addr,
		   unsigned int perm, struct hw_xlat *ret_xlat);
struct iommu_hw_stats fx_stats(struct fx *fx);

#endif
