"""What a codestream says of itself, read before any decoder sees it.

JPEG: ITU-T T.81 B.2; JPEG-LS: T.87 C.2; JPEG 2000: T.800 A.4-A.5; HTJ2K: T.814.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from workstation.errors import Refused

MOST_SCANS = 1000

_LOSSLESS_SOF = (0xC3, 0xC7, 0xCB, 0xCF)
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_LS_SOF = 0xF7
# T.81 H.1.2.2: differences of 16 bits, and 2 to the 16th.
_MOST_DIFFERENCE_BITS = 16
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))


@dataclass(slots=True)
class Codestream:
    """`kind` is the SOF marker's low byte for JPEG and JPEG-LS, 0x51 for JPEG 2000, 0x0A for JPEG XL.

    `tables` are the numbers of the Huffman tables for differences (DC) that came so far.
    """

    kind: int = 0
    rows: int = 0
    columns: int = 0
    samples: int = 0
    precision: int = 0
    is_signed: bool = False
    is_subsampled: bool = False
    component_ids: bytes = b""
    adobe_transform: int | None = None
    has_jfif: bool = False
    restart_interval: int = 0
    point_transform: int = 0
    nearness: int = 0
    is_colour_transformed: bool = False
    is_reversible: bool = False
    scans: int = 0
    tables: set[int] = field(default_factory=set)

    @property
    def is_lossless_jpeg(self) -> bool:
        return self.kind in _LOSSLESS_SOF


def jpeg_header(data: bytes) -> Codestream:
    """A JPEG or JPEG-LS codestream's frame header. Raises Refused when cut off or malformed."""
    if data[:2] != b"\xff\xd8":
        raise Refused("The compressed image is malformed", "It does not begin as a JPEG")
    found = Codestream()
    at = 2
    try:
        while True:
            at, marker = _next_marker(data, at)
            if marker == 0xD9:
                break
            if marker in _STANDALONE:
                continue
            size = struct.unpack_from(">H", data, at)[0]
            _read_segment(found, marker, data[at + 2 : at + size])
            at += size
            if marker == 0xDA:
                found.scans += 1
                if found.kind != 0xC2 or found.scans > MOST_SCANS:
                    break
    except struct.error as error:
        raise Refused("The compressed image is cut off") from error
    if not found.kind:
        raise Refused("The compressed image is malformed", "It has no frame header")
    if found.scans > MOST_SCANS:
        raise Refused("The compressed image has more scans than any image needs")
    # A decoder paints the rest of a cut-off image grey without a word; only the end marker tells.
    if data.rstrip(b"\0")[-2:] != b"\xff\xd9" and b"\xff\xd9" not in data[-64:]:
        raise Refused("The compressed image is cut off", "Its end marker is missing")
    return found


