"""Subtraction in the real window: its keys, and arrows that move the mask until Esc."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from ui_mouse import move

from workstation.domain.subtraction import Maskable, MaskFacts
from workstation.domain.viewing import PresetTable, Window, WindowPreset

pytestmark = pytest.mark.qt


@pytest.fixture
def press(case):
    def press(key: str) -> None:
        combination = QKeySequence(key)[0]
        QTest.keyClick(QApplication.focusWidget() or case, combination.key(), combination.keyboardModifiers())
        QApplication.processEvents()

    case.grid.setFocus()
    return press


def test_a_run_is_subtracted_its_mask_chosen_and_moved_by_keys_alone(press, case, seat):
    viewing = seat.session.viewing
    viewer = viewing.viewer(viewing.active)
    run = MaskFacts("NAT", "LOG")
    viewer.maskable = lambda state: Maskable(f"{state.series_uid}.run", state.position + 1, 10, run)

    def done():
        return viewer.maskable(viewing.state()).done(viewing.state().subtraction)

    press("Alt+Shift+S")
    assert case.banner.text  # nothing is subtracted yet: it says so
    press("Alt+Shift+D")
    assert done().words == "subtracted, mask 1"
    press("Down")
    press("Alt+Shift+M")
    assert done().words == "subtracted, mask 2"
    seat.presets = PresetTable({"CT": (WindowPreset("1", "Preset", Window(10.0, 100.0)),)})
    press("1")
    assert viewing.state().window is None  # presets are for images as they are: it says so
    assert "No preset" in case.banner.text
    told = []
    seat.session.notice.connect(lambda notice: told.append(notice.text))
    press("Alt+Shift+S")
    assert "Arrow keys move the mask" in told[-1]
    press("Right")
    press("Ctrl+Up")
    assert done().words == "subtracted, mask 2, shift -0.1/0.5"
    press("Backspace")
    assert done().words == "subtracted, mask 2, shift 0.0/0.5"
    press("Esc")
    position = viewing.state().position
    press("Down")
    assert viewing.state().position == position + 1
    press("Alt+Shift+D")
    assert done().words == ""


def test_shift_and_the_left_button_drag_the_mask(press, case, seat):
    """With the picture behind it; without Shift the tool works as ever, and one step takes the drag back."""
    viewing = seat.session.viewing
    viewer = viewing.viewer(viewing.active)
    viewer.maskable = lambda state: Maskable(f"{state.series_uid}.run", state.position + 1, 10, MaskFacts("SUB", "LOG"))
    cell = case.grid.widget(viewing.active)
    middle = cell.rect().center()

    def dragged(keys):
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(cell, left, keys, middle)
        for step in (4, 9):
            move(cell, middle + QPoint(step, -step), left)
        QTest.mouseRelease(cell, left, keys, middle + QPoint(9, -9))

    viewing.change(subtraction=None)
    before = viewing.state()
    dragged(Qt.KeyboardModifier.ShiftModifier)
    done = viewer.maskable(viewing.state()).done(viewing.state().subtraction)
    assert done.words == "subtracted, mask 1, shift -9.0/9.0"
    assert viewing.state().window == before.window
    viewing.subtracting.undo()
    assert viewing.state() == before
    dragged(Qt.KeyboardModifier.NoModifier)
    assert viewing.state().subtraction == before.subtraction
    assert viewing.state().window != before.window
    press("Alt+Shift+S")
    dragged(Qt.KeyboardModifier.NoModifier)  # the arrow keys have the mask in hand: so has the mouse
    assert viewing.state().subtraction is not None
    press("Esc")
