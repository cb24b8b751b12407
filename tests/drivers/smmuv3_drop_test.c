/* SPDX-License-Identifier: MIT */
/*
 * The driver on three SMMUs of the model, through all of its life: probe, bind,
 * unmap, protect, faults, exit, rebind, switch, removal. Nothing stale is ever
 * seen, strict and eager.
 *
 * Then the same again and again, each time with one invalidation or CMD_SYNC
 * taken out of the queue, and that has to be noticed. Where it is not, others
 * do the same before the driver returns: with those gone, too, it is noticed.
 * Answers to faults are left to smmuv3_fault_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/auxdomain.h>
#include <sva/fault.h>
#include <sva/sva.h>

#include "base/bits.h"
#include "tests/drivers/smmuv3_bench.h"
#include "tests/support/slow.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)

/* Page n, and where it is in address space m. */
#define VA(n)    (BENCH_FIRMWARE_VA + ((uint64_t)((n)-1) << page_lg2))
#define PA(m, n) (((uint64_t)(m) << 28) + ((uint64_t)(n) << 16))

/* The "address spaces" of paging domains, behind those of processes. */
enum { FAR = 0x800, PRGI = 0x1ab, PAGING = 5, PAGING_LAST = 6 };

static unsigned int page_lg2;

/* What the scenario has in hand. */
struct scene {
	struct bench *b;
	struct bench_mm m[5]; /* from 1 on */
	int bad;              /* line of the first thing that was wrong */
	unsigned int end;     /* commands until there */
};

#define EXPECT(cond)                                                           \
	do {                                                                   \
		if (!(cond) && !s->bad)                                        \
			s->bad = __LINE__;                                     \
	} while (0)

/*
 * In the middle of an update the device sees what was, what will be, or
 * nothing: an address space that was attached, and no half of one. [K1]
 */
static void look(void *arg)
{
	static const ioasid_t pasids[] = { 0, 1, 7, 8 };
	struct scene *s = arg;
	unsigned int i, m;

	if (!(s->b->hw->ops->mmio_read(s->b->hw, SMMU_CR0, 4) & 1))
		return;
	for (i = 0; i < ARRAY_SIZE(pasids); i++) {
		uint64_t pa = bench_dma(s->b, pasids[i], VA(1), R);

		for (m = 1; m <= PAGING_LAST; m++)
			if (pa == PA(m, 1))
				break;
		EXPECT(!pa || m <= PAGING_LAST || (!pasids[i] && pa == VA(1)));
		EXPECT(!s->b->astray);
	}
}

static void start_mm(struct scene *s, unsigned int i)
{
	unsigned int n;

	bench_mm_init(&s->m[i], s->b);
	for (n = 1; n <= 8; n++)
		bench_map(&s->m[i], VA(n), PA(i, n), R | W);
	bench_map(&s->m[i], VA(FAR), PA(i, FAR), R);
}

/* Page n of address space i, or nothing, by either way. */
static bool sees(struct scene *s, ioasid_t pasid, unsigned int n,
		 unsigned int perm, uint64_t pa)
{
	s->b->epoch++;
	return bench_dma(s->b, pasid, VA(n), perm) == pa &&
	       bench_dma_cached(s->b, pasid, VA(n), perm) == pa;
}

static struct iommu_domain *attach(struct scene *s, unsigned int i,
				   ioasid_t pasid)
{
	struct iommu_domain *d = NULL;

	assert_int_equal(iommu_domain_alloc_sva(s->b->f.unit, &s->m[i].mm, &d),
			 0);
	assert_int_equal(iommu_attach_device_pasid(d, s->b->dev, pasid), 0);
	return d;
}

static void detach(struct scene *s, struct iommu_domain *d, ioasid_t pasid)
{
	iommu_detach_device_pasid(d, s->b->dev, pasid);
	EXPECT(sees(s, pasid, 1, R, 0));
	assert_int_equal(iommu_domain_free(d), 0);
}

