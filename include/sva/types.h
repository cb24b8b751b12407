/* SPDX-License-Identifier: MIT */
/*
 * Words every public header uses.
 *
 * Functions return 0 or a negative errno with Linux's numbers, and hand
 * results back through ret_ parameters, written on success only. "Nothing
 * changed" holds after an error unless a function says otherwise.
 */
#ifndef SVA_TYPES_H
#define SVA_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SVA_MUST_CHECK   __attribute__((warn_unused_result))
#define SVA_PRINTF(f, a) __attribute__((format(printf, f, a)))

/**
 * ioasid_t - an I/O address space id: PCIe's PASID, Arm's substream
 *
 * PCIe gives it 20 bits. 0 stands for transactions without a PASID on all
 * three vendors, so it never names an address space here. [D1]
 */
typedef uint32_t ioasid_t;

#define INVALID_IOASID       ((ioasid_t)-1)
#define IOMMU_PASID_INVALID  INVALID_IOASID
#define IOMMU_NO_PASID       ((ioasid_t)0)
#define IOMMU_FIRST_PASID    ((ioasid_t)1)
#define IOMMU_PASID_BITS_MAX 20u

/* Access a device wants or a mapping grants; may be or-ed. */
enum iommu_perm {
	IOMMU_PERM_READ = 1 << 0,
	IOMMU_PERM_WRITE = 1 << 1,
	IOMMU_PERM_EXEC = 1 << 2,
	IOMMU_PERM_PRIV = 1 << 3, /* privileged mode requested */
};

#define IOMMU_PERM_RWX                                                         \
	((unsigned int)IOMMU_PERM_READ | IOMMU_PERM_WRITE | IOMMU_PERM_EXEC)

#endif
