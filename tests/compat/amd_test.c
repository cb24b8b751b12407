/* SPDX-License-Identifier: MIT */
/* The AMD IOMMUv2 interface. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/compat/amd.h>
#include <sva/ioasid.h>

#include "core/driver.h"
#include "tests/core/rig.h"

#define PASIDS 1024u

static struct fixture {
	struct rig rig;
	struct soft_mm *mm;
	struct iommu_device *dev;
	struct amd_iommu *amd;

	/* What the device driver answers and has seen. */
	_Atomic int rsp;
	_Atomic unsigned int ppr_calls, ctx_calls;
	ioasid_t ppr_pasid, ctx_pasid;
	uint64_t ppr_address;
	unsigned int ppr_flags;
	enum mock_entry ctx_entry;
	bool ctx_exited;
	bool ctx_asks;
	enum iommu_page_response_code ctx_code;
} fx;

static int invalid_ppr(struct iommu_device *dev, ioasid_t pasid,
		       uint64_t address, unsigned int flags)
{
	int rsp = atomic_load(&fx.rsp);

	(void)dev;
	fx.ppr_pasid = pasid;
	fx.ppr_address = address;
	fx.ppr_flags = flags;
	atomic_fetch_add(&fx.ppr_calls, 1);
	return rsp;
}

static void invalidate_ctx(struct iommu_device *dev, ioasid_t pasid)
{
	fx.ctx_pasid = pasid;
	fx.ctx_entry = mock_entry(fx.rig.mock, dev, pasid);
	fx.ctx_exited = fx.mm ? fx.mm->exited : false;
	if (fx.ctx_asks) {
		/* A device stops when its requests are answered. [R5] */
		unsigned int before = mock_response_count(fx.rig.mock);

		raise_request(&fx.rig, dev, pasid, 99, 0x1000, R, true);
		if (mock_wait_responses(fx.rig.mock, before + 1))
			fx.ctx_code = last_code(&fx.rig);
	}
	atomic_fetch_add(&fx.ctx_calls, 1);
}

static int setup(void **state)
{
	struct fixture *f = &fx;

	memset(f, 0, sizeof(*f));
	rig_up(&f->rig, NULL, NULL);
	f->dev = f->rig.dev[0];
	f->mm = soft_mm_create(&f->rig);
	assert_ok(amd_iommu_init_device(f->dev, PASIDS, &f->amd));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->amd)
		assert_ok(amd_iommu_free_device(f->amd));
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	if (f->mm)
		iommu_mm_put_users(&f->mm->mm);
	rig_down(&f->rig);
	return 0;
}

static void report(struct fixture *f, ioasid_t pasid, uint32_t tag,
		   uint64_t addr, unsigned int perm, bool last)
{
	struct iommu_fault fault = page_request(pasid, tag, addr, perm, last);

	assert_ok(iommu_report_device_fault(f->dev, &fault));
}

/* What the device is told for one request, as the IOMMU's driver sends it. */
static enum iommu_page_response_code ask(struct fixture *f, ioasid_t pasid,
					 uint64_t addr, unsigned int perm)
{
	static uint32_t tag;
	unsigned int before = mock_response_count(f->rig.mock);

	raise_request(&f->rig, f->dev, pasid, ++tag % 512, addr, perm, true);
	assert_true(mock_wait_responses(f->rig.mock, before + 1));
	assert_int_equal(mock_response_count(f->rig.mock), before + 1);
	return last_code(&f->rig);
}