/* From power on to the first entry: what was there before is not used. */
static void begin(struct scene *s)
{
	EXPECT(!bench_dma(s->b, 7, VA(1), R));
	EXPECT(!bench_dma(s->b, 0, VA(1), R));
	assert_int_equal(bench_add_device(s->b), 0);
	EXPECT(sees(s, 7, 1, R, 0));
	EXPECT(sees(s, 0, 1, R, 0));
}

/* 3.3.1: the stream as a whole: identity, blocked, and back. */
static void switch_domains(struct scene *s)
{
	struct iommu_domain *identity, *blocked;

	assert_int_equal(iommu_domain_alloc(s->b->f.unit, IOMMU_DOMAIN_IDENTITY,
					    &identity),
			 0);
	assert_int_equal(iommu_domain_alloc(s->b->f.unit, IOMMU_DOMAIN_BLOCKED,
					    &blocked),
			 0);
	assert_int_equal(iommu_attach_device(identity, s->b->dev), 0);
	EXPECT(sees(s, 0, 5, R, VA(5)));
	assert_int_equal(iommu_attach_device(blocked, s->b->dev), 0);
	EXPECT(sees(s, 0, 5, R, 0));
	assert_int_equal(iommu_attach_device(identity, s->b->dev), 0);
	EXPECT(sees(s, 0, 5, R, VA(5)));
	assert_int_equal(iommu_detach_device(identity, s->b->dev), 0);
	EXPECT(sees(s, 0, 5, R, 0));
	assert_int_equal(iommu_domain_free(identity), 0);
	assert_int_equal(iommu_domain_free(blocked), 0);
}

/* The address space changes under the device. */
static void change(struct scene *s)
{
	unsigned int n;

	for (n = 1; n <= 8; n++)
		EXPECT(sees(s, 7, n, R | W, PA(1, n)));
	EXPECT(sees(s, 8, 1, R, PA(2, 1)));
	bench_unmap(&s->m[1], VA(1), VA(2));
	EXPECT(sees(s, 7, 1, R, 0));
	EXPECT(sees(s, 7, 2, R | W, PA(1, 2)));
	bench_protect(&s->m[1], VA(2), PA(1, 2), R);
	EXPECT(sees(s, 7, 2, R | W, 0));
	EXPECT(sees(s, 7, 2, R, PA(1, 2)));
	/* Five pages: ranges of 4 and 1, or five commands. */
	bench_unmap(&s->m[1], VA(3), VA(8));
	for (n = 3; n < 8; n++)
		EXPECT(sees(s, 7, n, R, 0));
	EXPECT(sees(s, 7, 8, R | W, PA(1, 8)));
	EXPECT(sees(s, 7, FAR, R, PA(1, FAR)));
	bench_unmap(&s->m[1], 0, UINT64_MAX);
	EXPECT(sees(s, 7, 8, R, 0));
	EXPECT(sees(s, 7, FAR, R, 0));
	EXPECT(sees(s, 8, 1, R, PA(2, 1)));
	/* Mapped again: nothing that was not there is kept. */
	bench_map(&s->m[1], VA(1), PA(1, 1), R | W);
	EXPECT(sees(s, 7, 1, R, PA(1, 1)));
}

