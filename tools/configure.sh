#!/bin/bash
# SPDX-License-Identifier: MIT
#
# configure.sh BUILD [MESON-ARGUMENT...] - make BUILD ready for ninja
#
# Meson finds the source files when it configures, so a file that came or went
# since then asks for another round.
set -eu

build=$1
shift
cd "$(dirname "$0")/.."

files=$(find src include cli bench examples tests fuzz docs -type f | LC_ALL=C sort)
arguments="$*"
mkdir -p "$build"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

if [ ! -e "$build/build.ninja" ]; then
	set -- setup "$build" "$@"
elif [ "$(cat "$build/.arguments" 2>/dev/null || true)" != "$arguments" ]; then
	set -- setup --wipe "$build" "$@"
elif [ "$(cat "$build/.files" 2>/dev/null || true)" != "$files" ]; then
	set -- setup --reconfigure "$build"
else
	exit 0
fi
if ! meson "$@" >"$log" 2>&1 </dev/null; then
	cat "$log" >&2
	exit 1
fi
echo "$files" >"$build/.files"
echo "$arguments" >"$build/.arguments"
