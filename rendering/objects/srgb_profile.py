"""The ICC profile that colour presentation states of ours name: sRGB, as an input profile (PS3.3 C.11.15, ICC.1:2001-04).

Made here from the numbers of IEC 61966-2-1: no profile of somebody else's is carried along.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache

from rendering.objects.colour import LINEAR_TO_XYZ, linear

ENTRIES = 1024
D50 = (0.9642, 1.0, 0.8249)


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """A three component matrix profile of the device class `scnr`, that the standard asks for."""
    curve = struct.pack(">4s4xI", b"curv", ENTRIES)
    curve += struct.pack(f">{ENTRIES}H", *(round(65535 * linear(255 * i / (ENTRIES - 1))) for i in range(ENTRIES)))
    columns = [[row[i] for row in LINEAR_TO_XYZ] for i in range(3)]
    parts = {
        b"desc": _description("sRGB IEC61966-2.1"),
        b"cprt": b"text\0\0\0\0" + b"No copyright, use freely\0",
        b"wtpt": _xyz(D50),
        b"rXYZ": _xyz(columns[0]),
        b"gXYZ": _xyz(columns[1]),
        b"bXYZ": _xyz(columns[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _assembled(parts)


def _assembled(parts: dict[bytes, bytes]) -> bytes:
    """Header, tag table, and each part once, on 4-byte borders."""
    at = 128 + 4 + 12 * len(parts)
    places: dict[bytes, int] = {}
    table, body = struct.pack(">I", len(parts)), b""
    for name, data in parts.items():
        if data not in places:
            places[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", name, places[data], len(data))
    size = at + len(body)
    header = struct.pack(">I4xI4s4s4s", size, 0x02400000, b"scnr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _numbers(D50)
    return header.ljust(128, b"\0") + table + body


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _numbers(values)


def _numbers(values: Sequence[float]) -> bytes:
    """s15Fixed16Number."""
    return struct.pack(">3i", *(round(value * 65536) for value in values))


def _description(text: str) -> bytes:
    """textDescriptionType: ASCII, then an empty Unicode and an empty Macintosh text."""
    ascii_text = text.encode("ascii") + b"\0"
    return struct.pack(">4s4xI", b"desc", len(ascii_text)) + ascii_text + bytes(4 + 4 + 2 + 1 + 67)
