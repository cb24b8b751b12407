/* SPDX-License-Identifier: MIT */
/*
 * The allocator of I/O address space ids (PASIDs) of a system.
 *
 * One space per system, 1 to (1 << pasid_bits) - 1: the same number never
 * means two address spaces on two devices. A set partitions ownership of that
 * space; an id is unique across sets. Ids carry a private pointer, found
 * without a lock.
 *
 * A program built without any IOMMU (SVA_NO_IOASID defined before the first
 * include) gets stubs with the historic answers instead. [D8]
 */
#ifndef SVA_IOASID_H
#define SVA_IOASID_H

#include <sva/system.h>
#include <sva/types.h>

/* Who owns an id. Only its address matters. [D2] */
struct ioasid_set {
	int dummy;
};

#define DECLARE_IOASID_SET(name) struct ioasid_set name = { 0 }

/**
 * struct ioasid_allocator_ops - another place ids come from
 * @alloc: one id in [@min, @max] that it has not given out, or
 *         INVALID_IOASID. May sleep.
 * @free:  takes it back. May sleep.
 * @pdata: handed to both.
 *
 * Both may be called with the SVA lock held, for the PASID of an address
 * space: they do not call back into binds, attachments or features. A guest
 * asks its host here (VT-d's virtual command register). [D9]
 */
struct ioasid_allocator_ops {
	ioasid_t (*alloc)(ioasid_t min, ioasid_t max, void *pdata);
	void (*free)(ioasid_t id, void *pdata);
	void *pdata;
};

#ifndef SVA_NO_IOASID

/**
 * ioasid_alloc() - allocate an id
 * @set:    owner; not NULL.
 * @min:    lowest id wanted, at least 1.
 * @max:    highest id wanted, inclusive; cut to what the system has.
 * @priv:   found again with ioasid_find(); may be NULL.
 * @ret_id: the lowest free id of the range, with one reference. With a custom
 *          allocator, the id it chose.
 *
 * Context: any with the default allocator, may sleep with a custom one and
 *          when a piece of the table has to be allocated; takes the PASID lock.
 * Cost:    a lock and the cache misses on one entry, however many ids are
 *          live (bench: pasid_alloc_free).
 * Return:  0, -EINVAL @set is NULL, @min is 0 or above @max, -ENOSPC no id
 *          left in the range, -ENOMEM. [D3]
 * Test:    tests/core/ioasid_test.c
 */
SVA_MUST_CHECK int ioasid_alloc(struct iommu_system *sys,
				const struct ioasid_set *set, ioasid_t min,
				ioasid_t max, void *priv, ioasid_t *ret_id);

/**
 * ioasid_get() - one more reference
 *
 * The caller holds one already, so the id is not being freed. Of the PASID of
 * an address space it keeps the number only: once the address space has given
 * it up, ioasid_find() and iommu_sva_find() hand back NULL. [D5]
 *
 * Context: any; takes the PASID lock.
 * Return:  0, -ENOENT unknown or on its way out (logged as a caller's bug),
 *          -EOVERFLOW it has 2^31 - 1 already.
 * Test:    tests/core/ioasid_test.c, tests/core/pasid_test.c
 */
SVA_MUST_CHECK int ioasid_get(struct iommu_system *sys, ioasid_t id);

/**
 * ioasid_free() - drop a reference; the last one frees the id
 *
 * After the last one no new ioasid_find() succeeds. One that is running may
 * still use the private pointer: free what it points to only after
 * plat_rcu_synchronize(). [D4]
 *
 * Context: as ioasid_alloc().
 * Return:  true iff it was the last reference. An unknown id is logged, false.
 * Test:    tests/core/ioasid_test.c
 */
bool ioasid_free(struct iommu_system *sys, ioasid_t id);

