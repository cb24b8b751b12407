/* SPDX-License-Identifier: MIT */
/*
 * What sva-dsa and sva-dsa-platform have in common: the model, a thread for
 * each engine, registers and portals.
 */
#ifndef SVA_QEMU_DSA_H
#define SVA_QEMU_DSA_H

#include "unit.h"

#include "qemu/thread.h"

#include <sva/dsa_hw.h>

#define PORTAL_BYTES 64u

typedef struct SvaDsaCore SvaDsaCore;

typedef struct SvaEngine {
	SvaDsaCore *dsa;
	unsigned int index;
	QemuThread thread;
	QemuEvent work;
} SvaEngine;

/**
 * struct SvaSlot - a 64-byte write from a CPU that has no such instruction
 * @data: in pieces; @have: which bytes have come.
 */
typedef struct SvaSlot {
	uint8_t data[PORTAL_BYTES];
	uint64_t have;
} SvaSlot;

/**
 * struct SvaDsaCore - one accelerator
 * @unit:    the IOMMU in front; @endpoint: what it knows of this device. Both
 *           are set by whoever has it, before sva_dsa_create() and
 *           sva_dsa_start().
 * @slots:   one for each 64 bytes of the portals.
 * @engine_count, @personality: properties.
 */
struct SvaDsaCore {
	SvaEnv env;
	SvaUnit *unit;
	SvaEndpoint endpoint;
	void *mem;
	struct dsa_hw *hw;
	MemoryRegion regs;
	MemoryRegion portals;
	SvaSlot *slots;
	size_t slot_count;
	uint32_t engine_count;
	char *personality;
	bool stop;
	SvaEngine engines[DSA_HW_MAX_ENGINES];
};

/* The model and its two regions, which nobody maps yet. */
bool sva_dsa_create(SvaDsaCore *d, Object *owner, const char *type,
		    AddressSpace *msi_as, struct dsa_hw_cfg *cfg, Error **errp);
void sva_dsa_start(SvaDsaCore *d);
void sva_dsa_destroy(SvaDsaCore *d);
void sva_dsa_reset(SvaDsaCore *d);

/* JSON, g_free()d by the caller. */
char *sva_dsa_stats(const SvaDsaCore *d);

#endif
