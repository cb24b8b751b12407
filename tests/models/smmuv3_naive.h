/* SPDX-License-Identifier: MIT */
/*
 * A second SMMU, for comparison: translation of one access through one stage
 * or two, written from the architecture one question at a time. It shares no
 * code and no bit number with the model, caches nothing, and is slow.
 *
 * Flag updates are noted, not made: see struct nv_result.
 */
#ifndef TESTS_MODELS_SMMUV3_NAIVE_H
#define TESTS_MODELS_SMMUV3_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

struct fx;

/* One set of tables. Stage 1 has two. */
struct nv_tables {
	unsigned int page; /* 12, 14, 16 */
	unsigned int bits; /* of input */
	int level;         /* of the first table; stage 1: filled in */
	unsigned int ps;   /* bits of output, effective */
	uint64_t base;     /* as written */
	bool ds;           /* 52 bits with 4K and 16K */
	unsigned int sh;   /* where ds takes it from */
	bool ha, hd, affd;
	bool tbi, epd, had; /* stage 1 */
};

struct nv {
	struct fx *fx;
	unsigned int oas;
	bool xnx;
	bool stage1, stage2;
	struct nv_tables half[2];
	struct nv_tables second;
	bool wxn, pan;
	uint64_t mair;
	bool ptw, fwb;
	uint64_t cd; /* its IPA, with both stages */
};

struct nv_access {
	uint64_t addr;
	bool read, write, fetch; /* fetch: alone */
	bool priv;
};

enum { NV_UPDATES = 16 };

struct nv_result {
	/* 0: translated. Else the event, and its fields. */
	unsigned int event;
	bool s2;
	unsigned int class;
	uint64_t ipa, walk;
	bool table_read; /* TTRnW */

	uint64_t pa;
	unsigned int lg2;       /* of the entry, Contiguous not counted */
	unsigned int group_lg2; /* with it */
	bool grouped;           /* some descriptor of it is Contiguous */
	bool can_read, can_write, can_fetch;
	unsigned int attr; /* a byte of MAIR, then SH */

	struct {
		uint64_t pa, value;
	} update[NV_UPDATES];
	unsigned int updates;
};

void nv_translate(const struct nv *nv, const struct nv_access *access,
		  struct nv_result *ret_result);

#endif
