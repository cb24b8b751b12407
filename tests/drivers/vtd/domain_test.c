/* SPDX-License-Identifier: MIT */
/* Domains on (device, PASID) pairs: entries, orders, failures. [M1] [M2] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "tests/drivers/vtd/seam.h"

enum { SID = 0x310, PASID = 77 };

/* A unit with one device and two address spaces. */
struct bench {
	struct seam *s;
	struct iommu_device *dev;
	struct seam_mm m[2];
	struct iommu_domain *d[2];
};

static void setup(struct bench *b)
{
	unsigned int i;

	memset(b, 0, sizeof(*b));
	b->s = seam_make();
	seam_start(b->s);
	b->dev = seam_device(b->s, SID);
	for (i = 0; i < 2; i++) {
		seam_mm_init(&b->m[i], b->s);
		assert_int_equal(iommu_domain_alloc_sva(&b->s->u.unit,
							&b->m[i].mm, &b->d[i]),
				 0);
	}
	seam_clear(b->s);
}

static void teardown(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(iommu_domain_free(b->d[i]), 0);
		if (!b->m[i].exited)
			iommu_mm_put_users(&b->m[i].mm);
	}
	assert_int_equal(iommu_device_remove(b->dev), 0);
	seam_unmake(b->s);
}

static uint16_t did_of(const struct iommu_domain *d)
{
	return container_of((struct iommu_domain *)(uintptr_t)d,
			    struct vtd_domain, domain)
		->did;
}

/* [start, last] of a kind, for a PASID; SIZE_MAX: not there. */
static size_t find_range(struct seam *s, enum seam_kind kind, uint32_t pasid,
			 uint64_t start, uint64_t last, size_t from)
{
	size_t i;

	for (i = seam_find(s, kind, from); i != SIZE_MAX;
	     i = seam_find(s, kind, i + 1))
		if (s->ops[i].pasid == pasid && s->ops[i].start == start &&
		    s->ops[i].last == last)
			break;
	return i;
}

/*
 * [M2] The three caches of the pair, each done with before the next is begun.
 * Returns where it ends.
 */
static size_t expect_forgotten(struct seam *s, uint16_t did, uint32_t pasid,
			       size_t from)
{
	size_t cache, tlb, dev, bar;

	cache = seam_find(s, SEAM_PASID, from);
	assert_true(cache < s->op_count);
	assert_int_equal(s->ops[cache].did, did);
	assert_int_equal(s->ops[cache].pasid, pasid);
	bar = seam_find(s, SEAM_BARRIER, cache);
	tlb = find_range(s, SEAM_PIOTLB, pasid, 0, UINT64_MAX, cache);
	assert_true(cache < bar && bar < tlb && tlb < s->op_count);
	assert_int_equal(s->ops[tlb].did, did);
	bar = seam_find(s, SEAM_BARRIER, tlb);
	dev = find_range(s, SEAM_PASID_DEV_TLB, pasid, 0, UINT64_MAX, tlb);
	assert_true(tlb < bar && bar < dev && dev < s->op_count);
	assert_int_equal(seam_find(s, SEAM_SYNC, cache), dev + 1);
	return dev + 1;
}

/* [M1] The words of an entry, four levels and five. */
static void test_vtd_domain_sva_entry(void **state)
{
	struct vtd_pasid e;
	struct bench b;
	unsigned int i;

	(void)state;
	setup(&b);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	e = seam_pasid(b.s, SID, PASID);
	/* P, AW of the widest, PGTT first stage */
	assert_int_equal(e.dw[0], 1 | 3 << 2 | 1 << 6);
	/* DID, PWSNP */
	assert_int_equal(e.dw[1], did_of(b.d[0]) | 1 << 23);
	/* four levels, no SRE, the table */
	assert_int_equal(e.dw[2], b.m[0].desc.root);
	for (i = 3; i < 8; i++)
		assert_int_equal(e.dw[i], 0);
	/* [R7] The body before P, with one sync between. */
	assert_int_equal(seam_count(b.s, SEAM_PASID), 1);
	assert_int_equal(seam_count(b.s, SEAM_SYNC), 1);
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	teardown(&b);

	setup(&b);
	assert_int_equal(iommu_domain_free(b.d[0]), 0);
	b.m[0].desc.va_bits = 57;
	/* Requests to execute are known, and so is XD. */
	b.s->u.f.exec = true;
	/* 9.6: AW is reserved without a second stage. */
	b.s->u.f.second_stage = false;
	assert_int_equal(
		iommu_domain_alloc_sva(&b.s->u.unit, &b.m[0].mm, &b.d[0]), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[2],
			 b.m[0].desc.root | 1 << 2 | 1 << 5);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 1 | 1 << 6);
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	teardown(&b);
}

