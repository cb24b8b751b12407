#!/bin/bash
# SPDX-License-Identifier: MIT
#
# sva sim: what it prints, and its exit status. What it finds is for the tests
# of the simulator.
set -eu
. "$2/tests/cli/lib.sh"

# json FILE EXPRESSION: true of each line's object o
json() {
	python3 -c '
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
sys.exit(not (lines and all(eval("(" + sys.argv[2] + ")") for o in lines)))' "$@"
}

check "two runs of each" exits 0 "$SVA" sim --runs=2 --json
check "are clean" json out 'o["runs"] == 2 and o["steps"] > 100 and
	o["failures"] == [] and o["seconds"] >= 0'
check "each scenario is there" [ "$(wc -l <out)" -ge 12 ]
check "each IOMMU is" json out '{l["iommu"] for l in lines} ==
	{"mock", "smmuv3", "vtd"}'
check "a list" exits 0 "$SVA" sim --list
check "of scenarios" names out 'unmap '
check "a list" exits 0 "$SVA" sim --list-breaks
check "of breaks" names out 'torn-entry '

check "a seed alone" exits 0 "$SVA" sim --scenario=unmap --seed=7 --json
check "is one run" json out 'o["runs"] == 1'
check "a break is a failure" exits 1 "$SVA" sim --break=no-tlbi --json
check "with its rule" json out 'o["failures"][0]["rule"] == "R9" and
	o["failures"][0]["what"] and o["failures"][0]["seed"] >= 0'
check "for people too" exits 1 "$SVA" sim --break=lock-kept
check "by its rule" names out '  R5: '
# The line it prints is a command.
replay=$(sed -n 's/^  sva \(sim .*\)/\1/p' out | tail -n 1)
# shellcheck disable=SC2086 # words
check "what it prints shows it again" exits 1 "$SVA" $replay
check "step by step" grep -q 'the break strikes' out
check "and ends there" names out '  R5: '
check "every path" exits 0 "$SVA" sim --scenario=tiny --strategy=exhaustive \
	--preemptions=1 --json
check "came to an end" json out 'o["exhausted"]'
check "a break on some path" exits 1 "$SVA" sim --iommu=smmuv3 \
	--break=no-tlbi --scenario=tiny --strategy=exhaustive --preemptions=1
replay=$(sed -n 's/^  sva \(sim .*\)/\1/p' out)
# shellcheck disable=SC2086 # words
check "is on that path again" exits 1 "$SVA" $replay
check "every call fails" exits 0 "$SVA" sim --scenario=fault --fail-nth \
	--runs=1 --json
check "more than one" json out 'o["runs"] > 10'
check "every call on every path" exits 0 "$SVA" sim --scenario=tiny \
	--iommu=mock --strategy=exhaustive --preemptions=1 --fail-nth --json
check "to the end" json out 'o["runs"] > 100 and o["exhausted"]'
for number in '' x -1 ' -1' +1 1.5 0 4294967296; do
	check "no number: '$number'" exits 2 "$SVA" sim --scenario=tiny \
		--strategy=exhaustive --seed=1 "--preemptions=$number"
	check "no call: '$number'" exits 2 "$SVA" sim --scenario=tiny \
		--runs=1 "--fail-nth=$number"
done
check "a trace is no JSON" exits 2 "$SVA" sim --scenario=tiny --runs=1 \
	--trace --json
# The control.
check_not "a wrong result is noticed" json out 'o["runs"] == 0'
finish
