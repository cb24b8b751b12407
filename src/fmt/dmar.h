/* SPDX-License-Identifier: MIT */
/*
 * DMAR, the ACPI table that describes VT-d remapping units.
 *
 * Fields and names are those of the VT-d specification's chapter on BIOS
 * considerations, bits counted from the first byte of the structure, which is
 * little-endian. Structures are neither padded nor aligned: read each into a
 * record of 0 first. docs/FORMATS.md says where they are known from.
 */
#ifndef FMT_DMAR_H
#define FMT_DMAR_H

#include <stdint.h>

#include "base/field.h"

struct dmar_table {
	uint64_t dw[6];
};
struct dmar_header {
	uint64_t dw[1]; /* 4 bytes of it */
};
struct dmar_scope {
	uint64_t dw[1]; /* 6 bytes of it */
};
struct dmar_drhd {
	uint64_t dw[2];
};
struct dmar_rmrr {
	uint64_t dw[3];
};
struct dmar_atsr {
	uint64_t dw[1];
};
struct dmar_rhsa {
	uint64_t dw[3]; /* 20 bytes of it */
};
struct dmar_andd {
	uint64_t dw[1];
};
struct dmar_satc {
	uint64_t dw[1];
};
struct dmar_sidp {
	uint64_t dw[1];
};

/* clang-format off */

/* ACPI's header and what DMAR has behind it; 10 bytes are reserved then. */
#define DMAR_TABLE_FIELDS(F, T)						\
	F(T, DMAR_TABLE_SIGNATURE,	31, 0, "\"DMAR\"")		\
	F(T, DMAR_TABLE_LENGTH,		63, 32, "bytes in all")		\
	F(T, DMAR_TABLE_REVISION,	71, 64, "revision")		\
	F(T, DMAR_TABLE_CHECKSUM,	79, 72, "bytes add up to 0")	\
	F(T, DMAR_TABLE_OEM_ID,		127, 80, "OEM")			\
	F(T, DMAR_TABLE_OEM_TABLE_ID,	191, 128, "OEM's table")	\
	F(T, DMAR_TABLE_OEM_REVISION,	223, 192, "OEM's revision")	\
	F(T, DMAR_TABLE_CREATOR_ID,	255, 224, "compiler")		\
	F(T, DMAR_TABLE_CREATOR_REVISION, 287, 256, "compiler's revision") \
	F(T, DMAR_TABLE_HAW,		295, 288, "host address width - 1") \
	F(T, DMAR_TABLE_INTR_REMAP,	296, 296, "interrupt remapping") \
	F(T, DMAR_TABLE_X2APIC_OPT_OUT,	297, 297, "x2APIC is unwanted")	\
	F(T, DMAR_TABLE_DMA_CTRL_OPT_IN, 298, 298, "firmware restricted DMA")

/* Each structure of the table */
#define DMAR_HEADER_FIELDS(F, T)					\
	F(T, DMAR_HEADER_TYPE,		15, 0, "type")			\
	F(T, DMAR_HEADER_LENGTH,	31, 16, "bytes, this included")

/* Device scope; pairs of bytes follow, a device and a function each. */
#define DMAR_SCOPE_FIELDS(F, T)						\
	F(T, DMAR_SCOPE_TYPE,		7, 0, "type")			\
	F(T, DMAR_SCOPE_LENGTH,		15, 8, "bytes, this included")	\
	F(T, DMAR_SCOPE_FLAGS,		23, 16, "flags, SIDP's")	\
	F(T, DMAR_SCOPE_ENUM_ID,	39, 32, "id of APIC, HPET or ANDD") \
	F(T, DMAR_SCOPE_BUS,		47, 40, "first bus")

/* Remapping unit; device scopes follow. */
#define DMAR_DRHD_FIELDS(F, T)						\
	F(T, DMAR_DRHD_TYPE,		15, 0, "type")			\
	F(T, DMAR_DRHD_LENGTH,		31, 16, "bytes, this included")	\
	F(T, DMAR_DRHD_INCLUDE_PCI_ALL,	32, 32, "all other devices")	\
	F(T, DMAR_DRHD_SIZE,		47, 40, "2^SIZE pages of registers") \
	F(T, DMAR_DRHD_SEGMENT,		63, 48, "PCI segment")		\
	F(T, DMAR_DRHD_BASE,		127, 64, "registers")

/* Reserved memory; device scopes follow. */
#define DMAR_RMRR_FIELDS(F, T)						\
	F(T, DMAR_RMRR_TYPE,		15, 0, "type")			\
	F(T, DMAR_RMRR_LENGTH,		31, 16, "bytes, this included")	\
	F(T, DMAR_RMRR_SEGMENT,		63, 48, "PCI segment")		\
	F(T, DMAR_RMRR_BASE,		127, 64, "first byte")		\
	F(T, DMAR_RMRR_LIMIT,		191, 128, "last byte")

