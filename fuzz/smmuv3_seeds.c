/* SPDX-License-Identifier: MIT */
/*
 * Where the fuzzer starts: one input for each part of the model. The order of
 * the bytes is that of smmuv3.c and smmuv3_guest.c.
 */
#include "fmt/arm_pt.h"
#include "fmt/smmuv3.h"
#include "fuzz/fuzz.h"
#include "fuzz/smmuv3_ops.h"

/* The beginning of an input; all of it zero is a usual SMMU and guest. */
struct start {
	uint8_t kind, stalls;
	uint16_t without;
	uint32_t with;
	uint16_t sizes;
	uint8_t hi, registers, queues, off, span;
	uint8_t tree[4];
	uint32_t ste, ste2, cd;
};

/* Bits of the words that make an STE and a CD, from their defaults. */
enum {
	STE_CONFIG = 7 << 0, /* xor 5 */
	STE_BYPASS = 1,
	STE_S2 = 3,
	STE_NESTED = 2,
	STE_ABORT = 5,
	STE_FMT_4K = 1 << 3,
	STE_FMT_64K = 2 << 3,
	STE_CDMAX_7 = 5 << 5,
	STE_DSS_BYPASS = 3 << 8,
	STE_DSS_TERMINATE = 2 << 8,
	STE_EATS_SPLIT = 3 << 10,
	STE_EL2 = 2 << 12,
	STE_S1STALLD = 1 << 14,
	STE_PPAR = 1 << 15,
	STE_MEV = 1 << 16,
	STE_PRIV = 3 << 17,
	STE_INST = 3 << 19,
	STE_DATA = 2 << 19,
	S2_STALL = 1 << 3,
	S2_HA = 1 << 4,
	S2_HD = 1 << 5,
	S2_PTW = 1 << 7,
	S2_FWB = 1 << 14,
	CD_TREE2 = 1,
	CD_TTB1 = 1 << 2,
	CD_TBI = 3 << 9,
	CD_PAN = 1 << 11,
	CD_WXN = 1 << 7,
	CD_HTTU = 3 << 13,
	CD_STALL = 1 << 15,
	CD_A = 1 << 17,
	CD_HAD = 3 << 20,
};

enum {
	WITH_S2P = 1 << 0,
	WITH_HYP = 1 << 2,
	WITH_ATOS = 1 << 5,
	WITH_VMID16 = 1 << 7,
	WITH_XNX = 1 << 9,
	WITH_FWB = 1 << 10,
	WITH_PPS = 1 << 11,
	WITH_GRAN16K = 1 << 18,
	WITH_GRAN64K = 1 << 19,
	WITH_DS = 1 << 20,
	WITH_52 = 1 << 21,
	WITH_ALL = 0x7fffff,
	/* What is taken away as well. */
	NO_GRAN4K = 1 << 24,
	NO_S1P = 1 << 25,
	NO_TERM_MODEL = 1 << 26,
	NO_DIRTY = 1 << 27,
	TREE_16K = 2,
	TREE_64K = 1,
	TREE_39 = 1 << 2,
	TREE_42 = 2 << 2,
	TREE_25 = 5 << 2,
	TREE_52 = 6 << 2 | 0x40,
	TREE_CONCAT = 0x80,
};

