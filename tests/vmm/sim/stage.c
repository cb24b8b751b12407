/* SPDX-License-Identifier: MIT */
#include "tests/vmm/sim/stage.h"

#include <string.h>

#include <sva/domain.h>

#include "core/device.h"

static struct stage the_stage;
struct stage *stage = &the_stage;

#define DEVICE    2u /* the host's own function */
#define DEVICE_VA UINT64_C(0x10000000)

/* The guest, from its boot to the end of its software. */

void __real_vmm_function_init(struct vmm_guest *g, struct vmm_seat *seat);
void __wrap_vmm_function_init(struct vmm_guest *g, struct vmm_seat *seat);
int __real_iommu_system_create(const struct plat *plat,
			       const struct iommu_system_cfg *cfg,
			       struct iommu_system **ret_sys);
int __wrap_iommu_system_create(const struct plat *plat,
			       const struct iommu_system_cfg *cfg,
			       struct iommu_system **ret_sys);
int __real_iommu_system_destroy(struct iommu_system *sys);
int __wrap_iommu_system_destroy(struct iommu_system *sys);
void __real_vmm_request_answer(struct vmm_guest *g,
			       const struct hw_prg_response *resp);
void __wrap_vmm_request_answer(struct vmm_guest *g,
			       const struct hw_prg_response *resp);
void __real_vmm_plat_init(struct vmm_guest *g);
void __wrap_vmm_plat_init(struct vmm_guest *g);

/* The one that is killed. */
static bool is_it(const struct vmm_guest *g)
{
	return !strcmp(g->name, STAGE_GUEST_NAME);
}

/* What is left when it is dead is there already. */
void __wrap_vmm_function_init(struct vmm_guest *g, struct vmm_seat *seat)
{
	if (is_it(g))
		stage->machine = stage->sim.mem.live;
	__real_vmm_function_init(g, seat);
}

int __wrap_iommu_system_create(const struct plat *plat,
			       const struct iommu_system_cfg *cfg,
			       struct iommu_system **ret_sys)
{
	struct stage *st = stage;

	if (plat->ctx != &st->sim && is_it(plat->ctx)) {
		st->guest = plat->ctx;
		st->first = st->sim.steps;
		st->last = 0;
	}
	return __real_iommu_system_create(plat, cfg, ret_sys);
}

/* Who kills a guest keeps it. */
int __wrap_iommu_system_destroy(struct iommu_system *sys)
{
	struct stage *st = stage;
	const bool mine = st->guest &&
			  (!sys || sys->plat == vmm_guest_plat(st->guest));
	int err = __real_iommu_system_destroy(sys);

	if (!mine || err)
		return err;
	st->last = st->sim.steps;
	while (st->ended < st->begun)
		(void)sim_block(&st->sim, &st->ended, "a kill", "R5",
				SIM_NEVER);
	st->guest = NULL;
	return 0;
}

/* It does not owe the host an answer. */
void __wrap_vmm_request_answer(struct vmm_guest *g,
			       const struct hw_prg_response *resp)
{
	if (g != stage->guest || !stage->cfg.mute || !stage->dying)
		__real_vmm_request_answer(g, resp);
}

/* Its software's memory: what it has of the host's heap. */

static const struct plat_ops *real_ops;

static void count(void *ctx, int by)
{
	if (is_it(ctx))
		stage->software += (unsigned int)by;
}

static void *count_zalloc(void *ctx, size_t size)
{
	void *mem = real_ops->zalloc(ctx, size);

	count(ctx, mem != NULL);
	return mem;
}

static void count_free(void *ctx, void *mem)
{
	real_ops->free(ctx, mem);
	count(ctx, -(mem != NULL));
}

/* A queue is a block from the start to the end of these. */
static struct plat_workqueue *count_create(void *ctx, const char *name,
					   unsigned int max_active)
{
	count(ctx, 1);
	return real_ops->workqueue_create(ctx, name, max_active);
}

static void count_destroy(void *ctx, struct plat_workqueue *wq)
{
	real_ops->workqueue_destroy(ctx, wq);
	count(ctx, -1);
}

void __wrap_vmm_plat_init(struct vmm_guest *g)
{
	static struct plat_ops ops;

	__real_vmm_plat_init(g);
	real_ops = g->os.plat.ops;
	ops = *real_ops;
	ops.zalloc = count_zalloc;
	ops.free = count_free;
	ops.workqueue_create = count_create;
	ops.workqueue_destroy = count_destroy;
	g->os.plat.ops = &ops;
}

