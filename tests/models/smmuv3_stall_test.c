/* SPDX-License-Identifier: MIT */
/*
 * The stall model: 3.12.2, 4.7.1, 4.7.2, 5.5, 7.2.1. Bits are numbered here
 * again. The golden records are the negative control of the fields: a wrong
 * STAG, Stall or address does not compare.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include <sva/types.h>

#include "tests/models/smmuv3_fixture.h"

enum {
	BOTH = 0,
	FORCED = 2,
	ROOM = 64, /* the model's own limit */
	OTHER_SID = 0x22,
	EVT_BAD_STE = 0x04,
	EVT_BAD_CD = 0x0a,
	EVT_TRANSLATION = 0x10,
	EVT_PERMISSION = 0x13,
};

#define EVT1_STALL (UINT64_C(1) << 31)
#define EVT1_PNU   (UINT64_C(1) << 33)
#define EVT1_RNW   (UINT64_C(1) << 35)
#define EVT1_IN    (UINT64_C(2) << 40)

static void make_cfg(struct smmuv3_hw_cfg *cfg, uint32_t model, uint32_t max)
{
	smmuv3_hw_cfg_default(cfg);
	cfg->idr[0] &= ~(UINT32_C(3) << 24);
	cfg->idr[0] |= model << 24;
	cfg->idr[5] |= max << 16;
}

static void start(struct fx *fx, uint32_t model, uint32_t max)
{
	struct smmuv3_hw_cfg cfg;

	make_cfg(&cfg, model, max);
	fx_start(fx, &cfg);
}

static int access_as(struct fx *fx, uint32_t sid, uint64_t addr, uint32_t perm,
		     uint64_t cookie, struct hw_xlat *ret_xlat)
{
	struct hw_txn txn = {
		.requester = sid, .perm = perm, .addr = addr, .cookie = cookie
	};
	int ret = fx->hw->ops->translate(fx->hw, &fx->port, &txn, ret_xlat);

	assert_int_equal(fx->port.busy & 1, !ret);
	if (!ret)
		hw_port_done(&fx->port);
	return ret;
}

/* A read. */
static int touch(struct fx *fx, uint64_t addr, uint64_t cookie)
{
	struct hw_xlat xlat;

	return access_as(fx, FX_SID, addr, IOMMU_PERM_READ, cookie, &xlat);
}

/* The STAG of the oldest record, which is of a stall. */
static uint64_t stag(struct fx *fx)
{
	uint64_t rec[4];

	assert_true(fx_evt(fx, rec));
	assert_true(rec[1] & EVT1_STALL);
	return rec[1] & 0xffff;
}

static void quiet(struct fx *fx)
{
	uint64_t rec[4];

	assert_false(fx_evt(fx, rec));
}

static void resumed(struct fx *fx, unsigned int count, uint64_t cookie,
		    bool retry)
{
	assert_int_equal(fx->resume_count, count);
	assert_int_equal(fx->resume[count - 1].cookie, cookie);
	assert_int_equal(fx->resume[count - 1].retry, retry);
}

