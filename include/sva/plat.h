/* SPDX-License-Identifier: MIT */
/*
 * What the stack asks of the world it runs in: memory, MMIO, locks, waiting,
 * workers, interrupts, time, log.
 *
 * A platform is a table of callbacks and a pointer that is handed back to
 * them. All waiting, locking and scheduling of core and the drivers goes
 * through it; that is what lets one code run in a process, under a simulator
 * that owns the schedule, and on bare metal. src/plat/hosted is the reference
 * implementation.
 *
 * "May sleep" below means: the caller holds no PLAT_LOCK_SPIN lock.
 */
#ifndef SVA_PLAT_H
#define SVA_PLAT_H

#include <stdarg.h>
#include <stdatomic.h>

#include <sva/types.h>

/**
 * enum plat_lock_kind - what may happen under a lock
 * @PLAT_LOCK_MUTEX: the holder may sleep; not taken in interrupt context.
 * @PLAT_LOCK_SPIN:  the holder does not sleep; may be taken anywhere but in a
 *                   signal handler.
 */
enum plat_lock_kind {
	PLAT_LOCK_MUTEX,
	PLAT_LOCK_SPIN,
};

/*
 * The order of locks: a thread takes them with rising rank, and never two of
 * one rank. Debug builds of a platform abort on a wrong order. docs/LOCKING.md
 * has the table with what each lock protects.
 */
enum plat_lock_rank {
	PLAT_RANK_ACCEL = 10,        /* an accelerator driver's client lock */
	PLAT_RANK_SVA = 20,          /* core: binds, PASIDs of mms */
	PLAT_RANK_SYSTEM = 25,       /* core: lists of units and devices */
	PLAT_RANK_DEVICE = 30,       /* core: one device's attachments */
	PLAT_RANK_FAULT_QUEUE = 40,  /* core: devices of a fault queue */
	PLAT_RANK_FAULT_DEVICE = 45, /* core: one device's pending faults */
	PLAT_RANK_PAGING = 47,       /* core: one paging domain's table */
	PLAT_RANK_HWID = 48,         /* driver: ids of one IOMMU */
	PLAT_RANK_MM = 50,           /* platform: an address space's table */
	PLAT_RANK_MM_NOTIFIER = 55,  /* core: an mm's notifier list */
	PLAT_RANK_DOMAIN = 60,       /* driver: devices of one domain */
	PLAT_RANK_UNIT = 65,         /* driver: tables of one IOMMU */
	PLAT_RANK_QUEUE = 70,        /* driver: one hardware queue */
	PLAT_RANK_PASID = 75,        /* core: PASID allocator */
	PLAT_RANK_WORK = 80,         /* platform: work queues, interrupts */
	PLAT_RANK_LEAF = 90,         /* nothing is taken under it */
};

/* Room for any platform's lock. Only the platform looks inside. */
struct plat_lock {
	_Alignas(8) unsigned char opaque[80];
};

/**
 * struct plat_event - something to wait for without a lock
 *
 * A counter that moves whenever the thing may have happened:
 *
 *	for (;;) {
 *		uint32_t seen = plat_event_read(ev);
 *
 *		if (condition)
 *			break;
 *		err = plat_event_wait(plat, ev, seen, deadline);
 *		if (err)
 *			break;
 *	}
 *
 * Whoever makes the condition true calls plat_event_signal() afterwards. No
 * wake-up is lost: a wait with an old count returns at once. All zero is a
 * valid initial state.
 */
struct plat_event {
	_Atomic uint32_t count;
	_Atomic uint32_t waiters; /* for the platform */
};

/**
 * struct plat_work - something to do later on a work queue
 * @fn:  called once per successful plat_work_queue(); may sleep; may free the
 *       work. The platform does not touch the work after calling it.
 * @arg: handed to @fn.
 *
 * Set up with plat_work_init(). The rest belongs to the platform.
 */
struct plat_work {
	void (*fn)(void *arg);
	void *arg;
	struct plat_work *next;
	_Atomic bool queued;
};

struct plat_workqueue;

/**
 * struct plat_mmio_ops - how a register window is reached
 * @read32, @read64:   @offset is in bytes, aligned to the access. Ordered
 *                     before all later accesses of the calling thread.
 * @write32, @write64: ordered after all earlier stores to memory of the
 *                     calling thread, and those it has seen by an acquire, as
 *                     a doorbell needs; and before what it later releases:
 *                     who acquires that and writes the same window is second.
 * @write512: a 64-byte posted write (x86 MOVDIR64B). NULL: not a portal.
 * @enqcmd:   a 64-byte non-posted write (x86 ENQCMD): 0, or -EAGAIN when the
 *            device answered Retry. NULL: not a portal.
 *
 * A device that is gone reads as all ones; writes to it are lost.
 */
