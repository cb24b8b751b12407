#!/bin/bash
# SPDX-License-Identifier: MIT
#
# deps.sh GROUP... - see to it that the Debian packages of these groups are
# installed. Installs what is missing when run as root; otherwise prints the
# command and fails. Does nothing, and asks no server, when nothing is missing.
set -eu

packages() {
	case $1 in
	build)		echo gcc libc6-dev make meson ninja-build pkg-config \
				python3 liburcu-dev libjson-c-dev libfdt-dev ;;
	test)		echo libcmocka-dev ;;
	cross)		echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross ;;
	kernel)		echo flex bison bc ;;
	clang)		echo clang ;;
	sanitizers)	echo libgcc-12-dev ;;
	fuzz)		echo libclang-rt-dev llvm ;;
	lint)		echo clang-format clang-tidy cppcheck shellcheck ;;
	coverage)	echo gcovr ;;
	*)		echo "deps.sh: no group $1" >&2; return 1 ;;
	esac
}

[ $# -gt 0 ] || { sed -n 's/^# \{0,1\}//; 4,6p' "$0"; exit 1; }
wanted=
for group in "$@"; do
	list=$(packages "$group")
	wanted="$wanted $list"
done

if ! command -v apt-get >/dev/null; then
	echo "deps: this is not Debian: what these packages hold must be there" \
		"already:$wanted" >&2
	exit 0
fi

missing=
for package in $wanted; do
	state=$(dpkg-query -W -f='${db:Status-Status}' "$package" \
		2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "deps: packages are missing; as root, run:" >&2
	echo "    apt-get install --no-install-recommends$missing" >&2
	exit 1
fi

echo "deps: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt() {
	apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" \
		>>"$log" 2>&1 </dev/null
}
# shellcheck disable=SC2086 # a list of names
if ! { apt update && apt install --no-install-recommends $missing; }; then
	cat "$log" >&2
	echo "deps: apt-get could not install$missing" >&2
	exit 1
fi
