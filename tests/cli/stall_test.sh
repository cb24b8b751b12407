#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `--faults=stall` and `--faults=pri` agree, and so does `--iommu=vtd`, on
# results and on errors; and each stall has one end: the counters of stalls and
# resumes are equal (run_json.py).
set -eu
. "$2/tests/cli/lib.sh"
COLD=6M
! sanitized || COLD=2M
head -c "$COLD" /dev/urandom >cold
cp cold other
printf '\377\377' | dd of=other bs=1 seek=$(($(stat -c %s cold) - 5)) \
	conv=notrunc status=none

# agree OP ARGS...: the results are the same to the letter, apart from counters
agree() {
	local setting faults
	for setting in stall vtd pri; do
		faults=$setting
		IOMMU=smmuv3
		[ $setting != vtd ] || { faults=pri; IOMMU=vtd; }
		rm -f target
		STATUS=0
		"$SVA" run --json --iommu=$IOMMU --faults=$faults "$@" \
			>"out.$setting" 2>"err.$setting" || STATUS=$?
		echo "$STATUS" >>"err.$setting"
		python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["results"])' "out.$setting" >"is.$setting"
		run_json shape "out.$setting" "$1" $faults || return
	done
	cmp is.pri is.stall && cmp err.pri err.stall &&
		cmp is.pri is.vtd && cmp err.pri err.vtd
}

check "crc32c of a cold file of many pages" agree crc32c cold
check "its sum" run_json crcs out.stall crc32c stall cold
pages=$(($(stat -c %s cold) / 4096))
check "each page stalled, or more often" \
	[ "$(run_json get out.stall stats.stalls)" -ge "$pages" ]
check "copy" agree copy cold target
check "the copy" cmp cold target
check "compare, equal" agree compare cold cold
check "compare, a difference" agree compare cold other
check "which is at its place" run_json status out.stall compare stall \
	"differs at offset $(offset_differs cold other)"
check "fill" agree fill target 100001 0102030405060708
check "several files, one missing" agree crc32c cold missing other
check "a full disk or a folder" agree copy cold /
for threads in 1 4 16; do
	cp cold "copy$threads"
	check "$threads threads" exits 0 "$SVA" run --json -t $threads \
		--faults=stall crc32c cold other copy1 copy$threads
	check "$threads threads: sums" run_json crcs out crc32c stall \
		cold other copy1 copy$threads
done

# Killed in the middle: it ends, and takes all of itself along.
truncate -s "$BIG" sparse
for round in 1 2 3; do
	"$SVA" run --faults=stall crc32c sparse >/dev/null 2>&1 &
	pid=$!
	while ! grep -qs '/sparse$' "/proc/$pid/maps"; do
		kill -0 "$pid" 2>/dev/null || break
	done
	kill -KILL "$pid" 2>/dev/null || true
	STATUS=0
	wait "$pid" 2>/dev/null || STATUS=$?
	check "killed, $round" [ "$STATUS" -eq 137 ]
done

# The controls: what agrees is compared.
control() {
	sed -i "s/'bytes': /'bytes': 1/" is.stall
	cmp is.pri is.stall
}
check "again" agree crc32c cold
check_not "control: another result" control
sed 's/"resumes":[0-9]*/"resumes":1/' out.stall >bad
check_not "control: a stall without an end" run_json shape bad crc32c stall
sed 's/"page_responses":[0-9]*/"page_responses":1/' out.pri >bad
check_not "control: a request without an answer" run_json shape bad crc32c pri
finish
