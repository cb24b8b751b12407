/* SPDX-License-Identifier: MIT */
/*
 * The oracles of the target vmm. Surroundings of each model say who accesses
 * memory, so each access is held against whose the page is:
 *
 * - an accelerator reaches the memory of the guest that has it, and no other
 *   page: none when the guest is dead. The monitor's own count of strays says
 *   the same;
 * - the emulated IOMMU of a guest reaches that guest's memory;
 * - the host's IOMMU reaches the host's pages, and those of a guest it walks
 *   for: not what is free, nor, while the hostile guest acts, the other's;
 * - messages and interrupts of the hostile guest's are its own.
 *
 * Beside that the other guest's jobs do what they should, without a fault; the
 * host reports no error; and when the hostile guest has been killed, the host
 * has nothing of it, and what its function sends leads nowhere.
 */
#include "fuzz/vmm_rig.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"
#include "core/device.h"
#include "drivers/smmuv3/smmuv3.h"
#include "drivers/vtd/vtd.h"
#include "fmt/smmuv3_regs.h"
#include "fmt/vtd_regs.h"

const char *const fuzz_defects[] = {
	"no-stage-2", "next-guest", "window",    "walk",  "message",
	"interrupt",  "data",       "domain",    "page",  "handler",
	"reachable",  "answer",     "forbidden", "error", NULL,
};

/* The one there is. */
static struct rig *rig;

static bool all_of(uint64_t pa, size_t len, unsigned int owner)
{
	uint64_t at;

	for (at = pa & ~UINT64_C(4095); at < pa + len; at += 4096)
		if (plat_owner(at) != owner)
			return false;
	return true;
}

static unsigned int acting(void)
{
	return rig->busy ? PAGE_VICTIM : PAGE_HOSTILE;
}

/* What the guest's memory is to itself: as if nobody had translated. */
static uint64_t as_the_guest_says(const struct vmm_guest *g, uint64_t pa)
{
	return pa - g->ram.pa + g->ram.gpa;
}

/* Defects: what the host lets through, or gets wrong. */
static uint64_t spoil(unsigned int who, uint64_t pa, size_t len)
{
	const struct vmm_guest *g = rig->h.guest;

	if (who == WHO_SEAT + SEAT_VICTIM && len > 64 && fuzz_broken("data"))
		return pa ^ 4096;
	if (!g || rig->busy)
		return pa;
	if (who == WHO_SEAT + SEAT_HOSTILE && fuzz_broken("no-stage-2"))
		return as_the_guest_says(g, pa);
	if (who == WHO_SEAT + SEAT_HOSTILE && fuzz_broken("next-guest"))
		return pa + RIG_MEMORY;
	if (who == WHO_GUEST && fuzz_broken("window"))
		return pa + RIG_MEMORY;
	if (who == WHO_IOMMU && plat_owner(pa) == PAGE_HOSTILE &&
	    fuzz_broken("walk"))
		return pa + RIG_MEMORY;
	return pa;
}

static void do_later(struct rig_later *l)
{
	if (l->turn)
		plat_turn();
	else if (rig->h.guest)
		hostile_write(&rig->h, l->gpa, l->value);
}

static void count_later(void)
{
	struct rig_later *l;

	for (l = rig->later; !rig->busy && l < rig->later + RIG_LATER; l++)
		if (l->points && !--l->points)
			do_later(l);
}

static uint64_t place(unsigned int who, uint64_t pa, size_t len, bool write)
{
	(void)write;
	count_later();
	pa = spoil(who, pa, len);
	switch (who) {
	case WHO_IOMMU:
		FUZZ_CHECK(all_of(pa, len, PAGE_HOST) ||
			   all_of(pa, len, acting()));
		break;
	case WHO_GUEST:
		FUZZ_CHECK(all_of(pa, len, acting()));
		break;
	case WHO_SEAT + SEAT_HOSTILE:
		FUZZ_CHECK(!rig->dead);
		FUZZ_CHECK(all_of(pa, len, PAGE_HOSTILE));
		break;
	default:
		FUZZ_CHECK(rig->busy);
		FUZZ_CHECK(all_of(pa, len, PAGE_VICTIM));
		break;
	}
	return pa;
}

