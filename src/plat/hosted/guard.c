/* SPDX-License-Identifier: MIT */
/*
 * A fault inside the fast part of a copy goes on with the byte loop, from
 * where the registers are, so that the count at the end is exact to the byte
 * and the failing side is known by the failing instruction.
 */
#include "plat/hosted/guard.h"

struct guard_entry {
	uintptr_t pc;
	uintptr_t fixup;
};

/* The linker's names for the ends of the section that ENTRY() fills. */
GUARD_FN extern const struct guard_entry __start_sva_guard_table[];
GUARD_FN extern const struct guard_entry __stop_sva_guard_table[];

/* clang-format off */

#define FN_BEGIN(name)							\
	"	.p2align 5\n"						\
	"	.globl " name "\n"					\
	"	.hidden " name "\n"					\
	"	.type " name ", %function\n"				\
	name ":\n"							\
	"	.cfi_startproc\n"
#define FN_END(name)							\
	"	.cfi_endproc\n"						\
	"	.size " name ", . - " name "\n"

/* The instruction at label pc, should it fault, is followed by fixup. */
#define ENTRY(pc, fixup)						\
	"	.pushsection sva_guard_table, \"aw\", %progbits\n"	\
	"	.balign 8\n"						\
	"	.quad " pc ", " fixup "\n"				\
	"	.popsection\n"

#if defined(__x86_64__)

#define OK	"	xorl	%edx, %edx\n" "	ret\n"
#define READ	"	movl	$1, %edx\n" "	ret\n"
#define WRITE	"	movl	$2, %edx\n" "	ret\n"

/* rdi, rsi, rdx are the arguments; rax and rdx the result. */
__asm__(
"	.text\n"
FN_BEGIN("hosted_guard_copy")
"	movq	%rdx, %rcx\n"
"1:	rep movsb\n"
"2:	xorl	%eax, %eax\n"
	OK
"3:	testq	%rcx, %rcx\n"
"	jz	2b\n"
"4:	movzbl	(%rsi), %eax\n"
"5:	movb	%al, (%rdi)\n"
"	incq	%rsi\n"
"	incq	%rdi\n"
"	decq	%rcx\n"
"	jnz	4b\n"
"	jmp	2b\n"
"6:	movq	%rcx, %rax\n"
	READ
"7:	movq	%rcx, %rax\n"
	WRITE
	ENTRY("1b", "3b") ENTRY("4b", "6b") ENTRY("5b", "7b")
FN_END("hosted_guard_copy")

/* Each step loads all it moves before it stores: any overlap is right. */
FN_BEGIN("hosted_guard_copy_back")
"	addq	%rdx, %rdi\n"
"	addq	%rdx, %rsi\n"
"	movq	%rdx, %rcx\n"
"1:	cmpq	$32, %rcx\n"
"	jb	6f\n"
"2:	movups	-16(%rsi), %xmm0\n"
"3:	movups	-32(%rsi), %xmm1\n"
"4:	movups	%xmm0, -16(%rdi)\n"
"5:	movups	%xmm1, -32(%rdi)\n"
"	subq	$32, %rsi\n"
"	subq	$32, %rdi\n"
"	subq	$32, %rcx\n"
"	jmp	1b\n"
"6:	testq	%rcx, %rcx\n"
"	jz	9f\n"
"7:	movzbl	-1(%rsi), %eax\n"
"8:	movb	%al, -1(%rdi)\n"
"	decq	%rsi\n"
"	decq	%rdi\n"
"	decq	%rcx\n"
"	jmp	6b\n"
"9:	xorl	%eax, %eax\n"
	OK
"10:	movq	%rcx, %rax\n"
	READ
"11:	movq	%rcx, %rax\n"
	WRITE
	ENTRY("2b", "10b") ENTRY("3b", "10b")
	ENTRY("4b", "11b") ENTRY("5b", "11b")
	ENTRY("7b", "10b") ENTRY("8b", "11b")
FN_END("hosted_guard_copy_back")
);

__asm__(
"	.text\n"
FN_BEGIN("hosted_guard_load64")
"1:	movq	(%rdi), %rax\n"
	OK
"2:	xorl	%eax, %eax\n"
	READ
	ENTRY("1b", "2b")
FN_END("hosted_guard_load64")

FN_BEGIN("hosted_guard_store64")
"1:	movq	%rsi, (%rdi)\n"
"	xorl	%eax, %eax\n"
	OK
"2:	xorl	%eax, %eax\n"
	WRITE
	ENTRY("1b", "2b")
FN_END("hosted_guard_store64")

FN_BEGIN("hosted_guard_cas64")
"	movq	%rsi, %rax\n"
"1:	lock cmpxchgq	%rdx, (%rdi)\n"
	OK
"2:	xorl	%eax, %eax\n"
	WRITE
	ENTRY("1b", "2b")
FN_END("hosted_guard_cas64")

FN_BEGIN("hosted_guard_touch_read")
"1:	movb	(%rdi), %al\n"
	OK
"2:\n"	READ
	ENTRY("1b", "2b")
FN_END("hosted_guard_touch_read")

FN_BEGIN("hosted_guard_touch_write")
"1:	lock orb	$0, (%rdi)\n"
	OK
"2:\n"	WRITE
	ENTRY("1b", "2b")
FN_END("hosted_guard_touch_write")

);

