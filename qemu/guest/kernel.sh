#!/bin/bash
# SPDX-License-Identifier: MIT
#
# kernel.sh CACHE - the kernel of sva-arm64.config, from Debian's sources
#
# In CACHE/linux-sva-arm64: source, out (what modules are built against), and in
# CACHE/guest/arm64/linux-sva/boot the image. Built once for a configuration.
set -eu

cache=$1
fragment=$(realpath "$(dirname "$0")/sva-arm64.config")
archive=$cache/guest/all/linux-source-6.12/usr/src/linux-source-6.12.tar.xz
top=$cache/linux-sva-arm64
to=$cache/guest/arm64/linux-sva
export ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-

if [ -e "$to/boot" ] && cmp -s "$fragment" "$top/config.done"; then
	exit 0
fi
if [ ! -e "$top/source.done" ]; then
	echo "kernel: unpacking the sources"
	rm -rf "$top"
	mkdir -p "$top/source"
	# A quarter of it all, and headers of graphics cards.
	tar -C "$top/source" --strip-components=1 -xf "$archive" \
		--exclude='*/drivers/gpu/drm/amd/include'
	touch "$top/source.done"
fi

echo "kernel: building, for some minutes"
rm -rf "$top/out" "$to"
mkdir -p "$top/out" "$to/boot"
cd "$top/source"
build() {
	nice make -s O="$top/out" -j "$(nproc)" "$@" >>"$top/log" 2>&1 </dev/null ||
		{ tail -n 30 "$top/log" >&2; exit 1; }
}
: >"$top/log"
build tinyconfig
scripts/kconfig/merge_config.sh -O "$top/out" -m "$top/out/.config" \
	"$fragment" >>"$top/log" 2>&1
build olddefconfig
grep '^CONFIG_.*=y$' "$fragment" | while read -r option; do
	grep -qx "$option" "$top/out/.config" ||
		{ echo "kernel: $option could not be had" >&2; exit 1; }
done
build Image modules
cp "$top/out/arch/arm64/boot/Image" "$to/boot/vmlinuz-$(make -s O="$top/out" \
	kernelrelease)"
cp "$fragment" "$top/config.done"
