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

#include <sva/sva.h>

#include "base/le64.h"
#include "core/device.h"
#include "fmt/dsa.h"
#include "fmt/pcie.h"

#define MEMORY (UINT64_C(4) << 20)

#define SRC_VA   UINT64_C(0x10000000)
#define DST_VA   UINT64_C(0x20000000)
#define JOB_SIZE 8192u
#define RW       (IOMMU_PERM_READ | IOMMU_PERM_WRITE)

enum {
	SEAT_HOSTILE,
	SEAT_VICTIM,
	SEATS,
	PAGE_VICTIM = PAGE_GUEST,
	PAGE_HOSTILE,
};

const struct rig_pair rig_pairs[RIG_PAIRS] = {
	{ VMM_NESTED, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ VMM_NESTED, SVA_IOMMU_VTD, SVA_IOMMU_VTD },
	{ VMM_SHADOW, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ VMM_SHADOW, SVA_IOMMU_VTD, SVA_IOMMU_VTD },
	{ VMM_SHADOW, SVA_IOMMU_SMMUV3, SVA_IOMMU_VTD },
	{ VMM_SHADOW, SVA_IOMMU_VTD, SVA_IOMMU_SMMUV3 },
};

const char *const fuzz_defects[] = {
	"no-stage-2", "next-guest", "window", "walk", "message",
	"interrupt",  "data",       "domain", "page", "handler",
	"reachable",  "answer",     "error",  NULL,
};

/* The one there is, for the hooks. */
static struct rig *rig;

/* Oracles of accesses. */

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
		return pa + MEMORY;
	if (who == WHO_GUEST && fuzz_broken("window"))
		return pa + MEMORY;
	if (who == WHO_IOMMU && plat_owner(pa) == PAGE_HOSTILE &&
	    fuzz_broken("walk"))
		return pa + MEMORY;
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
		if (l->accesses && !--l->accesses)
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
	if (level > PLAT_LOG_ERR)
		return;
	fprintf(stderr, "%s\n", text);
	FUZZ_FAIL("the host reports an error");
}

struct in *rig_in(struct rig *r)
{
	return task_current() == r->other ? &r->other_in : r->in;
}

/* One at a time. */
void rig_other(struct rig *r, void (*fn)(void *arg), struct in in)
{
	if (r->other)
		task_join(r->other);
	r->other_in = in;
	r->other = task_start(fn, r);
}

/* The hostile guest's memory, for tests/vmm/hostile.h. */

uint64_t hostile_random(struct hostile *h)
{
	(void)h;
	return in_word(rig_in(rig));
}

uint64_t hostile_below(struct hostile *h, uint64_t n)
{
	(void)h;
	return (n > 256 ? in_u16(rig_in(rig)) : in_u8(rig_in(rig))) % n;
}

uint64_t hostile_gpa(unsigned int page)
{
	return VMM_RAM_GPA + page * VMM_PAGE;
}

void hostile_write(struct hostile *h, uint64_t gpa, uint64_t value)
{
	le64_atomic *word;

	if (!vmm_memory_has(&h->guest->ram, gpa, 8) || gpa & 7)
		return;
	word = plat_virt(vmm_memory_pa(&h->guest->ram, gpa), 8);
	le64_store_relaxed(word, value);
}

static uint64_t any_page(struct hostile *h)
{
	uint8_t b = in_u8(rig_in(rig));
	uint64_t page = (uint64_t)(b & 15) << 12;

	switch (b >> 4) {
	case 0xf:
		return in_word(rig_in(rig)) & UINT64_C(0x000ffffffffff000);
	case 0xe: /* beyond it */
		return h->guest->ram.gpa + MEMORY + page;
	case 0xd: /* its own, as the host calls it */
		return h->guest->ram.pa + page;
	case 0xc: /* the other's */
		return rig->victim->ram.pa + page;
	case 0xb: /* the host's */
		return PLAT_PA + (page << 4);
	case 0xa:
		return VMM_MSI_GPA & ~UINT64_C(4095);
	default:
		return hostile_gpa(b);
	}
}

uint64_t hostile_word(struct hostile *h)
{
	switch (in_u8(rig_in(rig)) & 3) {
	case 0:
		return h->vendor->leaf(any_page(h));
	case 1:
		return h->vendor->link(any_page(h));
	case 2:
		return any_page(h) | (in_u16(rig_in(rig)) & 0xfff);
	default:
		return in_word(rig_in(rig));
	}
}

