"""Looks of 3D by name: type a few letters, choose with the arrows, see it at once. Return keeps it, Esc goes back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QIcon, QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ui.plain import core_text
from workstation.commands.finding import fit_text
from workstation.domain.viewing import ViewportState
from workstation.jobs import PICTURES, Cancel, Job
from workstation.session.viewing import Viewing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rendering.viewport import Viewport
    from ui.seat import Seat

ROLE = Qt.ItemDataRole.UserRole
THUMBNAIL = (96, 72)
SHOWN = 7


class SolidLooks(QDialog):
    """Of the active viewport, which must be 3D."""

    def __init__(self, viewing: Viewing, core: Seat, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("solidLooks")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._viewing, self._core = viewing, core
        self._index = viewing.active
        self._before = viewing.state(self._index)
        self._job: Job | None = None
        self._kept = False
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Looks of 3D"))
        self.field.setAccessibleName(self.tr("Find a look"))
        self.list = QListWidget()
        self.list.setIconSize(QSize(*THUMBNAIL))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Looks"))
        self.memory = QLabel()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addWidget(self.memory)
        self._icons: dict[str, QIcon] = {}
        self._fill("")
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _: self._keep())
        self.list.currentItemChanged.connect(lambda item, _: self._show(item))
        self._signals = viewing.arrangement_changed, viewing.viewport_changed, viewing.active_changed
        for changed in self._signals:
            changed.connect(self._left)
        self._draw_thumbnails()
        self._tell_memory()

    def open_over(self, window: QWidget) -> None:
        """Show at the left edge of the images, where the least is hidden, ready to type."""
        row = THUMBNAIL[1] + 8
        self.resize(min(400, window.width() - 40), min(row * SHOWN + 90, window.height() - 20))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + 8, corner.y() + 8)
        self.show()
        self.field.setFocus()

    def names(self) -> list[str]:
        """What is listed now."""
        return [self.list.item(row).data(ROLE) for row in range(self.list.count())]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: SHOWN, Qt.Key.Key_PageUp: -SHOWN}
            key = Qt.Key(event.key())
            if key in steps and self.list.count():
                self.list.setCurrentRow(min(max(self.list.currentRow() + steps[key], 0), self.list.count() - 1))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._keep()
                return True
        return super().eventFilter(watched, event)

    def done(self, result: int) -> None:
        """Closed without a choice: everything as it was."""
        for changed in self._signals:
            changed.disconnect(self._left)
        if self._job is not None:
            self._job.cancel.set()
        if not self._kept and self._before is not None and self._viewing.state(self._index) is not None:
            self._viewing.solid.stop_looking()
            self._viewing.put(self._index, self._before)
        super().done(result)

    def _left(self, _: object = None) -> None:
        """The view that it is of shows something else, or another one is active: its looks are not wanted any more."""
        before, now = self._before, self._viewing.solid.state(self._index)
        is_same = before is not None and now is not None and now.series_uid == before.series_uid
        if self._viewing.active != self._index or not is_same:
            self._before = None  # there is nothing to go back to
            self.close()

    def _fill(self, text: str) -> None:
        sought = text.strip()
        names = self._viewing.solid.looks()
        scored = [(found, name) for name in names if (found := fit_text(sought, core_text(name)))]
        if sought:
            scored.sort(key=lambda pair: -pair[0])
        shown = self._viewing.solid.look()
        self.list.blockSignals(True)
        self.list.clear()
        for _, name in scored:
            item = QListWidgetItem(self._icons.get(name, QIcon()), core_text(name))
            item.setData(ROLE, name)
            item.setSizeHint(QSize(10, THUMBNAIL[1] + 8))
            self.list.addItem(item)
        listed = self.names()
        self.list.setCurrentRow(listed.index(shown) if shown in listed and not sought else 0 if listed else -1)
        self.list.blockSignals(False)
        if sought:
            self._show(self.list.currentItem())

    def _show(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(ROLE) != self._viewing.solid.look():
            self._viewing.solid.set_look(item.data(ROLE))

    def _keep(self) -> None:
        self._kept = self.list.currentItem() is not None
        self.close()

    def _tell_memory(self) -> None:
        viewport = self._viewport()
        taken = round(viewport.solid.bytes / 1e6) if viewport is not None else 0
        self.memory.setText(self.tr("3D holds {0} MB beside the images").format(taken) if taken else "")

    def _viewport(self) -> Viewport | None:
        state = self._before
        return self._core.library.viewport(state.study_uid, state.series_uid) if state is not None else None

    def _draw_thumbnails(self) -> None:
        viewport, state = self._viewport(), self._before
        if viewport is None or state is None:
            return
        names = self._viewing.solid.looks()

        def work(cancel: Cancel) -> None:
            for name in names:
                if cancel():
                    return
                drawn = viewport.solid.thumbnail(_plain(state), name, THUMBNAIL, cancel)
                if drawn is not None:
                    self._core.jobs.on_main(lambda name=name, drawn=drawn: self._set_icon(cancel, name, drawn))  # type: ignore[misc]

        self._job = self._core.jobs.run(PICTURES, work)

    def _set_icon(self, cancel: Cancel, name: str, drawn: NDArray[np.uint8]) -> None:
        if cancel():
            return
        height, width = drawn.shape[:2]
        image = QImage(drawn.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        self._icons[name] = QIcon(QPixmap.fromImage(image))
        for row in range(self.list.count()):
            if self.list.item(row).data(ROLE) == name:
                self.list.item(row).setIcon(self._icons[name])


def _plain(state: ViewportState) -> ViewportState:
    return replace(state, zoom=1.0, pan=(0.0, 0.0))
