"""How the open case is hung: which protocol, stage and prior, with what the order says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.domain.hanging import HangingContext, ProtocolChoice, ScreenFacts, failure_of
from workstation.domain.order import WorklistItem
from workstation.domain.prior import NOT_MENTIONED, Mentions
from workstation.domain.study import Series, Study
from workstation.domain.viewing import Arrangement, Cell
from workstation.errors import Refused
from workstation.ports import Hanger
from workstation.session.hangings_dragged import Dragged
from workstation.session.hangings_habits import Habits
from workstation.session.opening import every_series
from workstation.session.viewing import Viewing
from workstation.signals import Signal

if TYPE_CHECKING:
    from workstation.session.case import Case


class Hangings:
    """The reader's choices for one case; each case begins without any."""

    def __init__(self, hanger: Hanger, viewing: Viewing, case: Callable[[], Case | None]) -> None:
        self._hanger, self._viewing, self._case = hanger, viewing, case
        self.screens: Callable[[], tuple[ScreenFacts, ...]] = tuple
        """Those that images may hang on; the window plugs it in."""
        self.mentions: Callable[[Case], Mentions] = lambda _: NOT_MENTIONED
        """What the order, the report and earlier reports say of priors. Any thread."""
        self.protocol_id = ""
        """The protocol that the reader chose; empty for the one that fits best."""
        self.first_prior = ""
        """The prior that the reader stepped to; empty for the most relevant one."""
        self.hung: Signal[None] = Signal()
        """A stage was hung, as its protocol says; nothing of it was painted yet."""
        self.failed: Signal[str] = Signal()
        """Why no protocol hung what is shown: a mistake of ours, in words."""
        self.dragged, self.habits = Dragged(), Habits(case)
        self.take_back: Callable[[], None] | None = None
        """Undoes what was saved of the last hanging; None when nothing was."""
        self._before: Arrangement | None = None

    def first(self, case: Case) -> Arrangement:
        """What a case that opens is hung as, without what was chosen for the one before. Any thread."""
        return self._hung(case, lambda: replace(self.context_of(case), first_prior=""))

    def opened(self) -> None:
        """Another case is open: nothing was chosen for it."""
        self.protocol_id = self.first_prior = ""
        self._before = None
        self.dragged.forget()
        self.habits.left()

    def context_of(self, case: Case) -> HangingContext:
        said = self.mentions(case)
        known = replace(of_order(case.item), mentioned=said.now, mentioned_before=said.before, screens=self.screens())
        return replace(known, first_prior=self.first_prior, smallest_lesions=said.smallest)

    def stage(self, steps: int) -> None:
        """Go to the next or an earlier stage of the protocol."""
        case, arrangement = self._case(), self._viewing.arrangement
        if case is not None and arrangement is not None and arrangement.stage_count > 1:
            self._show(case, (arrangement.stage + steps) % arrangement.stage_count)

    def use(self, protocol_id: str) -> None:
        """Hang the open case by this protocol; empty for the one that fits best."""
        case = self._case()
        if case is not None:
            self.protocol_id = protocol_id
            self._show(case, 0)

    def choices(self) -> tuple[ProtocolChoice, ...]:
        """Every protocol for the open case, the best one first."""
        case = self._case()
        return self._hanger.choices(case.study, case.priors, self.context_of(case)) if case is not None else ()

    def at(self, stage: int) -> None:
        """Go to a stage of the protocol that hangs."""
        case = self._case()
        if case is not None:
            self._show(case, stage)

    def made(self, stage: int) -> Arrangement | None:
        """What a stage of the protocol that hangs would be; nothing is hung."""
        case, arrangement = self._case(), self._viewing.arrangement
        if case is None or arrangement is None:
            return None
        return self._hanger.hang(case.study, case.priors, stage, arrangement.protocol, self.context_of(case))

    def undo_saved(self) -> None:
        """Take back what was saved of the last hanging. Raises Refused when nothing was."""
        undo, self.take_back = self.take_back, None
        if undo is None:
            raise Refused("Nothing was saved that could be taken back", "", "Ctrl+F2 shows the hanging protocols and their files")
        undo()

    def again(self) -> None:
        """Hang the stage anew, after something that it depends on changed: the same one, wherever it stands now."""
        case, arrangement = self._case(), self._viewing.arrangement
        if case is not None and arrangement is not None:
            self._show(case, arrangement.stage, arrangement.stage_id)

    def put(self, index: int, study: Study, series: Series) -> None:
        """Put a series into one place; it follows to where the other stages ask for what hung there."""
        case, cells = self._case(), self._viewing.cells
        if case is None or not 0 <= index < len(cells):
            return
        is_prior = study.study_instance_uid != case.study.study_instance_uid
        self.dragged.put(self._viewing.arrangement, cells[index], study, series, is_prior)
        self._viewing.hang_series(index, study, series, is_prior)

    # ---- trying out ------------------------------------------------------------------

    @property
    def is_trying(self) -> bool:
        """Whether what is shown is only being tried out."""
        return self._before is not None

    def try_out(self, arrangement: Arrangement) -> None:
        """Hang it until `end_trial`; what hung before is kept."""
        if self._before is None and self._viewing.arrangement is not None:
            self._before = self._viewing.as_it_stands(self._viewing.arrangement)
        self._viewing.show(arrangement)

    def end_trial(self) -> None:
        """Hang what hung before, as the reader had it."""
        before, self._before = self._before, None
        if before is not None:
            self._viewing.show(before)

    def adopt(self, arrangement: Arrangement) -> None:
        """What is shown is this stage of this protocol from now on; no image moves."""
        self._viewing.arrangement = arrangement
        hung = {(cell.screen, cell.row, cell.column): cell for cell in arrangement.cells}
        for index, cell in enumerate(self._viewing.cells):
            self._viewing.cells[index] = _adopted(cell, hung.get((cell.screen, cell.row, cell.column)))
        self._viewing.arrangement_changed.emit(arrangement)

    def _show(self, case: Case, stage: int, stage_id: str = "") -> None:
        self.habits.left()
        context = self.context_of(case)
        hung = self._hung(case, lambda: context, stage, self.protocol_id)
        if stage_id and hung.stage_id != stage_id:
            others = (self._hung(case, lambda: context, n, self.protocol_id) for n in range(hung.stage_count))
            hung = next((one for one in others if one.stage_id == stage_id), hung)
        self._before = None
        self.show(self.dragged.followed(hung, case.studies))

    def _hung(self, case: Case, context: Callable[[], HangingContext], stage: int = 0, protocol_id: str = "") -> Arrangement:
        try:
            return self._hanger.hang(case.study, case.priors, stage, protocol_id, context())
        except Exception as error:  # a mistake of ours may keep nobody from the images
            return every_series(case.study, stage, error)

    def show(self, arrangement: Arrangement) -> None:
        """Hang a stage that was made before, and say so where no protocol could hang it."""
        self._viewing.show(arrangement)
        self.hung.emit(None)
        if failure := failure_of(arrangement.reasons):
            self.failed.emit(failure)


def _adopted(cell: Cell, hung: Cell | None) -> Cell:
    """What a place shows, with what the protocol says of it."""
    if hung is None or hung.state is None or cell.state is None or hung.state.series_uid != cell.state.series_uid:
        return cell
    named = {name: getattr(hung, name) for name in ("label", "link_group", "selector", "prior", "is_prior")}
    return replace(cell, **named)


def of_order(item: WorklistItem | None) -> HangingContext:
    """What the order of a row says of the examination."""
    order = item.order if item is not None else None
    if order is None:
        return HangingContext(procedure=item.procedure if item is not None else "")
    return HangingContext(order.procedure, order.procedure_code, order.reason, order.body_site, order.laterality)
