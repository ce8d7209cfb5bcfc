"""What the File Meta Information (PS3.10 7.1) at the start of a file says of it, and not a byte further.

The rest of a file is decoded in the decode worker only.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEAD = 4096
"""Bytes of a file's start that hold the elements we look for, with room."""
_PREAMBLE = 128
_LONG_LENGTH = (b"OB", b"OW", b"UN", b"UT", b"SQ")


@dataclass(frozen=True, slots=True)
class FileMeta:
    """UIDs as the file says; "" where it does not."""

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    transfer_syntax_uid: str = ""


def file_meta(head: bytes) -> FileMeta | None:
    """Of a file's first bytes; None when they are not a Part 10 file's."""
    if head[_PREAMBLE : _PREAMBLE + 4] != b"DICM":
        return None
    found: dict[int, str] = {}
    at = _PREAMBLE + 4
    while at + 8 <= len(head):
        group, element, vr, length = struct.unpack_from("<HH2sH", head, at)
        at += 8
        if vr in _LONG_LENGTH:
            if at + 4 > len(head):
                break
            (length,) = struct.unpack_from("<I", head, at)
            at += 4
        if group != 2 or at + length > len(head):
            break
        if vr == b"UI":
            found[element] = head[at : at + length].decode("ascii", "replace").rstrip("\0 ")
        at += length
    return FileMeta(found.get(0x0002, ""), found.get(0x0003, ""), found.get(0x0010, ""))
