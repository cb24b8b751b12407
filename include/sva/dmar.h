/* SPDX-License-Identifier: MIT */
/*
 * DMAR: the ACPI table that says which VT-d units there are, where their
 * registers are, and which devices are behind each.
 *
 * A table may come from anywhere: it is checked in full, and what is wrong with
 * it is said with the byte it is wrong at. A table can also be made, of the
 * same description that reading one gives.
 */
#ifndef SVA_DMAR_H
#define SVA_DMAR_H

#include <sva/types.h>

/* What a scope names. */
enum plat_dmar_scope_type {
	PLAT_DMAR_ENDPOINT = 1,
	PLAT_DMAR_BRIDGE = 2, /* and all that is below it */
	PLAT_DMAR_IOAPIC = 3,
	PLAT_DMAR_HPET = 4,
	PLAT_DMAR_NAMESPACE = 5, /* an ACPI device that a plat_dmar_name has */
};

/* One step of a path, on the bus where the steps before it lead. */
struct plat_dmar_hop {
	uint8_t device;
	uint8_t function;
};

/**
 * struct plat_dmar_scope - a device
 * @type:  of enum plat_dmar_scope_type.
 * @flags: of properties alone.
 * @id:    of the I/O APIC or HPET; number of the ACPI device.
 * @bus:   where @path begins; all but the last of its steps are bridges.
 */
struct plat_dmar_scope {
	unsigned int type;
	uint8_t flags;
	uint8_t id;
	uint8_t bus;
	const struct plat_dmar_hop *path;
	size_t hop_count;
};

/**
 * struct plat_dmar_unit - a remapping unit (DRHD, and RHSA)
 * @base, @size:   of the registers.
 * @include_all:   serves what no other unit of the segment does.
 * @has_proximity: @proximity is its proximity domain.
 */
struct plat_dmar_unit {
	uint64_t base;
	uint64_t size;
	uint16_t segment;
	bool include_all;
	bool has_proximity;
	uint32_t proximity;
	const struct plat_dmar_scope *scopes;
	size_t scope_count;
};

/* Memory that firmware uses for devices (RMRR). @last is inclusive. */
struct plat_dmar_reserved {
	uint64_t first;
	uint64_t last;
	uint16_t segment;
	const struct plat_dmar_scope *scopes;
	size_t scope_count;
};

/**
 * struct plat_dmar_group - devices with something in common
 * @flag: of root ports (ATSR): all of the segment, none is named. Of integrated
 *        devices with an ATC (SATC): they need it. Of properties (SIDP): false.
 */
struct plat_dmar_group {
	uint16_t segment;
	bool flag;
	const struct plat_dmar_scope *scopes;
	size_t scope_count;
};

/* An ACPI device behind a unit (ANDD). */
struct plat_dmar_name {
	uint8_t number;
	const char *name;
};

/**
 * struct plat_dmar - a table, each kind in its order
 * @address_bits:   of the platform's addresses.
 * @intr_remap:     interrupts can be remapped.
 * @x2apic_opt_out: firmware does not want x2APIC mode.
 * @dma_opt_in:     firmware asks to keep DMA protected from the start.
 * @oem_id, @oem_table_id: as the table has them; not printable is ?.
 * @skipped:        structures of a type that is not known.
 * @skipped_scopes: scopes of a type that is not known.
 */
struct plat_dmar {
	unsigned int address_bits;
	bool intr_remap;
	bool x2apic_opt_out;
	bool dma_opt_in;
	char oem_id[7];
	char oem_table_id[9];
	uint32_t oem_revision;
	const struct plat_dmar_unit *units;
	size_t unit_count;
	const struct plat_dmar_reserved *reserved;
	size_t reserved_count;
	const struct plat_dmar_group *ats_ports; /* ATSR */
	size_t ats_port_count;
	const struct plat_dmar_group *atcs; /* SATC */
	size_t atc_count;
	const struct plat_dmar_group *properties; /* SIDP */
	size_t property_count;
	const struct plat_dmar_name *names;
	size_t name_count;
	size_t skipped;
	size_t skipped_scopes;
};

/* A sentence: what is wrong, and at which byte. */
struct plat_dmar_error {
	char text[200];
};

/**
 * plat_dmar_parse() - read a table
 * @blob, @size: the table and how much memory there is of it. Borrowed for the
 *             call; any contents.
 * @ret_dmar:  set on success; plat_dmar_free().
 * @ret_error: set on -EINVAL. May be NULL.
 *
 * Refused are lengths that do not fit, registers of units that overlap, a
 * second unit for all devices of a segment, a device that two units name or one
 * names twice, proximity of no unit, ACPI devices with one number, and values
 * that name nothing (a device above 31, an end before its begin).
 *
 * Context: may sleep.
 * Cost:    that of sorting the scopes; memory of a few times the size. More
 *          than 1 MiB is no table.
 * Return:  0, -EINVAL it is not a table, -ENOMEM.
 * Spec:    VT-d, chapter 8.
 * Test:    tests/plat/dmar_test.c
 */
SVA_MUST_CHECK int plat_dmar_parse(const void *blob, size_t size,
				   struct plat_dmar **ret_dmar,
				   struct plat_dmar_error *ret_error);

/* NULL is fine. */
void plat_dmar_free(struct plat_dmar *dmar);

/**
 * plat_dmar_build() - make a table
 * @dmar:      what is in it. Its oem_id and oem_table_id may be shorter than
 *             the fields. What was skipped is not made.
 * @ret_blob:  set on success; the caller's to free().
 * @ret_size:  of it.
 * @ret_error: set on -EINVAL. May be NULL.
 *
 * plat_dmar_parse() of the result gives @dmar again.
 *
 * Context: may sleep.
 * Return:  0, -EINVAL what plat_dmar_parse() would refuse, or has no place in a
 *          table; -ENOMEM.
 * Test:    tests/plat/dmar_build_test.c
 */
SVA_MUST_CHECK int plat_dmar_build(const struct plat_dmar *dmar,
				   void **ret_blob, size_t *ret_size,
				   struct plat_dmar_error *ret_error);

/**
 * struct plat_dmar_bridges - what leads to devices that are not on a root bus
 * @buses: of the bridge @bdf, bus, device and function: the buses below it,
 *         from *@ret_secondary to *@ret_subordinate. False: it is no bridge.
 */
struct plat_dmar_bridges {
	bool (*buses)(void *ctx, uint16_t segment, uint16_t bdf,
		      uint8_t *ret_secondary, uint8_t *ret_subordinate);
	void *ctx;
};

/**
 * plat_dmar_find_unit() - the unit that a PCIe function is behind
 * @bdf:      its requester id: bus, device and function.
 * @bridges:  NULL: none are known, so scopes of devices on root buses count
 *            alone.
 * @ret_unit: index of @dmar->units.
 *
 * A unit that names the function goes before one that names a bridge above it,
 * of those the nearest one, and that before the one for all.
 *
 * Context: that of @bridges. Cost: that of the scopes.
 * Return:  0, -ENOENT it is behind none.
 * Spec:    VT-d, 8.3.
 * Test:    tests/plat/dmar_test.c
 */
SVA_MUST_CHECK int plat_dmar_find_unit(const struct plat_dmar *dmar,
				       uint16_t segment, uint16_t bdf,
				       const struct plat_dmar_bridges *bridges,
				       size_t *ret_unit);

#endif
