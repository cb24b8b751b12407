/* SPDX-License-Identifier: MIT */
/*
 * Reading a DMAR table: VT-d, chapter 8.
 *
 * The structures are walked twice with the same eyes: first to check them and
 * to count what there is, then to fill arrays of that size.
 */
#include "plat/hosted/dmar.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/dmar.h"

/* Of each array, how much is used. */
struct tally {
	size_t units;
	size_t reserved;
	size_t ats_ports;
	size_t atcs;
	size_t properties;
	size_t names;
	size_t scopes;
	size_t hops;
	size_t text;
	size_t skipped;
	size_t skipped_scopes;
};

/* What is handed out, and the arrays behind it. */
struct dmar {
	struct plat_dmar pub;
	struct plat_dmar_unit *units;
	struct plat_dmar_reserved *reserved;
	struct plat_dmar_group *ats_ports;
	struct plat_dmar_group *atcs;
	struct plat_dmar_group *properties;
	struct plat_dmar_name *names;
	struct plat_dmar_scope *scopes;
	struct plat_dmar_hop *hops;
	char *text;
};

/* to: NULL while counting. at: of the structure that is read. */
struct reader {
	const unsigned char *blob;
	size_t size;
	struct plat_dmar_error *error;
	struct dmar *to;
	struct tally n;
	unsigned int address_bits;
	size_t at;
	size_t end;
};

void dmar_say(struct plat_dmar_error *error, const char *fmt, ...)
{
	va_list args;

	if (!error)
		return;
	va_start(args, fmt);
	(void)vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
}

static int wrong(const struct reader *r, const char *what)
{
	return dmar_wrong(r->error, "byte 0x%zx: %s", r->at, what);
}

/* The first bytes of what is at at, which the caller knows to be there. */
static void load(const struct reader *r, size_t at, uint64_t *dw, size_t words,
		 size_t bytes)
{
	unsigned char raw[64] = { 0 };

	memcpy(raw, r->blob + at, bytes);
	le64_load_words(dw, raw, words);
}

static int take_path(struct reader *r, size_t at, size_t end,
		     struct plat_dmar_scope *scope)
{
	if (at == end || (end - at) % DMAR_SCOPE_PATH_BYTES)
		return wrong(r, "a device scope without a whole path");
	scope->hop_count = (end - at) / DMAR_SCOPE_PATH_BYTES;
	if (r->to)
		scope->path = &r->to->hops[r->n.hops];
	for (; at < end; at += DMAR_SCOPE_PATH_BYTES) {
		const struct plat_dmar_hop hop = { r->blob[at],
						   r->blob[at + 1] };

		if (hop.device > 31 || hop.function > 7)
			return wrong(r, "a path through no PCI function");
		if (r->to)
			r->to->hops[r->n.hops] = hop;
		r->n.hops++;
	}
	return 0;
}

/* One scope. *ret_end: where it ends. */
static int take_scope(struct reader *r, size_t at, size_t *ret_end)
{
	struct plat_dmar_scope scope = { 0 };
	struct dmar_scope rec;
	size_t length;
	int err;

	if (r->end - at < DMAR_SCOPE_BYTES)
		return wrong(r, "the rest is too short for a device scope");
	load(r, at, rec.dw, 1, DMAR_SCOPE_BYTES);
	length = (size_t)FIELD_GET(DMAR_SCOPE_LENGTH, &rec);
	if (length < DMAR_SCOPE_BYTES || length > r->end - at)
		return wrong(r, "the length of a device scope does not fit");
	*ret_end = at + length;
	scope.type = (unsigned int)FIELD_GET(DMAR_SCOPE_TYPE, &rec);
	scope.flags = (uint8_t)FIELD_GET(DMAR_SCOPE_FLAGS, &rec);
	scope.id = (uint8_t)FIELD_GET(DMAR_SCOPE_ENUM_ID, &rec);
	scope.bus = (uint8_t)FIELD_GET(DMAR_SCOPE_BUS, &rec);
	if (scope.type < DMAR_SCOPE_ENDPOINT ||
	    scope.type > DMAR_SCOPE_NAMESPACE) {
		r->n.skipped_scopes++;
		return 0;
	}
	err = take_path(r, at + DMAR_SCOPE_BYTES, *ret_end, &scope);
	if (err)
		return err;
	if (r->to)
		r->to->scopes[r->n.scopes] = scope;
	r->n.scopes++;
	return 0;
}

/* From at to the end of the structure. */
static int take_scopes(struct reader *r, size_t at,
		       const struct plat_dmar_scope **ret_scopes,
		       size_t *ret_count)
{
	size_t first = r->n.scopes;
	int err = 0;

	while (at < r->end && !err)
		err = take_scope(r, at, &at);
	*ret_scopes = r->to ? &r->to->scopes[first] : NULL;
	*ret_count = r->n.scopes - first;
	return err;
}

