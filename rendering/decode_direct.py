"""The short way of an uncompressed single-frame file: from the disk straight into its slot.

Most of what a radiologist opens is this. The bytes are read once, into the shared memory
itself, and the checksum is taken of those very bytes, so that nothing that was not checked
can be in the slot when it is said to be filled. Everything unusual goes the long way
(`rendering.decode`), which also finds the words for what is wrong.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.codecs import BIG_ENDIAN, NATIVE
from rendering.file_bytes import MAPPED_FROM
from rendering.header import ImageHeader
from rendering.parse_file import DEFLATED
from workstation.at_rest.sealed import SealedFile
from workstation.errors import Refused

CHUNK = 1 << 20
CHANGED = ("The file has changed since it was read", "Its checksum differs", "Import it again from its source")


def is_direct(header: ImageHeader) -> bool:
    """Whether the pixel data of such a file are its one frame, byte for byte as they lie in a slot."""
    syntax = header.transfer_syntax_uid
    return (
        sys.byteorder == "little"
        and syntax in NATIVE
        and syntax not in (BIG_ENDIAN, DEFLATED)
        and not header.encapsulated
        and header.frames == 1
        and header.samples == 1
        and header.bits_allocated in (8, 16, 32, 64)
        and np.dtype(header.dtype).itemsize * 8 == header.bits_allocated
        and not header.photometric.endswith("_422")
    )


def read_frame(path: Path, most: int, header: ImageHeader, sha256: str, slot: NDArray[Any], key: bytes = b"") -> bool:
    """Fills `slot` from a file that `is_direct`; False when it needs the long way. `key` opens a sealed file.

    Raises Refused for bytes that are not those of `sha256`; the slot is then black.
    """
    if slot.shape != header.frame_shape or slot.dtype != np.dtype(header.dtype) or header.pixel_length < slot.nbytes:
        return False
    if key:
        return _read_sealed(path, most, header, sha256, slot, key)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        size = found.st_size
        if not stat.S_ISREG(found.st_mode) or size > min(most, MAPPED_FROM) or size < header.pixel_offset + header.pixel_length:
            return False
        if _filled(descriptor, header.pixel_offset, sha256, slot):
            return True
    except OSError:
        slot.fill(0)
        return False
    finally:
        os.close(descriptor)
    slot.fill(0)
    raise Refused(*CHANGED)


def _read_sealed(path: Path, most: int, header: ImageHeader, sha256: str, slot: NDArray[Any], key: bytes) -> bool:
    """Blocks are opened straight into the slot; its edges lie in blocks that others share."""
    is_filled = False
    try:
        file = SealedFile(path, key)
        try:
            if not header.pixel_offset + header.pixel_length <= file.size <= min(most, MAPPED_FROM):
                return False
            pixels = slot.data.cast("B")
            digest = hashlib.sha256(file.read(0, header.pixel_offset))
            file.read_into(header.pixel_offset, pixels)
            digest.update(pixels)
            digest.update(file.read(header.pixel_offset + len(pixels), file.size))
            is_filled = not sha256 or digest.hexdigest() == sha256
        finally:
            file.close()
    except OSError:
        return False
    finally:
        if not is_filled:
            slot.fill(0)
    if not is_filled:
        raise Refused(*CHANGED)
    return True


def _filled(descriptor: int, offset: int, sha256: str, slot: NDArray[Any]) -> bool:
    """Reads the whole file; whether its checksum is right."""
    digest = hashlib.sha256()
    while offset:
        head = os.read(descriptor, min(offset, CHUNK))
        if not head:
            return False
        digest.update(head)
        offset -= len(head)
    pixels = slot.data.cast("B")
    done = 0
    while done < len(pixels):
        read = os.readv(descriptor, [pixels[done:]])
        if not read:
            return False
        done += read
    if not sha256:
        return True
    digest.update(pixels)
    while tail := os.read(descriptor, CHUNK):
        digest.update(tail)
    return digest.hexdigest() == sha256
