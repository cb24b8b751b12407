/* SPDX-License-Identifier: MIT */
/*
 * The driver on the model of an SMMUv3, with a device that has a translation
 * cache of its own, and commands that can be taken out of the queue.
 */
#ifndef TESTS_DRIVERS_SMMUV3_MODEL_BENCH_H
#define TESTS_DRIVERS_SMMUV3_MODEL_BENCH_H

#include <sva/smmuv3_hw.h>

#include "tests/drivers/atc.h"
#include "tests/drivers/smmuv3_fixture.h"

enum {
	SID = 0x321,
	NO_DROP = 0xff,
};

/* What an SMMU is like, beside the default. */
struct shape {
	const char *name;
	unsigned int granule_lg2;
	uint32_t set[6], clear[6]; /* of IDR0 to IDR5 */
	bool vhe;
};

/* 4 KiB pages, and what the model has. */
extern const struct shape mb_usual;

/* fake: its system, address spaces and PCIe function; not its registers. */
struct bench {
	const struct shape *shape;
	struct fake f;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	struct iommu_device *dev;
	struct plat_mmio mmio;
	unsigned int drop_op;
	uint32_t prod_seen;
	bool deaf; /* writes of the command queue's PROD are lost */

	uint64_t watch_pa; /* count loads from this page */
	unsigned int watch_loads;

	struct atc atc;
	bool slow_atc;
	bool inv_pending;
	uint64_t inv_cookie;
	struct hw_prg_response prg;
	unsigned int prg_count;
	uint64_t resumed; /* cookie of the last one */
	bool retried;
	unsigned int resume_count;
};

/* A bench with no driver on it yet; unmake takes the driver away, too. */
struct bench *mb_make_shape(const struct shape *shape,
			    enum hw_personality personality,
			    unsigned int command_batch);
struct bench *mb_make(enum hw_personality personality,
		      unsigned int command_batch);
void mb_unmake(struct bench *b);

/* Registers of the bench that is their dev. */
extern const struct plat_mmio_ops mb_mmio_ops;

/* Return: of smmuv3_probe(). */
int mb_probe(struct bench *b);

/* The physical address a DMA read goes to, or 0: aborted. */
uint64_t mb_dma(struct bench *b, ioasid_t pasid, uint64_t va);

/* Ask for a translation and keep it; 0: none. Is one kept? */
uint64_t mb_ats(struct bench *b, ioasid_t pasid, uint64_t va);
bool mb_atc_has(struct bench *b, ioasid_t pasid, uint64_t va);

/* An address space with the pages of the SMMU, and pages to read in it. */
void mb_make_mm(struct bench *b, struct fake_mm *m);
void mb_map(struct fake_mm *m, uint64_t va, uint64_t pa);
void mb_unmap(struct fake_mm *m, uint64_t start, uint64_t end);

/* A domain of it, and the device on it. */
int mb_attach(struct bench *b, struct fake_mm *m, ioasid_t pasid,
	      struct iommu_domain **ret_d);
void mb_detach(struct bench *b, struct iommu_domain *d, ioasid_t pasid);

#endif
