/* SPDX-License-Identifier: MIT */
/*
 * Fuzz target: the page tables, Arm's, x86-64's and VT-d's second stage,
 * against a list of what is mapped. Every call has the result its header
 * promises, a failed one changes nothing, and walks say what the list says, at
 * the edges and beside them. At the end, the leaves one after the other are all
 * of the list, in order. Allocations fail when the input says so, and none is
 * left.
 */
#include <errno.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "fuzz/pgtable_table.h"

const char *const fuzz_defects[] = { "pa",    "lost", "kept",  "leak",
				     "split", "next", "dirty", NULL };

enum {
	EXTENTS = 256,
	ALLOCATIONS = 512,
	PAGES_MAX = 600, /* of one mapping without blocks */
};

struct extent {
	uint64_t va, pa, size;
	unsigned int perm, flags;
};

static struct fuzz {
	struct plat plat;
	struct table t;
	struct extent list[EXTENTS];
	unsigned int n;
	unsigned int live;
	unsigned int fail_in; /* allocations until one fails; 0: never */
} z;

static void *pages_alloc(void *ctx, size_t size)
{
	void *mem;

	(void)ctx;
	FUZZ_CHECK(size >= 4096 && !(size & (size - 1)));
	if (z.live >= ALLOCATIONS || (z.fail_in && !--z.fail_in))
		return NULL;
	if (posix_memalign(&mem, size, size))
		return NULL;
	memset(mem, 0, size);
	z.live++;
	return mem;
}

static void pages_free(void *ctx, void *pages, size_t size)
{
	(void)ctx;
	(void)size;
	free(pages);
	z.live -= !(fuzz_broken("leak") && z.live > 3);
}

static uint64_t virt_to_phys(void *ctx, const void *va)
{
	(void)ctx;
	return (uintptr_t)va;
}

static void *phys_to_virt(void *ctx, uint64_t pa)
{
	(void)ctx;
	return (void *)(uintptr_t)pa;
}

static const struct plat_ops ops = {
	.pages_alloc = pages_alloc,
	.pages_free = pages_free,
	.virt_to_phys = virt_to_phys,
	.phys_to_virt = phys_to_virt,
};

static uint64_t granule(void)
{
	return UINT64_C(1) << z.t.page_lg2;
}

static uint64_t limit(void)
{
	return table_limit(&z.t);
}

static const struct extent *find(uint64_t va)
{
	unsigned int i;

	for (i = 0; i < z.n; i++)
		if (va - z.list[i].va < z.list[i].size)
			return &z.list[i];
	return NULL;
}

static bool overlaps(uint64_t va, uint64_t size)
{
	unsigned int i;

	for (i = 0; i < z.n; i++)
		if (va - z.list[i].va < z.list[i].size ||
		    z.list[i].va - va < size)
			return true;
	return false;
}

static void add(const struct extent *e)
{
	if (fuzz_broken("lost") && z.n > 2)
		return;
	z.list[z.n++] = *e;
}

/* Takes [start, last] off the list. Returns the bytes that were on it. */
static uint64_t cut(uint64_t start, uint64_t last)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < z.n; i++) {
		struct extent *e = &z.list[i], tail = *e;
		uint64_t e_last = e->va + e->size - 1;
		uint64_t from = e->va > start ? e->va : start;
		uint64_t to = e_last < last ? e_last : last;

		if (from > to)
			continue;
		bytes += to - from + 1;
		e->size = from - e->va;
		tail.va = to + 1;
		tail.pa += tail.va - (e_last + 1 - tail.size);
		tail.size = e_last - to;
		if (!e->size)
			*e = z.list[--z.n];
		if (tail.size)
			z.list[z.n++] = tail;
		/* Whatever is here now is outside of the range, or new. */
		i--;
	}
	return bytes;
}

