/* SPDX-License-Identifier: MIT */
/*
 * Guests, on the fake: what STEs and commands say, with numbers typed from Arm
 * IHI 0070, 4.3 to 4.5 and 5.2. What comes of them is in smmuv3_nested_test.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/drivers/smmuv3_guest_rig.h"

/* 5.2, field by field: stage 2 alone. */
static void test_smmuv3_guest_parent_ste(void **state)
{
	const uint64_t *ste;
	struct bench b;

	(void)state;
	guest_start(&b);
	ste = fake_ste(b.f, SID);
	assert_int_equal(bits(ste[0], 3, 0), 1 | 6 << 1); /* V, Config */
	assert_int_equal(bits(ste[1], 29, 28), 1);        /* EATS */
	assert_int_equal(bits(ste[1], 31, 30), 0);        /* STRW */
	assert_int_not_equal(guest_vmid(&b), 0);
	assert_int_equal(bits(ste[2], 37, 32), 16);   /* S2T0SZ */
	assert_int_equal(bits(ste[2], 39, 38), 2);    /* S2SL0: level 0 */
	assert_int_equal(bits(ste[2], 45, 40), 0x35); /* IR0 OR0 WB, SH0 ISH */
	assert_int_equal(bits(ste[2], 47, 46), 0);    /* S2TG: 4K */
	assert_int_equal(bits(ste[2], 50, 48), 5);    /* S2PS: 48 */
	/* AA64, ENDI, AFFD, PTW, HD, HA, S, R */
	assert_int_equal(bits(ste[2], 58, 51), 0xb9);
	assert_int_not_equal(ste[3], 0);
	assert_int_equal(ste[3] & 0xfff, 0);
	assert_int_equal(iommu_domain_page_sizes(b.parent), K4 | M2 | 512 * M2);
	guest_stop(&b);
}

/* [G1] [G2] [G5]: what the guest says, and nothing else, is in the STE. */
static void test_smmuv3_guest_nested_ste(void **state)
{
	struct iommu_pasid_table_config cfg =
		guest_table_v(0x4567000000, 16, 2, 1);
	uint64_t before[8];
	const uint64_t *ste;
	struct bench b;

	(void)state;
	guest_start(&b);
	memcpy(before, fake_ste(b.f, SID), sizeof(before));
	guest_bind(&b, &cfg);
	ste = fake_ste(b.f, SID);
	assert_int_equal(bits(ste[0], 3, 0), 1 | 7 << 1);
	assert_int_equal(bits(ste[0], 5, 4), 2);
	assert_int_equal(ste[0] & 0xfffffffffffc0, 0x4567000000);
	assert_int_equal(bits(ste[0], 63, 59), 16);
	assert_int_equal(bits(ste[1], 1, 0), 1);
	assert_int_equal(bits(ste[1], 27, 27), 0);
	assert_int_equal(bits(ste[1], 29, 28), 1);
	assert_memory_equal(&ste[2], &before[2], 48);
	guest_unbind(&b);
	assert_memory_equal(fake_ste(b.f, SID), before, 64);

	cfg.config = IOMMU_PASID_CONFIG_BYPASS;
	guest_bind(&b, &cfg);
	assert_memory_equal(fake_ste(b.f, SID), before, 64);
	cfg.config = IOMMU_PASID_CONFIG_ABORT;
	guest_bind(&b, &cfg);
	ste = fake_ste(b.f, SID);
	assert_int_equal(bits(ste[0], 3, 0), 1);
	guest_unbind(&b);
	assert_memory_equal(fake_ste(b.f, SID), before, 64);
	guest_stop(&b);
}

/* [G1] [G3]: the form of 2017 is one array, by its size. */
static void test_smmuv3_guest_info_is_an_array(void **state)
{
	struct pasid_table_info info = {
		.ptr = 0x10000,
		.size = 64 << 6,
		.model = IOMMU_MODEL_ARM_SMMU,
	};
	const uint64_t *ste;
	struct bench b;

	(void)state;
	guest_start(&b);
	assert_int_equal(iommu_bind_pasid_table(b.parent, b.dev, &info), 0);
	ste = fake_ste(b.f, SID);
	assert_int_equal(bits(ste[0], 5, 4), 0);
	assert_int_equal(bits(ste[0], 63, 59), 6);
	assert_int_equal(bits(ste[1], 1, 0), 2); /* SSID0 */
	guest_unbind(&b);
	/* [G3]: more than the device's own. [G4]: another model. */
	info.size = UINT64_C(64) << 21;
	info.ptr = 0;
	assert_int_equal(iommu_bind_pasid_table(b.parent, b.dev, &info),
			 -EINVAL);
	info.size = 63;
	assert_int_equal(iommu_bind_pasid_table(b.parent, b.dev, &info),
			 -EINVAL);
	info.size = 64;
	info.model = IOMMU_MODEL_INTEL_VTD;
	assert_int_equal(iommu_bind_pasid_table(b.parent, b.dev, &info),
			 -EINVAL);
	guest_stop(&b);
}

