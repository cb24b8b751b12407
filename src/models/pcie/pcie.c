/* SPDX-License-Identifier: MIT */
/*
 * Configuration space: an image, and beside it which bits software may write
 * or clear. What a write means is looked at after it has been applied.
 */
#include "models/pcie/pcie.h"

#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"

uint32_t pcie_hw_get(const struct pcie_hw *hw, unsigned int offset,
		     unsigned int size)
{
	uint32_t v = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		v |= (uint32_t)hw->space[offset + i] << (8 * i);
	return v;
}

void pcie_hw_put(struct pcie_hw *hw, unsigned int offset, unsigned int size,
		 uint32_t value)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		hw->space[offset + i] = (uint8_t)(value >> (8 * i));
}

static void pcie_hw_allow(uint8_t *mask, unsigned int offset, unsigned int size,
			  uint32_t bits)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		mask[offset + i] = (uint8_t)(bits >> (8 * i));
}

static void pcie_hw_header(struct pcie_hw *hw)
{
	const struct pcie_hw_cfg *cfg = &hw->cfg;
	unsigned int i;

	pcie_hw_put(hw, PCIE_CFG_VENDOR, 2, cfg->vendor);
	pcie_hw_put(hw, PCIE_CFG_DEVICE, 2, cfg->device);
	pcie_hw_put(hw, PCIE_CFG_STATUS, 2,
		    (uint32_t)REG_CONST(PCIE_STATUS_CAP_LIST, 1));
	pcie_hw_put(hw, PCIE_CFG_CLASS, 4,
		    cfg->class_code << 8 | cfg->revision);
	pcie_hw_put(hw, PCIE_CFG_SUBSYSTEM_VENDOR, 2, cfg->vendor);
	pcie_hw_allow(hw->writable, PCIE_CFG_COMMAND, 2,
		      (uint32_t)(REG_CONST(PCIE_COMMAND_MEMORY, 1) |
				 REG_CONST(PCIE_COMMAND_BUS_MASTER, 1) |
				 REG_CONST(PCIE_COMMAND_PARITY, 1) |
				 REG_CONST(PCIE_COMMAND_SERR, 1) |
				 REG_CONST(PCIE_COMMAND_INTX_DISABLE, 1)));
	pcie_hw_allow(hw->clears, PCIE_CFG_STATUS, 2,
		      (uint32_t)(REG_CONST(PCIE_STATUS_MASTER_PARITY, 1) |
				 REG_CONST(PCIE_STATUS_SENT_CA, 1) |
				 REG_CONST(PCIE_STATUS_RECEIVED_CA, 1) |
				 REG_CONST(PCIE_STATUS_RECEIVED_UR, 1) |
				 REG_CONST(PCIE_STATUS_SERR, 1) |
				 REG_CONST(PCIE_STATUS_PARITY, 1)));
	pcie_hw_allow(hw->writable, PCIE_CFG_CACHE_LINE_SIZE, 1, 0xff);
	pcie_hw_allow(hw->writable, PCIE_CFG_INTERRUPT_LINE, 1, 0xff);

	for (i = 0; i < 3; i++) {
		unsigned int bar = PCIE_CFG_BAR0 + 8 * i;
		uint64_t size = cfg->bar_size[i];

		if (!size)
			continue;
		pcie_hw_put(
			hw, bar, 4,
			(uint32_t)(REG_CONST(PCIE_BAR_TYPE, PCIE_BAR_TYPE_64) |
				   REG_CONST(PCIE_BAR_PREFETCH, 1)));
		pcie_hw_allow(hw->writable, bar, 4, (uint32_t)-size);
		pcie_hw_allow(hw->writable, bar + 4, 4,
			      (uint32_t)(-size >> 32));
	}
}

