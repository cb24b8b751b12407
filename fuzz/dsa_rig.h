/* SPDX-License-Identifier: MIT */
/*
 * One accelerator model behind an IOMMU that is a table of pages. Virtual and
 * physical addresses are the same, so that what a descriptor says can be held
 * against what memory sees.
 */
#ifndef FUZZ_DSA_RIG_H
#define FUZZ_DSA_RIG_H

#include <sva/dsa_hw.h>

#include "fmt/dsa.h"
#include "fmt/pcie.h"
#include "fuzz/world.h"

enum {
	RIG_DESCS = 512,
	RIG_GRANTS = 64,
	RIG_GROUPS = 16,
	RIG_STALLED = 16, /* one for each engine */
	RIG_PAGES = WORLD_PAGES,
	RIG_RID = 0x100,

	/* The layout of memory, but anything may point anywhere. */
	GUEST_BATCH = 0x60000,
	GUEST_COMP = 0x70000,
};

/* What the IOMMU does about a page. */
enum page_mode {
	PAGE_THERE,
	PAGE_READ_ONLY,
	PAGE_ABSENT, /* until a page request grants it */
	PAGE_DENIED, /* and requests are Invalid */
	PAGE_UR,     /* no ATS; a platform device is stalled */
	PAGE_CA,     /* broken; no room to stall, once */
	PAGE_RAW,    /* untranslated requests only */
	PAGE_LIAR,   /* ATS says yes, the access is refused */
	PAGE_MODES,
};

struct grant {
	uint64_t pa, len;
	uint32_t perm;
};

struct group {
	struct hw_page_request last;
	uint64_t page[32];
	unsigned int pages;
	bool complete;
};

struct rig {
	struct world w;
	struct iommu_hw iommu; /* found from it */
	struct dsa_hw_cfg cfg;
	struct dsa_hw *dsa;
	void *state;
	struct in *in;
	unsigned int depth;

	uint8_t mode[RIG_PAGES];
	bool in_step;
	struct hw_port *port;            /* of the access in progress */
	struct grant grant;              /* what it may touch */
	struct grant grants[RIG_GRANTS]; /* in this step */
	unsigned int grant_n;
	uint64_t bytes; /* moved in this step */

	/* Descriptors the model has seen; it may write where they say. */
	struct dsa_desc desc[RIG_DESCS];
	unsigned int desc_n; /* ever */

	/* Of a platform device: cookies of what is stalled. */
	uint64_t stalled[RIG_STALLED];
	uint64_t stalled_page[RIG_STALLED];
	unsigned int stalled_n;

	struct group groups[RIG_GROUPS];
	struct group receiving;
	uint64_t msi_words[256];
	unsigned int msi_word_n;

	struct dsa_hw_stats want, last;
	bool counts; /* and nothing was lost */
};

int rig_create(struct rig *r, const struct dsa_hw_cfg *cfg, struct in *in);
void rig_destroy(struct rig *r);

uint64_t rig_read(struct rig *r, uint64_t offset, unsigned int size);
void rig_write(struct rig *r, uint64_t offset, unsigned int size, uint64_t v);
uint32_t rig_cfg_read(struct rig *r, unsigned int offset, unsigned int size);
void rig_cfg_write(struct rig *r, unsigned int offset, unsigned int size,
		   uint32_t v);
void rig_submit(struct rig *r, uint64_t offset, bool deferrable,
		const struct dsa_desc *desc);
enum dsa_hw_step rig_step(struct rig *r, unsigned int engine);
void rig_invalidate(struct rig *r, const struct hw_ats_inv *inv);
/* Answers the n-th group that waits; false: there is none. */
bool rig_answer(struct rig *r, unsigned int n, enum hw_prg_code code);
/* Ends the n-th transaction that is stalled; false: there is none. */
bool rig_end_stall(struct rig *r, unsigned int n, bool retry);
void rig_resume(struct rig *r, uint64_t cookie, bool retry);
void rig_reset_line(struct rig *r);
void rig_respond(struct rig *r, const struct hw_prg_response *resp);

/* dsa.c */
void fuzz_op(struct rig *r);
void guest_start(struct rig *r);

#endif
