/* SPDX-License-Identifier: MIT */
/*
 * A VT-d model over an array of memory, and the software side of it: queues
 * and tables, written with bit numbers of its own so that a wrong one in fmt/
 * does not cancel out.
 */
#ifndef TESTS_MODELS_VTD_FIXTURE_H
#define TESTS_MODELS_VTD_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/vtd_hw.h>

enum {
	VX_MEM_SIZE = 48 << 20,
	VX_IQ_BYTES = 4096, /* 128 descriptors of 256 bits */
	VX_PQ_BYTES = 4096, /* 128 requests */
	VX_LOG_MAX = 64,
	VX_SID = 0x0321,
	VX_UNIT_SID = 0xf0f8,
};

/* Register offsets, typed again. */
enum {
	VX_VER = 0x00,
	VX_CAP = 0x08,
	VX_ECAP = 0x10,
	VX_GCMD = 0x18,
	VX_GSTS = 0x1c,
	VX_RTADDR = 0x20,
	VX_CCMD = 0x28,
	VX_FSTS = 0x34,
	VX_FECTL = 0x38,
	VX_FEDATA = 0x3c,
	VX_FEADDR = 0x40,
	VX_FEUADDR = 0x44,
	VX_PMEN = 0x64,
	VX_PLMBASE = 0x68,
	VX_PLMLIMIT = 0x6c,
	VX_PHMBASE = 0x70,
	VX_PHMLIMIT = 0x78,
	VX_IQH = 0x80,
	VX_IQT = 0x88,
	VX_IQA = 0x90,
	VX_ICS = 0x9c,
	VX_IECTL = 0xa0,
	VX_IEDATA = 0xa4,
	VX_IEADDR = 0xa8,
	VX_IEUADDR = 0xac,
	VX_IQERCD = 0xb0,
	VX_IRTA = 0xb8,
	VX_PQH = 0xc0,
	VX_PQT = 0xc8,
	VX_PQA = 0xd0,
	VX_PRS = 0xdc,
	VX_PECTL = 0xe0,
	VX_PEDATA = 0xe4,
	VX_PEADDR = 0xe8,
	VX_PEUADDR = 0xec,
	VX_IVA = 0x500, /* of the default unit, as the next two */
	VX_IOTLB = 0x508,
	VX_FRCD = 0x600,
};

/* GCMD and GSTS. */
#define VX_TE    (UINT32_C(1) << 31)
#define VX_SRTP  (UINT32_C(1) << 30)
#define VX_WBF   (UINT32_C(1) << 27)
#define VX_QIE   (UINT32_C(1) << 26)
#define VX_IRE   (UINT32_C(1) << 25)
#define VX_SIRTP (UINT32_C(1) << 24)
#define VX_CFI   (UINT32_C(1) << 23)

#define VX_SCALABLE (UINT64_C(1) << 10) /* RTADDR.TTM */
#define VX_IQA_DW   (UINT64_C(1) << 11)

/* FSTS, and the control register of an event. */
enum {
	VX_PFO = 1 << 0,
	VX_PPF = 1 << 1,
	VX_IQE = 1 << 4,
	VX_ICE = 1 << 5,
	VX_ITE = 1 << 6,
};
#define VX_IM (UINT32_C(1) << 31)
#define VX_IP (UINT32_C(1) << 30)

/* Word 0 of a fault record of a unit with an AGAW of 57 bits, and word 1. */
#define VX_FI(addr)  ((addr)&UINT64_C(0x01fffffffffff000))
#define VX_F(dw1)    ((dw1) >> 63 & 1)
#define VX_FR(dw1)   ((unsigned int)((dw1) >> 32 & 0xff))
#define VX_FSID(dw1) ((unsigned int)((dw1)&0xffff))

/* Words 0 of descriptors. */
#define VX_INV_CC_GLOBAL      UINT64_C(0x11)
#define VX_INV_CC_DOMAIN(did) (UINT64_C(0x21) | (uint64_t)(did) << 16)
#define VX_INV_CC_DEVICE(did, sid)                                             \
	(UINT64_C(0x31) | (uint64_t)(did) << 16 | (uint64_t)(sid) << 32)
