#!/bin/bash
# SPDX-License-Identifier: MIT
#
# coverage.sh BUILD - line coverage of src/ by the tests that ran in BUILD:
# a table, and pages in BUILD/coverage/index.html
set -eu

cd "$(dirname "$0")/.."
mkdir -p "$1/coverage"
gcovr --root . --filter src/ --object-directory "$1" -j "$(nproc)" \
	--html-details "$1/coverage/index.html" --print-summary
echo "$1/coverage/index.html"
