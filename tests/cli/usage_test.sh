#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Command lines: exit status 2 and a hint for wrong ones, before anything is
# done; options in any place; --help, --usage, --version.
set -eu
. "$2/tests/cli/lib.sh"

head -c 5000 /dev/urandom >file
cp file other

# wrong WORDS ARGS...
wrong() {
	local words=$1
	shift
	exits 2 "$SVA" "$@" && names err "$words" && names err '--help' &&
		[ ! -s out ]
}

check "no command" wrong 'which command?'
check "an unknown command" wrong "unknown command 'walk'" walk
check "an unknown option" wrong 'unrecognized option' --walk
check "no operation" wrong 'which operation?' run
check "an unknown operation" wrong "unknown operation 'sum'" run sum file
check "an unknown option of run" wrong 'unrecognized option' run --walk \
	crc32c file
check "an unknown letter" wrong 'invalid option' run -x crc32c file
check "crc32c of nothing" wrong 'of which file?' run crc32c
check "copy of one" wrong 'copy takes 2 arguments' run copy file
check "copy of three" wrong 'copy takes 2 arguments' run copy a b c
check "compare of one" wrong 'compare takes 2 arguments' run compare file
check "compare of three" wrong 'compare takes 2 arguments' run compare a b c
check "fill without a pattern" wrong 'fill takes 3 arguments' run fill a 1
check "fill with too much" wrong 'fill takes 3 arguments' run fill a 1 00 b
for size in '' x +1 0x10 1KK 1Q K ' 1' '1 ' 1.5 9223372036854775808 \
	8388608T 99999999999999999999999; do
	check "size '$size'" wrong "'$size' is not a size" run fill new "$size" 00
done
check "a size that looks like an option" wrong 'invalid option' \
	run fill new -1 00
for pattern in '' 0 000 000000 0x00 gg 0g '0 ' 00112233445566778 \
	001122334455667788; do
	check "pattern '$pattern'" wrong "'$pattern' is not a pattern" \
		run fill new 1 "$pattern"
done
for threads in '' 0 65 -1 1x x ' 1' 99999999999999999999; do
	check "--threads='$threads'" wrong '1 to 64' \
		run "--threads=$threads" crc32c file
done
check "--iommu=vax" wrong 'smmuv3 or vtd' run --iommu=vax crc32c file
check "info --iommu=vax" wrong 'smmuv3 or vtd' info --iommu=vax
check "VT-d and stall" wrong 'only smmuv3 stalls' run --iommu=vtd \
	--faults=stall crc32c file
check "stall and VT-d" wrong 'only smmuv3 stalls' run --faults=stall \
	--iommu=vtd crc32c file
check "--faults=all" wrong 'pri, stall or none' run --faults=all crc32c file
check "--faults=" wrong 'pri, stall or none' run --faults= crc32c file
check "--personality=odd" wrong 'strict or eager' run --personality=odd \
	crc32c file
check "an argument that is missing" wrong 'requires an argument' \
	run crc32c file --threads
check "an argument that is too much" wrong "doesn't allow an argument" \
	run --json=1 crc32c file
check "info of something" wrong 'no arguments are expected' info file
check "an unknown option of info" wrong 'unrecognized option' info --walk
check "sim of something" wrong 'no arguments are expected' sim file
check "sim --iommu=vax" wrong 'mock or smmuv3' sim --iommu=vax
check "sim --scenario=none" wrong 'see --list' sim --scenario=none
check "sim --break=none" wrong 'see --list-breaks' sim --break=none
check "sim --strategy=none" wrong 'random, pct or exhaustive' \
	sim --strategy=none
check "a scenario of another IOMMU" wrong 'not with mock' \
	sim --iommu=mock --scenario=marker
check "a break of another IOMMU" wrong 'not with mock' \
	sim --iommu=mock --break=torn-entry
for n in '' x -1 1x 99999999999999999999; do
	check "sim --seed='$n'" wrong 'a number is expected' sim "--seed=$n"
	check "sim --runs='$n'" wrong 'a number is expected' sim "--runs=$n"
done
check "sim --runs=0" wrong 'a number is expected' sim --runs=0
check "nothing was made" [ ! -e new ]

for place in "--json -t 2 crc32c file other" "crc32c --json -t2 file other" \
	"crc32c file --threads=2 other --json" "crc32c file other --threads 2 --json" \
	"--json --iommu=smmuv3 -t 2 -- crc32c file other" \
	"--js --thr=2 crc32c -- file other"; do
	# shellcheck disable=SC2086 # words
	check "run $place" exits 0 "$SVA" run $place
	check "its result" run_json crcs out crc32c pri file other
done
check "behind -- there are no options" exits 1 "$SVA" run crc32c file -- --json
check "but files" names err 'sva: --json: No such file or directory'
check "sva -- run" exits 0 "$SVA" -- run crc32c file
check "the last one counts" exits 0 "$SVA" run --json --faults=none \
	--faults=pri crc32c file
check "it is pri" [ "$(run_json get out faults)" = pri ]
check "VT-d, and the last one counts" exits 0 "$SVA" run --json \
	--iommu=vtd --faults=stall crc32c file --faults=pri
check "it is VT-d" [ "$(run_json get out iommu)" = vtd ]
for size in 0 1 1k 1K 2m; do
	check "size $size" exits 0 "$SVA" run fill new "$size" 00
done
check "size 2m is 2 MiB" [ "$(stat -c %s new)" -eq 2097152 ]

for help in '--help' '-?' 'run --help' 'run -?' 'info --help' 'sim --help'; do
	# shellcheck disable=SC2086
	check "$help" exits 0 "$SVA" $help
	check "on standard output" names out 'Usage: sva'
	check "and nothing else" [ ! -s err ]
done
check "--usage" exits 0 "$SVA" run --usage
check "is short" names out '[--json]'
for version in '--version' '-V' 'run --version' 'info --version'; do
	# shellcheck disable=SC2086
	check "$version" exits 0 "$SVA" $version
	check "the version" grep -qx 'sva [0-9]*\.[0-9]*\.[0-9]*' out
done
# The control.
check_not "control: a right command line" wrong '' run crc32c file
finish
