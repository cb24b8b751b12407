#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva info --dtb`: a tree made by other hands, in both forms, and broken ones.
set -eu
. "$2/tests/cli/lib.sh"

make_tree() {
	python3 "$SOURCE/tests/cli/fdt.py" "$@"
}

# says WORDS...: each stands somewhere in the output
says() {
	local word
	for word in "$@"; do
		grep -qF -- "$word" out || { echo "no: $word"; cat out; return 1; }
	done
}

# holds PYTHON: true of the JSON
holds() {
	python3 -c 'import json, sys
d = json.load(open("out"))
sys.exit(not eval("(" + sys.argv[1] + ")"))' "$1"
}

make_tree good.dtb
check "a tree" exits 0 "$SVA" info --dtb=good.dtb
check "no messages" [ ! -s err ]
check "its SMMU" says /iommu@2b400000 'registers 0x2b400000, 0x20000 bytes' \
	coherent 'interrupt eventq' 'interrupt gerror'
check "its masters" says 'PASID bits 16, can stall' 'stream 0x321' /pcie \
	'requester 0x0 to 0xffff: stream 0x8000' ATS
check_not "no control character" grep -q $'\x1b' out

check "as JSON" exits 0 "$SVA" info --json --dtb good.dtb
check "one SMMU" holds 'len(d["smmus"]) == 1'
check "where it is" holds \
	'(d["smmus"][0]["base"], d["smmus"][0]["size"]) == (0x2b400000, 0x20000)'
check "its interrupts" holds 'd["smmus"][0]["interrupts"] == {
	"eventq": {"controller": 1, "cells": [0, 74, 1]},
	"gerror": {"controller": 1, "cells": [0, 79, 1]}}'
check "an accelerator" holds 'd["masters"][0]["streams"] == [
	{"smmu": 0, "id": 0x321}] and d["masters"][0]["pasid_bits"] == 16 and
	d["masters"][0]["can_stall"] and "maps" not in d["masters"][0]'
check "a root complex" holds 'd["masters"][1]["maps"] == [{"smmu": 0,
	"rid": 0, "count": 0x10000, "stream": 0x8000}] and
	d["masters"][1]["ats"] and d["masters"][1]["map_mask"] == 0xffffffff'

# broken WORDS FILE
broken() {
	exits 1 "$SVA" info "--dtb=$2" && says_err "$2: $1" && [ ! -s out ]
}
says_err() {
	grep -qF -- "$1" err || { cat err; return 1; }
}
make_tree reference.dtb reference
check "a reference to nothing" broken '/accel@?[31m: a reference to a node' \
	reference.dtb
make_tree short.dtb short
check "a tree cut off" broken 'not a device tree' short.dtb
: >empty
check "nothing" broken 'not a device tree' empty
check "no file" broken 'No such file or directory' none.dtb
mkdir folder
check "a folder" broken 'Is a directory' folder
head -c 17M /dev/zero >large
check "too much" broken 'File too large' large
check "no name" exits 2 "$SVA" info --dtb
finish
