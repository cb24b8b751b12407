/* SPDX-License-Identifier: MIT */
/*
 * Several units in one system: two of VT-d, with PASIDs of different widths,
 * and an SMMUv3. One address space is shared with a device behind each, by one
 * PASID, in tables of both formats.
 *
 * The devices are the test's: what they do is translate and ask for pages.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <sva/hosted.h>
#include <sva/ioasid.h>
#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>
#include <sva/sva.h>
#include <sva/vtd.h>
#include <sva/vtd_hw.h>
#include <sva/window.h>

#include "fmt/vtd.h"
#include "models/pcie/pcie.h"
#include "tests/e2e/fixture.h"

enum { WIDE, NARROW, ARM, UNITS };

#define RID                0x0100u /* plus the number of the unit */
#define NARROW_BITS        10u
#define PATIENCE_MS        60000u
#define PAGE_REQUEST_TRIES 8u

/**
 * struct node - a unit and the device behind it
 * @answers: to page requests; @code: the last.
 * @invs:    invalidations of translations that reached the device.
 * @asked:   page requests so far.
 */
struct node {
	void *hw_mem;
	struct iommu_hw *hw;
	struct iommu_unit *unit;
	struct iommu_device *dev;
	struct hw_env env;
	struct pcie_hw pcie;
	struct hw_port port;
	uint32_t rid;
	unsigned int asked;
	_Atomic unsigned int answers;
	_Atomic enum hw_prg_code code;
	_Atomic unsigned int invs;
};

struct units {
	struct plat_hosted *hosted;
	struct iommu_system *sys;
	struct iommu_mm *mm;
	struct node nodes[UNITS];
};

DECLARE_IOASID_SET(units_set);

/* The bus behind a unit. */

static int bus_ats_invalidate(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie)
{
	struct node *n = ctx;

	(void)cookie;
	if (inv->requester != n->rid)
		return -ENODEV;
	atomic_fetch_add(&n->invs, 1);
	return 0;
}

static void bus_prg_response(void *ctx, const struct hw_prg_response *resp)
{
	struct node *n = ctx;

	atomic_store(&n->code, resp->code);
	atomic_fetch_add(&n->answers, 1);
}

static void bus_resume(void *ctx, uint64_t cookie, enum hw_resume how)
{
	(void)ctx, (void)cookie, (void)how;
}

static void on_flr(void *ctx)
{
	(void)ctx;
}

static void on_changed(void *ctx, const struct pcie_hw_state *before)
{
	(void)ctx, (void)before;
}

static const struct pcie_hw_ops pcie_ops = {
	.flr = on_flr,
	.changed = on_changed,
};

static uint32_t cfg_read(void *dev, unsigned int offset, unsigned int size)
{
	struct node *n = dev;

	return pcie_hw_cfg_read(&n->pcie, offset, size);
}

static void cfg_write(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value)
{
	struct node *n = dev;

	pcie_hw_cfg_write(&n->pcie, offset, size, value);
}

static const struct plat_pci_ops cfg_ops = {
	.read = cfg_read,
	.write = cfg_write,
};

/* Units */

static void *alloc_hw(size_t size)
{
	void *mem;

	assert_int_not_equal(size, 0);
	size = (size + 63) & ~(size_t)63;
	mem = aligned_alloc(64, size);
	assert_non_null(mem);
	memset(mem, 0, size);
	return mem;
}

static void make_vtd(struct node *n, const struct hw_bus *bus,
		     unsigned int pasid_bits)
{
	struct vtd_hw_cfg cfg;
	size_t size;

	vtd_hw_cfg_default(&cfg);
	cfg.ecap &= ~FIELD_MASK(VTD_ECAP_PSS);
	cfg.ecap |= REG_PUT(VTD_ECAP_PSS, 0, pasid_bits - 1);
	size = vtd_hw_size(&cfg);
	n->hw_mem = alloc_hw(size);
	assert_int_equal(
		vtd_hw_create(&cfg, &n->env, bus, n->hw_mem, size, &n->hw), 0);
}

static void make_smmuv3(struct node *n, const struct hw_bus *bus)
{
	struct smmuv3_hw_cfg cfg;
	size_t size;

	smmuv3_hw_cfg_default(&cfg);
	size = smmuv3_hw_size(&cfg);
	n->hw_mem = alloc_hw(size);
	assert_int_equal(smmuv3_hw_create(&cfg, &n->env, bus, n->hw_mem, size,
					  &n->hw),
			 0);
}

