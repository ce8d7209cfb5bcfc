"""Lays a second series over a picture: in colours with an opacity, or as the difference of two.

The laid-over volume is resampled on the view's own grid (vtkImageReslice), through the transform
from the shown series to it, whatever the two grids are; a slab takes as many samples of the one as of the
other. Nothing is laid over that is not proved to be of the same patient and to lie in the same space:
`over` then gives the picture alone, with the reason as a doubt, never a guess (F63).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rendering.fusion_bent import bent_values
from rendering.fusion_facts import Fused
from rendering.images import NotYet, SeriesImages
from rendering.latest import Latest
from rendering.picture import Picture
from rendering.pixels import is_inverse
from rendering.pixels.colour_maps import DIFFERENCE, OVERLAY, STEPS, ColourMap, colour_map, palette_map
from rendering.registration.displacement import Displacement, DisplacementBack, displacements
from rendering.reslice import Sampling, VolumeSource, sample_frame, sample_volume, shrink
from rendering.viewport_values import PET_WINDOW, ValueScale, screen_grey
from rendering.viewport_views import CutView, FrameView
from workstation.domain.alignment import IDENTITY
from workstation.domain.doubt import Doubt
from workstation.domain.geometry import Vec3, VolumeGeometry, add, scale, sub
from workstation.domain.viewing import Fusion, FusionMode, ViewportState, VoiFunction, Window
from workstation.errors import Refused

Others: TypeAlias = Callable[[str, str], SeriesImages | None]
"""The open series of a study UID and a series UID. Called from any thread; starts no loading."""

SAME_FRAME = "fused, same frame of reference"
REGISTERED = "fused, registered"

# Views that are kept for a change of window, map or opacity.
KEPT = 2

# While the hand moves every 2nd, 4th or 8th pixel is looked at, where voxels are so much larger.
MOST_COARSE = 3

# A view that skips voxels is sampled so many times finer at most, and averaged.
FINEST = 4

# Colours come in over this share of the window, so that what takes up little hides nothing.
RAMP = 0.25

# Half the width of a difference's first window, by unit; of others it is taken from the values.
DIFFERENCE_WIDTHS = {"HU": 400.0, "SUVbw": 5.0}
DIFFERENCE_PERCENTILE = 99.0


@dataclass(frozen=True, slots=True)
class LaidOver:
    """A second series that may be laid over: its images, the way to it (LPS mm, row-major 3 x 4), and the words for it."""

    images: SeriesImages
    matrix: tuple[float, ...]
    words: str
    dimension: int
    field: Displacement | DisplacementBack | None = None
    """What is added after the matrix, where the series was deformed; `warp` is its name."""
    warp: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Which series it is, for what is kept of it."""
        return self.images.study.study_instance_uid, self.images.series.series_instance_uid, self.warp, str(self.dimension)

    def point(self, point: Vec3) -> Vec3:
        """A point of the shown series as one of the laid-over series."""
        x, y, z = (float(part) for part in self.points(np.array(point)))
        return x, y, z

    def points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same of many (..., 3)."""
        matrix = np.array(self.matrix).reshape(3, 4)
        moved: NDArray[np.float64] = points @ matrix[:, :3].T + matrix[:, 3]
        return moved if self.field is None else moved + self.field.at(points)

    def back(self, point: Vec3) -> Vec3:
        """A point of the laid-over series as one of the shown series. Raises Refused where it was deformed."""
        if self.field is not None:
            raise Refused("No place", "There is no sure way back through a deformation")
        matrix = np.array(self.matrix).reshape(3, 4)
        x, y, z = np.linalg.solve(matrix[:, :3], np.array(point) - matrix[:, 3])
        return float(x), float(y), float(z)

    def volume(self) -> VolumeSource:
        """Raises Refused or NotYet."""
        return self.images.volume(self.dimension) if self.dimension else self.images.volume()


def laid_over(images: SeriesImages, fusion: Fusion, others: Others) -> LaidOver:
    """The series that `fusion` names, proved to be of this patient and this space. Raises Refused."""
    other = others(fusion.study_uid, fusion.series_uid)
    if other is None or not other.frame_count:
        raise Refused("Not fused", "The series to lay over is not open")
    if (other.study.study_instance_uid, other.series.series_instance_uid) != (fusion.study_uid, fusion.series_uid):
        raise Refused("Not fused", "The series to lay over is another one than was asked for")
    if other.study.patient.key != images.study.patient.key or _owner(other) != _owner(images):
        raise Refused("Not fused", "The series to lay over belongs to another patient")
    if other.verdict.geometry is None:
        raise Refused("Not fused", " ".join(["The series to lay over is no volume.", *other.verdict.reasons]))
    if other.header(0).is_colour:
        raise Refused("Not fused", "The series to lay over is in colour")
    field = displacements.find(fusion.warp) if fusion.warp else None
    if fusion.warp and field is None:
        raise Refused("Not fused", "The deformation between the two series is not here any more")
    if fusion.transform is not None:
        if len(fusion.transform) != 12 or not all(map(math.isfinite, fusion.transform)):
            raise Refused("Not fused", "The registration is no transform")
        return LaidOver(other, fusion.transform, fusion.words or REGISTERED, fusion.dimension, field, fusion.warp)
    frames = {images.header(0).frame_of_reference_uid, other.header(0).frame_of_reference_uid}
    if len(frames) != 1 or "" in frames:
        raise Refused("Not fused", "The two series have no common frame of reference and are not registered")
    return LaidOver(other, IDENTITY, fusion.words or SAME_FRAME, fusion.dimension, field, fusion.warp)


def _owner(images: SeriesImages) -> tuple[str, str]:
    """Patient ID and issuer as the images' own headers have them."""
    header = images.header(0)
    return header.patient_id, header.patient_issuer


