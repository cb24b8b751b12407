/* SPDX-License-Identifier: MIT */
/*
 * Which STEs and CDs are ILLEGAL: sections 5.2, 5.2.2, 5.4 and 5.4.2.
 *
 * One table has a legal record of each kind and one change to it per row; the
 * bits are typed here again. Sizes, granules and start levels are gone through
 * completely, against the ranges of DDI 0487, D8.2, typed by hand.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "models/smmuv3/config.h"
#include "models/smmuv3/legal.h"
#include "tests/models/smmuv3_fixture.h"

#define B(n) (UINT64_C(1) << (n))

/* ID register bits. */
enum {
	S2P = 1 << 0,
	S1P = 1 << 1,
	HTTU = 3 << 6,
	HYP = 1 << 9,
	ATS = 1 << 10,
	NS1ATS = 1 << 11,
	ASID16 = 1 << 12,
	VMID16 = 1 << 18,
	CD2L = 1 << 19,
	STALL = 3 << 24,
	STALL_NONE = 1 << 24,
	STALL_FORCE = 2 << 24,
	TERM = 1 << 26,
	SSIDSIZE = 31 << 6,
	STT = 1 << 9,
	GRAN4K = 1 << 4,
	GRAN16K = 1 << 5,
	GRAN64K = 1 << 6,
	DS = 1 << 7,
	VAX = 1 << 10,
};

/* An SMMU with everything, stalls by choice. */
static const struct smmuv3_hw_cfg all = {
	.idr = { S2P | S1P | 2 << 6 | HYP | ATS | ASID16 | VMID16 | CD2L |
			 2 << 2 | 1 << 27,
		 16 | 20 << 6, 0, STT, 0,
		 6 | GRAN4K | GRAN16K | GRAN64K | DS | VAX | 8 << 16 },
	.aidr = 2,
};

/* The checks look at nothing but the configuration. */
static struct smmuv3_hw hw;

static void configure(const struct smmuv3_hw_cfg *cfg)
{
	static const uint8_t oas[] = { 32, 36, 40, 42, 44, 48, 52 };

	hw.cfg = *cfg;
	hw.oas_lg2 = oas[cfg->idr[5] & 7];
}

/* Set or cleared in the ID registers, then flipped in the record. */
struct row {
	const char *what;
	uint32_t clear0, set0, clear1, clear5, set5;
	unsigned int word;
	uint64_t flip;
	bool illegal;
	uint32_t cr2;
	unsigned int word2;
	uint64_t flip2;
};

static void apply(const struct row *row, uint64_t *dw)
{
	struct smmuv3_hw_cfg cfg = all;

	cfg.idr[0] = (cfg.idr[0] & ~row->clear0) | row->set0;
	cfg.idr[1] &= ~row->clear1;
	cfg.idr[5] = (cfg.idr[5] & ~row->clear5) | row->set5;
	configure(&cfg);
	hw.reg[R_CR2] = row->cr2;
	dw[row->word] ^= row->flip;
	dw[row->word2] ^= row->flip2;
}

/* STE word 0: Config; word 1: EATS, STRW, S1STALLD; 2: stage 2; 3: S2TTB. */
#define W0(config)   (1 | (uint64_t)(config) << 1)
#define CONFIG(a, b) ((uint64_t)((a) ^ (b)) << 1)
#define CDMAX(n)     ((uint64_t)(n) << 59)
#define S1STALLD     B(27)
#define EATS(n)      ((uint64_t)(n) << 28)
#define STRW(n)      ((uint64_t)(n) << 30)
#define VMID(n)      ((uint64_t)(n))
#define S2T0SZ(n)    ((uint64_t)(n) << 32)
#define S2SL0(n)     ((uint64_t)(n) << 38)
#define S2TG(n)      ((uint64_t)(n) << 46)
#define S2PS(n)      ((uint64_t)(n) << 48)
#define S2AA64       B(51)
#define S2ENDI       B(52)
#define S2HD         B(55)
#define S2HA         B(56)
#define S2S          B(57)
#define S2DS         B(3)
/* 40 bits from level 1, 4K, 44 bits out. */
#define S2_BASIC     (S2T0SZ(24) | S2SL0(1) | S2PS(4) | S2AA64)