#define VX_INV_PC_DOMAIN(did) (UINT64_C(0x07) | (uint64_t)(did) << 16)
#define VX_INV_PC_PASID(did, pasid)                                            \
	(UINT64_C(0x17) | (uint64_t)(did) << 16 | (uint64_t)(pasid) << 32)
#define VX_INV_PC_GLOBAL         UINT64_C(0x37)
#define VX_INV_IOTLB_GLOBAL      UINT64_C(0x12)
#define VX_INV_IOTLB_DOMAIN(did) (UINT64_C(0x22) | (uint64_t)(did) << 16)
#define VX_INV_IOTLB_PAGE(did)   (UINT64_C(0x32) | (uint64_t)(did) << 16)
#define VX_INV_PIOTLB(did, pasid)                                              \
	(UINT64_C(0x26) | (uint64_t)(did) << 16 | (uint64_t)(pasid) << 32)
#define VX_INV_PIOTLB_PAGE(did, pasid)                                         \
	(UINT64_C(0x36) | (uint64_t)(did) << 16 | (uint64_t)(pasid) << 32)
#define VX_INV_DEVTLB(sid) (UINT64_C(0x03) | (uint64_t)(sid) << 32)
#define VX_INV_PDEVTLB(sid, pasid)                                             \
	(UINT64_C(0x08) | (uint64_t)(sid) << 16 | (uint64_t)(pasid) << 32)
#define VX_INV_IEC_GLOBAL UINT64_C(0x04)
#define VX_INV_IEC(index, mask)                                                \
	(UINT64_C(0x14) | (uint64_t)(index) << 32 | (uint64_t)(mask) << 27)
#define VX_INV_WAIT         UINT64_C(0x05)
#define VX_INV_WAIT_IF      (UINT64_C(1) << 4)
#define VX_INV_WAIT_SW      (UINT64_C(1) << 5)
#define VX_INV_WAIT_FN      (UINT64_C(1) << 6)
#define VX_INV_WAIT_PD      (UINT64_C(1) << 7)
#define VX_INV_WAIT_DATA(d) ((uint64_t)(d) << 32)
#define VX_INV_PGRESP(sid, pasid, code)                                        \
	(UINT64_C(0x19) | (uint64_t)(sid) << 16 | (uint64_t)(pasid) << 32 |    \
	 (uint64_t)(code) << 12)
/* Word 1: log2 of pages, leaf entries only, PRGI. */
#define VX_INV1_AM(n)   ((uint64_t)(n))
#define VX_INV1_IH      (UINT64_C(1) << 6)
#define VX_INV1_PRGI(n) ((uint64_t)(n) << 3)

struct vx_msi {
	uint32_t requester;
	uint64_t addr;
	uint32_t data;
};

struct vx {
	struct vtd_hw_cfg cfg;
	struct iommu_hw *hw;
	void *state;
	struct hw_port port;
	bool no_bus;

	void *mem;
	_Atomic uint64_t *words; /* mem, from address 0 on */
	_Atomic uint64_t bump;
	uint64_t abort_first, abort_last; /* external abort, inclusive */
	void (*on_cas)(struct vx *vx, uint64_t pa);
	void (*on_load)(struct vx *vx, uint64_t pa); /* before a 64-bit load */
	_Atomic uint64_t clock_step; /* added to the time at every look */
	_Atomic uint64_t clock;
	char log[128]; /* the last message */

	struct vx_msi msi[VX_LOG_MAX];
	unsigned int msi_count;
	int msi_ret;
	/* Device TLBs. */
	struct hw_ats_inv inv[VX_LOG_MAX];
	uint64_t cookie[VX_LOG_MAX];
	unsigned int inv_count;
	int inv_ret;
	void (*on_inv)(struct vx *vx);
	struct hw_prg_response resp[VX_LOG_MAX];
	unsigned int resp_count;
	void (*on_resp)(struct vx *vx);  /* no lock is held */
	void (*on_relax)(struct vx *vx); /* while somebody waits, no lock */

