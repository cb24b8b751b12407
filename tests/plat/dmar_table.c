/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/plat/dmar_table.h"
#include "tests/support/random.h"

void dmar_put(struct dmar_bytes *t, uint64_t v, unsigned int bytes)
{
	for (; bytes; bytes--, v >>= 8)
		t->b[t->n++] = (unsigned char)v;
}

void dmar_put_text(struct dmar_bytes *t, const char *s, size_t n)
{
	memcpy(&t->b[t->n], s, n);
	t->n += n;
}

void dmar_seal(struct dmar_bytes *t)
{
	unsigned char sum = 0;
	size_t i;

	t->b[9] = 0;
	for (i = 0; i < t->n; i++)
		sum = (unsigned char)(sum + t->b[i]);
	t->b[9] = (unsigned char)-sum;
}

/* Everything is written: length and checksum. */
void dmar_finish(struct dmar_bytes *t)
{
	size_t n = t->n;

	t->n = 4;
	dmar_put(t, n, 4);
	t->n = n;
	dmar_seal(t);
}

static void dmar_header(struct dmar_bytes *t)
{
	memset(t, 0, sizeof(*t));
	dmar_put_text(t, "DMAR", 4);
	dmar_put(t, 0, 4); /* length */
	dmar_put(t, 1, 1); /* revision */
	dmar_put(t, 0, 1); /* checksum */
	dmar_put_text(t, "OEM ID", 6);
	dmar_put_text(t, "TABLE\x01  ", 8);
	dmar_put(t, 0x12345678, 4);
	dmar_put_text(t, "MAKR", 4);
	dmar_put(t, 7, 4);
	dmar_put(t, 45, 1);  /* addresses of 46 bits */
	dmar_put(t, 0x5, 1); /* INTR_REMAP, DMA_CTRL_PLATFORM_OPT_IN_FLAG */
	dmar_put(t, 0, 5);
	dmar_put(t, 0, 5);
	assert_int_equal(t->n, 48);
}

void dmar_begin(struct dmar_bytes *t, unsigned int type)
{
	t->start = t->n;
	dmar_put(t, type, 2);
	dmar_put(t, 0, 2);
}

void dmar_end(struct dmar_bytes *t)
{
	size_t n = t->n;

	t->n = t->start + 2;
	dmar_put(t, n - t->start, 2);
	t->n = n;
}

/* path: pairs of a device and a function. */
void dmar_scope(struct dmar_bytes *t, unsigned int type, unsigned int flags,
		unsigned int id, unsigned int bus, const char *path,
		size_t hops)
{
	dmar_put(t, type, 1);
	dmar_put(t, 6 + 2 * hops, 1);
	dmar_put(t, flags, 1);
	dmar_put(t, 0, 1);
	dmar_put(t, id, 1);
	dmar_put(t, bus, 1);
	dmar_put_text(t, path, 2 * hops);
}

void dmar_unit(struct dmar_bytes *t, unsigned int flags, unsigned int size,
	       unsigned int segment, uint64_t base)
{
	dmar_begin(t, 0);
	dmar_put(t, flags, 1);
	dmar_put(t, size, 1);
	dmar_put(t, segment, 2);
	dmar_put(t, base, 8);
}

void dmar_reserved(struct dmar_bytes *t, unsigned int segment, uint64_t first,
		   uint64_t last)
{
	dmar_begin(t, 1);
	dmar_put(t, 0, 2);
	dmar_put(t, segment, 2);
	dmar_put(t, first, 8);
	dmar_put(t, last, 8);
}

void dmar_group(struct dmar_bytes *t, unsigned int type, unsigned int flags,
		unsigned int segment)
{
	dmar_begin(t, type);
	dmar_put(t, flags, 1);
	dmar_put(t, 0, 1);
	dmar_put(t, segment, 2);
}

void dmar_proximity(struct dmar_bytes *t, uint64_t base, uint32_t domain)
{
	dmar_begin(t, 3);
	dmar_put(t, 0, 4);
	dmar_put(t, base, 8);
	dmar_put(t, domain, 4);
	dmar_end(t);
}

void dmar_name(struct dmar_bytes *t, unsigned int number, const char *text)
{
	dmar_begin(t, 4);
	dmar_put(t, 0, 3);
	dmar_put(t, number, 1);
	dmar_put_text(t, text, strlen(text) + 1);
	dmar_end(t);
}

/* One of everything. */
void dmar_good(struct dmar_bytes *t)
{
	dmar_header(t);
	dmar_unit(t, 0, 0, 0, 0xfed90000);
	dmar_scope(t, 1, 0, 0, 0, "\x02\x00", 1);
	dmar_scope(t, 2, 0, 0, 0, "\x1c\x04\x00\x00", 2);
	dmar_end(t);
	/* Before the unit it is about. */
	dmar_proximity(t, 0xfed91000, 3);
	dmar_begin(t, 0x77); /* not known */
	dmar_put(t, 0x1122334455, 5);
	dmar_end(t);
	dmar_unit(t, 1, 1, 0, 0xfed92000);
	dmar_scope(t, 3, 0, 8, 0xf0, "\x1f\x07", 1);
	dmar_scope(t, 4, 0, 0, 0xf0, "\x0f\x00", 1);
	dmar_scope(t, 5, 0, 1, 0, "\x15\x01", 1);
	dmar_scope(t, 9, 0, 1, 0, "", 0); /* not known */
	dmar_end(t);
	dmar_unit(t, 1, 0, 1, 0xfed91000);
	dmar_end(t);
	dmar_reserved(t, 0, 0x7b800000, 0x7fffffff);
	dmar_scope(t, 1, 0, 0, 0, "\x02\x00", 1);
	dmar_end(t);
	dmar_group(t, 2, 0, 0);
	dmar_scope(t, 2, 0, 0, 0, "\x01\x00", 1);
	dmar_end(t);
	dmar_group(t, 2, 1, 1);
	dmar_end(t);
	dmar_name(t, 1, "\\_SB.PCI0.I2C\x1b");
	dmar_group(t, 5, 1, 0);
	dmar_scope(t, 1, 0, 0, 0x6a, "\x01\x00", 1);
	dmar_end(t);
	dmar_group(t, 6, 0, 0);
	dmar_scope(t, 1, 0x5a, 0, 0x6a, "\x02\x00", 1);
	dmar_end(t);
	dmar_finish(t);
}

