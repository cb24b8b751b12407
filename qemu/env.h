/* SPDX-License-Identifier: MIT */
/*
 * QEMU's side of struct hw_env: guest memory, messages, wires, locks.
 */
#ifndef SVA_QEMU_ENV_H
#define SVA_QEMU_ENV_H

#include "qemu/osdep.h"
#if __has_include("system/memory.h")
#include "system/address-spaces.h"
#include "system/memory.h"
#else
#include "exec/address-spaces.h"
#include "exec/memory.h"
#endif
#include "hw/irq.h"

#include <sva/model.h>

#define SVA_ENV_WIRES 8

/* What initializers of classes get; QEMU has it const since 10.1. */
#if __has_include("system/memory.h")
typedef const void SvaClassData;
#else
typedef void SvaClassData;
#endif

/**
 * struct SvaEnv - what one model's surroundings are made of
 * @name:    for the log.
 * @msi_as:  where its messages go: the system's memory for an IOMMU, a
 *           function's own address space for a function.
 * @wires:   level-less interrupt lines, pulsed; NULL for those not connected.
 * @inject:  what is to go wrong; NULL: nothing.
 */
typedef struct SvaEnv {
	const char *name;
	AddressSpace *msi_as;
	qemu_irq wires[SVA_ENV_WIRES];
	struct SvaInject *inject;
} SvaEnv;

/*
 * Tables and queues have to be in RAM: anything else is an external abort, as
 * a device's registers would take QEMU's lock inside the model's.
 *
 * A message to RAM is written at once; one to an interrupt controller at once
 * if the caller has QEMU's lock, else from the main loop.
 */
void sva_env_init(SvaEnv *env, const char *name, AddressSpace *msi_as,
		  struct hw_env *ret_env);

#endif