/* [G5]: what no guest may have is refused, and nothing has changed. */
static void test_smmuv3_guest_bad_tables_are_refused(void **state)
{
	struct iommu_pasid_table_config bad[12];
	uint64_t before[8];
	unsigned int i, n = 0;
	struct bench b;

	(void)state;
	guest_start(&b);
	memcpy(before, fake_ste(b.f, SID), sizeof(before));
	bad[n++] = guest_table(0x1000, 21); /* beyond SSIDSIZE */
	bad[n++] = guest_table(0x20, 0);    /* not of 64 bytes */
	bad[n++] = guest_table(0x1000, 7);  /* not aligned to its size */
	bad[n++] = guest_table(UINT64_C(1) << 48, 0); /* beyond any IPA */
	bad[n++] = guest_table_v(0x10000, 4, 3, 0);   /* S1Fmt */
	bad[n++] = guest_table_v(0x10000, 4, 0, 3);   /* S1DSS */
	bad[n++] = guest_table_v(0x10000, 4, 0, 0);
	bad[n - 1].vendor.smmuv3.version = 2;
	bad[n++] = guest_table_v(0x10000, 4, 0, 0);
	bad[n - 1].vendor.smmuv3.s1stalld = 1; /* no stall model */
	bad[n++] = guest_table_v(0x10000, 4, 0, 0);
	bad[n - 1].vendor_length = 7;
	bad[n++] = guest_table_v(0x10000, 4, 0, 0);
	bad[n - 1].vendor_length = 64;
	bad[n - 1].vendor.bytes[63] = 1;
	bad[n++] = guest_table(0x10000, 5);
	bad[n - 1].size = 64 << 4; /* smaller than it says */
	bad[n++] = guest_table(0x10000, 4);
	bad[n - 1].format = IOMMU_PASID_FORMAT_VTD;
	for (i = 0; i < n; i++)
		assert_int_equal(iommu_attach_pasid_table(b.parent, &bad[i]),
				 -EINVAL);
	assert_int_equal(b.f->op_count, 0);
	assert_memory_equal(fake_ste(b.f, SID), before, 64);
	guest_stop(&b);
}

/* No S2P, or S2 with forced stalls and ATS: no guests. */
static void test_smmuv3_guest_wants_stage2(void **state)
{
	struct iommu_gpasid_bind_data data = {
		.version = IOMMU_GPASID_BIND_VERSION_1,
		.format = IOMMU_PASID_FORMAT_SMMUV3,
		.hpasid = 5,
	};
	struct iommu_domain *d;
	struct bench b;

	(void)state;
	guest_start_idr(&b, 0, 1);
	assert_int_equal(iommu_domain_alloc_parent(b.f->unit, &d), -EOPNOTSUPP);
	guest_stop(&b);

	guest_start_idr(&b, 2u << 24, 3u << 24 & ~(2u << 24));
	assert_int_equal(iommu_domain_alloc_parent(b.f->unit, &d), 0);
	assert_int_equal(iommu_attach_device(d, b.dev), -EOPNOTSUPP);
	assert_int_equal(bits(fake_ste(b.f, SID)[0], 3, 1), 5);
	assert_int_equal(iommu_domain_free(d), 0);
	guest_stop(&b);

	/* [G6]: the CDs are the guest's, all of them or none. */
	guest_start(&b);
	assert_int_equal(iommu_sva_bind_gpasid(b.parent, b.dev, &data),
			 -EOPNOTSUPP);
	/* Behind stage 2 there are no PASIDs of the host's. */
	assert_int_equal(iommu_domain_alloc(b.f->unit, IOMMU_DOMAIN_PAGING, &d),
			 0);
	assert_int_equal(iommu_attach_device_pasid(d, b.dev, 5), -EBUSY);
	assert_int_equal(iommu_attach_device_pasid(b.parent, b.dev, 5),
			 -EINVAL);
	assert_int_equal(iommu_domain_free(d), 0);
	guest_stop(&b);
}

