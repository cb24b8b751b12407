#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What goes wrong with files: a message names the file, the rest of the work is
# done, the exit status is 1, and nothing is left behind.
set -eu
. "$2/tests/cli/lib.sh"

make_files
truncate -s "$BIG" sparse

# fails FILE WORDS ARGS...: exit status 1 and "sva: FILE: WORDS" as the message
fails() {
	local file=$1 words=$2
	shift 2
	exits 1 "$SVA" run "$@" && names err "sva: $file: $words"
}

# one_of FILE WORDS: among good files, it alone fails, in table and messages
one_of() {
	local file=$1 words=$2
	exits 1 "$SVA" run --json -t 2 crc32c file1 "$file" file4097 || return
	names err "sva: ${file:-"''"}: $words" && [ "$(wc -l <err)" -eq 1 ] &&
		run_json shape out crc32c pri &&
		[ "$(run_json get out results.1.status)" = "$words" ] &&
		[ "$(run_json get out results.0.status)" = ok ] &&
		[ "$(run_json get out results.2.crc32c)" = \
			"$("$SOURCE/tests/support/crc32c.py" file4097 |
				cut -c1-8)" ] && return
	echo "--- $file"
	cat out err
	return 1
}

mkdir folder
mkfifo fifo
ln -s loop loop
ln -s nowhere dangling
ln -s file4097 link
long=$(printf '%0300d' 0)
check "a missing file" one_of missing 'No such file or directory'
check "a folder" one_of folder 'Is a directory'
check "a FIFO" one_of fifo 'Not a regular file'
check "a device" one_of /dev/zero 'Not a regular file'
check "a loop of links" one_of loop 'Too many levels of symbolic links'
check "a dangling link" one_of dangling 'No such file or directory'
check "a file as a folder" one_of file1/x 'Not a directory'
check "an empty name" one_of '' 'No such file or directory'
check "a long name" one_of "$long" 'File name too long'
check "a file without a size" one_of /proc/version \
	'Has content but no size, so it cannot be mapped'
check_not "control: good files" one_of link 'No such file or directory'

check "a link" exits 0 "$SVA" run crc32c link
check "all fail" exits 1 "$SVA" run --json crc32c missing folder
check "all fail: shape" run_json shape out crc32c pri

