#!/bin/bash
# SPDX-License-Identifier: MIT
#
# replay.sh BUILD SOURCE TARGET - a bounded run of a fuzz target, the same one
# every time: its seeds and changes of them find nothing. And the negative
# controls: with each defect of the target switched on, an oracle notices.
set -eu
source=$2
target=$1/fuzz/$3
. "$source/tests/house/lib.sh"
scratch
# A finding aborts.
ulimit -c 0

nothing_found() {
	"$target" --runs=20000 --seconds=3 >"$SCRATCH/out" 2>&1 || {
		cat "$SCRATCH/out"
		echo "again: $target --runs=20000 --keep=FILE"
		return 1
	}
	grep 'nothing found' "$SCRATCH/out"
}

noticed() {
	! "$target" --runs=20000 --seconds=20 --defect="$1" \
		>"$SCRATCH/out" 2>&1 && grep -q 'finding: ' "$SCRATCH/out"
}

files() {
	mkdir "$SCRATCH/seeds"
	"$target" --corpus="$SCRATCH/seeds" &&
		"$target" "$SCRATCH/seeds"/* >/dev/null
}

check 'the seeds and changes of them find nothing' nothing_found
cat "$SCRATCH/out"
check 'as files, too' files
mapfile -t defects < <("$target" --defects)
check 'there are defects' test "${#defects[@]}" -gt 2
for defect in "${defects[@]}"; do
	# The shell says on its standard error that the target was aborted.
	check "the defect '$defect' is noticed" noticed "$defect" 2>/dev/null
done
dictionary() {
	"$target" --dictionary >"$SCRATCH/out" &&
		grep -q '^[a-zA-Z0-9_]*="' "$SCRATCH/out"
}
check 'there is a dictionary' dictionary
finish