/* PCIe 7.5.3, version 2; a root complex integrated endpoint has no link. */
static void pcie_hw_cap_exp(struct pcie_hw *hw)
{
	unsigned int at = hw->exp;

	pcie_hw_put(hw, at + PCIE_EXP_FLAGS, 2,
		    (uint32_t)(REG_CONST(PCIE_EXP_FLAGS_VERSION, 2) |
			       REG_CONST(PCIE_EXP_FLAGS_TYPE,
					 PCIE_PORT_TYPE_RC_ENDPOINT)));
	pcie_hw_put(hw, at + PCIE_EXP_DEVCAP, 4,
		    (uint32_t)(REG_CONST(PCIE_EXP_DEVCAP_RBER, 1) |
			       REG_CONST(PCIE_EXP_DEVCAP_FLR, 1) |
			       REG_CONST(PCIE_EXP_DEVCAP_EXT_TAG, 1)));
	pcie_hw_put(hw, at + PCIE_EXP_DEVCAP2, 4,
		    (uint32_t)(REG_CONST(PCIE_EXP_DEVCAP2_EXT_FMT, 1) |
			       REG_CONST(PCIE_EXP_DEVCAP2_EE_PREFIX, 1) |
			       REG_CONST(PCIE_EXP_DEVCAP2_DMWR, 1)));
	pcie_hw_put(hw, at + PCIE_EXP_DEVCTL, 2,
		    (uint32_t)REG_CONST(PCIE_EXP_DEVCTL_MAX_READ, 2));
	pcie_hw_allow(hw->writable, at + PCIE_EXP_DEVCTL, 2,
		      (uint32_t)FIELD_DEFINED(PCIE_EXP_DEVCTL_FIELDS, 0));
	pcie_hw_allow(hw->clears, at + PCIE_EXP_DEVSTA, 2, 0xf);
	pcie_hw_allow(hw->writable, at + PCIE_EXP_DEVCTL2, 2,
		      (uint32_t)REG_CONST(PCIE_EXP_DEVCTL2_TAG10, 1));
}

static void pcie_hw_cap_msix(struct pcie_hw *hw)
{
	const struct pcie_hw_cfg *cfg = &hw->cfg;
	unsigned int at = hw->msix;

	pcie_hw_put(hw, at + PCIE_MSIX_CTRL, 2, cfg->msix_vectors - 1);
	pcie_hw_put(hw, at + PCIE_MSIX_TABLE, 4,
		    cfg->msix_table | cfg->msix_bir);
	pcie_hw_put(hw, at + PCIE_MSIX_PBA, 4, cfg->msix_pba | cfg->msix_bir);
	pcie_hw_allow(hw->writable, at + PCIE_MSIX_CTRL, 2,
		      (uint32_t)(REG_CONST(PCIE_MSIX_CTRL_ENABLE, 1) |
				 REG_CONST(PCIE_MSIX_CTRL_MASK_ALL, 1)));
}

static void pcie_hw_cap_pasid(struct pcie_hw *hw)
{
	const struct pcie_hw_cfg *cfg = &hw->cfg;
	uint64_t cap = REG_PUT(PCIE_PASID_CAP_WIDTH, 0, cfg->pasid_bits);
	uint64_t ctrl = REG_CONST(PCIE_PASID_CTRL_ENABLE, 1);

	if (cfg->pasid_priv) {
		cap |= REG_CONST(PCIE_PASID_CAP_PRIV, 1);
		ctrl |= REG_CONST(PCIE_PASID_CTRL_PRIV, 1);
	}
	pcie_hw_put(hw, hw->pasid + PCIE_PASID_CAP, 2, (uint32_t)cap);
	pcie_hw_allow(hw->writable, hw->pasid + PCIE_PASID_CTRL, 2,
		      (uint32_t)ctrl);
}

/* Queue depth 0 stands for 32: invalidations are never refused. */
static void pcie_hw_cap_ats(struct pcie_hw *hw)
{
	pcie_hw_put(hw, hw->ats + PCIE_ATS_CAP, 2,
		    (uint32_t)(REG_CONST(PCIE_ATS_CAP_PAGE_ALIGNED, 1) |
			       REG_CONST(PCIE_ATS_CAP_GLOBAL_INV, 1)));
	pcie_hw_allow(hw->writable, hw->ats + PCIE_ATS_CTRL, 2,
		      (uint32_t)FIELD_DEFINED(PCIE_ATS_CTRL_FIELDS, 0));
}

static void pcie_hw_cap_pri(struct pcie_hw *hw)
{
	unsigned int at = hw->pri;

	pcie_hw_put(hw, at + PCIE_PRI_STATUS, 2,
		    (uint32_t)(REG_CONST(PCIE_PRI_STATUS_STOPPED, 1) |
			       REG_CONST(PCIE_PRI_STATUS_PASID, 1)));
	pcie_hw_put(hw, at + PCIE_PRI_CAPACITY, 4, hw->cfg.outstanding);
	pcie_hw_allow(hw->writable, at + PCIE_PRI_CTRL, 2,
		      (uint32_t)FIELD_DEFINED(PCIE_PRI_CTRL_FIELDS, 0));
	pcie_hw_allow(hw->clears, at + PCIE_PRI_STATUS, 2,
		      (uint32_t)(REG_CONST(PCIE_PRI_STATUS_RF, 1) |
				 REG_CONST(PCIE_PRI_STATUS_UPRGI, 1)));
	pcie_hw_allow(hw->writable, at + PCIE_PRI_ALLOCATION, 4, UINT32_MAX);
}

