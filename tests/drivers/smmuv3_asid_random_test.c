/* SPDX-License-Identifier: MIT */
/*
 * Random binds, unbinds, unmaps and roll-overs with few ASIDs, beside a slow
 * model of what the SMMU and the CPUs remember. The device accesses memory
 * between any two commands. [R13] [K10] to [K14]
 *
 * The model: the SMMU keeps every CD and every translation it has used, until
 * a command names it, and translations with ASET 0 until the CPUs invalidate
 * their ASID. A roll-over of the CPUs' ASIDs does not reach it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"

enum {
	MMS = 24,
	PAGES = 4,
	SIDS = 2,
	PASIDS = 13, /* 1 to 12 */
	CPU_ASIDS = 16,
	CPUS = 4,
	PINS_MAX = CPU_ASIDS - 1 - CPUS - 2,
	TLB = 4096,
	STEPS = 6000,
	SID0 = 0x42,
};

struct space {
	struct fake_mm m;
	bool by_cpu;   /* CPUs run it */
	uint16_t asid; /* theirs; 0: none in this generation */
	unsigned int pins;
	bool present[PAGES];
	struct iommu_domain *d;
	unsigned int attached;
};

struct tlb_entry {
	bool valid, aset;
	uint16_t asid;
	unsigned int page;
	uint64_t root;
};

struct cached_cd {
	bool valid;
	uint64_t dw[2];
};

struct bench {
	struct fake f;
	struct smmuv3_cpu cpu;
	struct iommu_device *dev[SIDS];
	struct space s[MMS];
	struct space *bound[SIDS][PASIDS];
	/* whom a pair may reach now: also the one on its way in or out */
	struct space *other[SIDS][PASIDS];
	struct cached_cd cds[SIDS][PASIDS];
	struct tlb_entry tlb[TLB];
	unsigned int tlb_next;
	uint32_t seed;
	bool blind;        /* control: the TLB keeps what a TLBI names */
	const char *wrong; /* what the model found */
	unsigned int seized, rolled, refused, hits, shared;
};

static uint32_t rnd(struct bench *b, uint32_t n)
{
	b->seed = b->seed * 1664525 + 1013904223;
	return (b->seed >> 8) % n;
}

static struct space *of_root(struct bench *b, uint64_t root)
{
	unsigned int i;

	for (i = 0; i < MMS; i++)
		if (b->s[i].m.desc.root == root)
			return &b->s[i];
	return NULL;
}

/* ---- the CPUs ---- */

static bool cpu_asid_used(const struct bench *b, uint16_t asid)
{
	unsigned int i;

	for (i = 0; i < MMS; i++)
		if (b->s[i].asid == asid)
			return true;
	return false;
}

/* As arm64: when none is free, all that are not pinned are taken away. */
static void cpu_run(struct bench *b, struct space *s)
{
	unsigned int round, i;
	uint16_t asid;

	for (round = 0; !s->asid && round < 2; round++) {
		for (asid = 1; asid < CPU_ASIDS && !s->asid; asid++)
			if (!cpu_asid_used(b, asid))
				s->asid = asid;
		if (s->asid)
			break;
		b->rolled++;
		for (i = 0; i < MMS; i++)
			if (!b->s[i].pins)
				b->s[i].asid = 0;
	}
	assert_true(s->asid != 0);
}

static unsigned int pinned(const struct bench *b)
{
	unsigned int i, n = 0;

	for (i = 0; i < MMS; i++)
		n += b->s[i].pins != 0;
	return n;
}

static int cpu_pin(void *ctx, struct iommu_mm *mm, uint16_t *ret_asid)
{
	struct bench *b = ctx;
	struct space *s = container_of(mm, struct space, m.mm);

	if (!s->by_cpu)
		return -EOPNOTSUPP;
	if (!s->pins && pinned(b) == PINS_MAX)
		return -ENOSPC;
	cpu_run(b, s);
	s->pins++;
	*ret_asid = s->asid;
	return 0;
}

static void cpu_unpin(void *ctx, struct iommu_mm *mm)
{
	struct space *s = container_of(mm, struct space, m.mm);

	(void)ctx;
	assert_true(s->pins > 0);
	s->pins--;
}

static const struct smmuv3_cpu_ops cpu_ops = { cpu_pin, cpu_unpin };

/* A process's own munmap(): broadcast, then the notifier. */
static void cpu_unmap(struct bench *b, struct space *s, unsigned int page)
{
	unsigned int i;

	s->present[page] = false;
	for (i = 0; s->by_cpu && s->asid && i < TLB; i++) {
		struct tlb_entry *e = &b->tlb[i];

		if (!e->aset && e->asid == s->asid && e->page == page)
			e->valid = false;
	}
	iommu_mm_invalidate_range(&s->m.mm, 4096ull * page,
				  4096ull * (page + 1));
	for (i = 0; i < TLB; i++) {
		const struct tlb_entry *e = &b->tlb[i];

		if (e->valid && e->root == s->m.desc.root && e->page == page)
			b->wrong = "a translation outlived its unmap";
	}
}