static void look(struct fake *f, const struct smmu_cmd *cmd)
{
	struct bench *b = f->hook_arg;

	(void)cmd;
	assert_true(b->seen_count < 64);
	memcpy(b->seen[b->seen_count++].dw, fake_ste(f, SID), 64);
}

static void watch(struct bench *b)
{
	b->seen_count = 0;
	b->f->hook_arg = b;
	b->f->hook = look;
}

/*
 * [K8] [R7]: between a parent and a guest's table, and between two of them
 * that differ in one word, the STE is never invalid, and stage 2 is there all
 * the time. The SMMU may have any mixture of two that follow each other.
 */
static void check_hitless(struct bench *b, bool hitless)
{
	const uint64_t *now = fake_ste(b->f, SID);
	unsigned int i, j, w, dead = 0;

	b->f->hook = NULL;
	assert_true(b->seen_count > 0);
	for (i = 0; i < b->seen_count; i++) {
		const uint64_t *s = b->seen[i].dw;

		dead += !(s[0] & 1);
		if (!(s[0] & 1))
			continue;
		assert_int_equal(s[2], now[2]);
		assert_int_equal(s[3], now[3]);
		/* Config 6, 7, or the abort of a guest. */
		assert_true(bits(s[0], 3, 1) >= 6 || !bits(s[0], 3, 1));
		if (!i)
			continue;
		/* One word of those that count goes at a time. */
		for (w = j = 0; w < 4; w++)
			j += s[w] != b->seen[i - 1].dw[w];
		assert_true(!(b->seen[i - 1].dw[0] & 1) || j <= 1);
	}
	assert_int_equal(dead == 0, hitless);
}

/* [G1] [G2] [K8] [R7] */
static void test_smmuv3_guest_replace_is_not_torn(void **state)
{
	struct iommu_pasid_table_config a = guest_table_v(0x40000, 8, 0, 2);
	struct iommu_pasid_table_config same = guest_table_v(0x80000, 6, 1, 2);
	struct iommu_pasid_table_config other = guest_table_v(0xc0000, 8, 0, 1);
	struct bench b;

	(void)state;
	guest_start(&b);
	watch(&b);
	guest_bind(&b, &a);
	check_hitless(&b, true);
	/* Word 0 alone: no moment without either table. */
	watch(&b);
	guest_bind(&b, &same);
	check_hitless(&b, true);
	/* Words 0 and 1: through V=0, never a mixture. */
	watch(&b);
	guest_bind(&b, &other);
	check_hitless(&b, false);
	watch(&b);
	guest_unbind(&b);
	check_hitless(&b, true);
	a.config = IOMMU_PASID_CONFIG_ABORT;
	watch(&b);
	guest_bind(&b, &a);
	check_hitless(&b, true);
	watch(&b);
	guest_unbind(&b);
	check_hitless(&b, true);
	guest_stop(&b);
}

struct want {
	unsigned int opcode;
	uint64_t dw0, dw1; /* without the opcode */
};

static void check_ops(struct bench *b, const struct want *want, unsigned int n)
{
	unsigned int i;

	assert_int_equal(b->f->op_count, n);
	for (i = 0; i < n; i++) {
		const struct smmu_cmd *cmd = fake_cmd(b->f, i);

		assert_int_equal(cmd->dw[0] & 0xff, want[i].opcode);
		if (want[i].opcode == SYNC)
			continue;
		assert_int_equal(cmd->dw[0] & ~UINT64_C(0xff), want[i].dw0);
		assert_int_equal(cmd->dw[1], want[i].dw1);
	}
	fake_ops_clear(b->f);
}

#define ATC_ALL SID_OP, 52

/*
 * [R9] [E5]: stage 2, sync, what is of both, sync, devices, sync. Alone, what
 * is of stage 2 and of the device's IOVAs is enough (4.4.3.1).
 */
