/* SPDX-License-Identifier: MIT */
/* Device commands, and what else ends descriptors under way. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "tests/models/dsa_place.h"

/* Device commands in each state, against what the table says. */
static void test_dsa_commands_answer_by_state(void **state)
{
	static const struct {
		unsigned int code;
		uint32_t operand;
		uint32_t disabled; /* the device */
		uint32_t enabled;  /* the device, not the queue */
	} table[] = {
		{ 0, 0, 0x01, 0x01 },
		{ 15, 0, 0x01, 0x01 },
		{ 31, 0, 0x01, 0x01 },
		{ DSA_CMD_DRAIN_ALL, 0, 0, 0 },
		{ DSA_CMD_ABORT_ALL, 0, 0, 0 },
		{ DSA_CMD_ENABLE_WQ, 200, 0x20, 0x02 },
		{ DSA_CMD_ENABLE_WQ, 1, 0x20, 0x22 },
		{ DSA_CMD_DISABLE_WQ, 1, 0x32, 0x32 },
		{ DSA_CMD_DRAIN_WQ, 1, 0x32, 0x32 },
		{ DSA_CMD_ABORT_WQ, 1, 0x32, 0x32 },
		{ DSA_CMD_DRAIN_WQ, 0x100, 0x02, 0x02 },
		{ DSA_CMD_DRAIN_WQ, 0x10001, 0x02, 0x02 },
		{ DSA_CMD_RESET_WQ, 1, 0, 0 },
		{ DSA_CMD_DRAIN_PASID, 1, 0, 0 },
		{ DSA_CMD_ABORT_PASID, 1, 0, 0 },
		{ DSA_CMD_REQUEST_INT_HANDLE, 3, 0x300, 0x300 },
		{ DSA_CMD_REQUEST_INT_HANDLE, 0, 0x41, 0x41 },
		{ DSA_CMD_REQUEST_INT_HANDLE, 9, 0x41, 0x41 },
		{ DSA_CMD_REQUEST_INT_HANDLE, 0x10003, 0x41, 0x41 },
		{ DSA_CMD_RELEASE_INT_HANDLE, 3, 0, 0 },
		{ DSA_CMD_RELEASE_INT_HANDLE, 3, 0x41, 0x41 },
	};
	struct fix *f = fix_create(NULL);
	const struct fix_wq wq = { .pasid = 1 };
	size_t i;

	(void)state;
	assert_int_equal(fix_cmd(f, DSA_CMD_DISABLE_DEVICE, 0), 0x31);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(fix_cmd(f, table[i].code, table[i].operand),
				 table[i].disabled);
	fix_group(f, 0, 0xff, 0x1);
	fix_wq_config(f, &wq);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x10);
	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(fix_cmd(f, table[i].code, table[i].operand),
				 table[i].enabled);
	/* Reserved bits of the command register. */
	dsa_hw_mmio_write(f->dsa, DSA_REG_CMD, 4, 0x06300000);
	assert_int_equal(fix_read(f, DSA_REG_CMDSTATUS), 0x04);
	assert_int_equal(fix_cmd(f, DSA_CMD_DISABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_RESET_DEVICE, 0), 0);
	assert_int_equal(fix_read(f, 0x400), 0);
	assert_int_equal(fix_read(f, 0x500), 0);
	fix_destroy(f);
}

/* A blocked descriptor: what drains wait for it, what aborts drop it. */
static struct fix *blocked(struct place *p)
{
	struct fix *f = place_setup(p, NULL, NULL);
	struct dsa_desc d =
		fix_desc_data(DSA_OP_MEMMOVE, p->comp, p->src, p->dst, 64);
	static const unsigned char none[DSA_COMP_SIZE];

	FIELD_SET(DSA_DESC_BOF, &d, 1);
	f->prg = FIX_PRG_HOLD;
	fix_forbid(f, 1, p->dst, 1, true);
	fix_put(f, 1, p->comp, none, sizeof(none));
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	assert_int_equal(fix_run(f), 1);
	return f;
}

