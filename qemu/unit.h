/* SPDX-License-Identifier: MIT */
/*
 * An IOMMU model as a QEMU device: registers in the system's memory, an address
 * space for each function, and the way from its bus to the functions that have
 * translation caches. sva-smmuv3 and sva-vtd are of this kind.
 */
#ifndef SVA_QEMU_UNIT_H
#define SVA_QEMU_UNIT_H

#include "env.h"

#include "hw/pci/pci_device.h"
#include "hw/qdev-core.h"
#include "qom/object.h"

#define TYPE_SVA_UNIT "sva-iommu"

typedef struct SvaUnit SvaUnit;

/**
 * struct SvaEndpoint - a function with a translation cache of its own
 * @ats_invalidate, @prg_response: as in struct hw_bus, for this function.
 */
typedef struct SvaEndpoint {
	PCIDevice *pdev;
	void *ctx;
	int (*ats_invalidate)(void *ctx, const struct hw_ats_inv *inv);
	void (*prg_response)(void *ctx, const struct hw_prg_response *resp);
	struct SvaEndpoint *next;
} SvaEndpoint;

/**
 * struct SvaUnit - the common part
 * @base:        of its registers, a property.
 * @personality: "strict" or "eager", a property.
 * @queue_base:  what software has written to the base register.
 * @drop:        opcode of commands that are made to do nothing, a property; 0:
 *               none. @dropping: this one is. @dropped: how many.
 */
struct SvaUnit {
	DeviceState parent;
	MemoryRegion mmio;
	SvaEnv env;
	void *mem;
	struct iommu_hw *hw;
	GHashTable *spaces;
	SvaEndpoint *endpoints;
	uint64_t base;
	char *personality;
	uint64_t queue_base;
	uint32_t drop;
	bool dropping;
	uint64_t dropped;
};

/**
 * struct SvaUnitClass - what a kind of IOMMU adds
 * @create:  the model; sets @mem and @hw of the unit.
 * @connect: wires it up and tells the guest of it.
 * @base_register: where software puts the address of the command queue.
 * @base_mask: the address in it.
 * @queue_bytes, @command_bytes: of the queue and of a command, at most 32, from
 *           that register's value.
 * @opcode:  of a command, from its first word.
 * @no_op:   makes one that does nothing, of 32 bytes.
 */
typedef struct SvaUnitClass {
	DeviceClass parent;
	bool (*create)(SvaUnit *unit, const struct hw_env *env,
		       const struct hw_bus *bus,
		       enum hw_personality personality, Error **errp);
	bool (*connect)(SvaUnit *unit, PCIBus *root, Error **errp);
	uint64_t base_register;
	uint64_t base_mask;
	uint64_t (*queue_bytes)(uint64_t base);
	uint32_t (*command_bytes)(uint64_t base);
	uint32_t (*opcode)(const uint64_t *command);
	void (*no_op)(uint64_t *command);
} SvaUnitClass;

DECLARE_OBJ_CHECKERS(SvaUnit, SvaUnitClass, SVA_UNIT, TYPE_SVA_UNIT)

/* The unit in front of the machine's functions, or NULL with @errp set. */
SvaUnit *sva_unit_find(Error **errp);

/* With QEMU's lock; @ep is the caller's until removed. */
void sva_unit_add_endpoint(SvaUnit *unit, SvaEndpoint *ep);
void sva_unit_remove_endpoint(SvaUnit *unit, SvaEndpoint *ep);

void sva_unit_register(void);
void sva_dsa_register(void);
/* The IOMMUs of the emulator that this build is for. */
void sva_target_register(void);

#endif
