/* SPDX-License-Identifier: MIT */
/*
 * Guests at work. A guest is a thread that boots it, and a few that are its
 * processors: each works for some of the guest's processes, one job after the
 * other, whose source it has written and whose destination it checks.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sva/sva.h>

#include "cli/guest.h"

#define PAGE       4096u
#define JOB_PAGES  4u
#define JOB_SIZE   (JOB_PAGES * PAGE)
#define PROCESSORS 2u

/* Where processes have their buffers: the same for all of them. */
#define SRC_VA UINT64_C(0x10000000)
#define DST_VA UINT64_C(0x20000000)

/* For tables and buffers of a process, with some to spare. */
#define PROCESS_MEMORY (UINT64_C(192) << 10)

struct process {
	struct vmm_process *process;
	struct iommu_sva *sva;
};

/**
 * struct guest - one of them
 * @victim: to be killed when @kill_at jobs are done.
 * @ready:  it has booted, or will not. @dead: its jobs do not count.
 */
struct guest {
	struct guest_run *run;
	struct guest_result *result;
	unsigned int index;
	struct vmm_host *host;
	struct vmm_guest *vm;
	struct dsa_wq *wq;
	struct process processes[PROCESSES_MAX];
	unsigned int count; /* of processes, made */
	bool victim;
	uint64_t kill_at;
	_Atomic bool dead;
	pthread_t threads[PROCESSORS];
};

struct processor {
	struct guest *guest;
	unsigned int index;
};

static int complain(const char *what, int err)
{
	fprintf(stderr, "sva: %s: %s\n", what, strerror(-err));
	return err;
}

static uint32_t next_word(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state;
}

/* Nobody else's: of this guest, process and round. */
static uint32_t seed_of(const struct guest *g, unsigned int process,
			unsigned int round)
{
	return (g->index << 24 ^ process << 12 ^ round) * 2654435761u + 1;
}

static int write_source(struct vmm_process *p, uint32_t seed)
{
	uint32_t words[PAGE / 4];
	unsigned int page;
	size_t i;
	int err;

	for (page = 0; page < JOB_PAGES; page++) {
		for (i = 0; i < PAGE / 4; i++)
			words[i] = next_word(&seed);
		err = vmm_process_write(p, SRC_VA + page * PAGE, words, PAGE);
		if (err)
			return err;
	}
	return 0;
}

/* *ret_right: the destination has what the source was written with. */
static int check(struct vmm_process *p, uint32_t seed, bool *ret_right)
{
	uint32_t words[PAGE / 4];
	unsigned int page;
	size_t i;
	int err;

	*ret_right = true;
	for (page = 0; page < JOB_PAGES; page++) {
		err = vmm_process_read(p, DST_VA + page * PAGE, words, PAGE);
		if (err)
			return err;
		for (i = 0; i < PAGE / 4; i++)
			if (words[i] != next_word(&seed))
				*ret_right = false;
	}
	return 0;
}

/* 0, or what it ended with. */
static int copy(struct guest *g, struct process *p)
{
	struct dsa_job *job = vmm_process_job(p->process, 0);
	struct dsa_result result;
	int err;

	dsa_job_memmove(job, p->sva, (void *)(uintptr_t)DST_VA,
			(const void *)(uintptr_t)SRC_VA, JOB_SIZE);
	dsa_job_set_block_on_fault(job);
	vmm_process_job_ready(p->process, 0);
	err = dsa_submit(g->wq, job);
	if (!err)
		err = dsa_wait(job, 0, &result);
	if (!err)
		err = result.status;
	return err;
}

/* Also lets the destination go: the next job asks for its pages again. */
static int one_job(struct guest *g, unsigned int process, unsigned int round)
{
	struct process *p = &g->processes[process];
	uint32_t seed = seed_of(g, process, round);
	bool right;
	int err;

	err = write_source(p->process, seed);
	if (!err)
		err = copy(g, p);
	if (!err)
		err = check(p->process, seed, &right);
	if (!err)
		err = vmm_process_discard(p->process, DST_VA, JOB_SIZE);
	/* What became of it is of no interest, nor can it be told. */
	if (atomic_load(&g->dead))
		return -ECANCELED;
	if (err) {
		atomic_fetch_add(&g->result->failed, 1);
		return err;
	}
	atomic_fetch_add(right ? &g->result->jobs : &g->result->wrong, 1);
	atomic_fetch_add(&g->result->bytes, JOB_SIZE);
	return 0;
}

/* A victim does not live to see the last job of any processor. */
static void outlive(const struct guest *g)
{
	while (g->victim && !atomic_load(&g->dead))
		sched_yield();
}

static void *processor_main(void *arg)
{
	const struct processor *cpu = arg;
	struct guest *g = cpu->guest;
	const struct guest_options *o = g->run->options;
	unsigned int round, p;

	for (round = 0; round < o->jobs; round++)
		for (p = cpu->index; p < g->count; p += PROCESSORS) {
			if (round + 1 == o->jobs && p + PROCESSORS >= g->count)
				outlive(g);
			if (one_job(g, p, round) == -ECANCELED)
				return NULL;
		}
	return NULL;
}

/* Half of the jobs, but those that outlive() keeps are not among them. */
static uint64_t kill_at(const struct guest_options *o)
{
	uint64_t all = (uint64_t)o->jobs * o->processes;
	uint64_t kept = o->processes < PROCESSORS ? o->processes : PROCESSORS;

	return all / 2 < all - kept ? all / 2 : all - kept;
}

