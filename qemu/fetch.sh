#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fetch.sh [PINS] - see to it that QEMU is installed, and that what PINS, or
# qemu/guest/pins, lists is in the cache, as downloaded and unpacked. Asks no
# server when it is.
#
# The cache is $SVA_CACHE, or libsva in the user's own. Packages come from the
# Debian server this machine uses already; suites it does not use are read with
# lists of their own, and nothing of the machine's set-up is changed.
set -eu

pins=$(realpath "${1:-$(dirname "$0")/guest/pins}")
cd "$(dirname "$0")"
cache=${SVA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libsva}
qemu_version=10.0.2
log=$cache/fetch.log
mkdir -p "$cache/files"
: >"$log"

fail() {
	echo "fetch: $*" >&2
	exit 1
}

# One stanza for each suite, on the server and with the keys of the machine's.
write_sources() {
	local uri suite
	# shellcheck disable=SC2016 # apt's own variables
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' |
		awk '$1 !~ /security/ { print $2; exit }')
	[ -n "$uri" ] || fail "this machine has no source of Debian packages"
	for suite in bookworm bookworm-updates bookworm-backports trixie \
			trixie-backports; do
		printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\n' "$uri" \
			"$suite"
		printf 'Components: main\nSigned-By: %s\n\n' \
			/usr/share/keyrings/debian-archive-keyring.gpg
	done
}

apt_ready=
apt_setup() {
	[ -z "$apt_ready" ] || return 0
	command -v apt-get >/dev/null ||
		fail "this is not Debian: put the files of qemu/guest/pins" \
			"into $cache/files"
	mkdir -p "$cache/apt/lists/partial" "$cache/apt/parts" \
		"$cache/apt/archives/partial" "$cache/apt/preferences"
	write_sources >"$cache/apt/parts/libsva.sources"
	# Only what is asked for by version comes from elsewhere.
	cat >"$cache/apt/preferences/libsva" <<-'END'
		Package: *
		Pin: release n=bookworm*
		Pin-Priority: 500

		Package: *
		Pin: release n=trixie*
		Pin-Priority: -1
	END
	cat >"$cache/apt/conf" <<-END
		Dir::Etc::sourcelist "/dev/null";
		Dir::Etc::sourceparts "$cache/apt/parts";
		Dir::Etc::preferencesparts "$cache/apt/preferences";
		Dir::State::lists "$cache/apt/lists";
		Dir::Cache::archives "$cache/apt/archives";
		APT::Architectures { "amd64"; "arm64"; };
		APT::Sandbox::User "root";
		Acquire::Retries "3";
		DPkg::Lock::Timeout "300";
	END
	echo "fetch: reading lists of packages"
	APT_CONFIG=$cache/apt/conf apt-get -q update >>"$log" 2>&1 ||
		{ cat "$log" >&2; fail "the lists cannot be had"; }
	apt_ready=yes
}

apt() {
	apt_setup
	DEBIAN_FRONTEND=noninteractive APT_CONFIG=$cache/apt/conf apt-get -q \
		"$@" >>"$log" 2>&1 </dev/null
}

# file_of ARCH PACKAGE VERSION: its name as apt calls it
file_of() {
	if [ "$1" = source ]; then
		local upstream=${3#*:}
		echo "$2_${upstream%-*}.orig.tar.xz"
	else
		echo "$2_${3/:/%3a}_$1.deb"
	fi
}

good() {
	[ -f "$cache/files/$1" ] &&
		echo "$2  $cache/files/$1" | sha256sum -c --status
}

download() {
	local suite=$1 arch=$2 package=$3 version=$4 sum=$5 file of=:$2
	file=$(file_of "$arch" "$package" "$version")
	! good "$file" "$sum" || return 0
	apt_setup
	echo "fetch: $package $version ($arch, $suite)"
	rm -f "$cache/files/$file"
	if [ "$arch" = source ]; then
		# The rest of the source package is not wanted, and its absence
		# from the server no reason to fail.
		(cd "$cache/files" && apt source --download-only \
			"$package=$version") || true
		rm -f "$cache/files/${package}_"*.dsc \
			"$cache/files/${package}_"*.debian.tar.*
	else
		[ "$arch" != all ] || of=
		(cd "$cache/files" && apt download \
			"$package$of=$version") || true
	fi
	good "$file" "$sum" && return 0
	tail -n 5 "$log" >&2
	fail "$file is missing or not the one that is pinned; the server" \
		"may have a newer one. A copy of the old one can be put into" \
		"$cache/files"
}

unpack() {
	local arch=$1 package=$2 file=$3 to=$cache/guest/$1/$2
	[ ! -e "$to" ] || return 0
	rm -rf "$to.part"
	mkdir -p "$to.part"
	dpkg -x "$cache/files/$file" "$to.part"
	mv "$to.part" "$to"
}

# Headers of kernels refer to each other, so they are all in one folder.
unpack_headers() {
	local package=$1 file=$2 to=$cache/guest/headers
	[ ! -e "$to/$package.done" ] || return 0
	mkdir -p "$to"
	dpkg -x "$cache/files/$file" "$to"
	# Written for a machine where they are installed.
	find "$to/usr/src/$package" -maxdepth 1 -name Makefile -exec sed -i \
		"s,^include /usr/src/,include $to/usr/src/," {} \; 2>/dev/null ||
		true
	touch "$to/$package.done"
}

want_qemu() {
	local found
	found=$(qemu-system-aarch64 --version 2>/dev/null |
		sed -n 's/.*version \([0-9.]*\).*/\1/p')
	if [ "$found" = "$qemu_version" ] &&
	   command -v qemu-system-x86_64 cpio xz pkg-config >/dev/null &&
	   pkg-config --exists glib-2.0; then
		return 0
	fi
	[ "$(id -u)" -eq 0 ] ||
		fail "QEMU $qemu_version is needed; as root, install" \
			"qemu-system-arm and qemu-system-x86 of" \
			"bookworm-backports, libglib2.0-dev, cpio and xz-utils"
	echo "fetch: installing QEMU"
	apt install -y --no-install-recommends -t bookworm-backports \
		qemu-system-arm qemu-system-x86 || {
		tail -n 20 "$log" >&2
		fail "QEMU cannot be installed"
	}
	apt install -y --no-install-recommends libglib2.0-dev cpio xz-utils ||
		fail "libglib2.0-dev, cpio or xz-utils cannot be installed"
	found=$(qemu-system-aarch64 --version | sed -n \
		's/.*version \([0-9.]*\).*/\1/p')
	[ "$found" = "$qemu_version" ] ||
		fail "QEMU is $found, and the plug-in is for $qemu_version"
}

want_qemu
while read -r suite arch package version sum; do
	case $suite in
	''|'#'*) continue ;;
	esac
	download "$suite" "$arch" "$package" "$version" "$sum"
	file=$(file_of "$arch" "$package" "$version")
	if [ "$arch" = source ]; then
		./headers.sh "$qemu_version" "$cache/files/$file" \
			"$cache/qemu-$qemu_version"
	else
		case $package in
		linux-headers-*|linux-kbuild-*)
			unpack_headers "$package" "$file" ;;
		*)	unpack "$arch" "$package" "$file" ;;
		esac
	fi
done <"$pins"
