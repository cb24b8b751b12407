/* SPDX-License-Identifier: MIT */
/*
 * Registration of custom allocators of ids.
 *
 * Allocators with the same two functions are one kind and share their ids. The
 * first kind of the list is active, the others are spares.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/pasid.h"
#include "core/system.h"

struct ioasid_member {
	struct list link;
	const struct ioasid_allocator_ops *ops;
};

void ioasid_kind_free(struct ioasid_space *space, struct ioasid_kind *kind)
{
	struct ioasid_member *member, *tmp;

	list_for_each_safe(member, tmp, &kind->members, link)
		plat_free(space->plat, member);
	plat_free(space->plat, kind);
}

static struct ioasid_member *find_member(struct ioasid_kind *kind,
					 const struct ioasid_allocator_ops *ops)
{
	struct ioasid_member *member;

	list_for_each(member, &kind->members, link) {
		if (member->ops == ops)
			return member;
	}
	return NULL;
}

static struct ioasid_kind *
find_registered(struct ioasid_space *space,
		const struct ioasid_allocator_ops *ops)
{
	struct ioasid_kind *kind;

	list_for_each(kind, &space->kinds, link) {
		if (find_member(kind, ops))
			return kind;
	}
	return NULL;
}

/* A kind that is on its way out is not joined any more. */
static struct ioasid_kind *find_alike(struct ioasid_space *space,
				      const struct ioasid_allocator_ops *ops)
{
	struct ioasid_kind *kind;

	list_for_each(kind, &space->kinds, link) {
		if (!kind->dying && kind->first->alloc == ops->alloc &&
		    kind->first->free == ops->free)
			return kind;
	}
	return NULL;
}

/* Lock held. Takes the member always, the kind if *kind is NULL afterwards. */
static int register_locked(struct ioasid_space *space,
			   struct ioasid_member *member,
			   struct ioasid_kind **kind)
{
	struct ioasid_kind *alike;

	if (find_registered(space, member->ops))
		return -EEXIST;
	if (list_empty(&space->kinds) && !ioasid_space_unused(space))
		return -EAGAIN;
	alike = find_alike(space, member->ops);
	if (!alike) {
		alike = *kind;
		*kind = NULL;
		alike->first = member->ops;
		list_init(&alike->members);
		list_add_tail(&space->kinds, &alike->link);
	}
	list_add_tail(&alike->members, &member->link);
	return 0;
}

int ioasid_register_allocator(struct iommu_system *sys,
			      const struct ioasid_allocator_ops *ops)
{
	struct ioasid_space *space = &sys->pasids;
	struct ioasid_member *member;
	struct ioasid_kind *kind;
	int err = -ENOMEM;

	if (!ops || !ops->alloc || !ops->free)
		return -EINVAL;
	member = plat_zalloc(space->plat, sizeof(*member));
	kind = plat_zalloc(space->plat, sizeof(*kind));
	if (member && kind) {
		member->ops = ops;
		plat_lock(space->plat, &space->lock);
		err = register_locked(space, member, &kind);
		plat_unlock(space->plat, &space->lock);
	}
	if (err)
		plat_free(space->plat, member);
	plat_free(space->plat, kind);
	return err;
}

/*
 * No call into the kind is running afterwards, and, for who frees it, nobody
 * else waits for that. Lock held, dropped meanwhile.
 */
static void wait_idle_locked(struct ioasid_space *space,
			     struct ioasid_kind *kind, bool frees)
{
	kind->waiters += !frees;
	while (kind->busy || (frees && kind->waiters)) {
		uint32_t seen = plat_event_read(&space->kinds_event);

		plat_unlock(space->plat, &space->lock);
		/* No time limit: what it waits for are its owner's own calls.
		 * An early return is harmless, busy is looked at again. */
		if (plat_event_wait(space->plat, &space->kinds_event, seen,
				    UINT64_MAX))
			plat_relax(space->plat, 0);
		plat_lock(space->plat, &space->lock);
	}
	kind->waiters -= !frees;
}

/* A kind goes; with the active one the ids still out, counted. Lock held. */
static unsigned int unlink_kind(struct ioasid_space *space,
				struct ioasid_kind *kind)
{
	bool active = space->kinds.next == &kind->link;

	list_del(&kind->link);
	return active ? ioasid_space_forget_locked(space) : 0;
}

void ioasid_unregister_allocator(struct iommu_system *sys,
				 const struct ioasid_allocator_ops *ops)
{
	struct ioasid_space *space = &sys->pasids;
	struct ioasid_member *member;
	struct ioasid_kind *kind;
	unsigned int forgotten = 0;
	bool last;

	plat_lock(space->plat, &space->lock);
	kind = find_registered(space, ops);
	if (!kind) {
		plat_unlock(space->plat, &space->lock);
		plat_log(space->plat, PLAT_LOG_WARN,
			 "ioasid: unregister of an unknown allocator");
		return;
	}
	member = find_member(kind, ops);
	last = kind->members.next == kind->members.prev;
	if (last) {
		/* From here on ioasid_alloc() waits until it is decided who
		 * comes next. */
		kind->dying = true;
	} else {
		list_del(&member->link);
		kind->first = list_entry(kind->members.next,
					 struct ioasid_member, link)
				      ->ops;
	}
	wait_idle_locked(space, kind, last);
	if (last)
		forgotten = unlink_kind(space, kind);
	plat_unlock(space->plat, &space->lock);
	if (last)
		ioasid_kind_free(space, kind);
	else
		plat_free(space->plat, member);
	if (forgotten)
		plat_log(space->plat, PLAT_LOG_WARN,
			 "ioasid: an allocator went with %u ids still out",
			 forgotten);
	plat_event_signal(space->plat, &space->kinds_event);
}
