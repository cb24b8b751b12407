/* SPDX-License-Identifier: MIT */
/* drivers/pci against a configuration space of bytes. [K19] [R12] */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "drivers/pci/pci_func.h"
#include "tests/support/testplat.h"

/* Offsets and bits are numbers here, from PCIe 5.0 7.8.8 and 10.5. */
enum {
	EXP = 0x40,
	MSIX = 0x80,
	ATS = 0x100,
	PRI = 0x120,
	PASID = 0x140,
};

struct config {
	struct testplat tp;
	struct plat_pci pci;
	uint8_t bytes[4096];
	uint8_t writable[4096]; /* mask */
	unsigned int reads;
	unsigned int reset_count;
	unsigned int stop_after; /* reads of STATUS until Stopped */
	char order[256];         /* one letter per enable and disable */
};

static uint32_t get(const struct config *c, unsigned int off, unsigned int n)
{
	uint32_t v = 0;

	memcpy(&v, c->bytes + off, n);
	return v;
}

static void put(struct config *c, unsigned int off, unsigned int n, uint32_t v)
{
	memcpy(c->bytes + off, &v, n);
}

static uint32_t cfg_read(void *dev, unsigned int off, unsigned int n)
{
	struct config *c = dev;

	assert_true(n == 1 || n == 2 || n == 4);
	assert_true(off % n == 0 && off + n <= 4096);
	c->reads++;
	if (off == PRI + 6 && c->stop_after && !--c->stop_after)
		put(c, PRI + 6, 2, get(c, PRI + 6, 2) | 0x100);
	return get(c, off, n);
}

static void note(struct config *c, char on, char off, bool enabled)
{
	size_t n = strlen(c->order);

	assert_true(n + 1 < sizeof(c->order));
	c->order[n] = enabled ? on : off;
}

static void cfg_write(void *dev, unsigned int off, unsigned int n, uint32_t v)
{
	struct config *c = dev;
	unsigned int i;

	assert_true(off % n == 0 && off + n <= 4096);
	if (off == PRI + 4 && (v & 2)) {
		assert_false(get(c, PRI + 4, 2) & 1);
		c->reset_count++;
	}
	if (off == PRI + 6) { /* write 1 to clear */
		put(c, off, 2, get(c, off, 2) & ~(v & 3));
		return;
	}
	for (i = 0; i < n; i++) {
		uint8_t m = c->writable[off + i];

		c->bytes[off + i] =
			(uint8_t)((c->bytes[off + i] & ~m) | (v >> 8 * i & m));
	}
	if (off == PASID + 6)
		note(c, 'P', 'p', v & 1);
	if (off == ATS + 6 && (v & 0x8000 || !v))
		note(c, 'A', 'a', v & 0x8000);
	if (off == PRI + 4)
		note(c, 'R', 'r', v & 1);
}

static const struct plat_pci_ops ops = { cfg_read, cfg_write };

static void start(struct config *c)
{
	memset(c, 0, sizeof(*c));
	testplat_init(&c->tp);
	c->pci = (struct plat_pci){ .ops = &ops, .dev = c, .rid = 0x10 };

	put(c, 0x06, 2, 0x10);
	put(c, 0x34, 1, EXP);
	put(c, EXP, 2, 0x10 | MSIX << 8);
	put(c, EXP + 0x24, 4, 1u << 21); /* EE_PREFIX */
	put(c, MSIX, 2, 0x11);

	put(c, ATS, 4, 0x0f | 1 << 16 | PRI << 20);
	put(c, ATS + 4, 2, 0x25); /* queue depth 5 */
	memset(c->writable + ATS + 6, 0xff, 2);

	put(c, PRI, 4, 0x13 | 1 << 16 | (uint32_t)PASID << 20);
	c->writable[PRI + 4] = 1;
	put(c, PRI + 6, 2, 0x8100); /* PASID required, Stopped */
	put(c, PRI + 8, 4, 64);     /* capacity */
	memset(c->writable + PRI + 12, 0xff, 4);

	put(c, PASID, 4, 0x1b | 1 << 16);
	put(c, PASID + 4, 2, 20 << 8 | 0x2); /* 20 bits, EXEC */
	c->writable[PASID + 6] = 7;
}

static void stop(struct config *c)
{
	testplat_fini(&c->tp);
}

