/* SPDX-License-Identifier: MIT */
/*
 * SMMUv3 registers of the Non-secure programming interface.
 *
 * Offsets, bit numbers and names are those of the Arm SMMU architecture
 * specification, IHI 0070 (issue G.b), chapter 6: offsets in 6.2, fields in
 * 6.3. Registers are 32 bits wide unless their offset says 64.
 *
 * Registers with the same layout share a list; its comment names them all.
 */
#ifndef FMT_SMMUV3_REGS_H
#define FMT_SMMUV3_REGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/field.h"

/* 6.2.1 and 6.2.2, from the base of page 0. */
enum {
	SMMU_IDR0 = 0x0,
	SMMU_IDR1 = 0x4,
	SMMU_IDR2 = 0x8,
	SMMU_IDR3 = 0xc,
	SMMU_IDR4 = 0x10,
	SMMU_IDR5 = 0x14,
	SMMU_IIDR = 0x18,
	SMMU_AIDR = 0x1c,
	SMMU_CR0 = 0x20,
	SMMU_CR0ACK = 0x24,
	SMMU_CR1 = 0x28,
	SMMU_CR2 = 0x2c,
	SMMU_S2PII = 0x30, /* 64 */
	SMMU_STATUSR = 0x40,
	SMMU_GBPA = 0x44,
	SMMU_AGBPA = 0x48,
	SMMU_IRQ_CTRL = 0x50,
	SMMU_IRQ_CTRLACK = 0x54,
	SMMU_GERROR = 0x60,
	SMMU_GERRORN = 0x64,
	SMMU_GERROR_IRQ_CFG0 = 0x68, /* 64 */
	SMMU_GERROR_IRQ_CFG1 = 0x70,
	SMMU_GERROR_IRQ_CFG2 = 0x74,
	SMMU_STRTAB_BASE = 0x80, /* 64 */
	SMMU_STRTAB_BASE_CFG = 0x88,
	SMMU_CMDQ_BASE = 0x90, /* 64 */
	SMMU_CMDQ_PROD = 0x98,
	SMMU_CMDQ_CONS = 0x9c,
	SMMU_EVENTQ_BASE = 0xa0,     /* 64 */
	SMMU_EVENTQ_IRQ_CFG0 = 0xb0, /* 64 */
	SMMU_EVENTQ_IRQ_CFG1 = 0xb8,
	SMMU_EVENTQ_IRQ_CFG2 = 0xbc,
	SMMU_PRIQ_BASE = 0xc0,     /* 64 */
	SMMU_PRIQ_IRQ_CFG0 = 0xd0, /* 64 */
	SMMU_PRIQ_IRQ_CFG1 = 0xd8,
	SMMU_PRIQ_IRQ_CFG2 = 0xdc,
	SMMU_GATOS_CTRL = 0x100,
	SMMU_GATOS_SID = 0x108,  /* 64 */
	SMMU_GATOS_ADDR = 0x110, /* 64 */
	SMMU_GATOS_PAR = 0x118,  /* 64 */
	SMMU_MPAMIDR = 0x130,
	SMMU_GMPAM = 0x138,
	SMMU_GBPMPAM = 0x13c,
	SMMU_VATOS_SEL = 0x180,
	SMMU_IDR6 = 0x190,
	SMMU_DPT_BASE = 0x200, /* 64 */
	SMMU_DPT_BASE_CFG = 0x208,
	SMMU_DPT_CFG_FAR = 0x210, /* 64 */
	SMMU_ID_REGS = 0xfd0,     /* to 0xffc */

	SMMU_PAGE1 = 0x10000,
	SMMU_EVENTQ_PROD = 0x100a8,
	SMMU_EVENTQ_CONS = 0x100ac,
	SMMU_PRIQ_PROD = 0x100c8,
	SMMU_PRIQ_CONS = 0x100cc,

	/* Both pages; the VATOS page, if there is one, comes after. */
	SMMU_REGS_SIZE = 0x20000,

