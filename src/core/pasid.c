/* SPDX-License-Identifier: MIT */
/* The allocator of I/O address space ids: see core/pasid.h for its shape. */
#include "core/pasid.h"

#include "base/bits.h"
#include "base/errno.h"
#include "core/system.h"

#define REFS_MAX          UINT32_C(0x7fffffff)
#define STATE_LEAKED      BIT(31)
#define STATE_REFS(state) ((uint32_t)(state)&REFS_MAX)
#define STATE_GEN(state)  ((uint32_t)((state) >> 32))

static uint64_t make_state(uint32_t gen, uint32_t refs)
{
	return (uint64_t)gen << 32 | refs;
}

/* Pairs with the release in chunk_install(): the chunk is initialized. */
static struct ioasid_chunk *chunk_of(const struct ioasid_space *space,
				     ioasid_t id)
{
	return atomic_load_explicit(&space->chunks[id >> IOASID_CHUNK_LG2],
				    memory_order_acquire);
}

/* The entry of an id, NULL if the id was never handed out. */
static struct ioasid_entry *entry_of(const struct ioasid_space *space,
				     ioasid_t id)
{
	struct ioasid_chunk *chunk;

	if (id >= space->end)
		return NULL;
	chunk = chunk_of(space, id);
	return chunk ? &chunk->entries[id % IOASID_CHUNK_IDS] : NULL;
}

/* The first @count bits of a map of zeros. */
static void set_bits(uint64_t *map, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count / 64; i++)
		map[i] = UINT64_MAX;
	if (count % 64)
		map[i] = BIT(count % 64) - 1;
}

int ioasid_space_init(struct ioasid_space *space, const struct plat *plat,
		      unsigned int bits)
{
	uint32_t ids = 1u << bits;
	uint32_t words = (ids + 63) / 64;
	uint32_t groups = (words + 63) / 64;

	space->free = plat_zalloc(plat, words * sizeof(*space->free));
	if (!space->free)
		return -ENOMEM;
	space->plat = plat;
	space->end = ids;
	plat_lock_init(plat, &space->lock, PLAT_LOCK_SPIN, PLAT_RANK_PASID,
		       "pasid");
	list_init(&space->kinds);
	set_bits(space->free, ids);
	set_bits(space->word_free, words);
	set_bits(space->group_free, groups);
	return 0;
}

void ioasid_space_fini(struct ioasid_space *space)
{
	struct ioasid_kind *kind, *tmp;
	unsigned int i;

	list_for_each_safe(kind, tmp, &space->kinds, link)
		ioasid_kind_free(space, kind);
	for (i = 0; i < IOASID_CHUNKS; i++)
		plat_free(space->plat,
			  atomic_load_explicit(&space->chunks[i],
					       memory_order_relaxed));
	plat_free(space->plat, space->free);
	plat_lock_fini(space->plat, &space->lock);
}

bool ioasid_space_unused(const struct ioasid_space *space)
{
	return atomic_load_explicit(&space->live, memory_order_relaxed) ==
	       atomic_load_explicit(&space->leaked, memory_order_relaxed);
}

/*
 * The bitmap. Everything down to find_free() is under the lock.
 */

static void mark_taken(struct ioasid_space *space, ioasid_t id)
{
	uint32_t word = id / 64, group = word / 64;

	space->free[word] &= ~BIT(id % 64);
	if (space->free[word])
		return;
	space->word_free[group] &= ~BIT(word % 64);
	if (!space->word_free[group])
		space->group_free[group / 64] &= ~BIT(group % 64);
}

static void mark_free(struct ioasid_space *space, ioasid_t id)
{
	uint32_t word = id / 64, group = word / 64;

	space->free[word] |= BIT(id % 64);
	space->word_free[group] |= BIT(word % 64);
	space->group_free[group / 64] |= BIT(group % 64);
}

static bool is_free(const struct ioasid_space *space, ioasid_t id)
{
	return space->free[id / 64] & BIT(id % 64);
}

/* First bit that is set in a map of @words words, from bit @from on. */
static bool next_bit(const uint64_t *map, uint32_t words, uint32_t from,
		     uint32_t *ret_bit)
{
	uint32_t i = from / 64;
	uint64_t bits;

	if (i >= words)
		return false;
	bits = map[i] & (UINT64_MAX << from % 64);
	while (!bits) {
		if (++i == words)
			return false;
		bits = map[i];
	}
	*ret_bit = i * 64 + (uint32_t)__builtin_ctzll(bits);
	return true;
}

