"""The verified volume builder: which series may be cut through, and in which order a stack is read.

`judge` never looks at pixels. It trusts no file name, no file order and no toolkit's guess: every
frame's own plane (PS3.3 C.7.6.2, or the functional groups of C.7.6.16) must lie on one
uniform grid, else the series is a STACK and `reasons` says why in plain words. A gantry tilt is
kept: the affine of a tilted volume is sheared, and cuts go through the affine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rendering.header import ImageHeader
from rendering.volume_checks import (
    Reason,
    beside_reasons,
    grid_reasons,
    identity_refusal,
    likeness_reasons,
    slice_reasons,
    stack_reasons,
)
from rendering.volume_grid import Grid, grid_of
from rendering.volume_order import Placed, placed_frames, read_in_order
from workstation.domain.dimension import Dimension
from workstation.domain.doubt import Doubt, Verdict
from workstation.domain.geometry import VolumeGeometry
from workstation.domain.study import Series

# A stack counts as tilted when its first and last slice are shifted sideways against each other
# by more than this share of a pixel: below it nothing can be seen or measured.
TILT_SEEN = 0.5


@dataclass(frozen=True, slots=True)
class FrameRef:
    """Frame `frame` (0-based) of `series.instances[instance]`."""

    instance: int
    frame: int


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """What a series may be shown as. `geometry` is None unless `verdict` is VOLUME.

    `order` is the reading order of all frames that have pixels; for a VOLUME it is the slice
    index of `geometry`. `reasons` say why the verdict is not VOLUME, one sentence each;
    `doubts` are what a reader must see on the image, whatever the verdict. `tilt_degrees` is
    the angle between the slices' normal and the way they are stacked. `dimensions` are the volumes
    that lie at the same places, one after the other in `order`; one of an ordinary series, none of a refused one.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    order: tuple[FrameRef, ...] = ()
    geometry: VolumeGeometry | None = None
    tilt_degrees: float = 0.0
    dimensions: tuple[Dimension, ...] = ()


def headers_of(series: Series) -> tuple[ImageHeader, ...]:
    """The image headers of the series' instances, in their order."""
    return tuple(ImageHeader.from_json(instance.header) for instance in series.instances)


def judge(series: Series) -> SeriesVerdict:
    """The verdict on a series. Never raises for what a file says."""
    return judge_headers(series, headers_of(series))


def judge_headers(series: Series, headers: Sequence[ImageHeader]) -> SeriesVerdict:
    """As `judge`, for headers that are read already."""
    frames = read_in_order(placed_frames(series, headers))
    if not frames:
        reasons = tuple(dict.fromkeys(h.no_pixels for h in headers if h.no_pixels))
        return SeriesVerdict(Verdict.REFUSED, reasons or ("The series holds no images.",))
    if refusal := identity_refusal(series, headers):
        return SeriesVerdict(Verdict.REFUSED, (refusal.text,), _doubts([refusal]))
    order = tuple(FrameRef(f.instance, f.frame) for f in frames)
    beside = beside_reasons(headers, frames)
    against = slice_reasons(frames) or likeness_reasons(frames) or stack_reasons(frames)
    grid = None if against else grid_of(frames)
    if grid is None or (against := grid_reasons(grid)):
        reasons = tuple(r.text for r in against)
        only = Dimension(count=len(order), reason=" ".join(reasons))
        return SeriesVerdict(Verdict.STACK, reasons, _doubts([*against, *beside]), order, dimensions=(only,))
    return _volume(frames, grid, order, beside)


def _volume(frames: Sequence[Placed], grid: Grid, order: tuple[FrameRef, ...], beside: Sequence[Reason]) -> SeriesVerdict:
    header = frames[0].header
    geometry = VolumeGeometry((len(frames), header.rows, header.columns), grid.affine)
    tilt = math.degrees(grid.tilt) if grid.sideways_pixels * (len(frames) - 1) > TILT_SEEN else 0.0
    doubts = _doubts(beside)
    if tilt:
        doubts = (Doubt("gantry-tilt", f"Gantry tilt {tilt:.1f}°"), *doubts)
    only = Dimension(count=len(order), geometry=geometry)
    return SeriesVerdict(Verdict.VOLUME, (), doubts, order, geometry, tilt, (only,))


def _doubts(reasons: Sequence[Reason]) -> tuple[Doubt, ...]:
    return tuple(Doubt(r.code, r.text.rstrip("."), r.forbids_measuring) for r in reasons if r.is_doubt)
