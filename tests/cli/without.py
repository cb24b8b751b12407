#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a command to which the kernel refuses system calls, as in a container.

without.py CALL[,CALL...] COMMAND [ARGUMENT...]

CALL is userfaultfd or madvise. The call fails with EPERM or EINVAL, which is
what a container's seccomp profile or an older kernel would say. Exits 77 where
that cannot be had.
"""
import ctypes
import os
import platform
import struct
import sys

NUMBERS = {
    "x86_64": {"userfaultfd": 323, "madvise": 28},
    "aarch64": {"userfaultfd": 282, "madvise": 233},
}
ERRORS = {"userfaultfd": 1, "madvise": 22}
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
LOAD_NUMBER = (0x20, 0, 0, 0)           # BPF_LD | BPF_W | BPF_ABS, offset 0
JUMP_EQUAL = 0x15
RETURN = 0x06
ALLOW = 0x7fff0000
ERRNO = 0x00050000


def main():
    numbers = NUMBERS.get(platform.machine())
    if not numbers:
        sys.exit(77)
    program = [LOAD_NUMBER]
    for call in sys.argv[1].split(","):
        program.append((JUMP_EQUAL, 0, 1, numbers[call]))
        program.append((RETURN, 0, 0, ERRNO | ERRORS[call]))
    program.append((RETURN, 0, 0, ALLOW))
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or
            libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0)):
        sys.exit(77)
    os.execvp(sys.argv[2], sys.argv[2:])


main()