static void check_at(uint64_t va)
{
	const struct extent *e = find(va);
	struct table_leaf leaf, want;
	int ret = table_walk(&z.t, va, &leaf);
	uint64_t size, pa;

	FUZZ_CHECK(ret == (e ? 0 : -ENOENT));
	if (ret)
		return;
	size = UINT64_C(1) << leaf.size_lg2;
	pa = leaf.pa + (va - leaf.va);
	if (fuzz_broken("pa") && z.n > 2)
		pa ^= granule();
	FUZZ_CHECK(va - leaf.va < size && size >= granule());
	FUZZ_CHECK(leaf.size_lg2 <= z.t.largest_lg2);
	FUZZ_CHECK(!(leaf.va & (size - 1)) && !(leaf.pa & (size - 1)));
	FUZZ_CHECK(pa == e->pa + (va - e->va));
	table_expect(&z.t, e->perm, e->flags, &want);
	FUZZ_CHECK(leaf.perm == want.perm);
	FUZZ_CHECK(leaf.attr == want.attr);
	FUZZ_CHECK(leaf.accessed == want.accessed);
	FUZZ_CHECK(leaf.dirty == want.dirty);
	/* All of a leaf is mapped: by this extent, or by its neighbours. */
	FUZZ_CHECK(find(leaf.va) && find(leaf.va + size - 1));
	if (e->flags & FLAG_SMALL)
		FUZZ_CHECK(size == granule());
}

static void check_all(void)
{
	unsigned int i;

	for (i = 0; i < z.n; i++) {
		const struct extent *e = &z.list[i];

		check_at(e->va);
		check_at(e->va + e->size / 2);
		check_at(e->va + e->size - 1);
		check_at(e->va + e->size);
		check_at(e->va - 1);
	}
	check_at(limit());
	check_at(UINT64_MAX);
}

/* Of what a table of pages covers. */
static uint64_t block_size(void)
{
	return (UINT64_C(1) << 2 * z.t.page_lg2) >> 3;
}

/* Addresses with something in common, so that ranges meet. */
static uint64_t address(struct in *in)
{
	uint8_t b = in_u8(in);
	uint64_t v = (uint64_t)(b & 15) << z.t.page_lg2;

	if (b >= 0xf0)
		return in_word(in);
	if (b & 0x10)
		v += block_size();
	if (b & 0x20)
		v += UINT64_C(1) << 30;
	if (b & 0x40)
		v += limit() / 2;
	if (b & 0x80)
		v = limit() - granule() - v;
	if (z.t.kind == KIND_X86 && b & 8)
		v = ~v & ~(granule() - 1);
	return v;
}

static uint64_t size_of(struct in *in)
{
	uint8_t b = in_u8(in);

	if (b >= 0xf8)
		return in_word(in);
	if (b & 0x80)
		return block_size() << (b & 3);
	if (b & 0x40)
		return UINT64_C(1) << (30 + (b & 7));
	return (b & 63) * granule();
}

/* How often the table would be written; bounded here, not there. */
static bool too_long(uint64_t va, uint64_t pa, uint64_t size,
		     unsigned int flags)
{
	uint64_t block = block_size();
	uint64_t pages = size >> z.t.page_lg2;

	if (pages <= PAGES_MAX)
		return false;
	return flags & FLAG_SMALL || z.t.largest_lg2 < 21 ||
	       (va ^ pa) & (block - 1) || size / block > PAGES_MAX;
}

static bool pa_good(uint64_t pa, uint64_t size)
{
	uint64_t end = UINT64_C(1) << z.t.pa_bits;

	return size && !((pa | size) & (granule() - 1)) && pa < end &&
	       size <= end - pa;
}

static void op_map(struct in *in)
{
	struct extent e = { .va = address(in) };
	uint8_t b = in_u8(in);
	int ret, want = 0;

	e.pa = b & 1 ? address(in) : e.va;
	e.size = size_of(in);
	e.perm = b >> 1 & 31 ? (unsigned int)b >> 1 & 31 : 3;
	e.flags = in_u8(in) & 0x1f;
	if (z.n + 2 > EXTENTS / 2 || too_long(e.va, e.pa, e.size, e.flags))
		return;
	if (!table_range_good(&z.t, e.va, e.size) || !pa_good(e.pa, e.size) ||
	    !table_perm_good(&z.t, e.perm))
		want = -EINVAL;
	else if (overlaps(e.va, e.size))
		want = -EEXIST;
	ret = table_map(&z.t, e.va, e.pa, e.size, e.perm, e.flags);
	FUZZ_CHECK(ret == want || (ret == -ENOMEM && want != -EINVAL));
	if (!ret)
		add(&e);
}

