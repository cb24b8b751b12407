/* SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "smmuv3_ids.h"

#include "fmt/smmuv3_queue.h"
#include "fmt/smmuv3_regs.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct field_desc idr0[] = FIELD_DESC_TABLE(SMMU_IDR0_FIELDS);
static const struct field_desc idr1[] = FIELD_DESC_TABLE(SMMU_IDR1_FIELDS);
static const struct field_desc idr2[] = FIELD_DESC_TABLE(SMMU_IDR2_FIELDS);
static const struct field_desc idr3[] = FIELD_DESC_TABLE(SMMU_IDR3_FIELDS);
static const struct field_desc idr5[] = FIELD_DESC_TABLE(SMMU_IDR5_FIELDS);

static const struct {
	const struct field_desc *fields;
	size_t count;
} registers[SVA_SMMUV3_IDRS] = {
	[0] = { idr0, COUNT(idr0) }, [1] = { idr1, COUNT(idr1) },
	[2] = { idr2, COUNT(idr2) }, [3] = { idr3, COUNT(idr3) },
	[5] = { idr5, COUNT(idr5) },
};

bool sva_smmuv3_id_field(size_t index, struct sva_id_field *ret_field)
{
	uint32_t i;

	for (i = 0; i < SVA_SMMUV3_IDRS; i++) {
		const struct field_desc *f;

		if (index >= registers[i].count) {
			index -= registers[i].count;
			continue;
		}
		f = &registers[i].fields[index];
		*ret_field = (struct sva_id_field){
			.name = f->name,
			.gloss = f->gloss,
			.idr = i,
			.hi = f->hi,
			.lo = f->lo,
		};
		return true;
	}
	return false;
}

uint64_t sva_smmuv3_queue_base_register(void)
{
	return SMMU_CMDQ_BASE;
}

uint64_t sva_smmuv3_queue_base_mask(void)
{
	return FIELD_MASK(SMMU_CMDQ_BASE_ADDR);
}

uint64_t sva_smmuv3_queue_bytes(uint64_t base)
{
	return UINT64_C(16) << REG_GET(SMMU_CMDQ_BASE_LOG2SIZE, base);
}

uint32_t sva_smmuv3_command_bytes(uint64_t base)
{
	(void)base;
	return 16;
}

uint32_t sva_smmuv3_opcode(const uint64_t *command)
{
	return (uint32_t)(command[0] & FIELD_MASK(SMMU_CMD_OPCODE));
}

void sva_smmuv3_no_op(uint64_t *command)
{
	command[0] = SMMU_OP_PREFETCH_CONFIG;
	command[1] = command[2] = command[3] = 0;
}
