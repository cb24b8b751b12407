/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: one SMMUv3 model, everything that software, devices and memory
 * can do to it. See smmuv3_oracle.c for what has to hold.
 *
 * An input is a configuration, a guest that sets things up, and operations to
 * the end of it.
 */
#include <errno.h>

#include "fuzz/smmuv3_ops.h"
#include "fuzz/smmuv3_rig.h"

const char *const fuzz_defects[] = { "write",   "flags",  "msi",      "loop",
				     "lock",    "busy",   "index",    "record",
				     "address", "resume", "counters", "new",
				     "saved",   NULL };

/* Features that a model may have or lack, each with what it needs. */
struct feature {
	unsigned int reg;
	uint32_t bits;
};

#define BIT_OF(n, f)                                                           \
	{                                                                      \
		n, (uint32_t)FIELD_MASK(SMMU_IDR##n##_##f)                     \
	}

static const struct feature features[] = {
	BIT_OF(0, S2P),
	BIT_OF(0, BTM),
	BIT_OF(0, HYP),
	BIT_OF(0, NS1ATS),
	BIT_OF(0, SEV),
	BIT_OF(0, ATOS),
	BIT_OF(0, VMW),
	BIT_OF(0, VMID16),
	BIT_OF(0, DORMHINT),
	BIT_OF(3, XNX),
	BIT_OF(3, FWB),
	BIT_OF(3, PPS),
	BIT_OF(3, PTWNNC),
	BIT_OF(3, E0PD),
	BIT_OF(3, EPAN),
	BIT_OF(3, PASIDTT),
	BIT_OF(3, PBHA),
	BIT_OF(1, ATTR_TYPES_OVR),
	BIT_OF(5, GRAN16K),
	BIT_OF(5, GRAN64K),
	{ 5, (uint32_t)FIELD_MASK(SMMU_IDR5_DS) | 1 << SMMU_IDR5_VAX_LO },
	{ 5, SMMU_PS_52 },
	{ 5, 1 << SMMU_IDR5_VAX_LO },
};

/* Features of the default that can be taken away. */
static const struct feature usual[] = {
	BIT_OF(0, COHACC),     BIT_OF(0, PRI),
	BIT_OF(0, ATSRECERR),  BIT_OF(0, ATS),
	BIT_OF(0, ASID16),     BIT_OF(0, MSI),
	BIT_OF(0, CD2L),       BIT_OF(0, ST_LEVEL),
	BIT_OF(0, HTTU),       BIT_OF(1, ATTR_PERMS_OVR),
	BIT_OF(3, HAD),        BIT_OF(3, STT),
	BIT_OF(3, RIL),        BIT_OF(3, BBML),
	BIT_OF(5, GRAN4K),     BIT_OF(0, S1P),
	BIT_OF(0, TERM_MODEL), { 0, 2 << SMMU_IDR0_HTTU_LO },
};

/* Adds a feature if the model then still is one. */
static void try_feature(struct smmuv3_hw_cfg *cfg, const struct feature *f)
{
	struct smmuv3_hw_cfg with = *cfg;

	with.idr[f->reg] |= f->bits;
	if (f->reg == 5 && !(f->bits & ~7u))
		with.idr[5] = (cfg->idr[5] & ~7u) | f->bits;
	if (smmuv3_hw_size(&with))
		*cfg = with;
}

/* Takes it away, with what needs it, if what is left is an SMMU. */
static void try_without(struct smmuv3_hw_cfg *cfg, const struct feature *f)
{
	struct smmuv3_hw_cfg less = *cfg;

	less.idr[f->reg] &= ~f->bits;
	if (smmuv3_hw_size(&less))
		*cfg = less;
}

static void set_stalls(struct smmuv3_hw_cfg *cfg, uint8_t b)
{
	static const uint16_t max[] = { 5, 1, 64, 0xffff };
	uint64_t model = b & 3;

	if (model == 3)
		model = SMMU_IDR0_STALL_MODEL_BOTH;
	else
		model = model == 0 ? SMMU_IDR0_STALL_MODEL_BOTH :
			model == 1 ? SMMU_IDR0_STALL_MODEL_NONE :
				     SMMU_IDR0_STALL_MODEL_FORCE;
	cfg->idr[0] =
		(uint32_t)REG_PUT(SMMU_IDR0_STALL_MODEL, cfg->idr[0], model);
	cfg->idr[5] = (uint32_t)REG_PUT(
		SMMU_IDR5_STALL_MAX, cfg->idr[5],
		model == SMMU_IDR0_STALL_MODEL_NONE ? 0 : max[b >> 2 & 3]);
}

static void set_sizes(struct smmuv3_hw_cfg *cfg, uint16_t b)
{
	static const uint8_t ssids[] = { 20, 0, 5, 10 };
	static const uint8_t sids[] = { 16, 8, 32, 1 };
	static const uint8_t queues[] = { 7, 1, 4, 19 };

	cfg->idr[1] = (uint32_t)REG_PUT(SMMU_IDR1_SSIDSIZE, cfg->idr[1],
					ssids[b & 3]);
	cfg->idr[1] = (uint32_t)REG_PUT(SMMU_IDR1_SIDSIZE, cfg->idr[1],
					sids[b >> 2 & 3]);
	cfg->idr[1] = (uint32_t)REG_PUT(SMMU_IDR1_CMDQS, cfg->idr[1],
					queues[b >> 4 & 3] & 7);
	cfg->idr[1] = (uint32_t)REG_PUT(SMMU_IDR1_EVENTQS, cfg->idr[1],
					queues[b >> 6 & 3]);
	cfg->idr[1] = (uint32_t)REG_PUT(SMMU_IDR1_PRIQS, cfg->idr[1],
					queues[b >> 8 & 3]);
	if (b >> 10 & 7)
		cfg->idr[5] = (uint32_t)REG_PUT(SMMU_IDR5_OAS, cfg->idr[5],
						(b >> 10 & 7) - 1u);
}

static void configure(struct in *in, struct smmuv3_hw_cfg *cfg)
{
	uint8_t kind = in_u8(in), stalls = in_u8(in);
	uint32_t without = in_u16(in), with = in_u32(in), i;
	uint16_t sizes = in_u16(in);

	smmuv3_hw_cfg_default(cfg);
	set_sizes(cfg, sizes);
	set_stalls(cfg, stalls);
	for (i = 0; i < FUZZ_COUNT(features); i++)
		if (with >> i & 1)
			try_feature(cfg, &features[i]);
	without |= with >> 24 << 14;
	for (i = 0; i < FUZZ_COUNT(usual); i++)
		if (without >> i & 1)
			try_without(cfg, &usual[i]);
	if (kind & 4)
		cfg->aidr = SMMU_AIDR_V3_1;
	cfg->personality = kind & 1 ? HW_EAGER : HW_STRICT;
	cfg->eager_period = kind >> 1 & 3;
	cfg->tlb_lg2 = kind & 8 ? 8 : 6;
	cfg->command_batch = kind >> 4 & 3;
	cfg->sid = 0x7777;
	/* Anything at all; a queue of 19 bits is taken in pieces. */
	if (kind >> 6 == 3) {
		cfg->idr[in_u8(in) % 6] ^= (uint32_t)in_word(in);
		cfg->aidr ^= in_u8(in);
		cfg->tlb_lg2 = in_u8(in) % 10;
		if (REG_GET(SMMU_IDR1_CMDQS, cfg->idr[1]) > 8 &&
		    !cfg->command_batch)
			cfg->command_batch = 8;
	}
}

static void op_register(struct rig *r)
{
	static const uint32_t regs[] = {
		SMMU_CR0,
		SMMU_CR1,
		SMMU_CR2,
		SMMU_GBPA,
		SMMU_IRQ_CTRL,
		SMMU_GERRORN,
		SMMU_STRTAB_BASE,
		SMMU_STRTAB_BASE_CFG,
		SMMU_CMDQ_BASE,
		SMMU_CMDQ_PROD,
		SMMU_CMDQ_CONS,
		SMMU_EVENTQ_BASE,
		SMMU_EVENTQ_PROD,
		SMMU_EVENTQ_CONS,
		SMMU_PRIQ_BASE,
		SMMU_PRIQ_PROD,
		SMMU_PRIQ_CONS,
		SMMU_GERROR_IRQ_CFG0,
		SMMU_GERROR_IRQ_CFG1,
		SMMU_GERROR_IRQ_CFG2,
		SMMU_EVENTQ_IRQ_CFG0,
		SMMU_EVENTQ_IRQ_CFG1,
		SMMU_EVENTQ_IRQ_CFG2,
		SMMU_PRIQ_IRQ_CFG0,
		SMMU_PRIQ_IRQ_CFG1,
		SMMU_PRIQ_IRQ_CFG2,
		SMMU_GATOS_CTRL,
		SMMU_GATOS_SID,
		SMMU_GATOS_ADDR,
		SMMU_GATOS_PAR,
		SMMU_AGBPA,
		SMMU_GBPMPAM,
		SMMU_GMPAM,
		SMMU_VATOS_SEL,
		SMMU_S2PII,
		SMMU_DPT_BASE,
		SMMU_DPT_BASE_CFG,
		SMMU_DPT_CFG_FAR,
		SMMU_IDR6,
		SMMU_ID_REGS,
		SMMU_EVENTQ_PROD_ALIAS,
		SMMU_EVENTQ_CONS_ALIAS,
		SMMU_PRIQ_PROD_ALIAS,
		SMMU_PRIQ_CONS_ALIAS,
		SMMU_IDR0,
		SMMU_IDR1,
		SMMU_CR0ACK,
		SMMU_GERROR,
	};
	uint8_t b = in_u8(r->in), how = in_u8(r->in);
	uint64_t offset = b < FUZZ_COUNT(regs) ? regs[b] : in_u32(r->in);
	unsigned int size = how & 1 ? 8 : 4;

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
		txn->pasid = guest_ssid(r->in);
	}
	txn->flags |= b & 8 ? HW_TXN_NO_WRITE : 0;
	txn->flags |= (b & 0x30) == 0x30 ? HW_TXN_TRANSLATED : 0;
	txn->perm = (in_u8(r->in) & 0x1f) ^ 1;
	txn->addr = guest_va(r->in);
}

