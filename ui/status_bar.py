"""The line at the foot: what loads, whether reports arrived, and how the optional parts are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QWidget

from ui import theme
from ui.archives.sendings_dialog import sending_words
from ui.critical_badge import CriticalBadge
from ui.delivery_alarm import DeliveryAlarm
from ui.link_words import link_words
from ui.plain import core_text, plain, tooltip
from ui.rereading_badge import RereadingBadge
from ui.runner import Runner
from ui.undo_badge import UndoBadge
from ui.worklist_times import span
from workstation.archives.prefetch_state import Phase, PrefetchState
from workstation.domain.delivery import FINISHED_DELIVERIES, PROBLEMS, Delivery, is_at_end, is_unfound, is_unprovable
from workstation.domain.sending import Sending
from workstation.jobs import DATABASE, Cancel

if TYPE_CHECKING:
    from ui.seat import Seat

ASK_MS = 10_000
LOADING_MS = 150
LATE_SECONDS = 120


class StatusBar(QFrame):
    """Every part is words with a colour, never a colour alone."""

    def __init__(self, core: Seat, runner: Runner) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._core = core
        self._session = core.session
        self._loading = _label()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(120, 8)
        self.deliveries = _button("deliveryBadge", lambda: runner.run("report.deliveries"))
        self.deliveries.setToolTip(tooltip(self.tr("Reports on their way"), runner.keys_text("report.deliveries")))
        self._signed: tuple[Delivery, ...] = ()
        self._alarm = DeliveryAlarm(self._session.notice.emit)
        self.sending = _button("sendingBadge", lambda: runner.run("archives.sendings"))
        self.sending.setToolTip(tooltip(self.tr("Objects on their way to archives"), runner.keys_text("archives.sendings")))
        self.sending.hide()
        self.critical = CriticalBadge(self._session, runner.run, runner.keys_text("report.critical"))
        self.undo = UndoBadge(self._session, runner.run, runner.keys_text("report.withdraw"))
        self._ris, self._voice = _label(), _label()
        self.prefetch = _button("prefetchBadge", lambda: runner.run("archives.prefetch"))
        self._prefetch_keys = runner.keys_text("archives.prefetch")
        self.prefetch.hide()
        self.rereading = RereadingBadge(self._session, runner.run, runner.keys_text("case.read_again"))
        self._state = _label()
        self._build()
        self._clock = QTimer(self)
        self._clock.setInterval(ASK_MS)
        self._clock.timeout.connect(self.ask_deliveries)
        self._clock.timeout.connect(self.ask_sendings)
        self._clock.start()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(LOADING_MS)
        self._soon.timeout.connect(lambda: self._show_loading(None))
        core.library.changed.connect(self._loads)
        core.delivery_changed.connect(lambda _: self.ask_deliveries())
        core.sending_changed.connect(lambda _: self.ask_sendings())
        core.ris_changed.connect(self.show_ris)
        core.prefetch_changed.connect(self.show_prefetch)
        self._session.desk.signed.connect(lambda _: self.ask_deliveries())
        self._session.case_changed.connect(self._loads)
        self._session.viewing.overlays_changed.connect(self._show_state)
        self._session.viewing.arrangement_changed.connect(self._show_state)
        self.show_ris("" if core.ris_url else "No RIS is set")
        self.show_voice("", True)
        self._show_loading(None)
        self.show_deliveries(())
        self.ask_deliveries()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 10, 2)
        row.setSpacing(8)
        asked = (self.prefetch, self.sending, self.critical, self.undo, self.rereading)
        left: tuple[QWidget, ...] = (self._state, self._bar, self._loading, *asked)
        right: tuple[QWidget, ...] = (self._voice, _rule(), self._ris, _rule(), self.deliveries)
        for widget in left:
            row.addWidget(widget)
        row.addStretch(1)
        for widget in right:
            row.addWidget(widget)

    def sizeHint(self) -> QSize:
        return QSize(800, 32)

    # ---- reports ---------------------------------------------------------------------

    def ask_deliveries(self) -> None:
        """Read the open deliveries; the badge follows."""
        reports = self._core.reports

        def work(_: Cancel) -> tuple[Delivery, ...]:
            waiting = reports.deliveries(open_only=True)
            if not waiting and not self._signed:
                self._signed = tuple(d for d in reports.deliveries() if d.state in FINISHED_DELIVERIES)[-1:]
            return waiting or self._signed

        self._core.jobs.run(DATABASE, work, self.show_deliveries, self._session.report_problem, slot="badge")

    def show_deliveries(self, deliveries: tuple[Delivery, ...]) -> None:
        now = datetime.now(UTC)
        text, colour = delivery_words(deliveries, now)
        self._alarm.look(deliveries, now)
        self.deliveries.setText(text)
        self.deliveries.setStyleSheet(_badge(colour))

    # ---- objects ---------------------------------------------------------------------

    def ask_sendings(self) -> None:
        """Read what is on its way to archives; nothing is asked where nothing was ever sent."""
        core = self._core
        if core.may_be_sending:
            problem = self._session.report_problem
            core.jobs.run(DATABASE, lambda _: core.sender.open_rows(), self.show_sendings, problem, slot="sending badge")

    def show_sendings(self, waiting: Sequence[Sending]) -> None:
        text, colour = sending_words(waiting, datetime.now(UTC))
        self.sending.setVisible(bool(text))
        self.sending.setText(text)
        self.sending.setStyleSheet(_badge(colour))

    # ---- optional parts --------------------------------------------------------------

    def show_ris(self, problem: str) -> None:
        """`problem` is empty when the RIS answers."""
        text = self.tr("RIS: connected")
        if problem:
            text = self.tr("RIS: not reached") if self._core.ris_url else self.tr("RIS: none is set")
        _say(self._ris, text, "amber" if problem else "muted")
        self._ris.setToolTip(tooltip(text, core_text(problem)))

    def show_prefetch(self, state: PrefetchState) -> None:
        """What is fetched ahead, or why nothing is; a click pauses it or lets it go on."""
        text, colour = prefetch_words(state)
        self.prefetch.setVisible(bool(text))
        self.prefetch.setText(text)
        self.prefetch.setStyleSheet(_badge(colour))
        act = self.tr("Click to go on") if state.phase is Phase.PAUSED else self.tr("Click to pause")
        self.prefetch.setToolTip(tooltip(core_text(state.why), *map(core_text, state.problems), act, self._prefetch_keys))

    def show_voice(self, text: str, available: bool) -> None:
        """The microphone and the model in a few words; empty hides them."""
        _say(self._voice, plain(text), "muted" if available else "amber")
        self._voice.setVisible(bool(text))
        self._voice.setToolTip(tooltip(text))

    # ---- images ----------------------------------------------------------------------

    def _show_state(self, _: object) -> None:
        viewing = self._session.viewing
        several = sum(cell.state is not None for cell in viewing.cells) > 1
        _say(self._state, link_words(viewing.linking) if several else "", "muted")

    def _loads(self, _: object) -> None:
        """A progress bar paints itself at once when it moves: not for each image, and not before the images themselves."""
        if not self._soon.isActive():
            self._soon.start()

    def _show_loading(self, _: object) -> None:
        done, total = self._progress()
        loading = 0 <= done < total
        self._bar.setVisible(loading)
        self._loading.setVisible(loading)
        if loading:
            self._bar.setRange(0, total)
            self._bar.setValue(done)
            _say(self._loading, self.tr("Loading {0} of {1} images").format(done, total), "muted")

    def _progress(self) -> tuple[int, int]:
        case = self._session.case
        done = total = 0
        for study in case.studies if case else ():
            for series in study.series:
                loaded, frames = self._core.library.progress(series.series_instance_uid)
                done, total = done + loaded, total + frames
        return done, total


def delivery_words(deliveries: tuple[Delivery, ...], now: datetime) -> tuple[str, str]:
    """The badge: how many signed reports are not yet proved to be in the RIS, and the oldest one's age."""
    if not deliveries:
        return core_text("No reports waiting"), theme.MUTED
    waiting = [d for d in deliveries if not is_at_end(d)]
    if not waiting and any(map(is_unprovable, deliveries)):
        return core_text("All reports accepted; this RIS cannot confirm"), theme.TEXT
    if not waiting:
        return core_text("All reports confirmed"), theme.GREEN
    oldest = min(d.created for d in waiting)
    age = now - oldest
    count = (
        core_text("1 report not confirmed") if len(waiting) == 1 else core_text("{0} reports not confirmed").format(len(waiting))
    )
    text = f"{count}, {core_text('oldest {0}').format(span(age))}" if age.total_seconds() >= 60 else count
    if any(d.state in PROBLEMS or is_unfound(d, now) for d in waiting):
        return f"{core_text('Needs attention')}: {text}", theme.RED
    return text, theme.AMBER if age.total_seconds() > LATE_SECONDS else theme.TEXT


