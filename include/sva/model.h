/* SPDX-License-Identifier: MIT */
/*
 * Models of hardware: what a virtual machine monitor, a test bench or the
 * hosted platform embeds.
 *
 * An IOMMU model is created into memory the caller gives (its state is one
 * structure), and then driven through struct iommu_hw_ops: registers,
 * transactions, ATS translation requests, page requests. It reaches the world
 * through struct hw_env only. Nothing that a guest or a device can write makes
 * a model crash, hang, allocate or assert.
 *
 * Every cache hardware may have exists and has a personality:
 *
 *  strict  keeps every entry, negative ones of the configuration caches
 *          included, until an invalidation names it: a driver that forgets
 *          one is caught.
 *  eager   forgets at will: a driver that relies on an entry is caught.
 *
 * Threads: any number may translate at once, each with its own port. Register
 * accesses may come from any thread and are serialized by the model.
 */
#ifndef SVA_MODEL_H
#define SVA_MODEL_H

#include <stdarg.h>
#include <stdatomic.h>

#include <sva/types.h>

enum hw_personality {
	HW_STRICT,
	HW_EAGER,
};

enum hw_log_level {
	HW_LOG_GUEST_ERROR, /* software did what the specification forbids */
	HW_LOG_UNIMP,       /* the model lacks it */
	HW_LOG_TRACE,
};

/* Room for a lock of the embedder. */
struct hw_lock {
	_Alignas(8) unsigned char opaque[80];
};

/**
 * struct hw_env - what a model asks of its surroundings
 *
 * Physical memory. Addresses are as the embedder defines them. -EFAULT is an
 * external abort: nothing there, or (hosted) the CPU itself may not access it.
 *
 * @mem_read, @mem_write: @len bytes; on error *@ret_done of them were moved
 *         (NULL: not wanted).
 * @mem_copy: from @src to @dst, as memmove would, without a buffer between.
 *         On error *@ret_done bytes at the start were moved and *@ret_write
 *         tells which side failed.
 * @mem_load64, @mem_store64: single-copy atomic, aligned, little-endian in
 *         memory and returned in CPU order; load is acquire, store release.
 * @mem_cas64: the same, compare-and-swap; *@ret_old is what was there.
 *
 * Interrupts
 * @msi:   a message was sent: a 4-byte write of @data to @addr by @requester.
 *         -EFAULT: an external abort, nothing was written.
 * @wire:  level of the model's interrupt line number @line.
 *
 * @lock_init .. @unlock: mutual exclusion between threads; not recursive. A
 *         model takes a lock of higher @rank inside one of lower rank only,
 *         and calls @msi and @wire under locks: they do not call back into a
 *         model.
 * @relax: called in every turn of a polling loop.
 * @now_ns: monotonic.
 * @log:   NULL: silent.
 */
struct hw_env {
	void *ctx;
	int (*mem_read)(void *ctx, uint64_t pa, void *buf, size_t len,
			size_t *ret_done);
	int (*mem_write)(void *ctx, uint64_t pa, const void *buf, size_t len,
			 size_t *ret_done);
	int (*mem_copy)(void *ctx, uint64_t dst, uint64_t src, size_t len,
			size_t *ret_done, bool *ret_write);
	int (*mem_load64)(void *ctx, uint64_t pa, uint64_t *ret_value);
	int (*mem_store64)(void *ctx, uint64_t pa, uint64_t value);
	int (*mem_cas64)(void *ctx, uint64_t pa, uint64_t expected,
			 uint64_t desired, uint64_t *ret_old);
	int (*msi)(void *ctx, uint32_t requester, uint64_t addr, uint32_t data);
	void (*wire)(void *ctx, unsigned int line, bool level);
	void (*lock_init)(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name);
	void (*lock_fini)(void *ctx, struct hw_lock *lock);
	void (*lock)(void *ctx, struct hw_lock *lock);
	void (*unlock)(void *ctx, struct hw_lock *lock);
	void (*relax)(void *ctx, unsigned int turns);
	uint64_t (*now_ns)(void *ctx);
	void (*log)(void *ctx, enum hw_log_level level, const char *fmt,
		    va_list ap);
};

/* Ranks of models' locks, outermost first. */
enum hw_lock_rank {
	HW_RANK_IOMMU = 200,  /* an IOMMU's registers and queues */
	HW_RANK_DEVICE = 210, /* a device's registers and queues */
	HW_RANK_ATC = 220,    /* a device's translation cache */
};

enum hw_txn_flags {
	HW_TXN_PASID_VALID = 1 << 0,
	HW_TXN_TRANSLATED = 1 << 1, /* AT=10: addr came from the ATC */
	HW_TXN_NO_WRITE = 1 << 2,   /* ATS request: read only wanted */
};

