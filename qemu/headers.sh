#!/bin/bash
# SPDX-License-Identifier: MIT
#
# headers.sh VERSION TARBALL FOLDER - what a plug-in for this QEMU is compiled
# against: its headers, those that QAPI generates, and a configuration of our
# own with what the layout of its structures depends on. The plug-in checks the
# sizes again when it is loaded.
set -eu

[ $# -eq 3 ] || { sed -n 's/^# \{0,1\}//; 4,7p' "$0"; exit 1; }
version=$1
tarball=$2
folder=$3

[ ! -e "$folder/complete" ] || exit 0
rm -rf "$folder" "$folder.part"
mkdir -p "$folder.part/src" "$folder.part/config"
tar -xf "$tarball" -C "$folder.part/src" --strip-components=1 --wildcards \
	"*/host/include" "*/include" "*/linux-headers" "*/qapi" \
	"*/scripts/qapi-gen.py" "*/python/qemu" "*/VERSION"
found=$(cat "$folder.part/src/VERSION")
[ "$found" = "$version" ] || {
	echo "headers.sh: $tarball is of QEMU $found, not $version" >&2
	exit 1
}

(cd "$folder.part/src" && python3 -B scripts/qapi-gen.py -o ../qapi -b \
	qapi/qapi-schema.json)

# Without CONFIG_INT128, for one, a PCIDevice is 24 bytes shorter.
cat >"$folder.part/config/config-host.h" <<'CONFIG'
#define CONFIG_ATOMIC64 1
#define CONFIG_CLOCK_MONOTONIC 1
#define CONFIG_EVENTFD 1
#define CONFIG_FDT 1
#define CONFIG_INT128 1
#define CONFIG_IOVEC 1
#define CONFIG_LINUX 1
#define CONFIG_MODULES 1
#define CONFIG_PLUGIN 1
#define CONFIG_POSIX 1
#define CONFIG_PREADV 1
#define CONFIG_SOFTMMU 1
#define CONFIG_TCG 1
#define HOST_X86_64 1
CONFIG
: >"$folder.part/config/config-poison.h"

touch "$folder.part/complete"
mv "$folder.part" "$folder"
