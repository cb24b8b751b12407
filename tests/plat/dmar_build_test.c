/* SPDX-License-Identifier: MIT */
/* DMAR tables that are made: they come back, or have no place in a table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/plat/dmar_table.h"

struct made {
	struct plat_dmar d;
	struct plat_dmar_unit units[8];
	struct plat_dmar_reserved reserved[4];
	struct plat_dmar_group groups[3][4];
	struct plat_dmar_name names[4];
	struct plat_dmar_scope scopes[64];
	struct plat_dmar_hop hops[64][4];
	size_t scope_count;
};

/* Each is another device: the bus is its number. */
static const struct plat_dmar_scope *random_scopes(struct made *m,
						   size_t *ret_count)
{
	size_t first = m->scope_count, n = dmar_random() % 3, i;

	for (i = 0; i < n; i++, m->scope_count++) {
		struct plat_dmar_scope *s = &m->scopes[m->scope_count];
		struct plat_dmar_hop *hops = m->hops[m->scope_count];

		hops[0].device = (uint8_t)(dmar_random() % 32);
		hops[1].device = (uint8_t)(dmar_random() % 32);
		hops[1].function = (uint8_t)(dmar_random() % 8);
		s->type = 1 + (unsigned int)(dmar_random() % 5);
		s->flags = (uint8_t)dmar_random();
		s->id = (uint8_t)dmar_random();
		s->bus = (uint8_t)m->scope_count;
		s->path = hops;
		s->hop_count = 1 + dmar_random() % 4;
	}
	*ret_count = n;
	return &m->scopes[first];
}

static void random_units(struct made *m)
{
	size_t i;

	m->d.units = m->units;
	m->d.unit_count = dmar_random() % 9;
	for (i = 0; i < m->d.unit_count; i++) {
		struct plat_dmar_unit *u = &m->units[i];

		u->base = (i + 1) << 32;
		u->size = UINT64_C(4096) << dmar_random() % 16;
		u->segment = (uint16_t)(dmar_random() << 3 | i);
		u->include_all = dmar_random() & 1;
		u->has_proximity = dmar_random() & 1;
		u->proximity = u->has_proximity ? (uint32_t)dmar_random() : 0;
		u->scopes = random_scopes(m, &u->scope_count);
	}
}

static void random_rest(struct made *m)
{
	static const char *const names[] = { "\\_SB", "A", "B.C", "\\" };
	size_t i, k;

	m->d.reserved = m->reserved;
	m->d.reserved_count = dmar_random() % 5;
	for (i = 0; i < m->d.reserved_count; i++) {
		m->reserved[i].first = dmar_random() >> 16 << 12 >> 16;
		m->reserved[i].first &= ~UINT64_C(4095);
		m->reserved[i].last = m->reserved[i].first |
				      (dmar_random() % 9 << 12) | 4095;
		m->reserved[i].scopes =
			random_scopes(m, &m->reserved[i].scope_count);
	}
	for (k = 0; k < 3; k++)
		for (i = 0; i < 4; i++) {
			struct plat_dmar_group *g = &m->groups[k][i];

			g->segment = (uint16_t)dmar_random();
			g->flag = k < 2 && dmar_random() & 1;
			g->scopes = random_scopes(m, &g->scope_count);
		}
	m->d.ats_ports = m->groups[0];
	m->d.ats_port_count = dmar_random() % 5;
	m->d.atcs = m->groups[1];
	m->d.atc_count = dmar_random() % 5;
	m->d.properties = m->groups[2];
	m->d.property_count = dmar_random() % 5;
	m->d.names = m->names;
	m->d.name_count = dmar_random() % 5;
	for (i = 0; i < 4; i++)
		m->names[i] =
			(struct plat_dmar_name){ (uint8_t)(i * 7), names[i] };
}

static void set_text(char *to, size_t room)
{
	static const char *const oems[] = { "", "A", "OEM", "ABCDEF" };

	(void)snprintf(to, room, "%s", oems[dmar_random() & 3]);
}

