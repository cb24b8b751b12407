/* SPDX-License-Identifier: MIT */
#include "drivers/pci/pci_func.h"

#include "base/bits.h"
#include "base/errno.h"
#include "fmt/pcie.h"

/* As many as fit: the smallest capability has two dwords. */
#define MAX_EXT_CAPS ((PCIE_CFG_SIZE - PCIE_CFG_EXT_CAPS) / 8)
#define MAX_CAPS     ((PCIE_CFG_EXT_CAPS - PCIE_CFG_HEADER_SIZE) / 4)

static uint32_t read16(const struct plat_pci *pci, unsigned int offset)
{
	return pci_cfg_read(pci, offset, 2) & 0xffff;
}

static void write16(const struct plat_pci *pci, unsigned int offset,
		    uint64_t value)
{
	pci_cfg_write(pci, offset, 2, (uint32_t)value);
}

unsigned int pci_func_find_ext_cap(const struct plat_pci *pci, unsigned int id)
{
	unsigned int pos = PCIE_CFG_EXT_CAPS, i;

	for (i = 0; i < MAX_EXT_CAPS; i++) {
		uint32_t header = pci_cfg_read(pci, pos, 4);

		if (header == 0 || header == UINT32_MAX)
			return 0;
		if (REG_GET(PCIE_EXT_CAP_ID, header) == id)
			return pos;
		/* The two low bits are reserved; software ignores them. */
		pos = (unsigned int)REG_GET(PCIE_EXT_CAP_NEXT, header) & ~3u;
		if (pos < PCIE_CFG_EXT_CAPS)
			return 0;
	}
	return 0;
}

unsigned int pci_func_find_cap(const struct plat_pci *pci, unsigned int id)
{
	unsigned int pos, i;

	if (!REG_GET(PCIE_STATUS_CAP_LIST, read16(pci, PCIE_CFG_STATUS)))
		return 0;
	pos = pci_cfg_read(pci, PCIE_CFG_CAP_POINTER, 1) & 0xfc;
	for (i = 0; i < MAX_CAPS && pos >= PCIE_CFG_HEADER_SIZE; i++) {
		uint32_t header = read16(pci, pos);

		if (header == 0xffff)
			return 0;
		if (REG_GET(PCIE_CAP_HEADER_ID, header) == id)
			return pos;
		pos = (unsigned int)REG_GET(PCIE_CAP_HEADER_NEXT, header) & ~3u;
	}
	return 0;
}

/* A capability must lie inside the space as a whole. */
static unsigned int find_sized(const struct plat_pci *pci, unsigned int id,
			       unsigned int size)
{
	unsigned int pos = pci_func_find_ext_cap(pci, id);

	return pos + size <= PCIE_CFG_SIZE ? pos : 0;
}

/* A PASID travels in an end-end TLP prefix, PCIe 6.20.2. */
static bool sends_prefixes(const struct plat_pci *pci)
{
	unsigned int exp = pci_func_find_cap(pci, PCIE_CAP_ID_EXP);

	if (!exp || exp + PCIE_EXP_SIZE > PCIE_CFG_EXT_CAPS)
		return false;
	return REG_GET(PCIE_EXP_DEVCAP2_EE_PREFIX,
		       pci_cfg_read(pci, exp + PCIE_EXP_DEVCAP2, 4));
}

void pci_func_init(struct pci_func *f, const struct plat_pci *pci)
{
	*f = (struct pci_func){ .pci = *pci };
	f->pasid = find_sized(pci, PCIE_EXT_CAP_ID_PASID, PCIE_PASID_SIZE);
	f->ats = find_sized(pci, PCIE_EXT_CAP_ID_ATS, PCIE_ATS_SIZE);
	f->pri = find_sized(pci, PCIE_EXT_CAP_ID_PRI, PCIE_PRI_SIZE);

	/* PASID control may only change without ATS, so it comes last. */
	if (f->pri)
		write16(pci, f->pri + PCIE_PRI_CTRL, 0);
	if (f->ats)
		write16(pci, f->ats + PCIE_ATS_CTRL, 0);
	if (f->pasid) {
		uint32_t cap = read16(pci, f->pasid + PCIE_PASID_CAP);
		unsigned int bits =
			(unsigned int)REG_GET(PCIE_PASID_CAP_WIDTH, cap);

		write16(pci, f->pasid + PCIE_PASID_CTRL, 0);
		/* A width above 20 is reserved. */
		if (bits <= PCIE_PASID_BITS && sends_prefixes(pci))
			f->pasid_bits = bits;
	}
}

int pci_func_enable_pasid(struct pci_func *f)
{
	uint32_t cap;
	uint64_t ctrl;

	if (!f->pasid_bits)
		return -ENODEV;
	if (f->ats_on || f->pasid_on)
		return -EBUSY;

	cap = read16(&f->pci, f->pasid + PCIE_PASID_CAP);
	ctrl = REG_CONST(PCIE_PASID_CTRL_ENABLE, 1);
	ctrl = REG_PUT(PCIE_PASID_CTRL_EXEC, ctrl,
		       REG_GET(PCIE_PASID_CAP_EXEC, cap));
	ctrl = REG_PUT(PCIE_PASID_CTRL_PRIV, ctrl,
		       REG_GET(PCIE_PASID_CAP_PRIV, cap));
	write16(&f->pci, f->pasid + PCIE_PASID_CTRL, ctrl);
	if (read16(&f->pci, f->pasid + PCIE_PASID_CTRL) != ctrl) {
		write16(&f->pci, f->pasid + PCIE_PASID_CTRL, 0);
		return -EIO;
	}
	f->pasid_on = true;
	return 0;
}

