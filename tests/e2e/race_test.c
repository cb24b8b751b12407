/* SPDX-License-Identifier: MIT */
/*
 * Eight threads at once: two bind, use and unbind; a device faults; a process
 * maps and unmaps; processes exit; domains are attached and detached; page
 * requests are answered by hand; a device is added, used and removed. On the
 * mock, on an SMMUv3 and on VT-d, with ThreadSanitizer watching if it is there.
 *
 * SVA_RACE_SECONDS is how long, for each of the three; 2 unless told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sva/domain.h>
#include <sva/fault.h>
#include <sva/ioasid.h>

#include "tests/e2e/race.h"

#define THREADS 8u
#define SLOTS   3u
#define ROUNDS  25u /* at least, of each thread, however loaded the machine */
#define PASIDS  8u
#define MANUAL  64u

struct slot {
	pthread_mutex_t lock;
	struct race_mm *mm;
};

/* A request that reached the handler of the device nobody else answers for. */
struct heard {
	bool there;
	uint32_t grpid;
	ioasid_t pasid;
	uint64_t cookie;
};

struct storm {
	struct race r;
	struct slot slots[SLOTS];
	_Atomic ioasid_t pasids[PASIDS]; /* some that were, or are, in use */
	pthread_mutex_t heard_lock;
	struct heard heard[MANUAL];
	struct iommu_fault_tracer tracer;
	_Atomic uint64_t traced; /* answers */
	_Atomic bool stop;
};

struct worker {
	struct storm *s;
	const char *name;
	void (*round)(struct worker *w);
	long nap_ns; /* after each: others have more to do */
	pthread_t thread;
	struct race_agent pri, stall;
	uint64_t rng;
	_Atomic uint64_t rounds;
};

DECLARE_IOASID_SET(race_set);

static unsigned int pick(struct worker *w, unsigned int below)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return (unsigned int)(w->rng % below);
}

/* One of the address spaces, with a user taken. */
static struct race_mm *slot_get(struct worker *w)
{
	struct slot *slot = &w->s->slots[pick(w, SLOTS)];
	struct race_mm *m;

	pthread_mutex_lock(&slot->lock);
	m = slot->mm;
	if (!iommu_mm_get_users(&m->mm))
		race_wrong(&w->s->r, "a live address space is exiting");
	pthread_mutex_unlock(&slot->lock);
	return m;
}

static void use(struct worker *w, struct race_agent *a, ioasid_t pasid)
{
	unsigned int i;

	for (i = pick(w, 4); i; i--)
		if (race_dma(a, pasid, pick(w, RACE_PAGES), pick(w, 2)) ==
		    RACE_ABORTED)
			race_wrong(&w->s->r,
				   "an access aborts while it is bound");
}

/* [B1] [B2] [B3] [R1] [R14] */
static void round_bind(struct worker *w)
{
	struct race_agent *a = pick(w, 3) ? &w->pri : &w->stall;
	struct race_mm *m = slot_get(w);
	struct iommu_sva *sva;
	int err;

	err = iommu_sva_bind(a->d->dev, &m->mm, NULL, &sva);
	if (err) {
		race_wrong(&w->s->r, "a bind fails");
	} else {
		ioasid_t pasid = iommu_sva_get_pasid(sva);

		atomic_store(&w->s->pasids[pick(w, PASIDS)], pasid);
		use(w, a, pasid);
		iommu_sva_unbind(sva);
	}
	iommu_mm_put_users(&m->mm);
}

/* A device that knows no better uses any PASID it has ever seen. [R1] [R2] */
static void round_fault(struct worker *w)
{
	struct race_agent *a = pick(w, 3) ? &w->pri : &w->stall;
	ioasid_t pasid = atomic_load(&w->s->pasids[pick(w, PASIDS)]);

	if (pick(w, 4))
		(void)race_dma(a, pasid, pick(w, RACE_PAGES), pick(w, 2));
	else
		(void)race_ask(&w->s->r.devices[RACE_PRI], pasid,
			       pick(w, RACE_PAGES), false, NULL);
}

/* [R9] [R11] */
static void round_process(struct worker *w)
{
	struct race_mm *m = slot_get(w);
	unsigned int page = pick(w, RACE_PAGES);

	if (pick(w, 2))
		race_mm_unmap(m, page,
			      1 + pick(w, (unsigned int)RACE_PAGES - page));
	else
		race_mm_map(m, page);
	iommu_mm_put_users(&m->mm);
}

/* [B4] [R6] */
static void round_exit(struct worker *w)
{
	struct slot *slot = &w->s->slots[pick(w, SLOTS)];
	struct race_mm *fresh = race_mm_create(&w->s->r), *old;

	if (!fresh) {
		race_wrong(&w->s->r, "there is no memory");
		return;
	}
	pthread_mutex_lock(&slot->lock);
	old = slot->mm;
	slot->mm = fresh;
	pthread_mutex_unlock(&slot->lock);
	iommu_mm_put_users(&old->mm);
}