# Names of odd bytes: in JSON, valid; on a terminal, harmless.
odd=$(printf 'odd \xff\xed\xa0\x80\xe2\x82\xac "\\ \n\033[31m\xc2\x9b1m')
cp file4097 "$odd"
cp file4097 -- -f
check "odd bytes" exits 0 "$SVA" run --json crc32c "$odd"
check "odd bytes: shape" run_json shape out crc32c pri
check "odd bytes: what is UTF-8 stays" [ "$(run_json get out results.0.path)" = \
	"$(printf 'odd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xe2\x82\xac "\\ \n\033[31m\xc2\x9b1m')" ]
check "odd bytes in the table" exits 0 "$SVA" run crc32c "$odd"
check "no control characters" [ "$(tr -d -c '\033\233' <out | wc -c)" -eq 0 ]
check "the columns of a table with a long status" exits 1 "$SVA" run crc32c \
	loop file1 "$odd"
check "are as wide as it takes" [ "$(awk '{ print index($0, " path"), \
	index($0, " loop"), index($0, " file1"), index($0, " odd") }' out |
	sed 4q | tr ' ' '\n' | sort -u | grep -cv '^0$')" -eq 1 ]
rm -- "$odd"
check "odd bytes in a message" exits 1 "$SVA" run crc32c "$odd"
check "no control characters" [ "$(tr -d -c '\033' <err | wc -c)" -eq 0 ]
check "one line" [ "$(wc -l <err)" -eq 1 ]
check "a name like an option" exits 0 "$SVA" run crc32c -- -f

# Targets
check "copy of nothing there" fails missing 'No such file' copy missing new
check "no target is made" [ ! -e new ]
check "copy into no folder" fails none/new 'No such file' copy file1 none/new
check "copy to a folder" fails folder 'Is a directory' copy file1 folder
check "copy to a FIFO" fails fifo 'Not a regular file' copy file1 fifo
check "copy to a device" fails /dev/null 'Not a regular file' \
	copy file1 /dev/null
cp file4097 same
ln same hard
ln -s same soft
for name in same ./same hard soft; do
	check "copy of a file to itself: $name" fails "$name" \
		'Source and target are the same file' copy same "$name"
	check "it is whole" cmp same file4097
done
check "JSON names the target" exits 1 "$SVA" run --json copy file1 folder
check "and the reason" [ "$(run_json get out results.0.status)" = \
	'Is a directory: folder' ]
check "compare with a missing file" fails missing 'No such file' \
	compare file1 missing
check "compare of a missing file" fails missing 'No such file' \
	compare missing file1

# A size beyond the limit is an error, not a signal.
limited() {
	(ulimit -f 64 && "$SVA" run "$@" >out 2>err)
}
check_not "a file size limit" limited fill new 1M 00
check "is named" names err 'sva: new: File too large'
check "nothing is left" [ ! -e new ]
cp file4097 old
check_not "the same for a file that was there" limited fill old 1M 00
check "it is as it was" cmp old file4097
check "more than any file system has" exits 1 "$SVA" run fill new 7000000T 00
check "is named" names err 'sva: new: '
check "nothing is left" [ ! -e new ]

# Standard output
# shellcheck disable=SC2016 # for the inner shell
{
check "a full standard output" exits 1 bash -c \
	'"$0" run crc32c file1 >/dev/full' "$SVA"
check "is reported" names err 'standard output: No space left on device'
check "the same for --help" exits 1 bash -c '"$0" --help >/dev/full' "$SVA"
check "a closed standard output" exits 1 bash -c \
	'"$0" run copy file4097 new >&-' "$SVA"
check "is reported" names err 'standard output: '
check "nothing went into the file" cmp file4097 new
check "all three closed" exits 1 bash -c \
	'"$0" run copy file70001 new <&- >&- 2>&-' "$SVA"
check "nothing went into the file" cmp file70001 new
}
rm new

# A full disk needs one of our own.
if mkdir disk && mount -t tmpfs -o size=256k tmpfs disk 2>/dev/null; then
	trap 'umount -l "$SCRATCH/disk"; rm -rf "$SCRATCH"' EXIT
	cp file4097 disk/old
	check "a full disk" fails disk/new 'No space left on device' \
		fill disk/new 1M 00
	check "nothing is left" [ ! -e disk/new ]
	check "a full disk, a file that was there" fails disk/old \
		'No space left on device' copy sparse disk/old
	check "it is as it was" cmp disk/old file4097
	check "there is room afterwards" exits 0 "$SVA" run copy file70001 \
		disk/new
	umount disk
	trap 'rm -rf "$SCRATCH"' EXIT
else
	echo "skipped: a full disk: no file system can be mounted here"
fi

# Without privileges: nobody's own files, and one he may not read.
if [ "$(id -u)" -eq 0 ]; then
	cp "$SVA" sva
	cp "$BUILD/libsva.so.0" .
	chmod 755 sva libsva.so.0
	mkdir -m 777 nobodys
	as_nobody() {
		LD_LIBRARY_PATH=$SCRATCH setpriv --reuid=65534 --regid=65534 \
			--clear-groups "$@"
	}
else
	ln -s "$SVA" sva
	mkdir nobodys
	as_nobody() { "$@"; }
fi
cp file4097 secret
chmod 0 secret
cp file4097 readonly
chmod 444 readonly
check "without privileges" exits 0 as_nobody ./sva run --json crc32c file4097
check "the same sum" run_json crcs out crc32c pri file4097
check "an unreadable file" exits 1 as_nobody ./sva run --json crc32c secret file1
check "is named" names err 'sva: secret: Permission denied'
check "the other one is done" [ "$(run_json get out results.1.status)" = ok ]
check "copy without privileges" exits 0 as_nobody ./sva run copy file4097 \
	nobodys/new
check "the same" cmp file4097 nobodys/new
check "a file not to be written" exits 1 as_nobody ./sva run copy file1 readonly
check "is named" names err 'sva: readonly: Permission denied'
check "it is as it was" cmp readonly file4097
finish
