/* SPDX-License-Identifier: MIT */
/*
 * Snapshots: a run that is saved, and goes on in another model, is the run that
 * was never interrupted; bytes that are no snapshot are refused, or do no harm.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"
#include "tests/support/random.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)

enum {
	PAGES = 16,
	STREAMS = 3,
	SSIDS = 4,
	SIZE_MAX_ = 8192,
	STE1_MEV_ = 1 << 19,
};

/* What has a number to be found by in a snapshot: the sum of its bytes. */
static uint64_t fnv(const unsigned char *buf, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	while (n--)
		h = (h ^ *buf++) * UINT64_C(1099511628211);
	return h;
}

static void set_sum(unsigned char *buf, size_t size)
{
	uint64_t h = fnv(buf, size - 8);
	unsigned int i;

	for (i = 0; i < 8; i++)
		buf[size - 8 + i] = (unsigned char)(h >> 8 * i);
}

static uint64_t next(uint64_t *seed)
{
	return next_random(seed) * UINT64_C(0x2545f4914f6cdd1d);
}

/* Stalls, stage 1, substreams, ATS and PRI. */
static void make_cfg(struct smmuv3_hw_cfg *cfg)
{
	smmuv3_hw_cfg_default(cfg);
	cfg->idr[0] &= ~(UINT32_C(3) << 24 | UINT32_C(1) << 26);
	cfg->idr[5] |= 4 << 16;
}

/*
 * A machine with three streams of four substreams, whose pages come and go.
 * Two of them run side by side; all randomness comes from their seeds.
 */
struct run {
	struct fx fx;
	uint64_t seed;
	uint64_t cookie;
	uint64_t cds[STREAMS];
	uint64_t roots[STREAMS][SSIDS];
	uint32_t stags[64];
	unsigned int stag_count;
};

static unsigned int below(struct run *r, unsigned int n)
{
	return (unsigned int)(next(&r->seed) >> 33) % n;
}

static void run_start(struct run *r, uint64_t seed)
{
	struct smmuv3_hw_cfg cfg;
	unsigned int i, k;

	memset(r, 0, sizeof(*r));
	make_cfg(&cfg);
	fx_start(&r->fx, &cfg);
	r->seed = seed;
	for (i = 0; i < STREAMS; i++) {
		r->cds[i] = fx_alloc(&r->fx, SSIDS * 64, SSIDS * 64);
		for (k = 0; k < SSIDS; k++) {
			r->roots[i][k] = fx_table(&r->fx);
			fx_cd(&r->fx, r->cds[i] + k * 64,
			      CD_BASIC | CD_HA | CD_HD | (i == 1 ? CD_S : 0) |
				      CD_ASID(i * SSIDS + k + 1),
			      r->roots[i][k]);
		}
		fx_ste(&r->fx, FX_SID + i,
		       STE_V | STE_S1 | r->cds[i] | STE_CDMAX(2),
		       STE1_S1DSS(2) | STE1_PPAR | STE1_EATS |
			       (i == 2 ? STE1_MEV_ : 0));
	}
}

/* A page appears, goes or changes; software invalidates. */
static void change_page(struct run *r)
{
	unsigned int i = below(r, STREAMS), k = below(r, SSIDS);
	uint64_t va = below(r, PAGES) * UINT64_C(0x1000);
	uint64_t pa = 0x200000 + below(r, 256) * UINT64_C(0x1000);

	fx_map(&r->fx, r->roots[i][k], va,
	       below(r, 3) ? pa | (PTE_RW & ~PTE_AF) | PTE_RO | PTE_DBM : 0, 3);
	fx_cmd(&r->fx, CMD_TLBI_NH_VA(i * SSIDS + k + 1), va | 1);
	fx_cmd(&r->fx, CMD_ATC_INV(FX_SID + i) | 1 << 11 | (uint64_t)k << 12,
	       va);
	fx_sync(&r->fx);
}

static void drain_events(struct run *r)
{
	unsigned int n = below(r, 6);
	uint64_t rec[4];

	while (n-- && fx_evt(&r->fx, rec))
		if ((rec[0] & 0xff) >= 0x10 && rec[1] >> 31 & 1 &&
		    r->stag_count < 64)
			r->stags[r->stag_count++] = (uint32_t)(rec[0] >> 32)
							    << 16 |
						    (uint32_t)(rec[1] & 0xffff);
	if (!below(r, 4))
		fx_w32(&r->fx, FX_EVENTQ_CONS,
		       (fx_r32(&r->fx, FX_EVENTQ_CONS) & 0xfffff) |
			       (fx_r32(&r->fx, FX_EVENTQ_PROD) &
				UINT32_C(0x80000000)));
}

