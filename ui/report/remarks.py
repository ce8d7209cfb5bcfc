"""What the second look at a report found, above the signing buttons: one line a remark, Return goes to the place."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ui import icons, theme
from ui.plain import core_text, plain
from workstation.colleague.facts import Remark, Severity
from workstation.domain.report import SECTION_TITLES

MOST_LINES = 3


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)


class RemarkList(QWidget):
    """Hidden while there is nothing to remark. `chosen(int)` is the number of the remark to go to."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("remarks")
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(_tr("Remarks on the report"))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setIconSize(QSize(16, 16))
        self.list.itemActivated.connect(lambda item: self.chosen.emit(self.list.row(item)))
        self.list.itemClicked.connect(lambda item: self.chosen.emit(self.list.row(item)))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.list)
        self.hide()

    def show_remarks(self, remarks: tuple[Remark, ...]) -> None:
        self.list.clear()
        for remark in remarks:
            stops = remark.severity is Severity.BLOCK
            words = f"{core_text(SECTION_TITLES[remark.section])}: {plain(core_text(remark.words))}"
            item = QListWidgetItem(icons.icon("warning", theme.RED if stops else theme.AMBER), words)
            if stops:
                item.setForeground(QColor(theme.RED))
            self.list.addItem(item)
        stopping = any(r.severity is Severity.BLOCK for r in remarks)
        self.title.setText(
            _tr("Look at these before signing. What is red must be mended first.")
            if stopping
            else _tr("Look at these before signing. Sign again to sign the text as it is.")
        )
        self.setVisible(bool(remarks))
        # How high a line is depends on its width, which the layout gives next.
        QTimer.singleShot(0, self, self._fit)

    def step(self, steps: int) -> int:
        """The number of the next remark, which becomes the current one; -1 where there is none."""
        count = self.list.count()
        if not count:
            return -1
        row = (self.list.currentRow() + steps) % count if self.list.currentRow() >= 0 else (0 if steps > 0 else count - 1)
        self.list.setCurrentRow(row)
        return row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as its lines, up to a few: the text of the report keeps its room."""
        self.list.doItemsLayout()  # what is broken into lines is known by the layout only
        shown = (self.list.item(row) for row in range(min(self.list.count(), MOST_LINES)))
        heights = [self.list.visualItemRect(item).height() for item in shown]
        self.list.setFixedHeight(sum(heights) + 2 * self.list.frameWidth() + 2)
