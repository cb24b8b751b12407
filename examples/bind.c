/* SPDX-License-Identifier: MIT */
/*
 * Bind: an accelerator works on memory that malloc() gave, by the same pointer
 * the CPU uses.
 *
 *	cc bind.c $(pkg-config --cflags --libs libsva)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva/machine.h>

#define SIZE (1u << 20)

/* The device fills @buf, and nothing was pinned, copied or mapped for it. */
static int fill(struct dsa_wq *wq, struct iommu_sva *sva, unsigned char *buf)
{
	static struct dsa_job job; /* the device writes into it */
	struct dsa_result result;
	unsigned int i;
	int err;

	dsa_job_fill(&job, sva, buf, 0x0807060504030201, SIZE);
	dsa_job_set_block_on_fault(&job); /* absent pages: wait */
	err = dsa_run(wq, &job, NULL, NULL, &result);
	if (err || result.status)
		return err ? err : result.status;
	for (i = 0; i < SIZE; i++) {
		if (buf[i] == i % 8 + 1)
			continue;
		fprintf(stderr, "byte %u is %u\n", i, buf[i]);
		return -EIO;
	}
	printf("the CPU finds all %u bytes the device wrote to %p\n", SIZE,
	       (void *)buf);
	return 0;
}

/* A machine stands for the hardware; a driver has a real device here. */
static int use(struct sva_machine *machine, unsigned char *buf)
{
	struct dsa_wq_cfg cfg = { .shared = true, .block_on_fault = true };
	struct iommu_sva *sva;
	struct dsa_wq *wq;
	int err;

	err = iommu_sva_bind(sva_machine_device(machine),
			     sva_machine_mm(machine), NULL, &sva);
	if (err)
		return err;
	printf("this process is PASID %u\n", iommu_sva_get_pasid(sva));
	err = dsa_wq_open(sva_machine_dsa(machine), &cfg, &wq);
	if (!err) {
		err = fill(wq, sva, buf);
		if (dsa_wq_close(wq) && !err)
			err = -EIO;
	}
	iommu_sva_unbind(sva);
	return err;
}

int main(void)
{
	unsigned char *buf = malloc(SIZE);
	struct sva_machine *machine = NULL;
	int err;

	err = buf ? sva_machine_create(NULL, &machine) : -ENOMEM;
	if (!err)
		err = use(machine, buf);
	if (sva_machine_destroy(machine) && !err)
		err = -EBUSY;
	if (err)
		fprintf(stderr, "bind: failed: %s\n", strerror(-err));
	free(buf);
	return err ? 1 : 0;
}
