#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The freestanding layers compile and link for x86-64 and aarch64 without a C
# library. And the negative control: a planted call of one is named.
set -eu
source=$2
. "$source/tests/house/lib.sh"
scratch

check 'the tree is freestanding' "$source/tools/check-freestanding" "$source"

# A tree of two files shows what the tool notices.
tree=$SCRATCH/tree
mkdir -p "$tree/src/base" "$tree/src/core" "$tree/include/sva" "$tree/tools"
cp "$source/tools/check-freestanding" "$source/tools/layer-includes.sh" \
	"$tree/tools"
cat >"$tree/src/base/planted.h" <<-END
	#include <limits.h>
	#include <stdatomic.h>
	#include <stdbool.h>
	#include <stddef.h>
	#include <stdint.h>
	struct big { uint64_t dw[8192]; };
	void planted_copy(struct big *to, const struct big *from);
END
cat >"$tree/src/core/planted.c" <<-END
	#include "base/planted.h"
	void planted_copy(struct big *to, const struct big *from)
	{
		*to = *from;
	}
END
run() {
	"$tree/tools/check-freestanding" >"$SCRATCH/out" 2>&1
}

check 'a structure copy is accepted' run
check 'it needs memcpy on x86-64' names "$SCRATCH/out" \
	'x86-64: 1 sources and 1 headers need: memcpy'
check 'and on aarch64' names "$SCRATCH/out" \
	'aarch64: 1 sources and 1 headers need: memcpy'

cat >"$tree/src/core/planted_libc.c" <<-END
	int printf(const char *format, ...);
	void *malloc(unsigned long size);
	void *planted_alloc(void);
	void *planted_alloc(void)
	{
		printf("%d", 1);
		return malloc(8);
	}
END
check_not 'a call of the C library is refused' run
for arch in x86-64 aarch64; do
	for symbol in printf malloc; do
		check "$arch names $symbol" names "$SCRATCH/out" \
			"$arch: $symbol is undefined, wanted by"
	done
done
check 'and the file' names "$SCRATCH/out" src/core/planted_libc.c

echo '#include <string.h>' >"$tree/src/core/planted_libc.c"
check_not 'a C library header is refused' run
check 'because it is not found' names "$SCRATCH/out" \
	'string.h: No such file or directory'
rm "$tree/src/core/planted_libc.c"

# Helpers that the compiler calls on its own are not there either.
cat >"$tree/src/core/planted_div.c" <<-END
	__int128 planted_div(__int128 a, __int128 b);
	__int128 planted_div(__int128 a, __int128 b)
	{
		return a / b;
	}
END
check_not 'a helper of the compiler is refused' run
check 'and named' names "$SCRATCH/out" '__divti3'
rm "$tree/src/core/planted_div.c"

echo 'struct planted *planted_find(size_t n);' >"$tree/src/base/alone.h"
check_not 'a header that needs another one first is refused' run
check 'and named' names "$SCRATCH/out" base/alone.h
rm "$tree/src/base/alone.h" "$tree/src/core/planted.c"
check 'the rest still compiles' run
finish
