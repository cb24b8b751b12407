/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plat/hosted/kernel_abi.h"
#include "plat/hosted/probe.h"

#define EVENTS                                                                 \
	((uint64_t)UFFD_FEATURE_EVENT_UNMAP | UFFD_FEATURE_EVENT_REMOVE |      \
	 UFFD_FEATURE_EVENT_REMAP)

/*
 * FORK events need a privilege, and a child is another address space anyway.
 * User-mode-only descriptors need none.
 */
static int open_uffd(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int flags = O_CLOEXEC | O_NONBLOCK;
	int fd, err;

	fd = (int)syscall(SYS_userfaultfd, flags | UFFD_USER_MODE_ONLY);
	if (fd < 0 && errno == EINVAL)
		fd = (int)syscall(SYS_userfaultfd, flags);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int hosted_probe_uffd(bool allow_wp_async, bool *ret_wp_async)
{
	uint64_t wp = EVENTS | UFFD_FEATURE_PAGEFAULT_FLAG_WP;
	int fd = -EINVAL;

	*ret_wp_async = false;
	if (allow_wp_async) {
		fd = open_uffd(EVENTS | UFFD_FEATURE_WP_ASYNC);
		*ret_wp_async = fd >= 0;
	}
	/* Before 5.19 shared memory cannot be had either. */
	if (fd == -EINVAL)
		fd = open_uffd(wp | UFFD_FEATURE_WP_HUGETLBFS_SHMEM);
	if (fd == -EINVAL)
		fd = open_uffd(wp);
	return fd;
}

bool hosted_probe_populate(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool have;

	if (p == MAP_FAILED)
		return false;
	have = !madvise(p, size, MADV_POPULATE_READ) &&
	       !madvise(p, size, MADV_POPULATE_WRITE);
	munmap(p, size);
	return have;
}
