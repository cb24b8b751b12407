/* SPDX-License-Identifier: MIT */
/*
 * Where the fuzzer starts: one input for each part of the model. The order of
 * the bytes is that of vtd.c and vtd_guest.c.
 */
#include "fmt/vtd.h"
#include "fmt/x86_pt.h"
#include "fuzz/fuzz.h"
#include "fuzz/vtd_ops.h"

/* The beginning of an input; all of it zero is a usual unit and guest. */
struct start {
	uint8_t kind;
	uint32_t without;
	uint8_t with;
	uint16_t sizes;
	uint8_t hi;
	uint8_t tree[4];
	uint8_t registers, queues;
	uint16_t context;
	uint32_t pasid;
	uint32_t irte;
};

/* Bits of those words. */
enum {
	EAGER = 1,
	COLLAPSE = 0x10,
	VERSION_1 = 0x20,
	LEGACY = 1,
	NARROW = 0x10,
	EIME = 0x20,
	PGTT_SS = 3 << 2, /* xor 1 */
	PGTT_NESTED = 2 << 2,
	PGTT_PT = 5 << 2,
	TREES_2 = 3,
	SSADE = 1 << 5,
	NO_FPD = 1 << 6,
	NO_PWSNP = 1 << 9,
	PE_SRE = 1 << 11,
	PE_ERE = 1 << 12,
	PE_NXE = 1 << 16,
	PE_SMEP = 1 << 17,
	PE_EAFE = 1 << 18,
	RID_PASID_1 = 1 << 7,
	TT_PASS = 2 << 2,
	WITHOUT_SM = 0x7ffc060,
	WITH_PMR = 3,
	WITH_ADMS = 8,
};

static const struct start starts[] = {
	{ 0 },
	{ .kind = EAGER },
	{ .kind = EAGER | 2, .pasid = PGTT_NESTED },
	{ .kind = COLLAPSE, .sizes = 0x0004 },
	{ .hi = 1 },
	{ .hi = 1, .sizes = 1, .pasid = PGTT_NESTED | SSADE },
	{ .tree = { 1, 1, 1, 1 }, .pasid = PGTT_NESTED },
	{ .tree = { 0, 2, 1, 1 }, .pasid = PGTT_SS | SSADE },
	{ .pasid = PGTT_SS },
	{ .pasid = PGTT_PT },
	{ .pasid = PGTT_NESTED | PE_SRE | PE_ERE },
	{ .pasid = PE_SRE | PE_ERE | PE_NXE | PE_SMEP },
	{ .pasid = PE_EAFE | TREES_2 },
	{ .pasid = NO_PWSNP },
	{ .context = RID_PASID_1, .irte = 1 << 16 },
	{ .context = 1, .irte = 1 << 18 },
	{ .registers = LEGACY },
	{ .registers = LEGACY | NARROW, .hi = 1 },
	{ .registers = LEGACY, .context = TT_PASS },
	{ .registers = LEGACY, .context = 1, .kind = EAGER },
	{ .kind = VERSION_1,
	  .registers = LEGACY | NARROW,
	  .without = WITHOUT_SM },
	{ .kind = VERSION_1, .registers = LEGACY, .with = WITH_PMR },
	{ .with = WITH_PMR, .pasid = PGTT_PT },
	{ .with = WITH_ADMS, .registers = 0xe },
	{ .registers = NARROW | EIME },
	{ .registers = 0x40, .queues = 0x3f, .sizes = 0x0100 },
	{ .sizes = 0x0200, .queues = 0x09 },
	{ .sizes = 0x0003 },
	{ .without = 3 },
};

static void u8(struct out *o, unsigned int v)
{
	out_bytes(o, 1, v);
}

static void begin(struct out *o, const struct start *s)
{
	unsigned int i;

	u8(o, s->kind);
	out_bytes(o, 4, s->without);
	u8(o, s->with);
	out_bytes(o, 2, s->sizes);
	u8(o, 0);
	u8(o, s->hi);
	for (i = 0; i < 4; i++)
		u8(o, s->tree[i]);
	u8(o, s->registers);
	u8(o, s->queues);
	for (i = 0; i < 4; i++)
		out_bytes(o, 2, s->context);
	for (i = 0; i < 4; i++)
		out_bytes(o, 4, s->pasid);
	for (i = 0; i < 4; i++)
		out_bytes(o, 4, s->irte);
}

