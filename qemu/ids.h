/* SPDX-License-Identifier: MIT */
/*
 * What the plug-in takes of the formats: the fields of the identification
 * registers, for properties, and the command queue, to inject defects into it.
 * Apart from QEMU's headers, which have macros of their own; one file for each
 * kind of IOMMU.
 */
#ifndef SVA_QEMU_IDS_H
#define SVA_QEMU_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct sva_id_field - a field of an identification register
 * @name: the specification's, lower case with dashes, without what all names
 *        of this IOMMU begin with.
 * @reg:  which register, see the file of the IOMMU.
 */
struct sva_id_field {
	char name[48];
	const char *gloss;
	unsigned int reg;
	unsigned int hi, lo;
};

/* Number @index of all fields; false: there are no more. */
bool sva_id_field(size_t index, struct sva_id_field *ret_field);

/**
 * struct sva_queue - the command queue of the kind of IOMMU
 * @base_register: where software puts its address; @base_mask: where there.
 * @bytes, @command_bytes: of the queue, and of a command, at most 32, from that
 *           register's value.
 * @opcode:  of a command, from its first word.
 * @no_op:   makes 32 bytes a command that does nothing; @illegal: one that is
 *           an error.
 */
struct sva_queue {
	uint64_t base_register;
	uint64_t base_mask;
	uint64_t (*bytes)(uint64_t base);
	uint32_t (*command_bytes)(uint64_t base);
	uint32_t (*opcode)(const uint64_t *command);
	void (*no_op)(uint64_t *command);
	void (*illegal)(uint64_t *command);
};

extern const struct sva_queue sva_queue;

#endif