class FusionPainter:
    """Lays series over the pictures of one `SeriesImages`. Keeps the latest resampled views. Thread-safe."""

    def __init__(self, images: SeriesImages, others: Others) -> None:
        self._images = images
        self._others = others
        self._views: Latest[NDArray[np.float32]] = Latest(KEPT)
        self._scales: Latest[tuple[SeriesImages, ValueScale]] = Latest(KEPT)

    @property
    def modality(self) -> str:
        """Of the shown series."""
        return self._images.series.modality

    def found(self, fusion: Fusion) -> LaidOver:
        """Raises Refused."""
        return laid_over(self._images, fusion, self._others)

    def scale(self, images: SeriesImages) -> ValueScale:
        """The own unit and windows of a laid-over series."""
        return self._scales.get(id(images), lambda: (images, ValueScale(images)))[1]

    def window(self, fusion: Fusion) -> Window:
        """The window of what is laid over, in its own unit. Raises Refused or NotYet."""
        return self._window(self.scale(self.found(fusion).images), fusion)

    @staticmethod
    def _window(values: ValueScale, fusion: Fusion) -> Window:
        """The reader's; without one SUV has the same for every patient."""
        return values.window(0, fusion.window or (PET_WINDOW if values.own.name else None))

    def over(
        self,
        picture: Picture,
        view: FrameView | CutView,
        state: ViewportState,
        base: Callable[[], NDArray[np.float32]],
        fast: bool = False,
    ) -> Picture:
        """`picture` with what `state.fusion` asks for; without it, and with the reason, where that cannot be.

        `base` gives the shown series' values under the view's pixels, for a difference. `fast` looks at fewer places of
        what is laid over, as long as no voxel of it is skipped.
        """
        if state.fusion is None or picture.error is not None:
            return picture
        try:
            found = self.found(state.fusion)
            return self._painted(picture, view, state, state.fusion, found, base, fast)
        except Refused as refused:
            return _with_doubt(picture, "not-fused", f"{refused.title}: {refused.detail}" if refused.detail else refused.title)
        except NotYet:
            return _with_doubt(picture, "fusion-waits", "The series to lay over is being loaded")

    def values(
        self, found: LaidOver, view: FrameView | CutView, state: ViewportState, width: int, height: int, fast: bool = False
    ) -> Values:
        """The laid-over series' values under the view's pixels, NaN outside it. Raises Refused or NotYet."""
        source = found.volume()
        values = self.scale(found.images)
        key: tuple[object, ...]
        if found.field is not None:
            key = (found.key, source.geometry.shape, source.partial, found.matrix, view, width, height, state.slab_mode)
            bent = self._views.get(key, lambda: values.in_unit(bent_values(source, view, found, width, height, state.slab_mode)))
            return Values(bent, values, source.partial)
        sampling = sampling_of(source.geometry, view, found, width, height, state.slab_mode)
        times = _coarser(sampling) if fast else 1
        sampling = sampling.thinned(times) if times > 1 else sampling
        key = (found.key, source.geometry.shape, source.partial, sampling, values.factor)
        seen = self._views.get(key, lambda: values.in_unit(_sampled(source, sampling)))
        return Values(seen, values, source.partial, times)

    def _painted(
        self,
        picture: Picture,
        view: FrameView | CutView,
        state: ViewportState,
        fusion: Fusion,
        found: LaidOver,
        base: Callable[[], NDArray[np.float32]],
        fast: bool,
    ) -> Picture:
        height, width = picture.pixels.shape[:2]
        seen = self.values(found, view, state, width, height, fast and fusion.mode is FusionMode.OVERLAY)
        unit = seen.scale.unit(0)
        if fusion.mode is FusionMode.DIFFERENCE:
            pixels, window, colours = _difference(base(), seen.values, fusion, self.scale(self._images).unit(0), unit)
        else:
            own = self._window(seen.scale, fusion)
            colours = palette_map(fusion.palette) if fusion.palette else colour_map(fusion.colour_map, OVERLAY)
            inverse = is_inverse(found.images.header(0)) and not colours.is_even
            pixels = blended(picture.pixels, seen.values, own, colours, fusion.opacity, inverse, seen.times)
            told = seen.scale.told_in(state.value_unit)
            window, unit = told.of_own(own), told.unit(0)
        series, study = found.images.series, found.images.study
        fused = Fused(
            study.study_instance_uid, series.series_instance_uid, series.modality, series.series_number,
            series.series_description, study.study_date, fusion.mode, found.words, fusion.opacity, colours.title,
            colours.table, window, unit, seen.partial,
        )  # fmt: skip
        theirs = (*found.images.doubts, *seen.scale.doubts)
        doubts = tuple(Doubt(f"over-{d.code}", f"{series.modality}: {d.text}", False) for d in theirs)
        waits = (Doubt("fusion-partial", "The series laid over is still coming"),) if seen.partial else ()
        return replace(picture, pixels=pixels, fused=fused, doubts=(*picture.doubts, *doubts, *waits))


