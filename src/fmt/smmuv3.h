/* SPDX-License-Identifier: MIT */
/* Everything SMMUv3: configuration structures, queue entries, registers. */
#ifndef FMT_SMMUV3_H
#define FMT_SMMUV3_H

#include "fmt/smmuv3_queue.h"
#include "fmt/smmuv3_regs.h"
#include "fmt/smmuv3_ste.h"

#endif