static void answer(struct run *r)
{
	uint32_t stag;

	if (!below(r, 20))
		fx_cmd(&r->fx, CMD_STALL_TERM(FX_SID + 1), 0);
	if (!r->stag_count)
		return;
	stag = r->stags[--r->stag_count];
	fx_cmd(&r->fx, CMD_RESUME(stag >> 16) | (uint64_t)below(r, 4) << 12,
	       stag & 0xffff);
}

static int transact(struct run *r, struct hw_xlat *ret_xlat)
{
	struct hw_txn txn = {
		.requester = FX_SID + below(r, STREAMS),
		.flags = below(r, 2) ? HW_TXN_PASID_VALID : 0,
		.pasid = below(r, SSIDS + 1),
		.perm = (below(r, 2) ? R : W) |
			(below(r, 2) ? (unsigned int)IOMMU_PERM_PRIV : 0),
		.addr = below(r, PAGES * 4096),
	};
	int ret;

	txn.cookie = ++r->cookie;
	ret = r->fx.hw->ops->translate(r->fx.hw, &r->fx.port, &txn, ret_xlat);
	if (!ret)
		hw_port_done(&r->fx.port);
	return ret;
}

static void ask(struct run *r)
{
	struct hw_page_request req = {
		.requester = FX_SID + below(r, STREAMS),
		.pasid_valid = below(r, 2),
		.pasid = below(r, SSIDS),
		.addr = below(r, PAGES) * UINT64_C(0x1000),
		.perm = R,
		.prgi = (uint16_t)below(r, 512),
		.last = below(r, 2),
	};
	uint64_t rec[2];

	r->fx.hw->ops->page_request(r->fx.hw, &req);
	if (!below(r, 3))
		while (fx_pri(&r->fx, rec))
			fx_cmd(&r->fx, CMD_PRI_RESP(req.requester),
			       rec[1] & 0x1ff);
	if (!below(r, 8))
		fx_w32(&r->fx, FX_PRIQ_CONS,
		       fx_r32(&r->fx, FX_PRIQ_PROD) & UINT32_C(0x80000000));
}

/* A bad command, its acknowledgement; an endpoint that is slow. */
static void upset(struct run *r)
{
	uint32_t at = fx_r32(&r->fx, FX_CMDQ_CONS) & 63;

	if (r->fx.inv_ret) {
		bool ok = below(r, 2);
		unsigned int i;

		/* All that are outstanding; others are nobody's. */
		r->fx.inv_ret = 0;
		for (i = 0; i < 1u << FX_CMDQ_LG2; i++)
			r->fx.hw->ops->ats_inv_complete(r->fx.hw,
							r->fx.inv_cookie, ok);
	} else if (below(r, 2)) {
		r->fx.inv_ret = -EINPROGRESS;
		fx_cmd(&r->fx, CMD_ATC_INV(FX_SID), 52);
	} else {
		fx_cmd(&r->fx, 0xff, 0);
	}
	if (fx_r32(&r->fx, FX_CMDQ_CONS) >> 24 == 1)
		fx_put(&r->fx, r->fx.cmdq + at * 16, CMD_SYNC);
	fx_w32(&r->fx, FX_GERRORN, fx_r32(&r->fx, FX_GERROR));
}

/* One step; what a device or software sees of it at once. */
static uint64_t step(struct run *r)
{
	struct hw_xlat x = { .pa = 0 };
	int ret = 0;

	switch (below(r, 12)) {
	case 0:
	case 1:
		change_page(r);
		break;
	case 2:
		drain_events(r);
		break;
	case 3:
		answer(r);
		break;
	case 4:
		ask(r);
		break;
	case 5:
		if (!below(r, 4))
			upset(r);
		break;
	default:
		ret = transact(r, &x);
		break;
	}
	/*
	 * Commands that an endpoint holds up do not pile up: what is changed
	 * is invalidated before it is used, or the caches would show.
	 */
	if (!fx_cmdq_idle(&r->fx))
		upset(r);
	return ((uint64_t)(uint32_t)ret << 32) ^ x.pa ^
	       ((uint64_t)x.perm << 60);
}

