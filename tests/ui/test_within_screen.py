"""A laptop's 1366 x 768 at 150 %: no window of ours is larger, and what is signed with is seen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from ui.report.section_block import SectionBlock
from ui.within_screen import FRAME, fit, place_at, scrolled
from workstation.domain.report import SectionCode

LAPTOP = QSize(911, 512)
PATIENCE = 60_000


class Screen:
    def availableSize(self) -> QSize:
        return LAPTOP


@pytest.fixture
def case(window, seat, qtbot):
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: seat.session.desk.report is not None, timeout=PATIENCE)
    window.resize(LAPTOP - FRAME)
    return window


def test_a_dialog_that_is_too_large_is_made_as_large_as_the_screen(qtbot, qapp):
    large, small = QDialog(), QDialog()
    large.resize(1360, 900)
    small.resize(400, 200)
    for dialog in (large, small):
        fit(dialog, Screen())
    assert large.size() == LAPTOP - FRAME
    assert small.size() == QSize(400, 200)


def test_a_scrolled_page_brings_its_focus_into_sight(qtbot, qapp):
    page = QWidget()
    column = QVBoxLayout(page)
    fields = [QLineEdit() for _ in range(30)]
    for field in fields:
        column.addWidget(field)
    area = scrolled(page)
    qtbot.addWidget(area)
    area.resize(200, 100)
    with qtbot.waitExposed(area):
        area.show()
    fields[0].setFocus()
    assert area.focusPolicy() is Qt.FocusPolicy.NoFocus
    for _ in range(20):
        area.focusNextPrevChild(True)
    here = QRect(fields[20].mapTo(area.viewport(), QPoint()), fields[20].size())
    assert area.viewport().rect().contains(here.center())


def test_dialogs_have_room_on_a_laptop(case):
    for command in ("lesion.table", "report.deliveries", "dictation.say", "keys.edit", "keys.mouse"):
        case.runner.run(command)
        dialog = next(w for w in case.findChildren(QDialog) if w.isVisible())
        least = dialog.minimumSizeHint().expandedTo(dialog.minimumSize())
        assert least.width() <= (LAPTOP - FRAME).width(), command
        assert least.height() <= (LAPTOP - FRAME).height(), command
        dialog.hide()


def test_the_window_is_no_larger_than_a_laptop_and_shows_where_one_signs_and_writes(case, qtbot):
    assert case.size() == LAPTOP - FRAME
    panel = case.report_panel
    final = panel.sign_row.final
    assert case.rect().contains(final.mapTo(case, final.rect().bottomRight()))
    editor = panel.editor(SectionCode.RECOMMENDATION)
    editor.setFocus()
    area = next(a for a in panel.findChildren(QScrollArea) if a.isAncestorOf(editor))
    middle = editor.rect().center()
    qtbot.waitUntil(lambda: area.viewport().rect().contains(editor.mapTo(area.viewport(), middle)), timeout=PATIENCE)


def test_what_is_written_into_keeps_its_lines_in_a_low_window(case, qtbot):
    """All the other sections hold text as well; they give way, and what is left over is scrolled."""
    case.resize(1366 - FRAME.width(), 768 - FRAME.height())
    desk = case.report_panel._session.desk
    for code in (SectionCode.PROCEDURE, SectionCode.COMPARISON, SectionCode.FINDINGS, SectionCode.IMPRESSION):
        desk.write(code, "\n".join(f"Sentence {number}." for number in range(12)))
    for code, lines in ((SectionCode.FINDINGS, 4), (SectionCode.IMPRESSION, 3)):
        editor = case.report_panel.editor(code)
        editor.setFocus()
        qtbot.waitUntil(
            lambda e=editor, n=lines: e.height() >= e.height_of(n) and is_in_sight(case.report_panel, e), timeout=PATIENCE
        )


def is_in_sight(panel, editor):
    room = next(a for a in panel.findChildren(QScrollArea) if a.isAncestorOf(editor)).viewport()
    return room.rect().contains(QRect(editor.mapTo(room, QPoint()), editor.size()))


def test_what_is_known_is_cut_between_its_lines(case, qtbot):
    block = next(b for b in case.report_panel.findChildren(SectionBlock) if b.code is SectionCode.HISTORY)
    block.show_context("words of a long history " * 20, writable=True)
    one, two = block.context.height_of(1), block.context.height_of(2)
    for height in range(one, block.context.height_of(5)):
        block.give(height, 0)
        lines = (block.context.height() - one) / (two - one)
        assert abs(lines - round(lines)) * (two - one) <= 4, "no line through its middle"
        assert block.context.height() <= height


def test_a_list_at_the_caret_stays_on_the_screen(qtbot, qapp):
    popup = QWidget()
    popup.resize(200, 100)
    screen = qapp.primaryScreen()
    room = screen.availableGeometry()
    for x, y in ((room.left() + 5, room.top() + 5), (room.right() - 20, room.top() + 5), (room.right() - 20, room.bottom() - 30)):
        line = QRect(x, y, 1, 18)
        place_at(popup, line, screen)
        assert room.contains(popup.geometry())
        assert not popup.geometry().intersects(line), "what is being chosen for is not covered"
