/* SPDX-License-Identifier: MIT */
/*
 * DMAR tables that are read: one of everything, ones with a single thing wrong,
 * and mutilated ones. And which unit serves a device.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plat/dmar_table.h"

static void check_scope(const struct plat_dmar_scope *s, unsigned int type,
			unsigned int id, unsigned int bus, size_t hops,
			unsigned int last)
{
	assert_int_equal(s->type, type);
	assert_int_equal(s->id, id);
	assert_int_equal(s->bus, bus);
	assert_int_equal(s->hop_count, hops);
	assert_int_equal(s->path[hops - 1].device << 3 |
				 s->path[hops - 1].function,
			 last);
}

static void check_units(const struct plat_dmar *d)
{
	const struct plat_dmar_unit *u = d->units;

	assert_int_equal(d->unit_count, 3);
	assert_int_equal(u[0].base, 0xfed90000);
	assert_int_equal(u[0].size, 0x1000);
	assert_int_equal(u[0].segment, 0);
	assert_false(u[0].include_all || u[0].has_proximity);
	assert_int_equal(u[0].scope_count, 2);
	check_scope(&u[0].scopes[0], PLAT_DMAR_ENDPOINT, 0, 0, 1, 0x10);
	check_scope(&u[0].scopes[1], PLAT_DMAR_BRIDGE, 0, 0, 2, 0);
	assert_int_equal(u[0].scopes[1].path[0].device, 0x1c);
	assert_int_equal(u[0].scopes[1].path[0].function, 4);

	assert_int_equal(u[1].base, 0xfed92000);
	assert_int_equal(u[1].size, 0x2000);
	assert_true(u[1].include_all);
	assert_int_equal(u[1].scope_count, 3);
	check_scope(&u[1].scopes[0], PLAT_DMAR_IOAPIC, 8, 0xf0, 1, 0xff);
	check_scope(&u[1].scopes[1], PLAT_DMAR_HPET, 0, 0xf0, 1, 0x78);
	check_scope(&u[1].scopes[2], PLAT_DMAR_NAMESPACE, 1, 0, 1, 0xa9);

	assert_int_equal(u[2].base, 0xfed91000);
	assert_int_equal(u[2].segment, 1);
	assert_int_equal(u[2].scope_count, 0);
	assert_true(u[2].include_all && u[2].has_proximity);
	assert_int_equal(u[2].proximity, 3);
}

static void test_dmar_parse_reads_everything(void **state)
{
	struct plat_dmar *d;
	struct dmar_bytes t;

	(void)state;
	dmar_good(&t);
	d = dmar_parse(&t);
	assert_int_equal(d->address_bits, 46);
	assert_true(d->intr_remap && !d->x2apic_opt_out && d->dma_opt_in);
	assert_string_equal(d->oem_id, "OEM ID");
	assert_string_equal(d->oem_table_id, "TABLE?");
	assert_int_equal(d->oem_revision, 0x12345678);
	check_units(d);
	assert_int_equal(d->reserved_count, 1);
	assert_int_equal(d->reserved[0].first, 0x7b800000);
	assert_int_equal(d->reserved[0].last, 0x7fffffff);
	assert_int_equal(d->reserved[0].scope_count, 1);
	assert_int_equal(d->ats_port_count, 2);
	assert_false(d->ats_ports[0].flag);
	assert_int_equal(d->ats_ports[0].scope_count, 1);
	assert_true(d->ats_ports[1].flag);
	assert_int_equal(d->ats_ports[1].segment, 1);
	assert_int_equal(d->name_count, 1);
	assert_int_equal(d->names[0].number, 1);
	assert_string_equal(d->names[0].name, "\\_SB.PCI0.I2C?");
	assert_int_equal(d->atc_count, 1);
	assert_true(d->atcs[0].flag);
	check_scope(&d->atcs[0].scopes[0], PLAT_DMAR_ENDPOINT, 0, 0x6a, 1, 8);
	assert_int_equal(d->property_count, 1);
	assert_false(d->properties[0].flag);
	assert_int_equal(d->properties[0].scopes[0].flags, 0x5a);
	assert_int_equal(d->skipped, 1);
	assert_int_equal(d->skipped_scopes, 1);
	plat_dmar_free(d);
	plat_dmar_free(NULL);
}

/* A good table and one thing behind it. */
static void unit_misplaced(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 0, 0xfed93008);
	dmar_end(t);
}

static void unit_at_0(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 0, 0);
	dmar_end(t);
}

static void unit_beyond(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 1, 0, (UINT64_C(1) << 46) - 4096);
	dmar_end(t);
}

static void unit_again(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 3, 0xfed90000);
	dmar_end(t);
}

static void unit_overlaps(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 3, 0xfed93000);
	dmar_end(t);
}

