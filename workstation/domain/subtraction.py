"""Mask subtraction of X-ray runs (DSA): what is taken from which frame (PS3.3 C.7.6.10, C.8.19.7; PS3.4 N.2.5).

Frames count from 1, as in DICOM. Shifts are (down, right) in pixels of the image: a positive one moves the mask down, or right.
Files count the second one the other way: positive is towards the left (C.7.6.10.1.2); `rendering.parse_masks` turns it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from workstation.domain.presenting import LookupTable

Shift = tuple[float, float]
UNSHIFTED: Shift = (0.0, 0.0)


class MaskOperation(StrEnum):
    """MaskOperation (0028,6101)."""

    NONE = "NONE"
    AVERAGE = "AVG_SUB"
    INTERVAL = "TID"
    REVERSED = "REV_TID"


@dataclass(frozen=True, slots=True)
class Mask:
    """One item of the Mask Subtraction Sequence.

    `frames` are averaged to the mask of AVERAGE; `offset` (TIDOffset) finds that of INTERVAL and REVERSED. So many
    `contrast_frames` from the shown one on are averaged first. `ranges` empty: the whole run. `landmark` is the share of the
    mask that stays visible, in percent (0: subtracted, 100: the image as it is). `frame_shifts` are for single contrast
    frames, in place of `shift`. `to_log` takes stored values into a space that is logarithmic to the X-ray intensity, in
    place of what the image says of itself.
    """

    operation: MaskOperation = MaskOperation.AVERAGE
    frames: tuple[int, ...] = (1,)
    contrast_frames: int = 1
    shift: Shift = UNSHIFTED
    offset: int = 1
    ranges: tuple[tuple[int, int], ...] = ()
    landmark: float = 0.0
    frame_shifts: tuple[tuple[int, Shift], ...] = ()
    to_log: LookupTable | None = None

    def shift_at(self, frame: int) -> Shift:
        return next((shift for number, shift in self.frame_shifts if number == frame), self.shift)


@dataclass(frozen=True, slots=True)
class MaskFacts:
    """What an image of several frames says of its own subtraction.

    `mode` is RecommendedViewingMode; `relationship` PixelIntensityRelationship (LIN, LOG, DISP or nothing).
    `displays` are (first frame, last frame, viewing mode, landmark) of the XA/XRF Multi-frame Presentation Module.
    `refused` says why its frames cannot be subtracted rightly.
    """

    mode: str = ""
    relationship: str = ""
    masks: tuple[Mask, ...] = ()
    to_log: LookupTable | None = None
    displays: tuple[tuple[int, int, str, float], ...] = ()
    refused: str = ""

    @property
    def usable(self) -> tuple[Mask, ...]:
        """The file's own, or the first image where it names none."""
        return self.masks if any(mask.operation is not MaskOperation.NONE for mask in self.masks) else (Mask(),)


@dataclass(frozen=True, slots=True)
class Subtraction:
    """What a viewport's state says. `masks` stand in place of the file's own, by SOP Instance UID."""

    is_on: bool = True
    masks: tuple[tuple[str, tuple[Mask, ...]], ...] = ()

    def of(self, image: str) -> tuple[Mask, ...] | None:
        return next((masks for uid, masks in self.masks if uid == image), None)

    def with_masks(self, image: str, masks: tuple[Mask, ...]) -> Subtraction:
        return replace(self, masks=(*(one for one in self.masks if one[0] != image), (image, masks)))


NATIVE = Subtraction(is_on=False)
SUBTRACTED = "subtracted"
"""What values of subtracted images are called in place of a unit."""