/* [R15] Nor does what an overflow has cut of one PASID's decide here. */
static void test_amd_overflow_cuts_groups(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	assert_ok(amd_iommu_bind_pasid(f->amd, 77, &f->mm->mm));
	assert_ok(amd_iommu_bind_pasid(f->amd, PASIDS - 1, &f->mm->mm));
	f->mm->limit = 4;
	/* Once as they are, and once cut. */
	for (i = 0; i < 2; i++) {
		report(f, 77, 8, 0x8000, R, false);
		report(f, PASIDS - 1, 8, 0x8000, R, false);
		if (i)
			assert_ok(iopf_queue_discard_partial(
				iommu_device_unit(f->dev)->iopf));
		report(f, PASIDS - 1, 8, 0x1000, R, true);
		assert_true(mock_wait_responses(f->rig.mock, 2 * i + 1));
		assert_int_equal(last_code(&f->rig),
				 i ? IOMMU_PAGE_RESP_SUCCESS :
				     IOMMU_PAGE_RESP_INVALID);
		report(f, 77, 8, 0x1000, R, true);
		assert_true(mock_wait_responses(f->rig.mock, 2 * i + 2));
		assert_int_equal(last_code(&f->rig),
				 i ? IOMMU_PAGE_RESP_SUCCESS :
				     IOMMU_PAGE_RESP_INVALID);
	}
	amd_iommu_unbind_pasid(f->amd, 77);
	amd_iommu_unbind_pasid(f->amd, PASIDS - 1);
}

/* [F10] [F11] [F12] [U3] The PASID is the device's choice. */
static void test_amd_bind_at_the_pasid_picked(void **state)
{
	struct fixture *f = *state;
	uint64_t pa;

	assert_ok(amd_iommu_bind_pasid(f->amd, 77, &f->mm->mm));
	assert_ok(dma(&f->rig, f->dev, 77, 0x5000, W));
	assert_int_equal(f->mm->pages, 1);
	assert_int_equal(f->mm->mm.users, 1);
	assert_int_equal(f->mm->mm.pasid, 0);
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	/* The same task again, somewhere else; the highest one, too. */
	assert_ok(amd_iommu_bind_pasid(f->amd, PASIDS - 1, &f->mm->mm));
	assert_ok(dma(&f->rig, f->dev, PASIDS - 1, 0x5000, W));
	amd_iommu_unbind_pasid(f->amd, 77);
	assert_err(mock_access(f->rig.mock, f->dev, 77, 0x5000, R, &pa),
		   EACCES);
	assert_int_equal(mock_cached(f->rig.mock, f->dev, 77), 0);
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	/* Not bound: nothing happens. */
	amd_iommu_unbind_pasid(f->amd, 77);
	amd_iommu_unbind_pasid(f->amd, PASIDS);
	amd_iommu_unbind_pasid(f->amd, PASIDS - 1);
	assert_int_equal(f->mm->mm.refs, 1);
	assert_null(f->mm->mm.notifiers);
	/* It can be picked again. */
	assert_ok(amd_iommu_bind_pasid(f->amd, 77, &f->mm->mm));
}

/* [F10] */
static void test_amd_init_errors(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *none = rig_add_device(&f->rig, "none", 30, 0, 0);
	struct amd_iommu *amd = NULL;
	long n;
	int err;

	assert_err(amd_iommu_init_device(none, 8, &amd), ENODEV);
	assert_err(amd_iommu_init_device(f->rig.dev[1], 0, &amd), EINVAL);
	assert_err(amd_iommu_init_device(f->rig.dev[1], (1u << 20) + 1, &amd),
		   EINVAL);
	assert_err(amd_iommu_init_device(f->dev, 8, &amd), EBUSY);
	/* [A7] Somebody has the device's faults already. */
	assert_ok(iommu_dev_enable_feature(f->rig.dev[1], IOMMU_DEV_FEAT_IOPF));
	assert_err(amd_iommu_init_device(f->rig.dev[1], 8, &amd), EBUSY);
	assert_ok(
		iommu_dev_disable_feature(f->rig.dev[1], IOMMU_DEV_FEAT_IOPF));
	mock_fail(f->rig.mock, MOCK_OP_ENABLE_FAULTS, 1, -EIO);
	assert_err(amd_iommu_init_device(f->rig.dev[1], 8, &amd), EIO);
	for (n = 1;; n++) {
		testplat_fail_nth(&f->rig.tp, n);
		err = amd_iommu_init_device(f->rig.dev[1], 1u << 20, &amd);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_null(amd);
		assert_false(iommu_dev_feature_enabled(f->rig.dev[1],
						       IOMMU_DEV_FEAT_SVA));
	}
	assert_true(n > 3);
	assert_ok(amd_iommu_free_device(amd));
	assert_ok(iommu_device_remove(none));
}

