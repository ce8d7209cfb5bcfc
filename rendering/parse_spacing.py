"""Where millimetres come from, and planes in space (PS3.3 10.7, C.7.6.2, C.8.7.10, C.8.14.1)."""

from __future__ import annotations

from dataclasses import dataclass

from rendering.header import UltrasoundRegion
from rendering.parse_elements import Elements
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import FramePlane, Vec3, cross, dot, length, scale

PROJECTION_MODALITIES = ("CR", "DX", "MG", "XA", "RF", "RG", "IO", "PX", "BMD", "XC", "GM", "ES")

# Outside of these a pixel is smaller than a detector can make or larger than a patient.
SPACING_LIMITS = (1e-4, 200.0)
# ImageOrientationPatient is written with few digits; off by more, it is no orientation.
DIRECTION_TOLERANCE = 1e-2

# PhysicalUnitsXDirection (PS3.3 C.8.5.5.1.15); 3 is cm.
REGION_UNITS = {
    1: "%", 2: "dB", 3: "mm", 4: "s", 5: "Hz", 6: "dB/s", 7: "cm/s", 8: "cm²", 9: "cm²/s", 10: "cm³", 11: "cm³/s", 12: "°",
}  # fmt: skip

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spacing:
    """(row, column) mm, None when not known; `warnings` say what was found and not believed."""

    mm: Pair | None = None
    source: SpacingSource = SpacingSource.NONE
    warnings: tuple[str, ...] = ()


def read_pair(elements: Elements, name: str, warnings: list[str]) -> Pair | None:
    """A row\\column spacing, None with a warning when there but not possible."""
    if name not in elements or elements.is_empty(name):
        return None
    values = elements.floats(name)
    if len(values) == 2 and all(SPACING_LIMITS[0] <= v <= SPACING_LIMITS[1] for v in values):
        return values[0], values[1]
    warnings.append(f"{name} is zero, negative or not possible: not used")
    return None


def read_spacing(elements: Elements, modality: str, regions: tuple[UltrasoundRegion, ...] = ()) -> Spacing:
    """The spacing of a whole image without functional groups, and what it is worth."""
    warnings: list[str] = []
    if regions:
        region = _region_spacing(regions)
        return Spacing(region, SpacingSource.US_REGION if region else SpacingSource.NONE)
    spacing = read_pair(elements, "PixelSpacing", warnings)
    imager = read_pair(elements, "ImagerPixelSpacing", warnings)
    if modality in PROJECTION_MODALITIES or imager is not None:
        mm, source = _projected(elements, spacing, imager, warnings)
    else:
        mm, source = spacing, SpacingSource.PIXEL_SPACING if spacing else SpacingSource.NONE
    if mm is None:
        mm = read_pair(elements, "NominalScannedPixelSpacing", warnings)
        source = SpacingSource.NOMINAL if mm else SpacingSource.NONE
    return Spacing(mm, source, tuple(warnings))


def _projected(
    elements: Elements, spacing: Pair | None, imager: Pair | None, warnings: list[str]
) -> tuple[Pair | None, SpacingSource]:
    """PS3.3 10.7.1.2: PixelSpacing is calibrated when it says so or differs from ImagerPixelSpacing."""
    if spacing is not None and (
        not elements.is_empty("PixelSpacingCalibrationType") or (imager is not None and not _same(spacing, imager))
    ):
        return spacing, SpacingSource.CALIBRATED
    at_detector = imager or spacing
    if at_detector is None:
        return None, SpacingSource.NONE
    factor = elements.real("EstimatedRadiographicMagnificationFactor")
    if factor is not None and imager is not None:
        if 1.0 <= factor <= 20.0:
            return (imager[0] / factor, imager[1] / factor), SpacingSource.ERMF
        warnings.append("EstimatedRadiographicMagnificationFactor is not possible: not used")
    return at_detector, SpacingSource.DETECTOR


def _same(a: Pair, b: Pair) -> bool:
    return all(abs(x - y) <= 1e-4 * max(x, y) for x, y in zip(a, b, strict=True))


