/* SPDX-License-Identifier: MIT */
/*
 * Faults that are not recoverable: VT-d, 7.1.3, 7.2, 7.3. [L1]
 *
 * One thread at a time reads the records: it claims them, reports without any
 * lock, and hands them back. Whoever wants them read meanwhile tells the reader
 * to look again. So a drain needs no interrupt, and does not wait for one that
 * was lost. It does not go on for ever under a flood of faults either: what it
 * leaves has no event of its own (7.3), and goes to a worker. Records of entries
 * with FPD do not exist: the unit makes none.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "drivers/vtd/devices.h"
#include "drivers/vtd/unit.h"

/* Log lines about faults, per second. */
#define LOG_BURST     10u
#define LOG_WINDOW_NS UINT64_C(1000000000)

/* Looks of a drain at all records: one, and mostly there is nothing then. */
#define DRAIN_ROUNDS 2u

#define PFO ((uint32_t)FIELD_MASK(VTD_FSTS_PFO))
#define PPF ((uint32_t)FIELD_MASK(VTD_FSTS_PPF))

struct name {
	uint8_t reason;
	const char *spec;
	const char *gloss;
};

static const struct name *find_name(unsigned int reason)
{
#define NAME(id, number, spec, gloss) { number, spec, gloss },
	static const struct name names[] = { VTD_FAULTS(NAME) };
#undef NAME
	static const struct name unknown = { 0, "?", "an unknown reason" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].reason == reason)
			return &names[i];
	return &unknown;
}

struct reason_row {
	uint8_t first;
	uint8_t last;
	enum iommu_fault_reason reason;
};

