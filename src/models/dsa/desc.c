/* SPDX-License-Identifier: MIT */
/*
 * Is a descriptor legal? Operation, flags, reserved fields, sizes, alignment;
 * architecture 5.8.1.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"

/* A flag's bit among the 24 of DSA_DESC_FLAGS. */
#define FLAG(f) ((uint32_t)1 << (f##_LO - DSA_DESC_FLAGS_LO))

#define FLAGS_ANY                                                              \
	(FLAG(DSA_DESC_FENCE) | FLAG(DSA_DESC_CRAV) | FLAG(DSA_DESC_RCR) |     \
	 FLAG(DSA_DESC_RCI) | FLAG(DSA_DESC_CR_ST) | FLAG(DSA_DESC_CR_TC))
#define FLAGS_DATA                                                             \
	(FLAGS_ANY | FLAG(DSA_DESC_BOF) | FLAG(DSA_DESC_ADDR1_TC) |            \
	 FLAG(DSA_DESC_ADDR2_TC) | FLAG(DSA_DESC_ADDR3_TC))
#define FLAGS_WRITE                                                            \
	(FLAGS_DATA | FLAG(DSA_DESC_CACHE_CONTROL) |                           \
	 FLAG(DSA_DESC_STRICT_ORDER) | FLAG(DSA_DESC_DST_ST))
#define FLAGS_CRC                                                              \
	(FLAG(DSA_DESC_CRC_READ_SEED) | FLAG(DSA_DESC_CRC_BYPASS_INVERSION) |  \
	 FLAG(DSA_DESC_CRC_BYPASS_REFLECTION))

/* Words of descriptors, for what is not reserved. */
#define W(w)    (1u << (w))
#define BITS(f) FIELD_MASK(f)

/*
 * @flags: allowed; @need: without which it is refused; @whole: words that are
 * all address or data; @w4 to @w7: fields of those words.
 */
struct dsa_hw_op {
	uint32_t flags;
	uint32_t need;
	unsigned int whole;
	uint64_t w4;
	uint64_t w5;
	uint64_t w6;
	uint64_t w7;
};

#define W4_SIZE BITS(DSA_DESC_XFER_SIZE)

static const struct dsa_hw_op dsa_hw_ops[] = {
	[DSA_OP_NOOP] = { .flags = FLAGS_ANY },
	[DSA_OP_BATCH] = {
		.flags = FLAGS_ANY | FLAG(DSA_DESC_ADDR1_TC),
		.whole = W(2),
		.w4 = BITS(DSA_DESC_BATCH_COUNT),
	},
	[DSA_OP_DRAIN] = { .flags = FLAGS_ANY },
	[DSA_OP_MEMMOVE] = {
		.flags = FLAGS_WRITE,
		.whole = W(2) | W(3),
		.w4 = W4_SIZE,
	},
	[DSA_OP_FILL] = {
		.flags = FLAGS_WRITE,
		.whole = W(2) | W(3),
		.w4 = W4_SIZE,
	},
	[DSA_OP_COMPARE] = {
		.flags = FLAGS_DATA | FLAG(DSA_DESC_CHECK_RESULT),
		.whole = W(2) | W(3),
		.w4 = W4_SIZE,
		.w5 = 1,
	},
	[DSA_OP_COMPARE_PATTERN] = {
		.flags = FLAGS_DATA | FLAG(DSA_DESC_CHECK_RESULT),
		.whole = W(2) | W(3),
		.w4 = W4_SIZE,
		.w5 = 1,
	},
	/* Without its record nobody knows the size of what it wrote. */
	[DSA_OP_CREATE_DELTA] = {
		.flags = FLAGS_WRITE | FLAG(DSA_DESC_CHECK_RESULT),
		.need = FLAG(DSA_DESC_CRAV) | FLAG(DSA_DESC_RCR),
		.whole = W(2) | W(3),
		.w4 = W4_SIZE,
		.w5 = UINT64_MAX,
		.w6 = BITS(DSA_DESC_CREATE_DELTA_MAX_SIZE),
		.w7 = BIT(DSA_RESULT_EQUAL) | BIT(DSA_RESULT_DIFFER) |
		      BIT(DSA_RESULT_DELTA_FULL),
	},
	[DSA_OP_APPLY_DELTA] = {
		.flags = FLAGS_WRITE,
		.whole = W(2) | W(3),
		.w4 = W4_SIZE,
		.w5 = BITS(DSA_DESC_APPLY_DELTA_SIZE),
	},
	[DSA_OP_DUALCAST] = {
		.flags = FLAGS_WRITE | FLAG(DSA_DESC_DUALCAST_DST2_ST),
		.whole = W(2) | W(3),
		.w4 = W4_SIZE,
		.w5 = UINT64_MAX,
	},
	[DSA_OP_CRC_GEN] = {
		.flags = FLAGS_DATA | FLAGS_CRC,
		.whole = W(2),
		.w4 = W4_SIZE,
		.w5 = BITS(DSA_DESC_CRC_SEED),
		.w6 = UINT64_MAX,
	},
	[DSA_OP_COPY_CRC] = {
		.flags = FLAGS_WRITE | FLAGS_CRC,
		.whole = W(2) | W(3),
		.w4 = W4_SIZE,
		.w5 = BITS(DSA_DESC_CRC_SEED),
		.w6 = UINT64_MAX,
	},
	/* Cache control needs a capability that is not there. */
	[DSA_OP_CACHE_FLUSH] = {
		.flags = FLAGS_ANY | FLAG(DSA_DESC_BOF) |
			 FLAG(DSA_DESC_ADDR2_TC) | FLAG(DSA_DESC_STRICT_ORDER),
		.whole = W(3),
		.w4 = W4_SIZE,
	},
};