/* Its end. */

static bool alone(const struct stage *st)
{
	return st->cfg.other == STAGE_NOBODY || st->cfg.other == STAGE_DEVICE;
}

static void examine(struct stage *st)
{
	const struct vmm_guest *g = st->guest;
	struct holdings now;

	holdings_get(st, 0, &now);
	holdings_same(st, &now, &st->before, alone(st));
	if (alone(st) && now.live != st->machine + st->software)
		sim_fail(&st->sim, "leak",
			 "%u blocks, of which %u of the guest's software; were "
			 "%u",
			 now.live, st->software, st->machine);
	if (g->requests.count || g->requests.answering)
		sim_fail(&st->sim, "leak", "%u pages, %u groups wait",
			 g->requests.count, g->requests.answering);
	if (g->fn.open || g->unit.live)
		sim_fail(&st->sim, "R1", "the guest reaches its function");
	if (st->host->seats[0].guest == g)
		sim_fail(&st->sim, "leak", "the function is the guest's");
}

static void kill_it(struct stage *st)
{
	const struct iommu_device *dev = vmm_host_device(st->host, 0);

	if (!st->result.killed) {
		st->result.killed = true;
		st->result.in_job = st->jobs;
		st->result.in_request = dev->faults.pending_count;
	}
	vmm_guest_kill(st->guest);
	examine(st);
	holdings_none(st, 0);
}

static void killer_main(void *arg)
{
	struct stage *st = stage;
	const bool *go = arg;

	while (!*go && !st->over)
		(void)sim_block(&st->sim, st->killers, "its moment", NULL,
				SIM_NEVER);
	if (st->over)
		return;
	kill_it(st);
	st->ended++;
	sim_wake(&st->sim, &st->ended);
	if (st->cfg.heir)
		life_of_guest(st, "heir", 0);
}

static void on_step(void *arg, enum sim_point kind)
{
	struct stage *st = arg;
	struct sim *s = &st->sim;
	unsigned int i;

	(void)kind;
	if (!st->guest || st->last)
		return;
	for (i = 0; i < 2; i++) {
		if (!st->killers[i] || !st->kill_at[i] ||
		    s->steps - st->first != st->kill_at[i])
			continue;
		st->dying = true;
		st->go[i] = true;
		st->begun++;
		sim_urgent(s, st->killers[i]);
	}
}

/* The others. */

static void guest_main(void *arg)
{
	life_of_guest(arg, "other", 1);
}

static void device_main(void *arg)
{
	life_of_device(arg, DEVICE, DEVICE_VA);
}

static void must(struct stage *st, int err, const char *what)
{
	if (err)
		sim_fail(&st->sim, "leak", "%s: %d", what, err);
}

/* Core and drivers keep what they need for a PASID, once a device has had it.
 */
static void warm_up(struct stage *st, unsigned int function)
{
	struct iommu_device *dev = vmm_host_device(st->host, function);
	struct iommu_domain *d;

	must(st,
	     iommu_domain_alloc(vmm_host_unit(st->host), IOMMU_DOMAIN_PAGING,
				&d),
	     "a domain");
	must(st, iommu_attach_device_pasid(d, dev, 1), "attach()");
	iommu_detach_device_pasid(d, dev, 1);
	must(st, iommu_domain_free(d), "free()");
}

static struct iommu_domain *open_device(struct stage *st, void **ret_page)
{
	struct iommu_device *dev = vmm_host_device(st->host, DEVICE);
	struct iommu_domain *d;

	*ret_page = plat_pages_alloc(&st->sim.plat, SIM_PAGE);
	must(st,
	     iommu_domain_alloc(vmm_host_unit(st->host), IOMMU_DOMAIN_PAGING,
				&d),
	     "a domain");
	must(st,
	     iommu_map(d, DEVICE_VA,
		       plat_virt_to_phys(&st->sim.plat, *ret_page), SIM_PAGE,
		       IOMMU_PERM_READ),
	     "map()");
	must(st, iommu_attach_device(d, dev), "attach()");
	return d;
}