struct plat_dmar *dmar_parse(const struct dmar_bytes *t)
{
	struct plat_dmar_error error;
	struct plat_dmar *d = NULL;
	int err = plat_dmar_parse(t->b, t->n, &d, &error);

	if (err)
		fail_msg("%d: %s", err, error.text);
	return d;
}

static bool same_scopes(const struct plat_dmar_scope *a, size_t n,
			const struct plat_dmar_scope *b, size_t m)
{
	size_t i;

	if (n != m)
		return false;
	for (i = 0; i < n; i++)
		if (a[i].type != b[i].type || a[i].flags != b[i].flags ||
		    a[i].id != b[i].id || a[i].bus != b[i].bus ||
		    a[i].hop_count != b[i].hop_count ||
		    memcmp(a[i].path, b[i].path, 2 * a[i].hop_count) != 0)
			return false;
	return true;
}

static bool same_groups(const struct plat_dmar_group *a, size_t n,
			const struct plat_dmar_group *b, size_t m)
{
	size_t i;

	if (n != m)
		return false;
	for (i = 0; i < n; i++)
		if (a[i].segment != b[i].segment || a[i].flag != b[i].flag ||
		    !same_scopes(a[i].scopes, a[i].scope_count, b[i].scopes,
				 b[i].scope_count))
			return false;
	return true;
}

static bool same_units(const struct plat_dmar *a, const struct plat_dmar *b)
{
	size_t i;

	if (a->unit_count != b->unit_count)
		return false;
	for (i = 0; i < a->unit_count; i++) {
		const struct plat_dmar_unit *u = &a->units[i];
		const struct plat_dmar_unit *v = &b->units[i];

		if (u->base != v->base || u->size != v->size ||
		    u->segment != v->segment ||
		    u->include_all != v->include_all ||
		    u->has_proximity != v->has_proximity ||
		    u->proximity != v->proximity ||
		    !same_scopes(u->scopes, u->scope_count, v->scopes,
				 v->scope_count))
			return false;
	}
	return true;
}

static bool same_rest(const struct plat_dmar *a, const struct plat_dmar *b)
{
	size_t i;

	if (a->reserved_count != b->reserved_count ||
	    a->name_count != b->name_count)
		return false;
	for (i = 0; i < a->reserved_count; i++) {
		const struct plat_dmar_reserved *r = &a->reserved[i];
		const struct plat_dmar_reserved *s = &b->reserved[i];

		if (r->first != s->first || r->last != s->last ||
		    r->segment != s->segment ||
		    !same_scopes(r->scopes, r->scope_count, s->scopes,
				 s->scope_count))
			return false;
	}
	for (i = 0; i < a->name_count; i++)
		if (a->names[i].number != b->names[i].number ||
		    strcmp(a->names[i].name, b->names[i].name) != 0)
			return false;
	return true;
}

/* But for what was skipped. */
bool dmar_same(const struct plat_dmar *a, const struct plat_dmar *b)
{
	return a->address_bits == b->address_bits &&
	       a->intr_remap == b->intr_remap &&
	       a->x2apic_opt_out == b->x2apic_opt_out &&
	       a->dma_opt_in == b->dma_opt_in &&
	       !strcmp(a->oem_id, b->oem_id) &&
	       !strcmp(a->oem_table_id, b->oem_table_id) &&
	       a->oem_revision == b->oem_revision && same_units(a, b) &&
	       same_rest(a, b) &&
	       same_groups(a->ats_ports, a->ats_port_count, b->ats_ports,
			   b->ats_port_count) &&
	       same_groups(a->atcs, a->atc_count, b->atcs, b->atc_count) &&
	       same_groups(a->properties, a->property_count, b->properties,
			   b->property_count);
}

/* What was read can be made, and is the same when it is read again. */
void dmar_comes_back(const struct plat_dmar *d)
{
	struct plat_dmar_error error;
	struct plat_dmar *again = NULL;
	size_t size;
	void *blob;
	int err = plat_dmar_build(d, &blob, &size, &error);

	if (err)
		fail_msg("%d: %s", err, error.text);
	assert_int_equal(plat_dmar_parse(blob, size, &again, NULL), 0);
	assert_true(dmar_same(d, again));
	assert_int_equal(again->skipped + again->skipped_scopes, 0);
	plat_dmar_free(again);
	free(blob);
}

static uint64_t rng = 88172645463325252u;

uint64_t dmar_random(void)
{
	return next_random(&rng);
}
