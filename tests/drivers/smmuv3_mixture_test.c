/* SPDX-License-Identifier: MIT */
/*
 * What an SMMU makes of a mixture: each one that smmuv3_write_entry() lets the
 * hardware put together is given to the model, as the entry in memory, and the
 * model is asked what it does with some transactions. It has to do what it
 * does with the old entry, with the new one or, unless the update is hitless,
 * with none. This is no matter of the driver's own idea of used bits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sva/smmuv3_hw.h>

#include "base/bits.h"
#include "drivers/smmuv3/writer.h"
#include "fmt/smmuv3.h"
#include "pgtable/arm_lpae.h"
#include "tests/drivers/smmuv3_kinds.h"
#include "tests/support/testenv.h"

enum {
	WORDS = SMMUV3_ENTRY_WORDS,
	CD_COUNT = 8,
	PROBES = 10,
};

#define VA   UINT64_C(0x1234000)
#define HIGH (UINT64_C(0xffff) << 48)

/* What became of one transaction. */
struct outcome {
	int ret; /* of translate(), or the status of an ATS request */
	uint64_t pa;
	uint32_t perm;
	uint32_t event; /* its number, 0: none */
};

struct behaviour {
	struct outcome of[PROBES];
};

struct lab {
	struct testplat tp;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	struct arm_lpae a, b, high;
	uint64_t (*ste)[WORDS];     /* stream 0 */
	uint64_t (*cdtab_a)[WORDS]; /* CD_COUNT */
	uint64_t (*cdtab_b)[WORDS];
	uint64_t (*evtq)[4];
	uint64_t *s2; /* tables of stage 2, or NULL */
	struct kinds_world world;

	struct smmuv3_writer w;
	le64_atomic *slot;
	bool is_cd;
	uint64_t last[WORDS]; /* as of the last sync */
	struct behaviour from, to, none;
	unsigned int mixtures, strange, gaps;
};

/* There is nothing in the first page. */
static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	(void)ctx;
	if (pa < 4096)
		return -EFAULT;
	*ret_value = le64_load_acquire(le64_at((void *)(uintptr_t)pa));
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	(void)ctx;
	if (pa < 4096)
		return -EFAULT;
	le64_store_release(le64_at((void *)(uintptr_t)pa), value);
	return 0;
}

/* Says yes and changes nothing: what is asked twice is the same twice. */
static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	(void)ctx;
	(void)desired;
	if (pa < 4096)
		return -EFAULT;
	*ret_old = expected;
	return 0;
}

static int bus_invalidate(void *ctx, const struct hw_ats_inv *inv,
			  uint64_t cookie)
{
	(void)ctx;
	(void)inv;
	(void)cookie;
	return 0;
}

static void bus_response(void *ctx, const struct hw_prg_response *resp)
{
	(void)ctx;
	(void)resp;
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	(void)ctx;
	(void)cookie;
	(void)how;
}

static const struct hw_bus bus = {
	.ats_invalidate = bus_invalidate,
	.prg_response = bus_response,
	.resume = bus_resume,
};

static void *pages(size_t size)
{
	void *p = aligned_alloc(65536, align_up(size, 65536));

	assert_non_null(p);
	memset(p, 0, align_up(size, 65536));
	return p;
}

static uint64_t pa_of(const void *p)
{
	return (uintptr_t)p;
}

/* All of the first 2^47 bytes, as they are, in blocks of 1 GiB. */
static void make_stage2(struct lab *l)
{
	unsigned int i;

	l->s2 = pages((256 + 1) * 4096);
	for (i = 0; i < 256; i++)
		l->s2[i] = pa_of(&l->s2[512 * (i + 1)]) | 3;
	for (i = 0; i < 256 * 512; i++)
		l->s2[512 + i] = (uint64_t)i << 30 | 1 << 10 | 3 << 8 | 3 << 6 |
				 0xf << 2 | 1;
}

static void make_table(struct lab *l, struct arm_lpae *t, uint64_t pa)
{
	struct arm_lpae_cfg cfg = { &l->tp.plat, 48, 48, 12, false };

	assert_int_equal(arm_lpae_init(t, &cfg), 0);
	assert_int_equal(
		arm_lpae_set(t, VA, pa, IOMMU_PERM_READ | IOMMU_PERM_WRITE), 0);
}

