/* SPDX-License-Identifier: MIT */
/*
 * Two guests that may do anything, on the driver and the model; and a list of
 * what each of them may reach. One thread. For a test and for a fuzz target, so
 * nothing here asserts: a finding is noted in @finding, once.
 *
 * Physical memory is an array of pages, each of which is the host's, a second
 * stage's, mapped for a guest, or nobody's. The oracle is about every access of
 * a device, and of the SMMU on its behalf: the host's tables, or what this
 * guest's parent maps at that moment, with its permissions. That holds from the
 * return of iommu_unmap() on, for the device's own cache, too.
 */
#ifndef TESTS_DRIVERS_SMMUV3_ISO_H
#define TESTS_DRIVERS_SMMUV3_ISO_H

#include <sva/fault.h>
#include <sva/guest.h>
#include <sva/smmuv3.h>
#include <sva/smmuv3_hw.h>
#include <sva/system.h>

enum {
	ISO_GUESTS = 2,
	/* Of RAM, which begins at ISO_RAM_BASE. */
	ISO_PAGES = 4096,
	/* The first are what the host allocates. */
	ISO_HOST_PAGES = 1024,
	/* Guest-physical, from 0; the last 512 are one block. */
	ISO_GPA_PAGES = 1024,
	ISO_SMALL = 48, /* that are mapped page by page, at first */
	ISO_ATC = 32,
	ISO_REQUESTS = 8,
	ISO_IRQS = 8,
};

#define ISO_RAM_BASE UINT64_C(0x40000000)
#define ISO_RAM_SIZE ((size_t)ISO_PAGES << 12)

enum iso_owner {
	ISO_NOBODY,
	ISO_HOST,   /* the driver's tables and queues */
	ISO_STAGE2, /* of guest 0; the next of guest 1 */
	ISO_STAGE2_1,
	ISO_MAPPED, /* for guest 0, and so on */
	ISO_MAPPED_1,
};

/* Defects, for which there has to be a finding. */
enum iso_defect {
	ISO_NONE,
	ISO_NO_STAGE2, /* the SMMU sees STEs without stage 2 */
	ISO_NO_S2_IPA, /* these commands get lost */
	ISO_NO_NH_ALL,
	ISO_NO_ATC_INV,
	ISO_NO_S12,
	ISO_NO_CFGI_STE,
	ISO_DEFECTS,
};
extern const char *const iso_defects[ISO_DEFECTS];

/* What the machine is, or-ed. */
enum iso_shape {
	ISO_EAGER = 1 << 0,     /* caches that forget */
	ISO_NO_RANGES = 1 << 1, /* no RIL, no HTTU, VMIDs of 8 bits */
	ISO_STALLS = 1 << 2,    /* platform devices that stall, without ATS */
};

struct iso_atc {
	bool valid;
	bool pasid_valid;
	ioasid_t pasid;
	uint64_t va, pa;
	uint32_t perm;
};

struct iso_guest {
	uint32_t sid;
	struct iommu_device *dev;
	struct iommu_domain *parent;
	uint8_t cfg[4096];
	struct plat_pci pci;
	bool attached, bound;
	uint16_t hpage[ISO_GPA_PAGES]; /* 0: not mapped */
	struct iso_atc atc[ISO_ATC];
	unsigned int atc_next;
	struct iommu_fault_page_request req[ISO_REQUESTS];
	unsigned int req_count;
};

struct iso_irq {
	void (*fn)(void *arg);
	void *arg;
	bool pending;
};

/**
 * struct iso - see above
 * @next:      where choices come from: a number of 64 bits.
 * @current:   the guest whose device the SMMU serves now; -1: none.
 * @amid:      the driver is submitting commands.
 * @still:     tables do not change while they are walked.
 * @stalled:   transactions that wait in the SMMU.
 * @accesses, @reached: transactions and translation requests; those that led
 *             somewhere. @nested: of these, through two stages.
 */
struct iso {
	uint64_t (*next)(void *arg);
	void *next_arg;
	enum iso_defect defect;
	const char *finding;

	uint8_t *ram;
	uint8_t owner[ISO_PAGES];
	uint8_t perm[ISO_PAGES]; /* with ISO_MAPPED */
	enum iso_owner tag;      /* of what the host allocates */

	struct plat plat;
	uint64_t now;
	struct iso_irq irq[ISO_IRQS];
	long live;
	struct plat_work *works, **works_tail;

	struct iommu_system *sys;
	struct iommu_unit *unit;
	struct iommu_hw *hw;
	void *hw_mem;
	struct hw_port port;
	uint32_t prod_seen;
	uint64_t strtab;
	int current;
	bool in_step, amid, still;
	unsigned int depth;

	unsigned int shape;
	struct iso_guest guest[ISO_GUESTS];
	unsigned int stalled;
	uint64_t accesses, reached, nested, faults, unmaps, stalls;
};

/* NULL: no memory, or the configuration is refused. */
struct iso *iso_make(unsigned int shape, uint64_t (*next)(void *arg),
		     void *next_arg);
/* With another IDR5, and no parents yet. */
struct iso *iso_make_bare(unsigned int shape, uint32_t idr5);
/* Frees everything. A leak of the driver's is a finding, returned. */
const char *iso_free(struct iso *iso);

/* One thing that happens. Nothing, once there is a finding. */
void iso_step(struct iso *iso);

/* A guest gives its table; writes a word; writes something. */
void iso_bind(struct iso *iso, unsigned int n);
void iso_poke(struct iso *iso, unsigned int n, unsigned int page,
	      unsigned int word, uint64_t value);
void iso_scribble(struct iso *iso, unsigned int n);

/* Within: smmuv3_iso_world.c to smmuv3_iso.c and back. */
void iso_find(struct iso *iso, const char *what);
uint64_t iso_pick(struct iso *iso, uint64_t n);
void iso_surround(struct iso *iso, struct hw_env *ret_env);
bool iso_plat_init(struct iso *iso);
void iso_plat_fini(struct iso *iso);
void iso_run(struct iso *iso); /* interrupts and works */
void iso_pci_init(struct iso_guest *g);
bool iso_pci_pri(const struct iso_guest *g);
uint64_t *iso_page(struct iso *iso, uint64_t pa);
extern const struct plat_mmio_ops iso_mmio_ops;

/* Where something may be. */
uint64_t iso_address(struct iso *iso);
/* smmuv3_iso_device.c: the device of a guest does something; what it hears. */
void iso_access(struct iso *iso, unsigned int n);
int iso_invalidate(void *ctx, const struct hw_ats_inv *inv, uint64_t cookie);
void iso_resume(void *ctx, uint64_t cookie, enum hw_resume how);
int iso_on_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		 void *data);
/* It may: [pa, pa + len) is mapped for it. False: it is no memory at all. */
bool iso_reaches(struct iso *iso, unsigned int n, uint64_t pa, uint64_t len,
		 uint32_t need);

#endif
