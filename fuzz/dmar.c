/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: DMAR tables. The input is a table without its header, or with
 * it. What is refused comes with a sentence. What is read, can be made, the
 * table made of it reads as the same, byte for byte when it is made again, and
 * a unit that is found for a function is of its segment.
 */
#include <errno.h>
#include <stdlib.h>

#include <sva/dmar.h>

#include "fmt/dmar.h"
#include "fuzz/fuzz.h"

const char *const fuzz_defects[] = { "made", "lost", "segment", NULL };

/* The length and the checksum are what they should be. */
static void seal(uint8_t *table, size_t size)
{
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < 4; i++)
		table[4 + i] = (uint8_t)(size >> (8 * i));
	table[9] = 0;
	for (i = 0; i < size; i++)
		sum = (uint8_t)(sum + table[i]);
	table[9] = (uint8_t)(0u - sum);
}

/* Bridges: a third of all functions, with buses by their number. */
static bool buses(void *ctx, uint16_t segment, uint16_t bdf,
		  uint8_t *ret_secondary, uint8_t *ret_subordinate)
{
	(void)ctx;
	(void)segment;
	*ret_secondary = (uint8_t)(bdf >> 2);
	*ret_subordinate = (uint8_t)(bdf | bdf >> 2);
	return bdf % 3 == 0;
}

static void look_up(const struct plat_dmar *d, struct in *in)
{
	const struct plat_dmar_bridges bridges = { .buses = buses };
	uint16_t segment = in_u8(in) & 3, bdf = in_u16(in);
	size_t unit = SIZE_MAX;
	int err = plat_dmar_find_unit(d, segment, bdf,
				      bdf & 1 ? &bridges : NULL, &unit);

	FUZZ_CHECK(!err || err == -ENOENT);
	FUZZ_CHECK(!err == (unit < d->unit_count));
	if (err)
		return;
	if (fuzz_broken("segment"))
		segment++;
	FUZZ_CHECK(d->units[unit].segment == segment);
	FUZZ_CHECK(d->units[unit].include_all || d->units[unit].scope_count);
}

static size_t scopes_of(const struct plat_dmar *d)
{
	size_t i, n = 0;

	for (i = 0; i < d->unit_count; i++)
		n += d->units[i].scope_count;
	for (i = 0; i < d->reserved_count; i++)
		n += d->reserved[i].scope_count;
	for (i = 0; i < d->ats_port_count; i++)
		n += d->ats_ports[i].scope_count;
	for (i = 0; i < d->atc_count; i++)
		n += d->atcs[i].scope_count;
	for (i = 0; i < d->property_count; i++)
		n += d->properties[i].scope_count;
	return n;
}

static void check_same(const struct plat_dmar *a, const struct plat_dmar *b)
{
	size_t lost = fuzz_broken("lost") && a->unit_count ? 1 : 0;

	FUZZ_CHECK(a->unit_count - lost == b->unit_count);
	FUZZ_CHECK(a->reserved_count == b->reserved_count);
	FUZZ_CHECK(a->ats_port_count == b->ats_port_count);
	FUZZ_CHECK(a->atc_count == b->atc_count);
	FUZZ_CHECK(a->property_count == b->property_count);
	FUZZ_CHECK(a->name_count == b->name_count);
	FUZZ_CHECK(scopes_of(a) == scopes_of(b));
	FUZZ_CHECK(!b->skipped && !b->skipped_scopes);
}

static void make_again(const struct plat_dmar *d)
{
	struct plat_dmar *again;
	size_t size, size2;
	uint8_t *changed;
	void *made, *made2;

	FUZZ_CHECK(!plat_dmar_build(d, &made, &size, NULL));
	FUZZ_CHECK(!plat_dmar_parse(made, size, &again, NULL));
	check_same(d, again);
	FUZZ_CHECK(!plat_dmar_build(again, &made2, &size2, NULL));
	changed = made2;
	if (fuzz_broken("made") && size2 > 64)
		changed[60] ^= 1;
	FUZZ_CHECK(size == size2 && !memcmp(made, made2, size));
	plat_dmar_free(again);
	free(made);
	free(made2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plat_dmar_error error = { "" };
	struct in in = { data, data + size };
	struct plat_dmar *d = NULL;
	uint8_t how = in_u8(&in);
	size_t left, head;
	uint8_t *table;
	int err;

	if (size > FUZZ_INPUT_MAX)
		return -1;
	left = (size_t)(in.end - in.p);
	head = how & 1 ? 0 : DMAR_TABLE_BYTES;
	table = calloc(1, head + left + 1);
	if (!table)
		return -1;
	if (head) {
		memcpy(table, "DMAR", 4);
		table[8] = 1;
		table[36] = (uint8_t)(63 - (how >> 4));
	}
	if (left)
		memcpy(table + head, in.p, left);
	if (!(how & 2) && head + left >= DMAR_TABLE_BYTES)
		seal(table, head + left);
	err = plat_dmar_parse(table, head + left, &d, &error);
	FUZZ_CHECK(!err || err == -EINVAL);
	FUZZ_CHECK(!err == !error.text[0] && !err == !!d);
	/* Nothing of it is borrowed. */
	free(table);
	if (err)
		return 0;
	make_again(d);
	look_up(d, &in);
	plat_dmar_free(d);
	return 0;
}

static void seed_scope(struct out *out, unsigned int n)
{
	out_bytes(out, 1, 1 + n % 6);
	out_bytes(out, 1, 8);
	out_bytes(out, 3, 0);
	out_bytes(out, 1, n);
	out_bytes(out, 2, n % 32);
}

/* A structure of each type, with scopes that differ. */
bool fuzz_seed(unsigned int n, struct out *out)
{
	static const uint8_t bytes[] = { 16, 24, 8, 20, 12, 8, 8, 8 };
	unsigned int i, scopes;

	if (n >= 16)
		return false;
	out_bytes(out, 1, 0);
	for (i = 0; i <= n; i++) {
		unsigned int type = i < 2 ? 0 : i % 8;

		scopes = type == 3 || type == 4 ? 0 : 1 + n % 2;
		out_bytes(out, 2, type);
		out_bytes(out, 2, bytes[type] + 8 * scopes);
		out_bytes(out, 1, !type && i == 1);
		out_bytes(out, 1, 0);
		out_bytes(out, 2, type == 4 ? i << 8 : i & 1);
		if (type == 0 || type == 3)
			out_bytes(out, 8,
				  UINT64_C(0x10000) * (type ? 1 : i + 1));
		else if (type == 4)
			out_bytes(out, 4, 0x41);
		else if (type == 1)
			out_bytes(out, 8, 0x1000);
		if (type == 1)
			out_bytes(out, 8, 0x1fff);
		else if (type == 3)
			out_bytes(out, 4, n);
		for (; scopes; scopes--)
			seed_scope(out, 16 * i + n + scopes);
	}
	return true;
}

const struct fuzz_word fuzz_words[] = {
	{ "signature", DMAR_SIGNATURE, 4 },
	{ "page", 0x1000, 8 },
	{ "scope", 0x0801, 2 },
	{ "bridge", 0x0a02, 2 },
	{ NULL, 0, 0 },
};
const struct field_desc fuzz_fields[] = { { NULL, NULL, 0, 0 } };
