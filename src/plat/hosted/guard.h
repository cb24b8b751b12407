/* SPDX-License-Identifier: MIT */
/*
 * Instructions that may fault, and the table of where to go on.
 *
 * Sanitizers do not see these accesses: a device may touch what a C program
 * must not.
 */
#ifndef PLAT_HOSTED_GUARD_H
#define PLAT_HOSTED_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum guard_fault {
	GUARD_OK,
	GUARD_READ,
	GUARD_WRITE,
};

/* value: bytes left to move, or the word. fault: of enum guard_fault. */
struct guard_result {
	uint64_t value;
	uint64_t fault;
};

#define GUARD_FN __attribute__((visibility("hidden")))

/* From the first byte up; dst is not inside [src, src + len). */
GUARD_FN struct guard_result hosted_guard_copy(uint64_t dst, uint64_t src,
					       size_t len);
/* From the last byte down; src is not inside [dst, dst + len). */
GUARD_FN struct guard_result hosted_guard_copy_back(uint64_t dst, uint64_t src,
						    size_t len);
GUARD_FN struct guard_result hosted_guard_load64(uint64_t addr);
GUARD_FN struct guard_result hosted_guard_store64(uint64_t addr,
						  uint64_t value);
GUARD_FN struct guard_result
hosted_guard_cas64(uint64_t addr, uint64_t expected, uint64_t desired);
GUARD_FN struct guard_result hosted_guard_touch_read(uint64_t addr);
GUARD_FN struct guard_result hosted_guard_touch_write(uint64_t addr);

/* Where to go on after a fault at pc; 0: none of ours. */
uintptr_t hosted_guard_fixup(uintptr_t pc);

#endif
