/* SPDX-License-Identifier: MIT */
#include "tests/models/smmuv3/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	IDR0_S2P = 1 << 0,
	IDR0_HTTU = 3 << 6,
	IDR0_HTTU_AF = 1 << 6,
	IDR0_HYP = 1 << 9,
	IDR0_ATS = 1 << 10,
	IDR0_ASID16 = 1 << 12,
	IDR0_MSI = 1 << 13,
	IDR0_PRI = 1 << 16,
	IDR0_VMID16 = 1 << 18,
	IDR0_CD2L = 1 << 19,
	IDR0_ATSRECERR = 1 << 23,
	IDR0_STALL_MODEL = 3 << 24,
	IDR0_STALL_FORCED = 2 << 24,
	IDR0_ST_LEVEL = 3 << 27,
	IDR1_SIDSIZE = 0x3f,
	IDR1_SSIDSIZE = 0x1f << 6,
	IDR3_HAD = 1 << 2,
	IDR3_STT = 1 << 9,
	IDR3_RIL = 1 << 10,
	IDR3_BBML = 3 << 11,
	IDR5_OAS = 7,
	IDR5_GRANS = 7 << 4,
	IDR5_GRAN16K = 1 << 5,
	IDR5_GRAN64K = 1 << 6,
	IDR5_VAX_52 = 1 << 10,
};

static void edit_default(struct smmuv3_hw_cfg *cfg)
{
	(void)cfg;
}

/*
 * A small one: 16 KiB pages, linear tables of 6-bit streams and 8-bit
 * substreams, no ranges in invalidations, 8-bit ASIDs and VMIDs, the Access
 * flag but no dirty state, wired interrupts, no PCIe; and every translation
 * fault stalls.
 */
static void edit_a(struct smmuv3_hw_cfg *cfg)
{
	cfg->idr[0] &=
		~(uint32_t)(IDR0_HTTU | IDR0_ATS | IDR0_ASID16 | IDR0_MSI |
			    IDR0_PRI | IDR0_CD2L | IDR0_ATSRECERR |
			    IDR0_STALL_MODEL | IDR0_ST_LEVEL);
	cfg->idr[0] |= IDR0_S2P | IDR0_STALL_FORCED | IDR0_HTTU_AF;
	cfg->idr[1] &= ~(uint32_t)(IDR1_SIDSIZE | IDR1_SSIDSIZE);
	cfg->idr[1] |= 6 | 8 << 6;
	cfg->idr[3] &= ~(uint32_t)(IDR3_HAD | IDR3_STT | IDR3_RIL | IDR3_BBML);
	cfg->idr[5] &= ~(uint32_t)IDR5_GRANS;
	cfg->idr[5] |= IDR5_GRAN16K | 4 << 16;
}

/* A large one: 64 KiB pages, 52-bit addresses in and out, both stages, EL2. */
static void edit_b(struct smmuv3_hw_cfg *cfg)
{
	cfg->idr[0] |= IDR0_S2P | IDR0_HYP | IDR0_VMID16;
	cfg->idr[5] &= ~(uint32_t)(IDR5_GRANS | IDR5_OAS);
	cfg->idr[5] |= IDR5_GRAN64K | 6 | IDR5_VAX_52;
}

static const struct cf_smmu smmus[] = {
	{ "default", edit_default, 12, 48, 48 },
	{ "16K-linear-stall", edit_a, 14, 48, 48 },
	{ "64K-52bit-pcie", edit_b, 16, 52, 52 },
};

enum { SMMUS = sizeof(smmus) / sizeof(smmus[0]) };

/* What cmocka hands to setup, test and teardown. */
struct run {
	const struct cf_case *c;
	const struct cf_smmu *smmu;
	enum hw_personality personality;
	char name[128];
	struct cf *cf;
};

static void make_cfg(const struct cf_smmu *smmu, enum hw_personality p,
		     struct smmuv3_hw_cfg *ret_cfg)
{
	smmuv3_hw_cfg_default(ret_cfg);
	smmu->edit(ret_cfg);
	ret_cfg->personality = p;
	ret_cfg->eager_period = 3;
}

static void look(struct cf *cf, const struct smmuv3_hw_cfg *cfg)
{
	cf->page_lg2 = cf->smmu->page_lg2;
	cf->va_bits = cf->smmu->va_bits;
	cf->oas_bits = cf->smmu->oas_bits;
	cf->strict = cfg->personality == HW_STRICT;
	cf->ats = cfg->idr[0] & IDR0_ATS;
	cf->pri = cfg->idr[0] & IDR0_PRI;
	cf->msi = cfg->idr[0] & IDR0_MSI;
	cf->hyp = cfg->idr[0] & IDR0_HYP;
	cf->s2 = cfg->idr[0] & IDR0_S2P;
	cf->cd2l = cfg->idr[0] & IDR0_CD2L;
	cf->st2l = cfg->idr[0] & IDR0_ST_LEVEL;
	cf->stall = (cfg->idr[0] & IDR0_STALL_MODEL) == IDR0_STALL_FORCED;
	cf->ril = cfg->idr[3] & IDR3_RIL;
	cf->httu = (cfg->idr[0] & IDR0_HTTU) >> 6;
	cf->sid_bits = cfg->idr[1] & IDR1_SIDSIZE;
	cf->ssid_bits = (cfg->idr[1] & IDR1_SSIDSIZE) >> 6;
}

