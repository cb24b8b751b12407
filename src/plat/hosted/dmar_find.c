/* SPDX-License-Identifier: MIT */
/* Which unit of a DMAR table a function is behind. */
#include <sva/dmar.h>

#include <errno.h>

/* How near to the function a scope is: the smaller the nearer. */
enum {
	ITSELF = 0,
	/* 1 to 256: a bridge with so many buses below it */
	FOR_ALL = 257,
	NOT_AT_ALL,
};

/* What one scope is asked. */
struct question {
	uint16_t segment;
	uint16_t bdf;
	const struct plat_dmar_bridges *bridges;
};

static uint16_t function_at(uint8_t bus, const struct plat_dmar_hop *hop)
{
	return (uint16_t)(bus << 8 | hop->device << 3 | hop->function);
}

static bool below(const struct question *q, uint16_t bridge, uint8_t *ret_first,
		  uint8_t *ret_last)
{
	return q->bridges && q->bridges->buses(q->bridges->ctx, q->segment,
					       bridge, ret_first, ret_last);
}

/* The function at the end of the path. False: it does not lead anywhere. */
static bool follow(const struct question *q, const struct plat_dmar_scope *s,
		   uint16_t *ret_bdf)
{
	uint8_t bus = s->bus, last;
	size_t i;

	for (i = 0; i + 1 < s->hop_count; i++)
		if (!below(q, function_at(bus, &s->path[i]), &bus, &last))
			return false;
	*ret_bdf = function_at(bus, &s->path[i]);
	return true;
}

static unsigned int distance(const struct question *q,
			     const struct plat_dmar_scope *s)
{
	uint8_t bus = (uint8_t)(q->bdf >> 8), first, last;
	uint16_t at;

	if ((s->type != PLAT_DMAR_ENDPOINT && s->type != PLAT_DMAR_BRIDGE) ||
	    !s->hop_count || !follow(q, s, &at))
		return NOT_AT_ALL;
	if (at == q->bdf)
		return ITSELF;
	if (s->type != PLAT_DMAR_BRIDGE || !below(q, at, &first, &last) ||
	    bus < first || bus > last)
		return NOT_AT_ALL;
	return 1 + (unsigned int)(last - first);
}

int plat_dmar_find_unit(const struct plat_dmar *dmar, uint16_t segment,
			uint16_t bdf, const struct plat_dmar_bridges *bridges,
			size_t *ret_unit)
{
	const struct question q = { segment, bdf, bridges };
	unsigned int best = NOT_AT_ALL;
	size_t i, j;

	for (i = 0; i < dmar->unit_count; i++) {
		const struct plat_dmar_unit *u = &dmar->units[i];
		unsigned int d = u->include_all ? FOR_ALL : NOT_AT_ALL;

		if (u->segment != segment)
			continue;
		for (j = 0; j < u->scope_count && d != ITSELF; j++) {
			unsigned int one = distance(&q, &u->scopes[j]);

			d = one < d ? one : d;
		}
		if (d < best) {
			best = d;
			*ret_unit = i;
		}
	}
	return best == NOT_AT_ALL ? -ENOENT : 0;
}
