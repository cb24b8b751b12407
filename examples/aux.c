/* SPDX-License-Identifier: MIT */
/*
 * Auxiliary domains: a context of an accelerator with mappings of its own, in
 * which an address is what the driver says it is.
 *
 *	cc aux.c $(pkg-config --cflags --libs libsva)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sva/auxdomain.h>
#include <sva/machine.h>
#include <sva/plat.h>

#define SIZE 4096u
#define IOVA UINT64_C(0x10000)

/* What the device works on: one page of jobs, at its own address, one of data. */
struct memory {
	struct dsa_job *job;
	unsigned char *data;
};

/* The device fills the page that is at IOVA in the context, and nowhere else. */
static int fill(struct dsa *dsa, int pasid, const struct memory *m)
{
	struct dsa_wq_cfg cfg = { .shared = true };
	struct dsa_result result;
	struct dsa_wq *wq;
	unsigned int i;
	int err;

	err = dsa_wq_open(dsa, &cfg, &wq);
	if (err)
		return err;
	dsa_job_fill(m->job, NULL, (void *)(uintptr_t)IOVA, 0x0807060504030201,
		     SIZE);
	dsa_job_set_pasid(m->job, (ioasid_t)pasid);
	err = dsa_run(wq, m->job, NULL, NULL, &result);
	if (!err)
		err = result.status;
	for (i = 0; i < SIZE && !err; i++)
		if (m->data[i] != i % 8 + 1)
			err = -EIO;
	if (!err)
		printf("PASID %d: the device filled %u bytes at %#llx\n", pasid,
		       SIZE, (unsigned long long)IOVA);
	if (dsa_wq_close(wq) && !err)
		err = -EIO;
	return err;
}

static int map(const struct plat *plat, struct iommu_domain *domain,
	       const struct memory *m)
{
	const unsigned int perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	int err;

	err = iommu_map(domain, IOVA, plat_virt_to_phys(plat, m->data), SIZE,
			perm);
	if (err)
		return err;
	return iommu_map(domain, (uintptr_t)m->job,
			 plat_virt_to_phys(plat, m->job), SIZE, perm);
}

/* The device has the feature; its own domain is the parent. */
static int use_context(struct sva_machine *machine, const struct memory *m)
{
	struct iommu_device *dev = sva_machine_device(machine);
	struct iommu_domain *domain;
	int err, pasid;

	err = iommu_domain_alloc(iommu_device_unit(dev), IOMMU_DOMAIN_PAGING,
				 &domain);
	if (err)
		return err;
	err = iommu_aux_attach_device(domain, dev);
	if (err)
		goto free_domain;
	err = map(iommu_system_plat(sva_machine_system(machine)), domain, m);
	pasid = iommu_aux_get_pasid(domain, dev);
	if (!err)
		err = pasid < 0 ? pasid :
				  fill(sva_machine_dsa(machine), pasid, m);
	/* From here on nobody is in the page: give it back. */
	if (iommu_unmap(domain, IOVA, SIZE, NULL) && !err)
		err = -EIO;
	iommu_aux_detach_device(domain, dev);
free_domain:
	if (iommu_domain_free(domain) && !err)
		err = -EBUSY;
	return err;
}

/* The machine comes with SVA on, and a domain is changed with all off. */
static int use(struct sva_machine *machine, const struct memory *m)
{
	struct iommu_device *dev = sva_machine_device(machine);
	struct iommu_domain *parent;
	int err;

	err = iommu_domain_alloc(iommu_device_unit(dev), IOMMU_DOMAIN_PAGING,
				 &parent);
	if (err)
		return err;
	err = iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_SVA);
	if (err)
		goto free_parent;
	err = iommu_attach_device(parent, dev);
	if (err)
		goto enable_sva;
	err = iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_AUX);
	if (!err) {
		err = use_context(machine, m);
		if (iommu_dev_disable_feature(dev, IOMMU_DEV_FEAT_AUX) && !err)
			err = -EBUSY;
	}
	if (iommu_detach_device(parent, dev) && !err)
		err = -EBUSY;
enable_sva:
	if (iommu_dev_enable_feature(dev, IOMMU_DEV_FEAT_SVA) && !err)
		err = -EIO;
free_parent:
	if (iommu_domain_free(parent) && !err)
		err = -EBUSY;
	return err;
}

int main(void)
{
	struct sva_machine *machine = NULL;
	const struct plat *plat;
	struct memory m;
	int err;

	err = sva_machine_create(NULL, &machine);
	if (err)
		goto out;
	plat = iommu_system_plat(sva_machine_system(machine));
	m.job = plat_pages_alloc(plat, SIZE);
	m.data = plat_pages_alloc(plat, SIZE);
	err = m.job && m.data ? use(machine, &m) : -ENOMEM;
	if (m.data)
		plat_pages_free(plat, m.data, SIZE);
	if (m.job)
		plat_pages_free(plat, m.job, SIZE);
	if (sva_machine_destroy(machine) && !err)
		err = -EBUSY;
out:
	if (err)
		fprintf(stderr, "aux: failed: %s\n", strerror(-err));
	return err ? 1 : 0;
}
