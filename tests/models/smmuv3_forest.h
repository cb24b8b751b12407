/* SPDX-License-Identifier: MIT */
/*
 * Random translation tables of any shape, an STE and a CD that point to them,
 * and accesses whose outcome smmuv3_naive.c knows, too.
 */
#ifndef TESTS_MODELS_SMMUV3_FOREST_H
#define TESTS_MODELS_SMMUV3_FOREST_H

#include "tests/models/smmuv3_fixture.h"
#include "tests/models/smmuv3_naive.h"

enum { FO_PLACES = 48 };

/* A shape: page sizes 0 are stages that are off; bits 0 are random. */
struct fo_shape {
	unsigned int page1, page2;
	unsigned int bits1, bits2;
	int level2; /* with bits2 */
	bool wide;  /* 52 bits, and DS where it is wanted: */
	bool ds;    /* in any case; else at random */
	unsigned int idr0_clear;
};

/* What was seen, over all shapes. */
struct fo_seen {
	unsigned int accesses, translated, groups, updates;
	unsigned int events[256][2]; /* by stage */
	unsigned int classes[3];
	unsigned int wide_outputs;
};

struct fo {
	struct fx fx;
	struct nv nv;
	uint64_t seed;
	uint64_t place1[FO_PLACES], place2[FO_PLACES];
	unsigned int places1, places2;
	uint64_t arena_pa, arena_ipa, arena_used;
	struct fo_seen *seen;
	/* How the naive one is led astray, for the controls. */
	void (*bend)(struct nv *nv);
	unsigned int wrong; /* outcomes that differ */
	bool quiet;         /* differences are counted, not reported */
};

/* One SMMU with one stream of the shape, some accesses, and the end of it. */
void fo_run(const struct fo_shape *shape, uint64_t seed, struct fo_seen *seen);
/* The same with a naive one that is bent: how many outcomes differ. */
unsigned int fo_control(const struct fo_shape *shape, uint64_t seed,
			void (*bend)(struct nv *nv));

#endif