static void test_smmuv3_guest_unmap_order(void **state)
{
	struct iommu_pasid_table_config cfg = guest_table(0, 4);
	struct bench b;
	uint64_t v;

	(void)state;
	guest_start(&b);
	v = (uint64_t)guest_vmid(&b) << 32;
	assert_int_equal(iommu_map(b.parent, 4 * K4, 9 * K4, 2 * K4, RW), 0);
	assert_int_equal(b.f->op_count, 0);
	assert_int_equal(iommu_unmap(b.parent, 4 * K4, K4, NULL), 0);
	check_ops(&b,
		  (struct want[]){ { S2_IPA, v, 4 * K4 },
				   { SYNC, 0, 0 },
				   { ATC_INV, SID_OP, 4 * K4 },
				   { SYNC, 0, 0 } },
		  4);
	guest_bind(&b, &cfg);
	fake_ops_clear(b.f);
	assert_int_equal(iommu_unmap(b.parent, 5 * K4, K4, NULL), 0);
	check_ops(&b,
		  (struct want[]){ { S2_IPA, v, 5 * K4 },
				   { SYNC, 0, 0 },
				   { NH_ALL, v, 0 },
				   { SYNC, 0, 0 },
				   { ATC_INV, ATC_ALL },
				   { SYNC, 0, 0 } },
		  6);
	/* [G2]: STE, sync, device, sync; what is of both, sync, device, sync. */
	guest_unbind(&b);
	check_ops(&b,
		  (struct want[]){ { CFGI_STE, SID_OP, 1 },
				   { SYNC, 0, 0 },
				   { CFGI_STE, SID_OP, 1 },
				   { SYNC, 0, 0 },
				   { ATC_INV, ATC_ALL },
				   { SYNC, 0, 0 },
				   { S12_VMALL, v, 0 },
				   { SYNC, 0, 0 },
				   { ATC_INV, ATC_ALL },
				   { SYNC, 0, 0 } },
		  10);
	/* Nobody is behind it: nobody has anything. */
	assert_int_equal(iommu_detach_device(b.parent, b.dev), 0);
	fake_ops_clear(b.f);
	assert_int_equal(iommu_map(b.parent, 4 * K4, 9 * K4, K4, RW), 0);
	assert_int_equal(iommu_unmap(b.parent, 4 * K4, K4, NULL), 0);
	assert_int_equal(b.f->op_count, 0);
	assert_int_equal(iommu_domain_free(b.parent), 0);
	b.parent = NULL;
	guest_stop(&b);
}

static struct iommu_cache_invalidate_info by_addr(unsigned int cache,
						  int64_t pasid, int64_t asid,
						  bool leaf, uint64_t addr,
						  uint64_t size, uint64_t n)
{
	struct iommu_cache_invalidate_info i =
		guest_info(cache, IOMMU_INV_GRANU_ADDR);

	i.granu.addr.flags = (pasid >= 0 ? 1u : 0) | (asid >= 0 ? 2u : 0) |
			     (leaf ? 4u : 0);
	i.granu.addr.pasid = pasid < 0 ? 0 : (uint64_t)pasid;
	i.granu.addr.archid = asid < 0 ? 0 : (uint32_t)asid;
	i.granu.addr.addr = addr;
	i.granu.addr.granule_size = size;
	i.granu.addr.nb_granules = n;
	return i;
}

/*
 * [H1] [H2]: each pair of cache and granularity, as the commands it becomes:
 * with the host's VMID and the device's StreamID, whatever the guest says.
 */
