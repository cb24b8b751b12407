#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The manual pages have no mistake that a formatter knows of. Without a
# formatter there is nothing to show.
set -eu
source=$2
. "$source/tests/house/lib.sh"
scratch

if command -v mandoc >/dev/null; then
	lint() { mandoc -Tlint -W warning "$1" >"$SCRATCH/out" 2>&1; }
elif command -v groff >/dev/null; then
	lint() {
		groff -ww -man -Tascii "$1" 2>"$SCRATCH/out" >/dev/null
		[ ! -s "$SCRATCH/out" ]
	}
else
	echo "neither mandoc nor groff"
	exit 77
fi

clean() {
	lint "$1" && return
	cat "$SCRATCH/out"
	return 1
}

for page in "$source"/docs/man/*.[1-8]; do
	check "${page##*/}" clean "$page"
done
printf '.TH BAD 1\n.SH NAME\nbad\n.FT \\fXunknown\n' >"$SCRATCH/bad.1"
check_not "a bad page is noticed" clean "$SCRATCH/bad.1"
finish