static bool crosses(uint64_t va)
{
	struct table_leaf leaf;

	return !table_walk(&z.t, va, &leaf) && leaf.va != va;
}

static void op_unmap(struct in *in)
{
	uint64_t va = address(in), size = size_of(in), bytes = 0, want;
	bool good = table_range_good(&z.t, va, size) && !crosses(va) &&
		    !crosses(va + size);
	int ret;

	if (z.n + 2 > EXTENTS)
		return;
	ret = table_unmap(&z.t, va, size, &bytes);
	FUZZ_CHECK(ret == (good ? 0 : -EINVAL));
	if (ret)
		return;
	want = cut(va, va + size - 1);
	FUZZ_CHECK(bytes == want);
}

static void op_set(struct in *in)
{
	struct extent e = { .va = address(in), .size = granule() };
	struct table_leaf leaf;
	uint8_t b = in_u8(in);
	int ret, want = 0;

	if (z.n + 3 > EXTENTS)
		return;
	e.pa = address(in);
	e.perm = b & 31;
	if (!table_range_good(&z.t, e.va, e.size) || !pa_good(e.pa, e.size) ||
	    !table_perm_good(&z.t, e.perm))
		want = -EINVAL;
	else if (!table_walk(&z.t, e.va, &leaf) &&
		 leaf.size_lg2 != z.t.page_lg2)
		want = -EEXIST;
	ret = table_set(&z.t, e.va, e.pa, e.perm);
	FUZZ_CHECK(ret == want || (ret == -ENOMEM && !want));
	if (ret)
		return;
	(void)cut(e.va, e.va + e.size - 1);
	add(&e);
}

/* A leaf goes as a whole if any byte of it is in the range. */
static void op_clear(struct in *in)
{
	uint64_t start = address(in), end = start + size_of(in);
	struct table_leaf leaf;
	uint64_t from = start, last;
	size_t cleared = 0;

	if (z.n + 2 > EXTENTS)
		return;
	if (end < start)
		end = UINT64_MAX;
	last = end - 1;
	if (start < end) {
		if (!table_walk(&z.t, last, &leaf))
			last = leaf.va + ((UINT64_C(1) << leaf.size_lg2) - 1);
		if (!table_walk(&z.t, start, &leaf))
			from = leaf.va;
	}
	table_clear(&z.t, start, end, &cleared);
	if (start < end)
		FUZZ_CHECK(!cut(from, last) == !cleared);
	else
		FUZZ_CHECK(!cleared);
}

/* Nothing else is mapped afterwards, and nothing crosses the address. */
static void op_split(struct in *in)
{
	uint64_t va = address(in);
	bool good = table_range_good(&z.t, va, granule());
	int ret;

	if (z.t.kind == KIND_ARM)
		return;
	ret = fuzz_broken("split") ? (good ? 0 : -EINVAL) :
				     table_split(&z.t, va);
	FUZZ_CHECK(ret == (good ? 0 : -EINVAL) || (ret == -ENOMEM && good));
	if (!ret)
		FUZZ_CHECK(!crosses(va));
}

static bool is_dirty(const struct extent *e)
{
	struct table_leaf want;

	table_expect(&z.t, e->perm, e->flags, &want);
	return want.dirty;
}

static void found_dirty(void *arg, uint64_t va, unsigned int size_lg2)
{
	const struct extent *e = find(va);
	uint64_t *bytes = arg;

	FUZZ_CHECK(e && is_dirty(e));
	*bytes += UINT64_C(1) << size_lg2;
}

/* What is not all of the table: what is found is dirty, and stays so. */
static void read_part(struct in *in, unsigned int flags)
{
	uint64_t start = address(in), last = start + size_of(in) - 1;
	bool good = !flags || last < start || start >= limit();
	uint64_t bytes = 0, end = last < limit() ? last + 1 : limit();

	/* A mark cannot be cleared in part, and here none is at all. */
	if (!good && !crosses(start) && !crosses(end))
		return;
	FUZZ_CHECK(table_read_dirty(&z.t, start, last, flags, found_dirty,
				    &bytes) == (good ? 0 : -EINVAL));
	FUZZ_CHECK(good || !bytes);
}