static void test_pci_func_init_finds_capabilities(void **state)
{
	struct pci_func f;
	struct config c;

	(void)state;
	start(&c);
	/* Left on by whoever was here before. */
	put(&c, PASID + 6, 2, 1);
	put(&c, ATS + 6, 2, 0x8000);
	put(&c, PRI + 4, 2, 1);
	pci_func_init(&f, &c.pci);
	assert_int_equal(f.ats, ATS);
	assert_int_equal(f.pri, PRI);
	assert_int_equal(f.pasid, PASID);
	assert_int_equal(f.pasid_bits, 20);
	assert_int_equal(pci_func_ats_queue_depth(&f), 5);
	assert_true(pci_func_pri_needs_pasid(&f));
	assert_string_equal(c.order, "rap");
	put(&c, ATS + 4, 2, 0x20);
	assert_int_equal(pci_func_ats_queue_depth(&f), 32);
	stop(&c);
}

static void test_pci_func_find_malformed_lists_end(void **state)
{
	struct config c;
	unsigned int i;

	(void)state;
	start(&c);
	assert_int_equal(pci_func_find_cap(&c.pci, 0x11), MSIX);
	assert_int_equal(pci_func_find_cap(&c.pci, 0x05), 0);

	/* A loop; a pointer below the space; one with its low bits set. */
	put(&c, PASID, 4, 0x1b | ATS << 20);
	c.reads = 0;
	assert_int_equal(pci_func_find_ext_cap(&c.pci, 0x77), 0);
	assert_in_range(c.reads, 3, 480);
	put(&c, PASID, 4, 0x1b | 0x80 << 20);
	assert_int_equal(pci_func_find_ext_cap(&c.pci, 0x77), 0);
	put(&c, PASID, 4, 0x1b | 0x203 << 20);
	put(&c, 0x200, 4, 0x77);
	assert_int_equal(pci_func_find_ext_cap(&c.pci, 0x77), 0x200);
	put(&c, 0x34, 1, MSIX);
	put(&c, MSIX, 2, 0x11 | MSIX << 8);
	c.reads = 0;
	assert_int_equal(pci_func_find_cap(&c.pci, 0x10), 0);
	assert_in_range(c.reads, 3, 60);

	/* Nothing there: all ones, all zeroes. */
	memset(c.bytes, 0xff, sizeof(c.bytes));
	for (i = 0; i < 0x100; i++)
		assert_int_equal(pci_func_find_ext_cap(&c.pci, i), 0);
	assert_int_equal(pci_func_find_cap(&c.pci, 0x10), 0);
	memset(c.bytes, 0, sizeof(c.bytes));
	assert_int_equal(pci_func_find_ext_cap(&c.pci, 0), 0);
	assert_int_equal(pci_func_find_cap(&c.pci, 0x10), 0);
	stop(&c);
}

static void test_pci_func_capability_across_the_end_is_none(void **state)
{
	struct pci_func f;
	struct config c;

	(void)state;
	start(&c);
	put(&c, PRI, 4, 0x13 | 0xffcu << 20);
	put(&c, 0xffc, 4, 0x1b);
	pci_func_init(&f, &c.pci);
	assert_int_equal(f.pasid, 0);
	assert_int_equal(f.pasid_bits, 0);
	stop(&c);
}

static void test_pci_func_pasid_needs_width_and_prefixes(void **state)
{
	struct pci_func f;
	struct config c;

	(void)state;
	start(&c);
	put(&c, EXP + 0x24, 4, 0);
	pci_func_init(&f, &c.pci);
	assert_int_equal(f.pasid_bits, 0);
	assert_int_equal(pci_func_enable_pasid(&f), -ENODEV);
	put(&c, EXP + 0x24, 4, 1u << 21);
	put(&c, PASID + 4, 2, 21 << 8);
	pci_func_init(&f, &c.pci);
	assert_int_equal(f.pasid_bits, 0);
	stop(&c);
}

