/* SPDX-License-Identifier: MIT */
/*
 * The accelerator as a device: registers, commands, queues, checks of
 * descriptors, batches, resets.
 */
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
#include "tests/support/dsa_fixture.h"

#define RW     ((uint32_t)IOMMU_PERM_READ | IOMMU_PERM_WRITE)
#define ACTIVE UINT32_C(0x80000000)

struct place {
	uint64_t src;
	uint64_t dst;
	uint64_t comp;
	uint64_t list;
};

static struct fix *setup(struct place *p, const struct fix_wq *wq)
{
	const struct fix_wq def = { .pasid = 1, .bof = true };
	struct fix *f = fix_create(NULL);

	p->src = fix_alloc(f, 1, 0, 20, RW);
	p->dst = fix_alloc(f, 1, 40, 20, RW);
	p->comp = fix_alloc(f, 1, 100, 2, RW);
	p->list = fix_alloc(f, 1, 110, 2, RW);
	fix_random(f, 1, p->src, 20 * FIX_PAGE, 1);
	fix_start(f, wq ? wq : &def);
	return f;
}

static struct dsa_swerr swerr(struct fix *f)
{
	struct dsa_swerr err;
	unsigned int i;

	for (i = 0; i < 4; i++)
		err.dw[i] = fix_read(f, DSA_REG_SWERR + 8 * i);
	return err;
}

static unsigned int status(const struct dsa_comp *c)
{
	return (unsigned int)FIELD_GET(DSA_COMP_STATUS, c);
}

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

static void test_dsa_portal_dedicated_overflow_recorded(void **state)
{
	const struct fix_wq wq = { .pasid = 1, .size = 2 };
	struct place p;
	struct fix *f = setup(&p, &wq);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, 0);
	struct dsa_hw_stats s;
	struct dsa_swerr err;
	unsigned int i;

	(void)state;
	fix_write(f, DSA_REG_GENCTRL, 1);
	for (i = 0; i < 2; i++)
		assert_int_equal(fix_submit(f, 0, false, &d), 0);
	assert_int_equal(fix_read(f, 0x518) & 0xffff, 2);
	assert_int_equal(fix_read(f, DSA_REG_SWERR), 0);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	err = swerr(f);
	assert_int_equal(FIELD_GET(DSA_SWERR_VALID, &err), 1);
	assert_int_equal(FIELD_GET(DSA_SWERR_OVERFLOW, &err), 0);
	assert_int_equal(FIELD_GET(DSA_SWERR_ERROR, &err), DSA_SWERR_WQ_FULL);
	assert_int_equal(FIELD_GET(DSA_SWERR_PASID, &err), 1);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	err = swerr(f);
	assert_int_equal(FIELD_GET(DSA_SWERR_OVERFLOW, &err), 1);
	/* One interrupt, until software has taken the record. */
	assert_int_equal(atomic_load(&f->msi_count[0]), 1);
	assert_int_equal(fix_read(f, DSA_REG_INTCAUSE), 1);
	fix_write(f, DSA_REG_INTCAUSE, 1);
	fix_write(f, DSA_REG_SWERR, 3);
	assert_int_equal(fix_read(f, DSA_REG_INTCAUSE), 0);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) & 3, 0);
	fix_run(f);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.descriptors, 2);

	/* The wrong kind of write, a queue that is off, a place between. */
	assert_int_equal(fix_submit(f, 0, true, &d), -EAGAIN);
	assert_int_equal(fix_submit(f, 1, true, &d), -EAGAIN);
	assert_int_equal(fix_submit(f, 1, false, &d), 0);
	assert_int_equal(fix_submit(f, 100, true, &d), -EAGAIN);
	assert_int_equal(dsa_hw_portal_write(f->dsa, 8, &d, false), 0);
	fix_run(f);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.descriptors, 2);
	fix_destroy(f);
}

static void test_dsa_portal_shared_retries_at_threshold(void **state)
{
	const struct fix_wq wq = { .shared = true, .size = 4, .threshold = 2 };
	struct place p;
	struct fix *f = setup(&p, &wq);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, 0);
	struct dsa_hw_stats s;
	unsigned char raw[64];
	unsigned int i;

	(void)state;
	le64_store_words(raw, d.dw, 8);
	for (i = 0; i < 4; i++)
		assert_int_equal(dsa_hw_portal_write(f->dsa, 0x1040, raw, true),
				 i < 2 ? 0 : -EAGAIN);
	for (i = 0; i < 4; i++)
		assert_int_equal(dsa_hw_portal_write(f->dsa, 0x0fc0, raw, true),
				 i < 2 ? 0 : -EAGAIN);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.retries, 4);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	fix_run(f);
	dsa_hw_stats(f->dsa, &s);
	assert_int_equal(s.descriptors, 4);
	assert_int_equal(fix_read(f, DSA_REG_SWERR), 0);
	fix_destroy(f);
}

