#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva info`: the shape of its JSON, fields against the registers' bits, and
# the same in the table.
set -eu
. "$2/tests/cli/lib.sh"

info_json() {
	python3 "$SOURCE/tests/cli/info_json.py" "$iommu" "$1"
}

# change WHAT PYTHON: the checker must notice the change
change() {
	python3 -c 'import json, sys
data = json.load(open("good"))
registers = {r["name"]: r for r in data["units"][0]["registers"]}
exec(sys.argv[1])
json.dump(data, open("bad", "w"))' "$2"
	check_not "control: $1" info_json bad
}

# info_of CHANGES: of $iommu; words of the table go to file words
info_of() {
	check "$iommu: info --json" exits 0 "$SVA" info --json --iommu=$iommu
	check "its shape, and bits typed by hand" info_json out
	check "no messages" [ ! -s err ]
	cp out good
	$1
	change "a device without a unit" 'data["devices"][0]["unit"] = "none"'
	change "no host" 'del data["host"]'
	change "SVA off" \
		'data["devices"][0]["features"][0]["enabled"] = False'
	check "$iommu: info" exits 0 "$SVA" info --iommu $iommu
	check "no messages" [ ! -s err ]
	words
}

smmuv3_changes() {
	change "a register's value" 'registers["SMMU_IDR1"]["value"] ^= 1'
	change "a field's value" \
		'registers["SMMU_IDR0"]["fields"][0]["value"] ^= 1
registers["SMMU_IDR0"]["value"] ^= 2'
	change "a register is missing" \
		'data["units"][0]["registers"].remove(registers["SMMU_IDR5"])'
}

vtd_changes() {
	change "a register's value" \
		'registers["VTD_ECAP"]["value"] ^= 1 << 40'
	change "a field's value" \
		'registers["VTD_CAP"]["fields"][0]["value"] ^= 1
registers["VTD_CAP"]["value"] ^= 2'
	change "a register is missing" \
		'data["units"][0]["registers"].remove(registers["VTD_ECAP"])'
}

words() {
	local missing=0
	python3 -c 'import json
data = json.load(open("good"))
for unit in data["units"]:
    print(unit["name"])
    for register in unit["registers"]:
        print(register["name"])
        for field in register["fields"]:
            print(field["name"])
for device in data["devices"]:
    print(device["name"])
for name in data["host"]:
    print(name)' >words
	check "there are words" [ "$(wc -l <words)" -gt 20 ]
	while read -r word; do
		grep -qw -- "$word" out ||
			{ echo "not in the table: $word"; missing=1; }
	done <words
	check "the table has all of them" [ "$missing" -eq 0 ]
}

iommu=smmuv3
info_of smmuv3_changes
check "the default" exits 0 "$SVA" info --json
check "is the same" cmp good out
iommu=vtd
info_of vtd_changes
iommu=smmuv3
check_not "control: bits of another IOMMU" info_json good
finish
