"""The layout that always works: every image set somewhere, in series order, no rules, no files.

It is what hangs when no protocol fits or none could be read, and it shows at the end of every
protocol what that protocol's stages left out, so that no series can be missed by stepping on.
"""

from __future__ import annotations

from collections.abc import Sequence

from hanging_protocols.facts import ImageSet
from hanging_protocols.hanging import HungStage
from workstation.domain.viewing import Cell, Layout, ViewportState

PLAIN_ID = "plain"
PLAIN_TITLE = "Plain layout"

# (most image sets, rows, columns); more go to further pages of the last size.
_GRIDS = ((1, 1, 1), (2, 1, 2), (4, 2, 2), (6, 2, 3), (9, 3, 3), (12, 3, 4))


def pages(image_sets: Sequence[ImageSet], title: str) -> tuple[HungStage, ...]:
    """Stages that together show each of `image_sets` once; a single empty one when there is none."""
    most = _GRIDS[-1][0]
    parts = [image_sets[start : start + most] for start in range(0, len(image_sets), most)]
    if not parts:
        return (_empty(title),)
    return tuple(_page(part, title if len(parts) == 1 else f"{title} {n}/{len(parts)}") for n, part in enumerate(parts, start=1))


def _page(image_sets: Sequence[ImageSet], title: str) -> HungStage:
    rows, columns = next((rows, columns) for most, rows, columns in _GRIDS if len(image_sets) <= most)
    cells = tuple(_cell(image_set, *divmod(place, columns)) for place, image_set in enumerate(image_sets))
    reasons = tuple(f"{cell.label}: in series order" for cell in cells)
    return HungStage(title, Layout(rows, columns), cells, reasons)


def _cell(image_set: ImageSet, row: int, column: int) -> Cell:
    series = image_set.series
    number = "" if series.series_number is None else f" {series.series_number}"
    state = ViewportState(image_set.study.study_instance_uid, series.series_instance_uid, position=image_set.position)
    return Cell(row, column, state, label=f"{series.modality or 'Series'}{number}")


def _empty(title: str) -> HungStage:
    why = "the study has no images"
    return HungStage(title, Layout(1, 1), (Cell(0, 0, None, reason=why),), (f"Nothing to show: {why}",))
