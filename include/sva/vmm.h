/* SPDX-License-Identifier: MIT */
/*
 * Guests in this process: a virtual machine monitor, as small as it can be.
 *
 * A host is a machine of its own: an IOMMU and some accelerators, driven by
 * the library. A guest is a second one: guest-physical memory, a platform on
 * top of it, an emulated IOMMU and a function, driven by the same library in
 * the same process, and processes with address spaces of their own. What the
 * function accesses is translated twice: by the guest's tables to
 * guest-physical addresses, by the host's to physical ones.
 *
 * Guest software is not part of the host's trust: nothing in its memory, its
 * tables, its commands or its register writes harms the host or another guest.
 */
#ifndef SVA_VMM_H
#define SVA_VMM_H

#include <sva/device.h>
#include <sva/dsa.h>
#include <sva/dsa_hw.h>
#include <sva/hosted.h>
#include <sva/machine.h>
#include <sva/mm.h>
#include <sva/model.h>
#include <sva/system.h>

struct vmm_host;
struct vmm_guest;
struct vmm_process;

#define VMM_MAX_FUNCTIONS 64u

/**
 * struct vmm_host_cfg - settings; all zero is the default
 * @iommu:     of the host.
 * @functions: accelerators behind it, each for one guest; at most
 *             VMM_MAX_FUNCTIONS.
 * @personality: of the host's models.
 * @hosted:    of the platform.
 */
struct vmm_host_cfg {
	enum sva_iommu iommu;
	unsigned int functions;
	enum hw_personality personality;
	struct plat_hosted_cfg hosted;
};

/**
 * vmm_host_create() - build a host and switch it on
 * @cfg: copied; NULL for the defaults.
 *
 * Context: may sleep. One host per process, and no sva_machine beside it.
 * Return:  0, -EINVAL settings that do not exist, or what a part met.
 * Test:    tests/vmm/guest_test.c
 */
SVA_MUST_CHECK int vmm_host_create(const struct vmm_host_cfg *cfg,
				   struct vmm_host **ret_host);

/* Switch it off. NULL is allowed. Return: 0, -EBUSY guests are left. */
SVA_MUST_CHECK int vmm_host_destroy(struct vmm_host *host);

/* The parts; they live as long as the host. */
struct plat_hosted *vmm_host_hosted(struct vmm_host *host);
struct iommu_system *vmm_host_system(struct vmm_host *host);
struct iommu_unit *vmm_host_unit(struct vmm_host *host);
struct iommu_hw *vmm_host_iommu_hw(struct vmm_host *host);
struct iommu_device *vmm_host_device(struct vmm_host *host,
				     unsigned int function);
struct dsa_hw *vmm_host_dsa_hw(struct vmm_host *host, unsigned int function);

/**
 * enum vmm_how - whose function a guest has, and how it is translated
 * @VMM_NESTED:   the host's; the guest's tables are walked by the host's
 *                IOMMU, through a stage 2. Both IOMMUs are of one kind.
 * @VMM_SHADOW:   the host's; per PASID the host keeps a domain of its own with
 *                what the guest's tables say, page by page, as the function
 *                asks. Any pair of kinds.
 * @VMM_EMULATED: a function of the guest alone: its accesses go through the
 *                emulated IOMMU, and the host's knows nothing of it.
 */
enum vmm_how {
	VMM_NESTED,
	VMM_SHADOW,
	VMM_EMULATED,
};

/**
 * struct vmm_guest_cfg - settings of a guest
 * @how:      see there.
 * @iommu:    the kind of IOMMU it sees.
 * @function: number of the host's; not with VMM_EMULATED.
 * @memory:   bytes, a power of two from 4 MiB to 1 GiB; 0: 64 MiB.
 * @personality: of the emulated IOMMU.
 * @name:     for messages; copied. NULL: "guest".
 */
struct vmm_guest_cfg {
	enum vmm_how how;
	enum sva_iommu iommu;
	unsigned int function;
	uint64_t memory;
	enum hw_personality personality;
	const char *name;
};

/**
 * vmm_guest_create() - build a guest and boot it
 * @cfg: copied.
 *
 * On return its driver has probed the emulated IOMMU, the function is behind
 * it, and the accelerator's driver has opened that.
 *
 * Context: may sleep.
 * Return:  0, -EINVAL settings that do not exist, or not together; -EBUSY the
 *          function is another guest's; -EOPNOTSUPP the host's IOMMU has no
 *          second stage; or what a part met.
 * Test:    tests/vmm/guest_test.c
 */
SVA_MUST_CHECK int vmm_guest_create(struct vmm_host *host,
				    const struct vmm_guest_cfg *cfg,
				    struct vmm_guest **ret_guest);

/**
 * vmm_guest_kill() - pull the plug
 *
 * On return the host has nothing of the guest any more: its function is reset
 * and reaches no memory, what it waited for is answered, its domains and
 * their hardware ids are free, its processors' accesses to the function lead
 * nowhere. Guest software may be in the middle of anything, in any number of
 * threads; it goes on with the emulated IOMMU alone, until
 * vmm_guest_destroy(). A guest that is dead already stays so; one that another
 * thread is killing is dead on return.
 *
 * Context: may sleep; not from a thread of the guest, not beside
 *          vmm_guest_destroy().
 * Test:    tests/vmm/sim/kill_test.c at each step, tests/vmm/kill_test.c
 */
