/* SPDX-License-Identifier: MIT */
/*
 * BAR 0. Registers are 64-bit words at aligned offsets; an access of four bytes
 * reads half of one and writes under a mask. Architecture 9.2.
 */
#include "models/dsa/dsa.h"

#include "base/bits.h"

uint64_t dsa_hw_bar0_size(const struct dsa_hw *dsa)
{
	(void)dsa;
	return DSA_HW_BAR0_SIZE;
}

uint64_t dsa_hw_bar2_size(const struct dsa_hw *dsa)
{
	return BIT(ilog2_up((uint64_t)dsa->cfg.wqs * DSA_PORTALS_PER_WQ *
			    DSA_PORTAL_SIZE));
}

static uint64_t dsa_hw_gencap(const struct dsa_hw *dsa)
{
	return REG_CONST(DSA_GENCAP_BLOCK_ON_FAULT, 1) |
	       REG_CONST(DSA_GENCAP_OVERLAP_COPY, 1) |
	       REG_CONST(DSA_GENCAP_CACHE_CONTROL_MEM, 1) |
	       REG_CONST(DSA_GENCAP_CMD_CAP, 1) |
	       REG_PUT(DSA_GENCAP_MAX_XFER_SHIFT, 0,
		       dsa->cfg.max_transfer_lg2) |
	       REG_PUT(DSA_GENCAP_MAX_BATCH_SHIFT, 0, dsa->cfg.max_batch_lg2) |
	       REG_CONST(DSA_GENCAP_CONFIG_EN, 1);
}

static uint64_t dsa_hw_grpcap(const struct dsa_hw *dsa)
{
	bool buffers = dsa->cfg.read_buffers > 0;

	return REG_CONST(DSA_GRPCAP_NUM_GROUPS, DSA_HW_GROUPS) |
	       REG_PUT(DSA_GRPCAP_TOTAL_RDBUFS, 0, dsa->cfg.read_buffers) |
	       REG_PUT(DSA_GRPCAP_RDBUF_CTRL, 0, buffers) |
	       REG_PUT(DSA_GRPCAP_RDBUF_LIMIT, 0, buffers);
}

static uint64_t dsa_hw_wqcap(const struct dsa_hw *dsa)
{
	return REG_PUT(DSA_WQCAP_TOTAL_SIZE, 0, dsa->cfg.wq_entries) |
	       REG_PUT(DSA_WQCAP_NUM_WQS, 0, dsa->cfg.wqs) |
	       REG_CONST(DSA_WQCAP_SHARED, 1) |
	       REG_CONST(DSA_WQCAP_DEDICATED, 1) |
	       REG_CONST(DSA_WQCAP_ATS_DISABLE, 1) |
	       REG_CONST(DSA_WQCAP_PRIORITY, 1) |
	       REG_CONST(DSA_WQCAP_OCCUPANCY, 1);
}

static uint64_t dsa_hw_opcap(void)
{
	return BIT(DSA_OP_NOOP) | BIT(DSA_OP_BATCH) | BIT(DSA_OP_DRAIN) |
	       BIT(DSA_OP_MEMMOVE) | BIT(DSA_OP_FILL) | BIT(DSA_OP_COMPARE) |
	       BIT(DSA_OP_COMPARE_PATTERN) | BIT(DSA_OP_CRC_GEN) |
	       BIT(DSA_OP_COPY_CRC) | BIT(DSA_OP_CREATE_DELTA) |
	       BIT(DSA_OP_APPLY_DELTA) | BIT(DSA_OP_DUALCAST) |
	       BIT(DSA_OP_CACHE_FLUSH);
}

static uint64_t dsa_hw_table_offsets(void)
{
	struct dsa_table_offsets t = { { 0 } };

	FIELD_SET(DSA_TABLE_OFFSETS_GRPCFG, &t, DSA_HW_GRPCFG / DSA_TABLE_UNIT);
	FIELD_SET(DSA_TABLE_OFFSETS_WQCFG, &t, DSA_HW_WQCFG / DSA_TABLE_UNIT);
	FIELD_SET(DSA_TABLE_OFFSETS_MSIX_PERM, &t,
		  DSA_HW_MSIX_PERM / DSA_TABLE_UNIT);
	return t.dw[0];
}

