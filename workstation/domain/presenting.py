"""How somebody wanted an image to be seen beyond window, size and turn: tables and shutters (PS3.3 A.33, C.7.6.11)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A LUT (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5): `data` is little-endian uint16 entries.

    Inputs below `first` take the first entry, those past the end the last one. `bits` is the
    number of bits of an entry.
    """

    first: int
    bits: int
    data: bytes
    explanation: str = ""

    @property
    def count(self) -> int:
        return len(self.data) // 2


@dataclass(frozen=True, slots=True)
class Shutter:
    """The Display Shutter Module (PS3.3 C.7.6.11), in 1-based rows and columns as transmitted.

    `rectangle` is (left, right, upper, lower), `circle` (row, column, radius), `polygon`
    (row, column) pairs. Outside the intersection of all shapes the image is covered, and where the
    overlay of `overlay_group` (C.7.6.15) is set.
    """

    rectangle: tuple[int, int, int, int] | None = None
    circle: tuple[int, int, int] | None = None
    polygon: tuple[tuple[int, int], ...] = ()
    overlay_group: int = 0


@dataclass(frozen=True, slots=True)
class Followed:
    """The presentation state that an image is shown by, and what of it a viewport's own fields cannot say.

    `uid` is its SOP Instance UID. `shutter` stands in place of the image's own (None: nothing is covered).
    `voi` is its VOI LUT, on values of the modality transform. `levels` is what each of 256 greys becomes: 256
    bytes of grey (a presentation LUT), 768 of RGB (a pseudo-colour palette), or none.
    """

    uid: str
    shutter: Shutter | None = None
    voi: LookupTable | None = None
    levels: bytes = b""
