#!/bin/bash
# SPDX-License-Identifier: MIT
#
# docs/TRACEABILITY.md says what the tests cite, and no test cites a
# requirement that does not exist. And the negative controls.
set -eu
source=$2
. "$source/tests/house/lib.sh"
scratch

check 'the table is up to date' \
	"$source/tools/gen-traceability" --check "$source"

tree=$SCRATCH/tree
mkdir -p "$tree/tests/core" "$tree/tools" "$tree/docs"
cp "$source/tools/requirements.tsv" "$tree/tools"
cat >"$tree/tests/core/planted_test.c" <<'END'
/* Of the whole file: [J5] */
#include <stddef.h>

/* [B2, R14] */
static void test_bind_again_same_handle(void **state)
{
	int table[4] = { 0 };

	/* [B3] */
	table[R9] = "[C1]"[0];
}

static void test_bind_other_new_handle(void **state)
{
}
END
run() {
	"$source/tools/gen-traceability" "$@" "$tree" >"$SCRATCH/out" 2>&1
}
row() {
	names "$tree/docs/TRACEABILITY.md" "| $1 |"
}
# shellcheck disable=SC2016 # Markdown's backticks
file='`tests/core/planted_test.c`'
again="$file \`test_bind_again_same_handle\`"

check 'the table is made' run
check 'a comment above a test' \
	row "B2 | a second bind returns the same handle with one more use | $again"
check 'two ids in one citation' \
	row "R14 | rule: reference counts of handles and PASIDs | $again"
check 'a comment in a test' \
	row "B3 | unbind: the last use drains and detaches | $again"
check 'a comment on top of the file' \
	row "J5 | flush the faults of a device | $file"
check 'an array index is no citation' \
	row 'R9 | rule: TLB, sync, ATC, then free | not yet'
check 'a string is no citation' \
	row 'C1 | one PASID per address space, 0 for none | not yet'
check 'now it is up to date' run --check

mkdir "$tree/tests/core/one" "$tree/tests/core/two"
touch "$tree/tests/core/one/vendor.c"
echo '{ "test_bind_again_same_handle", "why" },' >"$tree/tests/core/two/vendor.c"
check_not 'so do vendors' run --check
check 'the table is made again' run
check 'a test of core, and the vendors that do not leave it out' row \
	"B2 | a second bind returns the same handle with one more use | $again (and on one)"

echo '/* [B4] */' >>"$tree/tests/core/planted_test.c"
check_not 'a new citation makes it out of date' run --check
check 'which shows the row' names "$SCRATCH/out" '+| B4 |'

echo '/* [B99] */' >>"$tree/tests/core/planted_test.c"
check_not 'an unknown id is refused' run
check 'and named' names "$SCRATCH/out" \
	'tests/core/planted_test.c:17: [B99] is not in tools/requirements.tsv'
finish
