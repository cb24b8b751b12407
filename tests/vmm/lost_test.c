/* SPDX-License-Identifier: MIT */
/*
 * A host without room for what a guest asks: what the guest has taken from its
 * function is taken, and the function works again when there is room.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>

#include <sva/sva.h>

#include "base/bits.h"
#include "core/driver.h"
#include "fmt/smmuv3_regs.h"
#include "fmt/vtd_regs.h"
#include "tests/vmm/fixture.h"
#include "vmm/vmm.h"

/* The host's driver, which is out of something while this is not 0. */
static struct iommu_unit_ops narrow_ops;
static const struct iommu_unit_ops *wide_ops;
static int no_room;
static bool late; /* where it is attached, not where it is made */

static int narrow_domain_alloc(struct iommu_unit *unit,
			       enum iommu_domain_type type, struct iommu_mm *mm,
			       struct iommu_domain **ret_domain)
{
	return no_room ? no_room :
			 wide_ops->domain_alloc(unit, type, mm, ret_domain);
}

static int narrow_nested_alloc(struct iommu_domain *parent,
			       struct iommu_device *dev,
			       const struct iommu_nest *nest,
			       struct iommu_domain **ret_domain)
{
	return no_room && !late ?
		       no_room :
		       wide_ops->nested_alloc(parent, dev, nest, ret_domain);
}

static int narrow_set(struct iommu_domain *domain, struct iommu_device *dev,
		      ioasid_t pasid, struct iommu_domain *old)
{
	return no_room ? no_room :
			 wide_ops->set_dev_pasid(domain, dev, pasid, old);
}

static int narrow_map(struct iommu_domain *domain, uint64_t iova, uint64_t pa,
		      uint64_t size, unsigned int perm)
{
	return no_room ? no_room : wide_ops->map(domain, iova, pa, size, perm);
}

/* Nothing has used the device yet. */
static struct vmm_host *narrow_host(void)
{
	struct vmm_host *host = fixture_host(1);

	no_room = 0;
	wide_ops = host->unit->ops;
	narrow_ops = *wide_ops;
	narrow_ops.domain_alloc = narrow_domain_alloc;
	narrow_ops.nested_alloc = narrow_nested_alloc;
	narrow_ops.set_dev_pasid = narrow_set;
	narrow_ops.map = narrow_map;
	host->unit->ops = &narrow_ops;
	return host;
}

/* Without the guest's driver. */
static void switch_iommu(struct vmm_guest *guest, bool on)
{
	const struct plat_mmio win = vmm_unit_window(guest);
	uint32_t value;

	if (fixture_pair->guest == SVA_IOMMU_SMMUV3) {
		value = mmio_read32(&win, SMMU_CR0);
		value &= ~(uint32_t)FIELD_MASK(SMMU_CR0_SMMUEN);
		if (on)
			value |= (uint32_t)FIELD_MASK(SMMU_CR0_SMMUEN);
		mmio_write32(&win, SMMU_CR0, value);
		return;
	}
	value = (uint32_t)FIELD_MASK(VTD_GCMD_QIE);
	if (on)
		value |= (uint32_t)FIELD_MASK(VTD_GCMD_TE);
	mmio_write32(&win, VTD_GCMD, value);
}

static bool reaches(struct vmm_host *host, ioasid_t pasid, uint64_t va)
{
	const struct hw_txn txn = {
		.requester = VMM_HOST_RID(0),
		.flags = pasid ? HW_TXN_PASID_VALID : 0,
		.pasid = pasid,
		.perm = IOMMU_PERM_READ,
		.addr = va,
	};
	struct hw_port port = { 0 };
	struct hw_xlat xlat;
	int err;

	host->iommu->ops->port_add(host->iommu, &port);
	err = host->iommu->ops->translate(host->iommu, &port, &txn, &xlat);
	if (!err)
		hw_port_done(&port);
	host->iommu->ops->port_remove(host->iommu, &port);
	return !err;
}

static void works(struct vmm_guest *guest, struct dsa_wq *wq, struct proc *p)
{
	struct dsa_result result;

	proc_open(p, guest, PAGE);
	proc_fill(p, 7);
	assert_int_equal(proc_copy(p, wq, 0, &result), 0);
	assert_int_equal(result.status, 0);
	assert_true(proc_holds(p, DST_VA, 7));
}

static void lose(int err, bool at_attach)
{
	struct vmm_host *host = narrow_host();
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct proc before, after;
	ioasid_t pasid;

	works(guest, wq, &before);
	pasid = iommu_sva_get_pasid(before.sva);
	assert_true(reaches(host, pasid, SRC_VA));

	late = at_attach;
	no_room = err;
	switch_iommu(guest, false);
	assert_false(reaches(host, pasid, SRC_VA));
	assert_false(reaches(host, IOMMU_NO_PASID, VMM_RAM_GPA));
	/* Again, when all that is left is what it was refused. */
	switch_iommu(guest, true);
	assert_false(reaches(host, pasid, SRC_VA));
	assert_false(reaches(host, IOMMU_NO_PASID, VMM_RAM_GPA));

	no_room = 0;
	switch_iommu(guest, false);
	switch_iommu(guest, true);
	proc_close(&before);
	works(guest, wq, &after);
	assert_int_equal(dsa_wq_close(wq), 0);
	proc_close(&after);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	assert_int_equal(atomic_load(&host->unit->domain_count), 0);
	host->unit->ops = wide_ops;
	fixture_host_close(host);
}

/* Memory, hardware ids, and memory where it is attached. [G5] */
static void test_lost_reaches_nothing(void **state)
{
	(void)state;
	lose(-ENOMEM, false);
	lose(-ENOSPC, false);
	lose(-ENOMEM, true);
}

/* Its end while there is nothing: the host has nothing of it. [G2] */
static void test_lost_dies(void **state)
{
	struct vmm_host *host = narrow_host();
	struct vmm_guest *guest = fixture_guest(host, 0);
	struct dsa_wq *wq = fixture_wq(guest);
	struct proc p;

	(void)state;
	works(guest, wq, &p);
	late = false;
	no_room = -ENOMEM;
	switch_iommu(guest, false);
	vmm_guest_kill(guest);
	assert_int_equal(atomic_load(&host->unit->domain_count), 0);
	assert_false(reaches(host, iommu_sva_get_pasid(p.sva), SRC_VA));
	assert_false(reaches(host, IOMMU_NO_PASID, VMM_RAM_GPA));
	no_room = 0;
	(void)dsa_wq_close(wq);
	proc_close(&p);
	assert_int_equal(vmm_guest_destroy(guest), 0);
	host->unit->ops = wide_ops;
	fixture_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_reaches_nothing),
		cmocka_unit_test(test_lost_dies),
	};

	return fixture_run_assigned_tests(tests);
}
