#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold the JSON of `sva run` against what sva(1) promises.

run_json.py shape JSON OP FAULTS            shape, and counters that must agree
run_json.py crcs JSON OP FAULTS FILE...     besides, CRC-32C and size of each
                                            file, in order
run_json.py status JSON OP FAULTS STATUS [BYTES]
                                            besides, of the only result
run_json.py get JSON PATH                   one value, as in results.0.path

JSON is a file. The IOMMU is to be $IOMMU, or smmuv3. Prints what is wrong and
exits 1.
"""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "support"))
import crc32c

COUNTERS = ["translations", "tlb_hits", "tlb_misses", "page_requests",
            "page_groups", "page_responses", "stalls", "resumes", "faults",
            "invalidations", "commands", "pasids", "bytes"]
PROBLEMS = []


def want(condition, text):
    if not condition:
        PROBLEMS.append(text)


def load(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    want(text.count("\n") == 1 and text.endswith("\n"), "not one line")
    return json.loads(text)


def is_count(value):
    return type(value) is int and 0 <= value < 1 << 64


def shape(data, op, faults):
    want(list(data) == ["iommu", "faults", "op", "results", "stats"],
         "keys %s" % list(data))
    iommu = os.environ.get("IOMMU", "smmuv3")
    want(data["iommu"] == iommu, "iommu %s" % data["iommu"])
    want(data["faults"] == faults, "faults")
    want(data["op"] == op, "op")
    for result in data["results"]:
        want(list(result) == ["path", "bytes", "crc32c", "status"],
             "keys of %s" % result)
        want(type(result["path"]) is str, "path of %s" % result)
        want(type(result["status"]) is str, "status of %s" % result)
        want(is_count(result["bytes"]), "bytes of %s" % result)
        crc = result["crc32c"]
        if result["status"] == "ok" and op in ("crc32c", "copy"):
            want(type(crc) is str and re.fullmatch("[0-9a-f]{8}", crc),
                 "crc32c of %s" % result)
        else:
            want(crc is None, "crc32c of %s" % result)
    stats = data["stats"]
    want(list(stats) == COUNTERS + ["seconds"], "stats %s" % list(stats))
    for name in COUNTERS:
        want(is_count(stats.get(name)), "stats.%s" % name)
    want(type(stats["seconds"]) is float and stats["seconds"] >= 0, "seconds")
    if PROBLEMS:
        return
    counters(data["results"], stats, faults)


def counters(results, stats, faults):
    """What must hold whatever the work was."""
    want(stats["pasids"] == 1, "one process, %d PASIDs" % stats["pasids"])
    want(stats["tlb_hits"] + stats["tlb_misses"] <= stats["translations"],
         "more TLB look-ups than translations")
    want(stats["page_requests"] >= stats["page_groups"],
         "groups without requests")
    want(stats["page_groups"] == stats["page_responses"],
         "%d groups of page requests, %d responses" %
         (stats["page_groups"], stats["page_responses"]))
    want(stats["stalls"] == stats["resumes"], "%d stalls, %d resumes" %
         (stats["stalls"], stats["resumes"]))
    want(stats["commands"] >= stats["invalidations"],
         "more invalidations than commands")
    if faults != "pri":
        want(stats["page_requests"] == 0, "page requests without PRI")
    if faults != "stall":
        want(stats["stalls"] == 0, "stalls of a PCIe function")
    if not any(result["bytes"] for result in results):
        return
    want(stats["translations"] > 0, "no translations")
    if not all(result["status"] == "ok" for result in results):
        return
    want(stats["bytes"] == sum(result["bytes"] for result in results),
         "the accelerator counted %d bytes" % stats["bytes"])
    want(stats["invalidations"] > 0, "files unmapped, nothing invalidated")
    if faults == "pri":
        # The mappings are fresh: nothing of them is in any table.
        want(stats["page_requests"] > 0, "cold pages, no page requests")
    if faults == "stall":
        want(stats["stalls"] > 0, "cold pages, no stalls")


def crcs(data, files):
    want(len(data["results"]) == len(files), "%d results for %d files" %
         (len(data["results"]), len(files)))
    for result, name in zip(data["results"], files):
        want(result["path"] == name, "path %s, not %s" %
             (result["path"], name))
        want(result["status"] == "ok", "%s: %s" % (name, result["status"]))
        want(result["bytes"] == os.path.getsize(name), "%s: %d bytes" %
             (name, result["bytes"]))
        right = "%08x" % crc32c.file_crc(name)
        want(result["crc32c"] == right, "%s: %s, not %s" %
             (name, result["crc32c"], right))


def status(data, text, count=None):
    results = data["results"]
    want(len(results) == 1, "%d results" % len(results))
    want(results[0]["status"] == text, "status '%s', not '%s'" %
         (results[0]["status"], text))
    if count is not None:
        want(results[0]["bytes"] == int(count), "%d bytes, not %s" %
             (results[0]["bytes"], count))


def main():
    command, path = sys.argv[1:3]
    data = load(path)
    if command in ("shape", "crcs", "status"):
        shape(data, *sys.argv[3:5])
    if command == "crcs":
        crcs(data, sys.argv[5:])
    elif command == "status":
        status(data, *sys.argv[5:])
    elif command == "get":
        for key in sys.argv[3].split("."):
            data = data[int(key) if key.isdigit() else key]
        print(data)
    elif command != "shape":
        sys.exit(__doc__)
    for problem in PROBLEMS:
        print("run_json: %s" % problem)
    sys.exit(1 if PROBLEMS else 0)


main()