static int make_process(struct guest *g, struct process *p)
{
	const unsigned int perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
	int err;

	err = vmm_process_create(g->vm, &p->process);
	if (err)
		return err;
	err = vmm_process_map(p->process, SRC_VA, JOB_SIZE, perm);
	if (!err)
		err = vmm_process_map(p->process, DST_VA, JOB_SIZE, perm);
	if (!err)
		err = iommu_sva_bind(vmm_guest_device(g->vm),
				     vmm_process_mm(p->process), NULL, &p->sva);
	if (err)
		vmm_process_destroy(p->process);
	return err;
}

static uint64_t memory_for(unsigned int processes)
{
	uint64_t need = (UINT64_C(8) << 20) + processes * PROCESS_MEMORY;
	uint64_t size = UINT64_C(16) << 20;

	while (size < need)
		size *= 2;
	return size;
}

static int failed(struct guest *g, const char *what, int err)
{
	g->result->err = err;
	g->result->what = what;
	return err;
}

static int open_guest(struct guest *g)
{
	const struct guest_options *o = g->run->options;
	const struct dsa_wq_cfg wq_cfg = { .shared = true,
					   .block_on_fault = true };
	struct vmm_guest_cfg cfg = {
		.how = o->how,
		.iommu = o->guest_iommu,
		.function = g->index,
		.memory = memory_for(o->processes),
		.personality = o->personality,
	};
	char name[16];
	int err;

	(void)snprintf(name, sizeof(name), "guest%u", g->index);
	cfg.name = name;
	err = vmm_guest_create(g->host, &cfg, &g->vm);
	if (err)
		return failed(g, "does not boot", err);
	err = dsa_wq_open(vmm_guest_dsa(g->vm), &wq_cfg, &g->wq);
	if (err)
		return failed(g, "has no work queue", err);
	while (g->count < o->processes) {
		err = make_process(g, &g->processes[g->count]);
		if (err)
			return failed(g, "cannot bind a process", err);
		g->count++;
	}
	return 0;
}

static void close_guest(struct guest *g)
{
	int err;

	if (!g->vm)
		return;
	/* One that was killed has none that could drain. */
	if (g->wq)
		(void)dsa_wq_close(g->wq);
	while (g->count) {
		struct process *p = &g->processes[--g->count];

		iommu_sva_unbind(p->sva);
		vmm_process_destroy(p->process);
	}
	vmm_guest_stats(g->vm, &g->result->stats);
	err = vmm_guest_destroy(g->vm);
	if (err)
		failed(g, "does not shut down", err);
}

/* In the middle: when half of its jobs are done. */
static void kill_when_due(struct guest *g)
{
	const struct guest_result *r = g->result;

	while (atomic_load(&r->jobs) + atomic_load(&r->wrong) +
		       atomic_load(&r->failed) <
	       g->kill_at)
		sched_yield();
	atomic_store(&g->dead, true);
	vmm_guest_kill(g->vm);
	g->result->killed = true;
}

static void *guest_main(void *arg)
{
	struct processor cpus[PROCESSORS];
	struct guest *g = arg;
	unsigned int i, started = 0;

	for (i = 0; i < PROCESSORS; i++) {
		int err;

		cpus[i] = (struct processor){ g, i };
		err = pthread_create(&g->threads[i], NULL, processor_main,
				     &cpus[i]);
		if (err) {
			failed(g, "has no processor", -err);
			break;
		}
		started++;
	}
	if (g->victim && started == PROCESSORS)
		kill_when_due(g);
	else
		atomic_store(&g->dead, g->victim); /* nobody waits for that */
	for (i = 0; i < started; i++)
		pthread_join(g->threads[i], NULL);
	return NULL;
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* All at once. */
static int work(struct guest *guests, unsigned int count)
{
	pthread_t threads[GUESTS_MAX];
	unsigned int i, started;
	int err = 0;

	for (started = 0; started < count && !err; started++) {
		err = pthread_create(&threads[started], NULL, guest_main,
				     &guests[started]);
		if (err)
			break;
	}
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return -err;
}

static int run_guests(struct guest_run *run, struct vmm_host *host,
		      struct guest *guests)
{
	const struct guest_options *o = run->options;
	struct timespec start;
	unsigned int i;
	int err = 0;

	for (i = 0; i < o->guests && !err; i++) {
		struct guest *g = &guests[i];

		g->run = run;
		g->result = &run->results[i];
		g->index = i;
		g->host = host;
		g->victim = o->kill && i % 2;
		g->kill_at = kill_at(o);
		err = open_guest(g);
	}
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!err)
		err = work(guests, o->guests);
	run->seconds = seconds_since(&start);
	vmm_host_iommu_hw(host)->ops->stats(vmm_host_iommu_hw(host), &run->hw);
	for (i = 0; i < o->guests; i++)
		close_guest(&guests[i]);
	return err;
}

int guest_run(const struct guest_options *options, struct guest_run *run)
{
	const struct vmm_host_cfg cfg = {
		.iommu = options->iommu,
		.functions = options->guests,
		.personality = options->personality,
		.hosted = { .log_level = PLAT_LOG_WARN },
	};
	struct iommu_system_stats stats;
	struct vmm_host *host;
	struct guest *guests;
	int err;

	run->options = options;
	guests = calloc(options->guests, sizeof(*guests));
	if (!guests)
		return complain("guests", -ENOMEM);
	err = vmm_host_create(&cfg, &host);
	if (err) {
		free(guests);
		return complain("cannot build the host", err);
	}
	err = run_guests(run, host, guests);
	if (err)
		complain("guests", err);
	free(guests);
	iommu_system_stats(vmm_host_system(host), &stats);
	run->pasids = stats.pasids;
	/* What a guest has left behind keeps it from going. */
	err = vmm_host_destroy(host);
	if (err)
		return complain("cannot switch the host off", err);
	return 0;
}
