/* SPDX-License-Identifier: MIT */
/*
 * Golden records: every event of section 7.3, byte for byte as it lies in the
 * queue. The words are typed by hand from the sections that the rows name.
 *
 * An event number of fmt/ without a row fails the test.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "models/smmuv3/evt.h"
#include "tests/models/smmuv3_fixture.h"

/* Word 0 */
#define ID(n, sid) ((uint64_t)(sid) << 32 | (n))
#define SSID(n)    ((uint64_t)(n) << 12 | 1 << 11)
/* Word 1 */
#define STAG(n)    ((uint64_t)(n))
#define REASON(n)  ((uint64_t)(n))
#define STALL      (UINT64_C(1) << 31)
#define PNU        (UINT64_C(1) << 33)
#define IND        (UINT64_C(1) << 34)
#define RNW        (UINT64_C(1) << 35)
#define NSIPA      (UINT64_C(1) << 38)
#define S2         (UINT64_C(1) << 39)
#define CLASS_CD   (UINT64_C(0) << 40)
#define CLASS_TT   (UINT64_C(1) << 40)
#define CLASS_IN   (UINT64_C(2) << 40)
#define TTRNW      (UINT64_C(1) << 44)
#define SID        0xfedcba98u
#define VA         UINT64_C(0xffff123456789abc)
#define IPA        UINT64_C(0x0000cba987654321)

enum { CD, TT, IN };

struct row {
	const char *section;
	struct smmuv3_hw_req req;
	struct smmuv3_hw_fault fault;
	uint64_t want[4];
};

#define READ(...)                                                              \
	{                                                                      \
		.sid = SID, .addr = VA, __VA_ARGS__                            \
	}
#define WRITE(...)                                                             \
	{                                                                      \
		.sid = SID, .addr = VA, .write = true, __VA_ARGS__             \
	}
#define PASID(n) .ssv = true, .ssid = (n)

