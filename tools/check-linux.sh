#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check-linux.sh [--sva-arm64] BUILD [CASE...] - what `make check-linux` and
# `make check-linux-sva-arm64` run
#
# Builds the plug-ins and boots unmodified kernels of Debian in the QEMU of
# Debian behind them. What that takes is downloaded once; see qemu/fetch.sh.
# With --sva-arm64 it is the cases for a kernel that is built for them.
set -eu

apart=
if [ "$1" = --sva-arm64 ]; then
	apart=--apart
	shift
fi
build=$1
shift
cd "$(dirname "$0")/.."
cache=${SVA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libsva}
headers=$cache/guest/headers/usr/src/linux-headers-6.12.95+deb12

tools/deps.sh build cross
qemu/fetch.sh
tools/configure.sh "$build" -Dtests=false -Dbench=false -Dwerror=true \
	-Dqemu="$cache/qemu-10.0.2"
mapfile -t plugins < <(ninja -C "$build" -t targets all |
	sed -n 's/^\(qemu\/libsva-qemu-[a-z0-9_]*\.so\):.*/\1/p')
ninja -C "$build" sva "${plugins[@]}"
for arch in amd64 arm64; do
	qemu/guest/module/build.sh "$headers-$arch" "$build/qemu/module/$arch"
done
if [ -n "$apart" ]; then
	tools/deps.sh kernel
	qemu/fetch.sh qemu/guest/pins-sva-arm64
	qemu/guest/kernel.sh "$cache"
	ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- \
		qemu/guest/module/build.sh "$cache/linux-sva-arm64/out" \
		"$build/qemu/module/arm64-sva"
fi
mkdir -p "$build/meson-logs"
rm -f "$build/meson-logs/testlog.json"
# shellcheck disable=SC2086 # an option or nothing
python3 -B qemu/check.py --cache "$cache" --plugins "$build/qemu" \
	--log "$build/meson-logs/testlog.json" $apart "$@"
