/* SPDX-License-Identifier: MIT */
/*
 * The kernel's address space, for supervisor mode: a table that somebody else
 * keeps, with nothing to page in and nothing that is ever invalidated. [C9]
 */
#include <sva/compat/intel.h>

#include "base/bits.h"
#include "base/errno.h"

struct kernel_mm {
	struct iommu_mm mm;
	struct iommu_mm_table table;
};

static int get_table(struct iommu_mm *mm, enum iommu_table_fmt fmt,
		     struct iommu_mm_table *ret_table)
{
	const struct kernel_mm *kernel = container_of(mm, struct kernel_mm, mm);

	if (fmt != kernel->table.fmt)
		return -EOPNOTSUPP;
	*ret_table = kernel->table;
	return 0;
}

static int handle_fault(struct iommu_mm *mm, uint64_t va, size_t count,
			unsigned int perm, size_t *ret_done)
{
	(void)mm, (void)va, (void)count, (void)perm;
	*ret_done = 0;
	return -EFAULT;
}

static void kernel_exit(struct iommu_mm *mm)
{
	(void)mm;
}

static void kernel_free(struct iommu_mm *mm)
{
	plat_free(iommu_system_plat(mm->sys),
		  container_of(mm, struct kernel_mm, mm));
}

static const struct iommu_mm_ops kernel_ops = {
	.get_table = get_table,
	.handle_fault = handle_fault,
	.exit = kernel_exit,
	.free = kernel_free,
};

int intel_svm_kernel_alloc(struct iommu_system *sys,
			   const struct iommu_mm_table *table,
			   struct iommu_mm **ret_mm)
{
	struct kernel_mm *kernel =
		plat_zalloc(iommu_system_plat(sys), sizeof(*kernel));

	if (!kernel)
		return -ENOMEM;
	kernel->table = *table;
	iommu_mm_init(&kernel->mm, sys, &kernel_ops);
	*ret_mm = &kernel->mm;
	return 0;
}