static void put(uint64_t *words, const struct smmuv3_entry *e)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		le64_store_relaxed(le64_at(&words[i]), e->dw[i]);
}

static void put_cd(uint64_t *words, enum cd_kind kind,
		   const struct kinds_world *w)
{
	struct smmuv3_entry e = kinds_cd(kind, w);

	put(words, &e);
}

/* EL2 for its STRW, stalls; stage 2 if there is one. */
static void make_model(struct lab *l)
{
	struct hw_env env = testenv(&l->tp);
	struct smmuv3_hw_cfg cfg;
	uint32_t s2p = (uint32_t)FIELD_MASK(SMMU_IDR0_S2P);

	env.mem_load64 = env_load64;
	env.mem_store64 = env_store64;
	env.mem_cas64 = env_cas64;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] &= ~(uint32_t)FIELD_MASK(SMMU_IDR0_STALL_MODEL);
	cfg.idr[0] |= (uint32_t)FIELD_MASK(SMMU_IDR0_HYP) | s2p;
	cfg.idr[5] |= (uint32_t)REG_CONST(SMMU_IDR5_STALL_MAX, 8);
	if (!smmuv3_hw_size(&cfg)) {
		print_message("the model has no stage 2\n");
		cfg.idr[0] &= ~s2p;
	} else {
		make_stage2(l);
	}
	l->hw_mem = aligned_alloc(64, align_up(smmuv3_hw_size(&cfg), 64));
	assert_non_null(l->hw_mem);
	assert_int_equal(smmuv3_hw_create(&cfg, &env, &bus, l->hw_mem,
					  smmuv3_hw_size(&cfg), &l->hw),
			 0);
	l->hw->ops->port_add(l->hw, &l->port);
}

static struct lab *make_lab(void)
{
	struct lab *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	testplat_init(&l->tp);
	make_model(l);
	make_table(l, &l->a, 0xa000000);
	make_table(l, &l->b, 0xb000000);
	make_table(l, &l->high, 0xc000000);
	l->ste = pages(4096);
	l->cdtab_a = pages(4096);
	l->cdtab_b = pages(4096);
	l->evtq = pages(4096);
	l->world = (struct kinds_world){
		.cdtab_a = pa_of(l->cdtab_a),
		.cdtab_b = pa_of(l->cdtab_b),
		.ttb_a = arm_lpae_root_pa(&l->a),
		.ttb_b = arm_lpae_root_pa(&l->b),
		.ttb_high = arm_lpae_root_pa(&l->high),
		.ttb_s2 = pa_of(l->s2),
	};
	put_cd(l->cdtab_a[0], CD_SVA, &l->world);
	put_cd(l->cdtab_a[1], CD_SVA_B, &l->world);
	put_cd(l->cdtab_b[0], CD_BOTH, &l->world);
	put_cd(l->cdtab_b[1], CD_SVA, &l->world);
	return l;
}

static void unmake_lab(struct lab *l)
{
	l->hw->ops->port_remove(l->hw, &l->port);
	smmuv3_hw_destroy(l->hw);
	arm_lpae_fini(&l->a);
	arm_lpae_fini(&l->b);
	arm_lpae_fini(&l->high);
	testplat_fini(&l->tp);
	free(l->hw_mem);
	free(l->ste);
	free(l->cdtab_a);
	free(l->cdtab_b);
	free(l->evtq);
	free(l->s2);
	free(l);
}

static void write_reg(struct lab *l, uint32_t reg, unsigned int size,
		      uint64_t value)
{
	l->hw->ops->mmio_write(l->hw, reg, size, value);
}