/* clang-format off */
/* Whose entry, whose table, whose address was at fault. */
static const struct reason_row reason_rows[] = {
	{ VTD_FAULT_LRT_2,  VTD_FAULT_LCT_4,  IOMMU_FAULT_REASON_BAD_STREAM },
	{ VTD_FAULT_LGN_1,  VTD_FAULT_LGN_1,  IOMMU_FAULT_REASON_OOR_ADDRESS },
	{ VTD_FAULT_LGN_2,  VTD_FAULT_LGN_3,  IOMMU_FAULT_REASON_PERMISSION },
	{ VTD_FAULT_LSS_1,  VTD_FAULT_LSS_1,  IOMMU_FAULT_REASON_WALK_EABT },
	{ VTD_FAULT_LRT_1,  VTD_FAULT_LCT_3,  IOMMU_FAULT_REASON_BAD_STREAM },
	{ VTD_FAULT_LCT_5,  VTD_FAULT_LCT_5,  IOMMU_FAULT_REASON_BAD_STREAM },
	{ VTD_FAULT_LGN_4,  VTD_FAULT_LGN_4,  IOMMU_FAULT_REASON_OOR_ADDRESS },
	{ VTD_FAULT_RTA_1,  VTD_FAULT_SCT_5,  IOMMU_FAULT_REASON_BAD_STREAM },
	{ VTD_FAULT_SCT_6,  VTD_FAULT_SCT_7,  IOMMU_FAULT_REASON_PASID_INVALID },
	{ VTD_FAULT_SCT_8,  VTD_FAULT_SCT_8,  IOMMU_FAULT_REASON_BAD_STREAM },
	{ VTD_FAULT_SCT_9,  VTD_FAULT_SCT_9,  IOMMU_FAULT_REASON_PASID_INVALID },
	{ VTD_FAULT_SCT_10, VTD_FAULT_SCT_10, IOMMU_FAULT_REASON_BAD_STREAM },
	{ VTD_FAULT_SPD_1,  VTD_FAULT_SPD_1,  IOMMU_FAULT_REASON_PASID_FETCH },
	{ VTD_FAULT_SPD_2,  VTD_FAULT_SPD_2,  IOMMU_FAULT_REASON_PASID_INVALID },
	{ VTD_FAULT_SPD_3,  VTD_FAULT_SPD_3,  IOMMU_FAULT_REASON_BAD_PASID_ENTRY },
	{ VTD_FAULT_SPT_1,  VTD_FAULT_SPT_1,  IOMMU_FAULT_REASON_PASID_FETCH },
	{ VTD_FAULT_SPT_2,  VTD_FAULT_SPT_2,  IOMMU_FAULT_REASON_PASID_INVALID },
	{ VTD_FAULT_SPT_3,  VTD_FAULT_SPT_4,  IOMMU_FAULT_REASON_BAD_PASID_ENTRY },
	{ VTD_FAULT_SPT_5,  VTD_FAULT_SPT_6,  IOMMU_FAULT_REASON_PERMISSION },
	{ VTD_FAULT_SFS_1,  VTD_FAULT_SFS_1,  IOMMU_FAULT_REASON_WALK_EABT },
	{ VTD_FAULT_SFS_2,  VTD_FAULT_SFS_2,  IOMMU_FAULT_REASON_PTE_FETCH },
	{ VTD_FAULT_SFS_4,  VTD_FAULT_SFS_4,  IOMMU_FAULT_REASON_WALK_EABT },
	{ VTD_FAULT_SFS_5,  VTD_FAULT_SFS_5,  IOMMU_FAULT_REASON_OOR_ADDRESS },
	{ VTD_FAULT_SFS_6,  VTD_FAULT_SFS_8,  IOMMU_FAULT_REASON_PERMISSION },
	{ VTD_FAULT_SSS_1,  VTD_FAULT_SSS_1,  IOMMU_FAULT_REASON_WALK_EABT },
	{ VTD_FAULT_SSS_2,  VTD_FAULT_SSS_2,  IOMMU_FAULT_REASON_PERMISSION },
	{ VTD_FAULT_SSS_4,  VTD_FAULT_SSS_4,  IOMMU_FAULT_REASON_WALK_EABT },
	{ VTD_FAULT_SSS_5,  VTD_FAULT_SSS_6,  IOMMU_FAULT_REASON_ACCESS },
	{ VTD_FAULT_SGN_1,  VTD_FAULT_SGN_1,  IOMMU_FAULT_REASON_OOR_ADDRESS },
	{ VTD_FAULT_SGN_2,  VTD_FAULT_SGN_3,  IOMMU_FAULT_REASON_PERMISSION },
	{ VTD_FAULT_SGN_4,  VTD_FAULT_SGN_5,  IOMMU_FAULT_REASON_OOR_ADDRESS },
	{ VTD_FAULT_SGN_6,  VTD_FAULT_SGN_7,  IOMMU_FAULT_REASON_PERMISSION },
	{ VTD_FAULT_SGN_8,  VTD_FAULT_SGN_8,  IOMMU_FAULT_REASON_OOR_ADDRESS },
	{ VTD_FAULT_SGN_10, VTD_FAULT_SGN_10, IOMMU_FAULT_REASON_PASID_INVALID },
	{ VTD_FAULT_SFS_9,  VTD_FAULT_SFS_10, IOMMU_FAULT_REASON_ACCESS },
};
/* clang-format on */

/* Reserved bits in a table are nobody's reason, nor what is not known here. */
static enum iommu_fault_reason reason_of(unsigned int fr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reason_rows); i++)
		if (fr >= reason_rows[i].first && fr <= reason_rows[i].last)
			return reason_rows[i].reason;
	return IOMMU_FAULT_REASON_UNKNOWN;
}

/*
 * Of two stages, what only the second one refuses: the page, or a table of the
 * first. Permissions (SGN.6, SGN.7) may be either's.
 */
static bool is_second_stage(unsigned int fr)
{
	return (fr >= VTD_FAULT_SFS_5 && fr <= VTD_FAULT_SSS_6) ||
	       fr == VTD_FAULT_SGN_5;
}

