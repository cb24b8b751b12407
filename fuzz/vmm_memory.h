/* SPDX-License-Identifier: MIT */
/* The platform's share of memory: callbacks, and what there is. */
#ifndef FUZZ_VMM_MEMORY_H
#define FUZZ_VMM_MEMORY_H

#include "fuzz/vmm_plat.h"

extern struct plat_live plat_live_now;

void plat_memory_init(void);

void *plat_op_zalloc(void *ctx, size_t size);
void plat_op_free(void *ctx, void *mem);
void *plat_op_pages_alloc(void *ctx, size_t size);
void plat_op_pages_free(void *ctx, void *pages, size_t size);
uint64_t plat_op_virt_to_phys(void *ctx, const void *va);
void *plat_op_phys_to_virt(void *ctx, uint64_t pa);

#endif
