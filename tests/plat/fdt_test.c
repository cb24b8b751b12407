/* SPDX-License-Identifier: MIT */
/* Device trees: good ones, ones that break a binding, and mutilated ones. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <libfdt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva/dt.h>

enum { ROOM = 16384 };

enum {
	GIC = 1,
	ITS,
	SMMU,
	SMMU2,
	OTHER,
	OFF,
};

/* A tree, and what is to be wrong with it. */
struct tree {
	char blob[ROOM];
	const char *wrong;
};

static bool is(const struct tree *t, const char *what)
{
	return t->wrong && !strcmp(t->wrong, what);
}

static void ok(int err)
{
	if (err)
		fail_msg("libfdt: %s", fdt_strerror(err));
}

static void begin(struct tree *t, const char *name)
{
	ok(fdt_begin_node(t->blob, name));
}

static void end(struct tree *t)
{
	ok(fdt_end_node(t->blob));
}

static void flag(struct tree *t, const char *name)
{
	ok(fdt_property(t->blob, name, NULL, 0));
}

static void cells(struct tree *t, const char *name, unsigned int count, ...)
{
	fdt32_t v[32];
	unsigned int i;
	va_list ap;

	va_start(ap, count);
	for (i = 0; i < count; i++)
		v[i] = cpu_to_fdt32(va_arg(ap, unsigned int));
	va_end(ap);
	ok(fdt_property(t->blob, name, v, (int)(4 * count)));
}

static void text(struct tree *t, const char *name, const char *value)
{
	ok(fdt_property(t->blob, name, value, (int)strlen(value) + 1));
}

static void controllers(struct tree *t)
{
	begin(t, "gic");
	cells(t, "#interrupt-cells", 1, is(t, "irq cells") ? 9u : 3u);
	cells(t, "phandle", 1, GIC);
	begin(t, "its");
	cells(t, "phandle", 1, is(t, "twice") ? (unsigned int)GIC : ITS);
	cells(t, "#msi-cells", 1, 1u);
	end(t);
	end(t);
}

static void smmu_irqs(struct tree *t)
{
	static const char names[] = "eventq\0gerror\0priq\0cmdq-sync";
	static const char more[] = "eventq\0gerror\0priq\0cmdq-sync\0combined";

	if (is(t, "no names"))
		;
	else if (is(t, "names without end"))
		ok(fdt_property(t->blob, "interrupt-names", names, 5));
	else if (is(t, "names and no interrupt"))
		ok(fdt_property(t->blob, "interrupt-names", more,
				sizeof(more)));
	else
		ok(fdt_property(t->blob, "interrupt-names", names,
				sizeof(names)));
	if (is(t, "interrupts in bytes"))
		ok(fdt_property(t->blob, "interrupts", "abc", 3));
	else
		cells(t, "interrupts", 12, 0u, 74u, 1u, 0u, 75u, 1u, 0u, 76u,
		      1u, 0u, 77u, 1u);
}

static void smmu_node(struct tree *t)
{
	begin(t, "iommu@50000");
	text(t, "compatible", "arm,smmu-v3");
	if (is(t, "reg cut off"))
		cells(t, "reg", 2, 0u, 0x50000u);
	else if (is(t, "reg small"))
		cells(t, "reg", 3, 0u, 0x50000u, 0x10000u);
	else if (is(t, "reg odd"))
		cells(t, "reg", 3, 0u, 0x50100u, 0x20000u);
	else if (is(t, "reg outside"))
		cells(t, "reg", 3, 0u, 0xf0000000u, 0x20000u);
	else if (!is(t, "no reg"))
		cells(t, "reg", 3, 0u, 0x50000u, 0x20000u);
	smmu_irqs(t);
	if (!is(t, "no iommu-cells"))
		cells(t, "#iommu-cells", 1, is(t, "iommu-cells") ? 2u : 1u);
	if (is(t, "msi-parent unknown"))
		cells(t, "msi-parent", 2, 77u, 1u);
	else if (is(t, "msi-parent short"))
		cells(t, "msi-parent", 1, (unsigned int)ITS);
	else
		cells(t, "msi-parent", 2, (unsigned int)ITS, 0x1234u);
	flag(t, "dma-coherent");
	if (is(t, "smmu behind itself"))
		cells(t, "iommus", 2, (unsigned int)SMMU, 1u);
	cells(t, "phandle", 1, (unsigned int)SMMU);
	end(t);
}

