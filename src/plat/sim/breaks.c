/* SPDX-License-Identifier: MIT */
#include "plat/sim/breaks.h"

#include <string.h>

#include "base/bits.h"
#include "drivers/mock/mock.h"
#include "plat/sim/scenarios.h"

/*
 * BREAK(id, name, rule, IOMMUs, scenario, runs, text). The runs are measured
 * and rounded up a lot: tests/sim/break_test.c holds each to them.
 */
#define BREAK(...) BREAK_MOCK(__VA_ARGS__, 0)
/* With what the mock itself can be told to forget. */
#define BREAK_MOCK(i, n, r, on, sc, count, t, defects)                           \
	{                                                                        \
		.id = (i), .info = {                                           \
			.name = (n),                                           \
			.rule = (r),                                           \
			.iommus = (on),                                        \
			.scenario = (sc),                                      \
			.runs = (count),                                       \
			.text = (t),                                           \
		},                                                             \
		.mock_defects = (defects) \
	}

/* clang-format off */
static const struct sim_break breaks[] = {
	BREAK(BREAK_SKIP_FLUSH, "skip-flush", "R1", ON_ALL, "fault", 500,
	      "flushing a work queue does not wait for its work"),
	BREAK(BREAK_LOST_RESPONSE, "lost-response", "R2", ON_ALL, "fault", 20,
	      "answers do not reach the device"),
	BREAK_MOCK(BREAK_TWO_RESPONSES, "two-responses", "R2", ON_ALL, "fault",
	      20, "answers reach the device twice",
		   MOCK_TWO_RESPONSES),
	BREAK(BREAK_WRONG_GROUP, "wrong-group", "R2", ON_MODELS, "fault", 20,
	      "answers name another group"),
	BREAK(BREAK_WRONG_CODE, "wrong-code", "R3", ON_ALL, "unmap", 100,
	      "Success becomes Invalid, and the reverse"),
	BREAK(BREAK_MARKER_ANSWERED, "marker-answered", "R4", ON_MODELS,
	      "marker", 20, "a stop marker is answered"),
	BREAK(BREAK_LOCK_KEPT, "lock-kept", "R5", ON_ALL, "stop", 20,
	      "the SVA lock is kept while mm_exit() runs"),
	BREAK_MOCK(BREAK_SKIP_QUIESCE, "skip-quiesce", "R6", ON_ALL, "exit", 500,
	      "an exit does not invalidate the context descriptor",
		   MOCK_SKIP_QUIESCE),
	BREAK(BREAK_EXIT_NO_TLBI, "exit-no-tlbi", "R6", ON_MODELS, "exit", 500,
	      "an exit invalidates neither TLB nor ATC"),
	BREAK(BREAK_EXIT_LOUD, "exit-loud", "R6", ON_SMMUV3, "exit-stall", 500,
	      "after an exit accesses are recorded"),
	BREAK(BREAK_TORN_ENTRY, "torn-entry", "R7", ON_MODELS, "exit", 100,
	      "two words of a live entry change at once"),
	BREAK(BREAK_EARLY_WORDS, "early-words", "R7", ON_MODELS, "fault", 100,
	      "words of an entry change before V=0 is known"),
	BREAK(BREAK_NO_CFGI, "no-cfgi", "R8", ON_SMMUV3, "feature", 500,
	      "a bind does not invalidate the context descriptor"),
	BREAK_MOCK(BREAK_NO_TLBI, "no-tlbi", "R9", ON_ALL, "unmap", 500,
	      "an unmap does not invalidate the TLB",
		   MOCK_SKIP_INVALIDATE),
	BREAK(BREAK_NO_ATC_INV, "no-atc-inv", "R9", ON_MODELS, "unmap", 100,
	      "an unmap does not invalidate the device's cache"),
	BREAK(BREAK_ATC_FIRST, "atc-first", "R9", ON_MODELS, "unmap", 2000,
	      "the device's cache is invalidated before the TLB"),
	BREAK(BREAK_NO_BARRIER, "no-barrier", "R9", ON_SMMUV3, "unmap", 20,
	      "the device's cache is invalidated without waiting for the TLB"),
	BREAK(BREAK_NO_SYNC, "no-sync", "R9", ON_MODELS, "unmap", 8000,
	      "nobody waits for invalidations"),
	BREAK(BREAK_SHORT_RANGE, "short-range", "R9", ON_ALL, "unmap", 500,
	      "the last page of a range is not invalidated"),
	BREAK(BREAK_ATC_PASID, "atc-pasid", "R10", ON_MODELS, "unmap", 500,
	      "the device's cache is invalidated for another PASID"),
	BREAK(BREAK_ATTACH_GAP, "attach-gap", "R11", ON_ALL, "attach", 3000,
	      "an unmap during a bind invalidates nothing"),
	BREAK_MOCK(BREAK_UNBIND_NO_INV, "unbind-no-inv", "R1", ON_ALL, "fault",
	      500, "an unbind invalidates nothing",
		   MOCK_SKIP_REMOVE),
	BREAK(BREAK_ATS_FIRST, "ats-first", "R12", ON_MODELS, "feature", 5,
	      "PASIDs are enabled after ATS"),
	BREAK(BREAK_ATC_INV_LATE, "atc-inv-late", "R12", ON_MODELS, "feature",
	      5, "an ATC_INV is sent after ATS went off"),
	BREAK(BREAK_ASID_FLUSH, "asid-flush", "R13", ON_MODELS, "asid", 500,
	      "an ASID is used again without a flush"),
	BREAK(BREAK_ASID_SHARED, "asid-shared", "R13", ON_MODELS, "asid", 500,
	      "two address spaces get one ASID"),
	BREAK(BREAK_EARLY_FREE, "early-free", "R1", ON_ALL, "fault", 5,
	      "a handle is used after its last unbind freed it"),
	BREAK(BREAK_PUT_TWICE, "put-twice", "R14", ON_ALL, "storm", 5,
	      "a reference to an address space is dropped twice"),
	BREAK(BREAK_NO_OVACK, "no-ovack", "R15", ON_SMMUV3, "overflow", 100,
	      "an overflow is not acknowledged"),
	BREAK(BREAK_PRI_ORDER, "pri-order", "R15", ON_MODELS, "groups", 500,
	      "a page request overtakes another"),
	BREAK(BREAK_LOST_IRQ, "lost-irq", "R2", ON_MODELS, "unmap", 20,
	      "interrupts are lost"),
	BREAK(BREAK_TIMER_DEAD, "timer-dead", "R2", ON_ALL, "timeout", 100,
	      "nobody looks at the time limit of answers"),
	BREAK(BREAK_LATE_ANSWER, "late-answer", "R2", ON_ALL, "timeout", 100,
	      "an answer that missed its time limit goes out all the same"),
	BREAK(BREAK_NOT_CLOSED, "not-closed", "R9", ON_MODELS, "dead-queue", 500,
	      "an SMMU that reads no commands any more is not stopped"),
	BREAK(BREAK_NO_PASID_INV, "no-pasid-inv", "R1", ON_VTD, "fault", 500,
	      "the PASID cache is never invalidated"),
	BREAK(BREAK_NO_CONTEXT_INV, "no-context-inv", "R8", ON_VTD, "remove",
	      500, "the context cache is never invalidated"),
	BREAK(BREAK_PRESENT_FIRST, "present-first", "R7", ON_VTD, "storm", 100,
	      "an entry is present before the unit knows its words"),
	BREAK(BREAK_EARLY_OVACK, "early-ovack", "R15", ON_VTD, "overflow", 500,
	      "an overflow is acknowledged before anybody looks at it"),
	BREAK(BREAK_NOT_ISOLATED, "not-isolated", "R9", ON_VTD, "mute", 500,
	      "a device that does not forget keeps its context entry"),
	BREAK(BREAK_NO_DRAIN, "no-drain", "R1", ON_VTD, "fault", 500,
	      "a drain waits for no page requests"),
	BREAK(BREAK_MAP_GAP, "map-gap", "R11", ON_ALL, "map-attach", 3000,
	      "an unmap of a domain during an attach invalidates nothing"),
	BREAK_MOCK(BREAK_NO_TLBI, "refill-no-tlbi", "R9", ON_ALL, "refill", 500,
	      "an unmap of a domain does not invalidate the TLB",
		   MOCK_SKIP_INVALIDATE),
	BREAK(BREAK_NO_ATC_INV, "refill-no-atc-inv", "R9", ON_MODELS, "refill",
	      500, "an unmap of a domain does not invalidate the device's cache"),
	BREAK(BREAK_ATC_FIRST, "refill-atc-first", "R9", ON_MODELS, "refill",
	      2000, "the same, and the device's cache comes before the TLB"),
	BREAK(BREAK_SHORT_RANGE, "short-gather", "R9", ON_ALL, "refill", 500,
	      "the last page of what was gathered is not invalidated"),
	BREAK_MOCK(BREAK_UNBIND_NO_INV, "detach-no-inv", "R1", ON_ALL,
	      "aux-detach", 500, "a detach invalidates nothing",
		   MOCK_SKIP_REMOVE),
	BREAK(BREAK_DIRTY_FLUSH, "dirty-no-flush", "R9", ON_ALL, "dirty", 500,
	      "dirty bits are cleared, and nobody is told"),
	BREAK(BREAK_GUEST_INV, "guest-no-inv", "R9", ON_ALL, "guest", 5000,
	      "what a guest invalidates is not forwarded"),
	BREAK(BREAK_GUEST_SWAP, "guest-unbind-no-inv", "R1", ON_ALL, "guest",
	      2000, "an unbind of a guest's table forgets nothing"),
	BREAK(BREAK_GUEST_REPLACE, "guest-replace-no-inv", "R1", ON_ALL,
	      "guest", 5000, "a guest's other table forgets nothing of the one "
	      "before"),
	BREAK(BREAK_GUEST_ENTRY, "guest-entry-no-inv", "R1", ON_ALL, "guest",
	      2000, "what a guest says of a PASID entry is not forwarded"),
	BREAK(BREAK_GUEST_UNMAP, "guest-unmap-combined", "R9", ON_MODELS,
	      "guest", 5000, "an unmap of a parent leaves what both stages made"),
	BREAK(BREAK_GUEST_UNMAP_ATC, "guest-unmap-no-atc-inv", "R9", ON_MODELS,
	      "guest", 5000, "an unmap of a parent leaves what devices have"),
	BREAK(BREAK_NO_ATC_INV, "guest-no-atc-inv", "R9", ON_MODELS, "guest-pair",
	      5000, "what a guest invalidates does not reach its devices"),
	BREAK(BREAK_NO_TLBI, "guest-no-tlbi", "R9", ON_MODELS, "guest-pair", 5000,
	      "what a guest invalidates does not reach the TLB"),
	BREAK(BREAK_GUEST_ID, "guest-id-flush", "R13", ON_MODELS, "guest", 5000,
	      "a guest's hardware id is used again without a flush"),
	BREAK(BREAK_SHADOW_STALE, "shadow-stale", "R1", ON_VTD, "guest", 5000,
	      "an entry that a guest took out comes back in its shadow"),
	BREAK(BREAK_LOST_RESPONSE, "guest-lost-response", "R2", ON_ALL,
	      "guest", 20, "answers to a guest's device get lost"),
	BREAK(BREAK_LOST_RESPONSE, "guest-stall-lost-response", "R2", ON_SMMUV3,
	      "guest-stall", 20, "a guest's stalled device is not resumed"),
	BREAK(BREAK_GUEST_INV, "guest-stall-no-inv", "R9", ON_SMMUV3,
	      "guest-stall", 5000,
	      "what a guest invalidates is not forwarded, without ATS"),
	BREAK(BREAK_WRONG_CODE, "guest-wrong-code", "R3", ON_ALL, "guest", 20,
	      "a guest's device gets another answer than its guest gave"),
	BREAK(BREAK_NOT_CLOSED, "guest-not-closed", "R9", ON_MODELS,
	      "guest-dead", 5000,
	      "an IOMMU that reads no commands goes on with a guest's tables"),
	BREAK(BREAK_NOT_ISOLATED, "guest-not-isolated", "R9", ON_VTD,
	      "guest-mute", 5000,
	      "a guest's device that does not forget keeps its context entry"),
	BREAK(BREAK_GUEST_INV, "gpasid-no-inv", "R9", ON_MOCK | ON_VTD, "gpasid",
	      5000, "what is invalidated of a guest's PASID is not forwarded"),
	BREAK(BREAK_GUEST_SWAP, "gpasid-unbind-no-inv", "R1", ON_MOCK | ON_VTD,
	      "gpasid", 5000, "an unbind of a guest's PASID forgets nothing"),
	BREAK(BREAK_GUEST_UNMAP, "gpasid-unmap-combined", "R9", ON_VTD, "gpasid",
	      5000, "an unmap of a parent leaves what both stages made"),
	BREAK(BREAK_LOST_RESPONSE, "gpasid-lost-response", "R2",
	      ON_MOCK | ON_VTD, "gpasid", 20,
	      "answers to the device of a guest's PASID get lost"),
	/* Not named to anybody: in sva it would not be found. */
	{
		.id = BREAK_SKIP_GRACE,
		.info = { .name = "skip-grace", .rule = "R14",
			  .iommus = ON_MOCK, .scenario = "find", .runs = 5000,
			  .text = "a grace period does not wait" },
		.points = true,
	},
};
/* clang-format on */

const struct sim_break *sim_break_at(unsigned int index)
{
	return index < ARRAY_SIZE(breaks) ? &breaks[index] : NULL;
}

const struct sim_break *sim_break_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(breaks); i++)
		if (!strcmp(breaks[i].info.name, name))
			return &breaks[i];
	return NULL;
}

void sim_strike(struct sim *s, uint64_t detail)
{
	s->broken_count++;
	sim_note(s, "the break strikes", detail);
}