	/* Optional aliases in page 0 of registers of page 1. */
	SMMU_EVENTQ_PROD_ALIAS = 0xa8,
	SMMU_EVENTQ_CONS_ALIAS = 0xac,
	SMMU_PRIQ_PROD_ALIAS = 0xc8,
	SMMU_PRIQ_CONS_ALIAS = 0xcc,
};

/* clang-format off */

/* 6.3.1 */
#define SMMU_IDR0_FIELDS(F, T)						\
	F(T, SMMU_IDR0_S2P,		0, 0, "stage 2")		\
	F(T, SMMU_IDR0_S1P,		1, 1, "stage 1")		\
	F(T, SMMU_IDR0_TTF,		3, 2, "table formats")		\
	F(T, SMMU_IDR0_COHACC,		4, 4, "coherent access")	\
	F(T, SMMU_IDR0_BTM,		5, 5, "broadcast TLB maintenance") \
	F(T, SMMU_IDR0_HTTU,		7, 6, "hardware flag updates")	\
	F(T, SMMU_IDR0_DORMHINT,	8, 8, "dormant hint")		\
	F(T, SMMU_IDR0_HYP,		9, 9, "EL2 stage 1")		\
	F(T, SMMU_IDR0_ATS,		10, 10, "ATS")			\
	F(T, SMMU_IDR0_NS1ATS,		11, 11, "no split-stage ATS")	\
	F(T, SMMU_IDR0_ASID16,		12, 12, "16-bit ASID")		\
	F(T, SMMU_IDR0_MSI,		13, 13, "MSI")			\
	F(T, SMMU_IDR0_SEV,		14, 14, "wake-up events")	\
	F(T, SMMU_IDR0_ATOS,		15, 15, "translation registers") \
	F(T, SMMU_IDR0_PRI,		16, 16, "page requests")	\
	F(T, SMMU_IDR0_VMW,		17, 17, "VMID wildcards")	\
	F(T, SMMU_IDR0_VMID16,		18, 18, "16-bit VMID")		\
	F(T, SMMU_IDR0_CD2L,		19, 19, "2-level CD tables")	\
	F(T, SMMU_IDR0_VATOS,		20, 20, "VATOS page")		\
	F(T, SMMU_IDR0_TTENDIAN,	22, 21, "table endianness")	\
	F(T, SMMU_IDR0_ATSRECERR,	23, 23, "more ATS events")	\
	F(T, SMMU_IDR0_STALL_MODEL,	25, 24, "stall model")		\
	F(T, SMMU_IDR0_TERM_MODEL,	26, 26, "terminate is abort")	\
	F(T, SMMU_IDR0_ST_LEVEL,	28, 27, "stream table levels")	\
	F(T, SMMU_IDR0_RME_IMPL,	30, 30, "RME")

/* 6.3.2 */
#define SMMU_IDR1_FIELDS(F, T)						\
	F(T, SMMU_IDR1_SIDSIZE,		5, 0, "StreamID bits")		\
	F(T, SMMU_IDR1_SSIDSIZE,	10, 6, "SubstreamID bits")	\
	F(T, SMMU_IDR1_PRIQS,		15, 11, "log2 of PRI entries")	\
	F(T, SMMU_IDR1_EVENTQS,		20, 16, "log2 of events")	\
	F(T, SMMU_IDR1_CMDQS,		25, 21, "log2 of commands")	\
	F(T, SMMU_IDR1_ATTR_PERMS_OVR,	26, 26, "permission overrides")	\
	F(T, SMMU_IDR1_ATTR_TYPES_OVR,	27, 27, "memory type overrides") \
	F(T, SMMU_IDR1_REL,		28, 28, "preset bases are relative") \
	F(T, SMMU_IDR1_QUEUES_PRESET,	29, 29, "fixed queue bases")	\
	F(T, SMMU_IDR1_TABLES_PRESET,	30, 30, "fixed table bases")	\
	F(T, SMMU_IDR1_ECMDQ,		31, 31, "enhanced command queues")

/* 6.3.3 */
#define SMMU_IDR2_FIELDS(F, T)						\
	F(T, SMMU_IDR2_BA_VATOS,	9, 0, "VATOS page, 64KB units")

