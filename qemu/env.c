/* SPDX-License-Identifier: MIT */
#include "qemu/osdep.h"
#include "env.h"
#include "inject.h"

#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "qemu/timer.h"

/* RAM */

/*
 * The host's address of @pa, of which *@len bytes are in one piece. NULL: not
 * RAM, or not to be written. Called in an RCU read section, for the length of
 * which the address is good.
 */
static void *ram_at(uint64_t pa, hwaddr *len, bool write, MemoryRegion **ret_mr,
		    hwaddr *ret_offset)
{
	MemoryRegion *mr;
	hwaddr offset;

	mr = address_space_translate(&address_space_memory, pa, &offset, len,
				     write, MEMTXATTRS_UNSPECIFIED);
	if (!memory_region_is_ram(mr) || memory_region_is_ram_device(mr) ||
	    (write && (mr->readonly || mr->rom_device)))
		return NULL;
	*ret_mr = mr;
	*ret_offset = offset;
	return (char *)memory_region_get_ram_ptr(mr) + offset;
}

static int env_read(void *ctx, uint64_t pa, void *buf, size_t len,
		    size_t *ret_done)
{
	SvaEnv *env = ctx;
	size_t done = 0;

	RCU_READ_LOCK_GUARD();
	while (done < len) {
		hwaddr piece = len - done, offset;
		MemoryRegion *mr;
		void *p = ram_at(pa + done, &piece, false, &mr, &offset);

		if (!p)
			break;
		memcpy((char *)buf + done, p, piece);
		done += piece;
	}
	if (ret_done)
		*ret_done = done;
	if (done < len)
		return -EFAULT;
	if (env->inject && !sva_inject_read(env->inject, pa, buf, len))
		return -EFAULT;
	return 0;
}

/* What is written may be code that was translated: QEMU is to know. */
static bool write_piece(uint64_t pa, const void *buf, hwaddr len)
{
	return address_space_write(&address_space_memory, pa,
				   MEMTXATTRS_UNSPECIFIED, buf,
				   len) == MEMTX_OK;
}

static int env_write(void *ctx, uint64_t pa, const void *buf, size_t len,
		     size_t *ret_done)
{
	SvaEnv *env = ctx;
	size_t done = 0;

	if (env->inject && !sva_inject_write(env->inject)) {
		if (ret_done)
			*ret_done = 0;
		return -EFAULT;
	}
	RCU_READ_LOCK_GUARD();
	while (done < len) {
		hwaddr piece = len - done, offset;
		MemoryRegion *mr;

		if (!ram_at(pa + done, &piece, true, &mr, &offset) ||
		    !write_piece(pa + done, (const char *)buf + done, piece))
			break;
		done += piece;
	}
	if (ret_done)
		*ret_done = done;
	return done == len ? 0 : -EFAULT;
}

static int env_copy(void *ctx, uint64_t dst, uint64_t src, size_t len,
		    size_t *ret_done, bool *ret_write)
{
	size_t done = 0;

	*ret_write = false;
	RCU_READ_LOCK_GUARD();
	while (done < len) {
		hwaddr piece = len - done, offset;
		MemoryRegion *mr;
		void *p = ram_at(src + done, &piece, false, &mr, &offset);
		size_t written;

		if (!p)
			break;
		*ret_write = env_write(ctx, dst + done, p, piece, &written);
		done += written;
		if (*ret_write)
			break;
	}
	if (ret_done)
		*ret_done = done;
	return done == len ? 0 : -EFAULT;
}

static uint64_t *word_at(uint64_t pa, bool write, MemoryRegion **ret_mr,
			 hwaddr *ret_offset)
{
	hwaddr len = 8;
	void *p = ram_at(pa, &len, write, ret_mr, ret_offset);

	return p && len == 8 ? p : NULL;
}

static int env_load64(void *ctx, uint64_t pa, uint64_t *ret_value)
{
	SvaEnv *env = ctx;
	MemoryRegion *mr;
	hwaddr offset;
	uint64_t *p, word;

	RCU_READ_LOCK_GUARD();
	p = word_at(pa, false, &mr, &offset);
	if (!p)
		return -EFAULT;
	word = __atomic_load_n(p, __ATOMIC_ACQUIRE);
	if (env->inject &&
	    !sva_inject_read(env->inject, pa, &word, sizeof(word)))
		return -EFAULT;
	*ret_value = le64_to_cpu(word);
	return 0;
}

static int env_store64(void *ctx, uint64_t pa, uint64_t value)
{
	MemoryRegion *mr;
	hwaddr offset;
	uint64_t *p;

	RCU_READ_LOCK_GUARD();
	p = word_at(pa, true, &mr, &offset);
	if (!p)
		return -EFAULT;
	__atomic_store_n(p, cpu_to_le64(value), __ATOMIC_RELEASE);
	memory_region_set_dirty(mr, offset, 8);
	return 0;
}

