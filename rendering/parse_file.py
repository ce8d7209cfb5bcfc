"""Bytes of a file to a dataset and the place of its pixel data (PS3.10, PS3.5 7, A.4, A.5).

Runs in the worker process only. Bombs are stopped before pydicom sees them.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from pydicom.filereader import read_dataset
from pydicom.uid import UID

from rendering.file_bytes import FileBytes, SealedBytes, stream_of, unpacked
from rendering.parse_elements import Elements, is_uid
from workstation.errors import Refused

DEFLATED = "1.2.840.10008.1.2.1.99"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"

PIXEL_TAGS = (0x7FE00010, 0x7FE00008, 0x7FE00009)
UNDEFINED = 0xFFFFFFFF
_LONG_VRS = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")

# Deflate reaches 1030:1. Sparse segmentations come near that, so the ratio only counts once
# the output is larger than anything a worker should hold for so small a file.
MOST_INFLATED = 1 << 30
FREE_INFLATED = 128 << 20
MOST_RATIO = 200


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the value of the pixel data element lies; `length` is None when undefined."""

    tag: int
    offset: int
    length: int | None


@dataclass(frozen=True, slots=True)
class ReceivedDataset:
    """A dataset up to its pixel data. `buffer` is what `pixels.offset` counts in."""

    elements: Elements
    transfer_syntax: str
    buffer: FileBytes
    pixels: PixelElement | None


def read_received(data: FileBytes) -> ReceivedDataset:
    """Raises Refused for what is not DICOM or cannot be read."""
    try:
        return _read(data)
    except Refused:
        raise
    except RecursionError as error:
        raise Refused("The file nests its sequences too deeply") from error
    except MemoryError as error:
        raise Refused("Reading the file takes more memory than is allowed") from error
    except Exception as error:  # pydicom raises almost anything on damaged input
        raise Refused("The file is damaged: its elements cannot be read", type(error).__name__) from error


def _read(data: FileBytes) -> ReceivedDataset:
    if len(data) < 16:
        raise Refused("Not a DICOM file", "It is empty" if not data else "It is too short")
    if data[128:132] == b"DICM":
        return _read_part_10(data)
    return _read_bare(data)


def _read_part_10(data: FileBytes) -> ReceivedDataset:
    return _read_after_meta(data, 132)


def _read_after_meta(data: FileBytes, meta_start: int) -> ReceivedDataset:
    stream = stream_of(data)
    stream.seek(meta_start)
    meta = Elements(read_dataset(stream, False, True, stop_when=_past_meta))
    start = stream.tell()
    syntax = meta.uid("TransferSyntaxUID") or _guess_syntax(data, start)
    return _read_dataset(inflated(data, start), 0, syntax) if syntax == DEFLATED else _read_dataset(data, start, syntax)


def _read_bare(data: FileBytes) -> ReceivedDataset:
    """A dataset without preamble: its first element must be one of group 0002 or 0008."""
    group_little, group_big = unpacked("<H", data, 0)[0], unpacked(">H", data, 0)[0]
    if group_little == 0x0002:
        return _read_after_meta(data, 0)
    if group_little != 0x0008 and group_big != 0x0008:
        raise Refused("Not a DICOM file")
    received = _read_dataset(data, 0, _guess_syntax(data, 0))
    if "SOPClassUID" not in received.elements:
        raise Refused("Not a DICOM file")
    return received


def _guess_syntax(data: FileBytes, start: int) -> str:
    """The native syntax of a dataset that does not say: a VR in its first element is explicit."""
    first = bytes(data[start : start + 6])
    explicit = first[4:6].isalpha() and first[4:6].isupper()
    if first[:1] == b"\0" and first[1:2] != b"\0":
        return EXPLICIT_BIG
    return EXPLICIT_LITTLE if explicit else IMPLICIT_LITTLE


def _read_dataset(buffer: FileBytes, start: int, syntax: str) -> ReceivedDataset:
    # The text goes into reasons: only what can be nothing but a UID may.
    if not (is_uid(syntax) and syntax.startswith(("1.", "2."))):
        raise Refused("The transfer syntax is not a UID")
    uid = UID(syntax)
    implicit = syntax == IMPLICIT_LITTLE
    big = syntax == EXPLICIT_BIG
    if uid.is_private:
        raise Refused("The transfer syntax is a private one of the sender", syntax)
    stream = stream_of(buffer)
    stream.seek(start)
    # Some writers put an implicit dataset under an explicit label, and the other way round.
    if not big and implicit == (_guess_syntax(buffer, start) == EXPLICIT_LITTLE):
        implicit = not implicit
    dataset = read_dataset(stream, implicit, not big, stop_when=_at_pixels)
    return ReceivedDataset(
        Elements(dataset, big_endian=big), syntax, buffer, _pixel_element(buffer, stream.tell(), implicit, ">" if big else "<")
    )


def _past_meta(tag: int, vr: str | None, length: int) -> bool:
    return tag >> 16 != 2


def _at_pixels(tag: int, vr: str | None, length: int) -> bool:
    # A plain int: the comparisons of pydicom's tag class are slow, and this is asked of every element.
    return tag.real in PIXEL_TAGS


def _pixel_element(buffer: FileBytes, at: int, implicit: bool, order: str) -> PixelElement | None:
    if len(buffer) - at < 8:
        return None
    group, element = unpacked(f"{order}HH", buffer, at)
    tag = group << 16 | element
    if tag not in PIXEL_TAGS:
        return None
    if implicit:
        length, value = unpacked(f"{order}I", buffer, at + 4)[0], at + 8
    elif bytes(buffer[at + 4 : at + 6]) in _LONG_VRS:
        if len(buffer) - at < 12:
            raise Refused("The file is cut off")
        length, value = unpacked(f"{order}I", buffer, at + 8)[0], at + 12
    else:
        length, value = unpacked(f"{order}H", buffer, at + 6)[0], at + 8
    return PixelElement(tag, value, None if length == UNDEFINED else length)


def inflated(data: FileBytes, start: int) -> bytearray:
    """The inflated dataset of the Deflated Explicit VR syntax (PS3.5 A.5), its size capped."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    out = bytearray()
    packed = data[start:] if isinstance(data, SealedBytes) else memoryview(data)[start:]
    cap = min(MOST_INFLATED, max(FREE_INFLATED, len(packed) * MOST_RATIO))
    step = 1 << 20
    pending: Any = packed[:step]
    position = len(pending)
    while pending and not engine.eof:
        try:
            out += engine.decompress(pending, cap - len(out) + 1)
        except zlib.error as error:
            raise Refused("The deflated dataset is damaged") from error
        if len(out) > cap:
            raise Refused(
                "The deflated dataset unpacks to more than is allowed", f"{cap >> 20} MB from {len(packed) / 1e6:.1f} MB"
            )
        pending = engine.unconsumed_tail or packed[position : position + step]
        position += 0 if engine.unconsumed_tail else len(pending)
    if not engine.eof:
        raise Refused("The deflated dataset is cut off")
    return out
