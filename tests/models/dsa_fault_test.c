/* SPDX-License-Identifier: MIT */
/*
 * Absent pages, refused pages, the translation cache: what the accelerator does
 * when memory is not simply there.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "tests/models/dsa_place.h"

static void test_dsa_fault_without_bof_partial(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, 10 * FIX_PAGE, false);
	struct dsa_comp c;

	(void)state;
	fix_forbid(f, 1, p.dst + 3 * FIX_PAGE, 1, false);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_NOBOF, 3 * FIX_PAGE,
		     p.dst + 3 * FIX_PAGE, true);
	assert_moved(f, &p, 3 * FIX_PAGE);
	assert_int_equal(f->groups, 0);

	fix_page(f, 1, p.dst + 3 * FIX_PAGE)->perm = RW;
	fix_forbid(f, 1, p.src + 5 * FIX_PAGE, 1, true);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_NOBOF, 5 * FIX_PAGE,
		     p.src + 5 * FIX_PAGE, false);
	fix_destroy(f);
}

/* A backward move does its end first. */
static void test_dsa_fault_backward_counts_from_the_end(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = fix_desc_data(DSA_OP_MEMMOVE, p.comp, p.src,
					  p.src + 2 * FIX_PAGE, 8 * FIX_PAGE);
	struct dsa_comp c;

	(void)state;
	fix_forbid(f, 1, p.src + 2 * FIX_PAGE, 1, false);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_NOBOF, 5 * FIX_PAGE,
		     p.src + 2 * FIX_PAGE, false);
	assert_int_equal(FIELD_GET(DSA_COMP_RESULT, &c), DSA_RESULT_BACKWARD);
	fix_destroy(f);
}

/* [R2] [U9] Groups of at most 16 pages, last flagged, each answered once. */
static void test_dsa_fault_block_on_fault_asks_in_groups(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, 40 * FIX_PAGE, true);
	struct dsa_hw_stats s;
	struct dsa_comp c;

	(void)state;
	fix_forbid(f, 1, p.src, 40, false);
	fix_forbid(f, 1, p.dst, 40, false);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	assert_moved(f, &p, 40 * FIX_PAGE);
	assert_int_equal(f->largest_group, 16);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.page_requests, 80);
	assert_int_equal(s.page_responses, f->groups);
	/* Nothing beyond the transfer. */
	assert_int_equal(fix_page(f, 1, p.dst + 40 * FIX_PAGE)->perm, 0);
	fix_destroy(f);
}

static void test_dsa_fault_group_capped_by_allocation(void **state)
{
	struct dsa_hw_cfg cfg;
	struct place p;
	struct fix *f;
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	dsa_hw_cfg_default(&cfg);
	cfg.outstanding = 3;
	f = place_setup(&p, &cfg, NULL);
	d = place_move(&p, 20 * FIX_PAGE, true);
	fix_forbid(f, 1, p.dst, 20, false);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	assert_int_equal(f->largest_group, 3);
	fix_destroy(f);
}

/* [R3] Invalid Request ends this access; what came before is done. */
static void test_dsa_fault_invalid_in_group_is_precise(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, 16 * FIX_PAGE, true);
	struct dsa_comp c;

	(void)state;
	fix_forbid(f, 1, p.dst, 16, false);
	fix_page(f, 1, p.dst + 7 * FIX_PAGE)->may = IOMMU_PERM_READ;
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_IR, 7 * FIX_PAGE,
		     p.dst + 7 * FIX_PAGE, true);
	assert_moved(f, &p, 7 * FIX_PAGE);
	fix_destroy(f);
}

/* [R3] Response Failure ends page requests until they are enabled again. */
static void test_dsa_fault_response_failure_stops_requests(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, FIX_PAGE, true);
	unsigned int at = fix_ext_cap(f, PCIE_EXT_CAP_ID_PRI);
	struct dsa_comp c;

	(void)state;
	f->prg = FIX_PRG_FAILURE;
	fix_forbid(f, 1, p.dst, 1, false);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_TRANSLATION_FAIL, 0, p.dst, true);
	assert_int_equal(dsa_hw_cfg_read(f->dsa, at + PCIE_PRI_CTRL, 2), 0);
	assert_int_equal(dsa_hw_cfg_read(f->dsa, at + PCIE_PRI_STATUS, 2),
			 0x8101);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_IR, 0, p.dst, true);
	assert_int_equal(f->groups, 1);

	f->prg = FIX_PRG_MAP;
	dsa_hw_cfg_write(f->dsa, at + PCIE_PRI_STATUS, 2, 1);
	dsa_hw_cfg_write(f->dsa, at + PCIE_PRI_CTRL, 2, 1);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	fix_destroy(f);
}