/* Others: with all quirks, off, and not ours. */
static void more_iommus(struct tree *t)
{
	begin(t, "iommu@100000");
	ok(fdt_property(t->blob, "compatible", "hisilicon,smmu\0arm,smmu-v3",
			27));
	cells(t, "reg", 3, 0u, 0x100000u, 0x10000u);
	flag(t, "cavium,cn9900-broken-page1-regspace");
	flag(t, "hisilicon,broken-prefetch-cmd");
	cells(t, "#iommu-cells", 1, 1u);
	/* Nobody's name asks for the second, which is cut off. */
	cells(t, "interrupts-extended", 6, (unsigned int)GIC, 0u, 90u, 4u,
	      (unsigned int)GIC, 0u);
	if (is(t, "extended cut off"))
		ok(fdt_property(t->blob, "interrupt-names", "x\0priq", 7));
	else
		text(t, "interrupt-names", "combined");
	cells(t, "phandle", 1, (unsigned int)SMMU2);
	end(t);

	begin(t, "iommu@200000");
	text(t, "compatible", "arm,mmu-500");
	cells(t, "#iommu-cells", 1, 2u);
	cells(t, "phandle", 1, (unsigned int)OTHER);
	end(t);

	begin(t, "iommu@300000");
	text(t, "compatible", "arm,smmu-v3");
	text(t, "status", "disabled");
	cells(t, "#iommu-cells", 1, 1u);
	cells(t, "phandle", 1, (unsigned int)OFF);
	end(t);
}

static void masters(struct tree *t)
{
	begin(t, "dma@1");
	if (is(t, "iommus cut off"))
		cells(t, "iommus", 1, (unsigned int)SMMU);
	else if (is(t, "iommus unknown"))
		cells(t, "iommus", 2, 99u, 5u);
	else if (is(t, "iommus to no iommu"))
		cells(t, "iommus", 2, (unsigned int)GIC, 5u);
	else if (is(t, "iommus empty"))
		flag(t, "iommus");
	else
		cells(t, "iommus", 11, (unsigned int)SMMU, 0x11u,
		      (unsigned int)OTHER, 7u, 8u, (unsigned int)SMMU2,
		      0xffffffffu, (unsigned int)OFF, 3u, (unsigned int)SMMU,
		      0x12u);
	if (is(t, "pasid bits"))
		cells(t, "pasid-num-bits", 1, 21u);
	else if (is(t, "pasid cells"))
		cells(t, "pasid-num-bits", 2, 0u, 8u);
	else
		cells(t, "pasid-num-bits", 1, 8u);
	flag(t, "dma-can-stall");
	end(t);

	begin(t, "pcie@2");
	if (is(t, "map cut off"))
		cells(t, "iommu-map", 3, 0u, (unsigned int)SMMU, 0u);
	else if (is(t, "map unknown"))
		cells(t, "iommu-map", 4, 0u, 55u, 0u, 16u);
	else if (is(t, "map of nothing"))
		cells(t, "iommu-map", 4, 0u, (unsigned int)SMMU, 0u, 0u);
	else if (is(t, "map too long"))
		cells(t, "iommu-map", 4, 1u, (unsigned int)SMMU, 0u, 0x10000u);
	else if (is(t, "map beyond"))
		cells(t, "iommu-map", 4, 0u, (unsigned int)SMMU, 0xfffffff8u,
		      16u);
	else
		cells(t, "iommu-map", 12, 0u, (unsigned int)SMMU, 0x1000u,
		      0x100u, 0x200u, (unsigned int)OFF, 0u, 8u, 0x300u,
		      (unsigned int)SMMU2, 0u, 0x100u);
	cells(t, "iommu-map-mask", 1, is(t, "map masked") ? 0xffu : 0xfff8u);
	flag(t, "ats-supported");
	flag(t, "dma-coherent");
	end(t);

	begin(t, "sleeping@3");
	text(t, "status", "disabled");
	begin(t, "child");
	cells(t, "iommus", 2, (unsigned int)SMMU, 0x77u);
	end(t);
	end(t);

	begin(t, "elsewhere@4");
	cells(t, "iommus", 2, (unsigned int)OFF, 0x77u);
	end(t);
}