static const uint32_t offsets[] = {
	0x20,    0x24, 0x28, 0x2c, 0x44, 0x50, 0x54,    0x60,    0x64,
	0x80,    0x88, 0x90, 0x98, 0x9c, 0xa0, 0xb0,    0xc0,    0x100a8,
	0x100ac, 0xb8, 0xbc, 0xd0, 0xd8, 0xdc, 0x100c8, 0x100cc,
};

/* Everything but the caches and the counters. */
static void same(struct run *a, struct run *b)
{
	unsigned int i;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		if (fx_r32(&a->fx, offsets[i]) != fx_r32(&b->fx, offsets[i]))
			fail_msg("register %#x", offsets[i]);
	assert_memory_equal(a->fx.msi, b->fx.msi, sizeof(a->fx.msi));
	assert_memory_equal(a->fx.wires, b->fx.wires, sizeof(a->fx.wires));
	assert_int_equal(a->fx.inv_count, b->fx.inv_count);
	assert_int_equal(a->fx.resp_count, b->fx.resp_count);
	assert_int_equal(a->fx.resume_count, b->fx.resume_count);
	for (i = 0; i < FX_LOG_MAX; i++) {
		assert_int_equal(a->fx.resume[i].cookie,
				 b->fx.resume[i].cookie);
		assert_int_equal(a->fx.resume[i].how, b->fx.resume[i].how);
		assert_int_equal(a->fx.inv[i].addr, b->fx.inv[i].addr);
		assert_int_equal(a->fx.resp[i].code, b->fx.resp[i].code);
	}
	assert_memory_equal(a->fx.mem, b->fx.mem, 4 << 20);
}

/* Into another model. */
static void migrate(struct run *r)
{
	static unsigned char buf[SIZE_MAX_], again[SIZE_MAX_];
	size_t size = smmuv3_hw_snapshot_size();

	assert_true(size <= sizeof(buf));
	assert_int_equal(smmuv3_hw_save(r->fx.hw, buf, size), 0);
	fx_replace(&r->fx);
	assert_int_equal(smmuv3_hw_restore(r->fx.hw, buf, size), 0);
	assert_int_equal(smmuv3_hw_save(r->fx.hw, again, size), 0);
	assert_memory_equal(buf, again, size);
}

static struct run one, two;

/* @every: steps between two migrations of the second run. */
static void compare(uint64_t seed, unsigned int every)
{
	unsigned int i, stalls = 0, events = 0, faults = 0;

	run_start(&one, seed);
	run_start(&two, seed);
	for (i = 0; i < 4000; i++) {
		uint64_t seen = step(&one);

		if (step(&two) != seen)
			fail_msg("seed %#llx: step %u",
				 (unsigned long long)seed, i);
		stalls += seen >> 32 == (uint32_t)-EINPROGRESS;
		faults += seen >> 32 == (uint32_t)-EFAULT;
		if (i % every == every - 1) {
			migrate(&two);
			same(&one, &two);
		}
	}
	same(&one, &two);
	/* It was something to compare. */
	events = (unsigned int)fx_stats(&one.fx).events;
	assert_true(stalls > 20 && events > 100 && faults > 100);
	assert_true(fx_stats(&one.fx).stalls > 20);
	/* Whoever is stalled still ends. [R2] */
	one.fx.hw->ops->reset(one.fx.hw);
	two.fx.hw->ops->reset(two.fx.hw);
	assert_int_equal(fx_stats(&two.fx).stalls, fx_stats(&two.fx).resumes);
	assert_int_equal(one.fx.resume_count, two.fx.resume_count);
	fx_fini(&one.fx);
	fx_fini(&two.fx);
}

static void test_snapshot_continues_the_run(void **state)
{
	(void)state;
	compare(UINT64_C(0x1234567), 1000);
	compare(UINT64_C(0xfedcba9), 97);
	compare(UINT64_C(0xabcdef1), 7);
}

/* The comparison sees what it is to see: a stalled transaction forgotten. */
static void test_snapshot_comparison_notices(void **state)
{
	struct hw_txn txn = {
		.requester = FX_SID + 1, .perm = R, .addr = 0x5000, .cookie = 99
	};
	struct hw_xlat x;

	(void)state;
	run_start(&one, 1);
	run_start(&two, 1);
	assert_int_equal(one.fx.hw->ops->translate(one.fx.hw, &one.fx.port,
						   &txn, &x),
			 -EINPROGRESS);
	one.fx.hw->ops->reset(one.fx.hw);
	two.fx.hw->ops->reset(two.fx.hw);
	assert_int_not_equal(one.fx.resume_count, two.fx.resume_count);
	fx_fini(&one.fx);
	fx_fini(&two.fx);
}

