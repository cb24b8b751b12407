/* SPDX-License-Identifier: MIT */
/*
 * Accesses by guarded instructions or by system calls, and the signal handler.
 *
 * The handler touches nothing but the saved program counter and constants, so
 * any number of threads may fault at once.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>

#include "plat/hosted/access.h"
#include "plat/hosted/guard.h"
#include "plat/hosted/platform.h"

#if defined(__SANITIZE_THREAD__)
#define HOSTED_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HOSTED_TSAN 1
#endif
#endif

#ifdef HOSTED_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#define BOUNCE_SIZE 4096u

/*
 * Actions that were there before; constant while ours is in the chain. It stays
 * there after the platform's end if somebody else came in front of it, and must
 * not come in front of them then, when there is another platform: the two would
 * call each other for ever. @spent: one with SA_RESETHAND has run.
 */
static struct chained {
	struct sigaction old;
	_Atomic bool spent;
	bool taken;
} segv, bus;

static uintptr_t *saved_pc(ucontext_t *uc)
{
#if defined(__x86_64__)
	return (uintptr_t *)&uc->uc_mcontext.gregs[REG_RIP];
#else
	return (uintptr_t *)&uc->uc_mcontext.pc;
#endif
}

static bool is_function(const struct sigaction *act)
{
	return (act->sa_flags & SA_SIGINFO) ||
	       (act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN);
}

/*
 * The default, and ignoring, which a fault overrides, end the process: the
 * faulting instruction is tried once more without a handler.
 */
static void act_by_default(const struct sigaction *old, int sig,
			   const siginfo_t *info)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	/* Sent by kill(), and it was to be ignored. */
	if (!is_function(old) && old->sa_handler == SIG_IGN &&
	    info->si_code <= 0)
		return;
	sigaction(sig, &dfl, NULL);
	if (info->si_code <= 0)
		raise(sig);
}

/*
 * As the kernel would have run it: once only if it said so, and with its mask,
 * and mostly the signal itself, blocked for the time it runs.
 */
