/* SPDX-License-Identifier: MIT */
/* Configuration space, MSI-X and page request accounting of a function. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "models/pcie/pcie.h"

struct probe {
	struct pcie_hw hw;
	struct hw_env env;
	unsigned int flrs;
	unsigned int changes;
	struct pcie_hw_state before;
	unsigned int messages;
	uint64_t addr;
	uint32_t data;
	uint32_t requester;
};

static void probe_flr(void *ctx)
{
	struct probe *p = ctx;

	p->flrs++;
}

static void probe_changed(void *ctx, const struct pcie_hw_state *before)
{
	struct probe *p = ctx;

	p->changes++;
	p->before = *before;
}

static int probe_msi(void *ctx, uint32_t requester, uint64_t addr,
		     uint32_t data)
{
	struct probe *p = ctx;

	p->messages++;
	p->requester = requester;
	p->addr = addr;
	p->data = data;
	return 0;
}

static const struct pcie_hw_ops probe_ops = {
	.flr = probe_flr,
	.changed = probe_changed,
};

static const struct pcie_hw_cfg full = {
	.rid = 0x1234,
	.vendor = 0x8086,
	.device = 0x0b25,
	.class_code = 0x088000,
	.revision = 3,
	.bar_size = { 0x10000, 0x80000 },
	.msix_vectors = 9,
	.msix_table = 0x2000,
	.msix_pba = 0x3000,
	.pasid_bits = 20,
	.pasid_priv = true,
	.ats = true,
	.pri = true,
	.outstanding = 32,
};

static int setup(void **state)
{
	static struct probe p;

	memset(&p, 0, sizeof(p));
	p.env.ctx = &p;
	p.env.msi = probe_msi;
	if (pcie_hw_init(&p.hw, &full, &probe_ops, &p, &p.env))
		return -1;
	*state = &p;
	return 0;
}

static uint32_t rd(struct probe *p, unsigned int offset, unsigned int size)
{
	return pcie_hw_cfg_read(&p->hw, offset, size);
}

static void wr(struct probe *p, unsigned int offset, unsigned int size,
	       uint32_t value)
{
	pcie_hw_cfg_write(&p->hw, offset, size, value);
}

static void test_pcie_init_bad_configuration_refused(void **state)
{
	struct probe *p = *state;
	struct pcie_hw_cfg bad[7];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = full;
	bad[0].msix_vectors = 0;
	bad[1].msix_vectors = 65;
	bad[2].bar_size[0] = 0x3000;
	bad[3].pasid_bits = 21;
	bad[4].ats = false;
	bad[5].outstanding = 0;
	bad[6].msix_table = 0x2004;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(pcie_hw_init(&p->hw, &bad[i], &probe_ops, p,
					      &p->env),
				 -EINVAL);
}

/* Every byte: what all ones and then all zeroes leave behind. */
static void test_pcie_write_masks_hold(void **state)
{
	static const struct {
		unsigned int offset;
		unsigned int size;
		uint32_t ones;
		uint32_t zeroes;
	} table[] = {
		{ PCIE_CFG_VENDOR, 4, 0x0b258086, 0x0b258086 },
		{ PCIE_CFG_COMMAND, 2, 0x0546, 0 },
		{ PCIE_CFG_STATUS, 2, 0x0010, 0x0010 },
		{ PCIE_CFG_CLASS, 4, 0x08800003, 0x08800003 },
		{ PCIE_CFG_CACHE_LINE_SIZE, 4, 0x000000ff, 0 },
		{ PCIE_CFG_BAR0, 4, 0xffff000c, 0x0000000c },
		{ PCIE_CFG_BAR0 + 4, 4, 0xffffffff, 0 },
		{ PCIE_CFG_BAR0 + 8, 4, 0xfff8000c, 0x0000000c },
		{ PCIE_CFG_BAR0 + 12, 4, 0xffffffff, 0 },
		{ PCIE_CFG_BAR0 + 16, 4, 0, 0 },
		{ PCIE_CFG_BAR0 + 20, 4, 0, 0 },
		{ PCIE_CFG_ROM, 4, 0, 0 },
		{ PCIE_CFG_CAP_POINTER, 1, 0x40, 0x40 },
		{ PCIE_CFG_INTERRUPT_LINE, 1, 0xff, 0 },
		{ PCIE_CFG_INTERRUPT_PIN, 1, 0, 0 },
	};
	struct probe *p = *state;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		wr(p, table[i].offset, table[i].size, UINT32_MAX);
		assert_int_equal(rd(p, table[i].offset, table[i].size),
				 table[i].ones);
		wr(p, table[i].offset, table[i].size, 0);
		assert_int_equal(rd(p, table[i].offset, table[i].size),
				 table[i].zeroes);
	}
}

