// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device's registers: one group with all queues and engines, queues of 16
 * entries. No interrupts: commands are polled for, jobs by their processes.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "sva_guest.h"

#define REG_WQCAP     0x20
#define REG_ENGCAP    0x38
#define REG_OFFSETS   0x60
#define REG_CMD       0xa0
#define REG_CMDSTATUS 0xa8
#define REG_SWERR     0xc0

#define OFFSET_UNIT    0x100
#define GRPCFG_ENGINES 32
#define GRPCFG_FLAGS   40
#define QUEUE_ENTRIES  16

#define WQCFG_DEDICATED BIT(0)
#define WQCFG_BLOCK     BIT(1)
#define WQCFG_NO_ATS    BIT(2)
#define WQCFG_PRIORITY  (1 << 4)
#define WQCFG_PASID(p)  ((p) << 8)
#define WQCFG_PASID_ON  BIT(28)
/* As much as one job may move, and as many as a batch may have. */
#define WQCFG_LIMITS    (31 | 10 << 5)

#define STATUS_ACTIVE BIT(31)
#define STATUS_ERROR  0xff

enum {
	CMD_ENABLE_DEVICE = 1,
	CMD_RESET_DEVICE = 5,
	CMD_ENABLE_WQ = 6,
	CMD_DISABLE_WQ = 7,
	CMD_DRAIN_WQ = 8,
	CMD_RESET_WQ = 10,
};

/* With the lock, or before anybody else has the device. */
static int command(struct guest *g, unsigned int code, u32 operand)
{
	unsigned long end = jiffies + 60 * HZ;
	u32 status;

	writel(code << 20 | operand, g->regs + REG_CMD);
	while ((status = readl(g->regs + REG_CMDSTATUS)) & STATUS_ACTIVE) {
		if (time_after(jiffies, end)) {
			dev_err(g->dev, "command %u takes too long\n", code);
			return -ETIMEDOUT;
		}
		usleep_range(50, 200);
	}
	if (status & STATUS_ERROR)
		dev_err(g->dev, "command %u: error %#x\n", code,
			status & STATUS_ERROR);
	return status & STATUS_ERROR ? -EIO : 0;
}

static void __iomem *queue_config(struct guest *g, int queue)
{
	return g->regs + g->wqcfg + queue * g->stride;
}

int guest_device_on(struct guest *g)
{
	u64 wqcap = readq(g->regs + REG_WQCAP);
	u64 offsets = readq(g->regs + REG_OFFSETS);
	void __iomem *group = g->regs + (offsets & 0xffff) * OFFSET_UNIT;
	u64 engines = readq(g->regs + REG_ENGCAP) & 0xff;
	int ret, i;

	g->wqcfg = (offsets >> 16 & 0xffff) * OFFSET_UNIT;
	g->stride = 1 << ((wqcap >> 24 & 0xf) + 5);
	if ((wqcap >> 16 & 0xff) < GUEST_QUEUES)
		return -ENODEV;
	ret = command(g, CMD_RESET_DEVICE, 0);
	if (ret)
		return ret;
	for (i = 0; i < GUEST_QUEUES; i++)
		writel(QUEUE_ENTRIES, queue_config(g, i));
	writeq(BIT(GUEST_QUEUES) - 1, group);
	writeq(BIT(engines) - 1, group + GRPCFG_ENGINES);
	/* All read buffers may be used. */
	writel((readq(g->regs + 0x30) >> 8 & 0xff) << 20, group + GRPCFG_FLAGS);
	return command(g, CMD_ENABLE_DEVICE, 0);
}

void guest_device_off(struct guest *g)
{
	command(g, CMD_RESET_DEVICE, 0);
}

int guest_queue_get(struct guest *g, ioasid_t pasid, bool ats)
{
	void __iomem *config;
	int queue, ret;

	mutex_lock(&g->lock);
	queue = find_first_zero_bit(&g->taken, GUEST_QUEUES);
	if (queue == GUEST_QUEUES) {
		ret = -EBUSY;
		goto out;
	}
	config = queue_config(g, queue);
	writel(WQCFG_DEDICATED | WQCFG_BLOCK | (ats ? 0 : WQCFG_NO_ATS) |
		       WQCFG_PRIORITY | WQCFG_PASID(pasid) | WQCFG_PASID_ON,
	       config + 8);
	writel(WQCFG_LIMITS, config + 12);
	ret = command(g, CMD_ENABLE_WQ, queue);
	if (ret)
		goto out;
	__set_bit(queue, &g->taken);
	ret = queue;
out:
	mutex_unlock(&g->lock);
	return ret;
}

/* On return none of its jobs is under way. */
void guest_queue_put(struct guest *g, int queue)
{
	mutex_lock(&g->lock);
	if (!command(g, CMD_DISABLE_WQ, BIT(queue)) &&
	    !command(g, CMD_RESET_WQ, BIT(queue)))
		__clear_bit(queue, &g->taken);
	mutex_unlock(&g->lock);
}

int guest_queue_drain(struct guest *g, int queue, struct sva_guest_error *ret)
{
	int i, err;

	mutex_lock(&g->lock);
	err = command(g, CMD_DRAIN_WQ, BIT(queue));
	for (i = 0; i < ARRAY_SIZE(ret->swerr); i++)
		ret->swerr[i] = readq(g->regs + REG_SWERR + 8 * i);
	writeq(3, g->regs + REG_SWERR);
	mutex_unlock(&g->lock);
	return err;
}

/* The unlimited portal for MSI-X of four that each queue has. */
phys_addr_t guest_portal(const struct guest *g, int queue)
{
	return g->portals + queue * 4 * SZ_4K;
}