static bool is_message_of(const struct vmm_guest *g, unsigned int irq)
{
	unsigned int i;

	for (i = 0; g && i < VMM_MSIS; i++)
		if (atomic_load(&g->os.msis[i].used) &&
		    g->os.msis[i].host.irq == irq)
			return true;
	return false;
}

static void message(unsigned int who, unsigned int irq)
{
	const struct vmm_guest *g = rig->busy ? rig->victim : rig->h.guest;

	/* It boots, and is not known yet. */
	if (!rig->victim)
		return;
	if (!rig->busy && who == WHO_GUEST && fuzz_broken("interrupt"))
		irq--;
	if (!rig->busy && who == WHO_SEAT && fuzz_broken("message"))
		irq--;
	switch (who) {
	case WHO_IOMMU:
		FUZZ_CHECK(!is_message_of(rig->victim, irq) &&
			   !is_message_of(rig->h.guest, irq));
		break;
	case WHO_SEAT + SEAT_VICTIM:
		FUZZ_CHECK(is_message_of(rig->victim, irq));
		break;
	case WHO_SEAT + SEAT_HOSTILE:
		FUZZ_CHECK(!rig->dead);
		FUZZ_CHECK(is_message_of(rig->h.guest, irq));
		break;
	default:
		FUZZ_CHECK(is_message_of(g, irq));
		break;
	}
}

static void complain(enum plat_log_level level, const char *text)
{
	if (level > PLAT_LOG_ERR || rig->starved)
		return;
	fprintf(stderr, "%s\n", text);
	FUZZ_FAIL("the host reports an error");
}

/* What the host's own software did with its IOMMU, or that is stuck. */
static void complain_model(unsigned int who, const char *text)
{
	if (who != WHO_IOMMU)
		return;
	fprintf(stderr, "%s\n", text);
	FUZZ_FAIL("the host's IOMMU finds fault with the host");
}

void rig_watch(struct rig *r)
{
	rig = r;
	task_point = count_later;
	plat_hooks.place = place;
	plat_hooks.msi = message;
	plat_hooks.log = complain;
	plat_hooks.model_log = complain_model;
}

/* Its end: what the host has then. */

static unsigned int count_bits(const uint64_t *words, size_t bits)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < bits / 64; i++)
		n += (unsigned int)__builtin_popcountll(words[i]);
	return n;
}

/* ASIDs and VMIDs, or domain ids. */
static unsigned int ids_of(struct rig *r)
{
	struct iommu_unit *unit = vmm_host_unit(r->host);
	const struct smmuv3 *smmu;
	const struct vtd_unit *vtd;

	if (r->pair->host == SVA_IOMMU_VTD) {
		vtd = container_of(unit, struct vtd_unit, unit);
		return count_bits(vtd->tables->dids,
				  (size_t)1 << vtd->f.did_bits);
	}
	smmu = container_of(unit, struct smmuv3, unit);
	return count_bits(smmu->asids.taken, (size_t)1 << smmu->f.asid_bits) +
	       count_bits(smmu->vmids.taken, (size_t)1 << smmu->f.vmid_bits);
}

struct rig_holdings rig_holdings(struct rig *r)
{
	struct iommu_device *dev = vmm_host_device(r->host, SEAT_HOSTILE);
	struct iommu_device *other = vmm_host_device(r->host, SEAT_VICTIM);
	struct iommu_system_stats stats;

	iommu_system_stats(vmm_host_system(r->host), &stats);
	return (struct rig_holdings){
		.domains = atomic_load(&vmm_host_unit(r->host)->domain_count),
		.pasids = stats.pasids,
		.pending = dev->faults.pending_count,
		.others = other->faults.pending_count,
		.handler = dev->faults.handler,
		.paging = dev->paging_count,
		.guest_binds = dev->guest_binds,
		.domain = dev->domain,
		.queues = plat_live().queues,
		.ids = ids_of(r),
	};
}

