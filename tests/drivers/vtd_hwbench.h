/* SPDX-License-Identifier: MIT */
/*
 * The driver on the model: memory is the test's own, interrupts are testplat's,
 * and one device in front of it has a translation cache that answers at once,
 * later, or not at all.
 */
#ifndef TESTS_DRIVERS_VTD_HWBENCH_H
#define TESTS_DRIVERS_VTD_HWBENCH_H

#include <pthread.h>

#include <sva/system.h>
#include <sva/vtd.h>
#include <sva/vtd_hw.h>

#include "drivers/vtd/unit.h"
#include "tests/support/testplat.h"

enum vtdhw_atc {
	VTDHW_ANSWERS,
	VTDHW_LATER, /* at the next look at FSTS */
	VTDHW_NEVER, /* the unit notices: ITE */
};

/**
 * struct vtdhw - a system with a model in it
 * @cfg:  change between vtdhw_init() and vtdhw_start().
 * @atc, @sid: what the device with this id does, others answer.
 * @invs: invalidations devices were asked for; @last_inv: the last.
 */
struct vtdhw {
	struct testplat tp;
	struct iommu_system *sys;
	struct iommu_unit *unit;
	struct vtd_unit *u;
	struct vtd_hw_cfg cfg;
	struct iommu_hw *hw;
	void *mem;
	struct hw_port port;
	struct plat_mmio mmio;

	enum vtdhw_atc atc;
	uint16_t sid;
	pthread_mutex_t lock; /* of the next two */
	uint64_t cookies[64];
	unsigned int pending;
	_Atomic unsigned int invs;
	struct hw_ats_inv last_inv;
	_Atomic unsigned int responses;
	struct hw_prg_response last_response;
};

void vtdhw_init(struct vtdhw *h);
/* Make the model and probe it. */
void vtdhw_start(struct vtdhw *h, struct vtd_desc *desc);
void vtdhw_fini(struct vtdhw *h);

/* What vtd_hw's translate() says of a read, with a PASID unless it is 0. */
int vtdhw_dma(struct vtdhw *h, uint16_t sid, uint32_t pasid, uint64_t addr);

#endif
