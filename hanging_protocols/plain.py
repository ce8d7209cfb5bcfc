"""The layout that always works: every image set somewhere, in series order, no rules, no files.

It is what hangs when no protocol fits or none could be read, and it shows at the end of every
protocol what that protocol's stages left out, so that no series can be missed by stepping on.
"""

from __future__ import annotations

from collections.abc import Sequence

from hanging_protocols.facts import ImageSet
from hanging_protocols.grids import grid_for
from hanging_protocols.hanging import HungStage
from workstation.domain.viewing import Cell, Layout, ViewportState

PLAIN_ID = "plain"
PLAIN_TITLE = "Plain layout"

# More image sets than this go to further pages: smaller pictures cannot be told apart.
MOST_ON_A_PAGE = 12


def pages(image_sets: Sequence[ImageSet], title: str, kept: Sequence[str] = ()) -> tuple[HungStage, ...]:
    """Stages that together show each of `image_sets` once; a single empty one, which names what else is `kept`, without any."""
    parts = [image_sets[start : start + MOST_ON_A_PAGE] for start in range(0, len(image_sets), MOST_ON_A_PAGE)]
    if not parts:
        return (_empty(title, kept),)
    return tuple(_page(part, title if len(parts) == 1 else f"{title} {n}/{len(parts)}") for n, part in enumerate(parts, start=1))


def _page(image_sets: Sequence[ImageSet], title: str) -> HungStage:
    layout = grid_for(len(image_sets))
    cells = tuple(_cell(image_set, *divmod(place, layout.columns)) for place, image_set in enumerate(image_sets))
    reasons = tuple(f"{cell.label}: in series order" for cell in cells)
    return HungStage(title, layout, cells, reasons)


def _cell(image_set: ImageSet, row: int, column: int) -> Cell:
    series = image_set.series
    number = "" if series.series_number is None else f" {series.series_number}"
    state = ViewportState(image_set.study.study_instance_uid, series.series_instance_uid, position=image_set.position)
    return Cell(row, column, state, label=f"{series.modality or 'Series'}{number}")


def _empty(title: str, kept: Sequence[str]) -> HungStage:
    why = "the study has no images"
    if kept:
        why += f"; what it holds is kept, and not shown here: {', '.join(kept)}"
    return HungStage(title, Layout(1, 1), (Cell(0, 0, None, reason=why),), (f"Nothing to show: {why}",))