static void unit_for_all_again(struct dmar_bytes *t)
{
	dmar_unit(t, 1, 0, 1, 0xfed94000);
	dmar_end(t);
}

static void device_again(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 0, 0xfed94000);
	dmar_scope(t, 2, 0, 0, 0, "\x1c\x04\x00\x00", 2);
	dmar_end(t);
}

static void device_twice(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 9, 0xfed94000);
	dmar_scope(t, 1, 0, 0, 0, "\x03\x00", 1);
	dmar_scope(t, 1, 0, 0, 0, "\x04\x00", 1);
	dmar_scope(t, 2, 0, 0, 0, "\x03\x00", 1);
	dmar_end(t);
}

static void no_path(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 9, 0xfed94000);
	dmar_scope(t, 1, 0, 0, 0, "", 0);
	dmar_end(t);
}

static void half_path(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 9, 0xfed94000);
	dmar_scope(t, 1, 0, 0, 0, "\x01\x00\x01", 1);
	dmar_put(t, 0, 1);
	t->b[t->n - 8] = 9;
	dmar_end(t);
}

static void device_32(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 9, 0xfed94000);
	dmar_scope(t, 1, 0, 0, 0, "\x20\x00", 1);
	dmar_end(t);
}

static void function_8(struct dmar_bytes *t)
{
	dmar_group(t, 2, 0, 0);
	dmar_scope(t, 1, 0, 0, 0, "\x00\x08", 1);
	dmar_end(t);
}

static void scope_short(struct dmar_bytes *t)
{
	dmar_group(t, 5, 0, 0);
	dmar_put(t, 0x0501, 2);
	dmar_put(t, 0, 6);
	dmar_end(t);
}

static void scope_of_0(struct dmar_bytes *t)
{
	dmar_group(t, 5, 0, 0);
	dmar_put(t, 0, 8);
	dmar_end(t);
}

static void scope_long(struct dmar_bytes *t)
{
	dmar_group(t, 6, 0, 0);
	dmar_put(t, 0x0a01, 2);
	dmar_put(t, 0, 6);
	dmar_end(t);
}

static void scope_rest(struct dmar_bytes *t)
{
	dmar_group(t, 6, 0, 0);
	dmar_scope(t, 1, 0, 0, 0, "\x01\x00", 1);
	dmar_put(t, 0, 3);
	dmar_end(t);
}

static void reserved_backwards(struct dmar_bytes *t)
{
	dmar_reserved(t, 0, 0x2000, 0xfff);
	dmar_end(t);
}

static void reserved_half_page(struct dmar_bytes *t)
{
	dmar_reserved(t, 0, 0x2000, 0x27ff);
	dmar_end(t);
}

static void proximity_of_nobody(struct dmar_bytes *t)
{
	dmar_proximity(t, 0xfed99000, 0);
}

static void proximity_again(struct dmar_bytes *t)
{
	dmar_proximity(t, 0xfed91000, 4);
}

static void name_again(struct dmar_bytes *t)
{
	dmar_name(t, 1, "\\X");
}

static void name_empty(struct dmar_bytes *t)
{
	dmar_name(t, 2, "");
}

static void name_endless(struct dmar_bytes *t)
{
	dmar_name(t, 2, "\\X");
	t->b[t->n - 1] = 'Y';
}

static void structure_of_0(struct dmar_bytes *t)
{
	dmar_put(t, 0x77, 4);
}

static void structure_of_3(struct dmar_bytes *t)
{
	dmar_put(t, 0x00030077, 4);
}

static void structure_long(struct dmar_bytes *t)
{
	dmar_put(t, 0x00090077, 4);
	dmar_put(t, 0, 4);
}

static void structure_cut(struct dmar_bytes *t)
{
	dmar_put(t, 0x77, 3);
}

static void unit_short(struct dmar_bytes *t)
{
	dmar_unit(t, 0, 0, 7, 0xfed94000);
	t->n--;
	dmar_end(t);
}

static void reserved_short(struct dmar_bytes *t)
{
	dmar_reserved(t, 0, 0x1000, 0x1fff);
	t->n--;
	dmar_end(t);
}

static void proximity_short(struct dmar_bytes *t)
{
	dmar_proximity(t, 0xfed90000, 0);
	t->n--;
	dmar_end(t);
}

static void group_short(struct dmar_bytes *t)
{
	dmar_group(t, 2, 0, 0);
	t->n--;
	dmar_end(t);
}

static void name_short(struct dmar_bytes *t)
{
	dmar_begin(t, 4);
	dmar_put(t, 0, 3);
	dmar_end(t);
}