/* 6.3.4 */
#define SMMU_IDR3_FIELDS(F, T)						\
	F(T, SMMU_IDR3_HAD,		2, 2, "HAD bits of the CD")	\
	F(T, SMMU_IDR3_PBHA,		3, 3, "page-based attributes")	\
	F(T, SMMU_IDR3_XNX,		4, 4, "stage 2 XN by privilege") \
	F(T, SMMU_IDR3_PPS,		5, 5, "PASID always on auto-response") \
	F(T, SMMU_IDR3_MPAM,		7, 7, "MPAM")			\
	F(T, SMMU_IDR3_FWB,		8, 8, "stage 2 force write-back") \
	F(T, SMMU_IDR3_STT,		9, 9, "small tables")		\
	F(T, SMMU_IDR3_RIL,		10, 10, "range and level hints") \
	F(T, SMMU_IDR3_BBML,		12, 11, "break-before-make level") \
	F(T, SMMU_IDR3_E0PD,		13, 13, "E0PD")			\
	F(T, SMMU_IDR3_PTWNNC,		14, 14, "Device walks are Normal-NC") \
	F(T, SMMU_IDR3_DPT,		15, 15, "device permission table") \
	F(T, SMMU_IDR3_PASIDTT,		16, 16, "PASID on Translated")	\
	F(T, SMMU_IDR3_EPAN,		17, 17, "enhanced PAN")		\
	F(T, SMMU_IDR3_S1PI,		18, 18, "stage 1 indirection")	\
	F(T, SMMU_IDR3_S2PI,		19, 19, "stage 2 indirection")	\
	F(T, SMMU_IDR3_S2PO,		20, 20, "stage 2 overlays")	\
	F(T, SMMU_IDR3_THE,		21, 21, "translation hardening") \
	F(T, SMMU_IDR3_MTEPERM,		22, 22, "NoTagAccess")		\
	F(T, SMMU_IDR3_AIE,		23, 23, "attribute index extension")

/* 6.3.6 */
#define SMMU_IDR5_FIELDS(F, T)						\
	F(T, SMMU_IDR5_OAS,		2, 0, "output address size")	\
	F(T, SMMU_IDR5_GRAN4K,		4, 4, "4KB granule")		\
	F(T, SMMU_IDR5_GRAN16K,		5, 5, "16KB granule")		\
	F(T, SMMU_IDR5_GRAN64K,		6, 6, "64KB granule")		\
	F(T, SMMU_IDR5_DS,		7, 7, "52 bits with 4K and 16K") \
	F(T, SMMU_IDR5_D128,		8, 8, "128-bit descriptors")	\
	F(T, SMMU_IDR5_VAX,		11, 10, "virtual address size")	\
	F(T, SMMU_IDR5_STALL_MAX,	31, 16, "stalled at most")

/* 6.3.45 */
#define SMMU_IDR6_FIELDS(F, T)						\
	F(T, SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMQ, 19, 16, "log2 queues") \
	F(T, SMMU_IDR6_CMDQ_CONTROL_PAGE_LOG2NUMP, 27, 24, "log2 pages")

/* 6.3.7 */
#define SMMU_IIDR_FIELDS(F, T)						\
	F(T, SMMU_IIDR_IMPLEMENTER,	11, 0, "JEP106 code")		\
	F(T, SMMU_IIDR_REVISION,	15, 12, "minor revision")	\
	F(T, SMMU_IIDR_VARIANT,		19, 16, "major revision")	\
	F(T, SMMU_IIDR_PRODUCTID,	31, 20, "product")

/* 6.3.8 */
#define SMMU_AIDR_FIELDS(F, T)						\
	F(T, SMMU_AIDR_ARCHMINORREV,	3, 0, "minor architecture revision") \
	F(T, SMMU_AIDR_ARCHMAJORREV,	7, 4, "major architecture revision")