static int take_unit(struct reader *r)
{
	uint64_t limit = UINT64_MAX >> (64 - r->address_bits);
	struct plat_dmar_unit unit = { 0 };
	struct dmar_drhd rec;
	int err;

	load(r, r->at, rec.dw, 2, DMAR_DRHD_BYTES);
	unit.base = FIELD_GET(DMAR_DRHD_BASE, &rec);
	if (FIELD_GET(DMAR_DRHD_SIZE, &rec) > DMAR_DRHD_SIZE_MAX)
		return wrong(r, "the upper bits of a unit's size are reserved");
	unit.size = BIT(12 + FIELD_GET(DMAR_DRHD_SIZE, &rec));
	unit.segment = (uint16_t)FIELD_GET(DMAR_DRHD_SEGMENT, &rec);
	unit.include_all = FIELD_GET(DMAR_DRHD_INCLUDE_PCI_ALL, &rec);
	if (!unit.base || !is_aligned(unit.base, 4096))
		return wrong(r, "the registers of a unit are not at a page");
	if (unit.base > limit || unit.size - 1 > limit - unit.base)
		return wrong(r, "the registers of a unit are beyond the "
				"platform's addresses");
	if (r->n.units == DMAR_UNITS_MAX)
		return wrong(r, "too many units");
	err = take_scopes(r, r->at + DMAR_DRHD_BYTES, &unit.scopes,
			  &unit.scope_count);
	if (err)
		return err;
	if (r->to)
		r->to->units[r->n.units] = unit;
	r->n.units++;
	return 0;
}

static int take_reserved(struct reader *r)
{
	struct plat_dmar_reserved range = { 0 };
	struct dmar_rmrr rec;
	int err;

	load(r, r->at, rec.dw, 3, DMAR_RMRR_BYTES);
	range.first = FIELD_GET(DMAR_RMRR_BASE, &rec);
	range.last = FIELD_GET(DMAR_RMRR_LIMIT, &rec);
	range.segment = (uint16_t)FIELD_GET(DMAR_RMRR_SEGMENT, &rec);
	if (range.last < range.first)
		return wrong(r, "reserved memory ends before it begins");
	if (!is_aligned(range.first, 4096) || !is_aligned(range.last + 1, 4096))
		return wrong(r, "reserved memory is not of whole pages");
	err = take_scopes(r, r->at + DMAR_RMRR_BYTES, &range.scopes,
			  &range.scope_count);
	if (err)
		return err;
	if (r->to)
		r->to->reserved[r->n.reserved] = range;
	r->n.reserved++;
	return 0;
}

/* Three structures alike: eight bytes, then scopes. array: NULL if counted. */
static int take_group(struct reader *r, struct plat_dmar_group *array,
		      size_t *count)
{
	struct plat_dmar_group group = { 0 };
	struct dmar_atsr rec;
	int err;

	load(r, r->at, rec.dw, 1, DMAR_ATSR_BYTES);
	group.segment = (uint16_t)FIELD_GET(DMAR_ATSR_SEGMENT, &rec);
	if (FIELD_GET(DMAR_ATSR_TYPE, &rec) != DMAR_TYPE_SIDP)
		group.flag = FIELD_GET(DMAR_ATSR_ALL_PORTS, &rec);
	err = take_scopes(r, r->at + DMAR_ATSR_BYTES, &group.scopes,
			  &group.scope_count);
	if (err)
		return err;
	if (array)
		array[*count] = group;
	++*count;
	return 0;
}

_Static_assert((int)DMAR_SATC_ATC_REQUIRED_LO == (int)DMAR_ATSR_ALL_PORTS_LO &&
		       (int)DMAR_SATC_SEGMENT_LO == (int)DMAR_ATSR_SEGMENT_LO &&
		       (int)DMAR_SIDP_SEGMENT_LO == (int)DMAR_ATSR_SEGMENT_LO &&
		       (int)DMAR_SATC_BYTES == (int)DMAR_ATSR_BYTES &&
		       (int)DMAR_SIDP_BYTES == (int)DMAR_ATSR_BYTES,
	       "take_group() reads all three");

static char printable(unsigned char c)
{
	return (char)(c >= 0x20 && c < 0x7f ? c : '?');
}