/* [F11] [R1] */
static void test_amd_bind_errors(void **state)
{
	struct fixture *f = *state;
	struct iommu_mm *mm = &f->mm->mm;
	long n;
	int err;

	assert_err(amd_iommu_bind_pasid(f->amd, 0, mm), EINVAL);
	assert_err(amd_iommu_bind_pasid(f->amd, PASIDS, mm), EINVAL);
	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(amd_iommu_bind_pasid(f->amd, 7, mm), ETIMEDOUT);
	mock_fail(f->rig.mock, MOCK_OP_DOMAIN_ALLOC, 1, -ENOSPC);
	assert_err(amd_iommu_bind_pasid(f->amd, 7, mm), ENOSPC);
	/* Every allocation in turn: nothing is left. */
	for (n = 1;; n++) {
		testplat_fail_nth(&f->rig.tp, n);
		err = amd_iommu_bind_pasid(f->amd, 700, mm);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_int_equal(mm->refs, 1);
		assert_null(mm->sva);
		assert_int_equal(stats_of(&f->rig).pasids, 0);
	}
	assert_true(n > 4);
	amd_iommu_unbind_pasid(f->amd, 700);

	iommu_mm_get(mm);
	iommu_mm_put_users(mm);
	f->mm = NULL;
	assert_err(amd_iommu_bind_pasid(f->amd, 7, mm), ESRCH);
	iommu_mm_put(mm);
}

static struct {
	struct rig rig;
	unsigned int sets;
	int err;
} early;

/* A device that sends for a PASID it has picked, and not yet been given. */
static void before_set(void *arg, enum mock_op op, struct iommu_device *dev,
		       ioasid_t pasid)
{
	struct iommu_fault fault = page_request(pasid, 1, 0x1000, R, true);

	(void)arg;
	if (op != MOCK_OP_SET)
		return;
	early.sets++;
	early.err = iommu_report_device_fault(dev, &fault);
}

/* [F11] Until the entry is in place a request is nobody's. */
static void test_amd_invalid_until_the_entry_is_set(void **state)
{
	const struct mock_cfg cfg = { .before = before_set };
	struct amd_iommu *amd;
	struct soft_mm *mm;

	(void)state;
	memset(&early, 0, sizeof(early));
	rig_up(&early.rig, NULL, &cfg);
	mm = soft_mm_create(&early.rig);
	assert_ok(amd_iommu_init_device(early.rig.dev[0], PASIDS, &amd));
	assert_ok(amd_iommu_bind_pasid(amd, 9, &mm->mm));
	assert_int_equal(early.sets, 1);
	assert_err(early.err, ENOENT);
	assert_int_equal(mm->calls, 0);
	assert_ok(amd_iommu_free_device(amd));
	assert_int_equal(mm->calls, 0);
	iommu_mm_put_users(&mm->mm);
	rig_down(&early.rig);
}

/* [F11] Beyond the device, though the driver asked for that many. */
static void test_amd_pasid_beyond_the_device(void **state)
{
	struct fixture *f = *state;
	struct amd_iommu *amd;

	assert_ok(amd_iommu_init_device(f->rig.dev[1], 1u << 20, &amd));
	assert_err(amd_iommu_bind_pasid(amd, 1u << MOCK_PASID_BITS, &f->mm->mm),
		   EINVAL);
	assert_ok(amd_iommu_bind_pasid(amd, (1u << MOCK_PASID_BITS) - 1,
				       &f->mm->mm));
	/* [F10] What is bound is unbound. */
	assert_ok(amd_iommu_free_device(amd));
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_int_equal(f->mm->mm.refs, 1);
}

