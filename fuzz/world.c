/* SPDX-License-Identifier: MIT */
#include "fuzz/world.h"

#include <errno.h>
#include <stdlib.h>

static bool aborts(const struct world *w, uint64_t pa, uint64_t len)
{
	if (!w->alias && (pa >= WORLD_RAM || WORLD_RAM - pa < len))
		return true;
	return w->abort_last && pa <= w->abort_last &&
	       pa + (len - 1) >= w->abort_first;
}

static void note(struct world *w, enum access_kind kind, uint64_t pa,
		 uint64_t len, uint64_t value, uint64_t to)
{
	FUZZ_CHECK(len && len - 1 <= UINT64_MAX - pa);
	FUZZ_CHECK(w->pa_bits > 63 || (w->msi_any && kind == ACCESS_MSI) ||
		   !((pa + (len - 1)) >> w->pa_bits));
	FUZZ_CHECK(w->frame);
	/*
	 * The count stays exact when the log is full. The window may be gone
	 * when somebody looks at the log.
	 */
	if (w->log_n < WORLD_LOG)
		w->log[w->log_n++] = (struct access){
			kind,  pa, len,
			value, to, kind == ACCESS_WRITE && aborts(w, pa, len),
		};
}

static uint8_t *byte_at(struct world *w, uint64_t pa)
{
	return &w->ram.byte[pa % WORLD_RAM];
}

static uint64_t *word_at(struct world *w, uint64_t pa)
{
	return &w->ram.word[pa % WORLD_RAM / 8];
}

static void mark(struct world *w, uint64_t pa, uint64_t len)
{
	uint64_t page = pa >> 12, last = (pa + (len - 1)) >> 12;

	for (; page <= last; page++)
		w->dirty[page % WORLD_PAGES] = true;
}

uint64_t world_get(struct world *w, uint64_t pa)
{
	return *word_at(w, pa);
}

void world_put(struct world *w, uint64_t pa, uint64_t value)
{
	mark(w, pa, 1);
	*word_at(w, pa) = value;
}

/* What other software, or a device, does meanwhile. */
static void meddle(struct world *w, uint64_t pa)
{
	if (!w->meddle || ++w->meddle_n % w->meddle)
		return;
	world_put(w, pa, world_get(w, pa) ^ UINT64_C(1) << w->meddle_n % 64);
}

static void look(struct world *w, enum access_kind kind, uint64_t pa,
		 uint64_t len, const void *data)
{
	struct access a = { .kind = kind, .pa = pa, .len = len };

	if (w->on_access)
		w->on_access(w->ctx, &a, data);
}

static int mem_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	struct world *w = ctx;
	size_t i;

	if (ret_done)
		*ret_done = 0;
	if (!len)
		return 0;
	FUZZ_CHECK(!w->words);
	note(w, ACCESS_READ, pa, len, 0, 0);
	w->frame->loads++;
	if (aborts(w, pa, len))
		return -EFAULT;
	for (i = 0; i < len; i++)
		((uint8_t *)buf)[i] = *byte_at(w, pa + i);
	look(w, ACCESS_READ, pa, len, buf);
	if (ret_done)
		*ret_done = len;
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	struct world *w = ctx;
	size_t i;

	if (ret_done)
		*ret_done = 0;
	if (!len)
		return 0;
	if (fuzz_broken("write"))
		pa ^= 0x40000;
	note(w, ACCESS_WRITE, pa, len, 0, 0);
	w->frame->writes++;
	if (aborts(w, pa, len))
		return -EFAULT;
	look(w, ACCESS_WRITE, pa, len, buf);
	mark(w, pa, len);
	for (i = 0; i < len; i++)
		*byte_at(w, pa + i) = ((const uint8_t *)buf)[i];
	if (ret_done)
		*ret_done = len;
	return 0;
}

static int mem_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	static uint8_t buf[WORLD_RAM];
	int ret;

	FUZZ_CHECK(len <= sizeof(buf));
	*ret_write = false;
	ret = mem_read(ctx, src, buf, len, ret_done);
	if (ret)
		return ret;
	*ret_write = true;
	return mem_write(ctx, dst, buf, len, ret_done);
}

static int mem_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	struct world *w = ctx;

	FUZZ_CHECK(!(pa % 8));
	if (aborts(w, pa, 8)) {
		note(w, ACCESS_LOAD, pa, 8, 0, 0);
		w->frame->loads++;
		return -EFAULT;
	}
	meddle(w, pa);
	*ret_value = world_get(w, pa);
	note(w, ACCESS_LOAD, pa, 8, *ret_value, 0);
	w->frame->loads += fuzz_broken("loop") ? 1000 : 1;
	return 0;
}

static int mem_store64(void *ctx, uint64_t pa, uint64_t value)
{
	FUZZ_CHECK(!(pa % 8));
	return mem_write(ctx, pa, &value, 8, NULL);
}

