/* SPDX-License-Identifier: MIT */
/*
 * Open: what a driver keeps for each open of its device, so that no user of it
 * takes anything from another, however they come and go.
 *
 * Each open has its own use of the bind, and hands on the error of a bind as it
 * is. Whoever closes ends its own jobs first and returns its use last. And the
 * driver hears when the process exits with the device still open.
 *
 *	cc open.c $(pkg-config --cflags --libs libsva)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sva/machine.h>

#define SIZE (1u << 16)

/* The device: one, whoever uses it. */
struct accelerator {
	struct sva_machine *machine; /* stands for the hardware */
	struct dsa_wq *wq;
};

/* An open of it. Its owner uses it from one thread at a time. */
struct open_file {
	struct accelerator *acc;
	struct iommu_sva *sva;
	struct dsa_job job; /* the device writes into it */
};

/*
 * The process has gone: nothing of its PASID may be in the device on return. An
 * error says that it could not be stopped; then the PASID is never used again.
 */
static int stop_pasid(struct iommu_device *dev, struct iommu_sva *sva,
		      void *drvdata)
{
	struct accelerator *acc = drvdata;

	(void)dev;
	return dsa_drain_pasid(sva_machine_dsa(acc->machine), sva);
}

static const struct iommu_sva_ops sva_ops = { .mm_exit = stop_pasid };

/* The second open of a process gets the same handle, and a use of its own. */
static int accelerator_open(struct accelerator *acc, struct open_file *file)
{
	int err;

	memset(file, 0, sizeof(*file));
	err = iommu_sva_bind(sva_machine_device(acc->machine),
			     sva_machine_mm(acc->machine), acc, &file->sva);
	if (err)
		return err; /* not -EINVAL for all that may be wrong */
	err = iommu_sva_set_ops(file->sva, &sva_ops);
	if (err) {
		iommu_sva_unbind(file->sva);
		return err;
	}
	file->acc = acc;
	return 0;
}

/* Jobs are waited for where they are submitted: none of ours is in there. */
static void accelerator_close(struct open_file *file)
{
	iommu_sva_unbind(file->sva);
	file->sva = NULL;
}

static int fill(struct open_file *file, unsigned char *buf, unsigned char value)
{
	struct dsa_result result;
	unsigned int i;
	int err;

	dsa_job_fill(&file->job, file->sva, buf,
		     UINT64_C(0x0101010101010101) * value, SIZE);
	dsa_job_set_block_on_fault(&file->job);
	err = dsa_run(file->acc->wq, &file->job, NULL, NULL, &result);
	if (err || result.status)
		return err ? err : result.status;
	for (i = 0; i < SIZE; i++)
		if (buf[i] != value)
			return -EIO;
	return 0;
}

/* Two users; the first one leaves, and the other does not notice. */
static int two_users(struct accelerator *acc, unsigned char *buf)
{
	/* A job is aligned to what the device asks for, malloc() is not. */
	struct open_file *files =
		aligned_alloc(_Alignof(struct open_file), 2 * sizeof(*files));
	ioasid_t pasid;
	int err;

	if (!files)
		return -ENOMEM;
	err = accelerator_open(acc, &files[0]);
	if (err)
		goto free_files;
	pasid = iommu_sva_get_pasid(files[0].sva);
	err = accelerator_open(acc, &files[1]);
	if (!err)
		err = fill(&files[0], buf, 1);
	accelerator_close(&files[0]);
	if (!files[1].sva)
		goto free_files;
	if (!err)
		err = fill(&files[1], buf, 2);
	if (!err && iommu_sva_get_pasid(files[1].sva) != pasid)
		err = -EIO;
	accelerator_close(&files[1]);
	if (!err)
		printf("both users had PASID %u; the first left earlier\n",
		       pasid);
free_files:
	free(files);
	return err;
}

int main(void)
{
	struct dsa_wq_cfg cfg = { .shared = true, .block_on_fault = true };
	struct accelerator acc = { 0 };
	unsigned char *buf = malloc(SIZE);
	int err;

	err = buf ? sva_machine_create(NULL, &acc.machine) : -ENOMEM;
	if (!err)
		err = dsa_wq_open(sva_machine_dsa(acc.machine), &cfg, &acc.wq);
	if (!err) {
		err = two_users(&acc, buf);
		if (dsa_wq_close(acc.wq) && !err)
			err = -EIO;
	}
	if (sva_machine_destroy(acc.machine) && !err)
		err = -EBUSY;
	if (err)
		fprintf(stderr, "open: failed: %s\n", strerror(-err));
	free(buf);
	return err ? 1 : 0;
}
