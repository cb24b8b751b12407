/* SPDX-License-Identifier: MIT */
/*
 * A system with a VT-d unit of the model, whose caches forget nothing by
 * themselves, and a device with a translation cache of its own. Invalidations
 * can be taken out of the queue.
 */
#ifndef TESTS_DRIVERS_VTD_BENCH_H
#define TESTS_DRIVERS_VTD_BENCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/device.h>
#include <sva/domain.h>
#include <sva/mm.h>
#include <sva/system.h>
#include <sva/vtd.h>
#include <sva/vtd_hw.h>

#include "pgtable/x86_64.h"
#include "tests/drivers/atc.h"
#include "tests/support/testplat.h"

enum {
	VBENCH_SID = 0x321,
	VBENCH_LOG = 512,
};

/* A kind of descriptor; granularity 0: any. */
struct vbench_kind {
	const char *name;
	unsigned int type;
	unsigned int g;
};

struct vbench_pages {
	void *pages;
	size_t size;
	struct vbench_pages *next;
};

/*
 * Pages are kept to the end: where an invalidation is left out, the unit reads
 * what is freed.
 */
struct vbench {
	struct testplat tp;
	struct plat_ops ops;
	struct plat plat;
	struct vbench_pages *dead;
	pthread_mutex_t dead_lock;
	struct iommu_system *sys;
	struct iommu_unit *unit;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	struct iommu_device *dev;
	struct vbench_kind drop; /* type 0: none */
	const bool *drop_set;    /* by index, wait descriptors not counted */
	unsigned int seen;
	uint64_t log[VBENCH_LOG];
	bool log_named[VBENCH_LOG]; /* a device TLB had it */
	bool watch;                 /* fill log_took; one thread */
	bool log_took[VBENCH_LOG];  /* the unit had something of it */
	unsigned int inv_next;      /* the next one of a device TLB */
	bool drop_pd;               /* waits are without PD */
	uint64_t tail_seen;
	bool deaf; /* writes of the invalidation queue's tail are lost */

	uint8_t cfg[4096];
	struct plat_pci pci;

	uint64_t watch_pa; /* count loads from this page */
	unsigned int watch_loads;
	/* Each access of the unit's to memory; it fails if this says so. */
	bool (*on_access)(struct vbench *b, uint64_t pa, size_t len,
			  bool write);
	/* What a load of the unit's gives instead. */
	uint64_t (*on_load)(struct vbench *b, uint64_t pa, uint64_t value);
	void *on_access_arg;

	struct atc atc;
	bool slow_atc;
	bool mute_atc;            /* it never says that it has forgotten */
	unsigned int inv_pending; /* answers that are due */
	uint64_t inv_cookies[32];
	struct hw_prg_response prg;
	unsigned int prg_count;
	void (*on_prg)(struct vbench *b); /* on its way, no lock is held */
	void *on_prg_arg;
};

/* An address space in the CPU's own format. */
struct vbench_space {
	struct iommu_mm mm;
	struct x86_64 table;
	pthread_mutex_t lock;
	unsigned int faults;
	int fault_err;
	bool exited, freed;
};

struct vbench *vbench_make(enum hw_personality personality,
			   unsigned int command_batch);
int vbench_probe(struct vbench *b, unsigned int timeout_ms);
void vbench_add_device(struct vbench *b);
void vbench_unmake(struct vbench *b);

/* An address space of four levels or five; of its creator until it exits. */
void vbench_make_space(struct vbench *b, struct vbench_space *m,
		       unsigned int levels);
void vbench_map(struct vbench_space *m, uint64_t va, uint64_t pa);
void vbench_unmap(struct vbench_space *m, uint64_t start, uint64_t end);

/* The physical address a DMA read goes to, or 0: aborted. */
uint64_t vbench_dma(struct vbench *b, ioasid_t pasid, uint64_t va);
/* The same through a port of the caller's: any number of threads. */
uint64_t vbench_dma_at(struct vbench *b, struct hw_port *port, ioasid_t pasid,
		       uint64_t va);
/* Ask for a translation and keep it. */
uint64_t vbench_ats(struct vbench *b, ioasid_t pasid, uint64_t va);
bool vbench_atc_has(struct vbench *b, ioasid_t pasid, uint64_t va);

int vbench_attach(struct vbench *b, struct vbench_space *m, ioasid_t pasid,
		  struct iommu_domain **ret_d);
void vbench_detach(struct vbench *b, struct iommu_domain *d, ioasid_t pasid);

/* Of a descriptor, by its first word. */
unsigned int vbench_type_of(uint64_t dw0);

#endif