/* Root ports with ATS; device scopes follow. */
#define DMAR_ATSR_FIELDS(F, T)						\
	F(T, DMAR_ATSR_TYPE,		15, 0, "type")			\
	F(T, DMAR_ATSR_LENGTH,		31, 16, "bytes, this included")	\
	F(T, DMAR_ATSR_ALL_PORTS,	32, 32, "all root ports")	\
	F(T, DMAR_ATSR_SEGMENT,		63, 48, "PCI segment")

/* Proximity of a unit */
#define DMAR_RHSA_FIELDS(F, T)						\
	F(T, DMAR_RHSA_TYPE,		15, 0, "type")			\
	F(T, DMAR_RHSA_LENGTH,		31, 16, "bytes, this included")	\
	F(T, DMAR_RHSA_BASE,		127, 64, "registers of the unit") \
	F(T, DMAR_RHSA_DOMAIN,		159, 128, "proximity domain")

/* ACPI device; its name follows, ending with a 0. */
#define DMAR_ANDD_FIELDS(F, T)						\
	F(T, DMAR_ANDD_TYPE,		15, 0, "type")			\
	F(T, DMAR_ANDD_LENGTH,		31, 16, "bytes, this included")	\
	F(T, DMAR_ANDD_NUMBER,		63, 56, "the scope's ENUM_ID")

/* Integrated devices with ATS; device scopes follow. */
#define DMAR_SATC_FIELDS(F, T)						\
	F(T, DMAR_SATC_TYPE,		15, 0, "type")			\
	F(T, DMAR_SATC_LENGTH,		31, 16, "bytes, this included")	\
	F(T, DMAR_SATC_ATC_REQUIRED,	32, 32, "they need it")		\
	F(T, DMAR_SATC_SEGMENT,		63, 48, "PCI segment")

/* Properties of integrated devices; device scopes with flags follow. */
#define DMAR_SIDP_FIELDS(F, T)						\
	F(T, DMAR_SIDP_TYPE,		15, 0, "type")			\
	F(T, DMAR_SIDP_LENGTH,		31, 16, "bytes, this included")	\
	F(T, DMAR_SIDP_SEGMENT,		63, 48, "PCI segment")

/* clang-format on */

FIELD_RECORD(struct dmar_table, DMAR_TABLE_FIELDS);
FIELD_RECORD(struct dmar_header, DMAR_HEADER_FIELDS);
FIELD_RECORD(struct dmar_scope, DMAR_SCOPE_FIELDS);
FIELD_RECORD(struct dmar_drhd, DMAR_DRHD_FIELDS);
FIELD_RECORD(struct dmar_rmrr, DMAR_RMRR_FIELDS);
FIELD_RECORD(struct dmar_atsr, DMAR_ATSR_FIELDS);
FIELD_RECORD(struct dmar_rhsa, DMAR_RHSA_FIELDS);
FIELD_RECORD(struct dmar_andd, DMAR_ANDD_FIELDS);
FIELD_RECORD(struct dmar_satc, DMAR_SATC_FIELDS);
FIELD_RECORD(struct dmar_sidp, DMAR_SIDP_FIELDS);

/* Types of structures; larger ones are to be skipped. */
enum {
	DMAR_TYPE_DRHD = 0,
	DMAR_TYPE_RMRR = 1,
	DMAR_TYPE_ATSR = 2,
	DMAR_TYPE_RHSA = 3,
	DMAR_TYPE_ANDD = 4,
	DMAR_TYPE_SATC = 5,
	DMAR_TYPE_SIDP = 6,
};

/* Types of device scopes. */
enum {
	DMAR_SCOPE_ENDPOINT = 1,
	DMAR_SCOPE_BRIDGE = 2, /* and all below it */
	DMAR_SCOPE_IOAPIC = 3,
	DMAR_SCOPE_HPET = 4,
	DMAR_SCOPE_NAMESPACE = 5,
};

/* Bytes, without what follows the fixed part. */
enum {
	DMAR_TABLE_BYTES = 48,
	DMAR_HEADER_BYTES = 4,
	DMAR_SCOPE_BYTES = 6,
	DMAR_SCOPE_PATH_BYTES = 2,
	/* 2^15 pages: the upper half of the byte is reserved. */
	DMAR_DRHD_SIZE_MAX = 15,
	DMAR_DRHD_BYTES = 16,
	DMAR_RMRR_BYTES = 24,
	DMAR_ATSR_BYTES = 8,
	DMAR_RHSA_BYTES = 20,
	DMAR_ANDD_BYTES = 8,
	DMAR_SATC_BYTES = 8,
	DMAR_SIDP_BYTES = 8,

	DMAR_SIGNATURE = 0x52414d44, /* "DMAR" */
	DMAR_REVISION = 1,
};

#endif
