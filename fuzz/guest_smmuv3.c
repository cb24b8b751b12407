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
 * for a page of a guest, or a step whose choices are three bytes each.
 */
#include "base/bits.h"
#include "fmt/arm_pt.h"
#include "fmt/smmuv3.h"
#include "fuzz/fuzz.h"
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

/* Three bytes, again and again, as choices are made of different bits. */
static uint64_t next_input(void *arg)
{
	uint64_t v = in_bytes(arg, 3);

	return v | v << 24 | v << 48;
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
	uint64_t seed = 0x6e57;
	const char *finding;
	struct iso *iso;
	unsigned int i;
	uint8_t option;

	if (size > FUZZ_INPUT_MAX)
		return -1;
	option = in_u8(&in);
	iso = iso_make(option & SHAPE, next_fixed, &seed);
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
	iso->next = next_input;
	iso->next_arg = &in;
	iso->still = !(option & CHANGES);
	while (in.p < in.end && !iso->finding) {
		if (in_u8(&in) & 3)
			iso_step(iso);
		else
			poke(iso, &in);
	}
	iso->next = next_fixed;
	iso->next_arg = &seed;
	finding = iso_free(iso);
	if (finding)
		FUZZ_FAIL(finding);
	return 0;
}

bool fuzz_seed(unsigned int n, struct out *out)
{
	uint64_t seed = n + 1;

	if (n >= 32)
		return false;
	out_bytes(out, 1, n);
	while (out->p < out->end)
		out_bytes(out, 1, next_fixed(&seed) >> 8);
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
