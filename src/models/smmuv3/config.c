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

/* One level-1 descriptor, through its cache. @valid: mask, 0 is not valid. */
static int fetch_l1(struct smmuv3_hw *m, struct smmuv3_hw_cache *cache,
		    uint64_t *data, uint64_t key, uint64_t addr, uint64_t valid,
		    uint64_t *ret_dw)
{
	int i = smmuv3_hw_cache_find(cache, key);

	if (i >= 0) {
		*ret_dw = data[i];
		return 0;
	}
	if (fetch(m, addr, ret_dw, 1))
		return -EFAULT;
	if (smmuv3_hw_strict(m) || *ret_dw & valid)
		data[smmuv3_hw_cache_add(cache, key)] = *ret_dw;
	return 0;
}

static int fetch_record(struct smmuv3_hw *m, struct smmuv3_hw_cache *cache,
			uint64_t (*data)[CFG_WORDS], uint64_t key,
			uint64_t addr, uint64_t valid, uint64_t *dw)
{
	int i = smmuv3_hw_cache_find(cache, key);

	if (i >= 0) {
		memcpy(dw, data[i], sizeof(data[i]));
		return 0;
	}
	if (fetch(m, addr, dw, CFG_WORDS))
		return -EFAULT;
	if (smmuv3_hw_strict(m) || dw[0] & valid)
		memcpy(data[smmuv3_hw_cache_add(cache, key)], dw,
		       sizeof(data[0]));
	return 0;
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
	if (fetch_l1(m, &m->l1std_cache, m->l1std, ste_key(sid >> split), addr,
		     FIELD_MASK(SMMU_L1STD_SPAN), &l1.dw[0]))
		return fault(ret_fault, SMMU_EVT_F_STE_FETCH, addr);
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
	uint64_t addr = 0;
	int ret;

	memset(ret_ste, 0, sizeof(*ret_ste));
	if (smmuv3_hw_cache_find(&m->ste_cache, key) < 0) {
		ret = ste_addr(m, sid, &addr, ret_fault);
		if (ret)
			return ret;
	}
	if (fetch_record(m, &m->ste_cache, m->ste, key, addr,
			 FIELD_MASK(SMMU_STE_V), ret_ste->dw))
		return fault(ret_fault, SMMU_EVT_F_STE_FETCH, addr);
	if (smmuv3_hw_ste_illegal(m, ret_ste))
		return fault(ret_fault, SMMU_EVT_C_BAD_STE, 0);
	return 0;
}

bool smmuv3_hw_config_ats(const struct smmuv3_hw *m, const struct smmu_ste *ste)
{
	return IDR(m, 0, ATS) &&
	       FIELD_GET(SMMU_STE_CONFIG, ste) != SMMU_STE_CONFIG_BYPASS &&
	       FIELD_GET(SMMU_STE_EATS, ste) == SMMU_STE_EATS_FULL;
}

/* 3.3.2: where the CD is. Substreams are in use if S1CDMax is not 0. */
static int cd_addr(struct smmuv3_hw *m, const struct smmu_ste *ste,
		   uint32_t sid, uint32_t ssid, uint64_t *ret_addr,
		   struct smmuv3_hw_fault *ret_fault)
{
	uint64_t base = smmu_ste_s1contextptr(ste);
	unsigned int l2_lg2;
	struct smmu_l1cd l1;
	uint64_t addr;

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
	if (fetch_l1(m, &m->l1cd_cache, m->l1cd, l1cd_key(sid, ssid, l2_lg2),
		     addr, FIELD_MASK(SMMU_L1CD_V), &l1.dw[0]))
		return fault(ret_fault, SMMU_EVT_F_CD_FETCH, addr);
	/* 3.4.3 note 3 */
	if (!FIELD_GET(SMMU_L1CD_V, &l1) || smmu_l1cd_l2ptr(&l1) >> m->oas_lg2)
		return fault(ret_fault, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
	*ret_addr = smmu_l1cd_l2ptr(&l1) +
		    (ssid & (BIT(l2_lg2) - 1)) * sizeof(struct smmu_cd);
	return 0;
}

static int fetch_cd(struct smmuv3_hw *m, const struct smmu_ste *ste,
		    uint32_t sid, uint32_t ssid, struct smmu_cd *ret_cd,
		    struct smmuv3_hw_fault *ret_fault)
{
	uint64_t key = cd_key(sid, ssid);
	uint64_t addr = 0;
	int ret;