/* 6.3.9, 6.3.10: CR0 and CR0ACK */
#define SMMU_CR0_FIELDS(F, T)						\
	F(T, SMMU_CR0_SMMUEN,		0, 0, "translate")		\
	F(T, SMMU_CR0_PRIQEN,		1, 1, "PRI queue")		\
	F(T, SMMU_CR0_EVENTQEN,		2, 2, "event queue")		\
	F(T, SMMU_CR0_CMDQEN,		3, 3, "command queue")		\
	F(T, SMMU_CR0_ATSCHK,		4, 4, "check Translated traffic") \
	F(T, SMMU_CR0_VMW,		8, 6, "VMID wildcard bits")	\
	F(T, SMMU_CR0_DPT_WALK_EN,	10, 10, "DPT walks")

/* 6.3.11 */
#define SMMU_CR1_FIELDS(F, T)						\
	F(T, SMMU_CR1_QUEUE_IC,		1, 0, "queue inner cacheability") \
	F(T, SMMU_CR1_QUEUE_OC,		3, 2, "queue outer cacheability") \
	F(T, SMMU_CR1_QUEUE_SH,		5, 4, "queue shareability")	\
	F(T, SMMU_CR1_TABLE_IC,		7, 6, "table inner cacheability") \
	F(T, SMMU_CR1_TABLE_OC,		9, 8, "table outer cacheability") \
	F(T, SMMU_CR1_TABLE_SH,		11, 10, "table shareability")

/* 6.3.12 */
#define SMMU_CR2_FIELDS(F, T)						\
	F(T, SMMU_CR2_E2H,		0, 0, "EL2 is EL2-E2H")		\
	F(T, SMMU_CR2_RECINVSID,	1, 1, "record C_BAD_STREAMID")	\
	F(T, SMMU_CR2_PTM,		2, 2, "ignore broadcast TLBI")	\
	F(T, SMMU_CR2_REC_CFG_ATS,	3, 3, "record more ATS events")

/* 6.3.13 */
#define SMMU_STATUSR_FIELDS(F, T)					\
	F(T, SMMU_STATUSR_DORMANT,	0, 0, "no state is cached")

/* 6.3.14 */
#define SMMU_GBPA_FIELDS(F, T)						\
	F(T, SMMU_GBPA_MEMATTR,		3, 0, "memory type")		\
	F(T, SMMU_GBPA_MTCFG,		4, 4, "override memory type")	\
	F(T, SMMU_GBPA_ALLOCCFG,	11, 8, "allocation hints")	\
	F(T, SMMU_GBPA_SHCFG,		13, 12, "shareability")		\
	F(T, SMMU_GBPA_PRIVCFG,		17, 16, "privilege")		\
	F(T, SMMU_GBPA_INSTCFG,		19, 18, "instruction")		\
	F(T, SMMU_GBPA_ABORT,		20, 20, "abort everything")	\
	F(T, SMMU_GBPA_UPDATE,		31, 31, "write in progress")

/* 6.3.16, 6.3.18: IRQ_CTRL and IRQ_CTRLACK */
#define SMMU_IRQ_CTRL_FIELDS(F, T)					\
	F(T, SMMU_IRQ_CTRL_GERROR_IRQEN, 0, 0, "global errors")		\
	F(T, SMMU_IRQ_CTRL_PRIQ_IRQEN,	1, 1, "PRI queue")		\
	F(T, SMMU_IRQ_CTRL_EVENTQ_IRQEN, 2, 2, "event queue")

/* 6.3.19, 6.3.20: GERROR and GERRORN; an error is active while they differ. */
#define SMMU_GERROR_FIELDS(F, T)					\
	F(T, SMMU_GERROR_CMDQ_ERR,	0, 0, "command error")		\
	F(T, SMMU_GERROR_EVENTQ_ABT_ERR, 2, 2, "event write aborted")	\
	F(T, SMMU_GERROR_PRIQ_ABT_ERR,	3, 3, "PRI write aborted")	\
	F(T, SMMU_GERROR_MSI_CMDQ_ABT_ERR, 4, 4, "CMD_SYNC MSI aborted") \
	F(T, SMMU_GERROR_MSI_EVENTQ_ABT_ERR, 5, 5, "event MSI aborted")	\
	F(T, SMMU_GERROR_MSI_PRIQ_ABT_ERR, 6, 6, "PRI MSI aborted")	\
	F(T, SMMU_GERROR_MSI_GERROR_ABT_ERR, 7, 7, "GERROR MSI aborted") \
	F(T, SMMU_GERROR_SFM_ERR,	8, 8, "service failure mode")	\
	F(T, SMMU_GERROR_CMDQP_ERR,	9, 9, "ECMDQ control page error") \
	F(T, SMMU_GERROR_DPT_ERR,	10, 10, "DPT lookup fault")

