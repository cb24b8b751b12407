/* SPDX-License-Identifier: MIT */
/* Of the SMMUv3: SMMU_IDR0 to 3 and 5, by their numbers. */
#include "ids_table.h"

#include "fmt/smmuv3_queue.h"
#include "fmt/smmuv3_regs.h"

static const struct field_desc idr0[] = FIELD_DESC_TABLE(SMMU_IDR0_FIELDS);
static const struct field_desc idr1[] = FIELD_DESC_TABLE(SMMU_IDR1_FIELDS);
static const struct field_desc idr2[] = FIELD_DESC_TABLE(SMMU_IDR2_FIELDS);
static const struct field_desc idr3[] = FIELD_DESC_TABLE(SMMU_IDR3_FIELDS);
static const struct field_desc idr5[] = FIELD_DESC_TABLE(SMMU_IDR5_FIELDS);

const char sva_id_prefix[] = "SMMU_";
const struct sva_id_register sva_id_registers[] = {
	{ 0, idr0, COUNT(idr0) }, { 1, idr1, COUNT(idr1) },
	{ 2, idr2, COUNT(idr2) }, { 3, idr3, COUNT(idr3) },
	{ 5, idr5, COUNT(idr5) },
};
const unsigned int sva_id_register_count = COUNT(sva_id_registers);

static uint64_t queue_bytes(uint64_t base)
{
	return UINT64_C(16) << REG_GET(SMMU_CMDQ_BASE_LOG2SIZE, base);
}

static uint32_t command_bytes(uint64_t base)
{
	(void)base;
	return 16;
}

static uint32_t opcode(const uint64_t *command)
{
	return (uint32_t)(command[0] & FIELD_MASK(SMMU_CMD_OPCODE));
}

/* Of StreamID 0, which the model checks and forgets. */
static void no_op(uint64_t *command)
{
	command[0] = SMMU_OP_PREFETCH_CONFIG;
	command[1] = command[2] = command[3] = 0;
}

/* An opcode that nobody has. */
static void illegal(uint64_t *command)
{
	command[0] = FIELD_MASK(SMMU_CMD_OPCODE);
	command[1] = command[2] = command[3] = 0;
}

const struct sva_queue sva_queue = {
	.base_register = SMMU_CMDQ_BASE,
	.base_mask = FIELD_MASK(SMMU_CMDQ_BASE_ADDR),
	.bytes = queue_bytes,
	.command_bytes = command_bytes,
	.opcode = opcode,
	.no_op = no_op,
	.illegal = illegal,
};
