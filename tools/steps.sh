# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For scripts that do one step after the other and say how it went.

STEPS_PASSED=0
STEPS_FAILED=0
STEPS_TABLE=

# step NAME COMMAND...: run it, note the result, return it
step() {
	local name=$1 start=$SECONDS result=ok
	shift
	echo "==> $name"
	if "$@" </dev/null; then
		STEPS_PASSED=$((STEPS_PASSED + 1))
	else
		STEPS_FAILED=$((STEPS_FAILED + 1))
		result=FAILED
		echo "==> $name: FAILED" >&2
	fi
	STEPS_TABLE+=$(printf '%-44s %-6s %5d s' "$name" "$result" \
		$((SECONDS - start)))$'\n'
	[ "$result" = ok ]
}

steps_table() {
	printf '%s' "$STEPS_TABLE"
}

# tests_of BUILD: "PASSED FAILED SKIPPED" of the last `meson test` there
tests_of() {
	python3 - "$1/meson-logs/testlog.json" <<-'END'
		import json
		import sys
		good = bad = skipped = 0
		try:
		    with open(sys.argv[1], encoding="utf-8") as f:
		        for line in f:
		            result = json.loads(line)["result"]
		            if result in ("OK", "EXPECTEDFAIL"):
		                good += 1
		            elif result == "SKIP":
		                skipped += 1
		            else:
		                bad += 1
		except OSError:
		    pass
		print(good, bad, skipped)
	END
}
