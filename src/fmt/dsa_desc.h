/* SPDX-License-Identifier: MIT */
/*
 * Intel DSA 1.x: descriptors (64 bytes, written to a portal or read from a
 * batch) and completion records (32 bytes, written by the device).
 */
#ifndef FMT_DSA_DESC_H
#define FMT_DSA_DESC_H

#include "base/field.h"

/* Also the bit numbers of OPCAP. */
enum dsa_op {
	DSA_OP_NOOP = 0x00,
	DSA_OP_BATCH = 0x01,
	DSA_OP_DRAIN = 0x02,
	DSA_OP_MEMMOVE = 0x03,
	DSA_OP_FILL = 0x04,
	DSA_OP_COMPARE = 0x05,
	DSA_OP_COMPARE_PATTERN = 0x06,
	DSA_OP_CREATE_DELTA = 0x07,
	DSA_OP_APPLY_DELTA = 0x08,
	DSA_OP_DUALCAST = 0x09,
	DSA_OP_CRC_GEN = 0x10,
	DSA_OP_COPY_CRC = 0x11,
	DSA_OP_DIF_CHECK = 0x12,
	DSA_OP_DIF_INSERT = 0x13,
	DSA_OP_DIF_STRIP = 0x14,
	DSA_OP_DIF_UPDATE = 0x15,
	DSA_OP_CACHE_FLUSH = 0x20,
};

enum {
	DSA_DESC_SIZE = 64, /* bytes and alignment */
	DSA_COMP_SIZE = 32, /* bytes and alignment */
};

struct dsa_desc {
	uint64_t dw[8];
};

/*
 * Common to all operations; an operation's own list below may give another
 * meaning to SRC, DST and XFER_SIZE. PASID and PRIV are filled in by the
 * processor when it submits to a shared WQ, taken from the WQ's configuration
 * when the WQ is dedicated, and ignored in a batch.
 */
/* clang-format off */
#define DSA_DESC_FIELDS(F, T)						\
	F(T, DSA_DESC_PASID,		 19,   0, "PASID")		\
	F(T, DSA_DESC_PRIV,		 31,  31, "privileged")		\
	F(T, DSA_DESC_FENCE,		 32,  32, "after the batch so far") \
	F(T, DSA_DESC_BOF,		 33,  33, "block on fault")	\
	F(T, DSA_DESC_CRAV,		 34,  34, "completion address valid") \
	F(T, DSA_DESC_RCR,		 35,  35, "request completion record") \
	F(T, DSA_DESC_RCI,		 36,  36, "request an interrupt") \
	F(T, DSA_DESC_CR_ST,		 37,  37, "completion steering tag") \
	F(T, DSA_DESC_CHECK_RESULT,	 39,  39, "result decides status") \
	F(T, DSA_DESC_CACHE_CONTROL,	 40,  40, "write to the cache")	\
	F(T, DSA_DESC_ADDR1_TC,		 41,  41, "address 1: class B")	\
	F(T, DSA_DESC_ADDR2_TC,		 42,  42, "address 2: class B")	\
	F(T, DSA_DESC_ADDR3_TC,		 43,  43, "address 3: class B")	\
	F(T, DSA_DESC_CR_TC,		 44,  44, "completion: class B") \
	F(T, DSA_DESC_STRICT_ORDER,	 45,  45, "writes in order")	\
	F(T, DSA_DESC_DST_READBACK,	 46,  46, "read the destination back") \
	F(T, DSA_DESC_DST_ST,		 47,  47, "destination steering tag") \
	F(T, DSA_DESC_OP_FLAGS,		 55,  48, "flags of the operation") \
	F(T, DSA_DESC_OPCODE,		 63,  56, "enum dsa_op")	\
	F(T, DSA_DESC_COMPLETION_ADDR,	127,  64, "32-aligned, if CRAV") \
	F(T, DSA_DESC_SRC,		191, 128, "source")		\
	F(T, DSA_DESC_DST,		255, 192, "destination")	\
	F(T, DSA_DESC_XFER_SIZE,	287, 256, "bytes, not 0")	\
	F(T, DSA_DESC_INT_HANDLE,	303, 288, "interrupt, if RCI")