static uint32_t perm_of(const struct vtd_frcd *frcd)
{
	uint32_t perm = 0;

	switch (vtd_frcd_type(frcd)) {
	case VTD_FRCD_TYPE_WRITE:
		perm = IOMMU_PERM_WRITE;
		break;
	case VTD_FRCD_TYPE_READ:
		perm = IOMMU_PERM_READ;
		break;
	case VTD_FRCD_TYPE_ATOMIC:
		perm = IOMMU_PERM_READ | IOMMU_PERM_WRITE;
		break;
	default: /* a page request does not say */
		break;
	}
	/* Both are of requests with PASID. */
	if (FIELD_GET(VTD_FRCD_PP, frcd) && FIELD_GET(VTD_FRCD_EXE, frcd))
		perm |= IOMMU_PERM_EXEC;
	if (FIELD_GET(VTD_FRCD_PP, frcd) && FIELD_GET(VTD_FRCD_PRIV, frcd))
		perm |= IOMMU_PERM_PRIV;
	return perm;
}

static struct iommu_fault make_unrecov(const struct vtd_frcd *frcd)
{
	unsigned int fr = (unsigned int)FIELD_GET(VTD_FRCD_FR, frcd);
	struct iommu_fault fault = { .type = IOMMU_FAULT_UNRECOV };

	fault.event.reason = reason_of(fr);
	/* The record has the request's address, and not that between them. */
	if (is_second_stage(fr))
		fault.event.flags |= IOMMU_FAULT_UNRECOV_STAGE2;
	if (FIELD_GET(VTD_FRCD_PP, frcd)) {
		fault.event.flags |= IOMMU_FAULT_UNRECOV_PASID_VALID;
		fault.event.pasid = (ioasid_t)FIELD_GET(VTD_FRCD_PV, frcd);
	}
	fault.event.flags |= IOMMU_FAULT_UNRECOV_ADDR_VALID;
	fault.event.addr = vtd_frcd_fi(frcd);
	fault.event.perm = perm_of(frcd);
	return fault;
}

static bool may_log(struct vtd_unit *u)
{
	struct vtd_faults *f = &u->faults;
	uint64_t now = plat_now_ns(u->plat);

	if (now - f->log_window >= LOG_WINDOW_NS) {
		f->log_window = now;
		f->log_count = 0;
	}
	return f->log_count++ < LOG_BURST;
}

static void log_fault(struct vtd_unit *u, const struct vtd_frcd *frcd)
{
	unsigned int fr = (unsigned int)FIELD_GET(VTD_FRCD_FR, frcd);
	const struct name *name = find_name(fr);

	if (!may_log(u))
		return;
	plat_log(u->plat, PLAT_LOG_WARN,
		 "%s: %s (0x%02x, %s) device %04x PASID %u%s address %#llx",
		 u->name, name->spec, fr, name->gloss,
		 (unsigned int)FIELD_GET(VTD_FRCD_SID, frcd),
		 (unsigned int)FIELD_GET(VTD_FRCD_PV, frcd),
		 FIELD_GET(VTD_FRCD_PP, frcd) ? "" : " (none)",
		 (unsigned long long)vtd_frcd_fi(frcd));
}

static void handle(struct vtd_unit *u, const struct vtd_frcd *frcd)
{
	unsigned int fr = (unsigned int)FIELD_GET(VTD_FRCD_FR, frcd);
	struct iommu_fault fault;

	vtd_count(&u->counters.faults);
	/* Of an interrupt, which is no device's fault here. */
	if (fr >= VTD_FAULT_IR_FIRST && fr <= VTD_FAULT_IR_LAST) {
		log_fault(u, frcd);
		return;
	}
	fault = make_unrecov(frcd);
	if (vtd_report_fault(u, (uint16_t)FIELD_GET(VTD_FRCD_SID, frcd),
			     &fault))
		log_fault(u, frcd);
}

/*
 * The record is the software's while F is set, which is the last thing the unit
 * writes to it; writing 1 gives it back. False: it is empty.
 */
static bool take(struct vtd_unit *u, unsigned int index, struct vtd_frcd *frcd)
{
	uint32_t reg = u->f.fault_offset + index * VTD_FRCD_SIZE;

	frcd->dw[1] = vtd_read64(u, reg + 8);
	if (!FIELD_GET(VTD_FRCD_F, frcd) || frcd->dw[1] == UINT64_MAX)
		return false;
	frcd->dw[0] = vtd_read64(u, reg);
	vtd_write32(u, reg + 12, UINT32_C(1) << (VTD_FRCD_F_LO % 32));
	return true;
}