/**
 * struct hw_txn - a transaction as it reaches the IOMMU
 * @requester: StreamID, or PCI requester id.
 * @flags:     of enum hw_txn_flags.
 * @pasid:     with HW_TXN_PASID_VALID.
 * @perm:      of enum iommu_perm: what it does, and whether privileged. Of an
 *             ATS request PCIe says only the latter, whether it is for
 *             execution, and HW_TXN_NO_WRITE.
 * @addr:      where.
 * @cookie:    handed to resume() if the transaction is stalled.
 */
struct hw_txn {
	uint32_t requester;
	uint32_t flags;
	ioasid_t pasid;
	uint32_t perm;
	uint64_t addr;
	uint64_t cookie;
};

/**
 * struct hw_xlat - a translation
 * @pa:   of the transaction's address.
 * @len:  bytes from there to the end of what one entry translates, or less.
 * @size: bytes that this entry translates, a power of two; 0: nothing does.
 * @perm: of enum iommu_perm: all this entry allows.
 * @attr: memory attributes, in the model's own encoding.
 */
struct hw_xlat {
	uint64_t pa;
	uint64_t len;
	uint64_t size;
	uint32_t perm;
	uint32_t attr;
};

enum hw_ats_status {
	HW_ATS_SUCCESS, /* perm may still be 0: not present, ask for the page */
	HW_ATS_UR,      /* Unsupported Request: ATS is not for this function */
	HW_ATS_CA,      /* Completer Abort */
};

/**
 * struct hw_ats_reply - a translation completion
 * @status:    see there; the rest is valid with HW_ATS_SUCCESS.
 * @xlat:      as above; perm is what may be cached.
 * @global:    valid for every PASID of the function.
 * @untranslated_only: the U bit: do not send translated requests for it.
 */
struct hw_ats_reply {
	enum hw_ats_status status;
	struct hw_xlat xlat;
	bool global;
	bool untranslated_only;
};

/**
 * struct hw_page_request - PCIe Page Request Message
 * @prgi: page request group index, 9 bits.
 * @last: last of its group. With @perm 0 it is a stop marker.
 */
struct hw_page_request {
	uint32_t requester;
	bool pasid_valid;
	ioasid_t pasid;
	uint64_t addr;
	uint32_t perm;
	uint16_t prgi;
	bool last;
};

/* PCIe's codes; 15 in the message is Response Failure. */
enum hw_prg_code {
	HW_PRG_SUCCESS = 0,
	HW_PRG_INVALID = 1,
	HW_PRG_FAILURE = 15,
};

struct hw_prg_response {
	uint32_t requester;
	bool pasid_valid;
	ioasid_t pasid;
	uint16_t prgi;
	enum hw_prg_code code;
};

/**
 * struct hw_ats_inv - ATS Invalidate Request
 * @global: every PASID of the function.
 * @addr, @size: [addr, addr + size); @size 0 means all addresses.
 */
struct hw_ats_inv {
	uint32_t requester;
	bool pasid_valid;
	ioasid_t pasid;
	bool global;
	uint64_t addr;
	uint64_t size;
};

/* What becomes of a stalled transaction. */
enum hw_resume {
	HW_RESUME_ABORT,
	HW_RESUME_RETRY, /* tried again, as a new one */
	HW_RESUME_RAZWI, /* succeeds: a read is of zeros, a write is dropped */
};

/**
 * struct hw_bus - the devices in front of an IOMMU, as it sees them
 * @ats_invalidate: the function forgets the range, and on return 0 uses
 *         nothing of it any more; -EINPROGRESS: it will say so with
 *         ats_inv_complete(@cookie); -ENODEV no such function, -ETIMEDOUT no
 *         completion.
 * @prg_response: a Page Request Group Response for the function; unknown ones
 *         are dropped.
 * @resume: a stalled transaction goes on, @how says in which way; once for
 *         every -EINPROGRESS of translate(), possibly before that returns.
 *         NULL if nothing in front of the model stalls.
 *
 * Called without the model's locks, except @ats_invalidate, which is called
 * with the register lock held and may take locks of higher rank.
 */
struct hw_bus {
	void *ctx;
	int (*ats_invalidate)(void *ctx, const struct hw_ats_inv *inv,
			      uint64_t cookie);
	void (*prg_response)(void *ctx, const struct hw_prg_response *resp);
	void (*resume)(void *ctx, uint64_t cookie, enum hw_resume how);
};

