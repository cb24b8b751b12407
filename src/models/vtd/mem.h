/* SPDX-License-Identifier: MIT */
/* Structures in memory that software changes 16 bytes at a time. */
#ifndef HW_VTD_MEM_H
#define HW_VTD_MEM_H

#include "models/vtd/state.h"

/* Memory that changes under a read more often is as good as not there. */
enum { VTD_HW_LOAD_TRIES = 64 };

/*
 * 16 bytes that were there at one time (5.1.4 for IRTEs; 6.2.2.1 and 6.2.3.1
 * have software count on it), of 64-bit loads: the first word is the same
 * before and after the second is read.
 */
static inline int vtd_hw_load128(struct vtd_hw *m, uint64_t pa, uint64_t dw[2])
{
	unsigned int tries;
	uint64_t again;

	if (m->env.mem_load64(m->env.ctx, pa, &dw[0]))
		return -EFAULT;
	for (tries = 0; tries < VTD_HW_LOAD_TRIES; tries++) {
		if (m->env.mem_load64(m->env.ctx, pa + 8, &dw[1]) ||
		    m->env.mem_load64(m->env.ctx, pa, &again))
			return -EFAULT;
		if (again == dw[0])
			return 0;
		dw[0] = again;
	}
	return -EFAULT;
}

#endif
