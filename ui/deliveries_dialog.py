"""Reports on their way: what was signed, how far the RIS has it, and what to do when it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.list_table import ListTable
from ui.plain import core_text, plain, tooltip
from ui.worklist_times import span
from workstation.domain.delivery import (
    FINISHED_DELIVERIES,
    UNPROVABLE,
    Delivery,
    DeliveryState,
    is_at_end,
    is_unfound,
    is_unprovable,
)
from workstation.domain.patient import Patient, PatientKey
from workstation.domain.report import Report
from workstation.jobs import DATABASE, Cancel
from workstation.reporting.conflicts import Settlement
from workstation.reporting.layout import plain_text
from workstation.session.case import Notice

if TYPE_CHECKING:
    from ui.seat import Seat

SHOWN = 200
AGE_MS = 10_000
WHEN = "%Y-%m-%d %H:%M"
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
    DeliveryState.DISCARDED: "Not sent: the RIS's version stands",
    DeliveryState.WITHDRAWN: "Taken back before it was sent",
}
STATE_COLOURS = {
    DeliveryState.CONFIRMED: theme.GREEN,
    DeliveryState.CONFLICT: theme.RED,
    DeliveryState.HELD: theme.RED,
    DeliveryState.REJECTED: theme.RED,
    DeliveryState.SUPERSEDED: theme.MUTED,
    DeliveryState.DISCARDED: theme.MUTED,
    DeliveryState.WITHDRAWN: theme.MUTED,
}
UNFOUND = "The RIS said yes and does not hold it: call the RIS desk"
ACCEPTED = "Accepted; this RIS cannot confirm"
COUNTED = {
    DeliveryState.QUEUED: "{0} waiting",
    DeliveryState.SENDING: "{0} unknown",
    DeliveryState.ACKNOWLEDGED: "{0} accepted, not confirmed",
    DeliveryState.CONFLICT: "{0} in conflict",
    DeliveryState.HELD: "{0} held",
    DeliveryState.REJECTED: "{0} refused",
}
MAY_RETRY = frozenset({DeliveryState.REJECTED, DeliveryState.HELD, DeliveryState.ACKNOWLEDGED, DeliveryState.CONFLICT})
# What to do about each; English source strings.
ADVICE = {
    DeliveryState.QUEUED: "It goes by itself when the RIS answers.",
    DeliveryState.SENDING: "The RIS is asked whether it has it. Nothing is sent twice.",
    DeliveryState.ACKNOWLEDGED: "It is confirmed when it was read back and is the same.",
    UNPROVABLE: "The RIS said yes; it offers no way to prove it. Where it matters, ask the RIS desk.",
    DeliveryState.CONFLICT: "Compare the two and choose. Nothing in the RIS was overwritten.",
    DeliveryState.HELD: "Call the RIS desk: is it this patient, this order? Then send again. The text can be copied or printed.",
    DeliveryState.REJECTED: "Call the RIS desk and tell what it says. Then send again, or hand the text over: copy or print it.",
}


class DeliveriesDialog(QDialog):
    """The latest deliveries; open ones first, oldest on top. Follows what happens while it is open."""

    def __init__(self, core: Seat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deliveriesDialog")
        self.setWindowTitle(self.tr("Reports on their way"))
        self._core = core
        self._rows: list[Delivery] = []
        self._is_open = True
        self.summary = QLabel()
        self.summary.setTextFormat(Qt.TextFormat.PlainText)
        names = [
            self.tr("Accession"),
            self.tr("Version"),
            self.tr("Signed"),
            self.tr("Age"),
            self.tr("State"),
            self.tr("Problem"),
        ]
        self.table = ListTable(names, self.tr("Reports on their way"), 4, 5)
        self.table.currentCellChanged.connect(lambda *_: self._choose())
        self.table.itemActivated.connect(lambda _: self._compare())
        self.advice = QLabel()
        self.advice.setTextFormat(Qt.TextFormat.PlainText)
        self.advice.setWordWrap(True)
        self.history = QPlainTextEdit()
        self.history.setReadOnly(True)
        self.history.setTabChangesFocus(True)
        self.history.setAccessibleName(self.tr("History of this delivery"))
        self.again = self._button(self.tr("Send again"), "Shift+F4", self._again)
        self.compare = self._button(self.tr("Compare"), "Ctrl+Shift+X", self._compare)
        self.copy = self._button(self.tr("Copy"), "Ctrl+Shift+C", self._copy)
        self.print = self._button(self.tr("Print"), "Ctrl+Shift+I", self._print)
        self._lay_out()
        self.resize(1120, 600)
        self._clock = QTimer(self)
        self._clock.setInterval(AGE_MS)
        self._clock.timeout.connect(lambda: self._ask(None))
        self._clock.start()
        core.delivery_changed.connect(self._ask)
        self._ask(None)
        self.table.setFocus()

    def _lay_out(self) -> None:
        note = QLabel(self.tr("A report is done when it was read back from the RIS and is the one that was signed."))
        note.setProperty("role", "muted")
        self.history.setFixedHeight(120)
        self.advice.setMinimumHeight(2 * self.advice.fontMetrics().lineSpacing())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        for button in (self.again, self.compare, self.copy, self.print):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(8)
        for widget in (self.summary, note):
            column.addWidget(widget)
        column.addWidget(self.table, 1)
        column.addWidget(self.advice)
        column.addWidget(self.history)
        column.addLayout(row)

    def _button(self, words: str, keys: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(f"{words} ({keys})")
        button.setAutoDefault(False)
        button.clicked.connect(lambda _: act())
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.activated.connect(act)
        return button

    def done(self, result: int) -> None:
        # Deleted when closed: nothing may tell it of deliveries any more.
        self._is_open = False
        self._clock.stop()
        self._core.delivery_changed.disconnect(self._ask)
        super().done(result)

    # ---- showing ---------------------------------------------------------------------

    @property
    def chosen(self) -> Delivery | None:
        row = self.table.currentRow()
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def _ask(self, _: object) -> None:
        reports = self._core.reports
        self._core.jobs.run(
            DATABASE, lambda _: reports.deliveries(), self.show_deliveries, self._core.session.report_problem, slot="deliveries"
        )

    def show_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        """The chosen one stays chosen."""
        if not self._is_open:
            return
        now, chosen = datetime.now(UTC), self.chosen
        self._rows = in_order(deliveries)[:SHOWN]
        text, colour = summary_words(deliveries, now)
        self.summary.setText(text)
        self.summary.setStyleSheet(f"color: {colour};")
        self.table.setRowCount(len(self._rows))
        for row, delivery in enumerate(self._rows):
            for column, cell in enumerate(cells(delivery, now)):
                item = QTableWidgetItem(plain(cell))
                item.setToolTip(tooltip(cell))
                if column == 4:
                    item.setForeground(QColor(state_colour(delivery, now)))
                self.table.setItem(row, column, item)
        ids = [delivery.delivery_id for delivery in self._rows]
        if ids:
            self.table.selectRow(ids.index(chosen.delivery_id) if chosen is not None and chosen.delivery_id in ids else 0)
        self._choose()

    def _choose(self) -> None:
        delivery, now = self.chosen, datetime.now(UTC)
        state = delivery.state if delivery is not None else None
        self.again.setEnabled(state in MAY_RETRY)
        self.compare.setEnabled(state is DeliveryState.CONFLICT or state in (DeliveryState.CONFIRMED, DeliveryState.DISCARDED))
        for button in (self.copy, self.print):
            button.setEnabled(delivery is not None)
        lost = delivery is not None and is_unfound(delivery, now)
        blind = delivery is not None and is_unprovable(delivery)
        advice = ADVICE.get(UNPROVABLE if blind else state, "") if state is not None else ""
        self.advice.setText(core_text(UNFOUND if lost else advice))
        if delivery is None:
            self.history.clear()
            return
        reports = self._core.reports

        def work(_: Cancel) -> str:
            return history_words(
                reports.ledger.history(delivery.delivery_id), reports.conflicts.settlements(delivery.report_uuid)
            )

        self._core.jobs.run(DATABASE, work, self._show_history, self._core.session.report_problem, slot="delivery history")

    def _show_history(self, words: str) -> None:
        if self._is_open and words != self.history.toPlainText():
            self.history.setPlainText(words)

    # ---- what is done ----------------------------------------------------------------

    def _again(self) -> None:
        delivery = self.chosen
        if delivery is not None and delivery.state in MAY_RETRY:
            self._core.session.settling.send_again(delivery)
            return
        self._say("This one cannot be sent again: it is done, or goes by itself")

    def _compare(self) -> None:
        from ui.conflict_dialog import ConflictDialog

        delivery = self.chosen
        if delivery is None or not self.compare.isEnabled():
            self._say("There is nothing to compare: no version of the RIS stands against this one")
            return
        dialog = ConflictDialog(self._core, delivery.report_uuid, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def _copy(self) -> None:
        self._version(self._copied)

    def _copied(self, report: Report) -> None:
        QGuiApplication.clipboard().setText(plain_text(report))
        self._say("The text as it was signed is copied: it holds patient data")

    def _print(self) -> None:
        self._version(self._printed)

    def _printed(self, report: Report) -> None:
        from ui.report.printing import PrintedReport
        from ui.report.printing_dialog import VersionPrintDialog

        key = PatientKey(report.patient_id, report.patient_issuer)
        case = self._core.session.case
        patient = case.study.patient if case is not None and case.study.patient.key == key else Patient(key)
        dialog = VersionPrintDialog(self._core, PrintedReport(report, patient, False), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()

    def _version(self, act: Callable[[Report], None]) -> None:
        delivery, reports = self.chosen, self._core.reports
        if delivery is None:
            self._say("No report is chosen")
            return

        def work(_: Cancel) -> Report:
            return next(v.report for v in reports.history(delivery.report_uuid) if v.report.version == delivery.version)

        self._core.jobs.run(DATABASE, work, act, self._core.session.report_problem)

    def _say(self, words: str) -> None:
        self._core.session.notice.emit(Notice(words))


def in_order(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """What is open first, the oldest on top; then what is done, the newest on top."""
    waiting = [d for d in deliveries if d.state not in FINISHED_DELIVERIES]
    done = [d for d in deliveries if d.state in FINISHED_DELIVERIES]
    return [*sorted(waiting, key=lambda d: d.created), *sorted(done, key=lambda d: d.created, reverse=True)]


def cells(delivery: Delivery, now: datetime) -> tuple[str, ...]:
    is_open = not is_at_end(delivery)
    return (
        delivery.accession_number,
        str(delivery.version),
        delivery.created.astimezone().strftime(WHEN),
        age_words(delivery, now) if is_open else "",
        core_text(state_words(delivery, now)),
        "" if is_unprovable(delivery) else core_text(delivery.last_error),
    )


def state_words(delivery: Delivery, now: datetime) -> str:
    if is_unprovable(delivery):
        return ACCEPTED
    return UNFOUND if is_unfound(delivery, now) else STATE_WORDS[delivery.state]


def age_words(delivery: Delivery, now: datetime) -> str:
    age = now - delivery.created
    return span(age) if age.total_seconds() >= 60 else core_text("under 1 min")


def state_colour(delivery: Delivery, now: datetime) -> str:
    return theme.RED if is_unfound(delivery, now) else STATE_COLOURS.get(delivery.state, theme.AMBER)


def summary_words(deliveries: Sequence[Delivery], now: datetime) -> tuple[str, str]:
    """How many are open, by state, and how old the oldest is; and the colour of that."""
    waiting = [d for d in deliveries if d.state not in FINISHED_DELIVERIES]
    if not waiting:
        return core_text("Every signed report is where it belongs."), theme.GREEN
    counts = Counter(d.state for d in waiting)
    parts = ", ".join(core_text(COUNTED[state]).format(counts[state]) for state in COUNTED if counts[state])
    oldest = min(waiting, key=lambda d: d.created)
    bad = any(state_colour(d, now) == theme.RED for d in waiting)
    return core_text("Not confirmed: {0}. Age of the oldest: {1}.").format(
        parts, age_words(oldest, now)
    ), theme.RED if bad else theme.AMBER


def history_words(events: Sequence[tuple[str, str, str, str, datetime]], settlements: Sequence[Settlement]) -> str:
    """One line for each step, newest last, then what readers chose."""
    lines = []
    for event, before, after, detail, at in events:
        words = f"{at.astimezone().strftime('%Y-%m-%d %H:%M:%S')}  {core_text(event)}"
        words = f"{words}: {core_text(after)}" if after != before else words
        lines.append(f"{words}  {plain(core_text(detail))}" if detail else words)
    for made in settlements:
        when = made.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        reason = f": {plain(made.reason)}" if made.reason else ""
        lines.append(f"{when}  {core_text('Choice')}: {core_text(made.choice.value)}, {plain(made.who)}{reason}")
    return "\n".join(lines)
