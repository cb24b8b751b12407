/* SPDX-License-Identifier: MIT */
/* DMAR tables written byte by byte, and what is read of them compared. */
#ifndef TESTS_PLAT_DMAR_TABLE_H
#define TESTS_PLAT_DMAR_TABLE_H

#include <stdbool.h>

#include <sva/dmar.h>

enum { DMAR_ROOM = 8192 };

struct dmar_bytes {
	unsigned char b[DMAR_ROOM];
	size_t n;
	size_t start; /* of the structure that is written */
};

/* Little-endian, at the end. */
void dmar_put(struct dmar_bytes *t, uint64_t v, unsigned int bytes);
void dmar_put_text(struct dmar_bytes *t, const char *s, size_t n);

/* The checksum; with the length, when everything is written. */
void dmar_seal(struct dmar_bytes *t);
void dmar_finish(struct dmar_bytes *t);

/* A structure from begin to end; name and proximity are complete ones. */
void dmar_begin(struct dmar_bytes *t, unsigned int type);
void dmar_end(struct dmar_bytes *t);
void dmar_unit(struct dmar_bytes *t, unsigned int flags, unsigned int size,
	       unsigned int segment, uint64_t base);
void dmar_reserved(struct dmar_bytes *t, unsigned int segment, uint64_t first,
		   uint64_t last);
void dmar_group(struct dmar_bytes *t, unsigned int type, unsigned int flags,
		unsigned int segment);
void dmar_proximity(struct dmar_bytes *t, uint64_t base, uint32_t domain);
void dmar_name(struct dmar_bytes *t, unsigned int number, const char *text);

/* path: pairs of a device and a function. */
void dmar_scope(struct dmar_bytes *t, unsigned int type, unsigned int flags,
		unsigned int id, unsigned int bus, const char *path,
		size_t hops);

/* A table with one of everything. */
void dmar_good(struct dmar_bytes *t);

/* Asserts that it can be. */
struct plat_dmar *dmar_parse(const struct dmar_bytes *t);

/* But for what was skipped. */
bool dmar_same(const struct plat_dmar *a, const struct plat_dmar *b);

/* Asserts that it can be made, and is the same when it is read again. */
void dmar_comes_back(const struct plat_dmar *d);

/* The same numbers each time. */
uint64_t dmar_random(void);

#endif
