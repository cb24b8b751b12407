/* SPDX-License-Identifier: MIT */
/*
 * Every event record the model writes, as the four words of the queue. The
 * words are typed by hand from the figures of section 7.3.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

/* Word 0: stream, substream, SSV, number. */
#define HEAD(id) ((uint64_t)FX_SID << 32 | (id))
#define SSID(n)  ((uint64_t)(n) << 12 | 1 << 11)
/* Word 1 */
#define PNU      (UINT64_C(1) << 33)
#define IND      (UINT64_C(1) << 34)
#define RNW      (UINT64_C(1) << 35)
#define CLASS_TT (UINT64_C(1) << 40)
#define CLASS_IN (UINT64_C(2) << 40)

static void expect(struct fx *fx, uint64_t w0, uint64_t w1, uint64_t w2,
		   uint64_t w3)
{
	uint64_t rec[4];

	assert_true(fx_evt(fx, rec));
	assert_int_equal(rec[0], w0);
	assert_int_equal(rec[1], w1);
	assert_int_equal(rec[2], w2);
	assert_int_equal(rec[3], w3);
	assert_false(fx_evt(fx, rec));
}

static void expect_none(struct fx *fx)
{
	uint64_t rec[4];

	assert_false(fx_evt(fx, rec));
}

static int setup(void **state)
{
	static struct fx fx;

	fx_start(&fx, NULL);
	*state = &fx;
	return 0;
}

static int teardown(void **state)
{
	fx_fini(*state);
	return 0;
}

/* Without an entry in a table; [L1] */
static void test_evt_bad_stream_recorded(void **state)
{
	struct fx *fx = *state;

	assert_int_equal(fx_access(fx, 1 << FX_STREAMS_LG2, 0, R, NULL),
			 -EFAULT);
	expect(fx, UINT64_C(0x100) << 32 | 0x02, 0, 0, 0);
	assert_int_equal(fx_access_ssid(fx, 1 << FX_STREAMS_LG2, 5, 0, R, NULL),
			 -EFAULT);
	expect(fx, UINT64_C(0x100) << 32 | SSID(5) | 0x02, 0, 0, 0);
}

static void test_evt_bad_stream_without_recinvsid_silent(void **state)
{
	struct fx *fx = *state;

	fx_w32(fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	fx_w32(fx, FX_CR2, 0);
	fx_w32(fx, FX_CR0, FX_CR0_ALL);
	assert_int_equal(fx_access(fx, 1 << FX_STREAMS_LG2, 0, R, NULL),
			 -EFAULT);
	expect_none(fx);
}

static void test_evt_ste_fetch_abort_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t pa = fx->strtab + FX_SID * 64;

	fx->abort_first = pa;
	fx->abort_last = pa + 63;
	assert_int_equal(fx_access_ssid(fx, FX_SID, 0xabcde, 0, R, NULL),
			 -EFAULT);
	expect(fx, HEAD(0x03) | SSID(0xabcde), 0, 0, pa);
}

static void test_evt_bad_ste_recorded(void **state)
{
	struct fx *fx = *state;

	assert_int_equal(fx_access(fx, FX_SID, 0x1234, W, NULL), -EFAULT);
	expect(fx, HEAD(0x04), 0, 0, 0);
}

static void test_evt_abort_ste_silent(void **state)
{
	struct fx *fx = *state;

	fx_ste(fx, FX_SID, STE_V, 0);
	assert_int_equal(fx_access(fx, FX_SID, 0x1234, W, NULL), -EFAULT);
	expect_none(fx);
}

/* [K3] */
static void test_evt_bad_substream_recorded(void **state)
{
	struct fx *fx = *state;

	fx_stream(fx, FX_SID, 0);
	assert_int_equal(fx_access_ssid(fx, FX_SID, 7, 0, R, NULL), -EFAULT);
	/* A substream without SSV. */
	expect(fx, HEAD(0x08) | 7 << 12, 0, 0, 0);

	fx_ste(fx, 3, STE_V | STE_BYPASS, 0);
	assert_int_equal(fx_access_ssid(fx, 3, 7, 0, R, NULL), -EFAULT);
	expect(fx, UINT64_C(3) << 32 | 7 << 12 | 0x08, 0, 0, 0);
}

