"""Every viewport of every screen: made once, kept, told what changed; and what viewports share.

A `ViewportGrid` on each screen shows the places of one screen of the session's. Where there are fewer grids than
the session has screens (a monitor was unplugged), a grid turns its pages: it shows that of its screens in which the
active viewport stands. A viewport is the same widget wherever it stands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu

from ui import menus, paired_loupe, windows_menu
from ui.cell_facts import series_of
from ui.cine_timer import CineTimer
from ui.key_mentions import as_now
from ui.keys import key_names
from ui.remembered_choices import RememberedChoices
from ui.runner import Runner
from ui.solid_timer import SolidTimer
from ui.true_size import kind_of, pixel_size
from ui.viewport_spaces import ViewportSpaces
from ui.viewport_widget import ViewportWidget
from workstation.commands.command import Mode
from workstation.domain.viewing import Plane, Sizing
from workstation.errors import Refused
from workstation.session.annotating import TextWanted
from workstation.session.case import Case
from workstation.session.screen_pixels import ScreenPixels
from workstation.session.tool import Tool
from workstation.session.viewing import CUT_PLANES

if TYPE_CHECKING:
    from ui.seat import Seat
    from ui.viewport_grid import ViewportGrid

# A key that is down for longer is held, not pressed.
HELD_MS = 350
MENU = (
    "",
    *(f"plane.{plane.value}" for plane in (Plane.STACK, *CUT_PLANES, Plane.THREE_D)),
    "hanging.three_planes",
    "",
    "image.invert",
    "image.flip_horizontal",
    "image.flip_vertical",
    "image.rotate_right",
    "image.rotate_left",
    "",
    "drawing.undo",
    "drawing.remove",
    "drawing.report",
    "drawing.copy_to_prior",
    "drawing.layer",
    "",
    "viewport.maximise",
    "image.fit",
    "image.one_to_one",
    "image.true_size",
    "cine.toggle",
    "dimension.play",
    "dimension.curve",
    "image.magnifier",
    "image.reset",
)


class Viewports(ViewportSpaces):
    """Listens to the session for all grids."""

    def __init__(self, core: Seat, runner: Runner, parent: ViewportGrid) -> None:
        super().__init__(core.session, parent)
        self._core = core
        self._runner = runner
        self.grids: list[ViewportGrid] = []
        self._held = QElapsedTimer()
        self._listen()
        core.session.presenting.pixel_mm = lambda: self.pixel_mm(self._viewing.active)
        self._viewing.pixel_mm = self.pixel_mm
        self._viewing.anchoring.screen_pixels = self._screen_pixels
        self._turning = SolidTimer(self, self._viewing.solid, self.repaint, lambda index: self.widgets[index].pixel_size())
        self._cines = [CineTimer(self, cine) for cine in (self._viewing.cine, self._viewing.dimensions.cine)]
        self._remembered = RememberedChoices(core.remembered, self._viewing)

    def _listen(self) -> None:
        viewing, session, annotating = self._viewing, self._session, self._session.annotating
        viewing.arrangement_changed.connect(self._arranged)
        viewing.viewport_changed.connect(self._changed)
        viewing.active_changed.connect(self._activated)
        viewing.overlays_changed.connect(self._switched)
        viewing.tool_changed.connect(self._tool_changed)
        viewing.magnifier.changed.connect(self._magnifier_changed)
        viewing.looking.region_changed.connect(self._region_changed)
        viewing.cine.changed.connect(self.repaint)
        viewing.dimensions.cine.changed.connect(self.repaint)
        session.case_changed.connect(self._case_changed)
        session.desk.report_changed.connect(self.repaint)
        session.findings.changed.connect(self.repaint)
        session.registering.changed.connect(self.repaint)
        session.key_images.changed.connect(self.repaint)
        session.presenting.changed.connect(self.repaint)
        session.pointing.pointed.connect(self._pointed)
        self._core.library.changed.connect(self._frames_arrived)
        annotating.changed.connect(self._drawings_changed)
        annotating.selection_changed.connect(self.repaint)
        annotating.layer_changed.connect(self.repaint)
        annotating.drawing.changed.connect(self._drawing_changed)
        annotating.text_wanted.connect(self._text_wanted)

    # ---- grids -----------------------------------------------------------------------

    def add(self, grid: ViewportGrid) -> None:
        """A grid that shows viewports from now on."""
        self.grids.append(grid)
        self._arranged(None)

    def remove(self, grid: ViewportGrid) -> None:
        """Its viewports go to the grids that are left."""
        self.grids.remove(grid)
        for widget in self.widgets:
            if widget.parentWidget() is grid:
                widget.setParent(self.grids[0])
        self._arranged(None)

    def widget(self, index: int) -> ViewportWidget:
        """The viewport of an index, on whatever screen it stands."""
        return self.widgets[index]

    @property
    def here(self) -> ViewportGrid:
        """The grid in which the active viewport stands."""
        screen = self._viewing.screen
        fallback = next((grid for grid in self.grids if grid.screens), self.grids[0])
        return next((grid for grid in self.grids if grid.shown == screen), fallback)

    def place(self) -> None:
        """Every viewport to the grid that shows its screen; the others are hidden."""
        count = max(len(self._viewing.cells), 1)
        while len(self.widgets) < count:
            widget = ViewportWidget(len(self.widgets), self._core, self)
            widget.setParent(self.grids[0])
            widget.tool_changed(self._viewing.tool)
            self.widgets.append(widget)
        placed = {index for grid in self.grids for index in grid.place()}
        for widget in self.widgets:
            widget.setVisible(widget.index in placed)

    def resize_true(self) -> None:
        """Millimetres stay millimetres when a viewport comes to a screen with other pixels."""
        for index in range(len(self._viewing.cells)):
            self._resize_true(index)
        self._viewing.anchoring.settle()

    def _resize_true(self, index: int) -> None:
        state = self._viewing.cells[index].state
        mm = self.pixel_mm(index) if state is not None and state.sizing is Sizing.TRUE_SIZE else None
        if mm is not None and state is not None and state.pixel_mm != mm:
            self._viewing.put(index, replace(state, pixel_mm=mm))

    def pixel_mm(self, index: int) -> float | None:
        """How long a device pixel is on the screen of a viewport, where that is known."""
        return self._screen_pixels(index).mm

    def _screen_pixels(self, index: int) -> ScreenPixels:
        screen = self._viewing.screen_of(index)
        grid = next((grid for grid in self.grids if screen in grid.screens), self.grids[0])
        size = pixel_size(grid.screen(), self._core.remembered)
        return ScreenPixels(kind_of(grid.screen()), size.mm if size is not None else None)

    # ---- what viewports ask ----------------------------------------------------------

    def magnify_in(self, index: int, at: tuple[float, float] | None) -> None:
        """The magnifier is where the pointer is, and at the mirrored place of the other breast."""
        found = {} if at is None else {index: at, **paired_loupe.seen(self._viewing, self.visible(), index, at)}
        for widget in self.widgets:
            widget.loupe.follow(found.get(widget.index))

    def show_menu(self, index: int, at: QPoint) -> None:
        """The commands one wants at the pointer; presets by their names."""
        menu = QMenu(self.here)
        cell = self._viewing.cells[index] if index < len(self._viewing.cells) else None
        found = series_of(self._session.case.studies, cell.state) if self._session.case and cell and cell.state else None
        windows_menu.fill(menu, self._viewing, self._core.presets.for_modality(found[1].modality if found else ""), self._runner)
        menus.context_menu(menu, MENU, self._runner)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)

    def show_windows(self) -> None:
        """The windows of the active viewport by their names, for keys. Raises Refused where there is no image."""
        cell = self._viewing.cells[self._viewing.active] if self._viewing.cells else None
        found = series_of(self._session.case.studies, cell.state) if self._session.case and cell and cell.state else None
        if found is None:
            raise Refused("No windows here", "No image hangs in this place", "Choose a viewport with an image")
        menu = QMenu(self.here)
        menu.setObjectName("windowsMenu")
        windows_menu.fill(menu, self._viewing, self._core.presets.for_modality(found[1].modality), self._runner)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        widget = self.widgets[self._viewing.active]
        menu.popup(widget.mapToGlobal(QPoint(widget.width() // 3, widget.height() // 4)))
        menu.setActiveAction(next((a for a in menu.actions() if a.isChecked()), menu.actions()[0]))

    def close_entry(self) -> bool:
        """Esc in a line that is typed on an image. False when there is none."""
        return any(widget.words.close() for widget in self.widgets)

    def take_focus(self) -> None:
        grid = next((grid for grid in self.grids if grid.isActiveWindow() and grid.isVisible()), self.here)
        grid.setFocus(Qt.FocusReason.MouseFocusReason)

    def as_now(self, text: str) -> str:
        return as_now(text, self._runner)

    def key_released(self, event: QKeyEvent) -> None:
        """A magnifier whose key was held goes with the key; a short press leaves it."""
        ours = any(self._runner.keymap.command_for(name, Mode.IMAGES) == "image.magnifier" for name in key_names(event))
        if ours and not event.isAutoRepeat() and self._held.isValid() and self._held.elapsed() > HELD_MS:
            self._viewing.magnifier.show(False)

    # ---- signals ---------------------------------------------------------------------

    def _arranged(self, _: object) -> None:
        self.place()
        for widget in self.widgets:
            widget.follow_page()
        self.resize_true()
        self.repaint()

    def _activated(self, _: int) -> None:
        """The keys go with the active viewport, to another window where it stands in one; its page is turned up."""
        if self._viewing.screen not in {grid.shown for grid in self.grids}:
            self.place()
        here = self.here
        if not here.hasFocus() and any(grid.hasFocus() for grid in self.grids):
            here.take_keys()
        self.repaint()

    def _case_changed(self, case: Case | None) -> None:
        self.point = None
        for widget in self.widgets:
            widget.clear()

    def _changed(self, index: int) -> None:
        if index < len(self._viewing.cells):
            self._resize_true(index)  # what was sized after a viewport of another screen, too
        if index < len(self.widgets):
            self.widgets[index].state_changed()
        for other in self.visible():
            if other.index != index and self._way(self._series_in(index), other.index) is not None:
                other.update()

    def _frames_arrived(self, series_uid: str) -> None:
        self._viewing.anchoring.arrived(series_uid)
        for widget in self.visible():
            widget.frames_arrived(series_uid)

    def _drawings_changed(self, series_uid: str) -> None:
        # A vertebra's name shows on every plane, so that all repaint; a kept shape costs next to nothing.
        self.repaint()

    def _drawing_changed(self, index: int) -> None:
        if index < len(self.widgets):
            self.widgets[index].drawing_changed()

    def _text_wanted(self, wanted: TextWanted) -> None:
        if wanted.index < len(self.widgets):
            self.widgets[wanted.index].words.ask(wanted)

    def _pointed(self, index: int) -> None:
        if index < len(self.widgets):
            self.widgets[index].point_by_keys()

    def _tool_changed(self, tool: Tool) -> None:
        for widget in self.widgets:
            widget.tool_changed(tool)

    def _magnifier_changed(self, _: object) -> None:
        if not self._viewing.magnifier.is_on:
            self._held.invalidate()
        elif not self._held.isValid():
            self._held.start()
        under = next(((w, at) for w in self.visible() if (at := w.pointer()) is not None), None)
        shown = [w for w in self.visible() if w.loupe.isVisible()]
        if under is not None:
            self.magnify_in(under[0].index, under[1])
        elif shown:
            for widget in shown:
                widget.loupe.refresh()
        elif self._viewing.magnifier.is_on and self._viewing.active < len(self.widgets):
            # For the keyboard: in the middle of what the keys act on.
            active = self.widgets[self._viewing.active]
            self.magnify_in(active.index, (active.width() * paired_loupe.start(active.cell), active.height() / 2))

    def _region_changed(self, _: object) -> None:
        for widget in self.widgets:
            widget.show_cursor(self._viewing.tool)

    def repaint(self, _: object = None) -> None:
        """All that is seen, and where a viewport fills its screen, the one that does now."""
        if any(self._viewing.filling(screen) is not None for screen in range(len(self._viewing.layouts))):
            self.place()
        for widget in self.visible():
            widget.update()
