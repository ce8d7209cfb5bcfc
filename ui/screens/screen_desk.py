"""Puts windows on monitors and keeps them there: at the start, when one is plugged or unplugged, when roles change.

Nothing of a case depends on a monitor. The session's screens keep what hangs on them; a monitor that goes takes its
window along, and what hung there becomes a page of the nearest one that is left, until it is back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QApplication, QWidget

from ui.screens import roles, site_roles
from ui.screens.housing import Housing
from ui.screens.image_window import ImageWindow
from ui.screens.memory import Memory
from ui.screens.monitors import Monitor, monitors, set_name
from ui.screens.reader_place import ReaderPlace
from ui.screens.roles import Plan, Role
from ui.true_size import pixel_size
from workstation.domain.hanging import ScreenFacts
from workstation.errors import Refused
from workstation.session.case import Case, Notice
from workstation.session.rehanging import hang_on

if TYPE_CHECKING:
    from ui.keys import KeyRouter
    from ui.main_window import MainWindow
    from ui.seat import Seat
    from ui.viewport_grid import ViewportGrid

SETTLE_MS = 150
"""Monitors come and go one by one; what is done waits until they stand still."""
REMEMBER_MS = 700
MAIN, FRAMES = "main", "frames"


class ScreenDesk(QObject):
    """One for the main window. Until `begin` everything is on one screen."""

    def __init__(self, window: MainWindow, core: Seat, router: KeyRouter) -> None:
        super().__init__(window)
        self._main, self._core, self._router = window, core, router
        self._session, self._viewing = core.session, core.session.viewing
        self.memory = Memory(core.remembered)
        self._site = self._rules()
        self.present = monitors()
        self.plan: Plan | None = None
        self.windows: dict[str, ImageWindow] = {}
        self._housing = Housing()
        self._facts: tuple[ScreenFacts, ...] = ()
        self._main_at = ""
        self._study = ""
        self.place = ReaderPlace(window, window.banner, window.pages)
        self._settle, self._remember = self._timer(SETTLE_MS, self.follow), self._timer(REMEMBER_MS, self._remember_main)
        self._session.hangings.screens = lambda: self._facts
        self._session.case_changed.connect(self._case_changed)
        self._viewing.arrangement_changed.connect(self._arranged)
        self._viewing.active_changed.connect(self._tell)
        self._session.annotating.drawing.changed.connect(self._drawing_changed)
        window.runner.keys_changed.connect(self._tell)

    def _rules(self) -> site_roles.Rules:
        try:
            return site_roles.load(self._core.folders.config)
        except Refused as error:
            self._core.settings_problem = self._core.settings_problem or error
            return ()

    def _timer(self, ms: int, act: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(ms)
        timer.timeout.connect(act)
        return timer

    # ---- monitors --------------------------------------------------------------------

    def begin(self) -> None:
        """The main window is there: look at the monitors, and follow them from now on."""
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.connect(self._screen_came)
        app.screenRemoved.connect(self._changed)
        app.primaryScreenChanged.connect(self._changed)
        for screen in app.screens():
            self._listen(screen)
        self._main.installEventFilter(self)
        self._main.windowHandle().screenChanged.connect(lambda _: self._main.reading.grid.viewports.resize_true())
        self.follow()

    def end(self) -> None:
        """The program ends."""
        self._settle.stop()
        self._remember_main()
        for window in self.windows.values():
            if window.isVisible() and window.has_frame and window.monitor.free.contains(window.frameGeometry()):
                self._note_frame(window, window.geometry())
            self._main.reading.show_images(True)
            self._main.reading.grid.viewports.remove(window.grid)
            window.end()
        self.windows = {}

    def follow(self) -> None:
        """Windows to where they belong on the monitors that there are now."""
        present = monitors()
        if not present:
            return  # all are gone or asleep: one comes back
        if present != self.present or self.plan is None:
            is_other = self.plan is None or set_name(present) != set_name(self.present)
            self.present = present
            self._apply(is_other)
        self.place.rescue()
        self._main.grid.viewports.resize_true()

    def _screen_came(self, screen: QScreen) -> None:
        self._listen(screen)
        self._changed()

    def _listen(self, screen: QScreen) -> None:
        screen.geometryChanged.connect(self._changed)
        screen.availableGeometryChanged.connect(self._changed)
        screen.logicalDotsPerInchChanged.connect(self._changed)
        screen.physicalSizeChanged.connect(self._changed)

    def _changed(self, _: object = None) -> None:
        self._settle.start()

    # ---- what the reader asks --------------------------------------------------------

    def choose(self, chosen: roles.Roles | None) -> None:
        """What each monitor is for, from now on for this set; None for what they look to be for."""
        self.memory.choose(self.present, chosen)
        self._bring_main("")
        self._apply(False, chosen=True)

    def roles(self) -> dict[str, Role]:
        """As chosen for this set; else as each was chosen last in another one; else as proposed."""
        return self.memory.roles(self.present) or self.memory.known(self.present) or self.proposed()

    def proposed(self) -> dict[str, Role]:
        """As the site says, else as they look."""
        return site_roles.proposed(self.present, self._site)

    def said_by_site(self, monitor: Monitor) -> Role | None:
        return site_roles.role_of(monitor, self._site)

    def is_diagnostic(self, monitor: Monitor) -> bool:
        """False for one that the reader gave another role, in this set of monitors or the last one where it was, or the site."""
        return (self.memory.role_of(monitor, self.present) or self.said_by_site(monitor)) in (None, Role.DIAGNOSTIC)

    def next_images(self) -> None:
        """To the images of the next screen. Raises Refused where there is only one."""
        if len(self._viewing.layouts) < 2:
            raise Refused("Images hang on one screen only", "", self._how_roles())
        self._viewing.step_screen(1)
        self._main.grid.take_keys()

    def move_main(self) -> None:
        """Worklist and report to the screen of the images, or to the next one; again: back. Raises Refused on a single one."""
        if len(self.present) < 2 or self.plan is None:
            raise Refused("There is one screen only", "", "")
        at, here = self.plan.main, self._monitor_of(self._main.grid)
        others = [m for m in self.present if m != at]
        there = here if here in others else others[sum(m.rect.x() < at.rect.x() for m in others) % len(others)]
        self._bring_main("" if self._main_at else there.key)
        self._apply(False)
        self._main.activateWindow()

    def _bring_main(self, key: str) -> None:
        self._main_at = key
        self.memory.bring_main(self.present, key)

    def toggle_frame(self) -> bool:
        """F11 in a window of images. False where the keys are in another one."""
        window = next((w for w in self.windows.values() if w.isActiveWindow() and w.isVisible()), None)
        if window is None:
            return False
        if window.has_frame:
            self._note_frame(window, None)
            window.fill(window.monitor)
        else:
            rect = window.monitor.free.adjusted(60, 60, -60, -60)
            self._note_frame(window, rect)
            window.stand_at(window.monitor, rect)
        return True

    def show_listening(self, text: str) -> None:
        for window in self.windows.values():
            window.bar.listening.show_words(text)
        self._main.reading.listening.show_words(text if self._main.reading.bar.window() is not self._main else "")

    # ---- placing ---------------------------------------------------------------------

    def _apply(self, is_other_set: bool, chosen: bool = False) -> None:
        """`chosen` tells that the reader asked for it: then a case is hung on fewer screens as well."""
        focus = QApplication.focusWidget()
        if is_other_set:
            self._main_at = self.memory.main_at(self.present)
        self.plan = plan = roles.planned(self.present, self.roles(), self._main_at)
        keys = [m.key for m in plan.images]
        self._housing.move_in(keys, self._session.case is not None)
        self._stand_main(plan, is_other_set)
        for monitor in plan.windows:
            self._stand(monitor)
        for monitor in plan.windows:
            with_tools = not plan.is_together and monitor == plan.images[0]
            self.windows[monitor.key].take_bar(self._main.reading.bar if with_tools else None)
        self._share_out()
        for key, window in self.windows.items():
            if key not in {m.key for m in plan.windows}:
                window.hide()
        self._facts = self._viewing.screens = tuple(self._facts_of(m, plan) for m in plan.images)
        self._hang_on_more(chosen)
        self._give_keys_back(focus)
        self.place.look()
        self._tell()

    def _stand_main(self, plan: Plan, is_other_set: bool) -> None:
        main = self._main
        stored = self.memory.place(self.present) if is_other_set and not self._main_at else None
        if stored is not None:
            rect, how = stored
            _put(main, QRect(*rect), Qt.WindowState(how))
        if not plan.main.rect.contains(main.geometry().center()) or not _fits(main, self.present):
            _stand_on(main, plan.main)
        elif main.screen() is not plan.main.screen():
            _tell_screen(main, plan.main)  # it stood still while its monitor slept, and was counted to another one
        main.show_images_here(plan.is_together)

    def _stand(self, monitor: Monitor) -> None:
        window = self.windows.get(monitor.key)
        if window is None:
            window = ImageWindow(self._core, self._main.runner, self._main.reading.grid, monitor, self._main.menuBar())
            self.windows[monitor.key] = window
            self._router.watch(window)
            self.place.add(window, window.grid)
            window.closed.connect(lambda: self._leave(monitor.key))
            window.moved.connect(self._main.reading.grid.viewports.resize_true)
        frame = self.memory.frames(self.present).get(monitor.key)
        rect = QRect(*frame) if frame is not None else None
        if rect is not None and monitor.rect.contains(rect.center()):
            window.stand_at(monitor, rect)
        elif not window.isVisible() or window.has_frame or window.geometry() != monitor.rect:
            window.fill(monitor)

    def _leave(self, key: str) -> None:
        """The reader closed a window of images: that monitor is not used any more."""
        chosen = self.roles()
        if key in chosen:
            self.choose({**chosen, key: Role.UNUSED})
            self._session.notice.emit(Notice(f"This screen is not used any more. {self._how_roles()}"))

    def _how_roles(self) -> str:
        keys = self._main.runner.keys_text("screen.roles")
        return f"{keys} says what each screen is for" if keys else "The menu Layout says what each screen is for"

    def _share_out(self) -> None:
        """Which grid shows which of the session's screens."""
        shown = self._housing.shared(len(self._viewing.layouts))
        by_key = self._grids()
        for grid in self._main.reading.grid.viewports.grids:
            grid.screens = next((shown.get(key, ()) for key, found in by_key.items() if found is grid), ())
        self._main.grid.viewports.place()

    def _grids(self) -> dict[str, ViewportGrid]:
        """Those that show images now, by the monitor they are on."""
        if self.plan is None:
            return {"": self._main.reading.grid}
        grids = {m.key: self.windows[m.key].grid for m in self.plan.windows}
        return grids | ({self.plan.main.key: self._main.reading.grid} if self.plan.is_together else {})

    def _monitor_of(self, grid: ViewportGrid) -> Monitor | None:
        key = next((key for key, found in self._grids().items() if found is grid), "")
        return next((m for m in self.present if m.key == key), None)

    def _facts_of(self, monitor: Monitor, plan: Plan) -> ScreenFacts:
        screen = monitor.screen()
        size = pixel_size(screen, self._core.remembered) if screen is not None else None
        beside = round(self._main.reading.beside_images() * monitor.ratio) if monitor == plan.main else 0
        return ScreenFacts(max(monitor.width - beside, 1), monitor.height, size.mm if size is not None else None)

    def _give_keys_back(self, focus: QWidget | None) -> None:
        """Windows that move must not take the keys from where somebody types."""
        if focus is not None and focus.isVisible():
            focus.window().activateWindow()
            focus.setFocus()
        elif focus is not None and self._session.case is not None:
            self._main.grid.take_keys()

    # ---- the case --------------------------------------------------------------------

    def _case_changed(self, case: Case | None) -> None:
        study = case.study.study_instance_uid if case is not None else ""
        if study != self._study and self.plan is not None:
            self._housing.move_in([m.key for m in self.plan.images], False)
        self._study = study

    def _arranged(self, _: object) -> None:
        if self.plan is not None:
            self._share_out()
            self._tell()

    def _hang_on_more(self, also_fewer: bool = False) -> None:
        """A monitor more: the stage is hung on it too, but never under a drawing that is being made.

        One that is unplugged is no reason: it may only be asleep, and everything is to be where it was.
        """
        drawing = self._session.annotating.drawing
        there, here = len(self._viewing.layouts), len(self._facts)
        wanted = self._session.case is not None and (there < here or (also_fewer and there > here))
        if wanted and not (drawing.is_begun or drawing.is_held):
            hang_on(self._viewing, self._session.hangings)

    def _drawing_changed(self, _: object) -> None:
        if self.plan is not None and len(self._viewing.layouts) < len(self._facts):
            QTimer.singleShot(0, self._hang_on_more)

    def _tell(self, _: object = None) -> None:
        keys, roles = (self._main.runner.keys_text(command_id) for command_id in ("screen.next", "screen.roles"))
        self._main.reading.badge.tell(True, 1, 1, "", "")
        for key, grid in self._grids().items():
            monitor = next((m for m in self.present if m.key == key), None)
            window = self.windows.get(key)
            has_tools = window is None or window.grid is not grid or window.bar.isHidden()
            badge = self._main.reading.badge if has_tools or window is None else window.bar.badge
            pages = [screen for screen in grid.screens if screen < len(self._viewing.layouts)]
            page = pages.index(grid.shown) + 1 if grid.shown in pages else 1
            badge.tell(monitor is None or self.is_diagnostic(monitor), page, len(pages), keys, roles)

    # ---- remembering -----------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.WindowStateChange):
            self._remember.start()
        return False

    def _remember_main(self) -> None:
        self._remember.stop()
        if len(self.present) > 1 and not self._main_at and monitors() == self.present and self._main.isVisible():
            large = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen
            rect = self._main.normalGeometry() if self._main.windowState() & large else self._main.geometry()
            how = (self._main.windowState() & large).value
            self.memory.note(self.present, MAIN, [rect.x(), rect.y(), rect.width(), rect.height(), how])

    def _note_frame(self, window: ImageWindow, rect: QRect | None) -> None:
        frames = self.memory.frames(self.present)
        frames.pop(window.monitor.key, None)
        if rect is not None:
            frames[window.monitor.key] = (rect.x(), rect.y(), rect.width(), rect.height())
        self.memory.note(self.present, FRAMES, {key: list(frame) for key, frame in frames.items()})


def _fits(window: QWidget, present: tuple[Monitor, ...]) -> bool:
    """Whether its title can be taken hold of: its upper edge lies on a monitor."""
    frame = window.frameGeometry()
    top = frame.topLeft() + (frame.topRight() - frame.topLeft()) / 2
    return any(m.rect.adjusted(0, -40, 0, 0).contains(top) for m in present)


def _tell_screen(window: QWidget, monitor: Monitor) -> None:
    screen, handle = monitor.screen(), window.windowHandle()
    if screen is not None and handle is not None:
        handle.setScreen(screen)


def _stand_on(window: QWidget, monitor: Monitor) -> None:
    _tell_screen(window, monitor)
    _put(window, monitor.free, Qt.WindowState.WindowFullScreen if window.isFullScreen() else Qt.WindowState.WindowMaximized)


def _put(window: QWidget, rect: QRect, how: Qt.WindowState) -> None:
    window.setWindowState(Qt.WindowState.WindowNoState)
    window.setGeometry(rect)
    window.setWindowState(how)