/* A page that is not there is made, and the device told. */
static void fault(struct scene *s)
{
	struct hw_page_request req = {
		.requester = BENCH_SID,
		.pasid_valid = true,
		.pasid = 0,
		.addr = VA(0x90),
		.perm = R,
		.prgi = PRGI,
		.last = true,
	};
	struct iommu_sva *sva;
	struct bench_mm *m = &s->m[4];
	struct iommu_hw_stats before, after;
	unsigned int resumes;

	start_mm(s, 4);
	EXPECT(sees(s, 1, 1, R, 0));
	assert_int_equal(
		iommu_dev_enable_feature(s->b->dev, IOMMU_DEV_FEAT_SVA), 0);
	assert_int_equal(iommu_sva_bind(s->b->dev, &m->mm, NULL, &sva), 0);
	req.pasid = iommu_sva_get_pasid(sva);
	EXPECT(req.pasid == 1);
	EXPECT(sees(s, req.pasid, 1, R, PA(4, 1)));
	m->faults_work = true;
	resumes = s->b->resume_count;
	if (s->b->pcie) {
		EXPECT(bench_dma_cached(s->b, req.pasid, VA(0x90), R) == 0);
		s->b->hw->ops->page_request(s->b->hw, &req);
		bench_serve(s->b);
		EXPECT(s->b->prg_count == 1 &&
		       s->b->prg.code == HW_PRG_SUCCESS &&
		       s->b->prg.prgi == PRGI);
		EXPECT(sees(s, req.pasid, 0x90, R, VA(0x90)));
	} else {
		EXPECT(bench_dma(s->b, req.pasid, VA(0x90), R) == VA(0x90));
		EXPECT(s->b->resume_count == resumes + 1);
	}
	m->faults_work = false;
	/* The process exits while it is bound. */
	iommu_mm_put_users(&m->mm);
	EXPECT(m->exited);
	/* Its tables may be freed. Where S is forced, it cannot be silent. */
	s->b->given_back = m->desc.root;
	s->b->hw->ops->stats(s->b->hw, &before);
	EXPECT(sees(s, req.pasid, 1, R, 0));
	EXPECT(sees(s, req.pasid, 0x90, R, 0));
	s->b->hw->ops->stats(s->b->hw, &after);
	EXPECT(after.events == before.events || s->b->stall);
	EXPECT(!s->b->astray);
	s->b->given_back = 0;
	iommu_sva_unbind(sva);
	/* It is quiet until then, and reported from then on. [R6] */
	s->b->epoch++;
	s->b->hw->ops->stats(s->b->hw, &before);
	EXPECT(bench_dma(s->b, req.pasid, VA(1), R) == 0);
	s->b->hw->ops->stats(s->b->hw, &after);
	EXPECT(after.events == before.events + 1);
	EXPECT(sees(s, req.pasid, 1, R, 0));
	assert_int_equal(
		iommu_dev_disable_feature(s->b->dev, IOMMU_DEV_FEAT_SVA), 0);
}

/* Pages [first, last] of paging domain i. */
static void map(struct iommu_domain *d, unsigned int i, unsigned int first,
		unsigned int last)
{
	unsigned int n;

	for (n = first; n <= last; n++)
		assert_int_equal(iommu_map(d, VA(n), PA(i, n),
					   (uint64_t)1 << page_lg2, R | W),
				 0);
}

static void unmap(struct iommu_domain *d, unsigned int first, unsigned int last)
{
	uint64_t bytes = 0, size = VA(last + 1) - VA(first);

	assert_int_equal(iommu_unmap(d, VA(first), size, &bytes), 0);
	assert_int_equal(bytes, size);
}

static void set(struct scene *s, struct iommu_domain *d, ioasid_t pasid)
{
	assert_int_equal(pasid ? iommu_attach_device_pasid(d, s->b->dev,
							   pasid) :
				 iommu_attach_device(d, s->b->dev),
			 0);
}

static void clear(struct scene *s, struct iommu_domain *d, ioasid_t pasid)
{
	if (pasid)
		iommu_detach_device_pasid(d, s->b->dev, pasid);
	else
		assert_int_equal(iommu_detach_device(d, s->b->dev), 0);
}

/*
 * The second smallest size. Small pages where it will be: their table goes, and
 * the SMMU must not be in it when it does. Then out of its middle, in use.
 */
static void blocks(struct scene *s, struct iommu_domain *d, ioasid_t pasid)
{
	uint64_t sizes = iommu_domain_page_sizes(d), bytes;
	uint64_t big = (sizes & (sizes - 1)) & -(sizes & (sizes - 1));
	uint64_t pa = 16 * big, page = (uint64_t)1 << page_lg2;

	assert_int_equal(iommu_map(d, big, pa, 2 * page, R), 0);
	EXPECT(bench_dma(s->b, pasid, big + page, R) == pa + page);
	assert_int_equal(iommu_unmap(d, big, 2 * page, &bytes), 0);
	EXPECT(bench_dma(s->b, pasid, big + page, R) == 0);
	assert_int_equal(iommu_map(d, big, pa, big, R), 0);
	EXPECT(bench_dma(s->b, pasid, big + page, R) == pa + page);
	EXPECT(bench_dma_cached(s->b, pasid, big + page, R) == pa + page);
	assert_int_equal(iommu_unmap(d, big + page, page, &bytes), 0);
	assert_int_equal(bytes, page);
	s->b->epoch++;
	EXPECT(bench_dma(s->b, pasid, big, R) == pa);
	EXPECT(bench_dma(s->b, pasid, big + page, R) == 0);
	EXPECT(bench_dma_cached(s->b, pasid, big + page, R) == 0);
	EXPECT(bench_dma(s->b, pasid, big + 2 * page, R) == pa + 2 * page);
	EXPECT(!s->b->astray);
}

