#!/bin/bash
# SPDX-License-Identifier: MIT
#
# `sva info --why`: which requirement a bind does not meet, on machines that
# lack one. [U10]
set -eu
. "$2/tests/cli/lib.sh"

# json_has KEY VALUE: of the object in out
json_has() {
	python3 -c 'import json, sys
value = json.load(open("out"))[sys.argv[1]]
sys.exit(str(value) != sys.argv[2])' "$@"
}

check "it binds" exits 0 "$SVA" info --why dsa0
check "and says so" grep -q '^dsa0: binds this process, PASID [1-9]' out
check "it binds, --json" exits 0 "$SVA" info --why=dsa0 --json
check "bound" json_has bound True
check "no messages" [ ! -s err ]
check_not "control: a wrong value is noticed" json_has bound False

# lacks NAME STEP REQUIREMENT ERRNO HAS NEEDS, of $iommu
lacks() {
	check "$iommu without $1" exits 1 "$SVA" info --iommu=$iommu \
		--why dsa0 --lacks="$1" --json
	check "not bound" json_has bound False
	check "step $2" json_has step "$2"
	check "requirement $3" json_has requirement "$3"
	check "errno $4" json_has errno "$4"
	check "has $5" json_has has "$5"
	check "needs $6" json_has needs "$6"
	check "$iommu without $1, as text" exits 1 "$SVA" info --why dsa0 \
		--lacks "$1" --iommu $iommu
	check "$2 fails" grep -q "^dsa0: $2 fails: .* (-$4)\$" out
	check "requirement $3, as text" grep -q "^  requirement $3: ..." out
}
for iommu in smmuv3 vtd; do
	lacks pasid enable pasid 19 0 0
	lacks unit_pasid enable unit_pasid 19 0 0
	lacks coherence enable coherence 19 0 0
	lacks ats enable ats 19 0 0
	lacks pri enable recovery 19 0 0
done
iommu=smmuv3
lacks granule bind granule 95 0 12
check "the numbers, as text" grep -q '^  has 0, needs 12$' out
# Of 1 GiB: those of 4 KiB and 2 MiB every unit has.
iommu=vtd
lacks granule bind granule 95 21 30
check "the numbers, as text" grep -q '^  has 21, needs 30$' out
check "VT-d binds" exits 0 "$SVA" info --iommu=vtd --why=dsa0 --json
check "bound" json_has bound True

check "a device that is not there" exits 2 "$SVA" info --why nothing
check "is named" grep -q "no device 'nothing'" err
check "a lack that is none" exits 2 "$SVA" info --lacks=everything
check "--why and --dtb" exits 2 "$SVA" info --why dsa0 --dtb=x
check "--iommu and --dmar" exits 2 "$SVA" info --iommu=vtd --dmar=x
check "--dtb and --iommu" exits 2 "$SVA" info --dtb=x --iommu=smmuv3
finish
