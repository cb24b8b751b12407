// SPDX-License-Identifier: GPL-2.0-only
/* The files through which processes have queues of the device. */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "sva_guest.h"

static int open_file(struct guest *g, struct file *filp,
		     int (*bind)(struct guest_file *f))
{
	struct guest_file *f = kzalloc(sizeof(*f), GFP_KERNEL);
	int ret;

	if (!f)
		return -ENOMEM;
	f->guest = g;
	f->mm = current->mm;
	f->queue = -1;
	mutex_init(&f->lock);
	INIT_LIST_HEAD(&f->pages);
	ret = bind(f);
	if (ret) {
		kfree(f);
		return ret;
	}
	filp->private_data = f;
	return 0;
}

static int sva_open(struct inode *inode, struct file *filp)
{
	return open_file(container_of(filp->private_data, struct guest, sva),
			 filp, guest_bind);
}

static int own_open(struct inode *inode, struct file *filp)
{
	return open_file(container_of(filp->private_data, struct guest, own),
			 filp, guest_own);
}

/* At the latest when the process ends, after its memory has gone. */
static int guest_release(struct inode *inode, struct file *filp)
{
	struct guest_file *f = filp->private_data;

	if (f->queue >= 0)
		guest_queue_put(f->guest, f->queue);
	guest_unbind(f);
	kfree(f);
	return 0;
}

/* Children get neither the file's PASID nor the portal. */
static int guest_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct guest_file *f = filp->private_data;
	int ret = 0;

	if (vma->vm_end - vma->vm_start != PAGE_SIZE ||
	    vma->vm_pgoff > SVA_GUEST_PORTAL_NO_ATS || current->mm != f->mm)
		return -EINVAL;
	mutex_lock(&f->lock);
	if (f->queue < 0)
		ret = guest_queue_get(f->guest, f->pasid,
				      vma->vm_pgoff == SVA_GUEST_PORTAL);
	if (ret >= 0 && f->queue < 0)
		f->queue = ret;
	mutex_unlock(&f->lock);
	if (ret < 0)
		return ret;
	vm_flags_set(vma, VM_DONTCOPY);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	return io_remap_pfn_range(vma, vma->vm_start,
				  guest_portal(f->guest, f->queue) >>
					  PAGE_SHIFT,
				  PAGE_SIZE, vma->vm_page_prot);
}

static int get_info(struct guest_file *f, void __user *arg)
{
	struct sva_guest_info info = {
		.pasid = f->pasid,
		.width = f->guest->dev->iommu->max_pasids,
		.by_hand = !f->own && !f->sva,
	};

	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

static int drain(struct guest_file *f, void __user *arg)
{
	struct sva_guest_error error;
	int ret;

	if (f->queue < 0)
		return -EINVAL;
	ret = guest_queue_drain(f->guest, f->queue, &error);
	if (ret)
		return ret;
	return copy_to_user(arg, &error, sizeof(error)) ? -EFAULT : 0;
}

static int change(struct guest_file *f, unsigned int cmd, void __user *arg)
{
	struct sva_guest_map map;

	if (copy_from_user(&map, arg, sizeof(map)))
		return -EFAULT;
	return cmd == SVA_GUEST_MAP ? guest_map(f, &map) : guest_unmap(f, &map);
}

static long guest_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct guest_file *f = filp->private_data;
	void __user *user = (void __user *)arg;
	long ret = -ENOTTY;

	mutex_lock(&f->lock);
	switch (cmd) {
	case SVA_GUEST_INFO:
		ret = get_info(f, user);
		break;
	case SVA_GUEST_MAP:
	case SVA_GUEST_UNMAP:
		ret = change(f, cmd, user);
		break;
	case SVA_GUEST_DETACH:
		ret = guest_detach(f);
		break;
	case SVA_GUEST_ATTACH:
		ret = guest_attach(f);
		break;
	case SVA_GUEST_DRAIN:
		ret = drain(f, user);
		break;
	case SVA_GUEST_REQUESTS:
		ret = guest_requests_on(f->guest);
		break;
	}
	mutex_unlock(&f->lock);
	return ret;
}

static const struct file_operations sva_fops = {
	.owner = THIS_MODULE,
	.open = sva_open,
	.release = guest_release,
	.mmap = guest_mmap,
	.unlocked_ioctl = guest_ioctl,
};

static const struct file_operations own_fops = {
	.owner = THIS_MODULE,
	.open = own_open,
	.release = guest_release,
	.mmap = guest_mmap,
	.unlocked_ioctl = guest_ioctl,
};

int guest_files_on(struct guest *g)
{
	int ret;

	g->sva = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR,
		.name = "sva",
		.fops = &sva_fops,
	};
	g->own = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR,
		.name = "sva-pasid",
		.fops = &own_fops,
	};
	ret = misc_register(&g->sva);
	if (ret)
		return ret;
	ret = misc_register(&g->own);
	if (ret)
		misc_deregister(&g->sva);
	return ret;
}

void guest_files_off(struct guest *g)
{
	misc_deregister(&g->own);
	misc_deregister(&g->sva);
}