static void translate(struct out *o, unsigned int how, unsigned int sid,
		      unsigned int perm, unsigned int va)
{
	u8(o, OP_TRANSLATE);
	u8(o, how);
	u8(o, sid);
	if (how & 4)
		u8(o, 0);
	u8(o, perm ^ 1);
	u8(o, va);
}

static void ats(struct out *o, unsigned int how, unsigned int perm,
		unsigned int va)
{
	u8(o, OP_ATS);
	u8(o, how);
	u8(o, 0);
	if (how & 4)
		u8(o, 0);
	u8(o, perm ^ 1);
	u8(o, va);
}

static void command(struct out *o, unsigned int op, unsigned int how,
		    unsigned int sid, unsigned int va)
{
	u8(o, OP_COMMAND);
	u8(o, op);
	u8(o, how);
	u8(o, sid);
	u8(o, 0);
	u8(o, va);
	/* A device TLB answers at once. */
	if (op == 3 || op == 7)
		u8(o, how & 3);
}

static void map(struct out *o, unsigned int tree, unsigned int va,
		unsigned int up, uint16_t attr, unsigned int pa)
{
	u8(o, OP_MAP);
	u8(o, tree | up << 2);
	u8(o, va);
	out_bytes(o, 2, attr);
	u8(o, pa);
}

static void request(struct out *o, unsigned int how, unsigned int sid)
{
	u8(o, OP_PAGE_REQUEST);
	u8(o, how);
	u8(o, sid);
	u8(o, 0);
	u8(o, 0);
	out_bytes(o, 2, 5);
}

static void interrupt(struct out *o, unsigned int how, unsigned int index)
{
	u8(o, OP_INTERRUPT);
	u8(o, how);
	u8(o, index);
	if (how & 0x40)
		out_bytes(o, 4, 0);
	u8(o, 0);
}

/* @word: of in_word(), one byte; less than 64 is a value, 64 + n bit n. */
static void write64(struct out *o, uint32_t offset, unsigned int word)
{
	u8(o, OP_REGISTER);
	u8(o, 0xff);
	u8(o, 1);
	out_bytes(o, 4, offset);
	u8(o, word);
}

static void serve(struct out *o)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		u8(o, OP_SERVE);
		u8(o, i);
	}
}

/* Everything once: hits, misses, faults, and their handling. */
static void everything(struct out *o)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		translate(o, 0x80, i, 1, 0);
		translate(o, 0x84, i, 3, 0);
		translate(o, 4, i, 1, 0);
	}
	translate(o, 0x40, 0, 1, 0);
	map(o, 0, 1, 0, 0, 0);
	translate(o, 0x80, 0, 3, 1);
	for (i = 0; i < 9; i++) {
		command(o, i, i == 0 ? 0 : i & 1, 0, 0);
		command(o, i, i * 0x15, i & 3, i & 15);
		command(o, 0, 0x20, 0, 0);
	}
	for (i = 0; i < 4; i++) {
		ats(o, i & 1 ? 0x84 : 0x80, 1 + i, 0);
		ats(o, 8 | (i & 1 ? 4 : 0), 3, i);
		request(o, i & 3, i);
		request(o, 0x18, 0);
		interrupt(o, 0x80 | (i & 1), i);
		/* With an entry there; also behind the end of the table. */
		interrupt(o, 0xc0, 11 + i * 5);
	}
	command(o, 8, 0, 0, 0);
	command(o, 0, 10, 0, 0);
	serve(o);
	u8(o, OP_INV_COMPLETE);
	u8(o, 0);
	translate(o, 0x30, 0, 1, 0);
	translate(o, 0, 0, 1, 5);
	translate(o, 4, 0, 1, 5);
	translate(o, 0, 0, 1, 0x83);
	serve(o);
}