	memset(ret_cd, 0, sizeof(*ret_cd));
	if (smmuv3_hw_cache_find(&m->cd_cache, key) < 0) {
		ret = cd_addr(m, ste, sid, ssid, &addr, ret_fault);
		if (ret)
			return ret;
	}
	if (fetch_record(m, &m->cd_cache, m->cd, key, addr,
			 FIELD_MASK(SMMU_CD_V), ret_cd->dw))
		return fault(ret_fault, SMMU_EVT_F_CD_FETCH, addr);
	if (smmuv3_hw_cd_illegal(m, ste, ret_cd))
		return fault(ret_fault, SMMU_EVT_C_BAD_CD, 0);
	return 0;
}

/* 1 stands for nothing in PRIVCFG and INSTCFG. */
static void decode_ste(const struct smmuv3_hw *m, const struct smmu_ste *ste,
		       struct smmuv3_hw_ctx *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
	ctx->world = (uint8_t)smmuv3_hw_ste_world(m, ste);
	ctx->ats = smmuv3_hw_config_ats(m, ste);
	if (!m->perms_ovr)
		return;
	ctx->privcfg = (uint8_t)FIELD_GET(SMMU_STE_PRIVCFG, ste);
	ctx->instcfg = (uint8_t)FIELD_GET(SMMU_STE_INSTCFG, ste);
}

static unsigned int effective_ips(const struct smmuv3_hw *m,
				  const struct smmu_cd *cd)
{
	static const uint8_t lg2[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
	unsigned int ips = lg2[FIELD_GET(SMMU_CD_IPS, cd)];

	return ips < m->oas_lg2 ? ips : m->oas_lg2;
}

static void decode_cd(const struct smmuv3_hw *m, const struct smmu_cd *cd,
		      struct smmuv3_hw_ctx *ctx)
{
	bool el2 = ctx->world == WORLD_EL2;
	bool had = IDR(m, 3, HAD);

	ctx->kind = CTX_TRANSLATE;
	ctx->ps_lg2 = (uint8_t)effective_ips(m, cd);
	ctx->r = FIELD_GET(SMMU_CD_R, cd);
	ctx->s = FIELD_GET(SMMU_CD_S, cd);
	ctx->ha = FIELD_GET(SMMU_CD_HA, cd);
	ctx->hd = ctx->ha && FIELD_GET(SMMU_CD_HD, cd);
	ctx->affd = FIELD_GET(SMMU_CD_AFFD, cd);
	ctx->wxn = FIELD_GET(SMMU_CD_WXN, cd);
	ctx->pan = !el2 && FIELD_GET(SMMU_CD_PAN, cd);
	ctx->mair = smmu_cd_mair(cd);
	ctx->tag = (uint64_t)ctx->world << TLB_TAG_WORLD_SHIFT |
		   FIELD_GET(SMMU_CD_ASET, cd) << TLB_TAG_ASET_SHIFT;
	if (!el2)
		ctx->tag |= FIELD_GET(SMMU_CD_ASID, cd) << TLB_TAG_ASID_SHIFT;
	ctx->ttb[0] = (struct smmuv3_hw_ttb){
		.base = smmu_cd_ttb0(cd),
		.txsz = (uint8_t)FIELD_GET(SMMU_CD_T0SZ, cd),
		.page_lg2 = ARM_PT_4K_LG2,
		.tbi = FIELD_GET(SMMU_CD_TBI0, cd),
		.epd = !el2 && FIELD_GET(SMMU_CD_EPD0, cd),
		.had = had && FIELD_GET(SMMU_CD_HAD0, cd),
	};
	ctx->ttb[1] = (struct smmuv3_hw_ttb){
		.base = smmu_cd_ttb1(cd),
		.txsz = (uint8_t)FIELD_GET(SMMU_CD_T1SZ, cd),
		.page_lg2 = ARM_PT_4K_LG2,
		.tbi = el2 ? FIELD_GET(SMMU_CD_TBI0, cd) :
			     FIELD_GET(SMMU_CD_TBI1, cd),
		.epd = el2 || FIELD_GET(SMMU_CD_EPD1, cd),
		.had = had && FIELD_GET(SMMU_CD_HAD1, cd),
	};
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
	decode_ste(m, ste, ret_ctx);
	if (!(FIELD_GET(SMMU_STE_CONFIG, ste) & 1)) {
		if (req->ssv)
			return fault(ret_fault, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
		ret_ctx->kind = CTX_BYPASS;
		return 0;
	}
	if (req->ssv && (!max || req->ssid >> max))
		return fault(ret_fault, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
	if (req->ssv && !req->ssid && dss == SMMU_STE_S1DSS_SSID0)
		return fault(ret_fault, SMMU_EVT_F_STREAM_DISABLED, 0);
	if (!req->ssv && max && dss == SMMU_STE_S1DSS_BYPASS) {
		ret_ctx->kind = CTX_BYPASS;
		return 0;
	}
	if (!req->ssv && max && dss != SMMU_STE_S1DSS_SSID0)
		return fault(ret_fault, SMMU_EVT_F_STREAM_DISABLED, 0);
	ret = fetch_cd(m, ste, req->sid, req->ssv ? req->ssid : 0, &cd,
		       ret_fault);
	if (ret)
		return ret;
	decode_cd(m, &cd, ret_ctx);
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