static const struct dsa_hw_op *dsa_hw_op_find(const struct dsa_hw_job *job)
{
	uint64_t code = FIELD_GET(DSA_DESC_OPCODE, &job->desc);

	if (code >= ARRAY_SIZE(dsa_hw_ops) || !dsa_hw_ops[code].flags)
		return NULL;
	/* Architecture 3.8: no batch and no drain within a batch. */
	if (job->member && (code == DSA_OP_BATCH || code == DSA_OP_DRAIN))
		return NULL;
	return &dsa_hw_ops[code];
}

static uint32_t dsa_hw_bad_flags(const struct dsa_hw_engine *eng,
				 const struct dsa_hw_job *job,
				 const struct dsa_hw_op *op)
{
	uint32_t flags = (uint32_t)FIELD_GET(DSA_DESC_FLAGS, &job->desc);
	uint32_t bad = (flags & ~op->flags) | (op->need & ~flags);

	if (!job->member)
		bad |= flags & FLAG(DSA_DESC_FENCE);
	if (!FIELD_GET(DSA_WQCFG_BOF, &eng->wqcfg))
		bad |= flags & FLAG(DSA_DESC_BOF);
	if (!(flags & FLAG(DSA_DESC_CRAV)))
		bad |= flags & FLAG(DSA_DESC_RCR);
	if (!eng->user_int && !job->priv)
		bad |= flags & FLAG(DSA_DESC_RCI);
	return bad;
}

static bool dsa_hw_reserved(const struct dsa_hw_job *job,
			    const struct dsa_hw_op *op)
{
	const uint64_t *dw = job->desc.dw;
	uint64_t w4 = op->w4 | BITS(DSA_DESC_INT_HANDLE);
	unsigned int w;

	if ((dw[0] & GENMASK64(30, 20)) || (dw[4] & ~w4) || (dw[5] & ~op->w5) ||
	    (dw[6] & ~op->w6) || (dw[7] & ~op->w7))
		return true;
	for (w = 2; w <= 3; w++) {
		if (dw[w] && !(op->whole & W(w)))
			return true;
	}
	return false;
}

static bool dsa_hw_overlap(uint64_t a, uint64_t a_size, uint64_t b,
			   uint64_t b_size)
{
	return b - a < a_size || a - b < b_size;
}

static enum dsa_comp_status dsa_hw_check_crc(const struct dsa_hw_job *job)
{
	uint64_t addr = FIELD_GET(DSA_DESC_CRC_SEED_ADDR, &job->desc);

	/* Of the two seeds one is reserved. */
	if (!FIELD_GET(DSA_DESC_CRC_READ_SEED, &job->desc))
		return addr ? DSA_COMP_RESERVED_FIELD : DSA_COMP_NONE;
	if (FIELD_GET(DSA_DESC_CRC_SEED, &job->desc))
		return DSA_COMP_RESERVED_FIELD;
	return is_aligned(addr, 4) ? DSA_COMP_NONE : DSA_COMP_ADDR_ALIGN;
}