/* One page with every bit of its entry changed, in both stages. */
static void attributes(struct out *o)
{
	unsigned int i, k;

	for (i = 0; i < 16; i++)
		for (k = 0; k < 2; k++) {
			map(o, k, 2, 0, (uint16_t)(1u << i), 3);
			if (i == 12)
				u8(o, 1);
			translate(o, 0x80, 0, 1, 2);
			translate(o, 0x84, 0, 3, 2);
			translate(o, 0x84, 0, 5, 2);
			translate(o, 0x84, 0, 0x0b, 2);
			u8(o, OP_SERVE);
			u8(o, 0);
		}
	for (i = 0; i < 3; i++) {
		map(o, 0, 0x24, i, 0, 0);
		translate(o, 0x80, 0, 3, 0x24);
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
	u8(o, 3);
	u8(o, OP_WORLD);
	u8(o, 2);
	translate(o, 0, 1, 1, 0);
	command(o, 0, 0, 0, 0);
	request(o, 0, 0);
	u8(o, OP_WORLD);
	u8(o, 0);
	serve(o);
	for (i = 0; i < 12; i++)
		translate(o, 0, i & 3, 1, 8 + i);
	for (i = 0; i < 12; i++)
		request(o, 1, i & 3);
	/* PQT behind the end of a queue. */
	write64(o, VTD_PQH, 0);
	write64(o, VTD_PQT, 0x40 | 13);
	request(o, 0, 0);
	/* IQT, too; and a queue of other descriptors. */
	write64(o, VTD_IQT, 0x40 | 16);
	write64(o, VTD_IQT, 0);
	write64(o, VTD_IQA, 0x40 | 16);
	for (i = 0; i < 44; i++) {
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

/* Waits that are not over go to another life, and end there. */
static void again(struct out *o)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		translate(o, 0, i, 1, 3 + i);
		/* The device takes its time. */
		command(o, 3, 1, 0, 0);
		command(o, 0, i, 0, 0);
		request(o, 0, 0);
		u8(o, OP_SNAPSHOT);
		u8(o, 0);
		u8(o, OP_INV_COMPLETE);
		u8(o, (i & 1) | i << 2);
	}
	u8(o, OP_SNAPSHOT);
	u8(o, 1);
	out_bytes(o, 2, 6);
	u8(o, 0x40);
	translate(o, 0, 0, 1, 0);
	command(o, 0, 0, 0, 0);
	serve(o);
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
	{ "gcmd_all", UINT64_C(0xc7800000), 4 },
	{ "srtp", UINT64_C(0x40000000), 4 },
	{ "table", 7, 8 },
	{ "page_2m", 0x87, 8 },
	{ "inv_cc", VTD_INV_CC, 1 },
	{ "inv_iotlb", VTD_INV_IOTLB, 1 },
	{ "inv_wait", VTD_INV_WAIT | 0x20, 1 },
	{ "interrupts", UINT64_C(0xfee00000), 4 },
	{ NULL, 0, 0 },
};

/* clang-format off */
const struct field_desc fuzz_fields[] = {
	VTD_ROOT_FIELDS(FIELD__DESC, _)
	VTD_CONTEXT_FIELDS(FIELD__DESC, _)
	VTD_SM_CONTEXT_FIELDS(FIELD__DESC, _)
	VTD_PASID_FIELDS(FIELD__DESC, _)
	VTD_IRTE_FIELDS(FIELD__DESC, _)
	VTD_IRTE_REMAP_FIELDS(FIELD__DESC, _)
	VTD_INV_FIELDS(FIELD__DESC, _)
	VTD_INV_CC_FIELDS(FIELD__DESC, _)
	VTD_INV_IOTLB_FIELDS(FIELD__DESC, _)
	VTD_INV_DEVTLB_FIELDS(FIELD__DESC, _)
	VTD_INV_WAIT_FIELDS(FIELD__DESC, _)
	VTD_INV_PGRESP_FIELDS(FIELD__DESC, _)
	X86_PTE_FIELDS(FIELD__DESC, _)
	VTD_SSPTE_FIELDS(FIELD__DESC, _)
	{ NULL, NULL, 0, 0 },
};
/* clang-format on */