static void test_pcie_bad_accesses_ignored(void **state)
{
	struct probe *p = *state;

	assert_int_equal(rd(p, 4096, 4), UINT32_MAX);
	assert_int_equal(rd(p, 2, 4), UINT32_MAX);
	assert_int_equal(rd(p, 0, 3), UINT32_MAX);
	assert_int_equal(rd(p, 0, 8), UINT32_MAX);
	wr(p, 4096, 4, UINT32_MAX);
	wr(p, PCIE_CFG_BAR0 + 2, 4, UINT32_MAX);
	assert_int_equal(rd(p, PCIE_CFG_BAR0, 4), 0xc);
}

static void test_pcie_lists_lead_to_all_capabilities(void **state)
{
	struct probe *p = *state;
	unsigned int at = rd(p, PCIE_CFG_CAP_POINTER, 1), n;
	const unsigned int ids[] = { PCIE_CAP_ID_EXP, PCIE_CAP_ID_MSIX };
	const unsigned int ext[] = { PCIE_EXT_CAP_ID_PASID, PCIE_EXT_CAP_ID_ATS,
				     PCIE_EXT_CAP_ID_PRI };

	for (n = 0; n < ARRAY_SIZE(ids); n++) {
		assert_int_equal(rd(p, at, 1), ids[n]);
		at = rd(p, at + 1, 1);
	}
	assert_int_equal(at, 0);
	at = PCIE_CFG_EXT_CAPS;
	for (n = 0; n < ARRAY_SIZE(ext); n++) {
		assert_int_equal(rd(p, at, 2), ext[n]);
		at = rd(p, at, 4) >> 20;
	}
	assert_int_equal(at, 0);
	/* What drivers look for before they enable PASID. */
	assert_int_equal(rd(p, p->hw.exp + PCIE_EXP_DEVCAP2, 4) >> 21 & 1, 1);
	assert_int_equal(rd(p, p->hw.exp + PCIE_EXP_DEVCAP, 4) >> 28 & 1, 1);
	assert_int_equal(rd(p, p->hw.pasid + PCIE_PASID_CAP, 2), 0x1404);
	assert_int_equal(rd(p, p->hw.ats + PCIE_ATS_CAP, 2), 0x0060);
	assert_int_equal(rd(p, p->hw.pri + PCIE_PRI_CAPACITY, 4), 32);
}

/* [R12] PASID and the translation unit are frozen while ATS is on. */
static void test_pcie_pasid_frozen_while_ats_enabled(void **state)
{
	struct probe *p = *state;
	unsigned int pasid = p->hw.pasid + PCIE_PASID_CTRL;
	unsigned int ats = p->hw.ats + PCIE_ATS_CTRL;

	wr(p, pasid, 2, 0xffff);
	assert_int_equal(rd(p, pasid, 2), 5);
	assert_int_equal(p->changes, 1);
	assert_false(p->before.pasid);
	wr(p, ats, 2, 0x8003);
	assert_int_equal(p->changes, 2);
	wr(p, pasid, 2, 0);
	assert_int_equal(rd(p, pasid, 2), 5);
	wr(p, ats, 2, 0x8005);
	assert_int_equal(rd(p, ats, 2), 0x8003);
	assert_int_equal(p->changes, 2);
	wr(p, ats, 2, 0);
	assert_int_equal(p->changes, 3);
	assert_true(p->before.ats);
	wr(p, pasid, 2, 0);
	assert_int_equal(rd(p, pasid, 2), 0);
}

static void test_pcie_flr_restores_defaults(void **state)
{
	struct probe *p = *state;
	static uint8_t image[PCIE_CFG_SIZE];
	unsigned int i;

	memcpy(image, p->hw.space, sizeof(image));
	for (i = 0; i < PCIE_CFG_SIZE; i += 4) {
		if (i != p->hw.exp + PCIE_EXP_DEVCTL)
			wr(p, i, 4, UINT32_MAX);
	}
	pcie_hw_msix_write(&p->hw, 0xc, 4, 0);
	assert_int_equal(p->flrs, 0);
	wr(p, p->hw.exp + PCIE_EXP_DEVCTL, 2, 0x8000);
	assert_int_equal(p->flrs, 1);
	assert_memory_equal(image, p->hw.space, sizeof(image));
	assert_int_equal(pcie_hw_msix_read(&p->hw, 0xc, 4), 1);
}