/* Commands 1 to 14. */
static uint64_t dsa_hw_cmdcap(void)
{
	return DSA_CMDCAP_DEFAULT | BIT(DSA_CMD_REQUEST_INT_HANDLE) |
	       BIT(DSA_CMD_RELEASE_INT_HANDLE);
}

static uint64_t dsa_hw_wqcfg_read(const struct dsa_hw *dsa, uint64_t at)
{
	uint64_t index = at / DSA_HW_WQCFG_STRIDE;
	struct dsa_wqcfg cfg;

	if (index >= dsa->cfg.wqs)
		return 0;
	cfg = dsa->wqs[index].cfg;
	FIELD_SET(DSA_WQCFG_OCCUPANCY, &cfg, dsa->wqs[index].used);
	FIELD_SET(DSA_WQCFG_MODE_SUPPORT, &cfg, 1);
	FIELD_SET(DSA_WQCFG_STATE, &cfg, dsa->wqs[index].state);
	return cfg.dw[at % DSA_HW_WQCFG_STRIDE / 8];
}

/* Architecture table 9-7. */
static uint64_t dsa_hw_wqcfg_writable(const struct dsa_hw *dsa,
				      const struct dsa_hw_wq *wq,
				      unsigned int word)
{
	bool off = dsa->state == DSA_DEVICE_DISABLED;

	switch (word) {
	case 0:
		return FIELD_MASK(DSA_WQCFG_THRESHOLD) |
		       (off ? FIELD_MASK(DSA_WQCFG_SIZE) : 0);
	case 1:
		return wq->state == DSA_WQ_DISABLED ?
			       FIELD_DEFINED(DSA_WQCFG_FIELDS, 1) :
			       0;
	default:
		return 0;
	}
}

static void dsa_hw_wqcfg_write(struct dsa_hw *dsa, uint64_t at, uint64_t value,
			       uint64_t mask)
{
	unsigned int word = (unsigned int)(at % DSA_HW_WQCFG_STRIDE / 8);
	uint64_t index = at / DSA_HW_WQCFG_STRIDE;
	struct dsa_hw_wq *wq;

	if (index >= dsa->cfg.wqs)
		return;
	wq = &dsa->wqs[index];
	mask &= dsa_hw_wqcfg_writable(dsa, wq, word);
	wq->cfg.dw[word] = (wq->cfg.dw[word] & ~mask) | (value & mask);
}

static uint64_t dsa_hw_grpcfg_writable(const struct dsa_hw *dsa, unsigned int w)
{
	const uint64_t buffers = FIELD_MASK(DSA_GRPCFG_USE_RDBUF_LIMIT) |
				 FIELD_MASK(DSA_GRPCFG_RDBUFS_RESERVED) |
				 FIELD_MASK(DSA_GRPCFG_RDBUFS_ALLOWED);
	const uint64_t words[] = {
		FIELD_DEFINED(DSA_GRPCFG_FIELDS, 0),
		FIELD_DEFINED(DSA_GRPCFG_FIELDS, 1),
		FIELD_DEFINED(DSA_GRPCFG_FIELDS, 2),
		FIELD_DEFINED(DSA_GRPCFG_FIELDS, 3),
		FIELD_DEFINED(DSA_GRPCFG_FIELDS, 4),
		FIELD_DEFINED(DSA_GRPCFG_FIELDS, 5),
	};

	if (w >= ARRAY_SIZE(words))
		return 0;
	/* In the last of them, if there are any. */
	if (w == ARRAY_SIZE(words) - 1 && !dsa->cfg.read_buffers)
		return words[w] & ~buffers;
	return words[w];
}

static void dsa_hw_grpcfg_write(struct dsa_hw *dsa, uint64_t at, uint64_t value,
				uint64_t mask)
{
	struct dsa_grpcfg *group = &dsa->groups[at / DSA_GRPCFG_STRIDE];
	unsigned int word = (unsigned int)(at % DSA_GRPCFG_STRIDE / 8);

	if (dsa->state != DSA_DEVICE_DISABLED)
		return;
	mask &= dsa_hw_grpcfg_writable(dsa, word);
	group->dw[word] = (group->dw[word] & ~mask) | (value & mask);
}