static const struct start starts[] = {
	{ 0 },
	{ .kind = 1 },
	{ .kind = 0x10, .registers = 0x11 },
	{ .hi = 1, .registers = 1, .ste = STE_FMT_4K | STE_CDMAX_7 },
	{ .ste = STE_FMT_64K | STE_CDMAX_7, .registers = 5 },
	{ .ste = STE_BYPASS, .queues = 0xff },
	{ .ste = STE_ABORT },
	{ .ste = STE_DSS_BYPASS | STE_PPAR, .queues = 0x4c },
	{ .ste = STE_DSS_TERMINATE, .registers = 0x20 },
	{ .with = WITH_HYP, .ste = STE_EL2, .cd = CD_TBI },
	{ .with = WITH_HYP, .ste = STE_EL2 | STE_PRIV | STE_INST, .off = 32 },
	{ .cd = CD_TTB1 | CD_HTTU | CD_TBI },
	{ .cd = CD_STALL },
	{ .stalls = 2 | 4, .kind = 0x20, .queues = 0x0c },
	{ .cd = CD_STALL | CD_HTTU, .ste = STE_DATA | STE_MEV },
	{ .stalls = 1, .cd = CD_PAN | CD_WXN | CD_HTTU },
	{ .ste = STE_S1STALLD, .sizes = 0x1555 },
	{ .without = 0x0002, .sizes = 0x0aa1 },
	{ .without = 0x0018, .with = WITH_PPS },
	{ .without = 0x3fff },
	{ .with = WITH_S2P, .ste = STE_S2 },
	{ .with = WITH_S2P | WITH_VMID16, .ste = STE_NESTED },
	{ .with = WITH_S2P, .ste = STE_NESTED, .ste2 = S2_STALL | S2_HA },
	{ .with = WITH_S2P, .ste = STE_S2, .ste2 = S2_HA | S2_HD },
	{ .with = WITH_S2P,
	  .ste = STE_NESTED | STE_EATS_SPLIT,
	  .ste2 = S2_PTW,
	  .cd = CD_HTTU },
	{ .with = WITH_S2P | WITH_GRAN16K | WITH_GRAN64K,
	  .ste = STE_NESTED,
	  .tree = { TREE_16K, TREE_64K, TREE_64K, TREE_16K } },
	{ .with = WITH_GRAN16K,
	  .cd = CD_HTTU,
	  .tree = { TREE_16K | TREE_42, 0, TREE_16K, 0 } },
	{ .with = WITH_GRAN64K | WITH_52,
	  .cd = CD_TTB1 | CD_TREE2,
	  .tree = { TREE_64K, 0, TREE_64K | TREE_52, 0 },
	  .hi = 1 },
	{ .with = WITH_S2P | WITH_52 | WITH_DS,
	  .ste = STE_NESTED,
	  .tree = { TREE_52, TREE_42 | TREE_CONCAT, TREE_39, TREE_52 } },
	{ .with = WITH_ALL,
	  .ste = STE_NESTED,
	  .ste2 = S2_STALL,
	  .tree = { TREE_25, TREE_39 | TREE_CONCAT, TREE_39, TREE_42 } },
	{ .with = WITH_ALL,
	  .ste = STE_S2,
	  .registers = 0x12,
	  .tree = { 0, TREE_16K | TREE_CONCAT, TREE_64K, 0 } },
	{ .with = WITH_S2P | WITH_GRAN16K | NO_GRAN4K,
	  .ste = STE_NESTED,
	  .tree = { TREE_16K, TREE_16K | TREE_CONCAT | TREE_42, TREE_16K, 0 } },
	{ .with = WITH_S2P | NO_S1P,
	  .ste = STE_S2,
	  .cd = CD_HTTU,
	  .ste2 = S2_HA | S2_HD | S2_STALL },
	{ .with = NO_TERM_MODEL, .cd = CD_STALL | CD_A },
	{ .with = NO_TERM_MODEL | NO_DIRTY, .cd = CD_A | CD_HTTU },
	{ .with = WITH_S2P | WITH_FWB | WITH_XNX,
	  .ste = STE_NESTED,
	  .ste2 = S2_FWB },
	{ .with = WITH_S2P,
	  .ste = STE_NESTED,
	  .ste2 = S2_HA | S2_HD,
	  .cd = CD_HTTU },
	{ .with = WITH_ATOS | WITH_S2P | WITH_XNX, .cd = CD_HAD },
};

static void u8(struct out *o, unsigned int v)
{
	out_bytes(o, 1, v);
}

static void u32(struct out *o, uint32_t v)
{
	out_bytes(o, 4, v);
}

static void begin(struct out *o, const struct start *s)
{
	unsigned int i;

	u8(o, s->kind);
	u8(o, s->stalls);
	out_bytes(o, 2, s->without);
	u32(o, s->with);
	out_bytes(o, 2, s->sizes);
	u8(o, 0);
	u8(o, s->hi);
	u8(o, s->registers);
	u8(o, s->queues);
	u8(o, s->off);
	if (s->registers & 1 && !(s->without >> 7 & 1))
		u8(o, s->span);
	for (i = 0; i < 4; i++)
		u8(o, s->tree[i]);
	/* The last stream is the simplest one, whatever the others are. */
	for (i = 0; i < 4; i++) {
		u32(o, i < 3 ? s->ste : 0);
		if (i < 3 && ((s->ste & STE_CONFIG) ^ 5) & 2)
			u32(o, s->ste2);
		u32(o, s->cd);
		u32(o, s->cd);
	}
}

