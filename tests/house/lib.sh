# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For the shell tests: `. "$2/tests/house/lib.sh"` after `set -eu`. Each check
# prints one line; the last command of a test is `finish`.
CHECKS=0
FAILED=0

# check TEXT COMMAND...: the command must succeed
check() {
	local text=$1
	shift
	CHECKS=$((CHECKS + 1))
	if "$@"; then
		echo "ok: $text"
	else
		FAILED=$((FAILED + 1))
		echo "FAILED: $text"
	fi
}

# check_not TEXT COMMAND...: the command must fail
check_not() {
	local text=$1
	shift
	# A command that does not exist fails too, and proves nothing.
	command -v "$1" >/dev/null || { echo "no command $1"; exit 1; }
	check "$text" negate "$@"
}

negate() {
	! "$@"
}

# names FILE TEXT: FILE contains TEXT, word for word
names() {
	grep -qF -- "$2" "$1" && return
	echo "--- $1 does not contain: $2"
	cat "$1"
	return 1
}

# A folder that is removed at the end of the test.
scratch() {
	SCRATCH=$(mktemp -d)
	trap 'rm -rf "$SCRATCH"' EXIT
}

finish() {
	echo "$CHECKS checks, $FAILED failed"
	[ "$CHECKS" -gt 0 ] && [ "$FAILED" -eq 0 ]
}
