/* SPDX-License-Identifier: MIT */
/*
 * [K20] [N7]: whatever fails while an SMMU is brought up, a device is added,
 * its features are enabled or an address space is bound, everything is as it
 * was before, and it works the next time.
 *
 * What can fail: each call of the platform (memory, pages, interrupts,
 * messages, work queues: testplat counts them all), each acknowledgement of a
 * register, each command.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sva/sva.h>

#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"

enum { SID = 0x42, ASID_WORDS = 1024 };

static struct fake *make(void)
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	fake_init(f);
	return f;
}

static void unmake(struct fake *f)
{
	fake_fini(f);
	free(f);
}

/* What a failed probe may leave of the SMMU: off, aborting, quiet. */
static void assert_off(struct fake *f)
{
	assert_null(f->unit);
	assert_int_equal(f->reg[SMMU_CR0 / 4], 0);
	assert_int_equal(f->reg[SMMU_IRQ_CTRL / 4], 0);
	assert_int_equal(f->reg[SMMU_GBPA / 4] >> 20 & 1, 1);
}

struct held {
	long allocations;
	unsigned int locks;
	unsigned int irqs;
	unsigned int msis;
};

static struct held held_by(struct fake *f)
{
	struct held h = {
		.allocations = atomic_load(&f->tp.live_allocations),
		.locks = atomic_load(&f->tp.locks_live),
	};
	unsigned int i;

	for (i = 0; i < TESTPLAT_IRQS; i++) {
		h.irqs += f->tp.irqs[i].fn != NULL;
		h.msis += f->tp.irqs[i].msi;
	}
	return h;
}

static void assert_held(struct fake *f, const struct held *before)
{
	struct held h = held_by(f);

	assert_int_equal(h.allocations, before->allocations);
	assert_int_equal(h.locks, before->locks);
	assert_int_equal(h.irqs, before->irqs);
	assert_int_equal(h.msis, before->msis);
}

/* It is all there the next time. */
static void assert_probes(struct fake *f, const struct held *before)
{
	assert_int_equal(fake_probe(f), 0);
	assert_int_equal(f->reg[SMMU_CR0 / 4], 0x1f);
	assert_int_equal(smmuv3_remove(f->unit), 0);
	f->unit = NULL;
	assert_off(f);
	assert_held(f, before);
}

static void test_smmuv3_probe_unwinds_every_platform_call(void **state)
{
	unsigned int failed = 0, went_on = 0;
	struct fake *f = make();
	struct held before = held_by(f);
	long n;
	int err;

	(void)state;
	for (n = 1;; n++) {
		bool reached;

		testplat_fail_nth(&f->tp, n);
		err = fake_probe(f);
		reached = atomic_load(&f->tp.allocations) >= n;
		testplat_fail_nth(&f->tp, 0);
		if (!err) {
			/* Messages have a substitute. */
			went_on++;
			assert_int_equal(smmuv3_remove(f->unit), 0);
			f->unit = NULL;
		} else {
			assert_int_equal(err, -ENOMEM);
			failed++;
		}
		if (n > 1 || !err)
			assert_off(f);
		assert_held(f, &before);
		if (!reached)
			break;
		assert_probes(f, &before);
	}
	/* Memory: 8 at least. Interrupts: 3. Messages: 3, and the last row. */
	assert_true(failed >= 11);
	assert_int_equal(went_on, 4);
	unmake(f);
}

/* Of CR0, IRQ_CTRL and GBPA, in each step of the way. */
static void test_smmuv3_probe_unwinds_every_acknowledgement(void **state)
{
	struct smmuv3_desc desc = { .irq = { 1, 2, 3 }, .timeout_ms = 2 };
	struct fake *f = make();
	struct held before = held_by(f);
	unsigned int n;
	int err;

	(void)state;
	for (n = 1;; n++) {
		f->no_ack_nth = n;
		err = fake_probe_desc(f, &desc);
		if (!err)
			break;
		assert_int_equal(err, -ETIMEDOUT);
		assert_held(f, &before);
		assert_int_equal(f->no_ack_nth, 0);
		f->no_ack_off = 0;
		/* What had not been acknowledged has been by now. */
		f->reg[SMMU_GBPA / 4] &= 0x7fffffff;
		assert_null(f->unit);
		assert_int_equal(f->reg[SMMU_CR0 / 4], 0);
		assert_probes(f, &before);
		/* So that GBPA has to be written again. */
		f->reg[SMMU_GBPA / 4] = 0;
	}
	/* GBPA, IRQ_CTRL, CR0 off; five bits of CR0; IRQ_CTRL */
	assert_int_equal(n, 10);
	f->no_ack_nth = 0;
	unmake(f);
}

