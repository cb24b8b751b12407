/* SPDX-License-Identifier: MIT */
#include "tests/drivers/smmuv3_guest_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

void guest_start_idr(struct bench *b, uint32_t set0, uint32_t clear0)
{
	struct fake *f = malloc(sizeof(*f));

	assert_non_null(f);
	*b = (struct bench){ .f = f };
	fake_init(f);
	/* S2P, VMID16, and BBML 2 in IDR3 */
	f->idr[0] = ((f->idr[0] | 1u | 1u << 18) & ~clear0) | set0;
	f->idr[3] |= 2u << 11;
	assert_int_equal(fake_probe(f), 0);
	b->dev = fake_pci_device(f, SID);
}

void guest_start(struct bench *b)
{
	guest_start_idr(b, 0, 0);
	assert_int_equal(iommu_domain_alloc_parent(b->f->unit, &b->parent), 0);
	assert_int_equal(iommu_attach_device(b->parent, b->dev), 0);
	fake_ops_clear(b->f);
}

void guest_stop(struct bench *b)
{
	if (b->parent) {
		assert_int_equal(iommu_detach_device(b->parent, b->dev), 0);
		assert_int_equal(iommu_domain_free(b->parent), 0);
	}
	assert_int_equal(iommu_device_remove(b->dev), 0);
	fake_fini(b->f);
	free(b->f);
}

struct iommu_pasid_table_config guest_table(uint64_t base, unsigned int bits)
{
	return (struct iommu_pasid_table_config){
		.version = IOMMU_PASID_TABLE_CFG_VERSION_1,
		.format = IOMMU_PASID_FORMAT_SMMUV3,
		.base = base,
		.pasid_bits = (uint8_t)bits,
		.config = IOMMU_PASID_CONFIG_TRANSLATE,
	};
}

struct iommu_pasid_table_config guest_table_v(uint64_t base, unsigned int bits,
					      unsigned int s1fmt,
					      unsigned int s1dss)
{
	struct iommu_pasid_table_config cfg = guest_table(base, bits);

	cfg.vendor_length = sizeof(cfg.vendor.smmuv3);
	cfg.vendor.smmuv3.version = IOMMU_PASID_VENDOR_VERSION_1;
	cfg.vendor.smmuv3.s1fmt = (uint8_t)s1fmt;
	cfg.vendor.smmuv3.s1dss = (uint8_t)s1dss;
	return cfg;
}

void guest_bind(struct bench *b, const struct iommu_pasid_table_config *cfg)
{
	assert_int_equal(iommu_attach_pasid_table(b->parent, cfg), 0);
}

void guest_unbind(struct bench *b)
{
	assert_int_equal(iommu_unbind_pasid_table(b->parent, b->dev), 0);
}

unsigned int guest_vmid(struct bench *b)
{
	return fake_ste(b->f, SID)[2] & 0xffff;
}

struct iommu_cache_invalidate_info guest_info(unsigned int cache,
					      unsigned int granularity)
{
	return (struct iommu_cache_invalidate_info){
		.version = IOMMU_CACHE_INVALIDATE_INFO_VERSION_1,
		.cache = (uint8_t)cache,
		.granularity = (uint8_t)granularity,
	};
}

struct iommu_cache_invalidate_info guest_by_pasid(unsigned int cache,
						  int64_t pasid, int64_t asid)
{
	struct iommu_cache_invalidate_info i =
		guest_info(cache, IOMMU_INV_GRANU_PASID);

	i.granu.pasid.flags = (pasid >= 0 ? 1u : 0) | (asid >= 0 ? 2u : 0);
	i.granu.pasid.pasid = pasid < 0 ? 0 : (uint64_t)pasid;
	i.granu.pasid.archid = asid < 0 ? 0 : (uint32_t)asid;
	return i;
}