/* @pasid_bits: for VT-d's driver. */
static void probe(struct units *u, unsigned int i, unsigned int pasid_bits)
{
	static const char *const names[UNITS] = { "vtd.0", "vtd.1",
						  "smmuv3.0" };
	struct node *n = &u->nodes[i];
	const struct vtd_desc vtd = {
		.name = names[i],
		.mmio = sva_window_iommu(n->hw),
		.pasid_bits = pasid_bits,
		.timeout_ms = PATIENCE_MS,
	};
	const struct smmuv3_desc smmuv3 = {
		.name = names[i],
		.mmio = sva_window_iommu(n->hw),
		.sid_bits = 16,
		.timeout_ms = PATIENCE_MS,
	};

	assert_int_equal(i == ARM ? smmuv3_probe(u->sys, &smmuv3, &n->unit) :
				    vtd_probe(u->sys, &vtd, &n->unit),
			 0);
}

static void add_device(struct units *u, unsigned int i)
{
	static const char *const names[UNITS] = { "wide", "narrow", "arm" };
	struct node *n = &u->nodes[i];
	const struct pcie_hw_cfg cfg = {
		.rid = n->rid,
		.vendor = 0x8086,
		.device = 0x5a5a,
		.class_code = 0x088000,
		.bar_size = { 0x10000, 0, 0 },
		.msix_vectors = 1,
		.msix_pba = 0x1000,
		.pasid_bits = IOMMU_PASID_BITS_MAX,
		.ats = true,
		.pri = true,
		.outstanding = 16,
	};
	const struct plat_pci pci = {
		.ops = &cfg_ops,
		.dev = n,
		.rid = (uint16_t)n->rid,
	};
	const struct iommu_device_desc desc = {
		.name = names[i],
		.unit = n->unit,
		.stream_ids = &n->rid,
		.stream_id_count = 1,
		.pci = &pci,
		.pasid_bits = IOMMU_PASID_BITS_MAX,
	};

	assert_int_equal(pcie_hw_init(&n->pcie, &cfg, &pcie_ops, n, &n->env),
			 0);
	assert_int_equal(iommu_device_add(u->sys, &desc, &n->dev), 0);
	assert_int_equal(iommu_dev_enable_feature(n->dev, IOMMU_DEV_FEAT_SVA),
			 0);
	n->hw->ops->port_add(n->hw, &n->port);
}

/*
 * @least: VT-d's drivers are told the least width of both, as an embedder with
 * several units does.
 */
static struct units *units_up(bool least)
{
	struct units *u = aligned_alloc(64, sizeof(*u));
	unsigned int i, width, bits = 0;

	assert_non_null(u);
	memset(u, 0, sizeof(*u));
	assert_int_equal(plat_hosted_create(NULL, &u->hosted), 0);
	assert_int_equal(iommu_system_create(plat_hosted_plat(u->hosted), NULL,
					     &u->sys),
			 0);
	for (i = 0; i < UNITS; i++) {
		struct node *n = &u->nodes[i];
		const struct hw_bus bus = {
			.ctx = n,
			.ats_invalidate = bus_ats_invalidate,
			.prg_response = bus_prg_response,
			.resume = bus_resume,
		};
		struct plat_mmio mmio;

		n->rid = RID + i;
		plat_hosted_env(u->hosted, &n->env);
		if (i == ARM) {
			make_smmuv3(n, &bus);
			continue;
		}
		make_vtd(n, &bus, i == NARROW ? NARROW_BITS : 20);
		mmio = sva_window_iommu(n->hw);
		assert_int_equal(vtd_pasid_bits(&mmio, &width), 0);
		assert_int_equal(width, i == NARROW ? NARROW_BITS : 20);
		if (least && (!bits || width < bits))
			bits = width;
	}
	for (i = 0; i < UNITS; i++) {
		probe(u, i, bits);
		add_device(u, i);
	}
	assert_int_equal(plat_hosted_mm_create(u->hosted, u->sys, &u->mm), 0);
	return u;
}

static void units_down(struct units *u)
{
	unsigned int i;

	iommu_mm_put_users(u->mm);
	for (i = 0; i < UNITS; i++) {
		struct node *n = &u->nodes[i];

		n->hw->ops->port_remove(n->hw, &n->port);
		assert_int_equal(iommu_dev_disable_feature(n->dev,
							   IOMMU_DEV_FEAT_SVA),
				 0);
		assert_int_equal(iommu_device_remove(n->dev), 0);
		assert_int_equal(i == ARM ? smmuv3_remove(n->unit) :
					    vtd_remove(n->unit),
				 0);
	}
	assert_int_equal(iommu_system_destroy(u->sys), 0);
	for (i = 0; i < UNITS; i++) {
		if (i == ARM)
			smmuv3_hw_destroy(u->nodes[i].hw);
		else
			vtd_hw_destroy(u->nodes[i].hw);
		free(u->nodes[i].hw_mem);
	}
	plat_hosted_destroy(u->hosted);
	free(u);
}

/* Devices */

