/* SPDX-License-Identifier: MIT */
/* Domains of address spaces on an SMMU: entries, order, ASIDs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/le64.h"
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

struct bench {
	struct fake *f;
	struct iommu_device *dev;
	struct fake_mm mm;
	struct iommu_domain *d;
};

static void start_with(struct bench *b, void (*change)(struct fake *f))
{
	memset(b, 0, sizeof(*b));
	b->f = make_with(change);
	b->dev = fake_pci_device(b->f, 0x42);
	fake_mm_init(&b->mm, b->f);
	assert_int_equal(iommu_domain_alloc_sva(b->f->unit, &b->mm.mm, &b->d),
			 0);
	fake_ops_clear(b->f);
}

static void start(struct bench *b)
{
	start_with(b, NULL);
}

static void stop(struct bench *b)
{
	assert_int_equal(iommu_domain_free(b->d), 0);
	if (!b->mm.exited)
		iommu_mm_put_users(&b->mm.mm);
	assert_true(b->mm.freed);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	unmake(b->f);
}

static uint64_t cd_word(struct bench *b, uint32_t ssid, unsigned int word)
{
	const uint64_t *cd = fake_cd(b->f, 0x42, ssid);

	return cd ? cd[word] : 0;
}

/* [K2] [K11] [K17]: every bit of the CD. */
static void test_smmuv3_domain_cd_has_the_right_bits(void **state)
{
	const uint64_t *cd;
	struct bench b;
	unsigned int i;

	(void)state;
	start(&b);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 0x12345), 0);
	cd = fake_cd(b.f, 0x42, 0x12345);
	assert_non_null(cd);
	/*
	 * T0SZ 16, TG0 4K, IR0 and OR0 WBRAWA, SH0 ISH, EPD1, V, IPS 48,
	 * AA64, HD, HA, R, A, ASET, ASID 1
	 */
	assert_int_equal(cd[0], 16 | 1 << 8 | 1 << 10 | 3 << 12 | 1ull << 30 |
					1ull << 31 | 5ull << 32 | 1ull << 41 |
					1ull << 42 | 1ull << 43 | 1ull << 45 |
					1ull << 46 | 1ull << 47 | 1ull << 48);
	assert_int_equal(cd[1], b.mm.desc.root);
	assert_int_equal(cd[2], 0);
	assert_int_equal(cd[3], 0x4404ff);
	for (i = 4; i < 8; i++)
		assert_int_equal(cd[i], 0);
	iommu_detach_device_pasid(b.d, b.dev, 0x12345);
	for (i = 0; i < 8; i++)
		assert_int_equal(cd[i], 0);
	stop(&b);
}

struct watch {
	struct bench *b;
	uint64_t seen[8];
	bool v_with_old_words;
	bool was_valid, hole;
};

/* Before each command: V never stands over words that are not all there. */
static void watch_cd(struct fake *f, const struct smmu_cmd *cmd)
{
	struct watch *w = f->hook_arg;
	const uint64_t *cd = fake_cd(f, 0x42, 7);
	bool valid;

	(void)cmd;
	if (!cd)
		return;
	valid = le64_load_acquire((const le64_atomic *)cd) >> 31 & 1;
	if (valid && !(cd[0] >> 14 & 1) && cd[1] != w->b->mm.desc.root)
		w->v_with_old_words = true;
	if (w->was_valid && !valid)
		w->hole = true;
	w->was_valid = valid;
}

/* [K5] [K6] [R7] [R8]: a new leaf, the words, V, each with its own sync. */
static void test_smmuv3_domain_attach_publishes_in_order(void **state)
{
	struct watch w = { 0 };
	struct bench b;
	size_t i;

	(void)state;
	start(&b);
	w.b = &b;
	b.f->hook = watch_cd;
	b.f->hook_arg = &w;
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 7), 0);
	assert_false(w.v_with_old_words);
	/* leaf=0, SYNC, leaf=1, SYNC, leaf=1, SYNC */
	assert_int_equal(b.f->op_count, 6);
	for (i = 0; i < 6; i += 2) {
		assert_int_equal(fake_cmd(b.f, i)->dw[0],
				 0x42ull << 32 | 7 << 12 | 5);
		assert_int_equal(fake_cmd(b.f, i)->dw[1], i != 0);
		assert_int_equal(fake_cmd(b.f, i + 1)->dw[0], 0x46);
	}
	/* The leaf is there: only the CD. */
	fake_ops_clear(b.f);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 8), 0);
	assert_int_equal(b.f->op_count, 4);

	/* [R1] [R9]: V, sync, other words, sync, TLB, sync, ATC, sync. */
	fake_ops_clear(b.f);
	iommu_detach_device_pasid(b.d, b.dev, 7);
	assert_int_equal(b.f->op_count, 8);
	assert_int_equal(fake_find(b.f, 0x05, 0), 0);
	assert_int_equal(fake_find(b.f, 0x46, 0), 1);
	assert_int_equal(fake_find(b.f, 0x05, 1), 2);
	assert_int_equal(fake_find(b.f, 0x46, 2), 3);
	assert_int_equal(fake_find(b.f, 0x11, 0), 4);
	assert_int_equal(fake_find(b.f, 0x46, 4), 5);
	assert_int_equal(fake_find(b.f, 0x40, 0), 6);
	assert_int_equal(fake_cmd(b.f, 6)->dw[0],
			 0x42ull << 32 | 7 << 12 | 1 << 11 | 0x40);
	assert_int_equal(fake_cmd(b.f, 6)->dw[1], 52);
	assert_int_equal(fake_find(b.f, 0x46, 6), 7);
	iommu_detach_device_pasid(b.d, b.dev, 8);
	stop(&b);
}

