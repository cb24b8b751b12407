/* SPDX-License-Identifier: MIT */
/*
 * Conformance: event records, 7.3, each as its four words; their order,
 * 7.3.22; and stalls, 3.12.2, 4.7.
 */
#include "tests/models/smmuv3/conform.h"

enum { SSID = 5, PA = 0x200000 };

/* Word 0: stream, substream, SSV, number. */
#define HEAD(id) ((uint64_t)FX_SID << 32 | (id))
#define SUB      ((uint64_t)SSID << 12 | 1 << 11)
/* Word 1 */
#define PNU      (UINT64_C(1) << 33)
#define IND      (UINT64_C(1) << 34)
#define RNW      (UINT64_C(1) << 35)
#define CLASS_TT (UINT64_C(1) << 40)
#define CLASS_IN (UINT64_C(2) << 40)

static void golden(struct cf *cf, uint64_t w0, uint64_t w1, uint64_t w2,
		   uint64_t w3)
{
	EQ(cf, cf->rec[0], w0);
	EQ(cf, cf->rec[1], w1);
	EQ(cf, cf->rec[2], w2);
	EQ(cf, cf->rec[3], w3);
}

/* A linear table of eight CDs, of which SSID has a tree. */
static uint64_t substream(struct cf *cf, uint64_t bits)
{
	uint64_t cds = fx_alloc(&cf->fx, 64 << 3, 64 << 3);
	uint64_t root = cf_table(cf);

	cf_cd(cf, cds + SSID * 64, bits, root);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cds | STE_CDMAX(3), cf_eats(cf));
	return root;
}

static unsigned int sub(struct cf *cf, uint64_t va, unsigned int perm)
{
	return cf_access(cf, FX_SID, SSID, va, perm);
}

/* 7.3.3 */
static void bad_streamid(struct cf *cf)
{
	EQ(cf, cf_access(cf, 0x123456, SSID, 0x1000, W), C_BAD_STREAMID);
	golden(cf, UINT64_C(0x123456) << 32 | SUB | C_BAD_STREAMID, 0, 0, 0);
	/* 6.3.12: only if RECINVSID asks for it. */
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	fx_w32(&cf->fx, FX_CR2, 0);
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL);
	EQ(cf, cf_access(cf, 0x123456, SSID, 0x1000, W), NO_EVENT);
}

/* 7.3.4 */
static void ste_fetch(struct cf *cf)
{
	uint64_t at = cf->fx.strtab + FX_SID * 64;

	cf->fx.abort_first = at + 8;
	cf->fx.abort_last = at + 15;
	EQ(cf, cf_access(cf, FX_SID, SSID, 0x1000, W), F_STE_FETCH);
	golden(cf, HEAD(F_STE_FETCH) | SUB, 0, 0, at);
	/* An abort is not kept. */
	cf->fx.abort_first = cf->fx.abort_last = 0;
	EQ(cf, cf_access(cf, FX_SID, SSID, 0x1000, W), C_BAD_STE);
}

/* 7.3.5 */
static void bad_ste(struct cf *cf)
{
	EQ(cf, cf_access(cf, FX_SID, SSID, 0x1000, W), C_BAD_STE);
	golden(cf, HEAD(C_BAD_STE) | SUB, 0, 0, 0);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 0x1000, W), C_BAD_STE);
	golden(cf, HEAD(C_BAD_STE), 0, 0, 0);
}

/* 7.3.7 */
static void stream_disabled(struct cf *cf)
{
	(void)substream(cf, 0);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, 0x1000, W), F_STREAM_DISABLED);
	golden(cf, HEAD(F_STREAM_DISABLED), 0, 0, 0);
}

/* 7.3.9: a substream without SSV. */
static void bad_substreamid(struct cf *cf)
{
	(void)cf_stream(cf, 0);
	EQ(cf, sub(cf, 0x1000, W), C_BAD_SUBSTREAMID);
	golden(cf, HEAD(C_BAD_SUBSTREAMID) | SSID << 12, 0, 0, 0);
	cf_ste(cf, FX_SID, STE_V | STE_BYPASS, 0);
	EQ(cf, sub(cf, 0x1000, W), C_BAD_SUBSTREAMID);
	golden(cf, HEAD(C_BAD_SUBSTREAMID) | SSID << 12, 0, 0, 0);
}

/* 7.3.10 */
static void cd_fetch(struct cf *cf)
{
	uint64_t at;

	(void)substream(cf, 0);
	at = cf_cd_of(cf, FX_SID) + SSID * 64;
	cf->fx.abort_first = at;
	cf->fx.abort_last = at + 7;
	EQ(cf, sub(cf, 0x1000, W), F_CD_FETCH);
	golden(cf, HEAD(F_CD_FETCH) | SUB, 0, 0, at);
}