@dataclass(frozen=True, eq=False)
class Values:
    """Values under a view's pixels in the unit of `scale`."""

    values: NDArray[np.float32]
    scale: ValueScale
    partial: bool
    times: int = 1
    """On every so many-th pixel of the view only."""


def sampling_of(
    geometry: VolumeGeometry, view: FrameView | CutView, found: LaidOver, width: int, height: int, slab_mode: str
) -> Sampling:
    """Where the view's pixels look in the laid-over volume's indices. Raises Refused for a frame that lies nowhere."""

    def at(x: float, y: float) -> Vec3:
        point = view.to_patient(x, y)
        if point is None:
            raise Refused("Not fused", "This image does not say where in the patient it lies")
        return geometry.to_index(found.point(point))

    first = at(0.5, 0.5)
    right, down = sub(at(1.5, 0.5), first), sub(at(0.5, 1.5), first)
    if isinstance(view, FrameView):
        start, plane = view.to_patient(0.5, 0.5), view.facts.plane
        if start is None or plane is None:
            raise Refused("Not fused", "This image does not say where in the patient it lies")
        # The third axis is no step of anything here, but it must not lie in the plane.
        ahead = geometry.to_index(found.point(add(start, plane.normal)))
        return Sampling(first, right, down, width, height, sub(ahead, first), mode=slab_mode)
    origin = geometry.to_index(found.point(view.cut.origin))
    step = geometry.to_index(found.point(add(view.cut.origin, scale(view.cut.forward, view.apart))))
    return Sampling(first, right, down, width, height, sub(step, origin), view.samples, slab_mode)


def _coarser(sampling: Sampling) -> int:
    """A power of two: of how many pixels in a row one is enough to meet every voxel twice."""
    step = max(abs(part) for way in (sampling.right, sampling.down) for part in way)
    return 1 << max(0, min(MOST_COARSE, math.floor(math.log2(0.5 / step)))) if step > 0.0 else 1


def _sampled(source: VolumeSource, sampling: Sampling) -> NDArray[np.float32]:
    skipped = max(abs(part) for step in (sampling.right, sampling.down) for part in step)
    finer = min(FINEST, max(1, math.floor(skipped)))
    values = sample_volume(source, sampling.regridded(1 / finer))
    return values if finer == 1 else shrink(values, finer, finer)


