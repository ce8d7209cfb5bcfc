"""What is being fetched: images of images, bytes, a way to stop, and what went wrong, at the foot of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from ui import theme
from ui.plain import core_text, plain, tooltip
from workstation.domain.archive import RetrieveProgress
from workstation.jobs import Job

Act = Callable[[str], object]
SHOWN = 8
ROW = 44


@dataclass(slots=True)
class Transfer:
    """One study on its way. `what` names it for the reader; it is text from outside."""

    what: str
    job: Job | None = None
    progress: RetrieveProgress | None = None
    is_ended: bool = False


class TransfersPane(QFrame):
    """Latest first. `open_asked` carries the Study Instance UID of one that is here."""

    open_asked = Signal(str)
    again_asked = Signal(str)
    why_asked = Signal(object)
    """Carries the RetrieveProgress of one that lacks images."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("transfersPane")
        self.transfers: dict[str, Transfer] = {}
        self._rows: dict[str, _Row] = {}
        self._heading = QLabel()
        self._heading.setProperty("role", "heading")
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(self._inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 10)
        column.setSpacing(theme.GAP)
        column.addWidget(self._heading)
        column.addWidget(area, 1)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(800, 52 + ROW * min(max(len(self._rows), 1), 4))

    def begin(self, study_instance_uid: str, what: str, job: Job) -> None:
        """Show a fetch that was just started."""
        self.transfers[study_instance_uid] = Transfer(what, job)
        row = self._rows.get(study_instance_uid)
        if row is None:
            acts = (self.stop, self.open_asked.emit, self.again_asked.emit, self._ask_why)
            row = self._rows[study_instance_uid] = _Row(study_instance_uid, *acts)
            self._column.insertWidget(0, row)
        row.show_transfer(self.transfers[study_instance_uid])
        self._forget_old()
        self._say()

    def show_progress(self, progress: RetrieveProgress) -> None:
        """How far it is; of studies that were not asked for here nothing is shown."""
        transfer = self.transfers.get(progress.study_instance_uid)
        if transfer is None:
            return
        transfer.progress = progress
        transfer.is_ended = (
            progress.is_proven or bool(progress.problem) or (transfer.job is not None and transfer.job.finished.is_set())
        )
        self._rows[progress.study_instance_uid].show_transfer(transfer)
        self._say()

    def stop(self, study_instance_uid: str) -> None:
        """Ask a fetch to end; what has come stays."""
        transfer = self.transfers[study_instance_uid]
        if transfer.job is not None:
            transfer.job.cancel.set()
        transfer.is_ended = True
        self._rows[study_instance_uid].show_transfer(transfer)
        self._say()

    def _ask_why(self, study_instance_uid: str) -> None:
        self.why_asked.emit(self.transfers[study_instance_uid].progress)

    def _say(self) -> None:
        under_way = sum(not t.is_ended for t in self.transfers.values())
        self._heading.setText(self.tr("Fetching {0}").format(under_way) if under_way else self.tr("Fetched"))
        self.setVisible(bool(self.transfers))
        self.updateGeometry()

    def _forget_old(self) -> None:
        ended = [uid for uid, transfer in self.transfers.items() if transfer.is_ended]
        for uid in ended[: max(0, len(self.transfers) - SHOWN)]:
            del self.transfers[uid]
            self._rows.pop(uid).deleteLater()


class _Row(QWidget):
    def __init__(self, uid: str, stop: Act, open_case: Act, again: Act, why: Act) -> None:
        super().__init__()
        self._what, self._count, self._problem = QLabel(), QLabel(), QLabel()
        for label in (self._what, self._count, self._problem):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(180, 8)
        self._stop = QPushButton(self.tr("Stop"))
        self._stop.clicked.connect(lambda: stop(uid))
        self._again = QPushButton(self.tr("Go on"))
        self._again.setToolTip(tooltip(self.tr("Fetch what is missing")))
        self._again.clicked.connect(lambda: again(uid))
        self._why = QPushButton(self.tr("Missing…"))
        self._why.setToolTip(tooltip(self.tr("Which images did not come, and why")))
        self._why.clicked.connect(lambda: why(uid))
        self._open = QPushButton(self.tr("Read"))
        self._open.clicked.connect(lambda: open_case(uid))
        self._clock = QElapsedTimer()
        self._clock.start()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(12)
        grid.addWidget(self._what, 0, 0)
        grid.addWidget(self._bar, 0, 1)
        grid.addWidget(self._count, 0, 2)
        grid.addWidget(self._problem, 0, 3)
        grid.addWidget(self._stop, 0, 4)
        grid.addWidget(self._again, 0, 5)
        grid.addWidget(self._why, 0, 6)
        grid.addWidget(self._open, 0, 7)
        grid.setColumnMinimumWidth(0, 320)
        grid.setColumnMinimumWidth(2, 220)
        grid.setColumnStretch(3, 1)

    def show_transfer(self, transfer: Transfer) -> None:
        progress = transfer.progress
        self._what.setText(plain(transfer.what))
        expected = progress.expected if progress is not None else None
        received = progress.received if progress is not None else 0
        is_proven = progress is not None and progress.is_proven
        self._bar.setRange(0, expected or 0)
        self._bar.setValue(received)
        self._bar.setVisible(not transfer.is_ended)
        self._count.setText(count_words(progress))
        problem = progress.problem if progress is not None else ""
        self._problem.setText(plain(core_text(problem)))
        self._problem.setProperty("role", "red")
        self._problem.style().polish(self._problem)
        self._stop.setVisible(not transfer.is_ended)
        self._again.setVisible(transfer.is_ended and not is_proven)
        self._why.setVisible(transfer.is_ended and progress is not None and bool(progress.missing))
        self._open.setVisible(received > 0)


def count_words(progress: RetrieveProgress | None) -> str:
    """`137 of 402 images, 61 MB`; `402 images, complete`, said only with proof."""
    if progress is None or progress.expected is None:
        return core_text("asking for the list of images")
    if progress.is_proven:
        return core_text("{0} images, complete").format(progress.received)
    words = core_text("{0} of {1} images").format(progress.received, progress.expected)
    megabytes = progress.bytes / 1e6
    return f"{words}, {megabytes:.{1 if megabytes < 10 else 0}f} MB" if progress.bytes else words