/* [L1] [L2] [U7]: every field, with a substream and without. */
static void test_stall_golden_records(void **state)
{
	static struct fx fx;
	uint64_t rec[4], root, tag;
	struct hw_xlat xlat;

	(void)state;
	start(&fx, BOTH, 8);
	root = fx_stream(&fx, FX_SID, CD_S);
	assert_int_equal(access_as(&fx, FX_SID, 0x12345678, IOMMU_PERM_READ, 77,
				   &xlat),
			 -EINPROGRESS);
	assert_true(fx_evt(&fx, rec));
	tag = rec[1] & 0xffff;
	assert_int_equal(rec[0], (uint64_t)FX_SID << 32 | EVT_TRANSLATION);
	assert_int_equal(rec[1], tag | EVT1_STALL | EVT1_RNW | EVT1_IN);
	assert_int_equal(rec[2], 0x12345678);
	assert_int_equal(rec[3], 0);
	assert_int_equal(fx.resume_count, 0);

	/* A privileged write to what is read-only. */
	fx_map(&fx, root, 0x1000, 0x5000 | PTE_RW | PTE_RO, 3);
	assert_int_equal(access_as(&fx, FX_SID, 0x1008,
				   IOMMU_PERM_WRITE | IOMMU_PERM_PRIV, 78,
				   &xlat),
			 -EINPROGRESS);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0], (uint64_t)FX_SID << 32 | EVT_PERMISSION);
	assert_int_not_equal(rec[1] & 0xffff, tag);
	assert_int_equal(rec[1] & ~UINT64_C(0xffff),
			 EVT1_STALL | EVT1_PNU | EVT1_IN);
	assert_int_equal(rec[2], 0x1008);
	quiet(&fx);
	assert_int_equal(fx_stats(&fx).stalls, 2);
	fx_fini(&fx);
}

/* [U6]: the record of a substream names it; R is ignored. */
static void test_stall_substream_recorded_without_r(void **state)
{
	static struct fx fx;
	uint64_t cdtab, rec[4];

	(void)state;
	start(&fx, FORCED, 8);
	cdtab = fx_alloc(&fx, 64 * 8, 64 * 8);
	fx_cd(&fx, cdtab + 64 * 5, (CD_BASIC | CD_S) & ~CD_R, fx_table(&fx));
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cdtab | STE_CDMAX(3), 0);
	assert_int_equal(fx_access_ssid(&fx, FX_SID, 5, 0x4000, IOMMU_PERM_READ,
					NULL),
			 -EINPROGRESS);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0], (uint64_t)FX_SID << 32 | 5 << 12 | 1 << 11 |
					 EVT_TRANSLATION);
	assert_true(rec[1] & EVT1_STALL);
	fx_fini(&fx);
}

/* [L2] [R2]: retry comes in as new, and finds what was mapped. */
static void test_stall_resume_retries(void **state)
{
	static struct fx fx;
	struct iommu_hw_stats stats;
	struct hw_xlat xlat;
	uint64_t root, tag, next;

	(void)state;
	start(&fx, BOTH, 8);
	root = fx_stream(&fx, FX_SID, CD_S);
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	tag = stag(&fx);
	/* Not there yet: stalls again, as another. */
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, tag);
	resumed(&fx, 1, 1, true);
	assert_int_equal(touch(&fx, 0x4000, 2), -EINPROGRESS);
	next = stag(&fx);
	assert_int_not_equal(tag, next);
	/* The old STAG means nobody any more. */
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, tag);
	assert_int_equal(fx.resume_count, 1);
	fx_map(&fx, root, 0x4000, 0x9000 | PTE_RW, 3);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, next);
	resumed(&fx, 2, 2, true);
	assert_int_equal(
		access_as(&fx, FX_SID, 0x4008, IOMMU_PERM_READ, 3, &xlat), 0);
	assert_int_equal(xlat.pa, 0x9008);
	stats = fx_stats(&fx);
	assert_int_equal(stats.stalls, 2);
	assert_int_equal(stats.resumes, 2);
	fx_fini(&fx);
}

/* 4.7.1: Ab is ignored, as only aborts are there; no match, no effect. */
static void test_stall_resume_terminates_what_it_names(void **state)
{
	static struct fx fx;
	uint64_t tag;

	(void)state;
	start(&fx, BOTH, 8);
	fx_stream(&fx, FX_SID, CD_S);
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	tag = stag(&fx);
	fx_cmd(&fx, CMD_RESUME(OTHER_SID) | CMD_RESUME_ABORT, tag);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_ABORT, tag + 1);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_ABORT, tag ^ 0x8000);
	assert_true(fx_cmdq_idle(&fx));
	assert_int_equal(fx.resume_count, 0);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_ABORT, tag);
	resumed(&fx, 1, 1, false);
	/* Once. */
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_ABORT, tag);
	assert_int_equal(fx.resume_count, 1);
	assert_int_equal(touch(&fx, 0x5000, 2), -EINPROGRESS);
	fx_cmd(&fx, CMD_RESUME(FX_SID), stag(&fx));
	resumed(&fx, 2, 2, false);
	/* A Secure stream is not of this queue. */
	fx_cmd(&fx, CMD_RESUME(FX_SID) | 1 << 10, tag);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 1);
	fx_fini(&fx);
}

