/* SPDX-License-Identifier: MIT */
/* What runs need of the process: memory, stacks, and crashes as results. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/errno.h"
#include "plat/sim/sim.h"

#define GUARD        4096u
#define SIGNAL_STACK 65536u

static const int signals[SIM_SIGNALS] = { SIGSEGV, SIGBUS };

static bool exists;

/* What is simulated touched what it may not: the run is over. */
static void on_signal(int number, siginfo_t *info, void *context)
{
	struct sim *s = sim_running;

	(void)context;
	if (!s) {
		/* Not ours: as if there were no handler. */
		(void)signal(number, SIG_DFL);
		return;
	}
	/* Poison is no address: x86-64 cannot say which it was. */
	if (info->si_code == SI_KERNEL)
		sim_fail(s, "R1", "%s follows a pointer in freed memory",
			 s->current ? s->current->name : "-");
	sim_fail(s, "crash", "%s accesses %p",
		 s->current ? s->current->name : "-", info->si_addr);
}

int sim_take_signals(struct sim *s)
{
	struct sigaction action = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};
	const stack_t stack = {
		.ss_sp = s->signal_stack,
		.ss_size = SIGNAL_STACK,
	};
	unsigned int i;

	if (sigaltstack(&stack, &s->old_stack))
		return -EINVAL;
	for (i = 0; i < SIM_SIGNALS; i++)
		(void)sigaction(signals[i], &action, &s->old_actions[i]);
	return 0;
}

void sim_give_signals_back(struct sim *s)
{
	unsigned int i;

	for (i = 0; i < SIM_SIGNALS; i++)
		(void)sigaction(signals[i], &s->old_actions[i], NULL);
	(void)sigaltstack(&s->old_stack, NULL);
}

static int make_stacks(struct sim *s)
{
	size_t each = SIM_STACK + GUARD;
	unsigned int i;
	void *p = mmap(NULL, each * SIM_THREADS, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	s->stacks = p;
	for (i = 0; i < SIM_THREADS; i++) {
		struct fiber *f = &s->threads[i].fiber;

		/* An overrun is a crash, not a riddle. */
		if (mprotect(s->stacks + i * each, GUARD, PROT_NONE))
			return -ENOMEM;
		f->stack = s->stacks + i * each + GUARD;
		f->size = SIM_STACK;
	}
	return 0;
}

int sim_init(struct sim *s)
{
	int err;

	if (exists)
		return -EBUSY;
	exists = true;
	err = sim_memory_init(&s->mem);
	if (!err)
		err = strategy_init(&s->strategy);
	if (!err)
		err = make_stacks(s);
	s->signal_stack = malloc(SIGNAL_STACK);
	if (!err && !s->signal_stack)
		err = -ENOMEM;
	if (err) {
		sim_fini(s);
		return err;
	}
	sim_platform_init(s);
	return 0;
}

void sim_fini(struct sim *s)
{
	unsigned int i;

	for (i = 0; i < SIM_THREADS; i++)
		fiber_fini(&s->threads[i].fiber);
	free(s->signal_stack);
	if (s->stacks)
		(void)munmap(s->stacks, (SIM_STACK + GUARD) * SIM_THREADS);
	strategy_fini(&s->strategy);
	sim_memory_fini(&s->mem);
	exists = false;
}
