/* SPDX-License-Identifier: MIT */
/*
 * Intel Data Streaming Accelerator 1.x: registers and portals in dsa_regs.h,
 * descriptors and completion records in dsa_desc.h.
 *
 * "architecture" below is the Intel DSA Architecture Specification (341204),
 * section numbers as in its revision 3.0.
 */
#ifndef FMT_DSA_H
#define FMT_DSA_H

#include "fmt/dsa_desc.h"
#include "fmt/dsa_regs.h"

#endif
