/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else where the monitor is compiled for the
 * simulator: what it has of the operating system is the simulator's. A lock
 * that is taken is a point, a thread is a fibre, and what it allocates is
 * looked for at the end.
 */
#ifndef TESTS_VMM_SIM_OS_H
#define TESTS_VMM_SIM_OS_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct sim_thread;

struct os_mutex {
	unsigned long magic;
	struct sim_thread *owner;
};

/* Readers come first, as in glibc. */
struct os_rwlock {
	unsigned long magic;
	struct sim_thread *writer;
	unsigned int readers;
};

int os_mutex_init(struct os_mutex *m, const void *attr);
int os_mutex_destroy(struct os_mutex *m);
int os_mutex_lock(struct os_mutex *m);
int os_mutex_unlock(struct os_mutex *m);
int os_rwlock_init(struct os_rwlock *l, const void *attr);
int os_rwlock_destroy(struct os_rwlock *l);
int os_rwlock_rdlock(struct os_rwlock *l);
int os_rwlock_wrlock(struct os_rwlock *l);
int os_rwlock_unlock(struct os_rwlock *l);
int os_thread_create(struct sim_thread **t, const void *attr,
		     void *(*fn)(void *arg), void *arg);
int os_thread_join(struct sim_thread *t, void **ret);
void *os_calloc(size_t count, size_t size);
void os_free(void *mem);
void os_abort(void) __attribute__((noreturn));

#define pthread_mutex_t                struct os_mutex
#define pthread_mutex_init             os_mutex_init
#define pthread_mutex_destroy          os_mutex_destroy
#define pthread_mutex_lock             os_mutex_lock
#define pthread_mutex_unlock           os_mutex_unlock
#define pthread_rwlock_t               struct os_rwlock
#define pthread_rwlock_init            os_rwlock_init
#define pthread_rwlock_destroy         os_rwlock_destroy
#define pthread_rwlock_rdlock          os_rwlock_rdlock
#define pthread_rwlock_wrlock          os_rwlock_wrlock
#define pthread_rwlock_unlock          os_rwlock_unlock
#define pthread_t                      struct sim_thread *
#define pthread_create                 os_thread_create
#define pthread_join                   os_thread_join
/* Fibres have no signals of their own. */
#define pthread_sigmask(how, set, old) ((void)(set), (void)(old), 0)
#define calloc                         os_calloc
#define free                           os_free
#define abort()                        os_abort()

#define plat_hosted_create    os_hosted_create
#define plat_hosted_destroy   os_hosted_destroy
#define plat_hosted_plat      os_hosted_plat
#define plat_hosted_env       os_hosted_env
#define plat_hosted_raise_irq os_hosted_raise_irq

/* Each access of the host's driver to its IOMMU is a point. */
#define sva_window_iommu os_window_iommu

#endif
