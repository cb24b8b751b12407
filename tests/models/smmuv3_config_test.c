/* SPDX-License-Identifier: MIT */
/*
 * Stream tables, CD tables, substreams, and what their caches keep.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)

enum {
	EVT_BAD_STREAM = 2,
	EVT_BAD_STE = 4,
	EVT_DISABLED = 6,
	EVT_BAD_SSID = 8,
	EVT_BAD_CD = 10,
	EVT_TRANSLATION = 16,
	NO_SSID = -1
};

/* The number of the only record, 0 for none. */
static unsigned int event(struct fx *fx)
{
	uint64_t rec[4], more[4];

	if (!fx_evt(fx, rec))
		return 0;
	assert_false(fx_evt(fx, more));
	return rec[0] & 0xff;
}

/* A tree whose page 0x1000 is at @pa. */
static uint64_t tree(struct fx *fx, uint64_t pa)
{
	uint64_t root = fx_table(fx);

	fx_map(fx, root, 0x1000, pa | PTE_RW, 3);
	return root;
}

static uint64_t reach(struct fx *fx, uint32_t sid, int ssid)
{
	struct hw_xlat x;
	int ret = ssid == NO_SSID ? fx_access(fx, sid, 0x1000, R, &x) :
				    fx_access_ssid(fx, sid, (uint32_t)ssid,
						   0x1000, R, &x);

	assert_true(!ret || ret == -EFAULT);
	return ret ? 0 : x.pa;
}

/* S1CDMax, S1DSS, substream: which CD, or which record. [K3] */
static void test_config_s1dss_matrix(void **state)
{
	static const struct {
		unsigned int max, dss;
		int ssid;
		uint64_t pa; /* 0x1000: bypass */
		unsigned int event;
	} rows[] = {
		/* No substreams: S1DSS is ignored. */
		{ 0, 0, NO_SSID, 0x200000, 0 },
		{ 0, 1, NO_SSID, 0x200000, 0 },
		{ 0, 2, NO_SSID, 0x200000, 0 },
		{ 0, 0, 0, 0, EVT_BAD_SSID },
		{ 0, 2, 1, 0, EVT_BAD_SSID },
		/* Terminate */
		{ 2, 0, NO_SSID, 0, EVT_DISABLED },
		{ 2, 0, 0, 0x200000, 0 },
		{ 2, 0, 1, 0x201000, 0 },
		{ 2, 0, 3, 0x203000, 0 },
		{ 2, 0, 4, 0, EVT_BAD_SSID },
		{ 2, 3, NO_SSID, 0, EVT_DISABLED },
		/* Bypass */
		{ 2, 1, NO_SSID, 0x1000, 0 },
		{ 2, 1, 0, 0x200000, 0 },
		{ 2, 1, 4, 0, EVT_BAD_SSID },
		/* CD 0 for those without */
		{ 2, 2, NO_SSID, 0x200000, 0 },
		{ 2, 2, 0, 0, EVT_DISABLED },
		{ 2, 2, 1, 0x201000, 0 },
		{ 2, 2, 4, 0, EVT_BAD_SSID },
	};
	static struct fx fx;
	uint64_t cds;
	unsigned int i;

	(void)state;
	fx_start(&fx, NULL);
	cds = fx_alloc(&fx, 4 * 64, 64);
	for (i = 0; i < 4; i++)
		fx_cd(&fx, cds + i * 64, CD_BASIC | CD_ASID(i + 1),
		      tree(&fx, 0x200000 + i * 0x1000));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fx_ste(&fx, FX_SID,
		       STE_V | STE_S1 | cds | STE_CDMAX(rows[i].max),
		       STE1_S1DSS(rows[i].dss));
		fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
		assert_int_equal(reach(&fx, FX_SID, rows[i].ssid), rows[i].pa);
		/* And again, from the caches. */
		assert_int_equal(reach(&fx, FX_SID, rows[i].ssid), rows[i].pa);
		if (rows[i].event) {
			uint64_t rec[4];

			assert_true(fx_evt(&fx, rec));
			assert_int_equal(rec[0] & 0xff, rows[i].event);
		}
		assert_int_equal(event(&fx), rows[i].event);
	}
	fx_fini(&fx);
}

