/* SPDX-License-Identifier: MIT */
/*
 * Save and restore: that nothing is lost which software or a device could tell
 * the unit by, and that bytes no unit can have saved are refused.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "tests/models/vtd_fixture.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Places in a snapshot, in words: typed again from its description. */
enum {
	W_MAGIC,
	W_VER,
	W_CAP,
	W_ECAP,
	W_GSTS,
	W_RTADDR,
	W_CCMD,
	W_FSTS,
	W_FECTL,
	W_PMEN = W_FECTL + 4,
	W_IQH = W_PMEN + 5,
	W_IQT,
	W_IQA,
	W_ICS,
	W_IECTL,
	W_IQERCD = W_IECTL + 4,
	W_IRTA,
	W_PQH,
	W_PQT,
	W_PQA,
	W_PRS,
	W_PECTL,
	W_IVA = W_PECTL + 4,
	W_IOTLB,
	W_ROOT_LATCHED,
	W_IRTA_LATCHED,
	W_FRCD_NEXT,
	W_FRCD,
	W_IQ = W_FRCD + 512,
	W_SEQ,
	W_WAIT,
	W_INFLIGHT = W_WAIT + 24,
	W_SUM = W_INFLIGHT + 64,
	WORDS,
};

static struct vx vx;
static uint64_t snap[WORDS];

static struct vtd_hw_cfg cfg_of(void)
{
	struct vtd_hw_cfg cfg;

	vtd_hw_cfg_default(&cfg);
	cfg.iotlb_lg2 = 6;
	return cfg;
}

static int setup(void **state)
{
	struct vtd_hw_cfg cfg = cfg_of();

	(void)state;
	vx_start(&vx, &cfg);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vx_fini(&vx);
	return 0;
}

