/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "tests/models/dsa_place.h"

void place_alloc(struct fix *f, struct place *p, uint32_t perm)
{
	p->src = fix_alloc(f, 1, 0, 40, perm);
	p->dst = fix_alloc(f, 1, 40, 40, perm);
	p->comp = fix_alloc(f, 1, 100, 4, perm);
	p->list = fix_alloc(f, 1, 110, 2, perm);
	fix_random(f, 1, p->src, 40 * FIX_PAGE, 1);
}

struct fix *place_setup(struct place *p, const struct dsa_hw_cfg *cfg,
			const struct fix_wq *wq)
{
	const struct fix_wq def = { .pasid = 1, .bof = true };
	struct fix *f = fix_create(cfg);

	place_alloc(f, p, RW);
	fix_start(f, wq ? wq : &def);
	return f;
}

struct dsa_desc place_move(const struct place *p, uint64_t size, bool bof)
{
	struct dsa_desc d =
		fix_desc_data(DSA_OP_MEMMOVE, p->comp, p->src, p->dst, size);

	FIELD_SET(DSA_DESC_BOF, &d, bof);
	return d;
}

void assert_moved(struct fix *f, const struct place *p, size_t n)
{
	unsigned char *a = malloc(n), *b = malloc(n);

	assert_non_null(a);
	assert_non_null(b);
	fix_get(f, 1, p->src, a, n);
	fix_get(f, 1, p->dst, b, n);
	assert_memory_equal(a, b, n);
	free(a);
	free(b);
}

unsigned int status_of(const struct dsa_comp *c)
{
	return (unsigned int)FIELD_GET(DSA_COMP_STATUS, c);
}

void assert_fault(const struct dsa_comp *c, unsigned int status, uint64_t bytes,
		  uint64_t addr, bool write)
{
	assert_int_equal(FIELD_GET(DSA_COMP_STATUS, c), status);
	assert_int_equal(FIELD_GET(DSA_COMP_BYTES_COMPLETED, c), bytes);
	assert_int_equal(FIELD_GET(DSA_COMP_FAULT_ADDR, c), addr);
	assert_int_equal(FIELD_GET(DSA_COMP_WRITE, c), write);
}

struct dsa_swerr read_swerr(struct fix *f)
{
	struct dsa_swerr err;
	unsigned int i;

	for (i = 0; i < 4; i++)
		err.dw[i] = fix_read(f, DSA_REG_SWERR + 8 * i);
	return err;
}

uint32_t read_cmdstatus(struct fix *f)
{
	return (uint32_t)fix_read(f, DSA_REG_CMDSTATUS);
}

void place_answer(struct fix *f)
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
