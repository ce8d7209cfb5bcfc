"""Words of drawings: they hide nothing, are moved by hand and by keys, and stand right on every screen."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from ui_mouse import move

from ui import halo
from ui.annotation_labels import Box, Subject, is_free, place
from ui.annotation_layer import HANDLE_REACH, AnnotationLayer
from ui.annotation_placing import STEP, _along, words_of
from ui.annotation_shapes import LABEL_POINTS
from ui.corner_fit import fitted, line_height
from ui.corner_line import Corners, Line
from ui.reference_lines import View
from workstation.domain.annotation import Annotation, AnnotationKind, LabelPlace
from workstation.domain.viewing import Plane
from workstation.session.tool import Tool

pytestmark = pytest.mark.qt
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
K = AnnotationKind
RATIOS = (1.0, 1.25, 1.5, 2.0)
NOTHING = Corners()
SHAPES = (
    (K.LENGTH, [(60, 80), (100, 110)]),
    (K.BIDIRECTIONAL, [(200, 80), (260, 110), (225, 110), (240, 75)]),
    (K.ANGLE, [(60, 200), (90, 160), (130, 210)]),
    (K.COBB, [(300, 200), (360, 210), (300, 290), (365, 270)]),
    (K.ELLIPSE, [(160, 180), (230, 260)]),
    (K.RECTANGLE, [(60, 280), (120, 330)]),
    (K.CIRCLE, [(330, 90), (350, 105)]),
    (K.POLYGON, [(200, 300), (250, 290), (270, 340), (215, 360)]),
    (K.PROBE, [(150, 130)]),
    (K.ARROW, [(400, 300), (430, 330)]),
)


@pytest.fixture
def widget(case):
    return case.grid.widget(0)


@pytest.fixture
def annotating(seat):
    return seat.session.annotating


@pytest.fixture
def press(case):
    def press(key: str, times: int = 1) -> None:
        combination = QKeySequence(key)[0]
        for _ in range(times):
            QTest.keyClick(case.focusWidget() or case, combination.key(), combination.keyboardModifiers())
            QApplication.processEvents()

    case.grid.setFocus()
    return press


def drag(widget, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(widget, LEFT, NONE, start)
    for share in (0.5, 1.0):
        move(widget, start + (end - start) * share, LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, end)


def draw(seat, kind: AnnotationKind, points, index: int = 0) -> Annotation:
    """Points in the logical pixels of a view as wide as its device."""
    view = seat.library.viewport("1.1", "1.1.1")
    made = view.annotation_at(seat.session.viewing.state(index), 1000, 1000, points, kind)
    seat.session.annotating.add(replace(made, measured=seat.session.annotating.measure(made), text="Seen before"))
    return seat.session.annotating.find(made.uid)


def length(widget, seat) -> Annotation:
    """From (80, 200) to (120, 230)."""
    seat.session.viewing.set_tool(Tool.LENGTH)
    drag(widget, QPoint(80, 200), QPoint(120, 230))
    seat.session.viewing.set_tool(Tool.WINDOW)
    widget.grab()
    return seat.session.annotating.all()[-1]


def shape_of(widget, uid):
    widget.grab()
    return next(s for s in widget.layer._shown if s.drawn.uid == uid)


def middle(shape) -> QPoint:
    return QPoint(*(round(v) for v in shape.box.middle))


# ---- where they stand by themselves --------------------------------------------------------


def shown(seat, ratio: float, size=(500, 400), corners=NOTHING):
    """Shapes of a view of `size` logical pixels on a screen of that ratio."""
    view = seat.library.viewport("1.1", "1.1.1")
    state = seat.session.viewing.state(0)
    wide, high = round(size[0] * ratio), round(size[1] * ratio)
    layer = AnnotationLayer(seat.session.annotating, 0)
    return layer, layer.shapes(View(view, state, wide, high), view.picture(state, wide, high), ratio, corners)


@pytest.mark.parametrize("ratio", RATIOS)
def test_no_words_lie_on_words_on_what_they_measure_or_beyond_the_view(case, seat, ratio):
    for kind, points in SHAPES:
        draw(seat, kind, [(x * ratio, y * ratio) for x, y in points])
    lines = tuple(Line(f"Corner line {n} of this image", 1) for n in range(4))
    corners = Corners(lines, lines, lines, lines)
    layer, shapes = shown(seat, ratio, corners=corners)
    assert len(shapes) == len(SHAPES)
    assert layer.crowded == 0
    taken = [Box(p.left, p.top, p.width, line_height()) for p in fitted(corners, 500, 400)]
    for number, shape in enumerate(shapes):
        others = [*taken, *(s.box for i, s in enumerate(shapes) if i != number)]
        assert is_free(shape.box, others), shape.drawn.kind
        assert min(shape.box.left, shape.box.top, 500 - shape.box.right, 400 - shape.box.bottom) >= 0
        own = [p for line in shape.corners for p in line]
        assert not any(shape.box.holds(p) for p in own), shape.drawn.kind
        if shape.drawn.kind in (K.ELLIPSE, K.RECTANGLE, K.CIRCLE, K.POLYGON):
            centre = [sum(v) / len(own) for v in zip(*own, strict=True)]
            assert not shape.box.holds((centre[0], centre[1]))


@pytest.mark.parametrize("ratio", RATIOS)
def test_words_are_as_large_and_handles_as_easy_to_hit_on_every_screen(case, seat, ratio):
    """Logical pixels: nine beside a handle takes it at any ratio, and so do words."""
    drawn = draw(seat, K.LENGTH, [(100 * ratio, 150 * ratio), (300 * ratio, 150 * ratio)])
    layer, (shape,) = shown(seat, ratio)
    assert [v for point in shape.points for v in point] == pytest.approx([100, 150, 300, 150])
    words = words_of(shape)
    wide = max(halo.width(line, LABEL_POINTS) for line in words)
    assert (shape.box.width, shape.box.height) == pytest.approx((wide, len(words) * halo.metrics(LABEL_POINTS).height()))
    for turn in range(16):
        dx, dy = 9 * math.cos(turn), 9 * math.sin(turn)
        hit = layer.hit((100 + dx, 150 + dy))
        assert (hit.drawn.uid, hit.handle) == (drawn.uid, 0)
    assert HANDLE_REACH >= 9
    assert layer.hit(shape.box.middle).is_label
    assert layer.hit((200, 157)).handle is None


@pytest.mark.parametrize("zoom", [0.2, 1.0, 8.0])
def test_handles_are_hit_alike_at_every_zoom(case, seat, zoom):
    drawn = draw(seat, K.LENGTH, [(100, 150), (300, 150)])
    seat.session.viewing.change(0, zoom=zoom)
    layer, _ = shown(seat, 1.0)
    assert layer.hit((109, 150)).handle == 0
    assert layer.hit((300, 141)).drawn.uid == drawn.uid


def test_a_length_keeps_what_lies_beside_it_free_for_the_eye():
    points = [(200.0, 200.0), (300.0, 200.0)]
    box, is_free_there = place(
        (80, 16), Subject(points, [(200 + x, 200.0) for x in range(0, 101, 10)], margin=30.0), (500, 400), []
    )
    assert is_free_there
    assert not box.grown(29).holds((250.0, 200.0))
    assert min(math.dist(box.nearest(p), p) for p in points) >= 29


def test_where_no_room_is_left_words_are_counted_and_not_put_on_others(case, seat, widget):
    words = Corners((Line("x" * 400, 0),) * 14, (), (Line("y" * 400, 0),) * 14, ())
    uids = [draw(seat, K.LENGTH, [(20 + 8 * n, 60), (24 + 8 * n, 90)]).uid for n in range(8)]
    seat.session.annotating.select("")
    layer, shapes = shown(seat, 1.0, size=(160, 150), corners=words)
    boxes = [s.box for s in shapes if s.box is not None]
    assert layer.crowded == len(uids) - len(boxes) > 0
    for number, box in enumerate(boxes):
        assert is_free(box, boxes[:number] + boxes[number + 1 :])
    seat.session.annotating.select(next(s.drawn.uid for s in shapes if s.is_crowded))
    _, again = shown(seat, 1.0, size=(160, 150), corners=words)
    assert next(s for s in again if s.drawn.uid == seat.session.annotating.selected).box is not None


def test_the_same_lesion_on_the_next_image_keeps_its_words_where_they_stood(case, seat, widget):
    """Measured on image after image: words that jump cannot be read while one scrolls."""
    viewing = seat.session.viewing
    draw(seat, K.RECTANGLE, [(150, 120), (300, 178)])  # on the first image only: it keeps the words from their best place
    first = draw(seat, K.LENGTH, [(160, 180), (200, 190)])
    stood = shape_of(widget, first.uid).box
    viewing.scroll(1)
    second = draw(seat, K.LENGTH, [(160, 184), (200, 194)])
    box = shape_of(widget, second.uid).box
    assert first.uid not in {shape.drawn.uid for shape in widget.layer._shown}
    assert (box.left, box.top) == pytest.approx((stood.left, stood.top + 4))
    viewing.scroll(1)
    elsewhere = draw(seat, K.LENGTH, [(300, 320), (340, 330)])
    far = shape_of(widget, elsewhere.uid)
    away = [min(math.dist(point, place.nearest(point)) for point in far.points) for place in (far.box, box)]
    assert away[0] < away[1]


def test_corner_text_that_grows_makes_words_give_way_and_nothing_else_moves_them(case, seat):
    draw(seat, K.LENGTH, [(60, 60), (100, 60)])
    view, state = seat.library.viewport("1.1", "1.1.1"), seat.session.viewing.state(0)
    layer = AnnotationLayer(seat.session.annotating, 0)

    def boxes(corners):
        return layer.shapes(View(view, state, 500, 400), view.picture(state, 500, 400), 1.0, corners)[0].box

    first = boxes(Corners())
    assert boxes(Corners((Line("a", 0),))) == first
    many = Corners(tuple(Line("A long line of corner text that reaches far", 0) for _ in range(8)))
    moved = boxes(many)
    assert moved != first
    assert is_free(moved, [Box(p.left, p.top, p.width, line_height()) for p in fitted(many, 500, 400)])


def test_while_images_go_by_words_that_take_long_wait_and_come_at_rest(case, seat, monkeypatch):
    """G6: 20 drawings on an image that nobody saw yet do not hold the scrolling up."""
    from ui import annotation_layer

    monkeypatch.setattr(annotation_layer, "HURRIED_SECONDS", 0.0)
    for n in range(20):
        draw(seat, K.LENGTH, [(40 + 80 * (n % 5), 60 + 70 * (n // 5)), (70 + 80 * (n % 5), 80 + 70 * (n // 5))])
    view, state = seat.library.viewport("1.1", "1.1.1"), seat.session.viewing.state(0)
    layer = AnnotationLayer(seat.session.annotating, 0)

    def worded(in_a_hurry: bool) -> int:
        shapes = layer.shapes(View(view, state, 500, 400), view.picture(state, 500, 400), 1.0, NOTHING, in_a_hurry)
        assert len(shapes) == 20
        return sum(shape.box is not None for shape in shapes)

    assert 0 < worded(True) < 20
    assert layer.is_unfinished
    assert worded(False) == 20
    assert not layer.is_unfinished
    assert worded(True) == 20


def test_lines_far_outside_an_enlarged_view_keep_nothing_off_and_cost_nothing():
    """Enlarged forty times, a few drawings took the window for ten seconds."""
    view, far = (500.0, 400.0), 2_000_000.0
    level = _along([[(-far, 200.0), (far, 200.0)]], view)
    assert [x for x, _ in level] == pytest.approx([-STEP + STEP * i for i in range(53)])
    assert {y for _, y in level} == {200.0}
    aslant = _along([[(-far, -far), (far, far)], [(100.0, -far), (100.0, far)]], view)
    assert len(aslant) == 43 + 43
    assert _along([[(-far, -900.0), (far, -900.0)], [(0.0, far), (far, 0.0)], [(-50.0, 0.0)], []], view) == []
    whole = _along([[(20.0, 30.0), (20.0, 60.0), (60.0, 60.0)]], view)
    assert whole == [(20, 30), (20, 40), (20, 50), (20, 60), (30, 60), (40, 60), (50, 60), (60, 60)]


# ---- moved by hand -------------------------------------------------------------------------


def test_words_are_dragged_and_stay_there_with_a_line_back_to_the_drawing(widget, seat, annotating):
    drawn = length(widget, seat)
    start, end = middle(shape_of(widget, drawn.uid)), QPoint(90, 340)
    drag(widget, start, end)
    kept = annotating.find(drawn.uid)
    assert kept.label_at is not None
    assert (kept.points, kept.measured) == (drawn.points, drawn.measured)
    shape = shape_of(widget, drawn.uid)
    assert shape.box.middle == pytest.approx((end.x(), end.y()), abs=1.5)
    assert shape.leader is not None
    assert math.dist(shape.leader[1], (end.x(), end.y())) > 16
    annotating.undo()
    assert annotating.find(drawn.uid).label_at is None


def test_a_place_by_hand_is_on_disk_and_comes_back(widget, seat, annotating):
    drawn = length(widget, seat)
    drag(widget, middle(shape_of(widget, drawn.uid)), QPoint(200, 300))
    kept = annotating.find(drawn.uid)
    assert seat.annotations.of_studies(["1.1"]) == (kept,)
    seat.session.open(seat.items[1])
    seat.session.open(seat.items[0])
    assert annotating.find(drawn.uid).label_at == kept.label_at


def test_words_go_with_the_drawing_and_stay_when_only_an_end_moves(widget, seat, annotating):
    drawn = length(widget, seat)
    drag(widget, middle(shape_of(widget, drawn.uid)), QPoint(200, 300))
    at = annotating.find(drawn.uid).label_at
    drag(widget, QPoint(120, 230), QPoint(140, 230))
    assert annotating.find(drawn.uid).label_at == at
    drag(widget, QPoint(110, 215), QPoint(130, 235))
    moved = annotating.find(drawn.uid)
    (x0, y0), (x1, y1) = drawn.points[0], moved.points[0]
    assert moved.label_at.point == pytest.approx((at.point[0] + x1 - x0, at.point[1] + y1 - y0))


def test_a_click_on_words_chooses_and_moves_nothing(widget, seat, annotating):
    drawn = length(widget, seat)
    QTest.mouseClick(widget, LEFT, NONE, middle(shape_of(widget, drawn.uid)))
    assert annotating.selected == drawn.uid
    assert annotating.find(drawn.uid) == drawn


def test_escape_while_words_are_dragged_puts_them_back(case, widget, seat, annotating, press):
    drawn = length(widget, seat)
    before = shape_of(widget, drawn.uid).box
    start = middle(shape_of(widget, drawn.uid))
    QTest.mousePress(widget, LEFT, NONE, start)
    move(widget, start + QPoint(80, 80), LEFT)
    case.grid.setFocus()
    press("Esc")
    move(widget, start + QPoint(90, 90), LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, start + QPoint(90, 90))
    assert annotating.find(drawn.uid) == drawn
    assert shape_of(widget, drawn.uid).box == before


def test_words_of_somebody_elses_finding_may_be_moved_but_not_the_finding(widget, seat, annotating):
    from workstation.domain.annotation import Source

    own = length(widget, seat)
    annotating.remove(own.uid)
    annotating.add_received([replace(own, uid="2.25.7", source=Source("program", "Finder", "1"))])
    drag(widget, middle(shape_of(widget, "2.25.7")), QPoint(200, 300))
    found = annotating.find("2.25.7")
    assert found.label_at is not None
    assert found.points == own.points


def test_words_stand_where_they_were_put_on_the_image_while_one_zooms(case, seat, widget, annotating):
    drawn = length(widget, seat)
    annotating.place_label(drawn.uid, LabelPlace((199.5, 299.5)))
    assert shape_of(widget, drawn.uid).box.middle == pytest.approx((200, 300))


def test_words_put_beyond_the_edge_come_back_into_the_view(widget, seat, annotating):
    drawn = length(widget, seat)
    annotating.place_label(drawn.uid, LabelPlace((-400.0, 5000.0)))
    box = shape_of(widget, drawn.uid).box
    assert box.left >= 0
    assert box.bottom <= widget.height()


# ---- moved by keys -------------------------------------------------------------------------


def test_words_are_moved_put_and_sent_back_by_keys_alone(case, widget, seat, annotating, press):
    drawn = length(widget, seat)
    press("J")
    before = shape_of(widget, drawn.uid).box.middle
    press("Alt+L")
    press("Shift+Down", 2)
    press("Left", 3)
    assert annotating.find(drawn.uid).label_at is None
    press("Return")
    after = shape_of(widget, drawn.uid).box.middle
    assert after == pytest.approx((before[0] - 24, before[1] + 80), abs=1.5)
    press("Alt+L")
    press("Down", 2)
    press("Esc")
    assert shape_of(widget, drawn.uid).box.middle == pytest.approx(after)
    press("Alt+L")
    press("Backspace")
    assert annotating.find(drawn.uid).label_at is None
    assert annotating.find(drawn.uid).points == drawn.points


def test_without_a_drawing_the_keys_say_why_nothing_moves(case, press):
    press("Alt+L")
    assert "No drawing is selected" in case.banner.text
    press("Alt+G")
    assert "No drawing is selected" in case.banner.text


# ---- one handle by keys --------------------------------------------------------------------


def test_one_handle_after_the_other_is_moved_by_arrows(case, widget, seat, annotating, press):
    drawn = length(widget, seat)
    press("J")
    press("Alt+G")
    press("Right", 3)
    one = annotating.find(drawn.uid)
    assert one.points[0] == pytest.approx((drawn.points[0][0] + 3, drawn.points[0][1]))
    assert one.points[1] == drawn.points[1]
    press("Alt+G")
    press("Shift+Down")
    two = annotating.find(drawn.uid)
    assert two.points[0] == one.points[0]
    assert two.points[1] == pytest.approx((drawn.points[1][0], drawn.points[1][1] + 10))
    press("Esc")
    press("Right")
    whole = annotating.find(drawn.uid)
    assert [whole.points[i][0] - two.points[i][0] for i in (0, 1)] == pytest.approx([1, 1])
    press("Ctrl+Z", 3)
    assert annotating.find(drawn.uid).points == drawn.points


def test_after_the_last_handle_the_whole_moves_again(case, widget, seat, annotating, press):
    drawn = length(widget, seat)
    press("J")
    press("Alt+G", 3)
    press("Right")
    moved = annotating.find(drawn.uid)
    assert [moved.points[i][0] - drawn.points[i][0] for i in (0, 1)] == pytest.approx([1, 1])


# ---- nothing is left of what was given up --------------------------------------------------


@pytest.mark.parametrize("tool", [t for t in Tool if t.value in {k.value for k in AnnotationKind}])
def test_escape_leaves_nothing_of_a_half_drawn_drawing(case, widget, seat, annotating, press, tool):
    viewing = seat.session.viewing
    viewing.set_tool(tool)
    QTest.mousePress(widget, LEFT, NONE, QPoint(100, 100))
    for x in range(110, 160, 10):
        move(widget, QPoint(x, 100 + x // 4), LEFT)
    case.grid.setFocus()
    done_at_once = tool in (Tool.PROBE, Tool.SPINE)
    press("Esc")
    move(widget, QPoint(170, 170), LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, QPoint(170, 170))
    if widget.words.entry is not None:
        press("Esc")
    assert len(annotating.all()) == int(done_at_once)
    assert not annotating.drawing.is_begun
    assert annotating.drawing.points(0) == []
    assert seat.annotations.of_studies(["1.1"]) == annotating.all()
    widget.grab()
    assert len(widget.layer._shown) == int(done_at_once)


def test_escape_while_a_handle_is_dragged_leaves_the_drawing_as_it_was(case, widget, seat, annotating, press):
    drawn = length(widget, seat)
    QTest.mousePress(widget, LEFT, NONE, QPoint(120, 230))
    move(widget, QPoint(160, 260), LEFT)
    case.grid.setFocus()
    press("Esc")
    move(widget, QPoint(180, 260), LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, QPoint(180, 260))
    assert annotating.find(drawn.uid) == drawn


# ---- a fast hand ---------------------------------------------------------------------------


def test_a_free_line_of_a_fast_hand_is_a_curve(case, widget, seat, annotating):
    """A circle of radius 60 from 12 moves: chords lie 2 pixels inside it and lose 4.5 % of its area, the curve does not."""
    seat.session.viewing.set_tool(Tool.FREEHAND)
    at = [QPoint(round(200 + 60 * math.cos(t * math.pi / 6)), round(200 + 60 * math.sin(t * math.pi / 6))) for t in range(12)]
    QTest.mousePress(widget, LEFT, NONE, at[0])
    for point in at[1:]:
        move(widget, point, LEFT)
    QTest.mouseRelease(widget, LEFT, NONE, at[-1])
    (drawn,) = annotating.all()
    away = [abs(math.dist(p, (199.5, 199.5)) - 60) for p in drawn.points]
    assert max(away) < 1.3
    assert max(math.dist(a, b) for a, b in zip(drawn.points, drawn.points[1:], strict=False)) <= 4.5
    assert {(round(x + 0.5), round(y + 0.5)) for x, y in drawn.points} >= {(p.x(), p.y()) for p in at}


# ---- vertebrae -----------------------------------------------------------------------------


def test_named_vertebrae_tell_the_level_of_every_image_of_their_space(case, seat, annotating):
    """Slices 10 mm apart; L1 lies on the third, L2 on the seventh, of the first series; the second shares its space."""
    view = seat.library.viewport("1.1", "1.1.1")
    base = seat.session.viewing.state(0)
    for position, name in ((2, "L1"), (6, "L2")):
        made = view.annotation_at(replace(base, position=position), 500, 400, [(200, 150)], K.SPINE)
        annotating.add(replace(made, text=name))

    def words(series: str, position: int, plane: Plane = Plane.STACK) -> list[str]:
        viewport = seat.library.viewport("1.1", series)
        state = replace(base, series_uid=series, position=position, plane=plane)
        layer = AnnotationLayer(annotating, 0)
        shapes = layer.shapes(View(viewport, state, 500, 400), viewport.picture(state, 500, 400), 1.0, Corners())
        return [line for shape in shapes for line in shape.label]

    own = [words("1.1.1", position) for position in range(10)]
    assert own == [["≈ L1"], ["≈ L1"], ["L1"], ["≈ L1"], ["≈ L1/L2"], ["≈ L2"], ["L2"], ["≈ L2"], ["≈ L2"], []]
    assert [words("1.1.2", position) for position in (2, 4, 6, 9)] == [["L1"], ["≈ L1/L2"], ["L2"], []]