struct plat_mmio_ops {
	uint32_t (*read32)(void *dev, uint64_t offset);
	uint64_t (*read64)(void *dev, uint64_t offset);
	void (*write32)(void *dev, uint64_t offset, uint32_t value);
	void (*write64)(void *dev, uint64_t offset, uint64_t value);
	void (*write512)(void *dev, uint64_t offset, const void *data);
	int (*enqcmd)(void *dev, uint64_t offset, const void *data);
};

/**
 * struct plat_mmio - one register window
 * @ops:  see there. Borrowed for the life of the window.
 * @dev:  handed to them.
 * @size: bytes.
 */
struct plat_mmio {
	const struct plat_mmio_ops *ops;
	void *dev;
	uint64_t size;
};

/**
 * struct plat_pci_ops - configuration space of one PCI function
 * @read:  @size is 1, 2 or 4 bytes, @offset aligned to it and below 4096.
 *         All ones when there is nothing.
 * @write: the same; the upper bits of @value are ignored.
 */
struct plat_pci_ops {
	uint32_t (*read)(void *dev, unsigned int offset, unsigned int size);
	void (*write)(void *dev, unsigned int offset, unsigned int size,
		      uint32_t value);
};

/**
 * struct plat_pci - one PCI function
 * @ops, @dev: as for MMIO.
 * @segment:   PCI segment group.
 * @rid:       requester id: bus 15:8, device 7:3, function 2:0.
 */
struct plat_pci {
	const struct plat_pci_ops *ops;
	void *dev;
	uint16_t segment;
	uint16_t rid;
};

/**
 * struct plat_msi - where a message-signalled interrupt is sent
 * @address: what the device writes to.
 * @data:    what it writes.
 * @irq:     the number for plat_irq_request().
 */
struct plat_msi {
	uint64_t address;
	uint32_t data;
	unsigned int irq;
};

enum plat_log_level {
	PLAT_LOG_ERR,
	PLAT_LOG_WARN,
	PLAT_LOG_INFO,
	PLAT_LOG_DEBUG,
};

/**
 * struct plat_ops - the callbacks; every member is required unless it says so
 *
 * Memory
 * @zalloc:     @size bytes of zeroed memory, aligned for any type and at
 *              least to 64 bytes. NULL when there is none. May sleep.
 * @free:       takes back what @zalloc gave; NULL is allowed.
 * @pages_alloc: @size bytes, a power of two of at least 4096, zeroed,
 *              aligned to its size in physical memory, reachable by every
 *              IOMMU and device. NULL when there is none. May sleep.
 * @pages_free: takes it back.
 * @virt_to_phys: physical address of memory from @pages_alloc, or of a
 *              pointer into it.
 * @phys_to_virt: the opposite; NULL for an address that was never given out.
 *
 * Locks and waiting
 * @lock_init:  @rank is the lock's place in the order, @name is for messages
 *              and outlives the lock.
 * @lock_fini:  the lock is not held.
 * @lock, @unlock: not recursive.
 * @event_wait: returns 0 once the counter of @ev differs from @seen, or
 *              -ETIMEDOUT at @deadline_ns of @now_ns (UINT64_MAX: never).
 *              May sleep. May return 0 early.
 * @event_wake: the counter of @ev has moved: let its waiters look. Called by
 *              plat_event_signal() only if there are waiters. Any context.
 * @relax:      called in every turn of a polling loop; @turns counts them.
 *              May yield the CPU, must not sleep for long.
 * @now_ns:     monotonic time.
 *
 * Work
 * @workqueue_create: @name is copied; works run unordered, at most
 *              @max_active at a time (0: the platform's choice). NULL when
 *              out of memory or threads. May sleep.
 * @workqueue_destroy: flushes first. May sleep.
 * @work_queue: false if the work is queued and has not started. Any context.
 * @workqueue_flush: returns when every work queued before the call has
 *              finished. May sleep; not from a work of the same queue.
 *
 * Read-copy-update
 * @rcu_read_lock, @rcu_read_unlock: nest; no sleeping between them.
 * @rcu_synchronize: returns when every reader that was inside at the call has
 *              left. May sleep; not from inside a reader.
 *
 * Interrupts
 * @irq_request: @fn(@arg) runs, in a context that may sleep, at least once
 *              after each interrupt; never twice at once for one @irq.
 *              -EBUSY the number is taken, -EINVAL no such number, -ENOMEM.
 * @irq_free:   returns when @fn does not run and will not run again. Not from
 *              @fn.
 * @irq_sync:   returns when every interrupt raised before has been handled.
 * @msi_alloc:  a fresh message. -ENOSPC none left, -EOPNOTSUPP no MSIs here.
 * @msi_free:   takes it back, after @irq_free.
 *
 * @log:        one message without a newline. Any context.
 */
