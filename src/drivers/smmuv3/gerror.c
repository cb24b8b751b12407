/* SPDX-License-Identifier: MIT */
/*
 * Global errors: Arm IHI 0070, 7.1, 7.2.2, 7.5, 8.2, 12.3.
 *
 * Whoever waits for the command queue looks for errors of commands too, so no
 * interrupt is needed to get it going again; the other errors are left to the
 * GERROR interrupt, as who waits may not sleep. One at a time repairs, under
 * the error lock. Submitters go on meanwhile: they touch neither the slot CONS
 * points to nor GERRORN.
 *
 * An error is remembered before it is acknowledged, so before the SMMU goes
 * on, so before the submitter it is about sees its CMD_SYNC consumed.
 *
 * When nothing helps, translation ends for everybody. Until then an entry
 * that should have gone may still be used, and who asked for that is often
 * not in a position to hear that it failed.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/smmuv3/cmd.h"
#include "drivers/smmuv3/control.h"
#include "drivers/smmuv3/smmuv3.h"

/* How often in a row a command may fail before it is taken for hopeless. */
#define MAX_REPEATS 8u

/* A CMD_SYNC may fail for each ATC invalidation before it. */
#define MAX_ATC_REPEATS ((unsigned int)SMMUV3_BATCH)

#define ERROR_BIT(f) ((uint32_t)FIELD_MASK(f))

bool smmuv3_is_dead(const struct smmuv3 *smmu)
{
	/* Acquire: pairs with stop_locked(). */
	return atomic_load_explicit(&smmu->cmdq.dead, memory_order_acquire);
}

bool smmuv3_is_stopped(const struct smmuv3 *smmu)
{
	/* Acquire: as above. */
	return atomic_load_explicit(&smmu->cmdq.stopped, memory_order_acquire);
}

static void stop_locked(struct smmuv3 *smmu, const char *why)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	int err;

	if (smmuv3_is_dead(smmu))
		return;
	plat_log(smmu->plat, PLAT_LOG_ERR,
		 "%s: %s: everything is aborted from now on", smmu->name, why);
	err = smmuv3_control_stop(smmu);
	if (err)
		plat_log(smmu->plat, PLAT_LOG_ERR,
			 "%s: it does not confirm that: DEVICES MAY STILL USE "
			 "TRANSLATIONS THAT HAVE GONE: error %d",
			 smmu->name, err);
	/* Release: who sees that it is dead, sees that it has been stopped. */
	atomic_store_explicit(&q->stopped, !err, memory_order_release);
	atomic_store_explicit(&q->dead, true, memory_order_release);
}

void smmuv3_fail_closed(struct smmuv3 *smmu, const char *why)
{
	plat_lock(smmu->plat, &smmu->cmdq.error_lock);
	stop_locked(smmu, why);
	plat_unlock(smmu->plat, &smmu->cmdq.error_lock);
}

/* For who has submitted @pos; see error_between() of queue.c. */
static void remember_locked(struct smmuv3_cmdq *q, uint64_t pos, int err)
{
	/* Relaxed: written under this lock only. */
	uint64_t n = atomic_load_explicit(&q->errors, memory_order_relaxed);

	/* Release: who sees the error sees a count of at least n. */
	atomic_store_explicit(&q->error[n % SMMUV3_CMDQ_ERRORS],
			      pos << 8 | (uint64_t)-err, memory_order_release);
	atomic_store_explicit(&q->errors, n + 1, memory_order_release);
}

static void log_bad_command(struct smmuv3 *smmu, uint64_t pos, const char *what)
{
	struct smmu_cmd cmd = smmuv3_cmdq_read(&smmu->cmdq, pos);

	plat_log(smmu->plat, PLAT_LOG_ERR, "%s: command %016llx %016llx: %s",
		 smmu->name, (unsigned long long)cmd.dw[0],
		 (unsigned long long)cmd.dw[1], what);
}

/*
 * 4.7.3: the CMD_SYNC stays and is tried again; what it waited for besides is
 * then complete. If it never succeeds it is taken out, so that one device
 * does not hold up the others [L10]; then, and only then, the next CMD_SYNC
 * may be blamed for what this one has left.
 */
static void repair_atc_locked(struct smmuv3_cmdq *q, uint64_t pos)
{
	struct smmu_cmd nothing = smmuv3_make_cmd(SMMU_OP_PREFETCH_CONFIG);

	if (q->error_repeats >= MAX_ATC_REPEATS)
		smmuv3_cmdq_write(q, pos, &nothing);
}

static void repair_illegal_locked(struct smmuv3 *smmu, uint64_t pos)
{
	struct smmu_cmd sync = smmuv3_make_sync();

	if (smmu->cmdq.error_repeats >= MAX_REPEATS)
		stop_locked(smmu, "not even CMD_SYNC is legal");
	else
		smmuv3_cmdq_write(&smmu->cmdq, pos, &sync);
}

/*
 * CMDQ_ERR is active: CONS stands at the command that failed, which software
 * may change; it is fetched again afterwards (7.1).
 */
