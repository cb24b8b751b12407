/* SPDX-License-Identifier: MIT */
/*
 * The surroundings of a model whose physical addresses are the process's own,
 * as those of the small platform are. Any of them may be replaced.
 */
#ifndef TESTS_SUPPORT_TESTENV_H
#define TESTS_SUPPORT_TESTENV_H

#include <sva/model.h>

#include "tests/support/testplat.h"

/*
 * Memory without limits, locks, @tp's time, interrupts on @tp: a message has to
 * be one of its own, wire n is interrupt 1 + n. Nobody waits. @tp is the ctx;
 * only messages, wires and time look at it.
 */
struct hw_env testenv(struct testplat *tp);

/* The locks alone: mutexes that end the test if they are used wrongly. */
void testenv_locks(struct hw_env *env);

#endif