static void respond(struct fix *f, enum hw_prg_code code, ioasid_t pasid,
		    bool pasid_valid, unsigned int prgi)
{
	const struct hw_prg_response resp = {
		.requester = 0x0100,
		.pasid_valid = pasid_valid,
		.pasid = pasid,
		.prgi = (uint16_t)prgi,
		.code = code,
	};

	dsa_hw_prg_response(f->dsa, &resp);
}

/* An engine waits for its own answer and for no other. */
static void test_dsa_fault_unexpected_responses_flagged(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, FIX_PAGE, true);
	unsigned int status =
		fix_ext_cap(f, PCIE_EXT_CAP_ID_PRI) + PCIE_PRI_STATUS;
	unsigned int prgi, i;
	struct dsa_comp c;

	(void)state;
	f->prg = FIX_PRG_HOLD;
	fix_forbid(f, 1, p.dst, 1, false);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	assert_int_equal(fix_run(f), 1);
	prgi = f->held.req[0].prgi;
	assert_true(f->held.req[0].last);
	assert_int_equal(dsa_hw_cfg_read(f->dsa, status, 2), 0x8000);

	for (i = 0; i < 4; i++) {
		respond(f, HW_PRG_SUCCESS, i == 1 ? 2 : 1, i != 2,
			i == 3 ? 600 : prgi + !i);
		assert_int_equal(dsa_hw_cfg_read(f->dsa, status, 2), 0x8002);
		dsa_hw_cfg_write(f->dsa, status, 2, 2);
		assert_int_equal(fix_run(f), 1);
	}
	fix_page(f, 1, p.dst)->perm = RW;
	respond(f, HW_PRG_SUCCESS, 1, true, prgi);
	assert_int_equal(fix_run(f), 0);
	c = fix_comp(f, 1, p.comp);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	respond(f, HW_PRG_SUCCESS, 1, true, prgi);
	assert_int_equal(dsa_hw_cfg_read(f->dsa, status, 2), 0x8002);
	fix_destroy(f);
}

/* Success without a page is believed for a while only. */
static void test_dsa_fault_success_without_page_gives_up(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, FIX_PAGE, true);
	struct dsa_comp c;

	(void)state;
	f->prg = FIX_PRG_GRANT;
	fix_forbid(f, 1, p.dst, 1, false);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_IR, 0, p.dst, true);
	assert_in_range(f->groups, 2, 100);
	fix_destroy(f);
}

/* The CPU refuses a page that is translated, as after a file was cut short. */
static void test_dsa_fault_refused_memory_is_asked_for(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, 4 * FIX_PAGE, true);
	uint64_t pa = fix_page(f, 1, p.src + 2 * FIX_PAGE)->pa;
	struct dsa_comp c;

	(void)state;
	f->refuses[(pa - FIX_PA) / FIX_PAGE] = true;
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_IR, 2 * FIX_PAGE,
		     p.src + 2 * FIX_PAGE, false);
	assert_int_equal(f->groups, 3);

	FIELD_SET(DSA_DESC_BOF, &d, 0);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_NOBOF, 2 * FIX_PAGE,
		     p.src + 2 * FIX_PAGE, false);
	f->refuses[(pa - FIX_PA) / FIX_PAGE] = false;
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	fix_destroy(f);
}

static void test_dsa_fault_on_record_is_software_error(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, 100, false);
	struct dsa_swerr err;
	unsigned int i;

	(void)state;
	fix_forbid(f, 1, p.comp, 1, false);
	fix_page(f, 1, p.comp)->may = 0;
	fix_do(f, 1, &d);
	for (i = 0; i < 4; i++)
		err.dw[i] = fix_read(f, DSA_REG_SWERR + 8 * i);
	assert_int_equal(FIELD_GET(DSA_SWERR_VALID, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_ERROR, &err),
			 DSA_COMP_CR_PAGE_FAULT);
	assert_int_equal(FIELD_GET(DSA_SWERR_ADDR, &err), p.comp);
	assert_int_equal(FIELD_GET(DSA_SWERR_PASID, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_WRITE, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_OPERATION, &err), DSA_OP_MEMMOVE);

	/* The record's page is asked for even without block on fault. */
	fix_page(f, 1, p.comp)->may = RW;
	fix_do(f, 1, &d);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) & 3, 1);
	assert_int_equal(fix_page(f, 1, p.comp)->perm, IOMMU_PERM_WRITE);
	fix_destroy(f);
}