/* One wrong bit or number each, and what is said about it. */
static void test_dsa_descriptor_checks_table(void **state)
{
	static const struct {
		enum dsa_op op;
		unsigned int word;
		uint64_t flip;
		unsigned int status;
	} table[] = {
		{ DSA_OP_DIF_CHECK, 0, 0, DSA_COMP_INVALID_OPCODE },
		{ (enum dsa_op)0x0a, 0, 0, DSA_COMP_INVALID_OPCODE },
		{ (enum dsa_op)0x21, 0, 0, DSA_COMP_INVALID_OPCODE },
		{ (enum dsa_op)0xff, 0, 0, DSA_COMP_INVALID_OPCODE },
		{ DSA_OP_MEMMOVE, 0, BIT(32), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_MEMMOVE, 0, BIT(38), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_MEMMOVE, 0, BIT(39), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_MEMMOVE, 0, BIT(48), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_NOOP, 0, BIT(33), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_COMPARE, 0, BIT(40), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_CRC_GEN, 0, BIT(51), DSA_COMP_INVALID_FLAGS },
		{ DSA_OP_MEMMOVE, 0, BIT(20), DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_NOOP, 2, 1, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_CRC_GEN, 3, 1, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_MEMMOVE, 4, BIT(48), DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_MEMMOVE, 5, 1, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_COMPARE, 5, 2, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_CRC_GEN, 6, 4, DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_FILL, 7, BIT(63), DSA_COMP_RESERVED_FIELD },
		{ DSA_OP_MEMMOVE, 4, 64, DSA_COMP_INVALID_SIZE },
		{ DSA_OP_MEMMOVE, 4, BIT(31), DSA_COMP_INVALID_SIZE },
		{ DSA_OP_MEMMOVE, 0, BIT(36), DSA_COMP_INVALID_INT_HANDLE },
		{ DSA_OP_MEMMOVE, 0, 0, DSA_COMP_SUCCESS },
		{ DSA_OP_MEMMOVE, 0, BIT(40), DSA_COMP_SUCCESS },
	};
	struct place p;
	struct fix *f = setup(&p, NULL);
	struct dsa_comp c;
	struct dsa_desc d;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		bool crc = table[i].op == DSA_OP_CRC_GEN;

		d = fix_desc(table[i].op, p.comp);
		if (table[i].op != DSA_OP_NOOP)
			d = fix_desc_data(table[i].op, p.comp, p.src,
					  crc ? 0 : p.dst, 64);
		d.dw[table[i].word] ^= table[i].flip;
		c = fix_do(f, 1, &d);
		assert_int_equal(status(&c), table[i].status);
		if (table[i].status == DSA_COMP_INVALID_FLAGS)
			assert_int_equal(FIELD_GET(DSA_COMP_FLAGS_INVALID, &c),
					 table[i].flip >> 32);
	}
	/* Overlap, the two seeds, batches. */
	d = fix_desc_data(DSA_OP_COPY_CRC, p.comp, p.src, p.src + 63, 64);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_OVERLAP_BUFFERS);
	d = fix_desc_data(DSA_OP_CRC_GEN, p.comp, p.src, 0, 64);
	FIELD_SET(DSA_DESC_CRC_READ_SEED, &d, 1);
	FIELD_SET(DSA_DESC_CRC_SEED_ADDR, &d, p.src + 2);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_ADDR_ALIGN);
	d = fix_desc_data(DSA_OP_BATCH, p.comp, p.list, 0, 1);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_INVALID_COUNT);
	d = fix_desc_data(DSA_OP_BATCH, p.comp, p.list, 0, 1025);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_INVALID_COUNT);
	d = fix_desc_data(DSA_OP_BATCH, p.comp, p.list + 32, 0, 2);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_BATCH_LIST_ALIGN);
	assert_int_equal(fix_read(f, DSA_REG_SWERR), 0);

	/* Without a record that could say so. */
	d = fix_desc_data(DSA_OP_MEMMOVE, 0, p.src, p.dst, 0);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	fix_run(f);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
			 DSA_COMP_INVALID_SIZE);
	fix_write(f, DSA_REG_SWERR, 3);
	d = fix_desc_data(DSA_OP_MEMMOVE, p.comp + 8, p.src, p.dst, 64);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	fix_run(f);
	assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
			 DSA_COMP_CR_ALIGN);
	fix_destroy(f);
}

