/* SPDX-License-Identifier: MIT */
/*
 * Tables of every granule, size and start level, one stage and two, against
 * the naive SMMU: IHI 0070 3.4, 3.13, 5.2, 5.4, 7.3.13 to 16, 13.1, and
 * DDI 0487 D8. The accesses are random, their number is not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_forest.h"

enum {
	EV_WALK_EABT = 0x0b,
	EV_TRANSLATION = 0x10,
	EV_ADDR_SIZE = 0x11,
	EV_ACCESS = 0x12,
	EV_PERMISSION = 0x13,
};

static const unsigned int pages[] = { 12, 14, 16 };

/* What a test has to have met, or it has not looked. */
static void looked(const struct fo_seen *seen, unsigned int accesses)
{
	unsigned int i;

	print_message("%u accesses, %u translated, %u groups, %u updates, "
		      "%u beyond 48 bits; class CD %u, TT %u, IN %u\n",
		      seen->accesses, seen->translated, seen->groups,
		      seen->updates, seen->wide_outputs, seen->classes[0],
		      seen->classes[1], seen->classes[2]);
	for (i = 0; i < 256; i++)
		if (seen->events[i][0] || seen->events[i][1])
			print_message("event %#x: stage 1 %u, stage 2 %u\n", i,
				      seen->events[i][0], seen->events[i][1]);
	assert_true(seen->accesses >= accesses);
	assert_true(seen->translated > accesses / 10);
	assert_true(seen->groups > 50);
	assert_true(seen->updates > 100);
	assert_true(seen->wide_outputs > 50);
}

static void met(const struct fo_seen *seen, unsigned int event, int stage,
		unsigned int least)
{
	assert_true(seen->events[event][stage - 1] >= least);
}

/* All sizes, hence all start levels, of both halves. */
static void test_granule_stage1_sizes_agree(void **state)
{
	struct fo_seen seen = { 0 };
	unsigned int i, bits, wide, seed;

	(void)state;
	for (i = 0; i < 3; i++)
		for (wide = 0; wide < 2; wide++)
			for (bits = pages[i] == 16 ? 17 : 16;
			     bits <= (wide ? 52u : 48u); bits++)
				for (seed = 1; seed <= 2; seed++) {
					const struct fo_shape shape = {
						.page1 = pages[i],
						.bits1 = bits,
						.wide = wide,
					};

					fo_run(&shape,
					       seed + bits * 10 + i * 1000 +
						       wide * 10000,
					       &seen);
				}
	looked(&seen, 39000);
	met(&seen, EV_WALK_EABT, 1, 50);
	met(&seen, EV_TRANSLATION, 1, 1000);
	met(&seen, EV_ADDR_SIZE, 1, 100);
	met(&seen, EV_ACCESS, 1, 100);
	met(&seen, EV_PERMISSION, 1, 1000);
}

/* D8.2: sizes that a start level takes, with 1 to 16 tables side by side. */
static bool stage2_size(unsigned int page, int level, unsigned int bits,
			bool ds)
{
	unsigned int low = page + (unsigned int)(3 - level) * (page - 3);

	if (page == 12 && level == -1 && !ds)
		return false;
	if (page == 14 && (level < 0 || (level == 0 && !ds)))
		return false;
	if (page == 16 && level < 1)
		return false;
	return bits > low && bits <= low + page - 3 + 4;
}

/* Every start level with every size it takes; on an SMMU without stage 1. */
static void test_granule_stage2_start_levels_agree(void **state)
{
	struct fo_seen seen = { 0 };
	unsigned int i, bits, wide, shapes = 0;
	int level;

	(void)state;
	for (i = 0; i < 3; i++)
		for (wide = 0; wide < 2; wide++)
			for (level = -1; level <= 3; level++)
				for (bits = 16; bits <= (wide ? 52u : 48u);
				     bits++) {
					struct fo_shape shape = {
						.page2 = pages[i],
						.bits2 = bits,
						.level2 = level,
						.wide = wide,
						.ds = wide && pages[i] != 16,
						/* S1P */
						.idr0_clear = 1 << 1,
					};

					if (!stage2_size(pages[i], level, bits,
							 shape.ds))
						continue;
					shapes++;
					fo_run(&shape,
					       bits +
						       (uint64_t)(level + 1) *
							       100 +
						       i * 1000 + wide * 10000,
					       &seen);
				}
	print_message("%u shapes\n", shapes);
	assert_true(shapes > 200);
	looked(&seen, 20000);
	/* 3.4: an address beyond IAS is a fault of stage 1 that is not there */
	met(&seen, EV_ADDR_SIZE, 1, 50);
	met(&seen, EV_WALK_EABT, 2, 50);
	met(&seen, EV_TRANSLATION, 2, 1000);
	met(&seen, EV_ADDR_SIZE, 2, 100);
	met(&seen, EV_ACCESS, 2, 100);
	met(&seen, EV_PERMISSION, 2, 1000);
}

