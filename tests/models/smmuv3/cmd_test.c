/* SPDX-License-Identifier: MIT */
/*
 * Conformance: which commands there are, chapter 4.
 */
#include "tests/models/smmuv3/conform.h"

#define SSEC    (UINT64_C(1) << 10)
#define SID(n)  ((uint64_t)(n) << 32)
#define SSV     (UINT64_C(1) << 11)
#define TG(n)   ((uint64_t)(n) << 10)
#define TTL(n)  ((uint64_t)(n) << 8)
#define NUM(n)  ((uint64_t)(n) << 12)
#define RESP(n) ((uint64_t)(n) << 12)

/* 4.1.1: each of the 256 opcodes is there, or is illegal. */
static void every_opcode_is_known_or_illegal(struct cf *cf)
{
	static const uint8_t always[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
					  0x10, 0x11, 0x12, 0x13, 0x30, 0x46 };
	bool legal[256] = { false };
	unsigned int op;

	for (op = 0; op < sizeof(always); op++)
		legal[always[op]] = true;
	/* 4.4.2: EL2 commands come with Hyp; 4.4.3: S12 and S2 with S2P. */
	legal[0x20] = legal[0x21] = legal[0x22] = legal[0x23] = cf->hyp;
	legal[0x28] = legal[0x2a] = cf->s2;
	legal[0x40] = cf->ats;
	legal[0x41] = cf->pri;
	legal[0x44] = legal[0x45] = cf->stall;
	for (op = 0; op < 256; op++)
		EQ(cf, cf_cmd(cf, op, 0), legal[op] ? CERROR_NONE : CERROR_ILL);
}

/* 4.2, 4.3, 4.7: SSec is illegal in the Non-secure queue. */
static void secure_streams_are_illegal(struct cf *cf)
{
	static const uint8_t ops[] = { 0x01, 0x02, 0x03, 0x04,
				       0x05, 0x06, 0x44, 0x45 };
	unsigned int i;

	for (i = 0; i < sizeof(ops); i++)
		EQ(cf, cf_cmd(cf, ops[i] | SSEC, 0), CERROR_ILL);
}

/* 4.4.1.1: with ranges, TG with nothing else is reserved. */
static void range_of_nothing_is_illegal(struct cf *cf)
{
	unsigned int tg = (cf->page_lg2 - 10) / 2;

	EQ(cf, cf_cmd(cf, CMD_TLBI_NH_VAA, TG(tg)),
	   cf->ril ? CERROR_ILL : CERROR_NONE);
	EQ(cf, cf_cmd(cf, CMD_TLBI_NH_VAA | NUM(1), TG(tg)), CERROR_NONE);
	EQ(cf, cf_cmd(cf, CMD_TLBI_NH_VAA, TG(tg) | TTL(3)), CERROR_NONE);
	/* RES0 without them, and ignored. */
	EQ(cf, cf_cmd(cf, CMD_TLBI_NH_VAA | NUM(31), 0), CERROR_NONE);
}

/* 4.5.1 */
static void atc_invalidation_with_ats_only(struct cf *cf)
{
	unsigned int want = cf->ats ? CERROR_NONE : CERROR_ILL;

	EQ(cf, cf_cmd(cf, CMD_ATC_INV(FX_SID), 0), want);
	EQ(cf, cf_cmd(cf, CMD_ATC_INV(FX_SID), 52), want);
	EQ(cf, cf_cmd(cf, CMD_ATC_INV(FX_SID) | SSV | 7 << 12, 0x5000 | 2),
	   want);
	EQ(cf, cf->fx.inv_count, cf->ats ? 3 : 0);
	if (!cf->ats)
		return;
	EQ(cf, cf->fx.inv[0].size, 4096);
	EQ(cf, cf->fx.inv[0].pasid_valid, false);
	EQ(cf, cf->fx.inv[1].size, 0);
	EQ(cf, cf->fx.inv[2].pasid, 7);
	EQ(cf, cf->fx.inv[2].addr, 0x4000);
	EQ(cf, cf->fx.inv[2].size, 0x4000);
	EQ(cf, cf_cmd(cf, CMD_ATC_INV(FX_SID), 53), CERROR_ILL);
}