/* [F11] [C5] A PASID that is taken, here or elsewhere in the system. */
static void test_amd_pasid_taken(void **state)
{
	static DECLARE_IOASID_SET(set);
	struct fixture *f = *state;
	struct soft_mm *other = soft_mm_create(&f->rig);
	struct amd_iommu *amd;
	ioasid_t id;

	assert_ok(amd_iommu_init_device(f->rig.dev[1], PASIDS, &amd));
	assert_ok(amd_iommu_bind_pasid(f->amd, 1, &f->mm->mm));
	assert_err(amd_iommu_bind_pasid(f->amd, 1, &f->mm->mm), EBUSY);
	assert_err(amd_iommu_bind_pasid(f->amd, 1, &other->mm), EBUSY);
	/* Another address space would be found under this one's name. */
	assert_err(amd_iommu_bind_pasid(amd, 1, &other->mm), EBUSY);
	assert_ok(amd_iommu_bind_pasid(amd, 1, &f->mm->mm));
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	/* What the system gives out is another one. */
	assert_ok(ioasid_alloc(f->rig.sys, &set, 1, PASIDS, NULL, &id));
	assert_int_equal(id, 2);
	assert_err(amd_iommu_bind_pasid(amd, 2, &other->mm), EBUSY);
	ioasid_free(f->rig.sys, id);
	amd_iommu_unbind_pasid(f->amd, 1);
	assert_ok(dma(&f->rig, f->rig.dev[1], 1, 0x5000, W));
	assert_err(amd_iommu_bind_pasid(f->amd, 1, &other->mm), EBUSY);
	assert_ok(amd_iommu_free_device(amd));
	assert_ok(amd_iommu_bind_pasid(f->amd, 1, &other->mm));
	amd_iommu_unbind_pasid(f->amd, 1);
	iommu_mm_put_users(&other->mm);
}