/* First word of ids with a free one, from @from on. */
static bool next_free_word(const struct ioasid_space *space, uint32_t from,
			   uint32_t *ret_word)
{
	uint32_t group = from / 64;
	uint64_t bits;

	if (group >= IOASID_GROUPS)
		return false;
	bits = space->word_free[group] & (UINT64_MAX << from % 64);
	if (!bits) {
		if (!next_bit(space->group_free, IOASID_GROUPS / 64, group + 1,
			      &group))
			return false;
		bits = space->word_free[group];
	}
	*ret_word = group * 64 + (uint32_t)__builtin_ctzll(bits);
	return true;
}

/* The lowest one from @min on; @min is an id of the space. */
static bool find_free(const struct ioasid_space *space, ioasid_t min,
		      ioasid_t *ret_id)
{
	uint32_t word = min / 64;
	uint64_t bits = space->free[word] & (UINT64_MAX << min % 64);

	if (!bits) {
		if (!next_free_word(space, word + 1, &word))
			return false;
		bits = space->free[word];
	}
	*ret_id = word * 64 + (uint32_t)__builtin_ctzll(bits);
	return true;
}

/* The chunk of @id is there afterwards. No lock held; may sleep. */
static int chunk_install(struct ioasid_space *space, ioasid_t id)
{
	_Atomic(struct ioasid_chunk *) *slot =
		&space->chunks[id >> IOASID_CHUNK_LG2];
	struct ioasid_chunk *chunk, *none = NULL;

	if (chunk_of(space, id))
		return 0;
	chunk = plat_zalloc(space->plat, sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	/* Release pairs with chunk_of(). Losing the race is fine. */
	if (!atomic_compare_exchange_strong_explicit(slot, &none, chunk,
						     memory_order_release,
						     memory_order_relaxed))
		plat_free(space->plat, chunk);
	return 0;
}

/* @by is 1 or -1. Lock held. */
static void count_live(struct ioasid_space *space, int by)
{
	uint32_t live =
		atomic_load_explicit(&space->live, memory_order_relaxed);

	live += (uint32_t)by;
	atomic_store_explicit(&space->live, live, memory_order_relaxed);
	if (live > atomic_load_explicit(&space->live_max, memory_order_relaxed))
		atomic_store_explicit(&space->live_max, live,
				      memory_order_relaxed);
}

/*
 * Hands out @id, whose chunk is there and which is free. Lock held.
 *
 * Each store pairs with a load of ioasid_find(): a reader that sees the new
 * set or pointer also sees, when it looks at the state again, at least the
 * first store, which has the new generation.
 */
static void entry_publish(struct ioasid_space *space, ioasid_t id,
			  const struct ioasid_set *set, void *priv)
{
	struct ioasid_entry *entry = entry_of(space, id);
	uint32_t gen = STATE_GEN(atomic_load_explicit(&entry->state,
						      memory_order_relaxed)) +
		       1;

	mark_taken(space, id);
	count_live(space, 1);
	atomic_store_explicit(&entry->state, make_state(gen, 0),
			      memory_order_relaxed);
	atomic_store_explicit(&entry->set, set, memory_order_release);
	atomic_store_explicit(&entry->priv, priv, memory_order_release);
	atomic_store_explicit(&entry->state, make_state(gen, 1),
			      memory_order_release);
}

/* Marks a call into the active allocator as running. Lock held. */
static const struct ioasid_allocator_ops *kind_enter(struct ioasid_kind *kind)
{
	kind->busy++;
	return kind->first;
}

static void kind_leave(struct ioasid_space *space, struct ioasid_kind *kind)
{
	plat_lock(space->plat, &space->lock);
	kind->busy--;
	plat_unlock(space->plat, &space->lock);
	plat_event_signal(space->plat, &space->kinds_event);
}

/* Writes down an id that an allocator chose, or says why it cannot be. */
static int record_custom(struct ioasid_space *space,
			 const struct ioasid_set *set, ioasid_t min,
			 ioasid_t max, ioasid_t id, void *priv)
{
	int err;

	if (id < min || id > max)
		return -ENOSPC;
	err = chunk_install(space, id);
	if (err)
		return err;
	plat_lock(space->plat, &space->lock);
	if (is_free(space, id))
		entry_publish(space, id, set, priv);
	else
		err = -EEXIST;
	plat_unlock(space->plat, &space->lock);
	return err;
}

/*
 * Asks the active allocator; kind_enter() was done. What it chose but cannot
 * be used goes back to it, unless somebody has the id: then it is theirs.
 */
static int alloc_custom(struct ioasid_space *space, struct ioasid_kind *kind,
			const struct ioasid_allocator_ops *ops,
			const struct ioasid_set *set, ioasid_t min,
			ioasid_t max, void *priv, ioasid_t *ret_id)
{
	ioasid_t id = ops->alloc(min, max, ops->pdata);
	int err = -ENOSPC;

	if (id != INVALID_IOASID) {
		err = record_custom(space, set, min, max, id, priv);
		if (err)
			plat_log(space->plat, PLAT_LOG_WARN,
				 "ioasid: cannot use id %u of an allocator: %d",
				 id, err);
		if (err && err != -EEXIST)
			ops->free(id, ops->pdata);
	}
	kind_leave(space, kind);
	if (err)
		return err == -EEXIST ? -ENOSPC : err;
	*ret_id = id;
	return 0;
}

/* Lock held. -EAGAIN: the chunk of *@ret_id is missing. */
static int alloc_default(struct ioasid_space *space,
			 const struct ioasid_set *set, ioasid_t min,
			 ioasid_t max, void *priv, ioasid_t *ret_id)
{
	ioasid_t id;

	if (!find_free(space, min, &id) || id > max)
		return -ENOSPC;
	*ret_id = id;
	if (!chunk_of(space, id))
		return -EAGAIN;
	entry_publish(space, id, set, priv);
	return 0;
}

int ioasid_alloc(struct iommu_system *sys, const struct ioasid_set *set,
		 ioasid_t min, ioasid_t max, void *priv, ioasid_t *ret_id)
{
	struct ioasid_space *space = &sys->pasids;
	const struct ioasid_allocator_ops *ops = NULL;
	struct ioasid_kind *kind;
	ioasid_t id;
	int err;

	if (!set || !min || min > max)
		return -EINVAL;
	if (min >= space->end)
		return -ENOSPC;
	if (max >= space->end)
		max = space->end - 1;

	do {
		uint32_t seen = plat_event_read(&space->kinds_event);

		err = 0;
		plat_lock(space->plat, &space->lock);
		kind = list_first(&space->kinds, struct ioasid_kind, link);
		if (!kind)
			err = alloc_default(space, set, min, max, priv, &id);
		else if (!kind->dying)
			ops = kind_enter(kind);
		plat_unlock(space->plat, &space->lock);
		if (ops)
			return alloc_custom(space, kind, ops, set, min, max,
					    priv, ret_id);
		/* Who is in charge may have changed when it comes back. No
		 * time limit: an allocator that goes waits for calls of its
		 * own, that end. */
		if (kind)
			err = plat_event_wait(space->plat, &space->kinds_event,
					      seen, UINT64_MAX);
		else if (err == -EAGAIN)
			err = chunk_install(space, id);
		else
			break;
	} while (!err);
	if (!err)
		*ret_id = id;
	return err;
}

/* 0, no references, for an id that was never handed out. Lock held. */
static uint64_t state_locked(const struct ioasid_entry *entry)
{
	return entry ? atomic_load_explicit(&entry->state,
					    memory_order_relaxed) :
		       0;
}

/* Release pairs with the acquire of entry_read(). */
static void state_write_locked(struct ioasid_entry *entry, uint64_t state)
{
	atomic_store_explicit(&entry->state, state, memory_order_release);
}

int ioasid_get(struct iommu_system *sys, ioasid_t id)
{
	struct ioasid_space *space = &sys->pasids;
	struct ioasid_entry *entry = entry_of(space, id);
	uint64_t state;
	int err = 0;

	plat_lock(space->plat, &space->lock);
	state = state_locked(entry);
	if (!STATE_REFS(state))
		err = -ENOENT;
	else if (STATE_REFS(state) == REFS_MAX)
		err = -EOVERFLOW;
	else
		state_write_locked(entry, state + 1);
	plat_unlock(space->plat, &space->lock);
	if (err == -ENOENT)
		plat_log(sys->plat, PLAT_LOG_WARN,
			 "ioasid: get of unknown id %u", id);
	return err;
}

/*
 * Drops a reference. With the last one the id is free in the same step, so
 * ioasid_space_forget_locked() cannot free it once more. Returns the allocator
 * that is to get it back, or NULL. Lock held.
 */
static struct ioasid_kind *put_locked(struct ioasid_space *space, ioasid_t id,
				      uint64_t state)
{
	state_write_locked(entry_of(space, id), state - 1);
	if (STATE_REFS(state) > 1 || state & STATE_LEAKED)
		return NULL;
	mark_free(space, id);
	count_live(space, -1);
	return list_first(&space->kinds, struct ioasid_kind, link);
}

bool ioasid_free(struct iommu_system *sys, ioasid_t id)
{
	struct ioasid_space *space = &sys->pasids;
	struct ioasid_entry *entry = entry_of(space, id);
	const struct ioasid_allocator_ops *ops = NULL;
	struct ioasid_kind *kind = NULL;
	uint64_t state;

	/* The misses of a cold id at once, and while the lock is taken: an
	 * entry may lie across two lines, and the id may be the next one that
	 * is handed out. */
	if (entry) {
		__builtin_prefetch(&entry->state, 1);
		__builtin_prefetch(&entry->priv, 1);
		__builtin_prefetch(&space->free[id / 64], 1);
	}
	plat_lock(space->plat, &space->lock);
	state = state_locked(entry);
	if (STATE_REFS(state))
		kind = put_locked(space, id, state);
	if (kind)
		ops = kind_enter(kind);
	plat_unlock(space->plat, &space->lock);
	if (!STATE_REFS(state))
		plat_log(sys->plat, PLAT_LOG_WARN,
			 "ioasid: free of unknown id %u", id);
	if (ops) {
		ops->free(id, ops->pdata);
		kind_leave(space, kind);
	}
	return STATE_REFS(state) == 1;
}

void ioasid_disown(struct iommu_system *sys, ioasid_t id, bool leak)
{
	struct ioasid_space *space = &sys->pasids;
	struct ioasid_entry *entry = entry_of(space, id);
	uint64_t state;

	plat_lock(space->plat, &space->lock);
	state = state_locked(entry);
	if (STATE_REFS(state)) {
		/* Release pairs with entry_read(). */
		atomic_store_explicit(&entry->priv, NULL, memory_order_release);
		if (leak && !(state & STATE_LEAKED)) {
			state_write_locked(entry, state | STATE_LEAKED);
			atomic_fetch_add_explicit(&space->leaked, 1,
						  memory_order_relaxed);
		}
	}
	plat_unlock(space->plat, &space->lock);
	ioasid_free(sys, id);
}

/*
 * A snapshot of a live entry, or false. The loads of set and priv acquire, so
 * that the second look at the state is not older than what they saw.
 */
static bool entry_read(const struct ioasid_entry *entry,
		       const struct ioasid_set **ret_set, void **ret_priv)
{
	uint64_t before, after;

	do {
		before = atomic_load_explicit(&entry->state,
					      memory_order_acquire);
		if (!STATE_REFS(before))
			return false;
		*ret_set =
			atomic_load_explicit(&entry->set, memory_order_acquire);
		*ret_priv = atomic_load_explicit(&entry->priv,
						 memory_order_acquire);
		after = atomic_load_explicit(&entry->state,
					     memory_order_relaxed);
	} while (STATE_GEN(before) != STATE_GEN(after));
	return STATE_REFS(after);
}

int ioasid_find(struct iommu_system *sys, const struct ioasid_set *set,
		ioasid_t id, bool (*getter)(void *priv), void **ret_priv)
{
	const struct ioasid_entry *entry = entry_of(&sys->pasids, id);
	const struct ioasid_set *owner;
	void *priv;
	int err = 0;

	if (!entry)
		return -ENOENT;
	plat_rcu_read_lock(sys->plat);
	if (!entry_read(entry, &owner, &priv)) {
		err = -ENOENT;
	} else if (set && set != owner) {
		err = -EACCES;
	} else {
		if (getter && !getter(priv))
			priv = NULL;
		*ret_priv = priv;
	}
	plat_rcu_read_unlock(sys->plat);
	return err;
}

unsigned int ioasid_space_forget_locked(struct ioasid_space *space)
{
	unsigned int count = 0;
	ioasid_t id;

	for (id = 0; id < space->end; id++) {
		struct ioasid_entry *entry = entry_of(space, id);
		uint64_t state;

		if (!entry) {
			id |= IOASID_CHUNK_IDS - 1;
			continue;
		}
		state = state_locked(entry);
		if (!STATE_REFS(state))
			continue;
		state_write_locked(entry, state & ~(uint64_t)REFS_MAX);
		count++;
		if (state & STATE_LEAKED)
			continue;
		mark_free(space, id);
		count_live(space, -1);
	}
	return count;
}

int ioasid_set_data(struct iommu_system *sys, ioasid_t id, void *priv)
{
	struct ioasid_entry *entry = entry_of(&sys->pasids, id);
	int err = -ENOENT;

	if (!entry)
		return err;
	/* The lock keeps the id from being handed out again meanwhile. */
	plat_lock(sys->plat, &sys->pasids.lock);
	if (STATE_REFS(state_locked(entry))) {
		/* Release pairs with entry_read(). */
		atomic_store_explicit(&entry->priv, priv, memory_order_release);
		err = 0;
	}
	plat_unlock(sys->plat, &sys->pasids.lock);
	if (!err)
		plat_rcu_synchronize(sys->plat);
	return err;
}
