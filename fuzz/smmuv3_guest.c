/* SPDX-License-Identifier: MIT */
/*
 * The software of a guest, as good as the input lets it be: an input of zeroes
 * makes a stream table, context descriptors and tables that translate, and
 * every bit of an input makes one thing about them different.
 */
#include "fuzz/smmuv3_rig.h"

unsigned int rig_oas_lg2(const struct smmuv3_hw_cfg *cfg)
{
	static const uint8_t lg2[] = { 32, 36, 40, 42, 44, 48, 52, 56 };

	return lg2[REG_GET(SMMU_IDR5_OAS, cfg->idr[5])];
}

uint64_t guest_alloc(struct rig *r, uint64_t size)
{
	uint64_t pa = (r->bump + size - 1) & ~(size - 1), i;

	if (pa + size > WORLD_RAM)
		pa = (GUEST_TABLES + size - 1) & ~(size - 1);
	r->bump = pa + size;
	for (i = 0; i < size; i += 8)
		world_put(&r->w, pa + i, 0);
	return pa | r->hi;
}

/* Few, so that things meet; now and then any. */
uint32_t guest_sid(struct in *in)
{
	uint8_t b = in_u8(in);

	return b < 0xc0 ? b & 3u : b < 0xf8 ? b - 0xa0u : in_u32(in);
}

uint32_t guest_ssid(struct in *in)
{
	uint8_t b = in_u8(in);

	return b < 0xc0 ? b & 3u : b < 0xf8 ? b - 0x90u : in_u32(in);
}

uint64_t guest_va(struct in *in)
{
	static const uint64_t pool[] = {
		0x7000,
		0x0,
		0x1000,
		0x10000,
		0x200000,
		0x40000000,
		0x2000000000,
		0x7fffffffff000,
		UINT64_C(0xfffffffff000),
		UINT64_C(0xffffffffff000),
		UINT64_C(0xfffffffffffff000),
		UINT64_C(0xffff000000000000),
		UINT64_C(0xfff0000000000000),
		UINT64_C(0xffffffffc0000000),
	};
	uint8_t b = in_u8(in);
	uint64_t va;

	if ((b & 15) >= FUZZ_COUNT(pool))
		return in_word(in);
	va = pool[b & 15];
	switch (b >> 4) {
	case 0:
	case 1:
		return va;
	case 2:
		return va + 0x1000;
	case 3:
		return va + 0x10000;
	case 4:
		return va | 0xff8;
	case 5:
		return va ^ UINT64_C(0xa5) << 56;
	case 6:
		return va + 0x200000;
	case 7:
		return va - 0x1000;
	default:
		return va + (b >> 4) * 8;
	}
}

static void write_base(struct rig *r, uint64_t reg, uint64_t addr,
		       unsigned int lg2)
{
	rig_write(r, reg, 8, addr | r->hi | lg2);
}

static uint32_t strtab_cfg(struct rig *r, uint8_t b)
{
	static const uint8_t splits[] = { 6, 8, 10, 7 };

	r->split = splits[b >> 2 & 3];
	r->strtab_2lvl = b & 1 && REG_GET(SMMU_IDR0_ST_LEVEL, r->cfg.idr[0]);
	return (uint32_t)(REG_PUT(SMMU_STRTAB_BASE_CFG_LOG2SIZE, 0,
				  b & 2 ? 16 : 8) |
			  REG_PUT(SMMU_STRTAB_BASE_CFG_SPLIT, 0, r->split) |
			  REG_PUT(SMMU_STRTAB_BASE_CFG_FMT, 0, r->strtab_2lvl));
}

/* Level 1 whole; all of its descriptors lead to one level 2. */
static void strtab_level1(struct rig *r, uint8_t span)
{
	struct smmu_l1std l1 = { { 0 } };
	unsigned int i;

	FIELD_SET(SMMU_L1STD_SPAN, &l1, (span & 15u) ^ 7);
	smmu_l1std_set_l2ptr(&l1, GUEST_STRTAB2 | r->hi);
	for (i = 0; i < 64; i++)
		world_put(&r->w, GUEST_STRTAB + i * 8, l1.dw[0]);
}

