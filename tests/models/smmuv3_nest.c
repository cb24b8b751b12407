/* SPDX-License-Identifier: MIT */
#include "tests/models/smmuv3_nest.h"

void nest_cfg(struct smmuv3_hw_cfg *ret_cfg)
{
	smmuv3_hw_cfg_default(ret_cfg);
	/* S2P, VMW, VMID16; FWB, XNX */
	ret_cfg->idr[0] |= 1 | 1 << 17 | 1 << 18;
	ret_cfg->idr[3] |= 1 << 8 | 1 << 4;
}

uint64_t nest_tree2(struct fx *fx)
{
	uint64_t tree = fx_table(fx);

	fx_put(fx, tree, fx_table(fx) | 3);
	return tree;
}

uint64_t nest_base2(struct fx *fx, uint64_t tree)
{
	return fx_get(fx, tree) & UINT64_C(0xfffffffff000);
}

void nest_identity(struct fx *fx, uint64_t tree, uint64_t pa, uint64_t pte)
{
	pa &= ~UINT64_C(0xfff);
	fx_map(fx, tree, pa, pa | pte, 3);
}

void nest_ste(struct fx *fx, uint32_t sid, uint64_t dw0, uint64_t dw1,
	      uint64_t dw2, uint64_t tree)
{
	uint64_t pa = fx->strtab + sid * 64;

	fx_put(fx, pa + 16, STE2_BASIC | dw2);
	fx_put(fx, pa + 24, tree ? nest_base2(fx, tree) : 0);
	fx_ste(fx, sid, STE_V | dw0, dw1);
}