/* Is @offset in a table of @size bytes at @base? */
static bool dsa_hw_in(uint64_t offset, uint64_t base, uint64_t size,
		      uint64_t *ret_at)
{
	*ret_at = offset - base;
	return offset >= base && offset - base < size;
}

static uint64_t dsa_hw_table_read(const struct dsa_hw *dsa, uint64_t offset)
{
	uint64_t at;

	if (dsa_hw_in(offset, DSA_HW_GRPCFG,
		      DSA_HW_GROUPS * (uint64_t)DSA_GRPCFG_STRIDE, &at))
		return dsa->groups[at / DSA_GRPCFG_STRIDE]
			.dw[at % DSA_GRPCFG_STRIDE / 8];
	if (dsa_hw_in(offset, DSA_HW_WQCFG,
		      DSA_HW_MAX_WQS * (uint64_t)DSA_HW_WQCFG_STRIDE, &at))
		return dsa_hw_wqcfg_read(dsa, at);
	if (dsa_hw_in(offset, DSA_HW_MSIX_PERM,
		      dsa->cfg.msix_vectors * (uint64_t)DSA_MSIX_PERM_STRIDE,
		      &at))
		return dsa->msix_perm[at / DSA_MSIX_PERM_STRIDE];
	return 0;
}

static void dsa_hw_table_write(struct dsa_hw *dsa, uint64_t offset,
			       uint64_t value, uint64_t mask)
{
	uint64_t at;
	uint32_t *perm;

	if (dsa_hw_in(offset, DSA_HW_GRPCFG,
		      DSA_HW_GROUPS * (uint64_t)DSA_GRPCFG_STRIDE, &at)) {
		dsa_hw_grpcfg_write(dsa, at, value, mask);
	} else if (dsa_hw_in(offset, DSA_HW_WQCFG,
			     DSA_HW_MAX_WQS * (uint64_t)DSA_HW_WQCFG_STRIDE,
			     &at)) {
		dsa_hw_wqcfg_write(dsa, at, value, mask);
	} else if (dsa_hw_in(offset, DSA_HW_MSIX_PERM,
			     dsa->cfg.msix_vectors *
				     (uint64_t)DSA_MSIX_PERM_STRIDE,
			     &at)) {
		perm = &dsa->msix_perm[at / DSA_MSIX_PERM_STRIDE];
		mask &= FIELD_DEFINED(DSA_MSIX_PERM_FIELDS, 0);
		*perm = (uint32_t)((*perm & ~mask) | (value & mask));
	}
}

static uint64_t dsa_hw_genstatus(const struct dsa_hw *dsa)
{
	return REG_PUT(DSA_GENSTATUS_STATE, 0, dsa->state);
}

static uint64_t dsa_hw_reg_read(const struct dsa_hw *dsa, uint64_t offset)
{
	switch (offset) {
	case DSA_REG_VERSION:
		return REG_CONST(DSA_VERSION_MAJOR, 1);
	case DSA_REG_GENCAP:
		return dsa_hw_gencap(dsa);
	case DSA_REG_WQCAP:
		return dsa_hw_wqcap(dsa);
	case DSA_REG_GRPCAP:
		return dsa_hw_grpcap(dsa);
	case DSA_REG_ENGCAP:
		return REG_PUT(DSA_ENGCAP_NUM_ENGINES, 0, dsa->cfg.engines);
	case DSA_REG_OPCAP:
		return dsa_hw_opcap();
	case DSA_REG_TABLE_OFFSETS:
		return dsa_hw_table_offsets();
	case DSA_REG_GENCFG:
		return dsa->gencfg;
	case DSA_REG_GENCTRL:
		return dsa->genctrl;
	case DSA_REG_GENSTATUS:
		return dsa_hw_genstatus(dsa);
	case DSA_REG_INTCAUSE:
		return dsa->intcause;
	case DSA_REG_CMDSTATUS:
		return dsa->cmdstatus;
	case DSA_REG_CMDCAP:
		return dsa_hw_cmdcap();
	case DSA_REG_SWERR:
	case DSA_REG_SWERR + 8:
	case DSA_REG_SWERR + 16:
	case DSA_REG_SWERR + 24:
		return dsa->swerr.dw[(offset - DSA_REG_SWERR) / 8];
	default:
		return dsa_hw_table_read(dsa, offset);
	}
}

