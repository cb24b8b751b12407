/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite: one case per behaviour of the architecture, with its
 * section, run on every SMMU of a table by the same code.
 *
 * A case asks the configuration what the SMMU has, and asserts the architected
 * absence where it has not: an illegal command, a field that is RES0, an
 * illegal STE or CD. None is skipped, and one that ends without having checked
 * something fails.
 *
 * `models-smmuv3-AREA --list` prints the cases.
 */
#ifndef TESTS_MODELS_SMMUV3_CONFORM_H
#define TESTS_MODELS_SMMUV3_CONFORM_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/models/smmuv3_fixture.h"

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

/* Events, 7.3. */
enum {
	F_STE_FETCH = 0x03,
	C_BAD_STREAMID = 0x02,
	C_BAD_STE = 0x04,
	F_BAD_ATS_TREQ = 0x05,
	F_STREAM_DISABLED = 0x06,
	F_TRANSL_FORBIDDEN = 0x07,
	C_BAD_SUBSTREAMID = 0x08,
	F_CD_FETCH = 0x09,
	C_BAD_CD = 0x0a,
	F_WALK_EABT = 0x0b,
	F_TRANSLATION = 0x10,
	F_ADDR_SIZE = 0x11,
	F_ACCESS = 0x12,
	F_PERMISSION = 0x13,
	NO_EVENT = 0x100, /* refused without a record */
};

/* Command errors, 7.1. */
enum {
	CERROR_NONE = 0,
	CERROR_ILL = 1,
	CERROR_ABT = 2,
	CERROR_ATC_INV_SYNC = 3,
};

#define NO_SSID UINT32_MAX

/* One SMMU. @edit makes it of the default configuration. */
struct cf_smmu {
	const char *name;
	void (*edit)(struct smmuv3_hw_cfg *cfg);
	unsigned int page_lg2; /* the granule that the cases use */
	unsigned int va_bits;  /* the widest it has */
	unsigned int oas_bits;
};

/*
 * @checks: how many there were.
 * @rec:    the last record, without Stall and STAG.
 * The rest is what the ID registers say.
 */
struct cf {
	struct fx fx;
	const struct cf_smmu *smmu;
	unsigned int checks;
	uint64_t rec[4];
	struct hw_xlat xlat;

	unsigned int page_lg2, va_bits, oas_bits;
	bool strict;
	bool ats, pri, stall, ril, cd2l, msi, hyp, s2, st2l;
	unsigned int httu; /* 0: none, 1: Access flag, 2: dirty state too */
	unsigned int ssid_bits, sid_bits;
};

struct cf_case {
	const char *name;
	const char *section;
	void (*run)(struct cf *cf);
};

#define CF_CASE(fn, section)                                                   \
	{                                                                      \
#fn, section, fn                                               \
	}

/* Each counts. */
#define EQ(cf, have, want) ((cf)->checks++, assert_int_equal(have, want))
#define OK(cf, cond)       ((cf)->checks++, assert_true(cond))

int cf_main(int argc, char **argv, const struct cf_case *cases, size_t n);
#define CF_MAIN(cases)                                                         \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		return cf_main(argc, argv, cases,                              \
			       sizeof(cases) / sizeof((cases)[0]));            \
	}

/* Bytes of a page, and of what one descriptor of a level maps. */
static inline uint64_t cf_page(const struct cf *cf)
{
	return UINT64_C(1) << cf->page_lg2;
}
uint64_t cf_entry(const struct cf *cf, int level);
int cf_start_level(const struct cf *cf, unsigned int va_bits);
/* An address that takes a descriptor other than 0 at each level. */
uint64_t cf_va(const struct cf *cf);

/* A table; a descriptor into a tree, at a level. Returns where it is. */
uint64_t cf_table(struct cf *cf);
uint64_t cf_map(struct cf *cf, uint64_t root, uint64_t va, uint64_t pte,
		int level);
/* The descriptor on the way to @va at @level. */
uint64_t cf_walk(struct cf *cf, uint64_t root, uint64_t va, int level);

/*
 * Word 0 of a usual CD of this SMMU: its granule and widest VA in TTB0, TTB1
 * off, faults recorded, and stalled where that is forced.
 */
uint64_t cf_cd0(const struct cf *cf);
void cf_cd(struct cf *cf, uint64_t pa, uint64_t bits, uint64_t root);
/* FX_SID with one CD. Returns the root; the CD is at cf_cd_of(). */
uint64_t cf_stream(struct cf *cf, uint64_t bits);
uint64_t cf_cd_of(struct cf *cf, uint32_t sid);
/* STE word 1 of a function that may use ATS, if there is such a thing. */
uint64_t cf_eats(const struct cf *cf);
void cf_ste(struct cf *cf, uint32_t sid, uint64_t dw0, uint64_t dw1);

/*
 * An access: 0 and cf->xlat, or what it was refused with, of the above; the
 * record is in cf->rec then. A stall is checked and terminated: where the
 * architecture has a translation fault stall, it has, and nothing else.
 */
unsigned int cf_access(struct cf *cf, uint32_t sid, uint32_t ssid, uint64_t va,
		       unsigned int perm);
/* The same of FX_SID without a substream; its address, 0 if refused. */
uint64_t cf_pa(struct cf *cf, uint64_t va, unsigned int perm);
unsigned int cf_read(struct cf *cf, uint64_t va);

/*
 * A command and its error, which is acknowledged, and the command replaced by
 * a CMD_SYNC, so that the queue goes on.
 */
unsigned int cf_cmd(struct cf *cf, uint64_t dw0, uint64_t dw1);
/* One that has to be legal. */
void cf_do(struct cf *cf, uint64_t dw0, uint64_t dw1);
void cf_flush(struct cf *cf);

/* No record is waiting. */
void cf_quiet(struct cf *cf);

#endif