/* A table of the driver's, on a PASID and without. [A6] [R9] [R11] [E5] */
static void paging(struct scene *s, ioasid_t pasid)
{
	struct iommu_domain *d, *other;
	unsigned int n;

	assert_int_equal(
		iommu_domain_alloc(s->b->f.unit, IOMMU_DOMAIN_PAGING, &d), 0);
	assert_int_equal(iommu_domain_alloc(s->b->f.unit, IOMMU_DOMAIN_PAGING,
					    &other),
			 0);
	map(d, PAGING, 1, 4);
	map(other, PAGING_LAST, 1, 1);
	set(s, d, pasid);
	EXPECT(sees(s, pasid, 1, R | W, PA(PAGING, 1)));
	for (n = 2; n <= 4; n++)
		EXPECT(sees(s, pasid, n, R | W, PA(PAGING, n)));
	EXPECT(sees(s, pasid, 5, R, 0));
	map(d, PAGING, 5, 5);
	EXPECT(sees(s, pasid, 5, R, PA(PAGING, 5)));
	unmap(d, 1, 1);
	EXPECT(sees(s, pasid, 1, R, 0));
	EXPECT(sees(s, pasid, 2, R, PA(PAGING, 2)));
	unmap(d, 2, 4);
	for (n = 2; n <= 4; n++)
		EXPECT(sees(s, pasid, n, R, 0));
	blocks(s, d, pasid);
	/* Away, and meanwhile nobody is told of an unmap. */
	clear(s, d, pasid);
	EXPECT(sees(s, pasid, 5, R, 0));
	unmap(d, 5, 5);
	set(s, d, pasid);
	EXPECT(sees(s, pasid, 5, R, 0));
	map(d, PAGING, 1, 1);
	EXPECT(sees(s, pasid, 1, R, PA(PAGING, 1)));
	if (pasid) {
		clear(s, d, pasid);
		set(s, other, pasid);
	} else {
		set(s, other, pasid);
		EXPECT(sees(s, pasid, 1, R, PA(PAGING_LAST, 1)));
		/* What it replaced tells nobody any more. */
		unmap(d, 1, 1);
	}
	EXPECT(sees(s, pasid, 1, R, PA(PAGING_LAST, 1)));
	clear(s, other, pasid);
	EXPECT(sees(s, pasid, 1, R, 0));
	assert_int_equal(iommu_domain_free(d), 0);
	assert_int_equal(iommu_domain_free(other), 0);
}

/*
 * A context of the device, beside its own domain, by S2's usage. Twice, and the
 * second time with the ASID and the PASID of the first. [E1] [E3] [E4] [E5] [R13]
 */
