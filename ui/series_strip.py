"""The list of series: current study first, priors below with how long ago they were."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QImage
from PySide6.QtWidgets import QAbstractItemView, QListView

from rendering.picture import Picture
from ui.series_delegate import THUMBNAIL, SeriesDelegate
from ui.series_model import SeriesModel, SeriesRow
from ui.text_page import is_report
from workstation.jobs import PICTURES, Cancel
from workstation.session.case import Case

if TYPE_CHECKING:
    from rendering.viewport import Viewport
    from ui.seat import Seat

WIDTH = 226
# Series that load are painted anew so often, not with each of their images.
LOOK_MS = 100
# A case's own images come before its thumbnails, for so long at most.
IMAGES_FIRST_SECONDS = 1.0


class SeriesStrip(QListView):
    """Return or a double click hangs a series in the active viewport; dragging hangs it anywhere."""

    def __init__(self, core: Seat) -> None:
        super().__init__()
        self.setObjectName("seriesStrip")
        self.setAccessibleName(self.tr("Series"))
        self._core = core
        self._session = core.session
        self._model = SeriesModel()
        self._delegate = SeriesDelegate()
        self._making: set[str] = set()
        self._images_first = 0.0
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setUniformItemSizes(False)
        self.setMinimumWidth(150)
        self.activated.connect(self._open)
        self._session.case_changed.connect(self._case_changed)
        self._session.viewing.arrangement_changed.connect(self._mark_places)
        self._session.viewing.viewport_changed.connect(self._mark_places)
        self._session.key_images.changed.connect(self._count_keys)
        self._arrived: set[str] = set()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(LOOK_MS)
        self._soon.timeout.connect(self._look_at_arrived)
        core.library.changed.connect(self._frames_arrived)
        self._case_changed(self._session.case)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 400)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        rows = [i for i, row in self._model.series_rows() if row.series.image_count]
        if rows and not self.currentIndex().isValid():
            self.setCurrentIndex(self._model.index(rows[0]))

    # ---- the case --------------------------------------------------------------------

    def _case_changed(self, case: Case | None) -> None:
        self._making.clear()
        self._arrived.clear()
        self._images_first = time.monotonic() + IMAGES_FIRST_SECONDS
        self._model.show_case(case)
        for _, row in self._model.series_rows():
            self._look(row.series.series_instance_uid)
            row.keys = self._session.key_images.count(row.series.series_instance_uid)

    def _mark_places(self, _: object) -> None:
        viewing = self._session.viewing
        hanging: dict[tuple[str, str], set[int]] = {}
        for index, cell in enumerate(viewing.cells):
            if cell.state is not None:
                hanging.setdefault((cell.state.study_uid, cell.state.series_uid), set()).add(index)
        new_layout = self._delegate.layouts != viewing.layouts
        self._delegate.layouts = viewing.layouts
        for index, row in self._model.series_rows():
            places = frozenset(hanging.get(row.uids, ()))
            if places != row.places or (new_layout and places):
                row.places = places
                self._model.changed(index)

    def _count_keys(self, series_uid: str) -> None:
        found = self._model.find(series_uid)
        if found is not None:
            found[1].keys = self._session.key_images.count(series_uid)
            self._model.changed(found[0])

    def _open(self, index: QModelIndex) -> None:
        row = self._model.rows[index.row()]
        viewing = self._session.viewing
        if isinstance(row, SeriesRow) and (row.series.image_count or is_report(row.series)) and viewing.cells:
            self._session.hangings.put(viewing.active, row.study, row.series)

    # ---- loading ---------------------------------------------------------------------

    def _frames_arrived(self, series_uid: str) -> None:
        self._arrived.add(series_uid)
        if not self._soon.isActive():
            self._soon.start()

    def _look_at_arrived(self) -> None:
        arrived, self._arrived = self._arrived, set()
        for series_uid in arrived:
            self._look(series_uid)

    def _look(self, series_uid: str) -> None:
        """Note how much of a series is loaded, and ask for its thumbnail once it can be made."""
        found = self._model.find(series_uid)
        if found is None:
            return
        index, row = found
        loaded = self._core.library.progress(series_uid)
        if loaded != row.loaded:
            row.loaded = loaded
            self._model.changed(index)
        if row.thumbnail is None and loaded[0] and series_uid not in self._making:
            if not self._making and self._core.jobs.is_busy(PICTURES) and time.monotonic() < self._images_first:
                self._frames_arrived(series_uid)
                return
            viewport = self._core.library.viewport(*row.uids)
            if viewport is not None:
                self._note_verdict(index, row, viewport)
                self._make_thumbnail(row, viewport)

    def _note_verdict(self, index: int, row: SeriesRow, viewport: Viewport) -> None:
        verdict = viewport.images.verdict
        row.verdict, row.reasons = verdict.verdict, tuple(verdict.reasons)
        row.doubts = tuple(doubt.text for doubt in viewport.images.doubts)
        self._model.changed(index)

    def _make_thumbnail(self, row: SeriesRow, viewport: Viewport) -> None:
        uid = row.series.series_instance_uid
        side = round(THUMBNAIL * self.devicePixelRatioF())
        state = viewport.at_index(viewport.default_state(), viewport.slice_count(viewport.default_state()) // 2)
        self._making.add(uid)
        started = self._core.library.progress(uid)[0]

        def work(_: Cancel) -> Picture:
            return viewport.picture(state, side, side)

        def done(picture: Picture) -> None:
            self._making.discard(uid)
            again = self._model.find(uid)
            if again is None or again[1] is not row:
                return  # another case is open
            if not picture.partial and picture.error is None:
                row.thumbnail = image_of(picture)
                self._model.changed(again[0])
            elif picture.partial and self._core.library.progress(uid)[0] > started:
                self._look(uid)

        self._core.jobs.run(PICTURES, work, done)


def image_of(picture: Picture) -> QImage:
    """The picture's pixels as an image that owns its memory."""
    height, width = picture.pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if picture.pixels.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(picture.pixels.data, width, height, picture.pixels.strides[0], kind).copy()
