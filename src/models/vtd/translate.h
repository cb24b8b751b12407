/* SPDX-License-Identifier: MIT */
/* Transactions and ATS requests. */
#ifndef HW_VTD_TRANSLATE_H
#define HW_VTD_TRANSLATE_H

#include "models/vtd/config.h"
#include "models/vtd/tlb.h"

/* Bytes that translation needs, a multiple of 64; @cfg is valid. */
size_t vtd_hw_xlat_room(const struct vtd_hw_cfg *cfg);
/* Once, at create: @room is zeroed and 64-byte aligned. Sets m->xlat. */
void vtd_hw_xlat_init(struct vtd_hw *m, void *room);
/* Nothing is cached any more. Under the lock, or before there is one. */
void vtd_hw_xlat_flush(struct vtd_hw *m);
/*
 * m->root, or the protected regions, changed: what the hit path derived from
 * them is not used any more. The caches keep their entries. Under the lock.
 */
void vtd_hw_xlat_root_changed(struct vtd_hw *m);

int vtd_hw_translate(struct iommu_hw *hw, struct hw_port *port,
		     const struct hw_txn *txn, struct hw_xlat *ret_xlat);
void vtd_hw_ats_translate(struct iommu_hw *hw, struct hw_port *port,
			  const struct hw_txn *txn,
			  struct hw_ats_reply *ret_reply);

/* A request as translation takes it. Without PASID it is a user's, of data. */
struct vtd_hw_req {
	uint16_t sid;
	bool pv;
	ioasid_t pasid;
	uint8_t at; /* VTD_FRCD_AT_* */
	bool priv, exec, write;
	unsigned int need; /* IOMMU_PERM_* it takes */
	uint64_t addr;
};

/* What the parts of a lookup under the lock tell each other. */
struct vtd_hw_lookup {
	struct vtd_hw_req req;
	struct vtd_hw_fault fault; /* reason and fpd, till it is recorded */
	const struct vtd_hw_ctx *ctx;
	bool hit, miss; /* for the port's counters */
	bool no_write;  /* NW, if that counts */
};

/* Memory attributes, struct hw_xlat.attr. */
enum {
	VTD_HW_ATTR_SNOOP = 1 << 0, /* PGSNP, or SNP of the second stage */
};

void vtd_hw_request(const struct hw_txn *txn, uint8_t at,
		    struct vtd_hw_req *ret_req);

/* A refused request: -EFAULT, and no record if the reason is 0. */
int vtd_hw_refuse(struct vtd_hw_lookup *l, unsigned int reason);

/* Records what l->fault says of l->req, if anything. */
void vtd_hw_record(struct vtd_hw *m, struct vtd_hw_lookup *l);

/*
 * l->ctx of the request, from its cache or made; execute and supervisor
 * requests are let through by it. -EFAULT: l->fault.
 */
int vtd_hw_context(struct vtd_hw *m, struct vtd_hw_lookup *l);

/*
 * Translation of l->req in l->ctx, from the IOTLB or by walks. @any as in
 * struct vtd_hw_want. -EFAULT: l->fault.
 */
int vtd_hw_stages(struct vtd_hw *m, struct vtd_hw_lookup *l, bool any,
		  struct vtd_hw_leaf *ret_leaf);

/* Is it time to forget, in an eager model, before this lookup of a port? */
static inline bool vtd_hw_forgets(const struct vtd_hw *m, uint64_t lookup)
{
	return m->cfg.personality == HW_EAGER &&
	       lookup % m->cfg.eager_period == 0;
}

/* From addr to the end of what is mapped alike, which interrupts are not. */
static inline uint64_t vtd_hw_len(uint64_t addr, uint64_t len)
{
	uint64_t first = (uint64_t)VTD_MSI_FIRST_PAGE << 12;

	return addr < first && len > first - addr ? first - addr : len;
}

/* 11.4.8.1: before version 2 translations are for the tables to keep out. */
static inline bool vtd_hw_pmr_translated(const struct vtd_hw *m)
{
	return vtd_hw_root(m) & VTD_HW_ROOT_PMR &&
	       REG_GET(VTD_VER_MAX, m->cfg.ver) >= 2;
}

static inline void vtd_hw_xlat_of(const struct vtd_hw_req *req, bool pgsnp,
				  const struct vtd_hw_leaf *leaf,
				  struct hw_xlat *ret_xlat)
{
	uint64_t offset = req->addr & (BIT(leaf->lg2) - 1);
	unsigned int bits = leaf->bits >> (req->priv ? LEAF_PRIV_SHIFT : 0);

	ret_xlat->pa = leaf->pa | offset;
	ret_xlat->len = vtd_hw_len(ret_xlat->pa, BIT(leaf->lg2) - offset);
	ret_xlat->size = BIT(leaf->lg2);
	ret_xlat->perm = (bits & LEAF_USER) | (req->priv ? IOMMU_PERM_PRIV : 0);
	ret_xlat->attr = pgsnp || leaf->bits & LEAF_SNOOP ? VTD_HW_ATTR_SNOOP :
							    0;
}

#endif