static const struct row ste_rows[] = {
	/* clang-format off */
	{ "V", .flip = 1, .illegal = true },
	{ .what = "as it is" },
	/* Config; nothing else of a disabled stream counts. */
	{ "abort", .flip = CONFIG(7, 0), .word2 = 2, .flip2 = UINT64_MAX },
	{ "0b011", .flip = CONFIG(7, 3), .word2 = 2, .flip2 = UINT64_MAX },
	{ "no S1P", .clear0 = S1P | HYP, .illegal = true },
	{ "no S1P, bypass", .clear0 = S1P | HYP, .flip = CONFIG(7, 4) },
	{ "no S1P, S2", .clear0 = S1P | HYP, .flip = CONFIG(7, 6) },
	{ "no S2P", .clear0 = S2P | HYP, .illegal = true },
	{ "no S2P, bypass", .clear0 = S2P | HYP, .flip = CONFIG(7, 4) },
	{ "no S2P, S1", .clear0 = S2P | HYP, .flip = CONFIG(7, 5) },
	{ "no S2P, S2", .clear0 = S2P | HYP, .flip = CONFIG(7, 6),
	  .illegal = true },
	/* EATS, 5.2 */
	{ "full ATS", .word = 1, .flip = EATS(1) },
	{ "full ATS and S2S", .word = 1, .flip = EATS(1), .word2 = 2,
	  .flip2 = S2S, .illegal = true },
	{ "the same without ATS", .clear0 = ATS, .word = 1, .flip = EATS(1),
	  .word2 = 2, .flip2 = S2S },
	{ "split", .word = 1, .flip = EATS(2) },
	{ "split and S2S", .word = 1, .flip = EATS(2), .word2 = 2,
	  .flip2 = S2S, .illegal = true },
	{ "split, not supported", .set0 = NS1ATS, .word = 1, .flip = EATS(2),
	  .illegal = true },
	{ "split with stage 1 alone", .word = 1, .flip = EATS(2),
	  .flip2 = CONFIG(7, 5), .illegal = true },
	{ "split with stage 2 alone", .word = 1, .flip = EATS(2),
	  .flip2 = CONFIG(7, 6), .illegal = true },
	{ "split in bypass", .word = 1, .flip = EATS(2),
	  .flip2 = CONFIG(7, 4) },
	{ "reserved EATS is none", .word = 1, .flip = EATS(3) },
	/* STRW */
	{ "STRW is ignored with stage 2", .word = 1, .flip = STRW(3) },
	{ "EL3", .word = 1, .flip = STRW(1), .flip2 = CONFIG(7, 5),
	  .illegal = true },
	{ "STRW 3", .word = 1, .flip = STRW(3), .flip2 = CONFIG(7, 5),
	  .illegal = true },
	{ "EL2", .word = 1, .flip = STRW(2), .flip2 = CONFIG(7, 5) },
	{ "without HYP", .clear0 = HYP, .word = 1, .flip = STRW(3),
	  .flip2 = CONFIG(7, 5) },
	{ "STRW in bypass", .word = 1, .flip = STRW(1),
	  .flip2 = CONFIG(7, 4) },
	/* S1STALLD */
	{ "S1STALLD", .word = 1, .flip = S1STALLD },
	{ "S1STALLD, no stall", .set0 = STALL_NONE, .word = 1,
	  .flip = S1STALLD, .illegal = true },
	{ "S1STALLD, forced", .set0 = STALL_FORCE, .word = 1, .flip = S1STALLD,
	  .word2 = 2, .flip2 = S2S, .illegal = true },
	{ "S1STALLD without stage 1", .set0 = STALL_NONE, .word = 1,
	  .flip = S1STALLD, .flip2 = CONFIG(7, 6) },
	/* S1CDMax, S1Fmt */
	{ "20 bits of substreams", .flip = CDMAX(20) },
	{ "21 bits of substreams", .flip = CDMAX(21), .illegal = true },
	{ "no substreams", .clear1 = SSIDSIZE, .flip = CDMAX(21) | 1 << 4 },
	{ "two-level", .flip = CDMAX(1) | 1 << 4 },
	{ "no two-level, 4K", .clear0 = CD2L, .flip = CDMAX(1) | 1 << 4,
	  .illegal = true },
	{ "no two-level, 64K", .clear0 = CD2L, .flip = CDMAX(1) | 2 << 4,
	  .illegal = true },
	{ "S1Fmt 3 is linear", .clear0 = CD2L, .flip = CDMAX(1) | 3 << 4 },
	{ "one CD has no format", .clear0 = CD2L, .flip = 1 << 4 },
	/* S1ContextPtr, 3.4.3 */
	{ "CD at bit 51", .flip = B(51) },
	{ "CD beyond OAS", .clear5 = 7, .set5 = 5, .flip = B(48),
	  .illegal = true },
	{ "without stage 1", .clear5 = 7, .set5 = 5,
	  .flip = B(48) | CONFIG(7, 6) },
	/* S2S, 5.5 */
	{ "S2S", .word = 2, .flip = S2S },
	{ "S2S, no stall", .set0 = STALL_NONE, .word = 2, .flip = S2S,
	  .illegal = true },
	{ "no S2S, forced", .set0 = STALL_FORCE, .illegal = true },
	{ "S2S, forced", .set0 = STALL_FORCE, .word = 2, .flip = S2S },
	{ "no S2S without stage 2", .set0 = STALL_FORCE,
	  .flip = CONFIG(7, 5) },
	/* S2AA64, S2ENDI */
	{ "AArch32 tables", .word = 2, .flip = S2AA64, .illegal = true },
	{ "big-endian tables", .word = 2, .flip = S2ENDI, .illegal = true },
	/* S2HA, S2HD */
	{ "S2HA, S2HD", .word = 2, .flip = S2HA | S2HD },
	{ "S2HD alone", .word = 2, .flip = S2HD },
	{ "S2HA, no HTTU", .clear0 = HTTU, .word = 2, .flip = S2HA,
	  .illegal = true },
	{ "S2HD, no HTTU", .clear0 = HTTU, .word = 2, .flip = S2HD,
	  .illegal = true },
	{ "S2HA, AF alone", .clear0 = HTTU, .set0 = 1 << 6, .word = 2,
	  .flip = S2HA },
	{ "S2HD, AF alone", .clear0 = HTTU, .set0 = 1 << 6, .word = 2,
	  .flip = S2HD, .illegal = true },
	{ "S2HA without stage 2", .clear0 = HTTU, .word = 2, .flip = S2HA,
	  .flip2 = CONFIG(7, 5) },
	/* S2TTB: the effective S2PS, and 48 bits unless 64K or DS. */
	{ "S2TTB bit 43", .word = 3, .flip = B(43) },
	{ "S2TTB bit 44", .word = 3, .flip = B(44), .illegal = true },
	{ "S2TTB bit 44, 44 bits by OAS", .clear5 = 7, .set5 = 4, .word = 3,
	  .flip = B(44), .word2 = 2, .flip2 = S2PS(4 ^ 6), .illegal = true },
	{ "S2TTB bit 47, 52 bits, 4K", .word = 3, .flip = B(47), .word2 = 2,
	  .flip2 = S2PS(4 ^ 6) },
	{ "S2TTB bit 48, 52 bits, 4K", .word = 3, .flip = B(48), .word2 = 2,
	  .flip2 = S2PS(4 ^ 6), .illegal = true },
	{ "S2TTB bit 51, 52 bits, DS", .word = 3, .flip = B(51) | S2DS,
	  .word2 = 2, .flip2 = S2PS(4 ^ 7) },
	{ "DS is not there", .clear5 = DS, .word = 3, .flip = B(48) | S2DS,
	  .word2 = 2, .flip2 = S2PS(4 ^ 6), .illegal = true },
	{ "S2TTB bit 51, 52 bits, 64K", .word = 3, .flip = B(51), .word2 = 2,
	  .flip2 = S2PS(4 ^ 6) | S2TG(1) },
	{ "S2TTB bit 52", .word = 3, .flip = B(52) | S2DS, .word2 = 2,
	  .flip2 = S2PS(4 ^ 7), .illegal = true },
	{ "S2TTB without stage 2", .word = 3, .flip = B(52),
	  .flip2 = CONFIG(7, 5) },
	/* S2VMID: illegal, not masked; 5.2 */
	{ "VMID 0x100", .word = 2, .flip = VMID(0x100) },
	{ "VMID 0xff of 8", .clear0 = VMID16, .word = 2, .flip = VMID(0xff) },
	{ "VMID 0x100 of 8", .clear0 = VMID16, .word = 2,
	  .flip = VMID(0x100), .illegal = true },
	{ "the same with stage 1 alone", .clear0 = VMID16, .word = 2,
	  .flip = VMID(0x8000), .flip2 = CONFIG(7, 5), .illegal = true },
	{ "the same with stage 2 alone", .clear0 = VMID16, .word = 2,
	  .flip = VMID(0x8000), .flip2 = CONFIG(7, 6), .illegal = true },
	{ "no VMID in bypass", .clear0 = VMID16, .word = 2,
	  .flip = VMID(0x100), .flip2 = CONFIG(7, 4) },
	{ "no VMID without stage 2", .clear0 = VMID16 | S2P | HYP, .word = 2,
	  .flip = VMID(0x100), .flip2 = CONFIG(7, 5) },
	/* clang-format on */
};

