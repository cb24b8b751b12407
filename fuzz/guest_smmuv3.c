/* SPDX-License-Identifier: MIT */
/*
 * Hostile guests of the SMMUv3 driver: the input is what two guests write into
 * their CDs and tables, what they bind and invalidate, what their devices do,
 * and what the host maps and takes away meanwhile. Driver and model are as they
 * are; the machine and its oracles are those of tests/drivers/smmuv3_iso.h:
 *
 * - no access of a device, and none of a walk for it, leaves what the guest's
 *   parent maps at that moment, or does what it does not permit;
 * - a device that is detached reaches nothing, and keeps nothing;
 * - no STE that the driver leaves is illegal; faults tell no physical address;
 * - what the host asks for succeeds, and in the end nothing is left.
 *
 * An input begins with a byte of options, and goes on with operations: a word
 * for a page of a guest, or a step. A step has bytes of its own, so many as its
 * first says, and its choices are three of them each; when they are used up
 * they are pseudo-random, the same ones every time.
 */
#include "base/bits.h"
#include "fmt/arm_pt.h"
#include "fmt/smmuv3.h"
#include "fuzz/fuzz.h"
#include "pgtable/arm_lpae.h"
#include "tests/drivers/smmuv3_iso.h"

/* The low bits are of enum iso_shape. */
enum { SHAPE = 7, CHANGES = 8, SANE = 16 };

/* The same every time, for what is there before the input. */
static uint64_t next_fixed(void *arg)
{
	uint64_t *seed = arg;

	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return *seed >> 17 ^ *seed << 13;
}

/* What choices are made of. */
struct choices {
	struct in in;
	uint64_t seed;
};

/* Three bytes, again and again, as choices are made of different bits. */
static uint64_t next_input(void *arg)
{
	struct choices *c = arg;
	uint64_t v;

	if (c->in.p == c->in.end)
		return next_fixed(&c->seed);
	v = in_bytes(&c->in, 3);
	return v | v << 24 | v << 48;
}

static void step(struct iso *iso, struct in *in)
{
	struct choices *c = iso->next_arg;
	size_t n = in_u8(in);

	if (n > (size_t)(in->end - in->p))
		n = (size_t)(in->end - in->p);
	c->in = (struct in){ in->p, in->p + n };
	in->p += n;
	iso_step(iso);
}

