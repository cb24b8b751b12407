#!/bin/bash
# SPDX-License-Identifier: MIT
#
# vtd_sources_test.c compares every field list there is: those that
# src/fmt/vtd*.h, x86_pt.h and dmar.h define are those of its table. Arguments:
# build folder, source folder.
set -eu
cd "$2"

lists() {
	sed -nE 's/^#define (\w+_FIELDS)\(F, T\).*/\1/p' "$@" | sort
}
files=(src/fmt/vtd*.h src/fmt/x86_pt.h src/fmt/dmar.h)
have=$(lists "${files[@]}")
want=$(sed -nE 's/^\tLIST\((\w+)\),$/\1/p' tests/fmt/vtd_sources_test.c | sort)
if [ "$have" != "$want" ] || [ -z "$have" ]; then
	diff <(echo "$have") <(echo "$want") || true
	echo 'not ok - field lists of fmt/ (left) and of the test (right)'
	exit 1
fi
# The control: a list that is only in fmt/ makes the difference.
if [ "$(lists "${files[@]}" <(echo '#define VTD_NEW_FIELDS(F, T)'))" = \
	"$want" ]; then
	echo 'not ok - a new list goes unnoticed'
	exit 1
fi
echo "ok - $(echo "$have" | wc -l) field lists"