/* What the unit sees of the entry whenever it is spoken to. */
struct eyes {
	uint16_t sid;
	uint32_t pasid;
	uint64_t first;    /* word 0 at the first look */
	bool looked, body; /* and was there more than word 0 */
};

static void look(struct seam *s, const struct seam_op *op)
{
	struct eyes *e = s->hook_arg;
	struct vtd_pasid p;

	if (e->looked || op->kind != SEAM_PASID)
		return;
	p = seam_pasid(s, e->sid, e->pasid);
	e->looked = true;
	e->first = p.dw[0];
	e->body = p.dw[1] && p.dw[2];
}

/* [M2] P goes first, the caches in order, the rest last. */
static void test_vtd_domain_detach_order(void **state)
{
	struct eyes eyes = { .sid = SID, .pasid = PASID };
	struct vtd_pasid e;
	struct bench b;
	unsigned int i;

	(void)state;
	setup(&b);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	seam_clear(b.s);
	b.s->hook = look;
	b.s->hook_arg = &eyes;
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	b.s->hook = NULL;
	assert_true(eyes.looked && eyes.body);
	assert_int_equal(eyes.first, 0);
	expect_forgotten(b.s, did_of(b.d[0]), PASID, 0);
	e = seam_pasid(b.s, SID, PASID);
	for (i = 0; i < 8; i++)
		assert_int_equal(e.dw[i], 0);
	teardown(&b);
}

/* [M2] [R6] [B8] An exit leaves FPD, without a drain; the detach the rest. */
static void test_vtd_domain_exit_is_quiet(void **state)
{
	struct eyes eyes = { .sid = SID, .pasid = PASID };
	struct vtd_pasid e;
	struct bench b;
	unsigned int i;

	(void)state;
	setup(&b);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	seam_clear(b.s);
	b.s->hook = look;
	b.s->hook_arg = &eyes;
	iommu_mm_put_users(&b.m[0].mm);
	b.s->hook = NULL;
	/* Silent from the first moment on. */
	assert_true(eyes.looked && eyes.body);
	assert_int_equal(eyes.first, 2);
	expect_forgotten(b.s, did_of(b.d[0]), PASID, 0);
	assert_int_equal(seam_count(b.s, SEAM_DRAIN), 0);
	e = seam_pasid(b.s, SID, PASID);
	assert_int_equal(e.dw[0], 2);
	for (i = 1; i < 8; i++)
		assert_int_equal(e.dw[i], 0);
	/* Once: the device's exit and release() are both asked. */
	assert_int_equal(seam_count(b.s, SEAM_PASID), 1);

	seam_clear(b.s);
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 0);
	assert_int_equal(seam_count(b.s, SEAM_DRAIN), 2);
	teardown(&b);
}

/* [R6] release() does it all, whoever attached it. */
static void test_vtd_domain_release_alone_is_quiet(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	assert_int_equal(vtd_unit_ops.set_dev_pasid(b.d[0], b.dev, PASID, NULL),
			 0);
	seam_clear(b.s);
	iommu_mm_put_users(&b.m[0].mm);
	expect_forgotten(b.s, did_of(b.d[0]), PASID, 0);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 2);
	vtd_unit_ops.remove_dev_pasid(b.d[0], b.dev, PASID);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 0);
	teardown(&b);
}

/* [R11] Of a dead address space nothing is attached any more. */
static void test_vtd_domain_dead(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	iommu_mm_put_users(&b.m[0].mm);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID),
			 -ESRCH);
	/* Also when the driver is asked. */
	assert_int_equal(vtd_unit_ops.set_dev_pasid(b.d[0], b.dev, PASID, NULL),
			 -ESRCH);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 0);
	teardown(&b);
}