/* [addr, addr + size) does not go around the end of the address space. */
static bool dsa_hw_wraps(uint64_t addr, uint64_t size)
{
	return addr + (size - 1) < addr;
}

static enum dsa_comp_status dsa_hw_check_dualcast(const struct dsa_hw_job *job)
{
	uint64_t size = FIELD_GET(DSA_DESC_XFER_SIZE, &job->desc);
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc);
	uint64_t one = FIELD_GET(DSA_DESC_DST, &job->desc);
	uint64_t two = FIELD_GET(DSA_DESC_DUALCAST_DST2, &job->desc);

	if (dsa_hw_wraps(two, size))
		return DSA_COMP_INVALID_SIZE;
	if ((one ^ two) & (DSA_HW_PAGE - 1))
		return DSA_COMP_DUALCAST_ALIGN;
	if (dsa_hw_overlap(src, size, one, size) ||
	    dsa_hw_overlap(src, size, two, size) ||
	    dsa_hw_overlap(one, size, two, size))
		return DSA_COMP_OVERLAP_BUFFERS;
	return DSA_COMP_NONE;
}

/* Of both delta operations; the record takes @size bytes at @addr. */
static enum dsa_comp_status dsa_hw_check_delta(const struct dsa_hw_job *job,
					       uint64_t addr, uint64_t size)
{
	uint64_t xfer = FIELD_GET(DSA_DESC_XFER_SIZE, &job->desc);
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc);
	uint64_t dst = FIELD_GET(DSA_DESC_DST, &job->desc);

	if (!is_aligned(xfer, DSA_DELTA_UNIT) || xfer > DSA_DELTA_MAX_XFER)
		return DSA_COMP_INVALID_SIZE;
	if (dsa_hw_wraps(addr, size))
		return DSA_COMP_INVALID_DELTA_SIZE;
	if (!is_aligned(src | dst | addr, DSA_DELTA_UNIT))
		return DSA_COMP_ADDR_ALIGN;
	return dsa_hw_overlap(addr, size, dst, xfer) ?
		       DSA_COMP_OVERLAP_BUFFERS :
		       DSA_COMP_NONE;
}

/*
 * The largest size need not be a multiple of the size of a delta: the test
 * programs for the hardware give twice the transfer size.
 */
static enum dsa_comp_status dsa_hw_check_create(const struct dsa_hw_job *job)
{
	uint64_t xfer = FIELD_GET(DSA_DESC_XFER_SIZE, &job->desc);
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc);
	uint64_t addr = FIELD_GET(DSA_DESC_CREATE_DELTA_ADDR, &job->desc);
	uint64_t max = FIELD_GET(DSA_DESC_CREATE_DELTA_MAX_SIZE, &job->desc);
	enum dsa_comp_status status;

	if (max < DSA_DELTA_MIN_RECORD)
		return DSA_COMP_INVALID_DELTA_SIZE;
	status = dsa_hw_check_delta(job, addr, max);
	if (!status && dsa_hw_overlap(addr, max, src, xfer))
		return DSA_COMP_OVERLAP_BUFFERS;
	return status;
}

static enum dsa_comp_status dsa_hw_check_apply(const struct dsa_hw_job *job)
{
	uint64_t size = FIELD_GET(DSA_DESC_APPLY_DELTA_SIZE, &job->desc);

	if (!size || size % DSA_DELTA_SIZE)
		return DSA_COMP_INVALID_DELTA_SIZE;
	return dsa_hw_check_delta(
		job, FIELD_GET(DSA_DESC_APPLY_DELTA_ADDR, &job->desc), size);
}

