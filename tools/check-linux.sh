#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check-linux.sh BUILD [CASE...] - what `make check-linux` runs
#
# Builds the plug-ins and boots unmodified kernels of Debian in the QEMU of
# Debian behind them. What that takes is downloaded once; see qemu/fetch.sh.
set -eu

build=$1
shift
cd "$(dirname "$0")/.."
cache=${SVA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libsva}

tools/deps.sh build cross
qemu/fetch.sh
tools/configure.sh "$build" -Dtests=false -Dbench=false -Dwerror=true \
	-Dqemu="$cache/qemu-10.0.2"
mapfile -t plugins < <(ninja -C "$build" -t targets all |
	sed -n 's/^\(qemu\/libsva-qemu-[a-z0-9_]*\.so\):.*/\1/p')
ninja -C "$build" sva "${plugins[@]}"
qemu/guest/module/build.sh "$cache" "$build/qemu/module"
mkdir -p "$build/meson-logs"
rm -f "$build/meson-logs/testlog.json"
python3 -B qemu/check.py --cache "$cache" --plugins "$build/qemu" \
	--log "$build/meson-logs/testlog.json" "$@"
