/* SPDX-License-Identifier: MIT */
/*
 * Set-associative lookup of a 64-bit key, for the configuration caches. The
 * caller keeps what belongs to a key in an array of its own, at the same
 * index. A key is never 0. All of it under the model's lock.
 */
#ifndef HW_SMMUV3_CACHE_H
#define HW_SMMUV3_CACHE_H

#include <stdbool.h>
#include <stdint.h>

enum { CACHE_WAYS = 4 };

struct smmuv3_hw_cache {
	uint64_t *key;
	unsigned int lg2;
	unsigned int victim;
};

/* Index of the first way of the set of @key in a cache of 1 << lg2. */
static inline unsigned int smmuv3_hw_hash(uint64_t key, unsigned int lg2)
{
	uint64_t h = (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (unsigned int)(h >> (66 - lg2)) * CACHE_WAYS;
}

/* Index of the key, or -1. */
static inline int smmuv3_hw_cache_find(const struct smmuv3_hw_cache *c,
				       uint64_t key)
{
	unsigned int set = smmuv3_hw_hash(key, c->lg2);
	unsigned int i;

	for (i = set; i < set + CACHE_WAYS; i++)
		if (c->key[i] == key)
			return (int)i;
	return -1;
}

/* The index that is the key's from now on; another key may lose it. */
static inline unsigned int smmuv3_hw_cache_add(struct smmuv3_hw_cache *c,
					       uint64_t key)
{
	unsigned int set = smmuv3_hw_hash(key, c->lg2);
	unsigned int i;

	for (i = set; i < set + CACHE_WAYS; i++)
		if (!c->key[i] || c->key[i] == key)
			break;
	if (i == set + CACHE_WAYS)
		i = set + c->victim++ % CACHE_WAYS;
	c->key[i] = key;
	return i;
}

static inline void smmuv3_hw_cache_drop(struct smmuv3_hw_cache *c, uint64_t key)
{
	int i = smmuv3_hw_cache_find(c, key);

	if (i >= 0)
		c->key[i] = 0;
}

/* Drops every key whose bits in @mask are those of @match. */
static inline void smmuv3_hw_cache_drop_all(struct smmuv3_hw_cache *c,
					    uint64_t match, uint64_t mask)
{
	unsigned int i;

	for (i = 0; i < 1u << c->lg2; i++)
		if (!((c->key[i] ^ match) & mask))
			c->key[i] = 0;
}

#endif
