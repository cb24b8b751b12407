/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: one accelerator, everything that drivers, users with a portal,
 * memory and the IOMMU can do to it. See dsa_rig.c for what has to hold.
 *
 * An input is a configuration, a driver's set-up, and operations to its end.
 */
#include "fuzz/dsa_ops.h"
#include "fuzz/dsa_rig.h"

const char *const fuzz_defects[] = { "grant", "place",    "port", "work",
				     "lock",  "counters", "rest", NULL };

static void configure(struct in *in, struct dsa_hw_cfg *cfg)
{
	uint8_t b = in_u8(in), c = in_u8(in);

	dsa_hw_cfg_default(cfg);
	cfg->rid = RIG_RID;
	cfg->engines = 1 + (b & 3);
	cfg->wqs = 1 + (b >> 2 & 3);
	cfg->wq_entries = b & 0x10 ? 4 : 64;
	cfg->max_transfer_lg2 = b & 0x20 ? 12 : 18;
	cfg->max_batch_lg2 = b & 0x40 ? 1 : 5;
	cfg->personality = b & 0x80 ? HW_EAGER : HW_STRICT;
	cfg->pasid_bits = c & 1 ? 0 : c & 2 ? 5 : 20;
	cfg->ats = !(c & 4);
	cfg->pri = !(c & 12);
	cfg->outstanding = c & 0x10 ? 1 : 64;
	cfg->msix_vectors = c & 0x20 ? 1 : 9;
	cfg->read_buffers = c & 0x20 ? 0 : 96;
	cfg->atc_lg2 = 4 + (c >> 6);
	if (in_u8(in) & 1) {
		cfg->platform = true;
		cfg->ats = cfg->pri = false;
	}
	/* Refused, or not. */
	if ((c & 0xc0) == 0xc0) {
		cfg->engines = in_u8(in) & 31;
		cfg->wqs = in_u8(in) & 31;
		cfg->wq_entries = in_u16(in) & 0x7ff;
		cfg->max_transfer_lg2 = in_u8(in) & 31;
		if (cfg->max_transfer_lg2 > 20)
			cfg->max_transfer_lg2 = 20;
		cfg->msix_vectors = in_u8(in) & 127;
	}
}

static unsigned int find_cap(struct rig *r, unsigned int id)
{
	unsigned int at = rig_cfg_read(r, PCIE_CFG_CAP_POINTER, 1), n;
	uint32_t head;

	for (n = 0; at && n < 48; n++) {
		head = rig_cfg_read(r, at, 2);
		if (REG_GET(PCIE_CAP_HEADER_ID, head) == id)
			return at;
		at = (unsigned int)REG_GET(PCIE_CAP_HEADER_NEXT, head);
	}
	return 0;
}

static unsigned int find_ext_cap(struct rig *r, unsigned int id)
{
	unsigned int at = PCIE_CFG_EXT_CAPS, n;
	uint32_t head;

	for (n = 0; at && n < 48; n++) {
		head = rig_cfg_read(r, at, 4);
		if (REG_GET(PCIE_EXT_CAP_ID, head) == id)
			return at;
		at = (unsigned int)REG_GET(PCIE_EXT_CAP_NEXT, head);
	}
	return 0;
}

static void start_pcie(struct rig *r)
{
	unsigned int at, i;

	if (r->cfg.platform)
		return;
	rig_cfg_write(r, PCIE_CFG_COMMAND, 2, 6);
	at = find_ext_cap(r, PCIE_EXT_CAP_ID_PASID);
	if (at)
		rig_cfg_write(r, at + PCIE_PASID_CTRL, 2, 5);
	at = find_ext_cap(r, PCIE_EXT_CAP_ID_ATS);
	if (at)
		rig_cfg_write(r, at + PCIE_ATS_CTRL, 2, 0x8000);
	at = find_ext_cap(r, PCIE_EXT_CAP_ID_PRI);
	if (at) {
		rig_cfg_write(r, at + PCIE_PRI_CTRL, 2, 2);
		rig_cfg_write(r, at + PCIE_PRI_ALLOCATION, 4, 32);
		rig_cfg_write(r, at + PCIE_PRI_CTRL, 2, 1);
	}
	for (i = 0; i < r->cfg.msix_vectors && i < 9; i++) {
		rig_write(r, 0x2000 + 16 * i, 8, 0xfee00000 + 4 * i);
		rig_write(r, 0x2008 + 16 * i, 8, i);
	}
	at = find_cap(r, PCIE_CAP_ID_MSIX);
	if (at)
		rig_cfg_write(r, at + PCIE_MSIX_CTRL, 2, 0x8000);
}