/* 3.12.2.1: one record for one page and kind; the others follow its answer. */
static void test_stall_duplicates_have_one_record(void **state)
{
	static struct fx fx;
	struct hw_xlat xlat;
	uint64_t tag;

	(void)state;
	start(&fx, BOTH, 8);
	fx_stream(&fx, FX_SID, CD_S);
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	assert_int_equal(touch(&fx, 0x4800, 2), -EINPROGRESS);
	tag = stag(&fx);
	quiet(&fx);
	/* Another kind, another page. */
	assert_int_equal(access_as(&fx, FX_SID, 0x4000, IOMMU_PERM_WRITE, 3,
				   &xlat),
			 -EINPROGRESS);
	assert_int_equal(touch(&fx, 0x5000, 4), -EINPROGRESS);
	stag(&fx);
	stag(&fx);
	quiet(&fx);
	/* The first is aborted, its like is tried again and then seen. */
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_ABORT, tag);
	assert_int_equal(fx.resume_count, 2);
	assert_true(fx.resume[0].cookie == 1 && !fx.resume[0].retry);
	assert_true(fx.resume[1].cookie == 2 && fx.resume[1].retry);
	assert_int_equal(touch(&fx, 0x4800, 5), -EINPROGRESS);
	assert_int_not_equal(stag(&fx), tag);
	fx_fini(&fx);
}

/* 6.3.6: no more than announced, nor than there is room for. */
static void test_stall_buffer_full_pushes_back(void **state)
{
	static const uint32_t max[] = { 1, 3, ROOM, 1000 };
	static struct fx fx;
	unsigned int i, n, room;
	uint64_t tag;

	(void)state;
	for (i = 0; i < 4; i++) {
		room = max[i] < ROOM ? max[i] : ROOM;
		start(&fx, FORCED, max[i]);
		fx_stream(&fx, FX_SID, CD_S);
		tag = 0;
		for (n = 0; n < room; n++) {
			assert_int_equal(touch(&fx, (n + 1) << 12, n),
					 -EINPROGRESS);
			tag = stag(&fx);
		}
		assert_int_equal(touch(&fx, 0x800000, 99), -EAGAIN);
		assert_int_equal(touch(&fx, 0x1000, 99), -EAGAIN);
		quiet(&fx);
		fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_ABORT, tag);
		resumed(&fx, 1, room - 1, false);
		assert_int_equal(touch(&fx, 0x800000, 99), -EINPROGRESS);
		stag(&fx);
		assert_int_equal(fx_stats(&fx).stalls, room + 1);
		fx_fini(&fx);
	}
}

/* 4.7.2 */
static void test_stall_term_takes_a_stream(void **state)
{
	static struct fx fx;
	struct hw_xlat xlat;
	uint64_t tag;

	(void)state;
	start(&fx, BOTH, 8);
	fx_stream(&fx, FX_SID, CD_S);
	fx_stream(&fx, OTHER_SID, CD_S);
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	assert_int_equal(touch(&fx, 0x4000, 2), -EINPROGRESS);
	assert_int_equal(access_as(&fx, OTHER_SID, 0x4000, IOMMU_PERM_READ, 3,
				   &xlat),
			 -EINPROGRESS);
	tag = stag(&fx);
	fx_cmd(&fx, CMD_STALL_TERM(FX_SID), 0);
	assert_int_equal(fx.resume_count, 2);
	assert_true(!fx.resume[0].retry && !fx.resume[1].retry);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, tag);
	assert_int_equal(fx.resume_count, 2);
	fx_cmd(&fx, CMD_RESUME(OTHER_SID) | CMD_RESUME_RETRY, stag(&fx));
	resumed(&fx, 3, 3, true);
	fx_fini(&fx);
}

