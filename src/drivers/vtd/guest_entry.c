/* SPDX-License-Identifier: MIT */
/*
 * What a guest may say of a PASID, and the entry it gets: VT-d, 9.6. [G6]
 *
 * First stage becomes nested over the parent's second stage, and pass-through
 * becomes that second stage. A guest has no second stage of its own: what
 * would walk it is the parent's. Everything that a guest does not say is the
 * host's: the domain id, the second stage, whether walks are snooped.
 *
 * What this unit does not have is reserved in its entries, and is refused here
 * as it would be there (6.2.3.1): the guest's entry leads to a fault either
 * way, and an entry that the unit finds wrong is never made.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/nest.h"

/* Bits of a field, unless there is what it is about. */
#define UNLESS(cond, f) ((cond) ? UINT64_C(0) : FIELD_MASK(f))

/* Of the first stage. */
#define MEMORY_TYPES (FIELD_MASK(VTD_PASID_CD) | FIELD_MASK(VTD_PASID_PAT))

/* Earlier revisions had them; in 5.1 bits 95:91 are reserved. */
#define OLD_TYPES                                                              \
	(FIELD_MASK(VTD_PASID_EMT) | FIELD_MASK(VTD_PASID_PWT) |               \
	 FIELD_MASK(VTD_PASID_PCD))

static bool has_memory_types(const struct vtd_unit *u)
{
	return REG_GET(VTD_ECAP_MTS, u->f.ecap);
}

/* The width of the second stage is the host's; a guest's is not looked at. */
static bool refused_word0(const struct vtd_pasid *g)
{
	uint64_t rsvd = ~FIELD_DEFINED(VTD_PASID_FIELDS, 0) |
			FIELD_MASK(VTD_PASID_SSEE) |
			FIELD_MASK(VTD_PASID_SSADE) |
			FIELD_MASK(VTD_PASID_SSPTPTR);

	return g->dw[0] & rsvd || FIELD_GET(VTD_PASID_AW, g) > VTD_AW_57;
}

static bool refused_word1(const struct vtd_unit *u, const struct vtd_pasid *g)
{
	uint64_t rsvd = ~FIELD_DEFINED(VTD_PASID_FIELDS, 1) | OLD_TYPES |
			UNLESS(u->f.coherent_walk, VTD_PASID_PWSNP) |
			UNLESS(u->f.snoop, VTD_PASID_PGSNP);

	if (!has_memory_types(u))
		rsvd |= MEMORY_TYPES | FIELD_MASK(VTD_PASID_EMTE);
	return g->dw[1] & rsvd;
}

static bool refused_word2(const struct vtd_unit *u, const struct vtd_pasid *g)
{
	uint64_t rsvd = ~FIELD_DEFINED(VTD_PASID_FIELDS, 2) |
			UNLESS(u->f.supervisor, VTD_PASID_SRE) |
			UNLESS(u->f.exec, VTD_PASID_ERE) |
			UNLESS(u->f.accessed_ext, VTD_PASID_EAFE);

	return g->dw[2] & rsvd;
}

static bool is_refused(const struct vtd_unit *u, const struct vtd_pasid *g)
{
	unsigned int i;

	for (i = 3; i < VTD_PASID_WORDS; i++)
		if (g->dw[i])
			return true;
	return refused_word0(g) || refused_word1(u, g) || refused_word2(u, g);
}

/* SPT.4.4: the first table is where the second stage has addresses at all. */
static bool fs_refused(const struct vtd_domain *parent,
		       const struct vtd_pasid *g)
{
	uint64_t fspm = FIELD_GET(VTD_PASID_FSPM, g);

	return (fspm != VTD_PASID_FSPM_4 &&
		(fspm != VTD_PASID_FSPM_5 || !parent->u->f.five_level)) ||
	       vtd_pasid_fsptptr(g) >> parent->ss_va_bits;
}

/* What is the host's of every entry of a guest, but the second stage. */
static struct vtd_pasid make_base(const struct vtd_domain *parent, uint16_t did)
{
	struct vtd_pasid e = { { 0 } };

	FIELD_SET(VTD_PASID_P, &e, 1);
	FIELD_SET(VTD_PASID_DID, &e, did);
	FIELD_SET(VTD_PASID_PWSNP, &e, parent->u->f.coherent_walk);
	return e;
}

#define COPY(f, to, from) FIELD_SET(f, to, FIELD_GET(f, from))