/* 7.3.11 */
static void bad_cd(struct cf *cf)
{
	(void)substream(cf, 0);
	EQ(cf, cf_access(cf, FX_SID, 4, 0x1000, W), C_BAD_CD);
	golden(cf, HEAD(C_BAD_CD) | 4 << 12 | 1 << 11, 0, 0, 0);
}

/* 7.3.12 */
static void walk_abort(struct cf *cf)
{
	uint64_t root = substream(cf, 0), va = cf_va(cf) + 0x123;

	cf->fx.abort_first = root;
	cf->fx.abort_last = root + cf_page(cf) - 1;
	EQ(cf, sub(cf, va, R | P), F_WALK_EABT);
	golden(cf, HEAD(F_WALK_EABT) | SUB, CLASS_TT | PNU | RNW, va,
	       cf_walk(cf, root, va, cf_start_level(cf, cf->va_bits)));
}

/* 7.3.13: every kind of access. */
static void translation(struct cf *cf)
{
	static const struct {
		unsigned int perm;
		uint64_t bits;
	} rows[] = {
		{ R, RNW },
		{ W, 0 },
		{ R | W, 0 },
		{ X, RNW | IND },
		{ R | P, RNW | PNU },
		{ W | P, PNU },
		{ X | P, RNW | IND | PNU },
		{ W | X, 0 }, /* 13.1.2: a write is data */
	};
	uint64_t va = cf_va(cf) + 0x7f8;
	unsigned int i;

	(void)substream(cf, 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EQ(cf, sub(cf, va, rows[i].perm), F_TRANSLATION);
		golden(cf, HEAD(F_TRANSLATION) | SUB, CLASS_IN | rows[i].bits,
		       va, 0);
	}
	(void)cf_stream(cf, 0);
	EQ(cf, cf_read(cf, va), F_TRANSLATION);
	golden(cf, HEAD(F_TRANSLATION), CLASS_IN | RNW, va, 0);
}

/* 7.3.14 */
static void address_size(struct cf *cf)
{
	uint64_t root = substream(cf, 0), at;

	/* In 52 bits nothing is too large: take IPS away. */
	at = cf_cd_of(cf, FX_SID) + SSID * 64;
	fx_put(&cf->fx, at, fx_get(&cf->fx, at) & ~(UINT64_C(7) << 32));
	cf_flush(cf);
	cf_map(cf, root, cf_page(cf), UINT64_C(1) << 32 | PTE_RW, 3);
	EQ(cf, sub(cf, cf_page(cf) + 4, W), F_ADDR_SIZE);
	golden(cf, HEAD(F_ADDR_SIZE) | SUB, CLASS_IN, cf_page(cf) + 4, 0);
}

/* 7.3.15 */
static void access_flag(struct cf *cf)
{
	uint64_t root = substream(cf, 0);

	cf_map(cf, root, cf_page(cf), PA | (PTE_RW & ~PTE_AF), 3);
	EQ(cf, sub(cf, cf_page(cf) + 4, W), F_ACCESS);
	golden(cf, HEAD(F_ACCESS) | SUB, CLASS_IN, cf_page(cf) + 4, 0);
}

/* 7.3.16 */
static void permission(struct cf *cf)
{
	uint64_t root = substream(cf, 0);

	cf_map(cf, root, cf_page(cf), PA | PTE_RW | PTE_RO, 3);
	EQ(cf, sub(cf, cf_page(cf) + 4, W | P), F_PERMISSION);
	golden(cf, HEAD(F_PERMISSION) | SUB, CLASS_IN | PNU, cf_page(cf) + 4,
	       0);
	/* And from the TLB. */
	EQ(cf, sub(cf, cf_page(cf), R), 0);
	EQ(cf, sub(cf, cf_page(cf) + 8, W), F_PERMISSION);
	golden(cf, HEAD(F_PERMISSION) | SUB, CLASS_IN, cf_page(cf) + 8, 0);
}

/* 7.3.8, 3.9.1.3: Translated without leave; refused where there is no ATS. */
static void translation_forbidden(struct cf *cf)
{
	struct hw_txn txn = { .requester = FX_SID,
			      .flags = HW_TXN_TRANSLATED,
			      .perm = W,
			      .addr = 0x9008 };
	uint64_t cd;

	(void)cf_stream(cf, 0);
	cd = cf_cd_of(cf, FX_SID);
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	/* 6.3.9: without IDR0.ATS, ATSCHK is RES0 and nothing is checked. */
	EQ(cf,
	   cf->fx.hw->ops->translate(cf->fx.hw, &cf->fx.port, &txn, &cf->xlat),
	   cf->ats ? -EFAULT : 0);
	if (!cf->ats) {
		hw_port_done(&cf->fx.port);
		cf_quiet(cf);
		return;
	}
	OK(cf, fx_evt(&cf->fx, cf->rec));
	golden(cf, HEAD(F_TRANSL_FORBIDDEN), 0, 0x9008, 0);
}

