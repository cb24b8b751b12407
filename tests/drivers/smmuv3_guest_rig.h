/* SPDX-License-Identifier: MIT */
/* The fake SMMUv3 with a device and the memory of a guest. */
#ifndef TESTS_DRIVERS_SMMUV3_GUEST_RIG_H
#define TESTS_DRIVERS_SMMUV3_GUEST_RIG_H

#include <sva/fault.h>
#include <sva/guest.h>

#include "tests/drivers/smmuv3_fixture.h"

#define K4 UINT64_C(0x1000)
#define M2 UINT64_C(0x200000)
#define RW ((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE)

enum {
	SID = 0x42,
	CFGI_STE = 0x03,
	CFGI_CD = 0x05,
	CFGI_CD_ALL = 0x06,
	NH_ALL = 0x10,
	NH_ASID = 0x11,
	NH_VA = 0x12,
	NH_VAA = 0x13,
	S12_VMALL = 0x28,
	S2_IPA = 0x2a,
	ATC_INV = 0x40,
	PRI_RESP = 0x41,
	RESUME = 0x44,
	SYNC = 0x46,
};

#define SID_OP ((uint64_t)SID << 32)
/* Caches a guest can name. */
enum { TLB = 1, ATC = 2, CDS = 4 };

/* What the SMMU could have read of the STE at each command. */
struct seen {
	uint64_t dw[8];
};

/* @parent: attached to @dev by guest_start(). */
struct bench {
	struct fake *f;
	struct iommu_device *dev;
	struct iommu_domain *parent;
	struct seen seen[64];
	unsigned int seen_count;
	struct iommu_fault fault;
	unsigned int faults;
	bool mute;
};

/* IDR0 bits; no parent. */
void guest_start_idr(struct bench *b, uint32_t set0, uint32_t clear0);
void guest_start(struct bench *b);
void guest_stop(struct bench *b);

/* A table of 1 << bits CDs; with the vendor's part. */
struct iommu_pasid_table_config guest_table(uint64_t base, unsigned int bits);
struct iommu_pasid_table_config guest_table_v(uint64_t base, unsigned int bits,
					      unsigned int s1fmt,
					      unsigned int s1dss);
void guest_bind(struct bench *b, const struct iommu_pasid_table_config *cfg);
void guest_unbind(struct bench *b);

/* Of the device's STE. */
unsigned int guest_vmid(struct bench *b);

/* Invalidations of a guest; -1: not named. */
struct iommu_cache_invalidate_info guest_info(unsigned int cache,
					      unsigned int granularity);
struct iommu_cache_invalidate_info guest_by_pasid(unsigned int cache,
						  int64_t pasid, int64_t asid);

/* A field of a word. */
static inline uint64_t bits(uint64_t v, unsigned int hi, unsigned int lo)
{
	return v >> lo & (~UINT64_C(0) >> (63 - hi + lo));
}

#endif
