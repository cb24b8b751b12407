/* SPDX-License-Identifier: MIT */
/* Operations of the VT-d target, as the bytes of an input number them. */
#ifndef FUZZ_VTD_OPS_H
#define FUZZ_VTD_OPS_H

enum fuzz_op {
	OP_TRANSLATE,
	OP_COMMAND,
	OP_MAP,
	OP_TABLE,
	OP_ATS,
	OP_PAGE_REQUEST,
	OP_SERVE,
	OP_REGISTER,
	OP_INTERRUPT,
	OP_INV_COMPLETE,
	OP_MEMORY,
	OP_WORLD,
	OP_RESET,
	OP_SNAPSHOT,
	OP_COUNT,
};

#endif
