#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every target that `make help` names exists, and every script is one.
set -eu
source=$2
. "$source/tests/house/lib.sh"

targets=$(make -C "$source" help | sed -n 's/^make \([a-z0-9-]*\) .*/\1/p')
for target in demo check check-linux check-linux-sva-arm64 bench format lint docs asan tsan clang coverage fuzz \
	clean; do
	check "make help names $target" \
		grep -qw "$target" <<<"$targets"
done
for target in $targets; do
	check "make $target is a target" \
		make -n -s -C "$source" "$target" >/dev/null
done
for script in "$source"/tools/*.sh "$source"/tests/*/*.sh "$source"/qemu/*.sh "$source/qemu/guest/init" \
	"$source"/qemu/guest/*.sh "$source"/qemu/guest/module/*.sh \
	"$source/.ci/run" "$source/tools/check-freestanding"; do
	check "${script#"$source"/} is a shell script" bash -n "$script"
done
finish
