/* SPDX-License-Identifier: MIT */
/*
 * Conformance: what a unit says of interrupts that it does not remap: table 15
 * of 5.1.4.1, each line with and without FPD. [I5]
 */
#include "tests/models/vtd/conform.h"

static struct vx the_vx;

/* By reason: has a golden record been seen? */
static bool raised[256];

/* 5.1.4.1, table 15. @want_addr: 11.4.7.6, the index, if there is one. */
struct irq_row {
	unsigned int reason;
	bool qualified;
	uint64_t lo, hi; /* of entry 5 */
	uint64_t addr;
	uint32_t data;
	uint64_t want_addr;
	bool unreadable;
	uint64_t irta;
};

#define HANDLE(n) (UINT64_C(0xfee00010) | (uint64_t)(n) << 5)
#define INTERRUPT UINT64_C(0xfee00000)
#define SHV       8
#define INDEX(n)  ((uint64_t)(n) << 48)

static const struct irq_row irq_rows[] = {
	{ 0x20, 0, 1, 0, HANDLE(5) | SHV, 0x10000, 0, 0, 0 },
	{ 0x21, 0, 1, 0, HANDLE(256), 0, INDEX(256), 0, 0 },
	{ 0x21, 0, 1, 0, HANDLE(250) | SHV, 6, INDEX(256), 0, 0 },
	{ 0x22, 1, 0, 0, HANDLE(5), 0, INDEX(5), 0, 0 },
	{ 0x23, 0, 1, 0, HANDLE(5), 0, INDEX(5), 1, 0 },
	{ 0x24, 1, 1 | 1 << 12, 0, HANDLE(5), 0, INDEX(5), 0, 0 },
	{ 0x24, 1, 1, UINT64_C(1) << 20, HANDLE(5), 0, INDEX(5), 0, 0 },
	{ 0x25, 0, 1, 0, UINT64_C(0xfee05000), 0x31, 0, 0, 0 },
	{ 0x26, 1, 1, UINT64_C(1) << 18 | 0x777, HANDLE(5), 0, INDEX(5), 0, 0 },
	/* The source is checked first (5.1.4). */
	{ 0x26, 1, 1 | 1 << 12, UINT64_C(1) << 18 | 0x777, HANDLE(5), 0,
	  INDEX(5), 0, 0 },
};

static void start_irq(struct vx *vx, const struct vtd_hw_cfg *cfg)
{
	vt_start(vx, cfg, VT_LEGACY);
	vx->irt = vx_alloc(vx, 65536 * 16, 4096);
	vx_w64(vx, VX_IRTA, vx->irt | 7);
	vx_gcmd(vx, VX_SIRTP);
	vx_gcmd(vx, VX_IRE);
}

static void irq(const struct vtd_hw_cfg *cfg, const struct irq_row *row,
		bool fpd)
{
	struct vtd_hw_msg msg = { row->addr, row->data }, out;
	struct vx *vx = &the_vx;
	uint64_t rec[2];

	start_irq(vx, cfg);
	vx_put(vx, vx->irt + 5 * 16 + 8, row->hi);
	vx_put(vx, vx->irt + 5 * 16, row->lo | (fpd ? 2 : 0));
	if (row->unreadable) {
		vx->abort_first = vx->irt + 5 * 16;
		vx->abort_last = vx->abort_first + 15;
	}
	assert_int_equal(vtd_hw_remap_irq(vx->hw, VT_SID, &msg, &out), -EFAULT);
	assert_int_equal(vx_fault(vx, rec), !(fpd && row->qualified));
	if (!(fpd && row->qualified)) {
		assert_int_equal(rec[0], row->want_addr);
		assert_int_equal(rec[1], UINT64_C(1) << 63 |
						 (uint64_t)row->reason << 32 |
						 VT_SID);
		raised[row->reason] = true;
	}
	vx_fini(vx);
}

/* 21h, too: the table ends where the host's addresses do. */
static void irq_beyond_host(const struct vtd_hw_cfg *cfg)
{
	struct vtd_hw_msg msg = { HANDLE(256), 0 }, out;
	uint64_t haw = cfg->haw ? cfg->haw : 52, rec[2];
	struct vx *vx = &the_vx;

	start_irq(vx, cfg);
	vx_w64(vx, VX_IRTA, ((UINT64_C(1) << haw) - 4096) | 15);
	vx_gcmd(vx, VX_SIRTP);
	assert_int_equal(vtd_hw_remap_irq(vx->hw, VT_SID, &msg, &out), -EFAULT);
	assert_true(vx_fault(vx, rec));
	assert_int_equal(rec[1] >> 32 & 0xff, 0x21);
	vx_fini(vx);
}

/* 29h: a read is no interrupt. While remapping is off nothing is recorded. */
static void irq_no_interrupt(const struct vtd_hw_cfg *cfg)
{
	struct vx *vx = &the_vx;
	struct hw_xlat x;
	uint64_t rec[2];

	vt_start(vx, cfg, VT_LEGACY);
	assert_int_equal(vt_access(vx, VT_SID, 0, INTERRUPT, R, &x), -EFAULT);
	assert_false(vx_fault(vx, rec));
	vx_fini(vx);
	start_irq(vx, cfg);
	assert_int_equal(vt_access(vx, VT_SID, 0, INTERRUPT, R, &x), -EFAULT);
	assert_true(vx_fault(vx, rec));
	assert_int_equal(rec[0], 0);
	assert_int_equal(rec[1],
			 UINT64_C(1) << 63 | UINT64_C(0x29) << 32 | VT_SID);
	raised[0x29] = true;
	vx_fini(vx);
}

static void test_vtd_conform_table_15(void **state)
{
	unsigned int u, p, ran = 0;
	size_t i;

	(void)state;
	for (u = 0; u < cf_unit_count; u++)
		for (p = 0; p < 2; p++) {
			struct vtd_hw_cfg cfg =
				cf_cfg(u, p ? HW_EAGER : HW_STRICT);

			if (!(cfg.ecap & CF_ECAP_IR))
				continue;
			for (i = 0; i < CF_COUNT(irq_rows); i++) {
				irq(&cfg, &irq_rows[i], false);
				irq(&cfg, &irq_rows[i], true);
			}
			irq_beyond_host(&cfg);
			irq_no_interrupt(&cfg);
			ran++;
		}
	assert_true(ran >= 8);
}

/* Runs last. Those of requests are in fault_test.c. */
static void test_vtd_conform_every_irq_reason(void **state)
{
	(void)state;
	cf_every_reason(raised, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vtd_conform_table_15),
		cmocka_unit_test(test_vtd_conform_every_irq_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
