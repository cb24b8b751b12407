/* SPDX-License-Identifier: MIT */
/*
 * The seam between a simulated machine and the kind of IOMMU it has. A new one
 * is a file with a table of these, a line in vendor.c, and its bit in the rows
 * of scenarios.c and breaks.c where it belongs.
 */
#ifndef PLAT_SIM_VENDOR_H
#define PLAT_SIM_VENDOR_H

#include <stdbool.h>
#include <stdint.h>

#include <sva/mm.h>
#include <sva/sim.h>

struct sim_nest;
struct world;

/**
 * struct sim_vendor - a kind of IOMMU
 * @name:    what the command calls it.
 * @table:   what it walks.
 * @nest:    how guests write their tables.
 * @create:  the hardware, of world_env() and endpoint_bus, and its driver: sets
 *           @hw, unless it has no model, and @unit. 0, or an error with what
 *           there is left for @remove and @destroy.
 * @built:   devices and processes stand: the last word before the scenario. May
 *           be NULL.
 * @remove:  the driver; on 0 it has set @unit to NULL. Not without a @unit.
 * @destroy: the model; sets @hw to NULL. Not without a @hw.
 * @quiet:   all threads have ended and all is answered: looks at what the
 *           hardware has left standing. May be NULL.
 * @lets_ats: by its tables as they are in memory, the IOMMU lets the endpoint
 *           use ATS. [R12] Only with a model.
 * @wrote:   the model has written a record at @pa, which is @record here: for
 *           watchers, and for breaks to change. May be NULL.
 * @writes:  the driver writes @value to a register; false: the hardware does
 *           not hear of it. For watchers and breaks. May be NULL.
 * @interrupts: the model interrupts with @data, in whatever thread made it do
 *           so. For watchers. May be NULL.
 * @flush_first: ATS goes on in the endpoint with its cache emptied, and not
 *           before that. [R12]
 * @posted:  page requests take their time on the bus, and an endpoint's answer
 *           to an invalidation does not overtake them. Where the driver waits
 *           for no such answer nothing would keep a request from coming late,
 *           and they are there at once.
 */
struct sim_vendor {
	const char *name;
	enum iommu_table_fmt table;
	const struct sim_nest *nest;
	int (*create)(struct world *w);
	void (*built)(struct world *w);
	int (*remove)(struct world *w);
	void (*destroy)(struct world *w);
	void (*quiet)(struct world *w);
	bool (*lets_ats)(struct world *w, unsigned int endpoint);
	void (*wrote)(struct world *w, uint64_t pa, void *record);
	bool (*writes)(struct world *w, uint64_t offset, uint64_t *value);
	void (*interrupts)(struct world *w, uint32_t data);
	bool flush_first;
	bool posted;
};

extern const struct sim_vendor sim_mock;
extern const struct sim_vendor sim_smmuv3;
extern const struct sim_vendor sim_vtd;

const struct sim_vendor *sim_vendor_of(enum sva_sim_iommu iommu);

#endif