static void test_smmuv3_guest_invalidations_are_commands(void **state)
{
	struct iommu_pasid_table_config cfg = guest_table(0, 8);
	struct bench b;
	uint64_t v, a7, p5;
	unsigned int i;

	(void)state;
	guest_start(&b);
	guest_bind(&b, &cfg);
	v = (uint64_t)guest_vmid(&b) << 32;
	a7 = v | UINT64_C(7) << 48;
	p5 = SID_OP | 5 << 12;
	{
		const struct {
			struct iommu_cache_invalidate_info info;
			struct want want;
		} rows[] = {
			{ guest_info(CDS, 0), { CFGI_CD_ALL, SID_OP, 0 } },
			{ guest_by_pasid(CDS, 5, -1), { CFGI_CD, p5, 0 } },
			/* no such CD in the guest's table */
			{ guest_by_pasid(CDS, 300, -1),
			  { CFGI_CD_ALL, SID_OP, 0 } },
			{ guest_info(TLB, 0), { NH_ALL, v, 0 } },
			{ guest_by_pasid(TLB, 5, 7), { NH_ASID, a7, 0 } },
			{ guest_by_pasid(TLB, -1, 7), { NH_ASID, a7, 0 } },
			{ guest_by_pasid(TLB, 5, -1), { NH_ALL, v, 0 } },
			{ by_addr(TLB, -1, 7, false, 5 * M2, K4, 1),
			  { NH_VA, a7, 5 * M2 } },
			{ by_addr(TLB, 5, 7, true, 5 * M2, K4, 1),
			  { NH_VA, a7, 5 * M2 | 1 } },
			{ by_addr(TLB, -1, -1, false, 5 * M2, K4, 1),
			  { NH_VAA, v, 5 * M2 } },
			{ by_addr(TLB, 5, -1, false, 5 * M2, K4, 1),
			  { NH_VAA, v, 5 * M2 } },
			/* of sizes that no command has */
			{ by_addr(TLB, -1, 7, false, 5 * M2, M2, 1),
			  { NH_ASID, a7, 0 } },
			{ by_addr(TLB, -1, -1, false, 0, 1u << 16, 1),
			  { NH_ALL, v, 0 } },
			{ by_addr(TLB, -1, 7, false, 0, K4, UINT64_C(1) << 52),
			  { NH_ASID, a7, 0 } },
			/* no ranges in this SMMU, and more than a table */
			{ by_addr(TLB, -1, 7, false, 0, K4, 513),
			  { NH_ASID, a7, 0 } },
			{ guest_by_pasid(ATC, 5, -1),
			  { ATC_INV, p5 | 1 << 11, 52 } },
			{ guest_by_pasid(ATC, 0, -1), { ATC_INV, ATC_ALL } },
			{ by_addr(ATC, 5, -1, false, 4 * K4, K4, 4),
			  { ATC_INV, p5 | 1 << 11, 4 * K4 | 2 } },
			{ by_addr(ATC, -1, -1, false, 4 * K4, K4, 1),
			  { ATC_INV, SID_OP, 4 * K4 } },
			{ by_addr(ATC, 5, -1, false, 0, K4, UINT64_C(1) << 52),
			  { ATC_INV, p5 | 1 << 11, 52 } },
		};

		for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			fake_ops_clear(b.f);
			assert_int_equal(iommu_cache_invalidate(b.parent, b.dev,
								&rows[i].info),
					 0);
			/* Each is waited for. */
			assert_true(b.f->op_count >= 2);
			assert_int_equal(
				fake_cmd(b.f, b.f->op_count - 1)->dw[0] & 0xff,
				SYNC);
			while (b.f->op_count > 2)
				b.f->op_count--;
			check_ops(&b,
				  (struct want[]){ rows[i].want,
						   { SYNC, 0, 0 } },
				  2);
		}
	}
	guest_unbind(&b);
	guest_stop(&b);
}

/* [H1]: several caches: configuration, TLB, devices, each before the next. */
static void test_smmuv3_guest_caches_in_order(void **state)
{
	struct iommu_cache_invalidate_info all =
		guest_by_pasid(TLB | ATC | CDS, 5, 7);
	struct iommu_pasid_table_config cfg = guest_table(0, 8);
	struct bench b;

	(void)state;
	guest_start(&b);
	assert_int_equal(iommu_cache_invalidate(b.parent, b.dev, &all),
			 -ENODEV);
	guest_bind(&b, &cfg);
	fake_ops_clear(b.f);
	assert_int_equal(iommu_cache_invalidate(b.parent, b.dev, &all), 0);
	check_ops(&b,
		  (struct want[]){
			  { CFGI_CD, SID_OP | 5 << 12, 0 },
			  { SYNC, 0, 0 },
			  { NH_ASID,
			    (uint64_t)guest_vmid(&b) << 32 | UINT64_C(7) << 48,
			    0 },
			  { SYNC, 0, 0 },
			  { ATC_INV, SID_OP | 5 << 12 | 1 << 11, 52 },
			  { SYNC, 0, 0 } },
		  6);
	/* [H2]: an ASID that cannot be. */
	all = guest_by_pasid(TLB, -1, 0x10000);
	assert_int_equal(iommu_cache_invalidate(b.parent, b.dev, &all),
			 -EINVAL);
	assert_int_equal(b.f->op_count, 0);
	guest_unbind(&b);
	guest_stop(&b);
}

