"""Starts Qt, dresses it, opens the window and runs it."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QObject, Qt, QTimer, QTranslator, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from ui import crash, icons, start, theme
from ui.passphrase import ask_passphrase
from ui.rubbish import Rubbish
from workstation.signals import Owners

if TYPE_CHECKING:
    from ui.main_window import MainWindow
    from ui.seat import Seat
    from workstation.domain.report_document import ReportDocument

# After the window was painted: what the first case needs is then made ready.
WARM_UP_MS = 300
# What was made by then stays to the end.
SETTLED_MS = 4000
# Where nobody could answer a question.
UNSEEN = ("offscreen", "minimal")

Post = Callable[[Callable[[], None]], None]


class MainPoster(QObject):
    """Brings calls from any thread to the main thread, in order. `post` is what Jobs takes."""

    _letter = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._letter.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        self._letter.emit(call)

    @Slot(object)
    def _deliver(self, call: Callable[[], None]) -> None:
        call()


def application(arguments: list[str] | None = None) -> QApplication:
    """The one QApplication, dressed. An existing one is used as it is."""
    Owners.are_there = staticmethod(_is_there)
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    _leave_sources_unread()
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(arguments if arguments is not None else sys.argv[:1])
    app.setApplicationName("lyskasse")
    app.setApplicationDisplayName("Lyskasse")
    app.setDesktopFileName("lyskasse")
    theme.apply(app)
    app.setWindowIcon(icons.icon("window", theme.ACCENT))
    atexit.register(_leave_clipboard)
    return app


def _is_there(owner: object) -> bool:
    return not isinstance(owner, QObject) or isValid(owner)


def _leave_sources_unread() -> None:
    """PySide reads the source of each module imported after it for a syntax of its own (`__feature__`), which nobody here uses.

    A hundred files a start. Where a later PySide does that by another name, it goes on doing it.
    """
    feature = sys.modules.get("shibokensupport.feature")
    if callable(getattr(feature, "_mod_uses_pyside", None)):
        setattr(feature, "_mod_uses_pyside", lambda _module: False)  # noqa: B010  # no stub names it


def _leave_clipboard() -> None:
    """What we copied becomes text of Qt's own: an object of Python's on the clipboard outlives Python, and ends it badly."""
    clipboard = QGuiApplication.clipboard()
    if clipboard.ownsClipboard() or QGuiApplication.platformName() in UNSEEN:
        clipboard.setText(clipboard.text())


def install_translation(app: QApplication, language: str) -> bool:
    """Load the window's texts in `language`; English is the source and needs no file."""
    found = False
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    with as_file(files("resources")) as resources:
        for name, place in ((f"qtbase_{language}", folder), (f"lyskasse_{language}", resources / "translations")):
            translator = QTranslator(app)
            if translator.load(name, str(place)):
                app.installTranslator(translator)
                found = True
    return found


def open_window(core: Seat) -> MainWindow:
    """The window on the core, shown; from now on unexpected errors go to a crash file."""
    from ui.main_window import MainWindow

    install_translation(application(), core.settings.language)
    core.reporting.print_pdf = _print_pdf
    with theme.dressed_at_the_end(application()):
        window = MainWindow(core)
    crash.install(core.folders.crashes, window.tell_crash)
    window.show_remembered()
    return window


def _print_pdf(document: ReportDocument) -> bytes:
    from ui.report.printing import pdf_of_document

    return pdf_of_document(document)


def run(core_factory: Callable[[Post], Seat], opened: Callable[[MainWindow], object] = lambda _: None) -> int:
    """Open the window on the core, tell that it is `opened`, and stay until it is closed. Returns the exit status."""
    app = application()
    poster = MainPoster()
    rubbish = Rubbish()
    try:
        core = core_factory(poster.post)
    except BaseException:
        rubbish.close()
        raise
    if QGuiApplication.platformName() not in UNSEEN:
        core.ask_passphrase = ask_passphrase
    before = sys.excepthook
    try:
        start.open_stores(core, start.is_seen())
        window = open_window(core)
        rubbish.watch(window)
        opened(window)
        QTimer.singleShot(WARM_UP_MS, core.warm_up)
        QTimer.singleShot(SETTLED_MS, rubbish.settle)
        status = app.exec()
        window.deleteLater()
        return status
    finally:
        sys.excepthook = before
        core.close()
        rubbish.close()