void guest_registers(struct rig *r)
{
	uint8_t b = in_u8(r->in), q = in_u8(r->in), c = in_u8(r->in);

	r->cmdq_lg2 = 7u - (q & 3);
	r->evtq_lg2 = 3u ^ (q >> 2 & 7);
	r->priq_lg2 = 2u ^ (q >> 5);
	r->cmd_prod = 0;
	rig_write(r, SMMU_CR0, 4, 0);
	rig_write(r, SMMU_STRTAB_BASE_CFG, 4, strtab_cfg(r, b));
	if (r->strtab_2lvl)
		strtab_level1(r, in_u8(r->in));
	write_base(r, SMMU_STRTAB_BASE, GUEST_STRTAB, 0);
	write_base(r, SMMU_CMDQ_BASE, GUEST_CMDQ, r->cmdq_lg2);
	rig_write(r, SMMU_CMDQ_PROD, 8, 0);
	write_base(r, SMMU_EVENTQ_BASE, GUEST_EVTQ, r->evtq_lg2);
	rig_write(r, SMMU_EVENTQ_PROD, 8, 0);
	write_base(r, SMMU_PRIQ_BASE, GUEST_PRIQ, r->priq_lg2);
	rig_write(r, SMMU_PRIQ_PROD, 8, 0);
	if (b & 0x10) {
		write_base(r, SMMU_GERROR_IRQ_CFG0, 0x18000, 0);
		write_base(r, SMMU_EVENTQ_IRQ_CFG0, 0x18010, 0);
		write_base(r, SMMU_PRIQ_IRQ_CFG0, 0x18020, 0);
		rig_write(r, SMMU_EVENTQ_IRQ_CFG1, 8, 0x1234);
	}
	rig_write(r, SMMU_IRQ_CTRL, 4, b & 0x20 ? 0 : 7);
	rig_write(r, SMMU_CR2, 4, (c >> 5) ^ (b & 0x40 ? 0u : 8u));
	/* Everything on, but what the input takes away. */
	rig_write(r, SMMU_CR0, 4, 0x1f ^ (c & 0x1f));
}

void guest_tree(struct rig *r, unsigned int n)
{
	static const uint8_t bits[] = { 48, 39, 42, 36, 32, 25, 52, 47 };
	static const uint8_t page_lg2[] = { 12, 16, 14, 12 };
	uint8_t b = in_u8(r->in);
	struct guest_tree *t = &r->tree[n];
	unsigned int lg2, size_lg2;

	t->page_lg2 = page_lg2[b & 3];
	t->bits = bits[b >> 2 & 7];
	t->stage2 = n & 1;
	t->wide = b & 0x40;
	if (t->bits > 48 && !t->wide)
		t->bits = 48;
	t->start = arm_pt_start_level(t->page_lg2, t->bits);
	if (t->start < 0 && !t->wide)
		t->start = 0;
	lg2 = arm_pt_entry_lg2(t->page_lg2, t->start);
	/* Tables side by side in the place of one more level. */
	if (t->stage2 && b & 0x80 && t->start < 3 && t->bits - lg2 <= 4) {
		t->start++;
		lg2 = arm_pt_entry_lg2(t->page_lg2, t->start);
	}
	size_lg2 = t->bits > lg2 ? t->bits - lg2 + 3 : 6;
	if (size_lg2 < 6)
		size_lg2 = 6;
	if (size_lg2 > 17)
		size_lg2 = 17;
	t->root = guest_alloc(r, UINT64_C(1) << size_lg2);
}

static uint64_t table_addr(const struct guest_tree *t, uint64_t dw)
{
	struct arm_pte pte = { { dw } };

	return arm_pte_oa(&pte, t->page_lg2, t->page_lg2, t->wide);
}

/*
 * Makes the descriptor of an input address at a level, and the tables above
 * it. The upper half of the attributes goes into those, too.
 */
void guest_map(struct rig *r, unsigned int n, uint64_t va, int level,
	       uint64_t pa, uint64_t attr)
{
	const struct guest_tree *t = &r->tree[n];
	unsigned int lg2 = arm_pt_entry_lg2(t->page_lg2, t->start);
	uint64_t index_mask = (UINT64_C(1) << (t->page_lg2 - 3)) - 1;
	uint64_t table = t->root, addr, dw;
	struct arm_pte pte;
	int l = t->start;

	va &= (UINT64_C(1) << t->bits) - 1;
	addr = table + (va >> lg2) * 8;
	for (; l < level && l < 3; l++) {
		dw = world_get(&r->w, addr);
		if ((dw & 3) != 3) {
			pte.dw[0] = 3 | (attr << 9 & UINT64_C(0x1f) << 59);
			arm_pte_set_oa(&pte, t->page_lg2,
				       guest_alloc(r, UINT64_C(1)
							      << t->page_lg2),
				       t->wide);
			dw = pte.dw[0];
			world_put(&r->w, addr, dw);
		}
		table = table_addr(t, dw);
		lg2 = arm_pt_entry_lg2(t->page_lg2, l + 1);
		addr = table + (va >> lg2 & index_mask) * 8;
	}
	pte.dw[0] = attr | (l == 3 ? 3 : 1);
	arm_pte_set_oa(&pte, t->page_lg2, pa & ~(UINT64_C(0xfff)), t->wide);
	world_put(&r->w, addr, pte.dw[0]);
}

