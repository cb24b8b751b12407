/* SPDX-License-Identifier: MIT */
/*
 * PASID, ATS and PRI of one PCIe function, as its IOMMU's driver switches them.
 *
 * Order, PCIe 5.0 10.5 and 7.8.8, [R12]: PASID on before ATS, PRI on only with
 * ATS, and off in reverse. The functions refuse another order.
 *
 * Callers serialise the functions of one struct. None takes a lock.
 */
#ifndef DRIVERS_PCI_PCI_FUNC_H
#define DRIVERS_PCI_PCI_FUNC_H

#include <sva/plat.h>
#include <sva/types.h>

/* The smallest translation unit every function has: 4096 bytes. */
#define PCI_FUNC_STU_4K_LG2 12u

/**
 * struct pci_func - a function and where its capabilities are
 * @pci:   configuration space.
 * @pasid, @ats, @pri: offsets of the capabilities, 0: not there.
 * @pasid_bits: width of the PASIDs it can send, 0: none.
 * @pasid_on, @ats_on, @pri_on: what has been enabled here.
 */
struct pci_func {
	struct plat_pci pci;
	unsigned int pasid;
	unsigned int ats;
	unsigned int pri;
	unsigned int pasid_bits;
	bool pasid_on;
	bool ats_on;
	bool pri_on;
};

/*
 * Extended capability with this id, 0 if there is none. The list is the
 * device's word: loops, wild pointers and all ones end the search.
 */
unsigned int pci_func_find_ext_cap(const struct plat_pci *pci, unsigned int id);

/* Capability of the first 256 bytes, 0 if there is none. The same care. */
unsigned int pci_func_find_cap(const struct plat_pci *pci, unsigned int id);

/*
 * Copy @pci, look for the capabilities, and switch off what is found enabled:
 * whoever used the function before has gone.
 */
void pci_func_init(struct pci_func *f, const struct plat_pci *pci);

/*
 * PASIDs with the execute and privileged requests the function has.
 * Return: 0, -ENODEV it cannot send PASIDs, -EBUSY ATS is on, -EIO it stays
 * off.
 */
SVA_MUST_CHECK int pci_func_enable_pasid(struct pci_func *f);
void pci_func_disable_pasid(struct pci_func *f);

/*
 * ATS with a smallest translation unit of 1 << @stu_lg2 bytes, 12 to 43.
 * Return: 0, -ENODEV no such capability, -EINVAL, -EBUSY it is on, -EIO.
 */
SVA_MUST_CHECK int pci_func_enable_ats(struct pci_func *f,
				       unsigned int stu_lg2);
/* On return the function has stopped using translations. */
void pci_func_disable_ats(struct pci_func *f);

/* Invalidations it accepts at a time, 1 to 32; 0 without ATS. */
unsigned int pci_func_ats_queue_depth(const struct pci_func *f);

/*
 * Forget old page requests, then allow up to @quota outstanding ones.
 * Return: 0, -ENODEV no such capability, -EINVAL ATS is off or @quota is 0,
 * -EBUSY it is on, -ETIMEDOUT old requests stay, -EIO.
 */
SVA_MUST_CHECK int pci_func_enable_pri(struct pci_func *f,
				       const struct plat *plat, uint32_t quota,
				       uint64_t timeout_ns);

/*
 * No new page requests; waits until the outstanding ones are answered.
 * Return: 0, -ETIMEDOUT some were not: they are forgotten by the reset that
 * the next enable starts with. PRI is off either way.
 * -EIO the function is gone.
 */
SVA_MUST_CHECK int pci_func_disable_pri(struct pci_func *f,
					const struct plat *plat,
					uint64_t timeout_ns);

/* PRG Response PASID Required: answers carry the PASID of the request. */
bool pci_func_pri_needs_pasid(const struct pci_func *f);

#endif
