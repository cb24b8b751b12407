/* SPDX-License-Identifier: MIT */
/* The accelerator as a device: registers, configuration, and noise. */
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
#include "tests/support/random.h"

static void test_dsa_create_bad_configuration_refused(void **state)
{
	struct dsa_hw_cfg bad[12];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		dsa_hw_cfg_default(&bad[i]);
	assert_true(dsa_hw_size(&bad[0]));
	bad[0].engines = 0;
	bad[1].engines = DSA_HW_MAX_ENGINES + 1;
	bad[2].wqs = 0;
	bad[3].wqs = DSA_HW_MAX_WQS + 1;
	bad[4].wq_entries = 1025;
	bad[5].max_transfer_lg2 = 32;
	bad[6].max_batch_lg2 = 12;
	bad[7].pasid_bits = 21;
	bad[8].ats = false;
	bad[9].outstanding = 0;
	bad[10].msix_vectors = 65;
	bad[11].atc_lg2 = 17;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(dsa_hw_size(&bad[i]), 0);
}

static void test_dsa_registers_describe_configuration(void **state)
{
	struct fix *f = fix_create(NULL);
	uint64_t gencap = fix_read(f, DSA_REG_GENCAP);
	uint64_t wqcap = fix_read(f, DSA_REG_WQCAP);

	(void)state;
	assert_int_equal(fix_read(f, DSA_REG_VERSION), 0x100);
	assert_int_equal(REG_GET(DSA_GENCAP_MAX_XFER_SHIFT, gencap), 31);
	assert_int_equal(REG_GET(DSA_GENCAP_MAX_BATCH_SHIFT, gencap), 10);
	assert_int_equal(REG_GET(DSA_GENCAP_BLOCK_ON_FAULT, gencap), 1);
	assert_int_equal(REG_GET(DSA_WQCAP_TOTAL_SIZE, wqcap), 128);
	assert_int_equal(REG_GET(DSA_WQCAP_NUM_WQS, wqcap), 8);
	assert_int_equal(fix_read(f, DSA_REG_ENGCAP), 4);
	assert_int_equal(fix_read(f, DSA_REG_OPCAP), 0x1000303ff);
	assert_int_equal(fix_read(f, DSA_REG_OPCAP + 8), 0);
	assert_int_equal(fix_read(f, DSA_REG_CMDCAP), 0x7ffe);
	assert_int_equal(fix_read(f, DSA_REG_TABLE_OFFSETS), 0x000700050004);
	/* Halves, and what is not an access. */
	assert_int_equal(dsa_hw_mmio_read(f->dsa, DSA_REG_WQCAP + 4, 4),
			 wqcap >> 32);
	assert_int_equal(dsa_hw_mmio_read(f->dsa, DSA_REG_WQCAP, 2), 0);
	assert_int_equal(dsa_hw_mmio_read(f->dsa, DSA_REG_WQCAP + 4, 8), 0);
	assert_int_equal(dsa_hw_mmio_read(f->dsa, 0x10000, 8), 0);
	dsa_hw_mmio_write(f->dsa, UINT64_MAX - 7, 8, UINT64_MAX);
	fix_write(f, DSA_REG_GENCAP, 0);
	assert_int_equal(fix_read(f, DSA_REG_GENCAP), gencap);
	fix_destroy(f);
}

static void test_dsa_enable_device_bad_configuration(void **state)
{
	struct fix *f = fix_create(NULL);
	struct fix_wq wq = { .pasid = 1, .size = 129 };
	unsigned int pri = fix_ext_cap(f, PCIE_EXT_CAP_ID_PRI);

	(void)state;
	dsa_hw_cfg_write(f->dsa, PCIE_CFG_COMMAND, 2, 2);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x12);
	dsa_hw_cfg_write(f->dsa, PCIE_CFG_COMMAND, 2, 6);
	dsa_hw_cfg_write(f->dsa, pri + PCIE_PRI_CTRL, 2, 0);
	dsa_hw_cfg_write(f->dsa, pri + PCIE_PRI_ALLOCATION, 4, 0);
	dsa_hw_cfg_write(f->dsa, pri + PCIE_PRI_CTRL, 2, 1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x13);
	dsa_hw_cfg_write(f->dsa, pri + PCIE_PRI_CTRL, 2, 0);

	fix_wq_config(f, &wq);
	fix_group(f, 0, 0x1, 0x1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x14);
	wq.size = 128;
	fix_wq_config(f, &wq);
	fix_group(f, 0, 0x1, 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x15);
	fix_group(f, 0, 0x2, 0x1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x16);
	fix_group(f, 0, 0x1, 0x1);
	fix_group(f, 1, 0x1, 0x2);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x16);
	fix_group(f, 1, 0x2, 0x1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x17);
	fix_group(f, 1, 0x100, 0x2);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x11);
	fix_group(f, 1, 0x2, 0x10);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0x11);
	fix_group(f, 1, 0x2, 0x2);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	fix_destroy(f);
}

