/* SPDX-License-Identifier: MIT */
#include "tests/drivers/vtd/prq_bench.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

void prq_bench_up(struct prq_bench *b)
{
	memset(b, 0, sizeof(*b));
	b->s = seam_make();
	seam_start(b->s);
	b->dev = seam_device(b->s, SID);
	assert_int_equal(iommu_dev_enable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	seam_mm_init(&b->m, b->s);
	assert_int_equal(iommu_sva_bind(b->dev, &b->m.mm, NULL, &b->sva), 0);
	b->pasid = iommu_sva_get_pasid(b->sva);
	seam_clear(b->s);
}

void prq_bench_down(struct prq_bench *b)
{
	b->s->hook = NULL;
	if (b->sva)
		iommu_sva_unbind(b->sva);
	assert_int_equal(iommu_dev_disable_feature(b->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	assert_int_equal(iommu_device_remove(b->dev), 0);
	iommu_mm_put_users(&b->m.mm);
	seam_unmake(b->s);
}

void prq_bench_push(struct prq_bench *b, const struct vtd_prd *prd)
{
	assert_true(seam_push(b->s, prd));
}

void prq_bench_run(struct prq_bench *b)
{
	vtd_prq_irq(&b->s->u);
	assert_int_equal(iopf_queue_flush_dev(b->dev), 0);
}

const struct seam_op *prq_bench_answer(struct prq_bench *b)
{
	assert_int_equal(seam_count(b->s, SEAM_RESPONSE), 1);
	return &b->s->ops[seam_find(b->s, SEAM_RESPONSE, 0)];
}
