"""An echocardiogram from the apex: four chambers that beat, one cycle, with flow in colour."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from rendering.phantoms import dicom, noise
from rendering.phantoms.scan import coverage
from rendering.phantoms.shapes import Array, ramp
from rendering.phantoms.study import Making, PhantomStudy

FRAMES, FRAME_TIME = 30, 33.0
DEPTH, HALF_ANGLE = 160.0, 0.68  # millimetres; radians to either side
_APEX_ROW = 24


def make(making: Making, progress: Callable[[float], None]) -> PhantomStudy:
    """Write the cine."""
    rows, columns = (120, 160) if making.small else (480, 640)
    scale = DEPTH / (rows - 2 * _APEX_ROW * rows / 480)  # millimetres a pixel
    speckle = _speckle(noise.generator(making.seed, "speckle"), (rows, columns))
    frames = []
    for index in range(FRAMES):
        frames.append(_frame(rows, columns, scale, index / FRAMES, speckle))
        progress((index + 1) / FRAMES)
    series = dicom.Series("cine", dicom.ULTRASOUND_CINE, "US", 1, "Apical four chambers", lossless=True)
    ds = dicom.image(making, series, 1)
    box = _modules(ds, rows, columns, scale)
    dicom.pixels(ds, frames, stored=8, photometric="RGB", lossless=True)
    dicom.save(making, series, ds)
    return making.finished({"frames": FRAMES, "frame_time_ms": FRAME_TIME, "mm_per_pixel": scale, "region": box,
                            "left_ventricle": _pixel(rows, columns, scale, 20.0, 62.0),
                            "ejection": {"end diastole": 0, "end systole": round(FRAMES * 0.36)}})  # fmt: skip


def _pixel(rows: int, columns: int, scale: float, x: float, y: float) -> tuple[float, float]:
    """(column, row) of a place in the sector (mm right of the axis, mm below the probe)."""
    return columns / 2 + x / scale, _APEX_ROW * rows / 480 + y / scale


def _speckle(rng: np.random.Generator, shape: tuple[int, int]) -> list[Array]:
    """Four fields of fully developed speckle in (depth, angle): real and imaginary parts of two."""

    def blur(f: Array) -> Array:
        return np.asarray(np.exp(-((f / 0.16) ** 2)), dtype=np.float32)

    fields = []
    for _ in range(4):
        fine = noise.shaped(rng, (shape[0], shape[1] // 2), blur)
        fields.append(np.asarray(np.repeat(fine, 2, axis=1)[:, : shape[1]], dtype=np.float32))
    return fields


def _frame(rows: int, columns: int, scale: float, phase: float, speckle: list[Array]) -> npt.NDArray[np.uint8]:
    r, c = np.arange(rows, dtype=np.float32)[:, None], np.arange(columns, dtype=np.float32)[None, :]
    x = (c - np.float32(columns / 2)) * np.float32(scale)
    y = (r - np.float32(_APEX_ROW * rows / 480)) * np.float32(scale)
    depth, angle = np.hypot(x, y), np.arctan2(x, y)
    tissue, flow = _heart(x, y, phase)
    tissue = tissue * (0.75 + 0.25 * np.cos(angle * 1.6)) * (1 - 0.18 * ramp(depth, 90, 160))
    amplitude = _sampled(speckle, depth / scale, (angle / HALF_ANGLE / 2 + 0.5) * (columns - 1), phase)
    brightness = 42 * np.log1p(14 * tissue * amplitude) + 30 * tissue - 12
    inside = coverage(np.maximum(np.abs(angle) * depth - HALF_ANGLE * depth, np.maximum(depth - DEPTH, 4 - depth)) / scale, 1.5)
    grey = np.clip(brightness, 0, 235) * inside
    picture = np.repeat(grey[:, :, None], 3, axis=2)
    _colour(picture, flow, inside, amplitude)
    _scale_marks(picture, rows, columns, scale)
    return np.asarray(np.clip(np.rint(picture), 0, 255), dtype=np.uint8)


def _sampled(speckle: list[Array], depth: Array, beam: Array, phase: float) -> Array:
    """Size of a sum of two speckle fields whose shares turn with time: speckle that lives."""
    rows, columns = speckle[0].shape
    i, j = np.clip(depth, 0, rows - 1).astype(np.int32), np.clip(beam, 0, columns - 1).astype(np.int32)
    a, b = np.float32(np.cos(2 * np.pi * phase)), np.float32(np.sin(2 * np.pi * phase))
    real, imaginary = a * speckle[0] + b * speckle[2], a * speckle[1] + b * speckle[3]
    size = np.sqrt(real * real + imaginary * imaginary)
    return np.asarray(size[i, j], dtype=np.float32)


def _squeeze(phase: float) -> tuple[float, float]:
    """(how far the ventricles, how far the atria are contracted), 0 to 1, over one cycle."""
    ventricles = np.exp(-(((phase - 0.36) / 0.17) ** 2))
    atria = np.exp(-(((phase - 0.9) / 0.08) ** 2)) + 0.25 * np.exp(-(((phase - 0.7) / 0.1) ** 2))
    return float(ventricles), float(atria)


def _ellipse(x: Array, y: Array, cx: float, cy: float, a: float, b: float, turn: float = 0.0) -> Array:
    cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    u, v = ((x - cx) * cosine + (y - cy) * sine) / a, ((y - cy) * cosine - (x - cx) * sine) / b
    return np.asarray((np.sqrt(u * u + v * v) - 1) * min(a, b), dtype=np.float32)


def _heart(x: Array, y: Array, phase: float) -> tuple[Array, Array]:
    """(echo strength 0..1, flow -1..1 towards and away from the probe)."""
    squeeze, atrial = _squeeze(phase)
    down = 7 * squeeze  # the base comes towards the apex
    lv = _ellipse(x, y, 20, 64 - down * 0.2, 21 * (1 - 0.3 * squeeze), 42 * (1 - 0.15 * squeeze), 0.06)
    rv = _ellipse(x, y, -23, 68 - down * 0.2, 14 * (1 - 0.25 * squeeze), 35 * (1 - 0.14 * squeeze), -0.22)
    la = _ellipse(x, y, 19, 126 - down * 0.6, 21 * (1 - 0.12 * atrial), 18 * (1 + 0.12 * squeeze - 0.1 * atrial))
    ra = _ellipse(x, y, -24, 124 - down * 0.6, 19 * (1 - 0.12 * atrial), 18 * (1 + 0.12 * squeeze - 0.1 * atrial))
    outer = np.minimum(_ellipse(x, y, 2, 72, 55 - 3 * squeeze, 62, 0.0), _ellipse(x, y, -2, 122, 48, 28))
    blood = np.minimum(np.minimum(lv, rv), np.minimum(la, ra))
    rim: Array = np.asarray(np.abs(outer) - np.float32(1.6), dtype=np.float32)
    echo: Array = np.asarray(0.44 + 0.4 * coverage(rim, 2.5), dtype=np.float32)
    around = 0.035 + 0.34 * np.exp(-np.maximum(outer, 0) / 10)
    echo = np.asarray(np.where(outer > 0, around, echo), dtype=np.float32)
    walls = np.exp(-((np.maximum(blood, 0) / 2.2) ** 2)) * 0.16
    echo = np.asarray((echo + walls) * (1 - coverage(blood, 2.5) * 0.965), dtype=np.float32)
    for hinge, tip in _leaflets(squeeze, down):
        echo = np.maximum(echo, 0.75 * coverage(_segment(x, y, hinge, tip) - 0.8, 1.2))
    filling = float(np.exp(-(((phase - 0.66) / 0.09) ** 2)) + 0.7 * np.exp(-(((phase - 0.92) / 0.06) ** 2)))
    jet = filling * np.exp(-(((x - 20) / 9) ** 2)) * ramp(-y, -112, -40) * ramp(y, 42, 70)
    out = squeeze * np.exp(-(((x - 8) / 7) ** 2)) * ramp(y, 30, 90) * ramp(-y, -112, -102)
    flow = (jet - 0.9 * out) * coverage(np.minimum(lv, la), 2.0)
    return np.asarray(echo, dtype=np.float32), np.asarray(flow, dtype=np.float32)


_Place = tuple[float, float]


def _leaflets(squeeze: float, down: float) -> list[tuple[_Place, _Place]]:
    """Mitral and tricuspid leaflets from hinge to tip: closed while the ventricles squeeze."""
    base = 107 - down
    open_part = 1 - min(1.0, squeeze * 1.6)
    pairs = []
    for left, right in ((2.0, 38.0), (-40.0, -7.0)):
        middle = (left + right) / 2
        for hinge, side in ((left, -1.0), (right, 1.0)):
            tip = (middle + side * 9 * open_part, base - 5 - 11 * open_part)
            pairs.append(((hinge, base), tip))
    return pairs


def _segment(x: Array, y: Array, a: _Place, b: _Place) -> Array:
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy), 0, 1)
    return np.asarray(np.hypot(x - a[0] - t * dx, y - a[1] - t * dy), dtype=np.float32)


def _colour(picture: Array, flow: Array, inside: Array, amplitude: Array) -> None:
    """Flow towards the probe red, away from it blue, over the grey picture, in place."""
    strength = np.clip(np.abs(flow) * (0.75 + 0.2 * amplitude), 0, 1) * inside
    part = (ramp(strength, 0.12, 0.3) * 0.9)[:, :, None]
    towards = np.stack([150 + 105 * strength, 170 * strength**2, 20 * strength], axis=2)
    away = np.stack([20 * strength, 150 * strength**2, 150 + 105 * strength], axis=2)
    picture += part * (np.where((flow > 0)[:, :, None], towards, away) - picture)


def _scale_marks(picture: Array, rows: int, columns: int, scale: float) -> None:
    """A tick for every centimetre of depth at the right edge."""
    for centimetre in range(int(DEPTH // 10) + 1):
        row = round(_APEX_ROW * rows / 480 + centimetre * 10 / scale)
        length = columns // 64 if centimetre % 5 == 0 else columns // 128
        if row < rows:
            picture[row, columns - 1 - length * 2 : columns - length, :] = 200


def _modules(ds: Dataset, rows: int, columns: int, scale: float) -> tuple[int, int, int, int]:
    """US image, cine, multi-frame and region calibration modules (PS3.3 A.7, C.8.5.5). Answers the region's box."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "CARDIAC", "0011"]
    ds.NumberOfFrames, ds.FrameTime, ds.FrameIncrementPointer = FRAMES, dicom.decimal(FRAME_TIME), 0x00181063
    ds.RecommendedDisplayFrameRate, ds.CineRate, ds.HeartRate = round(1000 / FRAME_TIME), round(1000 / FRAME_TIME), 60
    ds.LossyImageCompression, ds.BurnedInAnnotation, ds.PatientOrientation = "00", "NO", ""
    half = DEPTH * float(np.sin(HALF_ANGLE)) / scale
    top = round(_APEX_ROW * rows / 480)
    right, bottom = min(columns - 1, int(columns / 2 + half)), min(rows - 1, int(top + DEPTH / scale))
    box = (max(0, int(columns / 2 - half)), top, right, bottom)
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0, region.RegionLocationMaxX1, region.RegionLocationMaxY1 = box
    region.ReferencePixelX0, region.ReferencePixelY0 = columns // 2 - box[0], 0
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = scale / 10
    region.ReferencePixelPhysicalValueX = region.ReferencePixelPhysicalValueY = 0.0
    region.TransducerFrequency = 2500
    ds.SequenceOfUltrasoundRegions = [region]
    return box