/* [L9] [R9] The range, exclusive; the TLB, and then the device. */
static void test_vtd_domain_invalidate_order(void **state)
{
	size_t tlb, bar, dev;
	struct bench b;

	(void)state;
	setup(&b);
	/* Nothing is attached, nothing is said. */
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x3000);
	assert_int_equal(b.s->op_count, 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x3000);
	tlb = find_range(b.s, SEAM_PIOTLB, PASID, 0x1000, 0x2fff, 0);
	bar = seam_find(b.s, SEAM_BARRIER, 0);
	dev = find_range(b.s, SEAM_PASID_DEV_TLB, PASID, 0x1000, 0x2fff, 0);
	assert_true(tlb < bar && bar < dev && dev < b.s->op_count);
	assert_int_equal(b.s->ops[tlb].did, did_of(b.d[0]));
	assert_int_equal(b.s->ops[dev].sid, SID);
	assert_int_equal(b.s->op_count, 4);
	assert_int_equal(b.s->ops[3].kind, SEAM_SYNC);
	/* Everything; and nothing. */
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0, UINT64_MAX);
	assert_int_equal(find_range(b.s, SEAM_PIOTLB, PASID, 0, UINT64_MAX, 0),
			 0);
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x3000, 0x3000);
	assert_int_equal(b.s->op_count, 0);
	/* Another address space is not concerned. */
	iommu_mm_invalidate_range(&b.m[1].mm, 0x1000, 0x3000);
	assert_int_equal(b.s->op_count, 0);
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x3000);
	assert_int_equal(b.s->op_count, 0);
	teardown(&b);
}

/* Several devices, one of them twice: one tag in the TLB for each PASID. */
static void test_vtd_domain_several_devices(void **state)
{
	struct iommu_device *other;
	struct bench b;
	size_t last_tlb, i;

	(void)state;
	setup(&b);
	other = seam_device(b.s, SID + 1);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], other, PASID + 9),
			 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], other, PASID), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, 3), 0);
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x5000, 0x6000);
	assert_int_equal(seam_count(b.s, SEAM_PIOTLB), 3);
	assert_int_equal(seam_count(b.s, SEAM_PASID_DEV_TLB), 4);
	last_tlb = 0;
	for (i = 0; i < b.s->op_count; i++)
		if (b.s->ops[i].kind == SEAM_PIOTLB)
			last_tlb = i;
	assert_true(last_tlb < seam_find(b.s, SEAM_BARRIER, 0));
	assert_true(last_tlb < seam_find(b.s, SEAM_PASID_DEV_TLB, 0));
	/* One goes, the others stay. */
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x5000, 0x6000);
	assert_int_equal(seam_count(b.s, SEAM_PASID_DEV_TLB), 3);
	assert_int_equal(seam_pasid(b.s, SID + 1, PASID).dw[0] & 1, 1);
	/* An exit makes all of them quiet. */
	iommu_mm_put_users(&b.m[0].mm);
	assert_int_equal(seam_pasid(b.s, SID + 1, PASID).dw[0], 2);
	assert_int_equal(seam_pasid(b.s, SID + 1, PASID + 9).dw[0], 2);
	assert_int_equal(seam_pasid(b.s, SID, 3).dw[0], 2);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 0);
	iommu_detach_device_pasid(b.d[0], other, PASID);
	iommu_detach_device_pasid(b.d[0], other, PASID + 9);
	iommu_detach_device_pasid(b.d[0], b.dev, 3);
	assert_int_equal(iommu_device_remove(other), 0);
	teardown(&b);
}

/* Two devices may have different address spaces under one PASID. */
static void test_vtd_domain_one_pasid_two_spaces(void **state)
{
	struct iommu_device *other;
	struct bench b;

	(void)state;
	setup(&b);
	other = seam_device(b.s, SID + 1);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[1], other, PASID), 0);
	/* The TLB tells them apart. */
	assert_int_not_equal(seam_pasid(b.s, SID, PASID).dw[1] & 0xffff,
			     seam_pasid(b.s, SID + 1, PASID).dw[1] & 0xffff);
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	iommu_detach_device_pasid(b.d[1], other, PASID);
	assert_int_equal(iommu_device_remove(other), 0);
	teardown(&b);
}

static bool set_old(struct bench *b, unsigned int to, unsigned int from,
		    int expect)
{
	return vtd_unit_ops.set_dev_pasid(b->d[to], b->dev, PASID,
					  b->d[from]) == expect;
}