static void auxiliary(struct scene *s)
{
	struct iommu_device *dev = s->b->dev;
	struct iommu_domain *parent, *d;
	unsigned int i;

	assert_int_equal(iommu_domain_alloc(s->b->f.unit, IOMMU_DOMAIN_PAGING,
					    &parent),
			 0);
	map(parent, PAGING, 1, 2);
	set(s, parent, IOMMU_NO_PASID);
	assert_int_equal(iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX), 0);
	for (i = 0; i < 2; i++) {
		int pasid;

		assert_int_equal(iommu_domain_alloc(s->b->f.unit,
						    IOMMU_DOMAIN_PAGING, &d),
				 0);
		assert_int_equal(iommu_aux_attach_device(d, dev), 0);
		map(d, PAGING_LAST, 1 + i, 3);
		pasid = iommu_aux_get_pasid(d, dev);
		assert_int_equal(pasid, 1);
		EXPECT(sees(s, 1, 1, R, i ? 0 : PA(PAGING_LAST, 1)));
		EXPECT(sees(s, 1, 2, R, PA(PAGING_LAST, 2)));
		EXPECT(sees(s, 0, 2, R, PA(PAGING, 2)));
		unmap(d, 2, 2);
		EXPECT(sees(s, 1, 2, R, 0));
		EXPECT(sees(s, 1, 3, R, PA(PAGING_LAST, 3)));
		EXPECT(sees(s, 0, 2, R, PA(PAGING, 2)));
		assert_int_equal(iommu_dev_disable_feature(dev,
							   IOMMU_DEV_FEAT_AUX),
				 -EBUSY);
		assert_int_equal(iommu_domain_free(parent), -EBUSY);
		iommu_aux_detach_device(d, dev);
		EXPECT(sees(s, 1, 3, R, 0));
		EXPECT(sees(s, 0, 1, R, PA(PAGING, 1)));
		assert_int_equal(iommu_domain_free(d), 0);
	}
	assert_int_equal(iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX), 0);
	clear(s, parent, IOMMU_NO_PASID);
	EXPECT(sees(s, 0, 1, R, 0));
	assert_int_equal(iommu_domain_free(parent), 0);
}

static void run(struct scene *s)
{
	struct iommu_domain *d1, *d2;

	assert_int_equal(bench_probe(s->b), 0);
	begin(s);
	start_mm(s, 1);
	start_mm(s, 2);
	start_mm(s, 3);
	EXPECT(sees(s, 7, 1, R, 0));
	d1 = attach(s, 1, 7);
	EXPECT(sees(s, 7, 1, R, PA(1, 1)));
	/* Its neighbour in the table was looked at before. */
	EXPECT(sees(s, 8, 1, R, 0));
	d2 = attach(s, 2, 8);
	change(s);
	/* Away for a while, in which the address space changes. */
	iommu_detach_device_pasid(d1, s->b->dev, 7);
	EXPECT(sees(s, 7, 1, R, 0));
	bench_unmap(&s->m[1], VA(1), VA(2));
	assert_int_equal(iommu_attach_device_pasid(d1, s->b->dev, 7), 0);
	EXPECT(sees(s, 7, 1, R, 0));
	bench_map(&s->m[1], VA(1), PA(1, 1), R | W);
	EXPECT(sees(s, 7, 1, R, PA(1, 1)));
	/* The same PASID, another address space, and another again. */
	detach(s, d1, 7);
	EXPECT(sees(s, 7, 1, R, 0));
	d1 = attach(s, 2, 7);
	EXPECT(sees(s, 7, 1, R, PA(2, 1)));
	detach(s, d1, 7);
	detach(s, d2, 8);
	EXPECT(sees(s, 7, 1, R, 0));
	EXPECT(sees(s, 8, 1, R, 0));
	/* Two at a time: the numbers of both are given away again. */
	d1 = attach(s, 3, 7);
	d2 = attach(s, 1, 8);
	EXPECT(sees(s, 7, 1, R, PA(3, 1)));
	EXPECT(sees(s, 8, 1, R, PA(1, 1)));
	detach(s, d1, 7);
	detach(s, d2, 8);
	switch_domains(s);
	paging(s, 0);
	paging(s, 8);
	auxiliary(s);
	/* Whoever gets the number of an address space gets nothing of it. */
	d1 = attach(s, 3, 8);
	EXPECT(sees(s, 8, 1, R, PA(3, 1)));
	detach(s, d1, 8);
	d1 = attach(s, 3, 8);
	EXPECT(sees(s, 8, 1, R, PA(3, 1)));
	detach(s, d1, 8);
	EXPECT(sees(s, 8, 1, R, 0));
	fault(s);
	/* The device goes and comes. */
	bench_remove_device(s->b);
	EXPECT(!bench_dma(s->b, BENCH_UNUSED_SSID, VA(1), R));
	EXPECT(!s->b->astray);
	EXPECT(!bench_dma(s->b, 7, VA(1), R));
	EXPECT(!bench_dma(s->b, 0, VA(1), R));
	assert_int_equal(bench_add_device(s->b), 0);
	d1 = attach(s, 1, 7);
	EXPECT(sees(s, 7, 1, R, PA(1, 1)));
	detach(s, d1, 7);
	/* Not counted: whoever comes next sees nothing of those before. */
	s->end = s->b->count;
	d1 = attach(s, 3, 7);
	d2 = attach(s, 2, 8);
	EXPECT(sees(s, 7, 1, R, PA(3, 1)));
	EXPECT(sees(s, 8, 1, R, PA(2, 1)));
	detach(s, d1, 7);
	detach(s, d2, 8);
	EXPECT(!s->b->stalled);
}

