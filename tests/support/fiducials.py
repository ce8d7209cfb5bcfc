"""A phantom of four balls of known value at known places, and finding them again in a painted picture.

What a test clicks on is where the ball is *seen*: none of the program's own ways from millimetres to pixels is asked,
so that one that is wrong there and back again is found out. Lengths are LPS mm, places in pictures are pixels with the
first pixel's corner at (0, 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import SimpleITK
from made_series import Acquisition, SeriesMaker

from rendering.header import FrameFacts, ModalityTransform, PetFacts
from rendering.viewport import Viewport
from workstation.domain.doubt import SpacingSource
from workstation.domain.geometry import cross
from workstation.domain.viewing import Plane

CENTRE = np.array([12.0, -30.0, 210.0])
HALF = 44.0
"""Half the side of what is acquired, in mm."""

OFFSETS = {"A": (-22.0, -18.0), "B": (20.0, -15.0), "C": (-16.0, 21.0), "D": (17.0, 16.0)}
"""Of each ball's centre from the middle: along the plane's rows and down its columns, in mm."""

RADII = {"A": 4.5, "B": 4.5, "C": 4.5, "D": 9.0}
LEVELS = {"A": 1000.0, "B": 800.0, "C": 600.0, "D": 400.0}
OBLIQUE = ((0.8, 0.36, -0.48), (0.0, 0.8, 0.6))
DIRECTIONS = {
    Plane.AXIAL: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    Plane.CORONAL: ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.SAGITTAL: ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    Plane.OBLIQUE: OBLIQUE,
}

Place = tuple[float, float]
Grey = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Scan:
    """How the phantom is acquired: unit directions, spacings (mm), and `step` from slice to slice where it is no right angle."""

    row: tuple[float, float, float] = (1.0, 0.0, 0.0)
    column: tuple[float, float, float] = (0.0, 1.0, 0.0)
    row_spacing: float = 1.0
    column_spacing: float = 1.0
    gap: float = 1.0
    backwards: bool = False
    shear: tuple[float, float, float] = (0.0, 0.0, 0.0)
    multi_frame: bool = False
    pet: bool = False

    @property
    def largest_mm(self) -> float:
        return max(self.row_spacing, self.column_spacing, self.gap)

    def directions(self, plane: Plane) -> tuple[Any, Any]:
        """Unit directions of a plane's rows and columns; STACK's are the acquisition's own."""
        right, down = DIRECTIONS.get(plane, (self.row, self.column))
        return np.array(right), np.array(down)

    def places(self, plane: Plane) -> dict[str, Any]:
        """The balls' centres in LPS mm when they lie in the middle cut of this plane."""
        right, down = self.directions(plane)
        return {name: CENTRE + u * right + v * down for name, (u, v) in OFFSETS.items()}

    def acquisition(self) -> Acquisition:
        counts = [2 * math.ceil(HALF / spacing) + 1 for spacing in (self.gap, self.row_spacing, self.column_spacing)]
        normal = np.array(cross(self.row, self.column)) * (-1.0 if self.backwards else 1.0)
        step = normal * self.gap + np.array(self.shear)
        origin = (
            CENTRE
            - step * (counts[0] // 2)
            - np.array(self.column) * self.row_spacing * (counts[1] // 2)
            - np.array(self.row) * self.column_spacing * (counts[2] // 2)
        )
        vectors = (tuple(float(c) for c in v) for v in (step, origin))
        return Acquisition(self.row, self.column, *vectors, self.row_spacing, self.column_spacing, self.gap, tuple(counts))  # type: ignore[arg-type]


def values_at(points: Any, places: dict[str, Any], scale: float = 1.0) -> Any:
    values = np.zeros(points.shape[:-1], np.float32)
    for name, place in places.items():
        values[np.square(points - place).sum(axis=-1) <= RADII[name] ** 2] = LEVELS[name] * scale
    return values


@lru_cache(maxsize=2)
def scanned(scan: Scan, plane: Plane) -> Viewport:
    """The phantom with its balls in the middle cut of `plane`. Kept for the next look at it."""
    return Viewport(_series(scan, plane).images())


def _series(scan: Scan, plane: Plane) -> SeriesMaker:
    maker, grid = SeriesMaker(), scan.acquisition()
    slices, rows, columns = grid.shape
    origin, step = np.array(grid.origin), np.array(grid.step)
    k, r, c = np.meshgrid(np.arange(slices), np.arange(rows), np.arange(columns), indexing="ij")
    right, down = np.array(scan.row) * scan.column_spacing, np.array(scan.column) * scan.row_spacing
    points = origin + k[..., None] * step + r[..., None] * down + c[..., None] * right
    values = values_at(points.astype(np.float32), scan.places(plane))
    if scan.pet:
        return _pet(maker, grid, values)
    if scan.multi_frame:
        facts = [_facts(grid, index) for index in range(slices)]
        maker.add_frames([v.astype("i2") for v in values], facts, sop_class_uid="1.2.840.10008.5.1.4.1.1.2.1")
        return maker
    for index in range(slices):
        maker.add(values[index].astype("i2"), grid.plane(index))
    return maker


def _facts(grid: Acquisition, index: int) -> FrameFacts:
    plane = grid.plane(index)
    spacing = (plane.row_spacing, plane.column_spacing)
    unit = ModalityTransform(unit="HU")
    return FrameFacts(plane=plane, spacing=spacing, spacing_source=SpacingSource.PIXEL_SPACING, transform=unit)


SUV_PER_BQML = 0.0005
"""By hand: 74 kg / 148 MBq, the dose corrected to the administration (no decay)."""


def _pet(maker: SeriesMaker, grid: Acquisition, values: Any) -> SeriesMaker:
    """Activity in Bq/ml, such that a ball of level 1000 is SUV 10; every slice has a slope of its own, as PET has."""
    facts = PetFacts(
        units="BQML", corrected_image=("DECY", "ATTN", "SCAT"), decay_correction="ADMIN", half_life=6588.0,
        total_dose=148e6, start_time="100000", series_date="20260105", series_time="110000.00",
        acquisition_date="20260105", acquisition_time="110000.00", weight=74.0,
    )  # fmt: skip
    maker.header = replace(maker.header, modality="PT", sop_class_uid="1.2.840.10008.5.1.4.1.1.128", pet=facts)
    for index, activity in enumerate(values * (0.01 / SUV_PER_BQML)):
        slope = 0.7 + 0.01 * (index % 7)
        stored = np.rint(activity / slope).astype("i2")
        maker.add(stored, grid.plane(index), transform=ModalityTransform(slope=slope, unit="BQML"))
    return maker


def seen(picture: Grey, window: float = 1000.0) -> dict[str, Place]:
    """Where each ball is seen in a picture whose window goes from 0 to `window`: the middle of its light, in pixels."""
    mask = SimpleITK.GetImageFromArray((picture > 50).astype(np.uint8))
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ConnectedComponent(mask))
    found: dict[str, Place] = {}
    for label in range(1, int(labels.max()) + 1):
        rows, columns = np.nonzero(labels == label)
        light = picture[rows, columns].astype(float)
        if len(rows) < 8:
            continue
        level = float(np.percentile(light, 80)) * window / 255.0
        name = min(LEVELS, key=lambda ball: abs(LEVELS[ball] - level))
        assert name not in found, f"two balls look like {name}"
        found[name] = (float((columns * light).sum() / light.sum()) + 0.5, float((rows * light).sum() / light.sum()) + 0.5)
    assert set(found) == set(LEVELS), f"only {sorted(found)} are seen"
    return found


def length(ends: Sequence[Any]) -> float:
    return float(np.linalg.norm(ends[1] - ends[0]))


def angle(ends: Sequence[Any]) -> float:
    """At the second point, in degrees."""
    one, other = ends[0] - ends[1], ends[2] - ends[1]
    return math.degrees(math.acos(float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other))))


def area(corners: Sequence[Any]) -> float:
    """Of a triangle, in mm²."""
    return float(np.linalg.norm(np.cross(corners[1] - corners[0], corners[2] - corners[0]))) / 2.0


Truth = Callable[[Sequence[Any]], float]