void pci_func_disable_pasid(struct pci_func *f)
{
	if (!f->pasid_on)
		return;
	write16(&f->pci, f->pasid + PCIE_PASID_CTRL, 0);
	f->pasid_on = false;
}

int pci_func_enable_ats(struct pci_func *f, unsigned int stu_lg2)
{
	uint64_t ctrl, stu = stu_lg2 - PCIE_ATS_MIN_SHIFT;

	if (!f->ats)
		return -ENODEV;
	if (f->ats_on)
		return -EBUSY;
	if (stu_lg2 < PCIE_ATS_MIN_SHIFT || !FIELD_FITS(PCIE_ATS_CTRL_STU, stu))
		return -EINVAL;

	/* STU may change only while disabled, so it goes in first. */
	ctrl = REG_PUT(PCIE_ATS_CTRL_STU, UINT64_C(0), stu);
	write16(&f->pci, f->ats + PCIE_ATS_CTRL, ctrl);
	ctrl |= REG_CONST(PCIE_ATS_CTRL_ENABLE, 1);
	write16(&f->pci, f->ats + PCIE_ATS_CTRL, ctrl);
	if (read16(&f->pci, f->ats + PCIE_ATS_CTRL) != ctrl) {
		write16(&f->pci, f->ats + PCIE_ATS_CTRL, 0);
		return -EIO;
	}
	f->ats_on = true;
	return 0;
}

void pci_func_disable_ats(struct pci_func *f)
{
	if (!f->ats_on)
		return;
	write16(&f->pci, f->ats + PCIE_ATS_CTRL, 0);
	/* The answer to a read says that the write has arrived. */
	(void)read16(&f->pci, f->ats + PCIE_ATS_CTRL);
	f->ats_on = false;
}

unsigned int pci_func_ats_queue_depth(const struct pci_func *f)
{
	uint64_t depth;

	if (!f->ats)
		return 0;
	depth = REG_GET(PCIE_ATS_CAP_QUEUE_DEPTH,
			read16(&f->pci, f->ats + PCIE_ATS_CAP));
	return depth ? (unsigned int)depth : PCIE_ATS_MAX_QUEUE_DEPTH;
}

static int wait_stopped(const struct pci_func *f, const struct plat *plat,
			uint64_t timeout_ns)
{
	uint64_t deadline = plat_now_ns(plat) + timeout_ns;
	unsigned int turns = 0;

	for (;;) {
		/* Sampled first: a late look at the device still counts. */
		bool late = plat_now_ns(plat) >= deadline;
		uint32_t status = read16(&f->pci, f->pri + PCIE_PRI_STATUS);

		if (status == 0xffff)
			return -EIO;
		if (REG_GET(PCIE_PRI_STATUS_STOPPED, status))
			return 0;
		if (late)
			return -ETIMEDOUT;
		plat_relax(plat, turns++);
	}
}

int pci_func_enable_pri(struct pci_func *f, const struct plat *plat,
			uint32_t quota, uint64_t timeout_ns)
{
	uint64_t rw1c = REG_CONST(PCIE_PRI_STATUS_RF, 1) |
			REG_CONST(PCIE_PRI_STATUS_UPRGI, 1);
	uint64_t on = REG_CONST(PCIE_PRI_CTRL_ENABLE, 1);
	uint32_t capacity;
	int err;

	if (!f->pri)
		return -ENODEV;
	if (f->pri_on)
		return -EBUSY;
	if (!f->ats_on || !quota)
		return -EINVAL;

	write16(&f->pci, f->pri + PCIE_PRI_CTRL,
		REG_CONST(PCIE_PRI_CTRL_RESET, 1));
	err = wait_stopped(f, plat, timeout_ns);
	if (err)
		return err;

	capacity = pci_cfg_read(&f->pci, f->pri + PCIE_PRI_CAPACITY, 4);
	if (!capacity)
		return -EIO;
	pci_cfg_write(&f->pci, f->pri + PCIE_PRI_ALLOCATION, 4,
		      quota < capacity ? quota : capacity);
	write16(&f->pci, f->pri + PCIE_PRI_STATUS, rw1c);
	write16(&f->pci, f->pri + PCIE_PRI_CTRL, on);
	if (read16(&f->pci, f->pri + PCIE_PRI_CTRL) != on) {
		write16(&f->pci, f->pri + PCIE_PRI_CTRL, 0);
		return -EIO;
	}
	f->pri_on = true;
	return 0;
}

int pci_func_disable_pri(struct pci_func *f, const struct plat *plat,
			 uint64_t timeout_ns)
{
	if (!f->pri_on)
		return 0;
	write16(&f->pci, f->pri + PCIE_PRI_CTRL, 0);
	f->pri_on = false;
	return wait_stopped(f, plat, timeout_ns);
}

bool pci_func_pri_needs_pasid(const struct pci_func *f)
{
	return f->pri && REG_GET(PCIE_PRI_STATUS_PASID,
				 read16(&f->pci, f->pri + PCIE_PRI_STATUS));
}
