/* SPDX-License-Identifier: MIT */
/* Nothing of the unit side works yet. */
#include "base/errno.h"
#include "drivers/vtd/inval.h"
#include "drivers/vtd/unit.h"

int vtd_pasid_bits(const struct plat_mmio *mmio, unsigned int *ret_bits)
{
	(void)mmio;
	(void)ret_bits;
	return -EOPNOTSUPP;
}

int vtd_probe(struct iommu_system *sys, const struct vtd_desc *desc,
	      struct iommu_unit **ret_unit)
{
	(void)sys;
	(void)desc;
	(void)ret_unit;
	return -EOPNOTSUPP;
}

int vtd_remove(struct iommu_unit *unit)
{
	(void)unit;
	return -EOPNOTSUPP;
}

void vtd_stats(struct iommu_unit *unit, struct vtd_stats *ret_stats)
{
	(void)unit;
	(void)ret_stats;
}

void vtd_batch_init(struct vtd_batch *b, struct vtd_unit *u)
{
	(void)b;
	(void)u;
}

void vtd_batch_barrier(struct vtd_batch *b)
{
	(void)b;
}

int vtd_batch_sync(struct vtd_batch *b)
{
	(void)b;
	return -EOPNOTSUPP;
}

int vtd_batch_drain(struct vtd_batch *b)
{
	(void)b;
	return -EOPNOTSUPP;
}

void vtd_inv_context_device(struct vtd_batch *b, uint16_t did, uint16_t sid)
{
	(void)b;
	(void)did;
	(void)sid;
}

void vtd_inv_context_global(struct vtd_batch *b)
{
	(void)b;
}

void vtd_inv_pasid(struct vtd_batch *b, uint16_t did, uint32_t pasid)
{
	(void)b;
	(void)did;
	(void)pasid;
}

void vtd_inv_pasid_domain(struct vtd_batch *b, uint16_t did)
{
	(void)b;
	(void)did;
}

void vtd_inv_pasid_global(struct vtd_batch *b)
{
	(void)b;
}

void vtd_inv_piotlb(struct vtd_batch *b, uint16_t did, uint32_t pasid,
		    uint64_t start, uint64_t last, bool ih)
{
	(void)b;
	(void)did;
	(void)pasid;
	(void)start;
	(void)last;
	(void)ih;
}

void vtd_inv_piotlb_all(struct vtd_batch *b, uint16_t did, uint32_t pasid)
{
	(void)b;
	(void)did;
	(void)pasid;
}

void vtd_inv_iotlb(struct vtd_batch *b, uint16_t did, uint64_t start,
		   uint64_t last, bool ih)
{
	(void)b;
	(void)did;
	(void)start;
	(void)last;
	(void)ih;
}

void vtd_inv_iotlb_domain(struct vtd_batch *b, uint16_t did)
{
	(void)b;
	(void)did;
}

void vtd_inv_iotlb_global(struct vtd_batch *b)
{
	(void)b;
}

void vtd_inv_dev_tlb(struct vtd_batch *b, const struct vtd_ats *ats,
		     uint64_t start, uint64_t last)
{
	(void)b;
	(void)ats;
	(void)start;
	(void)last;
}

void vtd_inv_pasid_dev_tlb(struct vtd_batch *b, const struct vtd_ats *ats,
			   uint32_t pasid, uint64_t start, uint64_t last)
{
	(void)b;
	(void)ats;
	(void)pasid;
	(void)start;
	(void)last;
}

void vtd_prg_response(struct vtd_batch *b, const struct vtd_prg_response *r)
{
	(void)b;
	(void)r;
}

int vtd_write_buffer_flush(struct vtd_unit *u)
{
	(void)u;
	return -EOPNOTSUPP;
}

void vtd_fail_closed(struct vtd_unit *u, const char *why)
{
	(void)u;
	(void)why;
}

bool vtd_is_dead(const struct vtd_unit *u)
{
	(void)u;
	return true;
}

bool vtd_is_stopped(const struct vtd_unit *u)
{
	(void)u;
	return true;
}

int vtd_wait32(struct vtd_unit *u, uint32_t reg, uint32_t mask, uint32_t want)
{
	(void)u;
	(void)reg;
	(void)mask;
	(void)want;
	return -EOPNOTSUPP;
}

int vtd_features_read(struct vtd_unit *u, unsigned int pasid_bits)
{
	(void)u;
	(void)pasid_bits;
	return -EOPNOTSUPP;
}

bool vtd_lacks_sva(const struct vtd_unit *u, struct iommu_sva_why *why)
{
	(void)u;
	(void)why;
	return true;
}

void vtd_describe(struct iommu_unit *unit,
		  void (*row)(void *arg, const struct iommu_unit_row *row),
		  void *arg)
{
	(void)unit;
	(void)row;
	(void)arg;
}

void vtd_fault_run(struct vtd_unit *u)
{
	(void)u;
}
