// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs: of a process, by iommu_sva_bind_device(), and of a domain of its own,
 * by iommu_attach_device_pasid().
 *
 * On x86 stable kernels of 2026, 6.12 among them, iommu_sva_bind_device() only
 * refuses: units keep entries for tables of kernel addresses that these kernels
 * free without telling them. The driver's part is still there. So what that
 * function does is done here in its place: a domain of the driver's for the
 * address space, at a PASID, with a handler for page requests. A guest that
 * frees no kernel table under a job has nothing to fear from that.
 */
#include <linux/mm.h>
#include <linux/pci-ats.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "sva_guest.h"

/* Page requests that the device may have under way. */
#define REQUESTS 32

struct guest_pages {
	struct list_head node;
	u64 iova;
	unsigned long count;
	struct page *pages[];
};

/* Page requests of an address space that was bound by hand */

static vm_fault_t fault_in(struct mm_struct *mm,
			   const struct iommu_fault_page_request *req)
{
	unsigned int flags = FAULT_FLAG_REMOTE | FAULT_FLAG_USER;
	struct vm_area_struct *vma = vma_lookup(mm, req->addr);
	unsigned long access = 0;

	if (req->perm & IOMMU_FAULT_PERM_READ)
		access |= VM_READ;
	if (req->perm & IOMMU_FAULT_PERM_WRITE) {
		access |= VM_WRITE;
		flags |= FAULT_FLAG_WRITE;
	}
	if (!vma || req->perm & (IOMMU_FAULT_PERM_EXEC | IOMMU_FAULT_PERM_PRIV))
		return VM_FAULT_SIGSEGV;
	return access & ~vma->vm_flags ?
		       VM_FAULT_SIGSEGV :
		       handle_mm_fault(vma, req->addr, flags, NULL);
}

static void answer(struct work_struct *work)
{
	struct iopf_group *group = container_of(work, struct iopf_group, work);
	struct mm_struct *mm = group->attach_handle->domain->mm;
	enum iommu_page_response_code code = IOMMU_PAGE_RESP_SUCCESS;
	struct iopf_fault *fault;

	/* Nobody who is dying gets pages. */
	if (mmget_not_zero(mm)) {
		mmap_read_lock(mm);
		list_for_each_entry(fault, &group->faults, list)
			if (fault_in(mm, &fault->fault.prm) & VM_FAULT_ERROR) {
				code = IOMMU_PAGE_RESP_INVALID;
				break;
			}
		mmap_read_unlock(mm);
		mmput(mm);
	} else {
		code = IOMMU_PAGE_RESP_INVALID;
	}
	iopf_group_response(group, code);
	iopf_free_group(group);
}

/* On the queue that the driver flushes when the PASID goes. */
static int handle(struct iopf_group *group)
{
	INIT_WORK(&group->work, answer);
	return queue_work(group->fault_param->queue->wq, &group->work) ? 0 :
									 -EBUSY;
}

static struct iommu_domain *domain_of(struct device *dev, struct mm_struct *mm)
{
	const struct iommu_ops *ops = dev->iommu->iommu_dev->ops;
	struct iommu_domain *domain;

	if (!ops->domain_alloc_sva)
		return ERR_PTR(-EOPNOTSUPP);
	domain = ops->domain_alloc_sva(dev, mm);
	if (IS_ERR(domain))
		return domain;
	mmgrab(mm); /* iommu_domain_free() drops it */
	domain->type = IOMMU_DOMAIN_SVA;
	domain->mm = mm;
	domain->owner = ops;
	domain->iopf_handler = handle;
	return domain;
}

/* With a domain that nobody has at a PASID of its own. */
static int take_pasid(struct guest_file *f, struct iommu_domain *domain)
{
	int ret;

	if (IS_ERR(domain))
		return PTR_ERR(domain);
	f->domain = domain;
	f->pasid = iommu_alloc_global_pasid(f->guest->dev);
	if (f->pasid == IOMMU_PASID_INVALID) {
		ret = -ENOSPC;
		goto err_domain;
	}
	ret = guest_attach(f);
	if (!ret)
		return 0;
	iommu_free_global_pasid(f->pasid);
err_domain:
	iommu_domain_free(domain);
	return ret;
}

int guest_bind(struct guest_file *f)
{
	struct device *dev = f->guest->dev;
	struct iommu_sva *sva = iommu_sva_bind_device(dev, current->mm);

	if (!IS_ERR(sva)) {
		f->sva = sva;
		f->pasid = iommu_sva_get_pasid(sva);
		return 0;
	}
	if (PTR_ERR(sva) != -EOPNOTSUPP)
		return PTR_ERR(sva);
	dev_info_once(dev, "the kernel refuses to bind: by hand\n");
	return take_pasid(f, domain_of(dev, current->mm));
}

int guest_own(struct guest_file *f)
{
	f->own = true;
	return take_pasid(f, iommu_paging_domain_alloc(f->guest->dev));
}

