"""A subtracted angiogram: the right carotid artery from the front, contrast that runs through its tree, a head that moves.

Made by Beer and Lambert from line integrals: of the head, which lies a little elsewhere from one image on, and of
iodine, which comes with its blood. The first images are without contrast; the file names its mask among them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pydicom.dataset import Dataset

from rendering.phantoms import dicom, noise, vessels
from rendering.phantoms.scan import Matrix, Segments, tube
from rendering.phantoms.shapes import Array, ramp
from rendering.phantoms.study import Making, PhantomStudy

FRAMES, FRAMES_A_SECOND = 20, 3.0
MASK = (2, 3)
"""Frame numbers, from 1, of the mask that the file names; contrast comes after them."""
MOVES_AT = 13
"""From this frame on the head lies where it moved to."""
MOTION = (1.5, -2.5)
"""How far, (down, right) in pixels of the full size."""
FIELD = 200.0
MAGNIFICATION = 1.6
BITS, OPEN_BEAM, QUANTA = 12, 16_000.0, 1.0
# Line integrals for each millimetre of bone, of brain, and of blood full of iodine.
BONE, TISSUE, IODINE = 0.055, 0.014, 0.085
# Contrast arrives after so many seconds, moves with mm a second, and stays so long.
ARRIVES, SPEED, STAYS = 1.2, 110.0, 2.0
_LEAVES = 320
# Blades beside the head let this much through, and stand so far from the middle (mm).
_BLADES, _OPENING = 4.0, 86.0


def make(making: Making, progress: Callable[[float], None]) -> PhantomStudy:
    """Write the run."""
    size = 128 if making.small else 512
    scale = FIELD / size
    still = _head(size, scale, (0.0, 0.0))
    motion = MOTION[0] * size / 512, MOTION[1] * size / 512
    moved = _head(size, scale, motion)
    branches = _tree(noise.generator(making.seed, "carotid"))
    places = [_vessels(size, scale, branches, shift) for shift in ((0.0, 0.0), motion)]
    beside = np.abs(_grid(size, scale, (0.0, 0.0))[0])
    blades = _BLADES * ramp(beside, _OPENING - scale, _OPENING + scale)
    grains = noise.generator(making.seed, "quanta")
    frames = []
    for number in range(1, FRAMES + 1):
        has_moved = number >= MOVES_AT
        head, (thick, arrival) = (moved, places[1]) if has_moved else (still, places[0])
        light = OPEN_BEAM * np.exp(-(blades + head + IODINE * thick * _filled((number - 1) / FRAMES_A_SECOND - arrival)))
        light = light + QUANTA * np.sqrt(light) * grains.standard_normal(light.shape)
        frames.append(np.asarray(np.clip(np.rint(light), 1, (1 << BITS) - 1), dtype=np.uint16))
        progress(number / FRAMES)
    series = dicom.Series("carotid", dicom.X_RAY_ANGIOGRAPHY, "XA", 1, "Right carotid, frontal", lossless=True)
    ds = dicom.image(making, series, 1)
    _modules(ds, scale)
    _shutter(ds, size, scale)
    dicom.pixels(ds, frames, stored=BITS, lossless=True)
    dicom.save(making, series, ds)
    return making.finished({"frames": FRAMES, "mask": MASK, "moves_at": MOVES_AT, "motion": motion, "bits": BITS,
                            "first_contrast": round(ARRIVES * FRAMES_A_SECOND) + 1,
                            "carotid": _pixel(size, scale, 24.0, 74.0)})  # fmt: skip


def _pixel(size: int, scale: float, x: float, y: float) -> tuple[float, float]:
    """(column, row) of a place: mm to the patient's right of the midline, and below the middle of the picture."""
    return (size - 1) / 2 - x / scale, (size - 1) / 2 + y / scale


def _grid(size: int, scale: float, shift: tuple[float, float]) -> tuple[Array, Array]:
    """mm to the patient's right, and down, of each pixel of a head that has moved by `shift` (down, right) pixels."""
    at = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    x = -(at[None, :] - np.float32(shift[1])) * np.float32(scale)
    y = (at[:, None] - np.float32(shift[0])) * np.float32(scale)
    return np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float32)


def _chord(x: Array, y: Array, centre: tuple[float, float], axes: tuple[float, float, float]) -> Array:
    """How many mm of an ellipsoid a ray from the front goes through; `axes` right, down, deep."""
    inside = 1.0 - ((x - centre[0]) / axes[0]) ** 2 - ((y - centre[1]) / axes[1]) ** 2
    return np.asarray(2.0 * axes[2] * np.sqrt(np.maximum(inside, 0.0)), dtype=np.float32)


