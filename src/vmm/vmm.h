/* SPDX-License-Identifier: MIT */
/*
 * What the files of the monitor share.
 *
 * Locks. A guest's software has the ranks of docs/LOCKING.md for itself, kept
 * per thread apart from the host's (lock.c): a thread of the guest that writes
 * a register of its IOMMU under a lock of rank 70 is, for the host, a thread
 * without locks. Then come, in this order:
 *
 *  1. guest->end, of whoever kills it;
 *  2. unit->lock, one thread's access to the emulated IOMMU, (u);
 *  3. the host's locks, as its ranks say; or those of the models;
 *  4. requests.lock, memory.lock, (m): nothing is taken under them.
 *
 * The host never waits for a guest, and what it calls of the monitor, the
 * handler of faults, takes none of 1 and 2.
 */
#ifndef VMM_VMM_H
#define VMM_VMM_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <sva/domain.h>
#include <sva/fault.h>
#include <sva/guest.h>
#include <sva/vmm.h>

#include "vmm/memory.h"

#define VMM_PAGE UINT64_C(4096)

/*
 * What a guest's transactions carry in its own eyes: bus 0, device 2. In the
 * host's, function n is device n % 32 of bus 1 + n / 32.
 */
#define VMM_GUEST_RID   0x0010u
#define VMM_HOST_RID(n) (0x0100u + (n)*8u)

/* Above what the models wait for a thread in an access. */
#define VMM_TIMEOUT_MS 20000u

/* Guest-physical memory; below the window that messages are written to. */
#define VMM_RAM_GPA UINT64_C(0x40000000)
#define VMM_MSI_GPA UINT64_C(0xfee00000)
#define VMM_MSIS    16u

struct guest_lock;
struct vmm_guest;
struct vmm_unit;

/* engine.c: an accelerator of the host, or of a guest alone. */
struct vmm_engine {
	const struct plat *plat;
	void *mem;
	_Atomic(struct dsa_hw *) hw;
	uint32_t rid;
	struct plat_event work;
	_Atomic bool stop;
	pthread_t thread;
};

/* @env: outlives it. @iommu: what it sends through. */
SVA_MUST_CHECK int vmm_engine_create(struct vmm_engine *e,
				     const struct plat *plat,
				     const struct hw_env *env,
				     struct iommu_hw *iommu, uint32_t rid,
				     enum hw_personality personality);
void vmm_engine_destroy(struct vmm_engine *e);
struct dsa_hw *vmm_engine_hw(struct vmm_engine *e);

struct vmm_counters;

/**
 * struct vmm_border - surroundings of a function, which see what it does
 * @start, @size: of the memory it may reach.
 */
struct vmm_border {
	struct hw_env env;
	const struct hw_env *host;
	_Atomic uint64_t start;
	_Atomic uint64_t size;
	_Atomic uint64_t accesses;
	_Atomic uint64_t strays;
};

/* border.c */
void vmm_border_init(struct vmm_border *b, const struct hw_env *host);
void vmm_border_set(struct vmm_border *b, uint64_t start, uint64_t size);
/* What was counted goes to @counters. */
void vmm_border_count(struct vmm_border *b, struct vmm_counters *counters);

/**
 * struct vmm_seat - a function of the host
 * @dev:   the host's device.
 * @guest: (h) who has it.
 */
struct vmm_seat {
	struct vmm_border border;
	struct vmm_engine engine;
	struct iommu_device *dev;
	struct vmm_guest *guest;
};

/**
 * struct vmm_host
 * @lock: of (h): which function is whose.
 */
struct vmm_host {
	struct vmm_host_cfg cfg;
	const struct vmm_vendor *vendor;
	struct plat_hosted *hosted;
	const struct plat *plat;
	struct hw_env env;
	struct iommu_system *sys;
	void *iommu_mem;
	struct iommu_hw *iommu;
	struct iommu_unit *unit;
	pthread_mutex_t lock;
	unsigned int guests;
	unsigned int seat_count;
	struct vmm_seat seats[VMM_MAX_FUNCTIONS];
};

