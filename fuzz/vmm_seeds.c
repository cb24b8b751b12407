/* SPDX-License-Identifier: MIT */
/*
 * Where the fuzzer starts: a guest with tables, queues and a function that
 * works, and then one kind of misbehaviour each, on every pair. The order of
 * the bytes is that of vmm.c, and of tests/vmm/hostile_*.c.
 */
#include "fmt/dsa.h"
#include "fmt/smmuv3.h"
#include "fmt/vtd.h"
#include "fuzz/vmm_ops.h"
#include "fuzz/vmm_rig.h"

static void bytes(struct out *o, const uint8_t *b, size_t n)
{
	while (n--)
		out_bytes(o, 1, *b++);
}

/* clang-format off */
#define PUT(o, ...)							\
	bytes(o, (const uint8_t[]){ __VA_ARGS__ },			\
	      sizeof((const uint8_t[]){ __VA_ARGS__ }))
/* clang-format on */

/* Of a command: no choice but these; the words of it are of no interest. */
static void forget_pasid(struct out *o, const struct rig_pair *pair,
			 unsigned int pasid)
{
	if (pair->guest == SVA_IOMMU_SMMUV3)
		PUT(o, OP_COMMAND, 0, 0, 1, 2, 1, (uint8_t)pasid);
	else
		PUT(o, OP_COMMAND, 0, 0, 0, 0, 3, 0, (uint8_t)pasid, 5, 1);
}

static void forget_all(struct out *o, const struct rig_pair *pair)
{
	if (pair->guest == SVA_IOMMU_SMMUV3)
		PUT(o, OP_COMMAND, 0, 0, 1, 4, 0);
	else
		PUT(o, OP_COMMAND, 0, 0, 0, 0, 3, 0, 0, 1);
}

static void configure(struct out *o, const struct rig_pair *pair)
{
	if (pair->guest == SVA_IOMMU_SMMUV3)
		PUT(o, OP_COMMAND, 0, 0, 1, 0, 1, 0);
	else
		PUT(o, OP_COMMAND, 0, 0, 0, 0, 3, 0, 0, 0);
}

void vmm_boot(struct out *o, const struct rig_pair *pair)
{
	unsigned int i;

	PUT(o, OP_MAP, 0, 0, 3, OP_MAP, 3, 0, 6, OP_MAP, 6, 0, 9);
	for (i = 0; i < DATA_PAGES; i++)
		PUT(o, OP_MAP, 9, (uint8_t)i, (uint8_t)(DATA_PAGE + i));
	for (i = 0; i < HOSTILE_PASID_COUNT; i++)
		PUT(o, OP_ENTRY, (uint8_t)i, 1);
	PUT(o, OP_ENABLE, OP_START);
	configure(o, pair);
	for (i = 0; i < HOSTILE_PASID_COUNT; i++)
		forget_pasid(o, pair, i);
	PUT(o, OP_SETTLE);
}

enum { BOF = 1, CRAV = 2, RCR = 4, RCI = 8, HANDLE = 0x20 };

/* A copy from one page of the guest's to another, with a record. */
static void move(struct out *o, unsigned int portal, unsigned int pasid,
		 unsigned int flags, unsigned int src, unsigned int dst)
{
	PUT(o, OP_SUBMIT, (uint8_t)portal, 0, (uint8_t)(flags | CRAV | RCR),
	    (uint8_t)pasid, DATA_PAGES - 1, (uint8_t)src, (uint8_t)dst, 0);
	if (flags & HANDLE)
		PUT(o, 1, 0);
}

enum { SHARED = 1, DEDICATED = 0x10 | 4, PLAIN = 0x10 | 8, GPA = 0x80 };