struct plat_ops {
	void *(*zalloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *mem);
	void *(*pages_alloc)(void *ctx, size_t size);
	void (*pages_free)(void *ctx, void *pages, size_t size);
	uint64_t (*virt_to_phys)(void *ctx, const void *va);
	void *(*phys_to_virt)(void *ctx, uint64_t pa);

	void (*lock_init)(void *ctx, struct plat_lock *lock,
			  enum plat_lock_kind kind, unsigned int rank,
			  const char *name);
	void (*lock_fini)(void *ctx, struct plat_lock *lock);
	void (*lock)(void *ctx, struct plat_lock *lock);
	void (*unlock)(void *ctx, struct plat_lock *lock);
	int (*event_wait)(void *ctx, struct plat_event *ev, uint32_t seen,
			  uint64_t deadline_ns);
	void (*event_wake)(void *ctx, struct plat_event *ev);
	void (*relax)(void *ctx, unsigned int turns);
	uint64_t (*now_ns)(void *ctx);

	struct plat_workqueue *(*workqueue_create)(void *ctx, const char *name,
						   unsigned int max_active);
	void (*workqueue_destroy)(void *ctx, struct plat_workqueue *wq);
	bool (*work_queue)(void *ctx, struct plat_workqueue *wq,
			   struct plat_work *work);
	void (*workqueue_flush)(void *ctx, struct plat_workqueue *wq);

	void (*rcu_read_lock)(void *ctx);
	void (*rcu_read_unlock)(void *ctx);
	void (*rcu_synchronize)(void *ctx);

	int (*irq_request)(void *ctx, unsigned int irq, void (*fn)(void *arg),
			   void *arg, const char *name);
	void (*irq_free)(void *ctx, unsigned int irq);
	void (*irq_sync)(void *ctx, unsigned int irq);
	int (*msi_alloc)(void *ctx, struct plat_msi *ret_msi);
	void (*msi_free)(void *ctx, const struct plat_msi *msi);

	void (*log)(void *ctx, enum plat_log_level level, const char *fmt,
		    va_list ap);
};

/**
 * struct plat - a platform
 * @ops: see there. Outlives everything made with it.
 * @ctx: handed to them.
 */
struct plat {
	const struct plat_ops *ops;
	void *ctx;
};

/* Thin names for the callbacks; each does what its member says. */

static inline SVA_MUST_CHECK void *plat_zalloc(const struct plat *p,
					       size_t size)
{
	return p->ops->zalloc(p->ctx, size);
}

static inline void plat_free(const struct plat *p, void *mem)
{
	p->ops->free(p->ctx, mem);
}

static inline SVA_MUST_CHECK void *plat_pages_alloc(const struct plat *p,
						    size_t size)
{
	return p->ops->pages_alloc(p->ctx, size);
}

static inline void plat_pages_free(const struct plat *p, void *pages,
				   size_t size)
{
	p->ops->pages_free(p->ctx, pages, size);
}

static inline uint64_t plat_virt_to_phys(const struct plat *p, const void *va)
{
	return p->ops->virt_to_phys(p->ctx, va);
}

static inline void *plat_phys_to_virt(const struct plat *p, uint64_t pa)
{
	return p->ops->phys_to_virt(p->ctx, pa);
}

static inline void plat_lock_init(const struct plat *p, struct plat_lock *lock,
				  enum plat_lock_kind kind,
				  enum plat_lock_rank rank, const char *name)
{
	p->ops->lock_init(p->ctx, lock, kind, (unsigned int)rank, name);
}

static inline void plat_lock_fini(const struct plat *p, struct plat_lock *lock)
{
	p->ops->lock_fini(p->ctx, lock);
}

static inline void plat_lock(const struct plat *p, struct plat_lock *lock)
{
	p->ops->lock(p->ctx, lock);
}

static inline void plat_unlock(const struct plat *p, struct plat_lock *lock)
{
	p->ops->unlock(p->ctx, lock);
}

/* Pairs with plat_event_signal(): what it published is seen after this. */
static inline uint32_t plat_event_read(struct plat_event *ev)
{
	return atomic_load_explicit(&ev->count, memory_order_acquire);
}

