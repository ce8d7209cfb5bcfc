"""What is asked of a new object, and what comes out. Plain data: no DICOM library is needed to fill it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from rendering.header import ImageHeader, LookupTable, ModalityTransform, Shutter
from rendering.objects.plain_text import one_line
from rendering.objects.presentation_facts import DisplayedArea
from workstation.domain.subtraction import Mask
from workstation.domain.viewing import Window


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes an object, and when (with a zone). `name` as people write it, or in DICOM form."""

    name: str
    made: datetime
    version: str = "0"

    def __post_init__(self) -> None:
        if self.made.tzinfo is None:
            raise ValueError("when an object was made needs a time zone")

    @property
    def person_name(self) -> str:
        """Family^given: the last word of a written name is taken for the family's."""
        name = one_line(self.name, 64)
        if "^" in name or " " not in name:
            return name
        given, _, family = name.rpartition(" ")
        return f"{family}^{given}"


@dataclass(frozen=True, slots=True)
class Earlier:
    """An object that a new one replaces."""

    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Joining:
    """The series that a new object joins, and what it replaces there.

    `series_uid` empty begins a series. `number` is its InstanceNumber, `revision` counts the savings from 1,
    `began` is when the series was begun (None: with this object).
    """

    series_uid: str = ""
    number: int = 1
    revision: int = 1
    began: datetime | None = None
    replaces: tuple[Earlier, ...] = ()

    @property
    def words(self) -> str:
        """`revision 2, replaces 2026-11-23 02:03`; empty for the first."""
        if self.revision < 2:
            return ""
        made = max((one.made for one in self.replaces), default=self.began)
        return f"revision {self.revision}" + (f", replaces {made:%Y-%m-%d %H:%M}" if made is not None else "")


FIRST = Joining()


@dataclass(frozen=True, slots=True)
class Written:
    """One object of ours as a Part 10 file. `left_out` says in words what could not be written into it."""

    data: bytes = field(repr=False)
    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    left_out: tuple[str, ...] = ()
    modality: str = ""
    is_empty: bool = False
    """Whether it only says that what an earlier one held was taken back."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Run:
    """How a whole X-ray run of `count` frames is subtracted: (frame, its mask), where no single mask says it for all.

    `rate` is in images a second, `sharpening` in steps of `rendering.filters`.
    """

    image: str
    frames: tuple[tuple[int, Mask], ...]
    count: int
    rate: float
    sharpening: int = 0

    @property
    def needs_own_state(self) -> bool:
        """A grey state holds one mask, all of it subtracted, and no filter."""
        masks = {mask for _, mask in self.frames}
        return len(masks) > 1 or any(mask.landmark for mask in masks) or bool(masks and self.sharpening)


@dataclass(frozen=True, slots=True)
class Over:
    """A series that lies over all images of a state: `palette` are its 256 colours, `window` in units of `transform`."""

    series_uid: str
    opacity: float
    palette: bytes
    window: Window
    transform: ModalityTransform
    headers: tuple[ImageHeader, ...] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What one state says of all its images. `inverted` is against how the image is shown by itself."""

    rotation: int = 0
    flipped_horizontally: bool = False
    flipped_vertically: bool = False
    inverted: bool = False
    shutter: Shutter | None = None
    mask: Mask | None = None
    run: Run | None = None
    over: Over | None = None
    levels: bytes = b""
    """What each of 256 greys becomes (256 bytes, or 768 of RGB); none: itself."""


AS_IS = Look()


@dataclass(frozen=True, slots=True)
class Shown:
    """One image of a state: its frames (1-based, empty for all), its window in modality units, and the area shown."""

    header: ImageHeader
    frames: tuple[int, ...] = ()
    window: Window | LookupTable | None = None
    area: DisplayedArea | None = None


def whole_area(header: ImageHeader, look: Look) -> DisplayedArea:
    """All of the image; its corners are named after rotation and flip (C.10.4)."""
    columns, rows = header.columns, header.rows
    corners = {0: (False, False), 90: (False, True), 180: (True, True), 270: (True, False)}
    at_right, at_bottom = corners[look.rotation % 360]
    sideways = bool(look.rotation % 180)
    # A flip on the screen swaps left and right there: columns, or rows when the image lies on its side.
    if look.flipped_horizontally:
        at_right, at_bottom = (at_right, not at_bottom) if sideways else (not at_right, at_bottom)
    if look.flipped_vertically:
        at_right, at_bottom = (not at_right, at_bottom) if sideways else (at_right, not at_bottom)
    left, right = (columns, 1) if at_right else (1, columns)
    top, bottom = (rows, 1) if at_bottom else (1, rows)
    return DisplayedArea((left, top), (right, bottom))