static void seal(uint64_t *words)
{
	const unsigned char *b = (const unsigned char *)words;
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	/* The host of the tests is little-endian, as the bytes are. */
	for (i = 0; i < 8 * W_SUM; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	words[W_SUM] = h;
}

static int save(uint64_t *words)
{
	return vtd_hw_save(vx.hw, words, WORDS * 8);
}

static int restore(const uint64_t *words)
{
	return vtd_hw_restore(vx.hw, words, WORDS * 8);
}

/* Everything that can be there, in one unit. */
static void busy_unit(void)
{
	/* First stage, a domain, of nobody's table. */
	const uint64_t pe[8] = { UINT64_C(1) << 6 | 1, 3, 0x1000 };

	vx.irt = vx_alloc(&vx, 4096, 4096);
	vx_w64(&vx, VX_IRTA, vx.irt | 0x807);
	vx_gcmd(&vx, VX_SIRTP);
	vx_gcmd(&vx, VX_IRE);
	vx_w64(&vx, VX_IRTA, 0x1234000);
	vx_w64(&vx, VX_RTADDR, 0x5678000);
	vx_w32(&vx, VX_FEDATA, 0x1111);
	vx_w32(&vx, VX_FEADDR, 0xfee01000);
	vx_w32(&vx, VX_FEUADDR, 0x22);
	/* Faults, pending and served; overflown. */
	vx_access(&vx, 0x0300, 0x1000, IOMMU_PERM_READ, NULL);
	vx_w32(&vx, VX_FRCD + 12, UINT32_C(1) << 31);
	vx_access_pasid(&vx, 0x0301, 7, 0x2000, IOMMU_PERM_WRITE, NULL);
	/* A request in the queue. */
	vx_device(&vx, VX_SID, 0);
	vx_pasid(&vx, VX_SID, 5, pe);
	vx_page_request(&vx, VX_SID, 5, 0x1000, IOMMU_PERM_READ, 1, true);
	/* Two devices at work, two waits for them, an error behind. */
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	vx_inv(&vx, VX_INV_WAIT | VX_INV_WAIT_SW | VX_INV_WAIT_DATA(11),
	       vx.status);
	vx_inv(&vx, VX_INV_DEVTLB(0x0456), 0x1000);
	vx_inv(&vx,
	       VX_INV_WAIT | VX_INV_WAIT_SW | VX_INV_WAIT_IF | VX_INV_WAIT_PD |
		       VX_INV_WAIT_DATA(12),
	       vx.status + 8);
	vx_inv(&vx, 0, 0);
}

static void test_snapshot_goes_on(void **state)
{
	static uint64_t again[WORDS];
	uint64_t rec[2];

	(void)state;
	assert_int_equal(vtd_hw_snapshot_size(), WORDS * 8);
	busy_unit();
	assert_int_equal(save(snap), 0);
	vx_replace(&vx);
	assert_int_equal(restore(snap), 0);
	assert_int_equal(save(again), 0);
	assert_memory_equal(snap, again, sizeof(snap));
	/* No message by itself. */
	assert_int_equal(vx.msi_count, 0);
	/* The record, the request, the error. */
	assert_true(vx_fault(&vx, rec));
	assert_int_equal(VX_FSID(rec[1]), 0x0301);
	assert_int_equal(vx_r32(&vx, VX_FSTS) & 0xff, VX_IQE);
	assert_int_equal(vx_r32(&vx, VX_PRS), 1);
	assert_int_equal(vx_r64(&vx, VX_PQT), 32);
	/* Devices answer with the cookies they have. */
	vx.hw->ops->ats_inv_complete(vx.hw, vx.cookie[0], true);
	assert_int_equal(vx_get(&vx, vx.status), 11);
	assert_int_equal(vx_get(&vx, vx.status + 8), 0);
	vx.hw->ops->ats_inv_complete(vx.hw, vx.cookie[1], true);
	assert_int_equal(vx_get(&vx, vx.status + 8), 12);
	assert_int_equal(vx_r32(&vx, VX_ICS), 1);
	/* And once: a second answer is an error here, too. */
	vx.hw->ops->ats_inv_complete(vx.hw, vx.cookie[1], true);
	assert_int_equal(vx_r32(&vx, VX_FSTS) & VX_ICE, VX_ICE);
}

/* The pointers are those that were latched; the next fault goes where it did. */
static void test_snapshot_latched(void **state)
{
	struct vtd_hw_msg msg = { 0xfee00010, 0 }, out;
	uint64_t rec[2];

	(void)state;
	busy_unit();
	vx_put(&vx, vx.irt, 1 | UINT64_C(0x77) << 16);
	assert_int_equal(save(snap), 0);
	vx_replace(&vx);
	assert_int_equal(restore(snap), 0);
	assert_int_equal(vtd_hw_remap_irq(vx.hw, 1, &msg, &out), 0);
	assert_int_equal(out.data & 0xff, 0x77);
	assert_int_equal(vx_r64(&vx, VX_IRTA), 0x1234000);
	/* The root table of VX_SID is in use. */
	vx_access_pasid(&vx, VX_SID, 70, 0x1000, IOMMU_PERM_READ, NULL);
	vx_frcd(&vx, 2, rec);
	assert_int_equal(VX_FR(rec[1]), 0x51);
	assert_int_equal(vx_r64(&vx, VX_RTADDR), 0x5678000);
}

/* A time-out that no wait has been told of. */
static void test_snapshot_timed_out(void **state)
{
	(void)state;
	vx.inv_ret = -ETIMEDOUT;
	vx_inv(&vx, VX_INV_DEVTLB(0x0456), 0x1000);
	assert_int_equal(save(snap), 0);
	vx_replace(&vx);
	assert_int_equal(restore(snap), 0);
	assert_false(vx_sync(&vx));
	assert_int_equal(vx_r32(&vx, VX_FSTS) & VX_ITE, VX_ITE);
	assert_int_equal(vx_r64(&vx, VX_IQERCD) >> 32 & 0xffff, 0x0456);
}

/* Caches are empty afterwards. */
static void test_snapshot_forgets(void **state)
{
	struct vtd_hw_msg msg = { 0xfee00010, 0 }, out;

	(void)state;
	vx.irt = vx_alloc(&vx, 4096, 4096);
	vx_put(&vx, vx.irt, 1 | UINT64_C(0x77) << 16);
	vx_w64(&vx, VX_IRTA, vx.irt | 7);
	vx_gcmd(&vx, VX_SIRTP);
	vx_gcmd(&vx, VX_IRE);
	assert_int_equal(vtd_hw_remap_irq(vx.hw, 1, &msg, &out), 0);
	vx_put(&vx, vx.irt, 1 | UINT64_C(0x88) << 16);
	assert_int_equal(vtd_hw_remap_irq(vx.hw, 1, &msg, &out), 0);
	assert_int_equal(out.data & 0xff, 0x77);
	assert_int_equal(save(snap), 0);
	assert_int_equal(restore(snap), 0);
	assert_int_equal(vtd_hw_remap_irq(vx.hw, 1, &msg, &out), 0);
	assert_int_equal(out.data & 0xff, 0x88);
}

static void test_snapshot_busy(void **state)
{
	static uint64_t before[WORDS];

	(void)state;
	assert_int_equal(save(snap), 0);
	memset(before, 0x5a, sizeof(before));
	memset(snap, 0x5a, sizeof(snap));
	atomic_fetch_add(&vx.port.busy, 1);
	assert_int_equal(save(snap), -EBUSY);
	assert_memory_equal(snap, before, sizeof(snap));
	atomic_fetch_add(&vx.port.busy, 1);
	assert_int_equal(save(snap), 0);
	atomic_fetch_add(&vx.port.busy, 1);
	assert_int_equal(restore(snap), -EBUSY);
	atomic_fetch_add(&vx.port.busy, 1);
	assert_int_equal(restore(snap), 0);
	assert_int_equal(vtd_hw_save(vx.hw, snap, WORDS * 8 - 1), -EINVAL);
	assert_int_equal(vtd_hw_restore(vx.hw, snap, WORDS * 8 - 1), -EINVAL);
	assert_int_equal(vtd_hw_restore(vx.hw, snap, WORDS * 8 + 1), -EINVAL);
}

/* In the middle of an answer to a device. */
static int save_ret;

static void save_now(struct vx *x)
{
	(void)x;
	save_ret = save(snap);
}

static void test_snapshot_busy_answering(void **state)
{
	(void)state;
	vx.on_resp = save_now;
	vx_page_request(&vx, 0x9900, 1, 0x1000, IOMMU_PERM_READ, 0, true);
	assert_int_equal(vx.resp_count, 1);
	assert_int_equal(save_ret, -EBUSY);
	assert_int_equal(save(snap), 0);
}

/* A unit that is another one. */
static void test_snapshot_of_another(void **state)
{
	struct vtd_hw_cfg cfg;
	unsigned int i;

	(void)state;
	assert_int_equal(save(snap), 0);
	for (i = 0; i < 4; i++) {
		cfg = cfg_of();
		if (i == 0)
			cfg.ver = 0x50;
		else if (i == 1)
			cfg.cap ^= UINT64_C(1) << 63;
		else if (i == 2)
			cfg.ecap ^= UINT64_C(1) << 49;
		else
			cfg.haw = 46;
		vx_fini(&vx);
		vx_init(&vx, &cfg);
		if (restore(snap) != -EINVAL)
			fail_msg("unit %u", i);
	}
	cfg = cfg_of();
	vx_fini(&vx);
	vx_init(&vx, &cfg);
	assert_int_equal(restore(snap), 0);
}

/*
 * Every bit of a snapshot, flipped: without a new sum it is refused; with one
 * it is refused, or it is a state that is saved as these very bytes.
 */
static void flip_all(unsigned int *ret_taken)
{
	static uint64_t forged[WORDS], again[WORDS];
	unsigned int bit;

	*ret_taken = 0;
	for (bit = 0; bit < W_SUM * 64; bit++) {
		memcpy(forged, snap, sizeof(snap));
		forged[bit / 64] ^= UINT64_C(1) << bit % 64;
		if (restore(forged) != -EINVAL)
			fail_msg("word %u, bit %u: no sum", bit / 64, bit % 64);
		seal(forged);
		if (restore(forged))
			continue;
		++*ret_taken;
		assert_int_equal(save(again), 0);
		if (memcmp(forged, again, sizeof(again)))
			fail_msg("word %u, bit %u: other bytes", bit / 64,
				 bit % 64);
	}
}

static void test_snapshot_any_bit(void **state)
{
	unsigned int taken;

	(void)state;
	assert_int_equal(save(snap), 0);
	flip_all(&taken);
	assert_true(taken > 500 && taken < 3000);
	busy_unit();
	assert_int_equal(save(snap), 0);
	flip_all(&taken);
	assert_true(taken > 500 && taken < 3000);
}

/* Bits that are possible each, and not together. */
static const struct {
	unsigned int word;
	uint64_t value; /* in place of what is there */
} forgeries[] = {
	{ W_MAGIC, UINT64_C(0x0200000000645456) },
	/* IP without IM. */
	{ W_FECTL, UINT64_C(1) << 30 },
	{ W_IECTL, UINT64_C(1) << 30 },
	{ W_PECTL, UINT64_C(1) << 30 },
	/* QIES without QIE or a wait, and the other way round. */
	{ W_GSTS, UINT64_C(1) << 30 },
	{ W_IQ, UINT64_C(1) << 32 },
	/* A latched pointer that was never set. */
	{ W_GSTS, UINT64_C(1) << 26 },
	{ W_IRTA_LATCHED, 0x1000 },
	/* FRI, the next record, IQEI. */
	{ W_FSTS, UINT64_C(8) << 8 },
	{ W_FRCD_NEXT, 8 },
	{ W_IQERCD, 8 },
	/* A record that there is not. */
	{ W_FRCD + 16, 0x1000 },
	{ W_FRCD + 17, UINT64_C(1) << 63 },
	/* One wait too many, of nothing, of something else. */
	{ W_IQ, UINT64_C(1) << 32 | 9 << 8 | 1 },
	{ W_IQ, UINT64_C(1) << 32 | 1 << 8 | 1 },
	{ W_WAIT, 1 },
	/* A time-out's source without one. */
	{ W_IQ, UINT64_C(1) << 32 | UINT64_C(0x456) << 16 | 1 },
	/* Counted beyond what can be. */
	{ W_SEQ, UINT64_C(1) << 63 },
	/* A device that started in the future. */
	{ W_INFLIGHT, 1 },
	{ W_INFLIGHT + 1, 1 },
	/* PMEN is not there. */
	{ W_PMEN, UINT64_C(0x80000001) },
};

static void test_snapshot_forged(void **state)
{
	static uint64_t forged[WORDS];
	size_t i;

	(void)state;
	assert_int_equal(save(snap), 0);
	assert_int_equal(snap[W_IQ], UINT64_C(1) << 32 | 1);
	for (i = 0; i < COUNT(forgeries); i++) {
		memcpy(forged, snap, sizeof(snap));
		forged[forgeries[i].word] = forgeries[i].value;
		seal(forged);
		if (restore(forged) != -EINVAL)
			fail_msg("forgery %zu", i);
	}
	/* Control: the sum is the unit's. */
	memcpy(forged, snap, sizeof(snap));
	seal(forged);
	assert_int_equal(restore(forged), 0);
}

/* ITE aborts waits: both together cannot be. */
static void test_snapshot_forged_waits(void **state)
{
	static uint64_t forged[WORDS];

	(void)state;
	busy_unit();
	assert_int_equal(save(snap), 0);
	memcpy(forged, snap, sizeof(snap));
	forged[W_FSTS] |= VX_ITE;
	seal(forged);
	assert_int_equal(restore(forged), -EINVAL);
	/* Out of order. */
	memcpy(forged, snap, sizeof(snap));
	forged[W_WAIT] = snap[W_WAIT + 3];
	forged[W_WAIT + 3] = snap[W_WAIT];
	seal(forged);
	assert_int_equal(restore(forged), -EINVAL);
	/* Not a wait descriptor. */
	memcpy(forged, snap, sizeof(snap));
	forged[W_WAIT + 1] ^= 3;
	seal(forged);
	assert_int_equal(restore(forged), -EINVAL);
	/* Waits that nobody turned on the queue for. */
	memcpy(forged, snap, sizeof(snap));
	forged[W_GSTS] &= ~(uint64_t)VX_QIE;
	seal(forged);
	assert_int_equal(restore(forged), -EINVAL);
	assert_int_equal(restore(snap), 0);
}

/* A wait that drains page requests, of a unit that does not know that. */
static void test_snapshot_no_drain(void **state)
{
	static uint64_t forged[WORDS];
	struct vtd_hw_cfg cfg = cfg_of();

	(void)state;
	cfg.ecap &= ~(UINT64_C(1) << 42);
	vx_fini(&vx);
	vx_start(&vx, &cfg);
	vx.inv_ret = -EINPROGRESS;
	vx_inv(&vx, VX_INV_DEVTLB(VX_SID), 0x1000);
	vx_inv(&vx, VX_INV_WAIT, 0);
	assert_int_equal(save(snap), 0);
	memcpy(forged, snap, sizeof(snap));
	forged[W_WAIT + 1] |= VX_INV_WAIT_PD;
	seal(forged);
	assert_int_equal(restore(forged), -EINVAL);
	assert_int_equal(restore(snap), 0);
}

/* Without a bus, no device can have anything outstanding. */
static void test_snapshot_no_bus(void **state)
{
	struct vtd_hw_cfg cfg = cfg_of();

	(void)state;
	busy_unit();
	assert_int_equal(save(snap), 0);
	vx_fini(&vx);
	vx.no_bus = true;
	vx_init(&vx, &cfg);
	assert_int_equal(restore(snap), -EINVAL);
}

int main(void)
{
#define T(name)                                                                \
	cmocka_unit_test_setup_teardown(test_snapshot_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(goes_on), T(latched),        T(timed_out),  T(forgets),
		T(busy),    T(busy_answering), T(of_another), T(any_bit),
		T(forged),  T(forged_waits),   T(no_bus),     T(no_drain),
	};

	return cmocka_run_group_tests_name("vtd_snapshot", tests, NULL, NULL);
}
