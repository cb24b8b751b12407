#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A guest of an SMMUv3 reaches nothing but its own memory.
exec bash "$2/tests/fuzz/replay.sh" "$1" "$2" guest_smmuv3