static void op_translate(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct hw_xlat xlat;
	struct hw_txn txn;
	unsigned int port;

	make_txn(r, b, &txn);
	if (pick_port(r, b & 3, &port))
		(void)!rig_translate(r, port, &txn, b & 0x40, &xlat);
}

static void op_ats(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct hw_txn txn;
	unsigned int port;

	make_txn(r, b, &txn);
	if (pick_port(r, b & 3, &port))
		rig_ats(r, port, &txn);
}

static void op_page_request(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct hw_page_request req = {
		.requester = guest_sid(r->in),
		.pasid_valid = b & 1,
		.pasid = guest_ssid(r->in),
		.addr = guest_va(r->in),
		.perm = (b >> 3 & 0x1f) ^ 1u,
		.prgi = in_u16(r->in),
		.last = !(b & 2),
	};

	rig_page_request(r, &req);
}

/* A hint, or a transaction of a kind that no SMMU takes. */
static void op_hint(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct smmuv3_hw_hint hint = {
		.requester = guest_sid(r->in),
		.pasid_valid = b & 1,
		.pasid = guest_ssid(r->in),
		.addr = guest_va(r->in),
		.pages = (b >> 1 & 7) * 51u,
		.user = b >> 4 & 7,
		.priv = b >> 5 & 7,
	};
	struct hw_txn txn = {
		.requester = hint.requester,
		.flags = b & 7,
		.pasid = hint.pasid,
		.addr = hint.addr,
	};

	if (b & 8)
		rig_unsupported(r, &txn, b);
	else
		rig_hint(r, &hint);
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
		r->retry_at_once = b & 8;
		break;
	case 6:
		rig_release(r, b >> 3 & (RIG_PORTS - 1));
		break;
	default:
		rig_port(r, b >> 3 & (RIG_PORTS - 1), b & 0x80);
		break;
	}
}

