/* SPDX-License-Identifier: MIT */
/*
 * Conformance: which descriptors a unit takes in which table mode and queue
 * width, and what it says of the others: table 26 of 6.5.2.11, IQEI of
 * 11.4.9.9. What the descriptors take is in vtd_tlb_test.c (tables 23 and 24),
 * the registers in vtd_ccmd_test.c (11.4.6). [I5]
 */
#include "tests/models/vtd/conform.h"

enum { IQEI_TYPE = 3, IQEI_RSVD = 4, IQEI_WIDTH = 5, IQEI_TTM = 7 };

/* The types, a valid word 0 of each, and what a unit must have. */
static const struct {
	uint64_t dw0, ecap;
	bool pasid; /* not for legacy mode */
} types[] = {
	{ VX_INV_CC_GLOBAL, 0, false },
	{ VX_INV_IOTLB_GLOBAL, 0, false },
	{ VX_INV_DEVTLB(0x100), VT_ECAP_DT, false },
	{ VX_INV_IEC_GLOBAL, CF_ECAP_IR, false },
	{ VX_INV_WAIT, 0, false },
	{ VX_INV_PIOTLB(1, 2), VT_ECAP_SMTS, true },
	{ VX_INV_PC_GLOBAL, VT_ECAP_SMTS, true },
	{ VX_INV_PDEVTLB(0x100, 1), VT_ECAP_SMTS | VT_ECAP_DT, true },
	{ VX_INV_PGRESP(0x100, 1, 0), VT_ECAP_PRS, true },
	/* HPT caches; and one that there is not. */
	{ 0x1a, UINT64_C(1) << 55, true },
	{ 0x1b, UINT64_C(1) << 63, true },
};

/* What table 26 and 11.4.9.9 say. */
static unsigned int expected(const struct vtd_hw_cfg *cfg, unsigned int ttm,
			     bool wide, size_t t)
{
	bool smts = cfg->ecap & VT_ECAP_SMTS, adms = cfg->ecap & VT_ECAP_ADMS;

	if (ttm == VT_RESERVED || (ttm == VT_SCALABLE && !smts) ||
	    (ttm == VT_ABORT && !adms))
		return IQEI_TTM;
	if (wide ? !smts && !adms : ttm != VT_LEGACY)
		return IQEI_WIDTH;
	if ((types[t].pasid && ttm == VT_LEGACY) ||
	    (cfg->ecap & types[t].ecap) != types[t].ecap)
		return IQEI_TYPE;
	return 0;
}

static struct vx vx;

/* IQEI after one descriptor, 0 if it was taken. */
static unsigned int submit(const struct vtd_hw_cfg *cfg, unsigned int ttm,
			   bool wide, uint64_t dw0, uint64_t dw1)
{
	unsigned int iqei = 0;

	vx_init(&vx, cfg);
	vx.root = vx_alloc(&vx, 4096, 4096);
	vx.iq = vx_alloc(&vx, VX_IQ_BYTES, 4096);
	vx_w64(&vx, VX_RTADDR, vx.root | (uint64_t)ttm << 10);
	vx_gcmd(&vx, VX_SRTP);
	vx_w64(&vx, VX_IQT, 0);
	vx_w64(&vx, VX_IQA, vx.iq | (wide ? VX_IQA_DW : 0));
	vx_gcmd(&vx, VX_QIE);
	vx_put(&vx, vx.iq, dw0);
	vx_put(&vx, vx.iq + 8, dw1);
	vx_w64(&vx, VX_IQT, wide ? 32 : 16);
	if (vx_r32(&vx, VX_FSTS) & VX_IQE) {
		iqei = vx_r64(&vx, VX_IQERCD) & 0xf;
		assert_int_not_equal(iqei, 0);
		/* 6.5.2.11: it stays at the head. */
		assert_int_equal(vx_r64(&vx, VX_IQH), 0);
	} else {
		assert_int_equal(vx_r64(&vx, VX_IQH), wide ? 32 : 16);
	}
	vx_fini(&vx);
	return iqei;
}

static void each_descriptor(unsigned int u, const struct vtd_hw_cfg *cfg,
			    unsigned int seen[16])
{
	unsigned int ttm, wide, got, want;
	size_t t;

	for (ttm = 0; ttm < 4; ttm++)
		for (wide = 0; wide < 2; wide++)
			for (t = 0; t < CF_COUNT(types); t++) {
				want = expected(cfg, ttm, wide, t);
				got = submit(cfg, ttm, wide, types[t].dw0, 0);
				if (got != want)
					fail_msg("%s: TTM %u, DW %u, type %zu: "
						 "%u, not %u",
						 cf_units[u].name, ttm, wide, t,
						 got, want);
				seen[got]++;
			}
}

static void test_vtd_conform_table_26(void **state)
{
	unsigned int seen[16] = { 0 }, u;

	(void)state;
	for (u = 0; u < cf_unit_count; u++) {
		struct vtd_hw_cfg cfg = cf_cfg(u, HW_STRICT);

		if (!(cfg.ecap & CF_ECAP_QI))
			continue;
		each_descriptor(u, &cfg, seen);
	}
	assert_true(seen[0] && seen[IQEI_TYPE] && seen[IQEI_WIDTH] &&
		    seen[IQEI_TTM]);
}

/* 6.5.2.3: pages of a domain are not for a unit without CAP.PSI. */
static void test_vtd_conform_page_selective(void **state)
{
	unsigned int seen[16] = { 0 }, u;

	(void)state;
	for (u = 0; u < cf_unit_count; u++) {
		struct vtd_hw_cfg cfg = cf_cfg(u, HW_STRICT);
		unsigned int want = cfg.cap & CF_CAP_PSI ? 0 : IQEI_RSVD;

		if (!(cfg.ecap & CF_ECAP_QI))
			continue;
		assert_int_equal(submit(&cfg, VT_LEGACY,
					cfg.ecap & VT_ECAP_SMTS,
					VX_INV_IOTLB_PAGE(1), 0x1000),
				 want);
		seen[want]++;
	}
	assert_true(seen[0] && seen[IQEI_RSVD]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_conform_table_26),
		cmocka_unit_test(test_vtd_conform_page_selective),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
