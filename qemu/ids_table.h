/* SPDX-License-Identifier: MIT */
/* What ids.c has of the file of each kind of IOMMU. */
#ifndef SVA_QEMU_IDS_TABLE_H
#define SVA_QEMU_IDS_TABLE_H

#include "base/field.h"
#include "ids.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct sva_id_register {
	unsigned int reg;
	const struct field_desc *fields;
	size_t count;
};

extern const char sva_id_prefix[];
extern const struct sva_id_register sva_id_registers[];
extern const unsigned int sva_id_register_count;

#endif