FIELD_RECORD(struct dsa_desc, DSA_DESC_FIELDS);

/* The flags as a whole: bit n is reported as bit n of the invalid flags. */
#define DSA_DESC_FLAGS_FIELDS(F, T)					\
	F(T, DSA_DESC_FLAGS,		 55,  32, "all flags")
FIELD_RECORD(struct dsa_desc, DSA_DESC_FLAGS_FIELDS);

#define DSA_DESC_BATCH_FIELDS(F, T)					\
	F(T, DSA_DESC_BATCH_LIST,	191, 128, "descriptors, 64-aligned") \
	F(T, DSA_DESC_BATCH_COUNT,	287, 256, "descriptors, over 1")
FIELD_RECORD(struct dsa_desc, DSA_DESC_BATCH_FIELDS);

#define DSA_DESC_DRAIN_FIELDS(F, T)					\
	F(T, DSA_DESC_DRAIN_RB1_VALID,	 48,  48, "read back address 1") \
	F(T, DSA_DESC_DRAIN_RB2_VALID,	 49,  49, "read back address 2") \
	F(T, DSA_DESC_DRAIN_NO_RB_TC_A,	 50,  50, "no implicit readback, A") \
	F(T, DSA_DESC_DRAIN_NO_RB_TC_B,	 51,  51, "no implicit readback, B") \
	F(T, DSA_DESC_DRAIN_RB1,	191, 128, "readback address 1")	\
	F(T, DSA_DESC_DRAIN_RB2,	255, 192, "readback address 2")
FIELD_RECORD(struct dsa_desc, DSA_DESC_DRAIN_FIELDS);

#define DSA_DESC_FILL_FIELDS(F, T)					\
	F(T, DSA_DESC_FILL_PATTERN,	191, 128, "8 bytes, low one first")
FIELD_RECORD(struct dsa_desc, DSA_DESC_FILL_FIELDS);

#define DSA_DESC_COMPARE_FIELDS(F, T)					\
	F(T, DSA_DESC_COMPARE_SRC2,	255, 192, "second source")	\
	F(T, DSA_DESC_COMPARE_EXPECTED,	327, 320, "bit 0: good result")
FIELD_RECORD(struct dsa_desc, DSA_DESC_COMPARE_FIELDS);

#define DSA_DESC_COMPARE_PATTERN_FIELDS(F, T)				\
	F(T, DSA_DESC_COMPARE_PATTERN,	255, 192, "8 bytes, low one first") \
	F(T, DSA_DESC_COMPARE_PATTERN_EXPECTED, 327, 320, "bit 0: good result")
FIELD_RECORD(struct dsa_desc, DSA_DESC_COMPARE_PATTERN_FIELDS);

/* Both sources and the transfer size are multiples of 8. */
#define DSA_DESC_CREATE_DELTA_FIELDS(F, T)				\
	F(T, DSA_DESC_CREATE_DELTA_SRC2, 255, 192, "second source")	\
	F(T, DSA_DESC_CREATE_DELTA_ADDR, 383, 320, "delta record")	\
	F(T, DSA_DESC_CREATE_DELTA_MAX_SIZE, 415, 384, "its largest size") \
	F(T, DSA_DESC_CREATE_DELTA_EXPECTED, 455, 448,			\
	  "bit n: result n is good")
FIELD_RECORD(struct dsa_desc, DSA_DESC_CREATE_DELTA_FIELDS);

#define DSA_DESC_APPLY_DELTA_FIELDS(F, T)				\
	F(T, DSA_DESC_APPLY_DELTA_ADDR,	191, 128, "delta record")	\
	F(T, DSA_DESC_APPLY_DELTA_SIZE,	351, 320, "its size")
FIELD_RECORD(struct dsa_desc, DSA_DESC_APPLY_DELTA_FIELDS);

/* Bits 11:0 of both destinations are the same. */
#define DSA_DESC_DUALCAST_FIELDS(F, T)					\
	F(T, DSA_DESC_DUALCAST_DST2_ST,	 48,  48, "steering tag, second") \
	F(T, DSA_DESC_DUALCAST_DST2,	383, 320, "second destination")
