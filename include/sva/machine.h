/* SPDX-License-Identifier: MIT */
/*
 * A whole machine in this process: the hosted platform, an IOMMU model and its
 * driver, accelerators and theirs, and the address space of the process. What
 * the sva command and the examples start from.
 */
#ifndef SVA_MACHINE_H
#define SVA_MACHINE_H

#include <sva/device.h>
#include <sva/dsa.h>
#include <sva/dsa_hw.h>
#include <sva/hosted.h>
#include <sva/mm.h>
#include <sva/model.h>
#include <sva/system.h>

struct sva_machine;

enum sva_iommu {
	SVA_IOMMU_SMMUV3,
	SVA_IOMMU_VTD,
};

/**
 * enum sva_faults - what the accelerator does about absent pages
 * @SVA_FAULTS_PRI: it is a PCIe function that sends page requests.
 * @SVA_FAULTS_STALL: it is a platform device, and the IOMMU stalls its
 *        transactions: SMMUv3 only.
 */
enum sva_faults {
	SVA_FAULTS_PRI,
	SVA_FAULTS_STALL,
};

/**
 * enum sva_lack - something of SVA's requirements left out
 *
 * The machine comes up, and its device works without SVA.
 *
 * @SVA_LACKS_PASID, @SVA_LACKS_ATS, @SVA_LACKS_PRI: the accelerator has no such
 *        capability. With SVA_FAULTS_PRI; ATS takes PRI with it.
 * @SVA_LACKS_UNIT_PASID: SMMU_IDR1.SSIDSIZE is 0; ECAP.PASID is 0.
 * @SVA_LACKS_COHERENCE:  SMMU_IDR0.COHACC is 0; ECAP.SMPWCS is 0.
 * @SVA_LACKS_GRANULE:    of 4 KiB; an SMMU has that of 64 KiB. VT-d, where all
 *        units have pages of 4 KiB: of 1 GiB, CAP.FS1GP is 0, which tables of
 *        CPUs may have.
 */
enum sva_lack {
	SVA_LACKS_NOTHING,
	SVA_LACKS_PASID,
	SVA_LACKS_UNIT_PASID,
	SVA_LACKS_COHERENCE,
	SVA_LACKS_ATS,
	SVA_LACKS_PRI,
	SVA_LACKS_GRANULE,
};

/**
 * struct sva_machine_cfg - settings; all zero is the default
 * @iommu, @faults, @lacks, @personality: see there.
 * @engines: of the accelerator, each with a thread; 0: 1.
 * @hosted: of the platform; @hosted.table_fmt is that of @iommu.
 */
struct sva_machine_cfg {
	enum sva_iommu iommu;
	enum sva_faults faults;
	enum sva_lack lacks;
	enum hw_personality personality;
	unsigned int engines;
	struct plat_hosted_cfg hosted;
};

/**
 * sva_machine_create() - build one and switch it on
 * @cfg: copied; NULL for the defaults.
 *
 * Context: may sleep. One machine per process.
 * Return:  0, -EINVAL settings that do not exist, or not together; or what a
 *          part met.
 * Test:    tests/e2e/machine_test.c
 */
SVA_MUST_CHECK int sva_machine_create(const struct sva_machine_cfg *cfg,
				      struct sva_machine **ret_machine);

/**
 * sva_machine_destroy() - switch it off
 *
 * Work queues are closed and handles unbound. NULL is allowed.
 *
 * Return: 0, -EBUSY work queues or handles are left: nothing changed. -EBUSY
 *         also while the caller has a user of the address space, or devices or
 *         domains of its own: then the accelerator is closed already, and the
 *         call is to be repeated without them.
 */
SVA_MUST_CHECK int sva_machine_destroy(struct sva_machine *machine);

/* The parts; they live as long as the machine. */
struct iommu_system *sva_machine_system(struct sva_machine *machine);
struct plat_hosted *sva_machine_hosted(struct sva_machine *machine);
struct iommu_mm *sva_machine_mm(struct sva_machine *machine);
struct iommu_device *sva_machine_device(struct sva_machine *machine);
struct dsa *sva_machine_dsa(struct sva_machine *machine);
struct iommu_hw *sva_machine_iommu_hw(struct sva_machine *machine);
struct dsa_hw *sva_machine_dsa_hw(struct sva_machine *machine);

/**
 * struct sva_machine_stats - all counters of the machine, by who counted
 */
struct sva_machine_stats {
	struct iommu_hw_stats iommu_hw;
	struct dsa_hw_stats dsa_hw;
	struct iommu_system_stats system;
};

void sva_machine_stats(struct sva_machine *machine,
		       struct sva_machine_stats *ret_stats);

#endif