static uint64_t table(struct rig *r, unsigned int shift)
{
	return (rig_read(r, DSA_REG_TABLE_OFFSETS, 8) >> shift & 0xffff) *
	       DSA_TABLE_UNIT;
}

static void start_wq(struct rig *r, unsigned int n, uint16_t b)
{
	uint64_t at = table(r, 16) + n * 32;
	struct dsa_wqcfg cfg = { { 0 } };

	FIELD_SET(DSA_WQCFG_SIZE, &cfg, r->cfg.wq_entries / r->cfg.wqs);
	FIELD_SET(DSA_WQCFG_THRESHOLD, &cfg, b & 0x100 ? 1 : 0);
	FIELD_SET(DSA_WQCFG_MODE, &cfg, !(b & 1));
	FIELD_SET(DSA_WQCFG_BOF, &cfg, !(b & 2));
	FIELD_SET(DSA_WQCFG_ATS_DISABLE, &cfg, b >> 2);
	FIELD_SET(DSA_WQCFG_PASID_EN, &cfg,
		  (b & 8 ? 0u : 1u) & (r->cfg.pasid_bits != 0));
	FIELD_SET(DSA_WQCFG_PASID, &cfg, b & 8 ? 0 : n + 1);
	FIELD_SET(DSA_WQCFG_PRIV, &cfg, b >> 4);
	FIELD_SET(DSA_WQCFG_PRIORITY, &cfg, 1 + (b >> 5 & 7));
	FIELD_SET(DSA_WQCFG_MAX_XFER_SHIFT, &cfg, r->cfg.max_transfer_lg2);
	FIELD_SET(DSA_WQCFG_MAX_BATCH_SHIFT, &cfg, r->cfg.max_batch_lg2);
	rig_write(r, at, 8, cfg.dw[0]);
	rig_write(r, at + 8, 8, cfg.dw[1]);
	rig_write(r, DSA_REG_CMD, 4,
		  REG_PUT(DSA_CMD_CODE, n, DSA_CMD_ENABLE_WQ));
}

/* Everything in one group; the input makes the queues different. */
void guest_start(struct rig *r)
{
	uint64_t at = table(r, 0);
	uint16_t b[16] = { 0 };
	unsigned int i;

	start_pcie(r);
	rig_write(r, at + DSA_GRPCFG_OFF_WQS, 8, (1u << r->cfg.wqs) - 1);
	rig_write(r, at + DSA_GRPCFG_OFF_ENGINES, 8,
		  (1u << r->cfg.engines) - 1);
	rig_write(r, at + DSA_GRPCFG_OFF_FLAGS, 8, 24 << 20); /* buffers */
	rig_write(r, DSA_REG_GENCFG, 4, 0x1000);
	rig_write(r, DSA_REG_GENCTRL, 4, 3);
	/* Sizes and modes, before the device is enabled; then once more. */
	for (i = 0; i < r->cfg.wqs && i < 16; i++) {
		b[i] = in_u16(r->in);
		start_wq(r, i, b[i]);
	}
	rig_write(r, DSA_REG_CMD, 4,
		  REG_PUT(DSA_CMD_CODE, 0, DSA_CMD_ENABLE_DEVICE));
	for (i = 0; i < r->cfg.wqs && i < 16; i++)
		start_wq(r, i, b[i]);
}

