"""The reading page: series at the left, images in the middle, the report at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from ui.hanging.watch import HangingWatch
from ui.link_flash import LinkFlash
from ui.reading_bar import ReadingBar
from ui.runner import Runner
from ui.screens.badge import ScreenBadge
from ui.screens.slim_bar import Listening, SlimBar
from ui.series_strip import SeriesStrip
from ui.viewport_grid import ViewportGrid

if TYPE_CHECKING:
    from ui.report.panel import ReportPanel
    from ui.seat import Seat

SPLITTER = "reading.splitter"
REPORT_WIDTH = 420
STRIP_WIDTH = 226
LEAST_IMAGES = 320
# A study's date, and a series' name beside its marks, are read whole.
LEAST_STRIP = 196


class ReadingPage(QWidget):
    """Widths are the reader's and are remembered."""

    def __init__(self, core: Seat, runner: Runner, report: ReportPanel) -> None:
        super().__init__()
        self.setObjectName("readingPage")
        self._core = core
        self.bar = ReadingBar(core, runner)
        self.strip = SeriesStrip(core)
        self.grid = ViewportGrid(core, runner)
        self.grid.setMinimumSize(LEAST_IMAGES, 240)
        self.flash = LinkFlash(core.session, self.grid)
        self.hanging = HangingWatch(core, self)
        self.badge, self.listening = ScreenBadge(), Listening()
        self.slim = SlimBar(core)
        self.slim.hide()
        self.report = report
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(4)
        for widget in (self.strip, self.grid, report):
            self.splitter.addWidget(widget)
        for index, stretch in enumerate((0, 1, 0)):
            self.splitter.setStretchFactor(index, stretch)
        self.splitter.setCollapsible(1, False)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.slim)
        self.bar.add(self.listening)
        self.bar.add(self.badge)
        column.addWidget(self.splitter, 1)
        self.splitter.splitterMoved.connect(self._remember)

    def sizeHint(self) -> QSize:
        return QSize(1600, 900)

    def restore(self, width: int) -> None:
        """Set the remembered widths, or good ones for a window this wide."""
        stored = self._core.remembered.get(SPLITTER)
        if self.grid.isHidden():
            strip = min(STRIP_WIDTH, max(LEAST_STRIP, round(width * 0.3)))
            self.splitter.setSizes([strip, 0, width - strip])
            return
        sizes = stored if isinstance(stored, list) and len(stored) == 3 and all(isinstance(s, int) for s in stored) else None
        if sizes is None:
            report = min(REPORT_WIDTH, round(width * 0.27))
            strip = min(STRIP_WIDTH, max(LEAST_STRIP, round(width * 0.15)))
            sizes = [strip, max(width - report - strip, LEAST_IMAGES), report]
        self.splitter.setSizes(sizes)

    def show_images(self, here: bool) -> None:
        """Whether images hang between the series and the report, or on screens of their own."""
        self.slim.setVisible(not here)
        if here and self.bar.parentWidget() is not self:
            self._column.insertWidget(0, self.bar)
            self.listening.show_words("")
        if here is self.grid.isHidden():
            self.grid.setVisible(here)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.grid.isHidden():
            self._fit()

    def _fit(self) -> None:
        """Once what is inside knows how wide it is."""
        QTimer.singleShot(0, self.splitter, lambda: self.restore(self.width()))

    def beside_images(self) -> int:
        """How much of the width is not for images."""
        return STRIP_WIDTH + REPORT_WIDTH

    def _remember(self, _position: int, _index: int) -> None:
        if not self.grid.isHidden():
            self._core.remembered.set(SPLITTER, self.splitter.sizes())
