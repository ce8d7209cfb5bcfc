"""Another program asks for another patient (FHIRcast, a record system) while a case is open: freeze, and ask the reader.

Nothing is typed or said into any report until the reader has answered; words on their way land in the
report that they were spoken for. What the reader chose is told to the one who asked (reliability F64).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workstation.domain.order import WorklistItem
from workstation.session.case import Case
from workstation.session.desk import ReportDesk
from workstation.signals import Signal

WHY = "Another program asks for another case"


@dataclass(frozen=True, slots=True)
class Asked:
    """`source` is who asks, in words; text from outside. `answered` is told whether the reader follows."""

    item: WorklistItem
    source: str
    answered: Callable[[bool], object]


class Outside:
    """Main thread. `open_case` opens a row."""

    def __init__(self, desk: ReportDesk, case: Callable[[], Case | None], open_case: Callable[[WorklistItem], object]) -> None:
        self._desk = desk
        self._case = case
        self._open_case = open_case
        self.pending: Asked | None = None
        self.asked: Signal[Asked | None] = Signal()
        """What waits for an answer; None once it was given."""

    def ask(self, item: WorklistItem, source: str, answered: Callable[[bool], object]) -> None:
        """A wish from outside. Granted at once only when nothing is open, or it is open already."""
        case = self._case()
        if case is not None and case.study.study_instance_uid == item.study_instance_uid:
            self._answer(False)
            answered(True)
            return
        if case is None:
            self._open_case(item)
            answered(True)
            return
        if self.pending is not None:
            self.pending.answered(False)  # the newer wish stands
        self.pending = Asked(item, source, answered)
        if not self._desk.locked:
            self._desk.lock(WHY)
        self.asked.emit(self.pending)

    def follow(self) -> None:
        """Go to the other case. The report on the desk stays as it is on disk."""
        asked = self.pending
        self._answer(True)
        if asked is not None:
            self._open_case(asked.item)

    def stay(self) -> None:
        """Go on here. The other program hears that nobody follows."""
        self._answer(False)

    def case_changed(self, _: Case | None) -> None:
        """The reader opened another case without an answer: that was one."""
        self._answer(False)

    def _answer(self, follows: bool) -> None:
        asked, self.pending = self.pending, None
        if self._desk.locked == WHY:
            self._desk.lock("")
        if asked is not None:
            asked.answered(follows)
            self.asked.emit(None)