@dataclass(frozen=True, slots=True)
class Maskable:
    """The frame that a view shows, as one of a run of `count` frames."""

    image: str
    frame: int
    count: int
    facts: MaskFacts

    def masks(self, asked: Subtraction | None) -> tuple[Mask, ...]:
        """Those in use: what was chosen, else the file's own, else the first frame."""
        return (asked.of(self.image) if asked is not None else None) or self.facts.usable

    def filed(self, asked: Subtraction | None) -> tuple[Mask, ...]:
        """As `masks`; of the file's own with the share of the mask that it asks to keep visible in this frame."""
        if asked is not None and asked.of(self.image):
            return self.masks(asked)
        landmark = self.done(asked).mask.landmark
        return tuple(replace(mask, landmark=landmark) for mask in self.masks(asked))

    def done(self, asked: Subtraction | None) -> Subtracted:
        """What is done to this very frame."""
        return subtracted(self.facts, self.image, self.frame, self.count, asked)


@dataclass(frozen=True, slots=True)
class Subtracted:
    """What is really done to one frame: the mean of `mask_frames`, shifted, is taken from the mean of `contrast_frames`.

    Without `mask_frames` nothing is subtracted, and `why` says why, unless nobody asked for it (then it is empty).
    """

    mask: Mask = Mask()
    mask_frames: tuple[int, ...] = ()
    contrast_frames: tuple[int, ...] = ()
    why: str = ""

    @property
    def shift(self) -> Shift:
        return self.mask.shift_at(self.contrast_frames[0]) if self.contrast_frames else UNSHIFTED

    @property
    def words(self) -> str:
        """`subtracted, mask 3-5, shift 0.5/-1.0`: shift down, then right."""
        if not self.mask_frames:
            return self.why
        parts = [f"subtracted, mask {in_words(self.mask_frames)}"]
        if len(self.contrast_frames) > 1:
            parts.append(f"mean of images {in_words(self.contrast_frames)}")
        if self.shift != UNSHIFTED:
            parts.append(f"shift {self.shift[0]:.1f}/{self.shift[1]:.1f}")
        if self.mask.landmark:
            parts.append(f"landmarks {self.mask.landmark:g} %")
        return ", ".join(parts)


def subtracted(facts: MaskFacts | None, image: str, frame: int, count: int, asked: Subtraction | None) -> Subtracted:
    """What is to be done to `frame` of an image of `count` frames. `asked` None is as the file recommends."""
    if asked is not None and not asked.is_on:
        return Subtracted()
    if facts is None or facts.refused:
        why = facts.refused if facts is not None else "this is no run of X-ray images"
        recommended = facts is not None and facts.mode == "SUB"
        return Subtracted(why=f"not subtracted: {why}" if asked is not None or recommended else "")
    chosen = asked.of(image) if asked is not None else None
    display = next((one for one in facts.displays if one[0] <= frame <= one[1]), None)
    if asked is None and (display[2] if display is not None else facts.mode) != "SUB":
        return Subtracted()
    masks = chosen or facts.usable
    mask = next((one for one in masks if _holds(one, frame)), None)
    if mask is None:
        return Subtracted(why="not subtracted: no mask is for this image")
    if chosen is None and display is not None:
        mask = replace(mask, landmark=display[3])
    if mask.operation is MaskOperation.NONE:
        return Subtracted(why="not subtracted: no mask is for this image")
    frames = _mask_frames(mask, frame)
    contrast = tuple(range(frame, frame + max(1, mask.contrast_frames)))
    if not frames or min(frames) < 1 or max(frames) > count:
        return Subtracted(why="not subtracted: its mask is outside the run")
    if contrast[-1] > count:
        return Subtracted(why="not subtracted: too few images follow for the mean")
    return Subtracted(mask, frames, contrast)


def _holds(mask: Mask, frame: int) -> bool:
    return not mask.ranges or any(first <= frame <= last for first, last in mask.ranges)


def _mask_frames(mask: Mask, frame: int) -> tuple[int, ...]:
    if mask.operation is MaskOperation.AVERAGE:
        return mask.frames
    if mask.operation is MaskOperation.INTERVAL:
        return (frame - mask.offset,)
    before = 0
    for first, last in mask.ranges:
        if first <= frame <= last:
            return (frame - mask.offset - 2 * (before + frame - first),)
        before += last - first + 1
    return ()


def in_words(frames: tuple[int, ...]) -> str:
    """`3-5, 8`."""
    runs: list[list[int]] = []
    for frame in sorted(set(frames)):
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
