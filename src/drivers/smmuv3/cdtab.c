/* SPDX-License-Identifier: MIT */
/*
 * Context descriptors: Arm IHI 0070, 3.3.2, 5.3, 5.4 and the update rules of
 * 3.21.3. [K3] to [K9]
 *
 * A CD that hardware may read changes by the rules of writer.h.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/smmuv3.h"

#define LEAF_LG2     ((unsigned int)SMMU_CDTAB_64K_L2_LG2)
#define LEAF_ENTRIES (1u << LEAF_LG2)
#define LEAF_SIZE    ((size_t)LEAF_ENTRIES * sizeof(struct smmu_cd))

static size_t at_least_a_page(size_t size)
{
	return size < 4096 ? 4096 : size;
}

int smmuv3_cdtab_init(struct smmuv3_cdtab *tab, const struct plat *plat,
		      unsigned int ssid_bits, bool two_level)
{
	size_t n;

	*tab = (struct smmuv3_cdtab){ .plat = plat, .ssid_bits = ssid_bits };
	if (!two_level || ssid_bits <= LEAF_LG2) {
		tab->base_size = at_least_a_page((size_t)sizeof(struct smmu_cd)
						 << ssid_bits);
	} else {
		n = (size_t)1 << (ssid_bits - LEAF_LG2);
		tab->l2 = plat_zalloc(plat, n * sizeof(tab->l2[0]));
		if (!tab->l2)
			return -ENOMEM;
		tab->l2_count = n;
		tab->base_size = at_least_a_page(n * sizeof(struct smmu_l1cd));
	}
	tab->base = plat_pages_alloc(plat, tab->base_size);
	if (!tab->base) {
		plat_free(plat, tab->l2);
		tab->l2 = NULL;
		return -ENOMEM;
	}
	return 0;
}

void smmuv3_cdtab_fini(struct smmuv3_cdtab *tab)
{
	size_t i;

	if (!tab->base)
		return;
	for (i = 0; i < tab->l2_count; i++)
		if (tab->l2[i])
			plat_pages_free(tab->plat, tab->l2[i], LEAF_SIZE);
	plat_free(tab->plat, tab->l2);
	plat_pages_free(tab->plat, tab->base, tab->base_size);
	tab->base = NULL;
}

uint64_t smmuv3_cdtab_pa(const struct smmuv3_cdtab *tab)
{
	return plat_virt_to_phys(tab->plat, tab->base);
}

le64_atomic *smmuv3_cdtab_find(const struct smmuv3_cdtab *tab, uint32_t ssid)
{
	le64_atomic *array = tab->base;

	if ((uint64_t)ssid >> tab->ssid_bits)
		return NULL;
	if (tab->l2) {
		array = tab->l2[ssid >> LEAF_LG2];
		if (!array)
			return NULL;
		ssid &= LEAF_ENTRIES - 1;
	}
	return array + SMMUV3_ENTRY_WORDS * (size_t)ssid;
}

int smmuv3_cdtab_get(struct smmuv3_cdtab *tab, uint32_t ssid,
		     le64_atomic **ret_cd, bool *ret_new_leaf)
{
	struct smmu_l1cd desc = { { 0 } };
	bool fresh = false;
	le64_atomic *leaf;

	if ((uint64_t)ssid >> tab->ssid_bits)
		return -EINVAL;
	if (tab->l2 && !tab->l2[ssid >> LEAF_LG2]) {
		leaf = plat_pages_alloc(tab->plat, LEAF_SIZE);
		if (!leaf)
			return -ENOMEM;
		tab->l2[ssid >> LEAF_LG2] = leaf;
		FIELD_SET(SMMU_L1CD_V, &desc, 1);
		smmu_l1cd_set_l2ptr(&desc, plat_virt_to_phys(tab->plat, leaf));
		/* Pairs with the SMMU's fetch: the leaf is zeroed by then. */
		le64_store_release(&tab->base[ssid >> LEAF_LG2], desc.dw[0]);
		fresh = true;
	}
	*ret_cd = smmuv3_cdtab_find(tab, ssid);
	*ret_new_leaf = fresh || tab->unpublished;
	return 0;
}

static int invalidate_cd(struct smmuv3_device *sdev, uint32_t ssid, bool leaf)
{
	struct smmuv3_batch batch;

	smmuv3_batch_init(&batch, sdev->smmu);
	smmuv3_add_cfgi_cd(&batch, sdev, ssid, leaf);
	return smmuv3_batch_sync(&batch);
}

