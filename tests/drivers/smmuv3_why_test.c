/* SPDX-License-Identifier: MIT */
/*
 * Which requirement of SVA an SMMU or a device behind it does not meet: the
 * record beside the errno. [U10] Core's own are in tests/core/why_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <sva/why.h>

#include "base/bits.h"
#include "tests/drivers/smmuv3_fixture.h"

#define REQ(name) BIT(IOMMU_SVA_REQ_##name)

/* Bits of the registers, as 6.3 has them. */
enum {
	IDR0_COHACC = 1 << 4,
	IDR0_ATS = 1 << 10,
	IDR0_PRI = 1 << 16,
	IDR0_ASID16 = 1 << 12,
	IDR0_STALL = 3 << 24,
	IDR1_SSIDSIZE = 0x1f << 6,
	IDR3_BBML1 = 1 << 11,
	IDR5_G64K = 1 << 6,
	IDR5_DS = 1 << 7,
	IDR5_VAX52 = 1 << 10,
};

static uint64_t seen;

static void check(const struct iommu_sva_why *why, enum iommu_sva_req req,
		  int err, uint64_t has, uint64_t needs)
{
	assert_string_equal(iommu_sva_req_name(why->req),
			    iommu_sva_req_name(req));
	assert_int_equal(why->err, err);
	assert_int_equal(why->has, has);
	assert_int_equal(why->needs, needs);
	seen |= BIT(req);
}

struct device_row {
	uint32_t idr0_clear, idr0_set, idr1_clear;
	unsigned int no_cap; /* of the function: this capability has no id */
	bool platform, can_stall;
	unsigned int streams;
	enum iommu_sva_req req; /* COUNT: it can */
	uint64_t has, needs;
};

/* clang-format off */
static const struct device_row devices[] = {
	{ 0, 0, 0, 0, false, false, 1, IOMMU_SVA_REQ_COUNT, 0, 0 },
	{ 0, 0, IDR1_SSIDSIZE, 0, false, false, 1, IOMMU_SVA_REQ_UNIT_PASID, 0, 0 },
	{ 0, 0, 0, FAKE_PASID, false, false, 1, IOMMU_SVA_REQ_PASID, 0, 0 },
	{ IDR0_COHACC, 0, 0, 0, false, false, 1, IOMMU_SVA_REQ_COHERENCE, 0, 0 },
	{ IDR0_ATS, 0, 0, 0, false, false, 1, IOMMU_SVA_REQ_ATS, 0, 0 },
	{ 0, 0, 0, FAKE_ATS, false, false, 1, IOMMU_SVA_REQ_ATS, 0, 0 },
	{ IDR0_PRI, 0, 0, 0, false, false, 1, IOMMU_SVA_REQ_RECOVERY, 0, 0 },
	{ 0, 0, 0, FAKE_PRI, false, false, 1, IOMMU_SVA_REQ_RECOVERY, 0, 0 },
	{ 0, 0, 0, 0, false, false, 2, IOMMU_SVA_REQ_STREAMS, 2, 1 },
	{ IDR0_PRI, 0, 0, 0, false, false, 2, IOMMU_SVA_REQ_RECOVERY, 0, 0 },
	{ IDR0_STALL, 0, 0, 0, true, true, 1, IOMMU_SVA_REQ_COUNT, 0, 0 },
	{ IDR0_STALL, 0, 0, 0, true, false, 1, IOMMU_SVA_REQ_RECOVERY, 0, 0 },
	{ 0, 0, 0, 0, true, true, 1, IOMMU_SVA_REQ_RECOVERY, 0, 0 },
	{ IDR0_STALL, 0, 0, 0, true, true, 3, IOMMU_SVA_REQ_COUNT, 0, 0 },
	{ IDR0_STALL, 0, 0, 0, true, false, 3, IOMMU_SVA_REQ_RECOVERY, 0, 0 },
};
/* clang-format on */

/* Everything behind it stays where it is: only its id is nobody's. */
static void lose_cap(struct fake *f, unsigned int cap)
{
	f->cfg[cap] = 0xff;
	f->cfg[cap + 1] = 0x7f;
}