/* A machine with a bit of everything in its state, and its snapshot. */
static size_t rich(struct run *r, unsigned char *buf)
{
	struct hw_txn txn = { .requester = FX_SID + 1,
			      .flags = HW_TXN_PASID_VALID,
			      .pasid = 1,
			      .perm = W };
	size_t size = smmuv3_hw_snapshot_size();
	struct hw_xlat x;
	unsigned int i;

	run_start(r, 42);
	for (i = 0; i < 300; i++)
		step(r);
	fx_cmd(&r->fx, CMD_STALL_TERM(FX_SID + 1), 0);
	if (r->fx.inv_ret)
		upset(r);
	/* One recorded, one like it, one with another address. */
	fx_w32(&r->fx, FX_EVENTQ_CONS, fx_r32(&r->fx, FX_EVENTQ_PROD));
	for (i = 0; i < 3; i++) {
		txn.addr = UINT64_C(0x10000000) + (i == 2 ? 0x5000 : 0);
		txn.cookie = 1000 + i;
		assert_int_equal(r->fx.hw->ops->translate(r->fx.hw, &r->fx.port,
							  &txn, &x),
				 -EINPROGRESS);
	}
	r->fx.inv_ret = -EINPROGRESS;
	fx_cmd(&r->fx, CMD_ATC_INV(FX_SID), 52);
	assert_int_equal(smmuv3_hw_save(r->fx.hw, buf, size), 0);
	return size;
}

static void test_snapshot_wrong_sizes_and_times_refused(void **state)
{
	static unsigned char buf[SIZE_MAX_];
	size_t size;

	(void)state;
	size = rich(&one, buf);
	assert_int_equal(smmuv3_hw_save(one.fx.hw, buf, size - 1), -EINVAL);
	/* Something is stalled here, and would never end. */
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size), -EBUSY);
	one.fx.hw->ops->reset(one.fx.hw);
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size - 1), -EINVAL);
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size + 1), -EINVAL);
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, 0), -EINVAL);
	/* A transaction is in flight. */
	one.fx.port.busy++;
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size), -EBUSY);
	assert_int_equal(smmuv3_hw_save(one.fx.hw, buf, size), -EBUSY);
	one.fx.port.busy++;
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size), 0);
	fx_fini(&one.fx);
}

/* Of another SMMU. */
static void test_snapshot_other_id_registers_refused(void **state)
{
	static unsigned char buf[SIZE_MAX_];
	struct smmuv3_hw_cfg cfg;
	size_t size;

	(void)state;
	size = rich(&one, buf);
	make_cfg(&cfg);
	cfg.iidr = 1;
	fx_init(&two.fx, &cfg);
	assert_int_equal(smmuv3_hw_restore(two.fx.hw, buf, size), -EINVAL);
	fx_fini(&two.fx);
	make_cfg(&cfg);
	cfg.idr[5] += 1 << 16;
	fx_init(&two.fx, &cfg);
	assert_int_equal(smmuv3_hw_restore(two.fx.hw, buf, size), -EINVAL);
	fx_fini(&two.fx);
	/* Personality and size of the caches are no part of it. */
	make_cfg(&cfg);
	cfg.personality = HW_EAGER;
	cfg.tlb_lg2 = 6;
	fx_init(&two.fx, &cfg);
	assert_int_equal(smmuv3_hw_restore(two.fx.hw, buf, size), 0);
	fx_fini(&two.fx);
	fx_fini(&one.fx);
}

/* Every bit, one at a time: the sum notices, and nothing changes. */
static void test_snapshot_any_flipped_bit_refused(void **state)
{
	static unsigned char buf[SIZE_MAX_], before[SIZE_MAX_],
		after[SIZE_MAX_];
	size_t size, bit;

	(void)state;
	size = rich(&one, buf);
	one.fx.hw->ops->reset(one.fx.hw);
	assert_int_equal(smmuv3_hw_save(one.fx.hw, before, size), 0);
	for (bit = 0; bit < size * 8; bit++) {
		buf[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (smmuv3_hw_restore(one.fx.hw, buf, size) != -EINVAL)
			fail_msg("bit %zu", bit);
		buf[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	assert_int_equal(smmuv3_hw_save(one.fx.hw, after, size), 0);
	assert_memory_equal(before, after, size);
	/* Either of the two is one. */
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, before, size), 0);
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size), 0);
	fx_fini(&one.fx);
}

