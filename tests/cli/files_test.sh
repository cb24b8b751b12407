#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva run copy`, `compare` and `fill` against cmp and a pattern that printf
# made.
set -eu
. "$2/tests/cli/lib.sh"

make_files
truncate -s "$BIG" sparse
printf 'end' >>sparse
truncate -s "$MIDDLE" middle
printf 'end' >>middle

copies() {
	local file
	for file in $FILES; do
		check "$*: copy $file" exits 0 "$SVA" run --json "$@" \
			copy "$file" copy
		check "$*: copy $file is the same" cmp "$file" copy
		check "$*: its sum" run_json crcs out copy "${2#--faults=}" \
			"$file"
		check "$*: compare $file" exits 0 "$SVA" run --json "$@" \
			compare "$file" copy
		check "$*: they are equal" run_json status out compare \
			"${2#--faults=}" ok "$(stat -c %s "$file")"
	done
}
each_setting copies

# An existing target: longer, shorter, and what it is allowed stays.
head -c 100000 /dev/urandom >target
chmod 604 target
check "copy onto a longer file" exits 0 "$SVA" run copy file4097 target
check "the same" cmp file4097 target
check "copy onto a shorter file" exits 0 "$SVA" run copy file70001 target
check "the same" cmp file70001 target
check "its mode stays" [ "$(stat -c %a target)" = 604 ]
check "copy of nothing" exits 0 "$SVA" run copy file0 target
check "nothing" [ ! -s target ]
chmod 751 file4096
rm -f target
(umask 027 && "$SVA" run copy file4096 target >/dev/null)
check "a new file gets the source's mode" [ "$(stat -c %a target)" = 750 ]
ln -s target link
check "copy through a link" exits 0 "$SVA" run copy file4097 link
check "the link's target is written" cmp file4097 target
check "the link is a link" [ -L link ]

# The first difference, where cmp finds it.
differs() {
	local offset faults=${3---faults=pri} text
	offset=$(offset_differs "$1" "$2")
	text="differs at offset $offset"
	[ "$offset" != "$(stat -c %s "$1")" ] || text="$text: end of $1"
	[ "$offset" != "$(stat -c %s "$2")" ] || text="$text: end of $2"
	exits 1 "$SVA" run --json "$faults" compare "$1" "$2" &&
		run_json status out compare "${faults#--faults=}" "$text" \
			"$offset"
}

# The same with another command.
env_differs() {
	local SVA=$1
	differs "$2" "$3"
}

size=70001
offsets='0 1 7 63 4095 4096 4097 8191 8192 8193 65535 65536 65537 70000'
! sanitized || offsets='0 4095 4096 65537 70000'
for offset in $offsets; do
	cp file$size other
	# Two differences: the first one counts.
	for at in "$offset" 70000; do
		byte=$(od -An -tu1 -j "$at" -N 1 file$size)
		# shellcheck disable=SC2059 # an octal escape
		printf "$(printf '\\%03o' $((byte ^ 0x10)))" |
			dd of=other bs=1 seek="$at" conv=notrunc status=none
	done
	check "difference at $offset" differs file$size other
	check "the other way round" differs other file$size
done
check "difference at 70000 is what cmp says" \
	[ "$(offset_differs file$size other)" = 70000 ]
for length in 0 1 4095 4096 4097 70000; do
	head -c "$length" file$size >other
	check "$length of $size bytes" differs file$size other
	check "the other way round" differs other file$size
done
# The controls: equal files are no difference; a wrong offset is noticed.
check_not "control: equal files" differs file4096 file4096
printf 'a' >a
printf 'b' >b
cat >liar <<-END
	#!/bin/bash
	"$SVA" "\$@" | sed 's/offset 0/offset 1/; s/"bytes":0/"bytes":1/'
	exit "\${PIPESTATUS[0]}"
END
chmod +x liar
check_not "control: a command that lies" env_differs "$PWD/liar" a b
check "one that does not" env_differs "$SVA" a b

check "exit status without JSON" exits 1 "$SVA" run compare a b
check "and where" names out 'differs at offset 0'

# Large and sparse: the largest ones with pages populated, which is faster than
# requesting each.
large() {
	local file=$1
	shift
	check "copy, $file" exits 0 "$SVA" run "$@" copy "$file" target
	check "the same" cmp "$file" target
	check "compare, $file" exits 0 "$SVA" run "$@" compare "$file" target
	printf 'END' | dd of=target conv=notrunc status=none bs=1 \
		seek=$(($(stat -c %s target) - 3))
	check "difference at its end" differs "$file" target "$@"
	rm target
}
large middle --faults=pri
large sparse --faults=none
rm sparse middle

# repeats FILE SIZE OCTAL: FILE is SIZE bytes of the pattern
repeats() {
	# shellcheck disable=SC2059 # escapes
	while printf "$3$3$3$3$3$3$3$3"; do :; done 2>/dev/null |
		head -c "$2" | cmp - "$1"
}

fills() {
	local size
	for size in 0 1 7 8 9 4095 4096 4097 100001; do
		check "$*: fill $size" exits 0 "$SVA" run --json "$@" \
			fill filled $size 0102030405060708
		check "$*: 8 bytes" repeats filled $size \
			'\001\002\003\004\005\006\007\010'
		check "$*: size" [ "$(stat -c %s filled)" -eq $size ]
		check "$*: result" run_json status out fill "${2#--faults=}" \
			ok $size
	done
}
each_setting fills
check_not "control: another pattern" repeats filled 100001 \
	'\001\002\003\004\005\006\007\011'
check "fill 1 byte" exits 0 "$SVA" run fill filled 5000 fF
check "1 byte" repeats filled 5000 '\377'
check "fill 2 bytes" exits 0 "$SVA" run fill filled 4K dead
check "2 bytes" repeats filled 4096 '\336\255'
check "fill 4 bytes" exits 0 "$SVA" run fill filled 3m deadbeef
check "4 bytes, more than one descriptor" repeats filled 3145728 \
	'\336\255\276\357'
finish
