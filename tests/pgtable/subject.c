/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/pgtable/subject.h"

#define GB (UINT64_C(1) << 30)

/* Bit 0 is P or R, bit 1 is W. */
const struct shape shapes[SHAPES] = {
	{ "x86_64, 4 levels", true, 4, 48, 0x7f00 * GB, 1 },
	{ "x86_64, 5 levels", true, 5, 57, 0x3ff0000 * GB, 1 },
	{ "x86_64, upper half", true, 4, 48, -(0x7f00 * GB), 1 },
	{ "vtdss, 3 levels", false, 3, 39, 0x30 * GB, 3 },
	{ "vtdss, 4 levels", false, 4, 48, 0x3ff00 * GB, 3 },
	{ "vtdss, 5 levels", false, 5, 57, 0x7ff0000 * GB, 3 },
};

static struct subject *to_subject(void *ctx)
{
	return ctx;
}

static void *count_lookup(void *ctx, uint64_t pa)
{
	struct subject *s = to_subject(ctx);

	s->lookups++;
	return plat_phys_to_virt(&s->tp.plat, pa);
}

static void *pages_alloc(void *ctx, size_t size)
{
	return plat_pages_alloc(&to_subject(ctx)->tp.plat, size);
}

static void pages_free(void *ctx, void *pages, size_t size)
{
	plat_pages_free(&to_subject(ctx)->tp.plat, pages, size);
}

static uint64_t virt_to_phys(void *ctx, const void *va)
{
	struct subject *s = to_subject(ctx);
	void (*fn)(struct subject * s) = s->meanwhile;

	s->meanwhile = NULL;
	if (fn)
		fn(s);
	return plat_virt_to_phys(&s->tp.plat, va);
}

static void init_x86(struct subject *s)
{
	const struct x86_64_cfg cfg = {
		.plat = &s->plat,
		.levels = s->shape->levels,
		.pa_bits = 52,
		.sizes = PT512_SIZES,
		.hw_ad = s->hw_ad,
	};

	assert_int_equal(x86_64_init(&s->x86, &cfg), 0);
}

static void init_ss(struct subject *s)
{
	const struct vtdss_cfg cfg = {
		.plat = &s->plat,
		.levels = s->shape->levels,
		.va_bits = s->shape->va_bits,
		.pa_bits = 52,
		.sizes = PT512_SIZES,
		.hw_ad = s->hw_ad,
		.exec = true,
	};

	assert_int_equal(vtdss_init(&s->ss, &cfg), 0);
}

void subject_start(struct subject *s, const struct shape *shape, bool hw_ad)
{
	testplat_init(&s->tp);
	s->shape = shape;
	s->hw_ad = hw_ad;
	s->lookups = 0;
	s->meanwhile = NULL;
	s->ops = *s->tp.plat.ops;
	s->ops.phys_to_virt = count_lookup;
	s->ops.virt_to_phys = virt_to_phys;
	s->ops.pages_alloc = pages_alloc;
	s->ops.pages_free = pages_free;
	s->plat.ops = &s->ops;
	s->plat.ctx = s;
	if (shape->x86)
		init_x86(s);
	else
		init_ss(s);
	s->root = shape->x86 ? x86_64_root_pa(&s->x86) : vtdss_root_pa(&s->ss);
}

void subject_stop(struct subject *s)
{
	if (s->shape->x86)
		x86_64_fini(&s->x86);
	else
		vtdss_fini(&s->ss);
	testplat_fini(&s->tp);
}

int subject_map(struct subject *s, uint64_t va, uint64_t pa, uint64_t size,
		unsigned int perm, bool small)
{
	if (s->shape->x86)
		return x86_64_map(&s->x86, va, pa, size, perm,
				  small ? X86_64_NO_LARGE : 0u);
	return vtdss_map(&s->ss, va, pa, size, perm,
			 small ? VTDSS_NO_LARGE : 0u);
}

int subject_unmap(struct subject *s, uint64_t va, uint64_t size,
		  uint64_t *ret_bytes)
{
	return s->shape->x86 ? x86_64_unmap(&s->x86, va, size, ret_bytes) :
			       vtdss_unmap(&s->ss, va, size, ret_bytes);
}

int subject_split(struct subject *s, uint64_t va)
{
	return s->shape->x86 ? x86_64_split(&s->x86, va) :
			       vtdss_split(&s->ss, va);
}

int subject_set(struct subject *s, uint64_t va, uint64_t pa, unsigned int perm)
{
	return s->shape->x86 ? x86_64_set(&s->x86, va, pa, perm) :
			       vtdss_set(&s->ss, va, pa, perm);
}

void subject_clear(struct subject *s, uint64_t start, uint64_t end,
		   size_t *ret_cleared)
{
	if (s->shape->x86)
		x86_64_clear(&s->x86, start, end, ret_cleared);
	else
		vtdss_clear(&s->ss, start, end, ret_cleared);
}

static struct leaf of_x86(const struct x86_64_leaf *at)
{
	return (struct leaf){ at->va,   at->pa,       at->size_lg2,
			      at->perm, at->accessed, at->dirty };
}

static struct leaf of_ss(const struct vtdss_leaf *at)
{
	return (struct leaf){ at->va,   at->pa,       at->size_lg2,
			      at->perm, at->accessed, at->dirty };
}

int subject_walk(struct subject *s, uint64_t va, struct leaf *ret_leaf)
{
	struct x86_64_leaf x86;
	struct vtdss_leaf ss;
	int err;

	if (s->shape->x86) {
		err = x86_64_walk(&s->x86, va, &x86);
		if (!err)
			*ret_leaf = of_x86(&x86);
		return err;
	}
	err = vtdss_walk(&s->ss, va, &ss);
	if (!err)
		*ret_leaf = of_ss(&ss);
	return err;
}

int subject_next(struct subject *s, uint64_t va, struct leaf *ret_leaf)
{
	struct x86_64_leaf x86;
	struct vtdss_leaf ss;
	int err;

	if (s->shape->x86) {
		err = x86_64_next(&s->x86, va, &x86);
		if (!err)
			*ret_leaf = of_x86(&x86);
		return err;
	}
	err = vtdss_next(&s->ss, va, &ss);
	if (!err)
		*ret_leaf = of_ss(&ss);
	return err;
}

le64_atomic *subject_entry(const struct subject *s, uint64_t va,
			   unsigned int *ret_lg2)
{
	uint64_t table = s->root;
	unsigned int l;

	for (l = s->shape->levels; l > 0; l--) {
		unsigned int lg2 = 12 + 9 * (l - 1);
		le64_atomic *at = (le64_atomic *)(uintptr_t)table;
		uint64_t entry;

		at += va >> lg2 & 0x1ff;
		entry = le64_load_acquire(at);
		if (!(entry & s->shape->present))
			return NULL;
		if (l == 1 || entry & 0x80) {
			*ret_lg2 = lg2;
			return at;
		}
		table = entry & 0xffffffffff000;
	}
	return NULL;
}
