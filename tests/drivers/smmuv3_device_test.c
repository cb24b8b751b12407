/* SPDX-License-Identifier: MIT */
/* Devices behind an SMMU: tables, PCIe features, errors. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"

static struct fake *make_with(void (*change)(struct fake *f))
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	fake_init(f);
	if (change)
		change(f);
	assert_int_equal(fake_probe(f), 0);
	fake_ops_clear(f);
	return f;
}

static struct fake *make(void)
{
	return make_with(NULL);
}

static void unmake(struct fake *f)
{
	fake_fini(f);
	free(f);
}

static struct iommu_device_desc desc_of(struct fake *f, const uint32_t *sids,
					unsigned int count, bool pci)
{
	return (struct iommu_device_desc){
		.name = "fake0",
		.unit = f->unit,
		.stream_ids = sids,
		.stream_id_count = count,
		.pci = pci ? &f->pci : NULL,
		.pasid_bits = 8,
	};
}

/* [R12] [K19]: PASID, EATS, an empty ATC, ATS; and back. */
static void test_smmuv3_device_features_go_on_in_order(void **state)
{
	struct fake *f = make();
	size_t pasid, cfgi, inv, ats, end;
	struct iommu_device *dev;
	const uint64_t *ste;

	(void)state;
	assert_null(fake_ste(f, 0x123));
	dev = fake_pci_device(f, 0x123);
	pasid = fake_find_cfg(f, FAKE_PASID + 6, 3, 0);
	inv = fake_find(f, 0x40, 0);
	ats = fake_find_cfg(f, FAKE_ATS + 6, 0x8000, 0);
	assert_true(pasid < inv && inv < ats && ats < f->op_count);
	/* The flush: all PASIDs, everything, complete before ATS goes on. */
	assert_int_equal(fake_cmd(f, inv)->dw[0], 0x12300000040);
	assert_int_equal(fake_cmd(f, inv)->dw[1], 52);
	assert_true(fake_find(f, 0x46, inv) < ats);
	/* EATS was complete before the flush. */
	for (cfgi = 0, end = 0; (end = fake_find(f, 0x03, end)) < inv; end++)
		cfgi = end;
	assert_true(cfgi > pasid && fake_find(f, 0x46, cfgi) < inv);

	ste = fake_ste(f, 0x123);
	assert_non_null(ste);
	assert_int_equal(ste[0] & 0x3f, 1 | 5 << 1 | 2 << 4);
	assert_int_equal(ste[0] >> 59, 20);
	/* S1DSS 0, CIR and COR WB, CSH ISH, PPAR, EATS, SHCFG incoming */
	assert_int_equal(ste[1], 1 << 2 | 1 << 4 | 3 << 6 | 1 << 18 |
					 1ull << 28 | 1ull << 44);

	fake_ops_clear(f);
	assert_int_equal(iommu_device_remove(dev), 0);
	ats = fake_find_cfg(f, FAKE_ATS + 6, 0, 0);
	inv = fake_find(f, 0x40, 0);
	cfgi = fake_find(f, 0x03, inv);
	pasid = fake_find_cfg(f, FAKE_PASID + 6, 0, cfgi);
	assert_true(ats < inv && inv < cfgi && cfgi < pasid);
	assert_true(pasid < f->op_count);
	assert_true(fake_find(f, 0x46, inv) < cfgi);
	/* [R12] none is sent once ATS has gone */
	assert_int_equal(fake_find(f, 0x40, cfgi), SIZE_MAX);
	assert_int_equal(fake_ste(f, 0x123)[0], 0);
	unmake(f);
}

