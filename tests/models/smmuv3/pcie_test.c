/* SPDX-License-Identifier: MIT */
/*
 * Conformance: ATS and Translated transactions, 3.9.1; page requests, chapter
 * 8. An SMMU without them refuses.
 */
#include "tests/models/smmuv3/conform.h"

enum { SSID = 5, PA = 0x200000, OVFLG_BIT = 31 };

static void request(struct cf *cf, uint32_t ssid, uint64_t va,
		    unsigned int perm, struct hw_ats_reply *ret_reply)
{
	struct hw_txn txn = { .requester = FX_SID, .perm = perm, .addr = va };

	if (ssid != NO_SSID) {
		txn.flags = HW_TXN_PASID_VALID;
		txn.pasid = ssid;
	}
	if (!(perm & W))
		txn.flags |= HW_TXN_NO_WRITE;
	cf->fx.hw->ops->ats_translate(cf->fx.hw, &cf->fx.port, &txn, ret_reply);
}

/* The status where there is ATS; Unsupported Request where not. */
static void expect(struct cf *cf, const struct hw_ats_reply *reply,
		   enum hw_ats_status status, unsigned int perm, uint64_t pa)
{
	EQ(cf, reply->status, cf->ats ? status : HW_ATS_UR);
	EQ(cf, reply->xlat.perm, cf->ats ? perm : 0);
	if (cf->ats && perm)
		EQ(cf, reply->xlat.pa, pa);
}

static unsigned int event(struct cf *cf)
{
	unsigned int id = 0;

	if (fx_evt(&cf->fx, cf->rec))
		id = cf->rec[0] & 0xff;
	cf_quiet(cf);
	return id;
}

/* 3.9.1.1: what the pages allow, of what was asked for. */
static void translation_request(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), page = cf_page(cf);
	struct hw_ats_reply reply;

	cf_map(cf, root, page, PA | PTE_RW, 3);
	cf_map(cf, root, 2 * page, (PA + page) | PTE_RW | PTE_RO, 3);
	request(cf, NO_SSID, page, R | W, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, R | W, PA);
	request(cf, NO_SSID, 2 * page, R | W, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, R, PA + page);
	/* 3.9.1.2: not there is success without a permission, and no event. */
	request(cf, NO_SSID, 3 * page, R | W, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, 0, 0);
	EQ(cf, event(cf), 0);
}

/* 13.7: Exe and Priv come with a PASID only. */
static void translation_request_with_pasid(struct cf *cf)
{
	uint64_t cds = fx_alloc(&cf->fx, 512, 512), root = cf_table(cf);
	uint64_t page = cf_page(cf);
	struct hw_ats_reply reply;

	cf_cd(cf, cds + SSID * 64, 0, root);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(3), cf_eats(cf));
	cf_map(cf, root, page, PA | (PTE_RW & ~PTE_USER), 3);
	cf_map(cf, root, 2 * page, PA | PTE_RW | PTE_RO, 3);
	request(cf, SSID, page, R | W, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, 0, 0);
	request(cf, SSID, page, R | W | P, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, R | W | P, PA);
	request(cf, SSID, 2 * page, R | X, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, R | X, PA);
	request(cf, SSID, 2 * page, R, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, R, PA);
}

