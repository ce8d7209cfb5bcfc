"""Every version of the report that was signed: who, when, how far it is, and what differs between any two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QTableWidgetItem, QVBoxLayout, QWidget

from ui import theme
from ui.deliveries_dialog import STATE_COLOURS, STATE_WORDS
from ui.list_table import ListTable
from ui.plain import core_text, plain, tooltip
from ui.report.addenda import addenda_words
from ui.report.changes_view import ChangesView
from ui.report.state_line import status_words
from workstation.domain.report import Report, ReportSection, SectionCode
from workstation.reporting.versions import SignedVersion
from workstation.reporting.word_changes import SectionChanges, section_changes

if TYPE_CHECKING:
    from ui.seat import Seat
    from workstation.session.life import Past

WHEN = "%Y-%m-%d %H:%M"


class HistoryDialog(QDialog):
    """Rows newest first. The chosen version is compared with the one in the box; nothing can be changed here."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("historyDialog")
        self.setWindowTitle(self.tr("Version history"))
        self._session = core.session
        self._versions: tuple[SignedVersion, ...] = ()
        names = [
            self.tr("Version"),
            self.tr("Status"),
            self.tr("Signed by"),
            self.tr("Signed"),
            self.tr("RIS"),
            self.tr("Reason"),
        ]
        self.table = ListTable(names, self.tr("Signed versions"), 4, 5)
        self.table.setFixedHeight(180)
        self.table.currentCellChanged.connect(lambda row, *_: self._choose(row))
        self.against = QComboBox()
        self.against.setAccessibleName(self.tr("Compared with"))
        self.against.currentIndexChanged.connect(lambda _: self._compare())
        self.view = ChangesView("versionText")
        self.view.setAccessibleName(self.tr("What was changed"))
        self.hint = QLabel(self.tr("This report was not signed yet."))
        self._lay_out()
        self.resize(980, 640)
        core.session.life.changed.connect(self.show_past)
        core.delivery_changed.connect(self._delivery_moved)
        self.show_past(core.session.life.past)
        self.table.setFocus()

    def _delivery_moved(self, _: object) -> None:
        self._session.life.look_again()

    def _lay_out(self) -> None:
        label = QLabel(self.tr("Compared with"))
        label.setBuddy(self.against)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.against, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addWidget(self.hint)
        column.addWidget(self.table)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        column.addWidget(buttons)

    def show_past(self, past: Past) -> None:
        """What the store holds now; the chosen row stays chosen."""
        chosen = (
            self._versions[self.table.currentRow()].report.version if 0 <= self.table.currentRow() < len(self._versions) else 0
        )
        self._versions = tuple(reversed(past.history))
        self.hint.setVisible(not self._versions)
        self.table.setRowCount(len(self._versions))
        for row, version in enumerate(self._versions):
            for column, (text, colour) in enumerate(self._cells(version)):
                item = QTableWidgetItem(plain(text))
                item.setToolTip(tooltip(text))
                if colour:
                    item.setForeground(QColor(colour))
                self.table.setItem(row, column, item)
        rows = [number for number, version in enumerate(self._versions) if version.report.version == chosen]
        if self._versions:
            self.table.setCurrentCell(rows[0] if rows else 0, 0)
            self._choose(self.table.currentRow())
        else:
            self.view.clear()

    def _cells(self, version: SignedVersion) -> tuple[tuple[str, str], ...]:
        report, delivery = version.report, version.delivery
        signed = report.signed_at.astimezone().strftime(WHEN) if report.signed_at else ""
        names = "; ".join((report.signed_by, *report.earlier_signers))
        state = core_text(STATE_WORDS[delivery.state]) if delivery else ""
        colour = STATE_COLOURS.get(delivery.state, theme.AMBER) if delivery else ""
        if version.withdrawn is not None:
            when = version.withdrawn.at.astimezone().strftime(WHEN)
            state = self.tr("Taken back by {0}, {1}: never sent").format(version.withdrawn.by, when)
            colour = theme.MUTED
        return (
            (str(report.version), ""),
            (status_words(report.status), ""),
            (names, ""),
            (signed, ""),
            (state, colour),
            (report.reason, ""),
        )

    def _choose(self, row: int) -> None:
        """Fill the box with the other versions; the one before is chosen."""
        if not 0 <= row < len(self._versions):
            return
        self.against.blockSignals(True)
        self.against.clear()
        for number, version in enumerate(self._versions):
            if number != row:
                report = version.report
                words = self.tr("Version {0}, {1}, {2}").format(
                    report.version, status_words(report.status), plain(report.signed_by)
                )
                self.against.addItem(words, number)
        self.against.addItem(self.tr("The text now"), -1)
        self.against.addItem(self.tr("Nothing: show it as it was signed"), -2)
        before = self.against.findData(row + 1)
        self.against.setCurrentIndex(before if before >= 0 else self.against.count() - 1)
        self.against.blockSignals(False)
        self._compare()

    def _compare(self) -> None:
        row, other = self.table.currentRow(), self.against.currentData(Qt.ItemDataRole.UserRole)
        if 0 <= row < len(self._versions) and other is not None:
            self.view.show_sections(self._changes(self._versions[row].report, int(other)))

    def _changes(self, chosen: Report, other: int) -> tuple[SectionChanges, ...]:
        """The earlier of two stands before."""
        now = self._session.desk.report
        if other == -2 or (other == -1 and now is None):
            return section_changes(texts(chosen), texts(chosen))
        if other == -1 and now is not None:
            return section_changes(texts(chosen), texts(now))
        first, second = sorted((chosen, self._versions[other].report), key=lambda report: report.version)
        return section_changes(texts(first), texts(second))


def texts(report: Report) -> tuple[ReportSection, ...]:
    """All that a version says, its addenda as one section."""
    draft = report.text(SectionCode.ADDENDUM)
    addenda = "\n\n".join(words for words in (addenda_words(report), draft) if words)
    sections = (s for s in report.sections if s.code is not SectionCode.ADDENDUM)
    return (*sections, ReportSection(SectionCode.ADDENDUM, addenda))
