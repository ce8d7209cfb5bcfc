"""Zoom to anatomy: viewports that a protocol (or the reader) wants fitted to the body rather than to the whole image.

Where the body lies comes from `SeriesViewer.anatomy`; what has to be looked for there is looked for in a thread. Those
that are compared, by one selector in one plane, are fitted to as much: both show as many millimetres on a pixel.
Where the body is not found the whole image stays, and that is said (`words`). Nothing here looks at zoom and pan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.domain.anatomy import Anatomy
from workstation.domain.viewing import Cell, Framed, Plane, Sizing, ViewportState
from workstation.errors import Refused, WorkstationError
from workstation.jobs import BESIDE, Cancel

if TYPE_CHECKING:
    from workstation.jobs import Jobs
    from workstation.ports import SeriesViewer
    from workstation.session.viewing import Viewing


class ToAnatomy:
    """Acts on the viewports of `Viewing` whose sizing is ANATOMY."""

    def __init__(self, viewing: Viewing) -> None:
        self._viewing = viewing
        self._jobs: Jobs | None = None
        self._acting = self._looking = self._again = False
        self.words: dict[int, str] = {}
        """Why a viewport shows the whole image all the same, by viewport; English source strings."""
        viewing.arrangement_changed.connect(self._changed)
        viewing.viewport_changed.connect(self._changed)

    def begin(self, jobs: Jobs) -> None:
        """Without jobs nothing is looked for: what is known already is used."""
        self._jobs = jobs

    def arrived(self, series_uid: str) -> None:
        """Pixels of a series came: its body may be found now."""
        if any(cell.state is not None and cell.state.series_uid == series_uid for _, cell in self._wishes()):
            self.settle()

    def toggle(self) -> None:
        """The active viewport fitted to the body, and back to the whole image. Raises Refused where there is nothing to fit."""
        viewing = self._viewing
        state, viewer = viewing.state(), viewing.viewer(viewing.active)
        if state is None or viewer is None or state.plane is Plane.THREE_D:
            raise Refused("There is no image to fit", "Nothing, or a 3D view, is active", "Choose an image")
        if state.sizing is Sizing.ANATOMY:
            viewing.fit()
            return
        known = _known(viewer, state)
        if known.words:
            raise Refused("The body is not found in this image", known.words)
        viewing.resize(Sizing.ANATOMY)

    def settle(self) -> None:
        """Fit all of them anew, by what is known now."""
        if self._acting:
            return
        wishes = self._wishes()
        found = [(index, cell, self._anatomy(index)) for index, cell in wishes]
        self.words = {index: one.words for index, _, one in found if one.words}
        self._acting = True
        try:
            for index, cell, one in found:
                self._fit(index, cell, _together(cell, one, [(c, o) for _, c, o in found]))
        finally:
            self._acting = False
        if any(one.waiting for *_, one in found):
            self._look([index for index, _, one in found if one.waiting])

    # ---- inside ----------------------------------------------------------------------

    def _changed(self, _: object) -> None:
        if self.words or self._wishes():
            self.settle()

    def _wishes(self) -> list[tuple[int, Cell]]:
        return [
            (index, cell)
            for index, cell in enumerate(self._viewing.cells)
            if cell.state is not None and cell.state.sizing is Sizing.ANATOMY and cell.state.plane is not Plane.THREE_D
        ]

    def _anatomy(self, index: int) -> Anatomy:
        viewer, state = self._viewing.viewer(index), self._viewing.state(index)
        return _known(viewer, state) if viewer is not None and state is not None else Anatomy()

    def _fit(self, index: int, cell: Cell, framed: Framed | None) -> None:
        """The whole image until it is known; what a prior was fitted to before goes, too."""
        if cell.state is not None and cell.state.framed != framed:
            self._viewing.put(index, replace(cell.state, framed=framed))

    def _look(self, indices: Sequence[int]) -> None:
        """In a thread; what comes to be wanted meanwhile is looked for after it."""
        if self._jobs is None or self._looking:
            self._again = self._looking
            return
        pairs = [(self._viewing.viewer(index), self._viewing.state(index)) for index in indices]
        wanted = [(viewer, state) for viewer, state in pairs if viewer is not None and state is not None]

        def work(_: Cancel) -> bool:
            return sum(viewer.look_for_anatomy(state) for viewer, state in wanted) > 0

        def done(found: bool) -> None:
            self._looking, again = False, self._again
            self._again = False
            if found or again:
                self.settle()

        def failed(_: Exception) -> None:
            self._looking = self._again = False

        self._looking = True
        self._jobs.run(BESIDE, work, done, failed)


def _known(viewer: SeriesViewer, state: ViewportState) -> Anatomy:
    try:
        return viewer.anatomy(state)
    except WorkstationError:
        return Anatomy()  # its own tile says why


def _together(cell: Cell, own: Anatomy, others: Sequence[tuple[Cell, Anatomy]]) -> Framed | None:
    """What the cell is fitted to: as much as the largest body of those that it is compared with."""
    if own.framed is None:
        return None
    alike = [
        one.framed.mm for other, one in others if one.framed is not None and one.in_mm and own.in_mm and _key(other) == _key(cell)
    ] or [own.framed.mm]
    return replace(own.framed, mm=(max(mm[0] for mm in alike), max(mm[1] for mm in alike)))


def _key(cell: Cell) -> tuple[object, ...]:
    state = cell.state
    turned = state is not None and state.rotation % 180 != 0
    return (cell.selector or (state.series_uid if state is not None else ""), state.plane if state is not None else None, turned)