static void test_smmuv3_device_stream_ids_are_checked(void **state)
{
	const uint32_t far[] = { 5, 0x10000 }, twice[] = { 6, 6 };
	const uint32_t mine[] = { 9, 2, 7 }, other[] = { 3, 7 };
	struct iommu_device *dev, *dev2;
	struct iommu_device_desc desc;
	struct fake *f = make();
	long live;

	(void)state;
	desc = desc_of(f, far, 2, false);
	assert_int_equal(fake_add_device(f, &desc, &dev), -ERANGE);
	desc = desc_of(f, twice, 2, false);
	assert_int_equal(fake_add_device(f, &desc, &dev), -EEXIST);
	desc = desc_of(f, mine, 3, false);
	assert_int_equal(fake_add_device(f, &desc, &dev), 0);
	live = f->tp.live_allocations;
	desc = desc_of(f, other, 2, false);
	assert_int_equal(fake_add_device(f, &desc, &dev2), -EEXIST);
	assert_int_equal(f->tp.live_allocations, live);
	desc = desc_of(f, other, 1, false);
	assert_int_equal(fake_add_device(f, &desc, &dev2), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	assert_int_equal(iommu_device_remove(dev2), 0);
	unmake(f);
}

/* All streams of a device are configured and invalidated. */
static void test_smmuv3_device_every_stream_has_its_entry(void **state)
{
	const uint32_t sids[] = { 0x10, 0x911, 0x5 };
	struct iommu_device *dev;
	struct iommu_device_caps caps;
	struct iommu_device_desc desc;
	struct fake *f = make();
	unsigned int i;

	(void)state;
	desc = desc_of(f, sids, 3, true);
	assert_int_equal(fake_add_device(f, &desc, &dev), 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(fake_ste(f, sids[i])[0] & 1, 1);
	assert_int_equal(fake_ste(f, 0x10)[0], fake_ste(f, 0x911)[0]);
	/* Page requests could not be answered to the right stream. */
	iommu_device_caps(dev, &caps);
	assert_true(caps.ats && !caps.pri);
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(f);
}

static void linear(struct fake *f)
{
	f->idr[0] &= ~(1u << 19 | 3u << 27);
	f->idr[1] = (f->idr[1] & ~0x3fu) | 10;
}

static void one_level_ids(struct fake *f)
{
	f->idr[1] = (f->idr[1] & ~(0x3fu | 0x1fu << 6)) | 6 | 4 << 6;
}

static void no_pasid(struct fake *f)
{
	f->idr[1] &= ~(0x1fu << 6);
}

/* [K3] [K4]: linear tables, and widths cut to what fits. */
static void test_smmuv3_device_linear_tables(void **state)
{
	struct fake *f = make_with(linear);
	struct iommu_device_caps caps;
	struct iommu_device *dev;

	(void)state;
	dev = fake_pci_device(f, 0x3ff);
	iommu_device_caps(dev, &caps);
	assert_int_equal(caps.pasid_bits, 10);
	assert_int_equal(fake_ste(f, 0x3ff)[0] & 0x3f, 1 | 5 << 1);
	assert_int_equal(fake_ste(f, 0x3ff)[0] >> 59, 10);
	assert_non_null(fake_cd(f, 0x3ff, 1023));
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(f);

	f = make_with(one_level_ids);
	dev = fake_pci_device(f, 0x3f);
	iommu_device_caps(dev, &caps);
	assert_int_equal(caps.pasid_bits, 4);
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(f);
}

/* Without PASIDs identity is the STE's own; blocked is an invalid CD. */
static void test_smmuv3_device_without_pasids(void **state)
{
	struct fake *f = make_with(no_pasid);
	struct iommu_domain *identity;
	struct iommu_device_caps caps;
	struct iommu_device *dev;

	(void)state;
	dev = fake_pci_device(f, 1);
	iommu_device_caps(dev, &caps);
	assert_int_equal(caps.pasid_bits, 0);
	assert_false(caps.sva);
	assert_int_equal(fake_find_cfg(f, FAKE_PASID + 6, 3, 0), SIZE_MAX);
	assert_int_equal(fake_ste(f, 1)[0] & 0xf, 1 | 5 << 1);
	assert_int_equal(iommu_domain_alloc(f->unit, IOMMU_DOMAIN_IDENTITY,
					    &identity),
			 0);
	assert_int_equal(iommu_attach_device(identity, dev), 0);
	assert_int_equal(fake_ste(f, 1)[0] & 0xf, 1 | 4 << 1);
	assert_int_equal(iommu_detach_device(identity, dev), 0);
	assert_int_equal(fake_ste(f, 1)[0] & 0xf, 1 | 5 << 1);
	assert_int_equal(iommu_domain_free(identity), 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(f);
}

/* A device whose registers are stuck works without the feature. [K19] */
static void test_smmuv3_device_feature_failures_are_not_fatal(void **state)
{
	struct fake *f = make();
	struct iommu_device_caps caps;
	struct iommu_device *dev;
	uint32_t ee = 0;

	(void)state;
	memcpy(f->cfg + 0x64, &ee, 4); /* no prefixes: no PASID */
	f->fail_op = 0x46;             /* the ATC flush never completes */
	f->fail_code = 3;
	dev = fake_pci_device(f, 1);
	iommu_device_caps(dev, &caps);
	assert_int_equal(caps.pasid_bits, 0);
	assert_true(caps.ats);
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(f);
}

static unsigned int fail_sync_after_atc;

static void hook_fail_atc(struct fake *f, const struct smmu_cmd *cmd)
{
	if ((cmd->dw[0] & 0xff) == 0x40 && fail_sync_after_atc) {
		fail_sync_after_atc--;
		f->fail_op = 0x46;
		f->fail_code = 3;
		f->fail_times = 1;
	}
}

/* [L10]: who does not complete invalidations loses ATS, and nothing else. */
static void test_smmuv3_device_mute_atc_is_isolated(void **state)
{
	struct fake *f = make();
	struct iommu_device_caps caps;
	struct iommu_domain *d;
	struct iommu_device *dev;
	struct fake_mm m;

	(void)state;
	/* At probe: no ATS. */
	f->hook = hook_fail_atc;
	fail_sync_after_atc = 1;
	dev = fake_pci_device(f, 1);
	iommu_device_caps(dev, &caps);
	assert_false(caps.ats || caps.pri);
	assert_int_equal(fake_ste(f, 1)[1] >> 28 & 3, 0);
	assert_int_equal(iommu_device_remove(dev), 0);

	/* Later: EATS goes, under an invalidation of the address space. */
	dev = fake_pci_device(f, 1);
	assert_int_equal(fake_ste(f, 1)[1] >> 28 & 3, 1);
	fake_mm_init(&m, f);
	assert_int_equal(iommu_domain_alloc_sva(f->unit, &m.mm, &d), 0);
	assert_int_equal(iommu_attach_device_pasid(d, dev, 3), 0);
	fail_sync_after_atc = 2;
	iommu_mm_invalidate_range(&m.mm, 0x1000, 0x2000);
	assert_int_equal(fake_ste(f, 1)[1] >> 28 & 3, 0);
	fake_ops_clear(f);
	iommu_mm_invalidate_range(&m.mm, 0x1000, 0x2000);
	assert_int_equal(fake_count(f, 0x40), 0);
	assert_int_equal(fake_count(f, 0x12), 1);
	iommu_detach_device_pasid(d, dev, 3);
	assert_int_equal(iommu_domain_free(d), 0);
	iommu_mm_put_users(&m.mm);
	assert_int_equal(iommu_device_remove(dev), 0);
	unmake(f);
}

/* [K20]: every allocation fails once; nothing is left, and it works after. */
static void test_smmuv3_device_any_allocation_fails_cleanly(void **state)
{
	long n, most = 0;

	(void)state;
	for (n = 1; n == 1 || n <= most + 1; n++) {
		struct fake *f = make();
		const uint32_t sids[] = { 0x100, 0x2300 };
		struct iommu_device_desc desc = desc_of(f, sids, 2, true);
		struct iommu_device *dev;
		int err;

		testplat_fail_nth(&f->tp, n);
		err = fake_add_device(f, &desc, &dev);
		most = f->tp.allocations;
		assert_int_equal(err, most < n ? 0 : -ENOMEM);
		testplat_fail_nth(&f->tp, 0);
		if (err) {
			assert_int_equal(f->cfg[FAKE_PASID + 6], 0);
			assert_int_equal(f->cfg[FAKE_ATS + 7], 0);
			assert_int_equal(fake_add_device(f, &desc, &dev), 0);
			most = n;
		}
		assert_int_equal(iommu_device_remove(dev), 0);
		unmake(f);
		if (!err)
			break;
	}
	assert_true(n > 6);
}

/* What a device changes: its STEs and its configuration space. */
static void check_untouched(struct fake *f, const uint32_t *sids,
			    unsigned int count)
{
	unsigned int i, w;

	assert_int_equal(f->cfg[FAKE_PASID + 6], 0);
	assert_int_equal(f->cfg[FAKE_ATS + 7], 0);
	for (i = 0; i < count; i++) {
		const uint64_t *ste = fake_ste(f, sids[i]);

		for (w = 0; ste && w < 8; w++)
			assert_int_equal(ste[w], 0);
		assert_null(smmuv3_device_find(
			container_of(f->unit, struct smmuv3, unit), sids[i]));
	}
}

/*
 * [K20]: every command fails once. The entries go, then the device's PASIDs;
 * nothing is left but arrays of the stream table, and the next probe works.
 */
static void test_smmuv3_device_any_command_fails_cleanly(void **state)
{
	const uint32_t sids[] = { 0x100, 0x2300 };
	unsigned int n, failed = 0, without_ats = 0;

	(void)state;
	for (n = 1;; n++) {
		struct fake *f = make();
		struct iommu_device_desc desc = desc_of(f, sids, 2, true);
		struct iommu_device_caps caps = { .pasid_bits = 0 };
		size_t on, off, last = 0, at;
		struct iommu_device *dev;
		bool ended;
		int err;

		f->fail_op = UINT_MAX;
		f->fail_code = 1;
		f->fail_after = n - 1;
		f->fail_times = 1;
		err = fake_add_device(f, &desc, &dev);
		ended = f->fail_times;
		f->fail_times = 0;
		if (err) {
			failed++;
			assert_int_equal(err, -EIO);
			check_untouched(f, sids, 2);
			on = fake_find_cfg(f, FAKE_PASID + 6, 3, 0);
			off = fake_find_cfg(f, FAKE_PASID + 6, 0, on);
			assert_true(on != SIZE_MAX && off != SIZE_MAX);
			for (at = fake_find(f, 0x03, 0); at != SIZE_MAX;
			     at = fake_find(f, 0x03, at + 1))
				last = at;
			assert_true(on < last && last < off);
			assert_int_equal(fake_add_device(f, &desc, &dev), 0);
		}
		iommu_device_caps(dev, &caps);
		without_ats += !caps.ats;
		assert_int_equal(iommu_device_remove(dev), 0);
		check_untouched(f, sids, 2);
		unmake(f);
		if (ended)
			break;
	}
	print_message("%u commands, %u fail, %u times no ATS\n", n - 1, failed,
		      without_ats);
	assert_true(failed >= 4);
	assert_true(without_ats >= 1);
}

/*
 * [K3] [K8] [R7]: traffic without a PASID, blocked or not, in one word and one
 * sync, with whatever of the ATC has to go.
 */
static void test_smmuv3_device_untagged_traffic_switches_in_place(void **state)
{
	static const struct {
		bool pasids;
		unsigned int word;
		uint64_t mask, blocked, identity;
	} rows[] = {
		{ true, 1, 3, 0, 1 },                 /* S1DSS */
		{ false, 0, 7 << 1, 5 << 1, 4 << 1 }, /* Config */
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fake *f = make();
		const uint32_t sid = 4;
		struct iommu_device_desc desc = desc_of(f, &sid, 1, false);
		struct iommu_domain *d;
		struct iommu_device *dev;
		const uint64_t *ste;

		if (!rows[i].pasids)
			desc.pasid_bits = 0;
		assert_int_equal(fake_add_device(f, &desc, &dev), 0);
		ste = fake_ste(f, sid);
		assert_int_equal(ste[rows[i].word] & rows[i].mask,
				 rows[i].blocked);
		assert_int_equal(iommu_domain_alloc(f->unit,
						    IOMMU_DOMAIN_IDENTITY, &d),
				 0);
		fake_ops_clear(f);
		assert_int_equal(iommu_attach_device(d, dev), 0);
		assert_int_equal(ste[rows[i].word] & rows[i].mask,
				 rows[i].identity);
		assert_int_equal(fake_count(f, 0x03), 1);
		assert_int_equal(iommu_detach_device(d, dev), 0);
		assert_int_equal(ste[rows[i].word] & rows[i].mask,
				 rows[i].blocked);
		assert_int_equal(ste[0] & 1, 1);
		assert_int_equal(iommu_domain_free(d), 0);
		assert_int_equal(iommu_device_remove(dev), 0);
		unmake(f);
	}
}

/* An SMMU that stops answering fails the probe; nothing is torn down twice. */
static void test_smmuv3_device_silent_smmu_fails(void **state)
{
	struct fake *f = make();
	const uint32_t sid = 4;
	struct iommu_device_desc desc = desc_of(f, &sid, 1, false);
	struct iommu_device *dev;

	(void)state;
	desc.pasid_bits = 0;
	f->no_consume = true;
	assert_int_equal(fake_add_device(f, &desc, &dev), -ETIMEDOUT);
	f->no_consume = false;
	/* It has failed closed. Its CD table stays until it is disabled. */
	assert_int_equal(fake_add_device(f, &desc, &dev), -EIO);
	unmake(f);
}

static void *find_stream(void *arg)
{
	struct fake *f = arg;
	struct smmuv3 *smmu = container_of(f->unit, struct smmuv3, unit);
	bool *found = f->hook_arg;
	struct smmuv3_device *sdev = smmuv3_device_find(smmu, 4);

	if (sdev)
		smmuv3_device_put(sdev);
	*found |= sdev != NULL;
	return NULL;
}

/* A fault of the stream comes before the command, to its own thread. */
static void fault_meanwhile(struct fake *f, const struct smmu_cmd *cmd)
{
	pthread_t reader;

	(void)cmd;
	assert_int_equal(pthread_create(&reader, NULL, find_stream, f), 0);
	pthread_join(reader, NULL);
}

/*
 * [K20]: nobody holds a device whose probe may still fail; and what a probe
 * that failed has not announced, a fresh level 2, the next one does.
 */
static void test_smmuv3_device_is_nobodys_until_probed(void **state)
{
	struct fake *f = make();
	const uint32_t sid = 4;
	struct iommu_device_desc desc = desc_of(f, &sid, 1, true);
	struct iommu_device *dev;
	bool found = false;

	(void)state;
	f->hook = fault_meanwhile;
	f->hook_arg = &found;
	f->fail_op = 0x03;
	f->fail_code = 1;
	f->fail_times = 1;
	assert_int_equal(fake_add_device(f, &desc, &dev), -EIO);
	fake_ops_clear(f);
	assert_int_equal(fake_add_device(f, &desc, &dev), 0);
	assert_false(found);
	assert_int_equal(fake_cmd(f, fake_find(f, 0x03, 0))->dw[1] & 1, 0);
	assert_int_equal(iommu_device_remove(dev), 0);
	assert_true(found);
	f->hook = NULL;
	unmake(f);
}

static void forced_stall(struct fake *f)
{
	f->idr[0] = (f->idr[0] & ~(3u << 24)) | 2u << 24;
}

static void optional_stall(struct fake *f)
{
	f->idr[0] &= ~(3u << 24);
}

/* [K7] [K18] */
static void test_smmuv3_device_stall_follows_model_and_device(void **state)
{
	static const struct {
		void (*change)(struct fake *f);
		bool can, stalls, stalld;
	} rows[] = {
		{ NULL, true, false, false },
		{ optional_stall, true, true, false },
		{ optional_stall, false, false, true },
		{ forced_stall, false, true, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake *f = make_with(rows[i].change);
		const uint32_t sid = 4;
		struct iommu_device_desc desc = desc_of(f, &sid, 1, false);
		struct iommu_device_caps caps;
		struct iommu_device *dev;

		desc.can_stall = rows[i].can;
		assert_int_equal(fake_add_device(f, &desc, &dev), 0);
		iommu_device_caps(dev, &caps);
		assert_int_equal(caps.pasid_bits, 8);
		assert_int_equal(caps.stall, rows[i].stalls);
		assert_int_equal(fake_ste(f, 4)[1] >> 27 & 1, rows[i].stalld);
		assert_int_equal(iommu_device_remove(dev), 0);
		unmake(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_device_features_go_on_in_order),
		cmocka_unit_test(test_smmuv3_device_stream_ids_are_checked),
		cmocka_unit_test(test_smmuv3_device_every_stream_has_its_entry),
		cmocka_unit_test(test_smmuv3_device_linear_tables),
		cmocka_unit_test(test_smmuv3_device_without_pasids),
		cmocka_unit_test(
			test_smmuv3_device_feature_failures_are_not_fatal),
		cmocka_unit_test(test_smmuv3_device_mute_atc_is_isolated),
		cmocka_unit_test(
			test_smmuv3_device_any_allocation_fails_cleanly),
		cmocka_unit_test(test_smmuv3_device_any_command_fails_cleanly),
		cmocka_unit_test(
			test_smmuv3_device_untagged_traffic_switches_in_place),
		cmocka_unit_test(test_smmuv3_device_silent_smmu_fails),
		cmocka_unit_test(test_smmuv3_device_is_nobodys_until_probed),
		cmocka_unit_test(
			test_smmuv3_device_stall_follows_model_and_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