static size_t build(struct tree *t, const char *wrong)
{
	unsigned int i;

	memset(t, 0, sizeof(*t));
	t->wrong = wrong;
	ok(fdt_create(t->blob, ROOM));
	ok(fdt_finish_reservemap(t->blob));
	begin(t, "");
	cells(t, "#address-cells", 1, 2u);
	cells(t, "#size-cells", 1, 2u);
	if (is(t, "parent unknown"))
		cells(t, "interrupt-parent", 1, 66u);
	else if (!is(t, "no parent"))
		cells(t, "interrupt-parent", 1, (unsigned int)GIC);
	controllers(t);
	/* A bus whose registers are 4 GiB further up. */
	begin(t, "soc");
	cells(t, "#address-cells", 1, is(t, "address cells") ? 3u : 2u);
	cells(t, "#size-cells", 1, 1u);
	if (!is(t, "no ranges"))
		cells(t, "ranges", is(t, "ranges cut off") ? 4 : 5, 0u, 0u, 1u,
		      0u, 0x80000000u);
	begin(t, "bus");
	cells(t, "#address-cells", 1, 2u);
	cells(t, "#size-cells", 1, is(t, "huge cells") ? 0xffffffffu : 1u);
	flag(t, "ranges");
	smmu_node(t);
	more_iommus(t);
	for (i = 0; is(t, "deep") && i < 70; i++)
		begin(t, "x");
	for (i = 0; is(t, "deep") && i < 70; i++)
		end(t);
	end(t);
	masters(t);
	end(t);
	end(t);
	ok(fdt_finish(t->blob));
	return fdt_totalsize(t->blob);
}

static void expect_irq(const struct plat_dt_irq *irq, uint32_t number)
{
	assert_int_equal(irq->cell_count, 3);
	assert_int_equal(irq->controller, GIC);
	assert_int_equal(irq->cells[0], 0);
	assert_int_equal(irq->cells[1], number);
	assert_int_equal(irq->cells[2], 1);
}

static struct plat_dt *parse(const struct tree *t, size_t size)
{
	struct plat_dt_error error = { "" };
	struct plat_dt *dt = NULL;
	int err = plat_dt_parse(t->blob, size, &dt, &error);

	if (err)
		fail_msg("%d: %s", err, error.text);
	return dt;
}

/* [K18] Linux's arm,smmu-v3 and iommu bindings. */
static void test_fdt_smmus_are_found(void **state)
{
	struct tree t;
	struct plat_dt *dt = parse(&t, build(&t, NULL));
	const struct plat_dt_smmu *s = dt->smmus;

	(void)state;
	assert_int_equal(dt->smmu_count, 2);
	assert_string_equal(s[0].path, "/soc/bus/iommu@50000");
	assert_int_equal(s[0].base, 0x100050000);
	assert_int_equal(s[0].size, 0x20000);
	expect_irq(&s[0].irq[PLAT_DT_IRQ_EVENTQ], 74);
	expect_irq(&s[0].irq[PLAT_DT_IRQ_GERROR], 75);
	expect_irq(&s[0].irq[PLAT_DT_IRQ_PRIQ], 76);
	expect_irq(&s[0].irq[PLAT_DT_IRQ_CMDQ_SYNC], 77);
	assert_int_equal(s[0].irq[PLAT_DT_IRQ_COMBINED].cell_count, 0);
	assert_int_equal(s[0].msi_parent, ITS);
	assert_int_equal(s[0].msi_id, 0x1234);
	assert_true(s[0].coherent);
	assert_false(s[0].broken_prefetch || s[0].broken_page1);

	assert_string_equal(s[1].path, "/soc/bus/iommu@100000");
	assert_int_equal(s[1].size, 0x10000);
	assert_true(s[1].broken_prefetch && s[1].broken_page1);
	assert_false(s[1].coherent);
	assert_int_equal(s[1].msi_parent, 0);
	assert_int_equal(s[1].irq[PLAT_DT_IRQ_EVENTQ].cell_count, 0);
	assert_int_equal(s[1].irq[PLAT_DT_IRQ_COMBINED].cell_count, 3);
	assert_int_equal(s[1].irq[PLAT_DT_IRQ_COMBINED].cells[1], 90);
	plat_dt_free(dt);
	plat_dt_free(NULL);
}

