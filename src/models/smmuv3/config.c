/* SPDX-License-Identifier: MIT */
/*
 * Stream table and context descriptor table, with a cache per structure.
 *
 * strict keeps every structure that was read until an invalidation names it,
 * also those that are not valid. eager keeps valid ones only.
 *
 * Structures are read in 64-bit pieces, lowest first, as a driver that updates
 * them in place has to expect.
 */
#include "models/smmuv3/config.h"

#include "models/smmuv3/tlb.h"
#include "models/smmuv3/walk.h"

static int fault(struct smmuv3_hw_fault *ret_fault, unsigned int id,
		 uint64_t fetch)
{
	*ret_fault = (struct smmuv3_hw_fault){
		.id = (uint8_t)id,
		.fetch = fetch,
	};
	return -EFAULT;
}

/* Reads n words. -EFAULT: external abort, or beyond the output size. */
static int fetch(struct smmuv3_hw *m, uint64_t addr, uint64_t *dw,
		 unsigned int n)
{
	unsigned int i;

	if (addr >> m->oas_lg2)
		return -EFAULT;
	for (i = 0; i < n; i++)
		if (m->env.mem_load64(m->env.ctx, addr + 8 * i, &dw[i]))
			return -EFAULT;
	return 0;
}

/* What a cache has for a key: of one word, or of CFG_WORDS. */
static bool cached(const struct smmuv3_hw_cache *cache, const uint64_t *data,
		   unsigned int n, uint64_t key, uint64_t *dw)
{
	int i = smmuv3_hw_cache_find(cache, key);

	if (i < 0)
		return false;
	memcpy(dw, data + (unsigned int)i * n, n * sizeof(*dw));
	return true;
}

/* strict keeps it whatever it is, eager if it is valid. */
static void keep(const struct smmuv3_hw *m, struct smmuv3_hw_cache *cache,
		 uint64_t *data, unsigned int n, uint64_t key, uint64_t valid,
		 const uint64_t *dw)
{
	if (smmuv3_hw_strict(m) || dw[0] & valid)
		memcpy(data + smmuv3_hw_cache_add(cache, key) * n, dw,
		       n * sizeof(*dw));
}

static uint64_t ste_key(uint32_t sid)
{
	return (uint64_t)sid << 32 | 1;
}

static uint64_t cd_key(uint32_t sid, uint32_t index)
{
	return (uint64_t)sid << 32 | (uint64_t)index << 1 | 1;
}

/* The two table formats divide the index differently. */
static uint64_t l1cd_key(uint32_t sid, uint32_t ssid, unsigned int l2_lg2)
{
	return cd_key(sid, ssid >> l2_lg2) | (uint64_t)l2_lg2 << 24;
}

static unsigned int strtab_split(const struct smmuv3_hw *m)
{
	unsigned int split = (unsigned int)REG_GET(SMMU_STRTAB_BASE_CFG_SPLIT,
						   m->reg[R_STRTAB_BASE_CFG]);

	if (split == SMMU_STRTAB_SPLIT_16K || split == SMMU_STRTAB_SPLIT_64K)
		return split;
	return SMMU_STRTAB_SPLIT_4K;
}

/* The second level of a two-level table. */
static int ste_addr_2lvl(struct smmuv3_hw *m, uint32_t sid, uint64_t base,
			 unsigned int size_lg2, uint64_t *ret_addr,
			 struct smmuv3_hw_fault *ret_fault)
{
	unsigned int split = strtab_split(m);
	unsigned int l1_lg2 = size_lg2 > split ? size_lg2 - split : 0;
	struct smmu_l1std l1;
	uint64_t addr, span, index = sid & (BIT(split) - 1);

	base = align_down(base, l1_lg2 + 3 > 6 ? BIT(l1_lg2 + 3) : 64);
	addr = base + (uint64_t)(sid >> split) * 8;
	if (!cached(&m->l1std_cache, m->l1std, 1, ste_key(sid >> split),
		    l1.dw)) {
		if (fetch(m, addr, l1.dw, 1))
			return fault(ret_fault, SMMU_EVT_F_STE_FETCH, addr);
		keep(m, &m->l1std_cache, m->l1std, 1, ste_key(sid >> split),
		     FIELD_MASK(SMMU_L1STD_SPAN), l1.dw);
	}
	span = FIELD_GET(SMMU_L1STD_SPAN, &l1);
	if (!span || span > SMMU_L1STD_SPAN_MAX || span > split + 1 ||
	    index >= BIT(span - 1))
		return fault(ret_fault, SMMU_EVT_C_BAD_STREAMID, 0);
	*ret_addr = align_down(smmu_l1std_l2ptr(&l1), BIT(span + 5)) +
		    index * sizeof(struct smmu_ste);
	return 0;
}

