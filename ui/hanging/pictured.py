"""What a stage hangs, place by place, in words for the small picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanging_protocols.model import CellTemplate, HangingProtocol, Selector, StageTemplate
from ui.hanging.grid_picture import PicturedCell
from workstation.domain.study import Study
from workstation.domain.viewing import Cell, Plane

Place = tuple[int, int, int]
"""Screen, row, column."""


def pictured(
    protocol: HangingProtocol, stage: StageTemplate, hung: Sequence[Cell], studies: Sequence[Study]
) -> list[PicturedCell]:
    """Each cell of the stage with what of the open study hangs there; `hung` is empty where no study is open."""
    there = {(cell.screen, cell.row, cell.column): cell for cell in hung}
    names = series_names(studies)
    return [_cell(protocol.selectors, template, there, names) for template in stage.cells]


def series_names(studies: Sequence[Study]) -> Mapping[str, str]:
    """Series by UID as a reader names them; text from outside."""
    return {
        series.series_instance_uid: " ".join(
            part
            for part in ("" if series.series_number is None else str(series.series_number), series.series_description)
            if part
        )
        or series.modality
        for study in studies
        for series in study.series
    }


def _cell(
    selectors: Mapping[str, Selector], asked: CellTemplate, there: Mapping[Place, Cell], names: Mapping[str, str]
) -> PicturedCell:
    place = (asked.screen, asked.row, asked.column)
    hung = there.get(place)
    detail = ""
    if hung is not None:
        detail = names.get(hung.state.series_uid, "") if hung.state is not None else hung.reason
    is_empty = hung is not None and hung.state is None
    return PicturedCell(*place, _title(selectors, asked), detail, asked.prior > 0, is_empty)


def _title(selectors: Mapping[str, Selector], asked: CellTemplate) -> str:
    selector = selectors.get(asked.selector)
    words = [selector.title if selector is not None else asked.selector]
    words += [asked.plane.value] if asked.plane is not Plane.STACK else []
    words += [asked.window] if asked.window else []
    words += [f"prior {asked.prior}" if asked.prior > 1 else "prior"] if asked.prior else []
    return ", ".join(dict.fromkeys(words))
