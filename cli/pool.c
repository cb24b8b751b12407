/* SPDX-License-Identifier: MIT */
/*
 * Threads that take tasks in turn, and the progress bar.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "cli/run.h"
#include "cli/text.h"

#define PROGRESS_AFTER_S  0.5
#define PROGRESS_EVERY_MS 100

struct pool {
	struct session *session;
	struct run_result *results;
	_Atomic size_t next;
	size_t count;
	struct dsa_job *jobs; /* one per thread, on pages of their own */
	size_t jobs_size;
	pthread_mutex_t lock;
	pthread_cond_t finished;
	unsigned int running;
};

struct worker {
	struct pool *pool;
	struct dsa_job *job;
	pthread_t thread;
};

static double now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	size_t i;

	while ((i = atomic_fetch_add_explicit(&p->next, 1,
					      memory_order_relaxed)) < p->count)
		task_run(p->session, i, w->job, &p->results[i]);

	pthread_mutex_lock(&p->lock);
	p->running--;
	pthread_cond_signal(&p->finished);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void draw_progress(struct session *s, double elapsed)
{
	uint64_t done = atomic_load_explicit(&s->done, memory_order_relaxed);
	uint64_t total = atomic_load_explicit(&s->total, memory_order_relaxed);
	unsigned int filled = 0;
	char bar[31];

	if (total)
		filled = (unsigned int)(done * (sizeof(bar) - 1) / total);
	memset(bar, '.', sizeof(bar) - 1);
	memset(bar, '#', filled);
	bar[sizeof(bar) - 1] = '\0';
	fprintf(stderr, "\r%s [%s] %7.1f of %.1f MiB, %.0f MiB/s ",
		run_op_name(s->options->op), bar, (double)done / 1048576,
		(double)total / 1048576, (double)done / 1048576 / elapsed);
	fflush(stderr);
}

/* Wait for the workers; on a terminal, show how far they are. */
static void wait_finished(struct pool *p, double start)
{
	bool drawn = false;
	struct timespec ts;

	pthread_mutex_lock(&p->lock);
	while (p->running > 0) {
		double elapsed;

		(void)clock_gettime(CLOCK_MONOTONIC, &ts);
		ts.tv_nsec += PROGRESS_EVERY_MS * 1000000L;
		if (ts.tv_nsec >= 1000000000L) {
			ts.tv_sec++;
			ts.tv_nsec -= 1000000000L;
		}
		(void)pthread_cond_timedwait(&p->finished, &p->lock, &ts);
		elapsed = now_s() - start;
		if (!p->session->terminal || elapsed < PROGRESS_AFTER_S)
			continue;
		draw_progress(p->session, elapsed);
		drawn = true;
	}
	pthread_mutex_unlock(&p->lock);
	if (drawn)
		fputs(TEXT_CLEAR_LINE, stderr);
}

/* The device cannot even write a completion record without its page. */
static int populate_jobs(struct pool *p)
{
	size_t done = 0;

	if (p->session->options->faults != RUN_FAULTS_NONE)
		return 0;
	return plat_hosted_mm_populate(sva_machine_mm(p->session->machine),
				       p->jobs, p->jobs_size,
				       IOMMU_PERM_READ | IOMMU_PERM_WRITE,
				       &done);
}

/*
 * Jobs and completion records lie on pages of their own, so that the device
 * touches nothing of the C library's.
 */
static int pool_init(struct pool *p, unsigned int threads)
{
	pthread_condattr_t attr;
	void *mem;
	int err;

	p->jobs_size = threads * sizeof(*p->jobs);
	mem = mmap(NULL, p->jobs_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return -errno;
	p->jobs = mem;
	err = populate_jobs(p);
	if (err) {
		munmap(mem, p->jobs_size);
		return err;
	}
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->finished, &attr);
	pthread_condattr_destroy(&attr);
	return 0;
}

static void pool_fini(struct pool *p)
{
	pthread_cond_destroy(&p->finished);
	pthread_mutex_destroy(&p->lock);
	munmap(p->jobs, p->jobs_size);
}

/* As many as can be had; at least one. */
static unsigned int start_workers(struct pool *p, struct worker *workers,
				  unsigned int threads)
{
	unsigned int i;
	int err;

	pthread_mutex_lock(&p->lock);
	for (i = 0; i < threads; i++) {
		workers[i].pool = p;
		workers[i].job = &p->jobs[i];
		err = pthread_create(&workers[i].thread, NULL, worker_main,
				     &workers[i]);
		if (err) {
			if (i)
				fprintf(stderr, "sva: only %u threads: %s\n", i,
					strerror(err));
			else
				fprintf(stderr,
					"sva: cannot start a thread: %s\n",
					strerror(err));
			break;
		}
		p->running++;
	}
	pthread_mutex_unlock(&p->lock);
	return i;
}

int pool_run(struct session *s, struct run_result *results)
{
	struct pool pool = {
		.session = s,
		.results = results,
		.count = task_count(s->options),
	};
	unsigned int threads = s->options->threads;
	struct worker *workers;
	unsigned int started, i;
	double start;
	int err;

	if (threads > pool.count)
		threads = (unsigned int)pool.count;
	workers = calloc(threads, sizeof(*workers));
	if (!workers) {
		fputs("sva: out of memory\n", stderr);
		return -ENOMEM;
	}
	err = pool_init(&pool, threads);
	if (err) {
		fprintf(stderr, "sva: %s\n", strerror(-err));
		free(workers);
		return err;
	}
	start = now_s();
	started = start_workers(&pool, workers, threads);
	wait_finished(&pool, start);
	for (i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	s->seconds = now_s() - start;
	sva_machine_stats(s->machine, &s->stats);
	pool_fini(&pool);
	free(workers);
	return started ? 0 : -EAGAIN;
}