/* AF, nG and user access; of stage 2 AF, read and write, write-back. */
static uint64_t leaf_attr(const struct guest_tree *t, uint16_t change)
{
	uint64_t attr = t->stage2 ? 0x4fc : 0xc40;

	attr ^= (uint64_t)(change & 0x3ff) << 2;
	return attr | (uint64_t)(change >> 10) << 50;
}

void guest_map_op(struct rig *r)
{
	unsigned int n = in_u8(r->in) & (RIG_TREES - 1);
	uint64_t va = guest_va(r->in), pa;
	int level = 3 - (in_u8(r->in) & 3);
	uint16_t change = in_u16(r->in);
	uint8_t b = in_u8(r->in);

	/* Itself, or somewhere in memory, or anywhere. */
	if (b < 0x40)
		pa = va;
	else if (b < 0xf0)
		pa = (uint64_t)(b & 0x3f) << 13 | r->hi;
	else
		pa = in_word(r->in);
	guest_map(r, n, va, level, pa, leaf_attr(&r->tree[n], change));
}

static uint64_t ste_addr(const struct rig *r, uint32_t sid)
{
	return (r->strtab_2lvl ? GUEST_STRTAB2 : GUEST_STRTAB) +
	       (uint64_t)(sid & 0x3f) * sizeof(struct smmu_ste);
}

static unsigned int bits(uint32_t *f, unsigned int n)
{
	unsigned int v = *f & ((1u << n) - 1);

	*f >>= n;
	return v;
}

static void ste_stage2(struct rig *r, struct smmu_ste *ste)
{
	uint32_t f = in_u32(r->in);
	const struct guest_tree *t = &r->tree[bits(&f, 1) ? 3 : 1];
	static const uint8_t tg[] = { SMMU_TG0_4K, 0, SMMU_TG0_16K, 0,
				      SMMU_TG0_64K };
	int sl0 = arm_pt_s2_sl0(t->page_lg2, t->start);

	if (sl0 < 0)
		sl0 = 0;
	FIELD_SET(SMMU_STE_S2T0SZ, ste, 64 - t->bits);
	FIELD_SET(SMMU_STE_S2TG, ste, tg[t->page_lg2 - 12]);
	FIELD_SET(SMMU_STE_S2SL0, ste, (unsigned int)sl0 & 3);
	FIELD_SET(SMMU_STE_S2SL0_2, ste, (unsigned int)sl0 >> 2);
	FIELD_SET(SMMU_STE_S2DS, ste, t->wide && t->page_lg2 < 16);
	smmu_ste_set_s2ttb(ste, t->root);
	FIELD_SET(SMMU_STE_S2AA64, ste, bits(&f, 1) ^ 1);
	FIELD_SET(SMMU_STE_S2R, ste, bits(&f, 1) ^ 1);
	FIELD_SET(SMMU_STE_S2S, ste,
		  bits(&f, 1) ^
			  (REG_GET(SMMU_IDR0_STALL_MODEL, r->cfg.idr[0]) ==
			   SMMU_IDR0_STALL_MODEL_FORCE));
	FIELD_SET(SMMU_STE_S2HA, ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_S2HD, ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_S2AFFD, ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_S2PTW, ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_S2ENDI, ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_S2PS, ste,
		  bits(&f, 3) ^ REG_GET(SMMU_IDR5_OAS, r->cfg.idr[5]));
	FIELD_SET(SMMU_STE_S2VMID, ste, bits(&f, 2));
	FIELD_SET(SMMU_STE_S2FWB, ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_S2HAFT, ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_S2SL0, ste,
		  FIELD_GET(SMMU_STE_S2SL0, ste) ^ bits(&f, 2));
	FIELD_SET(SMMU_STE_S2T0SZ, ste,
		  FIELD_GET(SMMU_STE_S2T0SZ, ste) ^ bits(&f, 6));
}

