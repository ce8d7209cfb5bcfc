"""Lesions over time: a row a lesion, a column a study, what changed, and the sum of long axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ui import theme
from ui.list_table import quiet_heads
from ui.plain import core_text, plain
from workstation.domain.annotation import Verdict
from workstation.domain.lesion import LesionCell, LesionRow, LesionSum
from workstation.errors import Refused, WorkstationError
from workstation.session.lesion_words import change_words, doubling_words, size_words
from workstation.session.session import Session


class LesionsDialog(QDialog):
    """Stays up to date while it is open. Return goes to the lesion of the row."""

    def __init__(self, session: Session, told: Callable[[str], str] = str, parent: QWidget | None = None) -> None:
        """`told` says the keys of a sentence as they are now."""
        super().__init__(parent)
        self.setObjectName("lesionsDialog")
        self.setWindowTitle(self.tr("Lesions over time"))
        self._session = session
        self._lesions: list[str] = []
        self._cells: dict[tuple[int, int], LesionCell] = {}
        self.hint = QLabel(
            told(self.tr("No lesion is followed yet. Measure one, and press Ctrl+Shift+P to find it in the other study."))
        )
        self.hint.setWordWrap(True)
        self.table = self._made_table()
        self.join = QComboBox()
        self.join.setAccessibleName(self.tr("Lesion of the selected drawing"))
        self.join_button = self._button(self.tr("&Add the selected drawing"), self._add_selected)
        self.buttons = [
            self._button(self.tr("&Show"), self._show),
            self._button(self.tr("&Rename…"), self._rename),
            self._button(self.tr("Ac&cept"), self._accept_size),
            self._button(self.tr("&Take out"), self._take_out),
            self._button(self.tr("Copy as CS&V"), self._copy),
            self._button(self.tr("&Put into the report"), session.from_image.insert_lesions),
        ]
        self._lay_out()
        QShortcut(QKeySequence("F2"), self, self._rename)
        self.resize(900, 460)
        session.annotating.changed.connect(self._fill)
        session.annotating.selection_changed.connect(self._fill)
        session.case_changed.connect(self._fill)
        self._fill(None)

    def _made_table(self) -> QTableWidget:
        table = QTableWidget(0, 1)
        table.setAccessibleName(self.tr("Lesions of this patient over time"))
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setWordWrap(True)
        table.verticalHeader().hide()
        quiet_heads(table)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.itemActivated.connect(lambda _: self._show())
        return table

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in self.buttons:
            row.addWidget(button)
        row.addStretch(1)
        joining = QHBoxLayout()
        joining.addStretch(1)
        joining.addWidget(self.join)
        joining.addWidget(self.join_button)
        column = QVBoxLayout(self)
        column.addWidget(self.hint)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        column.addLayout(joining)

    def _button(self, title: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(title)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._try(act))
        return button

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except WorkstationError as error:
            self._session.report_problem(error)

    # ---- what it shows -----------------------------------------------------------------

    def _fill(self, _: object) -> None:
        table = self._session.lesions.table()
        here = self.table.currentRow(), self.table.currentColumn()
        self._lesions = [row.lesion for row in table.rows]
        self._cells = {}
        headers = [self.tr("Lesion"), *(t.day.isoformat() if t.day else self.tr("Date unknown") for t in table.times)]
        self.table.setColumnCount(len(headers))
        self.table.setHorizontalHeaderLabels(headers)
        self.table.setRowCount(len(table.rows) + bool(table.sums))
        for number, row in enumerate(table.rows):
            self.table.setItem(number, 0, QTableWidgetItem(plain(row.name)))
            for column, cell in enumerate(row.cells, start=1):
                self.table.setItem(number, column, self._item(cell))
                if cell is not None:
                    self._cells[number, column] = cell
        for column, total in enumerate(table.sums, start=1):
            self.table.setItem(len(table.rows), column, QTableWidgetItem(self._sum_text(total)))
        if table.sums:
            self.table.setItem(
                len(table.rows), 0, QTableWidgetItem(self.tr("Sum of long axes ({0})").format(table.sums[0].count))
            )
        self.table.resizeRowsToContents()
        if table.rows:
            self.table.setCurrentCell(min(max(here[0], 0), len(table.rows) - 1), min(max(here[1], 0), len(headers) - 1))
        self.hint.setVisible(not table.rows)
        self._fill_join(table.rows)
        for button in self.buttons:
            button.setEnabled(bool(table.rows))

    def _fill_join(self, rows: Sequence[LesionRow]) -> None:
        chosen = self.join.currentData()
        self.join.clear()
        self.join.addItem(self.tr("A new lesion"), "")
        for row in rows:
            self.join.addItem(plain(row.name), row.lesion)
        self.join.setCurrentIndex(max(self.join.findData(chosen), 0))
        self.join_button.setEnabled(self._session.annotating.find(self._session.annotating.selected) is not None)

    def _item(self, cell: LesionCell | None) -> QTableWidgetItem:
        if cell is None:
            item = QTableWidgetItem("\u2013")
            item.setForeground(QColor(theme.FAINT))
            return item
        lines = [plain(size_words(cell.values))] if cell.values else []
        if cell.is_proposed:
            lines.append(self.tr("proposed: accept it or move its ends"))
        if cell.change is not None:
            days = cell.doubling_days
            lines.append(", ".join([change_words(cell.change), *([core_text(doubling_words(days))] if days is not None else [])]))
        lines += [core_text(note) for note in cell.notes]
        item = QTableWidgetItem("\n".join(lines))
        if cell.is_proposed:
            item.setForeground(QColor(theme.AMBER))
        return item

    def _sum_text(self, total: LesionSum) -> str:
        lines = [f"{total.millimetres:.1f} mm"]
        if total.since_first is not None:
            lines.append(self.tr("{0} since the first").format(change_words(total.since_first)))
        if total.since_smallest is not None:
            more = self.tr("{0} (+{1:.1f} mm) since the smallest")
            lines.append(more.format(change_words(total.since_smallest), total.more_than_smallest_mm or 0.0))
        return "\n".join(lines)

    # ---- what it does ------------------------------------------------------------------

    def _lesion(self) -> str:
        row = self.table.currentRow()
        return self._lesions[row] if 0 <= row < len(self._lesions) else ""

    def _cell(self) -> LesionCell:
        cell = self._cells.get((self.table.currentRow(), self.table.currentColumn()))
        if cell is None:
            raise Refused("No size is chosen", "", "Go to a size in the table first")
        return cell

    def _show(self) -> None:
        if self._lesion():
            self._session.lesions.show(self._lesion())

    def _rename(self) -> None:
        lesion = self._lesion()
        if not lesion:
            return
        name, ok = QInputDialog.getText(self, self.tr("Rename"), self.tr("Name of the lesion"), text=self._name_of(lesion))
        if ok:
            self._try(lambda: self._session.lesions.rename(lesion, name))

    def _name_of(self, lesion: str) -> str:
        return next((a.lesion_name for a in self._session.lesions.of(lesion)), "")

    def _accept_size(self) -> None:
        self._session.annotating.judge(self._cell().drawn.uid, Verdict.ACCEPTED)

    def _take_out(self) -> None:
        self._session.lesions.release(self._cell().drawn.uid)

    def _add_selected(self) -> None:
        drawn = self._session.annotating.find(self._session.annotating.selected)
        if drawn is not None:
            self._session.lesions.follow(drawn, self.join.currentData() or "")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.csv())

    def csv(self) -> str:
        """The table with one line a lesion and study, separated by semicolons as Nordic spreadsheets expect."""
        lines = ["lesion;date;value;unit;value 2;unit 2;change %;doubling days;proposed"]
        table = self._session.lesions.table()
        for row in table.rows:
            for time, cell in zip(table.times, row.cells, strict=True):
                if cell is None or not cell.values:
                    continue
                second = cell.values[1] if len(cell.values) > 1 else None
                lines.append(
                    ";".join(
                        (
                            _cell_text(row.name),
                            time.day.isoformat() if time.day else "",
                            f"{cell.values[0].value:.2f}",
                            cell.values[0].unit,
                            f"{second.value:.2f}" if second else "",
                            second.unit if second else "",
                            "" if cell.change is None else f"{cell.change * 100:.1f}",
                            "" if cell.doubling_days is None else f"{cell.doubling_days:.0f}",
                            "yes" if cell.is_proposed else "no",
                        )
                    )
                )
        return "\n".join(lines) + "\n"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return belongs to the table."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.table.hasFocus():
            self._show()
            return
        super().keyPressEvent(event)


def _cell_text(text: str) -> str:
    """Text in a spreadsheet's cell: never a formula."""
    clean = plain(text).replace(";", ",")
    return f"'{clean}" if clean[:1] in "=+-@" else clean