static void test_dsa_fault_ats_errors_fail_translation(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, 100, true);
	struct dsa_comp c;

	(void)state;
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	/* The cached record page is still good; new pages are not. */
	f->ats_status = HW_ATS_UR;
	FIELD_SET(DSA_DESC_SRC, &d, p.src + FIX_PAGE);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_TRANSLATION_FAIL, 0, p.src + FIX_PAGE, false);
	fix_destroy(f);
}

/* A strict cache needs to be told; it forgets what it is told and no more. */
static void test_dsa_atc_strict_keeps_until_invalidated(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, 4 * FIX_PAGE, false);
	struct dsa_hw_stats a, b;
	struct dsa_comp c;

	(void)state;
	c = fix_do(f, 1, &d);
	fix_forbid(f, 1, p.src + FIX_PAGE, 1, false);
	c = fix_do(f, 1, &d);
	/* [R9] A forgotten invalidation shows: the page is still used. */
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	fix_forbid(f, 1, p.src + FIX_PAGE, 1, true);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_NOBOF, FIX_PAGE, p.src + FIX_PAGE,
		     false);

	fix_page(f, 1, p.src + FIX_PAGE)->perm = RW;
	dsa_hw_stats(f->dsa, &a);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	dsa_hw_stats(f->dsa, &b);
	assert_int_equal(b.ats_requests - a.ats_requests, 1);
	fix_destroy(f);
}

/* [R10] With a PASID only that PASID; without one, or global, all. */
static void test_dsa_atc_invalidation_by_pasid(void **state)
{
	static const struct hw_ats_inv how[] = {
		{ .requester = 0x0100, .pasid_valid = true, .pasid = 1 },
		{ .requester = 0x0100, .pasid_valid = true, .pasid = 2 },
		{ .requester = 0x0100 },
		{ .requester = 0x0100, .pasid_valid = true, .global = true },
		{ .requester = 0x0100, .addr = FIX_VA, .size = 4096 },
		{ .requester = 0x0100,
		  .addr = FIX_VA + 0x100000,
		  .size = 0x100000 },
	};
	static const bool gone[][2] = {
		{ true, false }, { false, true }, { true, true },
		{ true, true },  { true, true },  { false, false },
	};
	struct hw_ats_inv other = { .requester = 0x0101 };
	struct fix *f = fix_create(NULL);
	struct fix_wq wq = { .shared = true, .threshold = 16 };
	struct dsa_hw_stats a, b;
	unsigned int i, pasid;

	(void)state;
	fix_alloc(f, 1, 0, 2, RW);
	fix_alloc(f, 2, 0, 2, RW);
	fix_start(f, &wq);
	assert_int_equal(dsa_hw_ats_invalidate(f->dsa, &other), -19);
	for (i = 0; i < ARRAY_SIZE(how) * 2; i++) {
		struct dsa_desc d =
			fix_desc_data(DSA_OP_CRC_GEN, 0, FIX_VA, 0, 64);

		for (pasid = 1; pasid <= 2; pasid++) {
			FIELD_SET(DSA_DESC_PASID, &d, pasid);
			assert_int_equal(fix_submit(f, 0, true, &d), 0);
			assert_int_equal(fix_run(f), 0);
		}
		assert_int_equal(dsa_hw_ats_invalidate(f->dsa, &how[i / 2]), 0);
		pasid = 1 + i % 2;
		FIELD_SET(DSA_DESC_PASID, &d, pasid);
		dsa_hw_stats(f->dsa, &a);
		assert_int_equal(fix_submit(f, 0, true, &d), 0);
		assert_int_equal(fix_run(f), 0);
		dsa_hw_stats(f->dsa, &b);
		assert_int_equal(b.ats_requests - a.ats_requests,
				 gone[i / 2][pasid - 1]);
	}
	fix_destroy(f);
}