FIELD_RECORD(struct dsa_desc, DSA_DESC_DUALCAST_FIELDS);

/* CRC Generation and Copy with CRC. Of the two seeds one is reserved. */
#define DSA_DESC_CRC_FIELDS(F, T)					\
	F(T, DSA_DESC_CRC_READ_SEED,	 48,  48, "seed is in memory")	\
	F(T, DSA_DESC_CRC_BYPASS_INVERSION, 49, 49,			\
	  "seed, result: as they are, reversed")			\
	F(T, DSA_DESC_CRC_BYPASS_REFLECTION, 50, 50,			\
	  "data: bit 7 of a byte first")				\
	F(T, DSA_DESC_CRC_SEED,		351, 320, "seed")		\
	F(T, DSA_DESC_CRC_SEED_ADDR,	447, 384, "seed, 4-aligned")
FIELD_RECORD(struct dsa_desc, DSA_DESC_CRC_FIELDS);

/*
 * DIF Check and Strip use the source's fields, Insert the destination's, Update
 * both.
 */
#define DSA_DESC_DIF_FIELDS(F, T)					\
	F(T, DSA_DESC_DIF_SRC_FLAGS,	327, 320, "DSA_DIF_SRC_*")	\
	F(T, DSA_DESC_DIF_DST_FLAGS,	335, 328, "DSA_DIF_DST_*")	\
	F(T, DSA_DESC_DIF_FLAGS,	343, 336, "DSA_DIF_*")		\
	F(T, DSA_DESC_DIF_SRC_REF_TAG,	415, 384, "source reference tag") \
	F(T, DSA_DESC_DIF_SRC_APP_MASK,	431, 416, "source app tag mask") \
	F(T, DSA_DESC_DIF_SRC_APP_TAG,	447, 432, "source app tag")	\
	F(T, DSA_DESC_DIF_DST_REF_TAG,	479, 448, "dest reference tag")	\
	F(T, DSA_DESC_DIF_DST_APP_MASK,	495, 480, "dest app tag mask")	\
	F(T, DSA_DESC_DIF_DST_APP_TAG,	511, 496, "dest app tag")
FIELD_RECORD(struct dsa_desc, DSA_DESC_DIF_FIELDS);

#define DSA_DIF_FIELDS(F, T)						\
	F(T, DSA_DIF_BLOCK_SIZE,	 1,  0, "enum dsa_dif_block")	\
	F(T, DSA_DIF_INVERT_SEED,	 2,  2, "seed 0xffff, not 0")	\
	F(T, DSA_DIF_INVERT_RESULT,	 3,  3, "invert the guard")
FIELD_REGISTER(DSA_DIF_FIELDS);

#define DSA_DIF_SRC_FIELDS(F, T)					\
	F(T, DSA_DIF_SRC_ALL_F_ERROR,	 0,  0, "all ones is an error")	\
	F(T, DSA_DIF_SRC_ALL_F,		 1,  1, "all ones: no checks")	\
	F(T, DSA_DIF_SRC_APP_F,		 2,  2, "app tag ones: no checks") \
	F(T, DSA_DIF_SRC_APP_REF_F,	 3,  3, "both tags ones: no checks") \
	F(T, DSA_DIF_SRC_APP_INCR,	 4,  4, "app tag increments")	\
	F(T, DSA_DIF_SRC_NO_GUARD,	 5,  5, "guard not checked")	\
	F(T, DSA_DIF_SRC_NO_REF,	 6,  6, "reference tag not checked") \
	F(T, DSA_DIF_SRC_REF_FIXED,	 7,  7, "reference tag is fixed")
FIELD_REGISTER(DSA_DIF_SRC_FIELDS);

#define DSA_DIF_DST_FIELDS(F, T)					\
	F(T, DSA_DIF_DST_PASS_APP,	 3,  3, "app tag from source")	\
	F(T, DSA_DIF_DST_APP_INCR,	 4,  4, "app tag increments")	\
	F(T, DSA_DIF_DST_PASS_GUARD,	 5,  5, "guard from source")	\
	F(T, DSA_DIF_DST_PASS_REF,	 6,  6, "reference tag from source") \
	F(T, DSA_DIF_DST_REF_FIXED,	 7,  7, "reference tag is fixed")