/**
 * struct hw_port - where one thread's transactions enter an IOMMU
 *
 * A port is busy from a successful translate() to hw_port_done(): while it is,
 * an invalidation that was asked for waits before it completes, as hardware
 * waits for transactions in flight. The time between the two is short and
 * never depends on the software that drives the IOMMU.
 *
 * @busy:  odd while busy.
 * @translations, @tlb_hits, @tlb_misses: counted by the port's thread alone.
 */
struct hw_port {
	_Alignas(64) _Atomic uint64_t busy;
	_Atomic uint64_t translations;
	_Atomic uint64_t tlb_hits;
	_Atomic uint64_t tlb_misses;
	struct hw_port *next;
	struct iommu_hw *hw;
};

struct iommu_hw;

/**
 * struct iommu_hw_stats - what a model has done since it was created
 * Exact each, not one snapshot together.
 */
struct iommu_hw_stats {
	uint64_t translations; /* transactions and ATS requests looked up */
	uint64_t tlb_hits;
	uint64_t tlb_misses;
	uint64_t walks; /* of one stage, that reached a leaf or a fault */
	uint64_t nested_walks; /* of those, by way of a second stage */
	uint64_t ats_requests;
	uint64_t page_requests;        /* messages received */
	uint64_t page_requests_queued; /* of those, software got */
	uint64_t prg_responses;        /* messages sent */
	uint64_t prg_responses_auto;   /* of those, without software */
	uint64_t events; /* fault records, written, merged or lost */
	uint64_t events_lost;
	uint64_t events_merged; /* stood for by the one before them */
	uint64_t commands;      /* consumed */
	uint64_t config_invalidations;
	uint64_t tlb_invalidations;
	uint64_t ats_invalidations;
	uint64_t syncs;
	uint64_t stalls;  /* transactions that were stalled */
	uint64_t resumes; /* of those, told to go on or to abort */
};

/**
 * struct iommu_hw_ops - an IOMMU model
 * @mmio_read, @mmio_write: @size is 4 or 8, @offset aligned to it; others read
 *         as 0 and write nothing.
 * @port_add, @port_remove: @port is the caller's, zeroed; not busy at removal.
 * @translate: 0 and *@ret_xlat, the port busy; -EFAULT aborted (a record was
 *         written if the tables say so), not busy; -ENODATA terminated as if
 *         it had succeeded, not busy: a read is of zeros, a write is dropped
 *         (only where the tables ask for it; an embedder that cannot do it
 *         aborts the transaction); -EINPROGRESS stalled, not
 *         busy, resume() follows; -EAGAIN to be stalled, but there is no room,
 *         not busy: it has not been accepted, and is offered again later. A
 *         resume() of any device makes room.
 * @ats_translate: always answers; the port is busy neither during nor after.
 *         A device keeps the reply only if no invalidation reached it between
 *         request and reply.
 * @page_request: a message arrived; its answer comes through the bus, possibly
 *         before this returns.
 * @ats_inv_complete: an invalidation that was -EINPROGRESS is done; @ok false:
 *         it timed out.
 * @reset: as a cold reset.
 * @stats: see there.
 */
struct iommu_hw_ops {
	uint64_t (*mmio_read)(struct iommu_hw *hw, uint64_t offset,
			      unsigned int size);
	void (*mmio_write)(struct iommu_hw *hw, uint64_t offset,
			   unsigned int size, uint64_t value);
	void (*port_add)(struct iommu_hw *hw, struct hw_port *port);
	void (*port_remove)(struct iommu_hw *hw, struct hw_port *port);
	int (*translate)(struct iommu_hw *hw, struct hw_port *port,
			 const struct hw_txn *txn, struct hw_xlat *ret_xlat);
	void (*ats_translate)(struct iommu_hw *hw, struct hw_port *port,
			      const struct hw_txn *txn,
			      struct hw_ats_reply *ret_reply);
	void (*page_request)(struct iommu_hw *hw,
			     const struct hw_page_request *req);
	void (*ats_inv_complete)(struct iommu_hw *hw, uint64_t cookie, bool ok);
	void (*reset)(struct iommu_hw *hw);
	void (*stats)(struct iommu_hw *hw, struct iommu_hw_stats *ret_stats);
};

/**
 * struct iommu_hw - an IOMMU model; the first member of its state
 * @ops:       see there.
 * @mmio_size: bytes of registers.
 */
struct iommu_hw {
	const struct iommu_hw_ops *ops;
	uint64_t mmio_size;
};

/**
 * hw_port_done() - the memory access of a translation is over
 *
 * Context: the port's thread. Cost: one store.
 */
static inline void hw_port_done(struct hw_port *port)
{
	uint64_t busy = atomic_load_explicit(&port->busy, memory_order_relaxed);

	/* Pairs with the acquire load of a completing invalidation. */
	atomic_store_explicit(&port->busy, busy + 1, memory_order_release);
}

#endif