static void test_dsa_drains_wait_for_descriptors(void **state)
{
	static const struct {
		unsigned int code;
		uint32_t operand;
	} table[] = {
		{ DSA_CMD_DRAIN_ALL, 0 },      { DSA_CMD_DRAIN_WQ, 1 },
		{ DSA_CMD_DRAIN_PASID, 1 },    { DSA_CMD_DISABLE_WQ, 1 },
		{ DSA_CMD_DISABLE_DEVICE, 0 },
	};
	struct dsa_hw_stats s;
	struct place p;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct fix *f = blocked(&p);

		assert_int_equal(fix_cmd(f, DSA_CMD_DRAIN_PASID, 2), 0);
		fix_write(f, DSA_REG_CMD,
			  ACTIVE | table[i].operand | table[i].code << 20);
		assert_int_equal(read_cmdstatus(f), ACTIVE);
		assert_int_equal(atomic_load(&f->msi_count[0]), 0);
		/* No second command meanwhile. */
		assert_int_equal(fix_cmd(f, DSA_CMD_DRAIN_ALL, 0), ACTIVE);
		assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
				 DSA_SWERR_CMD_ACTIVE);
		assert_int_equal(fix_run(f), 1);
		assert_int_equal(read_cmdstatus(f), ACTIVE);
		place_answer(f);
		assert_int_equal(fix_run(f), 0);
		assert_int_equal(read_cmdstatus(f), 0);
		assert_int_equal(atomic_load(&f->msi_count[0]), 1);
		dsa_hw_stats(f->dsa, &s);
		assert_int_equal(s.descriptors, 2);
		fix_destroy(f);
	}
}

static void test_dsa_aborts_drop_descriptors(void **state)
{
	static const struct {
		unsigned int code;
		uint32_t operand;
		bool waits; /* for the page request's answer */
	} table[] = {
		{ DSA_CMD_ABORT_ALL, 0, false },
		{ DSA_CMD_ABORT_WQ, 1, false },
		{ DSA_CMD_ABORT_PASID, 1, true },
		{ DSA_CMD_RESET_WQ, 1, false },
		{ DSA_CMD_RESET_DEVICE, 0, false },
	};
	struct dsa_hw_stats s;
	struct place p;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct fix *f = blocked(&p);
		struct dsa_comp c;

		assert_int_equal(fix_cmd(f, table[i].code, table[i].operand),
				 ACTIVE);
		assert_int_equal(fix_run(f), 0);
		assert_int_equal(read_cmdstatus(f),
				 table[i].waits ? ACTIVE : 0);
		place_answer(f);
		assert_int_equal(fix_run(f), 0);
		assert_int_equal(read_cmdstatus(f), 0);
		c = fix_comp(f, 1, p.comp);
		assert_int_equal(status_of(&c), DSA_COMP_NONE);
		dsa_hw_stats(f->dsa, &s);
		assert_int_equal(s.descriptors, 0);
		/* The answer was one that was waited for. */
		assert_int_equal(
			dsa_hw_cfg_read(f->dsa,
					fix_ext_cap(f, PCIE_EXT_CAP_ID_PRI) +
						PCIE_PRI_STATUS,
					2),
			0x8000);
		fix_destroy(f);
	}
}

static void test_dsa_flr_drops_everything(void **state)
{
	struct place p;
	struct fix *f = blocked(&p);
	unsigned int exp = fix_cap(f, PCIE_CAP_ID_EXP);
	struct dsa_comp c;

	(void)state;
	dsa_hw_cfg_write(f->dsa, exp + PCIE_EXP_DEVCTL, 2, 0x8000);
	assert_int_equal(fix_run(f), 0);
	assert_int_equal(fix_read(f, DSA_REG_GENSTATUS), 0);
	assert_int_equal(fix_read(f, 0x400), 0);
	assert_int_equal(dsa_hw_cfg_read(f->dsa, PCIE_CFG_COMMAND, 2), 0);
	c = fix_comp(f, 1, p.comp);
	assert_int_equal(status_of(&c), DSA_COMP_NONE);
	fix_destroy(f);
}

