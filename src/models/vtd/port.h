/* SPDX-License-Identifier: MIT */
/* The ports of the model, and the wait of an invalidation for them. */
#ifndef HW_VTD_PORT_H
#define HW_VTD_PORT_H

#include "models/port/port.h"
#include "models/vtd/state.h"

void vtd_hw_port_add(struct iommu_hw *hw, struct hw_port *port);
void vtd_hw_port_remove(struct iommu_hw *hw, struct hw_port *port);

/*
 * hw_ports_drain(), and a word to the log if a port is stuck. False: the unit
 * was reset meanwhile, and does not know what it was asked for before.
 */
bool vtd_hw_drain(struct vtd_hw *m);

#endif
