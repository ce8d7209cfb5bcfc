"""ICC profiles of colour images (PS3.3 C.11.15, ICC.1): those of curves and a matrix, as a way to sRGB. Worker process only.

A profile that is sRGB to less than a level needs nothing. One made of tables, or not of RGB, is not followed and said so.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence

from rendering.header import ColourProfile
from rendering.parse_elements import Elements

NOT_FOLLOWED = "Colours are not those of the image's own colour profile"
SIDE = 256
MOST_TAGS = 1000
# XYZ of the connection space (D50) to linear light of sRGB: IEC 61966-2-1, adapted by Bradford.
TO_SRGB = ((3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540), (0.0719453, -0.2289914, 1.4052427))
# A profile whose light differs by no more than this from sRGB's is sRGB: half a level in 8 bits, where the curve is steepest.
SAME_CURVE, SAME_MATRIX = 0.002, 0.004
_IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
# Numbers of a parametric curve, by its type.
_PARAMETERS = (1, 3, 4, 5, 7)

Curve = Callable[[float], float]


class _Unfollowed(Exception):
    pass


def read_profile(elements: Elements, is_colour: bool, warnings: list[str]) -> ColourProfile | None:
    """None where colours are shown as they are; a warning says where they should not be."""
    data = elements.raw("ICCProfile") if is_colour else b""
    if not data:
        return None
    try:
        found = _read(data)
    except (_Unfollowed, struct.error, IndexError, ValueError, OverflowError, ZeroDivisionError):
        warnings.append(NOT_FOLLOWED)
        return None
    return None if _is_srgb(found) else found


def _read(data: bytes) -> ColourProfile:
    if data[36:40] != b"acsp" or data[16:20] != b"RGB " or data[20:24] != b"XYZ ":
        raise _Unfollowed
    tags = _tags(data)
    if b"A2B0" in tags or any(name not in tags for name in (b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC")):
        raise _Unfollowed
    columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    matrix = tuple(sum(row[i] * column[i] for i in range(3)) for row in TO_SRGB for column in columns)
    words: list[int] = []
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        curve = _curve(tags[name])
        shares = [min(1.0, max(0.0, curve(value / (SIDE - 1)))) for value in range(SIDE)]
        words += [round(share * 65535.0) for share in shares]
    if not all(map(math.isfinite, matrix)):
        raise _Unfollowed
    return ColourProfile(matrix, struct.pack(f"<{len(words)}H", *words))


def _tags(data: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", data, 128)
    if count > MOST_TAGS:
        raise _Unfollowed
    rows = (struct.unpack_from(">4sII", data, 132 + 12 * number) for number in range(count))
    return {name: data[start : start + size] for name, start, size in rows}


def _xyz(tag: bytes) -> tuple[float, float, float]:
    kind, x, y, z = struct.unpack_from(">4s4x3i", tag)
    if kind != b"XYZ ":
        raise _Unfollowed
    return x / 65536.0, y / 65536.0, z / 65536.0


def _curve(tag: bytes) -> Curve:
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return lambda value: value
        entries = struct.unpack_from(f">{count}H", tag, 12)
        return _gamma(entries[0] / 256.0) if count == 1 else _table(entries)
    if tag[:4] != b"para":
        raise _Unfollowed
    (kind,) = struct.unpack_from(">H", tag, 8)
    numbers = [part / 65536.0 for part in struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)]
    return _parametric(kind, numbers)


def _gamma(power: float) -> Curve:
    return lambda value: math.pow(value, power)


def _table(entries: Sequence[int]) -> Curve:
    def at(value: float) -> float:
        place = value * (len(entries) - 1)
        low = min(int(place), len(entries) - 2)
        share = place - low
        return (entries[low] * (1.0 - share) + entries[low + 1] * share) / 65535.0

    return at


def _parametric(kind: int, numbers: Sequence[float]) -> Curve:
    """ICC.1 10.18: Y = (aX + b)^g + e above d, cX + f below; shorter forms leave numbers out."""
    g, a, b, c, d, e, f = numbers[0], 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind in (1, 2):
        a, b = numbers[1:3]
        e = f = numbers[3] if kind == 2 else 0.0
        d = -b / a
    elif kind in (3, 4):
        a, b, c, d = numbers[1:5]
        e, f = numbers[5:7] if kind == 4 else (0.0, 0.0)
    return lambda value: math.pow(max(0.0, a * value + b), g) + e if value >= d else c * value + f


def _is_srgb(found: ColourProfile) -> bool:
    if any(abs(part - own) > SAME_MATRIX for part, own in zip(found.matrix, _IDENTITY, strict=True)):
        return False
    words = struct.unpack(f"<{3 * SIDE}H", found.curves)
    return all(abs(words[i] / 65535.0 - _light(i % SIDE / (SIDE - 1))) <= SAME_CURVE for i in range(3 * SIDE))


def _light(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else math.pow((share + 0.055) / 1.055, 2.4)
