/* SPDX-License-Identifier: MIT */
/*
 * Making a DMAR table: VT-d, chapter 8.
 *
 * It is written twice, first to nowhere to see how long it becomes. What has
 * no place in a field is refused here; the rest of the rules are those of
 * reading, so the result is read.
 */
#include "plat/hosted/dmar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/dmar.h"

/* What ACPI calls the program that made the table. */
#define CREATOR UINT32_C(0x20415653) /* "SVA " */

struct writer {
	unsigned char *blob; /* NULL: to nowhere */
	size_t size;
	struct plat_dmar_error *error;
};

static void put(struct writer *w, const uint64_t *dw, size_t words,
		size_t bytes)
{
	unsigned char raw[64];

	le64_store_words(raw, dw, words);
	if (w->blob)
		memcpy(w->blob + w->size, raw, bytes);
	w->size += bytes;
}

static void put_bytes(struct writer *w, const void *from, size_t bytes)
{
	if (w->blob && bytes)
		memcpy(w->blob + w->size, from, bytes);
	w->size += bytes;
}

/* The structure that began at start is complete. */
static int end_structure(struct writer *w, size_t start)
{
	size_t length = w->size - start;

	if (length > FIELD_MAX(DMAR_HEADER_LENGTH))
		return dmar_wrong(w->error,
				  "a structure of 0x%zx bytes has no place in "
				  "a table",
				  length);
	if (w->blob)
		le16_store(w->blob + start + DMAR_HEADER_LENGTH_LO / 8,
			   (uint16_t)length);
	return 0;
}

static int put_scope(struct writer *w, const struct plat_dmar_scope *s)
{
	struct dmar_scope rec = { { 0 } };
	size_t length, i;

	if (s->hop_count > FIELD_MAX(DMAR_SCOPE_LENGTH))
		return dmar_wrong(w->error, "a path of %zu steps is too long",
				  s->hop_count);
	length = DMAR_SCOPE_BYTES + DMAR_SCOPE_PATH_BYTES * s->hop_count;
	if (length > FIELD_MAX(DMAR_SCOPE_LENGTH))
		return dmar_wrong(w->error, "a path of %zu steps is too long",
				  s->hop_count);
	/* One that reading skips would not come back. */
	if (s->type < DMAR_SCOPE_ENDPOINT || s->type > DMAR_SCOPE_NAMESPACE)
		return dmar_wrong(w->error, "no device scope has type %u",
				  s->type);
	FIELD_SET(DMAR_SCOPE_TYPE, &rec, s->type);
	FIELD_SET(DMAR_SCOPE_LENGTH, &rec, length);
	FIELD_SET(DMAR_SCOPE_FLAGS, &rec, s->flags);
	FIELD_SET(DMAR_SCOPE_ENUM_ID, &rec, s->id);
	FIELD_SET(DMAR_SCOPE_BUS, &rec, s->bus);
	put(w, rec.dw, 1, DMAR_SCOPE_BYTES);
	for (i = 0; i < s->hop_count; i++) {
		const unsigned char hop[DMAR_SCOPE_PATH_BYTES] = {
			s->path[i].device, s->path[i].function
		};

		put_bytes(w, hop, sizeof(hop));
	}
	return 0;
}

/* The last of a structure. */
static int put_scopes(struct writer *w, size_t start,
		      const struct plat_dmar_scope *scopes, size_t count)
{
	size_t i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = put_scope(w, &scopes[i]);
	return err ? err : end_structure(w, start);
}

static int put_unit(struct writer *w, const struct plat_dmar_unit *u)
{
	struct dmar_drhd rec = { { 0 } };
	size_t start = w->size;
	unsigned int lg2;

	if (!is_pow2(u->size) || ilog2(u->size) < 12 ||
	    ilog2(u->size) - 12 > DMAR_DRHD_SIZE_MAX)
		return dmar_wrong(w->error,
				  "no unit has 0x%llx bytes of registers",
				  (unsigned long long)u->size);
	lg2 = ilog2(u->size);
	FIELD_SET(DMAR_DRHD_TYPE, &rec, DMAR_TYPE_DRHD);
	FIELD_SET(DMAR_DRHD_INCLUDE_PCI_ALL, &rec, u->include_all);
	FIELD_SET(DMAR_DRHD_SIZE, &rec, lg2 - 12);
	FIELD_SET(DMAR_DRHD_SEGMENT, &rec, u->segment);
	FIELD_SET(DMAR_DRHD_BASE, &rec, u->base);
	put(w, rec.dw, 2, DMAR_DRHD_BYTES);
	return put_scopes(w, start, u->scopes, u->scope_count);
}

static int put_proximity(struct writer *w, const struct plat_dmar_unit *u)
{
	struct dmar_rhsa rec = { { 0 } };
	size_t start = w->size;

	FIELD_SET(DMAR_RHSA_TYPE, &rec, DMAR_TYPE_RHSA);
	FIELD_SET(DMAR_RHSA_BASE, &rec, u->base);
	FIELD_SET(DMAR_RHSA_DOMAIN, &rec, u->proximity);
	put(w, rec.dw, 3, DMAR_RHSA_BYTES);
	return end_structure(w, start);
}

static int put_reserved(struct writer *w, const struct plat_dmar_reserved *m)
{
	struct dmar_rmrr rec = { { 0 } };
	size_t start = w->size;

	FIELD_SET(DMAR_RMRR_TYPE, &rec, DMAR_TYPE_RMRR);
	FIELD_SET(DMAR_RMRR_SEGMENT, &rec, m->segment);
	FIELD_SET(DMAR_RMRR_BASE, &rec, m->first);
	FIELD_SET(DMAR_RMRR_LIMIT, &rec, m->last);
	put(w, rec.dw, 3, DMAR_RMRR_BYTES);
	return put_scopes(w, start, m->scopes, m->scope_count);
}