static void poke(struct iso *iso, struct in *in)
{
	uint16_t where = in_u16(in);
	uint64_t value = in_word(in);

	/* The first pages are tables, and so are their first words. */
	iso_poke(iso, where & 1, where >> 1 & 7, where >> 4 & 0x1ff, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct in in = { data, data + size };
	struct choices choices = { { NULL, NULL }, 0x6e57 };
	const char *finding;
	struct iso *iso;
	unsigned int i;
	uint8_t option;

	if (size > FUZZ_INPUT_MAX)
		return -1;
	option = in_u8(&in);
	iso = iso_make(option & SHAPE, next_input, &choices);
	FUZZ_CHECK(iso);
	if (option & SANE) {
		for (i = 0; i < 64; i++)
			iso_scribble(iso, i & 1);
		iso_bind(iso, 0);
		iso_bind(iso, 1);
	}
	for (i = ISO_NONE + 1; i < ISO_DEFECTS; i++)
		if (fuzz_broken(iso_defects[i]))
			iso->defect = (enum iso_defect)i;
	iso->still = !(option & CHANGES);
	while (in.p < in.end && !iso->finding) {
		if (in_u8(&in) & 3)
			step(iso, &in);
		else
			poke(iso, &in);
	}
	finding = iso_free(iso);
	if (finding)
		FUZZ_FAIL(finding);
	return 0;
}

/* Seeds: the first ones are of the following, the others are noise. */

enum { CDS = 0, FIRST = 4, TABLE = 5, PAGE = 8, PAGES = 8, PASID = 1 };

static void out_poke(struct out *out, unsigned int page, unsigned int word,
		     uint64_t value)
{
	out_bytes(out, 1, 0);
	out_bytes(out, 2, page << 1 | word << 4);
	out_bytes(out, 1, 0xc7);
	out_bytes(out, 8, value);
}

/* A step whose first choices are these. */
static void out_step(struct out *out, const uint32_t *choices, unsigned int n)
{
	unsigned int i;

	out_bytes(out, 1, 1);
	out_bytes(out, 1, 3 * n);
	for (i = 0; i < n; i++)
		out_bytes(out, 3, choices[i]);
}

/* Guest 0 has PASID 1, whose first pages are those from PAGE on, global. */
static void out_tables(struct out *out)
{
	struct smmu_cd cd = { { 0 } };
	struct arm_pte pte = { { ARM_PTE_KIND_PAGE } };
	unsigned int i;

	FIELD_SET(SMMU_CD_V, &cd, 1);
	FIELD_SET(SMMU_CD_T0SZ, &cd, 39);
	FIELD_SET(SMMU_CD_EPD1, &cd, 1);
	FIELD_SET(SMMU_CD_IPS, &cd, SMMU_PS_48);
	FIELD_SET(SMMU_CD_AA64, &cd, 1);
	FIELD_SET(SMMU_CD_R, &cd, 1);
	FIELD_SET(SMMU_CD_A, &cd, 1);
	smmu_cd_set_ttb0(&cd, FIRST << 12);
	smmu_cd_set_mair(&cd, ARM_LPAE_MAIR);
	for (i = 0; i < 8; i++)
		out_poke(out, CDS, 8 * PASID + i, cd.dw[i]);
	out_poke(out, FIRST, 0, TABLE << 12 | ARM_PTE_KIND_TABLE);
	FIELD_SET(ARM_PTE_S1_AP, &pte, 1);
	FIELD_SET(ARM_PTE_S1_AF, &pte, 1);
	FIELD_SET(ARM_PTE_S1_SH, &pte, ARM_PTE_SH_ISH);
	for (i = 0; i < PAGES; i++)
		out_poke(out, TABLE, i, pte.dw[0] | (PAGE + i) << 12);
}

/*
 * What iso_step(), iso_bind(), pick_gpa() and iso_access() make of a choice,
 * whose bits 24 to 47 are those from 0 on again.
 */
enum {
	STEP_BIND = 6 << 1,
	STEP_UNMAP = 64 << 1,
	STEP_ACCESS = 64 << 1 | 8 << 8,
	/* At 0, of 16 PASIDs; those from 1 on are used. */
	BIND_SANE = 0x070371,
	UNMAP_SMALL = 7,
	/* Reads, untranslated, with a PASID; and of what is there. */
	ACCESS_TAGGED = 1 | 8 | PASID << 3,
	ACCESS_FIRST = 5,
};

static void out_reads(struct out *out)
{
	uint32_t choices[1 + 2 * 16] = { STEP_ACCESS };
	unsigned int i;

	for (i = 0; i < 16; i++) {
		choices[1 + 2 * i] = ACCESS_TAGGED;
		choices[2 + 2 * i] = ACCESS_FIRST | (i % PAGES) << 16;
	}
	out_step(out, choices, FUZZ_COUNT(choices));
}

/* The host takes PAGE, at once; and reads go on. */
static void seed_unmap(struct out *out)
{
	static const uint32_t bind[] = { STEP_BIND, BIND_SANE };
	static const uint32_t unmap[] = { STEP_UNMAP, UNMAP_SMALL, 0, 0, 1 };

	out_tables(out);
	out_step(out, bind, FUZZ_COUNT(bind));
	out_reads(out);
	out_step(out, unmap, FUZZ_COUNT(unmap));
	out_reads(out);
}

/* Room for the choices of a step is now too little, now too much. */
static void seed_noise(struct out *out, uint64_t seed)
{
	unsigned int n;

	while (out->p < out->end) {
		n = next_fixed(&seed) % 64;
		out_bytes(out, 1, next_fixed(&seed) >> 8);
		out_bytes(out, 1, n);
		while (n--)
			out_bytes(out, 1, next_fixed(&seed) >> 8);
	}
}

bool fuzz_seed(unsigned int n, struct out *out)
{
	enum { NOISE = 32 };

	if (n >= 8 + NOISE)
		return false;
	out_bytes(out, 1, n);
	if (n < 8)
		seed_unmap(out);
	else
		seed_noise(out, n);
	return true;
}

const char *const fuzz_defects[] = {
	"no-stage-2", "no-tlbi-s2-ipa",    "no-tlbi-nh-all",
	"no-atc-inv", "no-tlbi-s12-vmall", "no-cfgi-ste",
	NULL,
};

const struct fuzz_word fuzz_words[] = {
	{ "cd", 39 | UINT64_C(5) << 32 | UINT64_C(0xe201) << 32, 8 },
	{ "table", 5 << 12 | 3, 8 },
	{ "page", 8 << 12 | 0xc43, 8 },
	{ "block", 1 << 21 | 0xc41, 8 },
	{ "first_table", 4 << 12, 8 },
	{ "host", ISO_RAM_BASE, 8 },
	{ NULL, 0, 0 },
};

/* clang-format off */
const struct field_desc fuzz_fields[] = {
	SMMU_L1CD_FIELDS(FIELD__DESC, _)
	SMMU_CD_FIELDS(FIELD__DESC, _)
	ARM_PTE_S1_FIELDS(FIELD__DESC, _)
	ARM_PTE_TABLE_FIELDS(FIELD__DESC, _)
	{ NULL, NULL, 0, 0 },
};
/* clang-format on */
