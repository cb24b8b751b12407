/* SPDX-License-Identifier: MIT */
/* The units that the cases are run on. */
#include "tests/models/vtd/conform.h"

/* All that the model has but execute requests. */
static void full(struct vtd_hw_cfg *cfg)
{
	cfg->ecap |= VT_ECAP_ADMS | VT_ECAP_RPRIVS;
}

/* Up to version 7 there are requests to execute; and an address width. */
static void execute(struct vtd_hw_cfg *cfg)
{
	cfg->ver = 7 << 4;
	cfg->haw = 46;
	cfg->ecap |= VT_ECAP_ERS;
}

static void version_8(struct vtd_hw_cfg *cfg)
{
	cfg->ver = 8 << 4;
	cfg->ecap |= VT_ECAP_ADMS;
}

static void no_first_stage(struct vtd_hw_cfg *cfg)
{
	cfg->cap &= ~(VT_CAP_FS1GP | VT_CAP_FS5LP);
	cfg->ecap &= ~(VT_ECAP_FSTS | VT_ECAP_NEST | VT_ECAP_EAFS);
}

/* And PASIDs of 8 bits. */
static void no_nesting(struct vtd_hw_cfg *cfg)
{
	cfg->ecap &= ~(VT_ECAP_NEST | VT_ECAP_PT | VT_ECAP_SRS | CF_ECAP_PSS);
	cfg->ecap |= UINT64_C(7) << 35;
}

/* PASIDs of 8 bits; no device TLBs, so nothing that needs them. */
static void small(struct vtd_hw_cfg *cfg)
{
	cfg->haw = 39;
	cfg->ecap &= ~(CF_ECAP_PSS | VT_ECAP_DT | VT_ECAP_PRS | CF_ECAP_PDS |
		       CF_ECAP_NWFS);
	cfg->ecap |= UINT64_C(7) << 35;
}

static void no_scalable(struct vtd_hw_cfg *cfg)
{
	cfg->cap &= ~(VT_CAP_FS1GP | VT_CAP_FS5LP);
	cfg->ecap &= ~(VT_ECAP_SMTS | VT_ECAP_NEST | VT_ECAP_PRS | VT_ECAP_SRS |
		       VT_ECAP_EAFS | CF_ECAP_PSS | VT_ECAP_PASID |
		       CF_ECAP_PDS | VT_ECAP_SSADS | VT_ECAP_SSTS |
		       VT_ECAP_FSTS | VT_ECAP_SMPWCS | VT_ECAP_RPS);
}

static void legacy(struct vtd_hw_cfg *cfg)
{
	no_scalable(cfg);
	cfg->cap &= ~CF_CAP_PSI;
}

/* Registers to invalidate by, and nothing else. */
static void old(struct vtd_hw_cfg *cfg)
{
	no_scalable(cfg);
	cfg->ver = 1 << 4;
	cfg->ecap &= ~(CF_ECAP_QI | VT_ECAP_DT | CF_ECAP_IR | CF_ECAP_EIM |
		       CF_ECAP_NWFS);
	cfg->ecap &= ~(UINT64_C(0xf) << 20); /* MHMV */
}

const struct cf_unit cf_units[] = {
	{ "full", full },
	{ "execute requests", execute },
	{ "version 8", version_8 },
	{ "no first stage", no_first_stage },
	{ "no nesting", no_nesting },
	{ "small", small },
	{ "legacy mode only", legacy },
	{ "no queue", old },
};

const unsigned int cf_unit_count = CF_COUNT(cf_units);

struct vtd_hw_cfg cf_cfg(unsigned int unit, enum hw_personality personality)
{
	struct vtd_hw_cfg cfg;

	vtd_hw_cfg_default(&cfg);
	cf_units[unit].edit(&cfg);
	cfg.personality = personality;
	cfg.eager_period = 1;
	return cfg;
}
