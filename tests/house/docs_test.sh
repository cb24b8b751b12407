#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the documents point at exists: relative links, `make` targets, files of
# tools/. And the negative control.
set -eu
source=$2
. "$source/tests/house/lib.sh"
scratch

# links FILE...: one line "FILE: what" for each link that leads nowhere
links() {
	local file target
	for file; do
		while read -r target; do
			case $target in
			http:* | https:* | mailto:* | '#'*)	continue ;;
			esac
			[ -e "$(dirname "$file")/${target%%#*}" ] ||
				echo "$file: $target"
		done < <(grep -o '](\([^) ]*\))' "$file" | sed 's/^](//; s/)$//')
		while read -r target; do
			[ -e "$source/$target" ] || echo "$file: $target"
		done < <(grep -o '`tools/[a-zA-Z0-9_./-]*' "$file" |
			sed 's/^`//' | sort -u)
		while read -r target; do
			grep -q "^$target:" "$source/Makefile" ||
				echo "$file: make $target"
		done < <(grep -oE '(`|^    )make [a-z]+' "$file" |
			sed 's/.*make //' | sort -u)
	done
}

mapfile -t documents < <(find "$source" -maxdepth 1 -name '*.md';
	find "$source/docs" "$source/tests" -name '*.md')
check 'there are documents' test "${#documents[@]}" -gt 2
links "${documents[@]}" >"$SCRATCH/out"
check 'every link leads somewhere' diff /dev/null "$SCRATCH/out"

cat >"$SCRATCH/planted.md" <<'END'
[a](planted.md) [b](nowhere.md#part) [c](https://example.org)
Run `make planted`, `tools/planted.sh` or `make check`.
END
links "$SCRATCH/planted.md" | sed "s|.*planted.md: ||" >"$SCRATCH/out"
printf '%s\n' 'nowhere.md#part' tools/planted.sh 'make planted' >"$SCRATCH/want"
check 'what does not exist is named' diff "$SCRATCH/want" "$SCRATCH/out"
finish