/* clang-format off */
static const struct row rows[] = {
	{ "7.3.2 F_UUT",
	  READ(PASID(0xabcde), .priv = true, .inst = true),
	  { .id = 0x01, .reason = 0xbeef },
	  { ID(0x01, SID) | SSID(0xabcde), REASON(0xbeef) | PNU | IND | RNW,
	    VA, 0 } },
	{ "7.3.2 F_UUT, nothing but a stream",
	  { .write = true }, { .id = 0x01 },
	  { ID(0x01, 0), 0, 0, 0 } },
	{ "7.3.3 C_BAD_STREAMID",
	  READ(PASID(0xfffff), .priv = true), { .id = 0x02, .fetch = IPA },
	  { ID(0x02, SID) | SSID(0xfffff), 0, 0, 0 } },
	{ "7.3.4 F_STE_FETCH",
	  WRITE(PASID(1)), { .id = 0x03, .fetch = IPA, .reason = 0x1234 },
	  { ID(0x03, SID) | SSID(1), REASON(0x1234), 0, IPA & ~7ull } },
	{ "7.3.4 F_STE_FETCH without a substream",
	  WRITE(.ssid = 7), { .id = 0x03, .fetch = IPA },
	  { ID(0x03, SID), 0, 0, IPA & ~7ull } },
	{ "7.3.5 C_BAD_STE",
	  READ(PASID(0), .inst = true), { .id = 0x04 },
	  { ID(0x04, SID) | SSID(0), 0, 0, 0 } },
	{ "7.3.6 F_BAD_ATS_TREQ",
	  WRITE(PASID(5), .priv = true, .ats = true), { .id = 0x05 },
	  { ID(0x05, SID) | SSID(5),
	    1 | 1u << 28 | 1u << 30 | 1u << 31, VA & ~0xfffull, 0 } },
	{ "7.3.6 F_BAD_ATS_TREQ to execute",
	  READ(PASID(5), .inst = true, .ats = true), { .id = 0x05 },
	  { ID(0x05, SID) | SSID(5), 1 | 1u << 29 | 1u << 31,
	    VA & ~0xfffull, 0 } },
	{ "7.3.7 F_STREAM_DISABLED",
	  READ(PASID(0)), { .id = 0x06 }, { ID(0x06, SID), 0, 0, 0 } },
	{ "7.3.8 F_TRANSL_FORBIDDEN",
	  READ(PASID(3), .priv = true, .inst = true), { .id = 0x07 },
	  { ID(0x07, SID), RNW, VA, 0 } },
	{ "7.3.8 F_TRANSL_FORBIDDEN of a write",
	  WRITE(.translated = true), { .id = 0x07 },
	  { ID(0x07, SID), 0, VA, 0 } },
	{ "7.3.9 C_BAD_SUBSTREAMID: no SSV",
	  READ(PASID(0x12345)), { .id = 0x08 },
	  { ID(0x08, SID) | 0x12345 << 12, 0, 0, 0 } },
	{ "7.3.9 C_BAD_SUBSTREAMID of a default substream",
	  READ(.ssid = 9), { .id = 0x08 }, { ID(0x08, SID), 0, 0, 0 } },
	{ "7.3.10 F_CD_FETCH",
	  READ(PASID(2)), { .id = 0x09, .fetch = IPA, .reason = 0x8001 },
	  { ID(0x09, SID) | SSID(2), REASON(0x8001), 0, IPA & ~7ull } },
	{ "7.3.11 C_BAD_CD",
	  READ(PASID(2)), { .id = 0x0a }, { ID(0x0a, SID) | SSID(2), 0, 0, 0 } },
	{ "7.3.12 F_WALK_EABT of stage 1",
	  READ(PASID(2), .priv = true, .inst = true),
	  { .id = 0x0b, .class = TT, .fetch = IPA, .reason = 0x77 },
	  { ID(0x0b, SID) | SSID(2),
	    REASON(0x77) | PNU | IND | RNW | CLASS_TT, VA, IPA & ~7ull } },
	{ "7.3.12 F_WALK_EABT of stage 2: no IPA, no NSIPA, no TTRnW",
	  WRITE(), { .id = 0x0b, .class = IN, .s2 = true, .ipa = 0x5000,
		     .nsipa = true, .ttrnw = true, .fetch = IPA },
	  { ID(0x0b, SID), S2 | CLASS_IN, VA, IPA & ~7ull } },
	{ "7.3.13 F_TRANSLATION of stage 1",
	  READ(PASID(2), .priv = true),
	  { .id = 0x10, .class = IN, .ipa = IPA, .fetch = IPA },
	  { ID(0x10, SID) | SSID(2), PNU | RNW | CLASS_IN, VA, 0 } },
	{ "7.3.13 F_TRANSLATION of stage 2, of a CD",
	  READ(PASID(2)), { .id = 0x10, .class = CD, .s2 = true, .ipa = IPA },
	  { ID(0x10, SID) | SSID(2), RNW | S2 | CLASS_CD, VA,
	    IPA & ~0xfffull } },
	{ "7.3.13 F_TRANSLATION of stage 2, of a table: no TTRnW",
	  READ(), { .id = 0x10, .class = TT, .s2 = true, .ipa = IPA,
		    .ttrnw = true },
	  { ID(0x10, SID), RNW | S2 | CLASS_TT, VA, IPA & ~0xfffull } },
	{ "7.3.13 F_TRANSLATION, stalled",
	  READ(PASID(2)), { .id = 0x10, .class = IN, .s2 = true, .ipa = IPA },
	  { ID(0x10, SID) | SSID(2), STAG(0x7bcd) | STALL | RNW | S2 | CLASS_IN,
	    VA, IPA & ~0xfffull } },
	{ "7.3.14 F_ADDR_SIZE",
	  WRITE(PASID(2)), { .id = 0x11, .class = IN },
	  { ID(0x11, SID) | SSID(2), CLASS_IN, VA, 0 } },
	{ "7.3.14 F_ADDR_SIZE, stalled",
	  WRITE(), { .id = 0x11, .class = IN },
	  { ID(0x11, SID), STAG(0x7bcd) | STALL | CLASS_IN, VA, 0 } },
	{ "7.3.15 F_ACCESS",
	  WRITE(), { .id = 0x12, .class = IN, .s2 = true, .ipa = IPA },
	  { ID(0x12, SID), S2 | CLASS_IN, VA, IPA & ~0xfffull } },
	{ "7.3.15 F_ACCESS, stalled",
	  READ(.inst = true), { .id = 0x12, .class = IN },
	  { ID(0x12, SID), STAG(0x7bcd) | STALL | IND | RNW | CLASS_IN, VA, 0 } },
	{ "7.3.16 F_PERMISSION of stage 1",
	  READ(PASID(2), .priv = true, .inst = true),
	  { .id = 0x13, .class = IN, .ttrnw = true },
	  { ID(0x13, SID) | SSID(2), PNU | IND | RNW | CLASS_IN, VA, 0 } },
	{ "7.3.16 F_PERMISSION of stage 2, a table read",
	  WRITE(), { .id = 0x13, .class = TT, .s2 = true, .ipa = IPA,
		     .ttrnw = true },
	  { ID(0x13, SID), S2 | CLASS_TT | TTRNW, VA, IPA & ~0xfffull } },
	{ "7.3.16 F_PERMISSION of stage 2, a table written",
	  READ(), { .id = 0x13, .class = TT, .s2 = true, .ipa = IPA },
	  { ID(0x13, SID), RNW | S2 | CLASS_TT, VA, IPA & ~0xfffull } },
	{ "7.3.16 F_PERMISSION of stage 2, input: no TTRnW",
	  READ(), { .id = 0x13, .class = IN, .s2 = true, .ipa = IPA,
		    .nsipa = true, .ttrnw = true },
	  { ID(0x13, SID), RNW | NSIPA | S2 | CLASS_IN, VA, IPA & ~0xfffull } },
	{ "7.3.16 F_PERMISSION, stalled",
	  READ(), { .id = 0x13, .class = TT, .s2 = true, .ipa = IPA,
		    .ttrnw = true },
	  { ID(0x13, SID), STAG(0x7bcd) | STALL | RNW | S2 | CLASS_TT | TTRNW,
	    VA, IPA & ~0xfffull } },
	{ "7.3.17 F_TLB_CONFLICT: a wide reason, no class",
	  READ(PASID(2), .priv = true), { .id = 0x20, .class = IN, .s2 = true,
					  .ipa = IPA, .reason = 0xdeadbeef },
	  { ID(0x20, SID) | SSID(2), REASON(0xdeadbeef) | PNU | RNW | S2, VA,
	    IPA & ~0xfffull } },
	{ "7.3.17 F_TLB_CONFLICT of stage 1",
	  WRITE(), { .id = 0x20, .ipa = IPA },
	  { ID(0x20, SID), 0, VA, 0 } },
	{ "7.3.18 F_CFG_CONFLICT",
	  READ(PASID(2), .priv = true), { .id = 0x21, .reason = 0xdeadbeef },
	  { ID(0x21, SID) | SSID(2), REASON(0xdeadbeef), 0, 0 } },
	{ "7.3.20 F_VMS_FETCH",
	  READ(PASID(2), .priv = true),
	  { .id = 0x25, .fetch = IPA, .reason = 0x4321 },
	  { ID(0x25, SID) | SSID(2), REASON(0x4321), 0, IPA & ~7ull } },
};
/* clang-format on */

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const unsigned int events[] = {
#define NUMBER(name, number) name,
	SMMU_EVENTS(NUMBER)
#undef NUMBER
};