def _head(size: int, scale: float, shift: tuple[float, float]) -> Array:
    """The line integral of the head without contrast."""
    x, y = _grid(size, scale, shift)
    outer, inner = _chord(x, y, (0, 5), (74, 92, 92)), _chord(x, y, (0, 4), (67, 84, 84))
    bone: Array = np.asarray(0.55 * np.maximum(outer - inner, 0), dtype=np.float32)
    neck = _chord(x, y, (0, 130), (46, 60, 46))
    for side in (-1.0, 1.0):
        # The orbit's rim, the petrous ridge, the maxillary sinus with its thin walls, and the jaw.
        bone += 0.5 * np.maximum(_chord(x, y, (side * 32, 46), (20, 17, 9)) - _chord(x, y, (side * 32, 46), (17, 14, 9)), 0)
        bone += 0.7 * _chord(x, y, (side * 34, 56), (27, 6, 14))
        bone += 0.4 * np.maximum(_chord(x, y, (side * 21, 72), (14, 15, 9)) - _chord(x, y, (side * 21, 72), (12, 13, 9)), 0)
        bone += 0.6 * _chord(x, y, (side * 46, 92), (9, 22, 12))
    bone += 0.4 * _chord(x, y, (0, 112), (17, 46, 22))  # the spine
    # A suture in the middle and the grooves that make the vault uneven.
    bone *= 1.0 + 0.06 * np.sin(x / 4.1 + 2.0 * np.sin(y / 13.0)) * np.sin(y / 5.3) + 0.05 * np.cos(x / 11.0)
    bone -= 1.5 * np.exp(-((x / 0.8) ** 2)) * ramp(-y, 0.0, 40.0)
    air = 0.7 * (_chord(x, y, (0, 66), (9, 20, 12)) + _chord(x, y, (0, 33), (15, 8, 8)))
    total = BONE * np.maximum(bone, 0) + TISSUE * np.maximum(np.maximum(inner, 0.9 * neck) + 8 - air, 0)
    catheter = np.exp(-(((x - 22 - 3 * np.sin(y / 30)) / 0.7) ** 2)) * ramp(y, 88.0, 90.0)
    return np.asarray(total + 0.22 * catheter, dtype=np.float32)


def _tree(rng: np.random.Generator) -> Segments:
    """The internal carotid artery with its bends, and what it feeds: half of the brain, seen from the front."""

    def half(points: Matrix) -> Matrix:
        away = np.sqrt(((points[:, 0] - 31) / 34) ** 2 + (points[:, 1] / 60) ** 2 + ((points[:, 2] + 20) / 58) ** 2) - 1
        return np.asarray(away * 34, dtype=np.float64)

    points = vessels.strewn(rng, half, np.array([-4.0, -60.0, -80.0]), np.array([66.0, 60.0, 40.0]), _LEAVES, 1.0)
    carotid = tube(
        [
            (22, 0, 96, 2.4),
            (24, 4, 74, 2.4),
            (28, -2, 60, 2.3),
            (22, 6, 53, 2.3),
            (14, -4, 48, 2.2),
            (13, 0, 40, 2.1),
            (16, 3, 33, 2.0),
        ]
    )
    middle = tube([(16, 3, 33, 1.6), (24, 2, 29, 1.5), (34, 0, 31, 1.4), (41, -4, 26, 1.3)])
    front = tube([(16, 3, 33, 1.3), (9, 4, 31, 1.2), (3, 6, 27, 1.2), (2, 8, 12, 1.1), (3, 4, -8, 0.9)])
    # Where branches begin (x y z radius) and where they are bound for.
    roots = np.array(
        [
            [41, -4, 26, 1.0, 0.8, 0.3, -0.5], [41, -4, 26, 1.0, 0.55, -0.5, -0.7], [34, 0, 31, 0.7, 0.5, 0.2, 0.85],
            [3, 6, 27, 0.7, 0.1, 0.95, -0.3], [2, 8, 12, 0.8, 0.3, 0.5, -0.8], [3, 4, -8, 0.9, 0.2, -0.3, -0.95],
        ]
    )  # fmt: skip
    return np.vstack([carotid, middle, front, vessels.fill(rng, roots, points)])