/* [R6] [K6] [K9] [L9]: quiet in one step, V stays. */
static void test_smmuv3_domain_exit_quiesces_every_pair(void **state)
{
	struct watch w = { 0 };
	struct bench b;
	size_t tlbi, atc;

	(void)state;
	start(&b);
	w.b = &b;
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 7), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 9), 0);
	fake_ops_clear(b.f);
	b.f->hook = watch_cd;
	b.f->hook_arg = &w;
	iommu_mm_put_users(&b.mm.mm);
	assert_true(b.mm.exited);
	assert_false(w.hole || w.v_with_old_words);
	/* V and EPD0, not R; no way to the table. */
	assert_int_equal(cd_word(&b, 7, 0) >> 31 & 1, 1);
	assert_int_equal(cd_word(&b, 7, 0) >> 14 & 1, 1);
	assert_int_equal(cd_word(&b, 7, 0) >> 45 & 1, 0);
	assert_int_equal(cd_word(&b, 7, 1), 0);
	assert_int_equal(cd_word(&b, 9, 0) >> 14 & 1, 1);
	assert_int_equal(cd_word(&b, 9, 1), 0);
	tlbi = fake_find(b.f, 0x11, 0);
	atc = fake_find(b.f, 0x40, 0);
	assert_true(tlbi < atc && atc < b.f->op_count);
	assert_true(fake_find(b.f, 0x46, tlbi) < atc);
	assert_true(fake_find(b.f, 0x46, atc) < b.f->op_count);

	/* Too late to attach. */
	b.f->hook = NULL;
	assert_int_equal(b.f->unit->ops->set_dev_pasid(b.d, b.dev, 11, NULL),
			 -ESRCH);
	assert_int_equal(cd_word(&b, 11, 0), 0);
	iommu_detach_device_pasid(b.d, b.dev, 7);
	iommu_detach_device_pasid(b.d, b.dev, 9);
	assert_int_equal(cd_word(&b, 9, 0), 0);
	stop(&b);
}

static void ranges(struct fake *f)
{
	f->idr[3] |= 1 << 10;
}

/* Bytes a TLBI_NH_VA covers, from its own encoding. */
static uint64_t tlbi_span(const struct smmu_cmd *cmd)
{
	uint64_t num = cmd->dw[0] >> 12 & 31, scale = cmd->dw[0] >> 20 & 31;

	if (!(cmd->dw[1] >> 10 & 3)) {
		assert_int_equal(num | scale, 0);
		return 4096;
	}
	assert_int_equal(cmd->dw[1] >> 10 & 3, 1);
	assert_true(num || scale); /* illegal with TTL 0 */
	/* RES0 without IDR5.DS: it would be another range */
	assert_int_equal(cmd->dw[0] >> 25 & 1, 0);
	return (num + 1) << scale << 12;
}

