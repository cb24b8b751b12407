#!/bin/bash
# SPDX-License-Identifier: MIT
#
# No register write, command, table or transaction gets the better of the
# SMMUv3 model. [R2]
exec bash "$2/tests/fuzz/replay.sh" "$1" "$2" smmuv3