/* The record is free for the next error once VALID has been cleared. */
static void dsa_hw_swerr_write(struct dsa_hw *dsa, uint64_t value)
{
	struct dsa_swerr *err = &dsa->swerr;

	if (value & FIELD_MASK(DSA_SWERR_OVERFLOW))
		FIELD_SET(DSA_SWERR_OVERFLOW, err, 0);
	if (value & FIELD_MASK(DSA_SWERR_VALID))
		FIELD_SET(DSA_SWERR_VALID, err, 0);
}

static void dsa_hw_reg_write(struct dsa_hw *dsa, uint64_t offset,
			     uint64_t value, uint64_t mask)
{
	uint64_t legal;

	switch (offset) {
	case DSA_REG_GENCFG:
		legal = mask & FIELD_DEFINED(DSA_GENCFG_FIELDS, 0);
		if (!dsa->cfg.read_buffers)
			legal &= REG_CONST(DSA_GENCFG_USER_INT_EN, 1);
		if (dsa->state == DSA_DEVICE_DISABLED)
			dsa->gencfg = (uint32_t)((dsa->gencfg & ~legal) |
						 (value & legal));
		break;
	case DSA_REG_GENCTRL:
		legal = mask & FIELD_DEFINED(DSA_GENCTRL_FIELDS, 0);
		dsa->genctrl =
			(uint32_t)((dsa->genctrl & ~legal) | (value & legal));
		break;
	case DSA_REG_INTCAUSE:
		dsa->intcause &= (uint32_t) ~(value & mask);
		break;
	case DSA_REG_CMD:
		if (mask & UINT32_MAX)
			dsa_hw_cmd_write_locked(dsa, (uint32_t)value);
		break;
	case DSA_REG_SWERR:
		dsa_hw_swerr_write(dsa, value & mask);
		break;
	default:
		dsa_hw_table_write(dsa, offset, value, mask);
		break;
	}
}

static bool dsa_hw_access_valid(uint64_t offset, unsigned int size)
{
	return (size == 4 || size == 8) && is_aligned(offset, size) &&
	       offset < DSA_HW_BAR0_SIZE;
}

uint64_t dsa_hw_mmio_read(struct dsa_hw *dsa, uint64_t offset,
			  unsigned int size)
{
	uint64_t at, v;

	if (!dsa_hw_access_valid(offset, size))
		return 0;
	dsa_hw_lock(dsa);
	if (dsa_hw_in(offset, DSA_HW_MSIX_TABLE,
		      DSA_HW_MSIX_PBA - DSA_HW_MSIX_TABLE, &at)) {
		v = pcie_hw_msix_read(&dsa->pcie, at, size);
	} else if (dsa_hw_in(offset, DSA_HW_MSIX_PBA, DSA_HW_PAGE, &at)) {
		v = pcie_hw_msix_pending(&dsa->pcie, at, size);
	} else {
		v = dsa_hw_reg_read(dsa, align_down(offset, 8));
		if (size == 4)
			v = (uint32_t)(v >> (offset % 8 * 8));
	}
	dsa_hw_unlock(dsa);
	return v;
}

void dsa_hw_mmio_write(struct dsa_hw *dsa, uint64_t offset, unsigned int size,
		       uint64_t value)
{
	uint64_t at, mask = UINT64_MAX;

	if (!dsa_hw_access_valid(offset, size))
		return;
	dsa_hw_lock(dsa);
	if (dsa_hw_in(offset, DSA_HW_MSIX_TABLE,
		      DSA_HW_MSIX_PBA - DSA_HW_MSIX_TABLE, &at)) {
		pcie_hw_msix_write(&dsa->pcie, at, size, value);
	} else {
		if (size == 4) {
			mask = (uint64_t)UINT32_MAX << (offset % 8 * 8);
			value = (value & UINT32_MAX) << (offset % 8 * 8);
		}
		dsa_hw_reg_write(dsa, align_down(offset, 8), value, mask);
	}
	dsa_hw_unlock(dsa);
}