void guest_ste(struct rig *r, uint32_t sid)
{
	uint32_t f = in_u32(r->in);
	uint64_t addr = ste_addr(r, sid);
	struct smmu_ste ste = { { 0 } };
	unsigned int i;

	FIELD_SET(SMMU_STE_V, &ste, 1);
	FIELD_SET(SMMU_STE_CONFIG, &ste, bits(&f, 3) ^ SMMU_STE_CONFIG_S1);
	FIELD_SET(SMMU_STE_S1FMT, &ste, bits(&f, 2));
	i = bits(&f, 3);
	if (REG_GET(SMMU_IDR1_SSIDSIZE, r->cfg.idr[1]))
		FIELD_SET(SMMU_STE_S1CDMAX, &ste, i == 7 ? 31 : i ^ 2);
	FIELD_SET(SMMU_STE_S1DSS, &ste, bits(&f, 2) ^ SMMU_STE_S1DSS_SSID0);
	FIELD_SET(SMMU_STE_EATS, &ste, bits(&f, 2) ^ SMMU_STE_EATS_FULL);
	FIELD_SET(SMMU_STE_STRW, &ste, bits(&f, 2));
	FIELD_SET(SMMU_STE_S1STALLD, &ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_PPAR, &ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_MEV, &ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_PRIVCFG, &ste, bits(&f, 2));
	FIELD_SET(SMMU_STE_INSTCFG, &ste, bits(&f, 2));
	FIELD_SET(SMMU_STE_MTCFG, &ste, bits(&f, 1));
	FIELD_SET(SMMU_STE_MEMATTR, &ste, bits(&f, 4));
	FIELD_SET(SMMU_STE_SHCFG, &ste, bits(&f, 2) ^ 1);
	FIELD_SET(SMMU_STE_CONT, &ste, bits(&f, 1));
	smmu_ste_set_s1contextptr(
		&ste, r->hi | (GUEST_CDTAB + (sid & 3) * GUEST_CDTAB_SIZE));
	if (FIELD_GET(SMMU_STE_CONFIG, &ste) & 2)
		ste_stage2(r, &ste);
	if (bits(&f, 1)) {
		i = in_u8(r->in) & 7;
		ste.dw[i] ^= in_word(r->in);
	}
	for (i = 0; i < 8; i++)
		world_put(&r->w, addr + i * 8, ste.dw[i]);
}

static void cd_ttb(const struct guest_tree *t0, const struct guest_tree *t1,
		   struct smmu_cd *cd)
{
	static const uint8_t tg0[] = { SMMU_TG0_4K, 0, SMMU_TG0_16K, 0,
				       SMMU_TG0_64K };
	static const uint8_t tg1[] = { SMMU_TG1_4K, 0, SMMU_TG1_16K, 0,
				       SMMU_TG1_64K };

	FIELD_SET(SMMU_CD_T0SZ, cd, 64 - t0->bits);
	FIELD_SET(SMMU_CD_TG0, cd, tg0[t0->page_lg2 - 12]);
	smmu_cd_set_ttb0(cd, t0->root);
	FIELD_SET(SMMU_CD_T1SZ, cd, 64 - t1->bits);
	FIELD_SET(SMMU_CD_TG1, cd, tg1[t1->page_lg2 - 12]);
	smmu_cd_set_ttb1(cd, t1->root);
	FIELD_SET(SMMU_CD_DS, cd, t0->wide && t0->page_lg2 < 16);
}

/* The place of a CD, whatever the format: level 2 is behind level 1. */
static uint64_t cd_addr(struct rig *r, uint32_t sid, uint32_t ssid)
{
	uint64_t base = GUEST_CDTAB + (sid & 3) * GUEST_CDTAB_SIZE;
	uint64_t ste = world_get(&r->w, ste_addr(r, sid));
	struct smmu_l1cd l1 = { { 0 } };

	if (!(ste >> SMMU_STE_S1FMT_LO & 3) || !(ste >> SMMU_STE_S1CDMAX_LO))
		return base + (ssid & 63) * sizeof(struct smmu_cd);
	FIELD_SET(SMMU_L1CD_V, &l1, 1);
	smmu_l1cd_set_l2ptr(&l1, (base + 0x1000) | r->hi);
	world_put(&r->w, base + (ssid >> 6 & 63) * 8, l1.dw[0]);
	return base + 0x1000 + (ssid & 63) * sizeof(struct smmu_cd);
}

