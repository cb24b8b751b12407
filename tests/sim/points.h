/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else where core and drivers are compiled for
 * simulations with more points: each atomic access is one, as each names its
 * memory order, and naming one lets somebody else go on.
 */
#ifndef TESTS_SIM_POINTS_H
#define TESTS_SIM_POINTS_H

#include <stdatomic.h>

void sim_atomic_point(void);

/* A macro does not expand within itself. */
#define memory_order_relaxed (sim_atomic_point(), memory_order_relaxed)
#define memory_order_acquire (sim_atomic_point(), memory_order_acquire)
#define memory_order_release (sim_atomic_point(), memory_order_release)
#define memory_order_acq_rel (sim_atomic_point(), memory_order_acq_rel)
#define memory_order_seq_cst (sim_atomic_point(), memory_order_seq_cst)

#endif
