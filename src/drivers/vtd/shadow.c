/* SPDX-License-Identifier: MIT */
/*
 * A guest's PASID directory, shadowed in the device's own. [G1] [G3]
 *
 * The unit would take a directory's addresses for physical ones, so it never
 * sees the guest's. For each entry the guest has, this side makes one of its
 * own (guest_entry.c), at the same PASID: RID_PASID of the context entry is the
 * guest's as well. What the guest changes later counts when it invalidates its
 * PASID cache, which it has to do for entries that become present, too: its
 * unit has to have caching mode (CAP.CM).
 *
 * The guest's memory is read through the parent's table, under core's map lock:
 * a page that is still mapped there has not been given back. Each word is read
 * once, and what is decided is decided on the copy. What cannot be read, or is
 * not legal, is not there, and the device's requests abort.
 *
 * Work: a PASID is two reads and one entry. All PASIDs is the directory, word
 * by word, and those tables of 64 entries that are there on one side or the
 * other; the locks are taken for each of them anew. Only what differs is
 * changed, in the order of [M2], which waits for the unit twice at most.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/le64.h"
#include "drivers/vtd/nest.h"

#define LEAF_LG2     ((unsigned int)VTD_PASID_TABLE_LG2)
#define LEAF_ENTRIES (1u << LEAF_LG2)
#define DIR_LG2_MAX  ((unsigned int)(VTD_PASID_BITS - VTD_PASID_TABLE_LG2))

/* Where a guest-physical address is, NULL: nowhere. Map lock held. */
static le64_atomic *translate_locked(const struct vtd_domain *parent,
				     uint64_t gpa)
{
	struct vtdss_leaf leaf;

	if (gpa >> parent->ss_va_bits || vtdss_walk(&parent->ss, gpa, &leaf) ||
	    !(leaf.perm & IOMMU_PERM_READ))
		return NULL;
	return plat_phys_to_virt(parent->u->plat, leaf.pa + (gpa - leaf.va));
}

/*
 * Words of one page. The first word of an entry comes first: acquire pairs with
 * the guest's release of P, if it does as it should.
 */
static bool read_guest(struct vtd_domain *d, uint64_t gpa, uint64_t *words,
		       size_t count)
{
	struct vtd_domain *parent = d->nest->parent;
	const struct plat *plat = d->u->plat;
	le64_atomic *from;
	size_t i;

	plat_lock(plat, &parent->domain.map_lock);
	from = translate_locked(parent, gpa);
	for (i = 0; from && i < count; i++)
		words[i] = le64_load_acquire(&from[i]);
	plat_unlock(plat, &parent->domain.map_lock);
	return from;
}

/* An entry of the guest's directory. False: it leads nowhere. */
static bool read_dir(struct vtd_domain *d, size_t index,
		     struct vtd_pasid_dir *ret_pde)
{
	const struct vtd_shadow *s = d->nest->shadow;

	return index < s->dir_count &&
	       read_guest(d, s->dir_gpa + 8 * index, ret_pde->dw, 1) &&
	       FIELD_GET(VTD_PASID_DIR_P, ret_pde) &&
	       !(ret_pde->dw[0] & ~FIELD_DEFINED(VTD_PASID_DIR_FIELDS, 0));
}

/* The guest's entry as the device's would be. */
static bool make_entry(const struct vtd_domain *d,
		       const struct vtd_pasid_dir *pde,
		       const struct vtd_pasid *guest,
		       struct vtd_pasid *ret_entry)
{
	bool quiet, there = vtd_guest_entry(d, guest, ret_entry, &quiet);

	if (!there)
		*ret_entry = (struct vtd_pasid){ { 0 } };
	/* The directory's flag is about all behind it (9.5). */
	FIELD_SET(VTD_PASID_FPD, ret_entry,
		  quiet || FIELD_GET(VTD_PASID_DIR_FPD, pde));
	return there;
}

static bool is_same(const le64_atomic *slot, const struct vtd_pasid *e)
{
	unsigned int i;

	for (i = 0; i < VTD_PASID_WORDS; i++)
		if (le64_load_relaxed(&slot[i]) != e->dw[i])
			return false;
	return true;
}

/* Domain's lock held. */
static void set_present_locked(struct vtd_shadow *s, ioasid_t pasid,
			       le64_atomic *slot, bool there)
{
	size_t index = pasid >> LEAF_LG2;
	struct vtd_shadow_row *row = &s->rows[index];
	uint64_t bit = BIT(pasid % LEAF_ENTRIES);

	if (there)
		row->present |= bit;
	else
		row->present &= ~bit;
	row->leaf = slot - (size_t)VTD_PASID_WORDS * (pasid % LEAF_ENTRIES);
	if (there && index >= s->end)
		s->end = index + 1;
	while (s->end && !s->rows[s->end - 1].present)
		s->end--;
}

