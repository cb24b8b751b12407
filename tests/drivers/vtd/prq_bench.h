/* SPDX-License-Identifier: MIT */
/* A device with an address space bound to it, and its page requests. */
#ifndef TESTS_DRIVERS_VTD_PRQ_BENCH_H
#define TESTS_DRIVERS_VTD_PRQ_BENCH_H

#include "fmt/vtd.h"
#include "tests/drivers/vtd/seam.h"

enum { SID = 0x310, QUEUE = 128 };

struct prq_bench {
	struct seam *s;
	struct iommu_device *dev;
	struct seam_mm m;
	struct iommu_sva *sva;
	ioasid_t pasid;
};

void prq_bench_up(struct prq_bench *b);
void prq_bench_down(struct prq_bench *b);

/* There has to be room. */
void prq_bench_push(struct prq_bench *b, const struct vtd_prd *prd);

/* Everything that is there has been read and answered. */
void prq_bench_run(struct prq_bench *b);

/* There has to be one. */
const struct seam_op *prq_bench_answer(struct prq_bench *b);

#endif