def prefetch_words(state: PrefetchState) -> tuple[str, str]:
    """The words for the status line and their colour; empty while there is nothing to say."""
    if state.phase is Phase.FETCHING:
        count = core_text("{0} of {1}").format(state.received, state.expected) if state.expected is not None else ""
        left = core_text("{0} studies left").format(state.left)
        return " · ".join(part for part in (core_text("Fetching ahead"), count, left) if part), theme.MUTED
    if state.phase is Phase.WAITING:
        return core_text("Fetching ahead waits while you read"), theme.MUTED
    if state.phase is Phase.PAUSED:
        return core_text("Fetching ahead is paused"), theme.AMBER
    if state.phase is Phase.STOPPED:
        return core_text("Fetching ahead stopped: {0}").format(core_text(state.why)), theme.AMBER
    if state.problems:
        return core_text("Fetching ahead: {0} not reached").format(len(state.problems)), theme.AMBER
    if state.phase is Phase.IDLE:
        return core_text("Fetched ahead"), theme.MUTED
    return "", theme.MUTED


def _button(name: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton()
    button.setObjectName(name)
    button.setFlat(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(act)
    return button


def _badge(colour: str) -> str:
    return (
        f"QPushButton {{ color: {colour}; background: transparent; padding: 1px 8px; border: 1px solid transparent; }}"
        f"QPushButton:hover {{ background: {theme.HOVER}; }} QPushButton:focus {{ border: 1px solid {theme.ACCENT}; }}"
    )


def _say(label: QLabel, text: str, role: str) -> None:
    label.setText(text)
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().unpolish(label)
        label.style().polish(label)


def _label() -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def _rule() -> QWidget:
    rule = QFrame()
    rule.setProperty("role", "separator")
    rule.setFixedSize(1, 18)
    return rule