/* A domain of an address space at a PASID of somebody's own. [E3] [R11] */
static void round_attach(struct worker *w)
{
	struct race *r = &w->s->r;
	struct iommu_device *dev = r->devices[RACE_PRI].dev;
	struct race_mm *m = slot_get(w);
	struct iommu_domain *domain;
	ioasid_t pasid;

	if (iommu_domain_alloc_sva(r->unit, &m->mm, &domain)) {
		race_wrong(r, "no domain");
		iommu_mm_put_users(&m->mm);
		return;
	}
	if (ioasid_alloc(r->sys, &race_set, 1, 4000, NULL, &pasid)) {
		race_wrong(r, "no PASID");
	} else {
		if (iommu_attach_device_pasid(domain, dev, pasid)) {
			race_wrong(r, "a domain cannot be attached");
		} else {
			use(w, &w->pri, pasid);
			iommu_detach_device_pasid(domain, dev, pasid);
		}
		ioasid_free(r->sys, pasid);
	}
	if (iommu_domain_free(domain))
		race_wrong(r, "a domain that is attached nowhere stays");
	iommu_mm_put_users(&m->mm);
}

/* Answers by hand. [I3] [I4] [R2] */

static int respond(struct storm *s, const struct heard *h)
{
	const struct iommu_page_response msg = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.flags = IOMMU_PAGE_RESP_PASID_VALID |
			 IOMMU_PAGE_RESP_COOKIE_VALID,
		.pasid = h->pasid,
		.grpid = h->grpid,
		.cookie = h->cookie,
		.code = IOMMU_PAGE_RESP_INVALID,
	};

	return iommu_page_response(s->r.devices[RACE_MANUAL].dev, &msg);
}

static int hear(const struct iommu_fault *fault, struct iommu_device *dev,
		void *data)
{
	const struct heard h = {
		.there = true,
		.grpid = fault->prm.grpid,
		.pasid = fault->prm.pasid,
		.cookie = fault->prm.cookie,
	};
	struct storm *s = data;
	bool kept = false;
	unsigned int i;

	(void)dev;
	if (fault->type != IOMMU_FAULT_PAGE_REQ)
		return 0;
	pthread_mutex_lock(&s->heard_lock);
	for (i = 0; i < MANUAL && !kept && fault->prm.grpid % 3; i++) {
		if (s->heard[i].there)
			continue;
		s->heard[i] = h;
		kept = true;
	}
	pthread_mutex_unlock(&s->heard_lock);
	/* Some are answered at once, which finds the record there. */
	if (!kept && respond(s, &h))
		race_wrong(&s->r, "an answer finds no record");
	return 0;
}

static bool take_heard(struct storm *s, struct heard *ret_heard)
{
	bool found = false;
	unsigned int i;

	pthread_mutex_lock(&s->heard_lock);
	for (i = 0; i < MANUAL && !found; i++) {
		if (!s->heard[i].there)
			continue;
		*ret_heard = s->heard[i];
		s->heard[i].there = false;
		found = true;
	}
	pthread_mutex_unlock(&s->heard_lock);
	return found;
}

static void answer_all(struct storm *s)
{
	struct heard h;

	while (take_heard(s, &h)) {
		if (respond(s, &h))
			race_wrong(&s->r, "an answer finds no record");
		if (respond(s, &h) != -EINVAL)
			race_wrong(&s->r, "a second answer is taken");
	}
}

static void round_respond(struct worker *w)
{
	struct race_device *d = &w->s->r.devices[RACE_MANUAL];
	struct race_request request = { 0 };
	unsigned int i;
	bool done;

	for (i = pick(w, 3); i; i--)
		(void)race_ask(d, 1 + pick(w, 100), pick(w, RACE_PAGES), false,
			       NULL);
	if (!race_ask(d, 1 + pick(w, 100), 0, false, &request))
		return;
	do {
		answer_all(w->s);
		sched_yield();
		pthread_mutex_lock(&d->lock);
		done = request.done;
		pthread_mutex_unlock(&d->lock);
	} while (!done);
}

