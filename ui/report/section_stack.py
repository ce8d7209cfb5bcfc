"""All sections of the report under each other, sharing the height so that every one is in view."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from ui.report.heights import Wish, heights
from ui.report.section_block import SectionBlock
from workstation.domain.report import SectionCode

SPACING = 6
MOST_REPEATS = 4


class SectionStack(QWidget):
    """Gives each block its height whenever a text, the section written into, or the window changes."""

    def __init__(self, blocks: Sequence[SectionBlock]) -> None:
        super().__init__()
        self._blocks = tuple(blocks)
        self._target = SectionCode.FINDINGS
        self._busy = False
        self.is_beside: Callable[[], bool] = lambda: False
        """Whether earlier reports take of the room."""
        self._repeats = 0
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self.arrange)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        for block in self._blocks:
            column.addWidget(block)
            block.changed.connect(self._changed)
        column.addStretch(1)

    def set_target(self, code: SectionCode) -> None:
        if code is not self._target:
            self._target = code
            self._changed()

    def arrange(self) -> None:
        """Share the height out now."""
        self._busy = True
        before = self._wishes()
        spacing = SPACING * sum(not block.isHidden() for block in self._blocks)
        around = spacing + sum(block.overhead for block in self._blocks)
        self.setMinimumHeight(around + sum(wish.lowest for wish in before))
        given = heights(self.height() - around, before)
        for block, context, editor in zip(self._blocks, given[::2], given[1::2], strict=True):
            block.give(context, editor)
        self._busy = False
        # With room a scroll bar goes and lines grow longer: what fits is known only now.
        self._repeats = self._repeats + 1 if self._wishes() != before else 0
        if 0 < self._repeats < MOST_REPEATS:
            self._later.start()
        self._show_target()

    def _show_target(self) -> None:
        """Where the window is too low for all: the section that is written into is in sight."""
        viewport = self.parentWidget()
        area = viewport.parentWidget() if viewport is not None else None
        if isinstance(area, QScrollArea) and self.height() > area.viewport().height():
            area.ensureWidgetVisible(next(block for block in self._blocks if block.code is self._target), 0, 0)

    def _wishes(self) -> list[Wish]:
        beside = self.is_beside()
        return [wish for block in self._blocks for wish in block.wishes(block.code is self._target, beside)]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._changed()

    def _changed(self) -> None:
        if not self._busy:
            self._later.start()
