"""Lookup tables of a dataset: modality, VOI, palette (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5-6, C.7.9.2)."""

from __future__ import annotations

import array
import struct
import sys
from collections.abc import Iterator

from rendering.header import LookupTable, Palette
from rendering.parse_elements import Elements

MOST_ENTRIES = 1 << 16


def lookup_table(item: Elements, signed_input: bool, explanation: str = "") -> LookupTable | None:
    """LUTDescriptor and LUTData of a Modality or VOI LUT item; None when they do not agree."""
    found = _descriptor(item, "LUTDescriptor", signed_input)
    if found is None:
        return None
    count, first, bits = found
    data = _words(item, "LUTData", count, bits)
    return LookupTable(first, bits, data, explanation) if data is not None else None


def palette(elements: Elements, is_signed: bool, supplemental: bool) -> Palette | None:
    """The palette colour tables, None when one is missing or wrong."""
    tables = [_palette_table(elements, colour, is_signed) for colour in ("Red", "Green", "Blue")]
    red, green, blue = tables
    if red is None or green is None or blue is None or len({(t.first, t.count) for t in (red, green, blue)}) != 1:
        return None
    return Palette(red, green, blue, supplemental)


def _palette_table(elements: Elements, colour: str, is_signed: bool) -> LookupTable | None:
    found = _descriptor(elements, f"{colour}PaletteColorLookupTableDescriptor", is_signed)
    if found is None:
        return None
    count, first, bits = found
    segmented = f"Segmented{colour}PaletteColorLookupTableData"
    if elements.raw(segmented):
        data = _expanded(elements.raw(segmented), count, bits)
    else:
        data = _words(elements, f"{colour}PaletteColorLookupTableData", count, bits)
    return LookupTable(first, bits, data) if data is not None else None


def _descriptor(elements: Elements, name: str, signed_input: bool) -> tuple[int, int, int] | None:
    """(entries, first stored value mapped, bits per entry); 0 entries mean 65536."""
    values = elements.numbers(name, "US")
    if len(values) != 3:
        return None
    count, first, bits = (int(v) for v in values)
    first = first - 65536 if signed_input and first >= 32768 else first
    count = (count % 65536) or 65536
    return (count, first, bits) if 1 <= bits <= 16 else None


def _words(elements: Elements, name: str, count: int, bits: int) -> bytes | None:
    """`count` entries as little-endian uint16, however they are packed; None when too few."""
    raw = elements.raw(name)
    if bits <= 8 and count <= len(raw) < 2 * count:
        return bytes(b for pair in zip(raw[:count], bytes(count), strict=True) for b in pair)
    if len(raw) < 2 * count:
        return None
    words = array.array("H", raw[: 2 * count])
    if elements.is_big_endian != (sys.byteorder == "big"):
        words.byteswap()
    return _little(words)


def _little(words: array.array[int]) -> bytes:
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()


def _expanded(raw: bytes, count: int, bits: int) -> bytes | None:
    """A segmented palette written out (PS3.3 C.7.9.2); None when it is malformed."""
    size = 1 if bits <= 8 else 2
    code = struct.unpack(f"<{len(raw) // size}{'B' if size == 1 else 'H'}", raw[: len(raw) // size * size])
    out = array.array("H")
    try:
        for opcode, length, at in _segments(code, size):
            if opcode == 0:
                out.extend(code[at : at + length])
            elif not out:
                return None
            else:
                start, end = out[-1], code[at]
                out.extend(round(start + (end - start) * step / length) for step in range(1, length + 1))
            if len(out) > MOST_ENTRIES:
                return None
    except (IndexError, ValueError):
        return None
    return _little(out) if len(out) == count else None


def _segments(code: tuple[int, ...], size: int) -> Iterator[tuple[int, int, int]]:
    """(0 discrete or 1 linear, length, where its values start); indirect segments are followed."""
    at = 0
    starts: list[int] = []
    while at < len(code):
        opcode, length = code[at], code[at + 1]
        starts.append(at)
        if opcode == 2:
            words = code[at + 2 : at + (6 if size == 1 else 4)]
            offset = sum(word << (8 * size * i) for i, word in enumerate(words)) // size
            first = starts.index(offset)
            for start in starts[first : first + length]:
                if code[start] not in (0, 1):
                    raise ValueError("an indirect segment may not point at another")
                yield code[start], code[start + 1], start + 2
            at += 6 if size == 1 else 4
        elif opcode in (0, 1) and length:
            yield opcode, length, at + 2
            at += 2 + (length if opcode == 0 else 1)
        else:
            raise ValueError("unknown palette segment")