/* [F13] [I5] What an unserviceable request gets. */
static void test_amd_invalid_ppr_cb_chooses(void **state)
{
	struct fixture *f = *state;

	f->mm->limit = 4;
	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	assert_int_equal(ask(f, 9, 0x8000, R), IOMMU_PAGE_RESP_INVALID);
	assert_err(amd_iommu_set_invalid_ppr_cb(NULL, invalid_ppr), EINVAL);
	assert_ok(amd_iommu_set_invalid_ppr_cb(f->amd, invalid_ppr));
	f->rsp = AMD_IOMMU_INV_PRI_RSP_FAIL;
	assert_int_equal(ask(f, 9, 0x1000, W), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->ppr_calls, 0);
	assert_int_equal(ask(f, 9, 0x8000, R), IOMMU_PAGE_RESP_FAILURE);
	assert_int_equal(f->ppr_calls, 1);
	assert_int_equal(f->ppr_pasid, 9);
	assert_int_equal(f->ppr_address, 0x8000);
	assert_int_equal(f->ppr_flags, PPR_FAULT_READ | PPR_FAULT_USER);
	f->rsp = AMD_IOMMU_INV_PRI_RSP_SUCCESS;
	assert_int_equal(ask(f, 9, 0x8000, W), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->ppr_flags, PPR_FAULT_WRITE | PPR_FAULT_USER);
	f->rsp = AMD_IOMMU_INV_PRI_RSP_INVALID;
	assert_int_equal(ask(f, 9, 0x8000, R), IOMMU_PAGE_RESP_INVALID);
	f->rsp = 1234;
	assert_int_equal(ask(f, 9, 0x8000, R), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->ppr_calls, 4);
	/* Nobody's PASID is not its business. */
	f->rsp = AMD_IOMMU_INV_PRI_RSP_SUCCESS;
	assert_int_equal(ask(f, 10, 0x1000, R), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(ask(f, PASIDS + 5, 0x1000, R),
			 IOMMU_PAGE_RESP_INVALID);
	/* Failure by core, or Invalid by hardware. */
	assert_int_not_equal(ask(f, 0, 0x1000, R), IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->ppr_calls, 4);
	assert_ok(amd_iommu_set_invalid_ppr_cb(f->amd, NULL));
	assert_int_equal(ask(f, 9, 0x8000, R), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->ppr_calls, 4);
}

/* [F13] As it is reported, privileged or to execute. */
static void test_amd_invalid_ppr_cb_flags(void **state)
{
	struct fixture *f = *state;

	f->mm->limit = 4;
	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	assert_ok(amd_iommu_set_invalid_ppr_cb(f->amd, invalid_ppr));
	f->rsp = AMD_IOMMU_INV_PRI_RSP_SUCCESS;
	assert_int_equal(ask(f, 9, 0x8000, W | IOMMU_PERM_PRIV),
			 IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->ppr_flags, PPR_FAULT_WRITE);
	assert_int_equal(ask(f, 9, 0x8000, IOMMU_PERM_EXEC),
			 IOMMU_PAGE_RESP_SUCCESS);
	assert_int_equal(f->ppr_flags, PPR_FAULT_EXEC | PPR_FAULT_USER);
	assert_int_equal(f->ppr_calls, 2);
}

/* [F14] [R6] Once, while the entry translates and the pages are there. */
static void test_amd_invalidate_ctx_at_the_exit(void **state)
{
	struct fixture *f = *state;
	uint64_t pa;

	assert_err(amd_iommu_set_invalidate_ctx_cb(NULL, NULL), EINVAL);
	assert_ok(amd_iommu_set_invalidate_ctx_cb(f->amd, invalidate_ctx));
	assert_ok(amd_iommu_set_invalid_ppr_cb(f->amd, invalid_ppr));
	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	assert_ok(dma(&f->rig, f->dev, 9, 0x5000, W));
	f->ctx_asks = true;
	f->rsp = AMD_IOMMU_INV_PRI_RSP_SUCCESS;
	iommu_mm_put_users(&f->mm->mm);
	f->mm = NULL;
	assert_int_equal(f->ctx_calls, 1);
	assert_int_equal(f->ctx_pasid, 9);
	assert_int_equal(f->ctx_code, IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->ctx_entry, MOCK_ENTRY_LIVE);
	assert_false(f->ctx_exited);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, 9), MOCK_ENTRY_QUIET);
	assert_err(mock_access(f->rig.mock, f->dev, 9, 0x5000, R, &pa), EPERM);
	assert_int_equal(ask(f, 9, 0x5000, R), IOMMU_PAGE_RESP_INVALID);
	assert_int_equal(f->ppr_calls, 0);
	/* The PASID is the bond's still. */
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	amd_iommu_unbind_pasid(f->amd, 9);
	assert_int_equal(f->ctx_calls, 1);
}

/* [F12] [F14] Without an exit the unbind calls it, entry in place. */
static void test_amd_invalidate_ctx_at_the_unbind(void **state)
{
	struct fixture *f = *state;

	assert_ok(amd_iommu_set_invalidate_ctx_cb(f->amd, invalidate_ctx));
	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	amd_iommu_unbind_pasid(f->amd, 9);
	assert_int_equal(f->ctx_calls, 1);
	assert_int_equal(f->ctx_entry, MOCK_ENTRY_LIVE);
	iommu_mm_put_users(&f->mm->mm);
	f->mm = NULL;
	assert_int_equal(f->ctx_calls, 1);
}

struct unbinder {
	struct fixture *f;
	ioasid_t pasid;
	_Atomic bool unbound;
};

static void *unbinder(void *arg)
{
	struct unbinder *u = arg;

	amd_iommu_unbind_pasid(u->f->amd, u->pasid);
	atomic_store(&u->unbound, true);
	return NULL;
}

static void wait_drains(struct fixture *f, unsigned int count)
{
	while (mock_calls(f->rig.mock, MOCK_OP_DRAIN) < count)
		plat_relax(f->rig.plat, 1);
}

/*
 * [F12] [R1] The unbind waits for a request under way: core's drains do not,
 * as it is in none of core's queues.
 */
