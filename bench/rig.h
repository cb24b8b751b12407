/* SPDX-License-Identifier: MIT */
/*
 * An IOMMU with its driver and one device behind it, and an address space whose
 * table the benchmark builds itself, so that it can walk it by itself too.
 *
 * No threads but the platform's: transactions enter the model from the
 * benchmark's own.
 */
#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include <stdatomic.h>

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/hosted.h>
#include <sva/machine.h>
#include <sva/mm.h>
#include <sva/model.h>
#include <sva/system.h>

#define RIG_PAGE_LG2    12u
#define RIG_PAGE        (UINT64_C(1) << RIG_PAGE_LG2)
#define RIG_SID         0x0100u
#define RIG_STREAMS_MAX 4096u
#define RIG_LEVELS      4u
#define RIG_TABLES_MAX  64u

/**
 * struct space - an address space: @pages pages from @va on
 *
 * Page i leads to the physical page space_pa(i); nothing has to be there, as
 * the benchmarks of translations do not go on to memory.
 */
struct space {
	struct iommu_mm mm;
	enum sva_iommu iommu;
	const struct plat *plat;
	uint64_t va;
	uint64_t pages;
	_Atomic uint64_t *root;
	_Atomic uint64_t *tables[RIG_TABLES_MAX]; /* the root too */
	unsigned int table_count;
};

static inline uint64_t space_pa(uint64_t page)
{
	return (UINT64_C(0x100000) + page * 7) << RIG_PAGE_LG2;
}

/* Return: 0, -ENOMEM (also: more than RIG_TABLES_MAX tables). */
int space_init(struct space *s, struct iommu_system *sys, enum sva_iommu iommu,
	       uint64_t va, uint64_t pages);
void space_fini(struct space *s);

/**
 * struct rig_cfg - settings; all zero is the default
 * @tlb_lg2: log2 of entries of the model's TLB, 0: its default.
 */
struct rig_cfg {
	enum sva_iommu iommu;
	unsigned int tlb_lg2;
};

/**
 * struct rig - see above
 * @sys, @hw, @unit, @dev: the parts.
 * @port: entered into @hw.
 */
struct rig {
	struct rig_cfg cfg;
	struct plat_hosted *hosted;
	const struct plat *plat;
	struct iommu_system *sys;
	void *hw_mem;
	struct iommu_hw *hw;
	struct iommu_unit *unit;
	struct iommu_device *dev;
	struct hw_port *port;
};

/*
 * The platform, the model as @cfg says, its driver, and a port; no device yet.
 * @bus may be NULL. Return: 0, or what a part met.
 */
int rig_open(struct rig *r, const struct rig_cfg *cfg,
	     const struct hw_bus *bus);

/* A platform device with @streams ids from RIG_SID on and one PASID table. */
int rig_add_streams(struct rig *r, unsigned int streams);

/*
 * Removes the device too, if there is one.
 * Return: 0, or a part is in use, a bug of the benchmark.
 */
int rig_close(struct rig *r);

#endif
