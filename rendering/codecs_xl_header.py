"""What a JPEG XL codestream says of itself, read before any decoder sees it (ISO/IEC 18181-1 Annexes A, D, E)."""

from __future__ import annotations

import struct

from rendering.codecs_headers import Codestream
from workstation.errors import Refused

_CODESTREAM = b"\xff\x0a"
_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
# Width as a share of the height, by the codestream's ratio code.
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_MOST_BOXES = 64


class _Bits:
    """Fields of a JPEG XL header: the lowest bit of a byte comes first."""

    def __init__(self, data: bytes) -> None:
        self._data = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def u(self, bits: int) -> int:
        if bits > self._left:
            raise Refused("The compressed image is cut off")
        value = self._data & ((1 << bits) - 1)
        self._data >>= bits
        self._left -= bits
        return value

    def u32(self, *choices: tuple[int, int]) -> int:
        """One of four (offset, bits) by a selector of two bits."""
        offset, bits = choices[self.u(2)]
        return offset + self.u(bits)


def jpeg_xl_header(data: bytes) -> Codestream:
    """Size, samples and depth. Raises Refused when cut off or malformed, for previews, animations and more channels."""
    bits = _Bits(_codestream(data)[2:258])
    rows, columns = _size(bits)
    found = Codestream(0x0A, rows, columns, 3, 8)
    if bits.u(1):
        return found
    if bits.u(1):
        _check_extra_fields(bits)
    _read_depth(found, bits)
    bits.u(1)
    if bits.u32((0, 0), (1, 0), (2, 4), (1, 12)):
        raise Refused("The compressed image and the dataset disagree", "It has more channels than colours")
    bits.u(1)
    if not bits.u(1):
        bits.u(1)
        space = bits.u32((0, 0), (1, 0), (2, 4), (18, 6))
        found.samples = 1 if space == 1 else 3
    return found


def _codestream(data: bytes) -> bytes:
    """The codestream, out of its container when it has one."""
    if data[:2] == _CODESTREAM:
        return data
    if data[:12] != _CONTAINER:
        raise Refused("The compressed image is malformed", "It does not begin as a JPEG XL")
    at = 12
    for _ in range(_MOST_BOXES):
        if at + 16 > len(data):
            break
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 16 if size == 1 else 8
        size = struct.unpack_from(">Q", data, at + 8)[0] if size == 1 else size or len(data) - at
        if size < head or at + size > len(data):
            break
        if kind in (b"jxlc", b"jxlp"):
            start = at + head + (4 if kind == b"jxlp" else 0)
            return data[start : at + size]
        at += size
    raise Refused("The compressed image is cut off", "Its container holds no codestream")


def _size(bits: _Bits) -> tuple[int, int]:
    """(rows, columns) of a SizeHeader."""
    is_small = bits.u(1)
    rows = _length(bits, is_small)
    ratio = bits.u(3)
    if ratio:
        wide, high = _RATIOS[ratio]
        return rows, rows * wide // high
    return rows, _length(bits, is_small)


def _length(bits: _Bits, is_small: int) -> int:
    return 8 * (1 + bits.u(5)) if is_small else bits.u32((1, 9), (1, 13), (1, 18), (1, 30))


def _check_extra_fields(bits: _Bits) -> None:
    if bits.u(3):
        raise Refused("The compressed image and the dataset disagree", "It turns the image")
    if bits.u(1):
        _size(bits)
    if bits.u(1) or bits.u(1):
        raise Refused("The compressed image and the dataset disagree", "It holds a preview or an animation")


def _read_depth(found: Codestream, bits: _Bits) -> None:
    if bits.u(1):
        raise Refused("The compressed image and the dataset disagree", "Its values are floating point")
    found.precision = bits.u32((8, 0), (10, 0), (12, 0), (1, 6))
