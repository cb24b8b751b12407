/* SPDX-License-Identifier: MIT */
/* Event messages of the unit itself (7.3, 7.5). All under the lock. */
#ifndef HW_VTD_EVENT_H
#define HW_VTD_EVENT_H

#include "models/vtd/state.h"

/* The first of the four registers of an event: control, data, address. */
enum vtd_hw_event {
	VTD_HW_EVENT_FAULT = R_FECTL,
	VTD_HW_EVENT_INVAL = R_IECTL,
	VTD_HW_EVENT_PAGE = R_PECTL,
};

/* An interrupt condition: a message, or IP while it is masked. */
void vtd_hw_event_raise(struct vtd_hw *m, enum vtd_hw_event event);
/* Software has served all of it: what is still pending is not sent. */
void vtd_hw_event_served(struct vtd_hw *m, enum vtd_hw_event event);
/* The control register was written. */
void vtd_hw_event_control(struct vtd_hw *m, enum vtd_hw_event event,
			  uint64_t value);

#endif
