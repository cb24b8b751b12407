/* SPDX-License-Identifier: MIT */
/* Threads of the platform: stacks from the arena, signals of others blocked. */
#ifndef PLAT_HOSTED_THREAD_H
#define PLAT_HOSTED_THREAD_H

#include <pthread.h>

struct plat_hosted;

struct hosted_thread {
	pthread_t id;
	void *stack;
};

/* Return: 0, -ENOMEM, -EAGAIN. The name is cut to 15 characters. */
__attribute__((warn_unused_result)) int
hosted_thread_start(struct plat_hosted *h, struct hosted_thread *t,
		    void *(*fn)(void *arg), void *arg, const char *name);

/* Waits for its end, which the caller has asked for. */
void hosted_thread_join(struct plat_hosted *h, struct hosted_thread *t);

#endif