/**
 * struct vmm_vendor - a kind of IOMMU, on either side
 * @create_hw:  a model; @guest: as a guest sees it, one stage, else with two.
 * @destroy_hw: the caller frees the memory.
 * @probe, @remove: by its driver, whose windows are @mmio.
 * @table_fmt:  of the tables it walks.
 *
 * What a guest says with it; the unit's lock is held.
 * @before:     a write that the model has not seen yet: the commands that it
 *              will consume then are for vmm_forward() and vmm_configure().
 * @configures: a write to this register may have changed which tables count.
 * @read_table: which table the guest has given its function.
 * @has_pasid:  does that have an entry for it? With which ASID, if it is of
 *              a kind that has them. If not, @ret_next is the next that may.
 */
struct vmm_vendor {
	int (*create_hw)(bool guest, enum hw_personality personality,
			 const struct plat *plat, const struct hw_env *env,
			 const struct hw_bus *bus, void **ret_mem,
			 struct iommu_hw **ret_hw);
	void (*destroy_hw)(struct iommu_hw *hw);
	int (*probe)(struct iommu_system *sys, const struct plat_mmio *mmio,
		     struct iommu_unit **ret_unit);
	int (*remove)(struct iommu_unit *unit);
	enum iommu_table_fmt table_fmt;
	void (*before)(struct vmm_guest *g, uint64_t offset, unsigned int size,
		       uint64_t value);
	bool (*configures)(uint64_t offset);
	void (*read_table)(struct vmm_guest *g,
			   struct iommu_pasid_table_config *ret_cfg);
	bool (*has_pasid)(struct vmm_guest *g, ioasid_t pasid,
			  uint32_t *ret_asid, ioasid_t *ret_next);
};

extern const struct vmm_vendor vmm_smmuv3;
extern const struct vmm_vendor vmm_vtd;
const struct vmm_vendor *vmm_vendor(enum sva_iommu iommu);

/* smmuv3_trap.c, vtd_trap.c: their share of struct vmm_vendor. */
void vmm_smmuv3_before(struct vmm_guest *g, uint64_t offset, unsigned int size,
		       uint64_t value);
bool vmm_smmuv3_configures(uint64_t offset);
void vmm_smmuv3_read_table(struct vmm_guest *g,
			   struct iommu_pasid_table_config *ret_cfg);
bool vmm_smmuv3_has_pasid(struct vmm_guest *g, ioasid_t pasid,
			  uint32_t *ret_asid, ioasid_t *ret_next);
void vmm_vtd_before(struct vmm_guest *g, uint64_t offset, unsigned int size,
		    uint64_t value);
bool vmm_vtd_configures(uint64_t offset);
void vmm_vtd_read_table(struct vmm_guest *g,
			struct iommu_pasid_table_config *ret_cfg);
bool vmm_vtd_has_pasid(struct vmm_guest *g, ioasid_t pasid, uint32_t *ret_asid,
		       ioasid_t *ret_next);

/* PCI Express: a PASID has 20 bits, whatever a table says. */
#define VMM_PASIDS UINT32_C(0x100000)

/* plat.c: the guest's platform. */
struct vmm_msi {
	struct plat_msi host;
	_Atomic bool used;
};

struct vmm_plat {
	struct plat plat;
	pthread_rwlock_t rcu;
	pthread_mutex_t msi_lock;
	struct vmm_msi msis[VMM_MSIS];
};

void vmm_plat_init(struct vmm_guest *g);
void vmm_plat_fini(struct vmm_guest *g);

/* A message is not the guest's any more. */
void vmm_function_forget_msi(struct vmm_guest *g, uint32_t data);