/* A device comes, works and goes, with requests on their way. [R1] [R12] */
static void round_remove(struct worker *w)
{
	struct race *r = &w->s->r;
	struct race_device *d = &r->devices[RACE_GOING];
	struct race_mm *m = slot_get(w);
	struct race_agent a;
	struct iommu_sva *sva;
	unsigned int i;

	if (race_device_add(r, RACE_GOING) ||
	    iommu_dev_enable_feature(d->dev, IOMMU_DEV_FEAT_SVA)) {
		race_wrong(r, "a device cannot be added");
		abort();
	}
	race_agent_init(&a, d);
	if (iommu_sva_bind(d->dev, &m->mm, NULL, &sva)) {
		race_wrong(r, "a bind fails");
	} else {
		ioasid_t pasid = iommu_sva_get_pasid(sva);

		use(w, &a, pasid);
		for (i = pick(w, 5); i; i--)
			(void)race_ask(d, pasid, pick(w, RACE_PAGES), false,
				       NULL);
		iommu_sva_unbind(sva);
	}
	while (iommu_dev_disable_feature(d->dev, IOMMU_DEV_FEAT_SVA))
		sched_yield();
	if (race_device_remove(r, RACE_GOING))
		race_wrong(r, "a device stays");
	race_agent_fini(&a);
	iommu_mm_put_users(&m->mm);
}

static void count_answer(void *arg, struct iommu_device *dev,
			 const struct iommu_fault_trace *trace)
{
	struct storm *s = arg;

	(void)dev;
	if (trace->by != IOMMU_FAULT_BY_NOBODY)
		atomic_fetch_add(&s->traced, 1);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct timespec nap = { 0 };

	race_agent_init(&w->pri, &w->s->r.devices[RACE_PRI]);
	race_agent_init(&w->stall, &w->s->r.devices[RACE_STALL]);
	nap.tv_nsec = w->nap_ns;
	while (!atomic_load(&w->s->stop)) {
		w->round(w);
		atomic_fetch_add(&w->rounds, 1);
		if (w->nap_ns)
			nanosleep(&nap, NULL);
	}
	race_agent_fini(&w->pri);
	race_agent_fini(&w->stall);
	return NULL;
}

static const struct worker workers[THREADS] = {
	{ .name = "binds", .round = round_bind },
	{ .name = "binds", .round = round_bind },
	{ .name = "faults", .round = round_fault, .nap_ns = 10000 },
	{ .name = "maps", .round = round_process, .nap_ns = 50000 },
	{ .name = "exits", .round = round_exit, .nap_ns = 100000 },
	{ .name = "attaches", .round = round_attach },
	{ .name = "responses", .round = round_respond, .nap_ns = 10000 },
	{ .name = "removals", .round = round_remove },
};

static struct storm *storm_up(enum race_iommu iommu)
{
	struct storm *s = calloc(1, sizeof(*s));
	unsigned int i;

	assert_non_null(s);
	assert_int_equal(race_up(&s->r, iommu), 0);
	pthread_mutex_init(&s->heard_lock, NULL);
	s->tracer = (struct iommu_fault_tracer){ count_answer, s };
	iommu_system_trace_faults(s->r.sys, &s->tracer);
	for (i = 0; i < SLOTS; i++) {
		pthread_mutex_init(&s->slots[i].lock, NULL);
		s->slots[i].mm = race_mm_create(&s->r);
		assert_non_null(s->slots[i].mm);
	}
	for (i = 0; i < PASIDS; i++)
		atomic_store(&s->pasids[i], 1 + i);
	assert_int_equal(iommu_register_device_fault_handler(
				 s->r.devices[RACE_MANUAL].dev, hear, s),
			 0);
	return s;
}

/* Everything is over, so everything can be taken down. */
static void storm_down(struct storm *s)
{
	unsigned int i;

	answer_all(s);
	while (iommu_unregister_device_fault_handler(
		s->r.devices[RACE_MANUAL].dev)) {
		answer_all(s);
		sched_yield();
	}
	for (i = 0; i < SLOTS; i++) {
		iommu_mm_put_users(&s->slots[i].mm->mm);
		pthread_mutex_destroy(&s->slots[i].lock);
	}
	race_down(&s->r);
	pthread_mutex_destroy(&s->heard_lock);
}

static bool all_at_work(const struct worker *w)
{
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		if (atomic_load(&w[i].rounds) < ROUNDS)
			return false;
	return true;
}

static void run_for_a_while(struct storm *s, struct worker *w)
{
	const char *value = getenv("SVA_RACE_SECONDS");
	time_t until = time(NULL) + (value ? strtol(value, NULL, 0) : 2);
	const struct timespec nap = { 0, 20000000 };

	while ((time(NULL) < until || !all_at_work(w)) &&
	       !atomic_load(&s->r.wrong))
		nanosleep(&nap, NULL);
	atomic_store(&s->stop, true);
}