static void test_evt_stream_disabled_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t cds = fx_alloc(fx, 256, 64);

	fx_ste(fx, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(2), STE1_S1DSS(0));
	assert_int_equal(fx_access(fx, FX_SID, 0, R, NULL), -EFAULT);
	expect(fx, HEAD(0x06), 0, 0, 0);
}

static void test_evt_cd_fetch_abort_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t cds = fx_alloc(fx, 256, 64);

	fx_ste(fx, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(2), 0);
	fx->abort_first = cds;
	fx->abort_last = cds + 255;
	assert_int_equal(fx_access_ssid(fx, FX_SID, 2, 0, R, NULL), -EFAULT);
	expect(fx, HEAD(0x09) | SSID(2), 0, 0, cds + 128);
}

static void test_evt_bad_cd_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t cds = fx_alloc(fx, 256, 64);

	fx_ste(fx, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(2), 0);
	assert_int_equal(fx_access_ssid(fx, FX_SID, 3, 0, R, NULL), -EFAULT);
	expect(fx, HEAD(0x0a) | SSID(3), 0, 0, 0);
}

static void test_evt_walk_abort_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t root = fx_stream(fx, FX_SID, 0);
	uint64_t va = UINT64_C(0x123456789abc);
	uint64_t pte = fx_map(fx, root, va, 0x200000 | PTE_RW, 3);

	fx->abort_first = pte;
	fx->abort_last = pte + 7;
	assert_int_equal(fx_access(fx, FX_SID, va, R | X | P, NULL), -EFAULT);
	expect(fx, HEAD(0x0b), PNU | IND | RNW | CLASS_TT, va, pte);
}

/* The address is recorded whole, as it came in. */
static void test_evt_translation_recorded(void **state)
{
	struct fx *fx = *state;

	fx_stream(fx, FX_SID, 0);
	assert_int_equal(fx_access(fx, FX_SID, 0x12345678, R, NULL), -EFAULT);
	expect(fx, HEAD(0x10), RNW | CLASS_IN, 0x12345678, 0);
	assert_int_equal(fx_access(fx, FX_SID, UINT64_C(0xa5000000deadbeef),
				   W | P, NULL),
			 -EFAULT);
	expect(fx, HEAD(0x10), PNU | CLASS_IN, UINT64_C(0xa5000000deadbeef), 0);
}

static void test_evt_addr_size_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t cds = fx_alloc(fx, 64, 64);
	uint64_t root = fx_table(fx);
	uint64_t cd = CD_BASIC & ~CD_IPS_48;
	uint64_t addr;

	/* 32 bits of output. */
	fx_cd(fx, cds, cd, root);
	fx_ste(fx, FX_SID, STE_V | STE_S1 | cds, 0);
	fx_map(fx, root, 0x5000, UINT64_C(0x100000000) | PTE_RW, 3);
	assert_int_equal(fx_access(fx, FX_SID, 0x5678, W, NULL), -EFAULT);
	expect(fx, HEAD(0x11), CLASS_IN, 0x5678, 0);
	/* A table there, too; not one that the walk cache knows. */
	addr = UINT64_C(1) << 39 | 0x9000;
	fx_put(fx, root + 8, UINT64_C(0x100000000) | 3);
	assert_int_equal(fx_access(fx, FX_SID, addr, R, NULL), -EFAULT);
	expect(fx, HEAD(0x11), RNW | CLASS_IN, addr, 0);
}

static void test_evt_bypass_addr_size_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t addr = UINT64_C(1) << 48;
	struct hw_xlat x;

	fx_ste(fx, FX_SID, STE_V | STE_BYPASS, 0);
	assert_int_equal(fx_access(fx, FX_SID, addr - 1, R, &x), 0);
	assert_int_equal(x.pa, addr - 1);
	assert_int_equal(x.len, 1);
	assert_int_equal(fx_access(fx, FX_SID, addr, R, NULL), -EFAULT);
	expect(fx, HEAD(0x11), RNW | CLASS_IN, addr, 0);
}