/* What was there goes, with all that was cached of it, and then comes @e. */
static int put_locked(struct vtd_domain *d, ioasid_t pasid, le64_atomic *slot,
		      const struct vtd_pasid *guest)
{
	struct vtd_device *vdev = d->nest->vdev;
	struct vtd_pasid e = *guest;
	bool there = FIELD_GET(VTD_PASID_P, &e);
	int err;

	if (there)
		vtd_make_second_stage(d->nest->parent, &e);
	if (is_same(slot, &e))
		return 0;
	err = vtd_pasid_retire(vdev, pasid, slot,
			       !there && FIELD_GET(VTD_PASID_FPD, &e));
	set_present_locked(d->nest->shadow, pasid, slot, !err && there);
	if (err || !there)
		return err;
	err = vtd_pasid_install(vdev, pasid, slot, &e);
	if (err)
		set_present_locked(d->nest->shadow, pasid, slot, false);
	return err;
}

/*
 * The table for an entry. NULL, 0: there is none, and it is not worth one.
 * Device lock held.
 */
static int find_slot(struct vtd_domain *d, ioasid_t pasid, bool there,
		     le64_atomic **ret_slot)
{
	struct vtd_shadow *s = d->nest->shadow;
	struct vtd_pasidtab *tab = &d->nest->vdev->ptab;

	*ret_slot = vtd_pasidtab_find(tab, pasid);
	if (*ret_slot || !there)
		return 0;
	if (tab->leaves < VTD_SHADOW_LEAVES)
		return vtd_pasidtab_get(d->nest->vdev, pasid, ret_slot);
	if (!s->full)
		plat_log(
			d->u->plat, PLAT_LOG_WARN,
			"%s: the guest of %s uses PASIDs in more than %u tables",
			d->u->name, iommu_device_name(d->nest->vdev->dev),
			VTD_SHADOW_LEAVES);
	s->full = true;
	return -ENOMEM;
}

static int put(struct vtd_domain *d, ioasid_t pasid, const struct vtd_pasid *e)
{
	le64_atomic *slot;
	int err = find_slot(d, pasid, FIELD_GET(VTD_PASID_P, e), &slot);

	if (err || !slot)
		return err;
	vtd_domain_lock(d);
	err = put_locked(d, pasid, slot, e);
	vtd_domain_unlock(d);
	return err ? -ETIMEDOUT : 0;
}

/* With this mode no table is looked at. */
static struct vtd_pasid fixed_entry(const struct vtd_domain *d, ioasid_t pasid)
{
	const struct vtd_shadow *s = d->nest->shadow;
	struct vtd_pasid guest = { { 0 } }, e = { { 0 } };
	bool quiet;

	if (s->config != IOMMU_PASID_CONFIG_BYPASS || pasid != s->rid_pasid)
		return e;
	FIELD_SET(VTD_PASID_P, &guest, 1);
	FIELD_SET(VTD_PASID_PGTT, &guest, VTD_PASID_PGTT_PT);
	(void)vtd_guest_entry(d, &guest, &e, &quiet);
	return e;
}

int vtd_shadow_sync(struct vtd_domain *d, ioasid_t pasid)
{
	struct vtd_shadow *s = d->nest->shadow;
	struct vtd_pasid guest = { { 0 } }, e;
	struct vtd_pasid_dir pde = { { 0 } };

	if ((uint64_t)pasid >> d->nest->vdev->ptab.bits)
		return 0;
	if (s->config != IOMMU_PASID_CONFIG_TRANSLATE) {
		e = fixed_entry(d, pasid);
		return put(d, pasid, &e);
	}
	if (!read_dir(d, pasid >> LEAF_LG2, &pde) ||
	    !read_guest(d,
			vtd_pasid_dir_smptblptr(&pde) +
				sizeof(guest) * (pasid % LEAF_ENTRIES),
			guest.dw, VTD_PASID_WORDS))
		guest = (struct vtd_pasid){ { 0 } };
	(void)make_entry(d, &pde, &guest, &e);
	return put(d, pasid, &e);
}

/* The first error, the rest was done. */
static int first(int err, int now)
{
	return err ? err : now;
}

static ioasid_t pasids_of(const struct vtd_domain *d)
{
	return (ioasid_t)1 << d->nest->vdev->ptab.bits;
}

