#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The mistakes base/field.h turns into compile errors. Each snippet comes with
# its correct twin, which must compile: a snippet that fails for another
# reason would prove nothing. Arguments: build folder, source folder.
set -eu
source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# With the one flag the build adds: C11 only warns of a pointer's type.
compiles() {
	printf '%s\n' '#include "fmt/smmuv3.h"' "$2" >"$scratch/snippet.c"
	"$1" -std=gnu11 -Werror=incompatible-pointer-types \
		-fsyntax-only -I "$source/src" "$scratch/snippet.c" 2>"$scratch/err"
}

# refuse WHAT RIGHT WRONG MESSAGE: with each compiler, RIGHT compiles and WRONG
# does not, and what it says matches MESSAGE.
refuse() {
	local cc
	for cc in "${compilers[@]}"; do
		if ! compiles "$cc" "$2"; then
			echo "not ok - $1: $cc refuses the correct twin"
			cat "$scratch/err"
			failed=1
		elif compiles "$cc" "$3"; then
			echo "not ok - $1: $cc accepts it"
			failed=1
		elif ! grep -Eq "error:.*($4)" "$scratch/err"; then
			echo "not ok - $1: $cc fails for another reason"
			cat "$scratch/err"
			failed=1
		else
			echo "ok - $1: $cc"
		fi
	done
}

compilers=()
for cc in gcc clang; do
	if command -v "$cc" >/dev/null; then
		compilers+=("$cc")
	fi
done
if [ ${#compilers[@]} = 0 ]; then
	echo 'no compiler to ask'
	exit 77
fi

get() {
	echo "uint64_t f($1 *r); uint64_t f($1 *r)
		{ return FIELD_GET(SMMU_STE_V, r); }"
}
refuse 'a CD passed to a field of the STE' \
	"$(get 'struct smmu_ste')" "$(get 'struct smmu_cd')" 'incompatible'

refuse 'a constant too wide for its field' \
	'enum { X = REG_CONST(SMMU_IDR1_SIDSIZE, 63) == 63 };' \
	'enum { X = REG_CONST(SMMU_IDR1_SIDSIZE, 64) == 64 };' \
	'negative'

list() {
	printf '%s\n' "#define LIST(F, T) F(T, A, $1, \"a\") F(T, B, $2, \"b\")" \
		"$3"
}
record='FIELD_RECORD(struct smmu_cmd, LIST);'
register='FIELD_REGISTER(LIST);'

refuse 'two fields that share a bit' \
	"$(list '3, 0' '7, 4' "$record")" "$(list '4, 0' '7, 4' "$record")" \
	'two fields overlap in word 0'
refuse 'two fields that share a bit of the second word' \
	"$(list '67, 64' '127, 68' "$record")" \
	"$(list '68, 64' '127, 68' "$record")" 'two fields overlap in word 1'
refuse 'two fields of a register that share a bit' \
	"$(list '3, 0' '7, 4' "$register")" \
	"$(list '3, 0' '7, 3' "$register")" 'two fields overlap in word 0'
refuse 'a field across two words' \
	"$(list '63, 60' '7, 4' "$record")" \
	"$(list '64, 60' '7, 4' "$record")" 'A: crosses a word'
refuse 'a field beyond its record' \
	"$(list '127, 120' '7, 4' "$record")" \
	"$(list '128, 128' '7, 4' "$record")" 'A: beyond the record'
refuse 'a field beyond a register' \
	"$(list '63, 60' '7, 4' "$register")" \
	"$(list '64, 64' '7, 4' "$register")" 'A: beyond the record'
refuse 'a field written lo, hi' \
	"$(list '7, 7' '5, 4' "$record")" "$(list '7, 7' '4, 5' "$record")" \
	'B: bits are written hi, lo'

exit $failed
