/* SPDX-License-Identifier: MIT */
/* Per thread; by itself, as a simulation's threads are not the system's. */
#include "vmm/vmm.h"

struct vmm_held *vmm_held(void)
{
	static _Thread_local struct vmm_held held;

	return &held;
}