/* Places of the capabilities; each list ends with a link to 0. */
static unsigned int pcie_hw_ext(struct pcie_hw *hw, unsigned int *at,
				unsigned int id, unsigned int size)
{
	unsigned int here = *at;

	if (here != PCIE_CFG_EXT_CAPS) {
		unsigned int prev = PCIE_CFG_EXT_CAPS;
		uint32_t head = pcie_hw_get(hw, prev, 4);

		while (REG_GET(PCIE_EXT_CAP_NEXT, head)) {
			prev = (unsigned int)REG_GET(PCIE_EXT_CAP_NEXT, head);
			head = pcie_hw_get(hw, prev, 4);
		}
		pcie_hw_put(hw, prev, 4,
			    (uint32_t)REG_PUT(PCIE_EXT_CAP_NEXT, head, here));
	}
	pcie_hw_put(hw, here, 4,
		    (uint32_t)(REG_PUT(PCIE_EXT_CAP_ID, 0, id) |
			       REG_CONST(PCIE_EXT_CAP_VERSION, 1)));
	*at = here + ((size + 15) & ~15u);
	return here;
}

static void pcie_hw_build(struct pcie_hw *hw)
{
	const struct pcie_hw_cfg *cfg = &hw->cfg;
	unsigned int at = PCIE_CFG_EXT_CAPS;

	memset(hw->space, 0, sizeof(hw->space));
	memset(hw->writable, 0, sizeof(hw->writable));
	memset(hw->clears, 0, sizeof(hw->clears));
	pcie_hw_header(hw);

	hw->exp = PCIE_CFG_HEADER_SIZE;
	hw->msix = hw->exp + PCIE_EXP_SIZE;
	pcie_hw_put(hw, PCIE_CFG_CAP_POINTER, 1, hw->exp);
	pcie_hw_put(hw, hw->exp, 2, PCIE_CAP_ID_EXP | hw->msix << 8);
	pcie_hw_put(hw, hw->msix, 2, PCIE_CAP_ID_MSIX);
	pcie_hw_cap_exp(hw);
	pcie_hw_cap_msix(hw);

	if (cfg->pasid_bits) {
		hw->pasid = pcie_hw_ext(hw, &at, PCIE_EXT_CAP_ID_PASID,
					PCIE_PASID_SIZE);
		pcie_hw_cap_pasid(hw);
	}
	if (cfg->ats) {
		hw->ats = pcie_hw_ext(hw, &at, PCIE_EXT_CAP_ID_ATS,
				      PCIE_ATS_SIZE);
		pcie_hw_cap_ats(hw);
	}
	if (cfg->pri) {
		hw->pri = pcie_hw_ext(hw, &at, PCIE_EXT_CAP_ID_PRI,
				      PCIE_PRI_SIZE);
		pcie_hw_cap_pri(hw);
	}
}

int pcie_hw_init(struct pcie_hw *hw, const struct pcie_hw_cfg *cfg,
		 const struct pcie_hw_ops *ops, void *ctx,
		 const struct hw_env *env)
{
	unsigned int i;

	if (!cfg->msix_vectors || cfg->msix_vectors > PCIE_HW_MAX_VECTORS ||
	    cfg->msix_bir > 4 || cfg->msix_bir % 2 ||
	    !is_aligned(cfg->msix_table | cfg->msix_pba, 8) ||
	    cfg->pasid_bits > PCIE_PASID_BITS || (cfg->pri && !cfg->ats) ||
	    (cfg->pri && !cfg->outstanding))
		return -EINVAL;
	for (i = 0; i < 3; i++) {
		uint64_t size = cfg->bar_size[i];

		if (size && (!is_pow2(size) || size < 16))
			return -EINVAL;
	}

	memset(hw, 0, sizeof(*hw));
	hw->cfg = *cfg;
	hw->ops = ops;
	hw->ctx = ctx;
	hw->env = env;
	pcie_hw_reset(hw);
	return 0;
}

void pcie_hw_reset(struct pcie_hw *hw)
{
	pcie_hw_build(hw);
	pcie_hw_msix_reset(hw);
	pcie_hw_pri_forget(hw);
}

static bool pcie_hw_cfg_valid(unsigned int offset, unsigned int size)
{
	return (size == 1 || size == 2 || size == 4) && !(offset % size) &&
	       offset < PCIE_CFG_SIZE;
}

