"""Every colour that carries words can be read in the dark (WCAG 2.2: 4.5:1 text, 3:1 marks)."""

from __future__ import annotations

import re

import pytest

from ui import theme

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