static int env_cas64(void *ctx, uint64_t pa, uint64_t expected,
		     uint64_t desired, uint64_t *ret_old)
{
	uint64_t old = cpu_to_le64(expected);
	MemoryRegion *mr;
	hwaddr offset;
	uint64_t *p;

	RCU_READ_LOCK_GUARD();
	p = word_at(pa, true, &mr, &offset);
	if (!p)
		return -EFAULT;
	if (__atomic_compare_exchange_n(p, &old, cpu_to_le64(desired), false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		memory_region_set_dirty(mr, offset, 8);
	*ret_old = le64_to_cpu(old);
	return 0;
}

/* Interrupts */

struct message {
	AddressSpace *as;
	uint64_t addr;
	uint32_t data;
	MemTxAttrs attrs;
};

static MemTxResult deliver(const struct message *msg)
{
	uint32_t data = cpu_to_le32(msg->data);

	return address_space_write(msg->as, msg->addr, msg->attrs, &data, 4);
}

static void send_later(void *opaque)
{
	struct message *msg = opaque;

	(void)deliver(msg);
	g_free(msg);
}

static bool to_ram(uint64_t pa)
{
	hwaddr len = 4, offset;
	MemoryRegion *mr;

	RCU_READ_LOCK_GUARD();
	return ram_at(pa, &len, true, &mr, &offset) && len == 4;
}

static int env_msi(void *ctx, uint32_t requester, uint64_t addr, uint32_t data)
{
	SvaEnv *env = ctx;
	const struct message msg = {
		.as = env->msi_as,
		.addr = addr,
		.data = data,
		.attrs = { .requester_id = (uint16_t)requester },
	};

	if (env->inject) {
		enum sva_fate fate =
			sva_inject_message(env->inject, requester, addr, data);

		if (fate != SVA_PASS)
			return fate == SVA_ABORT ? -EFAULT : 0;
	}
	if (bql_locked() ||
	    (env->msi_as == &address_space_memory && to_ram(addr)))
		return deliver(&msg) == MEMTX_OK ? 0 : -EFAULT;
	aio_bh_schedule_oneshot(qemu_get_aio_context(), send_later,
				g_memdup2(&msg, sizeof(msg)));
	return 0;
}

static void pulse_later(void *opaque)
{
	qemu_irq_pulse(opaque);
}

static void env_wire(void *ctx, unsigned int line, bool level)
{
	SvaEnv *env = ctx;
	qemu_irq irq = line < SVA_ENV_WIRES ? env->wires[line] : NULL;

	if (!irq || !level ||
	    (env->inject && !sva_inject_wire(env->inject, line)))
		return;
	if (bql_locked())
		qemu_irq_pulse(irq);
	else
		aio_bh_schedule_oneshot(qemu_get_aio_context(), pulse_later,
					irq);
}

/* Locks and time */

static pthread_mutex_t *inside(struct hw_lock *lock)
{
	QEMU_BUILD_BUG_ON(sizeof(pthread_mutex_t) > sizeof(lock->opaque));
	return (pthread_mutex_t *)lock->opaque;
}

static void env_lock_init(void *ctx, struct hw_lock *lock, unsigned int rank,
			  const char *name)
{
	pthread_mutex_init(inside(lock), NULL);
}

static void env_lock_fini(void *ctx, struct hw_lock *lock)
{
	pthread_mutex_destroy(inside(lock));
}

static void env_lock(void *ctx, struct hw_lock *lock)
{
	pthread_mutex_lock(inside(lock));
}

static void env_unlock(void *ctx, struct hw_lock *lock)
{
	pthread_mutex_unlock(inside(lock));
}

static void env_relax(void *ctx, unsigned int turns)
{
	sched_yield();
}

static uint64_t env_now_ns(void *ctx)
{
	return (uint64_t)qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void env_log(void *ctx, enum hw_log_level level, const char *fmt,
		    va_list ap)
{
	static const int masks[] = {
		[HW_LOG_GUEST_ERROR] = LOG_GUEST_ERROR,
		[HW_LOG_UNIMP] = LOG_UNIMP,
		[HW_LOG_TRACE] = LOG_TRACE,
	};
	SvaEnv *env = ctx;

	if (qemu_loglevel_mask(masks[level])) {
		g_autofree char *text = g_strdup_vprintf(fmt, ap);

		qemu_log("%s: %s\n", env->name, text);
	}
}

void sva_env_init(SvaEnv *env, const char *name, AddressSpace *msi_as,
		  struct hw_env *ret_env)
{
	env->name = name;
	env->msi_as = msi_as;
	*ret_env = (struct hw_env){
		.ctx = env,
		.mem_read = env_read,
		.mem_write = env_write,
		.mem_copy = env_copy,
		.mem_load64 = env_load64,
		.mem_store64 = env_store64,
		.mem_cas64 = env_cas64,
		.msi = env_msi,
		.wire = env_wire,
		.lock_init = env_lock_init,
		.lock_fini = env_lock_fini,
		.lock = env_lock,
		.unlock = env_unlock,
		.relax = env_relax,
		.now_ns = env_now_ns,
		.log = env_log,
	};
}
