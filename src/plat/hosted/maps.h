/* SPDX-License-Identifier: MIT */
/* The mappings of the process, as the kernel tells them. */
#ifndef PLAT_HOSTED_MAPS_H
#define PLAT_HOSTED_MAPS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct hosted_map - one mapping
 * @start, @end: bytes.
 * @perm:      of enum iommu_perm.
 * @shared:    stores reach the file.
 * @offset:    into the file, of @start.
 * @dev, @inode: the file; 0 without one.
 * @page_size: of the pages it is made of; 0: not known.
 */
struct hosted_map {
	uint64_t start;
	uint64_t end;
	unsigned int perm;
	bool shared;
	uint64_t offset;
	uint64_t dev;
	uint64_t inode;
	uint64_t page_size;
};

/* A descriptor that answers queries, or a negative errno. */
int hosted_maps_open(void);

/*
 * The mapping that has addr or, failing that, the next one above. fd is from
 * hosted_maps_open(), or negative: then /proc/self/maps is read. Never
 * allocates. Return: 0, -ENOENT there is none, or what the kernel said.
 */
__attribute__((warn_unused_result)) int
hosted_maps_find(int fd, uint64_t addr, struct hosted_map *ret_map);

/* Are they one mapping of the same thing, as far as can be seen? */
bool hosted_map_same(const struct hosted_map *a, const struct hosted_map *b);

#endif
