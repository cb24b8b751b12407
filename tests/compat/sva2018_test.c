/* SPDX-License-Identifier: MIT */
/* SVA as of 2018. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/compat/linux.h>
#include <sva/compat/sva2018.h>

#include "tests/core/rig.h"

#define IOPF ((unsigned long)IOMMU_SVA_FEAT_IOPF)

static struct fixture {
	struct rig rig;
	struct soft_mm *mm;
	struct iommu_device *dev;
	struct iommu_sva_device *sdev;

	unsigned int exits;
	ioasid_t exit_pasid;
	void *exit_drvdata;
	enum mock_entry exit_entry;
	int exit_err;
} fx;

static int mm_exit(struct iommu_device *dev, ioasid_t pasid, void *drvdata)
{
	fx.exits++;
	fx.exit_pasid = pasid;
	fx.exit_drvdata = drvdata;
	fx.exit_entry = mock_entry(fx.rig.mock, dev, pasid);
	return fx.exit_err;
}

static int setup(void **state)
{
	struct fixture *f = &fx;

	memset(f, 0, sizeof(*f));
	rig_up(&f->rig, NULL, NULL);
	f->dev = f->rig.dev[0];
	f->mm = soft_mm_create(&f->rig);
	assert_ok(iommu_sva_device_init(f->dev, IOPF, 0, mm_exit, &f->sdev));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->sdev)
		assert_ok(iommu_sva_device_shutdown(f->sdev));
	assert_int_equal(stats_of(&f->rig).pasids, f->exit_err ? 1 : 0);
	if (f->mm)
		iommu_mm_put_users(&f->mm->mm);
	rig_down(&f->rig);
	return 0;
}

static ioasid_t bind(struct fixture *f)
{
	ioasid_t pasid = 0;

	assert_ok(iommu_sva_device_bind(f->sdev, &f->mm->mm, &pasid, IOPF, f));
	return pasid;
}

/* [B13] Uses are counted: the first unbind takes it from nobody. */
static void test_sva2018_bind_again_counts(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f);
	uint64_t pa;

	assert_ok(dma(&f->rig, f->dev, pasid, 0x5000, W));
	assert_int_equal(bind(f), pasid);
	assert_ok(iommu_sva_device_unbind(f->sdev, pasid));
	assert_ok(dma(&f->rig, f->dev, pasid, 0x6000, W));
	assert_ok(iommu_sva_device_unbind(f->sdev, pasid));
	assert_err(mock_access(f->rig.mock, f->dev, pasid, 0x5000, R, &pa),
		   EACCES);
	assert_err(iommu_sva_device_unbind(f->sdev, pasid), ESRCH);
	assert_err(iommu_sva_device_unbind(f->sdev, 0), ESRCH);
	assert_int_equal(f->mm->mm.refs, 1);
	assert_int_equal(f->exits, 0);
}

/* [B13] [C5] */
static void test_sva2018_one_pasid_on_all_devices(void **state)
{
	struct fixture *f = *state;
	struct iommu_sva_device *other;
	ioasid_t a = bind(f), b = 0;

	assert_ok(iommu_sva_device_init(f->rig.dev[1], IOPF, 0, NULL, &other));
	assert_ok(iommu_sva_device_bind(other, &f->mm->mm, &b, IOPF, NULL));
	assert_int_equal(a, b);
	assert_ok(iommu_sva_device_unbind(f->sdev, a));
	assert_ok(dma(&f->rig, f->rig.dev[1], b, 0x5000, W));
	/* [A8] What is bound goes with the shutdown. */
	assert_ok(iommu_sva_device_shutdown(other));
	assert_int_equal(stats_of(&f->rig).pasids, 0);
	assert_int_equal(f->mm->mm.refs, 1);
	assert_false(iommu_sva_enabled(f->rig.dev[1], NULL));
}