/**
 * ioasid_find() - the private pointer of an id
 * @set:      only ids of this set; NULL matches any.
 * @getter:   called with the pointer inside the read-side section, typically
 *            to take a reference; false refuses and NULL is handed back. May
 *            be NULL.
 * @ret_priv: the pointer, which may legitimately be NULL.
 *
 * Context: any; lock-free.
 * Cost:    a few loads (bench: pasid_find).
 * Return:  0, -ENOENT unknown id, -EACCES another set's. [D6]
 * Test:    tests/core/ioasid_test.c
 */
SVA_MUST_CHECK int ioasid_find(struct iommu_system *sys,
			       const struct ioasid_set *set, ioasid_t id,
			       bool (*getter)(void *priv), void **ret_priv);

/**
 * ioasid_set_data() - replace the private pointer of an id
 *
 * On return no reader uses the old pointer any more.
 *
 * Context: may sleep; takes the PASID lock, then waits for readers.
 * Return:  0, -ENOENT unknown id. [D7]
 */
SVA_MUST_CHECK int ioasid_set_data(struct iommu_system *sys, ioasid_t id,
				   void *priv);

/**
 * ioasid_register_allocator() - add another place ids come from
 * @ops: borrowed until unregistered.
 *
 * The first one registered is active; later ones wait their turn, in order.
 * Allocators with the same two functions share one space of ids. [D9]
 *
 * Context: may sleep.
 * Return:  0, -EINVAL a function is missing, -EEXIST @ops is registered,
 *          -EAGAIN the default allocator has ids out, -ENOMEM.
 * Test:    tests/core/ioasid_test.c
 */
SVA_MUST_CHECK int
ioasid_register_allocator(struct iommu_system *sys,
			  const struct ioasid_allocator_ops *ops);

/**
 * ioasid_unregister_allocator() - remove it
 *
 * A spare, or one of several that share a space: ids survive. The last of its
 * kind: all its ids should be free (a leak is logged, the ids are forgotten),
 * and the next spare or the default becomes active. [D10]
 *
 * On return no call into @ops runs.
 *
 * Context: may sleep, until the calls that are running have ended; not from
 *          one of them.
 */
void ioasid_unregister_allocator(struct iommu_system *sys,
				 const struct ioasid_allocator_ops *ops);

#else

/* Linux's numbers; a public header does not pull in <errno.h>. */
enum {
	IOASID_STUB_ENOENT = 2,
	IOASID_STUB_ENODEV = 19,
	IOASID_STUB_EOPNOTSUPP = 95,
};

static inline int ioasid_alloc(struct iommu_system *sys,
			       const struct ioasid_set *set, ioasid_t min,
			       ioasid_t max, void *priv, ioasid_t *ret_id)
{
	(void)sys, (void)set, (void)min, (void)max, (void)priv;
	*ret_id = INVALID_IOASID;
	return -IOASID_STUB_ENODEV;
}

static inline int ioasid_get(struct iommu_system *sys, ioasid_t id)
{
	(void)sys, (void)id;
	return -IOASID_STUB_ENOENT;
}

static inline bool ioasid_free(struct iommu_system *sys, ioasid_t id)
{
	(void)sys, (void)id;
	return false;
}

static inline int ioasid_find(struct iommu_system *sys,
			      const struct ioasid_set *set, ioasid_t id,
			      bool (*getter)(void *priv), void **ret_priv)
{
	(void)sys, (void)set, (void)id, (void)getter;
	*ret_priv = NULL;
	return 0;
}

static inline int ioasid_set_data(struct iommu_system *sys, ioasid_t id,
				  void *priv)
{
	(void)sys, (void)id, (void)priv;
	return -IOASID_STUB_ENODEV;
}

static inline int
ioasid_register_allocator(struct iommu_system *sys,
			  const struct ioasid_allocator_ops *ops)
{
	(void)sys, (void)ops;
	return -IOASID_STUB_EOPNOTSUPP;
}

static inline void
ioasid_unregister_allocator(struct iommu_system *sys,
			    const struct ioasid_allocator_ops *ops)
{
	(void)sys, (void)ops;
}

#endif /* SVA_NO_IOASID */

#endif
