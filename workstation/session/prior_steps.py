"""Stepping through earlier studies: the next older one in place of the prior that hangs, seen as that one was seen.

The ones that may be compared are gone through by date. What the reader made of a viewport (plane, window, zoom, pan,
place) goes over to the next study, through the alignment of the two where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.domain.dates import as_date, interval_words
from workstation.domain.prior import PriorRelevance
from workstation.domain.study import Study
from workstation.domain.viewing import Cell, Layout, ViewportState
from workstation.errors import Refused
from workstation.session.case import Case, Notice
from workstation.session.prior_views import PriorViews

if TYPE_CHECKING:
    from workstation.ports import Hanger
    from workstation.session.hangings import Hangings
    from workstation.session.viewing import Viewing

BESIDE = "beside"
"""The link group of a prior that was put beside the active viewport."""


class PriorSteps:
    """Which prior hangs as the first one. Raises Refused, in words, where there is none to go to."""

    def __init__(
        self,
        hanger: Hanger,
        hangings: Hangings,
        viewing: Viewing,
        views: PriorViews,
        case: Callable[[], Case | None],
        say: Callable[[Notice], object],
    ) -> None:
        self._hanger, self._hangings, self._viewing, self._views = hanger, hangings, viewing, views
        self._case, self._say = case, say
        self._known: tuple[int, tuple[PriorRelevance, ...]] = (0, ())
        self.elsewhere: Callable[[bool], int] = lambda _: 0
        """How many that may be compared and are not here are older (True) or newer than what hangs."""

    # ---- which there are -------------------------------------------------------------

    def relevance(self) -> tuple[PriorRelevance, ...]:
        """Of the open case's priors that are here, the most relevant first. Reckoned once for what is open."""
        case = self._case()
        if case is None:
            return ()
        if self._known[0] != case.generation:
            context = replace(self._hangings.context_of(case), first_prior="")
            self._known = case.generation, self._hanger.relevance(case.study, case.priors, context)
        return self._known[1]

    def take(self, case: Case, found: tuple[PriorRelevance, ...]) -> None:
        """What was reckoned elsewhere, of a case with this generation."""
        self._known = case.generation, found

    def sequence(self) -> list[Study]:
        """Those that may be compared, the newest first; one that the reader chose is among them."""
        case, shown = self._case(), self.shown_uid()
        if case is None:
            return []
        usable = {one.study_instance_uid for one in self.relevance() if one.is_usable} | {shown}
        found = [study for study in case.priors if study.study_instance_uid in usable]
        by_uid = sorted(found, key=lambda study: study.study_instance_uid)
        return sorted(by_uid, key=lambda study: (study.study_date, study.study_time), reverse=True)

    def shown_uid(self) -> str:
        """The study that hangs as prior 1, or would; empty when none does."""
        for cell in (self._viewing.cells[i] for i in self._places()):
            if cell.state is not None:
                return cell.state.study_uid
        return self._hangings.first_prior

    def number_now(self, study_uid: str) -> tuple[int, int] | None:
        """As `number_of`, for painting: None where nothing was reckoned yet."""
        case = self._case()
        return self.number_of(study_uid) if case is not None and self._known[0] == case.generation else None

    def number_of(self, study_uid: str) -> tuple[int, int] | None:
        """Which of how many a study is, the newest counted as 1; None for one that is not among them."""
        uids = [study.study_instance_uid for study in self.sequence()]
        return (uids.index(study_uid) + 1, len(uids)) if study_uid in uids else None

    # ---- going to one ----------------------------------------------------------------

    def older(self) -> None:
        self._step(1)

    def newer(self) -> None:
        self._step(-1)

    def _step(self, steps: int) -> None:
        studies = self.sequence()
        if self._case() is None or not studies:
            raise Refused("No earlier study to go to", "None that can be compared is here", "Ctrl+F5 lists what is known")
        uids, shown = [study.study_instance_uid for study in studies], self.shown_uid()
        if shown not in uids:
            self.show(self._first(studies))
            return
        at = uids.index(shown) + steps
        if not 0 <= at < len(uids):
            side = "older" if steps > 0 else "newer"
            more = self.elsewhere(steps > 0)
            where = f": {more} in archives" if more else ""
            raise Refused(
                f"No {side} prior here{where}", f"Prior {uids.index(shown) + 1} of {len(uids)} is shown", "Ctrl+F5 lists them"
            )
        self.show(studies[at])

    def _first(self, studies: Sequence[Study]) -> Study:
        """The most relevant one."""
        order = [one.study_instance_uid for one in self.relevance()]
        return min(studies, key=lambda study: order.index(study.study_instance_uid))

    def show(self, study: Study) -> None:
        """Hang a study of the open case as the first prior. Raises Refused for one that may not be compared at all."""
        case = self._case()
        if case is None:
            return
        self._check(study)
        uid = study.study_instance_uid
        self._hangings.first_prior = uid
        places = self._places()
        if places:
            # Its corner says which it is: a line over the images would hide what they say.
            self._replace(case, study, places)
            return
        if not self._go_to_stage(uid):
            self._put_beside(case, study)
        self._say(Notice(self.words(case, study), of_case=True))

    def words(self, case: Case, study: Study) -> str:
        """`Prior 2 of 5, 2024-03-12, 8 months before`."""
        number = self.number_of(study.study_instance_uid)
        which = f"Prior {number[0]} of {number[1]}" if number is not None else "Prior"
        day = as_date(study.study_date)
        when = (day.isoformat() if day is not None else "date unknown", interval_words(study.study_date, case.study.study_date))
        return ", ".join(part for part in (which, *when) if part)

    def _check(self, study: Study) -> None:
        known = next((one for one in self.relevance() if one.study_instance_uid == study.study_instance_uid), None)
        if known is None:
            raise Refused("Not compared", "The study is not of the open case", "")
        if known.is_other_person or known.is_later or not study.image_count:
            raise Refused("Not compared", known.refusal or "it has no images", "")

    # ---- in its place ----------------------------------------------------------------

    def _places(self) -> list[int]:
        """Viewports of the first prior; where the protocol names none, all those of priors."""
        cells = self._viewing.cells
        named = [i for i, cell in enumerate(cells) if cell.prior == 1 and (cell.state is None or cell.is_prior)]
        if any(cells[i].state is not None for i in named):
            return named
        return [i for i, cell in enumerate(cells) if cell.is_prior and cell.state is not None] or named

    def _replace(self, case: Case, study: Study, places: Sequence[int]) -> None:
        """The study in these viewports, each seen as it was."""
        made = self._stage()
        fresh = _hung(made, study, places, self._viewing.cells)
        for index in places:
            before, cell = self._viewing.cells[index], fresh.get(index)
            if cell is None and not fresh:
                state, reason = self._hanger.counterpart(case.study, self._model(index), study)
                cell = replace(before, state=state, reason="" if state else reason)
            self._put(index, cell)
        for index, cell in enumerate(self._viewing.cells):
            # What hangs as the first prior now makes room for the next one where it hung as another.
            if cell.prior > 1 and cell.state is not None and cell.state.study_uid == study.study_instance_uid:
                self._put(index, next((c for c in made if (c.prior, c.selector) == (cell.prior, cell.selector)), None))
        # The new pair is registered, and what shares a scale finds it anew.
        self._viewing.arrangement_changed.emit(self._viewing.arrangement)

    def _put(self, index: int, cell: Cell | None) -> None:
        before = self._viewing.cells[index]
        if cell is None:
            cell = replace(before, state=None, reason="there is no place for it in this stage")
        kept = replace(before, state=cell.state, reason=cell.reason, label=cell.label, is_prior=True)
        self._views.step(index, kept)

    def _stage(self) -> tuple[Cell, ...]:
        """What the protocol's stage that hangs would be with the chosen prior; nothing where it is left out then."""
        arrangement = self._viewing.arrangement
        made = self._hangings.made(arrangement.stage) if arrangement is not None else None
        if (
            made is None
            or arrangement is None
            or (made.stage_id, made.stage_title) != (arrangement.stage_id, arrangement.stage_title)
        ):
            return ()
        return made.cells

    def _model(self, index: int) -> ViewportState:
        model = self._views.model_of(index) or self._viewing.cells[index].state
        return model or ViewportState("", "")

    # ---- where there is no place -----------------------------------------------------

    def _go_to_stage(self, study_uid: str) -> bool:
        """The first stage that shows the study as a prior."""
        arrangement = self._viewing.arrangement
        for stage in range(arrangement.stage_count if arrangement is not None else 0):
            made = self._hangings.made(stage)
            if made is not None and any(c.is_prior and c.state and c.state.study_uid == study_uid for c in made.cells):
                self._hangings.at(stage)
                return True
        return False

    def _put_beside(self, case: Case, study: Study) -> None:
        """Beside the active viewport, which is all that stays on its screen."""
        active = self._viewing.cells[self._viewing.active] if self._viewing.cells else None
        shown = active.state if active is not None else None
        state, why = self._hanger.counterpart(case.study, shown or ViewportState("", ""), study)
        if state is None:
            raise Refused("Not compared", why, "")
        kept = active or Cell(0, 0, None)
        screen = kept.screen
        left = replace(kept, row=0, column=0, link_group=kept.link_group or BESIDE, reason="")
        right = Cell(0, 1, state, is_prior=True, link_group=left.link_group, prior=1, selector=left.selector, screen=screen)
        self._viewing.place(Layout(1, 2), [left, replace(right, state=None)])
        index = next(i for i, cell in enumerate(self._viewing.cells) if cell.screen == screen and cell.column == 1)
        self._views.step(index, right)
        self._viewing.arrangement_changed.emit(self._viewing.arrangement)


def _hung(made: Sequence[Cell], study: Study, places: Sequence[int], cells: Sequence[Cell]) -> dict[int, Cell]:
    """Which of a stage's cells go to these viewports; none where the stage has no place for the study."""
    waiting = [cell for cell in made if cell.prior == 1]
    found: dict[int, Cell] = {}
    for index in places:
        cell = next((one for one in waiting if one.selector == cells[index].selector), None)
        if cell is not None:
            waiting.remove(cell)
            found[index] = cell
    shown = [cell.state for cell in found.values() if cell.state is not None]
    return found if any(state.study_uid == study.study_instance_uid for state in shown) else {}
