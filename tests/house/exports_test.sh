#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The shared library exports what the public headers declare: no name less, so
# that every program links, and no name more, so that nothing internal becomes
# an interface. And the negative controls.
set -eu
build=$1
source=$2
. "$source/tests/house/lib.sh"
scratch

library=$build/libsva.so
[ -e "$library" ] || { echo "no $library"; exit 1; }

exported() {
	nm -D --defined-only "$1" | awk '$2 ~ /[TDBRVW]/ { print $3 }' |
		sed 's/@.*//' | LC_ALL=C sort
}
exported "$library" >"$SCRATCH/exported"
"$source/tools/gen-map" "$source"/include/sva/*.h \
	"$source"/include/sva/compat/*.h >"$SCRATCH/declared"
check 'something is declared' test -s "$SCRATCH/declared"
check 'the library exports what the headers declare' \
	diff -u "$SCRATCH/declared" "$SCRATCH/exported"
check 'it has a soname' eval \
	"readelf -d '$library' | grep -q 'SONAME.*libsva.so.0'"

# What the tool takes for a declaration.
cat >"$SCRATCH/planted.h" <<'END'
#define iommu_planted_macro(x) iommu_planted_no(x)
/* int iommu_planted_comment(void); */
struct iommu_planted_ops {
	int (*iommu_planted_member)(int x);
};
typedef int (*iommu_planted_type)(int x);
static inline int iommu_planted_inline(int x)
{
	return iommu_planted_no(x);
}
int iommu_planted_one(int (*fn)(void *data), void *data)
	__attribute__((warn_unused_result));
__attribute__((format(printf, 1, 2)))
const char *iommu_planted_two(const char *format, ...);
extern const int iommu_planted_table[4];
PLANTED_MUST_CHECK PLANTED_FORMAT(1, 2)
int iommu_planted_three(const char *format, ...) PLANTED_MARK;
END
check 'a header with every kind of declaration' eval \
	"'$source/tools/gen-map' '$SCRATCH/planted.h' >'$SCRATCH/out'"
printf 'iommu_planted_%s\n' one table three two >"$SCRATCH/want"
check 'functions and objects are named, and nothing else' \
	diff -u "$SCRATCH/want" "$SCRATCH/out"
echo 'int planted(void);' >>"$SCRATCH/planted.h"
check_not 'a name without a prefix is refused' eval \
	"'$source/tools/gen-map' '$SCRATCH/planted.h' >'$SCRATCH/out' 2>&1"
check 'and named' names "$SCRATCH/out" 'planted: not one of'
finish
