/* SPDX-License-Identifier: MIT */
/*
 * Guests that share their own address spaces with an assigned device.
 *
 * The memory of a guest is a paging domain in the IOMMU's second stage, a
 * parent. Attached to the device it translates guest-physical addresses. The
 * guest then gives its own PASID table, or single page tables, and from there
 * on two stages are walked: guest-virtual to guest-physical by the guest's
 * tables, and that to physical by the parent, which the tables themselves are
 * fetched through as well. Whatever a guest writes, its device reaches nothing
 * that the parent does not map.
 *
 *	iommu_domain_alloc_parent(unit, &parent);
 *	iommu_map(parent, gpa, pa, size, perm);
 *	iommu_attach_device(parent, dev);
 *	iommu_register_device_fault_handler(dev, to_guest, vm);
 *	iommu_bind_pasid_table(parent, dev, info);
 *
 * Faults of the guest's stage go to the handler, with the guest's addresses;
 * who runs the guest shows them to it and brings back its answers with
 * iommu_page_response(). What the guest invalidates in its emulated IOMMU
 * arrives here as iommu_cache_invalidate().
 *
 * Three generations of one interface: iommu_bind_pasid_table() of 2017,
 * iommu_attach_pasid_table() and iommu_sva_bind_gpasid() of 2019 and 2020. All
 * attach a domain of type NESTED to a (device, PASID) pair.
 */
#ifndef SVA_GUEST_H
#define SVA_GUEST_H

#include <sva/domain.h>
#include <sva/types.h>

/**
 * iommu_domain_alloc_parent() - make a paging domain for a guest's memory
 * @ret_domain: PAGING; as one from iommu_domain_alloc(), and it takes guests'
 *              tables. Freed with iommu_domain_free(), -EBUSY while it has any.
 *
 * Context: may sleep.
 * Return:  0, -EOPNOTSUPP the IOMMU has no second stage, or does not nest,
 *          -ENOSPC no hardware id left for it, -ENOMEM.
 * Test:    tests/core/mock/guest_test.c
 */
SVA_MUST_CHECK int iommu_domain_alloc_parent(struct iommu_unit *unit,
					     struct iommu_domain **ret_domain);

/* Whose PASID table it is. [G4] */
enum iommu_model {
	IOMMU_MODEL_INTEL_VTD,
	IOMMU_MODEL_ARM_SMMU,
	IOMMU_MODEL_MOCK,
};

/**
 * struct iommu_pasid_smmuv3 - the STE's part of a table of CDs
 * @version: IOMMU_PASID_VENDOR_VERSION_1.
 * @s1fmt, @s1dss: STE.S1Fmt, STE.S1DSS.
 * @s1stalld: STE.S1STALLD: stage 1 faults terminate, whatever the CD says.
 */
struct iommu_pasid_smmuv3 {
	uint32_t version;
	uint8_t s1fmt;
	uint8_t s1dss;
	uint8_t s1stalld;
	uint8_t padding;
};

/**
 * struct iommu_pasid_vtd - the context entry's part of a PASID directory
 * @version:   IOMMU_PASID_VENDOR_VERSION_1.
 * @rid_pasid: RID_PASID: whose entry is for requests without a PASID.
 */
struct iommu_pasid_vtd {
	uint32_t version;
	uint32_t rid_pasid;
};

#define IOMMU_PASID_VENDOR_VERSION_1 1u
#define IOMMU_PASID_VENDOR_BYTES     64u

/**
 * struct pasid_table_info - a guest's PASID table, the form of 2017 [G3]
 * @ptr:    guest-physical; not read with the CPU unless docs/ say so for the
 *          IOMMU (VT-d, docs/VTD.md).
 * @size:   bytes: CDs in one array (SMMUv3), the directory (VT-d). At most
 *          what the device's own table has.
 * @model:  of enum iommu_model; has to be that of the IOMMU.
 * @length: bytes of @opaque, at most IOMMU_PASID_VENDOR_BYTES. 0: defaults.
 * @opaque: the vendor's struct, as above; what is beyond it is zero.
 */
struct pasid_table_info {
	uint64_t ptr;
	uint64_t size;
	uint32_t model;
	uint32_t length;
	uint8_t opaque[];
};