/* A place in memory, mostly at the start of one of its first pages. */
static uint64_t place(struct in *in)
{
	uint8_t b = in_u8(in);

	if (b >= 0xf8)
		return in_word(in);
	if (b >= 0x80)
		return (uint64_t)(b & 0x3f) << 12 | (b & 0x40 ? 0xff8 : 8);
	return (uint64_t)b << 12;
}

static uint32_t transfer_size(struct in *in)
{
	static const uint32_t sizes[] = { 4096, 8,      1,       64,
					  80,   0x2000, 0x11000, 0x40000 };
	uint8_t b = in_u8(in);

	return b & 0x80 ? in_u32(in) : sizes[b & 7] + (b >> 3 & 15) * 8u;
}

static void make_delta(struct dsa_desc *d, struct in *in, bool create)
{
	uint64_t addr = place(in);

	if (create) {
		FIELD_SET(DSA_DESC_CREATE_DELTA_ADDR, d, addr);
		FIELD_SET(DSA_DESC_CREATE_DELTA_MAX_SIZE, d,
			  80 + in_u8(in) * 16u);
		FIELD_SET(DSA_DESC_CREATE_DELTA_EXPECTED, d, in_u8(in) & 7);
		FIELD_SET(DSA_DESC_CRAV, d, 1);
		FIELD_SET(DSA_DESC_RCR, d, 1);
	} else {
		FIELD_SET(DSA_DESC_APPLY_DELTA_ADDR, d, addr);
		FIELD_SET(DSA_DESC_APPLY_DELTA_SIZE, d, 10 * (1u + in_u8(in)));
	}
}

/* What the flags of every operation may be, and for one more any of them. */
static void make_flags(struct dsa_desc *d, struct in *in)
{
	uint8_t b = in_u8(in);

	FIELD_SET(DSA_DESC_CRAV, d, !(b & 1));
	FIELD_SET(DSA_DESC_RCR, d, !(b & 3));
	FIELD_SET(DSA_DESC_BOF, d, b >> 2);
	FIELD_SET(DSA_DESC_RCI, d, b >> 3);
	FIELD_SET(DSA_DESC_CHECK_RESULT, d, b >> 4);
	FIELD_SET(DSA_DESC_FENCE, d, b >> 5);
	FIELD_SET(DSA_DESC_PRIV, d, b >> 6);
	FIELD_SET(DSA_DESC_PASID, d, b >> 7 ? in_u8(in) & 3 : 1);
	FIELD_SET(DSA_DESC_COMPLETION_ADDR, d,
		  GUEST_COMP + (uint64_t)in_u8(in) * DSA_COMP_SIZE);
	FIELD_SET(DSA_DESC_INT_HANDLE, d, b >> 3 & 1);
}