static void test_amd_unbind_waits_for_requests(void **state)
{
	struct fixture *f = *state;
	struct unbinder u = { .f = f, .pasid = 9 };
	unsigned int drains = mock_calls(f->rig.mock, MOCK_OP_DRAIN);
	pthread_t thread;
	unsigned int i;

	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	soft_mm_block(f->mm, true);
	raise_request(&f->rig, f->dev, 9, 3, 0x3000, R, true);
	soft_mm_wait_blocked(f->mm, 1);
	pthread_create(&thread, NULL, unbinder, &u);
	/* The entry has gone and both drains are over. */
	wait_drains(f, drains + 2);
	for (i = 0; i < 1000; i++)
		plat_relax(f->rig.plat, 20);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, 9), MOCK_ENTRY_ABORT);
	assert_false(atomic_load(&u.unbound));
	assert_int_equal(stats_of(&f->rig).pasids, 1);
	assert_err(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm), EBUSY);
	assert_int_equal(mock_response_count(f->rig.mock), 0);
	soft_mm_block(f->mm, false);
	pthread_join(thread, NULL);
	/* Answered, once, before the unbind returned. */
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
}

static void *freer(void *arg)
{
	struct unbinder *u = arg;

	if (!amd_iommu_free_device(u->f->amd))
		atomic_store(&u->unbound, true);
	return NULL;
}

/* [F10] Freeing the device waits for an unbind that is running. */
static void test_amd_free_waits_for_an_unbind(void **state)
{
	struct fixture *f = *state;
	struct unbinder u = { .f = f, .pasid = 9 }, freed = { .f = f };
	unsigned int drains = mock_calls(f->rig.mock, MOCK_OP_DRAIN), i;
	pthread_t thread, free_thread;

	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	assert_ok(amd_iommu_bind_pasid(f->amd, 600, &f->mm->mm));
	soft_mm_block(f->mm, true);
	raise_request(&f->rig, f->dev, 9, 3, 0x3000, R, true);
	soft_mm_wait_blocked(f->mm, 1);
	pthread_create(&thread, NULL, unbinder, &u);
	wait_drains(f, drains + 2);
	pthread_create(&free_thread, NULL, freer, &freed);
	/* The other bond it unbinds by itself. */
	while (mock_entry(f->rig.mock, f->dev, 600) == MOCK_ENTRY_LIVE)
		plat_relax(f->rig.plat, 1);
	for (i = 0; i < 1000; i++)
		plat_relax(f->rig.plat, 20);
	assert_false(atomic_load(&freed.unbound));
	soft_mm_block(f->mm, false);
	pthread_join(free_thread, NULL);
	assert_true(atomic_load(&freed.unbound));
	f->amd = NULL;
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_false(iommu_dev_feature_enabled(f->dev, IOMMU_DEV_FEAT_SVA));
	pthread_join(thread, NULL);
}

/* [F15] Requests start as they come; the answer waits for all of them. */
static void test_amd_answer_when_none_is_under_way(void **state)
{
	struct fixture *f = *state;

	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	soft_mm_block(f->mm, true);
	report(f, 9, 40, 0x1000, R, false);
	/* Before its Last. */
	soft_mm_wait_blocked(f->mm, 1);
	/* The same tag of another PASID is another group. */
	assert_ok(amd_iommu_bind_pasid(f->amd, 10, &f->mm->mm));
	report(f, 10, 40, 0x9000, R, true);
	soft_mm_wait_blocked(f->mm, 2);
	report(f, 9, 40, 0x2000, R, true);
	assert_int_equal(mock_response_count(f->rig.mock), 0);
	soft_mm_block(f->mm, false);
	assert_true(mock_wait_responses(f->rig.mock, 2));
	amd_iommu_unbind_pasid(f->amd, 9);
	amd_iommu_unbind_pasid(f->amd, 10);
	assert_int_equal(mock_response_count(f->rig.mock), 2);
	assert_int_equal(f->mm->pages, 3);
}