/* 3.9.1.2: UR where ATS is not for the function, CA where it is misset. */
static void translation_request_refused(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), cd = cf_cd_of(cf, FX_SID);
	struct hw_ats_reply reply;

	cf_map(cf, root, cf_page(cf), PA | PTE_RW, 3);
	/* EATS 0: recorded as such. */
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	request(cf, NO_SSID, cf_page(cf), R, &reply);
	expect(cf, &reply, HW_ATS_UR, 0, 0);
	EQ(cf, event(cf), cf->ats ? F_BAD_ATS_TREQ : 0);
	/* Bypass, abort. */
	cf_ste(cf, FX_SID, STE_V | STE_BYPASS, cf_eats(cf));
	request(cf, NO_SSID, cf_page(cf), R, &reply);
	expect(cf, &reply, HW_ATS_UR, 0, 0);
	EQ(cf, event(cf), cf->ats ? F_BAD_ATS_TREQ : 0);
	cf_ste(cf, FX_SID, STE_V, cf_eats(cf));
	request(cf, NO_SSID, cf_page(cf), R, &reply);
	expect(cf, &reply, HW_ATS_UR, 0, 0);
	EQ(cf, event(cf), 0);
	/* A CD that is not valid: recorded since CR2.REC_CFG_ATS is set. */
	fx_put(&cf->fx, cd, 0);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, cf_eats(cf));
	request(cf, NO_SSID, cf_page(cf), R, &reply);
	expect(cf, &reply, HW_ATS_CA, 0, 0);
	EQ(cf, event(cf), cf->ats ? C_BAD_CD : 0);
	/* SMMUEN 0. */
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	request(cf, NO_SSID, cf_page(cf), R, &reply);
	expect(cf, &reply, HW_ATS_UR, 0, 0);
	EQ(cf, event(cf), cf->ats ? F_BAD_ATS_TREQ : 0);
}

/* 3.13.6: to ask for writing makes the page dirty; to ask for less does not. */
static void translation_request_updates_flags(struct cf *cf)
{
	uint64_t bits = cf->httu == 2 ? CD_HA | CD_HD : 0;
	uint64_t clean = PA | PTE_RW | PTE_RO | PTE_DBM;
	uint64_t root = cf_stream(cf, bits), at;
	bool updates = cf->ats && cf->httu == 2;
	struct hw_ats_reply reply;

	at = cf_map(cf, root, cf_page(cf), clean, 3);
	request(cf, NO_SSID, cf_page(cf), R, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, R, PA);
	EQ(cf, fx_get(&cf->fx, at), clean);
	request(cf, NO_SSID, cf_page(cf), R | W, &reply);
	expect(cf, &reply, HW_ATS_SUCCESS, R | (updates ? W : 0), PA);
	EQ(cf, fx_get(&cf->fx, at), updates ? clean & ~PTE_RO : clean);
}

/* 3.9.1.3: Translated transactions are not translated again. */
static void translated_transactions(struct cf *cf)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_TRANSLATED,
			      .perm = R,
			      .addr = 0x7654 };
	uint64_t out = UINT64_C(1) << cf->oas_bits;

	(void)cf_stream(cf, 0);
	EQ(cf,
	   cf->fx.hw->ops->translate(cf->fx.hw, &cf->fx.port, &txn, &cf->xlat),
	   0);
	hw_port_done(&cf->fx.port);
	EQ(cf, cf->xlat.pa, 0x7654);
	/* 3.9.1.1: beyond the output size: abort, without a record. */
	txn.addr = out;
	EQ(cf,
	   cf->fx.hw->ops->translate(cf->fx.hw, &cf->fx.port, &txn, &cf->xlat),
	   -EFAULT);
	EQ(cf, event(cf), 0);
	/* Config abort: silent, with ATSCHK. */
	cf_ste(cf, FX_SID, STE_V, 0);
	txn.addr = 0x7654;
	EQ(cf,
	   cf->fx.hw->ops->translate(cf->fx.hw, &cf->fx.port, &txn, &cf->xlat),
	   cf->ats ? -EFAULT : 0);
	if (!cf->ats)
		hw_port_done(&cf->fx.port);
	EQ(cf, event(cf), 0);
}

static void page_request(struct cf *cf, uint16_t prgi, unsigned int perm,
			 bool pasid, bool last)
{
	struct hw_page_request req = { .requester = FX_SID,
				       .pasid_valid = pasid,
				       .pasid = SSID,
				       .addr = 0x7654321000,
				       .perm = perm,
				       .prgi = prgi,
				       .last = last };

	cf->fx.hw->ops->page_request(cf->fx.hw, &req);
}

