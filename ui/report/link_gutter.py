"""A narrow strip at the right of an editor: a dot beside each line whose words know an image. A click shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from ui import theme
from ui.report.editor_marks import cursor_over
from ui.report.section_editor import SectionEditor
from workstation.session.linked_marks import LinkMark, LinkState

WIDTH = 12
RADIUS = 2.5
REACH = 7
_COLOURS = {
    LinkState.IMAGE: theme.MUTED,
    LinkState.SAME: theme.MUTED,
    LinkState.CHANGED: theme.ACCENT,
    LinkState.DIFFERS: theme.AMBER,
    LinkState.GONE: theme.AMBER,
}
# The dot of a line with several: what is to be seen first.
_RANK = list(_COLOURS)


class LinkGutter(QWidget):
    """Takes its room from the editor once, so that no line is broken anew when a dot comes."""

    def __init__(self, editor: SectionEditor, show: Callable[[LinkMark], object]) -> None:
        super().__init__(editor)
        self._editor = editor
        self._show = show
        self._marks: tuple[tuple[LinkMark, str], ...] = ()
        editor.setViewportMargins(0, 0, WIDTH, 0)
        editor.installEventFilter(self)
        editor.updateRequest.connect(lambda *_: self.update())
        self.setObjectName("linkGutter")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._place()

    def show_marks(self, marks: Sequence[LinkMark], words: Sequence[str]) -> None:
        self._marks = tuple(zip(marks, words, strict=True))
        self.update()

    def dots(self) -> list[tuple[float, LinkMark, str]]:
        """(height of the middle of its line, mark, words), one for each line, what is to be seen first."""
        text = self._editor.toPlainText()
        found: dict[int, tuple[LinkMark, str]] = {}
        for mark, words in self._marks:
            if mark.end > len(text):
                continue
            box = self._editor.cursorRect(cursor_over(self._editor, text, mark.start, mark.start))
            line = box.center().y() + self._editor.viewport().y()
            before = found.get(line)
            if before is None or _RANK.index(mark.state) > _RANK.index(before[0].state):
                found[line] = mark, words
        return [(float(line), mark, words) for line, (mark, words) in sorted(found.items(), key=lambda entry: entry[0])]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for line, mark, _ in self.dots():
            painter.setBrush(QColor(_COLOURS[mark.state]))
            painter.drawEllipse(QPointF(WIDTH / 2, line - self.y()), RADIUS, RADIUS)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        near = self._near(event.position())
        if near is not None:
            self._show(near[0])

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            near = self._near(QPointF(event.pos()))
            if near is not None:
                QToolTip.showText(event.globalPos(), near[1], self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.LayoutRequest):
            self._place()
        return False

    def _near(self, at: QPointF) -> tuple[LinkMark, str] | None:
        found = [(abs(line - self.y() - at.y()), mark, words) for line, mark, words in self.dots()]
        distance, mark, words = min(found, key=lambda f: f[0], default=(REACH + 1.0, None, ""))
        return (mark, words) if mark is not None and distance <= REACH else None

    def _place(self) -> None:
        inside = QRectF(self._editor.viewport().geometry())
        self.setGeometry(int(inside.right()), int(inside.top()), WIDTH, int(inside.height()))
