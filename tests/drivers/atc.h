/* SPDX-License-Identifier: MIT */
/*
 * A device with a translation cache, in front of whichever model: what it asks,
 * keeps and forgets. When it says that it has forgotten is up to its bench.
 */
#ifndef TESTS_DRIVERS_ATC_H
#define TESTS_DRIVERS_ATC_H

#include <stdbool.h>
#include <stdint.h>

#include <sva/model.h>

#define ATC_SIZE 64u

struct atc_entry {
	bool valid;
	bool going; /* invalidated, not yet said so */
	ioasid_t pasid;
	uint64_t va, pa;
};

/**
 * struct atc - the device. The bench sets members, and entries if it likes
 * @exact: an invalidation without a PASID leaves alone what has one. PCIe lets
 *         no driver count on that, and the one for VT-d does not on the
 *         opposite either.
 *
 * PASID 0 stands for none.
 */
struct atc {
	struct iommu_hw *hw;
	struct hw_port *port;
	uint32_t requester;
	bool exact;
	struct atc_entry e[ATC_SIZE];
};

/* Untranslated, through @port: the physical address, or 0: aborted. */
uint64_t atc_dma(const struct atc *a, struct hw_port *port, ioasid_t pasid,
		 uint64_t va, unsigned int perm);

/* Ask for a translation with all of @perm, and keep it; 0: there is none. */
uint64_t atc_ask(struct atc *a, ioasid_t pasid, uint64_t va, unsigned int perm);

/* Is one kept? */
bool atc_has(const struct atc *a, ioasid_t pasid, uint64_t va);

/*
 * What @inv names is going. It is used no more at once, or, if the device is
 * @slow, until atc_forget(). Return: whether there was any.
 */
bool atc_invalidate(struct atc *a, const struct hw_ats_inv *inv, bool slow);
void atc_forget(struct atc *a);

#endif
