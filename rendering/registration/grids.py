"""Two volumes brought to cubes of one size along the patient's axes, with the body told from air and table.

Points are LPS mm. Arrays are (z, y, x) with x to the patient's left, y to the posterior, z to the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from rendering.registration.reduce import Reduced

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

# The finest cubes: as many as this fill the smaller of the two volumes, within these lengths.
FINE_CUBES = 2.5e6
FINEST_MM, COARSEST_MM = 1.2, 3.0

# Below this a CT shows air, lung or padding; the table is thinner than the opening that takes it away.
CT_BODY = -350.0
CT_RANGE = (-1000.0, 500.0)
OPENING_MM = 8.0
MARGIN_MM = 10.0


@dataclass(frozen=True)
class Cubes:
    """Values on cubes of `pitch` mm, the first one's centre at `origin` (LPS). `known`: there are voxels."""

    values: Floats
    body: Mask
    known: Mask
    origin: NDArray[np.float64]
    pitch: float

    def points(self, mask: Mask) -> NDArray[np.float64]:
        """The LPS points (n, 3) of the cubes in a mask."""
        return np.argwhere(mask)[:, ::-1] * self.pitch + self.origin

    def image(self, array: NDArray[Any] | None = None) -> SimpleITK.Image:
        """As SimpleITK sees it; the values, or another array of the same cubes."""
        image = SimpleITK.GetImageFromArray(self.values if array is None else array)
        image.SetOrigin(tuple(float(v) for v in self.origin))
        image.SetSpacing((self.pitch,) * 3)
        return image

    def coarser(self, times: int) -> Cubes:
        """Means of blocks of cubes."""
        shape = [max(1, size // times) for size in self.values.shape]
        cut = tuple(slice(0, size * times) for size in shape)
        blocks = (shape[0], times, shape[1], times, shape[2], times)
        mean = self.values[cut].reshape(blocks).mean(axis=(1, 3, 5), dtype=np.float32)
        body: Mask = np.asarray(self.body[cut].reshape(blocks).mean(axis=(1, 3, 5)) >= 0.5, dtype=bool)
        known: Mask = np.asarray(self.known[cut].reshape(blocks).all(axis=(1, 3, 5)), dtype=bool)
        return Cubes(mean, body, known, self.origin + (times - 1) / 2 * self.pitch, self.pitch * times)


def fine_pitch(one: Reduced, other: Reduced) -> float:
    """The length of the finest cubes for these two, in mm."""
    smaller = min(one.cubic_mm, other.cubic_mm)
    return float(np.clip((smaller / FINE_CUBES) ** (1 / 3), FINEST_MM, COARSEST_MM))


def cubes_of(reduced: Reduced, pitch: float) -> Cubes:
    """The volume on cubes: linear between its voxels, clipped to what its modality tells apart, air where there is no body."""
    values, known, origin = _resampled(reduced, pitch)
    if reduced.modality == "CT":
        values = np.clip(values, *CT_RANGE)
    else:
        low, high = np.percentile(values[known], (1.0, 99.7)) if known.any() else (0.0, 1.0)
        values = np.clip(values, low, max(high, low + 1e-3))
    body = _body(values, known, pitch, reduced.modality)
    near = _doubled(dilated(body[::2, ::2, ::2], MARGIN_MM / pitch / 2), body.shape)
    values = np.where(near & known, values, np.float32(values.min()))
    return Cubes(values.astype(np.float32), body & known, known, origin, pitch)


def _resampled(reduced: Reduced, pitch: float) -> tuple[Floats, Mask, NDArray[np.float64]]:
    """Through index coordinates, so that sheared grids need no special way."""
    slices, rows, columns = reduced.values.shape
    corners = np.array([(c, r, s) for c in (0, columns - 1) for r in (0, rows - 1) for s in (0, slices - 1)], float)
    places = corners @ reduced.affine[:, :3].T + reduced.affine[:, 3]
    low, high = places.min(axis=0), places.max(axis=0)
    size = np.maximum(1, np.floor((high - low) / pitch).astype(int) + 1)
    origin = (low + high) / 2 - (size - 1) * pitch / 2
    back = np.linalg.inv(reduced.affine[:, :3])
    to_index = SimpleITK.AffineTransform(3)
    to_index.SetMatrix(back.ravel().tolist())
    to_index.SetTranslation((-back @ reduced.affine[:, 3]).tolist())
    grid = [int(v) for v in size]
    place = ([float(v) for v in origin], [pitch] * 3, np.eye(3).ravel().tolist())
    source = SimpleITK.GetImageFromArray(np.ascontiguousarray(reduced.values, np.float32))
    floor = float(reduced.values.min())
    nowhere = floor - 1.0e4
    image = SimpleITK.Resample(source, grid, to_index, SimpleITK.sitkLinear, *place, nowhere, SimpleITK.sitkFloat32)
    values = SimpleITK.GetArrayFromImage(image)
    known = values > nowhere + 0.5
    return np.where(known, values, np.float32(floor)), known, origin


def _body(values: Floats, known: Mask, pitch: float, modality: str) -> Mask:
    """The largest thing that is not air, without what is thin (the table), with its holes (the lungs).

    Looked for on cubes of twice the size: no edge of it needs to be finer than that.
    """
    coarse = Cubes(values, known, known, np.zeros(3), pitch).coarser(2)
    solid = (coarse.values > (CT_BODY if modality == "CT" else _threshold(coarse.values[coarse.known]))) & coarse.known
    opened = SimpleITK.BinaryMorphologicalOpening(_as_mask(solid), [max(1, round(OPENING_MM / 2 / coarse.pitch))] * 3)
    parts = SimpleITK.RelabelComponent(SimpleITK.ConnectedComponent(opened), sortByObjectSize=True)
    body = SimpleITK.GetArrayFromImage(parts) == 1
    if not body.any():
        return known.copy()
    closed = SimpleITK.BinaryMorphologicalClosing(_as_mask(body), [max(1, round(OPENING_MM / coarse.pitch))] * 3)
    filled = SimpleITK.GetArrayFromImage(closed).astype(bool)
    for index, section in enumerate(filled):  # from slice to slice: lungs are open at the ends of a scan
        filled[index] = SimpleITK.GetArrayFromImage(SimpleITK.BinaryFillhole(_as_mask(section)))
    return _doubled(filled, known.shape) & known


def _threshold(values: Floats) -> float:
    """Otsu's threshold between air and body, a little lower: what is dark in the body belongs to it."""
    if not values.size:
        return 0.0
    counts, edges = np.histogram(values, 64)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = below[-1] + counts[-1] - below
    sums = np.cumsum(counts * centres)
    between = below * above * (sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)) ** 2
    return float(edges[0] + 0.6 * (edges[1 + int(between.argmax())] - edges[0]))


def _doubled(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Each cube as eight, brought to `shape`."""
    whole = mask.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
    missing = [(0, max(0, size - had)) for size, had in zip(shape, whole.shape, strict=True)]
    padded = np.pad(whole, missing, mode="edge")
    return np.asarray(padded[: shape[0], : shape[1], : shape[2]], dtype=bool)


def dilated(mask: Mask, by: float) -> Mask:
    """The mask and all cubes within `by` cubes of it."""
    grown = SimpleITK.BinaryDilate(_as_mask(mask), [max(1, round(by))] * mask.ndim)
    return np.asarray(SimpleITK.GetArrayFromImage(grown), dtype=bool)


def _as_mask(mask: Mask) -> SimpleITK.Image:
    return SimpleITK.GetImageFromArray(mask.astype(np.uint8))
