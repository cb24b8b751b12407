/* SPDX-License-Identifier: MIT */
#include "fuzz/vmm_task.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <sva/model.h>
#include <sva/plat.h>

#include "plat/sim/fiber.h"

enum {
	TASKS = 96,
	STACK = 512 << 10,
	/* In one input. The longest of the seeds takes some ten thousand. */
	TURNS_MAX = 4000000,
	/* Polls that are short, and how long they and the others take. */
	PATIENCE = 64,
	SHORT_NS = 1000,
	LONG_NS = 2000000,
};

/**
 * struct task
 * @used:  it runs, or waits: if @ready is there until that, if not, it polls.
 * @rcu:   readers it is in; @left: how often it has left all of them.
 */
struct task {
	struct fiber fiber;
	bool used;
	void (*fn)(void *arg);
	void *arg;
	bool (*ready)(void *arg);
	void *ready_arg;
	uint64_t deadline;
	const char *what;
	unsigned int rcu;
	uint64_t left;
};

/* The first is the thread itself. */
static struct task tasks[TASKS];
static struct task *current;
static uint64_t now_ns = 1000000000;
static unsigned long turns_taken;

struct task *task_current(void)
{
	if (!current) {
		current = &tasks[0];
		current->used = true;
		current->deadline = TASK_NEVER;
		fiber_adopt(&current->fiber);
	}
	return current;
}

static bool can_run(const struct task *t)
{
	return t->used &&
	       (!t->ready || t->ready(t->ready_arg) || now_ns >= t->deadline);
}

/* From the one behind @t on; @t itself is the last. */
static struct task *find(struct task *t)
{
	size_t at = (size_t)(t - tasks), i;

	for (i = 1; i <= TASKS; i++)
		if (can_run(&tasks[(at + i) % TASKS]))
			return &tasks[(at + i) % TASKS];
	return NULL;
}

static void stuck(void)
{
	size_t i;

	for (i = 0; i < TASKS; i++)
		if (tasks[i].used)
			fprintf(stderr, "task %zu waits for %s\n", i,
				tasks[i].what);
	FUZZ_FAIL("all wait for ever");
}

/* All wait: time passes until one of them does not. */
static struct task *find_later(struct task *t)
{
	uint64_t first = TASK_NEVER;
	size_t i;

	for (i = 0; i < TASKS; i++)
		if (tasks[i].used && tasks[i].deadline < first)
			first = tasks[i].deadline;
	if (first == TASK_NEVER)
		stuck();
	now_ns = first;
	return find(t);
}

/* Somebody else's turn, or again the caller's. */
static void next_turn(void)
{
	struct task *from = current, *to = find(from);

	FUZZ_CHECK(++turns_taken < TURNS_MAX);
	if (!to)
		to = find_later(from);
	if (to == from)
		return;
	current = to;
	fiber_switch(&from->fiber, &to->fiber);
}

bool task_wait(bool (*ready)(void *arg), void *arg, uint64_t deadline,
	       const char *what)
{
	struct task *t = task_current();

	t->ready = ready;
	t->ready_arg = arg;
	t->deadline = deadline;
	t->what = what;
	next_turn();
	t->ready = NULL;
	t->deadline = TASK_NEVER;
	return ready(arg);
}

void task_turn(void)
{
	task_current();
	next_turn();
}

void task_relax(unsigned int turns)
{
	now_ns += turns < PATIENCE ? SHORT_NS : LONG_NS;
	task_turn();
}

static bool others_wait(void *arg)
{
	size_t i;

	for (i = 0; i < TASKS; i++)
		if (&tasks[i] != arg && can_run(&tasks[i]))
			return false;
	return true;
}

void task_settle(void)
{
	struct task *t = task_current();

	while (!others_wait(t))
		(void)task_wait(others_wait, t, TASK_NEVER, "the others");
}

void task_begin(void)
{
	turns_taken = 0;
}

uint64_t task_now(void)
{
	return now_ns;
}