/* Members of a batch at p->list, with records behind p->comp. */
static void member(struct fix *f, const struct place *p, unsigned int i,
		   const struct dsa_desc *d)
{
	static const unsigned char none[DSA_COMP_SIZE];
	unsigned char raw[64];

	le64_store_words(raw, d->dw, 8);
	fix_put(f, 1, p->list + 64 * i, raw, sizeof(raw));
	fix_put(f, 1, p->comp + 64 * (i + 1), none, sizeof(none));
}

static struct dsa_comp batch(struct fix *f, const struct place *p,
			     unsigned int count)
{
	struct dsa_desc d =
		fix_desc_data(DSA_OP_BATCH, p->comp, p->list, 0, count);

	return fix_do(f, 1, &d);
}

static void test_dsa_batch_members_fail_and_fence(void **state)
{
	struct place p;
	struct fix *f = setup(&p, NULL);
	struct dsa_desc d;
	struct dsa_comp c;
	unsigned int i;

	(void)state;
	/* 70 members: their list crosses a page. */
	for (i = 0; i < 70; i++) {
		d = fix_desc_data(DSA_OP_MEMMOVE, p.comp + 64 * (i + 1),
				  p.src + 100 * i, p.dst + 100 * i, 100);
		member(f, &p, i, &d);
	}
	c = batch(f, &p, 70);
	assert_int_equal(status(&c), DSA_COMP_SUCCESS);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 70);

	/* A failing member: the rest runs, the batch says so. */
	d = fix_desc_data(DSA_OP_BATCH, p.comp + 64 * 4, p.list, 0, 2);
	member(f, &p, 3, &d);
	d = fix_desc(DSA_OP_DRAIN, p.comp + 64 * 6);
	member(f, &p, 5, &d);
	c = batch(f, &p, 70);
	assert_int_equal(status(&c), DSA_COMP_BATCH_FAIL);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 70);
	c = fix_comp(f, 1, p.comp + 64 * 4);
	assert_int_equal(status(&c), DSA_COMP_INVALID_OPCODE);
	c = fix_comp(f, 1, p.comp + 64 * 6);
	assert_int_equal(status(&c), DSA_COMP_INVALID_OPCODE);
	c = fix_comp(f, 1, p.comp + 64 * 70);
	assert_int_equal(status(&c), DSA_COMP_SUCCESS);

	/* A fence behind it stops there. */
	d = fix_desc_data(DSA_OP_FILL, p.comp + 64 * 11, 0, p.dst, 8);
	FIELD_SET(DSA_DESC_FENCE, &d, 1);
	member(f, &p, 10, &d);
	c = batch(f, &p, 70);
	assert_int_equal(status(&c), DSA_COMP_BATCH_FAIL);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 10);
	c = fix_comp(f, 1, p.comp + 64 * 11);
	assert_int_equal(status(&c), DSA_COMP_NONE);

	/* The list itself cannot be had. */
	fix_forbid(f, 1, p.list + FIX_PAGE, 1, true);
	fix_page(f, 1, p.list + FIX_PAGE)->may = 0;
	for (i = 0; i < 64; i++) {
		d = fix_desc(DSA_OP_NOOP, 0);
		member(f, &p, i, &d);
	}
	c = batch(f, &p, 70);
	assert_int_equal(status(&c), DSA_COMP_BATCH_PAGE_FAULT);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 64);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, &c), p.list + FIX_PAGE);
	fix_destroy(f);
}

