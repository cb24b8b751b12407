/* SPDX-License-Identifier: MIT */
/*
 * The emulated IOMMU: a model over guest-physical memory, and the window in
 * front of it that the guest's driver writes to.
 */
#include <errno.h>

#include "vmm/vmm.h"

static struct vmm_unit *unit_of(void *dev)
{
	return &((struct vmm_guest *)dev)->unit;
}

static uint64_t unit_read(void *dev, uint64_t offset, unsigned int size)
{
	struct vmm_unit *u = unit_of(dev);
	uint64_t value;

	pthread_mutex_lock(&u->lock);
	value = u->hw->ops->mmio_read(u->hw, offset, size);
	pthread_mutex_unlock(&u->lock);
	return value;
}

static void unit_write(void *dev, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	struct vmm_guest *g = dev;
	struct vmm_unit *u = unit_of(dev);

	vmm_count(&g->counters.exits);
	pthread_mutex_lock(&u->lock);
	/* First the host: the model completes what it consumes. */
	if (u->live)
		u->vendor->before(g, offset, size, value);
	u->hw->ops->mmio_write(u->hw, offset, size, value);
	if (u->live && (u->vendor->configures(offset) ||
			(size == 8 && u->vendor->configures(offset + 4))))
		vmm_configure(g);
	pthread_mutex_unlock(&u->lock);
}

uint64_t vmm_unit_register(struct vmm_guest *g, uint64_t offset,
			   unsigned int size)
{
	return g->unit.hw->ops->mmio_read(g->unit.hw, offset, size);
}

bool vmm_unit_writes(uint64_t reg, uint64_t offset, unsigned int size,
		     uint64_t value, uint32_t *ret_value)
{
	if (offset > reg || reg - offset >= size)
		return false;
	*ret_value = (uint32_t)(value >> 8 * (reg - offset));
	return true;
}

int vmm_unit_words(struct vmm_guest *g, uint64_t gpa, uint64_t *words,
		   unsigned int count)
{
	const struct hw_env *env = &g->unit.env;
	unsigned int i;

	for (i = 0; i < count; i++)
		if (env->mem_load64(env->ctx, gpa + 8 * i, &words[i]))
			return -EFAULT;
	return 0;
}

static uint32_t unit_read32(void *dev, uint64_t offset)
{
	return (uint32_t)unit_read(dev, offset, 4);
}

static uint64_t unit_read64(void *dev, uint64_t offset)
{
	return unit_read(dev, offset, 8);
}

static void unit_write32(void *dev, uint64_t offset, uint32_t value)
{
	unit_write(dev, offset, 4, value);
}

static void unit_write64(void *dev, uint64_t offset, uint64_t value)
{
	unit_write(dev, offset, 8, value);
}

static const struct plat_mmio_ops unit_ops = {
	.read32 = unit_read32,
	.read64 = unit_read64,
	.write32 = unit_write32,
	.write64 = unit_write64,
};

struct plat_mmio vmm_unit_window(struct vmm_guest *g)
{
	return (struct plat_mmio){
		.ops = &unit_ops,
		.dev = g,
		.size = g->unit.hw->mmio_size,
	};
}

/*
 * The bus behind it. An emulated function is there; one of the host's has
 * forgotten already what the host was told to invalidate.
 */

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	struct vmm_guest *g = ctx;
	struct dsa_hw *hw = vmm_engine_hw(&g->engine);

	(void)cookie;
	if (inv->requester != VMM_GUEST_RID)
		return -ENODEV;
	return hw ? dsa_hw_ats_invalidate(hw, inv) : 0;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct vmm_guest *g = ctx;
	struct dsa_hw *hw = vmm_engine_hw(&g->engine);

	if (resp->requester != VMM_GUEST_RID)
		return;
	if (hw)
		dsa_hw_prg_response(hw, resp);
	else if (g->host_dev)
		vmm_request_answer(g, resp);
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	(void)ctx, (void)cookie, (void)how;
}

int vmm_unit_create(struct vmm_guest *g)
{
	const struct hw_bus bus = {
		.ctx = g,
		.ats_invalidate = bus_ats_invalidate,
		.prg_response = bus_prg_response,
		.resume = bus_resume,
	};
	struct vmm_unit *u = &g->unit;
	int err;

	vmm_plat_env(g, &u->env);
	err = u->vendor->create_hw(true, g->cfg.personality, g->host_plat,
				   &u->env, &bus, &u->mem, &u->hw);
	if (err)
		return err;
	pthread_mutex_init(&u->lock, NULL);
	return 0;
}

void vmm_unit_destroy(struct vmm_guest *g)
{
	struct vmm_unit *u = &g->unit;

	pthread_mutex_destroy(&u->lock);
	u->vendor->destroy_hw(u->hw);
	plat_free(g->host_plat, u->mem);
}