static const struct broken {
	void (*add)(struct dmar_bytes *t);
	const char *text;
} broken[] = {
	{ unit_misplaced, "not at a page" },
	{ unit_at_0, "not at a page" },
	{ unit_beyond, "beyond the platform's addresses" },
	{ unit_again, "units at 0xfed90000 and 0xfed90000 overlap" },
	{ unit_overlaps, "units at 0xfed92000 and 0xfed93000 overlap" },
	{ unit_for_all_again, "segment 0x1 has two units for all" },
	{ device_again, "device from 0000:00:1c.4 on is named by" },
	{ device_twice, "device from 0009:00:03.0 on is named by" },
	{ no_path, "without a whole path" },
	{ half_path, "without a whole path" },
	{ device_32, "no PCI function" },
	{ function_8, "no PCI function" },
	{ scope_short, "length of a device scope" },
	{ scope_of_0, "length of a device scope" },
	{ scope_long, "length of a device scope" },
	{ scope_rest, "too short for a device scope" },
	{ reserved_backwards, "ends before it begins" },
	{ reserved_half_page, "whole pages" },
	{ proximity_of_nobody, "proximity of no unit" },
	{ proximity_again, "again" },
	{ name_again, "two ACPI devices have number 1" },
	{ name_empty, "without a name" },
	{ name_endless, "has no end" },
	{ structure_of_0, "length of a structure" },
	{ structure_of_3, "length of a structure" },
	{ structure_long, "length of a structure" },
	{ structure_cut, "too short for a structure" },
	{ unit_short, "too short for its type" },
	{ reserved_short, "too short for its type" },
	{ proximity_short, "too short for its type" },
	{ group_short, "too short for its type" },
	{ name_short, "too short for its type" },
};

static void refused(const struct dmar_bytes *t, const char *text)
{
	struct plat_dmar_error error;
	struct plat_dmar *d = NULL;

	assert_int_equal(plat_dmar_parse(t->b, t->n, &d, &error), -EINVAL);
	if (!strstr(error.text, text))
		fail_msg("'%s' says not '%s'", error.text, text);
	assert_null(d);
	assert_int_equal(plat_dmar_parse(t->b, t->n, &d, NULL), -EINVAL);
}

static void test_dmar_parse_says_what_is_wrong(void **state)
{
	struct dmar_bytes t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		dmar_good(&t);
		broken[i].add(&t);
		dmar_finish(&t);
		refused(&t, broken[i].text);
	}
}

static void test_dmar_parse_refuses_a_bad_header(void **state)
{
	struct plat_dmar *d;
	struct dmar_bytes t;
	size_t i;

	(void)state;
	dmar_good(&t);
	t.b[20]++;
	refused(&t, "checksum");
	dmar_good(&t);
	t.b[0] = 'd';
	dmar_seal(&t);
	refused(&t, "not a DMAR table");
	dmar_good(&t);
	t.b[8] = 0;
	dmar_seal(&t);
	refused(&t, "revision");
	dmar_good(&t);
	t.b[36] = 10;
	dmar_seal(&t);
	refused(&t, "addresses of this width");
	t.b[36] = 64;
	dmar_seal(&t);
	refused(&t, "addresses of this width");
	dmar_good(&t);
	t.b[4] = 47;
	t.b[5] = 0;
	refused(&t, "length of the table");
	/* A later revision has more, and nothing less. */
	dmar_good(&t);
	t.b[8] = 2;
	dmar_seal(&t);
	plat_dmar_free(dmar_parse(&t));
	/* Memory behind the table. */
	dmar_good(&t);
	t.b[t.n++] = 0x5a;
	plat_dmar_free(dmar_parse(&t));
	/* Cut off anywhere. */
	dmar_good(&t);
	for (i = 0; i < t.n; i++) {
		/* Of exactly this size, for the sanitizers. */
		unsigned char *cut = malloc(i ? i : 1);

		assert_non_null(cut);
		memcpy(cut, t.b, i);
		assert_int_equal(plat_dmar_parse(cut, i, &d, NULL), -EINVAL);
		free(cut);
	}
}

/* Bytes changed at random: never more than -EINVAL, and what is read, is so. */
static void test_dmar_mutilated_tables_are_read_or_refused(void **state)
{
	unsigned int round, i, good = 0;
	struct plat_dmar_error error;
	struct plat_dmar *d;
	struct dmar_bytes t;

	(void)state;
	for (round = 0; round < 20000; round++) {
		unsigned char *exact;
		int err;

		dmar_good(&t);
		for (i = 0; i <= dmar_random() % 3; i++) {
			size_t at = 36 + dmar_random() % (t.n - 36);

			t.b[at] ^=
				(unsigned char)(dmar_random() & 1 ?
							dmar_random() :
							UINT64_C(1)
								<< dmar_random() %
									   8);
		}
		dmar_seal(&t);
		exact = malloc(t.n);
		assert_non_null(exact);
		memcpy(exact, t.b, t.n);
		error.text[0] = 0;
		err = plat_dmar_parse(exact, t.n, &d, &error);
		if (err) {
			assert_int_equal(err, -EINVAL);
			assert_true(error.text[0]);
		} else {
			good++;
			dmar_comes_back(d);
			plat_dmar_free(d);
		}
		free(exact);
	}
	assert_in_range(good, 2000, 18000);
}

