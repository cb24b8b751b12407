#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Page tables say what a list of what is mapped says.
exec bash "$2/tests/fuzz/replay.sh" "$1" "$2" pgtable
