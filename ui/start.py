"""Before the window is there: what is stored is opened, its passphrase asked for, a long rebuild shown.

Opening runs in a thread, so that a window can say what goes on; none is shown where it is quick.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from ui import theme
from ui.plain import core_text, plain
from workstation.errors import WorkstationError

if TYPE_CHECKING:
    from ui.seat import Seat

SHOWN_AFTER_MS = 500
TICK_MS = 100
WIDTH = 560
UNSEEN = ("offscreen", "minimal")


def is_seen() -> bool:
    """Whether somebody can answer a window of ours, as far as Qt knows."""
    return QGuiApplication.platformName() not in UNSEEN


def open_stores(core: Seat, seen: bool) -> None:
    """Open the key, the images, the reports and the orders; stays until they are open.

    `seen` is whether somebody is there to be asked and told. Raises what went wrong, once it was
    said; Refused when the reader gave up at the passphrase. Nothing is overwritten then.
    """
    error = _outcome(core, seen)
    if error is not None:
        raise error


def _outcome(core: Seat, seen: bool) -> Exception | None:
    """What went wrong. Raised by the caller, so that no traceback keeps the Qt objects of this frame alive."""
    window = StartWindow()
    before = core.ask_passphrase, core.opening
    core.opening = window.tell
    if seen:
        core.ask_passphrase = window.ask
    opening = _Opening(core, window.opened)
    loop = QEventLoop()
    window.ended.connect(loop.quit, Qt.ConnectionType.QueuedConnection)
    late = QTimer()
    late.setSingleShot(True)
    late.timeout.connect(window.show_progress)
    late.start(SHOWN_AFTER_MS if seen else 1 << 30)
    opening.start()
    loop.exec()
    late.stop()
    opening.join()
    core.ask_passphrase, core.opening = before
    if opening.error is not None and seen and not window.gave_up:
        window.show_failure(opening.error)
        window.exec()
    window.hide()
    window.deleteLater()
    # Here and now: a window that waits for the garbage collector dies in whatever thread that runs.
    QCoreApplication.sendPostedEvents(window, QEvent.Type.DeferredDelete)
    return opening.error


class _Opening(threading.Thread):
    def __init__(self, core: Seat, opened: Callable[[], None]) -> None:
        super().__init__(name="opening", daemon=True)
        self._core, self._opened = core, opened
        self.error: Exception | None = None

    def run(self) -> None:
        core = self._core
        try:
            core.opening(0, 0, "Opening the key of the stored data")
            _ = core.vault
            core.opening(0, 0, "Opening the studies")
            _ = core.cache
            core.opening(0, 0, "Opening reports and orders")
            _ = core.reports, core.orders
        except Exception as error:  # told and raised on the main thread
            self.error = error
        finally:
            self._opened()


class StartWindow(QDialog):
    """How far it is, or the question for the passphrase. `tell`, `ask` and `opened` are called from the opening thread."""

    ended = Signal()
    _asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("startWindow")
        self.setWindowTitle("Lyskasse")
        self.gave_up = False
        self._is_over = False
        self._told = (0, 0, "")
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._is_asking = False
        self.words = QLabel()
        self.why = QLabel()
        self.passphrase = QLineEdit()
        self.bar = QProgressBar()
        self.open_button = QPushButton(self.tr("Open"))
        self.quit_button = QPushButton(self.tr("Quit"))
        self._question = QWidget()
        self._build()
        self._asked.connect(self._show_question, Qt.ConnectionType.QueuedConnection)
        self.open_button.clicked.connect(self._answer)
        self.quit_button.clicked.connect(self.reject)
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._show_told)

    def _build(self) -> None:
        title = QLabel("Lyskasse")
        title.setProperty("role", "title")
        for label in (self.words, self.why):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.why.setProperty("role", "red")
        self.why.hide()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setAccessibleName(self.tr("Passphrase"))
        self.passphrase.setPlaceholderText(self.tr("Passphrase"))
        self.passphrase.setMinimumHeight(34)
        self.open_button.setDefault(True)
        self.quit_button.setAutoDefault(False)
        buttons = QHBoxLayout(self._question)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.addStretch(1)
        buttons.addWidget(self.quit_button)
        buttons.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(26, 22, 26, 20)
        column.setSpacing(theme.GAP + 4)
        for widget in (title, self.words, self.bar, self.passphrase, self.why, self._question):
            column.addWidget(widget)
        self.passphrase.hide()
        self._question.hide()
        self.setFixedWidth(WIDTH)

    # ---- from the opening thread -------------------------------------------------------

    def tell(self, done: int, total: int, what: str) -> None:
        """How far it is; shown at the next tick."""
        self._told = (done, total, what)

    def ask(self, reason: str) -> str:
        """The passphrase; waits for the reader. Empty when they gave up."""
        self._asked.emit(reason)
        return self._answers.get()

    def opened(self) -> None:
        self.ended.emit()

    # ---- on the screen -----------------------------------------------------------------

    def show_progress(self) -> None:
        """It takes long enough for somebody to wonder."""
        self._clock.start()
        if not self._is_asking:
            self._show_told()
            self._fit()

    def show_failure(self, error: Exception) -> None:
        """Why it cannot be opened; the only way on is to quit."""
        self._is_over, self._is_asking = True, False
        self._clock.stop()
        words = str(error) if isinstance(error, WorkstationError) else type(error).__name__
        self.words.setText(self.tr("Lyskasse cannot start"))
        self.why.setText("\n".join(plain(core_text(line)) for line in words.split("\n")))
        for widget in (self.bar, self.passphrase, self.open_button):
            widget.hide()
        self._question.show()
        self.why.show()
        self.quit_button.setDefault(True)
        self.quit_button.setFocus()
        self._fit()

    @Slot(str)
    def _show_question(self, reason: str) -> None:
        is_again = bool(self.passphrase.text())
        self._is_asking = True
        self._clock.stop()
        self.words.setText(self.tr("The stored data are encrypted. Type the passphrase to open them."))
        self.why.setText(plain(core_text(reason)) if is_again else "")
        self.why.setVisible(is_again)
        self.bar.hide()
        self.passphrase.show()
        self.passphrase.setEnabled(True)
        self.open_button.setEnabled(True)
        self._question.show()
        self._fit()
        self.passphrase.selectAll()
        self.passphrase.setFocus()

    def _answer(self) -> None:
        if not self.passphrase.text():
            return
        self._is_asking = False
        self.passphrase.setEnabled(False)
        self.open_button.setEnabled(False)
        self.why.hide()
        self.words.setText(self.tr("Trying the passphrase…"))
        self._answers.put(self.passphrase.text())

    def _show_told(self) -> None:
        done, total, what = self._told
        if self.passphrase.isVisible() and not total:
            return  # the passphrase is being tried
        self.passphrase.hide()
        self._question.hide()
        self.bar.show()
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        count = self.tr("{0} of {1}").format(done, total) if total else ""
        self.words.setText("   ".join(part for part in (plain(core_text(what)), count) if part))

    def _fit(self) -> None:
        self.show()
        self.adjustSize()
        self.raise_()
        self.activateWindow()

    def reject(self) -> None:
        """Esc, Quit, or closing it. While stored data are being made anew it stays."""
        if self._is_asking:
            self._is_asking = False
            self.gave_up = True
            self._answers.put("")
        elif self._is_over:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.reject()
        event.ignore()