static void test_pcie_msix_mask_holds_back(void **state)
{
	struct probe *p = *state;
	unsigned int ctrl = p->hw.msix + PCIE_MSIX_CTRL;

	assert_int_equal(rd(p, ctrl, 2), 8);
	pcie_hw_msix_write(&p->hw, 3 * 16, 8, 0x1fee00003);
	pcie_hw_msix_write(&p->hw, 3 * 16 + 8, 4, 0x77);
	assert_int_equal(pcie_hw_msix_read(&p->hw, 3 * 16, 8), 0x1fee00000);
	assert_int_equal(pcie_hw_msix_read(&p->hw, 3 * 16 + 4, 4), 1);
	assert_int_equal(pcie_hw_msix_read(&p->hw, 9 * 16, 8), 0);
	assert_int_equal(pcie_hw_msix_read(&p->hw, 3 * 16, 2), 0);

	/* Disabled: lost. */
	pcie_hw_msix_fire(&p->hw, 3);
	wr(p, PCIE_CFG_COMMAND, 2, 4);
	wr(p, ctrl, 2, 0x8000);
	assert_int_equal(p->messages, 0);

	/* Masked: pending, once however often it fired. */
	pcie_hw_msix_fire(&p->hw, 3);
	pcie_hw_msix_fire(&p->hw, 3);
	pcie_hw_msix_fire(&p->hw, 9);
	assert_int_equal(p->messages, 0);
	assert_int_equal(pcie_hw_msix_pending(&p->hw, 0, 8), 8);
	pcie_hw_msix_write(&p->hw, 3 * 16 + 12, 4, 0);
	assert_int_equal(p->messages, 1);
	assert_int_equal(p->addr, 0x1fee00000);
	assert_int_equal(p->data, 0x77);
	assert_int_equal(p->requester, 0x1234);
	assert_int_equal(pcie_hw_msix_pending(&p->hw, 0, 4), 0);

	/* All masked, or no bus mastering. */
	wr(p, ctrl, 2, 0xc000);
	pcie_hw_msix_fire(&p->hw, 3);
	assert_int_equal(p->messages, 1);
	wr(p, PCIE_CFG_COMMAND, 2, 0);
	wr(p, ctrl, 2, 0x8000);
	assert_int_equal(p->messages, 1);
	wr(p, PCIE_CFG_COMMAND, 2, 4);
	assert_int_equal(p->messages, 2);
}

static void pri_on(struct probe *p, uint32_t allocation)
{
	wr(p, p->hw.pri + PCIE_PRI_CTRL, 2, 2);
	wr(p, p->hw.pri + PCIE_PRI_ALLOCATION, 4, allocation);
	wr(p, p->hw.pri + PCIE_PRI_CTRL, 2, 1);
}

static int begin(struct probe *p, unsigned int pages, uint16_t *prgi,
		 unsigned int *granted)
{
	return pcie_hw_pri_begin(&p->hw, pages, true, 7, 2, prgi, granted);
}

static int respond(struct probe *p, uint16_t prgi, enum hw_prg_code code,
		   uint8_t *owner)
{
	const struct hw_prg_response resp = {
		.pasid_valid = true, .pasid = 7, .prgi = prgi, .code = code
	};

	return pcie_hw_pri_response(&p->hw, &resp, owner);
}

static void test_pcie_pri_credit_is_accounted(void **state)
{
	struct probe *p = *state;
	unsigned int n;
	uint16_t a, b;
	uint8_t owner;

	assert_int_equal(begin(p, 1, &a, &n), -EPERM);
	pri_on(p, 10);
	/* Frozen while enabled. */
	wr(p, p->hw.pri + PCIE_PRI_ALLOCATION, 4, 20);
	assert_int_equal(pcie_hw_pri_allocation(&p->hw), 10);

	assert_int_equal(begin(p, 8, &a, &n), 0);
	assert_int_equal(n, 8);
	assert_int_equal(begin(p, 8, &b, &n), 0);
	assert_int_equal(n, 2);
	assert_int_not_equal(a, b);
	assert_int_equal(begin(p, 1, &b, &n), -EAGAIN);
	assert_true(pcie_hw_pri_waits(&p->hw, true, 0));
	assert_true(pcie_hw_pri_waits(&p->hw, false, 7));
	assert_false(pcie_hw_pri_waits(&p->hw, false, 8));

	assert_int_equal(respond(p, a, HW_PRG_INVALID, &owner), 0);
	assert_int_equal(owner, 2);
	assert_int_equal(begin(p, 9, &a, &n), 0);
	assert_int_equal(n, 8);
	pcie_hw_pri_abandon(&p->hw, a);
	assert_int_equal(respond(p, a, HW_PRG_SUCCESS, &owner), 0);
	assert_int_equal(owner, PCIE_HW_NO_OWNER);
}

static void test_pcie_pri_capacity_limits_allocation(void **state)
{
	struct probe *p = *state;

	pri_on(p, 1000);
	assert_int_equal(rd(p, p->hw.pri + PCIE_PRI_ALLOCATION, 4), 1000);
	assert_int_equal(pcie_hw_pri_allocation(&p->hw), 32);
}

