/* SPDX-License-Identifier: MIT */
/*
 * Tables of both modes and both stages for the model of vtd_fixture.h, and
 * what invalidates them; with bit numbers of their own, too.
 */
#ifndef TESTS_MODELS_VTD_TABLES_H
#define TESTS_MODELS_VTD_TABLES_H

#include "tests/models/vtd_fixture.h"

enum {
	VT_SID = 0x0123, /* bus 1, device 4: the lower table */
	VT_SID_UPPER = 0x01a3,
	VT_DID = 7,
	VT_PASID = 0x1234,
};

/* TTM */
enum {
	VT_LEGACY = 0,
	VT_SCALABLE = 1,
	VT_RESERVED = 2,
	VT_ABORT = 3,
};

/* Capabilities */
#define VT_CAP_PLMR    (UINT64_C(1) << 5)
#define VT_CAP_FS1GP   (UINT64_C(1) << 56)
#define VT_CAP_FS5LP   (UINT64_C(1) << 60)
#define VT_CAP_MGAW(n) (((uint64_t)(n)-1) << 16)
#define VT_ECAP_DT     (UINT64_C(1) << 2)
#define VT_ECAP_PT     (UINT64_C(1) << 6)
#define VT_ECAP_SC     (UINT64_C(1) << 7)
#define VT_ECAP_NEST   (UINT64_C(1) << 26)
#define VT_ECAP_PRS    (UINT64_C(1) << 29)
#define VT_ECAP_ERS    (UINT64_C(1) << 30)
#define VT_ECAP_SRS    (UINT64_C(1) << 31)
#define VT_ECAP_EAFS   (UINT64_C(1) << 34)
#define VT_ECAP_PASID  (UINT64_C(1) << 40)
#define VT_ECAP_SMTS   (UINT64_C(1) << 43)
#define VT_ECAP_SSADS  (UINT64_C(1) << 45)
#define VT_ECAP_SSTS   (UINT64_C(1) << 46)
#define VT_ECAP_FSTS   (UINT64_C(1) << 47)
#define VT_ECAP_SMPWCS (UINT64_C(1) << 48)
#define VT_ECAP_RPS    (UINT64_C(1) << 49)
#define VT_ECAP_ADMS   (UINT64_C(1) << 52)
#define VT_ECAP_RPRIVS (UINT64_C(1) << 53)

/* Present, in tables of all kinds; fault processing disabled */
#define VT_P   UINT64_C(1)
#define VT_FPD UINT64_C(2)

/* Legacy context: word 0, word 1 */
#define CE_TT(n)   ((uint64_t)(n) << 2)
#define CE1_AW(n)  ((uint64_t)(n))
#define CE1_DID(n) ((uint64_t)(n) << 8)

/* Scalable context: word 0, word 1 */
#define SM_DTE           (UINT64_C(1) << 2)
#define SM_PASIDE        (UINT64_C(1) << 3)
#define SM_PRE           (UINT64_C(1) << 4)
#define SM_PDTS(n)       ((uint64_t)(n) << 9)
#define SM1_RID_PASID(n) ((uint64_t)(n))
#define SM1_RID_PRIV     (UINT64_C(1) << 20)

/* PASID entry: words 0, 1, 2 */
#define PE_AW(n)   ((uint64_t)(n) << 2)
#define PE_PGTT(n) ((uint64_t)(n) << 6)
#define PE_FS      PE_PGTT(1)
#define PE_SS      PE_PGTT(2)
#define PE_NESTED  PE_PGTT(3)
#define PE_PT      PE_PGTT(4)
#define PE_SSADE   (UINT64_C(1) << 9)
#define PE1_PWSNP  (UINT64_C(1) << 23)
#define PE1_PGSNP  (UINT64_C(1) << 24)
#define PE2_SRE    (UINT64_C(1) << 0)
#define PE2_ERE    (UINT64_C(1) << 1)
#define PE2_5LEVEL (UINT64_C(1) << 2)
#define PE2_WPE    (UINT64_C(1) << 4)
#define PE2_NXE    (UINT64_C(1) << 5)
#define PE2_SMEP   (UINT64_C(1) << 6)
#define PE2_EAFE   (UINT64_C(1) << 7)

