/* SPDX-License-Identifier: MIT */
/* One STE and one CD of each kind there is, for tests of their updates. */
#ifndef TESTS_DRIVERS_SMMUV3_KINDS_H
#define TESTS_DRIVERS_SMMUV3_KINDS_H

#include <stdint.h>

#include "drivers/smmuv3/writer.h"

enum ste_kind {
	STE_NONE, /* V=0, all zero */
	STE_ABORT,
	STE_BYPASS,
	STE_ONE_CD, /* S1CDMax 0 */
	STE_NC,     /* the same, not cacheable: word 1 is that of STE_BYPASS */
	STE_TERM,   /* S1DSS values */
	STE_DSS_BYPASS,
	STE_SSID0,
	STE_ATS,   /* as STE_TERM, EATS 1 */
	STE_OTHER, /* as STE_TERM, another table */
	STE_EL2,   /* as STE_TERM, STRW 2 */
	STE_S2,
	STE_S2_MEV,
	STE_S2_STALL, /* S2S */
	STE_NESTED,
	STE_NESTED_ATS,
	STE_NESTED_SPLIT,
	STE_KINDS,
};

enum cd_kind {
	CD_NONE,
	CD_SVA,
	CD_SVA_B,      /* another address space */
	CD_SVA_ASID,   /* as CD_SVA, another ASID */
	CD_SVA_SHARED, /* as CD_SVA, ASET 0 */
	CD_SVA_NO_HTTU,
	CD_SVA_STALL,
	CD_QUIET,       /* what CD_SVA becomes */
	CD_QUIET_STALL, /* what CD_SVA_STALL becomes where S has to stay */
	CD_LOW,         /* paging, TTB0 */
	CD_HIGH,        /* paging, TTB1 */
	CD_BOTH,
	CD_LOW_0, /* tables at 0 */
	CD_HIGH_0,
	CD_KINDS,
};

extern const char *const ste_names[STE_KINDS];
extern const char *const cd_names[CD_KINDS];

/* What entries lead to. Aligned as the table or CD table it is. */
struct kinds_world {
	uint64_t cdtab_a, cdtab_b; /* 8 CDs each */
	uint64_t ttb_a, ttb_b, ttb_high, ttb_s2;
};

struct smmuv3_entry kinds_ste(enum ste_kind kind, const struct kinds_world *w);
struct smmuv3_entry kinds_cd(enum cd_kind kind, const struct kinds_world *w);

#endif