/* From a cold start, with nothing cached. */
static void start_model(struct lab *l)
{
	l->hw->ops->reset(l->hw);
	write_reg(l, SMMU_CR2, 4, FIELD_MASK(SMMU_CR2_E2H));
	write_reg(l, SMMU_STRTAB_BASE, 8, pa_of(l->ste));
	write_reg(l, SMMU_STRTAB_BASE_CFG, 4, 0); /* linear, one stream */
	write_reg(l, SMMU_EVENTQ_BASE, 8, pa_of(l->evtq) | 4);
	write_reg(l, SMMU_CR0, 4, FIELD_MASK(SMMU_CR0_EVENTQEN));
	write_reg(l, SMMU_CR0, 4,
		  FIELD_MASK(SMMU_CR0_EVENTQEN) | FIELD_MASK(SMMU_CR0_ATSCHK) |
			  FIELD_MASK(SMMU_CR0_SMMUEN));
}

static const struct probe {
	bool ats;
	struct hw_txn txn;
} probes[PROBES] = {
	{ false, { 0, 0, 0, IOMMU_PERM_READ, VA, 0 } },
	{ false, { 0, 0, 0, IOMMU_PERM_WRITE, VA, 0 } },
	{ false, { 0, 0, 0, IOMMU_PERM_READ, HIGH | VA, 0 } },
	{ false, { 0, 0, 0, IOMMU_PERM_READ, VA + 4096, 0 } },
	{ false, { 0, HW_TXN_PASID_VALID, 0, IOMMU_PERM_READ, VA, 0 } },
	{ false, { 0, HW_TXN_PASID_VALID, 1, IOMMU_PERM_READ, VA, 0 } },
	{ false, { 0, HW_TXN_PASID_VALID, 2, IOMMU_PERM_READ, VA, 0 } },
	{ false, { 0, HW_TXN_PASID_VALID, 9, IOMMU_PERM_READ, VA, 0 } },
	{ true, { 0, HW_TXN_PASID_VALID, 1, IOMMU_PERM_READ, VA, 0 } },
	{ false, { 0, HW_TXN_TRANSLATED, 0, IOMMU_PERM_READ, 0xd000000, 0 } },
};

static struct outcome ask(struct lab *l, const struct probe *p)
{
	struct hw_xlat xlat = { 0 };
	struct outcome out = { 0 };

	start_model(l);
	if (p->ats) {
		struct hw_ats_reply reply = { 0 };

		l->hw->ops->ats_translate(l->hw, &l->port, &p->txn, &reply);
		out.ret = (int)reply.status;
		xlat = reply.xlat;
	} else {
		out.ret =
			l->hw->ops->translate(l->hw, &l->port, &p->txn, &xlat);
		if (!out.ret)
			hw_port_done(&l->port);
	}
	out.pa = xlat.pa;
	out.perm = xlat.perm;
	if (l->hw->ops->mmio_read(l->hw, SMMU_EVENTQ_PROD, 4))
		out.event = l->evtq[0][0] & 0xff;
	return out;
}

static struct behaviour watch(struct lab *l)
{
	struct behaviour b;
	unsigned int i;

	memset(&b, 0, sizeof(b));
	for (i = 0; i < PROBES; i++)
		b.of[i] = ask(l, &probes[i]);
	return b;
}

static bool same(const struct behaviour *a, const struct behaviour *b,
		 bool but_ats)
{
	unsigned int i;

	for (i = 0; i < PROBES; i++) {
		const struct outcome *x = &a->of[i], *y = &b->of[i];

		/* EATS may come before or after the rest. */
		if (but_ats &&
		    (probes[i].ats || probes[i].txn.flags & HW_TXN_TRANSLATED))
			continue;
		if (x->ret != y->ret || x->pa != y->pa || x->perm != y->perm ||
		    x->event != y->event)
			return false;
	}
	return true;
}

/* What the hardware reads: the words of l->slot, as given. */
static struct behaviour try_words(struct lab *l, const uint64_t *words)
{
	uint64_t *at = l->is_cd ? l->cdtab_a[0] : l->ste[0];
	struct smmuv3_entry e;

	memcpy(e.dw, words, sizeof(e.dw));
	put(at, &e);
	return watch(l);
}

static void judge(struct lab *l, const uint64_t *words)
{
	struct behaviour b = try_words(l, words);

	l->mixtures++;
	if (same(&b, &l->from, true) || same(&b, &l->to, true))
		return;
	if (same(&b, &l->none, true))
		l->gaps++;
	else
		l->strange++;
}

