/* SPDX-License-Identifier: MIT */
/*
 * The PCIe side of a modelled function: configuration space, MSI-X, and the
 * PASID, ATS and PRI capabilities with what they mean.
 *
 * Embedded in the device's state. The device serializes all calls with a lock
 * of its own; none of them calls into an IOMMU model.
 */
#ifndef MODELS_PCIE_PCIE_H
#define MODELS_PCIE_PCIE_H

#include <sva/model.h>

#include "fmt/pcie.h"

#define PCIE_HW_MAX_VECTORS 64u
#define PCIE_HW_PRGS        (1u << PCIE_PRGI_BITS)
#define PCIE_HW_NO_OWNER    UINT8_MAX

/**
 * struct pcie_hw_ops - what the device does about its configuration
 * @flr: a function level reset: configuration space is at its defaults, the
 *       device forgets the rest.
 * @changed: bus mastering, PASID, ATS or PRI control is not what it was;
 *       @before is how it was.
 *
 * Called with the device's lock held.
 */
struct pcie_hw_state {
	bool bus_master;
	bool pasid;
	bool pasid_priv;
	bool ats;
	bool pri;
};

struct pcie_hw_ops {
	void (*flr)(void *ctx);
	void (*changed)(void *ctx, const struct pcie_hw_state *before);
};

/**
 * struct pcie_hw_cfg - what the function is
 * @bar_size: of the 64-bit BARs 0, 2 and 4: powers of two, 0 for none.
 * @msix_vectors: 1 to PCIE_HW_MAX_VECTORS, table and PBA in BAR @msix_bir.
 * @pasid_bits: 0: no capability.
 * @outstanding: Outstanding Page Request Capacity.
 */
struct pcie_hw_cfg {
	uint32_t rid;
	uint16_t vendor;
	uint16_t device;
	uint32_t class_code;
	uint8_t revision;
	uint64_t bar_size[3];
	unsigned int msix_vectors;
	unsigned int msix_bir;
	uint32_t msix_table;
	uint32_t msix_pba;
	unsigned int pasid_bits;
	bool pasid_priv;
	bool ats;
	bool pri;
	uint32_t outstanding;
};

/* A group of page requests the function waits for; @pages 0: free. */
struct pcie_hw_prg {
	uint8_t pages;
	uint8_t owner;
	bool pasid_valid;
	ioasid_t pasid;
};

/**
 * struct pcie_hw - one function
 * @space, @writable, @clears: registers, and which of their bits software
 *        writes, or clears by writing 1.
 * @exp .. @pri: offsets of capabilities, 0 for absent ones.
 * @outstanding: page requests sent and not answered.
 * @prg_next: where the search for a free index starts, so that one is reused
 *        as late as possible.
 */
struct pcie_hw {
	struct pcie_hw_cfg cfg;
	const struct pcie_hw_ops *ops;
	void *ctx;
	const struct hw_env *env;
	uint8_t space[PCIE_CFG_SIZE];
	uint8_t writable[PCIE_CFG_SIZE];
	uint8_t clears[PCIE_CFG_SIZE];
	unsigned int exp;
	unsigned int msix;
	unsigned int pasid;
	unsigned int ats;
	unsigned int pri;
	struct pcie_msix_entry vectors[PCIE_HW_MAX_VECTORS];
	uint64_t pending;
	struct pcie_hw_prg prgs[PCIE_HW_PRGS];
	uint32_t outstanding;
	unsigned int prg_next;
};

/* @env and @ops are borrowed. Return: 0, -EINVAL. */
SVA_MUST_CHECK int pcie_hw_init(struct pcie_hw *hw,
				const struct pcie_hw_cfg *cfg,
				const struct pcie_hw_ops *ops, void *ctx,
				const struct hw_env *env);

/* As a conventional reset: everything at its default. */
void pcie_hw_reset(struct pcie_hw *hw);

/* Other sizes and offsets read as all ones and write nothing. */
uint32_t pcie_hw_cfg_read(const struct pcie_hw *hw, unsigned int offset,
			  unsigned int size);
void pcie_hw_cfg_write(struct pcie_hw *hw, unsigned int offset,
		       unsigned int size, uint32_t value);

/* What the function may do now. */
void pcie_hw_state(const struct pcie_hw *hw, struct pcie_hw_state *ret_state);

/* Page requests it may have outstanding. */
uint32_t pcie_hw_pri_allocation(const struct pcie_hw *hw);

/*
 * MSI-X. @offset is within the table or the pending bits, @size 4 or 8 and
 * aligned. A vector that is masked is sent when it is unmasked; one fired while
 * MSI-X is disabled is lost.
 */
uint64_t pcie_hw_msix_read(const struct pcie_hw *hw, uint64_t offset,
			   unsigned int size);
void pcie_hw_msix_write(struct pcie_hw *hw, uint64_t offset, unsigned int size,
			uint64_t value);
uint64_t pcie_hw_msix_pending(const struct pcie_hw *hw, uint64_t offset,
			      unsigned int size);
void pcie_hw_msix_fire(struct pcie_hw *hw, unsigned int vector);

/**
 * pcie_hw_pri_begin() - account for a group of page requests to be sent
 * @pages: wanted, 1 to 255; *@ret_pages of them are granted, at least one.
 * @owner: handed back with the response; not PCIE_HW_NO_OWNER.
 *
 * Return: 0, -EPERM page requests are off, -EAGAIN no index or no credit now.
 */
SVA_MUST_CHECK int pcie_hw_pri_begin(struct pcie_hw *hw, unsigned int pages,
				     bool pasid_valid, ioasid_t pasid,
				     uint8_t owner, uint16_t *ret_prgi,
				     unsigned int *ret_pages);

/* The owner does not wait any more; the answer is still expected. */
void pcie_hw_pri_abandon(struct pcie_hw *hw, uint16_t prgi);

/**
 * pcie_hw_pri_response() - a response arrived
 * @ret_owner: of the group; PCIE_HW_NO_OWNER if it was abandoned.
 *
 * Anything but Success and Invalid Request is a Response Failure: page
 * requests are off, and no group is outstanding any more.
 *
 * Return: 0, -ENOENT unexpected: UPRGI is set.
 * Spec:   PCIe 10.4.2, 10.5.2.3.
 */
SVA_MUST_CHECK int pcie_hw_pri_response(struct pcie_hw *hw,
					const struct hw_prg_response *resp,
					uint8_t *ret_owner);

/* Is a group outstanding for the PASID, or (@any) at all? */
bool pcie_hw_pri_waits(const struct pcie_hw *hw, bool any, ioasid_t pasid);

/* For the files of this folder. */
uint32_t pcie_hw_get(const struct pcie_hw *hw, unsigned int offset,
		     unsigned int size);
void pcie_hw_put(struct pcie_hw *hw, unsigned int offset, unsigned int size,
		 uint32_t value);
void pcie_hw_msix_reset(struct pcie_hw *hw);
void pcie_hw_msix_flush(struct pcie_hw *hw);
void pcie_hw_pri_forget(struct pcie_hw *hw);
void pcie_hw_pri_update(struct pcie_hw *hw);

#endif