/* Illegal, aborted for good, or never consumed: each in turn. */
static void test_smmuv3_probe_unwinds_every_command(void **state)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.timeout_ms = 2,
		.ats_timeout_ms = 2,
	};
	struct fake *f = make();
	struct held before = held_by(f);
	unsigned int n, code;

	(void)state;
	for (code = 1; code <= 3; code++) {
		for (n = 0;; n++) {
			int err;

			fake_ops_clear(f);
			f->fail_op = UINT_MAX;
			f->fail_code = code;
			f->fail_after = n;
			f->fail_times = code == 2 ? 8 : 1;
			err = fake_probe_desc(f, &desc);
			if (!err)
				break;
			f->fail_times = 0;
			assert_true(err == -EIO || err == -ETIMEDOUT);
			assert_off(f);
			assert_held(f, &before);
			assert_probes(f, &before);
		}
		assert_int_equal(n, 4);
		f->fail_times = f->fail_after = 0;
		assert_int_equal(smmuv3_remove(f->unit), 0);
		f->unit = NULL;
	}
	unmake(f);
}

static void test_smmuv3_probe_unwinds_a_taken_interrupt(void **state)
{
	static const struct {
		unsigned int irq[3];
		int err;
	} rows[] = {
		{ { 1, 1, 3 }, -EBUSY },
		{ { 1, 2, 1 }, -EBUSY },
		{ { TESTPLAT_IRQS, 2, 3 }, -EINVAL },
		{ { 1, 2, TESTPLAT_IRQS }, -EINVAL },
	};
	struct fake *f = make();
	struct held before = held_by(f);
	size_t i;

	(void)state;
	f->tp.msis = false;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct smmuv3_desc desc = { .timeout_ms = 100 };

		memcpy(desc.irq, rows[i].irq, sizeof(desc.irq));
		assert_int_equal(fake_probe_desc(f, &desc), rows[i].err);
		assert_off(f);
		assert_held(f, &before);
		assert_probes(f, &before);
	}
	unmake(f);
}

/* All that adding a device and binding to it may change. */
struct snapshot {
	struct held held;
	uint64_t ste[8];
	uint8_t cfg[4096];
	size_t streams;
	struct smmuv3_device *abandoned;
	uint32_t cr0;
	uint64_t asids[ASID_WORDS];
};

static void take(struct fake *f, struct snapshot *s)
{
	struct smmuv3 *smmu = to_smmuv3(f->unit);

	memset(s, 0, sizeof(*s));
	s->held = held_by(f);
	if (fake_ste(f, SID))
		memcpy(s->ste, fake_ste(f, SID), sizeof(s->ste));
	memcpy(s->cfg, f->cfg, sizeof(s->cfg));
	s->streams = smmu->stream_count;
	s->abandoned = smmu->abandoned;
	s->cr0 = f->reg[SMMU_CR0 / 4];
	memcpy(s->asids, smmu->asids.taken,
	       ((size_t)1 << smmu->f.asid_bits) / 8);
}

static void assert_as_before(struct fake *f, const struct snapshot *before)
{
	struct snapshot now;

	take(f, &now);
	assert_held(f, &before->held);
	assert_memory_equal(now.ste, before->ste, sizeof(now.ste));
	assert_memory_equal(now.cfg, before->cfg, sizeof(now.cfg));
	assert_int_equal(now.streams, before->streams);
	assert_ptr_equal(now.abandoned, before->abandoned);
	assert_int_equal(now.cr0, before->cr0);
	assert_memory_equal(now.asids, before->asids, sizeof(now.asids));
}

/* A device, its features, an address space on it; and back. */
struct steps {
	struct fake *f;
	struct iommu_device *dev;
	struct fake_mm mm;
	struct iommu_sva *sva;
	bool enabled;
};

static int go(struct steps *s)
{
	const uint32_t sid = SID;
	struct iommu_device_desc desc = {
		.name = "fake0",
		.unit = s->f->unit,
		.stream_ids = &sid,
		.stream_id_count = 1,
		.pci = &s->f->pci,
	};
	int err;

	err = iommu_device_add(s->f->sys, &desc, &s->dev);
	if (err) {
		s->dev = NULL;
		return err;
	}
	err = iommu_dev_enable_feature(s->dev, IOMMU_DEV_FEAT_SVA);
	if (err)
		return err;
	s->enabled = true;
	err = iommu_sva_bind(s->dev, &s->mm.mm, NULL, &s->sva);
	if (err)
		s->sva = NULL;
	return err;
}