/* The writer works on an entry of its own, and here is what it stored. */
static int lab_sync(struct smmuv3_writer *w)
{
	struct lab *l = container_of(w, struct lab, w);
	uint64_t now[WORDS], mix[WORDS];
	unsigned int changed = 0, subset, i;

	for (i = 0; i < WORDS; i++) {
		now[i] = le64_load_acquire(&l->slot[i]);
		if (now[i] != l->last[i])
			changed |= 1u << i;
	}
	/* All subsets of the words that changed. */
	for (subset = changed;; subset = (subset - 1) & changed) {
		for (i = 0; i < WORDS; i++)
			mix[i] = subset >> i & 1 ? now[i] : l->last[i];
		judge(l, mix);
		if (!subset)
			break;
	}
	memcpy(l->last, now, sizeof(now));
	return 0;
}

static void run_pair(struct lab *l, const struct smmuv3_entry_kind *kind,
		     const struct smmuv3_entry *a, const struct smmuv3_entry *b)
{
	static const struct smmuv3_entry none = { { 0 } };
	le64_atomic memory[WORDS];
	unsigned int i;

	l->from = try_words(l, a->dw);
	l->to = try_words(l, b->dw);
	l->none = try_words(l, none.dw);
	for (i = 0; i < WORDS; i++)
		le64_store_relaxed(&memory[i], a->dw[i]);
	memcpy(l->last, a->dw, sizeof(l->last));
	l->slot = memory;
	l->w = (struct smmuv3_writer){
		.kind = kind,
		.slots = &l->slot,
		.slot_count = 1,
		.sync = lab_sync,
	};
	assert_int_equal(smmuv3_write_entry(&l->w, b), 0);
}

static bool hitless(const struct smmuv3_entry_kind *kind,
		    const struct smmuv3_entry *a, const struct smmuv3_entry *b)
{
	unsigned int differ = smmuv3_entry_differ(kind, a, b);

	return !(differ & (differ - 1));
}

/* How many behaviours were not those an update may show. */
static unsigned int run_all(struct lab *l, const struct smmuv3_entry_kind *kind)
{
	unsigned int count = l->is_cd ? CD_KINDS : STE_KINDS, i, j;
	unsigned int strange = 0;

	for (i = 0; i < count * count; i++) {
		struct smmuv3_entry e[2];

		for (j = 0; j < 2; j++) {
			unsigned int k = j ? i % count : i / count;

			e[j] = l->is_cd ?
				       kinds_cd((enum cd_kind)k, &l->world) :
				       kinds_ste((enum ste_kind)k, &l->world);
		}
		if (!l->is_cd && !l->s2 &&
		    (i / count >= STE_S2 || i % count >= STE_S2))
			continue;
		l->strange = l->gaps = 0;
		run_pair(l, kind, &e[0], &e[1]);
		strange += l->strange;
		if (hitless(kind, &e[0], &e[1]))
			strange += l->gaps;
	}
	return strange;
}

static void expect(const struct behaviour *b, unsigned int probe, int ret,
		   uint64_t pa, uint32_t event)
{
	assert_int_equal(b->of[probe].ret, ret);
	assert_int_equal(b->of[probe].pa, pa);
	assert_int_equal(b->of[probe].event, event);
}

static void expect_ste(struct lab *l, enum ste_kind kind, unsigned int probe,
		       int ret, uint64_t pa, uint32_t event)
{
	struct smmuv3_entry e = kinds_ste(kind, &l->world);
	struct behaviour b = try_words(l, e.dw);

	expect(&b, probe, ret, pa, event);
}

static void expect_cd(struct lab *l, enum cd_kind kind, unsigned int probe,
		      int ret, uint64_t pa, uint32_t event)
{
	struct smmuv3_entry e = kinds_cd(kind, &l->world);
	struct behaviour b = try_words(l, e.dw);

	expect(&b, probe, ret, pa, event);
}

