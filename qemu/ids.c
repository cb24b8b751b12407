/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "ids_table.h"

/* SMMU_IDR0_STALL_MODEL becomes idr0-stall-model. */
static void property_name(const char *name, char *to, size_t size)
{
	size_t i;

	name += strlen(sva_id_prefix);
	for (i = 0; name[i] && i < size - 1; i++)
		to[i] = name[i] == '_' ? '-' : (char)tolower(name[i]);
	to[i] = '\0';
}

bool sva_id_field(size_t index, struct sva_id_field *ret_field)
{
	unsigned int i;

	for (i = 0; i < sva_id_register_count; i++) {
		const struct sva_id_register *r = &sva_id_registers[i];

		if (index < r->count) {
			const struct field_desc *f = &r->fields[index];

			property_name(f->name, ret_field->name,
				      sizeof(ret_field->name));
			ret_field->gloss = f->gloss;
			ret_field->reg = r->reg;
			ret_field->hi = f->hi;
			ret_field->lo = f->lo;
			return true;
		}
		index -= r->count;
	}
	return false;
}
