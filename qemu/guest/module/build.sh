#!/bin/bash
# SPDX-License-Identifier: MIT
#
# build.sh KERNEL FOLDER - FOLDER/sva_guest.ko for the kernel of these headers
set -eu
unset MAKEFLAGS MAKELEVEL # of a make that this is a part of

kernel=$1
mkdir -p "$2"
to=$(realpath "$2")
cd "$(dirname "$0")"

cp -u Kbuild ./*.c ./*.h "$to"
# BTF is made by a program that is not needed otherwise.
make -s -C "$kernel" M="$to" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
	>"$to/log" 2>&1 || {
	cat "$to/log" >&2
	exit 1
}
