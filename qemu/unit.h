/* SPDX-License-Identifier: MIT */
/*
 * An IOMMU model as a QEMU device: registers in the system's memory, an address
 * space for each function, and the way from its bus to the functions that have
 * translation caches. sva-smmuv3 and sva-vtd are of this kind.
 */
#ifndef SVA_QEMU_UNIT_H
#define SVA_QEMU_UNIT_H

#include "env.h"
#include "inject.h"

#include "hw/pci/pci_device.h"
#include "hw/qdev-core.h"
#include "qom/object.h"

#define TYPE_SVA_UNIT "sva-iommu"

typedef struct SvaUnit SvaUnit;

/**
 * struct SvaEndpoint - a function with a translation cache of its own, or a
 *                      device that stalls
 * @pdev:    the function, or NULL.
 * @ats_invalidate, @prg_response: as in struct hw_bus, for this function.
 * @resume:  as there, of all stalls; NULL: never stalls.
 */
typedef struct SvaEndpoint {
	PCIDevice *pdev;
	void *ctx;
	int (*ats_invalidate)(void *ctx, const struct hw_ats_inv *inv);
	void (*prg_response)(void *ctx, const struct hw_prg_response *resp);
	void (*resume)(void *ctx, uint64_t cookie, enum hw_resume how);
	struct SvaEndpoint *next;
} SvaEndpoint;

/**
 * struct SvaSpace - memory as a function sees it
 * @root:  everything; @iommu: of it, what the unit translates; @msi: of it,
 *         what the kind of unit puts in front, if anything.
 * @bus:   NULL: not a PCI function.
 */
typedef struct SvaSpace {
	MemoryRegion root;
	IOMMUMemoryRegion iommu;
	MemoryRegion msi;
	AddressSpace as;
	SvaUnit *unit;
	PCIBus *bus;
	int devfn;
} SvaSpace;

/**
 * struct SvaUnit - the common part
 * @base:        of its registers, a property.
 * @personality: "strict" or "eager", a property.
 * @inject:      what goes wrong on purpose.
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
	SvaInject inject;
};

/**
 * struct SvaUnitClass - what a kind of IOMMU adds
 * @create:  the model; sets @mem and @hw of the unit.
 * @connect: wires it up and tells the guest of it.
 * @space_init: adds to a function's address space; may be NULL.
 * @fail:    makes the unit find that it cannot go on; NULL: none does.
 * @get_id, @set_id: an identification register, by the number it has in the
 *           kind's list of fields. Set before @create only.
 */
typedef struct SvaUnitClass {
	DeviceClass parent;
	bool (*create)(SvaUnit *unit, const struct hw_env *env,
		       const struct hw_bus *bus,
		       enum hw_personality personality, Error **errp);
	bool (*connect)(SvaUnit *unit, PCIBus *root, Error **errp);
	void (*space_init)(SvaUnit *unit, SvaSpace *space, const char *name);
	void (*fail)(SvaUnit *unit);
	uint64_t (*get_id)(const SvaUnit *unit, unsigned int reg);
	void (*set_id)(SvaUnit *unit, unsigned int reg, uint64_t value);
} SvaUnitClass;

DECLARE_OBJ_CHECKERS(SvaUnit, SvaUnitClass, SVA_UNIT, TYPE_SVA_UNIT)

/* The unit in front of the machine's functions, or NULL with @errp set. */
SvaUnit *sva_unit_find(Error **errp);

/* Where the transactions of this thread enter the unit. */
struct hw_port *sva_unit_port(SvaUnit *unit);

/* With QEMU's lock; @ep is the caller's until removed. */
void sva_unit_add_endpoint(SvaUnit *unit, SvaEndpoint *ep);
void sva_unit_remove_endpoint(SvaUnit *unit, SvaEndpoint *ep);

/* An address space for whatever is not a PCI function, or a function. */
void sva_unit_add_space(SvaUnit *unit, SvaSpace *space, PCIBus *bus, int devfn,
			const char *name);

/* Properties for all fields of the kind's identification registers. */
void sva_unit_add_id_properties(ObjectClass *klass);

void sva_unit_register(void);
void sva_dsa_register(void);
void sva_dsa_platform_register(void);
/* The IOMMUs of the emulator that this build is for. */
void sva_target_register(void);

#endif
