/* SPDX-License-Identifier: MIT */
/* ASIDs of an SMMU: private ones, and the CPUs'. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"

enum { MMS = 3 };

/* CPUs with one ASID for all that is asked. */
struct cpus {
	struct smmuv3_cpu cpu;
	uint16_t asid;
	int err;
	unsigned int pins;
	struct iommu_mm *private_mm; /* no CPU runs it */
	struct fake *f;
	size_t unpinned_at; /* after so many commands */
};

static int cpu_pin(void *ctx, struct iommu_mm *mm, uint16_t *ret_asid)
{
	struct cpus *c = ctx;

	if (mm == c->private_mm)
		return -EOPNOTSUPP;
	if (c->err)
		return c->err;
	c->pins++;
	*ret_asid = c->asid;
	return 0;
}

static void cpu_unpin(void *ctx, struct iommu_mm *mm)
{
	struct cpus *c = ctx;

	(void)mm;
	assert_true(c->pins > 0);
	c->pins--;
	c->unpinned_at = c->f->op_count;
}

static const struct smmuv3_cpu_ops cpu_ops = { cpu_pin, cpu_unpin };

struct bench {
	struct fake f;
	struct cpus c;
	struct iommu_device *dev[2];
	struct fake_mm mm[MMS];
	struct iommu_domain *d[MMS];
};

enum { BTM = 1u << 5, HYP = 1u << 9, ASID16 = 1u << 12 };

static void start_with(struct bench *b, uint32_t set, uint32_t clear, bool vhe)
{
	struct smmuv3_desc desc = {
		.irq = { 1, 2, 3 },
		.timeout_ms = 100,
		.cpu = &b->c.cpu,
	};
	unsigned int i;

	memset(b, 0, sizeof(*b));
	fake_init(&b->f);
	b->f.idr[0] = (b->f.idr[0] | set) & ~clear;
	b->c.cpu = (struct smmuv3_cpu){ &cpu_ops, &b->c, 8, vhe };
	b->c.asid = 1;
	b->c.f = &b->f;
	assert_int_equal(fake_probe_desc(&b->f, &desc), 0);
	b->dev[0] = fake_pci_device(&b->f, 0x42);
	b->dev[1] = fake_pci_device(&b->f, 0x43);
	for (i = 0; i < MMS; i++)
		fake_mm_init(&b->mm[i], &b->f);
	b->c.private_mm = &b->mm[0].mm;
	fake_ops_clear(&b->f);
}

static void start(struct bench *b)
{
	start_with(b, BTM, ASID16, false);
}

static void stop(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < MMS; i++) {
		if (b->d[i])
			assert_int_equal(iommu_domain_free(b->d[i]), 0);
		if (!b->mm[i].exited)
			iommu_mm_put_users(&b->mm[i].mm);
		assert_true(b->mm[i].freed);
	}
	assert_int_equal(b->c.pins, 0);
	assert_int_equal(iommu_device_remove(b->dev[0]), 0);
	assert_int_equal(iommu_device_remove(b->dev[1]), 0);
	fake_fini(&b->f);
}

static int make_domain(struct bench *b, unsigned int i)
{
	return iommu_domain_alloc_sva(b->f.unit, &b->mm[i].mm, &b->d[i]);
}

static uint16_t asid_of(const struct bench *b, unsigned int i)
{
	return container_of(b->d[i], struct smmuv3_domain, domain)->asid;
}

/* CD.ASID and CD.ASET of the hardware's view. */
static unsigned int cd_asid(struct bench *b, uint32_t sid, uint32_t ssid)
{
	return (unsigned int)(fake_cd(&b->f, sid, ssid)[0] >> 48);
}

static bool cd_aset(struct bench *b, uint32_t sid, uint32_t ssid)
{
	return fake_cd(&b->f, sid, ssid)[0] >> 47 & 1;
}

