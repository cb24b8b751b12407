/* SPDX-License-Identifier: MIT */
/*
 * What goes on: guests with processes that come, work and go; and a device of
 * the host's. Of a guest that is being killed anything may fail. Of the others
 * nothing does.
 */
#include <errno.h>
#include <string.h>

#include <sva/sva.h>

#include "tests/vmm/sim/stage.h"

#define PAGE    4096u
#define SRC_VA  UINT64_C(0x10000000)
#define DST_VA  UINT64_C(0x20000000)
#define THREADS 2u
#define WORDS   16u

#define JOB_TIMEOUT_MS 60000u

/* One processor of a guest. */
struct life {
	struct stage *st;
	struct vmm_guest *guest;
	struct dsa_wq *wq;
	bool mine; /* the guest that is killed */
	unsigned int number;
	uint64_t pages;
	bool unmaps, unbinds;
	struct sim_thread *thread;
};

/* It worked, or the guest is dying: then false. */
static bool worked(const struct life *l, int err, const char *what)
{
	if (err && !(l->mine && l->st->dying))
		sim_fail(&l->st->sim, "work", "%s of a guest: %d", what, err);
	return !err;
}

static void fill(uint64_t *words, uint64_t seed)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		words[i] = sim_splitmix(&seed);
}

static void check_copy(const struct life *l, struct vmm_process *p,
		       uint64_t seed)
{
	uint64_t want[WORDS], got[WORDS];

	fill(want, seed);
	if (!worked(l, vmm_process_read(p, DST_VA, got, sizeof(got)), "read()"))
		return;
	if (memcmp(want, got, sizeof(got)))
		sim_fail(&l->st->sim, "R9", "a job wrote something else");
}

/* With both buffers, or one, not there yet. */
static void job(const struct life *l, struct vmm_process *p,
		struct iommu_sva *sva)
{
	const uint64_t seed = l->number;
	struct dsa_job *job = vmm_process_job(p, 0);
	struct dsa_result result;
	uint64_t words[WORDS];
	int err;

	fill(words, seed);
	if (!worked(l, vmm_process_write(p, SRC_VA, words, sizeof(words)),
		    "write()"))
		return;
	dsa_job_memmove(job, sva, (void *)(uintptr_t)DST_VA,
			(const void *)(uintptr_t)SRC_VA,
			(uint32_t)(l->pages * PAGE));
	dsa_job_set_block_on_fault(job);
	vmm_process_job_ready(p, 0);
	l->st->jobs += l->mine;
	err = dsa_submit(l->wq, job);
	if (!err)
		err = dsa_wait(job, JOB_TIMEOUT_MS, &result);
	l->st->jobs -= l->mine;
	if (worked(l, err ? err : result.status, "a job"))
		check_copy(l, p, seed);
}

static bool map(const struct life *l, struct vmm_process *p)
{
	const unsigned int rw = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	const uint64_t size = l->pages * PAGE;

	return worked(l, vmm_process_map(p, SRC_VA, size, rw), "map()") &&
	       worked(l, vmm_process_map(p, DST_VA, size, rw), "map()");
}

static void let_go(const struct life *l, struct vmm_process *p)
{
	if (l->unmaps)
		(void)worked(l, vmm_process_unmap(p, DST_VA, l->pages * PAGE),
			     "unmap()");
	else
		(void)worked(l, vmm_process_discard(p, DST_VA, PAGE),
			     "discard()");
}

static void live(void *arg)
{
	const struct life *l = arg;
	struct vmm_process *p;
	struct iommu_sva *sva;

	if (!worked(l, vmm_process_create(l->guest, &p), "a process"))
		return;
	if (map(l, p) && worked(l,
				iommu_sva_bind(vmm_guest_device(l->guest),
					       vmm_process_mm(p), NULL, &sva),
				"bind()")) {
		job(l, p, sva);
		let_go(l, p);
		/* It may exit bound. */
		if (!l->unbinds)
			vmm_process_destroy(p);
		iommu_sva_unbind(sva);
		if (!l->unbinds)
			return;
	}
	vmm_process_destroy(p);
}

static void use(struct stage *st, struct vmm_guest *guest, struct dsa_wq *wq,
		bool mine)
{
	struct life lives[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		lives[i] = (struct life){
			.st = st,
			.guest = guest,
			.wq = wq,
			.mine = mine,
			.number = i,
			.pages = 1 + sim_random(&st->sim, 2),
			.unmaps = sim_random(&st->sim, 2),
			.unbinds = sim_random(&st->sim, 2),
		};
		lives[i].thread = sim_spawn(&st->sim, i ? "cpu1" : "cpu0", live,
					    &lives[i]);
	}
	for (i = 0; i < THREADS; i++)
		sim_join(&st->sim, lives[i].thread);
}

void life_of_guest(struct stage *st, const char *name, unsigned int function)
{
	const struct vmm_guest_cfg cfg = {
		.how = st->cfg.how,
		.iommu = st->cfg.guest,
		.name = name,
		.function = function,
		.memory = UINT64_C(4) << 20,
		.personality = sim_random(&st->sim, 2) ? HW_EAGER : HW_STRICT,
	};
	const struct dsa_wq_cfg wq_cfg = { .shared = true,
					   .block_on_fault = true };
	const bool mine = !strcmp(name, STAGE_GUEST_NAME);
	struct life l = { .st = st, .mine = mine };
	struct vmm_guest *guest;
	struct dsa_wq *wq;

	if (!worked(&l, vmm_guest_create(st->host, &cfg, &guest), "the boot"))
		return;
	if (worked(&l, dsa_wq_open(vmm_guest_dsa(guest), &wq_cfg, &wq),
		   "a queue")) {
		use(st, guest, wq, mine);
		(void)worked(&l, dsa_wq_close(wq), "the end of a queue");
	}
	if (vmm_guest_destroy(guest))
		sim_fail(&st->sim, "leak", "a guest cannot be destroyed");
}

void life_of_device(struct stage *st, unsigned int function, uint64_t va)
{
	struct iommu_hw *hw = vmm_host_iommu_hw(st->host);
	const struct hw_txn txn = {
		.requester = VMM_HOST_RID(function),
		.perm = IOMMU_PERM_READ,
		.addr = va,
	};
	struct hw_port port;
	struct hw_xlat xlat;
	unsigned int i;

	memset(&port, 0, sizeof(port));
	hw->ops->port_add(hw, &port);
	for (i = 0; i < 8; i++) {
		if (hw->ops->translate(hw, &port, &txn, &xlat))
			sim_fail(&st->sim, "R9", "another device is cut off");
		hw_port_done(&port);
		sim_relax(&st->sim);
	}
	hw->ops->port_remove(hw, &port);
}