void guest_cd(struct rig *r, uint32_t sid, uint32_t ssid)
{
	uint32_t f = in_u32(r->in);
	const struct guest_tree *t = &r->tree[bits(&f, 1) ? 2 : 0];
	uint64_t addr = cd_addr(r, sid, ssid);
	struct smmu_cd cd = { { 0 } };
	unsigned int i;

	cd_ttb(t, &r->tree[2], &cd);
	FIELD_SET(SMMU_CD_V, &cd, 1);
	FIELD_SET(SMMU_CD_EPD0, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_EPD1, &cd, bits(&f, 1) ^ 1);
	FIELD_SET(SMMU_CD_IPS, &cd,
		  bits(&f, 3) ^ REG_GET(SMMU_IDR5_OAS, r->cfg.idr[5]));
	FIELD_SET(SMMU_CD_AFFD, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_WXN, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_UWXN, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_TBI0, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_TBI1, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_PAN, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_AA64, &cd, bits(&f, 1) ^ 1);
	FIELD_SET(SMMU_CD_HA, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_HD, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_S, &cd,
		  bits(&f, 1) ^
			  (REG_GET(SMMU_IDR0_STALL_MODEL, r->cfg.idr[0]) ==
			   SMMU_IDR0_STALL_MODEL_FORCE));
	FIELD_SET(SMMU_CD_R, &cd, bits(&f, 1) ^ 1);
	FIELD_SET(SMMU_CD_A, &cd, bits(&f, 1) ^ 1);
	FIELD_SET(SMMU_CD_ASET, &cd, bits(&f, 1) ^ 1);
	FIELD_SET(SMMU_CD_ASID, &cd, bits(&f, 2) * 0x55);
	FIELD_SET(SMMU_CD_HAD0, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_HAD1, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_E0PD0, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_E0PD1, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_HAFT, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_EPAN, &cd, bits(&f, 1));
	FIELD_SET(SMMU_CD_ENDI, &cd, bits(&f, 1));
	smmu_cd_set_mair(&cd, UINT64_C(0x0c33f7bbaa4404ff));
	if (bits(&f, 1)) {
		i = in_u8(r->in) & 7;
		cd.dw[i] ^= in_word(r->in);
	}
	for (i = 0; i < 8; i++)
		world_put(&r->w, addr + i * 8, cd.dw[i]);
}

void guest_push(struct rig *r, const struct smmu_cmd *cmd, bool ring)
{
	uint32_t mask = (2u << r->cmdq_lg2) - 1;
	uint64_t addr = GUEST_CMDQ + (r->cmd_prod & mask >> 1) * 16;

	world_put(&r->w, addr, cmd->dw[0]);
	world_put(&r->w, addr + 8, cmd->dw[1]);
	r->cmd_prod = (r->cmd_prod + 1) & mask;
	if (ring)
		rig_write(r, SMMU_CMDQ_PROD, 4, r->cmd_prod);
}