/* [K14] [K15] 6.3.12: when the CPUs' maintenance is taken part in. */
static void test_smmuv3_asid_broadcast_only_where_worlds_agree(void **state)
{
	static const struct {
		uint32_t set, clear;
		bool vhe;
		bool btm, e2h;
	} rows[] = {
		{ 0, BTM, false, false, false },
		{ BTM, 0, false, true, false },
		{ BTM | HYP, 0, false, true, false },
		{ BTM, HYP, true, false, false },
		{ BTM | HYP, 0, true, true, true },
		{ HYP, BTM, true, false, true },
	};
	struct bench b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t cr2;

		start_with(&b, rows[i].set, rows[i].clear, rows[i].vhe);
		cr2 = b.f.reg[SMMU_CR2 / 4];
		assert_int_equal(cr2 >> 2 & 1, !rows[i].btm); /* PTM */
		assert_int_equal(cr2 & 1, rows[i].e2h);
		assert_int_equal(cr2 >> 1 & 1, 1); /* RECINVSID */
		/* STRW */
		assert_int_equal(fake_ste(&b.f, 0x42)[1] >> 30 & 3,
				 rows[i].e2h ? 2 : 0);
		assert_int_equal(make_domain(&b, 1), 0);
		assert_int_equal(iommu_attach_device_pasid(b.d[1], b.dev[0], 5),
				 0);
		assert_int_equal(cd_aset(&b, 0x42, 5), !rows[i].btm);
		assert_int_equal(b.c.pins, rows[i].btm);
		iommu_detach_device_pasid(b.d[1], b.dev[0], 5);
		stop(&b);
	}
}

/* [K14] narrower ASIDs than the CPUs': all are private. */
static void test_smmuv3_asid_narrow_ones_are_not_shared(void **state)
{
	struct smmuv3_desc desc = { .irq = { 1, 2, 3 }, .timeout_ms = 100 };
	struct fake f;
	struct cpus c = { .asid = 300, .f = &f };

	(void)state;
	fake_init(&f);
	f.idr[0] = (f.idr[0] | BTM) & ~(uint32_t)ASID16;
	c.cpu = (struct smmuv3_cpu){ &cpu_ops, &c, 16, false };
	desc.cpu = &c.cpu;
	assert_int_equal(fake_probe_desc(&f, &desc), 0);
	assert_int_equal(f.reg[SMMU_CR2 / 4] >> 2 & 1, 1);
	fake_fini(&f);
}

/* [K15]: TLBI_EL2_ASID and TLBI_EL2_VA, and never those of EL1. */
static void test_smmuv3_asid_e2h_has_commands_of_its_own(void **state)
{
	struct bench b;
	size_t at;

	(void)state;
	start_with(&b, HYP, BTM, true);
	assert_int_equal(make_domain(&b, 1), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[1], b.dev[0], 5), 0);
	fake_ops_clear(&b.f);
	iommu_mm_invalidate_range(&b.mm[1].mm, 0x1000, 0x2000);
	at = fake_find(&b.f, 0x22, 0);
	assert_true(at != SIZE_MAX);
	assert_int_equal(fake_cmd(&b.f, at)->dw[0] >> 48, asid_of(&b, 1));
	assert_int_equal(fake_cmd(&b.f, at)->dw[1], 0x1000);
	iommu_detach_device_pasid(b.d[1], b.dev[0], 5);
	assert_true(fake_find(&b.f, 0x21, at) != SIZE_MAX);
	assert_int_equal(iommu_domain_free(b.d[1]), 0);
	b.d[1] = NULL;
	assert_int_equal(fake_count(&b.f, 0x11), 0);
	assert_int_equal(fake_count(&b.f, 0x12), 0);
	stop(&b);
}

/* [K12]: the CPUs do not give theirs; nothing is left of the attempt. */
static void test_smmuv3_asid_no_pin_is_esrch(void **state)
{
	static const int errs[] = { -ENOSPC, -ESRCH, -ENOMEM };
	struct bench b;
	size_t i;

	(void)state;
	start(&b);
	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		b.c.err = errs[i];
		assert_int_equal(make_domain(&b, 1), -ESRCH);
		assert_null(b.d[1]);
	}
	b.c.err = 0;
	/* Ids that cannot be. */
	b.c.asid = 0;
	assert_int_equal(make_domain(&b, 1), -ESRCH);
	b.c.asid = 256;
	assert_int_equal(make_domain(&b, 1), -ESRCH);
	assert_int_equal(b.c.pins, 0);
	/* Two address spaces with one id. */
	b.c.asid = 7;
	assert_int_equal(make_domain(&b, 1), 0);
	assert_int_equal(make_domain(&b, 2), -ESRCH);
	assert_int_equal(b.c.pins, 1);
	stop(&b);
}