static void test_dsa_enable_wq_bad_configuration(void **state)
{
	static const struct {
		int hi;
		int lo;
		uint64_t value;
		uint32_t error;
	} table[] = {
		{ DSA_WQCFG_PRIORITY_HI, DSA_WQCFG_PRIORITY_LO, 0, 0x23 },
		{ DSA_WQCFG_MAX_BATCH_SHIFT_HI, DSA_WQCFG_MAX_BATCH_SHIFT_LO,
		  11, 0x27 },
		{ DSA_WQCFG_PRIV_HI, DSA_WQCFG_PRIV_LO, 1, 0x2a },
	};
	struct fix *f = fix_create(NULL);
	const struct fix_wq wq = { .pasid = 1 };
	const struct fix_wq none = { .shared = true, .no_pasid = true };
	uint64_t good;
	size_t i;

	(void)state;
	fix_wq_config(f, &wq);
	fix_group(f, 0, 0xff, 0x1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	good = fix_read(f, 0x508);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		unsigned int lo = (unsigned int)table[i].lo - 64;
		unsigned int hi = (unsigned int)table[i].hi - 64;

		fix_write(f, 0x508,
			  (good & ~GENMASK64(hi, lo)) | table[i].value << lo);
		assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0),
				 table[i].error);
	}
	/* A shared queue without PASIDs. */
	fix_wq_config(f, &none);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0x26);
	fix_wq_config(f, &wq);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0x21);

	/* Locked while enabled, but for the threshold. */
	fix_write(f, 0x508, 0);
	assert_int_equal(fix_read(f, 0x508), good);
	fix_write(f, 0x500, UINT64_MAX);
	assert_int_equal(fix_read(f, 0x500), 0xffff00000010);
	fix_group(f, 0, 0, 0);
	assert_int_equal(fix_read(f, 0x400), 0xff);
	assert_int_equal(fix_read(f, 0x518) >> 30 & 3, DSA_WQ_ENABLED);
	fix_destroy(f);
}

/*
 * Random writes to registers and configuration space, random descriptors,
 * invalidations and responses: whatever happens, the model goes on.
 */
static void test_dsa_random_writes_survived(void **state)
{
	struct fix *f = fix_create(NULL);
	uint64_t seed = 0x1234567;
	unsigned int i, w;

	(void)state;
	fix_alloc(f, 1, 0, 16, RW);
	fix_alloc(f, 0, 0, 16, RW);
	for (i = 0; i < 60000; i++) {
		const struct fix_wq wq = { .pasid = 1,
					   .bof = true,
					   .shared = i & 1024 };
		struct dsa_desc d = { { 0 } };
		struct hw_prg_response resp = { .requester = 0x0100 };
		struct hw_ats_inv inv = { .requester = 0x0100 };
		uint64_t r;

		r = next_random(&seed) * 0x2545f4914f6cdd1d;
		if (i % 2000 == 0) {
			fix_cmd(f, DSA_CMD_RESET_DEVICE, 0);
			fix_run(f);
			dsa_hw_cfg_write(f->dsa, PCIE_CFG_COMMAND, 2, 6);
			fix_group(f, 0, 0xff, 0xf);
			fix_wq_config(f, &wq);
			fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0);
			fix_cmd(f, DSA_CMD_ENABLE_WQ, 0);
		}
		f->prg = r >> 8 & 3;
		switch (r & 15) {
		case 0:
			dsa_hw_mmio_write(f->dsa, r >> 20 & 0x3fff,
					  r & 16 ? 4 : 8, r * 31);
			break;
		case 1:
			fix_cmd(f, r >> 20 & 15, r >> 30 & 0xff);
			break;
		case 2:
			if (!(r & 0xff00))
				dsa_hw_cfg_write(f->dsa, r >> 20 & 0xfff,
						 1u << (r >> 40 & 3),
						 (uint32_t)(r * 7));
			break;
		case 3:
			inv.addr = r;
			inv.size = r >> 40;
			inv.pasid_valid = r >> 16 & 1;
			inv.pasid = r >> 17 & 3;
			assert_int_equal(dsa_hw_ats_invalidate(f->dsa, &inv),
					 0);
			break;
		case 4:
			resp.prgi = r >> 20 & 1023;
			resp.pasid_valid = true;
			resp.pasid = 1;
			resp.code = r >> 30 & 1;
			dsa_hw_prg_response(f->dsa, &resp);
			break;
		case 5:
			assert_in_range(dsa_hw_step(f->dsa, r >> 20 & 31), 0,
					DSA_HW_MORE);
			break;
		default:
			d = fix_desc_data((enum dsa_op)(r >> 20 & 31),
					  FIX_VA + (r >> 26 & 0xffe0),
					  FIX_VA + (r >> 12 & 0x1ffff),
					  FIX_VA + (r >> 24 & 0x1ffff),
					  r >> 44 & 0x3fff);
			for (w = 0; w < 8 && !(r >> 60); w++)
				d.dw[w] ^= BIT((r >> w) & 63);
			FIELD_SET(DSA_DESC_BOF, &d, r >> 30);
			if (fix_submit(f, r >> 50 & 1, i & 1024, &d))
				assert_int_equal(!!(i & 1024), 1);
			fix_run(f);
			break;
		}
	}
	/* It can still be reset and used. */
	dsa_hw_cfg_write(f->dsa, fix_cap(f, PCIE_CAP_ID_EXP) + PCIE_EXP_DEVCTL,
			 2, 0x8000);
	fix_run(f);
	assert_int_equal(fix_cmd(f, DSA_CMD_RESET_DEVICE, 0), 0);
	fix_destroy(f);
}

