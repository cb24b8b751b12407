#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The progress bar: on a terminal, for long work, and nowhere else.
set -eu
. "$2/tests/cli/lib.sh"

command -v script >/dev/null || { echo "no script(1)"; exit 77; }

export TERM=xterm

# on_terminal ARGS...: standard error is a terminal, copied to the file seen
on_terminal() {
	local status=0
	script -qec "$(printf '%q ' "$SVA" run "$@") >out" seen >/dev/null \
		</dev/null || status=$?
	[ "$status" -eq 0 ]
}

head -c 4096 /dev/urandom >small
check "short work on a terminal" on_terminal --json crc32c small
check "has no progress bar" [ "$(grep -c 'MiB/s' seen)" -eq 0 ]

# Long enough, however fast the machine is.
size=67108864
for try in 1 2 3 4 5; do
	truncate -s $size big
	check "long work on a terminal, try $try" on_terminal --json crc32c big
	check "has a right result" run_json crcs out crc32c pri big
	awk "BEGIN { exit !($(run_json get out stats.seconds) < 1) }" || break
	size=$((size * 3))
done
check "has a progress bar" grep -q 'crc32c \[#*\.*\] .* MiB/s' seen
check "which is wiped out at the end" grep -q "$(printf '\033\\[K')" seen

TERM=dumb check "long work on a dumb terminal" on_terminal --json crc32c big
check "has none" [ "$(grep -c 'MiB/s' seen)" -eq 0 ]
check "and no escapes" [ "$(tr -d -c '\033' <seen | wc -c)" -eq 0 ]

check "long work without a terminal" exits 0 "$SVA" run --json crc32c big
check "has none" [ ! -s err ]
finish
