/* SPDX-License-Identifier: MIT */
/*
 * What sva_guest.ko offers to programs.
 *
 * /dev/sva:       open() binds the device to the caller's address space.
 * /dev/sva-pasid: open() makes an empty domain of its own with a PASID.
 *
 * mmap() of a page takes a free work queue for the file and maps its portal;
 * what is written there is done with the file's PASID. The queue is drained and
 * given back when the file is closed.
 */
#ifndef SVA_GUEST_UAPI_H
#define SVA_GUEST_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Which page of the file mmap() is for. */
#define SVA_GUEST_PORTAL        0 /* ATS, as far as it is enabled */
#define SVA_GUEST_PORTAL_NO_ATS 1 /* a queue that does not use it */

/**
 * struct sva_guest_info - @pasid: of the file. @width: PASIDs below this one.
 * @by_hand: the kernel's iommu_sva_bind_device() was not the one to bind it.
 */
struct sva_guest_info {
	__u32 pasid;
	__u32 width;
	__u32 by_hand;
};

/**
 * struct sva_guest_map - pages of the caller's in the file's own domain
 * @iova, @addr, @bytes: multiples of a page.
 * @writable: for the device; for the caller they are in any case.
 */
struct sva_guest_map {
	__u64 iova;
	__u64 addr;
	__u64 bytes;
	__u32 writable;
	__u32 pad;
};

/* The register that holds the first error nobody else was told of. */
struct sva_guest_error {
	__u64 swerr[4];
};

#define SVA_GUEST_INFO     _IOR('s', 0, struct sva_guest_info)
#define SVA_GUEST_MAP      _IOW('s', 1, struct sva_guest_map)
#define SVA_GUEST_UNMAP    _IOW('s', 2, struct sva_guest_map)
#define SVA_GUEST_DETACH   _IO('s', 3)
#define SVA_GUEST_ATTACH   _IO('s', 4)
/* Waits until the queue is empty; the register is cleared. */
#define SVA_GUEST_DRAIN    _IOR('s', 5, struct sva_guest_error)
/* Page requests, on a kernel that leaves them to nobody: on, or on again. */
#define SVA_GUEST_REQUESTS _IO('s', 6)

#endif