static void translate(struct out *o, unsigned int how, unsigned int sid,
		      unsigned int perm, unsigned int va)
{
	u8(o, OP_TRANSLATE);
	u8(o, how);
	u8(o, sid);
	if (how & 4)
		u8(o, 1);
	u8(o, perm ^ 1);
	u8(o, va);
}

static void command(struct out *o, unsigned int op, uint32_t f,
		    unsigned int sid, unsigned int va)
{
	u8(o, OP_COMMAND);
	u8(o, op | 0x40);
	u32(o, f);
	u8(o, sid);
	u8(o, 0);
	u8(o, va);
}

static void map(struct out *o, unsigned int tree, unsigned int va,
		unsigned int up, uint16_t attr, unsigned int pa)
{
	u8(o, OP_MAP);
	u8(o, tree);
	u8(o, va);
	u8(o, up);
	out_bytes(o, 2, attr);
	u8(o, pa);
}

/* Everything once: hits, misses, faults, and their handling. */
static void everything(struct out *o)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		translate(o, 0, i, 1, 0);
		translate(o, 4, i, 3, 0);
	}
	translate(o, 0x40, 0, 1, 0);
	translate(o, 0, 3, 1, 0x3);
	map(o, 0, 4, 1, 0, 0x45);
	map(o, 0, 2, 0, 0x0160, 0x50);
	map(o, 2, 10, 0, 0, 0x51);
	translate(o, 0, 0, 3, 4);
	translate(o, 0, 0, 3, 2);
	translate(o, 0, 0, 5, 10);
	for (i = 0; i < 25; i++)
		command(o, i, i * 0x155, i & 3, i & 15);
	for (i = 0; i < 4; i++) {
		u8(o, OP_EVENT);
		u8(o, i);
		u8(o, OP_ATS);
		u8(o, i & 1 ? 4 : 8);
		u8(o, i);
		if (i & 1)
			u8(o, 0);
		u8(o, i);
		u8(o, 0);
		u8(o, OP_PAGE_REQUEST);
		u8(o, i);
		u8(o, 0);
		u8(o, 0);
		u8(o, 0);
		out_bytes(o, 2, i);
	}
	u8(o, OP_REQUEST);
	u8(o, 2);
	u8(o, OP_INV_COMPLETE);
	u8(o, 0);
	u8(o, OP_WORLD);
	u8(o, 5 | 8);
	translate(o, 0x30, 0, 1, 0);
	translate(o, 0, 0, 1, 5);
	u8(o, OP_EVENT);
	u8(o, 1);
	command(o, 0, 5, 0, 0);
}

/*
 * One page with every attribute and permission of both stages in turn: the bits
 * of the descriptors that change are those of leaf_attr().
 */
static void attributes(struct out *o)
{
	static const uint16_t changes[] = { 0,      0x820,  0x020, 0x010,
					    0x100,  0xa00,  0x030, 0x2000,
					    0x4000, 0x6000, 0x1000 };
	unsigned int i, k;

	for (i = 0; i < 8; i++)
		for (k = 0; k < 2; k++) {
			map(o, 0, 4, 0, (uint16_t)i, 0);
			map(o, 1, 4, 1, (uint16_t)(i * 2 + k), 0x50);
			translate(o, 0, 0, 1, 4);
			command(o, 15, 0, 0, 0);
		}
	for (i = 0; i < FUZZ_COUNT(changes) * 2; i++) {
		map(o, 0, 4, 0, changes[i / 2], 0);
		map(o, 1, 4, 1, changes[FUZZ_COUNT(changes) - 1 - i / 2], 0x50);
		translate(o, 0, 0, i & 1 ? 2 : 4, 4);
		translate(o, 0, 0, i & 1 ? 0xb : 0xc, 4);
		command(o, 15, 0, 0, 0);
	}
}