static void random_made(struct made *m)
{
	memset(m, 0, sizeof(*m));
	m->d.address_bits = 36 + (unsigned int)(dmar_random() % 29);
	m->d.intr_remap = dmar_random() & 1;
	m->d.x2apic_opt_out = dmar_random() & 1;
	m->d.dma_opt_in = dmar_random() & 1;
	set_text(m->d.oem_id, sizeof(m->d.oem_id));
	set_text(m->d.oem_table_id, sizeof(m->d.oem_table_id));
	m->d.oem_revision = (uint32_t)dmar_random();
	random_units(m);
	random_rest(m);
}

static void test_dmar_build_comes_back(void **state)
{
	static struct made m;
	struct plat_dmar *d, *other;
	struct dmar_bytes t;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		random_made(&m);
		dmar_comes_back(&m.d);
	}
	/* Control: the comparison notices one bit of a path. */
	dmar_good(&t);
	d = dmar_parse(&t);
	t.b[t.n - 2] ^= 1;
	dmar_seal(&t);
	other = dmar_parse(&t);
	assert_false(dmar_same(d, other));
	plat_dmar_free(other);
	plat_dmar_free(d);
}

static void not_made(const struct plat_dmar *d, const char *text)
{
	struct plat_dmar_error error;
	void *blob = NULL;
	size_t size = 5;

	assert_int_equal(plat_dmar_build(d, &blob, &size, &error), -EINVAL);
	if (!strstr(error.text, text))
		fail_msg("'%s' says not '%s'", error.text, text);
	assert_null(blob);
	assert_int_equal(size, 5);
	assert_int_equal(plat_dmar_build(d, &blob, &size, NULL), -EINVAL);
}

static void test_dmar_build_refuses_what_has_no_place(void **state)
{
	static struct plat_dmar_scope many[9000];
	static struct plat_dmar_hop hops[200];
	struct plat_dmar_scope s = { .type = 1, .path = hops, .hop_count = 1 };
	struct plat_dmar_unit u[2] = {
		{ .base = 0x1000, .size = 0x1000, .scopes = &s },
		{ .base = 0x3000, .size = 0x1000, .segment = 1 },
	};
	struct plat_dmar_group g = { .flag = true };
	struct plat_dmar d = { .address_bits = 40,
			       .units = u,
			       .unit_count = 2 };
	size_t i;

	(void)state;
	dmar_comes_back(&d);
	d.address_bits = 65;
	not_made(&d, "65 bits");
	d.address_bits = 40;
	u[0].size = 0x3000;
	not_made(&d, "0x3000 bytes of registers");
	u[0].size = UINT64_C(1) << 28;
	not_made(&d, "bytes of registers");
	u[0].size = 0;
	not_made(&d, "bytes of registers");
	u[0].size = 0x4000;
	not_made(&d, "overlap");
	u[0].size = 0x1000;
	u[0].base = 0x1100;
	not_made(&d, "not at a page");
	u[0].base = 0x1000;
	u[0].scope_count = 1;
	dmar_comes_back(&d);
	s.hop_count = 124;
	dmar_comes_back(&d);
	s.hop_count = 125;
	not_made(&d, "125 steps");
	s.hop_count = SIZE_MAX;
	not_made(&d, "steps");
	s.hop_count = 0;
	not_made(&d, "whole path");
	s.hop_count = 1;
	s.type = 6;
	not_made(&d, "type 6");
	s.type = 1;
	for (i = 0; i < 9000; i++) {
		many[i] = s;
		many[i].type = 4;
	}
	u[0].scopes = many;
	u[0].scope_count = 8189;
	dmar_comes_back(&d);
	u[0].scope_count = 8190;
	not_made(&d, "has no place in a table");
	u[0].scope_count = 0;
	d.properties = &g;
	d.property_count = 1;
	not_made(&d, "no flag");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dmar_build_comes_back),
		cmocka_unit_test(test_dmar_build_refuses_what_has_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
