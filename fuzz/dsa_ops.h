/* SPDX-License-Identifier: MIT */
/* Operations of the accelerator's target, as the bytes of an input say them. */
#ifndef FUZZ_DSA_OPS_H
#define FUZZ_DSA_OPS_H

enum fuzz_op {
	OP_SUBMIT,
	OP_STEP,
	OP_BATCH,
	OP_PAGE,
	OP_ANSWER,
	OP_COMMAND,
	OP_MMIO,
	OP_CONFIG,
	OP_WORLD,
	OP_COUNT,
};

#endif
