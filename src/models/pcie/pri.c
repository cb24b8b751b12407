/* SPDX-License-Identifier: MIT */
/*
 * The page request interface: which groups are on their way, how many requests
 * more may be, and what an answer does. PCIe 10.4 and 10.5.2.
 */
#include "models/pcie/pcie.h"

#include "base/errno.h"
#include "base/string.h"

static bool pcie_hw_pri_enabled(const struct pcie_hw *hw)
{
	struct pcie_hw_state state;

	pcie_hw_state(hw, &state);
	return state.pri;
}

/* Stopped: off, and everything that was sent has been answered. */
void pcie_hw_pri_update(struct pcie_hw *hw)
{
	uint32_t status;

	if (!hw->pri)
		return;
	status = pcie_hw_get(hw, hw->pri + PCIE_PRI_STATUS, 2);
	status =
		(uint32_t)REG_PUT(PCIE_PRI_STATUS_STOPPED, status,
				  !pcie_hw_pri_enabled(hw) && !hw->outstanding);
	pcie_hw_put(hw, hw->pri + PCIE_PRI_STATUS, 2, status);
}

static void pcie_hw_pri_flag(struct pcie_hw *hw, uint64_t bits)
{
	uint32_t status = pcie_hw_get(hw, hw->pri + PCIE_PRI_STATUS, 2);

	pcie_hw_put(hw, hw->pri + PCIE_PRI_STATUS, 2, status | (uint32_t)bits);
}

/* The index goes on: one that was just forgotten is not used next. */
void pcie_hw_pri_forget(struct pcie_hw *hw)
{
	memset(hw->prgs, 0, sizeof(hw->prgs));
	hw->outstanding = 0;
	pcie_hw_pri_update(hw);
}

uint32_t pcie_hw_pri_allocation(const struct pcie_hw *hw)
{
	uint32_t n;

	if (!hw->pri)
		return 0;
	n = pcie_hw_get(hw, hw->pri + PCIE_PRI_ALLOCATION, 4);
	return n < hw->cfg.outstanding ? n : hw->cfg.outstanding;
}

int pcie_hw_pri_begin(struct pcie_hw *hw, unsigned int pages, bool pasid_valid,
		      ioasid_t pasid, uint8_t owner, uint16_t *ret_prgi,
		      unsigned int *ret_pages)
{
	uint32_t allowed = pcie_hw_pri_allocation(hw);
	unsigned int i, prgi;

	if (!hw->pri || !pcie_hw_pri_enabled(hw) || !allowed)
		return -EPERM;
	if (hw->outstanding >= allowed)
		return -EAGAIN;
	if (pages > allowed - hw->outstanding)
		pages = allowed - hw->outstanding;

	for (i = 0; i < PCIE_HW_PRGS; i++) {
		prgi = (hw->prg_next + i) % PCIE_HW_PRGS;
		if (!hw->prgs[prgi].pages)
			break;
	}
	if (i == PCIE_HW_PRGS)
		return -EAGAIN;

	hw->prg_next = (prgi + 1) % PCIE_HW_PRGS;
	hw->prgs[prgi] = (struct pcie_hw_prg){
		.pages = (uint8_t)pages,
		.owner = owner,
		.pasid_valid = pasid_valid,
		.pasid = pasid,
	};
	hw->outstanding += pages;
	*ret_prgi = (uint16_t)prgi;
	*ret_pages = pages;
	return 0;
}

void pcie_hw_pri_abandon(struct pcie_hw *hw, uint16_t prgi)
{
	if (prgi < PCIE_HW_PRGS)
		hw->prgs[prgi].owner = PCIE_HW_NO_OWNER;
}

/* The status register says that answers carry the PASID of their request. */
static bool pcie_hw_pri_expected(const struct pcie_hw *hw,
				 const struct hw_prg_response *resp)
{
	const struct pcie_hw_prg *prg;

	if (!hw->pri || resp->prgi >= PCIE_HW_PRGS)
		return false;
	prg = &hw->prgs[resp->prgi];
	return prg->pages && prg->pasid_valid == resp->pasid_valid &&
	       (!prg->pasid_valid || prg->pasid == resp->pasid);
}

int pcie_hw_pri_response(struct pcie_hw *hw, const struct hw_prg_response *resp,
			 uint8_t *ret_owner)
{
	struct pcie_hw_prg *prg;
	uint32_t ctrl;

	if (!hw->pri)
		return -ENOENT;
	if (!pcie_hw_pri_expected(hw, resp)) {
		pcie_hw_pri_flag(hw, REG_CONST(PCIE_PRI_STATUS_UPRGI, 1));
		return -ENOENT;
	}

	prg = &hw->prgs[resp->prgi];
	*ret_owner = prg->owner;
	hw->outstanding -= prg->pages;
	prg->pages = 0;
	if (resp->code != HW_PRG_SUCCESS && resp->code != HW_PRG_INVALID) {
		ctrl = pcie_hw_get(hw, hw->pri + PCIE_PRI_CTRL, 2);
		pcie_hw_put(hw, hw->pri + PCIE_PRI_CTRL, 2,
			    (uint32_t)REG_PUT(PCIE_PRI_CTRL_ENABLE, ctrl, 0));
		pcie_hw_pri_flag(hw, REG_CONST(PCIE_PRI_STATUS_RF, 1));
		pcie_hw_pri_forget(hw);
	}
	pcie_hw_pri_update(hw);
	return 0;
}

bool pcie_hw_pri_waits(const struct pcie_hw *hw, bool any, ioasid_t pasid)
{
	unsigned int i;

	if (any || !hw->outstanding)
		return hw->outstanding;
	for (i = 0; i < PCIE_HW_PRGS; i++) {
		if (hw->prgs[i].pages && hw->prgs[i].pasid_valid &&
		    hw->prgs[i].pasid == pasid)
			return true;
	}
	return false;
}