/* 7.3.22: what comes first is what is recorded. */
static void priorities(struct cf *cf)
{
	uint64_t cd = fx_alloc(&cf->fx, 64, 64), root = cf_table(cf);
	uint64_t page = cf_page(cf);

	/* An STE that is bad and a stream that is not there: the stream. */
	EQ(cf, cf_access(cf, 0xffffff, SSID, 0, R), C_BAD_STREAMID);
	/* A bad STE and a substream too many: the STE. */
	cf_ste(cf, FX_SID, STE_S1 | cd, 0);
	EQ(cf, sub(cf, 0, R), C_BAD_STE);
	/* A substream too many and a bad CD: the substream. */
	cf_ste(cf, FX_SID, STE_V | STE_S1 | cd, 0);
	EQ(cf, sub(cf, 0, R), C_BAD_SUBSTREAMID);
	/* A bad CD and nothing mapped: the CD. */
	EQ(cf, cf_read(cf, 0), C_BAD_CD);
	/* Not valid, and also too large: the first. */
	cf_cd(cf, cd, 0, root);
	cf_flush(cf);
	cf_map(cf, root, page, (PTE_RW & ~PTE_VALID) | UINT64_C(1) << 47, 3);
	EQ(cf, cf_read(cf, page), F_TRANSLATION);
	/* Too large, without Access flag, read-only: in that order. */
	fx_put(&cf->fx, cd, cf_cd0(cf) & ~(UINT64_C(7) << 32));
	cf_map(cf, root, page, (PTE_RW & ~PTE_AF) | PTE_RO | UINT64_C(1) << 40,
	       3);
	cf_flush(cf);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, W), F_ADDR_SIZE);
	cf_map(cf, root, page, (PTE_RW & ~PTE_AF) | PTE_RO | PA, 3);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, W), F_ACCESS);
	cf_map(cf, root, page, PTE_RW | PTE_RO | PA, 3);
	EQ(cf, cf_access(cf, FX_SID, NO_SSID, page, W), F_PERMISSION);
}

/* 5.4 R: translation faults without a record; a stall has one all the same. */
static void translation_faults_unrecorded_without_r(struct cf *cf)
{
	uint64_t cd;

	(void)cf_stream(cf, 0);
	cd = cf_cd_of(cf, FX_SID);
	fx_put(&cf->fx, cd, fx_get(&cf->fx, cd) & ~CD_R);
	cf_flush(cf);
	EQ(cf, cf_read(cf, cf_page(cf)), cf->stall ? F_TRANSLATION : NO_EVENT);
	/* Others are recorded whatever R says. */
	fx_put(&cf->fx, cd, 0);
	cf_flush(cf);
	EQ(cf, cf_read(cf, cf_page(cf)), C_BAD_CD);
}

static int stalling(struct cf *cf, uint64_t va, uint64_t cookie)
{
	struct hw_txn txn = {
		.requester = FX_SID, .perm = R, .addr = va, .cookie = cookie
	};
	int ret = cf->fx.hw->ops->translate(cf->fx.hw, &cf->fx.port, &txn,
					    &cf->xlat);

	if (!ret)
		hw_port_done(&cf->fx.port);
	return ret;
}

/* 3.12.2, 4.7.1: stalled, mended, retried; or aborted where nothing stalls. */
static void stall_and_retry(struct cf *cf)
{
	uint64_t root = cf_stream(cf, 0), page = cf_page(cf), stag;

	EQ(cf, stalling(cf, page, 77), cf->stall ? -EINPROGRESS : -EFAULT);
	OK(cf, fx_evt(&cf->fx, cf->rec));
	EQ(cf, cf->rec[1] >> 31 & 1, cf->stall);
	stag = cf->rec[1] & 0xffff;
	cf_map(cf, root, page, PA | PTE_RW, 3);
	EQ(cf, cf_cmd(cf, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, stag),
	   cf->stall ? CERROR_NONE : CERROR_ILL);
	EQ(cf, cf->fx.resume_count, cf->stall ? 1 : 0);
	if (cf->stall) {
		EQ(cf, cf->fx.resume[0].cookie, 77);
		EQ(cf, cf->fx.resume[0].retry, true);
	}
	EQ(cf, stalling(cf, page, 78), 0);
	EQ(cf, cf->xlat.pa, PA);
	/* 4.7.1: a tag of nobody is ignored. */
	EQ(cf, cf_cmd(cf, CMD_RESUME(FX_SID) | CMD_RESUME_RETRY, stag),
	   cf->stall ? CERROR_NONE : CERROR_ILL);
	EQ(cf, cf->fx.resume_count, cf->stall ? 1 : 0);
}

