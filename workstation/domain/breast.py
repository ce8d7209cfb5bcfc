"""What was found of a breast in one mammogram. Places are 0-based pixel indices of the image as stored, with fractions."""

from __future__ import annotations

from dataclasses import dataclass

from workstation.domain.doubt import SpacingSource

Box = tuple[float, float, float, float]
"""(left, top, right, bottom): outer edges, in pixels of the image; -0.5 is the edge of the first."""


@dataclass(frozen=True, slots=True)
class Breast:
    """Where the breast lies. Nothing here changes a pixel: images are only placed by it.

    `wall` is the side of the image ("left", "right") at which the chest wall lies, `edge` the column edge where the
    breast ends there (the image's own border unless a film's border or a collimator left a strip). `nipple` is
    (column, row), `middle` the row in the middle of the breast's tip; each None when it is not certain.
    `box` holds all that is not air, markers too; `outline` the breast alone. `bands` are its rows, top to bottom:
    as boxes. `contradicts` says that PatientOrientation puts the chest wall at the other side.
    """

    wall: str
    edge: float
    nipple: tuple[float, float] | None
    middle: float | None
    box: Box
    outline: Box
    bands: tuple[Box, ...] = ()
    contradicts: bool = False

    def has_tissue(self, box: Box) -> bool:
        """Whether any of the breast lies in a part of the image."""
        left, top, right, bottom = box
        return any(b[1] < bottom and top < b[3] and b[0] < right and left < b[2] for b in self.bands)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One image as something that is placed: its SOP Instance UID, size in pixels, and what was found in it.

    `mm` is the length of a pixel (row, column), None when it is not known; `source` says what that is worth. `breast`
    is None while the pixels are `waiting`, and where none was found. `along` is True of a cranio-caudal view, False of
    one across the body, None where that is not known.
    """

    image: str
    columns: int
    rows: int
    mm: tuple[float, float] | None
    source: SpacingSource
    breast: Breast | None = None
    waiting: bool = False
    along: bool | None = None
