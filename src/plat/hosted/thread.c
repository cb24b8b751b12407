/* SPDX-License-Identifier: MIT */
/*
 * A thread begins with a malloc() and ends with a free() of glibc's, which
 * hold locks of other threads up while those wait for the reader; so it does
 * neither under a lock that the reader may want. Its stack is another matter:
 * a thread's end makes glibc advise or unmap the one it made itself, which
 * waits for the reader if the device has touched it. So stacks come from the
 * arena.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "plat/hosted/platform.h"
#include "plat/hosted/thread.h"

#define STACK_SIZE ((size_t)1 << 20)

static int start(struct hosted_thread *t, void *(*fn)(void *arg), void *arg,
		 const char *name)
{
	size_t guard = (size_t)HOSTED_PAGE_SIZE;
	pthread_attr_t attr;
	char short_name[16];
	int err;

	pthread_attr_init(&attr);
	err = pthread_attr_setstack(&attr, (unsigned char *)t->stack + guard,
				    STACK_SIZE - guard);
	if (!err)
		err = pthread_create(&t->id, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	if (err)
		return -EAGAIN;
	snprintf(short_name, sizeof(short_name), "%.15s", name);
	/* Only for those who look; a thread without a name works. */
	(void)pthread_setname_np(t->id, short_name);
	return 0;
}

int hosted_thread_start(struct plat_hosted *h, struct hosted_thread *t,
			void *(*fn)(void *arg), void *arg, const char *name)
{
	sigset_t all, old;
	int err;

	hosted_may_call_libc(name);
	t->stack = hosted_pages_get(&h->arena, STACK_SIZE);
	if (!t->stack)
		return -ENOMEM;
	if (mprotect(t->stack, HOSTED_PAGE_SIZE, PROT_NONE)) {
		hosted_pages_put(&h->arena, t->stack);
		return -ENOMEM;
	}
	/* The client's signals are for the client's threads. */
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = start(t, fn, arg, name);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err) {
		(void)mprotect(t->stack, HOSTED_PAGE_SIZE,
			       PROT_READ | PROT_WRITE);
		hosted_pages_put(&h->arena, t->stack);
	}
	return err;
}

void hosted_thread_join(struct plat_hosted *h, struct hosted_thread *t)
{
	hosted_may_call_libc("the end of a thread");
	pthread_join(t->id, NULL);
	/* mprotect() raises no event. Should it fail, the stack stays away. */
	if (mprotect(t->stack, HOSTED_PAGE_SIZE, PROT_READ | PROT_WRITE))
		return;
	hosted_pages_put(&h->arena, t->stack);
}