/* 6.3.9.6, and a reset: nobody is left behind, or stalls afterwards. */
static void test_stall_disable_and_reset_abort(void **state)
{
	static struct fx fx;
	uint64_t tag;

	(void)state;
	start(&fx, BOTH, 8);
	fx_stream(&fx, FX_SID, CD_S);
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	tag = stag(&fx);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_ATSCHK);
	assert_int_equal(fx.resume_count, 0);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	resumed(&fx, 1, 1, false);
	assert_int_equal(touch(&fx, 0x4000, 2), 0);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	fx_cmd(&fx, CMD_RESUME(FX_SID), tag);
	assert_int_equal(fx.resume_count, 1);
	assert_int_equal(touch(&fx, 0x4000, 3), -EINPROGRESS);
	fx.hw->ops->reset(fx.hw);
	resumed(&fx, 2, 3, false);
	assert_int_equal(fx_stats(&fx).stalls, fx_stats(&fx).resumes);
	fx_fini(&fx);
}

/* 7.2.1, 7.4: kept and told later, without an overflow. */
static void test_stall_full_event_queue_keeps_it(void **state)
{
	static struct fx fx;
	uint64_t rec[4];
	unsigned int i;

	(void)state;
	start(&fx, BOTH, 8);
	fx_stream(&fx, FX_SID, CD_S);
	for (i = 0; i < 1 << FX_EVTQ_LG2; i++)
		assert_int_equal(fx_access(&fx, 0x50, 0x1000, IOMMU_PERM_READ,
					   NULL),
				 -EFAULT);
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	assert_int_equal(fx_r32(&fx, FX_EVENTQ_PROD) >> 31, 0);
	assert_int_equal(touch(&fx, 0x5000, 2), -EINPROGRESS);
	assert_int_equal(fx_stats(&fx).events_lost, 0);
	/* Software cannot know of it. */
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, 64);
	assert_int_equal(fx.resume_count, 0);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] & 0xff, EVT_BAD_STE);
	assert_int_equal(fx.resume_count, 2);
	assert_true(fx.resume[0].retry && fx.resume[1].retry);
	/* Room for one. */
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	assert_int_equal(touch(&fx, 0x5000, 2), -EINPROGRESS);
	for (i = 0; i < (1 << FX_EVTQ_LG2) - 1; i++)
		assert_true(fx_evt(&fx, rec));
	assert_int_equal(fx.resume_count, 3);
	resumed(&fx, 3, 2, true);
	stag(&fx);
	quiet(&fx);
	fx_fini(&fx);
}

/* The queue off, or broken: the same. */
static void test_stall_event_queue_off_or_aborting_keeps_it(void **state)
{
	static struct fx fx;

	(void)state;
	start(&fx, BOTH, 8);
	fx_stream(&fx, FX_SID, CD_S);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_EVENTQEN);
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	assert_int_equal(fx.resume_count, 0);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL);
	resumed(&fx, 1, 1, true);

	fx.abort_first = fx.evtq;
	fx.abort_last = fx.evtq + 31;
	assert_int_equal(touch(&fx, 0x4000, 2), -EINPROGRESS);
	assert_int_equal(fx_r32(&fx, FX_GERROR), 4);
	fx.abort_last = 0;
	fx_r32(&fx, FX_GERROR);
	assert_int_equal(fx.resume_count, 1);
	fx_w32(&fx, FX_GERRORN, 4);
	resumed(&fx, 2, 2, true);
	assert_int_equal(touch(&fx, 0x4000, 3), -EINPROGRESS);
	stag(&fx);
	fx_fini(&fx);
}

