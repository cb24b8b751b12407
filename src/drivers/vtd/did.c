/* SPDX-License-Identifier: MIT */
/*
 * Domain ids. What is cached is tagged with one, so an id changes hands only
 * with nothing of its last owner left. [R13]
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/vtd.h"

int vtd_dids_init(struct vtd_unit *u, struct vtd_tables *t)
{
	size_t count = (size_t)1 << u->f.did_bits;

	t->dids = plat_zalloc(u->plat, 8 * div_round_up(count, 64));
	if (!t->dids)
		return -ENOMEM;
	t->dids[0] = BIT(VTD_DID_NONE) | BIT(VTD_DID_PASS_THROUGH);
	/* A word has more bits than a small unit has ids. */
	if (count < 64)
		t->dids[0] |= ~GENMASK64(count - 1, 0);
	plat_lock_init(u->plat, &t->did_lock, PLAT_LOCK_MUTEX, PLAT_RANK_HWID,
		       "vtd domain ids");
	return 0;
}

void vtd_dids_fini(struct vtd_unit *u, struct vtd_tables *t)
{
	plat_lock_fini(u->plat, &t->did_lock);
	plat_free(u->plat, t->dids);
}

int vtd_did_get(struct vtd_unit *u, uint16_t *ret_did)
{
	size_t words = div_round_up((size_t)1 << u->f.did_bits, 64), w;
	struct vtd_tables *t = u->tables;
	int err = -ENOSPC;

	plat_lock(u->plat, &t->did_lock);
	for (w = 0; w < words && !~t->dids[w]; w++)
		;
	if (w < words) {
		unsigned int bit = (unsigned int)__builtin_ctzll(~t->dids[w]);

		t->dids[w] |= BIT(bit);
		*ret_did = (uint16_t)(64 * w + bit);
		err = 0;
	}
	plat_unlock(u->plat, &t->did_lock);
	return err;
}

/*
 * Each pair was flushed when it was detached. Once more all of the id, in case
 * something of a pair came in later by a fetch that was under way.
 */
void vtd_did_put(struct vtd_unit *u, uint16_t did)
{
	struct vtd_tables *t = u->tables;
	struct vtd_batch b;
	int err;

	vtd_batch_init(&b, u);
	vtd_inv_pasid_domain(&b, did);
	vtd_batch_barrier(&b);
	vtd_inv_iotlb_domain(&b, did);
	err = vtd_batch_sync(&b);
	if (err) {
		plat_log(u->plat, PLAT_LOG_ERR,
			 "%s: domain id %u is not used again: error %d",
			 u->name, did, err);
		return;
	}
	plat_lock(u->plat, &t->did_lock);
	t->dids[did / 64] &= ~BIT(did % 64);
	plat_unlock(u->plat, &t->did_lock);
}
