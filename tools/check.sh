#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check.sh BUILD [MESON-ARGUMENT...] - what `make check` runs
#
# Builds everything, runs every test, installs into a scratch folder and builds
# and runs examples/bind.c against what was installed there.
set -eu

build=$1
shift
cd "$(dirname "$0")/.."
. tools/steps.sh

# The installed library, as its user meets it: by pkg-config and nothing else.
use_installed() {
	local root=$build/installed prefix libdir
	rm -rf "$root"
	DESTDIR=$(realpath -m "$root") meson install -C "$build" --no-rebuild \
		--quiet >"$build/install.log" 2>&1 || {
		cat "$build/install.log"
		return 1
	}
	prefix=$(realpath -m "$root")
	libdir=$(find "$prefix" -name libsva.pc)
	[ -n "$libdir" ] || { echo "no libsva.pc was installed"; return 1; }
	libdir=${libdir%/pkgconfig/libsva.pc}
	export PKG_CONFIG_SYSROOT_DIR=$prefix
	export PKG_CONFIG_PATH=$libdir/pkgconfig
	# shellcheck disable=SC2046 # flags
	"${CC:-cc}" -std=gnu11 -Wall -Wextra -o "$build/bind" examples/bind.c \
		$(pkg-config --cflags --libs libsva) || return 1
	LD_LIBRARY_PATH=$libdir "$build/bind" || return 1
	LD_LIBRARY_PATH=$libdir "$(find "$prefix" -path '*/bin/sva')" --version
}

all_steps() {
	rm -f "$build/meson-logs/testlog.json"
	step 'packages' tools/deps.sh build test cross || return
	# Before the build, which fails too but cannot say which rule was broken.
	step 'layers: includes' tools/check-includes || true
	step 'configure' tools/configure.sh "$build" "$@" || return
	step 'build' ninja -C "$build" || return
	step 'tests' meson test -C "$build" --no-rebuild --print-errorlogs ||
		true
	step 'the installed library, by pkg-config' use_installed || true
	step 'layers: freestanding' tools/check-freestanding || true
	step 'docs/TRACEABILITY.md' tools/gen-traceability --check
}

all_steps "$@" || true
good=0
bad=0
skipped=0
read -r good bad skipped < <(tests_of "$build") || true
echo
steps_table
echo "check: $STEPS_PASSED steps passed, $STEPS_FAILED failed;" \
	"$good tests passed, $bad failed, $skipped skipped"
[ "$STEPS_FAILED" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$good" -gt 0 ]
