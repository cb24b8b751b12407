#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CRC-32C of files, as 8 hexadecimal digits and the name, one line per file.

crc32c.py FILE...
crc32c.py --self-test

Shares nothing with the accelerator's code: it is what the tests and the demo
compare with. The polynomial division is the textbook's, a byte at a time; a
hole in a sparse file is skipped by squaring the matrix of one zero bit.
"""
import os
import sys

POLY = 0x82F63B78       # 0x1EDC6F41, bits reversed (RFC 3720, appendix B.4)
TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = (_byte >> 1) ^ (POLY if _byte & 1 else 0)
    TABLE.append(_byte)


def update(state, data):
    for byte in data:
        state = (state >> 8) ^ TABLE[(state ^ byte) & 0xFF]
    return state


def times(matrix, vector):
    out = 0
    for bit in range(32):
        if vector >> bit & 1:
            out ^= matrix[bit]
    return out


def zeros(state, count):
    """The state after count zero bytes."""
    matrix = [POLY] + [1 << bit for bit in range(31)]
    count *= 8
    while count:
        if count & 1:
            state = times(matrix, state)
        matrix = [times(matrix, column) for column in matrix]
        count >>= 1
    return state


def file_crc(path):
    state = 0xFFFFFFFF
    with open(path, "rb") as f:
        end = os.fstat(f.fileno()).st_size
        at = 0
        while at < end:
            try:
                data = os.lseek(f.fileno(), at, os.SEEK_DATA)
                hole = os.lseek(f.fileno(), data, os.SEEK_HOLE)
            except OSError:
                data = hole = end
            state = zeros(state, data - at)
            at = data
            while at < min(hole, end):
                chunk = os.pread(f.fileno(), min(1 << 16, hole - at), at)
                if not chunk:
                    sys.exit("%s: shrank while it was read" % path)
                state = update(state, chunk)
                at += len(chunk)
    return state ^ 0xFFFFFFFF


def self_test():
    # RFC 3720, appendix B.4, and the check value of the catalogues.
    for data, want in ((b"", 0), (b"123456789", 0xE3069283),
                       (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43),
                       (bytes(range(32)), 0x46DD794E)):
        got = update(0xFFFFFFFF, data) ^ 0xFFFFFFFF
        assert got == want, (data, got)
    for count in (0, 1, 7, 4096, 100000):
        assert zeros(0x12345678, count) == update(0x12345678, bytes(count))


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    elif len(sys.argv) < 2:
        sys.exit(__doc__)
    else:
        for name in sys.argv[1:]:
            print("%08x  %s" % (file_crc(name), name))


if __name__ == "__main__":
    main()