/* [K10] [K11] [K12]: one pin per domain, one ASID for all of an mm. */
static void test_smmuv3_asid_shared_is_the_cpus(void **state)
{
	struct iommu_domain *again;
	struct bench b;

	(void)state;
	start(&b);
	b.c.asid = 77;
	assert_int_equal(make_domain(&b, 1), 0);
	assert_int_equal(iommu_domain_alloc_sva(b.f.unit, &b.mm[1].mm, &again),
			 0);
	assert_int_equal(b.c.pins, 2);
	assert_int_equal(asid_of(&b, 1), 77);
	assert_int_equal(iommu_attach_device_pasid(again, b.dev[0], 5), 0);
	assert_int_equal(cd_asid(&b, 0x42, 5), 77);
	assert_false(cd_aset(&b, 0x42, 5));
	iommu_detach_device_pasid(again, b.dev[0], 5);

	/* One of two goes: the ASID stays. The last: flushed, then unpinned. */
	fake_ops_clear(&b.f);
	assert_int_equal(iommu_domain_free(again), 0);
	assert_int_equal(b.c.pins, 1);
	assert_int_equal(fake_count(&b.f, 0x11), 0);
	assert_int_equal(iommu_domain_free(b.d[1]), 0);
	b.d[1] = NULL;
	assert_int_equal(b.c.pins, 0);
	assert_int_equal(fake_cmd(&b.f, 0)->dw[0], 77ull << 48 | 0x11);
	assert_int_equal(fake_cmd(&b.f, 1)->dw[0], 0x46);
	assert_int_equal(b.c.unpinned_at, 2);

	/* A private domain may have it now. */
	assert_int_equal(make_domain(&b, 0), 0);
	assert_int_equal(asid_of(&b, 0), 1);
	stop(&b);
}

/* [K14] [L9] [U19]: the CPUs have been in the TLB; ATCs are still the driver's. */
static void test_smmuv3_asid_shared_invalidates_atcs_only(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	assert_int_equal(make_domain(&b, 0), 0);
	assert_int_equal(make_domain(&b, 1), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev[0], 4), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[1], b.dev[0], 5), 0);
	fake_ops_clear(&b.f);
	iommu_mm_invalidate_range(&b.mm[1].mm, 0x1000, 0x2000);
	assert_int_equal(fake_count(&b.f, 0x12), 0);
	assert_int_equal(fake_count(&b.f, 0x40), 1);
	assert_int_equal(fake_count(&b.f, 0x46), 1);
	/* The private one beside it. */
	iommu_mm_invalidate_range(&b.mm[0].mm, 0x1000, 0x2000);
	assert_int_equal(fake_count(&b.f, 0x12), 1);
	assert_int_equal(fake_count(&b.f, 0x40), 2);
	/* [R6]: at the exit the driver does not count on the CPUs. */
	fake_ops_clear(&b.f);
	iommu_mm_put_users(&b.mm[1].mm);
	assert_true(fake_count(&b.f, 0x11) >= 1);
	iommu_detach_device_pasid(b.d[0], b.dev[0], 4);
	iommu_detach_device_pasid(b.d[1], b.dev[0], 5);
	stop(&b);
}

/* What happens to four CDs while their ASID is taken away. */
struct watch {
	struct bench *b;
	bool hole;    /* one of them was not valid */
	bool flushed; /* TLBI of the old one */
	bool late;    /* it came before all CDs had been rewritten */
	pthread_t thread;
	bool started;
	bool unmap;
	_Atomic bool unmapped;
	bool lost; /* it was, with the old ASID in use */
};

static const struct {
	uint32_t sid, ssid;
} users[] = { { 0x42, 4 }, { 0x42, 5000 }, { 0x43, 4 }, { 0x43, 9 } };

static void *unmap_now(void *arg)
{
	struct watch *w = arg;

	iommu_mm_invalidate_range(&w->b->mm[0].mm, 0x7000, 0x8000);
	atomic_store(&w->unmapped, true);
	return NULL;
}

