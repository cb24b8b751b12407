/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite of VT-d: one case per line of a table of the
 * specification (revision 5.1), run by the same code on every unit of a list,
 * strict and eager.
 *
 * A case says what a unit must have for it; one that no unit has, or that
 * ends without having checked something, fails.
 */
#ifndef TESTS_MODELS_VTD_CONFORM_H
#define TESTS_MODELS_VTD_CONFORM_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/models/vtd_tables.h"

#define CF_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define R ((unsigned int)IOMMU_PERM_READ)
#define W ((unsigned int)IOMMU_PERM_WRITE)
#define X ((unsigned int)IOMMU_PERM_EXEC)
#define P ((unsigned int)IOMMU_PERM_PRIV)

#define CF_ECAP_QI   (UINT64_C(1) << 1)
#define CF_ECAP_IR   (UINT64_C(1) << 3)
#define CF_ECAP_EIM  (UINT64_C(1) << 4)
#define CF_ECAP_NWFS (UINT64_C(1) << 33)
#define CF_ECAP_PSS  (UINT64_C(0x1f) << 35)
#define CF_ECAP_PDS  (UINT64_C(1) << 42)
#define CF_CAP_PSI   (UINT64_C(1) << 39)

struct cf_unit {
	const char *name;
	void (*edit)(struct vtd_hw_cfg *cfg);
};

extern const struct cf_unit cf_units[];
extern const unsigned int cf_unit_count;

/* The configuration of one, strict or eager. */
struct vtd_hw_cfg cf_cfg(unsigned int unit, enum hw_personality personality);

/* What a case is played on. */
struct cf {
	struct vx vx;
	struct vtd_hw_cfg cfg;
	unsigned int major;
};

/*
 * Each reason of fmt/vtd_fault.h, of interrupts or all others: has it had a
 * golden record, by @raised, or is it known why not?
 */
void cf_every_reason(const bool raised[256], bool interrupts);

static inline bool cf_has(const struct cf *cf, uint64_t ecap)
{
	return (cf->cfg.ecap & ecap) == ecap;
}

#endif