static void test_legal_ste_rows(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(ste_rows) / sizeof(ste_rows[0]); i++) {
		struct smmu_ste ste = { { W0(7) | 0x1000, 0, S2_BASIC,
					  0x4000 } };

		apply(&ste_rows[i], ste.dw);
		if (smmuv3_hw_ste_illegal(&hw, &ste) != ste_rows[i].illegal)
			fail_msg("%s", ste_rows[i].what);
	}
}

/* Three fields must change at once to have a stream of EL2 with a VMID. */
static void test_legal_ste_el2_has_no_vmid(void **state)
{
	struct smmuv3_hw_cfg cfg = all;
	struct smmu_ste ste = { { W0(5), STRW(2), VMID(0x100), 0 } };

	(void)state;
	cfg.idr[0] &= ~(uint32_t)VMID16;
	configure(&cfg);
	assert_false(smmuv3_hw_ste_illegal(&hw, &ste));
	ste.dw[1] = 0;
	assert_true(smmuv3_hw_ste_illegal(&hw, &ste));
	/* Without HYP it is one of EL1 after all. */
	ste.dw[1] = STRW(2);
	cfg.idr[0] &= ~(uint32_t)HYP;
	configure(&cfg);
	assert_true(smmuv3_hw_ste_illegal(&hw, &ste));
}