/* 6.3.21 to 23, 6.3.30 to 32, 6.3.34 to 36: <irq>_IRQ_CFG0 to 2 */
#define SMMU_IRQ_CFG0_FIELDS(F, T)					\
	F(T, SMMU_IRQ_CFG0_ADDR,	55, 2, "MSI address, bits 55:2")
#define SMMU_IRQ_CFG1_FIELDS(F, T)					\
	F(T, SMMU_IRQ_CFG1_DATA,	31, 0, "MSI data")
#define SMMU_IRQ_CFG2_FIELDS(F, T)					\
	F(T, SMMU_IRQ_CFG2_MEMATTR,	3, 0, "MSI memory type")	\
	F(T, SMMU_IRQ_CFG2_SH,		5, 4, "MSI shareability")

/* 6.3.36: what PRIQ_IRQ_CFG2 has beside SMMU_IRQ_CFG2_FIELDS */
#define SMMU_PRIQ_IRQ_CFG2_FIELDS(F, T)					\
	F(T, SMMU_PRIQ_IRQ_CFG2_LO,	31, 31, "interrupt on Last only")

/* 6.3.24 */
#define SMMU_STRTAB_BASE_FIELDS(F, T)					\
	F(T, SMMU_STRTAB_BASE_ADDR,	55, 6, "address, bits 55:6")	\
	F(T, SMMU_STRTAB_BASE_RA,	62, 62, "read-allocate")

/* 6.3.25 */
#define SMMU_STRTAB_BASE_CFG_FIELDS(F, T)				\
	F(T, SMMU_STRTAB_BASE_CFG_LOG2SIZE, 5, 0, "StreamID bits")	\
	F(T, SMMU_STRTAB_BASE_CFG_SPLIT, 10, 6, "StreamID bits of level 2") \
	F(T, SMMU_STRTAB_BASE_CFG_FMT,	17, 16, "linear or 2-level")

/* 6.3.26 */
#define SMMU_CMDQ_BASE_FIELDS(F, T)					\
	F(T, SMMU_CMDQ_BASE_LOG2SIZE,	4, 0, "log2 of commands")	\
	F(T, SMMU_CMDQ_BASE_ADDR,	55, 5, "address, bits 55:5")	\
	F(T, SMMU_CMDQ_BASE_RA,		62, 62, "read-allocate")

/* 6.3.29, 6.3.33: EVENTQ_BASE and PRIQ_BASE */
#define SMMU_EVENTQ_BASE_FIELDS(F, T)					\
	F(T, SMMU_EVENTQ_BASE_LOG2SIZE,	4, 0, "log2 of records")	\
	F(T, SMMU_EVENTQ_BASE_ADDR,	55, 5, "address, bits 55:5")	\
	F(T, SMMU_EVENTQ_BASE_WA,	62, 62, "write-allocate")

#define SMMU_PRIQ_BASE_FIELDS(F, T)					\
	F(T, SMMU_PRIQ_BASE_LOG2SIZE,	4, 0, "log2 of requests")	\
	F(T, SMMU_PRIQ_BASE_ADDR,	55, 5, "address, bits 55:5")	\
	F(T, SMMU_PRIQ_BASE_WA,		62, 62, "write-allocate")

/* 6.3.27, 6.3.28; WR and RD include the wrap bit, see smmu_q_index(). */
#define SMMU_CMDQ_PROD_FIELDS(F, T)					\
	F(T, SMMU_CMDQ_PROD_WR,		19, 0, "write index")
#define SMMU_CMDQ_CONS_FIELDS(F, T)					\
	F(T, SMMU_CMDQ_CONS_RD,		19, 0, "read index")		\
	F(T, SMMU_CMDQ_CONS_ERR,	30, 24, "reason of CMDQ_ERR")