/* ATSR, SATC and SIDP are alike: dmar.c. */
static int put_groups(struct writer *w, unsigned int type,
		      const struct plat_dmar_group *g, size_t count)
{
	size_t i;
	int err = 0;

	for (i = 0; i < count && !err; i++) {
		struct dmar_atsr rec = { { 0 } };
		size_t start = w->size;

		if (g[i].flag && type == DMAR_TYPE_SIDP)
			return dmar_wrong(w->error, "properties have no flag");
		FIELD_SET(DMAR_ATSR_TYPE, &rec, type);
		FIELD_SET(DMAR_ATSR_ALL_PORTS, &rec, g[i].flag);
		FIELD_SET(DMAR_ATSR_SEGMENT, &rec, g[i].segment);
		put(w, rec.dw, 1, DMAR_ATSR_BYTES);
		err = put_scopes(w, start, g[i].scopes, g[i].scope_count);
	}
	return err;
}

static int put_name(struct writer *w, const struct plat_dmar_name *name)
{
	struct dmar_andd rec = { { 0 } };
	size_t start = w->size;

	FIELD_SET(DMAR_ANDD_TYPE, &rec, DMAR_TYPE_ANDD);
	FIELD_SET(DMAR_ANDD_NUMBER, &rec, name->number);
	put(w, rec.dw, 1, DMAR_ANDD_BYTES);
	put_bytes(w, name->name, strlen(name->name) + 1);
	return end_structure(w, start);
}

static int put_table(struct writer *w, const struct plat_dmar *d)
{
	struct dmar_table rec = { { 0 } };

	if (d->address_bits < 12 || d->address_bits > 64)
		return dmar_wrong(w->error,
				  "no platform has %u bits of addresses",
				  d->address_bits);
	FIELD_SET(DMAR_TABLE_SIGNATURE, &rec, DMAR_SIGNATURE);
	FIELD_SET(DMAR_TABLE_REVISION, &rec, DMAR_REVISION);
	FIELD_SET(DMAR_TABLE_OEM_REVISION, &rec, d->oem_revision);
	FIELD_SET(DMAR_TABLE_CREATOR_ID, &rec, CREATOR);
	FIELD_SET(DMAR_TABLE_CREATOR_REVISION, &rec, 1);
	FIELD_SET(DMAR_TABLE_HAW, &rec, d->address_bits - 1);
	FIELD_SET(DMAR_TABLE_INTR_REMAP, &rec, d->intr_remap);
	FIELD_SET(DMAR_TABLE_X2APIC_OPT_OUT, &rec, d->x2apic_opt_out);
	FIELD_SET(DMAR_TABLE_DMA_CTRL_OPT_IN, &rec, d->dma_opt_in);
	put(w, rec.dw, 6, DMAR_TABLE_BYTES);
	return 0;
}

static int put_units(struct writer *w, const struct plat_dmar *d)
{
	size_t i;
	int err = 0;

	for (i = 0; i < d->unit_count && !err; i++)
		err = put_unit(w, &d->units[i]);
	return err;
}

static int put_all(struct writer *w, const struct plat_dmar *d)
{
	size_t i;
	int err = put_table(w, d);

	if (!err)
		err = put_units(w, d);
	for (i = 0; i < d->reserved_count && !err; i++)
		err = put_reserved(w, &d->reserved[i]);
	if (!err)
		err = put_groups(w, DMAR_TYPE_ATSR, d->ats_ports,
				 d->ats_port_count);
	for (i = 0; i < d->unit_count && !err; i++)
		if (d->units[i].has_proximity)
			err = put_proximity(w, &d->units[i]);
	for (i = 0; i < d->name_count && !err; i++)
		err = put_name(w, &d->names[i]);
	if (!err)
		err = put_groups(w, DMAR_TYPE_SATC, d->atcs, d->atc_count);
	if (!err)
		err = put_groups(w, DMAR_TYPE_SIDP, d->properties,
				 d->property_count);
	return err;
}

/* Names are filled up with blanks. */
static void set_text(unsigned char *to, const char *from, size_t n)
{
	size_t length = strnlen(from, n);

	memset(to, ' ', n);
	memcpy(to, from, length);
}

static void finish(unsigned char *blob, size_t size, const struct plat_dmar *d)
{
	unsigned char sum = 0;
	size_t i;

	set_text(blob + DMAR_TABLE_OEM_ID_LO / 8, d->oem_id, 6);
	set_text(blob + DMAR_TABLE_OEM_TABLE_ID_LO / 8, d->oem_table_id, 8);
	le32_store(blob + DMAR_TABLE_LENGTH_LO / 8, (uint32_t)size);
	for (i = 0; i < size; i++)
		sum = (unsigned char)(sum + blob[i]);
	blob[DMAR_TABLE_CHECKSUM_LO / 8] = (unsigned char)(0u - sum);
}

int plat_dmar_build(const struct plat_dmar *dmar, void **ret_blob,
		    size_t *ret_size, struct plat_dmar_error *ret_error)
{
	struct writer w = { .error = ret_error };
	struct plat_dmar *again;
	unsigned char *blob;
	int err = put_all(&w, dmar);

	if (err)
		return err;
	blob = malloc(w.size);
	if (!blob)
		return -ENOMEM;
	w.blob = blob;
	w.size = 0;
	err = put_all(&w, dmar);
	if (!err) {
		finish(blob, w.size, dmar);
		err = plat_dmar_parse(blob, w.size, &again, ret_error);
	}
	if (err) {
		free(blob);
		return err;
	}
	plat_dmar_free(again);
	*ret_blob = blob;
	*ret_size = w.size;
	return 0;
}