/* [R13]: a VMID is somebody else's only after it has left the TLB. */
static void test_smmuv3_guest_vmid_is_flushed_before_reuse(void **state)
{
	struct iommu_domain *d[256], *more;
	unsigned int i, first;
	struct bench b;
	size_t at;

	(void)state;
	guest_start_idr(&b, 0, 1u << 18);
	for (i = 0; i < 255; i++)
		assert_int_equal(iommu_domain_alloc_parent(b.f->unit, &d[i]),
				 0);
	/* 0 is nobody's. */
	assert_int_equal(iommu_domain_alloc_parent(b.f->unit, &more), -ENOSPC);
	assert_int_equal(iommu_attach_device(d[41], b.dev), 0);
	first = guest_vmid(&b);
	assert_int_equal(iommu_detach_device(d[41], b.dev), 0);
	fake_ops_clear(b.f);
	assert_int_equal(iommu_domain_free(d[41]), 0);
	at = fake_find(b.f, S12_VMALL, 0);
	assert_int_equal(at, 0);
	assert_int_equal(fake_cmd(b.f, at)->dw[0] >> 32, first);
	assert_int_equal(fake_find(b.f, SYNC, at), 1);
	assert_int_equal(iommu_domain_alloc_parent(b.f->unit, &d[41]), 0);
	assert_int_equal(iommu_attach_device(d[41], b.dev), 0);
	assert_int_equal(guest_vmid(&b), first);
	assert_int_equal(iommu_detach_device(d[41], b.dev), 0);
	/* It cannot be: the VMID is nobody's any more. */
	b.f->fail_op = S12_VMALL;
	b.f->fail_code = 1;
	b.f->fail_times = 1;
	assert_int_equal(iommu_domain_free(d[41]), 0);
	assert_int_equal(iommu_domain_alloc_parent(b.f->unit, &more), -ENOSPC);
	for (i = 0; i < 255; i++)
		if (i != 41)
			assert_int_equal(iommu_domain_free(d[i]), 0);
	guest_stop(&b);
}

/* Each allocation fails in turn: -ENOMEM, and all is as it was. */
static void test_smmuv3_guest_no_memory_changes_nothing(void **state)
{
	struct iommu_pasid_table_config cfg = guest_table(0, 4);
	uint64_t before[8];
	struct bench b;
	int err;
	long n;

	(void)state;
	guest_start_idr(&b, 0, 0);
	memcpy(before, fake_ste(b.f, SID), sizeof(before));
	for (n = 1, err = -ENOMEM; err; n++) {
		testplat_fail_nth(&b.f->tp, n);
		err = iommu_domain_alloc_parent(b.f->unit, &b.parent);
		assert_true(!err || err == -ENOMEM);
	}
	assert_true(n > 2);
	for (n = 1, err = -ENOMEM; err; n++) {
		assert_memory_equal(fake_ste(b.f, SID), before, 64);
		testplat_fail_nth(&b.f->tp, n);
		err = iommu_attach_device(b.parent, b.dev);
		assert_true(!err || err == -ENOMEM);
	}
	assert_true(n > 2);
	memcpy(before, fake_ste(b.f, SID), sizeof(before));
	for (n = 1, err = -ENOMEM; err; n++) {
		assert_memory_equal(fake_ste(b.f, SID), before, 64);
		testplat_fail_nth(&b.f->tp, n);
		err = iommu_attach_pasid_table(b.parent, &cfg);
		assert_true(!err || err == -ENOMEM);
	}
	assert_true(n > 2);
	/* The way back takes none. */
	testplat_fail_nth(&b.f->tp, 1);
	guest_unbind(&b);
	testplat_fail_nth(&b.f->tp, 0);
	guest_stop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smmuv3_guest_parent_ste),
		cmocka_unit_test(test_smmuv3_guest_nested_ste),
		cmocka_unit_test(test_smmuv3_guest_info_is_an_array),
		cmocka_unit_test(test_smmuv3_guest_bad_tables_are_refused),
		cmocka_unit_test(test_smmuv3_guest_wants_stage2),
		cmocka_unit_test(test_smmuv3_guest_replace_is_not_torn),
		cmocka_unit_test(test_smmuv3_guest_unmap_order),
		cmocka_unit_test(test_smmuv3_guest_no_memory_changes_nothing),
		cmocka_unit_test(test_smmuv3_guest_invalidations_are_commands),
		cmocka_unit_test(test_smmuv3_guest_caches_in_order),
		cmocka_unit_test(
			test_smmuv3_guest_vmid_is_flushed_before_reuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
