/* SPDX-License-Identifier: MIT */
/* Domains with a table and their pairs: attach.c, and flush.c. */
#ifndef DRIVERS_SMMUV3_ATTACH_H
#define DRIVERS_SMMUV3_ATTACH_H

#include "drivers/smmuv3/smmuv3.h"

struct smmuv3_attach *
smmuv3_attach_find_locked(struct smmuv3_domain *d,
			  const struct smmuv3_device *sdev, ioasid_t pasid);

/*
 * The pair's CD becomes that of @d. @old: the domain with a table whose it was,
 * or NULL. -ENOMEM, -ESRCH: nothing changed; otherwise it aborts.
 */
SVA_MUST_CHECK int smmuv3_attach_table(struct smmuv3_domain *d,
				       struct smmuv3_device *sdev,
				       ioasid_t pasid,
				       struct smmuv3_domain *old);
/* The CD goes, and what is cached of the pair. Cannot fail. */
void smmuv3_detach_table(struct smmuv3_domain *d, struct smmuv3_device *sdev,
			 ioasid_t pasid);

/* The pair is another domain's, or nobody's; its entries go. Cannot fail. */
void smmuv3_leave(struct smmuv3_domain *d, const struct smmuv3_device *sdev,
		  ioasid_t pasid);

/* flush.c */
extern const struct iommu_mm_notifier_ops smmuv3_notifier_ops;

void smmuv3_report_stuck(const struct smmuv3_domain *d, int err);
/* The pair's CD walks no more, unless it is another domain's. */
void smmuv3_quiesce_locked(struct smmuv3_domain *d, struct smmuv3_attach *a);
/* What is cached of the pair goes: TLB, sync, its ATC, sync. [R1] [R10] */
int smmuv3_forget_pair_locked(struct smmuv3_domain *d,
			      const struct smmuv3_attach *a);

#endif