/* [K1] [K8] [R7] */
static void test_smmuv3_mixture_of_stes_is_one_or_the_other(void **state)
{
	struct lab *l = make_lab();

	(void)state;
	/* The transactions do see a difference. */
	expect_ste(l, STE_NONE, 0, -EFAULT, 0, SMMU_EVT_C_BAD_STE);
	expect_ste(l, STE_ABORT, 0, -EFAULT, 0, 0);
	expect_ste(l, STE_BYPASS, 0, 0, VA, 0);
	expect_ste(l, STE_ONE_CD, 0, 0, 0xa000000, 0);
	expect_ste(l, STE_TERM, 0, -EFAULT, 0, SMMU_EVT_F_STREAM_DISABLED);
	expect_ste(l, STE_TERM, 5, 0, 0xb000000, 0);
	expect_ste(l, STE_OTHER, 5, 0, 0xa000000, 0);
	expect_ste(l, STE_SSID0, 0, 0, 0xa000000, 0);
	expect_ste(l, STE_ATS, 8, HW_ATS_SUCCESS, 0xb000000, 0);
	if (l->s2)
		expect_ste(l, STE_S2, 0, 0, VA, 0);
	assert_int_equal(run_all(l, &smmuv3_ste_kind), 0);
	assert_true(l->mixtures > 300);
	print_message("%u mixtures\n", l->mixtures);
	unmake_lab(l);
}

/* [K2] [K8] [K9] [R7] */
static void test_smmuv3_mixture_of_cds_is_one_or_the_other(void **state)
{
	struct smmuv3_entry one;
	struct lab *l = make_lab();

	(void)state;
	l->is_cd = true;
	one = kinds_ste(STE_ONE_CD, &l->world);
	put(l->ste[0], &one);
	expect_cd(l, CD_NONE, 0, -EFAULT, 0, SMMU_EVT_C_BAD_CD);
	expect_cd(l, CD_SVA, 0, 0, 0xa000000, 0);
	expect_cd(l, CD_SVA_B, 0, 0, 0xb000000, 0);
	expect_cd(l, CD_SVA, 3, -EFAULT, 0, SMMU_EVT_F_TRANSLATION);
	expect_cd(l, CD_SVA_STALL, 3, -EINPROGRESS, 0, SMMU_EVT_F_TRANSLATION);
	expect_cd(l, CD_QUIET, 0, -EFAULT, 0, 0);
	expect_cd(l, CD_HIGH, 2, 0, 0xc000000, 0);
	assert_int_equal(run_all(l, &smmuv3_cd_kind), 0);
	assert_true(l->mixtures > 300);
	print_message("%u mixtures\n", l->mixtures);
	unmake_lab(l);
}

/* Controls: a writer that thinks nobody looks at some of the bits. */
static void blind_ste_used(const struct smmuv3_entry *e,
			   struct smmuv3_entry *ret_used)
{
	smmuv3_ste_kind.used(e, ret_used);
	ret_used->dw[1] &= ~UINT64_C(3); /* S1DSS */
}

static void blind_cd_used(const struct smmuv3_entry *e,
			  struct smmuv3_entry *ret_used)
{
	smmuv3_cd_kind.used(e, ret_used);
	ret_used->dw[1] = 0; /* TTB0 */
}

static void test_smmuv3_mixture_forgotten_bits_are_noticed(void **state)
{
	const struct smmuv3_entry_kind blind_ste = {
		.valid = smmuv3_ste_kind.valid,
		.used = blind_ste_used,
		.safe = smmuv3_ste_kind.safe,
	};
	const struct smmuv3_entry_kind blind_cd = {
		.valid = smmuv3_cd_kind.valid,
		.used = blind_cd_used,
	};
	struct smmuv3_entry one;
	struct lab *l = make_lab();

	(void)state;
	assert_true(run_all(l, &blind_ste) > 0);
	l->is_cd = true;
	one = kinds_ste(STE_ONE_CD, &l->world);
	put(l->ste[0], &one);
	assert_true(run_all(l, &blind_cd) > 0);
	unmake_lab(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_smmuv3_mixture_of_stes_is_one_or_the_other),
		cmocka_unit_test(
			test_smmuv3_mixture_of_cds_is_one_or_the_other),
		cmocka_unit_test(
			test_smmuv3_mixture_forgotten_bits_are_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
