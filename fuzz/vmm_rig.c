/* SPDX-License-Identifier: MIT */
/* The guests of the target vmm, from their beginning to their end. */
#include "fuzz/vmm_rig.h"

#include <sva/sva.h>

#include "base/bits.h"
#include "base/le64.h"
#include "fmt/dsa.h"
#include "fmt/pcie.h"

#define SRC_VA   UINT64_C(0x10000000)
#define DST_VA   UINT64_C(0x20000000)
#define JOB_SIZE 8192u
#define RW       (IOMMU_PERM_READ | IOMMU_PERM_WRITE)

const struct rig_pair rig_pairs[RIG_PAIRS] = {
	{ VMM_NESTED, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ VMM_NESTED, SVA_IOMMU_VTD, SVA_IOMMU_VTD },
	{ VMM_SHADOW, SVA_IOMMU_SMMUV3, SVA_IOMMU_SMMUV3 },
	{ VMM_SHADOW, SVA_IOMMU_VTD, SVA_IOMMU_VTD },
	{ VMM_SHADOW, SVA_IOMMU_SMMUV3, SVA_IOMMU_VTD },
	{ VMM_SHADOW, SVA_IOMMU_VTD, SVA_IOMMU_SMMUV3 },
};

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

static struct rig *rig_of(struct hostile *h)
{
	return container_of(h, struct rig, h);
}

static struct in *in_of(struct hostile *h)
{
	return rig_in(rig_of(h));
}

uint64_t hostile_random(struct hostile *h)
{
	return in_word(in_of(h));
}

uint64_t hostile_below(struct hostile *h, uint64_t n)
{
	return (n > 256 ? in_u16(in_of(h)) : in_u8(in_of(h))) % n;
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
	uint8_t b = in_u8(in_of(h));
	uint64_t page = (uint64_t)(b & 15) << 12;

	switch (b >> 4) {
	case 0xf:
		return in_word(in_of(h)) & UINT64_C(0x000ffffffffff000);
	case 0xe: /* beyond it */
		return h->guest->ram.gpa + RIG_MEMORY + page;
	case 0xd: /* its own, as the host calls it */
		return h->guest->ram.pa + page;
	case 0xc: /* the other's */
		return rig_of(h)->victim->ram.pa + page;
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
	switch (in_u8(in_of(h)) & 3) {
	case 0:
		return h->vendor->leaf(any_page(h));
	case 1:
		return h->vendor->link(any_page(h));
	case 2:
		return any_page(h) | (in_u16(in_of(h)) & 0xfff);
	default:
		return in_word(in_of(h));
	}
}

/* The other guest. */

static void victim_create(struct rig *r)
{
	const struct vmm_guest_cfg cfg = {
		.how = r->pair->how,
		.iommu = r->pair->guest,
		.function = SEAT_VICTIM,
		.memory = RIG_MEMORY,
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
	const unsigned int fail = plat_fail;
	struct vmm_guest_stats stats;

	plat_settle();
	r->busy = true;
	plat_fail = 0;
	do_job(r);
	plat_settle();
	vmm_guest_stats(r->victim, &stats);
	plat_fail = fail;
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
		.memory = RIG_MEMORY,
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

void rig_kill(struct rig *r)
{
	if (r->dead)
		return;
	vmm_guest_kill(r->h.guest);
	r->dead = true;
}

void rig_life_end(struct rig *r)
{
	if (r->other)
		task_join(r->other);
	r->other = NULL;
	memset(r->later, 0, sizeof(r->later));
	plat_settle();
	rig_victim_works(r);
	rig_kill(r);
	plat_fail = 0;
	rig_check_dead(r);
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
	task_point = NULL;
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
	r->pair = pair;
	rig_watch(r);
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
	r->starved = false;
	r->before = rig_holdings(r);
	hostile_create(r);
}