/**
 * iommu_bind_pasid_table() - walk a guest's PASID table [G1]
 * @domain: a parent, attached to @dev.
 * @info:   borrowed for the call.
 *
 * Requests with and without a PASID use it. Page requests are switched on if
 * the device has them and a fault handler is registered. While a table is
 * bound no domain is attached to the device or its PASIDs, and no feature of
 * it is switched on. [A6]
 *
 * Context: may sleep; takes the SVA lock, then the device's.
 * Return:  0; with nothing changed: -EINVAL the IOMMU does not nest, @domain is
 *          no parent or not what is attached, another model, a table that is
 *          empty, too large or not aligned, a tail that is too long or says
 *          what cannot be; -EBUSY a table is bound, something is attached to
 *          PASIDs, a feature is on, or an unbind is at work; -ENOMEM, -EIO.
 *          -ETIMEDOUT: the device aborts, and is attached to nothing;
 *          iommu_attach_device() may bring it back.
 * Spec:    Arm IHI 0070 5.2 (STE.Config), 3.3.2; VT-d 9.6 (PGTT), 3.8.
 * Test:    tests/core/mock/guest_test.c
 */
SVA_MUST_CHECK int iommu_bind_pasid_table(struct iommu_domain *domain,
					  struct iommu_device *dev,
					  const struct pasid_table_info *info);

/**
 * iommu_unbind_pasid_table() - back to the parent's own translation [G2]
 *
 * The device issues nothing new, as with iommu_detach_device_pasid(). Page
 * requests that nobody has answered get Invalid. On return nothing of the
 * guest's tables is cached, and its memory is not read for them any more.
 *
 * Context: may sleep; not from a fault handler; takes the SVA lock, then the
 *          device's, neither while it drains.
 * Return:  0, -EINVAL no table of @domain is bound, -EBUSY somebody else is
 *          at it, -ETIMEDOUT unbound, but the IOMMU did not confirm it: the
 *          device aborts, and is attached to nothing; -ENOMEM: the same, if
 *          an ABORT of iommu_attach_pasid_table() found no memory either,
 *          otherwise nothing has changed.
 * Test:    tests/core/mock/guest_test.c
 */
SVA_MUST_CHECK int iommu_unbind_pasid_table(struct iommu_domain *domain,
					    struct iommu_device *dev);

/* Of struct iommu_pasid_table_config. */
enum iommu_pasid_table_format {
	IOMMU_PASID_FORMAT_SMMUV3 = 1,
	IOMMU_PASID_FORMAT_VTD = 2,
	IOMMU_PASID_FORMAT_MOCK = 3,
};

/* What the guest's first stage does. */
enum iommu_pasid_table_mode {
	IOMMU_PASID_CONFIG_TRANSLATE = 1,
	IOMMU_PASID_CONFIG_BYPASS = 2, /* the parent alone translates */
	IOMMU_PASID_CONFIG_ABORT = 3,
};

#define IOMMU_PASID_TABLE_CFG_VERSION_1 1u

/**
 * struct iommu_pasid_table_config - the same, the form of 2019 [G5]
 * @version: IOMMU_PASID_TABLE_CFG_VERSION_1.
 * @format:  of enum iommu_pasid_table_format; has to be that of the IOMMU.
 * @base:    guest-physical. This and the rest only with TRANSLATE.
 * @size:    bytes; 0: as @pasid_bits say.
 * @pasid_bits: width of the table's PASIDs; 0 with @size: as that says.
 * @config:  of enum iommu_pasid_table_mode.
 * @vendor_length: bytes of @vendor; 0: defaults.
 */
struct iommu_pasid_table_config {
	uint32_t version;
	uint32_t format;
	uint64_t base;
	uint64_t size;
	uint8_t pasid_bits;
	uint8_t config;
	uint16_t vendor_length;
	uint32_t padding;
	union {
		struct iommu_pasid_smmuv3 smmuv3;
		struct iommu_pasid_vtd vtd;
		uint8_t bytes[IOMMU_PASID_VENDOR_BYTES];
	} vendor;
};

/**
 * iommu_attach_pasid_table() - walk a guest's table for all its devices [G5]
 * @domain: a parent.
 *
 * As iommu_bind_pasid_table() for each device that @domain is attached to. A
 * table that is bound already is replaced, without the parent's translation
 * in between. ABORT in place of a table always has room: it does not fail with
 * -ENOMEM or -ENOSPC, so what a guest has taken away can be taken from its
 * device.
 *
 * Context: may sleep; the caller keeps devices from coming and going.
 * Return:  0, -ENODEV the IOMMU does not nest, or @domain is attached to no
 *          device, or as iommu_bind_pasid_table(): then devices whose table
 *          was new have none, and those whose table was to be replaced have
 *          either.
 * Test:    tests/core/mock/guest_test.c
 */