static int ignore(const struct iommu_fault *fault, struct iommu_device *dev,
		  void *data)
{
	(void)fault, (void)dev, (void)data;
	return -ENODEV;
}

/* A register that nothing is written to while translation is on. */
static void break_rules(struct rig *r)
{
	struct iommu_hw *hw = vmm_host_iommu_hw(r->host);

	hw->ops->mmio_write(hw,
			    r->pair->host == SVA_IOMMU_VTD ?
				    (uint64_t)VTD_IQA :
				    (uint64_t)SMMU_STRTAB_BASE_CFG,
			    4, 7);
}

/* Defects: what a kill may leave. */
static void leave_something(struct rig *r)
{
	struct iommu_device *dev = vmm_host_device(r->host, SEAT_HOSTILE);
	struct iommu_domain *domain;

	if (fuzz_broken("domain"))
		FUZZ_CHECK(!iommu_domain_alloc(vmm_host_unit(r->host),
					       IOMMU_DOMAIN_PAGING, &domain));
	if (fuzz_broken("page") && !plat_pages_alloc(r->host->plat, 4096))
		abort();
	if (fuzz_broken("handler"))
		(void)!iommu_register_device_fault_handler(dev, ignore, r);
	if (fuzz_broken("forbidden"))
		break_rules(r);
	if (fuzz_broken("error"))
		plat_log(r->host->plat, PLAT_LOG_ERR, "it could not be");
}

static void check_nothing_held(struct rig *r)
{
	const struct rig_holdings *a = &r->before, b = rig_holdings(r);

	FUZZ_CHECK(a->domains == b.domains);
	FUZZ_CHECK(a->pasids == b.pasids);
	FUZZ_CHECK(!b.pending && !b.others);
	FUZZ_CHECK(a->handler == b.handler);
	FUZZ_CHECK(a->paging == b.paging);
	FUZZ_CHECK(a->guest_binds == b.guest_binds);
	FUZZ_CHECK(a->domain == b.domain);
	FUZZ_CHECK(a->queues == b.queues);
	FUZZ_CHECK(a->ids == b.ids);
}

/* Addresses that it had, and what a function without any reaches. */
static void check_unreachable(struct rig *r)
{
	struct iommu_hw *hw = vmm_host_iommu_hw(r->host);
	struct hw_txn txn = {
		.requester = VMM_HOST_RID(SEAT_HOSTILE),
		.perm = IOMMU_PERM_READ,
	};
	struct hw_ats_reply reply;
	struct hw_port port = { 0 };
	struct hw_xlat xlat;
	unsigned int i;
	int err;

	hw->ops->port_add(hw, &port);
	for (i = 0; i < 32; i++) {
		txn.flags = i & 1 ? HW_TXN_PASID_VALID : 0;
		txn.pasid = i >> 2;
		txn.addr = i & 2 ? hostile_gpa(i) : (uint64_t)i << 12;
		err = hw->ops->translate(hw, &port, &txn, &xlat);
		FUZZ_CHECK(err == -EFAULT && !fuzz_broken("reachable"));
		hw->ops->ats_translate(hw, &port, &txn, &reply);
		FUZZ_CHECK(reply.status != HW_ATS_SUCCESS || !reply.xlat.perm);
	}
	hw->ops->port_remove(hw, &port);
}

/* PCIe: each group of page requests has had its response. [R2] */
static void check_answered(struct rig *r)
{
	struct dsa_hw_stats stats;

	dsa_hw_stats(vmm_host_dsa_hw(r->host, SEAT_HOSTILE), &stats);
	FUZZ_CHECK(stats.page_groups ==
		   stats.page_responses + fuzz_broken("answer"));
}

void rig_check_dead(struct rig *r)
{
	struct vmm_guest_stats stats;

	leave_something(r);
	check_nothing_held(r);
	check_unreachable(r);
	check_answered(r);
	vmm_guest_stats(r->h.guest, &stats);
	FUZZ_CHECK(!stats.strays);
}