def blended(
    base: NDArray[np.uint8],
    values: NDArray[np.float32],
    window: Window,
    colours: ColourMap,
    opacity: float,
    inverse: bool = False,
    times: int = 1,
) -> NDArray[np.uint8]:
    """Colours over grey (or RGB), the values on every pixel or on every `times`-th (a power of two).

    At `opacity`, less near the window's lower end, nothing below it and where no value is. At an opacity of 1, and in
    even colours, the laid-over series covers all that it reaches.
    """
    height, width = base.shape[:2]
    levels = screen_grey(values, window, inverse, None)
    index = (levels if times == 1 else _filled(levels, times, width, height)).astype(np.int32)
    # One more colour for what lies outside: NaN, which is level 0 too. At less than all, level 0 mostly shows nothing either.
    if opacity >= 1.0 or colours.is_even:
        outside = np.isnan(values)
        index[outside if times == 1 else outside.repeat(times, 0).repeat(times, 1)[:height, :width]] = STEPS
    if base.ndim == 2:
        index <<= 8
        index |= base
        return _rgb(np.take(_mixed_greys(colours, opacity), index, mode="clip"))
    weights, coloured = _mixing(colours, opacity)
    mixed = coloured[index] + base.astype(np.uint16) * (np.uint16(256) - weights)[index][..., np.newaxis]
    return np.ascontiguousarray((mixed >> 8).astype(np.uint8))


def _filled(levels: NDArray[np.uint8], times: int, width: int, height: int) -> NDArray[np.float32]:
    """Every pixel's level out of every `times`-th, linearly."""
    share = 1.0 / times
    return sample_frame(levels, Sampling((0.0, 0.0, 0.0), (share, 0.0, 0.0), (0.0, share, 0.0), width, height))


def _mixing(colours: ColourMap, opacity: float) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """The weight (of 256) of each level's colour, and the colours times their weight; one more of both for none."""
    shares = np.arange(STEPS) / (STEPS - 1.0)
    alpha = np.full(STEPS, min(1.0, opacity)) if opacity >= 1.0 or colours.is_even else opacity * np.minimum(1.0, shares / RAMP)
    weights = np.append(np.rint(alpha * 256.0), 0.0).astype(np.uint16)
    table = np.vstack([colours.table, np.zeros((1, 3), np.uint8)]).astype(np.uint16)
    return weights, table * weights[:, np.newaxis]


@lru_cache(maxsize=16)
def _mixed_greys(colours: ColourMap, opacity: float) -> NDArray[np.uint32]:
    """What each level over each grey becomes, red in the lowest byte; index: level * 256 + grey."""
    weights, coloured = _mixing(colours, opacity)
    greys = np.arange(256, dtype=np.uint32)
    parts = (
        coloured.astype(np.uint32)[:, :, np.newaxis] + (256 - weights.astype(np.uint32))[:, np.newaxis, np.newaxis] * greys
    ) >> 8
    packed: NDArray[np.uint32] = (parts[:, 0] | (parts[:, 1] << 8) | (parts[:, 2] << 16)).reshape(-1).astype(np.uint32)
    packed.setflags(write=False)
    return packed


def _rgb(packed: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Packed colours as (height, width, 3)."""
    return np.ascontiguousarray(packed.astype("<u4", copy=False).view(np.uint8).reshape(*packed.shape, 4)[..., :3])


def _difference(
    base: NDArray[np.float32], values: NDArray[np.float32], fusion: Fusion, unit: str, other_unit: str
) -> tuple[NDArray[np.uint8], Window, ColourMap]:
    """The shown series less the laid-over one. Raises Refused for values that cannot be taken from each other."""
    if unit != other_unit:
        raise Refused("No difference", f"The values are in {unit or 'no unit'} and in {other_unit or 'no unit'}")
    found = base - values
    window = fusion.window or _difference_window(found, unit)
    window = Window(0.0, window.width, VoiFunction.LINEAR_EXACT, window.explanation)
    colours = colour_map(fusion.colour_map, DIFFERENCE)
    pixels = np.take(colours.table, screen_grey(found, window, False, None), axis=0, mode="clip")
    pixels[~np.isfinite(found)] = 0
    return np.ascontiguousarray(pixels), window, colours


def _difference_window(found: NDArray[np.float32], unit: str) -> Window:
    width = DIFFERENCE_WIDTHS.get(unit)
    if width is None:
        known = np.abs(found[np.isfinite(found)])
        width = 2.0 * float(np.percentile(known, DIFFERENCE_PERCENTILE)) if known.size else 1.0
    return Window(0.0, width or 1.0, VoiFunction.LINEAR_EXACT)


def _with_doubt(picture: Picture, code: str, words: str) -> Picture:
    return replace(picture, doubts=(*picture.doubts, Doubt(code, words)))
