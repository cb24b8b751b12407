/* SPDX-License-Identifier: MIT */
/*
 * What the target guest_vtd lives in: a platform of one thread whose memory is
 * a pool with physical addresses of its own, a VT-d model and its driver, a
 * PCIe function with a translation cache, and a guest's pages.
 *
 * Physical addresses: the driver's memory begins at RIG_HOST, the pages that a
 * guest may get at RIG_GUEST. Guest-physical addresses begin at 0, so that none
 * is the same number.
 */
#ifndef FUZZ_GUEST_VTD_RIG_H
#define FUZZ_GUEST_VTD_RIG_H

#include <sva/device.h>
#include <sva/guest.h>
#include <sva/model.h>
#include <sva/system.h>
#include <sva/vtd.h>
#include <sva/vtd_hw.h>

#include "fuzz/fuzz.h"

#define RIG_HOST  UINT64_C(0x100000000)
#define RIG_GUEST UINT64_C(0x200000000)

enum {
	RIG_HOST_PAGES = 1024,
	RIG_PAGES = 64,
	RIG_ATC = 16,
	RIG_SID = 0x321,
	RIG_IRQS = 4,
	RIG_WORKS = 8,
};

struct rig_atc {
	bool valid, write, pasid_valid;
	ioasid_t pasid;
	uint64_t va, pa;
};

/**
 * struct rig - all of it
 * @used:  (host pages) 0, or what allocation it belongs to, from 1.
 * @reads, @writes: by page of the guest's: mappings in the parent that allow
 *         it.
 * @change: called for each access to the guest's pages, by the unit and the
 *         driver.
 */
struct rig {
	struct plat plat;
	uint8_t *host;
	uint8_t *pages;
	uint16_t used[RIG_HOST_PAGES];
	unsigned int reads[RIG_PAGES];
	unsigned int writes[RIG_PAGES];
	void (*change)(struct rig *r);
	uint64_t now;
	long allocations;
	struct {
		void (*fn)(void *arg);
		void *arg;
		bool taken, pending;
	} irqs[RIG_IRQS];
	struct plat_work *works;

	struct iommu_system *sys;
	struct iommu_unit *unit;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	struct iommu_device *dev;
	uint8_t cfg[4096];
	struct plat_pci pci;
	uint64_t iq_seen;
	struct rig_atc atc[RIG_ATC];
	uint64_t responses;
};

/* An IOMMU of @cfg with the function behind it. */
void rig_init(struct rig *r, const struct vtd_hw_cfg *cfg,
	      unsigned int pasid_bits);
/* Nothing is attached; everything has been given back, or it is a finding. */
void rig_fini(struct rig *r);

/* Handlers of interrupts that are pending, and works. */
void rig_serve(struct rig *r);

/* May the guest's device reach this now? */
bool rig_allowed(const struct rig *r, uint64_t pa, bool write);

#endif