/* Chapter 8: the record; a failure where there is no queue. */
static void page_request_record(struct cf *cf)
{
	uint64_t rec[2];

	page_request(cf, 0x1a5, R | W | X | P, true, true);
	EQ(cf, cf->fx.resp_count, cf->pri ? 0 : 1);
	if (!cf->pri) {
		EQ(cf, cf->fx.resp[0].code, HW_PRG_FAILURE);
		EQ(cf, cf->fx.resp[0].prgi, 0x1a5);
		return;
	}
	OK(cf, fx_pri(&cf->fx, rec));
	EQ(cf, rec[0],
	   UINT64_C(0xfc00000000000000) | (uint64_t)SSID << 32 | FX_SID);
	EQ(cf, rec[1], UINT64_C(0x7654321000) | 0x1a5);
	/* Without a PASID X and Priv are 0. */
	page_request(cf, 3, R | X | P, false, false);
	OK(cf, fx_pri(&cf->fx, rec));
	EQ(cf, rec[0], UINT64_C(1) << 60 | FX_SID);
	EQ(cf, rec[1], UINT64_C(0x7654321000) | 3);
}

/* 8.1: a full queue overflows, and answers the last of each group. */
static void page_request_overflow(struct cf *cf)
{
	uint64_t cd;
	unsigned int i, n = 1u << FX_PRIQ_LG2;

	(void)cf_stream(cf, 0);
	cd = cf_cd_of(cf, FX_SID);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, STE1_PPAR);
	for (i = 0; i < n; i++)
		page_request(cf, (uint16_t)i, R, true, true);
	/* Without PRI each one was refused. */
	EQ(cf, cf->fx.resp_count, cf->pri ? 0 : n);
	EQ(cf, fx_r32(&cf->fx, FX_PRIQ_PROD), cf->pri ? n : 0);
	cf->fx.resp_count = 0;
	page_request(cf, 1, R, true, false);
	EQ(cf, fx_r32(&cf->fx, FX_PRIQ_PROD) >> OVFLG_BIT, cf->pri);
	EQ(cf, cf->fx.resp_count, cf->pri ? 0 : 1);
	cf->fx.resp_count = 0;
	page_request(cf, 2, R, true, true);
	EQ(cf, cf->fx.resp_count, 1);
	EQ(cf, cf->fx.resp[0].code, cf->pri ? HW_PRG_SUCCESS : HW_PRG_FAILURE);
	EQ(cf, cf->fx.resp[0].pasid_valid, cf->pri);
	/* 5.2 PPAR 0: no PASID on the answer. */
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	page_request(cf, 2, R, true, true);
	EQ(cf, cf->fx.resp[1].pasid_valid, false);
	/* A stop marker is not answered. */
	page_request(cf, 2, 0, true, true);
	EQ(cf, cf->fx.resp_count, 2);
	/* 8.1: the STE cannot be had: a failure. */
	cf_ste(cf, FX_SID, 0, 0);
	page_request(cf, 2, R, true, true);
	EQ(cf, cf->fx.resp[2].code, HW_PRG_FAILURE);
	EQ(cf, event(cf), cf->pri ? C_BAD_STE : 0);
}

/* 8.2: off, a request is a failure; a queue that cannot be written, too. */
static void page_request_refused(struct cf *cf)
{
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_PRIQEN);
	page_request(cf, 7, R, true, true);
	EQ(cf, cf->fx.resp_count, 1);
	EQ(cf, cf->fx.resp[0].code, HW_PRG_FAILURE);
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL);
	cf->fx.abort_first = cf->fx.priq;
	cf->fx.abort_last = cf->fx.priq + 15;
	page_request(cf, 8, R, true, true);
	EQ(cf, cf->fx.resp_count, 2);
	EQ(cf, cf->fx.resp[1].code, HW_PRG_FAILURE);
	EQ(cf, fx_r32(&cf->fx, FX_GERROR), cf->pri ? 8 : 0);
}

static const struct cf_case cases[] = {
	CF_CASE(translation_request, "3.9.1.1"),
	CF_CASE(translation_request_with_pasid, "13.7"),
	CF_CASE(translation_request_refused, "3.9.1.2"),
	CF_CASE(translated_transactions, "3.9.1.3"),
	CF_CASE(translation_request_updates_flags, "3.13.6"),
	CF_CASE(page_request_record, "8"),
	CF_CASE(page_request_overflow, "8.1"),
	CF_CASE(page_request_refused, "8.2"),
};

CF_MAIN(cases)
