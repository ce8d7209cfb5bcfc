"""Hosts one viewport: asks for its picture, paints it, says what was shown, and takes the mouse."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QHelpEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from rendering.picture import Picture
from ui import overlay, plain, theme
from ui.annotation_layer import AnnotationLayer
from ui.cell_facts import CellFacts, overlay_facts, series_of
from ui.crosshair_events import CrosshairEvents
from ui.dimension_slider import DimensionSlider
from ui.gestures import Button, Gestures, Place
from ui.key_image_words import keys_on
from ui.magnifier import Loupe
from ui.overlay import DrawnLine
from ui.pen import Pen
from ui.picture_source import PictureSource, Shown
from ui.pointing import Pointing
from ui.presentation_words import over_words
from ui.reference_lines import View
from ui.region_box import RegionBox
from ui.series_mime import dragged_series
from ui.solid_layer import SolidLayer
from ui.text_entry import Words
from ui.text_page import TextPage, is_report
from ui.true_size import pixel_size
from workstation.domain.geometry import Vec3
from workstation.domain.viewing import Cell, Plane, Sizing, ViewportState
from workstation.errors import WorkstationError
from workstation.session.comparing import hides
from workstation.session.viewing import ShownImage, Tool

if TYPE_CHECKING:
    from rendering.objects.layers import Layer
    from rendering.viewport import Viewport
    from ui.seat import Seat

STILL_MS = 120
_BUTTONS = {
    Qt.MouseButton.LeftButton: Button.LEFT,
    Qt.MouseButton.MiddleButton: Button.MIDDLE,
    Qt.MouseButton.RightButton: Button.RIGHT,
}
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
    def magnify_in(self, index: int, at: tuple[float, float]) -> None: ...
    def show_menu(self, index: int, at: QPoint) -> None: ...
    def take_focus(self) -> None: ...


class ViewportWidget(QWidget):
    """Place `index` of the layout. Everything it shows is read from the session when it paints."""

    def __init__(self, index: int, core: Seat, neighbours: Neighbours) -> None:
        super().__init__()
        self.setObjectName(f"viewport{index}")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setMinimumSize(40, 40)
        self.index = index
        self._core = core
        self._session = core.session
        self._viewing = core.session.viewing
        self._neighbours = neighbours
        self._pictures = PictureSource(core.jobs, self.update)
        self._pointing = Pointing(self.view, self._focus)
        self._annotating = core.session.annotating
        self.layer = AnnotationLayer(self._annotating, index)
        self._pen = Pen(self._annotating, self._viewing, self.layer, index, self.devicePixelRatioF)
        self.words = Words(self._annotating, self)
        self._gestures = Gestures(self._viewing, self._pointed)
        self._moving = False
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(STILL_MS)
        self._still.timeout.connect(self._rest)
        self._region = RegionBox(self._viewing.looking, self.view, self._refused)
        self.crosshair = CrosshairEvents(self, self._viewing, neighbours.take_focus)
        self._solid = SolidLayer(self, self._viewing, index, self.view, self._finer)
        self.loupe = Loupe(self, self._viewing.magnifier, self.view)
        self.page = TextPage(self, core.jobs)
        self.slider = DimensionSlider(self, core)
        self.painted: Shown | None = None

    # ---- what hangs here -------------------------------------------------------------

    @property
    def cell(self) -> Cell | None:
        cells = self._viewing.cells
        return cells[self.index] if self.index < len(cells) else None

    def viewport(self) -> Viewport | None:
        cell = self.cell
        if cell is None or cell.state is None:
            return None
        fusion = cell.state.fusion
        if fusion is not None:  # what is laid over is looked at as well: it loads, and stays in memory
            self._core.library.viewport(fusion.study_uid, fusion.series_uid)
        return self._core.library.viewport(cell.state.study_uid, cell.state.series_uid)

    def view(self) -> View | None:
        """The viewport as it stands, in device pixels; None when nothing hangs here."""
        cell, viewport = self.cell, self.viewport()
        if cell is None or cell.state is None or viewport is None:
            return None
        width, height = self.pixel_size()
        return View(viewport, cell.state, width, height)

    def pixel_size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def clear(self) -> None:
        """Another case: nothing of the old one may be painted any more."""
        self._pictures.clear()
        self._pointing.clear()
        self._gestures.cancel()
        self._region.cancel()
        self._pen.cancel()
        self.layer.clear()
        self.words.close()
        self.loupe.follow(None)
        self.page.clear_page()
        self.painted = None
        self.update()

    def state_changed(self) -> None:
        self._moving = True
        self._still.start()
        view = self.view()
        if view is not None and view.state.plane is Plane.STACK and not view.viewport.images.complete:
            view.viewport.images.prioritise(view.state.position)
        self.loupe.refresh()
        self.follow_page()
        self.update()

    def follow_page(self) -> None:
        """A report instead of images: its text, as long as it hangs here."""
        case, cell = self._session.case, self.cell
        found = series_of(case.studies, cell.state) if case and cell and cell.state else None
        if found is not None and is_report(found[1]):
            self.page.show_series(*found, self._core.reader)
        elif self.page.isVisibleTo(self):
            self.page.clear_page()

    def frames_arrived(self, series_uid: str) -> None:
        cell = self.cell
        state = cell.state if cell is not None else None
        if state is not None and series_uid in (state.series_uid, state.fusion.series_uid if state.fusion else ""):
            self._pictures.frames_arrived()
            self.loupe.refresh()
            self.update()

    # ---- painting --------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), QColor(theme.IMAGE))
            shown = self._paint(painter)
            self._solid.paint(painter, shown)
            self._region.paint(painter)
        finally:
            painter.end()  # a painter that an error leaves open ends the whole program at the next flush
        self.painted = shown
        if shown is not None:
            self._note(shown)

    def _paint(self, painter: QPainter) -> Shown | None:
        cell, view, case = self.cell, self.view(), self._session.case
        found = series_of(case.studies, cell.state) if case and cell and cell.state else None
        if cell is None or view is None or found is None or case is None:
            self._paint_empty(painter, cell)
            return None
        layers = self._layers(view.state)
        shown = self._pictures.current(view.viewport, case.generation, view.state, view.width, view.height, self._moving, layers)
        if shown is None:
            overlay.paint_message(painter, self.width(), self.height(), self.tr("Preparing…"))
            self._frame(painter, cell)
            return None
        picture = shown.picture
        if picture.error is not None:
            overlay.paint_refusal(painter, self.width(), self.height(), picture.error)
        elif picture.partial and view.state.plane is Plane.STACK:
            overlay.paint_message(painter, self.width(), self.height(), self.tr("This image is on its way"))
        elif picture.partial and view.state.plane is Plane.THREE_D:
            overlay.paint_message(painter, self.width(), self.height(), self.tr("3D waits for the whole series"))
        else:
            paint_pixels(painter, picture, self.devicePixelRatioF())
        facts = CellFacts(
            *found,
            view,
            picture,
            ratio=self.devicePixelRatioF(),
            is_prior=self._session.is_prior(view.state.study_uid),
            current_date=case.study.study_date,
            not_the_reports=self._is_not_the_reports(view.state.study_uid),
            active=self._is_active(),
            presets=self._core.presets.for_modality(found[1].modality),
            loaded=self._core.library.progress(view.state.series_uid),
            layer=self.layer,
            moving=self._moving,
            references=self._neighbours.references(self.index, view),
            cross=self._neighbours.cross(self.index, view),
            value=self._pointing.value,
            current_key=case.study.patient.key,
            layout=self._core.corner_texts.of(found[1].modality, self._viewing.looking.text_level),
            cine=self._viewing.dimensions.facts(self.index),
            pixel_source=self._pixel_source(view.state),
            laid_over=over_words(self._session, self.index, shown),
            keys=keys_on(self._session.key_images, picture),
            aligned=self._session.registering.told(self.index),
        )
        overlay.paint(painter, self.width(), self.height(), overlay_facts(facts), self._viewing.overlays)
        return shown

    def _layers(self, state: ViewportState) -> tuple[Layer, ...]:
        """What is laid over this image; nothing while text and graphics are hidden."""
        found = self._session.findings.on(state.study_uid, state.series_uid) if self._viewing.overlays else ()
        return cast("tuple[Layer, ...]", found)

    def _pixel_source(self, state: ViewportState) -> str:
        """Where this screen's millimetres are from; empty when the image was sized for another screen."""
        if state.sizing is not Sizing.TRUE_SIZE:
            return ""
        size = pixel_size(self.screen(), self._core.remembered)
        return size.source if size is not None and math.isclose(size.mm, state.pixel_mm) else ""

    def _paint_empty(self, painter: QPainter, cell: Cell | None) -> None:
        if self._session.case is None:
            text = self.tr("No case is open")
        elif cell is not None and cell.state is not None:
            text = "" if self.page.isVisible() else self.tr("Waiting for images")
        else:
            reason = plain.core_text(cell.reason) if cell is not None else ""
            empty = [i for i, c in enumerate(self._viewing.cells) if c.state is None]
            text = reason or (self.tr("Drag a series here") if empty[:1] == [self.index] else "")
        overlay.paint_message(painter, self.width(), self.height(), text)
        self._frame(painter, cell)

    def _frame(self, painter: QPainter, cell: Cell | None) -> None:
        is_prior = cell is not None and cell.state is not None and self._session.is_prior(cell.state.study_uid)
        foreign = cell is not None and cell.state is not None and self._is_not_the_reports(cell.state.study_uid)
        overlay.paint_frame(painter, self.width(), self.height(), is_prior, self._is_active() and cell is not None, foreign)

    def _note(self, shown: Shown) -> None:
        """Evidence for signing: a whole frame or cut, painted, of the case that is open. 3D is none."""
        identity, case = shown.picture.identity, self._session.case
        if shown.picture.error is not None or shown.picture.partial or shown.request.state.plane is Plane.THREE_D:
            return
        self._viewing.dimensions.note_painted(self.index, shown.picture.index)
        if case is not None and shown.request.generation == case.generation and not hides(shown.request.state.fusion):
            # A cut lies between frames: it is of the study, and of no single image.
            sop = identity.sop_instance_uid if identity is not None else ""
            self._viewing.note_shown(ShownImage(shown.request.state.study_uid, sop))

    def _is_active(self) -> bool:
        return self._viewing.active == self.index and self._session.case is not None

    def _is_not_the_reports(self, study_uid: str) -> bool:
        report = self._session.desk.report
        return report is not None and not self._session.is_prior(study_uid) and report.study_instance_uid != study_uid

    def _finer(self) -> bool:
        """Ask for a finer 3D picture; False while none can be had."""
        viewport = self.viewport()
        found = viewport is None or self._pictures.refine(viewport)
        if found:
            self.update()
        return found

    def _rest(self) -> None:
        self._moving = False
        if self._pictures.is_rough or self.layer.is_unfinished:
            self.update()

    # ---- the mouse -------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        button = _BUTTONS.get(event.button())
        self._neighbours.take_focus()
        self._viewing.activate(self.index)
        if button is Button.LEFT and self._region.press(_xy(event.position())):
            return
        if button is Button.LEFT and self._pen.press(_xy(event.position())):
            self.show_cursor(self._viewing.tool)
        elif button is not None:
            shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._gestures.press(button, _xy(event.position()), self._place(), shifted)

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

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        if self._viewing.magnifier.is_on:
            self._viewing.magnifier.enlarge((delta > 0) - (delta < 0))
            event.accept()
            return
        zooming = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self._gestures.wheel(delta, self._place(), _xy(event.position()), zooming)
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        # The right button decides between zoom and menu on release; a menu key has no release.
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._neighbours.show_menu(self.index, self.mapToGlobal(self.rect().center()))

    def leaveEvent(self, event: QEvent) -> None:
        self.loupe.follow(None)
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
                    is_prior = self._session.is_prior(study.study_instance_uid)
                    self._viewing.hang_series(self.index, study, series, is_prior)
                    self._neighbours.take_focus()


def paint_pixels(painter: QPainter, picture: Picture, ratio: float) -> None:
    """Paint the picture over the whole viewport, one array element on one device pixel."""
    height, width = picture.pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if picture.pixels.ndim == 2 else QImage.Format.Format_RGB888
    image = QImage(picture.pixels.data, width, height, picture.pixels.strides[0], kind)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(QRectF(0, 0, width / ratio, height / ratio), image)


def _xy(point: QPointF) -> tuple[float, float]:
    return point.x(), point.y()