/* A predicate that is false does not fail a batch, but stops a fence. */
static void test_dsa_batch_false_predicate_stops_fence(void **state)
{
	struct place p;
	struct fix *f = setup(&p, NULL);
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	d = fix_desc_data(DSA_OP_COMPARE, p.comp + 64, p.src, p.dst, 8);
	FIELD_SET(DSA_DESC_CHECK_RESULT, &d, 1);
	member(f, &p, 0, &d);
	d = fix_desc(DSA_OP_NOOP, p.comp + 128);
	member(f, &p, 1, &d);
	c = batch(f, &p, 2);
	assert_int_equal(status(&c), DSA_COMP_SUCCESS);
	c = fix_comp(f, 1, p.comp + 64);
	assert_int_equal(status(&c), DSA_COMP_SUCCESS_FALSE);
	FIELD_SET(DSA_DESC_FENCE, &d, 1);
	member(f, &p, 1, &d);
	c = batch(f, &p, 2);
	assert_int_equal(status(&c), DSA_COMP_BATCH_FAIL);
	assert_int_equal(FIELD_GET(DSA_COMP_BATCH_DONE, &c), 1);
	fix_destroy(f);
}

static void test_dsa_completion_interrupt_by_handle(void **state)
{
	struct place p;
	struct fix *f = setup(&p, NULL);
	struct dsa_desc d = fix_desc(DSA_OP_NOOP, p.comp);
	struct dsa_comp c;

	(void)state;
	assert_int_equal(fix_cmd(f, DSA_CMD_REQUEST_INT_HANDLE, 3), 0x300);
	FIELD_SET(DSA_DESC_RCI, &d, 1);
	FIELD_SET(DSA_DESC_INT_HANDLE, &d, 3);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_SUCCESS);
	assert_int_equal(atomic_load(&f->msi_count[3]), 1);
	/* For another PASID only; for none. */
	fix_write(f, 0x718, 2 << 12 | 8);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_INVALID_INT_HANDLE);
	fix_write(f, 0x718, 1 << 12 | 8);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_SUCCESS);
	assert_int_equal(atomic_load(&f->msi_count[3]), 2);
	fix_write(f, 0x718, 4);
	c = fix_do(f, 1, &d);
	assert_int_equal(status(&c), DSA_COMP_SUCCESS);
	assert_int_equal(atomic_load(&f->msi_count[3]), 2);
	fix_destroy(f);
}

