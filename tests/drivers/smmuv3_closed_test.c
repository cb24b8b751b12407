/* SPDX-License-Identifier: MIT */
/* What cannot be invalidated: tried again until it is, or everything closes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"

static struct fake *make(void)
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	fake_init(f);
	assert_int_equal(fake_probe(f), 0);
	return f;
}

static void unmake(struct fake *f)
{
	fake_fini(f);
	free(f);
}

static bool is_closed(struct fake *f)
{
	struct smmuv3_stats stats;

	smmuv3_stats(f->unit, &stats);
	return stats.failed_closed;
}

static void fail_cmds(struct fake *f, unsigned int opcode, unsigned int times)
{
	fake_ops_clear(f);
	f->fail_op = opcode;
	f->fail_code = SMMU_CERROR_ILL;
	f->fail_times = times;
}

/*
 * [K8] [R10] 3.21.3: the store of the STE may have been all there was to do,
 * but until a CFGI has been done the SMMU uses what was there before.
 */
static void test_smmuv3_closed_bypass_goes_or_all_closes(void **state)
{
	static const struct {
		unsigned int times;
		bool closes;
	} rows[] = { { 1, false }, { 2, true } };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *f = make();
		struct iommu_domain *identity, *blocked;
		struct iommu_device *dev = fake_pci_device(f, 1);

		assert_int_equal(iommu_domain_alloc(f->unit,
						    IOMMU_DOMAIN_IDENTITY,
						    &identity),
				 0);
		assert_int_equal(iommu_domain_alloc(f->unit,
						    IOMMU_DOMAIN_BLOCKED,
						    &blocked),
				 0);
		assert_int_equal(iommu_attach_device(identity, dev), 0);
		fail_cmds(f, SMMU_OP_CFGI_STE, rows[i].times);
		/* For core: the entry aborts, and is nobody's. */
		assert_int_equal(iommu_attach_device(blocked, dev), -ETIMEDOUT);
		assert_int_equal(f->fail_times, 0);
		assert_int_equal(fake_ste(f, 1)[1] & 3,
				 SMMU_STE_S1DSS_TERMINATE);
		assert_int_equal(is_closed(f), rows[i].closes);
		assert_int_equal(fake_count(f, SMMU_OP_CFGI_STE),
				 !rows[i].closes);
		/* It is not taken for attached either. */
		assert_int_equal(iommu_attach_device(identity, dev),
				 rows[i].closes ? -ETIMEDOUT : 0);
		if (!rows[i].closes)
			assert_int_equal(iommu_detach_device(identity, dev), 0);
		assert_int_equal(iommu_domain_free(identity), 0);
		assert_int_equal(iommu_domain_free(blocked), 0);
		assert_int_equal(iommu_device_remove(dev), 0);
		unmake(f);
	}
}

/*
 * [R1] [L10] Who isolates a device after somebody whose command has failed, and
 * who has not closed the SMMU yet, asks for himself.
 */
static void test_smmuv3_closed_isolated_after_an_answer(void **state)
{
	unsigned int times;

	(void)state;
	for (times = 1; times <= 2; times++) {
		struct fake *f = make();
		struct iommu_device *dev = fake_pci_device(f, 1);
		struct smmuv3_device *sdev = iommu_device_priv(dev);

		fail_cmds(f, SMMU_OP_CFGI_STE, times);
		assert_true(smmuv3_stes_set_eats(sdev, false) < 0);
		assert_int_equal(fake_count(f, SMMU_OP_CFGI_STE), 0);
		assert_int_equal(smmuv3_device_isolate(sdev) < 0, times > 1);
		assert_int_equal(fake_count(f, SMMU_OP_CFGI_STE), times == 1);
		assert_int_equal(is_closed(f), times > 1);
		assert_int_equal(iommu_device_remove(dev), 0);
		unmake(f);
	}
}

/* [R9] [K6]: an attachment that fails is live nowhere, or all is closed. */
static void test_smmuv3_closed_failed_install(void **state)
{
	static const struct {
		unsigned int times;
		bool closes;
	} rows[] = { { 1, false }, { 2, true } };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *f = make();
		struct iommu_device *dev = fake_pci_device(f, 1);
		struct iommu_domain *d;
		struct fake_mm m;

		fake_mm_init(&m, f);
		assert_int_equal(iommu_domain_alloc_sva(f->unit, &m.mm, &d), 0);
		/* So that the leaf is there. */
		assert_int_equal(iommu_attach_device_pasid(d, dev, 2), 0);
		fail_cmds(f, SMMU_OP_CFGI_CD, rows[i].times);
		/* After the second step of it: V may have been seen. */
		f->fail_after = 1;
		assert_int_equal(iommu_attach_device_pasid(d, dev, 3), -EIO);
		assert_int_equal(f->fail_times, 0);
		assert_false(fake_cd(f, 1, 3)[0] >> 31 & 1);
		assert_int_equal(is_closed(f), rows[i].closes);
		iommu_detach_device_pasid(d, dev, 2);
		assert_int_equal(iommu_domain_free(d), 0);
		iommu_mm_put_users(&m.mm);
		assert_int_equal(iommu_device_remove(dev), 0);
		unmake(f);
	}
}

