"""The verified volume builder: which series may be cut through, and in which order a stack is read.

`judge` never looks at pixels. It trusts no file name, no file order and no toolkit's guess: every
frame's own plane (PS3.3 C.7.6.2, or the functional groups of C.7.6.16) must lie on one
uniform grid, else the series is a STACK and `reasons` says why in plain words. A gantry tilt is
kept: the affine of a tilted volume is sheared, and cuts go through the affine. Uneven slices are never
resampled, nor is a gap filled: what was made up between them would look like tissue, on a cut
that says nothing of it. They are read as acquired. Images that lie at the same places several times are
split into dimensions (`rendering.volume_dimensions`); a localizer in the series is set aside.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rendering.dimension_rules import Placed
from rendering.header import ImageHeader
from rendering.volume_checks import (
    Reason,
    aside_reasons,
    beside_reasons,
    grid_reasons,
    identity_refusal,
    likeness_reasons,
    localizers,
    slice_reasons,
    stack_reasons,
)
from rendering.volume_dimensions import Explained, dimensions_of, explained
from rendering.volume_grid import Grid, grid_of
from rendering.volume_order import has_shared_places, placed_frames, read_in_order, split_by_direction
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
    placed = placed_frames(series, headers)
    if not placed:
        reasons = tuple(dict.fromkeys(h.no_pixels for h in headers if h.no_pixels))
        return SeriesVerdict(Verdict.REFUSED, reasons or ("The series holds no images.",))
    if refusal := identity_refusal(series, headers):
        return SeriesVerdict(Verdict.REFUSED, (refusal.text,), _doubts([refusal]))
    aside = localizers(placed)
    if aside and (apart := _judged(headers, [f for f in placed if id(f) not in aside], aside.values())).verdict is Verdict.VOLUME:
        return apart
    return _judged(headers, placed)


def _judged(headers: Sequence[ImageHeader], placed: Sequence[Placed], aside: Iterable[Placed] = ()) -> SeriesVerdict:
    frames = read_in_order(placed)
    left = read_in_order(tuple(aside))
    beside = [*beside_reasons(headers, (*frames, *left)), *aside_reasons(left)]
    against = slice_reasons(frames)
    if not against and (found := _several(frames)) is not None:
        return _of_several(found, left, beside)
    against = against or likeness_reasons(frames) or stack_reasons(frames)
    grid = None if against else grid_of(frames)
    if grid is None or (against := grid_reasons(grid)):
        only = Dimension(count=len(frames), reason=" ".join(r.text for r in against))
        return _stack(frames, against, beside, (only,))
    geometry = _geometry(frames, grid)
    only = Dimension("slices" if left else "", count=len(frames), geometry=geometry)
    return _volume(frames, grid, beside, (only,), left)


def _several(frames: Sequence[Placed]) -> Explained | None:
    """The volumes at the same places, where all frames are parallel and something tells them apart."""
    if len(split_by_direction(frames)) > 1 or not has_shared_places(frames):
        return None
    return explained(frames)


def _of_several(found: Explained, left: Sequence[Placed], beside: Sequence[Reason]) -> SeriesVerdict:
    frames = [frame for split in found.splits for frame in split.frames]
    dimensions, grid, faults = dimensions_of(found)
    if grid is None:
        return _stack([*frames, *left], faults, beside, dimensions)
    return _volume(frames, grid, [*faults, *beside], dimensions, left)


def _stack(
    frames: Sequence[Placed], against: Sequence[Reason], beside: Sequence[Reason], dimensions: tuple[Dimension, ...]
) -> SeriesVerdict:
    reasons, doubts = tuple(r.text for r in against), _doubts([*against, *beside])
    return SeriesVerdict(Verdict.STACK, reasons, doubts, _order(frames), dimensions=dimensions)


def _volume(
    frames: Sequence[Placed], grid: Grid, beside: Sequence[Reason], dimensions: tuple[Dimension, ...], left: Sequence[Placed]
) -> SeriesVerdict:
    tilt = math.degrees(grid.tilt) if grid.sideways_pixels * len(grid.gaps) > TILT_SEEN else 0.0
    doubts = _doubts(beside)
    if tilt:
        doubts = (Doubt("gantry-tilt", f"Gantry tilt {tilt:.1f}°"), *doubts)
    if left:
        reason = "These images are a localizer: no slices of the volume."
        start = len(frames)
        dimensions = (
            *dimensions,
            Dimension("localizer", key="aside", start=start, count=len(left), reason=reason, is_aside=True),
        )
    geometry = next(one.geometry for one in dimensions if one.geometry is not None)
    return SeriesVerdict(Verdict.VOLUME, (), doubts, _order([*frames, *left]), geometry, tilt, dimensions)


def _geometry(frames: Sequence[Placed], grid: Grid) -> VolumeGeometry:
    return VolumeGeometry((len(frames), frames[0].header.rows, frames[0].header.columns), grid.affine)


def _order(frames: Sequence[Placed]) -> tuple[FrameRef, ...]:
    return tuple(FrameRef(f.instance, f.frame) for f in frames)


def _doubts(reasons: Sequence[Reason]) -> tuple[Doubt, ...]:
    return tuple(Doubt(r.code, r.text.rstrip("."), r.forbids_measuring) for r in reasons if r.is_doubt)
