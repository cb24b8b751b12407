/* SPDX-License-Identifier: MIT */
#include "models/vtd/port.h"

void vtd_hw_port_add(struct iommu_hw *hw, struct hw_port *port)
{
	hw_ports_add(&vtd_hw_of(hw)->ports, hw, port);
}

void vtd_hw_port_remove(struct iommu_hw *hw, struct hw_port *port)
{
	hw_ports_remove(&vtd_hw_of(hw)->ports, port);
}

bool vtd_hw_drain(struct vtd_hw *m)
{
	uint16_t epoch = m->iq.epoch;

	if (!hw_ports_drain(&m->ports))
		vtd_hw_log(m, HW_LOG_GUEST_ERROR,
			   "a port is busy for 5 s; not waiting");
	return m->iq.epoch == epoch;
}
