#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A file that is cut while the accelerator works on it. The moment is chosen by
# what the kernel says of the process: the file is mapped, so the work goes on.
# Where the work was faster than this script, it is done again.
set -eu
. "$2/tests/cli/lib.sh"
LARGE=256M
! sanitized || LARGE=32M

head -c 9000 /dev/urandom >small
truncate -s "$LARGE" twin
printf 'end' >>twin

# Wait until the process has the file mapped; fails if it ends before.
mapped() {
	while kill -0 "$1" 2>/dev/null; do
		! grep -qs "/$2\$" "/proc/$1/maps" || return 0
	done
	return 1
}

# cut_during CUT FILE ARGS...: run the command, CUT the file while it is
# mapped, until the command notices; files out and err, and $STATUS
cut_during() {
	local cut=$1 file=$2 pid tries
	shift 2
	for tries in $(seq 20); do
		truncate -s 0 big
		truncate -s "$LARGE" big
		printf 'end' >>big
		"$SVA" run --json "$@" >out 2>err &
		pid=$!
		if mapped "$pid" "$file"; then
			truncate -s "$cut" "$file"
		fi
		STATUS=0
		wait "$pid" || STATUS=$?
		[ "$STATUS" -eq 0 ] || break
	done
	echo "after $tries tries: $STATUS"
}

# reported FILE: as a cut file, by name
reported() {
	[ "$STATUS" -eq 1 ] && grep -qE \
		"^sva: $1: Truncated to [0-9]+ bytes while mapped(; stopped at offset [0-9]+)?\$" \
		err && return
	cat out err
	return 1
}

crcs_of_cut() {
	cut_during 5000 big "$@" crc32c big small
	check "$*: crc32c: cut to 5000 bytes" reported big
	check "$*: shape" run_json shape out crc32c "${1#--faults=}"
	check "$*: no sum" [ "$(run_json get out results.0.crc32c)" = None ]
	check "$*: the rest is done" \
		[ "$(run_json get out results.1.crc32c)" = \
		"$("$SOURCE/tests/support/crc32c.py" small | cut -c1-8)" ]
}

for faults in pri stall none; do
	crcs_of_cut --faults=$faults
done
IOMMU=vtd
crcs_of_cut --faults=pri --iommu=vtd
IOMMU=smmuv3

# Within the last page no access fails: the kernel shows zeros.
cut_during -2 big crc32c big
check "cut by 2 bytes of the last page" reported big

cut_during 0 big copy big copy
check "copy: cut to nothing" reported big
check "no target is left" [ ! -e copy ]
cp small copy
cut_during 0 big copy big copy
check "copy: cut to nothing, a target that was there" reported big
check "the target does not pass for a copy" \
	[ "$(stat -c %s copy)" -lt "$(stat -c %s twin)" ]
check "what it has is right" \
	[ "$(stat -c %s copy)" -eq "$(run_json get out results.0.bytes)" ]
cp small copy
cut_during -2 big copy big copy
check "copy: cut by 2 bytes" reported big
check "which the target does not have" \
	[ "$(stat -c %s copy)" -le "$(stat -c %s big)" ]
rm -f copy

cut_during 0 copy copy big copy
check "copy: the target is cut" reported copy

cut_during 0 big compare big twin
check "compare: cut to nothing" reported big
check "is no difference" [ "$(run_json get out results.0.status |
	grep -c differs)" -eq 0 ]

# The control: nobody cuts anything.
control() {
	STATUS=0
	"$SVA" run --json crc32c small >out 2>err || STATUS=$?
	reported small
}
check_not "control: nothing is cut" control
finish