static void test_dsa_atc_eager_forgets(void **state)
{
	struct dsa_hw_cfg cfg;
	struct dsa_hw_stats s;
	struct place p;
	struct fix *f;
	struct dsa_desc d;
	struct dsa_comp c;
	unsigned int i;

	(void)state;
	dsa_hw_cfg_default(&cfg);
	cfg.personality = HW_EAGER;
	f = place_setup(&p, &cfg, NULL);
	d = place_move(&p, 8 * FIX_PAGE, false);
	for (i = 0; i < 20; i++) {
		c = fix_do(f, 1, &d);
		assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c),
				 DSA_COMP_SUCCESS);
	}
	dsa_hw_stats(f->dsa, &s);
	assert_true(s.ats_requests > 40);
	assert_moved(f, &p, 8 * FIX_PAGE);
	fix_destroy(f);
}

/* Large blocks serve all their pages, and go as a whole. */
static void test_dsa_atc_block_translates_and_goes(void **state)
{
	struct dsa_hw_stats s;
	struct place p;
	struct fix *f = fix_create(NULL);
	const struct fix_wq wq = { .pasid = 1 };
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	f->contiguous = true;
	p.src = fix_alloc(f, 1, 0, 32, RW);
	p.dst = fix_alloc(f, 1, 32, 32, RW);
	p.comp = fix_alloc(f, 1, 64, 1, RW);
	fix_start(f, &wq);
	f->block = 32 * FIX_PAGE;
	d = place_move(&p, 32 * FIX_PAGE, false);
	c = fix_do(f, 1, &d);
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, &c), DSA_COMP_SUCCESS);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.ats_requests, 3);
	fix_forbid(f, 1, p.src, 1, false);
	fix_forbid(f, 1, p.src + 20 * FIX_PAGE, 1, true);
	c = fix_do(f, 1, &d);
	assert_fault(&c, DSA_COMP_PAGE_FAULT_NOBOF, 0, p.src, false);
	fix_destroy(f);
}

/* [R9] A reply that an invalidation overtook is not used. */
struct overtake {
	struct fix *f;
	uint64_t va;
	uint64_t old_pa;
	uint64_t new_pa;
	bool done;
};

static void overtake(void *arg)
{
	struct overtake *o = arg;
	const struct hw_ats_inv inv = { .requester = 0x0100,
					.addr = o->va,
					.size = FIX_PAGE };

	if (o->done)
		return;
	o->done = true;
	fix_page(o->f, 1, o->va)->pa = o->new_pa;
	assert_int_equal(dsa_hw_ats_invalidate(o->f->dsa, &inv), 0);
	memset(o->f->mem + (o->old_pa - FIX_PA), 0xdd, FIX_PAGE);
}

static void test_dsa_atc_overtaken_reply_not_used(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d =
		fix_desc_data(DSA_OP_CRC_GEN, p.comp, p.src, 0, FIX_PAGE);
	struct overtake o = { .f = f, .va = p.src };
	unsigned char page[FIX_PAGE];
	struct dsa_comp c;

	(void)state;
	o.old_pa = fix_page(f, 1, p.src)->pa;
	o.new_pa = fix_page(f, 1, p.src + FIX_PAGE)->pa;
	fix_get(f, 1, p.src + FIX_PAGE, page, sizeof(page));
	f->in_ats = overtake;
	f->hook_arg = &o;
	c = fix_do(f, 1, &d);
	assert_true(o.done);
	assert_int_equal(FIELD_GET(DSA_COMP_CRC, &c),
			 fix_crc32c(0, page, sizeof(page)));
	fix_destroy(f);
}

static void ats_off(void *arg)
{
	struct fix *f = arg;

	dsa_hw_cfg_write(f->dsa,
			 fix_ext_cap(f, PCIE_EXT_CAP_ID_ATS) + PCIE_ATS_CTRL, 2,
			 0);
}

/* [R12] ATS goes off while a request is on its way: it was the last one. */
static void test_dsa_ats_off_in_a_request_ends_them(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d =
		fix_desc_data(DSA_OP_CRC_GEN, p.comp, p.src, 0, FIX_PAGE);
	struct dsa_hw_stats s;

	(void)state;
	f->in_ats = ats_off;
	f->hook_arg = f;
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	fix_run(f);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.ats_requests, 1);
	assert_int_equal(f->translated, 0);
	fix_destroy(f);
}