static void test_granule_nested_agrees(void **state)
{
	struct fo_seen seen = { 0 };
	unsigned int i, wide, seed;

	(void)state;
	for (i = 0; i < 9; i++)
		for (wide = 0; wide < 2; wide++)
			for (seed = 1; seed <= 40; seed++) {
				const struct fo_shape shape = {
					.page1 = pages[i % 3],
					.page2 = pages[i / 3],
					.wide = wide,
				};

				fo_run(&shape, seed + 100 * i + 1000 * wide,
				       &seen);
			}
	looked(&seen, 60000);
	met(&seen, EV_WALK_EABT, 1, 5);
	met(&seen, EV_WALK_EABT, 2, 20);
	met(&seen, EV_TRANSLATION, 2, 1000);
	met(&seen, EV_ADDR_SIZE, 1, 100);
	met(&seen, EV_ADDR_SIZE, 2, 100);
	met(&seen, EV_ACCESS, 1, 100);
	met(&seen, EV_ACCESS, 2, 100);
	met(&seen, EV_PERMISSION, 1, 1000);
	met(&seen, EV_PERMISSION, 2, 1000);
	assert_true(seen.classes[0] > 50);
	assert_true(seen.classes[1] > 500);
	assert_true(seen.classes[2] > 1000);
}

static void bend_page(struct nv *nv)
{
	nv->half[0].page ^= 2;
}
static void bend_page2(struct nv *nv)
{
	nv->second.page ^= 2;
}
static void bend_level2(struct nv *nv)
{
	nv->second.level += nv->second.level < 3;
}
static void bend_base(struct nv *nv)
{
	nv->half[1].base ^= 1 << 16;
}
static void bend_ps(struct nv *nv)
{
	nv->half[0].ps = nv->half[1].ps = 64 - 12;
}
static void bend_ps2(struct nv *nv)
{
	nv->second.ps = 64 - 12;
}
static void bend_ha(struct nv *nv)
{
	nv->half[0].ha ^= true;
}
static void bend_hd2(struct nv *nv)
{
	nv->second.hd ^= true;
}
static void bend_affd2(struct nv *nv)
{
	nv->second.affd ^= true;
}
static void bend_had(struct nv *nv)
{
	nv->half[0].had ^= true;
}
static void bend_wxn(struct nv *nv)
{
	nv->wxn ^= true;
}
static void bend_pan(struct nv *nv)
{
	nv->pan ^= true;
}
static void bend_tbi(struct nv *nv)
{
	nv->half[0].tbi ^= true;
	nv->half[1].tbi ^= true;
}
static void bend_mair(struct nv *nv)
{
	nv->mair ^= UINT64_C(0x3333333333333333);
}
static void bend_xnx(struct nv *nv)
{
	nv->xnx ^= true;
}
static void bend_fwb(struct nv *nv)
{
	nv->fwb ^= true;
}
static void bend_ptw(struct nv *nv)
{
	nv->ptw ^= true;
}
static void bend_cd(struct nv *nv)
{
	nv->cd ^= 1 << 30;
}
static void bend_ds(struct nv *nv)
{
	nv->half[0].ds ^= true;
	nv->half[1].ds ^= true;
}
static void bend_oas(struct nv *nv)
{
	nv->oas ^= 48 ^ 52;
}

/* The control: each of these, wrong on one side, is noticed. */
static void test_granule_control_any_difference_is_noticed(void **state)
{
	static const struct {
		void (*bend)(struct nv *nv);
		struct fo_shape shape;
	} rows[] = {
		{ bend_page, { .page1 = 12 } },
		{ bend_page2, { .page2 = 14 } },
		{ bend_level2, { .page2 = 12 } },
		{ bend_base, { .page1 = 16 } },
		{ bend_ps, { .page1 = 12 } },
		{ bend_ps2, { .page1 = 12, .page2 = 12 } },
		{ bend_ha, { .page1 = 14 } },
		{ bend_hd2, { .page2 = 12 } },
		{ bend_affd2, { .page2 = 16 } },
		{ bend_had, { .page1 = 12 } },
		{ bend_wxn, { .page1 = 12 } },
		{ bend_pan, { .page1 = 12 } },
		{ bend_tbi, { .page1 = 12 } },
		{ bend_mair, { .page1 = 12 } },
		{ bend_xnx, { .page2 = 12 } },
		{ bend_fwb, { .page1 = 12, .page2 = 12 } },
		{ bend_ptw, { .page1 = 12, .page2 = 12 } },
		{ bend_cd, { .page1 = 12, .page2 = 12 } },
		{ bend_ds, { .page1 = 14, .wide = true } },
		{ bend_oas, { .page1 = 16, .wide = true } },
	};
	unsigned int i, seed, wrong;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		wrong = 0;
		for (seed = 1; seed <= 30; seed++)
			wrong += fo_control(&rows[i].shape, seed, rows[i].bend);
		print_message("control %u: %u differences\n", i, wrong);
		assert_int_not_equal(wrong, 0);
		/* And not without it. */
		assert_int_equal(fo_control(&rows[i].shape, 1, NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_granule_stage1_sizes_agree),
		cmocka_unit_test(test_granule_stage2_start_levels_agree),
		cmocka_unit_test(test_granule_nested_agrees),
		cmocka_unit_test(
			test_granule_control_any_difference_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
