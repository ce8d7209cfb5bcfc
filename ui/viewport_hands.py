"""The mouse in one viewport, and what is dropped on it: to the pen, the tools, the planes, the magnifier."""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QHelpEvent,
    QMouseEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from ui import plain
from ui.gestures import Button, Gestures, Place
from ui.magnifier import Loupe
from ui.mouse_events import held_text, notches, pressed, wheel_of
from ui.overlay import DrawnLine
from ui.pen import Pen
from ui.picture_source import Shown
from ui.pointing import Pointing
from ui.reference_lines import View
from ui.region_box import RegionBox
from ui.series_mime import dragged_series
from ui.text_page import TextPage
from workstation.domain.geometry import Vec3
from workstation.domain.viewing import Cell, Plane
from workstation.errors import WorkstationError
from workstation.session.annotating import Annotating
from workstation.session.mouse import is_command
from workstation.session.session import Session
from workstation.session.tool import Tool
from workstation.session.viewing import Viewing

_CURSORS = {
    Tool.CROSSHAIR: Qt.CursorShape.CrossCursor,
    Tool.PAN: Qt.CursorShape.OpenHandCursor,
}


class Neighbours(Protocol):
    """What a viewport asks of the grid it stands in."""

    def references(self, index: int, view: View) -> tuple[DrawnLine, ...]: ...
    def cross(self, index: int, view: View) -> tuple[float, float] | None: ...
    def focus_point(self, index: int, point: Vec3) -> None: ...
    def show_cursor_at(self, index: int, point: Vec3) -> None: ...
    def magnify_in(self, index: int, at: tuple[float, float] | None) -> None: ...
    def show_menu(self, index: int, at: QPoint) -> None: ...
    def take_focus(self) -> None: ...
    def as_now(self, text: str) -> str:
        """The sentence with the keys that its commands have now."""
        ...


