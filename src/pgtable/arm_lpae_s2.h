/* SPDX-License-Identifier: MIT */
/*
 * What stage 2 has of its own: the start of a table, and the attributes of a
 * leaf. DDI 0487, D8.2.2, D8.3.1, table D8-53. Private to arm_lpae.
 */
#ifndef PGTABLE_ARM_LPAE_S2_H
#define PGTABLE_ARM_LPAE_S2_H

#include "fmt/arm_pt.h"
#include "pgtable/arm_lpae.h"

/*
 * The level that a walk of va_bits begins with: where a table of up to 16
 * entries would come first, that many tables of the next level stand side by
 * side instead. So no level is used that a small output size would forbid.
 */
int arm_lpae_s2_start_level(unsigned int granule_lg2, unsigned int va_bits);

/* Has stage 2 that permission, and that memory type? */
bool arm_lpae_s2_ok(unsigned int perm, unsigned int flags);

/* All but the address and the kind. */
void arm_lpae_s2_set_attrs(struct arm_pte *pte, unsigned int perm,
			   unsigned int flags);

/* @attr, @perm, @accessed, @dirty of a leaf. */
void arm_lpae_s2_decode(const struct arm_pte *pte,
			struct arm_lpae_leaf *ret_leaf);

#endif