/* The other guest. */

static void victim_create(struct rig *r)
{
	const struct vmm_guest_cfg cfg = {
		.how = r->pair->how,
		.iommu = r->pair->guest,
		.function = SEAT_VICTIM,
		.memory = MEMORY,
		.name = "victim",
	};
	const struct dsa_wq_cfg wq = { .shared = true, .block_on_fault = true };

	plat_next_owner(PAGE_VICTIM);
	FUZZ_CHECK(!vmm_guest_create(r->host, &cfg, &r->victim));
	FUZZ_CHECK(!vmm_process_create(r->victim, &r->process));
	FUZZ_CHECK(!vmm_process_map(r->process, SRC_VA, JOB_SIZE, RW));
	FUZZ_CHECK(!vmm_process_map(r->process, DST_VA, JOB_SIZE, RW));
	FUZZ_CHECK(!iommu_sva_bind(vmm_guest_device(r->victim),
				   vmm_process_mm(r->process), NULL, &r->sva));
	FUZZ_CHECK(!dsa_wq_open(vmm_guest_dsa(r->victim), &wq, &r->wq));
}

static void victim_destroy(struct rig *r)
{
	FUZZ_CHECK(!dsa_wq_close(r->wq));
	iommu_sva_unbind(r->sva);
	vmm_process_destroy(r->process);
	FUZZ_CHECK(!vmm_guest_destroy(r->victim));
	r->victim = NULL;
}

static void fill(uint8_t *bytes, uint32_t seed)
{
	unsigned int i;

	for (i = 0; i < JOB_SIZE; i++) {
		seed = seed * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(seed >> 24);
	}
}

static void do_job(struct rig *r)
{
	struct dsa_job *job = vmm_process_job(r->process, 0);
	struct dsa_result result = { .status = -1 };
	uint8_t want[JOB_SIZE], got[JOB_SIZE];

	fill(want, ++r->jobs);
	FUZZ_CHECK(!vmm_process_write(r->process, SRC_VA, want, JOB_SIZE));
	dsa_job_memmove(job, r->sva, (void *)(uintptr_t)DST_VA,
			(const void *)(uintptr_t)SRC_VA, JOB_SIZE);
	dsa_job_set_block_on_fault(job);
	vmm_process_job_ready(r->process, 0);
	FUZZ_CHECK(!dsa_submit(r->wq, job));
	FUZZ_CHECK(!dsa_wait(job, 60000, &result));
	FUZZ_CHECK(!result.status);
	FUZZ_CHECK(!vmm_process_read(r->process, DST_VA, got, JOB_SIZE));
	FUZZ_CHECK(!memcmp(want, got, JOB_SIZE));
	FUZZ_CHECK(!vmm_process_discard(r->process, DST_VA, JOB_SIZE));
}

void rig_victim_works(struct rig *r)
{
	struct vmm_guest_stats stats;

	plat_settle();
	r->busy = true;
	do_job(r);
	plat_settle();
	vmm_guest_stats(r->victim, &stats);
	r->busy = false;
	FUZZ_CHECK(stats.accesses && !stats.strays);
	FUZZ_CHECK(!stats.faults && !stats.stage2_faults);
}

/* The hostile guest. */

static void on_message(void *arg)
{
	unsigned int *count = arg;

	(*count)++;
}

static unsigned int messages;

/* What its platform gives it: interrupts. */
static void take_messages(struct rig *r)
{
	const struct plat *plat = &r->h.guest->os.plat;
	unsigned int i;

	for (i = 0; i < RIG_MSIS; i++) {
		FUZZ_CHECK(!plat_msi_alloc(plat, &r->msis[i]));
		FUZZ_CHECK(!plat_irq_request(plat, r->msis[i].irq, on_message,
					     &messages, "hostile"));
	}
}

static void leave_messages(struct rig *r)
{
	const struct plat *plat = &r->h.guest->os.plat;
	unsigned int i;

	for (i = 0; i < RIG_MSIS; i++) {
		plat_irq_free(plat, r->msis[i].irq);
		plat_msi_free(plat, &r->msis[i]);
	}
}

