"""The Image Pixel Module (PS3.3 C.7.6.3): checked whole before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from rendering.codecs import CODECS, NATIVE
from rendering.codecs_fragments import fragments, frames_of
from rendering.codecs_video import VideoFacts, check_video
from rendering.parse_elements import Elements
from rendering.parse_file import PixelElement, ReceivedDataset
from rendering.transfer_syntaxes import VIDEO
from workstation.errors import Refused

MOST_FRAME_BYTES = 1 << 30
MOST_FRAMES = 200_000
# H.264 Stereo High: the other eye's view needs a decoder that FFmpeg has not.
_STEREO = ("1.2.840.10008.1.2.4.106",)
_FLOAT_TAGS = {0x7FE00008: 32, 0x7FE00009: 64}
_PHOTOMETRIC = {
    1: ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"),
    3: ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_RCT", "YBR_ICT", "XYB"),
}


@dataclass(frozen=True, slots=True)
class PixelModule:
    """The fields of ImageHeader of the same names."""

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    float_bits: int
    pixel_offset: int
    pixel_length: int
    encapsulated: bool
    extended_offsets: tuple[int, ...]
    extended_lengths: tuple[int, ...]
    warnings: tuple[str, ...]


def read_pixel_module(received: ReceivedDataset) -> PixelModule:
    """Raises Refused when the pixels cannot be what the header says."""
    elements, element = received.elements, received.pixels
    if element is None:
        raise Refused("The image has no pixel data")
    warnings: list[str] = []
    rows, columns = _dimension(elements, "Rows"), _dimension(elements, "Columns")
    samples = elements.integer("SamplesPerPixel")
    photometric = elements.text("PhotometricInterpretation").upper()
    samples = _samples(samples, photometric)
    if received.transfer_syntax in VIDEO:
        warnings.extend(_video_warnings(received.transfer_syntax))
    elif photometric == "YBR_PARTIAL_420":
        raise Refused("The PhotometricInterpretation is one of videos, the transfer syntax is not")
    float_bits = _FLOAT_TAGS.get(element.tag, 0)
    allocated, stored, high = _bits(elements, float_bits)
    if elements.integer("PixelRepresentation") not in (0, 1) and not float_bits:
        warnings.append("PixelRepresentation is missing: taken as unsigned")
    frames = max(1, elements.integer("NumberOfFrames") or 1)
    frame_bits = rows * columns * samples * allocated
    if frame_bits // 8 > MOST_FRAME_BYTES or frames > MOST_FRAMES:
        raise Refused("The image is larger than is allowed", f"{columns} × {rows} × {frames}")
    if received.transfer_syntax in VIDEO:
        facts = VideoFacts(received.transfer_syntax, rows, columns, frames, samples, stored, allocated)
        offset, length, encapsulated = _video_layout(received, element, facts)
    else:
        offset, length, encapsulated = _layout(received, element, frames, frame_bits, (rows, columns), photometric, warnings)
    has_offsets = encapsulated and frames > 1 and received.transfer_syntax not in VIDEO
    return PixelModule(
        rows,
        columns,
        frames,
        samples,
        photometric,
        elements.integer("PlanarConfiguration") or 0,
        allocated,
        stored,
        high,
        elements.integer("PixelRepresentation") == 1,
        float_bits,
        offset,
        length,
        encapsulated,
        _very_long(elements, "ExtendedOffsetTable", has_offsets),
        _very_long(elements, "ExtendedOffsetTableLengths", has_offsets),
        tuple(warnings),
    )


def _dimension(elements: Elements, name: str) -> int:
    values = elements.numbers(name, "US")
    if len(values) != 1 or not 1 <= values[0] <= 65535:
        raise Refused(f"{name} is missing or not possible")
    return int(values[0])


def _samples(samples: int | None, photometric: str) -> int:
    if not photometric:
        raise Refused("PhotometricInterpretation is missing")
    if samples not in _PHOTOMETRIC:
        raise Refused("SamplesPerPixel is missing or not supported")
    if photometric not in _PHOTOMETRIC[samples]:
        known = any(photometric in names for names in _PHOTOMETRIC.values())
        raise Refused(
            "SamplesPerPixel and PhotometricInterpretation disagree"
            if known
            else "The PhotometricInterpretation is not supported"
        )
    return samples


def _bits(elements: Elements, float_bits: int) -> tuple[int, int, int]:
    """(BitsAllocated, BitsStored, HighBit), checked (PS3.5 8.1.1)."""
    allocated = elements.integer("BitsAllocated")
    if float_bits:
        if allocated not in (None, float_bits):
            raise Refused("BitsAllocated does not fit floating point pixels")
        return float_bits, float_bits, float_bits - 1
    if allocated not in (1, 8, 16, 32):
        raise Refused("BitsAllocated is missing or not supported")
    stored = elements.integer("BitsStored") or allocated
    high = elements.integer("HighBit")
    high = stored - 1 if high is None else high
    if not 1 <= stored <= allocated or not stored - 1 <= high < allocated:
        raise Refused("BitsAllocated, BitsStored and HighBit contradict each other")
    return allocated, stored, high


def _layout(
    received: ReceivedDataset,
    element: PixelElement,
    frames: int,
    frame_bits: int,
    shape: tuple[int, int],
    photometric: str,
    warnings: list[str],
) -> tuple[int, int, bool]:
    """(offset, length, encapsulated) of the pixel data, which must all be there."""
    size = len(received.buffer)
    if received.transfer_syntax in NATIVE:
        return _native_layout(element, size, frames, frame_bits, shape, photometric, warnings)
    if received.transfer_syntax not in CODECS:
        raise Refused("The transfer syntax is not supported", received.transfer_syntax)
    extended = _very_long(received.elements, "ExtendedOffsetTable", frames > 1)
    frames_of(received.buffer, element.offset, element.length, frames, extended)
    return element.offset, size - element.offset if element.length is None else element.length, True


def _video_layout(received: ReceivedDataset, element: PixelElement, facts: VideoFacts) -> tuple[int, int, bool]:
    """All fragments are one video, whatever the offset tables say (PS3.5 A.4.5, A.4.9)."""
    check_video(received.buffer, fragments(received.buffer, element.offset, element.length)[1], facts)
    return element.offset, len(received.buffer) - element.offset if element.length is None else element.length, True


def _video_warnings(transfer_syntax: str) -> tuple[str, ...]:
    if transfer_syntax.removesuffix(".1") in _STEREO:
        return ("Stereo video: the view of one eye is shown",)
    return ()


def _native_layout(
    element: PixelElement,
    size: int,
    frames: int,
    frame_bits: int,
    shape: tuple[int, int],
    photometric: str,
    warnings: list[str],
) -> tuple[int, int, bool]:
    if element.length is None:
        raise Refused("The pixel data are encapsulated, the transfer syntax is not")
    if photometric.endswith("_422"):
        # The native layout pairs the pixels of a row (C.7.6.3.1.2).
        if shape[1] % 2:
            raise Refused("Columns is odd, which uncompressed YBR_FULL_422 cannot be")
        frame_bits = frame_bits // 3 * 2
    needed = (frame_bits * frames + 7) // 8
    if element.length < needed:
        raise Refused("The pixel data are too short", f"{element.length} bytes of {needed}")
    if element.offset + needed > size:
        raise Refused("The file is cut off", f"{max(0, size - element.offset)} bytes of pixel data of {needed}")
    surplus = element.length - needed
    # As much as a frame, or as a row or column of each frame, may be one: the picture would be sheared.
    if surplus >= max(2, min(frame_bits // 8, frame_bits * frames // 8 // max(shape))):
        raise Refused("The pixel data are longer than the header says", f"{element.length} bytes for {needed}")
    if surplus > 1:
        warnings.append("The pixel data are longer than the header says")
    return element.offset, element.length, False


def _very_long(elements: Elements, name: str, wanted: bool) -> tuple[int, ...]:
    """An Extended Offset Table (OV), empty when not wanted or absent."""
    if not wanted or name not in elements:
        return ()
    raw = elements.raw(name)
    return tuple(
        int.from_bytes(raw[i : i + 8], "big" if elements.is_big_endian else "little") for i in range(0, len(raw) // 8 * 8, 8)
    )
