/* SPDX-License-Identifier: MIT */
/* Inside the mock: its records, and what its files ask of each other. */
#ifndef DRIVERS_MOCK_PRIV_H
#define DRIVERS_MOCK_PRIV_H

#include "base/le64.h"
#include "base/list.h"
#include "core/driver.h"
#include "drivers/mock/mock.h"

/*
 * Both tables have words with the invalid bit on top: memory of zeros is
 * valid, and fresh tables are filled with ones.
 *
 * PASID table: one word per PASID, 0 for none.
 */
#define MOCK_INVALID       BIT(63)
#define MOCK_ENTRY_QUIETLY BIT(62) /* abort, tell nobody */
#define MOCK_ENTRY_FOREIGN BIT(61) /* table of an address space */
#define MOCK_ENTRY_DIRECT  BIT(60) /* addresses are physical */
#define MOCK_ENTRY_NESTED  BIT(59) /* of a guest, see the domain */
#define MOCK_ENTRY_DEVICE  BIT(58) /* so is every PASID; in word 0 */
#define MOCK_ADDRESS       GENMASK64(51, 12)

/* Table of a paging domain: three levels of 9 bits; leaf denials. */
#define MOCK_PTE_NO_READ  BIT(62)
#define MOCK_PTE_NO_WRITE BIT(61)
#define MOCK_PTE_NO_EXEC  BIT(60)
#define MOCK_PTE_CLEAN    BIT(59) /* hardware takes it out with a write */
#define MOCK_LEVELS       3u
#define MOCK_VA_BITS      39u
#define MOCK_TABLE_BYTES  4096u

#define MOCK_CACHE       64u
#define MOCK_FAULT_QUEUE 256u
#define MOCK_RESPONSES   8192u

struct mock_cached {
	struct iommu_device *dev; /* NULL: empty */
	ioasid_t pasid;
	struct iommu_domain *domain;
	struct iommu_domain *parent; /* it is nested in, or NULL */
	uint64_t va, pa;
	unsigned int perm;
};

struct mock_fault {
	struct iommu_device *dev;
	struct iommu_fault fault;
};

/* Letters: (c) constant, (m) the lock, (a) atomic, (d) core's device lock. */
struct mock {
	struct iommu_unit unit;
	struct iommu_unit_ops ops; /* (c) */
	const struct plat *plat;   /* (c) */
	struct mock_cfg cfg;       /* (c) */
	struct plat_lock lock;
	_Atomic unsigned int defects;              /* (a) */
	_Atomic unsigned int calls[MOCK_OP_COUNT]; /* (a) */
	struct {
		unsigned int nth;
		int err;
	} fail[MOCK_OP_COUNT];                /* (m) */
	enum mock_op log[MOCK_LOG];           /* (m) */
	unsigned int log_count;               /* (m) */
	struct list devices;                  /* (m) */
	struct mock_cached cache[MOCK_CACHE]; /* (m) */
	unsigned int cache_next;              /* (m) */

	struct plat_workqueue *wq; /* (c) */
	struct plat_work fault_work;
	bool holding;                              /* (m) */
	unsigned int draining;                     /* (m) */
	struct mock_fault queue[MOCK_FAULT_QUEUE]; /* (m) */
	unsigned int queue_head, queue_count;      /* (m) */
	struct mock_response *responses;           /* (m) */
	unsigned int response_count;               /* (m) */
	struct plat_event responded;
};

struct mock_device {
	struct list link;                        /* (m) */
	struct iommu_device *dev;                /* (c) */
	uint32_t *stream_ids;                    /* (c) */
	unsigned int stream_id_count;            /* (c) */
	unsigned int pasid_bits;                 /* (c) */
	size_t table_bytes;                      /* (c) */
	void *table_memory;                      /* (c) */
	le64_atomic *table;                      /* (c) the same; words (a) */
	_Atomic(struct iommu_domain *) *domains; /* (a) by PASID */
	_Atomic bool faults_on;                  /* (a) */
};

struct mock_domain {
	struct iommu_domain domain;
	struct mock *mock;
	struct iommu_mm_notifier notifier;
	uint64_t root;          /* (c) of its table, the mm's or the parent's */
	struct iommu_nest nest; /* (c) NESTED */
	uint64_t guest_pasids;  /* (c) in the guest's table */
};

static inline struct mock *to_mock(struct iommu_unit *unit)
{
	return container_of(unit, struct mock, unit);
}

static inline struct mock_domain *to_mock_domain(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

/* Counts and logs a call; the error it is to fail with, or 0. */
int mock_enter(struct mock *mock, enum mock_op op, struct iommu_device *dev,
	       ioasid_t pasid);

/* Cached translations go: of a pair, of a domain's range. */
void mock_forget_pair(struct mock *mock, struct iommu_device *dev,
		      ioasid_t pasid);
void mock_forget_range(struct mock *mock, struct iommu_domain *domain,
		       uint64_t start, uint64_t end);

/* The table of paging domains. */
int mock_table_alloc(struct mock *mock, uint64_t *ret_root);
void mock_table_free(struct mock *mock, uint64_t root);
uint64_t mock_denials(unsigned int perm);
bool mock_table_walk(struct mock *mock, uint64_t root, uint64_t va,
		     unsigned int perm, uint64_t *ret_pa);
int mock_op_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		uint64_t size, unsigned int perm);
int mock_op_unmap(struct iommu_domain *domain, uint64_t iova, uint64_t size,
		  struct iommu_iotlb_gather *gather, uint64_t *ret_unmapped);
int mock_op_iotlb_sync(struct iommu_domain *domain,
		       struct iommu_iotlb_gather *gather);
int mock_op_iova_to_phys(struct iommu_domain *domain, uint64_t iova,
			 uint64_t *ret_pa);
int mock_op_set_dirty_tracking(struct iommu_domain *domain, bool on);
int mock_op_read_dirty(struct iommu_domain *domain, uint64_t iova,
		       uint64_t size, unsigned int flags,
		       struct iommu_dirty_read *read);

/* nest.c */
int mock_op_parent_alloc(struct iommu_unit *unit,
			 struct iommu_domain **ret_domain);
int mock_op_nested_alloc(struct iommu_domain *parent, struct iommu_device *dev,
			 const struct iommu_nest *nest,
			 struct iommu_domain **ret_domain);
int mock_op_cache_invalidate(struct iommu_domain *nested,
			     struct iommu_device *dev,
			     const struct iommu_cache_invalidate_info *info);
int mock_nested_walk(struct iommu_domain *nested, ioasid_t pasid, uint64_t va,
		     unsigned int perm, uint64_t *ret_pa);

int mock_faults_init(struct mock *mock);
void mock_faults_fini(struct mock *mock);
int mock_op_enable_faults(struct iommu_device *dev);
void mock_op_disable_faults(struct iommu_device *dev);
void mock_op_drain_faults(struct iommu_device *dev);
int mock_op_page_response(struct iommu_device *dev,
			  const struct iommu_fault_page_request *req,
			  enum iommu_page_response_code code);

#endif
