"""Lists look alike: heads above their words, words where there are no rows, and Return never resets."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QTableWidgetItem, QToolTip

from ui.drawings_dialog import DrawingsDialog
from ui.list_table import ListTable
from ui.worklist_columns_dialog import ColumnsDialog


def written_pixels(table):
    """How many pixels of the list are not its ground."""
    image = table.viewport().grab().toImage()
    ground = image.pixelColor(2, 2)
    return sum(image.pixelColor(x, y) != ground for x in range(image.width()) for y in range(0, image.height(), 2))


def test_an_empty_list_says_so_until_there_is_a_row(qtbot, qapp):
    table = ListTable(["A", "B"], "list", 0)
    qtbot.addWidget(table)
    table.resize(300, 160)
    assert written_pixels(table) == 0
    table.when_empty = "Nothing is here"
    assert written_pixels(table) > 100
    said = table.viewport().grab().toImage()
    table.setRowCount(1)
    table.setItem(0, 0, QTableWidgetItem(""))
    assert table.viewport().grab().toImage() != said


def test_heads_stand_above_their_words_and_stay_quiet(qtbot, qapp):
    table = ListTable(["A", "B"], "list", 0)
    qtbot.addWidget(table)
    assert table.horizontalHeader().defaultAlignment() & Qt.AlignmentFlag.AlignLeft
    assert not table.horizontalHeader().highlightSections()


def test_a_case_without_drawings_says_so(window):
    window.runner.run("drawing.list")
    (dialog,) = window.findChildren(DrawingsDialog)
    assert dialog.table.when_empty == "Nothing is drawn on the images of this case"


def test_return_closes_the_columns_and_does_not_reset_them(window):
    dialog = ColumnsDialog(window.worklist.columns, window)
    box = dialog.findChild(QDialogButtonBox)
    assert box.button(QDialogButtonBox.StandardButton.Close).isDefault()
    assert not box.button(QDialogButtonBox.StandardButton.Reset).autoDefault()
    dialog.deleteLater()


def test_words_that_are_cut_off_are_whole_in_the_tool_tip(qtbot, qapp, monkeypatch):
    shown = []
    monkeypatch.setattr(QToolTip, "showText", lambda at, text, *_: shown.append(text))
    table = ListTable(["A", "B"], "list")
    qtbot.addWidget(table)
    table.fix_widths(60, 200)
    table.setRowCount(1)
    for column, text in enumerate(("words too <long> for their column", "short")):
        table.setItem(0, column, QTableWidgetItem(text))
        at = table.visualItemRect(table.item(0, column)).center()
        QApplication.sendEvent(table.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, table.viewport().mapToGlobal(at)))
    assert shown == ["<qt>words too &lt;long&gt; for their column</qt>"]
