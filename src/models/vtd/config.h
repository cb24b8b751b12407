/* SPDX-License-Identifier: MIT */
/* Context cache and PASID cache. All under the lock. */
#ifndef HW_VTD_CONFIG_H
#define HW_VTD_CONFIG_H

#include "models/vtd/fault.h"

/* VTD_CC_G_*: global, of a domain, of devices. @fm: function mask, VTD_FM_*. */
void vtd_hw_config_inv_context(struct vtd_hw *m, unsigned int granularity,
			       uint16_t did, uint16_t sid, unsigned int fm);

/* VTD_PC_G_*: all of a domain, one PASID of a domain, global. */
void vtd_hw_config_inv_pasid(struct vtd_hw *m, unsigned int granularity,
			     uint16_t did, ioasid_t pasid);

/* Forgets all of both. */
void vtd_hw_config_flush(struct vtd_hw *m);

/**
 * vtd_hw_config_page_request() - do the tables let this page request through?
 * @ret_did, @ret_pasid: the domain and PASID that entries of the IOTLB for its
 *         address have.
 * @ret_fault: on failure reason and fpd, the rest untouched.
 *
 * Return: 0, -EFAULT.
 */
int vtd_hw_config_page_request(struct vtd_hw *m,
			       const struct hw_page_request *req,
			       uint16_t *ret_did, ioasid_t *ret_pasid,
			       struct vtd_hw_fault *ret_fault);

#endif
