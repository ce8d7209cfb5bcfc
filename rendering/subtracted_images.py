"""SubtractedImages: a series whose X-ray runs are seen less their masks. Frames are made when they are asked for.

To whoever draws or measures them they are images of their own: a float value without a unit, no modality transform,
no padding, and of the file's windows those around 0. Frames that are not subtracted are the series' own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rendering.header import FrameFacts, ImageHeader, ModalityTransform
from rendering.images import NotYet, SeriesImages
from rendering.latest import Latest
from rendering.pixels import FrameValues
from rendering.pixels.subtraction import LINEAR, LOGARITHMIC, Values, difference, in_log, mean, shifted, table_to_log
from rendering.reslice import VolumeSource
from rendering.series_frames import SeriesFrames
from workstation.domain.doubt import Doubt
from workstation.domain.subtraction import SUBTRACTED, UNSHIFTED, Mask, Shift, Subtracted, Subtraction, subtracted
from workstation.domain.viewing import Window
from workstation.errors import Refused

# The window stands around what did not change, so wide that all but so many in a hundred values of one frame are inside.
OUTSIDE = 0.5
SAMPLES = 1 << 16

# Frames kept by one viewport, in bytes, and at least so many; and masks.
KEPT_BYTES = 64 << 20
FEWEST_KEPT = 4
MASKS_KEPT = 4


class Shared:
    """What all ways of subtracting one series' runs have in common, however the mask is moved. Thread-safe."""

    def __init__(self) -> None:
        self.masks: Latest[Values] = Latest(MASKS_KEPT)
        self.windows: dict[tuple[str, Mask], Window] = {}


