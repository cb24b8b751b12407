/* SPDX-License-Identifier: MIT */
/* All formats of Intel VT-d but paging structures, which are x86_pt.h. */
#ifndef FMT_VTD_H
#define FMT_VTD_H

#include "fmt/vtd_fault.h"
#include "fmt/vtd_queue.h"
#include "fmt/vtd_regs.h"
#include "fmt/vtd_tables.h"

#endif