/* Bridges 00:1c.4 (buses 2 to 5), 02:00.0 (3), 00:01.0 (8 to 9). */
static bool buses(void *ctx, uint16_t segment, uint16_t bdf,
		  uint8_t *ret_secondary, uint8_t *ret_subordinate)
{
	static const struct {
		uint16_t bdf;
		uint8_t first, last;
	} rows[] = { { 0x00e4, 2, 5 }, { 0x0200, 3, 3 }, { 0x0008, 8, 9 } };
	size_t i;

	++*(unsigned int *)ctx;
	for (i = 0; i < 3 && !segment; i++) {
		if (rows[i].bdf != bdf)
			continue;
		*ret_secondary = rows[i].first;
		*ret_subordinate = rows[i].last;
		return true;
	}
	return false;
}

static void test_dmar_find_unit(void **state)
{
	static const struct plat_dmar_hop root_port[] = { { 0x1c, 4 } };
	static const struct plat_dmar_hop inner[] = { { 0x1c, 4 }, { 0, 0 } };
	static const struct plat_dmar_hop deep[] = { { 0x1c, 4 },
						     { 0, 0 },
						     { 7, 1 } };
	static const struct plat_dmar_hop on_root[] = { { 2, 0 } };
	const struct plat_dmar_scope bridge[] = {
		{ .type = PLAT_DMAR_BRIDGE, .path = root_port, .hop_count = 1 },
	};
	const struct plat_dmar_scope nearer[] = {
		{ .type = PLAT_DMAR_BRIDGE, .path = inner, .hop_count = 2 },
	};
	const struct plat_dmar_scope named[] = {
		{ .type = PLAT_DMAR_IOAPIC, .path = on_root, .hop_count = 1 },
		{ .type = PLAT_DMAR_ENDPOINT, .path = deep, .hop_count = 3 },
	};
	const struct plat_dmar_scope gpu[] = {
		{ .type = PLAT_DMAR_ENDPOINT, .path = on_root, .hop_count = 1 },
	};
	const struct plat_dmar_unit units[] = {
		{ .include_all = true, .scopes = named, .scope_count = 1 },
		{ .scopes = bridge, .scope_count = 1 },
		{ .scopes = nearer, .scope_count = 1 },
		{ .scopes = named, .scope_count = 2 },
		{ .scopes = gpu, .scope_count = 1 },
		{ .segment = 1, .scopes = gpu, .scope_count = 1 },
	};
	const struct plat_dmar d = { .units = units, .unit_count = 6 };
	static const struct {
		uint16_t segment, bdf;
		bool bridges;
		int unit; /* negative: none */
	} rows[] = {
		{ 0, 0x0010, true, 4 },  /* named */
		{ 0, 0x0010, false, 4 }, /* on the root bus */
		{ 0, 0x0018, true, 0 },  /* what is left */
		{ 0, 0x0808, true, 0 },  /* below a bridge nobody names */
		{ 0, 0x00e4, true, 1 },  /* the bridge itself */
		{ 0, 0x0208, true, 1 },  /* below it */
		{ 0, 0x0500, true, 1 },  /* its last bus */
		{ 0, 0x0600, true, 0 },  /* not any more */
		{ 0, 0x0200, true, 2 },  /* the bridge below it */
		{ 0, 0x0300, true, 2 },  /* the nearer bridge */
		{ 0, 0x0339, true, 3 },  /* named, below both */
		{ 0, 0x0339, false, 0 }, /* nobody knows the way */
		{ 0, 0x00e4, false, 1 }, { 1, 0x0010, true, 5 },
		{ 1, 0x0018, true, -1 }, { 2, 0x0010, true, -1 },
	};
	unsigned int asked = 0;
	const struct plat_dmar_bridges bridges = { buses, &asked };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t found = 99;
		int err = plat_dmar_find_unit(&d, rows[i].segment, rows[i].bdf,
					      rows[i].bridges ? &bridges : NULL,
					      &found);

		assert_int_equal(err, rows[i].unit < 0 ? -ENOENT : 0);
		assert_int_equal(found, rows[i].unit < 0 ? 99 : rows[i].unit);
	}
	assert_in_range(asked, 1, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dmar_parse_reads_everything),
		cmocka_unit_test(test_dmar_parse_says_what_is_wrong),
		cmocka_unit_test(test_dmar_parse_refuses_a_bad_header),
		cmocka_unit_test(
			test_dmar_mutilated_tables_are_read_or_refused),
		cmocka_unit_test(test_dmar_find_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