def _vessels(size: int, scale: float, tree: Segments, shift: tuple[float, float]) -> tuple[Array, Array]:
    """(mm of blood that a ray goes through, when its contrast comes in seconds) of each pixel; infinite where none is."""
    thick = np.zeros((size, size), np.float32)
    arrival = np.full((size, size), np.inf, np.float32)
    reached: dict[tuple[float, ...], float] = {}
    x, y = _grid(size, scale, shift)
    for ax, ay, az, ra, bx, by, bz, rb in tree:
        start = reached.get((round(ax, 4), round(ay, 4), round(az, 4)), 0.0)
        length = float(np.linalg.norm([bx - ax, by - ay, bz - az]))
        reached[round(bx, 4), round(by, 4), round(bz, 4)] = start + length
        reach = max(ra, rb) + 2 * scale
        columns = np.flatnonzero((x[0] >= min(ax, bx) - reach) & (x[0] <= max(ax, bx) + reach))
        rows = np.flatnonzero((y[:, 0] >= min(az, bz) - reach) & (y[:, 0] <= max(az, bz) + reach))
        if not columns.size or not rows.size:
            continue
        part = np.ix_(rows, columns)
        dx, dz = bx - ax, bz - az
        along = np.clip(((x[:, columns] - ax) * dx + (y[rows] - az) * dz) / max(dx * dx + dz * dz, 1e-6), 0, 1)
        away = np.hypot(x[:, columns] - ax - along * dx, y[rows] - az - along * dz)
        radius = np.maximum(ra + (rb - ra) * along, 0.5 * scale)
        chord = 2 * np.sqrt(np.maximum(radius**2 - away**2, 0)) * min(1.0, (ra + rb) / scale)
        thick[part] = np.maximum(thick[part], chord)
        here = ARRIVES + (start + along * length) / SPEED
        arrival[part] = np.where(chord > 0, np.minimum(arrival[part], here), arrival[part])
    return thick, arrival


def _filled(since: Array) -> Array:
    """How full of contrast blood is, so many seconds after it came."""
    return np.asarray(ramp(since, 0.0, 0.35) * (1 - ramp(since, STAYS, STAYS + 1.4)), dtype=np.float32)


def _shutter(ds: Dataset, size: int, scale: float) -> None:
    """What lies behind the blades is nothing to look at (PS3.3 C.7.6.11)."""
    edge = round(size / 2 - _OPENING / scale)
    ds.ShutterShape = "RECTANGULAR"
    ds.ShutterLeftVerticalEdge, ds.ShutterRightVerticalEdge = edge + 2, size - edge - 1
    ds.ShutterUpperHorizontalEdge, ds.ShutterLowerHorizontalEdge = 0, size + 1
    ds.ShutterPresentationValue = 0


def _modules(ds: Dataset, scale: float) -> None:
    """X-ray image, acquisition, positioner, cine, multi-frame and mask modules (PS3.3 A.14, C.8.7, C.7.6.10)."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    ds.NumberOfFrames, ds.FrameIncrementPointer = FRAMES, 0x00181063
    ds.FrameTime = dicom.decimal(1000 / FRAMES_A_SECOND)
    ds.CineRate = ds.RecommendedDisplayFrameRate = round(FRAMES_A_SECOND)
    ds.PixelIntensityRelationship = "LIN"
    ds.PatientOrientation, ds.PositionerMotion = ["L", "F"], "STATIC"
    ds.PositionerPrimaryAngle = ds.PositionerSecondaryAngle = "0"
    ds.KVP, ds.RadiationSetting, ds.XRayTubeCurrent, ds.ExposureTime = "80", "GR", 250, 60
    ds.ImagerPixelSpacing = [dicom.decimal(scale * MAGNIFICATION)] * 2
    ds.DistanceSourceToDetector, ds.DistanceSourceToPatient = "1200", dicom.decimal(1200 / MAGNIFICATION)
    ds.EstimatedRadiographicMagnificationFactor = dicom.decimal(MAGNIFICATION)
    ds.ContrastBolusAgent, ds.ContrastBolusRoute = "Iodine", "Intra-arterial"
    ds.LossyImageCompression, ds.BurnedInAnnotation, ds.RecommendedViewingMode = "00", "NO", "SUB"
    item = Dataset()
    item.MaskOperation, item.MaskFrameNumbers, item.ContrastFrameAveraging = "AVG_SUB", list(MASK), 1
    ds.MaskSubtractionSequence = [item]
    dicom.windows(ds, [(1500, 2800, "Native")])