static int setup(void **state)
{
	struct run *run = *state;
	struct smmuv3_hw_cfg cfg;

	run->cf = calloc(1, sizeof(*run->cf));
	if (!run->cf)
		return -1;
	run->cf->smmu = run->smmu;
	make_cfg(run->smmu, run->personality, &cfg);
	fx_start(&run->cf->fx, &cfg);
	look(run->cf, &cfg);
	return 0;
}

static int teardown(void **state)
{
	struct run *run = *state;

	fx_fini(&run->cf->fx);
	free(run->cf);
	return 0;
}

static void test(void **state)
{
	struct run *run = *state;

	run->c->run(run->cf);
	if (!run->cf->checks)
		fail_msg("%s checked nothing", run->name);
}

static int list(const struct cf_case *cases, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		printf("%-12s %s\n", cases[i].section, cases[i].name);
	return 0;
}

int cf_main(int argc, char **argv, const struct cf_case *cases, size_t n)
{
	struct CMUnitTest *tests = calloc(n * SMMUS * 2, sizeof(*tests));
	struct run *runs = calloc(n * SMMUS * 2, sizeof(*runs));
	size_t i, j, p, k = 0;
	int ret;

	if (argc > 1 && !strcmp(argv[1], "--list"))
		ret = list(cases, n);
	else if (!tests || !runs)
		ret = 1;
	else {
		for (j = 0; j < SMMUS; j++)
			for (p = 0; p < 2; p++)
				for (i = 0; i < n; i++, k++) {
					struct run *run = &runs[k];

					*run = (struct run){ &cases[i],
							     &smmus[j],
							     p ? HW_EAGER :
								 HW_STRICT,
							     "", NULL };
					(void)snprintf(run->name,
						       sizeof(run->name),
						       "%s [%s, %s]",
						       cases[i].name,
						       smmus[j].name,
						       p ? "eager" : "strict");
					tests[k] = (struct CMUnitTest){
						run->name, test, setup,
						teardown, run
					};
				}
		ret = _cmocka_run_group_tests("conformance", tests, k, NULL,
					      NULL);
	}
	free(tests);
	free(runs);
	return ret;
}

uint64_t cf_entry(const struct cf *cf, int level)
{
	return UINT64_C(1) << (cf->page_lg2 +
			       (unsigned int)(3 - level) * (cf->page_lg2 - 3));
}

int cf_start_level(const struct cf *cf, unsigned int va_bits)
{
	int level = 3;

	while (level > 0 && cf_entry(cf, level - 1) < UINT64_C(1) << va_bits)
		level--;
	return level;
}

uint64_t cf_va(const struct cf *cf)
{
	int level, start = cf_start_level(cf, cf->va_bits);
	uint64_t va = 0;

	for (level = 3; level >= start; level--)
		va += cf_entry(cf, level);
	return va;
}

uint64_t cf_table(struct cf *cf)
{
	return fx_alloc(&cf->fx, cf_page(cf), cf_page(cf));
}

static uint64_t slot(const struct cf *cf, uint64_t table, uint64_t va,
		     int level)
{
	return table +
	       va / cf_entry(cf, level) % (cf_page(cf) / 8) * UINT64_C(8);
}

/* Trees are in the memory of the fixture: below 48 bits. */
static uint64_t next_table(struct cf *cf, uint64_t addr)
{
	return fx_get(&cf->fx, addr) & UINT64_C(0xffffffffffff) &
	       ~(cf_page(cf) - 1);
}

uint64_t cf_map(struct cf *cf, uint64_t root, uint64_t va, uint64_t pte,
		int level)
{
	uint64_t table = root, addr;
	int l;

	for (l = cf_start_level(cf, cf->va_bits);; l++) {
		addr = slot(cf, table, va, l);
		if (l == level)
			break;
		if (!fx_get(&cf->fx, addr))
			fx_put(&cf->fx, addr, cf_table(cf) | 3);
		table = next_table(cf, addr);
	}
	fx_put(&cf->fx, addr, pte);
	return addr;
}

uint64_t cf_walk(struct cf *cf, uint64_t root, uint64_t va, int level)
{
	uint64_t table = root;
	int l;

	for (l = cf_start_level(cf, cf->va_bits); l < level; l++)
		table = next_table(cf, slot(cf, table, va, l));
	return slot(cf, table, va, level);
}

uint64_t cf_cd0(const struct cf *cf)
{
	uint64_t tg = cf->page_lg2 == 12 ? 0 : cf->page_lg2 == 14 ? 2 : 1;
	uint64_t ips = cf->oas_bits == 52 ? 6 : 5;

	return (64 - cf->va_bits) | tg << 6 | CD_EPD1 | CD_V | ips << 32 |
	       CD_AA64 | CD_R | CD_A | CD_ASET | (cf->stall ? CD_S : 0);
}

