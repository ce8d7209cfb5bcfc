"""Search in earlier reports: of this patient, or of everybody on this machine. What was found is marked."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QTextCharFormat, QTextCursor, QTextLayout, QTextOption
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidgetItem,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.list_table import ListTable
from ui.plain import core_text, dicom_date, plain
from ui.report.earlier_text import EarlierText
from ui.report.earlier_words import body_start, day_of, text_of
from ui.while_there import while_there
from workstation.domain.earlier_report import EarlierReport, FoundReport
from workstation.errors import WorkstationError
from workstation.session.session import Session

PAUSE_MS = 200
BEFORE_SHARE = 0.4
PATIENT_COLUMN, SNIPPET_COLUMN = 2, 3
Marked = tuple[str, int, int]
"""A snippet and where the hit stands in it."""
MARKED = Qt.ItemDataRole.UserRole


class SearchDialog(QDialog):
    """Searches while it is typed; Down goes into what was found."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("reportSearchDialog")
        self.setWindowTitle(self.tr("Search in earlier reports"))
        self._session = session
        self._found: tuple[FoundReport, ...] = ()
        self.words = QLineEdit()
        self.words.setPlaceholderText(self.tr('Words, "a phrase", begin*'))
        self.words.setAccessibleName(self.tr("Search"))
        self.words.setMaxLength(200)
        self.everywhere = QCheckBox(self.tr("All reports on this computer"))
        self.state = QLabel()
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setProperty("role", "muted")
        self.table = self._made_table()
        self.text = EarlierText(session)
        self.text.setAccessibleName(self.tr("Text of the chosen report"))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.search_now)
        self.words.textEdited.connect(lambda _: self._pause.start())
        self.words.returnPressed.connect(self._into_list)
        self._lay_out()
        self._begin()

    def _made_table(self) -> ListTable:
        names = (self.tr("Date"), self.tr("Examination"), self.tr("Patient"), self.tr("Found"))
        table = ListTable(names, self.tr("Reports that were found"), SNIPPET_COLUMN)
        for column, width in enumerate((110, 200, 200)):
            table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            table.setColumnWidth(column, width)
        table.setItemDelegateForColumn(SNIPPET_COLUMN, SnippetDelegate(table))
        table.setTabKeyNavigation(False)
        table.currentCellChanged.connect(lambda row, *_: self._choose(row))
        return table

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.everywhere)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.addLayout(row)
        column.addWidget(self.state)
        column.addWidget(self.table, 2)
        column.addWidget(self.text, 3)
        column.addWidget(buttons)
        self.resize(980, 720)

    def _begin(self) -> None:
        has_case = self._session.case is not None
        self.everywhere.setChecked(not has_case)
        self.everywhere.setEnabled(has_case)
        self.everywhere.toggled.connect(lambda _: self.search_now())
        self._session.case_changed.connect(self._case_changed)
        self.state.setText(self._hint())
        self.words.setFocus()

    def _case_changed(self, case: object) -> None:
        """What was found for the last patient must not stand beside another."""
        if not self.everywhere.isChecked():
            self._fill(())
            self.state.setText(self._hint())
        self.everywhere.setEnabled(case is not None)
        if case is None:
            self.everywhere.setChecked(True)

    def _hint(self) -> str:
        return self.tr("All words must occur. Letters count without their marks: lungodem finds lungödem.")

    # ---- searching -----------------------------------------------------------------------

    def search_now(self) -> None:
        self._pause.stop()
        query = self.words.text().strip()
        if not query:
            self._fill(())
            self.state.setText(self._hint())
            return
        everywhere = self.everywhere.isChecked()
        self.table.setColumnHidden(PATIENT_COLUMN, not everywhere)
        case = self._session.case

        def found(reports: tuple[FoundReport, ...]) -> None:
            if everywhere or self._session.case is case:
                self._fill(reports)
                self.state.setText(self._count_words(len(reports)))

        def failed(error: Exception) -> None:
            self._fill(())
            words = str(error) if isinstance(error, WorkstationError) else type(error).__name__
            self.state.setText(core_text(words))

        self._session.earlier.search(query, everywhere, while_there(self, found), while_there(self, failed))

    def _count_words(self, count: int) -> str:
        if not count:
            return self.tr("No report was found")
        return self.tr("One report, newest first") if count == 1 else self.tr("{0} reports, newest first").format(count)

    def _into_list(self) -> None:
        if self._pause.isActive():
            self.search_now()
        if self.table.rowCount():
            self.table.setFocus()

    # ---- showing -------------------------------------------------------------------------

    def _fill(self, found: tuple[FoundReport, ...]) -> None:
        self._found = found
        self.table.blockSignals(True)
        self.table.setRowCount(len(found))
        for row, one in enumerate(found):
            report = one.report
            marked = _marked(one)
            snippet = QTableWidgetItem()
            snippet.setData(MARKED, marked)
            snippet.setData(Qt.ItemDataRole.AccessibleTextRole, marked[0])
            self.table.setItem(row, SNIPPET_COLUMN, snippet)
            for column, text in enumerate((day_of(report), plain(report.procedure), _patient(report))):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.setCurrentCell(0 if found else -1, 0)
        self.table.blockSignals(False)
        self._choose(self.table.currentRow())

    def _choose(self, row: int) -> None:
        one = self._found[row] if 0 <= row < len(self._found) else None
        self.text.show_report(one.report if one is not None else None, text_of(one.report) if one is not None else "")
        marks = self._marks(one) if one is not None else []
        self.text.setExtraSelections(marks)
        if marks:
            cursor = QTextCursor(marks[0].cursor)
            cursor.setPosition(cursor.selectionStart())
            self.text.setTextCursor(cursor)
            self.text.centerCursor()

    def _marks(self, found: FoundReport) -> list[QTextEdit.ExtraSelection]:
        start = body_start(found.report)
        text = self.text.toPlainText()
        marks = []
        for begin, end in found.hits:
            if text[start + begin : start + end] != found.report.text[begin:end]:
                continue  # a hidden character before it is shown as its code point
            mark = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.text.document())
            cursor.setPosition(_units(text[: start + begin]))
            cursor.setPosition(_units(text[: start + end]), QTextCursor.MoveMode.KeepAnchor)
            mark.cursor = cursor
            mark.format = hit_format()
            marks.append(mark)
        return marks


