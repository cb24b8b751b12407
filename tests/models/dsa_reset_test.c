/* SPDX-License-Identifier: MIT */
/*
 * A function level reset, and the reset line, against an engine in the middle
 * of a step: on return nothing of a descriptor from before reaches memory,
 * interrupts or SWERROR. PCIe 6.6.2.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <string.h>

#include "base/bits.h"
#include "tests/support/dsa_fixture.h"

#define RW ((uint32_t)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

/* Translated accesses, untranslated ones, and a device that has no others. */
enum kind { KIND_ATS, KIND_RAW, KIND_PLATFORM, KINDS };

struct place {
	enum kind kind;
	uint64_t src;
	uint64_t dst;
	uint64_t comp;
};

static void start(struct fix *f, enum kind kind)
{
	const struct fix_wq wq = { .pasid = 1,
				   .bof = true,
				   .ats_disable = kind == KIND_RAW };

	fix_start(f, &wq);
	assert_int_equal(fix_cmd(f, DSA_CMD_REQUEST_INT_HANDLE, 1), 0x100);
	fix_write(f, DSA_REG_GENCTRL, 1);
}

static struct fix *setup(struct place *p, enum kind kind)
{
	struct dsa_hw_cfg cfg;
	struct fix *f;

	if (kind == KIND_PLATFORM)
		dsa_hw_cfg_platform(&cfg, 0x0100);
	else
		dsa_hw_cfg_default(&cfg);
	f = fix_create(&cfg);
	p->kind = kind;
	p->src = fix_alloc(f, 1, 0, 4, RW);
	p->dst = fix_alloc(f, 1, 40, 4, RW);
	p->comp = fix_alloc(f, 1, 100, 1, RW);
	start(f, kind);
	return f;
}

static void reset(struct fix *f, enum kind kind)
{
	unsigned int exp;

	if (kind == KIND_PLATFORM) {
		dsa_hw_reset(f->dsa);
		return;
	}
	exp = fix_cap(f, PCIE_CAP_ID_EXP);
	dsa_hw_cfg_write(f->dsa, exp + PCIE_EXP_DEVCTL, 2, 0x8000);
}

/* A fill with an interrupt. */
static struct dsa_desc fill(const struct place *p)
{
	struct dsa_desc d =
		fix_desc_data(DSA_OP_FILL, p->comp, 0, p->dst, FIX_PAGE);

	FIELD_SET(DSA_DESC_FILL_PATTERN, &d, UINT64_MAX);
	FIELD_SET(DSA_DESC_RCI, &d, 1);
	FIELD_SET(DSA_DESC_INT_HANDLE, &d, 1);
	return d;
}

/* Resets at access number @at, between the check and the access. */
struct hook {
	struct fix *f;
	enum kind kind;
	unsigned int seen;
	unsigned int at;
	bool fired;
};

static void hook_reset(void *arg)
{
	struct hook *h = arg;

	if (h->seen++ != h->at)
		return;
	h->fired = true;
	reset(h->f, h->kind);
	/* Quickly brought up again: still nothing of what was before. */
	fix_enable(h->f);
	start(h->f, h->kind);
}

static void run_between(enum kind kind, unsigned int at, bool control)
{
	static const unsigned char none[DSA_COMP_SIZE];
	struct hook h = { .kind = kind, .at = at };
	unsigned char got[FIX_PAGE];
	struct dsa_desc d;
	struct dsa_comp c;
	struct place p;

	h.f = setup(&p, kind);
	d = fill(&p);
	fix_put(h.f, 1, p.comp, none, sizeof(none));
	if (!control) {
		h.f->in_translated = hook_reset;
		h.f->in_untranslated = hook_reset;
		h.f->hook_arg = &h;
	}
	assert_int_equal(fix_submit(h.f, 0, false, &d), 0);
	assert_int_equal(fix_run(h.f), 0);
	fix_get(h.f, 1, p.dst, got, sizeof(got));
	c = fix_comp(h.f, 1, p.comp);
	assert_int_equal(h.fired, !control);
	assert_int_equal(got[0] == 0xff, control || at > 0);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
			 control ? DSA_COMP_SUCCESS : DSA_COMP_NONE);
	assert_int_equal(atomic_load(&h.f->msi_count[1]), control);
	assert_int_equal(atomic_load(&h.f->msi_count[0]), 0);
	assert_int_equal(fix_read(h.f, DSA_REG_SWERR) & 1, 0);
	/* The engine is good for what comes next. */
	if (!control) {
		h.f->in_translated = NULL;
		h.f->in_untranslated = NULL;
		c = fix_do(h.f, 1, &d);
		assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
				 DSA_COMP_SUCCESS);
	}
	fix_destroy(h.f);
}

/* Access 0 is of the data, access 1 of the record. */
static void
test_dsa_reset_between_check_and_access_nothing_written(void **state)
{
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < KINDS; kind++) {
		run_between((enum kind)kind, 0, false);
		run_between((enum kind)kind, 1, false);
		run_between((enum kind)kind, 0, true);
	}
}

/* Many resets beside an engine's thread; memory is somebody else's after. */
struct storm {
	struct fix *f;
	_Atomic bool stop;
};

static void *storm_engine(void *arg)
{
	struct storm *s = arg;

	while (!atomic_load(&s->stop)) {
		if (dsa_hw_step(s->f->dsa, 0) != DSA_HW_MORE)
			sched_yield();
	}
	return NULL;
}

static void storm(enum kind kind)
{
	const unsigned char zero[DSA_COMP_SIZE] = { 0 };
	unsigned int i, seen = 0, interrupts;
	unsigned char got[FIX_PAGE];
	struct dsa_hw_stats stats;
	struct storm s = { 0 };
	pthread_t engine;
	struct dsa_desc d;
	struct dsa_comp c;
	struct place p;
	size_t j;

	s.f = setup(&p, kind);
	d = fill(&p);
	assert_int_equal(pthread_create(&engine, NULL, storm_engine, &s), 0);
	for (i = 0; i < 300 || (seen < 20 && i < 100000); i++) {
		assert_int_equal(fix_submit(s.f, 0, false, &d), 0);
		for (j = 0; j < i % 64; j++)
			sched_yield();
		reset(s.f, kind);
		interrupts = atomic_load(&s.f->msi_count[1]);
		dsa_hw_stats(s.f->dsa, &stats);
		seen += stats.bytes > 0;
		/* ThreadSanitizer watches this. */
		memset(got, 0xdd, sizeof(got));
		fix_put(s.f, 1, p.dst, got, sizeof(got));
		fix_put(s.f, 1, p.comp, zero, sizeof(zero));
		fix_enable(s.f);
		start(s.f, kind);
		for (j = 0; j < 8; j++)
			sched_yield();
		fix_get(s.f, 1, p.dst, got, sizeof(got));
		for (j = 0; j < sizeof(got); j++)
			assert_int_equal(got[j], 0xdd);
		c = fix_comp(s.f, 1, p.comp);
		assert_int_equal(c.dw[0], 0);
		assert_int_equal(atomic_load(&s.f->msi_count[1]), interrupts);
	}
	atomic_store(&s.stop, true);
	assert_int_equal(pthread_join(engine, NULL), 0);
	assert_true(seen > 0);
	fix_destroy(s.f);
}

static void test_dsa_reset_storm_memory_is_left_alone(void **state)
{
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < KINDS; kind++)
		storm((enum kind)kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_dsa_reset_between_check_and_access_nothing_written),
		cmocka_unit_test(test_dsa_reset_storm_memory_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
