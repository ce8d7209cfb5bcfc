"""The protocol that is being edited: every change can be undone, and what is wrong with it is known at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from hanging_protocols.edit import hung_in_full, whats_wrong
from hanging_protocols.hanging import HungStage
from hanging_protocols.model import HangingProtocol, Level
from hanging_protocols.study_facts import StudyFacts
from ui.hanging import hand

if TYPE_CHECKING:
    from hanging_protocols.hanging import Scene
    from ui.seat import Seat

MOST_STEPS = 200


class Draft(QObject):
    """`changed` is emitted after every change, also by another protocol or an undo."""

    changed = Signal()
    judged = Signal()
    """What is written somewhere means something now, or nothing; the protocol is as it was."""

    def __init__(self, core: Seat, parent: QObject) -> None:
        super().__init__(parent)
        self._core = core
        self.hanger = hand.library_of(core)
        case = core.session.case
        self.scene: Scene | None = None
        if case is not None:
            self.scene = self.hanger.scene(case.study, case.priors, hand.context_of(core, case))
        self.protocol: HangingProtocol | None = None
        self.level = Level.USER
        """Where it will be saved."""
        self.problem = ""
        self._saved: HangingProtocol | None = None
        self._steps: list[HangingProtocol] = []

    @property
    def is_changed(self) -> bool:
        return self.protocol != self._saved

    def open(self, protocol: HangingProtocol | None, is_new: bool = False) -> None:
        """Edit another one. Nothing of the one before is kept. A new one is unsaved from the start."""
        self.protocol = protocol
        self._saved = None if is_new else protocol
        self._steps = []
        self.level = Level.USER if protocol is None or protocol.level is Level.MANUFACTURER else protocol.level
        self._tell()

    def set(self, protocol: HangingProtocol) -> None:
        if protocol == self.protocol:
            return
        if self.protocol is not None:
            self._steps = [*self._steps[-MOST_STEPS:], self.protocol]
        self.protocol = protocol
        self._tell()

    def undo(self) -> bool:
        """One change back. False when there is none."""
        if not self._steps:
            return False
        self.protocol = self._steps.pop()
        self._tell()
        return True

    def saved(self) -> None:
        if self.protocol is not None:
            self.protocol = self._saved = replace(self.protocol, level=self.level)
        self._tell()

    def _tell(self) -> None:
        self.problem = whats_wrong(self.protocol) if self.protocol is not None else ""
        self.changed.emit()

    # ---- on the open study -----------------------------------------------------------

    @property
    def facts(self) -> StudyFacts | None:
        return self.scene.current if self.scene is not None else None

    def hung(self, number: int) -> HungStage | None:
        """A stage on the open study; None where no case is open, or it is too wrong to be hung."""
        if self.scene is None or self.protocol is None or number >= len(self.protocol.stages):
            return None
        try:
            return hung_in_full(self.protocol, self.protocol.stages[number], self.scene)
        except (KeyError, IndexError, ValueError):
            return None
