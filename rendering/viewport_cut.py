"""Cuts through a volume to the pixels of a view: thin ones and slabs, whole and coarser while the mouse moves.

The first picture of a thin cut is windowed by VTK while it interpolates. A view that is asked for again is being
windowed by hand: from then on its values are kept, so that a change of window alone costs only the window.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rendering.filters import filtered
from rendering.images import SeriesImages
from rendering.latest import Latest
from rendering.pixels import Voi, is_inverse
from rendering.reslice import Cutters, Levels, VolumeSource, shrink
from rendering.sampling import Sampling
from rendering.spare import SparePictures
from rendering.viewport_dimensions import dimension_of
from rendering.viewport_values import Seen, ValueScale, screen_levels
from rendering.viewport_views import CutView
from workstation.domain.geometry import VolumeGeometry, sub
from workstation.domain.viewing import Interpolation, ViewportState

# Latest cuts of one series whose values are kept: three planes of it stand side by side, and one more is being turned.
CUTS_KEPT = 4

# A cut that skips voxels is drawn finer and averaged, up to this many times in each direction.
FINEST = 4

# An oblique slab that follows the mouse is drawn on about this many pixels squared, from about this many
# samples: three of 20 mm then fit into the time that one event may take.
FAST_SLAB, FAST_SAMPLES = 256, 9


class CutPainter:
    """Draws cuts through the volumes of one `SeriesImages` as uint8 pixels. Thread-safe."""

    def __init__(self, images: SeriesImages, scale: ValueScale) -> None:
        self._images = images
        self._scale = scale
        self._kept: Latest[Seen] = Latest(CUTS_KEPT)
        self._asked: Latest[bool] = Latest(2 * CUTS_KEPT)
        self._cutters = Cutters()
        self._spare = SparePictures()

    def picture(
        self,
        source: VolumeSource,
        view: CutView,
        state: ViewportState,
        size: tuple[int, int],
        fill: Interpolation,
        fast: bool,
    ) -> NDArray[np.uint8]:
        """`size` is (width, height). `fast` coarsens what is dear: oblique cuts, and slabs even more."""
        sampling = cut_sampling(source.geometry, view, *size, state.slab_mode)
        coarser = _coarser(sampling) if fast else 1
        finer = 1 if coarser > 1 else _finer(sampling)
        if coarser > 1:
            sampling = sampling.thinned(coarser).with_fewer_samples(FAST_SAMPLES)
        first = dimension_of(self._images, state).start
        inverse = is_inverse(self._images.header(first)) is not state.inverted
        voi = self._scale.voi(first, state.window, state.own_window)
        key = (first, source.geometry.shape, sampling, finer, fill, state.sharpening)
        line = self._line(source, sampling, finer, state, voi, inverse, first)
        if line is not None and not self._asked.knows(key, True):
            return self._cutters.levels(source, sampling, fill, line, lambda levels: self._sized(levels, coarser, size))
        per_pixel = view.screen.per_pixel / coarser
        seen = self._kept.get(key, lambda: Seen(self._filtered(source, sampling, finer, fill, state.sharpening, per_pixel)))
        picture = seen.grey(voi, inverse, self._scale.padding(first))
        return picture if coarser == 1 else self._sized(picture, coarser, size)

    def _sized(self, levels: NDArray[np.uint8], coarser: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """A picture of its own, of `size`."""
        picture = self._spare.take((size[1], size[0]))
        enlarged(levels, coarser, picture)
        return picture

    def values(self, source: VolumeSource, view: CutView, state: ViewportState, width: int, height: int) -> NDArray[np.float32]:
        """The values under the view's pixels, unfiltered, in the shown unit."""
        sampling = cut_sampling(source.geometry, view, width, height, state.slab_mode)
        return self._sampled(source, sampling, _finer(sampling), Interpolation.LINEAR)

    def _line(
        self, source: VolumeSource, sampling: Sampling, finer: int, state: ViewportState, voi: Voi, inverse: bool, first: int
    ) -> Levels | None:
        """The window as a line that VTK can take with the interpolation; None where more is to be done."""
        if source.voxels.dtype.kind not in "iu" or sampling.samples > 1 or finer > 1 or state.sharpening:
            return None
        line, padding = screen_levels(voi, inverse), self._scale.padding(first)
        # What is padding must be black: by the window itself, or not in this way.
        if line is None or (padding is not None and any(end * line[0] + line[1] >= 0.5 for end in padding)):
            return None
        return Levels(line[0] * self._scale.factor, line[1])

    def _filtered(
        self, source: VolumeSource, sampling: Sampling, finer: int, fill: Interpolation, sharpening: int, per_pixel: float
    ) -> NDArray[np.float32]:
        values = self._sampled(source, sampling, finer, fill)
        if not sharpening:
            return values
        padding = self._scale.padding(0)
        padded = None if padding is None else (values >= padding[0]) & (values <= padding[1])
        return filtered(values, sharpening, padded, per_pixel)

    def _sampled(self, source: VolumeSource, sampling: Sampling, finer: int, fill: Interpolation) -> NDArray[np.float32]:
        values = self._cutters.values(source, sampling.regridded(1 / finer), fill)
        if finer > 1:
            values = shrink(values, finer, finer)
        return self._scale.in_unit(values)