static int take_name(struct reader *r)
{
	size_t at = r->at + DMAR_ANDD_BYTES, room = r->end - at, length, i;
	const void *zero = memchr(r->blob + at, 0, room);
	struct plat_dmar_name name = { 0 };
	struct dmar_andd rec;

	if (!zero)
		return wrong(r, "the name of an ACPI device has no end");
	length = (size_t)((const unsigned char *)zero - (r->blob + at));
	if (!length)
		return wrong(r, "an ACPI device without a name");
	load(r, r->at, rec.dw, 1, DMAR_ANDD_BYTES);
	name.number = (uint8_t)FIELD_GET(DMAR_ANDD_NUMBER, &rec);
	if (r->to) {
		char *text = &r->to->text[r->n.text];

		/* The byte behind it is 0 from the start. */
		for (i = 0; i < length; i++)
			text[i] = printable(r->blob[at + i]);
		name.name = text;
		r->to->names[r->n.names] = name;
	}
	r->n.text += length + 1;
	r->n.names++;
	return 0;
}

/* Once all units are known; there is one of them at its address. */
static int take_proximity(struct reader *r)
{
	struct plat_dmar_unit *u;
	struct dmar_rhsa rec;
	size_t i;

	if (!r->to)
		return 0;
	load(r, r->at, rec.dw, 3, DMAR_RHSA_BYTES);
	for (i = 0; i < r->to->pub.unit_count; i++) {
		u = &r->to->units[i];
		if (u->base != FIELD_GET(DMAR_RHSA_BASE, &rec))
			continue;
		if (u->has_proximity)
			return wrong(r, "the proximity of a unit, again");
		u->has_proximity = true;
		u->proximity = (uint32_t)FIELD_GET(DMAR_RHSA_DOMAIN, &rec);
		return 0;
	}
	return wrong(r, "the proximity of no unit");
}

/* One structure, which is as long as its type has to be. */
static int take(struct reader *r, unsigned int type)
{
	switch (type) {
	case DMAR_TYPE_DRHD:
		return take_unit(r);
	case DMAR_TYPE_RMRR:
		return take_reserved(r);
	case DMAR_TYPE_ATSR:
		return take_group(r, r->to ? r->to->ats_ports : NULL,
				  &r->n.ats_ports);
	case DMAR_TYPE_ANDD:
		return take_name(r);
	case DMAR_TYPE_SATC:
		return take_group(r, r->to ? r->to->atcs : NULL, &r->n.atcs);
	case DMAR_TYPE_SIDP:
		return take_group(r, r->to ? r->to->properties : NULL,
				  &r->n.properties);
	default:
		r->n.skipped++;
		return 0;
	}
}

/* late: those alone that refer to others, and the others not. */
static int walk(struct reader *r, bool late)
{
	static const size_t shortest[] = {
		[DMAR_TYPE_DRHD] = DMAR_DRHD_BYTES,
		[DMAR_TYPE_RMRR] = DMAR_RMRR_BYTES,
		[DMAR_TYPE_ATSR] = DMAR_ATSR_BYTES,
		[DMAR_TYPE_RHSA] = DMAR_RHSA_BYTES,
		[DMAR_TYPE_ANDD] = DMAR_ANDD_BYTES,
		[DMAR_TYPE_SATC] = DMAR_SATC_BYTES,
		[DMAR_TYPE_SIDP] = DMAR_SIDP_BYTES,
	};
	int err = 0;

	for (r->at = DMAR_TABLE_BYTES; r->at < r->size && !err;
	     r->at = r->end) {
		struct dmar_header rec;
		unsigned int type;
		size_t length;

		if (r->size - r->at < DMAR_HEADER_BYTES)
			return wrong(r,
				     "the rest is too short for a structure");
		load(r, r->at, rec.dw, 1, DMAR_HEADER_BYTES);
		type = (unsigned int)FIELD_GET(DMAR_HEADER_TYPE, &rec);
		length = (size_t)FIELD_GET(DMAR_HEADER_LENGTH, &rec);
		if (length < DMAR_HEADER_BYTES || length > r->size - r->at)
			return wrong(r, "the length of a structure does not "
					"fit");
		if (type < ARRAY_SIZE(shortest) && length < shortest[type])
			return wrong(r, "a structure is too short for its "
					"type");
		r->end = r->at + length;
		if (late && type == DMAR_TYPE_RHSA)
			err = take_proximity(r);
		else if (!late && type != DMAR_TYPE_RHSA)
			err = take(r, type);
	}
	return err;
}

static void copy_text(char *to, const unsigned char *from, size_t n)
{
	size_t i;

	for (i = 0; i < n && from[i]; i++)
		to[i] = printable(from[i]);
	/* What fills the field up. */
	while (i && to[i - 1] == ' ')
		i--;
	to[i] = 0;
}