static void close_device(struct stage *st, struct iommu_domain *d, void *page)
{
	must(st, iommu_detach_device(d, vmm_host_device(st->host, DEVICE)),
	     "detach()");
	must(st, iommu_domain_free(d), "free()");
	plat_pages_free(&st->sim.plat, page, SIM_PAGE);
}

static void play(struct stage *st)
{
	struct sim *s = &st->sim;
	struct sim_thread *guest = NULL, *device = NULL;
	unsigned int i;

	s->exploring = true;
	/* Also if nothing will be killed: the same run up to there. */
	for (i = 0; i < 2; i++)
		if (!i || st->cfg.again)
			st->killers[i] = sim_spawn(s, i ? "kill1" : "kill0",
						   killer_main, &st->go[i]);
	if (st->cfg.other >= STAGE_GUEST)
		guest = sim_spawn(s, "other", guest_main, st);
	if (st->cfg.other == STAGE_DEVICE || st->cfg.other == STAGE_OTHERS)
		device = sim_spawn(s, "device", device_main, st);
	life_of_guest(st, STAGE_GUEST_NAME, 0);
	st->over = true;
	sim_wake(s, st->killers);
	for (i = 0; i < 2; i++)
		if (st->killers[i])
			sim_join(s, st->killers[i]);
	if (guest)
		sim_join(s, guest);
	if (device)
		sim_join(s, device);
	s->exploring = false;
}

static void check_end(struct stage *st)
{
	struct holdings now;

	holdings_get(st, 0, &now);
	holdings_same(st, &now, &st->before, true);
	must(st, (int)now.irqs - (int)st->before.irqs, "interrupts");
	must(st, (int)now.live - (int)st->before.live, "blocks of memory");
	holdings_none(st, 0);
}

static void main_thread(void *arg)
{
	struct stage *st = arg;
	struct sim *s = &st->sim;
	const struct vmm_host_cfg cfg = {
		.iommu = st->cfg.host,
		.functions = st->cfg.other == STAGE_NOBODY ? 1 : DEVICE + 1,
		.personality = sim_random(s, 2) ? HW_EAGER : HW_STRICT,
	};
	struct iommu_domain *domain = NULL;
	void *page = NULL;
	size_t offset;

	s->on_step = on_step;
	s->on_step_arg = st;
	must(st, vmm_host_create(&cfg, &st->host), "a host");
	warm_up(st, 0);
	if (cfg.functions > DEVICE) {
		warm_up(st, 1);
		domain = open_device(st, &page);
	}
	holdings_get(st, 0, &st->before);
	play(st);
	check_end(st);
	if (domain)
		close_device(st, domain, page);
	must(st, vmm_host_destroy(st->host), "the end of the host");
	must(st, (int)s->mem.live, "blocks of memory at the end");
	if (sim_heap_damaged(&s->mem, &offset))
		sim_fail(s, "R1", "freed memory was written to");
}

/* Runs. */

int stage_setup(void **state)
{
	(void)state;
	return sim_init(&the_stage.sim);
}

int stage_teardown(void **state)
{
	(void)state;
	sim_fini(&the_stage.sim);
	memset(&the_stage, 0, sizeof(the_stage));
	return 0;
}

struct stage_result stage_run(const struct stage_cfg *cfg)
{
	struct stage *st = &the_stage;
	struct sim *s = &st->sim;

	memset(&st->cfg, 0, sizeof(*st) - offsetof(struct stage, cfg));
	st->cfg = *cfg;
	st->kill_at[0] = cfg->kill_at;
	st->kill_at[1] = cfg->kill_at ? cfg->kill_at + cfg->again : 0;
	if (sim_take_signals(s)) {
		st->result.failed = true;
		return st->result;
	}
	sim_memory_reset(&s->mem);
	strategy_begin(&s->strategy, cfg->strategy, cfg->seed, 0);
	s->rng = cfg->seed;
	s->trace = cfg->trace;
	s->trace_arg = cfg->trace_arg;
	sim_start(s, main_thread, st);
	sim_give_signals_back(s);
	st->result.failed = s->failed;
	memcpy(st->result.rule, s->rule, sizeof(s->rule));
	memcpy(st->result.what, s->what, sizeof(s->what));
	st->result.steps = s->steps;
	st->result.hash = s->hash;
	st->result.window = st->last - st->first;
	st->result.threads = s->thread_count;
	st->result.heap = s->mem.heap_used;
	st->result.pages = s->mem.pages_used;
	return st->result;
}