/* SMMUv3.1 and later look at S2S with stage 2 only. */
static void test_legal_ste_full_ats_without_stage2(void **state)
{
	struct smmu_ste ste = { { W0(5), EATS(1), S2S, 0 } };

	(void)state;
	configure(&all);
	assert_false(smmuv3_hw_ste_illegal(&hw, &ste));
}

/* Granule encodings of S2TG and TG0; TG1. */
enum { G4K, G64K, G16K };

/*
 * DDI 0487, D8.2: bits of the IPA that a start level takes, with up to 16
 * tables side by side; and the output size it takes.
 */
static const struct {
	unsigned int tg, sl0; /* S2SL0_2 is bit 2 */
	unsigned int min, max, oas;
	bool stt, ds;
} starts[] = {
	{ G4K, 4, 49, 52, 52, false, true },
	{ G4K, 2, 40, 52, 44, false, false },
	{ G4K, 1, 31, 43, 0, false, false },
	{ G4K, 0, 22, 34, 0, false, false },
	{ G4K, 3, 13, 25, 0, true, false },
	{ G16K, 3, 48, 52, 52, false, true },
	{ G16K, 2, 37, 51, 42, false, false },
	{ G16K, 1, 26, 40, 0, false, false },
	{ G16K, 0, 15, 29, 0, false, false },
	{ G64K, 2, 43, 52, 44, false, false },
	{ G64K, 1, 30, 46, 0, false, false },
	{ G64K, 0, 17, 33, 0, false, false },
};

static bool granule(unsigned int tg)
{
	static const uint32_t bit[] = { GRAN4K, GRAN64K, GRAN16K };

	return tg < 3 && hw.cfg.idr[5] & bit[tg];
}

/* 64 - TxSZ as 5.2 and 5.4 limit it. */
static bool size_ok(unsigned int bits, unsigned int tg, bool ds,
		    unsigned int max)
{
	unsigned int min = !(hw.cfg.idr[3] & STT) ? 25 : tg == G64K ? 17 : 16;

	if (max > 48 && tg != G64K && !ds)
		max = 48;
	return bits >= min && bits <= max;
}

static bool s2_ok(unsigned int bits, unsigned int tg, unsigned int sl0, bool ds)
{
	bool wide = ds && tg != G64K && hw.cfg.idr[5] & DS;
	unsigned int i;

	if (!granule(tg) || !size_ok(bits, tg, wide, hw.oas_lg2))
		return false;
	if (tg != G4K || !wide)
		sl0 &= 3;
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (starts[i].tg == tg && starts[i].sl0 == sl0)
			return bits >= starts[i].min && bits <= starts[i].max &&
			       hw.oas_lg2 >= starts[i].oas &&
			       (!starts[i].stt || hw.cfg.idr[3] & STT) &&
			       (!starts[i].ds || wide);
	return false;
}