/* The host's message that stands for one of the guest's; false: for none. */
bool vmm_plat_msi(struct vmm_guest *g, uint64_t addr, uint32_t data,
		  struct plat_msi *ret_host);

/* Surroundings for models of the guest: memory is guest-physical. */
void vmm_plat_env(struct vmm_guest *g, struct hw_env *ret_env);

/* lock.c */
void vmm_lock_init(void *ctx, struct plat_lock *lock, enum plat_lock_kind kind,
		   unsigned int rank, const char *name);
void vmm_lock_fini(void *ctx, struct plat_lock *lock);
void vmm_lock(void *ctx, struct plat_lock *lock);
void vmm_unlock(void *ctx, struct plat_lock *lock);
#define VMM_HELD_MAX 16u

/* What a thread has of a guest's locks, in the order it took them. */
struct vmm_held {
	const struct guest_lock *locks[VMM_HELD_MAX];
	unsigned int count;
	int rcu_depth;
};

/* held.c: of the calling thread, whichever the threads are. */
struct vmm_held *vmm_held(void);

/* lock.c. Debug builds: abort if the thread holds a spin lock of a guest's. */
void vmm_may_sleep(const char *what);
void vmm_rcu_depth_add(int n);

/**
 * struct vmm_unit - the emulated IOMMU
 * @lock: (u).
 * @live: (u) what the guest does with it is passed on to the host.
 * @table: (u) what was passed on last.
 */
struct vmm_unit {
	const struct vmm_vendor *vendor;
	struct hw_env env;
	void *mem;
	struct iommu_hw *hw;
	struct iommu_unit *driver; /* the guest's */
	pthread_mutex_t lock;
	bool live;
	struct iommu_pasid_table_config table;
};

SVA_MUST_CHECK int vmm_unit_create(struct vmm_guest *g);
void vmm_unit_destroy(struct vmm_guest *g);
struct plat_mmio vmm_unit_window(struct vmm_guest *g);
uint64_t vmm_unit_register(struct vmm_guest *g, uint64_t offset,
			   unsigned int size);
/*
 * What the 32 bits at @reg get of a write of @size bytes at @offset, which has
 * them in either half. False: nothing.
 */
bool vmm_unit_writes(uint64_t reg, uint64_t offset, unsigned int size,
		     uint64_t value, uint32_t *ret_value);

/* @count words of guest-physical memory. 0, -EFAULT. */
SVA_MUST_CHECK int vmm_unit_words(struct vmm_guest *g, uint64_t gpa,
				  uint64_t *words, unsigned int count);

/* Two of them are everything: a range whose end is no number. */
#define VMM_WHOLE_GRANULE (UINT64_C(1) << 63)

/* forward.c: to the host, of the guest's commands. Unit lock held. */
void vmm_configure(struct vmm_guest *g);
void vmm_forward(struct vmm_guest *g,
		 const struct iommu_cache_invalidate_info *info);
void vmm_forward_all(struct vmm_guest *g, unsigned int cache);
void vmm_forward_pasid(struct vmm_guest *g, unsigned int cache,
		       unsigned int flags, ioasid_t pasid, uint32_t archid);
void vmm_forward_range(struct vmm_guest *g, unsigned int cache,
		       const struct iommu_inv_addr_info *range);

/* iommu_map(); not to be executed where the second stage has no such thing. */
SVA_MUST_CHECK int vmm_map(struct iommu_domain *domain, uint64_t gpa,
			   uint64_t pa, uint64_t size, unsigned int perm);

/**
 * struct vmm_backend - how the host's IOMMU does what the guest's says
 * @start: the function is the guest's; nothing of it is translated yet.
 * @stop:  nothing of it is translated any more, and nobody waits for an
 *         answer. The unit is not live, and its lock not held.
 * @config, @invalidate: unit lock held.
 * @requested: a page of the function's, which is in the list. Any thread,
 *         without locks.
 * @resolved: Success is the answer for this page: the guest's, and the unit
 *         lock is held, or its IOMMU's, when the queue of requests is full, and
 *         what is held is what vmm_request_inject() was called with. An error
 *         makes Invalid of it.
 */