static uint64_t translate(struct node *n, ioasid_t pasid, const void *va)
{
	const struct hw_txn txn = {
		.requester = n->rid,
		.flags = HW_TXN_PASID_VALID,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		.addr = (uintptr_t)va,
	};
	struct hw_ats_reply reply = { 0 };

	n->hw->ops->ats_translate(n->hw, &n->port, &txn, &reply);
	if (reply.status != HW_ATS_SUCCESS || txn.perm & ~reply.xlat.perm)
		return 0;
	return reply.xlat.pa & ~(uint64_t)(PAGE - 1);
}

/* Ask for the page, and wait for the answer. */
static enum hw_prg_code ask(struct node *n, ioasid_t pasid, const void *va)
{
	const struct hw_page_request req = {
		.requester = n->rid,
		.pasid_valid = true,
		.pasid = pasid,
		.addr = (uintptr_t)va,
		.perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE,
		.prgi = (uint16_t)(n->asked % 512),
		.last = true,
	};
	const struct timespec nap = { 0, 1000000 };
	unsigned int before = atomic_load(&n->answers), ms;

	n->asked++;
	n->hw->ops->page_request(n->hw, &req);
	for (ms = 0; atomic_load(&n->answers) == before; ms++) {
		assert_true(ms < PATIENCE_MS);
		nanosleep(&nap, NULL);
	}
	return atomic_load(&n->code);
}

/* Where the device gets to, asking if need be; 0: nowhere. */
static uint64_t reach(struct node *n, ioasid_t pasid, const void *va)
{
	unsigned int i;

	for (i = 0; i < PAGE_REQUEST_TRIES; i++) {
		uint64_t pa = translate(n, pasid, va);

		if (pa)
			return pa;
		if (ask(n, pasid, va) != HW_PRG_SUCCESS)
			return 0;
	}
	return 0;
}

static bool has_uffd(struct units *u)
{
	struct plat_hosted_features features;

	plat_hosted_features(u->hosted, &features);
	return features.uffd;
}

static void bind_all(struct units *u, struct iommu_sva *sva[UNITS])
{
	unsigned int i;

	for (i = 0; i < UNITS; i++)
		assert_int_equal(iommu_sva_bind(u->nodes[i].dev, u->mm, NULL,
						&sva[i]),
				 0);
}

/* [C1] [C5] One PASID behind all, and what one device faulted in, all have. */
static void test_units_one_mm_behind_each(void **state)
{
	struct units *u = units_up(true);
	unsigned char *buf = map_pages(UNITS);
	struct iommu_sva *sva[UNITS];
	ioasid_t pasid;
	unsigned int i, j;

	(void)state;
	if (!has_uffd(u)) {
		units_down(u);
		skip();
		return;
	}
	/* A page that is there before the others ask for their format. */
	assert_int_equal(
		iommu_sva_bind(u->nodes[WIDE].dev, u->mm, NULL, &sva[WIDE]), 0);
	pasid = iommu_sva_get_pasid(sva[WIDE]);
	assert_int_equal(reach(&u->nodes[WIDE], pasid, buf), (uintptr_t)buf);
	assert_int_equal(u->nodes[WIDE].asked, 1);
	iommu_sva_unbind(sva[WIDE]);

	bind_all(u, sva);
	pasid = iommu_sva_get_pasid(sva[WIDE]);
	for (i = 0; i < UNITS; i++) {
		assert_int_equal(iommu_sva_get_pasid(sva[i]), pasid);
		assert_int_equal(translate(&u->nodes[i], pasid, buf),
				 (uintptr_t)buf);
	}
	/* Each faults one in for all. */
	for (i = 1; i < UNITS; i++) {
		unsigned char *page = buf + i * (size_t)PAGE;
		unsigned int asked = u->nodes[i].asked;

		assert_int_equal(translate(&u->nodes[i], pasid, page), 0);
		assert_int_equal(reach(&u->nodes[i], pasid, page),
				 (uintptr_t)page);
		assert_int_equal(u->nodes[i].asked, asked + 1);
		for (j = 0; j < UNITS; j++)
			assert_int_equal(translate(&u->nodes[j], pasid, page),
					 (uintptr_t)page);
	}
	for (i = 0; i < UNITS; i++)
		iommu_sva_unbind(sva[i]);
	unmap_pages(buf, UNITS);
	units_down(u);
}

