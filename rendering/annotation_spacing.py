"""Which length a pixel of a frame has for one drawing, and where that is known from (reliability F53).

In order: an ultrasound region that holds the whole drawing, the frame's own spacing (PixelSpacing,
calibrated, ERMF, at detector), a line that the reader calibrated where the image knows no length
in the patient, else pixels. Never a bare mm without known spacing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rendering.header import FrameFacts, ImageHeader, UltrasoundRegion
from rendering.viewport_probe import UNITS
from workstation.domain.annotation import Annotation
from workstation.domain.doubt import SpacingSource
from workstation.errors import Refused

Point = tuple[float, float]

BY_READER = "mm calibrated by reader"

# Sides of a pixel that differ by less than this share are a square: rounding of decimals.
SQUARE = 1e-4

# Sources that already are lengths in the patient: no line of the reader's may change them.
IN_PATIENT = frozenset({SpacingSource.PIXEL_SPACING, SpacingSource.US_REGION})


@dataclass(frozen=True, slots=True)
class Scale:
    """`across` and `down` are the lengths of one step along (columns, rows) in `unit`.

    For `px` they are the sides of a pixel against each other (1, 1 when nothing is said).
    """

    across: float
    down: float
    unit: str
    source: SpacingSource

    @property
    def is_known(self) -> bool:
        return self.source is not SpacingSource.NONE

    @property
    def area_unit(self) -> str:
        return self.unit.replace("mm", "mm²", 1)

    @property
    def is_square(self) -> bool:
        return abs(self.across - self.down) <= SQUARE * max(self.across, self.down)

    def metric(self, points: Sequence[Point]) -> list[Point]:
        return [(u * self.across, v * self.down) for u, v in points]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A CALIBRATION line and the frame it was drawn on."""

    line: Annotation
    header: ImageHeader
    facts: FrameFacts


def frame_scale(header: ImageHeader, facts: FrameFacts, points: Sequence[Point], calibrations: Sequence[Calibration]) -> Scale:
    """The scale for a drawing of these points (column, row).

    Raises Refused when they lie in ultrasound regions of different scales, or in one that is not
    in millimetres in both directions.
    """
    region = region_of(header, points)
    if region is not None:
        if region.row_spacing is None or region.column_spacing is None:
            raise Refused("This ultrasound region is not measured in millimetres", "Only lines can be measured in it")
        return Scale(region.column_spacing, region.row_spacing, UNITS[SpacingSource.US_REGION], SpacingSource.US_REGION)
    own = own_scale(header, facts)
    if own.source in IN_PATIENT:
        return own
    calibration = _fitting(header, facts, calibrations)
    return own if calibration is None else calibrated(calibration)


def own_scale(header: ImageHeader, facts: FrameFacts) -> Scale:
    """The frame's own scale outside of all ultrasound regions, whose spacing holds in them alone."""
    if facts.spacing is not None and facts.spacing_source is not SpacingSource.NONE and not header.ultrasound_regions:
        return Scale(facts.spacing[1], facts.spacing[0], UNITS[facts.spacing_source], facts.spacing_source)
    vertical, horizontal = header.pixel_aspect_ratio or (1.0, 1.0)
    if min(vertical, horizontal) <= 0.0:
        vertical = horizontal = 1.0
    return Scale(horizontal / vertical, 1.0, UNITS[SpacingSource.NONE], SpacingSource.NONE)


def calibrated(calibration: Calibration) -> Scale:
    """The scale that a line of known length gives: one factor for both directions.

    Raises Refused when the image has a scale of its own there, or the line no length.
    """
    line = calibration.line
    if region_of(calibration.header, line.points) is not None:
        raise Refused("This image knows its own lengths", "A calibration line is for images that do not")
    own = own_scale(calibration.header, calibration.facts)
    if own.source in IN_PATIENT:
        raise Refused("This image knows its own lengths", "A calibration line is for images that do not")
    drawn = math.dist(*own.metric(line.points))
    if line.known_mm is None or not 0.0 < line.known_mm < 1e5:
        raise Refused("Say how long this line is", "Its length in mm makes the image's scale")
    if drawn == 0.0:
        raise Refused("This line has no length")
    factor = line.known_mm / drawn
    return Scale(own.across * factor, own.down * factor, BY_READER, SpacingSource.CALIBRATED)


def region_of(header: ImageHeader, points: Sequence[Point]) -> UltrasoundRegion | None:
    """The smallest region that holds all points, None outside all. Raises Refused across an edge."""
    regions = header.ultrasound_regions
    holding = [r for r in regions if all(r.holds(*point) for point in points)]
    if holding:
        return min(holding, key=lambda r: (r.right - r.left) * (r.bottom - r.top))
    if any(r.holds(*point) for r in regions for point in points):
        raise Refused("This drawing crosses the edge of an ultrasound region", "Its parts have different scales")
    return None


def _fitting(header: ImageHeader, facts: FrameFacts, calibrations: Sequence[Calibration]) -> Calibration | None:
    """The latest line on this very image, else the latest on an image of the same matrix and spacing."""
    usable = [c for c in calibrations if c.line.known_mm]
    same = [c for c in usable if c.header.sop_instance_uid == header.sop_instance_uid]
    alike = [c for c in usable if _likeness(c.header, c.facts) == _likeness(header, facts)]
    found = same or alike
    return found[-1] if found else None


def _likeness(header: ImageHeader, facts: FrameFacts) -> tuple[object, ...]:
    return header.rows, header.columns, facts.spacing, facts.spacing_source, header.pixel_aspect_ratio