static int ste_addr(struct smmuv3_hw *m, uint32_t sid, uint64_t *ret_addr,
		    struct smmuv3_hw_fault *ret_fault)
{
	uint64_t cfg = m->reg[R_STRTAB_BASE_CFG];
	uint64_t base = REG_GET(SMMU_STRTAB_BASE_ADDR, m->reg[R_STRTAB_BASE])
			<< 6;
	unsigned int written =
		(unsigned int)REG_GET(SMMU_STRTAB_BASE_CFG_LOG2SIZE, cfg);
	unsigned int lg2 = written;

	if (lg2 > IDR(m, 1, SIDSIZE))
		lg2 = (unsigned int)IDR(m, 1, SIDSIZE);
	if ((uint64_t)sid >> lg2)
		return fault(ret_fault, SMMU_EVT_C_BAD_STREAMID, 0);
	/* 6.3.24: the size as written aligns the table. */
	if (written > 50)
		written = 50;
	if (REG_GET(SMMU_STRTAB_BASE_CFG_FMT, cfg) ==
	    SMMU_STRTAB_BASE_CFG_FMT_2LVL)
		return ste_addr_2lvl(m, sid, base, written, ret_addr,
				     ret_fault);
	*ret_addr = align_down(base, BIT(written + 6)) +
		    (uint64_t)sid * sizeof(struct smmu_ste);
	return 0;
}

int smmuv3_hw_config_ste(struct smmuv3_hw *m, uint32_t sid,
			 struct smmu_ste *ret_ste,
			 struct smmuv3_hw_fault *ret_fault)
{
	uint64_t key = ste_key(sid);
	uint64_t addr;
	int ret;

	memset(ret_ste, 0, sizeof(*ret_ste));
	if (!cached(&m->ste_cache, m->ste[0], CFG_WORDS, key, ret_ste->dw)) {
		ret = ste_addr(m, sid, &addr, ret_fault);
		if (ret)
			return ret;
		if (fetch(m, addr, ret_ste->dw, CFG_WORDS))
			return fault(ret_fault, SMMU_EVT_F_STE_FETCH, addr);
		keep(m, &m->ste_cache, m->ste[0], CFG_WORDS, key,
		     FIELD_MASK(SMMU_STE_V), ret_ste->dw);
	}
	if (smmuv3_hw_ste_illegal(m, ret_ste))
		return fault(ret_fault, SMMU_EVT_C_BAD_STE, 0);
	return 0;
}

/* 5.2, EATS: split-stage needs CR0.ATSCHK, or is none. */
static bool eats_split(const struct smmuv3_hw *m, const struct smmu_ste *ste)
{
	return FIELD_GET(SMMU_STE_EATS, ste) == SMMU_STE_EATS_SPLIT &&
	       smmuv3_hw_cr0(m, SMMU_CR0_ATSCHK_LO);
}

bool smmuv3_hw_config_cached(const struct smmuv3_hw *m, uint32_t sid,
			     struct smmu_ste *ret_ste)
{
	memset(ret_ste, 0, sizeof(*ret_ste));
	return cached(&m->ste_cache, m->ste[0], CFG_WORDS, ste_key(sid),
		      ret_ste->dw);
}

bool smmuv3_hw_config_ats(const struct smmuv3_hw *m, const struct smmu_ste *ste)
{
	return IDR(m, 0, ATS) &&
	       FIELD_GET(SMMU_STE_CONFIG, ste) != SMMU_STE_CONFIG_BYPASS &&
	       (FIELD_GET(SMMU_STE_EATS, ste) == SMMU_STE_EATS_FULL ||
		eats_split(m, ste));
}

