# SPDX-License-Identifier: MIT
"""A DMAR table written by hand from the layout of VT-d, chapter 8:
dmar.py FILE [WRONG]"""
import struct
import sys


def scope(kind, path, bus=0, number=0, flags=0):
    steps = b"".join(struct.pack("BB", d, f) for d, f in path)
    return struct.pack("<BBBBBB", kind, 6 + len(steps), flags, 0, number,
                       bus) + steps


def structure(kind, body, *scopes):
    body += b"".join(scopes)
    return struct.pack("<HH", kind, 4 + len(body)) + body


def unit(base, flags=0, size=0, segment=0, *scopes):
    return structure(0, struct.pack("<BBHQ", flags, size, segment, base),
                     *scopes)


wrong = sys.argv[2] if len(sys.argv) > 2 else ""
parts = [
    unit(0xfed90000, 0, 0, 0, scope(1, [(2, 0)]),
         scope(2, [(0x1c, 4), (0, 0)])),
    unit(0xfed91000, 1, 0, 0, scope(3, [(0x1e, 7)], 0xf0, 2),
         scope(4, [(0x1e, 6)], 0, 0), scope(5, [(0x15, 0)], 0, 1)),
    structure(1, struct.pack("<HHQQ", 0, 0, 0x8b800000, 0x8fffffff),
              scope(1, [(2, 0)])),
    structure(2, struct.pack("<BBH", 0, 0, 0), scope(2, [(1, 0)])),
    structure(3, struct.pack("<IQI", 0, 0xfed91000, 1)),
    structure(4, b"\0\0\0\1" + b"\\_SB.PCI0.I2C0\0"),
    structure(5, struct.pack("<BBH", 1, 0, 0), scope(1, [(1, 0)], 0x6a)),
    structure(6, struct.pack("<HH", 0, 0),
              scope(1, [(2, 0)], 0x6a, 0, 0x21)),
]
if wrong == "unit":
    parts.append(unit(0xfed90000))
if wrong == "unknown":
    parts.append(structure(99, b"12345"))
body = struct.pack("<BB10x", 38, 1) + b"".join(parts)
if wrong == "rest":
    body += b"\0\0"
table = bytearray(struct.pack("<4sIBB6s8sI4sI", b"DMAR", 36 + len(body), 1, 0,
                              b"ACME\x1b ", b"LAPTOP  ", 5, b"HAND", 1) + body)
table[9] = -sum(table) & 255
if wrong == "checksum":
    table[9] ^= 1
if wrong == "short":
    table = table[:-1]
with open(sys.argv[1], "wb") as f:
    f.write(table)
