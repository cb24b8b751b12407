/* SPDX-License-Identifier: MIT */
/*
 * The driver on the model, with the command queue in the hands of the test:
 * what the driver writes into it reaches the model command by command, in a
 * queue of the bench's own.
 *
 * So a command can be dropped, whichever it is; and invalidations can be held
 * back until a CMD_SYNC asks for them, since nothing else guarantees that they
 * have taken effect (4.7.3). The device in front has a translation cache, and
 * either takes its time to invalidate or asks again at once.
 */
#ifndef TESTS_DRIVERS_SMMUV3_BENCH_H
#define TESTS_DRIVERS_SMMUV3_BENCH_H

#include <sva/smmuv3_hw.h>

#include "tests/drivers/smmuv3_fixture.h"

enum {
	BENCH_SID = 0x21,
	BENCH_ATC = 64,
	BENCH_UNUSED_SSID = 9,
	BENCH_PAGES = 512,
	BENCH_HELD = 512,
	BENCH_LOG = 1024,
	BENCH_FIRMWARE_SSIDS = 16,
	BENCH_PIECES_SSIDS = 256,
	BENCH_FIRMWARE_VA = 0x10000,
	BENCH_FIRMWARE_PA = 0xbad0000,
};

/* What the SMMU is. */
enum bench_smmu {
	BENCH_DEFAULT,
	BENCH_SMALL, /* 16 KiB, linear tables, no ranges, stalls, no PCIe */
	BENCH_LARGE, /* 64 KiB, 52 bits, EL2 */
	BENCH_SMMUS,
};

enum bench_device {
	BENCH_SLOW,   /* completes an invalidation some time later */
	BENCH_GREEDY, /* at once, and asks for the same addresses again */
	/*
	 * Slow; and the SMMU keeps STEs and CDs by words: word 0 is always
	 * fetched again, the others when they were invalidated (3.21.3). The
	 * device looks before each command of the driver.
	 */
	BENCH_PIECES,
	BENCH_DEVICES,
};

struct bench_atc_entry {
	bool valid;
	bool going; /* invalidated, not yet said so */
	ioasid_t pasid;
	uint64_t va, pa;
	unsigned int perm;
};

/* The words of a structure but the first, as the SMMU has them. */
struct bench_pieces {
	bool valid[8];
	uint64_t dw[8];
};

/**
 * struct bench - see above
 * @drop:  by number, from the probe on: the command does not reach the model.
 * @count: how many the driver has written, answers to faults apart; @log:
 *         which, and
 * @log_epoch: how often the device had looked on purpose before, and
 * @log_named: how many entries of the device an ATC invalidation named.
 * @stalled: a transaction waits for the driver's answer.
 * @look:  called around each command that is about an STE or a CD.
 * @astray: the SMMU read what is nobody's memory, or no more: only a driver
 *          whose invalidations do not arrive lets it. Where that is, is aborted.
 * @pages:  what the driver and the page tables have.
 */
struct bench {
	struct fake f; /* its system and its PCIe function; no registers */
	enum bench_smmu smmu;
	enum bench_device device;
	enum hw_personality personality;
	struct smmuv3_hw_cfg cfg;
	unsigned int granule_lg2;
	bool pcie, stall;

	struct plat_ops ops;
	const struct plat_ops *below;
	struct {
		uint64_t start, size;
	} pages[BENCH_PAGES];

	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	struct iommu_device *dev;

	/* The driver's queue, and the model's. */
	uint64_t cmdq_base;
	uint32_t prod, cons;
	void *shadow;
	uint32_t shadow_prod;
	bool in_sync;
	struct smmu_cmd held[BENCH_HELD];
	unsigned int held_count;
	const bool *drop;
	unsigned int count;
	struct smmu_cmd log[BENCH_LOG];
	unsigned int log_epoch[BENCH_LOG], log_named[BENCH_LOG];
	unsigned int epoch;

	void *firmware; /* its tables */
	struct bench_atc_entry atc[BENCH_ATC];
	unsigned int inv_pending;
	uint64_t inv_cookie;
	unsigned int polls;
	struct hw_prg_response prg;
	unsigned int prg_count;
	unsigned int resume_count;
	bool retried;
	bool stalled;

	uint64_t strtab;
	uint32_t strtab_cfg;
	struct bench_pieces ste, cd[BENCH_PIECES_SSIDS];
	void (*look)(void *arg);
	void *look_arg;
	bool looking, cfgi;
	bool answers, asks, counted;
	bool astray;
	uint64_t given_back; /* a CD or a table, free by now */
};

/* An address space with the granule of the bench. Faults are refused. */
struct bench_mm {
	struct iommu_mm mm;
	struct bench *b;
	struct arm_lpae table;
	struct iommu_mm_table desc;
	bool faults_work;
	unsigned int faults;
	bool exited, freed;
};

/* A model that was used before, with all of it still in its caches. */
struct bench *bench_make(enum bench_smmu smmu, enum bench_device device,
			 enum hw_personality personality);
int bench_probe(struct bench *b);
/* PCIe, or a platform device that stalls. */
int bench_add_device(struct bench *b);
/* From then on the CD of BENCH_UNUSED_SSID is not to be read. */
void bench_remove_device(struct bench *b);
void bench_free(struct bench *b);

void bench_mm_init(struct bench_mm *m, struct bench *b);
/* Page @n of 64 KiB, at @pa. */
void bench_map(struct bench_mm *m, uint64_t va, uint64_t pa, unsigned int perm);
/* A page less, or another permission; the IOMMU is told. */
void bench_unmap(struct bench_mm *m, uint64_t start, uint64_t end);
void bench_protect(struct bench_mm *m, uint64_t va, uint64_t pa,
		   unsigned int perm);

/* The physical address that a DMA goes to, or 0: aborted. */
uint64_t bench_dma(struct bench *b, ioasid_t pasid, uint64_t va,
		   unsigned int perm);
/*
 * Through the cache of the device, as a PCIe function does it; without one the
 * same as bench_dma().
 */
uint64_t bench_dma_cached(struct bench *b, ioasid_t pasid, uint64_t va,
			  unsigned int perm);
/* The interrupts, and what the driver makes of them. */
void bench_serve(struct bench *b);

/* smmuv3_bench_env.c: memory, locks, interrupts. */
void bench_surround(struct bench *b, struct hw_env *ret_env);
/* Where the CD is by the tables as they are; 0: nowhere. */
uint64_t bench_cd_at(const struct bench *b, unsigned int ssid);
/* A CFGI takes effect on the words. */
void bench_drop_pieces(struct bench *b, const struct smmu_cmd *cmd);

#endif
