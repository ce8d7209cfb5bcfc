"""Every colour that carries words can be read in the dark (WCAG 2.2: 4.5:1 text, 3:1 marks)."""

from __future__ import annotations

import re
from contextlib import nullcontext

import pytest
from PySide6.QtWidgets import QWidget
from window_seat import WindowSeat

from ui import theme
from ui.main_window import MainWindow

pytestmark = pytest.mark.qt


@pytest.mark.parametrize(("text", "ground"), theme.TEXT_PAIRS)
def test_text_stands_out_from_its_ground(text, ground):
    assert theme.contrast(text, ground) >= 4.5


@pytest.mark.parametrize(("mark", "ground"), theme.MARK_PAIRS)
def test_marks_that_must_be_seen_stand_out(mark, ground):
    assert theme.contrast(mark, ground) >= 3.0


def test_contrast_of_black_and_white_is_21():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_grounds_are_neutral_so_that_nothing_tints_the_image():
    for colour in (theme.IMAGE, theme.GROUND, theme.PANEL, theme.RAISED, theme.HOVER, theme.LINE):
        assert colour[1:3] == colour[3:5] == colour[5:7]
    assert theme.IMAGE == "#000000"


def test_no_text_is_smaller_than_eleven_points(qapp):
    assert qapp.font().pointSizeF() >= 11
    assert theme.text_font(7).pointSizeF() >= 11
    sizes = [float(s) for s in re.findall(r"font-size:\s*([\d.]+)pt", theme.style_sheet())]
    assert all(size >= 11 for size in sizes)
    assert "px;" not in re.findall(r"font-size:[^;]*;", theme.style_sheet())


def test_the_style_sheet_names_no_unknown_colour():
    assert "$" not in theme.style_sheet()


def test_focus_is_visible_on_everything_that_takes_it():
    sheet = theme.style_sheet()
    for widget in (
        "QPushButton:focus",
        "QToolButton:focus",
        "QLineEdit:focus",
        "QPlainTextEdit:focus",
        "QAbstractItemView:focus",
    ):
        block = sheet[sheet.index(widget) :]
        assert theme.ACCENT in block[: block.index("}")]


def test_a_window_that_is_dressed_at_the_end_keeps_the_room_that_its_words_need(qapp, qtbot, tmp_path):
    """What measures words while it is made would measure them bare, and cut them off when they are dressed."""

    def fixed(name: str) -> dict[str, tuple[int, int]]:
        (tmp_path / name).mkdir()
        with theme.dressed_at_the_end(qapp) if name == "bare" else nullcontext():
            window = MainWindow(WindowSeat(tmp_path / name))
        qtbot.addWidget(window)
        window.show()
        window.pages.setCurrentWidget(window.reading)
        qapp.processEvents()
        found = {}
        for widget in window.findChildren(QWidget):
            least, most = widget.minimumSize(), widget.maximumSize()
            if most.width() == least.width() or most.height() == least.height():
                found[path_of(widget)] = (most.width(), most.height())
        window.close()
        return found

    dressed, bare = fixed("dressed"), fixed("bare")
    assert len(dressed) > 10
    assert bare == dressed
    assert qapp.styleSheet() == theme.style_sheet()


def path_of(widget: QWidget) -> str:
    parent = widget.parentWidget()
    if parent is None:
        return type(widget).__name__
    place = [child for child in parent.children() if isinstance(child, QWidget)].index(widget)
    return f"{path_of(parent)}/{place} {type(widget).__name__} {widget.objectName()}"