/* [F15] [F13] The worst of its requests decides a group, and only that. */
static void test_amd_worst_status_of_a_group(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	f->mm->limit = 4;
	assert_ok(amd_iommu_set_invalid_ppr_cb(f->amd, invalid_ppr));
	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	f->rsp = AMD_IOMMU_INV_PRI_RSP_FAIL;
	report(f, 9, 40, 0x8000, R, false);
	while (!atomic_load(&f->ppr_calls))
		plat_relax(f->rig.plat, 1);
	f->rsp = AMD_IOMMU_INV_PRI_RSP_INVALID;
	report(f, 9, 40, 0x9000, R, false);
	report(f, 9, 40, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 1));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_FAILURE);
	/* Nothing of it sticks to the tag. */
	for (i = 0; i < 3; i++) {
		report(f, 9, 40, 0x1000, R, i == 2);
	}
	assert_true(mock_wait_responses(f->rig.mock, 2));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	report(f, 9, 40, 0x9000, R, false);
	report(f, 9, 40, 0x1000, R, true);
	assert_true(mock_wait_responses(f->rig.mock, 3));
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_INVALID);
}

/* [F15] [R2] No memory for a request: success, and the device comes back. */
static void test_amd_no_memory_is_success(void **state)
{
	struct fixture *f = *state;
	unsigned int i;

	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	/* 1: core's record; 2: the request; 3: the tag. */
	for (i = 2; i <= 3; i++) {
		testplat_fail_nth(&f->rig.tp, i);
		report(f, 9, 40 + i, 0x1000, R, true);
		testplat_fail_nth(&f->rig.tp, 0);
		assert_int_equal(mock_response_count(f->rig.mock), i - 1);
		assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
		assert_int_equal(f->mm->pages, 0);
	}
	/* The Last of a group with a request under way: it answers. */
	soft_mm_block(f->mm, true);
	report(f, 9, 50, 0x1000, R, false);
	soft_mm_wait_blocked(f->mm, 1);
	testplat_fail_nth(&f->rig.tp, 2);
	report(f, 9, 50, 0x2000, R, true);
	testplat_fail_nth(&f->rig.tp, 0);
	assert_int_equal(mock_response_count(f->rig.mock), 2);
	soft_mm_block(f->mm, false);
	assert_true(mock_wait_responses(f->rig.mock, 3));
	amd_iommu_unbind_pasid(f->amd, 9);
	assert_int_equal(mock_response_count(f->rig.mock), 3);
	assert_int_equal(f->mm->pages, 1);
}

/* [I7] [F15] Answers name their request, as a system with a timeout wants. */
static void test_amd_answers_with_a_timeout(void **state)
{
	const struct iommu_system_cfg cfg = { .response_timeout_s = 100 };
	struct amd_iommu *amd;
	struct soft_mm *mm;
	struct rig rig;

	(void)state;
	rig_up(&rig, &cfg, NULL);
	mm = soft_mm_create(&rig);
	assert_ok(amd_iommu_init_device(rig.dev[0], PASIDS, &amd));
	assert_ok(amd_iommu_bind_pasid(amd, 9, &mm->mm));
	assert_ok(dma(&rig, rig.dev[0], 9, 0x5000, W));
	assert_int_equal(mock_response_count(rig.mock), 1);
	assert_ok(amd_iommu_free_device(amd));
	iommu_mm_put_users(&mm->mm);
	rig_down(&rig);
}

/* [F15] What a device can make the library keep has a limit. */
static void test_amd_flood_is_bounded(void **state)
{
	struct fixture *f = *state;
	long before;
	uint32_t i;

	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	soft_mm_block(f->mm, true);
	before = f->rig.tp.live_allocations;
	for (i = 0; i < 6000; i++)
		report(f, 9, i, 0x1000, R, false);
	assert_true(f->rig.tp.live_allocations - before <= 2 * 4096);
	/* A Last beyond the limit is answered all the same. */
	report(f, 9, 6000, 0x1000, R, true);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	assert_int_equal(last_code(&f->rig), IOMMU_PAGE_RESP_SUCCESS);
	soft_mm_block(f->mm, false);
	amd_iommu_unbind_pasid(f->amd, 9);
	assert_true(f->rig.tp.live_allocations <= before);

	/* The same in one group, which has an end. */
	assert_ok(amd_iommu_bind_pasid(f->amd, 9, &f->mm->mm));
	before = f->rig.tp.live_allocations;
	soft_mm_block(f->mm, true);
	for (i = 0; i < 6000; i++)
		report(f, 9, 7, 0x1000, R, i == 5999);
	assert_true(f->rig.tp.live_allocations - before <= 4096 + 2);
	assert_int_equal(mock_response_count(f->rig.mock), 1);
	soft_mm_block(f->mm, false);
	amd_iommu_unbind_pasid(f->amd, 9);
	assert_int_equal(mock_response_count(f->rig.mock), 2);
}