int smmuv3_cd_publish_leaf(struct smmuv3_device *sdev, uint32_t ssid)
{
	struct smmuv3_batch batch;
	unsigned int i;
	int err;

	smmuv3_batch_init(&batch, sdev->smmu);
	if (sdev->cdtab.unpublished)
		for (i = 0; i < sdev->sid_count; i++)
			smmuv3_batch_add(
				&batch, smmuv3_make_cfgi_cd_all(sdev->sids[i]));
	else
		smmuv3_add_cfgi_cd(&batch, sdev, ssid, false);
	err = smmuv3_batch_sync(&batch);
	/* Whichever leaf comes next makes up for it. */
	sdev->cdtab.unpublished = err;
	return err;
}

struct cd_writer {
	struct smmuv3_writer w;
	struct smmuv3_device *sdev;
	uint32_t ssid;
};

static int sync_cd(struct smmuv3_writer *w)
{
	struct cd_writer *cw = container_of(w, struct cd_writer, w);

	return invalidate_cd(cw->sdev, cw->ssid, true);
}

/* [K6] [K9] [R7] */
static int write_cd(struct smmuv3_device *sdev, uint32_t ssid,
		    le64_atomic *slot, const struct smmuv3_entry *target)
{
	struct cd_writer cw = {
		.w = {
			.kind = &smmuv3_cd_kind,
			.slots = &slot,
			.slot_count = 1,
			.sync = sync_cd,
		},
		.sdev = sdev,
		.ssid = ssid,
	};

	return smmuv3_write_entry(&cw.w, target);
}

/* Make the entry abort. What the SMMU keeps of it would be nobody's. */
static void kill_cd(struct smmuv3_device *sdev, uint32_t ssid,
		    le64_atomic *slot)
{
	le64_store_release(&slot[0], 0);
	if (invalidate_cd(sdev, ssid, true))
		smmuv3_fail_closed(sdev->smmu, "a CD stays in use");
}

int smmuv3_cd_install(struct smmuv3_device *sdev, uint32_t ssid,
		      le64_atomic *slot, const struct smmu_cd *cd)
{
	struct smmuv3_entry target;
	int err;

	memcpy(target.dw, cd->dw, sizeof(target.dw));
	err = write_cd(sdev, ssid, slot, &target);
	if (err)
		kill_cd(sdev, ssid, slot);
	return err;
}

static struct smmu_cd read_cd(const le64_atomic *slot)
{
	struct smmu_cd cd = { .dw = { 0 } };
	unsigned int i;

	for (i = 0; i < SMMUV3_ENTRY_WORDS; i++)
		cd.dw[i] = le64_load_relaxed(&slot[i]);
	return cd;
}

/*
 * [K6] 3: another ASID, in one store. Nothing of the old one has been taken
 * out of the TLB yet. On error the CD has it and may still be used with the
 * old.
 */
int smmuv3_cd_set_asid(struct smmuv3_device *sdev, uint32_t ssid,
		       le64_atomic *slot, uint16_t asid)
{
	struct smmu_cd cd = read_cd(slot);
	struct smmuv3_entry target;

	if (!FIELD_GET(SMMU_CD_V, &cd))
		return 0;
	FIELD_SET(SMMU_CD_ASID, &cd, asid);
	memcpy(target.dw, cd.dw, sizeof(target.dw));
	return write_cd(sdev, ssid, slot, &target);
}

/*
 * [K6] 4, [K9], [R6]: no walks and no records, in one store. The table's
 * address is then ignored, and is taken out too: no path leads there any more.
 * Where stalling is forced a CD has to keep S. [K7]
 */
int smmuv3_cd_quiesce(struct smmuv3_device *sdev, uint32_t ssid,
		      le64_atomic *slot)
{
	struct smmu_cd cd = read_cd(slot);
	struct smmuv3_entry target;

	FIELD_SET(SMMU_CD_EPD0, &cd, 1);
	FIELD_SET(SMMU_CD_EPD1, &cd, 1);
	FIELD_SET(SMMU_CD_R, &cd, 0);
	FIELD_SET(SMMU_CD_S, &cd, sdev->smmu->f.stall_forced);
	smmu_cd_set_ttb0(&cd, 0);
	smmu_cd_set_ttb1(&cd, 0);
	memcpy(target.dw, cd.dw, sizeof(target.dw));
	return write_cd(sdev, ssid, slot, &target);
}

/* [K6] 5 */
int smmuv3_cd_clear(struct smmuv3_device *sdev, uint32_t ssid,
		    le64_atomic *slot)
{
	static const struct smmuv3_entry none = { { 0 } };

	return write_cd(sdev, ssid, slot, &none);
}
