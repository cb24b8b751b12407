#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva run --trace-faults`: a line for each answer, with what one wants to know
# of it; and nothing of the kind without. [U12]
set -eu
. "$2/tests/cli/lib.sh"
head -c 300000 /dev/urandom >cold

# lines FILE ID: each is a fault of this shape
lines() {
	! grep -Ev "^fault: dsa0 pasid=[0-9]+ $2=[0-9]+ addr=0x[0-9a-f]+000 \
perm=[r-][w-]-- success by=handler latency_us=[0-9]+$" "$1"
}

check "page requests" exits 0 "$SVA" run --trace-faults --json crc32c cold
check "some" [ "$(wc -l <err)" -gt 0 ]
check "each a line" lines err group
check "one for each answer" [ "$(wc -l <err)" -eq \
	"$(run_json get out stats.page_responses)" ]
check "page requests to VT-d" exits 0 "$SVA" run --trace-faults --json \
	--iommu=vtd crc32c cold
check "some" [ "$(wc -l <err)" -gt 0 ]
check "each a line" lines err group
check "one for each answer" [ "$(wc -l <err)" -eq \
	"$(run_json get out stats.page_responses)" ]
check "stalls" exits 0 "$SVA" run --trace-faults --faults=stall --json \
	crc32c cold
check "each a line" lines err stall
check "one for each of them" [ "$(wc -l <err)" -eq \
	"$(run_json get out stats.resumes)" ]
check "without it" exits 0 "$SVA" run --json crc32c cold
check "nothing" [ ! -s err ]
echo 'fault: dsa0 pasid=1 group=1 addr=0x1000' >short
check_not "a line that lacks something is noticed" lines short group
finish