def _next_marker(data: bytes, at: int) -> tuple[int, int]:
    """The position behind the next marker and its code; entropy-coded bytes are passed over."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise struct.error("no marker")
        code = data[at + 1]
        if code not in (0x00, 0xFF):
            return at + 2, code
        at += 1


def _read_segment(found: Codestream, marker: int, body: bytes) -> None:
    if marker in _SOF or marker == _JPEG_LS_SOF:
        found.kind = marker
        found.precision, found.rows, found.columns, found.samples = struct.unpack_from(">BHHB", body)
        if len(body) != 6 + 3 * found.samples:
            raise _malformed("Its frame header is of another length than its components")
        factors = body[7 : 6 + 3 * found.samples : 3]
        found.is_subsampled = len(set(factors)) > 1
        found.component_ids = body[6 : 6 + 3 * found.samples : 3]
    elif marker == 0xE0 and body[:5] == b"JFIF\0":
        found.has_jfif = True
    elif marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12:
        found.adobe_transform = body[11]
    elif marker == 0xDD:
        found.restart_interval = struct.unpack_from(">H", body)[0]
    elif marker == 0xC4:
        _read_huffman_tables(found, body)
    elif marker == 0xDA and body:
        _check_scan(found, body)
        found.point_transform = body[-1] & 0x0F
        # T.87 C.2.3: NEAR is the third byte from the end, after the components and their tables.
        found.nearness = body[-3] if found.kind == _JPEG_LS_SOF and len(body) > 3 else 0


def _read_huffman_tables(found: Codestream, body: bytes) -> None:
    """DHT (T.81 B.2.4.2): decoders follow it blindly."""
    at = 0
    while at < len(body):
        counts = body[at + 1 : at + 17]
        symbols = body[at + 17 : at + 17 + sum(counts)]
        if len(counts) < 16 or len(symbols) < sum(counts) or not symbols or not _is_prefix_code(counts):
            raise _malformed("It has a Huffman table that cannot be")
        if body[at] < 0x10:
            found.tables.add(body[at])
            if max(symbols) > _MOST_DIFFERENCE_BITS:
                raise _malformed("It has a Huffman table that cannot be")
        at += 17 + len(symbols)


def _is_prefix_code(counts: bytes) -> bool:
    """Whether there can be so many codes of each length from 1 to 16 bits, none the beginning of another."""
    free = 1
    for count in counts:
        free = 2 * free - count
        if free < 0:
            return False
    return True


def _check_scan(found: Codestream, body: bytes) -> None:
    """SOS (T.81 B.2.3) of a lossless JPEG: each component by a table that is there."""
    if not found.is_lossless_jpeg:
        return
    selectors = body[2 : 1 + 2 * body[0] : 2]
    if len(body) != 4 + 2 * body[0] or not selectors or not {s >> 4 for s in selectors} <= found.tables:
        raise _malformed("A scan has no Huffman table")


def _malformed(detail: str) -> Refused:
    return Refused("The compressed image is malformed", detail)


def jpeg_2000_header(data: bytes) -> Codestream:
    """SIZ and COD of a JPEG 2000 codestream, and that all its tile-parts are there."""
    if data[:4] != b"\xff\x4f\xff\x51":
        raise Refused("The compressed image is malformed", "It does not begin as a JPEG 2000 codestream")
    try:
        return _read_jpeg_2000(data)
    except (struct.error, IndexError) as error:
        raise Refused("The compressed image is cut off") from error


def _read_jpeg_2000(data: bytes) -> Codestream:
    right, bottom, left, top = struct.unpack_from(">4I", data, 8)
    tile_width, tile_height, tile_left, tile_top = struct.unpack_from(">4I", data, 24)
    samples = struct.unpack_from(">H", data, 40)[0]
    components = [data[42 + 3 * i : 45 + 3 * i] for i in range(samples)]
    depths = {c[0] for c in components}
    if len(depths) != 1 or not tile_width or not tile_height or right <= left or bottom <= top:
        raise Refused("The compressed image is malformed", "Its components differ in depth, or it has no size")
    depth = depths.pop()
    found = Codestream(0x51, bottom - top, right - left, samples, (depth & 0x7F) + 1, bool(depth & 0x80))
    found.is_subsampled = any(c[1:] != b"\x01\x01" for c in components)
    tiles = -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height)
    at = 4 + struct.unpack_from(">H", data, 4)[0]
    while (marker := struct.unpack_from(">H", data, at)[0]) != 0xFF90:
        if marker == 0xFF52:
            found.is_colour_transformed = data[at + 8] == 1
            found.is_reversible = data[at + 13] == 1
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    _check_tile_parts(data, at, tiles)
    return found


def _check_tile_parts(data: bytes, at: int, tiles: int) -> None:
    """Every tile has a part and no part reaches beyond the data (T.800 A.4.2)."""
    seen: set[int] = set()
    while at + 12 <= len(data) and data[at : at + 2] == b"\xff\x90":
        tile, size = struct.unpack_from(">HI", data, at + 4)
        seen.add(tile)
        if size == 0:
            if b"\xff\xd9" not in data[-64:]:
                raise Refused("The compressed image is cut off", "Its end marker is missing")
            break
        if size < 14 or at + size > len(data):
            raise Refused("The compressed image is cut off", "A tile ends beyond it")
        at += size
    if len(seen) < tiles:
        raise Refused("The compressed image is cut off", "Tiles are missing")