/*
 * Reads n words of a structure of a stream, which lies behind its stage 2, if
 * that has one. id: the record of an external abort.
 */
static int fetch_ipa(struct smmuv3_hw *m, const struct smmuv3_hw_ctx *ctx,
		     uint64_t addr, uint64_t *dw, unsigned int n,
		     unsigned int id, struct smmuv3_hw_fault *ret_fault)
{
	const struct smmuv3_hw_want want = {
		.need = IOMMU_PERM_READ,
		.priv = true,
		.class = SMMU_EVT_CLASS_CD,
	};
	struct smmuv3_hw_leaf leaf;

	if (ctx->s2) {
		if (smmuv3_hw_stage2(m, ctx, addr, &want, &leaf, ret_fault))
			return -EFAULT;
		addr = leaf.pa | (addr & (BIT(leaf.lg2) - 1));
	}
	return fetch(m, addr, dw, n) ? fault(ret_fault, id, addr) : 0;
}

/* 3.3.2: where the CD is. Substreams are in use if S1CDMax is not 0. */
static int cd_addr(struct smmuv3_hw *m, const struct smmu_ste *ste,
		   const struct smmuv3_hw_ctx *ctx, uint32_t sid, uint32_t ssid,
		   uint64_t *ret_addr, struct smmuv3_hw_fault *ret_fault)
{
	uint64_t base = smmu_ste_s1contextptr(ste);
	unsigned int l2_lg2;
	struct smmu_l1cd l1;
	uint64_t addr, key;

	switch (FIELD_GET(SMMU_STE_S1FMT, ste)) {
	case SMMU_STE_S1FMT_4K_L2:
		l2_lg2 = SMMU_CDTAB_4K_L2_LG2;
		break;
	case SMMU_STE_S1FMT_64K_L2:
		l2_lg2 = SMMU_CDTAB_64K_L2_LG2;
		break;
	default:
		l2_lg2 = 0;
		break;
	}
	if (!l2_lg2 || !IDR(m, 1, SSIDSIZE) ||
	    !FIELD_GET(SMMU_STE_S1CDMAX, ste)) {
		*ret_addr = base + (uint64_t)ssid * sizeof(struct smmu_cd);
		return 0;
	}
	addr = base + (uint64_t)(ssid >> l2_lg2) * 8;
	key = l1cd_key(sid, ssid, l2_lg2);
	if (!cached(&m->l1cd_cache, m->l1cd, 1, key, l1.dw)) {
		if (fetch_ipa(m, ctx, addr, l1.dw, 1, SMMU_EVT_F_CD_FETCH,
			      ret_fault))
			return -EFAULT;
		keep(m, &m->l1cd_cache, m->l1cd, 1, key,
		     FIELD_MASK(SMMU_L1CD_V), l1.dw);
	}
	/* 3.4.3 notes 3 and 4 */
	if (!FIELD_GET(SMMU_L1CD_V, &l1) || smmu_l1cd_l2ptr(&l1) >> m->oas_lg2)
		return fault(ret_fault, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
	*ret_addr = smmu_l1cd_l2ptr(&l1) +
		    (ssid & (BIT(l2_lg2) - 1)) * sizeof(struct smmu_cd);
	return 0;
}

static int fetch_cd(struct smmuv3_hw *m, const struct smmu_ste *ste,
		    const struct smmuv3_hw_ctx *ctx, uint32_t sid,
		    uint32_t ssid, struct smmu_cd *ret_cd,
		    struct smmuv3_hw_fault *ret_fault)
{
	uint64_t key = cd_key(sid, ssid);
	uint64_t addr;
	int ret;

	memset(ret_cd, 0, sizeof(*ret_cd));
	if (!cached(&m->cd_cache, m->cd[0], CFG_WORDS, key, ret_cd->dw)) {
		ret = cd_addr(m, ste, ctx, sid, ssid, &addr, ret_fault);
		if (ret)
			return ret;
		ret = fetch_ipa(m, ctx, addr, ret_cd->dw, CFG_WORDS,
				SMMU_EVT_F_CD_FETCH, ret_fault);
		if (ret)
			return ret;
		keep(m, &m->cd_cache, m->cd[0], CFG_WORDS, key,
		     FIELD_MASK(SMMU_CD_V), ret_cd->dw);
	}
	if (smmuv3_hw_cd_illegal(m, ste, ret_cd))
		return fault(ret_fault, SMMU_EVT_C_BAD_CD, 0);
	return 0;
}

int smmuv3_hw_config_ctx(struct smmuv3_hw *m, const struct smmu_ste *ste,
			 const struct smmuv3_hw_req *req,
			 struct smmuv3_hw_ctx *ret_ctx,
			 struct smmuv3_hw_fault *ret_fault)
{
	unsigned int max = (unsigned int)FIELD_GET(SMMU_STE_S1CDMAX, ste);
	uint64_t dss = FIELD_GET(SMMU_STE_S1DSS, ste);
	struct smmu_cd cd;
	int ret;

	if (!IDR(m, 1, SSIDSIZE))
		max = 0;
	smmuv3_hw_decode_ste(m, ste, ret_ctx);
	if (!(FIELD_GET(SMMU_STE_CONFIG, ste) & 1)) {
		if (req->ssv)
			return fault(ret_fault, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
		return 0;
	}
	if (req->ssv && (!max || req->ssid >> max))
		return fault(ret_fault, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
	if (req->ssv && !req->ssid && dss == SMMU_STE_S1DSS_SSID0)
		return fault(ret_fault, SMMU_EVT_F_STREAM_DISABLED, 0);
	if (!req->ssv && max && dss == SMMU_STE_S1DSS_BYPASS)
		return 0;
	if (!req->ssv && max && dss != SMMU_STE_S1DSS_SSID0)
		return fault(ret_fault, SMMU_EVT_F_STREAM_DISABLED, 0);
	ret = fetch_cd(m, ste, ret_ctx, req->sid, req->ssv ? req->ssid : 0, &cd,
		       ret_fault);
	if (ret)
		return ret;
	smmuv3_hw_decode_cd(m, &cd, ret_ctx);
	return 0;
}

/* Of the keys of every cache whose streams match. */
static void drop_streams(struct smmuv3_hw *m, uint32_t sid, uint32_t mask)
{
	uint64_t match = (uint64_t)sid << 32 | 1;
	uint64_t bits = (uint64_t)mask << 32 | 1;

	smmuv3_hw_cache_drop_all(&m->cd_cache, match, bits);
	smmuv3_hw_cache_drop_all(&m->l1cd_cache, match, bits);
	smmuv3_hw_ctx_drop(m, match, bits);
}

void smmuv3_hw_config_drop_ste(struct smmuv3_hw *m, uint32_t sid, uint32_t mask,
			       bool leaf)
{
	unsigned int split = strtab_split(m);

	smmuv3_hw_cache_drop_all(&m->ste_cache, ste_key(sid),
				 (uint64_t)mask << 32 | 1);
	drop_streams(m, sid, mask);
	if (!leaf)
		smmuv3_hw_cache_drop_all(&m->l1std_cache, ste_key(sid >> split),
					 (uint64_t)(mask >> split) << 32 | 1);
}

void smmuv3_hw_config_drop_cd(struct smmuv3_hw *m, uint32_t sid, uint32_t ssid,
			      bool leaf)
{
	smmuv3_hw_cache_drop(&m->cd_cache, cd_key(sid, ssid));
	smmuv3_hw_ctx_drop(m, smmuv3_hw_ctx_key(sid, true, ssid, false),
			   UINT64_MAX);
	if (!ssid)
		smmuv3_hw_ctx_drop(m, smmuv3_hw_ctx_key(sid, false, 0, false),
				   UINT64_MAX);
	if (leaf)
		return;
	smmuv3_hw_cache_drop(&m->l1cd_cache,
			     l1cd_key(sid, ssid, SMMU_CDTAB_4K_L2_LG2));
	smmuv3_hw_cache_drop(&m->l1cd_cache,
			     l1cd_key(sid, ssid, SMMU_CDTAB_64K_L2_LG2));
}

void smmuv3_hw_config_drop_cds(struct smmuv3_hw *m, uint32_t sid)
{
	drop_streams(m, sid, UINT32_MAX);
}

void smmuv3_hw_config_flush(struct smmuv3_hw *m)
{
	smmuv3_hw_config_drop_ste(m, 0, 0, false);
}