static void check_device(const struct device_row *r)
{
	static const uint32_t sids[] = { 0x42, 0x43, 0x44 };
	const struct iommu_sva_why blank = { IOMMU_SVA_REQ_COUNT, 1, 2, 3 };
	struct iommu_sva_why why = blank;
	struct iommu_device_desc desc = {
		.name = "fake0",
		.stream_ids = sids,
		.stream_id_count = r->streams,
		.pasid_bits = 8,
		.can_stall = r->can_stall,
	};
	struct iommu_device *dev;
	struct fake f;
	int err;

	fake_init(&f);
	f.idr[0] = (f.idr[0] & ~r->idr0_clear) | r->idr0_set;
	f.idr[1] &= ~r->idr1_clear;
	if (r->no_cap)
		lose_cap(&f, r->no_cap);
	assert_int_equal(fake_probe(&f), 0);
	desc.unit = f.unit;
	desc.pci = r->platform ? NULL : &f.pci;
	assert_int_equal(fake_add_device(&f, &desc, &dev), 0);
	err = iommu_dev_enable_feature_why(dev, IOMMU_DEV_FEAT_SVA, &why);
	if (r->req != IOMMU_SVA_REQ_COUNT) {
		assert_int_equal(err, -ENODEV);
		check(&why, r->req, -ENODEV, r->has, r->needs);
	} else {
		assert_int_equal(err, 0);
		assert_memory_equal(&why, &blank, sizeof(why));
		assert_int_equal(
			iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA), 0);
	}
	assert_int_equal(iommu_device_remove(dev), 0);
	fake_fini(&f);
}

/* [U10] [A1] [K18] [K19] 6.3.1, 6.3.2 */
static void test_smmuv3_why_devices_say_what_they_lack(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(devices); i++)
		check_device(&devices[i]);
}

struct bench {
	struct fake f;
	struct iommu_device *dev;
	struct fake_mm m;
};

static void start(struct bench *b, uint32_t idr0_clear, uint32_t idr3,
		  uint32_t idr5)
{
	memset(b, 0, sizeof(*b));
	fake_init(&b->f);
	b->f.idr[0] &= ~idr0_clear;
	b->f.idr[3] = idr3;
	if (idr5)
		b->f.idr[5] = idr5;
	assert_int_equal(fake_probe(&b->f), 0);
	b->dev = fake_pci_device(&b->f, 0x42);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	fake_mm_init(&b->m, &b->f);
}

static void stop(struct bench *b)
{
	iommu_mm_put_users(&b->m.mm);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	fake_fini(&b->f);
}

static void bind_fails(struct bench *b, enum iommu_sva_req req, int err,
		       uint64_t has, uint64_t needs)
{
	struct iommu_sva_why why = { IOMMU_SVA_REQ_COUNT, 1, 2, 3 };
	struct iommu_sva *sva;

	assert_int_equal(iommu_sva_bind_why(b->dev, &b->m.mm, NULL, &sva, &why),
			 err);
	check(&why, req, err, has, needs);
}

struct table_row {
	uint32_t idr3, idr5;
	unsigned int granule_lg2, va_bits, pa_bits;
	bool ds, haft;
	unsigned int bbml;
	uint64_t root;
	enum iommu_sva_req req;
	uint64_t has, needs;
};

#define G4K (1 << 4)

/* clang-format off */
static const struct table_row tables[] = {
	{ 0, G4K | 5, 16, 48, 48, 0, 0, 0, 0x40000, IOMMU_SVA_REQ_GRANULE, 0, 16 },
	{ 0, IDR5_G64K | 5, 12, 48, 48, 0, 0, 0, 0x40000, IOMMU_SVA_REQ_GRANULE, 0, 12 },
	{ 0, G4K | 5, 12, 24, 32, 0, 0, 0, 0x40000, IOMMU_SVA_REQ_VA_BITS, 25, 24 },
	{ 0, IDR5_G64K | 6, 16, 52, 48, 0, 0, 0, 0x40000, IOMMU_SVA_REQ_VA_BITS, 48, 52 },
	{ 0, G4K | IDR5_VAX52 | 6, 12, 52, 48, 0, 0, 0, 0x40000, IOMMU_SVA_REQ_VA_BITS, 48, 52 },
	{ 0, G4K | 4, 12, 48, 48, 0, 0, 0, 0x40000, IOMMU_SVA_REQ_PA_BITS, 44, 48 },
	{ 0, G4K | 6, 12, 48, 52, 0, 0, 0, 0x40000, IOMMU_SVA_REQ_PA_BITS, 48, 52 },
	{ 0, G4K | IDR5_VAX52 | 6, 12, 52, 52, 1, 0, 0, 0x40000, IOMMU_SVA_REQ_DS, 0, 0 },
	{ 0, G4K | 5, 12, 48, 48, 0, 1, 0, 0x40000, IOMMU_SVA_REQ_HAFT, 0, 0 },
	{ IDR3_BBML1, G4K | 5, 12, 48, 48, 0, 0, 2, 0x40000, IOMMU_SVA_REQ_BBML, 1, 2 },
	{ 0, G4K | 5, 12, 48, 48, 0, 0, 0, 0x40020, IOMMU_SVA_REQ_ROOT, 0, 0x40020 },
	{ 0, G4K | 5, 12, 48, 40, 0, 0, 0, 1ull << 40, IOMMU_SVA_REQ_ROOT, 0, 1ull << 40 },
};
/* clang-format on */