def _region_spacing(regions: tuple[UltrasoundRegion, ...]) -> Pair | None:
    """The one spacing of all spatial regions; None when they differ or there are none."""
    found = {(r.row_spacing, r.column_spacing) for r in regions if r.row_spacing and r.column_spacing}
    if len(found) != 1:
        return None
    row, column = found.pop()
    return (row, column) if row and column else None


def read_regions(elements: Elements) -> tuple[UltrasoundRegion, ...]:
    """SequenceOfUltrasoundRegions (PS3.3 C.8.5.5); PhysicalUnits 3 is cm."""
    return tuple(region for item in elements.items("SequenceOfUltrasoundRegions") if (region := _region(item)) is not None)


def _region(item: Elements) -> UltrasoundRegion | None:
    names = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    edges = [item.integer(name) for name in names]
    left, top, right, bottom = edges
    if left is None or top is None or right is None or bottom is None:
        return None
    spatial, kind = item.integer("RegionSpatialFormat") or 0, item.integer("RegionDataType") or 0
    (x_unit, x_delta), (y_unit, y_delta) = _axis(item, "X"), _axis(item, "Y")
    lengths = _centimetres(item, "Y", spatial), _centimetres(item, "X", spatial)
    return UltrasoundRegion(left, top, right, bottom, spatial, kind, *lengths, x_unit, y_unit, x_delta, y_delta)


def _axis(item: Elements, axis: str) -> tuple[str, float | None]:
    """What a pixel along X or Y stands for and how much of it; centimetres as mm."""
    delta, code = item.real(f"PhysicalDelta{axis}"), item.integer(f"PhysicalUnits{axis}Direction")
    unit = REGION_UNITS.get(code or 0, "")
    if not unit or not delta:
        return "", None
    return unit, delta * 10.0 if unit == "mm" else delta


def _centimetres(item: Elements, axis: str, spatial_format: int) -> float | None:
    """mm per pixel along X or Y. Only a 2D region (format 1) has lengths in both directions."""
    delta = item.real(f"PhysicalDelta{axis}")
    if delta is None or spatial_format != 1 or item.integer(f"PhysicalUnits{axis}Direction") != 3:
        return None
    mm = abs(delta) * 10.0
    return mm if SPACING_LIMITS[0] <= mm <= SPACING_LIMITS[1] else None


def read_directions(elements: Elements, warnings: list[str]) -> tuple[Vec3, Vec3] | None:
    """ImageOrientationPatient as two unit vectors, None when absent or no orientation."""
    values = elements.floats("ImageOrientationPatient")
    if not values:
        return None
    if len(values) == 6:
        row, column = (values[0], values[1], values[2]), (values[3], values[4], values[5])
        sizes = length(row), length(column)
        if all(abs(s - 1.0) <= DIRECTION_TOLERANCE for s in sizes) and abs(dot(row, column)) <= DIRECTION_TOLERANCE:
            return scale(row, 1.0 / sizes[0]), scale(column, 1.0 / sizes[1])
    warnings.append("ImageOrientationPatient is not an orientation: not used")
    return None


def read_position(elements: Elements) -> Vec3 | None:
    values = elements.floats("ImagePositionPatient")
    return (values[0], values[1], values[2]) if len(values) == 3 else None


def frame_plane(position: Vec3 | None, directions: tuple[Vec3, Vec3] | None, spacing: Spacing) -> FramePlane | None:
    """A plane in the patient; only a spacing that holds in the patient makes one."""
    if position is None or directions is None or spacing.mm is None:
        return None
    if spacing.source not in (SpacingSource.PIXEL_SPACING, SpacingSource.CALIBRATED):
        return None
    return FramePlane(position, directions[0], directions[1], *spacing.mm)


def shifted(plane: FramePlane, distance: float) -> FramePlane:
    """The plane moved along its normal."""
    step = scale(cross(plane.row_direction, plane.column_direction), distance)
    x, y, z = plane.position
    return FramePlane(
        (x + step[0], y + step[1], z + step[2]),
        plane.row_direction,
        plane.column_direction,
        plane.row_spacing,
        plane.column_spacing,
    )
