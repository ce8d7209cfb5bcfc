"""The window: worklist page and reading page, banner, status line; does what commands ask of a window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from ui import menus
from ui.banner import Banner
from ui.dialog_shell import DialogShell
from ui.key_desk import KeyDesk
from ui.key_following import KeyFollowing
from ui.keys import KeyRouter
from ui.leaving import Leaving
from ui.pages import Pages
from ui.plain import core_text
from ui.push_to_talk import PushToTalk
from ui.reading_page import ReadingPage
from ui.report.panel import ReportPanel
from ui.report.speech_hands import SpeechHands
from ui.runner import Runner
from ui.screens.screen_desk import ScreenDesk
from ui.status_bar import StatusBar
from ui.viewport_grid import ViewportGrid
from ui.worklist_view import WorklistView
from workstation.commands.command import Context
from workstation.domain.order import WorklistItem
from workstation.errors import WorkstationError
from workstation.session.case import Case, Notice

if TYPE_CHECKING:
    from ui.archives.page import ArchivePage
    from ui.seat import Seat

GEOMETRY = "window.geometry"
ARCHIVES_MS = 1500
LATE_IMAGES_MS = 120_000
FOLDER = "import.folder"
# Logical pixels: a laptop's 1366 x 768 at 150 % has room for it, its task bar too.
LEAST = (880, 460)


class MainWindow(DialogShell):
    """Implements `workstation.commands.command.Shell`. The title never names a patient."""

    def __init__(self, core: Seat) -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setWindowTitle("Lyskasse")
        self._core = core
        self._session = core.session
        self.keys = KeyDesk(core)
        self.runner = Runner(Context(core.session, self, core.presets), self.keys.keymap)
        self.keys.serve(self.runner)
        self.worklist = WorklistView(core, self.runner)
        self.report_panel = self._make_report_panel()
        desk = self.report_panel.dictation.desk
        self.speech = SpeechHands.of(core.session, desk, self.report_panel, self.runner, self.keys)
        self.reading = ReadingPage(core, self.runner, self.report_panel)
        self.archives: ArchivePage | None = None
        self.status_line = StatusBar(core, self.runner)
        self._pages = Pages()
        self._build()
        self.actions_by_id = menus.fill(self.menuBar(), self.runner)
        self._router = KeyRouter(self, self.runner)
        self._key_hints = KeyFollowing(self.runner)
        self._talk = PushToTalk(self.report_panel.dictation.desk, core.settings.dictation_key, self)
        self.leaving = Leaving(self, core)
        self.screens = ScreenDesk(self, core, self._router)
        self.place = self.screens.place
        self._session.notice.connect(self.banner.show_notice)
        self._session.desk.signed.connect(lambda _: self.banner.forget_refusals())
        self._session.case_changed.connect(self._case_changed)
        self.worklist.fetch_asked.connect(self.fetch_for)
        self._poll = QTimer(self)
        self._poll.setInterval(max(core.settings.poll_orders_seconds, 5) * 1000)
        self._poll.timeout.connect(core.poll_orders)
        self._first = QTimer(self)
        self._first.setSingleShot(True)
        self._first.setInterval(ARCHIVES_MS)
        self._first.timeout.connect(self._start_archives)
        self._first.timeout.connect(self.speech.hand.start)
        self._late = QTimer(self)
        self._late.setInterval(LATE_IMAGES_MS)
        self._late.timeout.connect(core.look_for_late_images)
        self._start()

    def _build(self) -> None:
        self._pages.addWidget(self.worklist)
        self._pages.addWidget(self.reading)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._pages, 1)
        column.addWidget(self.status_line)
        self.banner = Banner(self._pages, self.runner)
        self.banner.keep_off(self.report_panel)
        self.banner.declined.connect(self.reading.hanging.declined)
        self.setCentralWidget(middle)
        self.setMinimumSize(*LEAST)
        self.resize(1600, 1000)

    def _make_report_panel(self) -> ReportPanel:
        from ui.dictation_parts import dictation_desk
        from ui.report.dictation_bar import DictationBar

        core = self._core
        desk = dictation_desk(core)
        desk.state_changed.connect(lambda _: self._show_voice(desk))
        panel = ReportPanel(
            core.session, DictationBar(desk, self.runner.keys_text("report.dictate")), self.runner.run, self.runner.keys_text
        )
        core.delivery_changed.connect(panel.show_delivery)
        return panel

    def _start(self) -> None:
        """Begin to send reports and to ask for orders; say what was wrong with the settings."""
        if self._core.settings_problem is not None:
            self._session.report_problem(self._core.settings_problem)
        self._show_voice(self.report_panel.dictation.desk)
        self._core.start_deliveries()
        self._poll.start()
        if self._core.ris is not None:
            QTimer.singleShot(0, self._core.poll_orders)
        self._first.start()
        self._session.start()
        self.report_panel.dictation.desk.recover()

    def _start_archives(self) -> None:
        """A moment after the window is there: unlocking passwords and starting processes take a while."""
        try:
            self._core.start_archives()
            self.worklist.arrivals.follow()
        except WorkstationError as error:
            self._session.report_problem(error)
        self._late.start()

    # ---- what others ask of it -------------------------------------------------------

    @property
    def grid(self) -> ViewportGrid:
        """The one in which the active viewport stands."""
        return self.reading.grid.viewports.here

    @property
    def is_importing(self) -> bool:
        return self.worklist.imports.is_running

    def import_paths(self, paths: Sequence[Path]) -> None:
        """Import files and folders as dropping them on the worklist does."""
        self.worklist.import_paths(paths)

    def show_remembered(self) -> None:
        """Show where and as large as last time on these monitors, if that is still on one of them."""
        stored = self._core.remembered.get(GEOMETRY)
        if not isinstance(stored, str) or not self.restoreGeometry(QByteArray.fromBase64(stored.encode())):
            self._first_place()
        self.show()
        self.screens.begin()

    @property
    def pages(self) -> Pages:
        return self._pages

    def show_images_here(self, here: bool) -> None:
        """Images between the series and the report; else the list of cases stands beside both."""
        self.reading.show_images(here)
        if here and self._pages.beside is not None:
            self._pages.put_back()
            self._pages.setCurrentWidget(self.reading if self._session.case is not None else self.worklist)
        elif not here:
            self._pages.put_beside(self.reading, self.width(), self.height())

    def tell_crash(self, kind: str, file: Path | None) -> None:
        """Say that something unexpected happened; the reader goes on."""
        from ui.crash import notice_words

        self._session.notice.emit(Notice(notice_words(kind, file), error=True))

    # ---- Shell -----------------------------------------------------------------------

    def show_worklist(self) -> None:
        self._go_to(self.worklist)
        self.worklist.table.setFocus()

    def on_worklist(self, what: str) -> None:
        self.show_worklist()
        self.worklist.act(what)

    def show_archives(self) -> None:
        """The archives page, made when it is first asked for."""
        from ui.archives.page import ArchivePage

        if self.archives is None:
            self.archives = ArchivePage(self._core, self.runner)
            self._pages.addWidget(self.archives)
        chosen = self.worklist.selected() if self._pages.currentWidget() is self.worklist else None
        if chosen is not None and not chosen.image_count:
            self.archives.begin(chosen.patient.key.patient_id)
        self._go_to(self.archives)

    def fetch_for(self, item: WorklistItem) -> None:
        """Look for the images of an order in the archives, at once."""
        self.show_archives()
        if self.archives is not None:
            self.archives.seek(item)

    def set_up_archives(self) -> None:
        from ui.archives.setup_dialog import ArchivesDialog

        dialog = ArchivesDialog(self._core, self)
        if self.archives is not None:
            dialog.finished.connect(self.archives.archives_changed)
        dialog.finished.connect(self._start_archives)
        self._open(dialog)

    def toggle_prefetch(self) -> None:
        """Pause fetching ahead, or let it go on."""
        if not self._core.archives.archives:
            self._session.notice.emit(Notice("No archive is set up: there is nothing to fetch ahead"))
        elif self._core.prefetcher.is_paused:
            self._core.prefetcher.resume()
        else:
            self._core.prefetcher.pause()

    def focus_images(self) -> None:
        """Esc: out of a filter, a drawing or a tool first, then back to the images of the open case."""
        if self.grid.viewports.close_entry() or (self.grid.hasFocus() and self._session.pointing.escape()):
            return
        if self._pages.currentWidget() is self.worklist and self.worklist.clear_filter():
            return
        if self._pages.currentWidget() is self.archives and self._session.case is None:
            self.show_worklist()
            return
        if self._session.case is not None:
            self._pages.setCurrentWidget(self.reading)
            self.grid.take_keys()

    def focus_series(self) -> None:
        if self._session.case is not None:
            self._go_to(self.reading)
            self.reading.strip.setFocus()

    def focus_report(self) -> None:
        if self._session.case is not None:
            self._go_to(self.reading)
            self.report_panel.focus()

    def choose_files_to_import(self) -> None:
        from ui.import_dialog import ImportDialog

        start = self._core.remembered.get(FOLDER, "")
        dialog = ImportDialog(start if isinstance(start, str) else "", self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._import_chosen(dialog.paths()))
        dialog.open()

    def toggle_fullscreen(self) -> None:
        if not self.screens.toggle_frame():
            self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def next_images(self) -> None:
        self.screens.next_images()

    def move_main(self) -> None:
        self.screens.move_main()

    def toggle_dictation(self) -> None:
        self._talk.pressed(self._router.key)

    def step_section(self, steps: int) -> None:
        if self._session.case is not None:
            self._go_to(self.reading)
            self.report_panel.step_section(steps)

    def step_remark(self, steps: int) -> None:
        if self._session.case is not None:
            self._go_to(self.reading)
            self.report_panel.step_remark(steps)

    def quit(self) -> None:
        self.close()

    # ---- inside ----------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.leaving.may_close():
            event.ignore()
            return
        self.speech.hand.stop()
        self.report_panel.dictation.desk.close()
        self._poll.stop()
        self._first.stop()
        self._late.stop()
        self.screens.end()
        self._core.remembered.set(GEOMETRY, bytes(self.saveGeometry().toBase64().data()).decode())
        super().closeEvent(event)

    def _go_to(self, page: QWidget) -> None:
        """A page of this window, and the keys here where another of our windows had them."""
        self._pages.setCurrentWidget(page)
        if QApplication.activeWindow() not in (None, self):
            self.activateWindow()

    def _first_place(self) -> None:
        screen = QGuiApplication.primaryScreen()
        if screen is not None:
            self.setGeometry(screen.availableGeometry().adjusted(40, 40, -40, -40))
            self.setWindowState(Qt.WindowState.WindowMaximized)

    def _import_chosen(self, paths: Sequence[Path]) -> None:
        if paths:
            self._core.remembered.set(FOLDER, str(paths[0].parent))
            self.show_worklist()
            self.import_paths(paths)

    def _case_changed(self, case: Case | None) -> None:
        self.banner.forget_case()
        if case is None:
            self.show_worklist()
            return
        first = self._pages.currentWidget() is not self.reading
        self._pages.setCurrentWidget(self.reading)
        if first:
            self.reading.restore(self.width())
        if not isinstance(QApplication.activeModalWidget(), QWidget):
            self.grid.take_keys()

    def _show_voice(self, desk: object) -> None:
        problem = getattr(desk, "unavailable", None)
        text = core_text(problem.title) if isinstance(problem, WorkstationError) else self.tr("Dictation: ready")
        if problem is None and getattr(desk, "is_listening", False):
            text = self.tr("Dictation: listening")
        self.status_line.show_voice(text, problem is None)
        self.screens.show_listening(text if getattr(desk, "is_listening", False) else "")