void task_pass(uint64_t ns)
{
	now_ns += ns;
}

/* A stack is used again: it never returns. */
static void task_main(void *arg)
{
	struct task *t = arg;

	for (;;) {
		t->fn(t->arg);
		FUZZ_CHECK(!t->rcu);
		t->used = false;
		next_turn();
	}
}

static void make_stack(struct task *t)
{
	void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		abort();
	t->fiber.stack = stack;
	t->fiber.size = STACK;
	fiber_make(&t->fiber, task_main, t);
}

struct task *task_start(void (*fn)(void *arg), void *arg)
{
	struct task *t = tasks;

	task_current();
	while (t->used)
		FUZZ_CHECK(++t < tasks + TASKS);
	if (!t->fiber.stack)
		make_stack(t);
	t->used = true;
	t->fn = fn;
	t->arg = arg;
	t->ready = NULL;
	t->deadline = TASK_NEVER;
	t->what = "its turn";
	return t;
}

static bool has_ended(void *arg)
{
	return !((struct task *)arg)->used;
}

void task_join(struct task *t)
{
	while (t->used)
		(void)task_wait(has_ended, t, TASK_NEVER, "the end of a task");
}

/* Grace periods */

void task_read_lock(void)
{
	task_current()->rcu++;
}

void task_read_unlock(void)
{
	FUZZ_CHECK(task_current()->rcu);
	if (!--current->rcu)
		current->left++;
}

struct reader {
	const struct task *t;
	uint64_t left;
};

static bool has_left(void *arg)
{
	const struct reader *r = arg;

	return !r->t->rcu || r->t->left != r->left;
}

void task_synchronize(void)
{
	struct reader r;
	size_t i;

	FUZZ_CHECK(!task_current()->rcu);
	for (i = 0; i < TASKS; i++) {
		r = (struct reader){ &tasks[i], tasks[i].left };
		while (!has_left(&r))
			(void)task_wait(has_left, &r, TASK_NEVER, "a reader");
	}
}

/* Locks */

void (*task_point)(void);

static void point(void)
{
	if (task_point)
		task_point();
}

struct lock {
	struct task *owner;
	const char *name;
};

_Static_assert(sizeof(struct lock) <= sizeof(struct plat_lock) &&
		       sizeof(struct lock) <= sizeof(struct hw_lock),
	       "a lock fits where the stack keeps it");

void task_lock_init(void *opaque, const char *name)
{
	struct lock *lock = opaque;

	lock->owner = NULL;
	lock->name = name;
}

void task_lock_fini(void *opaque)
{
	FUZZ_CHECK(!((struct lock *)opaque)->owner);
}

static bool is_free(void *arg)
{
	return !((struct lock *)arg)->owner;
}

void task_lock(void *opaque)
{
	struct lock *lock = opaque;

	FUZZ_CHECK(lock->owner != task_current());
	point();
	while (lock->owner)
		(void)task_wait(is_free, lock, TASK_NEVER, lock->name);
	lock->owner = current;
}

void task_unlock(void *opaque)
{
	struct lock *lock = opaque;

	FUZZ_CHECK(lock->owner == task_current());
	lock->owner = NULL;
}

/*
 * What the monitor itself locks. --wrap of the linker leads here; without a
 * second task nothing is ever held by another.
 */
int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex);
int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *lock);
int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *lock);

int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
	unsigned int turns = 0;
	int err;

	point();
	while ((err = pthread_mutex_trylock(mutex)) == EBUSY)
		task_relax(turns++);
	return err;
}

int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	unsigned int turns = 0;
	int err;

	point();
	while ((err = pthread_rwlock_tryrdlock(lock)) == EBUSY)
		task_relax(turns++);
	return err;
}

int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	unsigned int turns = 0;
	int err;

	point();
	while ((err = pthread_rwlock_trywrlock(lock)) == EBUSY)
		task_relax(turns++);
	return err;
}
