/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: one VT-d model, everything that software, devices and memory can
 * do to it. See vtd_oracle.c and vtd_naive.c for what has to hold.
 *
 * An input is a configuration, a guest that sets things up, and operations to
 * the end of it.
 */
#include "fuzz/vtd_ops.h"
#include "fuzz/vtd_rig.h"

const char *const fuzz_defects[] = { "write",  "flags",  "msi",     "loop",
				     "lock",   "busy",   "record",  "tail",
				     "tables", "vector", "address", "counters",
				     "new",    "saved",  NULL };

/* Features of the default that can be taken away, and others. */
struct feature {
	uint64_t cap, ecap;
};

#define CAP_OF(f)                                                              \
	{                                                                      \
		FIELD_MASK(VTD_CAP_##f), 0                                     \
	}
#define ECAP_OF(f)                                                             \
	{                                                                      \
		0, FIELD_MASK(VTD_ECAP_##f)                                    \
	}

/* What needs others is in front of them. */
static const struct feature usual[] = {
	CAP_OF(ESRTPS), CAP_OF(ESIRTPS), CAP_OF(PSI),    CAP_OF(FS1GP),
	CAP_OF(FS5LP),  CAP_OF(SSLPS),   ECAP_OF(NEST),  ECAP_OF(SSADS),
	ECAP_OF(PDS),   ECAP_OF(PRS),    ECAP_OF(EAFS),  ECAP_OF(ERS),
	ECAP_OF(SRS),   ECAP_OF(SMPWCS), ECAP_OF(SSTS),  ECAP_OF(FSTS),
	ECAP_OF(RPS),   ECAP_OF(PSS),    ECAP_OF(PASID), ECAP_OF(NWFS),
	ECAP_OF(DT),    ECAP_OF(EIM),    ECAP_OF(IR),    ECAP_OF(PT),
	ECAP_OF(SC),    ECAP_OF(C),      ECAP_OF(SMTS),
};

static const struct feature others[] = {
	CAP_OF(PLMR),  CAP_OF(PHMR),    ECAP_OF(DIT),
	ECAP_OF(ADMS), ECAP_OF(RPRIVS),
};

/* Takes features away, or adds them, if what comes out is a unit. */
static void try_change(struct vtd_hw_cfg *cfg, const struct feature *f,
		       bool add)
{
	struct vtd_hw_cfg changed = *cfg;

	changed.cap = (cfg->cap & ~f->cap) | (add ? f->cap : 0);
	changed.ecap = (cfg->ecap & ~f->ecap) | (add ? f->ecap : 0);
	if (vtd_hw_size(&changed))
		*cfg = changed;
}

static void set_sizes(struct vtd_hw_cfg *cfg, uint16_t b)
{
	static const uint8_t widths[] = { 52, 39, 46, 32 };
	static const uint8_t records[] = { 7, 0, 1, 31 };
	static const uint8_t domains[] = { 6, 0, 2, 4 };
	static const uint8_t sagaw[] = { 0xe, 4, 2, 6 };

	cfg->haw = widths[b & 3];
	cfg->cap = REG_PUT(VTD_CAP_NFR, cfg->cap, records[b >> 2 & 3]);
	cfg->cap = REG_PUT(VTD_CAP_ND, cfg->cap, domains[b >> 4 & 3]);
	cfg->cap = REG_PUT(VTD_CAP_SAGAW, cfg->cap, sagaw[b >> 6 & 3]);
	cfg->command_batch = b >> 8 & 3;
	if (b >> 10 & 1)
		cfg->cap = REG_PUT(VTD_CAP_MGAW, cfg->cap, 38);
	if (b >> 11 & 1)
		cfg->cap = REG_PUT(VTD_CAP_MAMV, cfg->cap, 0);
}

static void configure(struct in *in, struct vtd_hw_cfg *cfg)
{
	uint8_t kind = in_u8(in);
	uint32_t without = in_u32(in), i;
	uint8_t with = in_u8(in);
	uint16_t sizes = in_u16(in);

	vtd_hw_cfg_default(cfg);
	set_sizes(cfg, sizes);
	for (i = 0; i < FUZZ_COUNT(usual); i++)
		if (without >> i & 1)
			try_change(cfg, &usual[i], false);
	for (i = 0; i < FUZZ_COUNT(others); i++)
		if (with >> i & 1)
			try_change(cfg, &others[i], true);
	cfg->personality = kind & 1 ? HW_EAGER : HW_STRICT;
	cfg->eager_period = kind >> 1 & 3;
	cfg->iotlb_lg2 = kind & 8 ? 8 : 6;
	cfg->collapse = kind & 0x10;
	if (kind & 0x20)
		cfg->ver = 1 << VTD_VER_MAX_LO;
	cfg->sid = 0x7777;
	/* Anything at all. */
	if (kind >> 6 == 3) {
		cfg->cap ^= in_word(in);
		cfg->ecap ^= in_word(in);
		cfg->ver ^= in_u8(in);
		cfg->iotlb_lg2 = in_u8(in) % 10;
	}
}

static void op_register(struct rig *r)
{
	static const uint16_t regs[] = {
		VTD_GCMD,     VTD_GSTS,    VTD_RTADDR,   VTD_CCMD,
		VTD_FSTS,     VTD_FECTL,   VTD_FEDATA,   VTD_FEADDR,
		VTD_FEUADDR,  VTD_AFLOG,   VTD_PMEN,     VTD_PLMBASE,
		VTD_PLMLIMIT, VTD_PHMBASE, VTD_PHMLIMIT, VTD_IQH,
		VTD_IQT,      VTD_IQA,     VTD_ICS,      VTD_IECTL,
		VTD_IEDATA,   VTD_IEADDR,  VTD_IEUADDR,  VTD_IQERCD,
		VTD_IRTA,     VTD_PQH,     VTD_PQT,      VTD_PQA,
		VTD_PRS,      VTD_PECTL,   VTD_PEDATA,   VTD_PEADDR,
		VTD_PEUADDR,  VTD_VER,     VTD_CAP,      VTD_ECAP,
		VTD_ECMD,     VTD_VCMD,    VTD_MTRRCAP,  VTD_PERFCAP,
	};
	uint8_t b = in_u8(r->in), how = in_u8(r->in);
	uint64_t offset;
	unsigned int size = how & 1 ? 8 : 4;

	if (b < FUZZ_COUNT(regs))
		offset = regs[b];
	else if (b < 0x80)
		offset = vtd_iva_offset(r->cfg.ecap) + (b & 15);
	else if (b < 0xc0)
		offset = vtd_frcd_offset(r->cfg.cap) + (b & 63);
	else
		offset = in_u32(r->in);
	if (how >= 0xf0)
		size = how & 15;
	if (how & 2)
		(void)rig_read(r, offset, size);
	else
		rig_write(r, offset, size, in_word(r->in));
}

/* The port of an operation: one that is free, or none. */
static bool pick_port(struct rig *r, uint8_t b, unsigned int *ret_port)
{
	unsigned int i, port;

	for (i = 0; i < RIG_PORTS; i++) {
		port = (b + i) % RIG_PORTS;
		if (rig_free(r, port)) {
			*ret_port = port;
			return true;
		}
	}
	return false;
}

/* A zero byte reads. */
static void make_txn(struct rig *r, uint8_t b, struct hw_txn *txn)
{
	*txn = (struct hw_txn){ 0 };
	txn->requester = guest_sid(r->in);
	if (b & 4) {
		txn->flags |= HW_TXN_PASID_VALID;
		txn->pasid = guest_pasid(r->in);
	}
	txn->flags |= b & 8 ? HW_TXN_NO_WRITE : 0;
	txn->flags |= (b & 0x30) == 0x30 ? HW_TXN_TRANSLATED : 0;
	txn->perm = (in_u8(r->in) & 0x1f) ^ 1;
	txn->addr = guest_va(r->in);
}

static void op_translate(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct hw_txn txn, other;
	struct hw_xlat xlat;
	unsigned int port;

	make_txn(r, b, &txn);
	if (!pick_port(r, b & 3, &port))
		return;
	(void)!rig_translate(r, port, &txn, b & 0x40, b & 0x80, &xlat);
	if (!r->agrees || !rig_free(r, port))
		return;
	/* Another PASID, page, or function must not get what this one got. */
	other = txn;
	if (txn.flags & HW_TXN_PASID_VALID)
		other.pasid ^= 64;
	else
		other.requester ^= 0x18;
	rig_translate_next(r, port, &txn, &other);
	other.addr ^= 0x1000;
	rig_translate_next(r, port, &txn, &other);
	r->agrees = false;
}

static void op_ats(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct hw_txn txn;
	unsigned int port;

	make_txn(r, b, &txn);
	txn.flags &= ~(uint32_t)HW_TXN_TRANSLATED;
	if (pick_port(r, b & 3, &port))
		rig_ats(r, port, &txn, b & 0x80);
}

static void op_page_request(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct hw_page_request req = {
		.requester = guest_sid(r->in),
		.pasid_valid = !(b & 1),
		.pasid = guest_pasid(r->in),
		.addr = guest_va(r->in),
		.perm = (b >> 3 & 0x1f) ^ 1u,
		.prgi = in_u16(r->in),
		.last = !(b & 2),
	};

	rig_page_request(r, &req);
}

/* In remappable format, handle in the first byte; or anything. */
static void op_interrupt(struct rig *r)
{
	uint8_t b = in_u8(r->in), index = in_u8(r->in);
	struct vtd_hw_msg msg = {
		.addr = UINT64_C(0xfee00010) | (uint64_t)(index & 31) << 5,
		.data = b >> 4 & 3,
	};

	if (b & 1)
		msg.addr |= 8; /* SHV */
	if (b & 2)
		msg.addr ^= 0x10;
	if (b & 4)
		msg.addr ^= in_word(r->in);
	if (b & 8)
		msg.data ^= (uint32_t)in_word(r->in);
	if (b & 0x40)
		guest_irte(r, index & 31);
	rig_interrupt(r, (uint16_t)guest_sid(r->in), &msg, b & 0x80);
}

static void op_inv_complete(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	uint64_t cookie = b & 2 ? in_word(r->in) : r->inv_cookie[b >> 2 & 7];

	rig_inv_complete(r, cookie, !(b & 1));
}

static void op_memory(struct rig *r)
{
	uint64_t pa = (uint64_t)in_u16(r->in) * 8;
	uint8_t how = in_u8(r->in);

	if (how < 0x80)
		world_put(&r->w, pa,
			  world_get(&r->w, pa) ^ UINT64_C(1) << (how & 63));
	else
		world_put(&r->w, pa, in_word(r->in));
}

static void op_world(struct rig *r)
{
	uint8_t b = in_u8(r->in);

	switch (b & 7) {
	case 0:
		r->w.abort_last = 0;
		break;
	case 1:
		r->w.abort_first = (uint64_t)in_u8(r->in) << 12 | r->hi;
		r->w.abort_last = r->w.abort_first + 0xfff;
		break;
	case 2:
		r->w.abort_first = 0;
		r->w.abort_last = UINT64_MAX;
		break;
	case 3:
		r->w.meddle = b >> 3;
		break;
	case 4:
		r->w.alias = b & 8;
		break;
	case 5:
	case 6:
		rig_release(r, (b >> 3 & 3) % RIG_PORTS);
		break;
	default:
		rig_port(r, (b >> 3 & 3) % RIG_PORTS, b & 0x80);
		break;
	}
}

static void op_table(struct rig *r)
{
	uint8_t b = in_u8(r->in);

	switch (b & 3) {
	case 0:
		guest_context(r, guest_sid(r->in));
		break;
	case 1:
		guest_pasid_entry(r, guest_pasid(r->in));
		break;
	case 2:
		guest_tree(r, b >> 2 & (RIG_TREES - 1));
		break;
	default:
		if (b & 4)
			guest_registers(r);
		else
			guest_irte(r, b >> 4);
		break;
	}
}

/* Rare: what follows has nothing left to work with. */
static void op_reset(struct rig *r)
{
	if (in_u8(r->in) & 1)
		rig_reset(r);
}

void fuzz_op(struct rig *r)
{
	switch (in_u8(r->in) % OP_COUNT) {
	case OP_TRANSLATE:
		op_translate(r);
		break;
	case OP_COMMAND:
		guest_command(r);
		break;
	case OP_MAP:
		guest_map_op(r);
		break;
	case OP_TABLE:
		op_table(r);
		break;
	case OP_ATS:
		op_ats(r);
		break;
	case OP_PAGE_REQUEST:
		op_page_request(r);
		break;
	case OP_SERVE:
		guest_serve(r);
		break;
	case OP_REGISTER:
		op_register(r);
		break;
	case OP_INTERRUPT:
		op_interrupt(r);
		break;
	case OP_INV_COMPLETE:
		op_inv_complete(r);
		break;
	case OP_MEMORY:
		op_memory(r);
		break;
	case OP_WORLD:
		op_world(r);
		break;
	case OP_SNAPSHOT:
		rig_saved(r);
		break;
	case OP_RESET:
	default:
		op_reset(r);
		break;
	}
}

/* Trees for both stages, three functions, four PASIDs, a page in each tree. */
static void set_up(struct rig *r)
{
	unsigned int i;

	if (in_u8(r->in) & 1)
		r->hi = UINT64_C(1) << (rig_haw(&r->cfg) - 1);
	for (i = 0; i < RIG_TREES; i++)
		guest_tree(r, i);
	guest_registers(r);
	/* Of the second stage, all of memory. */
	guest_map(r, 1, 0, 2, 0, 0);
	guest_map(r, 3, 0, 1, 0x30000, 0);
	guest_map(r, 1, 0x7000 | UINT64_C(1) << 30, 1, 0x30000, 0);
	guest_map(r, 0, 0x7000, 1, 0x30000, 0);
	guest_map(r, 0, 0x200000, 2, 0x31000, 0);
	guest_map(r, 2, 0x7000, 1, 0x31000, 0);
	for (i = 0; i < 3; i++)
		guest_context(r, 8 + i * 8);
	guest_context(r, 0xa1);
	for (i = 0; i < 2; i++) {
		guest_pasid_entry(r, i);
		guest_pasid_entry(r, 63 + i);
	}
	for (i = 0; i < 4; i++)
		guest_irte(r, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig r;
	struct in in = { data, data + size };
	struct vtd_hw_cfg cfg;
	unsigned int i;

	if (size > FUZZ_INPUT_MAX)
		return -1;
	configure(&in, &cfg);
	if (rig_create(&r, &cfg, &in))
		return -1;
	for (i = 0; i < RIG_PORTS; i++)
		rig_port(&r, i, true);
	/* There is always a table to point to. */
	r.bump = GUEST_TABLES;
	for (i = 0; i < RIG_TREES; i++)
		r.tree[i] = (struct guest_tree){ 4, i & 1, GUEST_TABLES };
	if (!(in_u8(&in) & 1))
		set_up(&r);
	while (in.p < in.end)
		fuzz_op(&r);
	rig_destroy(&r);
	return 0;
}