#elif defined(__aarch64__)

#define OK	"	mov	x1, xzr\n" "	ret\n"
#define READ	"	mov	x1, #1\n" "	ret\n"
#define WRITE	"	mov	x1, #2\n" "	ret\n"

/* x0, x1, x2 are the arguments; x0 and x1 the result. */
__asm__(
"	.text\n"
FN_BEGIN("hosted_guard_copy")
"1:	cmp	x2, #8\n"
"	b.lo	4f\n"
"2:	ldr	x3, [x1]\n"
"3:	str	x3, [x0]\n"
"	add	x1, x1, #8\n"
"	add	x0, x0, #8\n"
"	sub	x2, x2, #8\n"
"	b	1b\n"
"4:	cbz	x2, 7f\n"
"5:	ldrb	w3, [x1]\n"
"6:	strb	w3, [x0]\n"
"	add	x1, x1, #1\n"
"	add	x0, x0, #1\n"
"	sub	x2, x2, #1\n"
"	b	4b\n"
"7:	mov	x0, xzr\n"
	OK
"8:	mov	x0, x2\n"
	READ
"9:	mov	x0, x2\n"
	WRITE
	ENTRY("2b", "4b") ENTRY("3b", "4b")
	ENTRY("5b", "8b") ENTRY("6b", "9b")
FN_END("hosted_guard_copy")

FN_BEGIN("hosted_guard_copy_back")
"	add	x0, x0, x2\n"
"	add	x1, x1, x2\n"
"1:	cmp	x2, #8\n"
"	b.lo	4f\n"
"2:	ldr	x3, [x1, #-8]\n"
"3:	str	x3, [x0, #-8]\n"
"	sub	x1, x1, #8\n"
"	sub	x0, x0, #8\n"
"	sub	x2, x2, #8\n"
"	b	1b\n"
"4:	cbz	x2, 7f\n"
"5:	ldrb	w3, [x1, #-1]\n"
"6:	strb	w3, [x0, #-1]\n"
"	sub	x1, x1, #1\n"
"	sub	x0, x0, #1\n"
"	sub	x2, x2, #1\n"
"	b	4b\n"
"7:	mov	x0, xzr\n"
	OK
"8:	mov	x0, x2\n"
	READ
"9:	mov	x0, x2\n"
	WRITE
	ENTRY("2b", "8b") ENTRY("3b", "9b")
	ENTRY("5b", "8b") ENTRY("6b", "9b")
FN_END("hosted_guard_copy_back")
);

__asm__(
"	.text\n"
FN_BEGIN("hosted_guard_load64")
"1:	ldar	x0, [x0]\n"
	OK
"2:	mov	x0, xzr\n"
	READ
	ENTRY("1b", "2b")
FN_END("hosted_guard_load64")

FN_BEGIN("hosted_guard_store64")
"1:	stlr	x1, [x0]\n"
"	mov	x0, xzr\n"
	OK
"2:	mov	x0, xzr\n"
	WRITE
	ENTRY("1b", "2b")
FN_END("hosted_guard_store64")

FN_BEGIN("hosted_guard_cas64")
"	mov	x3, x0\n"
"1:	ldaxr	x0, [x3]\n"
"	cmp	x0, x1\n"
"	b.ne	3f\n"
"2:	stlxr	w4, x2, [x3]\n"
"	cbnz	w4, 1b\n"
	OK
"3:	clrex\n"
	OK
"4:	mov	x0, xzr\n"
	WRITE
	ENTRY("1b", "4b") ENTRY("2b", "4b")
FN_END("hosted_guard_cas64")

FN_BEGIN("hosted_guard_touch_read")
"1:	ldrb	w0, [x0]\n"
	OK
"2:\n"	READ
	ENTRY("1b", "2b")
FN_END("hosted_guard_touch_read")

FN_BEGIN("hosted_guard_touch_write")
"1:	ldxrb	w3, [x0]\n"
"2:	stxrb	w4, w3, [x0]\n"
"	cbnz	w4, 1b\n"
	OK
"3:\n"	WRITE
	ENTRY("1b", "3b") ENTRY("2b", "3b")
FN_END("hosted_guard_touch_write")

);

#else
#error "guarded accesses are written for x86-64 and AArch64"
#endif

/* clang-format on */

/* Runs in a signal handler. */
__attribute__((no_sanitize("address", "thread", "undefined"))) uintptr_t
hosted_guard_fixup(uintptr_t pc)
{
	const struct guard_entry *e;

	for (e = __start_sva_guard_table; e != __stop_sva_guard_table; e++)
		if (e->pc == pc)
			return e->fixup;
	return 0;
}