SVA_MUST_CHECK int
iommu_attach_pasid_table(struct iommu_domain *domain,
			 const struct iommu_pasid_table_config *cfg);

/*
 * iommu_unbind_pasid_table() for each device that has one of @domain. Return:
 * 0, -ENODEV the IOMMU does not nest, or what one of them met, the others done.
 */
SVA_MUST_CHECK int iommu_detach_pasid_table(struct iommu_domain *domain);

enum iommu_gpasid_flags {
	IOMMU_SVA_GPASID_VAL = 1 << 0, /* gpasid is valid */
};

/*
 * Of a PASID entry, 9.6. PCD and PWT are reserved there in revision 5.1, and
 * EMTE is about the second stage: -EINVAL.
 */
enum iommu_gpasid_vtd_flags {
	IOMMU_SVA_VTD_GPASID_SRE = 1 << 0,
	IOMMU_SVA_VTD_GPASID_EAFE = 1 << 1,
	IOMMU_SVA_VTD_GPASID_PCD = 1 << 2,
	IOMMU_SVA_VTD_GPASID_PWT = 1 << 3,
	IOMMU_SVA_VTD_GPASID_EMTE = 1 << 4,
	IOMMU_SVA_VTD_GPASID_CD = 1 << 5,
	IOMMU_SVA_VTD_GPASID_WPE = 1 << 6,
};

#define IOMMU_GPASID_BIND_VERSION_1 1u

/**
 * struct iommu_gpasid_bind_data - a guest's page table for one PASID [G6]
 * @version:    IOMMU_GPASID_BIND_VERSION_1.
 * @format:     of enum iommu_pasid_table_format.
 * @flags:      of enum iommu_gpasid_flags.
 * @addr_width: of the guest's virtual addresses, in bits: 48, 57.
 * @gpgd:       its table, guest-physical.
 * @hpasid:     what the device sends; owned by the caller.
 * @gpasid:     what the guest calls it; only kept.
 * @vtd.flags:  of enum iommu_gpasid_vtd_flags.
 * @vtd.emt:    0: reserved, as PCD.
 * @vtd.pat:    memory types; 0 unless the IOMMU has them (ECAP.MTS).
 */
struct iommu_gpasid_bind_data {
	uint32_t version;
	uint32_t format;
	uint32_t flags;
	uint32_t addr_width;
	uint64_t gpgd;
	ioasid_t hpasid;
	ioasid_t gpasid;
	struct {
		uint32_t flags;
		uint32_t emt;
		uint32_t pat;
		uint32_t padding;
	} vtd;
};

/**
 * iommu_sva_bind_gpasid() - walk a guest's page table for one PASID [G6]
 * @domain: a parent, attached to @dev.
 *
 * For IOMMUs whose PASID tables are the host's. Everything else as
 * iommu_bind_pasid_table(), but other PASIDs can have other guests' tables, or
 * paging domains.
 *
 * Return:  0; with nothing changed: -ENODEV the IOMMU does not nest, -EINVAL
 *          @domain or @data is not what it has to be, -EOPNOTSUPP this IOMMU
 *          takes whole PASID tables only, -EBUSY the PASID is taken, or SVA or
 *          IOPF are on, -ENOMEM, -ETIMEDOUT.
 * Spec:    VT-d 9.6.
 * Test:    tests/core/mock/guest_test.c
 */
SVA_MUST_CHECK int
iommu_sva_bind_gpasid(struct iommu_domain *domain, struct iommu_device *dev,
		      const struct iommu_gpasid_bind_data *data);

/*
 * The end of that, as iommu_detach_device_pasid(); requests of the PASID that
 * nobody has answered get Invalid. Return: 0, -ENODEV the IOMMU does not nest,
 * -EINVAL no such bind.
 */
SVA_MUST_CHECK int iommu_sva_unbind_gpasid(struct iommu_domain *domain,
					   struct iommu_device *dev,
					   ioasid_t pasid);

/* Caches a guest can name; more than one at once. [H1] */
enum iommu_inv_cache {
	IOMMU_CACHE_INV_TYPE_IOTLB = 1 << 0,
	IOMMU_CACHE_INV_TYPE_DEV_IOTLB = 1 << 1,
	IOMMU_CACHE_INV_TYPE_PASID = 1 << 2,
};