/* Every SMMU that the sizes depend on. */
static bool next_cfg(struct smmuv3_hw_cfg *cfg, unsigned int n)
{
	static const uint32_t grans[] = {
		GRAN4K | GRAN16K | GRAN64K | DS,
		GRAN4K | GRAN16K | GRAN64K,
		GRAN4K,
		GRAN16K | DS,
		GRAN64K,
	};

	if (n >= 7 * 2 * 5 * 2)
		return false;
	*cfg = all;
	cfg->idr[3] = n & 1 ? STT : 0;
	cfg->idr[5] = n / 2 % 7 | grans[n / 14 % 5] | (n / 70 ? VAX : 0);
	configure(cfg);
	return true;
}

/* Every size, granule, start level and DS. 5.2.2 */
static void test_legal_s2_start_levels_complete(void **state)
{
	unsigned int n, t0sz, tg, sl0, ds, legal = 0;
	struct smmuv3_hw_cfg cfg;

	(void)state;
	for (n = 0; next_cfg(&cfg, n); n++)
		for (t0sz = 0; t0sz < 64; t0sz++)
			for (tg = 0; tg < 4; tg++)
				for (sl0 = 0; sl0 < 8; sl0++)
					for (ds = 0; ds < 2; ds++) {
						struct smmu_ste ste = {
							{ W0(6), 0,
							  S2T0SZ(t0sz) |
								  S2SL0(sl0 &
									3) |
								  S2TG(tg) |
								  S2PS(6) |
								  S2AA64,
							  (uint64_t)ds << 3 |
								  (uint64_t)(sl0 >>
									     2)
									  << 2 }
						};
						bool ok = s2_ok(64 - t0sz, tg,
								sl0, ds);

						if (smmuv3_hw_ste_illegal(
							    &hw, &ste) == ok)
							fail_msg(
								"cfg %u T0SZ %u TG %u SL0 %u DS %u: "
								"%d",
								n, t0sz, tg,
								sl0, ds, ok);
						legal += ok;
					}
	/* It has been looked: all that is left is not one and the same. */
	assert_in_range(legal, 5000, 100000);
}

/* CD word 0 */
#define CD_TG0(n)  ((uint64_t)(n) << 6)
#define CD_ENDI    B(15)
#define CD_TG1(n)  ((uint64_t)(n) << 22)
#define CD_T1SZ(n) ((uint64_t)(n) << 16)
#define CD_IPS(n)  ((uint64_t)(n) << 32)
#define CD_DS      B(58) /* word 2 */

/* TG1 of a TG0. */
static const uint8_t tg1_of[] = { [G4K] = 2, [G64K] = 3, [G16K] = 1, [3] = 0 };

/* Every size and granule in either half, the other one good or disabled. */
static void test_legal_cd_sizes_complete(void **state)
{
	struct smmu_ste ste = { { W0(5), 0, 0, 0 } };
	unsigned int n, txsz, tg, ds, half, legal = 0;
	struct smmuv3_hw_cfg cfg;

	(void)state;
	for (n = 0; next_cfg(&cfg, n); n++)
		for (txsz = 0; txsz < 64; txsz++)
			for (tg = 0; tg < 4; tg++)
				for (ds = 0; ds < 2; ds++)
					for (half = 0; half < 2; half++) {
						uint64_t one =
							half ? CD_T1SZ(txsz) |
									CD_TG1(tg1_of[tg]) :
							       txsz | CD_TG0(tg);
						uint64_t rest = CD_V | CD_AA64 |
								CD_A;
						struct smmu_cd cd = {
							{ one | rest, 0,
							  (uint64_t)ds << 58,
							  0 }
						};
						bool wide = ds && tg != G64K &&
							    cfg.idr[5] & DS;
						bool ok =
							granule(tg) &&
							size_ok(64 - txsz, tg,
								wide,
								cfg.idr[5] & VAX ?
									52 :
									48);

						/* Alone; EPD of the other. */
						cd.dw[0] |= half ? CD_EPD0 :
								   CD_EPD1;
						if (smmuv3_hw_cd_illegal(
							    &hw, &ste, &cd) ==
						    ok)
							fail_msg(
								"cfg %u T%uSZ %u TG %u DS %u: %d",
								n, half, txsz,
								tg, ds, ok);
						/* Disabled too: nothing is looked at. */
						cd.dw[0] |= CD_EPD0 | CD_EPD1 |
							    CD_ENDI;
						assert_false(
							smmuv3_hw_cd_illegal(
								&hw, &ste,
								&cd));
						legal += ok;
					}
	assert_in_range(legal, 5000, 100000);
}

