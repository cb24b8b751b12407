/* SPDX-License-Identifier: MIT */
#include "plat/sim/fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define FIBER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FIBER_TSAN 1
#endif
#endif

#ifdef FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

/* Bounds of the thread's own stack, told by the first switch away from it. */
static const void *own_stack;
static size_t own_size;
#endif

#ifdef FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__x86_64__)
/* The registers a callee keeps; the rest is the compiler's to save. */
void fiber_x86_64_switch(void **ret_sp, void *sp);

__asm__(".text\n"
	".globl fiber_x86_64_switch\n"
	".hidden fiber_x86_64_switch\n"
	".type fiber_x86_64_switch, @function\n"
	"fiber_x86_64_switch:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size fiber_x86_64_switch, . - fiber_x86_64_switch\n");
#endif

static struct fiber *starting;

static void entered(struct fiber *f)
{
#ifdef FIBER_ASAN
	const void *bottom;
	size_t size;

	__sanitizer_finish_switch_fiber(f->fake_stack, &bottom, &size);
	if (!own_stack) {
		own_stack = bottom;
		own_size = size;
	}
#else
	(void)f;
#endif
}

static void entry(void)
{
	struct fiber *f = starting;

	entered(f);
	f->fn(f->arg);
	abort(); /* a fibre switches away and stays away */
}

void fiber_make(struct fiber *f, void (*fn)(void *arg), void *arg)
{
	f->fn = fn;
	f->arg = arg;
	/* What the sanitizer had for its last life does for this one, too. */
#ifdef FIBER_ASAN
	/* Frames of a run that was given up. */
	__asan_unpoison_memory_region(f->stack, f->size);
#endif
#if defined(__x86_64__)
	{
		/* As after a call: 8 below a multiple of 16. */
		uint64_t *top = (uint64_t *)f->stack + f->size / 8 - 2;

		*top = (uint64_t)(uintptr_t)entry;
		memset(top - 6, 0, 6 * sizeof(*top));
		f->sp = top - 6;
	}
#else
	(void)getcontext(&f->ctx);
	f->ctx.uc_stack.ss_sp = f->stack;
	f->ctx.uc_stack.ss_size = f->size;
	f->ctx.uc_link = NULL;
	makecontext(&f->ctx, entry, 0);
#endif
#ifdef FIBER_TSAN
	if (f->tsan)
		__tsan_destroy_fiber(f->tsan);
	f->tsan = __tsan_create_fiber(0);
#endif
}

void fiber_adopt(struct fiber *f)
{
	memset(f, 0, sizeof(*f));
#ifdef FIBER_TSAN
	f->tsan = __tsan_get_current_fiber();
#endif
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
	starting = to;
#ifdef FIBER_ASAN
	__sanitizer_start_switch_fiber(&from->fake_stack,
				       to->stack ? to->stack : own_stack,
				       to->stack ? to->size : own_size);
#endif
#ifdef FIBER_TSAN
	__tsan_switch_to_fiber(to->tsan, 0);
#endif
#if defined(__x86_64__)
	fiber_x86_64_switch(&from->sp, to->sp);
#else
	(void)swapcontext(&from->ctx, &to->ctx);
#endif
#ifdef FIBER_ASAN
	__sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
}

void fiber_fini(struct fiber *f)
{
#ifdef FIBER_TSAN
	if (f->tsan && f->stack)
		__tsan_destroy_fiber(f->tsan);
#endif
	f->tsan = NULL;
}
