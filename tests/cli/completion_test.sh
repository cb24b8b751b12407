#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The completion of bash offers what the command accepts, and the manual page
# tells of it.
set -eu
build=$1
source=$2
. "$source/tests/house/lib.sh"
scratch
. "$source/cli/sva.bash-completion"

# offers WANTED WORD...: the words typed so far, the last one unfinished, as
# bash splits them; WANTED is what is to be offered, in any order
offers() {
	local wanted=$1 got
	shift
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_sva
	got=$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | xargs)
	wanted=$(tr ' ' '\n' <<<"$wanted" | LC_ALL=C sort | xargs)
	[ "$got" = "$wanted" ] && return
	echo "--- $*: offered '$got', not '$wanted'"
	return 1
}

options='--iommu= --faults= --personality= --threads= --json --trace-faults
	--help --usage --version'
ops='crc32c copy compare fill'
cd "$SCRATCH"
mkdir folder
touch file1 file2 other

check "commands" offers 'run info sim acpi guest' sva ''
check "a command" offers 'info' sva i
check "options of the command" offers '--help --usage --version' sva -
check "operations" offers "$ops" sva run ''
check "operations that begin with c" offers 'crc32c copy compare' sva run c
check "options of run" offers "$(xargs <<<"$options")" sva run -
check "one option" offers '--threads=' sva run --th
check "options behind the operation" offers '--json' sva run crc32c file1 --j
check "no options behind --" offers '' sva run -- crc32c --j
check "values of --faults" offers 'pri stall none' sva run --faults =
check "a value of --faults" offers 'none' sva run --faults = n
check "values without =" offers 'strict eager' sva run --personality ''
check "values of --iommu" offers 'smmuv3 vtd' sva run --iommu = ''
check "values of --iommu of info" offers 'smmuv3 vtd' sva info --iommu = ''
check "another option of info" offers '--iommu=' sva info --i
check "values of -t" offers '1 16' sva run -t 1
check "operations after options" offers "$ops" \
	sva run --faults = pri -t 4 --threads 2 --json ''
check "files" offers 'file1 file2' sva run crc32c file
check "any number of files" offers 'file1 file2' sva run crc32c a b c file
check "the folder" offers 'folder' sva run copy fo
check "two files of compare" offers 'other' sva run compare file1 o
check "not three" offers '' sva run compare file1 file2 o
check "a size" offers '64K 64M' sva run fill file1 64
check "a pattern" offers 'deadbeef' sva run fill file1 4K de
check "options of guest" offers '--guests= --guest-iommu=' sva guest --guest
check "values of --tables" offers 'nested shadow' sva guest --tables = ''
check "options of info" offers '--json' sva info --j
check "what may be lacking" offers 'pasid pri' sva info --lacks = p
check "nothing else for info" offers '' sva info ''
check "options of sim" offers '--strategy=' sva sim --st
check "strategies" offers 'pct' sva sim --strategy = p
check "IOMMUs of sim" offers 'mock smmuv3 vtd' sva sim --iommu = ''
# The negative control: what is offered is compared.
check_not "an offer that is wrong is noticed" offers 'run' sva ''

# Each long option of --help is offered and described, and none besides.
helped=$("$build/sva" run --help | grep -o -- '--[a-z]*' | sort -u | xargs)
offered=$(grep -o -- '--[a-z]*' <<<"$options" | sort -u | xargs)
check "what --help names is what is offered: $helped" \
	[ "$helped" = "$offered" ]
man=$(sed 's/\\-/-/g' "$source/docs/man/sva.1")
for option in $helped; do
	check "sva(1) describes $option" grep -qF -- "$option" <<<"$man"
done
finish