static void test_evt_access_flag_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t root = fx_stream(fx, FX_SID, 0);

	fx_map(fx, root, 0x5000, 0x200000 | (PTE_RW & ~PTE_AF), 3);
	/* Before the permission: users may not write. */
	assert_int_equal(fx_access(fx, FX_SID, 0x5008, W | P, NULL), -EFAULT);
	expect(fx, HEAD(0x12), PNU | CLASS_IN, 0x5008, 0);
}

static void test_evt_permission_recorded(void **state)
{
	struct fx *fx = *state;
	uint64_t root = fx_stream(fx, FX_SID, 0);

	fx_map(fx, root, 0x5000, 0x200000 | PTE_RW | PTE_RO | PTE_UXN, 3);
	assert_int_equal(fx_access(fx, FX_SID, 0x5008, W, NULL), -EFAULT);
	expect(fx, HEAD(0x13), CLASS_IN, 0x5008, 0);
	assert_int_equal(fx_access(fx, FX_SID, 0x5010, R | X, NULL), -EFAULT);
	expect(fx, HEAD(0x13), IND | RNW | CLASS_IN, 0x5010, 0);
	/* An atomic is a write, and data. */
	assert_int_equal(fx_access(fx, FX_SID, 0x5018, R | W | X, NULL),
			 -EFAULT);
	expect(fx, HEAD(0x13), CLASS_IN, 0x5018, 0);
}

/* 5.5: R of 0 keeps the four translation faults out, and only those. */
static void test_evt_without_r_only_other_faults(void **state)
{
	struct fx *fx = *state;
	uint64_t cds = fx_alloc(fx, 64, 64);
	uint64_t root = fx_table(fx);
	uint64_t pte;

	fx_cd(fx, cds, CD_BASIC & ~CD_R, root);
	fx_ste(fx, FX_SID, STE_V | STE_S1 | cds, 0);
	pte = fx_map(fx, root, 0x5000, 0x200000 | PTE_RW | PTE_RO, 3);
	assert_int_equal(fx_access(fx, FX_SID, 0x1000, R, NULL), -EFAULT);
	assert_int_equal(fx_access(fx, FX_SID, 0x5000, W, NULL), -EFAULT);
	expect_none(fx);
	fx->abort_first = pte;
	fx->abort_last = pte + 7;
	fx_cmd(fx, CMD_TLBI_NH_ALL, 0);
	assert_int_equal(fx_access(fx, FX_SID, 0x5000, R, NULL), -EFAULT);
	expect(fx, HEAD(0x0b), RNW | CLASS_TT, 0x5000, pte);
}

/* The entry of a process that has gone: no walk, no record. [K6] [R6] */
static void test_evt_quiet_cd_silent(void **state)
{
	struct fx *fx = *state;
	uint64_t cds = fx_alloc(fx, 64, 64);

	/* T0SZ, TG0 and TTB0 are ignored. */
	fx_cd(fx, cds, (CD_BASIC & ~(CD_R | 63)) | CD_EPD0,
	      UINT64_C(0xfffffffffff0));
	fx_ste(fx, FX_SID, STE_V | STE_S1 | cds, 0);
	assert_int_equal(fx_access(fx, FX_SID, 0x1000, R, NULL), -EFAULT);
	expect_none(fx);
	/* Negative control: R set, and it is a translation fault. */
	fx_put(fx, cds, fx_get(fx, cds) | CD_R);
	fx_cmd(fx, CMD_CFGI_CD(FX_SID, 0), 1);
	assert_int_equal(fx_access(fx, FX_SID, 0x1000, R, NULL), -EFAULT);
	expect(fx, HEAD(0x10), RNW | CLASS_IN, 0x1000, 0);
}

static int translated(struct fx *fx, uint64_t addr, unsigned int perm)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_TRANSLATED,
			      .perm = perm,
			      .addr = addr };
	struct hw_xlat xlat;
	int ret = fx->hw->ops->translate(fx->hw, &fx->port, &txn, &xlat);

	if (!ret) {
		assert_int_equal(xlat.pa, addr);
		hw_port_done(&fx->port);
	}
	return ret;
}