static void storm(enum race_iommu iommu)
{
	struct storm *s = storm_up(iommu);
	struct worker w[THREADS];
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		w[i] = workers[i];
		w[i].s = s;
		w[i].rng = 0x9e3779b97f4a7c15 * (i + 1);
		assert_int_equal(pthread_create(&w[i].thread, NULL, worker_main,
						&w[i]),
				 0);
	}
	run_for_a_while(s, w);
	for (i = 0; i < THREADS; i++)
		pthread_join(w[i].thread, NULL);
	storm_down(s);
	for (i = 0; i < THREADS; i++)
		printf("%s %llu, ", w[i].name, (unsigned long long)w[i].rounds);
	printf("accesses %llu, page requests %llu, stalls %llu, answers %llu\n",
	       (unsigned long long)s->r.accesses,
	       (unsigned long long)s->r.requests,
	       (unsigned long long)s->r.stalls,
	       (unsigned long long)s->r.answers);
	if (s->r.wrong)
		fail_msg("%s (%llu times)", s->r.what,
			 (unsigned long long)s->r.wrong);
	assert_true(s->r.accesses > 100);
	/* [R2]: one for each. */
	assert_int_equal(s->r.answers, s->r.requests + s->r.stalls);
	/*
	 * [U12]: each that the driver has read was told of; an SMMU retries some
	 * stalls by itself.
	 */
	assert_in_range(s->traced, s->r.read,
			s->r.read + s->r.answers - s->r.requests);
	assert_true(s->r.read > 100);
	assert_true((iommu == RACE_SMMUV3) == (s->r.stalls > 0));
	free(s);
}

/*
 * [R1] [R2] [R6] [R11] [R14] [U1]: no hardware is needed for a test that binds
 * address spaces to a device.
 */
static void test_race_eight_threads_mock(void **state)
{
	(void)state;
	storm(RACE_MOCK);
}

/* [R1] [R2] [R6] [R9] [R11] [R12] [R14] */
static void test_race_eight_threads_smmuv3(void **state)
{
	(void)state;
	storm(RACE_SMMUV3);
}

/* [R1] [R2] [R6] [R9] [R11] [R12] [R14] */
static void test_race_eight_threads_vtd(void **state)
{
	(void)state;
	storm(RACE_VTD);
}

/* Negative control: what is not invalidated is used, and that is noticed. */
static void check_missing_invalidation(enum race_iommu iommu)
{
	struct storm *s = storm_up(iommu);
	struct race_mm *m = s->slots[0].mm;
	struct race_agent a;
	struct iommu_sva *sva;
	ioasid_t pasid;

	race_agent_init(&a, &s->r.devices[RACE_PRI]);
	assert_int_equal(iommu_sva_bind(a.d->dev, &m->mm, NULL, &sva), 0);
	pasid = iommu_sva_get_pasid(sva);
	assert_int_equal(race_dma(&a, pasid, 2, true), RACE_OK);
	race_mm_unmap(m, 2, 1);
	assert_int_equal(race_dma(&a, pasid, 2, true), RACE_REFUSED);
	race_mm_map(m, 2);
	assert_int_equal(race_dma(&a, pasid, 2, true), RACE_OK);
	assert_int_equal(s->r.wrong, 0);
	m->no_notify = true;
	race_mm_unmap(m, 2, 1);
	assert_int_equal(race_dma(&a, pasid, 2, true), RACE_OK);
	assert_int_equal(s->r.wrong, 1);
	iommu_sva_unbind(sva);
	race_agent_fini(&a);
	storm_down(s);
	assert_int_equal(s->r.wrong, 1);
	free(s);
}

static void test_race_missing_invalidation_is_noticed(void **state)
{
	(void)state;
	check_missing_invalidation(RACE_SMMUV3);
	check_missing_invalidation(RACE_VTD);
}

/* And so is a second answer. */
static void check_second_answer(enum race_iommu iommu)
{
	struct storm *s = storm_up(iommu);
	struct race_mm *m = s->slots[0].mm;
	struct race_agent a;
	struct iommu_sva *sva;

	race_agent_init(&a, &s->r.devices[RACE_PRI]);
	assert_int_equal(iommu_sva_bind(a.d->dev, &m->mm, NULL, &sva), 0);
	s->r.two_answers = true;
	assert_int_equal(race_dma(&a, iommu_sva_get_pasid(sva), 2, true),
			 RACE_OK);
	iommu_sva_unbind(sva);
	race_agent_fini(&a);
	storm_down(s);
	assert_int_equal(s->r.wrong, 1);
	free(s);
}

static void test_race_second_answer_is_noticed(void **state)
{
	(void)state;
	check_second_answer(RACE_SMMUV3);
	check_second_answer(RACE_VTD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_race_eight_threads_mock),
		cmocka_unit_test(test_race_eight_threads_smmuv3),
		cmocka_unit_test(test_race_eight_threads_vtd),
		cmocka_unit_test(test_race_missing_invalidation_is_noticed),
		cmocka_unit_test(test_race_second_answer_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