/* [K18]: streams, in their order, without those of others. */
static void test_fdt_masters_are_found(void **state)
{
	struct tree t;
	struct plat_dt *dt = parse(&t, build(&t, NULL));
	const struct plat_dt_master *m = dt->masters;

	(void)state;
	assert_int_equal(dt->master_count, 2);
	assert_string_equal(m[0].path, "/soc/dma@1");
	assert_int_equal(m[0].stream_count, 3);
	assert_int_equal(m[0].streams[0].smmu, 0);
	assert_int_equal(m[0].streams[0].id, 0x11);
	assert_int_equal(m[0].streams[1].smmu, 1);
	assert_int_equal(m[0].streams[1].id, 0xffffffff);
	assert_int_equal(m[0].streams[2].smmu, 0);
	assert_int_equal(m[0].streams[2].id, 0x12);
	assert_int_equal(m[0].pasid_bits, 8);
	assert_true(m[0].can_stall);
	assert_false(m[0].ats || m[0].coherent);
	assert_int_equal(m[0].map_count, 0);

	assert_string_equal(m[1].path, "/soc/pcie@2");
	assert_int_equal(m[1].stream_count, 0);
	assert_int_equal(m[1].map_count, 2);
	assert_int_equal(m[1].map_mask, 0xfff8);
	assert_int_equal(m[1].pasid_bits, 0);
	assert_true(m[1].ats && m[1].coherent);
	assert_false(m[1].can_stall);
	plat_dt_free(dt);
}

static void expect_stream(const struct plat_dt_master *m, uint16_t rid, int err,
			  size_t smmu, uint32_t id)
{
	struct plat_dt_stream s = { 7, 7 };

	assert_int_equal(plat_dt_find_stream(m, rid, &s), err);
	assert_int_equal(s.smmu, err ? 7 : smmu);
	assert_int_equal(s.id, err ? 7 : id);
}

/* Functions of one device go together under this mask. */
static void test_fdt_requester_ids_are_mapped(void **state)
{
	struct tree t;
	struct plat_dt *dt = parse(&t, build(&t, NULL));
	const struct plat_dt_master *m = &dt->masters[1];

	(void)state;
	expect_stream(m, 0, 0, 0, 0x1000);
	expect_stream(m, 0x0f, 0, 0, 0x1008);
	expect_stream(m, 0xff, 0, 0, 0x10f8);
	expect_stream(m, 0x100, -ENOENT, 0, 0);
	expect_stream(m, 0x200, -ENOENT, 0, 0);
	expect_stream(m, 0x308, 0, 1, 8);
	expect_stream(m, 0x3ff, 0, 1, 0xf8);
	expect_stream(m, 0x400, -ENOENT, 0, 0);
	expect_stream(m, 0xffff, -ENOENT, 0, 0);
	/* A master without a map. */
	expect_stream(&dt->masters[0], 0, -ENOENT, 0, 0);
	plat_dt_free(dt);
}