void vmm_guest_kill(struct vmm_guest *guest);

/**
 * vmm_guest_destroy() - shut it down and give back what it had
 *
 * Work queues are closed, handles unbound, processes destroyed.
 *
 * Return: 0, -EBUSY some are left: close them and call again.
 */
SVA_MUST_CHECK int vmm_guest_destroy(struct vmm_guest *guest);

/* The parts; they live as long as the guest. */
struct iommu_system *vmm_guest_system(struct vmm_guest *guest);
struct iommu_device *vmm_guest_device(struct vmm_guest *guest);
struct dsa *vmm_guest_dsa(struct vmm_guest *guest);
struct iommu_hw *vmm_guest_iommu_hw(struct vmm_guest *guest);
struct dsa_hw *vmm_guest_dsa_hw(struct vmm_guest *guest);

/**
 * struct vmm_guest_stats - what the monitor has done for a guest
 * @exits:        register writes of the guest to its emulated IOMMU.
 * @binds:        times its PASID table was bound, in whatever state.
 * @invalidations: of its commands, those that the host's IOMMU had to hear of.
 * @refused:      of these, those that named what does not exist: then all that
 *                is the guest's is invalidated.
 * @page_requests: of the function, given to the emulated IOMMU.
 * @page_responses: of the guest, given to the function, or of the monitor.
 * @faults:       other faults of the function, told to the guest.
 * @stage2_faults: addresses that are not the guest's.
 * @shadow_fills: pages entered into the host's domains.
 * @shadow_drops: ranges taken out of them.
 * @accesses:     of the function to the host's memory; @strays: of them, those
 *                that were not to the guest's: there are none, unless the
 *                host's IOMMU fails.
 * @pages_free:   of the guest's memory, now; @pages: all of it.
 */
struct vmm_guest_stats {
	uint64_t exits;
	uint64_t binds;
	uint64_t invalidations;
	uint64_t refused;
	uint64_t page_requests;
	uint64_t page_responses;
	uint64_t faults;
	uint64_t stage2_faults;
	uint64_t shadow_fills;
	uint64_t shadow_drops;
	uint64_t accesses;
	uint64_t strays;
	uint64_t pages_free;
	uint64_t pages;
};

/* Each counter is exact; together they are not one snapshot. Context: any. */
void vmm_guest_stats(struct vmm_guest *guest,
		     struct vmm_guest_stats *ret_stats);

/* Jobs a process may have under way. */
#define VMM_PROCESS_JOBS 16u

/**
 * vmm_process_create() - an address space of a guest
 *
 * Its memory is the guest's, its table in a format that the emulated IOMMU
 * walks. Nothing is mapped at first but room for VMM_PROCESS_JOBS jobs.
 *
 * Context: may sleep; a thread of the guest.
 * Return:  0, -ENOMEM.
 * Test:    tests/vmm/guest_test.c, tests/vmm/unwind_test.c
 */
SVA_MUST_CHECK int vmm_process_create(struct vmm_guest *guest,
				      struct vmm_process **ret_process);

/*
 * It exits: its user is dropped, and its memory with that, though the handles
 * of binds may be left. NULL is allowed.
 */
void vmm_process_destroy(struct vmm_process *process);

/* Lives until vmm_process_destroy(). */
struct iommu_mm *vmm_process_mm(struct vmm_process *process);

/**
 * vmm_process_map() - let it have memory at an address
 * @va, @size: multiples of 4096, below 1 << 47.
 * @perm: of enum iommu_perm.
 *
 * Pages come when they are touched, by whomever, and are zero.
 *
 * Return: 0, -EINVAL, -EEXIST something is mapped there, -ENOSPC too many
 *         mappings.
 */
SVA_MUST_CHECK int vmm_process_map(struct vmm_process *process, uint64_t va,
				   uint64_t size, unsigned int perm);

/* Return: 0, -EINVAL not a mapping as it was made. Pages are given back. */
SVA_MUST_CHECK int vmm_process_unmap(struct vmm_process *process, uint64_t va,
				     uint64_t size);

/*
 * The pages of a mapping go, as by madvise(MADV_DONTNEED): zero when they come
 * again. Return: 0, -EINVAL not inside one mapping.
 */
SVA_MUST_CHECK int vmm_process_discard(struct vmm_process *process, uint64_t va,
				       uint64_t size);

/*
 * What a thread of the process does: pages come as for a fault. 0, -EFAULT,
 * -EACCES, -ENOMEM: part of it may be done.
 */
SVA_MUST_CHECK int vmm_process_write(struct vmm_process *process, uint64_t va,
				     const void *data, size_t size);
SVA_MUST_CHECK int vmm_process_read(struct vmm_process *process, uint64_t va,
				    void *data, size_t size);

/**
 * vmm_process_job() - one of the jobs in its memory
 * @index: below VMM_PROCESS_JOBS.
 *
 * To be prepared with dsa_job_*(), with addresses of the process in the place
 * of pointers, and then with vmm_process_job_ready(), which tells the device
 * where in the process it is.
 */
struct dsa_job *vmm_process_job(struct vmm_process *process,
				unsigned int index);
void vmm_process_job_ready(struct vmm_process *process, unsigned int index);

#endif