/* [L7] [R9]: together the commands cover the range, and no more. */
static void test_smmuv3_domain_ranges_are_covered_exactly(void **state)
{
	static const uint64_t pages[] = {
		1,
		2,
		3,
		31,
		32,
		33,
		512,
		513,
		1023,
		0x12345,
		1 << 20,
		/* more than SCALE can say: from 0 up */
		1ull << 32,
		1ull << 35,
		(1ull << 35) + 5,
		(1ull << 36) - 1,
	};
	struct bench b;
	size_t i, at;

	(void)state;
	start_with(&b, ranges);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 7), 0);
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		uint64_t va = pages[i] > 1 << 20 ? 0 : 0x7000000000;
		uint64_t next = va;

		fake_ops_clear(b.f);
		iommu_mm_invalidate_range(&b.mm.mm, va, va + 4096 * pages[i]);
		for (at = fake_find(b.f, 0x12, 0); at != SIZE_MAX;
		     at = fake_find(b.f, 0x12, at + 1)) {
			const struct smmu_cmd *cmd = fake_cmd(b.f, at);

			assert_int_equal(cmd->dw[1] & ~0xfffull, next);
			assert_int_equal(cmd->dw[0] >> 48, 1);
			assert_int_equal(cmd->dw[1] & 1, 0); /* not leaf */
			next += tlbi_span(cmd);
		}
		assert_int_equal(next, va + 4096 * pages[i]);
		assert_int_equal(fake_count(b.f, 0x40), 1);
	}
	iommu_detach_device_pasid(b.d, b.dev, 7);
	stop(&b);
}

static void test_smmuv3_domain_many_pages_go_by_asid(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	/* Attached nowhere: nothing cached, nothing to do. */
	iommu_mm_invalidate_range(&b.mm.mm, 0x1000, 0x2000);
	assert_int_equal(b.f->op_count, 0);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 7), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 8), 0);
	fake_ops_clear(b.f);
	iommu_mm_invalidate_range(&b.mm.mm, 0, 512 * 4096);
	assert_int_equal(fake_count(b.f, 0x12), 512);
	assert_int_equal(fake_count(b.f, 0x11), 0);
	assert_int_equal(fake_count(b.f, 0x40), 2);
	fake_ops_clear(b.f);
	iommu_mm_invalidate_range(&b.mm.mm, 0, 513 * 4096);
	assert_int_equal(fake_count(b.f, 0x12), 0);
	assert_int_equal(fake_count(b.f, 0x11), 1);
	/* TLB, SYNC, an ATC each, SYNC. */
	assert_int_equal(b.f->op_count, 5);
	/* Empty and backward ranges. */
	fake_ops_clear(b.f);
	iommu_mm_invalidate_range(&b.mm.mm, 0x2000, 0x2000);
	iommu_mm_invalidate_range(&b.mm.mm, 0x2000, 0x1000);
	assert_int_equal(b.f->op_count, 0);
	iommu_detach_device_pasid(b.d, b.dev, 7);
	iommu_detach_device_pasid(b.d, b.dev, 8);
	stop(&b);
}

static void asid8(struct fake *f)
{
	f->idr[0] &= ~(1u << 12);
}

/* [K10] [R13]: 1 to 255, none twice, each flushed before it comes again. */
static void test_smmuv3_domain_asids_run_out_and_come_back(void **state)
{
	struct iommu_domain *ds[255], *one;
	struct bench b;
	size_t i;

	(void)state;
	start_with(&b, asid8);
	ds[0] = b.d;
	for (i = 1; i < 255; i++)
		assert_int_equal(
			iommu_domain_alloc_sva(b.f->unit, &b.mm.mm, &ds[i]), 0);
	assert_int_equal(iommu_domain_alloc_sva(b.f->unit, &b.mm.mm, &one),
			 -ENOSPC);
	for (i = 0; i < 255; i++)
		assert_int_equal(
			container_of(ds[i], struct smmuv3_domain, domain)->asid,
			i + 1);
	fake_ops_clear(b.f);
	assert_int_equal(iommu_domain_free(ds[99]), 0);
	assert_int_equal(fake_cmd(b.f, 0)->dw[0], 100ull << 48 | 0x11);
	assert_int_equal(fake_cmd(b.f, 1)->dw[0], 0x46);
	assert_int_equal(iommu_domain_alloc_sva(b.f->unit, &b.mm.mm, &ds[99]),
			 0);
	assert_int_equal(
		container_of(ds[99], struct smmuv3_domain, domain)->asid, 100);

	/* One that could not be flushed is not used again. */
	b.f->no_consume = true;
	assert_int_equal(iommu_domain_free(ds[99]), 0);
	b.f->no_consume = false;
	assert_int_equal(iommu_domain_alloc_sva(b.f->unit, &b.mm.mm, &one),
			 -ENOSPC);
	for (i = 1; i < 255; i++)
		if (i != 99)
			assert_int_equal(iommu_domain_free(ds[i]), 0);
	stop(&b);
}

static void not_coherent(struct fake *f)
{
	f->idr[0] &= ~(1u << 4);
}

