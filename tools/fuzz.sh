#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fuzz.sh BUILD [SECONDS [TARGET...]] - what `make fuzz` runs
#
# Builds the fuzz targets with libFuzzer, AddressSanitizer and UBSan, and gives
# each target its part of SECONDS (600). What a target learned stays in
# BUILD/corpus/TARGET for the next time; an input that finds something is kept
# in BUILD/findings. Fails if anything was found.
set -eu

build=$1
seconds=${2:-600}
shift $(($# < 2 ? $# : 2))
cd "$(dirname "$0")/.."

case $seconds in
'' | *[!0-9]*)
	echo "fuzz: SECONDS=$seconds is not a number" >&2
	exit 2 ;;
esac
if ! tools/deps.sh build clang fuzz; then
	echo "fuzz: clang with libFuzzer is needed" >&2
	exit 1
fi
CC=clang tools/configure.sh "$build" -Dfuzz=true \
	-Db_sanitize=address,undefined -Db_lundef=false -Dtests=false \
	-Dbench=false
ninja -C "$build" fuzz-targets

names=("$@")
[ $# -gt 0 ] || read -ra names <"$build/fuzz/targets"
export ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
each=$((seconds / ${#names[@]}))
[ "$each" -gt 0 ] || each=1
mkdir -p "$build/findings"

# The last number that a log gives a name: "cov: 123".
last() {
	{ grep -o "$1 [0-9]*" "$2" || echo 0; } | tail -n 1 | grep -o '[0-9]*$'
}

table=
found=0
for name in "${names[@]}"; do
	log=$build/fuzz/$name.log
	corpus=$build/corpus/$name
	seeds=$build/fuzz/$name.seeds
	mkdir -p "$corpus" "$seeds"
	"$build/fuzz/$name-seeds" --corpus="$seeds"
	"$build/fuzz/$name-seeds" --dictionary >"$build/fuzz/$name.dict"
	echo "==> fuzz: $name, $each s"
	result=clean
	# An input of the monitor has so many features that most of the time
	# would go into how rare each is.
	options=()
	[ "$name" != vmm ] || options=(-entropic=0)
	"$build/fuzz/$name" "${options[@]}" -max_total_time="$each" -max_len=4096 \
		-timeout=60 -print_final_stats=1 \
		-dict="$build/fuzz/$name.dict" \
		-artifact_prefix="$build/findings/$name-" \
		"$corpus" "$seeds" >"$log" 2>&1 </dev/null &
	pid=$!
	trap 'kill "$pid" 2>/dev/null || true' EXIT
	start=$SECONDS
	while sleep 1 && kill -0 "$pid" 2>/dev/null; do
		[ $(((SECONDS - start) % 30)) -eq 0 ] || continue
		echo "    $((SECONDS - start)) s: coverage $(last cov: "$log")," \
			"features $(last ft: "$log")"
	done
	if ! wait "$pid"; then
		result=FOUND
		found=$((found + 1))
		tail -n 60 "$log"
		file=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
		echo "fuzz: $name found something; again with:"
		echo "    $build/fuzz/$name ${file:-}"
	fi
	table+=$(printf '%-10s %6d s %10d runs  coverage %6d  features %7d  %s' \
		"$name" "$each" "$(last number_of_executed_units: "$log")" \
		"$(last cov: "$log")" "$(last ft: "$log")" "$result")$'\n'
done
trap - EXIT

echo
printf '%s' "$table"
echo "fuzz: $found of ${#names[@]} targets found something"
[ "$found" -eq 0 ]
