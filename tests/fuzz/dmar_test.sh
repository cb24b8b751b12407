#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A DMAR table is refused with a sentence, or read and can be made again.
exec bash "$2/tests/fuzz/replay.sh" "$1" "$2" dmar