/* [K16] */
static void test_smmuv3_domain_tables_it_cannot_walk_are_refused(void **state)
{
	struct iommu_domain *d;
	struct fake_mm m;
	struct fake *f;

	(void)state;
	f = make();
	fake_mm_init(&m, f);
	m.desc.pa_bits = 52;
	assert_int_equal(iommu_domain_alloc_sva(f->unit, &m.mm, &d),
			 -EOPNOTSUPP);
	m.desc.pa_bits = 48;
	m.desc.va_bits = 52;
	assert_int_equal(iommu_domain_alloc_sva(f->unit, &m.mm, &d),
			 -EOPNOTSUPP);
	m.desc.va_bits = 48;
	m.desc.granule_lg2 = 16;
	assert_int_equal(iommu_domain_alloc_sva(f->unit, &m.mm, &d),
			 -EOPNOTSUPP);
	m.desc.fmt = IOMMU_TABLE_X86_64;
	assert_int_equal(iommu_domain_alloc_sva(f->unit, &m.mm, &d),
			 -EOPNOTSUPP);
	iommu_mm_put_users(&m.mm);
	unmake(f);

	f = make_with(not_coherent);
	fake_mm_init(&m, f);
	assert_int_equal(iommu_domain_alloc(f->unit, IOMMU_DOMAIN_PAGING, &d),
			 -EOPNOTSUPP);
	assert_int_equal(iommu_domain_alloc_sva(f->unit, &m.mm, &d),
			 -EOPNOTSUPP);
	iommu_mm_put_users(&m.mm);
	unmake(f);
}

/* An attach that fails leaves an entry that aborts, and no subscriber. */
/* The invalidation fails that follows the store of V. */
static void fail_when_live(struct fake *f, const struct smmu_cmd *cmd)
{
	const uint64_t *cd = fake_cd(f, 0x42, 7);

	if ((cmd->dw[0] & 0xff) == 0x05 && cd && cd[0] >> 31 & 1) {
		f->hook = NULL;
		f->fail_times = 1;
	}
}

/* [R9]: what the device has cached meanwhile goes with the attachment. */
static void test_smmuv3_domain_failed_attach_is_forgotten(void **state)
{
	struct bench b;
	size_t at;

	(void)state;
	start(&b);
	b.f->fail_op = 0x05;
	b.f->fail_code = 1;
	b.f->hook = fail_when_live;
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 7), -EIO);
	assert_null(b.f->hook);
	assert_int_equal(cd_word(&b, 7, 0), 0);
	/* the last CFGI_CD, TLBI_NH_ASID, SYNC, ATC_INV, SYNC */
	at = fake_find(b.f, 0x11, 0);
	assert_true(at != SIZE_MAX);
	assert_int_equal(fake_find(b.f, 0x05, at), SIZE_MAX);
	at = fake_find(b.f, 0x46, at);
	at = fake_find(b.f, 0x40, at);
	assert_true(at != SIZE_MAX);
	assert_true(fake_find(b.f, 0x46, at) != SIZE_MAX);
	stop(&b);
}

static void test_smmuv3_domain_failed_attach_leaves_nothing(void **state)
{
	struct bench b;
	long n;

	(void)state;
	start(&b);
	b.f->fail_op = 0x05;
	b.f->fail_code = 1;
	for (n = 0; n < 3; n++) {
		b.f->fail_times = 1;
		assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 7),
				 -EIO);
		assert_int_equal(cd_word(&b, 7, 0), 0);
	}
	fake_ops_clear(b.f);
	iommu_mm_invalidate_range(&b.mm.mm, 0, 4096);
	assert_int_equal(b.f->op_count, 0);

	/* [R8]: a leaf that was not announced is made up for by the next. */
	b.f->fail_times = 1;
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 5 << 10), -EIO);
	b.f->fail_times = 0;
	fake_ops_clear(b.f);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 6 << 10), 0);
	assert_int_equal(fake_find(b.f, 0x06, 0), 0);
	assert_int_equal(fake_cmd(b.f, 0)->dw[0] >> 32, 0x42);
	iommu_detach_device_pasid(b.d, b.dev, 6 << 10);
	fake_ops_clear(b.f);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 5 << 10), 0);
	assert_int_equal(fake_count(b.f, 0x06), 0);
	iommu_detach_device_pasid(b.d, b.dev, 5 << 10);

	for (n = 1;; n++) {
		int err;

		testplat_fail_nth(&b.f->tp, n);
		err = iommu_attach_device_pasid(b.d, b.dev, (ioasid_t)n << 10);
		testplat_fail_nth(&b.f->tp, 0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(cd_word(&b, (ioasid_t)n << 10, 0), 0);
	}
	assert_true(n >= 3);
	iommu_detach_device_pasid(b.d, b.dev, (ioasid_t)n << 10);
	stop(&b);
}

