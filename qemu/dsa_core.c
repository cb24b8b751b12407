/* SPDX-License-Identifier: MIT */
#include "qemu/osdep.h"
#include "dsa.h"

#include "qapi/error.h"
#include "qemu/memalign.h"
#include "qemu/rcu.h"

/* Engines */

static void engine_wake(void *ctx, unsigned int index)
{
	SvaDsaCore *d = ctx;

	qemu_event_set(&d->engines[index].work);
}

static void *engine_main(void *opaque)
{
	SvaEngine *e = opaque;

	rcu_register_thread();
	while (!qatomic_load_acquire(&e->dsa->stop)) {
		qemu_event_reset(&e->work);
		if (dsa_hw_step(e->dsa->hw, e->index) != DSA_HW_MORE &&
		    !qatomic_load_acquire(&e->dsa->stop))
			qemu_event_wait(&e->work);
	}
	rcu_unregister_thread();
	return NULL;
}

static void start_engines(SvaDsaCore *d)
{
	unsigned int i;

	for (i = 0; i < d->engine_count; i++) {
		SvaEngine *e = &d->engines[i];
		g_autofree char *name = g_strdup_printf("sva-dsa/%u", i);

		e->dsa = d;
		e->index = i;
		qemu_thread_create(&e->thread, name, engine_main, e,
				   QEMU_THREAD_JOINABLE);
	}
}

static void stop_engines(SvaDsaCore *d)
{
	unsigned int i;

	qatomic_store_release(&d->stop, true);
	for (i = 0; i < d->engine_count; i++) {
		qemu_event_set(&d->engines[i].work);
		qemu_thread_join(&d->engines[i].thread);
		qemu_event_destroy(&d->engines[i].work);
	}
}

/* Registers and portals */

static uint64_t regs_read(void *opaque, hwaddr offset, unsigned int size)
{
	SvaDsaCore *d = opaque;

	return dsa_hw_mmio_read(d->hw, offset, size);
}

static void regs_write(void *opaque, hwaddr offset, uint64_t value,
		       unsigned int size)
{
	SvaDsaCore *d = opaque;

	dsa_hw_mmio_write(d->hw, offset, size, value);
}

static const MemoryRegionOps regs_ops = {
	.read = regs_read,
	.write = regs_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 8 },
	.impl = { .min_access_size = 4, .max_access_size = 8 },
};

static uint64_t portal_read(void *opaque, hwaddr offset, unsigned int size)
{
	return UINT64_MAX;
}

/*
 * Pieces of one descriptor, in any order, make a posted 64-byte write when the
 * last of them is there. Those of another place do not mix with them, so that
 * processes and threads may be at it together, each at its own place. Under
 * QEMU's lock.
 */
static void portal_write(void *opaque, hwaddr offset, uint64_t value,
			 unsigned int size)
{
	SvaDsaCore *d = opaque;
	SvaSlot *slot = &d->slots[offset / PORTAL_BYTES];
	unsigned int at = offset % PORTAL_BYTES;

	stn_le_p(slot->data + at, (int)size, value);
	slot->have |= MAKE_64BIT_MASK(at, size);
	if (slot->have != UINT64_MAX)
		return;
	slot->have = 0;
	/* Posted: nobody hears what became of it. */
	(void)!dsa_hw_portal_write(d->hw, offset - at, slot->data, false);
}

static const MemoryRegionOps portal_ops = {
	.read = portal_read,
	.write = portal_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 4, .max_access_size = 8 },
	.impl = { .min_access_size = 4, .max_access_size = 8 },
};

bool sva_dsa_create(SvaDsaCore *d, Object *owner, const char *type,
		    AddressSpace *msi_as, struct dsa_hw_cfg *cfg, Error **errp)
{
	const struct dsa_hw_host host = { .ctx = d, .wake = engine_wake };
	struct hw_env env;
	unsigned int i;
	size_t size;

	sva_env_init(&d->env, type, msi_as, &env);
	cfg->engines = d->engine_count;
	cfg->personality = d->personality && !strcmp(d->personality, "eager") ?
				   HW_EAGER :
				   HW_STRICT;
	size = dsa_hw_size(cfg);
	if (!size)
		goto err;
	for (i = 0; i < DSA_HW_MAX_ENGINES; i++)
		qemu_event_init(&d->engines[i].work, false);
	d->mem = qemu_memalign(64, size);
	memset(d->mem, 0, size);
	if (dsa_hw_create(cfg, &env, &host, d->unit->hw, d->mem, size, &d->hw))
		goto err_mem;
	memory_region_init_io(&d->regs, owner, &regs_ops, d, "sva-dsa-regs",
			      dsa_hw_bar0_size(d->hw));
	memory_region_init_io(&d->portals, owner, &portal_ops, d,
			      "sva-dsa-portals", dsa_hw_bar2_size(d->hw));
	d->slot_count = dsa_hw_bar2_size(d->hw) / PORTAL_BYTES;
	d->slots = g_new0(SvaSlot, d->slot_count);
	return true;

err_mem:
	qemu_vfree(d->mem);
err:
	error_setg(errp, "%s: engines=%u: 1 to %u", type, d->engine_count,
		   DSA_HW_MAX_ENGINES);
	return false;
}

void sva_dsa_start(SvaDsaCore *d)
{
	sva_unit_add_endpoint(d->unit, &d->endpoint);
	start_engines(d);
}

void sva_dsa_destroy(SvaDsaCore *d)
{
	stop_engines(d);
	sva_unit_remove_endpoint(d->unit, &d->endpoint);
	dsa_hw_destroy(d->hw);
	qemu_vfree(d->mem);
	g_free(d->slots);
}

void sva_dsa_reset(SvaDsaCore *d)
{
	dsa_hw_reset(d->hw);
	memset(d->slots, 0, d->slot_count * sizeof(*d->slots));
}

char *sva_dsa_stats(const SvaDsaCore *d)
{
	struct dsa_hw_stats s = { 0 };

	if (d->hw)
		dsa_hw_stats(d->hw, &s);
	return g_strdup_printf(
		"{\"descriptors\": %" PRIu64 ", \"bytes\": %" PRIu64
		", \"ats_requests\": %" PRIu64
		", \"atc_invalidations\": %" PRIu64
		", \"page_requests\": %" PRIu64 ", \"page_groups\": %" PRIu64
		", \"page_responses\": %" PRIu64 ", \"interrupts\": %" PRIu64
		", \"stalls\": %" PRIu64 ", \"resumes\": %" PRIu64 "}",
		s.descriptors, s.bytes, s.ats_requests, s.atc_invalidations,
		s.page_requests, s.page_groups, s.page_responses, s.interrupts,
		s.stalls, s.resumes);
}
