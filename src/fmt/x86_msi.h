/* SPDX-License-Identifier: MIT */
/*
 * Interrupt messages of x86: a 4-byte write to 0xfeexxxxx, in the format that
 * is not remapped ("compatibility format" of VT-d).
 *
 * Bits are those of the Intel SDM, volume 3, "Message Signalled Interrupts";
 * the upper half of the address is what platforms with 32-bit APIC ids make of
 * it, and both Linux (x86_msi_addr_hi) and QEMU (X86IOMMU_MSIMessage) have.
 */
#ifndef FMT_X86_MSI_H
#define FMT_X86_MSI_H

#include <stdint.h>

#include "base/field.h"

/* clang-format off */

#define X86_MSI_ADDR_FIELDS(F, T)					\
	F(T, X86_MSI_ADDR_DM,		2, 2, "logical destination")	\
	F(T, X86_MSI_ADDR_RH,		3, 3, "redirection hint")	\
	F(T, X86_MSI_ADDR_DEST,		19, 12, "destination, bits 7:0") \
	F(T, X86_MSI_ADDR_FEE,		31, 20, "always 0xfee")		\
	F(T, X86_MSI_ADDR_DEST_HI,	63, 40, "destination, bits 31:8")

#define X86_MSI_DATA_FIELDS(F, T)					\
	F(T, X86_MSI_DATA_VECTOR,	7, 0, "vector")			\
	F(T, X86_MSI_DATA_DLM,		10, 8, "delivery mode")		\
	F(T, X86_MSI_DATA_ASSERT,	14, 14, "assert, if level")	\
	F(T, X86_MSI_DATA_TM,		15, 15, "level triggered")

/* clang-format on */

FIELD_REGISTER(X86_MSI_ADDR_FIELDS);
FIELD_REGISTER(X86_MSI_DATA_FIELDS);

#endif
