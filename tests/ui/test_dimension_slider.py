"""The bar of volumes at the same places and the curve of a drawing over them, in the real window."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from one_volume import volumes
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui import theme
from ui.corner_facts import CornerFacts
from ui.corner_text import corner_lines
from ui.curve_panel import CurvePanel
from workstation.domain.annotation import AnnotationKind
from workstation.domain.curve import Curve, CurvePoint
from workstation.domain.viewing import Layout
from workstation.errors import Refused
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt

WEIGHTS = volumes("b 0", "b 400", "b 1000", "b 2000", values=(0.0, 400.0, 1000.0, 2000.0))
POINTS = (CurvePoint("b 0", 0.0, 300.0, 4.0), CurvePoint("b 400", 400.0, 200.0, 3.0), CurvePoint("b 1000", 1000.0, 80.0))
MADE = Curve("b-values", "s/mm²", "HU", POINTS)


@pytest.fixture
def several(case, seat):
    """The first viewport shows a series of four volumes; it fills the grid."""
    viewer = seat.library.viewport("1.1", "1.1.1")
    viewer.volumes = WEIGHTS
    seat.session.viewing.set_layout(Layout(1, 1))
    seat.library.changed.emit("1.1.1")
    case.grid.setFocus()
    QApplication.processEvents()
    return case.grid.widget(0)


def press(case, key: str) -> None:
    combination = QKeySequence(key)[0]
    QTest.keyClick(case.focusWidget() or case, combination.key(), combination.keyboardModifiers())
    QApplication.processEvents()


def middle(slider, dimension: int) -> QPoint:
    return slider.place_of(dimension).center().toPoint()


def test_an_ordinary_series_has_no_bar(case):
    assert all(widget.slider.isHidden() for widget in case.grid.widgets)


def test_a_series_of_several_volumes_has_a_thin_bar_at_its_lower_edge(several):
    slider = several.slider
    assert slider.isVisible()
    assert slider.geometry().bottom() == several.rect().bottom()
    assert slider.width() == several.width()
    painted = slider.place_of(0)
    assert painted.height() <= 4
    places = [slider.place_of(i) for i in range(4)]
    assert all(a.right() <= b.left() for a, b in pairwise(places))
    assert places[-1].right() <= several.width()


def test_the_bar_goes_when_another_series_hangs_there(several, seat, case):
    study = seat.session.case.study
    seat.session.viewing.hang_series(0, study, study.series[1], False)
    assert several.slider.isHidden()


def test_the_bar_follows_the_size_of_its_viewport(several, case):
    case.resize(900, 600)
    QApplication.processEvents()
    assert several.slider.geometry().bottom() == several.rect().bottom()
    assert several.slider.width() == several.width()


def test_a_click_and_a_drag_show_another_volume_at_the_same_image(several, seat):
    viewing, slider = seat.session.viewing, several.slider
    viewing.scroll(3)
    position = viewing.state().position
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=middle(slider, 2))
    assert (viewing.dimensions.shown(0), viewing.state().position) == (2, position)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle(slider, 0))
    for dimension in (1, 3):
        QTest.mouseMove(slider, middle(slider, dimension))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle(slider, 3))
    assert viewing.dimensions.shown(0) == 3


def test_the_shown_volume_is_lit_and_the_words_of_the_one_under_the_mouse_are_said(several, seat):
    slider = several.slider
    seat.session.viewing.dimensions.go(0, 1)
    image = slider.grab().toImage()
    colours = [image.pixelColor(middle(slider, i)).name() for i in range(4)]
    assert colours == [theme.EDGE, theme.ACCENT, theme.EDGE, theme.EDGE]
    QTest.mouseMove(slider, middle(slider, 2))
    QApplication.processEvents()
    assert slider._words.isVisible()
    assert slider._words.text == "b 1000 (3/4)"
    assert several.rect().contains(slider._words.geometry())
    slider.leaveEvent(None)
    assert not slider._words.isVisible()


def test_what_cannot_be_cut_through_says_why_under_the_mouse(several, seat):
    broken = replace(WEIGHTS[1], reason="1 of its 4 slices is missing.")
    seat.library.viewport("1.1", "1.1.1").volumes = (WEIGHTS[0], broken, *WEIGHTS[2:])
    assert several.slider.words_of(1) == "b 400 (2/4): 1 of its 4 slices is missing."


def test_keys_step_play_and_say_why_not(several, seat, case):
    dimensions = seat.session.viewing.dimensions
    press(case, "Shift+PgDown")
    press(case, "Shift+PgDown")
    press(case, "Shift+PgUp")
    assert dimensions.shown(0) == 1
    press(case, "Ctrl+Shift+C")
    assert dimensions.cine.index == 0
    press(case, "Ctrl+Shift+C")
    assert not dimensions.cine.is_running
    seat.library.viewport("1.1", "1.1.1").volumes = ()
    press(case, "Shift+PgDown")
    assert "One volume only" in case.banner.text


def test_the_corner_says_which_volume_was_painted(several, seat):
    viewer = seat.library.viewport("1.1", "1.1.1")
    viewer.picture_of = lambda picture: replace(picture, dimension="b 1000 (3/4)")
    seat.session.viewing.scroll(2)
    several.grab()
    assert several.painted.picture.dimension == "b 1000 (3/4)"
    study = seat.session.case.study
    facts = CornerFacts(study, study.series[0], seat.session.viewing.state(), several.painted.picture)
    lines = corner_lines(facts)
    assert any("3/10 · b 1000 (3/4)" in line.text for line in lines.bottom_left)


# The curve


@pytest.fixture
def area(several, seat, case, qtbot):
    viewing, annotating = seat.session.viewing, seat.session.annotating
    viewing.set_tool(Tool.ELLIPSE)
    QTest.mousePress(several, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    QTest.mouseMove(several, QPoint(300, 280))
    QTest.mouseRelease(several, Qt.MouseButton.LeftButton, pos=QPoint(300, 280))
    (drawn,) = annotating.all()
    assert drawn.kind is AnnotationKind.ELLIPSE
    annotating.select(drawn.uid)
    viewing.set_tool(Tool.WINDOW)
    return drawn


def panel_of() -> CurvePanel:
    return next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, CurvePanel) and widget.isVisible())


def test_the_key_opens_the_curve_with_values_units_and_csv(area, case, seat, qtbot):
    seat.library.viewport("1.1", "1.1.1").made_curve = MADE
    press(case, "Alt+D")
    panel = panel_of()
    qtbot.waitUntil(lambda: panel.curve is MADE)
    assert [panel.table.item(0, column).text() for column in range(3)] == ["b 0", "300", "4"]
    assert panel.table.item(2, 2).text() == "–"
    assert panel.table.horizontalHeaderItem(1).text() == "Mean HU"
    points = panel.plot.points()
    assert [round(p.x()) for p in points] == sorted(round(p.x()) for p in points)
    assert points[0].y() < points[1].y() < points[2].y()  # values fall
    assert points[1].x() - points[0].x() == pytest.approx((points[2].x() - points[0].x()) * 0.4)
    panel.copy.click()
    assert QGuiApplication.clipboard().text() == MADE.csv()
    panel.close()


def test_the_curve_keeps_its_drawing_when_the_selection_goes(area, case, seat, qtbot):
    seat.library.viewport("1.1", "1.1.1").made_curve = MADE
    press(case, "Alt+D")
    panel = panel_of()
    qtbot.waitUntil(lambda: panel.curve is MADE)
    seat.session.annotating.select("")
    panel._measure()
    qtbot.waitUntil(lambda: panel.curve is MADE)
    panel.close()


@pytest.mark.parametrize("selected", [True, False])
def test_without_a_curve_the_panel_says_why(area, case, seat, qtbot, selected):
    seat.library.viewport("1.1", "1.1.1").made_curve = Refused("No curve of this drawing", "It must not be measured")
    if not selected:
        seat.session.annotating.select("")
    press(case, "Alt+D")
    panel = panel_of()
    words = "It must not be measured" if selected else "No drawing is selected"
    qtbot.waitUntil(lambda: words in panel.said.text())
    assert not panel.copy.isEnabled()
    panel.close()
