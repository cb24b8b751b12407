/* SPDX-License-Identifier: MIT */
/*
 * A second VT-d unit, for comparison: translation of one access through either
 * stage or both, written from the architecture one question at a time. It
 * shares no code and no bit number with the model, caches nothing, and is
 * slow.
 *
 * Flag updates are noted, not made: see struct vn_result.
 */
#ifndef TESTS_MODELS_VTD_NAIVE_H
#define TESTS_MODELS_VTD_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

struct vx;

struct vn {
	struct vx *fx;
	unsigned int haw, mgaw;
	bool fs1gp, ss2m, ss1g, snoop_control, execute_requests;
	bool legacy;
	bool first, second;
	unsigned int first_levels, second_levels;
	uint64_t first_base, second_base;
	bool wpe, nxe, smep, eafe, ssade, pwsnp;
};

struct vn_access {
	uint64_t addr;
	bool write, read; /* both: an AtomicOp */
	bool fetch;       /* with read */
	bool priv;
};

enum { VN_UPDATES = 64 };

struct vn_result {
	unsigned int reason; /* 0: translated */
	uint64_t pa;
	unsigned int lg2; /* of the smaller page */
	bool can_read, can_write, can_fetch;
	bool snoop;

	struct {
		uint64_t pa, value;
	} update[VN_UPDATES];
	unsigned int updates;
};

void vn_translate(const struct vn *vn, const struct vn_access *access,
		  struct vn_result *ret_result);

#endif