/* Unmaps of the old one while the new one replaces it. */
struct crossing {
	struct bench *b;
	bool busy;
	unsigned int looks;
	bool mixture, lost;
	pthread_t thread;
	_Atomic bool released;
};

static void *unmap_old(void *arg)
{
	struct crossing *c = arg;

	iommu_mm_invalidate_range(&c->b->m[0].mm, 0x1000, 0x2000);
	return NULL;
}

/* In a thread, as the new one's lock is held here and of the same rank. */
static void cross(struct seam *s, const struct seam_op *op)
{
	struct crossing *c = s->hook_arg;
	struct vtd_pasid e;
	pthread_t thread;
	size_t from;

	if (c->busy || op->kind != SEAM_SYNC)
		return;
	c->busy = true;
	c->looks++;
	e = seam_pasid(s, SID, PASID);
	if (e.dw[0] & 1 && e.dw[2] != c->b->m[0].desc.root)
		c->mixture = true;
	from = s->op_count;
	assert_int_equal(pthread_create(&thread, NULL, unmap_old, c), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	if (find_range(s, SEAM_PASID_DEV_TLB, PASID, 0x1000, 0x1fff, from) ==
	    SIZE_MAX)
		c->lost = true;
	c->busy = false;
}

/*
 * [R11] One address space in place of another: old, absent, new; and until that
 * is over an unmap of the old one reaches the pair.
 */
static void test_vtd_domain_replace(void **state)
{
	struct crossing c;
	struct bench b;

	(void)state;
	setup(&b);
	assert_int_equal(vtd_unit_ops.set_dev_pasid(b.d[0], b.dev, PASID, NULL),
			 0);
	seam_clear(b.s);
	c = (struct crossing){ .b = &b };
	b.s->hook = cross;
	b.s->hook_arg = &c;
	assert_true(set_old(&b, 1, 0, 0));
	b.s->hook = NULL;
	/* Away with the old one, and before the new one. */
	assert_int_equal(c.looks, 2);
	assert_false(c.mixture || c.lost);
	expect_forgotten(b.s, did_of(b.d[0]), PASID, 0);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[1] & 0xffff,
			 did_of(b.d[1]));
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[2], b.m[1].desc.root);
	/* The old one has nothing to do with it any more. */
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x2000);
	assert_int_equal(b.s->op_count, 0);
	iommu_mm_put_users(&b.m[0].mm);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0] & 1, 1);
	/* On failure the old translation is intact, and looked after. */
	assert_true(set_old(&b, 0, 1, -ESRCH));
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0] & 1, 1);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[1] & 0xffff,
			 did_of(b.d[1]));
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[1].mm, 0x1000, 0x2000);
	assert_int_equal(seam_count(b.s, SEAM_PASID_DEV_TLB), 1);
	vtd_unit_ops.remove_dev_pasid(b.d[1], b.dev, PASID);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 0);
	teardown(&b);
}

static void *exit_old(void *arg)
{
	struct crossing *c = arg;

	iommu_mm_put_users(&c->b->m[0].mm);
	atomic_store(&c->released, true);
	return NULL;
}

/* The old entry is still in the unit's caches: nobody may go on. */
static void cross_exit(struct seam *s, const struct seam_op *op)
{
	struct crossing *c = s->hook_arg;
	unsigned int i;

	if (c->looks || op->kind != SEAM_PASID)
		return;
	c->looks++;
	assert_int_equal(pthread_create(&c->thread, NULL, exit_old, c), 0);
	while (atomic_load(&c->b->m[0].mm.users))
		sched_yield();
	for (i = 0; i < 1000; i++) {
		c->lost |= atomic_load(&c->released);
		sched_yield();
	}
}

/*
 * [R11] [B8] The old one's address space exits while it is being replaced:
 * its tables stay until the unit does not walk them any more.
 */
