/* SPDX-License-Identifier: MIT */
/*
 * What a machine asks of a kind of IOMMU: to make the model and to probe it.
 * All the rest of a machine is the same for each.
 */
#ifndef MACHINE_VENDOR_H
#define MACHINE_VENDOR_H

#include <sva/machine.h>
#include <sva/model.h>
#include <sva/plat.h>
#include <sva/system.h>

/* Above what the models wait for a thread in an access. */
#define MACHINE_TIMEOUT_MS 20000u

/**
 * struct machine_vendor - a kind of IOMMU
 * @stalls:     it can stall transactions, so that SVA_FAULTS_STALL works.
 * @create_hw:  a model as @cfg wants it, in memory of @plat that *@ret_mem
 *              points to. 0, -EINVAL @cfg leaves out what it never had,
 *              -ENOMEM.
 * @destroy_hw: the caller frees the memory.
 * @probe, @remove: by the driver, as unit 0 of the machine.
 * @table_fmt:  of the tables it walks.
 */
struct machine_vendor {
	bool stalls;
	int (*create_hw)(const struct sva_machine_cfg *cfg,
			 const struct plat *plat, const struct hw_env *env,
			 const struct hw_bus *bus, void **ret_mem,
			 struct iommu_hw **ret_hw);
	void (*destroy_hw)(struct iommu_hw *hw);
	int (*probe)(struct iommu_system *sys, struct iommu_hw *hw,
		     struct iommu_unit **ret_unit);
	int (*remove)(struct iommu_unit *unit);
	enum iommu_table_fmt table_fmt;
};

extern const struct machine_vendor machine_smmuv3;
extern const struct machine_vendor machine_vtd;

#endif
