#!/bin/sh
# SPDX-License-Identifier: MIT
#
# sources.sh FOLDER [PATTERN] - the files of FOLDER that match, sorted
set -eu

cd "$1" 2>/dev/null || exit 0
find . -maxdepth 1 -name "${2:-*.c}" -printf '%f\n' | LC_ALL=C sort