/* First stage */
#define FS_P     UINT64_C(1)
#define FS_RW    (UINT64_C(1) << 1)
#define FS_US    (UINT64_C(1) << 2)
#define FS_A     (UINT64_C(1) << 5)
#define FS_D     (UINT64_C(1) << 6)
#define FS_PS    (UINT64_C(1) << 7)
#define FS_EA    (UINT64_C(1) << 10)
#define FS_XD    (UINT64_C(1) << 63)
#define FS_TABLE (FS_P | FS_RW | FS_US)
#define FS_PAGE  (FS_P | FS_RW | FS_US)

/* Second stage */
#define SS_R   UINT64_C(1)
#define SS_W   (UINT64_C(1) << 1)
#define SS_PS  (UINT64_C(1) << 7)
#define SS_A   (UINT64_C(1) << 8)
#define SS_D   (UINT64_C(1) << 9)
#define SS_SNP (UINT64_C(1) << 11)
#define SS_TM  (UINT64_C(1) << 62)
#define SS_RW  (SS_R | SS_W)

/* Granularities */
enum {
	CC_GLOBAL = 1,
	CC_DOMAIN = 2,
	CC_DEVICE = 3,
	PC_DOMAIN = 0,
	PC_PASID = 1,
	PC_GLOBAL = 3,
	IOTLB_GLOBAL = 1,
	IOTLB_DOMAIN = 2,
	IOTLB_PAGE = 3,
	PIOTLB_PASID = 2,
	PIOTLB_PAGE = 3,
};

/* vx_start() with a root table of either mode. */
void vt_start(struct vx *vx, const struct vtd_hw_cfg *cfg, unsigned int ttm);
/* RTADDR, latched. */
void vt_set_root(struct vx *vx, uint64_t rtaddr);
void vt_enable(struct vx *vx, bool on);

/* A descriptor, and a wait, which is over when these return. */
void vt_inv(struct vx *vx, uint64_t dw0, uint64_t dw1);
void vt_inv_context(struct vx *vx, unsigned int g, unsigned int did,
		    unsigned int sid, unsigned int fm);
void vt_inv_pasid(struct vx *vx, unsigned int g, unsigned int did,
		  uint32_t pasid);
void vt_inv_iotlb(struct vx *vx, unsigned int g, unsigned int did,
		  uint64_t addr, unsigned int am, bool ih);
void vt_inv_piotlb(struct vx *vx, unsigned int g, unsigned int did,
		   uint32_t pasid, uint64_t addr, unsigned int am, bool ih);
/* All of it. */
void vt_forget(struct vx *vx);

/* Addresses of entries; the tables that lead there are made when missing. */
uint64_t vt_context_at(struct vx *vx, unsigned int sid);
uint64_t vt_sm_context_at(struct vx *vx, unsigned int sid);
uint64_t vt_pasid_at(struct vx *vx, unsigned int sid, uint32_t pasid);
uint64_t vt_dir_at(struct vx *vx, unsigned int sid, uint32_t pasid);

/* Stores the words, the first one last. No invalidation. */
void vt_context(struct vx *vx, unsigned int sid, uint64_t dw0, uint64_t dw1);
/* Its directory is kept, or made. */
void vt_sm_context(struct vx *vx, unsigned int sid, uint64_t dw0, uint64_t dw1);
void vt_pasid(struct vx *vx, unsigned int sid, uint32_t pasid, uint64_t dw0,
	      uint64_t dw1, uint64_t dw2);

/*
 * An empty table; an entry at a level of a tree, with the tables that lead
 * there made of @table bits. Where it is.
 */
uint64_t vt_table(struct vx *vx);
uint64_t vt_map(struct vx *vx, uint64_t root, unsigned int levels, uint64_t va,
		uint64_t entry, unsigned int level, uint64_t table);

/* VT_SID, PASID 0 and VT_PASID with one tree; its root. SS: AW 2. */
uint64_t vt_first(struct vx *vx, uint64_t dw2);
uint64_t vt_second(struct vx *vx, uint64_t dw0);

/* One access, over when it returns. pasid 0: without. */
int vt_access(struct vx *vx, unsigned int sid, uint32_t pasid, uint64_t addr,
	      unsigned int perm, struct hw_xlat *ret_xlat);
/* A fault with this reason, and nothing more; the record. */
void vt_expect(struct vx *vx, unsigned int sid, uint32_t pasid, uint64_t addr,
	       unsigned int perm, unsigned int reason, uint64_t rec[2]);
/* No fault; what it is translated to. */
uint64_t vt_pa(struct vx *vx, unsigned int sid, uint32_t pasid, uint64_t addr,
	       unsigned int perm);

#endif
