"""The draft's stage in the real viewports, until it is saved or left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hanging_protocols.model import HangingProtocol
from ui.hanging import hand
from ui.hanging.draft import Draft

if TYPE_CHECKING:
    from ui.seat import Seat


class Trial:
    """Hangs a stage at once; what hung before comes back."""

    def __init__(self, core: Seat, draft: Draft) -> None:
        self._core, self._draft = core, draft
        self._shown: HangingProtocol | None = None

    def show(self, number: int | None) -> None:
        """This stage of the draft, or (None) what hung before."""
        case, protocol = self._core.session.case, self._draft.protocol
        if number is None or case is None or protocol is None or number >= len(protocol.stages):
            self.end()
            return
        stage = replace(protocol.stages[number], min_cells=1, min_prior_cells=0, only_new=False)
        tried = replace(protocol, stages=(stage,))
        if tried == self._shown:
            return
        context = hand.context_of(self._core, case)
        arrangement = self._draft.hanger.try_out(tried, case.study, case.priors, 0, context)
        if arrangement.protocol == tried.protocol_id:
            self._shown = tried
            self._core.session.hangings.try_out(arrangement)

    def end(self) -> None:
        self._shown = None
        self._core.session.hangings.end_trial()