/* 4.5.2: codes and their order on the bus. */
static void page_response_with_pri_only(struct cf *cf)
{
	static const unsigned int codes[] = { 15, 1, 0 };
	unsigned int i;

	for (i = 0; i < 3; i++)
		EQ(cf,
		   cf_cmd(cf, CMD_PRI_RESP(FX_SID) | SSV | 5 << 12,
			  RESP(i) | 0x1a5),
		   cf->pri ? CERROR_NONE : CERROR_ILL);
	EQ(cf, cf_cmd(cf, CMD_PRI_RESP(FX_SID), RESP(3)), CERROR_ILL);
	EQ(cf, cf->fx.resp_count, cf->pri ? 3 : 0);
	for (i = 0; cf->pri && i < 3; i++) {
		EQ(cf, cf->fx.resp[i].code, codes[i]);
		EQ(cf, cf->fx.resp[i].prgi, 0x1a5);
		EQ(cf, cf->fx.resp[i].pasid, 5);
	}
}

/* 4.5: ignored while the SMMU is off. */
static void pcie_commands_ignored_when_disabled(struct cf *cf)
{
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	EQ(cf, cf_cmd(cf, CMD_ATC_INV(FX_SID), 52),
	   cf->ats ? CERROR_NONE : CERROR_ILL);
	EQ(cf, cf_cmd(cf, CMD_PRI_RESP(FX_SID), RESP(2)),
	   cf->pri ? CERROR_NONE : CERROR_ILL);
	EQ(cf, cf->fx.inv_count + cf->fx.resp_count, 0);
}

/* 3.9.1.5, 4.7.3: an invalidation that timed out fails the next CMD_SYNC. */
static void atc_timeout_fails_the_next_sync(struct cf *cf)
{
	cf->fx.inv_ret = -ETIMEDOUT;
	EQ(cf, cf_cmd(cf, CMD_ATC_INV(FX_SID), 52),
	   cf->ats ? CERROR_NONE : CERROR_ILL);
	EQ(cf, cf_cmd(cf, CMD_SYNC, 0),
	   cf->ats ? CERROR_ATC_INV_SYNC : CERROR_NONE);
	EQ(cf, cf_cmd(cf, CMD_SYNC, 0), CERROR_NONE);
}

/* 4.7.3: CMD_SYNC waits for the endpoint. */
static void sync_waits_for_the_endpoint(struct cf *cf)
{
	cf->fx.inv_ret = -EINPROGRESS;
	EQ(cf, cf_cmd(cf, CMD_ATC_INV(FX_SID), 52),
	   cf->ats ? CERROR_NONE : CERROR_ILL);
	fx_sync(&cf->fx);
	EQ(cf, fx_cmdq_idle(&cf->fx), !cf->ats);
	if (cf->ats)
		cf->fx.hw->ops->ats_inv_complete(cf->fx.hw, cf->fx.inv_cookie,
						 true);
	EQ(cf, fx_cmdq_idle(&cf->fx), true);
}

static const struct cf_case cases[] = {
	CF_CASE(every_opcode_is_known_or_illegal, "4.1.1"),
	CF_CASE(secure_streams_are_illegal, "4.3"),
	CF_CASE(range_of_nothing_is_illegal, "4.4.1.1"),
	CF_CASE(atc_invalidation_with_ats_only, "4.5.1"),
	CF_CASE(page_response_with_pri_only, "4.5.2"),
	CF_CASE(pcie_commands_ignored_when_disabled, "4.5"),
	CF_CASE(atc_timeout_fails_the_next_sync, "3.9.1.5"),
	CF_CASE(sync_waits_for_the_endpoint, "4.7.3"),
};

CF_MAIN(cases)
