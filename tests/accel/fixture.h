/* SPDX-License-Identifier: MIT */
/*
 * The driver against the model, with an engine thread; the IOMMU is a table and
 * core a few functions, so that each answer can be chosen.
 */
#ifndef TESTS_ACCEL_FIXTURE_H
#define TESTS_ACCEL_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include <sva/dsa.h>

#include "tests/support/dsa_fixture.h"
#include "tests/support/testplat.h"

/* Core, as far as the driver asks it. */
extern struct testplat tp;
extern ioasid_t bind_pasid;
extern bool feature_on;
extern int feature_err;
extern struct iommu_device *const the_dev;
extern struct iommu_sva *const the_sva;

/* A machine with a thread that steps engines and delivers interrupts. */

struct machine {
	struct fix *f;
	struct dsa *dsa;
	pthread_t thread;
	_Atomic bool stop;
	_Atomic bool pause;
	_Atomic uint64_t rounds;     /* of the thread */
	_Atomic unsigned int resets; /* of a platform device */
};

struct dsa_open_cfg open_cfg(struct machine *m);
void machine_start(struct machine *m);
void machine_start_platform(struct machine *m);
void machine_stop(struct machine *m);

/* On return no engine is in a step, nor begins one. */
void machine_pause(struct machine *m);

/* The same, with the accelerator open. */
void up(struct machine *m);
void down(struct machine *m);

/* Jobs may block on faults. */
struct dsa_wq *wq_up(struct machine *m, bool shared);

/* Pages of random bytes; free() them. */
unsigned char *buffer(size_t pages, unsigned int seed);
struct dsa_result run(struct dsa_wq *wq, struct dsa_job *job);

/* Take a page from the device; @may: a page request gets it back. */
void forbid(struct fix *f, const unsigned char *p, bool may);

#endif
