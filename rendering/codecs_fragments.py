"""Encapsulated pixel data: items, Basic and Extended Offset Tables (PS3.5 A.4, PS3.3 C.7.6.3.1.8)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from rendering.file_bytes import FileBytes, unpacked
from workstation.errors import Refused

ITEM, SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD

# First bytes of a JPEG, a JPEG 2000 and a JPEG XL codestream.
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\xff\x0a")


@dataclass(frozen=True, slots=True)
class Fragment:
    """`offset` and `length` of an item's value in the buffer."""

    offset: int
    length: int


def fragments(data: FileBytes, offset: int, length: int | None) -> tuple[tuple[int, ...], list[Fragment]]:
    """The Basic Offset Table's entries and the fragments. Raises Refused when cut off or malformed."""
    end = len(data) if length is None else min(len(data), offset + length)
    if length is not None and offset + length > len(data):
        raise Refused("The file is cut off", "The pixel data end beyond it")
    items: list[Fragment] = []
    at = offset
    while at + 8 <= end:
        group, element, size = unpacked("<HHI", data, at)
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            break
        if tag != ITEM:
            raise Refused("The pixel data are malformed", "They are not a sequence of items")
        if at + 8 + size > end:
            raise Refused("The file is cut off", "A fragment of the pixel data ends beyond it")
        items.append(Fragment(at + 8, size))
        at += 8 + size
    else:
        # Without a delimiter an undefined length must end with the file.
        if at != end:
            raise Refused("The file is cut off", "The pixel data have no end")
    if not items:
        raise Refused("The pixel data are empty")
    table = items[0]
    entries = unpacked(f"<{table.length // 4}I", data, table.offset)
    return entries, items[1:]


def frames_of(
    data: FileBytes, offset: int, length: int | None, count: int, extended: Sequence[int] = ()
) -> list[tuple[Fragment, ...]]:
    """The fragments of each of `count` frames. Raises Refused when that cannot be told for sure."""
    table, found = fragments(data, offset, length)
    if len(found) < count:
        raise Refused("Frames are missing", f"{count} are announced and the pixel data hold at most {len(found)}")
    if count == 1:
        if len(found) > 1 and len(_visible_starts(data, found)) > 1:
            raise Refused("The pixel data hold more frames than the header says")
        return [tuple(found)]
    if len(found) == count:
        return [(fragment,) for fragment in found]
    starts = list(extended) or list(table) or _visible_starts(data, found)
    return _partition(found, starts, count)


def _visible_starts(data: FileBytes, found: Sequence[Fragment]) -> list[int]:
    """Offsets, as an offset table has them, of the fragments that begin a codestream."""
    base = found[0].offset - 8
    return [f.offset - 8 - base for f in found if bytes(data[f.offset : f.offset + 4]).startswith(_STARTS)]


def _partition(found: Sequence[Fragment], starts: Sequence[int], count: int) -> list[tuple[Fragment, ...]]:
    base = found[0].offset - 8
    places = {f.offset - 8 - base: index for index, f in enumerate(found)}
    if len(starts) != count or starts[0] != 0 or any(s not in places for s in starts):
        raise Refused("It cannot be told where each frame begins", "The offset table does not fit the fragments")
    edges = [places[s] for s in starts] + [len(found)]
    if edges != sorted(set(edges)):
        raise Refused("It cannot be told where each frame begins", "The offset table is not in order")
    return [tuple(found[a:b]) for a, b in itertools.pairwise(edges)]


def joined(data: FileBytes, frame: Sequence[Fragment]) -> bytes:
    """A frame's codestream."""
    if len(frame) == 1:
        return bytes(data[frame[0].offset : frame[0].offset + frame[0].length])
    return b"".join(bytes(data[f.offset : f.offset + f.length]) for f in frame)
