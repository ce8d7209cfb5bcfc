"""Frames of one received file into slots: what the worker does for each decode job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.codecs import NATIVE, decode_frame, native_frame
from rendering.codecs_fragments import fragments, frames_of, joined
from rendering.codecs_video import Video, VideoFacts
from rendering.decode_direct import CHANGED
from rendering.file_bytes import FileBytes, SealedBytes, sha256_of
from rendering.header import ImageHeader
from rendering.parse_file import DEFLATED, read_received
from rendering.transfer_syntaxes import VIDEO
from workstation.errors import Refused


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's bytes as its header counts in them, and its frames' fragments when encapsulated, or its video."""

    header: ImageHeader
    buffer: FileBytes
    frames: tuple[tuple[Any, ...], ...] = ()
    video: Video | None = None


def open_source(data: FileBytes, header: ImageHeader, sha256: str) -> SourceFile:
    """Checks that these are the bytes the header was made from. Raises Refused."""
    if sha256 and sha256_of(data) != sha256:
        raise Refused(*CHANGED)
    buffer = read_received(data).buffer if header.transfer_syntax_uid == DEFLATED else data
    if header.pixel_offset + (0 if header.encapsulated else header.pixel_length) > len(buffer):
        raise Refused("The file is cut off")
    if not header.encapsulated:
        return SourceFile(header, buffer)
    if header.transfer_syntax_uid in VIDEO:
        pieces = fragments(buffer, header.pixel_offset, header.pixel_length)[1]
        return SourceFile(header, buffer, video=Video(buffer, pieces, _video_facts(header)))
    found = frames_of(buffer, header.pixel_offset, header.pixel_length, header.frames, header.extended_offsets)
    return SourceFile(header, buffer, tuple(found))


def _video_facts(header: ImageHeader) -> VideoFacts:
    size = (header.rows, header.columns, header.frames, header.samples)
    return VideoFacts(header.transfer_syntax_uid, *size, header.bits_stored, header.bits_allocated)


def decode_into(source: SourceFile, frame: int, slot: NDArray[Any], passed: Callable[[], None] = lambda: None) -> None:
    """Frame `frame` as RGB or grey containers into `slot`. Raises Refused.

    `passed` is called now and then while a video is followed to the frame: it is slow, not stuck.
    """
    header = source.header
    if slot.shape != header.frame_shape or slot.dtype != np.dtype(header.dtype):
        raise Refused("The image is of another kind than the rest of its series")
    if not 0 <= frame < header.frames:
        raise Refused("The frame does not exist")
    if source.video is not None:
        slot[...] = source.video.frame(frame, passed)
        return
    if header.transfer_syntax_uid in NATIVE:
        slot[...] = _native(source.buffer, header.pixel_offset * 8 + frame * _frame_bits(header), header)
        return
    slot[...] = decode_frame(joined(source.buffer, source.frames[frame]), header)


def _native(data: FileBytes, bit_offset: int, header: ImageHeader) -> NDArray[Any]:
    if not isinstance(data, SealedBytes):
        return native_frame(data, bit_offset, header)
    end = (bit_offset + _frame_bits(header) + 7) // 8
    return native_frame(data[bit_offset // 8 : end], bit_offset % 8, header)


def _frame_bits(header: ImageHeader) -> int:
    bits = header.rows * header.columns * header.samples * header.bits_allocated
    return bits // 3 * 2 if header.photometric.endswith("_422") else bits
