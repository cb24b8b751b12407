/* SPDX-License-Identifier: MIT */
/*
 * The hosted platform: threads of a Linux process, and the address space of
 * that process itself.
 *
 * Physical addresses are the process's own virtual addresses. The mirror of
 * the address space is a page table in the IOMMUs' formats that I/O page faults
 * fill and userfaultfd events clear; data is moved by guarded copies, so the
 * CPU's own permission check at the moment of access is the safety boundary.
 * docs/DESIGN.md tells the protocol, docs/CAVEATS.md what it cannot see.
 */
#ifndef SVA_HOSTED_H
#define SVA_HOSTED_H

#include <sva/mm.h>
#include <sva/model.h>
#include <sva/plat.h>
#include <sva/system.h>

struct plat_hosted;

/**
 * struct plat_hosted_cfg - settings; all zero is the default
 * @workers:    threads per work queue; 0: 2.
 * @log_level:  messages above it are dropped.
 * @log:        gets each message; NULL: stderr. Called from any thread, under
 *              locks that an munmap() of another thread may wait for: it must
 *              not allocate, change mappings, or wait for a thread that may.
 * @no_signal_handler: do not take SIGSEGV and SIGBUS; data is then moved by
 *              process_vm_readv() and process_vm_writev() on the process
 *              itself, at about 1 us per access.
 * @table_fmt:  format of the mirror if pages come, by
 *              plat_hosted_mm_populate(), before an IOMMU has asked for one.
 *              Else the IOMMUs decide; each format that one asks for is kept.
 * @no_uffd:    behave as on a kernel without userfaultfd.
 * @no_wp_async: behave as on a kernel before 6.7.
 * @no_procmap_query: behave as on a kernel before 6.11.
 */
struct plat_hosted_cfg {
	unsigned int workers;
	enum plat_log_level log_level;
	void (*log)(enum plat_log_level level, const char *msg);
	enum iommu_table_fmt table_fmt;
	bool no_signal_handler;
	bool no_uffd;
	bool no_wp_async;
	bool no_procmap_query;
};

/**
 * struct plat_hosted_features - what was found at run time
 * @uffd:       address space changes are reported.
 * @wp_async:   for every kind of mapping; otherwise for anonymous, shared
 *              memory and huge pages only.
 * @procmap_query: one mapping is looked up by ioctl; otherwise by reading
 *              /proc/self/maps.
 * @populate:   madvise(MADV_POPULATE_*) works.
 *
 * A mapping that cannot be watched (files opened read-only and mapped shared,
 * mappings of another userfaultfd, all of them without @uffd) is read and
 * written under the CPU's own checks like any other. But a translation of it
 * may outlive a change of the mapping until the next submit barrier, which
 * drops it, or, if plat_hosted_mm_populate() made it, looks whether the process
 * still has something mapped there that allows it.
 */
struct plat_hosted_features {
	bool uffd;
	bool wp_async;
	bool procmap_query;
	bool populate;
};

/**
 * plat_hosted_create() - start the platform
 * @cfg: copied; NULL for the defaults.
 *
 * Context: any thread of the process; one platform per process.
 * Return:  0, -EBUSY there is one, -ENOMEM; with @no_signal_handler also what
 *          process_vm_readv() says where it is forbidden (-EPERM, -ENOSYS).
 * Test:    tests/plat/platform_test.c, tests/plat/access_test.c
 */
SVA_MUST_CHECK int plat_hosted_create(const struct plat_hosted_cfg *cfg,
				      struct plat_hosted **ret_hosted);

/* Nothing made with it is left. NULL is allowed. */
void plat_hosted_destroy(struct plat_hosted *hosted);

/* Lives as long as the platform. */
const struct plat *plat_hosted_plat(struct plat_hosted *hosted);

void plat_hosted_features(const struct plat_hosted *hosted,
			  struct plat_hosted_features *ret_features);

/**
 * plat_hosted_env() - surroundings for models
 *
 * Memory is the process's memory, accessed by guarded copies; an MSI whose
 * address plat_msi_alloc() gave raises its interrupt; wires are not connected.
 */
void plat_hosted_env(struct plat_hosted *hosted, struct hw_env *ret_env);

/* Raise an interrupt, as a wire would: an edge. Context: any. */
void plat_hosted_raise_irq(struct plat_hosted *hosted, unsigned int irq);

/**
 * plat_hosted_mm_create() - the address space of this process
 * @sys:    system whose devices may share it.
 * @ret_mm: one user, dropped with iommu_mm_put_users().
 *
 * Nothing is registered yet: each mapping is when a device first touches it.
 *
 * Context: may sleep.
 * Return:  0, -ENOMEM, -EAGAIN no thread could be started.
 * Test:    tests/plat/mirror_test.c, tests/plat/stress_test.c
 */
SVA_MUST_CHECK int plat_hosted_mm_create(struct plat_hosted *hosted,
					 struct iommu_system *sys,
					 struct iommu_mm **ret_mm);

/**
 * plat_hosted_mm_populate() - fault a range in, as the device would
 * @perm: of enum iommu_perm.
 *
 * What a device without page requests needs before it starts. Pages may still
 * go away again afterwards.
 *
 * Context: may sleep.
 * Cost:    about 1 us per page, half of that for pages that are present.
 * Return:  0 and *@ret_done is @len; otherwise where it stopped: -EFAULT
 *          nothing mapped there, -EACCES, -ENOMEM, -ESRCH, -EAGAIN.
 */
SVA_MUST_CHECK int plat_hosted_mm_populate(struct iommu_mm *mm, const void *va,
					   size_t len, unsigned int perm,
					   size_t *ret_done);

/**
 * plat_hosted_submit_barrier() - before a device is told to start
 *
 * On return every change of the address space that any thread made before the
 * call is known to the device. Doorbells of hosted models call it.
 *
 * Context: may sleep.
 * Cost:    0.3 us while nothing changes (bench: submit_barrier); up to some
 *          100 ms while a thread changes mappings without a pause.
 */
void plat_hosted_submit_barrier(struct plat_hosted *hosted);

#endif