/* [K7]: 5.5 */
static void test_stall_illegal_combinations(void **state)
{
	static const struct {
		uint32_t model;
		uint64_t ste1, cd0;
		int ret;
		unsigned int event;
	} rows[] = {
		{ BOTH, 0, CD_S, -EINPROGRESS, EVT_TRANSLATION },
		{ BOTH, 0, 0, -EFAULT, EVT_TRANSLATION },
		{ BOTH, STE1_S1STALLD, 0, -EFAULT, EVT_TRANSLATION },
		{ BOTH, STE1_S1STALLD, CD_S, -EFAULT, EVT_BAD_CD },
		{ FORCED, 0, CD_S, -EINPROGRESS, EVT_TRANSLATION },
		{ FORCED, 0, 0, -EFAULT, EVT_BAD_CD },
		{ FORCED, STE1_S1STALLD, CD_S, -EFAULT, EVT_BAD_STE },
		{ FORCED, STE1_S1STALLD, 0, -EFAULT, EVT_BAD_STE },
	};
	static struct fx fx;
	uint64_t cd, rec[4];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(&fx, rows[i].model, 4);
		cd = fx_alloc(&fx, 64, 64);
		fx_cd(&fx, cd, CD_BASIC | rows[i].cd0, fx_table(&fx));
		fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, rows[i].ste1);
		assert_int_equal(touch(&fx, 0x4000, 1), rows[i].ret);
		assert_true(fx_evt(&fx, rec));
		assert_int_equal(rec[0] & 0xff, rows[i].event);
		assert_int_equal(!!(rec[1] & EVT1_STALL),
				 rows[i].ret == -EINPROGRESS);
		fx_fini(&fx);
	}
}

/* ATS requests are answered, translated transactions pass; others abort. */
static void test_stall_only_translation_faults(void **state)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .perm = IOMMU_PERM_READ,
			      .addr = 0x4000 };
	static struct fx fx;
	struct hw_ats_reply reply;
	struct hw_xlat xlat;
	uint64_t root, rec[4];

	(void)state;
	start(&fx, BOTH, 4);
	root = fx_stream(&fx, FX_SID, CD_S);
	fx.hw->ops->ats_translate(fx.hw, &fx.port, &txn, &reply);
	assert_int_equal(reply.status, HW_ATS_SUCCESS);
	assert_int_equal(reply.xlat.perm, 0);
	quiet(&fx);
	txn.flags = HW_TXN_TRANSLATED;
	txn.addr = UINT64_C(1) << 50;
	assert_int_equal(fx.hw->ops->translate(fx.hw, &fx.port, &txn, &xlat),
			 -EFAULT);
	/* An external abort of a walk. */
	fx.abort_first = root;
	fx.abort_last = root + 7;
	assert_int_equal(touch(&fx, 0x4000, 1), -EFAULT);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] & 0xff, 0x0b);
	assert_int_equal(rec[1] & (EVT1_STALL | 0xffff), 0);
	assert_int_equal(fx_stats(&fx).stalls, 0);
	fx_fini(&fx);
}

/* Who does not announce it does not know the commands. */
static void test_stall_not_announced_is_illegal(void **state)
{
	static const uint64_t cmd[] = { CMD_RESUME(FX_SID),
					CMD_STALL_TERM(FX_SID) };
	static struct fx fx;
	struct smmuv3_hw_cfg cfg;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		fx_start(&fx, NULL);
		fx_cmd(&fx, cmd[i], 0);
		assert_int_equal(fx_r32(&fx, FX_GERROR), 1);
		assert_int_equal(fx_r32(&fx, FX_CMDQ_CONS) >> 24, 1);
		fx_fini(&fx);
	}
	make_cfg(&cfg, BOTH, 0);
	assert_int_equal(smmuv3_hw_size(&cfg), 0);
	make_cfg(&cfg, FORCED, 0);
	assert_int_equal(smmuv3_hw_size(&cfg), 0);
	make_cfg(&cfg, 1, 1);
	assert_int_equal(smmuv3_hw_size(&cfg), 0);
	make_cfg(&cfg, 3, 1);
	assert_int_equal(smmuv3_hw_size(&cfg), 0);
	make_cfg(&cfg, BOTH, 0xffff);
	assert_true(smmuv3_hw_size(&cfg) > 0);
}