FIELD_REGISTER(DSA_DIF_DST_FIELDS);
/* clang-format on */

enum dsa_dif_block {
	DSA_DIF_BLOCK_512 = 0,
	DSA_DIF_BLOCK_520 = 1,
	DSA_DIF_BLOCK_4096 = 2,
	DSA_DIF_BLOCK_4104 = 3,
};

/*
 * A delta record is an array of deltas: a little-endian 16-bit offset in units
 * of 8 bytes, then the 8 bytes that differ. The offset limits the transfer.
 */
enum {
	DSA_DELTA_SIZE = 10,
	DSA_DELTA_UNIT = 8,
	DSA_DELTA_MIN_RECORD = 80, /* smallest MAX_SIZE: one cache line */
	DSA_DELTA_MAX_XFER = 0x80000,
};

/* CRC-32C, RFC 3720; bit i is the coefficient of x^i, x^32 is left out. */
enum {
	DSA_CRC32_POLY = 0x1edc6f41,
};

struct dsa_comp {
	uint64_t dw[4];
};

/*
 * Software sets STATUS to DSA_COMP_NONE, which the device never writes, and
 * waits for it to change. BYTES_COMPLETED counts the source bytes done before a
 * fault; for a compare it is where the first difference is; 0 when all is done.
 */
/* clang-format off */
#define DSA_COMP_FIELDS(F, T)						\
	F(T, DSA_COMP_STATUS,		  6,   0, "enum dsa_comp_status") \
	F(T, DSA_COMP_WRITE,		  7,   7, "the fault is a write") \
	F(T, DSA_COMP_RESULT,		 15,   8, "depends on the operation") \
	F(T, DSA_COMP_BYTES_COMPLETED,	 63,  32, "bytes, or descriptors") \
	F(T, DSA_COMP_FAULT_ADDR,	127,  64, "faulting address")
FIELD_RECORD(struct dsa_comp, DSA_COMP_FIELDS);

/* Only with DSA_GENCAP_FAULT_INFO, that is from 2.0 on. */
#define DSA_COMP_FAULT_INFO_FIELDS(F, T)				\
	F(T, DSA_COMP_FAULT_MASKED,	 16,  16, "no faulting address") \
	F(T, DSA_COMP_FAULT_OPERAND,	 19,  17, "enum dsa_operand")
FIELD_RECORD(struct dsa_comp, DSA_COMP_FAULT_INFO_FIELDS);

/* With DSA_COMP_INVALID_FLAGS. */
#define DSA_COMP_FLAGS_FIELDS(F, T)					\
	F(T, DSA_COMP_FLAGS_INVALID,	151, 128, "flags found invalid")
FIELD_RECORD(struct dsa_comp, DSA_COMP_FLAGS_FIELDS);

#define DSA_COMP_BATCH_FIELDS(F, T)					\
	F(T, DSA_COMP_BATCH_DONE,	 63,  32, "descriptors processed")
FIELD_RECORD(struct dsa_comp, DSA_COMP_BATCH_FIELDS);

#define DSA_COMP_DELTA_FIELDS(F, T)					\
	F(T, DSA_COMP_DELTA_SIZE,	159, 128, "bytes of the record")
FIELD_RECORD(struct dsa_comp, DSA_COMP_DELTA_FIELDS);

#define DSA_COMP_CRC_FIELDS(F, T)					\
	F(T, DSA_COMP_CRC,		159, 128, "CRC, or the partial one")
FIELD_RECORD(struct dsa_comp, DSA_COMP_CRC_FIELDS);

