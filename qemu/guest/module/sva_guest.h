/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sva_guest.ko - sva-dsa for processes, by the kernel's IOMMU interfaces and
 * nothing else. For tests in virtual machines; not for anything else.
 *
 * main.c has the device, dsa.c knows its registers, bind.c has the bindings and
 * the domains, files.c what processes see of it.
 */
#ifndef SVA_GUEST_H
#define SVA_GUEST_H

#include <linux/bitops.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>

#include "uapi.h"

#define GUEST_QUEUES 8

/**
 * struct guest - the device
 * @portals:  four pages for each queue.
 * @lock:     commands, @taken and the configuration of queues.
 * @wqcfg:    offset of the table of work queues; @stride: of it.
 * @taken:    queues that files have.
 * @features: those of the IOMMU that were enabled, by their bits.
 */
struct guest {
	struct device *dev;
	void __iomem *regs;
	phys_addr_t portals;
	struct mutex lock;
	unsigned int wqcfg;
	unsigned int stride;
	unsigned long taken;
	unsigned long features;
	struct miscdevice sva;
	struct miscdevice own;
};

/**
 * struct guest_file - an open file
 * @lock:    all that follows.
 * @mm:      what may take a queue. Compared only.
 * @sva:     of the kernel's own binding.
 * @domain, @handle: where that is by hand, and of the file's own domain.
 * @attached: the domain is at the PASID.
 * @pages:   in the domain; struct guest_pages.
 * @queue:   which, or negative.
 */
struct guest_file {
	struct guest *guest;
	struct mutex lock;
	struct mm_struct *mm;
	struct iommu_sva *sva;
	struct iommu_domain *domain;
	struct iommu_attach_handle handle;
	bool attached;
	bool own;
	ioasid_t pasid;
	struct list_head pages;
	int queue;
};

/* bind.c; with the file's lock, but for bind and its opposite */
int guest_features_on(struct guest *g);
void guest_features_off(struct guest *g);
int guest_bind(struct guest_file *f);
int guest_own(struct guest_file *f);
void guest_unbind(struct guest_file *f);
int guest_attach(struct guest_file *f);
int guest_detach(struct guest_file *f);
int guest_map(struct guest_file *f, const struct sva_guest_map *map);
int guest_unmap(struct guest_file *f, const struct sva_guest_map *map);
int guest_requests_on(struct guest *g);

/* dsa.c */
int guest_device_on(struct guest *g);
void guest_device_off(struct guest *g);
int guest_queue_get(struct guest *g, ioasid_t pasid, bool ats);
void guest_queue_put(struct guest *g, int queue);
int guest_queue_drain(struct guest *g, int queue, struct sva_guest_error *ret);
phys_addr_t guest_portal(const struct guest *g, int queue);

/* files.c */
int guest_files_on(struct guest *g);
void guest_files_off(struct guest *g);

#endif
