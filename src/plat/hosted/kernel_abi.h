/* SPDX-License-Identifier: MIT */
/*
 * Parts of Linux's interface that are newer than the headers this is built
 * with. Whether the running kernel has them is found out by probe.c.
 */
#ifndef PLAT_HOSTED_KERNEL_ABI_H
#define PLAT_HOSTED_KERNEL_ABI_H

#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/* Linux 5.11 */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

/* Linux 6.7: a write to a protected page is let through and remembered. */
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

/* Linux 5.14 */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

/* Linux 6.11, on a descriptor of /proc/PID/maps. Names are our own. */
struct hosted_procmap_query {
	uint64_t size;
	uint64_t query_flags;
	uint64_t query_addr;
	uint64_t vma_start;
	uint64_t vma_end;
	uint64_t vma_flags;
	uint64_t vma_page_size;
	uint64_t vma_offset;
	uint64_t inode;
	uint32_t dev_major;
	uint32_t dev_minor;
	uint32_t vma_name_size;
	uint32_t build_id_size;
	uint64_t vma_name_addr;
	uint64_t build_id_addr;
};

#define HOSTED_PROCMAP_QUERY _IOWR('f', 17, struct hosted_procmap_query)

enum {
	HOSTED_PROCMAP_READABLE = 0x01,
	HOSTED_PROCMAP_WRITABLE = 0x02,
	HOSTED_PROCMAP_EXECUTABLE = 0x04,
	HOSTED_PROCMAP_SHARED = 0x08,
	HOSTED_PROCMAP_COVERING_OR_NEXT = 0x10,
};

#endif