class SnippetDelegate(QStyledItemDelegate):
    """A snippet on one line, with its hit marked."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        self.initStyleOption(option, index)
        style = option.widget.style() if option.widget is not None else QApplication.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        marked = index.data(MARKED)
        if not marked:
            return
        room = option.rect.adjusted(8, 0, -8, 0)
        words, begin, end = _in_view(marked, QFontMetrics(option.font), room.width())
        layout = QTextLayout(words, option.font)
        span = QTextOption()
        span.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(span)
        hit = QTextLayout.FormatRange()
        hit.start, hit.length, hit.format = _units(words[:begin]), _units(words[begin:end]), hit_format()
        layout.setFormats([hit])
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(1e6)
        layout.endLayout()
        painter.save()
        painter.setClipRect(room)
        painter.setPen(QColor(theme.TEXT))
        top = room.top() + (room.height() - line.height()) / 2
        layout.draw(painter, QPointF(room.left(), top))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, super().sizeHint(option, index).height())


def hit_format() -> QTextCharFormat:
    style = QTextCharFormat()
    style.setForeground(QColor(theme.AMBER))
    style.setBackground(QColor(theme.AMBER_GROUND))
    style.setFontWeight(QFont.Weight.DemiBold)
    return style


def _marked(found: FoundReport) -> Marked:
    if found.snippet is None:
        return "", 0, 0
    before, hit, after = (plain(f"|{part}|")[1:-1] for part in (found.snippet.before, found.snippet.hit, found.snippet.after))
    return before + hit + after, len(before), len(before) + len(hit)


def _in_view(marked: Marked, metrics: QFontMetrics, width: int) -> Marked:
    """Begun so late that the hit is in view."""
    words, begin, end = marked
    before = metrics.elidedText(words[:begin], Qt.TextElideMode.ElideLeft, round(width * BEFORE_SHARE))
    return before + words[begin:], len(before), len(before) + end - begin


def _patient(report: EarlierReport) -> str:
    return " ".join(p for p in (plain(report.patient.key.patient_id), dicom_date(report.patient.birth_date)) if p)


def _units(text: str) -> int:
    """Qt counts in UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