enum iommu_inv_granularity {
	IOMMU_INV_GRANU_DOMAIN, /* all that is the guest's */
	IOMMU_INV_GRANU_PASID,  /* of one PASID, or with one tag */
	IOMMU_INV_GRANU_ADDR,   /* pages of that */
};

enum iommu_inv_addr_flags {
	IOMMU_INV_ADDR_FLAGS_PASID = 1 << 0,
	IOMMU_INV_ADDR_FLAGS_ARCHID = 1 << 1,
	IOMMU_INV_ADDR_FLAGS_LEAF = 1
				    << 2, /* only last-level entries changed */
};

/**
 * struct iommu_inv_addr_info - some pages [H2]
 * @flags:  of enum iommu_inv_addr_flags. Neither PASID nor ARCHID: whatever
 *          the tags (IOTLB), or what has no PASID (DEV_IOTLB).
 * @archid: the tag of IOTLB entries: an SMMU's ASID.
 * @pasid:  of the device.
 * @addr:   of the first, guest-virtual, a multiple of @granule_size.
 * @granule_size: bytes, a power of two of at least 4096; with IOTLB that of the
 *          guest's tables, as hardware may match entries by it.
 * @nb_granules:  how many; not 0.
 */
struct iommu_inv_addr_info {
	uint32_t flags;
	uint32_t archid;
	uint64_t pasid;
	uint64_t addr;
	uint64_t granule_size;
	uint64_t nb_granules;
};

enum iommu_inv_pasid_flags {
	IOMMU_INV_PASID_FLAGS_PASID = 1 << 0,
	IOMMU_INV_PASID_FLAGS_ARCHID = 1 << 1,
};

/* struct iommu_inv_pasid_info - one PASID, or tag; @flags names at least one */
struct iommu_inv_pasid_info {
	uint32_t flags;
	uint32_t archid;
	uint64_t pasid;
};

#define IOMMU_CACHE_INVALIDATE_INFO_VERSION_1 1u

/**
 * struct iommu_cache_invalidate_info - what a guest has invalidated
 * @version:     IOMMU_CACHE_INVALIDATE_INFO_VERSION_1.
 * @cache:       or-ed enum iommu_inv_cache; at least one.
 * @granularity: legal for each of them:
 *
 *                          DOMAIN  PASID  ADDR
 *               IOTLB      yes     yes    yes
 *               DEV_IOTLB  no      yes    yes
 *               PASID      yes     yes    no
 *
 * @padding:     zero.
 * @granu:       as @granularity says; nothing with DOMAIN.
 */
struct iommu_cache_invalidate_info {
	uint32_t version;
	uint8_t cache;
	uint8_t granularity;
	uint8_t padding[6];
	union {
		struct iommu_inv_pasid_info pasid;
		struct iommu_inv_addr_info addr;
	} granu;
};

/**
 * iommu_cache_invalidate() - forget what a guest has changed [H1] [H2]
 * @domain: a parent, attached to @dev.
 * @info:   borrowed for the call.
 *
 * Never more than the guest's own: of this parent's hardware id and this
 * device. On return no device of the guest uses what was named. DEV_IOTLB is
 * done after IOTLB, PASID before both. For PASIDs of iommu_sva_bind_gpasid()
 * granularities below DOMAIN need the PASID, which is the host's.
 *
 * Context: may sleep; takes the device's lock: nobody binds or unbinds
 *          meanwhile.
 * Cost:    as the driver's; on VT-d the PASID cache is in proportion to what
 *          the guest's directory has, see docs/VTD.md, and may take memory.
 * Return:  0, -ENODEV the IOMMU does not nest, or nothing is bound there;
 *          -EINVAL a version, cache, granularity, pair, flag or range that is
 *          not legal, or that this IOMMU cannot name: nothing was forgotten;
 *          -ENOMEM (VT-d) a PASID that is new aborts, as there is no room for
 *          its entry: all else was forgotten; -ETIMEDOUT the IOMMU or the
 *          device did not confirm it.
 * Test:    tests/core/mock/guest_inv_test.c
 */
SVA_MUST_CHECK int
iommu_cache_invalidate(struct iommu_domain *domain, struct iommu_device *dev,
		       const struct iommu_cache_invalidate_info *info);

#endif
