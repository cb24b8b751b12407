#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva run crc32c` against tests/support/crc32c.py, which shares no code with
# it: sizes around a page, an empty file, a large sparse one, one that grows
# meanwhile, 200 at once.
set -eu
. "$2/tests/cli/lib.sh"

check "crc32c.py agrees with RFC 3720" \
	python3 "$SOURCE/tests/support/crc32c.py" --self-test
make_files
for number in $(seq 200); do
	head -c $((RANDOM % 9000)) /dev/urandom >"many$number"
done
# Data at both ends and across a page in the middle of it.
truncate -s "$BIG" sparse
printf 'front' | dd of=sparse conv=notrunc status=none
printf 'middle' | dd of=sparse conv=notrunc status=none bs=1 \
	seek=$(($(stat -c %s sparse) / 2 - 3))
printf 'end' >>sparse

# The odd sizes, with one thread.
sizes() {
	# shellcheck disable=SC2086 # a list of names
	check "$*: run" exits 0 "$SVA" run --json "$@" crc32c $FILES
	# shellcheck disable=SC2086
	check "$*: odd sizes" run_json crcs out crc32c "${2#--faults=}" $FILES
	check "$*: no messages" [ ! -s err ]
}
each_setting sizes

# The controls: the checker sees one wrong digit, a wrong size, a missing file,
# a missing counter, a page request that cannot be.
cp out good
for change in 's/"crc32c":"[0-9a-f]/"crc32c":"x/' 's/"bytes":1,/"bytes":2,/' \
	's/{"path":"file0"[^}]*},//' 's/"path":"file1"/"path":"file2"/'; do
	sed "$change" good >bad
	# shellcheck disable=SC2086
	check_not "control: $change" run_json crcs bad crc32c none $FILES
done
for change in 's/"tlb_misses":[0-9]*,//' 's/"page_requests":0/"page_requests":1/' \
	's/"page_groups":0/"page_groups":1/' 's/"stalls":0/"stalls":1/' \
	's/"crc32c":"[0-9a-f]/"crc32c":"X/' 's/"pasids":1/"pasids":2/' \
	's/"crc32c":"\(.\)/"crc32c":"\1\1/' 's/"bytes":4097/"bytes":4098/' \
	's/"seconds":[0-9.e-]*/"seconds":"1"/' 's/"smmuv3"/"vtd"/'; do
	sed "$change" good >bad
	check_not "control: $change" run_json shape bad crc32c none
done
cp file4097 changed
printf '\377\377' | dd of=changed bs=1 seek=4095 conv=notrunc status=none
"$SVA" run --json crc32c file4097 | sed 's/file4097/changed/' >bad
check_not "control: two other bytes" run_json crcs bad crc32c pri changed

many() {
	check "$*: 200 files" exits 0 "$SVA" run --json --threads=4 "$@" \
		crc32c many*
	check "$*: 200 files: sums" run_json crcs out crc32c \
		"${2#--faults=}" many*
}
each_setting many

check "sparse, $BIG" exits 0 "$SVA" run --json crc32c sparse
check "sparse: sum" run_json crcs out crc32c pri sparse
check "sparse, eager, populated" exits 0 "$SVA" run --json --personality=eager \
	--faults=none crc32c sparse
check "sparse: sum" run_json crcs out crc32c none sparse

truncate -s "$MIDDLE" sparse
# The file grows all the time: the sum is the one of a beginning of it.
while :; do
	printf 'more and more of it'
	sleep 0.002
done >>sparse &
writer=$!
trap 'kill "$writer" 2>/dev/null || true; rm -rf "$SCRATCH"' EXIT
before=$(stat -c %s sparse)
check "growing" exits 0 "$SVA" run --json crc32c sparse
kill "$writer"
wait "$writer" 2>/dev/null || true
bytes=$(run_json get out results.0.bytes)
check "growing: at least what there was before" [ "$bytes" -ge "$before" ]
check "growing: it grew" [ "$(stat -c %s sparse)" -gt "$bytes" ]
truncate -s "$bytes" sparse
check "growing: sum of $bytes bytes" run_json crcs out crc32c pri sparse

# The table says the same.
check "table" exits 0 "$SVA" run crc32c file4097
check "table: sum" names out \
	"$("$SOURCE/tests/support/crc32c.py" file4097 | cut -c1-8)"
check "table: name" names out file4097
check "table: counters" names out 'page requests'
finish