/* [U10] [K16] 5.4, 6.3.4, 6.3.6 */
static void test_smmuv3_why_tables_say_what_does_not_fit(void **state)
{
	struct iommu_mm_table fits;
	struct iommu_sva *sva;
	struct bench b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct table_row *r = &tables[i];

		start(&b, 0, r->idr3, r->idr5);
		fits = b.m.desc;
		b.m.desc.granule_lg2 = r->granule_lg2;
		b.m.desc.va_bits = r->va_bits;
		b.m.desc.pa_bits = r->pa_bits;
		b.m.desc.ds = r->ds;
		b.m.desc.haft = r->haft;
		b.m.desc.bbml = r->bbml;
		b.m.desc.root = r->root;
		bind_fails(&b, r->req, -EOPNOTSUPP, r->has, r->needs);
		b.m.desc = fits;
		stop(&b);
	}

	/* Another format; and that it was the format. */
	start(&b, 0, 0, 0);
	b.m.desc.fmt = IOMMU_TABLE_X86_64;
	bind_fails(&b, IOMMU_SVA_REQ_FORMAT, -EOPNOTSUPP, 0, 0);
	b.m.desc.fmt = IOMMU_TABLE_ARM_64_LPAE_S1;
	assert_int_equal(iommu_sva_bind(b.dev, &b.m.mm, NULL, &sva), 0);
	iommu_sva_unbind(sva);
	stop(&b);
}

/* [U10] [K10]: 255 of 8 bits, as 0 is nobody's. */
static void test_smmuv3_why_asids_run_out(void **state)
{
	static struct iommu_domain *taken[255];
	struct bench b;
	size_t i;

	(void)state;
	start(&b, IDR0_ASID16, 0, 0);
	for (i = 0; i < ARRAY_SIZE(taken); i++)
		assert_int_equal(iommu_domain_alloc_sva(b.f.unit, &b.m.mm,
							&taken[i]),
				 0);
	bind_fails(&b, IOMMU_SVA_REQ_ASID, -ENOSPC, 8, 0);
	for (i = 0; i < ARRAY_SIZE(taken); i++)
		assert_int_equal(iommu_domain_free(taken[i]), 0);
	stop(&b);
}

/* [U10]: the SMMU stands still. */
static void test_smmuv3_why_no_answer(void **state)
{
	struct bench b;

	(void)state;
	start(&b, 0, 0, 0);
	b.f.no_consume = true;
	bind_fails(&b, IOMMU_SVA_REQ_ANSWER, -ETIMEDOUT, 0, 0);
	b.f.no_consume = false;
	stop(&b);
}

/* The last one: each of what core leaves to drivers was provoked above. */
static void test_smmuv3_why_every_requirement_was_seen(void **state)
{
	const uint64_t want = REQ(UNIT_PASID) | REQ(COHERENCE) | REQ(ATS) |
			      REQ(STREAMS) | REQ(FORMAT) | REQ(GRANULE) |
			      REQ(VA_BITS) | REQ(PA_BITS) | REQ(DS) |
			      REQ(HAFT) | REQ(BBML) | REQ(ROOT) | REQ(ASID);

	(void)state;
	assert_int_equal(want & ~seen, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_why_devices_say_what_they_lack),
		cmocka_unit_test(test_smmuv3_why_tables_say_what_does_not_fit),
		cmocka_unit_test(test_smmuv3_why_asids_run_out),
		cmocka_unit_test(test_smmuv3_why_no_answer),
		cmocka_unit_test(test_smmuv3_why_every_requirement_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
