/* SPDX-License-Identifier: MIT */
/*
 * The fields of the SMMU's ID registers, for properties. Apart from QEMU's
 * headers, which have macros of their own.
 */
#ifndef SVA_QEMU_SMMUV3_IDS_H
#define SVA_QEMU_SMMUV3_IDS_H

#include <stddef.h>
#include <stdint.h>

#define SVA_SMMUV3_IDRS 6u

struct sva_id_field {
	const char *name; /* SMMU_IDR0_ATS */
	const char *gloss;
	uint32_t idr;
	unsigned int hi, lo;
};

/* Number @index of all fields; false: there are no more. */
bool sva_smmuv3_id_field(size_t index, struct sva_id_field *ret_field);

/* The command queue: what injecting a defect into it takes to know. */
uint64_t sva_smmuv3_queue_base_register(void);
uint64_t sva_smmuv3_queue_base_mask(void);
uint64_t sva_smmuv3_queue_bytes(uint64_t base);
uint32_t sva_smmuv3_command_bytes(uint64_t base);
uint32_t sva_smmuv3_opcode(const uint64_t *command);
/* CMD_PREFETCH_CONFIG of StreamID 0, which the model checks and forgets. */
void sva_smmuv3_no_op(uint64_t *command);

#endif