static void test_pci_func_enable_order_is_kept(void **state)
{
	struct pci_func f;
	struct config c;

	(void)state;
	start(&c);
	pci_func_init(&f, &c.pci);
	memset(c.order, 0, sizeof(c.order));
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 16, 1000000),
			 -EINVAL);
	assert_int_equal(pci_func_enable_pasid(&f), 0);
	assert_int_equal(get(&c, PASID + 6, 2), 0x3); /* EXEC, not PRIV */
	assert_int_equal(pci_func_enable_ats(&f, 11), -EINVAL);
	assert_int_equal(pci_func_enable_ats(&f, 44), -EINVAL);
	assert_int_equal(pci_func_enable_ats(&f, 14), 0);
	assert_int_equal(get(&c, ATS + 6, 2), 0x8002);
	assert_int_equal(pci_func_enable_ats(&f, 12), -EBUSY);
	assert_int_equal(pci_func_enable_pasid(&f), -EBUSY);

	put(&c, PRI + 6, 2, 0x8103);
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 0, 1), -EINVAL);
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 16, 1000000), 0);
	assert_int_equal(c.reset_count, 1);
	assert_int_equal(get(&c, PRI + 12, 4), 16);
	assert_int_equal(get(&c, PRI + 6, 2), 0x8100);
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 16, 1000000),
			 -EBUSY);
	assert_int_equal(pci_func_disable_pri(&f, &c.tp.plat, 1000000), 0);
	assert_int_equal(pci_func_disable_pri(&f, &c.tp.plat, 1000000), 0);
	/* More than the device can have. */
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 999, 1000000), 0);
	assert_int_equal(get(&c, PRI + 12, 4), 64);
	assert_int_equal(pci_func_disable_pri(&f, &c.tp.plat, 1000000), 0);
	pci_func_disable_ats(&f);
	pci_func_disable_ats(&f);
	pci_func_disable_pasid(&f);
	/* 'r' before 'R' is the reset. */
	assert_string_equal(c.order, "PArRrrRrap");
	assert_int_equal(get(&c, PASID + 6, 2), 0);
	assert_int_equal(get(&c, ATS + 6, 2) & 0x8000, 0);
	stop(&c);
}

static void test_pci_func_pri_waits_for_stopped_but_not_for_ever(void **state)
{
	struct pci_func f;
	struct config c;

	(void)state;
	start(&c);
	pci_func_init(&f, &c.pci);
	assert_int_equal(pci_func_enable_ats(&f, 12), 0);
	put(&c, PRI + 6, 2, 0x8000);
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 16, 1000),
			 -ETIMEDOUT);
	assert_false(f.pri_on);
	c.stop_after = 5;
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 16, 1000000000u),
			 0);
	put(&c, PRI + 6, 2, 0x8000);
	assert_int_equal(pci_func_disable_pri(&f, &c.tp.plat, 1000),
			 -ETIMEDOUT);
	assert_false(f.pri_on);
	assert_int_equal(get(&c, PRI + 4, 2), 0);
	stop(&c);
}

/* Registers that do not take the value: nothing counts as on. */
static void test_pci_func_stuck_registers_fail(void **state)
{
	struct pci_func f;
	struct config c;

	(void)state;
	start(&c);
	pci_func_init(&f, &c.pci);
	c.writable[PASID + 6] = 0;
	assert_int_equal(pci_func_enable_pasid(&f), -EIO);
	c.writable[ATS + 7] = 0;
	assert_int_equal(pci_func_enable_ats(&f, 12), -EIO);
	c.writable[ATS + 7] = 0xff;
	assert_int_equal(pci_func_enable_ats(&f, 12), 0);
	put(&c, PRI + 8, 4, 0);
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 1, 1000), -EIO);
	put(&c, PRI + 8, 4, 1);
	c.writable[PRI + 4] = 0;
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 1, 1000), -EIO);
	memset(c.bytes, 0xff, sizeof(c.bytes));
	put(&c, PRI + 4, 2, 0);
	assert_int_equal(pci_func_enable_pri(&f, &c.tp.plat, 1, 1000), -EIO);
	assert_true(f.ats_on && !f.pri_on && !f.pasid_on);
	stop(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pci_func_init_finds_capabilities),
		cmocka_unit_test(test_pci_func_find_malformed_lists_end),
		cmocka_unit_test(
			test_pci_func_capability_across_the_end_is_none),
		cmocka_unit_test(test_pci_func_pasid_needs_width_and_prefixes),
		cmocka_unit_test(test_pci_func_enable_order_is_kept),
		cmocka_unit_test(
			test_pci_func_pri_waits_for_stopped_but_not_for_ever),
		cmocka_unit_test(test_pci_func_stuck_registers_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