/* What is wrong, and where: it is said. */
static void test_fdt_broken_bindings_are_named(void **state)
{
	static const struct {
		const char *wrong, *node, *what;
	} rows[] = {
		{ "irq cells", "/gic", "interrupts of another form" },
		{ "twice", "/gic", "another node's too" },
		{ "no names", "iommu@50000", "interrupts without names" },
		{ "names without end", "iommu@50000", "no list of names" },
		{ "names and no interrupt", "iommu@50000",
		  "fewer interrupts than names" },
		{ "interrupts in bytes", "iommu@50000", "not made of cells" },
		{ "extended cut off", "iommu@100000", "cut off" },
		{ "no parent", "iommu@50000", "nobody's" },
		{ "parent unknown", "iommu@50000", "an interrupt-parent" },
		{ "no reg", "iommu@50000", "reg is missing or cut off" },
		{ "reg cut off", "iommu@50000", "reg is missing or cut off" },
		{ "reg small", "iommu@50000", "not the pages" },
		{ "reg odd", "iommu@50000", "not the pages" },
		{ "reg outside", "/soc", "none of its ranges" },
		{ "no ranges", "/soc", "no ranges" },
		{ "ranges cut off", "/soc", "ranges of another form" },
		{ "address cells", "/soc", "ranges of another form" },
		{ "huge cells", "/soc/bus", "addresses of another form" },
		{ "no iommu-cells", "iommu@50000", "#iommu-cells" },
		{ "iommu-cells", "iommu@50000", "#iommu-cells" },
		{ "msi-parent unknown", "iommu@50000", "an msi-parent" },
		{ "msi-parent short", "iommu@50000", "of another form" },
		{ "smmu behind itself", "iommu@50000", "behind an IOMMU" },
		{ "iommus cut off", "/soc/dma@1", "cut off" },
		{ "iommus unknown", "/soc/dma@1", "a node that is not" },
		{ "iommus to no iommu", "/gic", "#iommu-cells is missing" },
		{ "iommus empty", "/soc/dma@1", "iommus is empty" },
		{ "pasid bits", "/soc/dma@1", "above 20" },
		{ "pasid cells", "/soc/dma@1", "not one cell" },
		{ "map cut off", "/soc/pcie@2", "iommu-map is cut off" },
		{ "map unknown", "/soc/pcie@2", "a node that is not" },
		{ "map of nothing", "/soc/pcie@2", "cannot be" },
		{ "map too long", "/soc/pcie@2", "cannot be" },
		{ "map beyond", "/soc/pcie@2", "cannot be" },
		{ "map masked", "/soc/pcie@2", "its mask takes away" },
		{ "deep", "/", "too deep" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct plat_dt_error error = { "" };
		struct plat_dt *dt = NULL;
		struct tree t;
		size_t size = build(&t, rows[i].wrong);

		if (plat_dt_parse(t.blob, size, &dt, &error) != -EINVAL ||
		    !strstr(error.text, rows[i].node) ||
		    !strstr(error.text, rows[i].what))
			fail_msg("%s: \"%s\"", rows[i].wrong, error.text);
		assert_null(dt);
		/* Nobody has to listen. */
		assert_int_equal(plat_dt_parse(t.blob, size, &dt, NULL),
				 -EINVAL);
	}
}

/* Cut anywhere, a tree is none; and it need not be aligned. */
static void test_fdt_truncated_is_no_tree(void **state)
{
	struct plat_dt_error error;
	struct plat_dt *dt = NULL;
	struct tree t;
	size_t size = build(&t, NULL), n;
	char *copy = malloc(size + 1);

	(void)state;
	assert_non_null(copy);
	for (n = 0; n < size; n++) {
		memcpy(copy, t.blob, n);
		assert_int_equal(plat_dt_parse(copy, n, &dt, &error), -EINVAL);
		assert_non_null(strstr(error.text, "not a device tree"));
	}
	memcpy(copy + 1, t.blob, size);
	assert_int_equal(plat_dt_parse(copy + 1, size, &dt, &error), 0);
	plat_dt_free(dt);
	free(copy);
}

static uint32_t rnd(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Some bytes, cells or references become others. */
static void mutate(char *blob, size_t size, uint32_t *seed)
{
	static const uint32_t odd[] = {
		0, 1, 2, 3, 4, 5, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff
	};
	unsigned int n = 1 + rnd(seed) % 4;

	while (n--) {
		size_t at = rnd(seed) % size;
		fdt32_t cell;

		switch (rnd(seed) % 3) {
		case 0:
			blob[at] = (char)rnd(seed);
			break;
		case 1:
			blob[at] ^= (char)(1 << rnd(seed) % 8);
			break;
		default:
			at = at % (size - 3) & ~(size_t)3;
			cell = cpu_to_fdt32(odd[rnd(seed) % 10]);
			memcpy(blob + at, &cell, sizeof(cell));
			break;
		}
	}
}

/* Every result can be read to its end. */
static uint64_t touch(const struct plat_dt *dt)
{
	uint64_t sum = 0;
	size_t i, j;

	for (i = 0; i < dt->smmu_count; i++)
		sum += strlen(dt->smmus[i].path) + dt->smmus[i].base;
	for (i = 0; i < dt->master_count; i++) {
		const struct plat_dt_master *m = &dt->masters[i];
		struct plat_dt_stream s = { 0, 0 };

		sum += strlen(m->path);
		for (j = 0; j < m->stream_count; j++)
			assert_true(m->streams[j].smmu < dt->smmu_count);
		for (j = 0; j < m->map_count; j++)
			assert_true(m->maps[j].smmu < dt->smmu_count);
		for (j = 0; j < 65536; j += 4097)
			sum += plat_dt_find_stream(m, (uint16_t)j, &s) == 0;
	}
	return sum;
}

/* With ASan, the test of this: whatever comes, an answer and no more. */
static void test_fdt_mutilated_trees_are_survived(void **state)
{
	enum { RUNS = 20000 };
	unsigned int good = 0, run;
	uint32_t seed = 20260101;
	uint64_t sum = 0;
	struct tree t;
	size_t size = build(&t, NULL);
	char *copy = malloc(size);

	(void)state;
	assert_non_null(copy);
	for (run = 0; run < RUNS; run++) {
		struct plat_dt_error error = { "" };
		struct plat_dt *dt = NULL;
		uint32_t was = seed;
		int err;

		memcpy(copy, t.blob, size);
		mutate(copy, size, &seed);
		err = plat_dt_parse(copy, size, &dt, &error);
		if (err && (err != -EINVAL || !error.text[0]))
			fail_msg("seed %u: error %d", was, err);
		if (!err) {
			good++;
			sum += touch(dt);
		}
		plat_dt_free(dt);
	}
	free(copy);
	print_message("%u of %u still are trees\n", good, RUNS);
	assert_true(sum > 0);
	assert_true(good > RUNS / 100 && good < RUNS);
}

/* Many nodes, all of them masters: no walk of all for each. */
static void test_fdt_large_trees_are_read_once(void **state)
{
	enum { NODES = 40000 };
	const size_t room = (size_t)NODES * 64 + ROOM;
	char *blob = malloc(room);
	struct plat_dt_error error = { "" };
	struct plat_dt *dt = NULL;
	unsigned int i;

	(void)state;
	assert_non_null(blob);
	memset(blob, 0, room);
	ok(fdt_create(blob, (int)room));
	ok(fdt_finish_reservemap(blob));
	ok(fdt_begin_node(blob, ""));
	ok(fdt_property_u32(blob, "#address-cells", 2));
	ok(fdt_property_u32(blob, "#size-cells", 1));
	ok(fdt_begin_node(blob, "s"));
	ok(fdt_property(blob, "compatible", "arm,smmu-v3", 12));
	ok(fdt_property_u32(blob, "#iommu-cells", 1));
	ok(fdt_property_u32(blob, "phandle", 0x80000000));
	{
		const fdt32_t reg[3] = { 0, cpu_to_fdt32(0x10000),
					 cpu_to_fdt32(0x20000) };

		ok(fdt_property(blob, "reg", reg, sizeof(reg)));
	}
	ok(fdt_end_node(blob));
	for (i = 0; i < NODES; i++) {
		const fdt32_t ref[2] = { cpu_to_fdt32(0x80000000),
					 cpu_to_fdt32(i) };
		char name[16];

		snprintf(name, sizeof(name), "m%u", i);
		ok(fdt_begin_node(blob, name));
		ok(fdt_property(blob, "iommus", ref, sizeof(ref)));
		ok(fdt_end_node(blob));
	}
	ok(fdt_end_node(blob));
	ok(fdt_finish(blob));
	assert_int_equal(plat_dt_parse(blob, fdt_totalsize(blob), &dt, &error),
			 0);
	assert_int_equal(dt->master_count, NODES);
	assert_int_equal(dt->masters[NODES - 1].streams[0].id, NODES - 1);
	plat_dt_free(dt);
	free(blob);
}

/*
 * As many references as fit, to a node that says how many cells they have
 * behind as many properties as fit: for each of them its list once is hours.
 */
static void test_fdt_long_lists_of_references_end(void **state)
{
	enum { REFS = 1 << 20, PROPERTIES = 1 << 18 };
	const size_t room = 4 * REFS + 12 * PROPERTIES + ROOM;
	struct plat_dt_error error = { "" };
	struct plat_dt *dt = NULL;
	fdt32_t *refs = malloc(4 * REFS);
	char *blob = calloc(1, room);
	unsigned int i;

	(void)state;
	assert_true(refs && blob);
	for (i = 0; i < REFS; i++)
		refs[i] = cpu_to_fdt32(OTHER);
	ok(fdt_create(blob, (int)room));
	ok(fdt_finish_reservemap(blob));
	ok(fdt_begin_node(blob, ""));
	ok(fdt_begin_node(blob, "other"));
	ok(fdt_property_u32(blob, "phandle", OTHER));
	for (i = 0; i < PROPERTIES; i++)
		ok(fdt_property(blob, "p", NULL, 0));
	ok(fdt_property_u32(blob, "#iommu-cells", 0));
	ok(fdt_end_node(blob));
	ok(fdt_begin_node(blob, "m"));
	ok(fdt_property(blob, "iommus", refs, 4 * REFS));
	ok(fdt_end_node(blob));
	ok(fdt_end_node(blob));
	ok(fdt_finish(blob));
	assert_int_equal(plat_dt_parse(blob, fdt_totalsize(blob), &dt, &error),
			 0);
	assert_int_equal(dt->master_count, 0);
	plat_dt_free(dt);
	free(blob);
	free(refs);
}

/* Each SMMU costs a walk of all, so there is a limit. */
static void test_fdt_smmus_are_limited(void **state)
{
	const fdt32_t reg[3] = { 0, cpu_to_fdt32(0x10000),
				 cpu_to_fdt32(0x20000) };
	const size_t room = 256 * 1024;
	unsigned int count, i;

	(void)state;
	for (count = 256; count <= 257; count++) {
		struct plat_dt_error error = { "" };
		char *blob = calloc(1, room), name[16];
		struct plat_dt *dt = NULL;

		assert_non_null(blob);
		ok(fdt_create(blob, (int)room));
		ok(fdt_finish_reservemap(blob));
		ok(fdt_begin_node(blob, ""));
		for (i = 0; i < count; i++) {
			snprintf(name, sizeof(name), "s%u", i);
			ok(fdt_begin_node(blob, name));
			ok(fdt_property(blob, "compatible", "arm,smmu-v3", 12));
			ok(fdt_property_u32(blob, "#iommu-cells", 1));
			ok(fdt_property(blob, "reg", reg, sizeof(reg)));
			ok(fdt_end_node(blob));
		}
		ok(fdt_end_node(blob));
		ok(fdt_finish(blob));
		assert_int_equal(plat_dt_parse(blob, fdt_totalsize(blob), &dt,
					       &error),
				 count > 256 ? -EINVAL : 0);
		if (count > 256)
			assert_non_null(strstr(error.text, "SMMUs"));
		else
			assert_int_equal(dt->smmu_count, count);
		plat_dt_free(dt);
		free(blob);
	}
}

/* What a terminal would act on is not handed out. */
static void test_fdt_paths_are_printable(void **state)
{
	struct tree t;
	size_t size = build(&t, NULL), i;
	struct plat_dt *dt = NULL;

	(void)state;
	for (i = 0; i + 6 < size && memcmp(t.blob + i, "dma@1", 6) != 0; i++)
		;
	assert_true(i + 6 < size);
	t.blob[i] = '\x1b';
	t.blob[i + 4] = '\xff';
	assert_int_equal(plat_dt_parse(t.blob, size, &dt, NULL), 0);
	assert_string_equal(dt->masters[0].path, "/soc/?ma@?");
	plat_dt_free(dt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fdt_smmus_are_found),
		cmocka_unit_test(test_fdt_masters_are_found),
		cmocka_unit_test(test_fdt_requester_ids_are_mapped),
		cmocka_unit_test(test_fdt_broken_bindings_are_named),
		cmocka_unit_test(test_fdt_truncated_is_no_tree),
		cmocka_unit_test(test_fdt_mutilated_trees_are_survived),
		cmocka_unit_test(test_fdt_large_trees_are_read_once),
		cmocka_unit_test(test_fdt_long_lists_of_references_end),
		cmocka_unit_test(test_fdt_smmus_are_limited),
		cmocka_unit_test(test_fdt_paths_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
