#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold the JSON of `sva info` against what sva(1) promises.

info_json.py JSON

The bits of three registers are typed here once more, from Arm IHI 0070, and
the fields must be what they say of the registers' values.
"""
import json
import sys

PROBLEMS = []

# Register, field, highest bit, lowest bit: IHI 0070 6.3.1, 6.3.2, 6.3.6.
BITS = [
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


def want(condition, text):
    if not condition:
        PROBLEMS.append(text)


def keys(value, names, what):
    want(list(value) == names, "%s: keys %s" % (what, list(value)))


def check_unit(unit):
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
    for name, field, high, low in BITS:
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
    with open(sys.argv[1], encoding="utf-8") as f:
        data = json.load(f)
    keys(data, ["units", "devices", "host"], "object")
    want(len(data["units"]) == 1, "%d units" % len(data["units"]))
    want(len(data["devices"]) == 1, "%d devices" % len(data["devices"]))
    for unit in data["units"]:
        check_unit(unit)
    for device in data["devices"]:
        check_device(device, [unit["name"] for unit in data["units"]])
    keys(data["host"], ["uffd", "wp_async", "procmap_query", "populate"],
         "host")
    want(all(type(v) is bool for v in data["host"].values()), "host")
    for problem in PROBLEMS:
        print("info_json: %s" % problem)
    sys.exit(1 if PROBLEMS else 0)


main()
