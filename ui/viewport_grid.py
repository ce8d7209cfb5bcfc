"""The grid of viewports: places them by the session's layout and carries what they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QPoint, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from ui import menus, theme, windows_menu
from ui.cell_facts import series_of
from ui.cine_timer import CineTimer
from ui.crosshair import colour_of, cross_in, drawn, preview
from ui.keys import key_names
from ui.overlay import DrawnLine
from ui.plane_desk import PlaneDesk
from ui.reference_lines import View, cut
from ui.remembered_choices import RememberedChoices
from ui.runner import Runner, mark_mode
from ui.solid_layer import box_lines
from ui.solid_timer import SolidTimer
from ui.true_size import pixel_size
from ui.viewport_widget import ViewportWidget
from workstation.commands.command import Mode
from workstation.domain.geometry import Vec3
from workstation.domain.viewing import Plane
from workstation.errors import Refused, WorkstationError
from workstation.session.annotating import TextWanted
from workstation.session.case import Case
from workstation.session.tool import Tool
from workstation.session.viewing import CUT_PLANES, CUTS

if TYPE_CHECKING:
    from ui.seat import Seat

SPACE = 2
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


class ViewportGrid(QWidget):
    """Holds the keys when images have focus. Viewports are made once and kept."""

    def __init__(self, core: Seat, runner: Runner) -> None:
        super().__init__()
        self.setObjectName("viewportGrid")
        self.setAccessibleName(self.tr("Images"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAutoFillBackground(True)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Window, theme.LINE)
        self.setPalette(palette)
        mark_mode(self, Mode.IMAGES)
        self._core = core
        self._session = core.session
        self._viewing = core.session.viewing
        self._runner = runner
        self._point: tuple[str, Vec3] | None = None
        self.widgets: list[ViewportWidget] = []
        self._viewing.arrangement_changed.connect(self._arranged)
        self._viewing.viewport_changed.connect(self._changed)
        self._viewing.active_changed.connect(self._repaint)
        self._viewing.overlays_changed.connect(self._switched)
        self._viewing.tool_changed.connect(self._tool_changed)
        self._session.case_changed.connect(self._case_changed)
        self._session.desk.report_changed.connect(self._repaint)
        core.library.changed.connect(self._frames_arrived)
        annotating = core.session.annotating
        annotating.changed.connect(self._drawings_changed)
        annotating.selection_changed.connect(self._repaint)
        annotating.layer_changed.connect(self._repaint)
        annotating.drawing.changed.connect(self._drawing_changed)
        annotating.text_wanted.connect(self._text_wanted)
        core.session.findings.changed.connect(self._repaint)
        core.session.registering.changed.connect(self._repaint)
        core.session.key_images.changed.connect(self._repaint)
        core.session.presenting.changed.connect(self._repaint)
        core.session.presenting.pixel_mm = self._pixel_mm
        core.session.pointing.pointed.connect(self._pointed)
        self._viewing.magnifier.changed.connect(self._magnifier_changed)
        self._viewing.looking.region_changed.connect(self._region_changed)
        self._viewing.cine.changed.connect(self._repaint)
        self._viewing.dimensions.cine.changed.connect(self._repaint)
        self._turning = SolidTimer(self, self._viewing.solid, self._repaint, lambda index: self.widgets[index].pixel_size())
        self._cines = [CineTimer(self, cine) for cine in (self._viewing.cine, self._viewing.dimensions.cine)]
        self._remembered = RememberedChoices(core.remembered, self._viewing)
        self.plane_desk = PlaneDesk(self, core)
        self._held = QElapsedTimer()
        self._follows = False
        self._arranged(None)

    def widget(self, index: int) -> ViewportWidget:
        """The widget at a place of the layout, row by row."""
        return self.widgets[index]

    # ---- what viewports ask ----------------------------------------------------------

    def references(self, index: int, view: View) -> tuple[DrawnLine, ...]:
        """Cuts of the active viewport, and of the sister planes, through what `index` shows."""
        lines: list[DrawnLine] = list(preview(self._viewing, view))
        crossed = cross_in(self._viewing, index, view) if self._viewing.linking.references else None
        lines += drawn(crossed, view) if crossed is not None else ()
        for other in self._visible() if self._viewing.linking.references else ():
            in_cross = crossed is not None and other.index in {line.index for line in crossed.lines}
            if other.index == index or in_cross or not self._may_cut(other.index, view):
                continue
            if self._viewing.linking.is_beside(other.index, index):
                continue  # it shows the same: where two such planes cross means nothing
            source = other.view()
            way = self._way(source.state.series_uid, index) if source is not None else None
            try:
                ends = cut(view, source, way) if source is not None and way is not None else None
            except WorkstationError:
                ends = None  # its own tile says why
            if source is not None and ends is not None:
                lines.append(DrawnLine(*ends, colour=colour_of(self._viewing, source.state)))
        boxes = [w.view() for w in self._visible() if self._series_in(w.index) == self._series_in(index)]
        return (*lines, *box_lines(view, boxes))

    def cross(self, index: int, view: View) -> tuple[float, float] | None:
        """Where the crosshair's point lies in this viewport, if its plane goes through it."""
        way = self._way(self._point[0], index) if self._point is not None else None
        point = way(self._point[1]) if self._point is not None and way is not None else None
        if point is None:
            return None
        try:
            if view.state.plane is Plane.THREE_D:
                return view.viewport.solid.project(view.state, view.width, view.height, point)
            seen = view.viewport.to_view(view.state, view.width, view.height, point)
        except WorkstationError:
            return None
        painted = self.widgets[index].painted
        thick = (painted.picture.thickness_mm if painted else None) or 1.0
        return seen[:2] if seen is not None and abs(seen[2]) <= max(thick, 1.0) else None

    def focus_point(self, index: int, point: Vec3) -> None:
        """Move every cut of the same series, and every image in its or an aligned space, through a point."""
        series = self._series_in(index)
        self._point = (series, point) if series else None
        self._viewing.set_focus(point)
        for other, view, there in self._others_at(index, point):
            if view.state.plane is Plane.STACK:
                moved = view.viewport.at_point(view.state, there)
                self._viewing.change(other.index, position=moved.position)
            elif view.state.plane in CUTS and view.state.series_uid != series:
                self._viewing.change(other.index, focus=there)
        self._repaint(None)

    def show_cursor_at(self, index: int, point: Vec3) -> None:
        """The 3D cursor: the others of its and of aligned spaces go to the point and mark it; the viewport itself stays."""
        series = self._series_in(index)
        if not series or self._point == (series, point):
            return
        self._point, self._follows = (series, point), True
        for other, view, there in self._others_at(index, point):
            if view.state.plane is Plane.STACK:
                self._viewing.put(other.index, view.viewport.at_point(view.state, there))
            elif view.state.plane in CUTS:
                self._viewing.put(other.index, replace(view.state, focus=there))
        self._repaint(None)

    def magnify_in(self, index: int, at: tuple[float, float]) -> None:
        """There is one magnifier, where the pointer is."""
        for widget in self.widgets:
            widget.loupe.follow(at if widget.index == index else None)

    def show_menu(self, index: int, at: QPoint) -> None:
        """The commands one wants at the pointer; presets by their names."""
        menu = QMenu(self)
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
        menu = QMenu(self)
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
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    # ---- placing ---------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """A magnifier whose key was held goes with the key; a short press leaves it."""
        ours = any(self._runner.keymap.command_for(name, Mode.IMAGES) == "image.magnifier" for name in key_names(event))
        if ours and not event.isAutoRepeat() and self._held.isValid() and self._held.elapsed() > HELD_MS:
            self._viewing.magnifier.show(False)
        super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._repaint(None)

    def _arranged(self, _: object) -> None:
        count = max(len(self._viewing.cells), 1)
        while len(self.widgets) < count:
            widget = ViewportWidget(len(self.widgets), self._core, self)
            widget.setParent(self)
            widget.tool_changed(self._viewing.tool)
            self.widgets.append(widget)
        self._place()
        for widget in self.widgets:
            widget.follow_page()
        self._repaint(None)

    def _place(self) -> None:
        layout = self._viewing.layout
        for widget in self.widgets:
            row, column = divmod(widget.index, layout.columns)
            inside = widget.index < layout.count
            if self._viewing.maximised:
                inside = widget.index == self._viewing.active
                widget.setGeometry(self.rect())
            elif inside:
                widget.setGeometry(_part(self.rect(), layout.rows, layout.columns, row, column))
            widget.setVisible(inside)

    def _visible(self) -> list[ViewportWidget]:
        return [w for w in self.widgets if w.index < len(self._viewing.cells) and not w.isHidden()]

    # ---- signals ---------------------------------------------------------------------

    def _case_changed(self, case: Case | None) -> None:
        self._point = None
        for widget in self.widgets:
            widget.clear()

    def _changed(self, index: int) -> None:
        if index < len(self.widgets):
            self.widgets[index].state_changed()
        for other in self._visible():
            if other.index != index and self._way(self._series_in(index), other.index) is not None:
                other.update()

    def _frames_arrived(self, series_uid: str) -> None:
        self._viewing.anchoring.arrived(series_uid)
        for widget in self._visible():
            widget.frames_arrived(series_uid)

    def _drawings_changed(self, series_uid: str) -> None:
        # A vertebra's name shows on every plane, so that all repaint; a kept shape costs next to nothing.
        self._repaint(None)

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
        under = next(((w, at) for w in self._visible() if (at := w.pointer()) is not None), None)
        shown = next((w for w in self._visible() if w.loupe.isVisible()), None)
        if under is not None:
            self.magnify_in(under[0].index, under[1])
        elif shown is not None:
            shown.loupe.refresh()
        elif self._viewing.magnifier.is_on and self._viewing.active < len(self.widgets):
            # For the keyboard: in the middle of what the keys act on.
            active = self.widgets[self._viewing.active]
            self.magnify_in(active.index, (active.width() / 2, active.height() / 2))

    def _region_changed(self, _: object) -> None:
        for widget in self.widgets:
            widget.show_cursor(self._viewing.tool)

    def _switched(self, _: object) -> None:
        """A 3D cursor that was switched off leaves no mark."""
        if self._follows and not self._viewing.linking.cursor:
            self._point, self._follows = None, False
        self._repaint(None)

    def _repaint(self, _: object) -> None:
        if self._viewing.maximised:
            self._place()
        for widget in self._visible():
            widget.update()

    def _pixel_mm(self) -> float | None:
        size = pixel_size(self.screen(), self._core.remembered)
        return size.mm if size is not None else None

    def _may_cut(self, source: int, view: View) -> bool:
        """The active viewport cuts all others; the planes of one volume cut each other."""
        state = self._viewing.state(source)
        if state is None:
            return False
        sisters = state.series_uid == view.state.series_uid and Plane.STACK not in (state.plane, view.state.plane)
        return source == self._viewing.active or sisters

    # ---- spaces ----------------------------------------------------------------------

    def _others_at(self, index: int, point: Vec3) -> Iterator[tuple[ViewportWidget, View, Vec3]]:
        """The other viewports that positions can be compared with, and where a point of `index` lies in each."""
        for other in self._visible():
            view = other.view()
            way = self._way(self._series_in(index), other.index) if other.index != index and view is not None else None
            there = way(point) if way is not None else None
            if view is not None and there is not None:
                yield other, view, there

    def _series_in(self, index: int) -> str:
        state = self._viewing.state(index)
        return state.series_uid if state is not None else ""

    def _way(self, series_uid: str, index: int) -> Callable[[Vec3], Vec3 | None] | None:
        """From points (LPS mm) of a series to those of what hangs in a viewport: one space, or aligned; None without."""
        here, registering = self._series_in(index), self._session.registering
        if not here or registering.alignment(series_uid, here) is None:
            return None
        return lambda point: registering.mapped(series_uid, here, point)


def _part(whole: QRect, rows: int, columns: int, row: int, column: int) -> QRect:
    """One place of the grid; the places fill the whole to the pixel, with `SPACE` between them."""
    left, right = _edges(whole.width(), columns, column)
    top, bottom = _edges(whole.height(), rows, row)
    return QRect(left, top, right - left, bottom - top)


def _edges(size: int, count: int, place: int) -> tuple[int, int]:
    step = (size + SPACE) / count
    return round(place * step), round((place + 1) * step) - SPACE