static void make_command(struct rig *r, uint8_t op, struct smmu_cmd *cmd)
{
	uint32_t f = in_u32(r->in);
	uint32_t sid = guest_sid(r->in), ssid = guest_ssid(r->in);
	uint64_t va = guest_va(r->in);

	*cmd = (struct smmu_cmd){ { op, 0 } };
	switch (op) {
	case SMMU_OP_CFGI_STE_RANGE:
		FIELD_SET(SMMU_CMD_CFGI_SID, cmd, sid);
		FIELD_SET(SMMU_CMD_CFGI_RANGE, cmd, (f & 31) ^ 31);
		break;
	case SMMU_OP_ATC_INV:
		FIELD_SET(SMMU_CMD_ATC_INV_SID, cmd, sid);
		FIELD_SET(SMMU_CMD_ATC_INV_SSID, cmd, ssid);
		FIELD_SET(SMMU_CMD_ATC_INV_SSV, cmd, f & 1);
		FIELD_SET(SMMU_CMD_ATC_INV_GLOBAL, cmd, f >> 1);
		FIELD_SET(SMMU_CMD_ATC_INV_SIZE, cmd, f >> 2);
		smmu_cmd_atc_inv_set_address(cmd, va);
		break;
	case SMMU_OP_PRI_RESP:
		FIELD_SET(SMMU_CMD_PRI_RESP_SID, cmd, sid);
		FIELD_SET(SMMU_CMD_PRI_RESP_SSID, cmd, ssid);
		FIELD_SET(SMMU_CMD_PRI_RESP_SSV, cmd, f & 1);
		FIELD_SET(SMMU_CMD_PRI_RESP_RESP, cmd, f >> 1);
		FIELD_SET(SMMU_CMD_PRI_RESP_PRGINDEX, cmd, f >> 3);
		break;
	case SMMU_OP_RESUME:
		FIELD_SET(SMMU_CMD_RESUME_SID, cmd, sid);
		FIELD_SET(SMMU_CMD_RESUME_AC, cmd, f & 1);
		FIELD_SET(SMMU_CMD_RESUME_AB, cmd, f >> 1);
		FIELD_SET(SMMU_CMD_RESUME_STAG, cmd, f >> 2);
		break;
	case SMMU_OP_SYNC:
		FIELD_SET(SMMU_CMD_SYNC_CS, cmd, f & 3);
		FIELD_SET(SMMU_CMD_SYNC_MSIDATA, cmd, f);
		smmu_cmd_sync_set_msiaddress(cmd, f & 4 ? va : 0x18040);
		break;
	default:
		FIELD_SET(SMMU_CMD_CFGI_SID, cmd, sid);
		FIELD_SET(SMMU_CMD_CFGI_SSID, cmd, ssid);
		if (op < SMMU_OP_TLBI_NH_ALL || op > SMMU_OP_TLBI_NSNH_ALL) {
			FIELD_SET(SMMU_CMD_CFGI_LEAF, cmd, f & 1);
			break;
		}
		FIELD_SET(SMMU_CMD_TLBI_ASID, cmd, (f & 3) * 0x55);
		FIELD_SET(SMMU_CMD_TLBI_VMID, cmd, f >> 2 & 3);
		FIELD_SET(SMMU_CMD_TLBI_LEAF, cmd, f >> 4);
		FIELD_SET(SMMU_CMD_TLBI_TTL, cmd, f >> 5);
		FIELD_SET(SMMU_CMD_TLBI_TG, cmd, f >> 7);
		FIELD_SET(SMMU_CMD_TLBI_NUM, cmd, f >> 9);
		FIELD_SET(SMMU_CMD_TLBI_SCALE, cmd, f >> 14);
		smmu_cmd_tlbi_set_address(cmd, va);
		break;
	}
	if (f >> 31) {
		cmd->dw[0] ^= in_word(r->in);
		cmd->dw[1] ^= in_word(r->in);
	}
}

void guest_command(struct rig *r)
{
	static const uint8_t ops[] = {
		SMMU_OP_SYNC,
		SMMU_OP_CFGI_STE,
		SMMU_OP_CFGI_ALL,
		SMMU_OP_CFGI_CD,
		SMMU_OP_CFGI_CD_ALL,
		SMMU_OP_TLBI_NH_ALL,
		SMMU_OP_TLBI_NH_ASID,
		SMMU_OP_TLBI_NH_VA,
		SMMU_OP_TLBI_NH_VAA,
		SMMU_OP_TLBI_EL2_ALL,
		SMMU_OP_TLBI_EL2_VA,
		SMMU_OP_TLBI_EL2_VAA,
		SMMU_OP_TLBI_EL2_ASID,
		SMMU_OP_TLBI_S12_VMALL,
		SMMU_OP_TLBI_S2_IPA,
		SMMU_OP_TLBI_NSNH_ALL,
		SMMU_OP_ATC_INV,
		SMMU_OP_PRI_RESP,
		SMMU_OP_RESUME,
		SMMU_OP_STALL_TERM,
		SMMU_OP_PREFETCH_CONFIG,
		SMMU_OP_PREFETCH_ADDR,
		SMMU_OP_CFGI_VMS_PIDM,
		SMMU_OP_DPTI_ALL,
		SMMU_OP_DPTI_PA,
	};
	uint8_t b = in_u8(r->in);
	struct smmu_cmd cmd;

	if ((b & 0x3f) < FUZZ_COUNT(ops)) {
		make_command(r, ops[b & 0x3f], &cmd);
	} else {
		cmd.dw[0] = in_u64(r->in);
		cmd.dw[1] = in_u64(r->in);
	}
	guest_push(r, &cmd, !(b & 0x80));
	/* A driver acknowledges, and its queue goes on with the next one. */
	if (b & 0x40)
		rig_write(r, SMMU_GERRORN, 4, rig_read(r, SMMU_GERROR, 4));
}

