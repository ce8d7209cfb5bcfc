"""Which grey a stored value is shown in, by another way than the program's: the standard's formulas in numpy.

Nothing of `rendering` is used. Levels are float64, 0 to 255, not rounded. In the order of PS3.4
N.2: modality (PS3.3 C.11.1), VOI (C.11.2), presentation (C.7.6.3.1.2, C.11.6), then what covers the
image: padding (C.7.5.1.1.2) and shutters (C.7.6.11) in black, overlays (C.9.2) in white on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pixel_truth
from pydicom.dataset import Dataset

Array = np.ndarray[Any, Any]


class Shown(NamedTuple):
    """A window as it is chosen: centre, width and VOILUTFunction."""

    centre: float
    width: float
    function: str = "LINEAR"


def modality(dataset: Dataset, stored: Array, frame: int) -> Array:
    """C.11.1: a Modality LUT, or slope and intercept."""
    if dataset.get("ModalityLUTSequence"):
        return _table(dataset.ModalityLUTSequence[0], stored, signed=int(dataset.PixelRepresentation) == 1)[0]
    return pixel_truth.modality(dataset, stored, frame)


def suv_factor(dataset: Dataset) -> float:
    """g/ml for each Bq/ml: dose at injection (or, corrected to the start of the scan, what was left then) by weight."""
    drug = dataset.RadiopharmaceuticalInformationSequence[0]
    waited = 0.0
    if dataset.DecayCorrection == "START":
        waited = _seconds(str(dataset.SeriesTime)) - _seconds(str(drug.RadiopharmaceuticalStartTime))
    left = float(drug.RadionuclideTotalDose) * 0.5 ** (waited / float(drug.RadionuclideHalfLife))
    return float(dataset.PatientWeight) * 1000.0 / left


def _seconds(time: str) -> float:
    return int(time[:2]) * 3600 + int(time[2:4]) * 60 + float(time[4:] or 0)


def windowed(values: Array, window: Shown) -> Array:
    """C.11.2.1.2.1 (LINEAR, in the standard's own words), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT)."""
    c, w = window.centre, window.width
    x = values.astype(np.float64)
    if window.function == "SIGMOID":
        return 255.0 / (1.0 + np.exp(np.clip(-4.0 * (x - c) / w, -700.0, 700.0)))
    if window.function == "LINEAR_EXACT":
        inside = ((x - c) / w + 0.5) * 255.0
        return np.where(x <= c - w / 2, 0.0, np.where(x > c + w / 2, 255.0, inside))
    low, high = c - 0.5 - (w - 1) / 2, c - 0.5 + (w - 1) / 2
    inside = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255.0 if w > 1 else x
    return np.where(x <= low, 0.0, np.where(x > high, 255.0, inside))


def through_voi_table(values: Array, item: Dataset, signed: bool) -> Array:
    """C.11.2.1.1: entries over their whole range of bits."""
    entries, bits = _table(item, np.rint(values).astype(np.int64), signed)
    return entries * 255.0 / ((1 << bits) - 1)


def _table(item: Dataset, values: Array, signed: bool) -> tuple[Array, int]:
    count, first, bits = (int(v) for v in item.LUTDescriptor)
    first = first - 65536 if signed and first >= 32768 else first
    data = item["LUTData"].value
    entries = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data, np.int64).ravel()
    return entries.astype(np.float64)[np.clip(values - first, 0, (count or 65536) - 1)], bits


def own_windows(dataset: Dataset, frame: int) -> list[Shown]:
    """Every window of a frame: its own functional group, the shared one, or the dataset."""
    for item in _voi_items(dataset, frame):
        centres, widths = (np.atleast_1d(item.get(name, [])).astype(float) for name in ("WindowCenter", "WindowWidth"))
        function = str(item.get("VOILUTFunction") or "LINEAR")
        least = 1.0 if function == "LINEAR" else 1e-12
        found = [Shown(float(c), float(w), function) for c, w in zip(centres, widths, strict=False) if w >= least]
        if found:
            return found
    return []


def _voi_items(dataset: Dataset, frame: int) -> Iterator[Dataset]:
    groups = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for group in [*([groups[frame]] if frame < len(groups) else []), *(dataset.get("SharedFunctionalGroupsSequence") or [])]:
        yield from group.get("FrameVOILUTSequence") or []
    yield dataset


