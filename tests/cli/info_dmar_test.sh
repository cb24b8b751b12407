#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva info --dmar`: a table made by other hands, in both forms, and broken
# ones.
set -eu
. "$2/tests/cli/lib.sh"

make_table() {
	python3 "$SOURCE/tests/cli/dmar.py" "$@"
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

make_table good.dmar
check "a table" exits 0 "$SVA" info --dmar=good.dmar
check "no messages" [ ! -s err ]
check "its head" says 'ACME? LAPTOP' 'addresses of 39 bits' \
	'interrupt remapping'
check "its units" says 'registers 0xfed90000, 0x1000 bytes' \
	'for all other devices' 'registers 0xfed91000, 0x1000 bytes, proximity 1'
check "what is behind them" says 'endpoint  0000:00:02.0' \
	'bridge    0000:00:1c.4/00.0' 'ioapic    0000:f0:1e.7, id 2' \
	'namespace 0000:00:15.0, id 1'
check "the rest" says 'reserved memory 0x8b800000 to 0x8fffffff' \
	'root ports with ATS, segment 0x0' \
	'integrated devices with ATS, segment 0x0, which need it' \
	'flags 0x21' 'ACPI device 1: \_SB.PCI0.I2C0'
check_not "nothing that is not known" grep -q 'not known' out
check_not "no control character" grep -q $'\x1b' out

check "as JSON" exits 0 "$SVA" info --json --dmar good.dmar
check "two units" holds '[(u["base"], u["size"], u["include_all"])
	for u in d["units"]] == [(0xfed90000, 4096, False),
	(0xfed91000, 4096, True)]'
check "proximity where it is known" holds '"proximity" not in d["units"][0]
	and d["units"][1]["proximity"] == 1'
check "a scope" holds 'd["units"][0]["scopes"][1] == {"type": "bridge",
	"id": 0, "flags": 0, "bus": 0, "path": [{"device": 0x1c, "function": 4},
	{"device": 0, "function": 0}]}'
check "reserved memory" holds '(d["reserved"][0]["first"],
	d["reserved"][0]["last"]) == (0x8b800000, 0x8fffffff)'
check "groups" holds 'd["atcs"][0]["required"] and
	not d["ats_ports"][0]["all"] and
	d["properties"][0]["scopes"][0]["flags"] == 0x21'
check "names" holds 'd["names"] == [{"number": 1,
	"name": "\\_SB.PCI0.I2C0"}]'
check "the head" holds '(d["oem_id"], d["oem_table_id"], d["oem_revision"],
	d["address_bits"], d["intr_remap"], d["skipped"]) ==
	("ACME?", "LAPTOP", 5, 39, True, 0)'

make_table unknown.dmar unknown
check "what is not known" exits 0 "$SVA" info --dmar=unknown.dmar
check "is counted" says 'not known: 1 structures, 0 scopes'

# broken WORDS FILE
broken() {
	exits 1 "$SVA" info "--dmar=$2" && says_err "$2: " && says_err "$1" &&
		[ ! -s out ]
}
says_err() {
	grep -qF -- "$1" err || { cat err; return 1; }
}
make_table unit.dmar unit
check "a unit twice" broken 'the units at 0xfed90000 and 0xfed90000 overlap' \
	unit.dmar
make_table rest.dmar rest
check "a rest" broken 'too short for a structure' rest.dmar
make_table checksum.dmar checksum
check "a checksum" broken 'the checksum is wrong' checksum.dmar
make_table short.dmar short
check "a table cut off" broken 'length of the table' short.dmar
: >empty
check "nothing" broken 'too short for a DMAR table' empty
check "no file" broken 'No such file or directory' none.dmar
head -c 17M /dev/zero >large
check "too much" broken 'File too large' large
check "no name" exits 2 "$SVA" info --dmar
check "with --dtb" exits 2 "$SVA" info --dmar=good.dmar --dtb=x
check "with --why" exits 2 "$SVA" info --dmar=good.dmar --why=dsa0
finish
