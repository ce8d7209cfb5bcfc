"""A disk that answers EIO to fsync: a filter of the kernel (seccomp) on this process's own system calls.

No root, no compiler. It cannot be taken back, so it belongs into a process of a test's own.
"""

from __future__ import annotations

import ctypes
import errno
import platform

_NO_NEW_PRIVILEGES = 38
_SECCOMP = 22
_FILTER = 2
_LOAD_NUMBER = 0x20
_JUMP_IF_EQUAL = 0x15
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000

# fsync, fdatasync (Linux's system call tables)
_CALLS = {"x86_64": (74, 75), "aarch64": (82, 83)}


class _Instruction(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    ]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction))]


def fail_every_sync() -> None:
    """From here on each fsync and fdatasync of this process fails with EIO."""
    steps = [(_LOAD_NUMBER, 0, 0, 0)]
    for number in _CALLS[platform.machine()]:
        steps += [(_JUMP_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.EIO)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    instructions = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp is not permitted here")
