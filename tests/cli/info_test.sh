#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva info`: the shape of its JSON, fields against the registers' bits, and
# the same in the table.
set -eu
. "$2/tests/cli/lib.sh"

info_json() {
	python3 "$SOURCE/tests/cli/info_json.py" "$1"
}

check "info --json" exits 0 "$SVA" info --json
check "its shape, and bits typed by hand" info_json out
check "no messages" [ ! -s err ]
cp out good
# change WHAT PYTHON: the checker must notice the change
change() {
	python3 -c 'import json, sys
data = json.load(open("good"))
registers = {r["name"]: r for r in data["units"][0]["registers"]}
exec(sys.argv[1])
json.dump(data, open("bad", "w"))' "$2"
	check_not "control: $1" info_json bad
}
change "a register's value" 'registers["SMMU_IDR1"]["value"] ^= 1'
change "a field's value" 'registers["SMMU_IDR0"]["fields"][0]["value"] ^= 1
registers["SMMU_IDR0"]["value"] ^= 2'
change "a register is missing" \
	'data["units"][0]["registers"].remove(registers["SMMU_IDR5"])'
change "a device without a unit" 'data["devices"][0]["unit"] = "none"'
change "no host" 'del data["host"]'
change "SVA off" 'data["devices"][0]["features"][0]["enabled"] = False'

check "info" exits 0 "$SVA" info
check "no messages" [ ! -s err ]
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
missing=0
while read -r word; do
	grep -qw -- "$word" out || { echo "not in the table: $word"; missing=1; }
done <words
check "the table has all of them" [ "$missing" -eq 0 ]
finish
