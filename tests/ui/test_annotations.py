"""Drawings with the mouse: drawn, taken hold of, labelled where they hide least, never on another image."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from ui_mouse import move

from ui import theme
from ui.annotation_labels import Box, Subject, around, leader, place
from ui.annotation_layer import HANDLE_REACH
from ui.annotation_words import label_lines
from workstation.domain.annotation import Annotation, AnnotationKind, Measured, MeasuredValue, Source, Verdict
from workstation.domain.viewing import Plane
from workstation.errors import Refused
from workstation.session.tool import Tool

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def drag(widget, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(widget, LEFT, NONE, start)
    for share in (0.5, 1.0):
        move(widget, start + (end - start) * share, LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, end)


def pixels(widget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)


def yellow(widget) -> np.ndarray:
    colour = [int(theme.DRAWN[i : i + 2], 16) for i in (1, 3, 5)]
    return np.abs(pixels(widget) - colour).max(axis=-1) < 40


@pytest.fixture
def annotating(case, seat):
    return seat.session.annotating


@pytest.fixture
def widget(case):
    return case.grid.widget(0)


START, END = QPoint(60, 200), QPoint(100, 230)


def line(widget, seat, start=START, end=END) -> Annotation:
    seat.session.viewing.set_tool(Tool.LENGTH)
    drag(widget, start, end)
    seat.session.viewing.set_tool(Tool.WINDOW)
    widget.grab()
    return seat.session.annotating.all()[-1]


def test_a_distance_is_measured_from_press_to_release_and_shows_on_its_image_only(widget, seat):
    taken = line(widget, seat)
    assert taken.measured.values[0].text == "50.0 mm"
    assert yellow(widget).any()
    seat.session.viewing.scroll(1)
    assert not yellow(widget).any()


def test_two_clicks_measure_as_a_drag_does(widget, seat, annotating):
    seat.session.viewing.set_tool(Tool.LENGTH)
    for at in (QPoint(60, 200), QPoint(100, 230)):
        QTest.mouseClick(widget, LEFT, NONE, at)
    assert [a.measured.values[0].text for a in annotating.all()] == ["50.0 mm"]


def test_what_cannot_be_measured_is_drawn_with_the_reason(widget, seat, annotating):
    seat.library.viewport("1.1", "1.1.1").forbids = "Gap of 2 slices"
    taken = line(widget, seat)
    assert taken.measured.values == ()
    assert label_lines(taken) == ("Gap of 2 slices",)


def test_a_view_that_takes_no_drawing_says_so_in_the_banner(case, widget, seat, annotating):
    seat.library.viewport("1.1", "1.1.1").refusal = Refused("This image cannot be measured", "It is damaged")
    seat.session.viewing.set_tool(Tool.LENGTH)
    drag(widget, QPoint(60, 200), QPoint(100, 230))
    assert annotating.all() == ()
    assert "It is damaged" in case.banner.text


def test_a_handle_within_reach_of_an_unsteady_hand_moves_its_end(widget, seat, annotating):
    taken = line(widget, seat)
    away = QPoint(100 + 7, 230 + 7)
    assert math.hypot(7, 7) < HANDLE_REACH
    drag(widget, away, QPoint(140, 230))
    moved = annotating.find(taken.uid)
    assert moved.points[0] == taken.points[0]
    assert moved.points[1] == pytest.approx((139.5, 229.5))
    annotating.undo()
    assert annotating.find(taken.uid).points == taken.points


def test_the_line_itself_moves_the_whole(widget, seat, annotating):
    taken = line(widget, seat)
    drag(widget, QPoint(80, 215), QPoint(90, 205))
    moved = annotating.find(taken.uid)
    for now, before in zip(moved.points, taken.points, strict=True):
        assert now == pytest.approx((before[0] + 10, before[1] - 10))
    assert moved.measured == taken.measured


def test_beside_a_drawing_the_window_is_dragged_as_ever(widget, seat, annotating):
    taken = line(widget, seat)
    window = seat.session.viewing.window()
    drag(widget, QPoint(60, 330), QPoint(120, 330))
    assert seat.session.viewing.window() != window
    assert annotating.find(taken.uid).points == taken.points


def test_hovering_shows_which_drawing_is_under_the_pointer(widget, seat, annotating):
    taken = line(widget, seat)
    annotating.select("")
    before = yellow(widget).sum()
    move(widget, QPoint(80, 217), Qt.MouseButton.NoButton)
    assert widget.layer.hovered == taken.uid
    assert yellow(widget).sum() > before
    assert widget.cursor().shape() is Qt.CursorShape.PointingHandCursor


def test_a_double_click_ends_a_polygon(widget, seat, annotating):
    seat.session.viewing.set_tool(Tool.POLYGON)
    for at in (QPoint(60, 200), QPoint(120, 200), QPoint(120, 260)):
        QTest.mouseClick(widget, LEFT, NONE, at)
    QTest.mouseDClick(widget, LEFT, NONE, QPoint(120, 260))
    (drawn,) = annotating.all()
    assert (drawn.kind, len(drawn.points)) == (AnnotationKind.POLYGON, 3)


def test_middle_pans_and_the_wheel_scrolls_while_something_is_drawn(widget, seat, annotating):
    from ui_mouse import wheel

    seat.session.viewing.set_tool(Tool.ANGLE)
    QTest.mouseClick(widget, LEFT, NONE, QPoint(60, 200))
    QTest.mousePress(widget, Qt.MouseButton.MiddleButton, NONE, QPoint(100, 100))
    move(widget, QPoint(130, 100), Qt.MouseButton.MiddleButton)
    QTest.mouseRelease(widget, Qt.MouseButton.MiddleButton, NONE, QPoint(130, 100))
    assert seat.session.viewing.state().pan[0] > 0
    wheel(widget, -120)
    assert seat.session.viewing.state().position == 1
    assert annotating.drawing.is_begun
    wheel(widget, 120)
    assert len(annotating.drawing.points(0)) >= 1


def test_escape_gives_up_the_drawing_then_leaves_the_tool(case, widget, seat, annotating):
    seat.session.viewing.set_tool(Tool.ANGLE)
    QTest.mouseClick(widget, LEFT, NONE, QPoint(60, 200))
    QTest.keyClick(case.grid, Qt.Key.Key_Escape)
    assert (annotating.drawing.is_begun, seat.session.viewing.tool) == (False, Tool.ANGLE)
    QTest.keyClick(case.grid, Qt.Key.Key_Escape)
    assert seat.session.viewing.tool is Tool.WINDOW


def test_the_words_of_an_arrow_are_typed_on_the_image_and_no_letter_runs_a_command(case, widget, seat, annotating):
    seat.session.viewing.set_tool(Tool.ARROW)
    drag(widget, QPoint(60, 200), QPoint(100, 230))
    entry = widget.words.entry
    assert case.focusWidget() is entry
    QTest.keyClicks(entry, "nodule")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert [a.text for a in annotating.all()] == ["nodule"]
    assert seat.session.case.study.study_instance_uid == "1.1"


def test_escape_in_the_line_keeps_no_text(case, widget, seat, annotating):
    seat.session.viewing.set_tool(Tool.TEXT)
    QTest.mouseClick(widget, LEFT, NONE, QPoint(60, 200))
    entry = widget.words.entry
    QTest.keyClicks(entry, "left")
    QTest.keyClick(entry, Qt.Key.Key_Escape)
    assert annotating.all() == ()
    assert case.grid.hasFocus()


def test_a_calibration_line_asks_until_a_length_is_given(widget, seat, annotating):
    seat.session.viewing.set_tool(Tool.CALIBRATION)
    drag(widget, QPoint(60, 200), QPoint(100, 230))
    entry = widget.words.entry
    QTest.keyClicks(entry, "long")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert annotating.all() == ()
    QTest.keyClicks(entry, "25,4")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    assert [a.known_mm for a in annotating.all()] == [25.4]


def test_one_key_hides_drawings_and_drawing_again_shows_them(case, widget, seat, annotating):
    line(widget, seat)
    QTest.keyClick(case.grid, Qt.Key.Key_G)
    assert not yellow(widget).any()
    QTest.keyClick(case.grid, Qt.Key.Key_G)
    assert yellow(widget).any()
    annotating.toggle_layer()
    assert not yellow(widget).any()
    assert widget.layer.hides(widget.view())
    line(widget, seat, QPoint(60, 300), QPoint(100, 330))
    assert annotating.layer_visible


def test_drawings_of_another_case_are_never_painted(case, widget, seat, annotating, qtbot):
    """F63."""
    line(widget, seat)
    seat.session.open(seat.items[1])
    qtbot.waitUntil(lambda: widget.painted is not None and widget.painted.request.state.study_uid == "1.2")
    assert annotating.all() == ()
    assert not yellow(widget).any()
    seat.session.open(seat.items[0])
    qtbot.waitUntil(lambda: widget.painted is not None and widget.painted.request.state.study_uid == "1.1")
    assert yellow(widget).any()


def test_a_finding_of_a_program_says_whose_it_is_is_dashed_and_does_not_move(widget, seat, annotating):
    own = line(widget, seat)
    annotating.remove(own.uid)
    source = Source("program", "NoduleFinder", "2.1", own.source.made)
    annotating.add_received([replace(own, uid="2.25.7", source=source, verdict=Verdict.OPEN)])
    day = own.source.made.date().isoformat()
    found = annotating.find("2.25.7")
    assert label_lines(found) == ("50.0 mm", f"AI: NoduleFinder 2.1, {day}, not judged")
    widget.grab()
    (shape,) = widget.layer._shown
    assert (shape.colour, shape.is_dashed) == (theme.FOREIGN, True)
    drag(widget, QPoint(100, 230), QPoint(140, 230))
    assert annotating.find("2.25.7").points == own.points
    annotating.judge("2.25.7", Verdict.REJECTED)
    annotating.select("")
    widget.grab()
    assert widget.layer._shown == ()


def test_a_study_that_is_not_the_reports_has_a_red_frame_and_words(case, widget, seat, qtbot):
    """F62: the report stays with its study, and other images say that they are not its."""
    red = [int(theme.RED[i : i + 2], 16) for i in (1, 3, 5)]

    def framed() -> bool:
        return bool((np.abs(pixels(widget)[:5, 100] - red).max(axis=-1) < 20).any())

    assert not framed()
    report = seat.session.desk.report
    seat.session.desk._set(replace(report, study_instance_uid="9.9"))
    assert framed()
    line(widget, seat)
    with pytest.raises(Refused, match="another study"):
        seat.session.from_image.insert_one()


def test_the_prior_is_labelled_with_its_date_on_every_image(case, seat):
    """F65."""
    from ui.cell_facts import series_of
    from ui.corner_facts import CornerFacts
    from ui.corner_line import Tone
    from ui.corner_text import corner_lines

    found = [(i, c) for i, c in enumerate(seat.session.viewing.cells) if c.is_prior and c.state is not None]
    assert found
    for index, cell in found:
        painted = case.grid.widget(index)
        painted.grab()
        study, series = series_of(seat.session.case.studies, cell.state)
        lines = corner_lines(
            CornerFacts(study, series, cell.state, painted.painted.picture, is_prior=True, current_date="20261120")
        ).top_right
        assert (lines[0].tone, lines[0].priority) == (Tone.PRIOR, 0)
        assert any(text.text.startswith("2026-02-18") for text in lines)


def test_a_label_stands_inside_the_view_off_the_drawing_and_off_words():
    size, view = (80.0, 30.0), (300.0, 300.0)
    corners = [(250.0, 10.0), (290.0, 10.0), (290.0, 60.0), (250.0, 60.0)]
    words = [Box(150.0, 0.0, 95.0, 80.0)]
    box, is_free = place(size, Subject(corners, corners, corners), view, words)
    assert is_free
    assert min(box.left, box.top) >= 0
    assert max(box.right, box.bottom) <= 300
    assert box.shared(around(corners)) == 0
    assert all(box.shared(other) == 0 for other in words)


def test_a_label_keeps_off_what_is_bright():
    size, view = (60.0, 20.0), (400.0, 400.0)
    points = [(200.0, 150.0), (200.0, 250.0)]
    box, _ = place(size, Subject(points, points), view, [], brightness=lambda b: 1.0 if b.right > 200 else 0.0)
    assert box.right <= 200


def test_two_labels_do_not_lie_on_each_other_and_one_far_away_has_a_leader():
    size, view = (100.0, 40.0), (400.0, 400.0)
    points = [(200.0, 200.0), (230.0, 200.0)]
    first, _ = place(size, Subject(points, points), view, [])
    second, _ = place(size, Subject(points, points), view, [first])
    assert first.shared(second) == 0
    assert leader(Box(0.0, 0.0, 40.0, 20.0), points) == ((40.0, 20.0), (200.0, 200.0))
    assert leader(Box(235.0, 195.0, 40.0, 20.0), points) is None


def test_values_say_unit_and_source_of_spacing():
    drawn = Annotation("2.25.1", AnnotationKind.LENGTH, "1", "2", "3", 1, Plane.STACK)
    for unit, text in (("mm", "23.4 mm"), ("mm at detector", "23.4 mm at detector"), ("px", "23.4 px")):
        measured = Measured((MeasuredValue("Length", 23.4, unit),))
        assert label_lines(replace(drawn, measured=measured)) == (text,)
    area = tuple(MeasuredValue(n, 1.0, "HU") for n in ("Area", "Mean", "SD", "Min", "Max"))
    lines = label_lines(replace(drawn, kind=AnnotationKind.ELLIPSE, measured=Measured(area)))
    assert [name in " ".join(lines) for name in ("Area", "Mean", "SD", "Min", "Max")] == [True] * 5
