"""A series that the reader put in the place of what a protocol asked for: it follows to the other stages of the case.

Remembered for the open case only: by the protocol's selector, the study it looks in, and what it had found there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from workstation.domain.study import Series, Study
from workstation.domain.viewing import Arrangement, Cell, ViewportState

# What was asked for by one series' geometry or file says nothing of another's.
_OF_THE_SERIES_ITSELF: dict[str, Any] = {
    "position": 0,
    "focus": None,
    "oblique": None,
    "own_window": 0,
    "dimension": 0,
    "fusion": None,
    "followed": None,
    "rotation": 0,
    "flipped_horizontally": False,
    "flipped_vertically": False,
    "anchor": "",
    "held": None,
}

Asked = tuple[str, str, int, str]
"""Protocol, selector, prior, and the series that it found (empty for none)."""


@dataclass(frozen=True, slots=True)
class _Put:
    study: Study
    series: Series
    is_prior: bool


class Dragged:
    """Which series stands where another was asked for."""

    def __init__(self) -> None:
        self._put: dict[Asked, _Put] = {}
        self._asked: list[Asked] = []

    def forget(self) -> None:
        """Another case is open."""
        self._put.clear()
        self._asked.clear()

    def put(self, hung: Arrangement | None, cell: Cell, study: Study, series: Series, is_prior: bool) -> None:
        """The reader put `series` into the place of `cell`. The series that was asked for, put back, is none.

        `hung` is the stage that is shown; its cells stand in the order in which they were asked for.
        """
        if hung is None or not cell.selector:
            return
        if not self._asked:
            self._asked = [_asked(hung.protocol, one) for one in hung.cells]
        place = (cell.screen, cell.row, cell.column)
        here = next((i for i, one in enumerate(hung.cells) if (one.screen, one.row, one.column) == place), len(self._asked))
        asked = self._asked[here] if here < len(self._asked) else ("", "", 0, "")
        if asked[:2] != (hung.protocol, cell.selector):
            return
        if series.series_instance_uid == asked[3]:
            self._put.pop(asked, None)
        else:
            self._put[asked] = _Put(study, series, is_prior)

    def followed(self, arrangement: Arrangement, studies: Iterable[Study]) -> Arrangement:
        """The stage with what the reader put in the places of its selectors."""
        modalities = {series.series_instance_uid: series.modality for study in studies for series in study.series}
        self._asked = [_asked(arrangement.protocol, cell) for cell in arrangement.cells]
        cells = zip(arrangement.cells, self._asked, strict=True)
        return replace(arrangement, cells=tuple(self._cell(cell, asked, modalities) for cell, asked in cells))

    def _cell(self, cell: Cell, asked: Asked, modalities: dict[str, str]) -> Cell:
        put = self._put.get(asked)
        if put is None:
            return cell
        uids = put.study.study_instance_uid, put.series.series_instance_uid
        state = ViewportState(*uids)
        if cell.state is not None:
            state = replace(cell.state, study_uid=uids[0], series_uid=uids[1], **_OF_THE_SERIES_ITSELF)
            if modalities.get(cell.state.series_uid) != put.series.modality:
                state = replace(state, window=None)
        return replace(cell, state=state, label=put.series.series_description, is_prior=put.is_prior, reason="")


def _asked(protocol: str, cell: Cell) -> Asked:
    return (protocol, cell.selector, cell.prior, cell.state.series_uid if cell.state is not None else "")