/* 20 bits of substreams in both two-level formats. [K5] */
static void test_config_two_level_cd_table_highest(void **state)
{
	static const struct {
		unsigned int fmt, l2_lg2;
	} formats[] = { { 1, 6 }, { 2, 10 } };
	static const uint32_t ssids[] = { 0, 1, 1023, 1024, 0x54321, 0xfffff };
	static struct fx fx;
	unsigned int f, i;

	(void)state;
	for (f = 0; f < 2; f++) {
		unsigned int lg2 = formats[f].l2_lg2;
		uint64_t l1;

		fx_start(&fx, NULL);
		l1 = fx_alloc(&fx, UINT64_C(8) << (20 - lg2), 64);
		fx_ste(&fx, FX_SID,
		       STE_V | STE_S1 | l1 | STE_CDMAX(20) |
			       STE_FMT(formats[f].fmt),
		       0);
		for (i = 0; i < 6; i++) {
			uint64_t d = l1 + (ssids[i] >> lg2) * 8;
			uint64_t l2 = fx_get(&fx, d);

			if (!l2) {
				l2 = fx_alloc(&fx, UINT64_C(64) << lg2,
					      UINT64_C(64) << lg2) |
				     1;
				fx_put(&fx, d, l2);
			}
			l2 -= 1;
			l2 += (ssids[i] & ((1u << lg2) - 1)) * 64;
			fx_cd(&fx, l2, CD_BASIC | CD_ASID(i + 1),
			      tree(&fx, 0x200000 + i * 0x1000));
		}
		for (i = 0; i < 6; i++)
			assert_int_equal(reach(&fx, FX_SID, (int)ssids[i]),
					 0x200000 + i * 0x1000);
		/* Between them: no CD, and no second level. */
		assert_int_equal(reach(&fx, FX_SID, 2), 0);
		assert_int_equal(event(&fx), EVT_BAD_CD);
		assert_int_equal(reach(&fx, FX_SID, 0x80000), 0);
		assert_int_equal(event(&fx), EVT_BAD_SSID);
		fx_fini(&fx);
	}
}

/* Every SPLIT, and the limits of Span. */
static void test_config_two_level_stream_table(void **state)
{
	static const unsigned int splits[] = { 6, 8, 10 };
	static struct fx fx;
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		unsigned int split = splits[i];
		uint32_t sid = (3u << split) + 5;
		uint64_t l1, l2;

		fx_init(&fx, NULL);
		fx_enable(&fx);
		fx_w32(&fx, FX_CR0, 0);
		l1 = fx_alloc(&fx, UINT64_C(8) << (16 - split),
			      UINT64_C(8) << (16 - split));
		l2 = fx_alloc(&fx, UINT64_C(64) << split,
			      UINT64_C(64) << split);
		fx_w64(&fx, FX_STRTAB_BASE, l1);
		fx_w32(&fx, FX_STRTAB_BASE_CFG, 16 | split << 6 | 1 << 16);
		fx_w32(&fx, FX_CR0, FX_CR0_ALL);
		/* 8 of them. */
		fx_put(&fx, l1 + 3 * 8, l2 | 4);
		fx_put(&fx, l2 + 5 * 64, STE_V | STE_BYPASS);
		fx_put(&fx, l2 + 9 * 64, STE_V | STE_BYPASS);
		assert_int_equal(reach(&fx, sid, NO_SSID), 0x1000);
		assert_int_equal(reach(&fx, sid + 4, NO_SSID), 0);
		assert_int_equal(event(&fx), EVT_BAD_STREAM);
		assert_int_equal(reach(&fx, 5, NO_SSID), 0);
		assert_int_equal(event(&fx), EVT_BAD_STREAM);
		assert_int_equal(reach(&fx, 1 << 16, NO_SSID), 0);
		assert_int_equal(event(&fx), EVT_BAD_STREAM);
		/* All of them; then more than SPLIT has; then reserved. */
		fx_put(&fx, l1 + 3 * 8, l2 | (split + 1));
		fx_cmd(&fx, CMD_CFGI_STE(sid), 0);
		assert_int_equal(reach(&fx, sid + 4, NO_SSID), 0x1000);
		fx_put(&fx, l1 + 3 * 8, l2 | (split + 2));
		fx_cmd(&fx, CMD_CFGI_STE(sid), 0);
		assert_int_equal(reach(&fx, sid, NO_SSID), 0);
		assert_int_equal(event(&fx), EVT_BAD_STREAM);
		fx_fini(&fx);
	}
}