/* [A8] */
static void test_sva2018_init_errors(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *none = rig_add_device(&f->rig, "none", 30, 0, 0);
	struct iommu_sva_device *sdev = NULL;
	struct iommu_device *dev = f->rig.dev[1];
	long n;
	int err;

	assert_err(iommu_sva_device_init(none, 0, 0, NULL, &sdev), ENODEV);
	assert_err(iommu_sva_device_init(none, IOPF, 0, NULL, &sdev), ENODEV);
	assert_err(iommu_sva_device_init(dev, IOPF | 2, 0, NULL, &sdev),
		   EINVAL);
	assert_err(iommu_sva_device_init(f->dev, IOPF, 0, NULL, &sdev), EEXIST);
	assert_err(iommu_sva_device_init(f->dev, 0, 0, NULL, &sdev), EEXIST);
	mock_fail(f->rig.mock, MOCK_OP_ENABLE_FAULTS, 1, -EIO);
	assert_err(iommu_sva_device_init(dev, IOPF, 0, NULL, &sdev), EIO);
	for (n = 1;; n++) {
		testplat_fail_nth(&f->rig.tp, n);
		err = iommu_sva_device_init(dev, IOPF, 0, NULL, &sdev);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_null(sdev);
	}
	assert_true(n > 1);
	assert_ok(iommu_sva_device_shutdown(sdev));
	assert_ok(iommu_device_remove(none));
}

/* [B13] */
static void test_sva2018_bind_errors(void **state)
{
	struct fixture *f = *state;
	struct iommu_mm *mm = &f->mm->mm;
	ioasid_t pasid = 0;
	long n;
	int err;

	assert_err(iommu_sva_device_bind(f->sdev, mm, &pasid, 2, f), EINVAL);
	mock_fail(f->rig.mock, MOCK_OP_SET, 1, -ETIMEDOUT);
	assert_err(iommu_sva_device_bind(f->sdev, mm, &pasid, IOPF, f),
		   ETIMEDOUT);
	for (n = 1;; n++) {
		testplat_fail_nth(&f->rig.tp, n);
		err = iommu_sva_device_bind(f->sdev, mm, &pasid, IOPF, f);
		testplat_fail_nth(&f->rig.tp, 0);
		if (!err)
			break;
		assert_err(err, ENOMEM);
		assert_int_equal(pasid, 0);
		assert_int_equal(mm->refs, 1);
		assert_int_equal(stats_of(&f->rig).pasids, 0);
	}
	assert_true(n > 2);
	/* Bound by now, and not like that. */
	assert_err(iommu_sva_device_bind(f->sdev, mm, &pasid, 0, f), EDOM);
	assert_err(iommu_sva_device_bind(f->sdev, mm, &pasid, IOPF, mm),
		   EINVAL);
	assert_ok(iommu_sva_device_unbind(f->sdev, pasid));
	assert_ok(iommu_sva_device_bind(f->sdev, mm, &pasid, 0, f));
	assert_ok(iommu_sva_device_unbind(f->sdev, pasid));

	iommu_mm_get(mm);
	iommu_mm_put_users(mm);
	f->mm = NULL;
	assert_err(iommu_sva_device_bind(f->sdev, mm, &pasid, IOPF, f), ESRCH);
	iommu_mm_put(mm);
}

/* [B13] [A8] The address space has a PASID the device was not to have. */
static void test_sva2018_pasid_out_of_range(void **state)
{
	struct fixture *f = *state;
	struct iommu_sva_device *small;
	ioasid_t pasid = 0;

	assert_ok(iommu_sva_device_init(f->rig.dev[1], IOPF, 4, NULL, &small));
	assert_ok(iommu_sva_alloc_pasid(&f->mm->mm, 5, 5));
	assert_err(iommu_sva_device_bind(small, &f->mm->mm, &pasid, IOPF, NULL),
		   ERANGE);
	assert_int_equal(bind(f), 5);
	iommu_sva_free_pasid(&f->mm->mm);
	assert_ok(iommu_sva_device_unbind(f->sdev, 5));
	assert_ok(iommu_sva_device_bind(small, &f->mm->mm, &pasid, IOPF, NULL));
	assert_int_equal(pasid, 1);
	assert_ok(iommu_sva_device_shutdown(small));
}