/* What is announced, as numbers: what is not here does not work. */
static void test_dsa_capabilities_of_the_default(void **state)
{
	struct fix *f = fix_create(NULL);

	(void)state;
	/* Block on fault, overlap, cache control, CMDCAP, 2^31, 2^10, config. */
	assert_int_equal(fix_read(f, DSA_REG_GENCAP), 0x815f0017);
	/* 8 queues of 128 entries, both modes, ATS, priority, occupancy. */
	assert_int_equal(fix_read(f, DSA_REG_WQCAP), 0x001f000000080080);
	/* 4 groups, 96 read buffers with both controls. */
	assert_int_equal(fix_read(f, DSA_REG_GRPCAP), 0x36004);
	assert_int_equal(fix_read(f, DSA_REG_ENGCAP), 4);
	/* Without 0x12 to 0x15, the DIF operations. */
	assert_int_equal(fix_read(f, DSA_REG_OPCAP), 0x1000303ff);
	assert_int_equal(fix_read(f, DSA_REG_OPCAP + 8), 0);
	assert_int_equal(fix_read(f, DSA_REG_OPCAP + 16), 0);
	assert_int_equal(fix_read(f, DSA_REG_OPCAP + 24), 0);
	assert_int_equal(fix_read(f, DSA_REG_CMDCAP), 0x7ffe);
	assert_int_equal(fix_read(f, DSA_REG_VERSION), 0x100);
	fix_destroy(f);
}

static void buffers(struct fix *f, unsigned int group, unsigned int reserved,
		    unsigned int allowed)
{
	fix_write(f, 0x400 + group * DSA_GRPCFG_STRIDE + DSA_GRPCFG_OFF_FLAGS,
		  reserved << 8 | allowed << 20);
}