def is_inverse(dataset: Dataset) -> bool:
    return str(dataset.PhotometricInterpretation) == "MONOCHROME1" or dataset.get("PresentationLUTShape") == "INVERSE"


def presented(dataset: Dataset, levels: Array, inverted: bool) -> Array:
    return 255.0 - levels if is_inverse(dataset) is not inverted else levels


def covered(dataset: Dataset, stored: Array) -> Array:
    """Where padding or a shutter lies."""
    found = np.zeros(stored.shape[:2], bool)
    if dataset.get("PixelPaddingValue") is not None and stored.ndim == 2 and stored.dtype.kind != "f":
        ends = [int(dataset.PixelPaddingValue), int(dataset.get("PixelPaddingRangeLimit", dataset.PixelPaddingValue))]
        found |= (stored >= min(ends)) & (stored <= max(ends))
    shapes = np.atleast_1d(dataset.get("ShutterShape") or [])
    row, column = np.mgrid[1 : stored.shape[0] + 1, 1 : stored.shape[1] + 1]
    if "RECTANGULAR" in shapes:
        found |= (column < dataset.ShutterLeftVerticalEdge) | (column > dataset.ShutterRightVerticalEdge)
        found |= (row < dataset.ShutterUpperHorizontalEdge) | (row > dataset.ShutterLowerHorizontalEdge)
    if "CIRCULAR" in shapes:
        r, c = dataset.CenterOfCircularShutter
        found |= np.hypot(row - r, column - c) > dataset.RadiusOfCircularShutter
    if "POLYGONAL" in shapes:
        corners = np.array(dataset.VerticesOfThePolygonalShutter, float).reshape(-1, 2)
        found |= ~_within(row.astype(float), column.astype(float), corners)
    if "BITMAP" in shapes:
        found |= _overlay(dataset, int(dataset.ShutterOverlayGroup), stored, 0)
    return found


def _within(row: Array, column: Array, corners: Array) -> Array:
    """By the winding number: the sum of the angles under which the edges are seen. On an edge is within."""
    total, on_edge = np.zeros(row.shape), np.zeros(row.shape, bool)
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        there = np.hypot(row - a[0], column - a[1]) + np.hypot(row - b[0], column - b[1])
        on_edge |= there - np.hypot(*(b - a)) < 1e-9
        first = np.arctan2(a[0] - row, a[1] - column)
        second = np.arctan2(b[0] - row, b[1] - column)
        total += (second - first + np.pi) % (2 * np.pi) - np.pi
    return (np.abs(total) > np.pi) | on_edge


def drawn(dataset: Dataset, containers: Array, frame: int) -> Array:
    """Where overlays draw: `containers` are the words of the frame, for overlays in bits that no pixel uses."""
    found = np.zeros(containers.shape[:2], bool)
    for group in range(0x6000, 0x6020, 2):
        if (group, 0x0010) in dataset and group != dataset.get("ShutterOverlayGroup"):
            found |= _overlay(dataset, group, containers, frame)
    return found


def _overlay(dataset: Dataset, group: int, containers: Array, frame: int) -> Array:
    rows, columns = int(dataset[group, 0x0010].value), int(dataset[group, 0x0011].value)
    if (group, 0x3000) not in dataset:
        return (containers.astype(np.int64) >> int(dataset[group, 0x0102].value)) & 1 == 1
    found = np.zeros(containers.shape[:2], bool)
    first = int(dataset[group, 0x0051].value) - 1 if (group, 0x0051) in dataset else 0
    count = int(dataset[group, 0x0015].value) if (group, 0x0015) in dataset else 1
    if not 0 <= frame - first < count:
        return found
    bits = np.unpackbits(np.frombuffer(dataset[group, 0x3000].value, np.uint8), bitorder="little")
    plane = bits[(frame - first) * rows * columns :][: rows * columns].reshape(rows, columns)
    top, left = (int(v) - 1 for v in dataset[group, 0x0050].value)
    for r, c in np.argwhere(plane):
        if 0 <= r + top < found.shape[0] and 0 <= c + left < found.shape[1]:
            found[r + top, c + left] = True
    return found
