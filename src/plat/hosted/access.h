/* SPDX-License-Identifier: MIT */
/*
 * Memory accesses of devices: to any address, stopped by the same checks as an
 * access of the CPU, and reported instead of deadly.
 *
 * Normally these are plain instructions at known places, and a handler of
 * SIGSEGV and SIGBUS that continues behind them; any other fault goes to the
 * action that was there before. With no_signal_handler the kernel moves the
 * data (process_vm_readv, process_vm_writev on the process itself). Then a
 * 64-bit access is one call on an aligned word, which Linux does in one piece
 * in practice but does not promise, and a compare-and-swap outside the arena
 * fails.
 */
#ifndef PLAT_HOSTED_ACCESS_H
#define PLAT_HOSTED_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plat_hosted;

/* Take the signals, or see that the system calls work. Negative errno. */
__attribute__((warn_unused_result)) int
hosted_access_init(struct plat_hosted *h);
/* Gives the signals back, unless somebody else has taken them since. */
void hosted_access_fini(struct plat_hosted *h);

/*
 * As memmove(). -EFAULT: *ret_done bytes at the start were moved, exactly, and
 * *ret_write tells whether the next byte could not be written or not be read.
 * Where dst is inside [src, src + len) the bytes must move from the end, and
 * *ret_done is 0; the end may have been moved.
 */
int hosted_copy(struct plat_hosted *h, uint64_t dst, uint64_t src, size_t len,
		size_t *ret_done, bool *ret_write);

/* addr is aligned to 8; otherwise -EFAULT too. */
int hosted_load64(struct plat_hosted *h, uint64_t addr, uint64_t *ret_value);
int hosted_store64(struct plat_hosted *h, uint64_t addr, uint64_t value);
int hosted_cas64(struct plat_hosted *h, uint64_t addr, uint64_t expected,
		 uint64_t desired, uint64_t *ret_old);

/* Fault one page in, as a read or as a write that changes nothing. */
int hosted_touch(struct plat_hosted *h, uint64_t addr, bool write);

#endif