static const struct row cd_rows[] = {
	/* clang-format off */
	{ .what = "as it is" },
	{ "V", .flip = CD_V, .illegal = true },
	/* 5.5 */
	{ "S", .flip = CD_S },
	{ "S, no stall", .set0 = STALL_NONE, .flip = CD_S, .illegal = true },
	{ "no S, forced", .set0 = STALL_FORCE, .illegal = true },
	{ "S, forced", .set0 = STALL_FORCE, .flip = CD_S },
	{ "no A", .flip = CD_A },
	{ "no A, always aborts", .set0 = TERM, .flip = CD_A, .illegal = true },
	{ "no R", .flip = CD_R },
	/* Format */
	{ "big-endian tables", .flip = CD_ENDI, .illegal = true },
	{ "AArch32 tables", .flip = CD_AA64, .illegal = true },
	/* Flags */
	{ "HA, HD", .flip = CD_HA | CD_HD },
	{ "HD alone", .flip = CD_HD },
	{ "HA, no HTTU", .clear0 = HTTU, .flip = CD_HA, .illegal = true },
	{ "HD, no HTTU", .clear0 = HTTU, .flip = CD_HD, .illegal = true },
	{ "HA, AF alone", .clear0 = HTTU, .set0 = 1 << 6, .flip = CD_HA },
	{ "HD, AF alone", .clear0 = HTTU, .set0 = 1 << 6, .flip = CD_HD,
	  .illegal = true },
	/* ASID */
	{ "ASID 0x100", .flip = CD_ASID(0x100) },
	{ "ASID 0xff of 8", .clear0 = ASID16, .flip = CD_ASID(0xff) },
	{ "ASID 0x100 of 8", .clear0 = ASID16, .flip = CD_ASID(0x100),
	  .illegal = true },
	/* Tables: the effective IPS, and 48 bits unless 64K or DS. */
	{ "TTB0 bit 43", .word = 1, .flip = B(43) },
	{ "TTB0 bit 44", .word = 1, .flip = B(44), .illegal = true },
	{ "TTB0 bit 44, EPD0", .word = 1, .flip = B(44), .flip2 = CD_EPD0 },
	{ "TTB1 bit 43", .word = 2, .flip = B(43) },
	{ "TTB1 bit 44", .word = 2, .flip = B(44), .illegal = true },
	{ "TTB1 bit 44, EPD1", .word = 2, .flip = B(44), .flip2 = CD_EPD1 },
	{ "TTB0 bit 40, 40 bits by OAS", .clear5 = 7, .set5 = 2, .word = 1,
	  .flip = B(40), .illegal = true },
	{ "TTB0 bit 48, 52 bits, 4K", .word = 1, .flip = B(48),
	  .flip2 = CD_IPS(4 ^ 6), .illegal = true },
	{ "TTB0 bit 51, 52 bits, 64K", .word = 1, .flip = B(51),
	  .flip2 = CD_IPS(4 ^ 6) | CD_TG0(1) },
	{ "TTB1 bit 51, 52 bits, 64K", .word = 2, .flip = B(51),
	  .flip2 = CD_IPS(4 ^ 7) | CD_TG1(2 ^ 3) },
	{ "TTB1 bit 51, 52 bits, DS", .word = 2, .flip = B(51) | CD_DS,
	  .flip2 = CD_IPS(4 ^ 6) },
	{ "TTB1 bit 51, DS is not there", .clear5 = DS, .word = 2,
	  .flip = B(51) | CD_DS, .flip2 = CD_IPS(4 ^ 6), .illegal = true },
	/* TG1 0 is reserved, TG0 0 is not. */
	{ "TG1 0", .flip = CD_TG1(2), .illegal = true },
	{ "TG1 0, EPD1", .flip = CD_TG1(2) | CD_EPD1 },
	{ "TG0 3", .flip = CD_TG0(3), .illegal = true },
	{ "TG0 3, EPD0", .flip = CD_TG0(3) | CD_EPD0 },
	/* clang-format on */
};

