"""How the open case is hung: which protocol, stage and prior, with what the order says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from workstation.domain.hanging import HangingContext, ProtocolChoice, ScreenFacts
from workstation.domain.order import WorklistItem
from workstation.domain.prior import NOT_MENTIONED, Mentions
from workstation.domain.viewing import Arrangement
from workstation.ports import Hanger
from workstation.session.viewing import Viewing

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

    def first(self, case: Case) -> Arrangement:
        """What a case that opens is hung as. Any thread."""
        return self._hanger.hang(case.study, case.priors, context=self.context_of(case))

    def opened(self) -> None:
        """Another case is open: nothing was chosen for it."""
        self.protocol_id = self.first_prior = ""

    def context_of(self, case: Case) -> HangingContext:
        said = self.mentions(case)
        known = replace(of_order(case.item), mentioned=said.now, mentioned_before=said.before, screens=self.screens())
        return replace(known, first_prior=self.first_prior)

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

    def again(self) -> None:
        """Hang the stage anew, after something that it depends on changed."""
        case, arrangement = self._case(), self._viewing.arrangement
        if case is not None and arrangement is not None:
            self._show(case, arrangement.stage)

    def _show(self, case: Case, stage: int) -> None:
        context = self.context_of(case)
        self._viewing.show(self._hanger.hang(case.study, case.priors, stage, self.protocol_id, context))


def of_order(item: WorklistItem | None) -> HangingContext:
    """What the order of a row says of the examination."""
    order = item.order if item is not None else None
    if order is None:
        return HangingContext(procedure=item.procedure if item is not None else "")
    return HangingContext(order.procedure, order.procedure_code, order.reason, order.body_site, order.laterality)