static void test_evt_transl_forbidden_recorded(void **state)
{
	struct fx *fx = *state;

	/* EATS is 0. */
	fx_stream(fx, FX_SID, 0);
	fx_put(fx, fx->strtab + FX_SID * 64 + 8, 0);
	assert_int_equal(translated(fx, 0x201008, W), -EFAULT);
	expect(fx, HEAD(0x07), 0, 0x201008, 0);
	/* Bypass */
	fx_ste(fx, FX_SID, STE_V | STE_BYPASS, STE1_EATS);
	fx_cmd(fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(translated(fx, 0x201008, R), -EFAULT);
	expect(fx, HEAD(0x07), RNW, 0x201008, 0);
	/* Abort: silent. */
	fx_ste(fx, FX_SID, STE_V, STE1_EATS);
	fx_cmd(fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(translated(fx, 0x201008, R), -EFAULT);
	expect_none(fx);
	/* SMMU off. */
	fx_w32(fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	assert_int_equal(translated(fx, 0x201008, R), -EFAULT);
	expect(fx, HEAD(0x07), RNW, 0x201008, 0);
}

/* A configuration error of translated traffic: CR2.REC_CFG_ATS decides. */
static void test_evt_translated_bad_ste_by_rec_cfg_ats(void **state)
{
	struct fx *fx = *state;

	assert_int_equal(translated(fx, 0x1000, R), -EFAULT);
	expect(fx, HEAD(0x04), 0, 0, 0);
	fx_w32(fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	fx_w32(fx, FX_CR2, 2);
	fx_w32(fx, FX_CR0, FX_CR0_ALL);
	assert_int_equal(translated(fx, 0x1000, R), -EFAULT);
	expect_none(fx);
}

static void test_evt_bad_ats_treq_recorded(void **state)
{
	struct fx *fx = *state;
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_PASID_VALID,
			      .pasid = 9,
			      .perm = R,
			      .addr = 0x12345678 };
	struct hw_ats_reply reply;

	fx_ste(fx, FX_SID, STE_V | STE_BYPASS, STE1_EATS);
	fx->hw->ops->ats_translate(fx->hw, &fx->port, &txn, &reply);
	assert_int_equal(reply.status, HW_ATS_UR);
	/* R is always asked for, of one unit. */
	expect(fx, HEAD(0x05) | SSID(9), UINT32_C(1) << 31 | 1, 0x12345000, 0);
	txn.perm |= W | X | P;
	fx->hw->ops->ats_translate(fx->hw, &fx->port, &txn, &reply);
	expect(fx, HEAD(0x05) | SSID(9), UINT32_C(0xf) << 28 | 1, 0x12345000,
	       0);
	/* NW takes W away; without a PASID there is neither X nor Priv. */
	txn.flags = HW_TXN_NO_WRITE;
	fx->hw->ops->ats_translate(fx->hw, &fx->port, &txn, &reply);
	expect(fx, HEAD(0x05), UINT32_C(1) << 31 | 1, 0x12345000, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_evt_bad_stream_recorded),
		T(test_evt_bad_stream_without_recinvsid_silent),
		T(test_evt_ste_fetch_abort_recorded),
		T(test_evt_bad_ste_recorded),
		T(test_evt_abort_ste_silent),
		T(test_evt_bad_substream_recorded),
		T(test_evt_stream_disabled_recorded),
		T(test_evt_cd_fetch_abort_recorded),
		T(test_evt_bad_cd_recorded),
		T(test_evt_walk_abort_recorded),
		T(test_evt_translation_recorded),
		T(test_evt_addr_size_recorded),
		T(test_evt_bypass_addr_size_recorded),
		T(test_evt_access_flag_recorded),
		T(test_evt_permission_recorded),
		T(test_evt_without_r_only_other_faults),
		T(test_evt_quiet_cd_silent),
		T(test_evt_transl_forbidden_recorded),
		T(test_evt_translated_bad_ste_by_rec_cfg_ats),
		T(test_evt_bad_ats_treq_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