/* Check and Strip report the source, Insert the destination, Update both. */
#define DSA_COMP_DIF_FIELDS(F, T)					\
	F(T, DSA_COMP_DIF_GUARD,	  8,   8, "guard mismatch")	\
	F(T, DSA_COMP_DIF_APP_TAG,	  9,   9, "app tag mismatch")	\
	F(T, DSA_COMP_DIF_REF_TAG,	 10,  10, "reference tag mismatch") \
	F(T, DSA_COMP_DIF_ALL_F,	 11,  11, "all ones")		\
	F(T, DSA_COMP_DIF_SRC_REF_TAG,	159, 128, "source reference tag") \
	F(T, DSA_COMP_DIF_SRC_APP_MASK,	175, 160, "source app tag mask") \
	F(T, DSA_COMP_DIF_SRC_APP_TAG,	191, 176, "source app tag")	\
	F(T, DSA_COMP_DIF_DST_REF_TAG,	223, 192, "dest reference tag")	\
	F(T, DSA_COMP_DIF_DST_APP_MASK,	239, 224, "dest app tag mask")	\
	F(T, DSA_COMP_DIF_DST_APP_TAG,	255, 240, "dest app tag")
FIELD_RECORD(struct dsa_comp, DSA_COMP_DIF_FIELDS);
/* clang-format on */

/* Architecture 5.8.1. */
enum dsa_comp_status {
	DSA_COMP_NONE = 0x00,
	DSA_COMP_SUCCESS = 0x01,
	DSA_COMP_SUCCESS_FALSE = 0x02,    /* not the expected result */
	DSA_COMP_PAGE_FAULT_NOBOF = 0x03, /* partial, BOF is 0 */
	DSA_COMP_PAGE_FAULT_IR = 0x04,    /* partial, Invalid Request */
	DSA_COMP_BATCH_FAIL = 0x05,       /* a descriptor failed */
	DSA_COMP_BATCH_PAGE_FAULT = 0x06, /* on the descriptor list */
	DSA_COMP_DELTA_OFFSET_ORDER = 0x07,
	DSA_COMP_DELTA_OFFSET_RANGE = 0x08,
	DSA_COMP_DIF_ERROR = 0x09,
	DSA_COMP_INVALID_OPCODE = 0x10,
	DSA_COMP_INVALID_FLAGS = 0x11,
	DSA_COMP_RESERVED_FIELD = 0x12,
	DSA_COMP_INVALID_SIZE = 0x13,  /* transfer size */
	DSA_COMP_INVALID_COUNT = 0x14, /* descriptor count */
	DSA_COMP_INVALID_DELTA_SIZE = 0x15,
	DSA_COMP_OVERLAP_BUFFERS = 0x16,
	DSA_COMP_DUALCAST_ALIGN = 0x17, /* destinations differ */
	DSA_COMP_BATCH_LIST_ALIGN = 0x18,
	DSA_COMP_INVALID_INT_HANDLE = 0x19,
	DSA_COMP_CR_PAGE_FAULT = 0x1a, /* to SWERROR */
	DSA_COMP_CR_ALIGN = 0x1b,      /* to SWERROR */
	DSA_COMP_ADDR_ALIGN = 0x1c,
	DSA_COMP_PRIV = 0x1d, /* to SWERROR */
	DSA_COMP_TRAFFIC_CLASS = 0x1e,
	DSA_COMP_DRAIN_PAGE_FAULT = 0x1f, /* on a readback address */
	DSA_COMP_HW_ERROR = 0x20,
	DSA_COMP_HW_ERROR_WRITE = 0x21,   /* or destination readback */
	DSA_COMP_TRANSLATION_FAIL = 0x22, /* UR, CA, Response Failure */
};

/* RESULT of compare, compare pattern and create delta. */
enum {
	DSA_RESULT_EQUAL = 0,
	DSA_RESULT_DIFFER = 1,
	DSA_RESULT_DELTA_FULL = 2,
};

/*
 * RESULT of a memory move stopped by a fault. A backward move did its last
 * BYTES_COMPLETED bytes: only the size of the rest is smaller.
 */
enum {
	DSA_RESULT_FORWARD = 0,
	DSA_RESULT_BACKWARD = 1,
};

/* Which address of the descriptor faulted. */
enum dsa_operand {
	DSA_OPERAND_UNKNOWN = 0,
	DSA_OPERAND_SRC = 1,
	DSA_OPERAND_SRC2 = 2,
	DSA_OPERAND_DST = 3,
	DSA_OPERAND_DST2 = 4,
	DSA_OPERAND_COMPLETION = 5,
};

#endif