/* Two good halves of 4K. */
#define CD_GOOD                                                                \
	(16 | CD_T1SZ(16) | CD_TG1(2) | CD_V | CD_IPS(4) | CD_AA64 | CD_R |    \
	 CD_A)

static void test_legal_cd_rows(void **state)
{
	struct smmu_ste ste = { { W0(5), 0, 0, 0 } };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(cd_rows) / sizeof(cd_rows[0]); i++) {
		struct smmu_cd cd = { { CD_GOOD, 0x4000, 0x8000, 0 } };

		apply(&cd_rows[i], cd.dw);
		if (smmuv3_hw_cd_illegal(&hw, &ste, &cd) != cd_rows[i].illegal)
			fail_msg("%s", cd_rows[i].what);
	}
}

/* What the STE makes of a CD. */
static void test_legal_cd_by_stream(void **state)
{
	struct smmu_ste ste = { { W0(5), S1STALLD, 0, 0 } };
	struct smmu_cd cd = { { CD_GOOD | CD_S, 0x4000, 0x8000, 0 } };
	struct smmuv3_hw_cfg cfg = all;

	(void)state;
	configure(&all);
	assert_true(smmuv3_hw_cd_illegal(&hw, &ste, &cd));
	cd.dw[0] &= ~CD_S;
	assert_false(smmuv3_hw_cd_illegal(&hw, &ste, &cd));

	/* EL2: no EPD, no upper half, no ASID. E2H: all of them. */
	cfg.idr[0] &= ~(uint32_t)ASID16;
	configure(&cfg);
	cd.dw[0] |= CD_ASID(0x100);
	ste.dw[1] = STRW(2);
	hw.reg[R_CR2] = 0;
	assert_false(smmuv3_hw_cd_illegal(&hw, &ste, &cd));
	hw.reg[R_CR2] = 1;
	assert_true(smmuv3_hw_cd_illegal(&hw, &ste, &cd));
	cd.dw[0] &= ~CD_ASID(0xffff);
	assert_false(smmuv3_hw_cd_illegal(&hw, &ste, &cd));
	cd.dw[0] ^= CD_TG1(2);
	assert_true(smmuv3_hw_cd_illegal(&hw, &ste, &cd));
	hw.reg[R_CR2] = 0;
	assert_false(smmuv3_hw_cd_illegal(&hw, &ste, &cd));
	cd.dw[0] |= CD_EPD0;
	cd.dw[1] = B(44);
	assert_true(smmuv3_hw_cd_illegal(&hw, &ste, &cd));
	hw.reg[R_CR2] = 1;
	cd.dw[0] ^= CD_TG1(2);
	assert_false(smmuv3_hw_cd_illegal(&hw, &ste, &cd));
	hw.reg[R_CR2] = 0;
}

/* They are asked: C_BAD_STE and C_BAD_CD. */
static void test_legal_checked_by_transactions(void **state)
{
	static struct fx fx;
	struct smmuv3_hw_cfg cfg;
	uint64_t rec[4], cd;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] |= S2P;
	fx_start(&fx, &cfg);
	cd = fx_alloc(&fx, 64, 64);
	fx_ste(&fx, FX_SID, W0(7) | cd, 0);
	assert_int_equal(fx_access(&fx, FX_SID, 0, IOMMU_PERM_READ, NULL),
			 -EFAULT);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] & 0xff, 0x04);
	fx_ste(&fx, FX_SID, W0(5) | cd, 0);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	fx_cd(&fx, cd, CD_BASIC | CD_TG0(1), 0);
	assert_int_equal(fx_access(&fx, FX_SID, 0, IOMMU_PERM_READ, NULL),
			 -EFAULT);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] & 0xff, 0x0a);
	fx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_legal_ste_rows),
		cmocka_unit_test(test_legal_ste_el2_has_no_vmid),
		cmocka_unit_test(test_legal_ste_full_ats_without_stage2),
		cmocka_unit_test(test_legal_s2_start_levels_complete),
		cmocka_unit_test(test_legal_cd_rows),
		cmocka_unit_test(test_legal_cd_sizes_complete),
		cmocka_unit_test(test_legal_cd_by_stream),
		cmocka_unit_test(test_legal_checked_by_transactions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
