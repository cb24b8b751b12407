#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The command where the kernel has or allows less: no userfaultfd, as in most
# containers; no populating, as before 5.14.
set -eu
. "$2/tests/cli/lib.sh"

without() {
	python3 "$SOURCE/tests/cli/without.py" "$@"
}

status=0
without userfaultfd true || status=$?
[ "$status" -ne 77 ] || { echo "no seccomp here"; exit 77; }
make_files

check "info without userfaultfd" exits 0 without userfaultfd "$SVA" info --json
check "says so" [ "$(run_json get out host.uffd)" = False ]
less() {
	# shellcheck disable=SC2086 # a list of names
	check "without $calls, $*" exits 0 without "$calls" "$SVA" run --json \
		"$@" crc32c $FILES
	# shellcheck disable=SC2086
	check "the sums" run_json crcs out crc32c "${2#--faults=}" $FILES
	check "copy" exits 0 without "$calls" "$SVA" run --json "$@" \
		copy file70001 copy
	check "the same" cmp file70001 copy
	check "compare" exits 0 without "$calls" "$SVA" run --json "$@" \
		compare file70001 copy
	check "a missing file" exits 1 without "$calls" "$SVA" run "$@" \
		crc32c missing
	check "is named" names err 'sva: missing: No such file or directory'
}
calls=userfaultfd
each_setting less
# The allocators of sanitizers need it.
if ! sanitized; then
	calls=madvise,userfaultfd
	each_setting less
	calls=madvise
	each_setting less
	check "info without madvise" exits 0 without madvise "$SVA" info --json
	check "says so" [ "$(run_json get out host.populate)" = False ]
fi
# The control: it does not say so where nothing is refused.
"$SVA" info --json >out
if python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(int(sys.argv[1]), 1) < 0)' \
	"$(uname -m | sed 's/x86_64/323/; s/aarch64/282/')"; then
	check "control: info with userfaultfd" \
		[ "$(run_json get out host.uffd)" = True ]
fi
finish