class SubtractedImages(SeriesImages):
    """Holds no frames but a few made last: those of `images` stay where they are."""

    # What SeriesImages would set up for frames of its own is not wanted.
    def __init__(self, images: SeriesImages, asked: Subtraction | None, shared: Shared | None = None) -> None:
        SeriesFrames.__init__(self, images.study, images.series, images._known)
        self.mapped_units = ()
        self._images = images
        self._asked = asked
        size = max((header.rows * header.columns * 4 for header in self._headers), default=1)
        self._made: Latest[Values] = Latest(max(FEWEST_KEPT, KEPT_BYTES // max(1, size)))
        self._shared = shared or Shared()
        self._changed: Latest[ImageHeader] = Latest(16)

    # What is subtracted

    def plan(self, position: int) -> Subtracted:
        header = self._images.header(position)
        facts, number = header.subtraction, self.frame(position) + 1
        return subtracted(facts, header.sop_instance_uid, number, header.frames, self._asked)

    def header(self, position: int) -> ImageHeader:
        own, plan = self._images.header(position), self.plan(position)
        if not plan.mask_frames:
            return own
        return self._changed.get(own.sop_instance_uid, lambda: _as_difference(own))

    # Frames

    def container(self, position: int) -> NDArray[Any]:
        """Raises Refused or NotYet, as `SeriesImages.container` does."""
        plan = self.plan(position)
        if not plan.mask_frames:
            return self._images.container(position)
        return self._made.get((position, plan), lambda: self._difference(position, plan))

    def _difference(self, position: int, plan: Subtracted) -> Values:
        made = self._less(position, plan, plan.shift)
        made.setflags(write=False)
        return made

    def _less(self, position: int, plan: Subtracted, shift: Shift) -> Values:
        contrast = mean([self._logged(self._at(position, number), plan) for number in plan.contrast_frames])
        return difference(contrast, self._mask(position, plan, shift), plan.mask.landmark)

    def _mask(self, position: int, plan: Subtracted, shift: Shift) -> Values:
        image = self._images.header(position).sop_instance_uid

        def make() -> Values:
            still = (0.0, 0.0)
            if shift != still:
                return shifted(self._mask(position, plan, still), shift)
            return mean([self._logged(self._at(position, number), plan) for number in plan.mask_frames])

        return self._shared.masks.get((image, plan.mask_frames, shift, plan.mask.to_log), make)

    def _at(self, position: int, number: int) -> int:
        """Where the frame of that number, of the image at `position`, is in the reading order. Raises Refused."""
        found = self.position_of(self._images.header(position).sop_instance_uid, number)
        if found is None:
            raise Refused("The image cannot be subtracted", "An image of its run is not here")
        return found

    def _logged(self, position: int, plan: Subtracted) -> Values:
        header = self._images.header(position)
        facts = header.subtraction
        assert facts is not None  # or there was no plan
        try:
            container = self._images.container(position)
        except NotYet:
            self._images.prioritise(position)
            raise
        return in_log(container, header, table_to_log(header, facts, plan.mask))

    def values(self, position: int) -> FrameValues:
        container = self.container(position)
        return FrameValues(container, self.facts(position).transform.unit, container)

    def window(self, position: int) -> Window:
        """One for the whole run, so that nothing flickers in cine: from its middle image, around what did not change.

        It is that of the mask where it was taken: nothing jumps while a hand moves it. Raises NotYet or Refused.
        """
        header, plan = self._images.header(position), self.plan(position)
        key = header.sop_instance_uid, replace(plan.mask, shift=UNSHIFTED, frame_shifts=())
        if key in self._shared.windows:
            return self._shared.windows[key]
        middle = self.position_of(header.sop_instance_uid, (header.frames + 1) // 2)
        at = position if middle is None or not self.plan(middle).mask_frames else middle
        try:
            made = _window(self._less(at, self.plan(at), UNSHIFTED))
        except NotYet:
            if at == position:
                raise
            return _window(self._less(position, plan, UNSHIFTED))
        self._shared.windows[key] = made
        return made

    # What is as of the series itself

    @property
    def loaded_count(self) -> int:
        return self._images.loaded_count

    @property
    def complete(self) -> bool:
        return self._images.complete

    @property
    def is_at_hand(self) -> bool:
        return self._images.is_at_hand

    @property
    def is_large(self) -> bool:
        return self._images.is_large

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        return self._images.doubts

    def volume(self, dimension: int = 0) -> VolumeSource:
        """Of the images as they are: planes through a series are never of subtracted images."""
        return self._images.volume(dimension)

    def prioritise(self, position: int) -> None:
        self._images.prioritise(position)


def _as_difference(own: ImageHeader) -> ImageHeader:
    said: tuple[str, ...] = ()
    facts = own.subtraction
    if facts is not None and facts.to_log is None and facts.relationship not in (LINEAR, LOGARITHMIC):
        said = ("Grey levels are subtracted: how they follow the X-ray intensity is not known",)
    if any(overlay.embedded_bit is not None for overlay in own.overlays):
        said = (*said, "Overlays in the bits of the pixels are not shown while subtracted")
    return replace(
        own,
        float_bits=32,
        bits_allocated=32,
        bits_stored=32,
        high_bit=31,
        padding=None,
        palette=None,
        overlays=tuple(overlay for overlay in own.overlays if overlay.embedded_bit is None),
        shared=_unitless(own.shared),
        per_frame=tuple(map(_unitless, own.per_frame)),
        warnings=(*own.warnings, *said),
    )


def _unitless(facts: FrameFacts) -> FrameFacts:
    around = tuple(one for one in facts.windows if abs(one.center) < one.width / 2.0)
    return replace(facts, transform=ModalityTransform(unit=SUBTRACTED), windows=around, voi_tables=())


def _window(values: NDArray[Any]) -> Window:
    kept = values.ravel()[:: max(1, values.size // SAMPLES)]
    kept = kept[np.isfinite(kept)]
    if not kept.size:
        return Window(0.0, 1.0)
    middle = float(np.median(kept))
    low, high = (float(v) for v in np.percentile(kept, (OUTSIDE, 100.0 - OUTSIDE)))
    half = max(abs(low - middle), abs(high - middle), 1.0)
    return Window(middle, 2.0 * half)
