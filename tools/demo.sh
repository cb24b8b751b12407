#!/bin/bash
# SPDX-License-Identifier: MIT
#
# demo.sh BUILD - what `make demo` shows
#
# Files of this repository are mapped into a process, and an accelerator reads
# and writes them through the process's own pointers: by PASID, through an
# SMMUv3, with page faults. Each result is checked by something that is not
# part of libsva.
set -eu

cd "$(dirname "$0")/.."
sva=$1/sva
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

show() {
	echo
	echo "\$ $*"
	"$@"
}

verdict() {
	if [ "$1" = "$2" ]; then
		echo "--> $3"
	else
		echo "--> WRONG: $3: $1, not $2" >&2
		bad=1
	fi
}

# From the JSON on standard input: the value at this path, as in results.0.path
json() {
	python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key) if key.isdigit() else key]
print(value)' "$1"
}

files=
for file in README.md LICENSES/MIT.txt docs/GLOSSARY.md src/base/field.h \
	meson.build tools/requirements.tsv "$1/libsva.so.0"; do
	[ ! -r "$file" ] || files="$files $file"
done

echo "The machine: an IOMMU, and a device behind it."
show "$sva" info

echo
echo "CRC-32C of files that the device reads through this process's pointers."
# shellcheck disable=SC2086 # a list of names
show "$sva" run crc32c $files
# shellcheck disable=SC2086
"$sva" run --json crc32c $files >"$work/crc.json"
number=0
for file in $files; do
	verdict "$(json "results.$number.crc32c" <"$work/crc.json")" \
		"$(tests/support/crc32c.py "$file" | cut -d' ' -f1)" \
		"$file agrees with tests/support/crc32c.py"
	number=$((number + 1))
done

echo
echo "The device copies one of them; nobody else writes the new file."
source=src/base/field.h
show "$sva" run copy "$source" "$work/copy"
verdict "$(cmp "$source" "$work/copy" && echo same)" same \
	"cmp finds no difference"

echo
echo "The device compares them, and again after one byte was changed."
show "$sva" run compare "$source" "$work/copy"
printf '\377' | dd of="$work/copy" bs=1 seek=1000 conv=notrunc status=none
status=0
show "$sva" run compare "$source" "$work/copy" || status=$?
verdict "$status" 1 "exit status 1: they differ"

echo
echo "What the IOMMU did for the checksums above:"
for counter in pasids translations tlb_hits tlb_misses page_requests \
	page_responses invalidations commands faults bytes; do
	printf '  %-16s %s\n' "$counter" \
		"$(json "stats.$counter" <"$work/crc.json")"
done
for counter in page_requests invalidations pasids; do
	[ "$(json "stats.$counter" <"$work/crc.json")" -gt 0 ] || {
		echo "--> WRONG: no $counter" >&2
		bad=1
	}
done
exit "$bad"
