/* SPDX-License-Identifier: MIT */
/* Transactions and ATS requests. */
#ifndef HW_VTD_TRANSLATE_H
#define HW_VTD_TRANSLATE_H

#include "models/vtd/state.h"

/* Bytes that translation needs, a multiple of 64; its configuration is valid. */
size_t vtd_hw_xlat_room(const struct vtd_hw_cfg *cfg);
/* Once, at create: @room is zeroed and 64-byte aligned. Sets m->xlat. */
void vtd_hw_xlat_init(struct vtd_hw *m, void *room);
/* Nothing is cached any more. Under the lock, or before there is one. */
void vtd_hw_xlat_flush(struct vtd_hw *m);
/*
 * m->root, or the protected regions, changed: what the hit path derived from
 * them is not used any more. The caches keep their entries. Under the lock.
 */
void vtd_hw_xlat_root_changed(struct vtd_hw *m);

int vtd_hw_translate(struct iommu_hw *hw, struct hw_port *port,
		     const struct hw_txn *txn, struct hw_xlat *ret_xlat);
void vtd_hw_ats_translate(struct iommu_hw *hw, struct hw_port *port,
			  const struct hw_txn *txn,
			  struct hw_ats_reply *ret_reply);

#endif