	uint64_t root, iq, pq, irt;
	uint64_t status; /* what wait descriptors of vx_sync() write to */
	uint32_t sync_data;
};

/* Memory, model, nothing enabled. cfg NULL: the default. */
void vx_init(struct vx *vx, const struct vtd_hw_cfg *cfg);
void vx_fini(struct vx *vx);
/* Another model of the same configuration in its place; memory stays. */
void vx_replace(struct vx *vx);
/* What it is made with. */
void vx_env(struct vx *vx, struct hw_env *ret_env, struct hw_bus *ret_bus);
/* The same, with queues, an empty scalable root table, translation on. */
void vx_start(struct vx *vx, const struct vtd_hw_cfg *cfg);
/* What of that software does to a unit; @rtaddr: whole register. */
void vx_enable(struct vx *vx, uint64_t rtaddr);
/* One command on top of what is on, as software writes it. */
void vx_gcmd(struct vx *vx, uint32_t bit);

uint64_t vx_alloc(struct vx *vx, uint64_t size, uint64_t align);
uint64_t vx_get(struct vx *vx, uint64_t pa);
void vx_put(struct vx *vx, uint64_t pa, uint64_t value);

uint32_t vx_r32(struct vx *vx, uint64_t offset);
uint64_t vx_r64(struct vx *vx, uint64_t offset);
void vx_w32(struct vx *vx, uint64_t offset, uint32_t value);
void vx_w64(struct vx *vx, uint64_t offset, uint64_t value);

/* A descriptor at the tail, of the queue's width; submitted. */
void vx_inv(struct vx *vx, uint64_t dw0, uint64_t dw1);
void vx_inv4(struct vx *vx, const uint64_t dw[4]);
/* Written, not submitted: the new tail. */
uint64_t vx_queue(struct vx *vx, const uint64_t dw[4]);
/* A wait descriptor with a status write; true: it is complete. */
bool vx_sync(struct vx *vx);
bool vx_iq_idle(struct vx *vx);

/* Fault record @i; and the one at FSTS.FRI, acknowledged. False: none. */
void vx_frcd(struct vx *vx, unsigned int i, uint64_t rec[2]);
bool vx_fault(struct vx *vx, uint64_t rec[2]);
/* The oldest page request, consumed. False: none. */
bool vx_prd(struct vx *vx, uint64_t prd[4]);

/*
 * Tables. A scalable context entry of @sid; its table and the root entry are
 * made as needed. The second gives @sid a directory of @pdts and enables all
 * there is (DTE, PASIDE, PRE). The third stores a PASID entry, P last, into
 * the directory of @sid. No invalidation.
 */
uint64_t vx_context_pa(struct vx *vx, uint16_t sid);
void vx_context(struct vx *vx, uint16_t sid, uint64_t dw0, uint64_t dw1);
void vx_device(struct vx *vx, uint16_t sid, unsigned int pdts);
uint64_t vx_pasid_pa(struct vx *vx, uint16_t sid, uint32_t pasid);
void vx_pasid(struct vx *vx, uint16_t sid, uint32_t pasid,
	      const uint64_t dw[8]);

/* One access, over when it returns. */
int vx_access(struct vx *vx, uint16_t sid, uint64_t addr, unsigned int perm,
	      struct hw_xlat *ret_xlat);
int vx_access_pasid(struct vx *vx, uint16_t sid, uint32_t pasid, uint64_t addr,
		    unsigned int perm, struct hw_xlat *ret_xlat);
void vx_page_request(struct vx *vx, uint16_t sid, uint32_t pasid, uint64_t addr,
		     unsigned int perm, uint16_t prgi, bool last);
struct iommu_hw_stats vx_stats(struct vx *vx);

#endif
