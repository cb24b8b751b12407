/* SPDX-License-Identifier: MIT */
/*
 * Which tables an SMMU can walk, and what of them and of the device is in a
 * CD and an STE.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "drivers/smmuv3/smmuv3.h"
#include "tests/drivers/smmuv3_fixture.h"

enum {
	G4K = 1 << 4,
	G16K = 1 << 5,
	G64K = 1 << 6,
	DS = 1 << 7,
	VAX52 = 1 << 10,
};

/* Bits of the registers, as 6.3 has them. */
struct smmu_row {
	uint32_t idr5; /* granules, DS, VAX, OAS */
	uint32_t httu, bbml;
	bool stt;
};

struct caps {
	struct fake f;
	struct iommu_device *dev;
	struct fake_mm m;
};

static void start(struct caps *c, const struct smmu_row *r)
{
	memset(c, 0, sizeof(*c));
	fake_init(&c->f);
	c->f.idr[5] = r->idr5;
	c->f.idr[3] = r->bbml << 11 | (r->stt ? 1u << 9 : 0);
	c->f.idr[0] = (c->f.idr[0] & ~(3u << 6)) | r->httu << 6;
	assert_int_equal(fake_probe(&c->f), 0);
	c->dev = fake_pci_device(&c->f, 0x42);
	fake_mm_init(&c->m, &c->f);
}

static void stop(struct caps *c)
{
	iommu_mm_put_users(&c->m.mm);
	assert_int_equal(iommu_device_remove(c->dev), 0);
	fake_fini(&c->f);
}

struct table_row {
	struct smmu_row smmu;
	unsigned int granule_lg2, va_bits, pa_bits;
	bool ds, haft;
	unsigned int bbml;
	int err;
	uint64_t cd0; /* T0SZ, TG0 and IPS */
};

#define CD0(t0sz, tg, ips)                                                     \
	((uint64_t)(t0sz) | (uint64_t)(tg) << 6 | (uint64_t)(ips) << 32)

#define NO (-EOPNOTSUPP)