static int sync_leaf(struct vtd_domain *d, size_t index)
{
	struct vtd_shadow *s = d->nest->shadow;
	ioasid_t pasid = (ioasid_t)(index << LEAF_LG2);
	struct vtd_pasid_dir pde = { { 0 } };
	unsigned int i;
	int err = 0;
	bool there;

	there = read_dir(d, index, &pde) &&
		read_guest(d, vtd_pasid_dir_smptblptr(&pde), s->copy[0].dw,
			   sizeof(s->copy) / 8);
	if (!there && !vtd_pasidtab_find(&d->nest->vdev->ptab, pasid))
		return 0;
	for (i = 0; i < LEAF_ENTRIES && pasid < pasids_of(d); i++, pasid++) {
		struct vtd_pasid e = { { 0 } };

		FIELD_SET(VTD_PASID_FPD, &e,
			  FIELD_GET(VTD_PASID_DIR_FPD, &pde));
		if (there)
			(void)make_entry(d, &pde, &s->copy[i], &e);
		err = first(err, put(d, pasid, &e));
	}
	return err;
}

int vtd_shadow_sync_all(struct vtd_domain *d)
{
	struct vtd_shadow *s = d->nest->shadow;
	size_t i;
	int err = 0;

	if (s->config != IOMMU_PASID_CONFIG_TRANSLATE)
		return vtd_shadow_sync(d, s->rid_pasid);
	for (i = 0; i < s->dir_count; i++)
		err = first(err, sync_leaf(d, i));
	return err;
}

int vtd_shadow_prepare(struct vtd_domain *d)
{
	struct vtd_shadow *s = d->nest->shadow;
	struct vtd_pasid_dir pde;
	le64_atomic *slot;
	size_t i;
	int err;

	/* Or the context entry would name a PASID beyond its directory. */
	err = vtd_pasidtab_get(d->nest->vdev, s->rid_pasid, &slot);
	for (i = 0; i < s->dir_count && !err; i++) {
		if (!read_dir(d, i, &pde))
			continue;
		if (d->nest->vdev->ptab.leaves >= VTD_SHADOW_LEAVES)
			break;
		err = vtd_pasidtab_get(d->nest->vdev, (ioasid_t)(i << LEAF_LG2),
				       &slot);
	}
	return err;
}

/* Nothing is attached to the device: no entry is present. */
static int set_rid_pasid(struct vtd_device *vdev, ioasid_t pasid)
{
	if (vtd_rid_pasid(vdev) == pasid)
		return 0;
	if (!vtd_context_set_rid_pasid(vdev, pasid))
		return 0;
	vtd_fail_closed(vdev->u, "a context entry stays in use");
	return -ETIMEDOUT;
}

int vtd_shadow_open(struct vtd_domain *d)
{
	struct vtd_shadow *s = d->nest->shadow;
	int err = set_rid_pasid(d->nest->vdev, s->rid_pasid);

	if (err)
		return err;
	err = vtd_shadow_sync_all(d);
	if (err != -ENOMEM)
		return err;
	/* The guest has added tables since vtd_shadow_prepare(), or has many. */
	plat_log(d->u->plat, PLAT_LOG_WARN,
		 "%s: some of the PASIDs of %s's guest abort", d->u->name,
		 iommu_device_name(d->nest->vdev->dev));
	return 0;
}

static void close_one(struct vtd_domain *d, ioasid_t pasid)
{
	const struct vtd_pasid none = { { 0 } };

	if (put(d, pasid, &none))
		plat_log(d->u->plat, PLAT_LOG_ERR,
			 "%s: PASID %u of a guest was not taken out in order",
			 d->u->name, pasid);
}

/* Entries that are only quiet are nobody's afterwards either. */
void vtd_shadow_close(struct vtd_domain *d)
{
	size_t i, count = div_round_up((size_t)pasids_of(d), LEAF_ENTRIES);
	ioasid_t pasid, end;

	for (i = 0; i < count; i++) {
		pasid = (ioasid_t)(i << LEAF_LG2);
		if (!vtd_pasidtab_find(&d->nest->vdev->ptab, pasid))
			continue;
		end = pasid + LEAF_ENTRIES;
		for (; pasid < end && pasid < pasids_of(d); pasid++)
			close_one(d, pasid);
	}
	/* An error: all is blocked. */
	(void)set_rid_pasid(d->nest->vdev, IOMMU_NO_PASID);
}

static void each_of_row(const struct vtd_domain *d, size_t index,
			vtd_pair_fn_t fn, void *arg)
{
	const struct vtd_shadow_row *row = &d->nest->shadow->rows[index];
	uint64_t left;

	for (left = row->present; left; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(left);

		fn(arg, d->nest->vdev, (ioasid_t)(index << LEAF_LG2) + i,
		   row->leaf + (size_t)VTD_PASID_WORDS * i);
	}
}

