/* SPDX-License-Identifier: MIT */
/* From a source id and a PASID to a context. All under the lock. */
#ifndef HW_VTD_CONFIG_H
#define HW_VTD_CONFIG_H

#include "fmt/vtd.h"
#include "fmt/x86_pt.h"
#include "models/vtd/caches.h"
#include "models/vtd/fault.h"

struct vtd_hw_tlb_inv;

/* VTD_INV_CC_G_*: global, of a domain, of devices. @fm: function mask. */
void vtd_hw_config_inv_context(struct vtd_hw *m, unsigned int granularity,
			       uint16_t did, uint16_t sid, unsigned int fm);

/* VTD_INV_PC_G_*: all of a domain, one PASID of a domain, global. */
void vtd_hw_config_inv_pasid(struct vtd_hw *m, unsigned int granularity,
			     uint16_t did, ioasid_t pasid);

/* Of a PASID, by the size of the directory. */
static inline unsigned int vtd_hw_pdts_bits(const struct vtd_sm_context *ce)
{
	return (unsigned int)FIELD_GET(VTD_SM_CONTEXT_PDTS, ce) +
	       VTD_PASID_DIR_LG2_MIN + VTD_PASID_TABLE_LG2;
}

/* 3.7: X is the smaller of MGAW and what the levels translate. */
static inline bool vtd_hw_ss_in_range(const struct vtd_hw *m,
				      unsigned int levels, uint64_t gpa)
{
	unsigned int bits = x86_pt_va_bits(levels);
	unsigned int mgaw = (unsigned int)CAP(m, MGAW) + 1;

	return !(gpa >> (mgaw < bits ? mgaw : bits));
}

/* Is the table mode one that lets requests in (11.4.5)? -EFAULT: *ret_fault. */
int vtd_hw_config_mode(struct vtd_hw *m, struct vtd_hw_fault *ret_fault);

/* Forgets all of both. */
void vtd_hw_config_flush(struct vtd_hw *m);

/**
 * vtd_hw_config_page_request() - do the tables let this page request through?
 * @req:     while translation is on.
 * @ret_inv: what such a request takes out of the IOTLB and the caches of paging
 *         structures (6.5.3.1).
 * @ret_fault: on failure reason and fpd, the rest untouched.
 *
 * Return: 0, -EFAULT.
 */
int vtd_hw_config_page_request(struct vtd_hw *m,
			       const struct hw_page_request *req,
			       struct vtd_hw_tlb_inv *ret_inv,
			       struct vtd_hw_fault *ret_fault);

/* Whose tables are asked for. @at: VTD_FRCD_AT_*. */
struct vtd_hw_source {
	uint16_t sid;
	uint8_t at;
	bool pasid_valid;
	ioasid_t pasid;
};

/**
 * vtd_hw_config_ctx() - how requests of a source are served
 *
 * Translation is on, in legacy or in scalable mode. A translated request gets
 * VTD_HW_PASS, once its context has let it through. What the request itself
 * is, execute or supervisor, is for the caller to compare.
 *
 * Return: 0, -EFAULT with reason and fpd.
 */
int vtd_hw_config_ctx(struct vtd_hw *m, const struct vtd_hw_source *src,
		      struct vtd_hw_ctx *ret_ctx,
		      struct vtd_hw_fault *ret_fault);

/*
 * Reserved bits and contents of present entries, by what the unit announces:
 * config_legal.c. The reason they are refused for, or 0.
 */
uint8_t vtd_hw_root_illegal(const struct vtd_hw *m, bool scalable, bool upper,
			    const struct vtd_root *root);
uint8_t vtd_hw_context_illegal(const struct vtd_hw *m,
			       const struct vtd_context *ce);
uint8_t vtd_hw_sm_context_illegal(const struct vtd_hw *m,
				  const struct vtd_sm_context *ce);
uint8_t vtd_hw_pasid_dir_illegal(const struct vtd_hw *m,
				 const struct vtd_pasid_dir *pde);
uint8_t vtd_hw_pasid_illegal(const struct vtd_hw *m,
			     const struct vtd_pasid *pe);

#endif