static void make_desc(struct rig *r, struct dsa_desc *d)
{
	static const uint8_t ops[] = {
		DSA_OP_MEMMOVE,         DSA_OP_NOOP,         DSA_OP_BATCH,
		DSA_OP_DRAIN,           DSA_OP_FILL,         DSA_OP_COMPARE,
		DSA_OP_COMPARE_PATTERN, DSA_OP_CREATE_DELTA, DSA_OP_APPLY_DELTA,
		DSA_OP_DUALCAST,        DSA_OP_CRC_GEN,      DSA_OP_COPY_CRC,
		DSA_OP_CACHE_FLUSH,     DSA_OP_DIF_CHECK,    DSA_OP_DIF_INSERT,
	};
	struct in *in = r->in;
	uint8_t b = in_u8(in), op = ops[(b & 0x1f) % FUZZ_COUNT(ops)];
	unsigned int i;

	*d = (struct dsa_desc){ { 0 } };
	FIELD_SET(DSA_DESC_OPCODE, d, op);
	make_flags(d, in);
	FIELD_SET(DSA_DESC_SRC, d, place(in));
	FIELD_SET(DSA_DESC_DST, d, place(in));
	FIELD_SET(DSA_DESC_XFER_SIZE, d, transfer_size(in));
	switch (op) {
	case DSA_OP_NOOP:
	case DSA_OP_DRAIN:
		d->dw[2] = d->dw[3] = 0;
		FIELD_SET(DSA_DESC_XFER_SIZE, d, 0);
		break;
	case DSA_OP_BATCH:
		d->dw[3] = 0;
		FIELD_SET(DSA_DESC_BATCH_LIST, d, GUEST_BATCH);
		FIELD_SET(DSA_DESC_BATCH_COUNT, d, 2 + (in_u8(in) & 31));
		break;
	case DSA_OP_CREATE_DELTA:
	case DSA_OP_APPLY_DELTA:
		make_delta(d, in, op == DSA_OP_CREATE_DELTA);
		break;
	case DSA_OP_DUALCAST:
		FIELD_SET(DSA_DESC_DUALCAST_DST2, d, place(in));
		break;
	case DSA_OP_CRC_GEN:
		d->dw[3] = 0;
		__attribute__((fallthrough));
	case DSA_OP_COPY_CRC:
		i = in_u8(in);
		FIELD_SET(DSA_DESC_CRC_READ_SEED, d, i & 1);
		FIELD_SET(DSA_DESC_CRC_BYPASS_INVERSION, d, i >> 1);
		FIELD_SET(DSA_DESC_CRC_BYPASS_REFLECTION, d, i >> 2);
		if (i & 1)
			FIELD_SET(DSA_DESC_CRC_SEED_ADDR, d, place(in));
		break;
	case DSA_OP_CACHE_FLUSH:
		d->dw[2] = 0;
		break;
	default:
		break;
	}
	if (b & 0x80) {
		i = in_u8(in) & 7;
		d->dw[i] ^= in_word(in);
	}
}

static void op_submit(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	unsigned int wq = (b & 15) % r->cfg.wqs;
	struct dsa_desc d;

	make_desc(r, &d);
	rig_submit(r,
		   (uint64_t)wq * 4 * DSA_PORTAL_SIZE +
			   (b >> 5 & 3) * DSA_PORTAL_SIZE + (b & 0x80 ? 64 : 0),
		   b & 0x10, &d);
}

/* Descriptors where batches are looked for. */
static void op_batch(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	unsigned int i, w, n = 1 + (b & 3);
	struct dsa_desc d;

	for (i = 0; i < n; i++) {
		make_desc(r, &d);
		for (w = 0; w < 8; w++)
			world_put(&r->w,
				  GUEST_BATCH + ((b >> 2) + i) * DSA_DESC_SIZE +
					  w * 8,
				  d.dw[w]);
	}
}

static void op_step(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	unsigned int n = 1 + (b >> 4);

	while (n--)
		if (rig_step(r, b & 15) == DSA_HW_IDLE)
			break;
}

static void op_mmio(struct rig *r)
{
	static const uint32_t regs[] = {
		DSA_REG_GENCFG,
		DSA_REG_GENCTRL,
		DSA_REG_INTCAUSE,
		DSA_REG_CMD,
		DSA_REG_CMDSTATUS,
		DSA_REG_SWERR,
		DSA_REG_SWERR + 8,
		0x400,
		0x408,
		0x420,
		0x428,
		0x440,
		0x500,
		0x508,
		0x510,
		0x518,
		0x520,
		0x700,
		0x708,
		0x2000,
		0x2008,
		0x3000,
		DSA_REG_GENCAP,
		DSA_REG_DUMMY_PORTAL,
	};
	uint8_t b = in_u8(r->in), how = in_u8(r->in);
	uint64_t offset = b < FUZZ_COUNT(regs) ? regs[b] : in_u16(r->in);
	unsigned int size = how & 4 ? 4 : 8;

	if (how >= 0xf0)
		size = how & 15;
	if (how & 1)
		(void)rig_read(r, offset, size);
	else
		rig_write(r, offset, size, in_word(r->in));
}