static void test_vtd_domain_replace_during_exit(void **state)
{
	struct crossing c;
	struct bench b;

	(void)state;
	setup(&b);
	assert_int_equal(vtd_unit_ops.set_dev_pasid(b.d[0], b.dev, PASID, NULL),
			 0);
	seam_clear(b.s);
	c = (struct crossing){ .b = &b };
	b.s->hook = cross_exit;
	b.s->hook_arg = &c;
	assert_true(set_old(&b, 1, 0, 0));
	b.s->hook = NULL;
	assert_int_equal(pthread_join(c.thread, NULL), 0);
	assert_int_equal(c.looks, 1);
	assert_false(c.lost);
	assert_true(c.released && b.m[0].exited);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[1] & 0xffff,
			 did_of(b.d[1]));
	vtd_unit_ops.remove_dev_pasid(b.d[1], b.dev, PASID);
	teardown(&b);
}

/* [R11] Without memory the old translation is intact; without answers gone. */
static void test_vtd_domain_replace_fails(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	assert_int_equal(vtd_unit_ops.set_dev_pasid(b.d[0], b.dev, PASID, NULL),
			 0);
	testplat_fail_nth(&b.s->tp, 1);
	assert_true(set_old(&b, 1, 0, -ENOMEM));
	testplat_fail_nth(&b.s->tp, 0);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[2], b.m[0].desc.root);
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x2000);
	assert_int_equal(seam_count(b.s, SEAM_PASID_DEV_TLB), 1);
	/* The second look at the entry does not come. */
	b.s->fail_kind = SEAM_PASID;
	b.s->fail_err = -ETIMEDOUT;
	b.s->fail_times = 1;
	b.s->fail_after = 1;
	assert_true(set_old(&b, 1, 0, -ETIMEDOUT));
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0] & 1, 0);
	/* It is nobody's. */
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x2000);
	iommu_mm_invalidate_range(&b.m[1].mm, 0x1000, 0x2000);
	assert_int_equal(b.s->op_count, 0);
	teardown(&b);
}

/* Untagged traffic: blocked, identity, and back; PASID 0's entry. */
static void test_vtd_domain_without_pasid(void **state)
{
	struct iommu_domain *identity, *identity2, *blocked;
	struct vtd_pasid e;
	struct bench b;

	(void)state;
	setup(&b);
	assert_int_equal(iommu_domain_alloc(&b.s->u.unit, IOMMU_DOMAIN_IDENTITY,
					    &identity),
			 0);
	assert_int_equal(iommu_domain_alloc(&b.s->u.unit, IOMMU_DOMAIN_IDENTITY,
					    &identity2),
			 0);
	assert_int_equal(iommu_domain_alloc(&b.s->u.unit, IOMMU_DOMAIN_BLOCKED,
					    &blocked),
			 0);
	assert_int_equal(seam_pasid(b.s, SID, 0).dw[0], 0);
	assert_int_equal(iommu_attach_device(identity, b.dev), 0);
	e = seam_pasid(b.s, SID, 0);
	assert_int_equal(e.dw[0], 1 | 3 << 2 | 4 << 6);
	assert_int_equal(e.dw[1], 1 | 1 << 23);
	assert_int_equal(e.dw[2], 0);
	seam_clear(b.s);
	assert_int_equal(iommu_attach_device(identity2, b.dev), 0);
	/* [R10] What has no PASID is known to the device without one. */
	assert_int_equal(seam_count(b.s, SEAM_DEV_TLB), 1);
	assert_int_equal(seam_count(b.s, SEAM_PASID_DEV_TLB), 0);
	assert_int_equal(seam_pasid(b.s, SID, 0).dw[0] & 1, 1);
	assert_int_equal(iommu_attach_device(blocked, b.dev), 0);
	assert_int_equal(seam_pasid(b.s, SID, 0).dw[0], 0);
	assert_int_equal(iommu_attach_device(identity, b.dev), 0);
	assert_int_equal(iommu_detach_device(identity, b.dev), 0);
	assert_int_equal(seam_pasid(b.s, SID, 0).dw[0], 0);
	assert_int_equal(vtd_unit_ops.set_dev_pasid(b.d[0], b.dev, 0, NULL),
			 -EINVAL);
	assert_int_equal(iommu_domain_free(identity), 0);
	assert_int_equal(iommu_domain_free(identity2), 0);
	assert_int_equal(iommu_domain_free(blocked), 0);
	teardown(&b);
}

