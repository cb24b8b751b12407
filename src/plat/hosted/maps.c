/* SPDX-License-Identifier: MIT */
/*
 * One ioctl where the kernel has it (0.3 us). Otherwise the text of
 * /proc/self/maps is read up to the line that is wanted: 20 us for a small
 * process, milliseconds for one with many mappings.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "plat/hosted/kernel_abi.h"
#include "plat/hosted/maps.h"

#include <sva/types.h>

static int query(int fd, uint64_t addr, struct hosted_map *ret_map)
{
	struct hosted_procmap_query q = {
		.size = sizeof(q),
		.query_flags = HOSTED_PROCMAP_COVERING_OR_NEXT,
		.query_addr = addr,
	};

	if (ioctl(fd, HOSTED_PROCMAP_QUERY, &q))
		return -errno;
	*ret_map = (struct hosted_map){
		.start = q.vma_start,
		.end = q.vma_end,
		.shared = q.vma_flags & HOSTED_PROCMAP_SHARED,
		.offset = q.vma_offset,
		.dev = (uint64_t)q.dev_major << 32 | q.dev_minor,
		.inode = q.inode,
		.page_size = q.vma_page_size,
	};
	if (q.vma_flags & HOSTED_PROCMAP_READABLE)
		ret_map->perm |= IOMMU_PERM_READ;
	if (q.vma_flags & HOSTED_PROCMAP_WRITABLE)
		ret_map->perm |= IOMMU_PERM_WRITE;
	if (q.vma_flags & HOSTED_PROCMAP_EXECUTABLE)
		ret_map->perm |= IOMMU_PERM_EXEC;
	return 0;
}

int hosted_maps_open(void)
{
	struct hosted_map map;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = query(fd, (uintptr_t)&map, &map);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* The file, in parts. */
struct text {
	int fd;
	char buf[1024];
	size_t at;
	size_t len;
};

static int next_char(struct text *t)
{
	ssize_t n;

	if (t->at == t->len) {
		do
			n = read(t->fd, t->buf, sizeof(t->buf));
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return -1;
		t->len = (size_t)n;
		t->at = 0;
	}
	return (unsigned char)t->buf[t->at++];
}

/* A number and the one character behind it. */
static bool number(struct text *t, unsigned int base, uint64_t *ret_value)
{
	uint64_t value = 0;
	int c;

	while ((c = next_char(t)) >= 0) {
		unsigned int digit;

		if (c >= '0' && c <= '9')
			digit = (unsigned int)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned int)(c - 'a') + 10;
		else
			break;
		value = value * base + digit;
	}
	*ret_value = value;
	return c >= 0;
}

/* "rwxp ", the last letter being s for a shared mapping. */
static bool letters(struct text *t, struct hosted_map *map)
{
	char s[5];
	size_t i;
	int c;

	for (i = 0; i < sizeof(s); i++) {
		c = next_char(t);
		if (c < 0)
			return false;
		s[i] = (char)c;
	}
	if (s[0] == 'r')
		map->perm |= IOMMU_PERM_READ;
	if (s[1] == 'w')
		map->perm |= IOMMU_PERM_WRITE;
	if (s[2] == 'x')
		map->perm |= IOMMU_PERM_EXEC;
	map->shared = s[3] == 's';
	return true;
}

/* "start-end rwxp offset major:minor inode name" */
static bool line(struct text *t, struct hosted_map *map)
{
	uint64_t major, minor;
	int c;

	*map = (struct hosted_map){ 0 };
	if (!number(t, 16, &map->start) || !number(t, 16, &map->end) ||
	    !letters(t, map) || !number(t, 16, &map->offset) ||
	    !number(t, 16, &major) || !number(t, 16, &minor) ||
	    !number(t, 10, &map->inode))
		return false;
	map->dev = major << 32 | minor;
	/* A line without a name may have ended with the number. */
	if (t->buf[t->at - 1] == '\n')
		return true;
	do
		c = next_char(t);
	while (c >= 0 && c != '\n');
	return true;
}

static int parse(uint64_t addr, struct hosted_map *ret_map)
{
	struct text t = { .fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC) };
	struct hosted_map map;
	int err = -ENOENT;

	if (t.fd < 0)
		return -errno;
	while (line(&t, &map)) {
		if (map.end > addr) {
			*ret_map = map;
			err = 0;
			break;
		}
	}
	close(t.fd);
	return err;
}

int hosted_maps_find(int fd, uint64_t addr, struct hosted_map *ret_map)
{
	return fd >= 0 ? query(fd, addr, ret_map) : parse(addr, ret_map);
}

bool hosted_map_same(const struct hosted_map *a, const struct hosted_map *b)
{
	return a->start == b->start && a->end == b->end && a->perm == b->perm &&
	       a->shared == b->shared && a->offset == b->offset &&
	       a->dev == b->dev && a->inode == b->inode;
}
