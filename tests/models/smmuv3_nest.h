/* SPDX-License-Identifier: MIT */
/*
 * Streams with a stage 2 of 4K granule and 39 bits, whose tables and those of
 * stage 1 are written by hand. Bit numbers of its own, like the fixture.
 */
#ifndef TESTS_MODELS_SMMUV3_NEST_H
#define TESTS_MODELS_SMMUV3_NEST_H

#include "tests/models/smmuv3_fixture.h"

/* Descriptors of stage 2: valid page, cacheable, accessed; and S2AP. */
#define S2_PAGE   (UINT64_C(3) | 0xf << 2 | 3 << 8 | PTE_AF)
#define S2_READ   (UINT64_C(1) << 6)
#define S2_WRITE  (UINT64_C(1) << 7)
#define S2_RW     (S2_PAGE | S2_READ | S2_WRITE)
#define S2_XN     (UINT64_C(1) << 54)
#define S2_DEVICE (UINT64_C(0xf) << 2) /* to be cleared */

/* STE */
#define STE_S2       (UINT64_C(6) << 1)
#define STE_NESTED   (UINT64_C(7) << 1)
#define STE1_S2FWB   (UINT64_C(1) << 25)
#define STE1_SPLIT   (UINT64_C(2) << 28)
#define STE2_VMID(n) ((uint64_t)(n))
#define STE2_S2AFFD  (UINT64_C(1) << 53)
#define STE2_S2PTW   (UINT64_C(1) << 54)
#define STE2_S2HD    (UINT64_C(1) << 55)
#define STE2_S2HA    (UINT64_C(1) << 56)
#define STE2_S2S     (UINT64_C(1) << 57)
#define STE2_S2R     (UINT64_C(1) << 58)
/* T0SZ 25, level 1, 4K, 44 bits out, AArch64 */
#define STE2_BASIC                                                             \
	(UINT64_C(25) << 32 | UINT64_C(1) << 38 | UINT64_C(4) << 48 |          \
	 UINT64_C(1) << 51)

/* Events */
#define EV_S2       (UINT64_C(1) << 39)
#define EV_RNW      (UINT64_C(1) << 35)
#define EV_CLASS(n) ((uint64_t)(n) << 40)
#define EV_TTRNW    (UINT64_C(1) << 44)
#define EV_STALL    (UINT64_C(1) << 31)

/* The default, and stage 2, VMID16, VMW. */
void nest_cfg(struct smmuv3_hw_cfg *ret_cfg);

/* A tree of stage 2: for fx_map(); its S2TTB. */
uint64_t nest_tree2(struct fx *fx);
uint64_t nest_base2(struct fx *fx, uint64_t tree);
/* Maps what lies at pa as itself, so that tables of stage 1 can be there. */
void nest_identity(struct fx *fx, uint64_t tree, uint64_t pa, uint64_t pte);

/* The words of an STE, V last. No invalidation. */
void nest_ste(struct fx *fx, uint32_t sid, uint64_t dw0, uint64_t dw1,
	      uint64_t dw2, uint64_t tree);

#endif
