#!/bin/bash
# SPDX-License-Identifier: MIT
#
# coverage.sh BUILD - line coverage of src/ by the tests that ran in BUILD:
# a table of the models and drivers of SMMUv3 and VT-d, which have to reach
# 95 % of lines, a summary of all, and pages in BUILD/coverage/index.html
#
# docs/TESTING.md says what the rest of them is.
set -eu

cd "$(dirname "$0")/.."
mkdir -p "$1/coverage"
report=$1/coverage/report.json
gcovr --root . --filter src/ --object-directory "$1" -j "$(nproc)" \
	--json "$report" --html-details "$1/coverage/index.html" \
	--print-summary
failed=0
for layer in models/smmuv3 drivers/smmuv3 models/vtd drivers/vtd; do
	gcovr --root . --filter "src/$layer/" --add-tracefile "$report" \
		--fail-under-line 95 || failed=1
done
echo "$1/coverage/index.html"
if [ $failed != 0 ]; then
	echo 'less than 95 % of the lines of one of these layers' >&2
	exit 1
fi