/* 6.3.95 to 6.3.98; the overflow is active while the flags differ. */
#define SMMU_EVENTQ_PROD_FIELDS(F, T)					\
	F(T, SMMU_EVENTQ_PROD_WR,	19, 0, "write index")		\
	F(T, SMMU_EVENTQ_PROD_OVFLG,	31, 31, "overflow")
#define SMMU_EVENTQ_CONS_FIELDS(F, T)					\
	F(T, SMMU_EVENTQ_CONS_RD,	19, 0, "read index")		\
	F(T, SMMU_EVENTQ_CONS_OVACKFLG,	31, 31, "overflow acknowledged")
#define SMMU_PRIQ_PROD_FIELDS(F, T)					\
	F(T, SMMU_PRIQ_PROD_WR,		19, 0, "write index")		\
	F(T, SMMU_PRIQ_PROD_OVFLG,	31, 31, "overflow")
#define SMMU_PRIQ_CONS_FIELDS(F, T)					\
	F(T, SMMU_PRIQ_CONS_RD,		19, 0, "read index")		\
	F(T, SMMU_PRIQ_CONS_OVACKFLG,	31, 31, "overflow acknowledged")

/* 6.3.37 to 6.3.40; PAR has one layout without and one with FAULT. */
#define SMMU_GATOS_CTRL_FIELDS(F, T)					\
	F(T, SMMU_GATOS_CTRL_RUN,	0, 0, "translate")
#define SMMU_GATOS_SID_FIELDS(F, T)					\
	F(T, SMMU_GATOS_SID_STREAMID,	31, 0, "stream")		\
	F(T, SMMU_GATOS_SID_SUBSTREAMID, 51, 32, "substream")		\
	F(T, SMMU_GATOS_SID_SSID_VALID,	52, 52, "substream is valid")
#define SMMU_GATOS_ADDR_FIELDS(F, T)					\
	F(T, SMMU_GATOS_ADDR_HTTUI,	6, 6, "no flag updates")	\
	F(T, SMMU_GATOS_ADDR_IND,	7, 7, "instruction")		\
	F(T, SMMU_GATOS_ADDR_RNW,	8, 8, "read")			\
	F(T, SMMU_GATOS_ADDR_PNU,	9, 9, "privileged")		\
	F(T, SMMU_GATOS_ADDR_TYPE,	11, 10, "stages")		\
	F(T, SMMU_GATOS_ADDR_ADDR,	63, 12, "address, bits 63:12")
#define SMMU_GATOS_PAR_FIELDS(F, T)					\
	F(T, SMMU_GATOS_PAR_FAULT,	0, 0, "0 in this layout")	\
	F(T, SMMU_GATOS_PAR_SH,		9, 8, "shareability")		\
	F(T, SMMU_GATOS_PAR_SIZE,	11, 11, "ADDR tells the size")	\
	F(T, SMMU_GATOS_PAR_ADDR,	55, 12, "address, bits 55:12")	\
	F(T, SMMU_GATOS_PAR_ATTR,	63, 56, "memory attributes")
#define SMMU_GATOS_PAR_FAULT_FIELDS(F, T)				\
	F(T, SMMU_GATOS_PAR_FAULT_FAULT, 0, 0, "1 in this layout")	\
	F(T, SMMU_GATOS_PAR_FAULT_REASON, 2, 1, "stage and cause")	\
	F(T, SMMU_GATOS_PAR_FAULT_FAULTCODE, 11, 4, "event number")	\
	F(T, SMMU_GATOS_PAR_FAULT_FADDR, 55, 12, "address, bits 55:12")	\
	F(T, SMMU_GATOS_PAR_FAULT_IMPDEF, 63, 60, "implementation defined")

/* 6.3.41 to 6.3.44 */
#define SMMU_MPAMIDR_FIELDS(F, T)					\
	F(T, SMMU_MPAMIDR_PARTID_MAX,	15, 0, "largest PARTID")	\
	F(T, SMMU_MPAMIDR_PMG_MAX,	23, 16, "largest PMG")
