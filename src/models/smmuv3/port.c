/* SPDX-License-Identifier: MIT */
#include "models/smmuv3/port.h"

void smmuv3_hw_port_add(struct iommu_hw *hw, struct hw_port *port)
{
	hw_ports_add(&smmuv3_hw_of(hw)->ports, hw, port);
}

void smmuv3_hw_port_remove(struct iommu_hw *hw, struct hw_port *port)
{
	hw_ports_remove(&smmuv3_hw_of(hw)->ports, port);
}

void smmuv3_hw_drain(struct smmuv3_hw *m)
{
	if (!hw_ports_drain(&m->ports))
		smmuv3_hw_log(m, HW_LOG_GUEST_ERROR,
			      "a port is busy for 5 s; not waiting");
}