struct vmm_backend {
	int (*start)(struct vmm_guest *g);
	void (*stop)(struct vmm_guest *g);
	int (*config)(struct vmm_guest *g,
		      const struct iommu_pasid_table_config *cfg);
	int (*invalidate)(struct vmm_guest *g,
			  const struct iommu_cache_invalidate_info *info);
	void (*requested)(struct vmm_guest *g,
			  const struct iommu_fault_page_request *prm);
	int (*resolved)(struct vmm_guest *g,
			const struct iommu_fault_page_request *prm);
};

extern const struct vmm_backend vmm_nest;
extern const struct vmm_backend vmm_shadow;

#define VMM_REQUESTS 1024u

/**
 * struct vmm_requests - pages that the function waits for, oldest first
 * @lock: protects the rest.
 * @answering: groups that are out of the list, and whose answer is not sent.
 */
struct vmm_requests {
	pthread_mutex_t lock;
	unsigned int count;
	unsigned int answering;
	struct iommu_fault_page_request pages[VMM_REQUESTS];
};

/* request.c */
void vmm_requests_init(struct vmm_guest *g);
void vmm_requests_fini(struct vmm_guest *g);
/* The device's fault handler. */
int vmm_on_fault(const struct iommu_fault *fault, struct iommu_device *dev,
		 void *data);
/* Show it to the guest. Any thread; shadow: unit lock held, as for a fill. */
void vmm_request_inject(struct vmm_guest *g,
			const struct iommu_fault_page_request *prm);
/* The emulated IOMMU answers a group. */
void vmm_request_answer(struct vmm_guest *g,
			const struct hw_prg_response *resp);
/*
 * The pages of the group of @last, up to it, in order; at most @max. They stay
 * in the list.
 */
unsigned int vmm_request_group(struct vmm_guest *g,
			       const struct iommu_fault_page_request *last,
			       struct iommu_fault_page_request *pages,
			       unsigned int max);

/**
 * struct vmm_page - where the guest's tables lead a page
 * @gpa:  the page's.
 * @perm: all that they allow.
 * @leaf: bytes of the entry that says so, a power of two; 0: none does.
 */
struct vmm_page {
	uint64_t gpa;
	unsigned int perm;
	uint64_t leaf;
};

int vmm_request_look_up(struct vmm_guest *g,
			const struct iommu_fault_page_request *prm,
			struct vmm_page *ret_page);
/* Answer the group of @last, whatever the guest says of it later. */
void vmm_request_end(struct vmm_guest *g,
		     const struct iommu_fault_page_request *last,
		     enum iommu_page_response_code code);
/* All of them get Invalid. */
void vmm_requests_end(struct vmm_guest *g);
/* And no answer is under way; the unit's lock is not held. */
void vmm_requests_settle(struct vmm_guest *g);

#define VMM_VECTORS 64u

/**
 * struct vmm_function - the guest's view of a function of the host
 * @gate:  accesses hold it shared; (g) exclusively.
 * @open:  (g) they get through.
 * @lock:  of the rest. A reset holds it, and may have to wait for answers to
 *         page requests: the handler of faults does not take it.
 * @wants_pages: the guest has switched page requests on.
 * @space: its configuration space, @writable: which bits of that.
 * @vectors: its interrupt messages, as the guest has written them.
 */
struct vmm_function {
	struct vmm_seat *seat;
	struct dsa_hw *hw;
	pthread_rwlock_t gate;
	bool open;
	pthread_mutex_t lock;
	_Atomic bool wants_pages;
	uint8_t space[4096];
	uint8_t writable[4096];
	unsigned int exp, msix, pasid, ats, pri;
	uint64_t table;
	unsigned int vector_count;
	struct {
		uint64_t addr;
		uint32_t data;
		uint32_t ctrl;
	} vectors[VMM_VECTORS];
};

