/* SPDX-License-Identifier: MIT */
#include "tests/fmt/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bits.h"
#include "tests/fmt/transcript.h"

/*
 * Hashes of the names, in the order of lists and of a source's rows: the
 * controls compare everything thousands of times, also under sanitizers.
 */
static struct {
	uint32_t fields[1024];
	uint32_t rows[7][1024];
} hashes;

static uint32_t hash(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h;
}

static void hash_names(const struct source_check *c)
{
	size_t i, j, n = 0;

	for (i = 0; i < c->n_lists; i++)
		for (j = 0; j < c->lists[i].n; j++) {
			assert_true(n < ARRAY_SIZE(hashes.fields));
			hashes.fields[n++] = hash(c->lists[i].fields[j].name);
		}
	assert_true(c->n_sources <= ARRAY_SIZE(hashes.rows));
	for (i = 0; i < c->n_sources; i++) {
		assert_true(c->sources[i].n <= ARRAY_SIZE(hashes.rows[i]));
		for (j = 0; j < c->sources[i].n; j++)
			hashes.rows[i][j] = hash(c->sources[i].rows[j].name);
	}
}

static const struct field_desc *find(const struct source_check *c,
				     const char *name)
{
	uint32_t h = hash(name);
	size_t i, j, n = 0;

	for (i = 0; i < c->n_lists; i++)
		for (j = 0; j < c->lists[i].n; j++)
			if (hashes.fields[n++] == h &&
			    !strcmp(c->lists[i].fields[j].name, name))
				return &c->lists[i].fields[j];
	return NULL;
}

static bool row_in(const struct source *s, const struct source_row *row)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->rows[i].name, row->name) &&
		    s->rows[i].hi == row->hi && s->rows[i].lo == row->lo)
			return true;
	return false;
}

static bool resolved(const struct source_check *c, const struct source *s,
		     const struct source_row *row)
{
	size_t i;

	for (i = 0; i < c->n_differences; i++) {
		const struct source_difference *d = &c->differences[i];

		if (!strcmp(d->source, s->title) &&
		    !strcmp(d->row.name, row->name) && d->row.hi == row->hi &&
		    d->row.lo == row->lo)
			return true;
	}
	return false;
}

static int compare_rows(const struct source_check *c, const struct source *s,
			struct source_result *res, char *err, size_t errlen)
{
	int bad = 0;
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct source_row *r = &s->rows[i];
		const struct field_desc *f = find(c, r->name);

		res->rows++;
		if (!f) {
			transcript_note(err, errlen, "%s: %s is not in fmt\n",
					s->title, r->name);
			bad++;
		} else if (f->hi == r->hi && f->lo == r->lo) {
			continue;
		} else if (resolved(c, s, r)) {
			res->differ++;
		} else {
			transcript_note(err, errlen,
					"%s: fmt %u:%u, %s (%s) %u:%u\n",
					r->name, (unsigned int)f->hi,
					(unsigned int)f->lo, s->title,
					r->theirs, r->hi, r->lo);
			bad++;
		}
	}
	return bad;
}

/* A resolution is of something the source really has. */
static int compare_differences(const struct source_check *c, char *err,
			       size_t errlen)
{
	int bad = 0;
	size_t i, j;

	for (i = 0; i < c->n_differences; i++) {
		const struct source_difference *d = &c->differences[i];
		const struct field_desc *f = find(c, d->row.name);

		for (j = 0; j < c->n_sources; j++)
			if (!strcmp(c->sources[j].title, d->source) &&
			    row_in(&c->sources[j], &d->row))
				break;
		if (j < c->n_sources && f &&
		    (f->hi != d->row.hi || f->lo != d->row.lo))
			continue;
		transcript_note(err, errlen, "%s: %s is no difference of %s\n",
				d->row.name, d->row.theirs, d->source);
		bad++;
	}
	return bad;
}

/* Sources that have the field, agreed or resolved. */
static unsigned int witnesses(const struct source_check *c, const char *name)
{
	uint32_t h = hash(name);
	unsigned int n = 0;
	size_t i, j;

	for (i = 0; i < c->n_sources; i++)
		for (j = 0; j < c->sources[i].n; j++)
			if (hashes.rows[i][j] == h &&
			    !strcmp(c->sources[i].rows[j].name, name)) {
				n++;
				break;
			}
	return n;
}

static bool listed_single(const struct source_check *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_single; i++)
		if (!strcmp(c->single[i], name))
			return true;
	return false;
}

static int compare_coverage(const struct source_check *c,
			    struct source_result *res, char *err, size_t errlen)
{
	int bad = 0;
	size_t i, j;

	for (i = 0; i < c->n_lists; i++)
		for (j = 0; j < c->lists[i].n; j++) {
			const char *name = c->lists[i].fields[j].name;
			unsigned int n = witnesses(c, name);

			res->fields++;
			res->two += n > 1;
			if (n && listed_single(c, name) == (n == 1))
				continue;
			transcript_note(err, errlen, "%s: %u sources\n", name,
					n);
			bad++;
		}
	for (i = 0; i < c->n_single; i++) {
		if (find(c, c->single[i]))
			continue;
		transcript_note(err, errlen, "%s: not in fmt\n", c->single[i]);
		bad++;
	}
	return bad;
}

int source_compare(const struct source_check *check,
		   struct source_result *ret_result, char *err, size_t errlen)
{
	int bad = 0;
	size_t i;

	memset(ret_result, 0, sizeof(*ret_result));
	hash_names(check);
	if (errlen)
		err[0] = '\0';
	for (i = 0; i < check->n_sources; i++)
		bad += compare_rows(check, &check->sources[i], ret_result, err,
				    errlen);
	/* A wrong row is behind what the others would say, mostly. */
	if (bad)
		return bad;
	bad = compare_differences(check, err, errlen);
	return bad + compare_coverage(check, ret_result, err, errlen);
}

/* Names live as long as the test. */
static const char *joined(const char *prefix, const char *name, size_t len)
{
	size_t head = strlen(prefix);
	char *s = malloc(head + len + 1);

	if (!s)
		abort();
	memcpy(s, prefix, head);
	memcpy(s + head, name, len);
	s[head + len] = '\0';
	return s;
}

static size_t add_layout(const struct source_layout *l, struct source_row *rows,
			 size_t n, size_t max)
{
	const char *p = l->members;
	unsigned int bit = 0;

	while (*p) {
		size_t len = strcspn(p, ":");
		char *end;
		unsigned int width =
			(unsigned int)strtoul(p + len + 1, &end, 10);

		if (*p != '-') {
			if (n == max)
				abort();
			rows[n++] =
				(struct source_row){ joined(l->prefix, p, len),
						     l->theirs, bit + width - 1,
						     bit };
		}
		bit += width;
		p = end + strspn(end, " ");
	}
	if (bit == l->bits)
		return n;
	fprintf(stderr, "%s: members add up to %u bits of %u\n", l->theirs, bit,
		l->bits);
	abort();
}

size_t source_layouts(const struct source_layout *layouts, size_t n,
		      struct source_row *rows, size_t max)
{
	size_t i, used = 0;

	for (i = 0; i < n; i++)
		used = add_layout(&layouts[i], rows, used, max);
	return used;
}
