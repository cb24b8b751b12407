/* SPDX-License-Identifier: MIT */
/*
 * The functions of drivers/mock/mock.h on a real driver, with the model of its
 * IOMMU behind it, so that the tests of core run on it unchanged.
 *
 * What the mock can be told to fail or to forget is done around the driver's
 * ops. A device is a PCIe function with a translation cache, whatever the test
 * says it is; one that would stall sends page requests.
 *
 * Files: ops.c stands around the driver's ops; device.c is the devices; env.c
 * what a model asks of its surroundings; tables.c shows the tests' tables to
 * it; run.c leaves tests out. <vendor>/vendor.c is what a vendor has.
 */
#ifndef TESTS_CORE_HW_SHIM_H
#define TESTS_CORE_HW_SHIM_H

#include <pthread.h>

#include <sva/model.h>

#include "core/driver.h"
#include "drivers/mock/mock.h"
#include "models/pcie/pcie.h"
#include "tests/support/testplat.h"

#define SHIM_DEVICES   16u
#define SHIM_ROOTS     64u
#define SHIM_REQUESTS  2048u
#define SHIM_RESPONSES 8192u
#define SHIM_CACHED    256u

/* A test that asks for what hardware does not do, or not in that way. */
struct shim_left_out {
	const char *test;
	const char *why;
};

/**
 * struct shim_vendor - what the shim does not know of an IOMMU
 * @make:  the model, with MOCK_PASID_BITS, pages of 4 KiB, and without what
 *         @cfg takes away. *@ret_mem is for free().
 * @entry: what the tables in memory say of a pair, beginning at the registers,
 *         as the hardware finds it.
 * @table: an entry of an upper level that leads to the table at @pa; @page: one
 *         that maps a page.
 * @answers_absent: the unit itself answers requests for a PASID that has no
 *         entry. Core hears of none before set_dev_pasid() has written one;
 *         what a test does before that op is done before it returns.
 * @left_out: ends with NULL.
 */
struct shim_vendor {
	struct iommu_hw *(*make)(const struct mock_cfg *cfg,
				 const struct hw_env *env,
				 const struct hw_bus *bus, void **ret_mem);
	void (*destroy)(struct iommu_hw *hw);
	int (*probe)(struct iommu_system *sys, const struct plat_mmio *mmio,
		     struct iommu_unit **ret_unit);
	int (*remove)(struct iommu_unit *unit);
	enum mock_entry (*entry)(struct iommu_hw *hw, uint32_t rid,
				 ioasid_t pasid);
	enum iommu_table_fmt fmt;
	uint64_t (*table)(uint64_t pa);
	uint64_t (*page)(uint64_t pa, bool writable);
	bool answers_absent;
	const struct shim_left_out *left_out;
};

/* The one that the tests are linked with. */
extern const struct shim_vendor shim_vendor;

struct shim_device {
	struct mock *mock;
	struct iommu_device *dev; /* NULL: free */
	uint32_t rid;
	struct pcie_hw pcie;
	bool faults;
};

/* A request the device has sent, or is going to. */
struct shim_sent {
	struct shim_device *d; /* NULL: free */
	struct iommu_device *dev;
	struct iommu_fault_page_request prm;
	bool held;
	bool by_core; /* core is answering it */
};

struct shim_cached {
	struct shim_device *d; /* NULL: free */
	ioasid_t pasid;
	uint64_t va;
	unsigned int perm;
	uint64_t pa;
};

struct mock {
	struct iommu_unit_ops ops; /* first: the unit points here */
	const struct iommu_unit_ops *real;
	struct mock_cfg cfg;
	struct testplat *tp;
	struct iommu_unit *unit;
	struct hw_env env;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	pthread_mutex_t port_lock;

	pthread_t irq_thread;
	pthread_mutex_t irq_lock; /* of what follows */
	pthread_cond_t irq_change;
	bool irq; /* one has come */
	bool irq_runs;
	bool irq_stop;

	pthread_mutex_t lock; /* of what follows */
	struct shim_device devices[SHIM_DEVICES];
	struct {
		uint64_t pa;
		unsigned int uses;
	} roots[SHIM_ROOTS];
	struct shim_sent sent[SHIM_REQUESTS];
	struct mock_response responses[SHIM_RESPONSES];
	unsigned int response_count;
	struct shim_cached cached[SHIM_CACHED];
	unsigned int cached_next;
	unsigned int invs; /* invalidations devices were asked for */
	bool deaf;         /* devices do not do what they are asked for */
	bool hold;
	unsigned int defects;
	struct {
		unsigned int nth;
		int err;
	} fail[MOCK_OP_COUNT];
	unsigned int calls[MOCK_OP_COUNT];
	enum mock_op log[MOCK_LOG];
	unsigned int log_count;
};

static inline struct mock *shim_of(const struct iommu_unit *unit)
{
	return (struct mock *)(uintptr_t)unit->ops;
}

bool shim_has_defect(struct mock *m, unsigned int defect);

/* env.c: what the model is made with; interrupts run from then on. */
void shim_env_init(struct mock *m);
void shim_env_fini(struct mock *m);
/* No handler runs, or is about to. */
bool shim_irqs_done(struct mock *m);
/* The registers of m->hw. */
struct plat_mmio shim_window(struct mock *m);

/* tables.c: a table of the tests is in use, or not any more. */
void shim_root_get(struct mock *m, struct iommu_mm *mm);
void shim_root_put(struct mock *m, struct iommu_mm *mm);
/* True: @pa is in a made-up table, and *@ret_value is what it reads. */
bool shim_table_load(struct mock *m, uint64_t pa, uint64_t *ret_value);

/* device.c */
extern const struct hw_bus shim_bus; /* but for its ctx */
struct shim_device *shim_device(struct mock *m, const struct iommu_device *dev);
/* The function of a device that is being probed. Return: 0, -ENOSPC, ... */
int shim_device_take(struct mock *m, struct iommu_device *dev,
		     const struct iommu_device_desc *desc,
		     struct plat_pci *ret_pci);
void shim_device_release(struct mock *m, struct shim_device *d);
/* Send what was held back, of one device or, with NULL, of all. */
void shim_send_held(struct mock *m, const struct shim_device *of);
/* Core answers @req now. */
void shim_answering(struct mock *m, struct iommu_device *dev,
		    const struct iommu_fault_page_request *req);

/* ops.c */
void shim_ops_init(struct mock *m);

#endif
