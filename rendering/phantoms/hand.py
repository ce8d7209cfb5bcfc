"""Radiograph of a left hand, from the back to the palm, with a fine fracture of the fifth metacarpal.

The picture lies in millimetres at the detector: x to the right (thumb side), y down (wrist).
Bones are drawn as what the rays see: the length of compact and of spongy bone on their way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pydicom.dataset import Dataset

from rendering.phantoms import dicom, noise
from rendering.phantoms.mammography import for_presentation
from rendering.phantoms.shapes import Array, ramp
from rendering.phantoms.study import Making, PhantomStudy

WIDTH, HEIGHT, SPACING = 184.0, 240.0, 0.125
FRACTURE = (52.5, 134.0)
_LEFT = 9.0  # millimetres that the hand lies left of its own coordinates


@dataclass(frozen=True)
class LongBone:
    """From `a` to `b`; half widths of the shaft and of the two ends; thickness of the compact shell in mid-shaft."""

    a: tuple[float, float]
    b: tuple[float, float]
    shaft: float
    base: float
    head: float
    shell: float


@dataclass(frozen=True)
class RoundBone:
    """A small bone: centre, half axes, degrees of turn."""

    centre: tuple[float, float]
    axes: tuple[float, float]
    turn: float


LONG_BONES = (
    LongBone((133, 190), (157, 152), 4.4, 7.2, 6.6, 2.0),
    LongBone((159, 147), (170, 120), 3.9, 6.0, 5.0, 1.6),
    LongBone((171, 116), (175, 97), 3.3, 5.2, 3.4, 1.1),
    LongBone((110, 176), (121, 115), 4.2, 7.0, 7.2, 2.0),
    LongBone((122, 110), (129, 74), 3.9, 6.8, 5.2, 1.7),
    LongBone((130, 70), (134, 48), 3.2, 5.6, 4.5, 1.3),
    LongBone((134.6, 45), (137, 29), 2.4, 4.5, 3.0, 0.9),
    LongBone((96, 173), (97, 107), 4.3, 6.6, 7.4, 2.1),
    LongBone((97, 102), (98, 61), 4.1, 7.0, 5.4, 1.8),
    LongBone((98, 57), (98.5, 30), 3.3, 5.8, 4.7, 1.4),
    LongBone((98.5, 27), (99, 9), 2.5, 4.7, 3.2, 0.9),
    LongBone((83, 175), (73, 113), 3.7, 5.8, 6.6, 1.9),
    LongBone((72, 108), (67, 69), 3.7, 6.3, 5.0, 1.6),
    LongBone((66.5, 65), (64, 40), 3.1, 5.3, 4.3, 1.3),
    LongBone((63.6, 37), (62, 20), 2.4, 4.3, 2.9, 0.9),
    LongBone((72, 180), (50, 126), 3.6, 5.8, 6.2, 1.8),
    LongBone((48.5, 121), (39, 90), 3.2, 5.7, 4.4, 1.4),
    LongBone((38, 86.5), (33, 69), 2.7, 4.6, 3.8, 1.1),
    LongBone((32.4, 66), (28.5, 51), 2.1, 3.8, 2.6, 0.8),
)
FOREARM = (
    LongBone((109, 214.5), (114, 300), 8.5, 15.5, 10, 2.8),
    LongBone((78, 216), (73, 300), 6.2, 8.6, 9, 2.6),
)
CARPALS = (
    RoundBone((117.5, 195), (7.8, 12.5), 38),
    RoundBone((101, 201), (9.2, 8.2), 10),
    RoundBone((84.5, 198.5), (8.2, 7.8), -25),
    RoundBone((80, 195), (4.8, 5.2), 0),
    RoundBone((127, 184), (7.4, 8.0), 25),
    RoundBone((113, 183), (5.8, 6.8), 10),
    RoundBone((99, 184), (7.4, 11.5), 4),
    RoundBone((84.5, 184.5), (8.6, 9.4), -20),
    RoundBone((150, 149), (1.9, 2.4), 30),
    RoundBone((156, 153), (1.7, 2.2), -20),
)
_FINGERS = (
    ((130, 180, 17), (157, 150, 12), (170, 118, 10.5), (177, 94, 8)),
    ((112, 170, 16), (121, 112, 13), (130, 72, 10), (137.5, 27, 7)),
    ((97, 170, 16), (97, 106, 13.5), (98, 59, 10.5), (99, 7, 7.2)),
    ((82, 170, 15), (73, 112, 13), (66.5, 67, 9.8), (61.6, 18, 7)),
    ((70, 175, 15), (50, 124, 12), (38, 88, 9), (28, 49, 6.4)),
    ((97, 178, 31), (95, 206, 29), (93, 260, 31)),
    ((112, 150, 16), (84, 150, 18), (66, 158, 14)),
    ((124, 186, 18), (140, 172, 12), (126, 150, 8)),
)


def make(making: Making, progress: Callable[[float], None]) -> PhantomStudy:
    """Write the radiograph."""
    spacing = SPACING * (4 if making.small else 1)
    picture = _picture(noise.generator(making.seed, "hand"), spacing)
    progress(0.8)
    series = dicom.Series("hand", dicom.DIGITAL_X_RAY, "DX", 1, "Left hand PA", lossless=True)
    ds = dicom.image(making, series, 1)
    _modules(ds, spacing)
    # MONOCHROME1: the stored values run the other way.
    dicom.pixels(
        ds, [(4095 - np.clip(np.rint(picture), 0, 4095)).astype(np.uint16)], stored=12, photometric="MONOCHROME1", lossless=True
    )
    dicom.save(making, series, ds)
    progress(1.0)
    return making.finished({"imager_pixel_spacing_mm": (spacing, spacing), "photometric": "MONOCHROME1",
                            "fracture": ((FRACTURE[0] - _LEFT) / spacing, FRACTURE[1] / spacing), "laterality": "L",
                            "soft_tissue": ((90.0 - _LEFT) / spacing, 140.0 / spacing), "air": (4.0 / spacing, 200.0 / spacing),
                            "shaft_width_mm": 2 * LONG_BONES[7].shaft,
                            "shaft": ((96.5 - _LEFT) / spacing, 140.0 / spacing)})  # fmt: skip


def _picture(rng: np.random.Generator, spacing: float) -> Array:
    rows, columns = round(HEIGHT / spacing), round(WIDTH / spacing)
    x = (np.arange(columns, dtype=np.float32) * np.float32(spacing) + np.float32(_LEFT))[None, :]
    y = (np.arange(rows, dtype=np.float32) * np.float32(spacing))[:, None]
    grain = noise.power_law(rng, (rows, columns), 0.9, low=10 / rows)
    flesh = _flesh(x, y)
    texture = noise.power_law(rng, (rows, columns), 1.3, low=4 / rows)
    value = 160 + 66 * flesh * (1 + 0.012 * texture)
    bone = np.zeros((rows, columns), dtype=np.float32)
    for long_bone in (*LONG_BONES, *FOREARM):
        _add_long(bone, x, y, grain, long_bone)
    for round_bone in CARPALS:
        _add_round(bone, x, y, grain, round_bone)
    _fracture(bone, x, y)
    value = np.asarray(value + 1650 * (1 - np.exp(-bone / 9.0)), dtype=np.float32)
    return np.asarray(value + rng.standard_normal(value.shape, dtype=np.float32) * np.float32(12), dtype=np.float32)


def _flesh(x: Array, y: Array) -> Array:
    """Thickness of soft tissue in millimetres."""
    result = np.full(np.broadcast_shapes(x.shape, y.shape), 1e3, dtype=np.float32)
    for chain in _FINGERS:
        for (ax, ay, ar), (bx, by, br) in pairwise(chain):
            t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2), 0, 1)
            rod = np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)) - (ar + t * (br - ar))
            h = np.maximum(6 - np.abs(result - rod), 0) / 6
            result = np.asarray(np.minimum(result, rod) - h * h * 1.5, dtype=np.float32)
    inward = np.maximum(-result, 0)
    thick = 9 + 9 * ramp(np.broadcast_to(y, inward.shape), 60, 170)
    round_off = np.clip(1 - inward / thick, 0, 1)
    return np.asarray(thick * np.sqrt(np.maximum(1 - round_off * round_off, 0)), dtype=np.float32)


def _add_long(bone: Array, x: Array, y: Array, grain: Array, part: LongBone) -> None:
    """Add the length of bone on the way through a long bone, in place."""
    margin = max(part.base, part.head) + 1
    rows = _range(y[:, 0], part.a[1], part.b[1], margin)
    columns = _range(x[0], part.a[0], part.b[0], margin)
    dx, dy = part.b[0] - part.a[0], part.b[1] - part.a[1]
    length = float(np.hypot(dx, dy))
    px, py = x[:, columns] - part.a[0], y[rows] - part.a[1]
    along = np.asarray((px * dx + py * dy) / length, dtype=np.float32)
    across = np.asarray(np.abs(py * dx - px * dy) / length, dtype=np.float32)
    t = np.clip(along / length, 0, 1)
    flare = np.asarray(part.base * (1 - t) ** 5 + part.head * t**5 + part.shaft * (1 - (1 - t) ** 5 - t**5), dtype=np.float32)
    middle = np.clip(np.minimum(t, 1 - t) * 3.6, 0, 1) ** 1.5
    shell = np.asarray(0.6 + (part.shell - 0.6) * middle, dtype=np.float32)
    # A head is rounded, a base almost flat with rounded corners.
    w_base, w_head = across / part.base, across / part.head
    begin = -part.base * (0.2 - 0.5 * w_base**4 - 0.06 * w_base**2)
    end = length + part.head * (0.42 - 0.62 * w_head**2 - 0.2 * w_head**6)
    depth = np.maximum(np.minimum(along - begin, end - along), 0)
    plate = 1 + 0.35 * np.exp(-(((depth - 0.8) / 0.5) ** 2))
    cap = np.asarray(np.sqrt(np.clip(depth / 2.2, 0, 1)) * plate, dtype=np.float32)
    _add_tube(bone[rows, columns], across, flare, shell, cap, grain[rows, columns], 1 - 0.75 * middle)


def _add_round(bone: Array, x: Array, y: Array, grain: Array, part: RoundBone) -> None:
    margin = max(part.axes) + 1
    rows = _range(y[:, 0], part.centre[1], part.centre[1], margin)
    columns = _range(x[0], part.centre[0], part.centre[0], margin)
    cosine, sine = np.cos(np.radians(part.turn)), np.sin(np.radians(part.turn))
    px, py = x[:, columns] - part.centre[0], y[rows] - part.centre[1]
    u, v = (px * cosine + py * sine) / part.axes[0], (py * cosine - px * sine) / part.axes[1]
    small = min(part.axes)
    away = (np.abs(u) ** 2.4 + np.abs(v) ** 2.4) ** (1 / 2.4) * small
    outer = np.full(away.shape, small, dtype=np.float32)
    _add_tube(
        bone[rows, columns], away, outer, np.full_like(outer, 0.7), np.ones_like(outer), grain[rows, columns], np.ones_like(outer)
    )


def _range(axis: Array, a: float, b: float, margin: float) -> slice:
    low, high = np.searchsorted(axis, [min(a, b) - margin, max(a, b) + margin])
    return slice(int(low), int(high))


def _add_tube(target: Array, away: Array, outer: Array, shell: Array, cap: Array, grain: Array, spongy: Array) -> None:
    """Compact bone weighs 1 a millimetre, spongy bone about a third, marrow nothing."""
    whole = 2 * np.sqrt(np.maximum(outer**2 - away**2, 0))
    hollow = 2 * np.sqrt(np.maximum(np.maximum(outer - shell, 0) ** 2 - away**2, 0))
    trabecular = hollow * spongy * (0.40 + 0.085 * grain)
    target += (whole - hollow + np.maximum(trabecular, 0) + 0.12 * hollow) * cap


def _fracture(bone: Array, x: Array, y: Array) -> None:
    """A thin oblique gap with a small step, through the neck of the fifth metacarpal."""
    fx, fy = FRACTURE
    line = (y - fy) * 0.86 + (x - fx) * 0.5 + 0.5 * np.sin((x - fx) * 1.7)
    near = np.exp(-((line / 0.42) ** 2)) * ((np.abs(x - fx) < 8) & (np.abs(y - fy) < 8))
    bone *= np.asarray(1 - 0.62 * near, dtype=np.float32)


def _modules(ds: Dataset, spacing: float) -> None:
    """DX modules of an image made for reading (PS3.3 A.26)."""
    for_presentation(ds)
    ds.PresentationLUTShape = "INVERSE"
    ds.PixelIntensityRelationshipSign = 1
    ds.PatientOrientation = ["L", "H"]
    ds.PositionerType = "NONE"
    ds.ImageLaterality, ds.ViewPosition = "L", "PA"
    region = dicom.code("85562004", "SCT", "Hand")
    ds.AnatomicRegionSequence = [region]
    view = dicom.code("272479007", "SCT", "postero-anterior")
    view.ViewModifierCodeSequence = []
    ds.ViewCodeSequence = [view]
    ds.ImagerPixelSpacing = [dicom.decimal(spacing)] * 2
    ds.KVP, ds.Exposure, ds.ExposureTime, ds.XRayTubeCurrent = "50", 2, 10, 200
    ds.DistanceSourceToDetector = "1100"
    dicom.windows(ds, ((4095 - 1500, 2700, "BONE"), (4095 - 900, 1500, "SOFT TISSUE")))