static void chain(struct chained *c, int sig, siginfo_t *info, void *context)
{
	const struct sigaction *old = &c->old;
	sigset_t block = old->sa_mask, mask;

	/* Relaxed: only one may find it false. */
	if (!is_function(old) ||
	    ((old->sa_flags & (int)SA_RESETHAND) &&
	     atomic_exchange_explicit(&c->spent, true, memory_order_relaxed))) {
		act_by_default(old, sig, info);
		return;
	}
	if (!(old->sa_flags & SA_NODEFER))
		sigaddset(&block, sig);
	pthread_sigmask(SIG_BLOCK, &block, &mask);
	if (old->sa_flags & SA_SIGINFO)
		old->sa_sigaction(sig, info, context);
	else
		old->sa_handler(sig);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

__attribute__((no_sanitize("address", "thread", "undefined"))) static void
on_fault(int sig, siginfo_t *info, void *context)
{
	uintptr_t *pc = saved_pc(context);
	uintptr_t fixup = hosted_guard_fixup(*pc);
	int err = errno;

	/* One that was sent by kill() is not the instruction's. */
	if (fixup && info->si_code > 0) {
		*pc = fixup;
		return;
	}
	chain(sig == SIGSEGV ? &segv : &bus, sig, info, context);
	errno = err;
}

/* The alternate stack, for those who have one: the fault may be its want. */
static int take(int sig, struct chained *c)
{
	struct sigaction act = {
		.sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};

	if (c->taken)
		return 0;
	sigemptyset(&act.sa_mask);
	if (sigaction(sig, &act, &c->old))
		return -errno;
	atomic_store_explicit(&c->spent, false, memory_order_relaxed);
	c->taken = true;
	return 0;
}

static void give_back(int sig, struct chained *c)
{
	struct sigaction now;

	if (sigaction(sig, NULL, &now))
		return;
	if (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != on_fault)
		return;
	c->taken = sigaction(sig, &c->old, NULL);
}

static int take_signals(void)
{
	int err = take(SIGSEGV, &segv);

	if (err)
		return err;
	err = take(SIGBUS, &bus);
	if (err)
		give_back(SIGSEGV, &segv);
	return err;
}

/* The other side of a copy is a buffer of ours. Return: bytes moved. */
static size_t call_copy(struct plat_hosted *h, void *buf, uint64_t addr,
			size_t len, bool write)
{
	size_t done = 0;

	while (done < len) {
		struct iovec local = {
			.iov_base = (unsigned char *)buf + done,
			.iov_len = len - done,
		};
		struct iovec remote = {
			.iov_base = (void *)(uintptr_t)(addr + done),
			.iov_len = len - done,
		};
		ssize_t n = write ? process_vm_writev(h->pid, &local, 1,
						      &remote, 1, 0) :
				    process_vm_readv(h->pid, &local, 1, &remote,
						     1, 0);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static int probe_calls(struct plat_hosted *h)
{
	uint64_t from = 1, to = 0;

	errno = 0;
	if (call_copy(h, &to, (uintptr_t)&from, sizeof(from), false) !=
		    sizeof(from) ||
	    call_copy(h, &to, (uintptr_t)&from, sizeof(from), true) !=
		    sizeof(from))
		return errno ? -errno : -EIO;
	return 0;
}

int hosted_access_init(struct plat_hosted *h)
{
	return h->cfg.no_signal_handler ? probe_calls(h) : take_signals();
}

void hosted_access_fini(struct plat_hosted *h)
{
	if (h->cfg.no_signal_handler)
		return;
	give_back(SIGSEGV, &segv);
	give_back(SIGBUS, &bus);
	if (segv.taken || bus.taken)
		hosted_log(h, PLAT_LOG_WARN,
			   "SIGSEGV or SIGBUS has another handler now");
}

/* Through a buffer: each part is read as a whole, then written. */
static int bounce(struct plat_hosted *h, uint64_t dst, uint64_t src, size_t len,
		  size_t *ret_done, bool *ret_write)
{
	bool back = dst > src && dst - src < len;
	unsigned char buf[BOUNCE_SIZE];
	size_t done = 0;

	while (done < len) {
		size_t part = len - done < sizeof(buf) ? len - done :
							 sizeof(buf);
		size_t at = back ? len - done - part : done;
		size_t got = call_copy(h, buf, src + at, part, false);
		size_t put = got && (!back || got == part) ?
				     call_copy(h, buf, dst + at, got, true) :
				     0;

		if (put < part) {
			*ret_done = back ? 0 : done + put;
			*ret_write = put < got;
			return -EFAULT;
		}
		done += part;
	}
	return 0;
}

/* With the handler everything is guarded; without, only the arena is safe. */
static bool direct(const struct plat_hosted *h, uint64_t addr, size_t len)
{
	return !h->cfg.no_signal_handler ||
	       hosted_arena_has(&h->arena, addr, len);
}

int hosted_copy(struct plat_hosted *h, uint64_t dst, uint64_t src, size_t len,
		size_t *ret_done, bool *ret_write)
{
	struct guard_result r;
	bool back;

	/* A range that wraps has no byte above the top: it ends there. */
	if (!direct(h, dst, len) || !direct(h, src, len))
		return bounce(h, dst, src, len, ret_done, ret_write);
	back = dst > src && dst - src < len;
	r = back ? hosted_guard_copy_back(dst, src, len) :
		   hosted_guard_copy(dst, src, len);
	if (r.fault == GUARD_OK)
		return 0;
	*ret_done = back ? 0 : len - r.value;
	*ret_write = r.fault == GUARD_WRITE;
	return -EFAULT;
}

/*
 * The order that an atomic access makes, for the tool that cannot see it. It
 * cannot be told of addresses where there is no memory.
 */
static void note_order(const struct plat_hosted *h, uint64_t addr, bool acquire,
		       bool release)
{
#ifdef HOSTED_TSAN
	void *p = (void *)(uintptr_t)addr;

	if (!direct(h, addr, 8) ||
	    hosted_guard_touch_read(addr).fault != GUARD_OK)
		return;
	if (acquire)
		__tsan_acquire(p);
	if (release)
		__tsan_release(p);
#else
	(void)h;
	(void)addr;
	(void)acquire;
	(void)release;
#endif
}

int hosted_load64(struct plat_hosted *h, uint64_t addr, uint64_t *ret_value)
{
	struct guard_result r;
	uint64_t value;

	if (addr % sizeof(value))
		return -EFAULT;
	if (direct(h, addr, sizeof(value))) {
		r = hosted_guard_load64(addr);
		if (r.fault != GUARD_OK)
			return -EFAULT;
		value = r.value;
	} else if (call_copy(h, &value, addr, sizeof(value), false) !=
		   sizeof(value)) {
		return -EFAULT;
	}
	note_order(h, addr, true, false);
	*ret_value = value;
	return 0;
}

int hosted_store64(struct plat_hosted *h, uint64_t addr, uint64_t value)
{
	if (addr % sizeof(value))
		return -EFAULT;
	note_order(h, addr, false, true);
	if (direct(h, addr, sizeof(value)))
		return hosted_guard_store64(addr, value).fault == GUARD_OK ?
			       0 :
			       -EFAULT;
	return call_copy(h, &value, addr, sizeof(value), true) ==
			       sizeof(value) ?
		       0 :
		       -EFAULT;
}

int hosted_cas64(struct plat_hosted *h, uint64_t addr, uint64_t expected,
		 uint64_t desired, uint64_t *ret_old)
{
	struct guard_result r;

	if (addr % sizeof(expected))
		return -EFAULT;
	if (!direct(h, addr, sizeof(expected)))
		return -EFAULT;
	note_order(h, addr, false, true);
	r = hosted_guard_cas64(addr, expected, desired);
	if (r.fault != GUARD_OK)
		return -EFAULT;
	note_order(h, addr, true, false);
	*ret_old = r.value;
	return 0;
}

int hosted_touch(struct plat_hosted *h, uint64_t addr, bool write)
{
	struct guard_result r;
	unsigned char byte;

	if (!direct(h, addr, 1))
		/* A write that changes nothing cannot be had this way. */
		return call_copy(h, &byte, addr, 1, false) == 1 ? 0 : -EFAULT;
	r = write ? hosted_guard_touch_write(addr) :
		    hosted_guard_touch_read(addr);
	return r.fault == GUARD_OK ? 0 : -EFAULT;
}