/* clang-format off */
static const struct table_row rows[] = {
	/* SMMU: IDR5, HTTU, BBML, STT      granule va  pa  ds haft bbml */
	{ { G4K | 5, 2, 0, false },          12, 48, 48, 0, 0, 0, 0, CD0(16, 0, 5) },
	{ { G4K | 5, 2, 0, false },          12, 39, 40, 0, 0, 0, 0, CD0(25, 0, 2) },
	{ { G4K | 5, 2, 0, false },          12, 25, 32, 0, 0, 0, 0, CD0(39, 0, 0) },
	{ { G4K | 5, 2, 0, false },          12, 24, 32, 0, 0, 0, NO, 0 },
	{ { G4K | 5, 2, 0, true },           12, 24, 32, 0, 0, 0, 0, CD0(40, 0, 0) },
	{ { G64K | 5, 2, 0, true },          16, 16, 32, 0, 0, 0, NO, 0 },
	{ { G64K | 5, 2, 0, true },          16, 17, 32, 0, 0, 0, 0, CD0(47, 1, 0) },
	/* granules */
	{ { G4K | 5, 2, 0, false },          14, 47, 48, 0, 0, 0, NO, 0 },
	{ { G4K | 5, 2, 0, false },          16, 48, 48, 0, 0, 0, NO, 0 },
	{ { G16K | 5, 2, 0, false },         14, 47, 48, 0, 0, 0, 0, CD0(17, 2, 5) },
	{ { G16K | 5, 2, 0, false },         12, 48, 48, 0, 0, 0, NO, 0 },
	{ { G64K | 5, 2, 0, false },         16, 48, 48, 0, 0, 0, 0, CD0(16, 1, 5) },
	{ { G64K | 5, 2, 0, false },         13, 48, 48, 0, 0, 0, NO, 0 },
	/* OAS: at least the CPUs' */
	{ { G4K | 4, 2, 0, false },          12, 48, 44, 0, 0, 0, 0, CD0(16, 0, 4) },
	{ { G4K | 4, 2, 0, false },          12, 48, 48, 0, 0, 0, NO, 0 },
	/* VAX and 52 bits: 64 KiB, or LPA2 */
	{ { G64K | VAX52 | 6, 2, 0, false }, 16, 52, 52, 0, 0, 0, 0, CD0(12, 1, 6) },
	{ { G64K | 6, 2, 0, false },         16, 52, 52, 0, 0, 0, NO, 0 },
	{ { G64K | 6, 2, 0, false },         16, 48, 52, 0, 0, 0, 0, CD0(16, 1, 6) },
	{ { G64K | VAX52 | 5, 2, 0, false }, 16, 52, 48, 0, 0, 0, 0, CD0(12, 1, 5) },
	{ { G4K | VAX52 | 6, 2, 0, false },  12, 52, 48, 0, 0, 0, NO, 0 },
	{ { G4K | VAX52 | 6, 2, 0, false },  12, 48, 52, 0, 0, 0, NO, 0 },
	{ { G4K | VAX52 | 6, 2, 0, false },  12, 52, 52, 1, 0, 0, NO, 0 },
	{ { G4K | VAX52 | DS | 6, 2, 0, false }, 12, 52, 52, 1, 0, 0, 0, CD0(12, 0, 6) },
	{ { G16K | VAX52 | DS | 6, 2, 0, false }, 14, 52, 52, 1, 0, 0, 0, CD0(12, 2, 6) },
	{ { G64K | VAX52 | DS | 6, 2, 0, false }, 16, 52, 52, 1, 0, 0, NO, 0 },
	/* HAFT and BBML: no less than the CPUs have */
	{ { G4K | 5, 2, 0, false },          12, 48, 48, 0, 1, 0, NO, 0 },
	{ { G4K | 5, 3, 0, false },          12, 48, 48, 0, 1, 0, 0, CD0(16, 0, 5) },
	{ { G4K | 5, 2, 1, false },          12, 48, 48, 0, 0, 2, NO, 0 },
	{ { G4K | 5, 2, 2, false },          12, 48, 48, 0, 0, 2, 0, CD0(16, 0, 5) },
	{ { G4K | 5, 2, 2, false },          12, 48, 48, 0, 0, 1, 0, CD0(16, 0, 5) },
};
/* clang-format on */

static void check_row(const struct table_row *r)
{
	const uint64_t mask = CD0(0x3f, 3, 7);
	struct iommu_domain *d;
	const uint64_t *cd;
	struct caps c;

	start(&c, &r->smmu);
	c.m.desc.granule_lg2 = r->granule_lg2;
	c.m.desc.va_bits = r->va_bits;
	c.m.desc.pa_bits = r->pa_bits;
	c.m.desc.ds = r->ds;
	c.m.desc.haft = r->haft;
	c.m.desc.bbml = r->bbml;
	c.m.desc.root = 0x40000;
	assert_int_equal(iommu_domain_alloc_sva(c.f.unit, &c.m.mm, &d), r->err);
	if (!r->err) {
		assert_int_equal(iommu_attach_device_pasid(d, c.dev, 1), 0);
		cd = fake_cd(&c.f, 0x42, 1);
		assert_int_equal(cd[0] & mask, r->cd0);
		assert_int_equal(cd[1], 0x40000 | (r->haft ? 8 : 0));
		assert_int_equal(cd[2], r->ds ? 1ull << 58 : 0);
		/* [K17] HA and HD, as the SMMU has them */
		assert_int_equal(cd[0] >> 42 & 3, 3);
		iommu_detach_device_pasid(d, c.dev, 1);
		assert_int_equal(iommu_domain_free(d), 0);
	}
	stop(&c);
}

/* [K16] [K17] */
static void test_smmuv3_caps_tables_fit_or_are_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/* 5.4: a table whose address no CD can hold. */
static void test_smmuv3_caps_roots_out_of_range_are_refused(void **state)
{
	static const uint64_t roots[] = { 0x40020, UINT64_C(1) << 48 };
	const struct smmu_row r = { G4K | 5, 2, 0, false };
	struct iommu_domain *d;
	struct caps c;
	size_t i;

	(void)state;
	start(&c, &r);
	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		c.m.desc.root = roots[i];
		assert_int_equal(iommu_domain_alloc_sva(c.f.unit, &c.m.mm, &d),
				 -EOPNOTSUPP);
	}
	stop(&c);
}