void vtd_nested_each_locked(struct vtd_domain *d, vtd_pair_fn_t fn, void *arg)
{
	const struct vtd_shadow *s = d->nest->shadow;
	struct vtd_attach *a;
	size_t i;

	if (!s) {
		list_for_each(a, &d->attaches, link)
			fn(arg, a->vdev, a->pasid, a->slot);
		return;
	}
	for (i = 0; i < s->end; i++)
		each_of_row(d, i, fn, arg);
}

/* Bits of PASIDs the directory has entries for; 0: that cannot be. */
static unsigned int bits_of(const struct iommu_pasid_table_config *cfg)
{
	unsigned int lg2 = VTD_PASID_DIR_LG2_MIN;

	if (cfg->pasid_bits)
		return cfg->pasid_bits <= VTD_PASID_BITS ? cfg->pasid_bits : 0;
	/* PDTS has powers of two from 2^7 on. */
	while (lg2 < DIR_LG2_MAX && (UINT64_C(8) << lg2) < cfg->size)
		lg2++;
	return (UINT64_C(8) << lg2) == cfg->size ? lg2 + LEAF_LG2 : 0;
}

static uint64_t dir_bytes(unsigned int bits)
{
	unsigned int lg2 = bits > LEAF_LG2 ? bits - LEAF_LG2 : 0;

	if (lg2 < VTD_PASID_DIR_LG2_MIN)
		lg2 = VTD_PASID_DIR_LG2_MIN;
	return UINT64_C(8) << lg2;
}

static bool dir_legal(const struct vtd_domain *d,
		      const struct iommu_pasid_table_config *cfg)
{
	uint64_t bytes = dir_bytes(bits_of(cfg));
	/* The device's own is a page at least; see pasidtab.c. */
	uint64_t most = dir_bytes(d->nest->vdev->ptab.bits);

	if (!bits_of(cfg) || cfg->base & 4095 || cfg->size > bytes)
		return false;
	if (bytes > (most > 4096 ? most : 4096))
		return false;
	return cfg->base < BIT(d->nest->parent->ss_va_bits) &&
	       bytes <= BIT(d->nest->parent->ss_va_bits) - cfg->base;
}

static bool vendor_legal(const struct vtd_domain *d,
			 const struct iommu_pasid_table_config *cfg)
{
	const struct iommu_pasid_vtd *v = &cfg->vendor.vtd;
	size_t i;

	if (!cfg->vendor_length)
		return true;
	if (cfg->vendor_length < sizeof(*v) ||
	    v->version != IOMMU_PASID_VENDOR_VERSION_1)
		return false;
	for (i = sizeof(*v); i < cfg->vendor_length; i++)
		if (cfg->vendor.bytes[i])
			return false;
	/* A field that the unit may not have. */
	if (v->rid_pasid && !REG_GET(VTD_ECAP_RPS, d->u->f.ecap))
		return false;
	return !((uint64_t)v->rid_pasid >> d->nest->vdev->ptab.bits);
}

/* Those that the guest's directory and the device both have. */
static size_t dir_count(const struct vtd_domain *d, unsigned int bits)
{
	unsigned int most = d->nest->vdev->ptab.bits;

	if (most < bits)
		bits = most;
	return div_round_up((size_t)1 << bits, LEAF_ENTRIES);
}

int vtd_shadow_init(struct vtd_domain *d,
		    const struct iommu_pasid_table_config *cfg)
{
	const struct plat *plat = d->u->plat;
	struct vtd_shadow *s;

	if (!vendor_legal(d, cfg))
		return -EINVAL;
	if (cfg->config == IOMMU_PASID_CONFIG_TRANSLATE && !dir_legal(d, cfg))
		return -EINVAL;
	s = plat_zalloc(plat, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->rows = plat_zalloc(plat,
			      sizeof(*s->rows) *
				      dir_count(d, d->nest->vdev->ptab.bits));
	if (!s->rows) {
		plat_free(plat, s);
		return -ENOMEM;
	}
	s->config = cfg->config;
	if (cfg->vendor_length)
		s->rid_pasid = cfg->vendor.vtd.rid_pasid;
	if (s->config == IOMMU_PASID_CONFIG_TRANSLATE) {
		s->dir_gpa = cfg->base;
		s->dir_count = dir_count(d, bits_of(cfg));
	}
	d->nest->shadow = s;
	return 0;
}

void vtd_shadow_fini(struct vtd_domain *d)
{
	struct vtd_shadow *s = d->nest->shadow;

	if (!s)
		return;
	plat_free(d->u->plat, s->rows);
	plat_free(d->u->plat, s);
}