/*
 * All records, from the first (FRI) on and round. While PFO is set none is
 * added, so it is cleared when all have been given back (7.2.1). False: there
 * was none.
 */
static bool read_some(struct vtd_unit *u)
{
	uint32_t fsts = vtd_read32(u, VTD_FSTS);
	unsigned int count = u->f.fault_count, i, n = 0;
	unsigned int index = (unsigned int)REG_GET(VTD_FSTS_FRI, fsts) % count;
	struct vtd_frcd frcd;

	if (fsts == UINT32_MAX || !(fsts & (PPF | PFO)))
		return false;
	for (i = 0; i < count; i++) {
		if (take(u, (index + i) % count, &frcd)) {
			handle(u, &frcd);
			n++;
		}
	}
	if (fsts & PFO) {
		vtd_count(&u->counters.faults_lost);
		if (may_log(u))
			plat_log(u->plat, PLAT_LOG_WARN,
				 "%s: fault records overflowed, some were lost",
				 u->name);
		vtd_write32(u, VTD_FSTS, PFO);
	}
	return n;
}

/* False: somebody reads already, and will look again. */
static bool claim(struct vtd_unit *u)
{
	struct vtd_faults *f = &u->faults;
	bool mine;

	plat_lock(u->plat, &f->lock);
	mine = !f->busy;
	if (mine)
		f->busy = true;
	else
		f->again = true;
	plat_unlock(u->plat, &f->lock);
	return mine;
}

/* False: it has to be looked once more. */
static bool hand_back(struct vtd_unit *u)
{
	struct vtd_faults *f = &u->faults;
	bool done;

	plat_lock(u->plat, &f->lock);
	f->rounds++;
	done = !f->again;
	f->again = false;
	if (done)
		f->busy = false;
	plat_unlock(u->plat, &f->lock);
	plat_event_signal(u->plat, &f->event);
	return done;
}

/* One look at all records. True: that was the last one, and they are back. */
static bool read_round(struct vtd_unit *u)
{
	vtd_error_poll(u);
	if (!read_some(u))
		return hand_back(u);
	plat_lock(u->plat, &u->faults.lock);
	u->faults.rounds++;
	plat_unlock(u->plat, &u->faults.lock);
	plat_event_signal(u->plat, &u->faults.event);
	return false;
}

/*
 * Until nothing is left that would keep the next event from coming: 7.3. Under
 * a flood of faults this does not end, but a round does, and that is what a
 * drain waits for.
 */
static void read_all(struct vtd_unit *u)
{
	while (!read_round(u))
		;
}

void vtd_fault_work(void *arg)
{
	read_all(arg);
}

/* The same for a while; what is left then is the worker's, claim and all. */
static void read_bounded(struct vtd_unit *u)
{
	unsigned int round;

	for (round = 0; round < DRAIN_ROUNDS; round++)
		if (read_round(u))
			return;
	plat_work_queue(u->plat, u->faults.wq, &u->faults.work);
}

void vtd_fault_irq(void *arg)
{
	struct vtd_unit *u = arg;

	if (claim(u))
		read_all(u);
}

static uint64_t rounds(struct vtd_unit *u, bool *ret_busy)
{
	uint64_t n;

	plat_lock(u->plat, &u->faults.lock);
	n = u->faults.rounds;
	*ret_busy = u->faults.busy;
	plat_unlock(u->plat, &u->faults.lock);
	return n;
}

int vtd_fault_drain(struct vtd_unit *u)
{
	uint64_t deadline = plat_now_ns(u->plat) + u->timeout_ns;
	uint64_t first;
	bool busy;

	/* Sampled first: the round after this one began after the call. */
	first = rounds(u, &busy);
	if (claim(u)) {
		read_bounded(u);
		return 0;
	}
	for (;;) {
		uint32_t seen = plat_event_read(&u->faults.event);
		int err;

		if (rounds(u, &busy) >= first + 2 || !busy)
			return 0;
		err = plat_event_wait(u->plat, &u->faults.event, seen,
				      deadline);
		if (err)
			return rounds(u, &busy) >= first + 2 || !busy ? 0 : err;
	}
}