/* Sets the size to that of the table. */
static int take_table(struct reader *r, struct plat_dmar *to)
{
	struct dmar_table rec;
	unsigned char sum = 0;
	size_t length, i;

	if (r->size < DMAR_TABLE_BYTES)
		return wrong(r, "too short for a DMAR table");
	load(r, 0, rec.dw, 6, DMAR_TABLE_BYTES);
	if (FIELD_GET(DMAR_TABLE_SIGNATURE, &rec) != DMAR_SIGNATURE)
		return wrong(r, "not a DMAR table");
	length = (size_t)FIELD_GET(DMAR_TABLE_LENGTH, &rec);
	if (length < DMAR_TABLE_BYTES || length > r->size ||
	    length > DMAR_BYTES_MAX)
		return wrong(r, "the length of the table does not fit");
	r->size = length;
	for (i = 0; i < length; i++)
		sum = (unsigned char)(sum + r->blob[i]);
	if (sum)
		return wrong(r, "the checksum is wrong");
	if (FIELD_GET(DMAR_TABLE_REVISION, &rec) < DMAR_REVISION)
		return wrong(r, "no revision of the table is 0");
	to->address_bits = 1 + (unsigned int)FIELD_GET(DMAR_TABLE_HAW, &rec);
	if (to->address_bits < 12 || to->address_bits > 64)
		return wrong(r, "no platform has addresses of this width");
	r->address_bits = to->address_bits;
	to->intr_remap = FIELD_GET(DMAR_TABLE_INTR_REMAP, &rec);
	to->x2apic_opt_out = FIELD_GET(DMAR_TABLE_X2APIC_OPT_OUT, &rec);
	to->dma_opt_in = FIELD_GET(DMAR_TABLE_DMA_CTRL_OPT_IN, &rec);
	copy_text(to->oem_id, r->blob + DMAR_TABLE_OEM_ID_LO / 8, 6);
	copy_text(to->oem_table_id, r->blob + DMAR_TABLE_OEM_TABLE_ID_LO / 8,
		  8);
	to->oem_revision = (uint32_t)FIELD_GET(DMAR_TABLE_OEM_REVISION, &rec);
	return 0;
}

static bool alloc_arrays(struct dmar *d, const struct tally *n)
{
	/* One more of each: none is no failure. */
	d->units = calloc(n->units + 1, sizeof(*d->units));
	d->reserved = calloc(n->reserved + 1, sizeof(*d->reserved));
	d->ats_ports = calloc(n->ats_ports + 1, sizeof(*d->ats_ports));
	d->atcs = calloc(n->atcs + 1, sizeof(*d->atcs));
	d->properties = calloc(n->properties + 1, sizeof(*d->properties));
	d->names = calloc(n->names + 1, sizeof(*d->names));
	d->scopes = calloc(n->scopes + 1, sizeof(*d->scopes));
	d->hops = calloc(n->hops + 1, sizeof(*d->hops));
	d->text = calloc(n->text + 1, 1);
	return d->units && d->reserved && d->ats_ports && d->atcs &&
	       d->properties && d->names && d->scopes && d->hops && d->text;
}

static void hand_out(struct dmar *d, const struct tally *n)
{
	struct plat_dmar *pub = &d->pub;

	pub->units = d->units;
	pub->unit_count = n->units;
	pub->reserved = d->reserved;
	pub->reserved_count = n->reserved;
	pub->ats_ports = d->ats_ports;
	pub->ats_port_count = n->ats_ports;
	pub->atcs = d->atcs;
	pub->atc_count = n->atcs;
	pub->properties = d->properties;
	pub->property_count = n->properties;
	pub->names = d->names;
	pub->name_count = n->names;
	pub->skipped = n->skipped;
	pub->skipped_scopes = n->skipped_scopes;
}

static int fill(struct reader *r, struct dmar *d)
{
	int err = walk(r, false);

	if (err)
		return err;
	if (!alloc_arrays(d, &r->n))
		return -ENOMEM;
	r->to = d;
	r->n = (struct tally){ 0 };
	err = walk(r, false);
	if (err)
		return err;
	hand_out(d, &r->n);
	/* Not before the units are told apart. */
	err = dmar_check(&d->pub, r->error);
	return err ? err : walk(r, true);
}

int plat_dmar_parse(const void *blob, size_t size, struct plat_dmar **ret_dmar,
		    struct plat_dmar_error *ret_error)
{
	struct reader r = { .blob = blob, .size = size, .error = ret_error };
	struct dmar *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	err = take_table(&r, &d->pub);
	if (!err)
		err = fill(&r, d);
	if (err)
		plat_dmar_free(&d->pub);
	else
		*ret_dmar = &d->pub;
	return err;
}

void plat_dmar_free(struct plat_dmar *dmar)
{
	struct dmar *d;

	if (!dmar)
		return;
	d = container_of(dmar, struct dmar, pub);
	free(d->units);
	free(d->reserved);
	free(d->ats_ports);
	free(d->atcs);
	free(d->properties);
	free(d->names);
	free(d->scopes);
	free(d->hops);
	free(d->text);
	free(d);
}
