"""Hosts one viewport: asks for its picture, paints it, says what was shown, and takes the mouse."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPaintEvent,
)

from rendering.picture import Picture
from ui import overlay, part_map, plain, theme
from ui.annotation_layer import AnnotationLayer
from ui.cell_facts import CellFacts, overlay_facts, series_of
from ui.crosshair_events import CrosshairEvents
from ui.dimension_slider import DimensionSlider
from ui.empty_words import empty_words
from ui.gestures import Gestures
from ui.key_image_words import keys_on
from ui.magnifier import Loupe
from ui.patience import Patience
from ui.pen import Pen
from ui.picture_source import PictureSource, Shown
from ui.pointing import Pointing
from ui.presentation_words import over_words
from ui.reference_lines import View
from ui.region_box import RegionBox
from ui.solid_layer import SolidLayer
from ui.text_entry import Words
from ui.text_page import TextPage, is_report
from ui.true_size import pixel_size
from ui.viewport_hands import Neighbours, ViewportHands
from workstation.domain.viewing import Cell, Plane, Sizing, ViewportState
from workstation.session.comparing import hides
from workstation.session.tool import ShownImage

if TYPE_CHECKING:
    from rendering.objects.layer_paint import Veil
    from rendering.objects.layers import Layer
    from rendering.viewport import Viewport
    from ui.seat import Seat

STILL_MS = 120


class ViewportWidget(ViewportHands):
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
        self._pictures, self._patience = PictureSource(core.jobs, self.update), Patience(self)
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
        self._solid = SolidLayer(self, self._viewing, index, self.view, self._finer, neighbours.as_now)
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
        self._patience.end()
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
        if shown is None or not self._covers(shown.picture):
            painter.fillRect(self.rect(), QColor(theme.IMAGE))
        if shown is None:
            if self._patience.is_over():
                overlay.paint_message(painter, self.width(), self.height(), self.tr("Preparing…"))
            self._frame(painter, cell)
            return None
        self._patience.end()
        picture = shown.picture
        if picture.error is not None:
            overlay.paint_refusal(painter, self.width(), self.height(), picture.error)
        elif picture.partial and view.state.plane is Plane.STACK:
            overlay.paint_message(painter, self.width(), self.height(), self.tr("This image is on its way"))
        elif picture.partial and view.state.plane is Plane.THREE_D:
            overlay.paint_message(painter, self.width(), self.height(), self.tr("3D waits for the whole series"))
        else:
            paint_pixels(painter, picture, self.devicePixelRatioF())
            if shown.veil is not None:
                paint_veil(painter, shown.veil, self.devicePixelRatioF())
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
            laid_over=(*over_words(self._session, self.index, shown), *((w,) for w in self._placed_words())),
            keys=keys_on(self._session.key_images, picture),
            aligned=self._session.registering.told(self.index),
            which=self._session.priors.steps.number_now(view.state.study_uid),
            prior_note=self._session.priors.views.told(self.index),
            newer_date=self._session.priors.known.newer_date,
            rejected=self._session.findings.rejected.get(picture.identity.sop_instance_uid, "") if picture.identity else "",
        )
        overlay.paint(painter, self.width(), self.height(), overlay_facts(facts), self._viewing.overlays)
        part = self._viewing.quadrants.shown(self.index) if picture.error is None else None
        if part is not None:
            part_map.paint(painter, self.width(), self.height(), part, view.state.anchor)
        return shown

    def _covers(self, picture: Picture) -> bool:
        """Whether its pixels are painted over all of the viewport: then nothing needs to be painted under them."""
        height, width = picture.pixels.shape[:2]
        ratio = self.devicePixelRatioF()
        is_seen = picture.error is None and not picture.partial
        return is_seen and (width, height) == (self.width() * ratio, self.height() * ratio)

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
        painter.fillRect(self.rect(), QColor(theme.IMAGE))
        if cell is not None and cell.state is not None:
            text = "" if self.page.isVisible() else self.tr("Waiting for images")
        else:
            empty = [i for i, c in enumerate(self._viewing.cells) if c.state is None]
            text = empty_words(self._session.case, cell.reason if cell is not None else "", self._neighbours.as_now)
            text = text or (self.tr("Drag a series here") if empty[:1] == [self.index] else "")
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
        self._viewing.anchoring.painted()
        if case is not None and shown.request.generation == case.generation and not hides(shown.request.state.fusion):
            # A cut lies between frames: it is of the study, and of no single image.
            sop = identity.sop_instance_uid if identity is not None else ""
            self._viewing.note_shown(ShownImage(shown.request.state.study_uid, sop))

    def _placed_words(self) -> tuple[str, ...]:
        fitted = self._viewing.anatomy.words.get(self.index)
        said = (*self._viewing.anchoring.words.get(self.index, ()), *((fitted,) if fitted else ()))
        return tuple(map(plain.core_text, said))

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


def paint_pixels(painter: QPainter, picture: Picture, ratio: float) -> None:
    """Paint the picture over the whole viewport, one array element on one device pixel."""
    height, width = picture.pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if picture.pixels.ndim == 2 else QImage.Format.Format_RGB888
    image = QImage(picture.pixels.data, width, height, picture.pixels.strides[0], kind)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(QRectF(0, 0, width / ratio, height / ratio), image)


def paint_veil(painter: QPainter, veil: Veil, ratio: float) -> None:
    """Lay segments and structures over what was painted, one array element on one device pixel."""
    rows, columns = veil.box
    height, width = veil.pixels.shape
    image = QImage(veil.pixels.data, width, height, veil.pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(QRectF(columns.start / ratio, rows.start / ratio, width / ratio, height / ratio), image)