static void undo(struct steps *s)
{
	if (s->sva)
		iommu_sva_unbind(s->sva);
	s->sva = NULL;
	if (s->enabled)
		assert_int_equal(iommu_dev_disable_feature(s->dev,
							   IOMMU_DEV_FEAT_SVA),
				 0);
	s->enabled = false;
	if (s->dev)
		assert_int_equal(iommu_device_remove(s->dev), 0);
	s->dev = NULL;
}

static void begin(struct steps *s, struct snapshot *before)
{
	memset(s, 0, sizeof(*s));
	s->f = make();
	assert_int_equal(fake_probe(s->f), 0);
	fake_mm_init(&s->mm, s->f);
	/* Level-2 stream tables stay, [K20]; so does room for streams. */
	assert_int_equal(go(s), 0);
	undo(s);
	take(s->f, before);
}

static void end(struct steps *s)
{
	iommu_mm_put_users(&s->mm.mm);
	assert_true(s->mm.freed);
	unmake(s->f);
}

/*
 * Each in turn; after each, what succeeded is taken back and compared. Twice:
 * what failed first must not be in the way.
 */
static void test_smmuv3_probe_device_unwinds_every_platform_call(void **state)
{
	static struct snapshot before;
	unsigned int failed = 0;
	struct steps s;
	long n;

	(void)state;
	begin(&s, &before);
	for (n = 1;; n++) {
		bool reached;
		int err;

		testplat_fail_nth(&s.f->tp, n);
		err = go(&s);
		reached = atomic_load(&s.f->tp.allocations) >= n;
		testplat_fail_nth(&s.f->tp, 0);
		assert_true(err == 0 || err == -ENOMEM);
		failed += err != 0;
		undo(&s);
		assert_as_before(s.f, &before);
		if (!reached)
			break;
		assert_int_equal(go(&s), 0);
		undo(&s);
		assert_as_before(s.f, &before);
	}
	assert_true(failed >= 8);
	end(&s);
}

static void test_smmuv3_probe_device_unwinds_every_command(void **state)
{
	static struct snapshot before;
	unsigned int n, failed = 0;
	struct steps s;

	(void)state;
	begin(&s, &before);
	for (n = 0;; n++) {
		int err;

		s.f->fail_op = UINT_MAX;
		s.f->fail_code = 1;
		s.f->fail_after = n;
		s.f->fail_times = 1;
		err = go(&s);
		failed += err != 0;
		/* Without its commands there is no ATS, so no PRI, so no SVA. */
		assert_true(err == -EIO || err == -ENODEV || err == 0);
		if (s.f->fail_times)
			break;
		undo(&s);
		assert_as_before(s.f, &before);
		assert_int_equal(go(&s), 0);
		undo(&s);
		assert_as_before(s.f, &before);
	}
	s.f->fail_times = s.f->fail_after = 0;
	assert_true(failed >= 6 && n >= 12);
	undo(&s);
	assert_as_before(s.f, &before);
	assert_false(smmuv3_is_dead(to_smmuv3(s.f->unit)));
	end(&s);
}

/*
 * The queue dies at any of them. The SMMU is closed then and tables may stay;
 * all comes apart, and nothing is left when it has been removed.
 */
static void test_smmuv3_probe_device_dead_queue_anywhere(void **state)
{
	static struct snapshot before;
	unsigned int n;
	bool died;

	(void)state;
	for (n = 0, died = true; died; n++) {
		struct steps s;
		int err;

		begin(&s, &before);
		s.f->fail_op = UINT_MAX;
		s.f->fail_code = 2;
		s.f->fail_after = n;
		s.f->fail_times = 8;
		err = go(&s);
		died = smmuv3_is_dead(to_smmuv3(s.f->unit));
		assert_true(!died || err == -EIO);
		assert_int_equal(s.f->reg[SMMU_CR0ACK / 4] & 1, !died);
		undo(&s);
		s.f->fail_times = s.f->fail_after = 0;
		assert_memory_equal(s.f->cfg, before.cfg, sizeof(before.cfg));
		end(&s);
	}
	assert_true(n >= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_probe_unwinds_every_platform_call),
		cmocka_unit_test(
			test_smmuv3_probe_unwinds_every_acknowledgement),
		cmocka_unit_test(test_smmuv3_probe_unwinds_every_command),
		cmocka_unit_test(test_smmuv3_probe_unwinds_a_taken_interrupt),
		cmocka_unit_test(
			test_smmuv3_probe_device_unwinds_every_platform_call),
		cmocka_unit_test(
			test_smmuv3_probe_device_unwinds_every_command),
		cmocka_unit_test(test_smmuv3_probe_device_dead_queue_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