/* Page requests are reset under a waiting engine: it must not wait for ever. */
static void test_dsa_pri_reset_ends_wait(void **state)
{
	struct place p;
	struct fix *f = blocked(&p);
	unsigned int pri = fix_ext_cap(f, PCIE_EXT_CAP_ID_PRI);
	struct dsa_comp c;

	(void)state;
	dsa_hw_cfg_write(f->dsa, pri + PCIE_PRI_CTRL, 2, 0);
	assert_int_equal(fix_run(f), 1);
	dsa_hw_cfg_write(f->dsa, pri + PCIE_PRI_CTRL, 2, 2);
	assert_int_equal(fix_run(f), 0);
	c = fix_comp(f, 1, p.comp);
	assert_int_not_equal(status_of(&c), DSA_COMP_SUCCESS);
	assert_int_not_equal(status_of(&c), DSA_COMP_NONE);
	fix_destroy(f);
}

static void test_dsa_config_change_halts(void **state)
{
	struct place p;
	struct fix *f = place_setup(&p, NULL, NULL);
	unsigned int ats = fix_ext_cap(f, PCIE_EXT_CAP_ID_ATS);

	(void)state;
	dsa_hw_cfg_write(f->dsa, ats + PCIE_ATS_CTRL, 2, 0);
	assert_int_equal(fix_read(f, DSA_REG_GENSTATUS), DSA_DEVICE_HALTED);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
			 DSA_SWERR_CONFIG_CHANGED);
	assert_int_equal(fix_read(f, DSA_REG_INTCAUSE), 0x11);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x05);
	assert_int_equal(fix_cmd(f, DSA_CMD_RESET_DEVICE, 0), 0);
	assert_int_equal(fix_read(f, DSA_REG_GENSTATUS), 0);
	fix_destroy(f);
}

/* Halted: only a reset is taken, and an interrupt tells of it if wanted. */
static void test_dsa_halted_takes_a_reset_only(void **state)
{
	unsigned int enable, code;

	(void)state;
	for (enable = 0; enable < 2; enable++) {
		struct place p;
		struct fix *f = place_setup(&p, NULL, NULL);
		unsigned int ats = fix_ext_cap(f, PCIE_EXT_CAP_ID_ATS);

		fix_write(f, DSA_REG_GENCTRL, enable << 1);
		dsa_hw_cfg_write(f->dsa, ats + PCIE_ATS_CTRL, 2, 0);
		assert_int_equal(fix_read(f, DSA_REG_GENSTATUS) & 3,
				 DSA_DEVICE_HALTED);
		assert_int_equal(fix_read(f, DSA_REG_INTCAUSE), 0x11);
		assert_int_equal(atomic_load(&f->msi_count[0]), enable);
		assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
				 DSA_SWERR_CONFIG_CHANGED);
		for (code = 1; code < 15; code++) {
			if (code != DSA_CMD_RESET_DEVICE)
				assert_int_equal(fix_cmd(f, code, 1), 0x05);
		}
		assert_int_equal(fix_cmd(f, DSA_CMD_RESET_DEVICE, 0), 0);
		assert_int_equal(fix_read(f, DSA_REG_GENSTATUS), 0);
		fix_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_commands_answer_by_state),
		cmocka_unit_test(test_dsa_drains_wait_for_descriptors),
		cmocka_unit_test(test_dsa_aborts_drop_descriptors),
		cmocka_unit_test(test_dsa_flr_drops_everything),
		cmocka_unit_test(test_dsa_pri_reset_ends_wait),
		cmocka_unit_test(test_dsa_config_change_halts),
		cmocka_unit_test(test_dsa_halted_takes_a_reset_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