static void seed_jobs(struct out *o, const struct rig_pair *pair)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		move(o, SHARED, i + 1, BOF, i, i + 4);
	PUT(o, OP_SETTLE);
	move(o, DEDICATED, 1, BOF | RCI | HANDLE, 0, 8);
	move(o, PLAIN, 0, RCI | HANDLE, GPA | 40, GPA | 41);
	PUT(o, OP_SETTLE, OP_VICTIM);
	forget_all(o, pair);
	move(o, SHARED, 1, BOF, 1, 2);
	PUT(o, OP_TURN, 3, OP_KILL);
	move(o, SHARED, 1, BOF, 1, 2);
}

/* Pages that are not there: asked for, answered, and asked for again. */
static void seed_faults(struct out *o, const struct rig_pair *pair)
{
	move(o, SHARED, 1, BOF, DATA_PAGES, 1);
	PUT(o, OP_SETTLE, OP_RESPOND, 1, 2, 7, 0, OP_MAP, 9, DATA_PAGES, 60);
	PUT(o, OP_ANSWER, OP_SETTLE);
	move(o, SHARED, 2, BOF, DATA_PAGES + 1, DATA_PAGES + 2);
	PUT(o, OP_SETTLE, OP_ANSWER, OP_SETTLE, OP_ANSWER);
	move(o, SHARED, 3, 0, DATA_PAGES + 3, DATA_PAGES + 4);
	move(o, SHARED, 3, BOF, DATA_PAGES + 3, DATA_PAGES + 4);
	PUT(o, OP_TURN, 5);
	forget_pasid(o, pair, 3);
	PUT(o, OP_PASS, 12, OP_SETTLE, OP_DSA, DSA_CMD_ABORT_ALL, 0, 0);
	move(o, SHARED, 4, BOF, DATA_PAGES + 5, DATA_PAGES + 6);
	PUT(o, OP_TURN, 2, OP_KILL, OP_SETTLE);
}

/* Pages that are not the guest's: see any_page(). */
static void seed_elsewhere(struct out *o, const struct rig_pair *pair)
{
	static const uint8_t kinds[] = { 0xa0, 0xb0, 0xb1, 0xb8, 0xc0,
					 0xc1, 0xd0, 0xd8, 0xe0, 0xe1 };
	unsigned int i;

	for (i = 0; i < sizeof(kinds); i++) {
		/* A leaf, and then a table. */
		PUT(o, OP_POKE, HOSTILE_TABLES + 9, (uint8_t)i, 0, 0, kinds[i]);
		forget_all(o, pair);
		move(o, SHARED, 1, i & 1 ? BOF : 0, i, i + 12);
		PUT(o, OP_SETTLE, OP_ANSWER, OP_SETTLE);
	}
	for (i = 0; i < sizeof(kinds); i++) {
		PUT(o, OP_POKE, HOSTILE_TABLES + 6, (uint8_t)i, 0, 1, kinds[i]);
		forget_all(o, pair);
		PUT(o, OP_SUBMIT, SHARED, 0, CRAV | RCR, 1, 31, 0xff, 3, 0xdf,
		    (uint8_t)i, 1, 0);
		move(o, PLAIN, 0, 0, GPA, 1);
		PUT(o, OP_SETTLE);
	}
}

/* Tables that change, or are other tables, and queues that are elsewhere. */
static void seed_tables(struct out *o, const struct rig_pair *pair)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		PUT(o, OP_LATER, (uint8_t)i, (uint8_t)(3 + 2 * i), 0,
		    HOSTILE_TABLES + 3, 0, 0, 1, 0xc0);
		PUT(o, OP_LATER, (uint8_t)(i + 1), (uint8_t)(2 + i), 0,
		    HOSTILE_CONTEXT, (uint8_t)(8 * i), 0, 3, 0x40);
		forget_pasid(o, pair, i % 6);
		move(o, SHARED, i % 6, BOF, i, 9);
		PUT(o, OP_TURN, 2, OP_MAP, (uint8_t)i, 0, (uint8_t)(i + 2));
		configure(o, pair);
		PUT(o, OP_ENTRY, (uint8_t)(i % 6), (uint8_t)(i & 1 ? 0 : 1), 0,
		    (uint8_t)(i * 9));
		configure(o, pair);
		PUT(o, OP_SETTLE, OP_ENTRY, 0, 1);
		configure(o, pair);
	}
}