void cf_cd(struct cf *cf, uint64_t pa, uint64_t bits, uint64_t root)
{
	fx_cd(&cf->fx, pa, cf_cd0(cf) | bits, root);
}

uint64_t cf_eats(const struct cf *cf)
{
	return cf->ats ? STE1_EATS : 0;
}

void cf_ste(struct cf *cf, uint32_t sid, uint64_t dw0, uint64_t dw1)
{
	fx_ste(&cf->fx, sid, dw0, dw1);
	fx_cmd(&cf->fx, CMD_CFGI_STE(sid), 1);
	fx_sync(&cf->fx);
}

uint64_t cf_stream(struct cf *cf, uint64_t bits)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64);
	uint64_t root = cf_table(cf);

	cf_cd(cf, cd, bits, root);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, cf_eats(cf));
	return root;
}

uint64_t cf_cd_of(struct cf *cf, uint32_t sid)
{
	return fx_get(&cf->fx, cf->fx.strtab + sid * 64) &
	       UINT64_C(0x00ffffffffffffc0);
}

/* 3.12.2: recorded with Stall and a tag, which CMD_RESUME ends. */
static void end_stall(struct cf *cf, uint32_t sid, unsigned int id)
{
	unsigned int resumes = cf->fx.resume_count;
	uint64_t stag = cf->rec[1] & 0xffff;

	OK(cf, cf->stall && id >= F_TRANSLATION && id <= F_PERMISSION);
	EQ(cf, cf->rec[1] >> 31 & 1, 1);
	cf_do(cf, CMD_RESUME(sid) | CMD_RESUME_ABORT, stag);
	EQ(cf, cf->fx.resume_count, resumes + 1);
	EQ(cf, cf->fx.resume[resumes % FX_LOG_MAX].retry, false);
	cf->rec[1] &= ~UINT64_C(0x8000ffff);
}

unsigned int cf_access(struct cf *cf, uint32_t sid, uint32_t ssid, uint64_t va,
		       unsigned int perm)
{
	unsigned int id = NO_EVENT;
	int ret;

	ret = ssid == NO_SSID ?
		      fx_access(&cf->fx, sid, va, perm, &cf->xlat) :
		      fx_access_ssid(&cf->fx, sid, ssid, va, perm, &cf->xlat);
	if (!ret) {
		cf_quiet(cf);
		return 0;
	}
	memset(cf->rec, 0, sizeof(cf->rec));
	if (fx_evt(&cf->fx, cf->rec))
		id = cf->rec[0] & 0xff;
	if (ret == -EINPROGRESS) {
		end_stall(cf, sid, id);
	} else {
		EQ(cf, ret, -EFAULT);
		if (cf->stall)
			OK(cf, id < F_TRANSLATION || id == NO_EVENT);
	}
	cf_quiet(cf);
	return id;
}

uint64_t cf_pa(struct cf *cf, uint64_t va, unsigned int perm)
{
	return cf_access(cf, FX_SID, NO_SSID, va, perm) ? 0 : cf->xlat.pa;
}

unsigned int cf_read(struct cf *cf, uint64_t va)
{
	return cf_access(cf, FX_SID, NO_SSID, va, R);
}

unsigned int cf_cmd(struct cf *cf, uint64_t dw0, uint64_t dw1)
{
	struct fx *fx = &cf->fx;
	uint32_t at = fx->cmd_prod;
	uint32_t gerror, err;

	EQ(cf, fx_cmdq_idle(fx), true);
	fx_cmd(fx, dw0, dw1);
	gerror = fx_r32(fx, FX_GERROR);
	if (!((gerror ^ fx_r32(fx, FX_GERRORN)) & 1)) {
		EQ(cf, fx_cmdq_idle(fx), true);
		return CERROR_NONE;
	}
	/* 7.1: CONS stays at the command, and says why. */
	err = fx_r32(fx, FX_CMDQ_CONS);
	EQ(cf, err & 0xfffff, at);
	fx_put(fx, fx->cmdq + (at & ((1u << FX_CMDQ_LG2) - 1)) * 16, CMD_SYNC);
	fx_put(fx, fx->cmdq + (at & ((1u << FX_CMDQ_LG2) - 1)) * 16 + 8, 0);
	fx_w32(fx, FX_GERRORN, gerror);
	EQ(cf, fx_cmdq_idle(fx), true);
	return err >> 24 & 0x7f;
}

void cf_do(struct cf *cf, uint64_t dw0, uint64_t dw1)
{
	EQ(cf, cf_cmd(cf, dw0, dw1), CERROR_NONE);
}

void cf_flush(struct cf *cf)
{
	cf_do(cf, CMD_CFGI_ALL, 31);
	cf_do(cf, CMD_TLBI_NSNH_ALL, 0);
	cf_do(cf, CMD_SYNC, 0);
}

void cf_quiet(struct cf *cf)
{
	uint64_t rec[4];

	EQ(cf, fx_evt(&cf->fx, rec), false);
}