static void hostile_create(struct rig *r)
{
	const struct vmm_guest_cfg cfg = {
		.how = r->pair->how,
		.iommu = r->pair->guest,
		.function = SEAT_HOSTILE,
		.memory = MEMORY,
		.personality = r->host->cfg.personality,
		.name = "hostile",
	};

	plat_next_owner(PAGE_HOSTILE);
	FUZZ_CHECK(!vmm_guest_create_bare(r->host, &cfg, &r->h.guest));
	r->h.vendor = r->pair->guest == SVA_IOMMU_VTD ? &hostile_vtd :
							&hostile_smmuv3;
	r->h.win = vmm_unit_window(r->h.guest);
	r->pci = vmm_function_pci(r->h.guest);
	r->bar0 = vmm_function_bar0(r->h.guest);
	r->bar2 = vmm_function_bar2(r->h.guest);
	take_messages(r);
}

static uint64_t table(struct rig *r, unsigned int shift)
{
	return (mmio_read64(&r->bar0, DSA_REG_TABLE_OFFSETS) >> shift &
		0xffff) *
	       DSA_TABLE_UNIT;
}

static void enable_space(struct rig *r)
{
	const struct vmm_function *fn = &r->h.guest->fn;

	pci_cfg_write(&r->pci, PCIE_CFG_COMMAND, 2,
		      (uint32_t)(FIELD_MASK(PCIE_COMMAND_MEMORY) |
				 FIELD_MASK(PCIE_COMMAND_BUS_MASTER)));
	pci_cfg_write(&r->pci, fn->pasid + PCIE_PASID_CTRL, 2, 1);
	pci_cfg_write(&r->pci, fn->ats + PCIE_ATS_CTRL, 2,
		      (uint32_t)FIELD_MASK(PCIE_ATS_CTRL_ENABLE));
	pci_cfg_write(&r->pci, fn->pri + PCIE_PRI_ALLOCATION, 4, 32);
	pci_cfg_write(&r->pci, fn->pri + PCIE_PRI_CTRL, 2, 1);
	pci_cfg_write(&r->pci, fn->msix + PCIE_MSIX_CTRL, 2,
		      (uint32_t)FIELD_MASK(PCIE_MSIX_CTRL_ENABLE));
}

static void enable_vectors(struct rig *r)
{
	unsigned int i;

	for (i = 0; i < RIG_MSIS; i++) {
		uint64_t at = r->h.guest->fn.table + i * PCIE_MSIX_ENTRY_SIZE;

		mmio_write64(&r->bar0, at, r->msis[i].address);
		mmio_write32(&r->bar0, at + PCIE_MSIX_ENTRY_OFF_DATA,
			     r->msis[i].data);
		mmio_write32(&r->bar0, at + PCIE_MSIX_ENTRY_OFF_CTRL, 0);
	}
}

/* Queue 0 is shared, 1 is dedicated to PASID 1, or 0 without one. */
static void write_wq(struct rig *r, unsigned int n)
{
	const uint64_t at = table(r, 16) + n * sizeof(struct dsa_wqcfg);
	struct dsa_wqcfg cfg = { { 0 } };

	FIELD_SET(DSA_WQCFG_SIZE, &cfg, 16);
	FIELD_SET(DSA_WQCFG_THRESHOLD, &cfg, 16);
	FIELD_SET(DSA_WQCFG_MODE, &cfg, n != 0);
	FIELD_SET(DSA_WQCFG_BOF, &cfg, 1);
	FIELD_SET(DSA_WQCFG_PRIORITY, &cfg, 1);
	FIELD_SET(DSA_WQCFG_PASID, &cfg, n == 1);
	FIELD_SET(DSA_WQCFG_PASID_EN, &cfg, n != 2);
	FIELD_SET(DSA_WQCFG_MAX_XFER_SHIFT, &cfg, 16);
	FIELD_SET(DSA_WQCFG_MAX_BATCH_SHIFT, &cfg, 5);
	mmio_write64(&r->bar0, at, cfg.dw[0]);
	mmio_write64(&r->bar0, at + 8, cfg.dw[1]);
}

/* It ends soon, if nothing is in its way. */
static void dsa_command(struct rig *r, enum dsa_cmd cmd, unsigned int operand)
{
	unsigned int turns;

	mmio_write32(&r->bar0, DSA_REG_CMD,
		     (uint32_t)REG_PUT(DSA_CMD_CODE, operand, cmd));
	for (turns = 0; turns < 4; turns++)
		plat_turn();
}