uint32_t pcie_hw_cfg_read(const struct pcie_hw *hw, unsigned int offset,
			  unsigned int size)
{
	if (!pcie_hw_cfg_valid(offset, size))
		return UINT32_MAX;
	return pcie_hw_get(hw, offset, size);
}

void pcie_hw_state(const struct pcie_hw *hw, struct pcie_hw_state *ret_state)
{
	uint32_t command = pcie_hw_get(hw, PCIE_CFG_COMMAND, 2);
	uint32_t pasid = 0, ats = 0, pri = 0;

	if (hw->pasid)
		pasid = pcie_hw_get(hw, hw->pasid + PCIE_PASID_CTRL, 2);
	if (hw->ats)
		ats = pcie_hw_get(hw, hw->ats + PCIE_ATS_CTRL, 2);
	if (hw->pri)
		pri = pcie_hw_get(hw, hw->pri + PCIE_PRI_CTRL, 2);
	ret_state->bus_master = REG_GET(PCIE_COMMAND_BUS_MASTER, command);
	ret_state->pasid = REG_GET(PCIE_PASID_CTRL_ENABLE, pasid);
	ret_state->pasid_priv = ret_state->pasid &&
				REG_GET(PCIE_PASID_CTRL_PRIV, pasid);
	ret_state->ats = REG_GET(PCIE_ATS_CTRL_ENABLE, ats);
	ret_state->pri = REG_GET(PCIE_PRI_CTRL_ENABLE, pri);
}

/* Is the register frozen by what is enabled? PCIe 7.8.8.3, 10.5.1.3. */
static bool pcie_hw_frozen(const struct pcie_hw *hw, unsigned int byte,
			   const struct pcie_hw_state *state)
{
	if (hw->pasid && state->ats && byte >= hw->pasid + PCIE_PASID_CTRL &&
	    byte < hw->pasid + PCIE_PASID_SIZE)
		return true;
	/* The smallest translation unit; ENABLE is in the other byte. */
	if (hw->ats && state->ats && byte == hw->ats + PCIE_ATS_CTRL)
		return true;
	return hw->pri && state->pri && byte >= hw->pri + PCIE_PRI_ALLOCATION &&
	       byte < hw->pri + PCIE_PRI_SIZE;
}

static void pcie_hw_apply(struct pcie_hw *hw, unsigned int offset,
			  unsigned int size, uint32_t value,
			  const struct pcie_hw_state *state)
{
	unsigned int i;

	for (i = offset; i < offset + size; i++, value >>= 8) {
		uint8_t v = (uint8_t)value, mask = hw->writable[i];

		if (pcie_hw_frozen(hw, i, state))
			continue;
		hw->space[i] = (uint8_t)((hw->space[i] & ~mask) | (v & mask));
		hw->space[i] = (uint8_t)(hw->space[i] & ~(v & hw->clears[i]));
	}
}

/* Bits that act and read as 0. Return: a function level reset was asked for. */
static bool pcie_hw_actions(struct pcie_hw *hw)
{
	uint32_t ctl = pcie_hw_get(hw, hw->exp + PCIE_EXP_DEVCTL, 2);
	uint32_t pri;

	if (REG_GET(PCIE_EXP_DEVCTL_FLR, ctl))
		return true;
	if (!hw->pri)
		return false;
	pri = pcie_hw_get(hw, hw->pri + PCIE_PRI_CTRL, 2);
	if (REG_GET(PCIE_PRI_CTRL_RESET, pri)) {
		if (!REG_GET(PCIE_PRI_CTRL_ENABLE, pri))
			pcie_hw_pri_forget(hw);
		pri = (uint32_t)REG_PUT(PCIE_PRI_CTRL_RESET, pri, 0);
		pcie_hw_put(hw, hw->pri + PCIE_PRI_CTRL, 2, pri);
	}
	return false;
}

void pcie_hw_cfg_write(struct pcie_hw *hw, unsigned int offset,
		       unsigned int size, uint32_t value)
{
	struct pcie_hw_state before, after;

	if (!pcie_hw_cfg_valid(offset, size))
		return;
	pcie_hw_state(hw, &before);
	pcie_hw_apply(hw, offset, size, value, &before);
	if (pcie_hw_actions(hw)) {
		pcie_hw_reset(hw);
		hw->ops->flr(hw->ctx);
		return;
	}

	pcie_hw_pri_update(hw);
	pcie_hw_msix_flush(hw);
	pcie_hw_state(hw, &after);
	if (before.bus_master != after.bus_master ||
	    before.pasid != after.pasid ||
	    before.pasid_priv != after.pasid_priv || before.ats != after.ats ||
	    before.pri != after.pri)
		hw->ops->changed(hw->ctx, &before);
}