/* Group 0 has 3 engines, group 1 has 1, and there are 96 read buffers. */
static void test_dsa_enable_device_read_buffers(void **state)
{
	static const struct {
		unsigned int reserved[2];
		unsigned int allowed[2];
		uint32_t error;
	} table[] = {
		{ { 0, 0 }, { 96, 96 }, 0 },
		{ { 0, 0 }, { 12, 4 }, 0 },
		{ { 0, 0 }, { 11, 4 }, 0x18 },
		{ { 0, 0 }, { 12, 3 }, 0x18 },
		{ { 0, 0 }, { 97, 4 }, 0x18 },
		{ { 40, 0 }, { 96, 56 }, 0 },
		{ { 40, 0 }, { 96, 57 }, 0x18 },
		{ { 40, 56 }, { 40, 56 }, 0 },
		{ { 40, 57 }, { 40, 56 }, 0x18 },
		{ { 96, 0 }, { 96, 0 }, 0x18 },
	};
	const struct fix_wq wq = { .pasid = 1 };
	struct fix *f = fix_create(NULL);
	struct dsa_hw_cfg cfg;
	size_t i;

	(void)state;
	fix_wq_config(f, &wq);
	fix_group(f, 0, 1, 0x7);
	fix_group(f, 1, 2, 0x8);
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		buffers(f, 0, table[i].reserved[0], table[i].allowed[0]);
		buffers(f, 1, table[i].reserved[1], table[i].allowed[1]);
		assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0),
				 table[i].error);
		if (table[i].error)
			continue;
		/* Locked while it is on, and the global limit with them. */
		buffers(f, 0, 1, 1);
		assert_int_equal(fix_read(f, 0x428),
				 table[i].reserved[0] << 8 | table[i].allowed[0]
								     << 20);
		fix_write(f, DSA_REG_GENCFG, 0x10ff);
		assert_int_equal(fix_read(f, DSA_REG_GENCFG), 0);
		assert_int_equal(fix_cmd(f, DSA_CMD_DISABLE_DEVICE, 0), 0);
	}
	fix_write(f, DSA_REG_GENCFG, UINT64_MAX);
	assert_int_equal(fix_read(f, DSA_REG_GENCFG), 0x10ff);
	fix_write(f, 0x428, UINT64_MAX);
	assert_int_equal(fix_read(f, 0x428), 0x0ff0ffbf);
	fix_destroy(f);

	/* Without them their fields are not there, but the traffic classes. */
	dsa_hw_cfg_default(&cfg);
	cfg.read_buffers = 0;
	f = fix_create(&cfg);
	assert_int_equal(fix_read(f, DSA_REG_GRPCAP), 4);
	fix_write(f, 0x428, UINT64_MAX);
	assert_int_equal(fix_read(f, 0x428), 0x3f);
	fix_write(f, DSA_REG_GENCFG, UINT64_MAX);
	assert_int_equal(fix_read(f, DSA_REG_GENCFG), 0x1000);
	fix_write(f, 0x428, 0);
	fix_wq_config(f, &wq);
	fix_group(f, 0, 1, 1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	fix_destroy(f);
}

/* The rest of what Enable WQ refuses, and what is never writable. */
static void test_dsa_enable_wq_sizes_and_pasids(void **state)
{
	struct fix *f;
	struct dsa_hw_cfg cfg;
	struct fix_wq wq = { .pasid = 1 };
	unsigned int pasid;

	(void)state;
	dsa_hw_cfg_default(&cfg);
	cfg.max_transfer_lg2 = 20;
	f = fix_create(&cfg);
	fix_wq_config(f, &wq);
	fix_group(f, 0, 0xff, 0x1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	/* The fixture asks for 2^31. */
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0x28);
	wq.index = 1;
	fix_wq_config(f, &wq);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 1), 0x22);
	/* Sizes are the device's, occupancy interrupts are not there. */
	fix_write(f, 0x520, 16);
	assert_int_equal(fix_read(f, 0x520), 0);
	fix_write(f, 0x510, UINT64_MAX);
	assert_int_equal(fix_read(f, 0x510), 0);
	fix_destroy(f);

	/* PASIDs that the function does not send. */
	f = fix_create(NULL);
	pasid = fix_ext_cap(f, PCIE_EXT_CAP_ID_PASID);
	dsa_hw_cfg_write(f->dsa,
			 fix_ext_cap(f, PCIE_EXT_CAP_ID_ATS) + PCIE_ATS_CTRL, 2,
			 0);
	dsa_hw_cfg_write(f->dsa, pasid + PCIE_PASID_CTRL, 2, 0);
	wq.index = 0;
	fix_wq_config(f, &wq);
	fix_group(f, 0, 0xff, 0x1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0x26);
	wq.no_pasid = true;
	fix_wq_config(f, &wq);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0);
	fix_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_create_bad_configuration_refused),
		cmocka_unit_test(test_dsa_registers_describe_configuration),
		cmocka_unit_test(test_dsa_enable_device_bad_configuration),
		cmocka_unit_test(test_dsa_enable_wq_bad_configuration),
		cmocka_unit_test(test_dsa_random_writes_survived),
		cmocka_unit_test(test_dsa_capabilities_of_the_default),
		cmocka_unit_test(test_dsa_enable_device_read_buffers),
		cmocka_unit_test(test_dsa_enable_wq_sizes_and_pasids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