class ViewportHands(QWidget):
    """The half of a `ViewportWidget` that takes the mouse; what it names is made there."""

    index: int
    loupe: Loupe
    page: TextPage
    painted: Shown | None
    _session: Session
    _viewing: Viewing
    _annotating: Annotating
    _neighbours: Neighbours
    _pointing: Pointing
    _pen: Pen
    _gestures: Gestures
    _region: RegionBox

    @property
    def cell(self) -> Cell | None:
        raise NotImplementedError

    def view(self) -> View | None:
        raise NotImplementedError

    def pixel_size(self) -> tuple[int, int]:
        raise NotImplementedError

    def clear(self) -> None:
        raise NotImplementedError

    def _is_active(self) -> bool:
        raise NotImplementedError

    # ---- the mouse -------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        press = pressed(event)
        self._neighbours.take_focus()
        self._viewing.activate(self.index)
        mouse = self._viewing.mouse
        if press is None or is_command(mouse.action(press[0].value, press[1])):
            if press is not None:
                mouse.wanted.emit(mouse.action(press[0].value, press[1]))
            return
        button, held = press
        is_chosen = button is Button.LEFT and not mouse.is_given(button.value, held)
        if is_chosen and self._region.press(_xy(event.position())):
            return
        if is_chosen and self._pen.press(_xy(event.position())):
            self.show_cursor(self._viewing.tool)
        else:
            self._gestures.press(button, _xy(event.position()), self._place(), held)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._follow_pointer(_xy(event.position()))
        if self._region.is_drawn:
            self._region.move(_xy(event.position()))
            self.update()
            return
        if event.buttons() == Qt.MouseButton.NoButton:
            self._hover(event.position())
        elif not (event.buttons() & Qt.MouseButton.LeftButton and self._pen.move(_xy(event.position()))):
            self._gestures.move(_xy(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._region.is_drawn:
            self._region.release(_xy(event.position()), self.devicePixelRatioF())
            self.update()
            return
        if event.button() == Qt.MouseButton.LeftButton and self._pen.release(_xy(event.position())):
            self.show_cursor(self._viewing.tool)
            return
        clicked = self._gestures.release(_xy(event.position()))
        if clicked and event.button() == Qt.MouseButton.RightButton:
            self._neighbours.show_menu(self.index, event.globalPosition().toPoint())
        elif clicked and event.button() == Qt.MouseButton.LeftButton:
            self._pick(self._device(_xy(event.position())))

    def _pick(self, at: tuple[float, float]) -> None:
        """A click in 3D takes the planes to what is seen there and marks it: in a MIP the brightest voxel behind it."""
        view = self.view()
        if view is not None and view.state.plane is Plane.THREE_D:
            with suppress(WorkstationError):  # while it loads there is nothing behind a pixel
                point = view.viewport.pick(view.state, view.width, view.height, *at)
                if point is not None:
                    self._focus(point)
                    self._neighbours.focus_point(self.index, point)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._pen.double_click(_xy(event.position())):
            return
        if event.button() == Qt.MouseButton.LeftButton and self.cell is not None and self._viewing.layout.count > 1:
            self._gestures.cancel()
            self._viewing.activate(self.index)
            self._viewing.toggle_maximised()
        elif event.button() != Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)  # the second of two quick presses

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = notches(event)
        if self._viewing.magnifier.is_on:
            self._viewing.magnifier.enlarge((turned > 0) - (turned < 0))
        elif turned:
            self._gestures.wheel(turned, self._place(), _xy(event.position()), held_text(event.modifiers()), wheel_of(event))
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # The right button decides between zoom and menu on release; a menu key has no release.
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._neighbours.show_menu(self.index, self.mapToGlobal(self.rect().center()))

    def leaveEvent(self, event: QEvent) -> None:
        self._neighbours.magnify_in(self.index, None)
        self._pointing.value = None
        self._pen.leave()
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._tell_doubts(event)
            return True
        return super().event(event)

    def tool_changed(self, tool: Tool) -> None:
        self._pointing.clear()
        self.show_cursor(tool)

    def show_cursor(self, tool: Tool) -> None:
        if self._viewing.looking.picks_region:
            self.setCursor(Qt.CursorShape.CrossCursor)
            self.update()
            return
        self._region.cancel()
        shape = self._pen.shape
        self.setCursor(shape if shape is not None else _CURSORS.get(tool, Qt.CursorShape.ArrowCursor))
        self.update()

    def drawing_changed(self) -> None:
        """Something of what is drawn here changed; with the probe the cursor of the keys tells its value."""
        at = self._annotating.drawing.cursor
        if at is not None and self._viewing.tool is Tool.PROBE and self._is_active():
            self._pointing.probe(at)
        self.update()

    def point_by_keys(self) -> None:
        """Return with the crosshair."""
        at = self._annotating.drawing.cursor
        if at is not None:
            self._pointing.pointed(Tool.CROSSHAIR, "press", at, at)

    def pointer(self) -> tuple[float, float] | None:
        """Where the mouse is, if it is here."""
        at = self.mapFromGlobal(QCursor.pos())
        return (float(at.x()), float(at.y())) if self.underMouse() and self.rect().contains(at) else None

    def _follow_pointer(self, at: tuple[float, float]) -> None:
        """The magnifier and the 3D cursor go with the pointer."""
        if self._viewing.magnifier.is_on:
            self._neighbours.magnify_in(self.index, at)
        view = self.view()
        if self._viewing.linking.cursor and view is not None:
            with suppress(WorkstationError):  # an image that is refused lies nowhere
                point = view.viewport.to_patient(view.state, view.width, view.height, *self._device(at))
                if point is not None:
                    self._neighbours.show_cursor_at(self.index, point)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.page.place()
        self._annotating.drawing.sizes[self.index] = self.pixel_size()
        self._viewing.anchoring.resized(self.index, self.pixel_size())

    def closeEvent(self, event: QCloseEvent) -> None:
        self.clear()
        super().closeEvent(event)

    def _hover(self, at: QPointF) -> None:
        if self._pen.hover(_xy(at)):
            self.show_cursor(self._viewing.tool)
        if self._viewing.tool is Tool.PROBE:
            self._pointing.probe(self._device(_xy(at)))
            self.update()

    def _place(self) -> Place:
        view = self.view()
        count, window = 0, None
        if view is not None:
            with suppress(WorkstationError):  # the frame is on its way, or refused: nothing to drag
                count, window = view.viewport.slice_count(view.state), view.viewport.window_of(view.state)
        return Place(self.index, max(self.width(), 1), max(self.height(), 1), count, window)

    def _pointed(self, tool: Tool, kind: str, start: tuple[float, float], now: tuple[float, float]) -> None:
        self._pointing.pointed(tool, kind, self._device(start), self._device(now))
        self.update()

    def _device(self, at: tuple[float, float]) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return at[0] * ratio, at[1] * ratio

    def _focus(self, point: Vec3) -> None:
        self._neighbours.focus_point(self.index, point)

    def _refused(self, error: WorkstationError) -> None:
        self._session.report_problem(error)

    def _tell_doubts(self, event: QHelpEvent) -> None:
        doubts = self.painted.picture.doubts if self.painted is not None else ()
        if doubts and event.pos().y() < self.height() / 3 and event.pos().x() < self.width() / 2:
            QToolTip.showText(event.globalPos(), plain.tooltip(*(plain.core_text(d.text) for d in doubts)), self)
        else:
            QToolTip.hideText()

    # ---- dropping a series -----------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dragged_series(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        uids = dragged_series(event.mimeData())
        case = self._session.case
        for study in case.studies if case and uids and self.cell is not None else ():
            for series in study.series:
                if (study.study_instance_uid, series.series_instance_uid) == uids:
                    event.acceptProposedAction()
                    self._session.hangings.put(self.index, study, series)
                    self._neighbours.take_focus()


def _xy(point: QPointF) -> tuple[float, float]:
    return point.x(), point.y()
