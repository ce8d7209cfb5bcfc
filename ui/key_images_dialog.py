"""The key images of the open case: small pictures of them alone, for what each was marked, and by whom.

Up and Down choose, Return goes to the image, T gives one's own mark another title, Delete takes it away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from rendering.picture import Picture
from ui.key_image_words import by_words, title_words
from ui.list_table import quiet_heads
from ui.plain import plain
from ui.series_strip import image_of
from ui.while_there import while_there
from workstation.domain.annotation import Annotation, AnnotationKind
from workstation.domain.key_image import TITLES, KeyImage
from workstation.domain.viewing import Plane
from workstation.errors import WorkstationError
from workstation.jobs import PICTURES, Cancel
from workstation.session.annotation_words import place_words
from workstation.session.finding import state_showing

if TYPE_CHECKING:
    from ui.seat import Seat

SIDE = 96


class KeyImagesDialog(QDialog):
    """Stays up to date while it is open."""

    def __init__(self, core: Seat, parent: QWidget | None = None, told: Callable[[str], str] = str) -> None:
        """`told` says the keys of a sentence as they are now."""
        super().__init__(parent)
        self.setObjectName("keyImagesDialog")
        self._core = core
        self._session = core.session
        self._keys: tuple[KeyImage, ...] = ()
        self._pictures: dict[tuple[str, str, int], QPixmap] = {}
        self.table = _Table(self)
        self.table.setHorizontalHeaderLabels([self.tr("Image"), self.tr("Where"), self.tr("Marked"), self.tr("By")])
        self.table.setAccessibleName(self.tr("Key images of this case"))
        self.table.itemActivated.connect(self._go)
        self.empty = QLabel(told(self.tr("No image of this case is marked: press K on an image to mark it")))
        keys = QLabel(self.tr("Return: go to the image.  T: marked for what.  Delete: no key image any more."))
        keys.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.empty)
        column.addWidget(self.table, 1)
        column.addWidget(keys)
        self.resize(820, 520)
        self._session.key_images.changed.connect(self._fill)
        self._session.case_changed.connect(self._case_changed)
        self.finished.connect(self._let_go)
        self._fill(None)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def act(self, key: Qt.Key) -> bool:
        """What a key does to the chosen row. False for one that does nothing here."""
        row = self.table.currentRow()
        if not 0 <= row < len(self._keys):
            return False
        chosen, marks = self._keys[row], self._session.key_images
        try:
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                marks.show(chosen)
            elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
                marks.remove(chosen)
            elif key == Qt.Key.Key_T:
                titles = list(TITLES)
                here = titles.index(chosen.title) if chosen.title in titles else -1
                marks.set_title(chosen, titles[(here + 1) % len(titles)])
            else:
                return False
        except WorkstationError as error:
            self._session.report_problem(error)
        return True

    # ---- inside ------------------------------------------------------------------------

    def _go(self, _: QTableWidgetItem) -> None:
        self.act(Qt.Key.Key_Return)

    def _let_go(self, _: int) -> None:
        """Closed: it hears nothing more."""
        self._session.key_images.changed.disconnect(self._fill)
        self._session.case_changed.disconnect(self._case_changed)

    def _case_changed(self, _: object) -> None:
        self._pictures.clear()
        self._fill(None)

    def _fill(self, _: object) -> None:
        self._keys = self._session.key_images.all()
        own = sum(key.source.kind == "reader" for key in self._keys)
        self.setWindowTitle(self.tr("Key images ({0} own, {1} of others)").format(own, len(self._keys) - own))
        here = max(self.table.currentRow(), 0)
        self.table.setRowCount(len(self._keys))
        for number, key in enumerate(self._keys):
            self._fill_row(number, key)
        self.empty.setVisible(not self._keys)
        if self._keys:
            self.table.setCurrentCell(min(here, len(self._keys) - 1), 0)

    def _fill_row(self, number: int, key: KeyImage) -> None:
        where = place_words(probe_at(key), self._session.annotating.studies, self._session.annotating.image_place)
        texts = ("", plain(where), title_words(key), by_words(key))
        for column, text in enumerate(texts):
            self.table.setItem(number, column, QTableWidgetItem(text))
        self.table.setRowHeight(number, SIDE + 6)
        if key.place in self._pictures:
            self._show_picture(number, self._pictures[key.place])
        else:
            self._make_picture(key)

    def _make_picture(self, key: KeyImage) -> None:
        viewport = self._core.library.viewport(key.study_uid, key.series_uid)
        state = state_showing(viewport, viewport.default_state(), probe_at(key)) if viewport is not None else None
        if viewport is None or state is None:
            return
        side = round(SIDE * self.devicePixelRatioF())

        def work(_: Cancel) -> Picture:
            return viewport.picture(state, side, side)

        def done(picture: Picture) -> None:
            if picture.partial or picture.error is not None or key not in self._keys:
                return
            self._pictures[key.place] = QPixmap.fromImage(image_of(picture))
            self._show_picture(self._keys.index(key), self._pictures[key.place])

        self._core.jobs.run(PICTURES, work, while_there(self, done))

    def _show_picture(self, row: int, picture: QPixmap) -> None:
        item = self.table.item(row, 0)
        if item is not None:
            icon = QIcon(picture)
            # Without this one Qt tints the image of the chosen row.
            icon.addPixmap(picture, QIcon.Mode.Selected)
            item.setIcon(icon)


class _Table(QTableWidget):
    """Keys act on the row, the others move in the table."""

    def __init__(self, dialog: KeyImagesDialog) -> None:
        super().__init__(0, 4)
        self._dialog = dialog
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setShowGrid(False)
        self.verticalHeader().hide()
        quiet_heads(self)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(0, SIDE + 12)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._dialog.act(Qt.Key(event.key())):
            super().keyPressEvent(event)


def probe_at(key: KeyImage) -> Annotation:
    """The image of a key image as the place of a drawing."""
    frame = max(key.frame_number, 1)
    kind, point = AnnotationKind.PROBE, ((0.0, 0.0),)
    return Annotation("", kind, key.study_uid, key.series_uid, key.sop_instance_uid, frame, Plane.STACK, point)
