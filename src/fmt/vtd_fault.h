/* SPDX-License-Identifier: MIT */
/*
 * VT-d fault reasons, VTD_FRCD_FR.
 *
 * The names are the specification's (LRT.1 is VTD_FAULT_LRT_1), the numbers
 * what the record holds: tables 15 and 30 of revision 5.1. That says stage
 * where revisions before 4 say level, so LSS, SFS and SSS are LSL, SFL and SSL
 * there. Conditions such as LCT.4.1 to LCT.4.3 share a number, and a line here.
 * SGN.3 and SGN.9 are of older revisions.
 */
#ifndef FMT_VTD_FAULT_H
#define FMT_VTD_FAULT_H

/* clang-format off */

/* E(name, number, "specification's name", "what it says") */
#define VTD_FAULTS(E)							\
	E(VTD_FAULT_LRT_2,  0x01, "LRT.2", "root entry is not present")	\
	E(VTD_FAULT_LCT_2,  0x02, "LCT.2", "context entry is not present") \
	E(VTD_FAULT_LCT_4,  0x03, "LCT.4", "context entry is invalid")	\
	E(VTD_FAULT_LGN_1,  0x04, "LGN.1", "address is beyond the width") \
	E(VTD_FAULT_LGN_2,  0x05, "LGN.2", "no write permission")	\
	E(VTD_FAULT_LGN_3,  0x06, "LGN.3", "no read permission")	\
	E(VTD_FAULT_LSS_1,  0x07, "LSS.1", "paging entry cannot be read") \
	E(VTD_FAULT_LRT_1,  0x08, "LRT.1", "root entry cannot be read")	\
	E(VTD_FAULT_LCT_1,  0x09, "LCT.1", "context entry cannot be read") \
	E(VTD_FAULT_LRT_3,  0x0a, "LRT.3", "root entry: reserved bits")	\
	E(VTD_FAULT_LCT_3,  0x0b, "LCT.3", "context entry: reserved bits") \
	E(VTD_FAULT_LSS_2,  0x0c, "LSS.2", "paging entry: reserved bits") \
	E(VTD_FAULT_LCT_5,  0x0d, "LCT.5", "TT blocks ATS requests")	\
	E(VTD_FAULT_LGN_4,  0x0e, "LGN.4", "output is in the interrupt range") \
	E(VTD_FAULT_IR_RSVD,	0x20, "20h", "message: reserved bits")	\
	E(VTD_FAULT_IR_INDEX,	0x21, "21h", "index is beyond the table") \
	E(VTD_FAULT_IR_P,	0x22, "22h", "IRTE is not present")	\
	E(VTD_FAULT_IR_READ,	0x23, "23h", "IRTE cannot be read")	\
	E(VTD_FAULT_IR_IRTE_RSVD, 0x24, "24h", "IRTE: reserved bits")	\
	E(VTD_FAULT_IR_COMPAT,	0x25, "25h", "compatibility format blocked") \
	E(VTD_FAULT_IR_SID,	0x26, "26h", "source id does not match") \
	E(VTD_FAULT_IR_PID_READ, 0x27, "27h", "posted descriptor cannot be read") \
	E(VTD_FAULT_IR_PID_RSVD, 0x28, "28h", "posted descriptor: reserved bits") \
	E(VTD_FAULT_IR_REQUEST,	0x29, "29h", "not a valid interrupt request") \
	E(VTD_FAULT_IR_EIMER,	0x2a, "2Ah", "EIME is clear")		\
	E(VTD_FAULT_IR_IRREQ,	0x2b, "2Bh", "remapping is off")	\
	E(VTD_FAULT_RTA_1,  0x30, "RTA.1", "root table address or mode") \
	E(VTD_FAULT_RTA_2,  0x31, "RTA.2", "legacy mode, PASID")	\
	E(VTD_FAULT_RTA_3,  0x32, "RTA.3", "legacy mode, page request")	\
	E(VTD_FAULT_RTA_4,  0x33, "RTA.4", "abort DMA mode")		\
	E(VTD_FAULT_RTA_5,  0x34, "RTA.5", "execute request, version 8") \
	E(VTD_FAULT_SRT_1,  0x38, "SRT.1", "root entry cannot be read")	\
	E(VTD_FAULT_SRT_2,  0x39, "SRT.2", "root entry is not present")	\
	E(VTD_FAULT_SRT_3,  0x3a, "SRT.3", "root entry: reserved bits")	\
	E(VTD_FAULT_SCT_1,  0x40, "SCT.1", "context entry cannot be read") \
	E(VTD_FAULT_SCT_2,  0x41, "SCT.2", "context entry is not present") \
	E(VTD_FAULT_SCT_3,  0x42, "SCT.3", "context entry: reserved bits") \
	E(VTD_FAULT_SCT_4,  0x43, "SCT.4", "context entry is invalid")	\
	E(VTD_FAULT_SCT_5,  0x44, "SCT.5", "DTE is clear")		\
	E(VTD_FAULT_SCT_6,  0x45, "SCT.6", "PASIDE is clear")		\
	E(VTD_FAULT_SCT_7,  0x46, "SCT.7", "PASID is beyond PDTS")	\
	E(VTD_FAULT_SCT_8,  0x47, "SCT.8", "PRE is clear")		\
	E(VTD_FAULT_SCT_9,  0x48, "SCT.9", "PASID is RID_PASID")	\
	E(VTD_FAULT_SCT_10, 0x49, "SCT.10", "EPTR is clear")		\
	E(VTD_FAULT_SPD_1,  0x50, "SPD.1", "directory entry cannot be read") \
	E(VTD_FAULT_SPD_2,  0x51, "SPD.2", "directory entry is not present") \
	E(VTD_FAULT_SPD_3,  0x52, "SPD.3", "directory entry: reserved bits") \
	E(VTD_FAULT_SPT_1,  0x58, "SPT.1", "PASID entry cannot be read") \
	E(VTD_FAULT_SPT_2,  0x59, "SPT.2", "PASID entry is not present") \
	E(VTD_FAULT_SPT_3,  0x5a, "SPT.3", "PASID entry: reserved bits") \
	E(VTD_FAULT_SPT_4,  0x5b, "SPT.4", "PASID entry is invalid")	\
	E(VTD_FAULT_SPT_5,  0x5c, "SPT.5", "ERE is clear")		\
	E(VTD_FAULT_SPT_6,  0x5d, "SPT.6", "SRE is clear")		\
	E(VTD_FAULT_SPT_9,  0x60, "SPT.9", "address is beyond the HPT")	\
	E(VTD_FAULT_SFS_1,  0x70, "SFS.1", "first stage: cannot be read") \
	E(VTD_FAULT_SFS_2,  0x71, "SFS.2", "first stage: not present")	\
	E(VTD_FAULT_SFS_3,  0x72, "SFS.3", "first stage: reserved bits") \
	E(VTD_FAULT_SFS_4,  0x73, "SFS.4", "first stage: top cannot be read") \
	E(VTD_FAULT_SFS_5,  0x74, "SFS.5", "nested: table is beyond the width") \
	E(VTD_FAULT_SFS_6,  0x75, "SFS.6", "nested: top is not readable") \
	E(VTD_FAULT_SFS_7,  0x76, "SFS.7", "nested: table is not readable") \
	E(VTD_FAULT_SFS_8,  0x77, "SFS.8", "nested: table is not writable") \
	E(VTD_FAULT_SSS_1,  0x78, "SSS.1", "second stage: cannot be read") \
	E(VTD_FAULT_SSS_2,  0x79, "SSS.2", "second stage: no permission") \
	E(VTD_FAULT_SSS_3,  0x7a, "SSS.3", "second stage: reserved bits") \
	E(VTD_FAULT_SSS_4,  0x7b, "SSS.4", "second stage: bad pointer")	\
	E(VTD_FAULT_SSS_5,  0x7c, "SSS.5", "second stage: A/D, no snoop") \
	E(VTD_FAULT_SSS_6,  0x7d, "SSS.6", "second stage: A/D failed")	\
	E(VTD_FAULT_SGN_1,  0x80, "SGN.1", "address is not canonical")	\
	E(VTD_FAULT_SGN_2,  0x81, "SGN.2", "user request, U/S is 0")	\
	E(VTD_FAULT_SGN_3,  0x82, "SGN.3", "no execute permission")	\
	E(VTD_FAULT_SGN_4,  0x83, "SGN.4", "address is beyond the width") \
	E(VTD_FAULT_SGN_5,  0x84, "SGN.5", "address is beyond the second stage") \
	E(VTD_FAULT_SGN_6,  0x85, "SGN.6", "no write permission")	\
	E(VTD_FAULT_SGN_7,  0x86, "SGN.7", "no read permission")	\
	E(VTD_FAULT_SGN_8,  0x87, "SGN.8", "interrupt range")		\
	E(VTD_FAULT_SGN_9,  0x88, "SGN.9", "known by number only")	\
	E(VTD_FAULT_SGN_10, 0x89, "SGN.10", "PASID is beyond PSS")	\
	E(VTD_FAULT_SFS_9,  0x90, "SFS.9", "first stage: A/D, no snoop") \
	E(VTD_FAULT_SFS_10, 0x91, "SFS.10", "first stage: A/D failed")	\
	E(VTD_FAULT_HPT_1,  0xa0, "HPT.1", "HPT: cannot be read")	\
	E(VTD_FAULT_HPT_2,  0xa1, "HPT.2", "HPT: reserved bits")	\
	E(VTD_FAULT_HPT_3,  0xa2, "HPT.3", "HPT: top cannot be read")	\
	E(VTD_FAULT_HPT_4,  0xa3, "HPT.4", "HPT: no permission at all")	\
	E(VTD_FAULT_HPT_5,  0xa4, "HPT.5", "HPT: no write permission")	\
	E(VTD_FAULT_HPT_6,  0xa5, "HPT.6", "HPT: no read permission")

/* clang-format on */

#define VTD__FAULT_ENUM(name, number, spec, gloss) name = (number),
enum {
	VTD_FAULT_NONE = 0, /* reserved; software's in the advanced log */
	VTD_FAULTS(VTD__FAULT_ENUM)

	/* Interrupt remapping has these, FI is an index there. */
	VTD_FAULT_IR_FIRST = 0x20,
	VTD_FAULT_IR_LAST = 0x2f,
};

#endif