/* [R9] A page that goes goes from every format, unit and device. */
static void test_units_unmap_reaches_each(void **state)
{
	struct units *u = units_up(true);
	unsigned char *buf = map_pages(1);
	struct iommu_sva *sva[UNITS];
	unsigned int invs[UNITS], i;
	ioasid_t pasid;

	(void)state;
	if (!has_uffd(u)) {
		units_down(u);
		skip();
		return;
	}
	bind_all(u, sva);
	pasid = iommu_sva_get_pasid(sva[WIDE]);
	for (i = 0; i < UNITS; i++)
		assert_int_equal(reach(&u->nodes[i], pasid, buf),
				 (uintptr_t)buf);
	for (i = 0; i < UNITS; i++)
		invs[i] = atomic_load(&u->nodes[i].invs);
	assert_int_equal(madvise(buf, PAGE, MADV_DONTNEED), 0);
	plat_hosted_submit_barrier(u->hosted);
	for (i = 0; i < UNITS; i++) {
		assert_int_equal(translate(&u->nodes[i], pasid, buf), 0);
		assert_true(atomic_load(&u->nodes[i].invs) > invs[i]);
	}
	/* Control: who is not bound any more hears nothing. */
	assert_int_equal(reach(&u->nodes[ARM], pasid, buf), (uintptr_t)buf);
	iommu_sva_unbind(sva[NARROW]);
	for (i = 0; i < UNITS; i++)
		invs[i] = atomic_load(&u->nodes[i].invs);
	assert_int_equal(madvise(buf, PAGE, MADV_DONTNEED), 0);
	plat_hosted_submit_barrier(u->hosted);
	assert_int_equal(atomic_load(&u->nodes[NARROW].invs), invs[NARROW]);
	assert_true(atomic_load(&u->nodes[WIDE].invs) > invs[WIDE]);
	/* And reaches nothing, while the others go on. */
	assert_int_equal(reach(&u->nodes[WIDE], pasid, buf), (uintptr_t)buf);
	assert_int_equal(translate(&u->nodes[ARM], pasid, buf), (uintptr_t)buf);
	assert_int_equal(translate(&u->nodes[NARROW], pasid, buf), 0);
	assert_int_not_equal(ask(&u->nodes[NARROW], pasid, buf),
			     HW_PRG_SUCCESS);
	iommu_sva_unbind(sva[WIDE]);
	iommu_sva_unbind(sva[ARM]);
	unmap_pages(buf, 1);
	units_down(u);
}

/* All PASIDs that the narrow unit has are somebody else's. */
static void take_narrow_pasids(struct units *u)
{
	ioasid_t pasid;

	while (!ioasid_alloc(u->sys, &units_set, IOMMU_FIRST_PASID,
			     (1u << NARROW_BITS) - 1, NULL, &pasid))
		;
}

static void free_narrow_pasids(struct units *u)
{
	ioasid_t pasid;

	for (pasid = IOMMU_FIRST_PASID; pasid < 1u << NARROW_BITS; pasid++)
		(void)ioasid_free(u->sys, pasid);
}

/*
 * [C2] [C5] With widths as found, a PASID of the wide unit may be beyond the narrow
 * one, which then cannot share the address space.
 */
static void test_units_pasid_beyond_narrow_eoverflow(void **state)
{
	struct units *u = units_up(false);
	struct iommu_device_caps caps;
	struct iommu_sva *sva, *none = NULL;

	(void)state;
	iommu_device_caps(u->nodes[WIDE].dev, &caps);
	assert_int_equal(caps.pasid_bits, 20);
	iommu_device_caps(u->nodes[NARROW].dev, &caps);
	assert_int_equal(caps.pasid_bits, NARROW_BITS);
	take_narrow_pasids(u);
	assert_int_equal(iommu_sva_bind(u->nodes[WIDE].dev, u->mm, NULL, &sva),
			 0);
	assert_int_equal(iommu_sva_get_pasid(sva), 1u << NARROW_BITS);
	assert_int_equal(iommu_sva_bind(u->nodes[NARROW].dev, u->mm, NULL,
					&none),
			 -EOVERFLOW);
	assert_null(none);
	iommu_sva_unbind(sva);
	free_narrow_pasids(u);
	units_down(u);
}

/* [C2] With the least for all there is none that not all can have. */
static void test_units_least_width_for_all(void **state)
{
	struct units *u = units_up(true);
	struct iommu_device_caps caps;
	struct iommu_sva *sva = NULL;

	(void)state;
	iommu_device_caps(u->nodes[WIDE].dev, &caps);
	assert_int_equal(caps.pasid_bits, NARROW_BITS);
	take_narrow_pasids(u);
	assert_int_equal(iommu_sva_bind(u->nodes[WIDE].dev, u->mm, NULL, &sva),
			 -ENOSPC);
	assert_null(sva);
	free_narrow_pasids(u);
	assert_int_equal(
		iommu_sva_bind(u->nodes[NARROW].dev, u->mm, NULL, &sva), 0);
	iommu_sva_unbind(sva);
	units_down(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units_one_mm_behind_each),
		cmocka_unit_test(test_units_unmap_reaches_each),
		cmocka_unit_test(test_units_pasid_beyond_narrow_eoverflow),
		cmocka_unit_test(test_units_least_width_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
