"""Overlays, shutters, PET facts, cine times and the like, each absent when not sound."""

from __future__ import annotations

import zlib

from rendering.header import Overlay, PetFacts, Shutter
from rendering.parse_elements import Elements

MOST_OVERLAY_BYTES = 64 << 20


def read_overlays(
    elements: Elements, high_bit: int, bits_stored: int, bits_allocated: int, warnings: list[str]
) -> tuple[Overlay, ...]:
    """The Overlay Plane Module, groups 6000 to 601E (PS3.3 C.9.2), embedded ones too."""
    found = []
    for group in range(0x6000, 0x6020, 2):
        base = group << 16
        if (base | 0x0010) not in elements:
            continue
        overlay = _overlay(elements, base, high_bit, bits_stored, bits_allocated)
        if overlay is None:
            warnings.append(f"Overlay {group:04X} is malformed: not shown")
        else:
            found.append(overlay)
    return tuple(found)


def _overlay(elements: Elements, base: int, high_bit: int, bits_stored: int, bits_allocated: int) -> Overlay | None:
    rows, columns = elements.integer(base | 0x0010, "US"), elements.integer(base | 0x0011, "US")
    origin = elements.numbers(base | 0x0050, "SS") or (1, 1)
    frames = elements.integer(base | 0x0015, "IS") or 1
    first = (elements.integer(base | 0x0051, "US") or 1) - 1
    if not rows or not columns or len(origin) != 2 or not 1 <= frames <= 65535 or first < 0:
        return None
    data, embedded = b"", None
    if (base | 0x3000) not in elements:
        embedded = elements.integer(base | 0x0102, "US")
        in_use = embedded is not None and high_bit - bits_stored < embedded <= high_bit
        if embedded is None or in_use or not 0 <= embedded < bits_allocated:
            return None
    else:
        raw = elements.raw(base | 0x3000)
        size = (rows * columns * frames + 7) // 8
        if size > MOST_OVERLAY_BYTES or len(raw) < size:
            return None
        data = zlib.compress(_little_bits(raw[: size + size % 2], elements), 1)
    label, description = elements.text(base | 0x1500), elements.text(base | 0x0022)
    kind = elements.text(base | 0x0040) or "G"
    return Overlay(
        group_of(base), rows, columns, int(origin[0]), int(origin[1]), kind, data, embedded, first, frames, label, description
    )


def group_of(base: int) -> int:
    return base >> 16


def _little_bits(raw: bytes, elements: Elements) -> bytes:
    """OverlayData is OB or OW: in big-endian files its words come swapped."""
    if not elements.is_big_endian or len(raw) % 2:
        return raw
    swapped = bytearray(raw)
    swapped[0::2], swapped[1::2] = raw[1::2], raw[0::2]
    return bytes(swapped)


def read_shutter(elements: Elements) -> Shutter | None:
    """The Display Shutter Module and the Bitmap Display Shutter Module (PS3.3 C.7.6.11, C.7.6.15)."""
    shapes = elements.texts("ShutterShape")
    edges = [
        elements.integer(f"Shutter{side}")
        for side in ("LeftVerticalEdge", "RightVerticalEdge", "UpperHorizontalEdge", "LowerHorizontalEdge")
    ]
    left, right, upper, lower = edges
    rectangle = None
    if "RECTANGULAR" in shapes and left is not None and right is not None and upper is not None and lower is not None:
        rectangle = (left, right, upper, lower)
    centre, radius = elements.numbers("CenterOfCircularShutter"), elements.integer("RadiusOfCircularShutter")
    circle = (int(centre[0]), int(centre[1]), radius) if "CIRCULAR" in shapes and len(centre) == 2 and radius else None
    vertices = tuple(int(v) for v in elements.numbers("VerticesOfThePolygonalShutter"))
    polygon = tuple(zip(vertices[0::2], vertices[1::2], strict=False)) if "POLYGONAL" in shapes and len(vertices) >= 6 else ()
    group = elements.integer("ShutterOverlayGroup", "US") or 0 if "BITMAP" in shapes else 0
    return Shutter(rectangle, circle, polygon, group) if rectangle or circle or polygon or group else None


def read_pet(elements: Elements) -> PetFacts:
    """What SUV depends on; only called for PET."""
    drug = elements.item("RadiopharmaceuticalInformationSequence") or elements
    philips = _is_philips(elements)
    return PetFacts(
        elements.text("Units"),
        elements.text("SUVType"),
        elements.texts("CorrectedImage"),
        elements.text("DecayCorrection"),
        drug.real("RadionuclideHalfLife"),
        drug.real("RadionuclideTotalDose"),
        drug.text("RadiopharmaceuticalStartTime"),
        drug.text("RadiopharmaceuticalStartDateTime"),
        elements.text("SeriesDate"),
        elements.text("SeriesTime"),
        elements.text("AcquisitionDate"),
        elements.text("AcquisitionTime"),
        elements.real("PatientWeight"),
        _private_real(elements, 0x70531000) if philips else None,
        _private_real(elements, 0x70531009) if philips else None,
        elements.real("PatientSize"),
        elements.text("PatientSex"),
        elements.real("FrameReferenceTime"),
        elements.real("ActualFrameDuration"),
        elements.text(0x0009100D) if elements.text(0x00090010) == "GEMS_PETD_01" else "",
    )


def _is_philips(elements: Elements) -> bool:
    return elements.text(0x70530010).startswith("Philips PET Private Group")


def _private_real(elements: Elements, tag: int) -> float | None:
    values = elements.numbers(tag, "DS")
    return float(values[0]) if values and values[0] > 0 else None


def read_padding(elements: Elements, is_signed: bool) -> tuple[int, int] | None:
    """PixelPaddingValue and PixelPaddingRangeLimit in stored values, low before high (C.7.5.1.1.2)."""
    vr = "SS" if is_signed else "US"
    value = elements.integer("PixelPaddingValue", vr)
    if value is None:
        return None
    limit = elements.integer("PixelPaddingRangeLimit", vr)
    ends = sorted(_as_stored(v, is_signed) for v in (value, value if limit is None else limit))
    return ends[0], ends[1]


def _as_stored(value: int, is_signed: bool) -> int:
    """The same 16 bits by the sign of the pixels: writers take US for SS and the other way round."""
    if is_signed and 0x8000 <= value <= 0xFFFF:
        return value - 0x10000
    return value + 0x10000 if not is_signed and -0x8000 <= value < 0 else value


def read_frame_times(elements: Elements, frames: int) -> tuple[float | None, tuple[float, ...]]:
    """(ms between frames, or None; ms before each frame when they differ)."""
    vector = elements.floats("FrameTimeVector")
    return elements.real("FrameTime") or None, vector if len(vector) == frames > 1 else ()


def read_pixel_aspect_ratio(elements: Elements) -> tuple[float, float] | None:
    """(vertical, horizontal) of a pixel (PS3.3 C.7.6.3.1.7)."""
    values = elements.floats("PixelAspectRatio")
    return (values[0], values[1]) if len(values) == 2 and min(values) > 0 else None
