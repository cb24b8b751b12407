#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold the JSON of `sva info` against what sva(1) promises.

info_json.py IOMMU JSON

Bits of some registers are typed here once more, from Arm IHI 0070 and the VT-d
specification, and the fields must be what they say of the registers' values.
"""
import json
import sys

PROBLEMS = []

# Register, field, highest bit, lowest bit.
BITS = {}
# IHI 0070 6.3.1, 6.3.2, 6.3.6.
BITS["smmuv3"] = [
    ("SMMU_IDR0", "S1P", 1, 1),
    ("SMMU_IDR0", "TTF", 3, 2),
    ("SMMU_IDR0", "COHACC", 4, 4),
    ("SMMU_IDR0", "ATS", 10, 10),
    ("SMMU_IDR0", "PRI", 16, 16),
    ("SMMU_IDR0", "STALL_MODEL", 25, 24),
    ("SMMU_IDR0", "ST_LEVEL", 28, 27),
    ("SMMU_IDR1", "SIDSIZE", 5, 0),
    ("SMMU_IDR1", "SSIDSIZE", 10, 6),
    ("SMMU_IDR1", "CMDQS", 25, 21),
    ("SMMU_IDR5", "OAS", 2, 0),
    ("SMMU_IDR5", "GRAN4K", 4, 4),
]
# VT-d, 11.4.1 to 11.4.3.
BITS["vtd"] = [
    ("VTD_VER", "MAX", 7, 4),
    ("VTD_CAP", "ND", 2, 0),
    ("VTD_CAP", "CM", 7, 7),
    ("VTD_CAP", "SAGAW", 12, 8),
    ("VTD_CAP", "MGAW", 21, 16),
    ("VTD_CAP", "FRO", 33, 24),
    ("VTD_CAP", "NFR", 47, 40),
    ("VTD_CAP", "FS1GP", 56, 56),
    ("VTD_CAP", "FS5LP", 60, 60),
    ("VTD_ECAP", "QI", 1, 1),
    ("VTD_ECAP", "DT", 2, 2),
    ("VTD_ECAP", "PRS", 29, 29),
    ("VTD_ECAP", "PSS", 39, 35),
    ("VTD_ECAP", "PASID", 40, 40),
    ("VTD_ECAP", "PDS", 42, 42),
    ("VTD_ECAP", "SMTS", 43, 43),
    ("VTD_ECAP", "FSTS", 47, 47),
    ("VTD_ECAP", "SMPWCS", 48, 48),
]


def want(condition, text):
    if not condition:
        PROBLEMS.append(text)


def keys(value, names, what):
    want(list(value) == names, "%s: keys %s" % (what, list(value)))


def check_unit(unit, bits):
    keys(unit, ["name", "registers"], "unit")
    registers = {}
    for register in unit["registers"]:
        keys(register, ["name", "value", "fields"], "register")
        want(type(register["value"]) is int, "value of %s" % register)
        fields = {}
        for field in register["fields"]:
            keys(field, ["name", "value", "gloss"], "field")
            want(type(field["value"]) is int, "value of %s" % field)
            want(field["gloss"] and type(field["gloss"]) is str,
                 "gloss of %s" % field)
            fields[field["name"]] = field["value"]
        want(register["name"] not in registers, "twice: %s" % register["name"])
        registers[register["name"]] = (register["value"], fields)
    for name, field, high, low in bits:
        value, fields = registers.get(name, (0, {}))
        got = [v for f, v in fields.items() if f in (field, name + "_" + field)]
        right = value >> low & (1 << high - low + 1) - 1
        want(got == [right], "%s.%s is %s, the register says %d" %
             (name, field, got, right))


def check_device(device, units):
    keys(device, ["name", "unit", "pasid_bits", "ats", "pri", "stall",
                  "features", "accelerator"], "device")
    want(device["unit"] in units, "unit %s of a device" % device["unit"])
    want(0 < device["pasid_bits"] <= 20, "pasid_bits")
    for name in ("ats", "pri", "stall"):
        want(type(device[name]) is bool, "%s of a device" % name)
    want([f["name"] for f in device["features"]] == ["SVA", "AUX", "IOPF"], "features")
    for feature in device["features"]:
        keys(feature, ["name", "supported", "enabled"], "feature")
        want(feature["supported"] or not feature["enabled"],
             "%s enabled and not supported" % feature["name"])
    want(device["features"][0]["enabled"], "SVA is not enabled")
    keys(device["accelerator"], ["max_transfer", "max_batch"], "accelerator")
    want(device["accelerator"]["max_transfer"] >= 4096, "max_transfer")
    want(device["accelerator"]["max_batch"] >= 2, "max_batch")


def main():
    with open(sys.argv[2], encoding="utf-8") as f:
        data = json.load(f)
    keys(data, ["units", "devices", "host"], "object")
    want(len(data["units"]) == 1, "%d units" % len(data["units"]))
    want(len(data["devices"]) == 1, "%d devices" % len(data["devices"]))
    for unit in data["units"]:
        check_unit(unit, BITS[sys.argv[1]])
    for device in data["devices"]:
        check_device(device, [unit["name"] for unit in data["units"]])
    keys(data["host"], ["uffd", "wp_async", "procmap_query", "populate"],
         "host")
    want(all(type(v) is bool for v in data["host"].values()), "host")
    for problem in PROBLEMS:
        print("info_json: %s" % problem)
    sys.exit(1 if PROBLEMS else 0)


main()
