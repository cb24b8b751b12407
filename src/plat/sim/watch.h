/* SPDX-License-Identifier: MIT */
/*
 * Watchers of an SMMU's memory and commands: entries are never torn [R7], each
 * ASID and each VMID has one owner [R13]. What is below a guest's stream table
 * entry is the guest's, and not looked at.
 */
#ifndef PLAT_SIM_WATCH_H
#define PLAT_SIM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "fmt/smmuv3.h"

#define WATCH_STREAMS 2u
#define WATCH_PASIDS  6u
#define WATCH_ASIDS   64u
#define WATCH_VMIDS   16u

struct sim;
struct world;

/* What an entry was at the last look. */
struct watch_ste {
	bool known;
	struct smmu_ste ste;
};

struct watch_cd {
	bool known;
	struct smmu_cd cd;
};

/* Of an ASID, or of a VMID, which has a table of stage 2. */
struct watch_id {
	uint64_t root; /* of the table it was last used for */
	bool live;
	bool flushed; /* since it was live */
};

/**
 * struct watch - see above
 * @cmdq_*, @priq_*, @strtab_*: registers as the driver wrote them.
 */
struct watch {
	struct world *w;
	uint64_t cmdq_base, priq_base, evtq_base, strtab_base;
	uint32_t strtab_cfg;
	uint32_t cmdq_prod, priq_cons;
	bool off; /* SMMUEN has gone: no entry is live */
	struct watch_ste stes[WATCH_STREAMS];
	struct watch_cd cds[WATCH_STREAMS][WATCH_PASIDS];
	struct watch_id asids[WATCH_ASIDS];
	struct watch_id vmids[WATCH_VMIDS];
};

/*
 * Between two looks the driver ran without a pause, and without a word to the
 * hardware. So of a live entry at most one of @words may have changed; and of
 * one that died, none but the first, which has @valid. [R7]
 */
void watch_torn(struct sim *s, const char *what, unsigned int id,
		unsigned int words, uint64_t valid, const uint64_t *old,
		const uint64_t *now);
/* Some process exits; has exited. Some pair is being unbound. */
bool watch_exiting(const struct world *w);
bool watch_gone(const struct world *w);
bool watch_unbinding(const struct world *w);

/* STE.EATS of an endpoint, as memory has it now; S2VMID, 0: it has none. */
unsigned int watch_eats(struct watch *t, unsigned int index);
unsigned int watch_vmid(struct watch *t, unsigned int index);
/* It is used for the table at @root; was at this look, or is not any more. */
void watch_id_taken(struct sim *s, const char *what, unsigned int number,
		    struct watch_id *id, uint64_t root);
/* A look at all entries. */
void watch_look(struct watch *t);
/* The SMMU has written a record at @pa, which is @record here. */
void watch_record(struct watch *t, uint64_t pa, void *record);
/* The driver has submitted commands up to @prod. Breaks change them here. */
void watch_commands(struct watch *t, uint32_t prod);

#endif
