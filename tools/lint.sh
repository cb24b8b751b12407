#!/bin/bash
# SPDX-License-Identifier: MIT
#
# lint.sh format        - format every C file in place
# lint.sh all BUILD     - what `make lint` runs; BUILD is configured
set -eu

cd "$(dirname "$0")/.."
. tools/steps.sh

c_files=$(find src include cli bench examples tests fuzz qemu -name '*.[ch]' |
	LC_ALL=C sort)
shell_files=$(find tools tests cli qemu .ci -name '*.sh' -o -path .ci/run \
	-o -name check-freestanding -o -name '*.bash-completion' |
	LC_ALL=C sort)

format() {
	xargs -r clang-format "$@" <<<"$c_files"
}

# Only what the build compiles has the flags that a check needs. gcc's options
# that clang does not know are no finding. One unit per process: in the second
# one, clang-tidy 14 takes every va_list for uninitialized.
tidy() {
	local units
	units=$(python3 - "$build/compile_commands.json" <<-'END'
		import json
		import os
		import sys
		with open(sys.argv[1], encoding="utf-8") as f:
		    for unit in json.load(f):
		        print(os.path.join(unit["directory"], unit["file"]))
	END
	)
	[ -n "$units" ] || return 0
	sort -u <<<"$units" | xargs -r -P "$(nproc)" -n 1 \
		clang-tidy -p "$build" --quiet \
		--extra-arg=-Wno-unknown-warning-option \
		--extra-arg=-Wno-ignored-optimization-argument 2>&1 |
		grep -v ' warnings\? \(generated\|treated as errors\)'
	return "${PIPESTATUS[1]}"
}

# For the findings that the compilers do not have. What is suppressed by file
# was looked at: cppcheck 2.10 follows neither the list macros, nor a condition
# that is kept in err, nor a pointer that is taken back before the return.
cppcheck_all() {
	[ -n "$(find src cli -name '*.c')" ] || return 0
	cppcheck --quiet --enable=warning,portability --inline-suppr \
		--std=c11 -j "$(nproc)" --error-exitcode=1 \
		--suppress=missingInclude --suppress=missingIncludeSystem \
		--suppress=unknownMacro \
		--suppress=uninitvar:src/core/iopf.c \
		--suppress=uninitvar:src/compat/intel.c \
		--suppress=uninitvar:src/compat/sva2018.c \
		--suppress=uninitvar:src/compat/task.c \
		--suppress=nullPointerRedundantCheck:src/core/iopf.c \
		--suppress=autoVariables:src/models/port/port.c \
		-I "$build/layers/api" src cli
}

case $1 in
format)
	format -i
	;;
all)
	build=$2
	step 'clang-format' format --dry-run -Werror || true
	step 'layer rules' tools/check-includes || true
	step 'shellcheck' xargs -r shellcheck -x <<<"$shell_files" || true
	step 'clang-tidy' tidy || true
	step 'cppcheck' cppcheck_all || true
	echo
	steps_table
	[ "$STEPS_FAILED" -eq 0 ]
	;;
esac