/* function.c */
void vmm_function_init(struct vmm_guest *g, struct vmm_seat *seat);
void vmm_function_fini(struct vmm_guest *g);
struct plat_pci vmm_function_pci(struct vmm_guest *g);
struct plat_mmio vmm_function_bar0(struct vmm_guest *g);
struct plat_mmio vmm_function_bar2(struct vmm_guest *g);
/* May an access get through? Then leave ends it. */
bool vmm_function_enter(struct vmm_function *fn);
void vmm_function_leave(struct vmm_function *fn);
/* With the lock. */
void vmm_function_reset_locked(struct vmm_guest *g);
bool vmm_function_wants_pages(struct vmm_guest *g);
/* No access gets through any more. */
void vmm_function_close(struct vmm_guest *g);
/* Closed, and not translated: forget all, like a reset. */
void vmm_function_reset(struct vmm_guest *g);

/* function_space.c; its lock is held, but for the first. */
unsigned int vmm_space_init(struct vmm_function *fn); /* how many vectors */
void vmm_space_reset(struct vmm_function *fn);
void vmm_space_pass_on(struct vmm_function *fn, unsigned int offset,
		       unsigned int size);

struct vmm_shadow_domain;

/* Counters of struct vmm_guest_stats; relaxed: each for itself. */
struct vmm_counters {
	_Atomic uint64_t exits;
	_Atomic uint64_t binds;
	_Atomic uint64_t invalidations;
	_Atomic uint64_t refused;
	_Atomic uint64_t page_requests;
	_Atomic uint64_t page_responses;
	_Atomic uint64_t faults;
	_Atomic uint64_t stage2_faults;
	_Atomic uint64_t shadow_fills;
	_Atomic uint64_t shadow_drops;
	_Atomic uint64_t accesses;
	_Atomic uint64_t strays;
};

static inline void vmm_count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

struct vmm_guest {
	struct vmm_guest_cfg cfg;
	char name[24];
	struct vmm_host *host;
	const struct plat *host_plat;
	struct vmm_memory ram;
	struct vmm_plat os;
	struct vmm_unit unit;
	struct vmm_engine engine;          /* VMM_EMULATED */
	const struct vmm_backend *backend; /* the rest of them: */
	struct vmm_function fn;
	struct iommu_device *host_dev;
	struct iommu_domain *parent; /* VMM_NESTED */
	struct vmm_requests requests;
	struct vmm_shadow_domain *shadows[256]; /* (u) VMM_SHADOW; by PASID */
	unsigned int shadow_count;              /* (u) */
	struct plat_workqueue *wq;
	struct vmm_counters counters;
	struct iommu_system *sys;
	struct iommu_device *dev;
	struct dsa *dsa;
	pthread_mutex_t end; /* held while it is killed */
	_Atomic bool dead;
};

static inline const struct plat *vmm_guest_plat(struct vmm_guest *g)
{
	return &g->os.plat;
}

/*
 * Somebody kills it, and may be waiting for the unit's lock: what is left of
 * what it said counts for nothing. Acquire: who finds it dead finds its end.
 */
static inline bool vmm_is_dead(const struct vmm_guest *g)
{
	return atomic_load_explicit(&g->dead, memory_order_acquire);
}

/*
 * vmm_guest_create() without software: whoever calls it plays that. With
 * vmm_guest_destroy() as its end.
 */
SVA_MUST_CHECK int vmm_guest_create_bare(struct vmm_host *host,
					 const struct vmm_guest_cfg *cfg,
					 struct vmm_guest **ret_guest);

/* An error of the host's, or the guest's doing, with its name in front. */
void vmm_log(struct vmm_guest *g, enum plat_log_level level, const char *fmt,
	     ...) SVA_PRINTF(3, 4);

#endif
