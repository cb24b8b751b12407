# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # these are for the test
#
# For the tests of the command: `. "$2/tests/cli/lib.sh"` after `set -eu`.
# Leaves the test in a scratch folder.
BUILD=$1
SOURCE=$2
SVA=$BUILD/sva
. "$SOURCE/tests/house/lib.sh"
scratch
chmod 755 "$SCRATCH"
cd "$SCRATCH" || exit

# Which IOMMU the JSON of `sva run` is to name.
export IOMMU=smmuv3

run_json() {
	python3 "$SOURCE/tests/cli/run_json.py" "$@"
}

# What is built with a sanitizer is slow, and need not be shown at full size.
sanitized() {
	python3 - "$BUILD/meson-info/intro-buildoptions.json" <<-'END'
		import json
		import sys
		with open(sys.argv[1], encoding="utf-8") as f:
		    options = {o["name"]: o["value"] for o in json.load(f)}
		sys.exit(options["b_sanitize"] == "none")
	END
}

# Sizes of the large sparse files.
BIG=1G
MIDDLE=64M
if sanitized; then
	BIG=32M
	MIDDLE=8M
fi

# exits STATUS COMMAND...: stdout and stderr go to files out and err
exits() {
	local wanted=$1 status=0
	shift
	"$@" >out 2>err || status=$?
	[ "$status" -eq "$wanted" ] && return
	echo "--- exit status $status, not $wanted: $*"
	cat out err
	return 1
}

# The fresh files of the issue: odd sizes around a page, of random bytes.
make_files() {
	local size
	for size in 0 1 4095 4096 4097 8192 70001; do
		head -c "$size" /dev/urandom >"file$size"
	done
	FILES='file0 file1 file4095 file4096 file4097 file8192 file70001'
}

# offset_differs A B: the first offset at which cmp finds a difference; the
# size of the shorter file if it ends first; nothing if there is none
offset_differs() {
	LC_ALL=C cmp "$1" "$2" 2>&1 | sed -n \
		-e 's/.* differ: [a-z]* \([0-9]*\),.*/\1/p' \
		-e 's/.*EOF on .* after byte \([0-9]*\).*/\1 + 1/p' \
		-e 's/.*EOF on .* which is empty/1/p' |
		while read -r number; do echo $((number - 1)); done
}

# Every way the machine can be set up; with a sanitizer, and for all IOMMUs but
# the first, each value once. Of the values, --faults is the second.
each_setting() {
	local personality faults
	IOMMU=vtd
	"$@" --personality=strict --faults=pri --iommu=vtd
	sanitized || "$@" --personality=eager --faults=none --iommu=vtd
	IOMMU=smmuv3
	if sanitized; then
		"$@" --personality=strict --faults=pri
		"$@" --personality=eager --faults=stall
		"$@" --personality=eager --faults=none
		return
	fi
	for personality in strict eager; do
		for faults in pri stall none; do
			"$@" "--personality=$personality" "--faults=$faults"
		done
	done
}
