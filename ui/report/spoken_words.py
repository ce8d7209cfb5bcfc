"""From recognised words to the report: in the order in which they were said, one at a time, until each is on disk.

Two seams: `takes_command` may take a segment before it becomes text, and `write` says where text goes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from workstation.domain.dictation import DictatedSegment
from workstation.errors import Refused
from workstation.session.desk import DictationTarget, ReportDesk

RETRY_MS = 3000

TakesCommand = Callable[[DictationTarget, DictatedSegment], bool]


class Write(Protocol):
    """Puts a segment into the report it was spoken for; calls `saved` when it is on disk, `failed` with the reason."""

    def __call__(
        self,
        target: DictationTarget,
        segment: DictatedSegment,
        saved: Callable[[], object] = ...,
        failed: Callable[[Exception], object] | None = ...,
    ) -> None: ...


class SpokenWords(QObject):
    """Used on the main thread. `take` a segment; `settled` tells that its sound is no longer needed."""

    changed = Signal(str)
    """The words that are known and not on disk yet."""
    settled = Signal(str)
    refused = Signal(str)
    """The segment will never be taken: its sound stays."""
    problem = Signal(object)
    commanded = Signal(object)
    """A segment was a command: nothing was written for it."""

    def __init__(self, desk: ReportDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.write: Write = desk.accept
        self.takes_command: TakesCommand = lambda _target, _segment: False
        self._waiting: deque[tuple[DictationTarget, DictatedSegment]] = deque()
        self._saving = False
        self.retry = QTimer(self)
        self.retry.setSingleShot(True)
        self.retry.setInterval(RETRY_MS)
        self.retry.timeout.connect(self._next)

    def take(self, target: DictationTarget, segment: DictatedSegment) -> None:
        self._waiting.append((target, segment))
        self._next()

    def show(self) -> None:
        """Words that are known but not on disk stand where drafts stand, never in the report."""
        self.changed.emit(" ".join(segment.text for _, segment in self._waiting))

    def _next(self) -> None:
        """One at a time and in order: words keep their order when the disk refuses one of them."""
        if self._saving or not self._waiting or self.retry.isActive():
            return
        target, segment = self._waiting[0]
        self._saving = True
        self._desk.leaving.emit(None)  # what was typed comes before what was said after it
        if self.takes_command(target, segment):  # in its turn: what was said before it is written
            self._over(segment)
            self.commanded.emit(segment)
            return
        self.write(target, segment, lambda: self._over(segment), self._refused)

    def _over(self, segment: DictatedSegment) -> None:
        self._saving = False
        self._waiting.popleft()
        self.settled.emit(segment.segment_id)
        self._next()
        self.show()

    def _refused(self, error: Exception) -> None:
        self._saving = False
        self.problem.emit(error)
        if isinstance(error, Refused):
            _, segment = self._waiting.popleft()
            self.refused.emit(segment.segment_id)
            self._next()
        else:
            self.retry.start()
            self.show()