/* All that is dirty is found once; if it is cleared all is clean. */
static void op_dirty(struct in *in)
{
	unsigned int flags = in_u8(in) & 7, i;
	uint64_t bytes = 0, left = 0;

	if (z.t.kind == KIND_X86)
		return;
	if (flags & 4) {
		read_part(in, flags & ARM_LPAE_DIRTY_CLEAR);
		return;
	}
	if (!(flags & ARM_LPAE_DIRTY_CLEAR))
		flags = 0;
	for (i = 0; i < z.n; i++)
		left += is_dirty(&z.list[i]) ? z.list[i].size : 0;
	FUZZ_CHECK(!table_read_dirty(&z.t, 0, UINT64_MAX, flags, found_dirty,
				     &bytes));
	if (fuzz_broken("dirty") && bytes)
		bytes -= granule();
	FUZZ_CHECK(bytes == left);
	for (i = 0; flags && i < z.n; i++)
		z.list[i].flags |= FLAG_CLEAN;
}

/* From leaf to leaf, all of the list goes by, and nothing twice. */
static void check_next(void)
{
	struct table_leaf leaf;
	uint64_t left = 0, va = 0;
	unsigned int i;

	if (z.t.kind == KIND_ARM)
		return;
	for (i = 0; i < z.n; i++)
		left += z.list[i].size;
	while (!table_next(&z.t, va, &leaf)) {
		uint64_t size = UINT64_C(1) << leaf.size_lg2;

		FUZZ_CHECK(leaf.va >= va && size <= left && find(leaf.va));
		left -= size;
		va = leaf.va + size;
		if (fuzz_broken("next"))
			va += granule();
		if (!va)
			break;
	}
	FUZZ_CHECK(!left);
}

static void one(struct in *in)
{
	uint8_t b = in_u8(in);

	z.fail_in = b & 0x80 ? 1 + (b >> 3 & 15) : 0;
	switch (b & 7) {
	case 0:
	case 1:
	case 2:
		op_map(in);
		break;
	case 3:
	case 4:
		op_unmap(in);
		break;
	case 5:
		op_set(in);
		break;
	case 6:
		op_clear(in);
		break;
	default:
		if (b & 0x40)
			op_split(in);
		else if (b & 0x20)
			op_dirty(in);
		else
			check_at(address(in));
		break;
	}
	if (fuzz_broken("kept") && z.n)
		z.n--;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct in in = { data, data + size };
	bool good;
	int ret;

	if (size > FUZZ_INPUT_MAX)
		return -1;
	memset(&z, 0, sizeof(z));
	z.plat.ops = &ops;
	ret = table_init(&z.t, &z.plat, &in, &good);
	FUZZ_CHECK(ret == (good ? 0 : -EINVAL));
	if (!good)
		return -1;
	while (in.p < in.end) {
		one(&in);
		check_all();
	}
	check_next();
	table_fini(&z.t);
	FUZZ_CHECK(!z.live);
	return 0;
}

bool fuzz_seed(unsigned int n, struct out *out)
{
	unsigned int i;

	static const uint8_t shapes[] = {
		0, 1, 2, 0x10, 0x11, 0x21, 0x22, 0x23
	};

	if (n >= 32)
		return false;
	out_bytes(out, 1, shapes[n % 8]);
	out_bytes(out, 1, n & 8 ? 9 : 0);
	out_bytes(out, 1, n & 16 ? 8 : 0);
	for (i = 0; i < 24; i++) {
		out_bytes(out, 1,
			  i % 8 | (i == 20 ? 0x80 : 0) | (i & 8) << 3 |
				  (n & 4 ? 0x20 : 0));
		out_bytes(out, 1, i * (n + 1) * 7 % 0xf0);
		out_bytes(out, 1, i * 2 + (n & 1));
		out_bytes(out, 1, n & 2 ? 0x80 : 1 + i);
		out_bytes(out, 1, n & 1 ? 0x10 : 8);
	}
	return true;
}

const struct fuzz_word fuzz_words[] = {
	{ "any_address", 0xf0, 1 },
	{ "last_page", 0x80, 1 },
	{ "block", 0x80, 1 },
	{ "gigabyte", 0x40, 1 },
	{ NULL, 0, 0 },
};
const struct field_desc fuzz_fields[] = { { NULL, NULL, 0, 0 } };