/* [K17] */
static void test_smmuv3_caps_flags_follow_the_smmu(void **state)
{
	uint32_t httu;

	(void)state;
	for (httu = 0; httu < 4; httu++) {
		const struct smmu_row r = { G4K | 5, httu, 0, false };
		struct iommu_domain *d;
		struct caps c;
		uint64_t cd0;

		start(&c, &r);
		assert_int_equal(iommu_domain_alloc_sva(c.f.unit, &c.m.mm, &d),
				 0);
		assert_int_equal(iommu_attach_device_pasid(d, c.dev, 1), 0);
		cd0 = fake_cd(&c.f, 0x42, 1)[0];
		assert_int_equal(cd0 >> 43 & 1, httu >= 1);
		assert_int_equal(cd0 >> 42 & 1, httu >= 2);
		iommu_detach_device_pasid(d, c.dev, 1);
		assert_int_equal(iommu_domain_free(d), 0);
		stop(&c);
	}
}

/*
 * [K7] 5.4: with a STALL_MODEL of 0b10 a CD without S is ILLEGAL, for whatever
 * device, also when it is quiet; with 0b01 one with it.
 */
static void test_smmuv3_caps_s_is_what_the_model_allows(void **state)
{
	static const struct {
		uint32_t model;
		bool pci, can_stall;
		bool s, stalld, quiet_s;
	} cases[] = {
		{ 0, true, false, false, true, false },
		{ 0, false, true, true, false, false },
		{ 0, false, false, false, true, false },
		{ 1, true, false, false, false, false },
		{ 1, false, true, false, false, false },
		{ 2, true, false, true, false, true },
		{ 2, false, true, true, false, true },
		{ 2, false, false, true, false, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint32_t sid = 0x42;
		struct iommu_device_desc desc = {
			.name = "fake0",
			.stream_ids = &sid,
			.stream_id_count = 1,
			.pasid_bits = 8,
			.can_stall = cases[i].can_stall,
		};
		struct iommu_domain *d;
		struct caps c;

		memset(&c, 0, sizeof(c));
		fake_init(&c.f);
		c.f.idr[0] = (c.f.idr[0] & ~(3u << 24)) | cases[i].model << 24;
		assert_int_equal(fake_probe(&c.f), 0);
		desc.unit = c.f.unit;
		desc.pci = cases[i].pci ? &c.f.pci : NULL;
		assert_int_equal(fake_add_device(&c.f, &desc, &c.dev), 0);
		assert_int_equal(fake_ste(&c.f, sid)[1] >> 27 & 1,
				 cases[i].stalld);
		fake_mm_init(&c.m, &c.f);
		assert_int_equal(iommu_domain_alloc_sva(c.f.unit, &c.m.mm, &d),
				 0);
		assert_int_equal(iommu_attach_device_pasid(d, c.dev, 1), 0);
		assert_int_equal(fake_cd(&c.f, sid, 1)[0] >> 44 & 1,
				 cases[i].s);
		/* The address space goes: V, EPD0, and S as it has to be. */
		iommu_mm_put_users(&c.m.mm);
		assert_int_equal(fake_cd(&c.f, sid, 1)[0] >> 31 & 1, 1);
		assert_int_equal(fake_cd(&c.f, sid, 1)[0] >> 14 & 1, 1);
		assert_int_equal(fake_cd(&c.f, sid, 1)[0] >> 44 & 1,
				 cases[i].quiet_s);
		iommu_detach_device_pasid(d, c.dev, 1);
		assert_int_equal(iommu_domain_free(d), 0);
		assert_int_equal(iommu_device_remove(c.dev), 0);
		fake_fini(&c.f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_caps_tables_fit_or_are_refused),
		cmocka_unit_test(
			test_smmuv3_caps_roots_out_of_range_are_refused),
		cmocka_unit_test(test_smmuv3_caps_flags_follow_the_smmu),
		cmocka_unit_test(test_smmuv3_caps_s_is_what_the_model_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
