"""Reports on their way: what was signed, how far the RIS has it, and what to do when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.plain import core_text, plain, tooltip
from workstation.domain.delivery import Delivery, DeliveryState
from workstation.jobs import DATABASE

if TYPE_CHECKING:
    from ui.seat import Seat

SHOWN = 200
# English source strings; shown through core_text.
STATE_WORDS = {
    DeliveryState.QUEUED: "Waiting to be sent",
    DeliveryState.SENDING: "Sent, answer unknown: the RIS is asked before anything is sent again",
    DeliveryState.ACKNOWLEDGED: "The RIS said yes; not yet read back",
    DeliveryState.CONFIRMED: "Confirmed: read back and equal",
    DeliveryState.CONFLICT: "Conflict: the RIS holds something else",
    DeliveryState.HELD: "Held: the patient or order must be checked",
    DeliveryState.REJECTED: "Refused by the RIS",
    DeliveryState.SUPERSEDED: "Replaced by a newer version",
    DeliveryState.WITHDRAWN: "Taken back before it was sent",
}
STATE_COLOURS = {
    DeliveryState.CONFIRMED: theme.GREEN,
    DeliveryState.CONFLICT: theme.RED,
    DeliveryState.HELD: theme.RED,
    DeliveryState.REJECTED: theme.RED,
    DeliveryState.SUPERSEDED: theme.MUTED,
    DeliveryState.WITHDRAWN: theme.MUTED,
}


class DeliveriesDialog(QDialog):
    """The latest deliveries; open ones first. Follows what happens while it is open."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deliveriesDialog")
        self.setWindowTitle(self.tr("Reports on their way"))
        self._core = core
        note = QLabel(self.tr("A report is done when it was read back from the RIS and is the one that was signed."))
        note.setProperty("role", "muted")
        self.table = QTableWidget(0, 5)
        names = [self.tr("Accession"), self.tr("Version"), self.tr("Signed"), self.tr("State"), self.tr("Problem")]
        self.table.setHorizontalHeaderLabels(names)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for place, width in enumerate((150, 80, 150, 400)):
            self.table.setColumnWidth(place, width)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addWidget(note)
        column.addWidget(self.table, 1)
        column.addWidget(buttons)
        self.resize(1080, 460)
        core.delivery_changed.connect(self._ask)
        self._ask(None)

    def _ask(self, _: object) -> None:
        reports = self._core.reports
        self._core.jobs.run(
            DATABASE, lambda _: reports.deliveries(), self.show_deliveries, self._core.session.report_problem, slot="deliveries"
        )

    def show_deliveries(self, deliveries: tuple[Delivery, ...]) -> None:
        done = (DeliveryState.CONFIRMED, DeliveryState.SUPERSEDED, DeliveryState.WITHDRAWN)
        rows = sorted(deliveries, key=lambda d: (d.state in done, -d.created.timestamp()))[:SHOWN]
        self.table.setRowCount(len(rows))
        for row, delivery in enumerate(rows):
            when = delivery.created.astimezone().strftime("%Y-%m-%d %H:%M")
            state = core_text(STATE_WORDS[delivery.state])
            cells = (delivery.accession_number, str(delivery.version), when, state, core_text(delivery.last_error))
            for column, text in enumerate(cells):
                item = QTableWidgetItem(plain(text))
                item.setToolTip(tooltip(text))
                if column == 3:
                    item.setForeground(QColor(STATE_COLOURS.get(delivery.state, theme.AMBER)))
                self.table.setItem(row, column, item)
