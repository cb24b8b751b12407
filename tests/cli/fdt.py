# SPDX-License-Identifier: MIT
"""A flattened device tree with an SMMU, written by hand from the layout of the
Devicetree Specification 0.4, chapter 5: fdt.py FILE [WRONG]"""
import struct
import sys

BEGIN, END_NODE, PROP, END = 1, 2, 3, 9
strings = b""


def cells(*values):
    return b"".join(struct.pack(">I", v) for v in values)


def prop(name, value=b""):
    global strings
    name = name.encode() + b"\0"
    if name not in strings:
        strings += name
    return cells(PROP, len(value), strings.index(name)) + pad(value)


def pad(data):
    return data + b"\0" * (-len(data) % 4)


def node(name, *parts):
    return (cells(BEGIN) + pad(name.encode() + b"\0") + b"".join(parts) +
            cells(END_NODE))


wrong = sys.argv[2] if len(sys.argv) > 2 else ""
tree = node(
    "",
    prop("#address-cells", cells(2)), prop("#size-cells", cells(1)),
    prop("interrupt-parent", cells(1)),
    node("gic", prop("phandle", cells(1)), prop("#interrupt-cells", cells(3))),
    node("iommu@2b400000",
         prop("compatible", b"arm,smmu-v3\0"),
         prop("reg", cells(0, 0x2b400000, 0x20000)),
         prop("interrupts", cells(0, 74, 1, 0, 79, 1)),
         prop("interrupt-names", b"eventq\0gerror\0"),
         prop("#iommu-cells", cells(1)), prop("dma-coherent"),
         prop("phandle", cells(2))),
    node("accel@\x1b[31m", prop("iommus", cells(
        3 if wrong == "reference" else 2, 0x321)),
         prop("pasid-num-bits", cells(16)), prop("dma-can-stall")),
    node("pcie", prop("iommu-map", cells(0, 2, 0x8000, 0x10000)),
         prop("ats-supported")))
body = tree + cells(END)
reserved = b"\0" * 16
start = 40
data = struct.pack(
    ">10I", 0xd00dfeed, start + 16 + len(body) + len(strings), start + 16,
    start + 16 + len(body), start, 17, 16, 0, len(strings), len(body))
data += reserved + body + strings
if wrong == "short":
    data = data[:-9]
with open(sys.argv[1], "wb") as f:
    f.write(data)