#define THREADS 6u
#define ROUNDS  60u

struct racer {
	struct fixture *f;
	ioasid_t pasid; /* THREADS racers on three PASIDs */
	unsigned int busy, bound, errors, lasts;
};

/* A request, unless the hardware's queue is full. */
static void raise_some(struct racer *r, uint32_t tag, uint64_t addr, bool last)
{
	struct iommu_fault fault = page_request(r->pasid, tag, addr, R, last);

	if (!mock_raise(r->f->rig.mock, r->f->dev, &fault))
		r->lasts += last;
}

static void *racer(void *arg)
{
	struct racer *r = arg;
	struct rig *rig = &r->f->rig;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct soft_mm *mm = soft_mm_create(rig);
		int err = amd_iommu_bind_pasid(r->f->amd, r->pasid, &mm->mm);

		r->busy += err == -EBUSY;
		r->errors += err && err != -EBUSY;
		raise_some(r, i, 0x3000, i % 2);
		raise_some(r, i, 0x4000, true);
		if (i % 3)
			iommu_mm_put_users(&mm->mm);
		/* Whoever bound it: unbinds race, and one of them does it. */
		amd_iommu_unbind_pasid(r->f->amd, r->pasid);
		if (!(i % 3))
			iommu_mm_put_users(&mm->mm);
		r->bound += !err;
	}
	return NULL;
}

/* [F11] [F12] [F14] [R1] [R2] Binds, unbinds, exits and requests at once. */
static void test_amd_race(void **state)
{
	struct fixture *f = *state;
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	unsigned int i, bound = 0, lasts = 0;
	ioasid_t pasid;

	assert_ok(amd_iommu_set_invalidate_ctx_cb(f->amd, NULL));
	for (i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ .f = f, .pasid = 500 + i % 3 };
		pthread_create(&threads[i], NULL, racer, &racers[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(racers[i].errors, 0);
		bound += racers[i].bound;
		lasts += racers[i].lasts;
	}
	assert_true(bound > 0 && lasts > THREADS);
	mock_report_all(f->rig.mock);
	for (pasid = 500; pasid < 503; pasid++)
		amd_iommu_unbind_pasid(f->amd, pasid);
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	/* One answer for each Last, whoever gave it. */
	assert_int_equal(mock_response_count(f->rig.mock), lasts);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_amd_bind_at_the_pasid_picked),
		TEST(test_amd_init_errors),
		TEST(test_amd_bind_errors),
		cmocka_unit_test(test_amd_invalid_until_the_entry_is_set),
		TEST(test_amd_pasid_beyond_the_device),
		TEST(test_amd_pasid_taken),
		TEST(test_amd_invalid_ppr_cb_chooses),
		TEST(test_amd_invalid_ppr_cb_flags),
		TEST(test_amd_overflow_cuts_groups),
		TEST(test_amd_invalidate_ctx_at_the_exit),
		TEST(test_amd_invalidate_ctx_at_the_unbind),
		TEST(test_amd_unbind_waits_for_requests),
		TEST(test_amd_free_waits_for_an_unbind),
		TEST(test_amd_answer_when_none_is_under_way),
		TEST(test_amd_worst_status_of_a_group),
		TEST(test_amd_no_memory_is_success),
		cmocka_unit_test(test_amd_answers_with_a_timeout),
		TEST(test_amd_flood_is_bounded),
		TEST(test_amd_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