/* Every register, with addresses and with numbers. */
static void seed_unit(struct out *o, const struct rig_pair *pair)
{
	unsigned int i;

	for (i = 0; i < 0x40; i++) {
		PUT(o, OP_UNIT_WRITE, (uint8_t)i, (uint8_t)(i & 1), 2,
		    (uint8_t)(i + 0x80), (uint8_t)i, 0);
		PUT(o, OP_UNIT_READ, (uint8_t)i, (uint8_t)(i & 1));
		if (i % 16)
			continue;
		PUT(o, OP_START);
		configure(o, pair);
		move(o, SHARED, 1, BOF, 1, 2);
		PUT(o, OP_SETTLE);
	}
	for (i = 0; i < 16; i++)
		PUT(o, OP_UNIT_WRITE, 0xf0, (uint8_t)(0x20 + i), 0, 3, 0x10);
}

/* Its function: registers, messages, capabilities, resets. */
static void seed_function(struct out *o, const struct rig_pair *pair)
{
	unsigned int i;

	(void)pair;
	for (i = 0; i < 0xe0; i += 3)
		PUT(o, OP_BAR0_WRITE, (uint8_t)i, (uint8_t)(i & 1), 2, 0xa0,
		    (uint8_t)i, 0);
	for (i = 0; i < 48; i++) {
		PUT(o, OP_SPACE_WRITE, (uint8_t)(i | i << 6), 0xc1, 0xff, 0xff);
		PUT(o, OP_SPACE_READ, (uint8_t)(i | i << 6));
	}
	PUT(o, OP_ENABLE);
	for (i = 0; i < 16; i++) {
		move(o, SHARED, 1, BOF | RCI | HANDLE, i, DATA_PAGES + i);
		PUT(o, OP_TURN, 2, OP_DSA, (uint8_t)i, 1, 0, OP_ANSWER);
		/* Function level reset, in the middle. */
		if (i % 5 == 4)
			PUT(o, OP_SPACE_WRITE, 0x40 | 13, 0xc1, 0, 0x80,
			    OP_ENABLE);
	}
}

static void seed_batch(struct out *o, const struct rig_pair *pair)
{
	unsigned int i, op;

	for (op = 0; op < 14; op++) {
		for (i = 0; i < 3; i++)
			PUT(o, OP_BATCH, 0, (uint8_t)i, (uint8_t)op,
			    CRAV | RCR | 0x40, 1, (uint8_t)(20 + i),
			    (uint8_t)op, (uint8_t)(i ? i : DATA_PAGES + op), 4,
			    0x12);
		PUT(o, OP_SUBMIT, SHARED, 3, BOF | CRAV | RCR, 1, 31, 0, 0,
		    0x80, 3, 0, 0, 0, OP_TURN, 3);
		PUT(o, OP_SUBMIT, SHARED, (uint8_t)op, BOF | CRAV | RCR | 0x40,
		    1, 31, 1, DATA_PAGES + 8, 5, 7);
		PUT(o, OP_SETTLE, OP_ANSWER);
		if (op % 4 == 3)
			forget_all(o, pair);
	}
}

