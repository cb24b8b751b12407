/* SPDX-License-Identifier: MIT */
/* Work queues, descriptors and what becomes of them. */
#include "tests/support/dsa_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/le64.h"

void fix_group(struct fix *f, unsigned int group, uint64_t wqs,
	       uint64_t engines)
{
	uint64_t at = 0x400 + (uint64_t)group * DSA_GRPCFG_STRIDE;

	fix_write(f, at + DSA_GRPCFG_OFF_WQS, wqs);
	fix_write(f, at + DSA_GRPCFG_OFF_ENGINES, engines);
	/* 24 read buffers allowed, none reserved. */
	fix_write(f, at + DSA_GRPCFG_OFF_FLAGS, 24 << 20);
}

void fix_wq_config(struct fix *f, const struct fix_wq *wq)
{
	uint64_t at = 0x500 + (uint64_t)wq->index * 32;
	struct dsa_wqcfg cfg = { { 0 } };

	FIELD_SET(DSA_WQCFG_SIZE, &cfg, wq->size ? wq->size : 16);
	FIELD_SET(DSA_WQCFG_THRESHOLD, &cfg, wq->threshold);
	FIELD_SET(DSA_WQCFG_MODE, &cfg, !wq->shared);
	FIELD_SET(DSA_WQCFG_BOF, &cfg, wq->bof);
	FIELD_SET(DSA_WQCFG_ATS_DISABLE, &cfg, wq->ats_disable);
	FIELD_SET(DSA_WQCFG_PRIORITY, &cfg, wq->priority ? wq->priority : 1);
	FIELD_SET(DSA_WQCFG_PASID, &cfg, wq->pasid);
	FIELD_SET(DSA_WQCFG_PASID_EN, &cfg, !wq->no_pasid);
	FIELD_SET(DSA_WQCFG_MAX_XFER_SHIFT, &cfg, 31);
	FIELD_SET(DSA_WQCFG_MAX_BATCH_SHIFT, &cfg, 10);
	fix_write(f, at, cfg.dw[0]);
	fix_write(f, at + 8, cfg.dw[1]);
}

void fix_start(struct fix *f, const struct fix_wq *wq)
{
	fix_wq_config(f, wq);
	fix_group(f, 0, 0xff, 0x1);
	fix_write(f, DSA_REG_GENCFG, 0x1000);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_DEVICE, 0), 0);
	assert_int_equal(fix_cmd(f, DSA_CMD_ENABLE_WQ, wq->index), 0);
}

struct dsa_desc fix_desc(enum dsa_op op, uint64_t comp)
{
	struct dsa_desc d = { { 0 } };

	FIELD_SET(DSA_DESC_OPCODE, &d, op);
	if (comp) {
		FIELD_SET(DSA_DESC_COMPLETION_ADDR, &d, comp);
		FIELD_SET(DSA_DESC_CRAV, &d, 1);
		FIELD_SET(DSA_DESC_RCR, &d, 1);
	}
	return d;
}

struct dsa_desc fix_desc_data(enum dsa_op op, uint64_t comp, uint64_t src,
			      uint64_t dst, uint64_t size)
{
	struct dsa_desc d = fix_desc(op, comp);

	FIELD_SET(DSA_DESC_SRC, &d, src);
	FIELD_SET(DSA_DESC_DST, &d, dst);
	FIELD_SET(DSA_DESC_XFER_SIZE, &d, size);
	return d;
}

int fix_submit(struct fix *f, unsigned int wq, bool deferrable,
	       const struct dsa_desc *desc)
{
	unsigned char raw[64];

	le64_store_words(raw, desc->dw, 8);
	return dsa_hw_portal_write(f->dsa, (uint64_t)wq * 4 * DSA_PORTAL_SIZE,
				   raw, deferrable);
}

unsigned int fix_run(struct fix *f)
{
	unsigned int e, n, blocked, turns = 0;
	bool more;

	n = (unsigned int)(dsa_hw_mmio_read(f->dsa, DSA_REG_ENGCAP, 8) & 0xff);
	do {
		more = false;
		blocked = 0;
		for (e = 0; e < n; e++) {
			unsigned int wakes = atomic_load(&f->wakes);

			switch (dsa_hw_step(f->dsa, e)) {
			case DSA_HW_MORE:
				more = true;
				break;
			case DSA_HW_BLOCKED:
				if (wakes != atomic_load(&f->wakes))
					more = true;
				blocked++;
				break;
			case DSA_HW_IDLE:
				break;
			}
		}
		assert_true(++turns < 1000000);
	} while (more);
	return blocked;
}

struct dsa_comp fix_comp(struct fix *f, unsigned int pasid, uint64_t comp)
{
	unsigned char raw[DSA_COMP_SIZE];
	struct dsa_comp c;

	fix_get(f, pasid, comp, raw, sizeof(raw));
	le64_load_words(c.dw, raw, 4);
	return c;
}

struct dsa_comp fix_do(struct fix *f, unsigned int pasid,
		       const struct dsa_desc *desc)
{
	static const unsigned char none[DSA_COMP_SIZE];
	uint64_t comp = FIELD_GET(DSA_DESC_COMPLETION_ADDR, desc);

	fix_put(f, pasid, comp, none, sizeof(none));
	assert_int_equal(fix_submit(f, 0, false, desc), 0);
	assert_int_equal(fix_run(f), 0);
	return fix_comp(f, pasid, comp);
}

uint32_t fix_crc32c(uint32_t seed, const unsigned char *p, size_t len)
{
	uint32_t crc = ~seed;
	unsigned int bit;

	for (; len; p++, len--) {
		crc ^= *p;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}