static void watch_move(struct fake *f, const struct smmu_cmd *cmd)
{
	struct watch *w = f->hook_arg;
	unsigned int op = cmd->dw[0] & 0xff, i;

	for (i = 0; i < ARRAY_SIZE(users); i++) {
		const uint64_t *cd = fake_cd(f, users[i].sid, users[i].ssid);

		if (!(cd[0] >> 31 & 1))
			w->hole = true;
		if (op == 0x11 && cmd->dw[0] >> 48 == 1 && cd[0] >> 48 == 1)
			w->late = true;
	}
	/* Let it come first, if it can. */
	for (i = 0; w->started && !w->flushed && i < 10000; i++)
		sched_yield();
	if (!w->flushed && atomic_load(&w->unmapped))
		w->lost = true;
	if (op == 0x11 && cmd->dw[0] >> 48 == 1)
		w->flushed = true;
	if (op == 0x05 && w->unmap && !w->started) {
		/* In the middle of it, on another CPU. */
		w->started = true;
		assert_int_equal(pthread_create(&w->thread, NULL, unmap_now, w),
				 0);
	}
}

static void attach_users(struct bench *b, unsigned int d)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(users); i++)
		assert_int_equal(iommu_attach_device_pasid(
					 b->d[d], b->dev[users[i].sid - 0x42],
					 users[i].ssid),
				 0);
}

static void detach_users(struct bench *b, unsigned int d)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(users); i++)
		iommu_detach_device_pasid(b->d[d], b->dev[users[i].sid - 0x42],
					  users[i].ssid);
}

/*
 * [K13] [R13] [R7]: the private domain gets another ASID on all its devices
 * and PASIDs, without a gap, and the old one is flushed before it is the CPUs'.
 */
static void test_smmuv3_asid_seize_moves_every_user(void **state)
{
	struct watch w = { 0 };
	struct bench b;
	unsigned int i;
	size_t at;

	(void)state;
	start(&b);
	assert_int_equal(make_domain(&b, 0), 0);
	assert_int_equal(asid_of(&b, 0), 1);
	attach_users(&b, 0);
	fake_ops_clear(&b.f);
	w.b = &b;
	b.f.hook_arg = &w;
	b.f.hook = watch_move;
	assert_int_equal(make_domain(&b, 1), 0);
	b.f.hook = NULL;
	assert_true(w.flushed);
	assert_false(w.hole || w.late);
	assert_int_equal(asid_of(&b, 1), 1);
	assert_int_equal(asid_of(&b, 0), 2);
	for (i = 0; i < ARRAY_SIZE(users); i++) {
		assert_int_equal(cd_asid(&b, users[i].sid, users[i].ssid), 2);
		assert_true(cd_aset(&b, users[i].sid, users[i].ssid));
	}
	/* One CFGI_CD and SYNC each, then TLBI and SYNC. */
	assert_int_equal(fake_count(&b.f, 0x05), ARRAY_SIZE(users));
	at = fake_find(&b.f, 0x11, 0);
	assert_int_equal(fake_find(&b.f, 0x05, at), SIZE_MAX);
	assert_int_equal(fake_find(&b.f, 0x46, at), at + 1);
	detach_users(&b, 0);
	stop(&b);
}

/* [K13] [R13]: whoever unmaps meanwhile invalidates what is used then. */
static void test_smmuv3_asid_seize_loses_no_unmap(void **state)
{
	struct watch w = { .unmap = true };
	size_t flush, at, last = SIZE_MAX;
	struct bench b;

	(void)state;
	start(&b);
	assert_int_equal(make_domain(&b, 0), 0);
	attach_users(&b, 0);
	fake_ops_clear(&b.f);
	w.b = &b;
	b.f.hook_arg = &w;
	b.f.hook = watch_move;
	assert_int_equal(make_domain(&b, 1), 0);
	assert_true(w.started);
	assert_int_equal(pthread_join(w.thread, NULL), 0);
	b.f.hook = NULL;
	assert_true(w.flushed);
	assert_false(w.lost);
	/* After the flush of the old one, and under the new one. */
	flush = fake_find(&b.f, 0x11, 0);
	for (at = fake_find(&b.f, 0x12, 0); at != SIZE_MAX;
	     at = fake_find(&b.f, 0x12, at + 1))
		last = at;
	assert_true(last != SIZE_MAX && last > flush);
	assert_int_equal(fake_cmd(&b.f, last)->dw[0] >> 48, 2);
	assert_int_equal(fake_cmd(&b.f, last)->dw[1] & ~0xfffull, 0x7000);
	detach_users(&b, 0);
	stop(&b);
}