int guest_attach(struct guest_file *f)
{
	int ret;

	if (f->attached || !f->domain)
		return -EINVAL;
	ret = iommu_attach_device_pasid(f->domain, f->guest->dev, f->pasid,
					&f->handle);
	f->attached = !ret;
	return ret;
}

int guest_detach(struct guest_file *f)
{
	if (!f->attached)
		return -EINVAL;
	iommu_detach_device_pasid(f->domain, f->guest->dev, f->pasid);
	f->attached = false;
	return 0;
}

/* Domains of their own */

static void free_pages_of(struct guest_pages *p)
{
	unpin_user_pages_dirty_lock(p->pages, p->count, true);
	kvfree(p);
}

static int map_pages(struct guest_file *f, struct guest_pages *p, bool writable)
{
	int prot = IOMMU_READ | IOMMU_CACHE | (writable ? IOMMU_WRITE : 0);
	unsigned long i;
	int ret;

	for (i = 0; i < p->count; i++) {
		ret = iommu_map(f->domain, p->iova + i * PAGE_SIZE,
				page_to_phys(p->pages[i]), PAGE_SIZE, prot,
				GFP_KERNEL);
		if (ret) {
			iommu_unmap(f->domain, p->iova, i * PAGE_SIZE);
			return ret;
		}
	}
	return 0;
}

int guest_map(struct guest_file *f, const struct sva_guest_map *map)
{
	unsigned long count = map->bytes / PAGE_SIZE;
	struct guest_pages *p;
	long pinned;
	int ret;

	if (!f->own || !count || count > SZ_64K ||
	    (map->iova | map->addr | map->bytes) & ~PAGE_MASK)
		return -EINVAL;
	p = kvzalloc(struct_size(p, pages, count), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	p->iova = map->iova;
	pinned = pin_user_pages_fast(map->addr, count,
				     FOLL_WRITE | FOLL_LONGTERM, p->pages);
	p->count = max(pinned, 0l);
	if (p->count == count)
		ret = map_pages(f, p, map->writable);
	else
		ret = pinned < 0 ? pinned : -EFAULT;
	if (ret) {
		free_pages_of(p);
		return ret;
	}
	list_add(&p->node, &f->pages);
	return 0;
}

/* A mapping as it was made, whole. */
int guest_unmap(struct guest_file *f, const struct sva_guest_map *map)
{
	struct guest_pages *p;

	list_for_each_entry(p, &f->pages, node) {
		if (p->iova != map->iova || p->count != map->bytes / PAGE_SIZE)
			continue;
		list_del(&p->node);
		iommu_unmap(f->domain, p->iova, p->count * PAGE_SIZE);
		free_pages_of(p);
		return 0;
	}
	return -ENOENT;
}

/* The file's queue is drained; nobody else has the file. */
void guest_unbind(struct guest_file *f)
{
	struct guest_pages *p, *next;

	if (f->sva) {
		iommu_sva_unbind_device(f->sva);
		return;
	}
	if (f->attached)
		guest_detach(f);
	iommu_free_global_pasid(f->pasid);
	list_for_each_entry_safe(p, next, &f->pages, node) {
		iommu_unmap(f->domain, p->iova, p->count * PAGE_SIZE);
		free_pages_of(p);
	}
	iommu_domain_free(f->domain);
}

/* What the kernel has for SVA of the device, and the device for itself */

int guest_features_on(struct guest *g)
{
	struct device *dev = g->dev;

	if (!iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_IOPF))
		g->features |= BIT(IOMMU_DEV_FEAT_IOPF);
	if (!iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA))
		g->features |= BIT(IOMMU_DEV_FEAT_SVA);
	return dev->iommu && dev->iommu->max_pasids ? 0 : -ENODEV;
}

void guest_features_off(struct guest *g)
{
	struct device *dev = g->dev;

	if (g->features & BIT(IOMMU_DEV_FEAT_SVA))
		iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA);
	if (g->features & BIT(IOMMU_DEV_FEAT_IOPF))
		iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_IOPF);
}

/* pci_enable_pri() is for IOMMU drivers; those of some kernels do not call it. */
int guest_requests_on(struct guest *g)
{
	struct pci_dev *pdev;
	int pri;

	if (!dev_is_pci(g->dev) || g->features & BIT(IOMMU_DEV_FEAT_IOPF))
		return -EBUSY;
	pdev = to_pci_dev(g->dev);
	pri = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_PRI);
	if (!pri)
		return -ENODEV;
	pci_write_config_word(pdev, pri + PCI_PRI_CTRL, PCI_PRI_CTRL_RESET);
	pci_write_config_dword(pdev, pri + PCI_PRI_ALLOC_REQ, REQUESTS);
	pci_write_config_word(pdev, pri + PCI_PRI_CTRL, PCI_PRI_CTRL_ENABLE);
	return 0;
}