static void op_command(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	uint64_t v = REG_PUT(DSA_CMD_CODE, in_u16(r->in), b & 31);

	rig_write(r, DSA_REG_CMD, 4, REG_PUT(DSA_CMD_INT_REQ, v, b >> 7));
}

static void op_config(struct rig *r)
{
	uint8_t how = in_u8(r->in);
	unsigned int offset = in_u16(r->in) & 0xfff;
	unsigned int size = 1u << (how & 3);

	/* Where capabilities are. */
	if (how & 0x10)
		offset &= 0x1ff;
	if (how & 4)
		(void)rig_cfg_read(r, offset, size);
	else
		rig_cfg_write(r, offset, size, (uint32_t)in_word(r->in));
}

static void op_page(struct rig *r)
{
	uint8_t page = in_u8(r->in), b = in_u8(r->in);
	struct hw_ats_inv inv = {
		.requester = r->cfg.rid,
		.pasid_valid = !(b & 0x20),
		.pasid = 1,
		.global = b & 0x40,
		.addr = (uint64_t)page << 12,
		.size = b & 0x80 ? 0 : 4096,
	};

	r->mode[page % RIG_PAGES] = b & (PAGE_MODES - 1);
	if (b & 0x10)
		r->mode[(page + 1) % RIG_PAGES] = b & (PAGE_MODES - 1);
	if (!(b & 8))
		rig_invalidate(r, &inv);
}

static void op_answer(struct rig *r)
{
	static const enum hw_prg_code codes[] = { HW_PRG_SUCCESS,
						  HW_PRG_INVALID,
						  HW_PRG_FAILURE, 7 };
	uint8_t b = in_u8(r->in);
	struct hw_prg_response resp = {
		.requester = b & 0x40 ? 1 : r->cfg.rid,
		.pasid_valid = b & 0x20,
		.pasid = 1,
		.prgi = b & 15,
		.code = codes[b >> 4 & 1],
	};

	if (r->cfg.platform && b & 0x80)
		rig_resume(r, in_word(r->in), b & 1);
	else if (r->cfg.platform)
		(void)rig_end_stall(r, b & 15, !(b & 0x10));
	else if (b & 0x80)
		rig_respond(r, &resp);
	else
		(void)rig_answer(r, b & 15, codes[b >> 4 & 3]);
}

static void op_world(struct rig *r)
{
	uint8_t b = in_u8(r->in);

	switch (b & 3) {
	case 0:
		r->w.abort_last = 0;
		break;
	case 1:
		r->w.abort_first = (uint64_t)in_u8(r->in) << 12;
		r->w.abort_last = r->w.abort_first + 0xfff;
		break;
	case 2:
		world_put(&r->w, (uint64_t)in_u16(r->in) * 8, in_word(r->in));
		break;
	default:
		r->w.alias = b & 4;
		if (r->cfg.platform && b & 8)
			rig_reset_line(r);
		break;
	}
}

void fuzz_op(struct rig *r)
{
	switch (in_u8(r->in) % OP_COUNT) {
	case OP_SUBMIT:
		op_submit(r);
		break;
	case OP_STEP:
		op_step(r);
		break;
	case OP_BATCH:
		op_batch(r);
		break;
	case OP_PAGE:
		op_page(r);
		break;
	case OP_ANSWER:
		op_answer(r);
		break;
	case OP_COMMAND:
		op_command(r);
		break;
	case OP_MMIO:
		op_mmio(r);
		break;
	case OP_CONFIG:
		op_config(r);
		break;
	case OP_WORLD:
	default:
		op_world(r);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig r;
	struct in in = { data, data + size };
	struct dsa_hw_cfg cfg;

	if (size > FUZZ_INPUT_MAX)
		return -1;
	configure(&in, &cfg);
	if (rig_create(&r, &cfg, &in))
		return -1;
	if (!(in_u8(&in) & 1))
		guest_start(&r);
	while (in.p < in.end)
		fuzz_op(&r);
	rig_destroy(&r);
	return 0;
}