/*
 * [K13] [N5]: no other ASID is left, up to the last of its width: nobody loses
 * anything.
 */
static void test_smmuv3_asid_seize_without_room_is_enospc(void **state)
{
	struct iommu_domain *filler[254];
	struct bench b;
	unsigned int i;

	(void)state;
	start(&b);
	assert_int_equal(make_domain(&b, 0), 0);
	attach_users(&b, 0);
	for (i = 0; i < ARRAY_SIZE(filler); i++)
		assert_int_equal(iommu_domain_alloc_sva(b.f.unit, &b.mm[0].mm,
							&filler[i]),
				 0);
	fake_ops_clear(&b.f);
	assert_int_equal(make_domain(&b, 1), -ENOSPC);
	assert_int_equal(b.f.op_count, 0);
	assert_int_equal(asid_of(&b, 0), 1);
	assert_int_equal(cd_asid(&b, 0x43, 9), 1);
	assert_int_equal(b.c.pins, 0);
	/* One goes, and there is room. */
	assert_int_equal(iommu_domain_free(filler[100]), 0);
	assert_int_equal(make_domain(&b, 1), 0);
	assert_int_equal(asid_of(&b, 0), 102);
	assert_int_equal(asid_of(&b, 1), 1);
	for (i = 0; i < ARRAY_SIZE(filler); i++)
		if (i != 100)
			assert_int_equal(iommu_domain_free(filler[i]), 0);
	detach_users(&b, 0);
	stop(&b);
}

/* [R13]: an SMMU that does not answer keeps the ASID from changing hands. */
static void test_smmuv3_asid_seize_that_fails_stops_the_smmu(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	assert_int_equal(make_domain(&b, 0), 0);
	attach_users(&b, 0);
	b.f.no_consume = true;
	assert_true(make_domain(&b, 1) < 0);
	assert_int_equal(b.c.pins, 0);
	b.f.no_consume = false;
	/* SMMU_CR0.SMMUEN: nothing passes any more. */
	assert_int_equal(b.f.reg[SMMU_CR0 / 4] & 1, 0);
	detach_users(&b, 0);
	stop(&b);
}

/* An address space that moves into another's place: [R7] [K13] */
static void test_smmuv3_asid_replace_between_shared_and_private(void **state)
{
	struct bench b;

	(void)state;
	start(&b);
	b.c.asid = 9;
	assert_int_equal(make_domain(&b, 0), 0);
	assert_int_equal(make_domain(&b, 1), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev[0], 5), 0);
	assert_int_equal(
		b.f.unit->ops->set_dev_pasid(b.d[1], b.dev[0], 5, b.d[0]), 0);
	assert_int_equal(cd_asid(&b, 0x42, 5), 9);
	assert_false(cd_aset(&b, 0x42, 5));
	assert_int_equal(
		b.f.unit->ops->set_dev_pasid(b.d[0], b.dev[0], 5, b.d[1]), 0);
	assert_int_equal(cd_asid(&b, 0x42, 5), 1);
	assert_true(cd_aset(&b, 0x42, 5));
	iommu_detach_device_pasid(b.d[0], b.dev[0], 5);
	stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_smmuv3_asid_broadcast_only_where_worlds_agree),
		cmocka_unit_test(test_smmuv3_asid_narrow_ones_are_not_shared),
		cmocka_unit_test(test_smmuv3_asid_e2h_has_commands_of_its_own),
		cmocka_unit_test(test_smmuv3_asid_no_pin_is_esrch),
		cmocka_unit_test(test_smmuv3_asid_shared_is_the_cpus),
		cmocka_unit_test(test_smmuv3_asid_shared_invalidates_atcs_only),
		cmocka_unit_test(test_smmuv3_asid_seize_moves_every_user),
		cmocka_unit_test(test_smmuv3_asid_seize_loses_no_unmap),
		cmocka_unit_test(test_smmuv3_asid_seize_without_room_is_enospc),
		cmocka_unit_test(
			test_smmuv3_asid_seize_that_fails_stops_the_smmu),
		cmocka_unit_test(
			test_smmuv3_asid_replace_between_shared_and_private),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
