/* SPDX-License-Identifier: MIT */
/* Of VT-d: VER is 0, CAP 1 and ECAP 2. */
#include "ids_table.h"

#include "fmt/vtd.h"

static const struct field_desc ver[] = FIELD_DESC_TABLE(VTD_VER_FIELDS);
static const struct field_desc cap[] = FIELD_DESC_TABLE(VTD_CAP_FIELDS);
static const struct field_desc ecap[] = FIELD_DESC_TABLE(VTD_ECAP_FIELDS);

const char sva_id_prefix[] = "VTD_";
const struct sva_id_register sva_id_registers[] = {
	{ 0, ver, COUNT(ver) },
	{ 1, cap, COUNT(cap) },
	{ 2, ecap, COUNT(ecap) },
};
const unsigned int sva_id_register_count = COUNT(sva_id_registers);

static uint64_t queue_bytes(uint64_t base)
{
	return UINT64_C(4096) << REG_GET(VTD_IQA_QS, base);
}

static uint32_t command_bytes(uint64_t base)
{
	return REG_GET(VTD_IQA_DW, base) ? 32 : 16;
}

static uint32_t opcode(const uint64_t *command)
{
	return (uint32_t)(REG_GET(VTD_INV_TYPE_HI, command[0]) << 4 |
			  REG_GET(VTD_INV_TYPE_LO, command[0]));
}

/* Waits for nothing, tells nobody. */
static void no_op(uint64_t *command)
{
	command[0] = VTD_INV_WAIT;
	command[1] = command[2] = command[3] = 0;
}

/* Type 0 is reserved. */
static void illegal(uint64_t *command)
{
	command[0] = command[1] = command[2] = command[3] = 0;
}

const struct sva_queue sva_queue = {
	.base_register = VTD_IQA,
	.base_mask = FIELD_MASK(VTD_IQA_IQA),
	.bytes = queue_bytes,
	.command_bytes = command_bytes,
	.opcode = opcode,
	.no_op = no_op,
	.illegal = illegal,
};