static void copy_first_stage(const struct vtd_unit *u, struct vtd_pasid *e,
			     const struct vtd_pasid *g)
{
	COPY(VTD_PASID_FSPM, e, g);
	COPY(VTD_PASID_WPE, e, g);
	COPY(VTD_PASID_EAFE, e, g);
	/* Ignored without requests to execute. */
	if (u->f.exec) {
		COPY(VTD_PASID_NXE, e, g);
		COPY(VTD_PASID_SMEP, e, g);
	}
	/*
	 * Not EMTE: a first stage ignores it, and to the nested entry it would
	 * say that the second stage, the host's, has memory types.
	 */
	if (has_memory_types(u))
		e->dw[1] |= g->dw[1] & MEMORY_TYPES;
	vtd_pasid_set_fsptptr(e, vtd_pasid_fsptptr(g));
}

bool vtd_guest_entry(const struct vtd_domain *d, const struct vtd_pasid *guest,
		     struct vtd_pasid *ret_entry, bool *ret_quiet)
{
	const struct vtd_domain *parent = d->nest->parent;
	struct vtd_pasid e = make_base(parent, d->did);
	uint64_t pgtt = FIELD_GET(VTD_PASID_PGTT, guest);

	*ret_quiet = FIELD_GET(VTD_PASID_FPD, guest);
	if (!FIELD_GET(VTD_PASID_P, guest) || is_refused(d->u, guest))
		return false;
	COPY(VTD_PASID_FPD, &e, guest);
	COPY(VTD_PASID_PGSNP, &e, guest);
	COPY(VTD_PASID_SRE, &e, guest);
	COPY(VTD_PASID_ERE, &e, guest);
	switch (pgtt) {
	case VTD_PASID_PGTT_FS:
		if (fs_refused(parent, guest))
			return false;
		FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_NESTED);
		copy_first_stage(d->u, &e, guest);
		break;
	case VTD_PASID_PGTT_PT:
		FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_SS);
		break;
	default:
		return false;
	}
	*ret_entry = e;
	return true;
}

/* The flags are those of an entry, by other numbers. */
static struct vtd_pasid entry_of(const struct iommu_gpasid_bind_data *g)
{
	struct vtd_pasid e = { { 0 } };

	FIELD_SET(VTD_PASID_P, &e, 1);
	FIELD_SET(VTD_PASID_PGTT, &e, VTD_PASID_PGTT_FS);
	FIELD_SET(VTD_PASID_SRE, &e, g->vtd.flags & IOMMU_SVA_VTD_GPASID_SRE);
	FIELD_SET(VTD_PASID_EAFE, &e,
		  !!(g->vtd.flags & IOMMU_SVA_VTD_GPASID_EAFE));
	FIELD_SET(VTD_PASID_CD, &e, !!(g->vtd.flags & IOMMU_SVA_VTD_GPASID_CD));
	FIELD_SET(VTD_PASID_WPE, &e,
		  !!(g->vtd.flags & IOMMU_SVA_VTD_GPASID_WPE));
	FIELD_SET(VTD_PASID_PAT, &e, g->vtd.pat);
	FIELD_SET(VTD_PASID_FSPM, &e,
		  g->addr_width == 57 ? VTD_PASID_FSPM_5 : VTD_PASID_FSPM_4);
	vtd_pasid_set_fsptptr(&e, g->gpgd);
	return e;
}

/*
 * Flags there are none of: no more (9.6), or, EMTE, none of a guest's. And
 * fields that would lose bits.
 */
static bool gpasid_legal(const struct iommu_gpasid_bind_data *g)
{
	const uint32_t known =
		IOMMU_SVA_VTD_GPASID_SRE | IOMMU_SVA_VTD_GPASID_EAFE |
		IOMMU_SVA_VTD_GPASID_CD | IOMMU_SVA_VTD_GPASID_WPE;

	return !(g->vtd.flags & ~known) && !g->vtd.padding && !g->vtd.emt &&
	       !(g->gpgd & 4095) &&
	       (g->addr_width == 48 || g->addr_width == 57);
}

int vtd_guest_first_stage(const struct vtd_domain *d,
			  const struct iommu_gpasid_bind_data *g,
			  struct vtd_pasid *ret_entry)
{
	struct vtd_pasid e;
	bool quiet;

	if (!gpasid_legal(g))
		return -EINVAL;
	e = entry_of(g);
	return vtd_guest_entry(d, &e, ret_entry, &quiet) ? 0 : -EINVAL;
}