static inline SVA_MUST_CHECK int plat_event_wait(const struct plat *p,
						 struct plat_event *ev,
						 uint32_t seen,
						 uint64_t deadline_ns)
{
	return p->ops->event_wait(p->ctx, ev, seen, deadline_ns);
}

/*
 * Sequentially consistent, as the platform's wait does the opposite: it counts
 * itself in waiters, then looks at count. One of the two sees the other.
 */
static inline void plat_event_signal(const struct plat *p,
				     struct plat_event *ev)
{
	atomic_fetch_add_explicit(&ev->count, 1, memory_order_seq_cst);
	if (atomic_load_explicit(&ev->waiters, memory_order_seq_cst))
		p->ops->event_wake(p->ctx, ev);
}

static inline void plat_relax(const struct plat *p, unsigned int turns)
{
	p->ops->relax(p->ctx, turns);
}

static inline uint64_t plat_now_ns(const struct plat *p)
{
	return p->ops->now_ns(p->ctx);
}

static inline void plat_work_init(struct plat_work *work, void (*fn)(void *arg),
				  void *arg)
{
	work->fn = fn;
	work->arg = arg;
	work->next = NULL;
	atomic_init(&work->queued, false);
}

static inline SVA_MUST_CHECK struct plat_workqueue *
plat_workqueue_create(const struct plat *p, const char *name,
		      unsigned int max_active)
{
	return p->ops->workqueue_create(p->ctx, name, max_active);
}

static inline void plat_workqueue_destroy(const struct plat *p,
					  struct plat_workqueue *wq)
{
	p->ops->workqueue_destroy(p->ctx, wq);
}

static inline bool plat_work_queue(const struct plat *p,
				   struct plat_workqueue *wq,
				   struct plat_work *work)
{
	return p->ops->work_queue(p->ctx, wq, work);
}

static inline void plat_workqueue_flush(const struct plat *p,
					struct plat_workqueue *wq)
{
	p->ops->workqueue_flush(p->ctx, wq);
}

static inline void plat_rcu_read_lock(const struct plat *p)
{
	p->ops->rcu_read_lock(p->ctx);
}

static inline void plat_rcu_read_unlock(const struct plat *p)
{
	p->ops->rcu_read_unlock(p->ctx);
}

static inline void plat_rcu_synchronize(const struct plat *p)
{
	p->ops->rcu_synchronize(p->ctx);
}

static inline SVA_MUST_CHECK int plat_irq_request(const struct plat *p,
						  unsigned int irq,
						  void (*fn)(void *arg),
						  void *arg, const char *name)
{
	return p->ops->irq_request(p->ctx, irq, fn, arg, name);
}

static inline void plat_irq_free(const struct plat *p, unsigned int irq)
{
	p->ops->irq_free(p->ctx, irq);
}

static inline void plat_irq_sync(const struct plat *p, unsigned int irq)
{
	p->ops->irq_sync(p->ctx, irq);
}

static inline SVA_MUST_CHECK int plat_msi_alloc(const struct plat *p,
						struct plat_msi *ret_msi)
{
	return p->ops->msi_alloc(p->ctx, ret_msi);
}

static inline void plat_msi_free(const struct plat *p,
				 const struct plat_msi *msi)
{
	p->ops->msi_free(p->ctx, msi);
}

static inline SVA_PRINTF(3, 4) void plat_log(const struct plat *p,
					     enum plat_log_level level,
					     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	p->ops->log(p->ctx, level, fmt, ap);
	va_end(ap);
}

static inline uint32_t mmio_read32(const struct plat_mmio *m, uint64_t offset)
{
	return m->ops->read32(m->dev, offset);
}

static inline uint64_t mmio_read64(const struct plat_mmio *m, uint64_t offset)
{
	return m->ops->read64(m->dev, offset);
}

static inline void mmio_write32(const struct plat_mmio *m, uint64_t offset,
				uint32_t value)
{
	m->ops->write32(m->dev, offset, value);
}

static inline void mmio_write64(const struct plat_mmio *m, uint64_t offset,
				uint64_t value)
{
	m->ops->write64(m->dev, offset, value);
}

static inline uint32_t pci_cfg_read(const struct plat_pci *pci,
				    unsigned int offset, unsigned int size)
{
	return pci->ops->read(pci->dev, offset, size);
}

static inline void pci_cfg_write(const struct plat_pci *pci,
				 unsigned int offset, unsigned int size,
				 uint32_t value)
{
	pci->ops->write(pci->dev, offset, size, value);
}

#endif