/* The callback comes without the lock: it may use the model. */
static void again(struct fx *fx, uint64_t cookie, bool retry)
{
	if (retry)
		assert_int_equal(touch(fx, 0x4000, cookie + 1), -EINPROGRESS);
	assert_int_equal(fx_r32(fx, FX_CR0ACK), FX_CR0_ALL);
}

static void test_stall_resume_may_call_the_model(void **state)
{
	static struct fx fx;

	(void)state;
	start(&fx, BOTH, 1);
	fx_stream(&fx, FX_SID, CD_S);
	fx.on_resume = again;
	assert_int_equal(touch(&fx, 0x4000, 1), -EINPROGRESS);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, stag(&fx));
	resumed(&fx, 1, 1, true);
	fx_cmd(&fx, CMD_RESUME(FX_SID), stag(&fx));
	resumed(&fx, 2, 2, false);
	fx_fini(&fx);
}

/*
 * Devices that fault and software that answers, at once; with fewer places
 * than devices. Every stall has one end. [R2]
 */
enum { THREADS = 3, TURNS = 300 };

struct device {
	struct fx *fx;
	struct hw_port port;
	pthread_t thread;
	uint64_t id;
	_Atomic unsigned int ended;
	unsigned int stalls;
};

static struct device devices[THREADS];

static void ended(struct fx *fx, uint64_t cookie, bool retry)
{
	(void)fx;
	(void)retry;
	atomic_fetch_add(&devices[cookie].ended, 1);
}

static void *run_device(void *arg)
{
	struct device *d = arg;
	struct hw_txn txn = { .requester = FX_SID,
			      .perm = IOMMU_PERM_READ,
			      .addr = 0x100000 + (d->id >> 1) * 0x1000,
			      .cookie = d->id };
	struct hw_xlat xlat;

	while (d->stalls < TURNS) {
		if (d->fx->hw->ops->translate(d->fx->hw, &d->port, &txn,
					      &xlat) != -EINPROGRESS) {
			sched_yield();
			continue;
		}
		d->stalls++;
		while (atomic_load(&d->ended) != d->stalls)
			sched_yield();
	}
	return NULL;
}

static bool all_ended(void)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		if (atomic_load(&devices[i].ended) != TURNS)
			return false;
	return true;
}

static void test_stall_every_one_has_one_end(void **state)
{
	static struct fx fx;
	struct iommu_hw_stats stats;
	uint64_t rec[4], i;

	(void)state;
	start(&fx, FORCED, 2);
	fx_stream(&fx, FX_SID, CD_S);
	fx.on_resume = ended;
	for (i = 0; i < THREADS; i++) {
		devices[i].fx = &fx;
		devices[i].id = i;
		fx.hw->ops->port_add(fx.hw, &devices[i].port);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&devices[i].thread, NULL,
						run_device, &devices[i]),
				 0);
	for (i = 0; !all_ended(); i++) {
		if (fx_evt(&fx, rec))
			fx_cmd(&fx,
			       CMD_RESUME(FX_SID) | (i & 1 ? CMD_RESUME_RETRY :
							     CMD_RESUME_ABORT),
			       rec[1] & 0xffff);
		else
			sched_yield();
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(devices[i].thread, NULL);
		fx.hw->ops->port_remove(fx.hw, &devices[i].port);
	}
	stats = fx_stats(&fx);
	assert_int_equal(stats.stalls, THREADS * TURNS);
	assert_int_equal(stats.resumes, stats.stalls);
	fx_fini(&fx);
}

