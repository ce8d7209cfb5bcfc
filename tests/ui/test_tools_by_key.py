"""Every tool by keys alone: the table is walked, each tool is taken and performed without a mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from workstation.commands.table import COMMANDS
from workstation.domain.annotation import POINTS_NEEDED
from workstation.session.tool import DRAWS, Tool

TOOLS = [c for c in COMMANDS if c.id.startswith("tool.")]
STEPS = ("Right", "Down", "Left", "Down")


@pytest.fixture
def press(case):
    def press(key: str, times: int = 1) -> None:
        combination = QKeySequence(key)[0]
        for _ in range(times):
            target = case.focusWidget() or case
            QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
            QApplication.processEvents()

    case.grid.setFocus()
    return press


def test_every_tool_has_a_key_of_its_own():
    keys = [key for c in TOOLS for key in c.keys]
    assert {c.id for c in TOOLS} == {f"tool.{tool.value}" for tool in Tool}
    assert len(keys) == len(set(keys)) == len(TOOLS)


@pytest.mark.parametrize("command", [c for c in TOOLS if Tool(c.id.removeprefix("tool.")) in DRAWS], ids=lambda c: c.id)
def test_a_tool_that_draws_is_performed_by_keys(command, press, case, seat):
    annotating = seat.session.annotating
    kind = DRAWS[Tool(command.id.removeprefix("tool."))]
    press(command.keys[0])
    press("Return")
    assert annotating.drawing.is_by_keys
    fewest, most = POINTS_NEEDED[kind]
    for number in range(fewest):
        if annotating.all():
            break  # a free line has its points from the cursor's way
        press("Return")
        if number < fewest - 1:
            press(f"Shift+{STEPS[number]}")
            press(f"Shift+{STEPS[number + 1]}")
    if most > fewest and not annotating.all():
        press("Return")
    words = case.grid.widget(seat.session.viewing.active).words
    if words.entry is not None:
        QTest.keyClicks(words.entry, "25")
        QTest.keyClick(words.entry, Qt.Key.Key_Return)
    (drawn,) = annotating.all()
    assert drawn.kind is kind
    assert len(drawn.points) >= fewest
    assert case.grid.hasFocus()
    press("Esc", 3)
    assert not annotating.drawing.is_by_keys
    assert seat.session.viewing.tool is Tool.WINDOW


def test_arrows_window_zoom_pan_and_scroll_once_the_tool_is_taken_twice(press, seat):
    viewing = seat.session.viewing
    for key, field in (("W", "window"), ("Z", "zoom"), ("T", "pan"), ("S", "position")):
        press(key)
        if not seat.session.annotating.drawing.is_by_keys:
            press(key)
        before = getattr(viewing.state(), field)
        press("Down" if field == "position" else "Right", 2)
        assert getattr(viewing.state(), field) != before, field
        press("Esc")


def test_the_crosshair_points_where_the_cursor_is(press, case, seat):
    press("X", 2)
    press("Shift+Left")
    press("Return")
    cursor = seat.session.annotating.drawing.cursor
    assert case.grid.viewports.point is not None
    assert case.grid.viewports.point[1][:2] == pytest.approx(cursor)


def test_backspace_takes_the_last_point_back_and_escape_gives_up(press, seat):
    drawing = seat.session.annotating.drawing
    press("A")
    press("Return", 2)
    press("Shift+Right")
    press("Return")
    assert len(drawing.points(0)) == 2
    press("Backspace")
    assert len(drawing.points(0)) == 1
    press("Esc")
    assert not drawing.is_begun
    assert seat.session.viewing.tool is Tool.ANGLE
    assert seat.session.annotating.all() == ()


def test_fine_steps_are_one_pixel_and_fast_ones_forty(press, seat):
    drawing = seat.session.annotating.drawing
    press("D")
    press("Return")
    x, y = drawing.cursor
    press("Ctrl+Right")
    press("Shift+Down")
    assert drawing.cursor == (x + 1, y + 40)


def test_arrows_scroll_while_a_tool_is_used_with_the_mouse(press, seat):
    press("D")
    press("Down")
    assert seat.session.viewing.state().position == 1


def test_arrows_move_a_drawing_only_when_it_was_chosen(press, seat):
    annotating = seat.session.annotating
    press("P")
    press("Return", 2)
    (drawn,) = annotating.all()
    press("Esc", 2)
    press("W")
    press("J")
    press("Right", 3)
    press("Shift+Down")
    moved = annotating.find(drawn.uid)
    assert moved.points[0] == pytest.approx((drawn.points[0][0] + 3, drawn.points[0][1] + 10))
    assert seat.session.viewing.state().position == 0
    press("Ctrl+Z")
    assert annotating.find(drawn.uid).points == drawn.points
    press("Esc")
    press("Down")
    assert seat.session.viewing.state().position == 1


def test_return_maximises_as_before_while_no_tool_draws(press, seat):
    press("Return")
    assert seat.session.viewing.maximised


def test_put_into_the_report_writes_the_words_into_the_section_that_is_written(press, seat):
    press("D")
    press("Return", 2)
    press("Shift+Right")
    press("Return")
    press("Ctrl+M")
    desk = seat.session.desk
    assert desk.report.text(desk.section) == "Length 40.0 mm (series 1, image 1)"