/* Takes the oldest record off a queue; false: it is empty. */
static bool pop(struct rig *r, uint64_t prod_reg, uint64_t base,
		unsigned int lg2, unsigned int words, uint64_t *rec)
{
	uint32_t prod = (uint32_t)rig_read(r, prod_reg, 4);
	uint32_t cons = (uint32_t)rig_read(r, prod_reg + 4, 4);
	uint32_t mask = (2u << lg2) - 1;
	unsigned int i;

	if (!((prod ^ cons) & mask))
		return false;
	for (i = 0; i < words; i++)
		rec[i] = world_get(&r->w,
				   base + ((cons & mask >> 1) * words + i) * 8);
	/* An overflow is acknowledged with it. */
	rig_write(r, prod_reg + 4, 4,
		  ((cons + 1) & mask) | (prod & UINT32_C(0x80000000)));
	return true;
}

void guest_event(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct smmu_cmd cmd = { { SMMU_OP_RESUME, 0 } };
	struct smmu_evt evt;

	if (!pop(r, SMMU_EVENTQ_PROD, GUEST_EVTQ, r->evtq_lg2, 4, evt.dw))
		return;
	if (!FIELD_GET(SMMU_EVT_STALL, &evt) && !(b & 4))
		return;
	FIELD_SET(SMMU_CMD_RESUME_SID, &cmd,
		  FIELD_GET(SMMU_EVT_STREAMID, &evt));
	FIELD_SET(SMMU_CMD_RESUME_STAG, &cmd, FIELD_GET(SMMU_EVT_STAG, &evt));
	FIELD_SET(SMMU_CMD_RESUME_AC, &cmd, b & 1);
	FIELD_SET(SMMU_CMD_RESUME_AB, &cmd, b >> 1);
	guest_push(r, &cmd, !(b & 8));
	/* Once too often. */
	if (b & 0x10)
		guest_push(r, &cmd, true);
}

void guest_request(struct rig *r)
{
	uint8_t b = in_u8(r->in);
	struct smmu_cmd cmd = { { SMMU_OP_PRI_RESP, 0 } };
	struct smmu_pri pri;

	if (!pop(r, SMMU_PRIQ_PROD, GUEST_PRIQ, r->priq_lg2, 2, pri.dw))
		return;
	if (!FIELD_GET(SMMU_PRI_LAST, &pri))
		return;
	FIELD_SET(SMMU_CMD_PRI_RESP_SID, &cmd,
		  FIELD_GET(SMMU_PRI_STREAMID, &pri));
	FIELD_SET(SMMU_CMD_PRI_RESP_SSV, &cmd, FIELD_GET(SMMU_PRI_SSV, &pri));
	FIELD_SET(SMMU_CMD_PRI_RESP_SSID, &cmd,
		  FIELD_GET(SMMU_PRI_SUBSTREAMID, &pri));
	FIELD_SET(SMMU_CMD_PRI_RESP_PRGINDEX, &cmd,
		  FIELD_GET(SMMU_PRI_PRGINDEX, &pri));
	FIELD_SET(SMMU_CMD_PRI_RESP_RESP, &cmd, b & 3);
	guest_push(r, &cmd, true);
}

uint64_t guest_simple(struct rig *r)
{
	unsigned int oas = rig_oas_lg2(&r->cfg);

	/* More take another kind of table. */
	if (oas > 48)
		oas = 48;
	if (!REG_GET(SMMU_IDR0_S1P, r->cfg.idr[0]) ||
	    !REG_GET(SMMU_IDR5_GRAN4K, r->cfg.idr[5]) ||
	    !REG_GET(SMMU_IDR1_SIDSIZE, r->cfg.idr[1]))
		return 0;
	r->hi = 0;
	r->bump = GUEST_TABLES;
	guest_registers(r);
	guest_tree(r, 0);
	guest_tree(r, 2);
	guest_map(r, 0, 0x7000, 3, UINT64_C(1) << (oas - 1),
		  leaf_attr(&r->tree[0], 0));
	guest_ste(r, 0);
	guest_cd(r, 0, 0);
	return UINT64_C(1) << (oas - 1);
}