static void repair_locked(struct smmuv3 *smmu)
{
	struct smmuv3_cmdq *q = &smmu->cmdq;
	uint32_t cons = mmio_read32(&smmu->mmio, SMMU_CMDQ_CONS);
	/* Exact, as published is at most a queue ahead of consumed. */
	uint64_t pos = smmuv3_cmdq_refresh(smmu);
	bool again = q->error_repeats && q->error_at == pos;

	q->error_repeats = again ? q->error_repeats + 1 : 1;
	q->error_at = pos;
	switch (REG_GET(SMMU_CMDQ_CONS_ERR, cons)) {
	case SMMU_CERROR_ATC_INV_SYNC:
		if (!again) {
			log_bad_command(smmu, pos, "ATC invalidation timeout");
			remember_locked(q, pos, -ETIMEDOUT);
		}
		repair_atc_locked(q, pos);
		break;
	case SMMU_CERROR_ABT:
		/* Nothing has happened to it: it is fetched again. */
		if (!again)
			log_bad_command(smmu, pos, "fetch aborted");
		if (q->error_repeats >= MAX_REPEATS)
			stop_locked(smmu, "commands cannot be fetched");
		break;
	default:
		if (!again) {
			log_bad_command(smmu, pos, "illegal");
			remember_locked(q, pos, -EIO);
		}
		repair_illegal_locked(smmu, pos);
		break;
	}
	smmuv3_count(&smmu->counters.command_errors);
}

static const struct {
	uint32_t bit;
	const char *what;
} gerrors[] = {
	{ ERROR_BIT(SMMU_GERROR_EVENTQ_ABT_ERR),
	  "event queue write aborted, events were lost" },
	{ ERROR_BIT(SMMU_GERROR_PRIQ_ABT_ERR),
	  "PRI queue write aborted, page requests were lost" },
	{ ERROR_BIT(SMMU_GERROR_MSI_CMDQ_ABT_ERR), "CMD_SYNC MSI aborted" },
	{ ERROR_BIT(SMMU_GERROR_MSI_EVENTQ_ABT_ERR),
	  "event queue MSI aborted" },
	{ ERROR_BIT(SMMU_GERROR_MSI_PRIQ_ABT_ERR), "PRI queue MSI aborted" },
	{ ERROR_BIT(SMMU_GERROR_MSI_GERROR_ABT_ERR), "GERROR MSI aborted" },
};

static void log_gerror(struct smmuv3 *smmu, uint32_t active)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(gerrors); i++)
		if (active & gerrors[i].bit)
			plat_log(smmu->plat, PLAT_LOG_ERR, "%s: %s", smmu->name,
				 gerrors[i].what);
}

/* Errors of @mask that are active. All ones: there are no registers. */
static uint32_t active_of(struct smmuv3 *smmu, uint32_t mask)
{
	uint32_t gerror = mmio_read32(&smmu->mmio, SMMU_GERROR);

	/* Relaxed: only a hint without the error lock. */
	return gerror == UINT32_MAX ?
		       0 :
		       (gerror ^ atomic_load_explicit(&smmu->gerrorn,
						      memory_order_relaxed)) &
			       mask;
}

/* Repair and acknowledge. Returns what was active. */
static uint32_t handle_locked(struct smmuv3 *smmu, uint32_t mask)
{
	uint32_t active = active_of(smmu, mask), gerrorn;

	if (!active)
		return 0;
	log_gerror(smmu, active);
	/* 12.3: it terminates transactions and reads no commands any more. */
	if (active & ERROR_BIT(SMMU_GERROR_SFM_ERR))
		stop_locked(smmu, "service failure mode");
	if (active & ERROR_BIT(SMMU_GERROR_CMDQ_ERR) && !smmuv3_is_dead(smmu))
		repair_locked(smmu);
	gerrorn = atomic_load_explicit(&smmu->gerrorn, memory_order_relaxed) ^
		  active;
	/* A dead queue does not go on. */
	if (smmuv3_is_dead(smmu))
		gerrorn ^= active & ERROR_BIT(SMMU_GERROR_CMDQ_ERR);
	/* Relaxed: under the error lock. */
	atomic_store_explicit(&smmu->gerrorn, gerrorn, memory_order_relaxed);
	mmio_write32(&smmu->mmio, SMMU_GERRORN, gerrorn);
	return active;
}

static uint32_t handle(struct smmuv3 *smmu, uint32_t mask)
{
	uint32_t active;

	plat_lock(smmu->plat, &smmu->cmdq.error_lock);
	active = handle_locked(smmu, mask);
	plat_unlock(smmu->plat, &smmu->cmdq.error_lock);
	return active;
}

void smmuv3_gerror_poll(struct smmuv3 *smmu)
{
	const uint32_t mask = ERROR_BIT(SMMU_GERROR_CMDQ_ERR) |
			      ERROR_BIT(SMMU_GERROR_SFM_ERR);

	if (!smmuv3_is_dead(smmu) && active_of(smmu, mask))
		(void)handle(smmu, mask);
}

void smmuv3_gerror_run(struct smmuv3 *smmu)
{
	uint32_t active = handle(smmu, SMMUV3_GERROR_KNOWN);

	/*
	 * A queue that was written without an interrupt, or not at all. Where
	 * an abort is asynchronous it has a record that was never written; that
	 * is handled for what it seems to be: 7.2.2.
	 */
	if (active & (ERROR_BIT(SMMU_GERROR_EVENTQ_ABT_ERR) |
		      ERROR_BIT(SMMU_GERROR_MSI_EVENTQ_ABT_ERR)))
		smmuv3_evtq_run(smmu,
				active & ERROR_BIT(SMMU_GERROR_EVENTQ_ABT_ERR));
	if (active & (ERROR_BIT(SMMU_GERROR_PRIQ_ABT_ERR) |
		      ERROR_BIT(SMMU_GERROR_MSI_PRIQ_ABT_ERR)))
		smmuv3_priq_run(smmu,
				active & ERROR_BIT(SMMU_GERROR_PRIQ_ABT_ERR));
}