static void op_table(struct rig *r)
{
	uint32_t sid = guest_sid(r->in);

	switch (in_u8(r->in) & 3) {
	case 0:
		guest_ste(r, sid);
		break;
	case 1:
		guest_cd(r, sid, guest_ssid(r->in));
		break;
	case 2:
		guest_tree(r, sid & (RIG_TREES - 1));
		break;
	default:
		if (r->strtab_2lvl)
			world_put(&r->w,
				  GUEST_STRTAB + (sid >> r->split & 63) * 8,
				  in_word(r->in));
		else
			guest_registers(r);
		break;
	}
}

/* Rare: what follows has nothing left to work with. */
static void op_reset(struct rig *r)
{
	uint8_t b = in_u8(r->in);

	if (b & 1)
		rig_reset(r);
	else if (b > 0xf0)
		rig_fail(r);
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
	case OP_EVENT:
		guest_event(r);
		break;
	case OP_REQUEST:
		guest_request(r);
		break;
	case OP_REGISTER:
		op_register(r);
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
	case OP_HINT:
		op_hint(r);
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

/* Trees for both stages, four streams, and a page in each tree. */
static void set_up(struct rig *r)
{
	unsigned int i;

	r->bump = GUEST_TABLES;
	if (in_u8(r->in) & 1)
		r->hi = UINT64_C(1) << (rig_oas_lg2(&r->cfg) - 1);
	guest_registers(r);
	for (i = 0; i < RIG_TREES; i++)
		guest_tree(r, i);
	/* Of stage 2, all of memory. */
	guest_map(r, 1, 0, 2, 0, 0x4fc);
	guest_map(r, 3, 0, 2, 0, 0x4fc);
	guest_map(r, 0, 0x7000, 3, 0x30000, 0xc40);
	guest_map(r, 2, UINT64_C(0xfffffffffffff000), 3, 0x31000, 0xc40);
	for (i = 0; i < 4; i++) {
		guest_ste(r, i);
		guest_cd(r, i, 0);
		guest_cd(r, i, 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig r;
	struct in in = { data, data + size };
	struct smmuv3_hw_cfg cfg;
	unsigned int i;

	if (size > FUZZ_INPUT_MAX)
		return -1;
	configure(&in, &cfg);
	if (rig_create(&r, &cfg, &in))
		return -1;
	for (i = 0; i < RIG_PORTS; i++)
		rig_port(&r, i, true);
	/* There is always a table to point to. */
	for (i = 0; i < RIG_TREES; i++)
		r.tree[i] = (struct guest_tree){
			ARM_PT_4K_LG2, 48, 0, i & 1, false, GUEST_TABLES
		};
	if (!(in_u8(&in) & 1))
		set_up(&r);
	while (in.p < in.end)
		fuzz_op(&r);
	rig_destroy(&r);
	return 0;
}