static int mem_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	struct world *w = ctx;

	FUZZ_CHECK(!(pa % 8));
	w->frame->cas++;
	if (aborts(w, pa, 8))
		return -EFAULT;
	meddle(w, pa);
	*ret_old = world_get(w, pa);
	if (*ret_old != expected) {
		w->frame->forced++;
		return 0;
	}
	if (fuzz_broken("flags"))
		desired ^= UINT64_C(1) << 55;
	note(w, ACCESS_CAS, pa, 8, expected, desired);
	world_put(w, pa, desired);
	return 0;
}

static int msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	struct world *w = ctx;

	(void)requester;
	FUZZ_CHECK(w->held_n);
	if (fuzz_broken("msi"))
		addr ^= 0x800;
	note(w, ACCESS_MSI, addr, 4, addr, data);
	return aborts(w, addr, 4) ? -EFAULT : 0;
}

static void wire(void *ctx, unsigned int line, bool level)
{
	struct world *w = ctx;

	FUZZ_CHECK(w->held_n && line < 32);
	w->wires &= ~(1u << line);
	w->wires |= (unsigned int)level << line;
}

/* The rank is all there is to know about a lock. */
static void lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
		      const char *name)
{
	struct world *w = ctx;

	FUZZ_CHECK(name);
	memcpy(lock->opaque, &rank, sizeof(rank));
	w->locks++;
}

static void lock_fini(void *ctx, struct hw_lock *lock)
{
	struct world *w = ctx;

	(void)lock;
	FUZZ_CHECK(w->locks && !w->held_n);
	w->locks--;
}

static void do_lock(void *ctx, struct hw_lock *lock)
{
	struct world *w = ctx;
	unsigned int rank, i;

	memcpy(&rank, lock->opaque, sizeof(rank));
	FUZZ_CHECK(w->held_n < FUZZ_COUNT(w->held));
	for (i = 0; i < w->held_n; i++)
		FUZZ_CHECK(w->held_rank[i] < rank);
	w->held[w->held_n] = lock;
	w->held_rank[w->held_n++] = rank;
}

static void do_unlock(void *ctx, struct hw_lock *lock)
{
	struct world *w = ctx;
	unsigned int i;

	if (fuzz_broken("lock"))
		return;
	for (i = 0; i < w->held_n; i++)
		if (w->held[i] == lock)
			break;
	FUZZ_CHECK(i < w->held_n);
	for (w->held_n--; i < w->held_n; i++) {
		w->held[i] = w->held[i + 1];
		w->held_rank[i] = w->held_rank[i + 1];
	}
}

static void relax(void *ctx, unsigned int turns)
{
	struct world *w = ctx;

	FUZZ_CHECK(!w->held_n);
	w->frame->relaxes++;
	if (w->on_relax)
		w->on_relax(w->ctx, turns);
}

static uint64_t now_ns(void *ctx)
{
	struct world *w = ctx;

	return w->clock += UINT64_C(100000000);
}

static void log_message(void *ctx, enum hw_log_level level, const char *fmt,
			va_list ap) __attribute__((format(printf, 3, 0)));

static void log_message(void *ctx, enum hw_log_level level, const char *fmt,
			va_list ap)
{
	char text[256];

	(void)ctx;
	(void)level;
	FUZZ_CHECK(vsnprintf(text, sizeof(text), fmt, ap) >= 0);
}

void world_env(struct world *w, struct hw_env *ret_env)
{
	*ret_env = (struct hw_env){
		.ctx = w,
		.mem_read = mem_read,
		.mem_write = mem_write,
		.mem_copy = mem_copy,
		.mem_load64 = mem_load64,
		.mem_store64 = mem_store64,
		.mem_cas64 = mem_cas64,
		.msi = msi,
		.wire = wire,
		.lock_init = lock_init,
		.lock_fini = lock_fini,
		.lock = do_lock,
		.unlock = do_unlock,
		.relax = relax,
		.now_ns = now_ns,
		.log = log_message,
	};
}

void world_reset(struct world *w)
{
	unsigned int i;

	for (i = 0; i < WORLD_PAGES; i++)
		if (w->dirty[i])
			memset(&w->ram.byte[i << 12], 0, 4096);
	memset(w->dirty, 0, sizeof(w->dirty));
	w->alias = true;
	w->pa_bits = 64;
	w->words = false;
	w->msi_any = false;
	w->abort_first = w->abort_last = 0;
	w->meddle = w->meddle_n = 0;
	w->log_n = 0;
	w->frame = NULL;
	w->held_n = 0;
	w->locks = 0;
	w->clock = 0;
	w->wires = 0;
	w->on_relax = NULL;
	w->on_access = NULL;
}

void *world_state(size_t size)
{
	static size_t have;
	static void *mem;

	if (mem && have == size)
		return mem;
	free(mem);
	if (posix_memalign(&mem, 64, size ? size : 64))
		exit(2);
	have = size;
	return mem;
}

void world_enter(struct world *w, struct frame *f)
{
	*f = (struct frame){ .outer = w->frame, .first = w->log_n };
	FUZZ_CHECK(!w->held_n);
	w->frame = f;
}

void world_leave(struct world *w, struct frame *f)
{
	FUZZ_CHECK(w->frame == f);
	FUZZ_CHECK(!w->held_n);
	w->log_n = f->first;
	w->frame = f->outer;
}
