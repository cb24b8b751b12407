/* SPDX-License-Identifier: MIT */
/* What is looked at when a guest is dead. */
#include <string.h>

#include "core/device.h"
#include "drivers/smmuv3/smmuv3.h"
#include "drivers/vtd/vtd.h"
#include "fmt/dsa_regs.h"
#include "tests/vmm/sim/stage.h"

static unsigned int count_bits(const uint64_t *words, size_t bits)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; words && i < bits / 64; i++)
		n += (unsigned int)__builtin_popcountll(words[i]);
	return n;
}

/* ASIDs and VMIDs, or domain ids. */
static unsigned int ids_of(struct stage *st)
{
	struct iommu_unit *unit = vmm_host_unit(st->host);
	const struct smmuv3 *smmu;
	const struct vtd_unit *vtd;

	if (st->cfg.host == SVA_IOMMU_VTD) {
		vtd = container_of(unit, struct vtd_unit, unit);
		return count_bits(vtd->tables->dids,
				  (size_t)1 << vtd->f.did_bits);
	}
	smmu = container_of(unit, struct smmuv3, unit);
	return count_bits(smmu->asids.taken, (size_t)1 << smmu->f.asid_bits) +
	       count_bits(smmu->vmids.taken, (size_t)1 << smmu->f.vmid_bits);
}

void holdings_get(struct stage *st, unsigned int function, struct holdings *ret)
{
	const struct iommu_device *dev = vmm_host_device(st->host, function);
	const struct iommu_system *sys = vmm_host_system(st->host);
	unsigned int i;

	memset(ret, 0, sizeof(*ret));
	ret->pending = dev->faults.pending_count + dev->faults.partial_count;
	ret->handler = dev->faults.handler;
	ret->paging = dev->paging_count + dev->sva_count + dev->nr_bonds;
	ret->guest_binds = dev->guest_binds;
	ret->guest_faults = dev->guest_faults;
	for (i = 0; i < IOMMU_DEV_FEAT_COUNT; i++)
		ret->features |= (unsigned int)dev->feature_on[i] << i;
	ret->domain = dev->domain;
	ret->domains = atomic_load(&vmm_host_unit(st->host)->domain_count);
	ret->ids = ids_of(st);
	ret->pasids = atomic_load(&sys->pasids.live);
	for (i = 0; i < SIM_IRQS; i++)
		ret->irqs += st->sim.irqs[i].requested;
	ret->live = st->sim.mem.live;
}

static void same(struct stage *st, uint64_t now, uint64_t then,
		 const char *what)
{
	if (now != then)
		sim_fail(&st->sim, "leak", "%s: %llu, and were %llu", what,
			 (unsigned long long)now, (unsigned long long)then);
}

void holdings_same(struct stage *st, const struct holdings *now,
		   const struct holdings *then, bool all)
{
	same(st, now->pending, then->pending, "pending page requests");
	same(st, now->handler, then->handler, "fault handlers");
	same(st, now->paging, then->paging, "attachments to PASIDs");
	same(st, now->guest_binds, then->guest_binds, "tables of guests");
	same(st, now->guest_faults, then->guest_faults, "faults of guests");
	same(st, now->features, then->features, "features");
	if (now->domain != then->domain)
		sim_fail(&st->sim, "leak", "a domain is attached");
	if (!all)
		return;
	same(st, now->domains, then->domains, "domains");
	same(st, now->ids, then->ids, "ASIDs, VMIDs, domain ids");
	same(st, now->pasids, then->pasids, "PASIDs");
}

/* Where a guest has something: its memory, a job, the buffers of processes. */
static const uint64_t places[] = { VMM_RAM_GPA, UINT64_C(0x7f0000000000),
				   UINT64_C(0x10000000) };

static void look(struct stage *st, uint32_t requester, const struct hw_txn *txn)
{
	struct iommu_hw *hw = vmm_host_iommu_hw(st->host);
	struct hw_ats_reply reply;
	struct hw_port port;
	struct hw_xlat xlat;

	memset(&port, 0, sizeof(port));
	hw->ops->port_add(hw, &port);
	if (!hw->ops->translate(hw, &port, txn, &xlat))
		sim_fail(&st->sim, "R1", "%#x with PASID %u reaches %#llx",
			 requester, txn->pasid, (unsigned long long)txn->addr);
	hw->ops->ats_translate(hw, &port, txn, &reply);
	if (reply.status == HW_ATS_SUCCESS && reply.xlat.perm & IOMMU_PERM_RWX)
		sim_fail(&st->sim, "R1", "%#x translates %#llx", requester,
			 (unsigned long long)txn->addr);
	hw->ops->port_remove(hw, &port);
}

void holdings_none(struct stage *st, unsigned int function)
{
	struct vmm_seat *seat = &st->host->seats[function];
	struct dsa_hw *hw = vmm_host_dsa_hw(st->host, function);
	struct dsa_hw_stats stats;
	unsigned int i, pasid;

	dsa_hw_stats(hw, &stats);
	same(st, stats.page_groups - stats.page_responses, 0,
	     "groups without an answer");
	if (REG_GET(DSA_GENSTATUS_STATE,
		    dsa_hw_mmio_read(hw, DSA_REG_GENSTATUS, 4)))
		sim_fail(&st->sim, "R1", "the function was not reset");
	if (atomic_load(&seat->border.accesses))
		sim_fail(&st->sim, "R1", "the function reaches memory");
	for (pasid = 0; pasid < 4; pasid++) {
		for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			const struct hw_txn txn = {
				.requester = VMM_HOST_RID(function),
				.flags = pasid ? HW_TXN_PASID_VALID : 0,
				.pasid = pasid,
				.perm = IOMMU_PERM_READ,
				.addr = places[i],
			};

			look(st, txn.requester, &txn);
		}
	}
}