/* Two processors, of which one has turns in the middle of what it does. */
static void seed_other(struct out *o, const struct rig_pair *pair)
{
	uint8_t commands[200];
	struct out c = { commands, commands + sizeof(commands) };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		configure(&c, pair);
		forget_pasid(&c, pair, i);
		PUT(&c, OP_MAP, 9, DATA_PAGES, 60, OP_ANSWER);
	}
	for (i = 0; i < 8; i++)
		PUT(o, OP_LATER, (uint8_t)i, (uint8_t)(1 + 9 * i), 1);
	move(o, SHARED, 1, BOF, 1, DATA_PAGES);
	PUT(o, OP_OTHER, (uint8_t)(c.p - commands));
	bytes(o, commands, (size_t)(c.p - commands));
	for (i = 0; i < 4; i++) {
		move(o, SHARED, i + 1, BOF, i, DATA_PAGES + i);
		PUT(o, OP_TURN, (uint8_t)(3 * i), OP_ANSWER);
	}
	for (i = 0; i < 8; i++)
		PUT(o, OP_LATER, (uint8_t)i, (uint8_t)(1 + 31 * i), 1);
	PUT(o, OP_OTHER, (uint8_t)(c.p - commands));
	bytes(o, commands, (size_t)(c.p - commands));
	PUT(o, OP_KILL);
	forget_all(o, pair);
}

/* The host is without memory, again and again. */
static void seed_fail(struct out *o, const struct rig_pair *pair)
{
	unsigned int i;

	for (i = 0; i < 12; i++) {
		PUT(o, OP_FAIL, (uint8_t)(i / 2));
		if (i & 1)
			configure(o, pair);
		else
			forget_pasid(o, pair, i % 6);
		PUT(o, OP_FAIL, (uint8_t)(i / 3));
		move(o, SHARED, i % 6, BOF, i, DATA_PAGES + i);
		PUT(o, OP_SETTLE, OP_MAP, 9, (uint8_t)(DATA_PAGES + i), 60,
		    OP_FAIL, (uint8_t)(i / 4), OP_ANSWER, OP_SETTLE);
	}
	PUT(o, OP_FAIL, 0, OP_KILL);
}

static void (*const seeds[])(struct out *o, const struct rig_pair *pair) = {
	seed_jobs,     seed_faults, seed_elsewhere, seed_tables, seed_unit,
	seed_function, seed_batch,  seed_other,     seed_fail,
};

static void seed_noise(struct out *o, uint64_t seed)
{
	unsigned int n = 512;

	while (n--) {
		seed = seed * UINT64_C(6364136223846793005) +
		       UINT64_C(1442695040888963407);
		/* Ten or so of the operations after a kill say little. */
		out_bytes(o, 1, seed >> 40 & (seed >> 60 ? 0xff : 0x1f));
	}
}

bool fuzz_seed(unsigned int n, struct out *out)
{
	unsigned int pair = n % RIG_PAIRS, kind = n / RIG_PAIRS;

	if (kind >= FUZZ_COUNT(seeds) + 1)
		return false;
	out_bytes(out, 1,
		  pair | OPTION_BOOT | (kind & 1 ? OPTION_EAGER : 0) |
			  (kind & 2 ? OPTION_TWICE : 0));
	if (kind < FUZZ_COUNT(seeds))
		seeds[kind](out, &rig_pairs[pair]);
	else
		seed_noise(out, n);
	return true;
}

const struct fuzz_word fuzz_words[] = {
	{ "flr", 1 << 15, 2 },
	{ "enable_device", DSA_CMD_ENABLE_DEVICE, 1 },
	{ "gpa", VMM_RAM_GPA, 8 },
	{ "beyond", VMM_RAM_GPA + (4 << 20), 8 },
	{ "host", PLAT_PA, 8 },
	{ "msi", VMM_MSI_GPA, 8 },
	{ NULL, 0, 0 },
};

/* clang-format off */
const struct field_desc fuzz_fields[] = {
	SMMU_STE_FIELDS(FIELD__DESC, _)
	SMMU_CD_FIELDS(FIELD__DESC, _)
	VTD_SM_CONTEXT_FIELDS(FIELD__DESC, _)
	VTD_PASID_FIELDS(FIELD__DESC, _)
	DSA_DESC_FIELDS(FIELD__DESC, _)
	DSA_WQCFG_FIELDS(FIELD__DESC, _)
	{ NULL, NULL, 0, 0 },
};
/* clang-format on */
