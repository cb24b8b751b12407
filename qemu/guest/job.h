/* SPDX-License-Identifier: MIT */
/*
 * What the guest's programs have in common: jobs for the accelerator through
 * the portal of a work queue, and results for qemu/check.py.
 */
#ifndef SVA_GUEST_JOB_H
#define SVA_GUEST_JOB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/idxd.h>

#define PAGE      4096u
#define PATIENCE  60 /* seconds; of the environment's, if it has any */
#define JOB_BYTES (1u << 20)

/* The whole status byte; bit 7 says that the fault was of a write. */
#define STATUS_MASK 0x7fu

struct queue {
	int fd;
	volatile uint64_t *portal;
};

static unsigned int failures;

__attribute__((format(printf, 3, 4))) static inline void
result(const char *name, bool good, const char *format, ...)
{
	va_list ap;
	char text[160];

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	printf("sva: %s %s %s\n", name, good ? "ok" : "FAIL", text);
	fflush(stdout);
	failures += !good;
}

/* As a CPU without MOVDIR64B: in eight pieces. */
static inline void submit(struct queue *q, const struct dsa_hw_desc *desc)
{
	uint64_t words[8];
	unsigned int i;

	memcpy(words, desc, sizeof(words));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (i = 0; i < 8; i++)
		q->portal[i] = words[i];
}

static inline int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Its status; 0: it never came. */
static inline unsigned int
wait_record(const struct dsa_completion_record *record)
{
	const char *patience = getenv("PATIENCE");
	int64_t end = now_ns();
	unsigned int status;

	end += (patience && *patience ? atoi(patience) : PATIENCE) *
	       1000000000ll;
	do {
		status = __atomic_load_n(&record->status, __ATOMIC_ACQUIRE);
		if (status)
			return status & STATUS_MASK;
		usleep(100);
	} while (now_ns() < end);
	return 0;
}

static inline void *untouched(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static inline void fill(void *to, size_t size, uint64_t seed)
{
	uint64_t *words = to;
	size_t i;

	for (i = 0; i < size / 8; i++)
		words[i] = (seed + i) * UINT64_C(0x9e3779b97f4a7c15);
}

/* With a request that was refused, or without one. */
static inline bool faulted(unsigned int status)
{
	return status == DSA_COMP_PAGE_FAULT_NOBOF ||
	       status == DSA_COMP_PAGE_FAULT_IR;
}

static inline bool same(const void *a, const void *b, size_t size)
{
	return !memcmp(a, b, size);
}

#endif