/* [R9] The same between the lookup and the access. */
static void test_dsa_atc_invalidated_before_access_not_used(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d =
		fix_desc_data(DSA_OP_CRC_GEN, p.comp, p.src, 0, FIX_PAGE);
	struct overtake o = { .f = f, .va = p.src };
	unsigned char page[FIX_PAGE];
	struct dsa_comp c;

	(void)state;
	c = fix_do(f, 1, &d);
	o.old_pa = fix_page(f, 1, p.src)->pa;
	o.new_pa = fix_page(f, 1, p.src + FIX_PAGE)->pa;
	fix_get(f, 1, p.src + FIX_PAGE, page, sizeof(page));
	f->in_translated = overtake;
	f->hook_arg = &o;
	c = fix_do(f, 1, &d);
	assert_true(o.done);
	assert_int_equal(FIELD_GET(DSA_COMP_CRC, &c),
			 fix_crc32c(0, page, sizeof(page)));
	fix_destroy(f);
}

/* The engine holds an access open while another thread invalidates. */
struct race {
	struct fix *f;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool in_copy;
	bool release;
};

static void race_hold(void *arg)
{
	struct race *r = arg;

	pthread_mutex_lock(&r->lock);
	r->in_copy = true;
	pthread_cond_broadcast(&r->moved);
	while (!r->release)
		pthread_cond_wait(&r->moved, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

static void *race_engine(void *arg)
{
	struct race *r = arg;

	fix_run(r->f);
	return NULL;
}

static void *race_release(void *arg)
{
	struct race *r = arg;

	/* Not before the invalidation has found the engine busy. */
	while (!atomic_load(&r->f->relaxed))
		sched_yield();
	pthread_mutex_lock(&r->lock);
	r->release = true;
	pthread_cond_broadcast(&r->moved);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/*
 * Unmap the source while it is copied, then let somebody else have the page.
 * Returns whether the copy got what that one wrote.
 */
static bool race(bool wait)
{
	struct race r = { .lock = PTHREAD_MUTEX_INITIALIZER,
			  .moved = PTHREAD_COND_INITIALIZER };
	const struct hw_ats_inv inv = { .requester = 0x0100 };
	pthread_t engine, release;
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	struct dsa_desc d = place_move(&p, FIX_PAGE, false);
	uint64_t pa = fix_page(f, 1, p.src)->pa;
	unsigned char byte;
	int err;

	r.f = f;
	f->before_copy = race_hold;
	f->hook_arg = &r;
	/* The control: a clock that says at once that it took too long. */
	if (!wait)
		atomic_store(&f->clock_step, UINT64_C(60000000000));
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	assert_int_equal(pthread_create(&engine, NULL, race_engine, &r), 0);
	pthread_mutex_lock(&r.lock);
	while (!r.in_copy)
		pthread_cond_wait(&r.moved, &r.lock);
	pthread_mutex_unlock(&r.lock);

	if (wait)
		assert_int_equal(
			pthread_create(&release, NULL, race_release, &r), 0);
	fix_forbid(f, 1, p.src, 1, false);
	err = dsa_hw_ats_invalidate(f->dsa, &inv);
	assert_int_equal(err, wait ? 0 : -110);
	if (wait)
		assert_int_equal(pthread_join(release, NULL), 0);
	else
		memset(f->mem + (pa - FIX_PA), 0xdd, FIX_PAGE);
	pthread_mutex_lock(&r.lock);
	r.release = true;
	pthread_cond_broadcast(&r.moved);
	pthread_mutex_unlock(&r.lock);
	if (wait) {
		/* Invalidation is over: nothing reads the page any more. */
		memset(f->mem + (pa - FIX_PA), 0xdd, FIX_PAGE);
	}
	assert_int_equal(pthread_join(engine, NULL), 0);
	fix_get(f, 1, p.dst + 9, &byte, 1);
	fix_destroy(f);
	return byte == 0xdd;
}

/* [R9] On return of an invalidation nothing of it is in use. */
static void test_dsa_atc_invalidation_waits_for_access(void **state)
{
	(void)state;
	assert_false(race(true));
}

static void test_dsa_atc_invalidation_control_sees_stale(void **state)
{
	(void)state;
	assert_true(race(false));
}

/* Two threads, many rounds: a page is given away right after invalidation. */
struct storm {
	struct fix *f;
	struct place p;
	_Atomic bool stop;
	_Atomic unsigned int copies;
};

static void *storm_engine(void *arg)
{
	struct storm *s = arg;
	struct dsa_desc d = place_move(&s->p, FIX_PAGE, false);
	unsigned char got[FIX_PAGE];
	unsigned int i;

	while (!atomic_load(&s->stop)) {
		assert_int_equal(fix_submit(s->f, 0, false, &d), 0);
		fix_run(s->f);
		fix_get(s->f, 1, s->p.dst, got, sizeof(got));
		for (i = 0; i < FIX_PAGE; i++)
			assert_int_equal(got[i], 0x11);
		atomic_fetch_add(&s->copies, 1);
	}
	return NULL;
}

static void test_dsa_atc_storm_no_stale_data(void **state)
{
	const struct hw_ats_inv inv = { .requester = 0x0100,
					.pasid_valid = true,
					.pasid = 1,
					.addr = FIX_VA,
					.size = FIX_PAGE };
	struct storm s;
	struct fix *f = place_setup(&s.p, NULL, NULL);
	uint64_t pa[2];
	pthread_t engine;
	unsigned int i;

	(void)state;
	s.f = f;
	atomic_init(&s.stop, false);
	atomic_init(&s.copies, 0);
	pa[0] = fix_page(f, 1, s.p.src)->pa;
	pa[1] = fix_page(f, 1, s.p.src + 30 * FIX_PAGE)->pa;
	memset(f->mem + (pa[0] - FIX_PA), 0x11, FIX_PAGE);
	assert_int_equal(pthread_create(&engine, NULL, storm_engine, &s), 0);
	for (i = 0; i < 2000 || atomic_load(&s.copies) < 200; i++) {
		uint64_t fresh = pa[(i + 1) % 2], old = pa[i % 2];

		memset(f->mem + (fresh - FIX_PA), 0x11, FIX_PAGE);
		pthread_mutex_lock(&f->lock);
		f->table[1][0].pa = fresh;
		pthread_mutex_unlock(&f->lock);
		assert_int_equal(dsa_hw_ats_invalidate(f->dsa, &inv), 0);
		/* Without the wait ThreadSanitizer sees this race, too. */
		memset(f->mem + (old - FIX_PA), 0xdd, FIX_PAGE);
	}
	atomic_store(&s.stop, true);
	assert_int_equal(pthread_join(engine, NULL), 0);
	fix_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_ats_off_in_a_request_ends_them),
		cmocka_unit_test(test_dsa_fault_without_bof_partial),
		cmocka_unit_test(test_dsa_fault_backward_counts_from_the_end),
		cmocka_unit_test(test_dsa_fault_block_on_fault_asks_in_groups),
		cmocka_unit_test(test_dsa_fault_group_capped_by_allocation),
		cmocka_unit_test(test_dsa_fault_invalid_in_group_is_precise),
		cmocka_unit_test(
			test_dsa_fault_response_failure_stops_requests),
		cmocka_unit_test(test_dsa_fault_unexpected_responses_flagged),
		cmocka_unit_test(test_dsa_fault_success_without_page_gives_up),
		cmocka_unit_test(test_dsa_fault_refused_memory_is_asked_for),
		cmocka_unit_test(test_dsa_fault_on_record_is_software_error),
		cmocka_unit_test(test_dsa_fault_ats_errors_fail_translation),
		cmocka_unit_test(test_dsa_atc_strict_keeps_until_invalidated),
		cmocka_unit_test(test_dsa_atc_invalidation_by_pasid),
		cmocka_unit_test(test_dsa_atc_eager_forgets),
		cmocka_unit_test(test_dsa_atc_block_translates_and_goes),
		cmocka_unit_test(test_dsa_atc_overtaken_reply_not_used),
		cmocka_unit_test(
			test_dsa_atc_invalidated_before_access_not_used),
		cmocka_unit_test(test_dsa_atc_invalidation_waits_for_access),
		cmocka_unit_test(test_dsa_atc_invalidation_control_sees_stale),
		cmocka_unit_test(test_dsa_atc_storm_no_stale_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