/* Registers, and operations while there is nothing to be had. */
static void adversity(struct out *o)
{
	unsigned int i;

	u8(o, OP_WORLD);
	u8(o, 3 | 5 << 3);
	translate(o, 0, 0, 3, 0);
	u8(o, OP_WORLD);
	u8(o, 2);
	translate(o, 0, 1, 1, 0);
	command(o, 0, 0, 0, 0);
	u8(o, OP_WORLD);
	u8(o, 0);
	for (i = 0; i < 48; i++) {
		u8(o, OP_REGISTER);
		u8(o, i);
		u8(o, i & 3);
		if (!(i & 2))
			u8(o, i * 5);
	}
	u8(o, OP_RESET);
	u8(o, 1);
	translate(o, 0, 0, 1, 0);
}

/* A few stalled transactions go to another life and end there. */
static void again(struct out *o)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		translate(o, 0, i, 1, 3 + i);
		translate(o, 0, i, 1, 3 + i);
		u8(o, OP_SNAPSHOT);
		u8(o, 0);
		u8(o, OP_EVENT);
		u8(o, 1);
		u8(o, OP_ATS);
		u8(o, 0);
		u8(o, i);
		u8(o, 0);
		u8(o, 0);
	}
	u8(o, OP_SNAPSHOT);
	u8(o, 1);
	out_bytes(o, 2, 6);
	u8(o, 0x40);
	translate(o, 0, 0, 1, 0);
	command(o, 0, 5, 0, 0);
}

bool fuzz_seed(unsigned int n, struct out *out)
{
	unsigned int i = n / 4;

	if (i >= FUZZ_COUNT(starts))
		return false;
	begin(out, &starts[i]);
	switch (n % 4) {
	case 0:
		everything(out);
		break;
	case 1:
		adversity(out);
		break;
	case 2:
		again(out);
		break;
	default:
		attributes(out);
		break;
	}
	return true;
}

const struct fuzz_word fuzz_words[] = {
	{ "cr0_all", 0x1f, 4 },
	{ "gbpa_update_abort", UINT64_C(0x80100000), 4 },
	{ "table", 3, 8 },
	{ "page", 0x7c3, 8 },
	{ "prefetch_config", SMMU_OP_PREFETCH_CONFIG, 1 },
	{ "cfgi_ste", SMMU_OP_CFGI_STE, 1 },
	{ "cfgi_all", SMMU_OP_CFGI_ALL, 1 },
	{ "cfgi_cd", SMMU_OP_CFGI_CD, 1 },
	{ "tlbi_nh_va", SMMU_OP_TLBI_NH_VA, 1 },
	{ "tlbi_el2_va", SMMU_OP_TLBI_EL2_VA, 1 },
	{ "tlbi_s12", SMMU_OP_TLBI_S12_VMALL, 1 },
	{ "tlbi_s2_ipa", SMMU_OP_TLBI_S2_IPA, 1 },
	{ "atc_inv", SMMU_OP_ATC_INV, 1 },
	{ "pri_resp", SMMU_OP_PRI_RESP, 1 },
	{ "resume", SMMU_OP_RESUME, 1 },
	{ "stall_term", SMMU_OP_STALL_TERM, 1 },
	{ "sync", SMMU_OP_SYNC, 1 },
	{ "dpti", SMMU_OP_DPTI_ALL, 1 },
	{ NULL, 0, 0 },
};

/* clang-format off */
const struct field_desc fuzz_fields[] = {
	SMMU_L1STD_FIELDS(FIELD__DESC, _)
	SMMU_STE_FIELDS(FIELD__DESC, _)
	SMMU_L1CD_FIELDS(FIELD__DESC, _)
	SMMU_CD_FIELDS(FIELD__DESC, _)
	SMMU_CMD_PREFETCH_FIELDS(FIELD__DESC, _)
	SMMU_CMD_CFGI_FIELDS(FIELD__DESC, _)
	SMMU_CMD_TLBI_FIELDS(FIELD__DESC, _)
	SMMU_CMD_ATC_INV_FIELDS(FIELD__DESC, _)
	SMMU_CMD_SYNC_FIELDS(FIELD__DESC, _)
	ARM_PTE_S1_FIELDS(FIELD__DESC, _)
	ARM_PTE_TABLE_FIELDS(FIELD__DESC, _)
	{ NULL, NULL, 0, 0 },
};
/* clang-format on */