def cut_sampling(geometry: VolumeGeometry, view: CutView, width: int, height: int, mode: str = "MEAN") -> Sampling:
    """Where the view's pixels look in the volume's indices."""
    first = geometry.to_index(view.to_patient(0.5, 0.5))
    right = sub(geometry.to_index(view.to_patient(1.5, 0.5)), first)
    down = sub(geometry.to_index(view.to_patient(0.5, 1.5)), first)
    return Sampling(first, right, down, width, height, view.cut.through(geometry, view.apart), view.samples, mode)


def _finer(sampling: Sampling) -> int:
    """How many times finer a cut must be drawn so that it skips no voxel."""
    skipped = max(abs(part) for step in (sampling.right, sampling.down) for part in step)
    return min(FINEST, max(1, math.floor(skipped)))


def _coarser(sampling: Sampling) -> int:
    """How many times coarser a cut is drawn while the mouse moves: a power of two."""
    if sampling.samples > 1 and not sampling.runs_along_axes:
        wanted = math.sqrt(sampling.width * sampling.height) / FAST_SLAB
        return 1 << max(1, round(math.log2(max(1.0, wanted))))
    return 1 if sampling.runs_along_axes else 2


def enlarged(picture: NDArray[np.uint8], times: int, target: NDArray[np.uint8]) -> None:
    """Fills `target` from every `times`-th pixel of it (a power of two) with the grey levels between, linearly."""
    while times > 2:
        twice = np.empty((2 * picture.shape[0] - 1, 2 * picture.shape[1] - 1), np.uint8)
        _double(picture, twice)
        picture = twice
        times //= 2
    if times == 2:
        _double(picture, target)
    else:
        np.copyto(target, picture)


def _double(picture: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
    """Fills `target` with a row and a column between each two of the picture, from the first; the last is repeated if need be."""
    (rows, columns), (height, width) = picture.shape, target.shape
    flat = picture.reshape(-1)
    # A column and the one that follows it as one number of 16 bits; what follows the last column is put right below.
    pairs = np.empty(flat.size, "<u2")
    pairs[:-1] = _between(flat[:-1], flat[1:])
    pairs[-1] = flat[-1]
    pairs <<= 8
    pairs |= flat
    wide = pairs.view(np.uint8).reshape(rows, 2 * columns)
    if width == 2 * columns:
        wide[:, -1] = picture[:, -1]
    target[0::2] = wide[: (height + 1) // 2, :width]
    lines = wide.reshape(-1)
    between = _between(lines[: -2 * columns], lines[2 * columns :]).reshape(rows - 1, 2 * columns)
    odd = min(height // 2, rows - 1)
    target[1 : 2 * odd : 2] = between[:odd, :width]
    if height // 2 > odd:
        target[-1] = wide[-1, :width]


def _between(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean, rounded down, without leaving 8 bits."""
    mean: NDArray[np.uint8] = a ^ b
    mean >>= 1
    mean += a & b
    return mean
