#!/bin/bash
# SPDX-License-Identifier: MIT
#
# build.sh CACHE FOLDER - sva_guest.ko for the kernels whose headers fetch.sh
# has put into the cache, as FOLDER/ARCH/sva_guest.ko
set -eu

headers=$1/guest/headers
mkdir -p "$2"
folder=$(realpath "$2")
cd "$(dirname "$0")"

for arch in amd64 arm64; do
	to=$folder/$arch
	mkdir -p "$to"
	cp -u Kbuild ./*.c ./*.h "$to"
	kernel=$(echo "$headers"/usr/src/linux-headers-*-"$arch")
	# BTF is made by a program that is not needed otherwise.
	make -s -C "$kernel" M="$to" CONFIG_DEBUG_INFO_BTF_MODULES= \
		modules >"$to/log" 2>&1 || {
		cat "$to/log" >&2
		exit 1
	}
done