static int touch_ssid(struct fx *fx, uint32_t ssid, uint64_t addr,
		      uint64_t cookie)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_PASID_VALID,
			      .pasid = ssid,
			      .perm = IOMMU_PERM_READ,
			      .addr = addr,
			      .cookie = cookie };
	struct hw_xlat xlat;

	return fx->hw->ops->translate(fx->hw, &fx->port, &txn, &xlat);
}

/* 3.12.2.1: those that are like it go on with it, and no others. */
static void test_stall_duplicates_of_two_records(void **state)
{
	static const struct {
		uint32_t ssid;
		uint64_t addr;
	} rows[] = {
		{ 1, 0x1000 }, { 1, 0x1008 }, { 2, 0x1000 },
		{ 2, 0x1ff8 }, { 1, 0x5000 }, { 1, 0x5000 },
	};
	uint64_t cds, tags[3], rec[4];
	static struct fx fx;
	unsigned int i;

	(void)state;
	start(&fx, BOTH, 8);
	cds = fx_alloc(&fx, 256, 256);
	for (i = 1; i < 3; i++)
		fx_cd(&fx, cds + i * 64, CD_BASIC | CD_S | CD_ASID(i),
		      fx_table(&fx));
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(2), 0);
	for (i = 0; i < 6; i++)
		assert_int_equal(touch_ssid(&fx, rows[i].ssid, rows[i].addr, i),
				 -EINPROGRESS);
	/* One record for each substream and page. */
	for (i = 0; i < 3; i++)
		tags[i] = stag(&fx);
	assert_false(fx_evt(&fx, rec));
	/* The second: it and its like, 2 and 3. */
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_ABORT, tags[1]);
	assert_int_equal(fx.resume_count, 2);
	assert_int_equal(fx.resume[0].cookie, 2);
	assert_int_equal(fx.resume[0].how, HW_RESUME_ABORT);
	assert_int_equal(fx.resume[1].cookie, 3);
	assert_int_equal(fx.resume[1].how, HW_RESUME_RETRY);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, tags[2]);
	assert_int_equal(fx.resume_count, 4);
	assert_int_equal(fx.resume[2].cookie, 4);
	assert_int_equal(fx.resume[3].cookie, 5);
	/* A place that was of a duplicate is somebody's own now. */
	assert_int_equal(touch_ssid(&fx, 1, 0x9000, 10), -EINPROGRESS);
	assert_int_equal(touch_ssid(&fx, 1, 0xa000, 11), -EINPROGRESS);
	fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, tags[0]);
	assert_int_equal(fx.resume_count, 6);
	assert_int_equal(fx.resume[4].cookie, 0);
	assert_int_equal(fx.resume[5].cookie, 1);
	fx_fini(&fx);
}

/* 4.7.1: terminated as if it had succeeded, where TERM_MODEL allows it. */
static void test_stall_terminated_razwi(void **state)
{
	static const struct {
		bool term_model;
		uint64_t ab;
		enum hw_resume how;
	} rows[] = {
		{ false, 0, HW_RESUME_RAZWI },
		{ false, CMD_RESUME_ABORT, HW_RESUME_ABORT },
		{ true, 0, HW_RESUME_ABORT },
		{ true, CMD_RESUME_ABORT, HW_RESUME_ABORT },
	};
	struct smmuv3_hw_cfg cfg;
	static struct fx fx;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_cfg(&cfg, BOTH, 8);
		if (!rows[i].term_model)
			cfg.idr[0] &= ~(UINT32_C(1) << 26);
		fx_start(&fx, &cfg);
		fx_stream(&fx, FX_SID, CD_S);
		assert_int_equal(touch(&fx, 0x1000, 5), -EINPROGRESS);
		fx_cmd(&fx, CMD_RESUME(FX_SID) | rows[i].ab, stag(&fx));
		assert_int_equal(fx.resume_count, 1);
		assert_int_equal(fx.resume[0].how, rows[i].how);
		/* Ab is ignored by a retry, and CMD_STALL_TERM aborts. */
		assert_int_equal(touch(&fx, 0x1000, 6), -EINPROGRESS);
		fx_cmd(&fx, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY | rows[i].ab,
		       stag(&fx));
		assert_int_equal(fx.resume[1].how, HW_RESUME_RETRY);
		assert_int_equal(touch(&fx, 0x1000, 7), -EINPROGRESS);
		fx_cmd(&fx, CMD_STALL_TERM(FX_SID), 0);
		assert_int_equal(fx.resume[2].how, HW_RESUME_ABORT);
		fx_fini(&fx);
	}
}

