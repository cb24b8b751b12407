#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva guest`: every job of every process of every guest is done and right, on
# each pair of IOMMUs; the counters say which way it went.
set -eu
. "$2/tests/cli/lib.sh"

GUESTS=8
PROCESSES=64
if sanitized; then
	GUESTS=3
	PROCESSES=8
fi

# holds EXPRESSION: of the JSON in out, as `r`
holds() {
	python3 - "$1" "$GUESTS" "$PROCESSES" <<-'END'
		import json
		import sys
		with open("out", encoding="utf-8") as f:
		    r = json.load(f)
		s = r["stats"]
		names = {"r": r, "s": s, "g": r["guests"], "all": all, "len": len,
		         "sum": sum, "any": any,
		         "N": int(sys.argv[2]), "M": int(sys.argv[3])}
		if not eval(sys.argv[1], names):
		    print("--- not so:", sys.argv[1], r)
		    sys.exit(1)
	END
}

# runs [OPTION...]: exit status 0, JSON, nothing on standard error
runs() {
	exits 0 "$SVA" guest --json "$@" && [ ! -s err ]
}

large="--guests=$GUESTS --processes=$PROCESSES --jobs=2"

# done_and_right: all of it, and the host is as before
done_and_right() {
	holds 'len(g) == N' &&
		holds 'all(x["jobs"] == 2 * M for x in g)' &&
		holds 'all(x["wrong"] + x["failed"] == 0 for x in g)' &&
		holds 'all(x["page_requests"] > 0 for x in g)' &&
		holds 'all(x["state"] == "ok" for x in g)' &&
		holds 's["refused"] == 0 and s["stage2_faults"] == 0' &&
		holds 's["accesses"] > 0 and s["strays"] == 0' &&
		holds 's["pasids_left"] == 0'
}

# nested HOST, shadow HOST GUEST
nested() {
	# shellcheck disable=SC2086 # options
	runs --iommu="$1" $large && done_and_right &&
		holds 'r["tables"] == "nested" and s["nested_walks"] > 0' &&
		holds 's["shadow_fills"] == 0'
}
shadow() {
	# shellcheck disable=SC2086 # options
	runs --iommu="$1" --guest-iommu="$2" --tables=shadow $large &&
		done_and_right && holds 's["nested_walks"] == 0' &&
		holds 's["shadow_fills"] >= 4 * N * M'
}

check "SMMUv3 nested in SMMUv3" nested smmuv3
check "VT-d nested in VT-d" nested vtd
check "VT-d in the shadow of SMMUv3" shadow smmuv3 vtd
check "SMMUv3 in the shadow of VT-d" shadow vtd smmuv3
check "two of a kind in shadow" shadow vtd vtd
check "forgetful hardware" runs --personality=eager
check "a mixed pair is shadowed by itself" runs --guest-iommu=vtd
check "so it says" holds 'r["tables"] == "shadow"'

# Nothing on standard error, but that the faults of the dead were too many for
# the IOMMU's log.
only_overflows() {
	! grep -vE 'fault records overflowed|event queue overflow' err
}

# killed [OPTION...]: every other one, and the rest do all of their work
killed() {
	exits 0 "$SVA" guest --json --kill --guests=4 --processes=8 --jobs=8 \
		"$@" && only_overflows &&
		holds '[x["killed"] for x in g] == [False, True] * 2' &&
		holds 'all(x["jobs"] == 64 for x in g if not x["killed"])' &&
		holds 'all(x["jobs"] < 64 for x in g if x["killed"])' &&
		holds 'all(x["wrong"] == 0 for x in g)' &&
		holds 's["pasids_left"] == 0'
}
check "killed guests" killed
check "killed guests of VT-d" killed --iommu=vtd
check "killed guests of a mixed pair" killed --guest-iommu=vtd
check "and of the other" killed --iommu=vtd --guest-iommu=smmuv3

check "a table" exits 0 "$SVA" guest
check "of guests" names out 'smmuv3 on smmuv3, nested'
check "and counters" names out 'page requests injected'
for option in --guests=0 --guests=17 --processes=0 --processes=257 --jobs=0 \
	--jobs=x --iommu=none --guest-iommu=none --tables=none \
	--personality=none --no-such; do
	check "$option" exits 2 "$SVA" guest "$option"
done
check "an operand" exits 2 "$SVA" guest file
check "a mixed pair cannot nest" exits 2 "$SVA" guest --guest-iommu=vtd \
	--tables=nested
# shellcheck disable=SC2016 # for the inner shell
check "a full disk" exits 1 bash -c '"$1" guest >/dev/full' - "$SVA"
finish
