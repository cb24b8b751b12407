/* SPDX-License-Identifier: MIT */
/* The ports of the model, and the wait of an invalidation for them. */
#ifndef HW_SMMUV3_PORT_H
#define HW_SMMUV3_PORT_H

#include "models/port/port.h"
#include "models/smmuv3/state.h"

void smmuv3_hw_port_add(struct iommu_hw *hw, struct hw_port *port);
void smmuv3_hw_port_remove(struct iommu_hw *hw, struct hw_port *port);

/* hw_ports_drain(), and a word to the log if a port is stuck. */
void smmuv3_hw_drain(struct smmuv3_hw *m);

#endif
