#!/bin/bash
# SPDX-License-Identifier: MIT
#
# No include breaks the layer table. And the negative control: an include that
# does is named by the tool, and does not compile either.
set -eu
source=$2
. "$source/tests/house/lib.sh"
scratch
tree=$SCRATCH/tree
mkdir "$tree"

check 'the tree breaks no rule' "$source/tools/check-includes" "$source"

# Everything but what is not part of the project.
(cd "$source" && tar cf - meson.build meson_options.txt include src cli \
	bench examples tests fuzz qemu tools docs) | tar xf - -C "$tree"

# plant FILE INCLUDE: a new file that does nothing but include
plant() {
	mkdir -p "$tree/$(dirname "$1")"
	{
		echo '/* SPDX-License-Identifier: MIT */'
		[ -z "${2-}" ] || echo "#include $2"
		echo 'extern int planted;'
	} >"$tree/$1"
}

# The headers exist, so that only the wall can be what stops an include.
plant src/fmt/planted.h
plant src/core/planted.h
for header in include/sva/smmuv3.h include/sva/sva.h; do
	[ -e "$tree/$header" ] || plant "$header"
done
plant src/pgtable/planted_ok.c '"fmt/planted.h"'
plant src/core/planted_ok.c '"core/planted.h"'
"$tree/tools/check-includes" "$tree" >"$SCRATCH/out" 2>&1 || true
check_not 'what the table allows is accepted' \
	grep planted "$SCRATCH/out"

plant src/core/planted_fmt.c '"fmt/planted.h"'
plant src/core/planted_vendor.c '<sva/smmuv3.h>'
plant src/core/planted_libc.c '<stdlib.h>'
plant src/core/planted_near.c '"planted.h"'
plant src/models/smmuv3/planted_core.c '"core/planted.h"'
plant src/models/smmuv3/planted_api.c '<sva/sva.h>'
plant src/models/smmuv3/planted_assert.c
echo 'int f(int a); int f(int a) { assert(a); return 0; }' \
	>>"$tree/src/models/smmuv3/planted_assert.c"
plant cli/planted_base.c '"base/field.h"'
echo 'extern int planted;' >"$tree/src/core/planted_spdx.c"

check_not 'the tool finds the planted files' eval \
	"'$tree/tools/check-includes' '$tree' >'$SCRATCH/out' 2>&1"
for offence in \
	'src/core/planted_fmt.c:2: #include "fmt/planted.h"' \
	'src/core/planted_vendor.c:2: #include <sva/smmuv3.h>' \
	'src/core/planted_libc.c:2: #include <stdlib.h>' \
	'src/core/planted_near.c:2: #include "planted.h"' \
	'src/models/smmuv3/planted_core.c:2: #include "core/planted.h"' \
	'src/models/smmuv3/planted_api.c:2: #include <sva/sva.h>' \
	'src/models/smmuv3/planted_assert.c:3: assert(' \
	'cli/planted_base.c:2: #include "base/field.h"' \
	'src/core/planted_spdx.c:1: no SPDX'; do
	check "names $offence" names "$SCRATCH/out" "$offence"
done
check 'and says what core may include' names "$SCRATCH/out" \
	'layer src/core, which may include'
check 'and nothing else' test "$(grep -c planted "$SCRATCH/out")" -eq 9

# The build's walls are the include roots, independent of the tool.
check 'the copy configures' eval \
	"meson setup '$SCRATCH/b' '$tree' -Dbench=false >'$SCRATCH/log' 2>&1 ||
	{ cat '$SCRATCH/log'; false; }"
# object LAYER FILE
object() {
	local file=$1/$2
	ninja -C "$SCRATCH/b" \
		"src/libsva-${1//\//-}.a.p/${file//\//_}.o" \
		>"$SCRATCH/log" 2>&1
}
check 'pgtable compiles with a fmt header' object pgtable planted_ok.c
check 'core compiles with a core header' object core planted_ok.c
for pair in 'core planted_fmt.c fmt/planted.h' \
	'core planted_vendor.c sva/smmuv3.h' \
	'models/smmuv3 planted_core.c core/planted.h' \
	'models/smmuv3 planted_api.c sva/sva.h'; do
	read -r layer file header <<<"$pair"
	check_not "$layer does not compile with $header" \
		object "$layer" "$file"
	check "because it is not found" names "$SCRATCH/log" \
		"$header: No such file or directory"
done
finish
