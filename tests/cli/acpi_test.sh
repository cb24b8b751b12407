#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva acpi`: the table is what `sva info --dmar` reads, and what was asked for.
set -eu
. "$2/tests/cli/lib.sh"

# shows WORDS...: in what info makes of the table
shows() {
	local word
	exits 0 "$SVA" info --dmar=table || return 1
	for word in "$@"; do
		grep -qF -- "$word" out || { echo "no: $word"; cat out; return 1; }
	done
}

# made ARGS...
made() {
	"$SVA" acpi "$@" >table 2>err && [ ! -s err ]
}

check "a table" made --iommu=vtd
check "one unit, its I/O APIC, ports" shows 'addresses of 39 bits' \
	'interrupt remapping' 'registers 0xfed90000, 0x1000 bytes' \
	'for all other devices' 'ioapic    0000:ff:00.0, id 0' \
	'root ports with ATS, segment 0x0'
check "with the defaults" made
cp table first
check "made again" made
check "the same every time" cmp table first
check "another place" made --base=0x40000000 --address-bits=46 \
	--no-interrupt-remapping
check "which it says" shows 'registers 0x40000000' 'addresses of 46 bits'
check_not "nor interrupts" grep -qF 'interrupt remapping' out
check "a place that is no page" exits 1 "$SVA" acpi --base=0x40000010
check "and why" names err 'not at a page'
check "a place beyond the platform" exits 1 "$SVA" acpi --base=0x8000000000
for base in '' -1 x 0 4095; do
	check "--base='$base'" exits 2 "$SVA" acpi "--base=$base"
done
check "--address-bits=65" exits 2 "$SVA" acpi --address-bits=65
check "another IOMMU" exits 2 "$SVA" acpi --iommu=smmuv3
# shellcheck disable=SC2016 # for the inner shell
check "a full disk" exits 1 bash -c '"$1" acpi >/dev/full' - "$SVA"
finish