/* ---- the SMMU ---- */

static void forget(struct bench *b, const struct smmu_cmd *cmd)
{
	unsigned int op = cmd->dw[0] & 0xff, i, j;
	uint16_t asid = (uint16_t)(cmd->dw[0] >> 48);

	for (i = 0; op == 0x05 && i < SIDS; i++)
		for (j = 0; j < PASIDS; j++)
			if (cmd->dw[0] >> 32 == SID0 + i &&
			    (cmd->dw[0] >> 12 & 0xfffff) == j)
				b->cds[i][j].valid = false;
	if ((op != 0x11 && op != 0x12) || b->blind)
		return;
	for (i = 0; i < TLB; i++)
		if (b->tlb[i].asid == asid &&
		    (op == 0x11 || b->tlb[i].page == cmd->dw[1] >> 12))
			b->tlb[i].valid = false;
}

static const struct cached_cd *get_cd(struct bench *b, unsigned int dev,
				      unsigned int pasid)
{
	struct cached_cd *c = &b->cds[dev][pasid];
	const uint64_t *cd;

	if (c->valid)
		return c;
	cd = fake_cd(&b->f, SID0 + dev, pasid);
	if (!cd)
		return NULL;
	c->valid = true;
	c->dw[0] = cd[0];
	c->dw[1] = cd[1];
	return c;
}

static void access_page(struct bench *b, unsigned int dev, unsigned int pasid,
			unsigned int page)
{
	const struct cached_cd *c = get_cd(b, dev, pasid);
	const struct space *s, *may[2];
	struct tlb_entry *e;
	uint64_t root;
	unsigned int i;

	if (!c || !(c->dw[0] >> 31 & 1) || c->dw[0] >> 14 & 1)
		return;
	may[0] = b->bound[dev][pasid];
	may[1] = b->other[dev][pasid];
	root = c->dw[1] & 0xfffffffffffff0;
	for (i = 0; i < TLB; i++) {
		e = &b->tlb[i];
		if (!e->valid || e->page != page || e->asid != c->dw[0] >> 48)
			continue;
		b->hits++;
		s = of_root(b, e->root);
		if (e->root != root || !s || (s != may[0] && s != may[1]))
			b->wrong = "one address space was another's";
		return;
	}
	s = of_root(b, root);
	if (!s || (s != may[0] && s != may[1])) {
		b->wrong = "a table that is not attached was walked";
		return;
	}
	if (!s->present[page])
		return;
	e = &b->tlb[b->tlb_next++ % TLB];
	*e = (struct tlb_entry){
		.valid = true,
		.aset = c->dw[0] >> 47 & 1,
		.asid = (uint16_t)(c->dw[0] >> 48),
		.page = page,
		.root = root,
	};
}

static void some_accesses(struct bench *b, unsigned int n)
{
	while (n--)
		access_page(b, rnd(b, SIDS), 1 + rnd(b, PASIDS - 1),
			    rnd(b, PAGES));
}

static void on_command(struct fake *f, const struct smmu_cmd *cmd)
{
	struct bench *b = f->hook_arg;

	some_accesses(b, 4);
	forget(b, cmd);
	some_accesses(b, 4);
}

/* ---- what is done to them ---- */

static uint16_t asid_of(const struct space *s)
{
	return container_of(s->d, struct smmuv3_domain, domain)->asid;
}

/* [R13] [K10] [K12] as a whole, after every step. */
static void check(struct bench *b)
{
	unsigned int i, j;

	assert_true(pinned(b) <= PINS_MAX);
	for (i = 0; i < MMS; i++) {
		const struct space *s = &b->s[i];

		assert_int_equal(s->pins, s->by_cpu && s->d);
		if (!s->d)
			continue;
		assert_true(asid_of(s) != 0);
		if (s->by_cpu)
			assert_int_equal(asid_of(s), s->asid);
		for (j = 0; j < i; j++)
			if (b->s[j].d)
				assert_int_not_equal(asid_of(s),
						     asid_of(&b->s[j]));
	}
	if (b->wrong && !b->blind)
		fail_msg("%s", b->wrong);
}

/* A domain, if there is to be one. */
static bool have_domain(struct bench *b, struct space *s)
{
	bool full = !s->pins && pinned(b) == PINS_MAX;
	uint16_t before[MMS] = { 0 };
	unsigned int i;
	int err;

	if (s->d)
		return true;
	for (i = 0; i < MMS; i++)
		if (b->s[i].d)
			before[i] = asid_of(&b->s[i]);
	err = iommu_domain_alloc_sva(b->f.unit, &s->m.mm, &s->d);
	if (s->by_cpu && full) {
		assert_int_equal(err, -ESRCH);
		b->refused++;
		return false;
	}
	assert_int_equal(err, 0);
	b->shared += s->by_cpu;
	for (i = 0; i < MMS; i++)
		if (before[i] && before[i] != asid_of(&b->s[i])) {
			assert_false(b->s[i].by_cpu);
			b->seized++;
		}
	return true;
}