#define SMMU_GMPAM_FIELDS(F, T)						\
	F(T, SMMU_GMPAM_SO_PARTID,	15, 0, "PARTID of own accesses") \
	F(T, SMMU_GMPAM_SO_PMG,		23, 16, "PMG of own accesses")	\
	F(T, SMMU_GMPAM_UPDATE,		31, 31, "write in progress")
#define SMMU_GBPMPAM_FIELDS(F, T)					\
	F(T, SMMU_GBPMPAM_GBP_PARTID,	15, 0, "PARTID of bypass")	\
	F(T, SMMU_GBPMPAM_GBP_PMG,	23, 16, "PMG of bypass")	\
	F(T, SMMU_GBPMPAM_UPDATE,	31, 31, "write in progress")
#define SMMU_VATOS_SEL_FIELDS(F, T)					\
	F(T, SMMU_VATOS_SEL_VMID,	15, 0, "VMID of the VATOS page")

/* clang-format on */

FIELD_REGISTER(SMMU_IDR0_FIELDS);
FIELD_REGISTER(SMMU_IDR1_FIELDS);
FIELD_REGISTER(SMMU_IDR2_FIELDS);
FIELD_REGISTER(SMMU_IDR3_FIELDS);
FIELD_REGISTER(SMMU_IDR5_FIELDS);
FIELD_REGISTER(SMMU_IDR6_FIELDS);
FIELD_REGISTER(SMMU_IIDR_FIELDS);
FIELD_REGISTER(SMMU_AIDR_FIELDS);
FIELD_REGISTER(SMMU_CR0_FIELDS);
FIELD_REGISTER(SMMU_CR1_FIELDS);
FIELD_REGISTER(SMMU_CR2_FIELDS);
FIELD_REGISTER(SMMU_STATUSR_FIELDS);
FIELD_REGISTER(SMMU_GBPA_FIELDS);
FIELD_REGISTER(SMMU_IRQ_CTRL_FIELDS);
FIELD_REGISTER(SMMU_GERROR_FIELDS);
FIELD_REGISTER(SMMU_IRQ_CFG0_FIELDS);
FIELD_REGISTER(SMMU_IRQ_CFG1_FIELDS);
FIELD_REGISTER(SMMU_IRQ_CFG2_FIELDS);
FIELD_REGISTER(SMMU_PRIQ_IRQ_CFG2_FIELDS);
FIELD_REGISTER(SMMU_STRTAB_BASE_FIELDS);
FIELD_REGISTER(SMMU_STRTAB_BASE_CFG_FIELDS);
FIELD_REGISTER(SMMU_CMDQ_BASE_FIELDS);
FIELD_REGISTER(SMMU_EVENTQ_BASE_FIELDS);
FIELD_REGISTER(SMMU_PRIQ_BASE_FIELDS);
FIELD_REGISTER(SMMU_CMDQ_PROD_FIELDS);
FIELD_REGISTER(SMMU_CMDQ_CONS_FIELDS);
FIELD_REGISTER(SMMU_EVENTQ_PROD_FIELDS);
FIELD_REGISTER(SMMU_EVENTQ_CONS_FIELDS);
FIELD_REGISTER(SMMU_PRIQ_PROD_FIELDS);
FIELD_REGISTER(SMMU_PRIQ_CONS_FIELDS);
FIELD_REGISTER(SMMU_GATOS_CTRL_FIELDS);
FIELD_REGISTER(SMMU_GATOS_SID_FIELDS);
FIELD_REGISTER(SMMU_GATOS_ADDR_FIELDS);
FIELD_REGISTER(SMMU_GATOS_PAR_FIELDS);
FIELD_REGISTER(SMMU_GATOS_PAR_FAULT_FIELDS);
FIELD_REGISTER(SMMU_MPAMIDR_FIELDS);
FIELD_REGISTER(SMMU_GMPAM_FIELDS);
FIELD_REGISTER(SMMU_GBPMPAM_FIELDS);
FIELD_REGISTER(SMMU_VATOS_SEL_FIELDS);