/* [K16] What the unit lacks is refused, and says so. [U10] */
static void test_vtd_domain_tables_it_cannot_walk(void **state)
{
	static const struct {
		enum iommu_table_fmt fmt;
		uint64_t root;
		unsigned int va_bits, granule_lg2, pa_bits;
		enum iommu_sva_req req;
		bool no_five, no_giga;
	} rows[] = {
		{ IOMMU_TABLE_ARM_64_LPAE_S1, 0x1000, 48, 12, 46,
		  IOMMU_SVA_REQ_FORMAT, 0, 0 },
		{ IOMMU_TABLE_X86_64, 0x1000, 57, 12, 46, IOMMU_SVA_REQ_VA_BITS,
		  1, 0 },
		{ IOMMU_TABLE_X86_64, 0x1000, 39, 12, 46, IOMMU_SVA_REQ_VA_BITS,
		  0, 0 },
		{ IOMMU_TABLE_X86_64, 0x1000, 48, 16, 46, IOMMU_SVA_REQ_GRANULE,
		  0, 0 },
		{ IOMMU_TABLE_X86_64, 0x1000, 48, 12, 46, IOMMU_SVA_REQ_GRANULE,
		  0, 1 },
		{ IOMMU_TABLE_X86_64, 0x1000, 48, 12, 53, IOMMU_SVA_REQ_PA_BITS,
		  0, 0 },
		{ IOMMU_TABLE_X86_64, 0x1800, 48, 12, 46, IOMMU_SVA_REQ_ROOT, 0,
		  0 },
		{ IOMMU_TABLE_X86_64, UINT64_C(1) << 46, 48, 12, 46,
		  IOMMU_SVA_REQ_ROOT, 0, 0 },
	};
	struct iommu_sva_why why;
	struct iommu_sva *sva;
	struct bench b;
	size_t i;

	(void)state;
	setup(&b);
	assert_int_equal(iommu_dev_enable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct seam_mm m;

		b.s->u.f.five_level = !rows[i].no_five;
		b.s->u.f.gigapages = !rows[i].no_giga;
		seam_mm_init(&m, b.s);
		m.desc = (struct iommu_mm_table){
			.fmt = rows[i].fmt,
			.root = rows[i].root,
			.va_bits = rows[i].va_bits,
			.granule_lg2 = rows[i].granule_lg2,
			.pa_bits = rows[i].pa_bits,
		};
		assert_int_equal(iommu_sva_bind_why(b.dev, &m.mm, NULL, &sva,
						    &why),
				 -EOPNOTSUPP);
		assert_int_equal(why.req, rows[i].req);
		iommu_mm_put_users(&m.mm);
	}
	b.s->u.f.five_level = b.s->u.f.gigapages = true;
	b.s->lacking = true;
	b.s->lacks = IOMMU_SVA_REQ_COHERENCE;
	assert_int_equal(iommu_sva_bind_why(b.dev, &b.m[0].mm, NULL, &sva,
					    &why),
			 -EOPNOTSUPP);
	assert_int_equal(why.req, IOMMU_SVA_REQ_COHERENCE);
	b.s->lacking = false;
	assert_int_equal(
		iommu_sva_bind_why(b.dev, &b.m[0].mm, NULL, &sva, &why), 0);
	iommu_sva_unbind(sva);
	assert_int_equal(iommu_dev_disable_feature(b.dev, IOMMU_DEV_FEAT_SVA),
			 0);
	teardown(&b);
}

/* A device that does not forget is isolated; nothing else suffers. */
static void test_vtd_domain_device_does_not_forget(void **state)
{
	struct iommu_device *other;
	struct bench b;
	size_t context;

	(void)state;
	setup(&b);
	other = seam_device(b.s, SID + 1);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], other, PASID), 0);
	seam_clear(b.s);
	b.s->fail_kind = SEAM_PASID_DEV_TLB;
	b.s->fail_err = -ETIMEDOUT;
	b.s->fail_times = 1;
	b.s->fail_sid = SID;
	/* In the batch; not again, when it is asked alone. */
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x2000);
	assert_int_equal(le64_load_relaxed(seam_context(b.s, SID)) & 1, 1);
	/* Again, so it is the one. */
	b.s->fail_times = 2;
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x2000);
	assert_int_equal(b.s->fail_times, 0);
	assert_false(b.s->dead);
	assert_int_equal(le64_load_relaxed(seam_context(b.s, SID)), 0);
	assert_int_equal(le64_load_relaxed(seam_context(b.s, SID + 1)) & 1, 1);
	context = seam_find(b.s, SEAM_CONTEXT, 0);
	assert_int_equal(b.s->ops[context].sid, SID);
	assert_true(context < seam_find(b.s, SEAM_PASID_GLOBAL, 0));
	/* [R12] It is left alone from now on. */
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x2000);
	assert_int_equal(seam_count(b.s, SEAM_PASID_DEV_TLB), 1);
	assert_int_equal(b.s->ops[seam_find(b.s, SEAM_PASID_DEV_TLB, 0)].sid,
			 SID + 1);
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	iommu_detach_device_pasid(b.d[0], other, PASID);
	assert_int_equal(iommu_device_remove(other), 0);
	teardown(&b);
}