/* 5.5: A, R and S of a transaction that is terminated. */
static void test_stall_terminate_ars(void **state)
{
	static const struct {
		uint64_t ar;
		int ret;
		bool recorded;
	} rows[] = {
		{ 0, -ENODATA, false },
		{ CD_R, -ENODATA, true },
		{ CD_A, -EFAULT, false },
		{ CD_A | CD_R, -EFAULT, true },
	};
	struct smmuv3_hw_cfg cfg;
	static struct fx fx;
	uint64_t rec[4];
	unsigned int i;
	uint64_t cd;

	(void)state;
	make_cfg(&cfg, BOTH, 8);
	cfg.idr[0] &= ~(UINT32_C(1) << 26);
	fx_start(&fx, &cfg);
	cd = fx_alloc(&fx, 64, 64);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fx_cd(&fx, cd, (CD_BASIC & ~(CD_A | CD_R)) | rows[i].ar,
		      fx_table(&fx));
		fx_ste(&fx, FX_SID, STE_V | STE_S1 | cd, 0);
		fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
		fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
		assert_int_equal(touch(&fx, 0x1000, 5), rows[i].ret);
		assert_int_equal(fx_evt(&fx, rec), rows[i].recorded);
		/* Another fault than the four aborts, whatever A is. */
		assert_int_equal(access_as(&fx, FX_SID + 1, 0x1000,
					   IOMMU_PERM_READ, 5, NULL),
				 -EFAULT);
		assert_true(fx_evt(&fx, rec));
		assert_int_equal(rec[0] & 0xff, EVT_BAD_STE);
	}
	/* The abort of a walk is none of the four. */
	fx_cd(&fx, cd, CD_BASIC & ~(CD_A | CD_R), FX_MEM_SIZE);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	fx_cmd(&fx, CMD_TLBI_NSNH_ALL, 0);
	assert_int_equal(touch(&fx, 0x1000, 5), -EFAULT);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[0] & 0xff, 0x0b);
	fx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stall_duplicates_of_two_records),
		cmocka_unit_test(test_stall_terminated_razwi),
		cmocka_unit_test(test_stall_terminate_ars),
		cmocka_unit_test(test_stall_golden_records),
		cmocka_unit_test(test_stall_substream_recorded_without_r),
		cmocka_unit_test(test_stall_resume_retries),
		cmocka_unit_test(test_stall_resume_terminates_what_it_names),
		cmocka_unit_test(test_stall_duplicates_have_one_record),
		cmocka_unit_test(test_stall_buffer_full_pushes_back),
		cmocka_unit_test(test_stall_term_takes_a_stream),
		cmocka_unit_test(test_stall_disable_and_reset_abort),
		cmocka_unit_test(test_stall_full_event_queue_keeps_it),
		cmocka_unit_test(
			test_stall_event_queue_off_or_aborting_keeps_it),
		cmocka_unit_test(test_stall_illegal_combinations),
		cmocka_unit_test(test_stall_only_translation_faults),
		cmocka_unit_test(test_stall_not_announced_is_illegal),
		cmocka_unit_test(test_stall_resume_may_call_the_model),
		cmocka_unit_test(test_stall_every_one_has_one_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