/* What came of it. */
struct outcome {
	int bad;
	unsigned int count;
	struct smmu_cmd log[BENCH_LOG];
	unsigned int epoch[BENCH_LOG];
	bool named[BENCH_LOG]; /* by any device */
};

static void play(enum bench_smmu smmu, enum bench_device device,
		 enum hw_personality personality, const bool *drop,
		 struct outcome *ret)
{
	struct scene *s = calloc(1, sizeof(*s));
	unsigned int i;

	assert_non_null(s);
	s->b = bench_make(smmu, device, personality);
	s->b->drop = drop;
	page_lg2 = s->b->granule_lg2;
	s->b->look = look;
	s->b->look_arg = s;
	run(s);
	s->b->look = NULL;
	ret->bad = s->bad;
	ret->count = s->end;
	memcpy(ret->log, s->b->log, sizeof(ret->log));
	memcpy(ret->epoch, s->b->log_epoch, sizeof(ret->epoch));
	for (i = 0; i < ret->count; i++)
		ret->named[i] |= s->b->log_named[i] != 0;
	for (i = 1; i < 4; i++)
		iommu_mm_put_users(&s->m[i].mm);
	bench_free(s->b);
	free(s);
}

static struct outcome whole, part;

/* [R8] [R9] [R10] [K1] [K5] [K6] [L6] [L9]: on every SMMU. */
static void test_drop_nothing_shows_nothing_stale(void **state)
{
	unsigned int smmu, device, p;

	(void)state;
	for (smmu = 0; smmu < BENCH_SMMUS; smmu++)
		for (device = 0; device < BENCH_DEVICES; device++)
			for (p = 0; p < 2; p++) {
				play(smmu, device, p ? HW_EAGER : HW_STRICT,
				     NULL, &whole);
				if (whole.bad)
					fail_msg("SMMU %u, device %u, "
						 "personality %u: line %d",
						 smmu, device, p, whole.bad);
				assert_true(whole.count > 40);
			}
}

static bool noticed(enum bench_smmu smmu, const bool *drop)
{
	unsigned int device;

	for (device = 0; device < BENCH_DEVICES; device++) {
		play(smmu, device, HW_STRICT, drop, &part);
		if (part.bad)
			return true;
	}
	return false;
}

static unsigned int opcode(unsigned int i)
{
	return (unsigned int)FIELD_GET(SMMU_CMD_OPCODE, &whole.log[i]);
}

static bool is_sync(unsigned int i)
{
	return opcode(i) == SMMU_OP_SYNC;
}

/*
 * Both are CMD_SYNC, or name the same stream and substream, or ASID. Or the STE
 * and the CD of what has no PASID, of which either keeps it out.
 */
static bool alike(unsigned int i, unsigned int j)
{
	uint64_t a = whole.log[i].dw[0], b = whole.log[j].dw[0];

	if (opcode(i) == SMMU_OP_CFGI_STE && opcode(j) == SMMU_OP_CFGI_CD)
		return a >> 12 == b >> 12;
	return (is_sync(i) && is_sync(j)) ||
	       (opcode(i) == opcode(j) && a >> 12 == b >> 12);
}

/*
 * The CD of what has no PASID, when its STE changes, too: before that, or after
 * it, nobody comes by it, and CFGI_STE takes the CDs along (4.3.1).
 */
static bool out_of_reach(unsigned int i)
{
	unsigned int j;

	if (FIELD_GET(SMMU_CMD_CFGI_SSID, &whole.log[i]))
		return false;
	for (j = 0; j < whole.count; j++)
		if (opcode(j) == SMMU_OP_CFGI_STE &&
		    whole.epoch[j] == whole.epoch[i])
			return true;
	return false;
}