static struct fx fx;

/* The oldest record, as bytes. */
static void expect(const char *what, const uint64_t want[4])
{
	uint8_t bytes[32];
	uint64_t rec[4];
	unsigned int i;

	for (i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(want[i / 8] >> i % 8 * 8);
	if (!fx_evt(&fx, rec))
		fail_msg("%s: no record", what);
	if (memcmp(rec, bytes, 32) != 0)
		fail_msg("%s: %llx %llx %llx %llx", what,
			 (unsigned long long)rec[0], (unsigned long long)rec[1],
			 (unsigned long long)rec[2],
			 (unsigned long long)rec[3]);
	assert_false(fx_evt(&fx, rec));
}

static void record(const struct row *row)
{
	struct smmuv3_hw *m = smmuv3_hw_of(fx.hw);

	/* Bit 95 is Stall in those that may. */
	if (row->fault.id >= 0x10 && row->fault.id <= 0x13 &&
	    row->want[1] & STALL)
		assert_true(
			smmuv3_hw_evt_stall(m, &row->req, &row->fault, 0x7bcd));
	else
		smmuv3_hw_evt_record(m, &row->req, &row->fault);
}

static void test_golden_records(void **state)
{
	unsigned int i;

	(void)state;
	fx_start(&fx, NULL);
	for (i = 0; i < ROWS; i++) {
		record(&rows[i]);
		expect(rows[i].section, rows[i].want);
	}
	fx_fini(&fx);
}

static void test_golden_hint(void **state)
{
	struct smmuv3_hw_hint hint = {
		.requester = SID,
		.pasid_valid = true,
		.pasid = 0x54321,
		.addr = VA,
		.pages = 0xa5,
		.user = IOMMU_PERM_READ | IOMMU_PERM_EXEC,
		.priv = IOMMU_PERM_WRITE,
	};
	uint64_t rec[4];

	(void)state;
	fx_start(&fx, NULL);
	smmuv3_hw_page_hint(fx.hw, &hint);
	expect("7.3.19 E_PAGE_REQUEST",
	       (uint64_t[]){ ID(0x24, SID) | SSID(0x54321),
			     UINT64_C(1) << 35 | UINT64_C(1) << 33 |
				     UINT64_C(1) << 38 | UINT64_C(0xa5) << 44,
			     VA & ~0xfffull, 0 });
	hint = (struct smmuv3_hw_hint){ .requester = 3,
					.user = IOMMU_PERM_WRITE,
					.priv = IOMMU_PERM_READ |
						IOMMU_PERM_EXEC,
					.pages = 0 };
	smmuv3_hw_page_hint(fx.hw, &hint);
	expect("7.3.19 E_PAGE_REQUEST without a substream",
	       (uint64_t[]){ ID(0x24, 3),
			     UINT64_C(1) << 34 | UINT64_C(1) << 39 |
				     UINT64_C(1) << 37 | UINT64_C(1) << 44,
			     0, 0 });
	hint.pages = 256;
	smmuv3_hw_page_hint(fx.hw, &hint);
	assert_true(fx_evt(&fx, rec));
	assert_int_equal(rec[1] >> 44, 0xff);
	/* Nothing is translated, so nothing is hinted at. */
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	smmuv3_hw_page_hint(fx.hw, &hint);
	assert_false(fx_evt(&fx, rec));
	fx_fini(&fx);
}

/* 7.3.2: also while SMMUEN is 0, and not for Translated traffic. */
static void test_golden_unsupported(void **state)
{
	struct hw_txn txn = { .requester = SID,
			      .flags = HW_TXN_PASID_VALID,
			      .pasid = 0xabcde,
			      .perm = IOMMU_PERM_WRITE | IOMMU_PERM_PRIV |
				      IOMMU_PERM_EXEC,
			      .addr = VA };
	uint64_t rec[4];

	(void)state;
	fx_start(&fx, NULL);
	fx_w32(&fx, FX_CR0, FX_CR0_ALL & ~FX_CR0_SMMUEN);
	smmuv3_hw_unsupported(fx.hw, &txn, 0x1234);
	expect("7.3.2 F_UUT", (uint64_t[]){ ID(0x01, SID) | SSID(0xabcde),
					    REASON(0x1234) | PNU, VA, 0 });
	txn.flags |= HW_TXN_TRANSLATED;
	smmuv3_hw_unsupported(fx.hw, &txn, 0x1234);
	assert_false(fx_evt(&fx, rec));
	fx_fini(&fx);
}

/* 7.3.13: bits above the output size are RES0; not those of the input. */
static void test_golden_addresses_end_at_the_output_size(void **state)
{
	struct smmuv3_hw_req req = { .sid = 1, .addr = UINT64_MAX };
	struct smmuv3_hw_fault fault = { .id = 0x10,
					 .class = IN,
					 .s2 = true,
					 .ipa = UINT64_MAX,
					 .fetch = UINT64_MAX };
	struct smmuv3_hw_cfg cfg;

	(void)state;
	smmuv3_hw_cfg_default(&cfg);
	cfg.idr[5] = (cfg.idr[5] & ~7u) | 2;
	fx_start(&fx, &cfg);
	smmuv3_hw_evt_record(smmuv3_hw_of(fx.hw), &req, &fault);
	expect("IPA", (uint64_t[]){ ID(0x10, 1), RNW | S2 | CLASS_IN,
				    UINT64_MAX, UINT64_C(0xfffffff000) });
	fault.id = 0x0b;
	smmuv3_hw_evt_record(smmuv3_hw_of(fx.hw), &req, &fault);
	expect("FetchAddr", (uint64_t[]){ ID(0x0b, 1), RNW | S2 | CLASS_IN,
					  UINT64_MAX, UINT64_C(0xfffffffff8) });
	fx_fini(&fx);
}

static bool has_row(unsigned int id)
{
	unsigned int i;

	for (i = 0; i < ROWS; i++)
		if (rows[i].fault.id == id)
			return true;
	/* It has a test of its own. */
	return id == 0x24;
}

static void test_golden_record_for_every_event(void **state)
{
	unsigned int i;

	(void)state;
	assert_int_equal(sizeof(events) / sizeof(events[0]), 19);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (!has_row(events[i]))
			fail_msg("event %#x has no golden record", events[i]);
	assert_false(has_row(0x26));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_records),
		cmocka_unit_test(test_golden_hint),
		cmocka_unit_test(test_golden_unsupported),
		cmocka_unit_test(test_golden_addresses_end_at_the_output_size),
		cmocka_unit_test(test_golden_record_for_every_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