/* 4.7.1: the stream has to be right as well as the tag. */
static void resume_of_another_stream_is_ignored(struct cf *cf)
{
	(void)cf_stream(cf, 0);
	EQ(cf, stalling(cf, 0, 1), cf->stall ? -EINPROGRESS : -EFAULT);
	OK(cf, fx_evt(&cf->fx, cf->rec));
	(void)cf_cmd(cf, CMD_RESUME(FX_SID + 1) | CMD_RESUME_RETRY,
		     cf->rec[1] & 0xffff);
	EQ(cf, cf->fx.resume_count, 0);
	(void)cf_cmd(cf, CMD_RESUME(FX_SID), cf->rec[1] & 0xffff);
	EQ(cf, cf->fx.resume_count, cf->stall ? 1 : 0);
}

/* 4.7.2: every stalled transaction of a stream. */
static void stall_term_ends_all_of_a_stream(struct cf *cf)
{
	unsigned int i;

	(void)cf_stream(cf, 0);
	for (i = 0; i < 3; i++)
		EQ(cf, stalling(cf, i * cf_page(cf), i),
		   cf->stall ? -EINPROGRESS : -EFAULT);
	EQ(cf, cf_cmd(cf, CMD_STALL_TERM(FX_SID + 1), 0),
	   cf->stall ? CERROR_NONE : CERROR_ILL);
	EQ(cf, cf->fx.resume_count, 0);
	EQ(cf, cf_cmd(cf, CMD_STALL_TERM(FX_SID), 0),
	   cf->stall ? CERROR_NONE : CERROR_ILL);
	EQ(cf, cf->fx.resume_count, cf->stall ? 3 : 0);
	for (i = 0; i < cf->fx.resume_count; i++)
		EQ(cf, cf->fx.resume[i].retry, false);
}

/* 6.3.6 STALL_MAX: no more than that, and room again after an answer. */
static void stall_buffer_is_full_at_stall_max(struct cf *cf)
{
	unsigned int max = fx_r32(&cf->fx, 0x14) >> 16, i;

	(void)cf_stream(cf, 0);
	EQ(cf, max != 0, cf->stall);
	for (i = 0; i < max; i++)
		EQ(cf, stalling(cf, i * cf_page(cf), i), -EINPROGRESS);
	EQ(cf, stalling(cf, 99 * cf_page(cf), 99),
	   cf->stall ? -EAGAIN : -EFAULT);
	(void)cf_cmd(cf, CMD_STALL_TERM(FX_SID), 0);
	EQ(cf, cf->fx.resume_count, max);
	EQ(cf, stalling(cf, 99 * cf_page(cf), 99),
	   cf->stall ? -EINPROGRESS : -EFAULT);
}

/* 6.3.9.6: SMMUEN 0 ends them. */
static void disabling_ends_stalls(struct cf *cf)
{
	(void)cf_stream(cf, 0);
	EQ(cf, stalling(cf, 0, 5), cf->stall ? -EINPROGRESS : -EFAULT);
	fx_w32(&cf->fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	EQ(cf, cf->fx.resume_count, cf->stall ? 1 : 0);
	EQ(cf, cf->fx.resume[0].retry, false);
}

static const struct cf_case cases[] = {
	CF_CASE(stall_and_retry, "3.12.2"),
	CF_CASE(stall_buffer_is_full_at_stall_max, "3.12.2"),
	CF_CASE(resume_of_another_stream_is_ignored, "4.7.1"),
	CF_CASE(stall_term_ends_all_of_a_stream, "4.7.2"),
	CF_CASE(translation_faults_unrecorded_without_r, "5.5"),
	CF_CASE(disabling_ends_stalls, "6.3.9.6"),
	CF_CASE(bad_streamid, "7.3.3"),
	CF_CASE(ste_fetch, "7.3.4"),
	CF_CASE(bad_ste, "7.3.5"),
	CF_CASE(stream_disabled, "7.3.7"),
	CF_CASE(translation_forbidden, "7.3.8"),
	CF_CASE(bad_substreamid, "7.3.9"),
	CF_CASE(cd_fetch, "7.3.10"),
	CF_CASE(bad_cd, "7.3.11"),
	CF_CASE(walk_abort, "7.3.12"),
	CF_CASE(translation, "7.3.13"),
	CF_CASE(address_size, "7.3.14"),
	CF_CASE(access_flag, "7.3.15"),
	CF_CASE(permission, "7.3.16"),
	CF_CASE(priorities, "7.3.22"),
};

CF_MAIN(cases)