/* Values of SMMU_IDR0. */
enum {
	SMMU_IDR0_TTF_AARCH32 = 1,
	SMMU_IDR0_TTF_AARCH64 = 2,
	SMMU_IDR0_TTF_AARCH32_64 = 3,
	SMMU_IDR0_HTTU_NONE = 0,
	SMMU_IDR0_HTTU_AF = 1,
	SMMU_IDR0_HTTU_AF_DIRTY = 2,
	SMMU_IDR0_HTTU_AF_DIRTY_TABLE = 3,
	SMMU_IDR0_TTENDIAN_MIXED = 0,
	SMMU_IDR0_TTENDIAN_LE = 2,
	SMMU_IDR0_TTENDIAN_BE = 3,
	SMMU_IDR0_STALL_MODEL_BOTH = 0,
	SMMU_IDR0_STALL_MODEL_NONE = 1,
	SMMU_IDR0_STALL_MODEL_FORCE = 2,
	SMMU_IDR0_ST_LEVEL_LINEAR = 0,
	SMMU_IDR0_ST_LEVEL_2LVL = 1,
};

/* Values of the others; OAS is SMMU_PS_* and SH is SMMU_SH_*. */
enum {
	SMMU_IDR1_QS_MAX = 19,
	SMMU_IDR1_SIDSIZE_MAX = 32,
	SMMU_IDR1_SSIDSIZE_MAX = 20,
	SMMU_IDR5_VAX_48 = 0,
	SMMU_IDR5_VAX_52 = 1,
	SMMU_IDR5_VAX_56 = 2,
	SMMU_AIDR_V3_0 = 0x0,
	SMMU_AIDR_V3_1 = 0x1,
	SMMU_AIDR_V3_2 = 0x2,
	SMMU_AIDR_V3_3 = 0x3,
	SMMU_AIDR_V3_4 = 0x4,
	SMMU_CR1_NC = 0,
	SMMU_CR1_WB = 1,
	SMMU_CR1_WT = 2,
	SMMU_STRTAB_BASE_CFG_FMT_LINEAR = 0,
	SMMU_STRTAB_BASE_CFG_FMT_2LVL = 1,
	SMMU_GATOS_ADDR_TYPE_S1 = 1,
	SMMU_GATOS_ADDR_TYPE_S2 = 2,
	SMMU_GATOS_ADDR_TYPE_S1S2 = 3,
	SMMU_GATOS_PAR_FAULT_REASON_S1 = 0,
	SMMU_GATOS_PAR_FAULT_REASON_CD = 1,
	SMMU_GATOS_PAR_FAULT_REASON_TT = 2,
	SMMU_GATOS_PAR_FAULT_REASON_IN = 3,
};

/*
 * 3.5.1, circular queues of 2^lg2 entries. Index p is PROD.WR or CONS.RD: lg2
 * bits of position and above them one wrap bit, toggled on every lap. Equal
 * indexes are an empty queue; a difference in the wrap bit alone a full one. A
 * count above 2^lg2 is no state of a queue: one side wrote nonsense.
 */
FIELD__FN uint32_t smmu_q_mask(unsigned int lg2)
{
	return (UINT32_C(2) << lg2) - 1;
}

FIELD__FN uint32_t smmu_q_index(uint32_t p, unsigned int lg2)
{
	return p & ((UINT32_C(1) << lg2) - 1);
}

FIELD__FN bool smmu_q_wrap(uint32_t p, unsigned int lg2)
{
	return p >> lg2 & 1;
}

FIELD__FN uint32_t smmu_q_count(uint32_t prod, uint32_t cons, unsigned int lg2)
{
	return (prod - cons) & smmu_q_mask(lg2);
}

FIELD__FN bool smmu_q_empty(uint32_t prod, uint32_t cons, unsigned int lg2)
{
	return smmu_q_count(prod, cons, lg2) == 0;
}

FIELD__FN bool smmu_q_full(uint32_t prod, uint32_t cons, unsigned int lg2)
{
	return ((prod ^ cons) & smmu_q_mask(lg2)) == UINT32_C(1) << lg2;
}

/* p moved on by n entries, wrap bit included. Flags above it are dropped. */
FIELD__FN uint32_t smmu_q_add(uint32_t p, uint32_t n, unsigned int lg2)
{
	return (p + n) & smmu_q_mask(lg2);
}

#endif