struct watch {
	struct smmuv3_device *sdev;
	unsigned int armed;
	unsigned int looks;
	size_t sent;
};

/* Once the device has not answered, and before EATS is known to be off. */
static void watch_isolation(struct fake *f, const struct smmu_cmd *cmd)
{
	struct watch *w = f->hook_arg;
	unsigned int op = (unsigned int)FIELD_GET(SMMU_CMD_OPCODE, cmd);
	struct smmuv3_batch batch;

	if (op == SMMU_OP_ATC_INV && w->armed) {
		w->armed--;
		f->fail_op = SMMU_OP_SYNC;
		f->fail_code = SMMU_CERROR_ATC_INV_SYNC;
		f->fail_times = 1;
	}
	if (op != SMMU_OP_CFGI_STE)
		return;
	w->looks++;
	smmuv3_batch_init(&batch, to_smmuv3(f->unit));
	smmuv3_add_atc_inv(&batch, w->sdev, true, 4, 0, 0x1000);
	w->sent += batch.count;
}

/*
 * [L10] 3.9.1.4: until the SMMU takes no translated traffic of the device any
 * more, nobody may leave its ATC out: an invalidation for another PASID would
 * be over with the device still using what it was about.
 */
static void test_smmuv3_closed_isolation_hides_nothing(void **state)
{
	struct fake *f = make();
	struct iommu_device *dev = fake_pci_device(f, 1);
	struct smmuv3_batch batch;
	struct iommu_domain *d;
	struct watch w = { .armed = 2 };
	struct fake_mm m;

	(void)state;
	fake_mm_init(&m, f);
	assert_int_equal(iommu_domain_alloc_sva(f->unit, &m.mm, &d), 0);
	assert_int_equal(iommu_attach_device_pasid(d, dev, 3), 0);
	w.sdev = iommu_device_priv(dev);
	f->hook = watch_isolation;
	f->hook_arg = &w;
	iommu_mm_invalidate_range(&m.mm, 0x1000, 0x2000);
	f->hook = NULL;
	assert_true(w.looks > 0);
	assert_int_equal(w.sent, w.looks);
	/* Then it is isolated, and there is none. */
	assert_int_equal(fake_ste(f, 1)[1] >> 28 & 3, SMMU_STE_EATS_ABORT);
	smmuv3_batch_init(&batch, to_smmuv3(f->unit));
	smmuv3_add_atc_inv(&batch, w.sdev, true, 4, 0, 0x1000);
	assert_int_equal(batch.count, 0);
	assert_false(is_closed(f));
	iommu_detach_device_pasid(d, dev, 3);
	assert_int_equal(iommu_domain_free(d), 0);
	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(f);
}

/* Ends an address space when the lock of its domain is next given up. */
static struct {
	const struct plat_ops *below;
	struct smmuv3_domain *ends;
} locks;

static void unlock_and_end(void *ctx, struct plat_lock *lock)
{
	struct smmuv3_domain *d = locks.ends;

	locks.below->unlock(ctx, lock);
	if (!d || lock != &d->lock)
		return;
	locks.ends = NULL;
	d->notifier.ops->release(&d->notifier);
}

/*
 * [R6] [R7]: an address space ends while its CD is another's to write, who
 * then does not: the CD is quiet all the same.
 */
static void test_smmuv3_closed_end_during_replacement(void **state)
{
	struct fake *f = make();
	struct iommu_device *dev = fake_pci_device(f, 1);
	struct iommu_domain *d[2];
	struct smmuv3_domain *sd[2];
	struct fake_mm m[2];
	struct plat_ops ops;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		fake_mm_init(&m[i], f);
		assert_int_equal(
			iommu_domain_alloc_sva(f->unit, &m[i].mm, &d[i]), 0);
		sd[i] = container_of(d[i], struct smmuv3_domain, domain);
	}
	assert_int_equal(iommu_attach_device_pasid(d[0], dev, 3), 0);
	sd[1]->notifier.ops->release(&sd[1]->notifier);

	locks.below = f->tp.plat.ops;
	locks.ends = sd[0];
	ops = *locks.below;
	ops.unlock = unlock_and_end;
	f->tp.plat.ops = &ops;
	assert_int_equal(f->unit->ops->set_dev_pasid(d[1], dev, 3, d[0]),
			 -ESRCH);
	f->tp.plat.ops = locks.below;
	assert_null(locks.ends);
	/* EPD0, and no table. */
	assert_true(fake_cd(f, 1, 3)[0] >> 14 & 1);
	assert_int_equal(fake_cd(f, 1, 3)[1], 0);

	iommu_detach_device_pasid(d[0], dev, 3);
	for (i = 0; i < 2; i++) {
		assert_int_equal(iommu_domain_free(d[i]), 0);
		iommu_mm_put_users(&m[i].mm);
	}
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_closed_bypass_goes_or_all_closes),
		cmocka_unit_test(test_smmuv3_closed_isolated_after_an_answer),
		cmocka_unit_test(test_smmuv3_closed_failed_install),
		cmocka_unit_test(test_smmuv3_closed_isolation_hides_nothing),
		cmocka_unit_test(test_smmuv3_closed_end_during_replacement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