/* [A8] [B7] One mm_exit for all binds, told which. */
static void test_sva2018_mm_exit(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f);

	iommu_mm_put_users(&f->mm->mm);
	f->mm = NULL;
	assert_int_equal(f->exits, 1);
	assert_int_equal(f->exit_pasid, pasid);
	assert_ptr_equal(f->exit_drvdata, f);
	assert_int_equal(f->exit_entry, MOCK_ENTRY_LIVE);
	assert_int_equal(mock_entry(f->rig.mock, f->dev, pasid),
			 MOCK_ENTRY_QUIET);
	assert_ok(iommu_sva_device_unbind(f->sdev, pasid));
	assert_err(iommu_sva_device_unbind(f->sdev, pasid), ESRCH);
	assert_int_equal(f->exits, 1);
}

/* [A8] [B7] The device could not be stopped: nobody gets its PASID. */
static void test_sva2018_mm_exit_fails(void **state)
{
	struct fixture *f = *state;
	ioasid_t pasid = bind(f);

	f->exit_err = -EIO;
	iommu_mm_put_users(&f->mm->mm);
	f->mm = NULL;
	assert_ok(iommu_sva_device_unbind(f->sdev, pasid));
	assert_int_equal(stats_of(&f->rig).pasids, 1);
}

/* [A8] [A7] Without IOPF the driver makes the pages. */
static void test_sva2018_without_iopf(void **state)
{
	struct fixture *f = *state;
	struct iommu_device *dev = f->rig.dev[1];
	struct iommu_sva_device *sdev;
	ioasid_t pasid;
	uint64_t pa;
	size_t done;

	assert_ok(iommu_sva_device_init(dev, 0, 0, NULL, &sdev));
	assert_false(mock_faults_enabled(dev));
	assert_err(iommu_sva_device_bind(sdev, &f->mm->mm, &pasid, IOPF, NULL),
		   EINVAL);
	assert_ok(iommu_sva_device_bind(sdev, &f->mm->mm, &pasid, 0, NULL));
	assert_err(mock_access(f->rig.mock, dev, pasid, 0x3000, R, &pa),
		   EFAULT);
	assert_ok(f->mm->mm.ops->handle_fault(&f->mm->mm, 0x3000, 1, R, &done));
	assert_ok(mock_access(f->rig.mock, dev, pasid, 0x3000, R, &pa));
	assert_ok(iommu_sva_device_shutdown(sdev));
}

#define THREADS 4u
#define ROUNDS  100u

struct racer {
	struct fixture *f;
	unsigned int errors;
};

static void *racer(void *arg)
{
	struct racer *r = arg;
	struct fixture *f = r->f;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		ioasid_t pasid = 0;

		r->errors += iommu_sva_device_bind(f->sdev, &f->mm->mm, &pasid,
						   IOPF, f) != 0;
		r->errors += mock_entry(f->rig.mock, f->dev, pasid) !=
			     MOCK_ENTRY_LIVE;
		r->errors += iommu_sva_device_unbind(f->sdev, pasid) != 0;
	}
	return NULL;
}

/* [B13] [R14] */
static void test_sva2018_race(void **state)
{
	struct fixture *f = *state;
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ .f = f };
		pthread_create(&threads[i], NULL, racer, &racers[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(racers[i].errors, 0);
	}
	assert_int_equal(f->mm->mm.refs, 1);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sva2018_bind_again_counts),
		TEST(test_sva2018_one_pasid_on_all_devices),
		TEST(test_sva2018_init_errors),
		TEST(test_sva2018_bind_errors),
		TEST(test_sva2018_pasid_out_of_range),
		TEST(test_sva2018_mm_exit),
		TEST(test_sva2018_mm_exit_fails),
		TEST(test_sva2018_without_iopf),
		TEST(test_sva2018_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