/*
 * An ATC invalidation of what the device, whichever it was, did not have; one
 * of the TLB of EL2, of which no stream is; a CD that is out of reach; and a
 * CMD_SYNC behind nothing but those.
 */
static bool without_effect(unsigned int i)
{
	unsigned int j;

	if (opcode(i) == SMMU_OP_ATC_INV)
		return !whole.named[i];
	if (opcode(i) == SMMU_OP_TLBI_EL2_ALL)
		return true;
	if (opcode(i) == SMMU_OP_CFGI_CD)
		return out_of_reach(i);
	if (!is_sync(i))
		return false;
	for (j = i; j && !is_sync(j - 1); j--)
		if (opcode(j - 1) != SMMU_OP_PRI_RESP &&
		    opcode(j - 1) != SMMU_OP_RESUME && !without_effect(j - 1))
			return false;
	return true;
}

/*
 * Others of its kind do what it would have done: with them gone, too, it is
 * noticed. First those of the same call of the driver, or rather until the
 * device looks for itself; look() was there all the time, and saw nothing
 * wrong. Then those before it, and the one after it, that are not noticed
 * alone either.
 */
static bool covered(enum bench_smmu smmu, unsigned int i, const bool *alone)
{
	bool drop[BENCH_LOG] = { [0] = false };
	unsigned int j, n = 0;

	drop[i] = true;
	for (j = 0; j < whole.count; j++)
		if (j != i && alike(i, j) && whole.epoch[j] == whole.epoch[i] &&
		    (j > i || !alone[j])) {
			drop[j] = true;
			n++;
		}
	if (n && noticed(smmu, drop))
		return true;
	for (n = 0, j = i; j-- && n < 8;) {
		if (drop[j] || alone[j] || !alike(i, j))
			continue;
		drop[j] = true;
		n++;
		if (noticed(smmu, drop))
			return true;
	}
	for (j = i + 1; j < whole.count; j++)
		if (alike(i, j) && !drop[j] && !alone[j])
			break;
	if (j == whole.count)
		return false;
	drop[j] = true;
	return noticed(smmu, drop);
}

static void drop_each(enum bench_smmu smmu)
{
	unsigned int i, count = 0, together = 0, vain = 0, seen = 0, bad = 0;
	bool drop[BENCH_LOG] = { [0] = false };
	bool alone[BENCH_LOG] = { [0] = false };

	memset(&whole, 0, sizeof(whole));
	for (i = 0; i < BENCH_DEVICES; i++) {
		play(smmu, i, HW_STRICT, NULL, &whole);
		assert_int_equal(whole.bad, 0);
		/* The numbers mean the same, whatever the device. */
		if (i)
			assert_int_equal(whole.count, count);
		count = whole.count;
	}
	for (i = 0; i < whole.count; i++) {
		drop[i] = true;
		alone[i] = noticed(smmu, drop);
		seen += alone[i];
		drop[i] = false;
	}
	for (i = 0; i < whole.count; i++) {
		if (alone[i])
			continue;
		if (without_effect(i)) {
			vain++;
			continue;
		}
		if (covered(smmu, i, alone)) {
			together++;
			continue;
		}
		bad++;
		print_message("%u: %#04x %016llx: not noticed\n", i, opcode(i),
			      (unsigned long long)whole.log[i].dw[0]);
	}
	print_message("SMMU %u: %u commands: %u noticed alone, %u with others "
		      "that do the same, %u of no effect\n",
		      smmu, whole.count, seen, together, vain);
	if (bad)
		fail_msg("SMMU %u: %u", smmu, bad);
}

/* One thread, some ten thousand lives: a sanitizer sees all in those of one. */
static void test_drop_any_command_is_noticed(void **state)
{
	unsigned int smmu;

	(void)state;
	for (smmu = 0; smmu < (SLOW ? 1 : BENCH_SMMUS); smmu++)
		drop_each(smmu);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop_nothing_shows_nothing_stale),
		cmocka_unit_test(test_drop_any_command_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