/* [R1] Whatever else fails, the unit lets nothing pass any more. */
static void test_vtd_domain_fails_closed(void **state)
{
	static const enum seam_kind kinds[] = { SEAM_PASID, SEAM_PIOTLB };
	struct bench b;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		setup(&b);
		assert_int_equal(
			iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
		b.s->fail_kind = kinds[i];
		b.s->fail_err = -EIO;
		b.s->fail_times = 1;
		iommu_detach_device_pasid(b.d[0], b.dev, PASID);
		assert_true(b.s->dead);
		assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0], 0);
		/* Nothing can be attached any more, and that is said. */
		assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev,
							   PASID),
				 -ETIMEDOUT);
		assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0] & 1, 0);
		teardown(&b);
	}
}

/* The entry is not shown when the unit did not look before. */
static void test_vtd_domain_install_fails(void **state)
{
	struct bench b;

	(void)state;
	setup(&b);
	b.s->fail_kind = SEAM_PASID;
	b.s->fail_err = -ETIMEDOUT;
	b.s->fail_times = 1;
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID),
			 -ETIMEDOUT);
	assert_int_equal(seam_pasid(b.s, SID, PASID).dw[0] & 1, 0);
	/* Nobody invalidates it. */
	seam_clear(b.s);
	iommu_mm_invalidate_range(&b.m[0].mm, 0x1000, 0x2000);
	assert_int_equal(b.s->op_count, 0);
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	teardown(&b);
}

/* Caching mode: what was absent may be cached, under domain 0. */
static void test_vtd_domain_caching_mode(void **state)
{
	struct bench b;
	size_t i, own = 0, zero = 0, syncs = 0;

	(void)state;
	setup(&b);
	b.s->u.f.cm = true;
	assert_int_equal(iommu_attach_device_pasid(b.d[0], b.dev, PASID), 0);
	for (i = 0; i < b.s->op_count; i++) {
		const struct seam_op *op = &b.s->ops[i];

		own += op->kind == SEAM_PASID && op->did == did_of(b.d[0]);
		zero += op->kind == SEAM_PASID && op->did == 0;
		syncs += op->kind == SEAM_SYNC;
	}
	/* Before P and after it. */
	assert_int_equal(own, 2);
	assert_int_equal(zero, 2);
	assert_int_equal(syncs, 2);
	iommu_detach_device_pasid(b.d[0], b.dev, PASID);
	b.s->u.f.cm = false;
	teardown(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_domain_sva_entry),
		cmocka_unit_test(test_vtd_domain_detach_order),
		cmocka_unit_test(test_vtd_domain_exit_is_quiet),
		cmocka_unit_test(test_vtd_domain_release_alone_is_quiet),
		cmocka_unit_test(test_vtd_domain_dead),
		cmocka_unit_test(test_vtd_domain_invalidate_order),
		cmocka_unit_test(test_vtd_domain_several_devices),
		cmocka_unit_test(test_vtd_domain_one_pasid_two_spaces),
		cmocka_unit_test(test_vtd_domain_replace),
		cmocka_unit_test(test_vtd_domain_replace_during_exit),
		cmocka_unit_test(test_vtd_domain_replace_fails),
		cmocka_unit_test(test_vtd_domain_without_pasid),
		cmocka_unit_test(test_vtd_domain_tables_it_cannot_walk),
		cmocka_unit_test(test_vtd_domain_device_does_not_forget),
		cmocka_unit_test(test_vtd_domain_fails_closed),
		cmocka_unit_test(test_vtd_domain_install_fails),
		cmocka_unit_test(test_vtd_domain_caching_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
