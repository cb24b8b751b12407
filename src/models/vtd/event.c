/* SPDX-License-Identifier: MIT */
/*
 * Fault, invalidation and page request events.
 *
 * IP is set as long as a message is held back, which here is while IM is set.
 * It goes when software unmasks the event, with the message, or when it serves
 * whatever the message would have been about, without.
 *
 * Messages of the unit are not remapped. One that is aborted is lost: nothing
 * tells software.
 */
#include "models/vtd/event.h"

/* In the order of the registers, from the control register on. */
enum { CTL, DATA, ADDR, UADDR };

_Static_assert(R_FEUADDR == R_FECTL + UADDR && R_IEUADDR == R_IECTL + UADDR &&
		       R_PEUADDR == R_PECTL + UADDR,
	       "four registers each");

static void message(struct vtd_hw *m, enum vtd_hw_event event)
{
	uint64_t addr = m->reg[event + ADDR] | m->reg[event + UADDR] << 32;

	m->reg[event + CTL] &= ~FIELD_MASK(VTD_ECTL_IP);
	if (m->env.msi(m->env.ctx, m->cfg.sid, addr,
		       (uint32_t)m->reg[event + DATA]))
		vtd_hw_log(m, HW_LOG_GUEST_ERROR,
			   "event message to %#llx was aborted",
			   (unsigned long long)addr);
}

void vtd_hw_event_raise(struct vtd_hw *m, enum vtd_hw_event event)
{
	if (REG_GET(VTD_ECTL_IM, m->reg[event + CTL]))
		m->reg[event + CTL] |= FIELD_MASK(VTD_ECTL_IP);
	else
		message(m, event);
}

void vtd_hw_event_served(struct vtd_hw *m, enum vtd_hw_event event)
{
	m->reg[event + CTL] &= ~FIELD_MASK(VTD_ECTL_IP);
}

void vtd_hw_event_control(struct vtd_hw *m, enum vtd_hw_event event,
			  uint64_t value)
{
	m->reg[event + CTL] = value;
	if (REG_GET(VTD_ECTL_IP, value) && !REG_GET(VTD_ECTL_IM, value))
		message(m, event);
}
