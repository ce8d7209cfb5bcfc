"""Frames of one received file into slots: what the worker does for each decode job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.codecs import NATIVE, decode_frame, native_frame
from rendering.codecs_fragments import frames_of, joined
from rendering.decode_direct import CHANGED
from rendering.header import ImageHeader
from rendering.parse_file import DEFLATED, FileBytes, read_received
from workstation.errors import Refused


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's bytes as its header counts in them, and its frames' fragments when encapsulated."""

    header: ImageHeader
    buffer: FileBytes
    frames: tuple[tuple[Any, ...], ...] = ()


def open_source(data: FileBytes, header: ImageHeader, sha256: str) -> SourceFile:
    """Checks that these are the bytes the header was made from. Raises Refused."""
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise Refused(*CHANGED)
    buffer = read_received(data).buffer if header.transfer_syntax_uid == DEFLATED else data
    if header.pixel_offset + (0 if header.encapsulated else header.pixel_length) > len(buffer):
        raise Refused("The file is cut off")
    if not header.encapsulated:
        return SourceFile(header, buffer)
    found = frames_of(buffer, header.pixel_offset, header.pixel_length, header.frames, header.extended_offsets)
    return SourceFile(header, buffer, tuple(found))


def decode_into(source: SourceFile, frame: int, slot: NDArray[Any]) -> None:
    """Frame `frame` as RGB or grey containers into `slot`. Raises Refused."""
    header = source.header
    if slot.shape != header.frame_shape or slot.dtype != np.dtype(header.dtype):
        raise Refused("The image is of another kind than the rest of its series")
    if not 0 <= frame < header.frames:
        raise Refused("The frame does not exist")
    if header.transfer_syntax_uid in NATIVE:
        slot[...] = native_frame(source.buffer, header.pixel_offset * 8 + frame * _frame_bits(header), header)
        return
    slot[...] = decode_frame(joined(source.buffer, source.frames[frame]), header)


def _frame_bits(header: ImageHeader) -> int:
    bits = header.rows * header.columns * header.samples * header.bits_allocated
    return bits // 3 * 2 if header.photometric.endswith("_422") else bits
