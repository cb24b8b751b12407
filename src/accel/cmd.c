/* SPDX-License-Identifier: MIT */
/* Device commands: one at a time, each with a bounded wait. */
#include "accel/accel.h"

#include "base/errno.h"

/* Looks at the status before sleeping: most commands are done at once. */
#define DSA_CMD_SPINS 64u

/* Looks at it again after so long: before open, there are no interrupts. */
#define DSA_CMD_SLICE_NS UINT64_C(1000000)

static bool dsa_cmd_done(struct dsa *dsa, uint32_t *ret_status)
{
	*ret_status = mmio_read32(&dsa->bar0, DSA_REG_CMDSTATUS);
	return !REG_GET(DSA_CMDSTATUS_ACTIVE, *ret_status);
}

/* The error interrupt tells that a command is complete. */
static int dsa_cmd_wait(struct dsa *dsa, uint32_t *ret_status)
{
	struct plat_event *event = &dsa->irqs[DSA_VECTOR_MISC].event;
	uint64_t now = plat_now_ns(dsa->plat);
	uint64_t deadline = now + dsa->timeout_ns;
	unsigned int turns;

	for (turns = 0; turns < DSA_CMD_SPINS; turns++) {
		if (dsa_cmd_done(dsa, ret_status))
			return 0;
		plat_relax(dsa->plat, turns);
	}
	for (;;) {
		uint32_t seen = plat_event_read(event);

		if (dsa_cmd_done(dsa, ret_status))
			return 0;
		/* All ones: it is gone, so that waiting for it is of no use. */
		now = plat_now_ns(dsa->plat);
		if (now >= deadline || *ret_status == UINT32_MAX)
			return -ETIMEDOUT;
		/* Whatever it returns: the loop looks at the clock. */
		if (plat_event_wait(dsa->plat, event, seen,
				    now + DSA_CMD_SLICE_NS))
			continue;
	}
}

/*
 * A command that does not end cannot be taken back. What the device still does
 * must not reach memory: it is reset, and out of use.
 */
static void dsa_cmd_stuck(struct dsa *dsa, enum dsa_cmd code, bool gone)
{
	plat_log(dsa->plat, PLAT_LOG_ERR, "dsa: command %u does not end; %s",
		 (unsigned int)code,
		 gone ? "the function is gone" : "function reset");
	/* No more submissions; jobs may still complete until the reset. */
	atomic_store_explicit(&dsa->dead, true, memory_order_release);
	if (!gone)
		dsa_pci_reset(dsa);
	dsa_irq_dead(dsa);
}

/*
 * Caller holds the command mutex. Return: 0 and the result, -EIO the device
 * refused it, -ETIMEDOUT.
 */
int dsa_cmd(struct dsa *dsa, enum dsa_cmd code, uint32_t operand,
	    uint32_t *ret_result)
{
	uint64_t value = REG_PUT(DSA_CMD_CODE, operand, code);
	uint32_t status;
	int err;

	/* Pairs with the release in dsa_cmd_stuck(). */
	if (atomic_load_explicit(&dsa->dead, memory_order_acquire))
		return -EIO;
	mmio_write32(&dsa->bar0, DSA_REG_CMD,
		     (uint32_t)REG_PUT(DSA_CMD_INT_REQ, value, 1));
	err = dsa_cmd_wait(dsa, &status);
	if (err) {
		dsa_cmd_stuck(dsa, code, status == UINT32_MAX);
		return err;
	}
	if (REG_GET(DSA_CMDSTATUS_ERROR, status)) {
		plat_log(dsa->plat, PLAT_LOG_WARN,
			 "dsa: command %u operand %#x: error %#x",
			 (unsigned int)code, operand,
			 (unsigned int)REG_GET(DSA_CMDSTATUS_ERROR, status));
		return -EIO;
	}
	if (ret_result)
		*ret_result = (uint32_t)REG_GET(DSA_CMDSTATUS_RESULT, status);
	return 0;
}