/* What one operation demands beyond what all do. */
static enum dsa_comp_status dsa_hw_check_op(struct dsa_hw_job *job)
{
	uint64_t size = FIELD_GET(DSA_DESC_XFER_SIZE, &job->desc);
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc);
	uint64_t dst = FIELD_GET(DSA_DESC_DST, &job->desc);

	switch (FIELD_GET(DSA_DESC_OPCODE, &job->desc)) {
	case DSA_OP_MEMMOVE:
		job->backward = dst > src && dst - src < size;
		return DSA_COMP_NONE;
	case DSA_OP_CREATE_DELTA:
		return dsa_hw_check_create(job);
	case DSA_OP_APPLY_DELTA:
		return dsa_hw_check_apply(job);
	case DSA_OP_DUALCAST:
		return dsa_hw_check_dualcast(job);
	case DSA_OP_COPY_CRC:
		if (dsa_hw_overlap(src, size, dst, size))
			return DSA_COMP_OVERLAP_BUFFERS;
		return dsa_hw_check_crc(job);
	case DSA_OP_CRC_GEN:
		return dsa_hw_check_crc(job);
	default:
		return DSA_COMP_NONE;
	}
}

static enum dsa_comp_status dsa_hw_check_data(const struct dsa_hw_engine *eng,
					      struct dsa_hw_job *job,
					      const struct dsa_hw_op *op)
{
	uint64_t code = FIELD_GET(DSA_DESC_OPCODE, &job->desc);
	uint64_t size = FIELD_GET(DSA_DESC_XFER_SIZE, &job->desc);
	uint64_t src = FIELD_GET(DSA_DESC_SRC, &job->desc);
	uint64_t dst = FIELD_GET(DSA_DESC_DST, &job->desc);

	if (!size ||
	    size > BIT(FIELD_GET(DSA_WQCFG_MAX_XFER_SHIFT, &eng->wqcfg)))
		return DSA_COMP_INVALID_SIZE;
	/* No address, or not of something of this size. */
	if ((code != DSA_OP_FILL && code != DSA_OP_APPLY_DELTA &&
	     dsa_hw_wraps(src, size)) ||
	    (code != DSA_OP_COMPARE_PATTERN && (op->whole & W(3)) &&
	     dsa_hw_wraps(dst, size)))
		return DSA_COMP_INVALID_SIZE;
	return dsa_hw_check_op(job);
}

static enum dsa_comp_status dsa_hw_check_batch(const struct dsa_hw_engine *eng,
					       const struct dsa_hw_job *job)
{
	uint64_t count = FIELD_GET(DSA_DESC_BATCH_COUNT, &job->desc);
	uint64_t list = FIELD_GET(DSA_DESC_BATCH_LIST, &job->desc);

	if (count < 2 ||
	    count > BIT(FIELD_GET(DSA_WQCFG_MAX_BATCH_SHIFT, &eng->wqcfg)))
		return DSA_COMP_INVALID_COUNT;
	if (!is_aligned(list, DSA_DESC_SIZE) ||
	    dsa_hw_wraps(list, count * DSA_DESC_SIZE))
		return DSA_COMP_BATCH_LIST_ALIGN;
	return DSA_COMP_NONE;
}

/* DSA_COMP_NONE: go ahead; job->interrupt, bof and backward are set. */
enum dsa_comp_status dsa_hw_desc_check(struct dsa_hw_engine *eng,
				       struct dsa_hw_job *job)
{
	const struct dsa_hw_op *op = dsa_hw_op_find(job);
	uint64_t code = FIELD_GET(DSA_DESC_OPCODE, &job->desc);

	if (FIELD_GET(DSA_DESC_CRAV, &job->desc) &&
	    !is_aligned(FIELD_GET(DSA_DESC_COMPLETION_ADDR, &job->desc),
			DSA_COMP_SIZE))
		return DSA_COMP_CR_ALIGN;
	if (job->priv && !eng->priv_ok)
		return DSA_COMP_PRIV;
	if (!op)
		return DSA_COMP_INVALID_OPCODE;
	job->bad_flags = dsa_hw_bad_flags(eng, job, op);
	if (job->bad_flags)
		return DSA_COMP_INVALID_FLAGS;
	if (dsa_hw_reserved(job, op))
		return DSA_COMP_RESERVED_FIELD;
	if (FIELD_GET(DSA_DESC_RCI, &job->desc)) {
		if (!job->handle)
			return DSA_COMP_INVALID_INT_HANDLE;
		job->interrupt = true;
	}
	job->bof = FIELD_GET(DSA_DESC_BOF, &job->desc);
	if (code == DSA_OP_BATCH)
		return dsa_hw_check_batch(eng, job);
	if (op->w4 & W4_SIZE)
		return dsa_hw_check_data(eng, job, op);
	return DSA_COMP_NONE;
}