/* A blocked descriptor: what drains wait for it, what aborts drop it. */
static struct fix *blocked(struct place *p)
{
	struct fix *f = setup(p, NULL);
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

static void answer(struct fix *f)
{
	const struct hw_page_request *req = &f->held.req[0];
	const struct hw_prg_response resp = {
		.requester = 0x0100,
		.pasid_valid = req->pasid_valid,
		.pasid = req->pasid,
		.prgi = req->prgi,
		.code = HW_PRG_SUCCESS,
	};

	fix_page(f, 1, req->addr)->perm = RW;
	dsa_hw_prg_response(f->dsa, &resp);
}

static uint32_t cmdstatus(struct fix *f)
{
	return (uint32_t)fix_read(f, DSA_REG_CMDSTATUS);
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
		assert_int_equal(cmdstatus(f), ACTIVE);
		assert_int_equal(atomic_load(&f->msi_count[0]), 0);
		/* No second command meanwhile. */
		assert_int_equal(fix_cmd(f, DSA_CMD_DRAIN_ALL, 0), ACTIVE);
		assert_int_equal(fix_read(f, DSA_REG_SWERR) >> 8 & 0xff,
				 DSA_SWERR_CMD_ACTIVE);
		assert_int_equal(fix_run(f), 1);
		assert_int_equal(cmdstatus(f), ACTIVE);
		answer(f);
		assert_int_equal(fix_run(f), 0);
		assert_int_equal(cmdstatus(f), 0);
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
		assert_int_equal(cmdstatus(f), table[i].waits ? ACTIVE : 0);
		answer(f);
		assert_int_equal(fix_run(f), 0);
		assert_int_equal(cmdstatus(f), 0);
		c = fix_comp(f, 1, p.comp);
		assert_int_equal(status(&c), DSA_COMP_NONE);
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
	assert_int_equal(status(&c), DSA_COMP_NONE);
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
	assert_int_not_equal(status(&c), DSA_COMP_SUCCESS);
	assert_int_not_equal(status(&c), DSA_COMP_NONE);
	fix_destroy(f);
}

static void test_dsa_config_change_halts(void **state)
{
	struct place p;
	struct fix *f = setup(&p, NULL);
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

/* A drain descriptor waits for those before it on other engines. */
static void test_dsa_drain_descriptor_waits_for_others(void **state)
{
	struct fix *f = fix_create(NULL);
	const struct fix_wq wq = { .pasid = 1, .bof = true };
	uint64_t dst = fix_alloc(f, 1, 0, 1, 0);
	uint64_t comp = fix_alloc(f, 1, 1, 1, RW);
	static const unsigned char none[64];
	struct dsa_desc d;
	struct dsa_comp c;

	(void)state;
	fix_put(f, 1, comp, none, sizeof(none));
	f->prg = FIX_PRG_HOLD;
	fix_wq_config(f, &wq);
	fix_group(f, 0, 0xff, 0xf);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0);
	d = fix_desc_data(DSA_OP_FILL, comp, 0, dst, 8);
	FIELD_SET(DSA_DESC_BOF, &d, 1);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	d = fix_desc(DSA_OP_DRAIN, comp + 32);
	assert_int_equal(fix_submit(f, 0, false, &d), 0);
	assert_int_equal(fix_run(f), 2);
	c = fix_comp(f, 1, comp + 32);
	assert_int_equal(status(&c), DSA_COMP_NONE);
	answer(f);
	assert_int_equal(fix_run(f), 0);
	c = fix_comp(f, 1, comp + 32);
	assert_int_equal(status(&c), DSA_COMP_SUCCESS);
	fix_destroy(f);
}

/* High priorities first, low ones in their turn. */
static void test_dsa_priority_orders_without_starving(void **state)
{
	struct fix *f = fix_create(NULL);
	const struct fix_wq low = { .index = 0, .pasid = 1, .priority = 1 };
	const struct fix_wq high = { .index = 1, .pasid = 1, .priority = 4 };
	uint64_t comp = fix_alloc(f, 1, 0, 1, RW);
	static const unsigned char none[FIX_PAGE];
	struct dsa_desc d;
	unsigned int i, first = 0, lows = 0, highs = 0;

	(void)state;
	fix_put(f, 1, comp, none, sizeof(none));
	fix_wq_config(f, &low);
	fix_wq_config(f, &high);
	fix_group(f, 0, 0xff, 0x1);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, 1), 0);
	for (i = 0; i < 16; i++) {
		d = fix_desc(DSA_OP_NOOP, comp + 32 * i);
		assert_int_equal(fix_submit(f, 0, false, &d), 0);
		d = fix_desc(DSA_OP_NOOP, comp + 1024 + 32 * i);
		assert_int_equal(fix_submit(f, 1, false, &d), 0);
	}
	while (highs < 16) {
		unsigned int was = lows + highs;

		dsa_hw_step(f->dsa, 0);
		for (i = 0, lows = 0, highs = 0; i < 16; i++) {
			struct dsa_comp c = fix_comp(f, 1, comp + 32 * i);

			lows += status(&c) != DSA_COMP_NONE;
			c = fix_comp(f, 1, comp + 1024 + 32 * i);
			highs += status(&c) != DSA_COMP_NONE;
		}
		if (!was && highs)
			first = 1;
	}
	assert_int_equal(first, 1);
	assert_in_range(lows, 3, 4);
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

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		r = seed * 0x2545f4914f6cdd1d;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dsa_create_bad_configuration_refused),
		cmocka_unit_test(test_dsa_registers_describe_configuration),
		cmocka_unit_test(test_dsa_commands_answer_by_state),
		cmocka_unit_test(test_dsa_enable_device_bad_configuration),
		cmocka_unit_test(test_dsa_enable_wq_bad_configuration),
		cmocka_unit_test(test_dsa_portal_dedicated_overflow_recorded),
		cmocka_unit_test(test_dsa_portal_shared_retries_at_threshold),
		cmocka_unit_test(test_dsa_descriptor_checks_table),
		cmocka_unit_test(test_dsa_batch_members_fail_and_fence),
		cmocka_unit_test(test_dsa_batch_false_predicate_stops_fence),
		cmocka_unit_test(test_dsa_completion_interrupt_by_handle),
		cmocka_unit_test(test_dsa_drains_wait_for_descriptors),
		cmocka_unit_test(test_dsa_aborts_drop_descriptors),
		cmocka_unit_test(test_dsa_flr_drops_everything),
		cmocka_unit_test(test_dsa_pri_reset_ends_wait),
		cmocka_unit_test(test_dsa_config_change_halts),
		cmocka_unit_test(test_dsa_drain_descriptor_waits_for_others),
		cmocka_unit_test(test_dsa_priority_orders_without_starving),
		cmocka_unit_test(test_dsa_random_writes_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