void rig_enable_function(struct rig *r)
{
	const uint64_t group = table(r, 0);
	unsigned int i;

	enable_space(r);
	enable_vectors(r);
	mmio_write64(&r->bar0, group + DSA_GRPCFG_OFF_WQS, 7);
	mmio_write64(&r->bar0, group + DSA_GRPCFG_OFF_ENGINES, 1);
	mmio_write64(&r->bar0, group + DSA_GRPCFG_OFF_FLAGS, 24 << 20);
	mmio_write32(&r->bar0, DSA_REG_GENCTRL, 3);
	for (i = 0; i < 3; i++)
		write_wq(r, i);
	dsa_command(r, DSA_CMD_ENABLE_DEVICE, 0);
	for (i = 0; i < 3; i++) {
		write_wq(r, i);
		dsa_command(r, DSA_CMD_ENABLE_WQ, i);
	}
}

/* Its end: what the host has then. */

static struct rig_holdings holdings_of(struct rig *r)
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
	};
}

static int ignore(const struct iommu_fault *fault, struct iommu_device *dev,
		  void *data)
{
	(void)fault, (void)dev, (void)data;
	return -ENODEV;
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
	if (fuzz_broken("error"))
		plat_log(r->host->plat, PLAT_LOG_ERR, "it could not be");
}

static void check_nothing_held(struct rig *r)
{
	const struct rig_holdings *a = &r->before, b = holdings_of(r);

	FUZZ_CHECK(a->domains == b.domains);
	FUZZ_CHECK(a->pasids == b.pasids);
	FUZZ_CHECK(!b.pending && !b.others);
	FUZZ_CHECK(a->handler == b.handler);
	FUZZ_CHECK(a->paging == b.paging);
	FUZZ_CHECK(a->guest_binds == b.guest_binds);
	FUZZ_CHECK(a->domain == b.domain);
	FUZZ_CHECK(a->queues == b.queues);
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

void rig_kill(struct rig *r)
{
	if (r->dead)
		return;
	vmm_guest_kill(r->h.guest);
	r->dead = true;
}

/* PCIe: each group of page requests has had its response. [R2] */
static void check_answered(struct rig *r)
{
	struct dsa_hw_stats stats;

	dsa_hw_stats(vmm_host_dsa_hw(r->host, SEAT_HOSTILE), &stats);
	FUZZ_CHECK(stats.page_groups ==
		   stats.page_responses + fuzz_broken("answer"));
}

void rig_life_end(struct rig *r)
{
	struct vmm_guest_stats stats;

	if (r->other)
		task_join(r->other);
	r->other = NULL;
	memset(r->later, 0, sizeof(r->later));
	plat_settle();
	rig_victim_works(r);
	rig_kill(r);
	leave_something(r);
	check_nothing_held(r);
	check_unreachable(r);
	check_answered(r);
	vmm_guest_stats(r->h.guest, &stats);
	FUZZ_CHECK(!stats.strays);
	plat_settle();
	leave_messages(r);
	FUZZ_CHECK(!vmm_guest_destroy(r->h.guest));
	r->h.guest = NULL;
	rig_victim_works(r);
}

void rig_end(struct rig *r)
{
	r->busy = true;
	victim_destroy(r);
	r->busy = false;
	FUZZ_CHECK(!vmm_host_destroy(r->host));
	rig = NULL;
}

void rig_create(struct rig *r, const struct rig_pair *pair,
		enum hw_personality personality)
{
	const struct vmm_host_cfg cfg = {
		.iommu = pair->host,
		.functions = SEATS,
		.personality = personality,
	};
	unsigned int i;

	memset(r, 0, sizeof(*r));
	rig = r;
	r->pair = pair;
	plat_hooks.place = place;
	plat_hooks.msi = message;
	plat_hooks.log = complain;
	plat_begin();
	FUZZ_CHECK(!vmm_host_create(&cfg, &r->host));
	plat_env(WHO_GUEST, &r->host->env);
	for (i = 0; i < SEATS; i++) {
		plat_env(WHO_SEAT + i, &r->seats[i]);
		r->host->seats[i].border.host = &r->seats[i];
	}
	r->busy = true;
	victim_create(r);
	r->busy = false;
	rig_victim_works(r);
}

void rig_life(struct rig *r)
{
	memset(r->later, 0, sizeof(r->later));
	r->dead = false;
	r->before = holdings_of(r);
	hostile_create(r);
}
