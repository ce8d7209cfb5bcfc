"""A lesion that was measured in one volume, looked for in another: where it is now, and how large.

The values inside the reader's drawing and around it give a threshold half way between them. Only when
that threshold finds the drawn size again in the drawn volume is it trusted in the other one: what it
proposes there is then as good as the drawing, and never more than a proposal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rendering.reslice import Sampling, VolumeSource, sample_volume
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.geometry import Vec3, add, cross, dot, length, scale, sub, unit
from workstation.domain.lesion import LesionProposal, centre_of

# Where values are taken from, in radii of the drawing.
CORE, RING_FROM, RING_TO = 0.35, 1.5, 2.1
# A lesion is looked for this far from its expected place, and may have grown to this many times its size.
NEAR_MM, GROWN = 12.0, 2.5
# The drawn size must come out again within this share, or the threshold is not trusted.
FOUND_AGAIN = 0.25
LEAST_CONTRAST = 25.0
"""In HU: less cannot be told from noise."""
LEAST_MM, MOST_MM = 3.0, 120.0
STEPS_ACROSS = 28
"""Grid steps over the drawn long axis: a step is some 4 % of it, but never finer than a third of a millimetre."""


@dataclass(frozen=True, slots=True)
class DrawnLesion:
    """A drawing as a ball: centre in LPS mm, the lengths of its axes in mm."""

    centre: Vec3
    long_mm: float
    short_mm: float


@dataclass(frozen=True, slots=True)
class PlaneGrid:
    """The parallel planes in which a lesion is measured: LPS mm. `step` lies between two of them; `origin` is in one."""

    origin: Vec3
    right: Vec3
    down: Vec3
    step: float

    @property
    def normal(self) -> Vec3:
        return unit(cross(self.right, self.down))


def drawn_lesion(drawn: Annotation) -> DrawnLesion | None:
    """None for a drawing that has no size in space."""
    points = drawn.patient_points
    if drawn.kind is AnnotationKind.LENGTH and len(points) >= 2:
        size = length(sub(points[1], points[0]))
        return DrawnLesion(centre_of(drawn), size, size)
    if drawn.kind is AnnotationKind.BIDIRECTIONAL and len(points) >= 4:
        axes = length(sub(points[1], points[0])), length(sub(points[3], points[2]))
        return DrawnLesion(centre_of(drawn), max(axes), min(axes))
    if drawn.kind is AnnotationKind.CIRCLE and len(points) >= 2:
        across = 2.0 * length(sub(points[1], points[0]))
        return DrawnLesion(points[0], across, across)
    if drawn.kind in (AnnotationKind.ELLIPSE, AnnotationKind.RECTANGLE) and len(points) >= 3:
        sides = length(sub(points[2], points[0])), length(sub(points[2], points[1]))
        return DrawnLesion(centre_of(drawn), max(sides), min(sides))
    return None


def propose(
    drawn: DrawnLesion,
    before: VolumeSource,
    before_planes: PlaneGrid,
    now: VolumeSource,
    now_planes: PlaneGrid,
    expected: Vec3,
    in_hounsfield: bool,
) -> LesionProposal:
    """The lesion in the volume `now`, near `expected` (LPS mm of `now`), measured in `now_planes`."""
    if not in_hounsfield:
        return LesionProposal(expected, (), "A size is proposed in CT only: place the axes by hand")
    if not LEAST_MM <= drawn.long_mm <= MOST_MM:
        return LesionProposal(expected, (), "No size is proposed for a lesion this small or large")
    grid = _Grid.around(before, before_planes, drawn.centre, drawn.long_mm, drawn.long_mm * 1.15)
    limits = _limits(grid, drawn)
    if limits is None:
        return LesionProposal(expected, (), "Too little contrast around it to propose a size")
    again = _axes(grid, _isolated(grid, limits, drawn.centre, drawn.long_mm * 0.8, 0.0), before_planes)
    if again is None or abs(again.long_mm / drawn.long_mm - 1.0) > FOUND_AGAIN:
        return LesionProposal(expected, (), "Its edge is not clear enough to propose a size")
    reach = drawn.long_mm * GROWN / 2.0
    other = _Grid.around(now, now_planes, expected, drawn.long_mm, reach + NEAR_MM)
    mask = _isolated(other, limits, expected, reach + NEAR_MM, NEAR_MM)
    found = _axes(other, mask, now_planes)
    if found is None or found.long_mm < drawn.long_mm * 0.2:
        return LesionProposal(expected, (), "Nothing like it was found near its place: look whether it is gone")
    if found.touches_edge or found.long_mm > drawn.long_mm * GROWN:
        return LesionProposal(found.centre, (), "It runs into its surroundings: measure it by hand")
    return LesionProposal(found.centre, found.ends, "Proposed by threshold: check its ends")


@dataclass(frozen=True, slots=True)
class _Grid:
    """Values (planes, down, right) on a regular grid in LPS mm, NaN outside the volume."""

    values: NDArray[np.float32]
    first: Vec3
    right: Vec3
    down: Vec3
    through: Vec3
    steps: tuple[float, float, float]

    @classmethod
    def around(cls, source: VolumeSource, planes: PlaneGrid, centre: Vec3, size_mm: float, reach: float) -> _Grid:
        fine = max(size_mm / STEPS_ACROSS, 1.0 / 3.0)
        half = math.ceil(reach / fine)
        normal = planes.normal
        nearest = round(dot(sub(centre, planes.origin), normal) / planes.step)
        count = math.ceil(reach / planes.step)
        middle = add(centre, scale(normal, nearest * planes.step - dot(sub(centre, planes.origin), normal)))
        first = add(middle, add(scale(planes.right, -half * fine), scale(planes.down, -half * fine)))
        first = add(first, scale(normal, -count * planes.step))
        right, down, through = scale(planes.right, fine), scale(planes.down, fine), scale(normal, planes.step)
        to_index = source.geometry.to_index
        zero = to_index(first)
        along = [sub(to_index(add(first, step)), zero) for step in (right, down, through)]
        sheets = []
        for sheet in range(2 * count + 1):
            begin = to_index(add(first, scale(through, sheet)))
            sheets.append(sample_volume(source, Sampling(begin, along[0], along[1], 2 * half + 1, 2 * half + 1, along[2])))
        return cls(np.stack(sheets), first, right, down, through, (planes.step, fine, fine))

    def away_from(self, point: Vec3) -> NDArray[np.float32]:
        """Distances of all grid points from `point` in mm."""
        offset = sub(point, self.first)
        parts = [
            (np.arange(n, dtype=np.float32) * step - dot(offset, unit(axis))) ** 2
            for n, step, axis in zip(self.values.shape, self.steps, (self.through, self.down, self.right), strict=True)
        ]
        away: NDArray[np.float32] = np.sqrt(parts[0][:, None, None] + parts[1][None, :, None] + parts[2][None, None, :])
        return away

    def place(self, sheet: float, row: float, column: float) -> Vec3:
        return add(add(self.first, scale(self.through, sheet)), add(scale(self.down, row), scale(self.right, column)))


@dataclass(frozen=True, slots=True)
class _Axes:
    centre: Vec3
    ends: tuple[Vec3, ...]
    long_mm: float
    touches_edge: bool


def _limits(grid: _Grid, drawn: DrawnLesion) -> tuple[float, float] | None:
    """The values that belong to the lesion; None when it stands out too little."""
    away = grid.away_from(drawn.centre)
    core = grid.values[(away <= max(CORE * drawn.short_mm / 2.0, grid.steps[1])) & ~np.isnan(grid.values)]
    ring = grid.values[(away >= RING_FROM * drawn.short_mm / 2.0) & (away <= RING_TO * drawn.long_mm / 2.0)]
    ring = ring[~np.isnan(ring)]
    if not core.size or ring.size < 20:
        return None
    inside, around = float(np.median(core)), float(np.median(ring))
    if abs(inside - around) < LEAST_CONTRAST:
        return None
    half = (inside + around) / 2.0
    return (half, math.inf) if inside > around else (-math.inf, half)


def _isolated(grid: _Grid, limits: tuple[float, float], centre: Vec3, reach: float, near: float) -> NDArray[np.bool_] | None:
    """The connected part within `limits` that lies at `centre`, or nearest to it within `near` mm."""
    import SimpleITK

    away = grid.away_from(centre)
    mask = (grid.values >= limits[0]) & (grid.values <= limits[1]) & (away <= reach)
    if not mask.any():
        return None
    image = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    opened = SimpleITK.BinaryMorphologicalOpening(image, [1, 1, 0], SimpleITK.sitkBall)
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ConnectedComponent(opened))
    if not labels.any():
        return None
    nearest = np.where(labels > 0, away, np.inf)
    # Among the parts within reach the largest one near the place: a vessel beside it is smaller or further.
    candidates = np.unique(labels[nearest <= max(near, 2.0 * grid.steps[1])])
    candidates = candidates[candidates > 0]
    if not candidates.size:
        return None
    chosen = max(candidates, key=lambda label: (labels == label).sum() / (1.0 + float(nearest[labels == label].min()) ** 2))
    part: NDArray[np.bool_] = labels == chosen
    return part


def _axes(grid: _Grid, mask: NDArray[np.bool_] | None, planes: PlaneGrid) -> _Axes | None:
    """The long axis in the plane in which it is largest, and the longest chord across it (RECIST 1.1)."""
    if mask is None:
        return None
    sheet = int(mask.sum(axis=(1, 2)).argmax())
    flat = mask[sheet]
    rows, columns = np.nonzero(flat & ~_eroded(flat))
    if rows.size < 3:
        return None
    fine = grid.steps[1]
    places = np.stack([columns, rows], axis=1).astype(np.float64) * fine
    apart = np.hypot(*(places[:, None, i] - places[None, :, i] for i in range(2)))
    one, two = np.unravel_index(int(apart.argmax()), apart.shape)
    along = (places[two] - places[one]) / max(float(apart[one, two]), fine)
    across = np.array([-along[1], along[0]])
    at = places @ along
    side = places @ across
    bins = np.round(at / fine).astype(int)
    chords = [(float(np.ptp(side[bins == b])), b) for b in np.unique(bins)]
    _, best = max(chords)
    here = side[bins == best]
    # Pixels have a width: the ends lie half a step beyond the centres of the outermost ones.
    half = fine / 2.0
    ends = [places[one] - along * half, places[two] + along * half]
    ends += [along * best * fine + across * (here.min() - half), along * best * fine + across * (here.max() + half)]
    edge = bool(mask[0].any() or mask[-1].any() or mask[:, [0, -1]].any() or mask[:, :, [0, -1]].any())
    middle = np.argwhere(mask).mean(axis=0)
    points = tuple(grid.place(sheet, float(y) / fine, float(x) / fine) for x, y in ends)
    return _Axes(grid.place(*(float(m) for m in middle)), points, float(apart[one, two]) + fine, edge)


def _eroded(flat: NDArray[np.bool_]) -> NDArray[np.bool_]:
    inner = np.zeros_like(flat)
    inner[1:-1, 1:-1] = flat[1:-1, 1:-1] & flat[:-2, 1:-1] & flat[2:, 1:-1] & flat[1:-1, :-2] & flat[1:-1, 2:]
    return inner