static void flip(unsigned char *buf, unsigned int word, uint64_t bits)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		buf[word * 8 + i] ^= (unsigned char)(bits >> 8 * i);
}

/* What no model can be like, each by itself. */
static void test_snapshot_impossible_state_refused(void **state)
{
	/* Words of the layout, typed again. */
	enum {
		CR0 = 5,
		CR0ACK,
		CR1,
		STATUSR = 9,
		GBPA,
		IRQ_ACK = 12,
		GERROR,
		CMDQ_CONS = 22,
		FLAGS = 36,
		EVTQ_PROD,
		FIRST = 42, /* recorded */
		ALIKE = FIRST + 5,
		OTHER = ALIKE + 5, /* recorded */
		FOURTH = OTHER + 5,
		FIFTH = FOURTH + 5, /* more than STALL_MAX */
	};
#define BIT_(n) (UINT64_C(1) << (n))
	static const struct {
		const char *what;
		unsigned int word;
		uint64_t flip;
		unsigned int word2;
		uint64_t flip2;
	} rows[] = {
		{ "magic", 0, 1, 0, 0 },
		{ "version", 0, BIT_(56), 0, 0 },
		{ "CR0 and CR0ACK differ", CR0ACK, 1, 0, 0 },
		{ "reserved bit of CR0", CR0, BIT_(5), CR0ACK, BIT_(5) },
		{ "reserved bit of CR1", CR1, BIT_(12), 0, 0 },
		{ "STATUSR", STATUSR, 1, 0, 0 },
		{ "GBPA.UPDATE", GBPA, BIT_(31), 0, 0 },
		{ "IRQ_CTRLACK", IRQ_ACK, 1, 0, 0 },
		{ "reserved bit of GERROR", GERROR, 2, 0, 0 },
		{ "GERROR.DPT_ERR", GERROR, BIT_(10), 0, 0 },
		{ "upper half of a register", GERROR, BIT_(32), 0, 0 },
		{ "CMDQ_CONS.ERR of 4", CMDQ_CONS, BIT_(26), 0, 0 },
		{ "reserved bit of CMDQ_CONS", CMDQ_CONS, BIT_(20), 0, 0 },
		{ "flag", FLAGS, 8, 0, 0 },
		{ "index of the last record", EVTQ_PROD, BIT_(20), 0, 0 },
		{ "last record of none", FLAGS, 2, 0, 0 },
		{ "index of no record", FLAGS, 2, EVTQ_PROD + 1, 1 },
		{ "stalled, SMMUEN 0", CR0, 1, CR0ACK, 1 },
		{ "stalled, service failure", FLAGS, 4, 0, 0 },
		{ "state that ends soon", FIRST, 3 ^ 4, 0, 0 },
		{ "no state", FIRST, 3 ^ 5, 0, 0 },
		{ "free, but somebody's", FIRST, 3, 0, 0 },
		{ "STAG of another place", FIRST, BIT_(16), 0, 0 },
		{ "recorded, and like another", FIRST, BIT_(32), 0, 0 },
		{ "like one that is not", ALIKE, BIT_(32), 0, 0 },
		{ "like an earlier one there", ALIKE, BIT_(38), 0, 0 },
		{ "like one without a record", FIRST, 3 ^ 1, 0, 0 },
		{ "like one beyond STAGs", ALIKE, BIT_(48), 0, 0 },
		{ "21 bits of substream", FIRST + 1, BIT_(52), 0, 0 },
		{ "reserved bit of a request", FIRST + 2, BIT_(5), 0, 0 },
		{ "reserved permission", FIRST + 2, BIT_(11), 0, 0 },
		{ "free, with an address", FOURTH + 3, 1, 0, 0 },
		{ "free, like another", FOURTH, BIT_(32), 0, 0 },
		{ "too many", FIFTH, 3 | BIT_(18), FIFTH + 1, FX_SID },
		{ "free beyond, STAG elsewhere", FIFTH, BIT_(16), 0, 0 },
	};
	static unsigned char good[SIZE_MAX_], buf[SIZE_MAX_];
	unsigned int i;
	size_t size;

	(void)state;
	size = rich(&one, good);
	one.fx.hw->ops->reset(one.fx.hw);
	/* The layout is what the rows take it for. */
	assert_int_equal(good[FIRST * 8] + (good[ALIKE * 8] << 4) +
				 (good[OTHER * 8] << 8),
			 0x323);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(buf, good, size);
		flip(buf, rows[i].word, rows[i].flip);
		flip(buf, rows[i].word2, rows[i].flip2);
		set_sum(buf, size);
		if (smmuv3_hw_restore(one.fx.hw, buf, size) != -EINVAL)
			fail_msg("%s", rows[i].what);
	}
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, good, size), 0);
	fx_fini(&one.fx);
}