static void test_pcie_pri_stopped_after_last_answer(void **state)
{
	struct probe *p = *state;
	unsigned int status = p->hw.pri + PCIE_PRI_STATUS, n;
	uint8_t owner;
	uint16_t a;

	assert_int_equal(rd(p, status, 2), 0x8100);
	pri_on(p, 4);
	assert_int_equal(rd(p, status, 2), 0x8000);
	assert_int_equal(begin(p, 1, &a, &n), 0);
	wr(p, p->hw.pri + PCIE_PRI_CTRL, 2, 0);
	assert_int_equal(rd(p, status, 2), 0x8000);
	assert_int_equal(respond(p, a, HW_PRG_SUCCESS, &owner), 0);
	assert_int_equal(rd(p, status, 2), 0x8100);

	/* Reset forgets, but only while disabled. */
	pri_on(p, 4);
	assert_int_equal(begin(p, 4, &a, &n), 0);
	wr(p, p->hw.pri + PCIE_PRI_CTRL, 2, 3);
	assert_int_equal(rd(p, p->hw.pri + PCIE_PRI_CTRL, 2), 1);
	assert_int_equal(begin(p, 4, &a, &n), -EAGAIN);
	wr(p, p->hw.pri + PCIE_PRI_CTRL, 2, 2);
	assert_int_equal(rd(p, status, 2), 0x8100);
	assert_int_equal(respond(p, a, HW_PRG_SUCCESS, &owner), -ENOENT);
	assert_int_equal(rd(p, status, 2), 0x8102);
	wr(p, status, 2, 2);
	assert_int_equal(rd(p, status, 2), 0x8100);
}

static void test_pcie_pri_failure_disables(void **state)
{
	struct probe *p = *state;
	unsigned int status = p->hw.pri + PCIE_PRI_STATUS, n, code;
	uint8_t owner;
	uint16_t a, b;

	/* Reserved codes count as failures, too. */
	for (code = 2; code < 16; code++) {
		pri_on(p, 4);
		assert_int_equal(begin(p, 1, &a, &n), 0);
		assert_int_equal(begin(p, 1, &b, &n), 0);
		assert_int_equal(respond(p, a, (enum hw_prg_code)code, &owner),
				 0);
		assert_int_equal(rd(p, status, 2), 0x8101);
		assert_int_equal(rd(p, p->hw.pri + PCIE_PRI_CTRL, 2), 0);
		assert_int_equal(begin(p, 1, &a, &n), -EPERM);
		assert_int_equal(respond(p, b, HW_PRG_SUCCESS, &owner),
				 -ENOENT);
		wr(p, status, 2, 3);
	}
}

/* Indices go round: one is not used again before the others were. */
static void test_pcie_pri_indices_go_round(void **state)
{
	struct probe *p = *state;
	uint16_t prgi, first;
	unsigned int i, n;
	uint8_t owner;

	pri_on(p, 32);
	assert_int_equal(begin(p, 1, &first, &n), 0);
	assert_int_equal(respond(p, first, HW_PRG_SUCCESS, &owner), 0);
	for (i = 1; i < PCIE_HW_PRGS; i++) {
		assert_int_equal(begin(p, 1, &prgi, &n), 0);
		assert_int_not_equal(prgi, first);
		assert_int_equal(respond(p, prgi, HW_PRG_SUCCESS, &owner), 0);
	}
	assert_int_equal(begin(p, 1, &prgi, &n), 0);
	assert_int_equal(prgi, first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pcie_init_bad_configuration_refused,
				       setup),
		cmocka_unit_test_setup(test_pcie_write_masks_hold, setup),
		cmocka_unit_test_setup(test_pcie_bad_accesses_ignored, setup),
		cmocka_unit_test_setup(test_pcie_lists_lead_to_all_capabilities,
				       setup),
		cmocka_unit_test_setup(test_pcie_pasid_frozen_while_ats_enabled,
				       setup),
		cmocka_unit_test_setup(test_pcie_flr_restores_defaults, setup),
		cmocka_unit_test_setup(test_pcie_msix_mask_holds_back, setup),
		cmocka_unit_test_setup(test_pcie_pri_credit_is_accounted,
				       setup),
		cmocka_unit_test_setup(test_pcie_pri_capacity_limits_allocation,
				       setup),
		cmocka_unit_test_setup(test_pcie_pri_stopped_after_last_answer,
				       setup),
		cmocka_unit_test_setup(test_pcie_pri_failure_disables, setup),
		cmocka_unit_test_setup(test_pcie_pri_indices_go_round, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
