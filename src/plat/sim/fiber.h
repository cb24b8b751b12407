/* SPDX-License-Identifier: MIT */
/*
 * Fibres: stacks of one thread that are switched between by hand. A switch is
 * a function call that returns on another stack; nothing of the kernel is
 * involved on x86-64.
 */
#ifndef PLAT_SIM_FIBER_H
#define PLAT_SIM_FIBER_H

#include <stddef.h>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

/**
 * struct fiber - one stack and where it was left
 * @stack, @size: its memory; NULL for the thread's own stack.
 * @fn, @arg:     what it runs; must not return.
 *
 * The rest belongs to fiber.c.
 */
struct fiber {
	void *stack;
	size_t size;
	void (*fn)(void *arg);
	void *arg;
#if defined(__x86_64__)
	void *sp;
#else
	ucontext_t ctx;
#endif
	void *fake_stack; /* of AddressSanitizer */
	void *tsan;       /* of ThreadSanitizer */
};

/* Prepare a stack to run @fn from its start; it may have run before. */
void fiber_make(struct fiber *f, void (*fn)(void *arg), void *arg);

/* Take the calling thread's own stack as a fibre. */
void fiber_adopt(struct fiber *f);

/* Leave @from, which is running, and go on with @to. */
void fiber_switch(struct fiber *from, struct fiber *to);

/* It does not run, and will not. */
void fiber_fini(struct fiber *f);

#endif