/* An SMMU without ATS waits for no endpoint. */
static void test_snapshot_without_ats(void **state)
{
	static unsigned char buf[SIZE_MAX_];
	size_t size = smmuv3_hw_snapshot_size();
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[0] &= ~(UINT32_C(1) << 10 | 1 << 16 | 1 << 23);
	fx_init(&one.fx, &cfg);
	assert_int_equal(smmuv3_hw_save(one.fx.hw, buf, size), 0);
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size), 0);
	flip(buf, 35, UINT64_C(1) << 32);
	set_sum(buf, size);
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size), -EINVAL);
	flip(buf, 35, UINT64_C(1) << 32);
	flip(buf, 36, 1);
	set_sum(buf, size);
	assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size), -EINVAL);
	fx_fini(&one.fx);
}

/* A forged one was taken: it is a state like any other. */
static void live_on(struct run *r, const unsigned char *buf, size_t size)
{
	static unsigned char again[SIZE_MAX_];
	unsigned int i;

	assert_int_equal(smmuv3_hw_save(r->fx.hw, again, size), 0);
	assert_memory_equal(buf, again, size);
	for (i = 0; i < 30; i++)
		step(r);
	r->fx.hw->ops->reset(r->fx.hw);
	r->fx.cmd_prod = 0;
	r->fx.inv_ret = 0;
	r->stag_count = 0;
	assert_int_equal(fx_stats(&r->fx).stalls, fx_stats(&r->fx).resumes);
}

/* Flipped bits and random words, with a sum that is right. */
static void test_snapshot_forged_refused_or_harmless(void **state)
{
	static unsigned char good[SIZE_MAX_], buf[SIZE_MAX_];
	unsigned int i, k, taken = 0, refused = 0;
	uint64_t seed = 77;
	size_t size, at;
	int ret;

	(void)state;
	size = rich(&one, good);
	one.fx.hw->ops->reset(one.fx.hw);
	for (i = 0; i < 20000; i++) {
		memcpy(buf, good, size);
		for (k = 0; k <= i % 3; k++) {
			at = next(&seed) % (size - 8);
			if (next(&seed) & 1)
				buf[at] ^=
					(unsigned char)(1 << next(&seed) % 8);
			else
				buf[at] = (unsigned char)next(&seed);
		}
		set_sum(buf, size);
		ret = smmuv3_hw_restore(one.fx.hw, buf, size);
		assert_true(!ret || ret == -EINVAL);
		if (ret) {
			refused++;
			continue;
		}
		taken++;
		live_on(&one, buf, size);
	}
	/* Both happen, or the test looked at one side only. */
	assert_true(taken > 100 && refused > 1000);
	fx_fini(&one.fx);
}

static void test_snapshot_noise_refused(void **state)
{
	static unsigned char buf[SIZE_MAX_];
	size_t size = smmuv3_hw_snapshot_size(), k;
	uint64_t seed = 5;
	unsigned int i;

	(void)state;
	run_start(&one, 9);
	for (i = 0; i < 500; i++) {
		for (k = 0; k < size; k++)
			buf[k] = (unsigned char)next(&seed);
		if (i & 1)
			set_sum(buf, size);
		assert_int_equal(smmuv3_hw_restore(one.fx.hw, buf, size),
				 -EINVAL);
	}
	fx_fini(&one.fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot_continues_the_run),
		cmocka_unit_test(test_snapshot_comparison_notices),
		cmocka_unit_test(test_snapshot_wrong_sizes_and_times_refused),
		cmocka_unit_test(test_snapshot_other_id_registers_refused),
		cmocka_unit_test(test_snapshot_any_flipped_bit_refused),
		cmocka_unit_test(test_snapshot_impossible_state_refused),
		cmocka_unit_test(test_snapshot_without_ats),
		cmocka_unit_test(test_snapshot_forged_refused_or_harmless),
		cmocka_unit_test(test_snapshot_noise_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
