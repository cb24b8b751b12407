/* SPDX-License-Identifier: MIT */
/*
 * An end of a guest that is not one: what vmm_guest_kill() calls, and what is
 * left out of it. Each is found by what is looked at afterwards, or by the
 * platform; kill_test.c says within how many kills.
 *
 * The linker leads calls of other files here.
 */
#include <sva/auxdomain.h>

#include "core/system.h"
#include "drivers/smmuv3/guest.h"
#include "drivers/vtd/vtd.h"
#include "tests/vmm/sim/stage.h"

/* Only what the killer does: the guest's own threads are sound. */
bool stage_breaks(enum stage_break brk)
{
	struct stage *st = stage;

	if (st->cfg.brk != brk || !st->dying ||
	    st->sim.current != st->killers[0])
		return false;
	st->result.struck = true;
	return true;
}

/* clang-format off */
#define WRAP(type, name, args, pass, brk, instead)	\
	type __real_##name args;			\
	type __wrap_##name args;			\
	type __wrap_##name args				\
	{						\
		if (stage_breaks(brk))			\
			instead;			\
		return __real_##name pass;		\
	}
#define WRAP_VOID(name, args, pass, brk)		\
	void __real_##name args;			\
	void __wrap_##name args;			\
	void __wrap_##name args				\
	{						\
		if (!stage_breaks(brk))			\
			__real_##name pass;		\
	}
/* clang-format on */

/* The monitor does not answer what the function waits for. */
WRAP_VOID(vmm_requests_end, (struct vmm_guest * g), (g), STAGE_REQUESTS_KEPT)
WRAP_VOID(vmm_requests_settle, (struct vmm_guest * g), (g), STAGE_REQUESTS_KEPT)
/* Requests of a dead guest go on to it. */
WRAP(int, iommu_unregister_device_fault_handler, (struct iommu_device * dev),
     (dev), STAGE_HANDLER_KEPT, return 0)
WRAP(int, iommu_dev_disable_feature,
     (struct iommu_device * dev, enum iommu_dev_feature feat), (dev, feat),
     STAGE_HANDLER_KEPT, return 0)

/* A shadow domain stays where it is, and nobody knows. */
void __real_iommu_detach_device_pasid(struct iommu_domain *domain,
				      struct iommu_device *dev, ioasid_t pasid);
void __wrap_iommu_detach_device_pasid(struct iommu_domain *domain,
				      struct iommu_device *dev, ioasid_t pasid);
void __wrap_iommu_detach_device_pasid(struct iommu_domain *domain,
				      struct iommu_device *dev, ioasid_t pasid)
{
	if (!stage_breaks(STAGE_DOMAIN_KEPT))
		__real_iommu_detach_device_pasid(domain, dev, pasid);
}

/* The parent, or the domain of requests without a PASID. */
WRAP(int, iommu_detach_device,
     (struct iommu_domain * domain, struct iommu_device *dev), (domain, dev),
     STAGE_PARENT_KEPT, return 0)

int __real_iommu_domain_free(struct iommu_domain *domain);
int __wrap_iommu_domain_free(struct iommu_domain *domain);
int __wrap_iommu_domain_free(struct iommu_domain *domain)
{
	const bool kept = stage_breaks(STAGE_DOMAIN_KEPT) ||
			  stage_breaks(STAGE_PARENT_KEPT) ||
			  stage_breaks(STAGE_DOMAIN_LEAKED);

	return kept ? 0 : __real_iommu_domain_free(domain);
}

/* The guest's table stays bound; so what is below cannot go. */
WRAP(int, iommu_detach_pasid_table, (struct iommu_domain * domain), (domain),
     STAGE_TABLE_KEPT, return 0)

/* Numbers that nobody gets again. */
WRAP_VOID(smmuv3_vmid_put, (struct smmuv3 * smmu, uint16_t vmid), (smmu, vmid),
	  STAGE_ID_LEAKED)
WRAP_VOID(smmuv3_asid_put, (struct smmuv3_domain * d), (d), STAGE_ID_LEAKED)
WRAP_VOID(vtd_did_put, (struct vtd_unit * u, uint16_t did), (u, did),
	  STAGE_ID_LEAKED)

/* The rest is in what is certainly called: the first thing, and a later one. */

static void leak_pasid(struct stage *st)
{
	struct iommu_system *sys = vmm_host_system(st->host);
	ioasid_t pasid;

	if (stage_breaks(STAGE_PASID_LEAKED) &&
	    ioasid_alloc(sys, &sys->aux_set, 1, 100, NULL, &pasid))
		sim_fail(&st->sim, "work", "there is no PASID");
}

/* Its processors go on with the function. */
void __real_vmm_function_close(struct vmm_guest *g);
void __wrap_vmm_function_close(struct vmm_guest *g);
void __wrap_vmm_function_close(struct vmm_guest *g)
{
	leak_pasid(stage);
	if (!stage_breaks(STAGE_NOT_CLOSED))
		__real_vmm_function_close(g);
}

static void leak_memory(struct stage *st)
{
	const struct plat *plat = &st->sim.plat;

	if (stage_breaks(STAGE_BLOCK_LEAKED) && !plat_zalloc(plat, 64))
		sim_fail(&st->sim, "work", "there is no memory");
	if (stage_breaks(STAGE_PAGE_LEAKED) &&
	    !plat_pages_alloc(plat, SIM_PAGE))
		sim_fail(&st->sim, "work", "there is no memory");
}

/* What the function has to do it does, for whoever has it next. */
void __real_vmm_function_reset(struct vmm_guest *g);
void __wrap_vmm_function_reset(struct vmm_guest *g);
void __wrap_vmm_function_reset(struct vmm_guest *g)
{
	leak_memory(stage);
	if (!stage_breaks(STAGE_NOT_RESET))
		__real_vmm_function_reset(g);
}
