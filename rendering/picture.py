"""What a viewport gives to the screen: pixels and everything that must be said about them.

Plain data without Qt. Coordinates of the view are continuous, with pixel edges on whole
numbers: the first pixel covers 0..1 and its centre is 0.5, as in QPainter and mouse events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rendering.fusion_facts import Fused
from workstation.domain.doubt import Doubt, SpacingSource
from workstation.domain.geometry import Vec3
from workstation.domain.slab import Slab
from workstation.domain.viewing import Window
from workstation.errors import Refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Letters:
    """Patient sides at the four edges of the view (`L`, `LP`, `HA` ...), empty when unknown."""

    top: str = ""
    bottom: str = ""
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class FrameIdentity:
    """Which frame the pixels are (reliability I9). `frame_number` is 1-based as in DICOM."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    frame_number: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One painted view.

    `pixels` is uint8, (height, width) grey or (height, width, 3) RGB, C-contiguous, exactly the
    size asked for, black outside the image. `identity` is None for cuts through a volume that
    no single frame lies in. `window` is in `unit`. `mm_per_pixel` is the length of one view
    pixel in `spacing_source`'s sense, None when lengths are unknown. `index` is 0-based among
    `count` in reading order. `slice_location_mm` is the position along the scroll direction's
    patient axis (LPS). With `error` the pixels are black and the reason is to be shown instead.
    """

    pixels: NDArray[np.uint8]
    letters: Letters = field(default_factory=Letters)
    doubts: tuple[Doubt, ...] = ()
    identity: FrameIdentity | None = None
    window: Window | None = None
    unit: str = ""
    mm_per_pixel: float | None = None
    spacing_source: SpacingSource = SpacingSource.NONE
    index: int = 0
    count: int = 0
    slice_location_mm: float | None = None
    thickness_mm: float | None = None
    partial: bool = False
    per_pixel: float | None = None
    """View pixels per image pixel, where those are finest; None in 3D."""
    processed: str = ""
    """What was done to the image besides its window (`Sharpened 2`); an English source string."""
    is_nearest: bool = False
    """Whether pixels are shown as squares, nothing filled in between."""
    notes: tuple[str, ...] = ()
    """What must be known of how it was made (3D: coarser than the images, something hidden); English source strings."""
    refining: bool = False
    """Whether a finer picture of the same can be had soon."""
    slab: Slab | None = None
    """What is projected; None of a thin cut, of images as acquired and in 3D."""
    dimension: str = ""
    """Which of the volumes at the same places this is, in words (`b 1000 (3/4)`); empty of an ordinary series."""
    paged: str = ""
    """What the images are paged by, or why not as asked; "" for the reading order. An English source string."""
    error: Refused | None = None
    fused: Fused | None = None
    """What is laid over the image; a doubt says why where it was asked for and is not."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The exact value of the voxel under the pointer, never an interpolated one.

    `value` is in `unit`, the unit the window works in: the modality unit (`HU`, `BQML`, `stored`
    ...) or `SUVbw` when the PET facts allow it. `modality_value`/`modality_unit` are always those of
    the modality transform, `stored` the stored pixel value. For colour `value` is None and
    `colour` holds RGB. `column`, `row` are 0-based pixel indices of frame `identity`.
    """

    value: float | None
    unit: str
    column: int
    row: int
    patient_point: Vec3 | None
    text: str
    modality_value: float | None = None
    modality_unit: str = ""
    stored: int | float | None = None
    colour: tuple[int, int, int] | None = None
    identity: FrameIdentity | None = None
