"""Objects on their way to archives: how many of each study are proven to be there, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.list_table import quiet_heads
from ui.plain import core_text, dicom_date, person_name, plain, tooltip
from ui.while_there import while_there
from ui.worklist_times import span
from workstation.domain.order import WorklistItem
from workstation.domain.sending import WAITING_SENDINGS, Sending, SendingState
from workstation.jobs import DATABASE, Cancel

if TYPE_CHECKING:
    from ui.seat import Seat

SHOWN = 200
MOST_REASONS = 3
# English source strings; shown through core_text. In the order in which they are told.
STATE_WORDS = {
    SendingState.REJECTED: "{0} refused by the archive",
    SendingState.HELD: "{0} held: not what was queued",
    SendingState.QUEUED: "{0} waiting",
    SendingState.SENDING: "{0} sent, answer unknown",
    SendingState.STORED: "{0} taken, not yet proven",
    SendingState.PROVEN: "{0} proven to be there",
}
STOPPED = frozenset({SendingState.REJECTED, SendingState.HELD})
RETRIED = STOPPED | {SendingState.STORED}
STATE_COLUMN = 3


@dataclass(frozen=True, slots=True)
class Shipment:
    """The objects of one study for one archive."""

    archive: str
    study_instance_uid: str
    sendings: tuple[Sending, ...]

    @property
    def waiting(self) -> tuple[Sending, ...]:
        return tuple(s for s in self.sendings if not s.is_proven)

    @property
    def needs_attention(self) -> bool:
        return any(s.state in STOPPED for s in self.sendings)


def shipments(sendings: Sequence[Sending]) -> tuple[Shipment, ...]:
    """What needs attention first, then what waits, then the latest."""
    groups: dict[tuple[str, str], list[Sending]] = {}
    for sending in sendings:
        groups.setdefault((sending.archive, sending.study_instance_uid), []).append(sending)
    made = [Shipment(archive, study, tuple(group)) for (archive, study), group in groups.items()]
    return tuple(sorted(made, key=lambda s: (not s.needs_attention, not s.waiting, -s.sendings[-1].created.timestamp())))


def state_words(shipment: Shipment) -> str:
    """`2 refused by the archive, 400 proven to be there`."""
    counts = {state: sum(s.state is state for s in shipment.sendings) for state in STATE_WORDS}
    return ", ".join(core_text(words).format(counts[state]) for state, words in STATE_WORDS.items() if counts[state])


def age_words(shipment: Shipment, now: datetime) -> str:
    """How long the oldest object that is not proven has waited."""
    return span(now - min(s.created for s in shipment.waiting)) if shipment.waiting else ""


def sending_words(waiting: Sequence[Sending], now: datetime) -> tuple[str, str]:
    """The words for the status line and their colour; empty while every object is proven to be there."""
    if not waiting:
        return "", theme.MUTED
    one, many = core_text("1 object on its way"), core_text("{0} objects on their way")
    count = one if len(waiting) == 1 else many.format(len(waiting))
    age = now - min(s.created for s in waiting)
    text = f"{count}, {core_text('oldest {0}').format(span(age))}" if age.total_seconds() >= 60 else count
    if any(s.state in STOPPED for s in waiting):
        return f"{core_text('Needs attention')}: {text}", theme.RED
    return text, theme.TEXT


class SendingsDialog(QDialog):
    """Follows what happens while it is open."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sendingsDialog")
        self.setWindowTitle(self.tr("Objects on their way"))
        self._core = core
        self._shown: tuple[Shipment, ...] = ()
        note = QLabel(self.tr("An object is sent when the archive has proven that it holds it. Until then it stays here."))
        note.setProperty("role", "muted")
        self.table = QTableWidget(0, 6)
        self._build_table()
        self.reason = QLabel()
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.reason.setWordWrap(True)
        self.retry = QPushButton(self.tr("Send again"))
        self.retry.setToolTip(tooltip(self.tr("What was refused, held or not proven, of the chosen rows")))
        self.retry.setAutoDefault(False)
        self.retry.clicked.connect(self._retry)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.retry, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addWidget(note)
        column.addWidget(self.table, 1)
        column.addWidget(self.reason)
        column.addWidget(buttons)
        self.resize(1240, 460)
        core.sending_changed.connect(self._ask)
        self._ask(None)

    def _build_table(self) -> None:
        table = self.table
        names = [self.tr("Study"), self.tr("Archive"), self.tr("Objects"), self.tr("State"), self.tr("Oldest"), self.tr("Reason")]
        table.setHorizontalHeaderLabels(names)
        table.setAccessibleName(self.tr("Objects on their way"))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.horizontalHeader().setStretchLastSection(True)
        quiet_heads(table)
        for place, width in enumerate((300, 170, 100, 280, 110)):
            table.setColumnWidth(place, width)
        table.itemSelectionChanged.connect(self._mark)

    def _ask(self, _: object) -> None:
        sender = self._core.sender
        problem = self._core.session.report_problem
        self._core.jobs.run(DATABASE, lambda _: sender.rows(), while_there(self, self._name), problem, slot="sendings")

    def _name(self, sendings: Sequence[Sending]) -> None:
        uids = [sending.study_instance_uid for sending in sendings]
        self._core.session.listing.find_studies(uids, while_there(self, lambda names: self.show_sendings(sendings, names)))

    def show_sendings(self, sendings: Sequence[Sending], names: Mapping[str, WorklistItem]) -> None:
        now = datetime.now(UTC)
        chosen = {(s.archive, s.study_instance_uid) for s in self._chosen()}
        self._shown = shipments(sendings)[:SHOWN]
        self.table.clearSelection()
        self.table.setRowCount(len(self._shown))
        for row, shipment in enumerate(self._shown):
            item = names.get(shipment.study_instance_uid)
            what = f"{person_name(item.patient.name)}  {dicom_date(item.study_date)}  {plain(item.procedure)}" if item else ""
            reason = next((s.reason for s in reversed(shipment.waiting) if s.reason), "")
            cells = (
                what or self.tr("A study that is no longer listed"),
                self._title(shipment.archive),
                str(len(shipment.sendings)),
                state_words(shipment),
                age_words(shipment, now),
                core_text(reason),
            )
            for column, text in enumerate(cells):
                cell = QTableWidgetItem(plain(text))
                cell.setToolTip(tooltip(text))
                if column == STATE_COLUMN:
                    cell.setForeground(QColor(_colour(shipment)))
                self.table.setItem(row, column, cell)
            if (shipment.archive, shipment.study_instance_uid) in chosen:
                self._select(row)
        if self._shown and not chosen:
            self._select(0)
        self._mark()

    def _select(self, row: int) -> None:
        """Whatever keys are held: `selectRow` takes a Shift or Ctrl that opened the dialog for the hand's own."""
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        self.table.selectionModel().select(self.table.model().index(row, 0), flags)

    def _title(self, name: str) -> str:
        found = next((a for a in self._core.archives.archives if a.name == name), None)
        return (found.title or found.name) if found else name

    def _chosen(self) -> list[Shipment]:
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return [self._shown[row] for row in rows if row < len(self._shown)]

    def _mark(self) -> None:
        reasons = dict.fromkeys(why for shipment in self._chosen() for s in shipment.waiting if (why := s.reason))
        self.reason.setText("\n".join(plain(core_text(why)) for why in list(reasons)[:MOST_REASONS]))
        self.retry.setEnabled(any(s.state in RETRIED for shipment in self._chosen() for s in shipment.sendings))

    def _retry(self) -> None:
        core = self._core
        ids = [s.sending_id for shipment in self._chosen() for s in shipment.sendings if s.state in RETRIED]

        def work(_: Cancel) -> None:
            for sending_id in ids:
                core.sender.retry(sending_id)

        core.jobs.run(DATABASE, work, lambda _: core.start_sending(), core.session.report_problem)


def _colour(shipment: Shipment) -> str:
    if shipment.needs_attention:
        return theme.RED
    waits = any(s.state in WAITING_SENDINGS for s in shipment.sendings)
    return theme.TEXT if waits else theme.GREEN