/* 5.2.2 and 5.4.2, each by the one bit that makes it illegal. */
static void test_config_illegal_records_recorded(void **state)
{
	static const struct {
		uint64_t ste0, ste1, cd0, ttb0;
		unsigned int event;
	} rows[] = {
		{ 0, 0, 0, 0, 0 },
		{ STE_V, 0, 0, 0, EVT_BAD_STE },  /* not V */
		{ 3 << 1, 0, 0, 0, EVT_BAD_STE }, /* stage 2: 6 */
		{ 2 << 1, 0, 0, 0, EVT_BAD_STE }, /* nested: 7 */
		{ STE_CDMAX(21), 0, 0, 0, EVT_BAD_STE },
		{ UINT64_C(1) << 48, 0, 0, 0, EVT_BAD_STE }, /* ptr > OAS */
		{ 0, STE1_S1STALLD, 0, 0, EVT_BAD_STE },
		{ 0, UINT64_C(2) << 28, 0, 0, EVT_BAD_STE }, /* split ATS */
		{ 0, UINT64_C(3) << 28, 0, 0, 0 }, /* as 0 without DPT */
		{ 0, UINT64_C(1) << 30, 0, 0, 0 }, /* STRW without HYP */
		{ 0, 0, CD_V, 0, EVT_BAD_CD },     /* not V */
		{ 0, 0, CD_A, 0, EVT_BAD_CD },     /* not A */
		{ 0, 0, CD_S, 0, EVT_BAD_CD },
		{ 0, 0, CD_AA64, 0, EVT_BAD_CD }, /* not AA64 */
		{ 0, 0, 1 << 15, 0, EVT_BAD_CD }, /* ENDI */
		{ 0, 0, 1 << 6, 0, EVT_BAD_CD },  /* 64K */
		{ 0, 0, 16 ^ 15, 0, EVT_BAD_CD }, /* T0SZ 15 */
		{ 0, 0, 16 ^ 49, 0, EVT_BAD_CD }, /* T0SZ 49 */
		{ 0, 0, CD_EPD1, 0, EVT_BAD_CD }, /* T1SZ 0 */
		{ 0, 0, 0, UINT64_C(1) << 48, EVT_BAD_CD },
	};
	static struct fx fx;
	uint64_t cd, root;
	unsigned int i;

	(void)state;
	fx_start(&fx, NULL);
	cd = fx_alloc(&fx, 64, 64);
	root = tree(&fx, 0x200000);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Exclusive or: also takes bits away. */
		fx_cd(&fx, cd, CD_BASIC ^ rows[i].cd0, root | rows[i].ttb0);
		fx_ste(&fx, FX_SID, (STE_V | STE_S1 | cd) ^ rows[i].ste0,
		       rows[i].ste1);
		fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
		assert_int_equal(reach(&fx, FX_SID, NO_SSID),
				 rows[i].event ? 0 : 0x200000);
		assert_int_equal(event(&fx), rows[i].event);
	}
	fx_fini(&fx);
}

/* strict keeps what an invalidation does not name, valid or not. [R8] */
static void test_config_strict_keeps_until_invalidated(void **state)
{
	static struct fx fx;
	uint64_t l1, l2, root1, root2;

	(void)state;
	fx_start(&fx, NULL);
	l1 = fx_alloc(&fx, 64, 64);
	l2 = fx_alloc(&fx, 64 << 10, 64 << 10);
	root1 = tree(&fx, 0x201000);
	root2 = tree(&fx, 0x202000);

	/* An STE that was not valid. */
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	assert_int_equal(event(&fx), EVT_BAD_STE);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | l1 | STE_CDMAX(12) | STE_FMT(2),
	       0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	assert_int_equal(event(&fx), EVT_BAD_STE);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);

	/* A level-1 descriptor that was not valid. */
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	assert_int_equal(event(&fx), EVT_BAD_SSID);
	fx_put(&fx, l1, l2 | 1);
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	assert_int_equal(event(&fx), EVT_BAD_SSID);
	fx_cmd(&fx, CMD_CFGI_CD(FX_SID, 5), 1); /* Leaf: not it */
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	assert_int_equal(event(&fx), EVT_BAD_SSID);
	fx_cmd(&fx, CMD_CFGI_CD(FX_SID, 5), 0);

	/* A CD that was not valid. */
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	assert_int_equal(event(&fx), EVT_BAD_CD);
	fx_cd(&fx, l2 + 5 * 64, CD_BASIC | CD_ASID(5), root1);
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	assert_int_equal(event(&fx), EVT_BAD_CD);
	fx_cmd(&fx, CMD_CFGI_CD(FX_SID, 6), 1); /* another one */
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	assert_int_equal(event(&fx), EVT_BAD_CD);
	fx_cmd(&fx, CMD_CFGI_CD(FX_SID, 5), 1);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x201000);

	/* A CD that changed, first the CD then the TLB. */
	fx_cd(&fx, l2 + 5 * 64, CD_BASIC | CD_ASID(5), root2);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x201000);
	fx_cmd(&fx, CMD_TLBI_NH_ASID(5), 0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x201000);
	fx_cmd(&fx, CMD_CFGI_CD_ALL(FX_SID), 0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x201000);
	fx_cmd(&fx, CMD_TLBI_NH_ASID(6), 0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x201000);
	fx_cmd(&fx, CMD_TLBI_NH_ASID(5), 0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x202000);

	/* An STE that is gone: another stream, a range beside it, its own. */
	fx_ste(&fx, FX_SID, STE_V, 0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x202000);
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID + 1), 1);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x202000);
	fx_cmd(&fx, CMD_CFGI_ALL | (uint64_t)(FX_SID + 1) << 32, 0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x202000);
	fx_cmd(&fx, CMD_CFGI_ALL | (uint64_t)(FX_SID - 1) << 32, 0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	fx_ste(&fx, FX_SID, STE_V | STE_S1 | l1 | STE_CDMAX(12) | STE_FMT(2),
	       0);
	assert_int_equal(reach(&fx, FX_SID, 5), 0);
	fx_cmd(&fx, CMD_CFGI_ALL, 31);
	assert_int_equal(reach(&fx, FX_SID, 5), 0x202000);
	assert_int_equal(event(&fx), 0);
	fx_fini(&fx);
}

