/* SPDX-License-Identifier: MIT */
/* Stands in for what translates, until it is there. */
#include "models/vtd/config.h"
#include "models/vtd/tlb.h"
#include "models/vtd/translate.h"

size_t vtd_hw_xlat_room(const struct vtd_hw_cfg *cfg)
{
	(void)cfg;
	return 64;
}

void vtd_hw_xlat_init(struct vtd_hw *m, void *room)
{
	m->xlat = room;
}

void vtd_hw_xlat_flush(struct vtd_hw *m)
{
	(void)m;
}

void vtd_hw_xlat_root_changed(struct vtd_hw *m)
{
	(void)m;
}

int vtd_hw_translate(struct iommu_hw *hw, struct hw_port *port,
		     const struct hw_txn *txn, struct hw_xlat *ret_xlat)
{
	(void)hw, (void)port, (void)txn, (void)ret_xlat;
	return -EFAULT;
}

void vtd_hw_ats_translate(struct iommu_hw *hw, struct hw_port *port,
			  const struct hw_txn *txn,
			  struct hw_ats_reply *ret_reply)
{
	(void)hw, (void)port, (void)txn;
	*ret_reply = (struct hw_ats_reply){ .status = HW_ATS_UR };
}

void vtd_hw_config_inv_context(struct vtd_hw *m, unsigned int granularity,
			       uint16_t did, uint16_t sid, unsigned int fm)
{
	(void)m, (void)granularity, (void)did, (void)sid, (void)fm;
}

void vtd_hw_config_inv_pasid(struct vtd_hw *m, unsigned int granularity,
			     uint16_t did, ioasid_t pasid)
{
	(void)m, (void)granularity, (void)did, (void)pasid;
}

void vtd_hw_config_flush(struct vtd_hw *m)
{
	(void)m;
}

int vtd_hw_config_page_request(struct vtd_hw *m,
			       const struct hw_page_request *req,
			       uint16_t *ret_did, ioasid_t *ret_pasid,
			       struct vtd_hw_fault *ret_fault)
{
	(void)m, (void)ret_fault;
	*ret_did = 0;
	*ret_pasid = req->pasid;
	return 0;
}

void vtd_hw_tlb_inv(struct vtd_hw *m, const struct vtd_hw_tlb_inv *inv)
{
	(void)m, (void)inv;
}