static void put_domain(struct space *s)
{
	if (s->attached)
		return;
	assert_int_equal(iommu_domain_free(s->d), 0);
	s->d = NULL;
}

static void bind(struct bench *b, unsigned int dev, unsigned int pasid,
		 struct space *s)
{
	struct space *old = b->bound[dev][pasid];

	if (old == s || !have_domain(b, s))
		return;
	b->other[dev][pasid] = s;
	if (old)
		assert_int_equal(b->f.unit->ops->set_dev_pasid(
					 s->d, b->dev[dev], pasid, old->d),
				 0);
	else
		assert_int_equal(b->f.unit->ops->set_dev_pasid(
					 s->d, b->dev[dev], pasid, NULL),
				 0);
	s->attached++;
	b->bound[dev][pasid] = s;
	b->other[dev][pasid] = NULL;
	if (old) {
		old->attached--;
		put_domain(old);
	}
}

static void unbind(struct bench *b, unsigned int dev, unsigned int pasid)
{
	struct space *s = b->bound[dev][pasid];

	if (!s)
		return;
	b->f.unit->ops->remove_dev_pasid(s->d, b->dev[dev], pasid);
	b->bound[dev][pasid] = NULL;
	s->attached--;
	put_domain(s);
}

static void step(struct bench *b)
{
	unsigned int dev = rnd(b, SIDS), pasid = 1 + rnd(b, PASIDS - 1);
	struct space *s = &b->s[rnd(b, MMS)];
	unsigned int page = rnd(b, PAGES);

	switch (rnd(b, 8)) {
	case 0:
	case 1:
		bind(b, dev, pasid, s);
		break;
	case 2:
		unbind(b, dev, pasid);
		break;
	case 3:
		if (s->by_cpu)
			cpu_run(b, s);
		break;
	case 4:
		cpu_unmap(b, s, page);
		break;
	case 5:
		s->present[page] = true;
		break;
	default:
		some_accesses(b, 20);
		break;
	}
}

static struct bench *start(uint32_t seed)
{
	struct smmuv3_desc desc = { .irq = { 1, 2, 3 }, .timeout_ms = 100 };
	struct bench *b = calloc(1, sizeof(*b));
	unsigned int i;

	assert_non_null(b);
	b->seed = seed;
	fake_init(&b->f);
	/* BTM, 8-bit ASIDs */
	b->f.idr[0] = (b->f.idr[0] | 1u << 5) & ~(1u << 12);
	b->cpu = (struct smmuv3_cpu){ &cpu_ops, b, 4, false };
	desc.cpu = &b->cpu;
	assert_int_equal(fake_probe_desc(&b->f, &desc), 0);
	for (i = 0; i < SIDS; i++)
		b->dev[i] = fake_pci_device(&b->f, SID0 + i);
	for (i = 0; i < MMS; i++) {
		fake_mm_init(&b->s[i].m, &b->f);
		b->s[i].by_cpu = i % 7 != 0;
	}
	b->f.hook_arg = b;
	b->f.hook = on_command;
	return b;
}

static void stop(struct bench *b)
{
	unsigned int i, j;

	for (i = 0; i < SIDS; i++)
		for (j = 1; j < PASIDS; j++)
			unbind(b, i, j);
	check(b);
	b->f.hook = NULL;
	for (i = 0; i < MMS; i++)
		iommu_mm_put_users(&b->s[i].m.mm);
	for (i = 0; i < SIDS; i++)
		assert_int_equal(iommu_device_remove(b->dev[i]), 0);
	fake_fini(&b->f);
	free(b);
}

/* [K10] [K11] [K12] [K13] [K14] [R13] */
static void test_smmuv3_asid_random_use(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= 3; seed++) {
		struct bench *b = start(seed);
		unsigned int i;

		for (i = 0; i < STEPS; i++) {
			step(b);
			check(b);
			fake_ops_clear(&b->f);
		}
		print_message("seed %u: %u shared, %u seized, %u roll-overs, "
			      "%u refused, %u hits\n",
			      seed, b->shared, b->seized, b->rolled, b->refused,
			      b->hits);
		/* Each of these was looked at. */
		assert_true(b->shared > 100);
		assert_true(b->seized > 10);
		assert_true(b->rolled > 10);
		assert_true(b->refused > 10);
		assert_true(b->hits > 1000);
		stop(b);
	}
}

/* The control: an SMMU whose TLB nobody invalidates. */
static void test_smmuv3_asid_random_model_notices(void **state)
{
	struct bench *b = start(1);
	unsigned int i;

	(void)state;
	b->blind = true;
	for (i = 0; i < STEPS && !b->wrong; i++) {
		step(b);
		check(b);
	}
	assert_non_null(b->wrong);
	stop(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_asid_random_use),
		cmocka_unit_test(test_smmuv3_asid_random_model_notices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