/*
 * Done-when of the issue: all 2^20 - 1 PASIDs at once, through the driver's
 * own operations on the table. [K5] [D1]
 */
static void test_smmuv3_cdtab_holds_every_pasid(void **state)
{
	struct smmuv3_device *sdev;
	struct smmuv3_domain *d;
	struct smmuv3_cdtab tab;
	struct smmu_cd cd;
	size_t leaves = 0;
	struct bench b;
	uint32_t ssid;

	(void)state;
	start(&b);
	sdev = iommu_device_priv(b.dev);
	d = container_of(b.d, struct smmuv3_domain, domain);
	assert_int_equal(smmuv3_cdtab_init(&tab, &b.f->tp.plat, 20, true), 0);
	cd = smmuv3_make_cd(d, sdev);
	for (ssid = 1; ssid < 1u << 20; ssid++) {
		le64_atomic *slot;
		unsigned int w;
		bool fresh;

		assert_int_equal(smmuv3_cdtab_get(&tab, ssid, &slot, &fresh),
				 0);
		leaves += fresh;
		assert_int_equal(le64_load_relaxed(slot), 0);
		for (w = 1; w < 8; w++)
			le64_store_relaxed(&slot[w], cd.dw[w]);
		le64_store_release(slot, cd.dw[0] + ((uint64_t)ssid << 48));
	}
	assert_int_equal(leaves, 1024);
	for (ssid = 1; ssid < 1u << 20; ssid++) {
		uint64_t want = cd.dw[0] + ((uint64_t)ssid << 48);

		assert_true(le64_load_relaxed(smmuv3_cdtab_find(&tab, ssid)) ==
			    want);
	}
	{
		le64_atomic *slot;
		bool fresh;

		assert_int_equal(smmuv3_cdtab_get(&tab, 1u << 20, &slot,
						  &fresh),
				 -EINVAL);
	}
	smmuv3_cdtab_fini(&tab);

	/* The same through attach, one per leaf, and the very last. */
	for (ssid = 1023; ssid < 1u << 20; ssid += 1024)
		assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, ssid),
				 0);
	assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 1u << 20),
			 -EINVAL);
	assert_int_equal(cd_word(&b, 0xfffff, 0), cd.dw[0]);
	for (ssid = 1023; ssid < 1u << 20; ssid += 1024)
		iommu_detach_device_pasid(b.d, b.dev, ssid);
	stop(&b);
}

struct racer {
	struct bench *b;
	_Atomic bool stop;
};

static void *invalidate_on(void *arg)
{
	struct racer *r = arg;

	while (!atomic_load(&r->stop))
		iommu_mm_invalidate_range(&r->b->mm.mm, 0x1000, 0x3000);
	return NULL;
}

/*
 * [R11] [R12]: attach and detach under a stream of invalidations: no ATC_INV
 * for a pair after its detach has returned.
 */
static void test_smmuv3_domain_detach_ends_invalidations(void **state)
{
	struct racer r;
	pthread_t thread;
	struct bench b;
	unsigned int i;

	(void)state;
	start(&b);
	atomic_init(&r.stop, false);
	r.b = &b;
	assert_int_equal(pthread_create(&thread, NULL, invalidate_on, &r), 0);
	for (i = 0; i < 100; i++) {
		size_t at;

		assert_int_equal(iommu_attach_device_pasid(b.d, b.dev, 7), 0);
		iommu_detach_device_pasid(b.d, b.dev, 7);
		fake_ops_clear(b.f);
		pthread_mutex_lock(&b.f->lock);
		at = b.f->op_count;
		pthread_mutex_unlock(&b.f->lock);
		assert_int_equal(at, 0);
	}
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(fake_count(b.f, 0x40), 0);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_domain_cd_has_the_right_bits),
		cmocka_unit_test(test_smmuv3_domain_attach_publishes_in_order),
		cmocka_unit_test(test_smmuv3_domain_exit_quiesces_every_pair),
		cmocka_unit_test(test_smmuv3_domain_ranges_are_covered_exactly),
		cmocka_unit_test(test_smmuv3_domain_many_pages_go_by_asid),
		cmocka_unit_test(
			test_smmuv3_domain_asids_run_out_and_come_back),
		cmocka_unit_test(
			test_smmuv3_domain_tables_it_cannot_walk_are_refused),
		cmocka_unit_test(
			test_smmuv3_domain_failed_attach_leaves_nothing),
		cmocka_unit_test(test_smmuv3_domain_failed_attach_is_forgotten),
		cmocka_unit_test(test_smmuv3_cdtab_holds_every_pasid),
		cmocka_unit_test(test_smmuv3_domain_detach_ends_invalidations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
