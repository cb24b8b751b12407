/* SPDX-License-Identifier: MIT */
/*
 * What invalidations of the context cache and the PASID cache take: sections
 * 6.5.2.1 and 6.5.2.2. Neither takes a translation, and the first takes no
 * PASID entry.
 */
#include "models/vtd/config.h"

#include "fmt/vtd_queue.h"
#include "models/vtd/tlb.h"

/* Which contexts go. */
struct which {
	bool did_matters;
	uint16_t did;
	uint16_t sid, mask;
};

/*
 * Contexts of scalable mode have no domain: a domain's invalidation takes all
 * of them, and a device's takes those of the device.
 */
static bool matches(const struct which *w, uint16_t sid, bool scalable,
		    uint16_t did)
{
	if ((sid ^ w->sid) & w->mask)
		return false;
	return scalable || !w->did_matters || did == w->did;
}

/* FM: the low bits of the function that do not count. */
static uint16_t function_mask(unsigned int fm)
{
	static const uint8_t ignored[] = { 0, 4, 6, 7 };

	return (uint16_t)~ignored[fm & 3];
}

static void drop_contexts(struct vtd_hw *m, const struct which *w)
{
	struct vtd_hw_xlat *x = m->xlat;
	unsigned int i;

	for (i = 0; i < 1u << VTD_HW_CONTEXTS_LG2; i++) {
		uint64_t key = x->context_key[i];
		struct vtd_context ce = { { 0, x->context[i].dw[1] } };

		if (key && matches(w, (uint16_t)(key >> 32), key & 2,
				   (uint16_t)FIELD_GET(VTD_CONTEXT_DID, &ce)))
			x->context_key[i] = 0;
	}
}

/* What was made of them, also of those that had to make room since. */
static void drop_decoded(struct vtd_hw *m, const struct which *w)
{
	struct vtd_hw_xlat *x = m->xlat;
	unsigned int i;

	vtd_hw_used_each(i, x->ctx_used, 1u << VTD_HW_CTX_LG2) {
		const struct vtd_hw_ctx *ctx = &x->ctx_full[i];
		uint64_t key = vtd_hw_ctx_key_at(x, i);

		if (matches(w, (uint16_t)(key >> 32), ctx->scalable, ctx->did))
			vtd_hw_ctx_clear(x, i);
	}
}

void vtd_hw_config_inv_context(struct vtd_hw *m, unsigned int granularity,
			       uint16_t did, uint16_t sid, unsigned int fm)
{
	struct which w = { .did = did, .sid = sid };

	switch (granularity) {
	case VTD_INV_CC_G_GLOBAL:
		break;
	case VTD_INV_CC_G_DOMAIN:
		w.did_matters = true;
		break;
	case VTD_INV_CC_G_DEVICE:
	default: /* of two bits, and 0 is none */
		w.did_matters = true;
		w.mask = function_mask(fm);
		break;
	}
	drop_contexts(m, &w);
	drop_decoded(m, &w);
}

void vtd_hw_config_inv_pasid(struct vtd_hw *m, unsigned int granularity,
			     uint16_t did, ioasid_t pasid)
{
	bool all = granularity == VTD_INV_PC_G_GLOBAL;
	bool one = granularity == VTD_INV_PC_G_PASID;
	struct vtd_hw_xlat *x = m->xlat;
	unsigned int i;

	vtd_hw_used_each(i, x->pasid_used, 1u << VTD_HW_PASIDS_LG2) {
		const struct vtd_pasid *pe = &x->pasid[i];
		uint64_t key = x->pasid_key[i];

		if (!all && FIELD_GET(VTD_PASID_DID, pe) != did)
			continue;
		if (one && (key >> 1 & (BIT(VTD_PASID_BITS) - 1)) != pasid)
			continue;
		x->pasid_key[i] = 0;
		vtd_hw_used_clear(x->pasid_used, i);
	}
	vtd_hw_used_each(i, x->ctx_used, 1u << VTD_HW_CTX_LG2) {
		const struct vtd_hw_ctx *ctx = &x->ctx_full[i];

		if (!ctx->by_pasid)
			continue;
		if ((all || ctx->did == did) && (!one || ctx->pasid == pasid))
			vtd_hw_ctx_clear(x, i);
	}
}

void vtd_hw_config_flush(struct vtd_hw *m)
{
	memset(m->xlat->context_key, 0, sizeof(m->xlat->context_key));
	memset(m->xlat->pasid_key, 0, sizeof(m->xlat->pasid_key));
	memset(m->xlat->pasid_used, 0, sizeof(m->xlat->pasid_used));
	vtd_hw_ctx_flush(m->xlat);
}