/* eager forgets: nothing can be relied on to stay. */
static void test_config_eager_forgets(void **state)
{
	static struct fx fx;
	struct smmuv3_hw_cfg cfg;
	uint64_t root, pte;
	unsigned int i;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.personality = HW_EAGER;
	cfg.eager_period = 8;
	fx_start(&fx, &cfg);
	/* What is not valid is not kept at all. */
	assert_int_equal(reach(&fx, FX_SID, NO_SSID), 0);
	assert_int_equal(event(&fx), EVT_BAD_STE);
	root = fx_stream(&fx, FX_SID, 0);
	assert_int_equal(reach(&fx, FX_SID, NO_SSID), 0);
	assert_int_equal(event(&fx), EVT_TRANSLATION);
	pte = fx_map(&fx, root, 0x1000, 0x200000 | PTE_RW, 3);
	assert_int_equal(reach(&fx, FX_SID, NO_SSID), 0x200000);
	fx_put(&fx, pte, 0x201000 | PTE_RW);
	for (i = 0; i < 2 * 8; i++)
		if (reach(&fx, FX_SID, NO_SSID) == 0x201000)
			break;
	assert_in_range(i, 1, 8);
	fx_fini(&fx);
}

/* PRIVCFG decides, not the transaction. */
static void test_config_privcfg_overrides(void **state)
{
	static struct fx fx;
	uint64_t root, ste0;

	(void)state;
	fx_start(&fx, NULL);
	root = fx_stream(&fx, FX_SID, 0);
	ste0 = fx_get(&fx, fx.strtab + FX_SID * 64);
	fx_map(&fx, root, 0x1000, 0x200000 | (PTE_RW & ~PTE_USER), 3);
	assert_int_equal(reach(&fx, FX_SID, NO_SSID), 0);
	assert_int_equal(
		fx_access(&fx, FX_SID, 0x1000, R | IOMMU_PERM_PRIV, NULL), 0);
	fx_ste(&fx, FX_SID, ste0, STE1_PRIVCFG(3));
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(reach(&fx, FX_SID, NO_SSID), 0x200000);
	assert_int_equal(reach(&fx, FX_SID, NO_SSID), 0x200000);
	fx_ste(&fx, FX_SID, ste0, STE1_PRIVCFG(2));
	fx_cmd(&fx, CMD_CFGI_STE(FX_SID), 1);
	assert_int_equal(fx_access(&fx, FX_SID, 0x1000, R | IOMMU_PERM_PRIV,
				   NULL),
			 -EFAULT);
	fx_fini(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_s1dss_matrix),
		cmocka_unit_test(test_config_two_level_cd_table_highest),
		cmocka_unit_test(test_config_two_level_stream_table),
		cmocka_unit_test(test_config_illegal_records_recorded),
		cmocka_unit_test(test_config_strict_keeps_until_invalidated),
		cmocka_unit_test(test_config_eager_forgets),
		cmocka_unit_test(test_config_privcfg_overrides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
