/* SPDX-License-Identifier: MIT */
/*
 * The stream table: Arm IHI 0070, 3.3.1, 5.1.
 *
 * With two levels, a level 2 array of 256 STEs is made when the first of its
 * streams gets a device. Until then the level-1 descriptor is invalid and its
 * streams abort with C_BAD_STREAMID; a stream without a device in an array
 * that is there aborts with C_BAD_STE. Both are reported.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/smmuv3.h"

#define SPLIT      ((unsigned int)SMMU_STRTAB_SPLIT_16K)
#define L2_ENTRIES (1u << SPLIT)
#define L2_SIZE    ((size_t)L2_ENTRIES * sizeof(struct smmu_ste))

/* Level 1 takes 1 MiB then; no machine has more streams in use. */
#define MAX_L1_LG2     17u
/* A linear table takes 4 MiB then. */
#define MAX_LINEAR_LG2 16u

static size_t at_least_a_page(size_t size)
{
	return size < 4096 ? 4096 : size;
}

static int init_two_level(struct smmuv3 *smmu, struct smmuv3_strtab *t)
{
	size_t n = (size_t)1 << (t->sid_bits - SPLIT);

	t->l2 = plat_zalloc(smmu->plat, n * sizeof(t->l2[0]));
	if (!t->l2)
		return -ENOMEM;
	t->l2_count = n;
	t->base_size = at_least_a_page(n * sizeof(struct smmu_l1std));
	t->base = plat_pages_alloc(smmu->plat, t->base_size);
	if (!t->base) {
		plat_free(smmu->plat, t->l2);
		t->l2 = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int init_linear(struct smmuv3 *smmu, struct smmuv3_strtab *t)
{
	t->base_size =
		at_least_a_page((size_t)sizeof(struct smmu_ste) << t->sid_bits);
	t->base = plat_pages_alloc(smmu->plat, t->base_size);
	return t->base ? 0 : -ENOMEM;
}

int smmuv3_strtab_init(struct smmuv3 *smmu, unsigned int sid_bits)
{
	struct smmuv3_strtab *t = &smmu->strtab;
	unsigned int most;

	t->two_level = smmu->f.two_level_strtab && sid_bits > SPLIT;
	most = t->two_level ? MAX_L1_LG2 + SPLIT : MAX_LINEAR_LG2;
	if (sid_bits > most) {
		plat_log(smmu->plat, PLAT_LOG_WARN,
			 "%s: %u StreamID bits, only %u are used", smmu->name,
			 sid_bits, most);
		sid_bits = most;
	}
	t->sid_bits = sid_bits;
	return t->two_level ? init_two_level(smmu, t) : init_linear(smmu, t);
}

void smmuv3_strtab_fini(struct smmuv3 *smmu)
{
	struct smmuv3_strtab *t = &smmu->strtab;
	size_t i;

	for (i = 0; i < t->l2_count; i++)
		if (t->l2[i])
			plat_pages_free(smmu->plat, t->l2[i], L2_SIZE);
	plat_free(smmu->plat, t->l2);
	plat_pages_free(smmu->plat, t->base, t->base_size);
}

le64_atomic *smmuv3_strtab_find(struct smmuv3 *smmu, uint32_t sid)
{
	struct smmuv3_strtab *t = &smmu->strtab;
	le64_atomic *array = t->base;

	if ((uint64_t)sid >> t->sid_bits)
		return NULL;
	if (t->two_level) {
		array = t->l2[sid >> SPLIT];
		if (!array)
			return NULL;
		sid &= L2_ENTRIES - 1;
	}
	return array + 8 * (size_t)sid;
}

int smmuv3_strtab_get(struct smmuv3 *smmu, uint32_t sid)
{
	struct smmuv3_strtab *t = &smmu->strtab;
	struct smmu_l1std desc = { { 0 } };
	le64_atomic *l2;

	if ((uint64_t)sid >> t->sid_bits)
		return -ERANGE;
	if (!t->two_level || t->l2[sid >> SPLIT])
		return 0;

	l2 = plat_pages_alloc(smmu->plat, L2_SIZE);
	if (!l2)
		return -ENOMEM;
	t->l2[sid >> SPLIT] = l2;
	FIELD_SET(SMMU_L1STD_SPAN, &desc, SPLIT + 1);
	smmu_l1std_set_l2ptr(&desc, plat_virt_to_phys(smmu->plat, l2));
	/* Pairs with the SMMU's fetch: the array is zeroed by then. */
	le64_store_release(&t->base[sid >> SPLIT], desc.dw[0]);
	return 0;
}
